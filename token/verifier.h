/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The verifier, shared by verifying and refreshing. */

#ifndef BULLA_TOKEN_VERIFIER_H
#define BULLA_TOKEN_VERIFIER_H

#include "core/sized.h"
#include "token/known_keys.h"

#define BULLA_EXPECTED_MAX 256 /* bytes of a required audience or issuer */

struct bulla_verifier {
  struct bulla_verifier_options options; /* spans point to |expected| */
  void *arg;                             /* passed to the callbacks */
  uint8_t expected[2 * BULLA_EXPECTED_MAX];
  struct bulla_known_keys keys;
};

/* The key of a token, as its "kid" names it. */
struct bulla_kid {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  int64_t day;
};

/* bulla_kid_read fills |kid| from the base64url of a token's header, or returns BULLA_REFUSED if it is not one. */
BULLA_NODISCARD enum bulla_status bulla_kid_read(struct bulla_kid *kid, struct bulla_span header);

/* bulla_verifier_pin pins the key that |kid| names; bulla_verifier_pin_header the one that |header| names, if its day
 * can be valid at |now|, or any day if |now| is BULLA_AT_ANY_TIME. Statuses as for bulla_known_keys_pin, and
 * BULLA_REFUSED for a bad header. The caller must hold no other pin. */
#define BULLA_AT_ANY_TIME (-1)
BULLA_NODISCARD enum bulla_status bulla_verifier_pin(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                                     const struct bulla_kid *kid);
BULLA_NODISCARD enum bulla_status bulla_verifier_pin_header(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                                            struct bulla_span header, int64_t now);

/* The outputs of a call. bulla_outputs_end, for BULLA_CLEANUP, clears them unless |status| is BULLA_OK, also when an
 * exception leaves a callback. */
struct bulla_outputs {
  enum bulla_status status;    /* BULLA_OK only once the call has succeeded */
  struct bulla_claims *claims; /* of a size that was checked; NULL if the call has none */
  struct bulla_buffer *payload;
  struct bulla_buffer *token; /* NULL if the call has none */
  size_t claims_size;         /* of |claims|, as it was checked */
};

static inline void bulla_outputs_end(struct bulla_outputs *outputs) {
  if (outputs->status == BULLA_OK) {
    return;
  }
  if (outputs->claims != NULL) {
    bulla_sized_clear(outputs->claims, outputs->claims_size);
  }
  if (outputs->token != NULL) {
    (void)bulla_fail(outputs->token, outputs->status);
  }
  (void)bulla_fail(outputs->payload, outputs->status);
}

/* bulla_verifier_verify is bulla_token_verify that also fills the BULLA_APIKEY_ID_LEN bytes of |key_id|. The caller
 * clears the outputs if it fails. */
BULLA_NODISCARD enum bulla_status bulla_verifier_verify(struct bulla_verifier *verifier, struct bulla_claims *claims,
                                                        uint8_t *key_id, struct bulla_buffer *payload,
                                                        struct bulla_span token, int64_t now);

#endif
