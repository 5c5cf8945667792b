/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What verified claims hold beyond struct bulla_claims: permissions, attributes, and claims of the issuer's own. The
 * JSON was checked as it was verified; here it is only walked over. */

#include "core/cleanup.h"
#include "core/json.h"
#include "core/log.h"
#include "token/claims.h"

/* Finds the member |name| of |object|, which may be empty. */
static enum bulla_status find(struct bulla_json_value *value, struct bulla_span object, struct bulla_span name) {
  struct bulla_json_member member;
  while (bulla_json_next_member(&object, &member)) {
    if (bulla_json_equal(&member.name, name)) {
      *value = member.value;
      return BULLA_OK;
    }
  }
  return BULLA_NOT_FOUND;
}

/* The same for a member of the token that has no place in struct bulla_claims. */
static enum bulla_status find_own(struct bulla_json_value *value, const struct bulla_claims *claims,
                                  struct bulla_span name) {
  struct bulla_json_member member;
  struct bulla_span object = claims->json;
  while (bulla_json_next_member(&object, &member)) {
    if (bulla_json_equal(&member.name, name)) {
      *value = member.value;
      return bulla_claims_find(&member.name) == BULLA_CLAIMS_KNOWN ? BULLA_OK : BULLA_NOT_FOUND;
    }
  }
  return BULLA_NOT_FOUND;
}

static enum bulla_status another_type(void) {
  return bulla_explain(BULLA_CLAIM_REFUSED, "a member of the claims has another type");
}

/* Ends a look-up that came to |status|, for each type. */
static enum bulla_status as_text(struct bulla_buffer *text, enum bulla_status status,
                                 const struct bulla_json_value *value) {
  if (status == BULLA_OK && value->type != BULLA_JSON_STRING) {
    status = another_type();
  }
  if (status != BULLA_OK) {
    return bulla_fail(text, status);
  }
  struct bulla_writer writer = bulla_writer(text);
  bulla_json_unescape(&writer, value);
  return bulla_writer_finish(&writer);
}

static enum bulla_status as_int(int64_t *number, enum bulla_status status, const struct bulla_json_value *value) {
  *number = 0;
  BULLA_TRY(status);
  return bulla_json_int64(number, value) ? BULLA_OK : another_type();
}

static enum bulla_status as_bool(bool *truth, enum bulla_status status, const struct bulla_json_value *value) {
  *truth = false;
  BULLA_TRY(status);
  *truth = value->type == BULLA_JSON_TRUE;
  return *truth || value->type == BULLA_JSON_FALSE ? BULLA_OK : another_type();
}

static enum bulla_status as_json(struct bulla_span *json, enum bulla_status status,
                                 const struct bulla_json_value *value) {
  *json = bulla_span(NULL, 0);
  BULLA_TRY(status);
  /* The view of a string is without its quotes, which stand beside it. */
  size_t quote = value->type == BULLA_JSON_STRING ? 1 : 0;
  *json = bulla_span(value->text.data - quote, value->text.len + 2 * quote);
  return BULLA_OK;
}

enum bulla_status bulla_claims_attr_text(const struct bulla_claims *claims, struct bulla_buffer *text,
                                         struct bulla_span name) {
  struct bulla_json_value value;
  return as_text(text, find(&value, claims->attrs, name), &value);
}

enum bulla_status bulla_claims_attr_int(const struct bulla_claims *claims, int64_t *number, struct bulla_span name) {
  struct bulla_json_value value;
  return as_int(number, find(&value, claims->attrs, name), &value);
}

enum bulla_status bulla_claims_attr_bool(const struct bulla_claims *claims, bool *truth, struct bulla_span name) {
  struct bulla_json_value value;
  return as_bool(truth, find(&value, claims->attrs, name), &value);
}

enum bulla_status bulla_claims_attr_json(const struct bulla_claims *claims, struct bulla_span *json,
                                         struct bulla_span name) {
  struct bulla_json_value value;
  return as_json(json, find(&value, claims->attrs, name), &value);
}

enum bulla_status bulla_claims_own_text(const struct bulla_claims *claims, struct bulla_buffer *text,
                                        struct bulla_span name) {
  struct bulla_json_value value;
  return as_text(text, find_own(&value, claims, name), &value);
}

enum bulla_status bulla_claims_own_int(const struct bulla_claims *claims, int64_t *number, struct bulla_span name) {
  struct bulla_json_value value;
  return as_int(number, find_own(&value, claims, name), &value);
}

enum bulla_status bulla_claims_own_bool(const struct bulla_claims *claims, bool *truth, struct bulla_span name) {
  struct bulla_json_value value;
  return as_bool(truth, find_own(&value, claims, name), &value);
}

enum bulla_status bulla_claims_own_json(const struct bulla_claims *claims, struct bulla_span *json,
                                        struct bulla_span name) {
  struct bulla_json_value value;
  return as_json(json, find_own(&value, claims, name), &value);
}

enum bulla_status bulla_claims_next_perm(const struct bulla_claims *claims, size_t *at,
                                         struct bulla_buffer *permission) {
  struct bulla_json_value element;
  size_t done = *at < claims->perms.len ? *at : claims->perms.len;
  struct bulla_span rest = bulla_span(claims->perms.data + done, claims->perms.len - done);
  if (claims->perms.len == 0 || !bulla_json_next(&rest, &element)) {
    return bulla_fail(permission, BULLA_NOT_FOUND);
  }
  struct bulla_writer writer = bulla_writer(permission);
  bulla_json_unescape(&writer, &element);
  BULLA_TRY(bulla_writer_finish(&writer));
  *at = claims->perms.len - rest.len;
  return BULLA_OK;
}
