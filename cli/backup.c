/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* backup and restore: a vault in use is written to a file, and a new vault is made of such a file. */

#include <stdio.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/when.h"
#include "core/hex.h"
#include "store/db.h"

#define COPY_ROOM ((size_t)256 << 10) /* bytes of locked memory for the keys of a second vault */

/* What is told of the lanes. */
struct lanes {
  char heads[BULLA_ANCHOR_MAX]; /* of the backup, a line each, as in an anchor */
  size_t len;
  int64_t num_missing; /* records that the anchor knows of */
};

static void take_head(void *arg, const struct bulla_backup_head *head) {
  struct lanes *lanes = arg;
  char digits[2 * 32 + 1] = {0};
  size_t room = sizeof(lanes->heads) - lanes->len;
  lanes->num_missing += head->num_missing;
  bulla_hex_encode((uint8_t *)digits, bulla_span(head->mac.data, head->mac.len < 32 ? head->mac.len : 32));
  int len = snprintf(lanes->heads + lanes->len, room, "%s%lld %lld %s", lanes->len > 0 ? "\n" : "",
                     (long long)head->lane, (long long)head->seq, digits);
  lanes->len += len > 0 && (size_t)len < room ? (size_t)len : 0;
}

/* begin fills the options that both commands have. */
static void begin(struct bulla_cli *cli, struct bulla_backup_options *options, struct bulla_session_who *me,
                  struct bulla_progress *progress, struct lanes *lanes) {
  bulla_session_identify(me, cli, cli->command->name);
  options->who = &me->who;
  options->progress = bulla_progress_line;
  options->progress_arg = progress;
  options->each = take_head;
  options->each_arg = lanes;
}

static const char *name_id(char text[2 * BULLA_BACKUP_ID_LEN + 1], const struct bulla_backup_report *made) {
  bulla_hex_encode((uint8_t *)text, bulla_span(made->id, sizeof(made->id)));
  text[2 * BULLA_BACKUP_ID_LEN] = '\0';
  return text;
}

static enum bulla_status report_backup(struct bulla_cli *cli, const struct bulla_backup_report *made,
                                       const struct lanes *lanes) {
  static const char *const names[] = {"file", "bytes", "records", "lanes", "id", "time", "heads", NULL};
  char id[2 * BULLA_BACKUP_ID_LEN + 1];
  char after[160];
  const struct bulla_cell cells[] = {bulla_cell_string(cli->operands[0]),
                                     bulla_cell_number(made->num_bytes),
                                     bulla_cell_number(made->num_records),
                                     bulla_cell_number(made->num_lanes),
                                     bulla_cell_string(name_id(id, made)),
                                     bulla_cell(BULLA_CELL_MICROSECONDS, made->time),
                                     bulla_cell_text(bulla_span(lanes->heads, lanes->len))};
  if (cli->json) {
    return bulla_rows_one(cli, names, cells);
  }
  (void)snprintf(after, sizeof(after), ": %lld bytes, %lld records, id %s; verified\n", (long long)made->num_bytes,
                 (long long)made->num_records, id);
  return bulla_output_text(cli, "made backup ", cli->operands[0], after);
}

enum bulla_status bulla_run_backup(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_backup_options options = BULLA_BACKUP_OPTIONS_INIT;
  struct bulla_backup_report made = BULLA_BACKUP_REPORT_INIT;
  struct bulla_session_who me;
  struct bulla_progress progress = {.what = "backing up", .units = "MiB", .shift = 20};
  struct lanes lanes = {.len = 0};
  BULLA_TRY(bulla_session_memory(COPY_ROOM));
  BULLA_TRY(bulla_session_vault_by(cli, &vault, &root));
  options.root = root;
  begin(cli, &options, &me, &progress, &lanes);
  bulla_cli_at(cli, "backup %s", cli->operands[0]);
  enum bulla_status status = bulla_vault_backup(vault, &made, cli->operands[0], &options);
  bulla_progress_end(&progress);
  if (status == BULLA_EXISTS) {
    return bulla_cli_error(cli, status, "a file exists already and is left as it is: name another");
  }
  if (status == BULLA_DISK_FULL) {
    return bulla_cli_error(cli, status, "the disk is full, and no backup was made: free some space, then try again");
  }
  if (status == BULLA_SECRET_UNAVAILABLE) {
    return bulla_cli_error(cli, status, "pg_dump could not make it: fix that, then try again");
  }
  BULLA_TRY(status);
  return report_backup(cli, &made, &lanes);
}

static struct bulla_cell missing_cell(const struct bulla_backup_options *options, const struct lanes *lanes) {
  return bulla_cell(options->anchor.len > 0 ? BULLA_CELL_NUMBER : BULLA_CELL_NONE, lanes->num_missing);
}

/* warn says what a restore cannot give back. */
static enum bulla_status warn(const struct bulla_backup_options *options, const struct bulla_backup_report *made,
                              const struct lanes *lanes) {
  char text[BULLA_WHEN_TEXT_MAX] = "";
  (void)bulla_when_text(text, bulla_when_floor(made->time, 1000000), -1);
  printf(
      "what was done after %s is missing: revoke again the API keys, tokens, actors and grants that were revoked "
      "since\n",
      text);
  if (options->anchor.len > 0) {
    printf("%lld record%s that the anchor knows of %s missing\n", (long long)lanes->num_missing,
           lanes->num_missing == 1 ? "" : "s", lanes->num_missing == 1 ? "is" : "are");
  }
  return BULLA_OK;
}

static enum bulla_status report_restore(struct bulla_cli *cli, const struct bulla_backup_options *options,
                                        const struct bulla_backup_report *made, const struct lanes *lanes) {
  static const char *const names[] = {"vault", "file", "bytes", "records", "lanes", "id", "time", "missing", NULL};
  char room[BULLA_SESSION_URL_MAX];
  char id[2 * BULLA_BACKUP_ID_LEN + 1];
  char after[128];
  const char *url = bulla_session_shown_url(cli, room);
  const struct bulla_cell cells[] = {bulla_cell_string(url),
                                     bulla_cell_string(cli->operands[0]),
                                     bulla_cell_number(made->num_bytes),
                                     bulla_cell_number(made->num_records),
                                     bulla_cell_number(made->num_lanes),
                                     bulla_cell_string(name_id(id, made)),
                                     bulla_cell(BULLA_CELL_MICROSECONDS, made->time),
                                     missing_cell(options, lanes)};
  if (cli->json) {
    return bulla_rows_one(cli, names, cells);
  }
  (void)snprintf(after, sizeof(after), ": %lld records, backup %s\n", (long long)made->num_records, id);
  BULLA_TRY(bulla_output_text(cli, "restored vault ", url, after));
  return warn(options, made, lanes);
}

static enum bulla_status explain_restore(struct bulla_cli *cli, enum bulla_status status) {
  switch (status) {
    case BULLA_NO_VAULT:
      return bulla_cli_error(cli, status, "there is no such file, or no database for the new vault");
    case BULLA_NOT_A_VAULT:
      return bulla_cli_error(cli, status,
                             "it is no backup: take another; a vault can be named with --vault, and bulla backup makes "
                             "a backup of it");
    case BULLA_UNSUPPORTED:
      return bulla_cli_error(cli, status,
                             "it cannot be restored to there: restore to a vault of the same kind, then bulla export "
                             "copies that to any other");
    case BULLA_WRONG_VAULT:
      return bulla_cli_error(cli, status, "it is not known to be of the vault that --fingerprint or --vault-id names");
    case BULLA_SECRET_UNAVAILABLE:
      return bulla_cli_error(cli, status, "pg_restore could not restore it: fix that, then try again");
    case BULLA_REFUSED:
      return cli->detailed == status ? bulla_cli_error(cli, status, "refused: %s", cli->detail) : status;
    case BULLA_AUDIT_BROKEN:
      return bulla_cli_error(cli, status, "its log is not good: take another backup");
    case BULLA_EXISTS:
      if (cli->detailed == status && cli->detail[0] != '\0') {
        return bulla_cli_error(cli, status, "a schema \"bulla\" is there: %s", cli->detail);
      }
      cli->note = "a field is restored with --revision";
      bulla_session_at_vault(cli);
      return bulla_session_explain(cli, status);
    default:
      return status;
  }
}

enum bulla_status bulla_run_restore_backup(struct bulla_cli *cli) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_buffer anchor BULLA_CLEANUP(bulla_input_free) = bulla_buffer(NULL, 0);
  struct bulla_backup_options options = BULLA_BACKUP_OPTIONS_INIT;
  struct bulla_backup_report made = BULLA_BACKUP_REPORT_INIT;
  struct bulla_session_who me;
  struct bulla_session_pins pins;
  struct bulla_progress progress = {.what = "reading", .units = "MiB", .shift = 20};
  struct lanes lanes = {.len = 0};
  bulla_session_at_vault(cli);
  BULLA_TRY(bulla_session_explain(cli, bulla_db_check_url(bulla_session_url(cli))));
  BULLA_TRY(bulla_session_memory(0));
  BULLA_TRY(bulla_session_known(cli, &root, &pins));
  BULLA_TRY(bulla_input_anchor(cli, &anchor, bulla_option_value(cli, "anchor")));
  options.root = root;
  options.id = pins.id;
  options.fingerprint = pins.fingerprint;
  options.anchor = bulla_written(&anchor);
  begin(cli, &options, &me, &progress, &lanes);
  bulla_cli_at(cli, "backup %s", cli->operands[0]);
  enum bulla_status status = bulla_vault_restore(bulla_session_url(cli), &made, cli->operands[0], &options);
  bulla_progress_end(&progress);
  BULLA_TRY(explain_restore(cli, status));
  return report_restore(cli, &options, &made, &lanes);
}
