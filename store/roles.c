/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/roles.h. */

#include "store/roles.h"

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/context.h"
#include "store/wrap.h"

enum { GIVEN_MAX = 2 * BULLA_KEY_LEN };                               /* bytes in a handout */
enum { BLOB_OVERHEAD = 58, HANDOUT_MAX = GIVEN_MAX + BLOB_OVERHEAD }; /* of suite 2 */
enum { RING_LEN = 8, INFO_MAX = 192 };

/* Expands |key| with what |label| and the other parts make. |tenant_id| is NULL for a ring key. */
static enum bulla_status expand(struct bulla_secret **expanded, const struct bulla_keyring *keyring,
                                const struct bulla_secret *key, struct bulla_span label,
                                const struct bulla_span *tenant_id, enum bulla_role role, int64_t number) {
  uint8_t bytes[INFO_MAX];
  struct bulla_buffer info = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&info);
  bulla_put_prefixed(&writer, label);
  bulla_put_prefixed(&writer, bulla_keyring_uuid(keyring));
  if (tenant_id != NULL) {
    bulla_put_prefixed(&writer, *tenant_id);
  }
  bulla_put_prefixed(&writer, bulla_role_name(role));
  bulla_put_number(&writer, number);
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_secret_expand(expanded, key, bulla_written(&info));
}

enum bulla_status bulla_ring_key(struct bulla_secret **key, const struct bulla_keyring *keyring, enum bulla_role role,
                                 int64_t ring) {
  *key = NULL;
  return keyring->vault_secret == NULL
             ? BULLA_DENIED
             : expand(key, keyring, keyring->vault_secret, BULLA_LITERAL("bulla/v2/ring-key"), NULL, role, ring);
}

enum bulla_status bulla_role_key(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                 const struct bulla_secret *ring_key, struct bulla_span tenant_id, enum bulla_role role,
                                 int64_t epoch) {
  return expand(key, keyring, ring_key, BULLA_LITERAL("bulla/v2/role-key"), &tenant_id, role, epoch);
}

enum bulla_status bulla_role_key_of(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                    const struct bulla_tenant_statement *said, enum bulla_role role) {
  struct bulla_secret *ring_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  *key = NULL;
  BULLA_TRY(bulla_ring_key(&ring_key, keyring, role, said->roles[role].ring));
  return bulla_role_key(key, keyring, ring_key, said->id, role, said->roles[role].epoch);
}

/* Which handout it is. */
struct handout {
  struct bulla_span tenant_id; /* or empty: the vault's */
  enum bulla_role role;
  struct bulla_span what; /* the id of a secret, the number of a ring key, or empty */
};

static enum bulla_status make_context(struct bulla_context *context, const struct bulla_keyring *keyring,
                                      const struct handout *handout) {
  return bulla_context_handout(context, keyring, handout->tenant_id, handout->role, handout->what);
}

static void bind(struct bulla_statement *statement, const struct handout *handout) {
  bulla_bind_blob(statement, handout->tenant_id);
  bulla_bind_text(statement, bulla_role_name(handout->role));
  bulla_bind_blob(statement, handout->what);
}

static enum bulla_status open_given(struct bulla_secret **given, const struct bulla_keyring *keyring,
                                    struct bulla_db *db, const struct bulla_key *role_key,
                                    const struct handout *handout) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_GET_HANDOUT);
  struct bulla_context context;
  *given = NULL;
  bind(&statement, handout);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  struct bulla_span sealed = bulla_column_blob(&statement, HANDOUT_MAX);
  if (!bulla_columns_good(&statement) || (sealed.len != HANDOUT_MAX && sealed.len != HANDOUT_MAX - BULLA_KEY_LEN)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(make_context(&context, keyring, handout));
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&opened, sealed.len - BLOB_OVERHEAD));
  struct bulla_buffer plaintext = bulla_buffer(bulla_secret_data(opened), bulla_secret_bytes(opened).len);
  BULLA_TRY(bulla_open(role_key, &plaintext, sealed, bulla_context_span(&context)));
  *given = opened;
  opened = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_handout_open(struct bulla_secret **given, const struct bulla_keyring *keyring,
                                     struct bulla_db *db, const struct bulla_key *role_key, struct bulla_span tenant_id,
                                     enum bulla_role role, struct bulla_span what) {
  const struct handout handout = {.tenant_id = tenant_id, .role = role, .what = what};
  return open_given(given, keyring, db, role_key, &handout);
}

/* Seals one or two keys, of which the second may be NULL. */
static enum bulla_status put(const struct bulla_keyring *keyring, struct bulla_db *db,
                             const struct bulla_secret *role_key, const struct handout *handout,
                             const struct bulla_secret *first, const struct bulla_secret *second) {
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_secret *given BULLA_CLEANUP(bulla_secret_free) = NULL;
  uint8_t bytes[HANDOUT_MAX];
  struct bulla_buffer sealed = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_context context;
  BULLA_TRY(make_context(&context, keyring, handout));
  BULLA_TRY(bulla_key_new(&key, BULLA_XAES_256_GCM, role_key));
  BULLA_TRY(bulla_secret_new(&given, second != NULL ? GIVEN_MAX : BULLA_KEY_LEN));
  memcpy(bulla_secret_data(given), bulla_secret_bytes(first).data, BULLA_KEY_LEN);
  if (second != NULL) {
    memcpy(bulla_secret_data(given) + BULLA_KEY_LEN, bulla_secret_bytes(second).data, BULLA_KEY_LEN);
  }
  BULLA_TRY(bulla_seal(key, &sealed, bulla_secret_bytes(given), bulla_context_span(&context)));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_PUT_HANDOUT);
  bind(&statement, handout);
  bulla_bind_blob(&statement, bulla_written(&sealed));
  return bulla_finish(&statement);
}

/* Fills the RING_LEN bytes of |bytes| with the number of a ring key. */
static struct bulla_span ring_bytes(uint8_t *bytes, int64_t ring) {
  for (int i = 0; i < RING_LEN; i++) {
    bytes[i] = (uint8_t)((uint64_t)ring >> (8 * (RING_LEN - 1 - i)));
  }
  return bulla_span(bytes, RING_LEN);
}

enum bulla_status bulla_ring_down(struct bulla_secret **ring_key, const struct bulla_keyring *keyring,
                                  struct bulla_db *db, enum bulla_role role, int64_t from, int64_t to) {
  if (to < 1 || to > from) {
    return BULLA_REFUSED;
  }
  for (int64_t ring = from; ring > to; ring--) {
    uint8_t bytes[RING_LEN];
    struct bulla_secret *role_key BULLA_CLEANUP(bulla_secret_free) = NULL;
    struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
    struct bulla_secret *older = NULL;
    const struct handout handout = {.role = role, .what = ring_bytes(bytes, ring - 1)};
    BULLA_TRY(bulla_role_key(&role_key, keyring, *ring_key, handout.tenant_id, role, 1));
    BULLA_TRY(bulla_key_new(&key, BULLA_XAES_256_GCM, role_key));
    enum bulla_status status = open_given(&older, keyring, db, key, &handout);
    BULLA_TRY(status == BULLA_NOT_FOUND ? BULLA_REFUSED : status);
    bulla_secret_free(ring_key);
    *ring_key = older;
  }
  return bulla_secret_bytes(*ring_key).len == BULLA_KEY_LEN ? BULLA_OK : BULLA_REFUSED;
}

/* What the auditor of all tenants gets, under R[audit, ring]. */
static enum bulla_status put_audit(const struct bulla_keyring *keyring, struct bulla_db *db, int64_t ring,
                                   const struct bulla_secret *detail) {
  struct bulla_secret *ring_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *role_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  const struct handout handout = {.role = BULLA_ROLE_AUDIT};
  BULLA_TRY(bulla_ring_key(&ring_key, keyring, BULLA_ROLE_AUDIT, ring));
  BULLA_TRY(bulla_role_key(&role_key, keyring, ring_key, handout.tenant_id, BULLA_ROLE_AUDIT, 1));
  return put(keyring, db, role_key, &handout, keyring->audit_private, detail);
}

enum bulla_status bulla_roles_begin(const struct bulla_keyring *keyring, struct bulla_db *db,
                                    const struct bulla_secret *detail) {
  return put_audit(keyring, db, 1, detail);
}

static enum bulla_status add_tenant(const struct bulla_keyring *keyring, struct bulla_db *db,
                                    const struct bulla_tenant_statement *said, enum bulla_role role,
                                    const struct bulla_secret *label_key, const struct bulla_secret *detail_key) {
  struct bulla_secret *role_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  const struct handout handout = {.tenant_id = said->id, .role = role};
  bool detail_alone = role == BULLA_ROLE_VERIFY || role == BULLA_ROLE_AUDIT;
  BULLA_TRY(bulla_role_key_of(&role_key, keyring, said, role));
  return put(keyring, db, role_key, &handout, detail_alone ? detail_key : label_key, detail_alone ? NULL : detail_key);
}

enum bulla_status bulla_roles_add_tenant(const struct bulla_keyring *keyring, struct bulla_db *db,
                                         const struct bulla_tenant_statement *said,
                                         const struct bulla_secret *label_key, const struct bulla_secret *detail_key) {
  for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
    BULLA_TRY(add_tenant(keyring, db, said, (enum bulla_role)role, label_key, detail_key));
  }
  return BULLA_OK;
}

static enum bulla_status add_secret(const struct bulla_keyring *keyring, struct bulla_db *db,
                                    const struct bulla_tenant_statement *said, enum bulla_role role,
                                    const struct bulla_secret_keys *keys, struct bulla_span secret_id) {
  struct bulla_secret *role_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  const struct handout handout = {.tenant_id = said->id, .role = role, .what = secret_id};
  BULLA_TRY(bulla_role_key_of(&role_key, keyring, said, role));
  switch (role) {
    case BULLA_ROLE_SHOW:
      return put(keyring, db, role_key, &handout, keys->mask, NULL);
    case BULLA_ROLE_USE:
      return put(keyring, db, role_key, &handout, keys->field, keys->mask);
    case BULLA_ROLE_VERIFY:
      return put(keyring, db, role_key, &handout, keys->apikey, NULL);
    default:
      return BULLA_OK; /* these get no keys of secrets */
  }
}

enum bulla_status bulla_roles_add_secret(const struct bulla_keyring *keyring, struct bulla_db *db,
                                         const struct bulla_tenant_statement *said,
                                         const struct bulla_secret_keys *keys, struct bulla_span secret_id) {
  for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
    BULLA_TRY(add_secret(keyring, db, said, (enum bulla_role)role, keys, secret_id));
  }
  return BULLA_OK;
}

/* Unwraps the two keys that the tenant keeps for good. */
static enum bulla_status unwrap_tenant(struct bulla_secret **label_key, struct bulla_secret **detail_key,
                                       const struct bulla_keyring *keyring, struct bulla_db *db,
                                       struct bulla_span tenant_id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_TENANT_KEYS);
  struct bulla_context context;
  bulla_bind_blob(&statement, tenant_id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  struct bulla_span label = row ? bulla_column_blob(&statement, BULLA_WRAPPED_MAX) : bulla_span(NULL, 0);
  struct bulla_span detail = row ? bulla_column_blob(&statement, BULLA_WRAPPED_MAX) : bulla_span(NULL, 0);
  BULLA_TRY(row && bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED);
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_LABEL_KEY, tenant_id, 0));
  BULLA_TRY(bulla_unwrap(label_key, keyring->vault_key, label, &context));
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_DETAIL_KEY, tenant_id, 0));
  return bulla_unwrap(detail_key, keyring->vault_key, detail, &context);
}

static enum bulla_status renew_tenant(const struct bulla_keyring *keyring, struct bulla_db *db,
                                      const struct bulla_tenant_statement *said, enum bulla_role role) {
  struct bulla_secret *label_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *detail_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(unwrap_tenant(&label_key, &detail_key, keyring, db, said->id));
  return add_tenant(keyring, db, said, role, label_key, detail_key);
}

static enum bulla_status renew_secret(const struct bulla_keyring *keyring, struct bulla_db *db,
                                      const struct bulla_tenant_statement *said, enum bulla_role role,
                                      const struct bulla_secret_entry *entry) {
  struct bulla_secret_keys keys BULLA_CLEANUP(bulla_secret_keys_free) = {.field = NULL};
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_TENANT_SECRET);
  bulla_bind_blob(&statement, entry->id);
  bulla_bind_blob(&statement, said->id);
  bool found;
  BULLA_TRY(bulla_step(&statement, &found));
  if (!found) {
    return BULLA_REFUSED;
  }
  struct bulla_secret_row row = {.id = bulla_column_exact(&statement, BULLA_ID_LEN)};
  row.version = bulla_column_int(&statement);
  row.wrapped = bulla_column_blob(&statement, BULLA_WRAPPED_MAX);
  bool same = bulla_columns_good(&statement) && bulla_span_equal(row.id, entry->id) && row.version == entry->version;
  BULLA_TRY(same ? bulla_secret_keys_unwrap(&keys, keyring, said->id, &row) : BULLA_REFUSED);
  return add_secret(keyring, db, said, role, &keys, entry->id);
}

enum bulla_status bulla_roles_renew(const struct bulla_keyring *keyring, struct bulla_db *db,
                                    struct bulla_tenant_statement *said, enum bulla_role role, int64_t ring) {
  said->roles[role].ring = ring;
  said->roles[role].epoch++;
  BULLA_TRY(renew_tenant(keyring, db, said, role));
  for (size_t i = 0; i < said->num_secrets; i++) {
    BULLA_TRY(renew_secret(keyring, db, said, role, &said->secrets[i]));
  }
  return BULLA_OK;
}

/* Unwraps the vault's detail key. */
static enum bulla_status unwrap_detail(struct bulla_secret **detail, const struct bulla_keyring *keyring,
                                       struct bulla_db *db) {
  struct bulla_vault_row row;
  struct bulla_context context;
  BULLA_TRY(bulla_vault_row_load_keys(&row, db));
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_DETAIL_KEY, bulla_span(NULL, 0), 0));
  return bulla_unwrap(detail, keyring->vault_key, row.detail_key, &context);
}

enum bulla_status bulla_roles_next_ring(const struct bulla_keyring *keyring, struct bulla_db *db,
                                        struct bulla_vault_row *row, enum bulla_role role) {
  uint8_t bytes[RING_LEN];
  struct bulla_secret *older BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *newer BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *role_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *detail BULLA_CLEANUP(bulla_secret_free) = NULL;
  int64_t ring = row->said.rings[role];
  const struct handout handout = {.role = role, .what = ring_bytes(bytes, ring)};
  BULLA_TRY(bulla_ring_key(&older, keyring, role, ring));
  BULLA_TRY(bulla_ring_key(&newer, keyring, role, ring + 1));
  BULLA_TRY(bulla_role_key(&role_key, keyring, newer, handout.tenant_id, role, 1));
  BULLA_TRY(put(keyring, db, role_key, &handout, older, NULL));
  if (role == BULLA_ROLE_AUDIT) {
    BULLA_TRY(unwrap_detail(&detail, keyring, db));
    BULLA_TRY(put_audit(keyring, db, ring + 1, detail));
  }
  row->said.rings[role] = ring + 1;
  return BULLA_OK;
}
