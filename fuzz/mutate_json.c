/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Mutations of JSON that leave it JSON: members doubled, dropped, exchanged, given another's value or another
 * number. */

#include <inttypes.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/scan.h"

enum { MAX_MEMBERS = 80, MAX_NUMBER = 24 };

/* Replaces |old|, which lies in the |len| bytes of |text|, with |bytes|, which may lie there too. */
static size_t replace(uint8_t *text, size_t len, size_t max_len, struct bulla_span old, struct bulla_span bytes) {
  static uint8_t copy[FUZZ_PART_MAX];
  if (len - old.len + bytes.len > max_len) {
    return len;
  }
  size_t before = (size_t)(old.data - text);
  size_t behind = len - before - old.len;
  if (bytes.len > 0) {
    memcpy(copy, bytes.data, bytes.len);
  }
  memmove(text + before + bytes.len, old.data + old.len, behind);
  memcpy(text + before, copy, bytes.len);
  return before + bytes.len + behind;
}

/* A number that is likely to be a bound of something, or a time close to one. */
static int64_t odd_number(unsigned *random) {
  static const int64_t bounds[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_C(253402300799), INT64_C(253402300800)};
  static const int64_t times[] = {0, 60, -60, 3600, -3600, 7200, -7200, 43200, -43200, 86400, -86400, -2592000};
  const int64_t from = fuzz_random(random, 4) == 0 ? FUZZ_NOW / 86400 * 86400 : FUZZ_NOW;
  if (fuzz_random(random, 4) == 0) {
    return bounds[fuzz_random(random, sizeof(bounds) / sizeof(bounds[0]))];
  }
  return from + times[fuzz_random(random, sizeof(times) / sizeof(times[0]))] + (int64_t)fuzz_random(random, 3) - 1;
}

static size_t change_number(uint8_t *text, size_t len, size_t max_len, struct bulla_span value, unsigned *random) {
  char digits[MAX_NUMBER];
  (void)snprintf(digits, sizeof(digits), "%" PRId64, odd_number(random));
  return replace(text, len, max_len, value, bulla_span(digits, strlen(digits)));
}

/* Puts a copy of |member| behind |other|. */
static size_t insert(uint8_t *text, size_t len, size_t max_len, struct bulla_span other, struct bulla_span member) {
  static uint8_t both[2 * FUZZ_PART_MAX + 1];
  memcpy(both, other.data, other.len);
  both[other.len] = ',';
  memcpy(both + other.len + 1, member.data, member.len);
  size_t both_len = other.len + 1 + member.len;
  return both_len > FUZZ_PART_MAX ? len : replace(text, len, max_len, other, bulla_span(both, both_len));
}

/* Drops |member| with the comma before it, or behind it if it is the first. */
static size_t drop(uint8_t *text, size_t len, size_t max_len, struct bulla_span member) {
  if (member.data > text && member.data[-1] == ',') {
    member = bulla_span(member.data - 1, member.len + 1);
  } else if (member.data + member.len < text + len && member.data[member.len] == ',') {
    member.len++;
  }
  return replace(text, len, max_len, member, bulla_span(NULL, 0));
}

/* Exchanges two pieces of the text, |first| before |second|. */
static void exchange(uint8_t *text, struct bulla_span first, struct bulla_span second) {
  static uint8_t copy[FUZZ_PART_MAX];
  const uint8_t *first_end = first.data + first.len;
  if (first_end > second.data) {
    return;
  }
  size_t between = (size_t)(second.data - first_end);
  memcpy(copy, second.data, second.len);
  memcpy(copy + second.len, first_end, between);
  memcpy(copy + second.len + between, first.data, first.len);
  memcpy(text + (first.data - text), copy, second.len + between + first.len);
}

size_t fuzz_mutate_json(uint8_t *text, size_t len, size_t max_len, unsigned *random) {
  static struct scan_member members[MAX_MEMBERS];
  size_t num = scan_members(members, MAX_MEMBERS, bulla_span(text, len));
  if (num == 0) {
    return fuzz_mutate_bytes(text, len, max_len, random);
  }
  const struct scan_member *one = &members[fuzz_random(random, (unsigned)num)];
  const struct scan_member *other = &members[fuzz_random(random, (unsigned)num)];
  switch (fuzz_random(random, 6)) {
    case 0:
      return insert(text, len, max_len, other->whole, one->whole);
    case 1:
      return drop(text, len, max_len, one->whole);
    case 2:
      exchange(text, one->whole, other->whole);
      return len;
    case 3:
      return replace(text, len, max_len, one->value, other->value);
    default:
      return change_number(text, len, max_len, one->value, random);
  }
}
