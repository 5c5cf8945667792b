/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The life of each field by the log: when it was put first and last, under which name it is now, when it was removed,
 * and what one actor had of it. A field keeps its life when it, its entry or its tenant gets another name. */

#ifndef BULLA_CLI_REPORT_REPLAY_H
#define BULLA_CLI_REPORT_REPLAY_H

#include <bulla/store.h>

#include "cli/report_table.h"

enum { BULLA_REPLAY_MAX = 500000 }; /* tenants, entries, fields, API keys, each */

struct bulla_replay_tenant {
  struct bulla_report_item item; /* the key is the name */
  int64_t removed;               /* 0: it was not */
  int64_t rotated;               /* when it got new keys first after the actor's last role had ended; 0: it did not */
};

struct bulla_replay_entry {
  struct bulla_report_item item; /* the key is where the tenant is kept, and the name */
  struct bulla_replay_tenant *tenant;
  int64_t removed;
};

struct bulla_replay_field {
  struct bulla_report_item item; /* the key is where the entry is kept, and the name */
  struct bulla_replay_entry *entry;
  int64_t first_put; /* of a value that was new; 0: the log has no record of it */
  int64_t last_put;
  bool is_restored; /* what was put last is a former value */
  int64_t removed;
  /* Of the actor. */
  int64_t num_opened;
  int64_t num_put;
  int64_t first_had;
  int64_t last_had;
};

/* An API key that the actor had to do with. */
struct bulla_replay_apikey {
  struct bulla_report_item item; /* the key is its id */
  int64_t num_used;
  int64_t num_made; /* or handed out for a day, or copied to or from another vault */
  int64_t last_had;
};

/* A renaming whose second record is still to come, in a lane. */
struct bulla_replay_renaming {
  int64_t lane;
  struct bulla_replay_tenant *tenant;
  struct bulla_replay_entry *entry;
  struct bulla_replay_field *field;
};

struct bulla_replay {
  struct bulla_span actor; /* whose openings and changes are noted; empty for nobody's */
  bool is_proven;          /* of these only what its key proves */
  int64_t ended;           /* when a role of it ended last; 0: none has */
  int64_t since;           /* from then on */
  int64_t first_record;    /* its time; 0 if there is none */
  int64_t num_of_actor;    /* records */
  int64_t num_shredded;    /* tenants, from |since| on; of what they had the log says nothing any more */
  struct bulla_report_table tenants;
  struct bulla_report_table entries;
  struct bulla_report_table fields;
  struct bulla_report_table apikeys;
  struct bulla_replay_renaming renaming;
};

void bulla_replay_begin(struct bulla_replay *replay, struct bulla_span actor, int64_t since);

void bulla_replay_free(struct bulla_replay *replay);

/* bulla_replay_take takes a record. Of type bulla_audit_fn; |arg| is a replay. */
enum bulla_status bulla_replay_take(void *arg, const struct bulla_audit_record *record);

/* bulla_replay_is_by returns whether |record| is of the actor, at any time. */
bool bulla_replay_is_by(const struct bulla_replay *replay, const struct bulla_audit_record *record);

/* bulla_replay_rotated returns when |tenant| got new keys first after the actor's last role had ended; 0 if it did
 * not, or nothing is known of it. */
int64_t bulla_replay_rotated(const struct bulla_replay *replay, struct bulla_span tenant);

/* bulla_replay_find returns what is at |place| now; NULL if nothing is known of it. */
const struct bulla_replay_field *bulla_replay_find(const struct bulla_replay *replay, const struct bulla_place *place);

/* bulla_replay_place returns the names of |field|, the last ones if it is removed. */
struct bulla_place bulla_replay_place(const struct bulla_replay_field *field);

/* bulla_replay_removed returns when |field| was removed, alone or with its entry; 0 if it was not. */
int64_t bulla_replay_removed(const struct bulla_replay_field *field);

/* bulla_replay_num_full returns how much was left out because a table was full. */
int64_t bulla_replay_num_full(const struct bulla_replay *replay);

#endif
