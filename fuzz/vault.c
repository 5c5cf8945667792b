/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault.h. */

#include "fuzz/vault.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/memory_vfs.h"
#include "tests/behind.h"

const struct bulla_who fuzz_who = {
    {(const uint8_t *)"fuzzer", 6}, {(const uint8_t *)"here", 4}, {(const uint8_t *)"to find out", 11}};

static struct {
  char folder[64];
  char path[80];
  char url[96];
  struct bulla_root *root;
} house;

static bool is_one_of(const char *name, const char *const *names, size_t num) {
  for (size_t i = 0; i < num; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

void fuzz_vault_keep(const char *const *names, size_t num) {
  DIR *folder = opendir(house.folder);
  FUZZ_ASSERT(folder != NULL);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (!is_one_of(entry->d_name, names, num)) {
      (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
  }
  (void)closedir(folder);
}

static void leave(void) {
  fuzz_vault_keep(NULL, 0);
  (void)rmdir(house.folder);
}

static void make_folder(void) {
  (void)snprintf(house.folder, sizeof(house.folder), "/dev/shm/bulla-fuzz-XXXXXX");
  if (mkdtemp(house.folder) == NULL) {
    (void)snprintf(house.folder, sizeof(house.folder), "/tmp/bulla-fuzz-XXXXXX");
    FUZZ_ASSERT(mkdtemp(house.folder) != NULL);
  }
  (void)snprintf(house.path, sizeof(house.path), "%s/v.db", house.folder);
  (void)snprintf(house.url, sizeof(house.url), "sqlite:%s", house.path);
  FUZZ_ASSERT(atexit(leave) == 0);
}

static struct bulla_buffer copy_of(struct bulla_span bytes) {
  uint8_t *copy = fuzz_alloc(bytes.len);
  FUZZ_ASSERT(bytes.len > 0);
  memcpy(copy, bytes.data, bytes.len);
  struct bulla_buffer buffer = {copy, bytes.len, bytes.len};
  return buffer;
}

/* A connection for each input: what each would allocate anew is given once, and there is one thread. */
static void configure(void) {
  enum { PAGE_ROOM = 4096 + 256, NUM_PAGES = 256 };
  static _Alignas(16) uint8_t pages[NUM_PAGES][PAGE_ROOM];
  FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK);
  FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, (int)PAGE_ROOM, (int)NUM_PAGES) == SQLITE_OK);
}

/* Smaller pages make smaller inputs, and less to copy; bulla does not care how large they are. */
static void shrink(void) {
  struct sqlite3 *db = fuzz_vault_sql();
  FUZZ_ASSERT(db != NULL);
  FUZZ_ASSERT(fuzz_vault_edit(db,
                              "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM; "
                              "PRAGMA journal_mode = WAL;"));
  FUZZ_ASSERT(sqlite3_close(db) == SQLITE_OK);
}

void fuzz_vault_set_up(void) {
  configure();
  fuzz_vfs_register();
  make_folder();
  FUZZ_ASSERT(setenv("BULLA_FUZZ_ROOT", FUZZ_ROOT_DIGITS, 1) == 0);
  FUZZ_ASSERT(bulla_root_open(&house.root, FUZZ_ROOT) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_create(house.url, house.root) == BULLA_OK);
  /* The draft that became the vault on the disk; there it is empty, and no empty file is a vault. */
  struct bulla_buffer image = copy_of(fuzz_vfs_bytes(""));
  fuzz_vault_load(bulla_written(&image));
  free(image.data);
  FUZZ_ASSERT(truncate(house.path, 1) == 0);
  shrink();
}

const char *fuzz_vault_path(void) {
  return house.path;
}

const char *fuzz_vault_url(void) {
  return house.url;
}

const char *fuzz_vault_folder(void) {
  return house.folder;
}

const struct bulla_root *fuzz_vault_root(void) {
  return house.root;
}

struct bulla_buffer fuzz_vault_image(void) {
  return copy_of(fuzz_vfs_bytes(house.path));
}

void fuzz_vault_load(struct bulla_span image) {
  fuzz_vfs_clear();
  fuzz_vfs_load(house.path, image);
}

struct bulla_vault *fuzz_vault_open(void) {
  struct bulla_vault *vault = NULL;
  FUZZ_ASSERT(bulla_vault_open(&vault, house.url, house.root, NULL) == BULLA_OK);
  return vault;
}

void fuzz_vault_forget(struct bulla_vault *vault) {
  bulla_keyring_forget(&vault->keyring);
  vault->keyring.generation = 0;
  vault->log.last.seq = 0;
  bulla_watch_end(&vault->watch);
  memset(&vault->watch, 0, sizeof(vault->watch));
  bulla_watch_begin(&vault->watch, vault->db);
  /* The first connection that finds the shared memory gone reads everything anew. */
  FUZZ_ASSERT(behind_run(behind_handle(vault), "SELECT count(*) FROM vault"));
}

struct sqlite3 *fuzz_vault_sql(void) {
  static const struct {
    int id;
    int value;
  } settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 0}, {SQLITE_DBCONFIG_ENABLE_FKEY, 0}, {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1}};
  struct sqlite3 *db = NULL;
  FUZZ_ASSERT(sqlite3_open_v2(house.path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
  for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
    FUZZ_ASSERT(sqlite3_db_config(db, settings[i].id, settings[i].value, NULL) == SQLITE_OK);
  }
  if (!fuzz_vault_edit(db,
                       "PRAGMA temp_store = MEMORY; PRAGMA synchronous = OFF; "
                       "PRAGMA ignore_check_constraints = ON;")) {
    sqlite3_close(db);
    return NULL;
  }
  return db;
}

bool fuzz_vault_edit(struct sqlite3 *db, const char *format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the analyzer loses it where it follows a call to here. */
  int len = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  FUZZ_ASSERT(len >= 0 && (size_t)len < sizeof(text));
  return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
}

void fuzz_vault_put(struct bulla_vault *vault, const char *tenant, const char *entry, const char *field,
                    struct bulla_span value, bool secret) {
  const struct bulla_field one = {fuzz_text(field), value, secret};
  FUZZ_ASSERT(bulla_vault_put(vault, &fuzz_who, AT(fuzz_text(tenant), fuzz_text(entry)), &one, 1) == BULLA_OK);
}
