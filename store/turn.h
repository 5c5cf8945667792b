/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Turns of writers. SQLite lets writers of several processes poll for its one write lock, so a process that writes in a
 * loop takes it again before sleeping processes look. Here a writer first takes the turn, and keeps it until it has the
 * write lock: the previous writer must take the turn again, and finds it taken. Revocations go first.
 *
 * The turn is a lock of the open file (fcntl(2), F_OFD_SETLK) far past the end of the -wal: SQLite itself locks
 * nothing there, and the kernel releases it when its process ends. */

#ifndef BULLA_STORE_TURN_H
#define BULLA_STORE_TURN_H

#include <bulla/core.h>

struct bulla_turn {
  int file; /* our own descriptor of the -wal; negative if there are no turns, as without a file system */
};

/* bulla_turn_try takes the turn if it is free and, unless |first|, no revocation waits. Returns false if the caller
 * must try again. */
BULLA_NODISCARD bool bulla_turn_try(const struct bulla_turn *turn, bool first);

/* bulla_turn_announce announces a waiting revocation, until bulla_turn_give. */
void bulla_turn_announce(const struct bulla_turn *turn);

/* bulla_turn_is_taken returns whether another has the turn: it waits for the write lock. */
bool bulla_turn_is_taken(const struct bulla_turn *turn);

/* bulla_turn_give releases the turn and withdraws the announcement. */
void bulla_turn_give(const struct bulla_turn *turn);

#endif
