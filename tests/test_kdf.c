/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Hashes, MACs, key derivation, random bytes. */

#include <stdlib.h>
#include <unistd.h>

#include "core/crypto.h"
#include "tests/support.h"

Test(kdf, hkdf_extracts_and_expands_the_vectors_of_rfc_5869) {
  static const struct {
    const char *secret;
    const char *salt;
    const char *info;
    const char *prk;
    const char *okm;
  } vectors[] = {
      /* A.1 */
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      /* A.2 */
      {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
       "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
       "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
       "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
       "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
       "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
       "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      /* A.3 */
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
    struct bulla_span okm = test_hex(vectors[i].okm);
    uint8_t *prk = test_alloc(32);
    TEST_OK(bulla_hkdf_extract(prk, test_hex(vectors[i].salt), test_hex(vectors[i].secret)));
    TEST_SPAN(bulla_span(prk, 32), test_hex(vectors[i].prk), "A.%zu", i + 1);
    uint8_t *out = test_alloc(okm.len);
    TEST_OK(bulla_hkdf_expand(out, okm.len, bulla_span(prk, 32), test_hex(vectors[i].info)));
    TEST_SPAN(bulla_span(out, okm.len), okm, "A.%zu", i + 1);
  }
}

Test(kdf, hkdf_expands_to_8160_bytes_and_not_one_more) {
  uint8_t *out = test_alloc(8161);
  TEST_OK(bulla_hkdf_expand(out, 8160, test_filled(1, 32), bulla_span(NULL, 0)));
  cr_expect_neq(bulla_hkdf_expand(out, 8161, test_filled(1, 32), bulla_span(NULL, 0)), BULLA_OK);
}

Test(kdf, hmac_makes_the_vectors_of_rfc_4231) {
  static const struct {
    const char *key;
    const char *message;
    const char *mac; /* test case 5 truncates it */
  } vectors[] = {
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
       "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
       "dddd",
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {"0102030405060708090a0b0c0d0e0f10111213141516171819",
       "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
       "cdcd",
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {"0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "546573742057697468205472756e636174696f6e",
       "a3b6167473100ee06e0c796c2955552b"},
  };
  for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
    struct bulla_span wanted = test_hex(vectors[i].mac);
    uint8_t *mac = test_alloc(32);
    TEST_OK(bulla_hmac(mac, test_hex(vectors[i].key), test_hex(vectors[i].message)));
    TEST_SPAN(bulla_span(mac, wanted.len), wanted, "test case %zu", i + 1);
  }
  struct bulla_span long_key = test_filled(0xaa, 131);
  uint8_t *mac = test_alloc(32);
  TEST_OK(bulla_hmac(mac, long_key, test_text("Test Using Larger Than Block-Size Key - Hash Key First")));
  TEST_SPAN(bulla_span(mac, 32), test_hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            "test case 6");
  TEST_OK(bulla_hmac(mac, long_key,
                     test_text("This is a test using a larger than block-size key and a larger than block-size "
                               "data. The key needs to be hashed before being used by the HMAC algorithm.")));
  TEST_SPAN(bulla_span(mac, 32), test_hex("9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
            "test case 7");
}

/* |num_wanted| is how many messages the file of NIST has. */
static void hash_vectors(const char *name, size_t num_wanted) {
  struct test_vectors *vectors = test_vectors_open(name);
  struct test_record record;
  size_t num = 0;
  while (test_vectors_next(vectors, &record)) {
    if (test_field(&record, "Msg") == NULL) {
      continue;
    }
    struct bulla_span message = test_hex(test_field(&record, "Msg"));
    message.len = strtoul(test_field(&record, "Len"), NULL, 10) / 8;
    uint8_t *digest = test_alloc(32);
    TEST_OK(bulla_sha256(digest, message));
    TEST_SPAN(bulla_span(digest, 32), test_hex(test_field(&record, "MD")), "%s, %zu bytes", name, message.len);
    num++;
  }
  cr_assert_eq(num, num_wanted, "%s: %zu messages", name, num);
}

Test(kdf, sha256_hashes_the_vectors_of_nist) {
  hash_vectors("hashes/SHA2/SHA256ShortMsg.rsp", 65);
  hash_vectors("hashes/SHA2/SHA256LongMsg.rsp", 64);
}

Test(kdf, sha256_hashes_nothing_abc_and_a_million_of_a) {
  uint8_t *digest = test_alloc(32);
  TEST_OK(bulla_sha256(digest, bulla_span(NULL, 0)));
  TEST_SPAN(bulla_span(digest, 32), test_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            "nothing");
  TEST_OK(bulla_sha256(digest, test_text("abc")));
  TEST_SPAN(bulla_span(digest, 32), test_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            "FIPS 180-4, abc");
  TEST_OK(bulla_sha256(digest, test_filled('a', 1000000)));
  TEST_SPAN(bulla_span(digest, 32), test_hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
            "FIPS 180-4, a million of a");
}

static void derive_with_scrypt(const char *passphrase, const char *salt, uint64_t n, uint64_t r, uint64_t p,
                               const char *wanted) {
  uint8_t *out = test_alloc(64);
  TEST_OK(bulla_scrypt(out, 64, test_text(passphrase), test_text(salt), n, r, p));
  TEST_SPAN(bulla_span(out, 64), test_hex(wanted), "N = %zu", (size_t)n);
}

Test(kdf, scrypt_derives_the_vectors_of_rfc_7914) {
  derive_with_scrypt("", "", 16, 1, 1,
                     "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                     "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  derive_with_scrypt("password", "NaCl", 1024, 8, 16,
                     "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                     "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  derive_with_scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1,
                     "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                     "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

Test(kdf, scrypt_derives_the_vector_of_rfc_7914_that_takes_a_gibibyte) {
  size_t free_memory = (size_t)sysconf(_SC_AVPHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
  if (free_memory < (size_t)3 << 29) {
    TEST_SKIP("less than 1.5 GiB of memory are free");
  }
  derive_with_scrypt("pleaseletmein", "SodiumChloride", 1048576, 8, 1,
                     "2101cb9b6a511aaeaddbbe09cf70f881ec568d574a2ffd4dabe5ee9820adaa47"
                     "8e56fd8f4ba5d09ffa1c6d927c40f4c337304049e8a952fbcbf45c6fa77a41a4");
}

Test(kdf, scrypt_refuses_a_cost_that_is_no_power_of_two) {
  uint8_t *out = test_alloc(32);
  cr_expect_neq(bulla_scrypt(out, 32, test_text("p"), test_text("s"), 1000, 8, 1), BULLA_OK);
  cr_expect_neq(bulla_scrypt(out, 32, test_text("p"), test_text("s"), 0, 8, 1), BULLA_OK);
}

Test(kdf, random_bytes_differ_and_are_not_overrun) {
  for (size_t len = 16; len <= 5000; len = len * 3 + 1) {
    uint8_t *a = test_alloc(len);
    uint8_t *b = test_alloc(len + 1);
    TEST_OK(bulla_random(a, len));
    TEST_OK(bulla_random(b, len));
    cr_expect_not(test_same(bulla_span(a, len), bulla_span(b, len)), "%zu bytes", len);
    cr_expect_eq(b[len], 0xa5, "%zu bytes", len);
  }
}
