/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A hostile vault of format 1. Entry point: bulla_vault_upgrade, on a real file.
 *
 * The input is a list of edits of tests/data/format1/small.db, four bytes each: some set a byte of the file, the others
 * change a row by SQL. Whatever they are: nothing crashes; a vault that is refused is as it was and has no copy beside
 * it; one that is upgraded has its copy, opens, has an unbroken log, and shows nothing but what the good one has under
 * the same names, and opens the password only as what it was. */

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bulla/store.h>

#include "fuzz/fuzz.h"

enum { IMAGE_MAX = 1 << 21, KNOWN_MAX = 8192, STEPS_MAX = 20000, HEADER_LEN = 100, EDIT_LEN = 4, EDITS_MAX = 16 };

static const struct bulla_who who = {.actor = {(const uint8_t *)"fuzzer", 6}, .reason = {(const uint8_t *)"x", 1}};

static struct {
  char folder[64];
  char path[96];
  char backup[128];
  char url[128];
  struct bulla_root *root;
  uint8_t good[IMAGE_MAX];
  size_t good_len;
  char known[KNOWN_MAX]; /* what the good one shows, each behind a newline */
  size_t known_len;
  int64_t num_records; /* in its log */
} house;

static int num_steps;

static void clean(void) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal", "-generation", "-format1", "-lock"};
  for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
    char name[128];
    (void)snprintf(name, sizeof(name), "%s%s", house.path, endings[i]);
    (void)unlink(name);
  }
}

static void leave(void) {
  clean();
  (void)rmdir(house.folder);
}

static size_t read_file(uint8_t *bytes, const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  FUZZ_ASSERT(file >= 0);
  ssize_t len = read(file, bytes, IMAGE_MAX);
  (void)close(file);
  FUZZ_ASSERT(len > 0 && len < IMAGE_MAX);
  return (size_t)len;
}

static void write_file(const uint8_t *bytes, size_t len) {
  int file = open(house.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  FUZZ_ASSERT(file >= 0 && write(file, bytes, len) == (ssize_t)len);
  (void)close(file);
}

/* note adds a line to what is known, or once the good one was seen, looks for it there. */
static enum bulla_status note(bool *learn, const char *line) {
  if (!*learn) {
    FUZZ_ASSERT(strstr(house.known, line) != NULL);
    return BULLA_OK;
  }
  size_t len = strlen(line);
  FUZZ_ASSERT(house.known_len + len < KNOWN_MAX);
  memcpy(house.known + house.known_len, line, len + 1);
  house.known_len += len;
  return BULLA_OK;
}

struct showing {
  struct bulla_vault *vault;
  bool learn;
  struct bulla_span tenant;
  struct bulla_span entry;
};

static enum bulla_status take_field(void *arg, const struct bulla_field_view *field) {
  struct showing *showing = (struct showing *)arg;
  char line[1024];
  int len = snprintf(line, sizeof(line), "\n%.*s/%.*s:%.*s=", (int)showing->tenant.len,
                     (const char *)showing->tenant.data, (int)showing->entry.len, (const char *)showing->entry.data,
                     (int)field->name.len, (const char *)field->name.data);
  for (size_t i = 0; i < field->text.len && len + 4 < (int)sizeof(line); i++) {
    len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x", field->text.data[i]);
  }
  (void)snprintf(line + len, sizeof(line) - (size_t)len, " %d\n", field->secret);
  return note(&showing->learn, line);
}

static enum bulla_status take_entry(void *arg, const struct bulla_entry_view *entry) {
  struct showing *showing = (struct showing *)arg;
  showing->tenant = entry->tenant;
  showing->entry = entry->entry;
  const struct bulla_place place = {.tenant = entry->tenant, .entry = entry->entry};
  enum bulla_status status = bulla_vault_show(showing->vault, &place, take_field, showing);
  return status == BULLA_NOT_FOUND ? BULLA_OK : status; /* whose fields were deleted */
}

static enum bulla_status take_password(void *arg, struct bulla_span value) {
  (void)arg;
  FUZZ_ASSERT(bulla_span_equal(value, BULLA_LITERAL("hunter2")));
  return BULLA_OK;
}

/* check looks at a vault that was upgraded. */
static void check(bool learn) {
  static const struct bulla_place password = {.tenant = {(const uint8_t *)"acme", 4},
                                              .entry = {(const uint8_t *)"db", 2},
                                              .field = {(const uint8_t *)"password", 8}};
  struct showing showing = {.learn = learn};
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  FUZZ_ASSERT(access(house.backup, F_OK) == 0);
  FUZZ_ASSERT(bulla_vault_open(&showing.vault, house.url, house.root, NULL) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_audit_verify(showing.vault, &verdict) == BULLA_OK);
  house.num_records = learn ? verdict.num_records : house.num_records;
  FUZZ_ASSERT(verdict.num_records == house.num_records);
  FUZZ_ASSERT(bulla_vault_list(showing.vault, bulla_span(NULL, 0), take_entry, &showing) == BULLA_OK);
  enum bulla_status status = bulla_vault_use(showing.vault, &who, &password, take_password, NULL);
  FUZZ_ASSERT(status == BULLA_OK || status == BULLA_NOT_FOUND);
  bulla_vault_close(&showing.vault);
}

static enum bulla_status upgrade(void) {
  num_steps = 0;
  return bulla_vault_upgrade(house.url, house.backup, house.root, bulla_span(NULL, 0), &who, NULL, NULL);
}

/* A file can be such that SQLite walks without end. */
static int tick(void *arg) {
  (void)arg;
  return num_steps++ >= STEPS_MAX ? 1 : 0;
}

static int watch(sqlite3 *db, char **error, const struct sqlite3_api_routines *routines) {
  (void)error;
  (void)routines;
  sqlite3_progress_handler(db, 1000, tick, NULL);
  return SQLITE_OK;
}

static void set_up(void) {
  (void)snprintf(house.folder, sizeof(house.folder), "/dev/shm/bulla-upgrade-XXXXXX");
  if (mkdtemp(house.folder) == NULL) {
    (void)snprintf(house.folder, sizeof(house.folder), "/tmp/bulla-upgrade-XXXXXX");
    FUZZ_ASSERT(mkdtemp(house.folder) != NULL);
  }
  (void)snprintf(house.path, sizeof(house.path), "%s/v.db", house.folder);
  (void)snprintf(house.backup, sizeof(house.backup), "%s-format1", house.path);
  (void)snprintf(house.url, sizeof(house.url), "sqlite:%s", house.path);
  FUZZ_ASSERT(atexit(leave) == 0);
  FUZZ_ASSERT(setenv("BULLA_FUZZ_ROOT", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 1) == 0);
  FUZZ_ASSERT(bulla_root_open(&house.root, "env:BULLA_FUZZ_ROOT") == BULLA_OK);
  FUZZ_ASSERT(sqlite3_auto_extension((void (*)(void))watch) == SQLITE_OK);
  house.good_len = read_file(house.good, BULLA_SOURCE_FOLDER "/tests/data/format1/small.db");
  write_file(house.good, house.good_len);
  FUZZ_ASSERT(upgrade() == BULLA_OK);
  check(true);
  clean();
}

static void edit_by_sql(const uint8_t *edit) {
  static const char *const tables[] = {"vault",  "tenant",        "tenant_key", "entry",     "field",
                                       "apikey", "revoked_token", "audit",      "audit_head"};
  static const char *const keys[] = {"id", "id", "key_id", "id", "number", "number", "jti", "seq", "id"};
  static const char *const columns[][12] = {
      {"uuid", "created", "root_key_id", "scrypt_salt", "scrypt_log_n", "name_key"},
      {"id", "name", "name_proof", "created"},
      {"key_id", "tenant", "version", "state", "wrapped", "created"},
      {"id", "tenant", "name", "name_proof"},
      {"number", "entry", "name", "revision", "secret", "value", "mask", "key_id", "updated"},
      {"number", "id", "tenant", "name", "created", "revoked", "hash", "sealed", "key_id"},
      {"tenant", "jti", "expires"},
      {"seq", "time", "tenant", "actor", "origin", "reason", "op", "entry", "field", "outcome", "mac"},
      {"seq", "tag", "key", "first_key"},
  };
  static const char *const values[] = {"NULL",  "0",     "1",      "-1",           "9223372036854775807",
                                       "''",    "x''",   "'evil'", "zeroblob(32)", "zeroblob(70000)",
                                       "x'ff'", "'\xff'"};
  enum { NUM_TABLES = sizeof(tables) / sizeof(tables[0]), NUM_VALUES = sizeof(values) / sizeof(values[0]) };
  char sql[512];
  size_t table = edit[0] / 4 % NUM_TABLES;
  size_t num_columns = 0;
  while (columns[table][num_columns] != NULL && num_columns < 11) {
    num_columns++;
  }
  const char *column = columns[table][edit[1] % num_columns];
  int row = edit[2] % 40;
  if (edit[0] % 4 == 1) { /* the value of another row */
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE %s SET %s = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %d) WHERE %s = (SELECT %s FROM %s "
                   "ORDER BY %s LIMIT 1 OFFSET %d)",
                   tables[table], column, column, tables[table], keys[table], edit[3] % 40, keys[table], keys[table],
                   tables[table], keys[table], row);
  } else if (edit[0] % 4 == 2) {
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE %s SET %s = %s WHERE %s = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %d)", tables[table],
                   column, values[edit[3] % NUM_VALUES], keys[table], keys[table], tables[table], keys[table], row);
  } else {
    (void)snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE %s = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %d)",
                   tables[table], keys[table], keys[table], tables[table], keys[table], row);
  }
  sqlite3 *db = NULL;
  num_steps = 0;
  if (sqlite3_open(house.path, &db) == SQLITE_OK) {
    (void)sqlite3_exec(db, sql, NULL, NULL, NULL);
  }
  (void)sqlite3_close(db);
}

/* is_expected says whether |status| is one that a hostile file may lead to. */
static bool is_expected(enum bulla_status status) {
  return status == BULLA_REFUSED || status == BULLA_AUDIT_BROKEN || status == BULLA_NOT_A_VAULT ||
         status == BULLA_ROOT_WRONG || status == BULLA_NEWER_VAULT || status == BULLA_EXISTS || status == BULLA_IO;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t before[IMAGE_MAX];
  static uint8_t after[IMAGE_MAX];
  if (house.root == NULL) {
    set_up();
  }
  memcpy(before, house.good, house.good_len);
  bool header = false;
  size_t num = size / EDIT_LEN < EDITS_MAX ? size / EDIT_LEN : EDITS_MAX;
  for (size_t i = 0; i < num; i++) {
    const uint8_t *edit = data + i * EDIT_LEN;
    if (edit[0] % 4 == 0) {
      size_t at = ((size_t)(edit[0] / 4) << 16 | (size_t)edit[1] << 8 | edit[2]) % house.good_len;
      before[at] = edit[3];
      header = header || at < HEADER_LEN;
    }
  }
  write_file(before, house.good_len);
  for (size_t i = 0; i < num; i++) {
    if (data[i * EDIT_LEN] % 4 != 0) {
      edit_by_sql(data + i * EDIT_LEN);
    }
  }
  size_t len = read_file(before, house.path);
  enum bulla_status status = upgrade();
  if (status == BULLA_OK) {
    check(false);
  } else {
    FUZZ_ASSERT(is_expected(status));
    FUZZ_ASSERT(access(house.backup, F_OK) != 0);
    /* A header that says that there is no -wal is put right. */
    FUZZ_ASSERT(header || (read_file(after, house.path) == len && memcmp(before, after, len) == 0));
  }
  clean();
  return 0;
}
