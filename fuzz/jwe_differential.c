/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_decrypt and bulla_jwe_encrypt beside rhonabwy, another library for JOSE.
 *
 * Input: one byte, which key, and who seals; then a token, or a plaintext that bulla seals.
 *
 * Oracle: rhonabwy opens what bulla sealed. A token that obeys the stricter rules of fuzz/model_jwe.h opens here
 * if it opens there, and to the same plaintext; no other does. So each disagreement is explained by one of the
 * rules, or found. */

#include <rhonabwy.h>

#include <bulla/jose.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_jwe.h"
#include "fuzz/mutate.h"

enum { NUM_KEYS = 6, SEALS = 0x80 };

static const struct {
  const char *name;
  enum bulla_jwe_enc enc;
  size_t len;
} encryptions[] = {
    {"A128GCM", BULLA_JWE_A128GCM, 16}, {"A192GCM", BULLA_JWE_A192GCM, 24}, {"A256GCM", BULLA_JWE_A256GCM, 32}};

/* A key in each library: three of every length, and three with a "kid". */
static struct key {
  struct bulla_span enc;
  struct bulla_span kid;
  struct bulla_jwe_key *bulla;
  struct model_gcm model;
  jwk_t *rhonabwy;
} keys[NUM_KEYS];

static void make_key(struct key *key, size_t i) {
  struct bulla_span bytes = bulla_span(MODEL_KEY.data, encryptions[i % 3].len);
  struct bulla_secret *material = NULL;
  key->enc = bulla_span(encryptions[i % 3].name, strlen(encryptions[i % 3].name));
  key->kid = bulla_span("k1", i < 3 ? 0 : 2);
  FUZZ_ASSERT(bulla_secret_copy(&material, bytes) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_key_new(&key->bulla, BULLA_JWE_DIR, encryptions[i % 3].enc, material, key->kid) == BULLA_OK);
  FUZZ_ASSERT(r_jwk_init(&key->rhonabwy) == RHN_OK);
  FUZZ_ASSERT(r_jwk_import_from_symmetric_key(key->rhonabwy, bytes.data, bytes.len) == RHN_OK);
  model_gcm_set_key(&key->model, bytes);
  bulla_secret_free(&material);
}

static struct key *get_key(uint8_t choice) {
  if (keys[0].bulla == NULL) {
    for (size_t i = 0; i < NUM_KEYS; i++) {
      make_key(&keys[i], i);
    }
  }
  return &keys[choice % NUM_KEYS];
}

/* peer_open opens |token| with rhonabwy. The plaintext lives as long as |*jwe|, which the caller frees. */
static bool peer_open(jwe_t **jwe, struct bulla_span *plaintext, const struct key *key, struct bulla_span token) {
  FUZZ_ASSERT(r_jwe_init(jwe) == RHN_OK);
  if (r_jwe_advanced_compact_parsen(*jwe, (const char *)token.data, token.len, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) !=
          RHN_OK ||
      r_jwe_decrypt(*jwe, key->rhonabwy, R_FLAG_IGNORE_REMOTE) != RHN_OK) {
    return false;
  }
  size_t len = 0;
  const uint8_t *bytes = r_jwe_get_payload(*jwe, &len);
  *plaintext = bulla_span(bytes, len);
  return true;
}

/* is_strict says whether |token| obeys the rules that bulla has and rhonabwy has not. */
static bool is_strict(struct model_token *split, const struct key *key, struct bulla_span token) {
  struct model_header header = {0};
  bool strict = model_token_split(split, token) && model_header_read(&header, split->header) &&
                bulla_span_equal(header.alg, BULLA_LITERAL("dir")) && bulla_span_equal(header.enc, key->enc) &&
                (key->kid.len == 0 || bulla_span_equal(header.kid, key->kid));
  model_header_free(&header);
  return strict;
}

static void check_token(const struct key *key, struct bulla_span token) {
  static struct model_token split;
  jwe_t *jwe = NULL;
  struct bulla_span wanted = {NULL, 0};
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(token.len), token.len);
  struct bulla_buffer empty = bulla_buffer(NULL, 0);
  bool strict = is_strict(&split, key, token);
  bool opened = strict;
  if (strict && split.ciphertext.len == 0) {
    /* rhonabwy opens no empty plaintext. */
    opened = model_token_open(&empty, &key->model, &split);
  } else if (strict) {
    /* Of other tokens its verdict would change nothing, and on padded ones it writes past its memory. */
    opened = peer_open(&jwe, &wanted, key, token);
  }
  enum bulla_status status = bulla_jwe_decrypt(key->bulla, &plaintext, token);
  FUZZ_ASSERT(status == (opened ? BULLA_OK : BULLA_REFUSED));
  if (status == BULLA_OK) {
    fuzz_num_passed++;
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), wanted));
  } else {
    FUZZ_ASSERT(fuzz_failed(&plaintext));
  }
  r_jwe_free(jwe);
  free(plaintext.data);
}

static void check_sealed(const struct key *key, struct bulla_span plaintext) {
  size_t len = bulla_jwe_len(key->bulla, plaintext.len);
  struct bulla_buffer token = bulla_buffer(fuzz_alloc(len), len);
  FUZZ_ASSERT(bulla_jwe_encrypt(key->bulla, &token, plaintext) == BULLA_OK);
  jwe_t *jwe = NULL;
  struct bulla_span opened;
  FUZZ_ASSERT(peer_open(&jwe, &opened, key, bulla_written(&token)) && bulla_span_equal(opened, plaintext));
  r_jwe_free(jwe);
  free(token.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > MODEL_TOKEN_MAX) {
    return 0;
  }
  uint8_t choice;
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  (void)fuzz_take(&in, &choice, 1);
  const struct key *key = get_key(choice);
  struct bulla_span rest = bulla_span(in.at, in.left);
  if ((choice & SEALS) != 0 && rest.len > 0) {
    check_sealed(key, rest);
  } else {
    check_token(key, rest);
  }
  return 0;
}

static bool open_token(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span token) {
  static struct model_token split;
  struct bulla_buffer plaintext = bulla_buffer(parts[1].bytes, FUZZ_PART_MAX);
  bool opened = (choices[0] & SEALS) == 0 && token.len <= FUZZ_PART_MAX && model_token_split(&split, token) &&
                model_token_open(&plaintext, &get_key(choices[0])->model, &split) &&
                fuzz_set_part(&parts[0], split.header);
  parts[1].len = plaintext.len;
  return opened;
}

static size_t seal_token(uint8_t *token, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  return (choices[0] & SEALS) != 0
             ? fuzz_seal_plain(token, max_len, choices, parts)
             : model_token_seal(token, max_len, &get_key(choices[0])->model, bulla_span(parts[0].bytes, parts[0].len),
                                bulla_span(parts[1].bytes, parts[1].len));
}

#define FIRST_HEADER "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"kid\":\"k1\"}"

const struct fuzz_form fuzz_form = {
    1, open_token, seal_token, {true, false}, {(const uint8_t *)FIRST_HEADER, sizeof(FIRST_HEADER) - 1}};
