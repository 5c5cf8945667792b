/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sets of JWKs, RFC 7517 §5. A key is found by its "kid" alone, so that no two may have the same; and a set of secrets
 * is no set of public keys (§5 has both, and whoever mixes them up publishes the secrets). */

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/jwk_members.h"
#include "core/jwk_parts.h"
#include "core/log.h"
#include "core/scrub.h"

struct bulla_jwk_set {
  size_t num;
  struct bulla_jwk *keys[BULLA_JWK_SET_MAX_KEYS];
};

void bulla_jwk_set_free(struct bulla_jwk_set **set) {
  struct bulla_jwk_set *handle = *set;
  if (handle == NULL) {
    return;
  }
  for (size_t i = 0; i < handle->num; i++) {
    bulla_jwk_free(&handle->keys[i]);
  }
  free(handle);
  *set = NULL;
}

const struct bulla_jwk *bulla_jwk_set_find(const struct bulla_jwk_set *set, struct bulla_span kid) {
  for (size_t i = 0; i < set->num && kid.len > 0; i++) {
    if (bulla_span_equal(bulla_jwk_kid(set->keys[i]), kid)) {
      return set->keys[i];
    }
  }
  return NULL;
}

const struct bulla_jwk *bulla_jwk_set_at(const struct bulla_jwk_set *set, size_t i) {
  return i < set->num ? set->keys[i] : NULL;
}

/* Moves |*jwk| into |set|. */
static enum bulla_status add(struct bulla_jwk_set *set, struct bulla_jwk **jwk) {
  if (bulla_jwk_set_find(set, bulla_jwk_kid(*jwk)) != NULL) {
    return bulla_explain(BULLA_REFUSED, "JWK Set: two keys have one \"kid\"");
  }
  if (set->num > 0 && (set->keys[0]->type == BULLA_KEY_OCT) != ((*jwk)->type == BULLA_KEY_OCT)) {
    return bulla_explain(BULLA_REFUSED, "JWK Set: some keys are symmetric and others are not");
  }
  set->keys[set->num] = *jwk;
  set->num++;
  *jwk = NULL;
  return BULLA_OK;
}

/* Takes one element of "keys". */
static enum bulla_status take_key(struct bulla_jwk_set *set, const struct bulla_json_value *element) {
  if (element->type != BULLA_JSON_OBJECT) {
    return bulla_explain(BULLA_INVALID_TEXT, "JWK Set: a key is no object");
  }
  struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
  enum bulla_status status = bulla_jwk_parse(&jwk, element->text);
  if (status == BULLA_UNSUPPORTED) {
    return BULLA_OK;
  }
  return status == BULLA_OK ? add(set, &jwk) : status;
}

static enum bulla_status take_keys(struct bulla_jwk_set *set, const struct bulla_json_value *keys) {
  struct bulla_span rest = keys->text;
  struct bulla_json_value element;
  for (size_t num = 0; bulla_json_next(&rest, &element); num++) {
    if (num == BULLA_JWK_SET_MAX_KEYS) {
      return bulla_explain(BULLA_TOO_LARGE, "JWK Set: more than %d keys", BULLA_JWK_SET_MAX_KEYS);
    }
    BULLA_TRY(take_key(set, &element));
  }
  return BULLA_OK;
}

/* Finds the member "keys" (§5.1); others are ignored. */
static enum bulla_status find_keys(struct bulla_json_value *keys, struct bulla_span json) {
  struct bulla_json_member members[BULLA_JWK_MAX_MEMBERS];
  size_t num;
  enum bulla_status status = bulla_json_read(members, &num, BULLA_JWK_MAX_MEMBERS, json);
  if (status != BULLA_OK) {
    return bulla_explain(status, "JWK Set: not strict JSON, or too deep");
  }
  if (num > BULLA_JWK_MAX_MEMBERS) {
    return bulla_explain(BULLA_TOO_LARGE, "JWK Set: too many members");
  }
  for (size_t i = 0; i < num; i++) {
    if (bulla_json_is_misspelled(&members[i].name, BULLA_LITERAL("keys"))) {
      return bulla_explain(BULLA_INVALID_TEXT, "JWK Set: \"keys\" in another case or with escapes");
    }
    if (bulla_span_equal(members[i].name.text, BULLA_LITERAL("keys"))) {
      *keys = members[i].value;
    }
  }
  return keys->type == BULLA_JSON_ARRAY ? BULLA_OK
                                        : bulla_explain(BULLA_INVALID_TEXT, "JWK Set: \"keys\" is missing or no array");
}

static enum bulla_status fill(struct bulla_jwk_set *set, struct bulla_span json) {
  struct bulla_json_value keys = {0};
  if (json.len > BULLA_JWK_SET_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "JWK Set: longer than %d bytes", BULLA_JWK_SET_MAX);
  }
  BULLA_TRY(find_keys(&keys, json));
  return take_keys(set, &keys);
}

enum bulla_status bulla_jwk_set_parse(struct bulla_jwk_set **set, struct bulla_span json) {
  *set = NULL;
  struct bulla_jwk_set *made BULLA_CLEANUP(bulla_jwk_set_free) = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = fill(made, json);
  bulla_scrub(BULLA_SCRUB_DEPTH);
  if (status == BULLA_OK) {
    *set = made;
    made = NULL;
  }
  return status;
}
