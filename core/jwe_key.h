/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A JWE key: what the handle of include/bulla/jose.h holds, for core/jwe.c, core/jwe_encrypt.c and core/jwe_decrypt.c.
 */

#ifndef BULLA_CORE_JWE_KEY_H
#define BULLA_CORE_JWE_KEY_H

#include "core/jwe_algorithm.h"
#include "core/seal_count.h"

enum {
  BULLA_KEY_ID_MAX = 256,      /* bytes of a "kid" */
  BULLA_OWN_HEADER_MAX = 1024, /* bytes of the header of "alg", "enc" and "kid" */
};

struct bulla_jwe_key {
  struct bulla_seal_count seals;
  const struct bulla_jwe_algorithm *alg;
  const struct bulla_jwe_encryption *enc;
  uint64_t fork_epoch;               /* of the process in whose slab the following lie */
  struct bulla_jwe_content *content; /* of a shared key: expanded once */
  struct bulla_jwe_keep *keep;       /* of any other */
  struct bulla_secret *substitute;   /* a random content encryption key in place of one that does not unwrap */
  bool can_encrypt;
  bool can_decrypt;
  size_t key_id_len;
  size_t json_len;   /* bytes of |json| */
  size_t header_len; /* digits of |header| */
  size_t added_len;  /* bytes that |alg| adds to the header of each message; |keep| is not in a forked child */
  uint8_t key_id[BULLA_KEY_ID_MAX];
  uint8_t json[BULLA_OWN_HEADER_MAX];                 /* {"alg":…,"enc":…,"kid":… without the closing brace */
  uint8_t header[(BULLA_OWN_HEADER_MAX + 2) / 3 * 4]; /* and with it, in base64url */
};

/* bulla_jwe_key_is_here returns whether |key| is of this process. */
bool bulla_jwe_key_is_here(const struct bulla_jwe_key *key);

#endif
