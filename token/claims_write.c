/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims to JSON, see token/claims.h. */

#include "token/claims.h"

#include "core/cleanup.h"
#include "core/log.h"

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

/* Says why JSON of the caller's is not accepted. */
static enum bulla_status explain(enum bulla_status status, const char *name, const char *kind) {
  return status == BULLA_TOO_LARGE
             ? bulla_explain(status,
                             "%s: a token has at most %d claims, in at most %d levels with %d names open at once", name,
                             BULLA_CLAIMS_MAX, BULLA_JSON_MAX_DEPTH, BULLA_JSON_MAX_NAMES)
             : bulla_explain(BULLA_INVALID_TEXT, "%s: not %s in strict JSON", name, kind);
}

/* Writes an array of strings of the caller's, which must be one value and nothing else, as must an object: text
 * such as
 * {},"perms":["admin"] would bring in claims that nobody asked for. */
static inline enum bulla_status put_perms(struct bulla_json_writer *out, struct bulla_span perms) {
  struct bulla_json_value value;
  if (perms.len == 0 || !may_fit(out, perms)) {
    return BULLA_OK;
  }
  if (bulla_json_read_inside(&value, 0, perms) != BULLA_OK || !value.all_strings) {
    return explain(BULLA_INVALID_TEXT, "perms", "an array of strings");
  }
  bulla_json_quoted_name(out, BULLA_LITERAL("\"perms\":"));
  bulla_json_text(out, value.text);
  return BULLA_OK;
}

static inline enum bulla_status put_attrs(struct bulla_json_writer *out, struct bulla_span attrs, size_t num_before) {
  struct bulla_json_value value;
  if (attrs.len == 0 || !may_fit(out, attrs)) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_json_read_inside(&value, num_before, attrs);
  if (status != BULLA_OK || value.type != BULLA_JSON_OBJECT) {
    return explain(status, "attrs", "an object");
  }
  bulla_json_quoted_name(out, BULLA_LITERAL("\"attrs\":"));
  bulla_json_text(out, value.text);
  return BULLA_OK;
}

static inline void put_time(struct bulla_json_writer *out, struct bulla_span name, int64_t time) {
  bulla_json_quoted_name(out, name);
  bulla_json_int(out, time);
}

/* Says whether |more| may be added: an object of which no member has a meaning here. */
static enum bulla_status check_more(size_t *num_members, struct bulla_span more, size_t num_before) {
  struct bulla_json_member members[BULLA_CLAIMS_MAX];
  enum bulla_status status = bulla_json_read_behind(members, num_members, BULLA_CLAIMS_MAX, num_before, more);
  if (status != BULLA_OK) {
    return explain(status, "own claims", "an object");
  }
  for (size_t i = 0; i < *num_members && i < BULLA_CLAIMS_MAX; i++) {
    size_t known = bulla_claims_find(&members[i].name);
    if (known != BULLA_CLAIMS_KNOWN) {
      return bulla_explain(BULLA_INVALID_TEXT, "own claims: \"%s\" is not one of them: it is set by itself",
                           bulla_claims_name(known));
    }
  }
  return *num_members <= BULLA_CLAIMS_MAX - num_before
             ? BULLA_OK
             : bulla_explain(BULLA_TOO_LARGE, "%zu own claims and %zu others: a token has at most %d", *num_members,
                             num_before, BULLA_CLAIMS_MAX);
}

/* Writes what is between the braces of |more|. */
static enum bulla_status put_more(struct bulla_json_writer *out, struct bulla_span more, size_t num_before) {
  size_t num_members = 0;
  if (more.len == 0 || !may_fit(out, more)) {
    return BULLA_OK;
  }
  BULLA_TRY(check_more(&num_members, more, num_before));
  struct bulla_reader in = bulla_reader(more);
  struct bulla_span before;
  while (in.at[in.left - 1] != '}') {
    in.left--;
  }
  if (num_members > 0 && bulla_take_until(&in, &before, '{')) {
    bulla_json_text(out, bulla_span(in.at, in.left - 1));
  }
  return BULLA_OK;
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

/* Writes the claims that may be nested, behind |num_before| others. */
static inline enum bulla_status put_nested(struct bulla_json_writer *out, const struct bulla_claims *claims,
                                           size_t num_before) {
  BULLA_TRY(put_perms(out, claims->perms));
  num_before += claims->perms.len > 0 ? 1 : 0;
  BULLA_TRY(put_attrs(out, claims->attrs, num_before));
  num_before += claims->attrs.len > 0 ? 1 : 0;
  return put_more(out, claims->more, num_before);
}

enum bulla_status bulla_claims_write_any(struct bulla_buffer *json, const struct bulla_claims *claims) {
  struct bulla_json_writer out = bulla_json_writer(json);
  size_t num_before = 4; /* org, sub, iat, exp */
  num_before += (size_t)(claims->iss.len > 0) + (claims->aud.len > 0) + (claims->nbf != 0) + (claims->jti.len > 0);
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
  enum bulla_status status = put_nested(&out, claims, num_before);
  if (status != BULLA_OK) {
    return bulla_fail(json, status);
  }
  bulla_json_end(&out, '}');
  return bulla_json_finish(&out);
}

enum bulla_status bulla_claims_write(struct bulla_buffer *json, const struct bulla_claims *claims) {
  return bulla_claims_write_straight(json, claims) ? BULLA_OK : bulla_claims_write_any(json, claims);
}
