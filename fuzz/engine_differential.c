/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_aead_seal and bulla_aead_open through each engine.
 *
 * Input: four bytes, the lengths of key, nonce and additional data, and which bit to change; then these three, and
 * a plaintext.
 *
 * Oracle: both engines and nettle give the same ciphertext and tag, each engine opens it, and neither opens
 * anything with that bit of tag or ciphertext changed. Where a build or processor has one engine alone, it is
 * compared with nettle. */

#include "core/crypto.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"

enum { NUM_ENGINES = 2 };

static const enum bulla_engine_choice choices[NUM_ENGINES] = {BULLA_ENGINE_BORINGSSL, BULLA_ENGINE_IPSEC_MB};

/* What one engine made of the input, in blocks of exactly its length. */
struct result {
  struct bulla_aead *aead;
  uint8_t *ciphertext;
  uint8_t tag[BULLA_TAG_LEN];
};

static void seal(struct result *result, enum bulla_engine_choice choice, struct bulla_span key, struct bulla_span nonce,
                 struct bulla_span plaintext, struct bulla_span aad) {
  if (bulla_engine_choose(choice) != BULLA_OK) {
    FUZZ_ASSERT(bulla_engine_choose(BULLA_ENGINE_AUTO) == BULLA_OK);
  }
  FUZZ_ASSERT(bulla_aead_new(&result->aead, key) == BULLA_OK);
  result->ciphertext = fuzz_alloc(plaintext.len);
  FUZZ_ASSERT(bulla_aead_seal(result->aead, result->ciphertext, result->tag, nonce, plaintext, aad) == BULLA_OK);
}

/* Opens |ciphertext| with both, which must agree, and says whether it opened. */
static bool open(const struct result *results, struct bulla_span nonce, struct bulla_span ciphertext,
                 struct bulla_span tag, struct bulla_span aad, struct bulla_span plaintext) {
  size_t num_opened = 0;
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    struct bulla_buffer opened = bulla_buffer(fuzz_alloc(ciphertext.len), ciphertext.len);
    if (bulla_aead_open(results[i].aead, opened.data, nonce, ciphertext, tag, aad) == BULLA_OK) {
      FUZZ_ASSERT(bulla_span_equal(bulla_span(opened.data, ciphertext.len), plaintext));
      num_opened++;
    } else {
      FUZZ_ASSERT(fuzz_failed(&opened));
    }
    free(opened.data);
  }
  FUZZ_ASSERT(num_opened == 0 || num_opened == NUM_ENGINES);
  return num_opened > 0;
}

/* Compares what the first engine made with what nettle does. */
static void check_sealed(const struct result *result, struct bulla_span key, struct bulla_span nonce,
                         struct bulla_span plaintext, struct bulla_span aad) {
  struct model_gcm gcm;
  uint8_t *ciphertext = fuzz_alloc(plaintext.len);
  uint8_t tag[BULLA_TAG_LEN];
  model_gcm_set_key(&gcm, key);
  model_gcm_seal(&gcm, ciphertext, tag, nonce, plaintext, aad);
  FUZZ_ASSERT(memcmp(tag, result->tag, sizeof(tag)) == 0);
  FUZZ_ASSERT(memcmp(ciphertext, result->ciphertext, plaintext.len) == 0);
  free(ciphertext);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  uint8_t lengths[4]; /* of key, nonce, additional data; the bit to change */
  uint8_t key_room[32];
  uint8_t nonce_room[64];
  uint8_t aad_room[UINT8_MAX];
  (void)fuzz_take(&in, lengths, sizeof(lengths));
  struct bulla_span key = fuzz_take(&in, key_room, 16 + 8 * (size_t)(lengths[0] % 3));
  struct bulla_span nonce = fuzz_take(&in, nonce_room, 1 + lengths[1] % sizeof(nonce_room));
  struct bulla_span aad = fuzz_take(&in, aad_room, lengths[2]);
  struct bulla_span plaintext = bulla_span(in.at, in.left);
  struct result results[NUM_ENGINES];
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    seal(&results[i], choices[i], key, nonce, plaintext, aad);
  }
  struct bulla_span ciphertext = bulla_span(results[0].ciphertext, plaintext.len);
  struct bulla_span tag = bulla_span(results[0].tag, BULLA_TAG_LEN);
  FUZZ_ASSERT(bulla_span_equal(ciphertext, bulla_span(results[1].ciphertext, plaintext.len)));
  FUZZ_ASSERT(bulla_span_equal(tag, bulla_span(results[1].tag, BULLA_TAG_LEN)));
  check_sealed(&results[0], key, nonce, plaintext, aad);
  FUZZ_ASSERT(open(results, nonce, ciphertext, tag, aad, plaintext));

  uint8_t bit = (uint8_t)(1 << lengths[3] % 8);
  results[0].tag[lengths[3] / 8 % BULLA_TAG_LEN] ^= bit;
  FUZZ_ASSERT(!open(results, nonce, ciphertext, tag, aad, plaintext));
  results[0].tag[lengths[3] / 8 % BULLA_TAG_LEN] ^= bit;
  if (plaintext.len > 0) {
    results[0].ciphertext[lengths[3] % plaintext.len] ^= bit;
    FUZZ_ASSERT(!open(results, nonce, ciphertext, tag, aad, plaintext));
  }
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    bulla_aead_free(&results[i].aead);
    free(results[i].ciphertext);
  }
  return 0;
}
