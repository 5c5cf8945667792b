/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWKs of each kind: what is read, written, named, generated, and what is refused. What "use", "key_ops" and "alg" say
 * is in test_jwk_purpose.c; the keys of the RFCs are in test_jose_vectors.c. */

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/crypto_keys.h"
#include "core/jwk.h"
#include "core/slab.h"
#include "tests/jwk_support.h"

#define OCT "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"

TestSuite(jwk, .init = test_listen);

Test(jwk, keys_of_openssl_are_written_as_others_write_them) {
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    struct bulla_span json = test_key_file(test_pairs[i], ".jwk");
    struct bulla_jwk *jwk = test_jwk(json);
    cr_assert(bulla_jwk_has_private(jwk));
    TEST_SPAN(test_private(jwk), json, "%s", test_pairs[i]);
  }
}

Test(jwk, a_symmetric_key_is_written_as_it_was) {
  struct bulla_jwk *jwk = test_jwk(test_text(OCT));
  TEST_SPAN(test_private(jwk), test_text(OCT), "oct");
  TEST_SPAN(bulla_secret_bytes(jwk->secret), test_hex("000102030405060708090a0b0c0d0e0f"), "k");
}

Test(jwk, the_public_half_is_the_same_key_without_private_members) {
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    struct bulla_jwk *jwk = test_jwk(test_key_file(test_pairs[i], ".jwk"));
    struct bulla_span json = test_public(jwk);
    struct bulla_jwk *open = test_jwk(json);
    cr_assert_not(bulla_jwk_has_private(open), "%s", test_pairs[i]);
    struct test_members all = test_members(json);
    for (size_t j = 0; j < all.num; j++) {
      struct bulla_span name = all.members[j].name.text;
      cr_assert(name.len == 3 || memchr("xyne", name.data[0], 4) != NULL, "%s: %.*s", test_pairs[i], (int)name.len,
                (const char *)name.data);
    }
    TEST_SPAN(test_public(open), json, "%s", test_pairs[i]);
    TEST_SPAN(test_thumbprint(open), test_thumbprint(jwk), "%s", test_pairs[i]);
    struct bulla_secret *secret = NULL;
    TEST_STATUS(bulla_jwk_write(&secret, open), BULLA_INVALID_ARGUMENT);
    cr_assert_null(secret);
  }
}

Test(jwk, a_symmetric_key_has_no_public_half) {
  struct bulla_buffer json = test_room(BULLA_JWK_MAX);
  TEST_STATUS(bulla_jwk_write_public(&json, test_jwk(test_text(OCT))), BULLA_INVALID_ARGUMENT);
  TEST_FAILED(json, "oct");
}

Test(jwk, thumbprints_are_those_of_rfc_7638) {
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    TEST_SPAN(test_thumbprint(test_jwk(test_key_file(test_pairs[i], ".jwk"))),
              test_key_file(test_pairs[i], ".thumbprint"), "%s", test_pairs[i]);
  }
  /* §3.1. */
  struct bulla_jwk *jwk = test_jwk(test_text(
      "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
      "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs"
      "8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls"
      "1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}"));
  TEST_SPAN(test_thumbprint(jwk), test_text("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"), "RFC 7638 §3.1");
  /* RFC 8037 A.6 has this key, and A.3 the form of what is hashed. */
  jwk =
      test_jwk(test_text("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"Bob\",\"x\":"
                         "\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\"}"));
  TEST_SPAN(bulla_jwk_kid(jwk), test_text("Bob"), "RFC 8037 A.6");
}

Test(jwk, a_thumbprint_needs_32_bytes) {
  struct bulla_jwk *jwk = test_jwk(test_text(OCT));
  struct bulla_buffer thumbprint = test_room(31);
  TEST_STATUS(bulla_jwk_thumbprint(&thumbprint, jwk), BULLA_BUFFER_TOO_SMALL);
  TEST_FAILED(thumbprint, "31 bytes");
}

/* Calls |check| with each member of each pair, and of a symmetric key. */
static void for_each_member(void (*check)(const struct test_members *all, size_t which, const char *name)) {
  for (size_t i = 0; i <= TEST_PAIRS; i++) {
    struct test_members all = test_members(i < TEST_PAIRS ? test_key_file(test_pairs[i], ".jwk") : test_text(OCT));
    for (size_t j = 0; j < all.num; j++) {
      struct bulla_span name = all.members[j].name.text;
      check(&all, j, test_printf("%.*s", (int)name.len, (const char *)name.data));
    }
  }
}

static void check_missing(const struct test_members *all, size_t which, const char *name) {
  bool is_rsa = all->num > 5;
  if (strcmp(name, "d") == 0 && !is_rsa) {
    cr_assert_not(bulla_jwk_has_private(test_jwk(test_object(all, which, ""))));
  } else {
    test_refused(test_object(all, which, ""), BULLA_INVALID_TEXT, name);
  }
}

Test(jwk, each_member_that_is_missing_is_refused) {
  for_each_member(check_missing);
}

static void check_doubled(const struct test_members *all, size_t which, const char *name) {
  struct bulla_span value = all->members[which].value.text;
  test_refused(test_object(all, which,
                           test_printf("\"%s\":\"%.*s\",\"%s\":\"%.*s\"", name, (int)value.len,
                                       (const char *)value.data, name, (int)value.len, (const char *)value.data)),
               BULLA_INVALID_TEXT, name);
}

Test(jwk, each_member_that_is_there_twice_is_refused) {
  for_each_member(check_doubled);
}

static void check_type(const struct test_members *all, size_t which, const char *name) {
  static const char *const values[] = {"null", "true", "7", "[]", "[\"AQAB\"]", "{}", "\"\""};
  for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
    bool is_name = strcmp(name, "kty") == 0 || strcmp(name, "crv") == 0;
    bool is_text = values[i][0] == '"';
    test_refused(test_object(all, which, test_printf("\"%s\":%s", name, values[i])),
                 is_name && is_text ? BULLA_UNSUPPORTED : BULLA_INVALID_TEXT, name);
  }
}

Test(jwk, each_member_that_is_no_string_or_empty_is_refused) {
  for_each_member(check_type);
}

static void check_spelling(const struct test_members *all, size_t which, const char *name) {
  struct bulla_span value = all->members[which].value.text;
  char upper[16];
  strcpy(upper, name);
  upper[0] = (char)(upper[0] & ~0x20);
  /* Alone, and beside the member that is spelled right. */
  for (int beside = 0; beside < 2; beside++) {
    const char *right = beside ? test_printf("\"%s\":\"%.*s\",", name, (int)value.len, (const char *)value.data) : "";
    test_refused(test_object(all, which,
                             test_printf("%s\"%s\":\"%.*s\"", right, upper, (int)value.len, (const char *)value.data)),
                 BULLA_INVALID_TEXT, name);
    test_refused(test_object(all, which,
                             test_printf("%s\"\\u%04x%s\":\"%.*s\"", right, beside ? upper[0] : name[0], name + 1,
                                         (int)value.len, (const char *)value.data)),
                 BULLA_INVALID_TEXT, name);
  }
}

Test(jwk, each_member_in_another_case_or_with_escapes_is_refused) {
  for_each_member(check_spelling);
}

/* Whether |name| is base64url. */
static bool is_part(const char *name) {
  return strcmp(name, "kty") != 0 && strcmp(name, "crv") != 0;
}

static void check_encoding(const struct test_members *all, size_t which, const char *name) {
  struct bulla_span value = all->members[which].value.text;
  if (!is_part(name)) {
    return;
  }
  const char *text = test_printf("%.*s", (int)value.len, (const char *)value.data);
  const char *const bad[] = {
      test_printf("%s=", text),     test_printf("%s==", text),
      test_printf("%s ", text),     test_printf(" %s", text),
      test_printf("+%s", text + 1), test_printf("/%s", text + 1),
      test_printf(".%s", text + 1), test_printf("\\u%04x%s", text[0], text + 1),
  };
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    test_refused(test_object(all, which, test_printf("\"%s\":\"%s\"", name, bad[i])), BULLA_INVALID_TEXT, bad[i]);
  }
  /* Bits behind the last byte must be zero. */
  if (value.len % 4 != 0) {
    char *last = strdup(text);
    cr_assert_not_null(last);
    last[value.len - 1]++;
    test_refused(test_object(all, which, test_printf("\"%s\":\"%s\"", name, last)), BULLA_INVALID_TEXT, last);
    free(last);
  }
}

Test(jwk, parts_that_are_not_strict_base64url_are_refused) {
  for_each_member(check_encoding);
}

/* The base64url of |bytes| as the member |name|. */
static const char *member_of(const char *name, struct bulla_span bytes) {
  struct bulla_span text = test_base64url(bytes);
  return test_printf("\"%s\":\"%.*s\"", name, (int)text.len, (const char *)text.data);
}

static struct bulla_span decoded(struct bulla_span text) {
  uint8_t *bytes = test_alloc(bulla_base64url_decoded_len(text.len));
  cr_assert(bulla_base64url_decode(bytes, text));
  return bulla_span(bytes, bulla_base64url_decoded_len(text.len));
}

static void check_lens(const struct test_members *all, size_t which, const char *name) {
  if (!is_part(name) || strcmp(name, "k") == 0) {
    return;
  }
  bool is_rsa = all->num > 5;
  struct bulla_span bytes = decoded(all->members[which].value.text);
  struct bulla_span shorter = bulla_span(bytes.data, bytes.len - 1);
  struct bulla_span longer = test_concat(bytes, test_hex("01"));
  enum bulla_status wanted = is_rsa ? BULLA_REFUSED : BULLA_INVALID_TEXT;
  test_refused(test_object(all, which, member_of(name, shorter)), wanted, name);
  /* No private number is longer than the modulus. */
  test_refused(test_object(all, which, member_of(name, longer)),
               is_rsa && strcmp(name, "d") == 0 ? BULLA_INVALID_TEXT : wanted, name);
}

Test(jwk, parts_that_are_a_byte_too_short_or_too_long_are_refused) {
  for_each_member(check_lens);
}

static void check_flipped(const struct test_members *all, size_t which, const char *name) {
  if (!is_part(name) || strcmp(name, "k") == 0) {
    return;
  }
  struct bulla_span bytes = decoded(all->members[which].value.text);
  size_t bits[] = {0, 8 * bytes.len - 1, 4 * bytes.len + 3};
  for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
    struct bulla_jwk *jwk = NULL;
    enum bulla_status status =
        test_jwk_status(&jwk, test_object(all, which, member_of(name, test_flipped(bytes, bits[i]))));
    /* X25519 leaves five bits of a private key out of account (RFC 7748 §5). */
    bool is_spare = status == BULLA_OK && all->num == 4 && name[0] == 'd' && i < 2;
    /* 65537 has no more bits in its first byte. */
    bool begins_with_zero = status == BULLA_INVALID_TEXT && name[0] == 'e' && i == 0;
    cr_assert(status == BULLA_REFUSED || is_spare || begins_with_zero, "%s, bit %zu: %s", name, bits[i],
              bulla_status_text(status));
  }
}

Test(jwk, a_part_of_another_key_is_refused) {
  for_each_member(check_flipped);
}

Test(jwk, private_numbers_with_zeroes_before_them_are_read_and_written_without) {
  struct bulla_span json = test_key_file("rsa", ".jwk");
  struct test_members all = test_members(json);
  for (size_t i = 1; i < all.num; i++) {
    const char *name =
        test_printf("%.*s", (int)all.members[i].name.text.len, (const char *)all.members[i].name.text.data);
    struct bulla_span longer = test_concat(test_hex("00"), decoded(all.members[i].value.text));
    struct bulla_span text = test_object(&all, i, member_of(name, longer));
    if (name[0] == 'n' || name[0] == 'e' || strcmp(name, "d") == 0) {
      test_refused(text, BULLA_INVALID_TEXT, name);
    } else {
      TEST_SPAN(test_private(test_jwk(text)), json, "%s", name);
    }
  }
}

Test(jwk, points_off_the_curve_and_of_small_order_are_refused) {
  static const char *const texts[] = {
      /* Not on P-256; at infinity, as some have it; coordinates past the prime. */
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":"
      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":"
      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"_____wAAAAEAAAAAAAAAAAAAAAD_______________8\",\"y\":"
      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
      /* u = 0, 1, and two of order 8, RFC 7748 §6.1. */
      "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
      "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
      "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA\"}",
      "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc\"}",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    test_refused(test_text(texts[i]), BULLA_REFUSED, "no point");
  }
}

Test(jwk, private_keys_of_zero_and_of_the_order_are_refused) {
  struct test_members all = test_members(test_key_file("p256", ".jwk"));
  test_refused(test_object(&all, 4, member_of("d", test_filled(0, 32))), BULLA_REFUSED, "zero");
  test_refused(
      test_object(&all, 4,
                  member_of("d", test_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))),
      BULLA_REFUSED, "the order");
  test_refused(test_object(&all, 4, member_of("d", test_filled(0xff, 32))), BULLA_REFUSED, "more");
}

/* A public RSA key of |len| bytes of modulus and the exponent |e|. */
static struct bulla_span rsa_of(size_t len, uint8_t first, uint8_t last, const char *e) {
  struct bulla_span middle = test_filled(0xa5, len - 2);
  struct bulla_span n = test_concat(test_concat(test_filled(first, 1), middle), test_filled(last, 1));
  return test_text(test_printf("{\"kty\":\"RSA\",%s,%s}", member_of("n", n), member_of("e", test_hex(e))));
}

Test(jwk, moduli_and_exponents_are_of_the_lengths_that_are_said) {
  test_jwk(rsa_of(256, 0x80, 1, "010001"));
  test_jwk(rsa_of(512, 0xff, 1, "010001"));
  test_jwk(rsa_of(256, 0x80, 1, "03"));
  test_jwk(rsa_of(256, 0x80, 1, "0100000001"));
  test_refused(rsa_of(256, 0x7f, 1, "010001"), BULLA_REFUSED, "2047 bits");
  test_refused(rsa_of(255, 0x80, 1, "010001"), BULLA_REFUSED, "2040 bits");
  test_refused(rsa_of(128, 0x80, 1, "010001"), BULLA_REFUSED, "1024 bits");
  test_refused(rsa_of(513, 0x01, 1, "010001"), BULLA_UNSUPPORTED, "4097 bits");
  test_refused(rsa_of(256, 0x80, 2, "010001"), BULLA_REFUSED, "an even modulus");
  test_refused(rsa_of(256, 0x80, 1, "010000"), BULLA_REFUSED, "an even exponent");
  test_refused(rsa_of(256, 0x80, 1, "01"), BULLA_REFUSED, "1");
  test_refused(rsa_of(256, 0x80, 1, "0200000001"), BULLA_REFUSED, "34 bits");
  test_refused(rsa_of(256, 0x80, 1, "00010001"), BULLA_INVALID_TEXT, "zeroes");
  test_refused(rsa_of(257, 0x00, 1, "010001"), BULLA_INVALID_TEXT, "zeroes");
}

Test(jwk, rsa_primes_have_half_of_the_bits_each) {
  /* 1032 and 1016 bits, and all else as it should be. */
  test_refused(test_key_file("rsa-unbalanced", ".jwk"), BULLA_REFUSED, "primes of other lengths");
}

Test(jwk, rsa_keys_without_primes_or_with_more_are_not_supported) {
  struct test_members all = test_members(test_key_file("rsa", ".jwk"));
  struct test_members few = all;
  few.num = 4;
  test_refused(test_object(&few, few.num, ""), BULLA_UNSUPPORTED, "without primes");
  few = all;
  struct bulla_span d = all.members[3].value.text;
  test_refused(test_object(&few, 3, test_printf("\"d\":\"%.*s\",\"oth\":[]", (int)d.len, (const char *)d.data)),
               BULLA_UNSUPPORTED, "more than two primes");
}

Test(jwk, kinds_and_curves_that_are_not_known_are_not_supported) {
  static const char *const texts[] = {
      "{\"kty\":\"AKP\"}",
      "{\"kty\":\"OCT\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}",
      "{\"kty\":\"ec\"}",
      "{\"kty\":\"EC\",\"crv\":\"secp256k1\"}",
      "{\"kty\":\"EC\",\"crv\":\"P-192\"}",
      "{\"kty\":\"EC\",\"crv\":\"p-256\"}",
      "{\"kty\":\"EC\",\"crv\":\"X25519\"}",
      "{\"kty\":\"OKP\",\"crv\":\"P-256\"}",
      "{\"kty\":\"OKP\",\"crv\":\"X448\"}",
      /* RFC 8037 A.1. */
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    test_refused(test_text(texts[i]), BULLA_UNSUPPORTED, texts[i]);
  }
}

Test(jwk, names_of_kinds_and_curves_may_have_escapes) {
  test_jwk(test_text("{\"kty\":\"\\u006fct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"));
  test_jwk(
      test_text("{\"kty\":\"OK\\u0050\",\"crv\":\"X2551\\u0039\",\"x\":"
                "\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\"}"));
}

Test(jwk, members_that_are_not_known_are_ignored) {
  struct bulla_jwk *jwk = test_jwk(
      test_text("{\"x5c\":[\"MIID\"],\"kty\":\"oct\",\"ext\":true,\"k\":\"AAECAwQFBgcICQoLDA0ODw\",\"x5t\":7,\"iat\":1,"
                "\"ex\\u0070\":null,\"nested\":{\"kty\":\"RSA\",\"Kty\":1},\"keyid\":\"no\"}"));
  TEST_SPAN(test_private(jwk), test_text(OCT), "only what is known is written");
}

Test(jwk, a_key_has_at_most_64_members) {
  for (size_t num = 62; num <= 63; num++) {
    char text[2048] = "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"";
    for (size_t i = 0; i < num; i++) {
      sprintf(text + strlen(text), ",\"m%zu\":1", i);
    }
    strcat(text, "}");
    if (num == 62) {
      test_jwk(test_text(text));
    } else {
      test_refused(test_text(text), BULLA_TOO_LARGE, "65 members");
    }
  }
}

static struct bulla_span oct_of(size_t len) {
  return test_text(test_printf("{\"kty\":\"oct\",%s}", member_of("k", test_filled(0x5a, len))));
}

Test(jwk, symmetric_keys_have_1_to_1024_bytes) {
  test_refused(oct_of(0), BULLA_INVALID_TEXT, "0");
  for (size_t len = 1; len <= 1024; len += len == 80 ? 944 : 1) {
    struct bulla_jwk *jwk = test_jwk(oct_of(len));
    TEST_SPAN(test_private(jwk), oct_of(len), "%zu", len);
    test_thumbprint(jwk);
    bulla_jwk_free(&jwk);
  }
  test_refused(oct_of(1025), BULLA_TOO_LARGE, "1025");
}

Test(jwk, a_text_has_at_most_16384_bytes) {
  struct bulla_span oct = test_text(OCT);
  uint8_t *text = test_alloc(BULLA_JWK_MAX + 1);
  memset(text, ' ', BULLA_JWK_MAX + 1);
  memcpy(text, oct.data, oct.len);
  test_jwk(test_copy(bulla_span(text, BULLA_JWK_MAX)));
  test_refused(test_copy(bulla_span(text, BULLA_JWK_MAX + 1)), BULLA_TOO_LARGE, "16385");
}

Test(jwk, what_is_no_object_is_refused) {
  static const char *const texts[] = {
      "", " ", "{", "[]", "null", "\"oct\"", "{}", "{}x", "{\"kty\":\"oct\"", "\xef\xbb\xbf{}"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    test_refused(test_text(texts[i]), BULLA_INVALID_TEXT, texts[i]);
  }
}

Test(jwk, every_prefix_is_refused) {
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    struct bulla_span json = test_key_file(test_pairs[i], ".jwk");
    for (size_t len = 0; len < json.len; len++) {
      test_refused(test_copy(bulla_span(json.data, len)), BULLA_INVALID_TEXT, test_pairs[i]);
    }
  }
}

static struct bulla_jwk *jwk_of_kid(const char *kid) {
  return test_jwk(test_text(test_printf("{\"kty\":\"oct\",\"kid\":\"%s\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}", kid)));
}

Test(jwk, a_copy_has_another_kid_and_alg_and_is_the_same_key) {
  static const struct {
    const char *file, *alg;
    bool good;
  } rows[] = {
      {"p256", "ECDH-ES+A128KW", true},
      {"x25519", "ECDH-ES", true},
      {"rsa", "RSA-OAEP-256", true},
      {"rsa", "", true},
      {"p521", "RSA-OAEP", false},
      {"rsa", "ECDH-ES", false},
      {"x25519", "A128KW", false},
      {"x25519", "A256GCM", false},
      {"p384", "ES384", false},
      {"p256", "ecdh-es", false},
      {"p256", "draft-HPKE-X25519-HKDF-SHA256-A256GCM", false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_jwk *jwk = test_jwk(test_key_file(rows[i].file, ".jwk"));
    struct bulla_jwk *with = NULL;
    enum bulla_status status = bulla_jwk_with(&with, jwk, test_text("partner 1"), test_text(rows[i].alg));
    cr_assert_eq(status, rows[i].good ? BULLA_OK : BULLA_INVALID_ARGUMENT, "%s %s", rows[i].file, rows[i].alg);
    cr_assert_eq(with != NULL, rows[i].good);
    if (with != NULL) {
      TEST_SPAN(bulla_jwk_kid(with), test_text("partner 1"), "%s", rows[i].file);
      TEST_SPAN(with->alg_name, rows[i].alg[0] != 0 ? test_text(rows[i].alg) : jwk->alg_name, "%s", rows[i].file);
      TEST_SPAN(bulla_secret_bytes(with->secret), bulla_secret_bytes(jwk->secret), "%s", rows[i].file);
      bulla_jwk_free(&with);
    }
  }
  struct bulla_jwk *jwk = test_jwk(test_text("{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"));
  struct bulla_jwk *with = NULL;
  TEST_OK(bulla_jwk_with(&with, jwk, bulla_span(NULL, 0), test_text("A128GCM")));
  cr_expect(with->alg == BULLA_JWE_DIR && with->enc == BULLA_JWE_A128GCM);
  bulla_jwk_free(&with);
  TEST_STATUS(bulla_jwk_with(&with, jwk, bulla_span(NULL, 0), test_text("A192KW")), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_jwk_with(&with, jwk, bulla_span("", 1), bulla_span(NULL, 0)), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_jwk_with(&with, jwk, test_filled('k', 257), bulla_span(NULL, 0)), BULLA_INVALID_ARGUMENT);
}

Test(jwk, kid_is_unescaped_and_written_again) {
  struct bulla_jwk *jwk = jwk_of_kid("a\\u0062\\n\\\"\xc3\xa9\\ud83d\\ude00");
  TEST_SPAN(bulla_jwk_kid(jwk), test_text("ab\n\"\xc3\xa9\xf0\x9f\x98\x80"), "kid");
  TEST_SPAN(bulla_jwk_kid(test_jwk(test_private(jwk))), bulla_jwk_kid(jwk), "kid");
  cr_assert_eq(bulla_jwk_kid(jwk_of_kid("")).len, 0);
  cr_assert_eq(bulla_jwk_kid(test_jwk(test_text(OCT))).len, 0);
  test_refused(test_text("{\"kty\":\"oct\",\"kid\":7,\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"), BULLA_INVALID_TEXT, "kid");
}

Test(jwk, kid_has_at_most_256_bytes_and_its_public_form_fits) {
  struct bulla_span controls = test_text("{\"kid\":\"");
  for (size_t i = 0; i < 256; i++) {
    controls = test_concat(controls, test_text("\\b"));
  }
  struct test_members all = test_members(test_key_file("rsa", ".jwk"));
  struct bulla_span rest = test_object(&all, all.num, "");
  struct bulla_span json =
      test_concat(controls, test_concat(test_text("\","), bulla_span(rest.data + 1, rest.len - 1)));
  struct bulla_jwk *jwk = test_jwk(json);
  cr_assert_eq(bulla_jwk_kid(jwk).len, 256);
  test_public(jwk);
  test_private(jwk);
  json = test_concat(controls, test_concat(test_text("x\","), bulla_span(rest.data + 1, rest.len - 1)));
  test_refused(json, BULLA_TOO_LARGE, "257 bytes");
}

Test(jwk, each_smaller_room_is_too_small) {
  struct bulla_jwk *jwk = test_jwk(test_key_file("p256", ".jwk"));
  size_t len = test_public(jwk).len;
  for (size_t size = 0; size < len; size++) {
    struct bulla_buffer json = test_room(size);
    TEST_STATUS(bulla_jwk_write_public(&json, jwk), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(json, "%zu", size);
  }
  struct bulla_buffer json = test_room(len);
  TEST_OK(bulla_jwk_write_public(&json, jwk));
}

Test(jwk, private_parts_lie_in_the_arena_and_leave_it_when_freed) {
  test_jwk(test_text(OCT));
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    size_t used = bulla_slab_usage().used;
    struct bulla_jwk *jwk = NULL;
    TEST_OK(bulla_jwk_parse(&jwk, test_key_file(test_pairs[i], ".jwk")));
    cr_assert_gt(bulla_slab_usage().used, used, "%s", test_pairs[i]);
    bulla_jwk_free(&jwk);
    cr_assert_null(jwk);
    cr_assert_eq(bulla_slab_usage().used, used, "%s", test_pairs[i]);
    bulla_jwk_free(&jwk);
  }
}

Test(jwk, a_refused_key_leaves_nothing_in_the_arena) {
  test_jwk(test_text(OCT));
  size_t used = bulla_slab_usage().used;
  struct test_members all = test_members(test_key_file("rsa", ".jwk"));
  test_refused(test_object(&all, 8, "\"qi\":\"AAAA\""), BULLA_REFUSED, "qi");
  test_refused(test_object(&all, 8, "\"qi\":\"AAA=\""), BULLA_INVALID_TEXT, "qi");
  cr_assert_eq(bulla_slab_usage().used, used);
}

static int in_child(void *argument) {
  const struct bulla_jwk *jwk = argument;
  struct bulla_secret *secret = NULL;
  struct bulla_buffer room = bulla_buffer(calloc(1, BULLA_JWK_MAX), BULLA_JWK_MAX);
  struct bulla_jwk *freed = argument;
  bool good = bulla_jwk_write(&secret, jwk) == BULLA_FORKED && secret == NULL &&
              bulla_jwk_to_pem(&secret, jwk, false) == BULLA_FORKED && bulla_jwk_write_public(&room, jwk) == BULLA_OK &&
              bulla_jwk_thumbprint(&room, jwk) == BULLA_OK;
  free(room.data);
  bulla_jwk_free(&freed);
  return good ? 0 : 1;
}

static int in_child_oct(void *argument) {
  uint8_t room[32];
  struct bulla_buffer thumbprint = bulla_buffer(room, sizeof(room));
  return bulla_jwk_thumbprint(&thumbprint, argument) == BULLA_FORKED && thumbprint.len == 0 ? 0 : 1;
}

Test(jwk, a_forked_child_has_the_public_half_alone) {
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    cr_assert_eq(test_in_child(in_child, test_jwk(test_key_file(test_pairs[i], ".jwk"))), 0, "%s", test_pairs[i]);
  }
  cr_assert_eq(test_in_child(in_child_oct, test_jwk(test_text(OCT))), 0);
}
