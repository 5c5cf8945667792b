/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_print.h. */

#include "cli/report_print.h"

#include "cli/report_collect.h"

static struct bulla_cell actor_cell(const struct bulla_report_actor *actor) {
  return bulla_cell_text(actor != NULL ? actor->item.key : bulla_span(NULL, 0));
}

static struct bulla_cell origin_cell(const struct bulla_report_origin *origin) {
  return bulla_cell_text(origin != NULL ? origin->item.key : bulla_span(NULL, 0));
}

static struct bulla_cell tenant_cell(const struct bulla_report_entry *entry) {
  return bulla_cell_text(entry != NULL ? entry->tenant : bulla_span(NULL, 0));
}

static struct bulla_cell entry_cell(const struct bulla_report_entry *entry) {
  return bulla_cell_text(entry != NULL ? entry->entry : bulla_span(NULL, 0));
}

static enum bulla_status print_canaries(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"time",  "actor", "origin", "op",  "tenant",
                                        "entry", "field", "lane",   "seq", NULL};
  static const struct bulla_report_section section = {
      .name = "canaries",
      .title = "CANARY: somebody tried to use what nobody uses",
      .none = "No canary was touched.",
      .columns = columns,
      .is_complete = true,
      .is_alarm = true,
  };
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->canaries.num; i++) {
    const struct bulla_report_event *event = report->canaries.items[i];
    const struct bulla_cell cells[] = {
        bulla_report_time(event->time), actor_cell(event->actor),         origin_cell(event->origin),
        bulla_cell_text(event->op),     tenant_cell(event->entry),        entry_cell(event->entry),
        bulla_cell_text(event->field),  bulla_report_number(event->lane), bulla_report_number(event->seq)};
    BULLA_TRY(bulla_report_out_row(out, cells));
  }
  return bulla_report_out_close(out);
}

/* How many items of |table| have records in the span. */
static int64_t num_actors(const struct bulla_report *report) {
  int64_t num = 0;
  for (size_t i = 0; i < report->actors.num; i++) {
    num += ((const struct bulla_report_actor *)report->actors.items[i])->in_span.num > 0 ? 1 : 0;
  }
  return num;
}

static int64_t num_entries(const struct bulla_report *report) {
  int64_t num = 0;
  for (size_t i = 0; i < report->entries.num; i++) {
    const struct bulla_report_entry *entry = report->entries.items[i];
    num += entry->in_span.counts.granted > 0 ? 1 : 0;
  }
  return num;
}

static enum bulla_status print_facts(struct bulla_report *report, struct bulla_report_out *out) {
  const struct bulla_report_counts *counts = &report->all.counts;
  const struct bulla_report_fact facts[] = {
      {"since", "since", bulla_report_time(report->since)},
      {"until", "until", bulla_report_time(report->until)},
      {"records", "records", bulla_report_number(report->all.num)},
      {"records_before", "records before the span", bulla_report_number(report->num_before)},
      {"opened", "opened", bulla_report_number(bulla_report_opened(counts))},
      {"not_found", "not found", bulla_report_number(counts->not_found)},
      {"failed", "failed to open", bulla_report_number(counts->failed)},
      {"limited", "refused by a limit", bulla_report_number(counts->refused)},
      {"canary", "canaries touched", bulla_report_number(counts->canaries)},
      {"changed", "changes", bulla_report_number(counts->changes)},
      {"actors", "actors", bulla_report_number(num_actors(report))},
      {"entries_opened", "entries and API keys opened", bulla_report_number(num_entries(report))},
      {"erased", "erased with their tenants", bulla_report_number(report->num_erased)},
      {"not_judged", "openings of actors without past", bulla_report_number(report->num_unjudged)},
      {"left_out", "names not told in full", bulla_report_number(bulla_report_num_full(report))},
  };
  return bulla_report_out_facts(out, facts, sizeof(facts) / sizeof(facts[0]));
}

static bool is_new(int64_t first, const struct bulla_report_tally *in_span, const struct bulla_report *report) {
  return in_span->num > 0 && first >= report->since;
}

#define NEW_NOTE "the log has nothing of them before the span"

static enum bulla_status print_new_actors(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor", "first", "last", "opened", "refused", "changed", NULL};
  static const struct bulla_report_section section = {.name = "new_actors",
                                                      .title = "Actors seen for the first time",
                                                      .note = NEW_NOTE,
                                                      .none = "No actor was new.",
                                                      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->actors.num; i++) {
    const struct bulla_report_actor *actor = report->actors.items[i];
    const struct bulla_report_tally *tally = &actor->in_span;
    const struct bulla_cell cells[] = {actor_cell(actor),
                                       bulla_report_time(tally->first),
                                       bulla_report_time(tally->last),
                                       bulla_report_number(bulla_report_opened(&tally->counts)),
                                       bulla_report_number(bulla_report_refused(&tally->counts)),
                                       bulla_report_number(tally->counts.changes)};
    if (is_new(actor->first_ever, tally, report)) {
      BULLA_TRY(bulla_report_out_row(out, cells));
    }
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_new_origins(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"origin", "first", "last", "records", NULL};
  static const struct bulla_report_section section = {
      .name = "new_origins",
      .title = "Origins seen for the first time",
      .note = NEW_NOTE "; * stands for the number of a process or a terminal",
      .none = "No origin was new.",
      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->origins.num; i++) {
    const struct bulla_report_origin *origin = report->origins.items[i];
    const struct bulla_report_tally *tally = &origin->in_span;
    const struct bulla_cell cells[] = {origin_cell(origin), bulla_report_time(tally->first),
                                       bulla_report_time(tally->last), bulla_report_number(tally->num)};
    if (is_new(origin->first_ever, tally, report)) {
      BULLA_TRY(bulla_report_out_row(out, cells));
    }
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_new_entries(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"tenant", "entry", "first", "first_by", "opened", NULL};
  static const struct bulla_report_section section = {.name = "new_entries",
                                                      .title = "Entries and API keys opened for the first time",
                                                      .note = "the log has no opening of them before the span",
                                                      .none = "Nothing was opened for the first time.",
                                                      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->entries.num; i++) {
    const struct bulla_report_entry *entry = report->entries.items[i];
    const struct bulla_cell cells[] = {tenant_cell(entry), entry_cell(entry), bulla_report_time(entry->first_opened),
                                       actor_cell(entry->first_by),
                                       bulla_report_number(bulla_report_opened(&entry->in_span.counts))};
    if (entry->in_span.counts.granted > 0 && entry->first_opened >= report->since) {
      BULLA_TRY(bulla_report_out_row(out, cells));
    }
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_bursts(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor", "hour", "tries", "busiest_hour_before", NULL};
  static const struct bulla_report_section section = {
      .name = "bursts",
      .title = "Bursts",
      .note =
          "hours in which an actor tried to open more than 20 fields and API keys, and more than 4 times as many as "
          "in the busiest of its hours before, in all of the log",
      .none = "No actor opened much more in an hour than ever before.",
      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->bursts.num; i++) {
    const struct bulla_report_event *event = report->bursts.items[i];
    const struct bulla_cell cells[] = {actor_cell(event->actor), bulla_report_time(event->time),
                                       bulla_report_number(event->num), bulla_report_number(event->than)};
    BULLA_TRY(bulla_report_out_row(out, cells));
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_odd_hours(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor", "origin", "tenant", "entry", "time", "times", NULL};
  static const struct bulla_report_section section = {
      .name = "outside_hours",
      .title = "Opened outside the actor's hours",
      .note =
          "in an hour of the day, UTC, in which the actor never opened anything before the span; judged for actors "
          "with at least 20 openings over 7 days before it",
      .none = "Nothing was opened outside the hours of its actor.",
      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->odd_hours.num; i++) {
    const struct bulla_report_event *event = report->odd_hours.items[i];
    const struct bulla_cell cells[] = {actor_cell(event->actor),       origin_cell(event->origin),
                                       tenant_cell(event->entry),      entry_cell(event->entry),
                                       bulla_report_time(event->time), bulla_report_number(event->num)};
    BULLA_TRY(bulla_report_out_row(out, cells));
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_use(struct bulla_report_out *out, const struct bulla_report_use *use) {
  const struct bulla_report_tally *tally = &use->tally;
  const struct bulla_cell cells[] = {actor_cell(use->actor),
                                     origin_cell(use->origin),
                                     bulla_cell_text(use->op),
                                     tenant_cell(use->entry),
                                     entry_cell(use->entry),
                                     bulla_cell_text(use->field),
                                     bulla_report_number(bulla_report_opened(&tally->counts) + tally->counts.changes),
                                     bulla_report_number(bulla_report_refused(&tally->counts)),
                                     bulla_report_time(tally->first),
                                     bulla_report_time(tally->last)};
  return bulla_report_out_row(out, cells);
}

static enum bulla_status print_exports(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor", "origin",  "op",    "tenant", "entry", "field",
                                        "times", "refused", "first", "last",   NULL};
  static const struct bulla_report_section section = {
      .name = "exports",
      .title = "Keys and values that left the vault, or came from another",
      .note = "apikey-export hands out a day's token key; export-vault and import-vault copy whole vaults",
      .none = "No key was exported.",
      .columns = columns,
      .is_complete = true};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->exports.num; i++) {
    BULLA_TRY(print_use(out, report->exports.items[i]));
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_failures(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor",     "origin", "op",      "tenant", "entry", "field",
                                        "not_found", "failed", "limited", "first",  "last",  NULL};
  static const struct bulla_report_section section = {
      .name = "failures",
      .title = "What did not open",
      .note =
          "not found: there is nothing of that name; failed: damaged or tampered with, see audit log --outcome "
          "failed",
      .none = "Everything that was asked for opened.",
      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->uses.num; i++) {
    const struct bulla_report_use *use = report->uses.items[i];
    const struct bulla_report_tally *tally = &use->tally;
    const struct bulla_cell cells[] = {actor_cell(use->actor),
                                       origin_cell(use->origin),
                                       bulla_cell_text(use->op),
                                       tenant_cell(use->entry),
                                       entry_cell(use->entry),
                                       bulla_cell_text(use->field),
                                       bulla_report_number(tally->counts.not_found),
                                       bulla_report_number(tally->counts.failed),
                                       bulla_report_number(tally->counts.refused),
                                       bulla_report_time(tally->first),
                                       bulla_report_time(tally->last)};
    if (bulla_report_refused(&tally->counts) > 0) {
      BULLA_TRY(bulla_report_out_row(out, cells));
    }
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_openings(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor", "origin",  "op",    "tenant", "entry", "field",
                                        "times", "refused", "first", "last",   NULL};
  static const struct bulla_report_section section = {
      .name = "opened",
      .title = "What was opened, by whom, from where",
      .note = "most often first; apikey-use is a verifier that fetched an API key",
      .none = "Nothing was opened.",
      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->uses.num; i++) {
    const struct bulla_report_use *use = report->uses.items[i];
    if (bulla_report_opened(&use->tally.counts) > 0) {
      BULLA_TRY(print_use(out, use));
    }
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_actors(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor",   "opened",  "not_found", "failed", "limited",
                                        "changed", "records", "first",     "last",   NULL};
  static const struct bulla_report_section section = {
      .name = "actors", .title = "Actors", .none = "Nobody did anything.", .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->actors.num; i++) {
    const struct bulla_report_actor *actor = report->actors.items[i];
    const struct bulla_report_tally *tally = &actor->in_span;
    const struct bulla_cell cells[] = {actor_cell(actor),
                                       bulla_report_number(bulla_report_opened(&tally->counts)),
                                       bulla_report_number(tally->counts.not_found),
                                       bulla_report_number(tally->counts.failed),
                                       bulla_report_number(tally->counts.refused),
                                       bulla_report_number(tally->counts.changes),
                                       bulla_report_number(tally->num),
                                       bulla_report_time(tally->first),
                                       bulla_report_time(tally->last)};
    if (tally->num > 0) {
      BULLA_TRY(bulla_report_out_row(out, cells));
    }
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_acts(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"actor", "op", "outcome", "times", "first", "last", NULL};
  static const struct bulla_report_section section = {
      .name = "changes", .title = "What was changed", .none = "Nothing was changed.", .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->acts.num; i++) {
    const struct bulla_report_act *act = report->acts.items[i];
    const struct bulla_cell cells[] = {actor_cell(act->actor),
                                       bulla_cell_text(act->op),
                                       bulla_cell_text(act->outcome),
                                       bulla_report_number(act->tally.num),
                                       bulla_report_time(act->tally.first),
                                       bulla_report_time(act->tally.last)};
    BULLA_TRY(bulla_report_out_row(out, cells));
  }
  return bulla_report_out_close(out);
}

static enum bulla_status print_clocks(struct bulla_report *report, struct bulla_report_out *out) {
  static const char *const columns[] = {"lane", "seq", "time", "time_of_the_record_before", NULL};
  static const struct bulla_report_section section = {
      .name = "clocks",
      .title = "The clock was set back",
      .note =
          "times of these records, and of those between, are not to be relied on: what was said to be first, before "
          "or within an hour may not be so. The order of a lane's numbers is right",
      .columns = columns};
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < report->clocks.num; i++) {
    const struct bulla_report_event *event = report->clocks.items[i];
    const struct bulla_cell cells[] = {bulla_report_number(event->lane), bulla_report_number(event->seq),
                                       bulla_report_time(event->time), bulla_report_time(event->than)};
    BULLA_TRY(bulla_report_out_row(out, cells));
  }
  return bulla_report_out_close(out);
}

static int compare(int64_t a, int64_t b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/* Most often first. What is equal stays in the order of its first record. */
static int by_weight(const struct bulla_report_tally *a, const struct bulla_report_tally *b) {
  int order = compare(bulla_report_opened(&b->counts), bulla_report_opened(&a->counts));
  order = order != 0 ? order : compare(b->num, a->num);
  return order != 0 ? order : compare(a->first, b->first);
}

static int compare_uses(const void *a, const void *b) {
  const struct bulla_report_use *x = *(const struct bulla_report_use *const *)a;
  const struct bulla_report_use *y = *(const struct bulla_report_use *const *)b;
  return by_weight(&x->tally, &y->tally);
}

static int compare_acts(const void *a, const void *b) {
  const struct bulla_report_act *x = *(const struct bulla_report_act *const *)a;
  const struct bulla_report_act *y = *(const struct bulla_report_act *const *)b;
  return by_weight(&x->tally, &y->tally);
}

static int compare_actors(const void *a, const void *b) {
  const struct bulla_report_actor *x = *(const struct bulla_report_actor *const *)a;
  const struct bulla_report_actor *y = *(const struct bulla_report_actor *const *)b;
  return by_weight(&x->in_span, &y->in_span);
}

enum bulla_status bulla_report_print(struct bulla_report *report, struct bulla_report_out *out,
                                     const struct bulla_report_head *head) {
  bulla_report_table_sort(&report->uses, compare_uses);
  bulla_report_table_sort(&report->acts, compare_acts);
  bulla_report_table_sort(&report->actors, compare_actors);
  BULLA_TRY(bulla_report_out_begin(out, head));
  BULLA_TRY(print_canaries(report, out));
  BULLA_TRY(print_facts(report, out));
  BULLA_TRY(bulla_report_out_plots(out, report));
  BULLA_TRY(print_clocks(report, out));
  BULLA_TRY(print_bursts(report, out));
  BULLA_TRY(print_odd_hours(report, out));
  BULLA_TRY(print_new_actors(report, out));
  BULLA_TRY(print_new_origins(report, out));
  BULLA_TRY(print_new_entries(report, out));
  BULLA_TRY(print_exports(report, out));
  BULLA_TRY(print_failures(report, out));
  BULLA_TRY(print_openings(report, out));
  BULLA_TRY(print_acts(report, out));
  BULLA_TRY(print_actors(report, out));
  return bulla_report_out_end(out);
}
