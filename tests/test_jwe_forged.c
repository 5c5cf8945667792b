/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens made by somebody who has the key and writes what he likes: every tag passes, so that only the rule that
 * a test names can refuse. */

#include <bulla/jose.h>

#include "core/crypto.h"
#include "core/jwe_compact.h"
#include "tests/json_rows.h"

enum { KEY_BYTE = 9 };

/* What a forged token consists of: the header's digits, an encrypted key, and the lengths of IV and tag. */
struct forgery {
  struct bulla_span header;
  const char *encrypted_key;
  size_t iv_len;
  size_t tag_len;
};

static struct bulla_span forged(const struct forgery *forgery, struct bulla_span plaintext) {
  struct bulla_aead *aead = NULL;
  TEST_OK(bulla_aead_new(&aead, test_filled(KEY_BYTE, 32)));
  struct bulla_span iv = test_filled(3, forgery->iv_len);
  uint8_t *ciphertext = test_alloc(plaintext.len);
  uint8_t *tag = test_alloc(32);
  if (iv.len > 0) {
    TEST_OK(bulla_aead_seal(aead, ciphertext, tag, iv, plaintext, forgery->header));
  }
  bulla_aead_free(&aead);
  struct bulla_span parts[] = {forgery->header, test_text(forgery->encrypted_key), test_base64url(iv),
                               test_base64url(bulla_span(ciphertext, plaintext.len)),
                               test_base64url(bulla_span(tag, forgery->tag_len))};
  struct bulla_span token = parts[0];
  for (size_t i = 1; i < 5; i++) {
    token = test_concat(test_concat(token, test_text(".")), parts[i]);
  }
  return token;
}

#define PLAINTEXT "{\"sub\":\"me\"}"
#define MEMBERS "\"alg\":\"dir\",\"enc\":\"A256GCM\""

static struct bulla_span with_digits(struct bulla_span header) {
  struct forgery forgery = {.header = header, .encrypted_key = "", .iv_len = 12, .tag_len = 16};
  return forged(&forgery, test_text(PLAINTEXT));
}

static struct bulla_span with_header(struct bulla_span json) {
  return with_digits(test_base64url(json));
}

static enum bulla_status decrypt(struct bulla_span token, const char *key_id) {
  struct bulla_secret *secret = test_secret(test_filled(KEY_BYTE, 32));
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_new(&key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, secret, test_text(key_id)));
  struct bulla_buffer plaintext = test_room(token.len);
  enum bulla_status status = bulla_jwe_decrypt(key, &plaintext, token);
  if (status == BULLA_OK) {
    TEST_SPAN(bulla_written(&plaintext), test_text(PLAINTEXT), "another plaintext");
  } else {
    TEST_FAILED(plaintext, "%s", bulla_status_text(status));
  }
  bulla_jwe_key_free(&key);
  bulla_secret_free(&secret);
  return status;
}

Test(jwe_forged, headers_that_say_the_same_in_other_words_are_read) {
  static const char *const headers[] = {
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}",
      "{\"enc\":\"A256GCM\",\"alg\":\"dir\"}",
      " {\t\"alg\" :\r\n\"dir\" , \"enc\": \"A256GCM\" } \n",
      "{\"alg\":\"d\\u0069r\",\"enc\":\"A256\\u0047CM\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"cty\":\"JWT\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"whatever\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"iat\":1,\"x\":{\"y\":[null,true,-1.5e3]}}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"jku\":\"https:x\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"x5u\":\"https:x\",\"x5c\":[\"AAAA\"],\"x5t\":\"AA\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"algorithm\":\"none\",\"encoding\":\"x\"}",
  };
  for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
    cr_expect_eq(decrypt(with_header(test_text(headers[i])), ""), BULLA_OK, "%s", headers[i]);
  }
}

Test(jwe_forged, headers_that_say_anything_else_are_refused) {
  static const char *const headers[] = {
      /* Another "alg" or "enc", or the right one misspelled. */
      "{\"alg\":\"DIR\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"Dir\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"none\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"A256KW\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"A256GCMKW\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir \",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"di\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}",
      "{\"alg\":\"dir\",\"enc\":\"A192GCM\"}",
      "{\"alg\":\"dir\",\"enc\":\"a256gcm\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\"}",
      "{\"alg\":\"dir\",\"enc\":\"\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\\n\"}",
      "{\"alg\":\"A256GCM\",\"enc\":\"dir\"}",
      /* Missing, or of another type. */
      "{\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\"}",
      "{}",
      "{\"alg\":null,\"enc\":\"A256GCM\"}",
      "{\"alg\":[\"dir\"],\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"enc\":true}",
      "{\"alg\":\"dir\",\"enc\":{\"enc\":\"A256GCM\"}}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":7}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":null}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":7}",
      "{\"x\":{\"alg\":\"dir\",\"enc\":\"A256GCM\"}}",
      /* RFC 7516 §4.1.13, §4.1.3. */
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[\"exp\"],\"exp\":1}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[]}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":null}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"cr\\u0069t\":[\"exp\"]}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"\\u0043rit\":[\"exp\"]}",
      "{\"crit\":[\"alg\"],\"alg\":\"dir\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":null}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"z\\u0069p\":\"DEF\"}",
      /* Members twice, plain or escaped. */
      "{\"alg\":\"dir\",\"alg\":\"dir\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"none\",\"enc\":\"A256GCM\",\"alg\":\"dir\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"\\u0061lg\":\"dir\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"x\":{\"y\":1,\"y\":1}}",
      /* Registered members in another case. */
      "{\"Alg\":\"dir\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"Alg\":\"none\",\"enc\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"ENC\":\"A256GCM\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"Crit\":[\"exp\"]}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"ZIP\":\"DEF\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"KID\":\"k\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"x5t#s256\":\"k\"}",
      /* None of ours. */
      "dir",
      "[\"alg\",\"dir\",\"enc\",\"A256GCM\"]",
      "\xef\xbb\xbf{" MEMBERS "}",
  };
  for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
    cr_expect_eq(decrypt(with_header(test_text(headers[i])), ""), BULLA_REFUSED, "%s", headers[i]);
  }
  for (size_t i = 0; i < NUM_BAD_TEXTS; i++) {
    const char *header = bad_text(i, MEMBERS);
    cr_expect_eq(decrypt(with_header(test_text(header)), ""), BULLA_REFUSED, "%s", header);
  }
  for (size_t i = 0; i < NUM_STRINGS; i++) {
    char header[200];
    snprintf(header, sizeof(header), "{" MEMBERS ",\"x\":%s}", json_strings[i].text);
    cr_expect_eq(decrypt(with_header(test_text(header)), ""), json_strings[i].good ? BULLA_OK : BULLA_REFUSED, "%s",
                 header);
  }
  struct bulla_span header = test_text("{" MEMBERS "}");
  cr_expect_eq(decrypt(with_header(test_concat(header, test_filled(0, 1))), ""), BULLA_REFUSED, "NUL behind");
}

Test(jwe_forged, the_kid_must_be_the_keys_own) {
  static const struct {
    const char *header;
    bool good;
  } rows[] = {
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"one\"}", true},
      {"{\"kid\":\"one\",\"alg\":\"dir\",\"enc\":\"A256GCM\"}", true},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"\\u006fne\"}", true},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"\"}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"two\"}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"on\"}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"one1\"}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"One\"}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":[\"one\"]}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":{\"kid\":\"one\"}}", false},
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"x\":{\"kid\":\"one\"}}", false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    cr_expect_eq(decrypt(with_header(test_text(rows[i].header)), "one"), rows[i].good ? BULLA_OK : BULLA_REFUSED, "%s",
                 rows[i].header);
  }
}

Test(jwe_forged, a_header_has_at_most_4096_bytes) {
  for (size_t len = 4050; len <= 4150; len++) {
    struct bulla_span header = test_concat(test_text("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}"), test_filled(' ', 4150));
    header.len = len;
    cr_expect_eq(decrypt(with_header(header), ""), len <= 4096 ? BULLA_OK : BULLA_REFUSED, "%zu bytes", len);
  }
}

Test(jwe_forged, a_header_has_at_most_32_members) {
  for (size_t num = 30; num <= 40; num++) {
    char json[1000] = "{\"alg\":\"dir\",\"enc\":\"A256GCM\"";
    for (size_t i = 2; i < num; i++) {
      const char member[] = {',', '"', (char)('a' + i / 10), (char)('0' + i % 10), '"', ':', '1', '\0'};
      strcat(json, member);
    }
    strcat(json, "}");
    cr_expect_eq(decrypt(with_header(test_text(json)), ""), num <= 32 ? BULLA_OK : BULLA_REFUSED, "%zu members", num);
  }
}

Test(jwe_forged, the_parts_behind_the_header_have_one_length_each) {
  struct bulla_span header = test_base64url(test_text("{" MEMBERS "}"));
  static const struct {
    const char *encrypted_key;
    size_t iv_len;
    size_t tag_len;
  } rows[] = {
      /* "dir" has no encrypted key, RFC 7518 §4.5. */
      {"A", 12, 16},
      {"AA", 12, 16},
      {"AAAA", 12, 16},
      {"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk", 12, 16},
      {"=", 12, 16},
      {" ", 12, 16},
      /* RFC 7518 §5.3: 96 bits of IV, 128 of tag. */
      {"", 0, 16},
      {"", 1, 16},
      {"", 8, 16},
      {"", 11, 16},
      {"", 13, 16},
      {"", 16, 16},
      {"", 24, 16},
      {"", 12, 0},
      {"", 12, 4},
      {"", 12, 8},
      {"", 12, 12},
      {"", 12, 15},
      {"", 12, 17},
      {"", 12, 32},
  };
  cr_assert_eq(decrypt(with_digits(header), ""), BULLA_OK);
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct forgery forgery = {header, rows[i].encrypted_key, rows[i].iv_len, rows[i].tag_len};
    cr_expect_eq(decrypt(forged(&forgery, test_text(PLAINTEXT)), ""), BULLA_REFUSED,
                 "encrypted key \"%s\", IV %zu, tag %zu", rows[i].encrypted_key, rows[i].iv_len, rows[i].tag_len);
  }
}

/* The additional data is the header segment as received, so padding there is authentic too. */
Test(jwe_forged, padding_in_the_header_is_refused_though_authentic) {
  static const char *const segments[] = {
      "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0=",
      "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn1",
      "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0\n",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}",
  };
  for (size_t i = 0; i < sizeof(segments) / sizeof(*segments); i++) {
    cr_expect_eq(decrypt(with_digits(test_text(segments[i])), ""), BULLA_REFUSED, "%s", segments[i]);
  }
}

Test(jwe_forged, a_token_past_a_mebibyte_is_refused_though_authentic) {
  struct forgery forgery = {
      .header = test_base64url(test_text("{" MEMBERS "}")), .encrypted_key = "", .iv_len = 12, .tag_len = 16};
  cr_expect_eq(decrypt(forged(&forgery, test_filled('p', 1 << 20)), ""), BULLA_REFUSED);
}

/* What tokens stand on too: it must not leave a member to its caller that is not there. */
Test(jwe_forged, a_header_without_alg_or_enc_is_not_read) {
  static const struct {
    const char *json;
    bool good;
  } rows[] = {
      {"{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", true},
      {"{\"alg\":\"\",\"enc\":\"A256GCM\"}", false},
      {"{\"alg\":\"dir\",\"enc\":\"\"}", false},
      {"{\"alg\":\"dir\"}", false},
      {"{\"enc\":\"A256GCM\"}", false},
      {"{\"kid\":\"k\"}", false},
      {"{}", false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_jwe_header header;
    TEST_STATUS(bulla_jwe_read_header(&header, test_base64url(test_text(rows[i].json))),
                rows[i].good ? BULLA_OK : BULLA_REFUSED);
  }
}

Test(jwe_forged, the_members_of_a_header_are_views_of_its_json) {
  struct bulla_jwe_header header;
  struct bulla_span json = test_text("{\"kid\":\"k\",\"enc\":\"e\",\"x\":1,\"typ\":\"t\",\"alg\":\"a\"}");
  TEST_OK(bulla_jwe_read_header(&header, test_base64url(json)));
  TEST_SPAN(header.alg.text, test_text("a"), "alg");
  TEST_SPAN(header.enc.text, test_text("e"), "enc");
  TEST_SPAN(header.kid.text, test_text("k"), "kid");
  TEST_SPAN(header.typ.text, test_text("t"), "typ");
  TEST_OK(bulla_jwe_read_header(&header, test_base64url(test_text("{\"enc\":\"e\",\"alg\":\"a\"}"))));
  cr_expect_eq(header.kid.text.len, 0);
  cr_expect_eq(header.typ.text.len, 0);
}
