/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/jwk_set_fault.h. */

#include "cli/jwk_set_fault.h"

#include "core/cleanup.h"
#include "core/json.h"

/* As many as the library takes. */
enum { MAX_MEMBERS = 64 };

/* The keys before the one in hand. */
struct keys {
  struct bulla_jwk *keys[BULLA_JWK_SET_MAX_KEYS];
  size_t num;
};

static void keys_free(struct keys *keys) {
  for (size_t i = 0; i < keys->num; i++) {
    bulla_jwk_free(&keys->keys[i]);
  }
}

/* find_keys returns the elements of the array "keys", or nothing. */
static struct bulla_span find_keys(struct bulla_span json) {
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num = 0;
  if (bulla_json_read(members, &num, MAX_MEMBERS, json) != BULLA_OK) {
    num = 0;
  }
  for (size_t i = 0; i < num && i < MAX_MEMBERS; i++) {
    if (members[i].value.type == BULLA_JSON_ARRAY && bulla_json_equal(&members[i].name, BULLA_LITERAL("keys"))) {
      return members[i].value.text;
    }
  }
  return bulla_span(NULL, 0);
}

static bool has_kid_of_another(const struct keys *keys, const struct bulla_jwk *jwk) {
  struct bulla_span kid = bulla_jwk_kid(jwk);
  for (size_t i = 0; i < keys->num && kid.len > 0; i++) {
    if (bulla_span_equal(bulla_jwk_kid(keys->keys[i]), kid)) {
      return true;
    }
  }
  return false;
}

size_t bulla_jwk_set_fault(struct bulla_span json) {
  struct keys keys BULLA_CLEANUP(keys_free) = {.num = 0};
  struct bulla_span rest = find_keys(json);
  struct bulla_json_value element;
  for (size_t number = 1; rest.len > 0 && keys.num < BULLA_JWK_SET_MAX_KEYS && bulla_json_next(&rest, &element);
       number++) {
    struct bulla_jwk *jwk = NULL;
    enum bulla_status status =
        element.type == BULLA_JSON_OBJECT ? bulla_jwk_parse(&jwk, element.text) : BULLA_INVALID_TEXT;
    if (status != BULLA_OK && status != BULLA_UNSUPPORTED) {
      return number;
    }
    bool is_second = jwk != NULL && has_kid_of_another(&keys, jwk);
    if (jwk != NULL) {
      keys.keys[keys.num++] = jwk;
    }
    if (is_second) {
      return number;
    }
  }
  return 0;
}
