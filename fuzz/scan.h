/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A glance at JSON without understanding it: where the members of the object at the top stand. For the mutators,
 * and for the models of what a parsed tree no longer tells, such as escapes. */

#ifndef BULLA_FUZZ_SCAN_H
#define BULLA_FUZZ_SCAN_H

#include "core/cursor.h"

struct scan_member {
  struct bulla_span whole; /* without the white space and the comma around it */
  struct bulla_span name;  /* without its quotes; empty if there is none */
  struct bulla_span value; /* as it stands */
};

/* scan_members finds at most |max_members| members of |text|, which may be no JSON at all, and returns how many.
 */
size_t scan_members(struct scan_member *members, size_t max_members, struct bulla_span text);

/* scan_number finds the first run of characters that numbers are made of, outside of strings, or returns false. */
bool scan_number(struct bulla_span *number, struct bulla_span text);

#endif
