/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_jwe.h. */

#include "fuzz/model_jwe.h"

#include <strings.h>

#include "fuzz/fuzz.h"
#include "fuzz/scan.h"

enum { MAX_HEADER = 1024, MAX_MEMBERS = 32, IV_LEN = 12 };

/* RFC 7516 §4.1.1 to §4.1.13, RFC 7518 §4.6.1, §4.7.1 and §4.8.1. */
static const char *const registered[] = {
    "alg", "enc", "zip",  "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256",
    "typ", "cty", "crit", "epk", "apu", "apv", "iv",  "tag", "p2s", "p2c",
};

static bool is_acceptable_name(const char *name) {
  for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]); i++) {
    if (strcasecmp(name, registered[i]) == 0 && strcmp(name, registered[i]) != 0) {
      return false;
    }
  }
  return strcmp(name, "crit") != 0 && strcmp(name, "zip") != 0 && strcmp(name, "p2s") != 0 && strcmp(name, "p2c") != 0;
}

/* Says whether |value| is what the member |name| may have, of those that bulla knows. */
static bool has_good_type(const char *name, const json_t *value) {
  static const char *const strings[] = {"alg", "enc", "kid", "typ", "apu", "apv", "iv", "tag"};
  for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
    if (strcmp(name, strings[i]) == 0) {
      return json_is_string(value);
    }
  }
  return strcmp(name, "epk") != 0 || json_is_object(value);
}

/* Says whether |name| is absent or a string, which |*text| is then. */
static bool get_string(struct bulla_span *text, json_t *tree, const char *name) {
  json_t *value = json_object_get(tree, name);
  *text = model_json_string(value);
  return value == NULL || json_is_string(value);
}

static bool are_good_members(struct model_header *header, struct bulla_span json) {
  struct scan_member members[MAX_MEMBERS];
  size_t num_members = scan_members(members, MAX_MEMBERS, json);
  for (size_t i = 0; i < num_members; i++) {
    struct bulla_span name = members[i].name;
    if (memchr(name.data, '\\', name.len) != NULL) {
      return false;
    }
    if (bulla_span_equal(name, BULLA_LITERAL("kid"))) {
      header->raw_kid = members[i].value;
    }
  }
  const char *name;
  json_t *value;
  json_object_foreach(header->tree, name, value) {
    if (!is_acceptable_name(name) || !has_good_type(name, value)) {
      return false;
    }
  }
  return true;
}

bool model_header_read(struct model_header *header, struct bulla_span json) {
  *header = (struct model_header){0};
  if (json.len > MAX_HEADER) {
    return false;
  }
  header->tree = model_json_load(json);
  return header->tree != NULL && model_json_is_strict(header->tree, json, MODEL_JSON_TOP) &&
         json_object_size(header->tree) <= MAX_MEMBERS && are_good_members(header, json) &&
         get_string(&header->alg, header->tree, "alg") && get_string(&header->enc, header->tree, "enc") &&
         get_string(&header->kid, header->tree, "kid") && get_string(&header->typ, header->tree, "typ") &&
         header->alg.len > 0 && header->enc.len > 0;
}

void model_header_free(struct model_header *header) {
  json_decref(header->tree);
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
