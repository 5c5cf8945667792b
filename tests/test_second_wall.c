/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The second wall: an actor has no keys for what it may not do, and every private function that needs one says so.
 * tests/test_thief.c tries what keys there are. */

#include "store/anchor.h"
#include "store/apikey.h"
#include "store/enroll.h"
#include "store/proof.h"
#include "store/reseal.h"
#include "store/roles.h"
#include "store/root.h"
#include "store/vault_row.h"
#include "tests/thief_support.h"

TestSuite(second_wall, .init = build_house, .fini = leave_house);

static enum bulla_status open_value(void) {
  struct bulla_secret *opened = NULL;
  enum bulla_status status = bulla_field_open(&opened, thief.keyring, &thief.secret);
  bulla_secret_free(&opened);
  return status;
}

static enum bulla_status open_padded(void) {
  struct bulla_secret *opened = NULL;
  enum bulla_status status = bulla_field_open_padded(&opened, thief.keyring, &thief.secret);
  bulla_secret_free(&opened);
  return status;
}

static enum bulla_status show_mask(void) {
  struct bulla_shown shown;
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(0, BULLA_TRAITS_LEN));
  return bulla_field_show(&shown, bulla_secret_data(room), thief.keyring, &thief.secret);
}

static enum bulla_status look_for_canary(void) {
  bool is_canary;
  return bulla_field_is_canary(&is_canary, thief.keyring, &thief.secret);
}

static enum bulla_status keep_traits(void) {
  struct bulla_field again = {.secret = true};
  return bulla_field_keep_traits(&again, thief.keyring, &thief.secret);
}

static enum bulla_status open_plain(void) {
  struct bulla_secret *opened = NULL;
  enum bulla_status status = bulla_field_open(&opened, thief.keyring, &thief.plain);
  bulla_secret_free(&opened);
  return status;
}

static enum bulla_status prove_name(void) {
  uint8_t proof[BULLA_PROOF_LEN];
  return bulla_entry_name_prove(proof, thief.keyring, thief.owner, test_filled(1, BULLA_ID_LEN), TEXT("name"));
}

static enum bulla_status seal_field(bool secret) {
  struct bulla_buffer value BULLA_CLEANUP(bulla_field_free) = {0};
  struct bulla_buffer mask BULLA_CLEANUP(bulla_field_free) = {0};
  const struct bulla_field field = {.name = TEXT("x"), .value = TEXT("forged"), .secret = secret};
  return bulla_field_seal(&value, &mask, thief.keyring, thief.owner, thief.keys, &thief.secret.binding, &field);
}

static enum bulla_status seal_secret(void) {
  return seal_field(true);
}

static enum bulla_status seal_plain(void) {
  return seal_field(false);
}

static enum bulla_status reseal_field(void) {
  struct bulla_buffer value = test_room(BULLA_STORED_MAX);
  struct bulla_buffer mask = test_room(BULLA_STORED_MAX);
  struct bulla_secret *plain BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(0, 2048));
  return bulla_reseal_field(&value, &mask, plain, thief.keyring, &thief.secret, thief.keys);
}

static enum bulla_status open_root(void) {
  struct bulla_use use = {.kind = &bulla_use_apikey, .field = thief.apikey, .record = {.entry = RECORD_ID}};
  enum bulla_status status = use.kind->open(&use, thief.keyring);
  bulla_secret_free(&use.opened);
  return status;
}

static enum bulla_status reseal_root(void) {
  struct bulla_buffer sealed = test_room(BULLA_WRAPPED_MAX);
  struct bulla_secret *plain BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(0, 128));
  return bulla_reseal_apikey(&sealed, plain, thief.keyring, &thief.apikey, thief.keys, RECORD_ID);
}

static enum bulla_status store_root(void) {
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  struct bulla_secret *root BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(9, BULLA_KEY_LEN));
  const struct bulla_apikey_record record = {
      .tenant = TEXT("acme"), .id = TEXT("fedcba9876543210"), .hash = test_filled(1, 32), .root = root};
  TEST_OK(bulla_db_begin(&transaction, thief.vault->db, BULLA_DB_WRITE));
  return bulla_apikey_store(thief.vault, thief.owner, &record, 1);
}

static enum bulla_status make_secret(void) {
  struct bulla_made_secret made;
  return bulla_tenant_secret_new(&made, thief.keyring, bulla_tenant_id(thief.owner), 2);
}

static enum bulla_status unwrap_secret(void) {
  struct bulla_secret_keys keys = {.field = NULL};
  const struct bulla_secret_row row = {
      .id = bulla_span(thief.keys->id, BULLA_ID_LEN), .version = 1, .wrapped = test_filled(1, 90)};
  return bulla_secret_keys_unwrap(&keys, thief.keyring, bulla_tenant_id(thief.owner), &row);
}

static enum bulla_status check_tenant_as_root(void) {
  const struct bulla_tenant *tenant;
  struct bulla_span bytes = test_copy(bulla_span(thief.owner->bytes, thief.owner->len));
  const struct bulla_tenant_row row = {
      .id = bulla_tenant_id(thief.owner),
      .has_name = true,
      .name = TEXT("acme"),
      .statement = bulla_span(bytes.data, bytes.len - BULLA_SIGNATURE_LEN),
      .signature = bulla_span(bytes.data + bytes.len - BULLA_SIGNATURE_LEN, BULLA_SIGNATURE_LEN),
      .has_keys = true,
      .label_key = test_filled(1, 90),
      .detail_key = test_filled(1, 90)};
  bulla_keyring_retire(thief.keyring);
  return bulla_check_tenant(&tenant, thief.keyring, &row);
}

static enum bulla_status open_vault_row(void) {
  struct bulla_vault_row row;
  TEST_OK(bulla_vault_row_load_keys(&row, thief.vault->db));
  return bulla_vault_row_open(thief.keyring, &row);
}

static enum bulla_status store_vault_row(void) {
  struct bulla_vault_row row;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  TEST_OK(bulla_db_begin(&transaction, thief.vault->db, BULLA_DB_WRITE));
  TEST_OK(bulla_vault_row_load(&row, thief.vault->db));
  return bulla_vault_row_store(NULL, thief.keyring, thief.vault->db, &row.said);
}

static enum bulla_status sign_tenant(void) {
  struct bulla_signed made;
  return bulla_sign_tenant(&made, thief.keyring, &thief.owner->said);
}

static enum bulla_status sign_actor(void) {
  struct bulla_signed made;
  const struct bulla_actor_statement said = {.uuid = bulla_keyring_uuid(thief.keyring),
                                             .id = test_filled(1, BULLA_ID_LEN),
                                             .number = 1,
                                             .name = TEXT("x"),
                                             .signing_public = test_filled(1, 32),
                                             .box_public = test_filled(1, 32),
                                             .first_lane = test_filled(1, 32),
                                             .common_box = test_filled(1, BULLA_ACTOR_BOX_LEN)};
  return bulla_sign_actor(&made, thief.keyring, &said);
}

static enum bulla_status sign_grant(void) {
  struct bulla_signed made;
  const struct bulla_grant_statement said = {.uuid = bulla_keyring_uuid(thief.keyring),
                                             .id = test_filled(1, BULLA_ID_LEN),
                                             .actor_id = bulla_span(thief.keyring->self->id, BULLA_ID_LEN),
                                             .role = BULLA_ROLE_USE,
                                             .epoch = 1,
                                             .box = test_filled(1, BULLA_ACTOR_BOX_LEN)};
  return bulla_sign_grant(&made, thief.keyring, &said);
}

static enum bulla_status make_ring_key(void) {
  struct bulla_secret *key = NULL;
  return bulla_ring_key(&key, thief.keyring, BULLA_ROLE_USE, 1);
}

static enum bulla_status make_role_key(void) {
  struct bulla_secret *key = NULL;
  return bulla_role_key_of(&key, thief.keyring, &thief.owner->said, BULLA_ROLE_USE);
}

static enum bulla_status renew_role(void) {
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  struct bulla_tenant_statement said = thief.owner->said;
  TEST_OK(bulla_db_begin(&transaction, thief.vault->db, BULLA_DB_WRITE));
  return bulla_roles_renew(thief.keyring, thief.vault->db, &said, BULLA_ROLE_USE, 1);
}

static enum bulla_status write_anchor(void) {
  const struct bulla_anchor anchor = {.num = 0};
  struct bulla_buffer note = test_room(BULLA_ANCHOR_MAX);
  return bulla_anchor_write(&note, thief.keyring, &anchor);
}

static enum bulla_status wrap_for(const struct bulla_root *root) {
  struct bulla_root_row row;
  struct bulla_root_entry entry;
  return bulla_root_wrap(&row, &entry, thief.keyring, root, thief.keyring->vault_secret);
}

static enum bulla_status wrap_vault_key(void) {
  return wrap_for(house.root);
}

static enum bulla_status box_vault_key(void) {
  const struct bulla_root recipient = {.kind = BULLA_ROOT_RECIPIENT, .public_key = {9}};
  return wrap_for(&recipient);
}

static enum bulla_status open_boxed_detail(void) {
  const struct bulla_audit_lane lane = {.number = BULLA_ACTOR_LANES};
  struct bulla_audit_record record = {.seq = 1, .lane = lane.number, .op = TEXT("use"), .outcome = TEXT("denied")};
  struct bulla_buffer sealed = test_room(BULLA_DETAIL_MAX);
  struct bulla_buffer opened = test_room(BULLA_DETAIL_MAX);
  TEST_OK(bulla_audit_detail_seal(&sealed, thief.keyring, NULL, &lane, &record));
  return bulla_audit_detail_open(&record, &opened, thief.keyring, NULL, &lane, bulla_written(&sealed));
}

static enum bulla_status open_first_key(void) {
  struct bulla_secret *key = NULL;
  struct bulla_audit_lane lane = {.number = 0};
  return bulla_audit_lane_load(&lane, &key, &thief.vault->log);
}

static enum bulla_status rotate(void) {
  int64_t version;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, thief.vault, &who, BULLA_DB_WRITE));
  return bulla_tenant_rotate(&version, &change, thief.owner);
}

static enum bulla_status create_tenant(void) {
  const struct bulla_tenant *tenant;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, thief.vault, &who, BULLA_DB_WRITE));
  return bulla_tenant_create(&tenant, &change, TEXT("mine"), 1);
}

/* What is tried, and the roles on the tenant that have the keys for it. */
static const struct {
  const char *name;
  enum bulla_status (*attempt)(void);
  unsigned roles;
} walls[] = {
    {"open value", open_value, USE},
    {"open padded value", open_padded, USE},
    {"show mask", show_mask, SHOW | USE},
    {"look for canary", look_for_canary, SHOW | USE},
    {"keep traits", keep_traits, SHOW | USE},
    {"open plain", open_plain, PUT | SHOW | USE},
    {"prove name", prove_name, PUT | SHOW | USE},
    {"seal plain", seal_plain, PUT | SHOW | USE},
    {"seal secret", seal_secret, USE},
    {"reseal field", reseal_field, USE},
    {"open root", open_root, VERIFY},
    {"reseal root", reseal_root, VERIFY},
    {"store root", store_root, VERIFY},
    {"make secret", make_secret, 0},
    {"unwrap secret", unwrap_secret, 0},
    {"open vault row", open_vault_row, 0},
    {"store vault row", store_vault_row, 0},
    {"sign tenant", sign_tenant, 0},
    {"sign actor", sign_actor, 0},
    {"sign grant", sign_grant, 0},
    {"make ring key", make_ring_key, 0},
    {"make role key", make_role_key, 0},
    {"renew role", renew_role, 0},
    {"write anchor", write_anchor, 0},
    {"wrap vault key", wrap_vault_key, 0},
    {"box vault key", box_vault_key, 0},
    {"open a boxed detail", open_boxed_detail, 0},
    {"open first key of a lane", open_first_key, 0},
    {"rotate", rotate, 0},
    {"create tenant", create_tenant, 0},
    {"check tenant as a root", check_tenant_as_root, 0}, /* the last one: it forgets the tenant */
};

Test(second_wall, every_function_that_needs_a_key_says_denied_without_it) {
  furnish();
  for (size_t set = 0; set < N(sets); set++) {
    let_in(make_thief(set), roles_on_acme(set) != 0);
    for (size_t i = 0; i < N(walls); i++) {
      enum bulla_status wanted = (walls[i].roles & roles_on_acme(set)) != 0 ? BULLA_OK : BULLA_DENIED;
      enum bulla_status status = walls[i].attempt();
      cr_expect_eq(status, wanted, "%s by set %zu: %s", walls[i].name, set, bulla_status_text(status));
    }
    bulla_keyring_let_go(thief.keyring);
    bulla_vault_close(&thief.vault);
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM tenant"), 2);
}
