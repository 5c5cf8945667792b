/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Nonces. A call of the random generator costs more than the seal that it serves, so each thread draws them in
 * bulk and hands them out once.
 *
 * The pool is thread-local and nothing else: it is there as long as the thread is, in whatever it runs at its end
 * too, and leaves nothing to be done then.
 *
 * Two things would make a nonce come twice. A forked child would go on with its parent's pool: a pool knows in
 * which fork epoch it was drawn, and in another one it is empty. A virtual machine that is copied
 * while it runs would go on in both copies: into every nonce goes a fresh word from the processor, where it has
 * RDRAND. */

#include "core/crypto.h"

#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "core/cleanup.h"
#include "core/nonce.h"
#include "core/slab.h"

static _Thread_local struct {
  uint64_t fork_epoch; /* in which |bytes| were drawn */
  size_t left;         /* of |bytes|, from their beginning; what was handed out is zero */
  uint8_t bytes[BULLA_NONCE_POOL_LEN];
} pool;

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

static enum bulla_status draw(uint8_t *nonce, size_t len) {
  uint64_t epoch = bulla_fork_epoch();
  if (pool.fork_epoch != epoch || pool.left < len) {
    pool.left = 0;
    BULLA_TRY(bulla_random(pool.bytes, BULLA_NONCE_POOL_LEN));
    pool.fork_epoch = epoch;
    pool.left = BULLA_NONCE_POOL_LEN;
  }
  pool.left -= len;
  memcpy(nonce, pool.bytes + pool.left, len);
  bulla_wipe(pool.bytes + pool.left, len);
  return BULLA_OK;
}

enum bulla_status bulla_nonce_mixed(uint8_t *nonce, size_t len, uint64_t fresh) {
  BULLA_TRY(draw(nonce, len));
  uint64_t word;
  memcpy(&word, nonce, sizeof(word));
  /* Whatever |fresh| is, the sum has the distribution of what was drawn. */
  word ^= fresh;
  memcpy(nonce, &word, sizeof(word));
  return BULLA_OK;
}

enum bulla_status bulla_nonce(uint8_t *nonce, size_t len) {
  return bulla_nonce_mixed(nonce, len, fresh_word());
}
