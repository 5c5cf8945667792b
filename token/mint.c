/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Minting: claims, composed in the caller's buffer and encrypted where they stand. */

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "token/claims.h"
#include "token/compose.h"
#include "token/minter.h"

enum { NUM_DAYS = 2 }; /* today's key, and yesterday's around midnight */

enum bulla_status bulla_minter_new(struct bulla_minter **minter, const struct bulla_apikey *apikey) {
  *minter = NULL;
  struct bulla_span root = bulla_secret_bytes(bulla_apikey_token_root(apikey));
  if (root.len == 0) {
    return BULLA_FORKED;
  }
  struct bulla_minter *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(made->key_id, bulla_apikey_id(apikey).data, BULLA_APIKEY_ID_LEN);
  enum bulla_status status = bulla_secret_copy(&made->root, root);
  if (status == BULLA_OK) {
    status = bulla_day_cache_new(&made->days, NUM_DAYS);
  }
  if (status != BULLA_OK) {
    bulla_minter_free(&made);
  }
  *minter = made;
  return status;
}

void bulla_minter_free(struct bulla_minter **minter) {
  struct bulla_minter *handle = *minter;
  if (handle == NULL) {
    return;
  }
  bulla_day_cache_free(&handle->days);
  bulla_secret_free(&handle->root);
  free(handle);
  *minter = NULL;
}

enum bulla_status bulla_minter_pin(struct bulla_minter *minter, struct bulla_day_pin *pin, int64_t iat) {
  int64_t day = iat / BULLA_SECONDS_PER_DAY;
  uint64_t tag = (uint64_t)day + 1;
  *pin = bulla_day_cache_find(minter->days, tag, bulla_span(NULL, 0));
  if (pin->key == NULL) {
    struct bulla_day_key key = {0};
    bulla_day_key_name(&key, bulla_span(minter->key_id, BULLA_APIKEY_ID_LEN), day);
    BULLA_TRY(bulla_day_key_derive(&key, minter->root));
    *pin = bulla_day_cache_insert(minter->days, tag, &key);
  }
  return BULLA_OK;
}

static bool times_are_in_bounds(const struct bulla_claims *claims) {
  return claims->iat >= 0 && claims->iat <= BULLA_TIME_MAX - BULLA_TOKEN_LIFETIME_MAX && claims->exp > claims->iat &&
         claims->exp - claims->iat <= BULLA_TOKEN_LIFETIME_MAX && claims->nbf >= 0 && claims->nbf < claims->exp;
}

enum bulla_status bulla_minter_check(const struct bulla_claims **claims, struct bulla_claims *complete) {
  const struct bulla_claims *given = *claims;
  if (given->size != sizeof(*given)) {
    BULLA_TRY(bulla_sized_take(complete, sizeof(*complete), given, BULLA_CLAIMS_MIN_SIZE));
    *claims = given = complete;
  }
  if (given->exp == 0 && given->iat <= BULLA_TIME_MAX) {
    *complete = *given;
    complete->exp = given->iat + BULLA_TOKEN_LIFETIME;
    *claims = given = complete;
  }
  if (given->org.len == 0 || given->org.len > BULLA_TOKEN_ORG_MAX) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "\"org\" is missing, or longer than %d bytes", BULLA_TOKEN_ORG_MAX);
  }
  if (given->sub.len == 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "\"sub\" is missing");
  }
  return times_are_in_bounds(given)
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_ARGUMENT, "\"iat\", \"exp\" or \"nbf\" is out of bounds");
}

static enum bulla_status mint(struct bulla_minter *minter, struct bulla_buffer *token,
                              const struct bulla_claims *claims) {
  struct bulla_claims complete;
  if (!bulla_day_cache_here(minter->days)) {
    return BULLA_FORKED;
  }
  BULLA_TRY(bulla_minter_check(&claims, &complete));
  struct bulla_day_pin pin BULLA_CLEANUP(bulla_day_cache_release) = {0};
  BULLA_TRY(bulla_minter_pin(minter, &pin, claims->iat));
  struct bulla_buffer json;
  BULLA_TRY(bulla_compose_begin(&json, token, pin.key));
  return bulla_compose_end(token, &pin, &json, bulla_claims_write(&json, claims));
}

enum bulla_status bulla_token_mint(struct bulla_minter *minter, struct bulla_buffer *token,
                                   const struct bulla_claims *claims) {
  enum bulla_status status = mint(minter, token, claims);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(token, status);
}
