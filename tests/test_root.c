/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the kinds of roots open. Where their keys come from is in test_provider.c. */

#include <sys/wait.h>

#include "core/crypto.h"
#include "core/slab.h"
#include "store/root.h"
#include "store/wrap.h"
#include "tests/keyring_support.h"
#include "tests/vault_support.h"

TestSuite(root, .init = build_folder, .fini = leave_folder);

/* A root of the kind |kind| with 32 bytes |filling|; the private key of a recipient is the filling. */
static struct bulla_root root_of(enum bulla_root_kind kind, uint8_t filling) {
  struct bulla_root root = {.kind = kind, .material = test_secret(test_filled(filling, BULLA_KEY_LEN))};
  TEST_OK(bulla_box_public(root.public_key, root.material));
  if (kind == BULLA_ROOT_RECIPIENT) {
    bulla_secret_free(&root.material);
  }
  return root;
}

Test(root, passphrase_has_1_to_1024_bytes) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  TEST_STATUS(bulla_root_passphrase(&root, test_filled('x', 0)), BULLA_ROOT_MALFORMED);
  TEST_STATUS(bulla_root_passphrase(&root, test_filled('x', 1025)), BULLA_ROOT_MALFORMED);
  cr_assert_null(root);
  TEST_OK(bulla_root_passphrase(&root, test_filled('x', 1)));
  bulla_root_free(&root);
  TEST_OK(bulla_root_passphrase(&root, test_filled('x', 1024)));
  bulla_root_free(&root);
  cr_assert_eq(bulla_slab_usage().used, 0);
}

Test(root, passphrase_opens_its_vault_and_another_does_not) {
  struct bulla_root *right BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_root *wrong BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_root raw = root_of(BULLA_ROOT_KEY, 4);
  struct bulla_vault *vault = NULL;
  TEST_OK(bulla_root_passphrase(&right, TEXT("correct horse")));
  TEST_OK(bulla_root_passphrase(&wrong, TEXT("correct horsf")));
  TEST_OK(bulla_vault_create(url_of("v.db"), right));
  TEST_OK(bulla_vault_open(&vault, url_of("v.db"), right, NULL));
  bulla_vault_close(&vault);
  TEST_STATUS(bulla_vault_open(&vault, url_of("v.db"), wrong, NULL), BULLA_ROOT_WRONG);
  TEST_STATUS(bulla_vault_open(&vault, url_of("v.db"), &raw, NULL), BULLA_ROOT_WRONG);
  cr_assert_null(vault);
  bulla_secret_free(&raw.material);
}

Test(root, passphrase_does_not_open_a_vault_without_a_salt) {
  struct bulla_root raw = root_of(BULLA_ROOT_KEY, 4);
  struct bulla_root *passphrase BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_vault *vault = NULL;
  TEST_OK(bulla_vault_create(url_of("v.db"), &raw));
  TEST_OK(bulla_root_passphrase(&passphrase, TEXT("correct horse")));
  TEST_STATUS(bulla_vault_open(&vault, url_of("v.db"), passphrase, NULL), BULLA_ROOT_WRONG);
  bulla_secret_free(&raw.material);
}

/* The row of a root that is the key of |bytes|, and says |salt| and |log_n|. */
static struct bulla_root_row row_by_hand(const struct bulla_keyring *keyring, struct bulla_span bytes, const char *salt,
                                         int64_t log_n) {
  struct bulla_root_row row = {.log_n = log_n};
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = test_secret(bytes);
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_context context;
  TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  memcpy(row.id, bulla_key_id(key).data, sizeof(row.id));
  memcpy(row.salt, salt, sizeof(row.salt));
  TEST_OK(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_VAULT_KEY, bulla_key_id(key), 0));
  row.wrapped = bulla_buffer(test_alloc(BULLA_ROOT_WRAPPED_MAX), BULLA_ROOT_WRAPPED_MAX);
  TEST_OK(bulla_wrap(&row.wrapped, key, keyring->vault_secret, &context));
  return row;
}

Test(root, stretching_is_scrypt_as_promised_and_no_other_cost_is_believed) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_secret *vault_key = NULL;
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct bulla_root_entry entry = {.kind = BULLA_ROOT_IS_PASSPHRASE};
  TEST_OK(bulla_root_passphrase(&root, TEXT("correct horse")));
  /* hashlib.scrypt(b"correct horse", salt=b"0123456789abcdef", n=2**17, r=8, p=1, dklen=32) */
  struct bulla_root_row row =
      row_by_hand(&keyring, test_hex("aa6b264e05219145de9ee3be635c6926423619248d53fbe162940b97c1766983"),
                  "0123456789abcdef", BULLA_SCRYPT_LOG_N);
  TEST_OK(bulla_root_unwrap(&vault_key, &keyring, root, &entry, &row));
  TEST_SPAN(bulla_secret_bytes(vault_key), bulla_secret_bytes(keyring.vault_secret), "scrypt");
  bulla_secret_free(&vault_key);
  /* With a row that would open: the cost alone is wrong. */
  static const int64_t cheap[] = {1, 10, BULLA_SCRYPT_LOG_N - 1};
  for (size_t i = 0; i < sizeof(cheap) / sizeof(cheap[0]); i++) {
    uint8_t stretched[BULLA_KEY_LEN];
    TEST_OK(bulla_scrypt(stretched, sizeof(stretched), TEXT("correct horse"), TEXT("0123456789abcdef"),
                         UINT64_C(1) << cheap[i], 8, 1));
    struct bulla_root_row cheaper =
        row_by_hand(&keyring, bulla_span(stretched, sizeof(stretched)), "0123456789abcdef", cheap[i]);
    TEST_STATUS(bulla_root_unwrap(&vault_key, &keyring, root, &entry, &cheaper), BULLA_ROOT_WRONG);
  }
  static const int64_t costs[] = {INT64_MIN, -1, 0, 21, 63, 64, 127, INT64_MAX};
  for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
    row.log_n = costs[i];
    TEST_STATUS(bulla_root_unwrap(&vault_key, &keyring, root, &entry, &row), BULLA_ROOT_WRONG);
  }
  bulla_keyring_free(&keyring);
}

Test(root, each_kind_opens_what_was_wrapped_for_it_alone) {
  static const struct {
    enum bulla_root_kind by; /* what wraps */
    enum bulla_root_kind opener;
    const char *kind;
    bool is_proof;
  } rows[] = {
      {BULLA_ROOT_KEY, BULLA_ROOT_KEY, "key", true},
      {BULLA_ROOT_PASSPHRASE, BULLA_ROOT_PASSPHRASE, "passphrase", true},
      {BULLA_ROOT_RECIPIENT, BULLA_ROOT_PRIVATE, "recipient", false},
  };
  static const enum bulla_root_kind kinds[] = {BULLA_ROOT_KEY, BULLA_ROOT_PASSPHRASE, BULLA_ROOT_PRIVATE,
                                               BULLA_ROOT_RECIPIENT};
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_root by = root_of(rows[i].by, 4);
    struct bulla_root_row row;
    struct bulla_root_entry entry;
    struct bulla_secret *opened = NULL;
    TEST_OK(bulla_root_wrap(&row, &entry, &keyring, &by, keyring.vault_secret));
    TEST_SPAN(entry.kind, test_text(rows[i].kind), "row %zu", i);
    TEST_SPAN(entry.id, bulla_span(row.id, sizeof(row.id)), "row %zu", i);
    TEST_SPAN(entry.public_key, bulla_span(by.public_key, rows[i].is_proof ? 0 : 32), "row %zu", i);
    for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
      for (uint8_t filling = 4; filling < 6; filling++) {
        struct bulla_root opener = root_of(kinds[j], filling);
        bool opens = kinds[j] == rows[i].opener && filling == 4;
        TEST_ROW(bulla_root_unwrap(&opened, &keyring, &opener, &entry, &row), opens ? BULLA_OK : BULLA_ROOT_WRONG,
                 10 * i + j);
        cr_expect_eq(opened != NULL, opens);
        bulla_secret_free(&opened);
        bulla_secret_free(&opener.material);
      }
    }
    /* The right root, and another vault or a row that was changed. */
    struct bulla_root opener = root_of(rows[i].opener, 4);
    cr_expect_eq(bulla_root_is_proof(&opener), rows[i].is_proof, "row %zu", i);
    TEST_ROW(bulla_root_unwrap(&opened, &elsewhere, &opener, &entry, &row), BULLA_REFUSED, i);
    /* Or one that is listed as of another kind. */
    for (size_t j = 0; j < 3; j++) {
      struct bulla_root_entry listed = entry;
      listed.kind = test_text(rows[j].kind);
      TEST_ROW(bulla_root_unwrap(&opened, &keyring, &opener, &listed, &row), j == i ? BULLA_OK : BULLA_ROOT_WRONG, i);
      bulla_secret_free(&opened);
    }
    if (rows[i].by != BULLA_ROOT_PASSPHRASE) { /* a key too, once it is stretched, which takes its time */
      row.bytes[row.wrapped.len - 1] ^= 1;
      TEST_ROW(bulla_root_unwrap(&opened, &keyring, &opener, &entry, &row), BULLA_REFUSED, i);
      row.bytes[row.wrapped.len - 1] ^= 1;
      row.wrapped.len--;
      TEST_ROW(bulla_root_unwrap(&opened, &keyring, &opener, &entry, &row), BULLA_REFUSED, i);
      row.wrapped.len++;
      row.id[0] ^= 1;
      TEST_ROW(bulla_root_unwrap(&opened, &keyring, &opener, &entry, &row), BULLA_ROOT_WRONG, i);
    }
    cr_expect_null(opened);
    bulla_secret_free(&opener.material);
    bulla_secret_free(&by.material);
  }
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

/* What is sealed to a public key says nothing of who sealed it. */
Test(root, a_vault_does_not_begin_with_a_recipient) {
  struct bulla_root recipient = root_of(BULLA_ROOT_RECIPIENT, 4);
  struct bulla_root private_key = root_of(BULLA_ROOT_PRIVATE, 4);
  TEST_STATUS(bulla_vault_create(url_of("v.db"), &recipient), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_create(url_of("v.db"), &private_key), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(access(in_house("v.db"), F_OK), -1);
  bulla_secret_free(&private_key.material);
}

/* What a child opens with a root of its parent. */
struct inherited {
  struct bulla_root root;
  struct bulla_root_row row;
  struct bulla_root_entry entry;
  struct bulla_keyring keyring;
};

static int use_inherited(void *arg) {
  const struct inherited *inherited = arg;
  struct bulla_secret *vault_key = NULL;
  return (int)bulla_root_unwrap(&vault_key, &inherited->keyring, &inherited->root, &inherited->entry, &inherited->row);
}

Test(root, is_not_carried_over_a_fork) {
  static const enum bulla_root_kind kinds[] = {BULLA_ROOT_KEY, BULLA_ROOT_PASSPHRASE, BULLA_ROOT_PRIVATE};
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    struct inherited inherited = {.root = root_of(kinds[i], 4), .keyring = test_keyring(1, 2)};
    struct bulla_root wrapping = inherited.root;
    wrapping.kind = kinds[i] == BULLA_ROOT_PRIVATE ? BULLA_ROOT_RECIPIENT : kinds[i];
    TEST_OK(bulla_root_wrap(&inherited.row, &inherited.entry, &inherited.keyring, &wrapping,
                            inherited.keyring.vault_secret));
    int status = test_in_child(use_inherited, &inherited);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), TEST_EXIT(BULLA_FORKED), "row %zu", i);
    cr_assert_eq(use_inherited(&inherited), BULLA_OK, "row %zu", i);
    bulla_keyring_free(&inherited.keyring);
    bulla_secret_free(&inherited.root.material);
  }
}
