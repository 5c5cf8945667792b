/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/directory.h: a row is what the vault signed of it, or it is refused. */

#include "core/cursor.h"
#include "store/wrap.h"
#include "tests/keyring_support.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* The row of a tenant, and the bytes that it is of. */
struct row {
  struct bulla_tenant_row row;
  struct bulla_tenant_statement said;
};

static struct bulla_span wrapped(const struct bulla_keyring *keyring, enum bulla_wrapped what, struct bulla_span id,
                                 uint8_t filling) {
  struct bulla_buffer bytes = test_room(BULLA_WRAPPED_MAX);
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(filling, BULLA_KEY_LEN));
  struct bulla_context context;
  TEST_OK(bulla_context_wrapped(&context, keyring, what, id, 0));
  TEST_OK(bulla_wrap(&bytes, keyring->vault_key, key, &context));
  return bulla_written(&bytes);
}

static void sign(struct bulla_tenant_row *row, const struct bulla_keyring *keyring,
                 const struct bulla_tenant_statement *said) {
  struct bulla_signed made;
  TEST_OK(bulla_sign_tenant(&made, keyring, said));
  row->statement = test_copy(bulla_written(&made.statement));
  row->signature = test_copy(bulla_span(made.signature, sizeof(made.signature)));
}

/* A good row of the tenant |id|, whose keys are of 32 bytes |id|. */
static struct row make_row(const struct bulla_keyring *keyring, uint8_t id, bool removed) {
  struct row made = {.said = test_tenant_statement(keyring, id)};
  made.said.removed = removed;
  made.said.num_secrets = removed ? 0 : 1;
  made.row = (struct bulla_tenant_row){
      .id = made.said.id,
      .has_name = !removed,
      .name = removed ? bulla_span(NULL, 0) : made.said.name,
      .has_keys = true,
      .label_key = wrapped(keyring, BULLA_WRAPPED_LABEL_KEY, made.said.id, id),
      .detail_key = wrapped(keyring, BULLA_WRAPPED_DETAIL_KEY, made.said.id, id),
  };
  sign(&made.row, keyring, &made.said);
  return made;
}

static void assert_check(struct bulla_keyring *keyring, const struct bulla_tenant_row *row, bool good,
                         const char *what) {
  const struct bulla_tenant *tenant = NULL;
  enum bulla_status status = bulla_check_tenant(&tenant, keyring, row);
  cr_expect_eq(status, good ? BULLA_OK : BULLA_REFUSED, "%s: %s", what, bulla_status_text(status));
  if (good && status == BULLA_OK) {
    TEST_SPAN(bulla_tenant_id(tenant), row->id, "%s", what);
  }
}

Test(directory, a_row_that_was_signed_is_its_tenant_with_its_keys) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  for (int removed = 0; removed < 2; removed++) {
    const struct row good = make_row(&keyring, (uint8_t)(3 + removed), removed == 1);
    struct bulla_key *key = test_key_of((uint8_t)(3 + removed));
    for (int round = 0; round < 2; round++) {
      const struct bulla_tenant *tenant = NULL;
      TEST_OK(bulla_check_tenant(&tenant, &keyring, &good.row));
      TEST_SPAN(bulla_tenant_id(tenant), good.row.id, "id");
      TEST_SPAN(tenant->said.name, good.said.name, "also of a removed one");
      cr_expect_eq(tenant->said.removed, removed == 1);
      TEST_SPAN(bulla_secret_bytes(tenant->label_key), test_filled((uint8_t)(3 + removed), 32), "label key");
      TEST_SPAN(bulla_key_id(tenant->detail_key), bulla_key_id(key), "detail key");
    }
    bulla_key_free(&key);
  }
  bulla_keyring_free(&keyring);
}

Test(directory, a_shredded_tenant_has_neither_name_nor_keys) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct row shredded = make_row(&keyring, 3, true);
  const struct bulla_tenant *tenant = NULL;
  assert_check(&keyring, &shredded.row, true, "removed");
  shredded.said.shredded = true;
  shredded.said.name = bulla_span(NULL, 0);
  shredded.said.label_key_id = bulla_span(NULL, 0);
  shredded.said.detail_key_id = bulla_span(NULL, 0);
  shredded.said.generation++;
  sign(&shredded.row, &keyring, &shredded.said);
  assert_check(&keyring, &shredded.row, false, "with keys");
  shredded.row.has_keys = false;
  TEST_OK(bulla_check_tenant(&tenant, &keyring, &shredded.row));
  cr_expect(tenant->said.shredded && tenant->said.removed);
  cr_expect_eq(tenant->said.name.len, 0);
  cr_expect_null(tenant->label_key);
  cr_expect_null(tenant->detail_key);
  shredded.row.has_keys = true;
  assert_check(&keyring, &shredded.row, false, "with keys, once it was seen without");
  shredded.row.has_keys = false;
  shredded.row.has_name = true;
  assert_check(&keyring, &shredded.row, false, "with a name");
  struct row live = make_row(&keyring, 4, false);
  live.row.has_keys = false;
  assert_check(&keyring, &live.row, false, "a live one without keys");
  bulla_keyring_free(&keyring);
}

/* Each change of a row is asked for twice: while nothing is kept, and while the good row is. What is wrapped is not
 * looked at again while the row has the same signed bytes: what is kept is what those say. */
static void assert_refused(struct bulla_keyring *keyring, const struct bulla_tenant_row *good,
                           const struct bulla_tenant_row *changed, bool of_key, const char *what) {
  bulla_keyring_forget(keyring);
  assert_check(keyring, changed, false, what);
  assert_check(keyring, good, true, what);
  assert_check(keyring, changed, of_key, what);
  assert_check(keyring, good, true, what);
}

Test(directory, every_column_counts) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct row acme = make_row(&keyring, 3, false);
  const struct row beta = make_row(&keyring, 4, false);
  struct row rows[12];
  const char *const what[] = {
      "id of another",        "name of another",          "no name",      "statement of another",
      "signature of another", "both of another",          "a bit",        "a bit of the signature",
      "signature cut",        "statement and name of it", "no statement", "no signature",
  };
  for (size_t i = 0; i < N(rows); i++) {
    rows[i] = acme;
  }
  rows[0].row.id = beta.row.id;
  rows[1].row.name = BULLA_LITERAL("beta");
  rows[2].row.has_name = false;
  rows[3].row.statement = beta.row.statement;
  rows[4].row.signature = beta.row.signature;
  rows[5].row.statement = beta.row.statement;
  rows[5].row.signature = beta.row.signature;
  rows[6].row.statement = test_flipped(acme.row.statement, 8 * 30);
  rows[7].row.signature = test_flipped(acme.row.signature, 100);
  rows[8].row.signature.len--;
  rows[9] = beta;
  rows[9].row.id = acme.row.id;
  rows[10].row.statement.len = 0;
  rows[11].row.signature.len = 0;
  for (size_t i = 0; i < N(rows); i++) {
    assert_refused(&keyring, &acme.row, &rows[i].row, false, what[i]);
  }
  bulla_keyring_free(&keyring);
}

Test(directory, keys_are_those_of_the_tenant_and_each_is_what_it_is) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  const struct row acme = make_row(&keyring, 3, false);
  const struct row beta = make_row(&keyring, 4, false);
  const struct row copy = make_row(&elsewhere, 3, false);
  const struct {
    struct bulla_span label_key;
    struct bulla_span detail_key;
    const char *what;
  } rows[] = {
      {beta.row.label_key, acme.row.detail_key, "label key of another"},
      {acme.row.label_key, beta.row.detail_key, "detail key of another"},
      {acme.row.detail_key, acme.row.label_key, "swapped"},
      {acme.row.detail_key, acme.row.detail_key, "detail key for label key"},
      {acme.row.label_key, acme.row.label_key, "label key for detail key"},
      {copy.row.label_key, copy.row.detail_key, "of another vault"},
      {bulla_span(acme.row.label_key.data, acme.row.label_key.len - 1), acme.row.detail_key, "label key cut"},
      {acme.row.label_key, bulla_span(acme.row.detail_key.data, 0), "no detail key"},
      {wrapped(&keyring, BULLA_WRAPPED_TENANT_SECRET, test_id(3), 3), acme.row.detail_key, "a secret"},
      {acme.row.label_key, wrapped(&keyring, BULLA_WRAPPED_DETAIL_KEY, bulla_span(NULL, 0), 3), "the vault's"},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_tenant_row changed = acme.row;
    changed.label_key = rows[i].label_key;
    changed.detail_key = rows[i].detail_key;
    assert_refused(&keyring, &acme.row, &changed, true, rows[i].what);
  }
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

/* What is wrapped for this tenant, in the right context, may still be another key than the one that was signed. */
Test(directory, keys_are_those_that_the_statement_commits_to) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct row acme = make_row(&keyring, 3, false);
  const struct row removed = make_row(&keyring, 3, true);
  const struct {
    const struct row *row;
    uint8_t label_key;
    uint8_t detail_key;
    const char *what;
  } rows[] = {
      {&acme, 4, 3, "another label key"},
      {&acme, 3, 4, "another detail key"},
      {&removed, 4, 3, "another label key of a removed one"},
      {&removed, 3, 4, "another detail key of a removed one"},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_tenant_row changed = rows[i].row->row;
    changed.label_key = wrapped(&keyring, BULLA_WRAPPED_LABEL_KEY, test_id(3), rows[i].label_key);
    changed.detail_key = wrapped(&keyring, BULLA_WRAPPED_DETAIL_KEY, test_id(3), rows[i].detail_key);
    assert_refused(&keyring, &rows[i].row->row, &changed, true, rows[i].what);
  }
  /* And each bit of what is signed. */
  for (size_t bit = 0; bit < 16 * BULLA_KEY_ID_LEN; bit++) {
    struct bulla_tenant_statement said = acme.said;
    struct bulla_span *id = bit < 8 * BULLA_KEY_ID_LEN ? &said.label_key_id : &said.detail_key_id;
    struct bulla_tenant_row changed = acme.row;
    *id = test_flipped(*id, bit % (8 * BULLA_KEY_ID_LEN));
    sign(&changed, &keyring, &said);
    assert_refused(&keyring, &acme.row, &changed, false, "a bit of a key id");
  }
  bulla_keyring_free(&keyring);
}

/* What is said and signed of a row, but not of this one: the row is otherwise good. */
Test(directory, what_is_signed_is_of_this_vault_and_this_row) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring signer = test_keyring(1, 7); /* another signing key */
  const struct row acme = make_row(&keyring, 3, false);
  struct bulla_tenant_statement uuid = acme.said;
  struct bulla_tenant_statement id = acme.said;
  struct bulla_tenant_statement name = acme.said;
  struct bulla_tenant_statement removed = acme.said;
  uuid.uuid = test_id(9);
  id.id = test_id(4);
  name.name = BULLA_LITERAL("Acme");
  removed.removed = true;
  removed.num_secrets = 0;
  const struct {
    const struct bulla_keyring *signer;
    const struct bulla_tenant_statement *said;
    const char *what;
  } rows[] = {
      {&signer, &acme.said, "another vault's signature"},
      {&keyring, &uuid, "another vault"},
      {&keyring, &id, "another tenant"},
      {&keyring, &name, "another name"},
      {&keyring, &removed, "removed, and there is a name"},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_tenant_row changed = acme.row;
    sign(&changed, rows[i].signer, rows[i].said);
    assert_refused(&keyring, &acme.row, &changed, false, rows[i].what);
  }
  /* A live one whose name is gone. */
  const struct row gone = make_row(&keyring, 3, true);
  struct bulla_tenant_row changed = gone.row;
  sign(&changed, &keyring, &acme.said);
  assert_refused(&keyring, &gone.row, &changed, false, "live, and there is no name");
  bulla_keyring_free(&signer);
  bulla_keyring_free(&keyring);
}

/* A tenant's row says less once a secret is destroyed: who saw the later one does not go back. */
Test(directory, a_row_that_is_older_than_one_that_was_seen_is_refused) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct row acme = make_row(&keyring, 3, false);
  const struct row beta = make_row(&keyring, 4, false);
  struct bulla_tenant_statement later = acme.said;
  struct bulla_tenant_row changed = acme.row;
  later.generation++;
  sign(&changed, &keyring, &later);
  assert_check(&keyring, &acme.row, true, "as it was");
  assert_check(&keyring, &changed, true, "as it is");
  assert_check(&keyring, &acme.row, false, "as it was, afterwards");
  assert_check(&keyring, &changed, true, "as it is, afterwards");
  assert_check(&keyring, &beta.row, true, "another tenant");
  bulla_keyring_forget(&keyring);
  assert_check(&keyring, &acme.row, true, "to who saw nothing");
  bulla_keyring_free(&keyring);
}

/* What is signed is one of three kinds; none is taken for another. */
Test(directory, a_signed_statement_of_another_kind_is_no_row_of_a_tenant) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  const struct row acme = make_row(&keyring, 3, false);
  struct bulla_signed made[2];
  const struct bulla_vault_statement vault = {
      .uuid = bulla_keyring_uuid(&keyring),
      .signing_public = test_filled(1, BULLA_SIGNATURE_PUBLIC_LEN),
      .audit_public = test_filled(1, BULLA_BOX_PUBLIC_LEN),
      .first_lane = test_filled(1, BULLA_SHA256_LEN),
      .leaves = test_filled(1, BULLA_SHA256_LEN),
      .rings = {1, 1, 1, 1, 1},
  };
  const struct bulla_lane_statement lane = {
      .uuid = bulla_keyring_uuid(&keyring),
      .id = test_id(3),
      .first_key = test_filled(1, BULLA_KEY_LEN + BULLA_BOX_OVERHEAD),
  };
  TEST_OK(bulla_sign_vault(&made[0], &keyring, &vault));
  TEST_OK(bulla_sign_lane(&made[1], &keyring, &lane));
  for (size_t i = 0; i < N(made); i++) {
    struct bulla_tenant_row changed = acme.row;
    changed.statement = bulla_written(&made[i].statement);
    changed.signature = bulla_span(made[i].signature, sizeof(made[i].signature));
    TEST_OK(bulla_check_signed(&keyring, changed.statement, changed.signature));
    assert_refused(&keyring, &acme.row, &changed, false, "another kind");
  }
  bulla_keyring_free(&keyring);
}

Test(directory, a_signature_is_of_all_bytes_by_the_vaults_key) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring other = test_keyring(1, 3);
  struct bulla_signed made;
  struct bulla_tenant_statement said = test_tenant_statement(&keyring, 3);
  TEST_OK(bulla_sign_tenant(&made, &keyring, &said));
  struct bulla_span statement = bulla_written(&made.statement);
  struct bulla_span signature = bulla_span(made.signature, sizeof(made.signature));
  uint8_t digest[BULLA_SHA256_LEN];
  TEST_OK(bulla_sha256(digest, statement));
  TEST_SPAN(bulla_span(made.digest, sizeof(made.digest)), bulla_span(digest, sizeof(digest)), "digest");
  const struct {
    const struct bulla_keyring *keyring;
    struct bulla_span statement;
    struct bulla_span signature;
  } rows[] = {
      {&keyring, statement, signature},
      {&other, statement, signature},
      {&keyring, test_flipped(statement, 0), signature},
      {&keyring, test_flipped(statement, 8 * statement.len - 1), signature},
      {&keyring, bulla_span(statement.data, statement.len - 1), signature},
      {&keyring, statement, test_flipped(signature, 0)},
      {&keyring, statement, test_flipped(signature, 511)},
      {&keyring, statement, bulla_span(signature.data, 63)},
      {&keyring, statement, bulla_span(signature.data, 0)},
      {&keyring, statement, test_filled(0, 64)},
      {&keyring, statement, test_concat(signature, test_filled(0, 1))},
  };
  for (size_t i = 0; i < N(rows); i++) {
    TEST_ROW(bulla_check_signed(rows[i].keyring, rows[i].statement, rows[i].signature),
             i == 0 ? BULLA_OK : BULLA_REFUSED, i);
  }
  bulla_keyring_free(&other);
  bulla_keyring_free(&keyring);
}

Test(directory, a_fingerprint_is_of_the_vault_and_its_signing_key) {
  struct bulla_keyring keyrings[] = {test_keyring(1, 2), test_keyring(1, 2), test_keyring(1, 3), test_keyring(9, 2)};
  uint8_t prints[N(keyrings)][BULLA_SHA256_LEN];
  for (size_t i = 0; i < N(keyrings); i++) {
    TEST_OK(bulla_fingerprint(prints[i], &keyrings[i]));
    cr_expect_eq(memcmp(prints[i], prints[0], sizeof(prints[0])) == 0, i < 2, "row %zu", i);
    bulla_keyring_free(&keyrings[i]);
  }
}
