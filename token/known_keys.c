/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys of a verifier, see token/known_keys.h.
 *
 * Threads that need a key which is being asked for already wait for the answer, so that a key is opened, and that
 * recorded, once. A thread waits once for one question; then it asks by itself. One that is asking never waits:
 * its callback may verify, and two of them could wait for each other.
 *
 * A thread that is cancelled with the lock held, or while others wait for its answer, would leave them waiting:
 * cancellation is held off meanwhile. And a callback may be left by an exception or by pthread_exit(3): what is to
 * be undone then, cleanups undo. */

#include "token/known_keys.h"

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/lock.h"

/* A key that somebody is asking for; on the asker's stack. */
struct bulla_question {
  struct bulla_known_keys *keys;
  const uint8_t *key_id;
  uint64_t generation;
  uint64_t number; /* of all questions */
  struct bulla_question *next;
};

/* How many questions this thread is asking, one inside the other. */
static _Thread_local unsigned asking;

enum bulla_status bulla_known_keys_begin(struct bulla_known_keys *keys, const struct bulla_key_source *source,
                                         size_t max_keys) {
  /* A key has the tokens of two days in use, three around midnight of clocks that differ. */
  enum { NUM_CACHED_DAYS = 256, DAYS_OF_A_KEY = 4 };
  keys->source = *source;
  pthread_mutex_init(&keys->lock, NULL);
  pthread_cond_init(&keys->answered, NULL);
  BULLA_TRY(bulla_random((uint8_t *)keys->hash_key.words, sizeof(keys->hash_key.words)));
  BULLA_TRY(bulla_root_table_new(&keys->roots, max_keys, &keys->hash_key));
  bool few = max_keys < NUM_CACHED_DAYS / DAYS_OF_A_KEY;
  return bulla_day_cache_new(&keys->days, few ? max_keys * DAYS_OF_A_KEY : NUM_CACHED_DAYS);
}

void bulla_known_keys_end(struct bulla_known_keys *keys) {
  bulla_day_cache_free(&keys->days);
  bulla_root_table_free(&keys->roots);
  pthread_cond_destroy(&keys->answered);
  pthread_mutex_destroy(&keys->lock);
}

/* Asking whether keys are live. */
struct judging {
  struct bulla_known_keys *keys;
  enum bulla_status status; /* why nobody can say; BULLA_OK so far */
};

/* Once nobody could say, nobody is asked about the others: what is out of order now may take its time for each. */
static enum bulla_root_verdict judge(void *arg, const uint8_t *key_id, bool doubted) {
  struct judging *judging = (struct judging *)arg;
  const struct bulla_key_source *source = &judging->keys->source;
  enum bulla_status status = source->is_live == NULL ? BULLA_NOT_FOUND : judging->status;
  if (status == BULLA_OK) {
    status = source->is_live(source->arg, bulla_span(key_id, BULLA_APIKEY_ID_LEN));
  }
  if (status == BULLA_OK) {
    return BULLA_ROOT_STAYS;
  }
  if (!doubted) {
    bulla_day_cache_drop_key(judging->keys->days, key_id);
  }
  if (status == BULLA_NOT_FOUND) {
    return BULLA_ROOT_GOES;
  }
  judging->status = status;
  return BULLA_ROOT_IN_DOUBT;
}

/* With the lock: begins |generation|, unless it is this one. */
static void enter(struct bulla_known_keys *keys, uint64_t generation) {
  if (keys->generation != generation) {
    struct judging judging = {keys, BULLA_OK};
    bulla_root_table_sweep(keys->roots, judge, &judging);
    keys->generation = generation;
  }
}

/* With the lock: asks about a key in doubt. It is not looked for anew, which would be a record at each token for
 * as long as nobody can say. */
static enum bulla_status settle(struct bulla_known_keys *keys, const uint8_t *key_id) {
  struct judging judging = {keys, BULLA_OK};
  bulla_root_table_settle(keys->roots, key_id, judge, &judging);
  return judging.status;
}

static enum bulla_status derive(struct bulla_day_key *key, const struct bulla_token_key *found) {
  memcpy(key->org, found->org, BULLA_TOKEN_ORG_MAX);
  key->org_len = found->org_len;
  return bulla_day_key_derive(key, found->root);
}

static void put_in_cache(struct bulla_known_keys *keys, struct bulla_day_pin *pin, const struct bulla_day_key *key) {
  struct bulla_span header = bulla_span(key->header, key->header_len);
  *pin = bulla_day_cache_insert(keys->days, bulla_known_keys_tag(keys, header), key);
}

static void free_root(struct bulla_token_key *found) {
  bulla_secret_free(&found->root);
}

/* With the lock: makes |pin| of the named |key|, if it is known. */
static enum bulla_status pin_known(struct bulla_known_keys *keys, struct bulla_day_pin *pin, struct bulla_day_key *key,
                                   uint64_t generation) {
  enter(keys, generation);
  if (bulla_known_keys_find(keys, pin, bulla_span(key->header, key->header_len), generation)) {
    return BULLA_OK;
  }
  BULLA_TRY(settle(keys, key->key_id));
  struct bulla_token_key known BULLA_CLEANUP(free_root) = {0};
  BULLA_TRY(bulla_root_table_get(keys->roots, &known, key->key_id));
  BULLA_TRY(derive(key, &known));
  put_in_cache(keys, pin, key);
  return BULLA_OK;
}

/* With the lock: keeps the root and the derived |key|, and makes |pin| of it. */
static enum bulla_status keep(struct bulla_known_keys *keys, struct bulla_day_pin *pin, struct bulla_day_key *key,
                              const struct bulla_token_key *found) {
  uint8_t forgotten[BULLA_APIKEY_ID_LEN];
  bool forgot = false;
  BULLA_TRY(bulla_root_table_make_room(keys->roots, forgotten, &forgot));
  if (forgot) {
    bulla_day_cache_drop_key(keys->days, forgotten);
  }
  bulla_root_table_put(keys->roots, key->key_id, found);
  put_in_cache(keys, pin, key);
  return BULLA_OK;
}

/* With the lock: the question that asks for the same, if there is one. */
static const struct bulla_question *same_question(const struct bulla_known_keys *keys, const uint8_t *key_id,
                                                  uint64_t generation) {
  const struct bulla_question *question = keys->questions;
  while (question != NULL &&
         (question->generation != generation || memcmp(question->key_id, key_id, BULLA_APIKEY_ID_LEN) != 0)) {
    question = question->next;
  }
  return question;
}

static bool is_asked(const struct bulla_known_keys *keys, uint64_t number) {
  const struct bulla_question *question = keys->questions;
  while (question != NULL && question->number != number) {
    question = question->next;
  }
  return question != NULL;
}

/* With the lock: waits for the answer if somebody asks for |key| already. Says whether it has waited. */
static bool wait_for_answer(struct bulla_known_keys *keys, const struct bulla_day_key *key, uint64_t generation) {
  const struct bulla_question *question = asking > 0 ? NULL : same_question(keys, key->key_id, generation);
  if (question == NULL) {
    return false;
  }
  uint64_t number = question->number;
  while (is_asked(keys, number)) {
    pthread_cond_wait(&keys->answered, &keys->lock);
  }
  return true;
}

static void lock_again(struct bulla_known_keys **keys) {
  pthread_mutex_lock(&(*keys)->lock);
  asking--;
}

/* Asks, and lets go of the lock meanwhile. */
static enum bulla_status ask(struct bulla_known_keys *keys, struct bulla_day_key *key, struct bulla_token_key *found) {
  struct bulla_known_keys *unlocked BULLA_CLEANUP(lock_again) = keys;
  asking++;
  pthread_mutex_unlock(&unlocked->lock);
  enum bulla_status status = keys->source.find(keys->source.arg, bulla_span(key->key_id, BULLA_APIKEY_ID_LEN), found);
  if (status != BULLA_OK) {
    return status == BULLA_NOT_FOUND ? BULLA_REFUSED : status;
  }
  if (found->root == NULL || found->org_len == 0 || found->org_len > BULLA_TOKEN_ORG_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  return derive(key, found);
}

/* With the lock: has those who wait look, or ask by themselves. */
static void answer(struct bulla_question *question) {
  struct bulla_question **link = &question->keys->questions;
  while (*link != question) {
    link = &(*link)->next;
  }
  *link = question->next;
  pthread_cond_broadcast(&question->keys->answered);
}

/* With the lock, which ask() lets go of meanwhile: asks for the named |key|, and makes |pin| of it. If the
 * generation has passed by then the key is used once and not kept: it was good as it was asked for, and may not be
 * any more. */
static enum bulla_status pin_asked(struct bulla_known_keys *keys, struct bulla_day_pin *pin, struct bulla_day_key *key,
                                   uint64_t generation) {
  static _Atomic uint64_t num_questions;
  struct bulla_token_key found BULLA_CLEANUP(free_root) = {0};
  struct bulla_question question BULLA_CLEANUP(answer) = {keys, key->key_id, generation, num_questions++,
                                                          keys->questions};
  /* cppcheck-suppress autoVariables ; answer() takes it out again before it goes */
  keys->questions = &question;
  enum bulla_status status = ask(keys, key, &found);
  if (status == BULLA_OK) {
    status = keys->generation == generation ? keep(keys, pin, key, &found) : bulla_day_pin_alone(pin, key);
  }
  if (status != BULLA_OK) {
    bulla_day_key_clear(key);
  }
  return status;
}

enum bulla_status bulla_known_keys_pin(struct bulla_known_keys *keys, struct bulla_day_pin *pin, const uint8_t *key_id,
                                       int64_t day, uint64_t generation) {
  struct bulla_day_key key = {.aead = NULL};
  bulla_day_key_name(&key, bulla_span(key_id, BULLA_APIKEY_ID_LEN), day);
  struct bulla_lock lock BULLA_CLEANUP(bulla_unlock);
  (void)bulla_lock(&lock, &keys->lock);
  enum bulla_status status = pin_known(keys, pin, &key, generation);
  if (status == BULLA_NOT_FOUND && wait_for_answer(keys, &key, generation)) {
    status = pin_known(keys, pin, &key, generation);
  }
  if (status == BULLA_NOT_FOUND) {
    status = pin_asked(keys, pin, &key, generation);
  }
  return status;
}
