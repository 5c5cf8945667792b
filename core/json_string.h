/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Strings of JSON: UTF-8 and escapes, one character at a time. What the structure is made of is in
 * core/json_read.c. */

#ifndef BULLA_CORE_JSON_STRING_H
#define BULLA_CORE_JSON_STRING_H

#include "core/json.h"

/* bulla_json_take_char takes one character, escaped or not, that may stand inside the quotes of an I-JSON string,
 * or returns false: at the end, at a quote, at what is not allowed. */
bool bulla_json_take_char(struct bulla_reader *reader, uint32_t *character);

/* bulla_json_same says whether two checked strings are the same after unescaping. */
bool bulla_json_same(const struct bulla_json_value *a, const struct bulla_json_value *b);

#endif
