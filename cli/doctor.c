/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* doctor: what may be wrong with this machine, the place of the vault, and its log. It changes and records nothing. */

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/remedy.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "core/cursor.h"

#define US_PER_S INT64_C(1000000)
enum { CLOCK_BEHIND_MAX_S = 5 };

/* What was found so far. */
struct doctor {
  struct bulla_rows rows;
  int num_problems;
};

static void doctor_free(struct doctor *doctor) {
  bulla_rows_free(&doctor->rows);
}

static enum bulla_status add(void *arg, const struct bulla_finding *finding) {
  static const char *const verdicts[] = {"ok", "warning", "problem"};
  struct doctor *doctor = arg;
  doctor->num_problems += finding->verdict == BULLA_VERDICT_PROBLEM ? 1 : 0;
  const struct bulla_cell cells[] = {
      bulla_cell_text(bulla_text(verdicts[finding->verdict])),
      bulla_cell_text(finding->name),
      bulla_cell_text(finding->value),
      finding->remedy.len > 0 ? bulla_cell_text(finding->remedy) : bulla_cell(BULLA_CELL_NONE, 0),
  };
  return bulla_rows_add(&doctor->rows, cells);
}

static enum bulla_status tell(struct doctor *doctor, const char *name, enum bulla_verdict verdict, const char *remedy,
                              const char *value) {
  const struct bulla_finding finding = {
      .name = bulla_text(name),
      .verdict = verdict,
      .value = bulla_text(value),
      .remedy = verdict != BULLA_VERDICT_OK ? bulla_text(remedy) : bulla_span(NULL, 0)};
  return add(doctor, &finding);
}

/* Memory that cannot be locked is refused wherever a key is needed; here it is told with the limit. */
static enum bulla_status examine_memory(struct doctor *doctor) {
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct rlimit limit = {0};
  char value[128];
  enum bulla_status status = bulla_secret_random(&secret, 32);
  (void)getrlimit(RLIMIT_MEMLOCK, &limit);
  const char *remedy = status != BULLA_OK ? bulla_remedy(status) : NULL;
  if (limit.rlim_cur == RLIM_INFINITY) {
    (void)snprintf(value, sizeof(value), "%s; no limit", status == BULLA_OK ? "locked" : bulla_status_text(status));
  } else {
    (void)snprintf(value, sizeof(value), "%s; at most %llu KiB",
                   status == BULLA_OK ? "locked" : bulla_status_text(status),
                   (unsigned long long)limit.rlim_cur / 1024);
  }
  return tell(doctor, "memory", status == BULLA_OK ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
              remedy != NULL ? remedy : "raise RLIMIT_MEMLOCK (ulimit -l)", value);
}

static enum bulla_status examine_process(struct doctor *doctor) {
  BULLA_TRY(tell(doctor, "bulla", BULLA_VERDICT_OK, NULL, bulla_version()));
  BULLA_TRY(examine_memory(doctor));
  return tell(doctor, "engine", BULLA_VERDICT_OK, NULL, bulla_engine_name());
}

static enum bulla_status examine_log(struct doctor *doctor, struct bulla_vault *vault) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  char value[128];
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  if (status == BULLA_NOT_PERMITTED) {
    return tell(doctor, "audit log", BULLA_VERDICT_WARNING, "have it verified by a login that sees the whole vault",
                "not verified: this login may not read all of it");
  }
  if (status != BULLA_OK && status != BULLA_AUDIT_BROKEN) {
    return status;
  }
  (void)snprintf(value, sizeof(value), status == BULLA_OK ? "%lld records, unbroken" : "record %lld of lane %lld",
                 (long long)(status == BULLA_OK ? verdict.num_records : verdict.bad_seq), (long long)verdict.bad_lane);
  return tell(doctor, "audit log", status == BULLA_OK ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
              "it was changed: compare it with a backup and with anchors, bulla audit verify --anchor", value);
}

static enum bulla_status keep_longest(void *arg, const struct bulla_audit_head_view *head) {
  int64_t *seq = arg;
  *seq = head->seq > *seq ? head->seq : *seq;
  return BULLA_OK;
}

static enum bulla_status keep_latest(void *arg, const struct bulla_audit_record *record) {
  int64_t *time = arg;
  *time = record->time > *time ? record->time : *time;
  return BULLA_OK;
}

/* The last record of the longest lane is as late as the clock of some machine was. */
static enum bulla_status examine_clock(struct doctor *doctor, struct bulla_vault *vault) {
  int64_t seq = 1;
  int64_t latest = 0;
  char value[128];
  enum bulla_status status = bulla_vault_audit_heads(vault, keep_longest, &seq);
  status = status == BULLA_OK ? bulla_vault_audit_log(vault, seq, bulla_span(NULL, 0), keep_latest, &latest) : status;
  if (status == BULLA_NOT_PERMITTED) {
    return BULLA_OK; /* of that was told, as of a broken log */
  }
  if (status != BULLA_OK && status != BULLA_AUDIT_BROKEN) {
    return status;
  }
  int64_t behind = latest / US_PER_S - (int64_t)time(NULL);
  bool is_behind = behind > CLOCK_BEHIND_MAX_S;
  (void)snprintf(value, sizeof(value), is_behind ? "%lld s before the last record" : "not before the last record",
                 (long long)behind);
  return tell(doctor, "clock", is_behind ? BULLA_VERDICT_WARNING : BULLA_VERDICT_OK,
              "set it by NTP, here or where that record was written", value);
}

static enum bulla_status examine(struct bulla_cli *cli, struct doctor *doctor) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(examine_process(doctor));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  BULLA_TRY(bulla_vault_examine(vault, add, doctor));
  BULLA_TRY(examine_log(doctor, vault));
  return examine_clock(doctor, vault);
}

enum bulla_status bulla_run_doctor(struct bulla_cli *cli) {
  static const char *const names[] = {"verdict", "what", "value", "remedy", NULL};
  struct doctor doctor BULLA_CLEANUP(doctor_free) = {.num_problems = 0};
  bulla_rows_begin(&doctor.rows, cli, names, true);
  enum bulla_status status = examine(cli, &doctor);
  /* What was found before the vault could not be opened may say why. */
  BULLA_TRY(bulla_rows_end(&doctor.rows));
  if (status != BULLA_OK || doctor.num_problems == 0) {
    return status;
  }
  cli->exit_status = BULLA_DOCTOR_PROBLEM;
  bulla_cli_at(cli, "doctor");
  return bulla_cli_error(cli, BULLA_IO, "%d problem%s: what to do is said beside %s", doctor.num_problems,
                         doctor.num_problems == 1 ? "" : "s", doctor.num_problems == 1 ? "it" : "each");
}
