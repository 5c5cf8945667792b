/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a report says of a span of the audit log. Memory is bounded by the distinct actors, origins and entries, and
 * those by the maxima below; what does not fit is counted. Times are in microseconds since 1970-01-01 UTC, hours are
 * those of UTC.
 */

#ifndef BULLA_CLI_REPORT_DATA_H
#define BULLA_CLI_REPORT_DATA_H

#include <bulla/store.h>

#include "cli/report_table.h"

#define BULLA_REPORT_HOUR INT64_C(3600000000)

enum {
  BULLA_REPORT_ACTORS_MAX = 20000,
  BULLA_REPORT_ORIGINS_MAX = 20000,
  BULLA_REPORT_ENTRIES_MAX = 200000,
  BULLA_REPORT_USES_MAX = 200000,  /* an actor, an origin, an operation and a field */
  BULLA_REPORT_EVENTS_MAX = 10000, /* of each kind */
  BULLA_REPORT_BARS = 96,          /* of the time line */
};

/* What the records of something were. */
struct bulla_report_counts {
  int64_t granted; /* about to be opened; those that did not open are also |failed| */
  int64_t failed;
  int64_t not_found;
  int64_t refused; /* by a limit */
  int64_t denied;  /* to an actor without the role */
  int64_t canaries;
  int64_t changes; /* all else, but for what bulla writes of its lanes */
};

/* The counts, and the first and the last record of them. */
struct bulla_report_tally {
  struct bulla_report_counts counts;
  int64_t first;
  int64_t last;
  int64_t num;
};

struct bulla_report_actor {
  struct bulla_report_item item; /* the key is the name */
  int64_t first_ever;
  struct bulla_report_tally in_span;
  /* What the span is compared with: see cli/report_find.h. */
  int64_t hours[24]; /* openings before the span, by the hour of the day */
  int64_t num_before;
  int64_t first_before;
  int64_t last_before;
  int64_t hour;    /* the last one in which the actor tried to open something, in hours since 1970 */
  int64_t in_hour; /* how often */
  int64_t busiest; /* of the hours before that */
};

struct bulla_report_origin {
  struct bulla_report_item item; /* the key is the origin, without the numbers of processes and terminals */
  int64_t first_ever;
  struct bulla_report_tally in_span;
};

struct bulla_report_entry {
  struct bulla_report_item item; /* the key is both names */
  struct bulla_span tenant;
  struct bulla_span entry; /* or the id of an API key */
  bool is_apikey;
  int64_t first_opened; /* ever; 0 if never */
  const struct bulla_report_actor *first_by;
  struct bulla_report_tally in_span;
};

/* What an actor opened, or tried to, in the span. */
struct bulla_report_use {
  struct bulla_report_item item;
  const struct bulla_report_actor *actor;
  const struct bulla_report_origin *origin;
  const struct bulla_report_entry *entry;
  struct bulla_span op;
  struct bulla_span field;
  struct bulla_report_tally tally;
};

/* What an actor changed in the span. */
struct bulla_report_act {
  struct bulla_report_item item;
  const struct bulla_report_actor *actor; /* NULL if erased */
  struct bulla_span op;
  struct bulla_span outcome;
  struct bulla_report_tally tally;
};

/* Something that is told as such: a canary, a burst, an opening outside an actor's hours, a clock that was set back. */
struct bulla_report_event {
  struct bulla_report_item item;
  const struct bulla_report_actor *actor;
  const struct bulla_report_origin *origin;
  const struct bulla_report_entry *entry;
  struct bulla_span op;
  struct bulla_span field;
  int64_t time;
  int64_t num;
  int64_t than; /* what it is compared with */
  int64_t lane;
  int64_t seq;
};

/* A bar of the time line. */
struct bulla_report_bar {
  int64_t opened;
  int64_t changed;
  int64_t refused; /* not found, failed, refused, canaries */
};

struct bulla_report_line {
  struct bulla_report_bar bars[BULLA_REPORT_BARS];
  int64_t width; /* of a bar; 0 before the first record */
  int64_t first; /* the number of the first bar, counted from 1970 in |width| */
  size_t num;    /* up to the last that is not empty */
  int64_t least; /* times outside of these count as the nearest: a wrong clock does not stretch the line */
  int64_t most;
};

struct bulla_report {
  int64_t since;
  int64_t until;
  int64_t num_before;            /* records */
  struct bulla_report_tally all; /* in the span */
  int64_t num_erased;            /* records in the span of tenants that were shredded */
  int64_t num_unjudged;          /* openings of actors of too short a past */
  struct bulla_report_line line;
  struct bulla_report_table actors;
  struct bulla_report_table origins;
  struct bulla_report_table entries;
  struct bulla_report_table uses;
  struct bulla_report_table acts;
  struct bulla_report_table exports; /* acts and uses by which keys or values left the vault */
  struct bulla_report_table canaries;
  struct bulla_report_table bursts;
  struct bulla_report_table odd_hours;
  struct bulla_report_table clocks;
  struct bulla_report_table words;                           /* operations and outcomes */
  struct bulla_audit_mark last_times[BULLA_AUDIT_LANES_MAX]; /* by lane, in place of the seq the time */
  size_t num_lanes;
};

/* bulla_report_opened returns how many of the granted ones opened. */
static inline int64_t bulla_report_opened(const struct bulla_report_counts *counts) {
  return counts->granted > counts->failed ? counts->granted - counts->failed : 0;
}

/* bulla_report_refused returns how many did not open. */
static inline int64_t bulla_report_refused(const struct bulla_report_counts *counts) {
  return counts->failed + counts->not_found + counts->refused + counts->denied + counts->canaries;
}

#endif
