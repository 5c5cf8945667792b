/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_decrypt and bulla_jwe_encrypt with keys of every management, on every curve, with every "enc".
 *
 * Input: a template of a compact form (fuzz/jwe_template.h); or, if bulla seals, the text is the plaintext, and the
 * header ignored.
 *
 * Oracle: fuzz/model_jose.h opens the same tokens, to the same plaintext, and what bulla sealed, of which each has keys
 * and an IV of its own. Nothing is left in the output of what is refused, or behind the plaintext. */

#include "fuzz/fuzz.h"
#include "fuzz/jwe_template.h"

static struct model_opened wanted;

static void check_open(const struct template *template) {
  static uint8_t room[MODEL_JWE_MAX];
  struct bulla_buffer filled = bulla_buffer(room, sizeof(room));
  if (!template_fill(&filled, template)) {
    return;
  }
  uint8_t *token = fuzz_alloc(filled.len);
  memcpy(token, filled.data, filled.len);
  struct bulla_span jwe = bulla_span(token, filled.len);
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(jwe.len), jwe.len);
  /* This call takes the compact form alone. */
  bool good = (jwe.len == 0 || jwe.data[0] != '{') && model_jwe_open(&template->key, &wanted, jwe);
  enum bulla_status status = bulla_jwe_decrypt(template_key(template), &plaintext, jwe);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_REFUSED));
  if (good) {
    fuzz_num_passed++;
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), bulla_written(&wanted.plaintext)));
    FUZZ_ASSERT(fuzz_is_clean_behind(&plaintext));
  } else {
    FUZZ_ASSERT(fuzz_failed(&plaintext));
  }
  free(plaintext.data);
  free(token);
}

/* Returns the digits of "iv" in a protected header of AES-GCM key wrap. */
static struct bulla_span wrap_iv(uint8_t *room, struct bulla_span digits) {
  static const char name[] = "\"iv\":\"";
  size_t len = 0;
  FUZZ_ASSERT(model_base64url_decode(room, &len, digits));
  const uint8_t *found = memmem(room, len, name, sizeof(name) - 1);
  FUZZ_ASSERT(found != NULL && room + len - found > 22);
  return bulla_span(found + sizeof(name) - 1, 16);
}

/* Says whether nothing that must be new in each token is the same in two. */
static bool are_fresh(const struct model_key *key, struct bulla_span a, struct bulla_span b) {
  struct bulla_span parts[2][5];
  FUZZ_ASSERT(model_split(parts[0], a) && model_split(parts[1], b));
  static uint8_t rooms[2][MODEL_JWE_MAX];
  bool header_is_same = bulla_span_equal(parts[0][0], parts[1][0]);
  bool fresh = header_is_same == (key->alg->kind != MODEL_GCMKW && key->alg->kind != MODEL_ECDH);
  if (key->alg->kind == MODEL_GCMKW) {
    fresh = fresh && !bulla_span_equal(wrap_iv(rooms[0], parts[0][0]), wrap_iv(rooms[1], parts[1][0]));
  }
  for (size_t i = 1; i <= 2; i++) {
    fresh = fresh && (parts[0][i].len == 0 || !bulla_span_equal(parts[0][i], parts[1][i]));
  }
  return fresh;
}

static void check_seal(const struct template *template) {
  struct bulla_jwe_key *key = template_key(template);
  struct bulla_span plaintext = template->text;
  size_t len = bulla_jwe_len(key, plaintext.len);
  struct bulla_buffer token = bulla_buffer(fuzz_alloc(len), len);
  if (len > MODEL_JWE_MAX) {
    free(token.data);
    return;
  }
  FUZZ_ASSERT(bulla_jwe_encrypt(key, &token, plaintext) == BULLA_OK);
  FUZZ_ASSERT(model_jwe_open(&template->key, &wanted, bulla_written(&token)));
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&wanted.plaintext), plaintext));
  struct bulla_buffer another = bulla_buffer(fuzz_alloc(len), len);
  FUZZ_ASSERT(bulla_jwe_encrypt(key, &another, plaintext) == BULLA_OK);
  FUZZ_ASSERT(are_fresh(&template->key, bulla_written(&token), bulla_written(&another)));
  free(another.data);
  /* Without its last character neither opens it. */
  token.len--;
  FUZZ_ASSERT(!model_jwe_open(&template->key, &wanted, bulla_written(&token)));
  struct bulla_buffer opened = bulla_buffer(fuzz_alloc(len), len);
  FUZZ_ASSERT(bulla_jwe_decrypt(key, &opened, bulla_written(&token)) == BULLA_REFUSED && fuzz_failed(&opened));
  token.len++;
  FUZZ_ASSERT(bulla_jwe_decrypt(key, &opened, bulla_written(&token)) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&opened), plaintext));
  fuzz_num_passed++;
  free(opened.data);
  free(token.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct template template;
  model_json_begin();
  template_read(&template, bulla_span(data, size));
  if (template.seals) {
    check_seal(&template);
  } else {
    check_open(&template);
  }
  return 0;
}

const size_t template_header_part = 1;

const struct fuzz_form fuzz_form = {TEMPLATE_CHOICES, template_open, template_seal, {false, true}, {NULL, 0}};
