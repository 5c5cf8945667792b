/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A keyring without a vault, for the tests of what needs keys and no database. */

#ifndef BULLA_TESTS_KEYRING_SUPPORT_H
#define BULLA_TESTS_KEYRING_SUPPORT_H

#include "store/keyring.h"
#include "tests/support.h"

/* TEST_ROW is TEST_STATUS in a table: says which |row|. */
#define TEST_ROW(call, wanted, row)                                                              \
  do {                                                                                           \
    enum bulla_status test_status = (call);                                                      \
    cr_expect_eq(test_status, (wanted), "row %zu: \"%s\"", row, bulla_status_text(test_status)); \
  } while (0)

/* test_keyring returns one of the uuid of 16 bytes |uuid|, whose root and name key are of 32 bytes |root|. */
static inline struct bulla_keyring test_keyring(uint8_t uuid, uint8_t root) {
  struct bulla_keyring keyring = {.name_key = test_secret(test_filled(root, BULLA_KEY_LEN))};
  struct bulla_secret *material = test_secret(test_filled(root, BULLA_KEY_LEN));
  memset(keyring.uuid, uuid, sizeof(keyring.uuid));
  TEST_OK(bulla_key_new(&keyring.root, BULLA_XAES_256_GCM, material));
  bulla_secret_free(&material);
  return keyring;
}

/* test_id returns BULLA_ID_LEN bytes |byte|. */
static inline struct bulla_span test_id(uint8_t byte) {
  return test_filled(byte, BULLA_ID_LEN);
}

#endif
