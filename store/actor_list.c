/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Listing actors and what they were granted. A few rows are read and checked, the vault is let go of, and only then the
 * caller gets them. */

#include "core/log.h"
#include "store/actors.h"
#include "store/may.h"
#include "store/names.h"
#include "store/tenant.h"
#include "store/whole.h"

/* Some actors, and some grants of one of them. */
struct walk {
  struct bulla_actor_row actors[BULLA_ACTOR_ROWS];
  size_t num_actors;
  struct bulla_grant_row grants[BULLA_ACTOR_ROWS];
  size_t num_grants;
  uint8_t names[BULLA_ACTOR_ROWS][BULLA_NAME_MAX];
  struct bulla_span tenants[BULLA_ACTOR_ROWS]; /* names of the tenants of |grants| */
  bool removed[BULLA_ACTOR_ROWS];              /* whether these were removed */
};

/* A row that was taken away would be missed by nobody. */
static enum bulla_status check_whole(struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
  return bulla_check_whole(vault);
}

static enum bulla_status read_actors(struct walk *walk, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
  int64_t after = walk->num_actors > 0 ? walk->actors[walk->num_actors - 1].said.number : 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
  return bulla_actors_after(walk->actors, &walk->num_actors, &vault->keyring, vault->db, after);
}

enum bulla_status bulla_vault_actor_list(struct bulla_vault *vault, bulla_actor_fn each, void *arg) {
  struct walk walk = {.num_actors = 0};
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("actor-list"), NULL));
  BULLA_TRY(check_whole(vault));
  do {
    BULLA_TRY(read_actors(&walk, vault));
    for (size_t i = 0; i < walk.num_actors; i++) {
      const struct bulla_actor_statement *said = &walk.actors[i].said;
      const struct bulla_actor_view view = {
          .id = said->id,
          .name = said->name,
          .number = said->number,
          .created = said->created,
          .is_revoked = said->revoked,
      };
      BULLA_TRY(each(arg, &view));
    }
  } while (walk.num_actors == BULLA_ACTOR_ROWS);
  return BULLA_OK;
}

/* Copies the name of the tenant of the grant |i|, as it is now, and whether it was removed. */
static enum bulla_status copy_tenant(struct walk *walk, size_t i, struct bulla_vault *vault) {
  const struct bulla_grant_statement *grant = &walk->grants[i].said;
  const struct bulla_tenant *tenant;
  walk->tenants[i] = bulla_span(walk->names[i], 0);
  walk->removed[i] = false;
  if (grant->tenant_id.len == 0) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_tenant_by_id(&tenant, vault, grant->tenant_id);
  if (status == BULLA_NOT_FOUND) {
    return bulla_explain(BULLA_REFUSED, "the tenant of a grant is missing");
  }
  BULLA_TRY(status);
  if (tenant->said.name.len > 0) {
    memcpy(walk->names[i], tenant->said.name.data, tenant->said.name.len);
  }
  walk->tenants[i].len = tenant->said.name.len;
  walk->removed[i] = tenant->said.removed;
  return BULLA_OK;
}

/* Reads the next grants of |actor|; the first ones if there are none in |walk|. */
static enum bulla_status read_grants(struct walk *walk, struct bulla_vault *vault,
                                     const struct bulla_actor_statement *actor) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
  const struct bulla_grant_row *after = walk->num_grants > 0 ? &walk->grants[walk->num_grants - 1] : NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_grants_of_actor(walk->grants, &walk->num_grants, &vault->keyring, vault->db, actor->id, after));
  for (size_t i = 0; i < walk->num_grants; i++) {
    BULLA_TRY(copy_tenant(walk, i, vault));
  }
  return BULLA_OK;
}

static enum bulla_status list_grants(struct walk *walk, struct bulla_vault *vault,
                                     const struct bulla_actor_statement *actor, bulla_grant_fn each, void *arg) {
  walk->num_grants = 0;
  do {
    BULLA_TRY(read_grants(walk, vault, actor));
    for (size_t i = 0; i < walk->num_grants; i++) {
      const struct bulla_grant_statement *said = &walk->grants[i].said;
      const struct bulla_grant_view view = {
          .actor = actor->name,
          .role = said->role,
          .tenant = walk->tenants[i],
          .is_for_all = said->tenant_id.len == 0,
          .has_ended = said->ended > 0,
          .is_removed = walk->removed[i],
          .created = said->created,
      };
      BULLA_TRY(each(arg, &view));
    }
  } while (walk->num_grants == BULLA_ACTOR_ROWS);
  return BULLA_OK;
}

static enum bulla_status find_actor(struct walk *walk, struct bulla_vault *vault, struct bulla_span name) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
  enum bulla_status status = bulla_actor_by_name(&walk->actors[0], &vault->keyring, vault->db, name);
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "there is no such actor") : status;
}

enum bulla_status bulla_vault_grant_list(struct bulla_vault *vault, struct bulla_span name, bulla_grant_fn each,
                                         void *arg) {
  struct walk walk = {.num_actors = 0};
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("grant-list"), &(struct bulla_place){.entry = name}));
  BULLA_TRY(check_whole(vault));
  if (name.len > 0) {
    BULLA_TRY(bulla_name_check(name));
    BULLA_TRY(find_actor(&walk, vault, name));
    return list_grants(&walk, vault, &walk.actors[0].said, each, arg);
  }
  do {
    BULLA_TRY(read_actors(&walk, vault));
    for (size_t i = 0; i < walk.num_actors; i++) {
      BULLA_TRY(list_grants(&walk, vault, &walk.actors[i].said, each, arg));
    }
  } while (walk.num_actors == BULLA_ACTOR_ROWS);
  return BULLA_OK;
}
