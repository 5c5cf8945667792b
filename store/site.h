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
};

/* bulla_site_begin takes the database at |path|. Returns BULLA_VAULT_SHARED if another name leads to its file too, or it
 * is mounted alone, without the folder that the other files are in; and the statuses of bulla_file_status. */
BULLA_CHECKED enum bulla_status bulla_site_begin(struct bulla_site *site, const char *path);

/* bulla_site_complete takes the files beside it, which a connection that has read in WAL mode holds open. */
BULLA_CHECKED enum bulla_status bulla_site_complete(struct bulla_site *site);

/* bulla_site_is_whole says whether every name leads to the file that it led to. */
BULLA_CHECKED bool bulla_site_is_whole(const struct bulla_site *site);

/* bulla_site_check returns BULLA_VAULT_MOVED unless it does, and tells the log. */
BULLA_CHECKED enum bulla_status bulla_site_check(const struct bulla_site *site);

/* bulla_site_sidecar fills |name| with that of one of the files, or returns false if it is too long for a path. */
BULLA_CHECKED bool bulla_site_sidecar(char name[PATH_MAX], const struct bulla_site *site, size_t file);

/* bulla_site_blame tells the log which of the files, if any, cannot be used, when SQLite says no more than |status|. */
void bulla_site_blame(const struct bulla_site *site, enum bulla_status status);

#endif
