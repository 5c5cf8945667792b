/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/context.h: what is bound to different places has different contexts. tests/test_format.c has their bytes. */

#include "core/cursor.h"
#include "store/context.h"
#include "tests/keyring_support.h"

enum { MAX_CONTEXTS = 80 };

static struct bulla_context made[MAX_CONTEXTS];
static size_t num_made;

/* Where the next context goes. */
static struct bulla_context *next(void) {
  cr_assert_lt(num_made, (size_t)MAX_CONTEXTS);
  return &made[num_made++];
}

static void make_of_binding(const struct bulla_keyring *keyring, const struct bulla_binding *binding) {
  TEST_OK(bulla_context_field(next(), keyring, binding));
  TEST_OK(bulla_context_mask(next(), keyring, binding));
  TEST_OK(bulla_context_plain(next(), keyring, binding, BULLA_LITERAL("a")));
  TEST_OK(bulla_context_plain(next(), keyring, binding, BULLA_LITERAL("")));
}

/* Each differs from the first in one part, or is cut elsewhere. */
static void make_of_records(const struct bulla_keyring *keyring) {
  const struct bulla_audit_record records[] = {
      {.seq = 1, .time = 2, .tenant_id = test_id(3), .op = BULLA_LITERAL("put"), .outcome = BULLA_LITERAL("done")},
      {.seq = 2, .time = 2, .tenant_id = test_id(3), .op = BULLA_LITERAL("put"), .outcome = BULLA_LITERAL("done")},
      {.seq = 1, .time = 1, .tenant_id = test_id(3), .op = BULLA_LITERAL("put"), .outcome = BULLA_LITERAL("done")},
      {.seq = 1, .time = 2, .tenant_id = test_id(4), .op = BULLA_LITERAL("put"), .outcome = BULLA_LITERAL("done")},
      {.seq = 1, .time = 2, .op = BULLA_LITERAL("put"), .outcome = BULLA_LITERAL("done")},
      {.seq = 1, .time = 2, .tenant_id = test_id(3), .op = BULLA_LITERAL("putd"), .outcome = BULLA_LITERAL("one")},
      {.seq = 1, .time = 2, .tenant_id = test_id(3), .op = BULLA_LITERAL("put"), .outcome = BULLA_LITERAL("gone")},
  };
  for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
    TEST_OK(bulla_context_detail(next(), keyring, test_id(1), &records[i]));
  }
  TEST_OK(bulla_context_detail(next(), keyring, test_id(2), &records[0]));
}

static void make_of_actors(const struct bulla_keyring *keyring) {
  const struct bulla_actor_statement actors[] = {
      {.id = test_id(1), .created = 1}, {.id = test_id(2), .created = 1}, {.id = test_id(1), .created = 2}};
  for (size_t i = 0; i < sizeof(actors) / sizeof(actors[0]); i++) {
    TEST_OK(bulla_context_actor_common(next(), keyring, &actors[i]));
  }
  const struct bulla_grant_statement grants[] = {
      {.id = test_id(1), .actor_id = test_id(2), .tenant_id = test_id(3), .role = BULLA_ROLE_USE, .epoch = 1},
      {.id = test_id(2), .actor_id = test_id(2), .tenant_id = test_id(3), .role = BULLA_ROLE_USE, .epoch = 1},
      {.id = test_id(1), .actor_id = test_id(1), .tenant_id = test_id(3), .role = BULLA_ROLE_USE, .epoch = 1},
      {.id = test_id(1), .actor_id = test_id(2), .tenant_id = test_id(2), .role = BULLA_ROLE_USE, .epoch = 1},
      {.id = test_id(1), .actor_id = test_id(2), .role = BULLA_ROLE_USE, .epoch = 1},
      {.id = test_id(1), .actor_id = test_id(2), .tenant_id = test_id(3), .role = BULLA_ROLE_PUT, .epoch = 1},
      {.id = test_id(1), .actor_id = test_id(2), .tenant_id = test_id(3), .role = BULLA_ROLE_USE, .epoch = 2},
  };
  for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
    TEST_OK(bulla_context_grant_key(next(), keyring, &grants[i]));
  }
}

static void make_all(const struct bulla_keyring *keyring) {
  /* The same bytes, cut elsewhere, are other parts. */
  const struct bulla_binding bindings[] = {
      {test_id(1), test_id(2), BULLA_LITERAL("field"), 1}, {test_id(2), test_id(2), BULLA_LITERAL("field"), 1},
      {test_id(1), test_id(1), BULLA_LITERAL("field"), 1}, {test_id(1), test_id(2), BULLA_LITERAL("fiel"), 1},
      {test_id(1), test_id(2), BULLA_LITERAL("field"), 2}, {test_id(1), test_id(2), BULLA_LITERAL("field"), INT64_MAX},
  };
  for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
    make_of_binding(keyring, &bindings[i]);
  }
  TEST_OK(bulla_context_apikey(next(), keyring, test_id(1), test_id(2)));
  TEST_OK(bulla_context_apikey(next(), keyring, test_id(2), test_id(1)));
  /* Every key that is wrapped, of the vault and of two owners. */
  for (int what = BULLA_WRAPPED_VAULT_KEY; what <= BULLA_WRAPPED_HEAD_KEY; what++) {
    TEST_OK(bulla_context_wrapped(next(), keyring, (enum bulla_wrapped)what, bulla_span(NULL, 0), 0));
    TEST_OK(bulla_context_wrapped(next(), keyring, (enum bulla_wrapped)what, test_id(1), 0));
    TEST_OK(bulla_context_wrapped(next(), keyring, (enum bulla_wrapped)what, test_id(1), 1));
    TEST_OK(bulla_context_wrapped(next(), keyring, (enum bulla_wrapped)what, test_id(2), 0));
  }
  TEST_OK(bulla_context_entry_name(next(), keyring, test_id(1), test_id(2), BULLA_LITERAL("n")));
  TEST_OK(bulla_context_entry_name(next(), keyring, test_id(1), test_id(2), BULLA_LITERAL("m")));
  TEST_OK(bulla_context_entry_name(next(), keyring, test_id(2), test_id(1), BULLA_LITERAL("n")));
  TEST_OK(bulla_context_entry_name(next(), keyring, test_id(1), bulla_span(NULL, 0), BULLA_LITERAL("n")));
  make_of_records(keyring);
  make_of_actors(keyring);
}

Test(context, no_two_places_and_no_two_vaults_have_one_in_common) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  num_made = 0;
  make_all(&keyring);
  cr_assert_eq(num_made, 24 + 2 + 32 + 4 + 8 + 10);
  for (size_t i = 0; i < num_made; i++) {
    for (size_t j = 0; j < i; j++) {
      cr_expect_not(bulla_span_equal(bulla_context_span(&made[i]), bulla_context_span(&made[j])), "%zu and %zu", i, j);
    }
  }
  struct bulla_context here;
  struct bulla_context elsewhere;
  TEST_OK(bulla_context_wrapped(&here, &keyring, BULLA_WRAPPED_AUDIT_KEY, bulla_span(NULL, 0), 0));
  keyring.uuid[15] ^= 1;
  TEST_OK(bulla_context_wrapped(&elsewhere, &keyring, BULLA_WRAPPED_AUDIT_KEY, bulla_span(NULL, 0), 0));
  cr_expect_not(bulla_span_equal(bulla_context_span(&here), bulla_context_span(&elsewhere)));
  bulla_keyring_free(&keyring);
}

Test(context, names_of_any_length_fit_and_what_is_longer_is_refused) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_context context;
  const struct bulla_binding longest = {test_id(1), test_id(2), test_filled('f', 128), INT64_MAX};
  const struct bulla_binding longer = {test_id(1), test_id(2), test_filled('f', BULLA_CONTEXT_MAX), 1};
  TEST_OK(bulla_context_plain(&context, &keyring, &longest, test_filled('v', 65536)));
  TEST_OK(bulla_context_entry_name(&context, &keyring, test_id(1), test_id(2), test_filled('n', 128)));
  cr_expect_neq(bulla_context_field(&context, &keyring, &longer), BULLA_OK);
  bulla_keyring_free(&keyring);
}
