/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Text from outside, printed to a terminal or to a program that reads lines. Its author must not be able to control the
 * terminal, to fake a line or a column, or to change the order of characters. */

#ifndef BULLA_CLI_TEXT_H
#define BULLA_CLI_TEXT_H

#include "cli/cli.h"

/* The most that bulla_text_put_cell and bulla_text_put_json write for one byte. */
#define BULLA_TEXT_GROWTH 6

/* bulla_text_put_cell writes |text| as a cell of a table. Invalid UTF-8, invisible characters, spaces other than
 * single U+0020 between others, and a lone hyphen are written as \xNN per byte, a backslash as two. */
void bulla_text_put_cell(struct bulla_writer *writer, struct bulla_span text);

/* bulla_text_put_json writes |json|, which the reader of core/json.h accepts or its writer made, as one line
 * without white space between its parts, with invisible characters as \uNNNN. It is the same value. */
void bulla_text_put_json(struct bulla_writer *writer, struct bulla_span json);

/* bulla_text_put_plain writes |text| with a question mark for each invisible character and each byte of
 * invalid UTF-8. It never grows. */
void bulla_text_put_plain(struct bulla_writer *writer, struct bulla_span text);

/* bulla_text_width returns how many columns of a terminal |text| takes. */
size_t bulla_text_width(struct bulla_span text);

#endif
