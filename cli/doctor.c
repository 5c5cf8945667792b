/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* doctor: what may be wrong with this machine, the place of the vault, and its log. It changes and records nothing. */

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "cli/anchor.h"
#include "cli/doctor_due.h"
#include "cli/error.h"
#include "cli/opener.h"
#include "cli/options.h"
#include "cli/remedy.h"
#include "cli/session.h"
#include "core/cursor.h"
#include "core/hex.h"

#define US_PER_S INT64_C(1000000)
enum { CLOCK_BEHIND_MAX_S = 5 };

static void doctor_free(struct bulla_doctor *doctor) {
  bulla_rows_free(&doctor->rows);
}

/* Memory that cannot be locked is refused wherever a key is needed; here it is told with the limit. */
static enum bulla_status examine_memory(struct bulla_doctor *doctor) {
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct rlimit limit = {0};
  char most[48] = "no limit";
  enum bulla_status status = bulla_secret_random(&secret, 32);
  (void)getrlimit(RLIMIT_MEMLOCK, &limit);
  const char *remedy = status != BULLA_OK ? bulla_remedy(status) : NULL;
  if (limit.rlim_cur != RLIM_INFINITY) {
    (void)snprintf(most, sizeof(most), "at most %llu KiB", (unsigned long long)limit.rlim_cur / 1024);
  }
  return bulla_doctor_tell(doctor, "memory", status == BULLA_OK ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
                           remedy != NULL ? remedy : "raise RLIMIT_MEMLOCK (ulimit -l)", "%s; %s",
                           status == BULLA_OK ? "locked" : bulla_status_text(status), most);
}

static enum bulla_status examine_process(struct bulla_doctor *doctor) {
  BULLA_TRY(bulla_doctor_tell(doctor, "bulla", BULLA_VERDICT_OK, NULL, "%s", bulla_version()));
  BULLA_TRY(examine_memory(doctor));
  return bulla_doctor_tell(doctor, "engine", BULLA_VERDICT_OK, NULL, "%s, %s", bulla_engine_name(),
                           bulla_engine_version());
}

static enum bulla_status tell_id(struct bulla_doctor *doctor, const struct bulla_vault *vault) {
  char id[2 * BULLA_VAULT_ID_LEN + 1] = {0};
  bulla_hex_encode((uint8_t *)id, bulla_vault_id(vault));
  return bulla_doctor_tell(doctor, "vault", BULLA_VERDICT_OK, NULL, "%s", id);
}

/* Tells what verifying has come to. */
static enum bulla_status tell_verdict(struct bulla_doctor *doctor, enum bulla_status status,
                                      const struct bulla_audit_verdict *verdict) {
  if (status == BULLA_NOT_PERMITTED) {
    return bulla_doctor_tell(doctor, "audit log", BULLA_VERDICT_WARNING,
                             "have it verified by a login that sees the whole vault",
                             "not verified: this login may not read all of it");
  }
  if (status == BULLA_AUDIT_BROKEN) {
    return bulla_doctor_tell(doctor, "audit log", BULLA_VERDICT_PROBLEM,
                             "it was changed: compare it with a backup and with anchors, bulla audit verify --anchor",
                             "record %lld of lane %lld", (long long)verdict->bad_seq, (long long)verdict->bad_lane);
  }
  BULLA_TRY(status);
  return bulla_doctor_tell(doctor, "audit log", BULLA_VERDICT_OK, NULL, "%lld records, unbroken",
                           (long long)verdict->num_records);
}

/* Has the log compared with the anchor of the file |path|. */
static enum bulla_status examine_anchor(struct bulla_doctor *doctor, struct bulla_vault *vault, const char *path) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_anchor_verify(doctor->cli, vault, &verdict, path);
  if (status == BULLA_REFUSED || status == BULLA_AUDIT_BROKEN) {
    doctor->cli->text[0] = '\0';
    return bulla_doctor_tell(
        doctor, "anchor", BULLA_VERDICT_PROBLEM,
        "compare the vault with a backup: its log was cut or replaced, or the file is another's, or the "
        "vault was restored from an older backup",
        "%s: %s", path, status == BULLA_REFUSED ? "not one of this vault" : "the log has not what it says");
  }
  BULLA_TRY(status);
  return bulla_doctor_tell(doctor, "anchor", BULLA_VERDICT_OK, NULL, "%s: the log has all that it says", path);
}

/* A log that is broken has no need of anchors. */
static enum bulla_status examine_log(struct bulla_doctor *doctor, struct bulla_vault *vault) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  const char *path;
  size_t at = 0;
  enum bulla_status status = bulla_anchor_verify(doctor->cli, vault, &verdict, NULL);
  BULLA_TRY(tell_verdict(doctor, status, &verdict));
  while (status == BULLA_OK && bulla_option_next(doctor->cli, "anchor", &at, &path)) {
    BULLA_TRY(examine_anchor(doctor, vault, path));
  }
  return BULLA_OK;
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
static enum bulla_status examine_clock(struct bulla_doctor *doctor, struct bulla_vault *vault) {
  int64_t seq = 1;
  int64_t latest = 0;
  enum bulla_status status = bulla_vault_audit_heads(vault, keep_longest, &seq);
  status = status == BULLA_OK ? bulla_vault_audit_log(vault, seq, bulla_span(NULL, 0), keep_latest, &latest) : status;
  if (status == BULLA_NOT_PERMITTED) {
    return BULLA_OK; /* of that was told, as of a broken log */
  }
  if (status != BULLA_OK && status != BULLA_AUDIT_BROKEN) {
    return status;
  }
  int64_t behind = latest / US_PER_S - (int64_t)time(NULL);
  if (behind > CLOCK_BEHIND_MAX_S) {
    return bulla_doctor_tell(doctor, "clock", BULLA_VERDICT_WARNING,
                             "set it by NTP, here or where that record was written", "%lld s before the last record",
                             (long long)behind);
  }
  return bulla_doctor_tell(doctor, "clock", BULLA_VERDICT_OK, NULL, "not before the last record");
}

/* Whether an actor looks at its place and its login. What it may not look at would be recorded as denied each time, so
 * nothing of that is tried unless it asks for it. */
static bool is_actors(struct bulla_cli *cli) {
  struct bulla_opener opener;
  return bulla_opener_find(cli, &opener) == BULLA_OK && opener.is_actor && bulla_option_count(cli, "anchor") == 0;
}

static enum bulla_status examine(struct bulla_doctor *doctor) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(examine_process(doctor));
  BULLA_TRY(bulla_session_vault(doctor->cli, &vault));
  BULLA_TRY(tell_id(doctor, vault));
  BULLA_TRY(bulla_vault_examine(vault, bulla_doctor_add, doctor));
  if (is_actors(doctor->cli)) {
    return bulla_doctor_tell(doctor, "audit log", BULLA_VERDICT_OK, NULL,
                             "not looked at: a root does, and with --anchor an auditor of all tenants");
  }
  BULLA_TRY(examine_log(doctor, vault));
  BULLA_TRY(examine_clock(doctor, vault));
  return bulla_doctor_look_after(doctor, vault);
}

enum bulla_status bulla_run_doctor(struct bulla_cli *cli) {
  static const char *const names[] = {"verdict", "what", "value", "remedy", NULL};
  struct bulla_doctor doctor BULLA_CLEANUP(doctor_free) = {.cli = cli};
  bulla_rows_begin(&doctor.rows, cli, names, true);
  enum bulla_status status = examine(&doctor);
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
