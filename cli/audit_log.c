/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* audit log: the records that the options ask for, and with --follow those that come. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit_filter.h"
#include "cli/audit_last.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/process.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "store/clock.h"
#include "store/signed_actor.h"

enum {
  NUM_COLUMNS = 12,
  FOLLOW_MS = 500,        /* between two looks at the log */
  PATIENCE_MS = 60 * 1000 /* with a database that does not answer while it is followed */
};

/* The log on its way out. A table of it is read twice, first to learn how wide its columns are: it may be too long
 * to be held. */
struct log {
  struct bulla_rows rows;
  struct bulla_audit_filter filter;
  struct bulla_audit_marks
      ends; /* of the lanes before the first reading: what is newer is left out, it might be wider */
  struct bulla_audit_marks read; /* up to where it was printed */
  struct bulla_audit_last last;  /* the records of --last */
  int64_t first;
  bool is_table;
  bool is_followed;
  int64_t num_records; /* that there were to print */
};

static enum bulla_status take_end(void *arg, const struct bulla_audit_head_view *head) {
  struct log *log = (struct log *)arg;
  if (log->ends.num_lanes < BULLA_AUDIT_LANES_MAX) {
    log->ends.lanes[log->ends.num_lanes++] = (struct bulla_audit_mark){.lane = head->lane, .seq = head->seq};
  }
  return BULLA_OK;
}

/* was_there returns whether |record| is not newer than the first reading. */
static bool was_there(const struct log *log, const struct bulla_audit_record *record) {
  for (size_t i = 0; i < log->ends.num_lanes; i++) {
    if (log->ends.lanes[i].lane == record->lane) {
      return record->seq <= log->ends.lanes[i].seq;
    }
  }
  return log->ends.num_lanes == 0;
}

/* is_printed returns whether |record| is one of those to print. What is followed has no end. */
static bool is_printed(const struct log *log, const struct bulla_audit_record *record) {
  return bulla_audit_filter_fits(&log->filter, record) && (log->is_followed || was_there(log, record));
}

static void make_cells(struct bulla_cell cells[NUM_COLUMNS], const struct bulla_audit_record *record) {
  const struct bulla_cell made[NUM_COLUMNS] = {
      bulla_cell_text(record->proven), bulla_cell_number(record->lane),
      bulla_cell_number(record->seq),  bulla_cell(BULLA_CELL_MICROSECONDS, record->time),
      bulla_cell_text(record->tenant), bulla_cell_text(record->actor),
      bulla_cell_text(record->origin), bulla_cell_text(record->reason),
      bulla_cell_text(record->op),     bulla_cell_text(record->entry),
      bulla_cell_text(record->field),  bulla_cell_text(record->outcome)};
  memcpy(cells, made, sizeof(made));
}

/* has_actors returns whether there are lanes of actors, whose names are proven. */
static bool has_actors(const struct log *log) {
  return log->ends.num_lanes == 0 || log->ends.lanes[log->ends.num_lanes - 1].lane >= BULLA_ACTOR_LANES;
}

/* hidden returns how many columns are left out: a table has lanes if there are several, or may be, and proven names if
 * there are actors. */
static size_t hidden(const struct log *log) {
  if (!log->is_table || log->is_followed) {
    return 0;
  }
  return log->ends.num_lanes == 1 && !has_actors(log) ? 2 : has_actors(log) ? 0 : 1;
}

static enum bulla_status measure_record(void *arg, const struct bulla_audit_record *record) {
  struct log *log = (struct log *)arg;
  struct bulla_cell cells[NUM_COLUMNS];
  make_cells(cells, record);
  return is_printed(log, record) ? bulla_rows_measure(&log->rows, cells + hidden(log)) : BULLA_OK;
}

static enum bulla_status print_record(void *arg, const struct bulla_audit_record *record) {
  struct log *log = (struct log *)arg;
  struct bulla_cell cells[NUM_COLUMNS];
  make_cells(cells, record);
  log->num_records++;
  return is_printed(log, record) ? bulla_rows_add(&log->rows, cells + hidden(log)) : BULLA_OK;
}

static enum bulla_status keep_record(void *arg, const struct bulla_audit_record *record) {
  struct log *log = (struct log *)arg;
  log->num_records++;
  return is_printed(log, record) ? bulla_audit_last_keep(&log->last, record) : BULLA_OK;
}

/* Where a record goes; a process that is told to end does so at once. */
struct walk {
  struct log *log;
  bulla_audit_fn each;
};

static enum bulla_status pass_record(void *arg, const struct bulla_audit_record *record) {
  const struct walk *walk = (const struct walk *)arg;
  return bulla_process_is_to_end() ? BULLA_BUSY : walk->each(walk->log, record);
}

/* read_log passes the records that the options ask for to |each|, and with |marks| those behind them. */
static enum bulla_status read_log(struct log *log, struct bulla_vault *vault, struct bulla_audit_marks *marks,
                                  bulla_audit_fn each) {
  struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
  bulla_audit_filter_ask(&log->filter, &options);
  options.first_seq = log->first;
  options.marks = marks;
  struct walk walk = {.log = log, .each = each};
  return bulla_vault_audit_log_with(vault, &options, pass_record, &walk);
}

static enum bulla_status print_log(struct log *log, struct bulla_vault *vault) {
  if (log->is_table) {
    /* Where it cannot be read on, that is told once the records before have been printed. */
    enum bulla_status measured = read_log(log, vault, NULL, measure_record);
    if (measured == BULLA_DENIED) {
      return measured; /* there is a record of it, which need not be two */
    }
  }
  return read_log(log, vault, &log->read, print_record);
}

/* print_last prints the records of --last. Where all are asked for, those before need not be read: the last ones of all
 * lanes are among the last ones of each. */
static enum bulla_status print_last(struct log *log, struct bulla_vault *vault) {
  for (size_t i = 0; i < log->ends.num_lanes && bulla_audit_filter_is_empty(&log->filter); i++) {
    const struct bulla_audit_mark *end = &log->ends.lanes[i];
    int64_t seq = end->seq - (int64_t)log->last.max;
    seq = seq < log->first - 1 ? log->first - 1 : seq;
    log->read.lanes[log->read.num_lanes++] = (struct bulla_audit_mark){.lane = end->lane, .seq = seq};
  }
  enum bulla_status status = read_log(log, vault, &log->read, keep_record);
  if (log->is_table) {
    BULLA_TRY(bulla_audit_last_each(&log->last, measure_record, log));
  }
  BULLA_TRY(bulla_audit_last_each(&log->last, print_record, log));
  return status;
}

/* wait_for_more waits a while. Returns an error if nobody reads what is printed any more. */
static enum bulla_status wait_for_more(struct bulla_cli *cli) {
  struct pollfd reader = {.fd = STDOUT_FILENO};
  if (fflush(stdout) != 0) {
    return bulla_output_check(cli);
  }
  bool left = poll(&reader, 1, FOLLOW_MS) == 1 && (reader.revents & (POLLERR | POLLHUP)) != 0;
  return left ? bulla_output_left(cli) : BULLA_OK;
}

/* follow prints the records that come, until the process is told to end. A database that is busy or away for a moment
 * is asked again. */
static enum bulla_status follow(struct bulla_cli *cli, struct log *log, struct bulla_vault *vault) {
  int64_t answered = bulla_clock_monotonic_ms();
  while (!bulla_process_is_to_end()) {
    BULLA_TRY(wait_for_more(cli));
    enum bulla_status status = read_log(log, vault, &log->read, print_record);
    bool away = status == BULLA_BUSY || status == BULLA_UNREACHABLE;
    if (!away) {
      BULLA_TRY(status);
      answered = bulla_clock_monotonic_ms();
    } else if (bulla_clock_monotonic_ms() - answered > PATIENCE_MS) {
      return status;
    }
  }
  return BULLA_OK;
}

static void log_free(struct log *log) {
  bulla_rows_free(&log->rows);
  bulla_audit_last_free(&log->last);
}

static enum bulla_status read_options(struct log *log, struct bulla_cli *cli) {
  int64_t last = 0;
  BULLA_TRY(bulla_option_number(cli, "from", &log->first));
  BULLA_TRY(bulla_option_number(cli, "last", &last));
  if (bulla_option_count(cli, "last") > 0 && (last < 1 || last > BULLA_AUDIT_LAST_MAX)) {
    return bulla_cli_usage(cli, "--last takes a number from 1 to %d", BULLA_AUDIT_LAST_MAX);
  }
  BULLA_TRY(bulla_audit_filter_read(&log->filter, cli));
  log->is_followed = bulla_option_count(cli, "follow") > 0;
  if (log->is_followed && bulla_option_count(cli, "until") > 0) {
    return bulla_cli_usage(cli, "--follow goes on, and --until ends it: give one of them");
  }
  return last > 0 ? bulla_audit_last_begin(&log->last, (size_t)last) : BULLA_OK;
}

enum bulla_status bulla_run_audit_log(struct bulla_cli *cli) {
  static const char *const names[NUM_COLUMNS + 1] = {"proven", "lane", "seq",   "time",  "tenant",  "actor", "origin",
                                                     "reason", "op",   "entry", "field", "outcome", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct log log BULLA_CLEANUP(log_free) = {.is_table = !cli->json, .first = 1};
  BULLA_TRY(read_options(&log, cli));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_at_tenant(cli, log.filter.tenant, "audit log");
  if ((log.is_table || log.last.max > 0) && !(cli->is_actor && log.filter.tenant.len > 0)) {
    /* Without heads it cannot be read to its end either, and that is told then. An auditor of a tenant may not read
     * them: its log is printed up to where it has come to by then. */
    enum bulla_status looked = bulla_vault_audit_heads(vault, take_end, &log);
    if (looked == BULLA_DENIED) {
      return looked; /* whoever may not read these may not read the log, and there is a record of it */
    }
  }
  bulla_rows_begin(&log.rows, cli, names + hidden(&log), false);
  if (log.is_followed) {
    bulla_process_end_softly();
  }
  if (bulla_option_count(cli, "tenant") > 1) {
    /* The others have records, perhaps, that would hide that one is not there. */
    BULLA_TRY(bulla_audit_filter_tenants(&log.filter, cli, vault));
    bulla_session_at_tenant(cli, log.filter.tenant, "audit log");
  }
  enum bulla_status status = log.last.max > 0 ? print_last(&log, vault) : print_log(&log, vault);
  if (status == BULLA_OK && log.num_records == 0) {
    status = bulla_audit_filter_tenants(&log.filter, cli, vault);
  }
  if (status == BULLA_OK && log.is_followed) {
    status = follow(cli, &log, vault);
  }
  /* A call that was interrupted has failed: it was asked to. */
  return bulla_process_is_to_end() && !cli->reader_left ? BULLA_OK : status;
}
