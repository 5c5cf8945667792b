/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite_log.h. The form of a log is that of https://www.sqlite.org/fileformat.html, section 4. */

#include "store/db_sqlite_log.h"

#include <stdio.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "store/db_sqlite_vfs.h"

enum { PAGE_LEN = 4096, HEADER_LEN = 32, FRAME_HEADER_LEN = 24, FRAME_LEN = FRAME_HEADER_LEN + PAGE_LEN };
enum { SALT_AT = 16, SALT_LEN = 8, FRAME_SALT_AT = 8, COUNTER_AT = 24 };
enum { LOOK_FRAMES = 4096, TRIES = 5 };

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

/* Looks for the images of the first page. |*has| is whether there is one, |*is_own| whether the log can be that of a
 * database with |counter|. */
static void look(bool *has, bool *is_own, struct log *log, uint32_t counter) {
  uint8_t header[FRAME_HEADER_LEN];
  uint8_t bytes[4];
  *has = false;
  *is_own = false;
  for (int i = 0; i < LOOK_FRAMES && !*is_own && read_frame(log, header, i); i++) {
    if (number_at(header) == 1) {
      if (!bulla_sqlite_read(log->handle, true, bytes, sizeof(bytes), frame_at(i) + FRAME_HEADER_LEN + COUNTER_AT) ||
          (!*has && !are_whole(log, i + 1))) {
        return; /* nothing of it counts */
      }
      *is_own = number_at(bytes) == counter || (!*has && number_at(bytes) - 1 == counter);
      *has = true;
    }
  }
}

static bool read_counter(struct sqlite3 *handle, uint8_t counter[4]) {
  return bulla_sqlite_read(handle, false, counter, 4, COUNTER_AT);
}

/* Others may move the log into the database meanwhile, and begin it anew: what is seen counts if neither has changed.
 */
enum bulla_status bulla_sqlite_log_check(struct bulla_sqlite *sqlite) {
  uint8_t before[4];
  uint8_t after[4];
  struct log log;
  struct log again;
  bool has = false;
  bool is_own = false;
  for (int i = 0; i < TRIES; i++) {
    if (!read_counter(sqlite->handle, before) || !begin(&log, sqlite->handle)) {
      return BULLA_OK;
    }
    look(&has, &is_own, &log, number_at(before));
    sqlite->is_marked = has;
    if (!has || is_own) {
      return BULLA_OK;
    }
    if (begin(&again, sqlite->handle) && memcmp(log.header, again.header, sizeof(log.header)) == 0 &&
        read_counter(sqlite->handle, after) && memcmp(before, after, sizeof(before)) == 0) {
      bulla_sqlite_keep_log(sqlite, false); /* as this connection is closed it would be moved into the database */
      return bulla_explain(BULLA_VAULT_MOVED,
                           "the log beside it, which ends in -wal, is that of another database, or of another state");
    }
  }
  return BULLA_BUSY;
}

/* Of what is in that page the version alone can be written without harm: as it is. */
static enum bulla_status write_version(struct bulla_sqlite *sqlite) {
  char text[40];
  struct bulla_value version = {.number = -1};
  struct bulla_db_rows rows;
  bool row = false;
  BULLA_TRY(bulla_sqlite_ask(&rows, sqlite, "PRAGMA user_version"));
  enum bulla_status status = bulla_sqlite_next(&rows, &row);
  if (row) {
    bulla_sqlite_column(&rows, 0, &version);
  }
  bulla_sqlite_end(&rows);
  BULLA_TRY(status);
  (void)snprintf(text, sizeof(text), "PRAGMA user_version = %d", (int)version.number);
  return version.type == BULLA_VALUE_INT ? bulla_sqlite_run(sqlite, text) : BULLA_NOT_A_VAULT;
}

enum bulla_status bulla_sqlite_log_mark(struct bulla_sqlite *sqlite) {
  if (sqlite->is_marked) {
    return BULLA_OK;
  }
  BULLA_TRY(write_version(sqlite));
  sqlite->is_marked = true;
  return BULLA_OK;
}

/* The frames of the log, up to one more than may be left. */
static int count_frames(const struct log *log) {
  uint8_t header[FRAME_HEADER_LEN];
  int num = 0;
  while (num <= LEFT_FRAMES && read_frame(log, header, num)) {
    num++;
  }
  return num;
}

/* Whether the last of |num| frames is one that this connection has flushed. What another wrote and did not come to
 * flush is durable in no file yet, and must not come into the database before it is in the log. */
static bool is_flushed(const struct bulla_sqlite *sqlite, const struct log *log, int num) {
  return num == sqlite->num_frames && memcmp(log->header, sqlite->log_start, sizeof(log->header)) == 0;
}

/* Whether the database has the page of the last of |num| frames: then who left the log has moved it in. */
static bool is_moved(const struct log *log, int num) {
  uint8_t frame[FRAME_LEN];
  uint8_t page[PAGE_LEN];
  return bulla_sqlite_read(log->handle, true, frame, sizeof(frame), frame_at(num - 1)) && number_at(frame) > 0 &&
         bulla_sqlite_read(log->handle, false, page, sizeof(page), (int64_t)(number_at(frame) - 1) * PAGE_LEN) &&
         memcmp(page, frame + FRAME_HEADER_LEN, sizeof(page)) == 0;
}

void bulla_sqlite_log_leave(struct bulla_sqlite *sqlite) {
  struct log log;
  if (sqlite->db.read_only || sqlite->db.is_backup || sqlite->has_changed || sqlite->handle == NULL ||
      !begin(&log, sqlite->handle)) {
    return;
  }
  int num = count_frames(&log);
  if (num == 0 || num > LEFT_FRAMES) {
    return;
  }
  if (sqlite->num_frames == 0) {
    if (is_moved(&log, num)) {
      bulla_sqlite_keep_log(sqlite, false);
    }
  } else if (bulla_turn_try(&sqlite->turn, false) && is_flushed(sqlite, &log, num)) {
    /* While this connection has the turn nobody writes. It ends as its file is closed. */
    bulla_sqlite_keep_log(sqlite, true);
  }
}
