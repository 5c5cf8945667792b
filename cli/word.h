/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Parsing words of the command line. */

#ifndef BULLA_CLI_WORD_H
#define BULLA_CLI_WORD_H

#include <bulla/core.h>

/* bulla_word_split splits |text| at the first |mark|, or returns false if there is none: then |before| is all of it. */
bool bulla_word_split(struct bulla_span *before, struct bulla_span *after, const char *text, char mark);

/* bulla_word_index returns the index of |word| in |words|, ended by NULL, or -1. */
int bulla_word_index(const char *const *words, struct bulla_span word);

/* bulla_word_digits takes the decimal digits that |*text| begins with, and moves it behind them, or returns false if
 * there is none. A number that is too large is INT64_MAX. */
bool bulla_word_digits(int64_t *number, const char **text);

/* bulla_word_is_name returns whether |text| has the form of a tenant's, an entry's or a field's name. */
bool bulla_word_is_name(struct bulla_span text);

#endif
