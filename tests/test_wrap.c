/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/wrap.h: the vault's own keys under the vault key. */

#include "core/cursor.h"
#include "store/wrap.h"
#include "tests/keyring_support.h"

static struct bulla_context context_of(const struct bulla_keyring *keyring, int64_t number) {
  struct bulla_context context;
  TEST_OK(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_HEAD_KEY, test_id(1), number));
  return context;
}

Test(wrap, what_was_wrapped_unwraps_in_its_context_under_its_key_and_whole) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring other = test_keyring(1, 3);
  struct bulla_secret *key = test_secret(test_filled(7, BULLA_KEY_LEN));
  struct bulla_buffer wrapped = test_room(BULLA_WRAPPED_MAX);
  struct bulla_context context = context_of(&keyring, 0);
  struct bulla_context another = context_of(&keyring, 1);
  TEST_OK(bulla_wrap(&wrapped, keyring.vault_key, key, &context));
  struct bulla_span whole = bulla_written(&wrapped);
  const struct {
    const struct bulla_key *under;
    struct bulla_span wrapped;
    const struct bulla_context *context;
    bool opens;
  } rows[] = {
      {keyring.vault_key, whole, &context, true},
      {keyring.vault_key, whole, &another, false},
      {other.vault_key, whole, &context, false},
      {keyring.vault_key, bulla_span(whole.data, whole.len - 1), &context, false},
      {keyring.vault_key, bulla_span(whole.data, 0), &context, false},
      {keyring.vault_key, test_filled(0, whole.len), &context, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_secret *opened = NULL;
    enum bulla_status status = bulla_unwrap(&opened, rows[i].under, rows[i].wrapped, rows[i].context);
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

/* The vault key seals nothing but keys; what else it would open is no key. */
Test(wrap, a_key_of_another_length_is_refused) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_context context = context_of(&keyring, 0);
  for (size_t len = BULLA_KEY_LEN - 1; len <= BULLA_KEY_LEN + 1; len++) {
    struct bulla_buffer sealed = test_room(BULLA_WRAPPED_MAX);
    struct bulla_secret *opened = NULL;
    TEST_OK(bulla_seal(keyring.vault_key, &sealed, test_filled(7, len), bulla_context_span(&context)));
    TEST_ROW(bulla_unwrap(&opened, keyring.vault_key, bulla_written(&sealed), &context),
             len == BULLA_KEY_LEN ? BULLA_OK : BULLA_REFUSED, len);
    bulla_secret_free(&opened);
  }
  bulla_keyring_free(&keyring);
}

Test(wrap, a_key_to_seal_with_is_made_of_what_was_wrapped) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring other = test_keyring(1, 3);
  struct bulla_secret *key = test_secret(test_filled(7, BULLA_KEY_LEN));
  struct bulla_key *same = test_key_of(7);
  struct bulla_key *opened = NULL;
  struct bulla_buffer wrapped = test_room(BULLA_WRAPPED_MAX);
  struct bulla_context context = context_of(&keyring, 0);
  TEST_OK(bulla_wrap(&wrapped, keyring.vault_key, key, &context));
  TEST_OK(bulla_unwrap_key(&opened, keyring.vault_key, bulla_written(&wrapped), &context));
  TEST_SPAN(bulla_key_id(opened), bulla_key_id(same), "key");
  bulla_key_free(&opened);
  TEST_STATUS(bulla_unwrap_key(&opened, other.vault_key, bulla_written(&wrapped), &context), BULLA_REFUSED);
  cr_expect_null(opened);
  bulla_key_free(&same);
  bulla_secret_free(&key);
  bulla_keyring_free(&other);
  bulla_keyring_free(&keyring);
}
