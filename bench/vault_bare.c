/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The statements of vault/use, run bare on a vault's own file: as durable, as many bytes, no cryptography. What a
 * use really runs is listened to first: if it is not what is run here, the benchmark fails. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/vault.h"
#include "store/queries.h"

enum { NUM_STATEMENTS = 6, ID_LEN = 16, MAC_LEN = 32, SEALED_LEN = 90, DETAIL_LEN = 127 };

/* In the order in which a use runs them, between BEGIN IMMEDIATE and COMMIT. */
static const enum bulla_query queries[] = {BULLA_QUERY_FIND_FIELD, BULLA_QUERY_LAST_HEAD, BULLA_QUERY_INSERT_AT_HEAD,
                                           BULLA_QUERY_MOVE_HEAD};

static const char *statement_text(size_t i) {
  return i == 0 ? "BEGIN IMMEDIATE" : i == NUM_STATEMENTS - 1 ? "COMMIT" : bulla_query_text(queries[i - 1]);
}

enum { FIND = 1, HEAD, RECORD, MOVE };

struct bare {
  struct bench_vault made;
  sqlite3 *db;
  sqlite3_stmt *prepared[NUM_STATEMENTS];
  sqlite3_int64 last; /* what was written last */
};

/* What the listener has heard, from whichever connection. */
static struct {
  size_t num_heard;
  bool differs;
} listening;

static int hear(unsigned event, void *nobody, void *statement, void *text) {
  (void)event;
  (void)nobody;
  (void)text;
  const char *heard = sqlite3_sql(statement);
  if (listening.num_heard < NUM_STATEMENTS && strcmp(heard, statement_text(listening.num_heard)) != 0) {
    listening.differs = true;
  }
  listening.num_heard++;
  return 0;
}

static int listen_to(sqlite3 *db, char **message, const struct sqlite3_api_routines *routines) {
  (void)message;
  (void)routines;
  return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, hear, NULL);
}

/* bench_vault_make, and says whether a use of that vault runs these statements. */
static const char *make_and_listen(struct bench_vault *made) {
  sqlite3_auto_extension((void (*)(void))listen_to);
  const char *error = bench_vault_make(made, NULL);
  sqlite3_cancel_auto_extension((void (*)(void))listen_to);
  if (error != NULL) {
    return error;
  }
  error = bench_vault_use(made); /* the first use also reads the tenant's key */
  listening.num_heard = 0;
  listening.differs = false;
  if (error == NULL) {
    error = bench_vault_use(made);
  }
  if (error == NULL && (listening.differs || listening.num_heard != NUM_STATEMENTS)) {
    error = "vault/use runs other statements than vault/use_bare: bench/vault_bare.c is out of date";
  }
  if (error != NULL) {
    bench_vault_remove(made);
  }
  return error;
}

/* The settings with which the vault opens its file, as far as they cost time. */
static bool open_bare(struct bare *bare) {
  static const char *const pragmas[] = {
      "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
      "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY",  "PRAGMA foreign_keys = ON",
  };
  char path[300];
  (void)snprintf(path, sizeof(path), "%s/bench.db", bare->made.folder);
  if (sqlite3_open_v2(path, &bare->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    return false;
  }
  for (size_t i = 0; i < sizeof(pragmas) / sizeof(*pragmas); i++) {
    if (sqlite3_exec(bare->db, pragmas[i], NULL, NULL, NULL) != SQLITE_OK) {
      return false;
    }
  }
  for (size_t i = 0; i < NUM_STATEMENTS; i++) {
    if (sqlite3_prepare_v3(bare->db, statement_text(i), -1, SQLITE_PREPARE_PERSISTENT, &bare->prepared[i], NULL) !=
        SQLITE_OK) {
      return false;
    }
  }
  return true;
}

static void tear_down(void *state) {
  struct bare *bare = state;
  for (size_t i = 0; i < NUM_STATEMENTS; i++) {
    sqlite3_finalize(bare->prepared[i]);
  }
  sqlite3_close(bare->db);
  bench_vault_remove(&bare->made);
  free(bare);
}

static void bind(sqlite3_stmt *statement, const char *const *texts, int num_texts) {
  for (int i = 0; i < num_texts; i++) {
    sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
  }
}

/* Binds the next record, and the head after it. */
static void bind_next(sqlite3_stmt *record, sqlite3_stmt *move, sqlite3_stmt *head) {
  static const uint8_t bytes[DETAIL_LEN];
  sqlite3_int64 seq = sqlite3_column_int64(head, 0);
  const void *mac = sqlite3_column_blob(head, 1);
  sqlite3_bind_int64(record, 1, 0);
  sqlite3_bind_int64(record, 2, seq);
  sqlite3_bind_blob(record, 3, mac, MAC_LEN, SQLITE_TRANSIENT);
  sqlite3_bind_int64(record, 4, seq + 1);
  sqlite3_bind_int64(record, 5, INT64_C(1700000000000000) + seq);
  sqlite3_bind_blob(record, 6, bytes, ID_LEN, SQLITE_STATIC);
  sqlite3_bind_text(record, 7, "use", -1, SQLITE_STATIC);
  sqlite3_bind_text(record, 8, "granted", -1, SQLITE_STATIC);
  sqlite3_bind_blob(record, 9, bytes, DETAIL_LEN, SQLITE_STATIC);
  sqlite3_bind_blob(record, 10, bytes, MAC_LEN, SQLITE_STATIC);
  sqlite3_bind_int64(move, 1, seq + 1);
  sqlite3_bind_int64(move, 2, 0);
  sqlite3_bind_blob(move, 3, bytes, MAC_LEN, SQLITE_STATIC);
  sqlite3_bind_int64(move, 4, seq);
  sqlite3_bind_blob(move, 5, bytes, MAC_LEN, SQLITE_STATIC);
  sqlite3_bind_blob(move, 6, bytes, SEALED_LEN, SQLITE_STATIC);
  sqlite3_bind_blob(move, 7, mac, MAC_LEN, SQLITE_TRANSIENT);
}

static const char *run(void *state) {
  static const char *const asked[] = {"acme", "db", "password"};
  struct bare *bare = state;
  sqlite3_stmt *const *prepared = bare->prepared;
  bind(prepared[FIND], asked, 3);
  sqlite3_bind_int64(prepared[HEAD], 1, bare->last);
  sqlite3_bind_int64(prepared[HEAD], 2, 0);
  for (size_t i = 0; i < NUM_STATEMENTS; i++) {
    int result = sqlite3_step(prepared[i]);
    if (result != (i == FIND || i == HEAD ? SQLITE_ROW : SQLITE_DONE)) {
      return "SQLite did not run a statement";
    }
    if (i == MOVE && sqlite3_changes(bare->db) != 1) {
      return "the head was not moved";
    }
    if (i == HEAD) {
      bare->last = sqlite3_column_int64(prepared[HEAD], 0) + 1;
      bind_next(prepared[RECORD], prepared[MOVE], prepared[HEAD]);
      if (sqlite3_step(prepared[HEAD]) != SQLITE_DONE) {
        return "there is a second head";
      }
    }
    sqlite3_reset(prepared[i]);
  }
  return NULL;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct bare *bare = calloc(1, sizeof(*bare));
  const char *error = bare == NULL ? "no memory" : make_and_listen(&bare->made);
  if (error != NULL) {
    free(bare);
    return error;
  }
  bulla_vault_close(&bare->made.vault);
  error = open_bare(bare) ? run(bare) : "SQLite did not open the vault's file";
  if (error != NULL) {
    tear_down(bare);
    return error;
  }
  *state = bare;
  return NULL;
}

struct bench_table bench_vault_bare(void) {
  static const struct bench benches[] = {
      {"vault/use_bare", 0, 0, false, false, set_up, run, tear_down},
  };
  return BENCH_TABLE(benches);
}
