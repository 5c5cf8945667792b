/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_breach.h. */

#include "cli/report_breach.h"

#include <stdio.h>
#include <string.h>

#include "cli/audit_filter.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/report_collect.h"
#include "cli/report_print.h"
#include "cli/session.h"
#include "cli/word.h"
#include "store/clock.h"

#define DAY (24 * BULLA_REPORT_HOUR)

static enum bulla_status read_backup(struct bulla_breach *breach, struct bulla_cli *cli, const char *text) {
  if (!bulla_when_read(&breach->backup_first, text, bulla_clock_us())) {
    return bulla_cli_usage(cli, "--breach backup: takes a time in UTC: %s", BULLA_WHEN_FORMS);
  }
  bool is_date = strlen(text) == strlen("YYYY-MM-DD") && text[4] == '-';
  bool is_day = is_date || strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0;
  breach->backup_last = breach->backup_first + (is_day ? DAY - 1 : 0);
  return BULLA_OK;
}

enum bulla_status bulla_breach_read(struct bulla_breach *breach, struct bulla_cli *cli) {
  struct bulla_span kind;
  struct bulla_span name;
  bool is_named = bulla_word_split(&kind, &name, bulla_option_value(cli, "breach"), ':') && name.len > 0;
  *breach = (struct bulla_breach){.name = name, .since = INT64_MIN};
  BULLA_TRY(bulla_audit_filter_time(cli, "since", &breach->since));
  if (bulla_option_count(cli, "tenant") + bulla_option_count(cli, "until") > 0) {
    return bulla_cli_usage(cli, "--breach takes --since, and neither --until nor --tenant: write --breach tenant:T");
  }
  if (!is_named && bulla_span_equal(kind, BULLA_LITERAL("root"))) {
    breach->kind = BULLA_BREACH_ROOT;
    return BULLA_OK;
  }
  if (is_named && bulla_span_equal(kind, BULLA_LITERAL("tenant"))) {
    breach->kind = BULLA_BREACH_TENANT;
    return bulla_word_is_name(name) ? BULLA_OK : BULLA_INVALID_NAME;
  }
  if (is_named && bulla_span_equal(kind, BULLA_LITERAL("actor"))) {
    breach->kind = BULLA_BREACH_ACTOR;
    return BULLA_OK;
  }
  if (is_named && bulla_span_equal(kind, BULLA_LITERAL("backup"))) {
    breach->kind = BULLA_BREACH_BACKUP;
    return read_backup(breach, cli, (const char *)name.data);
  }
  return bulla_cli_usage(cli, "--breach takes root, tenant:T, actor:NAME or backup:DATE");
}

/* What to do, in the order in which to do it. */
static const char *const root_steps[] = {
    "Keep a copy of the audit log and of its last anchor, and verify it: bulla audit verify --anchor FILE.",
    ("Replace the root, and then all that it wrapped: bulla rotate --new-root NEW, bulla rotate --all. The leaked root "
     "opens this vault no more then; it still opens copies that were made before."),
    "Change every value of the first list where it is accepted, at the database or the provider, and put the new one.",
    "Revoke the API keys of the second list and hand out new ones: bulla apikey revoke ID.",
    "Find and delete copies and backups of the vault: whoever has one and the leaked root opens all of it.",
    ("Whoever had the root and could write to the database could also write records: an anchor that was kept apart "
     "shows up to where the log is what it was."),
    NULL};

static const char *const tenant_steps[] = {
    ("Give the tenant a new secret, and seal its values under it: bulla rotate --tenant T, bulla rewrap --tenant T "
     "--destroy."),
    "Change every value of the first list where it is accepted, and put the new one.",
    "Revoke the tenant's API keys and hand out new ones: bulla apikey revoke ID.",
    "Backups keep the old secret: delete those that are not needed.",
    "Tell the tenant which credentials were exposed, and since when.",
    NULL};

static const char *const actor_steps[] = {
    ("Take away what the actor opens the vault with: the root, the key file, the account that may read it. The name of "
     "an actor is what it said of itself: look at the origins, too."),
    "Change every value that says must be changed where it is accepted, and put the new one.",
    "Revoke the API keys of the list: the actor made them, or could mint tokens with them.",
    ("If the actor had a root, all of the vault was within reach, opened by bulla or not: bulla audit report --breach "
     "root."),
    "Look at what the actor changed, and undo what should not be.",
    NULL};

/* Of an actor with a key of its own. */
static const char *const key_steps[] = {
    ("Revoke the actor, and give the tenants whose keys it had new ones: bulla actor revoke NAME --now. Then seal anew "
     "what the former keys have sealed: bulla rewrap --destroy."),
    ("Change every value of the lists that must be changed where it is accepted, and put the new one. That no record "
     "tells of an opening proves nothing: with the actor's key and a copy of the database none is written."),
    "Revoke the API keys of the list: who could verify their tokens could mint them, too: bulla apikey revoke ID.",
    "See to it that the former values of the list are not accepted any more.",
    "Find and delete copies and backups of the vault: in those the key opens what its roles gave it then, for good.",
    ("Look at what the actor changed, and undo what should not be. These records are proven by its key. Others that "
     "only say its name, of a root or another actor, are not among them: bulla audit log --actor NAME."),
    NULL};

static const char *const backup_steps[] = {
    ("A backup opens only with one of the roots that the vault had then. If none of them leaked, nothing was exposed "
     "but "
     "the names of tenants, entries and fields, and how much there is."),
    "If one may have leaked: change every value of the first list where it is accepted, and put the new one.",
    "Revoke the API keys of the list and hand out new ones: bulla apikey revoke ID.",
    "See to it that the former values of the second list are not accepted any more.",
    "Give the vault new keys, so that what was learnt from the backup opens nothing of later: bulla rotate --all.",
    NULL};

static enum bulla_status print_steps(const struct bulla_breach *breach, struct bulla_report_out *out, bool has_key) {
  static const char *const *const all_steps[] = {root_steps, tenant_steps, actor_steps, backup_steps};
  static const char *const columns[] = {"step", "what", NULL};
  static const struct bulla_report_section section = {
      .name = "steps", .title = "What to do", .columns = columns, .is_complete = true};
  const char *const *steps = has_key ? key_steps : all_steps[breach->kind];
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (int i = 0; steps[i] != NULL; i++) {
    const struct bulla_cell cells[] = {bulla_cell_number(i + 1), bulla_cell_string(steps[i])};
    BULLA_TRY(bulla_report_out_row(out, cells));
  }
  return bulla_report_out_close(out);
}

/* All that is known by the log. Of an actor also a report of what it did. */
struct known {
  struct bulla_replay replay;
  struct bulla_report report;
  struct bulla_reach reach; /* of an actor */
  bool is_actor;
};

static void known_free(struct known *known) {
  bulla_replay_free(&known->replay);
  bulla_report_free(&known->report);
  bulla_reach_free(&known->reach);
}

static enum bulla_status take_record(void *arg, const struct bulla_audit_record *record) {
  struct known *known = (struct known *)arg;
  BULLA_TRY(bulla_replay_take(&known->replay, record));
  bool is_his = known->is_actor && bulla_replay_is_by(&known->replay, record);
  return is_his ? bulla_report_take(&known->report, record) : BULLA_OK;
}

static enum bulla_status print_summary(const struct known *known, const struct bulla_exposed *exposed,
                                       struct bulla_report_out *out) {
  const struct bulla_breach *breach = exposed->breach;
  int64_t first = known->replay.first_record;
  int64_t from = breach->kind == BULLA_BREACH_BACKUP ? breach->backup_last : breach->since;
  bool begins_later = first == 0 || (from != INT64_MIN && first > from);
  const struct bulla_report_fact facts[] = {
      {"fields_to_change", "fields to change", bulla_cell_number(exposed->num_fields)},
      {"apikeys_to_revoke", "API keys to revoke", bulla_cell_number(exposed->num_apikeys)},
      {"unreadable", "entries that cannot be shown", bulla_cell_number(exposed->num_unreadable)},
      {"log_begins", "the log begins", bulla_report_time(first)},
      {"log_begins_later", "the log begins too late", bulla_cell(BULLA_CELL_BOOL, begins_later ? 1 : 0)},
      {"shredded_since", "tenants shredded since, not told", bulla_cell_number(known->replay.num_shredded)},
      {"left_out", "names left out", bulla_cell_number(bulla_replay_num_full(&known->replay))},
  };
  return bulla_report_out_facts(out, facts, sizeof(facts) / sizeof(facts[0]));
}

static enum bulla_status print_lists(struct bulla_exposed *exposed, const struct known *known) {
  if (!known->is_actor) {
    BULLA_TRY(bulla_exposed_fields(exposed));
    BULLA_TRY(bulla_exposed_apikeys(exposed));
    return bulla_exposed_changed(exposed);
  }
  BULLA_TRY(bulla_exposed_to_actor(exposed));
  BULLA_TRY(bulla_exposed_in_reach(exposed));
  BULLA_TRY(bulla_exposed_apikeys(exposed));
  BULLA_TRY(bulla_exposed_changed(exposed));
  return bulla_report_print_one(&known->report, exposed->out);
}

/* Fills |title|, and in |said| what is assumed. */
static void describe(const struct bulla_breach *breach, char title[512], char said[128]) {
  static const char *const titles[] = {"What a leaked root exposed", "What the leaked secret of a tenant exposed",
                                       "What an actor had", "What a backup exposed"};
  char when[BULLA_WHEN_TEXT_MAX];
  (void)snprintf(title, 512, "%s%s%.*s", titles[breach->kind], breach->name.len > 0 ? ": " : "", (int)breach->name.len,
                 (const char *)breach->name.data);
  said[0] = '\0';
  int64_t from = breach->kind == BULLA_BREACH_BACKUP ? breach->backup_last : breach->since;
  if (from != INT64_MIN && bulla_when_text(when, bulla_when_floor(from, 1000000), -1)) {
    (void)snprintf(said, 128, "%s %s", breach->kind == BULLA_BREACH_BACKUP ? "the vault as of" : "since", when);
  }
}

enum bulla_status bulla_breach_print(const struct bulla_breach *breach, struct bulla_cli *cli,
                                     struct bulla_vault *vault, struct bulla_report_out *out,
                                     struct bulla_report_head *head) {
  char title[512];
  char subtitle[BULLA_SESSION_URL_MAX + 160];
  char said[128];
  struct known known BULLA_CLEANUP(known_free) = {.is_actor = breach->kind == BULLA_BREACH_ACTOR};
  bulla_replay_begin(&known.replay, known.is_actor ? breach->name : bulla_span(NULL, 0),
                     breach->kind == BULLA_BREACH_BACKUP ? breach->backup_first : breach->since);
  bulla_report_begin(&known.report, breach->since, INT64_MAX, bulla_clock_us());
  describe(breach, title, said);
  (void)snprintf(subtitle, sizeof(subtitle), "%s%s%s", head->subtitle, said[0] != '\0' ? ", " : "", said);
  *head = (struct bulla_report_head){.title = title, .subtitle = subtitle, .is_first = true};
  if (breach->kind == BULLA_BREACH_TENANT) {
    bulla_session_at_tenant(cli, breach->name, "--breach");
    BULLA_TRY(bulla_session_tenant(cli, vault, breach->name));
  }
  bulla_cli_at(cli, "audit report");
  if (known.is_actor) {
    BULLA_TRY(bulla_reach_take(&known.reach, vault, breach->name));
    known.replay.is_proven = known.reach.has_key;
  }
  BULLA_TRY(bulla_vault_audit_log(vault, INT64_MIN, bulla_span(NULL, 0), take_record, &known));
  if (known.is_actor && !known.reach.has_key && known.replay.num_of_actor == 0) {
    return bulla_cli_error(cli, BULLA_NOT_FOUND,
                           "no record of that time has this actor: audit report lists the actors");
  }
  /* The lists are as long as the vault. To have the summary before them they are counted first, printed to nowhere. */
  struct bulla_report_out nowhere = {.num = 0};
  const struct bulla_reach *reach = known.is_actor ? &known.reach : NULL;
  struct bulla_exposed counted = {
      .breach = breach, .replay = &known.replay, .reach = reach, .vault = vault, .out = &nowhere};
  struct bulla_exposed exposed = counted;
  exposed.out = out;
  BULLA_TRY(print_lists(&counted, &known));
  BULLA_TRY(bulla_report_out_begin(out, head));
  BULLA_TRY(print_summary(&known, &counted, out));
  BULLA_TRY(print_lists(&exposed, &known));
  BULLA_TRY(print_steps(breach, out, known.is_actor && known.reach.has_key));
  return bulla_report_out_end(out);
}
