/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims to JSON, see token/claims.h. */

#include "token/claims.h"

#include "core/cleanup.h"

static inline void put_string(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span text) {
  if (text.len > 0) {
    bulla_json_quoted_name(out, name);
    bulla_json_string(out, text);
  }
}

/* Says whether |json| may fit at all: reading what cannot would be work for nothing. */
static bool may_fit(struct bulla_json_writer *out, struct bulla_span json) {
  out->bytes.overflow = out->bytes.overflow || json.len > out->bytes.out->size;
  return !out->bytes.overflow;
}

/* Writes JSON of the caller's, which must be one value and nothing else: text such as {},"perms":["admin"] would
 * bring in claims that nobody asked for. */
static inline void put_json(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span json,
                     enum bulla_json_type type) {
  struct bulla_json_value value;
  if (json.len == 0 || !may_fit(out, json)) {
    return;
  }
  if (!bulla_json_read_inside(&value, json) || value.type != type ||
      (type == BULLA_JSON_ARRAY && !value.all_strings)) {
    out->invalid = true;
    return;
  }
  bulla_json_quoted_name(out, name);
  bulla_json_text(out, value.text);
}

static inline void put_time(struct bulla_json_writer *out, struct bulla_span name, int64_t time) {
  bulla_json_quoted_name(out, name);
  bulla_json_int(out, time);
}

/* Says whether |more| may be added: an object of which no member has a meaning here. */
static bool may_be_added(struct bulla_span more, size_t *num_members) {
  struct bulla_json_member members[BULLA_JSON_MAX_OUTER - BULLA_CLAIMS_KNOWN];
  const size_t max = sizeof(members) / sizeof(members[0]);
  struct bulla_json_value whole;
  if (!bulla_json_read_inside(&whole, more) || bulla_json_read(members, num_members, max, more) != BULLA_OK ||
      *num_members > max) {
    return false;
  }
  for (size_t i = 0; i < *num_members; i++) {
    if (bulla_claims_find(&members[i].name) != BULLA_CLAIMS_KNOWN) {
      return false;
    }
  }
  return true;
}

/* Writes what is between the braces of |more|. */
static void put_more(struct bulla_json_writer *out, struct bulla_span more) {
  size_t num_members = 0;
  if (more.len == 0 || !may_fit(out, more)) {
    return;
  }
  if (!may_be_added(more, &num_members)) {
    out->invalid = true;
    return;
  }
  struct bulla_reader in = bulla_reader(more);
  struct bulla_span before;
  while (in.at[in.left - 1] != '}') {
    in.left--;
  }
  if (num_members > 0 && bulla_take_until(&in, &before, '{')) {
    bulla_json_text(out, bulla_span(in.at, in.left - 1));
  }
}

enum bulla_status bulla_claims_refresh(struct bulla_buffer *json, const struct bulla_claims *claims,
                                       struct bulla_span old) {
  struct bulla_json_member members[BULLA_CLAIMS_MAX];
  size_t num_members = 0;
  BULLA_TRY(bulla_json_read(members, &num_members, BULLA_CLAIMS_MAX, old));
  struct bulla_json_writer out = bulla_json_writer(json);
  size_t num_written = 3;
  bulla_json_begin(&out, '{');
  for (size_t i = 0; i < num_members; i++) {
    if (!bulla_claims_is_time(&members[i].name)) {
      bulla_json_member(&out, &members[i]);
      num_written++;
    }
  }
  /* Behind the others: a reader that counts the names before a nested one counts no more than it did. */
  put_time(&out, BULLA_LITERAL("\"iat\":"), claims->iat);
  put_time(&out, BULLA_LITERAL("\"exp\":"), claims->exp);
  put_time(&out, BULLA_LITERAL("\"orig_iat\":"), claims->orig_iat);
  bulla_json_end(&out, '}');
  return num_written > BULLA_CLAIMS_MAX ? bulla_fail(json, BULLA_TOO_LARGE) : bulla_json_finish(&out);
}

enum bulla_status bulla_claims_write(struct bulla_buffer *json, const struct bulla_claims *claims) {
  struct bulla_json_writer out = bulla_json_writer(json);
  bulla_json_begin(&out, '{');
  put_string(&out, BULLA_LITERAL("\"org\":"), claims->org);
  put_string(&out, BULLA_LITERAL("\"sub\":"), claims->sub);
  put_string(&out, BULLA_LITERAL("\"iss\":"), claims->iss);
  put_string(&out, BULLA_LITERAL("\"aud\":"), claims->aud);
  put_time(&out, BULLA_LITERAL("\"iat\":"), claims->iat);
  put_time(&out, BULLA_LITERAL("\"exp\":"), claims->exp);
  if (claims->nbf != 0) {
    put_time(&out, BULLA_LITERAL("\"nbf\":"), claims->nbf);
  }
  put_string(&out, BULLA_LITERAL("\"jti\":"), claims->jti);
  put_json(&out, BULLA_LITERAL("\"perms\":"), claims->perms, BULLA_JSON_ARRAY);
  put_json(&out, BULLA_LITERAL("\"attrs\":"), claims->attrs, BULLA_JSON_OBJECT);
  put_more(&out, claims->more);
  bulla_json_end(&out, '}');
  return bulla_json_finish(&out);
}
