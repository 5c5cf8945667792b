/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Granting a role to an actor, and taking it back. The key of the role is sealed to the actor; what the role gives is
 * sealed under that key anyway (store/roles.h). So a grant writes one row, however much the tenant has, and one that is
 * for all tenants too. */

#include "store/grant.h"

#include "core/log.h"
#include "store/advance.h"
#include "store/enroll.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/posted.h"
#include "store/roles.h"
#include "store/tenant.h"

/* What is granted to whom, as the caller says it. */
struct asked {
  struct bulla_span name;
  enum bulla_role role;
  struct bulla_span tenant; /* empty: all */
};

static struct bulla_place place_of(const struct asked *asked) {
  return (struct bulla_place){.tenant = asked->tenant, .entry = asked->name, .field = bulla_role_name(asked->role)};
}

static enum bulla_status check(const struct asked *asked, struct bulla_vault *vault, const struct bulla_who *who,
                               struct bulla_span op) {
  if ((unsigned)asked->role >= BULLA_NUM_ROLES) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "there is no such role");
  }
  const struct bulla_place place = place_of(asked);
  BULLA_TRY(bulla_may_root(vault, who, op, &place));
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(asked->name));
  return asked->tenant.len > 0 ? bulla_name_check(asked->tenant) : BULLA_OK;
}

static enum bulla_status find_actor(struct bulla_actor_row *actor, struct bulla_vault *vault,
                                    const struct asked *asked) {
  enum bulla_status status = bulla_actor_by_name(actor, &vault->keyring, vault->db, asked->name);
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "there is no such actor") : status;
}

/* The actor and the tenant, which is NULL for all. */
static enum bulla_status find(struct bulla_actor_row *actor, const struct bulla_tenant **tenant,
                              struct bulla_vault *vault, const struct asked *asked) {
  BULLA_TRY(find_actor(actor, vault, asked));
  *tenant = NULL;
  return asked->tenant.len > 0 ? bulla_tenant_find(tenant, vault, asked->tenant) : BULLA_OK;
}

static struct bulla_span id_of(const struct bulla_tenant *tenant) {
  return tenant != NULL ? bulla_tenant_id(tenant) : bulla_span(NULL, 0);
}

/* Creates |*key|, which the grant gives, of |*epoch|. */
static enum bulla_status make_key(struct bulla_secret **key, int64_t *epoch, struct bulla_change *change,
                                  const struct bulla_tenant *tenant, enum bulla_role role) {
  const struct bulla_keyring *keyring = &change->vault->keyring;
  struct bulla_vault_row row;
  if (tenant != NULL) {
    *epoch = tenant->said.roles[role].epoch;
    return bulla_role_key_of(key, keyring, &tenant->said, role);
  }
  BULLA_TRY(bulla_vault_row_now(&row, keyring, change->vault->db));
  *epoch = row.said.rings[role];
  return bulla_ring_key(key, keyring, role, *epoch);
}

static enum bulla_status make(struct bulla_change *change, const struct asked *asked) {
  struct bulla_vault *vault = change->vault;
  const struct bulla_tenant *tenant;
  struct bulla_actor_row actor;
  struct bulla_grant_row there;
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  int64_t epoch;
  BULLA_TRY(bulla_change_read_head(change));
  BULLA_TRY(find(&actor, &tenant, vault, asked));
  if (actor.said.revoked) {
    return bulla_explain(BULLA_REVOKED, "the actor was revoked, for good: make another, with a name of its own");
  }
  enum bulla_status status =
      bulla_grant_find(&there, &vault->keyring, vault->db, actor.said.id, id_of(tenant), asked->role);
  if (status == BULLA_OK) {
    return bulla_explain(BULLA_EXISTS, "the actor has that grant already");
  }
  BULLA_TRY(status == BULLA_NOT_FOUND ? BULLA_OK : status);
  BULLA_TRY(make_key(&key, &epoch, change, tenant, asked->role));
  return bulla_grant_insert(change, &actor.said, id_of(tenant), asked->role, key, epoch);
}

enum bulla_status bulla_vault_grant(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span name,
                                    enum bulla_role role, struct bulla_span tenant) {
  const struct asked asked = {.name = name, .role = role, .tenant = tenant};
  BULLA_TRY(check(&asked, vault, who, BULLA_LITERAL("grant")));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = place_of(&asked);
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("grant"), &place));
  BULLA_TRY(make(&change, &asked));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("grant"), asked.tenant, asked.name, bulla_role_name(asked.role)));
  return bulla_change_commit(&change);
}

/* Gives those who keep a grant for all the next ring key of |role|. */
static enum bulla_status renew_ring(struct bulla_change *change, enum bulla_role role) {
  const struct bulla_keyring *keyring = &change->vault->keyring;
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_advance advance;
  BULLA_TRY(bulla_advance_begin(&advance, change));
  BULLA_TRY(bulla_roles_next_ring(keyring, change->vault->db, &advance.row, role));
  int64_t ring = advance.row.said.rings[role];
  BULLA_TRY(bulla_advance_end(&advance, change));
  BULLA_TRY(bulla_ring_key(&key, keyring, role, ring));
  return bulla_grants_reseal(change, bulla_span(NULL, 0), role, key, ring);
}

/* Nothing is made any more for a tenant that was removed. */
static enum bulla_status renew(struct bulla_change *change, const struct bulla_grant_statement *grant) {
  const struct bulla_tenant *tenant;
  if (grant->tenant_id.len == 0) {
    return renew_ring(change, grant->role);
  }
  enum bulla_status status = bulla_tenant_by_id(&tenant, change->vault, grant->tenant_id);
  BULLA_TRY(status == BULLA_NOT_FOUND ? BULLA_REFUSED : status);
  return tenant->said.removed ? BULLA_OK : bulla_tenant_renew(change, tenant, grant->role);
}

enum bulla_status bulla_grant_close(struct bulla_change *change, const struct bulla_grant_statement *grant) {
  uint8_t digest[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_grant_end(change, grant));
  memcpy(digest, change->digest, sizeof(digest));
  BULLA_TRY(renew(change, grant));
  memcpy(change->digest, digest, sizeof(digest));
  return BULLA_OK;
}

enum bulla_status bulla_grant_tell_end(struct bulla_change *change, struct bulla_span name,
                                       const struct bulla_grant_statement *grant) {
  const struct bulla_tenant *tenant = NULL;
  struct bulla_audit_record record =
      bulla_audit_record(change->who, BULLA_LITERAL("grant-end"), bulla_span(NULL, 0), name);
  record.field = bulla_role_name(grant->role);
  if (grant->tenant_id.len > 0) {
    BULLA_TRY(bulla_tenant_by_id(&tenant, change->vault, grant->tenant_id));
    tenant = tenant->said.shredded ? NULL : tenant;
  }
  record.tenant = tenant != NULL ? tenant->said.name : record.tenant;
  return bulla_change_append_for(change, &record, tenant);
}

/* Whether |grant| is what is asked for, of a tenant that was removed. */
static enum bulla_status is_of_removed(bool *is, struct bulla_vault *vault, const struct asked *asked,
                                       const struct bulla_grant_statement *grant) {
  const struct bulla_tenant *tenant;
  *is = false;
  if (grant->ended > 0 || grant->role != asked->role || grant->tenant_id.len == 0) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_tenant_by_id(&tenant, vault, grant->tenant_id);
  BULLA_TRY(status == BULLA_NOT_FOUND ? BULLA_REFUSED : status);
  *is = tenant->said.removed && bulla_span_equal(tenant->said.name, asked->tenant);
  return BULLA_OK;
}

/* Finds one among all grants of the actor: by its name such a tenant is not found any more. */
static enum bulla_status find_of_removed(struct bulla_grant_row *grant, struct bulla_vault *vault,
                                         const struct asked *asked, struct bulla_span actor_id) {
  struct bulla_grant_row rows[BULLA_ACTOR_ROWS];
  size_t num = 0;
  do {
    const struct bulla_grant_row *after = num > 0 ? &rows[num - 1] : NULL;
    BULLA_TRY(bulla_grants_of_actor(rows, &num, &vault->keyring, vault->db, actor_id, after));
    for (size_t i = 0; i < num; i++) {
      bool is;
      BULLA_TRY(is_of_removed(&is, vault, asked, &rows[i].said));
      if (is) {
        return bulla_grant_find(grant, &vault->keyring, vault->db, actor_id, rows[i].said.tenant_id, asked->role);
      }
    }
  } while (num == BULLA_ACTOR_ROWS);
  return BULLA_NOT_FOUND;
}

/* The grant that is to end, in the caller's transaction. Of tenants with the same name, the one that is there comes
 * before those that were removed. */
static enum bulla_status find_grant(struct bulla_grant_row *grant, struct bulla_vault *vault,
                                    const struct asked *asked) {
  const struct bulla_tenant *tenant = NULL;
  struct bulla_actor_row actor;
  grant->said = (struct bulla_grant_statement){.ended = 0};
  BULLA_TRY(find_actor(&actor, vault, asked));
  enum bulla_status status = asked->tenant.len > 0 ? bulla_tenant_look(&tenant, vault, asked->tenant) : BULLA_OK;
  if (status == BULLA_OK) {
    status = bulla_grant_find(grant, &vault->keyring, vault->db, actor.said.id, id_of(tenant), asked->role);
  }
  if (status == BULLA_NOT_FOUND && asked->tenant.len > 0) {
    status = find_of_removed(grant, vault, asked, actor.said.id);
  }
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "the actor has no such grant") : status;
}

/* What was put by a grant that has ended is refused: so it is sealed anew before, as far as that can be done while
 * others are at work. */
static enum bulla_status adopt(struct bulla_vault *vault, const struct asked *asked) {
  struct bulla_grant_row grant;
  int64_t num;
  {
    struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
    struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
    BULLA_TRY(bulla_vault_lock(&locked, vault));
    BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
    BULLA_TRY(find_grant(&grant, vault, asked));
  }
  return bulla_posted_adopt_all(&num, vault, grant.said.actor_id, grant.said.tenant_id, NULL, NULL);
}

/* All of ending a grant that needs the vault to itself. */
static enum bulla_status end_locked(struct bulla_vault *vault, const struct bulla_who *who, const struct asked *asked) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  struct bulla_grant_row grant;
  int64_t num;
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE_FIRST)); /* no limit keeps anybody from revoking */
  BULLA_TRY(bulla_change_read_head(&change));
  BULLA_TRY(find_grant(&grant, vault, asked));
  if (asked->role == BULLA_ROLE_PUT) {
    BULLA_TRY(bulla_posted_adopt_rest(&num, vault, grant.said.actor_id, grant.said.tenant_id));
  }
  BULLA_TRY(bulla_grant_close(&change, &grant.said));
  BULLA_TRY(bulla_grant_tell_end(&change, asked->name, &grant.said));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_grant_end(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span name,
                                        enum bulla_role role, struct bulla_span tenant) {
  const struct asked asked = {.name = name, .role = role, .tenant = tenant};
  BULLA_TRY(check(&asked, vault, who, BULLA_LITERAL("grant-end")));
  BULLA_TRY(role == BULLA_ROLE_PUT ? adopt(vault, &asked) : BULLA_OK);
  BULLA_TRY(end_locked(vault, who, &asked));
  bulla_watch_wait(&vault->watch); /* who verifies tokens looks that often */
  return BULLA_OK;
}
