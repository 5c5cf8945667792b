/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arena of locked memory.
 *
 * One mapping, made at first use: guard page, arena, guard page, and a map of what is taken. memfd_secret(2) takes
 * the arena out of the kernel's own map where the kernel has it; otherwise it is anonymous and mlocked.
 * MADV_DONTFORK keeps all of it from forked children, who make an arena of their own when they need one.
 *
 * All that is known about the arena, its mutex too, lies in memory that reads as zero in a forked child: whatever
 * another thread was about at that moment, the child begins with nothing, in a fork epoch of its own, and with a
 * mutex that nobody holds.
 *
 * Of slots that are only borrowed each processor keeps one, wiped and between its canaries. Whether somebody has it
 * says a flag in the same memory: a child begins with none.
 *
 * Space is counted in granules of 64 bytes, one bit each in a bitmap behind the second guard. A slot lies between a
 * granule of canary before it and at least a granule of canary behind its last byte. The arena is all zeros
 * but for what is in use, because free wipes. */

#include "core/slab.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/lock.h"
#include "core/shard.h"
#include "core/sized.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

enum { GRANULE = 64, DEFAULT_ARENA_SIZE = 1 << 20, MAX_ARENA_SIZE = 1 << 30 };

struct bulla_spare {
  _Alignas(BULLA_CACHE_LINE) _Atomic bool is_taken; /* by whoever may write what follows */
  void *_Atomic slot;                               /* of BULLA_SPARE_LEN, or NULL */
};

/* Of zeros this is what a process begins with; zeros are a mutex that is not locked. */
struct slab {
  _Atomic uint64_t fork_epoch; /* 0: none yet */
  pthread_mutex_t mutex;       /* over all that follows */
  uint8_t *_Atomic arena;
  uint64_t *taken;    /* one bit a granule */
  size_t search_from; /* where the next slot may fit: behind the newest, or where one became free before it */
  struct bulla_slab_usage usage;
  uint8_t canary[GRANULE];
  struct bulla_spare spares[BULLA_SHARDS]; /* without the mutex */
};

_Static_assert(sizeof(struct slab) <= 4096, "it fits in a page");

/* What a child takes over: how large an arena the program wants, and which fork epochs there have been. */
static struct bulla_memory_options wanted;
static _Atomic uint64_t last_fork_epoch;

/* Where the kernel cannot wipe on fork, a handler does, which a bare clone(2) passes by. */
static struct slab wiped_by_handler;

static void wipe_in_child(void) {
  wiped_by_handler = (struct slab){0};
}

/* Maps the slab, or returns the one that another thread mapped meanwhile. No lock, no pthread_once: a child forked
 * in the midst would wait for ever. */
static struct slab *map_slab(struct slab *_Atomic *slab) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  struct slab *mapped = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct slab *made = mapped;
  if (mapped == MAP_FAILED || madvise(mapped, page, MADV_WIPEONFORK) != 0) {
    made = &wiped_by_handler;
    pthread_atfork(NULL, NULL, wipe_in_child);
  }
  struct slab *other = NULL;
  bool is_ours = atomic_compare_exchange_strong(slab, &other, made);
  if (mapped != MAP_FAILED && !(is_ours && made == mapped)) {
    munmap(mapped, page);
  }
  return is_ours ? made : other;
}

static struct slab *the_slab(void) {
  static struct slab *_Atomic slab;
  struct slab *found = slab;
  return found != NULL ? found : map_slab(&slab);
}

static uint64_t begin_fork_epoch(struct slab *slab) {
  uint64_t none = 0;
  uint64_t next = ++last_fork_epoch;
  /* Where another thread was first it is its number. */
  return atomic_compare_exchange_strong(&slab->fork_epoch, &none, next) ? next : slab->fork_epoch;
}

uint64_t bulla_fork_epoch(void) {
  struct slab *slab = the_slab();
  uint64_t epoch = slab->fork_epoch;
  return epoch != 0 ? epoch : begin_fork_epoch(slab);
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

static enum bulla_status fill_reserved(struct slab *slab, uint8_t *arena, size_t size, bool allow_unlocked) {
  bool secret_memfd = map_secret_memfd(arena, size);
  if (!secret_memfd && !map_anonymous(arena, size)) {
    return BULLA_NO_MEMORY;
  }
  bool locked = secret_memfd || mlock(arena, size) == 0;
  if (!locked && !allow_unlocked) {
    return BULLA_LOCK_LIMIT;
  }
  if (madvise(arena, size, MADV_DONTDUMP) != 0) {
    return BULLA_NO_MEMORY;
  }
  slab->usage = (struct bulla_slab_usage){.arena_size = size, .locked = locked, .secret_memfd = secret_memfd};
  return BULLA_OK;
}

/* Called with the mutex held. */
static enum bulla_status make_arena(struct slab *slab, const struct bulla_memory_options *options) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t size = options->arena_size == 0 ? DEFAULT_ARENA_SIZE : options->arena_size;
  size = (size + page - 1) / page * page;
  size_t taken_size = (size / GRANULE / 8 + page - 1) / page * page;
  /* Reserved without access: what is not filled below stays as the guard pages. */
  size_t reserved_size = page + size + page + taken_size;
  uint8_t *reserved = mmap(NULL, reserved_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) {
    return BULLA_NO_MEMORY;
  }
  uint8_t *arena = reserved + page;
  uint8_t *taken = arena + size + page;
  enum bulla_status status = fill_reserved(slab, arena, size, options->allow_unlocked);
  if (status == BULLA_OK && (mprotect(taken, taken_size, PROT_READ | PROT_WRITE) != 0 ||
                             madvise(reserved, reserved_size, MADV_DONTFORK) != 0)) {
    status = BULLA_NO_MEMORY;
  }
  if (status != BULLA_OK) {
    munmap(reserved, reserved_size);
    slab->usage = (struct bulla_slab_usage){0};
    return status;
  }
  slab->taken = (void *)taken;
  slab->arena = arena;
  return BULLA_OK;
}

/* Before the mutex is taken: getrandom(2) may wait. */
static enum bulla_status draw_canary(uint8_t *canary) {
  int cancel_state = bulla_hold_cancel();
  ssize_t len = getrandom(canary, GRANULE, 0);
  bulla_allow_cancel(cancel_state);
  return len == GRANULE ? BULLA_OK : BULLA_NO_CRYPTO;
}

/* Makes the arena, as |asked| or, where that is NULL, as before; or returns BULLA_EXISTS where there is one. */
static enum bulla_status make_first_arena(struct slab *slab, const struct bulla_memory_options *asked) {
  uint8_t canary[GRANULE];
  if (slab->arena != NULL) {
    return BULLA_EXISTS;
  }
  BULLA_TRY(draw_canary(canary));
  struct bulla_lock lock BULLA_CLEANUP(bulla_unlock);
  (void)bulla_lock(&lock, &slab->mutex);
  if (slab->arena != NULL) {
    return BULLA_EXISTS;
  }
  memcpy(slab->canary, canary, GRANULE);
  struct bulla_memory_options options = asked != NULL ? *asked : wanted;
  BULLA_TRY(make_arena(slab, &options));
  wanted = options;
  return BULLA_OK;
}

enum bulla_status bulla_memory_init(const struct bulla_memory_options *options) {
  struct bulla_memory_options taken = BULLA_MEMORY_OPTIONS_INIT;
  if (options != NULL) {
    BULLA_TRY(
        bulla_sized_take(&taken, sizeof(taken), options, BULLA_SIZE_TO(struct bulla_memory_options, allow_unlocked)));
  }
  static const uint8_t none[sizeof(taken.reserved)];
  if (memcmp(taken.reserved, none, sizeof(none)) != 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (taken.arena_size > MAX_ARENA_SIZE) {
    return BULLA_TOO_LARGE;
  }
  enum bulla_status status = make_first_arena(the_slab(), &taken);
  return status == BULLA_EXISTS ? BULLA_INVALID_ARGUMENT : status;
}

/* Finds |num| free granules in a row from |from| on and before |end|, which is at the end of a word; returns |end|
 * if there are none. */
static size_t find_free(const struct slab *slab, size_t from, size_t end, size_t num) {
  size_t run = 0;
  size_t granule = from;
  while (granule < end && run < num) {
    size_t left_in_word = 64 - granule % 64;
    uint64_t word = slab->taken[granule / 64] >> (granule % 64);
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
static void mark(struct slab *slab, size_t from, size_t num) {
  while (num > 0) {
    size_t bit = from % 64;
    size_t run = num < 64 - bit ? num : 64 - bit;
    uint64_t ones = run < 64 ? (UINT64_C(1) << run) - 1 : UINT64_MAX;
    slab->taken[from / 64] ^= ones << bit;
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

static void write_canaries(const struct slab *slab, uint8_t *slot, size_t len) {
  uint8_t *behind = slot + len + spare_len(len);
  memcpy(slot - GRANULE, slab->canary, GRANULE);
  memcpy(slot + len, slab->canary, spare_len(len));
  memcpy(behind, slab->canary, GRANULE);
}

/* Without a branch, and without a call, which would be one more frame below what was cleared. */
static inline uint64_t difference(const struct slab *slab, const uint8_t *granule) {
  uint64_t sum = 0;
  for (size_t i = 0; i < GRANULE; i += sizeof(uint64_t)) {
    uint64_t found;
    uint64_t expected;
    memcpy(&found, granule + i, sizeof(found));
    memcpy(&expected, slab->canary + i, sizeof(expected));
    sum |= found ^ expected;
  }
  return sum;
}

__attribute__((always_inline)) static inline bool canaries_intact(const struct slab *slab, const uint8_t *slot,
                                                                  size_t len) {
  size_t spare = spare_len(len);
  return (difference(slab, slot - GRANULE) | difference(slab, slot + len + spare)) == 0 &&
         (spare == 0 || bulla_secret_equal(bulla_span(slot + len, spare), bulla_span(slab->canary, spare)));
}

/* Called with the mutex held. */
static enum bulla_status take_slot(struct slab *slab, void **slot, size_t len) {
  size_t end = slab->usage.arena_size / GRANULE;
  if (len > slab->usage.arena_size) {
    return BULLA_ARENA_FULL;
  }
  size_t num = num_granules(len);
  size_t first = find_free(slab, slab->search_from, end, num);
  if (first == end) {
    first = find_free(slab, 0, end, num);
  }
  if (first == end) {
    return BULLA_ARENA_FULL;
  }
  mark(slab, first, num);
  slab->search_from = first + num;
  slab->usage.used += num * GRANULE;
  uint8_t *bytes = slab->arena + (first + 1) * GRANULE;
  write_canaries(slab, bytes, len);
  *slot = bytes;
  return BULLA_OK;
}

/* Between the two nothing waits, so that nobody is cancelled there. */
static enum bulla_status lock_and_take_slot(struct slab *slab, void **slot, size_t len) {
  pthread_mutex_lock(&slab->mutex);
  enum bulla_status status = take_slot(slab, slot, len);
  pthread_mutex_unlock(&slab->mutex);
  return status;
}

static bool take_spare(struct bulla_spare *spare) {
  return !atomic_exchange_explicit(&spare->is_taken, true, memory_order_acquire);
}

static void leave_spare(struct bulla_spare *spare) {
  atomic_store_explicit(&spare->is_taken, false, memory_order_release);
}

/* Frees what is kept, and says whether that was anything. */
static bool free_spares(struct slab *slab) {
  bool any = false;
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    struct bulla_spare *spare = &slab->spares[i];
    if (take_spare(spare)) {
      void *slot = spare->slot;
      spare->slot = NULL;
      leave_spare(spare);
      any = any || slot != NULL;
      bulla_slab_free(&slot, BULLA_SPARE_LEN);
    }
  }
  return any;
}

enum bulla_status bulla_slab_new(void **slot, size_t len) {
  *slot = NULL;
  struct slab *slab = the_slab();
  if (slab->arena == NULL) {
    enum bulla_status status = make_first_arena(slab, NULL);
    if (status != BULLA_OK && status != BULLA_EXISTS) {
      return status;
    }
  }
  enum bulla_status status = lock_and_take_slot(slab, slot, len);
  if (status == BULLA_ARENA_FULL && free_spares(slab)) {
    status = lock_and_take_slot(slab, slot, len);
  }
  return status;
}

enum bulla_status bulla_slab_borrow(struct bulla_borrowed *borrowed) {
  struct bulla_spare *spare = &the_slab()->spares[bulla_my_shard()];
  borrowed->spare = NULL;
  if (!take_spare(spare)) {
    return bulla_slab_new(&borrowed->slot, BULLA_SPARE_LEN);
  }
  borrowed->slot = spare->slot;
  if (borrowed->slot == NULL) {
    enum bulla_status status = bulla_slab_new(&borrowed->slot, BULLA_SPARE_LEN);
    if (status != BULLA_OK) {
      leave_spare(spare);
      return status;
    }
    spare->slot = borrowed->slot;
  }
  borrowed->spare = spare;
  return BULLA_OK;
}

void bulla_slab_give_back(struct bulla_borrowed *borrowed, size_t used) {
  if (!canaries_intact(the_slab(), borrowed->slot, BULLA_SPARE_LEN)) {
    abort();
  }
  bulla_wipe(borrowed->slot, used);
  if (borrowed->spare != NULL) {
    leave_spare(borrowed->spare);
    borrowed->slot = NULL;
  }
  bulla_slab_free(&borrowed->slot, BULLA_SPARE_LEN);
}

void bulla_slab_free(void **slot, size_t len) {
  uint8_t *bytes = *slot;
  if (bytes == NULL) {
    return;
  }
  *slot = NULL;
  struct slab *slab = the_slab();
  pthread_mutex_lock(&slab->mutex);
  if (!canaries_intact(slab, bytes, len)) {
    abort();
  }
  size_t num = num_granules(len);
  size_t first = (size_t)(bytes - slab->arena) / GRANULE - 1;
  bulla_wipe(bytes - GRANULE, num * GRANULE);
  mark(slab, first, num);
  slab->usage.used -= num * GRANULE;
  if (first < slab->search_from) {
    slab->search_from = first;
  }
  pthread_mutex_unlock(&slab->mutex);
}

struct bulla_slab_usage bulla_slab_usage(void) {
  struct slab *slab = the_slab();
  pthread_mutex_lock(&slab->mutex);
  struct bulla_slab_usage usage = slab->usage;
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    bool is_kept = !slab->spares[i].is_taken && slab->spares[i].slot != NULL;
    usage.used -= is_kept ? num_granules(BULLA_SPARE_LEN) * GRANULE : 0;
  }
  pthread_mutex_unlock(&slab->mutex);
  return usage;
}
