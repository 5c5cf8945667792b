/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite_files.h. */

#include "store/db_sqlite_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "store/file.h"

/* What a path must not begin with. */
static const struct {
  const char *beginning;
  const char *why;
} misleading[] = {
    {"//", "an absolute path is written sqlite:/PATH and a relative one sqlite:PATH, without two slashes"},
    {":", "a vault is a file: for one of such a name write sqlite:./PATH"},
    {"file:", "write sqlite:PATH without file:"},
};

enum bulla_status bulla_sqlite_check_path(const char *path) {
  if (*path == '\0') {
    return bulla_explain(BULLA_UNSUPPORTED, "no path is given after sqlite:");
  }
  if (strchr(path, '?') != NULL) {
    return bulla_explain(BULLA_UNSUPPORTED, "the path has a question mark, but takes no parameters");
  }
  for (size_t i = 0; i < sizeof(misleading) / sizeof(misleading[0]); i++) {
    if (strncmp(path, misleading[i].beginning, strlen(misleading[i].beginning)) == 0) {
      return bulla_explain(BULLA_UNSUPPORTED, "%s", misleading[i].why);
    }
  }
  return BULLA_OK;
}

/* What belongs to a vault: its file and what SQLite puts beside it. */
static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
enum { NUM_ENDINGS = sizeof(endings) / sizeof(endings[0]) };

/* Whether one of them is there, or, if |unsure|, may be. */
static bool any_from(size_t first, const char *path, bool unsure) {
  char name[PATH_MAX];
  struct stat status;
  for (size_t i = first; i < NUM_ENDINGS; i++) {
    if (bulla_file_append(name, path, endings[i]) && (lstat(name, &status) == 0 || (unsure && errno != ENOENT))) {
      return true;
    }
  }
  return false;
}

/* A log that lies there without its vault would be taken for the new one's. */
enum bulla_status bulla_sqlite_may_create(const char *path) {
  size_t len = strlen(path);
  for (size_t i = 1; i < NUM_ENDINGS; i++) {
    size_t ending = strlen(endings[i]);
    if (len >= ending && strcmp(path + len - ending, endings[i]) == 0) {
      return bulla_explain(BULLA_UNSUPPORTED, "SQLite would take %s for part of another database", path);
    }
  }
  return any_from(0, path, false) ? BULLA_EXISTS : BULLA_OK;
}

bool bulla_sqlite_has_sidecar(const char *path) {
  return any_from(1, path, true);
}

void bulla_sqlite_remove(const char *path) {
  char name[PATH_MAX];
  for (size_t i = 0; i < NUM_ENDINGS; i++) {
    if (bulla_file_append(name, path, endings[i])) {
      unlink(name);
    }
  }
}

enum bulla_status bulla_sqlite_check_file(bool *read_only, const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? BULLA_NO_VAULT : bulla_file_status(errno);
  }
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    return bulla_explain(BULLA_NOT_A_VAULT, S_ISREG(status.st_mode) ? "the file is empty" : "it is not a regular file");
  }
  if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0) {
    return bulla_explain(bulla_file_status(errno), "the database cannot be read by this user");
  }
  int folder BULLA_CLEANUP(bulla_file_close) = -1;
  char resolved[PATH_MAX];
  if (realpath(path, resolved) == NULL) {
    return bulla_file_status(errno);
  }
  BULLA_TRY(bulla_file_folder(&folder, resolved));
  *read_only = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 || faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0;
  return BULLA_OK;
}
