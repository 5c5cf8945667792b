/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Verifying: from a token to claims that may be believed.
 *
 * Length, dots, header, day, key, tag, and only then the claims. A header that has been seen is found whole, by
 * its bytes, with its key; another one is read once. What the cache holds are keys that the callback gave, under
 * the one header that minting writes: a header that says the same in other bytes finds the same key, and none
 * makes the cache grow. */

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/jwe_compact.h"
#include "token/claims.h"
#include "token/day_cache.h"

enum { MAX_EXPECTED_LEN = 256, NUM_CACHED_DAYS = 256 };

struct bulla_verifier {
  bulla_token_key_fn find;
  void *find_arg;
  int64_t leeway;
  struct bulla_span aud; /* of what is kept below */
  struct bulla_span iss;
  uint8_t expected[2 * MAX_EXPECTED_LEN];
  struct bulla_day_cache *days;
};

enum bulla_status bulla_verifier_new(struct bulla_verifier **verifier,
                                     const struct bulla_verifier_options *options, bulla_token_key_fn find,
                                     void *arg) {
  *verifier = NULL;
  if (options->leeway < 0 || options->leeway > BULLA_TOKEN_LEEWAY_MAX || options->aud.len > MAX_EXPECTED_LEN ||
      options->iss.len > MAX_EXPECTED_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_verifier *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->find = find;
  made->find_arg = arg;
  made->leeway = options->leeway;
  struct bulla_buffer room = bulla_buffer(made->expected, sizeof(made->expected));
  struct bulla_writer out = bulla_writer(&room);
  bulla_put(&out, options->aud);
  bulla_put(&out, options->iss);
  made->aud = bulla_span(made->expected, options->aud.len);
  made->iss = bulla_span(made->expected + options->aud.len, options->iss.len);
  enum bulla_status status = bulla_day_cache_new(&made->days, NUM_CACHED_DAYS);
  if (status != BULLA_OK) {
    bulla_verifier_free(&made);
  }
  *verifier = made;
  return status;
}

void bulla_verifier_free(struct bulla_verifier **verifier) {
  struct bulla_verifier *handle = *verifier;
  if (handle == NULL) {
    return;
  }
  bulla_day_cache_free(&handle->days);
  free(handle);
  *verifier = NULL;
}

/* A tag for the cache: the end of a header is where the key id and the day stand. */
static uint64_t tag_of(struct bulla_span header) {
  uint64_t hash = header.len + 1;
  size_t from = header.len > 40 ? header.len - 40 : 0;
  for (size_t at = from; at + 8 <= header.len; at += 8) {
    uint64_t word;
    memcpy(&word, header.data + at, sizeof(word));
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
  }
  return hash == 0 ? 1 : hash;
}

/* The key id and the day that a header names. */
struct kid {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  int64_t day;
};

/* Reads "<key id>.<day>": 16 lower-case digits, a dot, a day without leading zeros and not past the last one. */
static bool read_kid(struct kid *kid, const struct bulla_json_value *value) {
  struct bulla_reader in = bulla_reader(value->text);
  struct bulla_span id;
  if (value->escaped || !bulla_take_until(&in, &id, '.') || !bulla_is_key_id(id) || in.left == 0 || in.left > 7 ||
      (in.left > 1 && *in.at == '0')) {
    return false;
  }
  memcpy(kid->key_id, id.data, BULLA_APIKEY_ID_LEN);
  struct bulla_json_value day = {.type = BULLA_JSON_NUMBER, .text = bulla_span(in.at, in.left)};
  return *in.at != '-' && bulla_json_int64(&kid->day, &day) && kid->day <= BULLA_TIME_MAX / BULLA_SECONDS_PER_DAY;
}

static enum bulla_status read_header(struct kid *kid, struct bulla_span digits) {
  struct bulla_jwe_header header;
  BULLA_TRY(bulla_jwe_read_header(&header, digits));
  bool good = bulla_json_equal(&header.alg, BULLA_LITERAL("dir")) &&
              bulla_json_equal(&header.enc, BULLA_LITERAL("A256GCM")) &&
              (header.typ.type == BULLA_JSON_NULL || bulla_json_equal(&header.typ, BULLA_LITERAL("JWT"))) &&
              read_kid(kid, &header.kid);
  return good ? BULLA_OK : BULLA_REFUSED;
}

/* A token lives a day at most, so one of an earlier day than yesterday has expired, whatever it says inside. */
static bool day_is_in_window(const struct bulla_verifier *verifier, int64_t day, int64_t now) {
  int64_t first = (now - verifier->leeway - BULLA_TOKEN_LIFETIME_MAX) / BULLA_SECONDS_PER_DAY;
  int64_t last = (now + verifier->leeway) / BULLA_SECONDS_PER_DAY;
  return day >= first && day <= last;
}

static enum bulla_status ask_for_key(struct bulla_verifier *verifier, struct bulla_day_key *key,
                                     struct bulla_span key_id) {
  struct bulla_token_key found = {0};
  enum bulla_status status = verifier->find(verifier->find_arg, key_id, &found);
  if (status == BULLA_OK) {
    memcpy(key->org, found.org, BULLA_TOKEN_ORG_MAX);
    key->org_len = found.org_len;
    status = bulla_day_key_derive(key, found.root);
  }
  bulla_secret_free(&found.root);
  return status == BULLA_NOT_FOUND ? BULLA_REFUSED : status;
}

/* The key for a header that is not known by its bytes. */
static enum bulla_status pin_by_reading(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                        struct bulla_span header, int64_t now) {
  struct kid kid;
  BULLA_TRY(read_header(&kid, header));
  if (!day_is_in_window(verifier, kid.day, now)) {
    return BULLA_REFUSED;
  }
  struct bulla_day_key key = {0};
  struct bulla_span key_id = bulla_span(kid.key_id, BULLA_APIKEY_ID_LEN);
  bulla_day_key_name(&key, key_id, kid.day);
  struct bulla_span own_header = bulla_span(key.header, key.header_len);
  uint64_t tag = tag_of(own_header);
  *pin = bulla_day_cache_find(verifier->days, tag, own_header);
  if (pin->key == NULL) {
    BULLA_TRY(ask_for_key(verifier, &key, key_id));
    *pin = bulla_day_cache_insert(verifier->days, tag, &key);
  }
  return BULLA_OK;
}

static enum bulla_status pin_key(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                 struct bulla_span header, int64_t now) {
  *pin = bulla_day_cache_find(verifier->days, tag_of(header), header);
  if (pin->key == NULL) {
    return pin_by_reading(verifier, pin, header, now);
  }
  return day_is_in_window(verifier, pin->key->day, now) ? BULLA_OK : BULLA_REFUSED;
}

static bool satisfies(struct bulla_span claim, struct bulla_span expected) {
  return expected.len == 0 || bulla_span_equal(claim, expected);
}

/* Judges authentic claims. */
static enum bulla_status judge(const struct bulla_verifier *verifier, const struct bulla_claims *claims,
                               const struct bulla_day_key *key, int64_t now) {
  if (claims->iat / BULLA_SECONDS_PER_DAY != key->day) {
    return BULLA_REFUSED;
  }
  if (!bulla_span_equal(claims->org, bulla_span(key->org, key->org_len)) ||
      !satisfies(claims->aud, verifier->aud) || !satisfies(claims->iss, verifier->iss)) {
    return BULLA_CLAIM_REFUSED;
  }
  if (now - verifier->leeway >= claims->exp) {
    return BULLA_EXPIRED;
  }
  return now + verifier->leeway < claims->iat || now + verifier->leeway < claims->nbf ? BULLA_NOT_YET_VALID : BULLA_OK;
}

/* Reads and judges the claims that |payload| holds; strings with escapes are unescaped behind them. */
static enum bulla_status read_claims(const struct bulla_verifier *verifier, struct bulla_claims *claims,
                                     const struct bulla_buffer *payload, const struct bulla_day_key *key,
                                     int64_t now) {
  struct bulla_buffer scratch = bulla_buffer(payload->data + payload->len, payload->len);
  if (bulla_claims_read(claims, &scratch, bulla_written(payload)) != BULLA_OK) {
    return BULLA_REFUSED;
  }
  return judge(verifier, claims, key, now);
}

static enum bulla_status verify(struct bulla_verifier *verifier, struct bulla_claims *claims,
                                struct bulla_buffer *payload, struct bulla_span token, int64_t now) {
  struct bulla_jwe_parts parts;
  if (token.len > BULLA_TOKEN_MAX) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_jwe_split(&parts, token));
  BULLA_CLEANUP(bulla_day_cache_release) struct bulla_day_pin pin = {0};
  BULLA_TRY(pin_key(verifier, &pin, parts.header, now));
  if (payload->size / 2 < parts.ciphertext.len / 4 * 3 + 3) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  BULLA_TRY(bulla_jwe_open(pin.key->aead, payload, &parts));
  return read_claims(verifier, claims, payload, pin.key, now);
}

enum bulla_status bulla_token_verify(struct bulla_verifier *verifier, struct bulla_claims *claims,
                                     struct bulla_buffer *payload, struct bulla_span token, int64_t now) {
  enum bulla_status status = BULLA_INVALID_ARGUMENT;
  if (!bulla_day_cache_here(verifier->days)) {
    status = BULLA_FORKED;
  } else if (now >= 0 && now <= BULLA_TIME_MAX) {
    status = verify(verifier, claims, payload, token, now);
  }
  if (status != BULLA_OK) {
    *claims = (struct bulla_claims){0};
    return bulla_fail(payload, status);
  }
  return BULLA_OK;
}

enum bulla_status bulla_token_inspect(struct bulla_token_outline *outline, struct bulla_span token) {
  *outline = (struct bulla_token_outline){0};
  struct bulla_jwe_parts parts;
  struct kid kid;
  if (token.len > BULLA_TOKEN_MAX) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_jwe_split(&parts, token));
  BULLA_TRY(read_header(&kid, parts.header));
  memcpy(outline->key_id, kid.key_id, BULLA_APIKEY_ID_LEN);
  outline->day = kid.day;
  outline->ciphertext_len = parts.ciphertext.len / 4 * 3 + parts.ciphertext.len % 4 * 3 / 4;
  return BULLA_OK;
}
