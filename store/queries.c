/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/queries.h. */

#include "store/queries.h"

/* Columns that store/columns.h takes. */
#define TENANT "t.id, t.name, t.name_proof"
#define WRAPPED_KEY "k.key_id, k.version, k.wrapped"
#define SELECT_FIELDS                                                                              \
  "SELECT t.id, t.name_proof, e.id, e.name_proof, f.name, f.revision, f.secret, f.value, f.mask, " \
  "f.updated, " WRAPPED_KEY                                                                        \
  " FROM tenant t JOIN entry e ON e.tenant = t.id JOIN field f ON f.entry = e.id "                 \
  "LEFT JOIN tenant_key k ON k.key_id = f.key_id AND k.tenant = t.id "

#define RECORD "seq, time, tenant, actor, origin, reason, op, entry, field, outcome, mac"

static const char *const texts[BULLA_NUM_QUERIES] = {
    [BULLA_QUERY_INSERT_VAULT] =
        "INSERT INTO vault(id, uuid, created, root_key_id, name_key, scrypt_salt, scrypt_log_n) "
        "VALUES (1, $1, $2, $3, $4, $5, $6)",
    [BULLA_QUERY_LOAD_VAULT] = "SELECT uuid, root_key_id, name_key, scrypt_salt, scrypt_log_n FROM vault WHERE id = 1",

    [BULLA_QUERY_FIND_TENANT] = "SELECT id, name_proof FROM tenant WHERE name = $1",
    [BULLA_QUERY_INSERT_TENANT] = "INSERT INTO tenant(id, name, name_proof, created) VALUES ($1, $2, $3, $4)",
    [BULLA_QUERY_RENAME_TENANT] = "UPDATE tenant SET name = $1, name_proof = $2 WHERE id = $3",
    [BULLA_QUERY_LIST_TENANTS] = "SELECT " TENANT " FROM tenant t WHERE t.name >= $1 ORDER BY t.name",
    [BULLA_QUERY_COUNT_ENTRIES] = "SELECT count(*) FROM entry WHERE tenant = $1",
    [BULLA_QUERY_COUNT_LIVE_APIKEYS] = "SELECT count(*) FROM apikey WHERE tenant = $1 AND revoked = 0",
    [BULLA_QUERY_DELETE_TENANT] = "DELETE FROM tenant WHERE id = $1",
    [BULLA_QUERY_DELETE_TENANT_KEYS] = "DELETE FROM tenant_key WHERE tenant = $1",
    [BULLA_QUERY_DELETE_APIKEYS] = "DELETE FROM apikey WHERE tenant = $1",
    [BULLA_QUERY_DELETE_REVOKED_TOKENS] = "DELETE FROM revoked_token WHERE tenant = $1",
    [BULLA_QUERY_INSERT_TENANT_KEY] =
        "INSERT INTO tenant_key(key_id, tenant, version, state, wrapped, created) "
        "VALUES ($1, $2, $3, 'active', $4, $5)",
    [BULLA_QUERY_ACTIVE_TENANT_KEY] =
        "SELECT " WRAPPED_KEY " FROM tenant_key k WHERE k.tenant = $1 AND k.state = 'active'",

    [BULLA_QUERY_FIND_ENTRY] = "SELECT id, name_proof FROM entry WHERE tenant = $1 AND name = $2",
    [BULLA_QUERY_INSERT_ENTRY] = "INSERT INTO entry(id, tenant, name, name_proof) VALUES ($1, $2, $3, $4)",
    [BULLA_QUERY_RENAME_ENTRY] = "UPDATE entry SET name = $1, name_proof = $2 WHERE id = $3",
    [BULLA_QUERY_LIST_ENTRIES] =
        "SELECT e.id, e.name, e.name_proof, (SELECT count(*) FROM field f WHERE f.entry = e.id), "
        "(SELECT max(f.updated) FROM field f WHERE f.entry = e.id) "
        "FROM entry e WHERE e.tenant = $1 AND e.name > $2 ORDER BY e.name",
    [BULLA_QUERY_DELETE_ENTRY] = "DELETE FROM entry WHERE id = $1",
    [BULLA_QUERY_DELETE_FIELDS] = "DELETE FROM field WHERE entry = $1",
    [BULLA_QUERY_COUNT_FIELDS] = "SELECT count(*) FROM field WHERE entry = $1",

    [BULLA_QUERY_FIND_FIELD] = SELECT_FIELDS "WHERE t.name = $1 AND e.name = $2 AND f.name = $3",
    [BULLA_QUERY_LIST_FIELDS] = SELECT_FIELDS "WHERE t.name = $1 AND e.name = $2 AND f.name > $3 ORDER BY f.name",
    [BULLA_QUERY_FIELD_REVISION] = "SELECT revision, secret FROM field WHERE entry = $1 AND name = $2",
    [BULLA_QUERY_PUT_FIELD] =
        "INSERT INTO field(entry, name, revision, secret, value, mask, key_id, updated) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT(entry, name) DO UPDATE SET revision = $3, secret = $4, "
        "value = $5, mask = $6, key_id = $7, updated = $8",
    [BULLA_QUERY_RENAME_FIELD] =
        "UPDATE field SET name = $1, value = $2, mask = $3, key_id = $4 WHERE entry = $5 AND name = $6",
    [BULLA_QUERY_DELETE_FIELD] = "DELETE FROM field WHERE entry = $1 AND name = $2 RETURNING 1",

    [BULLA_QUERY_INSERT_APIKEY] =
        "INSERT INTO apikey(id, tenant, name, created, revoked, hash, sealed, key_id) "
        "VALUES ($1, $2, $3, $4, 0, $5, $6, $7)",
    [BULLA_QUERY_FIND_APIKEY] = "SELECT a.revoked, CASE WHEN a.sealed IS NULL THEN 1 ELSE 0 END, " TENANT
                                " FROM apikey a LEFT JOIN tenant t ON t.id = a.tenant WHERE a.id = $1",
    [BULLA_QUERY_OPEN_APIKEY] =
        "SELECT t.id, t.name_proof, a.sealed, " WRAPPED_KEY
        " FROM apikey a JOIN tenant t ON t.id = a.tenant "
        "LEFT JOIN tenant_key k ON k.key_id = a.key_id AND k.tenant = t.id WHERE a.id = $1 AND a.revoked = 0",
    [BULLA_QUERY_IS_LIVE_APIKEY] = "SELECT 1 FROM apikey WHERE id = $1 AND revoked = 0",
    [BULLA_QUERY_LIST_APIKEYS] =
        "SELECT a.number, " TENANT
        ", a.id, a.name, a.created, a.revoked "
        "FROM apikey a JOIN tenant t ON t.id = a.tenant WHERE a.number > $1 AND ($2 = '' OR t.name = $2) "
        "ORDER BY a.number",
    [BULLA_QUERY_IS_REVOCATION_RECORDED] = "SELECT 1 FROM audit WHERE op = 'apikey-revoke' AND entry = $1 LIMIT 1",
    [BULLA_QUERY_ERASE_APIKEY] = "UPDATE apikey SET revoked = $1, sealed = NULL, key_id = NULL WHERE id = $2",

    [BULLA_QUERY_REVOKE_TOKEN] =
        "INSERT INTO revoked_token(tenant, jti, expires) VALUES ($1, $2, $3) "
        "ON CONFLICT(tenant, jti) DO UPDATE SET expires = excluded.expires "
        "WHERE excluded.expires > revoked_token.expires",
    [BULLA_QUERY_LIST_REVOKED_TOKENS] = "SELECT t.name, r.jti FROM revoked_token r JOIN tenant t ON t.id = r.tenant",

    [BULLA_QUERY_INSERT_HEAD] = "INSERT INTO audit_head(id, seq, tag, key, first_key) VALUES (1, $1, $2, $3, $3)",
    [BULLA_QUERY_LOAD_HEAD] =
        "SELECT audit_head.seq, audit_head.tag, audit_head.key, audit.mac "
        "FROM audit_head LEFT JOIN audit ON audit.seq = audit_head.seq WHERE audit_head.id = 1",
    [BULLA_QUERY_MOVE_HEAD] = "UPDATE audit_head SET seq = $1, tag = $2, key = $3 WHERE id = 1",
    [BULLA_QUERY_HEAD_SEQ] = "SELECT seq FROM audit_head WHERE id = 1",
    [BULLA_QUERY_FIRST_KEY] = "SELECT first_key FROM audit_head WHERE id = 1",
    [BULLA_QUERY_INSERT_RECORD] = "INSERT INTO audit(" RECORD ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    [BULLA_QUERY_LAST_RECORD] = "SELECT max(seq) FROM audit",
    [BULLA_QUERY_LIST_RECORDS] =
        "SELECT " RECORD " FROM audit WHERE seq >= $1 AND seq <= $2 AND ($3 = '' OR tenant = $3) ORDER BY seq",
    [BULLA_QUERY_CHAIN] = "SELECT " RECORD " FROM audit WHERE seq >= $1 ORDER BY seq",
    [BULLA_QUERY_LIST_REVOCATIONS] =
        "SELECT op, tenant, entry FROM audit WHERE seq > $1 AND seq <= $2 AND op IN ('apikey-revoke', 'token-revoke')",
};

const char *bulla_query_text(enum bulla_query query) {
  return texts[query];
}
