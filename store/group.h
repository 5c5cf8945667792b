/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Commits of many. Making a record durable takes as long for one as for many, so threads that wait to append records
 * are served by one of them, the leader, in one transaction. It takes in whoever waits once it has the write lock, and,
 * when it has written for those, whoever has come meanwhile, until nobody is left or BULLA_GROUP_RECORDS are written.
 * Nobody waits for others to come.
 *
 * All of a group are durable, or none is. A request that cannot look up what it needs is left out and fails alone. */

#ifndef BULLA_STORE_GROUP_H
#define BULLA_STORE_GROUP_H

#include "store/change.h"

#define BULLA_GROUP_RECORDS 64

struct bulla_request;

/* What a request does in the transaction, in the thread of the leader. ask may begin with what look reads; if it fails,
 * what it has read before is not valid, and it may be called again. append appends the num_records records that follow
 * from it. */
struct bulla_request_kind {
  void (*ask)(struct bulla_request *request, struct bulla_vault *vault);
  enum bulla_status (*look)(struct bulla_request *request, struct bulla_vault *vault);
  enum bulla_status (*append)(struct bulla_request *request, struct bulla_change *change);
};

/* A request, the first member of what its functions know. */
struct bulla_request {
  struct bulla_waiter waiter;
  const struct bulla_request_kind *kind;
  bool is_left_out;
  enum bulla_status status;
};

/* bulla_request returns one of |kind| that appends |num_records|, at most BULLA_GROUP_RECORDS. */
static inline struct bulla_request bulla_request(const struct bulla_request_kind *kind, size_t num_records) {
  return (struct bulla_request){.waiter = {.num_records = num_records}, .kind = kind};
}

/* bulla_group_commit has |request| served. On BULLA_OK its records are durable. Returns the status of its look, if that
 * failed, or else what became of the whole group; and the statuses of bulla_vault_lock. */
BULLA_NODISCARD enum bulla_status bulla_group_commit(struct bulla_vault *vault, struct bulla_request *request);

#endif
