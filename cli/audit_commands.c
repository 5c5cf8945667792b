/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* audit log, audit verify and audit anchor. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "core/hex.h"
#include "store/file.h"

enum { NUM_COLUMNS = 11, LANES_MAX = 128 };

/* The log on its way out. A table of it is read twice, first to learn how wide its columns are: it may be too long
 * to be held. */
struct log {
  struct bulla_rows rows;
  struct {
    int64_t lane;
    int64_t seq;
  } ends[LANES_MAX]; /* of the lanes before the first reading: what is newer is left out, it might be wider */
  size_t num_lanes;
  bool is_table;
  int64_t num_records; /* that there were to print */
};

static enum bulla_status take_end(void *arg, const struct bulla_audit_head_view *head) {
  struct log *log = (struct log *)arg;
  if (log->num_lanes < LANES_MAX) {
    log->ends[log->num_lanes].lane = head->lane;
    log->ends[log->num_lanes].seq = head->seq;
    log->num_lanes++;
  }
  return BULLA_OK;
}

/* was_there returns whether |record| is not newer than the first reading. */
static bool was_there(const struct log *log, const struct bulla_audit_record *record) {
  for (size_t i = 0; i < log->num_lanes; i++) {
    if (log->ends[i].lane == record->lane) {
      return record->seq <= log->ends[i].seq;
    }
  }
  return log->num_lanes == 0;
}

static void make_cells(struct bulla_cell cells[NUM_COLUMNS], const struct bulla_audit_record *record) {
  const struct bulla_cell made[NUM_COLUMNS] = {bulla_cell(BULLA_CELL_NUMBER, record->lane),
                                               bulla_cell(BULLA_CELL_NUMBER, record->seq),
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

/* hidden returns how many columns are left out: a table has lanes if there are several. */
static size_t hidden(const struct log *log) {
  return log->is_table && log->num_lanes == 1 ? 1 : 0;
}

static enum bulla_status measure_record(void *arg, const struct bulla_audit_record *record) {
  struct log *log = (struct log *)arg;
  struct bulla_cell cells[NUM_COLUMNS];
  make_cells(cells, record);
  return was_there(log, record) ? bulla_rows_measure(&log->rows, cells + hidden(log)) : BULLA_OK;
}

static enum bulla_status print_record(void *arg, const struct bulla_audit_record *record) {
  struct log *log = (struct log *)arg;
  struct bulla_cell cells[NUM_COLUMNS];
  make_cells(cells, record);
  log->num_records++;
  return was_there(log, record) ? bulla_rows_add(&log->rows, cells + hidden(log)) : BULLA_OK;
}

static void log_free(struct log *log) {
  bulla_rows_free(&log->rows);
}

enum bulla_status bulla_run_audit_log(struct bulla_cli *cli) {
  static const char *const names[NUM_COLUMNS + 1] = {"lane",   "seq", "time",  "tenant", "actor",   "origin",
                                                     "reason", "op",  "entry", "field",  "outcome", NULL};
  int64_t first = 1;
  struct bulla_span tenant = bulla_option_span(cli, "tenant");
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct log log BULLA_CLEANUP(log_free) = {.is_table = !cli->json};
  BULLA_TRY(bulla_option_number(cli, "from", &first));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  if (log.is_table) {
    /* Without heads it cannot be read to its end either, and that is told then. */
    enum bulla_status ignored = bulla_vault_audit_heads(vault, take_end, &log);
    (void)ignored;
  }
  bulla_rows_begin(&log.rows, cli, names + hidden(&log), false);
  bulla_session_at_tenant(cli, tenant, "--tenant");
  if (log.is_table) {
    /* Where it cannot be read on, that is told once the records before have been printed. */
    enum bulla_status ignored = bulla_vault_audit_log(vault, first, tenant, measure_record, &log);
    (void)ignored;
  }
  BULLA_TRY(bulla_vault_audit_log(vault, first, tenant, print_record, &log));
  /* A tenant that was removed still has its records. */
  return log.num_records > 0 ? BULLA_OK : bulla_session_tenant(vault, tenant);
}

static void free_buffer(struct bulla_buffer *buffer) {
  free(buffer->data);
}

/* read_anchor reads the file of --anchor, if that is given. */
static enum bulla_status read_anchor(struct bulla_cli *cli, struct bulla_buffer *anchor) {
  const char *path = bulla_option_value(cli, "anchor");
  if (path == NULL) {
    return BULLA_OK;
  }
  int file BULLA_CLEANUP(bulla_file_close) = open(path, O_RDONLY | O_CLOEXEC);
  bulla_cli_at(cli, "anchor %s", path);
  BULLA_TRY(file < 0 ? bulla_cli_errno(cli, errno) : bulla_input_public(cli, anchor, file, BULLA_ANCHOR_MAX));
  return anchor->len > 0 ? BULLA_OK : bulla_cli_error(cli, BULLA_REFUSED, "it is empty, and no anchor");
}

/* verify_all verifies the log with as many threads as there are processors. */
static enum bulla_status verify_all(struct bulla_cli *cli, struct bulla_vault *vault,
                                    struct bulla_audit_verdict *verdict) {
  struct bulla_audit_verify_options options = BULLA_AUDIT_VERIFY_OPTIONS_INIT;
  struct bulla_buffer anchor BULLA_CLEANUP(free_buffer) = bulla_buffer(NULL, 0);
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  BULLA_TRY(read_anchor(cli, &anchor));
  options.anchor = bulla_written(&anchor);
  options.num_threads = processors < 1 ? 1 : processors > 16 ? 16 : (size_t)processors;
  enum bulla_status status = bulla_vault_audit_verify_with(vault, verdict, &options);
  if (status == BULLA_REFUSED && options.anchor.len > 0) {
    return bulla_cli_error(cli, status, "it is not an anchor of this vault");
  }
  bulla_cli_at(cli, "audit log");
  return status;
}

static enum bulla_status print_head(void *arg, const struct bulla_audit_head_view *head) {
  char digits[2 * 32 + 1] = {0};
  (void)arg;
  bulla_hex_encode((uint8_t *)digits, head->mac);
  printf("lane %lld ends with record %lld, %s\n", (long long)head->lane, (long long)head->seq, digits);
  return BULLA_OK;
}

static enum bulla_status report_as_json(struct bulla_cli *cli, const struct bulla_audit_verdict *verdict) {
  static const char *const names[] = {"records", "lanes", "bad_lane", "bad_seq", NULL};
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  enum bulla_cell_type type = verdict->bad_seq == 0 ? BULLA_CELL_NONE : BULLA_CELL_NUMBER;
  const struct bulla_cell cells[] = {bulla_cell(BULLA_CELL_NUMBER, verdict->num_records),
                                     bulla_cell(BULLA_CELL_NUMBER, verdict->num_lanes),
                                     bulla_cell(type, verdict->bad_lane), bulla_cell(type, verdict->bad_seq)};
  bulla_rows_begin(&rows, cli, names, false);
  return bulla_rows_add(&rows, cells);
}

static enum bulla_status report_verdict(struct bulla_cli *cli, struct bulla_vault *vault,
                                        const struct bulla_audit_verdict *verdict) {
  if (cli->json) {
    return report_as_json(cli, verdict);
  }
  if (verdict->bad_seq != 0) {
    return BULLA_OK;
  }
  printf("%lld record%s, unbroken%s\n", (long long)verdict->num_records, verdict->num_records == 1 ? "" : "s",
         bulla_option_count(cli, "anchor") > 0 ? ", with all that was anchored" : "");
  return bulla_vault_audit_heads(vault, print_head, NULL);
}

enum bulla_status bulla_run_audit_verify(struct bulla_cli *cli) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  enum bulla_status status = verify_all(cli, vault, &verdict);
  if (status != BULLA_OK && status != BULLA_AUDIT_BROKEN) {
    return status;
  }
  if (status == BULLA_AUDIT_BROKEN) {
    bulla_cli_at(cli, verdict.bad_lane == 0 ? "audit record %lld" : "audit record %lld of lane %lld",
                 (long long)verdict.bad_seq, (long long)verdict.bad_lane);
  }
  BULLA_TRY(report_verdict(cli, vault, &verdict));
  return status;
}

/* The file of --out, until it has its name. */
struct out {
  const char *path; /* NULL: standard output */
  char draft[PATH_MAX];
  int file;
};

static void drop_out(struct out *out) {
  if (out->file >= 0) {
    bulla_file_close(&out->file);
    unlink(out->draft);
  }
}

/* open_out makes the draft of a file, before anything is recorded. */
static enum bulla_status open_out(struct bulla_cli *cli, struct out *out) {
  if (out->path == NULL) {
    return BULLA_OK;
  }
  bulla_cli_at(cli, "--out %s", out->path);
  if (access(out->path, F_OK) == 0) {
    return bulla_cli_error(cli, BULLA_EXISTS, "there is a file already: name another");
  }
  BULLA_TRY(bulla_file_draft(out->draft, out->path));
  return bulla_file_create(&out->file, out->draft);
}

/* write_out writes |anchor|, whole or not at all. */
static enum bulla_status write_out(struct bulla_cli *cli, struct out *out, struct bulla_span anchor) {
  if (out->path == NULL) {
    return bulla_output_bytes(cli, anchor);
  }
  bulla_cli_at(cli, "--out %s", out->path);
  bool written = write(out->file, anchor.data, anchor.len) == (ssize_t)anchor.len && fsync(out->file) == 0;
  BULLA_TRY(written ? bulla_file_publish(out->path, out->draft) : bulla_cli_errno(cli, errno));
  bulla_file_close(&out->file);
  return BULLA_OK;
}

enum bulla_status bulla_run_audit_anchor(struct bulla_cli *cli) {
  uint8_t bytes[BULLA_ANCHOR_MAX];
  struct bulla_buffer anchor = bulla_buffer(bytes, sizeof(bytes));
  struct out out BULLA_CLEANUP(drop_out) = {.path = bulla_option_value(cli, "out"), .file = -1};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  BULLA_TRY(open_out(cli, &out));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "audit log");
  BULLA_TRY(bulla_vault_audit_anchor(vault, &anchor, &me.who));
  return write_out(cli, &out, bulla_written(&anchor));
}
