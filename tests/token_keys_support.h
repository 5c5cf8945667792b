/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the tests of the keys that a verifier remembers share: callbacks that count, and tokens of numbered keys.
 * Include it in one file of a program. */

#ifndef BULLA_TESTS_TOKEN_KEYS_SUPPORT_H
#define BULLA_TESTS_TOKEN_KEYS_SUPPORT_H

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "tests/token_support.h"

enum { NUM_KEYS = 1000 };

/* What the callbacks know. Keys are numbers. */
static struct {
  _Atomic bool is_gone[NUM_KEYS];
  _Atomic size_t num_found;  /* calls of find */
  _Atomic size_t num_judged; /* calls of is_live */
  _Atomic int find;          /* if not BULLA_OK, what find says */
  _Atomic int is_live;       /* likewise */
  _Atomic size_t in_doubt;   /* the key, if not 0, of which is_live says BULLA_IO */
  _Atomic int num_ends;      /* how often find or is_live is yet to end its thread */
  _Atomic uint64_t generation;
  uint64_t step;                 /* by which a look at the generation changes it */
  long delay;                    /* of find, in nanoseconds */
  struct bulla_verifier *nested; /* that find verifies |nested_token| with, */
  struct bulla_span nested_token;
  enum bulla_status nested_status; /* to get this */
} world;

static struct bulla_span id_of(size_t number) {
  char text[BULLA_APIKEY_ID_LEN + 1];
  snprintf(text, sizeof(text), "%016zx", number);
  return test_copy(bulla_span(text, BULLA_APIKEY_ID_LEN));
}

static struct bulla_span root_of(size_t number) {
  static _Thread_local uint8_t root[BULLA_KEY_LEN];
  memset(root, 0x5a, sizeof(root));
  memcpy(root, &number, sizeof(number));
  return bulla_span(root, sizeof(root));
}

static size_t number_of(struct bulla_span key_id) {
  char text[BULLA_APIKEY_ID_LEN + 1] = {0};
  memcpy(text, key_id.data, BULLA_APIKEY_ID_LEN);
  return strtoul(text, NULL, 16);
}

static void end_thread(void) {
  if (world.num_ends > 0) {
    world.num_ends--;
    pthread_exit(PTHREAD_CANCELED);
  }
}

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  size_t number = number_of(key_id);
  cr_assert_eq(arg, &world);
  world.num_found++;
  if (world.delay > 0) {
    struct timespec delay = {.tv_nsec = world.delay};
    nanosleep(&delay, NULL);
  }
  if (world.nested != NULL) {
    struct bulla_verifier *verifier = world.nested;
    world.nested = NULL;
    TEST_VERIFY(verifier, world.nested_token, TEST_NOW, world.nested_status, "inside the callback");
  }
  if (world.find != BULLA_OK) {
    return (enum bulla_status)world.find;
  }
  if (number >= NUM_KEYS || world.is_gone[number]) {
    return BULLA_NOT_FOUND;
  }
  key->org_len = (size_t)snprintf((char *)key->org, sizeof(key->org), "tenant%zu", number);
  enum bulla_status status = bulla_secret_copy(&key->root, root_of(number));
  end_thread();
  return status;
}

static enum bulla_status is_live(void *arg, struct bulla_span key_id) {
  cr_assert_eq(arg, &world);
  world.num_judged++;
  end_thread();
  if (world.is_live != BULLA_OK) {
    return (enum bulla_status)world.is_live;
  }
  if (world.in_doubt != 0 && world.in_doubt == number_of(key_id)) {
    return BULLA_IO;
  }
  return world.is_gone[number_of(key_id)] ? BULLA_NOT_FOUND : BULLA_OK;
}

static uint64_t generation(void *arg) {
  cr_assert_eq(arg, &world);
  return atomic_fetch_add(&world.generation, world.step) + world.step;
}

static struct bulla_verifier *new_verifier(size_t max_keys) {
  struct bulla_verifier *made = NULL;
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options),
                                           .generation = generation,
                                           .is_live = is_live,
                                           .max_keys = max_keys};
  TEST_OK(bulla_verifier_new(&made, &options, find, &world));
  test_keep(made);
  return made;
}

/* A token of the key |number| on |day|, good at TEST_NOW if that is today or yesterday. */
static struct bulla_span token_of_day(size_t number, int64_t day) {
  char json[200];
  int64_t iat = day == TEST_DAY ? TEST_NOW : TEST_NOW - 80000;
  snprintf(json, sizeof(json), "{\"org\":\"tenant%zu\",\"sub\":\"s\",\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}", number,
           iat, iat + 86400);
  return test_seal_token(test_cek(root_of(number), day), test_own_header(id_of(number), day), test_text(json));
}

static struct bulla_span token_of(size_t number) {
  return token_of_day(number, TEST_DAY);
}

#endif
