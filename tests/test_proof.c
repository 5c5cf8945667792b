/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/proof.h: whose name and whose value it is. */

#include "core/cursor.h"
#include "store/proof.h"
#include "tests/keyring_support.h"

Test(proof, a_name_is_proven_for_its_row_and_tenant_in_its_vault_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  const struct bulla_span none = bulla_span(NULL, 0);
  const struct bulla_tenant *acme = test_tenant(&keyring, 1, 5);
  const struct bulla_tenant *beta = test_tenant(&keyring, 2, 5);    /* the key of acme and another id */
  const struct bulla_tenant *other = test_tenant(&elsewhere, 1, 6); /* the id of acme and another key */
  uint8_t proof[BULLA_PROOF_LEN];
  TEST_OK(bulla_entry_name_prove(proof, &keyring, acme, test_id(2), BULLA_LITERAL("db")));
  const struct {
    const struct bulla_keyring *keyring;
    const struct bulla_tenant *tenant;
    struct bulla_span entry_id;
    struct bulla_span name;
    size_t len;
    bool good;
  } rows[] = {
      {&keyring, acme, test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, true},
      {&keyring, beta, test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&keyring, other, test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&keyring, acme, test_id(1), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&keyring, acme, none, BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
      {&keyring, acme, test_id(2), BULLA_LITERAL("dB"), BULLA_PROOF_LEN, false},
      {&keyring, acme, test_id(2), none, BULLA_PROOF_LEN, false},
      {&keyring, acme, test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN - 1, false},
      {&keyring, acme, test_id(2), BULLA_LITERAL("db"), 0, false},
      {&elsewhere, acme, test_id(2), BULLA_LITERAL("db"), BULLA_PROOF_LEN, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_ROW(bulla_entry_name_check(rows[i].keyring, rows[i].tenant, rows[i].entry_id, rows[i].name,
                                    bulla_span(proof, rows[i].len)),
             rows[i].good ? BULLA_OK : BULLA_REFUSED, i);
  }
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

Test(proof, of_a_plain_value_is_none_of_a_name) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct bulla_tenant *acme = test_tenant(&keyring, 1, 5);
  const struct bulla_tenant *beta = test_tenant(&keyring, 2, 6);
  const struct bulla_binding binding = {test_id(1), test_id(2), BULLA_LITERAL("db"), 1};
  struct bulla_context context;
  uint8_t proof[BULLA_PROOF_LEN];
  struct bulla_span bytes = bulla_span(proof, sizeof(proof));
  TEST_OK(bulla_context_plain(&context, &keyring, &binding, BULLA_LITERAL("db")));
  TEST_OK(bulla_prove(proof, acme, &context));
  TEST_OK(bulla_check_proof(acme, &context, bytes));
  TEST_STATUS(bulla_check_proof(beta, &context, bytes), BULLA_REFUSED);
  TEST_STATUS(bulla_entry_name_check(&keyring, acme, test_id(2), BULLA_LITERAL("db"), bytes), BULLA_REFUSED);
  bulla_keyring_free(&keyring);
}
