/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is known of a vault in a file: who else can read or replace it, whether SQLite finds it whole. */

#include "store/db_sqlite_doctor.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/db_sqlite.h"

enum { SHOWN_MAX = 200 };

/* The first text that |question| answers with, cut to what is shown. */
static enum bulla_status ask(char text[SHOWN_MAX], struct bulla_sqlite *sqlite, const char *question) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_sqlite_end) = {.handle = NULL};
  struct bulla_value value = {.type = BULLA_VALUE_NULL};
  bool row;
  text[0] = '\0';
  BULLA_TRY(bulla_sqlite_ask(&rows, sqlite, question));
  BULLA_TRY(bulla_sqlite_next(&rows, &row));
  if (row) {
    bulla_sqlite_column(&rows, 0, &value);
  }
  size_t len = value.type != BULLA_VALUE_TEXT ? 0 : value.bytes.len < SHOWN_MAX ? value.bytes.len : SHOWN_MAX - 1;
  if (len > 0) {
    memcpy(text, value.bytes.data, len);
  }
  text[len] = '\0';
  return BULLA_OK;
}

static enum bulla_status tell_file(struct bulla_examination *examination, const char *path) {
  struct stat found;
  if (stat(path, &found) != 0) {
    return BULLA_VAULT_MOVED;
  }
  /* With two names each would have a -wal of its own; opening it was refused then. */
  bulla_examine_tell(examination, "identity", found.st_nlink == 1 ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
                     "the file has another name too: remove that one", "inode %llu of device %u:%u, %llu name%s",
                     (unsigned long long)found.st_ino, major(found.st_dev), minor(found.st_dev),
                     (unsigned long long)found.st_nlink, found.st_nlink == 1 ? "" : "s");
  mode_t others = found.st_mode & (S_IRWXG | S_IRWXO);
  bulla_examine_tell(examination, "file",
                     (others & (S_IWGRP | S_IWOTH)) != 0 ? BULLA_VERDICT_PROBLEM
                     : others != 0                       ? BULLA_VERDICT_WARNING
                                                         : BULLA_VERDICT_OK,
                     "others can read or change it: run chmod 600 on it", "%s, mode %04o", path,
                     (unsigned)(found.st_mode & 07777));
  return BULLA_OK;
}

/* Whoever can write to the folder can put another file in the place of the vault, unless it is sticky. */
static enum bulla_status tell_folder(struct bulla_examination *examination, const char *path) {
  char folder[PATH_MAX];
  struct stat found;
  size_t len = strlen(path);
  memcpy(folder, path, len + 1);
  char *end = strrchr(folder, '/');
  if (end == NULL) {
    return BULLA_IO;
  }
  end[end == folder ? 1 : 0] = '\0';
  if (stat(folder, &found) != 0) {
    return BULLA_VAULT_MOVED;
  }
  bool is_open = (found.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (found.st_mode & S_ISVTX) == 0;
  bulla_examine_tell(examination, "folder", is_open ? BULLA_VERDICT_PROBLEM : BULLA_VERDICT_OK,
                     "others can replace the vault: run chmod go-w on it", "%s, mode %04o", folder,
                     (unsigned)(found.st_mode & 07777));
  return BULLA_OK;
}

enum bulla_status bulla_sqlite_examine(struct bulla_db *db, struct bulla_examination *examination) {
  struct bulla_sqlite *sqlite = (struct bulla_sqlite *)db;
  char text[SHOWN_MAX];
  BULLA_TRY(ask(text, sqlite, "SELECT sqlite_version()"));
  bulla_examine_tell(examination, "SQLite", BULLA_VERDICT_OK, NULL, "%s", text);
  BULLA_TRY(tell_file(examination, sqlite->site.path));
  BULLA_TRY(tell_folder(examination, sqlite->site.path));
  BULLA_TRY(ask(text, sqlite, "PRAGMA journal_mode"));
  bulla_examine_tell(examination, "journal", strcmp(text, "wal") == 0 ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
                     "stop what has it open, and run sqlite3 FILE 'PRAGMA journal_mode = WAL'", "%s", text);
  BULLA_TRY(ask(text, sqlite, "PRAGMA quick_check(1)"));
  bulla_examine_tell(examination, "integrity", strcmp(text, "ok") == 0 ? BULLA_VERDICT_OK : BULLA_VERDICT_PROBLEM,
                     "restore a backup", "%s", text);
  return BULLA_OK;
}
