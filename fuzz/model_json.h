/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The JSON that bulla accepts, as core/json.h says it, in terms of jansson: what jansson accepts when it refuses
 * duplicate members, less what the stricter rules refuse. */

#ifndef BULLA_FUZZ_MODEL_JSON_H
#define BULLA_FUZZ_MODEL_JSON_H

#include <jansson.h>

#include "core/cursor.h"

struct model_json_limits {
  char bracket; /* that the text begins with */
  size_t max_depth;
  size_t max_names; /* members that stand open at once */
};

#define MODEL_JSON_TOP ((struct model_json_limits){'{', 32, 256})

/* model_json_begin makes jansson take its memory from an arena, which it empties: whatever was loaded before is
 * gone. It is for targets in which nobody else uses jansson, and for their speed. */
void model_json_begin(void);

/* model_json_load returns the tree of |text|, which the caller frees, or NULL if jansson refuses it. */
json_t *model_json_load(struct bulla_span text);

/* model_json_is_strict says whether the rules accept |text|, of which |tree| was loaded. */
bool model_json_is_strict(json_t *tree, struct bulla_span text, struct model_json_limits limits);

/* model_json_is_text says whether |text| may stand in a JSON string, unescaped: UTF-8, no NUL, no noncharacter. */
bool model_json_is_text(struct bulla_span text);

/* model_json_string returns the bytes of a string, or an empty span of anything else. */
struct bulla_span model_json_string(const json_t *string);

#endif
