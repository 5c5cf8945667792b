/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The straight way from most claims to their JSON: the same bytes as the general writer in token/claims_write.c makes
 * of them, where nothing has to be escaped, nothing is refused, and all fits. There is room for everything before the
 * first byte, so that nothing is asked between two of them. Whatever is not as expected is left to the general writer,
 * which begins anew. */

#include "core/digits.h"
#include "core/json_string.h"
#include "token/claims.h"

#define INLINE __attribute__((always_inline)) static inline

/* Where the next byte goes. */
struct pen {
  uint8_t *at;
  bool plain; /* so far */
};

/* Bytes of a literal, of which the compiler knows how many there are. */
INLINE void put(struct pen *out, const char *text, size_t len) {
  memcpy(out->at, text, len);
  out->at += len;
}

/* Behind |name|, to its opening quote, a string; or nothing if that is empty. */
INLINE void string(struct pen *out, struct bulla_span text, const char *name, size_t name_len) {
  if (text.len > 0) {
    put(out, name, name_len);
    out->plain = bulla_json_copy_plain(out->at, text.data, text.len) && out->plain;
    out->at[text.len] = '"';
    out->at += text.len + 1;
  }
}

INLINE void time(struct pen *out, int64_t time, const char *name, size_t name_len) {
  const int64_t LATEST = (int64_t)BULLA_TEN_DIGITS_MAX;
  put(out, name, name_len);
  out->plain = out->plain && time > LATEST / 10 && time <= LATEST;
  bulla_put_ten_digits(out->at, (uint64_t)time % (BULLA_TEN_DIGITS_MAX + 1));
  out->at += BULLA_TEN_DIGITS;
}

INLINE void nested(struct pen *out, struct bulla_span json, uint8_t bracket, const char *name, size_t name_len) {
  if (json.len > 0) {
    out->plain = out->plain && json.data[0] == bracket && bulla_claims_is_plain(json);
    put(out, name, name_len);
    memcpy(out->at, json.data, json.len);
    out->at += json.len;
  }
}

/* Says whether |json| has room for all of |claims|, with names, quotes and numbers. */
static bool have_room(const struct bulla_buffer *json, const struct bulla_claims *claims) {
  enum { REST = 200 };
  const struct bulla_span *all[] = {&claims->org, &claims->sub,   &claims->iss,  &claims->aud,
                                    &claims->jti, &claims->perms, &claims->attrs};
  size_t room = json->size;
  bool fits = room >= REST;
  room -= fits ? REST : 0;
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
    fits = fits && all[i]->len <= room;
    room -= fits ? all[i]->len : 0;
  }
  return fits;
}

#define NAME(text) (text), sizeof(text) - 1

bool bulla_claims_write_straight(struct bulla_buffer *json, const struct bulla_claims *claims) {
  if (claims->more.len > 0 || claims->org.len == 0 || !have_room(json, claims)) {
    return false;
  }
  struct pen out = {json->data, true};
  string(&out, claims->org, NAME("{\"org\":\""));
  string(&out, claims->sub, NAME(",\"sub\":\""));
  string(&out, claims->iss, NAME(",\"iss\":\""));
  string(&out, claims->aud, NAME(",\"aud\":\""));
  time(&out, claims->iat, NAME(",\"iat\":"));
  time(&out, claims->exp, NAME(",\"exp\":"));
  if (claims->nbf != 0) {
    time(&out, claims->nbf, NAME(",\"nbf\":"));
  }
  string(&out, claims->jti, NAME(",\"jti\":\""));
  nested(&out, claims->perms, '[', NAME(",\"perms\":"));
  nested(&out, claims->attrs, '{', NAME(",\"attrs\":"));
  put(&out, NAME("}"));
  json->len = (size_t)(out.at - json->data);
  return out.plain;
}
