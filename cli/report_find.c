/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_find.h. */

#include "cli/report_find.h"

#include "cli/when.h"

enum { CLOCK_JITTER_US = 1000000 }; /* a clock that is kept right may go back by less */

/* The key of an event: addresses of items stay the same as long as there is a report. */
struct event_key {
  const void *actor;
  const void *entry;
  int64_t lane;
  int64_t number; /* an hour, or a seq */
};

static enum bulla_status get_event(struct bulla_report_event **event, struct bulla_report_table *table,
                                   const struct event_key *key) {
  void *item;
  BULLA_TRY(bulla_report_table_get(&item, table, bulla_span((const void *)key, sizeof(*key))));
  *event = (struct bulla_report_event *)item;
  return BULLA_OK;
}

static enum bulla_status judge_rate(struct bulla_report *report, const struct bulla_report_try *tried) {
  struct bulla_report_actor *actor = tried->actor;
  int64_t hour = bulla_when_floor(tried->time, BULLA_REPORT_HOUR);
  if (hour != actor->hour) {
    actor->busiest = actor->in_hour > actor->busiest ? actor->in_hour : actor->busiest;
    actor->hour = hour;
    actor->in_hour = 0;
  }
  actor->in_hour++;
  int64_t most = actor->busiest * BULLA_REPORT_BURST_TIMES;
  most = most > BULLA_REPORT_BURST_LEAST ? most : BULLA_REPORT_BURST_LEAST;
  if (!tried->in_span || actor->in_hour <= most) {
    return BULLA_OK;
  }
  struct bulla_report_event *event;
  const struct event_key key = {.actor = actor, .number = hour};
  BULLA_TRY(get_event(&event, &report->bursts, &key));
  if (event != NULL) {
    event->actor = actor;
    event->time = hour * BULLA_REPORT_HOUR;
    event->num = actor->in_hour;
    event->than = actor->busiest;
  }
  return BULLA_OK;
}

static bool has_past(const struct bulla_report_actor *actor) {
  return actor->num_before >= BULLA_REPORT_PAST_LEAST &&
         actor->last_before - actor->first_before >= BULLA_REPORT_PAST_DAYS * 24 * BULLA_REPORT_HOUR;
}

static void add_to_past(struct bulla_report_actor *actor, int64_t time, size_t hour) {
  bool is_first = actor->num_before == 0;
  actor->first_before = is_first || time < actor->first_before ? time : actor->first_before;
  actor->last_before = is_first || time > actor->last_before ? time : actor->last_before;
  actor->num_before++;
  actor->hours[hour]++;
}

static enum bulla_status judge_hour(struct bulla_report *report, const struct bulla_report_try *tried) {
  int64_t number = bulla_when_floor(tried->time, BULLA_REPORT_HOUR);
  size_t hour = (size_t)(number - bulla_when_floor(number, 24) * 24);
  if (!tried->in_span) {
    add_to_past(tried->actor, tried->time, hour);
    return BULLA_OK;
  }
  if (!has_past(tried->actor)) {
    report->num_unjudged++;
    return BULLA_OK;
  }
  if (tried->actor->hours[hour] > 0) {
    return BULLA_OK;
  }
  struct bulla_report_event *event;
  const struct event_key key = {.actor = tried->actor, .entry = tried->entry, .number = number};
  BULLA_TRY(get_event(&event, &report->odd_hours, &key));
  if (event != NULL) {
    event->actor = tried->actor;
    event->origin = tried->origin;
    event->entry = tried->entry;
    event->time = event->num == 0 ? tried->time : event->time;
    event->num++;
  }
  return BULLA_OK;
}

enum bulla_status bulla_report_judge(struct bulla_report *report, const struct bulla_report_try *tried) {
  BULLA_TRY(judge_rate(report, tried));
  return tried->granted ? judge_hour(report, tried) : BULLA_OK;
}

/* The time of the last record of the lane |number|, or NULL where there is no room. */
static struct bulla_audit_mark *last_time(struct bulla_report *report, int64_t number) {
  for (size_t i = 0; i < report->num_lanes; i++) {
    if (report->last_times[i].lane == number) {
      return &report->last_times[i];
    }
  }
  if (report->num_lanes == BULLA_AUDIT_LANES_MAX) {
    return NULL;
  }
  struct bulla_audit_mark *made = &report->last_times[report->num_lanes++];
  *made = (struct bulla_audit_mark){.lane = number, .seq = INT64_MIN};
  return made;
}

enum bulla_status bulla_report_clock(struct bulla_report *report, const struct bulla_audit_record *record) {
  struct bulla_audit_mark *last = last_time(report, record->lane);
  if (last == NULL) {
    return BULLA_OK;
  }
  int64_t before = last->seq;
  last->seq = record->time;
  bool is_back = record->time < before && (uint64_t)before - (uint64_t)record->time > CLOCK_JITTER_US;
  if (!is_back || before < report->since) {
    return BULLA_OK;
  }
  struct bulla_report_event *event;
  const struct event_key key = {.lane = record->lane, .number = record->seq};
  BULLA_TRY(get_event(&event, &report->clocks, &key));
  if (event != NULL) {
    event->time = record->time;
    event->than = before;
    event->lane = record->lane;
    event->seq = record->seq;
  }
  return BULLA_OK;
}
