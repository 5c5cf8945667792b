/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The encrypted content of a JWE, in base64url: RFC 7516 §5.1 steps 14 to 16, §5.2 steps 14 to 17. Ciphertext is
 * encoded and decoded where it stands, so that a message needs no room but the caller's. */

#ifndef BULLA_CORE_JWE_CONTENT_H
#define BULLA_CORE_JWE_CONTENT_H

#include "core/jwe_algorithm.h"

/* bulla_jwe_seal_digits encrypts the |len| bytes of plaintext that stand at the beginning of |digits|, the room for the
 * base64url of the ciphertext, and fills that. |iv| and |tag| have the lengths of |enc|. */
BULLA_NODISCARD enum bulla_status bulla_jwe_seal_digits(const struct bulla_jwe_encryption *enc,
                                                        const struct bulla_jwe_content *content, uint8_t *digits,
                                                        size_t len, uint8_t *tag, const uint8_t *iv,
                                                        struct bulla_span additional_data);

/* What is decrypted, in base64url. */
struct bulla_jwe_sealed {
  struct bulla_span iv;
  struct bulla_span ciphertext;
  struct bulla_span tag;
};

/* bulla_jwe_open_digits fills |plaintext|, which needs room for the ciphertext. Returns BULLA_REFUSED,
 * BULLA_BUFFER_TOO_SMALL. */
BULLA_NODISCARD enum bulla_status bulla_jwe_open_digits(const struct bulla_jwe_encryption *enc,
                                                        const struct bulla_jwe_content *content,
                                                        struct bulla_buffer *plaintext,
                                                        const struct bulla_jwe_sealed *sealed,
                                                        struct bulla_span additional_data);

#endif
