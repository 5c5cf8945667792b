/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/posted.h. Values are taken a page at a time, one after the other in the order of their rows. */

#include "store/posted.h"

#include "core/log.h"
#include "store/change.h"
#include "store/columns.h"
#include "store/reseal.h"
#include "store/tenant.h"

enum { PAGE_ROWS = 128 };                            /* in a transaction */
enum { MEANWHILE_MAX = 10 * BULLA_POSTED_REST_MAX }; /* that are put while others are sealed anew, and taken in too */

/* Whose values are taken in, and where that stands. */
struct adopting {
  struct bulla_vault *vault;
  struct bulla_span actor_id;
  struct bulla_span tenant_id;
  int64_t number;   /* of the last row that was looked at */
  int64_t num_seen; /* rows that were */
  int64_t num;      /* values that were sealed anew */
};

/* Copies the next row; |*row| is whether there is one. The copy is changed while no walk is under way. */
static enum bulla_status next(struct adopting *adopting, struct bulla_statement *statement, bool *row) {
  *statement = bulla_statement(adopting->vault->db, BULLA_QUERY_WALK_POSTED);
  bulla_bind_blob(statement, adopting->actor_id);
  bulla_bind_int(statement, adopting->number);
  bulla_bind_blob(statement, adopting->tenant_id);
  bulla_bind_int(statement, 1);
  BULLA_TRY(bulla_step(statement, row));
  return *row ? bulla_statement_keep(statement) : BULLA_OK;
}

/* Seals the value anew that |statement| is at. One that is not good is left to who comes by it. */
static enum bulla_status adopt(struct adopting *adopting, struct bulla_statement *statement) {
  struct bulla_vault *vault = adopting->vault;
  const struct bulla_tenant_secret *to;
  int64_t num;
  int64_t number = bulla_column_int(statement);
  /* By a damaged index the same rows might come without end. */
  if (!bulla_columns_good(statement) || number <= adopting->number) {
    return BULLA_REFUSED;
  }
  adopting->number = number;
  adopting->num_seen++;
  struct bulla_stored_field field = {.tenant = bulla_column_name(statement)};
  field.entry = bulla_column_name(statement);
  BULLA_TRY(bulla_columns_field(&field, &vault->keyring, statement));
  if (field.posting.state != BULLA_POSTING_GOOD) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_tenant_active_secret(&to, vault, field.owner));
  BULLA_TRY(bulla_reseal_store(&num, vault, &field, to));
  adopting->num += num;
  return BULLA_OK;
}

/* Seals the next value anew, in the caller's transaction; |*row| is whether there is one. */
static enum bulla_status adopt_next(struct adopting *adopting, bool *row) {
  int64_t before = adopting->num_seen;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {.db = NULL};
  BULLA_TRY(next(adopting, &statement, row));
  enum bulla_status status = *row ? adopt(adopting, &statement) : BULLA_OK;
  return status == BULLA_REFUSED && adopting->num_seen > before ? BULLA_OK : status;
}

static enum bulla_status adopt_page(struct adopting *adopting, bool *row) {
  static const struct bulla_who nobody = {.reserved = {0}};
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  int64_t num = adopting->num;
  BULLA_TRY(bulla_change_begin(&change, adopting->vault, &nobody, BULLA_DB_WRITE));
  BULLA_TRY(bulla_change_read_head(&change));
  *row = true;
  for (int i = 0; i < PAGE_ROWS && *row; i++) {
    BULLA_TRY(adopt_next(adopting, row));
  }
  return adopting->num > num ? bulla_db_commit(&change.transaction) : BULLA_OK;
}

static enum bulla_status count(int64_t *total, struct bulla_vault *vault, struct bulla_span actor_id,
                               struct bulla_span tenant_id) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_COUNT_POSTED);
  bulla_bind_blob(&statement, actor_id);
  bulla_bind_blob(&statement, tenant_id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *total = row ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_posted_adopt_all(int64_t *num, struct bulla_vault *vault, struct bulla_span actor_id,
                                         struct bulla_span tenant_id, bulla_progress_fn progress, void *arg) {
  struct adopting adopting = {.vault = vault, .actor_id = actor_id, .tenant_id = tenant_id, .number = INT64_MIN};
  int64_t total;
  bool row = true;
  *num = 0;
  BULLA_TRY(count(&total, vault, actor_id, tenant_id));
  while (row) {
    if (adopting.num_seen > total + MEANWHILE_MAX) {
      return bulla_explain(BULLA_BUSY, "the actor goes on to put: take away what it reaches the vault by");
    }
    BULLA_TRY(adopt_page(&adopting, &row));
    *num = adopting.num;
    if (progress != NULL) {
      progress(arg, adopting.num_seen, total > adopting.num_seen ? total : adopting.num_seen);
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_posted_adopt_rest(int64_t *num, struct bulla_vault *vault, struct bulla_span actor_id,
                                          struct bulla_span tenant_id) {
  struct adopting adopting = {.vault = vault, .actor_id = actor_id, .tenant_id = tenant_id, .number = INT64_MIN};
  bool row = true;
  while (row && adopting.num <= BULLA_POSTED_REST_MAX) {
    BULLA_TRY(adopt_next(&adopting, &row));
  }
  *num = adopting.num;
  return adopting.num <= BULLA_POSTED_REST_MAX
             ? BULLA_OK
             : bulla_explain(BULLA_BUSY, "the actor goes on to put: take away what it reaches the vault by");
}
