/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arena of locked memory and the secrets in it. Entry points: bulla_memory_init, bulla_secret_new and the
 * other functions of secrets, core/slab.h.
 *
 * Input: steps of four bytes, a kind, which secret, a value: the arena made with any options, secrets made, cut,
 * freed, written past their end, a fork; and what the kernel refuses from then on (fuzz/kernel.h).
 *
 * Oracle: a map of who has which granule says what fits, and what a secret holds; slots lie between guards, apart,
 * and are zero when they are given and once they are given back. The arena is locked, out of core dumps and of
 * children, or is not made, with the status that docs/API-CONVENTIONS.md has for what was refused. In a child the
 * parent's secrets are not there. A byte past either end of a slot ends the process. */

#include "core/slab.h"
#include "fuzz/fuzz.h"
#include "fuzz/kernel.h"

enum { MAX_STEPS = 24, NUM_SECRETS = 8, GRANULE = 64, MAX_GRANULES = 1 << 14, PAGE = 4096 };
enum { DEFAULT_SIZE = 1 << 20, TOO_LARGE_SIZE = (1 << 30) + 1, STEP_LEN = 4 };

static struct kept {
  struct bulla_secret *handle;
  size_t slot_len;
  size_t len;
  uint8_t seed; /* of what it holds */
  bool is_here; /* or the parent's */
} secrets[NUM_SECRETS];

static struct {
  bool exists;
  struct bulla_memory_options options;
  uint8_t *base;
  size_t size;
  size_t used;
  bool taken[MAX_GRANULES];
} model;

/* One bit for a status. */
static uint64_t one(enum bulla_status status) {
  return UINT64_C(1) << ((unsigned)status * 243 / 8 % 64);
}

/* check_status asserts that |status| is one of |wrongs|, or BULLA_OK if there are none. */
static bool check_status(enum bulla_status status, uint64_t wrongs) {
  FUZZ_ASSERT(wrongs == 0 ? status == BULLA_OK : (wrongs & one(status)) != 0);
  return status == BULLA_OK;
}

static size_t num_granules(size_t len) {
  return 2 + len / GRANULE + (len % GRANULE != 0 ? 1 : 0);
}

static bool fits(size_t num) {
  size_t run = 0;
  for (size_t i = 0; i < model.size / GRANULE && run < num; i++) {
    run = model.taken[i] ? 0 : run + 1;
  }
  return run >= num;
}

/* set_taken notes who has the slot at |bytes| from now on. */
static void set_taken(const uint8_t *bytes, size_t len, bool taken) {
  size_t num = num_granules(len);
  FUZZ_ASSERT(bytes >= model.base + GRANULE && (size_t)(bytes - model.base) % GRANULE == 0);
  size_t first = (size_t)(bytes - model.base) / GRANULE - 1;
  FUZZ_ASSERT(first + num <= model.size / GRANULE);
  for (size_t i = first; i < first + num; i++) {
    FUZZ_ASSERT(model.taken[i] != taken);
    model.taken[i] = taken;
  }
  model.used = taken ? model.used + num * GRANULE : model.used - num * GRANULE;
}

/* What is wrong with making an arena now, that the kernel has been asked. */
static uint64_t arena_wrongs(const struct bulla_memory_options *options) {
  unsigned refused = fuzz_kernel.refused;
  uint64_t wrongs = (refused & FUZZ_NO_RANDOM) != 0 ? one(BULLA_NO_CRYPTO) : 0;
  if ((refused & (FUZZ_NO_RESERVATION | FUZZ_NO_DONTDUMP | FUZZ_NO_DONTFORK)) != 0) {
    wrongs |= one(BULLA_NO_MEMORY);
  }
  if ((refused & FUZZ_NO_SECRETMEM) != 0 || (wrongs == 0 && !fuzz_kernel.arena.secret)) {
    wrongs |= (refused & FUZZ_NO_PAGES) != 0 ? one(BULLA_NO_MEMORY) : 0;
    wrongs |= (refused & FUZZ_NO_LOCK) != 0 && !options->allow_unlocked ? one(BULLA_LOCK_LIMIT) : 0;
  }
  return wrongs;
}

static void note_arena(void) {
  const struct fuzz_arena *arena = &fuzz_kernel.arena;
  struct bulla_slab_usage usage = bulla_slab_usage();
  size_t size = model.options.arena_size == 0 ? DEFAULT_SIZE : model.options.arena_size;
  model.size = (size + PAGE - 1) / PAGE * PAGE;
  FUZZ_ASSERT(usage.arena_size == model.size && arena->reserved_len >= model.size + 2 * (size_t)PAGE);
  FUZZ_ASSERT(arena->dontdump && arena->dontfork && usage.secret_memfd == arena->secret);
  FUZZ_ASSERT(!arena->secret || (fuzz_kernel.refused & FUZZ_NO_SECRETMEM) == 0);
  FUZZ_ASSERT(usage.locked == (arena->secret || (fuzz_kernel.refused & FUZZ_NO_LOCK) == 0));
  model.base = arena->reserved + PAGE;
  model.exists = true;
}

static void check_usage(void) {
  struct bulla_slab_usage usage = bulla_slab_usage();
  FUZZ_ASSERT(usage.used == model.used && usage.arena_size == (model.exists ? model.size : 0));
  FUZZ_ASSERT(model.exists == (fuzz_kernel.arena.reserved != NULL));
}

static void begin_process(void) {
  for (size_t i = 0; i < NUM_SECRETS; i++) {
    secrets[i].is_here = false;
  }
  if (model.exists) {
    memset(model.taken, 0, model.size / GRANULE * sizeof(model.taken[0]));
  }
  model.exists = false;
  model.used = 0;
}

static void init(unsigned value) {
  size_t units = value & 0x7fff;
  const struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options),
                                               .arena_size = units == 0x7fff ? TOO_LARGE_SIZE : units * 17,
                                               .allow_unlocked = value > 0x7fff};
  bool existed = model.exists;
  enum bulla_status status = bulla_memory_init(&options);
  if (options.arena_size == TOO_LARGE_SIZE || existed) {
    uint64_t wrongs = existed ? one(BULLA_INVALID_ARGUMENT) : 0;
    check_status(status, wrongs | (options.arena_size == TOO_LARGE_SIZE ? one(BULLA_TOO_LARGE) : 0));
    return;
  }
  if (check_status(status, arena_wrongs(&options))) {
    model.options = options;
    note_arena();
  }
}

static uint8_t expected_byte(const struct kept *secret, size_t i) {
  return i < secret->len ? (uint8_t)(secret->seed + i * 7) : 0;
}

static void check_content(const struct kept *secret) {
  struct bulla_span bytes = bulla_secret_bytes(secret->handle);
  if (!secret->is_here) {
    FUZZ_ASSERT(bytes.len == 0 && bytes.data == NULL && bulla_secret_data(secret->handle) == NULL);
    return;
  }
  FUZZ_ASSERT(bytes.len == secret->len && bulla_secret_data(secret->handle) == bytes.data);
  for (size_t i = 0; i < secret->slot_len; i++) {
    FUZZ_ASSERT(bytes.data[i] == expected_byte(secret, i));
  }
}

static void fill(struct kept *secret) {
  static uint8_t last_seed;
  uint8_t *bytes = bulla_secret_data(secret->handle);
  secret->seed = last_seed++;
  for (size_t i = 0; i < secret->len; i++) {
    bytes[i] = expected_byte(secret, i);
  }
}

static size_t num_zero(struct bulla_span bytes) {
  size_t num = 0;
  for (size_t i = 0; i < bytes.len; i++) {
    num += bytes.data[i] == 0 ? 1 : 0;
  }
  return num;
}

static void drop(struct kept *secret) {
  const uint8_t *bytes = bulla_secret_data(secret->handle);
  check_content(secret);
  bulla_secret_free(&secret->handle);
  FUZZ_ASSERT(secret->handle == NULL);
  if (secret->is_here) {
    set_taken(bytes, secret->slot_len, false);
    size_t len = num_granules(secret->slot_len) * GRANULE;
    FUZZ_ASSERT(num_zero(bulla_span(bytes - GRANULE, len)) == len);
  }
  *secret = (struct kept){0};
}

enum kind { NEW, COPY, RANDOM, EXPAND };

/* make makes a secret of |len| bytes, or one expanded from |from|. */
static void make(struct kept *secret, enum kind kind, size_t len, const struct kept *from) {
  static uint8_t original[0x10000];
  uint64_t wrongs = 0;
  enum bulla_status status = BULLA_OK;
  bool existed = model.exists;
  secret->handle = (struct bulla_secret *)original; /* whatever is there must go */
  if (kind == COPY) {
    memset(original, FUZZ_FILL, len);
    status = bulla_secret_copy(&secret->handle, bulla_span(original, len));
  } else if (kind == RANDOM) {
    status = bulla_secret_random(&secret->handle, len);
  } else if (kind == EXPAND) {
    wrongs |= from->is_here ? 0 : one(BULLA_FORKED);
    wrongs |= from->len != BULLA_KEY_LEN || len > 256 ? one(BULLA_INVALID_ARGUMENT) : 0;
    status = bulla_secret_expand(&secret->handle, from->handle, bulla_span(original, len));
    len = BULLA_KEY_LEN;
  } else {
    status = bulla_secret_new(&secret->handle, len);
  }
  wrongs |= (fuzz_kernel.refused & FUZZ_NO_HEAP) != 0 ? one(BULLA_NO_MEMORY) : 0;
  if (wrongs == 0 && !existed) {
    wrongs = arena_wrongs(&model.options);
    if (wrongs == 0) {
      note_arena();
    }
  }
  if (wrongs == 0 && (len > model.size || !fits(num_granules(len)))) {
    wrongs = one(BULLA_ARENA_FULL);
  }
  if (!check_status(status, wrongs)) {
    FUZZ_ASSERT(secret->handle == NULL);
    return;
  }
  struct bulla_span bytes = bulla_secret_bytes(secret->handle);
  FUZZ_ASSERT(bytes.len == len);
  set_taken(bytes.data, len, true);
  FUZZ_ASSERT(kind != NEW || num_zero(bytes) == len);
  FUZZ_ASSERT(kind != COPY || bulla_span_equal(bytes, bulla_span(original, len)));
  /* Not one in 2^128 is. */
  FUZZ_ASSERT(kind == NEW || len < 16 || num_zero(bytes) < len);
  secret->slot_len = secret->len = len;
  secret->is_here = true;
  fill(secret);
}

static void cut(struct kept *secret, size_t len) {
  bulla_secret_truncate(secret->handle, len);
  if (secret->is_here && len < secret->len) {
    secret->len = len;
  }
}

static void free_secret(void *secret) {
  bulla_secret_free(secret);
}

/* overrun writes a byte before the slot or behind it, and frees it. */
static void overrun(struct kept *secret, unsigned value) {
  if (!secret->is_here) {
    return;
  }
  size_t behind = (num_granules(secret->slot_len) - 1) * GRANULE - secret->slot_len;
  size_t at = value % (GRANULE + behind);
  uint8_t *bytes = bulla_secret_data(secret->handle);
  uint8_t *byte = at < GRANULE ? bytes - 1 - at : bytes + secret->slot_len + (at - GRANULE);
  *byte ^= (uint8_t)(1 + value % 255);
  FUZZ_ASSERT(fuzz_aborts(free_secret, &secret->handle));
  begin_process();
}

static size_t len_of(unsigned value) {
  return value < 0xff00 ? value : SIZE_MAX - (value & 0xff) * GRANULE;
}

static void step(uint8_t kind, uint8_t which, unsigned value) {
  struct kept *secret = &secrets[which % NUM_SECRETS];
  const struct kept *from = &secrets[which / NUM_SECRETS % NUM_SECRETS];
  switch (kind % 10) {
    case 0:
      fuzz_kernel.refused = value & FUZZ_REFUSALS;
      return;
    case 1:
      init(value);
      return;
    case 2:
      fuzz_fork();
      begin_process();
      return;
    default:
      break;
  }
  if (secret->handle == NULL) {
    enum kind how = (enum kind)(kind % 10 % 4);
    if (how != EXPAND || from->handle != NULL) {
      make(secret, how, how == NEW ? len_of(value) : value % 512, from);
    }
    return;
  }
  switch (kind % 10) {
    case 3:
      cut(secret, value);
      return;
    case 4:
      overrun(secret, value);
      return;
    case 5:
      if (from->handle != NULL && secret->is_here && from->is_here) {
        struct bulla_span a = bulla_secret_bytes(secret->handle);
        struct bulla_span b = bulla_secret_bytes(from->handle);
        FUZZ_ASSERT(bulla_secret_equal(a, b) == bulla_span_equal(a, b));
      }
      return;
    default:
      drop(secret);
  }
}

/* begin_input sets back what outlives a fork: the options that an arena was made with. */
static void begin_input(void) {
  static const struct bulla_memory_options defaults = BULLA_MEMORY_OPTIONS_INIT;
  if (model.options.arena_size != 0 || model.options.allow_unlocked) {
    FUZZ_ASSERT(bulla_memory_init(&defaults) == BULLA_OK);
    fuzz_fork();
    model.options = defaults;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_reader input = bulla_reader(bulla_span(data, size));
  uint8_t bytes[STEP_LEN];
  begin_input();
  for (int i = 0; i < MAX_STEPS && input.left > 0; i++) {
    (void)fuzz_take(&input, bytes, sizeof(bytes));
    step(bytes[0], bytes[1], (unsigned)bytes[2] << 8 | bytes[3]);
    check_usage();
  }
  fuzz_kernel.refused = 0;
  for (size_t i = 0; i < NUM_SECRETS; i++) {
    if (secrets[i].handle != NULL) {
      drop(&secrets[i]);
    }
  }
  check_usage();
  fuzz_fork();
  begin_process();
  return 0;
}
