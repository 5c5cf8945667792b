/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where an open vault's files are: its database, and the -wal and -shm that SQLite keeps beside it. A connection holds
 * files open, not names. Once a name leads elsewhere, what the connection writes is found by nobody, so before
 * anything is said to be done, and before anything is opened, the names are looked at. */

#ifndef BULLA_STORE_SITE_H
#define BULLA_STORE_SITE_H

#include <limits.h>
#include <sys/types.h>

#include <bulla/core.h>

/* Which file it is. Whoever holds it open keeps its number from being given to another. */
struct bulla_file_id {
  dev_t device;
  ino_t inode;
};

enum { BULLA_SITE_DATABASE, BULLA_SITE_WAL, BULLA_SITE_SHM, BULLA_SITE_FILES };

struct bulla_site {
  char given[PATH_MAX]; /* as the caller named the database, absolute; links in it are not followed yet */
  char path[PATH_MAX];  /* without links: SQLite puts its files beside this one */
  struct bulla_file_id ids[BULLA_SITE_FILES];
  size_t num_known; /* of |ids|: the database alone until bulla_site_complete */
  uid_t owner;      /* of the database */
  mode_t mode;
  _Atomic bool lost; /* a name led elsewhere once: what happened in between is not known, and it is not gone on with */
};

/* How the database and its -wal are: another one as soon as somebody writes. No padding, for comparing. */
struct bulla_site_state {
  int64_t len[2];
  int64_t seconds[2];
  int64_t nanoseconds[2];
};

/* bulla_site_state fills |state|; a file that is not there has zeros. */
void bulla_site_state(const struct bulla_site *site, struct bulla_site_state *state);

/* bulla_site_begin takes the database at |path|. Returns BULLA_VAULT_SHARED if another name leads to its file too, or
 * it is mounted alone, without the folder that the other files are in; and the statuses of bulla_file_status. */
BULLA_NODISCARD enum bulla_status bulla_site_begin(struct bulla_site *site, const char *path);

/* bulla_site_complete takes the files beside it, which a connection that has read in WAL mode holds open. */
BULLA_NODISCARD enum bulla_status bulla_site_complete(struct bulla_site *site);

/* bulla_site_lose is what bulla_site_check does when it finds something wrong, for those who find it otherwise. */
enum bulla_status bulla_site_lose(struct bulla_site *site, const char *why);

/* bulla_site_check returns BULLA_VAULT_MOVED unless every name leads to the file that it led to, now and at each check
 * before, and tells the log the first time. */
BULLA_NODISCARD enum bulla_status bulla_site_check(struct bulla_site *site);

/* bulla_site_sidecar fills |name| with that of one of the files, or returns false if it is too long for a path. */
BULLA_NODISCARD bool bulla_site_sidecar(char name[PATH_MAX], const struct bulla_site *site, size_t file);

/* bulla_site_blame tells the log which of the files, if any, cannot be used, when SQLite says no more than |status|. */
void bulla_site_blame(const struct bulla_site *site, enum bulla_status status);

#endif
