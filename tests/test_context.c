/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/context.h: what is bound to different places has different contexts. tests/test_format.c has their bytes. */

#include "core/cursor.h"
#include "store/context.h"
#include "tests/keyring_support.h"

enum { MAX_CONTEXTS = 64 };

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
  TEST_OK(bulla_context_tenant_key(next(), keyring, test_id(1), 1));
  TEST_OK(bulla_context_tenant_key(next(), keyring, test_id(1), 2));
  TEST_OK(bulla_context_tenant_key(next(), keyring, test_id(2), 1));
  TEST_OK(bulla_context_name_key(next(), keyring));
  TEST_OK(bulla_context_name(next(), keyring, test_id(1), bulla_span(NULL, 0), BULLA_LITERAL("n")));
  TEST_OK(bulla_context_name(next(), keyring, test_id(1), test_id(2), BULLA_LITERAL("n")));
  TEST_OK(bulla_context_name(next(), keyring, test_id(1), test_id(2), BULLA_LITERAL("m")));
  TEST_OK(bulla_context_audit_key(next(), keyring, 0));
  TEST_OK(bulla_context_audit_key(next(), keyring, 1));
}

Test(context, no_two_places_and_no_two_vaults_have_one_in_common) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  num_made = 0;
  make_all(&keyring);
  cr_assert_gt(num_made, 30);
  for (size_t i = 0; i < num_made; i++) {
    for (size_t j = 0; j < i; j++) {
      cr_expect_not(bulla_span_equal(bulla_context_span(&made[i]), bulla_context_span(&made[j])), "%zu and %zu", i, j);
    }
  }
  struct bulla_context here;
  struct bulla_context elsewhere;
  TEST_OK(bulla_context_name_key(&here, &keyring));
  keyring.uuid[15] ^= 1;
  TEST_OK(bulla_context_name_key(&elsewhere, &keyring));
  cr_expect_not(bulla_span_equal(bulla_context_span(&here), bulla_context_span(&elsewhere)));
  bulla_keyring_free(&keyring);
}

Test(context, names_of_any_length_fit_and_what_is_longer_is_refused) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_context context;
  const struct bulla_binding longest = {test_id(1), test_id(2), test_filled('f', 128), INT64_MAX};
  const struct bulla_binding longer = {test_id(1), test_id(2), test_filled('f', BULLA_CONTEXT_MAX), 1};
  TEST_OK(bulla_context_plain(&context, &keyring, &longest, test_filled('v', 65536)));
  TEST_OK(bulla_context_name(&context, &keyring, test_id(1), test_id(2), test_filled('n', 128)));
  cr_expect_neq(bulla_context_field(&context, &keyring, &longer), BULLA_OK);
  bulla_keyring_free(&keyring);
}
