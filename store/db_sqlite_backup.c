/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite_backup.h.
 *
 * A backup is made by SQLite's online backup in one transaction for reading. So it is of one state, writers go on, and
 * nothing that they write makes it begin anew; only the -wal cannot begin anew before it is done. VACUUM INTO would
 * write only what is in use; but it needs ATTACH, which no connection of bulla has, passes over damage that the copy of
 * a page takes along and the check of it finds, and cannot run in a transaction. What was deleted is in neither: its
 * bytes were zeroed as it was (secure_delete), and of the -wal a backup has only the newest page of each. */

#include "store/db_sqlite_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "store/db_sqlite_files.h"
#include "store/db_sqlite_schema.h"
#include "store/file.h"

enum bulla_status bulla_sqlite_back_up(struct bulla_db *db, const char *path, bulla_progress_fn progress, void *arg) {
  const struct bulla_sqlite_copying how = {.mark = BULLA_SQLITE_MARK_BACKUP, .progress = progress, .progress_arg = arg};
  enum bulla_status status = bulla_sqlite_copy((struct bulla_sqlite *)db, path, &how);
  if (status == BULLA_OK && bulla_sqlite_has_sidecar(path)) {
    status = bulla_explain(BULLA_IO, "SQLite left files beside the backup");
  }
  if (status != BULLA_OK) {
    bulla_sqlite_remove(path);
  }
  return status;
}

/* Copies the next bytes of |file|, or of |left| of them. */
static enum bulla_status copy_some(int to, int file, int64_t offset, int64_t *left) {
  uint8_t bytes[65536];
  size_t want = *left < (int64_t)sizeof(bytes) ? (size_t)*left : sizeof(bytes);
  ssize_t got = pread(file, bytes, want, offset);
  if (got <= 0) {
    return got == 0 ? bulla_explain(BULLA_REFUSED, "the backup was cut while it was read") : bulla_file_status(errno);
  }
  ssize_t put = write(to, bytes, (size_t)got);
  if (put < 0) {
    return bulla_file_status(errno);
  }
  *left -= put;
  return BULLA_OK;
}

static enum bulla_status copy_bytes(const char *draft, int file, int64_t len) {
  int to BULLA_CLEANUP(bulla_file_close) = -1;
  BULLA_TRY(bulla_file_create(&to, draft));
  for (int64_t left = len; left > 0;) {
    BULLA_TRY(copy_some(to, file, len - left, &left));
  }
  return fsync(to) == 0 ? BULLA_OK : bulla_file_status(errno);
}

enum bulla_status bulla_sqlite_load(char draft[PATH_MAX], const char *place, int file, int64_t len) {
  BULLA_TRY(bulla_file_draft(draft, place));
  enum bulla_status status = copy_bytes(draft, file, len);
  if (status != BULLA_OK) {
    bulla_sqlite_remove(draft);
  }
  return status;
}

enum bulla_status bulla_sqlite_adopt(struct bulla_db *db) {
  return bulla_sqlite_run((struct bulla_sqlite *)db, BULLA_SQLITE_MARK_VAULT);
}

/* Whoever closes the last connection moves the -wal into the database and removes it, or leaves it if that fails. */
enum bulla_status bulla_sqlite_publish(const char *place, const char *draft) {
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  if (bulla_sqlite_has_sidecar(draft)) {
    return bulla_explain(BULLA_IO, "SQLite left files beside the new database");
  }
  file = open(draft, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fsync(file) != 0) {
    return bulla_file_status(errno);
  }
  return bulla_file_publish(place, draft);
}

void bulla_sqlite_withdraw(const char *place, const char *draft) {
  (void)place;
  bulla_sqlite_remove(draft);
}
