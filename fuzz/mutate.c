/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/mutate.h. */

#include "fuzz/mutate.h"

#include "fuzz/fuzz.h"

/* The engine's own, where there is one. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t fuzz_num_passed;

bool fuzz_set_part(struct fuzz_part *part, struct bulla_span bytes) {
  if (bytes.len > FUZZ_PART_MAX) {
    return false;
  }
  part->len = bytes.len;
  if (bytes.len > 0) {
    memcpy(part->bytes, bytes.data, bytes.len);
  }
  return true;
}

bool fuzz_open_plain(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest) {
  (void)choices;
  parts[0].len = 0;
  return fuzz_set_part(&parts[1], rest);
}

size_t fuzz_seal_plain(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  (void)choices;
  if (parts[1].len > max_len) {
    return 0;
  }
  memcpy(rest, parts[1].bytes, parts[1].len);
  return parts[1].len;
}

size_t fuzz_mutate_bytes(uint8_t *bytes, size_t len, size_t max_len, unsigned *random) {
  if (LLVMFuzzerMutate != NULL) {
    return LLVMFuzzerMutate(bytes, len, max_len);
  }
  if (len == 0 || (len < max_len && fuzz_random(random, 4) == 0)) {
    bytes[len] = (uint8_t)fuzz_random(random, 256);
    return len + 1;
  }
  if (fuzz_random(random, 4) == 0) {
    return len - 1;
  }
  bytes[fuzz_random(random, (unsigned)len)] ^= (uint8_t)(1 + fuzz_random(random, 255));
  return len;
}

/* Takes |rest| apart, or makes it the plaintext of what can be. */
static void take_apart(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest) {
  if (!fuzz_form.open(parts, choices, rest)) {
    struct bulla_span kept = bulla_span(rest.data, rest.len < FUZZ_PART_MAX ? rest.len : FUZZ_PART_MAX);
    FUZZ_ASSERT(fuzz_set_part(&parts[0], fuzz_form.first) && fuzz_set_part(&parts[1], kept));
  }
}

static void mutate_part(struct fuzz_part *part, bool is_json, size_t max_len, unsigned *random) {
  size_t room = max_len < FUZZ_PART_MAX ? max_len : FUZZ_PART_MAX;
  size_t len = part->len < room ? part->len : room;
  part->len = is_json && fuzz_random(random, 2) == 0 ? fuzz_mutate_json(part->bytes, len, room, random)
                                                     : fuzz_mutate_bytes(part->bytes, len, room, random);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  static struct fuzz_part parts[FUZZ_NUM_PARTS];
  unsigned random = seed;
  size_t num_choices = fuzz_form.num_choices;
  if (seed % 4 == 0 || size < num_choices || max_size <= num_choices) {
    return fuzz_mutate_bytes(data, size, max_size, &random);
  }
  take_apart(parts, data, bulla_span(data + num_choices, size - num_choices));
  if (num_choices > 0 && fuzz_random(&random, 8) == 0) {
    data[fuzz_random(&random, (unsigned)num_choices)] = (uint8_t)fuzz_random(&random, 256);
  } else {
    size_t which = parts[0].len > 0 && fuzz_random(&random, 4) == 0 ? 0 : 1;
    mutate_part(&parts[which], fuzz_form.is_json[which], max_size - num_choices, &random);
  }
  size_t len = fuzz_form.seal(data + num_choices, max_size - num_choices, data, parts);
  return len > 0 ? num_choices + len : fuzz_mutate_bytes(data, size, max_size, &random);
}
