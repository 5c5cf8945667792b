/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/sqlite_pool.h. A list of free blocks for each power of two; new ones are cut off an arena that is never
 * given back. */

#include "fuzz/sqlite_pool.h"

#include <sqlite3.h>

#include "fuzz/fuzz.h"

enum { ARENA_LEN = 64 << 20, MIN_BITS = 5, MAX_BITS = 24 };

/* What stands before a block. */
struct block {
  struct block *next; /* while it is free */
  unsigned bits;      /* it has 1 << bits bytes, with this */
};

_Static_assert(sizeof(struct block) == 16, "blocks are aligned to 16 bytes");

static _Alignas(16) uint8_t arena[ARENA_LEN];
static size_t arena_used;
static struct block *free_blocks[MAX_BITS + 1];

static unsigned bits_for(size_t len) {
  unsigned bits = MIN_BITS;
  while (((size_t)1 << bits) < len + sizeof(struct block)) {
    bits++;
  }
  return bits;
}

static int round_up(int len) {
  return (int)(((size_t)1 << bits_for((size_t)len)) - sizeof(struct block));
}

static void *allocate(int len) {
  unsigned bits = bits_for((size_t)len);
  if (bits > MAX_BITS) {
    return NULL;
  }
  struct block *block = free_blocks[bits];
  if (block != NULL) {
    free_blocks[bits] = block->next;
  } else {
    FUZZ_ASSERT(ARENA_LEN - arena_used >= (size_t)1 << bits);
    block = (struct block *)(void *)(arena + arena_used);
    block->bits = bits;
    arena_used += (size_t)1 << bits;
  }
  return block + 1;
}

static void release(void *bytes) {
  if (bytes != NULL) {
    struct block *block = (struct block *)bytes - 1;
    block->next = free_blocks[block->bits];
    free_blocks[block->bits] = block;
  }
}

static int size_of(void *bytes) {
  if (bytes == NULL) {
    return 0;
  }
  const struct block *block = (const struct block *)bytes - 1;
  return (int)(((size_t)1 << block->bits) - sizeof *block);
}

static void *resize(void *bytes, int len) {
  int old_len = size_of(bytes);
  if (len <= old_len) {
    return bytes;
  }
  void *larger = allocate(len);
  if (larger != NULL) {
    memcpy(larger, bytes, (size_t)old_len);
    release(bytes);
  }
  return larger;
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
}
