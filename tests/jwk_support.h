/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Keys for the tests of JWKs: tests/data/keys/ has pairs that OpenSSL made, as PEM, and beside each the JWK and the
 * thumbprint that Python's cryptography, json and hashlib made of it. */

#ifndef BULLA_TESTS_JWK_SUPPORT_H
#define BULLA_TESTS_JWK_SUPPORT_H

#include <stdarg.h>
#include <stdio.h>

#include <bulla/jose.h>

#include "core/json.h"
#include "tests/support.h"

enum { TEST_PAIRS = 5, TEST_KEY_FILE_MAX = 4096, TEST_MEMBERS_MAX = 16 };

static const char *const test_pairs[TEST_PAIRS] = {"p256", "p384", "p521", "x25519", "rsa"};

/* test_key_file returns what the file |name| with |suffix| holds. */
static inline struct bulla_span test_key_file(const char *name, const char *suffix) {
  char path[256];
  snprintf(path, sizeof(path), "%s/tests/data/keys/%s%s", BULLA_SOURCE_FOLDER, name, suffix);
  FILE *file = fopen(path, "rb");
  cr_assert_not_null(file, "%s", path);
  uint8_t *room = test_alloc(TEST_KEY_FILE_MAX);
  size_t len = fread(room, 1, TEST_KEY_FILE_MAX, file);
  cr_assert(len > 0 && len < TEST_KEY_FILE_MAX && fclose(file) == 0, "%s", path);
  return test_copy(bulla_span(room, len));
}

/* test_jwk_status returns how bulla_jwk_parse ends, and holds on to the key. */
static inline enum bulla_status test_jwk_status(struct bulla_jwk **jwk, struct bulla_span json) {
  enum bulla_status status = bulla_jwk_parse(jwk, json);
  cr_assert_eq(*jwk != NULL, status == BULLA_OK, "%.*s", (int)json.len, (const char *)json.data);
  test_keep(*jwk);
  return status;
}

static inline struct bulla_jwk *test_jwk(struct bulla_span json) {
  struct bulla_jwk *jwk = NULL;
  enum bulla_status status = test_jwk_status(&jwk, json);
  cr_assert_eq(status, BULLA_OK, "%s: %s, %.*s", bulla_status_text(status), test_told.text, (int)json.len,
               (const char *)json.data);
  return jwk;
}

/* test_refused asserts that |json| is refused with |wanted|, and that the log says why. */
static inline void test_refused(struct bulla_span json, enum bulla_status wanted, const char *what) {
  struct bulla_jwk *jwk = NULL;
  test_listen();
  enum bulla_status status = test_jwk_status(&jwk, json);
  cr_assert_eq(status, wanted, "%s: \"%s\", not \"%s\": %.*s", what, bulla_status_text(status),
               bulla_status_text(wanted), (int)json.len, (const char *)json.data);
  cr_assert(test_told.text[0] != '\0', "%s: nothing was logged", what);
  cr_assert_eq(test_told.status, wanted, "%s", what);
}

/* test_private returns |jwk| as bulla_jwk_write writes it. */
static inline struct bulla_span test_private(const struct bulla_jwk *jwk) {
  struct bulla_secret *json = NULL;
  TEST_OK(bulla_jwk_write(&json, jwk));
  struct bulla_span copy = test_copy(bulla_secret_bytes(json));
  bulla_secret_free(&json);
  return copy;
}

static inline struct bulla_span test_public(const struct bulla_jwk *jwk) {
  struct bulla_buffer json = test_room(BULLA_JWK_MAX);
  TEST_OK(bulla_jwk_write_public(&json, jwk));
  return test_copy(bulla_written(&json));
}

static inline struct bulla_span test_thumbprint(const struct bulla_jwk *jwk) {
  struct bulla_buffer thumbprint = test_room(32);
  TEST_OK(bulla_jwk_thumbprint(&thumbprint, jwk));
  return test_base64url(bulla_written(&thumbprint));
}

/* The members of a JWK, to be changed one at a time. */
struct test_members {
  struct bulla_json_member members[TEST_MEMBERS_MAX];
  size_t num;
};

static inline struct test_members test_members(struct bulla_span json) {
  struct test_members all;
  TEST_OK(bulla_json_read(all.members, &all.num, TEST_MEMBERS_MAX, json));
  cr_assert(all.num > 0 && all.num <= TEST_MEMBERS_MAX);
  return all;
}

/* test_object returns the object with, instead of the member number |which|, the text |instead|: members with commas
 * between them, or nothing. */
static inline struct bulla_span test_object(const struct test_members *all, size_t which, const char *instead) {
  struct bulla_buffer json = test_room(2 * TEST_KEY_FILE_MAX);
  struct bulla_json_writer out = bulla_json_writer(&json);
  bulla_json_begin(&out, '{');
  for (size_t i = 0; i < all->num; i++) {
    if (i != which) {
      bulla_json_member(&out, &all->members[i]);
    } else if (instead[0] != '\0') {
      bulla_json_text(&out, test_text(instead));
    }
  }
  bulla_json_end(&out, '}');
  TEST_OK(bulla_json_finish(&out));
  return test_copy(bulla_written(&json));
}

/* test_printf returns a text that stays. */
__attribute__((format(printf, 1, 2))) static inline const char *test_printf(const char *format, ...) {
  va_list arguments;
  char *text = (char *)test_alloc(2 * TEST_KEY_FILE_MAX);
  va_start(arguments, format);
  int len = vsnprintf(text, 2 * TEST_KEY_FILE_MAX, format, arguments);
  va_end(arguments);
  cr_assert(len > 0 && len < 2 * TEST_KEY_FILE_MAX);
  return text;
}

#endif
