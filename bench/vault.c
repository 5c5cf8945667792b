/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Using and putting a field of a vault in a SQLite file, every commit of it durable. The file lies in a new folder
 * in TMPDIR, or in /var/tmp, since /tmp may be memory. */

#include <bulla/store.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/support.h"

struct keeping {
  char folder[256];
  struct bulla_vault *vault;
};

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

static void tear_down(void *state) {
  struct keeping *keeping = state;
  bulla_vault_close(&keeping->vault);
  (void)nftw(keeping->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  free(keeping);
}

static const char *run_put(void *state) {
  struct keeping *keeping = state;
  const struct bulla_who asking = who();
  const struct bulla_field password = {bench_text("password"), bench_text("correct horse battery staple"), true};
  return bench_result(
      bulla_vault_put(keeping->vault, &asking, bench_text("acme"), bench_text("db"), &password, 1));
}

static enum bulla_status look(void *arg, struct bulla_span value) {
  *(size_t *)arg += value.len;
  return BULLA_OK;
}

static const char *run_use(void *state) {
  struct keeping *keeping = state;
  const struct bulla_who asking = who();
  size_t seen = 0;
  enum bulla_status status = bulla_vault_use(keeping->vault, &asking, bench_text("acme"), bench_text("db"),
                                             bench_text("password"), look, &seen);
  return status == BULLA_OK && seen == 0 ? "nothing was opened" : bench_result(status);
}

static enum bulla_status make_vault(struct keeping *keeping) {
  char url[300];
  char provider[300];
  struct bulla_root *root = NULL;
  (void)snprintf(url, sizeof url, "sqlite:%s/bench.db", keeping->folder);
  (void)snprintf(provider, sizeof provider, "file:%s/root.key", keeping->folder);
  enum bulla_status status = bulla_root_create(&root, provider);
  if (status == BULLA_OK) {
    status = bulla_vault_create(url, root);
  }
  if (status == BULLA_OK) {
    status = bulla_vault_open(&keeping->vault, url, root);
  }
  bulla_root_free(&root);
  return status;
}

static const char *set_up(void **state, const struct bench *bench) {
  (void)bench;
  struct keeping *keeping = calloc(1, sizeof *keeping);
  if (keeping == NULL) {
    return "no memory";
  }
  const char *parent = getenv("TMPDIR");
  (void)snprintf(keeping->folder, sizeof keeping->folder, "%s/bulla-bench-XXXXXX",
                 parent != NULL ? parent : "/var/tmp");
  if (mkdtemp(keeping->folder) == NULL) {
    free(keeping);
    return "no folder could be made in TMPDIR";
  }
  const char *error = bench_result(make_vault(keeping));
  if (error == NULL) {
    error = run_put(keeping);
  }
  if (error != NULL) {
    tear_down(keeping);
    return error;
  }
  *state = keeping;
  return NULL;
}

struct bench_table bench_vault(void) {
  static const struct bench benches[] = {
      {"vault/use", 0, 0, set_up, run_use, tear_down},
      {"vault/put", 0, 0, set_up, run_put, tear_down},
  };
  struct bench_table table = {benches, sizeof benches / sizeof *benches};
  return table;
}
