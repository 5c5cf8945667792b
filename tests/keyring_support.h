/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A keyring without a vault, for the tests of what needs keys and no database. */

#ifndef BULLA_TESTS_KEYRING_SUPPORT_H
#define BULLA_TESTS_KEYRING_SUPPORT_H

#include "core/cleanup.h"
#include "core/key.h"
#include "store/directory.h"
#include "tests/support.h"

/* TEST_ROW is TEST_STATUS in a table: says which |row|. */
#define TEST_ROW(call, wanted, row)                                                              \
  do {                                                                                           \
    enum bulla_status test_status = (call);                                                      \
    cr_expect_eq(test_status, (wanted), "row %zu: \"%s\"", row, bulla_status_text(test_status)); \
  } while (0)

/* test_id returns BULLA_ID_LEN bytes |byte|. */
static inline struct bulla_span test_id(uint8_t byte) {
  return test_filled(byte, BULLA_ID_LEN);
}

/* test_key_of returns a key of 32 bytes |byte|. */
static inline struct bulla_key *test_key_of(uint8_t byte) {
  struct bulla_secret *material = test_secret(test_filled(byte, BULLA_KEY_LEN));
  struct bulla_key *key = NULL;
  TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  bulla_secret_free(&material);
  return key;
}

/* test_keyring returns one of the uuid of 16 bytes |uuid|, all of whose keys are of 32 bytes |filling|. */
static inline struct bulla_keyring test_keyring(uint8_t uuid, uint8_t filling) {
  struct bulla_keyring keyring = {
      .generation = 1,
      .vault_secret = test_secret(test_filled(filling, BULLA_KEY_LEN)),
      .signing_seed = test_secret(test_filled(filling, BULLA_SIGNATURE_SEED_LEN)),
      .audit_private = test_secret(test_filled(filling, BULLA_BOX_PRIVATE_LEN)),
      .detail_key = test_key_of(filling),
  };
  memset(keyring.uuid, uuid, sizeof(keyring.uuid));
  TEST_OK(bulla_keyring_expand(&keyring));
  TEST_OK(bulla_signature_public(keyring.signing_public, keyring.signing_seed));
  TEST_OK(bulla_box_public(keyring.audit_public, keyring.audit_private));
  return keyring;
}

/* test_key_id returns the key id of 32 bytes |byte|. */
static inline struct bulla_span test_key_id(uint8_t byte) {
  uint8_t id[BULLA_KEY_ID_LEN];
  TEST_OK(bulla_key_id_of(id, test_filled(byte, BULLA_KEY_LEN)));
  return test_copy(bulla_span(id, sizeof(id)));
}

/* test_tenant_statement returns what is said of a live tenant |id| of the vault, with keys of 32 bytes |id| and one
 * secret, which is active. */
static inline struct bulla_tenant_statement test_tenant_statement(const struct bulla_keyring *keyring, uint8_t id) {
  return (struct bulla_tenant_statement){
      .uuid = bulla_keyring_uuid(keyring),
      .id = test_id(id),
      .name = BULLA_LITERAL("acme"),
      .created = 1700000000,
      .generation = 2,
      .last_version = 1,
      .roles = {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      .label_key_id = test_key_id(id),
      .detail_key_id = test_key_id(id),
      .num_secrets = 1,
      .secrets = {{.version = 1,
                   .id = test_id((uint8_t)(id + 100)),
                   .state = BULLA_SECRET_ACTIVE,
                   .value_public = test_filled(id, BULLA_BOX_PUBLIC_LEN),
                   .mask_public = test_filled((uint8_t)(id + 1), BULLA_BOX_PUBLIC_LEN),
                   .apikey_id = test_id((uint8_t)(id + 2)),
                   .generation = 2}},
  };
}

/* test_keep_tenant has |keyring| keep the tenant that |said| tells of, with keys of 32 bytes |filling|. */
static inline const struct bulla_tenant *test_keep_tenant(struct bulla_keyring *keyring,
                                                          const struct bulla_tenant_statement *said, uint8_t filling) {
  const struct bulla_tenant *tenant = NULL;
  struct bulla_signed made;
  struct bulla_secret *label_key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(filling, BULLA_KEY_LEN));
  struct bulla_key *detail_key BULLA_CLEANUP(bulla_key_free) = test_key_of(filling);
  TEST_OK(bulla_sign_tenant(&made, keyring, said));
  TEST_OK(bulla_keyring_keep_tenant(&tenant, keyring, bulla_written(&made.statement),
                                    bulla_span(made.signature, sizeof(made.signature)), &label_key, &detail_key));
  return tenant;
}

/* test_tenant returns a tenant with the id of 16 bytes |id| and keys of 32 bytes |filling|; |keyring| owns it. */
static inline const struct bulla_tenant *test_tenant(struct bulla_keyring *keyring, uint8_t id, uint8_t filling) {
  struct bulla_tenant_statement said = test_tenant_statement(keyring, id);
  return test_keep_tenant(keyring, &said, filling);
}

#endif
