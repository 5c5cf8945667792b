/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/actor_key.h:
 *
 *   "bullaa_" | id, 32 digits | "_" | seed, 64 digits | "_" | fingerprint, 64 digits, and checksum, 8 digits
 *
 * What the digits stand for is written again and compared, so that there is one text of a key, and that no character is
 * looked at by itself. The checksum tells who mistyped a key apart from who has that of another vault. */

#include "store/actor_key.h"

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/hex.h"
#include "core/log.h"

#define PREFIX BULLA_LITERAL("bullaa_")

enum {
  CHECKSUM_LEN = 4,
  CHECKED_LEN = BULLA_ACTOR_KEY_LEN - 2 * CHECKSUM_LEN, /* characters that the checksum is over */
  /* Where the bytes are that the digits stand for. */
  SEED_AT = BULLA_ID_LEN,
  FINGERPRINT_AT = SEED_AT + BULLA_KEY_LEN,
  CHECKSUM_AT = FINGERPRINT_AT + BULLA_SHA256_LEN,
  NUM_BYTES = CHECKSUM_AT + CHECKSUM_LEN,
};

_Static_assert(BULLA_ACTOR_KEY_LEN == sizeof("bullaa_") - 1 + 2 * NUM_BYTES + 2, "digits and what is between them");

static void put_digits(struct bulla_writer *writer, struct bulla_span bytes) {
  uint8_t *room = bulla_give(writer, 2 * bytes.len);
  if (room != NULL) {
    bulla_hex_encode(room, bytes);
  }
}

/* Writes the text that the NUM_BYTES |bytes| have into |text|, which has room for it. */
static enum bulla_status compose(struct bulla_secret *text, const uint8_t *bytes) {
  struct bulla_buffer buffer = bulla_buffer(bulla_secret_data(text), BULLA_ACTOR_KEY_LEN);
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, PREFIX);
  put_digits(&writer, bulla_span(bytes, SEED_AT));
  bulla_put_byte(&writer, '_');
  put_digits(&writer, bulla_span(bytes + SEED_AT, FINGERPRINT_AT - SEED_AT));
  bulla_put_byte(&writer, '_');
  put_digits(&writer, bulla_span(bytes + FINGERPRINT_AT, NUM_BYTES - FINGERPRINT_AT));
  return bulla_writer_finish(&writer);
}

/* Reads digits of either case where they belong, whatever is between them. */
static bool decode(uint8_t *bytes, struct bulla_span text) {
  struct bulla_reader in = bulla_reader(text);
  struct bulla_span between;
  struct bulla_span id;
  struct bulla_span seed;
  struct bulla_span rest;
  bool whole = text.len == BULLA_ACTOR_KEY_LEN && bulla_take(&in, &between, PREFIX.len) &&
               bulla_take(&in, &id, 2 * (size_t)SEED_AT) && bulla_take(&in, &between, 1) &&
               bulla_take(&in, &seed, 2 * (size_t)BULLA_KEY_LEN) && bulla_take(&in, &between, 1) &&
               bulla_take(&in, &rest, in.left);
  if (!whole) {
    return false;
  }
  /* All of them, wherever a digit is bad. */
  bool good_id = bulla_hex_decode(bytes, id);
  bool good_seed = bulla_hex_decode(bytes + SEED_AT, seed);
  bool good_rest = bulla_hex_decode(bytes + FINGERPRINT_AT, rest);
  return good_id && good_seed && good_rest;
}

/* Creates |*digest|, whose first CHECKSUM_LEN bytes are the checksum of |text|. */
static enum bulla_status digest_of(struct bulla_secret **digest, const uint8_t *text) {
  const struct bulla_span label = BULLA_LITERAL("bulla/v2/actor-text");
  size_t len = 4 + label.len + 4 + CHECKED_LEN;
  struct bulla_secret *message BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&message, len));
  struct bulla_buffer buffer = bulla_buffer(bulla_secret_data(message), len);
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, label);
  bulla_put_prefixed(&writer, bulla_span(text, CHECKED_LEN));
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(bulla_secret_new(digest, BULLA_SHA256_LEN));
  return bulla_sha256(bulla_secret_data(*digest), bulla_secret_bytes(message));
}

static enum bulla_status malformed(void) {
  return bulla_explain(
      BULLA_ROOT_MALFORMED,
      "the key of an actor is bullaa_ and 32, 64 and 72 hexadecimal digits in lower case with _ between them, %d "
      "characters and nothing else",
      BULLA_ACTOR_KEY_LEN);
}

enum bulla_status bulla_actor_key_read(struct bulla_actor_key *key, struct bulla_span text) {
  struct bulla_secret *decoded BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *again BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *digest BULLA_CLEANUP(bulla_secret_free) = NULL;
  *key = (struct bulla_actor_key){.seed = NULL};
  BULLA_TRY(bulla_secret_new(&decoded, NUM_BYTES));
  BULLA_TRY(bulla_secret_new(&again, BULLA_ACTOR_KEY_LEN));
  const uint8_t *bytes = bulla_secret_data(decoded);
  if (!decode(bulla_secret_data(decoded), text)) {
    return malformed();
  }
  BULLA_TRY(compose(again, bytes));
  if (!bulla_secret_equal(bulla_secret_bytes(again), text)) {
    return malformed();
  }
  BULLA_TRY(digest_of(&digest, text.data));
  if (!bulla_secret_equal(bulla_span(bulla_secret_data(digest), CHECKSUM_LEN),
                          bulla_span(bytes + CHECKSUM_AT, CHECKSUM_LEN))) {
    return bulla_explain(BULLA_ROOT_WRONG, "it was mistyped: its checksum does not fit");
  }
  BULLA_TRY(bulla_secret_copy(&key->seed, bulla_span(bytes + SEED_AT, BULLA_KEY_LEN)));
  memcpy(key->id, bytes, sizeof(key->id));
  memcpy(key->fingerprint, bytes + FINGERPRINT_AT, sizeof(key->fingerprint));
  return BULLA_OK;
}

enum bulla_status bulla_actor_key_write(struct bulla_secret **text, const struct bulla_actor_key *key) {
  struct bulla_secret *all BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *digest BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_span seed = bulla_secret_bytes(key->seed);
  *text = NULL;
  if (seed.data == NULL) {
    return BULLA_FORKED;
  }
  BULLA_TRY(bulla_secret_new(&all, NUM_BYTES));
  BULLA_TRY(bulla_secret_new(&made, BULLA_ACTOR_KEY_LEN));
  uint8_t *bytes = bulla_secret_data(all);
  memcpy(bytes, key->id, sizeof(key->id));
  memcpy(bytes + SEED_AT, seed.data, BULLA_KEY_LEN);
  memcpy(bytes + FINGERPRINT_AT, key->fingerprint, sizeof(key->fingerprint));
  BULLA_TRY(compose(made, bytes));
  BULLA_TRY(digest_of(&digest, bulla_secret_data(made)));
  bulla_hex_encode(bulla_secret_data(made) + CHECKED_LEN, bulla_span(bulla_secret_data(digest), CHECKSUM_LEN));
  *text = made;
  made = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_actor_key_new(struct bulla_actor_key *key, const uint8_t *fingerprint) {
  *key = (struct bulla_actor_key){.seed = NULL};
  uint8_t id[BULLA_ID_LEN];
  BULLA_TRY(bulla_random(id, sizeof(id)));
  BULLA_TRY(bulla_secret_random(&key->seed, BULLA_KEY_LEN));
  memcpy(key->id, id, sizeof(key->id));
  memcpy(key->fingerprint, fingerprint, sizeof(key->fingerprint));
  return BULLA_OK;
}

static enum bulla_status expand(struct bulla_actor_keys *keys, const struct bulla_secret *seed) {
  struct bulla_secret *head BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_expand(&keys->box_private, seed, BULLA_LITERAL("bulla/v2/actor-box")));
  BULLA_TRY(bulla_box_public(keys->box_public, keys->box_private));
  BULLA_TRY(bulla_secret_expand(&keys->signing_seed, seed, BULLA_LITERAL("bulla/v2/actor-signing")));
  BULLA_TRY(bulla_signature_public(keys->signing_public, keys->signing_seed));
  BULLA_TRY(bulla_secret_expand(&head, seed, BULLA_LITERAL("bulla/v2/actor-head")));
  return bulla_key_new(&keys->head_key, BULLA_XAES_256_GCM, head);
}

enum bulla_status bulla_actor_key_expand(struct bulla_actor_keys *keys, const struct bulla_actor_key *key) {
  *keys = (struct bulla_actor_keys){.head_key = NULL};
  enum bulla_status status = expand(keys, key->seed);
  if (status != BULLA_OK) {
    bulla_actor_keys_free(keys);
  }
  return status;
}

void bulla_actor_key_free(struct bulla_actor_key *key) {
  bulla_secret_free(&key->seed);
  *key = (struct bulla_actor_key){.seed = NULL};
}

void bulla_actor_keys_free(struct bulla_actor_keys *keys) {
  bulla_secret_free(&keys->box_private);
  bulla_secret_free(&keys->signing_seed);
  bulla_key_free(&keys->head_key);
  *keys = (struct bulla_actor_keys){.head_key = NULL};
}
