/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* status: the keys of a vault and how old they are, what is due, which secrets expire and which nobody has ever used.
 * Nothing is opened but masks, nothing is changed or recorded. */

#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/report_out.h"
#include "cli/session.h"
#include "cli/status_survey.h"
#include "cli/status_used.h"
#include "cli/when.h"

#define US_PER_S INT64_C(1000000)

enum { COMMAND_MAX = BULLA_NAME_MAX * 3 + 64, LATE_MAX = 128 };

/* For how long nothing is said by --check of a backup, and of an anchor, unless the options say otherwise. */
enum { LATE_DAYS = 2 };

/* What is printed, and what is known by then. */
struct status {
  struct bulla_cli *cli;
  struct bulla_vault *vault;
  struct bulla_span tenant; /* empty for all */
  struct bulla_report_out out;
  struct bulla_survey survey;
  struct bulla_used used;
  int64_t generation;   /* of the directory */
  bool sees_all;        /* of the log: a login of one tenant sees neither anchors nor backups */
  int64_t backup_since; /* the last backup, and the last anchor, should not be older, in microseconds since 1970 */
  int64_t anchor_since;
};

static void status_free(struct status *status) {
  if (status->out.num > 0) {
    bulla_report_sink_free(&status->out.sinks[0]);
  }
  bulla_used_free(&status->used);
}

/* Reads the option |name|, an age or a day, into |*micros|. A number alone would be seconds since 1970, at which
 * nothing is due. Without the option |*micros| stays. */
static enum bulla_status read_age(const struct status *status, const char *name, int64_t *micros) {
  const char *age = bulla_option_value(status->cli, name);
  int64_t now = status->survey.now * US_PER_S;
  int64_t read = 0;
  if (age == NULL) {
    return BULLA_OK;
  }
  bool is_number = strspn(age, "0123456789") == strlen(age);
  if (is_number || !bulla_when_read(&read, age, now) || read > now) {
    return bulla_cli_usage(status->cli, "--%s takes an age, as 90d or 12w, or a date that is over, YYYY-MM-DD", name);
  }
  *micros = read;
  return BULLA_OK;
}

static bool is_asked(const struct status *status) {
  return bulla_option_count(status->cli, "backup") + bulla_option_count(status->cli, "anchor") > 0;
}

static enum bulla_status read_ages(struct status *status) {
  int64_t due = status->survey.due_before * US_PER_S;
  int64_t late = (status->survey.now - LATE_DAYS * (int64_t)BULLA_SURVEY_DAY) * US_PER_S;
  status->backup_since = late;
  status->anchor_since = late;
  if (is_asked(status) && bulla_option_count(status->cli, "check") == 0) {
    return bulla_cli_usage(status->cli, "--backup and --anchor belong to --check");
  }
  BULLA_TRY(read_age(status, "due", &due));
  status->survey.due_before = bulla_when_floor(due, US_PER_S);
  BULLA_TRY(read_age(status, "backup", &status->backup_since));
  return read_age(status, "anchor", &status->anchor_since);
}

/* A login that does not see the records of backups and anchors cannot say that they are there. */
static enum bulla_status check_sight(const struct status *status) {
  return status->sees_all || !is_asked(status)
             ? BULLA_OK
             : bulla_cli_error(status->cli, BULLA_NOT_PERMITTED,
                               "--backup and --anchor need a login that sees the whole vault");
}

/* Reads the log from its first record on: it alone tells what was used. */
static enum bulla_status read_log(struct status *status) {
  struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
  BULLA_TRY(bulla_used_begin(&status->used));
  bulla_cli_at(status->cli, "audit log");
  BULLA_TRY(bulla_survey_sees_all(&status->sees_all, status->vault));
  return bulla_vault_audit_log_with(status->vault, &options, bulla_used_take, &status->used);
}

static struct bulla_cell days_cell(const struct status *status, int64_t then) {
  return bulla_cell_number(bulla_survey_days(&status->survey, then));
}

static enum bulla_status add_version(void *arg, const struct bulla_version_view *version) {
  struct status *status = (struct status *)arg;
  const struct bulla_cell cells[] = {bulla_cell_text(version->tenant),       bulla_cell_number(version->version),
                                     bulla_cell_text(version->state),        days_cell(status, version->created),
                                     bulla_cell_number(version->num_fields), bulla_cell_number(version->num_past),
                                     bulla_cell_number(version->num_apikeys)};
  return bulla_report_out_row(&status->out, cells);
}

static enum bulla_status add_root(void *arg, const struct bulla_root_view *root) {
  struct status *status = (struct status *)arg;
  const struct bulla_cell cells[] = {bulla_cell_text(root->kind), bulla_cell_text(root->name),
                                     days_cell(status, root->created)};
  return bulla_report_out_row(&status->out, cells);
}

/* What is to be done with a version: |command| has the name of the tenant behind it, and then |after|. */
static enum bulla_status add_todo(struct status *status, const struct bulla_version_view *version, const char *why,
                                  const char *command, const char *after) {
  char text[COMMAND_MAX];
  (void)snprintf(text, sizeof(text), "%s%.*s%s", command, (int)version->tenant.len, (const char *)version->tenant.data,
                 after);
  const struct bulla_cell cells[] = {bulla_cell_text(version->tenant), bulla_cell_number(version->version),
                                     bulla_cell_string(why), bulla_cell_string(text)};
  return bulla_report_out_row(&status->out, cells);
}

/* What is to be done with a version, and by which command. New keys of the tenant are none of its API keys. */
static enum bulla_status add_due(void *arg, const struct bulla_version_view *version) {
  static const char known[] = "known by an ended grant";
  struct status *status = (struct status *)arg;
  char why[96];
  int64_t left = bulla_survey_num_left(version);
  if (bulla_survey_is_due(&status->survey, version)) {
    (void)snprintf(why, sizeof(why), "active for %lld days",
                   (long long)bulla_survey_days(&status->survey, version->created));
    BULLA_TRY(add_todo(status, version, version->is_due ? known : why, "bulla rotate --tenant ", ""));
  } else if (bulla_survey_is_former(version)) {
    int len = snprintf(why, sizeof(why), "%s%s", version->is_due ? known : "", version->is_due ? ", " : "");
    (void)snprintf(why + len, sizeof(why) - (size_t)len, left > 0 ? "%lld left under it" : "nothing left under it",
                   (long long)left);
    BULLA_TRY(add_todo(status, version, why, "bulla rewrap --tenant ", " --destroy"));
  }
  if (!version->is_due_apikeys || version->num_apikeys == 0) {
    return BULLA_OK;
  }
  (void)snprintf(why, sizeof(why), "%lld API key%s %s", (long long)version->num_apikeys,
                 version->num_apikeys == 1 ? "" : "s", known);
  return add_todo(status, version, why, "bulla apikey list --tenant ", ", then apikey revoke");
}

static enum bulla_status add_expiring(void *arg, const struct bulla_secret_view *secret) {
  struct status *status = (struct status *)arg;
  if (!bulla_survey_expires(&status->survey, secret)) {
    return BULLA_OK;
  }
  const char *when = secret->expires <= status->survey.now ? "expired" : "soon";
  char command[COMMAND_MAX];
  (void)snprintf(command, sizeof(command), "bulla put %.*s/%.*s --secret %.*s --expires +90d", (int)secret->tenant.len,
                 (const char *)secret->tenant.data, (int)secret->entry.len, (const char *)secret->entry.data,
                 (int)secret->field.len, (const char *)secret->field.data);
  const struct bulla_cell cells[] = {bulla_cell_text(secret->tenant), bulla_cell_text(secret->entry),
                                     bulla_cell_text(secret->field),  bulla_cell(BULLA_CELL_SECONDS, secret->expires),
                                     bulla_cell_string(when),         bulla_cell_string(command)};
  return bulla_report_out_row(&status->out, cells);
}

static enum bulla_status add_place(struct status *status, const struct bulla_secret_view *secret) {
  const struct bulla_cell cells[] = {bulla_cell_text(secret->tenant), bulla_cell_text(secret->entry),
                                     bulla_cell_text(secret->field), bulla_cell(BULLA_CELL_SECONDS, secret->updated)};
  return bulla_report_out_row(&status->out, cells);
}

static enum bulla_status add_unused(void *arg, const struct bulla_secret_view *secret) {
  struct status *status = (struct status *)arg;
  bool has = false;
  BULLA_TRY(bulla_used_has(&has, &status->used, secret->tenant, secret->entry, secret->field));
  return has || secret->is_canary ? BULLA_OK : add_place(status, secret);
}

static enum bulla_status add_canary(void *arg, const struct bulla_secret_view *secret) {
  return secret->is_canary ? add_place((struct status *)arg, secret) : BULLA_OK;
}

static const char *const version_columns[] = {"tenant", "version", "state",    "days",
                                              "values", "former",  "api_keys", NULL};
static const char *const root_columns[] = {"kind", "name", "days", NULL};
static const char *const due_columns[] = {"tenant", "version", "why", "command", NULL};
static const char *const expiry_columns[] = {"tenant", "entry", "field", "expires", "state", "command", NULL};
static const char *const place_columns[] = {"tenant", "entry", "field", "updated", NULL};

static const struct bulla_report_section versions_section = {
    .name = "versions", .title = "Versions of tenants' keys", .none = "No tenants.", .columns = version_columns};
static const struct bulla_report_section roots_section = {
    .name = "roots", .title = "Roots", .columns = root_columns, .is_complete = true};
static const struct bulla_report_section due_section = {
    .name = "due", .title = "Keys to rotate, and to destroy", .none = "No key is due.", .columns = due_columns};
static const struct bulla_report_section expiry_section = {.name = "expiring",
                                                           .title = "Secrets to replace",
                                                           .none = "No secret expires within 30 days.",
                                                           .columns = expiry_columns};
static const struct bulla_report_section unused_section = {.name = "unused",
                                                           .title = "Secrets that were never used",
                                                           .note = "there is no record of it in the audit log",
                                                           .none = "Every secret was used.",
                                                           .columns = place_columns};
static const struct bulla_report_section canaries_section = {
    .name = "canaries", .title = "Canaries", .note = "do not show these", .columns = place_columns};

static enum bulla_status print_versions(struct status *status, const struct bulla_report_section *section,
                                        bulla_version_fn add) {
  BULLA_TRY(bulla_report_out_open(&status->out, section));
  BULLA_TRY(bulla_vault_versions(status->vault, status->tenant, add, status));
  return bulla_report_out_close(&status->out);
}

/* If |num| is 0 there is nothing to print, and no mask is opened again. */
static enum bulla_status print_secrets(struct status *status, const struct bulla_report_section *section,
                                       bulla_secret_fn add, int64_t num) {
  BULLA_TRY(bulla_report_out_open(&status->out, section));
  BULLA_TRY(num > 0 ? bulla_vault_secrets(status->vault, status->tenant, add, status) : BULLA_OK);
  return bulla_report_out_close(&status->out);
}

static enum bulla_status print_roots(struct status *status) {
  BULLA_TRY(bulla_report_out_open(&status->out, &roots_section));
  BULLA_TRY(bulla_vault_root_list(status->vault, add_root, status));
  return bulla_report_out_close(&status->out);
}

static struct bulla_cell time_cell(int64_t micros) {
  return bulla_cell(micros > 0 ? BULLA_CELL_SECONDS : BULLA_CELL_NONE, bulla_when_floor(micros, US_PER_S));
}

/* A fact of which there is none yet is told in text too. */
static struct bulla_cell last_cell(const struct status *status, int64_t micros) {
  bool is_never = status->sees_all && micros == 0 && !status->cli->json;
  return is_never ? bulla_cell_text(BULLA_LITERAL("never")) : time_cell(micros);
}

static enum bulla_status print_facts(struct status *status) {
  const struct bulla_survey *survey = &status->survey;
  const struct bulla_report_fact facts[] = {
      {"secrets", "secrets", bulla_cell_number(survey->num_secrets)},
      {"last_anchor", "last anchor", last_cell(status, status->used.last_anchor)},
      {"last_backup", "last backup", last_cell(status, status->used.backups.last[0].time)},
      {"due", "keys to rotate", bulla_cell_number(survey->num_due)},
      {"known", "keys known by an ended grant", bulla_cell_number(survey->num_known)},
      {"known_apikeys", "API keys known by an ended grant", bulla_cell_number(survey->num_known_apikeys)},
      {"former_versions", "former versions not destroyed", bulla_cell_number(survey->num_former)},
      {"expired", "secrets past their date", bulla_cell_number(survey->num_expired)},
      {"expiring", "secrets that expire within 30 days", bulla_cell_number(survey->num_expiring)},
      {"generation", "generation", bulla_cell_number(status->generation)},
  };
  return bulla_report_out_facts(&status->out, facts, sizeof(facts) / sizeof(facts[0]));
}

static enum bulla_status print_all(struct status *status, const struct bulla_report_head *head) {
  const struct bulla_survey *survey = &status->survey;
  BULLA_TRY(bulla_report_out_begin(&status->out, head));
  BULLA_TRY(print_facts(status));
  BULLA_TRY(print_versions(status, &versions_section, add_version));
  BULLA_TRY(print_roots(status));
  BULLA_TRY(print_versions(status, &due_section, add_due));
  BULLA_TRY(print_secrets(status, &expiry_section, add_expiring, survey->num_expired + survey->num_expiring));
  BULLA_TRY(print_secrets(status, &unused_section, add_unused, survey->num_secrets - survey->num_canaries));
  BULLA_TRY(print_secrets(status, &canaries_section, add_canary, survey->num_canaries));
  return bulla_report_out_end(&status->out);
}

/* Whether |last| is older than |since|. Who has never made one may not want to, unless the option |name| asks for it.
 */
static bool is_late(const struct status *status, const char *name, int64_t last, int64_t since) {
  return status->sees_all && last < since && (last != 0 || bulla_option_count(status->cli, name) > 0);
}

/* Says in |room| since when there is no backup or anchor, or nothing if there is none too few. */
static void say_late(char room[LATE_MAX], const struct status *status, const char *name, int64_t last, int64_t since,
                     const char *command) {
  room[0] = '\0';
  if (!is_late(status, name, last, since)) {
    return;
  }
  char when[BULLA_WHEN_TEXT_MAX];
  bool is_known = last != 0 && bulla_when_text(when, bulla_when_floor(last, US_PER_S), -1);
  (void)snprintf(room, LATE_MAX, "; no %s%s%s: run %s", name, is_known ? " since " : "", is_known ? when : "", command);
}

/* For cron: something is due. */
static enum bulla_status check(struct status *status) {
  char backup[LATE_MAX];
  char anchor[LATE_MAX];
  const struct bulla_survey *survey = &status->survey;
  int64_t num_known = survey->num_known + survey->num_known_apikeys;
  int64_t num = survey->num_due + survey->num_expired + num_known;
  say_late(backup, status, "backup", status->used.backups.last[0].time, status->backup_since, "bulla backup");
  say_late(anchor, status, "anchor", status->used.last_anchor, status->anchor_since, "bulla audit anchor");
  bool is_good = num == 0 && backup[0] == '\0' && anchor[0] == '\0';
  if (is_good || bulla_option_count(status->cli, "check") == 0) {
    return BULLA_OK;
  }
  status->cli->exit_status = BULLA_DOCTOR_PROBLEM;
  bulla_cli_at(status->cli, "status");
  char known[LATE_MAX] = "";
  if (num_known > 0) {
    (void)snprintf(known, sizeof(known), ", %lld known by an ended grant", (long long)num_known);
  }
  return bulla_cli_error(status->cli, BULLA_IO, "%lld to rotate, %lld past their date%s%s%s%s",
                         (long long)survey->num_due, (long long)survey->num_expired, known,
                         num > 0 ? ": the command is said beside each" : "", backup, anchor);
}

enum bulla_status bulla_run_status(struct bulla_cli *cli) {
  char room[BULLA_SESSION_URL_MAX];
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct status status BULLA_CLEANUP(status_free) = {.cli = cli};
  status.tenant = cli->num_operands > 0 ? bulla_text(cli->operands[0]) : bulla_span(NULL, 0);
  bulla_survey_begin(&status.survey);
  BULLA_TRY(read_ages(&status));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  status.vault = vault;
  /* First what takes a root: an auditor's log may be long. */
  bulla_session_at_tenant(cli, status.tenant, "TENANT");
  BULLA_TRY(bulla_survey_take(&status.survey, vault, status.tenant));
  BULLA_TRY(bulla_vault_directory(vault, &status.generation));
  BULLA_TRY(read_log(&status));
  BULLA_TRY(check_sight(&status));
  bulla_session_at_tenant(cli, status.tenant, "TENANT");
  status.out.sinks[0] = bulla_report_sink_new(cli);
  if (status.out.sinks[0] == NULL) {
    return BULLA_NO_MEMORY;
  }
  status.out.num = 1;
  const struct bulla_report_head head = {
      .title = "Status", .subtitle = bulla_session_shown_url(cli, room), .is_first = true};
  BULLA_TRY(print_all(&status, &head));
  return check(&status);
}
