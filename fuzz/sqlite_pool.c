/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/sqlite_pool.h. A queue of free blocks for each power of two; new ones are cut off an arena that is
 * never given back. All of the arena is poisoned but for what SQLite was given, the heads of the blocks too: these
 * functions alone may look at them. */

#include "fuzz/sqlite_pool.h"

#include <sanitizer/asan_interface.h>
#include <sqlite3.h>

#include "fuzz/fuzz.h"

enum { ARENA_LEN = 64 << 20, MIN_BITS = 5, MAX_BITS = 24, RESTING = 16, LARGE_BITS = 14 };

#define UNCHECKED __attribute__((no_sanitize("address")))

/* What stands before a block. */
struct block {
  struct block *next; /* while it is free */
  unsigned bits;      /* it has 1 << bits bytes, with this */
  unsigned len;       /* of which SQLite has these */
};

_Static_assert(sizeof(struct block) == 16, "blocks are aligned to 16 bytes");

/* Free blocks, the one that was given back last at the end. */
struct queue {
  struct block *first;
  struct block *last;
  size_t num;
};

static _Alignas(16) uint8_t arena[ARENA_LEN];
static size_t arena_used;
static struct queue free_blocks[MAX_BITS + 1];

static unsigned bits_for(size_t len) {
  unsigned bits = 64 - (unsigned)__builtin_clzll(len + sizeof(struct block) - 1);
  return bits > MIN_BITS ? bits : MIN_BITS;
}

static int round_up(int len) {
  return (len + 7) / 8 * 8;
}

UNCHECKED static struct block *take(struct queue *queue) {
  struct block *block = queue->first;
  queue->first = block->next;
  queue->num--;
  return block;
}

UNCHECKED static void put(struct queue *queue, struct block *block) {
  if (queue->num++ == 0) {
    queue->first = block;
  } else {
    queue->last->next = block;
  }
  queue->last = block;
}

static struct block *cut(unsigned bits) {
  FUZZ_ASSERT(ARENA_LEN - arena_used >= (size_t)1 << bits);
  struct block *block = (struct block *)(void *)(arena + arena_used);
  arena_used += (size_t)1 << bits;
  return block;
}

UNCHECKED static void *allocate(int len) {
  unsigned bits = bits_for((size_t)len);
  if (bits > MAX_BITS) {
    return NULL;
  }
  struct queue *queue = &free_blocks[bits];
  /* What was given back rests for a while, so that who still uses it is found; of the large ones there are few. */
  struct block *block = queue->num > (bits < LARGE_BITS ? RESTING : 0) ? take(queue) : cut(bits);
  block->bits = bits;
  block->len = (unsigned)len;
  ASAN_UNPOISON_MEMORY_REGION(block + 1, (size_t)len);
  return block + 1;
}

UNCHECKED static int size_of(void *bytes) {
  return bytes == NULL ? 0 : (int)((const struct block *)bytes - 1)->len;
}

UNCHECKED static void release(void *bytes) {
  if (bytes != NULL) {
    struct block *block = (struct block *)bytes - 1;
    ASAN_POISON_MEMORY_REGION(bytes, block->len);
    put(&free_blocks[block->bits], block);
  }
}

static void *resize(void *bytes, int len) {
  int old_len = size_of(bytes);
  void *moved = allocate(len);
  if (moved != NULL) {
    memcpy(moved, bytes, (size_t)(len < old_len ? len : old_len));
    release(bytes);
  }
  return moved;
}

static int start(void *arg) {
  (void)arg;
  return SQLITE_OK;
}

static void stop(void *arg) {
  (void)arg;
}

void fuzz_sqlite_pool(void) {
  static const sqlite3_mem_methods methods = {allocate, release, resize, size_of, round_up, start, stop, NULL};
  FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
  ASAN_POISON_MEMORY_REGION(arena, sizeof(arena));
}
