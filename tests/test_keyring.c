/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/keyring.h, and store/wrapped_key.h, which fills it. */

#include "core/cursor.h"
#include "store/wrapped_key.h"
#include "tests/keyring_support.h"

static struct bulla_key *key_of(uint8_t byte) {
  struct bulla_secret *material = test_secret(test_filled(byte, BULLA_KEY_LEN));
  struct bulla_key *key = NULL;
  TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  bulla_secret_free(&material);
  return key;
}

/* Keeps the key of |byte|, and returns its id. */
static struct bulla_span keep(struct bulla_keyring *keyring, uint8_t byte) {
  struct bulla_key *key = key_of(byte);
  struct bulla_span id = test_copy(bulla_key_id(key));
  bulla_keyring_keep(keyring, &key, test_id(byte), byte);
  cr_assert_null(key, "it is the keyring's now");
  return id;
}

Test(keyring, a_key_is_found_by_its_id_with_what_it_was_kept_for) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_span first = keep(&keyring, 10);
  struct bulla_span second = keep(&keyring, 11);
  const struct bulla_cached_key *found = bulla_keyring_find(&keyring, second);
  cr_assert_not_null(found);
  TEST_SPAN(bulla_key_id(found->key), second, "id");
  TEST_SPAN(bulla_span(found->tenant_id, BULLA_ID_LEN), test_id(11), "tenant");
  cr_expect_eq(found->version, 11);
  cr_expect_not_null(bulla_keyring_find(&keyring, first));
  cr_expect_null(bulla_keyring_find(&keyring, test_id(10)));
  cr_expect_null(bulla_keyring_find(&keyring, bulla_span(NULL, 0)));
  bulla_keyring_free(&keyring);
}

Test(keyring, a_full_one_forgets_the_others_and_goes_on) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_span first = keep(&keyring, 0);
  for (size_t i = 1; i < BULLA_CACHED_KEYS; i++) {
    (void)keep(&keyring, (uint8_t)i);
  }
  cr_expect_not_null(bulla_keyring_find(&keyring, first));
  struct bulla_span last = keep(&keyring, 200);
  cr_expect_null(bulla_keyring_find(&keyring, first));
  cr_expect_not_null(bulla_keyring_find(&keyring, last));
  cr_expect_eq(keyring.num_cached, 1);
  bulla_keyring_free(&keyring);
}

Test(keyring, what_is_offered_is_kept_if_it_is_new_and_there_is_room) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_key *key = key_of(10);
  struct bulla_span id = test_copy(bulla_key_id(key));
  bulla_keyring_offer(&keyring, &key, test_id(10), 10, 0);
  cr_assert_null(key);
  cr_assert_not_null(bulla_keyring_pin(&keyring, id));
  bulla_keyring_unpin(&keyring);
  key = key_of(10);
  bulla_keyring_offer(&keyring, &key, test_id(10), 10, 0);
  cr_expect_not_null(key, "it is there already");
  bulla_key_free(&key);
  for (size_t i = 1; i < BULLA_CACHED_KEYS; i++) {
    (void)keep(&keyring, (uint8_t)(10 + i));
  }
  key = key_of(200);
  bulla_keyring_offer(&keyring, &key, test_id(200), 1, 0);
  cr_expect_not_null(key, "there is no room, and others may be in use");
  cr_expect_not_null(bulla_keyring_find(&keyring, id));
  bulla_key_free(&key);
  bulla_keyring_free(&keyring);
}

Test(keyring, what_was_read_before_something_was_forgotten_is_not_kept) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_key *key = key_of(10);
  uint64_t num_forgotten = keyring.num_forgotten;
  bulla_keyring_forget(&keyring);
  bulla_keyring_offer(&keyring, &key, test_id(10), 10, num_forgotten);
  cr_expect_not_null(key);
  cr_expect_eq(keyring.num_cached, 0);
  bulla_key_free(&key);
  bulla_keyring_free(&keyring);
}

Test(keyring, forgetting_leaves_the_vaults_own_keys_and_freeing_none) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  (void)keep(&keyring, 10);
  bulla_keyring_forget(&keyring);
  cr_expect_eq(keyring.num_cached, 0);
  cr_expect_not_null(keyring.root);
  cr_expect_not_null(keyring.name_key);
  bulla_keyring_free(&keyring);
  cr_expect_null(keyring.root);
  cr_expect_null(keyring.name_key);
  bulla_keyring_free(&keyring);
}

/* A new key of tenant 3, version 4, as it is stored. */
static struct bulla_wrapped_key new_key(const struct bulla_keyring *keyring) {
  struct bulla_wrapped_key wrapped = {.tenant_id = test_id(3), .version = 4};
  struct bulla_buffer room = test_room(BULLA_WRAPPED_MAX);
  struct bulla_key *key = NULL;
  TEST_OK(bulla_tenant_key_new(&key, &wrapped, &room, keyring));
  wrapped.key_id = test_copy(wrapped.key_id);
  bulla_key_free(&key);
  return wrapped;
}

/* Each is asked for twice: while nothing is kept, and while the right key is. */
Test(keyring, a_tenants_key_opens_for_its_tenant_version_and_id_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct bulla_wrapped_key good = new_key(&keyring);
  struct bulla_wrapped_key rows[] = {good, good, good, good, good};
  rows[1].tenant_id = test_id(9);
  rows[2].version = 5;
  rows[3].key_id = test_id(9);
  rows[4].wrapped = bulla_span(good.wrapped.data, good.wrapped.len - 1);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_key *key = NULL;
    bulla_keyring_forget(&keyring);
    TEST_ROW(bulla_tenant_key(&key, &keyring, &rows[i]), i == 0 ? BULLA_OK : BULLA_REFUSED, i);
    cr_expect_eq(keyring.num_cached, i == 0 ? 1 : 0, "row %zu", i);
    TEST_OK(bulla_tenant_key(&key, &keyring, &good));
    /* What is kept need not be unwrapped again. */
    bool opens = i == 0 || i == 4;
    TEST_ROW(bulla_tenant_key(&key, &keyring, &rows[i]), opens ? BULLA_OK : BULLA_REFUSED, i);
    cr_expect_eq(key != NULL, opens, "row %zu", i);
  }
  struct bulla_keyring other = test_keyring(8, 2);
  struct bulla_key *key = NULL;
  TEST_STATUS(bulla_tenant_key(&key, &other, &good), BULLA_REFUSED);
  bulla_keyring_free(&other);
  bulla_keyring_free(&keyring);
}
