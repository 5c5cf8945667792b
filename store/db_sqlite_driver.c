/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite_driver.h: what SQLite does and where its files are, put together. */

#include "store/db_sqlite_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/db_sqlite.h"
#include "store/db_sqlite_backup.h"
#include "store/db_sqlite_doctor.h"
#include "store/db_sqlite_files.h"
#include "store/db_sqlite_log.h"
#include "store/db_sqlite_schema.h"
#include "store/db_sqlite_vfs.h"
#include "store/file.h"

enum { PATIENCE_MS = 5000 };
enum { TURN_MS = 500 /* that the turn is waited for */ };

static struct bulla_sqlite *sqlite_of(struct bulla_db *db) {
  return (struct bulla_sqlite *)db;
}

static void close_sqlite(struct bulla_db *db) {
  struct bulla_sqlite *sqlite = sqlite_of(db);
  bulla_sqlite_log_leave(sqlite);
  bulla_sqlite_disconnect(sqlite);
  bulla_file_close(&sqlite->turn.file);
  free(sqlite);
}

/* To close the connection in a child would disturb the parent. Only the turn, which the open file keeps, must not
 * outlive the parent there. */
static void abandon(struct bulla_db *db) {
  bulla_file_close(&sqlite_of(db)->turn.file);
}

static void close_unless_null(struct bulla_sqlite **sqlite) {
  if (*sqlite != NULL) {
    close_sqlite(&(*sqlite)->db);
  }
}

/* Where nothing is written SQLite cannot share what it knows of the -wal with others. If somebody who can has
 * left it a -shm, it is read; otherwise nobody else is there now, and the -wal, if there is one, is read by this
 * connection alone, for as long as the files stay as they are. Without a -shm SQLite would make one, and a -wal, where
 * the folder allows it, and leave both behind. */
static enum bulla_status connect_to_read(struct bulla_sqlite *sqlite) {
  char name[PATH_MAX];
  struct stat seen;
  if (!bulla_site_sidecar(name, &sqlite->site, BULLA_SITE_SHM)) {
    return BULLA_TOO_LARGE;
  }
  if (access(name, F_OK) == 0 && bulla_sqlite_connect(sqlite, BULLA_SQLITE_READ) == BULLA_OK &&
      bulla_sqlite_read_once(sqlite) == BULLA_OK) {
    return BULLA_OK;
  }
  bulla_sqlite_disconnect(sqlite);
  sqlite->frozen = true;
  if (!bulla_site_sidecar(name, &sqlite->site, BULLA_SITE_WAL)) {
    return BULLA_TOO_LARGE;
  }
  bulla_site_state(&sqlite->site, &sqlite->state);
  bool has_log = stat(name, &seen) == 0 && seen.st_size > 0;
  return bulla_sqlite_connect(sqlite, has_log ? BULLA_SQLITE_READ_ALONE : BULLA_SQLITE_READ_STILL);
}

static enum bulla_status connect_to(struct bulla_sqlite *sqlite, const char *path) {
  BULLA_TRY(bulla_site_begin(&sqlite->site, path));
  if (!sqlite->db.read_only) {
    BULLA_TRY(bulla_sqlite_check_alone(&sqlite->site));
  }
  enum bulla_status status =
      sqlite->db.read_only ? connect_to_read(sqlite) : bulla_sqlite_connect(sqlite, BULLA_SQLITE_WRITE);
  if (status == BULLA_OK) {
    status = bulla_sqlite_read_once(sqlite);
    /* What is read with another's log may be damaged in any way. */
    enum bulla_status log = bulla_sqlite_log_check(sqlite);
    status = log == BULLA_OK ? status : log;
  }
  if (status == BULLA_IO || status == BULLA_READ_ONLY) {
    bulla_site_blame(&sqlite->site, status);
  }
  return status;
}

/* Connects to the file at |path|, which must be there. If it is |read_only| nothing can be written to it, and it need
 * not be in a place where SQLite could put files beside it. */
static enum bulla_status open_path(struct bulla_sqlite **sqlite, const char *path, bool read_only) {
  struct bulla_sqlite *made BULLA_CLEANUP(close_unless_null) = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->db = (struct bulla_db){.driver = &bulla_sqlite_driver,
                               .read_only = read_only,
                               .alone = true,
                               .patience = PATIENCE_MS,
                               .left = PATIENCE_MS};
  made->turn.file = -1;
  BULLA_TRY(connect_to(made, path));
  *sqlite = made;
  made = NULL;
  return BULLA_OK;
}

static enum bulla_status open_place(struct bulla_db **db, const char *place, bool read_only) {
  bool only_readable = false;
  struct bulla_sqlite *sqlite = NULL;
  BULLA_TRY(bulla_sqlite_check_file(&only_readable, place));
  BULLA_TRY(open_path(&sqlite, place, read_only || only_readable));
  *db = &sqlite->db;
  return BULLA_OK;
}

static enum bulla_status open_another(struct bulla_db **another, const struct bulla_db *db, int64_t until) {
  struct bulla_sqlite *sqlite = NULL;
  BULLA_TRY(open_path(&sqlite, ((const struct bulla_sqlite *)db)->site.given, false));
  sqlite->db.until = until;
  *another = &sqlite->db;
  return BULLA_OK;
}

static enum bulla_status find_turn(struct bulla_sqlite *sqlite) {
  char name[PATH_MAX];
  struct stat seen;
  const struct bulla_file_id *known = &sqlite->site.ids[BULLA_SITE_WAL];
  if (!bulla_site_sidecar(name, &sqlite->site, BULLA_SITE_WAL)) {
    return BULLA_TOO_LARGE;
  }
  int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  sqlite->turn.file = open(name, flags | O_NOATIME); /* a time of access would be journalled at every commit */
  if (sqlite->turn.file < 0 && errno == EPERM) {
    sqlite->turn.file = open(name, flags); /* the file is of another user */
  }
  if (sqlite->turn.file < 0 || fstat(sqlite->turn.file, &seen) != 0) {
    return bulla_file_status(errno);
  }
  sqlite->db.alone = false;
  bool same = seen.st_dev == known->device && seen.st_ino == known->inode;
  return same ? BULLA_OK : BULLA_VAULT_MOVED;
}

/* Switches a connection that may write to WAL, reads once, and notes which files it holds open then: from now on each
 * commit looks whether they are still where they were. */
static enum bulla_status settle(struct bulla_db *db) {
  struct bulla_sqlite *sqlite = sqlite_of(db);
  if (!db->read_only) {
    enum bulla_status status = bulla_sqlite_run(sqlite, "PRAGMA journal_mode = WAL");
    status = status == BULLA_OK ? bulla_sqlite_read_once(sqlite) : status;
    if (status == BULLA_IO || status == BULLA_READ_ONLY) {
      bulla_site_blame(&sqlite->site, status);
    }
    BULLA_TRY(status);
  }
  if (!bulla_sqlite_is_in_files(sqlite)) {
    return bulla_site_check(&sqlite->site);
  }
  if (bulla_sqlite_has_moved(sqlite)) {
    return bulla_explain(BULLA_VAULT_MOVED, "the database was replaced while it was opened");
  }
  if (db->read_only) {
    return bulla_site_check(&sqlite->site);
  }
  BULLA_TRY(bulla_site_complete(&sqlite->site));
  return find_turn(sqlite);
}

static enum bulla_status check_site(struct bulla_db *db) {
  return bulla_site_check(&sqlite_of(db)->site);
}

static enum bulla_status check_current(struct bulla_db *db) {
  const struct bulla_sqlite *sqlite = sqlite_of(db);
  struct bulla_site_state now;
  if (!sqlite->frozen) {
    return BULLA_OK;
  }
  bulla_site_state(&sqlite->site, &now);
  return memcmp(&now, &sqlite->state, sizeof(now)) == 0
             ? BULLA_OK
             : bulla_explain(BULLA_VAULT_MOVED,
                             "somebody wrote to the vault since it was opened for reading: open it again");
}

/* Waits for the turn, but not for ever: whoever has it may have been stopped, and then the write lock, which is what
 * counts, is to be had without it. */
static void take_turn(struct bulla_sqlite *sqlite, bool first) {
  int enough = sqlite->db.left - TURN_MS;
  if (first) {
    bulla_turn_announce(&sqlite->turn);
  }
  while (!bulla_turn_try(&sqlite->turn, first) && sqlite->db.left > enough && bulla_sqlite_wait(sqlite)) {
  }
}

/* Ends a transaction that is open. If it marked the log, that is undone too. */
static void undo(struct bulla_sqlite *sqlite) {
  sqlite->is_marked = sqlite->is_marked && !sqlite->allows_cookie;
  enum bulla_status undone = bulla_sqlite_undo(sqlite);
  enum bulla_status ended = bulla_sqlite_allow_cookie(sqlite, false);
  (void)undone;
  (void)ended;
}

static enum bulla_status begin(struct bulla_db *db, enum bulla_db_intent intent) {
  struct bulla_sqlite *sqlite = sqlite_of(db);
  if (intent != BULLA_DB_READ && db->read_only) {
    return bulla_explain(BULLA_READ_ONLY, "the vault could only be opened for reading");
  }
  BULLA_TRY(bulla_sqlite_undo(sqlite));
  if (intent == BULLA_DB_READ) {
    return bulla_sqlite_control(sqlite, BULLA_SQLITE_BEGIN);
  }
  if (!sqlite->is_marked) {
    bulla_sqlite_forget_pages(sqlite);
    BULLA_TRY(bulla_sqlite_allow_cookie(sqlite, true));
    BULLA_TRY(bulla_sqlite_undo(sqlite));
  }
  take_turn(sqlite, intent == BULLA_DB_WRITE_FIRST);
  enum bulla_status status = bulla_sqlite_control(sqlite, BULLA_SQLITE_BEGIN_IMMEDIATE);
  bulla_turn_give(&sqlite->turn);
  sqlite->has_changed = sqlite->has_changed || intent != BULLA_DB_WRITE_RECORDS;
  status = status == BULLA_OK ? bulla_sqlite_log_mark(sqlite) : status;
  if (status != BULLA_OK) {
    undo(sqlite);
  }
  return status;
}

/* Notes how the -wal begins. One that was begun anew has the mark of the transaction that |marks| it, or none that is
 * known of. */
static void note_start(struct bulla_sqlite *sqlite, const uint8_t *start, bool marks) {
  if (memcmp(start, sqlite->log_seen, sizeof(sqlite->log_seen)) != 0) {
    sqlite->is_marked = sqlite->is_marked && marks;
    memcpy(sqlite->log_seen, start, sizeof(sqlite->log_seen));
  }
}

/* Looks at the -wal itself, which somebody may have emptied or written over in its place. After a commit it has a
 * beginning; and as long as that is the same it does not become shorter. */
static enum bulla_status check_log(struct bulla_sqlite *sqlite, bool committed, bool marks) {
  static const uint8_t magic[] = {0x37, 0x7f, 0x06}; /* https://www.sqlite.org/fileformat.html, section 4.1 */
  uint8_t start[sizeof(sqlite->log_start)] = {0};
  struct statx seen;
  if (sqlite->turn.file < 0) {
    if (!bulla_sqlite_read(sqlite->handle, true, start, sizeof(start), 0)) {
      memset(start, 0, sizeof(start));
    }
    note_start(sqlite, start, marks);
    if (committed) {
      memcpy(sqlite->log_start, start, sizeof(start));
    }
    return BULLA_OK;
  }
  if (statx(sqlite->turn.file, "", AT_EMPTY_PATH, STATX_SIZE, &seen) != 0) {
    return bulla_file_status(errno);
  }
  bool begun = pread(sqlite->turn.file, start, sizeof(start), 0) == (ssize_t)sizeof(start) &&
               memcmp(start, magic, sizeof(magic)) == 0;
  note_start(sqlite, start, marks);
  bool shorter =
      begun && memcmp(start, sqlite->log_start, sizeof(start)) == 0 && (off_t)seen.stx_size < sqlite->log_len;
  if (shorter || (committed && !begun)) {
    return bulla_site_lose(&sqlite->site, "was emptied or written over");
  }
  if (committed) {
    memcpy(sqlite->log_start, start, sizeof(start));
    sqlite->log_len = (off_t)seen.stx_size;
  }
  return BULLA_OK;
}

static void be_eager(struct bulla_db *db, bool eager) {
  bulla_sqlite_be_eager(sqlite_of(db), eager);
}

static bool is_wanted(const struct bulla_db *db) {
  return bulla_turn_is_taken(&((const struct bulla_sqlite *)db)->turn);
}

static enum bulla_status commit(struct bulla_db *db, bool *ended) {
  struct bulla_sqlite *sqlite = sqlite_of(db);
  BULLA_TRY(bulla_site_check(&sqlite->site));
  bool marks = sqlite->allows_cookie;
  BULLA_TRY(check_log(sqlite, false, marks));
  BULLA_TRY(bulla_sqlite_control(sqlite, BULLA_SQLITE_COMMIT));
  *ended = true;
  BULLA_TRY(bulla_sqlite_allow_cookie(sqlite, false));
  BULLA_TRY(bulla_site_check(&sqlite->site));
  BULLA_TRY(check_log(sqlite, true, marks));
  bulla_sqlite_checkpoint(sqlite);
  return BULLA_OK;
}

static void rollback(struct bulla_db *db) {
  struct bulla_sqlite *sqlite = sqlite_of(db);
  bool is_full = bulla_sqlite_is_full(sqlite);
  undo(sqlite);
  if (is_full) {
    /* What is in the -wal already needs no more room in the database than it has, and the next has the -wal's. */
    bulla_sqlite_restart_log(sqlite);
  }
}

/* Deleted rows were overwritten as they were deleted: older pages are left in the -wal alone. */
static enum bulla_status scrub(struct bulla_db *db) {
  struct bulla_sqlite *sqlite = sqlite_of(db);
  if (db->read_only) {
    return bulla_explain(BULLA_READ_ONLY, "the vault could only be opened for reading");
  }
  BULLA_TRY(bulla_sqlite_empty_log(sqlite));
  memset(sqlite->log_start, 0, sizeof(sqlite->log_start));
  sqlite->log_len = 0;
  return BULLA_OK;
}

static enum bulla_status fill_and_commit(struct bulla_sqlite *sqlite, bulla_db_fill fill, void *arg, bool *ended) {
  BULLA_TRY(bulla_sqlite_create_schema(sqlite));
  BULLA_TRY(fill(arg, &sqlite->db));
  return commit(&sqlite->db, ended);
}

static enum bulla_status create_tables(struct bulla_sqlite *sqlite, bulla_db_fill fill, void *arg) {
  bool ended = false;
  BULLA_TRY(begin(&sqlite->db, BULLA_DB_WRITE));
  enum bulla_status status = fill_and_commit(sqlite, fill, arg, &ended);
  if (!ended) {
    rollback(&sqlite->db);
  }
  return status;
}

/* Closing moves the -wal into the database too, but when that fails it says nothing: here it must have been done. */
static enum bulla_status create_at(const char *path, bulla_db_fill fill, void *arg) {
  struct bulla_sqlite *sqlite BULLA_CLEANUP(close_unless_null) = NULL;
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  BULLA_TRY(bulla_file_create(&file, path));
  /* Whoever closes a file loses the locks that the process has on it: not once SQLite has some. */
  bulla_file_close(&file);
  BULLA_TRY(open_path(&sqlite, path, false));
  BULLA_TRY(settle(&sqlite->db));
  BULLA_TRY(create_tables(sqlite, fill, arg));
  return bulla_sqlite_empty_log(sqlite);
}

/* A vault is made under another name and gets its own when it is whole: whoever is killed meanwhile leaves a file
 * that nobody takes for a vault. */
static enum bulla_status create(const char *place, bulla_db_fill fill, void *arg) {
  char draft[PATH_MAX];
  BULLA_TRY(bulla_file_draft(draft, place));
  enum bulla_status status = create_at(draft, fill, arg);
  /* In a database that was closed well all is in the one file. */
  if (status == BULLA_OK && bulla_sqlite_has_sidecar(draft)) {
    status = bulla_explain(BULLA_IO, "SQLite left files beside the new database");
  }
  if (status == BULLA_OK) {
    status = bulla_file_publish(place, draft);
  }
  if (status != BULLA_OK) {
    bulla_sqlite_remove(draft);
  }
  return status;
}

/* A copy gets its name when it is whole, as a new vault does. */
static enum bulla_status copy(struct bulla_db *db, const char *place) {
  char draft[PATH_MAX];
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  enum bulla_status may = bulla_sqlite_may_create(place);
  if (may != BULLA_OK) {
    return may == BULLA_EXISTS
               ? bulla_explain(may, "an earlier try may have left %s: move it away, or name another backup", place)
               : may;
  }
  BULLA_TRY(bulla_file_draft(draft, place));
  enum bulla_status made = bulla_file_create(&file, draft);
  BULLA_TRY(made == BULLA_OK ? made : bulla_explain(made, "no file could be made for the copy, %s", place));
  bulla_file_close(&file);
  enum bulla_status status = bulla_sqlite_copy(sqlite_of(db), draft, &(struct bulla_sqlite_copying){.mark = NULL});
  if (status == BULLA_OK && bulla_sqlite_has_sidecar(draft)) {
    status = bulla_explain(BULLA_IO, "SQLite left files beside the copy");
  }
  if (status == BULLA_OK) {
    status = bulla_file_publish(place, draft);
  }
  if (status != BULLA_OK) {
    bulla_sqlite_remove(draft);
  }
  return status;
}

const struct bulla_db_driver bulla_sqlite_driver = {
    .scheme = "sqlite:",
    .place_is_public = true,
    .backup_opens = true,
    .kind = "sqlite",
    .check_place = bulla_sqlite_check_path,
    .may_create = bulla_sqlite_may_create,
    .create = create,
    .open = open_place,
    .check_schema = bulla_sqlite_check_schema,
    .settle = settle,
    .check_older = bulla_sqlite_check_older,
    .copy = copy,
    .discard = bulla_sqlite_remove,
    .replace_schema = bulla_sqlite_replace_schema,
    .back_up = bulla_sqlite_back_up,
    .load = bulla_sqlite_load,
    .adopt = bulla_sqlite_adopt,
    .publish = bulla_sqlite_publish,
    .withdraw = bulla_sqlite_withdraw,
    .open_another = open_another,
    .close = close_sqlite,
    .abandon = abandon,
    .check_site = check_site,
    .check_current = check_current,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .be_eager = be_eager,
    .is_wanted = is_wanted,
    .query = bulla_sqlite_query,
    .next = bulla_sqlite_next,
    .column = bulla_sqlite_column,
    .changed = bulla_sqlite_changed,
    .end = bulla_sqlite_end,
    .scrub = scrub,
    .examine = bulla_sqlite_examine,
};
