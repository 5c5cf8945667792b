/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres.h. */

#include "store/db_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/libpq.h"

enum { NAME_MAX_LEN = 24 };

/* The types of values, as pg_type has them. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043, OID_NAME = 19 };

static void take_rows(struct bulla_db_rows *rows, struct bulla_postgres_answer *answer) {
  rows->handle = answer->result;
  rows->num_columns = (size_t)bulla_pq.PQnfields(answer->result);
  rows->num_given = 0;
  answer->result = NULL;
}

/* Stand for a record and a head, of which no more is wanted than that the one was inserted and the other moved. */
static struct bulla_db_rows record;
static struct bulla_db_rows head;

/* Whether a statement that nobody looks at did what it was to do: the server may have a rule or a trigger for it. */
static enum bulla_status check_tag(const struct bulla_db_rows *rows, const struct bulla_postgres_answer *answer) {
  const char *tag = bulla_pq.PQcmdStatus(answer->result);
  if (rows == &record && strcmp(tag, "INSERT 0 1") != 0) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the server did not insert a record");
  }
  if (rows == &head && strcmp(tag, "UPDATE 1") != 0) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the server did not move the head of the log");
  }
  return BULLA_OK;
}

/* Why a command failed: what came behind one that did was not even looked at. */
static enum bulla_status cause_of(struct bulla_postgres *postgres, enum bulla_status status) {
  if (status == BULLA_OK) {
    return BULLA_OK;
  }
  postgres->cause = postgres->has_failed ? postgres->cause : status;
  postgres->has_failed = true;
  return postgres->cause;
}

/* Takes the outcome of all that was sent before in the pipeline. Returns that of what nobody will look at; a record
 * that is there already is none of ours. */
static enum bulla_status take_awaited(struct bulla_postgres *postgres, int64_t end) {
  struct bulla_postgres_answer answer BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  enum bulla_status first = BULLA_OK;
  if (postgres->is_taking) {
    /* Of the log function: whose turn it is nobody knows. */
    return bulla_postgres_lost(postgres, "an exception came in between");
  }
  postgres->is_taking = true;
  for (size_t i = 0; i < postgres->num_awaited; i++) {
    enum bulla_status status = bulla_postgres_take_all(&answer, postgres, end);
    if (postgres->connection == NULL) {
      return status;
    }
    struct bulla_db_rows *rows = postgres->awaited[i];
    status = cause_of(postgres, status == BULLA_OK ? check_tag(rows, &answer) : status);
    if (rows == NULL || rows == &record || rows == &head) {
      first = first == BULLA_OK ? status : first;
      continue;
    }
    rows->status = (int)status;
    rows->is_ahead = false;
    if (status == BULLA_OK) {
      take_rows(rows, &answer);
    }
  }
  postgres->num_awaited = 0;
  postgres->is_taking = false;
  return first == BULLA_EXISTS && !postgres->is_appending
             ? bulla_explain(BULLA_AUDIT_BROKEN, "there is a record beyond the head of the log")
             : first;
}

static enum bulla_status begin_pipeline(struct bulla_postgres *postgres) {
  if (!postgres->is_piping && bulla_pq.PQenterPipelineMode(postgres->connection) != 1) {
    return bulla_postgres_lost(postgres, "libpq did not enter pipeline mode");
  }
  postgres->is_piping = true;
  return BULLA_OK;
}

/* Ends the pipeline, and returns how what is awaited ended; |*last| is the answer to the last command, if |has_last|.
 */
static enum bulla_status end_pipeline(struct bulla_postgres_answer *last, struct bulla_postgres *postgres,
                                      bool has_last) {
  struct bulla_postgres_answer sync BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  int64_t end = bulla_postgres_deadline(postgres);
  if (!postgres->is_piping) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_postgres_check_sent(postgres, bulla_pq.PQpipelineSync(postgres->connection)));
  BULLA_TRY(bulla_postgres_flush(postgres, end));
  enum bulla_status status = take_awaited(postgres, end);
  if (postgres->connection != NULL && has_last) {
    enum bulla_status of_last = bulla_postgres_take_all(last, postgres, end);
    status = status == BULLA_OK ? of_last : status;
  }
  if (postgres->connection == NULL) {
    return status;
  }
  BULLA_TRY(bulla_postgres_take(&sync, postgres, end));
  bool is_sync = sync.result != NULL && bulla_pq.PQresultStatus(sync.result) == PGRES_PIPELINE_SYNC;
  if (!is_sync || bulla_pq.PQexitPipelineMode(postgres->connection) != 1) {
    return bulla_postgres_lost(postgres, "the server answered out of turn");
  }
  postgres->is_piping = false;
  return status;
}

static enum bulla_status need_connection(struct bulla_postgres *postgres) {
  return postgres->connection != NULL ? BULLA_OK
                                      : bulla_explain(BULLA_UNREACHABLE, "PostgreSQL: the connection was lost");
}

/* Runs |text|, of any number of statements. */
static enum bulla_status run(struct bulla_postgres_answer *last, struct bulla_postgres *postgres, const char *text) {
  BULLA_TRY(need_connection(postgres));
  BULLA_TRY(end_pipeline(last, postgres, false));
  BULLA_TRY(bulla_postgres_check_sent(postgres, bulla_pq.PQsendQuery(postgres->connection, text)));
  int64_t end = bulla_postgres_deadline(postgres);
  BULLA_TRY(bulla_postgres_flush(postgres, end));
  return bulla_postgres_take_all(last, postgres, end);
}

enum bulla_status bulla_postgres_run(struct bulla_postgres *postgres, const char *text) {
  struct bulla_postgres_answer last BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  return run(&last, postgres, text);
}

/* In the pipeline, so that it is not even looked at if something before it fails. */
static enum bulla_status send_commit(struct bulla_postgres_answer *answer, struct bulla_postgres *postgres) {
  BULLA_TRY(need_connection(postgres));
  BULLA_TRY(begin_pipeline(postgres));
  BULLA_TRY(bulla_postgres_check_sent(
      postgres, bulla_pq.PQsendQueryParams(postgres->connection, "COMMIT", 0, NULL, NULL, NULL, NULL, 0)));
  return end_pipeline(answer, postgres, true);
}

/* The tag says whether it was one: a transaction that had failed is answered with success, and ROLLBACK. A wait for the
 * standby that somebody cut short is a success too, with a warning. And a pooler that lost the server reports an error
 * of its own, which says nothing of the server. */
enum bulla_status bulla_postgres_commit(struct bulla_postgres *postgres, bool *ended) {
  struct bulla_postgres_answer answer BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  *ended = false;
  BULLA_TRY(need_connection(postgres));
  postgres->warned = false;
  enum bulla_status status = send_commit(&answer, postgres);
  const char *state = answer.result != NULL ? bulla_pq.PQresultErrorField(answer.result, PG_DIAG_SQLSTATE) : NULL;
  bool is_unknown = status == BULLA_UNREACHABLE || (status == BULLA_IO && postgres->is_pooled) ||
                    (status != BULLA_OK && state == NULL && !postgres->has_failed);
  if (postgres->connection == NULL || is_unknown) {
    bulla_postgres_drop(postgres);
    *ended = true;
    postgres->in_transaction = false;
    return bulla_explain(
        BULLA_UNCERTAIN,
        "the server did not say whether it has committed: perhaps it waits for a standby, and what was "
        "asked for is not to be seen yet");
  }
  if (status != BULLA_OK) {
    return status;
  }
  *ended = true;
  postgres->in_transaction = false;
  if (strcmp(bulla_pq.PQcmdStatus(answer.result), "COMMIT") != 0) {
    return bulla_explain(BULLA_IO, "PostgreSQL rolled the transaction back");
  }
  return !postgres->warned ? BULLA_OK
                           : bulla_explain(BULLA_UNCERTAIN,
                                           "the server committed with a warning: a standby may not have what it has");
}

/* Behind what failed nothing was prepared, and which that was nobody knows. */
static void forget_prepared(struct bulla_postgres *postgres) {
  bool can = postgres->connection != NULL && !postgres->is_pooled;
  if (can && bulla_postgres_run(postgres, "DEALLOCATE ALL") != BULLA_OK) {
    bulla_postgres_drop(postgres);
  }
  memset(postgres->is_prepared, 0, sizeof(postgres->is_prepared));
  postgres->has_settings = false;
  postgres->has_failed = false;
}

/* What was awaited is undone with the rest, however it ended. */
void bulla_postgres_undo(struct bulla_postgres *postgres) {
  struct bulla_postgres_answer none BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  if (postgres->connection != NULL && postgres->is_piping) {
    enum bulla_status ignored = end_pipeline(&none, postgres, false);
    (void)ignored;
  }
  bool idle = postgres->connection == NULL || bulla_pq.PQtransactionStatus(postgres->connection) == PQTRANS_IDLE;
  if (!idle && bulla_postgres_run(postgres, "ROLLBACK") != BULLA_OK) {
    bulla_postgres_drop(postgres);
  }
  if (postgres->has_failed) {
    forget_prepared(postgres);
  }
  postgres->in_transaction = false;
  postgres->is_appending = false;
  bulla_postgres_end(&postgres->keeps);
}

/* The parameters of a query as libpq takes them, all of them binary. */
struct parameters {
  Oid types[BULLA_BOUND_MAX];
  const char *values[BULLA_BOUND_MAX];
  int lens[BULLA_BOUND_MAX];
  int formats[BULLA_BOUND_MAX];
  uint8_t numbers[BULLA_BOUND_MAX][8];
};

static void set_parameter(struct parameters *parameters, size_t i, const struct bulla_value *value) {
  static const Oid types[] = {
      [BULLA_VALUE_INT] = OID_INT8, [BULLA_VALUE_TEXT] = OID_TEXT, [BULLA_VALUE_BLOB] = OID_BYTEA};
  parameters->formats[i] = 1;
  parameters->types[i] = value->type == BULLA_VALUE_NULL ? 0 : types[value->type];
  parameters->lens[i] = (int)value->bytes.len;
  parameters->values[i] = value->bytes.len > 0 ? (const char *)value->bytes.data : "";
  if (value->type == BULLA_VALUE_INT) {
    for (size_t j = 0; j < 8; j++) {
      parameters->numbers[i][j] = (uint8_t)((uint64_t)value->number >> (56 - 8 * j));
    }
    parameters->lens[i] = 8;
    parameters->values[i] = (const char *)parameters->numbers[i];
  } else if (value->type == BULLA_VALUE_NULL) {
    parameters->values[i] = NULL;
  }
}

enum bulla_status bulla_postgres_ask(struct bulla_db_rows *rows, struct bulla_postgres *postgres, const char *text) {
  struct bulla_postgres_answer answer BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  *rows = (struct bulla_db_rows){.db = &postgres->db};
  BULLA_TRY(run(&answer, postgres, text));
  take_rows(rows, &answer);
  return BULLA_OK;
}

/* Sends |query|, to be prepared first if it is not. */
static enum bulla_status send(struct bulla_postgres *postgres, enum bulla_query query, const struct parameters *given,
                              int num) {
  char name[NAME_MAX_LEN];
  const char *text = bulla_query_text(query);
  if (postgres->is_pooled) {
    return bulla_postgres_check_sent(
        postgres, bulla_pq.PQsendQueryParams(postgres->connection, text, num, given->types, given->values, given->lens,
                                             given->formats, 1));
  }
  (void)snprintf(name, sizeof(name), "bulla_%d", (int)query);
  if (!postgres->is_prepared[query]) {
    BULLA_TRY(bulla_postgres_check_sent(postgres,
                                        bulla_pq.PQsendPrepare(postgres->connection, name, text, num, given->types)));
    postgres->is_prepared[query] = true;
    postgres->awaited[postgres->num_awaited++] = NULL;
  }
  return bulla_postgres_check_sent(
      postgres,
      bulla_pq.PQsendQueryPrepared(postgres->connection, name, num, given->values, given->lens, given->formats, 1));
}

/* Of a record that is inserted nothing is wanted but that nothing fails, which the next answer tells. Whoever commits
 * without looking at one commits nothing if it did. Nor of a head that nobody else moves: where it is another, or a
 * record is missing, that fails too. */
static struct bulla_db_rows *waits_as(const struct bulla_postgres *postgres, enum bulla_query query) {
  switch (query) {
    case BULLA_QUERY_INSERT_RECORD:
    case BULLA_QUERY_INSERT_AT_HEAD:
      return &record;
    case BULLA_QUERY_MOVE_HEAD:
      return postgres->is_appending ? &head : NULL;
    default:
      return NULL;
  }
}

/* Until the pipeline ends nothing more is answered once something has failed. */
static enum bulla_status fail(struct bulla_postgres *postgres, enum bulla_status status) {
  struct bulla_postgres_answer none BULLA_CLEANUP(bulla_postgres_answer_free) = {NULL};
  if (status != BULLA_OK && postgres->connection != NULL) {
    enum bulla_status ignored = end_pipeline(&none, postgres, false);
    (void)ignored;
  }
  return status;
}

/* Has the server answer all that was sent, and takes it. */
static enum bulla_status exchange(struct bulla_postgres *postgres) {
  int64_t end = bulla_postgres_deadline(postgres);
  BULLA_TRY(bulla_postgres_check_sent(postgres, bulla_pq.PQsendFlushRequest(postgres->connection)));
  BULLA_TRY(bulla_postgres_flush(postgres, end));
  return fail(postgres, take_awaited(postgres, end));
}

/* Sends a query, of whose outcome |rows| is told, if not NULL. */
static enum bulla_status send_query(struct bulla_postgres *postgres, struct bulla_db_rows *rows, enum bulla_query query,
                                    const struct bulla_value *values, size_t num) {
  struct parameters given;
  BULLA_TRY(need_connection(postgres));
  BULLA_TRY(begin_pipeline(postgres));
  if (postgres->num_awaited + 2 > BULLA_POSTGRES_AWAITED) {
    BULLA_TRY(exchange(postgres));
  }
  for (size_t i = 0; i < num; i++) {
    set_parameter(&given, i, &values[i]);
  }
  BULLA_TRY(send(postgres, query, &given, (int)num));
  postgres->awaited[postgres->num_awaited++] = rows;
  return BULLA_OK;
}

/* Takes the outcome of |rows|, with that of all before. */
static enum bulla_status settle(struct bulla_db_rows *rows) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  if (rows->is_ahead) {
    BULLA_TRY(need_connection(postgres));
    BULLA_TRY(exchange(postgres));
  }
  if (rows->is_ahead) {
    return bulla_explain(BULLA_IO, "the transaction in which this was asked has ended");
  }
  return fail(postgres, (enum bulla_status)rows->status);
}

/* Sends |text| with one parameter, prepared the first time unless each transaction may have another server connection.
 */
static enum bulla_status send_settings(struct bulla_postgres *postgres, const char *text, const char *parameter) {
  static const char name[] = "bulla_settings";
  PGconn *connection = postgres->connection;
  if (postgres->is_pooled) {
    return bulla_postgres_check_sent(postgres,
                                     bulla_pq.PQsendQueryParams(connection, text, 1, NULL, &parameter, NULL, NULL, 0));
  }
  if (!postgres->has_settings) {
    BULLA_TRY(bulla_postgres_check_sent(postgres, bulla_pq.PQsendPrepare(connection, name, text, 1, NULL)));
    postgres->has_settings = true;
    postgres->awaited[postgres->num_awaited++] = NULL;
  }
  return bulla_postgres_check_sent(postgres,
                                   bulla_pq.PQsendQueryPrepared(connection, name, 1, &parameter, NULL, NULL, 0));
}

enum bulla_status bulla_postgres_begin_ahead(struct bulla_postgres *postgres, const char *begin, const char *settings,
                                             const char *parameter) {
  BULLA_TRY(need_connection(postgres));
  BULLA_TRY(begin_pipeline(postgres));
  BULLA_TRY(bulla_postgres_check_sent(
      postgres, bulla_pq.PQsendQueryParams(postgres->connection, begin, 0, NULL, NULL, NULL, NULL, 0)));
  postgres->awaited[postgres->num_awaited++] = NULL;
  BULLA_TRY(send_settings(postgres, settings, parameter));
  postgres->keeps = (struct bulla_db_rows){.db = &postgres->db, .is_ahead = true};
  postgres->awaited[postgres->num_awaited++] = &postgres->keeps;
  return BULLA_OK;
}

enum bulla_status bulla_postgres_ahead(struct bulla_db_rows *rows, enum bulla_query query,
                                       const struct bulla_value *values, size_t num) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  if (!postgres->in_transaction) {
    return BULLA_BUSY;
  }
  rows->is_ahead = true;
  return send_query(postgres, rows, query, values, num);
}

enum bulla_status bulla_postgres_query(struct bulla_db_rows *rows, enum bulla_query query,
                                       const struct bulla_value *values, size_t num) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  struct bulla_db_rows *waits = waits_as(postgres, query);
  if (waits != NULL) {
    rows->num_given = 1; /* row that it changes, or the commit fails */
    return send_query(postgres, waits, query, values, num);
  }
  rows->is_ahead = true;
  BULLA_TRY(send_query(postgres, rows, query, values, num));
  enum bulla_status status = settle(rows);
  if (status != BULLA_OK) {
    bulla_postgres_end(rows);
  }
  return status;
}

enum bulla_status bulla_postgres_next(struct bulla_db_rows *rows, bool *row) {
  *row = false;
  if (rows->is_ahead || rows->status != BULLA_OK) {
    BULLA_TRY(settle(rows));
  }
  *row = rows->handle != NULL && rows->num_given < bulla_pq.PQntuples(rows->handle);
  rows->num_given += *row ? 1 : 0;
  return BULLA_OK;
}

static bool is_number(struct bulla_value *value, const uint8_t *bytes, int len, Oid type) {
  int wanted = type == OID_INT8 ? 8 : type == OID_INT4 ? 4 : type == OID_INT2 ? 2 : 0;
  uint64_t number = wanted > 0 && len > 0 && (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;
  for (int i = 0; i < len && i < 8; i++) {
    number = number << 8 | bytes[i];
  }
  value->type = BULLA_VALUE_INT;
  value->number = (int64_t)number;
  return wanted > 0 && len == wanted;
}

void bulla_postgres_column(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value) {
  const PGresult *result = rows->handle;
  int row = rows->num_given - 1;
  int at = (int)column;
  *value = (struct bulla_value){.type = BULLA_VALUE_NULL};
  if (bulla_pq.PQgetisnull(result, row, at) != 0) {
    return;
  }
  const uint8_t *bytes = (const uint8_t *)bulla_pq.PQgetvalue(result, row, at);
  int len = bulla_pq.PQgetlength(result, row, at);
  switch (bulla_pq.PQftype(result, at)) {
    case OID_BYTEA:
      value->type = BULLA_VALUE_BLOB;
      break;
    case OID_TEXT:
    case OID_VARCHAR:
    case OID_NAME:
      value->type = BULLA_VALUE_TEXT;
      break;
    default:
      if (!is_number(value, bytes, len, bulla_pq.PQftype(result, at))) {
        value->type = BULLA_VALUE_OTHER;
      }
      return;
  }
  value->bytes = bulla_span(bytes, len > 0 ? (size_t)len : 0);
}

int64_t bulla_postgres_changed(const struct bulla_db_rows *rows) {
  return rows->handle != NULL ? strtoll(bulla_pq.PQcmdTuples(rows->handle), NULL, 10) : rows->num_given;
}

void bulla_postgres_end(struct bulla_db_rows *rows) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)rows->db;
  for (size_t i = 0; rows->is_ahead && i < postgres->num_awaited; i++) {
    if (postgres->awaited[i] == rows) {
      postgres->awaited[i] = NULL;
    }
  }
  if (rows->handle != NULL) {
    bulla_pq.PQclear(rows->handle);
    rows->handle = NULL;
  }
}
