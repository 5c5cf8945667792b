/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_collect.h. */

#include "cli/report_collect.h"

#include <string.h>

#include "cli/audit_who.h"
#include "cli/report_find.h"
#include "cli/report_line.h"
#include "cli/word.h"

/* A record, in the terms of the report. */
struct taken {
  const struct bulla_audit_record *record;
  struct bulla_report_counts counts;
  struct bulla_report_actor *actor;
  struct bulla_report_origin *origin;
  struct bulla_report_entry *entry;
  struct bulla_span op;
  struct bulla_span outcome;
  bool in_span;
  bool is_opening; /* or an attempt, or what became of one */
  bool is_copy;    /* into another vault, or from it */
};

void bulla_report_begin(struct bulla_report *report, int64_t since, int64_t until, int64_t now) {
  *report = (struct bulla_report){.since = since, .until = until};
  report->line.least = since;
  report->line.most = until < now ? until : now;
  report->actors = bulla_report_table(sizeof(struct bulla_report_actor), BULLA_REPORT_ACTORS_MAX);
  report->origins = bulla_report_table(sizeof(struct bulla_report_origin), BULLA_REPORT_ORIGINS_MAX);
  report->entries = bulla_report_table(sizeof(struct bulla_report_entry), BULLA_REPORT_ENTRIES_MAX);
  report->uses = bulla_report_table(sizeof(struct bulla_report_use), BULLA_REPORT_USES_MAX);
  report->acts = bulla_report_table(sizeof(struct bulla_report_act), BULLA_REPORT_EVENTS_MAX);
  report->exports = bulla_report_table(sizeof(struct bulla_report_use), BULLA_REPORT_EVENTS_MAX);
  report->canaries = bulla_report_table(sizeof(struct bulla_report_event), BULLA_REPORT_EVENTS_MAX);
  report->bursts = bulla_report_table(sizeof(struct bulla_report_event), BULLA_REPORT_EVENTS_MAX);
  report->odd_hours = bulla_report_table(sizeof(struct bulla_report_event), BULLA_REPORT_EVENTS_MAX);
  report->clocks = bulla_report_table(sizeof(struct bulla_report_event), BULLA_REPORT_EVENTS_MAX);
  report->words = bulla_report_table(sizeof(struct bulla_report_item), BULLA_REPORT_EVENTS_MAX);
}

void bulla_report_free(struct bulla_report *report) {
  struct bulla_report_table *tables[] = {&report->actors,    &report->origins, &report->entries,  &report->uses,
                                         &report->acts,      &report->exports, &report->canaries, &report->bursts,
                                         &report->odd_hours, &report->clocks,  &report->words};
  for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
    bulla_report_table_free(tables[i]);
  }
}

int64_t bulla_report_num_full(const struct bulla_report *report) {
  return report->actors.num_full + report->origins.num_full + report->entries.num_full + report->uses.num_full +
         report->acts.num_full + report->exports.num_full;
}

static void tally(struct bulla_report_tally *tally, const struct taken *taken) {
  int64_t time = taken->record->time;
  tally->first = tally->num == 0 || time < tally->first ? time : tally->first;
  tally->last = tally->num == 0 || time > tally->last ? time : tally->last;
  tally->num++;
  tally->counts.granted += taken->counts.granted;
  tally->counts.failed += taken->counts.failed;
  tally->counts.not_found += taken->counts.not_found;
  tally->counts.refused += taken->counts.refused;
  tally->counts.denied += taken->counts.denied;
  tally->counts.canaries += taken->counts.canaries;
  tally->counts.changes += taken->counts.changes;
}

/* A copy of an operation or an outcome that stays. */
static enum bulla_status keep_word(struct bulla_span *word, struct bulla_report *report, struct bulla_span text) {
  void *item;
  BULLA_TRY(bulla_report_table_get(&item, &report->words, text));
  *word = item != NULL ? ((struct bulla_report_item *)item)->key : bulla_span(NULL, 0);
  return BULLA_OK;
}

/* Fills the counts of the record, one of which is 1, by its outcome. */
static void classify(struct taken *taken) {
  static const char *const housekeeping[] = {"checkpoint", "lane-open", "lane-take", "lane-at", "lane-end", NULL};
  static const char *const copies[] = {"export-vault", "import-vault", NULL};
  const struct bulla_audit_record *record = taken->record;
  const struct {
    const char *outcome;
    int64_t *count;
  } openings[] = {{"granted", &taken->counts.granted},     {"failed", &taken->counts.failed},
                  {"not-found", &taken->counts.not_found}, {"limited", &taken->counts.refused},
                  {"denied", &taken->counts.denied},       {"canary", &taken->counts.canaries}};
  for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
    if (bulla_span_equal(record->outcome, bulla_text(openings[i].outcome))) {
      *openings[i].count = 1;
      taken->is_opening = true;
    }
  }
  taken->is_copy = bulla_word_index(copies, record->op) >= 0;
  taken->counts.changes = !taken->is_opening && bulla_word_index(housekeeping, record->op) < 0 ? 1 : 0;
}

/* Copies |origin| without the number of the process or the terminal that the command puts into it, which differs from
 * run to run: "cli pid 17 on db" becomes "cli pid * on db". */
static struct bulla_span plain_origin(uint8_t room[BULLA_WHO_MAX], struct bulla_span origin) {
  static const char *const begins[] = {"cli pid ", "cli /dev/pts/", "cli /dev/tty"};
  for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
    size_t len = strlen(begins[i]);
    size_t end = len;
    if (origin.len <= len || origin.len > BULLA_WHO_MAX || memcmp(origin.data, begins[i], len) != 0) {
      continue;
    }
    while (end < origin.len && origin.data[end] >= '0' && origin.data[end] <= '9') {
      end++;
    }
    if (end > len && (end == origin.len || origin.data[end] == ' ')) {
      memcpy(room, origin.data, len);
      room[len] = '*';
      memcpy(room + len + 1, origin.data + end, origin.len - end);
      return bulla_span(room, len + 1 + origin.len - end);
    }
  }
  return origin;
}

static enum bulla_status find_name(void **item, struct bulla_report_table *table, struct bulla_span name) {
  *item = NULL;
  return name.len > 0 ? bulla_report_table_get(item, table, name) : BULLA_OK;
}

static void note_first(int64_t *first, int64_t time) {
  *first = *first == 0 || time < *first ? time : *first;
}

/* A record has no actor if that was erased with its tenant. */
static enum bulla_status find_who(struct bulla_report *report, struct taken *taken) {
  uint8_t room[BULLA_WHO_MAX];
  void *actor;
  void *origin;
  BULLA_TRY(find_name(&actor, &report->actors, bulla_audit_who(taken->record)));
  BULLA_TRY(find_name(&origin, &report->origins, plain_origin(room, taken->record->origin)));
  taken->actor = (struct bulla_report_actor *)actor;
  taken->origin = (struct bulla_report_origin *)origin;
  if (actor != NULL) {
    note_first(&taken->actor->first_ever, taken->record->time);
  }
  if (origin != NULL) {
    note_first(&taken->origin->first_ever, taken->record->time);
  }
  return BULLA_OK;
}

/* Gets an item, unless somebody who guesses at names has filled half of the table: the other half is for what is there.
 */
static enum bulla_status get_item(void **item, struct bulla_report_table *table, struct bulla_span key,
                                  const struct taken *taken) {
  bool is_miss = taken->counts.not_found + taken->counts.refused + taken->counts.denied > 0;
  if (is_miss && table->num >= table->max / 2) {
    *item = bulla_report_table_find(table, key);
    table->num_full += *item == NULL ? 1 : 0;
    return BULLA_OK;
  }
  return bulla_report_table_get(item, table, key);
}

static enum bulla_status find_entry(struct bulla_report *report, struct taken *taken) {
  const struct bulla_audit_record *record = taken->record;
  uint8_t bytes[2 * (BULLA_WHO_MAX + 8) + 1];
  struct bulla_buffer key = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&key);
  void *item = NULL;
  bool is_apikey = record->op.len > 7 && memcmp(record->op.data, "apikey-", 7) == 0;
  if (record->entry.len == 0 || record->tenant.len > BULLA_WHO_MAX || record->entry.len > BULLA_WHO_MAX) {
    return BULLA_OK;
  }
  bulla_put_byte(&writer, is_apikey ? 1 : 0);
  bulla_put_byte(&writer, (uint8_t)record->tenant.len);
  bulla_put(&writer, record->tenant);
  bulla_put(&writer, record->entry);
  BULLA_TRY(get_item(&item, &report->entries, bulla_written(&key), taken));
  struct bulla_report_entry *entry = (struct bulla_report_entry *)item;
  taken->entry = entry;
  if (entry == NULL) {
    return BULLA_OK;
  }
  entry->is_apikey = is_apikey;
  entry->tenant = bulla_span(entry->item.key.data + 2, record->tenant.len);
  entry->entry = bulla_span(entry->item.key.data + 2 + record->tenant.len, record->entry.len);
  if (taken->counts.granted > 0 && (entry->first_opened == 0 || record->time < entry->first_opened)) {
    entry->first_opened = record->time;
    entry->first_by = taken->actor;
  }
  return BULLA_OK;
}

/* The key of a use: where what it is of is kept, which does not move, and the name of the field. */
struct use_key {
  const void *actor;
  const void *origin;
  const void *entry;
  const void *op;
  uint8_t field[BULLA_WHO_MAX];
};

static enum bulla_status count_use(struct bulla_report_table *table, const struct taken *taken, bool with_place) {
  struct use_key key = {
      .actor = taken->actor, .origin = taken->origin, .entry = with_place ? taken->entry : NULL, .op = taken->op.data};
  struct bulla_span field = with_place ? taken->record->field : bulla_span(NULL, 0);
  size_t field_len = field.len < sizeof(key.field) ? field.len : sizeof(key.field);
  void *item = NULL;
  if (field_len > 0) {
    memcpy(key.field, field.data, field_len);
  }
  struct bulla_span bytes = bulla_span((const void *)&key, offsetof(struct use_key, field) + field_len);
  BULLA_TRY(get_item(&item, table, bytes, taken));
  struct bulla_report_use *use = (struct bulla_report_use *)item;
  if (use != NULL) {
    use->actor = taken->actor;
    use->origin = taken->origin;
    use->entry = with_place ? taken->entry : NULL;
    use->op = taken->op;
    use->field = bulla_span(use->item.key.data + offsetof(struct use_key, field), field_len);
    tally(&use->tally, taken);
  }
  return BULLA_OK;
}

static enum bulla_status count_act(struct bulla_report *report, const struct taken *taken) {
  const void *key[] = {taken->actor, taken->op.data, taken->outcome.data};
  void *item = NULL;
  BULLA_TRY(bulla_report_table_get(&item, &report->acts, bulla_span((const void *)key, sizeof(key))));
  struct bulla_report_act *act = (struct bulla_report_act *)item;
  if (act != NULL) {
    act->actor = taken->actor;
    act->op = taken->op;
    act->outcome = taken->outcome;
    tally(&act->tally, taken);
  }
  return BULLA_OK;
}

static enum bulla_status note_canary(struct bulla_report *report, const struct taken *taken) {
  const struct bulla_audit_record *record = taken->record;
  const int64_t key[] = {record->lane, record->seq};
  void *item = NULL;
  BULLA_TRY(bulla_report_table_get(&item, &report->canaries, bulla_span((const void *)key, sizeof(key))));
  struct bulla_report_event *event = (struct bulla_report_event *)item;
  if (event == NULL) {
    return BULLA_OK;
  }
  event->actor = taken->actor;
  event->origin = taken->origin;
  event->entry = taken->entry;
  event->op = taken->op;
  event->time = record->time;
  event->lane = record->lane;
  event->seq = record->seq;
  return keep_word(&event->field, report, record->field);
}

/* Whether keys or values left the vault. */
static bool is_export(const struct taken *taken) {
  return taken->is_copy || bulla_span_equal(taken->op, BULLA_LITERAL("apikey-export"));
}

static enum bulla_status count_in_span(struct bulla_report *report, const struct taken *taken) {
  tally(&report->all, taken);
  bulla_report_line_add(&report->line, taken->record->time, &taken->counts);
  report->num_erased += taken->record->is_erased ? 1 : 0;
  if (taken->actor != NULL) {
    tally(&taken->actor->in_span, taken);
  }
  if (taken->origin != NULL) {
    tally(&taken->origin->in_span, taken);
  }
  if (taken->entry != NULL) {
    tally(&taken->entry->in_span, taken);
  }
  if (taken->counts.canaries > 0) {
    BULLA_TRY(note_canary(report, taken));
  }
  if (is_export(taken)) {
    BULLA_TRY(count_use(&report->exports, taken, !taken->is_copy));
  }
  if (taken->is_opening && !taken->is_copy) {
    return count_use(&report->uses, taken, true);
  }
  return taken->counts.changes > 0 ? count_act(report, taken) : BULLA_OK;
}

enum bulla_status bulla_report_take(void *arg, const struct bulla_audit_record *record) {
  struct bulla_report *report = (struct bulla_report *)arg;
  struct taken taken = {.record = record, .in_span = record->time >= report->since};
  classify(&taken);
  BULLA_TRY(bulla_report_clock(report, record));
  BULLA_TRY(keep_word(&taken.op, report, record->op));
  BULLA_TRY(keep_word(&taken.outcome, report, record->outcome));
  BULLA_TRY(find_who(report, &taken));
  if (taken.is_opening && !taken.is_copy) {
    BULLA_TRY(find_entry(report, &taken));
  }
  if (taken.is_opening && !taken.is_copy && taken.actor != NULL && taken.counts.failed == 0) {
    const struct bulla_report_try tried = {.actor = taken.actor,
                                           .origin = taken.origin,
                                           .entry = taken.entry,
                                           .op = taken.op,
                                           .time = record->time,
                                           .granted = taken.counts.granted > 0,
                                           .in_span = taken.in_span};
    BULLA_TRY(bulla_report_judge(report, &tried));
  }
  if (!taken.in_span) {
    report->num_before++;
    return BULLA_OK;
  }
  return count_in_span(report, &taken);
}
