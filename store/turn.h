/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Turns of writers. SQLite lets writers of several processes poll for its one write lock, so a process that writes in a
 * loop takes it again before those who sleep have looked. Here a writer first takes the turn, and keeps it until it has
 * the write lock: whoever had the lock has to come by the turn again, and finds it taken. Revocations are let go first.
 *
 * The turn is a lock of the open file (fcntl(2), F_OFD_SETLK) far behind the end of the -wal: SQLite itself locks
 * nothing there, and it lets go of itself when its process ends. */

#ifndef BULLA_STORE_TURN_H
#define BULLA_STORE_TURN_H

#include <bulla/core.h>

struct bulla_turn {
  int file; /* of our own at the -wal; negative: there are no turns, as where the files are in no file system */
};

/* bulla_turn_try takes the turn if nobody has it, and, unless |first|, nobody waits who goes first. Returns false if it
 * is to be tried again. */
BULLA_NODISCARD bool bulla_turn_try(const struct bulla_turn *turn, bool first);

/* bulla_turn_announce says that somebody waits who goes first, until bulla_turn_give. */
void bulla_turn_announce(const struct bulla_turn *turn);

/* bulla_turn_give lets go of the turn, and of what was announced. */
void bulla_turn_give(const struct bulla_turn *turn);

#endif
