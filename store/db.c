/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db.h. */

#include "store/db.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/log.h"
#ifdef BULLA_POSTGRESQL
#include "store/db_postgres_driver.h"
#endif
#include "store/db_sqlite_driver.h"

static const struct bulla_db_driver *const drivers[] = {
    &bulla_sqlite_driver,
#ifdef BULLA_POSTGRESQL
    &bulla_postgres_driver,
    &bulla_postgresql_driver,
#endif
};

/* Finds the driver of |url|, and the place in it. */
static enum bulla_status find(const struct bulla_db_driver **driver, const char **place, const char *url) {
  if (url == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
    size_t len = strlen(drivers[i]->scheme);
    if (strncmp(url, drivers[i]->scheme, len) == 0) {
      *driver = drivers[i];
      *place = url + len;
      return drivers[i]->check_place(*place);
    }
  }
  bool is_server = strncmp(url, "postgres", 8) == 0;
  bulla_explain(
      BULLA_UNSUPPORTED, "%s",
      is_server ? "this bulla was built without PostgreSQL" : "the URL of a vault begins with sqlite: or postgres://");
  return BULLA_UNSUPPORTED;
}

enum bulla_status bulla_db_check_url(const char *url) {
  const struct bulla_db_driver *driver;
  const char *place;
  return find(&driver, &place, url);
}

bool bulla_db_url_is_public(const char *url) {
  const struct bulla_db_driver *driver;
  const char *place;
  return find(&driver, &place, url) == BULLA_OK && driver->place_is_public;
}

enum bulla_status bulla_db_may_create(const char *url) {
  const struct bulla_db_driver *driver;
  const char *place;
  BULLA_TRY(find(&driver, &place, url));
  return driver->may_create(place);
}

enum bulla_status bulla_db_create(const char *url, bulla_db_fill fill, void *arg) {
  const struct bulla_db_driver *driver;
  const char *place;
  BULLA_TRY(find(&driver, &place, url));
  return driver->create(place, fill, arg);
}

enum bulla_status bulla_db_open(struct bulla_db **db, const char *url, bool read_only) {
  const struct bulla_db_driver *driver;
  const char *place;
  struct bulla_db *opened BULLA_CLEANUP(bulla_db_close) = NULL;
  BULLA_TRY(find(&driver, &place, url));
  BULLA_TRY(driver->open(&opened, place, read_only));
  BULLA_TRY(driver->check_schema(opened));
  BULLA_TRY(driver->settle(opened));
  *db = opened;
  opened = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_db_open_backup(struct bulla_db **db, const struct bulla_db_driver *driver, const char *place,
                                       bool read_only) {
  struct bulla_db *opened BULLA_CLEANUP(bulla_db_close) = NULL;
  BULLA_TRY(driver->open(&opened, place, read_only));
  opened->is_backup = true;
  BULLA_TRY(driver->check_schema(opened));
  BULLA_TRY(driver->settle(opened));
  *db = opened;
  opened = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_db_loading_begin(struct bulla_db_loading *loading, const char *url, struct bulla_span kind) {
  const struct bulla_db_driver *driver;
  BULLA_TRY(find(&driver, &loading->place, url));
  if (!bulla_span_equal(kind, bulla_text(driver->kind))) {
    char text[BULLA_LOG_NAME_MAX];
    return bulla_explain(BULLA_UNSUPPORTED, "the backup is of a vault in %s", bulla_log_name(text, kind));
  }
  loading->driver = driver;
  return driver->may_create(loading->place);
}

enum bulla_status bulla_db_load(struct bulla_db_loading *loading, int file, int64_t len) {
  BULLA_TRY(loading->driver->load(loading->draft, loading->place, file, len));
  loading->is_loaded = true;
  return BULLA_OK;
}

const char *bulla_db_loaded(const struct bulla_db_loading *loading) {
  return loading->draft[0] != '\0' ? loading->draft : loading->place;
}

enum bulla_status bulla_db_publish(struct bulla_db_loading *loading) {
  BULLA_TRY(loading->driver->publish(loading->place, loading->draft));
  loading->is_loaded = false;
  return BULLA_OK;
}

void bulla_db_withdraw(struct bulla_db_loading *loading) {
  if (loading->is_loaded) {
    loading->driver->withdraw(loading->place, loading->draft);
    loading->is_loaded = false;
  }
}

/* Connects to a vault of format 1. */
static enum bulla_status open_older(struct bulla_db **db, const struct bulla_db_driver *driver, const char *place) {
  struct bulla_db *opened BULLA_CLEANUP(bulla_db_close) = NULL;
  BULLA_TRY(driver->open(&opened, place, false));
  BULLA_TRY(driver->check_older(opened));
  BULLA_TRY(driver->settle(opened));
  *db = opened;
  opened = NULL;
  return BULLA_OK;
}

/* A second connection reads the database as it is when the first one, which holds the write lock, has changed nothing
 * yet. The copy is made of that state, and so are the new tables: whoever can put something else in the place of the
 * copy changes neither. */
static enum bulla_status copy_and_refill(bool *copied, struct bulla_db *db, const char *backup, bulla_db_refill refill,
                                         void *arg) {
  struct bulla_db *old BULLA_CLEANUP(bulla_db_close) = NULL;
  struct bulla_db *reading BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_open_another(&old, db, 0));
  BULLA_TRY(bulla_db_check_site(db));
  BULLA_TRY(bulla_db_begin(&reading, old, BULLA_DB_READ));
  BULLA_TRY(db->driver->check_older(old));
  BULLA_TRY(db->driver->copy(old, backup));
  *copied = true;
  BULLA_TRY(db->driver->replace_schema(db));
  return refill(arg, db, old);
}

enum bulla_status bulla_db_upgrade(const char *url, const char *backup, bulla_db_refill refill, void *arg) {
  const struct bulla_db_driver *driver;
  const char *place;
  struct bulla_db *db BULLA_CLEANUP(bulla_db_close) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(find(&driver, &place, url));
  BULLA_TRY(open_older(&db, driver, place));
  BULLA_TRY(bulla_db_begin(&transaction, db, BULLA_DB_WRITE));
  bool copied = false;
  enum bulla_status status = copy_and_refill(&copied, db, backup, refill, arg);
  status = status == BULLA_OK ? bulla_db_commit(&transaction) : status;
  if (copied && status != BULLA_OK && transaction != NULL) {
    driver->discard(backup);
  }
  return status;
}

enum bulla_status bulla_db_open_another(struct bulla_db **another, const struct bulla_db *db, int64_t until) {
  struct bulla_db *opened BULLA_CLEANUP(bulla_db_close) = NULL;
  BULLA_TRY(db->driver->open_another(&opened, db, until));
  opened->is_backup = db->is_backup;
  BULLA_TRY(db->driver->settle(opened));
  *another = opened;
  opened = NULL;
  return BULLA_OK;
}

void bulla_db_close(struct bulla_db **db) {
  if (*db != NULL) {
    (*db)->driver->close(*db);
    *db = NULL;
  }
}

void bulla_db_abandon(struct bulla_db **db) {
  if (*db != NULL) {
    (*db)->driver->abandon(*db);
    *db = NULL;
  }
}

enum bulla_status bulla_db_check_site(struct bulla_db *db) {
  return db->driver->check_site(db);
}

enum bulla_status bulla_db_check(struct bulla_db *db) {
  BULLA_TRY(db->driver->check_site(db));
  return db->driver->check_current(db);
}

enum bulla_status bulla_db_check_whole(const struct bulla_db *db) {
  return !db->is_partial ? BULLA_OK
                         : bulla_explain(BULLA_NOT_PERMITTED, "the login reads the rows of one tenant, and no more");
}

enum bulla_status bulla_db_check_login(const struct bulla_db *db, int64_t number) {
  if (number > 0 && db->is_partial) {
    return bulla_explain(BULLA_NOT_PERMITTED,
                         "the login is not that of an actor: let the owner put the number of this one, %" PRId64
                         ", into its row of bulla.login, or take another login",
                         number);
  }
  if (db->actor == 0 || db->actor == number) {
    return BULLA_OK;
  }
  return number == 0 ? bulla_explain(BULLA_NOT_PERMITTED,
                                     "the login is that of an actor, number %" PRId64
                                     ": take its key in the place of "
                                     "the root, or another login",
                                     db->actor)
                     : bulla_explain(BULLA_NOT_PERMITTED,
                                     "the login is that of another actor: its number is %" PRId64
                                     " by bulla.login, "
                                     "and that of the key is %" PRId64,
                                     db->actor, number);
}

void bulla_db_begin_call(struct bulla_db *db, int waited) {
  db->left = waited < db->patience ? db->patience - waited : 0;
}

void bulla_db_set_until(struct bulla_db *db, int64_t until) {
  db->until = until;
}

void bulla_db_set_patience(struct bulla_db *db, int milliseconds) {
  db->patience = milliseconds;
  db->left = milliseconds;
}

enum bulla_status bulla_db_begin(struct bulla_db **transaction, struct bulla_db *db, enum bulla_db_intent intent) {
  BULLA_TRY(intent == BULLA_DB_READ ? BULLA_OK : bulla_db_check_whole(db));
  BULLA_TRY(db->driver->begin(db, intent));
  *transaction = db;
  return BULLA_OK;
}

enum bulla_status bulla_db_commit(struct bulla_db **transaction) {
  bool ended = false;
  enum bulla_status status = (*transaction)->driver->commit(*transaction, &ended);
  if (ended) {
    *transaction = NULL;
  }
  return status;
}

void bulla_db_rollback(struct bulla_db **transaction) {
  struct bulla_db *db = *transaction;
  *transaction = NULL;
  if (db != NULL) {
    db->driver->rollback(db);
  }
}

void bulla_db_be_eager(struct bulla_db *db, bool eager) {
  if (db->driver->be_eager != NULL) {
    db->driver->be_eager(db, eager);
  }
}

bool bulla_db_is_wanted(const struct bulla_db *db) {
  return db->driver->is_wanted != NULL && db->driver->is_wanted(db);
}

enum bulla_status bulla_db_scrub(struct bulla_db *db) {
  BULLA_TRY(bulla_db_check(db));
  return db->driver->scrub(db);
}

enum bulla_status bulla_db_examine(struct bulla_db *db, struct bulla_examination *examination) {
  return db->driver->examine(db, examination);
}

void bulla_statement_end(struct bulla_statement *statement) {
  if (statement->running) {
    statement->db->driver->end(&statement->rows);
    statement->running = false;
  }
  free(statement->kept);
  statement->kept = NULL;
  statement->num_kept = 0;
}

static void bind(struct bulla_statement *statement, struct bulla_value value) {
  if (statement->num_bound < BULLA_BOUND_MAX) {
    statement->bound[statement->num_bound] = value;
  }
  statement->num_bound++;
}

void bulla_bind_int(struct bulla_statement *statement, int64_t number) {
  bind(statement, (struct bulla_value){.type = BULLA_VALUE_INT, .number = number});
}

void bulla_bind_text(struct bulla_statement *statement, struct bulla_span text) {
  bind(statement, (struct bulla_value){.type = BULLA_VALUE_TEXT, .bytes = text});
}

void bulla_bind_blob(struct bulla_statement *statement, struct bulla_span bytes) {
  bind(statement, (struct bulla_value){.type = BULLA_VALUE_BLOB, .bytes = bytes});
}

void bulla_bind_null(struct bulla_statement *statement) {
  bind(statement, (struct bulla_value){.type = BULLA_VALUE_NULL});
}

static enum bulla_status ask(struct bulla_statement *statement) {
  if (statement->num_bound > BULLA_BOUND_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  statement->rows = (struct bulla_db_rows){.db = statement->db};
  BULLA_TRY(statement->db->driver->query(&statement->rows, statement->query, statement->bound, statement->num_bound));
  statement->running = true;
  return BULLA_OK;
}

void bulla_statement_ahead(struct bulla_statement *statement) {
  const struct bulla_db_driver *driver = statement->db->driver;
  if (driver->ahead == NULL || statement->running || statement->num_bound > BULLA_BOUND_MAX) {
    return;
  }
  /* If it cannot be sent, the first step will say why. */
  statement->rows = (struct bulla_db_rows){.db = statement->db};
  statement->running =
      driver->ahead(&statement->rows, statement->query, statement->bound, statement->num_bound) == BULLA_OK;
}

enum bulla_status bulla_step(struct bulla_statement *statement, bool *row) {
  *row = false;
  statement->num_read = 0;
  statement->bad = false;
  if (!statement->running) {
    BULLA_TRY(ask(statement));
  }
  return statement->db->driver->next(&statement->rows, row);
}

enum bulla_status bulla_finish(struct bulla_statement *statement) {
  bool row;
  BULLA_TRY(bulla_step(statement, &row));
  return row ? BULLA_IO : BULLA_OK;
}

enum bulla_status bulla_finish_counted(struct bulla_statement *statement, int64_t *changed) {
  BULLA_TRY(bulla_finish(statement));
  *changed = statement->db->driver->changed(&statement->rows);
  return BULLA_OK;
}

enum bulla_status bulla_statement_keep(struct bulla_statement *statement) {
  const struct bulla_db_driver *driver = statement->db->driver;
  const size_t num = statement->rows.num_columns;
  struct bulla_value values[BULLA_KEPT_MAX];
  size_t size = num * sizeof(values[0]);
  if (num > BULLA_KEPT_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  for (size_t i = 0; i < num; i++) {
    driver->column(&statement->rows, i, &values[i]);
    size += values[i].bytes.len;
  }
  struct bulla_value *kept = malloc(size);
  if (kept == NULL) {
    return BULLA_NO_MEMORY;
  }
  uint8_t *bytes = (uint8_t *)(kept + num);
  for (size_t i = 0; i < num; i++) {
    kept[i] = values[i];
    if (kept[i].bytes.len > 0) {
      memcpy(bytes, kept[i].bytes.data, kept[i].bytes.len);
      kept[i].bytes.data = bytes;
      bytes += kept[i].bytes.len;
    }
  }
  driver->end(&statement->rows);
  statement->running = false;
  statement->kept = kept;
  statement->num_kept = num;
  return BULLA_OK;
}

static struct bulla_value value_of(const struct bulla_statement *statement, size_t column) {
  struct bulla_value value = {.type = BULLA_VALUE_NULL};
  if (column < statement->num_kept) {
    return statement->kept[column];
  }
  if (statement->running && column < statement->rows.num_columns) {
    statement->db->driver->column(&statement->rows, column, &value);
  }
  return value;
}

/* The next column, if it and all before have been what was asked for. */
static bool take(struct bulla_statement *statement, struct bulla_value *value, enum bulla_value_type type) {
  *value = value_of(statement, statement->num_read++);
  if (value->type != type) {
    statement->bad = true;
  }
  return !statement->bad;
}

int64_t bulla_column_int(struct bulla_statement *statement) {
  struct bulla_value value;
  return take(statement, &value, BULLA_VALUE_INT) ? value.number : 0;
}

static struct bulla_span take_bytes(struct bulla_statement *statement, enum bulla_value_type type, size_t max_len) {
  struct bulla_value value;
  if (take(statement, &value, type) && value.bytes.len <= max_len) {
    return value.bytes;
  }
  statement->bad = true;
  return bulla_span(NULL, 0);
}

struct bulla_span bulla_column_text(struct bulla_statement *statement, size_t max_len) {
  return take_bytes(statement, BULLA_VALUE_TEXT, max_len);
}

struct bulla_span bulla_column_blob(struct bulla_statement *statement, size_t max_len) {
  return take_bytes(statement, BULLA_VALUE_BLOB, max_len);
}

struct bulla_span bulla_column_exact(struct bulla_statement *statement, size_t len) {
  struct bulla_span blob = bulla_column_blob(statement, len);
  if (blob.len == len) {
    return blob;
  }
  statement->bad = true;
  return bulla_span(NULL, 0);
}

void bulla_column_bytes(struct bulla_statement *statement, uint8_t *bytes, size_t len) {
  struct bulla_span blob = bulla_column_exact(statement, len);
  memset(bytes, 0, len);
  if (len > 0 && blob.len == len) {
    memcpy(bytes, blob.data, len);
  }
}

bool bulla_column_null(struct bulla_statement *statement) {
  bool null = value_of(statement, statement->num_read).type == BULLA_VALUE_NULL;
  statement->num_read += null ? 1 : 0;
  return null;
}

bool bulla_columns_good(const struct bulla_statement *statement) {
  return !statement->bad;
}
