/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rules of keys: what unwraps and what does not, agreement, padding, rooms. Those of the message are in
 * test_jwe_rules.c. */

#include "tests/jwe_forge.h"

#define NUM(array) (sizeof(array) / sizeof(*(array)))

static struct bulla_span plaintext(void) {
  return test_text("{\"sub\":\"me\"}");
}

static bool opens(const struct bulla_jwe_key *key, const struct forgery *forgery) {
  struct forged parts = forge(forgery);
  return forge_opens(key, forge_compact(&parts), forgery->plaintext);
}

static const char *text_of(struct bulla_span span) {
  return (const char *)test_concat(span, bulla_span("", 1)).data;
}

/* What a failed call leaves: its status, what it tells the log, what is in the buffer. */
static void fails_as(const struct bulla_jwe_key *key, const struct forged *parts, const char *told, const char *name) {
  struct bulla_span token = forge_compact(parts);
  struct bulla_buffer opened = test_room(token.len);
  test_told.text[0] = '\0';
  enum bulla_status status = bulla_jwe_decrypt(key, &opened, token);
  cr_assert_eq(status, BULLA_REFUSED, "%s: %s", name, bulla_status_text(status));
  TEST_FAILED(opened, "%s", name);
  cr_assert_str_eq(test_told.text, told, "%s", name);
}

Test(jwe_unwrap, a_failed_unwrap_a_failed_tag_and_failed_padding_cannot_be_told_apart) {
  test_listen();
  for (size_t i = 0; i < forge_num_kinds; i++) {
    for (enum bulla_jwe_enc enc = BULLA_JWE_A256GCM; enc <= BULLA_JWE_A128CBC_HS256; enc++) {
      struct forgery forgery = {.kind = forge_kinds[i], .enc = enc, .plaintext = plaintext()};
      struct bulla_jwe_key *key = forge_key(forgery.kind, enc, "");
      struct forged parts = forge(&forgery);
      struct forged bad_tag = parts;
      bad_tag.tag = test_flipped(parts.tag, 0);
      struct bulla_buffer opened = test_room(1000);
      test_told.text[0] = '\0';
      TEST_STATUS(bulla_jwe_decrypt(key, &opened, forge_compact(&bad_tag)), BULLA_REFUSED);
      char told[sizeof(test_told.text)];
      snprintf(told, sizeof(told), "%s", test_told.text);
      struct forged bad_content = parts;
      bad_content.ciphertext = test_flipped(parts.ciphertext, 5);
      fails_as(key, &bad_content, told, forge_name(&forgery));
      if (parts.encrypted_key.len > 0) {
        struct forged bad_key = parts;
        bad_key.encrypted_key = test_flipped(parts.encrypted_key, 9);
        fails_as(key, &bad_key, told, forge_name(&forgery));
        bad_key.encrypted_key = test_filled(0, parts.encrypted_key.len);
        fails_as(key, &bad_key, told, forge_name(&forgery));
        bad_key.tag = bad_tag.tag;
        fails_as(key, &bad_key, told, forge_name(&forgery));
      }
      if (enc == BULLA_JWE_A128CBC_HS256 && forgery.kind.alg != BULLA_JWE_ECDH_ES) {
        struct forged bad_padding = parts;
        forge_padded(&bad_padding, &forgery, test_filled(0, 16));
        fails_as(key, &bad_padding, told, forge_name(&forgery));
      }
      bulla_jwe_key_free(&key);
    }
  }
}

/* RFC 7518 §5.2.2.1 step 2, PKCS #7: one to sixteen bytes, each their number. */
Test(jwe_unwrap, padding_is_one_to_sixteen_bytes_of_their_number) {
  for (enum bulla_jwe_enc enc = BULLA_JWE_A128CBC_HS256; enc <= BULLA_JWE_A256CBC_HS512; enc++) {
    struct forgery forgery = {.kind = {.alg = BULLA_JWE_DIR}, .enc = enc};
    struct bulla_jwe_key *key = forge_key(forgery.kind, enc, "");
    for (unsigned last = 0; last < 256; last++) {
      for (size_t wrong = 0; wrong <= 16; wrong++) {
        uint8_t blocks[32];
        memset(blocks, (int)last, sizeof(blocks));
        blocks[31 - (wrong < 16 ? wrong : 0)] ^= wrong < 16 ? 0x40 : 0; /* at none if it is 16 */
        unsigned padding = blocks[31];
        bool good = padding >= 1 && padding <= 16;
        for (unsigned j = 0; good && j < padding; j++) {
          good = blocks[31 - j] == padding;
        }
        forgery.plaintext = bulla_span(blocks, good ? 32 - padding : 0);
        struct forged parts = forge(&forgery);
        forge_padded(&parts, &forgery, bulla_span(blocks, sizeof(blocks)));
        cr_assert_eq(forge_opens(key, forge_compact(&parts), test_copy(forgery.plaintext)), good, "%s, %u, %zu",
                     forge_name(&forgery), last, wrong);
      }
    }
    bulla_jwe_key_free(&key);
  }
}

Test(jwe_unwrap, a_ciphertext_of_aes_cbc_is_of_whole_blocks_and_of_one_at_least) {
  for (enum bulla_jwe_enc enc = BULLA_JWE_A128CBC_HS256; enc <= BULLA_JWE_A256CBC_HS512; enc++) {
    struct forgery forgery = {.kind = {.alg = BULLA_JWE_A128KW}, .enc = enc};
    struct bulla_jwe_key *key = forge_key(forgery.kind, enc, "");
    for (size_t len = 0; len <= 64; len++) {
      struct bulla_span blocks = test_filled(1, len);
      forgery.plaintext = bulla_span(blocks.data, len == 0 ? 0 : len - 1);
      struct forged parts = forge(&forgery);
      forge_padded(&parts, &forgery, blocks);
      cr_assert_eq(forge_opens(key, forge_compact(&parts), forgery.plaintext), len > 0 && len % 16 == 0, "%s, %zu",
                   forge_name(&forgery), len);
    }
    bulla_jwe_key_free(&key);
  }
}

Test(jwe_unwrap, an_encrypted_key_of_rsa_is_as_long_as_the_modulus_and_less_than_it) {
  static const enum bulla_jwe_alg algs[] = {BULLA_JWE_RSA_OAEP, BULLA_JWE_RSA_OAEP_256};
  for (size_t i = 0; i < NUM(algs); i++) {
    struct forgery forgery = {.kind = {.alg = algs[i]}, .enc = BULLA_JWE_A256GCM, .plaintext = plaintext()};
    struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
    struct forged parts = forge(&forgery);
    cr_assert(forge_opens(key, forge_compact(&parts), forgery.plaintext));
    struct bulla_span whole = parts.encrypted_key;
    const struct bulla_span others[] = {
        bulla_span(whole.data, 255),
        bulla_span(whole.data, 1),
        test_concat(test_filled(0, 1), whole),
        test_concat(whole, test_filled(0, 1)),
        test_concat(whole, whole),
        test_filled(0, 256),
        test_filled(0xff, 256),
        test_filled(0xff, 4096),
        bulla_span(whole.data + 1, 255),
        bulla_span(whole.data, 128),
        bulla_span(whole.data, 32),
    };
    for (size_t j = 0; j < NUM(others); j++) {
      parts.encrypted_key = others[j];
      cr_assert_not(forge_opens(key, forge_compact(&parts), forgery.plaintext), "%zu", j);
    }
    bulla_jwe_key_free(&key);
  }
}

struct epk_row {
  const char *epk;
  bool good;
};

static void judges_epks(const struct epk_row *rows, size_t num_rows, enum bulla_curve curve) {
  static const enum bulla_jwe_alg algs[] = {BULLA_JWE_ECDH_ES, BULLA_JWE_ECDH_ES_A256KW};
  for (size_t i = 0; i < NUM(algs); i++) {
    struct forgery forgery = {.kind = {algs[i], curve}, .enc = BULLA_JWE_A128GCM, .plaintext = plaintext()};
    struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
    for (size_t j = 0; j < num_rows; j++) {
      struct bulla_span header = test_text("{\"alg\":\"$ALG\",\"enc\":\"$ENC\"@}");
      forgery.header = text_of(forge_replaced(header, "@", test_text(rows[j].epk)));
      cr_assert_eq(opens(key, &forgery), rows[j].good, "%s: %s", forge_name(&forgery), rows[j].epk);
    }
    bulla_jwe_key_free(&key);
  }
}

Test(jwe_unwrap, an_epk_is_a_public_key_of_the_keys_own_curve_and_on_it) {
  static const struct epk_row rows[] = {
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\"}", true},
      {",\"epk\": { \"y\":\"$Y\", \"x\" : \"$X\",\"crv\":\"P-256\",\"kty\":\"EC\" } ", true},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\",\"use\":\"enc\",\"z\":[1]}", true},
      /* Missing. */
      {"", false},
      {",\"epk\":{}", false},
      {",\"epk\":{\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\"}", false},
      {",\"x\":\"$X\",\"y\":\"$Y\",\"kty\":\"EC\",\"crv\":\"P-256\"", false},
      /* Of another type, or twice. */
      {",\"epk\":null", false},
      {",\"epk\":\"$X\"", false},
      {",\"epk\":[\"$X\",\"$Y\"]", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":[\"$X\"],\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":1}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\",\"Y\":\"$Y\"}", false},
      {",\"epk\":{\"Kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      /* Another kind or curve. */
      {",\"epk\":{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"RSA\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"p-256\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"X25519\",\"x\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"$X\"}", false},
      /* A private key. */
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\",\"d\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\",\"d\":\"\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$Y\",\"d\":null}", false},
      /* Of another length, or not base64url. */
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X=\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X$X\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\\n\",\"y\":\"$Y\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}", false},
      /* Off the curve: y is that of another point, or x. */
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\","
       "\"y\":\"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck\"}",
       false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$X\","
       "\"y\":\"_____wAAAAEAAAAAAAAAAAAAAAD_______________8\"}", /* p */
       false},
  };
  judges_epks(rows, NUM(rows), BULLA_CURVE_P256);
}

Test(jwe_unwrap, an_epk_of_x25519_has_no_private_part_and_no_other_name) {
  static const struct epk_row rows[] = {
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"$X\"}", true},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"$X\",\"kid\":\"k\"}", true},
      {"", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\"}", false},
      {",\"epk\":{\"kty\":\"EC\",\"crv\":\"X25519\",\"x\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X448\",\"x\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"x25519\",\"x\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"$X\",\"y\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"$X\",\"d\":\"$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"$X$X\"}", false},
      {",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"\"}", false},
  };
  judges_epks(rows, NUM(rows), BULLA_CURVE_X25519);
}

/* With these the secret is 0 whoever agrees on it: the tokens are what anybody can make. RFC 7748 §6.1, §7. */
Test(jwe_unwrap, an_epk_of_small_order_and_one_at_infinity_are_refused_though_the_tag_passes) {
  static const struct {
    enum bulla_curve curve;
    const char *x;
  } rows[] = {
      {BULLA_CURVE_P256, "0000000000000000000000000000000000000000000000000000000000000000"},
      {BULLA_CURVE_X25519, "0000000000000000000000000000000000000000000000000000000000000000"},
      {BULLA_CURVE_X25519, "0100000000000000000000000000000000000000000000000000000000000000"},
      {BULLA_CURVE_X25519, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"},
      {BULLA_CURVE_X25519, "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"},
      {BULLA_CURVE_X25519, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
      {BULLA_CURVE_X25519, "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
      {BULLA_CURVE_X25519, "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
      {BULLA_CURVE_X25519, "0000000000000000000000000000000000000000000000000000000000000080"},
  };
  static const enum bulla_jwe_alg algs[] = {BULLA_JWE_ECDH_ES, BULLA_JWE_ECDH_ES_A128KW};
  for (size_t i = 0; i < NUM(rows) * NUM(algs); i++) {
    enum bulla_curve curve = rows[i / NUM(algs)].curve;
    struct forgery forgery = {.kind = {algs[i % NUM(algs)], curve},
                              .enc = BULLA_JWE_A256GCM,
                              .plaintext = plaintext(),
                              .shared = test_filled(0, 32)};
    struct bulla_span header = test_text(
        curve == BULLA_CURVE_X25519
            ? "{\"alg\":\"$ALG\",\"enc\":\"$ENC\",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"@\"}}"
            : "{\"alg\":\"$ALG\",\"enc\":\"$ENC\",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"@\",\"y\":\"@\"}}");
    forgery.header = text_of(forge_replaced(header, "@", test_base64url(test_hex(rows[i / NUM(algs)].x))));
    struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
    cr_assert_not(opens(key, &forgery), "%s: %s", forge_name(&forgery), rows[i / NUM(algs)].x);
    bulla_jwe_key_free(&key);
  }
}

Test(jwe_unwrap, apu_and_apv_are_part_of_the_derivation_strict_base64url_and_of_256_bytes_at_most) {
  static const struct {
    const char *members;
    size_t apu_len; /* of |a|, for which the key is derived */
    size_t apv_len;
    bool good;
  } rows[] = {
      {"", 0, 0, true},
      {",\"apu\":\"\",\"apv\":\"\"", 0, 0, true},
      {",\"apu\":\"YWFh\",\"apv\":\"YWE\"", 3, 2, true},
      {",\"apu\":\"YWFh\"", 3, 0, true},
      {",\"apv\":\"YWFh\"", 0, 3, true},
      {",\"apu\":\"@256\",\"apv\":\"@256\"", 256, 256, true},
      {",\"apu\":\"@257\"", 257, 0, false},
      {",\"apv\":\"@257\"", 0, 257, false},
      {",\"apu\":\"YWE\",\"apv\":\"YWFh\"", 3, 2, false},
      {"", 3, 0, false},
      {",\"apu\":\"YWFh\"", 0, 0, false},
      {",\"apu\":\"YWFh\"", 0, 3, false},
      {",\"apu\":\"YWE=\"", 2, 0, false},
      {",\"apu\":\"YWF\"", 2, 0, false},
      {",\"apu\":\"YWFh\\n\"", 3, 0, false},
      {",\"apu\":\"Y\\u0057Fh\"", 3, 0, false},
      {",\"apv\":\"aaa+\"", 0, 3, false},
      {",\"apu\":null", 0, 0, false},
      {",\"apv\":[]", 0, 0, false},
      {",\"Apu\":\"YWFh\"", 3, 0, false},
  };
  static const struct forge_kind kinds[] = {{BULLA_JWE_ECDH_ES, BULLA_CURVE_P256},
                                            {BULLA_JWE_ECDH_ES_A256KW, BULLA_CURVE_X25519}};
  for (size_t i = 0; i < NUM(rows) * NUM(kinds); i++) {
    size_t row = i / NUM(kinds);
    struct forgery forgery = {.kind = kinds[i % NUM(kinds)],
                              .enc = BULLA_JWE_A256CBC_HS512,
                              .plaintext = plaintext(),
                              .apu = test_filled('a', rows[row].apu_len),
                              .apv = test_filled('a', rows[row].apv_len)};
    struct bulla_span header = test_concat(test_text("{$MEMBERS"), test_text(rows[row].members));
    header = forge_replaced(header, "@256", test_base64url(test_filled('a', 256)));
    header = forge_replaced(header, "@257", test_base64url(test_filled('a', 257)));
    forgery.header = text_of(test_concat(header, test_text("}")));
    struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
    cr_assert_eq(opens(key, &forgery), rows[row].good, "%s, row %zu", forge_name(&forgery), row);
    bulla_jwe_key_free(&key);
  }
}

/* RFC 7518 §4.7.1: 96 bits of IV, 128 of tag. */
Test(jwe_unwrap, gcmkw_has_an_iv_of_12_bytes_and_a_tag_of_16_in_the_header) {
  struct forgery forgery = {.kind = {.alg = BULLA_JWE_A256GCMKW}, .enc = BULLA_JWE_A256GCM, .plaintext = plaintext()};
  struct forged parts = forge(&forgery);
  struct bulla_span iv = bulla_span(parts.added.data + strlen(",\"iv\":\""), 16);
  struct bulla_span tag = bulla_span(iv.data + 16 + strlen("\",\"tag\":\""), 22);
  static const struct {
    const char *members; /* # stands for the IV, @ for the tag */
    bool good;
  } rows[] = {
      {",\"iv\":\"#\",\"tag\":\"@\"", true},
      {",\"tag\":\"@\",\"x\":1,\"iv\":\"#\"", true},
      {"", false},
      {",\"iv\":\"#\"", false},
      {",\"tag\":\"@\"", false},
      {",\"iv\":\"\",\"tag\":\"@\"", false},
      {",\"iv\":\"#\",\"tag\":\"\"", false},
      {",\"iv\":\"@\",\"tag\":\"#\"", false},
      {",\"iv\":\"#A\",\"tag\":\"@\"", false},
      {",\"iv\":\"#AA\",\"tag\":\"@\"", false},
      {",\"iv\":\"#=\",\"tag\":\"@\"", false},
      {",\"iv\":\"#\",\"tag\":\"@==\"", false},
      {",\"iv\":\"#\",\"tag\":\"@AA\"", false},
      {",\"iv\":\"#\",\"tag\":\"AA\"", false},
      {",\"iv\":\"#\",\"tag\":\"AAAAAAAAAAAAAAAA\"", false},
      {",\"iv\":\"#\",\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"", false},
      {",\"iv\":null,\"tag\":\"@\"", false},
      {",\"iv\":\"#\",\"tag\":[\"@\"]", false},
      {",\"IV\":\"#\",\"tag\":\"@\"", false},
      {",\"iv\":\"#\",\"Tag\":\"@\"", false},
  };
  struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
  for (size_t i = 0; i < NUM(rows); i++) {
    struct bulla_span members = forge_replaced(test_text(rows[i].members), "#", iv);
    members = test_concat(forge_replaced(members, "@", tag), test_text("}"));
    forgery.header = text_of(test_concat(test_text("{\"alg\":\"$ALG\",\"enc\":\"$ENC\""), members));
    cr_assert_eq(opens(key, &forgery), rows[i].good, "%s", rows[i].members);
  }
  bulla_jwe_key_free(&key);
}

Test(jwe_unwrap, a_token_must_carry_the_kid_that_the_key_has) {
  static const struct {
    const char *header;
    bool good;
  } rows[] = {
      {"{$MEMBERS,\"kid\":\"one\"}", true},
      {"{$MEMBERS,\"kid\":\"\\u006fne\"}", true},
      {"{$MEMBERS}", false},
      {"{$MEMBERS,\"kid\":\"\"}", false},
      {"{$MEMBERS,\"kid\":\"two\"}", false},
      {"{$MEMBERS,\"kid\":\"on\"}", false},
      {"{$MEMBERS,\"kid\":\"One\"}", false},
      {"{$MEMBERS,\"kid\":\"one\\u0000\"}", false},
      {"{$MEMBERS,\"kid\":1}", false},
      {"{$MEMBERS,\"x\":{\"kid\":\"one\"}}", false},
  };
  for (size_t i = 0; i < forge_num_kinds; i++) {
    struct forgery forgery = {.kind = forge_kinds[i], .enc = BULLA_JWE_A128GCM, .plaintext = plaintext()};
    struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, ",\"kid\":\"one\"");
    for (size_t j = 0; j < NUM(rows); j++) {
      forgery.header = rows[j].header;
      cr_assert_eq(opens(key, &forgery), rows[j].good, "%s, %s", forge_name(&forgery), rows[j].header);
    }
    bulla_jwe_key_free(&key);
  }
}
