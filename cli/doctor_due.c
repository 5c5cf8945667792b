/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/doctor_due.h and cli/status_survey.h. */

#include "cli/doctor_due.h"

#include <stdio.h>

#include "cli/last_backup.h"
#include "cli/status_survey.h"

#define US_PER_S INT64_C(1000000)

/* A row that is good if |num| is 0. */
struct due {
  const char *name;
  int64_t num;
  const char *good;
  const char *one; /* behind the number 1 */
  const char *more;
  const char *remedy;
};

static enum bulla_status tell_due(struct bulla_doctor *doctor, const struct due *due) {
  char value[96];
  (void)snprintf(value, sizeof(value), "%lld %s", (long long)due->num, due->num == 1 ? due->one : due->more);
  return bulla_doctor_tell(doctor, due->name, due->num == 0 ? BULLA_VERDICT_OK : BULLA_VERDICT_WARNING, due->remedy,
                           "%s", due->num == 0 ? due->good : value);
}

static enum bulla_status tell_survey(struct bulla_doctor *doctor, const struct bulla_survey *survey) {
  const struct due rows[] = {
      {"rotation", survey->num_due, "no key of a tenant is older than 90 days", "tenant has a key older than 90 days",
       "tenants have keys older than 90 days", "run bulla rotate --tenant T: bulla status names them"},
      {"known keys", survey->num_known, "none is known by an ended grant", "version is known by an ended grant",
       "versions are known by an ended grant",
       "run bulla rotate --tenant T, and bulla rewrap --destroy: bulla status names them"},
      {"known API keys", survey->num_known_apikeys, "none is known by an ended grant", "is known by an ended grant",
       "are known by an ended grant", "revoke them, and make others: bulla status names their tenants"},
      {"former versions", survey->num_former, "none left", "former version of a key is not destroyed",
       "former versions of keys are not destroyed", "run bulla rewrap --destroy"},
      {"expiry", survey->num_expired, "no secret is past its date", "secret is past its date",
       "secrets are past their date", "put new ones: bulla status names them"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    BULLA_TRY(tell_due(doctor, &rows[i]));
  }
  return bulla_doctor_tell(doctor, "recovery", survey->has_recipient ? BULLA_VERDICT_OK : BULLA_VERDICT_WARNING,
                           "run bulla root recipient elsewhere, and bulla root add here", "%s",
                           survey->has_recipient ? "a recipient opens the vault if the other roots are lost"
                                                 : "no root is a recipient: who loses the others loses all");
}

/* A login that does not see the whole vault is told so beside the log. */
static enum bulla_status look_at_keys(struct bulla_doctor *doctor, struct bulla_vault *vault) {
  struct bulla_survey survey;
  bulla_survey_begin(&survey);
  enum bulla_status status = bulla_survey_take(&survey, vault, bulla_span(NULL, 0));
  if (status == BULLA_NOT_PERMITTED) {
    return BULLA_OK;
  }
  if (status == BULLA_REFUSED || status == BULLA_NOT_A_VAULT) {
    return bulla_doctor_tell(doctor, "rows", BULLA_VERDICT_PROBLEM, "compare the vault with a backup, or restore one",
                             status == BULLA_REFUSED ? "some were tampered with" : "some cannot be read");
  }
  return status == BULLA_OK ? tell_survey(doctor, &survey) : status;
}

/* When the log has been anchored and the vault been backed up last; 0 if not within the time that is looked at. */
struct last {
  int64_t anchor;
  struct bulla_last_backups backups;
};

static enum bulla_status keep_last(void *arg, const struct bulla_audit_record *record) {
  struct last *last = (struct last *)arg;
  if (bulla_span_equal(record->outcome, BULLA_LITERAL("done"))) {
    last->anchor = bulla_span_equal(record->op, BULLA_LITERAL("checkpoint")) ? record->time : last->anchor;
  }
  bulla_last_backups_take(&last->backups, record);
  return BULLA_OK;
}

static enum bulla_status tell_last(struct bulla_doctor *doctor, const char *name, int64_t time, int64_t now,
                                   const char *remedy) {
  if (time == 0) {
    return bulla_doctor_tell(doctor, name, BULLA_VERDICT_WARNING, remedy, "none within %d days",
                             BULLA_SURVEY_SOON_DAYS);
  }
  int64_t hours = time < now ? (now - time) / US_PER_S / 3600 : 0;
  return bulla_doctor_tell(doctor, name, BULLA_VERDICT_OK, NULL, "%lld hours ago", (long long)hours);
}

static enum bulla_status look_at_log(struct bulla_doctor *doctor, struct bulla_vault *vault) {
  struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
  struct bulla_survey survey;
  struct last last = {.anchor = 0};
  bool sees_all;
  bulla_survey_begin(&survey);
  options.since = (survey.now - BULLA_SURVEY_SOON_DAYS * (int64_t)BULLA_SURVEY_DAY) * US_PER_S;
  enum bulla_status status = bulla_survey_sees_all(&sees_all, vault);
  if (status == BULLA_OK && sees_all) {
    status = bulla_vault_audit_log_with(vault, &options, keep_last, &last);
  }
  BULLA_TRY(status == BULLA_AUDIT_BROKEN ? BULLA_OK : status);
  if (status == BULLA_AUDIT_BROKEN || !sees_all) {
    return BULLA_OK; /* of that was told */
  }
  int64_t now = survey.now * US_PER_S;
  BULLA_TRY(tell_last(doctor, "last anchor", last.anchor, now,
                      "run bulla audit anchor every few minutes, and keep what it prints elsewhere"));
  return tell_last(doctor, "last backup", last.backups.last[0].time, now, "run bulla backup every day");
}

enum bulla_status bulla_doctor_look_after(struct bulla_doctor *doctor, struct bulla_vault *vault) {
  BULLA_TRY(look_at_keys(doctor, vault));
  return look_at_log(doctor, vault);
}
