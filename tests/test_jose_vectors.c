/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The examples of the RFCs, all of them: what bulla refuses by policy must be refused. tests/data/jose has them. */

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/jwe_table.h"
#include "core/slab.h"
#include "tests/support.h"

#define FOLDER BULLA_SOURCE_FOLDER "/tests/data/jose/"

/* The value of |name| in |record|, or "" if there is none. */
static struct bulla_span field(const struct test_record *record, const char *name) {
  const char *value = test_field(record, name);
  return test_text(value == NULL ? "" : value);
}

/* The bytes whose base64url |name| has. */
static struct bulla_span bytes_of(const struct test_record *record, const char *name) {
  struct bulla_span digits = field(record, name);
  size_t len = bulla_base64url_decoded_len(digits.len);
  uint8_t *bytes = test_alloc(len);
  cr_assert(bulla_base64url_decode(bytes, digits), "%s of %s", name, test_field(record, "name"));
  return bulla_span(bytes, len);
}

static enum bulla_jwe_alg alg_of(const struct test_record *record) {
  return bulla_jwe_alg_named(field(record, "alg"));
}

static enum bulla_jwe_enc enc_of(const struct test_record *record) {
  return bulla_jwe_enc_named(field(record, "enc"));
}

static struct bulla_jwk *jwk_of(const struct test_record *record) {
  struct bulla_jwk *jwk = NULL;
  enum bulla_status status = bulla_jwk_parse(&jwk, field(record, "key"));
  cr_assert_eq(status, BULLA_OK, "%s: %s", test_field(record, "name"), bulla_status_text(status));
  test_keep(jwk);
  return jwk;
}

static const struct {
  const char *name;
  enum bulla_jwe_form form;
} forms[] = {{"compact", BULLA_JWE_COMPACT}, {"flattened", BULLA_JWE_FLATTENED}, {"general", BULLA_JWE_GENERAL}};
enum { NUM_FORMS = sizeof(forms) / sizeof(*forms) };

static void opens(const struct bulla_jwe_key *key, const struct test_record *record, size_t form) {
  const char *name = test_field(record, "name");
  struct bulla_span jwe = field(record, forms[form].name);
  struct bulla_buffer plaintext = test_room(jwe.len);
  struct bulla_jwe_opened opened = BULLA_JWE_OPENED_INIT;
  opened.header = test_room(BULLA_JWE_HEADER_MAX);
  opened.aad = test_room(jwe.len);
  enum bulla_status status = bulla_jwe_decrypt_any(key, &plaintext, &opened, jwe);
  cr_assert_eq(status, BULLA_OK, "%s, %s: %s", name, forms[form].name, bulla_status_text(status));
  TEST_SPAN(bulla_written(&plaintext), bytes_of(record, "plaintext"), "%s, %s", name, forms[form].name);
  TEST_SPAN(bulla_written(&opened.aad), bytes_of(record, "aad"), "%s, %s", name, forms[form].name);
  cr_expect_gt(opened.header.len, 0, "%s, %s", name, forms[form].name);
  cr_expect_eq(bulla_jwe_decrypt(key, &plaintext, jwe), form == BULLA_JWE_COMPACT ? BULLA_OK : BULLA_REFUSED, "%s, %s",
               name, forms[form].name);
  struct bulla_jwe_outline outline;
  TEST_OK(bulla_jwe_inspect(&outline, jwe));
  cr_expect_eq(outline.form, forms[form].form, "%s, %s", name, forms[form].name);
}

static void is_refused(const struct bulla_jwe_key *key, const struct test_record *record, size_t form) {
  const char *name = test_field(record, "name");
  struct bulla_span jwe = field(record, forms[form].name);
  struct bulla_buffer plaintext = test_room(jwe.len);
  enum bulla_status status = bulla_jwe_decrypt_any(key, &plaintext, NULL, jwe);
  cr_expect_eq(status, BULLA_REFUSED, "%s, %s, of %s: %s", name, forms[form].name, test_field(record, "refused"),
               bulla_status_text(status));
  TEST_FAILED(plaintext, "%s, %s", name, forms[form].name);
}

/* Calls |check| with each form of each message whose |refused| is there or not. Returns how many there were. */
static size_t for_each_jwe(bool refused, void (*check)(const struct bulla_jwe_key *key,
                                                       const struct test_record *record, size_t form)) {
  struct test_vectors *vectors = test_vectors_at(FOLDER "jwe.txt");
  struct test_record record;
  size_t num = 0;
  while (test_vectors_next(vectors, &record)) {
    if ((test_field(&record, "refused") != NULL) != refused) {
      continue;
    }
    struct bulla_jwe_key *key = NULL;
    TEST_OK(bulla_jwe_key_from_jwk(&key, jwk_of(&record), alg_of(&record), enc_of(&record)));
    for (size_t form = 0; form < NUM_FORMS; form++) {
      if (test_field(&record, forms[form].name) != NULL) {
        check(key, &record, form);
        num++;
      }
    }
    bulla_jwe_key_free(&key);
  }
  return num;
}

Test(jose_vectors, what_rfc_7516_and_rfc_7520_encrypted_is_decrypted) {
  cr_expect_eq(for_each_jwe(false, opens), 24);
}

/* RSA1_5, PBES2, "zip", an "alg" or an "enc" that nothing protects. */
Test(jose_vectors, what_they_encrypted_otherwise_is_refused_by_policy) {
  cr_expect_eq(for_each_jwe(true, is_refused), 17);
}

Test(jose_vectors, what_their_content_encrypts_to_is_the_same_to_the_bit) {
  struct test_vectors *vectors = test_vectors_at(FOLDER "content.txt");
  struct test_record record;
  size_t num = 0;
  for (; test_vectors_next(vectors, &record); num++) {
    const char *name = test_field(&record, "name");
    const struct bulla_jwe_encryption *enc = bulla_jwe_encryption(enc_of(&record));
    struct bulla_span iv = bytes_of(&record, "iv");
    struct bulla_span aad = bytes_of(&record, "aad");
    struct bulla_span plaintext = bytes_of(&record, "plaintext");
    struct bulla_span ciphertext = bytes_of(&record, "ciphertext");
    struct bulla_span tag = bytes_of(&record, "tag");
    cr_assert_eq(iv.len, enc->iv_len, "%s", name);
    cr_assert_eq(tag.len, enc->tag_len, "%s", name);
    cr_assert_eq(enc->cipher->sealed_len(plaintext.len), ciphertext.len, "%s", name);
    struct bulla_jwe_content *content = NULL;
    TEST_OK(enc->cipher->expand(&content, bytes_of(&record, "cek")));
    uint8_t *sealed = test_alloc(ciphertext.len);
    uint8_t *sealed_tag = test_alloc(tag.len);
    TEST_OK(enc->cipher->seal(content, sealed, sealed_tag, iv.data, plaintext, aad));
    TEST_SPAN(bulla_span(sealed, ciphertext.len), ciphertext, "%s", name);
    TEST_SPAN(bulla_span(sealed_tag, tag.len), tag, "%s", name);
    uint8_t *opened = test_alloc(ciphertext.len);
    size_t len = 0;
    TEST_OK(enc->cipher->open(content, opened, &len, iv.data, ciphertext, tag.data, aad));
    TEST_SPAN(bulla_span(opened, len), plaintext, "%s", name);
    enc->cipher->free(&content);
  }
  cr_expect_eq(num, 17);
}

Test(jose_vectors, the_keys_of_rfc_7517_and_rfc_7520_are_read_and_used_for_what_they_say) {
  struct test_vectors *vectors = test_vectors_at(FOLDER "jwk.txt");
  struct test_record record;
  size_t num_keys = 0;
  size_t num_sets = 0;
  while (test_vectors_next(vectors, &record)) {
    const char *name = test_field(&record, "name");
    if (test_field(&record, "set") != NULL) {
      struct bulla_jwk_set *set = NULL;
      enum bulla_status status = bulla_jwk_set_parse(&set, field(&record, "set"));
      cr_assert_eq(status, BULLA_OK, "%s: %s", name, bulla_status_text(status));
      cr_expect(bulla_jwk_set_at(set, 0) != NULL && bulla_jwk_set_at(set, 1) != NULL, "%s", name);
      cr_expect_null(bulla_jwk_set_at(set, 2), "%s", name);
      bulla_jwk_set_free(&set);
      num_sets++;
      continue;
    }
    struct bulla_jwk *jwk = jwk_of(&record);
    struct bulla_jwe_key *key = NULL;
    enum bulla_status status = bulla_jwe_key_from_jwk(&key, jwk, alg_of(&record), enc_of(&record));
    const char *refused = test_field(&record, "refused");
    cr_expect_eq(status, refused == NULL ? BULLA_OK : BULLA_REFUSED, "%s, %s: %s", name, refused == NULL ? "" : refused,
                 bulla_status_text(status));
    bulla_jwe_key_free(&key);
    if (test_field(&record, "thumbprint") != NULL) {
      struct bulla_buffer thumbprint = test_room(32);
      TEST_OK(bulla_jwk_thumbprint(&thumbprint, jwk));
      TEST_SPAN(bulla_written(&thumbprint), bytes_of(&record, "thumbprint"), "%s", name);
    }
    num_keys++;
  }
  cr_expect_eq(num_keys, 8);
  cr_expect_eq(num_sets, 3);
}

/* The content encryption key that |jwk| unwraps or agrees on, of what |header| says. */
static struct bulla_span unwrapped(const char *jwk_json, enum bulla_jwe_alg alg, enum bulla_jwe_enc enc,
                                   const char *header_json) {
  struct bulla_jwk *jwk = NULL;
  TEST_OK(bulla_jwk_parse(&jwk, test_text(jwk_json)));
  const struct bulla_jwe_algorithm *row = bulla_jwe_algorithm(alg);
  const struct bulla_jwe_encryption *enc_row = bulla_jwe_encryption(enc);
  struct bulla_jwe_keep *keep = NULL;
  TEST_OK(row->management->expand(&keep, row, enc_row, jwk));
  struct bulla_jose_header header = {0};
  TEST_OK(bulla_jose_read(&header, BULLA_JOSE_PROTECTED, test_text(header_json)));
  uint8_t *cek = test_alloc(enc_row->cek_len);
  TEST_OK(row->management->unwrap(keep, cek, enc_row->cek_len, bulla_span(NULL, 0), &header));
  row->management->free(&keep);
  bulla_jwk_free(&jwk);
  return bulla_span(cek, enc_row->cek_len);
}

Test(jose_vectors, rfc_7518_appendix_c_agrees_on_its_key) {
  struct bulla_span cek = unwrapped(
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ\","
      "\"y\":\"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck\",\"d\":\"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw\"}",
      BULLA_JWE_ECDH_ES, BULLA_JWE_A128GCM,
      "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"apu\":\"QWxpY2U\",\"apv\":\"Qm9i\",\"epk\":{\"kty\":\"EC\","
      "\"crv\":\"P-256\",\"x\":\"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0\","
      "\"y\":\"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps\"}}");
  TEST_SPAN(cek, test_hex("56 aa 8d ea f8 23 6d 20 5c 22 28 cd 71 a7 10 1a"), "another key");
}

Test(jose_vectors, rfc_8037_appendix_a_6_agrees_on_its_secret) {
  uint8_t shared[32];
  uint8_t private_key[32];
  uint8_t point[32];
  cr_assert(bulla_base64url_decode(private_key, test_text("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo")));
  cr_assert(bulla_base64url_decode(point, test_text("3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08")));
  TEST_OK(bulla_curve_agree(BULLA_CURVE_X25519, shared, private_key, point));
  TEST_SPAN(bulla_span(shared, 32), test_hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"),
            "another secret");
  TEST_OK(bulla_curve_public(BULLA_CURVE_X25519, point, private_key));
  TEST_SPAN(test_base64url(bulla_span(point, 32)), test_text("hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"),
            "another ephemeral key");
}
