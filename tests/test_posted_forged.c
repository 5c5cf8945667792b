/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Rows of the form that an actor puts, made by somebody who can write to the database and has what an actor has, but
 * not all that such a row needs: none opens. */

#include "store/entry.h"
#include "store/field.h"
#include "store/tenant.h"
#include "store/vault.h"
#include "tests/actor_support.h"

/* Two actors that put in acme and in beta, as each has opened the vault. */
static struct {
  struct bulla_vault *front;
  struct bulla_vault *other;
} staff;

static struct bulla_vault *hire(const char *name) {
  struct bulla_span key = make_actor(name);
  grant(name, BULLA_ROLE_PUT, "");
  return open_as(key);
}

static void furnish(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "of the root, and long", true));
  TEST_OK(put("acme", "mail", "password", "of the root, and long", true));
  TEST_OK(put("beta", "db", "password", "of beta", true));
  int64_t version;
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  staff.front = hire("front");
  staff.other = hire("other");
}

static void leave(void) {
  bulla_vault_close(&staff.front);
  bulla_vault_close(&staff.other);
  leave_house();
}

TestSuite(posted_forged, .init = furnish, .fini = leave, .timeout = 60);

/* A row of acme's entry db, and what it was made for. */
struct row {
  struct bulla_binding at;  /* where it stands */
  struct bulla_span secret; /* the id of the secret that it names */
  struct bulla_span writer; /* or empty: NULL */
  struct bulla_span value;
  struct bulla_span mask;
  struct bulla_span signature; /* or empty: NULL */
  bool is_plain;
};

static struct bulla_span id_of(const struct bulla_vault *actor) {
  return bulla_span(actor->keyring.self->id, BULLA_ID_LEN);
}

static const struct bulla_tenant *tenant(const char *name) {
  const struct bulla_tenant *owner;
  TEST_OK(bulla_tenant_find(&owner, house.vault, test_text(name)));
  return owner;
}

static struct bulla_span entry_of(const char *tenant_name, const char *name) {
  const struct bulla_tenant *owner;
  uint8_t id[BULLA_ID_LEN];
  TEST_OK(bulla_entry_find(&owner, id, house.vault, test_text(tenant_name), test_text(name)));
  return test_copy(bulla_span(id, sizeof(id)));
}

/* The secrets of acme: the first is decrypt-only, the second active. */
static const struct bulla_secret_entry *secret(size_t number) {
  return &tenant("acme")->said.secrets[number - 1];
}

static struct bulla_binding place(void) {
  return (struct bulla_binding){.tenant_id = test_copy(bulla_tenant_id(tenant("acme"))),
                                .entry_id = entry_of("acme", "db"),
                                .field = TEXT("planted"),
                                .revision = 1};
}

/* Seals as |actor| does, for |at| and |to|. */
static void seal(struct row *row, const struct bulla_vault *actor, const struct bulla_secret_entry *to,
                 const struct bulla_binding *at) {
  const struct bulla_field field = {TEXT("planted"), TEXT("a value that is planted"), true};
  struct bulla_buffer value = {0};
  struct bulla_buffer mask = {0};
  uint8_t signature[BULLA_SIGNATURE_LEN];
  TEST_OK(bulla_posting_seal(&value, &mask, signature, &actor->keyring, to, at, &field));
  row->value = test_copy(bulla_written(&value));
  row->mask = test_copy(bulla_written(&mask));
  row->signature = test_copy(bulla_span(signature, sizeof(signature)));
  bulla_field_free(&value);
  bulla_field_free(&mask);
}

/* Signs the row as it stands, as |actor| would. */
static void sign(struct row *row, const struct bulla_vault *actor) {
  struct bulla_context message;
  uint8_t signature[BULLA_SIGNATURE_LEN];
  TEST_OK(bulla_context_put(&message, &actor->keyring, &row->at, row->secret, row->writer, row->value, row->mask));
  TEST_OK(bulla_signature_sign(signature, actor->keyring.self->signing_seed, bulla_context_span(&message)));
  row->signature = test_copy(bulla_span(signature, sizeof(signature)));
}

/* What front puts. */
static struct row good(void) {
  struct row row = {.at = place(), .secret = test_copy(secret(2)->id), .writer = test_copy(id_of(staff.front))};
  seal(&row, staff.front, secret(2), &row.at);
  return row;
}

static struct bulla_span flipped(struct bulla_span bytes, size_t at) {
  struct bulla_buffer copy = test_room(bytes.len);
  memcpy(copy.data, bytes.data, bytes.len);
  copy.data[at < bytes.len ? at : bytes.len - 1] ^= 1;
  return bulla_span(copy.data, bytes.len);
}

/* Each makes of a good row another one, which is signed by front once more where |is_signed| below says so. */

static void keep_as_it_is(struct row *row) {
  (void)row;
}

static void sign_as_other(struct row *row) {
  sign(row, staff.other);
}

static void name_other(struct row *row) {
  row->writer = test_copy(id_of(staff.other));
}

/* Who takes a box that is not his, and says that it is. */
static void claim(struct row *row) {
  name_other(row);
  sign(row, staff.other);
}

static void name_nobody(struct row *row) {
  row->writer = test_filled(0x55, BULLA_ID_LEN);
}

static void seal_for_field(struct row *row) {
  struct bulla_binding at = row->at;
  at.field = TEXT("password");
  seal(row, staff.front, secret(2), &at);
}

static void seal_for_entry(struct row *row) {
  struct bulla_binding at = row->at;
  at.entry_id = entry_of("acme", "mail");
  seal(row, staff.front, secret(2), &at);
}

static void seal_for_tenant(struct row *row) {
  struct bulla_binding at = row->at;
  at.tenant_id = test_copy(bulla_tenant_id(tenant("beta")));
  seal(row, staff.front, secret(2), &at);
}

static void seal_for_revision(struct row *row) {
  struct bulla_binding at = row->at;
  at.revision = 2;
  seal(row, staff.front, secret(2), &at);
}

static void seal_for_version(struct row *row) {
  seal(row, staff.front, secret(1), &row->at);
}

/* To the keys of one version, for another. */
static void mix_versions(struct row *row) {
  struct bulla_secret_entry mixed = *secret(2);
  mixed.value_public = secret(1)->value_public;
  seal(row, staff.front, &mixed, &row->at);
}

/* To keys of somebody who wants to read it, or who has made it. */
static void seal_to_anybody(struct row *row) {
  struct bulla_secret_entry mine = *secret(2);
  mine.value_public = bulla_span(staff.front->keyring.self->signing_public, BULLA_KEY_LEN);
  seal(row, staff.front, &mine, &row->at);
}

static void swap_value_and_mask(struct row *row) {
  struct bulla_span value = row->value;
  row->value = row->mask;
  row->mask = value;
}

/* Whoever knows the public keys can seal a box for any place. */
static void seal_another_value(struct row *row) {
  struct bulla_span mask = row->mask;
  struct bulla_span signature = row->signature;
  seal(row, staff.front, secret(2), &row->at);
  row->mask = mask;
  row->signature = signature;
}

static void seal_another_mask(struct row *row) {
  struct bulla_span value = row->value;
  struct bulla_span signature = row->signature;
  seal(row, staff.front, secret(2), &row->at);
  row->value = value;
  row->signature = signature;
}

static void take_mask_for_value(struct row *row) {
  row->value = row->mask;
}

/* What a key of the tenant has sealed is no actor's. */
static void seal_by_key(struct row *row) {
  const struct bulla_tenant_secret *keys;
  const struct bulla_field field = {TEXT("planted"), TEXT("a value that is planted"), true};
  struct bulla_buffer value = {0};
  struct bulla_buffer mask = {0};
  TEST_OK(bulla_tenant_active_secret(&keys, house.vault, tenant("acme")));
  TEST_OK(bulla_field_seal(&value, &mask, &house.vault->keyring, tenant("acme"), keys, &row->at, &field));
  row->value = test_copy(bulla_written(&value));
  row->mask = test_copy(bulla_written(&mask));
  bulla_field_free(&value);
  bulla_field_free(&mask);
}

static void seal_mask_by_key(struct row *row) {
  struct bulla_span value = row->value;
  seal_by_key(row);
  row->value = value;
}

static void seal_value_by_key(struct row *row) {
  struct bulla_span mask = row->mask;
  seal_by_key(row);
  row->mask = mask;
}

static void drop_both(struct row *row) {
  row->writer = bulla_span(NULL, 0);
  row->signature = bulla_span(NULL, 0);
}

static void drop_writer(struct row *row) {
  row->writer = bulla_span(NULL, 0);
}

static void drop_signature(struct row *row) {
  row->signature = bulla_span(NULL, 0);
}

static void cut_signature(struct row *row) {
  row->signature.len--;
}

static void cut_writer(struct row *row) {
  row->writer.len--;
}

static void flip_signature(struct row *row) {
  row->signature = flipped(row->signature, 3);
}

static void flip_value(struct row *row) {
  row->value = flipped(row->value, SIZE_MAX);
}

static void flip_mask(struct row *row) {
  row->mask = flipped(row->mask, SIZE_MAX);
}

static void flip_key_id(struct row *row) {
  row->value = flipped(row->value, 4);
}

static void name_other_version(struct row *row) {
  row->secret = test_copy(secret(1)->id);
}

static void move_to_revision(struct row *row) {
  row->at.revision = 2;
}

static void move_to_entry(struct row *row) {
  row->at.entry_id = entry_of("acme", "mail");
}

/* Both blobs as they should be sealed, of what is no mask, and no padded value. */
static void seal_unpadded(struct row *row) {
  struct bulla_context context;
  struct bulla_buffer blob = test_room(200);
  TEST_OK(bulla_context_put_value(&context, &staff.front->keyring, &row->at, row->secret, row->writer));
  TEST_OK(bulla_boxed_seal(&blob, secret(2)->value_public, TEXT("as it is"), bulla_context_span(&context)));
  row->value = bulla_written(&blob);
}

static void seal_no_mask(struct row *row) {
  struct bulla_context context;
  struct bulla_buffer blob = test_room(200);
  TEST_OK(bulla_context_put_mask(&context, &staff.front->keyring, &row->at, row->secret, row->writer));
  TEST_OK(bulla_boxed_seal(&blob, secret(2)->mask_public, test_filled('*', 32), bulla_context_span(&context)));
  row->mask = bulla_written(&blob);
}

static const struct {
  const char *what;
  void (*change)(struct row *row);
  bool is_signed;
  enum { NOTHING, MASK, ALL } opens;
} forgeries[] = {
    {"nothing", keep_as_it_is, true, ALL},
    {"signed by another", sign_as_other, false, NOTHING},
    {"the name of another", name_other, false, NOTHING},
    {"the name of another, signed by who wrote it", name_other, true, NOTHING},
    {"a box of another, with a name and a signature of one's own", claim, false, NOTHING},
    {"the name of nobody", name_nobody, true, NOTHING},
    {"sealed for another field", seal_for_field, true, NOTHING},
    {"sealed and signed for another field", seal_for_field, false, NOTHING},
    {"sealed for another entry", seal_for_entry, true, NOTHING},
    {"sealed and signed for another entry", seal_for_entry, false, NOTHING},
    {"sealed for another tenant", seal_for_tenant, true, NOTHING},
    {"sealed and signed for another tenant", seal_for_tenant, false, NOTHING},
    {"sealed for another revision", seal_for_revision, true, NOTHING},
    {"sealed and signed for another revision", seal_for_revision, false, NOTHING},
    {"sealed for another version", seal_for_version, true, NOTHING},
    {"sealed and signed for another version", seal_for_version, false, NOTHING},
    {"sealed to another version's key", mix_versions, true, NOTHING},
    {"sealed to somebody", seal_to_anybody, true, NOTHING},
    {"value and mask swapped", swap_value_and_mask, true, NOTHING},
    {"another value", seal_another_value, false, NOTHING},
    {"another value, signed", seal_another_value, true, ALL},
    {"another mask", seal_another_mask, false, NOTHING},
    {"the mask as the value", take_mask_for_value, true, NOTHING},
    {"sealed by a key", seal_by_key, true, NOTHING},
    {"the mask sealed by a key", seal_mask_by_key, true, NOTHING},
    {"the value sealed by a key", seal_value_by_key, true, NOTHING},
    {"neither writer nor signature", drop_both, false, NOTHING},
    {"no writer", drop_writer, false, NOTHING},
    {"no signature", drop_signature, false, NOTHING},
    {"signature cut", cut_signature, false, NOTHING},
    {"writer cut", cut_writer, false, NOTHING},
    {"a bit of the signature", flip_signature, false, NOTHING},
    {"a bit of the value", flip_value, false, NOTHING},
    {"a bit of the value, signed", flip_value, true, MASK},
    {"a bit of the mask", flip_mask, false, NOTHING},
    {"a bit of the mask, signed", flip_mask, true, NOTHING},
    {"a bit of the key id, signed", flip_key_id, true, NOTHING},
    {"another version named", name_other_version, false, NOTHING},
    {"another version named, signed", name_other_version, true, NOTHING},
    {"another revision", move_to_revision, false, NOTHING},
    {"another revision, signed", move_to_revision, true, NOTHING},
    {"another entry", move_to_entry, false, NOTHING},
    {"another entry, signed", move_to_entry, true, NOTHING},
    {"no padded value, signed", seal_unpadded, true, MASK},
    {"no mask, signed", seal_no_mask, true, NOTHING},
};

static void bind_or_null(struct bulla_statement *statement, struct bulla_span bytes) {
  if (bytes.len > 0) {
    bulla_bind_blob(statement, bytes);
  } else {
    bulla_bind_null(statement);
  }
}

/* Puts the row in the place of what was planted before. */
static enum bulla_status plant(const struct row *row) {
  (void)run_sql("DELETE FROM field WHERE name = 'planted'");
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(house.vault->db, BULLA_QUERY_PUT_FIELD);
  bulla_bind_blob(&statement, row->at.entry_id);
  bulla_bind_text(&statement, row->at.field);
  bulla_bind_int(&statement, row->at.revision);
  bulla_bind_int(&statement, row->is_plain ? 0 : 1);
  bulla_bind_blob(&statement, row->value);
  bulla_bind_blob(&statement, row->mask);
  bulla_bind_blob(&statement, row->secret);
  bulla_bind_int(&statement, 1700000000);
  bind_or_null(&statement, row->writer);
  bind_or_null(&statement, row->signature);
  BULLA_TRY(bulla_finish(&statement));
  return bulla_db_commit(&transaction);
}

/* The ways to the planted field of an entry. */

static enum bulla_status by_show(struct bulla_span entry) {
  int calls = 0;
  return bulla_vault_show(house.vault, AT(TEXT("acme"), entry), count_field, &calls);
}

static enum bulla_status by_history(struct bulla_span entry) {
  return bulla_vault_history(house.vault, AT(TEXT("acme"), entry, TEXT("planted")), count_revision, NULL);
}

static enum bulla_status count_secret(UNUSED void *arg, UNUSED const struct bulla_secret_view *view) {
  return BULLA_OK;
}

static enum bulla_status by_secrets(UNUSED struct bulla_span entry) {
  return bulla_vault_secrets(house.vault, TEXT("acme"), count_secret, NULL);
}

/* The new value keeps the traits. */
static enum bulla_status by_put(struct bulla_span entry) {
  const struct bulla_field field = {TEXT("planted"), TEXT("another"), true};
  return bulla_vault_put(house.vault, &who, AT(TEXT("acme"), entry), &field, 1);
}

static enum bulla_status by_use(struct bulla_span entry) {
  return bulla_vault_use(house.vault, &who, AT(TEXT("acme"), entry, TEXT("planted")), remember, NULL);
}

static enum bulla_status by_rename(struct bulla_span entry) {
  (void)run_sql("DELETE FROM field WHERE name = 'renamed'");
  return bulla_vault_rename_field(house.vault, &who, AT(TEXT("acme"), entry, TEXT("planted")), TEXT("renamed"));
}

static const struct {
  const char *what;
  enum bulla_status (*way)(struct bulla_span entry);
  bool needs_value;
} ways[] = {
    {"show", by_show, false}, {"history", by_history, false}, {"secrets", by_secrets, false},
    {"put", by_put, false},   {"use", by_use, true},          {"rename", by_rename, true},
};

/* What is not found to be an actor's is left to a use. */
static void assert_rewrap(const char *what, bool is_good) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int64_t num = run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL");
  enum bulla_status status = bulla_vault_rewrap(house.vault, &report, &who, TEXT("acme"), NULL, NULL);
  cr_expect_eq(status, is_good || num == 0 ? BULLA_OK : BULLA_REFUSED, "%s: %s", what, bulla_status_text(status));
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL"), is_good ? 0 : num, "%s", what);
}

Test(posted_forged, none_opens) {
  for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
    struct row row = good();
    forgeries[i].change(&row);
    if (forgeries[i].is_signed) {
      sign(&row, staff.front);
    }
    bool is_moved = bulla_span_equal(row.at.entry_id, entry_of("acme", "mail"));
    for (size_t j = 0; j < sizeof(ways) / sizeof(ways[0]); j++) {
      /* Tables may have no place for it. */
      enum bulla_status status = plant(&row);
      cr_expect(status == BULLA_OK || forgeries[i].opens == NOTHING, "%s", forgeries[i].what);
      status = status == BULLA_OK ? ways[j].way(is_moved ? TEXT("mail") : TEXT("db")) : BULLA_REFUSED;
      bool opens = forgeries[i].opens == ALL || (forgeries[i].opens == MASK && !ways[j].needs_value);
      cr_expect_eq(status, opens ? BULLA_OK : BULLA_REFUSED, "%s by %s: %s", forgeries[i].what, ways[j].what,
                   bulla_status_text(status));
    }
    if (plant(&row) == BULLA_OK) {
      assert_rewrap(forgeries[i].what, forgeries[i].opens == ALL);
    }
  }
  cr_expect_eq(used.calls, 2);
}

Test(posted_forged, a_plain_value_has_no_writer) {
  struct row row = good();
  TEST_OK(put("acme", "db", "host", "db.internal", false));
  run_sql(
      "UPDATE field SET (writer, signature) = (SELECT a.id, a.signature FROM actor a WHERE a.name = 'front') WHERE "
      "name = 'host'");
  TEST_STATUS(use("acme", "db", "host"), BULLA_REFUSED);
  row.is_plain = true;
  if (postgres_is_tested()) {
    TEST_STATUS(plant(&row), BULLA_NOT_A_VAULT); /* the table takes no such row */
    return;
  }
  TEST_OK(plant(&row));
  TEST_STATUS(use("acme", "db", "planted"), BULLA_REFUSED);
}

Test(posted_forged, what_several_actors_put_is_each_ones_own) {
  const struct bulla_field field = {TEXT("planted"), TEXT("of other"), true};
  struct row row = good();
  TEST_OK(plant(&row));
  TEST_OK(bulla_vault_put(staff.other, &who, AT(TEXT("acme"), TEXT("mail")), &field, 1));
  TEST_OK(bulla_vault_put(staff.other, &who, AT(TEXT("beta"), TEXT("db")), &field, 1));
  TEST_OK(use("acme", "db", "planted"));
  TEST_OK(use("acme", "mail", "planted"));
  TEST_SPAN(used.value, field.value, "%.*s", S(used.value));
  TEST_OK(use("beta", "db", "planted"));
}

/* An index that is damaged leads there. */
Test(posted_forged, what_is_good_in_its_place_is_not_in_another) {
  SQLITE_ONLY();
  struct row row = good();
  TEST_OK(plant(&row));
  run_sql("UPDATE field SET name = 'elsewhere' WHERE name = 'planted'");
  TEST_STATUS(use("acme", "db", "elsewhere"), BULLA_REFUSED);
  run_sql("UPDATE field SET name = 'planted' WHERE name = 'elsewhere'");
  TEST_OK(use("acme", "db", "planted"));
}
