/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_jwe.h. */

#include "fuzz/model_jwe.h"

#include "fuzz/fuzz.h"

enum { MAX_HEADER = 1024, IV_LEN = 12 };

bool model_header_read(struct model_header *header, struct bulla_span json) {
  *header = (struct model_header){0};
  if (json.len > MAX_HEADER || !model_jose_read(&header->jose, MODEL_PROTECTED, json)) {
    return false;
  }
  header->tree = header->jose.trees[0];
  header->alg = model_json_string(model_jose_get(&header->jose, "alg"));
  header->enc = model_json_string(model_jose_get(&header->jose, "enc"));
  header->kid = model_json_string(model_jose_get(&header->jose, "kid"));
  header->typ = model_json_string(model_jose_get(&header->jose, "typ"));
  header->raw_kid = model_jose_raw(&header->jose, "kid");
  return header->alg.len > 0 && header->enc.len > 0;
}

void model_header_free(struct model_header *header) {
  model_jose_free(&header->jose);
  header->tree = NULL;
}

bool model_split_at_dots(struct bulla_span *parts, struct bulla_span token) {
  size_t num_dots = 0;
  size_t start = 0;
  for (size_t i = 0; i <= token.len; i++) {
    if (i == token.len || token.data[i] == '.') {
      if (num_dots < 5) {
        parts[num_dots] = bulla_span(token.data + start, i - start);
      }
      num_dots += i < token.len ? 1 : 0;
      start = i + 1;
    }
  }
  return num_dots == 4;
}

bool model_token_split(struct model_token *split, struct bulla_span token) {
  FUZZ_ASSERT(token.len <= MODEL_TOKEN_MAX);
  if (!model_split_at_dots(split->parts, token)) {
    return false;
  }
  struct bulla_span *const decoded[] = {&split->header, NULL, &split->iv, &split->ciphertext, &split->tag};
  uint8_t *room = split->room;
  for (size_t i = 0; i < 5; i++) {
    size_t len = 0;
    if (!model_base64url_decode(room, &len, split->parts[i])) {
      return false;
    }
    if (decoded[i] != NULL) {
      *decoded[i] = bulla_span(room, len);
    }
    room += split->parts[i].len;
  }
  return split->parts[1].len == 0 && split->iv.len == IV_LEN && split->tag.len == BULLA_TAG_LEN;
}

bool model_token_open(struct bulla_buffer *plaintext, const struct model_gcm *key, const struct model_token *split) {
  FUZZ_ASSERT(plaintext->size >= split->ciphertext.len);
  bool good = model_gcm_open(key, plaintext->data, split->iv, split->ciphertext, split->tag, split->parts[0]);
  plaintext->len = good ? split->ciphertext.len : 0;
  return good;
}

static void put_digits(struct bulla_writer *out, struct bulla_span bytes) {
  uint8_t *room = bulla_give(out, (bytes.len * 8 + 5) / 6);
  if (room != NULL) {
    /* nettle writes padding behind it. */
    static uint8_t digits[2 * MODEL_TOKEN_MAX];
    memcpy(room, digits, model_base64url_encode(digits, bytes));
  }
}

size_t model_token_seal(uint8_t *token, size_t max_len, const struct model_gcm *key, struct bulla_span header,
                        struct bulla_span plaintext) {
  static const struct bulla_span iv = {(const uint8_t *)"always alike", IV_LEN};
  static uint8_t ciphertext[MODEL_TOKEN_MAX];
  uint8_t tag[BULLA_TAG_LEN];
  if (header.len > MODEL_TOKEN_MAX || plaintext.len > MODEL_TOKEN_MAX) {
    return 0;
  }
  struct bulla_buffer buffer = bulla_buffer(token, max_len);
  struct bulla_writer out = bulla_writer(&buffer);
  put_digits(&out, header);
  model_gcm_seal(key, ciphertext, tag, iv, plaintext, bulla_written(&buffer));
  bulla_put(&out, BULLA_LITERAL(".."));
  put_digits(&out, iv);
  bulla_put_byte(&out, '.');
  put_digits(&out, bulla_span(ciphertext, plaintext.len));
  bulla_put_byte(&out, '.');
  put_digits(&out, bulla_span(tag, sizeof(tag)));
  return out.overflow ? 0 : buffer.len;
}
