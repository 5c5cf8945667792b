/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The shared library as programs load it: opened and closed again and again, and two copies in one process. */

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <bulla/token.h>

#include "tests/support.h"

/* What a program calls, from one copy of the library. */
struct copy {
  void *library;
  __typeof__(bulla_secret_random) *secret_random;
  __typeof__(bulla_secret_free) *secret_free;
  __typeof__(bulla_secret_bytes) *secret_bytes;
  __typeof__(bulla_key_new) *key_new;
  __typeof__(bulla_key_free) *key_free;
  __typeof__(bulla_seal) *seal;
  __typeof__(bulla_open) *open;
  __typeof__(bulla_memory_init) *memory_init;
  __typeof__(bulla_apikey_generate) *apikey_generate;
  __typeof__(bulla_apikey_free) *apikey_free;
  __typeof__(bulla_minter_new) *minter_new;
  __typeof__(bulla_minter_free) *minter_free;
  __typeof__(bulla_token_mint) *token_mint;
};

static bool find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof(symbol));
  return symbol != NULL;
}

static bool load(struct copy *copy, const char *path, int flags) {
  copy->library = dlopen(path, RTLD_NOW | flags);
  if (copy->library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return false;
  }
#define FIND(name) find(copy->library, "bulla_" #name, &copy->name)
  return FIND(secret_random) && FIND(secret_free) && FIND(secret_bytes) && FIND(key_new) && FIND(key_free) &&
         FIND(seal) && FIND(open) && FIND(memory_init) && FIND(apikey_generate) && FIND(apikey_free) &&
         FIND(minter_new) && FIND(minter_free) && FIND(token_mint);
#undef FIND
}

static bool seals_and_opens(const struct copy *copy) {
  struct bulla_secret *material = NULL;
  struct bulla_key *key = NULL;
  uint8_t sealed[100];
  uint8_t opened[8];
  struct bulla_buffer blob = bulla_buffer(sealed, sizeof(sealed));
  struct bulla_buffer plaintext = bulla_buffer(opened, sizeof(opened));
  bool good = copy->secret_random(&material, BULLA_KEY_LEN) == BULLA_OK &&
              copy->key_new(&key, BULLA_XAES_256_GCM, material) == BULLA_OK &&
              copy->seal(key, &blob, bulla_span("a secret", 8), bulla_span(NULL, 0)) == BULLA_OK &&
              copy->open(key, &plaintext, bulla_written(&blob), bulla_span(NULL, 0)) == BULLA_OK &&
              memcmp(opened, "a secret", 8) == 0;
  copy->key_free(&key);
  copy->secret_free(&material);
  return good;
}

static bool mints(const struct copy *copy) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_secret *string = NULL;
  struct bulla_minter *minter = NULL;
  static uint8_t room[BULLA_TOKEN_MAX];
  struct bulla_buffer token = bulla_buffer(room, sizeof(room));
  struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                .org = bulla_span("acme", 4),
                                .sub = bulla_span("alice", 5),
                                .iat = 1700000000};
  bool good = copy->apikey_generate(&apikey, &string) == BULLA_OK && copy->minter_new(&minter, apikey) == BULLA_OK &&
              copy->token_mint(minter, &token, &claims) == BULLA_OK;
  copy->minter_free(&minter);
  copy->apikey_free(&apikey);
  copy->secret_free(&string);
  return good;
}

/* KiB of memory that is locked, memfd_secret's included. */
static size_t num_locked(void) {
  return test_kib_with(" lo");
}

static void *use_in_a_thread(void *argument) {
  return seals_and_opens(argument) ? NULL : argument;
}

Test(loaded, opening_and_closing_it_again_and_again_keeps_one_arena) {
  size_t before = num_locked();
  size_t first = 0;
  for (size_t round = 0; round < 50; round++) {
    struct copy copy;
    pthread_t thread;
    void *failure;
    cr_assert(load(&copy, BULLA_LIBRARY, RTLD_LOCAL));
    cr_assert(seals_and_opens(&copy), "round %zu", round);
    cr_assert_eq(pthread_create(&thread, NULL, use_in_a_thread, &copy), 0);
    pthread_join(thread, &failure);
    cr_assert_null(failure);
    cr_assert_eq(dlclose(copy.library), 0);
    first = round == 0 ? num_locked() : first;
  }
  cr_expect_eq(num_locked(), first);
  cr_expect_leq(first, before + 1024);
}

struct plan {
  pthread_barrier_t used;
  pthread_barrier_t closed;
  struct copy copy;
};

static void *use_and_outlive(void *argument) {
  struct plan *plan = argument;
  bool good = load(&plan->copy, BULLA_LIBRARY, RTLD_LOCAL) && seals_and_opens(&plan->copy);
  pthread_barrier_wait(&plan->used);
  pthread_barrier_wait(&plan->closed);
  return good ? NULL : argument;
}

Test(loaded, a_thread_that_used_it_may_end_after_it_was_closed) {
  struct plan plan;
  pthread_t thread;
  void *failure;
  pthread_barrier_init(&plan.used, NULL, 2);
  pthread_barrier_init(&plan.closed, NULL, 2);
  cr_assert_eq(pthread_create(&thread, NULL, use_and_outlive, &plan), 0);
  pthread_barrier_wait(&plan.used);
  cr_assert_eq(dlclose(plan.copy.library), 0);
  pthread_barrier_wait(&plan.closed);
  pthread_join(thread, &failure);
  cr_expect_null(failure);
}

/* A file of its own, which the loader does not take for the one that it has. */
static void copy_library(const char *to) {
  FILE *in = fopen(BULLA_LIBRARY, "re");
  FILE *out = fopen(to, "we");
  cr_assert(in != NULL && out != NULL);
  char room[65536];
  for (size_t len = fread(room, 1, sizeof(room), in); len > 0; len = fread(room, 1, sizeof(room), in)) {
    cr_assert_eq(fwrite(room, 1, len, out), len);
  }
  fclose(in);
  cr_assert_eq(fclose(out), 0);
}

/* Both are open to each other's symbols. Each has an arena of its own, of its own size. */
Test(loaded, two_copies_in_one_process_keep_to_themselves) {
  char path[4096];
  const char *folder = test_folder();
  snprintf(path, sizeof(path), "%s/libother.so", folder);
  copy_library(path);
  struct copy copies[2];
  cr_assert(load(&copies[0], BULLA_LIBRARY, RTLD_GLOBAL));
  cr_assert(load(&copies[1], path, RTLD_GLOBAL));
  test_remove_folder(folder);
  cr_assert(copies[0].seal != copies[1].seal, "there are not two");
  size_t before = num_locked();
  for (size_t i = 0; i < 2; i++) {
    struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options),
                                           .arena_size = (size_t)(64 << i) << 10};
    TEST_OK(copies[i].memory_init(&options));
  }
  cr_expect_eq(num_locked() - before, 64 + 128);
  for (size_t round = 0; round < 4; round++) {
    cr_expect(seals_and_opens(&copies[round % 2]), "copy %zu", round % 2);
    cr_expect(mints(&copies[round % 2]), "copy %zu", round % 2);
  }
  cr_expect_eq(num_locked() - before, 64 + 128);
}
