/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a verifier must refuse: tokens broken, swapped, malformed; and honestly sealed ones with a header or with
 * claims that nobody should believe. */

#include <stdio.h>

#include "core/base64url.h"
#include "tests/json_rows.h"
#include "tests/token_support.h"

#define GOOD_CLAIMS "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800,\"exp\":1699968400}"

static struct test_registry registry;
static struct test_issuer *issuer;
static struct test_issuer *other;
static struct bulla_verifier *verifier;
static struct bulla_span token; /* a good one of |issuer|, which |verifier| has seen */

static void set_up(void) {
  registry.issuers[0] = test_issuer();
  registry.issuers[1] = test_issuer();
  registry.num_issuers = 2;
  issuer = &registry.issuers[0];
  other = &registry.issuers[1];
  verifier = test_verifier(&registry);
  token = test_token(issuer);
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "the good token");
}

TestSuite(token_forgery, .init = set_up);

/* Asserts that |forgery| is refused by a verifier that has seen the good one, and by one that has seen none. */
static void refuses(struct bulla_span forgery, const char *what, size_t which) {
  struct bulla_verifier *fresh = test_verifier(&registry);
  TEST_VERIFY(verifier, forgery, TEST_NOW, BULLA_REFUSED, "%s %zu", what, which);
  TEST_VERIFY(fresh, forgery, TEST_NOW, BULLA_REFUSED, "%s %zu, first sight", what, which);
  bulla_verifier_free(&fresh);
}

/* A part of |token| from the dot number |from| to the dot number |to|, both of which it has; 0 is before its
 * beginning and 5 behind its end. */
static struct bulla_span between(size_t from, size_t to) {
  size_t dots[6] = {0};
  size_t num = 1;
  for (size_t i = 0; i < token.len; i++) {
    if (token.data[i] == '.') {
      dots[num++] = i;
    }
  }
  dots[5] = token.len;
  size_t start = from == 0 ? 0 : dots[from] + 1;
  return bulla_span(token.data + start, dots[to] - start);
}

/* The good token with |part| in the place of its part number |which|. */
static struct bulla_span with_part(size_t which, struct bulla_span part) {
  struct bulla_span all = bulla_span(NULL, 0);
  for (size_t i = 0; i < 5; i++) {
    all = test_concat(all, i == which ? part : between(i, i + 1));
    all = i < 4 ? test_concat(all, test_text(".")) : all;
  }
  return all;
}

Test(token_forgery, every_flipped_bit_is_refused) {
  for (size_t bit = 0; bit < 8 * token.len; bit++) {
    refuses(test_flipped(token, bit), "bit", bit);
  }
}

Test(token_forgery, every_truncation_is_refused_at_either_end) {
  for (size_t len = 0; len < token.len; len++) {
    refuses(test_copy(bulla_span(token.data, len)), "length", len);
    refuses(test_copy(bulla_span(token.data + token.len - len, len)), "tail", len);
  }
  refuses(bulla_span(NULL, 0), "nothing", 0);
}

Test(token_forgery, every_extension_by_a_byte_is_refused_at_either_end) {
  for (unsigned byte = 0; byte < 256; byte++) {
    struct bulla_span extra = test_filled((uint8_t)byte, 1);
    refuses(test_concat(token, extra), "behind", byte);
    refuses(test_concat(extra, token), "before", byte);
  }
}

Test(token_forgery, every_extension_of_a_part_is_refused) {
  static const char *const extras[] = {"A", "AA", "AAAA", "=", "==", " ", "\n", ".", ".."};
  for (size_t part = 0; part < 5; part++) {
    for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++) {
      refuses(with_part(part, test_concat(between(part, part + 1), test_text(extras[i]))), "behind part", part);
      refuses(with_part(part, test_concat(test_text(extras[i]), between(part, part + 1))), "before part", part);
    }
  }
}

Test(token_forgery, parts_of_other_lengths_are_refused) {
  static const size_t lengths[] = {0, 1, 8, 11, 12, 13, 15, 16, 17, 32};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    struct bulla_span digits = test_base64url(test_filled(0, lengths[i]));
    refuses(with_part(2, digits), "IV", lengths[i]);
    refuses(with_part(3, digits), "ciphertext", lengths[i]);
    refuses(with_part(4, digits), "tag", lengths[i]);
    if (lengths[i] > 0) {
      refuses(with_part(1, digits), "encrypted key", lengths[i]);
    }
  }
}

Test(token_forgery, parts_of_another_token_of_the_same_key_are_refused) {
  struct bulla_span first = token;
  struct bulla_claims claims = test_claims();
  claims.sub = test_text("admin");
  struct bulla_span second = test_minted(issuer, &claims);
  for (size_t part = 2; part < 5; part++) {
    token = second;
    struct bulla_span swapped = between(part, part + 1);
    token = first;
    refuses(with_part(part, swapped), "part", part);
  }
}

Test(token_forgery, as_many_dots_as_you_like_are_refused) {
  static const size_t counts[] = {0, 1, 2, 3, 4, 5, 6, 100, 8191, 8192, 8193, 1000000};
  for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
    refuses(test_filled('.', counts[i]), "dots", counts[i]);
    refuses(test_concat(between(0, 1), test_filled('.', counts[i])), "dots behind a good header", counts[i]);
    refuses(test_concat(token, test_filled('.', counts[i] + 1)), "dots behind a good token", counts[i]);
  }
}

Test(token_forgery, one_key_does_not_open_another_keys_token) {
  struct test_registry knows_other = {.issuers = {*other}, .num_issuers = 1};
  struct bulla_verifier *others = test_verifier(&knows_other);
  TEST_VERIFY(others, token, TEST_NOW, BULLA_REFUSED, "a key that is not known");
  cr_expect_eq(knows_other.num_calls, 1);
  refuses(with_part(0, test_own_header(other->key_id, TEST_DAY)), "swapped key id", 0);
  struct bulla_span claims = test_text(GOOD_CLAIMS);
  struct bulla_span cek = test_cek(test_root_of(issuer), TEST_DAY);
  refuses(test_seal_token(cek, test_own_header(other->key_id, TEST_DAY), claims), "sealed with the other's id", 0);
  TEST_VERIFY(verifier, test_seal_token(cek, test_own_header(issuer->key_id, TEST_DAY), claims), TEST_NOW, BULLA_OK,
              "sealed as it should be");
}

Test(token_forgery, a_day_is_what_the_key_the_header_and_iat_say_together) {
  struct bulla_span claims = test_text(GOOD_CLAIMS);
  for (int64_t key_day = TEST_DAY - 1; key_day <= TEST_DAY + 1; key_day++) {
    for (int64_t header_day = TEST_DAY - 1; header_day <= TEST_DAY + 1; header_day++) {
      struct bulla_span sealed =
          test_seal_token(test_cek(test_root_of(issuer), key_day), test_own_header(issuer->key_id, header_day), claims);
      bool good = key_day == TEST_DAY && header_day == TEST_DAY;
      TEST_VERIFY(verifier, sealed, TEST_NOW, good ? BULLA_OK : BULLA_REFUSED, "key of day %d, header of day %d",
                  (int)key_day, (int)header_day);
    }
  }
}

Test(token_forgery, a_day_out_of_the_window_is_refused_before_the_callback_is_asked) {
  static const int64_t days[] = {0, 1, TEST_DAY - 365, TEST_DAY - 2, TEST_DAY + 1, TEST_DAY + 2, 2932896};
  for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
    struct bulla_span sealed = test_seal_token(test_cek(test_root_of(issuer), days[i]),
                                               test_own_header(issuer->key_id, days[i]), test_text(GOOD_CLAIMS));
    size_t num_calls = registry.num_calls;
    TEST_VERIFY(verifier, sealed, TEST_NOW, BULLA_REFUSED, "day %d", (int)days[i]);
    cr_expect_eq(registry.num_calls, num_calls, "day %d", (int)days[i]);
  }
}

Test(token_forgery, a_key_that_is_known_serves_only_as_long_as_its_day_is_in_the_window) {
  size_t num_calls = registry.num_calls;
  static const int64_t later[] = {0, 1, 2, 3, 100};
  for (size_t i = 0; i < sizeof(later) / sizeof(*later); i++) {
    int64_t now = TEST_DAY_START + later[i] * 86400 + 86399;
    TEST_VERIFY(verifier, token, now, later[i] < 2 ? BULLA_EXPIRED : BULLA_REFUSED, "%d days later", (int)later[i]);
  }
  TEST_VERIFY(verifier, token, TEST_DAY_START - 1, BULLA_REFUSED, "the day before");
  cr_expect_eq(registry.num_calls, num_calls);
}

/* A token honestly sealed, with the header that |json| describes ("@" stands for the key id). */
static struct bulla_span with_header(const char *json) {
  return test_seal_token(test_cek(test_root_of(issuer), TEST_DAY), test_header(json, issuer->key_id),
                         test_text(GOOD_CLAIMS));
}

Test(token_forgery, a_header_that_says_the_same_in_other_bytes_verifies_and_asks_for_no_key) {
  static const char *const headers[] = {
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"@.19675\"}",
      "{\"kid\":\"@.19675\",\"typ\":\"JWT\",\"enc\":\"A256GCM\",\"alg\":\"dir\"}",
      "{\"enc\":\"A256GCM\",\"kid\":\"@.19675\",\"alg\":\"dir\",\"typ\":\"JWT\"}",
      " { \"alg\" : \"dir\" ,\n\t\"enc\" : \"A256GCM\" , \"typ\" : \"JWT\" , \"kid\" : \"@.19675\" } \r\n",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"@.19675\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"@.19675\",\"x\":1}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"@.19675\",\"cty\":\"JWT\"}",
      "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"jku\":\"https://evil.example\",\"alg\":\"dir\","
      "\"enc\":\"A256GCM\","
      "\"x5u\":\"https://evil.example\",\"x5c\":[\"AAAA\"],\"x5t\":\"AAAA\",\"kid\":\"@.19675\"}",
  };
  size_t num_calls = registry.num_calls;
  for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
    TEST_VERIFY(verifier, with_header(headers[i]), TEST_NOW, BULLA_OK, "%s", headers[i]);
    cr_assert_eq(registry.num_calls, num_calls, "%s", headers[i]);
    struct bulla_verifier *fresh = test_verifier(&registry);
    TEST_VERIFY(fresh, with_header(headers[i]), TEST_NOW, BULLA_OK, "%s, first sight", headers[i]);
    TEST_VERIFY(fresh, with_header(headers[i]), TEST_NOW, BULLA_OK, "%s, second sight", headers[i]);
    cr_assert_eq(registry.num_calls, num_calls + 1, "%s", headers[i]);
    bulla_verifier_free(&fresh);
    num_calls = registry.num_calls;
  }
}

#define ALG "\"alg\":\"dir\","
#define ENC "\"enc\":\"A256GCM\","
#define KID "\"kid\":\"@.19675\""

static void cannot_be_inspected(struct bulla_span text, const char *what) {
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  memset(&outline, 0xa5, sizeof(outline));
  outline.size = sizeof(outline);
  TEST_STATUS(bulla_token_inspect(&outline, text), BULLA_REFUSED);
  cr_assert(test_zero((const uint8_t *)&outline + sizeof(size_t), sizeof(outline) - sizeof(size_t)), "%s", what);
}

static void refuses_header(const char *json, size_t row) {
  size_t num_calls = registry.num_calls;
  struct bulla_span sealed = with_header(json);
  refuses(sealed, json, row);
  cr_assert_eq(registry.num_calls, num_calls, "%s", json);
  cannot_be_inspected(sealed, json);
}

Test(token_forgery, a_header_that_says_anything_else_is_refused_before_the_callback_is_asked) {
  static const char *const headers[] = {
      /* not an object with members */
      "x",
      "{}",
      "[{" ALG ENC KID "}]",
      "\xef\xbb\xbf{" ALG ENC KID "}",
      /* alg */
      "{" ENC KID "}",
      "{\"alg\":\"\"," ENC KID "}",
      "{\"alg\":\"DIR\"," ENC KID "}",
      "{\"alg\":\"Dir\"," ENC KID "}",
      "{\"alg\":\"none\"," ENC KID "}",
      "{\"alg\":\"A256KW\"," ENC KID "}",
      "{\"alg\":\"A256GCMKW\"," ENC KID "}",
      "{\"alg\":\"RSA1_5\"," ENC KID "}",
      "{\"alg\":\"dir \"," ENC KID "}",
      "{\"alg\":null," ENC KID "}",
      "{\"alg\":1," ENC KID "}",
      "{\"alg\":[\"dir\"]," ENC KID "}",
      "{\"Alg\":\"dir\"," ENC KID "}",
      "{" ALG "\"ALG\":\"dir\"," ENC KID "}",
      "{\"al\\u0067\":\"dir\"," ENC KID "}",
      /* enc */
      "{" ALG KID "}",
      "{" ALG "\"enc\":\"\"," KID "}",
      "{" ALG "\"enc\":\"a256gcm\"," KID "}",
      "{" ALG "\"enc\":\"A128GCM\"," KID "}",
      "{" ALG "\"enc\":\"A256CBC-HS512\"," KID "}",
      "{" ALG "\"enc\":256," KID "}",
      "{" ALG "\"ENC\":\"A256GCM\"," KID "}",
      "{" ALG ENC "\"Enc\":\"A128GCM\"," KID "}",
      /* crit and zip */
      "{" ALG ENC "\"crit\":[]," KID "}",
      "{" ALG ENC "\"crit\":[\"exp\"],\"exp\":1," KID "}",
      "{" ALG ENC "\"crit\":[\"kid\"]," KID "}",
      "{" ALG ENC "\"crit\":null," KID "}",
      "{" ALG ENC "\"Crit\":[\"kid\"]," KID "}",
      "{" ALG ENC "\"cri\\u0074\":[\"kid\"]," KID "}",
      "{" ALG ENC "\"zip\":\"DEF\"," KID "}",
      "{" ALG ENC "\"zip\":\"\"," KID "}",
      "{" ALG ENC "\"ZIP\":\"DEF\"," KID "}",
      "{" ALG ENC "\"z\\u0069p\":\"DEF\"," KID "}",
      /* twice */
      "{" ALG ALG ENC KID "}",
      "{" ALG ENC ENC KID "}",
      "{" ALG ENC KID "," KID "}",
      "{" ALG "\"al\\u0067\":\"dir\"," ENC KID "}",
      "{" ALG ENC "\"x\":1,\"\\u0078\":1," KID "}",
      "{" ALG ENC "\"x\":{\"y\":1,\"y\":1}," KID "}",
      /* typ */
      "{" ALG ENC "\"typ\":\"JWE\"," KID "}",
      "{" ALG ENC "\"typ\":\"jwt\"," KID "}",
      "{" ALG ENC "\"typ\":\"\"," KID "}",
      "{" ALG ENC "\"typ\":1," KID "}",
      "{" ALG ENC "\"typ\":null," KID "}",
      "{" ALG ENC "\"typ\":\"JWT \"," KID "}",
      "{" ALG ENC "\"Typ\":\"JWT\"," KID "}",
      /* kid */
      "{" ALG "\"enc\":\"A256GCM\"}",
      "{" ALG ENC "\"kid\":1}",
      "{" ALG ENC "\"kid\":\"\"}",
      "{" ALG ENC "\"kid\":\".\"}",
      "{" ALG ENC "\"kid\":\"@\"}",
      "{" ALG ENC "\"kid\":\"@.\"}",
      "{" ALG ENC "\"kid\":\"@19675\"}",
      "{" ALG ENC "\"kid\":\".19675\"}",
      "{" ALG ENC "\"kid\":\"@.19675.\"}",
      "{" ALG ENC "\"kid\":\"@..19675\"}",
      "{" ALG ENC "\"kid\":\"@.019675\"}",
      "{" ALG ENC "\"kid\":\"@.+19675\"}",
      "{" ALG ENC "\"kid\":\"@.-19675\"}",
      "{" ALG ENC "\"kid\":\"@. 19675\"}",
      "{" ALG ENC "\"kid\":\"@.19675 \"}",
      "{" ALG ENC "\"kid\":\" @.19675\"}",
      "{" ALG ENC "\"kid\":\"@.0x4cdb\"}",
      "{" ALG ENC "\"kid\":\"@.1967a\"}",
      "{" ALG ENC "\"kid\":\"@.19675.0\"}",
      "{" ALG ENC "\"kid\":\"@.19675e0\"}",
      "{" ALG ENC "\"kid\":\"@.196750000000000000000\"}",
      "{" ALG ENC "\"kid\":\"@.2932897\"}",
      "{" ALG ENC "\"kid\":\"@.00\"}",
      "{" ALG ENC "\"kid\":\"@.-0\"}",
      "{" ALG ENC "\"kid\":\"@0.19675\"}",
      "{" ALG ENC "\"kid\":\"0123456789abcde.19675\"}",
      "{" ALG ENC "\"kid\":\"0123456789ABCDEF.19675\"}",
      "{" ALG ENC "\"kid\":\"0123456789abcdeg.19675\"}",
      "{" ALG ENC "\"kid\":\"@\\u002e19675\"}",
      "{" ALG ENC "\"kid\":\"@,19675\"}",
      "{" ALG ENC "\"Kid\":\"@.19675\"}",
      "{" ALG ENC "\"kid\":[\"@.19675\"]}",
  };
  for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
    refuses_header(headers[i], i);
  }
  for (size_t i = 0; i < NUM_BAD_TEXTS; i++) {
    refuses_header(bad_text(i, ALG ENC KID), i);
  }
  for (size_t i = 0; i < NUM_STRINGS; i++) {
    char json[200];
    snprintf(json, sizeof(json), "{" ALG ENC KID ",\"x\":%s}", json_strings[i].text);
    if (!json_strings[i].good) {
      refuses_header(json, i);
    }
  }
}

Test(token_forgery, a_header_that_is_too_long_or_has_too_many_members_is_refused) {
  for (size_t num_spaces = 0; num_spaces < 2000; num_spaces += 50) {
    char json[2200];
    snprintf(json, sizeof(json), "{%*s" ALG ENC KID "}", (int)num_spaces, "");
    struct bulla_span header = test_header(json, issuer->key_id);
    bool good = bulla_base64url_decoded_len(header.len) <= 1024;
    TEST_VERIFY(verifier, with_header(json), TEST_NOW, good ? BULLA_OK : BULLA_REFUSED, "%zu spaces", num_spaces);
  }
  for (size_t num_more = 0; num_more < 60; num_more++) {
    char json[1000] = "{" ALG ENC KID;
    for (size_t i = 0; i < num_more; i++) {
      snprintf(json + strlen(json), sizeof(json) - strlen(json), ",\"%zu\":0", i);
    }
    strcat(json, "}");
    enum bulla_status wanted = num_more + 3 <= 32 ? BULLA_OK : BULLA_REFUSED;
    TEST_VERIFY(verifier, with_header(json), TEST_NOW, wanted, "%zu more members", num_more);
  }
}

Test(token_forgery, what_is_no_token_cannot_be_inspected) {
  static const char *const rows[] = {"",     ".", "..", "...", "....", ".....", "e30....", "AAAA.AAAA.AAAA.AAAA.AAAA",
                                     "token"};
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    cannot_be_inspected(test_text(rows[i]), rows[i]);
  }
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  for (size_t len = 0; len < token.len; len++) {
    bool all_dots = len > between(0, 4).len;
    TEST_STATUS(bulla_token_inspect(&outline, bulla_span(token.data, len)), all_dots ? BULLA_OK : BULLA_REFUSED);
  }
  TEST_STATUS(bulla_token_inspect(&outline, test_concat(token, test_text("."))), BULLA_REFUSED);
  struct bulla_span too_long = with_part(3, test_filled('A', BULLA_TOKEN_MAX));
  TEST_STATUS(bulla_token_inspect(&outline, too_long), BULLA_REFUSED);
  cr_expect_eq(registry.num_calls, 1, "by the good token alone");
}
