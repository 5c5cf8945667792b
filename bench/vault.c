/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Using and putting a field of a vault. */

#include "bench/vault.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static struct bulla_who who(void) {
  struct bulla_who bench = {bench_text("bench"), bench_text("localhost"), bench_text("to measure it")};
  return bench;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *position) {
  (void)about;
  (void)type;
  (void)position;
  return remove(path);
}

void bench_vault_remove(struct bench_vault *made) {
  bulla_vault_close(&made->vault);
  (void)nftw(made->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *bench_vault_put(const struct bench_vault *made) {
  const struct bulla_who asking = who();
  const struct bulla_field password = {bench_text("password"), bench_text("correct horse battery staple"), true};
  return bench_result(bulla_vault_put(
      made->vault, &asking, &(const struct bulla_place){.tenant = bench_text("acme"), .entry = bench_text("db")},
      &password, 1));
}

const char *bench_vault_fill(const struct bench_vault *made, int64_t num_values) {
  enum { FIELDS = 100 /* of an entry */ };
  const struct bulla_who asking = who();
  struct bulla_field fields[FIELDS];
  char names[FIELDS][16];
  char entry[32];
  for (size_t i = 0; i < FIELDS; i++) {
    (void)snprintf(names[i], sizeof(names[i]), "field-%zu", i);
    fields[i] = (struct bulla_field){bench_text(names[i]), bench_text("correct horse battery staple"), true};
  }
  for (int64_t i = 0; i < num_values; i += FIELDS) {
    (void)snprintf(entry, sizeof(entry), "entry-%lld", (long long)i);
    const struct bulla_place place = {.tenant = bench_text("many"), .entry = bench_text(entry)};
    enum bulla_status status = bulla_vault_put(made->vault, &asking, &place, fields, FIELDS);
    if (status != BULLA_OK) {
      return bench_result(status);
    }
  }
  return NULL;
}

static enum bulla_status look(void *arg, struct bulla_span value) {
  *(size_t *)arg += value.len;
  return BULLA_OK;
}

const char *bench_vault_use(const struct bench_vault *made) {
  const struct bulla_who asking = who();
  size_t seen = 0;
  enum bulla_status status =
      bulla_vault_use(made->vault, &asking,
                      &(const struct bulla_place){
                          .tenant = bench_text("acme"), .entry = bench_text("db"), .field = bench_text("password")},
                      look, &seen);
  return status == BULLA_OK && seen == 0 ? "nothing was opened" : bench_result(status);
}

/* Opens the vault, having made it if |is_new|. */
static enum bulla_status enter(struct bench_vault *made, bool is_new) {
  char provider[300];
  struct bulla_root *root = NULL;
  (void)snprintf(provider, sizeof(provider), "file:%s/root.key", made->folder);
  enum bulla_status status = is_new ? bulla_root_create(&root, provider) : bulla_root_open(&root, provider);
  if (status == BULLA_OK && is_new) {
    status = bulla_vault_create(made->url, root);
  }
  if (status == BULLA_OK) {
    status = bulla_vault_open(&made->vault, made->url, root, NULL);
  }
  bulla_root_free(&root);
  return status;
}

const char *bench_vault_open(struct bench_vault *made) {
  return bench_result(enter(made, false));
}

const char *bench_vault_make(struct bench_vault *made, const char *url) {
  const char *parent = getenv("TMPDIR");
  made->vault = NULL;
  (void)snprintf(made->folder, sizeof(made->folder), "%s/bulla-bench-XXXXXX", parent != NULL ? parent : "/var/tmp");
  if (mkdtemp(made->folder) == NULL) {
    return "no folder could be made in TMPDIR";
  }
  if (url != NULL) {
    (void)snprintf(made->url, sizeof(made->url), "%s", url);
  } else {
    (void)snprintf(made->url, sizeof(made->url), "sqlite:%s/bench.db", made->folder);
  }
  const char *error = bench_result(enter(made, true));
  if (error == NULL) {
    error = bench_vault_put(made);
  }
  if (error != NULL) {
    bench_vault_remove(made);
  }
  return error;
}

static enum bulla_status look_at_all(void *arg, const struct bulla_span *values, size_t num_values) {
  for (size_t i = 0; i < num_values; i++) {
    *(size_t *)arg += values[i].len;
  }
  return BULLA_OK;
}

static const char *run_use_many(void *state) {
  enum { NUM_PLACES = 5 };
  const struct bench_vault *made = state;
  const struct bulla_who asking = who();
  struct bulla_place places[NUM_PLACES];
  for (size_t i = 0; i < NUM_PLACES; i++) {
    places[i] =
        (struct bulla_place){.tenant = bench_text("acme"), .entry = bench_text("db"), .field = bench_text("password")};
  }
  size_t seen = 0;
  size_t failed;
  return bench_result(bulla_vault_use_many(made->vault, &failed, &asking, places, NUM_PLACES, look_at_all, &seen));
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct bench_vault *made = malloc(sizeof(*made));
  const char *error = made == NULL ? "no memory" : bench_vault_make(made, NULL);
  if (error != NULL) {
    free(made);
    return error;
  }
  *state = made;
  return NULL;
}

/* The same with a limit of each scope, of uses and of misses, that lets all of them pass. */
static const char *set_up_limited(void **state, const struct bench *bench, void *first) {
  const struct bulla_who asking = who();
  const char *error = set_up(state, bench, first);
  for (int i = 0; error == NULL && i < 6; i++) {
    const struct bulla_limit limit = {.kind = i < 3 ? BULLA_LIMIT_USE : BULLA_LIMIT_MISS,
                                      .scope = (enum bulla_limit_scope)(i % 3 + 1),
                                      .rate = BULLA_LIMIT_MAX,
                                      .period = 1};
    error = bench_result(bulla_vault_limit_set(((struct bench_vault *)*state)->vault, &asking, &limit));
  }
  return error;
}

static void tear_down(void *state) {
  bench_vault_remove(state);
  free(state);
}

static const char *run_use(void *state) {
  return bench_vault_use(state);
}

static const char *run_put(void *state) {
  return bench_vault_put(state);
}

struct bench_table bench_vault(void) {
  static const struct bench benches[] = {
      {"vault/use", 0, 0, false, false, set_up, run_use, tear_down},
      {"vault/use_limited", 0, 0, false, false, set_up_limited, run_use, tear_down},
      {"vault/use_many", 5, 0, false, false, set_up, run_use_many, tear_down},
      {"vault/put", 0, 0, false, false, set_up, run_put, tear_down},
  };
  return BENCH_TABLE(benches);
}
