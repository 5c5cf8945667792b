/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Mutators that know what an input is made of. A target whose inputs are protected, by a tag or a checksum, says
 * how they are opened with the test key and sealed again: so the fuzzer's inputs get past the tag, and the tag is
 * checked as ever. One mutation in four is of the bytes as they are. */

#ifndef BULLA_FUZZ_MUTATE_H
#define BULLA_FUZZ_MUTATE_H

#include "core/cursor.h"

enum { FUZZ_NUM_PARTS = 2, FUZZ_PART_MAX = 8192 };

/* What of an input may be changed: header and plaintext, or context and plaintext. */
struct fuzz_part {
  size_t len;
  uint8_t bytes[FUZZ_PART_MAX];
};

/* The first |num_choices| bytes of an input say what the target does with the rest. */
struct fuzz_form {
  size_t num_choices;

  /* Takes the rest of an input apart, or returns false. */
  bool (*open)(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest);

  /* Makes the rest of an input, at most |max_len| bytes, and returns its length, or 0 if it does not fit. */
  size_t (*seal)(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts);

  bool is_json[FUZZ_NUM_PARTS];

  /* The first part of what did not open; all of that becomes the second one. */
  struct bulla_span first;
};

/* The target's. */
extern const struct fuzz_form fuzz_form;

/* The form of an input without protection, all of which is the second part. */
bool fuzz_open_plain(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest);
size_t fuzz_seal_plain(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts);
#define FUZZ_FORM_OF_JSON                                 \
  {                                                       \
    0, fuzz_open_plain, fuzz_seal_plain, {false, true}, { \
      NULL, 0                                             \
    }                                                     \
  }

/* How many inputs got past the protection: the target counts those of which the code under test says so. The
 * driver that replays a corpus mutates it and looks whether they do. */
extern size_t fuzz_num_passed;

/* fuzz_set_part sets a part, or returns false if it is too long. */
bool fuzz_set_part(struct fuzz_part *part, struct bulla_span bytes);

/* fuzz_mutate_bytes changes some of the |len| bytes of |bytes| and returns how many there are then, at most
 * |max_len|. */
size_t fuzz_mutate_bytes(uint8_t *bytes, size_t len, size_t max_len, unsigned *random);

/* fuzz_mutate_json does the same to the members of an object, with times close to FUZZ_NOW among the numbers. */
size_t fuzz_mutate_json(uint8_t *text, size_t len, size_t max_len, unsigned *random);

#define FUZZ_NOW INT64_C(1700000000) /* what the clock shows in all targets that need one */

/* fuzz_random returns one of |num| numbers. */
static inline unsigned fuzz_random(unsigned *random, unsigned num) {
  *random = *random * 1664525U + 1013904223U;
  return (*random >> 8) % num;
}

#endif
