/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys of actors (docs/FORMAT.md §8). Entry points: bulla_actor_key_read, _write and _expand.
 *
 * Input: the text of a key, or what is meant to be one. If it is one, its characters choose one of them to be changed.
 *
 * Oracle: the format read plainly, with nettle's SHA-256 and HKDF: the same texts are keys, are malformed, or were
 * mistyped; they have the same id, seed and fingerprint, and are written as the same text; the seed expands to the same
 * keys; with any character changed a text is that of no key. */

#include "store/actor_key.h"

#include "core/key.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_hex.h"
#include "fuzz/mutate.h"

enum { ID_AT = 7, SEED_AT = 40, PRINT_AT = 105, CHECKSUM_AT = 169, TEXT_LEN = 177 };

/* What a text says. */
struct model {
  uint8_t id[16];
  uint8_t seed[32];
  uint8_t print[32];
};

/* print writes the text of a key, and a NUL. */
static void print(char text[TEXT_LEN + 1], const struct model *key) {
  uint8_t digest[32];
  uint8_t message[4 + 19 + 4 + CHECKSUM_AT] = "\0\0\0\23bulla/v2/actor-text\0\0\0\251";
  memcpy(text, "bullaa_", ID_AT);
  model_put_digits(text + ID_AT, key->id, sizeof(key->id));
  text[SEED_AT - 1] = '_';
  model_put_digits(text + SEED_AT, key->seed, sizeof(key->seed));
  text[PRINT_AT - 1] = '_';
  model_put_digits(text + PRINT_AT, key->print, sizeof(key->print));
  memcpy(message + 27, text, CHECKSUM_AT);
  model_sha256(digest, bulla_span(message, sizeof(message)));
  model_put_digits(text + CHECKSUM_AT, digest, 4);
}

static enum bulla_status model_read(struct model *key, struct bulla_span text) {
  uint8_t checksum[4];
  char printed[TEXT_LEN + 1];
  memset(key, 0, sizeof(*key));
  if (text.len != TEXT_LEN || !model_read_digits(key->id, text.data + ID_AT, sizeof(key->id)) ||
      !model_read_digits(key->seed, text.data + SEED_AT, sizeof(key->seed)) ||
      !model_read_digits(key->print, text.data + PRINT_AT, sizeof(key->print)) ||
      !model_read_digits(checksum, text.data + CHECKSUM_AT, sizeof(checksum))) {
    return BULLA_ROOT_MALFORMED;
  }
  print(printed, key);
  return memcmp(printed, text.data, CHECKSUM_AT) != 0 ? BULLA_ROOT_MALFORMED
         : memcmp(printed, text.data, TEXT_LEN) != 0  ? BULLA_ROOT_WRONG
                                                      : BULLA_OK;
}

static bool is_expanded(const struct bulla_secret *secret, const struct model *key, struct bulla_span label) {
  uint8_t expanded[32];
  model_expand(expanded, sizeof(expanded), bulla_span(key->seed, sizeof(key->seed)), label);
  return bulla_span_equal(bulla_secret_bytes(secret), bulla_span(expanded, sizeof(expanded)));
}

static void check_read(const struct bulla_actor_key *key, struct bulla_span text, const struct model *model) {
  uint8_t head[32];
  uint8_t head_id[16];
  struct bulla_secret *again = NULL;
  struct bulla_actor_keys keys;
  FUZZ_ASSERT(memcmp(key->id, model->id, sizeof(key->id)) == 0);
  FUZZ_ASSERT(memcmp(key->fingerprint, model->print, sizeof(key->fingerprint)) == 0);
  FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(key->seed), bulla_span(model->seed, sizeof(model->seed))));
  FUZZ_ASSERT(bulla_actor_key_write(&again, key) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(again), text));
  bulla_secret_free(&again);
  FUZZ_ASSERT(bulla_actor_key_expand(&keys, key) == BULLA_OK);
  FUZZ_ASSERT(is_expanded(keys.box_private, model, BULLA_LITERAL("bulla/v2/actor-box")));
  FUZZ_ASSERT(is_expanded(keys.signing_seed, model, BULLA_LITERAL("bulla/v2/actor-signing")));
  model_expand(head, sizeof(head), bulla_span(model->seed, sizeof(model->seed)), BULLA_LITERAL("bulla/v2/actor-head"));
  model_expand(head_id, sizeof(head_id), bulla_span(head, sizeof(head)), BULLA_LITERAL("bulla/v1/key-id"));
  FUZZ_ASSERT(bulla_span_equal(bulla_key_id(keys.head_key), bulla_span(head_id, sizeof(head_id))));
  bulla_actor_keys_free(&keys);
}

/* check_changed reads |text| with one character changed, which its digits choose. */
static void check_changed(struct bulla_span text) {
  struct bulla_actor_key key;
  struct model model;
  uint8_t *changed = fuzz_alloc(text.len);
  memcpy(changed, text.data, text.len);
  changed[(text.data[SEED_AT] * 16U + text.data[SEED_AT + 1]) % text.len] ^=
      (uint8_t)(1 + (text.data[SEED_AT + 2] * 16U + text.data[SEED_AT + 3]) % 255);
  enum bulla_status wanted = model_read(&model, bulla_span(changed, text.len));
  FUZZ_ASSERT(wanted != BULLA_OK && bulla_actor_key_read(&key, bulla_span(changed, text.len)) == wanted);
  FUZZ_ASSERT(key.seed == NULL);
  free(changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_span text = bulla_span(data, size);
  struct bulla_actor_key key;
  struct model model;
  enum bulla_status wanted = model_read(&model, text);
  FUZZ_ASSERT(bulla_actor_key_read(&key, text) == wanted);
  FUZZ_ASSERT((key.seed != NULL) == (wanted == BULLA_OK));
  if (wanted == BULLA_OK) {
    fuzz_num_passed++;
    check_read(&key, text, &model);
    check_changed(text);
  }
  bulla_actor_key_free(&key);
  return 0;
}

/* The second part is id, seed and fingerprint. */
static bool open_text(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span text) {
  struct model model;
  (void)choices;
  parts[0].len = 0;
  return model_read(&model, text) != BULLA_ROOT_MALFORMED &&
         fuzz_set_part(&parts[1], bulla_span(&model, sizeof(model)));
}

static size_t seal_text(uint8_t *text, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  char printed[TEXT_LEN + 1];
  struct model model = {.id = {0}};
  (void)choices;
  if (max_len < TEXT_LEN) {
    return 0;
  }
  memcpy(&model, parts[1].bytes, parts[1].len < sizeof(model) ? parts[1].len : sizeof(model));
  print(printed, &model);
  memcpy(text, printed, TEXT_LEN);
  return TEXT_LEN;
}

const struct fuzz_form fuzz_form = {0, open_text, seal_text, {false, false}, {NULL, 0}};
