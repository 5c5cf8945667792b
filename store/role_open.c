/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/role_open.h. */

#include "store/role_open.h"

#include "core/cleanup.h"
#include "core/key.h"
#include "core/log.h"
#include "store/actor_box.h"
#include "store/actors.h"

#define NOTHING bulla_span(NULL, 0)

/* A grant for all tenants that is not there. */
enum { NO_RING = -1 };

static struct bulla_span id_of(const struct bulla_self *self) {
  return bulla_span(self->id, sizeof(self->id));
}

/* Looks once for the grant of |role| for all tenants, and keeps the ring key that it gives until something changes. */
static enum bulla_status find_ring(struct bulla_keyring *keyring, struct bulla_db *db, enum bulla_role role) {
  struct bulla_self *self = keyring->self;
  struct bulla_grant_row row;
  if (self->rings[role] != 0) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_grant_find(&row, keyring, db, id_of(self), NOTHING, role);
  if (status == BULLA_NOT_FOUND) {
    self->rings[role] = NO_RING;
    return BULLA_OK;
  }
  BULLA_TRY(status);
  BULLA_TRY(bulla_grant_box_open(&self->ring_keys[role], keyring, self->box_private, &row.said));
  self->rings[role] = row.said.epoch;
  return BULLA_OK;
}

/* Creates the ring key |ring| of |role|, or leaves |*key| NULL without a grant for all tenants. */
static enum bulla_status ring_key_of(struct bulla_secret **key, struct bulla_keyring *keyring, struct bulla_db *db,
                                     enum bulla_role role, int64_t ring) {
  const struct bulla_self *self = keyring->self;
  struct bulla_secret *found BULLA_CLEANUP(bulla_secret_free) = NULL;
  *key = NULL;
  BULLA_TRY(find_ring(keyring, db, role));
  if (self->rings[role] == NO_RING) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_secret_copy(&found, bulla_secret_bytes(self->ring_keys[role])));
  BULLA_TRY(bulla_ring_down(&found, keyring, db, role, self->rings[role], ring));
  *key = found;
  found = NULL;
  return BULLA_OK;
}

/* Creates the role key of |role| and the tenant that is |said|, or leaves |*key| NULL without a grant. */
static enum bulla_status role_key_of(struct bulla_secret **key, struct bulla_keyring *keyring, struct bulla_db *db,
                                     const struct bulla_tenant_statement *said, enum bulla_role role) {
  const struct bulla_self *self = keyring->self;
  const struct bulla_role_epoch *of = &said->roles[role];
  struct bulla_secret *ring_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_grant_row row;
  *key = NULL;
  enum bulla_status status = bulla_grant_find(&row, keyring, db, id_of(self), said->id, role);
  if (status == BULLA_OK && row.said.epoch != of->epoch) {
    return bulla_explain(BULLA_REFUSED, "a grant is of another time than what is said of its tenant");
  }
  if (status != BULLA_NOT_FOUND) {
    return status == BULLA_OK ? bulla_grant_box_open(key, keyring, self->box_private, &row.said) : status;
  }
  BULLA_TRY(ring_key_of(&ring_key, keyring, db, role, of->ring));
  return ring_key != NULL ? bulla_role_key(key, keyring, ring_key, said->id, role, of->epoch) : BULLA_OK;
}

/* What the roles of an actor give it of a tenant. */
struct opened {
  unsigned roles;
  struct bulla_key *role_keys[BULLA_NUM_ROLES];
  struct bulla_secret *label_key;
  struct bulla_secret *detail_key;
};

static void free_opened(struct opened *opened) {
  for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
    bulla_key_free(&opened->role_keys[i]);
  }
  bulla_secret_free(&opened->label_key);
  bulla_secret_free(&opened->detail_key);
}

/* Opens the handout |what| of |role|, which has |num| keys, and creates them: the first, and the second of two. Either
 * may be wanted no more: NULL. */
static enum bulla_status open_handout(struct bulla_secret **first, struct bulla_secret **second,
                                      const struct bulla_keyring *keyring, struct bulla_db *db,
                                      const struct bulla_key *role_key, struct bulla_span tenant_id,
                                      enum bulla_role role, struct bulla_span what) {
  struct bulla_secret *given BULLA_CLEANUP(bulla_secret_free) = NULL;
  enum bulla_status status = bulla_handout_open(&given, keyring, db, role_key, tenant_id, role, what);
  if (status == BULLA_NOT_FOUND) {
    return bulla_explain(BULLA_REFUSED, "what a role gives of its tenant is missing");
  }
  BULLA_TRY(status);
  struct bulla_span bytes = bulla_secret_bytes(given);
  if (bytes.len != (second != NULL ? 2U : 1U) * (size_t)BULLA_KEY_LEN) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_secret_copy(first, bulla_span(bytes.data, BULLA_KEY_LEN)));
  return second == NULL ? BULLA_OK : bulla_secret_copy(second, bulla_span(bytes.data + BULLA_KEY_LEN, BULLA_KEY_LEN));
}

static bool has_detail_alone(enum bulla_role role) {
  return role == BULLA_ROLE_VERIFY || role == BULLA_ROLE_AUDIT;
}

/* Opens the tenant's own keys by the first role that gives both, or else the detail key by one that gives it. */
static enum bulla_status open_tenant(struct opened *opened, const struct bulla_keyring *keyring, struct bulla_db *db,
                                     struct bulla_span tenant_id) {
  for (unsigned i = 0; i < BULLA_NUM_ROLES && opened->detail_key == NULL; i++) {
    enum bulla_role role = (enum bulla_role)i;
    const struct bulla_key *key = opened->role_keys[i];
    if (key != NULL && has_detail_alone(role)) {
      BULLA_TRY(open_handout(&opened->detail_key, NULL, keyring, db, key, tenant_id, role, NOTHING));
    } else if (key != NULL) {
      BULLA_TRY(open_handout(&opened->label_key, &opened->detail_key, keyring, db, key, tenant_id, role, NOTHING));
    }
  }
  return BULLA_OK;
}

static bool is_key(const struct bulla_secret *key, struct bulla_span key_id) {
  uint8_t id[BULLA_KEY_ID_LEN];
  return key == NULL || (bulla_key_id_of(id, bulla_secret_bytes(key)) == BULLA_OK &&
                         bulla_span_equal(key_id, bulla_span(id, sizeof(id))));
}

static enum bulla_status open_roles(struct opened *opened, struct bulla_keyring *keyring, struct bulla_db *db,
                                    const struct bulla_tenant_statement *said) {
  for (unsigned i = 0; i < BULLA_NUM_ROLES; i++) {
    struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
    BULLA_TRY(role_key_of(&key, keyring, db, said, (enum bulla_role)i));
    if (key != NULL) {
      BULLA_TRY(bulla_key_new(&opened->role_keys[i], BULLA_XAES_256_GCM, key));
      opened->roles |= 1U << i;
    }
  }
  if (said->shredded) {
    return BULLA_OK; /* nothing is left of it */
  }
  BULLA_TRY(open_tenant(opened, keyring, db, said->id));
  return is_key(opened->label_key, said->label_key_id) && is_key(opened->detail_key, said->detail_key_id)
             ? BULLA_OK
             : bulla_explain(BULLA_REFUSED, "what a role gives of its tenant is not what was signed");
}

enum bulla_status bulla_role_open_tenant(const struct bulla_tenant **tenant, struct bulla_keyring *keyring,
                                         struct bulla_db *db, const struct bulla_tenant_row *row) {
  struct bulla_tenant_statement said;
  struct opened opened BULLA_CLEANUP(free_opened) = {.roles = 0};
  struct bulla_key *detail_key BULLA_CLEANUP(bulla_key_free) = NULL;
  *tenant = NULL;
  BULLA_TRY(bulla_tenant_row_read(&said, keyring, row));
  BULLA_TRY(open_roles(&opened, keyring, db, &said));
  if (opened.detail_key != NULL) {
    BULLA_TRY(bulla_key_new(&detail_key, BULLA_XAES_256_GCM, opened.detail_key));
  }
  BULLA_TRY(bulla_keyring_keep_tenant(tenant, keyring, row->statement, row->signature, &opened.label_key, &detail_key));
  struct bulla_tenant *kept = (*tenant)->self;
  kept->roles = opened.roles;
  memcpy(kept->role_keys, opened.role_keys, sizeof(kept->role_keys));
  memset(opened.role_keys, 0, sizeof(opened.role_keys));
  return BULLA_OK;
}

/* Opens what each role gives of the secret. One that gives what another gave already need not. */
static enum bulla_status open_keys(struct bulla_secret_keys *keys, const struct bulla_keyring *keyring,
                                   struct bulla_db *db, const struct bulla_tenant *tenant,
                                   struct bulla_span secret_id) {
  struct bulla_key *const *role_keys = tenant->role_keys;
  struct bulla_span tenant_id = bulla_tenant_id(tenant);
  if (role_keys[BULLA_ROLE_USE] != NULL) {
    BULLA_TRY(open_handout(&keys->field, &keys->mask, keyring, db, role_keys[BULLA_ROLE_USE], tenant_id, BULLA_ROLE_USE,
                           secret_id));
  } else if (role_keys[BULLA_ROLE_SHOW] != NULL) {
    BULLA_TRY(open_handout(&keys->mask, NULL, keyring, db, role_keys[BULLA_ROLE_SHOW], tenant_id, BULLA_ROLE_SHOW,
                           secret_id));
  }
  return role_keys[BULLA_ROLE_VERIFY] == NULL
             ? BULLA_OK
             : open_handout(&keys->apikey, NULL, keyring, db, role_keys[BULLA_ROLE_VERIFY], tenant_id,
                            BULLA_ROLE_VERIFY, secret_id);
}

/* What everybody is told: where an actor puts values is not for it to find out. */
static void take_said(struct bulla_tenant_secret *made, const struct bulla_tenant *tenant,
                      const struct bulla_secret_entry *entry) {
  made->version = entry->version;
  memcpy(made->id, entry->id.data, sizeof(made->id));
  memcpy(made->tenant_id, tenant->id, sizeof(made->tenant_id));
  memcpy(made->value_public, entry->value_public.data, sizeof(made->value_public));
  memcpy(made->mask_public, entry->mask_public.data, sizeof(made->mask_public));
}

enum bulla_status bulla_role_open_secret(const struct bulla_tenant_secret **secret, struct bulla_keyring *keyring,
                                         struct bulla_db *db, const struct bulla_tenant *tenant,
                                         const struct bulla_secret_row *row) {
  struct bulla_secret_keys keys BULLA_CLEANUP(bulla_secret_keys_free) = {.field = NULL};
  struct bulla_tenant_secret made BULLA_CLEANUP(bulla_tenant_secret_free) = {.version = 0};
  const struct bulla_secret_entry *entry = bulla_tenant_secret_listed(tenant, row);
  *secret = NULL;
  if (entry == NULL) {
    return BULLA_REFUSED;
  }
  const struct bulla_tenant_secret *cached = bulla_keyring_find_secret(keyring, row->id);
  if (cached != NULL) {
    bool same = memcmp(cached->tenant_id, tenant->id, sizeof(tenant->id)) == 0 && cached->version == row->version;
    *secret = same ? cached : NULL;
    return same ? BULLA_OK : BULLA_REFUSED;
  }
  BULLA_TRY(open_keys(&keys, keyring, db, tenant, entry->id));
  take_said(&made, tenant, entry);
  BULLA_TRY(bulla_tenant_secret_fill(&made, &keys));
  if (!bulla_tenant_secret_is(&made, entry)) {
    return bulla_explain(BULLA_REFUSED, "what a role gives of its tenant is not what was signed");
  }
  *secret = bulla_keyring_keep_secret(keyring, &made);
  if (*secret == NULL) {
    return BULLA_NO_MEMORY;
  }
  made = (struct bulla_tenant_secret){.version = 0};
  return BULLA_OK;
}

/* Opens the handout of the vault for its auditors, whose |ring_key| is the newest. */
static enum bulla_status open_audit(struct bulla_keyring *keyring, struct bulla_db *db,
                                    const struct bulla_secret *ring_key) {
  struct bulla_secret *role_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_secret *audit BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *detail BULLA_CLEANUP(bulla_secret_free) = NULL;
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN];
  BULLA_TRY(bulla_role_key(&role_key, keyring, ring_key, NOTHING, BULLA_ROLE_AUDIT, 1));
  BULLA_TRY(bulla_key_new(&key, BULLA_XAES_256_GCM, role_key));
  BULLA_TRY(open_handout(&audit, &detail, keyring, db, key, NOTHING, BULLA_ROLE_AUDIT, NOTHING));
  BULLA_TRY(bulla_box_public(public_key, audit));
  if (memcmp(public_key, keyring->audit_public, sizeof(public_key)) != 0) {
    return bulla_explain(BULLA_REFUSED, "what an auditor is given is not the audit key that was signed");
  }
  BULLA_TRY(bulla_key_new(&keyring->detail_key, BULLA_XAES_256_GCM, detail));
  keyring->audit_private = audit;
  audit = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_role_open_audit(struct bulla_keyring *keyring, struct bulla_db *db) {
  struct bulla_self *self = keyring->self;
  if (self == NULL) {
    return BULLA_OK;
  }
  BULLA_TRY(find_ring(keyring, db, BULLA_ROLE_AUDIT));
  if (self->rings[BULLA_ROLE_AUDIT] == NO_RING) {
    return BULLA_DENIED;
  }
  keyring->audit_is_over = false; /* the keys are those of before, whoever was an auditor meanwhile */
  return keyring->audit_private != NULL ? BULLA_OK : open_audit(keyring, db, self->ring_keys[BULLA_ROLE_AUDIT]);
}
