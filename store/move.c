/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Copying a vault into another. A piece of rows is read in the source (store/move_read.h). Then, with the write lock of
 * the target, those that it has already are left out, the values of the others are opened in the source, all together
 * once their records are committed there, and all of them are written to the target with one commit. So a row is opened
 * by one copier at a time, and whatever ends it, what is in the target is whole.
 *
 * The log of the target says whose copy it is: it may tell of nothing else that was written. */

#include "store/may.h"
#include "store/move_read.h"

#include <stdlib.h>

#include "core/hex.h"
#include "core/log.h"
#include "core/sized.h"
#include "store/apikey.h"
#include "store/columns.h"
#include "store/put.h"
#include "store/revoked.h"

#define EXPORT BULLA_LITERAL("export-vault") /* in the log of the source */
#define IMPORT BULLA_LITERAL("import-vault") /* in that of the target */

/* A row, and what the target has of it. */
enum state { MISSING, CHANGED, SAME };

/* A copy under way. */
struct copying {
  struct bulla_vault *source;
  struct bulla_vault *target;
  const struct bulla_who *who;
  bulla_progress_fn progress;
  void *progress_arg;
  int64_t done;
  int64_t total;
  int64_t written;
  bool has_revoked; /* something was marked as revoked in the target */
  struct bulla_moving moving;
  enum state states[BULLA_MOVED_ROWS];
  size_t use_of[BULLA_MOVED_ROWS]; /* the index of the row's use, of one that is opened */
  struct bulla_use uses[BULLA_MOVED_ROWS];
  size_t num_uses;
};

static void copying_free(struct copying **copying) {
  bulla_page_free(&(*copying)->moving.page);
  free(*copying);
}

/* Adds to a failure which row it is about, if it is about one. */
static enum bulla_status name_row(enum bulla_status status, const struct bulla_moved *row, const char *what) {
  char tenant[BULLA_LOG_NAME_MAX];
  char entry[BULLA_LOG_NAME_MAX];
  char field[BULLA_LOG_NAME_MAX];
  if (status != BULLA_REFUSED && status != BULLA_NOT_FOUND && status != BULLA_EXISTS && status != BULLA_ARENA_FULL) {
    return status;
  }
  bulla_log_name(tenant, row->tenant);
  if (row->kind == BULLA_MOVED_FIELD) {
    return bulla_explain(status, "%s/%s:%s %s", tenant, bulla_log_name(entry, row->entry),
                         bulla_log_name(field, row->field), what);
  }
  return row->kind == BULLA_MOVED_APIKEY
             ? bulla_explain(status, "API key %s of %s %s", bulla_log_name(entry, row->entry), tenant, what)
             : bulla_explain(status, "tenant %s %s", tenant, what);
}

/* Asks the target for a row, before the answer to the one before has come. Tenants are looked for as they are written.
 */
static struct bulla_statement ask(struct bulla_db *db, const struct bulla_moved *row) {
  static const enum bulla_query queries[] = {
      [BULLA_MOVED_TENANT] = BULLA_QUERY_FIND_TENANT,
      [BULLA_MOVED_FIELD] = BULLA_QUERY_FIELD_VERSION,
      [BULLA_MOVED_APIKEY] = BULLA_QUERY_FIND_APIKEY,
      [BULLA_MOVED_TOKEN] = BULLA_QUERY_FIND_REVOKED_TOKEN,
  };
  struct bulla_statement look = bulla_statement(db, queries[row->kind]);
  if (row->kind != BULLA_MOVED_APIKEY) {
    bulla_bind_text(&look, row->tenant);
  }
  if (row->kind == BULLA_MOVED_FIELD || row->kind == BULLA_MOVED_APIKEY) {
    bulla_bind_text(&look, row->entry);
  }
  if (row->kind == BULLA_MOVED_FIELD) {
    bulla_bind_text(&look, row->field);
  }
  if (row->kind == BULLA_MOVED_TOKEN) {
    bulla_bind_blob(&look, row->entry);
  }
  return look;
}

/* What the row of the target, which |look| is at, is to |row|. */
static enum bulla_status compare(enum state *state, struct bulla_statement *look, const struct bulla_moved *row) {
  bool same = true;
  switch (row->kind) {
    case BULLA_MOVED_TENANT:
      break;
    case BULLA_MOVED_FIELD:
      same = bulla_column_int(look) == row->revision;
      same = bulla_column_int(look) == row->time && same;
      break;
    case BULLA_MOVED_APIKEY:
      same = (bulla_column_int(look) != 0) == (row->revoked != 0);
      if (!same && row->revoked == 0) {
        return name_row(BULLA_EXISTS, row, "is revoked in the target alone");
      }
      break;
    case BULLA_MOVED_TOKEN:
      same = bulla_column_int(look) >= row->time;
      break;
  }
  *state = same ? SAME : CHANGED;
  return bulla_columns_good(look) ? BULLA_OK : BULLA_REFUSED;
}

static enum bulla_status look_for(enum state *state, struct bulla_statement *look, const struct bulla_moved *row) {
  bool found;
  *state = MISSING;
  BULLA_TRY(bulla_step(look, &found));
  enum bulla_status status = found ? compare(state, look, row) : BULLA_OK;
  bulla_statement_end(look);
  return status;
}

/* The statements of a piece: all are asked before the first answer is read. */
struct looks {
  struct bulla_statement statements[BULLA_MOVED_ROWS];
  size_t num;
};

static void looks_end(struct looks *looks) {
  for (size_t i = 0; i < looks->num; i++) {
    bulla_statement_end(&looks->statements[i]);
  }
}

/* Finds what the target has of each row. */
static enum bulla_status look_for_all(struct copying *copying) {
  const struct bulla_moving *moving = &copying->moving;
  struct looks looks BULLA_CLEANUP(looks_end) = {.num = 0};
  for (size_t i = 0; i < moving->num; i++) {
    looks.statements[i] = ask(copying->target->db, &moving->rows[i]);
    looks.num++;
    bulla_statement_ahead(&looks.statements[i]);
  }
  for (size_t i = 0; i < moving->num; i++) {
    BULLA_TRY(look_for(&copying->states[i], &looks.statements[i], &moving->rows[i]));
  }
  return BULLA_OK;
}

/* Whether a row that is to be written has a value that must be opened. */
static bool has_value(const struct bulla_moved *row) {
  return row->kind == BULLA_MOVED_FIELD || (row->kind == BULLA_MOVED_APIKEY && row->revoked == 0);
}

/* Opens in the source what the target has not. Plain values are recorded too: they leave the vault. */
static enum bulla_status open_all(struct copying *copying) {
  const struct bulla_moving *moving = &copying->moving;
  size_t rows[BULLA_MOVED_ROWS];
  size_t failed;
  for (size_t i = 0; i < moving->num; i++) {
    const struct bulla_moved *row = &moving->rows[i];
    if (copying->states[i] == SAME || !has_value(row)) {
      continue;
    }
    bool is_field = row->kind == BULLA_MOVED_FIELD;
    struct bulla_use *use = &copying->uses[copying->num_uses];
    *use = (struct bulla_use){.kind = is_field ? &bulla_use_copied : &bulla_use_apikey};
    use->record = bulla_audit_record(copying->who, EXPORT, row->tenant, row->entry);
    use->record.field = is_field ? row->field : bulla_span(NULL, 0);
    rows[copying->num_uses] = i;
    copying->use_of[i] = copying->num_uses++;
  }
  if (copying->num_uses == 0) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_use_all(&failed, copying->source, copying->uses, copying->num_uses);
  return status == BULLA_OK || failed >= copying->num_uses
             ? status
             : name_row(status, &moving->rows[rows[failed]],
                        status == BULLA_NOT_FOUND ? "was removed meanwhile" : "does not open in the vault");
}

/* The transaction of a piece in the target. */
struct writing {
  struct copying *copying;
  struct bulla_change change;
  struct bulla_putter putter; /* in the tenant and entry of the last field */
};

static void writing_end(struct writing *writing) {
  struct copying *copying = writing->copying;
  for (; copying->num_uses > 0; copying->num_uses--) {
    bulla_use_end(&copying->uses[copying->num_uses - 1]);
  }
  bulla_change_end(&writing->change);
}

/* The functions that write a row set |*owner| to its tenant in the target. */

static enum bulla_status write_tenant(const struct bulla_tenant **owner, struct writing *writing,
                                      const struct bulla_moved *row) {
  return bulla_tenant_create(owner, &writing->change, row->tenant, row->time);
}

/* What is written is what was opened, which may be newer than what was read. Nothing is kept of what the target had. */
static enum bulla_status write_field(const struct bulla_tenant **owner, struct writing *writing,
                                     const struct bulla_moved *row, enum state state, const struct bulla_use *use) {
  struct bulla_vault *target = writing->copying->target;
  int64_t num;
  struct bulla_putter *putter = &writing->putter;
  if (!bulla_span_equal(putter->tenant, row->tenant)) {
    BULLA_TRY(bulla_putter_begin(putter, &writing->change, IMPORT, row->tenant));
  }
  BULLA_TRY(bulla_putter_enter(putter, row->entry));
  *owner = putter->owner;
  const struct bulla_binding binding = {
      .tenant_id = bulla_tenant_id(putter->owner),
      .entry_id = bulla_span(putter->entry_id, sizeof(putter->entry_id)),
      .field = row->field,
      .revision = use->field.binding.revision,
  };
  struct bulla_field field = {
      .name = row->field, .value = bulla_secret_bytes(use->opened), .secret = use->field.secret};
  BULLA_TRY(bulla_field_keep_traits(&field, &writing->copying->source->keyring, &use->field));
  BULLA_TRY(state == CHANGED ? bulla_field_erase(&num, target, binding.entry_id, row->field) : BULLA_OK);
  return bulla_field_store(target, putter->owner, putter->keys, &binding, &field, use->field.updated);
}

static enum bulla_status write_apikey(const struct bulla_tenant **owner, struct writing *writing,
                                      const struct bulla_moved *row, enum state state,
                                      const struct bulla_secret *root) {
  const struct bulla_apikey_record record = {.id = row->entry, .name = row->field, .hash = row->hash, .root = root};
  struct bulla_vault *target = writing->copying->target;
  BULLA_TRY(bulla_tenant_find(owner, target, row->tenant));
  if (state == MISSING) {
    BULLA_TRY(bulla_apikey_store(target, *owner, &record, row->time));
  }
  if (row->revoked == 0) {
    return BULLA_OK;
  }
  writing->copying->has_revoked = true;
  return bulla_apikey_erase(target, bulla_tenant_id(*owner), row->entry, row->revoked);
}

static enum bulla_status write_token(const struct bulla_tenant **owner, struct writing *writing,
                                     const struct bulla_moved *row) {
  BULLA_TRY(bulla_tenant_find(owner, writing->copying->target, row->tenant));
  writing->copying->has_revoked = true;
  return bulla_token_store(writing->copying->target, *owner, row->entry, row->time);
}

/* Writes a row and its record. */
static enum bulla_status write_row(struct writing *writing, size_t index) {
  struct copying *copying = writing->copying;
  const struct bulla_moved *row = &copying->moving.rows[index];
  const struct bulla_use *use = has_value(row) ? &copying->uses[copying->use_of[index]] : NULL;
  struct bulla_audit_record record = bulla_audit_record(copying->who, IMPORT, row->tenant, row->entry);
  const struct bulla_tenant *owner = NULL;
  uint8_t digits[2 * BULLA_SHA256_LEN];
  switch (row->kind) {
    case BULLA_MOVED_TENANT:
      BULLA_TRY(write_tenant(&owner, writing, row));
      break;
    case BULLA_MOVED_FIELD:
      BULLA_TRY(write_field(&owner, writing, row, copying->states[index], use));
      record.field = row->field;
      break;
    case BULLA_MOVED_APIKEY:
      BULLA_TRY(write_apikey(&owner, writing, row, copying->states[index], use != NULL ? use->opened : NULL));
      break;
    case BULLA_MOVED_TOKEN:
      BULLA_TRY(write_token(&owner, writing, row));
      bulla_hex_encode(digits, row->entry);
      record.entry = bulla_span(digits, sizeof(digits));
      break;
  }
  return bulla_change_append_for(&writing->change, &record, owner);
}

/* Copies the rows of a piece that the target has not. */
static enum bulla_status copy_piece(struct copying *copying) {
  int64_t num_written = 0;
  struct writing writing BULLA_CLEANUP(writing_end) = {.copying = copying};
  BULLA_TRY(bulla_change_begin(&writing.change, copying->target, copying->who, BULLA_DB_WRITE));
  BULLA_TRY(look_for_all(copying));
  BULLA_TRY(open_all(copying));
  for (size_t i = 0; i < copying->moving.num; i++) {
    if (copying->states[i] != SAME) {
      BULLA_TRY(write_row(&writing, i));
      num_written++;
    }
  }
  BULLA_TRY(num_written > 0 ? bulla_change_commit(&writing.change) : BULLA_OK);
  copying->written += num_written;
  return BULLA_OK;
}

static enum bulla_status copy_all(struct copying *copying) {
  do {
    BULLA_TRY(bulla_moving_read(&copying->moving, copying->source));
    if (copying->moving.num > 0) {
      BULLA_TRY(copy_piece(copying));
    }
    copying->done += (int64_t)copying->moving.num;
    if (copying->progress != NULL) {
      copying->progress(copying->progress_arg, copying->done, copying->total);
    }
  } while (copying->moving.num > 0);
  if (copying->has_revoked) {
    bulla_watch_wait(&copying->target->watch);
  }
  return BULLA_OK;
}

/* Fails for a record of the target that tells of something else than that it is a copy of this source, or of what
 * changes no row that is copied. */
static enum bulla_status check_record(void *arg, const struct bulla_audit_record *record) {
  static const char *const harmless[] = {"init",         "root-add", "root-remove", "checkpoint",   "lane-open",
                                         "lane-take",    "lane-at",  "use",         "apikey-use",   "apikey-export",
                                         "export-vault", "keep",     "backup",      "restore-vault"};
  const struct copying *copying = arg;
  for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
    if (bulla_span_equal(record->op, bulla_text(harmless[i]))) {
      return BULLA_OK;
    }
  }
  if (!bulla_span_equal(record->op, IMPORT)) {
    char op[BULLA_LOG_NAME_MAX];
    return bulla_explain(BULLA_EXISTS, "the target is more than a copy: record %lld of its log is \"%s\"",
                         (long long)record->seq, bulla_log_name(op, record->op));
  }
  uint8_t id[2 * BULLA_ID_LEN];
  bulla_hex_encode(id, bulla_vault_id(copying->source));
  return record->tenant.len > 0 || bulla_span_equal(record->entry, bulla_span(id, sizeof(id)))
             ? BULLA_OK
             : bulla_explain(BULLA_EXISTS, "the target is a copy of another vault, %.32s",
                             record->entry.len == sizeof(id) ? (const char *)record->entry.data : "");
}

/* Before anything is written, again once others can see whose copy it is, and in the end: nothing keeps them out of the
 * target meanwhile. */
static enum bulla_status check_target(struct copying *copying) {
  return bulla_vault_audit_log(copying->target, 1, bulla_span(NULL, 0), check_record, copying);
}

/* Records that |op| begins, in |vault|, of the |other| one; |mac| is set to that of the record. */
static enum bulla_status tell(uint8_t *mac, struct bulla_vault *vault, const struct bulla_who *who,
                              struct bulla_span op, const struct bulla_vault *other, struct bulla_span field) {
  uint8_t id[2 * BULLA_ID_LEN];
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  bulla_hex_encode(id, bulla_vault_id(other));
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(bulla_change_tell(&change, op, bulla_span(NULL, 0), bulla_span(id, sizeof(id)), field));
  memcpy(mac, bulla_audit_end(&change.head).mac, BULLA_MAC_LEN);
  return bulla_change_commit(&change);
}

/* The record of the target has the mac of that of the source, which stands for all that its lane tells up to it. */
static enum bulla_status tell_both(const struct copying *copying) {
  uint8_t mac[BULLA_MAC_LEN];
  uint8_t digits[2 * BULLA_MAC_LEN];
  BULLA_TRY(tell(mac, copying->source, copying->who, EXPORT, copying->target, bulla_span(NULL, 0)));
  bulla_hex_encode(digits, bulla_span(mac, sizeof(mac)));
  return tell(mac, copying->target, copying->who, IMPORT, copying->source, bulla_span(digits, sizeof(digits)));
}

/* What is counted, in the order of BULLA_QUERY_COUNT_ROWS. */
enum { TENANTS, ENTRIES, FIELDS, LIVE_APIKEYS, REVOKED_APIKEYS, TOKENS, NUM_COUNTS };

static enum bulla_status count(int64_t counts[NUM_COUNTS], struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  bool row;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_COUNT_ROWS);
  BULLA_TRY(bulla_step(&statement, &row));
  for (size_t i = 0; i < NUM_COUNTS; i++) {
    counts[i] = bulla_column_int(&statement);
  }
  return row && bulla_columns_good(&statement) ? BULLA_OK : BULLA_NOT_A_VAULT;
}

static enum bulla_status compare_counts(const int64_t *in_source, const int64_t *in_target) {
  static const char *const names[] = {"tenants",       "entries",          "fields",
                                      "live API keys", "revoked API keys", "revoked tokens"};
  for (size_t i = 0; i < NUM_COUNTS; i++) {
    if (in_source[i] != in_target[i]) {
      return bulla_explain(in_target[i] > in_source[i] ? BULLA_EXISTS : BULLA_IN_USE,
                           "of %s the target has %lld and the vault %lld", names[i], (long long)in_target[i],
                           (long long)in_source[i]);
    }
  }
  return BULLA_OK;
}

static enum bulla_status copy(struct copying *copying, struct bulla_export_report *found) {
  int64_t in_source[NUM_COUNTS] = {0};
  int64_t in_target[NUM_COUNTS] = {0};
  BULLA_TRY(count(in_source, copying->source));
  copying->total =
      in_source[TENANTS] + in_source[FIELDS] + in_source[LIVE_APIKEYS] + in_source[REVOKED_APIKEYS] + in_source[TOKENS];
  BULLA_TRY(check_target(copying));
  BULLA_TRY(tell_both(copying));
  BULLA_TRY(check_target(copying));
  BULLA_TRY(copy_all(copying));
  BULLA_TRY(check_target(copying));
  BULLA_TRY(count(in_source, copying->source));
  BULLA_TRY(count(in_target, copying->target));
  BULLA_TRY(compare_counts(in_source, in_target));
  found->num_tenants = in_target[TENANTS];
  found->num_entries = in_target[ENTRIES];
  found->num_fields = in_target[FIELDS];
  found->num_live_apikeys = in_target[LIVE_APIKEYS];
  found->num_revoked_apikeys = in_target[REVOKED_APIKEYS];
  found->num_revoked_tokens = in_target[TOKENS];
  found->num_written = copying->written;
  return BULLA_OK;
}

enum bulla_status bulla_vault_export(struct bulla_vault *vault, struct bulla_export_report *report,
                                     struct bulla_vault *target, const struct bulla_who *who,
                                     bulla_progress_fn progress, void *arg) {
  size_t size;
  struct bulla_export_report found = BULLA_EXPORT_REPORT_INIT;
  BULLA_TRY(bulla_sized_read(&size, report, BULLA_SIZE_TO(struct bulla_export_report, num_written), sizeof(*report)));
  bulla_sized_clear(report, size);
  BULLA_TRY(bulla_vault_here(vault));
  BULLA_TRY(bulla_vault_here(target));
  BULLA_TRY(bulla_who_check(who, true));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("export-vault"), NULL));
  BULLA_TRY(bulla_may_root(target, who, BULLA_LITERAL("import-vault"), NULL));
  if (bulla_span_equal(bulla_vault_id(vault), bulla_vault_id(target))) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "the target is the vault itself, or a copy of its file");
  }
  struct copying *copying BULLA_CLEANUP(copying_free) = calloc(1, sizeof(*copying));
  if (copying == NULL) {
    return BULLA_NO_MEMORY;
  }
  copying->source = vault;
  copying->target = target;
  copying->who = who;
  copying->progress = progress;
  copying->progress_arg = arg;
  enum bulla_status status = copy(copying, &found);
  if (status == BULLA_OK) {
    bulla_sized_give(report, size, &found, sizeof(found));
  }
  return status;
}
