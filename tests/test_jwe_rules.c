/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rules of the compact form, each by its name, for each way to find the key and each way to encrypt content. What
 * breaks one is authentic otherwise: see tests/jwe_forge.h. */

#include "core/cursor.h"
#include "tests/jwe_forge.h"

#define NUM(array) (sizeof(array) / sizeof(*(array)))

static const struct bulla_span nothing = {(const uint8_t *)"", 0};

static struct bulla_span plaintext(void) {
  return test_text("{\"sub\":\"me\"}");
}

typedef void check_function(const struct forgery *forgery, const struct bulla_jwe_key *key);

static void check_with(struct forge_kind kind, enum bulla_jwe_enc enc, check_function *check) {
  struct forgery forgery = {.kind = kind, .enc = enc, .plaintext = plaintext()};
  struct bulla_jwe_key *key = forge_key(kind, enc, "");
  check(&forgery, key);
  bulla_jwe_key_free(&key);
}

static bool is_pair(struct forge_kind kind) {
  return bulla_jwe_algorithm(kind.alg)->type != BULLA_KEY_OCT;
}

/* Calls |check| with each kind and an "enc" of each cipher; with symmetric keys, which are fast, with each "enc". */
static void for_each(check_function *check) {
  for (size_t i = 0; i < forge_num_kinds; i++) {
    for (enum bulla_jwe_enc enc = BULLA_JWE_A128GCM; enc <= BULLA_JWE_A256CBC_HS512; enc++) {
      if (!is_pair(forge_kinds[i]) || enc == BULLA_JWE_A256GCM || enc == BULLA_JWE_A128CBC_HS256) {
        check_with(forge_kinds[i], enc, check);
      }
    }
  }
}

static bool opens(const struct bulla_jwe_key *key, const struct forgery *forgery) {
  struct forged parts = forge(forgery);
  return forge_opens(key, forge_compact(&parts), forgery->plaintext);
}

static bool opens_with_header(const struct bulla_jwe_key *key, const struct forgery *forgery, const char *header) {
  struct forgery other = *forgery;
  other.header = header;
  return opens(key, &other);
}

static const struct bulla_jwe_management *management_of(const struct forgery *forgery) {
  return bulla_jwe_algorithm(forgery->kind.alg)->management;
}

static void opens_forged(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  cr_assert(opens(key, forgery), "%s", forge_name(forgery));
  struct forgery empty = *forgery;
  empty.plaintext = nothing;
  cr_assert(opens(key, &empty), "%s, nothing", forge_name(forgery));
}

/* Without this no other test here would say anything. */
Test(jwe_rules, what_breaks_no_rule_is_decrypted_an_empty_plaintext_too) {
  for (size_t i = 0; i < forge_num_kinds; i++) {
    for (enum bulla_jwe_enc enc = BULLA_JWE_A128GCM; enc <= BULLA_JWE_A256CBC_HS512; enc++) {
      check_with(forge_kinds[i], enc, opens_forged);
    }
  }
}

static void refuses_tags(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  static const size_t lens[] = {0, 1, 2, 4, 8, 12, 13, 14, 15, 16, 17, 20, 23, 24, 25, 31, 32, 33, 48, 64, 80};
  struct forged parts = forge(forgery);
  struct bulla_span tag = test_concat(parts.tag, test_filled(0, 80));
  for (size_t i = 0; i < NUM(lens); i++) {
    parts.tag = bulla_span(tag.data, lens[i]);
    cr_assert_eq(forge_opens(key, forge_compact(&parts), forgery->plaintext),
                 lens[i] == bulla_jwe_encryption(forgery->enc)->tag_len, "%s, %zu bytes", forge_name(forgery), lens[i]);
  }
}

Test(jwe_rules, a_tag_of_any_other_length_is_refused_as_1_4_8_12_15_17_31_33_bytes) {
  for_each(refuses_tags);
}

static void refuses_ivs(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  struct forged parts = forge(forgery);
  struct bulla_span iv = test_concat(parts.iv, test_filled(0, 32));
  for (size_t len = 0; len <= 32; len += is_pair(forgery->kind) ? 4 : 1) {
    if (len != bulla_jwe_encryption(forgery->enc)->iv_len) {
      parts.iv = bulla_span(iv.data, len);
      cr_assert_not(forge_opens(key, forge_compact(&parts), forgery->plaintext), "%s, %zu bytes", forge_name(forgery),
                    len);
    }
  }
}

Test(jwe_rules, an_iv_of_any_other_length_is_refused) {
  for_each(refuses_ivs);
}

/* The token whose parts are those of |parts| that |order| says, by their numbers; "-" is an empty one. */
static struct bulla_span rearranged(const struct forged *parts, const char *order) {
  const struct bulla_span digits[] = {parts->header, test_base64url(parts->encrypted_key), test_base64url(parts->iv),
                                      test_base64url(parts->ciphertext), test_base64url(parts->tag)};
  struct bulla_span token = nothing;
  for (const char *at = order; *at != '\0'; at++) {
    token = test_concat(token, *at == '.' ? test_text(".") : *at == '-' ? nothing : digits[*at - '0']);
  }
  return token;
}

static void refuses_rearranged(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  static const char *const orders[] = {
      /* Missing without their dots. */
      "1.2.3.4",
      "0.2.3.4",
      "0.1.3.4",
      "0.1.2.4",
      "0.1.2.3",
      "0.1.2",
      "0.1",
      "0",
      "",
      /* Empty, with their dots. */
      "-.1.2.3.4",
      "0.1.-.3.4",
      "0.1.2.-.4",
      "0.1.2.3.-",
      "....",
      "...",
      ".....",
      /* Dots more. */
      "0.1.2.3.4.",
      ".0.1.2.3.4",
      "0.1.2.3.4.4",
      "0..1.2.3.4",
      "0.1.2..3.4",
      "0.1.2.3..4",
      "0.1.2.3.4..........",
      /* In another order. */
      "0.1.2.4.3",
      "0.1.3.2.4",
      "0.2.1.3.4",
      "1.0.2.3.4",
      "4.3.2.1.0",
      "0.3.2.1.4",
      "0.1.4.3.2",
      /* Twice. */
      "0.0.2.3.4",
      "00.1.2.3.4",
      "0.1.22.3.4",
      "0.1.2.33.4",
      "0.1.2.3.44",
  };
  struct forged parts = forge(forgery);
  cr_assert(forge_opens(key, rearranged(&parts, "0.1.2.3.4"), forgery->plaintext), "%s", forge_name(forgery));
  for (size_t i = 0; i < NUM(orders); i++) {
    cr_assert_not(forge_opens(key, rearranged(&parts, orders[i]), forgery->plaintext), "%s, %s", forge_name(forgery),
                  orders[i]);
  }
}

Test(jwe_rules, parts_that_are_missing_empty_swapped_or_too_many_are_refused) {
  for_each(refuses_rearranged);
}

static void refuses_wrong_presence(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  struct forged parts = forge(forgery);
  if (!management_of(forgery)->is_direct) {
    parts.encrypted_key = nothing;
    cr_assert_not(forge_opens(key, forge_compact(&parts), forgery->plaintext), "%s", forge_name(forgery));
    return;
  }
  cr_assert_eq(parts.encrypted_key.len, 0);
  for (size_t len = 1; len <= 72; len++) {
    parts.encrypted_key = test_filled(0, len);
    cr_assert_not(forge_opens(key, forge_compact(&parts), forgery->plaintext), "%s, %zu bytes", forge_name(forgery),
                  len);
  }
}

Test(jwe_rules, an_encrypted_key_where_none_may_be_and_none_where_one_must_be_are_refused) {
  for_each(refuses_wrong_presence);
}

static void refuses_lengths_of_keys(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  if (management_of(forgery)->is_direct) {
    return;
  }
  bool by_blocks = management_of(forgery) == &bulla_jwe_aes_kw || management_of(forgery) == &bulla_jwe_ecdh_es_kw;
  struct forgery other = *forgery;
  for (size_t len = by_blocks ? 16 : 1; len <= 64; len += by_blocks ? 8 : 1) {
    other.sent = test_filled(7, len);
    cr_assert_eq(opens(key, &other), len == bulla_jwe_encryption(forgery->enc)->cek_len, "%s, %zu bytes",
                 forge_name(forgery), len);
  }
}

Test(jwe_rules, a_content_encryption_key_of_any_other_length_is_refused_though_it_unwraps) {
  for_each(refuses_lengths_of_keys);
}

/* Kinds whose keys are of the same bytes: a header that says another must not be believed. */
Test(jwe_rules, a_key_is_for_one_alg_as_kw_and_not_gcmkw_dir_and_not_kw_oaep_and_not_oaep_256) {
  for (size_t of_key = 0; of_key < forge_num_kinds; of_key++) {
    struct bulla_jwe_key *key = forge_key(forge_kinds[of_key], BULLA_JWE_A256GCM, "");
    for (size_t of_token = 0; of_token < forge_num_kinds; of_token++) {
      struct forgery forgery = {.kind = forge_kinds[of_token], .enc = BULLA_JWE_A256GCM, .plaintext = plaintext()};
      cr_assert_eq(opens(key, &forgery), of_key == of_token, "%zu, %s", of_key, forge_name(&forgery));
      /* The header says what the key is for, and the token is of another kind. */
      const char *alg = bulla_jwe_alg_name(forge_kinds[of_key].alg);
      struct bulla_span header = forge_replaced(test_text("{\"alg\":\"$NAME\",\"enc\":\"$ENC\"$ADDED}"), "$NAME",
                                                test_concat(test_text(alg), nothing));
      forgery.header = (const char *)test_concat(header, bulla_span("", 1)).data;
      cr_assert_eq(opens(key, &forgery), of_key == of_token, "%s for %s", forge_name(&forgery), alg);
    }
    bulla_jwe_key_free(&key);
  }
}

static void refuses_other_encs(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  for (enum bulla_jwe_enc enc = 1; enc <= (enum bulla_jwe_enc)FORGE_NUM_ENCS; enc++) {
    struct forgery other = *forgery;
    other.enc = enc;
    cr_assert_eq(opens(key, &other), enc == forgery->enc, "%s", forge_name(&other));
  }
}

Test(jwe_rules, a_key_is_for_one_enc) {
  for_each(refuses_other_encs);
}

static const struct {
  const char *header;
  bool good;
} headers[] = {
    /* What is registered and no key of ours, and what is not registered. */
    {"{$MEMBERS,\"typ\":\"JWT\",\"cty\":\"JWT\"}", true},
    {"{$MEMBERS,\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}", true},
    {"{$MEMBERS,\"jwk\":null}", true},
    {"{$MEMBERS,\"jku\":\"https://example.com\",\"x5u\":\"https://example.com\"}", true},
    {"{$MEMBERS,\"x5c\":[\"AAAA\"],\"x5t\":\"AA\",\"x5t#S256\":\"AA\"}", true},
    {"{$MEMBERS,\"kid\":\"whatever\"}", true},
    {"{$MEMBERS,\"exp\":1,\"x\":{\"crit\":[\"x\"],\"zip\":\"DEF\",\"alg\":\"none\"}}", true},
    {" {\t$MEMBERS\r\n} ", true},
    /* Extensions. */
    {"{$MEMBERS,\"crit\":[\"exp\"],\"exp\":1}", false},
    {"{$MEMBERS,\"crit\":[\"alg\"]}", false},
    {"{$MEMBERS,\"crit\":[\"b64\"],\"b64\":true}", false},
    {"{$MEMBERS,\"crit\":[]}", false},
    {"{$MEMBERS,\"crit\":null}", false},
    {"{\"crit\":[\"x\"],$MEMBERS}", false},
    {"{$MEMBERS,\"zip\":\"DEF\"}", false},
    {"{$MEMBERS,\"zip\":\"\"}", false},
    {"{$MEMBERS,\"zip\":null}", false},
    /* Of PBES2. */
    {"{$MEMBERS,\"p2s\":\"AAAAAAAAAAA\"}", false},
    {"{$MEMBERS,\"p2c\":1}", false},
    {"{$MEMBERS,\"p2c\":4294967296}", false},
    {"{$MEMBERS,\"p2s\":\"AAAAAAAAAAA\",\"p2c\":1000}", false},
    /* In another case, or escaped. */
    {"{\"Alg\":\"$ALG\",\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"$ALG\",\"Enc\":\"$ENC\"$ADDED}", false},
    {"{\"ALG\":\"$ALG\",\"ENC\":\"$ENC\"$ADDED}", false},
    {"{$MEMBERS,\"Alg\":\"none\"}", false},
    {"{$MEMBERS,\"ENC\":\"$ENC\"}", false},
    {"{$MEMBERS,\"Crit\":[]}", false},
    {"{$MEMBERS,\"ZIP\":\"DEF\"}", false},
    {"{$MEMBERS,\"EPK\":{}}", false},
    {"{$MEMBERS,\"Kid\":\"k\"}", false},
    {"{$MEMBERS,\"P2C\":1}", false},
    {"{\"\\u0061lg\":\"$ALG\",\"enc\":\"$ENC\"$ADDED}", false},
    {"{$MEMBERS,\"cr\\u0069t\":[]}", false},
    {"{$MEMBERS,\"\\u0078\":1}", false},
    /* Twice. */
    {"{$MEMBERS,\"alg\":\"$ALG\"}", false},
    {"{\"enc\":\"$ENC\",$MEMBERS}", false},
    {"{$MEMBERS,\"x\":1,\"x\":1}", false},
    {"{$MEMBERS,\"x\":{\"y\":1,\"y\":1}}", false},
    {"{\"alg\":\"none\",$MEMBERS}", false},
    /* Missing, or of another type. */
    {"{\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"$ALG\"$ADDED}", false},
    {"{\"alg\":[\"$ALG\"],\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"$ALG\",\"enc\":{\"enc\":\"$ENC\"}$ADDED}", false},
    {"{\"alg\":null,\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"\",\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"none\",\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"RSA1_5\",\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"$ALG \",\"enc\":\"$ENC\"$ADDED}", false},
    {"{\"alg\":\"$ALG\",\"enc\":\"$ENC\\u0000\"$ADDED}", false},
    {"{\"alg\":\"$ENC\",\"enc\":\"$ALG\"$ADDED}", false},
    {"{$MEMBERS,\"kid\":7}", false},
    {"{$MEMBERS,\"typ\":null}", false},
    /* No object of JSON. */
    {"[$ALG]", false},
    {"\"$ALG\"", false},
    {"", false},
    {" ", false},
    {"{$MEMBERS", false},
    {"{$MEMBERS}}", false},
    {"{$MEMBERS}{}", false},
    {"{$MEMBERS,}", false},
    {"{$MEMBERS}//", false},
    {"\xef\xbb\xbf{$MEMBERS}", false},
    {"{$MEMBERS,\"x\":\"\xff\"}", false},
    {"{$MEMBERS,\"x\":\"\\ud800\"}", false},
    {"{$MEMBERS,\"x\":01}", false},
};

static void judges_headers(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  for (size_t i = 0; i < NUM(headers); i++) {
    cr_assert_eq(opens_with_header(key, forgery, headers[i].header), headers[i].good, "%s, %s", forge_name(forgery),
                 headers[i].header);
  }
}

Test(jwe_rules, crit_zip_p2s_p2c_alg_in_another_case_and_duplicates_are_refused_jwk_jku_x5_ignored) {
  for_each(judges_headers);
}

static void bounds_header(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  struct bulla_span spaces = test_filled(' ', BULLA_JWE_HEADER_MAX);
  struct forged parts = forge(forgery);
  size_t own = parts.header.len / 4 * 3 + (parts.header.len % 4 * 3) / 4;
  for (size_t len = BULLA_JWE_HEADER_MAX - 2; len <= BULLA_JWE_HEADER_MAX + 2; len++) {
    struct bulla_span header = test_concat(test_text("{$MEMBERS}"), bulla_span(spaces.data, len - own));
    bool good = opens_with_header(key, forgery, (const char *)test_concat(header, bulla_span("", 1)).data);
    cr_assert_eq(good, len <= BULLA_JWE_HEADER_MAX, "%s, %zu bytes", forge_name(forgery), len);
  }
}

Test(jwe_rules, a_header_has_at_most_4096_bytes) {
  for_each(bounds_header);
}

Test(jwe_rules, a_header_has_at_most_32_members) {
  struct forgery forgery = {.kind = {.alg = BULLA_JWE_A256KW}, .enc = BULLA_JWE_A256GCM, .plaintext = plaintext()};
  struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
  for (size_t num = 30; num <= 40; num++) {
    char json[1000] = "{$MEMBERS";
    for (size_t i = 2; i < num; i++) {
      size_t len = strlen(json);
      snprintf(json + len, sizeof(json) - len, ",\"%zu\":1", i);
    }
    strcat(json, "}");
    cr_expect_eq(opens_with_header(key, &forgery, json), num <= 32, "%zu members", num);
  }
  bulla_jwe_key_free(&key);
}

static void refuses_headers_of_others(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  struct forgery other = *forgery;
  other.header = "{$MEMBERS,\"x\":1}";
  struct forged one = forge(forgery);
  struct forged two = forge(&other);
  struct bulla_span header = one.header;
  one.header = two.header;
  two.header = header;
  cr_assert_not(forge_opens(key, forge_compact(&one), forgery->plaintext), "%s", forge_name(forgery));
  cr_assert_not(forge_opens(key, forge_compact(&two), forgery->plaintext), "%s", forge_name(forgery));
}

Test(jwe_rules, a_header_from_one_token_on_another_is_refused) {
  for_each(refuses_headers_of_others);
}

/* Authentic as it stands, and the same JSON: the digits count, not what they say. */
static void refuses_same_header_in_other_digits(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  struct forgery spaced = *forgery;
  spaced.header = "{$MEMBERS }";
  struct forged parts = forge(forgery);
  struct forged other = forge(&spaced);
  parts.header = other.header;
  cr_assert_not(forge_opens(key, forge_compact(&parts), forgery->plaintext), "%s", forge_name(forgery));
}

Test(jwe_rules, the_header_is_authenticated_as_it_came) {
  for_each(refuses_same_header_in_other_digits);
}

/* Puts something into each part that base64url may not have, or has in one form only. */
static void refuses_lax_digits(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  static const char *const behind[] = {"=", "==", " ", "\n", "+", "/", "%3D", "A", "\xc2\xa0"};
  struct forged parts = forge(forgery);
  struct bulla_span token = forge_compact(&parts);
  for (size_t at = 0; at <= token.len; at++) {
    if (at != token.len && token.data[at] != '.') {
      continue;
    }
    for (size_t i = 0; i < NUM(behind); i++) {
      struct bulla_span lax = test_concat(bulla_span(token.data, at), test_text(behind[i]));
      lax = test_concat(lax, bulla_span(token.data + at, token.len - at));
      cr_assert_not(forge_opens(key, lax, forgery->plaintext), "%s, \"%s\" at %zu", forge_name(forgery), behind[i], at);
    }
  }
}

Test(jwe_rules, base64url_is_strict_in_each_part) {
  for_each(refuses_lax_digits);
}

static void refuses_flipped(const struct forgery *forgery, const struct bulla_jwe_key *key) {
  struct forged parts = forge(forgery);
  struct bulla_span token = forge_compact(&parts);
  for (size_t bit = 0; bit < 8 * token.len; bit += is_pair(forgery->kind) ? 31 : 1) {
    cr_assert_not(forge_opens(key, test_flipped(token, bit), forgery->plaintext), "%s, bit %zu", forge_name(forgery),
                  bit);
  }
}

Test(jwe_rules, every_flipped_bit_is_refused) {
  for_each(refuses_flipped);
}

Test(jwe_rules, a_jwe_has_at_most_a_mebibyte) {
  static const enum bulla_jwe_alg algs[] = {BULLA_JWE_DIR, BULLA_JWE_A256KW, BULLA_JWE_A256GCMKW};
  for (size_t i = 0; i < NUM(algs); i++) {
    struct forgery forgery = {.kind = {.alg = algs[i]}, .enc = BULLA_JWE_A256GCM, .plaintext = nothing};
    struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
    struct forged parts = forge(&forgery);
    size_t others = forge_compact(&parts).len;
    bool exact = false;
    for (size_t len = (BULLA_JWE_MAX - others) / 4 * 3 - 4; len < (BULLA_JWE_MAX - others) / 4 * 3 + 8; len++) {
      forgery.plaintext = test_filled('p', len);
      parts = forge(&forgery);
      struct bulla_span token = forge_compact(&parts);
      exact = exact || token.len == BULLA_JWE_MAX;
      cr_expect_eq(forge_opens(key, token, forgery.plaintext), token.len <= BULLA_JWE_MAX, "%zu bytes", token.len);
      struct bulla_buffer made = test_room(BULLA_JWE_MAX + 100);
      size_t made_len = bulla_jwe_len(key, len);
      cr_expect_eq(bulla_jwe_encrypt(key, &made, forgery.plaintext),
                   made_len <= BULLA_JWE_MAX ? BULLA_OK : BULLA_TOO_LARGE, "%zu bytes", made_len);
    }
    cr_expect(exact || (BULLA_JWE_MAX - others) % 4 == 1, "%zu", others);
    bulla_jwe_key_free(&key);
  }
}
