/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the input changes in what the server sends. It is a list of edits, of five bytes each and some with bytes behind
 * them: which messages are meant, how many of those to leave as they are first, what to do with the next one, and two
 * numbers for that. */

#ifndef BULLA_FUZZ_SERVER_EDITS_H
#define BULLA_FUZZ_SERVER_EDITS_H

#include "core/cursor.h"

/* What messages are told apart by: their type, but for these. */
enum { FUZZ_CATALOGUE_ROW = 'c', FUZZ_COMMIT_TAG = 'M' };

enum fuzz_fate {
  FUZZ_KEPT,
  FUZZ_WARNED, /* kept, behind a warning */
  FUZZ_CHANGED,
  FUZZ_CLOSED,    /* what was written is the last */
  FUZZ_FORGOTTEN, /* and the database is as it was first */
};

/* fuzz_edits_begin takes the edits of an input. */
void fuzz_edits_begin(struct bulla_span edits);

/* fuzz_edits_pass writes a message to |out|, or what the edits make of it. */
enum fuzz_fate fuzz_edits_pass(struct bulla_writer *out, uint8_t kind, uint8_t type, struct bulla_span body);

/* fuzz_edits_struck says how many have changed something, and fuzz_edits_lied whether one of them was more than a lost
 * connection, a notice or a loss of what was committed. */
size_t fuzz_edits_struck(void);
bool fuzz_edits_lied(void);

#endif
