/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_aead_seal_bound and bulla_aead_open_bound through each engine.
 *
 * Input: four bytes, the lengths of key, nonce and additional data, and which bit to change; then these three, and
 * a plaintext. The first byte also says where the additional data is split.
 *
 * Oracle: all engines, nettle, and ipsec-mb where there is one, give the same ciphertext and tag, each engine opens it,
 * and none opens anything with that bit of tag or ciphertext changed. What a build or processor has not is left out. */

#include "core/crypto.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_ipsec_mb.h"

static const enum bulla_engine_choice choices[] = {BULLA_ENGINE_BORINGSSL, BULLA_ENGINE_VAES_512,
                                                   BULLA_ENGINE_VAES_256};
enum { NUM_ENGINES = sizeof(choices) / sizeof(choices[0]) };

/* What is sealed, but for the text. */
struct input {
  struct bulla_span key;
  struct bulla_span nonce;
  struct bulla_span plaintext;
  struct bulla_span aad;
  size_t split;
};

/* What one engine made of the input, in blocks of exactly its length. */
struct result {
  struct bulla_aead *aead;
  uint8_t *ciphertext;
  uint8_t tag[BULLA_TAG_LEN];
};

/* Parts of their own, so that AddressSanitizer sees where each ends. */
static struct bulla_aad split(const struct input *input) {
  uint8_t *head = fuzz_alloc(input->split);
  uint8_t *tail = fuzz_alloc(input->aad.len - input->split);
  memcpy(head, input->aad.data, input->split);
  memcpy(tail, input->aad.data + input->split, input->aad.len - input->split);
  return (struct bulla_aad){head, input->split, tail, input->aad.len - input->split};
}

static void free_aad(struct bulla_aad *aad) {
  free((void *)(uintptr_t)aad->head);
  free((void *)(uintptr_t)aad->tail);
}

/* Only nonces of 12 bytes come with additional data in two parts. */
static void seal(struct result *result, const struct input *input) {
  FUZZ_ASSERT(bulla_aead_new(&result->aead, input->key) == BULLA_OK);
  result->ciphertext = fuzz_alloc(input->plaintext.len);
  if (input->nonce.len == BULLA_NONCE_LEN) {
    struct bulla_aad aad = split(input);
    FUZZ_ASSERT(bulla_aead_seal_bound(result->aead, result->ciphertext, result->tag, input->nonce.data,
                                      input->plaintext, &aad) == BULLA_OK);
    free_aad(&aad);
  } else {
    FUZZ_ASSERT(bulla_aead_seal(result->aead, result->ciphertext, result->tag, input->nonce, input->plaintext,
                                input->aad) == BULLA_OK);
  }
}

static enum bulla_status open_one(const struct bulla_aead *aead, uint8_t *plaintext, const struct input *input,
                                  struct bulla_span ciphertext, const uint8_t *tag) {
  if (input->nonce.len != BULLA_NONCE_LEN) {
    return bulla_aead_open(aead, plaintext, input->nonce, ciphertext, bulla_span(tag, BULLA_TAG_LEN), input->aad);
  }
  struct bulla_aad aad = split(input);
  enum bulla_status status = bulla_aead_open_bound(aead, plaintext, input->nonce.data, tag, ciphertext, &aad);
  free_aad(&aad);
  return status;
}

/* Opens |ciphertext| with all, which must agree, and says whether it opened. */
static bool open(const struct result *results, size_t num, const struct input *input, struct bulla_span ciphertext,
                 const uint8_t *tag) {
  size_t num_opened = 0;
  for (size_t i = 0; i < num; i++) {
    struct bulla_buffer opened = bulla_buffer(fuzz_alloc(ciphertext.len), ciphertext.len);
    if (open_one(results[i].aead, opened.data, input, ciphertext, tag) == BULLA_OK) {
      FUZZ_ASSERT(bulla_span_equal(bulla_span(opened.data, ciphertext.len), input->plaintext));
      num_opened++;
    } else {
      FUZZ_ASSERT(fuzz_failed(&opened));
    }
    free(opened.data);
  }
  FUZZ_ASSERT(num_opened == 0 || num_opened == num);
  return num_opened > 0;
}

static void same(const struct result *result, const struct input *input, const uint8_t *ciphertext,
                 const uint8_t *tag) {
  FUZZ_ASSERT(memcmp(tag, result->tag, BULLA_TAG_LEN) == 0);
  FUZZ_ASSERT(memcmp(ciphertext, result->ciphertext, input->plaintext.len) == 0);
}

/* Compares what the first engine made with what others do. */
static void check_sealed(const struct result *result, const struct input *input) {
  struct model_gcm gcm;
  uint8_t *ciphertext = fuzz_alloc(input->plaintext.len);
  uint8_t tag[BULLA_TAG_LEN];
  model_gcm_set_key(&gcm, input->key);
  model_gcm_seal(&gcm, ciphertext, tag, input->nonce, input->plaintext, input->aad);
  same(result, input, ciphertext, tag);
  if (model_ipsec_mb_seal(ciphertext, tag, input->key, input->nonce, input->plaintext, input->aad)) {
    same(result, input, ciphertext, tag);
  }
  free(ciphertext);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  uint8_t lengths[4]; /* of key, nonce, additional data; the bit to change */
  uint8_t key_room[32];
  uint8_t nonce_room[64];
  uint8_t aad_room[UINT8_MAX];
  (void)fuzz_take(&in, lengths, sizeof(lengths));
  struct input input = {.key = fuzz_take(&in, key_room, 16 + 8 * (size_t)(lengths[0] % 3)),
                        .nonce = fuzz_take(&in, nonce_room, 1 + lengths[1] % sizeof(nonce_room)),
                        .aad = fuzz_take(&in, aad_room, lengths[2]),
                        .split = lengths[2] * (lengths[0] / 3U) / 85};
  input.plaintext = bulla_span(in.at, in.left);
  struct result results[NUM_ENGINES];
  size_t num = 0;
  for (size_t i = 0; i < NUM_ENGINES; i++) {
    if (bulla_engine_choose(choices[i]) == BULLA_OK) {
      seal(&results[num], &input);
      same(&results[0], &input, results[num].ciphertext, results[num].tag);
      num++;
    }
  }
  FUZZ_ASSERT(num > 0);
  struct bulla_span ciphertext = bulla_span(results[0].ciphertext, input.plaintext.len);
  uint8_t *tag = results[0].tag;
  check_sealed(&results[0], &input);
  FUZZ_ASSERT(open(results, num, &input, ciphertext, tag));

  uint8_t bit = (uint8_t)(1 << lengths[3] % 8);
  tag[lengths[3] / 8 % BULLA_TAG_LEN] ^= bit;
  FUZZ_ASSERT(!open(results, num, &input, ciphertext, tag));
  tag[lengths[3] / 8 % BULLA_TAG_LEN] ^= bit;
  if (ciphertext.len > 0) {
    results[0].ciphertext[lengths[3] % ciphertext.len] ^= bit;
    FUZZ_ASSERT(!open(results, num, &input, ciphertext, tag));
  }
  for (size_t i = 0; i < num; i++) {
    bulla_aead_free(&results[i].aead);
    free(results[i].ciphertext);
  }
  return 0;
}
