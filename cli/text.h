/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Text that came from outside, on its way to a terminal or to a program that reads lines. Whoever stored it must
 * not be able to drive the terminal, to feign a line or a column, or to show another order of characters than
 * there is. */

#ifndef BULLA_CLI_TEXT_H
#define BULLA_CLI_TEXT_H

#include "cli/cli.h"

/* What bulla_text_put_cell and bulla_text_put_json write at most for one byte. */
#define BULLA_TEXT_GROWTH 6

/* bulla_text_put_cell writes |text| as a cell of a table. What is no UTF-8, what cannot be seen, every space but a
 * single U+0020 between others, and a hyphen alone, are written as \xNN for each byte, a backslash as two. */
void bulla_text_put_cell(struct bulla_writer *writer, struct bulla_span text);

/* bulla_text_put_json writes |json|, which the reader of core/json.h accepts or its writer has made, as one line
 * without white space between its parts. What cannot be seen is escaped as \uNNNN. It is the same value. */
void bulla_text_put_json(struct bulla_writer *writer, struct bulla_span json);

/* bulla_text_put_plain writes |text| with a question mark for each character that cannot be seen, and for each
 * byte that is no UTF-8. It never grows. */
void bulla_text_put_plain(struct bulla_writer *writer, struct bulla_span text);

/* bulla_text_width returns how many columns of a terminal |text| takes. */
size_t bulla_text_width(struct bulla_span text);

#endif
