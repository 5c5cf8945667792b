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

static const uint8_t shared_id[BULLA_ID_LEN]; /* of the bucket of those that have none of their own */

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

static void bind_kind(struct bulla_statement *statement, const struct bulla_limits *limits,
                      const struct bulla_limit_subject *subject) {
  bulla_bind_int(statement, (int64_t)subject->kind);
  bulla_bind_int(statement, bulla_limit_bucket_scope(limits->keyring, subject->scope));
}

static void find_bucket(struct bulla_statement *statement, const struct bulla_limits *limits,
                        const struct bulla_limit_subject *subject) {
  bind_kind(statement, limits, subject);
  bulla_bind_blob(statement, bulla_span(subject->is_shared ? shared_id : subject->id, BULLA_ID_LEN));
}

static int64_t smaller(int64_t one, int64_t other) {
  return one < other ? one : other;
}

static int64_t positive(int64_t number) {
  return number > 0 ? smaller(number, INT64_MAX / 2) : 0; /* there is room to add to it, whatever a row says */
}

static enum bulla_status load(struct bulla_limit_row *row, struct bulla_limits *limits,
                              const struct bulla_limit_subject *subject, int64_t now) {
  const struct bulla_limit_rate *rate = &subject->rule->rate;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_FIND_BUCKET);
  *row = (struct bulla_limit_row){.bucket = {.level = rate->burst, .time = now}};
  find_bucket(&statement, limits, subject);
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
  find_bucket(&statement, limits, subject);
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

/* Those of the same kind and scope, and how many of them are in use. Others are full, and no record is to tell of calls
 * that they have refused; or that could be told for a minute, and nobody has come who would. */
struct counted {
  int64_t rows;
  int64_t in_use;
};

static enum bulla_status count_rows(struct counted *counted, struct bulla_limits *limits,
                                    const struct bulla_limit_subject *subject, int64_t now) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_COUNT_BUCKETS);
  bulla_bind_int(&statement, now);
  bulla_bind_int(&statement, now - TELL_AFTER_US);
  bind_kind(&statement, limits, subject);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  counted->rows = row ? bulla_column_int(&statement) : 0;
  counted->in_use = row ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED;
}

static enum bulla_status purge(struct bulla_limits *limits, const struct bulla_limit_subject *subject, int64_t now) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(limits->db, BULLA_QUERY_PURGE_BUCKETS);
  bind_kind(&statement, limits, subject);
  bulla_bind_int(&statement, now);
  bulla_bind_int(&statement, now - TELL_AFTER_US);
  return bulla_finish(&statement);
}

/* Where too many buckets are in use, names that have none yet share one, with an id of zeros: so names that somebody
 * makes up do not fill the database. */
static enum bulla_status find_row(struct bulla_limit_row *row, struct bulla_limits *limits,
                                  struct bulla_limit_subject *subject, int64_t now, bool may_purge) {
  struct counted counted;
  subject->is_shared = false;
  BULLA_TRY(load(row, limits, subject, now));
  if (row->is_there) {
    return BULLA_OK;
  }
  BULLA_TRY(count_rows(&counted, limits, subject, now));
  if (may_purge && counted.rows >= BULLA_LIMIT_ROWS_MAX && counted.in_use < counted.rows) {
    BULLA_TRY(purge(limits, subject, now));
  }
  subject->is_shared = counted.in_use >= BULLA_LIMIT_ROWS_MAX;
  return subject->is_shared ? load(row, limits, subject, now) : BULLA_OK;
}

enum bulla_status bulla_limits_look(struct bulla_limit_row *row, struct bulla_limits *limits,
                                    struct bulla_limit_subject *subject, int64_t now) {
  return find_row(row, limits, subject, now, false);
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

/* A call, as it asks a bucket. */
struct asker {
  enum bulla_limit_kind kind;
  int64_t now_ms;
  bool takes;  /* or only looks whether there is a token */
  bool passes; /* even if there are too few */
};

/* Notes that the bucket of |row| has too little for a call, which is refused. */
static enum bulla_status close_bucket(struct bulla_limits *limits, struct bulla_limit_subject *subject,
                                      struct bulla_limit_row *row, int64_t now, int64_t now_ms) {
  struct bulla_limit_holding *holding = &subject->now;
  int64_t wait = bulla_limit_wait(&row->bucket, &subject->rule->rate, 1, now);
  holding->seen = row->bucket;
  holding->closed = now_ms + smaller(wait == 0 ? 0 : wait / 1000 + 1, CLOSED_MAX_MS);
  int64_t refused = ++holding->refused;
  if (count_refused(row, holding, now)) {
    limits->has_to_tell = true;
    return save_filled(limits, subject, row, now);
  }
  holding->refused = refused; /* of which the row need not know yet */
  return BULLA_OK;
}

/* Draws |least| tokens at least, or none. */
static enum bulla_status draw(struct bulla_limits *limits, struct bulla_limit_subject *subject,
                              const struct asker *asker, int64_t least) {
  struct bulla_limit_row row;
  struct bulla_limit_holding *holding = &subject->now;
  int64_t now_ms = asker->now_ms;
  int64_t now = bulla_clock_us();
  BULLA_TRY(find_row(&row, limits, subject, now, true));
  holding->size = now_ms - holding->drawn < GROW_WITHIN_MS ? smaller(2 * holding->size, SIZE_MAX_DRAWN) : 1;
  int64_t drawn = bulla_limit_draw(&row.bucket, least, holding->size);
  holding->open = row.bucket.level > 0 ? now_ms + BULLA_LIMIT_OPEN_MS : 0;
  if (drawn == 0) {
    return asker->passes ? BULLA_OK : close_bucket(limits, subject, &row, now, now_ms);
  }
  holding->drawn = holding->tokens > 0 ? holding->drawn : now_ms; /* as old as the oldest */
  holding->tokens += drawn;
  limits->has_to_tell = count_refused(&row, holding, now) || limits->has_to_tell;
  return save_filled(limits, subject, &row, now);
}

/* Finds the limit of |subject|, which may have changed since: what is held is of the old one. */
static void find_rule(struct bulla_limits *limits, struct bulla_limit_subject *subject) {
  if (subject->epoch != limits->epoch) {
    subject->rule = bulla_limit_rules_find(&limits->rules, subject->kind, subject->scope,
                                           bulla_span(subject->name, subject->name_len));
    subject->epoch = limits->epoch;
    subject->now.tokens = 0;
    subject->now.closed = 0;
    subject->now.open = 0;
    subject->before = subject->now; /* the transaction has only begun to touch it */
  }
}

static enum bulla_status refuse(const struct bulla_limit_subject *subject, int64_t num) {
  static const char *const kinds[] = {"", "uses", "changes", "uses of what is not there"};
  static const char *const scopes[] = {"", "actor", "tenant", "origin"};
  const struct bulla_limit_rate *rate = &subject->rule->rate;
  const char *kind = kinds[subject->kind];
  const char *scope = scopes[subject->scope];
  if (rate->tokens == 0) {
    return bulla_explain(BULLA_LIMITED, "no %s of this %s are allowed", kind, scope);
  }
  if (num > rate->burst) {
    return bulla_explain(
        BULLA_LIMITED, "%lld %s at once of this %s are more than its burst of %lld: raise it, or ask for fewer at once",
        (long long)num, kind, scope, (long long)rate->burst);
  }
  int64_t wait = positive(bulla_limit_wait(&subject->now.seen, rate, num, bulla_clock_us()));
  return bulla_explain(BULLA_LIMITED, "wait %lld s: %s of this %s are limited", (long long)(wait + 999999) / 1000000,
                       kind, scope);
}

/* Whether the database has a token of |subject|, as it said lately or says now. Nobody takes it. */
static enum bulla_status look(bool *has, struct bulla_limits *limits, struct bulla_limit_subject *subject,
                              const struct asker *asker) {
  struct bulla_limit_row row;
  *has = asker->now_ms < subject->now.open;
  if (*has) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_limits_look(&row, limits, subject, bulla_clock_us()));
  *has = row.bucket.level > 0;
  subject->now.open = *has ? asker->now_ms + BULLA_LIMIT_OPEN_MS : 0;
  return BULLA_OK;
}

/* Has |subject| hold |num| tokens. */
static enum bulla_status have(struct bulla_limits *limits, struct bulla_limit_subject *subject,
                              const struct asker *asker, int64_t num) {
  struct bulla_limit_holding *holding = &subject->now;
  bool has = false;
  if (asker->now_ms - holding->drawn > BULLA_LIMIT_HOLD_MS) {
    holding->tokens = 0;
  }
  if (holding->tokens >= num) {
    return BULLA_OK;
  }
  if (asker->now_ms < holding->closed) {
    holding->refused += asker->passes ? 0 : 1;
    return asker->passes ? BULLA_OK : refuse(subject, num);
  }
  BULLA_TRY(asker->takes ? BULLA_OK : look(&has, limits, subject, asker));
  if (has) {
    return BULLA_OK;
  }
  if (!limits->may_draw) {
    limits->wants_draw = true;
    return BULLA_BUSY;
  }
  BULLA_TRY(draw(limits, subject, asker, num - holding->tokens));
  return holding->tokens >= num || asker->passes ? BULLA_OK : refuse(subject, num);
}

/* Adds to |claim| the one that |name| leads to, if it is limited. */
static enum bulla_status find_one(struct bulla_limits *limits, struct bulla_limit_claim *claim,
                                  enum bulla_limit_kind kind, enum bulla_limit_scope scope, struct bulla_span name) {
  struct bulla_limit_subject *subject;
  if (!limits->rules.has[kind][scope] || (scope == BULLA_LIMIT_TENANT && name.len == 0)) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_limit_subjects_touch(&subject, &limits->subjects, limits->keyring, kind, scope, name));
  find_rule(limits, subject);
  if (subject->rule != NULL) {
    claim->of[claim->num++] = subject;
  }
  return BULLA_OK;
}

static enum bulla_status find_all(struct bulla_limits *limits, struct bulla_limit_claim *claim,
                                  enum bulla_limit_kind kind) {
  BULLA_TRY(
      find_one(limits, claim, kind, BULLA_LIMIT_ACTOR, bulla_limit_actor_name(limits->keyring, claim->record->actor)));
  BULLA_TRY(find_one(limits, claim, kind, BULLA_LIMIT_TENANT, claim->record->tenant));
  return find_one(limits, claim, kind, BULLA_LIMIT_ORIGIN, claim->record->origin);
}

/* Takes for |claim|. Who comes first sees to it that there is enough for all that want of the same. */
static enum bulla_status take(struct bulla_limits *limits, struct bulla_limit_claim *claim, const struct asker *asker) {
  for (; claim->num_taken < claim->num; claim->num_taken++) {
    struct bulla_limit_subject *subject = claim->of[claim->num_taken];
    claim->by = subject;
    BULLA_TRY(have(limits, subject, asker, subject->wanted));
    subject->now.tokens--;
    subject->wanted--;
  }
  return BULLA_OK;
}

static enum bulla_status look_at_misses(struct bulla_limits *limits, struct bulla_limit_claim *claim, int64_t now_ms) {
  const struct asker asker = {.kind = BULLA_LIMIT_MISS, .now_ms = now_ms};
  struct bulla_limit_claim miss = {.record = claim->record};
  BULLA_TRY(find_all(limits, &miss, BULLA_LIMIT_MISS));
  for (size_t i = 0; i < miss.num; i++) {
    claim->by = miss.of[i];
    BULLA_TRY(have(limits, miss.of[i], &asker, 1));
  }
  return BULLA_OK;
}

static enum bulla_status take_all(struct bulla_limits *limits, struct bulla_limit_claim **refused,
                                  struct bulla_limit_claim *claims, const struct asker *asker) {
  for (struct bulla_limit_claim *claim = claims; claim != NULL; claim = claim->next) {
    BULLA_TRY(find_all(limits, claim, asker->kind));
    for (size_t i = 0; i < claim->num; i++) {
      claim->of[i]->wanted++;
    }
  }
  for (*refused = claims; *refused != NULL; *refused = (*refused)->next) {
    BULLA_TRY(take(limits, *refused, asker));
    BULLA_TRY(asker->kind != BULLA_LIMIT_USE ? BULLA_OK : look_at_misses(limits, *refused, asker->now_ms));
  }
  return BULLA_OK;
}

static void give_back(struct bulla_limit_claim *claims) {
  for (struct bulla_limit_claim *claim = claims; claim != NULL; claim = claim->next) {
    for (size_t i = 0; i < claim->num; i++) {
      claim->of[i]->wanted = 0;
      claim->of[i]->now.tokens += i < claim->num_taken ? 1 : 0;
    }
  }
}

enum bulla_status bulla_limits_claim(struct bulla_limits *limits, struct bulla_limit_claim **refused,
                                     struct bulla_limit_claim *claims, enum bulla_limit_kind kind) {
  *refused = NULL;
  if (limits->rules.num == 0) {
    return BULLA_OK;
  }
  const struct asker asker = {.kind = kind, .now_ms = bulla_clock_monotonic_ms(), .takes = true};
  enum bulla_status status = take_all(limits, refused, claims, &asker);
  if (status != BULLA_OK) {
    give_back(claims);
  }
  return status;
}

enum bulla_status bulla_limits_missed(struct bulla_limits *limits, const struct bulla_audit_record *record) {
  struct bulla_limit_claim miss = {.record = record};
  const struct asker asker = {BULLA_LIMIT_MISS, bulla_clock_monotonic_ms(), .takes = true, .passes = true};
  BULLA_TRY(find_all(limits, &miss, BULLA_LIMIT_MISS));
  for (size_t i = 0; i < miss.num; i++) {
    BULLA_TRY(have(limits, miss.of[i], &asker, 1));
    miss.of[i]->now.tokens -= miss.of[i]->now.tokens > 0 ? 1 : 0;
  }
  return BULLA_OK;
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
  find_bucket(&statement, limits, subject);
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
