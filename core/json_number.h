/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Numbers of JSON, for core/json_read.c. */

#ifndef BULLA_CORE_JSON_NUMBER_H
#define BULLA_CORE_JSON_NUMBER_H

#include "core/json.h"

/* bulla_json_take_number fills |value| with the number (RFC 8259 §6) at |at| in a text that ends at |end|, and
 * returns its end, or NULL if there is none within the bounds in core/json.h. */
const uint8_t *bulla_json_take_number(const uint8_t *at, const uint8_t *end, struct bulla_json_value *value);

#endif
