/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/queries.h. */

#include "store/queries.h"

/* Columns that store/columns.h takes. */
#define TENANT                                                          \
  "t.id, t.name, t.statement, t.signature, t.label_key, t.detail_key, " \
  "(SELECT w.signature FROM vault w WHERE w.id = 1)"
#define SECRET "k.id, k.version, k.wrapped"
#define ACTOR "a.id, a.number, a.name, a.statement, a.signature"
#define GRANT "g.id, g.actor, g.tenant, g.role, g.ended, g.statement, g.signature"
#define SELECT_FIELDS                                                              \
  "SELECT " TENANT                                                                 \
  ", e.id, e.name_proof, f.name, f.revision, f.secret, f.value, f.mask, "          \
  "f.updated, f.writer, f.signature, " SECRET                                      \
  " FROM tenant t JOIN entry e ON e.tenant = t.id JOIN field f ON f.entry = e.id " \
  "LEFT JOIN tenant_secret k ON k.id = f.secret_id AND k.tenant = t.id "

/* The row of a field that is what it is now: IS_LAST where many fields are read; of one, LAST is faster. The rows are
 * looked up one by one: a join might read all of the table. By a damaged index there is a row too many, which who walks
 * over the fields refuses, rather than one too few. */
#define IS_LAST                                                                                                       \
  "(SELECT n.revision FROM field n WHERE n.entry = f.entry AND n.name = f.name AND n.revision > f.revision LIMIT 1) " \
  "IS NULL"
#define LAST " ORDER BY f.revision DESC LIMIT 1"

#define KEEP "CASE WHEN e.keep IS NULL THEN v.keep ELSE e.keep END"

/* Records are looked up one by one: a join might read all of a lane. */
#define SELECT_HEAD                                                                                          \
  "SELECT h.seq, h.mac, h.tag, h.key, (SELECT a.mac FROM audit a WHERE a.lane = h.lane AND a.seq = h.seq), " \
  "(SELECT b.mac FROM audit b WHERE b.lane = h.lane AND b.seq = $1) FROM audit_head h WHERE h.lane = $2"

/* BULLA_QUERY_ROWS rows at once. */
#define REWRAP_ROWS                                                      \
  "secret_id = $1, value = v.column1, mask = v.column2 FROM (VALUES "    \
  "($2, $3, $4), ($5, $6, $7), ($8, $9, $10), ($11, $12, $13), "         \
  "($14, $15, $16), ($17, $18, $19), ($20, $21, $22), ($23, $24, $25), " \
  "($26, $27, $28), ($29, $30, $31), ($32, $33, $34), ($35, $36, $37), " \
  "($38, $39, $40), ($41, $42, $43), ($44, $45, $46), ($47, $48, $49), " \
  "($50, $51, $52), ($53, $54, $55), ($56, $57, $58), ($59, $60, $61), " \
  "($62, $63, $64), ($65, $66, $67), ($68, $69, $70), ($71, $72, $73), " \
  "($74, $75, $76), ($77, $78, $79), ($80, $81, $82), ($83, $84, $85), " \
  "($86, $87, $88), ($89, $90, $91), ($92, $93, $94), ($95, $96, $97)) v WHERE "

/* A tenant's key of format 1. */
#define KEY_1 "k.key_id, k.version, k.wrapped"

#define RECORD "seq, time, tenant, op, outcome, detail, mac"

static const char *const texts[BULLA_NUM_QUERIES] = {
    [BULLA_QUERY_INSERT_VAULT] =
        "INSERT INTO vault(id, statement, signature, signing_key, audit_key, detail_key) "
        "VALUES (1, $1, $2, $3, $4, $5)",
    [BULLA_QUERY_LOAD_VAULT] =
        "SELECT statement, signature, signing_key, audit_key, detail_key FROM vault WHERE id = 1",
    [BULLA_QUERY_LOAD_VAULT_STATEMENT] = "SELECT statement, signature FROM vault WHERE id = 1",
    [BULLA_QUERY_UPDATE_VAULT] = "UPDATE vault SET statement = $1, signature = $2 WHERE id = 1",
    [BULLA_QUERY_GET_LEAVES] = "SELECT bytes FROM directory WHERE number = $1",
    [BULLA_QUERY_PUT_LEAVES] =
        "INSERT INTO directory(number, bytes) VALUES ($1, $2) "
        "ON CONFLICT(number) DO UPDATE SET bytes = excluded.bytes",
    [BULLA_QUERY_INSERT_ROOT] = "INSERT INTO root(id, wrapped, scrypt_salt, scrypt_log_n) VALUES ($1, $2, $3, $4)",
    [BULLA_QUERY_LOAD_ROOT] = "SELECT wrapped, scrypt_salt, scrypt_log_n FROM root WHERE id = $1",
    [BULLA_QUERY_DELETE_ROOT] = "DELETE FROM root WHERE id = $1",

    [BULLA_QUERY_FIND_TENANT] = "SELECT " TENANT " FROM tenant t WHERE t.name = $1",
    [BULLA_QUERY_TENANT_BY_ID] = "SELECT " TENANT " FROM tenant t WHERE t.id = $1",
    [BULLA_QUERY_TENANT_STATEMENT] = "SELECT statement FROM tenant WHERE id = $1",
    [BULLA_QUERY_ACTOR_STATEMENT] = "SELECT statement FROM actor WHERE id = $1",
    [BULLA_QUERY_GRANT_STATEMENT] = "SELECT statement FROM actor_grant WHERE id = $1",
    [BULLA_QUERY_INSERT_TENANT] =
        "INSERT INTO tenant(id, name, statement, signature, label_key, detail_key) VALUES ($1, $2, $3, $4, $5, $6)",
    [BULLA_QUERY_UPDATE_TENANT] = "UPDATE tenant SET name = $1, statement = $2, signature = $3 WHERE id = $4",
    [BULLA_QUERY_LIST_TENANTS] =
        "SELECT " TENANT
        " FROM tenant t WHERE t.name >= $1 AND EXISTS (SELECT 1 FROM entry e WHERE e.tenant = t.id) "
        "ORDER BY t.name LIMIT $2",
    [BULLA_QUERY_COUNT_ENTRIES] = "SELECT count(*) FROM entry WHERE tenant = $1",
    [BULLA_QUERY_COUNT_LIVE_APIKEYS] = "SELECT count(*) FROM apikey WHERE tenant = $1 AND revoked = 0",
    [BULLA_QUERY_DELETE_TENANT_SECRETS] = "DELETE FROM tenant_secret WHERE tenant = $1",
    [BULLA_QUERY_DELETE_APIKEYS] = "DELETE FROM apikey WHERE tenant = $1",
    [BULLA_QUERY_DELETE_REVOKED_TOKENS] = "DELETE FROM revoked_token WHERE tenant = $1",
    [BULLA_QUERY_DELETE_TENANT_FIELDS] =
        "DELETE FROM field WHERE entry IN (SELECT e.id FROM entry e WHERE e.tenant = $1)",
    [BULLA_QUERY_DELETE_TENANT_ENTRIES] = "DELETE FROM entry WHERE tenant = $1",
    [BULLA_QUERY_ERASE_TENANT_KEYS] = "UPDATE tenant SET label_key = NULL, detail_key = NULL WHERE id = $1",
    [BULLA_QUERY_INSERT_TENANT_SECRET] =
        "INSERT INTO tenant_secret(id, tenant, version, state, wrapped, created) VALUES ($1, $2, $3, $4, $5, $6)",
    [BULLA_QUERY_RETIRE_TENANT_SECRET] = "UPDATE tenant_secret SET state = 'decrypt-only' WHERE id = $1",
    [BULLA_QUERY_DELETE_TENANT_SECRET] = "DELETE FROM tenant_secret WHERE id = $1",
    [BULLA_QUERY_TENANT_KEYS] = "SELECT label_key, detail_key FROM tenant WHERE id = $1",
    [BULLA_QUERY_TENANT_SECRET] = "SELECT " SECRET " FROM tenant_secret k WHERE k.id = $1 AND k.tenant = $2",

    [BULLA_QUERY_PUT_HANDOUT] =
        "INSERT INTO handout(tenant, role, secret, sealed) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT(tenant, role, secret) DO UPDATE SET sealed = excluded.sealed",
    [BULLA_QUERY_GET_HANDOUT] = "SELECT sealed FROM handout WHERE tenant = $1 AND role = $2 AND secret = $3",
    [BULLA_QUERY_DELETE_HANDOUTS] = "DELETE FROM handout WHERE tenant = $1",
    [BULLA_QUERY_DELETE_SECRET_HANDOUTS] = "DELETE FROM handout WHERE tenant = $1 AND length(secret) > 0",
    [BULLA_QUERY_DELETE_HANDOUTS_OF] = "DELETE FROM handout WHERE tenant = $1 AND secret = $2",

    [BULLA_QUERY_INSERT_ACTOR] =
        "INSERT INTO actor(id, number, name, statement, signature) VALUES ($1, $2, $3, $4, $5)",
    [BULLA_QUERY_UPDATE_ACTOR] = "UPDATE actor SET statement = $1, signature = $2 WHERE id = $3",
    [BULLA_QUERY_ACTOR_BY_ID] = "SELECT " ACTOR " FROM actor a WHERE a.id = $1",
    [BULLA_QUERY_ACTOR_BY_NAME] = "SELECT " ACTOR " FROM actor a WHERE a.name = $1",
    [BULLA_QUERY_ACTOR_BY_NUMBER] = "SELECT " ACTOR " FROM actor a WHERE a.number = $1",
    [BULLA_QUERY_LIST_ACTORS] = "SELECT " ACTOR " FROM actor a WHERE a.number > $1 ORDER BY a.number LIMIT $2",
    [BULLA_QUERY_LAST_ACTOR] = "SELECT max(number) FROM actor",
    [BULLA_QUERY_INSERT_GRANT] =
        "INSERT INTO actor_grant(id, actor, tenant, role, ended, statement, signature) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [BULLA_QUERY_UPDATE_GRANT] = "UPDATE actor_grant SET ended = $1, statement = $2, signature = $3 WHERE id = $4",
    [BULLA_QUERY_FIND_GRANT] =
        "SELECT " GRANT " FROM actor_grant g WHERE g.actor = $1 AND g.tenant = $2 AND g.role = $3 AND g.ended = 0",
    [BULLA_QUERY_GRANTS_OF_ACTOR] =
        "SELECT " GRANT
        " FROM actor_grant g WHERE g.actor = $1 AND (g.tenant, g.role, g.ended) > ($2, $3, $4) "
        "ORDER BY g.tenant, g.role, g.ended LIMIT $5",
    [BULLA_QUERY_TENANT_STATEMENTS] = "SELECT id, statement FROM tenant WHERE id > $1 ORDER BY id LIMIT $2",
    [BULLA_QUERY_LIST_GRANTS] = "SELECT " GRANT " FROM actor_grant g WHERE g.id > $1 ORDER BY g.id LIMIT $2",
    [BULLA_QUERY_GRANTS_IN_FORCE] =
        "SELECT " GRANT " FROM actor_grant g WHERE g.actor = $1 AND g.ended = 0 ORDER BY g.tenant, g.role LIMIT $2",
    [BULLA_QUERY_COUNT_GRANTS] = "SELECT count(*) FROM actor_grant WHERE actor = $1 AND ended = 0",
    [BULLA_QUERY_GRANTS_OF_TENANT] = "SELECT " GRANT
                                     " FROM actor_grant g WHERE g.tenant = $1 AND (g.role, g.id) > ($2, $3) "
                                     "ORDER BY g.role, g.id LIMIT $4",
    [BULLA_QUERY_GRANTS_OF_ROLE] =
        "SELECT " GRANT " FROM actor_grant g WHERE g.tenant = $1 AND g.role = $2 AND g.id > $3 ORDER BY g.id LIMIT $4",
    [BULLA_QUERY_ACTOR_STATE] =
        "SELECT a.signature, (SELECT max(g.ended) FROM actor_grant g WHERE g.actor = a.id) FROM actor a WHERE a.id = "
        "$1",

    [BULLA_QUERY_COUNT_SEALED] =
        "SELECT k.created, (SELECT count(*) FROM field f WHERE f.secret_id = k.id), "
        "(SELECT count(*) FROM apikey a WHERE a.secret_id = k.id) FROM tenant_secret k "
        "WHERE k.id = $1 AND k.tenant = $2",
    [BULLA_QUERY_COUNT_OLD_APIKEYS] = "SELECT count(*) FROM apikey WHERE secret_id = $1 AND created <= $2",
    [BULLA_QUERY_COUNT_SEALED_NOW] = "SELECT count(*) FROM field f WHERE f.secret_id = $1 AND " IS_LAST,

    [BULLA_QUERY_FIND_ENTRY] = "SELECT id, name_proof FROM entry WHERE tenant = $1 AND name = $2",
    [BULLA_QUERY_INSERT_ENTRY] = "INSERT INTO entry(id, tenant, name, name_proof) VALUES ($1, $2, $3, $4)",
    [BULLA_QUERY_ENTRY_NAME] = "SELECT name FROM entry WHERE id = $1",
    [BULLA_QUERY_RENAME_ENTRY] = "UPDATE entry SET name = $1, name_proof = $2 WHERE id = $3",
    [BULLA_QUERY_LIST_ENTRIES] =
        "SELECT e.id, e.name, e.name_proof, (SELECT count(DISTINCT f.name) FROM field f WHERE f.entry = e.id), "
        "(SELECT max(f.updated) FROM field f WHERE f.entry = e.id) "
        "FROM entry e WHERE e.tenant = $1 AND e.name > $2 ORDER BY e.name LIMIT $3",
    [BULLA_QUERY_DELETE_ENTRY] = "DELETE FROM entry WHERE id = $1",
    [BULLA_QUERY_DELETE_FIELDS] = "DELETE FROM field WHERE entry = $1",
    [BULLA_QUERY_COUNT_FIELDS] = "SELECT count(*) FROM field WHERE entry = $1",

    [BULLA_QUERY_FIND_FIELD] = SELECT_FIELDS "WHERE t.name = $1 AND e.name = $2 AND f.name = $3" LAST,
    [BULLA_QUERY_LIST_FIELDS] =
        SELECT_FIELDS "WHERE t.name = $1 AND e.name = $2 AND f.name > $3 AND " IS_LAST " ORDER BY f.name LIMIT $4",
    [BULLA_QUERY_FIND_REVISION] = SELECT_FIELDS "WHERE t.name = $1 AND e.name = $2 AND f.name = $3 AND f.revision = $4",
    [BULLA_QUERY_LIST_REVISIONS] = SELECT_FIELDS
    "WHERE t.name = $1 AND e.name = $2 AND f.name = $3 AND f.revision < $4 "
    "ORDER BY f.revision DESC LIMIT $5",
    [BULLA_QUERY_FIELD_REVISION] =
        "SELECT f.revision, f.secret, " KEEP
        ", CASE WHEN f.secret = 0 THEN f.value END, "
        "CASE WHEN f.secret = 0 THEN f.mask END FROM field f JOIN entry e ON e.id = f.entry JOIN vault v ON v.id = 1 "
        "WHERE f.entry = $1 AND f.name = $2" LAST,
    [BULLA_QUERY_FIELD_NUMBER] = "SELECT f.revision, f.secret FROM field f WHERE f.entry = $1 AND f.name = $2" LAST,
    [BULLA_QUERY_PUT_FIELD] =
        "INSERT INTO field(entry, name, revision, secret, value, mask, secret_id, updated, writer, signature) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [BULLA_QUERY_RESEAL_FIELD] =
        "UPDATE field SET value = $1, mask = $2, secret_id = $3 WHERE entry = $4 AND name = $5 AND revision = $6 AND "
        "secret_id = $7 AND writer IS NULL",
    [BULLA_QUERY_ADOPT_FIELD] =
        "UPDATE field SET value = $1, mask = $2, secret_id = $3, writer = NULL, signature = NULL "
        "WHERE entry = $4 AND name = $5 AND revision = $6 AND secret_id = $7 AND writer = $8 AND signature = $9",
    [BULLA_QUERY_POSTED_FIELDS] =
        "SELECT number, entry, name, revision, value, mask, writer, signature FROM field "
        "WHERE secret_id = $1 AND writer IS NOT NULL AND number > $2 ORDER BY number LIMIT $3",
    [BULLA_QUERY_WALK_POSTED] =
        "SELECT f.number, t.name, e.name, " TENANT
        ", e.id, e.name_proof, f.name, f.revision, f.secret, f.value, f.mask, f.updated, f.writer, f.signature, " SECRET
        " FROM field f JOIN entry e ON e.id = f.entry JOIN tenant t ON t.id = e.tenant "
        "LEFT JOIN tenant_secret k ON k.id = f.secret_id AND k.tenant = t.id "
        "WHERE f.writer = $1 AND f.number > $2 AND (t.id = $3 OR length($3) = 0) ORDER BY f.number LIMIT $4",
    [BULLA_QUERY_COUNT_POSTED] =
        "SELECT count(*) FROM field f JOIN entry e ON e.id = f.entry WHERE f.writer = $1 AND "
        "(e.tenant = $2 OR length($2) = 0)",
    [BULLA_QUERY_COUNT_POSTED_UNDER] = "SELECT count(*) FROM field f WHERE f.secret_id = $1 AND f.writer IS NOT NULL",
    [BULLA_QUERY_SEALED_FIELDS] =
        "SELECT number, entry, name, revision, value, mask FROM field "
        "WHERE secret_id = $1 AND writer IS NULL AND number > $2 ORDER BY number LIMIT $3",
    [BULLA_QUERY_REWRAP_FIELD] =
        "UPDATE field SET value = $1, mask = $2, secret_id = $3 WHERE secret_id = $4 AND number = $5 AND writer IS "
        "NULL",
    [BULLA_QUERY_REWRAP_POSTED] =
        "UPDATE field SET value = $1, mask = $2, secret_id = $3, writer = NULL, signature = NULL "
        "WHERE secret_id = $4 AND number = $5 AND writer = $6 AND signature = $7",
    [BULLA_QUERY_REWRAP_FIELDS] =
        "UPDATE field SET " REWRAP_ROWS "field.number = v.column3 AND field.secret_id = $98 AND field.writer IS NULL",
    [BULLA_QUERY_RENAME_REVISION] =
        "UPDATE field SET name = $1, value = $2, mask = $3, secret_id = $4, writer = NULL, signature = NULL "
        "WHERE entry = $5 AND name = $6 AND revision = $7",
    [BULLA_QUERY_DELETE_FIELD] = "DELETE FROM field WHERE entry = $1 AND name = $2",
    [BULLA_QUERY_PRUNE_FIELD] = "DELETE FROM field WHERE entry = $1 AND name = $2 AND revision < $3",
    [BULLA_QUERY_PRUNE_ENTRY] =
        "DELETE FROM field WHERE entry = $1 AND revision < (SELECT max(n.revision) FROM field n "
        "WHERE n.entry = field.entry AND n.name = field.name) - "
        "(SELECT " KEEP " FROM entry e JOIN vault v ON v.id = 1 WHERE e.id = $1)",
    [BULLA_QUERY_KEPT] = "SELECT keep FROM vault WHERE id = 1",
    [BULLA_QUERY_KEPT_OF_ENTRY] = "SELECT keep FROM entry WHERE id = $1",
    [BULLA_QUERY_SET_KEEP] = "UPDATE vault SET keep = $1 WHERE id = 1",
    [BULLA_QUERY_SET_ENTRY_KEEP] = "UPDATE entry SET keep = $1 WHERE id = $2",

    [BULLA_QUERY_INSERT_APIKEY] =
        "INSERT INTO apikey(id, tenant, name, created, revoked, hash, sealed, secret_id) "
        "VALUES ($1, $2, $3, $4, 0, $5, $6, $7)",
    [BULLA_QUERY_FIND_APIKEY] = "SELECT a.revoked, CASE WHEN a.sealed IS NULL THEN 1 ELSE 0 END, " TENANT
                                " FROM apikey a LEFT JOIN tenant t ON t.id = a.tenant WHERE a.id = $1",
    [BULLA_QUERY_OPEN_APIKEY] =
        "SELECT " TENANT ", a.sealed, " SECRET
        " FROM apikey a JOIN tenant t ON t.id = a.tenant "
        "LEFT JOIN tenant_secret k ON k.id = a.secret_id AND k.tenant = t.id WHERE a.id = $1 AND a.revoked = 0",
    [BULLA_QUERY_IS_LIVE_APIKEY] = "SELECT 1 FROM apikey WHERE id = $1 AND revoked = 0",
    [BULLA_QUERY_LIST_APIKEYS] =
        "SELECT a.number, " TENANT
        ", a.id, a.name, a.created, a.revoked, a.hash "
        "FROM apikey a JOIN tenant t ON t.id = a.tenant WHERE a.number > $1 AND ($2 = '' OR t.name = $2) "
        "ORDER BY a.number LIMIT $3",
    [BULLA_QUERY_SEALED_APIKEYS] =
        "SELECT number, id, sealed FROM apikey WHERE secret_id = $1 AND number > $2 ORDER BY number LIMIT $3",
    [BULLA_QUERY_REWRAP_APIKEY] = "UPDATE apikey SET sealed = $1, secret_id = $2 WHERE secret_id = $3 AND number = $4",
    [BULLA_QUERY_RESEAL_APIKEY] = "UPDATE apikey SET sealed = $1, secret_id = $2 WHERE id = $3 AND secret_id = $4",
    [BULLA_QUERY_ERASE_APIKEY] = "UPDATE apikey SET revoked = $1, sealed = NULL, secret_id = NULL WHERE id = $2",

    [BULLA_QUERY_REVOKE_TOKEN] =
        "INSERT INTO revoked_token(tenant, jti, expires) VALUES ($1, $2, $3) "
        "ON CONFLICT(tenant, jti) DO UPDATE SET expires = excluded.expires "
        "WHERE excluded.expires > revoked_token.expires",
    [BULLA_QUERY_FIND_REVOKED_TOKEN] =
        "SELECT r.expires FROM tenant t JOIN revoked_token r ON r.tenant = t.id WHERE t.name = $1 AND r.jti = $2",
    [BULLA_QUERY_LIST_REVOKED_TOKENS] = "SELECT t.name, r.jti FROM revoked_token r JOIN tenant t ON t.id = r.tenant",

    [BULLA_QUERY_TELL_REVOCATION] =
        "INSERT INTO revocation(number, tenant, apikey, jti) "
        "SELECT CASE WHEN max(number) IS NULL THEN 1 ELSE max(number) + 1 END, $1, $2, $3 FROM revocation",
    [BULLA_QUERY_TELL_REVOCATIONS] =
        "INSERT INTO revocation(number, tenant, apikey, jti) "
        "SELECT (SELECT CASE WHEN max(number) IS NULL THEN 0 ELSE max(number) END FROM revocation) + "
        "row_number() OVER (ORDER BY jti), tenant, NULL, jti FROM revoked_token WHERE tenant = $1",
    [BULLA_QUERY_TELL_LIVE_APIKEYS] =
        "INSERT INTO revocation(number, tenant, apikey, jti) "
        "SELECT (SELECT CASE WHEN max(number) IS NULL THEN 0 ELSE max(number) END FROM revocation) + "
        "row_number() OVER (ORDER BY id), tenant, id, NULL FROM apikey WHERE tenant = $1 AND revoked = 0",
    [BULLA_QUERY_IS_REVOCATION_TOLD] = "SELECT 1 FROM revocation WHERE apikey = $1 LIMIT 1",
    /* The head is there for whoever sees the whole vault: without it, no revocations are none that are shown. */
    [BULLA_QUERY_LAST_REVOCATION] =
        "SELECT max(number), (SELECT h.lane FROM audit_head h WHERE h.lane = 0 ORDER BY h.seq DESC LIMIT 1) "
        "FROM revocation",
    [BULLA_QUERY_LIST_REVOCATIONS] =
        "SELECT r.apikey, t.name, r.jti FROM revocation r LEFT JOIN tenant t ON t.id = r.tenant "
        "WHERE r.number > $1 AND r.number <= $2 ORDER BY r.number",

    [BULLA_QUERY_INSERT_LANE] = "INSERT INTO lane(number, statement, signature) VALUES ($1, $2, $3)",
    [BULLA_QUERY_LOAD_LANE] = "SELECT statement, signature FROM lane WHERE number = $1",
    [BULLA_QUERY_LAST_LANE] =
        "SELECT max(number), (SELECT count(*) FROM lane l WHERE l.number >= 0) FROM lane WHERE number >= $1 AND number "
        "<= $2",
    [BULLA_QUERY_LIST_LANES] =
        "SELECT h.lane, (SELECT a.time FROM audit a WHERE a.lane = h.lane AND a.seq = h.seq) FROM audit_head h "
        "WHERE h.lane > $1 AND h.lane <= $2",
    [BULLA_QUERY_NEXT_LANE] = "SELECT min(number) FROM lane WHERE number >= $1",
    [BULLA_QUERY_NEXT_HEAD] = "SELECT min(lane) FROM audit_head WHERE lane >= $1",
    [BULLA_QUERY_INSERT_HEAD] = "INSERT INTO audit_head(seq, mac, tag, key, lane) VALUES ($1, $2, $3, $4, $5)",
    [BULLA_QUERY_LOAD_HEAD] = SELECT_HEAD,
    /* Where a moved head leaves dead rows behind, the last one is found without looking at them. */
    [BULLA_QUERY_LAST_HEAD] = SELECT_HEAD " ORDER BY h.seq DESC LIMIT 1",
    /* A head without a mac is refused by the table: so it is if the last record is not there, or one before it. */
    [BULLA_QUERY_MOVE_HEAD] =
        "UPDATE audit_head SET seq = $1, mac = (SELECT a.mac FROM audit a WHERE a.lane = $2 AND a.seq = $1 AND "
        "a.mac = $3 AND $1 - $4 = (SELECT count(*) FROM audit b WHERE b.lane = $2 AND b.seq > $4 AND b.seq <= $1)), "
        "tag = $5, key = $6 "
        "WHERE lane = $2 AND seq = $4 AND mac = $7",
    [BULLA_QUERY_INSERT_RECORD] = "INSERT INTO audit(lane, " RECORD ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    /* A record without a lane is refused by the table. */
    [BULLA_QUERY_INSERT_AT_HEAD] = "INSERT INTO audit(lane, " RECORD
                                   ") VALUES ((SELECT h.lane FROM audit_head h WHERE h.lane = $1 AND h.seq = $2 "
                                   "AND h.mac = $3), $4, $5, $6, $7, $8, $9, $10)",
    [BULLA_QUERY_LAST_RECORD] = "SELECT max(seq) FROM audit WHERE lane = $1",
    [BULLA_QUERY_LIST_RECORDS] =
        "SELECT " RECORD " FROM audit WHERE lane = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq LIMIT $4",
    [BULLA_QUERY_LIST_TIMED] =
        "SELECT " RECORD
        " FROM audit WHERE lane = $1 AND seq >= $2 AND seq <= $3 AND time >= $4 AND time < $5 ORDER BY seq LIMIT $6",
    [BULLA_QUERY_NEXT_RECORD] = "SELECT min(seq) FROM audit WHERE lane = $1 AND seq >= $2",
    [BULLA_QUERY_NEXT_RECORDED] = "SELECT min(lane) FROM audit WHERE lane >= $1",

    [BULLA_QUERY_LIST_LIMITS] =
        "SELECT kind, scope, name, rate, period, burst FROM limit_rule ORDER BY kind, scope, name",
    [BULLA_QUERY_PUT_LIMIT] =
        "INSERT INTO limit_rule(kind, scope, name, rate, period, burst) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT(kind, scope, name) DO UPDATE SET rate = $4, period = $5, burst = $6",
    [BULLA_QUERY_DELETE_LIMIT] = "DELETE FROM limit_rule WHERE kind = $1 AND scope = $2 AND name = $3 RETURNING 1",
    [BULLA_QUERY_FIND_BUCKET] =
        "SELECT level, time, refused, told FROM limit_bucket WHERE kind = $1 AND scope = $2 AND subject = $3",
    [BULLA_QUERY_PUT_BUCKET] =
        "INSERT INTO limit_bucket(kind, scope, subject, level, time, full_at, refused, told) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT(kind, scope, subject) DO UPDATE SET level = $4, "
        "time = $5, full_at = $6, refused = $7, told = $8",
    [BULLA_QUERY_ADD_REFUSED] =
        "UPDATE limit_bucket SET refused = refused + $1 WHERE kind = $2 AND scope = $3 AND subject = $4",
    [BULLA_QUERY_COUNT_BUCKETS] =
        "SELECT count(*), count(CASE WHEN full_at > $1 OR (refused <> 0 AND told > $2) THEN 1 END) FROM limit_bucket "
        "WHERE kind = $3 AND scope = $4",
    [BULLA_QUERY_PURGE_BUCKETS] =
        "DELETE FROM limit_bucket WHERE kind = $1 AND scope = $2 AND full_at <= $3 AND (refused = 0 OR told <= $4)",

    [BULLA_QUERY_COUNT_ROWS] =
        "SELECT (SELECT count(*) FROM tenant WHERE name IS NOT NULL), (SELECT count(*) FROM entry), "
        "(SELECT count(*) FROM (SELECT DISTINCT f.entry, f.name FROM field f) d), "
        "(SELECT count(*) FROM apikey WHERE revoked = 0), "
        "(SELECT count(*) FROM apikey WHERE revoked <> 0), (SELECT count(*) FROM revoked_token)",
    [BULLA_QUERY_WALK_TENANTS] = "SELECT " TENANT " FROM tenant t WHERE t.name > $1 ORDER BY t.name LIMIT $2",
    [BULLA_QUERY_WALK_SECRETS] = "SELECT f.number, e.name, " TENANT
                                 ", e.id, e.name_proof, f.name, f.revision, f.secret, "
                                 "CASE WHEN f.writer IS NULL THEN f.mask ELSE f.value END AS value, f.mask, f.updated, "
                                 "f.writer, f.signature, " SECRET
                                 " FROM field f JOIN entry e ON e.id = f.entry JOIN tenant t ON t.id = e.tenant "
                                 "LEFT JOIN tenant_secret k ON k.id = f.secret_id AND k.tenant = t.id "
                                 "WHERE f.secret_id = $1 AND f.number > $2 AND " IS_LAST " ORDER BY f.number LIMIT $3",
    [BULLA_QUERY_WALK_FIELDS] =
        "SELECT e.name, f.name, f.revision, f.updated, length(f.value) FROM entry e JOIN field f ON f.entry = e.id "
        "WHERE e.tenant = $1 AND e.name >= $2 AND (e.name > $2 OR f.name > $3) AND " IS_LAST
        " ORDER BY e.name, f.name LIMIT $4",
    [BULLA_QUERY_WALK_TOKENS] = "SELECT r.jti, r.expires, " TENANT
                                " FROM revoked_token r JOIN tenant t ON t.id = r.tenant "
                                "WHERE (r.tenant, r.jti) > ($1, $2) ORDER BY r.tenant, r.jti LIMIT $3",
    [BULLA_QUERY_FIELD_VERSION] =
        "SELECT f.revision, f.updated FROM tenant t JOIN entry e ON e.tenant = t.id JOIN field f ON f.entry = e.id "
        "WHERE t.name = $1 AND e.name = $2 AND f.name = $3" LAST,

    [BULLA_QUERY_1_VAULT] = "SELECT uuid, root_key_id, name_key, scrypt_salt, scrypt_log_n FROM vault WHERE id = 1",
    [BULLA_QUERY_1_COUNT] =
        "SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM field), (SELECT count(*) FROM apikey), "
        "(SELECT count(*) FROM revoked_token), (SELECT count(*) FROM audit)",
    [BULLA_QUERY_1_TENANTS] = "SELECT id, name, name_proof, created FROM tenant ORDER BY name",
    [BULLA_QUERY_1_ENTRIES] = "SELECT id, name, name_proof FROM entry WHERE tenant = $1 ORDER BY name",
    [BULLA_QUERY_1_FIELDS] =
        "SELECT f.name, f.revision, f.secret, f.value, f.mask, f.updated, k.tenant, " KEY_1
        " FROM field f LEFT JOIN tenant_key k ON k.key_id = f.key_id WHERE f.entry = $1 ORDER BY f.name",
    [BULLA_QUERY_1_APIKEYS] =
        "SELECT t.id, t.name, a.id, a.name, a.created, a.revoked, a.hash, a.sealed, k.tenant, " KEY_1
        " FROM apikey a JOIN tenant t ON t.id = a.tenant LEFT JOIN tenant_key k ON k.key_id = a.key_id "
        "ORDER BY a.number",
    [BULLA_QUERY_1_TOKENS] = "SELECT t.name, r.jti, r.expires FROM revoked_token r JOIN tenant t ON t.id = r.tenant",
    [BULLA_QUERY_1_HEAD] = "SELECT seq, tag, key, first_key FROM audit_head WHERE id = 1",
    [BULLA_QUERY_1_RECORDS] =
        "SELECT seq, time, tenant, actor, origin, reason, op, entry, field, outcome, mac FROM audit ORDER BY seq",
};

const char *bulla_query_text(enum bulla_query query) {
  return texts[query];
}
