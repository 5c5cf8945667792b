/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/limit.h. */

#include "store/limit.h"

#include "core/log.h"
#include "store/clock.h"

enum {
  READ_AFTER_MS = 1000,
  GROW_WITHIN_MS = 1000, /* who draws again so soon draws twice as much */
  SIZE_MAX_DRAWN = 1 << 20,
  LEAVE_WITHIN_MS = 500,
  CLOSED_MAX_MS = 1000, /* a bucket that was empty is looked at again */
  TELL_AFTER_US = 60000000,
};

void bulla_limits_begin(struct bulla_limits *limits, bool may_draw) {
  limits->may_draw = may_draw;
  limits->wants_draw = false;
}

void bulla_limits_ask(struct bulla_limits *limits, struct bulla_statement *statement) {
  *statement = bulla_statement(limits->db, BULLA_QUERY_LIST_LIMITS);
  limits->is_reading = limits->read == 0 || bulla_clock_monotonic_ms() - limits->read >= READ_AFTER_MS;
  if (limits->is_reading) {
    bulla_statement_ahead(statement);
  }
}

enum bulla_status bulla_limits_read(struct bulla_limits *limits, struct bulla_statement *statement) {
  bool changed;
  if (!limits->is_reading) {
    return BULLA_OK;
  }
  limits->is_reading = false;
  BULLA_TRY(bulla_limit_rules_take(&limits->rules, &changed, statement));
  bulla_statement_end(statement);
  limits->epoch += changed ? 1 : 0;
  limits->read = bulla_clock_monotonic_ms();
  return BULLA_OK;
}

static void find_bucket(struct bulla_statement *statement, const struct bulla_limit_subject *subject) {
  bulla_bind_int(statement, (int64_t)subject->kind);
  bulla_bind_int(statement, (int64_t)subject->scope);
  bulla_bind_blob(statement, bulla_span(subject->id, sizeof(subject->id)));
}

static int64_t smaller(int64_t one, int64_t other) {
  return one < other ? one : other;
}

static int64_t positive(int64_t number) {
  return number > 0 ? smaller(number, INT64_MAX / 2) : 0; /* there is room to add to it, whatever a row says */
}

enum bulla_status bulla_limits_load(struct bulla_limit_row *row, struct bulla_limits *limits,
                                    const struct bulla_limit_subject *subject, int64_t now) {
  const struct bulla_limit_rate *rate = &subject->rule->rate;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_FIND_BUCKET);
  *row = (struct bulla_limit_row){.bucket = {.level = rate->burst, .time = now}};
  find_bucket(&statement, subject);
  BULLA_TRY(bulla_step(&statement, &row->is_there));
  if (row->is_there) {
    row->bucket.level = bulla_column_int(&statement);
    row->bucket.time = bulla_column_int(&statement);
    row->refused = positive(bulla_column_int(&statement));
    row->told = positive(bulla_column_int(&statement));
  }
  bulla_limit_refill(&row->bucket, rate, now);
  return row->is_there && !bulla_columns_good(&statement)
             ? bulla_explain(BULLA_REFUSED, "what is left of a limit cannot be read")
             : BULLA_OK;
}

static enum bulla_status save(struct bulla_limits *limits, const struct bulla_limit_subject *subject,
                              const struct bulla_limit_row *row, int64_t full) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_PUT_BUCKET);
  find_bucket(&statement, subject);
  bulla_bind_int(&statement, row->bucket.level);
  bulla_bind_int(&statement, row->bucket.time);
  bulla_bind_int(&statement, full);
  bulla_bind_int(&statement, row->refused);
  bulla_bind_int(&statement, row->told);
  return bulla_finish(&statement);
}

static enum bulla_status save_filled(struct bulla_limits *limits, const struct bulla_limit_subject *subject,
                                     const struct bulla_limit_row *row, int64_t now) {
  const struct bulla_limit_rate *rate = &subject->rule->rate;
  int64_t wait = bulla_limit_wait(&row->bucket, rate, rate->burst, now);
  return save(limits, subject, row, wait == BULLA_LIMIT_NEVER ? wait : now + wait);
}

static enum bulla_status count_rows(int64_t *num, struct bulla_limits *limits,
                                    const struct bulla_limit_subject *subject) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_COUNT_BUCKETS);
  bulla_bind_int(&statement, (int64_t)subject->kind);
  bulla_bind_int(&statement, (int64_t)subject->scope);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *num = row ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED;
}

static enum bulla_status purge(struct bulla_limits *limits, const struct bulla_limit_subject *subject, int64_t now) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_PURGE_BUCKETS);
  bulla_bind_int(&statement, (int64_t)subject->kind);
  bulla_bind_int(&statement, (int64_t)subject->scope);
  bulla_bind_int(&statement, now);
  return bulla_finish(&statement);
}

/* Reads the bucket of |subject|. Where too many are in use, those that have none yet share one, with an id of zeros: so
 * names that somebody makes up do not fill the database. */
static enum bulla_status find_row(struct bulla_limit_row *row, struct bulla_limits *limits,
                                  struct bulla_limit_subject *subject, int64_t now) {
  int64_t num;
  BULLA_TRY(bulla_limits_load(row, limits, subject, now));
  if (row->is_there) {
    return BULLA_OK;
  }
  BULLA_TRY(count_rows(&num, limits, subject));
  if (num >= BULLA_LIMIT_ROWS_MAX) {
    BULLA_TRY(purge(limits, subject, now));
    BULLA_TRY(count_rows(&num, limits, subject));
  }
  if (num < BULLA_LIMIT_ROWS_MAX) {
    return BULLA_OK;
  }
  memset(subject->id, 0, sizeof(subject->id));
  return bulla_limits_load(row, limits, subject, now);
}

/* Has this transaction record what was refused, unless a record has told of some less than a minute ago. Returns
 * whether the row changed. */
static bool count_refused(struct bulla_limit_row *row, struct bulla_limit_holding *holding, int64_t now) {
  bool is_due = row->told == 0 || now - row->told >= TELL_AFTER_US || row->told - now > BULLA_LIMIT_SKEW_US;
  row->refused += holding->refused;
  holding->refused = 0;
  if (row->refused > 0 && is_due) {
    holding->tell = row->refused;
    row->refused = 0;
    row->told = now;
  }
  return holding->tell > 0;
}

static enum bulla_status draw(struct bulla_limits *limits, struct bulla_limit_subject *subject, int64_t now_ms) {
  struct bulla_limit_row row;
  struct bulla_limit_holding *holding = &subject->now;
  int64_t now = bulla_clock_us();
  BULLA_TRY(find_row(&row, limits, subject, now));
  holding->size = now_ms - holding->drawn < GROW_WITHIN_MS ? smaller(2 * holding->size, SIZE_MAX_DRAWN) : 1;
  holding->tokens = bulla_limit_draw(&row.bucket, holding->size > 0 ? holding->size : 1);
  if (holding->tokens > 0) {
    holding->drawn = now_ms;
    limits->has_to_tell = count_refused(&row, holding, now) || limits->has_to_tell;
    return save_filled(limits, subject, &row, now);
  }
  int64_t wait = bulla_limit_wait(&row.bucket, &subject->rule->rate, 1, now);
  holding->refused++;
  holding->passes = wait == BULLA_LIMIT_NEVER ? wait : now_ms + wait / 1000 + 1;
  holding->closed = smaller(holding->passes, now_ms + CLOSED_MAX_MS);
  int64_t refused = holding->refused;
  if (count_refused(&row, holding, now)) {
    limits->has_to_tell = true;
    return save_filled(limits, subject, &row, now);
  }
  holding->refused = refused; /* of which the row need not know yet */
  return BULLA_OK;
}

/* Finds the limit of |subject|, which may have changed since: what is held is of the old one. */
static void find_rule(struct bulla_limits *limits, struct bulla_limit_subject *subject) {
  if (subject->epoch != limits->epoch) {
    subject->rule = bulla_limit_rules_find(&limits->rules, subject->kind, subject->scope,
                                           bulla_span(subject->name, subject->name_len));
    subject->epoch = limits->epoch;
    subject->now.tokens = 0;
    subject->now.closed = 0;
    subject->before = subject->now; /* the transaction has only begun to touch it */
  }
}

static enum bulla_status refuse(const struct bulla_limit_subject *subject, int64_t now_ms) {
  static const char *const kinds[] = {"", "uses", "changes", "uses of what is not there"};
  static const char *const scopes[] = {"", "actor", "tenant", "origin"};
  const char *kind = kinds[subject->kind];
  const char *scope = scopes[subject->scope];
  if (subject->now.passes == BULLA_LIMIT_NEVER) {
    return bulla_explain(BULLA_LIMITED, "no %s of this %s are allowed", kind, scope);
  }
  int64_t wait = positive(subject->now.passes - now_ms);
  return bulla_explain(BULLA_LIMITED, "wait %lld s: %s of this %s are limited", (long long)(wait + 999) / 1000, kind,
                       scope);
}

/* Has |subject| hold a token. */
static enum bulla_status have_one(struct bulla_limits *limits, struct bulla_limit_subject *subject, int64_t now_ms) {
  struct bulla_limit_holding *holding = &subject->now;
  if (now_ms - holding->drawn > BULLA_LIMIT_HOLD_MS) {
    holding->tokens = 0;
  }
  if (holding->tokens > 0) {
    return BULLA_OK;
  }
  if (now_ms < holding->closed) {
    holding->refused++;
    return refuse(subject, now_ms);
  }
  if (!limits->may_draw) {
    limits->wants_draw = true;
    return BULLA_BUSY;
  }
  BULLA_TRY(draw(limits, subject, now_ms));
  return holding->tokens > 0 ? BULLA_OK : refuse(subject, now_ms);
}

/* What a claim is made for. */
struct asker {
  enum bulla_limit_kind kind;
  const struct bulla_audit_record *record;
  int64_t now_ms;
};

/* Takes a token of the bucket of |name|, if it is limited. */
static enum bulla_status take(struct bulla_limits *limits, struct bulla_limit_claim *claim, const struct asker *asker,
                              enum bulla_limit_scope scope, struct bulla_span name) {
  struct bulla_limit_subject *subject;
  if (!limits->rules.has[asker->kind][scope] || (scope == BULLA_LIMIT_TENANT && name.len == 0)) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_limit_subjects_touch(&subject, &limits->subjects, limits->keyring, asker->kind, scope, name));
  find_rule(limits, subject);
  if (subject->rule == NULL) {
    return BULLA_OK;
  }
  enum bulla_status status = have_one(limits, subject, asker->now_ms);
  if (status != BULLA_OK) {
    claim->by = status == BULLA_LIMITED ? subject : NULL;
    return status;
  }
  subject->now.tokens--;
  claim->taken[claim->num++] = subject;
  return BULLA_OK;
}

static enum bulla_status take_all(struct bulla_limits *limits, struct bulla_limit_claim *claim,
                                  const struct asker *asker) {
  BULLA_TRY(take(limits, claim, asker, BULLA_LIMIT_ACTOR, asker->record->actor));
  BULLA_TRY(take(limits, claim, asker, BULLA_LIMIT_TENANT, asker->record->tenant));
  return take(limits, claim, asker, BULLA_LIMIT_ORIGIN, asker->record->origin);
}

enum bulla_status bulla_limits_claim(struct bulla_limits *limits, struct bulla_limit_claim *claim,
                                     enum bulla_limit_kind kind, const struct bulla_audit_record *record) {
  *claim = (struct bulla_limit_claim){.num = 0};
  if (limits->rules.num == 0) {
    return BULLA_OK;
  }
  struct asker asker = {kind, record, bulla_clock_monotonic_ms()};
  enum bulla_status status = take_all(limits, claim, &asker);
  claim->num_own = claim->num;
  if (status == BULLA_OK && kind == BULLA_LIMIT_USE) {
    asker.kind = BULLA_LIMIT_MISS;
    status = take_all(limits, claim, &asker);
  }
  if (status != BULLA_OK) {
    bulla_limits_unclaim(claim);
  }
  return status;
}

static void give_back(struct bulla_limit_claim *claim, size_t first) {
  for (; claim->num > first; claim->num--) {
    claim->taken[claim->num - 1]->now.tokens++;
  }
}

void bulla_limits_unclaim(struct bulla_limit_claim *claim) {
  give_back(claim, 0);
}

void bulla_limits_found(struct bulla_limit_claim *claim) {
  give_back(claim, claim->num_own);
}

void bulla_limits_settle(struct bulla_limits *limits, enum bulla_limit_end end) {
  bulla_limit_subjects_settle(&limits->subjects, end);
  limits->has_to_tell = false;
}

/* Adds what |subject| was refused to its bucket, whose tokens stay as they are. */
static enum bulla_status leave_refused(struct bulla_limits *limits, const struct bulla_limit_subject *subject) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_ADD_REFUSED);
  bulla_bind_int(&statement, subject->now.refused);
  find_bucket(&statement, subject);
  return bulla_finish(&statement);
}

static enum bulla_status leave_all(struct bulla_limits *limits) {
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  for (size_t i = 0; i < limits->subjects.num; i++) {
    const struct bulla_limit_subject *subject = limits->subjects.all[i];
    if (subject->now.refused > 0) {
      BULLA_TRY(transaction != NULL ? BULLA_OK : bulla_db_begin(&transaction, limits->db, BULLA_DB_WRITE));
      BULLA_TRY(leave_refused(limits, subject));
    }
  }
  return transaction != NULL ? bulla_db_commit(&transaction) : BULLA_OK;
}

void bulla_limits_end(struct bulla_limits *limits) {
  if (limits->db != NULL) {
    bulla_db_set_patience(limits->db, LEAVE_WITHIN_MS);
    bulla_db_set_until(limits->db, bulla_clock_monotonic_ms() + LEAVE_WITHIN_MS);
    enum bulla_status ignored = leave_all(limits);
    (void)ignored;
  }
  bulla_limit_subjects_free(&limits->subjects);
  bulla_limit_rules_free(&limits->rules);
}
