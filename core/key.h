/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Keys for sealed blobs: what the handle holds, for core/key.c, core/blob.c and core/ring.c. */

#ifndef BULLA_CORE_KEY_H
#define BULLA_CORE_KEY_H

#include <bulla/core.h>

/* NIST SP 800-38D §8.3: with random 96-bit nonces, at most this many invocations of seal under one key. */
#define BULLA_MAX_SEALS (UINT64_C(1) << 32)

#define BULLA_NONCE_LEN 12      /* bytes, of AES-GCM */
#define BULLA_XAES_NONCE_LEN 24 /* bytes */

/* A count of seals under one key. Threads take them from it in batches, so as not to pass one counter to and
 * fro; a batch that a thread does not use up is lost, which only makes the limit come sooner. */
#define BULLA_SEAL_BATCH 64

struct bulla_seal_count {
  _Atomic uint64_t taken;
  uint64_t serial; /* of this count, among all that there ever were in this process */
};

/* bulla_seal_count_start sets |count| to zero, for a key that has not sealed yet. */
void bulla_seal_count_start(struct bulla_seal_count *count);

/* bulla_count_seal counts one more seal, or returns BULLA_KEY_EXHAUSTED. */
BULLA_CHECKED enum bulla_status bulla_count_seal(struct bulla_seal_count *count);

struct bulla_key {
  enum bulla_suite suite;
  uint8_t id[BULLA_KEY_ID_LEN];
  uint64_t generation;     /* of the slab: where it is another, |aead| and |xaes| do not exist */
  struct bulla_seal_count seals;
  struct bulla_aead *aead; /* suite BULLA_AES_256_GCM */
  struct bulla_xaes *xaes; /* suite BULLA_XAES_256_GCM */
};

#endif
