/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rules of integrated encryption, which has neither "enc" nor an IV nor a tag: messages that are authentic but for
 * one of them. What else holds of it is in test_jwe_forms.c. */

#include "core/crypto.h"
#include "tests/jwe_forge.h"

#define NUM(array) (sizeof(array) / sizeof(*(array)))
#define ALG "\"alg\":\"draft-HPKE-X25519-HKDF-SHA256-A256GCM\""

static const struct forge_kind kind = {BULLA_JWE_DRAFT_HPKE, BULLA_CURVE_X25519};

static struct bulla_span plaintext(void) {
  return test_text("{\"sub\":\"me\"}");
}

static struct bulla_jwe_key *new_key(void) {
  return forge_key(kind, (enum bulla_jwe_enc)0, "");
}

/* What somebody encrypts to the key who writes the header |json|. */
static struct forged sealed(const char *json, struct bulla_span aad) {
  struct bulla_jwk *jwk = NULL;
  struct forged parts = {.header = test_base64url(test_text(json)), .aad = aad};
  struct bulla_span data = parts.header;
  if (aad.len > 0) {
    data = test_concat(test_concat(data, test_text(".")), test_base64url(aad));
  }
  uint8_t *encapsulated = test_alloc(BULLA_X25519_LEN);
  uint8_t *ciphertext = test_alloc(plaintext().len + BULLA_TAG_LEN);
  TEST_OK(bulla_jwk_parse(&jwk, test_text(forge_jwk(kind, (enum bulla_jwe_enc)0, ""))));
  TEST_OK(bulla_hpke_seal(encapsulated, ciphertext, jwk->point.data, plaintext(), bulla_span(NULL, 0), data));
  bulla_jwk_free(&jwk);
  parts.encrypted_key = bulla_span(encapsulated, BULLA_X25519_LEN);
  parts.ciphertext = bulla_span(ciphertext, plaintext().len + BULLA_TAG_LEN);
  return parts;
}

static bool opens(const struct bulla_jwe_key *key, const struct forged *parts) {
  return forge_opens(key, forge_compact(parts), plaintext());
}

Test(jwe_hpke, a_header_has_no_enc_and_nothing_that_others_may_not_have) {
  static const struct {
    const char *header;
    bool good;
  } rows[] = {
      {"{" ALG "}", true},
      {"{\"typ\":\"JWT\"," ALG ",\"kid\":\"k\"}", true},
      {"{" ALG ",\"enc\":\"A256GCM\"}", false},
      {"{" ALG ",\"enc\":\"\"}", false},
      {"{" ALG ",\"enc\":null}", false},
      {"{" ALG ",\"Enc\":\"A256GCM\"}", false},
      {"{" ALG ",\"crit\":[]}", false},
      {"{" ALG ",\"zip\":\"DEF\"}", false},
      {"{" ALG "," ALG "}", false},
      {"{\"alg\":\"ECDH-ES\"}", false},
      {"{\"alg\":\"HPKE-3\"}", false},
      {"{\"alg\":\"draft-hpke-x25519-hkdf-sha256-a256gcm\"}", false},
      {"{\"alg\":\"draft-HPKE-X25519-HKDF-SHA256-A256GCM \"}", false},
      {"{}", false},
  };
  struct bulla_jwe_key *key = new_key();
  for (size_t i = 0; i < NUM(rows); i++) {
    struct forged parts = sealed(rows[i].header, bulla_span(NULL, 0));
    cr_expect_eq(opens(key, &parts), rows[i].good, "%s", rows[i].header);
  }
  bulla_jwe_key_free(&key);
}

Test(jwe_hpke, there_is_neither_an_iv_nor_a_tag) {
  struct bulla_jwe_key *key = new_key();
  struct forged parts = sealed("{" ALG "}", bulla_span(NULL, 0));
  cr_assert(opens(key, &parts));
  for (size_t len = 1; len <= 33; len++) {
    struct forged other = parts;
    other.iv = test_filled(0, len);
    cr_expect_not(opens(key, &other), "an IV of %zu bytes", len);
    other = parts;
    other.tag = test_filled(0, len);
    cr_expect_not(opens(key, &other), "a tag of %zu bytes", len);
  }
  /* The end of the ciphertext is the tag: it is nowhere else. */
  struct forged split = parts;
  split.ciphertext.len -= BULLA_TAG_LEN;
  split.tag = bulla_span(parts.ciphertext.data + split.ciphertext.len, BULLA_TAG_LEN);
  cr_expect_not(opens(key, &split), "a tag of its own");
  bulla_jwe_key_free(&key);
}

Test(jwe_hpke, the_encapsulated_key_has_32_bytes_and_the_ciphertext_a_tag) {
  struct bulla_jwe_key *key = new_key();
  struct forged parts = sealed("{" ALG "}", bulla_span(NULL, 0));
  struct bulla_span longer = test_concat(parts.encrypted_key, test_filled(0, 40));
  for (size_t len = 0; len <= 72; len++) {
    struct forged other = parts;
    other.encrypted_key = bulla_span(longer.data, len);
    cr_expect_eq(opens(key, &other), len == BULLA_X25519_LEN, "%zu bytes", len);
  }
  for (size_t len = 0; len <= parts.ciphertext.len; len++) {
    struct forged other = parts;
    other.ciphertext = bulla_span(parts.ciphertext.data, len);
    cr_expect_eq(opens(key, &other), len == parts.ciphertext.len, "%zu bytes of ciphertext", len);
  }
  struct forged other = parts;
  other.encrypted_key = test_filled(0, BULLA_X25519_LEN);
  cr_expect_not(opens(key, &other), "a point of small order");
  bulla_jwe_key_free(&key);
}

Test(jwe_hpke, the_json_forms_are_read_and_their_aad_is_authenticated) {
  static const char *const forms[] = {
      "{\"protected\":\"$PROTECTED\",\"encrypted_key\":\"$KEY\",\"ciphertext\":\"$CIPHERTEXT\",\"aad\":\"$AAD\"}",
      "{\"protected\":\"$PROTECTED\",\"recipients\":[{\"encrypted_key\":\"$KEY\"}],\"ciphertext\":\"$CIPHERTEXT\","
      "\"aad\":\"$AAD\"}",
  };
  struct bulla_jwe_key *key = new_key();
  for (size_t i = 0; i < NUM(forms); i++) {
    struct forged parts = sealed("{" ALG "}", test_text("additional"));
    cr_expect(forge_opens(key, forge_json(&parts, forms[i]), plaintext()), "%s", forms[i]);
    parts.aad = test_text("Additional");
    cr_expect_not(forge_opens(key, forge_json(&parts, forms[i]), plaintext()), "another: %s", forms[i]);
    parts = sealed("{" ALG "}", bulla_span(NULL, 0));
    parts.aad = test_text("additional");
    cr_expect_not(forge_opens(key, forge_json(&parts, forms[i]), plaintext()), "added: %s", forms[i]);
  }
  bulla_jwe_key_free(&key);
}
