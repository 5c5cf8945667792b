/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/wrap.h: the vault's own keys under the root. */

#include "core/cursor.h"
#include "store/wrap.h"
#include "tests/keyring_support.h"

static struct bulla_context context_of(const struct bulla_keyring *keyring, int64_t epoch) {
  struct bulla_context context;
  TEST_OK(bulla_context_audit_key(&context, keyring, epoch));
  return context;
}

Test(wrap, what_was_wrapped_unwraps_in_its_context_under_its_root_and_whole) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring other = test_keyring(1, 3);
  struct bulla_secret *key = test_secret(test_filled(7, BULLA_KEY_LEN));
  struct bulla_buffer wrapped = test_room(BULLA_WRAPPED_MAX);
  struct bulla_context context = context_of(&keyring, 0);
  struct bulla_context another = context_of(&keyring, 1);
  TEST_OK(bulla_wrap(&wrapped, &keyring, key, &context));
  struct bulla_span whole = bulla_written(&wrapped);
  const struct {
    const struct bulla_keyring *keyring;
    struct bulla_span wrapped;
    const struct bulla_context *context;
    bool opens;
  } rows[] = {
      {&keyring, whole, &context, true},
      {&keyring, whole, &another, false},
      {&other, whole, &context, false},
      {&keyring, bulla_span(whole.data, whole.len - 1), &context, false},
      {&keyring, bulla_span(whole.data, 0), &context, false},
      {&keyring, test_filled(0, whole.len), &context, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_secret *opened = NULL;
    enum bulla_status status = bulla_unwrap(&opened, rows[i].keyring, rows[i].wrapped, rows[i].context);
    TEST_ROW(status, rows[i].opens ? BULLA_OK : BULLA_REFUSED, i);
    cr_expect_eq(opened != NULL, rows[i].opens, "row %zu", i);
    if (opened != NULL) {
      TEST_SPAN(bulla_secret_bytes(opened), bulla_secret_bytes(key), "key");
    }
    bulla_secret_free(&opened);
  }
  bulla_secret_free(&key);
  bulla_keyring_free(&other);
  bulla_keyring_free(&keyring);
}

/* The root seals nothing but keys; what else it would open is no key. */
Test(wrap, a_key_of_another_length_is_refused) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_context context = context_of(&keyring, 0);
  for (size_t len = BULLA_KEY_LEN - 1; len <= BULLA_KEY_LEN + 1; len++) {
    struct bulla_buffer sealed = test_room(BULLA_WRAPPED_MAX);
    struct bulla_secret *opened = NULL;
    TEST_OK(bulla_seal(keyring.root, &sealed, test_filled(7, len), bulla_context_span(&context)));
    TEST_ROW(bulla_unwrap(&opened, &keyring, bulla_written(&sealed), &context),
             len == BULLA_KEY_LEN ? BULLA_OK : BULLA_REFUSED, len);
    bulla_secret_free(&opened);
  }
  bulla_keyring_free(&keyring);
}
