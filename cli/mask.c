/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/mask.h. Where a value could begin is seen by a table of pairs of bytes; there the forms that begin with the
 * first byte are compared, one by one. The tables are made by asking each form what it may begin with, so they cannot
 * differ from what it recognises. */

#include "cli/mask.h"

#include <stdlib.h>

#include "cli/session.h"
#include "core/scrub.h"

enum {
  /* A longer value is looked for in pieces, which overlap by a group of base64. So one of which a part is printed is
   * hidden too, and the time for each byte of output has a bound. */
  PIECE_LEN = 1023,
  PIECE_STEP = 1020,
  FIRSTS_MAX = 3, /* bytes that one form may begin with */
  NUM_BYTES = 256,
};

struct tables {
  uint8_t pairs[NUM_BYTES * NUM_BYTES / 8]; /* a bit for each two bytes that a form may begin with */
  uint32_t begin[NUM_BYTES + 1];            /* of the forms by their first byte, in `by_first` */
};

struct bulla_mask {
  struct bulla_secret *secrets[3]; /* what the others point to */
  struct tables *tables;
  struct bulla_mask_form *forms;
  uint32_t *by_first; /* indices of forms */
  size_t num_forms;
};

static size_t num_pieces(size_t value_len) {
  return value_len <= PIECE_LEN ? 1 : 1 + (value_len - PIECE_LEN + PIECE_STEP - 1) / PIECE_STEP;
}

/* A value has the forms of its pieces, and those of the last one without line breaks at the end. */
static size_t max_forms(size_t value_len) {
  return (num_pieces(value_len) + 1) * BULLA_MASK_FORMS_MAX;
}

size_t bulla_mask_len(size_t value_len) {
  size_t a_form = sizeof(struct bulla_mask_form) + FIRSTS_MAX * sizeof(uint32_t);
  return value_len == 0 ? sizeof(struct tables) + 3 * BULLA_SLOT_ROOM : max_forms(value_len) * a_form;
}

void bulla_mask_free(struct bulla_mask **mask) {
  if (*mask != NULL) {
    for (size_t i = 0; i < sizeof((*mask)->secrets) / sizeof((*mask)->secrets[0]); i++) {
      bulla_secret_free(&(*mask)->secrets[i]);
    }
  }
  free(*mask);
  *mask = NULL;
}

static void add_piece(struct bulla_mask *mask, struct bulla_span value, size_t piece) {
  size_t at = piece * PIECE_STEP;
  size_t len = value.len - at < PIECE_LEN ? value.len - at : PIECE_LEN;
  mask->num_forms += bulla_mask_forms(mask->forms + mask->num_forms, bulla_span(value.data + at, len));
}

/* A shell's $(…), and whoever reads lines, leaves out line breaks at the end, which would hide what is encoded then. */
static void add_forms(struct bulla_mask *mask, struct bulla_span value) {
  struct bulla_span without_end = bulla_mask_without_end(value);
  for (size_t i = 0; i < num_pieces(value.len); i++) {
    add_piece(mask, value, i);
  }
  if (without_end.len < value.len && without_end.len >= BULLA_MASK_LEAST) {
    add_piece(mask, without_end, num_pieces(without_end.len) - 1);
  }
}

static bool may_begin(const struct bulla_mask_form *form, const uint8_t *bytes, size_t num) {
  struct bulla_mask_match found = bulla_mask_form_match(form, bulla_span(bytes, num));
  return found.len > 0 || found.is_open;
}

static bool has_pair(const struct tables *tables, const uint8_t *bytes) {
  return (tables->pairs[(unsigned)bytes[0] << 5 | bytes[1] >> 3] >> (bytes[1] & 7) & 1) != 0;
}

static void add_pairs(struct tables *tables, const struct bulla_mask_form *form, uint8_t first) {
  for (unsigned i = 0; i < NUM_BYTES; i++) {
    const uint8_t pair[2] = {first, (uint8_t)i};
    if (may_begin(form, pair, 2)) {
      tables->pairs[(unsigned)first << 5 | i >> 3] |= (uint8_t)(1U << (i & 7));
    }
  }
}

static void make_tables(struct bulla_mask *mask) {
  struct tables *tables = mask->tables;
  uint32_t num = 0;
  for (unsigned first = 0; first < NUM_BYTES; first++) {
    const uint8_t byte = (uint8_t)first;
    tables->begin[first] = num;
    for (uint32_t i = 0; i < mask->num_forms; i++) {
      if (may_begin(&mask->forms[i], &byte, 1)) {
        mask->by_first[num++] = i;
        add_pairs(tables, &mask->forms[i], byte);
      }
    }
  }
  tables->begin[NUM_BYTES] = num;
}

/* reserve takes the memory for |num_forms| forms. */
static enum bulla_status reserve(struct bulla_mask *mask, size_t num_forms) {
  const size_t lens[] = {sizeof(struct tables), num_forms * sizeof(struct bulla_mask_form),
                         num_forms * FIRSTS_MAX * sizeof(uint32_t)};
  void *rooms[sizeof(lens) / sizeof(lens[0])];
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    BULLA_TRY(bulla_secret_new(&mask->secrets[i], lens[i]));
    rooms[i] = bulla_secret_data(mask->secrets[i]);
  }
  mask->tables = (struct tables *)rooms[0];
  mask->forms = (struct bulla_mask_form *)rooms[1];
  mask->by_first = (uint32_t *)rooms[2];
  return BULLA_OK;
}

enum bulla_status bulla_mask_new(struct bulla_mask **mask, const struct bulla_span *values, size_t num) {
  size_t num_forms = 1;
  *mask = (struct bulla_mask *)calloc(1, sizeof(**mask));
  if (*mask == NULL) {
    return BULLA_NO_MEMORY;
  }
  for (size_t i = 0; i < num; i++) {
    num_forms += max_forms(values[i].len);
  }
  enum bulla_status status = reserve(*mask, num_forms);
  if (status != BULLA_OK) {
    bulla_mask_free(mask);
    return status;
  }
  for (size_t i = 0; i < num; i++) {
    if (values[i].len >= BULLA_MASK_LEAST) {
      add_forms(*mask, values[i]);
    }
  }
  make_tables(*mask);
  bulla_scrub(0);
  return BULLA_OK;
}

size_t bulla_mask_none(const struct bulla_mask *mask, struct bulla_span output) {
  const struct tables *tables = mask->tables;
  for (size_t i = 0; i + 1 < output.len; i++) {
    if (has_pair(tables, output.data + i)) {
      return i;
    }
  }
  if (output.len == 0) {
    return 0;
  }
  unsigned last = output.data[output.len - 1];
  return output.len - (tables->begin[last] < tables->begin[last + 1] ? 1 : 0);
}

struct bulla_mask_found bulla_mask_find(const struct bulla_mask *mask, struct bulla_span output) {
  struct bulla_mask_found found = {.least_open = SIZE_MAX};
  unsigned first = output.data[0];
  for (uint32_t i = mask->tables->begin[first]; i < mask->tables->begin[first + 1]; i++) {
    const struct bulla_mask_form *form = &mask->forms[mask->by_first[i]];
    struct bulla_mask_match one = bulla_mask_form_match(form, output);
    found.len = one.len > found.len ? one.len : found.len;
    if (one.is_open) {
      found.is_open = true;
      found.least_open = form->least_len < found.least_open ? form->least_len : found.least_open;
    }
  }
  return found;
}
