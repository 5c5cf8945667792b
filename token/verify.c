/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Verifying: from a token to claims that may be believed. Length, dots, header, day, key, tag, and only then the
 * claims; and of a token that is good by them, whether it has been revoked. */

#include <string.h>

#include "core/cleanup.h"
#include "core/jwe_compact.h"
#include "core/log.h"
#include "token/claims.h"
#include "token/verifier.h"

static bool satisfies(struct bulla_span claim, struct bulla_span expected) {
  return expected.len == 0 || bulla_span_equal(claim, expected);
}

/* Judges claims that are authentic and of the tenant that owns the key. */
static enum bulla_status judge(const struct bulla_verifier_options *options, const struct bulla_claims *claims,
                               int64_t now) {
  if (!satisfies(claims->aud, options->aud)) {
    return bulla_explain(BULLA_CLAIM_REFUSED, "\"aud\" is not the required one");
  }
  if (!satisfies(claims->iss, options->iss)) {
    return bulla_explain(BULLA_CLAIM_REFUSED, "\"iss\" is not the required one");
  }
  if (now - options->leeway >= claims->exp) {
    return BULLA_EXPIRED;
  }
  int64_t latest = now + options->leeway;
  return latest < claims->iat || latest < claims->nbf ? BULLA_NOT_YET_VALID : BULLA_OK;
}

/* Reads the claims that |payload| holds; strings with escapes are unescaped behind them. */
static enum bulla_status read_claims(struct bulla_claims *claims, const struct bulla_buffer *payload,
                                     const struct bulla_day_key *key) {
  struct bulla_buffer scratch = bulla_buffer(payload->data + payload->len, payload->len);
  if (bulla_claims_read(claims, &scratch, bulla_written(payload)) != BULLA_OK ||
      claims->iat / BULLA_SECONDS_PER_DAY != key->day) {
    return BULLA_REFUSED;
  }
  claims->json = bulla_written(payload);
  return bulla_span_equal(claims->org, bulla_span(key->org, key->org_len))
             ? BULLA_OK
             : bulla_explain(BULLA_CLAIM_REFUSED, "\"org\" is not the tenant that owns its API key");
}

/* Opens an authentic token, if it may be one that is good at |now|. */
static enum bulla_status open_claims(struct bulla_verifier *verifier, struct bulla_claims *claims, uint8_t *key_id,
                                     struct bulla_buffer *payload, struct bulla_span token, int64_t now) {
  struct bulla_jwe_parts parts;
  if (token.len > BULLA_TOKEN_MAX) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_jwe_split(&parts, token));
  struct bulla_day_pin pin BULLA_CLEANUP(bulla_day_cache_release) = {0};
  BULLA_TRY(bulla_verifier_pin_header(verifier, &pin, parts.header, now));
  if (payload->size / 2 < parts.ciphertext.len / 4 * 3 + 3) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  BULLA_TRY(bulla_jwe_open(pin.key->aead, payload, &parts));
  memcpy(key_id, pin.key->key_id, BULLA_APIKEY_ID_LEN);
  return read_claims(claims, payload, pin.key);
}

enum bulla_status bulla_verifier_verify(struct bulla_verifier *verifier, struct bulla_claims *claims, uint8_t *key_id,
                                        struct bulla_buffer *payload, struct bulla_span token, int64_t now) {
  const struct bulla_verifier_options *options = &verifier->options;
  if (!bulla_day_cache_here(verifier->keys.days)) {
    return BULLA_FORKED;
  }
  if (now < 0 || now > BULLA_TIME_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(open_claims(verifier, claims, key_id, payload, token, now));
  BULLA_TRY(judge(options, claims, now));
  /* No key is pinned while the callback takes its time. */
  return options->is_revoked == NULL || claims->jti.len == 0
             ? BULLA_OK
             : options->is_revoked(verifier->arg, claims->org, claims->jti);
}

/* Where the claims are read to: what the caller gave, if it has the members of today, else |own|. It is cleared with
 * the other outputs from now on. Leaves NULL, and the status in |outputs|, if it is of no size. */
static struct bulla_claims *take_claims(struct bulla_outputs *outputs, struct bulla_claims *claims,
                                        struct bulla_claims *own) {
  outputs->status = bulla_sized_read(&outputs->claims_size, claims, BULLA_CLAIMS_MIN_SIZE, sizeof(*own));
  if (outputs->status != BULLA_OK) {
    return NULL;
  }
  outputs->status = BULLA_REFUSED;
  outputs->claims = claims;
  return outputs->claims_size == sizeof(*own) ? claims : own;
}

/* Ends a call that has read |read|, if it went well. */
static enum bulla_status give_claims(const struct bulla_outputs *outputs, const struct bulla_claims *read) {
  if (outputs->status == BULLA_OK && read != outputs->claims) {
    bulla_sized_give(outputs->claims, outputs->claims_size, read, sizeof(*read));
  }
  return outputs->status;
}

enum bulla_status bulla_token_verify(struct bulla_verifier *verifier, struct bulla_claims *claims,
                                     struct bulla_buffer *payload, struct bulla_span token, int64_t now) {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  struct bulla_claims own;
  struct bulla_outputs outputs BULLA_CLEANUP(bulla_outputs_end) = {BULLA_REFUSED, NULL, payload, NULL, 0};
  struct bulla_claims *read = take_claims(&outputs, claims, &own);
  if (read != NULL) {
    /* cppcheck-suppress ctuuninitvar ; it is written to alone */
    outputs.status = bulla_verifier_verify(verifier, read, key_id, payload, token, now);
  }
  return give_claims(&outputs, read);
}

enum bulla_status bulla_token_authenticate(struct bulla_verifier *verifier, struct bulla_claims *claims,
                                           struct bulla_buffer *payload, struct bulla_span token) {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  struct bulla_claims own;
  struct bulla_outputs outputs BULLA_CLEANUP(bulla_outputs_end) = {BULLA_REFUSED, NULL, payload, NULL, 0};
  struct bulla_claims *read = take_claims(&outputs, claims, &own);
  if (read != NULL) {
    outputs.status = BULLA_FORKED;
    if (bulla_day_cache_here(verifier->keys.days)) {
      /* cppcheck-suppress ctuuninitvar ; it is written to alone */
      outputs.status = open_claims(verifier, read, key_id, payload, token, BULLA_AT_ANY_TIME);
    }
  }
  return give_claims(&outputs, read);
}
