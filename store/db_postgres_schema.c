/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres_schema.h. PostgreSQL keeps no text of a CREATE, so the catalogue is asked for what the
 * statements below have made of it, and that is compared letter by letter. */

#include "store/db_postgres_schema.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"

/* Who sees the whole vault is said by the roles of the policies |whole|, of which |init| makes the owner the first.
 * True is folded when a query is planned, and what the other policies ask with it: they cost such a login nothing. Any
 * other login is one of |login|, by the name under which it has logged in, which no SET ROLE changes. One that is given
 * a tenant and is no actor's reads the rows of that tenant and writes nothing, as every change is recorded behind the
 * records of others. One of an actor reads the rows of its tenant, or of all, and may write its own lanes of the log,
 * those after 64 times its number, and what a role may need to: which of it is said by what it was granted. Or it sees
 * nothing. */
#define OF_LOGIN "FROM bulla.login l WHERE l.name = SESSION_USER"
#define ACTOR "(SELECT l.actor " OF_LOGIN ")"
/* Whether a column is of the login's tenant, or of any if it is an actor's without one. */
#define OF_TENANT(column) \
  "(" column " = (SELECT l.tenant " OF_LOGIN ") OR (SELECT l.actor IS NOT NULL AND l.tenant IS NULL " OF_LOGIN "))"
#define OF_ENTRY "EXISTS (SELECT FROM bulla.entry e WHERE e.id = field.entry)"
#define OF_LANE(column) "(" column " / 64 = " ACTOR ")"
/* What an actor's login may audit: the records of all tenants, of its tenant, or of those that the actor has grants of.
 */
#define AUDITED                                                                                             \
  "FROM bulla.login l JOIN bulla.actor a ON a.number = l.actor JOIN bulla.actor_grant g ON g.actor = a.id " \
  "WHERE l.name = SESSION_USER AND g.role = 'audit' AND g.ended = 0 "
#define ALL_AUDITED " OR EXISTS (SELECT " AUDITED "AND g.tenant = '' AND l.tenant IS NULL)"
#define OF_AUDITED                                  \
  " OR tenant IN (SELECT l.tenant " AUDITED         \
  "AND (g.tenant = '' OR g.tenant = l.tenant)) OR " \
  "tenant IN (SELECT g.tenant " AUDITED "AND l.tenant IS NULL)" ALL_AUDITED
#define WHOLE(table)                                                                 \
  "ALTER TABLE bulla." table " ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", \
      "CREATE POLICY whole ON bulla." table " TO CURRENT_USER USING (true)"
#define POLICY(name, table, rest) "CREATE POLICY " name " ON bulla." table " FOR " rest
#define OWN(table, column) WHOLE(table), POLICY("own", table, "SELECT USING (" OF_TENANT(column) ")")
#define LISTED(table) WHOLE(table), POLICY("listed", table, "SELECT USING (EXISTS (SELECT " OF_LOGIN "))")
/* Rows of a tenant, or with an empty one of the vault. */
#define SHARED(table) \
  WHOLE(table),       \
      POLICY("own", table, "SELECT USING (tenant = '' AND EXISTS (SELECT " OF_LOGIN ") OR " OF_TENANT("tenant") ")")

/* The tables of SQLite, with what PostgreSQL can check by itself. A row of |turn| is what writers wait for. */
static const char *const statements[] = {
    "CREATE SCHEMA bulla",
    "CREATE TABLE bulla.format(version bigint PRIMARY KEY CHECK (version = 2))",
    "INSERT INTO bulla.format VALUES (2)",
    "CREATE TABLE bulla.turn(id bigint PRIMARY KEY CHECK (id = 1))",
    "INSERT INTO bulla.turn VALUES (1)",
    "CREATE TABLE bulla.vault(id bigint PRIMARY KEY CHECK (id = 1), "
    "statement bytea NOT NULL CHECK (length(statement) <= 8192), "
    "signature bytea NOT NULL CHECK (length(signature) = 64), "
    "signing_key bytea NOT NULL CHECK (length(signing_key) <= 128), "
    "audit_key bytea NOT NULL CHECK (length(audit_key) <= 128), "
    "detail_key bytea NOT NULL CHECK (length(detail_key) <= 128), "
    "keep bigint NOT NULL DEFAULT 3 CHECK (keep BETWEEN 0 AND 100))",
    "CREATE TABLE bulla.directory(number bigint PRIMARY KEY CHECK (number BETWEEN 0 AND 256), "
    "bytes bytea NOT NULL CHECK (length(bytes) <= 524288))",
    "CREATE TABLE bulla.root(id bytea PRIMARY KEY CHECK (length(id) = 16), "
    "wrapped bytea NOT NULL CHECK (length(wrapped) <= 8192), scrypt_salt bytea CHECK (length(scrypt_salt) <= 64), "
    "scrypt_log_n bigint, CHECK ((scrypt_salt IS NULL) = (scrypt_log_n IS NULL)))",
    "CREATE TABLE bulla.tenant(id bytea PRIMARY KEY CHECK (length(id) = 16), "
    "name text COLLATE \"C\" UNIQUE CHECK (octet_length(name) <= 128), "
    "statement bytea NOT NULL CHECK (length(statement) <= 8192), "
    "signature bytea NOT NULL CHECK (length(signature) = 64), label_key bytea CHECK (length(label_key) <= 128), "
    "detail_key bytea CHECK (length(detail_key) <= 128))",
    "CREATE TABLE bulla.tenant_secret(id bytea PRIMARY KEY CHECK (length(id) = 16), "
    "tenant bytea NOT NULL REFERENCES bulla.tenant, version bigint NOT NULL, "
    "state text COLLATE \"C\" NOT NULL CHECK (state IN ('pending', 'active', 'decrypt-only')), "
    "wrapped bytea NOT NULL CHECK (length(wrapped) <= 128), created bigint NOT NULL, UNIQUE (tenant, version))",
    /* No samples of keys are to be kept among the statistics. */
    "ALTER TABLE bulla.tenant ALTER COLUMN label_key SET STATISTICS 0, ALTER COLUMN detail_key SET STATISTICS 0",
    "ALTER TABLE bulla.tenant_secret ALTER COLUMN wrapped SET STATISTICS 0",
    "CREATE UNIQUE INDEX tenant_secret_active ON bulla.tenant_secret(tenant) WHERE state = 'active'",
    /* Logins of actors add rows, and by no name but one a row can be removed: see store/names.h. */
    "CREATE TABLE bulla.entry(id bytea PRIMARY KEY CHECK (length(id) = 16), "
    "tenant bytea NOT NULL REFERENCES bulla.tenant, "
    "name text COLLATE \"C\" NOT NULL CHECK (octet_length(name) <= 128 AND name ~ "
    "'^[A-Za-z0-9_@+][A-Za-z0-9._@+-]*$'), "
    "name_proof bytea NOT NULL CHECK (length(name_proof) = 32), keep bigint CHECK (keep BETWEEN 0 AND 100), "
    "UNIQUE (tenant, name))",
    "CREATE TABLE bulla.actor(id bytea PRIMARY KEY CHECK (length(id) = 16), "
    "number bigint NOT NULL UNIQUE CHECK (number > 0), "
    "name text COLLATE \"C\" NOT NULL UNIQUE CHECK (octet_length(name) <= 128), "
    "statement bytea NOT NULL CHECK (length(statement) <= 8192), "
    "signature bytea NOT NULL CHECK (length(signature) = 64))",
    "CREATE TABLE bulla.actor_grant(id bytea PRIMARY KEY CHECK (length(id) = 16), "
    "actor bytea NOT NULL REFERENCES bulla.actor, tenant bytea NOT NULL CHECK (length(tenant) IN (0, 16)), "
    "role text COLLATE \"C\" NOT NULL CHECK (role IN ('put', 'show', 'use', 'verify', 'audit')), "
    "ended bigint NOT NULL, statement bytea NOT NULL CHECK (length(statement) <= 8192), "
    "signature bytea NOT NULL CHECK (length(signature) = 64), UNIQUE (actor, tenant, role, ended))",
    "CREATE TABLE bulla.handout(tenant bytea NOT NULL CHECK (length(tenant) IN (0, 16)), "
    "role text COLLATE \"C\" NOT NULL CHECK (role IN ('put', 'show', 'use', 'verify', 'audit')), "
    "secret bytea NOT NULL CHECK (length(secret) IN (0, 8, 16)), "
    "sealed bytea NOT NULL CHECK (length(sealed) <= 256), PRIMARY KEY (tenant, role, secret))",
    "CREATE INDEX actor_grant_tenant ON bulla.actor_grant(tenant, role)",
    "ALTER TABLE bulla.actor ALTER COLUMN statement SET STATISTICS 0",
    "ALTER TABLE bulla.actor_grant ALTER COLUMN statement SET STATISTICS 0",
    "ALTER TABLE bulla.handout ALTER COLUMN sealed SET STATISTICS 0",
    "CREATE TABLE bulla.field(number bigint GENERATED ALWAYS AS IDENTITY UNIQUE, "
    "entry bytea NOT NULL REFERENCES bulla.entry, "
    "name text COLLATE \"C\" NOT NULL CHECK (octet_length(name) <= 128), revision bigint NOT NULL, "
    "secret bigint NOT NULL, value bytea NOT NULL CHECK (length(value) <= 67000), "
    "mask bytea NOT NULL CHECK (length(mask) <= 128), secret_id bytea REFERENCES bulla.tenant_secret, "
    "writer bytea REFERENCES bulla.actor, signature bytea CHECK (length(signature) = 64), updated bigint NOT NULL, "
    "CHECK ((writer IS NULL) = (signature IS NULL)), CHECK (secret = 1 OR secret_id IS NULL AND writer IS NULL), "
    "PRIMARY KEY (entry, name, revision))",
    /* Ciphertext does not compress. */
    "ALTER TABLE bulla.field ALTER COLUMN value SET STORAGE EXTERNAL",
    "CREATE INDEX field_secret ON bulla.field(secret_id, number)",
    "CREATE INDEX field_writer ON bulla.field(writer, number) WHERE writer IS NOT NULL",
    "CREATE INDEX field_posted ON bulla.field(secret_id, number) WHERE writer IS NOT NULL",
    "CREATE TABLE bulla.apikey(number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
    "id text COLLATE \"C\" NOT NULL UNIQUE CHECK (octet_length(id) = 16), "
    "tenant bytea NOT NULL REFERENCES bulla.tenant, "
    "name text COLLATE \"C\" NOT NULL CHECK (octet_length(name) <= 128), created bigint NOT NULL, "
    "revoked bigint NOT NULL, hash bytea NOT NULL CHECK (length(hash) <= 64), "
    "sealed bytea CHECK (length(sealed) <= 128), secret_id bytea REFERENCES bulla.tenant_secret)",
    "CREATE INDEX apikey_tenant ON bulla.apikey(tenant)",
    "CREATE INDEX apikey_secret ON bulla.apikey(secret_id, number) WHERE secret_id IS NOT NULL",
    "CREATE TABLE bulla.revoked_token(tenant bytea NOT NULL REFERENCES bulla.tenant, "
    "jti bytea NOT NULL CHECK (length(jti) = 32), expires bigint NOT NULL, PRIMARY KEY (tenant, jti))",
    "CREATE TABLE bulla.revocation(number bigint PRIMARY KEY, tenant bytea NOT NULL CHECK (length(tenant) = 16), "
    "apikey text COLLATE \"C\" CHECK (octet_length(apikey) = 16), jti bytea CHECK (length(jti) = 32), "
    "CHECK ((apikey IS NULL) <> (jti IS NULL)))",
    "CREATE INDEX revocation_apikey ON bulla.revocation(apikey) WHERE apikey IS NOT NULL",
    "CREATE TABLE bulla.lane(number bigint PRIMARY KEY, statement bytea NOT NULL CHECK (length(statement) <= 8192), "
    "signature bytea NOT NULL CHECK (length(signature) = 64))",
    /* What is checked here by the server would be read from its catalogue anew for each record. */
    "CREATE TABLE bulla.audit(lane bigint NOT NULL, seq bigint NOT NULL, time bigint NOT NULL, tenant bytea NOT NULL, "
    "op text COLLATE \"C\" NOT NULL, outcome text COLLATE \"C\" NOT NULL, detail bytea NOT NULL, mac bytea NOT NULL, "
    "PRIMARY KEY (lane, seq)) WITH (autovacuum_vacuum_insert_scale_factor = 0, "
    "autovacuum_vacuum_insert_threshold = 100000, autovacuum_freeze_min_age = 0)",
    /* Keyed by the seq too: a head that moves is a new key each time, and not one key with ever more dead versions
     * while somebody holds an old snapshot. */
    "CREATE TABLE bulla.audit_head(lane bigint NOT NULL, seq bigint NOT NULL, mac bytea NOT NULL, tag bytea NOT NULL, "
    "key bytea NOT NULL, PRIMARY KEY (lane, seq)) WITH (autovacuum_vacuum_scale_factor = 0, "
    "autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off)",
    "CREATE TABLE bulla.limit_rule(kind bigint NOT NULL, scope bigint NOT NULL, "
    "name text COLLATE \"C\" NOT NULL CHECK (octet_length(name) <= 128), rate bigint NOT NULL, "
    "period bigint NOT NULL, burst bigint NOT NULL, PRIMARY KEY (kind, scope, name))",
    "CREATE TABLE bulla.limit_bucket(kind bigint NOT NULL, scope bigint NOT NULL, "
    "subject bytea NOT NULL CHECK (length(subject) = 16), level bigint NOT NULL, time bigint NOT NULL, "
    "full_at bigint NOT NULL, refused bigint NOT NULL, told bigint NOT NULL, PRIMARY KEY (kind, scope, subject))",
    "CREATE TABLE bulla.login(name name PRIMARY KEY, tenant bytea REFERENCES bulla.tenant, "
    "actor bigint REFERENCES bulla.actor(number), CHECK (tenant IS NOT NULL OR actor IS NOT NULL))",
    "ALTER TABLE bulla.login ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON bulla.login FOR SELECT USING (name = SESSION_USER)",
    LISTED("vault"),
    LISTED("directory"),
    LISTED("root"),
    LISTED("lane"),
    LISTED("actor"),
    SHARED("actor_grant"),
    SHARED("handout"),
    OWN("tenant", "id"),
    OWN("tenant_secret", "tenant"),
    OWN("entry", "tenant"),
    OWN("apikey", "tenant"),
    OWN("revoked_token", "tenant"),
    WHOLE("field"),
    POLICY("own", "field", "SELECT USING (" OF_ENTRY ")"),
    POLICY("actor_add", "entry", "INSERT WITH CHECK (" ACTOR " IS NOT NULL AND " OF_TENANT("tenant") ")"),
    /* What a login adds is told to be its actor's, which nobody has signed unless it has the actor's key too. */
    POLICY("actor_add", "field",
           "INSERT WITH CHECK (" ACTOR " IS NOT NULL AND " OF_ENTRY
           " AND (secret = 0 OR writer = (SELECT a.id FROM bulla.login l "
           "JOIN bulla.actor a ON a.number = l.actor WHERE l.name = SESSION_USER)))"),
    POLICY("actor_change", "field", "UPDATE USING (" ACTOR " IS NOT NULL AND " OF_ENTRY ")"),
    POLICY("actor_change", "apikey", "UPDATE USING (" ACTOR " IS NOT NULL AND " OF_TENANT("tenant") ")"),
    /* Who verifies misses none: they are numbered without gaps. */
    WHOLE("revocation"),
    POLICY("own", "revocation", "SELECT USING (tenant = (SELECT l.tenant " OF_LOGIN ") OR " ACTOR " IS NOT NULL)"),
    WHOLE("turn"),
    POLICY("actor_see", "turn", "SELECT USING (" ACTOR " IS NOT NULL)"),
    POLICY("actor_change", "turn", "UPDATE USING (" ACTOR " IS NOT NULL)"),
    WHOLE("limit_rule"),
    POLICY("actor_see", "limit_rule", "SELECT USING (" ACTOR " IS NOT NULL)"),
    WHOLE("limit_bucket"),
    POLICY("actor_change", "limit_bucket", "ALL USING (" ACTOR " IS NOT NULL)"),
    /* A login of one tenant sees its records in all lanes; an actor's its lanes, and what it may audit. */
    WHOLE("audit"),
    POLICY("own", "audit", "SELECT USING (tenant = (SELECT l.tenant " OF_LOGIN " AND l.actor IS NULL))"),
    POLICY("actor_see", "audit", "SELECT USING (" OF_LANE("lane") OF_AUDITED ")"),
    /* An actor's first lane is always there. Whether another one is costs a look for each record. */
    POLICY("actor_add", "audit",
           "INSERT WITH CHECK (" OF_LANE(
               "lane") " AND (lane % 64 = 0 OR EXISTS (SELECT FROM bulla.lane l WHERE l.number = audit.lane)))"),
    POLICY("actor_add", "lane", "INSERT WITH CHECK (" OF_LANE("number") " AND number % 64 > 0)"),
    /* The head of the first lane tells that a list of no revocations is one that is shown. */
    WHOLE("audit_head"),
    POLICY("actor_see", "audit_head",
           "SELECT USING (" OF_LANE("lane") " OR lane = 0 AND " ACTOR " IS NOT NULL" ALL_AUDITED ")"),
    POLICY("actor_add", "audit_head", "INSERT WITH CHECK (" OF_LANE("lane") ")"),
    POLICY("actor_change", "audit_head", "UPDATE USING (" OF_LANE("lane") ")"),
    "SET LOCAL search_path = bulla, pg_temp",
};

enum bulla_status bulla_postgres_create_schema(struct bulla_postgres *postgres) {
  for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
    BULLA_TRY(bulla_postgres_run(postgres, statements[i]));
  }
  return BULLA_OK;
}

/* The first column of the next row as a text. */
static enum bulla_status next_text(struct bulla_span *text, struct bulla_db_rows *rows, bool *row) {
  struct bulla_value value = {.type = BULLA_VALUE_NULL};
  BULLA_TRY(bulla_postgres_next(rows, row));
  if (*row && rows->num_columns == 1) {
    bulla_postgres_column(rows, 0, &value);
  }
  *text = value.type == BULLA_VALUE_TEXT ? value.bytes : bulla_span(NULL, 0);
  return BULLA_OK;
}

enum bulla_status bulla_postgres_has_schema(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  struct bulla_span name;
  bool row;
  BULLA_TRY(
      bulla_postgres_ask(&rows, postgres, "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = 'bulla'"));
  BULLA_TRY(next_text(&name, &rows, &row));
  return row ? BULLA_EXISTS : BULLA_OK;
}

/* A backup leaves the version out (store/db_postgres_dump.c), and a restore adds it at its end. */
enum bulla_status bulla_postgres_may_create(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  struct bulla_span num;
  bool row;
  enum bulla_status status = bulla_postgres_has_schema(postgres);
  if (status != BULLA_EXISTS ||
      bulla_postgres_ask(&rows, postgres, "SELECT count(*)::text FROM bulla.format") != BULLA_OK ||
      next_text(&num, &rows, &row) != BULLA_OK || !bulla_span_equal(num, BULLA_LITERAL("0"))) {
    return status;
  }
  return bulla_explain(status,
                       "a restore left it by half: if none is going on, DROP SCHEMA bulla CASCADE, then try again");
}

/* Which format the tables have. */
static enum bulla_status check_version(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  struct bulla_span text;
  bool row;
  enum bulla_status status = bulla_postgres_ask(&rows, postgres, "SELECT max(version)::text FROM bulla.format");
  if (status == BULLA_NO_VAULT) {
    bulla_postgres_undo(postgres); /* after an error a transaction answers nothing more */
    return bulla_postgres_has_schema(postgres) == BULLA_EXISTS
               ? bulla_explain(BULLA_NOT_A_VAULT, "the schema \"bulla\" of the database is none of bulla's")
               : BULLA_NO_VAULT;
  }
  BULLA_TRY(status);
  BULLA_TRY(next_text(&text, &rows, &row));
  if (row && text.len == 0) {
    /* A backup leaves the version out (store/db_postgres_dump.c). */
    return postgres->db.is_backup
               ? BULLA_OK
               : bulla_explain(BULLA_NOT_A_VAULT,
                               "it was restored by half, or by another program: DROP SCHEMA bulla CASCADE, then bulla "
                               "restore");
  }
  if (text.len != 1 || text.data[0] < '2' || text.data[0] > '9') {
    return bulla_explain(BULLA_NOT_A_VAULT, "the schema \"bulla\" of the database is none of bulla's");
  }
  return text.data[0] == '2' ? BULLA_OK : BULLA_NEWER_VAULT;
}

/* All of the schema that counts, a line each, in the order of bytes: relations, columns, constraints, indexes,
 * triggers, rules, policies, children, keys and functions of others. Constraints that say NOT NULL are left out: the
 * columns say so, and not every release has them. Which roles see the whole is for the owner to say, but for PUBLIC. */
static const char catalogue_query[] =
    "SELECT line FROM (WITH c AS (SELECT c.* FROM pg_class c WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace n "
    "WHERE n.nspname = 'bulla')), x(kind, rel, what) AS ("
    "SELECT 'rel', c.relname::text, concat_ws(' ', c.relkind, c.relpersistence, "
    "(SELECT a.amname FROM pg_am a WHERE a.oid = c.relam), c.relrowsecurity, c.relforcerowsecurity, "
    "c.relispartition) FROM c "
    "UNION ALL SELECT 'col', c.relname, concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), "
    "CASE WHEN a.attcollation <> 0 THEN a.attcollation::regcollation::text END, a.attnotnull, a.attidentity, "
    "a.attgenerated, "
    "(SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)) "
    "FROM c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relkind NOT IN "
    "('i', 'I', 'S') "
    "UNION ALL SELECT 'con', c.relname, concat_ws(' ', k.contype, k.conname, k.convalidated, k.condeferrable, "
    "pg_get_constraintdef(k.oid)) FROM c JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype <> 'n' "
    "UNION ALL SELECT 'idx', c.relname, concat_ws(' ', i.indisunique, i.indisprimary, i.indimmediate, i.indisvalid, "
    "i.indisready, i.indislive, pg_get_indexdef(i.indexrelid)) FROM c JOIN pg_index i ON i.indexrelid = c.oid "
    "UNION ALL SELECT 'trg', c.relname, concat_ws(' ', CASE WHEN t.tgisinternal THEN (SELECT p.proname || "
    "CASE WHEN p.pronamespace = 'pg_catalog'::regnamespace THEN '' ELSE ' foreign' END FROM pg_proc p "
    "WHERE p.oid = t.tgfoid) ELSE t.tgname END, t.tgenabled, t.tgisinternal) "
    "FROM c JOIN pg_trigger t ON t.tgrelid = c.oid "
    "UNION ALL SELECT 'rule', c.relname, r.rulename::text FROM c JOIN pg_rewrite r ON r.ev_class = c.oid "
    "UNION ALL SELECT 'pol', c.relname, concat_ws(' ', p.polname, p.polcmd, p.polpermissive, "
    "CASE WHEN p.polname <> 'whole' THEN p.polroles::text END, "
    "regexp_replace(pg_get_expr(p.polqual, p.polrelid), '[[:space:]]+', ' ', 'g'), 'CHECK ' || "
    "regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '[[:space:]]+', ' ', 'g')) FROM c JOIN pg_policy p ON "
    "p.polrelid = c.oid "
    "UNION ALL SELECT 'pub', c.relname, '' FROM c JOIN pg_policy p ON p.polrelid = c.oid WHERE p.polname = 'whole' "
    "AND 0 = ANY (p.polroles) "
    "UNION ALL SELECT 'inh', c.relname, i.inhrelid::regclass::text FROM c "
    "JOIN pg_inherits i ON i.inhparent = c.oid OR i.inhrelid = c.oid "
    "UNION ALL SELECT 'fkin', c.relname, k.conname::text FROM c "
    "JOIN pg_constraint k ON k.confrelid = c.oid AND k.conrelid NOT IN (SELECT oid FROM c) "
    "UNION ALL SELECT 'func', p.proname::text, '' FROM pg_proc p "
    "WHERE p.pronamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'bulla')) "
    "SELECT concat_ws(' ', kind, rel, what, count(*)) AS line FROM x GROUP BY kind, rel, what) AS lines "
    "ORDER BY line COLLATE \"C\" LIMIT 1000";

/* What the statements above leave in the catalogue. */
static const char *const expected[] = {
#include "store/db_postgres_catalogue.h"
};
enum { NUM_EXPECTED = sizeof(expected) / sizeof(expected[0]), LINE_SHOWN_MAX = 100 };

/* Says what is |wrong| with the object of a line of the catalogue, whose first word is its kind. */
static enum bulla_status explain(const char *wrong, struct bulla_span line) {
  static const char *const kinds[][2] = {
      {"rel ", "table"},
      {"col ", "column"},
      {"con ", "constraint"},
      {"idx ", "index"},
      {"trg ", "trigger"},
      {"rule ", "rule"},
      {"pol ", "policy"},
      {"inh ", "child table"},
      {"fkin ", "reference"},
      {"func ", "function"},
      {"pub ", "policy whole TO PUBLIC, by which everybody sees all (ALTER POLICY whole TO those who may), on table"},
  };
  const char *kind = "object";
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    size_t len = strlen(kinds[i][0]);
    if (line.len > len && memcmp(line.data, kinds[i][0], len) == 0) {
      kind = kinds[i][1];
      line = bulla_span(line.data + len, line.len - len);
      break;
    }
  }
  return bulla_explain(BULLA_NOT_A_VAULT, "the schema \"bulla\" is not as bulla makes it: %s: %s %.*s", wrong, kind,
                       (int)(line.len < LINE_SHOWN_MAX ? line.len : LINE_SHOWN_MAX), (const char *)line.data);
}

/* In the order of the lines, which is that of bytes. */
static bool comes_before(struct bulla_span line, struct bulla_span other) {
  size_t len = line.len < other.len ? line.len : other.len;
  int order = len > 0 ? memcmp(line.data, other.data, len) : 0;
  return order < 0 || (order == 0 && line.len < other.len);
}

/* Whether the lines of |rows| are those that are expected; logs the first that is not. */
static enum bulla_status compare(struct bulla_db_rows *rows) {
  for (size_t i = 0;; i++) {
    struct bulla_span line;
    bool row;
    BULLA_TRY(next_text(&line, rows, &row));
    struct bulla_span wanted = i < NUM_EXPECTED ? bulla_text(expected[i]) : bulla_span(NULL, 0);
    if (!row && i == NUM_EXPECTED) {
      return BULLA_OK;
    }
    if (!row || !bulla_span_equal(line, wanted)) {
      bool is_extra = row && (i == NUM_EXPECTED || comes_before(line, wanted));
      return is_extra ? explain("too many", line) : explain("missing or changed", wanted);
    }
  }
}

/* What the policies let this login see, the first table that it does not see the whole of, and the number of the actor
 * whose login it is. */
static const char login_query[] =
    "WITH whole AS (SELECT c.relname::text AS name, EXISTS (SELECT FROM unnest(p.polroles) AS r "
    "WHERE pg_has_role(r, 'USAGE')) AS is_seen FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
    "WHERE p.polname = 'whole' AND c.relnamespace = 'bulla'::regnamespace) "
    "SELECT SESSION_USER::text, CASE WHEN NOT row_security_active('bulla.vault'::regclass) THEN 'whole' "
    "WHEN bool_or(is_seen) AND " ACTOR
    " IS NOT NULL THEN 'both' "
    "WHEN bool_and(is_seen) THEN 'whole' WHEN bool_or(is_seen) THEN 'some' "
    "WHEN " ACTOR " IS NOT NULL THEN 'actor' WHEN EXISTS (SELECT " OF_LOGIN
    ") THEN 'tenant' ELSE 'nothing' END, "
    "coalesce(min(name) FILTER (WHERE NOT is_seen), ''), "
    "coalesce(" ACTOR ", 0)::text FROM whole";

enum { NUM_TOLD = 4, DIGITS_MAX = 18 };

/* Takes a number of at most DIGITS_MAX digits, or returns false. */
static bool take_number(int64_t *number, const struct bulla_value *value) {
  *number = 0;
  bool good = value->type == BULLA_VALUE_TEXT && value->bytes.len > 0 && value->bytes.len <= DIGITS_MAX;
  for (size_t i = 0; good && i < value->bytes.len; i++) {
    good = value->bytes.data[i] >= '0' && value->bytes.data[i] <= '9';
    *number = *number * 10 + (value->bytes.data[i] - '0');
  }
  return good;
}

/* Says why a login that sees neither the whole nor what |login| gives it is refused. */
static enum bulla_status refuse(struct bulla_span sees, const struct bulla_value *told) {
  char login[BULLA_LOG_NAME_MAX];
  char table[BULLA_LOG_NAME_MAX];
  bulla_log_name(login, told[0].bytes);
  bulla_log_name(table, told[2].bytes);
  if (bulla_span_equal(sees, BULLA_LITERAL("some"))) {
    return bulla_explain(BULLA_NOT_PERMITTED,
                         "the login %s sees the whole of some tables, and not of bulla.%s: let the owner ALTER POLICY "
                         "whole ON bulla.%s TO the same roles as on the others",
                         login, table, table);
  }
  if (bulla_span_equal(sees, BULLA_LITERAL("both"))) {
    return bulla_explain(BULLA_NOT_PERMITTED,
                         "the login %s is an actor's by bulla.login, and in a role that sees the whole vault: REVOKE "
                         "that role from %s, or let the owner DELETE its row of bulla.login",
                         login, login);
  }
  return bulla_explain(BULLA_NOT_PERMITTED,
                       "the login %s sees nothing: GRANT vault_whole TO %s, a role of the policies \"whole\" "
                       "(docs/POSTGRESQL.md), or let the owner INSERT INTO bulla.login SELECT '%s', id FROM "
                       "bulla.tenant WHERE name = 'the tenant that it may read'",
                       login, login, login);
}

/* Whom row-level security lets see nothing is told so: an empty vault would be believed. */
static enum bulla_status check_login(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  struct bulla_value told[NUM_TOLD] = {{.type = BULLA_VALUE_NULL}};
  int64_t actor = 0;
  bool row;
  BULLA_TRY(bulla_postgres_ask(&rows, postgres, login_query));
  BULLA_TRY(bulla_postgres_next(&rows, &row));
  for (size_t i = 0; row && rows.num_columns == NUM_TOLD && i < NUM_TOLD; i++) {
    bulla_postgres_column(&rows, i, &told[i]);
  }
  struct bulla_span sees = told[1].type == BULLA_VALUE_TEXT ? told[1].bytes : bulla_span(NULL, 0);
  bool is_actors = bulla_span_equal(sees, BULLA_LITERAL("actor"));
  if (is_actors && !take_number(&actor, &told[3])) {
    return BULLA_NOT_A_VAULT;
  }
  postgres->db.actor = actor;
  postgres->db.is_partial = bulla_span_equal(sees, BULLA_LITERAL("tenant"));
  return is_actors || postgres->db.is_partial || bulla_span_equal(sees, BULLA_LITERAL("whole")) ? BULLA_OK
                                                                                                : refuse(sees, told);
}

enum bulla_status bulla_postgres_check_schema(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  BULLA_TRY(check_version(postgres));
  /* The catalogue has joins that want no index. */
  BULLA_TRY(bulla_postgres_run(postgres,
                               "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL quote_all_identifiers = off; "
                               "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; "
                               "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; "
                               "SET LOCAL enable_material = on"));
  BULLA_TRY(bulla_postgres_ask(&rows, postgres, catalogue_query));
  BULLA_TRY(compare(&rows));
  return check_login(postgres);
}
