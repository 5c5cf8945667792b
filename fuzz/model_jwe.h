/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE compact serialization as tokens have it (docs/FORMAT.md §6, core/jwe_compact.h), in terms of jansson and nettle.
 * fuzz/model_jose.h has all of JWE. */

#ifndef BULLA_FUZZ_MODEL_JWE_H
#define BULLA_FUZZ_MODEL_JWE_H

#include "fuzz/model_crypto.h"
#include "fuzz/model_header.h"

enum { MODEL_TOKEN_MAX = 12288 };

/* What a header says. The strings are empty where the member is absent. */
struct model_header {
  struct model_jose jose; /* freed by model_header_free */
  json_t *tree;
  struct bulla_span alg;
  struct bulla_span enc;
  struct bulla_span kid;
  struct bulla_span typ;
  struct bulla_span raw_kid; /* as it stands, with its quotes */
};

/* model_header_read says whether bulla accepts |json| as a protected header. */
bool model_header_read(struct model_header *header, struct bulla_span json);
void model_header_free(struct model_header *header);

/* A token split at its dots, and what its parts stand for. */
struct model_token {
  struct bulla_span parts[5];
  struct bulla_span header; /* JSON */
  struct bulla_span iv;
  struct bulla_span ciphertext;
  struct bulla_span tag;
  uint8_t room[MODEL_TOKEN_MAX];
};

/* model_split_at_dots says whether |token| has five |parts|. */
bool model_split_at_dots(struct bulla_span *parts, struct bulla_span token);

/* model_token_split says whether |token|, of at most MODEL_TOKEN_MAX bytes, has the form of a token with an empty
 * encrypted key, an IV of 12 bytes and a tag of 16. */
bool model_token_split(struct model_token *split, struct bulla_span token);

/* model_token_open opens what was split, or returns false. */
bool model_token_open(struct bulla_buffer *plaintext, const struct model_gcm *key, const struct model_token *split);

/* model_token_seal writes a token with |header|, which is JSON, and an IV that is always the same, which is well
 * enough for a key that is no secret. It returns its length, or 0 if it is more than |max_len|. */
size_t model_token_seal(uint8_t *token, size_t max_len, const struct model_gcm *key, struct bulla_span header,
                        struct bulla_span plaintext);

#endif
