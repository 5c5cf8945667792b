/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The verifier, as verifying and refreshing share it. */

#ifndef BULLA_TOKEN_VERIFIER_H
#define BULLA_TOKEN_VERIFIER_H

#include "core/sized.h"
#include "token/known_keys.h"

#define BULLA_EXPECTED_MAX 256 /* bytes of an audience or issuer that a verifier insists on */

struct bulla_verifier {
  struct bulla_verifier_options options; /* spans are of what is kept below */
  void *arg;                             /* of the functions */
  uint8_t expected[2 * BULLA_EXPECTED_MAX];
  struct bulla_known_keys keys;
};

/* Which key a token is under: what its "kid" says. */
struct bulla_kid {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  int64_t day;
};

/* bulla_kid_read fills |kid| from the base64url of a token's header, or returns BULLA_REFUSED if it is not the
 * header of a token. */
BULLA_NODISCARD enum bulla_status bulla_kid_read(struct bulla_kid *kid, struct bulla_span header);

/* bulla_verifier_pin makes |pin| of the key that |kid| names, and bulla_verifier_pin_header of the one that
 * |header| does if it may be good at |now|, or at any time where |now| is BULLA_AT_ANY_TIME. Statuses as of
 * bulla_known_keys_pin, and BULLA_REFUSED for a header that is none; no other pin may be held. */
#define BULLA_AT_ANY_TIME (-1)
BULLA_NODISCARD enum bulla_status bulla_verifier_pin(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                                     const struct bulla_kid *kid);
BULLA_NODISCARD enum bulla_status bulla_verifier_pin_header(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                                            struct bulla_span header, int64_t now);

/* The outputs of a call. bulla_outputs_end, which fits BULLA_CLEANUP, clears them unless |status| is BULLA_OK:
 * also where a callback is left by an exception. */
struct bulla_outputs {
  enum bulla_status status;    /* not BULLA_OK before the call has ended well */
  struct bulla_claims *claims; /* of a size that was checked; NULL if the call has none */
  struct bulla_buffer *payload;
  struct bulla_buffer *token; /* NULL if the call has none */
};

static inline void bulla_outputs_end(struct bulla_outputs *outputs) {
  if (outputs->status == BULLA_OK) {
    return;
  }
  if (outputs->claims != NULL) {
    bulla_sized_clear(outputs->claims);
  }
  if (outputs->token != NULL) {
    (void)bulla_fail(outputs->token, outputs->status);
  }
  (void)bulla_fail(outputs->payload, outputs->status);
}

/* bulla_verifier_verify is bulla_token_verify that also fills the BULLA_APIKEY_ID_LEN bytes of |key_id|, and
 * leaves it to the caller to clear the outputs when it fails. */
BULLA_NODISCARD enum bulla_status bulla_verifier_verify(struct bulla_verifier *verifier, struct bulla_claims *claims,
                                                        uint8_t *key_id, struct bulla_buffer *payload,
                                                        struct bulla_span token, int64_t now);

#endif
