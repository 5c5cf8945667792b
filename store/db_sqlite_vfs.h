/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The files of SQLite: by which of its file systems (VFS) a database is opened, and what is in them. */

#ifndef BULLA_STORE_DB_SQLITE_VFS_H
#define BULLA_STORE_DB_SQLITE_VFS_H

#include "store/site.h"

struct sqlite3;
struct sqlite3_vfs;

/* bulla_sqlite_vfs returns the name of the one for a vault that may be written to, or NULL for SQLite's default.
 * bulla_sqlite_vfs_is_unix says whether its files are in the file system: another one, as a test may register, need
 * not keep them there. */
const char *bulla_sqlite_vfs(void);
bool bulla_sqlite_vfs_is_unix(const struct sqlite3_vfs *vfs);

/* bulla_sqlite_check_alone returns BULLA_VAULT_SHARED if a process has the database open by an earlier name.
 * For a database that is not connected yet. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_check_alone(const struct bulla_site *site);

/* bulla_sqlite_read reads |len| bytes at |at| of one of the connection's files as it is on disk: the database, or its
 * log of changes once it was read. Returns false if they are not there. A file of one's own would do harm: who closes
 * one loses the locks of all of the process's connections to it. */
bool bulla_sqlite_read(struct sqlite3 *handle, bool is_log, void *bytes, size_t len, int64_t at);

#endif
