/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Places in a text, by every variant that can run here, beside a loop over its bytes. */

#include "core/places.h"
#include "tests/support.h"

enum { LONGEST = 400 };

/* Bytes of |len| different kinds of text: one in |rarity| is special, the others are plain. */
static struct bulla_span text_of(size_t len, uint32_t seed, uint32_t rarity) {
  static const uint8_t specials[] = {'"', '\\', 0x00, 0x01, 0x1f, 0x80, 0xff, 0xa2, 0xdc, '"'};
  uint8_t *bytes = test_alloc(len);
  uint32_t state = seed * 2654435761u + 1;
  for (size_t i = 0; i < len; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes[i] =
        (state >> 8) % rarity == 0 ? specials[(state >> 20) % sizeof(specials)] : (uint8_t)(' ' + (state >> 20) % 95);
  }
  return test_guarded(bulla_span(bytes, len));
}

static bool is_special(uint8_t byte) {
  return byte < 0x20 || byte > 0x7f || byte == '"' || byte == '\\';
}

static void check_special(const struct bulla_places_variant *variant, struct bulla_span text) {
  uint16_t places[BULLA_PLACES_ROOM];
  size_t num = variant->special(places, text);
  size_t seen = 0;
  for (size_t i = 0; i < text.len && seen <= BULLA_PLACES_MAX; i++) {
    if (is_special(text.data[i])) {
      cr_assert(seen >= BULLA_PLACES_MAX || (seen < num && places[seen] == i), "%s: %zu of %zu bytes, found %zu",
                variant->name, i, text.len, num);
      seen++;
    }
  }
  cr_assert(seen > BULLA_PLACES_MAX || places[seen] == text.len, "%s: %zu bytes", variant->name, text.len);
  cr_assert(seen > BULLA_PLACES_MAX ? num > BULLA_PLACES_MAX : num == seen, "%s: %zu in %zu bytes, not %zu",
            variant->name, num, text.len, seen);
}

static void check_byte(const struct bulla_places_variant *variant, struct bulla_span text, uint8_t byte, size_t max) {
  size_t places[8] = {99999, 99999, 99999, 99999, 99999, 99999, 99999, 99999};
  size_t num = variant->of(places, max, text, byte);
  size_t seen = 0;
  for (size_t i = 0; i < text.len && seen < max; i++) {
    if (text.data[i] == byte) {
      cr_assert(places[seen] == i, "%s: byte %d at %zu of %zu", variant->name, byte, i, text.len);
      seen++;
    }
  }
  cr_assert_eq(num, seen, "%s: byte %d, %zu in %zu bytes, not %zu", variant->name, byte, num, text.len, seen);
  cr_assert(max == 8 || places[max] == 99999, "%s", variant->name);
}

static void check_all(void (*check)(const struct bulla_places_variant *)) {
  size_t num_variants;
  const struct bulla_places_variant *variants = bulla_places_variants(&num_variants);
  const struct bulla_places_variant chosen = {"chosen", NULL, bulla_places_of, bulla_places_special};
  cr_assert(variants[num_variants - 1].is_usable());
  check(&chosen);
  for (size_t i = 0; i < num_variants; i++) {
    if (variants[i].is_usable()) {
      check(&variants[i]);
    } else {
      fprintf(stderr, "not tried, since the processor cannot: %s\n", variants[i].name);
    }
  }
}

static void check_lengths(const struct bulla_places_variant *variant) {
  static const uint32_t rarities[] = {1, 2, 7, 50, UINT32_MAX};
  for (size_t len = 0; len <= LONGEST; len++) {
    for (size_t i = 0; i < sizeof(rarities) / sizeof(*rarities); i++) {
      struct bulla_span text = text_of(len, (uint32_t)len, rarities[i]);
      check_special(variant, text);
      for (size_t max = 0; max <= 8; max++) {
        check_byte(variant, text, '"', max);
        check_byte(variant, text, '.', max);
        check_byte(variant, text, 0, max);
        check_byte(variant, text, 0xff, max);
      }
    }
  }
}

Test(places, are_where_the_bytes_are) {
  check_all(check_lengths);
}

static void check_each_byte(const struct bulla_places_variant *variant) {
  for (unsigned byte = 0; byte < 256; byte++) {
    for (size_t at = 0; at < 130; at += 13) {
      uint8_t *bytes = test_alloc(130);
      memset(bytes, 'a', 130);
      bytes[at] = (uint8_t)byte;
      check_special(variant, bulla_span(bytes, 130));
      check_byte(variant, bulla_span(bytes, 130), (uint8_t)byte, 8);
    }
  }
}

Test(places, of_special_bytes_are_those_of_controls_quotes_backslashes_and_what_is_not_ascii) {
  check_all(check_each_byte);
}

static void check_long(const struct bulla_places_variant *variant) {
  for (size_t len = UINT16_MAX - 70; len <= UINT16_MAX; len++) {
    uint8_t *bytes = test_alloc(len);
    memset(bytes, 'a', len);
    bytes[len - 1] = '"';
    check_special(variant, bulla_span(bytes, len));
    check_byte(variant, bulla_span(bytes, len), '"', 8);
    free(bytes);
  }
}

Test(places, reach_to_the_end_of_long_texts) {
  check_all(check_long);
}

Test(places, of_special_bytes_are_not_looked_for_in_longer_texts) {
  uint16_t places[BULLA_PLACES_ROOM];
  cr_assert_gt(bulla_places_special(places, test_filled('a', (size_t)UINT16_MAX + 1)), BULLA_PLACES_MAX);
}
