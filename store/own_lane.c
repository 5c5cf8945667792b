/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/own_lane.h. A lane is taken, and the first lane told of it, under the lock of the writers there. */

#include "store/own_lane.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "core/log.h"
#include "store/clock.h"
#include "store/lane_owner.h"
#include "store/lane_record.h"

enum {
  SHARED_MIN = 8,     /* groups in the first lane before a lane is worth it: a command never has one */
  IDLE_US = 60000000, /* since its last record a lane may be taken */
  TELL_AFTER_MS = 60000,
};

/* Who takes a lane. */
struct self {
  char origin[BULLA_WHO_MAX];
  struct bulla_who who;
};

static void name_self(struct self *self) {
  char host[HOST_NAME_MAX + 1] = "";
  char text[BULLA_LOG_NAME_MAX];
  (void)gethostname(host, sizeof(host) - 1);
  int len = snprintf(self->origin, sizeof(self->origin), "pid %d on %s", (int)getpid(),
                     bulla_log_name(text, bulla_span((const uint8_t *)host, strlen(host))));
  self->who = (struct bulla_who){.actor = BULLA_LITERAL("bulla"),
                                 .origin = bulla_span((const uint8_t *)self->origin, len > 0 ? (size_t)len : 0)};
}

/* Finds the own lane that was idle longest but for the first, if that is long enough, or 0. A record from the future,
 * by another machine's clock, is not old. A lane without a record was opened a moment ago, or by somebody who came no
 * further. */
static enum bulla_status find_idle(int64_t *number, const struct bulla_vault *vault, bool or_empty) {
  int64_t first = bulla_lane_first(&vault->keyring);
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_LANES);
  bulla_bind_int(&statement, first);
  bulla_bind_int(&statement, first + BULLA_ACTOR_LANES - 1);
  int64_t oldest = bulla_clock_us() - IDLE_US;
  *number = 0;
  for (;;) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    int64_t lane = bulla_column_int(&statement);
    bool is_empty = bulla_column_null(&statement);
    int64_t time = is_empty ? 0 : bulla_column_int(&statement);
    if (!bulla_columns_good(&statement)) {
      return BULLA_AUDIT_BROKEN;
    }
    if (time < oldest && (or_empty || !is_empty)) {
      *number = lane;
      oldest = time;
    }
  }
}

/* Keeps the head that was committed. */
static void keep_head(struct bulla_own_lane *own, struct bulla_change *change) {
  bulla_audit_head_free(&own->head);
  own->head = change->head;
  own->head.is_stored = true;
  change->head.key = NULL;
}

/* Sets |own| to |number|, of which nothing is known yet. */
static void begin_with(struct bulla_own_lane *own, const struct bulla_vault *vault, int64_t number) {
  bulla_audit_head_free(&own->head);
  own->log = (struct bulla_audit_log){
      .db = vault->db, .keyring = vault->log.keyring, .lane.number = number, .may_be_lost = true};
}

/* Takes an idle lane with a record in it, by which others see that it is not idle any more. */
static enum bulla_status take_idle(struct bulla_vault *vault, const struct bulla_who *who, bool or_empty) {
  struct bulla_own_lane *own = &vault->own;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  int64_t idle;
  BULLA_TRY(bulla_change_begin_locked(&change, vault, who, BULLA_DB_APPEND));
  BULLA_TRY(find_idle(&idle, vault, or_empty));
  if (idle == 0) {
    return BULLA_OK;
  }
  begin_with(own, vault, idle);
  change.log = &own->log;
  BULLA_TRY(bulla_audit_lane_load(&own->log.lane, NULL, &own->log));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("lane-take"), bulla_span(NULL, 0), bulla_span(NULL, 0),
                              bulla_span(NULL, 0)));
  BULLA_TRY(bulla_change_commit(&change));
  keep_head(own, &change);
  return BULLA_OK;
}

/* Makes a lane, of which the first one has a record: so it cannot be removed without a trace. */
static enum bulla_status open_another(struct bulla_vault *vault, const struct bulla_who *who) {
  struct bulla_own_lane *own = &vault->own;
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  int64_t number;
  BULLA_TRY(bulla_change_begin_locked(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(bulla_lane_next_number(&number, &vault->keyring, vault->db));
  if (number == 0) {
    return BULLA_OK;
  }
  begin_with(own, vault, number);
  BULLA_TRY(bulla_audit_start(&head, &own->log));
  BULLA_TRY(bulla_lane_record_open(&change, &own->log.lane));
  BULLA_TRY(bulla_change_commit(&change));
  own->head = head;
  head.key = NULL;
  return BULLA_OK;
}

/* Takes a lane, if there is one to be had. */
static enum bulla_status take(struct bulla_vault *vault) {
  struct self self = {.origin = ""};
  const struct bulla_own_lane *own = &vault->own;
  name_self(&self);
  BULLA_TRY(take_idle(vault, &self.who, false));
  if (own->head.key == NULL) {
    BULLA_TRY(open_another(vault, &self.who));
  }
  return own->head.key != NULL ? BULLA_OK : take_idle(vault, &self.who, true);
}

/* Looks whether the lane has what this process wrote there, in the caller's transaction. If it was left only since
 * nobody said how a commit ended, it is gone on with: it ends where that left it. */
static enum bulla_status look_back(struct bulla_own_lane *own) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.lane = own->log.lane};
  BULLA_TRY(bulla_audit_resume(&head, &own->log));
  if (own->is_left && own->is_in_doubt) {
    own->log.last = bulla_audit_end(&head);
    own->head = head;
    head.key = NULL;
  }
  own->is_left = false;
  return BULLA_OK;
}

/* Has the first lane know where the own one is: a lane that is put back by more than this is found by whoever verifies.
 */
static enum bulla_status tell_head(struct bulla_vault *vault) {
  struct self self = {.origin = ""};
  struct bulla_own_lane *own = &vault->own;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  name_self(&self);
  BULLA_TRY(bulla_change_begin_locked(&change, vault, &self.who, BULLA_DB_WRITE));
  BULLA_TRY(look_back(own));
  const struct bulla_audit_end end = bulla_audit_end(&own->head);
  BULLA_TRY(bulla_lane_record_at(&change, &own->log.lane, &end));
  BULLA_TRY(bulla_change_commit(&change));
  own->told = bulla_clock_monotonic_ms();
  return BULLA_OK;
}

static enum bulla_status begin_shared(struct bulla_change *change, struct bulla_vault *vault) {
  struct bulla_own_lane *own = &vault->own;
  bulla_limits_begin(&vault->limits, true);
  own->num_shared++;
  BULLA_TRY(bulla_change_begin_locked(change, vault, NULL, BULLA_DB_WRITE_RECORDS));
  return own->is_left ? look_back(own) : BULLA_OK;
}

/* The first lane is not written by uses, so whether a server has it as this process left it is looked at once for each
 * connection: behind a new one may be a server that lost what was acknowledged. */
static enum bulla_status look_at_first(struct bulla_vault *vault) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  if (vault->own.connects == vault->db->connects) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_audit_resume(&head, &vault->log));
  vault->own.connects = vault->db->connects;
  return BULLA_OK;
}

/* The change has a key of its own, which moves on with its records: nothing of |own| changes before the commit. */
static enum bulla_status begin_own(struct bulla_change *change, struct bulla_vault *vault) {
  const struct bulla_own_lane *own = &vault->own;
  bulla_limits_begin(&vault->limits, false);
  BULLA_TRY(bulla_change_begin_locked(change, vault, NULL, BULLA_DB_APPEND));
  BULLA_TRY(look_at_first(vault));
  change->log = &vault->own.log;
  change->head = own->head;
  change->head.key = NULL;
  change->before = bulla_audit_end(&own->head);
  return bulla_secret_copy(&change->head.key, bulla_secret_bytes(own->head.key));
}

/* What keeps a process from a lane, a right that its login lacks or another that was faster, keeps it from nothing
 * else: the first lane takes the records too. */
static enum bulla_status take_if_wanted(struct bulla_vault *vault) {
  struct bulla_own_lane *own = &vault->own;
  if (!vault->db->driver->has_lanes || own->head.key != NULL || own->is_left || own->num_shared < SHARED_MIN) {
    return BULLA_OK;
  }
  enum bulla_status status = take(vault);
  own->num_shared = 0;
  own->told = bulla_clock_monotonic_ms();
  return status == BULLA_AUDIT_BROKEN || status == BULLA_REVOKED ? status : BULLA_OK;
}

enum bulla_status bulla_own_lane_begin(struct bulla_change *change, struct bulla_vault *vault) {
  const struct bulla_own_lane *own = &vault->own;
  BULLA_TRY(take_if_wanted(vault));
  if (own->head.key == NULL || vault->limits.wants_draw) {
    return begin_shared(change, vault);
  }
  if (bulla_clock_monotonic_ms() - own->told > TELL_AFTER_MS) {
    BULLA_TRY(tell_head(vault));
  }
  return begin_own(change, vault);
}

/* Whether the lane is certainly as before. */
static bool was_undone(enum bulla_status status) {
  return status == BULLA_UNREACHABLE || status == BULLA_BUSY || status == BULLA_READ_ONLY ||
         status == BULLA_DISK_FULL || status == BULLA_NO_MEMORY;
}

bool bulla_own_lane_end(struct bulla_change *change, enum bulla_status status) {
  struct bulla_own_lane *own = change->vault != NULL ? &change->vault->own : NULL;
  if (own == NULL || change->log != &own->log) {
    return false;
  }
  if (status == BULLA_OK && change->transaction == NULL) {
    keep_head(own, change);
  } else if (status != BULLA_OK && !was_undone(status)) {
    bulla_audit_head_free(&own->head);
    own->is_left = true;
    own->is_in_doubt = status == BULLA_UNCERTAIN;
  }
  return status == BULLA_EXISTS;
}
