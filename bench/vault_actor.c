/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The same as an actor with one role: to be compared with the root's rows in bench/vault.c. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/vault.h"

enum { MANY = 100 }; /* tenants of the vault that is opened; BULLA_BENCH_TENANTS says otherwise */

/* A vault with a tenant, opened by its root and by an actor. */
struct roles {
  struct bench_vault root;
  struct bench_vault actor;
  struct bulla_actor *key;
};

static const struct bulla_who who = {.actor = {(const uint8_t *)"bench", 5},
                                     .reason = {(const uint8_t *)"to measure", 10}};

static void tear_down(void *state) {
  struct roles *roles = state;
  bulla_actor_free(&roles->key);
  bulla_vault_close(&roles->actor.vault);
  bench_vault_remove(&roles->root);
  free(roles);
}

/* Makes |*actor| of a new actor of |vault|, whose name is that of |role|. */
static enum bulla_status make_actor(struct bulla_actor **actor, struct bulla_vault *vault, enum bulla_role role,
                                    struct bulla_span tenant) {
  struct bulla_secret *text = NULL;
  char copy[BULLA_ACTOR_KEY_LEN + 1] = "";
  enum bulla_status status = bulla_vault_actor_create(vault, &text, &who, bulla_role_name(role));
  if (status == BULLA_OK) {
    memcpy(copy, bulla_secret_bytes(text).data, BULLA_ACTOR_KEY_LEN);
    status = bulla_vault_grant(vault, &who, bulla_role_name(role), role, tenant);
  }
  if (status == BULLA_OK) {
    setenv("BULLA_BENCH_ACTOR", copy, 1);
    status = bulla_actor_open(actor, "env:BULLA_BENCH_ACTOR");
    unsetenv("BULLA_BENCH_ACTOR");
  }
  bulla_secret_free(&text);
  return status;
}

static const char *make_tenants(const struct bench_vault *made, int num) {
  for (int i = 0; i < num; i++) {
    char name[32];
    const struct bulla_field field = {bench_text("host"), bench_text("db.internal"), false};
    (void)snprintf(name, sizeof(name), "tenant-%d", i);
    enum bulla_status status =
        bulla_vault_put(made->vault, &who,
                        &(const struct bulla_place){.tenant = bench_text(name), .entry = bench_text("db")}, &field, 1);
    if (status != BULLA_OK) {
      return bench_result(status);
    }
  }
  return NULL;
}

static const char *fill(struct roles *roles, const struct bench *bench) {
  const char *wanted = getenv("BULLA_BENCH_TENANTS");
  enum bulla_role role = (enum bulla_role)(bench->variant % BULLA_NUM_ROLES);
  int num_tenants = bench->variant / BULLA_NUM_ROLES;
  const char *error = num_tenants > 0 ? make_tenants(&roles->root, wanted != NULL ? atoi(wanted) : num_tenants) : NULL;
  if (error != NULL) {
    return error;
  }
  enum bulla_status status = make_actor(&roles->key, roles->root.vault, role, bench_text("acme"));
  if (status == BULLA_OK) {
    status = bulla_vault_open_as(&roles->actor.vault, roles->root.url, roles->key, NULL);
  }
  return bench_result(status);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct roles *roles = calloc(1, sizeof(*roles));
  const char *error = roles == NULL ? "no memory" : bench_vault_make(&roles->root, NULL);
  if (error != NULL) {
    free(roles);
    return error;
  }
  error = fill(roles, bench);
  if (error != NULL) {
    tear_down(roles);
    return error;
  }
  *state = roles;
  return NULL;
}

static const char *run_use(void *state) {
  return bench_vault_use(&((struct roles *)state)->actor);
}

static const char *run_put(void *state) {
  return bench_vault_put(&((struct roles *)state)->actor);
}

/* What an actor has put is sealed anew by the first use. */
static const char *run_put_use(void *state) {
  const char *error = run_put(state);
  return error != NULL ? error : bench_vault_use(&((struct roles *)state)->root);
}

static const char *run_put_use_by_root(void *state) {
  const struct roles *roles = state;
  const char *error = bench_vault_put(&roles->root);
  return error != NULL ? error : bench_vault_use(&roles->root);
}

static const char *run_open(void *state) {
  struct roles *roles = state;
  bulla_vault_close(&roles->actor.vault);
  return bench_result(bulla_vault_open_as(&roles->actor.vault, roles->root.url, roles->key, NULL));
}

struct bench_table bench_vault_actor(void) {
  static const struct bench benches[] = {
      {"vault/actor/use", 0, BULLA_ROLE_USE, false, false, set_up, run_use, tear_down},
      {"vault/actor/put", 0, BULLA_ROLE_PUT, false, false, set_up, run_put, tear_down},
      {"vault/actor/put_use", 0, BULLA_ROLE_PUT, false, false, set_up, run_put_use, tear_down},
      {"vault/put_use", 0, BULLA_ROLE_PUT, false, false, set_up, run_put_use_by_root, tear_down},
      {"vault/actor/open", 0, MANY * BULLA_NUM_ROLES + BULLA_ROLE_USE, false, false, set_up, run_open, tear_down},
  };
  return BENCH_TABLE(benches);
}
