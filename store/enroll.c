/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/enroll.h. */

#include "store/enroll.h"

#include "core/key.h"
#include "core/log.h"
#include "store/advance.h"
#include "store/clock.h"
#include "store/columns.h"
#include "store/grants.h"
#include "store/roles.h"
#include "store/wrap.h"

/* Gives |said| the next generation of the directory. */
static enum bulla_status begin(struct bulla_advance *advance, struct bulla_change *change,
                               struct bulla_tenant_statement *said) {
  BULLA_TRY(bulla_advance_begin(advance, change));
  said->generation = advance->generation;
  return BULLA_OK;
}

/* Signs what is to be said of a tenant, and moves the directory to its generation. */
static enum bulla_status sign(struct bulla_signed *made, struct bulla_advance *advance, struct bulla_change *change,
                              const struct bulla_tenant_statement *said) {
  BULLA_TRY(bulla_sign_tenant(made, &change->vault->keyring, said));
  BULLA_TRY(bulla_advance_put(advance, change, said->id, made));
  BULLA_TRY(bulla_advance_end(advance, change));
  bulla_advance_tell(change, made);
  return BULLA_OK;
}

/* A key that a tenant keeps for good: in its stored form, and the id that the statement has of it. */
struct made_key {
  struct bulla_secret *key;
  uint8_t id[BULLA_KEY_ID_LEN];
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer wrapped;
};

/* Makes a random one of the tenant |tenant_id|. */
static enum bulla_status make_key(struct made_key *made, const struct bulla_keyring *keyring, enum bulla_wrapped what,
                                  struct bulla_span tenant_id) {
  struct bulla_context context;
  made->wrapped = bulla_buffer(made->bytes, sizeof(made->bytes));
  BULLA_TRY(bulla_secret_random(&made->key, BULLA_KEY_LEN));
  BULLA_TRY(bulla_key_id_of(made->id, bulla_secret_bytes(made->key)));
  BULLA_TRY(bulla_context_wrapped(&context, keyring, what, tenant_id, 0));
  return bulla_wrap(&made->wrapped, keyring->vault_key, made->key, &context);
}

static void free_key(struct made_key *made) {
  bulla_secret_free(&made->key);
}

static enum bulla_status insert_tenant(struct bulla_vault *vault, const struct bulla_tenant_statement *said,
                                       const struct bulla_signed *made, const struct made_key *label_key,
                                       const struct made_key *detail_key) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_INSERT_TENANT);
  bulla_bind_blob(&statement, said->id);
  bulla_bind_text(&statement, said->name);
  bulla_bind_blob(&statement, bulla_written(&made->statement));
  bulla_bind_blob(&statement, bulla_span(made->signature, sizeof(made->signature)));
  bulla_bind_blob(&statement, bulla_written(&label_key->wrapped));
  bulla_bind_blob(&statement, bulla_written(&detail_key->wrapped));
  return bulla_finish(&statement);
}

static enum bulla_status insert_secret(struct bulla_vault *vault, const struct bulla_made_secret *made) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_INSERT_TENANT_SECRET);
  bulla_bind_blob(&statement, bulla_span(made->secret.id, BULLA_ID_LEN));
  bulla_bind_blob(&statement, bulla_span(made->secret.tenant_id, BULLA_ID_LEN));
  bulla_bind_int(&statement, made->secret.version);
  bulla_bind_text(&statement, bulla_secret_state_name(BULLA_SECRET_ACTIVE));
  bulla_bind_blob(&statement, bulla_written(&made->wrapped));
  bulla_bind_int(&statement, bulla_clock_s());
  return bulla_finish(&statement);
}

static void free_made(struct bulla_made_secret *made) {
  bulla_tenant_secret_free(&made->secret);
  bulla_secret_keys_free(&made->keys);
}

static enum bulla_status create(struct bulla_change *change, struct bulla_span name, int64_t created) {
  struct bulla_vault *vault = change->vault;
  uint8_t id[BULLA_ID_LEN];
  struct bulla_signed made;
  struct made_key label_key BULLA_CLEANUP(free_key) = {.key = NULL};
  struct made_key detail_key BULLA_CLEANUP(free_key) = {.key = NULL};
  struct bulla_made_secret first BULLA_CLEANUP(free_made) = {.secret = {.version = 0}};
  BULLA_TRY(bulla_random(id, sizeof(id)));
  BULLA_TRY(make_key(&label_key, &vault->keyring, BULLA_WRAPPED_LABEL_KEY, bulla_span(id, sizeof(id))));
  BULLA_TRY(make_key(&detail_key, &vault->keyring, BULLA_WRAPPED_DETAIL_KEY, bulla_span(id, sizeof(id))));
  BULLA_TRY(bulla_tenant_secret_new(&first, &vault->keyring, bulla_span(id, sizeof(id)), 1));
  struct bulla_tenant_statement said = {
      .uuid = bulla_keyring_uuid(&vault->keyring),
      .id = bulla_span(id, sizeof(id)),
      .name = name,
      .created = created,
      .last_version = 1,
      .label_key_id = bulla_span(label_key.id, sizeof(label_key.id)),
      .detail_key_id = bulla_span(detail_key.id, sizeof(detail_key.id)),
      .num_secrets = 1,
  };
  struct bulla_advance advance;
  BULLA_TRY(begin(&advance, change, &said));
  for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
    said.roles[i] = (struct bulla_role_epoch){.ring = advance.row.said.rings[i], .epoch = 1};
  }
  said.secrets[0] = bulla_tenant_secret_entry(&first.secret, said.generation);
  BULLA_TRY(sign(&made, &advance, change, &said));
  BULLA_TRY(insert_tenant(vault, &said, &made, &label_key, &detail_key));
  BULLA_TRY(bulla_roles_add_tenant(&vault->keyring, vault->db, &said, label_key.key, detail_key.key));
  BULLA_TRY(bulla_roles_add_secret(&vault->keyring, vault->db, &said, &first.keys, said.secrets[0].id));
  return insert_secret(vault, &first);
}

enum bulla_status bulla_tenant_create(const struct bulla_tenant **tenant, struct bulla_change *change,
                                      struct bulla_span name, int64_t created) {
  BULLA_TRY(create(change, name, created));
  return bulla_tenant_look(tenant, change->vault, name);
}

enum bulla_status bulla_tenant_ensure(const struct bulla_tenant **tenant, struct bulla_change *change,
                                      struct bulla_span name) {
  enum bulla_status status = bulla_tenant_look(tenant, change->vault, name);
  if (status != BULLA_NOT_FOUND) {
    return status;
  }
  return bulla_tenant_create(tenant, change, name, bulla_clock_s());
}

/* Signs |said| and stores it as the row of its tenant, which has the name in it, or none. */
static enum bulla_status replace(struct bulla_change *change, struct bulla_advance *advance,
                                 const struct bulla_tenant_statement *said, bool has_name) {
  struct bulla_signed made;
  BULLA_TRY(sign(&made, advance, change, said));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(change->vault->db, BULLA_QUERY_UPDATE_TENANT);
  if (has_name) {
    bulla_bind_text(&statement, said->name);
  } else {
    bulla_bind_null(&statement);
  }
  bulla_bind_blob(&statement, bulla_written(&made.statement));
  bulla_bind_blob(&statement, bulla_span(made.signature, sizeof(made.signature)));
  bulla_bind_blob(&statement, said->id);
  return bulla_finish(&statement);
}

/* Likewise, with the next generation of the directory. */
static enum bulla_status update(struct bulla_change *change, struct bulla_tenant_statement *said, bool has_name) {
  struct bulla_advance advance;
  BULLA_TRY(begin(&advance, change, said));
  return replace(change, &advance, said, has_name);
}

enum bulla_status bulla_tenant_rename(struct bulla_change *change, const struct bulla_tenant *tenant,
                                      struct bulla_span name) {
  struct bulla_tenant_statement said = tenant->said;
  said.name = name;
  enum bulla_status status = update(change, &said, true);
  return status == BULLA_EXISTS ? bulla_explain(status, "the new name is taken") : status;
}

/* Runs |queries|, each of which has the id of the tenant as its parameter. */
static enum bulla_status run_all(struct bulla_db *db, const enum bulla_query *queries, size_t num,
                                 struct bulla_span tenant_id) {
  for (size_t i = 0; i < num; i++) {
    struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, queries[i]);
    bulla_bind_blob(&statement, tenant_id);
    BULLA_TRY(bulla_finish(&statement));
  }
  return BULLA_OK;
}

/* The API keys that are left are revoked, and without them no token opens whose revocation is to be known. */
static enum bulla_status remove_secrets(struct bulla_change *change, struct bulla_tenant_statement *said) {
  static const enum bulla_query queries[] = {
      BULLA_QUERY_DELETE_REVOKED_TOKENS,
      BULLA_QUERY_DELETE_APIKEYS,
      BULLA_QUERY_DELETE_TENANT_SECRETS,
      BULLA_QUERY_DELETE_SECRET_HANDOUTS,
  };
  BULLA_TRY(run_all(change->vault->db, queries, sizeof(queries) / sizeof(queries[0]), said->id));
  said->removed = true;
  said->num_secrets = 0;
  return update(change, said, false);
}

enum bulla_status bulla_tenant_remove(struct bulla_change *change, const struct bulla_tenant *tenant) {
  struct bulla_tenant_statement said = tenant->said;
  return remove_secrets(change, &said);
}

enum bulla_status bulla_tenant_shred(struct bulla_change *change, const struct bulla_tenant *tenant) {
  static const enum bulla_query queries[] = {
      BULLA_QUERY_DELETE_TENANT_FIELDS,
      BULLA_QUERY_DELETE_TENANT_ENTRIES,
      BULLA_QUERY_ERASE_TENANT_KEYS,
      BULLA_QUERY_DELETE_HANDOUTS,
  };
  struct bulla_tenant_statement said = tenant->said;
  BULLA_TRY(run_all(change->vault->db, queries, sizeof(queries) / sizeof(queries[0]), said.id));
  said.shredded = true;
  said.name = bulla_span(NULL, 0);
  said.label_key_id = bulla_span(NULL, 0);
  said.detail_key_id = bulla_span(NULL, 0);
  return remove_secrets(change, &said);
}

/* Runs |query| for the secret |id|. */
static enum bulla_status change_secret(struct bulla_db *db, enum bulla_query query, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, query);
  bulla_bind_blob(&statement, id);
  return bulla_finish(&statement);
}

/* Gives |said|, which the caller signs, new role keys of |role| out of the ring key |ring|, and the grants too. */
static enum bulla_status renew(struct bulla_change *change, struct bulla_tenant_statement *said, enum bulla_role role,
                               int64_t ring) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  const struct bulla_keyring *keyring = &change->vault->keyring;
  BULLA_TRY(bulla_roles_renew(keyring, change->vault->db, said, role, ring));
  BULLA_TRY(bulla_role_key_of(&key, keyring, said, role));
  return bulla_grants_reseal(change, said->id, role, key, said->roles[role].epoch);
}

enum bulla_status bulla_tenant_renew(struct bulla_change *change, const struct bulla_tenant *tenant,
                                     enum bulla_role role) {
  struct bulla_tenant_statement said = tenant->said;
  struct bulla_vault_row row;
  BULLA_TRY(bulla_vault_row_now(&row, &change->vault->keyring, change->vault->db));
  BULLA_TRY(renew(change, &said, role, row.said.rings[role]));
  return update(change, &said, true);
}

/* Does so for each role whose ring key is not that of now. */
static enum bulla_status renew_behind(struct bulla_change *change, struct bulla_tenant_statement *said) {
  struct bulla_vault_row row;
  BULLA_TRY(bulla_vault_row_now(&row, &change->vault->keyring, change->vault->db));
  for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
    bool is_behind = said->roles[role].ring < row.said.rings[role];
    BULLA_TRY(is_behind ? renew(change, said, (enum bulla_role)role, row.said.rings[role]) : BULLA_OK);
  }
  return BULLA_OK;
}

enum bulla_status bulla_tenant_rotate(int64_t *version, struct bulla_change *change,
                                      const struct bulla_tenant *tenant) {
  struct bulla_vault *vault = change->vault;
  struct bulla_tenant_statement said = tenant->said;
  struct bulla_made_secret made BULLA_CLEANUP(free_made) = {.secret = {.version = 0}};
  if (said.num_secrets == BULLA_SECRETS_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "the tenant has %d versions that are not destroyed", BULLA_SECRETS_MAX);
  }
  BULLA_TRY(renew_behind(change, &said));
  *version = said.last_version + 1;
  BULLA_TRY(bulla_tenant_secret_new(&made, &vault->keyring, said.id, *version));
  for (size_t i = 0; i < said.num_secrets; i++) {
    if (said.secrets[i].state == BULLA_SECRET_ACTIVE) {
      said.secrets[i].state = BULLA_SECRET_DECRYPT_ONLY;
      BULLA_TRY(change_secret(vault->db, BULLA_QUERY_RETIRE_TENANT_SECRET, said.secrets[i].id));
    }
  }
  said.last_version = *version;
  BULLA_TRY(insert_secret(vault, &made));
  struct bulla_advance advance;
  BULLA_TRY(begin(&advance, change, &said));
  said.secrets[said.num_secrets++] = bulla_tenant_secret_entry(&made.secret, said.generation);
  BULLA_TRY(
      bulla_roles_add_secret(&vault->keyring, vault->db, &said, &made.keys, said.secrets[said.num_secrets - 1].id));
  return replace(change, &advance, &said, true);
}

static enum bulla_status delete_handouts(struct bulla_db *db, struct bulla_span tenant_id, struct bulla_span what) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_DELETE_HANDOUTS_OF);
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_blob(&statement, what);
  return bulla_finish(&statement);
}

enum bulla_status bulla_tenant_destroy(struct bulla_change *change, const struct bulla_tenant *tenant, size_t index) {
  struct bulla_tenant_statement said = tenant->said;
  BULLA_TRY(change_secret(change->vault->db, BULLA_QUERY_DELETE_TENANT_SECRET, said.secrets[index].id));
  BULLA_TRY(delete_handouts(change->vault->db, said.id, said.secrets[index].id));
  said.num_secrets--;
  for (size_t i = index; i < said.num_secrets; i++) {
    said.secrets[i] = said.secrets[i + 1];
  }
  return update(change, &said, true);
}
