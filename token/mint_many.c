/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Minting many tokens under one API key, all or none. The processor's random word is there once a call (docs/FORMAT.md
 * §6); the day's key is found, and its seals are counted, once for those of one day in a row. */

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/nonce.h"
#include "token/claims.h"
#include "token/compose.h"
#include "token/minter.h"

/* So many in a row at most: whoever needs the place of the day's key for another day waits until it is released. */
enum { ROW_MAX = 64 };

/* The tokens of a call, and which of them is looked at. */
struct batch {
  struct bulla_buffer *tokens;
  const struct bulla_claims *const *claims;
  size_t num;
  size_t at;
  uint64_t fresh;
};

static int64_t day_of(const struct batch *batch, size_t i) {
  return batch->claims[i]->iat / BULLA_SECONDS_PER_DAY;
}

/* The end of those that are of one day in a row. */
static size_t row_end(const struct batch *batch) {
  size_t end = batch->at + 1;
  while (end < batch->num && end - batch->at < ROW_MAX && day_of(batch, end) == day_of(batch, batch->at)) {
    end++;
  }
  return end;
}

static enum bulla_status check_all(struct batch *batch) {
  for (batch->at = 0; batch->at < batch->num; batch->at++) {
    struct bulla_claims complete;
    const struct bulla_claims *claims = batch->claims[batch->at];
    BULLA_TRY(bulla_minter_check(&claims, &complete));
  }
  return BULLA_OK;
}

static enum bulla_status mint_one(struct batch *batch, const struct bulla_day_pin *pin) {
  struct bulla_claims complete;
  const struct bulla_claims *claims = batch->claims[batch->at];
  struct bulla_buffer *token = &batch->tokens[batch->at];
  BULLA_TRY(bulla_minter_check(&claims, &complete));
  struct bulla_buffer json;
  BULLA_TRY(bulla_compose_begin(&json, token, pin->key));
  return bulla_compose_counted(token, pin, batch->fresh + batch->at, &json, bulla_claims_write(&json, claims));
}

static enum bulla_status mint_row(struct batch *batch, struct bulla_minter *minter) {
  struct bulla_day_pin pin BULLA_CLEANUP(bulla_day_cache_release) = {0};
  BULLA_TRY(bulla_minter_pin(minter, &pin, batch->claims[batch->at]->iat));
  size_t end = row_end(batch);
  BULLA_TRY(bulla_count_seals(pin.seals, end - batch->at));
  for (; batch->at < end; batch->at++) {
    BULLA_TRY(mint_one(batch, &pin));
  }
  return BULLA_OK;
}

static enum bulla_status mint_all(struct batch *batch, struct bulla_minter *minter) {
  if (!bulla_day_cache_here(minter->days)) {
    return BULLA_FORKED;
  }
  BULLA_TRY(check_all(batch));
  batch->at = 0;
  while (batch->at < batch->num) {
    BULLA_TRY(mint_row(batch, minter));
  }
  return BULLA_OK;
}

enum bulla_status bulla_token_mint_many(struct bulla_minter *minter, struct bulla_buffer *tokens, size_t *failed,
                                        const struct bulla_claims *const *claims, size_t num_tokens) {
  struct batch batch = {.tokens = tokens, .claims = claims, .num = num_tokens, .fresh = bulla_fresh_word()};
  enum bulla_status status = mint_all(&batch, minter);
  /* Of what another class says no token is at fault. */
  *failed = bulla_status_class(status) == BULLA_CLASS_USAGE ? batch.at : num_tokens;
  for (size_t i = 0; status != BULLA_OK && i < num_tokens; i++) {
    (void)bulla_fail(&tokens[i], status);
  }
  return status;
}
