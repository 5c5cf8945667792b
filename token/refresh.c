/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Refreshing: a token that is still good for a younger one. The old claims are in the caller's room alone, the new
 * ones are composed in the room of the token: there is no other copy of either. */

#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "token/claims.h"
#include "token/compose.h"
#include "token/verifier.h"

static int64_t min(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Moves the times of |claims| on. */
static enum bulla_status renew(struct bulla_claims *claims, int64_t session, int64_t now) {
  int64_t lifetime = claims->exp - claims->iat;
  int64_t end = min(claims->orig_iat + session, BULLA_TIME_MAX);
  /* A minter's clock may be ahead by the leeway: time does not run backwards in a session. */
  claims->iat = now > claims->iat ? now : claims->iat;
  claims->exp = min(claims->iat + lifetime, end);
  return claims->exp > claims->iat ? BULLA_OK : bulla_explain(BULLA_EXPIRED, "its session has ended");
}

static enum bulla_status refresh(struct bulla_verifier *verifier, struct bulla_buffer *token,
                                 struct bulla_buffer *payload, struct bulla_span old, int64_t now) {
  struct bulla_claims claims;
  struct bulla_kid kid;
  BULLA_TRY(bulla_verifier_verify(verifier, &claims, kid.key_id, payload, old, now));
  BULLA_TRY(renew(&claims, verifier->options.session, now));
  kid.day = claims.iat / BULLA_SECONDS_PER_DAY;
  struct bulla_day_pin pin BULLA_CLEANUP(bulla_day_cache_release) = {0};
  BULLA_TRY(bulla_verifier_pin(verifier, &pin, &kid));
  struct bulla_buffer json;
  BULLA_TRY(bulla_compose_begin(&json, token, pin.key));
  return bulla_compose_end(token, &pin, &json, bulla_claims_refresh(&json, &claims, bulla_written(payload)));
}

enum bulla_status bulla_token_refresh(struct bulla_verifier *verifier, struct bulla_buffer *token,
                                      struct bulla_buffer *payload, struct bulla_span old, int64_t now) {
  struct bulla_outputs outputs BULLA_CLEANUP(bulla_outputs_end) = {BULLA_REFUSED, NULL, payload, token, 0};
  outputs.status = refresh(verifier, token, payload, old, now);
  return outputs.status;
}
