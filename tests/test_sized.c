/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Structures that can grow: programs that are older or newer than the library. */

#include "core/sized.h"
#include "tests/token_support.h"

TEST_TOKEN_SUITE(sized);

/* A structure of a later version. */
struct later_claims {
  struct bulla_claims claims;
  uint64_t more;
};

Test(sized, a_shorter_structure_is_taken_with_zeros_behind_it) {
  struct later_claims ours;
  struct bulla_claims theirs = test_claims();
  memset(&ours, 0xa5, sizeof(ours));
  TEST_OK(bulla_sized_take(&ours, sizeof(ours), &theirs, BULLA_SIZE_TO(struct bulla_claims, json)));
  cr_expect_eq(ours.claims.size, sizeof(ours));
  cr_expect_eq(ours.claims.iat, theirs.iat);
  cr_expect_eq(ours.more, 0);
}

Test(sized, a_longer_structure_is_taken_if_it_asks_for_nothing_unknown) {
  struct later_claims theirs = {.claims = test_claims()};
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  theirs.claims.size = sizeof(theirs);
  TEST_OK(bulla_token_mint(issuer->minter, &token, &theirs.claims));
  theirs.more = 1;
  TEST_STATUS(bulla_token_mint(issuer->minter, &token, &theirs.claims), BULLA_UNSUPPORTED);
  TEST_FAILED(token, "a refused mint left something");
}

Test(sized, a_result_is_filled_as_far_as_both_know_it) {
  struct bulla_claims wanted = test_claims();
  struct bulla_span token = test_minted(issuer, &wanted);
  struct later_claims read;
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  memset(&read, 0xa5, sizeof(read));
  read.claims.size = sizeof(read);
  TEST_OK(bulla_token_verify(verifier, &read.claims, &payload, token, TEST_NOW));
  cr_expect_eq(read.claims.size, sizeof(read));
  cr_expect(test_same(read.claims.sub, wanted.sub));
  cr_expect_eq(read.more, 0);

  /* An older program has room for a part alone. */
  const struct bulla_claims ours = test_claims();
  uint8_t part[sizeof(ours)];
  size_t size = offsetof(struct bulla_claims, perms);
  memset(part, 0xa5, sizeof(part));
  memcpy(part, &size, sizeof(size));
  bulla_sized_give(part, size, &ours, sizeof(ours));
  cr_expect_eq(memcmp(part + sizeof(size), (const uint8_t *)&ours + sizeof(size), size - sizeof(size)), 0);
  for (size_t i = size; i < sizeof(part); i++) {
    cr_assert_eq(part[i], 0xa5, "byte %zu is not the library's", i);
  }
}

/* The |i|th size that no structure has, or 0 behind the last. */
static bool bad_size(size_t *bad, size_t i) {
  const size_t sizes[] = {0, 1, 16, 201, 1024, SIZE_MAX / 2, SIZE_MAX};
  *bad = i < sizeof(sizes) / sizeof(sizes[0]) ? sizes[i] : 0;
  return i < sizeof(sizes) / sizeof(sizes[0]);
}

Test(sized, a_structure_without_its_size_is_an_error_of_the_caller) {
  struct bulla_claims claims = test_claims();
  struct bulla_verifier_options options = BULLA_VERIFIER_OPTIONS_INIT;
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  struct bulla_memory_options memory = BULLA_MEMORY_OPTIONS_INIT;
  struct bulla_span token = test_minted(issuer, &claims);
  for (size_t i = 0; bad_size(&claims.size, i); i++) {
    struct bulla_buffer buffer = test_room(BULLA_PAYLOAD_SIZE);
    TEST_STATUS(bulla_token_mint(issuer->minter, &buffer, &claims), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(buffer, "%zu", i);
    TEST_STATUS(bulla_token_verify(verifier, &claims, &buffer, token, TEST_NOW), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(buffer, "%zu", i);
    TEST_STATUS(bulla_token_authenticate(verifier, &claims, &buffer, token), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(buffer, "%zu", i);
  }
  for (size_t i = 0; bad_size(&options.size, i); i++) {
    struct bulla_verifier *made = NULL;
    TEST_STATUS(bulla_verifier_new(&made, &options, test_find_key, &registry), BULLA_INVALID_ARGUMENT);
    cr_assert_null(made);
  }
  for (size_t i = 0; bad_size(&outline.size, i); i++) {
    TEST_STATUS(bulla_token_inspect(&outline, token), BULLA_INVALID_ARGUMENT);
  }
  for (size_t i = 0; bad_size(&memory.size, i); i++) {
    TEST_STATUS(bulla_memory_init(&memory), BULLA_INVALID_ARGUMENT);
  }
}

static struct bulla_claims *shrinking;

/* Another thread, or this, may write to what a call is to fill. */
static enum bulla_status shrink(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  (void)arg;
  (void)key_id;
  (void)key;
  shrinking->size = 0;
  return BULLA_NOT_FOUND;
}

Test(sized, a_size_is_read_once) {
  struct bulla_verifier *made = NULL;
  struct bulla_claims claims = test_claims();
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_span token = test_minted(issuer, &claims);
  shrinking = &claims;
  TEST_OK(bulla_verifier_new(&made, NULL, shrink, NULL));
  TEST_STATUS(bulla_token_verify(made, &claims, &payload, token, TEST_NOW), BULLA_REFUSED);
  cr_expect_eq(claims.sub.len, 0);
  bulla_verifier_free(&made);
}

Test(sized, options_may_be_left_out) {
  struct bulla_verifier *made = NULL;
  TEST_OK(bulla_verifier_new(&made, NULL, test_find_key, &registry));
  struct bulla_claims claims = test_claims();
  struct bulla_span token = test_minted(issuer, &claims);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  TEST_OK(bulla_token_verify(made, &claims, &payload, token, TEST_NOW));
  bulla_verifier_free(&made);
}
