/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_header.h. */

#include <strings.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_header.h"
#include "fuzz/scan.h"

enum { MAX_MEMBERS = 32 };

/* RFC 7516 §4.1.1 to §4.1.13, RFC 7518 §4.6.1, §4.7.1 and §4.8.1. */
static const char *const registered[] = {
    "alg", "enc", "zip",  "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256",
    "typ", "cty", "crit", "epk", "apu", "apv", "iv",  "tag", "p2s", "p2c",
};

static bool is_one_of(const char *name, const char *const *names) {
  while (*names != NULL && strcmp(name, *names) != 0) {
    names++;
  }
  return *names != NULL;
}

static bool is_acceptable(enum model_place place, const char *name, json_t *value) {
  static const char *const refused[] = {"crit", "zip", "p2s", "p2c", NULL};
  static const char *const strings[] = {"alg", "enc", "kid", "typ", "apu", "apv", "iv", "tag", NULL};
  for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]); i++) {
    if (strcasecmp(name, registered[i]) == 0 && strcmp(name, registered[i]) != 0) {
      return false;
    }
  }
  return !is_one_of(name, refused) && (!is_one_of(name, strings) || json_is_string(value)) &&
         (strcmp(name, "epk") != 0 || json_is_object(value)) &&
         (strcmp(name, "enc") != 0 || place == MODEL_PROTECTED) &&
         (strcmp(name, "alg") != 0 || place != MODEL_UNPROTECTED);
}

bool model_jose_read(struct model_jose *header, enum model_place place, struct bulla_span json) {
  struct scan_member members[MAX_MEMBERS];
  json_t *tree = model_json_load(json);
  bool good = tree != NULL && model_json_is_strict(tree, json, MODEL_JSON_TOP) && json_object_size(tree) <= MAX_MEMBERS;
  size_t num = good ? scan_members(members, MAX_MEMBERS, json) : 0;
  for (size_t i = 0; i < num; i++) {
    good = good && memchr(members[i].name.data, '\\', members[i].name.len) == NULL;
  }
  const char *name;
  json_t *value;
  json_object_foreach(good ? tree : NULL, name, value) {
    good = good && is_acceptable(place, name, value) && model_jose_get(header, name) == NULL;
  }
  if (!good) {
    json_decref(tree);
    return false;
  }
  header->trees[header->num] = tree;
  header->texts[header->num++] = json;
  return true;
}

void model_jose_free(struct model_jose *header) {
  for (size_t i = 0; i < header->num; i++) {
    json_decref(header->trees[i]);
  }
  header->num = 0;
}

json_t *model_jose_get(const struct model_jose *header, const char *name) {
  json_t *value = NULL;
  for (size_t i = 0; i < header->num && value == NULL; i++) {
    value = json_object_get(header->trees[i], name);
  }
  return value;
}

struct bulla_span model_jose_raw(const struct model_jose *header, const char *name) {
  struct scan_member members[MAX_MEMBERS];
  for (size_t i = 0; i < header->num; i++) {
    size_t num = scan_members(members, MAX_MEMBERS, header->texts[i]);
    for (size_t j = 0; j < num; j++) {
      if (bulla_span_equal(members[j].name, bulla_span(name, strlen(name)))) {
        return members[j].value;
      }
    }
  }
  return bulla_span(NULL, 0);
}
