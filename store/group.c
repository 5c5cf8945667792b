/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/group.h. */

#include "store/group.h"

#include "store/own_lane.h"

/* Those who are served together. They are woken, and the vault is handed on after that: so they have a start on the
 * next leader, and more of them are back for its group. */
struct group {
  struct bulla_vault *vault;
  struct bulla_waiter *first; /* the leader, then the others in a list */
  size_t num_records;
  enum bulla_status status;
};

static struct bulla_request *request_of(struct bulla_waiter *waiter) {
  return (struct bulla_request *)waiter;
}

static void group_end(struct group *group) {
  struct bulla_waiter *next;
  for (struct bulla_waiter *waiter = group->first; waiter != NULL; waiter = next) {
    struct bulla_request *request = request_of(waiter);
    next = waiter->next; /* once woken it may be gone */
    request->status = request->is_left_out ? request->status : group->status;
    if (waiter != group->first) {
      bulla_queue_wake(waiter);
    }
  }
}

static void ask_for_all(const struct group *group, struct bulla_waiter *first) {
  for (struct bulla_waiter *waiter = first; waiter != NULL; waiter = waiter->next) {
    struct bulla_request *request = request_of(waiter);
    if (!request->is_left_out) {
      request->kind->ask(request, group->vault);
    }
  }
}

/* The one after |waiter|: of those who are in the group, or else of those who have come meanwhile. */
static struct bulla_waiter *next_of(struct group *group, struct bulla_waiter *waiter) {
  if (waiter->next == NULL) {
    waiter->next = bulla_queue_take(&group->vault->queue, BULLA_GROUP_RECORDS - group->num_records);
    for (const struct bulla_waiter *taken = waiter->next; taken != NULL; taken = taken->next) {
      group->num_records += taken->num_records;
    }
    ask_for_all(group, waiter->next);
  }
  return waiter->next;
}

/* Writes what all of the group want, and commits it. A look that fails may have ended the transaction behind our back,
 * in which nothing more may be written then: |*again| says that the rest must be written anew. So it must where tokens
 * of a limit are wanted, and this is no transaction to draw them in. */
static enum bulla_status write_into(struct group *group, struct bulla_change *change, bool *again) {
  struct bulla_limits *limits = &group->vault->limits;
  struct bulla_statement rules BULLA_CLEANUP(bulla_statement_end) = {.db = NULL};
  bulla_limits_ask(limits, &rules);
  ask_for_all(group, group->first);
  BULLA_TRY(bulla_limits_read(limits, &rules));
  for (struct bulla_waiter *waiter = group->first; waiter != NULL; waiter = next_of(group, waiter)) {
    struct bulla_request *request = request_of(waiter);
    if (request->is_left_out) {
      continue;
    }
    request->status = request->kind->look(request, group->vault);
    if (request->status == BULLA_EXISTS) {
      return BULLA_EXISTS; /* not of this: a record before it could not be inserted */
    }
    if (limits->wants_draw) {
      *again = true;
      return BULLA_OK;
    }
    if (request->status != BULLA_OK) {
      request->is_left_out = true;
      *again = true;
      return BULLA_OK;
    }
    BULLA_TRY(request->kind->append(request, change));
  }
  if (bulla_change_has_records(change)) {
    return bulla_change_commit(change);
  }
  bulla_limits_settle(limits, BULLA_LIMIT_NOTHING); /* all were refused, and a record has told of others lately */
  return BULLA_OK;
}

static enum bulla_status write_all(struct group *group, bool *again) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  *again = false;
  BULLA_TRY(bulla_own_lane_begin(&change, group->vault));
  enum bulla_status status = write_into(group, &change, again);
  bool is_lost = bulla_own_lane_end(&change, status);
  *again = *again || is_lost;
  return is_lost ? BULLA_OK : status;
}

static void lead(struct bulla_vault *vault, struct bulla_request *request) {
  struct group group BULLA_CLEANUP(group_end) = {
      .vault = vault,
      .first = &request->waiter,
      .num_records = request->waiter.num_records,
      .status = BULLA_IO, /* if an exception of the log function comes through here */
  };
  bool again;
  enum bulla_status status;
  do {
    status = write_all(&group, &again);
  } while (again);
  group.status = status;
}

enum bulla_status bulla_group_commit(struct bulla_vault *vault, struct bulla_request *request) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_join(&locked, vault, &request->waiter));
  if (locked != NULL) {
    lead(locked, request);
  }
  return request->status;
}
