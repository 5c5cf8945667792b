/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Each engine gives the bytes that BoringSSL's gives, refuses what is forged, and touches nothing but its buffers.
 *
 * Usage: engine-proof                            in seconds, what covers each length, each length of additional data,
 *                                                each split of it, and each way in which a message lies in memory
 *        engine-proof --full [FROM [TO]]         each length to 5,000, or of those FROM to TO, with each of additional
 *                                                data to 600 and each split of that: 900 million messages
 *        engine-proof --executions N FOLDER      N messages, mutated from those in the corpus of engine_differential,
 * by each engine in turn */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/engine_rooms.h"

enum { MAX_LEN = 5000, MAX_DATA = 600, NONCE_LEN = BULLA_NONCE_LEN };

static int num_parts;
static uint64_t num_messages;

/* A random key for all. */
static void change_key(void) {
  use_key(random_bytes(BULLA_KEY_LEN));
}

static struct message new_message(size_t nonce_len, size_t len, size_t data_len) {
  return (struct message){.nonce = bulla_span(random_bytes(nonce_len), nonce_len),
                          .text = bulla_span(random_bytes(len), len),
                          .data = bulla_span(random_bytes(data_len), data_len),
                          .split = random_below((uint32_t)data_len + 1),
                          .layout = random_below(NUM_LAYOUTS)};
}

static void compare_all(const struct message *message) {
  for (size_t i = 0; i < num_subjects; i++) {
    compare(&subjects[i], message);
    num_messages++;
  }
}

static void try_message(size_t nonce_len, size_t len, size_t data_len) {
  struct message message = new_message(nonce_len, len, data_len);
  expect(&message);
  compare_all(&message);
}

/* Lengths around those of blocks, of vectors and of loops; some have no end that is whole. */
static const size_t some_lens[] = {0, 1, 15, 16, 17, 63, 64, 65, 82, 127, 128, 129, 191, 256, 257, 511, 600};
enum { NUM_SOME = sizeof(some_lens) / sizeof(some_lens[0]) };

static void try_each_length(void) {
  for (size_t len = 0; len <= MAX_LEN; len++) {
    change_key();
    for (size_t i = 0; i < NUM_SOME; i++) {
      try_message(NONCE_LEN, len, some_lens[i]);
      try_message(NONCE_LEN, some_lens[i], len);
    }
  }
}

static void try_each_split(void) {
  for (size_t data_len = 0; data_len <= MAX_DATA; data_len++) {
    change_key();
    struct message message = new_message(NONCE_LEN, random_below(300), data_len);
    expect(&message);
    for (message.split = 0; message.split <= data_len; message.split++) {
      message.layout = random_below(NUM_LAYOUTS);
      compare_all(&message);
    }
  }
}

static void try_each_layout(void) {
  for (size_t i = 0; i < NUM_SOME * NUM_SOME; i++) {
    struct message message = new_message(NONCE_LEN, some_lens[i % NUM_SOME], some_lens[i / NUM_SOME]);
    expect(&message);
    for (message.layout = 0; message.layout < NUM_LAYOUTS; message.layout++) {
      compare_all(&message);
    }
  }
}

static void try_each_nonce(void) {
  for (size_t nonce_len = 1; nonce_len <= MAX_DATA; nonce_len++) {
    change_key();
    for (size_t i = 0; i < NUM_SOME; i++) {
      try_message(nonce_len, some_lens[i], random_below(100));
    }
  }
}

static void try_long_ones(void) {
  for (size_t len = 1 << 14; len <= 1 << 20; len *= 4) {
    for (size_t off = 0; off <= 300; off += 1 + random_below(30)) {
      change_key();
      try_message(NONCE_LEN, len - off, random_below(100));
      try_message(NONCE_LEN, random_below(100), len - off);
      try_message(len - off, 100, 10);
    }
  }
}

/* What was derived for a message is enough for its length. */
static void try_derived_keys(void) {
  for (size_t len = 0; len <= MAX_LEN; len++) {
    if (len % 8 == 0) {
      change_key();
    }
    struct message message = new_message(NONCE_LEN, len, some_lens[random_below(NUM_SOME)]);
    derive_key(random_bytes(24), message.text.len + message.data.len);
    expect(&message);
    compare_all(&message);
  }
}

static void refuse_each_bit(void) {
  for (size_t i = 0; i < NUM_SOME * NUM_SOME; i++) {
    change_key();
    struct message message = new_message(NONCE_LEN, some_lens[i % NUM_SOME], some_lens[i / NUM_SOME]);
    expect(&message);
    for (size_t subject = 0; subject < num_subjects; subject++) {
      /* All of the tag, and of the rest one in several, others each time. */
      for (size_t bit = 0; refuse(&subjects[subject], &message, bit); bit += bit < 128 ? 1 : 1 + random_below(40)) {
        num_messages++;
      }
    }
  }
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The whole product. What BoringSSL seals does not depend on the split. */
static void try_the_product(size_t from, size_t to) {
  for (size_t len = from; len <= to; len++) {
    change_key();
    for (size_t data_len = 0; data_len <= MAX_DATA; data_len++) {
      struct message message = new_message(NONCE_LEN, len, data_len);
      expect(&message);
      for (message.split = 0; message.split <= data_len; message.split++) {
        message.layout = random_below(NUM_LAYOUTS);
        compare_all(&message);
      }
    }
    if (len % 100 == 0) {
      fprintf(stderr, "%.0f s: all to %zu bytes, %llu messages\n", seconds(), len, (unsigned long long)num_messages);
    }
  }
}

/* Inputs of fuzz/engine_differential.c: lengths of nonce and additional data, key, nonce, additional data, text. */
enum { MAX_SEEDS = 256, MAX_SEED = 4096 };
static struct seed {
  size_t len;
  uint8_t bytes[MAX_SEED];
} seeds[MAX_SEEDS];
static uint32_t num_seeds;

static void read_seeds(const char *folder) {
  DIR *entries = opendir(folder);
  struct dirent *entry;
  while (entries != NULL && num_seeds < MAX_SEEDS && (entry = readdir(entries)) != NULL) {
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
    FILE *file = entry->d_name[0] != '.' ? fopen(path, "re") : NULL;
    if (file != NULL) {
      seeds[num_seeds].len = fread(seeds[num_seeds].bytes, 1, MAX_SEED, file);
      num_seeds++;
      fclose(file);
    }
  }
  if (num_seeds == 0) {
    fprintf(stderr, "there is no input in %s\n", folder);
    exit(2);
  }
  closedir(entries);
}

/* The parts of an input that changes from message to message. */
enum { PART_KEY, PART_NONCE, PART_DATA, PART_TEXT, NUM_PARTS };
static uint8_t parts[NUM_PARTS][MAX_SEED + 512];
static size_t part_lens[NUM_PARTS];

static void take_seed(void) {
  const struct seed *seed = &seeds[random_below(num_seeds)];
  const uint8_t *at = seed->bytes;
  size_t left = seed->len;
  const size_t lens[NUM_PARTS] = {BULLA_KEY_LEN, left > 1 ? 1 + at[1] % 64U : NONCE_LEN, left > 2 ? at[2] : 0,
                                  MAX_SEED};
  for (size_t i = 0; i < NUM_PARTS; i++) {
    size_t taken = lens[i] < left ? lens[i] : left;
    memset(parts[i], 0, sizeof(parts[i]));
    memcpy(parts[i], at, taken);
    part_lens[i] = i == PART_TEXT ? taken : lens[i];
    at += taken;
    left -= taken;
  }
  part_lens[PART_NONCE] = random_below(4) > 0 ? NONCE_LEN : part_lens[PART_NONCE];
  use_key(parts[PART_KEY]);
}

/* Changes a bit or some bytes of a part, or its length; seldom of the key, which has to be expanded again. */
static void mutate(void) {
  uint32_t kind = random_below(64);
  uint32_t part = kind == 0 ? PART_KEY : PART_NONCE + random_below(NUM_PARTS - 1);
  size_t len = part_lens[part];
  if (kind < 32 && len > 0) {
    parts[part][random_below((uint32_t)len)] ^= (uint8_t)(1 << random_below(8));
  } else if (kind < 40) {
    memcpy(parts[part] + random_below(256), random_bytes(64), 1 + random_below(64));
  } else if (part != PART_NONCE || kind < 42) {
    uint32_t most = random_below(64) > 0 ? 300 : MAX_SEED;
    part_lens[part] = part == PART_NONCE ? 1 + random_below(64) : random_below(1 + random_below(most));
  }
  if (part == PART_KEY) {
    use_key(parts[PART_KEY]);
  }
}

static void try_executions(uint64_t num) {
  for (uint64_t n = 0; n < num; n++) {
    if (n % 64 == 0) {
      take_seed();
    }
    mutate();
    struct message message = {.nonce = bulla_span(parts[PART_NONCE], part_lens[PART_NONCE]),
                              .text = bulla_span(parts[PART_TEXT], part_lens[PART_TEXT]),
                              .data = bulla_span(parts[PART_DATA], part_lens[PART_DATA]),
                              .split = random_below((uint32_t)part_lens[PART_DATA] + 1),
                              .layout = random_below(NUM_LAYOUTS) | (n % 64 > 2 ? UNGUARDED : 0)};
    if (n % 64 == 63) {
      derive_key(random_bytes(24), message.text.len + message.data.len);
    }
    const struct subject *subject = &subjects[n % num_subjects];
    expect(&message);
    compare(subject, &message);
    num_messages++;
    if (n / num_subjects % 4 == 0) {
      (void)refuse(subject, &message, random_below(8 * (uint32_t)(BULLA_TAG_LEN + message.text.len)));
    }
    if ((n + 1) % 50000000 == 0) {
      fprintf(stderr, "%.0f s: %llu executions\n", seconds(), (unsigned long long)(n + 1));
    }
  }
}

static void report(const char *name) {
  printf("ok %d - %s, %llu messages:", ++num_parts, name, (unsigned long long)num_messages);
  for (size_t i = 0; i < num_subjects; i++) {
    printf(" %s", subjects[i].engine->name);
  }
  printf("\n");
  fflush(stdout);
  num_messages = 0;
}

static const struct {
  const char *name;
  void (*run)(void);
} quick[] = {
    {"each length agrees", try_each_length},
    {"each split of additional data agrees", try_each_split},
    {"each layout in memory agrees", try_each_layout},
    {"each length of nonce agrees", try_each_nonce},
    {"long messages agree", try_long_ones},
    {"keys that XAES-256-GCM derives agree at each length", try_derived_keys},
    {"a changed bit is refused", refuse_each_bit},
};
enum { NUM_QUICK = sizeof(quick) / sizeof(quick[0]) };

int main(int argc, char **argv) {
  bool full = argc >= 2 && argc <= 4 && strcmp(argv[1], "--full") == 0;
  size_t from = full && argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
  size_t to = full && argc == 4 ? strtoul(argv[3], NULL, 10) : MAX_LEN;
  unsigned long long executions = argc == 4 && strcmp(argv[1], "--executions") == 0 ? strtoull(argv[2], NULL, 10) : 0;
  if ((argc > 1 && !full && executions == 0) || from > to || to > MAX_LEN) {
    fputs("usage: engine-proof [--full [FROM [TO]] | --executions N FOLDER]\n", stderr);
    return 2;
  }
  rooms_start();
  for (size_t i = 0; i < num_missing; i++) {
    fprintf(stderr, "SKIPPED: engine %s: this processor or this build has it not\n", missing[i]);
    printf("ok %d - engine %s # SKIP this processor or this build has it not\n", ++num_parts, missing[i]);
  }
  if (num_subjects == 0) {
    printf("1..%d\n", num_parts);
    return 0;
  }
  if (executions > 0) {
    read_seeds(argv[3]);
    try_executions(executions);
    report("mutated inputs agree");
  } else {
    for (size_t i = 0; i < NUM_QUICK; i++) {
      quick[i].run();
      report(quick[i].name);
    }
    if (full) {
      try_the_product(from, to);
      report("each length with each of additional data and each split agrees");
    }
  }
  printf("1..%d\n", num_parts);
  return 0;
}
