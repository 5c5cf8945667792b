/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite_schema.h. SQLite keeps the text of each CREATE as it was given, so a vault's schema can be
 * compared with ours letter by letter: a trigger, a view, or a table whose columns somebody changed is not a vault. */

#include "store/db_sqlite_schema.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"

enum { APPLICATION_ID = 0x42554C41 /* BULA */, BACKUP_ID = 0x42554C42 };
enum { VERSION = 2, OLDER_VERSION = 1 };

enum { SCHEMA_TEXT_MAX = 1024 };
enum { STATEMENTS_MAX = 32 };

static const char *const statements[] = {
    /* One row. |statement| says what the vault is: see store/signed.h. The keys are wrapped under the vault key. |keep|
     * is how many former revisions of a field stay. */
    "CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id = 1), statement BLOB NOT NULL, signature BLOB NOT NULL, "
    "signing_key BLOB NOT NULL, audit_key BLOB NOT NULL, detail_key BLOB NOT NULL, "
    "keep INTEGER NOT NULL DEFAULT 3 CHECK(keep BETWEEN 0 AND 100)) STRICT",

    /* Which statements of tenants, actors and grants are the newest: see store/leaves.h. */
    "CREATE TABLE directory(number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",

    /* The vault key, wrapped for each root. The salt is there if the root is a passphrase. */
    "CREATE TABLE root(id BLOB PRIMARY KEY, wrapped BLOB NOT NULL, scrypt_salt BLOB, scrypt_log_n INTEGER) "
    "STRICT, WITHOUT ROWID",

    /* |name| is NULL once the tenant is removed; the row stays for its records. */
    "CREATE TABLE tenant(id BLOB PRIMARY KEY, name TEXT UNIQUE, statement BLOB NOT NULL, signature BLOB NOT NULL, "
    "label_key BLOB, detail_key BLOB) STRICT, WITHOUT ROWID",

    /* |state| is that in the tenant's statement, which counts. */
    "CREATE TABLE tenant_secret(id BLOB PRIMARY KEY, tenant BLOB NOT NULL REFERENCES tenant(id), "
    "version INTEGER NOT NULL, state TEXT NOT NULL CHECK(state IN ('pending', 'active', 'decrypt-only')), "
    "wrapped BLOB NOT NULL, created INTEGER NOT NULL, UNIQUE(tenant, version)) STRICT, WITHOUT ROWID",

    "CREATE UNIQUE INDEX tenant_secret_active ON tenant_secret(tenant) WHERE state = 'active'",

    /* |keep| is NULL where that of the vault counts. */
    "CREATE TABLE entry(id BLOB PRIMARY KEY, tenant BLOB NOT NULL REFERENCES tenant(id), name TEXT NOT NULL, "
    "name_proof BLOB NOT NULL, keep INTEGER CHECK(keep BETWEEN 0 AND 100), UNIQUE(tenant, name)) "
    "STRICT, WITHOUT ROWID",

    /* What the roles of a tenant give, each sealed under the key of the role: see store/roles.h. */
    "CREATE TABLE handout(tenant BLOB NOT NULL, role TEXT NOT NULL, secret BLOB NOT NULL, sealed BLOB NOT NULL, "
    "PRIMARY KEY(tenant, role, secret)) STRICT, WITHOUT ROWID",

    /* The rows of both stay for good: see store/signed_actor.h. */
    "CREATE TABLE actor(id BLOB PRIMARY KEY, number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, "
    "statement BLOB NOT NULL, signature BLOB NOT NULL) STRICT, WITHOUT ROWID",

    /* |tenant| is empty for all of them, |ended| 0 while it is in force. */
    "CREATE TABLE actor_grant(id BLOB PRIMARY KEY, actor BLOB NOT NULL REFERENCES actor(id), tenant BLOB NOT NULL, "
    "role TEXT NOT NULL, ended INTEGER NOT NULL, statement BLOB NOT NULL, signature BLOB NOT NULL, "
    "UNIQUE(actor, tenant, role, ended)) STRICT, WITHOUT ROWID",

    "CREATE INDEX actor_grant_actor ON actor_grant(actor)",

    "CREATE INDEX actor_grant_tenant ON actor_grant(tenant, role)",

    /* The revisions of fields: the greatest is what a field is now. |value| is sealed if |secret|. |mask| is the sealed
     * mask of a secret, or the proof of a plain value, which has no |secret_id|. |writer| is the actor that sealed and
     * signed it, as long as no key of the tenant has sealed it anew: see store/posted.h. */
    "CREATE TABLE field(number INTEGER PRIMARY KEY, entry BLOB NOT NULL REFERENCES entry(id), name TEXT NOT NULL, "
    "revision INTEGER NOT NULL, secret INTEGER NOT NULL, value BLOB NOT NULL, mask BLOB NOT NULL, "
    "secret_id BLOB REFERENCES tenant_secret(id), writer BLOB REFERENCES actor(id), signature BLOB, "
    "updated INTEGER NOT NULL, UNIQUE(entry, name, revision)) STRICT",

    /* SQLite puts the number behind what an index is of. */
    "CREATE INDEX field_secret ON field(secret_id)",

    "CREATE INDEX field_writer ON field(writer) WHERE writer IS NOT NULL",

    "CREATE INDEX field_posted ON field(secret_id) WHERE writer IS NOT NULL",

    /* |sealed| and |secret_id| are NULL once the key is revoked. */
    "CREATE TABLE apikey(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
    "tenant BLOB NOT NULL REFERENCES tenant(id), name TEXT NOT NULL, created INTEGER NOT NULL, "
    "revoked INTEGER NOT NULL, hash BLOB NOT NULL, sealed BLOB, secret_id BLOB REFERENCES tenant_secret(id)) STRICT",

    "CREATE INDEX apikey_secret ON apikey(secret_id)",

    /* |jti| is the digest of a token's id. */
    "CREATE TABLE revoked_token(tenant BLOB NOT NULL REFERENCES tenant(id), jti BLOB NOT NULL, "
    "expires INTEGER NOT NULL, PRIMARY KEY(tenant, jti)) STRICT, WITHOUT ROWID",

    "CREATE INDEX revoked_token_expires ON revoked_token(expires)",

    /* In the order in which they were committed, without gaps: what other processes follow. */
    "CREATE TABLE revocation(number INTEGER PRIMARY KEY, tenant BLOB NOT NULL, apikey TEXT, jti BLOB) STRICT",

    "CREATE TABLE lane(number INTEGER PRIMARY KEY, statement BLOB NOT NULL, signature BLOB NOT NULL) STRICT",

    "CREATE TABLE audit(lane INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, tenant BLOB NOT NULL, "
    "op TEXT NOT NULL, outcome TEXT NOT NULL, detail BLOB NOT NULL, mac BLOB NOT NULL, PRIMARY KEY(lane, seq)) "
    "STRICT, WITHOUT ROWID",

    /* One row a lane. */
    "CREATE TABLE audit_head(lane INTEGER PRIMARY KEY, seq INTEGER NOT NULL, mac BLOB NOT NULL, tag BLOB NOT NULL, "
    "key BLOB NOT NULL) STRICT",

    /* Limits, and what is left of each: see store/limit.h. */
    "CREATE TABLE limit_rule(kind INTEGER NOT NULL, scope INTEGER NOT NULL, name TEXT NOT NULL, "
    "rate INTEGER NOT NULL, period INTEGER NOT NULL, burst INTEGER NOT NULL, PRIMARY KEY(kind, scope, name)) "
    "STRICT, WITHOUT ROWID",

    "CREATE TABLE limit_bucket(kind INTEGER NOT NULL, scope INTEGER NOT NULL, subject BLOB NOT NULL, "
    "level INTEGER NOT NULL, time INTEGER NOT NULL, full_at INTEGER NOT NULL, refused INTEGER NOT NULL, "
    "told INTEGER NOT NULL, PRIMARY KEY(kind, scope, subject)) STRICT, WITHOUT ROWID",
};

/* The tables of format 1. */
static const char *const older[] = {
    "CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id = 1), uuid BLOB NOT NULL, created INTEGER NOT NULL, "
    "root_key_id BLOB NOT NULL, scrypt_salt BLOB, scrypt_log_n INTEGER, name_key BLOB NOT NULL) STRICT",
    "CREATE TABLE tenant(id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, name_proof BLOB NOT NULL, "
    "created INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE tenant_key(key_id BLOB PRIMARY KEY, tenant BLOB NOT NULL REFERENCES tenant(id), "
    "version INTEGER NOT NULL, state TEXT NOT NULL "
    "CHECK(state IN ('pending', 'active', 'decrypt-only', 'destroyed')), wrapped BLOB, created INTEGER NOT NULL, "
    "UNIQUE(tenant, version)) STRICT, WITHOUT ROWID",
    "CREATE UNIQUE INDEX tenant_key_active ON tenant_key(tenant) WHERE state = 'active'",
    "CREATE TABLE entry(id BLOB PRIMARY KEY, tenant BLOB NOT NULL REFERENCES tenant(id), name TEXT NOT NULL, "
    "name_proof BLOB NOT NULL, UNIQUE(tenant, name)) STRICT, WITHOUT ROWID",
    "CREATE TABLE field(number INTEGER PRIMARY KEY, entry BLOB NOT NULL REFERENCES entry(id), name TEXT NOT NULL, "
    "revision INTEGER NOT NULL, secret INTEGER NOT NULL, value BLOB NOT NULL, mask BLOB NOT NULL, "
    "key_id BLOB NOT NULL REFERENCES tenant_key(key_id), updated INTEGER NOT NULL, UNIQUE(entry, name)) STRICT",
    "CREATE INDEX field_key ON field(key_id)",
    "CREATE TABLE apikey(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
    "tenant BLOB NOT NULL REFERENCES tenant(id), name TEXT NOT NULL, created INTEGER NOT NULL, "
    "revoked INTEGER NOT NULL, hash BLOB NOT NULL, sealed BLOB, key_id BLOB REFERENCES tenant_key(key_id)) STRICT",
    "CREATE TABLE revoked_token(tenant BLOB NOT NULL REFERENCES tenant(id), jti BLOB NOT NULL, "
    "expires INTEGER NOT NULL, PRIMARY KEY(tenant, jti)) STRICT, WITHOUT ROWID",
    "CREATE INDEX revoked_token_expires ON revoked_token(expires)",
    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, tenant TEXT NOT NULL, "
    "actor TEXT NOT NULL, origin TEXT NOT NULL, reason TEXT NOT NULL, op TEXT NOT NULL, entry TEXT NOT NULL, "
    "field TEXT NOT NULL, outcome TEXT NOT NULL, mac BLOB NOT NULL) STRICT",
    "CREATE TABLE audit_head(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL, tag BLOB NOT NULL, "
    "key BLOB NOT NULL, first_key BLOB) STRICT",
};

/* The tables of a format. */
struct schema {
  const char *const *statements;
  size_t num;
};

static const struct schema current_schema = {statements, sizeof(statements) / sizeof(statements[0])};
static const struct schema older_schema = {older, sizeof(older) / sizeof(older[0])};

enum bulla_status bulla_sqlite_create_schema(struct bulla_sqlite *sqlite) {
  BULLA_TRY(bulla_sqlite_run(sqlite, BULLA_SQLITE_MARK_VAULT));   /* APPLICATION_ID */
  BULLA_TRY(bulla_sqlite_run(sqlite, "PRAGMA user_version = 2")); /* VERSION */
  for (size_t i = 0; i < current_schema.num; i++) {
    BULLA_TRY(bulla_sqlite_run(sqlite, statements[i]));
  }
  return BULLA_OK;
}

static enum bulla_status read_number(struct bulla_sqlite *sqlite, int64_t *number, const char *pragma) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_sqlite_end) = {.once = true};
  struct bulla_value value = {.number = 0};
  bool row;
  BULLA_TRY(bulla_sqlite_ask(&rows, sqlite, pragma));
  BULLA_TRY(bulla_sqlite_next(&rows, &row));
  if (row) {
    bulla_sqlite_column(&rows, 0, &value);
  }
  *number = value.number;
  return BULLA_OK;
}

/* The text of the column, or nothing if it is none, or longer than any of ours. */
static struct bulla_span text_of(const struct bulla_db_rows *rows, size_t column) {
  struct bulla_value value;
  bulla_sqlite_column(rows, column, &value);
  bool good = value.type == BULLA_VALUE_TEXT && value.bytes.len <= SCHEMA_TEXT_MAX;
  return good ? value.bytes : bulla_span(NULL, 0);
}

/* The statement of |schema| that |text| is, or schema->num. */
static size_t find_statement(const struct schema *schema, struct bulla_span text) {
  size_t i = 0;
  while (i < schema->num && !bulla_span_equal(text, bulla_text(schema->statements[i]))) {
    i++;
  }
  return i;
}

/* What ANALYZE leaves is read by SQLite alone, and for nothing but the choice of an index. */
static bool is_statistics(struct bulla_span type, struct bulla_span text) {
  static const char *const texts[] = {
      "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
      "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
  };
  bool is_one = false;
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    is_one = is_one || bulla_span_equal(text, bulla_span(texts[i], strlen(texts[i])));
  }
  return is_one && bulla_span_equal(type, BULLA_LITERAL("table"));
}

/* What stands behind "CREATE TABLE " and the like in a statement of ours. */
static struct bulla_span name_in(const char *statement) {
  const char *name = strchr(statement, ' ');
  while (name != NULL &&
         (strncmp(name, " TABLE ", 7) == 0 || strncmp(name, " UNIQUE ", 8) == 0 || strncmp(name, " INDEX ", 7) == 0)) {
    name = strchr(name + 1, ' ');
  }
  return name == NULL ? bulla_span(NULL, 0) : bulla_span(name + 1, strcspn(name + 1, "( "));
}

static enum bulla_status blame_missing(const struct schema *schema, const bool *seen) {
  char text[BULLA_LOG_NAME_MAX];
  for (size_t i = 0; i < schema->num; i++) {
    if (!seen[i]) {
      return bulla_explain(BULLA_NOT_A_VAULT, "%s is missing, or is not as a vault has it: restore a backup",
                           bulla_log_name(text, name_in(schema->statements[i])));
    }
  }
  return BULLA_OK;
}

static enum bulla_status check_statements(struct bulla_sqlite *sqlite, const struct schema *schema) {
  /* SQLite's own indexes, of PRIMARY KEY and UNIQUE, follow from the tables and have no text. */
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_sqlite_end) = {.once = true};
  BULLA_TRY(bulla_sqlite_ask(&rows, sqlite,
                             "SELECT type, name, sql FROM sqlite_schema WHERE NOT (type = 'index' AND sql IS NULL)"));
  bool seen[STATEMENTS_MAX] = {false};
  for (;;) {
    bool row;
    BULLA_TRY(bulla_sqlite_next(&rows, &row));
    if (!row) {
      return blame_missing(schema, seen);
    }
    struct bulla_span type = text_of(&rows, 0);
    struct bulla_span name = text_of(&rows, 1);
    struct bulla_span created = text_of(&rows, 2);
    size_t ours = find_statement(schema, created);
    if (ours < schema->num && !seen[ours]) {
      seen[ours] = true;
    } else if (!is_statistics(type, created)) {
      char type_text[BULLA_LOG_NAME_MAX];
      char name_text[BULLA_LOG_NAME_MAX];
      return bulla_explain(BULLA_NOT_A_VAULT,
                           "the %s %s is not part of a vault, or is not as a vault has it; the rest may be whole: have "
                           "what made it take it out again, or restore a backup",
                           bulla_log_name(type_text, type), bulla_log_name(name_text, name));
    }
  }
}

enum bulla_status bulla_sqlite_check_schema(struct bulla_db *db) {
  struct bulla_sqlite *sqlite = (struct bulla_sqlite *)db;
  int64_t id;
  int64_t version;
  BULLA_TRY(read_number(sqlite, &id, "PRAGMA application_id"));
  BULLA_TRY(read_number(sqlite, &version, "PRAGMA user_version"));
  if (id == BACKUP_ID && !db->is_backup) {
    return bulla_explain(BULLA_NOT_A_VAULT, "it is a backup: bulla restore makes a vault of it");
  }
  if (db->is_backup) {
    BULLA_TRY(id == BACKUP_ID ? BULLA_OK : bulla_explain(BULLA_REFUSED, "it is no backup that bulla has made"));
    id = APPLICATION_ID;
  }
  if (id == 0 && version == 0) {
    /* An SQL dump keeps neither. */
    BULLA_TRY(check_statements(sqlite, &current_schema));
    return bulla_explain(
        BULLA_NOT_A_VAULT,
        "it has the tables of a vault, but was made from an SQL dump: if you trust the dump, run PRAGMA "
        "application_id = 1112886337; PRAGMA user_version = 2");
  }
  if (id == APPLICATION_ID && version > 0 && version < VERSION) {
    return bulla_explain(BULLA_OLDER_VAULT, "its format is %lld, and this is for format %d", (long long)version,
                         VERSION);
  }
  if (id != APPLICATION_ID || version < VERSION) {
    return bulla_explain(BULLA_NOT_A_VAULT, "its application_id is %lld, that of a vault is 1112886337", (long long)id);
  }
  if (version > VERSION) {
    return BULLA_NEWER_VAULT;
  }
  return check_statements(sqlite, &current_schema);
}

enum bulla_status bulla_sqlite_check_older(struct bulla_db *db) {
  struct bulla_sqlite *sqlite = (struct bulla_sqlite *)db;
  int64_t id;
  int64_t version;
  BULLA_TRY(read_number(sqlite, &id, "PRAGMA application_id"));
  BULLA_TRY(read_number(sqlite, &version, "PRAGMA user_version"));
  if (id == APPLICATION_ID && version == VERSION) {
    return bulla_explain(BULLA_EXISTS, "it has format %d already: there is nothing to do", VERSION);
  }
  if (id == APPLICATION_ID && version > VERSION) {
    return BULLA_NEWER_VAULT;
  }
  if (id == APPLICATION_ID && version != OLDER_VERSION) {
    return bulla_explain(BULLA_NOT_A_VAULT, "its user_version is %lld, which no vault has", (long long)version);
  }
  if (id != APPLICATION_ID) {
    return bulla_explain(BULLA_NOT_A_VAULT, "its application_id is %lld, that of a vault is 1112886337", (long long)id);
  }
  return check_statements(sqlite, &older_schema);
}

/* Children before parents: a table that others refer to cannot be dropped. */
enum bulla_status bulla_sqlite_replace_schema(struct bulla_db *db) {
  static const char *const drops[] = {
      "DROP TABLE revoked_token",
      "DROP TABLE apikey",
      "DROP TABLE field",
      "DROP TABLE entry",
      "DROP TABLE tenant_key",
      "DROP TABLE tenant",
      "DROP TABLE audit",
      "DROP TABLE audit_head",
      "DROP TABLE vault",
      "DROP TABLE IF EXISTS sqlite_stat1",
      "DROP TABLE IF EXISTS sqlite_stat4",
  };
  struct bulla_sqlite *sqlite = (struct bulla_sqlite *)db;
  for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
    BULLA_TRY(bulla_sqlite_run(sqlite, drops[i]));
  }
  return bulla_sqlite_create_schema(sqlite);
}
