/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* PEM and DER of keys, RFC 7468, RFC 5958, RFC 5915, RFC 5280, RFC 8017, RFC 8410: as OpenSSL writes them, and what is
 * refused. */

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/slab.h"
#include "tests/jwk_support.h"

#define EC256 "301306072a8648ce3d020106082a8648ce3d030107"
#define X25519 "300506032b656e"
#define U "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"

TestSuite(jwk_pem, .init = test_listen);

static enum bulla_status status_of(struct bulla_jwk **jwk, struct bulla_span pem) {
  enum bulla_status status = bulla_jwk_from_pem(jwk, test_copy(pem));
  cr_assert_eq(*jwk != NULL, status == BULLA_OK);
  test_keep(*jwk);
  return status;
}

static struct bulla_jwk *from_pem(struct bulla_span pem) {
  struct bulla_jwk *jwk = NULL;
  enum bulla_status status = status_of(&jwk, pem);
  cr_assert_eq(status, BULLA_OK, "%s: %s, %.*s", bulla_status_text(status), test_told.text, (int)pem.len,
               (const char *)pem.data);
  return jwk;
}

static void refused(struct bulla_span pem, enum bulla_status wanted, const char *what) {
  struct bulla_jwk *jwk = NULL;
  test_listen();
  enum bulla_status status = status_of(&jwk, pem);
  cr_assert_eq(status, wanted, "%s: \"%s\", not \"%s\"", what, bulla_status_text(status), bulla_status_text(wanted));
  cr_assert(test_told.text[0] != '\0', "%s: nothing was logged", what);
}

static struct bulla_span to_pem(const struct bulla_jwk *jwk, bool is_public) {
  struct bulla_secret *pem = NULL;
  TEST_OK(bulla_jwk_to_pem(&pem, jwk, is_public));
  struct bulla_span copy = test_copy(bulla_secret_bytes(pem));
  bulla_secret_free(&pem);
  return copy;
}

Test(jwk_pem, keys_are_read_from_the_files_of_openssl) {
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    struct bulla_span json = test_key_file(test_pairs[i], ".jwk");
    TEST_SPAN(test_private(from_pem(test_key_file(test_pairs[i], ".pem"))), json, "%s", test_pairs[i]);
    struct bulla_jwk *open = from_pem(test_key_file(test_pairs[i], "-public.pem"));
    cr_assert_not(bulla_jwk_has_private(open));
    TEST_SPAN(test_public(open), test_public(test_jwk(json)), "%s", test_pairs[i]);
  }
}

Test(jwk_pem, keys_are_read_from_the_older_files_of_openssl) {
  for (size_t i = 0; i < 3; i++) {
    TEST_SPAN(test_private(from_pem(test_key_file(test_pairs[i], "-sec1.pem"))), test_key_file(test_pairs[i], ".jwk"),
              "%s", test_pairs[i]);
  }
  struct bulla_span json = test_key_file("rsa", ".jwk");
  TEST_SPAN(test_private(from_pem(test_key_file("rsa", "-pkcs1.pem"))), json, "RSA PRIVATE KEY");
  TEST_SPAN(test_public(from_pem(test_key_file("rsa", "-pkcs1-public.pem"))), test_public(test_jwk(json)),
            "RSA PUBLIC KEY");
}

Test(jwk_pem, keys_are_written_as_openssl_writes_them) {
  for (size_t i = 0; i < TEST_PAIRS; i++) {
    struct bulla_jwk *jwk = test_jwk(test_key_file(test_pairs[i], ".jwk"));
    TEST_SPAN(to_pem(jwk, false), test_key_file(test_pairs[i], ".pem"), "%s", test_pairs[i]);
    struct bulla_span open = test_key_file(test_pairs[i], "-public.pem");
    TEST_SPAN(to_pem(jwk, true), open, "%s", test_pairs[i]);
    TEST_SPAN(to_pem(test_jwk(test_public(jwk)), false), open, "%s", test_pairs[i]);
  }
}

Test(jwk_pem, private_numbers_are_written_without_the_zeroes_before_them) {
  struct test_members all = test_members(test_key_file("rsa", ".jwk"));
  for (size_t i = 4; i < all.num; i++) {
    /* Three zero bytes are four digits. */
    struct bulla_span name = all.members[i].name.text;
    struct bulla_span value = all.members[i].value.text;
    struct bulla_jwk *jwk =
        test_jwk(test_object(&all, i,
                             test_printf("\"%.*s\":\"AAAA%.*s\"", (int)name.len, (const char *)name.data,
                                         (int)value.len, (const char *)value.data)));
    TEST_SPAN(to_pem(jwk, false), test_key_file("rsa", ".pem"), "%.*s", (int)name.len, (const char *)name.data);
  }
}

Test(jwk_pem, a_symmetric_key_has_no_pem) {
  struct bulla_secret *pem = NULL;
  struct bulla_jwk *jwk = test_jwk(test_text("{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"));
  TEST_STATUS(bulla_jwk_to_pem(&pem, jwk, false), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_jwk_to_pem(&pem, jwk, true), BULLA_INVALID_ARGUMENT);
  cr_assert_null(pem);
}

Test(jwk_pem, what_openssl_has_of_other_kinds_is_not_supported) {
  static const char *const names[] = {"ed25519",   "secp256k1",      "explicit",     "compressed", "rsa-pss",
                                      "encrypted", "encrypted-sec1", "three-primes", "certificate"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    refused(test_key_file(test_printf("other-%s", names[i]), ".pem"), BULLA_UNSUPPORTED, names[i]);
  }
  refused(test_key_file("weak-rsa-1024", ".pem"), BULLA_REFUSED, "1024 bits");
}

/* |text| with each |from| in it replaced by |to|. */
static struct bulla_span with(struct bulla_span text, const char *from, const char *to) {
  struct bulla_span found = test_text("");
  size_t len = strlen(from);
  for (size_t i = 0; i < text.len; i++) {
    if (text.len - i >= len && memcmp(text.data + i, from, len) == 0) {
      found = test_concat(found, test_text(to));
      i += len - 1;
    } else {
      found = test_concat(found, bulla_span(text.data + i, 1));
    }
  }
  return found;
}

Test(jwk_pem, lines_may_all_end_in_crlf_and_white_space_may_follow) {
  struct bulla_span json = test_key_file("p384", ".jwk");
  static const char *const suffixes[] = {".pem", "-sec1.pem"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_span pem = test_key_file("p384", suffixes[i]);
    TEST_SPAN(test_private(from_pem(with(pem, "\n", "\r\n"))), json, "CRLF");
    TEST_SPAN(test_private(from_pem(bulla_span(pem.data, pem.len - 1))), json, "no newline at the end");
    TEST_SPAN(test_private(from_pem(test_concat(pem, test_text("\n \t\r\n")))), json, "space at the end");
  }
}

Test(jwk_pem, what_is_not_the_strict_form_is_refused) {
  struct bulla_span pem = test_key_file("p384", ".pem");
  struct bulla_span body = bulla_span(pem.data + 28, pem.len - 28 - 26);
  const char *text = test_printf("%.*s", (int)body.len, (const char *)body.data);
  static const char *const forms[] = {
      "%s", /* no boundaries */
      " -----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\n",
      "\n-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\n",
      "Bag Attributes\n-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\n",
      "----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY----\n%s-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY----- \n%s-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----%s-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\r\n%s-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n\n%s-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n %s-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n%s -----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n%s",
      "-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY----\n",
      "-----BEGIN PRIVATE KEY-----\n%s-----END EC PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n%s-----END PUBLIC KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\nmore",
      "-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\n",
      /* Another kind of DER than the label says. */
      "-----BEGIN EC PRIVATE KEY-----\n%s-----END EC PRIVATE KEY-----\n",
      "-----BEGIN RSA PRIVATE KEY-----\n%s-----END RSA PRIVATE KEY-----\n",
      "-----BEGIN PUBLIC KEY-----\n%s-----END PUBLIC KEY-----\n",
      "-----BEGIN RSA PUBLIC KEY-----\n%s-----END RSA PUBLIC KEY-----\n",
      "-----BEGIN EC PARAMETERS-----\n%s-----END EC PARAMETERS-----\n",
  };
  for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
    char *form = (char *)test_alloc(4096);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = snprintf(form, 4096, forms[i], text);
#pragma GCC diagnostic pop
    refused(bulla_span(form, (size_t)len), BULLA_INVALID_TEXT, forms[i]);
  }
  refused(test_text("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"), BULLA_INVALID_TEXT, "no body");
  refused(with(pem, "PRIVATE KEY", "private key"), BULLA_UNSUPPORTED, "a label in another case");
  refused(with(pem, "PRIVATE KEY", ""), BULLA_UNSUPPORTED, "no label");
}

Test(jwk_pem, two_blocks_are_refused) {
  struct bulla_span pem = test_key_file("p256", ".pem");
  refused(test_concat(pem, pem), BULLA_INVALID_TEXT, "twice the same");
  refused(test_concat(pem, test_key_file("p256", "-public.pem")), BULLA_INVALID_TEXT, "both halves");
}

/* A PEM of |digits| in lines of |width|. */
static struct bulla_span lines_of(struct bulla_span digits, size_t width) {
  struct bulla_span pem = test_text("-----BEGIN PRIVATE KEY-----\n");
  for (size_t at = 0; at < digits.len; at += width) {
    size_t len = digits.len - at < width ? digits.len - at : width;
    pem = test_concat(test_concat(pem, bulla_span(digits.data + at, len)), test_text("\n"));
  }
  return test_concat(pem, test_text("-----END PRIVATE KEY-----\n"));
}

Test(jwk_pem, lines_of_another_length_than_64_are_refused) {
  struct bulla_span pem = test_key_file("p384", ".pem");
  struct bulla_span digits = with(bulla_span(pem.data + 28, pem.len - 28 - 26), "\n", "");
  static const size_t widths[] = {1, 4, 32, 60, 63, 65, 68, 76, 128, 4096};
  from_pem(lines_of(digits, 64));
  for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
    refused(lines_of(digits, widths[i]), BULLA_INVALID_TEXT, "a width");
  }
}

Test(jwk_pem, any_changed_character_is_refused) {
  static const char *const names[] = {"p256.pem", "p256-sec1.pem"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_span pem = test_key_file(names[i], "");
    struct bulla_jwk *right = from_pem(pem);
    for (size_t at = 0; at < pem.len - 1; at++) {
      for (unsigned bit = 0; bit < 8; bit++) {
        uint8_t *changed = test_alloc(pem.len);
        memcpy(changed, pem.data, pem.len);
        changed[at] ^= (uint8_t)(1U << bit);
        struct bulla_jwk *jwk = NULL;
        /* EC PARAMETERS, in the second file, are not used: only the form of theirs counts. */
        if (status_of(&jwk, bulla_span(changed, pem.len)) == BULLA_OK) {
          cr_assert(i == 1 && at > 29 && at < 47, "%s, byte %zu", names[i], at);
          TEST_SPAN(test_private(jwk), test_private(right), "%zu", at);
        }
      }
    }
  }
}

Test(jwk_pem, every_prefix_is_refused) {
  struct bulla_span pem = test_key_file("rsa", "-pkcs1.pem");
  for (size_t len = 0; len < pem.len - 1; len++) {
    struct bulla_jwk *jwk = NULL;
    cr_assert_neq(status_of(&jwk, bulla_span(pem.data, len)), BULLA_OK, "%zu", len);
  }
}

Test(jwk_pem, a_text_has_at_most_16384_bytes) {
  struct bulla_span pem = test_key_file("p256", ".pem");
  uint8_t *text = test_alloc(BULLA_JWK_MAX + 1);
  memset(text, '\n', BULLA_JWK_MAX + 1);
  memcpy(text, pem.data, pem.len);
  from_pem(bulla_span(text, BULLA_JWK_MAX));
  refused(bulla_span(text, BULLA_JWK_MAX + 1), BULLA_TOO_LARGE, "16385");
}

/* A PEM with |label| of the DER |hex|. */
static struct bulla_span pem_of(const char *label, struct bulla_span der) {
  struct bulla_span digits = with(with(test_base64url(der), "-", "+"), "_", "/");
  while (digits.len % 4 != 0) {
    digits = test_concat(digits, test_text("="));
  }
  return with(lines_of(digits, 64), "PRIVATE KEY", label);
}

static const struct {
  const char *label;
  const char *der;
  enum bulla_status status;
} der_rows[] = {
    /* X25519: as RFC 8410 §7 has it; with attributes; with the public key; that of another; a version without it. */
    {"PRIVATE KEY", "302e020100" X25519 "04220420" U, BULLA_OK},
    {"PRIVATE KEY", "3030020100" X25519 "04220420" U "a000", BULLA_OK},
    {"PRIVATE KEY", "302e020101" X25519 "04220420" U, BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "302e020102" X25519 "04220420" U, BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "3051020101" X25519 "04220420" U "812100" U, BULLA_REFUSED},
    {"PRIVATE KEY", "3051020100" X25519 "04220420" U "812100" U, BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "3051020101" X25519 "04220420" U "812101" U, BULLA_INVALID_TEXT},
    /* Lengths: longer than they need be, without end, past the end, of a byte behind it. */
    {"PRIVATE KEY", "30812e020100" X25519 "04220420" U, BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "3082002e020100" X25519 "04220420" U, BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "3080020100" X25519 "04220420" U "0000", BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "302f020100" X25519 "04220420" U, BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "302e020100" X25519 "04220420" U "00", BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "302f020100" X25519 "04220420" U "00", BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "30840000002e020100" X25519 "04220420" U, BULLA_INVALID_TEXT},
    /* The wrong insides: parameters, a key too short or too long, without its own OCTET STRING. */
    {"PRIVATE KEY",
     "3030020100300706032b656e0500"
     "04220420" U,
     BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "302f020100" X25519 "04230420" U "00", BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "302c020100" X25519 "0420" U, BULLA_INVALID_TEXT},
    {"PRIVATE KEY", "302f020100" X25519 "04230421" U "00", BULLA_INVALID_TEXT},
    {"PUBLIC KEY", "302a" X25519 "032100" U, BULLA_OK},
    {"PUBLIC KEY", "302b" X25519 "032200" U "00", BULLA_INVALID_TEXT},
    {"PUBLIC KEY", "3029" X25519 "0320" U, BULLA_INVALID_TEXT},
    {"PUBLIC KEY", "302a" X25519 "032107" U, BULLA_INVALID_TEXT},
    {"PUBLIC KEY", "302a" X25519 "042100" U, BULLA_INVALID_TEXT},
    {"PUBLIC KEY",
     "302a" X25519 "032100"
     "0000000000000000000000000000000000000000000000000000000000000000",
     BULLA_REFUSED},
    /* EC: without the public key, which is worked out; without a curve; of two curves; version 0. */
    {"EC PRIVATE KEY",
     "303102010104"
     "20" U "a00a06082a8648ce3d030107",
     BULLA_OK},
    {"EC PRIVATE KEY",
     "302502010104"
     "20" U,
     BULLA_UNSUPPORTED},
    {"EC PRIVATE KEY",
     "303102010004"
     "20" U "a00a06082a8648ce3d030107",
     BULLA_INVALID_TEXT},
    {"EC PRIVATE KEY",
     "302e02010104"
     "20" U "a00706052b81040022",
     BULLA_INVALID_TEXT},
    {"PRIVATE KEY",
     "3041020100" EC256 "0427302502010104"
     "20" U,
     BULLA_OK},
    {"PRIVATE KEY",
     "304a020100" EC256 "0430302e02010104"
     "20" U "a00706052b81040022",
     BULLA_INVALID_TEXT},
    {"PRIVATE KEY",
     "3041020100" EC256 "0427302502010104"
     "20"
     "0000000000000000000000000000000000000000000000000000000000000000",
     BULLA_REFUSED},
    /* A point at infinity, and a form that has no name. */
    {"PUBLIC KEY", "3019" EC256 "03020000", BULLA_INVALID_TEXT},
    {"PUBLIC KEY", "3019" EC256 "03020005", BULLA_INVALID_TEXT},
    /* RSA: no NULL, numbers that are negative, or longer than they need be. */
    {"RSA PUBLIC KEY", "3006020101020103", BULLA_REFUSED},
    {"RSA PUBLIC KEY", "3006020100020103", BULLA_REFUSED},
    {"RSA PUBLIC KEY", "300702020081020103", BULLA_REFUSED},
    {"RSA PUBLIC KEY", "3006020181020103", BULLA_INVALID_TEXT},
    {"RSA PUBLIC KEY", "300702020001020103", BULLA_INVALID_TEXT},
    {"RSA PUBLIC KEY",
     "300502000201"
     "03",
     BULLA_INVALID_TEXT},
    {"RSA PUBLIC KEY", "3003020101", BULLA_INVALID_TEXT},
    {"RSA PUBLIC KEY", "3009020101020103020101", BULLA_INVALID_TEXT},
    {"PUBLIC KEY",
     "3018300b06092a864886f70d010101030900"
     "3006020101020103",
     BULLA_INVALID_TEXT},
    {"PUBLIC KEY",
     "301a300d06092a864886f70d0101010500030900"
     "3006020101020103",
     BULLA_REFUSED},
};

Test(jwk_pem, der_is_read_strictly) {
  for (size_t i = 0; i < sizeof(der_rows) / sizeof(der_rows[0]); i++) {
    struct bulla_jwk *jwk = NULL;
    enum bulla_status status = status_of(&jwk, pem_of(der_rows[i].label, test_hex(der_rows[i].der)));
    cr_assert_eq(status, der_rows[i].status, "row %zu, %s: \"%s\" (%s), not \"%s\"", i, der_rows[i].der,
                 bulla_status_text(status), test_told.text, bulla_status_text(der_rows[i].status));
  }
}

Test(jwk_pem, padding_that_is_missing_or_too_much_is_refused) {
  struct bulla_span pem = test_key_file("p256", "-public.pem");
  cr_assert(memmem(pem.data, pem.len, "==\n", 3) != NULL);
  refused(with(pem, "==\n", "\n"), BULLA_INVALID_TEXT, "none");
  refused(with(pem, "==\n", "=\n"), BULLA_INVALID_TEXT, "one");
  refused(with(pem, "==\n", "===\n"), BULLA_INVALID_TEXT, "three");
  refused(with(pem, "==\n", "======\n"), BULLA_INVALID_TEXT, "six");
  refused(with(pem, "==\n", "AA==\n"), BULLA_INVALID_TEXT, "a byte too many");
}

Test(jwk_pem, ec_parameters_must_be_base64_and_end) {
  struct bulla_span pem = test_key_file("p256", "-sec1.pem");
  static const char *const bad[] = {"BggqhkjOPQMBBw=*\n", "BggqhkjOPQMB*w==\n", "BggqhkjOPQMBBx==\n", "\n",
                                    "BggqhkjOPQMBBw==\n\n"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    refused(with(pem, "BggqhkjOPQMBBw==\n", bad[i]), BULLA_INVALID_TEXT, bad[i]);
  }
  refused(with(pem, "END EC PARAMETERS", "END PARAMETERS"), BULLA_INVALID_TEXT, "another end");
}

Test(jwk_pem, both_public_keys_in_pkcs_8_must_be_the_same) {
  struct bulla_span der = test_hex("3041020100" EC256
                                   "04273025020101042"
                                   "0" U);
  struct bulla_span json = test_private(from_pem(pem_of("PRIVATE KEY", der)));
  struct test_members all = test_members(json);
  uint8_t right[64];
  cr_assert(bulla_base64url_decode(right, all.members[2].value.text));
  cr_assert(bulla_base64url_decode(right + 32, all.members[3].value.text));
  uint8_t wrong[64];
  memcpy(wrong, right, sizeof(right));
  wrong[63] ^= 1;
  static const char *const head = "3081cb020101" EC256
                                  "046d306b020101042"
                                  "0" U "a14403420004";
  for (unsigned which = 0; which < 4; which++) {
    struct bulla_span inner = test_concat(test_hex(head), bulla_span((which & 1) != 0 ? wrong : right, 64));
    struct bulla_span outer = test_concat(test_hex("81420004"), bulla_span((which & 2) != 0 ? wrong : right, 64));
    struct bulla_span pem = pem_of("PRIVATE KEY", test_concat(inner, outer));
    if (which == 0) {
      TEST_SPAN(test_private(from_pem(pem)), json, "both right");
    } else {
      refused(pem, which == 3 ? BULLA_REFUSED : BULLA_INVALID_TEXT, "a wrong one");
    }
  }
}

Test(jwk_pem, a_public_key_in_pkcs_8_must_be_that_of_the_private_one) {
  struct bulla_span json = test_private(from_pem(pem_of("PRIVATE KEY", test_hex("302e020100" X25519 "04220420" U))));
  struct test_members all = test_members(json);
  uint8_t u[32];
  cr_assert(bulla_base64url_decode(u, all.members[2].value.text));
  struct bulla_span head = test_hex("3051020101" X25519 "04220420" U "812100");
  struct bulla_span der = test_concat(head, bulla_span(u, sizeof(u)));
  TEST_SPAN(test_private(from_pem(pem_of("PRIVATE KEY", der))), json, "with its own");
}

Test(jwk_pem, nothing_is_left_in_the_arena) {
  from_pem(test_key_file("rsa", ".pem"));
  size_t used = bulla_slab_usage().used;
  struct bulla_jwk *jwk = NULL;
  struct bulla_secret *pem = NULL;
  TEST_STATUS(bulla_jwk_from_pem(&jwk, test_key_file("other-three-primes", ".pem")), BULLA_UNSUPPORTED);
  TEST_STATUS(bulla_jwk_from_pem(&jwk, test_text("-----BEGIN PRIVATE KEY-----\nMA=\n-----END PRIVATE KEY-----")),
              BULLA_INVALID_TEXT);
  cr_assert_eq(bulla_slab_usage().used, used);
  TEST_OK(bulla_jwk_from_pem(&jwk, test_key_file("rsa", ".pem")));
  TEST_OK(bulla_jwk_to_pem(&pem, jwk, false));
  bulla_secret_free(&pem);
  bulla_jwk_free(&jwk);
  cr_assert_eq(bulla_slab_usage().used, used);
}
