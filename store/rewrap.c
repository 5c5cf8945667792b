/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing anew all that is sealed under older versions of tenants' secrets, or as actors have put it. Rows are taken a
 * batch at a time, in one transaction with its record, so that others get at the vault between batches, and whoever is
 * interrupted begins where the last batch ended: a row that is done is no longer found. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "store/change.h"
#include "store/clock.h"
#include "store/columns.h"
#include "store/may.h"
#include "store/reseal.h"
#include "store/tenant.h"
#include "store/versions.h"

enum { ACTIVE = 0 };                         /* in the place of a version: the one that is active now */
enum { NUM_POSTED = 1 };                     /* of |tables|, whose rows actors have put */
enum { PAGE_ROWS = 128 };                    /* that are read at once */
enum { SHORT_PAGE_ROWS = BULLA_QUERY_ROWS }; /* while others are at work */
enum { PAGE_BYTES = 256 * 1024 };            /* of values and masks, at most */
enum { BATCH_PAGES = 64 };                   /* in a transaction */
enum { BATCH_MS = 50 };                      /* after which a transaction ends */
enum { WANTED_MS = 1 };                      /* and if others wait for its end */
enum { PAUSE_TIMES = 3 };                    /* a batch: for so long others come first then */

/* A row that is sealed anew. */
struct row {
  int64_t number;
  struct bulla_stored_field field; /* with spans in the bytes of the batch, as those that follow */
  struct bulla_span id;            /* of an API key */
  struct bulla_buffer value;
  struct bulla_buffer mask;
  bool is_bad; /* no bulla wrote it so */
};

struct batch {
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *from;
  const struct bulla_tenant_secret *to;
  struct row *rows;
  size_t num_rows;
  struct row *waiting[BULLA_QUERY_ROWS]; /* that are sealed, and not stored yet */
  size_t num_waiting;
  struct bulla_statement *stores; /* that were begun */
  size_t num_stores;
  uint8_t *bytes;
  size_t len;
  size_t size;
  struct bulla_secret *plain;
  int64_t num_done;
  int64_t num_refused;
  int64_t num_over;                     /* among them, of all batches */
  char refused[4 * BULLA_LOG_NAME_MAX]; /* the first row that did not open, of all batches; empty if there is none */
  bool is_last;                         /* nothing came after it */
  bool is_wanted;                       /* it ended because others wait */
  bool is_shared;                       /* as did the one before */
};

/* A table whose rows are sealed under a secret. read copies a row, seal seals it anew. store stores one, store_many
 * BULLA_QUERY_ROWS at once, where that saves time. */
struct table {
  enum bulla_query list;
  enum bulla_query store;
  enum bulla_query store_many; /* BULLA_NUM_QUERIES: there is none */
  bool has_mask;
  void (*read)(struct row *row, struct batch *batch, struct bulla_statement *statement);
  enum bulla_status (*seal)(struct row *row, const struct batch *batch, const struct bulla_keyring *keyring);
};

/* Copies |bytes|. */
static struct bulla_span keep(struct batch *batch, struct bulla_span bytes) {
  if (bytes.len > batch->size - batch->len) {
    return bulla_span(NULL, 0);
  }
  uint8_t *copy = batch->bytes + batch->len;
  if (bytes.len > 0) {
    memcpy(copy, bytes.data, bytes.len);
  }
  batch->len += bytes.len;
  return bulla_span(copy, bytes.len);
}

static struct bulla_buffer room(struct batch *batch, size_t len) {
  if (len > batch->size - batch->len) {
    return bulla_buffer(NULL, 0);
  }
  batch->len += len;
  return bulla_buffer(batch->bytes + batch->len - len, len);
}

static void read_field(struct row *row, struct batch *batch, struct bulla_statement *statement) {
  struct bulla_stored_field *field = &row->field;
  field->secret = true;
  field->owner = batch->owner;
  field->keys = batch->from;
  field->binding.tenant_id = bulla_tenant_id(batch->owner);
  field->binding.entry_id = keep(batch, bulla_column_exact(statement, BULLA_ID_LEN));
  field->binding.field = keep(batch, bulla_column_name(statement));
  field->binding.revision = bulla_column_int(statement);
  field->value = keep(batch, bulla_column_blob(statement, BULLA_STORED_MAX));
  field->mask = keep(batch, bulla_column_blob(statement, BULLA_STORED_MAX));
  row->value = room(batch, field->value.len);
  row->mask = room(batch, field->mask.len);
}

static enum bulla_status seal_field(struct row *row, const struct batch *batch, const struct bulla_keyring *keyring) {
  return bulla_reseal_field(&row->value, &row->mask, batch->plain, keyring, &row->field, batch->to);
}

static void read_posted(struct row *row, struct batch *batch, struct bulla_statement *statement) {
  read_field(row, batch, statement);
  row->field.posting.writer = keep(batch, bulla_column_exact(statement, BULLA_ID_LEN));
  row->field.posting.signature = keep(batch, bulla_column_exact(statement, BULLA_SIGNATURE_LEN));
}

static void read_apikey(struct row *row, struct batch *batch, struct bulla_statement *statement) {
  row->field.owner = batch->owner;
  row->field.keys = batch->from;
  row->id = keep(batch, bulla_column_name(statement));
  row->field.value = keep(batch, bulla_column_blob(statement, BULLA_WRAPPED_MAX));
  row->value = room(batch, row->field.value.len);
}

static enum bulla_status seal_apikey(struct row *row, const struct batch *batch, const struct bulla_keyring *keyring) {
  return bulla_reseal_apikey(&row->value, batch->plain, keyring, &row->field, batch->to, row->id);
}

/* What actors have put is under the active version too. */
static const struct table tables[] = {
    {BULLA_QUERY_POSTED_FIELDS, BULLA_QUERY_REWRAP_POSTED, BULLA_NUM_QUERIES, true, read_posted, seal_field},
    {BULLA_QUERY_SEALED_FIELDS, BULLA_QUERY_REWRAP_FIELD, BULLA_QUERY_REWRAP_FIELDS, true, read_field, seal_field},
    {BULLA_QUERY_SEALED_APIKEYS, BULLA_QUERY_REWRAP_APIKEY, BULLA_NUM_QUERIES, false, read_apikey, seal_apikey},
};

/* Reads the rows that come after number |after|, as many as there is room for. */
static enum bulla_status read_rows(struct batch *batch, struct bulla_vault *vault, const struct table *table,
                                   int64_t after) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(vault->db, table->list);
  bulla_bind_secret(&statement, batch->from);
  bulla_bind_int(&statement, after);
  size_t num = batch->is_shared ? SHORT_PAGE_ROWS : PAGE_ROWS;
  bulla_bind_int(&statement, (int64_t)num);
  while (batch->num_rows < num && batch->len < PAGE_BYTES) {
    bool there;
    BULLA_TRY(bulla_step(&statement, &there));
    batch->is_last = !there;
    if (!there) {
      return BULLA_OK;
    }
    struct row *row = &batch->rows[batch->num_rows++];
    memset(row, 0, sizeof(*row));
    row->number = bulla_column_int(&statement);
    /* Pages of a damaged file that point at each other can give the same rows without end. */
    if (!bulla_columns_good(&statement) || row->number <= after) {
      return BULLA_REFUSED;
    }
    table->read(row, batch, &statement);
    row->is_bad = !bulla_columns_good(&statement);
    after = row->number;
  }
  return BULLA_OK;
}

static bool is_over(const struct row *row) {
  return row->field.posting.state == BULLA_POSTING_OVER;
}

/* Finds out which of the rows that actors have put are good. */
static enum bulla_status check_posted(const struct batch *batch, struct bulla_vault *vault) {
  for (size_t i = 0; i < batch->num_rows; i++) {
    struct row *row = &batch->rows[i];
    if (!row->is_bad && bulla_posting_is_one(&row->field.posting)) {
      const struct bulla_posted posted = bulla_field_posted(&row->field);
      BULLA_TRY(bulla_posting_check(&row->field.posting, &vault->keyring, vault->db, &posted));
    }
  }
  return BULLA_OK;
}

static void bind_one(struct bulla_statement *store, const struct batch *batch, const struct table *table) {
  const struct row *row = batch->waiting[0];
  bulla_bind_blob(store, bulla_written(&row->value));
  if (table->has_mask) {
    bulla_bind_blob(store, bulla_written(&row->mask));
  }
  bulla_bind_secret(store, batch->to);
  bulla_bind_secret(store, batch->from);
  bulla_bind_int(store, row->number);
  if (bulla_posting_is_one(&row->field.posting)) {
    bulla_bind_blob(store, row->field.posting.writer);
    bulla_bind_blob(store, row->field.posting.signature);
  }
}

/* Where there are fewer rows no row has the rest. */
static void bind_many(struct bulla_statement *store, const struct batch *batch) {
  bulla_bind_secret(store, batch->to);
  for (size_t i = 0; i < BULLA_QUERY_ROWS; i++) {
    const struct row *row = batch->waiting[i < batch->num_waiting ? i : 0];
    bulla_bind_blob(store, bulla_written(&row->value));
    bulla_bind_blob(store, bulla_written(&row->mask));
    bulla_bind_int(store, i < batch->num_waiting ? row->number : INT64_MIN);
  }
  bulla_bind_secret(store, batch->from);
}

/* A row that was changed or deleted meanwhile stays as it is. */
static enum bulla_status finish(struct batch *batch, struct bulla_statement *store) {
  int64_t changed;
  BULLA_TRY(bulla_finish_counted(store, &changed));
  bulla_statement_end(store);
  batch->num_done += changed;
  return BULLA_OK;
}

/* Has the rows that wait stored: at once, or, where each answer takes its time, with those that follow. */
static enum bulla_status store_waiting(struct batch *batch, struct bulla_vault *vault, const struct table *table) {
  if (batch->num_waiting == 0) {
    return BULLA_OK;
  }
  struct bulla_statement *store = &batch->stores[batch->num_stores++];
  *store = bulla_statement(vault->db, batch->num_waiting > 1 ? table->store_many : table->store);
  if (batch->num_waiting > 1) {
    bind_many(store, batch);
  } else {
    bind_one(store, batch, table);
  }
  batch->num_waiting = 0;
  bulla_statement_ahead(store);
  return store->running ? BULLA_OK : finish(batch, store);
}

/* Keeps what the first row is called that does not open. */
static enum bulla_status name_refused(struct batch *batch, struct bulla_vault *vault, const struct row *row) {
  char tenant[BULLA_LOG_NAME_MAX];
  char name[BULLA_LOG_NAME_MAX];
  char field[BULLA_LOG_NAME_MAX];
  if (batch->refused[0] != '\0') {
    return BULLA_OK;
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_ENTRY_NAME);
  bulla_bind_blob(&statement, row->field.binding.entry_id);
  bool there;
  BULLA_TRY(bulla_step(&statement, &there));
  struct bulla_span entry = there ? bulla_column_text(&statement, BULLA_NAME_MAX) : row->id;
  (void)snprintf(batch->refused, sizeof(batch->refused), "%s/%s %s, revision %lld",
                 bulla_log_name(tenant, batch->owner->said.name), bulla_log_name(name, entry),
                 bulla_log_name(field, row->field.binding.field), (long long)row->field.binding.revision);
  return BULLA_OK;
}

static enum bulla_status do_rows(struct batch *batch, struct bulla_vault *vault, const struct table *table) {
  bool many = table->store_many != BULLA_NUM_QUERIES;
  for (size_t i = 0; i < batch->num_rows; i++) {
    struct row *row = &batch->rows[i];
    enum bulla_status status = row->is_bad || is_over(row) ? BULLA_REFUSED : table->seal(row, batch, &vault->keyring);
    if (status == BULLA_REFUSED) {
      batch->num_refused++;
      batch->num_over += is_over(row) ? 1 : 0;
      BULLA_TRY(name_refused(batch, vault, row));
      continue;
    }
    BULLA_TRY(status);
    batch->waiting[batch->num_waiting++] = row;
    if (batch->num_waiting == (many ? BULLA_QUERY_ROWS : 1)) {
      BULLA_TRY(store_waiting(batch, vault, table));
    }
  }
  BULLA_TRY(store_waiting(batch, vault, table));
  for (size_t i = 0; i < batch->num_stores; i++) {
    if (batch->stores[i].running) {
      BULLA_TRY(finish(batch, &batch->stores[i]));
    }
  }
  return BULLA_OK;
}

static void begin_page(struct batch *batch) {
  for (size_t i = 0; i < batch->num_stores; i++) {
    bulla_statement_end(&batch->stores[i]);
  }
  batch->num_rows = 0;
  batch->num_waiting = 0;
  batch->num_stores = 0;
  batch->len = 0;
}

struct work {
  struct bulla_vault *vault;
  const struct bulla_who *who;
  struct bulla_rewrap_report *report;
  bulla_rewrap_fn go_on;
  void *arg;
  struct batch batch;
};

static void work_end(struct work *work) {
  free(work->batch.rows);
  free(work->batch.stores);
  free(work->batch.bytes);
  bulla_secret_free(&work->batch.plain);
}

/* Whether the transaction is to end, which began at |started|. */
static bool is_enough(struct batch *batch, struct bulla_vault *vault, int64_t started) {
  int64_t ms = bulla_clock_monotonic_ms() - started;
  batch->is_wanted = ms >= WANTED_MS && (bulla_queue_is_wanted(&vault->queue) || bulla_db_is_wanted(vault->db));
  return ms >= BATCH_MS || batch->is_wanted;
}

/* Leaves the vault to others. */
static void pause_after(int64_t started) {
  int64_t ms = bulla_clock_monotonic_ms() - started;
  const struct timespec pause = {.tv_nsec = (ms < BATCH_MS ? (long)ms : BATCH_MS) * PAUSE_TIMES * 1000000};
  (void)nanosleep(&pause, NULL);
}

/* Seals pages of rows after number |*after| anew, and moves it on. */
static enum bulla_status do_pages(struct work *work, const struct table *table, int64_t *after) {
  struct batch *batch = &work->batch;
  int64_t started = bulla_clock_monotonic_ms();
  for (int i = 0; i < BATCH_PAGES && !batch->is_last && !is_enough(batch, work->vault, started); i++) {
    begin_page(batch);
    BULLA_TRY(read_rows(batch, work->vault, table, *after));
    BULLA_TRY(check_posted(batch, work->vault));
    BULLA_TRY(do_rows(batch, work->vault, table));
    *after = batch->num_rows > 0 ? batch->rows[batch->num_rows - 1].number : *after;
  }
  return BULLA_OK;
}

/* Finds what the rows are sealed under, if |version| is still decrypt-only. */
static enum bulla_status find_version(struct batch *batch, struct bulla_vault *vault, int64_t version) {
  batch->from = batch->to;
  if (version == ACTIVE) {
    return BULLA_OK;
  }
  size_t index = bulla_version_find_old(batch->owner, version);
  batch->is_last = index == batch->owner->said.num_secrets;
  return batch->is_last
             ? BULLA_OK
             : bulla_tenant_secret_by_id(&batch->from, vault, batch->owner, batch->owner->said.secrets[index].id);
}

/* Seals a batch of |version| of the tenant anew. */
static enum bulla_status seal_batch(struct work *work, struct bulla_change *change, struct bulla_span tenant,
                                    int64_t version, const struct table *table, int64_t *after) {
  struct batch *batch = &work->batch;
  struct bulla_vault *vault = work->vault;
  char text[BULLA_DIGITS_MAX];
  enum bulla_status status = bulla_tenant_look(&batch->owner, vault, tenant);
  batch->is_last = status == BULLA_NOT_FOUND; /* it was renamed, removed or shredded meanwhile */
  if (batch->is_last) {
    return BULLA_OK;
  }
  BULLA_TRY(status);
  BULLA_TRY(bulla_tenant_active_secret(&batch->to, vault, batch->owner));
  BULLA_TRY(find_version(batch, vault, version));
  if (batch->is_last) {
    return BULLA_OK;
  }
  BULLA_TRY(do_pages(work, table, after));
  if (batch->num_done == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_change_tell(change, BULLA_LITERAL("rewrap"), tenant, bulla_span(NULL, 0),
                              bulla_digits(text, batch->num_done)));
  return bulla_change_commit(change);
}

static enum bulla_status do_batch(struct work *work, struct bulla_span tenant, int64_t version,
                                  const struct table *table, int64_t *after) {
  struct batch *batch = &work->batch;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  batch->num_done = 0;
  batch->num_refused = 0;
  batch->is_shared = batch->is_wanted;
  batch->is_wanted = false;
  BULLA_TRY(bulla_change_begin(&change, work->vault, work->who, BULLA_DB_WRITE));
  enum bulla_status status = seal_batch(work, &change, tenant, version, table, after);
  begin_page(batch); /* lets go of what was begun */
  BULLA_TRY(status);
  work->report->num_done += batch->num_done;
  work->report->num_refused += batch->num_refused;
  return BULLA_OK;
}

static bool goes_on(const struct work *work) {
  return work->go_on == NULL || work->go_on(work->arg, work->report->num_done, work->report->num_total);
}

static enum bulla_status do_version(struct work *work, struct bulla_span tenant, int64_t version) {
  size_t num_tables = version == ACTIVE ? NUM_POSTED : sizeof(tables) / sizeof(tables[0]);
  for (size_t i = 0; i < num_tables; i++) {
    int64_t after = INT64_MIN;
    do {
      int64_t started = bulla_clock_monotonic_ms();
      BULLA_TRY(do_batch(work, tenant, version, &tables[i], &after));
      if (work->batch.is_wanted) {
        pause_after(started);
      }
      if (!goes_on(work)) {
        work->report->is_stopped = true;
        return BULLA_OK;
      }
    } while (!work->batch.is_last);
  }
  return BULLA_OK;
}

static enum bulla_status count_all(int64_t *total, struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_walked walked = {.len = 0};
  struct bulla_old_versions old;
  *total = 0;
  do {
    int64_t num;
    BULLA_TRY(bulla_versions_next_old(&old, &num, &walked, vault, tenant));
    *total += num + old.num_posted;
  } while (old.tenant.len > 0);
  return BULLA_OK;
}

static enum bulla_status do_all(struct work *work, struct bulla_span tenant) {
  struct bulla_walked walked = {.len = 0};
  struct bulla_old_versions old;
  do {
    int64_t num;
    BULLA_TRY(bulla_versions_next_old(&old, &num, &walked, work->vault, tenant));
    for (size_t i = 0; i < old.num && !work->report->is_stopped; i++) {
      BULLA_TRY(do_version(work, old.tenant, old.versions[i]));
    }
    if (old.num_posted > 0 && !work->report->is_stopped) {
      BULLA_TRY(do_version(work, old.tenant, ACTIVE));
    }
  } while (old.tenant.len > 0 && !work->report->is_stopped);
  return BULLA_OK;
}

static enum bulla_status be_eager(struct bulla_vault *vault, bool eager) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  bulla_db_be_eager(vault->db, eager);
  return BULLA_OK;
}

static enum bulla_status begin(struct work *work) {
  struct batch *batch = &work->batch;
  batch->size = 2 * (size_t)(PAGE_BYTES + BULLA_STORED_MAX) +
                (size_t)PAGE_ROWS * (2 * BULLA_ID_LEN + BULLA_NAME_MAX + BULLA_SIGNATURE_LEN);
  batch->rows = calloc(PAGE_ROWS, sizeof(*batch->rows));
  batch->stores = calloc(PAGE_ROWS, sizeof(*batch->stores));
  batch->bytes = malloc(batch->size);
  BULLA_TRY(batch->rows != NULL && batch->stores != NULL && batch->bytes != NULL ? BULLA_OK : BULLA_NO_MEMORY);
  return bulla_secret_new(&batch->plain, BULLA_STORED_MAX);
}

static enum bulla_status explain_refused(const struct work *work) {
  const struct batch *batch = &work->batch;
  int64_t num = work->report->num_refused;
  const char *why = num > batch->num_over
                        ? "do not open: somebody has changed them"
                        : "were put by actors that may put no more: put them again, and keep fewer of former ones";
  return num == 0
             ? BULLA_OK
             : bulla_explain(BULLA_REFUSED, "%lld values %s; the first is %s", (long long)num, why, batch->refused);
}

enum bulla_status bulla_vault_rewrap(struct bulla_vault *vault, struct bulla_rewrap_report *report,
                                     const struct bulla_who *who, struct bulla_span tenant, bulla_rewrap_fn go_on,
                                     void *arg) {
  struct work work BULLA_CLEANUP(work_end) = {.vault = vault, .who = who, .report = report, .go_on = go_on, .arg = arg};
  if (report->size != sizeof(*report)) {
    return BULLA_INVALID_ARGUMENT;
  }
  *report = (struct bulla_rewrap_report){.size = sizeof(*report)};
  BULLA_TRY(bulla_who_check(who, false));
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("rewrap"), &(struct bulla_place){.tenant = tenant}));
  BULLA_TRY(begin(&work));
  BULLA_TRY(count_all(&report->num_total, vault, tenant));
  BULLA_TRY(be_eager(vault, true));
  enum bulla_status status = do_all(&work, tenant);
  report->is_stopped = report->is_stopped && report->num_done + report->num_refused < report->num_total;
  BULLA_TRY(be_eager(vault, false));
  BULLA_TRY(status);
  return explain_refused(&work);
}
