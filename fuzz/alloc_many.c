/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Calls that seal and mint many, for fuzz/alloc_calls.c. */

#include <bulla/token.h>

#include "core/cursor.h"
#include "fuzz/alloc_calls.h"

enum { NUM = 3, ROOM = 128 };

/* No message is at fault where memory fails. */
static enum bulla_status check_all(enum bulla_status status, struct bulla_buffer *outputs, size_t failed) {
  FUZZ_ASSERT(failed == NUM);
  for (size_t i = 0; i < NUM; i++) {
    FUZZ_ASSERT((status == BULLA_OK) == (outputs[i].len > 0));
    (void)fuzz_check_output(status, &outputs[i], bulla_span(NULL, 0));
  }
  return status;
}

enum bulla_status fuzz_seal_many(void) {
  static const struct bulla_span plaintexts[NUM] = {
      {(const uint8_t *)"secret", 6}, {(const uint8_t *)"", 0}, {(const uint8_t *)"s", 1}};
  static int round;
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  uint8_t rooms[NUM][ROOM];
  struct bulla_buffer blobs[NUM];
  size_t failed = 0;
  TRY_MADE(bulla_secret_random(&material, BULLA_KEY_LEN), material);
  TRY_MADE(bulla_key_new(&key, round++ % 2 == 0 ? BULLA_XAES_256_GCM : BULLA_AES_256_GCM, material), key);
  for (size_t i = 0; i < NUM; i++) {
    blobs[i] = fuzz_room_in(rooms[i], ROOM);
  }
  enum bulla_status status = bulla_seal_many(key, blobs, &failed, plaintexts, NULL, NUM);
  return check_all(status, blobs, failed);
}

/* Of two days, the first of which is found again. */
enum bulla_status fuzz_mint_many(void) {
  static uint8_t rooms[NUM][BULLA_TOKEN_MAX];
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_minter *minter BULLA_CLEANUP(bulla_minter_free) = NULL;
  struct bulla_claims claims[NUM];
  const struct bulla_claims *pointers[NUM];
  struct bulla_buffer tokens[NUM];
  size_t failed = 0;
  BULLA_TRY(bulla_apikey_generate(&apikey, &string));
  TRY_MADE(bulla_minter_new(&minter, apikey), minter);
  for (size_t i = 0; i < NUM; i++) {
    claims[i] = (struct bulla_claims){.size = sizeof(struct bulla_claims),
                                      .org = BULLA_LITERAL("acme"),
                                      .sub = BULLA_LITERAL("alice"),
                                      .iat = 1700000000 + (i == 1 ? 86400 : 0)};
    pointers[i] = &claims[i];
    tokens[i] = fuzz_room_in(rooms[i], BULLA_TOKEN_MAX);
  }
  enum bulla_status status = bulla_token_mint_many(minter, tokens, &failed, pointers, NUM);
  return check_all(status, tokens, failed);
}
