/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Nonces. A call of the random generator costs more than the seal that it serves, so each thread draws them in
 * bulk and hands them out once.
 *
 * Two things would make a nonce come twice. A forked child would go on with its parent's pool: the pool lies in
 * memory that reads as zero in the child, and an all-zero pool is an empty one. A virtual machine that is copied
 * while it runs would go on in both copies: into every nonce goes a fresh word from the processor, where it has
 * RDRAND. */

#include "core/crypto.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "core/cleanup.h"
#include "core/nonce.h"

enum { PAGE_LEN = 4096 };

/* Zeroed bytes are bytes that have been handed out. */
struct pool {
  size_t left; /* of |bytes|, from their beginning */
  uint8_t bytes[BULLA_NONCE_POOL_LEN];
};

static _Thread_local struct pool *pool;
static pthread_key_t end_of_thread;

static void free_pool(void *mapped) {
  bulla_wipe(mapped, sizeof(struct pool));
  munmap(mapped, PAGE_LEN);
}

static void make_key(void) {
  pthread_key_create(&end_of_thread, free_pool);
}

/* The pool of this thread, or NULL where there can be none that is safe. */
static struct pool *make_pool(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_key);
  void *mapped = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return NULL;
  }
  if (madvise(mapped, PAGE_LEN, MADV_WIPEONFORK) != 0 || madvise(mapped, PAGE_LEN, MADV_DONTDUMP) != 0 ||
      pthread_setspecific(end_of_thread, mapped) != 0) {
    munmap(mapped, PAGE_LEN);
    return NULL;
  }
  return mapped;
}

#if defined(__x86_64__)
static bool have_rdrand(void) {
  static _Atomic int known; /* 0 not yet, 1 yes, 2 no */
  if (known == 0) {
    unsigned a;
    unsigned b;
    unsigned c = 0;
    unsigned d;
    known = __get_cpuid(1, &a, &b, &c, &d) == 1 && (c & bit_RDRND) != 0 ? 1 : 2;
  }
  return known == 1;
}

__attribute__((target("rdrnd"))) static uint64_t fresh_word(void) {
  unsigned long long word = 0;
  return have_rdrand() && _rdrand64_step(&word) == 1 ? word : 0;
}
#else
static uint64_t fresh_word(void) {
  return 0;
}
#endif

static void mix_in_fresh_word(uint8_t *nonce) {
  uint64_t word;
  memcpy(&word, nonce, sizeof(word));
  word ^= fresh_word();
  memcpy(nonce, &word, sizeof(word));
}

enum bulla_status bulla_nonce_draw(uint8_t *nonce, size_t len) {
  if (pool == NULL) {
    pool = make_pool();
  }
  if (pool == NULL) {
    return bulla_random(nonce, len);
  }
  if (pool->left < len) {
    pool->left = 0;
    BULLA_TRY(bulla_random(pool->bytes, BULLA_NONCE_POOL_LEN));
    pool->left = BULLA_NONCE_POOL_LEN;
  }
  pool->left -= len;
  memcpy(nonce, pool->bytes + pool->left, len);
  bulla_wipe(pool->bytes + pool->left, len);
  return BULLA_OK;
}

enum bulla_status bulla_nonce(uint8_t *nonce, size_t len) {
  BULLA_TRY(bulla_nonce_draw(nonce, len));
  mix_in_fresh_word(nonce);
  return BULLA_OK;
}
