/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing anew all that is sealed under older versions of tenants' secrets, and destroying versions under which nothing
 * is left. Rows are taken a batch at a time, in one transaction with its record, so that others get at the vault
 * between batches, and whoever is interrupted begins where the last batch ended: a row that is done is no longer
 * found. */

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "store/clock.h"
#include "store/columns.h"
#include "store/enroll.h"
#include "store/reseal.h"
#include "store/tenant.h"
#include "store/versions.h"

enum { BATCH_ROWS = 512 };
enum { BATCH_BYTES = 512 * 1024 }; /* of values and masks, at most */
enum { BATCH_MS = 4 };             /* for which a batch is sealed: nobody else can write meanwhile */

/* A row that is sealed anew. */
struct row {
  int64_t number;
  struct bulla_stored_field field; /* with spans in the bytes of the batch, as those that follow */
  struct bulla_span id;            /* of an API key */
  struct bulla_buffer value;
  struct bulla_buffer mask;
  bool is_sealed;
  struct bulla_statement store;
};

struct batch {
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *from;
  const struct bulla_tenant_secret *to;
  struct row *rows;
  size_t num_rows;
  uint8_t *bytes;
  size_t len;
  size_t size;
  int64_t num_done;
  int64_t num_refused;
  bool is_last; /* nothing came after it */
};

/* A table whose rows are sealed under a secret. read copies a row; seal seals it anew and binds what stores it. */
struct table {
  enum bulla_query list;
  enum bulla_query store;
  void (*read)(struct row *row, struct batch *batch, struct bulla_statement *statement);
  enum bulla_status (*seal)(struct row *row, const struct batch *batch, const struct bulla_keyring *keyring);
};

/* Copies |bytes|, and keeps |num| as many bytes free behind them. */
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
  BULLA_TRY(bulla_reseal_value(&row->value, keyring, &row->field, batch->to));
  BULLA_TRY(bulla_reseal_mask(&row->mask, keyring, &row->field, batch->to));
  bulla_bind_blob(&row->store, bulla_written(&row->value));
  bulla_bind_blob(&row->store, bulla_written(&row->mask));
  return BULLA_OK;
}

static void read_apikey(struct row *row, struct batch *batch, struct bulla_statement *statement) {
  row->field.owner = batch->owner;
  row->field.keys = batch->from;
  row->id = keep(batch, bulla_column_name(statement));
  row->field.value = keep(batch, bulla_column_blob(statement, BULLA_WRAPPED_MAX));
  row->value = room(batch, row->field.value.len);
}

static enum bulla_status seal_apikey(struct row *row, const struct batch *batch, const struct bulla_keyring *keyring) {
  BULLA_TRY(bulla_reseal_apikey(&row->value, keyring, &row->field, batch->to, row->id));
  bulla_bind_blob(&row->store, bulla_written(&row->value));
  return BULLA_OK;
}

static const struct table tables[] = {
    {BULLA_QUERY_SEALED_FIELDS, BULLA_QUERY_REWRAP_FIELD, read_field, seal_field},
    {BULLA_QUERY_SEALED_PAST, BULLA_QUERY_REWRAP_PAST, read_field, seal_field},
    {BULLA_QUERY_SEALED_APIKEYS, BULLA_QUERY_REWRAP_APIKEY, read_apikey, seal_apikey},
};

/* Reads the rows that come after number |after|, as many as there is room for. */
static enum bulla_status read_rows(struct batch *batch, struct bulla_vault *vault, const struct table *table,
                                   int64_t after) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(vault->db, table->list);
  bulla_bind_secret(&statement, batch->from);
  bulla_bind_int(&statement, after);
  bulla_bind_int(&statement, BATCH_ROWS);
  while (batch->num_rows < BATCH_ROWS && batch->len < BATCH_BYTES) {
    bool there;
    BULLA_TRY(bulla_step(&statement, &there));
    batch->is_last = !there;
    if (!there) {
      return BULLA_OK;
    }
    struct row *row = &batch->rows[batch->num_rows++];
    memset(row, 0, sizeof(*row));
    row->number = bulla_column_int(&statement);
    table->read(row, batch, &statement);
    /* Pages of a damaged file that point at each other can give the same rows without end. */
    if (!bulla_columns_good(&statement) || row->number <= after) {
      return BULLA_REFUSED;
    }
    after = row->number;
  }
  return BULLA_OK;
}

/* Seals the rows anew and has them stored, until the time is over: those that are left belong to the next batch. */
static enum bulla_status seal_rows(struct batch *batch, struct bulla_vault *vault, const struct table *table) {
  int64_t end = bulla_clock_monotonic_ms() + BATCH_MS;
  for (size_t i = 0; i < batch->num_rows; i++) {
    struct row *row = &batch->rows[i];
    if (i > 0 && i % 64 == 0 && bulla_clock_monotonic_ms() >= end) {
      batch->num_rows = i;
      batch->is_last = false;
      return BULLA_OK;
    }
    row->store = bulla_statement(vault->db, table->store);
    enum bulla_status status = table->seal(row, batch, &vault->keyring);
    if (status == BULLA_REFUSED) {
      batch->num_refused++;
      continue;
    }
    BULLA_TRY(status);
    bulla_bind_secret(&row->store, batch->to);
    bulla_bind_secret(&row->store, batch->from);
    bulla_bind_int(&row->store, row->number);
    row->is_sealed = true;
    bulla_statement_ahead(&row->store);
  }
  return BULLA_OK;
}

/* A row that was changed or deleted meanwhile stays as it is. */
static enum bulla_status store_rows(struct batch *batch) {
  for (size_t i = 0; i < batch->num_rows; i++) {
    struct row *row = &batch->rows[i];
    int64_t changed;
    if (row->is_sealed) {
      BULLA_TRY(bulla_finish_counted(&row->store, &changed));
      bulla_statement_end(&row->store);
      batch->num_done += changed;
    }
  }
  return BULLA_OK;
}

static void end_rows(struct batch *batch) {
  for (size_t i = 0; i < batch->num_rows; i++) {
    if (batch->rows[i].is_sealed) {
      bulla_statement_end(&batch->rows[i].store);
    }
  }
}

static enum bulla_status load_secret(const struct bulla_tenant_secret **secret, struct bulla_vault *vault,
                                     const struct bulla_tenant *tenant, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_TENANT_SECRET);
  bulla_bind_blob(&statement, id);
  bulla_bind_blob(&statement, bulla_tenant_id(tenant));
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  return row ? bulla_columns_secret(secret, &vault->keyring, tenant, &statement) : BULLA_REFUSED;
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
  free(work->batch.bytes);
}

/* The secrets of a tenant that are decrypt-only, by their versions. */
struct old {
  char name[BULLA_NAME_MAX];
  struct bulla_span tenant; /* empty: there is none left */
  size_t num;
  int64_t versions[BULLA_SECRETS_MAX];
};

/* The index of |version| in the statement, if it is decrypt-only, or num_secrets. */
static size_t find_old(const struct bulla_tenant *tenant, int64_t version) {
  size_t i = 0;
  while (i < tenant->said.num_secrets &&
         (tenant->said.secrets[i].state != BULLA_SECRET_DECRYPT_ONLY || tenant->said.secrets[i].version != version)) {
    i++;
  }
  return i;
}

static void take_old(struct old *old, const struct bulla_tenant *owner) {
  old->num = 0;
  old->tenant = bulla_span(NULL, 0);
  if (owner == NULL) {
    return;
  }
  memcpy(old->name, owner->said.name.data, owner->said.name.len);
  old->tenant = bulla_span(old->name, owner->said.name.len);
  for (size_t i = 0; i < owner->said.num_secrets; i++) {
    if (owner->said.secrets[i].state == BULLA_SECRET_DECRYPT_ONLY) {
      old->versions[old->num++] = owner->said.secrets[i].version;
    }
  }
}

/* The next tenant, and how much of it is to be done. */
static enum bulla_status next_old(struct old *old, int64_t *num_rows, struct bulla_walked *walked,
                                  struct bulla_vault *vault, struct bulla_span only) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  const struct bulla_tenant *owner;
  *num_rows = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_versions_next(&owner, walked, vault, only));
  take_old(old, owner);
  for (size_t i = 0; i < old->num; i++) {
    struct bulla_version_rows rows;
    BULLA_TRY(bulla_version_count(&rows, vault, owner, owner->said.secrets[find_old(owner, old->versions[i])].id));
    *num_rows += bulla_version_num_rows(&rows);
  }
  return BULLA_OK;
}

/* Seals a batch anew, if |version| of the tenant is still decrypt-only. */
static enum bulla_status seal_batch(struct work *work, struct bulla_change *change, struct bulla_span tenant,
                                    int64_t version, const struct table *table, int64_t after) {
  struct batch *batch = &work->batch;
  struct bulla_vault *vault = work->vault;
  char text[BULLA_DIGITS_MAX];
  BULLA_TRY(bulla_tenant_look(&batch->owner, vault, tenant));
  size_t index = find_old(batch->owner, version);
  if (index == batch->owner->said.num_secrets) {
    return BULLA_OK;
  }
  BULLA_TRY(load_secret(&batch->from, vault, batch->owner, batch->owner->said.secrets[index].id));
  BULLA_TRY(bulla_tenant_active_secret(&batch->to, vault, batch->owner));
  BULLA_TRY(read_rows(batch, vault, table, after));
  BULLA_TRY(seal_rows(batch, vault, table));
  BULLA_TRY(store_rows(batch));
  if (batch->num_done == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_change_tell(change, BULLA_LITERAL("rewrap"), tenant, bulla_span(NULL, 0),
                              bulla_digits(text, batch->num_done)));
  return bulla_change_commit(change);
}

/* Seals a batch of the rows after number |*after| anew, and moves it on. */
static enum bulla_status do_batch(struct work *work, struct bulla_span tenant, int64_t version,
                                  const struct table *table, int64_t *after) {
  struct batch *batch = &work->batch;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  batch->num_rows = 0;
  batch->len = 0;
  batch->num_done = 0;
  batch->num_refused = 0;
  batch->is_last = true;
  BULLA_TRY(bulla_change_begin(&change, work->vault, work->who, BULLA_DB_WRITE));
  enum bulla_status status = seal_batch(work, &change, tenant, version, table, *after);
  end_rows(batch);
  BULLA_TRY(status);
  work->report->num_done += batch->num_done;
  work->report->num_refused += batch->num_refused;
  *after = batch->num_rows > 0 ? batch->rows[batch->num_rows - 1].number : *after;
  return BULLA_OK;
}

static bool goes_on(const struct work *work) {
  return work->go_on == NULL || work->go_on(work->arg, work->report->num_done, work->report->num_total);
}

static enum bulla_status do_version(struct work *work, struct bulla_span tenant, int64_t version) {
  for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
    int64_t after = INT64_MIN;
    do {
      BULLA_TRY(do_batch(work, tenant, version, &tables[i], &after));
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
  struct old old;
  *total = 0;
  do {
    int64_t num;
    BULLA_TRY(next_old(&old, &num, &walked, vault, tenant));
    *total += num;
  } while (old.tenant.len > 0);
  return BULLA_OK;
}

static enum bulla_status do_all(struct work *work, struct bulla_span tenant) {
  struct bulla_walked walked = {.len = 0};
  struct old old;
  do {
    int64_t num;
    BULLA_TRY(next_old(&old, &num, &walked, work->vault, tenant));
    for (size_t i = 0; i < old.num && !work->report->is_stopped; i++) {
      BULLA_TRY(do_version(work, old.tenant, old.versions[i]));
    }
  } while (old.tenant.len > 0 && !work->report->is_stopped);
  return BULLA_OK;
}

static enum bulla_status begin(struct work *work) {
  struct batch *batch = &work->batch;
  batch->size = 2 * (size_t)(BATCH_BYTES + BULLA_STORED_MAX) + (size_t)BATCH_ROWS * (BULLA_ID_LEN + BULLA_NAME_MAX);
  batch->rows = calloc(BATCH_ROWS, sizeof(*batch->rows));
  batch->bytes = malloc(batch->size);
  return batch->rows != NULL && batch->bytes != NULL ? BULLA_OK : BULLA_NO_MEMORY;
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
  BULLA_TRY(begin(&work));
  BULLA_TRY(count_all(&report->num_total, vault, tenant));
  BULLA_TRY(do_all(&work, tenant));
  return report->num_refused == 0
             ? BULLA_OK
             : bulla_explain(BULLA_REFUSED, "%lld values do not open and stay as they are: somebody has changed them",
                             (long long)report->num_refused);
}

/* Destroys the versions of a tenant under which nothing is left, all in one transaction. */
static enum bulla_status destroy_unused(struct bulla_change *change, int64_t *num, const struct old *old) {
  struct bulla_vault *vault = change->vault;
  for (size_t i = 0; i < old->num; i++) {
    const struct bulla_tenant *owner;
    struct bulla_version_rows rows;
    char text[BULLA_DIGITS_MAX];
    BULLA_TRY(bulla_tenant_look(&owner, vault, old->tenant));
    size_t index = find_old(owner, old->versions[i]);
    if (index == owner->said.num_secrets) {
      continue;
    }
    BULLA_TRY(bulla_version_count(&rows, vault, owner, owner->said.secrets[index].id));
    if (bulla_version_num_rows(&rows) > 0) {
      continue;
    }
    BULLA_TRY(bulla_tenant_destroy(change, owner, index));
    BULLA_TRY(bulla_change_tell(change, BULLA_LITERAL("destroy-version"), old->tenant, bulla_span(NULL, 0),
                                bulla_digits(text, old->versions[i])));
    ++*num;
  }
  return *num > 0 ? bulla_change_commit(change) : BULLA_OK;
}

enum bulla_status bulla_vault_destroy_versions(struct bulla_vault *vault, int64_t *num_destroyed,
                                               const struct bulla_who *who, struct bulla_span tenant) {
  struct bulla_walked walked = {.len = 0};
  struct old old;
  *num_destroyed = 0;
  BULLA_TRY(bulla_who_check(who, false));
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  for (;;) {
    int64_t num = 0;
    BULLA_TRY(next_old(&old, &num, &walked, vault, tenant));
    if (old.tenant.len == 0) {
      return BULLA_OK;
    }
    num = 0;
    if (old.num > 0) {
      struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
      BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
      BULLA_TRY(destroy_unused(&change, &num, &old));
    }
    *num_destroyed += num;
  }
}
