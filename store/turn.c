/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/turn.h. */

#include "store/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define TURN (INT64_MAX - 1) /* the byte that stands for the turn */
#define FIRST (TURN - 1)     /* the one for those who go first, each of whom reads it */

static struct flock byte_lock(short type, off_t at, off_t len) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = len};
}

/* Where a file system has no such locks, nobody keeps a turn from anybody. */
static bool take(int file, short type, off_t at) {
  struct flock lock = byte_lock(type, at, 1);
  return fcntl(file, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

static bool is_announced(int file) {
  struct flock lock = byte_lock(F_WRLCK, FIRST, 1);
  return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool bulla_turn_try(const struct bulla_turn *turn, bool first) {
  return turn->file < 0 || ((first || !is_announced(turn->file)) && take(turn->file, F_WRLCK, TURN));
}

void bulla_turn_announce(const struct bulla_turn *turn) {
  if (turn->file >= 0) {
    /* Others may read the same byte: this one is never refused. */
    (void)take(turn->file, F_RDLCK, FIRST);
  }
}

bool bulla_turn_is_taken(const struct bulla_turn *turn) {
  struct flock lock = byte_lock(F_WRLCK, FIRST, 2);
  return turn->file >= 0 && fcntl(turn->file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void bulla_turn_give(const struct bulla_turn *turn) {
  if (turn->file >= 0) {
    struct flock lock = byte_lock(F_UNLCK, FIRST, 2);
    (void)fcntl(turn->file, F_OFD_SETLK, &lock);
  }
}
