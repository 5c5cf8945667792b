/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_token.h. */

#include "fuzz/model_token.h"

#include "fuzz/fuzz.h"
#include "fuzz/scan.h"

enum { MAX_MEMBERS = 64 };

void model_apikey_string(char string[BULLA_APIKEY_LEN + 1]) {
  uint8_t digest[32];
  int len = snprintf(string, BULLA_APIKEY_LEN + 1, "bulla_%s_", MODEL_APIKEY_ID);
  for (size_t i = 0; i < BULLA_KEY_LEN; i++) {
    len += snprintf(string + len, 3, "%02x", (unsigned)MODEL_KEY.data[i]);
  }
  model_sha256(digest, bulla_span(string, (size_t)len));
  for (size_t i = 0; i < 4; i++) {
    len += snprintf(string + len, 3, "%02x", (unsigned)digest[i]);
  }
  FUZZ_ASSERT(len == BULLA_APIKEY_LEN);
}

const struct model_gcm *model_day_key(int64_t day) {
  enum { NUM_CACHED = 8, ROOT_LEN = 32 };
  static struct {
    bool used;
    int64_t day;
    struct model_gcm gcm;
  } cache[NUM_CACHED];
  size_t i = (size_t)day % NUM_CACHED;
  if (!cache[i].used || cache[i].day != day) {
    uint8_t root[ROOT_LEN];
    uint8_t cek[ROOT_LEN];
    uint8_t info[] = {"bulla/v1/token????"};
    for (size_t at = 0; at < 4; at++) {
      info[sizeof(info) - 5 + at] = (uint8_t)(day >> (24 - 8 * at));
    }
    model_expand(root, sizeof(root), MODEL_KEY, BULLA_LITERAL("bulla/v1/token-root"));
    model_expand(cek, sizeof(cek), bulla_span(root, sizeof(root)), bulla_span(info, sizeof(info) - 1));
    model_gcm_set_key(&cache[i].gcm, bulla_span(cek, sizeof(cek)));
    cache[i].used = true;
    cache[i].day = day;
  }
  return &cache[i].gcm;
}

struct bulla_span model_day_header(char json[MODEL_HEADER_SIZE], int64_t day) {
  int len =
      snprintf(json, MODEL_HEADER_SIZE, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"%s.%lld\"}",
               MODEL_APIKEY_ID, (long long)day);
  return bulla_span(json, (size_t)len);
}

bool model_kid_read(struct bulla_span *key_id, int64_t *day, struct bulla_span json) {
  static char kid[64];
  char id[BULLA_APIKEY_ID_LEN + 1];
  char digits[8];
  int len = -1;
  struct model_header header = {0};
  bool good = model_header_read(&header, json) && bulla_span_equal(header.alg, BULLA_LITERAL("dir")) &&
              bulla_span_equal(header.enc, BULLA_LITERAL("A256GCM")) &&
              (header.typ.data == NULL || bulla_span_equal(header.typ, BULLA_LITERAL("JWT"))) && header.kid.len > 0 &&
              header.kid.len < sizeof(kid) && memchr(header.raw_kid.data, '\\', header.raw_kid.len) == NULL;
  if (good) {
    (void)snprintf(kid, sizeof(kid), "%.*s", (int)header.kid.len, (const char *)header.kid.data);
    good = sscanf(kid, "%16[0-9a-f].%7[0-9]%n", id, digits, &len) == 2 && len == (int)header.kid.len &&
           strlen(id) == BULLA_APIKEY_ID_LEN && (digits[0] != '0' || digits[1] == '\0');
  }
  if (good) {
    *key_id = bulla_span(kid, BULLA_APIKEY_ID_LEN);
    *day = strtol(digits, NULL, 10);
  }
  model_header_free(&header);
  return good && *day <= BULLA_DAY_LAST;
}

bool model_is_known(struct bulla_span key_id) {
  return key_id.data[0] != 'f';
}

/* An optional string. */
static bool get_text(struct bulla_span *text, json_t *tree, const char *name) {
  json_t *value = json_object_get(tree, name);
  *text = model_json_string(value);
  return value == NULL || text->len > 0;
}

/* A time, or |absent|. */
static bool get_time(int64_t *time, json_t *tree, const char *name, int64_t absent) {
  json_t *value = json_object_get(tree, name);
  *time = value == NULL ? absent : json_integer_value(value);
  return value == NULL || (json_is_integer(value) && *time >= 0 && *time <= model_time_max);
}

static bool are_permissions(json_t *perms) {
  size_t i;
  json_t *value;
  json_array_foreach(perms, i, value) {
    if (!json_is_string(value)) {
      return false;
    }
  }
  return perms == NULL || json_is_array(perms);
}

/* The text of "perms" and "attrs". */
static void find_texts(struct model_claims *claims, struct bulla_span json) {
  struct scan_member members[MAX_MEMBERS];
  size_t num = scan_members(members, MAX_MEMBERS, json);
  size_t i = 0;
  const char *name;
  json_t *value;
  json_object_foreach(claims->tree, name, value) {
    FUZZ_ASSERT(i < num);
    claims->perms = strcmp(name, "perms") == 0 ? members[i].value : claims->perms;
    claims->attrs = strcmp(name, "attrs") == 0 ? members[i].value : claims->attrs;
    i++;
  }
}

bool model_claims_read(struct model_claims *claims, struct bulla_span json) {
  *claims = (struct model_claims){.tree = model_json_load(json)};
  json_t *tree = claims->tree;
  if (tree == NULL || !model_json_is_strict(tree, json, MODEL_JSON_TOP) || json_object_size(tree) > MAX_MEMBERS) {
    return false;
  }
  json_t *attrs = json_object_get(tree, "attrs");
  find_texts(claims, json);
  return get_text(&claims->org, tree, "org") && get_text(&claims->sub, tree, "sub") &&
         get_text(&claims->iss, tree, "iss") && get_text(&claims->aud, tree, "aud") &&
         get_text(&claims->jti, tree, "jti") && get_time(&claims->iat, tree, "iat", -1) &&
         get_time(&claims->exp, tree, "exp", -1) && get_time(&claims->nbf, tree, "nbf", 0) &&
         get_time(&claims->orig_iat, tree, "orig_iat", claims->iat) &&
         are_permissions(json_object_get(tree, "perms")) && (attrs == NULL || json_is_object(attrs)) &&
         claims->org.len > 0 && claims->org.len <= 128 && claims->sub.len > 0 && claims->iat >= 0 &&
         claims->exp > claims->iat && claims->exp - claims->iat <= 86400 && claims->orig_iat <= claims->iat;
}

enum bulla_status model_judge(const struct model_claims *claims, const struct bulla_verifier_options *options,
                              int64_t day, int64_t now) {
  if (claims->iat / MODEL_DAY_SECONDS != day) {
    return BULLA_REFUSED;
  }
  if (!bulla_span_equal(claims->org, MODEL_ORG) ||
      (options->aud.len > 0 && !bulla_span_equal(options->aud, claims->aud)) ||
      (options->iss.len > 0 && !bulla_span_equal(options->iss, claims->iss))) {
    return BULLA_CLAIM_REFUSED;
  }
  if (claims->exp <= now - options->leeway) {
    return BULLA_EXPIRED;
  }
  if (claims->iat > now + options->leeway || claims->nbf > now + options->leeway) {
    return BULLA_NOT_YET_VALID;
  }
  return options->is_revoked != NULL && bulla_span_equal(claims->jti, MODEL_REVOKED) ? BULLA_REVOKED : BULLA_OK;
}

/* Division that rounds down, as the format says. */
static int64_t day_of(int64_t time) {
  return time / MODEL_DAY_SECONDS - (time % MODEL_DAY_SECONDS < 0 ? 1 : 0);
}

bool model_day_is_in_window(const struct bulla_verifier_options *options, int64_t day, int64_t now) {
  return day >= day_of(now - options->leeway - 86400) && day <= day_of(now + options->leeway);
}
