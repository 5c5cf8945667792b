/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* audit log and audit verify. */

#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/rows.h"
#include "cli/session.h"

enum { NUM_COLUMNS = 10 };

/* The log on its way out. A table of it is read twice, first to learn how wide its columns are: it may be too long
 * to be held. */
struct log {
  struct bulla_rows rows;
  int64_t last_seq;    /* what is newer than the first reading is left out, it might be wider */
  int64_t num_records; /* that there were to print */
};

static void make_cells(struct bulla_cell cells[NUM_COLUMNS], const struct bulla_audit_record *record) {
  const struct bulla_cell made[NUM_COLUMNS] = {bulla_cell(BULLA_CELL_NUMBER, record->seq),
                                               bulla_cell(BULLA_CELL_MICROSECONDS, record->time),
                                               bulla_cell_text(record->tenant),
                                               bulla_cell_text(record->actor),
                                               bulla_cell_text(record->origin),
                                               bulla_cell_text(record->reason),
                                               bulla_cell_text(record->op),
                                               bulla_cell_text(record->entry),
                                               bulla_cell_text(record->field),
                                               bulla_cell_text(record->outcome)};
  memcpy(cells, made, sizeof(made));
}

static enum bulla_status measure_record(void *arg, const struct bulla_audit_record *record) {
  struct log *log = (struct log *)arg;
  struct bulla_cell cells[NUM_COLUMNS];
  make_cells(cells, record);
  log->last_seq = record->seq;
  return bulla_rows_measure(&log->rows, cells);
}

static enum bulla_status print_record(void *arg, const struct bulla_audit_record *record) {
  struct log *log = (struct log *)arg;
  struct bulla_cell cells[NUM_COLUMNS];
  make_cells(cells, record);
  log->num_records++;
  return record->seq <= log->last_seq ? bulla_rows_add(&log->rows, cells) : BULLA_OK;
}

static void log_free(struct log *log) {
  bulla_rows_free(&log->rows);
}

enum bulla_status bulla_run_audit_log(struct bulla_cli *cli) {
  static const char *const names[NUM_COLUMNS + 1] = {"seq", "time",  "tenant", "actor",   "origin", "reason",
                                                     "op",  "entry", "field",  "outcome", NULL};
  int64_t first = 1;
  struct bulla_span tenant = bulla_option_span(cli, "tenant");
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct log log BULLA_CLEANUP(log_free) = {.last_seq = INT64_MAX};
  bulla_rows_begin(&log.rows, cli, names, false);
  BULLA_TRY(bulla_option_number(cli, "from", &first));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_at_tenant(cli, tenant, "--tenant");
  if (!cli->json) {
    /* Where it cannot be read on, that is told once the records before have been printed. */
    enum bulla_status ignored = bulla_vault_audit_log(vault, first, tenant, measure_record, &log);
    (void)ignored;
  }
  BULLA_TRY(bulla_vault_audit_log(vault, first, tenant, print_record, &log));
  /* A tenant that was removed still has its records. */
  return log.num_records > 0 ? BULLA_OK : bulla_session_tenant(vault, tenant);
}

enum bulla_status bulla_run_audit_verify(struct bulla_cli *cli) {
  static const char *const names[] = {"records", "bad_seq", NULL};
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, false);
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_cli_at(cli, "audit log");
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  if (status != BULLA_OK && status != BULLA_AUDIT_BROKEN) {
    return status;
  }
  if (status == BULLA_AUDIT_BROKEN) {
    bulla_cli_at(cli, "audit record %lld", (long long)verdict.bad_seq);
  }
  if (cli->json) {
    const struct bulla_cell cells[] = {
        bulla_cell(BULLA_CELL_NUMBER, verdict.num_records),
        bulla_cell(verdict.bad_seq == 0 ? BULLA_CELL_NONE : BULLA_CELL_NUMBER, verdict.bad_seq)};
    BULLA_TRY(bulla_rows_add(&rows, cells));
  } else if (status == BULLA_OK) {
    printf("%lld record%s, unbroken\n", (long long)verdict.num_records, verdict.num_records == 1 ? "" : "s");
  }
  return status;
}
