/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/site.h. */

#include "store/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/file.h"

static const char *const endings[BULLA_SITE_FILES] = {"", "-wal", "-shm"};

/* The words of the log, where a path would be the caller's input. */
static const char *const called[BULLA_SITE_FILES] = {"the database", "the file that ends in -wal",
                                                     "the file that ends in -shm"};

bool bulla_site_sidecar(char name[PATH_MAX], const struct bulla_site *site, size_t file) {
  return bulla_file_append(name, site->path, endings[file]);
}

/* What is given without a folder is meant to be in the folder of now, also once the process has left it. */
static enum bulla_status make_absolute(char absolute[PATH_MAX], const char *path) {
  struct bulla_buffer buffer = bulla_buffer(absolute, PATH_MAX);
  struct bulla_writer writer = bulla_writer(&buffer);
  char folder[PATH_MAX];
  if (path[0] != '/') {
    if (getcwd(folder, sizeof(folder)) == NULL) {
      return bulla_file_status(errno);
    }
    bulla_put(&writer, bulla_span(folder, strlen(folder)));
    bulla_put_byte(&writer, '/');
  }
  bulla_put(&writer, bulla_span(path, strlen(path) + 1));
  return bulla_writer_finish(&writer) == BULLA_OK ? BULLA_OK : BULLA_TOO_LARGE;
}

/* Whether the file itself, not its folder, is where something is mounted: then what lies beside it here is not what
 * lies beside it where it came from. */
static bool is_mounted_alone(const char *path) {
  struct statx seen;
  return statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &seen) == 0 &&
         (seen.stx_attributes_mask & seen.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

enum bulla_status bulla_site_begin(struct bulla_site *site, const char *path) {
  struct stat seen;
  memset(site, 0, sizeof(*site));
  BULLA_TRY(make_absolute(site->given, path));
  if (realpath(site->given, site->path) == NULL || stat(site->path, &seen) != 0) {
    return bulla_file_status(errno);
  }
  if (seen.st_nlink > 1) {
    return bulla_explain(BULLA_VAULT_SHARED,
                         "the database has %lu names (hard links), and under each another log of changes would lie "
                         "beside it: keep one name, and copy with a backup",
                         (unsigned long)seen.st_nlink);
  }
  if (is_mounted_alone(site->path)) {
    return bulla_explain(BULLA_VAULT_SHARED,
                         "the database is mounted as a single file: mount the folder that it is in");
  }
  site->ids[BULLA_SITE_DATABASE] = (struct bulla_file_id){seen.st_dev, seen.st_ino};
  site->owner = seen.st_uid;
  site->mode = seen.st_mode;
  site->num_known = 1;
  return BULLA_OK;
}

/* The last part of |path|, as the log may show it. */
static const char *name_of(char text[BULLA_LOG_NAME_MAX], const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  return bulla_log_name(text, bulla_span(name, strlen(name)));
}

static enum bulla_status moved(struct bulla_site *site, size_t file, const char *how) {
  char text[BULLA_LOG_NAME_MAX];
  site->lost = true;
  return bulla_explain(BULLA_VAULT_MOVED, "%s of %s %s", called[file], name_of(text, site->given), how);
}

enum bulla_status bulla_site_lose(struct bulla_site *site, const char *why) {
  return moved(site, BULLA_SITE_WAL, why);
}

/* Whoever may write into what SQLite keeps beside the database, or reads it, is another than of the database. */
static bool is_of_another(const struct bulla_site *site, const struct stat *seen) {
  bool known = seen->st_uid == site->owner || seen->st_uid == 0 || seen->st_uid == geteuid();
  return !known || (seen->st_mode & (S_IRWXG | S_IRWXO) & ~site->mode) != 0;
}

bool bulla_site_is_for_all(const struct bulla_site *site) {
  struct stat database;
  if (lstat(site->path, &database) != 0) {
    return false;
  }
  const mode_t rights = S_IRWXU | S_IRWXG | S_IRWXO;
  for (size_t i = BULLA_SITE_DATABASE + 1; i < BULLA_SITE_FILES; i++) {
    char name[PATH_MAX];
    struct stat seen;
    if (!bulla_site_sidecar(name, site, i) || lstat(name, &seen) != 0 || seen.st_uid != database.st_uid ||
        seen.st_gid != database.st_gid || ((seen.st_mode ^ database.st_mode) & rights) != 0) {
      return false;
    }
  }
  return true;
}

enum bulla_status bulla_site_complete(struct bulla_site *site) {
  for (size_t i = site->num_known; i < BULLA_SITE_FILES; i++) {
    char name[PATH_MAX];
    struct stat seen;
    if (!bulla_site_sidecar(name, site, i)) {
      return BULLA_TOO_LARGE;
    }
    if (lstat(name, &seen) != 0) {
      return errno == ENOENT ? moved(site, i, "is gone") : bulla_file_status(errno);
    }
    if (!S_ISREG(seen.st_mode) || seen.st_nlink != 1) {
      return bulla_explain(BULLA_VAULT_SHARED, "%s is not a regular file with one name", called[i]);
    }
    if (is_of_another(site, &seen)) {
      return bulla_explain(BULLA_VAULT_SHARED,
                           "%s belongs to another user, or is open to more than the database is: find "
                           "out who made it",
                           called[i]);
    }
    site->ids[i] = (struct bulla_file_id){seen.st_dev, seen.st_ino};
  }
  site->num_known = BULLA_SITE_FILES;
  return bulla_site_check(site);
}

/* What is wrong with where |file| is, or NULL. The kernel is not asked for times: for those who have seen one it would
 * note every later write by its own time, and journal it. */
static const char *wrong_with(const struct bulla_site *site, size_t file) {
  char name[PATH_MAX];
  struct statx seen;
  const char *path = site->given;
  if (file != BULLA_SITE_DATABASE) {
    if (!bulla_site_sidecar(name, site, file)) {
      return "has too long a name";
    }
    path = name;
  }
  if (statx(AT_FDCWD, path, 0, STATX_INO, &seen) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? "is gone from its place" : "cannot be looked at any more";
  }
  bool same = makedev(seen.stx_dev_major, seen.stx_dev_minor) == site->ids[file].device &&
              seen.stx_ino == site->ids[file].inode;
  return same ? NULL : "is another one than was opened";
}

enum bulla_status bulla_site_check(struct bulla_site *site) {
  if (site->lost) {
    return BULLA_VAULT_MOVED;
  }
  for (size_t i = 0; i < site->num_known; i++) {
    const char *wrong = wrong_with(site, i);
    if (wrong != NULL) {
      return moved(site, i, wrong);
    }
  }
  return BULLA_OK;
}

void bulla_site_state(const struct bulla_site *site, struct bulla_site_state *state) {
  memset(state, 0, sizeof(*state));
  for (size_t i = 0; i < 2; i++) {
    char name[PATH_MAX];
    struct stat seen;
    if (bulla_site_sidecar(name, site, i) && stat(name, &seen) == 0) {
      state->len[i] = seen.st_size;
      state->seconds[i] = seen.st_mtim.tv_sec;
      state->nanoseconds[i] = seen.st_mtim.tv_nsec;
    }
  }
}

void bulla_site_blame(const struct bulla_site *site, enum bulla_status status) {
  for (size_t i = 0; i < BULLA_SITE_FILES; i++) {
    char name[PATH_MAX];
    struct stat seen;
    if (!bulla_site_sidecar(name, site, i) || lstat(name, &seen) != 0) {
      continue;
    }
    if (i != BULLA_SITE_DATABASE && !S_ISREG(seen.st_mode)) {
      bulla_explain(status, "%s is not a regular file", called[i]);
    } else if (faccessat(AT_FDCWD, name, R_OK | W_OK, AT_EACCESS) != 0) {
      bulla_explain(status, "%s cannot be read and written by this user: %s", called[i], strerror(errno));
    }
  }
  char journal[PATH_MAX];
  struct stat seen;
  if (bulla_file_append(journal, site->path, "-journal") && lstat(journal, &seen) == 0) {
    bulla_explain(status,
                  "a file that ends in -journal lies beside the database: a program that may write must open it");
  }
}
