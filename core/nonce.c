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
#include "core/xaes.h"

static _Thread_local struct pool {
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

__attribute__((target("rdrnd"))) uint64_t bulla_fresh_word(void) {
  unsigned long long word = 0;
  /* It fails when many processors ask for more than it makes; ten times in a row only if it is broken. */
  for (int tries = have_rdrand() ? 10 : 0; tries > 0 && _rdrand64_step(&word) != 1; tries--) {
  }
  return word;
}
#else
uint64_t bulla_fresh_word(void) {
  return 0;
}
#endif

static __attribute__((noinline)) enum bulla_status refill(struct pool *mine, uint64_t epoch) {
  mine->left = 0;
  BULLA_TRY(bulla_random(mine->bytes, BULLA_NONCE_POOL_LEN));
  mine->fork_epoch = epoch;
  mine->left = BULLA_NONCE_POOL_LEN;
  return BULLA_OK;
}

/* Moves |len| bytes from the pool to |nonce|. Whatever |fresh| is, the sum has the distribution of what was drawn. A
 * |len| that is a constant is moved in registers. */
__attribute__((always_inline)) static inline void move(uint8_t *nonce, uint8_t *from, size_t len, uint64_t fresh) {
  uint64_t word;
  memcpy(&word, from, sizeof(word));
  word ^= fresh;
  memcpy(nonce, &word, sizeof(word));
  memcpy(nonce + sizeof(word), from + sizeof(word), len - sizeof(word));
  memset(from, 0, len);
}

enum bulla_status bulla_nonce_mixed(uint8_t *nonce, size_t len, uint64_t fresh) {
  struct pool *mine = &pool;
  /* Without this the compiler finds the pool of the thread anew for each use, by a call, and checks each move. */
  __asm__("" : "+r"(mine));
  uint64_t epoch = bulla_fork_epoch();
  if (mine->fork_epoch != epoch || mine->left < len) {
    BULLA_TRY(refill(mine, epoch));
  }
  mine->left -= len;
  uint8_t *from = mine->bytes + mine->left;
  if (len == BULLA_NONCE_LEN) {
    move(nonce, from, BULLA_NONCE_LEN, fresh);
  } else if (len == BULLA_XAES_NONCE_LEN) {
    move(nonce, from, BULLA_XAES_NONCE_LEN, fresh);
  } else {
    move(nonce, from, len, fresh);
  }
  return BULLA_OK;
}

enum bulla_status bulla_nonce(uint8_t *nonce, size_t len) {
  return bulla_nonce_mixed(nonce, len, bulla_fresh_word());
}
