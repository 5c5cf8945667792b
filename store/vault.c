/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Having a vault to oneself, and closing it. store/open.c makes and opens it. */

#include "store/vault.h"

#include <stdlib.h>
#include <stdatomic.h>

#include "core/lock.h"
#include "core/log.h"
#include "core/slab.h"
#include "store/self.h"

enum bulla_status bulla_vault_here(const struct bulla_vault *vault) {
  if (vault == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  return vault->fork_epoch == bulla_fork_epoch() ? BULLA_OK : BULLA_FORKED;
}

enum bulla_status bulla_vault_join(struct bulla_vault **locked, struct bulla_vault *vault,
                                   struct bulla_waiter *waiter) {
  *locked = NULL;
  /* First: in a child another thread may have had the vault as the fork came, and nobody lets go of it. */
  BULLA_TRY(bulla_vault_here(vault));
  /* The database waits for disks and locks, where threads can be cancelled: nobody else would ever have the vault. */
  int before = bulla_hold_cancel();
  enum bulla_status status = bulla_queue_enter(&vault->queue, waiter, vault->db->patience);
  if (status != BULLA_OK || waiter->state == BULLA_SERVED) {
    bulla_allow_cancel(before);
    return status;
  }
  vault->cancel_state = before;
  bulla_db_begin_call(vault->db, waiter->waited);
  status = bulla_db_check(vault->db);
  if (status == BULLA_OK) {
    *locked = vault;
  } else {
    bulla_vault_unlock(&vault);
  }
  return status;
}

enum bulla_status bulla_vault_lock(struct bulla_vault **locked, struct bulla_vault *vault) {
  struct bulla_waiter waiter = {.num_records = 0};
  return bulla_vault_join(locked, vault, &waiter);
}

void bulla_vault_unlock(struct bulla_vault **locked) {
  if (*locked != NULL) {
    int before = (*locked)->cancel_state;
    bulla_keyring_let_go(&(*locked)->keyring);
    bulla_queue_leave(&(*locked)->queue);
    *locked = NULL;
    bulla_allow_cancel(before);
  }
}

const struct bulla_audit_log *bulla_vault_log(const struct bulla_vault *vault, int64_t lane) {
  bool is_own = vault->own.log.db != NULL && lane == vault->own.log.lane.number;
  return is_own ? &vault->own.log : &vault->log;
}

/* How many vaults are open, and in which process they were opened. What a connection knows of files and locks passes a
 * fork, where it is not true any more. */
static _Atomic size_t num_open;
static _Atomic uint64_t fork_epoch_of_open;

enum bulla_status bulla_vault_count(void) {
  uint64_t fork_epoch = bulla_fork_epoch();
  if (num_open > 0 && fork_epoch_of_open != fork_epoch) {
    return bulla_explain(BULLA_FORKED,
                         "a vault was open as this process was forked: open vaults after the fork, or only "
                         "in the parent");
  }
  fork_epoch_of_open = fork_epoch;
  num_open++;
  return BULLA_OK;
}

void bulla_vault_uncount(void) {
  num_open--;
}

void bulla_vault_close(struct bulla_vault **vault) {
  struct bulla_vault *closing = *vault;
  *vault = NULL;
  if (closing == NULL) {
    return;
  }
  if (closing->fork_epoch != bulla_fork_epoch()) {
    /* A child has neither the keys nor a right to the connection. */
    bulla_db_abandon(&closing->watch.db);
    bulla_db_abandon(&closing->db);
    return;
  }
  bulla_limits_end(&closing->limits);
  bulla_audit_head_free(&closing->own.head);
  bulla_self_free(&closing->keyring.self);
  bulla_keyring_free(&closing->keyring);
  bulla_watch_end(&closing->watch);
  bulla_db_close(&closing->db);
  num_open--;
  bulla_queue_end(&closing->queue);
  free(closing);
}
