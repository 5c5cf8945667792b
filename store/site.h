/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where an open vault's files are: its database, and the -wal and -shm that SQLite keeps beside it. A connection holds
 * files open, not names. Once a name leads elsewhere, nobody finds what the connection writes. So the names are checked
 * before anything is reported done, and before anything is opened. */

#ifndef BULLA_STORE_SITE_H
#define BULLA_STORE_SITE_H

#include <limits.h>
#include <sys/types.h>

#include <bulla/core.h>

/* Identifies a file. While it is open, its inode number is not reused. */
struct bulla_file_id {
  dev_t device;
  ino_t inode;
};

enum { BULLA_SITE_DATABASE, BULLA_SITE_WAL, BULLA_SITE_SHM, BULLA_SITE_FILES };

struct bulla_site {
  char given[PATH_MAX]; /* the caller's path of the database, made absolute; links are not resolved */
  char path[PATH_MAX];  /* with links resolved: SQLite puts its files beside this one */
  struct bulla_file_id ids[BULLA_SITE_FILES];
  size_t num_known; /* of |ids|: the database alone until bulla_site_complete */
  uid_t owner;      /* of the database */
  mode_t mode;
  _Atomic bool lost; /* a name once led elsewhere: what happened meanwhile is unknown, so it stays refused */
};

/* The state of the database and its -wal, which changes with every write. It has no padding, to be compared. */
struct bulla_site_state {
  int64_t len[2];
  int64_t seconds[2];
  int64_t nanoseconds[2];
};

/* bulla_site_state fills |state|, with zeros for a missing file. */
void bulla_site_state(const struct bulla_site *site, struct bulla_site_state *state);

/* bulla_site_begin notes the database at |path|. Returns BULLA_VAULT_SHARED if its file has another name too, or is
 * mounted without the folder of the other files; and the statuses of bulla_file_status. */
BULLA_NODISCARD enum bulla_status bulla_site_begin(struct bulla_site *site, const char *path);

/* bulla_site_complete notes the files beside it, which a connection that has read in WAL mode holds open. */
BULLA_NODISCARD enum bulla_status bulla_site_complete(struct bulla_site *site);

/* bulla_site_lose marks the site as lost, as bulla_site_check does, for callers that detect it in another way. */
enum bulla_status bulla_site_lose(struct bulla_site *site, const char *why);

/* bulla_site_check returns BULLA_VAULT_MOVED unless every name leads to its file, now and at every earlier check, and
 * logs it the first time. */
BULLA_NODISCARD enum bulla_status bulla_site_check(struct bulla_site *site);

/* bulla_site_is_for_all returns whether the files beside it are there, and of the same user, group and mode as it is:
 * then whoever may open it may open them. */
bool bulla_site_is_for_all(const struct bulla_site *site);

/* bulla_site_sidecar fills |name| with the name of one of the files, or returns false if it is too long for a path. */
BULLA_NODISCARD bool bulla_site_sidecar(char name[PATH_MAX], const struct bulla_site *site, size_t file);

/* bulla_site_blame logs which of the files cannot be used, if any, when SQLite says no more than |status|. */
void bulla_site_blame(const struct bulla_site *site, enum bulla_status status);

#endif
