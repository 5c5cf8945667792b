/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/keyring.h, and store/tenant_secret.h, which fills it. */

#include "core/cursor.h"
#include "store/tenant_secret.h"
#include "tests/keyring_support.h"

/* Keeps the secret with the id |byte| of the tenant |byte|, and returns its id. */
static struct bulla_span keep(struct bulla_keyring *keyring, uint8_t byte) {
  struct bulla_tenant_secret secret = {
      .version = byte,
      .field_key = test_key_of(byte),
      .mask_key = test_key_of(byte),
      .apikey_key = test_key_of(byte),
  };
  memset(secret.id, byte, sizeof(secret.id));
  memset(secret.tenant_id, byte, sizeof(secret.tenant_id));
  cr_assert_not_null(bulla_keyring_keep_secret(keyring, &secret));
  return test_id(byte);
}

Test(keyring, a_secret_is_found_by_its_id_with_what_it_was_kept_for) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_span first = keep(&keyring, 10);
  struct bulla_span second = keep(&keyring, 11);
  struct bulla_key *key = test_key_of(11);
  const struct bulla_tenant_secret *found = bulla_keyring_find_secret(&keyring, second);
  cr_assert_not_null(found);
  TEST_SPAN(bulla_key_id(found->field_key), bulla_key_id(key), "key");
  TEST_SPAN(bulla_span(found->tenant_id, BULLA_ID_LEN), test_id(11), "tenant");
  cr_expect_eq(found->version, 11);
  cr_expect_not_null(bulla_keyring_find_secret(&keyring, first));
  cr_expect_null(bulla_keyring_find_secret(&keyring, test_id(12)));
  cr_expect_null(bulla_keyring_find_secret(&keyring, test_id(0)));
  cr_expect_null(bulla_keyring_find_secret(&keyring, bulla_span(NULL, 0)));
  bulla_key_free(&key);
  bulla_keyring_free(&keyring);
}

Test(keyring, a_full_one_forgets_the_oldest_secret_and_goes_on) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_span first = keep(&keyring, 1);
  for (size_t i = 2; i <= BULLA_CACHED_SECRETS; i++) {
    (void)keep(&keyring, (uint8_t)i);
  }
  cr_expect_not_null(bulla_keyring_find_secret(&keyring, first));
  struct bulla_span last = keep(&keyring, 200);
  cr_expect_null(bulla_keyring_find_secret(&keyring, first));
  cr_expect_not_null(bulla_keyring_find_secret(&keyring, test_id(2)));
  cr_expect_not_null(bulla_keyring_find_secret(&keyring, last));
  bulla_keyring_free(&keyring);
}

/* The tenant of |id| as the cache has it, with what it was kept by. */
static const struct bulla_tenant *find(const struct bulla_keyring *keyring, uint8_t id, int64_t generation,
                                       size_t flip) {
  struct bulla_signed made;
  struct bulla_tenant_statement said = test_tenant_statement(keyring, id);
  said.generation = generation;
  TEST_OK(bulla_sign_tenant(&made, keyring, &said));
  struct bulla_span statement = bulla_written(&made.statement);
  struct bulla_span signature = bulla_span(made.signature, sizeof(made.signature));
  return bulla_keyring_find_tenant(keyring, test_id(id), flip == 1 ? test_flipped(statement, 8 * 20) : statement,
                                   flip == 2 ? test_flipped(signature, 511) : signature);
}

Test(keyring, a_tenant_is_found_by_its_id_and_the_bytes_of_its_row) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct bulla_tenant *acme = test_tenant(&keyring, 1, 5);
  const struct bulla_tenant *beta = test_tenant(&keyring, 2, 6);
  cr_expect_eq(find(&keyring, 1, 2, 0), acme);
  cr_expect_eq(find(&keyring, 2, 2, 0), beta);
  TEST_SPAN(bulla_tenant_id(acme), test_id(1), "id");
  TEST_SPAN(acme->said.name, BULLA_LITERAL("acme"), "name");
  TEST_SPAN(bulla_secret_bytes(acme->label_key), test_filled(5, BULLA_KEY_LEN), "label key");
  cr_expect_null(find(&keyring, 3, 2, 0), "another tenant");
  cr_expect_null(find(&keyring, 1, 3, 0), "another statement");
  cr_expect_null(find(&keyring, 1, 2, 1), "a bit of the statement");
  cr_expect_null(find(&keyring, 1, 2, 2), "a bit of the signature");
  cr_expect_null(bulla_keyring_find_tenant(&keyring, test_id(2), bulla_span(acme->bytes, acme->len - 64),
                                           bulla_span(acme->bytes + acme->len - 64, 64)),
                 "the row of another");
  cr_expect_null(bulla_keyring_find_tenant(&keyring, test_id(1), bulla_span(NULL, 0), bulla_span(NULL, 0)));
  bulla_keyring_free(&keyring);
}

Test(keyring, a_row_that_was_changed_takes_the_place_of_the_one_before) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_tenant_statement said = test_tenant_statement(&keyring, 1);
  (void)test_tenant(&keyring, 1, 5);
  size_t next = keyring.next_tenant;
  said.generation = 3;
  const struct bulla_tenant *later = test_keep_tenant(&keyring, &said, 5);
  cr_expect_null(find(&keyring, 1, 2, 0));
  cr_expect_eq(find(&keyring, 1, 3, 0), later);
  cr_expect_eq(keyring.next_tenant, next, "it takes no second place");
  bulla_keyring_free(&keyring);
}

Test(keyring, a_full_one_forgets_the_oldest_tenant_and_goes_on) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  for (size_t i = 1; i <= BULLA_CACHED_TENANTS; i++) {
    (void)test_tenant(&keyring, (uint8_t)i, 5);
  }
  cr_expect_not_null(find(&keyring, 1, 2, 0));
  (void)test_tenant(&keyring, 200, 5);
  cr_expect_null(find(&keyring, 1, 2, 0));
  cr_expect_not_null(find(&keyring, 2, 2, 0));
  cr_expect_not_null(find(&keyring, 200, 2, 0));
  bulla_keyring_free(&keyring);
}

Test(keyring, forgetting_leaves_the_vaults_own_keys_and_freeing_none) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_span secret = keep(&keyring, 10);
  (void)test_tenant(&keyring, 1, 5);
  bulla_keyring_forget(&keyring);
  cr_expect_null(bulla_keyring_find_secret(&keyring, secret));
  cr_expect_null(find(&keyring, 1, 2, 0));
  cr_expect_not_null(keyring.vault_secret);
  cr_expect_not_null(keyring.vault_key);
  cr_expect_not_null(keyring.limit_key);
  cr_expect_not_null(keyring.signing_seed);
  cr_expect_not_null(keyring.audit_private);
  cr_expect_not_null(keyring.detail_key);
  bulla_keyring_free(&keyring);
  cr_expect_null(keyring.vault_secret);
  cr_expect_null(keyring.vault_key);
  cr_expect_null(keyring.limit_key);
  cr_expect_null(keyring.signing_seed);
  cr_expect_null(keyring.audit_private);
  cr_expect_null(keyring.detail_key);
  bulla_keyring_free(&keyring);
}

Test(keyring, what_somebody_holds_is_there_until_it_is_released) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct bulla_tenant *tenant = test_tenant(&keyring, 1, 5);
  const struct bulla_tenant_secret *secret = bulla_keyring_find_secret(&keyring, keep(&keyring, 10));
  struct bulla_key *key = test_key_of(10);
  bulla_tenant_hold(tenant);
  bulla_tenant_hold(tenant);
  bulla_tenant_secret_hold(secret);
  bulla_tenant_secret_hold(secret);
  const struct bulla_tenant *first = tenant;
  const struct bulla_tenant_secret *first_secret = secret;
  bulla_tenant_release(&first);
  bulla_tenant_secret_release(&first_secret);
  cr_expect_null(first);
  cr_expect_null(first_secret);
  bulla_keyring_free(&keyring);
  TEST_SPAN(bulla_tenant_id(tenant), test_id(1), "id");
  TEST_SPAN(tenant->said.name, BULLA_LITERAL("acme"), "name");
  TEST_SPAN(bulla_secret_bytes(tenant->label_key), test_filled(5, BULLA_KEY_LEN), "label key");
  TEST_SPAN(bulla_key_id(secret->field_key), bulla_key_id(key), "key");
  bulla_tenant_release(&tenant);
  bulla_tenant_secret_release(&secret);
  bulla_tenant_release(&tenant);
  bulla_tenant_secret_release(&secret);
  bulla_key_free(&key);
}

/* A tenant whose statement lists one secret, version 4, as it is stored. */
static struct bulla_secret_row new_secret(struct bulla_keyring *keyring, struct bulla_tenant_statement *said) {
  struct bulla_made_secret made;
  struct bulla_secret_entry *entry = &said->secrets[0];
  TEST_OK(bulla_tenant_secret_new(&made, keyring, said->id, 4));
  said->last_version = 4;
  *entry = bulla_tenant_secret_entry(&made.secret, 2);
  entry->id = test_copy(entry->id);
  entry->value_public = test_copy(entry->value_public);
  entry->mask_public = test_copy(entry->mask_public);
  entry->apikey_id = test_copy(entry->apikey_id);
  bulla_tenant_secret_free(&made.secret);
  return (struct bulla_secret_row){entry->id, 4, test_copy(bulla_written(&made.wrapped))};
}

/* Each is asked for twice: while nothing is kept, and while the right secret is. */
Test(keyring, a_secret_opens_for_its_tenant_version_and_id_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_tenant_statement said = test_tenant_statement(&keyring, 1);
  const struct bulla_secret_row good = new_secret(&keyring, &said);
  struct bulla_tenant_statement of_beta = said;
  struct bulla_tenant_statement of_version = said;
  struct bulla_tenant_statement of_id = said;
  of_beta.id = test_id(2);
  of_version.id = test_id(1);
  of_version.secrets[0].version = 3;
  of_id.secrets[0].id = test_id(9);
  const struct {
    const struct bulla_tenant_statement *said;
    struct bulla_secret_row row;
    bool opens;
    bool opens_kept; /* what is kept need not be unwrapped again */
  } rows[] = {
      {&said, good, true, true},
      {&said, {good.id, 4, bulla_span(good.wrapped.data, good.wrapped.len - 1)}, false, true},
      {&said, {good.id, 5, good.wrapped}, false, false},
      {&said, {test_id(9), 4, good.wrapped}, false, false},
      {&of_beta, good, false, false},
      {&of_version, good, false, false},
      {&of_version, {good.id, 3, good.wrapped}, false, false},
      {&of_id, good, false, false},
      {&of_id, {test_id(9), 4, good.wrapped}, false, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    for (int kept = 0; kept < 2; kept++) {
      const struct bulla_tenant_secret *secret = NULL;
      bulla_keyring_forget(&keyring);
      if (kept == 1) {
        TEST_OK(bulla_tenant_secret(&secret, &keyring, test_keep_tenant(&keyring, &said, 5), &good));
      }
      const struct bulla_tenant *tenant = test_keep_tenant(&keyring, rows[i].said, 5);
      bool opens = kept == 1 ? rows[i].opens_kept : rows[i].opens;
      TEST_ROW(bulla_tenant_secret(&secret, &keyring, tenant, &rows[i].row), opens ? BULLA_OK : BULLA_REFUSED, i);
      cr_expect_eq(secret != NULL, opens, "row %zu, kept %d", i, kept);
    }
  }
  const struct bulla_tenant_secret *secret = NULL;
  said.uuid = bulla_keyring_uuid(&elsewhere);
  TEST_STATUS(bulla_tenant_secret(&secret, &elsewhere, test_keep_tenant(&elsewhere, &said, 5), &good), BULLA_REFUSED);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

/* What a statement has of a secret, by number. */
enum { COMMITMENTS = 3 };
static struct bulla_span *commitment(struct bulla_secret_entry *entry, size_t number) {
  struct bulla_span *const all[COMMITMENTS] = {&entry->value_public, &entry->mask_public, &entry->apikey_id};
  return all[number];
}

/* Each bit of what commits to its keys, while nothing is kept, and while the secret is that was signed otherwise. */
Test(keyring, a_secret_opens_to_the_keys_that_were_signed_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_tenant_statement said = test_tenant_statement(&keyring, 1);
  const struct bulla_secret_row good = new_secret(&keyring, &said);
  for (size_t i = 0; i < COMMITMENTS; i++) {
    for (size_t bit = 0; bit < 8 * commitment(&said.secrets[0], i)->len; bit++) {
      struct bulla_tenant_statement other = said;
      const struct bulla_tenant_secret *secret = NULL;
      *commitment(&other.secrets[0], i) = test_flipped(*commitment(&said.secrets[0], i), bit);
      bulla_keyring_forget(&keyring);
      TEST_ROW(bulla_tenant_secret(&secret, &keyring, test_keep_tenant(&keyring, &other, 5), &good), BULLA_REFUSED, i);
      TEST_OK(bulla_tenant_secret(&secret, &keyring, test_keep_tenant(&keyring, &said, 5), &good));
      TEST_ROW(bulla_tenant_secret(&secret, &keyring, test_keep_tenant(&keyring, &other, 5), &good), BULLA_REFUSED, i);
      cr_expect_null(secret);
      cr_expect_null(bulla_keyring_find_secret(&keyring, good.id), "it is not remembered");
    }
  }
  bulla_keyring_free(&keyring);
}

/* A wrong commitment of one secret is not made good by another's, nor do two parts of one stand for each other. */
Test(keyring, commitments_are_not_exchanged) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_tenant_statement said = test_tenant_statement(&keyring, 1);
  struct bulla_tenant_statement beside = said;
  const struct bulla_secret_row good = new_secret(&keyring, &said);
  (void)new_secret(&keyring, &beside);
  for (size_t i = 0; i <= COMMITMENTS; i++) {
    struct bulla_tenant_statement other = said;
    const struct bulla_tenant_secret *secret = NULL;
    if (i < COMMITMENTS) {
      *commitment(&other.secrets[0], i) = *commitment(&beside.secrets[0], i);
    } else {
      other.secrets[0].value_public = said.secrets[0].mask_public;
      other.secrets[0].mask_public = said.secrets[0].value_public;
    }
    bulla_keyring_forget(&keyring);
    TEST_ROW(bulla_tenant_secret(&secret, &keyring, test_keep_tenant(&keyring, &other, 5), &good), BULLA_REFUSED, i);
  }
  bulla_keyring_free(&keyring);
}

/* What is made of a secret must be what it is opened to, by another process too. */
Test(keyring, a_secret_is_what_was_said_of_it_when_it_was_made) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_tenant_statement said = test_tenant_statement(&keyring, 1);
  const struct bulla_secret_row good = new_secret(&keyring, &said);
  const struct bulla_tenant_secret *secret = NULL;
  TEST_OK(bulla_tenant_secret(&secret, &keyring, test_keep_tenant(&keyring, &said, 5), &good));
  struct bulla_secret_entry entry = bulla_tenant_secret_entry(secret, 9);
  cr_expect_eq(entry.version, 4);
  cr_expect_eq(entry.generation, 9);
  cr_expect_eq(entry.state, BULLA_SECRET_ACTIVE);
  TEST_SPAN(entry.id, good.id, "id");
  for (size_t i = 0; i < COMMITMENTS; i++) {
    TEST_SPAN(*commitment(&entry, i), *commitment(&said.secrets[0], i), "%zu", i);
  }
  cr_expect(bulla_tenant_secret_is(secret, &entry));
  bulla_keyring_free(&keyring);
}

/* The state is in what is signed: a secret that is not yet in use opens nothing, one that is used no more does. */
Test(keyring, a_pending_secret_opens_nothing) {
  static const bool opens[BULLA_NUM_SECRET_STATES] = {false, true, true};
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_tenant_statement said = test_tenant_statement(&keyring, 1);
  const struct bulla_secret_row good = new_secret(&keyring, &said);
  said.num_secrets = 2;
  said.last_version = 5;
  said.secrets[1] = said.secrets[0];
  said.secrets[1].version = 5;
  said.secrets[1].id = test_id(9);
  for (int state = 0; state < BULLA_NUM_SECRET_STATES; state++) {
    said.secrets[0].state = (enum bulla_secret_state)state;
    said.secrets[1].state = state == BULLA_SECRET_ACTIVE ? BULLA_SECRET_PENDING : BULLA_SECRET_ACTIVE;
    const struct bulla_tenant_secret *secret = NULL;
    const struct bulla_tenant *tenant = test_keep_tenant(&keyring, &said, 5);
    TEST_ROW(bulla_tenant_secret(&secret, &keyring, tenant, &good), opens[state] ? BULLA_OK : BULLA_REFUSED,
             (size_t)state);
  }
  bulla_keyring_free(&keyring);
}

Test(keyring, the_keys_of_a_secret_are_three_and_no_two_secrets_have_one_in_common) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_span ids[6];
  for (size_t i = 0; i < 2; i++) {
    struct bulla_made_secret made;
    TEST_OK(bulla_tenant_secret_new(&made, &keyring, test_id(1), 1));
    ids[3 * i] = test_copy(bulla_key_id(made.secret.field_key));
    ids[3 * i + 1] = test_copy(bulla_key_id(made.secret.mask_key));
    ids[3 * i + 2] = test_copy(bulla_key_id(made.secret.apikey_key));
    bulla_tenant_secret_free(&made.secret);
  }
  for (size_t i = 0; i < 6; i++) {
    for (size_t j = 0; j < i; j++) {
      cr_expect_not(test_same(ids[i], ids[j]), "%zu and %zu", i, j);
    }
  }
  bulla_keyring_free(&keyring);
}
