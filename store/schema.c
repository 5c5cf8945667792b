/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/schema.h. SQLite keeps the text of each CREATE as it was given, so a vault's schema can be compared
 * with ours letter by letter: a trigger, a view, or a table whose columns somebody changed is not a vault. */

#include "store/schema.h"

#define APPLICATION_ID 0x42554C41 /* BULA */
#define VERSION 1

#define SCHEMA_TEXT_MAX 1024
#define NUM_STATEMENTS (sizeof statements / sizeof statements[0])

static const char *const statements[] = {
    /* One row. The salt is there if the root is a passphrase. |name_key| is wrapped under the root. */
    "CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id = 1), uuid BLOB NOT NULL, created INTEGER NOT NULL, "
    "root_key_id BLOB NOT NULL, scrypt_salt BLOB, scrypt_log_n INTEGER, name_key BLOB NOT NULL) STRICT",

    /* |name_proof| says whose name it is: see store/proof.h. */
    "CREATE TABLE tenant(id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, name_proof BLOB NOT NULL, "
    "created INTEGER NOT NULL) STRICT, WITHOUT ROWID",

    /* |wrapped| is NULL once the key is destroyed. */
    "CREATE TABLE tenant_key(key_id BLOB PRIMARY KEY, tenant BLOB NOT NULL REFERENCES tenant(id), "
    "version INTEGER NOT NULL, state TEXT NOT NULL "
    "CHECK(state IN ('pending', 'active', 'decrypt-only', 'destroyed')), wrapped BLOB, created INTEGER NOT NULL, "
    "UNIQUE(tenant, version)) STRICT, WITHOUT ROWID",

    "CREATE UNIQUE INDEX tenant_key_active ON tenant_key(tenant) WHERE state = 'active'",

    "CREATE TABLE entry(id BLOB PRIMARY KEY, tenant BLOB NOT NULL REFERENCES tenant(id), name TEXT NOT NULL, "
    "name_proof BLOB NOT NULL, UNIQUE(tenant, name)) STRICT, WITHOUT ROWID",

    /* |value| is sealed if |secret|. |mask| is the sealed mask of a secret, or the proof of a plain value. */
    "CREATE TABLE field(number INTEGER PRIMARY KEY, entry BLOB NOT NULL REFERENCES entry(id), name TEXT NOT NULL, "
    "revision INTEGER NOT NULL, secret INTEGER NOT NULL, value BLOB NOT NULL, mask BLOB NOT NULL, "
    "key_id BLOB NOT NULL REFERENCES tenant_key(key_id), updated INTEGER NOT NULL, UNIQUE(entry, name)) STRICT",

    "CREATE INDEX field_key ON field(key_id)",

    /* |sealed| and |key_id| are NULL once the key is revoked. */
    "CREATE TABLE apikey(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
    "tenant BLOB NOT NULL REFERENCES tenant(id), name TEXT NOT NULL, created INTEGER NOT NULL, "
    "revoked INTEGER NOT NULL, hash BLOB NOT NULL, sealed BLOB, key_id BLOB REFERENCES tenant_key(key_id)) STRICT",

    /* |jti| is the digest of a token's id. */
    "CREATE TABLE revoked_token(tenant BLOB NOT NULL REFERENCES tenant(id), jti BLOB NOT NULL, "
    "expires INTEGER NOT NULL, PRIMARY KEY(tenant, jti)) STRICT, WITHOUT ROWID",

    "CREATE INDEX revoked_token_expires ON revoked_token(expires)",

    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, tenant TEXT NOT NULL, "
    "actor TEXT NOT NULL, origin TEXT NOT NULL, reason TEXT NOT NULL, op TEXT NOT NULL, entry TEXT NOT NULL, "
    "field TEXT NOT NULL, outcome TEXT NOT NULL, mac BLOB NOT NULL) STRICT",

    /* One row. |first_key| is NULL where a verifier outside keeps it. */
    "CREATE TABLE audit_head(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL, tag BLOB NOT NULL, "
    "key BLOB NOT NULL, first_key BLOB) STRICT",
};

enum bulla_status bulla_schema_create(struct bulla_sql *sql) {
  BULLA_TRY(bulla_sql_run(sql, "PRAGMA application_id = 1112886337")); /* APPLICATION_ID */
  BULLA_TRY(bulla_sql_run(sql, "PRAGMA user_version = 1"));            /* VERSION */
  for (size_t i = 0; i < NUM_STATEMENTS; i++) {
    BULLA_TRY(bulla_sql_run(sql, statements[i]));
  }
  return BULLA_OK;
}

static enum bulla_status read_number(struct bulla_sql *sql, int64_t *number, const char *pragma) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  bool row;
  BULLA_TRY(bulla_statement_begin(&statement, sql, pragma));
  BULLA_TRY(bulla_step(&statement, &row));
  *number = row ? bulla_column_int(&statement) : 0;
  return BULLA_OK;
}

/* Marks the statement that |text| is in |seen|, or returns false if it is none of ours or was there before. */
static bool mark_seen(bool seen[NUM_STATEMENTS], struct bulla_span text) {
  for (size_t i = 0; i < NUM_STATEMENTS; i++) {
    if (bulla_span_equal(text, bulla_span(statements[i], strlen(statements[i])))) {
      bool first = !seen[i];
      seen[i] = true;
      return first;
    }
  }
  return false;
}

static enum bulla_status check_statements(struct bulla_sql *sql) {
  /* SQLite's own indexes, of PRIMARY KEY and UNIQUE, follow from the tables and have no text. */
  static const char text[] = "SELECT sql FROM sqlite_schema WHERE NOT (type = 'index' AND sql IS NULL)";
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, sql, text));
  bool seen[NUM_STATEMENTS] = {false};
  size_t num_seen = 0;
  for (;;) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return num_seen == NUM_STATEMENTS ? BULLA_OK : BULLA_NOT_A_VAULT;
    }
    if (!mark_seen(seen, bulla_column_text(&statement, SCHEMA_TEXT_MAX))) {
      return BULLA_NOT_A_VAULT;
    }
    num_seen++;
  }
}

enum bulla_status bulla_schema_check(struct bulla_sql *sql) {
  static const char id_text[] = "PRAGMA application_id";
  static const char version_text[] = "PRAGMA user_version";
  int64_t id;
  int64_t version;
  BULLA_TRY(read_number(sql, &id, id_text));
  BULLA_TRY(read_number(sql, &version, version_text));
  if (id != APPLICATION_ID || version < VERSION) {
    return BULLA_NOT_A_VAULT;
  }
  if (version > VERSION) {
    return BULLA_NEWER_VAULT;
  }
  return check_statements(sql);
}
