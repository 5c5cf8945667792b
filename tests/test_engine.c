/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Engines through bulla_aead: each gives the bytes that the standard wants where its arithmetic has corners. The
 * standard's is here a second time, a bit after the other (NIST SP 800-38D §6.3), over libgcrypt's AES. That engines
 * agree at every length is for engine_proof.c. */

#include <gcrypt.h>

#include "core/crypto.h"
#include "core/cursor.h"
#include "tests/support.h"

static const enum bulla_engine_choice choices[] = {BULLA_ENGINE_BORINGSSL, BULLA_ENGINE_VAES_512,
                                                   BULLA_ENGINE_VAES_256};
static const char *const names[] = {"boringssl", "vaes-512", "vaes-256"};
enum { NUM_ENGINES = sizeof(choices) / sizeof(choices[0]), MAX_LEN = 4096 };

/* A block of GCM as a number: its first bit is the highest, and is the coefficient of 1. */
__extension__ typedef unsigned __int128 block;

static block from_bytes(const uint8_t *bytes, size_t len) {
  block value = 0;
  for (size_t i = 0; i < 16; i++) {
    value = value << 8 | (i < len ? bytes[i] : 0);
  }
  return value;
}

static void to_bytes(uint8_t bytes[16], block value) {
  for (size_t i = 16; i-- > 0; value >>= 8) {
    bytes[i] = (uint8_t)value;
  }
}

static block multiply(block a, block b) {
  block product = 0;
  for (int i = 127; i >= 0; i--) {
    product ^= (a >> i & 1) != 0 ? b : 0;
    b = b >> 1 ^ ((b & 1) != 0 ? (block)0xe1 << 120 : 0);
  }
  return product;
}

/* a to the power of 2^128 - 2. */
static block invert(block a) {
  block product = (block)1 << 127;
  for (int i = 1; i < 128; i++) {
    a = multiply(a, a);
    product = multiply(product, a);
  }
  return product;
}

static block hash(block state, block h, struct bulla_span bytes) {
  for (size_t i = 0; i < bytes.len; i += 16) {
    state = multiply(state ^ from_bytes(bytes.data + i, bytes.len - i), h);
  }
  return state;
}

static block lengths(size_t data_len, size_t len) {
  return (block)data_len << 67 | (block)len << 3;
}

/* A key, with libgcrypt's AES and an expanded one of each engine that is here. */
struct house {
  uint8_t key[32];
  gcry_cipher_hd_t aes;
  block h;
  struct bulla_aead *aeads[NUM_ENGINES];
};

static block encrypt(const struct house *house, block value) {
  uint8_t bytes[16];
  to_bytes(bytes, value);
  cr_assert_eq(gcry_cipher_encrypt(house->aes, bytes, sizeof(bytes), NULL, 0), 0);
  return from_bytes(bytes, sizeof(bytes));
}

static void build(struct house *house) {
  cr_assert_not_null(gcry_check_version(NULL));
  cr_assert_eq(gcry_cipher_open(&house->aes, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_ECB, 0), 0);
  cr_assert_eq(gcry_cipher_setkey(house->aes, house->key, sizeof(house->key)), 0);
  house->h = encrypt(house, 0);
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    enum bulla_status status = bulla_engine_choose(choices[i]);
    if (status == BULLA_UNSUPPORTED) {
      (void)fprintf(stderr, "SKIPPED: engine %s: this processor has it not\n", names[i]);
      continue;
    }
    TEST_OK(status);
    TEST_OK(bulla_aead_new(&house->aeads[i], bulla_span(house->key, sizeof(house->key))));
  }
}

static void leave(struct house *house) {
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    bulla_aead_free(&house->aeads[i]);
  }
  gcry_cipher_close(house->aes);
}

/* The counter increases in its last 32 bits alone (§6.2). */
static block counter(block j0, size_t num) {
  return (j0 & ~(block)UINT32_MAX) | (uint32_t)((uint32_t)j0 + num);
}

/* Has every engine seal |plaintext| and open it, with each way to split |data|, and compares it with the standard. */
static void check(const struct house *house, struct bulla_span nonce, block j0, struct bulla_span plaintext,
                  struct bulla_span data, const char *what, size_t number) {
  static uint8_t wanted[MAX_LEN];
  static uint8_t out[MAX_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  uint8_t made[BULLA_TAG_LEN];
  for (size_t i = 0; i < plaintext.len; i++) {
    uint8_t stream[16];
    if (i % 16 == 0) {
      to_bytes(stream, encrypt(house, counter(j0, 1 + i / 16)));
    }
    wanted[i] = plaintext.data[i] ^ stream[i % 16];
  }
  struct bulla_span ciphertext = bulla_span(wanted, plaintext.len);
  block state = hash(hash(0, house->h, data), house->h, ciphertext);
  to_bytes(tag, multiply(state ^ lengths(data.len, plaintext.len), house->h) ^ encrypt(house, j0));
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    if (house->aeads[i] == NULL) {
      continue;
    }
    TEST_OK(bulla_aead_seal(house->aeads[i], out, made, nonce, plaintext, data));
    TEST_SPAN(bulla_span(out, plaintext.len), ciphertext, "%s: %s %zu", names[i], what, number);
    TEST_SPAN(bulla_span(made, sizeof(made)), bulla_span(tag, sizeof(tag)), "%s: %s %zu", names[i], what, number);
    memset(out, 0xa5, plaintext.len);
    TEST_OK(bulla_aead_open(house->aeads[i], out, nonce, ciphertext, bulla_span(tag, sizeof(tag)), data));
    TEST_SPAN(bulla_span(out, plaintext.len), plaintext, "%s: %s %zu", names[i], what, number);
  }
}

static void check_short_nonce(const struct house *house, struct bulla_span plaintext, struct bulla_span data,
                              const char *what, size_t number) {
  const uint8_t nonce[12] = {0xca, 0xfe, 0xba, 0xbe};
  check(house, bulla_span(nonce, sizeof(nonce)), from_bytes(nonce, sizeof(nonce)) | 1, plaintext, data, what, number);
}

/* J0 = ((N H) + [0]64 [128]64) H for a nonce N of one block (§7.1): so there is one for each J0. */
static block nonce_for(const struct house *house, block j0) {
  block inverse = invert(house->h);
  return multiply(multiply(j0, inverse) ^ lengths(0, 16), inverse);
}

Test(engine, the_counter_wraps_around_in_its_last_32_bits) {
  struct house house = {.key = "the counter wraps around"};
  build(&house);
  struct bulla_span plaintext = test_filled('p', MAX_LEN);
  for (uint32_t to_wrap = 0; to_wrap <= 72; to_wrap++) {
    block j0 = (block)0xfedcba9876543210 << 64 | (block)UINT32_MAX << 32 | (uint32_t)-to_wrap;
    uint8_t nonce[16];
    to_bytes(nonce, nonce_for(&house, j0));
    for (plaintext.len = 0; plaintext.len <= MAX_LEN; plaintext.len += 1 + 5 * plaintext.len / 4) {
      check(&house, bulla_span(nonce, sizeof(nonce)), j0, plaintext, test_text("data"), "blocks before it", to_wrap);
    }
  }
  leave(&house);
}

/* Each byte of the counter carries into the next. */
Test(engine, the_counter_carries_from_byte_to_byte) {
  struct house house = {.key = "the counter carries"};
  build(&house);
  struct bulla_span plaintext = test_filled(0, 1100);
  for (uint32_t bits = 8; bits < 32; bits += 8) {
    for (uint32_t before = 1; before <= 66; before += 1 + before / 3) {
      block j0 = (UINT32_C(1) << bits) - before;
      uint8_t nonce[16];
      to_bytes(nonce, nonce_for(&house, j0));
      check(&house, bulla_span(nonce, sizeof(nonce)), j0, plaintext, test_text(""), "blocks before a carry", before);
    }
  }
  leave(&house);
}

/* Keys were searched, 2^28 of them, for hash keys with long runs of equal bits, the fewest and the most ones. */
Test(engine, hash_keys_of_special_form) {
  static const struct {
    uint32_t key;
    uint64_t h[2];
  } rows[] = {
      {0x0e1c39a0, {0x000000009b95bead, 0x038256c0b966844d}}, {0x0b55894a, {0x2626510ea4d9a467, 0x8a5adb9a08000000}},
      {0x0398a269, {0x84da214b60000000, 0x13f2ce2b2cf8ca25}}, {0x0a485200, {0xbb5984cc84df901b, 0x0000000cfd6e2dba}},
      {0x0dbf2f83, {0x04a00882240b9c54, 0x056400800100014f}}, {0x04e5d1f3, {0xffb7f5ff8ff8fcc7, 0x1e77dbff2ff7bfe9}},
      {0x024fe330, {0xfffffffad19d8c46, 0x2a7e817a63739596}}, {0x02e52738, {0x6ea374eb134c4cf3, 0x68da94c00fffffff}},
  };
  for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
    struct house house = {.key = {[28] = (uint8_t)(rows[row].key >> 24),
                                  (uint8_t)(rows[row].key >> 16),
                                  (uint8_t)(rows[row].key >> 8),
                                  (uint8_t)rows[row].key}};
    build(&house);
    cr_assert(house.h == ((block)rows[row].h[0] << 64 | rows[row].h[1]), "row %zu has another hash key", row);
    for (size_t len = 0; len <= 1100; len += 1 + len / 7) {
      check_short_nonce(&house, test_filled(0xff, len), test_filled(0, 82), "row", row);
      check_short_nonce(&house, test_filled(0, len % 100), test_filled(0xff, len), "row", row);
    }
    leave(&house);
  }
}

/* Sets the block at |place| so that GHASH is |state| behind it. */
static void force(const struct house *house, uint8_t *ciphertext, size_t place, block state) {
  block before = hash(0, house->h, bulla_span(ciphertext, place));
  to_bytes(ciphertext + place, multiply(state, invert(house->h)) ^ before);
}

/* What is hashed is chosen so that after any block, wherever it is among those that are multiplied together, there is
 * nothing, one bit, or nothing but ones. */
Test(engine, intermediate_hashes_of_special_form) {
  static const block halves[] = {0, 1, (block)1 << 63, UINT64_MAX, 0xc200000000000000, 0x8000000000000001};
  struct house house = {.key = "intermediate hashes"};
  build(&house);
  uint8_t bytes[1200];
  for (size_t row = 0; row < 36; row++) {
    block state = halves[row / 6] << 64 | halves[row % 6];
    for (size_t place = 0; place < sizeof(bytes); place += 16 + place / 64 * 16) {
      memset(bytes, (int)row, sizeof(bytes));
      force(&house, bytes, place, state);
      check_short_nonce(&house, test_text("p"), bulla_span(bytes, sizeof(bytes)), "as data, row", row);
      check_short_nonce(&house, test_text("p"), bulla_span(bytes, place + 16), "as the end of data, row", row);
      /* As ciphertext: what is sealed is what would open to it. */
      for (size_t i = 0; i < sizeof(bytes); i += 16) {
        block stream = encrypt(&house, counter((block)0xcafebabe << 96 | 1, 1 + i / 16));
        to_bytes(bytes + i, from_bytes(bytes + i, 16) ^ stream);
      }
      check_short_nonce(&house, bulla_span(bytes, sizeof(bytes)), test_text(""), "as ciphertext, row", row);
    }
  }
  leave(&house);
}

/* Keys of 16 and 24 bytes are BoringSSL's where an engine has none. */
Test(engine, all_take_every_length_of_key) {
  for (size_t key_len = 16; key_len <= 32; key_len += 8) {
    uint8_t sealed[NUM_ENGINES][100 + BULLA_TAG_LEN];
    for (size_t i = 0; i < NUM_ENGINES; i++) {
      struct bulla_aead *aead = NULL;
      if (bulla_engine_choose(choices[i]) == BULLA_UNSUPPORTED) {
        memcpy(sealed[i], sealed[0], sizeof(sealed[0]));
        continue;
      }
      TEST_OK(bulla_aead_new(&aead, test_filled(7, key_len)));
      TEST_OK(bulla_aead_seal(aead, sealed[i], sealed[i] + 100, test_filled(1, 12), test_filled('p', 100),
                              test_text("data")));
      bulla_aead_free(&aead);
      cr_expect(memcmp(sealed[i], sealed[0], sizeof(sealed[0])) == 0, "%s, key of %zu bytes", names[i], key_len);
    }
  }
}

Test(engine, data_in_two_parts_is_as_in_one) {
  struct house house = {.key = "data in two parts"};
  build(&house);
  struct bulla_span data = test_filled('d', 100);
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    for (size_t split = 0; house.aeads[i] != NULL && split <= data.len; split++) {
      const struct bulla_aad aad = {data.data, split, data.data + split, data.len - split};
      const uint8_t nonce[12] = {9};
      uint8_t one[40 + BULLA_TAG_LEN];
      uint8_t two[40 + BULLA_TAG_LEN];
      TEST_OK(bulla_aead_seal(house.aeads[i], one, one + 40, bulla_span(nonce, 12), test_filled('p', 40), data));
      TEST_OK(bulla_aead_seal_bound(house.aeads[i], two, two + 40, nonce, test_filled('p', 40), &aad));
      cr_assert(memcmp(one, two, sizeof(one)) == 0, "%s, split at %zu", names[i], split);
      TEST_OK(bulla_aead_open_bound(house.aeads[i], one, nonce, two + 40, bulla_span(two, 40), &aad));
      TEST_SPAN(bulla_span(one, 40), test_filled('p', 40), "%s, split at %zu", names[i], split);
      const struct bulla_aad other = {data.data, split, data.data + split, data.len - split - (split < data.len)};
      TEST_STATUS(bulla_aead_open_bound(house.aeads[i], one, nonce, two + 40, bulla_span(two, 40), &other),
                  split < data.len ? BULLA_REFUSED : BULLA_OK);
      cr_assert(split == data.len || test_zero(one, 40), "%s released something", names[i]);
    }
  }
  leave(&house);
}

Test(engine, a_wrapped_key_that_does_not_open_is_zeroed) {
  struct house house = {.key = "a wrapped key"};
  build(&house);
  const uint8_t nonce[BULLA_NONCE_LEN] = {9};
  struct bulla_span nonce_span = bulla_span(nonce, sizeof(nonce));
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    for (size_t len = 16; house.aeads[i] != NULL && len <= 64; len += 16) {
      uint8_t wrapped[64 + BULLA_TAG_LEN];
      uint8_t key[64];
      uint8_t *tag = wrapped + len;
      TEST_OK(bulla_aead_seal(house.aeads[i], wrapped, tag, nonce_span, test_filled('k', len), test_text("")));
      TEST_OK(bulla_aead_unwrap(house.aeads[i], key, nonce, tag, bulla_span(wrapped, len)));
      TEST_SPAN(bulla_span(key, len), test_filled('k', len), "%s", names[i]);
      for (size_t bit = 0; bit < 8 * (len + BULLA_TAG_LEN); bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
        memset(key, 'x', sizeof(key));
        TEST_STATUS(bulla_aead_unwrap(house.aeads[i], key, nonce, tag, bulla_span(wrapped, len)), BULLA_REFUSED);
        cr_assert(test_zero(key, len), "%s released something, bit %zu", names[i], bit);
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
      }
    }
    uint8_t key[65];
    memset(key, 'x', sizeof(key));
    if (house.aeads[i] != NULL) {
      TEST_STATUS(bulla_aead_unwrap(house.aeads[i], key, nonce, test_filled('t', 16).data, test_filled('w', 65)),
                  BULLA_REFUSED);
      cr_assert(test_zero(key, sizeof(key)), "%s: too long a key", names[i]);
    }
  }
  leave(&house);
}

Test(engine, a_choice_holds_for_keys_made_after_it_and_each_key_keeps_its_engine) {
  struct house house = {.key = "each key keeps its engine"};
  build(&house);
  TEST_OK(bulla_engine_choose(BULLA_ENGINE_AUTO));
  for (size_t i = 1; i < NUM_ENGINES; i++) {
    if (house.aeads[i] != NULL) {
      cr_expect_str_eq(bulla_engine_name(), names[i], "the fastest is not the default");
      break;
    }
  }
  cr_expect_gt(strlen(bulla_engine_version()), 0);
  TEST_OK(bulla_engine_choose(BULLA_ENGINE_BORINGSSL));
  cr_expect_str_eq(bulla_engine_name(), "boringssl");
  cr_expect(strncmp(bulla_engine_version(), "API ", 4) == 0 && atoi(bulla_engine_version() + 4) > 0);
  check_short_nonce(&house, test_filled('p', 100), test_text(""), "after a choice", 0);
  TEST_STATUS(bulla_engine_choose((enum bulla_engine_choice)7), BULLA_UNSUPPORTED);
  cr_expect_str_eq(bulla_engine_name(), "boringssl", "a choice that failed changed something");
  leave(&house);
}
