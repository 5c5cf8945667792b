/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Buffers of every size, in both directions; what each encryption draws anew; keys without a private part. */

#include "core/cursor.h"
#include "tests/jwe_forge.h"

#define NUM(array) (sizeof(array) / sizeof(*(array)))

static struct bulla_span plaintext(void) {
  return test_text("{\"sub\":\"me\"}");
}

static const struct {
  enum bulla_jwe_form form;
  bool has_aad;
} forms[] = {{BULLA_JWE_COMPACT, false}, {BULLA_JWE_FLATTENED, true}, {BULLA_JWE_GENERAL, false}};

static struct bulla_jwe_options options_of(size_t form) {
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = forms[form].form;
  options.aad = test_text(forms[form].has_aad ? "additional" : "");
  return options;
}

/* Calls |check| with a key of each kind and an "enc" of each cipher. |step| is how many sizes to go on at once: key
 * pairs are slow. */
static void for_each(void (*check)(struct bulla_jwe_key *key, size_t step, const char *name)) {
  for (size_t i = 0; i < forge_num_kinds; i++) {
    for (enum bulla_jwe_enc enc = BULLA_JWE_A256GCM; enc <= BULLA_JWE_A128CBC_HS256; enc++) {
      struct forgery forgery = {.kind = forge_kinds[i], .enc = enc};
      struct bulla_jwe_key *key = forge_key(forgery.kind, enc, "");
      check(key, bulla_jwe_algorithm(forgery.kind.alg)->type == BULLA_KEY_OCT ? 1 : 61, forge_name(&forgery));
      bulla_jwe_key_free(&key);
    }
  }
}

static struct bulla_span encrypted(struct bulla_jwe_key *key, size_t form) {
  struct bulla_jwe_options options = options_of(form);
  struct bulla_buffer jwe = test_room(bulla_jwe_len_for(&key, 1, plaintext().len, &options));
  TEST_OK(bulla_jwe_encrypt_for(&key, 1, &jwe, plaintext(), &options));
  return bulla_written(&jwe);
}

/* Says whether |status| is that of a call with enough room, and checks what |out| holds. */
static bool had_room(enum bulla_status status, const struct bulla_buffer *out, const char *name) {
  if (status != BULLA_OK) {
    cr_assert_eq(status, BULLA_BUFFER_TOO_SMALL, "%s, %zu bytes: %s", name, out->size, bulla_status_text(status));
    TEST_FAILED(*out, "%s, %zu bytes", name, out->size);
  }
  return status == BULLA_OK;
}

static void encrypts_with_room(struct bulla_jwe_key *key, size_t step, const char *name) {
  for (size_t form = 0; form < NUM(forms); form++) {
    struct bulla_jwe_options options = options_of(form);
    size_t enough = bulla_jwe_len_for(&key, 1, plaintext().len, &options);
    for (size_t size = enough % step; size <= enough; size += step) {
      struct bulla_buffer jwe = test_room(size);
      bool good = had_room(bulla_jwe_encrypt_for(&key, 1, &jwe, plaintext(), &options), &jwe, name);
      cr_assert(good || size < enough, "%s, %zu of %zu bytes are not enough", name, size, enough);
      cr_assert(!good || forge_opens(key, bulla_written(&jwe), plaintext()), "%s, %zu bytes", name, size);
    }
  }
}

Test(jwe_room, encryption_writes_all_of_it_or_nothing) {
  for_each(encrypts_with_room);
}

static void decrypts_with_room(struct bulla_jwe_key *key, size_t step, const char *name) {
  for (size_t form = 0; form < NUM(forms); form++) {
    struct bulla_span jwe = encrypted(key, form);
    bool was_good = false;
    for (size_t size = jwe.len % step; size <= jwe.len; size += step) {
      struct bulla_buffer opened = test_room(size);
      bool good = had_room(bulla_jwe_decrypt_any(key, &opened, NULL, jwe), &opened, name);
      cr_assert(good || !was_good, "%s: %zu bytes are not enough, less are", name, size);
      cr_assert(!good || size >= plaintext().len, "%s: %zu bytes cannot be enough", name, size);
      cr_assert(!good || test_same(bulla_written(&opened), plaintext()), "%s, %zu bytes", name, size);
      was_good = good;
    }
    cr_assert(was_good, "%s: the length of the message is always enough", name);
  }
}

Test(jwe_room, decryption_writes_all_of_it_or_nothing) {
  for_each(decrypts_with_room);
}

Test(jwe_room, the_header_and_aad_are_handed_out_whole_or_not_at_all) {
  struct bulla_jwe_key *key = forge_key((struct forge_kind){.alg = BULLA_JWE_A128KW}, BULLA_JWE_A128GCM, "");
  struct bulla_span jwe = encrypted(key, 1);
  struct bulla_span header = test_text("{\"alg\":\"A128KW\",\"enc\":\"A128GCM\"}");
  struct bulla_span aad = test_text("additional");
  for (size_t header_size = 0; header_size <= header.len + 1; header_size++) {
    for (size_t aad_size = 0; aad_size <= aad.len + 1; aad_size++) {
      struct bulla_buffer opened = test_room(jwe.len);
      struct bulla_jwe_opened beside = BULLA_JWE_OPENED_INIT;
      beside.header = test_room(header_size);
      beside.aad = test_room(aad_size);
      bool good = (header_size == 0 || header_size >= header.len) && (aad_size == 0 || aad_size >= aad.len);
      TEST_STATUS(bulla_jwe_decrypt_any(key, &opened, &beside, jwe), good ? BULLA_OK : BULLA_BUFFER_TOO_SMALL);
      if (good) {
        TEST_SPAN(bulla_written(&beside.header), bulla_span(header.data, header_size == 0 ? 0 : header.len), "header");
        TEST_SPAN(bulla_written(&beside.aad), bulla_span(aad.data, aad_size == 0 ? 0 : aad.len), "aad");
      } else {
        TEST_FAILED(opened, "%zu, %zu", header_size, aad_size);
        TEST_FAILED(beside.header, "%zu, %zu", header_size, aad_size);
        TEST_FAILED(beside.aad, "%zu, %zu", header_size, aad_size);
      }
    }
  }
  /* What does not open leaves nothing in them. */
  struct bulla_buffer opened = test_room(jwe.len);
  struct bulla_jwe_opened beside = BULLA_JWE_OPENED_INIT;
  beside.header = test_room(100);
  beside.aad = test_room(100);
  struct bulla_span bad = forge_replaced(jwe, "\"aad\":\"YWRk", test_text("\"aad\":\"YWRl"));
  TEST_STATUS(bulla_jwe_decrypt_any(key, &opened, &beside, bad), BULLA_REFUSED);
  TEST_FAILED(beside.header, "header");
  TEST_FAILED(beside.aad, "aad");
  bulla_jwe_key_free(&key);
}

/* The part of |token| behind |num_dots| dots. */
static struct bulla_span part(struct bulla_span token, size_t num_dots) {
  struct bulla_reader in = bulla_reader(token);
  struct bulla_span span = {NULL, 0};
  for (size_t i = 0; i <= num_dots; i++) {
    if (!bulla_take_until(&in, &span, '.')) {
      cr_assert(bulla_take(&in, &span, in.left));
    }
  }
  return span;
}

static void draws_anew(struct bulla_jwe_key *key, size_t step, const char *name) {
  (void)step;
  struct bulla_span one = encrypted(key, 0);
  struct bulla_span two = encrypted(key, 0);
  for (size_t i = 1; i < 5; i++) {
    cr_assert(part(one, i).len == 0 || !test_same(part(one, i), part(two, i)), "%s, part %zu", name, i);
  }
}

/* The content encryption key, the IV, and with them the ciphertext and the tag. */
Test(jwe_room, no_two_encryptions_have_a_part_in_common_but_the_header) {
  for_each(draws_anew);
}

Test(jwe_room, a_key_without_a_private_part_encrypts_and_does_not_decrypt) {
  for (size_t i = 0; i < forge_num_kinds; i++) {
    if (bulla_jwe_algorithm(forge_kinds[i].alg)->type == BULLA_KEY_OCT) {
      continue;
    }
    struct forgery forgery = {.kind = forge_kinds[i], .enc = BULLA_JWE_A256GCM};
    struct bulla_jwk *pair = NULL;
    struct bulla_jwk *open = NULL;
    struct bulla_jwe_key *key = NULL;
    struct bulla_buffer json = test_room(BULLA_JWK_MAX);
    TEST_OK(bulla_jwk_parse(&pair, test_text(forge_jwk(forgery.kind, forgery.enc, ""))));
    TEST_OK(bulla_jwk_write_public(&json, pair));
    TEST_OK(bulla_jwk_parse(&open, bulla_written(&json)));
    TEST_OK(bulla_jwe_key_from_jwk(&key, open, forgery.kind.alg, forgery.enc));
    struct bulla_jwe_key *whole = forge_key(forgery.kind, forgery.enc, "");
    struct bulla_span jwe = encrypted(key, 0);
    cr_expect(forge_opens(whole, jwe, plaintext()), "%s", forge_name(&forgery));
    struct bulla_buffer opened = test_room(jwe.len);
    TEST_STATUS(bulla_jwe_decrypt(key, &opened, jwe), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(opened, "%s", forge_name(&forgery));
    bulla_jwe_key_free(&whole);
    bulla_jwe_key_free(&key);
    bulla_jwk_free(&open);
    bulla_jwk_free(&pair);
  }
}
