/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite_vfs.h. */

#include "store/db_sqlite_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

enum { ALONE_MS = 1000 };     /* that others who are about to open the database have for it */
enum { LOG_HEADER_LEN = 32 }; /* https://www.sqlite.org/fileformat.html, section 4.1 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sqlite3_vfs *unix_vfs;
static sqlite3_vfs own_vfs; /* the same but for opening a log of changes */

/* Whoever opens a log of changes as one that may have to be made has SQLite flush the folder too, at the first commit,
 * each process once more. One with a frame in it needs none: who made it flushed it and the folder before that. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out) {
  int there = 0;
  (void)vfs;
  if ((flags & SQLITE_OPEN_WAL) != 0 && unix_vfs->xAccess(unix_vfs, name, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK &&
      there != 0 && unix_vfs->xOpen(unix_vfs, name, file, flags & ~SQLITE_OPEN_CREATE, flags_out) == SQLITE_OK) {
    sqlite3_int64 len = 0;
    if (file->pMethods->xFileSize(file, &len) == SQLITE_OK && len > LOG_HEADER_LEN) {
      return SQLITE_OK;
    }
    file->pMethods->xClose(file);
  }
  return unix_vfs->xOpen(unix_vfs, name, file, flags, flags_out);
}

static void register_own(void) {
  unix_vfs = sqlite3_vfs_find("unix");
  if (unix_vfs == NULL) {
    return;
  }
  own_vfs = *unix_vfs;
  own_vfs.pNext = NULL;
  own_vfs.zName = "unix-bulla";
  own_vfs.xOpen = open_file;
  if (sqlite3_vfs_register(&own_vfs, 0) != SQLITE_OK) {
    unix_vfs = NULL;
  }
}

const char *bulla_sqlite_vfs(void) {
  const sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
  (void)pthread_once(&once, register_own);
  return unix_vfs != NULL && usual == unix_vfs ? own_vfs.zName : NULL;
}

bool bulla_sqlite_vfs_is_unix(const struct sqlite3_vfs *vfs) {
  return vfs != NULL && strncmp(vfs->zName, "unix", 4) == 0;
}

/* Waits until nobody else has a lock on |file|, or, if |shm| appears, has one who opened the database by this name. */
static bool is_ours_alone(sqlite3_file *file, const char *shm) {
  for (int tries = 0; tries < ALONE_MS; tries++) {
    int result = file->pMethods->xLock(file, SQLITE_LOCK_SHARED);
    if (result == SQLITE_OK) {
      result = file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE);
    }
    file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
    if (result == SQLITE_OK || access(shm, F_OK) == 0) {
      return true;
    }
    sqlite3_sleep(1);
  }
  return false;
}

/* Without a -shm nobody has the database open by this name. Who has it open by another, since it was moved, holds a
 * lock on the file, and writes a -wal that is not the one beside it. The lock is asked for by SQLite's own file,
 * since closing any other would take those from the process that its connections have. */
enum bulla_status bulla_sqlite_check_alone(const struct bulla_site *site) {
  char shm[PATH_MAX];
  char name[PATH_MAX + 2] = {0}; /* SQLite looks for parameters behind the first NUL */
  sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
  if (!bulla_sqlite_vfs_is_unix(vfs)) {
    return BULLA_OK;
  }
  if (!bulla_site_sidecar(shm, site, BULLA_SITE_SHM)) {
    return BULLA_TOO_LARGE;
  }
  if (access(shm, F_OK) == 0) {
    return BULLA_OK;
  }
  sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
  if (file == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(name, site->path, strlen(site->path));
  enum bulla_status status = BULLA_IO;
  if (vfs->xOpen(vfs, name, file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, NULL) == SQLITE_OK) {
    status =
        is_ours_alone(file, shm)
            ? BULLA_OK
            : bulla_explain(BULLA_VAULT_SHARED,
                            "another process has the database open by a name that it had before: stop that process");
  }
  if (file->pMethods != NULL) {
    file->pMethods->xClose(file);
  }
  free(file);
  return status;
}

bool bulla_sqlite_read(struct sqlite3 *handle, bool is_log, void *bytes, size_t len, int64_t at) {
  sqlite3_file *file = NULL;
  int which = is_log ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER;
  return sqlite3_file_control(handle, "main", which, (void *)&file) == SQLITE_OK && file != NULL &&
         file->pMethods != NULL && file->pMethods->xRead(file, bytes, (int)len, at) == SQLITE_OK;
}
