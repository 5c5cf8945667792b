/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Engines: each gives the same bytes as the other, and refuses what the other refuses. */

#include "core/crypto.h"
#include "core/hex.h"
#include "tests/support.h"

enum { MAX_LEN = 4096, MAX_AAD = 256 };

static const enum bulla_engine_choice choices[] = {BULLA_ENGINE_BORINGSSL, BULLA_ENGINE_IPSEC_MB};
enum { NUM_ENGINES = sizeof(choices) / sizeof(choices[0]) };

static uint8_t noise[MAX_LEN + MAX_AAD + 64];
static uint8_t sealed[NUM_ENGINES][MAX_LEN];
static uint8_t tags[NUM_ENGINES][BULLA_TAG_LEN];
static uint8_t opened[MAX_LEN];

/* One expanded key of every engine, or a skip. */
static void make(struct bulla_aead *aeads[NUM_ENGINES], struct bulla_span key) {
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    if (bulla_engine_choose(choices[i]) == BULLA_UNSUPPORTED) {
      cr_skip_test("this build or processor has one engine only");
    }
    TEST_OK(bulla_aead_new(&aeads[i], key));
  }
}

static void release(struct bulla_aead *aeads[NUM_ENGINES]) {
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    bulla_aead_free(&aeads[i]);
  }
}

/* Seals with both, opens each one's with the other, and refuses a wrong tag with both. */
static void compare(struct bulla_aead *aeads[NUM_ENGINES], struct bulla_span nonce, struct bulla_span plaintext,
                    struct bulla_span aad) {
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    TEST_OK(bulla_aead_seal(aeads[i], sealed[i], tags[i], nonce, plaintext, aad));
  }
  cr_assert(memcmp(sealed[0], sealed[1], plaintext.len) == 0, "%zu bytes, %zu of additional data", plaintext.len,
            aad.len);
  cr_assert(memcmp(tags[0], tags[1], BULLA_TAG_LEN) == 0, "%zu bytes, %zu of additional data", plaintext.len, aad.len);
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    struct bulla_span ciphertext = bulla_span(sealed[1 - i], plaintext.len);
    TEST_OK(bulla_aead_open(aeads[i], opened, nonce, ciphertext, bulla_span(tags[1 - i], BULLA_TAG_LEN), aad));
    cr_assert(memcmp(opened, plaintext.data, plaintext.len) == 0, "%zu bytes", plaintext.len);
    tags[1 - i][(plaintext.len + aad.len) % BULLA_TAG_LEN] ^= (uint8_t)(1 << plaintext.len % 8);
    TEST_STATUS(bulla_aead_open(aeads[i], opened, nonce, ciphertext, bulla_span(tags[1 - i], BULLA_TAG_LEN), aad),
                BULLA_REFUSED);
    cr_assert(plaintext.len == 0 || (opened[0] == 0 && opened[plaintext.len - 1] == 0), "%zu bytes", plaintext.len);
  }
}

static void fill_noise(void) {
  TEST_OK(bulla_random(noise, sizeof(noise)));
}

Test(engine, both_agree_on_every_length_to_4096_with_every_length_of_additional_data_to_256, .init = fill_noise,
     .timeout = 300) {
  struct bulla_aead *aeads[NUM_ENGINES];
  make(aeads, bulla_span(noise, 32));
  for (size_t len = 0; len <= MAX_LEN; len++) {
    for (size_t aad_len = 0; aad_len <= MAX_AAD; aad_len++) {
      compare(aeads, bulla_span(noise + aad_len % 32, 12), bulla_span(noise + 32, len),
              bulla_span(noise + len % 32, aad_len));
    }
  }
  release(aeads);
}

Test(engine, both_agree_on_every_length_of_nonce_and_key, .init = fill_noise) {
  for (size_t key_len = 16; key_len <= 32; key_len += 8) {
    struct bulla_aead *aeads[NUM_ENGINES];
    make(aeads, bulla_span(noise, key_len));
    for (size_t nonce_len = 1; nonce_len <= 200; nonce_len++) {
      for (size_t len = 0; len <= 300; len += 37) {
        compare(aeads, bulla_span(noise + 32, nonce_len), bulla_span(noise + 300, len), bulla_span(noise + 7, 20));
      }
    }
    release(aeads);
  }
}

Test(engine, both_work_in_place_and_at_every_alignment, .init = fill_noise) {
  struct bulla_aead *aeads[NUM_ENGINES];
  make(aeads, bulla_span(noise, 32));
  struct bulla_span nonce = bulla_span(noise + 1, 12);
  struct bulla_span aad = bulla_span(noise + 3, 5);
  for (size_t shift = 0; shift < 64; shift++) {
    struct bulla_span plaintext = bulla_span(noise + shift, 1000);
    for (size_t i = 0; i < NUM_ENGINES; i++) {
      uint8_t room[1100];
      uint8_t *bytes = room + shift;
      memcpy(bytes, plaintext.data, plaintext.len);
      TEST_OK(bulla_aead_seal(aeads[i], bytes, tags[i], nonce, bulla_span(bytes, 1000), aad));
      TEST_OK(bulla_aead_seal(aeads[1 - i], sealed[0], tags[1 - i], nonce, plaintext, aad));
      cr_assert(memcmp(bytes, sealed[0], 1000) == 0 && memcmp(tags[0], tags[1], BULLA_TAG_LEN) == 0);
      TEST_OK(
          bulla_aead_open(aeads[i], bytes, nonce, bulla_span(bytes, 1000), bulla_span(tags[0], BULLA_TAG_LEN), aad));
      cr_assert(memcmp(bytes, plaintext.data, 1000) == 0);
    }
  }
  release(aeads);
}

Test(engine, a_choice_holds_for_keys_made_after_it_and_each_key_keeps_its_engine, .init = fill_noise) {
  struct bulla_aead *aeads[NUM_ENGINES];
  make(aeads, bulla_span(noise, 32));
  cr_expect_str_eq(bulla_engine_name(), "ipsec-mb");
  cr_expect(strspn(bulla_engine_version(), "v0123456789.") >= 5, "%s", bulla_engine_version());
  TEST_OK(bulla_engine_choose(BULLA_ENGINE_BORINGSSL));
  cr_expect_str_eq(bulla_engine_name(), "boringssl");
  cr_expect(strncmp(bulla_engine_version(), "API ", 4) == 0 && atoi(bulla_engine_version() + 4) > 0);
  compare(aeads, bulla_span(noise, 12), bulla_span(noise, 100), bulla_span(NULL, 0));
  TEST_STATUS(bulla_engine_choose((enum bulla_engine_choice)7), BULLA_UNSUPPORTED);
  cr_expect_str_eq(bulla_engine_name(), "boringssl", "a choice that failed changed something");
  release(aeads);
}
