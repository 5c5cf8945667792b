/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sets of JWKs, RFC 7517 §5: which are refused, what is left out, how a key is found. */

#include <bulla/jose.h>

#include "core/slab.h"
#include "tests/jwk_support.h"

#define K "\"k\":\"AAECAwQFBgcICQoLDA0ODw\""
#define OCT(kid) "{\"kty\":\"oct\",\"kid\":\"" kid "\"," K "}"
#define X(kid) \
  "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"" kid "\",\"x\":\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\"}"

TestSuite(jwk_set, .init = test_listen);

static enum bulla_status parse(struct bulla_jwk_set **set, struct bulla_span json) {
  enum bulla_status status = bulla_jwk_set_parse(set, test_copy(json));
  cr_assert_eq(*set != NULL, status == BULLA_OK);
  test_keep(*set);
  return status;
}

static size_t num_of(const struct bulla_jwk_set *set) {
  size_t num = 0;
  while (bulla_jwk_set_at(set, num) != NULL) {
    num++;
  }
  return num;
}

static const struct {
  const char *json;
  size_t num;
} good_rows[] = {
    {"{\"keys\":[]}", 0},
    {" { \"keys\" : [ " OCT("a") " , " OCT("b") " ] , \"more\" : { \"keys\" : 1 } } ", 2},
    {"{\"keys\":[" OCT("a") "," OCT("A") "]}", 2},
    {"{\"keys\":[" X("a") "," X("b") "," X("c") "]}", 3},
    /* Without "kid", and with an empty one, any number. */
    {"{\"keys\":[{\"kty\":\"oct\"," K "},{\"kty\":\"oct\"," K "}]}", 2},
    {"{\"keys\":[" OCT("") "," OCT("") "]}", 2},
    /* Left out: other kinds, curves, uses; whatever their "kid". */
    {"{\"keys\":[{\"kty\":\"AKP\",\"kid\":\"a\"}," X("a") "]}", 1},
    {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"kid\":7}," X("a") "]}", 1},
    {"{\"keys\":[" X("a") ",{\"kty\":\"oct\",\"use\":\"tls\",\"kid\":\"a\"," K "}]}", 1},
    {"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"no\"}]}", 0},
};

Test(jwk_set, keys_that_are_not_known_are_left_out) {
  for (size_t i = 0; i < sizeof(good_rows) / sizeof(good_rows[0]); i++) {
    struct bulla_jwk_set *set = NULL;
    TEST_OK(parse(&set, test_text(good_rows[i].json)));
    cr_assert_eq(num_of(set), good_rows[i].num, "%s: %zu", good_rows[i].json, num_of(set));
  }
}

static const struct {
  const char *json;
  enum bulla_status status;
} bad_rows[] = {
    {"", BULLA_INVALID_TEXT},
    {"{}", BULLA_INVALID_TEXT},
    {"[]", BULLA_INVALID_TEXT},
    {"{\"keys\":{}}", BULLA_INVALID_TEXT},
    {"{\"keys\":null}", BULLA_INVALID_TEXT},
    {"{\"keys\":\"\"}", BULLA_INVALID_TEXT},
    {"{\"keys\":[]", BULLA_INVALID_TEXT},
    {"{\"keys\":[],}", BULLA_INVALID_TEXT},
    {"{\"keys\":[],\"keys\":[]}", BULLA_INVALID_TEXT},
    {"{\"Keys\":[]}", BULLA_INVALID_TEXT},
    {"{\"keys\":[],\"KEYS\":[]}", BULLA_INVALID_TEXT},
    {"{\"key\\u0073\":[]}", BULLA_INVALID_TEXT},
    {"{\"keys\":[" OCT("a") ",null]}", BULLA_INVALID_TEXT},
    {"{\"keys\":[[" OCT("a") "]]}", BULLA_INVALID_TEXT},
    {"{\"keys\":[{}]}", BULLA_INVALID_TEXT},
    {"{\"keys\":[{\"kty\":\"oct\"}]}", BULLA_INVALID_TEXT},
    {"{\"keys\":[" OCT("a") ",{\"kty\":\"oct\",\"k\":\"A\"}]}", BULLA_INVALID_TEXT},
    {OCT("a"), BULLA_INVALID_TEXT},
    /* One "kid" twice, escaped or not, among others. */
    {"{\"keys\":[" OCT("a") "," OCT("a") "]}", BULLA_REFUSED},
    {"{\"keys\":[" X("a") "," X("b") "," X("\\u0061") "]}", BULLA_REFUSED},
    /* Some symmetric and others not. */
    {"{\"keys\":[" OCT("a") "," X("b") "]}", BULLA_REFUSED},
    {"{\"keys\":[" X("a") "," X("b") "," OCT("c") "]}", BULLA_REFUSED},
    {"{\"keys\":[{\"kty\":\"AKP\"}," X("b") "," OCT("c") "]}", BULLA_REFUSED},
    {"{\"keys\":[" X(
         "a") ",{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
     BULLA_REFUSED},
};

Test(jwk_set, what_is_malformed_doubled_or_mixed_is_refused) {
  for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
    struct bulla_jwk_set *set = NULL;
    test_listen();
    enum bulla_status status = parse(&set, test_text(bad_rows[i].json));
    cr_assert_eq(status, bad_rows[i].status, "%s: %s", bad_rows[i].json, bulla_status_text(status));
    cr_assert(test_told.text[0] != '\0', "%s: nothing was logged", bad_rows[i].json);
  }
}

Test(jwk_set, a_key_is_found_by_its_kid_alone) {
  struct bulla_jwk_set *set = NULL;
  TEST_OK(parse(&set, test_text("{\"keys\":[{\"kty\":\"oct\"," K "}," OCT("a") "," OCT("b\\u0062") "]}")));
  cr_assert_eq(bulla_jwk_set_find(set, test_text("a")), bulla_jwk_set_at(set, 1));
  cr_assert_eq(bulla_jwk_set_find(set, test_text("bb")), bulla_jwk_set_at(set, 2));
  cr_assert_null(bulla_jwk_set_find(set, test_text("")));
  cr_assert_null(bulla_jwk_set_find(set, test_text("A")));
  cr_assert_null(bulla_jwk_set_find(set, test_text("aa")));
  cr_assert_null(bulla_jwk_set_find(set, test_text("b")));
  cr_assert_null(bulla_jwk_set_at(set, 3));
  cr_assert_null(bulla_jwk_set_at(set, SIZE_MAX));
}

/* A set of |num| keys that are |json| with a "kid" each. */
static struct bulla_span set_of(size_t num, struct bulla_span json) {
  struct bulla_buffer text = test_room(BULLA_JWK_SET_MAX + 8192);
  struct bulla_writer out = bulla_writer(&text);
  bulla_put(&out, test_text("{\"keys\":["));
  for (size_t i = 0; i < num; i++) {
    bulla_put(&out, test_text(i == 0 ? "{" : ",{"));
    bulla_put(&out, test_text(test_printf("\"kid\":\"%zu\",", i)));
    bulla_put(&out, bulla_span(json.data + 1, json.len - 1));
  }
  bulla_put(&out, test_text("]}"));
  TEST_OK(bulla_writer_finish(&out));
  return test_copy(bulla_written(&text));
}

Test(jwk_set, a_set_has_at_most_64_keys) {
  struct bulla_jwk_set *set = NULL;
  TEST_OK(parse(&set, set_of(64, test_text("{\"kty\":\"oct\"," K "}"))));
  cr_assert_eq(num_of(set), 64);
  TEST_STATUS(parse(&set, set_of(65, test_text("{\"kty\":\"oct\"," K "}"))), BULLA_TOO_LARGE);
  /* Those that are left out count. */
  TEST_STATUS(parse(&set, set_of(65, test_text("{\"kty\":\"AKP\"}"))), BULLA_TOO_LARGE);
}

Test(jwk_set, a_set_has_at_most_65536_bytes) {
  struct bulla_span json = set_of(64, test_text("{\"kty\":\"oct\"," K "}"));
  uint8_t *text = test_alloc(BULLA_JWK_SET_MAX + 1);
  struct bulla_jwk_set *set = NULL;
  memset(text, ' ', BULLA_JWK_SET_MAX + 1);
  memcpy(text, json.data, json.len);
  TEST_OK(parse(&set, bulla_span(text, BULLA_JWK_SET_MAX)));
  TEST_STATUS(parse(&set, bulla_span(text, BULLA_JWK_SET_MAX + 1)), BULLA_TOO_LARGE);
}

Test(jwk_set, a_set_full_of_private_rsa_keys_fits_the_arena_and_leaves_nothing) {
  struct bulla_jwk *jwk = test_jwk(test_text(OCT("a")));
  size_t used = bulla_slab_usage().used;
  cr_assert_not_null(jwk);
  struct bulla_span json = test_key_file("rsa", ".jwk");
  size_t num = BULLA_JWK_SET_MAX / (json.len + 32);
  struct bulla_jwk_set *set = NULL;
  TEST_OK(bulla_jwk_set_parse(&set, set_of(num, json)));
  cr_assert_eq(num_of(set), num);
  cr_assert_lt(bulla_slab_usage().used - used, 64 * 2560);
  bulla_jwk_set_free(&set);
  cr_assert_null(set);
  cr_assert_eq(bulla_slab_usage().used, used);
  bulla_jwk_set_free(&set);
}

Test(jwk_set, a_refused_set_leaves_nothing_in_the_arena) {
  struct bulla_jwk *jwk = test_jwk(test_text(OCT("a")));
  size_t used = bulla_slab_usage().used;
  struct bulla_jwk_set *set = NULL;
  cr_assert_not_null(jwk);
  TEST_STATUS(bulla_jwk_set_parse(&set, test_text("{\"keys\":[" OCT("a") "," OCT("b") "," OCT("a") "]}")),
              BULLA_REFUSED);
  cr_assert_null(set);
  cr_assert_eq(bulla_slab_usage().used, used);
}
