/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_decrypt and bulla_jwe_encrypt beside rhonabwy, another library for JOSE, in all managements that it has.
 *
 * Input: a template of a compact form (fuzz/jwe_template.h); or, if bulla seals, the text is the plaintext, and the
 * header ignored.
 *
 * Oracle: rhonabwy opens what bulla sealed. A token that obeys the stricter rules of fuzz/model_jose.h opens here if it
 * opens there, and to the same plaintext; no other does. So each disagreement is explained by one of the rules, or
 * found. */

#include <rhonabwy.h>

#include "fuzz/fuzz.h"
#include "fuzz/jwe_template.h"

/* peer_key returns rhonabwy's key of |template|. */
static jwk_t *peer_key(const struct template *template) {
  static jwk_t *keys[MODEL_NUM_ALGS][MODEL_NUM_ENCS];
  jwk_t **made = &keys[template->alg][template->enc];
  if (*made == NULL) {
    struct model_key key = template->key;
    key.kid = bulla_span("", 0);
    struct bulla_span json = template_jwk(&key);
    FUZZ_ASSERT(r_jwk_init(made) == RHN_OK);
    char *text = strndup((const char *)json.data, json.len);
    FUZZ_ASSERT(r_jwk_import_from_json_str(*made, text) == RHN_OK);
    free(text);
  }
  return *made;
}

/* peer_has says whether rhonabwy 1.1.11 does what |token|, for |key|, needs: it does not agree on P-521; it agrees on
 * no more than 32 bytes, whatever it decrypts with the rest; and it drops the zeroes that a coordinate begins with. */
static bool peer_has(const struct model_key *key, struct bulla_span token) {
  uint8_t shared[MODEL_CURVE_MAX];
  if (key->alg->curve == MODEL_NO_CURVE) {
    return true;
  }
  return key->alg->kind == MODEL_ECDH && key->alg->curve != MODEL_P521 &&
         (!model_is_direct(key) || key->enc->cek_len <= 32) && model_jwe_shared(key, shared, token) &&
         (key->alg->curve == MODEL_X25519 || shared[0] != 0);
}

/* peer_open opens |token| with rhonabwy. The plaintext lives as long as |*jwe|, which the caller frees. */
static bool peer_open(jwe_t **jwe, struct bulla_span *plaintext, const struct template *template,
                      struct bulla_span token) {
  enum { BLOCK = 16 };
  FUZZ_ASSERT(r_jwe_init(jwe) == RHN_OK);
  if (r_jwe_advanced_compact_parsen(*jwe, (const char *)token.data, token.len, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) !=
          RHN_OK ||
      r_jwe_decrypt(*jwe, peer_key(template), R_FLAG_IGNORE_REMOTE) != RHN_OK) {
    return false;
  }
  size_t len = 0;
  const uint8_t *bytes = r_jwe_get_payload(*jwe, &len);
  /* A whole block of padding it leaves there. */
  bool is_padded = template->key.enc->is_cbc && len >= BLOCK && len % BLOCK == 0;
  for (size_t i = 1; is_padded && i <= BLOCK; i++) {
    is_padded = bytes[len - i] == BLOCK;
  }
  *plaintext = bulla_span(bytes, is_padded ? len - BLOCK : len);
  return true;
}

static void check_token(const struct template *template, struct bulla_span token) {
  static struct model_opened model;
  jwe_t *jwe = NULL;
  struct bulla_span wanted = {NULL, 0};
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(token.len), token.len);
  bool good = (token.len == 0 || token.data[0] != '{') && model_jwe_open(&template->key, &model, token);
  if (good && model.plaintext.len > 0 && peer_has(&template->key, token)) {
    /* Of other tokens its verdict would change nothing, and on padded ones it writes past its memory. It opens no empty
     * plaintext. */
    FUZZ_ASSERT(peer_open(&jwe, &wanted, template, token));
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&model.plaintext), wanted));
  }
  enum bulla_status status = bulla_jwe_decrypt(template_key(template), &plaintext, token);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_REFUSED));
  if (good) {
    fuzz_num_passed++;
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), bulla_written(&model.plaintext)));
  } else {
    FUZZ_ASSERT(fuzz_failed(&plaintext));
  }
  r_jwe_free(jwe);
  free(plaintext.data);
}

static void check_sealed(const struct template *template, struct bulla_span plaintext) {
  size_t len = bulla_jwe_len(template_key(template), plaintext.len);
  struct bulla_buffer token = bulla_buffer(fuzz_alloc(len), len);
  FUZZ_ASSERT(bulla_jwe_encrypt(template_key(template), &token, plaintext) == BULLA_OK);
  jwe_t *jwe = NULL;
  struct bulla_span opened;
  if (peer_has(&template->key, bulla_written(&token))) {
    FUZZ_ASSERT(peer_open(&jwe, &opened, template, bulla_written(&token)) && bulla_span_equal(opened, plaintext));
  }
  fuzz_num_passed++;
  r_jwe_free(jwe);
  free(token.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct template template;
  static uint8_t room[MODEL_JWE_MAX];
  template_read(&template, bulla_span(data, size));
  if (template.seals) {
    if (template.text.len > 0) {
      check_sealed(&template, template.text);
    }
    return 0;
  }
  struct bulla_buffer filled = bulla_buffer(room, sizeof(room));
  if (template_fill(&filled, &template)) {
    uint8_t *token = fuzz_alloc(filled.len);
    memcpy(token, filled.data, filled.len);
    check_token(&template, bulla_span(token, filled.len));
    free(token);
  }
  return 0;
}

const size_t template_header_part = 1;

const struct fuzz_form fuzz_form = {TEMPLATE_CHOICES, template_open, template_seal, {false, true}, {NULL, 0}};
