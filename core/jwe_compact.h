/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The compact serialization of RFC 7516 §7.1, without keys: its parser, which core/jwe_message.c uses
 * too, and what seals and opens the tokens. */

#ifndef BULLA_CORE_JWE_COMPACT_H
#define BULLA_CORE_JWE_COMPACT_H

#include "core/crypto.h"
#include "core/json.h"

#define BULLA_JWE_TOKEN_HEADER_MAX 1024 /* bytes of a protected header, decoded */

/* The five parts of a token, still base64url. */
struct bulla_jwe_parts {
  struct bulla_span header;
  struct bulla_span encrypted_key;
  struct bulla_span iv;
  struct bulla_span ciphertext;
  struct bulla_span tag;
};

/* bulla_jwe_split splits |token| at its dots. The caller limits its length. Returns BULLA_REFUSED unless there
 * are four. */
BULLA_NODISCARD enum bulla_status bulla_jwe_split(struct bulla_jwe_parts *parts, struct bulla_span token);

/* The relevant members of a protected header. Absent ones have an empty text. */
struct bulla_jwe_header {
  struct bulla_json_value alg;
  struct bulla_json_value enc;
  struct bulla_json_value kid;
  struct bulla_json_value typ;
  uint8_t json[BULLA_JWE_TOKEN_HEADER_MAX]; /* what the others point into */
};

/* bulla_jwe_read_header decodes and checks |digits|, by the rules of bulla_jose_read; "alg" and "enc" must be there.
 * Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_jwe_read_header(struct bulla_jwe_header *header, struct bulla_span digits);

/* bulla_jwe_compact_len returns the length of a token with an empty encrypted key, of |header_len| digits of
 * header and |plaintext_len| bytes of plaintext; both at most SIZE_MAX / 8. */
size_t bulla_jwe_compact_len(size_t header_len, size_t plaintext_len);

/* bulla_jwe_payload_offset returns where in a token the payload begins, after |header_len| digits of header, an
 * empty encrypted key, and the IV. */
size_t bulla_jwe_payload_offset(size_t header_len);

/* bulla_jwe_seal_composed fills |token| with |header|, which is already base64url, an empty encrypted key, and the
 * |plaintext_len| bytes of plaintext that are already in |token|'s buffer, at bulla_jwe_payload_offset, sealed with a
 * new IV, into which |fresh| is mixed (core/nonce.h). They are overwritten, so no other copy of them need exist.
 * Returns BULLA_BUFFER_TOO_SMALL, BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_jwe_seal_composed(const struct bulla_aead *aead, struct bulla_buffer *token,
                                                          struct bulla_span header, size_t plaintext_len,
                                                          uint64_t fresh);

/* bulla_jwe_open fills |plaintext| from |parts|, whose encrypted key must be empty. Returns BULLA_REFUSED,
 * BULLA_BUFFER_TOO_SMALL. */
BULLA_NODISCARD enum bulla_status bulla_jwe_open(const struct bulla_aead *aead, struct bulla_buffer *plaintext,
                                                 const struct bulla_jwe_parts *parts);

#endif
