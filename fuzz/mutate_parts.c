/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The mutator of what is a list of parts, each with its length before it, after two bytes that choose. A part is
 * changed, copied, moved, dropped, or counted up, and its length fits again; now and then the bytes are changed as they
 * are. */

#include "fuzz/fuzz.h"

enum { NUM_CHOICES = 2, MAX_PARTS = 256, PART_MAX = 512, ROOM = 1 << 14 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* libFuzzer has a better one. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
  (void)max_size;
  if (size > 0) {
    data[(unsigned)rand() % size] = (uint8_t)rand(); /* NOLINT(cert-msc*): not for secrets */
  }
  return size;
}

struct parts {
  struct bulla_span parts[MAX_PARTS];
  size_t num;
};

static bool take_apart(struct parts *parts, struct bulla_span bytes) {
  struct bulla_reader reader = bulla_reader(bytes);
  parts->num = 0;
  while (reader.left > 0 && parts->num < MAX_PARTS) {
    if (!bulla_take_prefixed(&reader, &parts->parts[parts->num++])) {
      return false;
    }
  }
  return reader.left == 0 && parts->num > 0;
}

/* change gives the part other bytes, in |room|; a number often becomes its neighbour. */
static void change(struct bulla_span *part, uint8_t room[PART_MAX], unsigned seed) {
  size_t len = part->len < PART_MAX ? part->len : PART_MAX;
  if (len > 0) {
    memcpy(room, part->data, len);
  }
  if (len == 8 && seed % 4 != 0) {
    room[7] = (uint8_t)(room[7] + (seed % 4 == 1 ? 1 : -1));
  } else {
    len = LLVMFuzzerMutate(room, len, seed % 2 == 0 && len > 0 ? len : PART_MAX);
  }
  *part = bulla_span(room, len);
}

static void mutate(struct parts *parts, uint8_t room[PART_MAX], unsigned seed) {
  unsigned random = seed;
  size_t at = (size_t)rand_r(&random) % parts->num;
  size_t other = (size_t)rand_r(&random) % parts->num;
  size_t len = 1 + (size_t)rand_r(&random) % 5;
  len = len < parts->num - at ? len : parts->num - at;
  switch (rand_r(&random) % 8) {
    case 0: /* what stands there, once more */
      if (parts->num + len <= MAX_PARTS) {
        memmove(&parts->parts[at + len], &parts->parts[at], (parts->num - at) * sizeof(parts->parts[0]));
        parts->num += len;
      }
      break;
    case 1:
      memmove(&parts->parts[at], &parts->parts[at + len], (parts->num - at - len) * sizeof(parts->parts[0]));
      parts->num -= len;
      break;
    case 2:
      parts->parts[at] = parts->parts[other];
      break;
    default:
      change(&parts->parts[at], room, (unsigned)rand_r(&random));
      break;
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  struct parts parts;
  unsigned random = seed;
  unsigned what = (unsigned)rand_r(&random) % 8;
  if (size <= NUM_CHOICES || what == 0 || !take_apart(&parts, bulla_span(data + NUM_CHOICES, size - NUM_CHOICES))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  if (what == 1) {
    (void)LLVMFuzzerMutate(data, NUM_CHOICES, NUM_CHOICES);
    return size;
  }
  uint8_t rooms[2][PART_MAX];
  uint8_t bytes[ROOM];
  struct bulla_buffer made = bulla_buffer(bytes, max_size - NUM_CHOICES < ROOM ? max_size - NUM_CHOICES : ROOM);
  struct bulla_writer writer = bulla_writer(&made);
  for (unsigned i = 0; i <= what % 2 && parts.num > 0; i++) {
    mutate(&parts, rooms[i], (unsigned)rand_r(&random));
  }
  for (size_t i = 0; i < parts.num; i++) {
    bulla_put_prefixed(&writer, parts.parts[i]);
  }
  if (bulla_writer_finish(&writer) != BULLA_OK) {
    return size;
  }
  memcpy(data + NUM_CHOICES, made.data, made.len);
  return NUM_CHOICES + made.len;
}
