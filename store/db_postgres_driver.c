/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres_driver.h.
 *
 * Whoever writes first locks the one row of |turn|, and holds it to the end of the transaction: so writers come one
 * after the other, in the order in which they asked, as they do in SQLite, and all that is read meanwhile is what was
 * committed last. What a transaction rests on, it sets or checks itself: a pooler may have given it a session in which
 * others have changed settings. */

#include "store/db_postgres_driver.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/clock.h"
#include "store/db_postgres_connect.h"
#include "store/db_postgres_doctor.h"
#include "store/db_postgres_dump.h"
#include "store/db_postgres_schema.h"

enum { PATIENCE_MS = 5000, BEGIN_MAX = 1600 };

static struct bulla_postgres *postgres_of(struct bulla_db *db) {
  return (struct bulla_postgres *)db;
}

static void close_postgres(struct bulla_db *db) {
  bulla_postgres_free(postgres_of(db));
}

static void close_unless_null(struct bulla_postgres **postgres) {
  if (*postgres != NULL) {
    bulla_postgres_free(*postgres);
  }
}

static void abandon(struct bulla_db *db) {
  bulla_postgres_forsake(postgres_of(db));
}

static enum bulla_status connect_to(struct bulla_postgres **postgres, const char *place, bool read_only,
                                    bool allows_no_fsync, int64_t until) {
  struct bulla_postgres *made BULLA_CLEANUP(close_unless_null) = NULL;
  BULLA_TRY(bulla_postgres_new(&made, place));
  made->only_reads = read_only;
  made->allows_no_fsync = made->allows_no_fsync || allows_no_fsync;
  made->db = (struct bulla_db){.driver = &bulla_postgres_driver,
                               .read_only = read_only,
                               .patience = PATIENCE_MS,
                               .left = PATIENCE_MS,
                               .until = until};
  BULLA_TRY(bulla_postgres_connect(made));
  *postgres = made;
  made = NULL;
  return BULLA_OK;
}

static enum bulla_status open_place(struct bulla_db **db, const char *place, bool read_only) {
  struct bulla_postgres *postgres;
  BULLA_TRY(connect_to(&postgres, place, read_only, false, 0));
  *db = &postgres->db;
  return BULLA_OK;
}

static enum bulla_status open_another(struct bulla_db **another, const struct bulla_db *db, int64_t until) {
  const struct bulla_postgres *postgres = (const struct bulla_postgres *)db;
  struct bulla_postgres *made;
  BULLA_TRY(connect_to(&made, strchr(postgres->uri, ':') + 1, false, postgres->allows_no_fsync, until));
  *another = &made->db;
  return BULLA_OK;
}

static enum bulla_status may_create(const char *place) {
  struct bulla_postgres *postgres BULLA_CLEANUP(close_unless_null) = NULL;
  BULLA_TRY(connect_to(&postgres, place, false, false, 0));
  BULLA_TRY(bulla_postgres_connect_to_write(postgres));
  return bulla_postgres_may_create(postgres);
}

#define KEEPS "pg_catalog.current_setting('fsync') || pg_catalog.current_setting('full_page_writes')"
#define LOCALLY(name, value) "pg_catalog.set_config('" name "', " value ", true), "

/* Sets what a transaction rests on, with |patience| for locks, and gives KEEPS. Every query goes by an index, whatever
 * the server believes of the sizes of tables. */
#define SETTINGS(patience) \
  "SELECT " KEEPS                                                                                                    \
  ", " LOCALLY("search_path", "'bulla, pg_temp'") LOCALLY("client_min_messages", "'warning'")                        \
      LOCALLY("lock_timeout", patience) LOCALLY("idle_in_transaction_session_timeout", "'60000'")                    \
          LOCALLY("enable_seqscan", "'off'") LOCALLY("enable_bitmapscan", "'off'") LOCALLY("enable_hashjoin", "'off'") \
              LOCALLY("enable_mergejoin", "'off'") LOCALLY("enable_material", "'off'") "CASE WHEN "                  \
  "pg_catalog.current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') "                            \
  "THEN pg_catalog.set_config('synchronous_commit', 'on', true) END"

static int patience_of(const struct bulla_postgres *postgres) {
  return postgres->db.left > 0 ? postgres->db.left : 1;
}

/* Begins, and waits for |last|, of which |rows| are. */
static enum bulla_status begin_by(struct bulla_db_rows *rows, struct bulla_postgres *postgres, const char *how,
                                  const char *last) {
  char text[BEGIN_MAX];
  (void)snprintf(text, sizeof(text), "BEGIN %s; " SETTINGS("'%d'") "; %s", how, patience_of(postgres), last);
  postgres->in_transaction = true;
  int64_t start = bulla_clock_monotonic_ms();
  enum bulla_status status = bulla_postgres_ask(rows, postgres, text);
  /* All that a call waits for others counts together. */
  postgres->db.left -= (int)(bulla_clock_monotonic_ms() - start);
  if (status != BULLA_OK) {
    bulla_postgres_undo(postgres);
  }
  return status;
}

/* Looks whether the server still keeps what it acknowledges: settings change while a connection lasts, and a pooler may
 * lead to another server. */
static enum bulla_status check_keeps(const struct bulla_postgres *postgres, struct bulla_db_rows *rows,
                                     enum bulla_status if_missing, const char *why) {
  struct bulla_value keeps = {.type = BULLA_VALUE_NULL};
  bool row;
  BULLA_TRY(bulla_postgres_next(rows, &row));
  if (row) {
    bulla_postgres_column(rows, 0, &keeps);
  }
  if (keeps.type != BULLA_VALUE_TEXT) {
    return bulla_explain(if_missing, "%s", why);
  }
  return postgres->allows_no_fsync || bulla_span_equal(keeps.bytes, BULLA_LITERAL("onon"))
             ? BULLA_OK
             : bulla_explain(BULLA_UNSUPPORTED, "fsync or full_page_writes of the server was turned off");
}

static enum bulla_status take_turn(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  BULLA_TRY(begin_by(&rows, postgres, "ISOLATION LEVEL READ COMMITTED READ WRITE",
                     "SELECT " KEEPS " FROM turn WHERE id = 1 FOR NO KEY UPDATE"));
  /* bulla deletes no row there, and most logins may not. */
  return check_keeps(
      postgres, &rows, BULLA_NOT_PERMITTED,
      "bulla.turn shows no row: the login has left the policy \"whole\" of the table, or the row is gone");
}

/* Begins without waiting: both statements go ahead of the first queries. */
static enum bulla_status begin_append(struct bulla_postgres *postgres) {
  char patience[sizeof("2147483647")];
  (void)snprintf(patience, sizeof(patience), "%d", patience_of(postgres));
  postgres->in_transaction = true;
  postgres->is_appending = true;
  return bulla_postgres_begin_ahead(postgres, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", SETTINGS("$1::text"),
                                    patience);
}

static enum bulla_status begin_read(struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  return begin_by(&rows, postgres, "ISOLATION LEVEL REPEATABLE READ READ ONLY", "");
}

static enum bulla_status check_schema(struct bulla_db *db) {
  struct bulla_postgres *postgres = postgres_of(db);
  BULLA_TRY(begin_read(postgres));
  enum bulla_status status = bulla_postgres_check_schema(postgres);
  bulla_postgres_undo(postgres);
  postgres->is_known = status == BULLA_OK;
  return status;
}

/* Where a connection is new, another server may be at its other end, or the tables others. */
static enum bulla_status begin(struct bulla_db *db, enum bulla_db_intent intent) {
  struct bulla_postgres *postgres = postgres_of(db);
  bulla_postgres_undo(postgres);
  BULLA_TRY(intent == BULLA_DB_READ ? bulla_postgres_connect(postgres) : bulla_postgres_connect_to_write(postgres));
  BULLA_TRY(postgres->is_known ? BULLA_OK : check_schema(db));
  enum bulla_status status = intent == BULLA_DB_READ     ? begin_read(postgres)
                             : intent == BULLA_DB_APPEND ? begin_append(postgres)
                                                         : take_turn(postgres);
  if (status != BULLA_OK) {
    bulla_postgres_undo(postgres);
  }
  return status;
}

static enum bulla_status commit(struct bulla_db *db, bool *ended) {
  struct bulla_postgres *postgres = postgres_of(db);
  *ended = false;
  if (postgres->is_appending) {
    enum bulla_status status =
        check_keeps(postgres, &postgres->keeps, BULLA_NOT_A_VAULT, "the server did not tell its settings");
    bulla_postgres_end(&postgres->keeps);
    BULLA_TRY(status);
  }
  return bulla_postgres_commit(postgres, ended);
}

static void rollback(struct bulla_db *db) {
  bulla_postgres_undo(postgres_of(db));
}

/* A query outside of a transaction has one of its own: its rows are all here when it ends. */
static enum bulla_status query(struct bulla_db_rows *rows, enum bulla_query which, const struct bulla_value *values,
                               size_t num) {
  struct bulla_postgres *postgres = postgres_of(rows->db);
  if (postgres->in_transaction) {
    return bulla_postgres_query(rows, which, values, num);
  }
  BULLA_TRY(begin(rows->db, BULLA_DB_READ));
  enum bulla_status status = bulla_postgres_query(rows, which, values, num);
  bulla_postgres_undo(postgres);
  return status;
}

static enum bulla_status fill_and_commit(struct bulla_postgres *postgres, bulla_db_fill fill, void *arg) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  bool ended;
  BULLA_TRY(begin_by(&rows, postgres, "ISOLATION LEVEL READ COMMITTED READ WRITE", ""));
  BULLA_TRY(bulla_postgres_create_schema(postgres));
  BULLA_TRY(fill(arg, &postgres->db));
  return bulla_postgres_commit(postgres, &ended);
}

static enum bulla_status create(const char *place, bulla_db_fill fill, void *arg) {
  struct bulla_postgres *postgres BULLA_CLEANUP(close_unless_null) = NULL;
  BULLA_TRY(connect_to(&postgres, place, false, false, 0));
  return fill_and_commit(postgres, fill, arg);
}

/* Where the URL leads is the server's matter: what was committed is compared with what is there whenever the log is
 * gone on with. */
static enum bulla_status nothing(struct bulla_db *db) {
  (void)db;
  return BULLA_OK;
}

/* There is no vault of format 1 on a server. */
static enum bulla_status check_older(struct bulla_db *db) {
  enum bulla_status status = check_schema(db);
  return status == BULLA_OK ? BULLA_EXISTS : status;
}

static enum bulla_status copy(struct bulla_db *db, const char *place) {
  (void)db;
  (void)place;
  return bulla_explain(BULLA_UNSUPPORTED, "a vault on a server is copied by bulla backup");
}

static enum bulla_status scrub(struct bulla_db *db) {
  (void)db;
  return bulla_explain(BULLA_UNSUPPORTED,
                       "a server keeps deleted rows in its files until they are written over: have their owner run "
                       "VACUUM FULL on bulla.tenant, bulla.tenant_secret and bulla.field");
}

static void discard(const char *place) {
  (void)place;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): an initializer. */
#define DRIVER(its_scheme)                                                                                           \
  {                                                                                                                  \
    .scheme = its_scheme, .has_lanes = true, .kind = "postgresql", .check_place = bulla_postgres_check_place,        \
    .may_create = may_create, .create = create, .open = open_place, .check_schema = check_schema, .settle = nothing, \
    .check_older = check_older, .copy = copy, .discard = discard, .replace_schema = nothing,                         \
    .back_up = bulla_postgres_back_up, .load = bulla_postgres_load, .adopt = bulla_postgres_adopt,                   \
    .publish = bulla_postgres_publish, .withdraw = bulla_postgres_withdraw, .open_another = open_another,            \
    .close = close_postgres, .abandon = abandon, .check_site = nothing, .check_current = nothing, .begin = begin,    \
    .commit = commit, .rollback = rollback, .query = query, .next = bulla_postgres_next,                             \
    .column = bulla_postgres_column, .ahead = bulla_postgres_ahead, .changed = bulla_postgres_changed,               \
    .end = bulla_postgres_end, .scrub = scrub, .examine = bulla_postgres_examine,                                    \
  }

/* NOLINTEND(bugprone-macro-parentheses) */

const struct bulla_db_driver bulla_postgres_driver = DRIVER("postgres:");
const struct bulla_db_driver bulla_postgresql_driver = DRIVER("postgresql:");
