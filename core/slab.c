/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arena of locked memory.
 *
 * One mapping, made at first use: guard page, arena, guard page. memfd_secret(2) takes the arena out of the
 * kernel's own map where the kernel has it; otherwise it is anonymous and mlocked. MADV_DONTFORK keeps it from
 * forked children, who are told apart by a word that reads as zero in them, and who make an arena of their own
 * when they need one.
 *
 * Space is counted in granules of 64 bytes, one bit each in a bitmap outside the arena. A slot lies between a
 * granule of canary before it and at least a granule of canary behind its last byte. The arena is all zeros
 * but for what is in use, because free wipes. */

#include "core/slab.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

enum { GRANULE = 64, DEFAULT_ARENA_SIZE = 1 << 20, MAX_ARENA_SIZE = 1 << 30 };

static struct {
  pthread_mutex_t mutex;
  struct bulla_memory_options options;
  uint8_t *arena;
  uint64_t *taken;    /* one bit a granule */
  size_t search_from; /* where the next slot may fit: behind the newest, or where one became free before it */
  uint64_t generation;
  struct bulla_slab_usage usage;
  uint8_t canary[GRANULE];
} slab = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* The generation, in memory that reads as zero in a forked child. */
static _Atomic uint64_t first_alive;
static _Atomic uint64_t *_Atomic alive = &first_alive;

static void lock(void) {
  pthread_mutex_lock(&slab.mutex);
}

static void unlock(void) {
  pthread_mutex_unlock(&slab.mutex);
}

static void forget_in_child(void) {
  *alive = 0;
  unlock();
}

/* Wiping on fork also tells children of a bare clone(2), for which fork handlers do not run. Where the kernel
 * lacks it, the handlers must do. */
static void watch_for_forks(void) {
  pthread_atfork(lock, unlock, forget_in_child);
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  void *word = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (word != MAP_FAILED) {
    if (madvise(word, page, MADV_WIPEONFORK) == 0) {
      alive = word;
    } else {
      munmap(word, page);
    }
  }
}

/* Begins a generation if this process has none yet. The parent's arena is not here any more. */
static void begin_generation(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch_for_forks);
  lock();
  if (*alive == 0) {
    free(slab.taken);
    slab.taken = NULL;
    slab.arena = NULL;
    slab.search_from = 0;
    slab.usage = (struct bulla_slab_usage){0};
    slab.generation++;
    *alive = slab.generation;
  }
  unlock();
}

uint64_t bulla_slab_generation(void) {
  uint64_t generation = *alive;
  while (generation == 0) {
    begin_generation();
    generation = *alive;
  }
  return generation;
}

/* Puts pages of memfd_secret over the reserved range, or says that it could not. */
static bool map_secret_memfd(uint8_t *arena, size_t size) {
  /* To the kernel it is a file: past the limit for files, its growth would be answered by SIGXFSZ. */
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < size) {
    return false;
  }
  int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  bool mapped = ftruncate(fd, (off_t)size) == 0 &&
                mmap(arena, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
  close(fd);
  return mapped;
}

static bool map_anonymous(uint8_t *arena, size_t size) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  return mmap(arena, size, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
}

static enum bulla_status fill_reserved(uint8_t *arena, size_t size) {
  bool secret_memfd = map_secret_memfd(arena, size);
  if (!secret_memfd && !map_anonymous(arena, size)) {
    return BULLA_NO_MEMORY;
  }
  bool locked = secret_memfd || mlock(arena, size) == 0;
  if (!locked && !slab.options.allow_unlocked) {
    return BULLA_LOCK_LIMIT;
  }
  if (madvise(arena, size, MADV_DONTDUMP) != 0 || madvise(arena, size, MADV_DONTFORK) != 0) {
    return BULLA_NO_MEMORY;
  }
  slab.usage = (struct bulla_slab_usage){.arena_size = size, .locked = locked, .secret_memfd = secret_memfd};
  return BULLA_OK;
}

/* Called with the mutex held. */
static enum bulla_status make_arena(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t size = slab.options.arena_size == 0 ? DEFAULT_ARENA_SIZE : slab.options.arena_size;
  size = (size + page - 1) / page * page;
  if (getrandom(slab.canary, GRANULE, 0) != GRANULE) {
    return BULLA_NO_CRYPTO;
  }
  uint64_t *taken = calloc(size / GRANULE / 64, sizeof(uint64_t));
  if (taken == NULL) {
    return BULLA_NO_MEMORY;
  }
  /* Reserved without access: what is not filled below stays as the guard pages. */
  uint8_t *reserved = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) {
    free(taken);
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = fill_reserved(reserved + page, size);
  if (status != BULLA_OK) {
    munmap(reserved, size + 2 * page);
    free(taken);
    return status;
  }
  slab.arena = reserved + page;
  slab.taken = taken;
  return BULLA_OK;
}

enum bulla_status bulla_memory_init(const struct bulla_memory_options *options) {
  if (options->arena_size > MAX_ARENA_SIZE) {
    return BULLA_TOO_LARGE;
  }
  bulla_slab_generation();
  lock();
  enum bulla_status status = BULLA_INVALID_ARGUMENT;
  if (slab.arena == NULL) {
    slab.options = *options;
    status = make_arena();
  }
  unlock();
  return status;
}

/* Finds |num| free granules in a row from |from| on and before |end|, which is at the end of a word; returns |end|
 * if there are none. */
static size_t find_free(size_t from, size_t end, size_t num) {
  size_t run = 0;
  size_t granule = from;
  while (granule < end && run < num) {
    size_t left_in_word = 64 - granule % 64;
    uint64_t word = slab.taken[granule / 64] >> (granule % 64);
    bool is_taken = (word & 1) != 0;
    uint64_t others = is_taken ? ~word : word;
    size_t alike = others == 0 ? left_in_word : (size_t)__builtin_ctzll(others);
    alike = alike < left_in_word ? alike : left_in_word;
    run = is_taken ? 0 : run + alike;
    granule += alike;
  }
  return run >= num ? granule - run : end;
}

/* Turns the bits of |num| granules round. */
static void mark(size_t from, size_t num) {
  while (num > 0) {
    size_t bit = from % 64;
    size_t run = num < 64 - bit ? num : 64 - bit;
    slab.taken[from / 64] ^= UINT64_MAX >> (64 - run) << bit;
    from += run;
    num -= run;
  }
}

/* What is left of the last granule of a slot. The canary behind the slot fills it, and one granule more. */
static size_t spare_len(size_t len) {
  return (GRANULE - len % GRANULE) % GRANULE;
}

static size_t num_granules(size_t len) {
  return (GRANULE + len + spare_len(len) + GRANULE) / GRANULE;
}

static void write_canaries(uint8_t *slot, size_t len) {
  uint8_t *behind = slot + len + spare_len(len);
  memcpy(slot - GRANULE, slab.canary, GRANULE);
  memcpy(slot + len, slab.canary, spare_len(len));
  memcpy(behind, slab.canary, GRANULE);
}

static bool is_canary(const uint8_t *bytes, size_t len) {
  return bulla_secret_equal(bulla_span(bytes, len), bulla_span(slab.canary, len));
}

static bool canaries_intact(const uint8_t *slot, size_t len) {
  return is_canary(slot - GRANULE, GRANULE) && is_canary(slot + len, spare_len(len)) &&
         is_canary(slot + len + spare_len(len), GRANULE);
}

/* Called with the mutex held. */
static enum bulla_status take_slot(void **slot, size_t len) {
  if (slab.arena == NULL) {
    enum bulla_status status = make_arena();
    if (status != BULLA_OK) {
      return status;
    }
  }
  size_t end = slab.usage.arena_size / GRANULE;
  if (len > slab.usage.arena_size) {
    return BULLA_ARENA_FULL;
  }
  size_t num = num_granules(len);
  size_t first = find_free(slab.search_from, end, num);
  if (first == end) {
    first = find_free(0, end, num);
  }
  if (first == end) {
    return BULLA_ARENA_FULL;
  }
  mark(first, num);
  slab.search_from = first + num;
  slab.usage.used += num * GRANULE;
  uint8_t *bytes = slab.arena + (first + 1) * GRANULE;
  write_canaries(bytes, len);
  *slot = bytes;
  return BULLA_OK;
}

enum bulla_status bulla_slab_new(void **slot, size_t len) {
  *slot = NULL;
  bulla_slab_generation();
  lock();
  enum bulla_status status = take_slot(slot, len);
  unlock();
  return status;
}

void bulla_slab_free(void **slot, size_t len) {
  uint8_t *bytes = *slot;
  if (bytes == NULL) {
    return;
  }
  *slot = NULL;
  lock();
  if (!canaries_intact(bytes, len)) {
    abort();
  }
  size_t num = num_granules(len);
  size_t first = (size_t)(bytes - slab.arena) / GRANULE - 1;
  bulla_wipe(bytes - GRANULE, num * GRANULE);
  mark(first, num);
  slab.usage.used -= num * GRANULE;
  if (first < slab.search_from) {
    slab.search_from = first;
  }
  unlock();
}

struct bulla_slab_usage bulla_slab_usage(void) {
  bulla_slab_generation();
  lock();
  struct bulla_slab_usage usage = slab.usage;
  unlock();
  return usage;
}
