/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Making a backup while the vault is in use. A record of it is committed first. Then a connection of its own sees one
 * state of the database, which has that record, until the driver has written it to a file (store/db_driver.h). The file
 * is verified, gets its end (store/backup_end.h), and only then its name: who is killed meanwhile leaves a file of
 * another name that nothing takes for a backup. If it fails, a second record says so. No lock of the vault is held but
 * for the record. */

#include <unistd.h>

#include "core/crypto.h"
#include "core/log.h"
#include "core/sized.h"
#include "store/backup_end.h"
#include "store/backup_record.h"
#include "store/db_sqlite_files.h"
#include "store/file.h"
#include "store/may.h"

enum { TRIES = 8 };

/* A backup on its way. */
struct backing {
  struct bulla_vault *vault;
  const struct bulla_backup_options *options;
  uint8_t id[BULLA_BACKUP_ID_LEN];
  struct bulla_db *db;          /* sees the state that is backed up, from |transaction| on */
  struct bulla_db *transaction; /* NULL if there is none */
  struct bulla_anchor heads;    /* of that state */
  int64_t time;                 /* of its record */
  bool is_told;                 /* there is such a record */
  char draft[PATH_MAX];         /* empty before there is a file */
};

static void backing_end(struct backing *backing) {
  bulla_anchor_free(&backing->heads);
  bulla_db_rollback(&backing->transaction);
  bulla_db_close(&backing->db);
  if (backing->draft[0] != '\0') {
    unlink(backing->draft);
  }
}

static enum bulla_status connect(struct backing *backing) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, backing->vault));
  return bulla_db_open_another(&backing->db, backing->vault->db, 0);
}

/* Begins to see a state in which the last backup that is told of is this one, so that a restore knows which it was.
 * Another may have been begun between the record and this; |*is_ours| is false then. */
static enum bulla_status see(struct backing *backing, bool *is_ours) {
  struct bulla_backup_record last;
  BULLA_TRY(bulla_backup_tell(backing->vault, backing->options->who, bulla_span(backing->id, sizeof(backing->id))));
  backing->is_told = true;
  if (backing->db == NULL) {
    BULLA_TRY(connect(backing));
  }
  BULLA_TRY(bulla_db_begin(&backing->transaction, backing->db, BULLA_DB_READ));
  BULLA_TRY(bulla_backup_find(&last, backing->vault, backing->db));
  *is_ours = last.found && memcmp(last.id, backing->id, sizeof(last.id)) == 0;
  backing->time = last.time;
  if (!*is_ours) {
    bulla_db_rollback(&backing->transaction);
    return BULLA_OK;
  }
  return bulla_heads_read(&backing->heads, backing->vault, backing->db);
}

static enum bulla_status begin(struct backing *backing) {
  bool is_ours = false;
  BULLA_TRY(bulla_random(backing->id, sizeof(backing->id)));
  for (int i = 0; i < TRIES && !is_ours; i++) {
    BULLA_TRY(see(backing, &is_ours));
  }
  return is_ours ? BULLA_OK : bulla_explain(BULLA_BUSY, "other backups of the vault are being made");
}

/* Nothing there yet, which is looked for before there is a record; and a file to write to. Of whatever database it is a
 * backup: a file of such a name SQLite deletes when it opens the database that lies beside it. */
static enum bulla_status make_draft(struct backing *backing, const char *path) {
  char draft[PATH_MAX];
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  BULLA_TRY(bulla_sqlite_may_create(path));
  BULLA_TRY(bulla_file_draft(draft, path));
  BULLA_TRY(bulla_file_create(&file, draft));
  memcpy(backing->draft, draft, sizeof(draft));
  return BULLA_OK;
}

/* Whether the log of |vault| ends as the state that was seen does. */
static enum bulla_status compare_heads(const struct backing *backing, struct bulla_vault *vault) {
  struct bulla_anchor heads BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  uint8_t digests[2][BULLA_SHA256_LEN];
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_heads_read(&heads, vault, vault->db));
  BULLA_TRY(bulla_heads_digest(digests[0], &heads));
  BULLA_TRY(bulla_heads_digest(digests[1], &backing->heads));
  return memcmp(digests[0], digests[1], sizeof(digests[0])) == 0
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the log in the backup ends elsewhere than in the vault");
}

/* The whole log, and every tenant. */
static enum bulla_status verify_vault(struct bulla_vault *vault) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  BULLA_TRY(bulla_vault_audit_verify(vault, &verdict));
  return bulla_backup_check_tenants(vault);
}

/* Opens the backup as whoever restores it will, and verifies it. */
static enum bulla_status verify_backup(const struct backing *backing) {
  struct bulla_vault *copy BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  BULLA_TRY(bulla_vault_fingerprint(backing->vault, fingerprint));
  options.id = bulla_vault_id(backing->vault);
  options.fingerprint = bulla_span(fingerprint, sizeof(fingerprint));
  options.read_only = true;
  BULLA_TRY(
      bulla_vault_open_backup(&copy, backing->vault->db->driver, backing->draft, backing->options->root, &options));
  BULLA_TRY(verify_vault(copy));
  return compare_heads(backing, copy);
}

static enum bulla_status write_file(struct backing *backing) {
  const struct bulla_backup_options *options = backing->options;
  BULLA_TRY(backing->db->driver->back_up(backing->db, backing->draft, options->progress, options->progress_arg));
  bulla_db_rollback(&backing->transaction);
  return backing->vault->db->driver->backup_opens ? verify_backup(backing) : verify_vault(backing->vault);
}

static enum bulla_status end_file(int64_t *len, const struct backing *backing) {
  const struct bulla_backup_said said = {.uuid = bulla_vault_id(backing->vault),
                                         .kind = bulla_text(backing->vault->db->driver->kind),
                                         .id = bulla_span(backing->id, sizeof(backing->id)),
                                         .time = backing->time};
  return bulla_backup_end_write(len, backing->draft, &backing->vault->keyring, &said);
}

/* Reports what was made, and its heads. */
static void report(const struct backing *backing, struct bulla_backup_report *made) {
  const struct bulla_backup_options *options = backing->options;
  memcpy(made->id, backing->id, sizeof(made->id));
  made->time = backing->time;
  made->num_lanes = (int64_t)backing->heads.num;
  for (size_t i = 0; i < backing->heads.num; i++) {
    const struct bulla_anchored *lane = &backing->heads.lanes[i];
    made->num_records += lane->seq;
    if (options->each != NULL) {
      const struct bulla_backup_head head = {
          .lane = lane->lane, .seq = lane->seq, .mac = bulla_span(lane->mac, sizeof(lane->mac))};
      options->each(options->each_arg, &head);
    }
  }
}

static enum bulla_status make(struct backing *backing, struct bulla_backup_report *made, const char *path) {
  BULLA_TRY(make_draft(backing, path));
  BULLA_TRY(begin(backing));
  BULLA_TRY(write_file(backing));
  BULLA_TRY(end_file(&made->num_bytes, backing));
  BULLA_TRY(bulla_file_publish(path, backing->draft));
  backing->draft[0] = '\0';
  report(backing, made);
  return BULLA_OK;
}

/* The log must not tell of a backup that there is not, unless nothing can be written to it any more. */
static void tell_failed(struct backing *backing) {
  bulla_db_rollback(&backing->transaction);
  if (!backing->is_told) {
    return;
  }
  enum bulla_status status =
      bulla_backup_tell_failed(backing->vault, backing->options->who, bulla_span(backing->id, sizeof(backing->id)));
  if (status != BULLA_OK) {
    bulla_warn(status, "it could not be recorded that the backup failed");
  }
}

enum bulla_status bulla_vault_backup(struct bulla_vault *vault, struct bulla_backup_report *report, const char *path,
                                     const struct bulla_backup_options *options) {
  size_t size;
  struct bulla_backup_options taken;
  struct bulla_backup_report made = BULLA_BACKUP_REPORT_INIT;
  BULLA_TRY(bulla_backup_take(&taken, &size, report, options, path));
  BULLA_TRY(bulla_vault_here(vault));
  BULLA_TRY(bulla_may_root(vault, taken.who, BULLA_LITERAL("backup"), NULL));
  BULLA_TRY(bulla_db_check_whole(vault->db));
  struct backing backing BULLA_CLEANUP(backing_end) = {.vault = vault, .options = &taken};
  enum bulla_status status = make(&backing, &made, path);
  if (status != BULLA_OK) {
    tell_failed(&backing);
    return status;
  }
  bulla_sized_give(report, size, &made, sizeof(made));
  return BULLA_OK;
}
