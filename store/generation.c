/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/generation.h. */

#include "store/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto.h"
#include "store/file.h"
#include "store/vault.h"

_Static_assert(sizeof(struct bulla_counter) == sizeof(uint64_t) && ATOMIC_LLONG_LOCK_FREE == 2,
               "the counter is shared by processes");

/* Fills |name| with that of the file, beside the database and not beside a link to it. */
static enum bulla_status name_file(uint8_t *name, size_t size, const char *path) {
  char absolute[PATH_MAX];
  if (realpath(path, absolute) == NULL) {
    return bulla_file_status(errno);
  }
  struct bulla_buffer buffer = bulla_buffer(name, size);
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, bulla_span(absolute, strlen(absolute)));
  bulla_put(&writer, bulla_span("-generation", sizeof "-generation"));
  return bulla_writer_finish(&writer) == BULLA_OK ? BULLA_OK : BULLA_IO;
}

/* Opens the file for reading alone if that is all that may be done with it. */
static enum bulla_status open_file(int *file, bool *writable, const char *name) {
  const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  *writable = true;
  *file = open(name, O_RDWR | O_CREAT | flags, S_IRUSR | S_IWUSR);
  if (*file < 0 && bulla_file_status(errno) == BULLA_READ_ONLY) {
    *writable = false;
    *file = open(name, O_RDONLY | flags);
  }
  if (*file < 0) {
    return errno == EISDIR ? BULLA_IO : bulla_file_status(errno);
  }
  return BULLA_OK;
}

/* Gives the new |file| a first value, by which it differs from one that was there before, and the owner and the
 * mode of the database. Written and not only made longer: to map what a full disk has no room for ends in SIGBUS.
 * */
static enum bulla_status fill(int file, const char *path) {
  uint64_t first;
  struct stat database;
  BULLA_TRY(bulla_random((uint8_t *)&first, sizeof first));
  first &= ~UINT64_C(1);
  if (stat(path, &database) != 0) {
    return bulla_file_status(errno);
  }
  if (geteuid() == 0 && fchown(file, database.st_uid, database.st_gid) != 0) {
    return bulla_file_status(errno);
  }
  if (fchmod(file, database.st_mode & 0666) != 0 || pwrite(file, &first, sizeof first, 0) != sizeof first) {
    return bulla_file_status(errno);
  }
  return BULLA_OK;
}

enum bulla_status bulla_generation_open(struct bulla_generation *generation, const char *path) {
  uint8_t name[PATH_MAX];
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  bool writable;
  struct stat status;
  BULLA_TRY(name_file(name, sizeof name, path));
  BULLA_TRY(open_file(&file, &writable, (const char *)name));
  if (fstat(file, &status) != 0) {
    return bulla_file_status(errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return BULLA_IO;
  }
  if (status.st_size < (off_t)sizeof(struct bulla_counter)) {
    if (!writable) {
      return BULLA_READ_ONLY;
    }
    BULLA_TRY(fill(file, path));
  }
  int rights = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void *mapped = mmap(NULL, sizeof(struct bulla_counter), rights, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) {
    return bulla_file_status(errno);
  }
  generation->counter = mapped;
  generation->writable = writable;
  return BULLA_OK;
}

void bulla_generation_close(struct bulla_generation *generation) {
  if (generation->counter != NULL) {
    munmap(generation->counter, sizeof(struct bulla_counter));
    generation->counter = NULL;
  }
}

void bulla_generation_repair(const struct bulla_generation *generation) {
  if (generation->writable) {
    uint64_t found = generation->counter->value;
    if (found % 2 == 1) {
      atomic_compare_exchange_strong(&generation->counter->value, &found, found + 1);
    }
  }
}

enum bulla_status bulla_generation_commit(const struct bulla_generation *generation,
                                          struct bulla_sql **transaction) {
  if (!generation->writable) {
    return BULLA_READ_ONLY;
  }
  bulla_generation_repair(generation);
  uint64_t odd = atomic_fetch_add(&generation->counter->value, 1) + 1;
  enum bulla_status status = bulla_sql_commit(transaction);
  /* Also after a commit that failed: it may yet have reached the disk. If the next to have the lock was faster, or
   * somebody filled the file anew, another even number still says that something is new. */
  if (!atomic_compare_exchange_strong(&generation->counter->value, &odd, odd + 1)) {
    atomic_fetch_add(&generation->counter->value, 2);
  }
  return status;
}

uint64_t bulla_vault_generation(struct bulla_vault *vault) {
  static _Atomic uint64_t next_odd = 1;
  uint64_t generation = vault->apikeys.counter->value;
  return generation % 2 == 0 ? generation : atomic_fetch_add(&next_odd, 2);
}
