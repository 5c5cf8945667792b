/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* From the header of a token to its key.
 *
 * A header that has been seen is found whole, by its bytes, with its key; another one is read once. What the cache
 * holds are keys that the callback gave, under the one header that minting writes: a header that says the same in
 * other bytes finds the same key, and none makes the cache grow.
 *
 * A key is good for the generation that was read before it was asked for. Were the number read afterwards, a key
 * that was revoked in between would pass for one of the new generation. */

#include "token/verifier.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/log.h"
#include "core/jwe_compact.h"

static bool are_in_bounds(const struct bulla_verifier_options *options) {
  return options->leeway >= 0 && options->leeway <= BULLA_TOKEN_LEEWAY_MAX && options->session >= 0 &&
         options->session <= BULLA_SESSION_MAX && options->aud.len <= BULLA_EXPECTED_MAX &&
         options->iss.len <= BULLA_EXPECTED_MAX && options->max_keys <= BULLA_KEYS_MAX;
}

enum bulla_status bulla_verifier_new(struct bulla_verifier **verifier, const struct bulla_verifier_options *options,
                                     bulla_token_key_fn find, void *arg) {
  *verifier = NULL;
  struct bulla_verifier_options taken = BULLA_VERIFIER_OPTIONS_INIT;
  if (options != NULL) {
    BULLA_TRY(bulla_sized_take(&taken, sizeof(taken), options, BULLA_SIZE_TO(struct bulla_verifier_options, max_keys)));
  }
  options = &taken;
  if (!are_in_bounds(options)) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "the leeway, session, max_keys, \"aud\" or \"iss\" is out of bounds");
  }
  struct bulla_verifier *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->arg = arg;
  made->options = *options;
  if (options->session == 0) {
    made->options.session = BULLA_SESSION_DEFAULT;
  }
  struct bulla_buffer room = bulla_buffer(made->expected, sizeof(made->expected));
  struct bulla_writer out = bulla_writer(&room);
  bulla_put(&out, options->aud);
  bulla_put(&out, options->iss);
  made->options.aud = bulla_span(made->expected, options->aud.len);
  made->options.iss = bulla_span(made->expected + options->aud.len, options->iss.len);
  const struct bulla_key_source source = {find, options->is_live, options->generation, arg};
  enum bulla_status status =
      bulla_known_keys_begin(&made->keys, &source, options->max_keys == 0 ? BULLA_KEYS_DEFAULT : options->max_keys);
  if (status != BULLA_OK) {
    made->options.release = NULL; /* the caller still has |arg| */
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
  bulla_known_keys_end(&handle->keys);
  if (handle->options.release != NULL) {
    handle->options.release(handle->arg);
  }
  free(handle);
  *verifier = NULL;
}

/* Reads "<key id>.<day>": 16 lower-case digits, a dot, a day without leading zeros and not past the last one. */
static bool read_kid(struct bulla_kid *kid, const struct bulla_json_value *value) {
  struct bulla_reader in = bulla_reader(value->text);
  struct bulla_span id;
  if (value->escaped || !bulla_take_until(&in, &id, '.') || !bulla_is_key_id(id) || in.left == 0 || in.left > 7 ||
      (in.left > 1 && *in.at == '0')) {
    return false;
  }
  memcpy(kid->key_id, id.data, BULLA_APIKEY_ID_LEN);
  struct bulla_json_value day = {.type = BULLA_JSON_NUMBER, .text = bulla_span(in.at, in.left)};
  return *in.at != '-' && bulla_json_int64(&kid->day, &day) && kid->day <= BULLA_DAY_LAST;
}

enum bulla_status bulla_kid_read(struct bulla_kid *kid, struct bulla_span header) {
  struct bulla_jwe_header read;
  BULLA_TRY(bulla_jwe_read_header(&read, header));
  bool good = bulla_json_equal(&read.alg, BULLA_LITERAL("dir")) &&
              bulla_json_equal(&read.enc, BULLA_LITERAL("A256GCM")) &&
              (read.typ.type == BULLA_JSON_NULL || bulla_json_equal(&read.typ, BULLA_LITERAL("JWT"))) &&
              read_kid(kid, &read.kid);
  return good ? BULLA_OK : BULLA_REFUSED;
}

/* A token lives a day at most, so one of an earlier day than yesterday has expired, whatever it says inside. */
static bool day_is_in_window(const struct bulla_verifier *verifier, int64_t day, int64_t now) {
  if (now == BULLA_AT_ANY_TIME) {
    return true;
  }
  int64_t leeway = verifier->options.leeway;
  int64_t first = (now - leeway - BULLA_TOKEN_LIFETIME_MAX) / BULLA_SECONDS_PER_DAY;
  int64_t last = (now + leeway) / BULLA_SECONDS_PER_DAY;
  return day >= first && day <= last;
}

enum bulla_status bulla_verifier_pin(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                     const struct bulla_kid *kid) {
  uint64_t generation = bulla_known_keys_generation(&verifier->keys);
  return bulla_known_keys_pin(&verifier->keys, pin, kid->key_id, kid->day, generation);
}

enum bulla_status bulla_verifier_pin_header(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                            struct bulla_span header, int64_t now) {
  uint64_t generation = bulla_known_keys_generation(&verifier->keys);
  if (bulla_known_keys_find(&verifier->keys, pin, header, generation)) {
    return day_is_in_window(verifier, pin->key->day, now) ? BULLA_OK : BULLA_REFUSED;
  }
  struct bulla_kid kid;
  BULLA_TRY(bulla_kid_read(&kid, header));
  return day_is_in_window(verifier, kid.day, now)
             ? bulla_known_keys_pin(&verifier->keys, pin, kid.key_id, kid.day, generation)
             : BULLA_REFUSED;
}
