/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The JOSE header as bulla reads it (core/jwe_header.h), in terms of jansson. */

#ifndef BULLA_FUZZ_MODEL_HEADER_H
#define BULLA_FUZZ_MODEL_HEADER_H

#include "fuzz/model_json.h"

/* A JOSE header, RFC 7516 §4, of up to three objects. */
enum model_place { MODEL_PROTECTED, MODEL_RECIPIENT, MODEL_UNPROTECTED };
struct model_jose {
  json_t *trees[3]; /* freed by model_jose_free */
  struct bulla_span texts[3];
  size_t num;
};

/* model_jose_read adds the object |json|, or says that bulla refuses it. */
bool model_jose_read(struct model_jose *header, enum model_place place, struct bulla_span json);
void model_jose_free(struct model_jose *header);

/* model_jose_get returns a member's value, or NULL; model_jose_raw how it stands, with its quotes, or an empty span. */
json_t *model_jose_get(const struct model_jose *header, const char *name);
struct bulla_span model_jose_raw(const struct model_jose *header, const char *name);

#endif
