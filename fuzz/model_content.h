/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The content encryption of RFC 7518 §5, from nettle. Nothing here calls a function of bulla's. */

#ifndef BULLA_FUZZ_MODEL_CONTENT_H
#define BULLA_FUZZ_MODEL_CONTENT_H

#include <bulla/jose.h>

enum { MODEL_NUM_ENCS = 6, MODEL_CEK_MAX = 64, MODEL_IV_MAX = 16, MODEL_TAG_MAX = 32 };

struct model_enc {
  const char *name;
  size_t cek_len; /* bytes, as the others */
  size_t iv_len;
  size_t tag_len;
  enum bulla_jwe_enc number;
  bool is_cbc;
};

extern const struct model_enc model_encs[MODEL_NUM_ENCS];

/* model_content_pad adds to |plaintext| the padding of RFC 5652 §6.3, if |enc| has one; there must be room. */
void model_content_pad(const struct model_enc *enc, struct bulla_buffer *plaintext);

/* model_content_seal fills |ciphertext|, as long as |padded|, and |tag|. The length of |padded| is right for |enc|. */
void model_content_seal(const struct model_enc *enc, const uint8_t *cek, uint8_t *ciphertext, uint8_t *tag,
                        const uint8_t *iv, struct bulla_span padded, struct bulla_span aad);

/* model_content_authenticate fills |tag|, of an |enc| with padding, over a ciphertext of any length. */
void model_content_authenticate(const struct model_enc *enc, const uint8_t *cek, uint8_t *tag, struct bulla_span iv,
                                struct bulla_span ciphertext, struct bulla_span aad);

/* model_content_open fills |plaintext|, which has room for the ciphertext, or returns false. */
bool model_content_open(const struct model_enc *enc, const uint8_t *cek, struct bulla_buffer *plaintext,
                        struct bulla_span iv, struct bulla_span ciphertext, struct bulla_span tag,
                        struct bulla_span aad);

#endif
