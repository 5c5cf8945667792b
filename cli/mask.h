/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* All the values that `exec --mask` hides, and a search for any of them in any form. */

#ifndef BULLA_CLI_MASK_H
#define BULLA_CLI_MASK_H

#include "cli/mask_form.h"

/* No form, line breaks in it included, is recognised in more bytes of output than these. */
#define BULLA_MASK_WINDOW 16384

/* In locked memory. Immutable once it is made. */
struct bulla_mask;

/* bulla_mask_new makes |*mask| of |values|, which must live as long. A value of less than BULLA_MASK_LEAST bytes is
 * left out. */
BULLA_NODISCARD enum bulla_status bulla_mask_new(struct bulla_mask **mask, const struct bulla_span *values, size_t num);

void bulla_mask_free(struct bulla_mask **mask);

/* bulla_mask_len returns how much locked memory a value of |value_len| bytes takes besides itself; for 0, how much all
 * of them take together. */
size_t bulla_mask_len(size_t value_len);

/* bulla_mask_none returns at how many of the first bytes of |output| no value begins, by a look at two bytes. */
size_t bulla_mask_none(const struct bulla_mask *mask, struct bulla_span output);

/* What begins where some output does. */
struct bulla_mask_found {
  size_t len;        /* of the longest value that does, or 0 */
  bool is_open;      /* with more output there may be one, or a longer one */
  size_t least_open; /* then the length of the shortest of those forms */
};

struct bulla_mask_found bulla_mask_find(const struct bulla_mask *mask, struct bulla_span output);

#endif
