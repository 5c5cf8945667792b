/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* No memory, and no BoringSSL. Entry points: those of core, token and store that allocate or need a primitive.
 *
 * The input is a list of calls, each with an engine, a kind of allocations and a number: the one of that number
 * fails, and if the input says so every one after it. Allocations are malloc and its like, and mmap, of bulla (the
 * linker's --wrap leads them here), all of SQLite's, and slots of locked memory; not those within BoringSSL. In
 * their place it can be a function of BoringSSL that fails. A call then returns BULLA_NO_MEMORY or
 * BULLA_ARENA_FULL, or for BoringSSL BULLA_NO_CRYPTO, with its outputs empty and no transaction left open, or goes
 * well all the same; the next one, without a fault, goes well; and in the end every block and every slot has been
 * given back. */

#include <errno.h>
#include <sqlite3.h>
#include <sys/mman.h>

#include "core/slab.h"
#include "fuzz/alloc_calls.h"
#include "fuzz/sqlite_pool.h"
#include "fuzz/vault.h"

enum { MAX_CALLS = 6 };

enum kind { ANY, HEAP, SQLITE, SLOT, CRYPTO, NUM_KINDS };

/* What fails next, and what is allocated. */
static struct {
  bool armed;
  enum kind kind;
  bool lasting;
  unsigned countdown;
  bool struck;
  int64_t num_blocks;
} memory;

static bool strikes(enum kind kind) {
  if (!memory.armed || (memory.kind == ANY ? kind == CRYPTO : memory.kind != kind)) {
    return false;
  }
  if (memory.countdown > 0) {
    memory.countdown--;
    return false;
  }
  memory.struck = true;
  memory.armed = memory.lasting;
  return true;
}

bool fuzz_struck(void) {
  return memory.struck;
}

bool fuzz_crypto_fails(void) {
  return strikes(CRYPTO);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-*): what the linker calls them. */
void *__real_malloc(size_t len);
void *__wrap_malloc(size_t len);
void *__real_calloc(size_t num, size_t len);
void *__wrap_calloc(size_t num, size_t len);
void *__real_aligned_alloc(size_t alignment, size_t len);
void *__wrap_aligned_alloc(size_t alignment, size_t len);
void *__real_realloc(void *block, size_t len);
void *__wrap_realloc(void *block, size_t len);
void __real_free(void *block);
void __wrap_free(void *block);
void *__real_mmap64(void *address, size_t len, int rights, int flags, int file, off_t offset);
void *__wrap_mmap64(void *address, size_t len, int rights, int flags, int file, off_t offset);
enum bulla_status __real_bulla_slab_new(void **slot, size_t len);
enum bulla_status __wrap_bulla_slab_new(void **slot, size_t len);

static void *count(void *block) {
  memory.num_blocks += block != NULL ? 1 : 0;
  return block;
}

void *__wrap_malloc(size_t len) {
  return strikes(HEAP) ? NULL : count(__real_malloc(len));
}

void *__wrap_calloc(size_t num, size_t len) {
  return strikes(HEAP) ? NULL : count(__real_calloc(num, len));
}

void *__wrap_aligned_alloc(size_t alignment, size_t len) {
  return strikes(HEAP) ? NULL : count(__real_aligned_alloc(alignment, len));
}

void *__wrap_realloc(void *block, size_t len) {
  if (strikes(HEAP)) {
    return NULL;
  }
  memory.num_blocks -= block != NULL ? 1 : 0;
  return count(__real_realloc(block, len));
}

void __wrap_free(void *block) {
  memory.num_blocks -= block != NULL ? 1 : 0;
  __real_free(block);
}

void *__wrap_mmap64(void *address, size_t len, int rights, int flags, int file, off_t offset) {
  if (strikes(HEAP)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return __real_mmap64(address, len, rights, flags, file, offset);
}

enum bulla_status __wrap_bulla_slab_new(void **slot, size_t len) {
  if (strikes(SLOT)) {
    *slot = NULL;
    return BULLA_ARENA_FULL;
  }
  return __real_bulla_slab_new(slot, len);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-*) */

/* SQLite's own methods, of which the allocations can fail. */
static sqlite3_mem_methods original;

static void *allocate(int len) {
  return strikes(SQLITE) ? NULL : original.xMalloc(len);
}

static void *resize(void *block, int len) {
  return strikes(SQLITE) ? NULL : original.xRealloc(block, len);
}

static void configure(void) {
  fuzz_sqlite_pool();
  FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &original) == SQLITE_OK);
  sqlite3_mem_methods failing = original;
  failing.xMalloc = allocate;
  failing.xRealloc = resize;
  FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK);
}

/* What is allocated, which must be the same after an input as before. */
static struct {
  int64_t num_blocks;
  int64_t sqlite;
  size_t slots;
} baseline;

static void note_baseline(void) {
  baseline.num_blocks = memory.num_blocks;
  baseline.sqlite = sqlite3_memory_used();
  baseline.slots = bulla_slab_usage().used;
}

/* call makes one call with the allocation number |countdown| failing, and if that shows once more without. */
static void call(enum bulla_status (*function)(void), enum kind kind, unsigned countdown, bool lasting) {
  memory.armed = true;
  memory.kind = kind;
  memory.lasting = lasting;
  memory.countdown = countdown;
  memory.struck = false;
  enum bulla_status status = function();
  memory.armed = false;
  FUZZ_ASSERT(fuzz_calls_idle());
  /* Without memory a call may find another way; without a primitive it cannot. */
  FUZZ_ASSERT(kind != CRYPTO || memory.struck == (status == BULLA_NO_CRYPTO));
  if (status != BULLA_OK) {
    FUZZ_ASSERT(memory.struck &&
                (status == BULLA_NO_MEMORY || status == BULLA_ARENA_FULL || status == BULLA_NO_CRYPTO));
    FUZZ_ASSERT(kind == CRYPTO || status != BULLA_NO_CRYPTO);
    FUZZ_ASSERT(function() == BULLA_OK);
  }
}

static void set_up(void) {
  configure();
  fuzz_calls_set_up();
  /* What is made once in a process, such as the arena and the nonces of a thread, is made now. */
  for (size_t i = 0; i < fuzz_num_calls; i++) {
    FUZZ_ASSERT(fuzz_calls[i]() == BULLA_OK);
  }
  fuzz_calls_end();
  note_baseline();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool is_set_up;
  if (!is_set_up) {
    set_up();
    is_set_up = true;
  }
  struct bulla_reader input = bulla_reader(bulla_span(data, size));
  /* The engine may have freed and allocated meanwhile; not so bulla. */
  memory.num_blocks = baseline.num_blocks;
  fuzz_calls_begin();
  for (int i = 0; i < MAX_CALLS && input.left > 0; i++) {
    size_t which = fuzz_next(&input) % fuzz_num_calls;
    uint8_t countdown = fuzz_next(&input);
    uint8_t more = fuzz_next(&input);
    FUZZ_ASSERT(bulla_engine_choose((more & 64) != 0 ? BULLA_ENGINE_BORINGSSL : BULLA_ENGINE_AUTO) == BULLA_OK);
    unsigned kind = more / 4 % 8; /* behind the last one the first ones again, with greater numbers */
    unsigned far = kind < NUM_KINDS ? 0 : 2048;
    call(fuzz_calls[which], (enum kind)(kind < NUM_KINDS ? kind : kind - NUM_KINDS + HEAP),
         countdown + 256U * (more % 4) + 1024U * (more / 32 % 2) + far, more >= 128);
  }
  fuzz_calls_end();
  FUZZ_ASSERT(memory.num_blocks == baseline.num_blocks);
  FUZZ_ASSERT(sqlite3_memory_used() == baseline.sqlite);
  FUZZ_ASSERT(bulla_slab_usage().used == baseline.slots);
  return 0;
}
