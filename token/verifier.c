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

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/jwe_compact.h"

enum { NUM_CACHED_DAYS = 256 };

static bool are_in_bounds(const struct bulla_verifier_options *options) {
  return options->leeway >= 0 && options->leeway <= BULLA_TOKEN_LEEWAY_MAX && options->session >= 0 &&
         options->session <= BULLA_SESSION_MAX && options->aud.len <= BULLA_EXPECTED_MAX &&
         options->iss.len <= BULLA_EXPECTED_MAX;
}

enum bulla_status bulla_verifier_new(struct bulla_verifier **verifier,
                                     const struct bulla_verifier_options *options, bulla_token_key_fn find,
                                     void *arg) {
  *verifier = NULL;
  if (!are_in_bounds(options)) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_verifier *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->find = find;
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
  uint64_t hash = header.len;
  size_t from = header.len > 40 ? header.len - 40 : 0;
  for (size_t at = from; at + 8 <= header.len; at += 8) {
    uint64_t word;
    memcpy(&word, header.data + at, sizeof(word));
    hash = (hash << 23 | hash >> 41) ^ word;
  }
  hash *= UINT64_C(0x9e3779b97f4a7c15);
  hash ^= hash >> 29;
  return hash == 0 ? 1 : hash;
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
  int64_t leeway = verifier->options.leeway;
  int64_t first = (now - leeway - BULLA_TOKEN_LIFETIME_MAX) / BULLA_SECONDS_PER_DAY;
  int64_t last = (now + leeway) / BULLA_SECONDS_PER_DAY;
  return day >= first && day <= last;
}

/* The generation of keys that may be used now. The first who sees another one wipes what there is; what a slower
 * thread puts there afterwards is told by its own generation. */
static uint64_t enter_generation(struct bulla_verifier *verifier) {
  if (verifier->options.generation == NULL) {
    return 0;
  }
  uint64_t generation = verifier->options.generation(verifier->arg);
  if (atomic_load_explicit(&verifier->generation, memory_order_relaxed) != generation) {
    verifier->generation = generation;
    bulla_day_cache_drop(verifier->days);
  }
  return generation;
}

static struct bulla_day_pin find_cached(struct bulla_verifier *verifier, struct bulla_span header,
                                        uint64_t generation) {
  struct bulla_day_pin pin = bulla_day_cache_find(verifier->days, tag_of(header), header);
  if (pin.key != NULL && pin.key->generation != generation) {
    bulla_day_cache_release(&pin);
  }
  return pin;
}

/* What a callback that is another's says it found. */
static bool is_complete(const struct bulla_token_key *found) {
  return found->root != NULL && found->org_len > 0 && found->org_len <= BULLA_TOKEN_ORG_MAX;
}

static void free_root(struct bulla_token_key *found) {
  bulla_secret_free(&found->root);
}

static enum bulla_status ask_for_key(struct bulla_verifier *verifier, struct bulla_day_key *key) {
  BULLA_CLEANUP(free_root) struct bulla_token_key found = {0};
  enum bulla_status status =
      verifier->find(verifier->arg, bulla_span(key->key_id, BULLA_APIKEY_ID_LEN), &found);
  if (status == BULLA_OK && !is_complete(&found)) {
    status = BULLA_INVALID_ARGUMENT;
  }
  if (status == BULLA_OK) {
    memcpy(key->org, found.org, BULLA_TOKEN_ORG_MAX);
    key->org_len = found.org_len;
    status = bulla_day_key_derive(key, found.root);
  }
  return status == BULLA_NOT_FOUND ? BULLA_REFUSED : status;
}

static enum bulla_status pin_named(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                   const struct bulla_kid *kid, uint64_t generation) {
  struct bulla_day_key key = {.generation = generation};
  bulla_day_key_name(&key, bulla_span(kid->key_id, BULLA_APIKEY_ID_LEN), kid->day);
  struct bulla_span own_header = bulla_span(key.header, key.header_len);
  *pin = find_cached(verifier, own_header, generation);
  if (pin->key == NULL) {
    BULLA_TRY(ask_for_key(verifier, &key));
    *pin = bulla_day_cache_insert(verifier->days, tag_of(own_header), &key);
  }
  return BULLA_OK;
}

enum bulla_status bulla_verifier_pin(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                     const struct bulla_kid *kid) {
  return pin_named(verifier, pin, kid, enter_generation(verifier));
}

enum bulla_status bulla_verifier_pin_header(struct bulla_verifier *verifier, struct bulla_day_pin *pin,
                                            struct bulla_span header, int64_t now) {
  uint64_t generation = enter_generation(verifier);
  *pin = find_cached(verifier, header, generation);
  if (pin->key != NULL) {
    return day_is_in_window(verifier, pin->key->day, now) ? BULLA_OK : BULLA_REFUSED;
  }
  struct bulla_kid kid;
  BULLA_TRY(bulla_kid_read(&kid, header));
  return day_is_in_window(verifier, kid.day, now) ? pin_named(verifier, pin, &kid, generation) : BULLA_REFUSED;
}
