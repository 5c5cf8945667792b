/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_decrypt_any, bulla_jwe_inspect, bulla_jwe_inspect_header and bulla_jwe_encrypt_for: the JSON forms.
 *
 * Input: a template of a JWE in any form (fuzz/jwe_template.h); or, if bulla seals, the header is more of a header, and
 * of the text the first byte is how many keys and which form, three are the lengths of "aad", "apu" and "apv", which
 * follow, and the rest is the plaintext.
 *
 * Oracle: fuzz/model_jose.h opens the same, to the same plaintext, protected header and "aad", and with each key what
 * bulla sealed for it. What anybody could open is inspected, and of what opens as many recipients as jansson finds.
 * Nothing is left in the outputs of what is refused. */

#include "fuzz/fuzz.h"
#include "fuzz/jwe_template.h"

enum { MAX_KEYS = 4, MAX_PARTY = 256 };

static struct model_opened wanted;

/* check_inspected looks at what opens, without a key. */
static void check_inspected(const struct model_key *key, struct bulla_span jwe) {
  struct bulla_jwe_outline outline = {0};
  struct bulla_buffer header = bulla_buffer(fuzz_alloc(jwe.len), jwe.len);
  bool is_json = jwe.data[0] == '{';
  json_t *tree = is_json ? model_json_load(jwe) : NULL;
  json_t *recipients = json_object_get(tree, "recipients");
  size_t num = recipients != NULL ? json_array_size(recipients) : 1;
  FUZZ_ASSERT(bulla_jwe_inspect(&outline, jwe) == BULLA_OK);
  FUZZ_ASSERT(outline.form == (recipients != NULL ? BULLA_JWE_GENERAL
                               : is_json          ? BULLA_JWE_FLATTENED
                                                  : BULLA_JWE_COMPACT));
  FUZZ_ASSERT(outline.num_recipients == num);
  FUZZ_ASSERT(outline.ciphertext_len >= wanted.plaintext.len && outline.ciphertext_len <= wanted.plaintext.len + 16);
  for (size_t i = 0; i < num; i++) {
    FUZZ_ASSERT(bulla_jwe_inspect_header(&header, jwe, i) == BULLA_OK);
    json_t *members = model_json_load(bulla_written(&header));
    FUZZ_ASSERT(json_is_string(json_object_get(members, "alg")));
    FUZZ_ASSERT(json_is_string(json_object_get(members, "enc")) == (key->alg->kind != MODEL_HPKE));
    json_decref(members);
  }
  FUZZ_ASSERT(bulla_jwe_inspect_header(&header, jwe, num) == BULLA_NOT_FOUND && header.len == 0);
  json_decref(tree);
  free(header.data);
}

/* check_open opens |jwe| with the key of |template|, and says whether it may. */
static bool check_open(const struct template *template, struct bulla_span jwe) {
  bool good = model_jwe_open(&template->key, &wanted, jwe);
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(jwe.len), jwe.len);
  struct bulla_jwe_opened opened = BULLA_JWE_OPENED_INIT;
  opened.header = bulla_buffer(fuzz_alloc(BULLA_JWE_HEADER_MAX), BULLA_JWE_HEADER_MAX);
  opened.aad = bulla_buffer(fuzz_alloc(jwe.len), jwe.len);
  enum bulla_status status = bulla_jwe_decrypt_any(template_key(template), &plaintext, &opened, jwe);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_REFUSED));
  struct bulla_jwe_outline outline;
  FUZZ_ASSERT(bulla_jwe_inspect(&outline, jwe) == (model_jwe_is_readable(jwe) ? BULLA_OK : BULLA_REFUSED));
  plaintext.len = 0;
  FUZZ_ASSERT(bulla_jwe_decrypt_any(template_key(template), &plaintext, NULL, jwe) == status);
  if (good) {
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), bulla_written(&wanted.plaintext)));
    FUZZ_ASSERT(fuzz_is_clean_behind(&plaintext));
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&opened.header), wanted.header));
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&opened.aad), wanted.aad));
    check_inspected(&template->key, jwe);
  } else {
    FUZZ_ASSERT(fuzz_failed(&plaintext) && fuzz_failed(&opened.header) && fuzz_failed(&opened.aad));
  }
  free(opened.aad.data);
  free(opened.header.data);
  free(plaintext.data);
  return good;
}

static void check_template(const struct template *template) {
  static uint8_t room[MODEL_JWE_MAX];
  struct bulla_buffer filled = bulla_buffer(room, sizeof(room));
  if (!template_fill(&filled, template)) {
    return;
  }
  uint8_t *jwe = fuzz_alloc(filled.len);
  memcpy(jwe, filled.data, filled.len);
  fuzz_num_passed += check_open(template, bulla_span(jwe, filled.len)) ? 1 : 0;
  free(jwe);
}

/* Says whether |header| may be added to the protected header: an object, without what bulla writes itself. */
static bool may_be_added(struct bulla_span header) {
  static const char *const own[] = {"alg", "enc", "kid", "epk", "apu", "apv", "iv", "tag"};
  struct model_jose members = {.num = 0};
  bool good = header.len == 0 || model_jose_read(&members, MODEL_PROTECTED, header);
  for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
    good = good && model_jose_get(&members, own[i]) == NULL;
  }
  model_jose_free(&members);
  return good;
}

/* Takes the keys: that of |template| and others, no two of which are for the same "alg", since each has to be found
 * by it. Direct ones are alone. */
static size_t take_keys(struct template *templates, const struct template *template, size_t num) {
  templates[0] = *template;
  if (model_is_direct(&template->key)) {
    return 1;
  }
  size_t taken = 1;
  for (size_t alg = 0; alg < MODEL_NUM_ALGS && taken < num; alg++) {
    struct template *other = &templates[taken];
    *other = *template;
    other->alg = alg;
    other->key.alg = &model_algs[alg];
    bool is_other = !model_is_direct(&other->key);
    for (size_t i = 0; i < taken; i++) {
      is_other = is_other && strcmp(templates[i].key.alg->name, other->key.alg->name) != 0;
    }
    taken += is_other ? 1 : 0;
  }
  return taken;
}

static void check_seal(const struct template *template) {
  static struct template templates[MAX_KEYS];
  struct bulla_jwe_key *keys[MAX_KEYS];
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  struct bulla_reader in = bulla_reader(template->text);
  uint8_t choices[4];
  struct bulla_span *const spans[] = {&options.aad, &options.apu, &options.apv};
  (void)fuzz_take(&in, choices, sizeof(choices));
  size_t num = take_keys(templates, template, 1 + choices[0] % MAX_KEYS);
  bool all_agree = true;
  bool are_short = true;
  for (size_t i = 0; i < num; i++) {
    keys[i] = template_key(&templates[i]);
    all_agree = all_agree && templates[i].key.alg->kind == MODEL_ECDH;
  }
  for (size_t i = 0; i < 3; i++) {
    /* Nearly always short enough. */
    size_t len = choices[i + 1] == 255 ? MAX_PARTY + 1 : choices[i + 1] % 64;
    (void)bulla_take(&in, spans[i], len < in.left ? len : in.left);
    are_short = are_short && (i == 0 || spans[i]->len <= MAX_PARTY);
  }
  struct bulla_span plaintext = bulla_span(in.at, in.left);
  options.header = template->header;
  options.form = (enum bulla_jwe_form)(choices[0] / MAX_KEYS % 3);
  bool good =
      may_be_added(options.header) && are_short && (all_agree || (options.apu.len == 0 && options.apv.len == 0)) &&
      (options.form != BULLA_JWE_COMPACT || options.aad.len == 0) && (num == 1 || options.form == BULLA_JWE_GENERAL);
  size_t len = bulla_jwe_len_for(keys, num, plaintext.len, &options);
  FUZZ_ASSERT(!good || len >= plaintext.len);
  struct bulla_buffer jwe = bulla_buffer(fuzz_alloc(len), len);
  enum bulla_status status = bulla_jwe_encrypt_for(keys, num, &jwe, plaintext, &options);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_INVALID_ARGUMENT));
  if (!good) {
    FUZZ_ASSERT(fuzz_failed(&jwe));
  }
  for (size_t i = 0; good && jwe.len <= MODEL_JWE_MAX && i < num; i++) {
    FUZZ_ASSERT(check_open(&templates[i], bulla_written(&jwe)));
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&wanted.plaintext), plaintext));
    FUZZ_ASSERT(bulla_span_equal(wanted.aad, options.aad));
  }
  fuzz_num_passed += good ? 1 : 0;
  free(jwe.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct template template;
  model_json_begin();
  template_read(&template, bulla_span(data, size));
  if (template.seals) {
    check_seal(&template);
  } else {
    check_template(&template);
  }
  return 0;
}

const size_t template_header_part = 0;

const struct fuzz_form fuzz_form = {TEMPLATE_CHOICES, template_open, template_seal, {true, true}, {NULL, 0}};
