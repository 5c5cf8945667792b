/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Making a vault of a backup. The driver brings the backup to where it can be written to, but marked as no vault. All
 * of it is verified there. One transaction appends what its log has to say, opens a lane and takes the mark away; then
 * the vault gets its place. So there is no vault, or one that says that it was restored, whatever ends this. */

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "core/hex.h"
#include "core/log.h"
#include "core/sized.h"
#include "store/audit_rows.h"
#include "store/backup_end.h"
#include "store/backup_record.h"
#include "store/change.h"
#include "store/file.h"
#include "store/lane_record.h"

enum { TIME_MAX = 32 };

/* A restore on its way. */
struct restoring {
  const struct bulla_backup_options *options;
  struct bulla_backup_end end;
  struct bulla_anchor heads;    /* of the backup */
  struct bulla_anchor anchored; /* none without an anchor */
};

static void restoring_end(struct restoring *restoring) {
  bulla_anchor_free(&restoring->heads);
  bulla_anchor_free(&restoring->anchored);
}

/* To close a database that this process has open would take its locks. */
static enum bulla_status open_file(int *file, const char *path) {
  char beside[PATH_MAX];
  if (bulla_file_append(beside, path, "-shm") && access(beside, F_OK) == 0) {
    return bulla_explain(BULLA_NOT_A_VAULT, "it is a vault in use, and no backup");
  }
  *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (*file < 0) {
    return errno == ENOENT || errno == ENOTDIR ? BULLA_NO_VAULT
                                               : bulla_explain(bulla_file_status(errno), "the backup cannot be read");
  }
  return BULLA_OK;
}

/* Whether the record that ends a lane in the anchor is in the backup, if it is as long. */
static enum bulla_status check_anchored(struct bulla_vault *vault, const struct bulla_anchored *anchored) {
  const struct bulla_audit_lane lane = {.number = anchored->lane};
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_audit_rows(vault->db, &lane, anchored->seq, anchored->seq, 1);
  struct bulla_audit_row row;
  uint8_t mac[BULLA_MAC_LEN];
  bool found;
  if (anchored->seq == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_audit_next_row(&row, &statement, &found));
  if (!found) {
    return BULLA_OK;
  }
  bulla_column_bytes(&statement, mac, sizeof(mac));
  return bulla_columns_good(&statement) && memcmp(mac, anchored->mac, sizeof(mac)) == 0
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the log of the backup is another than the anchored one");
}

static enum bulla_status check_anchor(struct restoring *restoring, struct bulla_vault *vault) {
  if (restoring->options->anchor.len == 0) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_anchor_read(&restoring->anchored, &vault->keyring, restoring->options->anchor);
  BULLA_TRY(status == BULLA_REFUSED ? bulla_explain(status, "the anchor is none of this vault's") : status);
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  for (size_t i = 0; i < restoring->anchored.num; i++) {
    BULLA_TRY(check_anchored(vault, &restoring->anchored.lanes[i]));
  }
  return BULLA_OK;
}

/* Verifies all that needs a key: the end of the file, the log, the tenants, and that the log has the backup's record,
 * which is the last one of a backup. */
static enum bulla_status verify(struct restoring *restoring, struct bulla_vault *vault) {
  const struct bulla_backup_end *end = &restoring->end;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_backup_record last;
  const uint8_t *signer = vault->keyring.signing_public;
  if (!bulla_span_equal(end->said.signer, bulla_span(signer, sizeof(vault->keyring.signing_public))) ||
      !bulla_span_equal(end->said.uuid, bulla_vault_id(vault))) {
    return bulla_explain(BULLA_REFUSED, "its end was not signed by its vault: take another backup");
  }
  BULLA_TRY(bulla_vault_audit_verify(vault, &verdict));
  BULLA_TRY(bulla_backup_check_tenants(vault));
  BULLA_TRY(check_anchor(restoring, vault));
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_backup_find(&last, vault, vault->db));
  return last.found && bulla_span_equal(end->said.id, bulla_span(last.id, sizeof(last.id)))
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the log of the backup does not tell of it");
}

static struct bulla_span write_time(char text[TIME_MAX], int64_t us) {
  struct tm parts = {.tm_year = 0};
  time_t seconds = (time_t)(us / 1000000);
  bool good = gmtime_r(&seconds, &parts) != NULL;
  size_t len = good ? strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts) : 0;
  return bulla_span((const uint8_t *)text, len);
}

/* Opens a lane, so that the log differs from that of the vault that was lost also in its lanes. One that has as many as
 * there can be differs by the record alone. */
static enum bulla_status open_lane(struct bulla_change *change) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  struct bulla_vault *vault = change->vault;
  struct bulla_audit_log log = {.db = vault->db, .keyring = &vault->keyring};
  BULLA_TRY(bulla_lane_next_number(&log.lane.number, &vault->keyring, vault->db));
  if (log.lane.number == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_audit_start(&head, &log));
  return bulla_lane_record_open(change, &log.lane);
}

/* The record names the backup, its time, and by their digest the heads that the log has there. */
static enum bulla_status adopt(struct restoring *restoring, struct bulla_vault *vault) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_backup_said *said = &restoring->end.said;
  uint8_t digits[2 * BULLA_BACKUP_ID_LEN];
  char text[TIME_MAX];
  bulla_hex_encode(digits, said->id);
  BULLA_TRY(bulla_change_begin(&change, vault, restoring->options->who, BULLA_DB_WRITE));
  BULLA_TRY(bulla_heads_read(&restoring->heads, vault, vault->db));
  BULLA_TRY(bulla_heads_digest(change.digest, &restoring->heads));
  change.has_digest = true;
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("restore-vault"), bulla_span(NULL, 0),
                              bulla_span(digits, sizeof(digits)), write_time(text, said->time)));
  BULLA_TRY(open_lane(&change));
  BULLA_TRY(vault->db->driver->adopt(vault->db));
  return bulla_change_commit(&change);
}

static enum bulla_status make_vault(struct restoring *restoring, const struct bulla_db_loading *loading) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  options.id = restoring->options->id;
  options.fingerprint = restoring->options->fingerprint;
  BULLA_TRY(
      bulla_vault_open_backup(&vault, loading->driver, bulla_db_loaded(loading), restoring->options->root, &options));
  BULLA_TRY(verify(restoring, vault));
  return adopt(restoring, vault);
}

/* Tells of a lane, and how many of its records the anchor knows of that the backup has not. */
static void tell_lane(const struct restoring *restoring, const struct bulla_anchored *lane) {
  const struct bulla_backup_options *options = restoring->options;
  int64_t seq = bulla_anchor_seq(&restoring->heads, lane->lane);
  int64_t anchored = bulla_anchor_seq(&restoring->anchored, lane->lane);
  const struct bulla_backup_head head = {.lane = lane->lane,
                                         .seq = seq,
                                         .mac = bulla_span(lane->mac, sizeof(lane->mac)),
                                         .num_missing = anchored > seq ? anchored - seq : 0};
  options->each(options->each_arg, &head);
}

static void tell_lanes(const struct restoring *restoring) {
  for (size_t i = 0; restoring->options->each != NULL && i < restoring->heads.num; i++) {
    tell_lane(restoring, &restoring->heads.lanes[i]);
  }
  /* Lanes that were opened since. */
  for (size_t i = 0; restoring->options->each != NULL && i < restoring->anchored.num; i++) {
    if (!bulla_anchor_has(&restoring->heads, restoring->anchored.lanes[i].lane)) {
      tell_lane(restoring, &restoring->anchored.lanes[i]);
    }
  }
}

/* Whether the backup is of the vault that it must be of, by what its end says. Where loading it is more than reading
 * it, that must be known. */
static enum bulla_status check_pins(const struct restoring *restoring, bool must_be_known) {
  const struct bulla_backup_options *options = restoring->options;
  uint8_t fingerprint[BULLA_SHA256_LEN];
  uint8_t digits[2 * BULLA_SHA256_LEN];
  if (options->id.len > 0 && !bulla_span_equal(options->id, restoring->end.said.uuid)) {
    return BULLA_WRONG_VAULT;
  }
  BULLA_TRY(bulla_backup_end_fingerprint(fingerprint, &restoring->end));
  bulla_hex_encode(digits, bulla_span(fingerprint, sizeof(fingerprint)));
  if (options->fingerprint.len == 0 && must_be_known) {
    return bulla_explain(BULLA_WRONG_VAULT,
                         "pg_restore does whatever the backup says, so the fingerprint of its vault must be given: if "
                         "nobody else can have written the file, it is %.*s",
                         (int)sizeof(digits), (const char *)digits);
  }
  bool same = options->fingerprint.len == 0 ||
              bulla_span_equal(options->fingerprint, bulla_span(fingerprint, sizeof(fingerprint)));
  return same ? BULLA_OK : BULLA_WRONG_VAULT;
}

static void report(const struct restoring *restoring, struct bulla_backup_report *made) {
  memcpy(made->id, restoring->end.said.id.data, sizeof(made->id));
  made->time = restoring->end.said.time;
  made->num_lanes = (int64_t)restoring->heads.num;
  for (size_t i = 0; i < restoring->heads.num; i++) {
    made->num_records += restoring->heads.lanes[i].seq;
  }
  tell_lanes(restoring);
}

static enum bulla_status restore(struct restoring *restoring, struct bulla_backup_report *made, const char *url,
                                 const char *path) {
  const struct bulla_backup_options *options = restoring->options;
  struct bulla_db_loading loading BULLA_CLEANUP(bulla_db_withdraw) = {.driver = NULL};
  const struct bulla_backup_said *said = &restoring->end.said;
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  BULLA_TRY(open_file(&file, path));
  BULLA_TRY(bulla_backup_end_read(&restoring->end, file, options->progress, options->progress_arg));
  BULLA_TRY(bulla_db_loading_begin(&loading, url, said->kind));
  BULLA_TRY(check_pins(restoring, !loading.driver->backup_opens));
  BULLA_TRY(bulla_db_load(&loading, file, said->len));
  BULLA_TRY(make_vault(restoring, &loading));
  BULLA_TRY(bulla_db_publish(&loading));
  made->num_bytes = said->len + bulla_backup_end_len(&restoring->end);
  report(restoring, made);
  return BULLA_OK;
}

enum bulla_status bulla_vault_restore(const char *url, struct bulla_backup_report *report, const char *path,
                                      const struct bulla_backup_options *options) {
  size_t size;
  struct bulla_backup_options taken;
  struct bulla_backup_report made = BULLA_BACKUP_REPORT_INIT;
  BULLA_TRY(bulla_backup_take(&taken, &size, report, options, path));
  BULLA_TRY(bulla_db_check_url(url));
  BULLA_TRY(bulla_db_may_create(url));
  struct restoring restoring BULLA_CLEANUP(restoring_end) = {.options = &taken};
  BULLA_TRY(restore(&restoring, &made, url, path));
  bulla_sized_give(report, size, &made, sizeof(made));
  return BULLA_OK;
}
