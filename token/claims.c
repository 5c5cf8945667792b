/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What callers ask of claims that they have. */

#include "token/claims.h"

bool bulla_claims_permit(const struct bulla_claims *claims, struct bulla_span permission) {
  struct bulla_span rest = claims->perms;
  struct bulla_json_value element;
  while (bulla_json_next(&rest, &element)) {
    if (bulla_json_equal(&element, permission)) {
      return true;
    }
  }
  return false;
}

int64_t bulla_claims_session_end(const struct bulla_claims *claims) {
  int64_t end = claims->orig_iat + BULLA_SESSION_MAX;
  return (claims->exp > end ? claims->exp : end) + BULLA_TOKEN_LEEWAY_MAX;
}
