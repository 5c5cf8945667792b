/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite_log.h. The form of a log is that of https://www.sqlite.org/fileformat.html, section 4. */

#include "store/db_sqlite_log.h"

#include "core/cleanup.h"
#include "core/log.h"
#include "store/db_sqlite_vfs.h"

enum { PAGE_LEN = 4096, HEADER_LEN = 32, FRAME_HEADER_LEN = 24, FRAME_LEN = FRAME_HEADER_LEN + PAGE_LEN };
enum { SALT_AT = 16, SALT_LEN = 8, FRAME_SALT_AT = 8 };
enum { COUNTER_AT = 24, COOKIE_AT = 40, STATE_LEN = COOKIE_AT + 4 - COUNTER_AT }; /* section 1.3 */
enum { LOOK_FRAMES = 4096, TRIES = 5 };

/* The schema cookie has in its upper half the lower one of the cookie before the mark, and a number that is drawn in
 * the lower one, less than DRAWN. Each change of the schema adds one. */
enum { HALF_BITS = 16, HALF_MAX = 0xffff, CHANGES_MAX = 0x1000, DRAWN = HALF_MAX + 1 - CHANGES_MAX };

/* The frames that are left: a record takes two or three, and the next process reads them all. */
enum { LEFT_FRAMES = 64 };

/* A log as it is read. */
struct log {
  struct sqlite3 *handle;
  uint8_t header[HEADER_LEN];
  uint32_t sums[2]; /* of all that was read so far */
};

static uint32_t number_at(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t frame_at(int frame) {
  return HEADER_LEN + (int64_t)frame * FRAME_LEN;
}

/* Section 4.2. The last bit of the magic number says whether the words of the sums are big-endian. */
static void add_to_sums(struct log *log, const uint8_t *bytes, size_t len) {
  bool is_big = (log->header[3] & 1) != 0;
  for (size_t i = 0; i < len; i += 8) {
    uint32_t words[2] = {number_at(bytes + i), number_at(bytes + i + 4)};
    for (size_t j = 0; j < 2; j++) {
      log->sums[j] += (is_big ? words[j] : __builtin_bswap32(words[j])) + log->sums[1 - j];
    }
  }
}

/* Whether there is a log with pages of our size. */
static bool begin(struct log *log, struct sqlite3 *handle) {
  static const uint8_t magic[] = {0x37, 0x7f, 0x06};
  *log = (struct log){.handle = handle};
  if (!bulla_sqlite_read(handle, true, log->header, sizeof(log->header), 0)) {
    return false;
  }
  add_to_sums(log, log->header, HEADER_LEN - 8);
  return memcmp(log->header, magic, sizeof(magic)) == 0 && number_at(log->header + 8) == PAGE_LEN;
}

/* Whether there is a frame of this log: one of an earlier log has another salt. */
static bool read_frame(const struct log *log, uint8_t header[FRAME_HEADER_LEN], int frame) {
  return bulla_sqlite_read(log->handle, true, header, FRAME_HEADER_LEN, frame_at(frame)) &&
         memcmp(header + FRAME_SALT_AT, log->header + SALT_AT, SALT_LEN) == 0;
}

/* Whether the |num| first frames are as they were written. After a power cut they need not be. */
static bool are_whole(struct log *log, int num) {
  uint8_t frame[FRAME_LEN];
  for (int i = 0; i < num; i++) {
    if (!bulla_sqlite_read(log->handle, true, frame, sizeof(frame), frame_at(i))) {
      return false;
    }
    add_to_sums(log, frame, 8);
    add_to_sums(log, frame + FRAME_HEADER_LEN, PAGE_LEN);
    if (number_at(frame + 16) != log->sums[0] || number_at(frame + 20) != log->sums[1]) {
      return false;
    }
  }
  return true;
}

/* What of the first page tells one state of one database from others. */
struct state {
  uint32_t counter;
  uint32_t cookie;
};

static bool read_state(struct state *state, struct sqlite3 *handle, bool is_log, int64_t page_at) {
  uint8_t bytes[STATE_LEN];
  if (!bulla_sqlite_read(handle, is_log, bytes, sizeof(bytes), page_at + COUNTER_AT)) {
    return false;
  }
  *state = (struct state){number_at(bytes), number_at(bytes + (COOKIE_AT - COUNTER_AT))};
  return true;
}

static bool is_same(struct state a, struct state b) {
  return a.counter == b.counter && a.cookie == b.cookie;
}

/* Whether |next| is what a database in |state| becomes as a log is marked, or, by who marks none, as it is changed. */
static bool follows(struct state next, struct state state) {
  return next.counter - 1 == state.counter &&
         (next.cookie - state.cookie < CHANGES_MAX || next.cookie >> HALF_BITS == (state.cookie & HALF_MAX));
}

/* Looks for the images of the first page. |*has| is whether there is one, |*is_own| whether the log can be that of a
 * database in |state|. */
static void look(bool *has, bool *is_own, struct log *log, struct state state) {
  uint8_t header[FRAME_HEADER_LEN];
  struct state image;
  *has = false;
  *is_own = false;
  for (int i = 0; i < LOOK_FRAMES && !*is_own && read_frame(log, header, i); i++) {
    if (number_at(header) == 1) {
      if (!read_state(&image, log->handle, true, frame_at(i) + FRAME_HEADER_LEN) || (!*has && !are_whole(log, i + 1))) {
        return; /* nothing of it counts */
      }
      *is_own = is_same(image, state) || (!*has && follows(image, state));
      *has = true;
    }
  }
}

/* Others may move the log into the database meanwhile, and begin it anew: what is seen counts if neither has changed.
 */
enum bulla_status bulla_sqlite_log_check(struct bulla_sqlite *sqlite) {
  struct state before;
  struct state after;
  struct log log;
  struct log again;
  bool has = false;
  bool is_own = false;
  for (int i = 0; i < TRIES; i++) {
    if (!read_state(&before, sqlite->handle, false, 0) || !begin(&log, sqlite->handle)) {
      return BULLA_OK;
    }
    look(&has, &is_own, &log, before);
    sqlite->is_marked = has;
    memcpy(sqlite->log_seen, log.header, sizeof(sqlite->log_seen));
    if (!has || is_own) {
      return BULLA_OK;
    }
    if (begin(&again, sqlite->handle) && memcmp(log.header, again.header, sizeof(log.header)) == 0 &&
        read_state(&after, sqlite->handle, false, 0) && is_same(before, after)) {
      bulla_sqlite_keep_log(sqlite, false); /* as this connection is closed it would be moved into the database */
      return bulla_explain(BULLA_VAULT_MOVED,
                           "the log beside it, which ends in -wal, is that of another database, or of another state");
    }
  }
  return BULLA_BUSY;
}

/* What |text| asks for: one number. */
static enum bulla_status ask_number(struct bulla_sqlite *sqlite, int64_t *number, const char *text) {
  struct bulla_value value = {.number = 0};
  struct bulla_db_rows rows;
  bool row = false;
  BULLA_TRY(bulla_sqlite_ask(&rows, sqlite, text));
  enum bulla_status status = bulla_sqlite_next(&rows, &row);
  if (row) {
    bulla_sqlite_column(&rows, 0, &value);
  }
  *number = value.number;
  bulla_sqlite_end(&rows);
  BULLA_TRY(status);
  return value.type == BULLA_VALUE_INT ? BULLA_OK : BULLA_NOT_A_VAULT;
}

/* The schema cookie is the one number in that page that may be any. As it changes SQLite reads the schema anew. */
static enum bulla_status write_cookie(struct bulla_sqlite *sqlite) {
  int64_t cookie;
  int64_t drawn;
  BULLA_TRY(ask_number(sqlite, &cookie, "PRAGMA schema_version"));
  BULLA_TRY(ask_number(sqlite, &drawn, "SELECT random()"));
  return bulla_sqlite_set_cookie(sqlite, (uint32_t)cookie << HALF_BITS | (uint32_t)((uint64_t)drawn % DRAWN));
}

enum bulla_status bulla_sqlite_log_mark(struct bulla_sqlite *sqlite) {
  if (sqlite->is_marked) {
    return BULLA_OK;
  }
  BULLA_TRY(write_cookie(sqlite));
  sqlite->is_marked = true;
  return BULLA_OK;
}

/* The frames of the log, as far as one that may be left has any. */
static int count_frames(const struct log *log) {
  uint8_t header[FRAME_HEADER_LEN];
  int num = 0;
  while (num < LEFT_FRAMES && read_frame(log, header, num)) {
    num++;
  }
  return num;
}

/* Whether the file is longer than may be left, with frames of this log or of an earlier one. */
static bool is_long(const struct log *log) {
  uint8_t byte;
  return bulla_sqlite_read(log->handle, true, &byte, sizeof(byte), frame_at(LEFT_FRAMES));
}

/* Whether the last of |num| frames is one that this connection has flushed. What another wrote and did not come to
 * flush is durable in no file yet, and must not come into the database before it is in the log. */
static bool is_flushed(const struct bulla_sqlite *sqlite, const struct log *log, int num) {
  return num == sqlite->num_frames && memcmp(log->header, sqlite->log_start, sizeof(log->header)) == 0;
}

/* Whether the database has each page as the last frame of it among |num| has it: then who left the log has moved it in.
 */
static bool is_moved(const struct log *log, int num) {
  uint32_t seen[LEFT_FRAMES];
  uint8_t frame[FRAME_LEN];
  uint8_t page[PAGE_LEN];
  int num_seen = 0;
  for (int i = num - 1; i >= 0; i--) {
    if (!bulla_sqlite_read(log->handle, true, frame, sizeof(frame), frame_at(i))) {
      return false;
    }
    uint32_t number = number_at(frame);
    bool is_later = false;
    for (int j = 0; j < num_seen; j++) {
      is_later = is_later || seen[j] == number;
    }
    if (is_later) {
      continue;
    }
    seen[num_seen++] = number;
    if (number == 0 || !bulla_sqlite_read(log->handle, false, page, sizeof(page), (int64_t)(number - 1) * PAGE_LEN) ||
        memcmp(page, frame + FRAME_HEADER_LEN, sizeof(page)) != 0) {
      return false;
    }
  }
  return true;
}

/* A file that is left is of the user and group who made it: others who may open the database could not open the vault
 * beside it. A file system of the process's own has no users. */
static bool may_stay(struct bulla_sqlite *sqlite) {
  return sqlite->turn.file < 0 || bulla_site_is_for_all(&sqlite->site);
}

/* Whether the next to open the database will know the log for its own. One without a mark would be taken for that of
 * any database. */
static bool will_be_known(struct log *log) {
  struct state state;
  bool has = false;
  bool is_own = false;
  if (read_state(&state, log->handle, false, 0)) {
    look(&has, &is_own, log, state);
  }
  return is_own;
}

void bulla_sqlite_log_leave(struct bulla_sqlite *sqlite) {
  struct log log;
  if (sqlite->db.read_only || sqlite->db.is_backup || sqlite->has_changed || sqlite->handle == NULL ||
      !begin(&log, sqlite->handle)) {
    return;
  }
  if (is_long(&log) || !will_be_known(&log) || !may_stay(sqlite)) {
    return;
  }
  int num = count_frames(&log);
  if (sqlite->num_frames == 0) {
    if (is_moved(&log, num)) {
      bulla_sqlite_keep_log(sqlite, false);
    }
  } else if (bulla_turn_try(&sqlite->turn, false) && is_flushed(sqlite, &log, num)) {
    /* While this connection has the turn nobody writes. It ends as its file is closed. */
    bulla_sqlite_keep_log(sqlite, true);
  }
}
