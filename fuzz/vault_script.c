/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_script.h. The attacker has the file and every older state of it, knows SQL, and lacks the root
 * key. Rows are named by their order, columns by their tables, so that an edit means the same whatever the random
 * ids. */

#include "fuzz/vault_script.h"

#include <sqlite3.h>

#include "fuzz/memory_vfs.h"

enum { TEXT_MAX = 1024, SIGNED_MAX = 4096, SCHEMA_MAX = 8192, MAX_EDITS = 6, MAX_ROWS = 32 };

/* Where a database says how it is written, in two bytes. One that is to be edited says that it has no -wal, which
 * would be half of the time. */
enum { WRITTEN_AT = 18 };
static const uint8_t with_journal[] = {1, 1};
static const uint8_t with_wal[] = {2, 2};

/* The images, for as long as the process lives. */
static struct bulla_buffer good;
static struct bulla_buffer editable; /* the good one */
static struct bulla_buffer young;
static char good_schema[SCHEMA_MAX];
static char good_signed[2][SIGNED_MAX]; /* of the good vault, of the young one */
static bool signed_changed;

/* The attacker's connection. It stays open for the next input, unless it may have read a schema that it would not
 * read again, as nothing in the file says that it is another. */
static struct sqlite3 *attacker;
enum question { SCHEMA, SIGNED, BEGIN, COMMIT, NUM_QUESTIONS };
static sqlite3_stmt *asked[NUM_QUESTIONS];

/* The texts of the schema, sorted and without what ANALYZE leaves. */
#define ASK_SCHEMA                                                     \
  "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema " \
  "WHERE (sql IS NOT NULL OR type <> 'index') AND sql NOT IN "         \
  "('CREATE TABLE sqlite_stat1(tbl,idx,stat)', "                       \
  "'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)') ORDER BY sql)"

/* What the vault and its first lane say, and their signatures. */
#define ASK_SIGNED                                                            \
  "SELECT quote(v.statement) || quote(v.signature) || quote(l.statement) || " \
  "quote(l.signature) FROM vault v LEFT JOIN lane l ON l.number = 0 WHERE v.id = 1"

static const char *const questions[NUM_QUESTIONS] = {
    [SCHEMA] = ASK_SCHEMA, [SIGNED] = ASK_SIGNED, [BEGIN] = "BEGIN", [COMMIT] = "COMMIT"};

static bool prepare(struct sqlite3 *db, enum question question) {
  return asked[question] != NULL || sqlite3_prepare_v3(db, questions[question], -1, SQLITE_PREPARE_PERSISTENT,
                                                       &asked[question], NULL) == SQLITE_OK;
}

/* ask writes the answer to |room|, or returns false if there is none. */
static bool ask(struct sqlite3 *db, enum question question, char *room, size_t size) {
  if (!prepare(db, question)) {
    return false;
  }
  sqlite3_stmt *statement = asked[question];
  bool found = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_TEXT;
  if (found) {
    (void)snprintf(room, size, "%s", sqlite3_column_text(statement, 0));
  }
  sqlite3_reset(statement);
  return found;
}

/* run is for what has no answer. */
static bool run(struct sqlite3 *db, enum question question) {
  bool done = prepare(db, question) && sqlite3_step(asked[question]) == SQLITE_DONE;
  sqlite3_reset(asked[question]);
  return done;
}

static void close_sql(struct sqlite3 *db) {
  for (size_t i = 0; i < NUM_QUESTIONS; i++) {
    sqlite3_finalize(asked[i]);
    asked[i] = NULL;
  }
  FUZZ_ASSERT(sqlite3_close(db) == SQLITE_OK);
}

static void note_signed(char room[SIGNED_MAX]) {
  struct sqlite3 *db = fuzz_vault_sql();
  FUZZ_ASSERT(db != NULL && ask(db, SIGNED, room, SIGNED_MAX));
  close_sql(db);
}

static void note_schema(void) {
  struct sqlite3 *db = fuzz_vault_sql();
  FUZZ_ASSERT(db != NULL && ask(db, SCHEMA, good_schema, sizeof(good_schema)));
  close_sql(db);
}

void fuzz_script_set_up(void (*put_young)(void), void (*put_good)(void)) {
  fuzz_vault_set_up();
  fuzz_vfs_never_loses_power();
  put_young();
  note_signed(good_signed[1]);
  young = fuzz_vault_image();
  memcpy(young.data + WRITTEN_AT, with_journal, sizeof(with_journal));

  put_good();
  good = fuzz_vault_image();
  editable = fuzz_vault_image();
  memcpy(editable.data + WRITTEN_AT, with_journal, sizeof(with_journal));
  note_schema();
  note_signed(good_signed[0]);
}

/* The tables, the order of their rows, and their columns, of which the first names a row; one of them by two orders.
 * Inputs have their places: others come behind them. */
static const struct table {
  const char *name;
  const char *order;
  const char *columns[11];
  unsigned num_columns;
} tables[] = {
    {"vault", "id", {"id", "statement", "signature", "signing_key", "audit_key", "detail_key", "keep"}, 7},
    {"root", "id", {"id", "wrapped", "scrypt_salt", "scrypt_log_n"}, 4},
    {"tenant", "name", {"id", "name", "statement", "signature", "label_key", "detail_key"}, 6},
    {"tenant_secret",
     "(SELECT name FROM tenant WHERE id = tenant)",
     {"id", "tenant", "version", "state", "wrapped", "created"},
     6},
    {"entry",
     "(SELECT t.name FROM tenant t WHERE t.id = tenant), name",
     {"id", "tenant", "name", "name_proof", "keep"},
     5},
    {"field",
     "number",
     {"number", "entry", "name", "revision", "secret", "value", "mask", "secret_id", "updated", "writer", "signature"},
     11},
    {"field",
     "revision DESC, number",
     {"number", "entry", "name", "revision", "secret", "value", "mask", "secret_id", "updated", "writer", "signature"},
     11},
    {"apikey", "number", {"number", "id", "tenant", "name", "created", "revoked", "hash", "sealed", "secret_id"}, 9},
    {"revoked_token", "expires", {"jti", "tenant", "expires"}, 3},
    {"revocation", "number", {"number", "tenant", "apikey", "jti"}, 4},
    {"lane", "number", {"number", "statement", "signature"}, 3},
    {"audit", "seq", {"seq", "lane", "time", "tenant", "op", "outcome", "detail", "mac"}, 8},
    {"audit_head", "seq", {"seq", "lane", "mac", "tag", "key"}, 5},
    {"sqlite_schema", "name", {"name", "type", "tbl_name", "rootpage", "sql"}, 5},
    {"limit_rule", "name", {"name", "kind", "scope", "rate", "period", "burst"}, 6},
    {"limit_bucket", "subject", {"subject", "kind", "scope", "level", "time", "full_at", "refused", "told"}, 8},
    {"directory", "number", {"number", "bytes"}, 2},
    {"handout",
     "(SELECT name FROM tenant WHERE id = tenant), role, length(secret)",
     {"sealed", "tenant", "role", "secret"},
     4},
    {"actor", "number", {"id", "number", "name", "statement", "signature"}, 5},
    {"actor_grant",
     "(SELECT number FROM actor a WHERE a.id = actor), role, ended",
     {"id", "actor", "tenant", "role", "ended", "statement", "signature"},
     7},
};
enum { NUM_TABLES = sizeof(tables) / sizeof(tables[0]) };

/* What a cell may become: the first argument is its column, the second a number of the input. */
static const char *const values[] = {
    "NULL",
    "%2$u",
    "-%2$u",
    "9223372036854775807",
    "''",
    "x''",
    "zeroblob(%2$u * %2$u)",
    "'acme'",
    "'beta'",
    "'db'",
    "'password'",
    "'host'",
    "'active'",
    "'decrypt-only'",
    "'pending'",
    "-9223372036854775807 - 1",
    "CAST(%1$s AS BLOB)",
    "CAST(%1$s AS TEXT)",
    "substr(%1$s, 1, %2$u)",
    "CAST(%1$s || x'00' AS BLOB)",
    "CAST(substr(%1$s, 1, %2$u) || x'5a' || substr(%1$s, %2$u + 2) AS BLOB)",
    "CAST(substr(%1$s, 1, 1) || x'01' || substr(%1$s, 3) AS BLOB)",
    "substr(%1$s, 1, %2$u) || 'x'",
    "%1$s + %2$u",
    "replace(%1$s, 'NOT NULL', '')",
    "%1$s || ' '",
};
enum { NUM_VALUES = sizeof(values) / sizeof(values[0]) };

/* An index in another order than its schema says: SQLite then finds rows that are not what was asked for. */
#define MISORDER(table, unique, other)                                                          \
  "UPDATE sqlite_schema SET sql = replace(sql, '" unique "', '" other "') WHERE name = '" table \
  "'; "                                                                                         \
  "PRAGMA writable_schema = RESET; REINDEX " table                                              \
  "; PRAGMA writable_schema = ON; "                                                             \
  "UPDATE sqlite_schema SET sql = replace(sql, '" other "', '" unique "') WHERE name = '" table \
  "'; "                                                                                         \
  "PRAGMA writable_schema = RESET; PRAGMA writable_schema = ON"

/* What is not as simple as to run it. */
#define NO_WAL "PRAGMA journal_mode = DELETE"
#define VACUUM "VACUUM"

static const char *const statements[] = {
    "CREATE TRIGGER extra AFTER INSERT ON audit BEGIN DELETE FROM audit; END",
    "CREATE TRIGGER extra AFTER UPDATE ON audit_head BEGIN UPDATE field SET secret = 0; END",
    "CREATE VIEW extra AS SELECT 1",
    "CREATE TABLE extra(x)",
    "CREATE INDEX extra ON field(value)",
    "DROP INDEX field_secret",
    "DROP INDEX tenant_secret_active",
    "DROP TABLE revoked_token",
    "ALTER TABLE field ADD COLUMN extra",
    "ALTER TABLE field RENAME COLUMN value TO mask2",
    "PRAGMA user_version = 1",
    "PRAGMA user_version = 0",
    "PRAGMA application_id = 0",
    NO_WAL,
    "ANALYZE",
    VACUUM,
    MISORDER("field", "UNIQUE(entry, name, revision)", "UNIQUE(entry, name DESC, revision)"),
    MISORDER("entry", "UNIQUE(tenant, name)", "UNIQUE(tenant, name DESC)"),
    MISORDER("tenant", "name TEXT UNIQUE", "name TEXT UNIQUE COLLATE NOCASE"),
    MISORDER("apikey", "id TEXT NOT NULL UNIQUE", "id TEXT NOT NULL UNIQUE COLLATE NOCASE"),
};
enum { NUM_STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

/* What a script has done beside its edits. */
struct course {
  bool no_wal;
  bool schema; /* has changed, perhaps */
  bool unseen; /* and so that SQLite would not see it change back */
  bool other;  /* is what the vault and its first lane say, perhaps */
};

/* One edit, as the input says. */
struct edit {
  uint8_t what;
  const struct table *table;
  const char *column;
  unsigned row;
  unsigned other;
  uint8_t number;
};

/* name_row writes the condition that holds for the row number |row| of |table|. */
static void name_row(char room[TEXT_MAX], const struct table *table, unsigned row) {
  (void)snprintf(room, TEXT_MAX, "%s = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %u)", table->columns[0],
                 table->columns[0], table->name, table->order, row);
}

static void write_value(char room[TEXT_MAX], const struct edit *edit) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  (void)snprintf(room, TEXT_MAX, values[edit->number % NUM_VALUES], edit->column, edit->other);
#pragma GCC diagnostic pop
}

/* set_cell gives a cell another value. */
static void set_cell(struct sqlite3 *db, const struct edit *edit) {
  char where[TEXT_MAX];
  char value[TEXT_MAX];
  name_row(where, edit->table, edit->row);
  write_value(value, edit);
  (void)fuzz_vault_edit(db, "UPDATE %s SET %s = %s WHERE %s", edit->table->name, edit->column, value, where);
}

/* copy_cell puts there what is in |column| of |table|. */
static void copy_cell(struct sqlite3 *db, const struct edit *edit, const struct table *table, const char *column) {
  char where[TEXT_MAX];
  name_row(where, edit->table, edit->row);
  (void)fuzz_vault_edit(db, "UPDATE %s SET %s = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %u) WHERE %s",
                        edit->table->name, edit->column, column, table->name, table->order, edit->other, where);
}

static void delete_row(struct sqlite3 *db, const struct edit *edit) {
  char where[TEXT_MAX];
  name_row(where, edit->table, edit->row);
  (void)fuzz_vault_edit(db, "DELETE FROM %s WHERE %s", edit->table->name, where);
}

/* copy_row adds the row once more, with another value in one column. */
static void copy_row(struct sqlite3 *db, const struct edit *edit) {
  char where[TEXT_MAX];
  char value[TEXT_MAX];
  char columns[TEXT_MAX];
  char taken[2 * TEXT_MAX];
  int columns_len = 0;
  int taken_len = 0;
  write_value(value, edit);
  name_row(where, edit->table, edit->row);
  for (unsigned i = 0; i < edit->table->num_columns; i++) {
    const char *column = edit->table->columns[i];
    const char *comma = i > 0 ? ", " : "";
    const char *from = column == edit->column ? value : strcmp(column, "number") == 0 ? "number + 100" : column;
    columns_len += snprintf(columns + columns_len, sizeof(columns) - (size_t)columns_len, "%s%s", comma, column);
    taken_len += snprintf(taken + taken_len, sizeof(taken) - (size_t)taken_len, "%s%s", comma, from);
    FUZZ_ASSERT((size_t)columns_len < sizeof(columns) && (size_t)taken_len < sizeof(taken));
  }
  (void)fuzz_vault_edit(db, "INSERT INTO %s(%s) SELECT %s FROM %s WHERE %s", edit->table->name, columns, taken,
                        edit->table->name, where);
}

static const char *young_path(void) {
  static char path[100];
  (void)snprintf(path, sizeof(path), "%s-young", fuzz_vault_path());
  return path;
}

/* attach_young is for between two transactions: in one there is no attaching. */
static void attach_young(struct sqlite3 *db) {
  if (sqlite3_db_filename(db, "young") == NULL) {
    fuzz_vfs_load(young_path(), bulla_written(&young));
    (void)run(db, COMMIT);
    (void)fuzz_vault_edit(db, "ATTACH '%s' AS young", young_path());
    (void)run(db, BEGIN);
  }
}

/* put_back has the younger vault's rows of a table in place of what is there, or beside it. */
static void put_back(struct sqlite3 *db, const struct edit *edit) {
  const char *table = edit->table->name;
  attach_young(db);
  if (edit->number % 2 == 0) {
    (void)fuzz_vault_edit(db, "DELETE FROM %s; INSERT INTO %s SELECT * FROM young.%s", table, table, table);
  } else {
    char where[TEXT_MAX];
    name_row(where, edit->table, edit->row);
    (void)fuzz_vault_edit(db, "INSERT OR REPLACE INTO %s SELECT * FROM young.%s WHERE %s", table, table, where);
  }
}

static void run_statement(struct sqlite3 *db, struct course *course, const struct edit *edit) {
  const char *text = statements[edit->number % NUM_STATEMENTS];
  if (strcmp(text, NO_WAL) == 0) {
    course->no_wal = true;
  } else if (strcmp(text, VACUUM) != 0) {
    course->schema = true;
    course->unseen = course->unseen || strncmp(text, "UPDATE", 6) == 0;
    (void)fuzz_vault_edit(db, "%s", text);
  } else if (edit->other % 8 == 0) {
    /* It takes longer than all else. */
    (void)run(db, COMMIT);
    (void)fuzz_vault_edit(db, "VACUUM");
  }
}

static void run_edit(struct sqlite3 *db, struct course *course, const struct edit *edit) {
  /* They are one transaction, unless SQLite ends it. */
  if (sqlite3_get_autocommit(db) != 0) {
    (void)run(db, BEGIN);
  }
  switch (edit->what % 8) {
    case 0:
    case 1:
      set_cell(db, edit);
      break;
    case 2:
      copy_cell(db, edit, edit->table, edit->column);
      break;
    case 3: {
      const struct table *table = &tables[edit->number % 16 % NUM_TABLES];
      copy_cell(db, edit, table, table->columns[edit->number / 16 % table->num_columns]);
      break;
    }
    case 4:
      delete_row(db, edit);
      break;
    case 5:
      copy_row(db, edit);
      break;
    case 6:
      put_back(db, edit);
      break;
    default:
      run_statement(db, course, edit);
      break;
  }
}

bool fuzz_script_image(struct bulla_span input) {
  struct bulla_span magic = BULLA_LITERAL("SQLite format 3");
  return input.len > magic.len && memcmp(input.data, magic.data, magic.len) == 0;
}

static struct sqlite3 *open_sql(void) {
  struct sqlite3 *db = fuzz_vault_sql();
  FUZZ_ASSERT(db != NULL && fuzz_vault_edit(db, "PRAGMA journal_mode = MEMORY"));
  return db;
}

static struct edit next_edit(struct bulla_reader *input) {
  struct edit edit = {.what = fuzz_next(input)};
  edit.table = &tables[fuzz_next(input) % NUM_TABLES];
  edit.column = edit.table->columns[fuzz_next(input) % edit.table->num_columns];
  edit.row = fuzz_next(input) % MAX_ROWS;
  edit.other = fuzz_next(input);
  edit.number = fuzz_next(input);
  return edit;
}

static bool is_same_schema(struct sqlite3 *db) {
  char found[SCHEMA_MAX];
  return !ask(db, SCHEMA, found, sizeof(found)) || strcmp(found, good_schema) == 0;
}

static bool is_other_signed(struct sqlite3 *db) {
  char found[SIGNED_MAX];
  return ask(db, SIGNED, found, sizeof(found)) && strcmp(found, good_signed[0]) != 0 &&
         strcmp(found, good_signed[1]) != 0;
}

static void run_edits(struct sqlite3 *db, struct course *course, struct bulla_reader *input) {
  for (int i = 0; i < MAX_EDITS && input->left > 0; i++) {
    struct edit edit = next_edit(input);
    run_edit(db, course, &edit);
    course->unseen = course->unseen || strcmp(edit.table->name, "sqlite_schema") == 0;
    course->schema = course->schema || course->unseen;
    course->other = course->other || course->schema || strcmp(edit.table->name, "vault") == 0 ||
                    strcmp(edit.table->name, "lane") == 0;
  }
  if (sqlite3_get_autocommit(db) == 0 && !run(db, COMMIT)) {
    (void)fuzz_vault_edit(db, "ROLLBACK");
  }
}

static bool run_script(struct bulla_reader *input) {
  struct course course = {.no_wal = false};
  struct sqlite3 *db = attacker != NULL ? attacker : open_sql();
  if (sqlite3_db_filename(db, "young") != NULL) {
    fuzz_vfs_load(young_path(), bulla_written(&young));
  }
  run_edits(db, &course, input);
  bool same = !course.schema || is_same_schema(db);
  signed_changed = course.other && is_other_signed(db);
  attacker = course.unseen ? NULL : db;
  if (course.unseen) {
    close_sql(db);
  }
  if (!course.no_wal) {
    fuzz_vfs_put(fuzz_vault_path(), WRITTEN_AT, bulla_span(with_wal, sizeof(with_wal)));
  }
  return same;
}

bool fuzz_script_signed_changed(void) {
  return signed_changed;
}

bool fuzz_script_load(struct bulla_span input) {
  signed_changed = false;
  if (fuzz_script_image(input)) {
    fuzz_vault_load(input);
    return true;
  }
  if (input.len <= 1) {
    fuzz_vault_load(bulla_written(&good));
    return true;
  }
  fuzz_vault_load(bulla_written(&editable));
  struct bulla_reader reader = bulla_reader(bulla_span(input.data + 1, input.len - 1));
  return run_script(&reader);
}
