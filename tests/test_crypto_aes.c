/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES key wrap, AES-CBC and HMAC over several parts: the vectors of NIST and of the RFCs, and what is refused. */

#include "core/crypto_aes.h"
#include "tests/support.h"

static struct bulla_span field(const struct test_record *record, const char *name) {
  const char *value = test_field(record, name);
  cr_assert_not_null(value, "no %s in a block of the file", name);
  return test_hex(value);
}

static struct bulla_aes_pair *pair_of(struct bulla_span key) {
  struct bulla_aes_pair *pair = (void *)test_alloc(sizeof(*pair));
  TEST_OK(bulla_aes_pair_expand(pair, key));
  return pair;
}

Test(crypto_aes, a_key_has_16_24_or_32_bytes) {
  struct bulla_aes_pair pair;
  for (size_t len = 0; len <= 65; len++) {
    bool right = len == 16 || len == 24 || len == 32;
    TEST_STATUS(bulla_aes_pair_expand(&pair, test_filled(1, len)), right ? BULLA_OK : BULLA_INVALID_ARGUMENT);
  }
}

static struct bulla_span wrapped(const struct bulla_aes_pair *kek, struct bulla_span key) {
  uint8_t *out = test_alloc(key.len + BULLA_WRAP_OVERHEAD);
  TEST_OK(bulla_aes_wrap(kek, out, key));
  return bulla_span(out, key.len + BULLA_WRAP_OVERHEAD);
}

/* Asserts that |in| does not unwrap, and that nothing of it comes out. */
static void refused(const struct bulla_aes_pair *kek, struct bulla_span in, const char *what) {
  size_t len = in.len < BULLA_WRAP_OVERHEAD ? 0 : in.len - BULLA_WRAP_OVERHEAD;
  uint8_t *out = test_alloc(len);
  enum bulla_status status = bulla_aes_unwrap(kek, out, in);
  cr_assert_eq(status, BULLA_REFUSED, "%s: %zu bytes unwrap", what, in.len);
  cr_assert(test_zero(out, len), "%s: of %zu bytes something is left", what, in.len);
}

static void unwraps(const struct bulla_aes_pair *kek, struct bulla_span in, struct bulla_span key, const char *what) {
  uint8_t *out = test_alloc(key.len);
  cr_assert_eq(in.len, key.len + BULLA_WRAP_OVERHEAD);
  TEST_STATUS(bulla_aes_unwrap(kek, out, in), BULLA_OK);
  TEST_SPAN(bulla_span(out, key.len), key, "%s", what);
}

static void wrap_vectors(const char *name) {
  struct test_vectors *vectors = test_vectors_open(name);
  struct test_record record;
  size_t num = 0;
  while (test_vectors_next(vectors, &record)) {
    if (test_field(&record, "COUNT") != NULL) {
      TEST_SPAN(wrapped(pair_of(field(&record, "K")), field(&record, "P")), field(&record, "C"), "%s, vector %zu", name,
                num);
      num++;
    }
  }
  cr_assert_eq(num, 500, "%s: %zu vectors", name, num);
}

static void unwrap_vectors(const char *name) {
  struct test_vectors *vectors = test_vectors_open(name);
  struct test_record record;
  size_t num_right = 0;
  size_t num_wrong = 0;
  while (test_vectors_next(vectors, &record)) {
    if (test_field(&record, "COUNT") == NULL) {
      continue;
    }
    const struct bulla_aes_pair *kek = pair_of(field(&record, "K"));
    if (test_field(&record, "FAIL") != NULL) {
      refused(kek, field(&record, "C"), name);
      num_wrong++;
    } else {
      unwraps(kek, field(&record, "C"), field(&record, "P"), name);
      num_right++;
    }
  }
  cr_assert_eq(num_right + num_wrong, 500, "%s: %zu and %zu vectors", name, num_right, num_wrong);
  cr_assert_geq(num_wrong, 80, "%s: %zu are wrong", name, num_wrong);
}

Test(crypto_aes, keys_wrap_as_in_the_vectors_of_nist) {
  wrap_vectors("keywrap/kwtestvectors/KW_AE_128.txt");
  wrap_vectors("keywrap/kwtestvectors/KW_AE_192.txt");
  wrap_vectors("keywrap/kwtestvectors/KW_AE_256.txt");
}

Test(crypto_aes, keys_unwrap_as_in_the_vectors_of_nist) {
  unwrap_vectors("keywrap/kwtestvectors/KW_AD_128.txt");
  unwrap_vectors("keywrap/kwtestvectors/KW_AD_192.txt");
  unwrap_vectors("keywrap/kwtestvectors/KW_AD_256.txt");
}

/* RFC 3394 §4. */
static const struct {
  size_t kek_len;
  size_t key_len;
  const char *wrapped;
} rfc3394[] = {
    {16, 16, "1fa68b0a8112b447 aef34bd8fb5a7b82 9d3e862371d2cfe5"},
    {24, 16, "96778b25ae6ca435 f92b5b97c050aed2 468ab8a17ad84e5d"},
    {32, 16, "64e8c3f9ce0f5ba2 63e9777905818a2a 93c8191e7d6e8ae7"},
    {24, 24, "031d33264e15d332 68f24ec260743edc e1c6c7ddee725a93 6ba814915c6762d2"},
    {32, 24, "a8f9bc1612c68b3f f6e6f4fbe30e71e4 769c8b80a32cb895 8cd5d17d6b254da1"},
    {32, 32, "28c9f404c4b810f4 cbccb35cfb87f826 3f5786e2d80ed326 cbc7f0e71a99f43b fb988b9b7a02dd21"},
};

static const char kek_digits[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char key_digits[] = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f";

Test(crypto_aes, keys_wrap_and_unwrap_as_in_rfc_3394) {
  for (size_t i = 0; i < sizeof(rfc3394) / sizeof(rfc3394[0]); i++) {
    const struct bulla_aes_pair *kek = pair_of(bulla_span(test_hex(kek_digits).data, rfc3394[i].kek_len));
    struct bulla_span key = bulla_span(test_hex(key_digits).data, rfc3394[i].key_len);
    TEST_SPAN(wrapped(kek, key), test_hex(rfc3394[i].wrapped), "row %zu", i);
    unwraps(kek, test_hex(rfc3394[i].wrapped), key, "a row");
  }
}

Test(crypto_aes, each_flipped_bit_of_a_wrapped_key_is_refused_and_leaves_nothing) {
  for (size_t kek_len = 16; kek_len <= 32; kek_len += 8) {
    const struct bulla_aes_pair *kek = pair_of(test_filled(7, kek_len));
    for (size_t key_len = 16; key_len <= 64; key_len += 8) {
      struct bulla_span right = wrapped(kek, test_filled(9, key_len));
      for (size_t bit = 0; bit < 8 * right.len; bit++) {
        refused(kek, test_flipped(right, bit), "a flipped bit");
      }
    }
  }
}

Test(crypto_aes, a_key_unwraps_under_its_kek_alone) {
  struct bulla_span in = wrapped(pair_of(test_filled(7, 16)), test_filled(9, 32));
  for (size_t bit = 0; bit < 128; bit++) {
    refused(pair_of(test_flipped(test_filled(7, 16), bit)), in, "another KEK");
  }
  refused(pair_of(test_filled(7, 32)), in, "a longer KEK");
}

Test(crypto_aes, lengths_that_key_wrap_has_not_are_refused) {
  const struct bulla_aes_pair *kek = pair_of(test_filled(7, 32));
  struct bulla_span right = wrapped(kek, test_filled(9, 64));
  for (size_t len = 0; len < right.len; len++) {
    refused(kek, bulla_span(right.data, len), "a part");
  }
  uint8_t *out = test_alloc(128);
  for (size_t len = 0; len <= 64; len++) {
    bool has = len >= 16 && len % 8 == 0;
    TEST_STATUS(bulla_aes_wrap(kek, out, test_filled(9, len)), has ? BULLA_OK : BULLA_INVALID_ARGUMENT);
  }
}

static struct bulla_span encrypted(const struct bulla_aes_pair *key, struct bulla_span iv, struct bulla_span in) {
  uint8_t *out = test_alloc(in.len);
  bulla_aes_cbc_encrypt(key, out, iv.data, in);
  return bulla_span(out, in.len);
}

static struct bulla_span decrypted(const struct bulla_aes_pair *key, struct bulla_span iv, struct bulla_span in) {
  uint8_t *out = test_alloc(in.len);
  bulla_aes_cbc_decrypt(key, out, iv.data, in);
  return bulla_span(out, in.len);
}

static void cbc_vectors(const char *name, size_t wanted) {
  struct test_vectors *vectors = test_vectors_open(name);
  struct test_record record;
  size_t num = 0;
  while (test_vectors_next(vectors, &record)) {
    if (test_field(&record, "COUNT") == NULL) {
      continue;
    }
    const struct bulla_aes_pair *key = pair_of(field(&record, "KEY"));
    struct bulla_span iv = field(&record, "IV");
    struct bulla_span plaintext = field(&record, "PLAINTEXT");
    struct bulla_span ciphertext = field(&record, "CIPHERTEXT");
    TEST_SPAN(encrypted(key, iv, plaintext), ciphertext, "%s, vector %zu", name, num);
    TEST_SPAN(decrypted(key, iv, ciphertext), plaintext, "%s, vector %zu", name, num);
    num++;
  }
  cr_assert_eq(num, wanted, "%s: %zu vectors", name, num);
}

Test(crypto_aes, cbc_is_as_in_the_vectors_of_nist) {
  cbc_vectors("ciphers/AES/CBC/CBCMMT128.rsp", 20);
  cbc_vectors("ciphers/AES/CBC/CBCMMT192.rsp", 20);
  cbc_vectors("ciphers/AES/CBC/CBCMMT256.rsp", 20);
  cbc_vectors("ciphers/AES/CBC/CBCVarKey128.rsp", 256);
  cbc_vectors("ciphers/AES/CBC/CBCVarKey192.rsp", 384);
  cbc_vectors("ciphers/AES/CBC/CBCVarKey256.rsp", 512);
  cbc_vectors("ciphers/AES/CBC/CBCVarTxt256.rsp", 256);
  cbc_vectors("ciphers/AES/CBC/CBCGFSbox128.rsp", 14);
  cbc_vectors("ciphers/AES/CBC/CBCKeySbox256.rsp", 32);
}

Test(crypto_aes, cbc_works_in_place_and_leaves_the_initial_value) {
  const struct bulla_aes_pair *key = pair_of(test_filled(1, 24));
  uint8_t iv[16] = {1, 2, 3};
  const uint8_t same[16] = {1, 2, 3};
  for (size_t len = 0; len <= 16 * 40; len += 16) {
    struct bulla_span plaintext = test_filled((uint8_t)len, len);
    struct bulla_span wanted = encrypted(key, bulla_span(iv, 16), plaintext);
    uint8_t *bytes = test_alloc(len);
    memcpy(bytes, plaintext.data, len);
    bulla_aes_cbc_encrypt(key, bytes, iv, bulla_span(bytes, len));
    TEST_SPAN(bulla_span(bytes, len), wanted, "%zu bytes in place", len);
    bulla_aes_cbc_decrypt(key, bytes, iv, bulla_span(bytes, len));
    TEST_SPAN(bulla_span(bytes, len), plaintext, "%zu bytes back in place", len);
  }
  cr_assert_arr_eq(iv, same, sizeof(same));
}

static const struct sha {
  enum bulla_sha sha;
  size_t len;
  const char *vectors;
} shas[] = {
    {BULLA_SHA_256, 32, "HMAC/rfc-4231-sha256.txt"},
    {BULLA_SHA_384, 48, "HMAC/rfc-4231-sha384.txt"},
    {BULLA_SHA_512, 64, "HMAC/rfc-4231-sha512.txt"},
};
enum { NUM_SHAS = sizeof(shas) / sizeof(shas[0]) };

static struct bulla_hmac_key *hmac_of(enum bulla_sha sha, struct bulla_span key) {
  struct bulla_hmac_key *hmac = (void *)test_alloc(sizeof(*hmac));
  TEST_OK(bulla_hmac_expand(hmac, sha, key));
  return hmac;
}

static struct bulla_span mac_of(const struct sha *sha, struct bulla_span key, const struct bulla_span *parts,
                                size_t num_parts) {
  uint8_t *mac = test_alloc(sha->len);
  bulla_hmac_parts(hmac_of(sha->sha, key), mac, parts, num_parts);
  return bulla_span(mac, sha->len);
}

/* Of the cases with a key of at most 64 bytes; the file has two with a longer one. */
Test(crypto_aes, hmac_is_as_in_rfc_4231) {
  for (size_t i = 0; i < NUM_SHAS; i++) {
    struct test_vectors *vectors = test_vectors_open(shas[i].vectors);
    struct test_record record;
    size_t num = 0;
    while (test_vectors_next(vectors, &record)) {
      struct bulla_span key = field(&record, "Key");
      struct bulla_span message = field(&record, "Msg");
      if (key.len <= 64) {
        TEST_SPAN(mac_of(&shas[i], key, &message, 1), field(&record, "MD"), "%s, vector %zu", shas[i].vectors, num);
        num++;
      }
    }
    cr_assert_eq(num, 4, "%s: %zu vectors", shas[i].vectors, num);
  }
}

Test(crypto_aes, hmac_over_parts_is_hmac_over_what_they_make_together) {
  struct bulla_span key = test_filled(3, 33);
  struct bulla_span message = test_concat(test_filled(1, 150), test_filled(2, 151));
  for (size_t i = 0; i < NUM_SHAS; i++) {
    struct bulla_span whole = mac_of(&shas[i], key, &message, 1);
    for (size_t at = 0; at <= message.len; at++) {
      size_t half = (message.len - at) / 2;
      const struct bulla_span parts[] = {bulla_span(message.data, at), bulla_span(message.data + at, half),
                                         bulla_span(NULL, 0),
                                         bulla_span(message.data + at + half, message.len - at - half)};
      TEST_SPAN(mac_of(&shas[i], key, parts, 4), whole, "SHA %zu, parts at %zu", i, at);
    }
  }
}

Test(crypto_aes, hmac_has_keys_of_at_most_64_bytes_and_three_hashes) {
  struct bulla_hmac_key hmac;
  for (int sha = -1; sha <= 5; sha++) {
    bool has = sha >= 1 && sha <= 3;
    TEST_STATUS(bulla_hmac_expand(&hmac, (enum bulla_sha)sha, test_filled(1, 64)),
                has ? BULLA_OK : BULLA_INVALID_ARGUMENT);
    TEST_STATUS(bulla_hmac_expand(&hmac, (enum bulla_sha)sha, test_filled(1, 65)), BULLA_INVALID_ARGUMENT);
  }
}

/* RFC 7518 appendix B: the halves of the keys, the ciphertext and the MAC before it is cut. */
static const struct {
  struct sha sha;
  size_t half;
  const char *ciphertext;
  const char *mac;
} rfc7518[] = {
    {{BULLA_SHA_256, 32, NULL},
     16,
     "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2"
     "fc6f9b3f399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b"
     "384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db",
     "652c3fa36b0a7c5b3219fab3a30bc1c4"},
    {{BULLA_SHA_384, 48, NULL},
     24,
     "ea65da6b59e61edb419be62d19712ae5d303eeb50052d0dfd6697f77224c8edb000d279bdc14c1072654bd30944230c6"
     "57bed4ca0c9f4a8466f22b226d1746214bf8cfc2400add9f5126e479663fc90b3bed787a2f0ffcbf3904be2a641d5c21"
     "05bfe591bae23b1d7449e532eef60a9ac8bb6c6b01d35d49787bcd57ef484927f280adc91ac0c4e79c7b11efc60054e3",
     "8490ac0e58949bfe51875d733f93ac2075168039ccc733d7"},
    {{BULLA_SHA_512, 64, NULL},
     32,
     "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2"
     "e6d12a1374b77f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3"
     "a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6",
     "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"},
};

static const char rfc7518_text[] =
    "A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without"
    " inconvenience";
static const char rfc7518_additional[] = "The second principle of Auguste Kerckhoffs";

Test(crypto_aes, cbc_and_hmac_make_appendix_b_of_rfc_7518) {
  struct bulla_span iv = test_hex("1af38c2dc2b96ffdd86694092341bc04");
  const uint8_t additional_bits[8] = {0, 0, 0, 0, 0, 0, 1, 0x50};
  for (size_t i = 0; i < sizeof(rfc7518) / sizeof(rfc7518[0]); i++) {
    size_t half = rfc7518[i].half;
    struct bulla_span keys = test_hex(
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
    struct bulla_span text = test_text(rfc7518_text);
    size_t padding = 16 - text.len % 16;
    struct bulla_span ciphertext = encrypted(pair_of(bulla_span(keys.data + half, half)), iv,
                                             test_concat(text, test_filled((uint8_t)padding, padding)));
    TEST_SPAN(ciphertext, test_hex(rfc7518[i].ciphertext), "row %zu", i);
    const struct bulla_span parts[] = {test_text(rfc7518_additional), iv, ciphertext,
                                       bulla_span(additional_bits, sizeof(additional_bits))};
    struct bulla_span mac = mac_of(&rfc7518[i].sha, bulla_span(keys.data, half), parts, 4);
    TEST_SPAN(bulla_span(mac.data, half), test_hex(rfc7518[i].mac), "row %zu", i);
  }
}
