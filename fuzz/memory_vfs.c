/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/memory_vfs.h. Of each file there are the bytes that are read and the bytes that a loss of power leaves:
 * those of the last sync. To create and to delete a file is durable at once. */

#include "fuzz/memory_vfs.h"

#include <sqlite3.h>

#include "fuzz/fuzz.h"

enum { MAX_FILES = 8, MAX_REGIONS = 8, REGION_LEN = 32768, MAX_NAME = 512, MAX_FILE = 4 << 20 };

/* What is behind |len| is left from before. Nothing here allocates: what fails for lack of memory is not this. */
struct contents {
  size_t len;
  uint8_t bytes[MAX_FILE];
};

struct stored {
  char name[MAX_NAME]; /* empty if there is no such file */
  struct contents now;
  struct contents durable;
  size_t dirty_from; /* what differs between them, but for the length */
  size_t dirty_to;
  int num_open;
  int num_sharing; /* of those who have it open, that have a lock */
};

/* What SQLite calls a file. */
struct handle {
  sqlite3_file base;
  struct stored *stored;
  int level;     /* of its lock */
  bool maps;     /* the shared memory */
  bool persists; /* what belongs to it stays when the last connection closes */
};

static struct stored files[MAX_FILES];

/* Shared memory, of the one database that needs it. */
static uint8_t regions[MAX_REGIONS][REGION_LEN];
static int num_regions;
static int num_mapping;
static uint64_t randomness;
static bool never_loses_power;

static struct {
  enum fuzz_fault fault;
  unsigned countdown;
  bool struck;
  bool dead;
} state;

/* strikes says whether a call of the kind |fault| fails. */
static bool strikes(enum fuzz_fault fault) {
  if (state.dead) {
    return true;
  }
  if (state.fault != fault) {
    return false;
  }
  if (state.countdown > 0) {
    state.countdown--;
    return false;
  }
  bool lasting = fault == FUZZ_FAULT_FULL || fault == FUZZ_FAULT_LOCK || fault == FUZZ_FAULT_CRASH;
  state.struck = true;
  state.dead = fault == FUZZ_FAULT_CRASH;
  state.fault = lasting ? fault : FUZZ_FAULT_NONE;
  return true;
}

/* change_fails says whether a change to a file, of the kind |fault|, fails. */
static bool change_fails(enum fuzz_fault fault) {
  return strikes(FUZZ_FAULT_CRASH) || strikes(fault);
}

static void set_len(struct contents *contents, size_t len) {
  if (len > contents->len) {
    memset(contents->bytes + contents->len, 0, len - contents->len);
  }
  contents->len = len;
}

static void write_at(struct stored *stored, const void *bytes, size_t len, size_t at) {
  if (at > stored->now.len) {
    set_len(&stored->now, at);
  }
  if (len > 0) {
    memcpy(stored->now.bytes + at, bytes, len);
  }
  stored->now.len = at + len > stored->now.len ? at + len : stored->now.len;
  stored->dirty_from = at < stored->dirty_from ? at : stored->dirty_from;
  stored->dirty_to = at + len > stored->dirty_to ? at + len : stored->dirty_to;
}

/* copy_dirty makes |to| the same as |from|, of which the rest is the same already. */
static void copy_dirty(struct stored *stored, struct contents *to, const struct contents *from) {
  size_t end = stored->dirty_to < from->len ? stored->dirty_to : from->len;
  set_len(to, from->len);
  if (stored->dirty_from < end) {
    memcpy(to->bytes + stored->dirty_from, from->bytes + stored->dirty_from, end - stored->dirty_from);
  }
  stored->dirty_from = SIZE_MAX;
  stored->dirty_to = 0;
}

static void make_durable(struct stored *stored) {
  if (!never_loses_power) {
    copy_dirty(stored, &stored->durable, &stored->now);
  }
}

static void truncate_to(struct stored *stored, size_t len) {
  /* What is cut off may come back as zeros. */
  size_t end = stored->now.len;
  set_len(&stored->now, len);
  stored->dirty_from = len < stored->dirty_from ? len : stored->dirty_from;
  stored->dirty_to = end > stored->dirty_to ? end : stored->dirty_to;
}

static void empty(struct stored *stored) {
  stored->now.len = 0;
  stored->durable.len = 0;
  stored->dirty_from = SIZE_MAX;
  stored->dirty_to = 0;
}

static struct stored *find(const char *name) {
  for (size_t i = 0; i < MAX_FILES; i++) {
    if (files[i].name[0] != '\0' && strcmp(files[i].name, name) == 0) {
      return &files[i];
    }
  }
  return NULL;
}

static struct stored *make(const char *name) {
  for (size_t i = 0; i < MAX_FILES; i++) {
    struct stored *stored = &files[i];
    if (stored->name[0] == '\0' && stored->num_open == 0) {
      FUZZ_ASSERT(strlen(name) < sizeof(stored->name));
      memcpy(stored->name, name, strlen(name) + 1);
      empty(stored);
      return stored;
    }
  }
  FUZZ_ASSERT(false);
  return NULL;
}

static struct stored *of(sqlite3_file *file) {
  return ((struct handle *)file)->stored;
}

static void set_level(struct handle *handle, int level) {
  handle->stored->num_sharing += (level > SQLITE_LOCK_NONE) - (handle->level > SQLITE_LOCK_NONE);
  handle->level = level;
}

static int close_file(sqlite3_file *file) {
  set_level((struct handle *)file, SQLITE_LOCK_NONE);
  of(file)->num_open--;
  return SQLITE_OK;
}

static int read_file(sqlite3_file *file, void *room, int len, sqlite3_int64 at) {
  const struct contents *now = &of(file)->now;
  if (strikes(FUZZ_FAULT_READ)) {
    return SQLITE_IOERR_READ;
  }
  size_t left = (size_t)at < now->len ? now->len - (size_t)at : 0;
  size_t got = left < (size_t)len ? left : (size_t)len;
  memset(room, 0, (size_t)len);
  if (got > 0) {
    memcpy(room, now->bytes + at, got);
  }
  return got == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at) {
  bool was_dead = state.dead;
  if (change_fails(FUZZ_FAULT_WRITE)) {
    if (!was_dead) {
      write_at(of(file), bytes, (size_t)len / 2, (size_t)at);
    }
    return SQLITE_IOERR_WRITE;
  }
  if (strikes(FUZZ_FAULT_FULL) || at > MAX_FILE - len) {
    return SQLITE_FULL;
  }
  write_at(of(file), bytes, (size_t)len, (size_t)at);
  return SQLITE_OK;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 len) {
  if (change_fails(FUZZ_FAULT_WRITE)) {
    return SQLITE_IOERR_TRUNCATE;
  }
  if ((size_t)len < of(file)->now.len) {
    truncate_to(of(file), (size_t)len);
  }
  return SQLITE_OK;
}

static int sync_file(sqlite3_file *file, int flags) {
  (void)flags;
  if (change_fails(FUZZ_FAULT_SYNC)) {
    return SQLITE_IOERR_FSYNC;
  }
  make_durable(of(file));
  return SQLITE_OK;
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *len) {
  *len = (sqlite3_int64)of(file)->now.len;
  return SQLITE_OK;
}

static int lock_fails(void) {
  return strikes(FUZZ_FAULT_LOCK) ? (state.dead ? SQLITE_IOERR_LOCK : SQLITE_BUSY) : SQLITE_OK;
}

static int lock_file(sqlite3_file *file, int level) {
  struct handle *handle = (struct handle *)file;
  int result = lock_fails();
  bool others = handle->stored->num_sharing > (handle->level > SQLITE_LOCK_NONE ? 1 : 0);
  if (result == SQLITE_OK && level == SQLITE_LOCK_EXCLUSIVE && others) {
    return SQLITE_BUSY;
  }
  if (result == SQLITE_OK && level > handle->level) {
    set_level(handle, level);
  }
  return result;
}

static int unlock_file(sqlite3_file *file, int level) {
  set_level((struct handle *)file, level);
  return SQLITE_OK;
}

static int is_reserved(sqlite3_file *file, int *reserved) {
  (void)file;
  *reserved = 0;
  return SQLITE_OK;
}

/* As the file systems of SQLite do: a log may outlive the last connection. */
static int control_file(sqlite3_file *file, int operation, void *arg) {
  struct handle *handle = (struct handle *)file;
  int *persists = arg;
  if (operation != SQLITE_FCNTL_PERSIST_WAL) {
    return SQLITE_NOTFOUND;
  }
  if (*persists >= 0) {
    handle->persists = *persists > 0;
  }
  *persists = handle->persists ? 1 : 0;
  return SQLITE_OK;
}

static int sector_size(sqlite3_file *file) {
  (void)file;
  return 512;
}

static int characteristics(sqlite3_file *file) {
  (void)file;
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int map_shared(sqlite3_file *file, int region, int len, int extend, void volatile **mapped) {
  struct handle *handle = (struct handle *)file;
  *mapped = NULL;
  num_mapping += handle->maps ? 0 : 1;
  handle->maps = true;
  if (strikes(FUZZ_FAULT_OPEN) || region >= MAX_REGIONS || len != REGION_LEN) {
    return SQLITE_IOERR_SHMMAP;
  }
  if (region >= num_regions && extend != 0) {
    num_regions = region + 1;
  }
  *mapped = region < num_regions ? regions[region] : NULL;
  return SQLITE_OK;
}

static int lock_shared(sqlite3_file *file, int offset, int num, int flags) {
  (void)file;
  (void)offset;
  (void)num;
  return (flags & SQLITE_SHM_LOCK) != 0 ? lock_fails() : SQLITE_OK;
}

static void shared_barrier(sqlite3_file *file) {
  (void)file;
}

static void forget(void) {
  memset(regions, 0, (size_t)num_regions * REGION_LEN);
}

/* The last who lets go takes it away. */
static int unmap_shared(sqlite3_file *file, int remove) {
  struct handle *handle = (struct handle *)file;
  (void)remove;
  num_mapping -= handle->maps ? 1 : 0;
  handle->maps = false;
  if (num_mapping == 0) {
    forget();
    num_regions = 0;
  }
  return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = is_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = shared_barrier,
    .xShmUnmap = unmap_shared,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  (void)vfs;
  struct handle *handle = (struct handle *)file;
  memset(handle, 0, sizeof(*handle));
  if (name == NULL || strikes(FUZZ_FAULT_OPEN)) {
    return SQLITE_CANTOPEN;
  }
  struct stored *stored = find(name);
  /* bulla makes the file of a new vault itself, on the disk. */
  if (stored == NULL && (flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)) == 0) {
    return SQLITE_CANTOPEN;
  }
  handle->stored = stored != NULL ? stored : make(name);
  handle->stored->num_open++;
  handle->base.pMethods = &methods;
  if (out_flags != NULL) {
    *out_flags = flags;
  }
  return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_folder) {
  (void)vfs;
  (void)sync_folder;
  if (change_fails(FUZZ_FAULT_OPEN)) {
    return SQLITE_IOERR_DELETE;
  }
  struct stored *stored = find(name);
  if (stored == NULL) {
    return SQLITE_IOERR_DELETE_NOENT;
  }
  empty(stored);
  stored->name[0] = '\0';
  return SQLITE_OK;
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
  (void)vfs;
  (void)flags;
  if (strikes(FUZZ_FAULT_OPEN)) {
    return SQLITE_IOERR_ACCESS;
  }
  const struct stored *stored = find(name);
  *result = stored != NULL && stored->now.len > 0;
  return SQLITE_OK;
}

static int full_name(sqlite3_vfs *vfs, const char *name, int size, char *room) {
  (void)vfs;
  size_t len = strlen(name);
  if (len >= (size_t)size) {
    return SQLITE_CANTOPEN;
  }
  memcpy(room, name, len + 1);
  return SQLITE_OK;
}

/* The same in every process, so that an input does the same. */
static int random_bytes(sqlite3_vfs *vfs, int len, char *room) {
  (void)vfs;
  for (int i = 0; i < len; i++) {
    randomness = randomness * UINT64_C(6364136223846793005) + 1442695040888963407U;
    room[i] = (char)(randomness >> 56);
  }
  return len;
}

/* Nobody else lets go of a lock meanwhile. */
static int pretend_to_sleep(sqlite3_vfs *vfs, int microseconds) {
  (void)vfs;
  return microseconds;
}

static int current_time(sqlite3_vfs *vfs, double *days) {
  (void)vfs;
  *days = 2460000.5;
  return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *room) {
  (void)vfs;
  if (size > 0) {
    room[0] = '\0';
  }
  return 0;
}

void fuzz_vfs_register(void) {
  static sqlite3_vfs vfs = {
      .iVersion = 1,
      .szOsFile = sizeof(struct handle),
      .mxPathname = MAX_NAME,
      .zName = "bulla-fuzz",
      .xOpen = open_file,
      .xDelete = delete_file,
      .xAccess = access_file,
      .xFullPathname = full_name,
      .xRandomness = random_bytes,
      .xSleep = pretend_to_sleep,
      .xCurrentTime = current_time,
      .xGetLastError = last_error,
  };
  FUZZ_ASSERT(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

void fuzz_vfs_never_loses_power(void) {
  never_loses_power = true;
}

void fuzz_vfs_load(const char *name, struct bulla_span bytes) {
  struct stored *stored = find(name) != NULL ? find(name) : make(name);
  FUZZ_ASSERT(bytes.len <= MAX_FILE);
  truncate_to(stored, 0);
  write_at(stored, bytes.data, bytes.len, 0);
  make_durable(stored);
}

void fuzz_vfs_put(const char *name, size_t at, struct bulla_span bytes) {
  struct stored *stored = find(name);
  FUZZ_ASSERT(stored != NULL && at + bytes.len <= stored->now.len);
  write_at(stored, bytes.data, bytes.len, at);
  make_durable(stored);
}

void fuzz_vfs_clear(void) {
  randomness = 0;
  for (size_t i = 0; i < MAX_FILES; i++) {
    empty(&files[i]);
    if (files[i].num_open == 0) {
      files[i].name[0] = '\0';
    }
  }
  forget();
}

struct bulla_span fuzz_vfs_bytes(const char *ending) {
  for (size_t i = 0; i < MAX_FILES; i++) {
    size_t len = strlen(files[i].name);
    if (len >= strlen(ending) && len > 0 && strcmp(files[i].name + len - strlen(ending), ending) == 0) {
      return bulla_span(files[i].now.bytes, files[i].now.len);
    }
  }
  return bulla_span(NULL, 0);
}

void fuzz_vfs_arm(enum fuzz_fault fault, unsigned countdown) {
  state.fault = fault;
  state.countdown = countdown;
  state.struck = false;
}

bool fuzz_vfs_disarm(void) {
  state.fault = FUZZ_FAULT_NONE;
  return state.struck;
}

bool fuzz_vfs_dead(void) {
  return state.dead;
}

void fuzz_vfs_revive(bool lost_power) {
  FUZZ_ASSERT(!lost_power || !never_loses_power);
  state.dead = false;
  forget();
  for (size_t i = 0; lost_power && i < MAX_FILES; i++) {
    copy_dirty(&files[i], &files[i].now, &files[i].durable);
  }
}
