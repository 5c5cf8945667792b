/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The open vault, shared by the files of store/. */

#ifndef BULLA_STORE_VAULT_H
#define BULLA_STORE_VAULT_H

#include <bulla/store.h>

#include "store/audit_log.h"
#include "store/db.h"
#include "store/keyring.h"
#include "store/limit.h"
#include "store/queue.h"
#include "store/watch.h"

/* The lane that a process has for its uses, see store/own_lane.h. */
struct bulla_own_lane {
  struct bulla_audit_log log;   /* zeroed before the first one */
  struct bulla_audit_head head; /* as this process stored it; without a key if it has no lane */
  bool is_left;                 /* it must be looked at whether the lane has what this process wrote */
  bool is_in_doubt;             /* only because a commit was not answered */
  int num_shared;               /* groups that were written in the first lane since */
  int64_t connects;             /* of the database, when the first lane was looked at last */
  int64_t told;                 /* when the first lane was told of the head, in ms of the monotonic clock */
};

struct bulla_vault {
  struct bulla_queue queue; /* who has the vault has all of it except |watch| */
  int cancel_state;         /* the previous state of the thread that has the vault */
  uint64_t fork_epoch;      /* of the process that opened the vault, see core/slab.h */
  struct bulla_db *db;
  struct bulla_watch watch;     /* has its own lock */
  struct bulla_keyring keyring; /* the vault's keys */
  struct bulla_audit_log log;   /* the first lane of whoever has opened the vault: lane 0 of a root */
  struct bulla_own_lane own;
  struct bulla_limits limits;
  uint8_t root_id[BULLA_ID_LEN]; /* of the root that opened it */
};

/* bulla_vault_here returns BULLA_INVALID_ARGUMENT without a vault, BULLA_FORKED in a child of the process that opened
 * it. */
BULLA_NODISCARD enum bulla_status bulla_vault_here(const struct bulla_vault *vault);

/* bulla_vault_count counts a vault that is being opened or made, which bulla_vault_close or bulla_vault_uncount counts
 * off. Returns BULLA_FORKED in a child of a process that has one open. */
BULLA_NODISCARD enum bulla_status bulla_vault_count(void);
void bulla_vault_uncount(void);

/* bulla_vault_open_backup is bulla_vault_open for a backup at |place| of |driver|, or one that becomes a vault: only
 * store/backup.c and store/restore.c may see it. */
BULLA_NODISCARD enum bulla_status bulla_vault_open_backup(struct bulla_vault **vault,
                                                          const struct bulla_db_driver *driver, const char *place,
                                                          const struct bulla_root *root,
                                                          const struct bulla_vault_options *options);

/* bulla_vault_lock waits for |vault| and sets |*locked| to it. The thread cannot be cancelled until it unlocks. Returns
 * the statuses of bulla_vault_here, BULLA_BUSY, and BULLA_VAULT_MOVED if its files were moved. bulla_vault_join does
 * the same as |waiter| in the queue: |*locked| stays NULL if another thread has served it. */
BULLA_NODISCARD enum bulla_status bulla_vault_lock(struct bulla_vault **locked, struct bulla_vault *vault);
BULLA_NODISCARD enum bulla_status bulla_vault_join(struct bulla_vault **locked, struct bulla_vault *vault,
                                                   struct bulla_waiter *waiter);

/* bulla_vault_unlock unlocks |*locked| unless it is NULL, and sets it to NULL. For BULLA_CLEANUP. */
void bulla_vault_unlock(struct bulla_vault **locked);

/* bulla_vault_log returns the log to read |lane| by: it knows what this process has written there. */
const struct bulla_audit_log *bulla_vault_log(const struct bulla_vault *vault, int64_t lane);

#endif
