/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/proof.h: whose name it is. */

#include "core/cursor.h"
#include "store/proof.h"
#include "store/wrap.h"
#include "tests/keyring_support.h"

Test(proof, a_name_is_proven_for_its_row_in_its_vault_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_keyring other = test_keyring(1, 3);
  const struct bulla_span none = bulla_span(NULL, 0);
  uint8_t proof[BULLA_PROOF_LEN];
  TEST_OK(bulla_name_prove(proof, &keyring, test_id(1), test_id(2), BULLA_LITERAL("db")));
  const struct {
    const struct bulla_keyring *keyring;
    struct bulla_span tenant_id;
    struct bulla_span entry_id;
    struct bulla_span name;
    size_t len;
    bool good;
  } rows[] = {
      {&keyring, test_id(1), test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, true},
      {&keyring, test_id(2), test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&keyring, test_id(1), test_id(1), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&keyring, test_id(1), none, BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&keyring, test_id(1), test_id(2), BULLA_LITERAL("dB"), BULLA_PROOF_LEN, false},
      {&keyring, test_id(1), test_id(2), none, BULLA_PROOF_LEN, false},
      {&keyring, test_id(1), test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN - 1, false},
      {&keyring, test_id(1), test_id(2), BULLA_LITERAL("db"), 0, false},
      {&elsewhere, test_id(1), test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&other, test_id(1), test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_ROW(bulla_name_check_proof(rows[i].keyring, rows[i].tenant_id, rows[i].entry_id, rows[i].name,
                                    bulla_span(proof, rows[i].len)),
             rows[i].good ? BULLA_OK : BULLA_REFUSED, i);
  }
  bulla_keyring_free(&other);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

Test(proof, the_key_of_names_is_loaded_as_it_was_made_and_into_its_vault_alone) {
  struct bulla_keyring made = test_keyring(1, 2);
  struct bulla_keyring loaded = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_buffer wrapped = test_room(BULLA_WRAPPED_MAX);
  bulla_secret_free(&made.name_key);
  bulla_secret_free(&loaded.name_key);
  bulla_secret_free(&elsewhere.name_key);
  TEST_OK(bulla_name_key_new(&made, &wrapped));
  TEST_OK(bulla_name_key_load(&loaded, bulla_written(&wrapped)));
  TEST_SPAN(bulla_secret_bytes(loaded.name_key), bulla_secret_bytes(made.name_key), "key");
  TEST_STATUS(bulla_name_key_load(&elsewhere, bulla_written(&wrapped)), BULLA_REFUSED);
  cr_expect_null(elsewhere.name_key);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&loaded);
  bulla_keyring_free(&made);
}
