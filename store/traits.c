/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/traits.h. */

#include "store/traits.h"

#include "core/cursor.h"

enum { VERSION = 1 };
enum { EXPIRES_AT = 4, SPARE_AT = 12, LEN_AT = 15, TEXT_AT = 16 }; /* where the parts stand */
enum { STARS = 8 };
enum { TAIL = 4 };           /* bytes of the value that a mask ends with */
enum { TAIL_FROM_LEN = 16 }; /* if the value is as long as this */

struct bulla_traits bulla_traits_of(const struct bulla_field *field) {
  struct bulla_traits traits = {
      .mask = field->mask != 0 ? field->mask : BULLA_MASK_LAST4,
      .padding = field->padding != 0 ? field->padding : BULLA_PADDING_BUCKETS,
      .canary = field->canary,
      .expires = field->expires == BULLA_EXPIRES_NEVER ? 0 : field->expires,
  };
  return traits;
}

void bulla_traits_keep(struct bulla_field *field, const struct bulla_traits *traits) {
  field->mask = field->mask != 0 ? field->mask : traits->mask;
  field->padding = field->padding != 0 ? field->padding : traits->padding;
  field->canary |= traits->canary;
  field->expires = field->expires != 0 ? field->expires : traits->expires;
}

/* How many of the |len| bytes at |text| are no printable ASCII. Looks at all of them whatever they are. */
static unsigned unprintable(const uint8_t *text, size_t len) {
  unsigned count = 0;
  for (size_t i = 0; i < len; i++) {
    unsigned byte = text[i];
    count += (byte - 0x20) >> 31 | (0x7e - byte) >> 31;
  }
  return count;
}

/* The length of the mask of |value|. */
static size_t mask_len(uint8_t policy, struct bulla_span value) {
  if (policy == BULLA_MASK_NONE) {
    return 0;
  }
  bool tail =
      policy == BULLA_MASK_LAST4 && value.len >= TAIL_FROM_LEN && unprintable(value.data + value.len - TAIL, TAIL) == 0;
  return tail ? STARS + TAIL : STARS;
}

void bulla_traits_write(uint8_t *out, const struct bulla_traits *traits, struct bulla_span value) {
  size_t len = mask_len(traits->mask, value);
  out[0] = VERSION;
  out[1] = traits->mask;
  out[2] = traits->padding;
  out[3] = traits->canary;
  for (size_t i = 0; i < sizeof(traits->expires); i++) {
    out[EXPIRES_AT + i] = (uint8_t)((uint64_t)traits->expires >> (56 - 8 * i));
  }
  out[LEN_AT] = (uint8_t)len;
  memset(out + TEXT_AT, '*', len < STARS ? len : STARS);
  if (len > STARS) {
    memcpy(out + TEXT_AT + STARS, value.data + value.len - TAIL, TAIL);
  }
}

/* Reads the part that is not the mask's text. */
static bool read_traits(struct bulla_traits *traits, const uint8_t *bytes) {
  uint64_t expires = 0;
  for (size_t i = 0; i < sizeof(expires); i++) {
    expires = expires << 8 | bytes[EXPIRES_AT + i];
  }
  *traits = (struct bulla_traits){bytes[1], bytes[2], bytes[3], (int64_t)expires};
  unsigned spare = 0;
  for (size_t i = SPARE_AT; i < LEN_AT; i++) {
    spare |= bytes[i];
  }
  return bytes[0] == VERSION && traits->mask >= BULLA_MASK_NONE && traits->mask <= BULLA_MASK_FIXED &&
         traits->padding >= BULLA_PADDING_BUCKETS && traits->padding <= BULLA_PADDING_NONE && traits->canary <= 1 &&
         traits->expires >= 0 && spare == 0;
}

/* Whether a mask of |policy| may have |len| bytes. */
static bool is_len(uint8_t policy, size_t len) {
  return len == (policy == BULLA_MASK_NONE ? 0 : STARS) || (policy == BULLA_MASK_LAST4 && len == STARS + TAIL);
}

bool bulla_traits_read(struct bulla_traits *traits, struct bulla_span *text, struct bulla_span bytes) {
  *traits = (struct bulla_traits){0};
  *text = bulla_span(NULL, 0);
  if (bytes.len != BULLA_TRAITS_LEN || !read_traits(traits, bytes.data)) {
    return false;
  }
  size_t len = bytes.data[LEN_AT];
  const uint8_t *room = bytes.data + TEXT_AT;
  if (!is_len(traits->mask, len)) {
    return false;
  }
  unsigned bad = len > STARS ? unprintable(room + STARS, TAIL) : 0;
  for (size_t i = 0; i < BULLA_TRAITS_LEN - TEXT_AT; i++) {
    unsigned wanted = i < len && i < STARS ? '*' : 0;
    bad |= i < STARS || i >= len ? room[i] ^ wanted : 0;
  }
  *text = bulla_span(room, len);
  return bad == 0;
}
