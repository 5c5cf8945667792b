/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the tests of tokens share: issuers, a verifier's callback, and tokens put together by hand from the
 * primitives, so that whatever a holder of the key could encrypt gets past the tag. */

#ifndef BULLA_TESTS_TOKEN_SUPPORT_H
#define BULLA_TESTS_TOKEN_SUPPORT_H

#include <bulla/token.h>

#include "tests/support.h"

#define TEST_DAY INT64_C(19675)
#define TEST_DAY_START (TEST_DAY * 86400)
#define TEST_NOW (TEST_DAY_START + 44800) /* 2023-11-14T12:26:40Z */

/* An API key that belongs to the tenant "acme", and what mints under it. */
struct test_issuer {
  struct bulla_apikey *apikey;
  struct bulla_minter *minter;
  struct bulla_span key_id;
};

struct test_issuer test_issuer(void);

/* What a verifier's callback knows. */
struct test_registry {
  struct test_issuer issuers[2];
  size_t num_issuers;
  enum bulla_status status; /* if not BULLA_OK, what it answers */
  _Atomic size_t num_calls; /* so far */
};

/* test_find_key is the callback; |registry| is its argument. */
enum bulla_status test_find_key(void *registry, struct bulla_span key_id, struct bulla_token_key *key);

/* test_verifier returns a verifier over |registry| that insists on nothing more; test_verifier_with one with
 * |options|. */
struct bulla_verifier *test_verifier(struct test_registry *registry);
struct bulla_verifier *test_verifier_with(struct test_registry *registry, struct bulla_verifier_options options);

/* TEST_TOKEN_SUITE is a suite whose tests begin with one issuer, which |registry| knows, and a verifier over that. */
#define TEST_TOKEN_SUITE(suite)           \
  static struct test_registry registry;   \
  static struct test_issuer *issuer;      \
  static struct bulla_verifier *verifier; \
  static void set_up(void) {              \
    registry.issuers[0] = test_issuer();  \
    registry.num_issuers = 1;             \
    issuer = &registry.issuers[0];        \
    verifier = test_verifier(&registry);  \
  }                                       \
  TestSuite(suite, .init = set_up)

/* TEST_OPTIONS are the options of a verifier, as an initialiser has them. */
#define TEST_OPTIONS(...)                                      \
  (struct bulla_verifier_options) {                            \
    .size = sizeof(struct bulla_verifier_options), __VA_ARGS__ \
  }

/* TEST_VERIFIER returns a verifier over the suite's registry, with these options. */
#define TEST_VERIFIER(...) test_verifier_with(&registry, TEST_OPTIONS(__VA_ARGS__))

/* test_claims returns claims with what is mandatory, of TEST_NOW. */
struct bulla_claims test_claims(void);

/* test_all_claims returns them with all that are optional. */
struct bulla_claims test_all_claims(void);

/* test_minted mints |claims| into a buffer that is exactly long enough. */
struct bulla_span test_minted(const struct test_issuer *issuer, const struct bulla_claims *claims);

/* test_token mints test_claims(). */
struct bulla_span test_token(const struct test_issuer *issuer);

/* test_root_of returns a token root that the callback would give. */
struct bulla_span test_root_of(const struct test_issuer *issuer);

/* test_cek returns the content encryption key of |day|: HKDF-Expand(root, "bulla/v1/token" | day). */
struct bulla_span test_cek(struct bulla_span root, int64_t day);

/* test_header returns the digits of the header that |json| describes: each "@" stands for |key_id|. */
struct bulla_span test_header(const char *json, struct bulla_span key_id);

/* test_own_header returns the digits of the header that minting writes. */
struct bulla_span test_own_header(struct bulla_span key_id, int64_t day);

/* test_seal_token returns the token with |header|, which is base64url already, and |claims| under |cek|. */
struct bulla_span test_seal_token(struct bulla_span cek, struct bulla_span header, struct bulla_span claims);

/* test_honest returns the token that |issuer| could make of any |claims|, on TEST_DAY. */
struct bulla_span test_honest(const struct test_issuer *issuer, struct bulla_span claims);

/* test_verify verifies |token| with a buffer of one and a half times its length, and asserts that a failure
 * leaves nothing in the outputs. */
enum bulla_status test_verify(struct bulla_verifier *verifier, struct bulla_claims *claims, struct bulla_span token,
                              int64_t now);

/* TEST_VERIFY asserts the status of test_verify; what follows says which row of a table it is. */
#define TEST_VERIFY(verifier, token, now, wanted, ...)                                \
  do {                                                                                \
    struct bulla_claims test_read = BULLA_CLAIMS_INIT;                                \
    cr_assert_eq(test_verify(verifier, &test_read, token, now), wanted, __VA_ARGS__); \
  } while (0)

/* test_claims_same says whether all claims but |more| are the same. */
bool test_claims_same(const struct bulla_claims *a, const struct bulla_claims *b);

#endif
