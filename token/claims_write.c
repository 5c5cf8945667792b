/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims to JSON, see token/claims.h. */

#include "token/claims.h"

#include "core/json.h"

static void put_string(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span text) {
  if (text.len > 0) {
    bulla_json_name(out, name);
    bulla_json_string(out, text);
  }
}

static void put_json(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span json) {
  if (json.len > 0) {
    bulla_json_name(out, name);
    bulla_json_text(out, json);
  }
}

static void put_time(struct bulla_json_writer *out, struct bulla_span name, int64_t time) {
  bulla_json_name(out, name);
  bulla_json_int(out, time);
}

/* Adds the members of an object of the caller's. That none of them is there already, and all the rest, is
 * checked by reading what has been written. */
static enum bulla_status put_more(struct bulla_json_writer *out, struct bulla_span more) {
  size_t num_members = 0;
  if (more.len == 0) {
    return BULLA_OK;
  }
  if (bulla_json_read(NULL, &num_members, 0, more) != BULLA_OK) {
    return BULLA_INVALID_TEXT;
  }
  if (num_members == 0) {
    return BULLA_OK;
  }
  /* What is between the first brace and the last. */
  struct bulla_reader in = bulla_reader(more);
  struct bulla_span before;
  struct bulla_span inside;
  while (more.data[more.len - 1] != '}') {
    more.len--;
  }
  if (!bulla_take_until(&in, &before, '{') || !bulla_take(&in, &inside, more.len - before.len - 2)) {
    return BULLA_INVALID_TEXT;
  }
  bulla_json_text(out, inside);
  return BULLA_OK;
}

enum bulla_status bulla_claims_write(struct bulla_buffer *json, const struct bulla_claims *claims) {
  struct bulla_json_writer out = bulla_json_writer(json);
  bulla_json_begin(&out, '{');
  put_string(&out, BULLA_LITERAL("org"), claims->org);
  put_string(&out, BULLA_LITERAL("sub"), claims->sub);
  put_string(&out, BULLA_LITERAL("iss"), claims->iss);
  put_string(&out, BULLA_LITERAL("aud"), claims->aud);
  put_time(&out, BULLA_LITERAL("iat"), claims->iat);
  put_time(&out, BULLA_LITERAL("exp"), claims->exp);
  if (claims->nbf != 0) {
    put_time(&out, BULLA_LITERAL("nbf"), claims->nbf);
  }
  put_string(&out, BULLA_LITERAL("jti"), claims->jti);
  put_json(&out, BULLA_LITERAL("perms"), claims->perms);
  put_json(&out, BULLA_LITERAL("attrs"), claims->attrs);
  enum bulla_status status = put_more(&out, claims->more);
  bulla_json_end(&out, '}');
  return status == BULLA_OK ? bulla_json_finish(&out) : bulla_fail(json, status);
}
