/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_print.h. */

#include "cli/report_print.h"

#include "cli/report_collect.h"

/* What can stand in a row, and its name. */
#define COLUMNS(X)                                                                                                     \
  X(ACTOR, "actor"), X(BUSIEST, "busiest_hour_before"), X(CHANGED, "changed"), X(DENIED, "denied"), X(ENTRY, "entry"), \
      X(FAILED, "failed"), X(FIELD, "field"), X(FIRST, "first"), X(FIRST_BY, "first_by"), X(HOUR, "hour"),             \
      X(LANE, "lane"), X(LAST, "last"), X(LIMITED, "limited"), X(NOT_FOUND, "not_found"), X(OP, "op"),                 \
      X(OPENED, "opened"), X(ORIGIN, "origin"), X(OUTCOME, "outcome"), X(RECORDS, "records"), X(REFUSED, "refused"),   \
      X(SEQ, "seq"), X(TENANT, "tenant"), X(TIME, "time"), X(TIME_BEFORE, "time_of_the_record_before"),                \
      X(TIMES, "times"), X(TRIES, "tries")
#define INDEX_OF(column, name) column
#define NAME_OF(column, name) name

/* The last two are never printed. */
enum column { END, COLUMNS(INDEX_OF), FIRST_EVER, GRANTED, NUM_COLUMNS };

static const char *const names[] = {NULL, COLUMNS(NAME_OF)};

/* A section, and how its rows are made of the items of a table. */
struct list {
  struct bulla_report_section section; /* its columns are these, up to END */
  enum column columns[BULLA_MAX_COLUMNS];
  void (*fill)(struct bulla_cell *cells, const void *item);
  enum column only; /* items of which this is 0 are left out; END: none are */
  bool only_new;    /* and those that were there before the span */
};

static struct bulla_cell text_cell(const struct bulla_report_item *item) {
  return bulla_cell_text(item != NULL ? item->key : bulla_span(NULL, 0));
}

static void fill_entry(struct bulla_cell *cells, const struct bulla_report_entry *entry) {
  cells[TENANT] = bulla_cell_text(entry != NULL ? entry->tenant : bulla_span(NULL, 0));
  cells[ENTRY] = bulla_cell_text(entry != NULL ? entry->entry : bulla_span(NULL, 0));
}

static void fill_tally(struct bulla_cell *cells, const struct bulla_report_tally *tally) {
  const struct bulla_report_counts *counts = &tally->counts;
  cells[CHANGED] = bulla_cell_number(counts->changes);
  cells[DENIED] = bulla_cell_number(counts->denied);
  cells[FAILED] = bulla_cell_number(counts->failed);
  cells[FIRST] = bulla_report_time(tally->first);
  cells[GRANTED] = bulla_cell_number(counts->granted);
  cells[LAST] = bulla_report_time(tally->last);
  cells[LIMITED] = bulla_cell_number(counts->refused);
  cells[NOT_FOUND] = bulla_cell_number(counts->not_found);
  cells[OPENED] = bulla_cell_number(bulla_report_opened(counts));
  cells[RECORDS] = bulla_cell_number(tally->num);
  cells[REFUSED] = bulla_cell_number(bulla_report_refused(counts));
}

static void of_event(struct bulla_cell *cells, const void *item) {
  const struct bulla_report_event *event = item;
  fill_entry(cells, event->entry);
  cells[ACTOR] = text_cell((const void *)event->actor);
  cells[ORIGIN] = text_cell((const void *)event->origin);
  cells[OP] = bulla_cell_text(event->op);
  cells[FIELD] = bulla_cell_text(event->field);
  cells[LANE] = bulla_cell_number(event->lane);
  cells[SEQ] = bulla_cell_number(event->seq);
  cells[TIME] = cells[HOUR] = bulla_report_time(event->time);
  cells[TIMES] = cells[TRIES] = bulla_cell_number(event->num);
  cells[BUSIEST] = bulla_cell_number(event->than);
  cells[TIME_BEFORE] = bulla_report_time(event->than);
}

static void of_use(struct bulla_cell *cells, const void *item) {
  const struct bulla_report_use *use = item;
  fill_tally(cells, &use->tally);
  fill_entry(cells, use->entry);
  cells[ACTOR] = text_cell((const void *)use->actor);
  cells[ORIGIN] = text_cell((const void *)use->origin);
  cells[OP] = bulla_cell_text(use->op);
  cells[FIELD] = bulla_cell_text(use->field);
  cells[TIMES] = bulla_cell_number(cells[OPENED].number + cells[CHANGED].number);
}

static void of_act(struct bulla_cell *cells, const void *item) {
  const struct bulla_report_act *act = item;
  fill_tally(cells, &act->tally);
  cells[ACTOR] = text_cell((const void *)act->actor);
  cells[OP] = bulla_cell_text(act->op);
  cells[OUTCOME] = bulla_cell_text(act->outcome);
  cells[TIMES] = cells[RECORDS];
}

static void of_actor(struct bulla_cell *cells, const void *item) {
  const struct bulla_report_actor *actor = item;
  fill_tally(cells, &actor->in_span);
  cells[ACTOR] = text_cell(&actor->item);
  cells[FIRST_EVER] = bulla_cell_number(actor->first_ever);
}

static void of_origin(struct bulla_cell *cells, const void *item) {
  const struct bulla_report_origin *origin = item;
  fill_tally(cells, &origin->in_span);
  cells[ORIGIN] = text_cell(&origin->item);
  cells[FIRST_EVER] = bulla_cell_number(origin->first_ever);
}

static void of_entry(struct bulla_cell *cells, const void *item) {
  const struct bulla_report_entry *entry = item;
  fill_tally(cells, &entry->in_span);
  fill_entry(cells, entry);
  cells[FIRST] = bulla_report_time(entry->first_opened);
  cells[FIRST_BY] = text_cell((const void *)entry->first_by);
  cells[FIRST_EVER] = bulla_cell_number(entry->first_opened);
}

static enum bulla_status print_list(const struct bulla_report *report, struct bulla_report_out *out,
                                    const struct list *list, const struct bulla_report_table *table) {
  const char *columns[BULLA_MAX_COLUMNS] = {NULL};
  struct bulla_report_section section = list->section;
  for (size_t i = 0; list->columns[i] != END; i++) {
    columns[i] = names[list->columns[i]];
  }
  section.columns = columns;
  BULLA_TRY(bulla_report_out_open(out, &section));
  for (size_t i = 0; i < table->num; i++) {
    struct bulla_cell all[NUM_COLUMNS] = {{.type = BULLA_CELL_NONE}};
    struct bulla_cell cells[BULLA_MAX_COLUMNS];
    list->fill(all, table->items[i]);
    for (size_t j = 0; list->columns[j] != END; j++) {
      cells[j] = all[list->columns[j]];
    }
    bool is_old = list->only_new && all[FIRST_EVER].number < report->since;
    if (!is_old && (list->only == END || all[list->only].number > 0)) {
      BULLA_TRY(bulla_report_out_row(out, cells));
    }
  }
  return bulla_report_out_close(out);
}

static const struct list canaries = {.section = {.name = "canaries",
                                                 .title = "CANARY: somebody tried to use what nobody uses",
                                                 .none = "No canary was touched.",
                                                 .is_complete = true,
                                                 .is_alarm = true},
                                     .columns = {TIME, ACTOR, ORIGIN, OP, TENANT, ENTRY, FIELD, LANE, SEQ},
                                     .fill = of_event};

static const struct list clocks = {
    .section =
        {.name = "clocks",
         .title = "The clock was set back",
         .note =
             "times of these records, and of those between, are not to be relied on: what was said to be first, before "
             "or within an hour may not be so. The order of a lane's numbers is right"},
    .columns = {LANE, SEQ, TIME, TIME_BEFORE},
    .fill = of_event};

static const struct list bursts = {
    .section =
        {.name = "bursts",
         .title = "Bursts",
         .note =
             "hours in which an actor tried to open more than 20 fields and API keys, and more than 4 times as many as "
             "in the busiest of its hours before, in all of the log",
         .none = "No actor opened much more in an hour than ever before."},
    .columns = {ACTOR, HOUR, TRIES, BUSIEST},
    .fill = of_event};

static const struct list odd_hours = {
    .section =
        {.name = "outside_hours",
         .title = "Opened outside the actor's hours",
         .note =
             "in an hour of the day, UTC, in which the actor never opened anything before the span; judged for actors "
             "with at least 20 openings over 7 days before it",
         .none = "Nothing was opened outside the hours of its actor."},
    .columns = {ACTOR, ORIGIN, TENANT, ENTRY, TIME, TIMES},
    .fill = of_event};

#define NEW_NOTE "the log has nothing of them before the span"

static const struct list new_actors = {.section = {.name = "new_actors",
                                                   .title = "Actors seen for the first time",
                                                   .note = NEW_NOTE,
                                                   .none = "No actor was new."},
                                       .columns = {ACTOR, FIRST, LAST, OPENED, REFUSED, CHANGED},
                                       .fill = of_actor,
                                       .only = RECORDS,
                                       .only_new = true};

static const struct list new_origins = {
    .section = {.name = "new_origins",
                .title = "Origins seen for the first time",
                .note = NEW_NOTE "; * stands for the number of a process or a terminal",
                .none = "No origin was new."},
    .columns = {ORIGIN, FIRST, LAST, RECORDS},
    .fill = of_origin,
    .only = RECORDS,
    .only_new = true};

static const struct list new_entries = {.section = {.name = "new_entries",
                                                    .title = "Entries and API keys opened for the first time",
                                                    .note = "the log has no opening of them before the span",
                                                    .none = "Nothing was opened for the first time."},
                                        .columns = {TENANT, ENTRY, FIRST, FIRST_BY, OPENED},
                                        .fill = of_entry,
                                        .only = GRANTED,
                                        .only_new = true};

static const struct list exports = {
    .section = {.name = "exports",
                .title = "Keys and values that left the vault, or came from another",
                .note = "apikey-export hands out a day's token key; export-vault and import-vault copy whole vaults",
                .none = "No key was exported.",
                .is_complete = true},
    .columns = {ACTOR, ORIGIN, OP, TENANT, ENTRY, FIELD, TIMES, REFUSED, FIRST, LAST},
    .fill = of_use};

static const struct list failures = {
    .section =
        {.name = "failures",
         .title = "What did not open",
         .note = "not found: there is nothing of that name; failed: damaged or tampered with, see audit log --outcome "
                 "failed",
         .none = "Everything that was asked for opened."},
    .columns = {ACTOR, ORIGIN, OP, TENANT, ENTRY, FIELD, NOT_FOUND, FAILED, LIMITED, DENIED, FIRST, LAST},
    .fill = of_use,
    .only = REFUSED};

static const struct list openings = {
    .section = {.name = "opened",
                .title = "What was opened, by whom, from where",
                .note = "most often first; apikey-use is a verifier that fetched an API key",
                .none = "Nothing was opened."},
    .columns = {ACTOR, ORIGIN, OP, TENANT, ENTRY, FIELD, TIMES, REFUSED, FIRST, LAST},
    .fill = of_use,
    .only = OPENED};

static const struct list acts = {
    .section = {.name = "changes", .title = "What was changed", .none = "Nothing was changed."},
    .columns = {ACTOR, OP, OUTCOME, TIMES, FIRST, LAST},
    .fill = of_act};

static const struct list actors = {
    .section = {.name = "actors", .title = "Actors", .none = "Nobody did anything."},
    .columns = {ACTOR, OPENED, NOT_FOUND, FAILED, LIMITED, DENIED, CHANGED, RECORDS, FIRST, LAST},
    .fill = of_actor,
    .only = RECORDS};

static const struct list origins_of_one = {
    .section = {.name = "origins", .title = "Where the actor worked from", .is_complete = true},
    .columns = {ORIGIN, RECORDS, FIRST, LAST},
    .fill = of_origin,
    .only = RECORDS};

static const struct list acts_of_one = {.section = {.name = "changes",
                                                    .title = "What the actor changed",
                                                    .none = "The actor changed nothing.",
                                                    .is_complete = true},
                                        .columns = {OP, OUTCOME, TIMES, FIRST, LAST},
                                        .fill = of_act};

/* How many items of |table| have something in |column|. */
static int64_t count(const struct bulla_report_table *table, void (*fill)(struct bulla_cell *cells, const void *item),
                     enum column column) {
  int64_t num = 0;
  for (size_t i = 0; i < table->num; i++) {
    struct bulla_cell all[NUM_COLUMNS];
    fill(all, table->items[i]);
    num += all[column].number > 0 ? 1 : 0;
  }
  return num;
}

static enum bulla_status print_facts(struct bulla_report *report, struct bulla_report_out *out) {
  const struct bulla_report_counts *counts = &report->all.counts;
  const struct bulla_report_fact facts[] = {
      {"since", "since", bulla_report_time(report->since)},
      {"until", "until", bulla_report_time(report->until)},
      {"records", "records", bulla_cell_number(report->all.num)},
      {"records_before", "records before the span", bulla_cell_number(report->num_before)},
      {"opened", "opened", bulla_cell_number(bulla_report_opened(counts))},
      {"not_found", "not found", bulla_cell_number(counts->not_found)},
      {"failed", "failed to open", bulla_cell_number(counts->failed)},
      {"limited", "refused by a limit", bulla_cell_number(counts->refused)},
      {"denied", "denied to actors without the role", bulla_cell_number(counts->denied)},
      {"canary", "canaries touched", bulla_cell_number(counts->canaries)},
      {"changed", "changes", bulla_cell_number(counts->changes)},
      {"actors", "actors", bulla_cell_number(count(&report->actors, of_actor, RECORDS))},
      {"entries_opened", "entries and API keys opened", bulla_cell_number(count(&report->entries, of_entry, GRANTED))},
      {"erased", "erased with their tenants", bulla_cell_number(report->num_erased)},
      {"not_judged", "openings of actors without past", bulla_cell_number(report->num_unjudged)},
      {"left_out", "names not told in full", bulla_cell_number(bulla_report_num_full(report))},
  };
  return bulla_report_out_facts(out, facts, sizeof(facts) / sizeof(facts[0]));
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
  BULLA_TRY(print_list(report, out, &canaries, &report->canaries));
  BULLA_TRY(print_facts(report, out));
  BULLA_TRY(bulla_report_out_plots(out, report));
  BULLA_TRY(print_list(report, out, &clocks, &report->clocks));
  BULLA_TRY(print_list(report, out, &bursts, &report->bursts));
  BULLA_TRY(print_list(report, out, &odd_hours, &report->odd_hours));
  BULLA_TRY(print_list(report, out, &new_actors, &report->actors));
  BULLA_TRY(print_list(report, out, &new_origins, &report->origins));
  BULLA_TRY(print_list(report, out, &new_entries, &report->entries));
  BULLA_TRY(print_list(report, out, &exports, &report->exports));
  BULLA_TRY(print_list(report, out, &failures, &report->uses));
  BULLA_TRY(print_list(report, out, &openings, &report->uses));
  BULLA_TRY(print_list(report, out, &acts, &report->acts));
  BULLA_TRY(print_list(report, out, &actors, &report->actors));
  return bulla_report_out_end(out);
}

enum bulla_status bulla_report_print_one(const struct bulla_report *report, struct bulla_report_out *out) {
  BULLA_TRY(print_list(report, out, &origins_of_one, &report->origins));
  BULLA_TRY(print_list(report, out, &acts_of_one, &report->acts));
  return bulla_report_out_plots(out, report);
}
