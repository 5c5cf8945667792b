/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES-256-GCM and XAES-256-GCM with VAES and VPCLMULQDQ, once with vectors of 512 bits and once of 256. */

#ifndef BULLA_CORE_VAES_H
#define BULLA_CORE_VAES_H

#include <bulla/core.h>

/* Additional data in two parts, which count as one string: |head|, then |tail|. Each may be empty. */
struct bulla_aad {
  const uint8_t *head;
  size_t head_len;
  const uint8_t *tail;
  size_t tail_len;
};

struct bulla_vaes {
  size_t context_len; /* bytes of an expanded key, aligned to 64 */
  size_t xaes_len;    /* bytes of an expanded key of XAES-256-GCM, aligned to 16 */

  bool (*is_usable)(void);
  void (*expand)(void *context, const uint8_t *key);
  void (*expand_xaes)(void *xaes_key, const uint8_t *key);
  void (*derive)(void *context, const void *xaes_key, const uint8_t *nonce, size_t len);
  void (*seal)(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce, size_t nonce_len,
               const uint8_t *plaintext, size_t len, const struct bulla_aad *aad);
  bool (*open)(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce, size_t nonce_len,
               const uint8_t *ciphertext, size_t len, const struct bulla_aad *aad);
};

extern const struct bulla_vaes bulla_vaes_512;
extern const struct bulla_vaes bulla_vaes_256;

#endif
