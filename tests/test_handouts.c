/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys of roles and what they give, in the vault's own rows: store/roles.h. */

#include "core/key.h"
#include "store/roles.h"
#include "store/tenant.h"
#include "tests/vault_support.h"

TestSuite(handouts, .init = build_house, .fini = leave_house);

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define NOTHING bulla_span(NULL, 0)

/* The tenant |name| as the vault has it now. */
static const struct bulla_tenant *find(const char *name) {
  const struct bulla_tenant *tenant = NULL;
  TEST_OK(bulla_tenant_look(&tenant, house.vault, bulla_text(name)));
  return tenant;
}

/* Opens the handout |what| of |role| with |key|. */
static enum bulla_status open_with(struct bulla_secret **given, const struct bulla_secret *key,
                                   struct bulla_span tenant, enum bulla_role role, struct bulla_span what) {
  struct bulla_key *role_key BULLA_CLEANUP(bulla_key_free) = NULL;
  *given = NULL;
  BULLA_TRY(bulla_key_new(&role_key, BULLA_XAES_256_GCM, key));
  return bulla_handout_open(given, &house.vault->keyring, house.vault->db, role_key, tenant, role, what);
}

static enum bulla_status open_now(struct bulla_secret **given, const struct bulla_tenant_statement *said,
                                  enum bulla_role role, struct bulla_span what) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  *given = NULL;
  BULLA_TRY(bulla_role_key_of(&key, &house.vault->keyring, said, role));
  return open_with(given, key, said->id, role, what);
}

/* Whether the BULLA_KEY_LEN bytes at |offset| of |given| are a key with that id. */
static bool has_key(const struct bulla_secret *given, size_t offset, struct bulla_span id) {
  uint8_t found[BULLA_KEY_ID_LEN];
  TEST_OK(bulla_key_id_of(found, bulla_span(bulla_secret_bytes(given).data + offset, BULLA_KEY_LEN)));
  return bulla_span_equal(id, bulla_span(found, sizeof(found)));
}

/* Whether they are the key that expands to the pair of |public_key|. */
static bool has_pair(const struct bulla_secret *given, size_t offset, struct bulla_secret_keys *keys, bool is_mask,
                     struct bulla_span public_key) {
  struct bulla_tenant_secret made BULLA_CLEANUP(bulla_tenant_secret_free) = {.version = 1};
  struct bulla_secret **place = is_mask ? &keys->mask : &keys->field;
  bulla_secret_keys_free(keys);
  TEST_OK(bulla_secret_copy(place, bulla_span(bulla_secret_bytes(given).data + offset, BULLA_KEY_LEN)));
  TEST_OK(bulla_tenant_secret_fill(&made, keys));
  bulla_secret_keys_free(keys);
  return bulla_span_equal(public_key, bulla_span(is_mask ? made.mask_public : made.value_public, BULLA_KEY_LEN));
}

/* Checks all that the roles give for the tenant of |said|. */
static void check_all(const struct bulla_tenant_statement *said) {
  static const struct {
    enum bulla_role role;
    size_t num_keys;
    size_t num_secret_keys;
  } rows[] = {{BULLA_ROLE_PUT, 2, 0},
              {BULLA_ROLE_SHOW, 2, 1},
              {BULLA_ROLE_USE, 2, 2},
              {BULLA_ROLE_VERIFY, 1, 1},
              {BULLA_ROLE_AUDIT, 1, 0}};
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_secret *given BULLA_CLEANUP(bulla_secret_free) = NULL;
    TEST_OK(open_now(&given, said, rows[i].role, NOTHING));
    cr_assert_eq(bulla_secret_bytes(given).len, rows[i].num_keys * BULLA_KEY_LEN);
    cr_expect(rows[i].num_keys == 1 || has_key(given, 0, said->label_key_id), "row %zu", i);
    cr_expect(has_key(given, (rows[i].num_keys - 1) * BULLA_KEY_LEN, said->detail_key_id), "row %zu", i);
    for (size_t j = 0; j < said->num_secrets; j++) {
      const struct bulla_secret_entry *entry = &said->secrets[j];
      struct bulla_secret *keys BULLA_CLEANUP(bulla_secret_free) = NULL;
      struct bulla_secret_keys room = {.field = NULL};
      if (rows[i].num_secret_keys == 0) {
        TEST_STATUS(open_now(&keys, said, rows[i].role, entry->id), BULLA_NOT_FOUND);
        continue;
      }
      TEST_OK(open_now(&keys, said, rows[i].role, entry->id));
      cr_assert_eq(bulla_secret_bytes(keys).len, rows[i].num_secret_keys * BULLA_KEY_LEN);
      bool good = rows[i].role == BULLA_ROLE_SHOW ? has_pair(keys, 0, &room, true, entry->mask_public)
                  : rows[i].role == BULLA_ROLE_VERIFY
                      ? has_key(keys, 0, entry->apikey_id)
                      : has_pair(keys, 0, &room, false, entry->value_public) &&
                            has_pair(keys, BULLA_KEY_LEN, &room, true, entry->mask_public);
      cr_expect(good, "row %zu, secret %zu", i, j);
    }
  }
}

static int64_t num_handouts(void) {
  return run_sql("SELECT count(*) FROM handout");
}

Test(handouts, each_role_gives_what_the_tenants_statement_commits_to_and_no_more) {
  int64_t version;
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  check_all(&find("acme")->said);
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  cr_expect_eq(find("acme")->said.num_secrets, 2);
  check_all(&find("acme")->said);
  check_all(&find("beta")->said);
  cr_expect_eq(num_handouts(), 1 + 2 * 5 + 3 * 3); /* the auditor's; of two tenants; of three secrets */
}

Test(handouts, what_is_destroyed_removed_or_shredded_is_not_handed_out_any_more) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int64_t version;
  int64_t num;
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put("gone", "db", "host", "x", false));
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  TEST_OK(bulla_vault_rewrap(house.vault, &report, &who, TEXT("acme"), NULL, NULL));
  TEST_OK(bulla_vault_destroy_versions(house.vault, &num, &who, TEXT("acme")));
  cr_expect_eq(num, 1);
  check_all(&find("acme")->said);
  cr_expect_eq(num_handouts(), 1 + 3 * 5 + 3 * 3);
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("gone"), TEXT("db"))));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, TEXT("gone")));
  cr_expect_eq(num_handouts(), 1 + 3 * 5 + 2 * 3); /* its records are still to be read */
  TEST_OK(bulla_vault_shred(house.vault, &who, TEXT("beta")));
  cr_expect_eq(num_handouts(), 1 + 2 * 5 + 3);
}

/* A key of a role opens what it is for in its own place. */
Test(handouts, a_row_that_was_moved_is_refused) {
  static const char *const moves[] = {
      "UPDATE handout SET sealed = (SELECT o.sealed FROM handout o WHERE o.tenant = handout.tenant AND o.role = 'use' "
      "AND length(o.secret) = 0) WHERE role = 'show' AND length(secret) = 0",
      "UPDATE handout SET sealed = (SELECT o.sealed FROM handout o WHERE o.tenant <> handout.tenant AND o.role = "
      "'show' "
      "AND length(o.secret) = 0 AND length(o.tenant) > 0) WHERE role = 'show' AND length(secret) = 0 AND "
      "tenant = (SELECT t.id FROM tenant t WHERE t.name = 'acme')",
      "UPDATE handout SET sealed = zeroblob(122) WHERE role = 'show' AND length(secret) = 0",
      "UPDATE handout SET sealed = zeroblob(3) WHERE role = 'show' AND length(secret) = 0",
      "UPDATE handout SET sealed = (SELECT o.sealed FROM handout o WHERE o.tenant = handout.tenant AND o.role = 'show' "
      "AND length(o.secret) > 0) WHERE role = 'show' AND length(secret) = 0",
  };
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  struct bulla_span good = image();
  for (size_t i = 0; i < N(moves); i++) {
    struct bulla_secret *given BULLA_CLEANUP(bulla_secret_free) = NULL;
    restore(good, moves[i]);
    cr_expect_eq(open_now(&given, &find("acme")->said, BULLA_ROLE_SHOW, NOTHING), BULLA_REFUSED, "row %zu", i);
    cr_expect_null(given);
    TEST_OK(open_now(&given, &find("acme")->said, BULLA_ROLE_USE, NOTHING));
  }
}

/* Who had the key of a role until then opens nothing that is handed out afterwards. */
Test(handouts, renewed_they_are_the_same_under_another_key) {
  int64_t version;
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  struct bulla_tenant_statement said = find("acme")->said;
  for (unsigned i = 0; i < BULLA_NUM_ROLES; i++) {
    enum bulla_role role = (enum bulla_role)i;
    struct bulla_secret *before BULLA_CLEANUP(bulla_secret_free) = NULL;
    struct bulla_secret *given BULLA_CLEANUP(bulla_secret_free) = NULL;
    struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
    TEST_OK(bulla_role_key_of(&before, &house.vault->keyring, &said, role));
    TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
    TEST_OK(bulla_roles_renew(&house.vault->keyring, house.vault->db, &said, role, i % 2 == 0 ? 1 : 5));
    TEST_OK(bulla_db_commit(&transaction));
    cr_expect_eq(said.roles[role].epoch, 2);
    cr_expect_eq(said.roles[role].ring, i % 2 == 0 ? 1 : 5);
    TEST_STATUS(open_with(&given, before, said.id, role, NOTHING), BULLA_REFUSED);
    TEST_STATUS(open_with(&given, before, said.id, role, said.secrets[1].id),
                role == BULLA_ROLE_PUT || role == BULLA_ROLE_AUDIT ? BULLA_NOT_FOUND : BULLA_REFUSED);
  }
  check_all(&said);
}

/* An older ring key follows from a newer one, and not the other way round. */
Test(handouts, a_ring_leads_down_and_not_up) {
  enum { LAST = 4 };
  const struct bulla_keyring *keyring = &house.vault->keyring;
  struct bulla_db *db = house.vault->db;
  struct bulla_vault_row row;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  TEST_OK(bulla_vault_row_load(&row, db));
  TEST_OK(bulla_db_begin(&transaction, db, BULLA_DB_WRITE));
  for (int64_t ring = 1; ring < LAST; ring++) {
    TEST_OK(bulla_roles_next_ring(keyring, db, &row, BULLA_ROLE_AUDIT));
    cr_expect_eq(row.said.rings[BULLA_ROLE_AUDIT], ring + 1);
  }
  cr_expect_eq(row.said.rings[BULLA_ROLE_USE], 1);
  for (int64_t from = 1; from <= LAST; from++) {
    for (int64_t to = 0; to <= LAST; to++) {
      struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
      struct bulla_secret *wanted BULLA_CLEANUP(bulla_secret_free) = NULL;
      TEST_OK(bulla_ring_key(&key, keyring, BULLA_ROLE_AUDIT, from));
      TEST_OK(bulla_ring_key(&wanted, keyring, BULLA_ROLE_AUDIT, to));
      enum bulla_status status = bulla_ring_down(&key, keyring, db, BULLA_ROLE_AUDIT, from, to);
      cr_expect_eq(status, to >= 1 && to <= from ? BULLA_OK : BULLA_REFUSED, "%ld to %ld", (long)from, (long)to);
      if (status == BULLA_OK) {
        TEST_SPAN(bulla_secret_bytes(key), bulla_secret_bytes(wanted), "%ld to %ld", (long)from, (long)to);
      }
    }
  }
  for (int64_t ring = 1; ring <= LAST; ring++) {
    /* Only the newest gives the keys of the log. */
    struct bulla_secret *ring_key BULLA_CLEANUP(bulla_secret_free) = NULL;
    struct bulla_secret *role_key BULLA_CLEANUP(bulla_secret_free) = NULL;
    struct bulla_secret *given BULLA_CLEANUP(bulla_secret_free) = NULL;
    TEST_OK(bulla_ring_key(&ring_key, keyring, BULLA_ROLE_AUDIT, ring));
    TEST_OK(bulla_role_key(&role_key, keyring, ring_key, NOTHING, BULLA_ROLE_AUDIT, 1));
    TEST_STATUS(open_with(&given, role_key, NOTHING, BULLA_ROLE_AUDIT, NOTHING),
                ring == LAST ? BULLA_OK : BULLA_REFUSED);
    if (ring == LAST) {
      TEST_SPAN(bulla_span(bulla_secret_bytes(given).data, BULLA_KEY_LEN), bulla_secret_bytes(keyring->audit_private),
                "the audit key");
      cr_expect(has_key(given, BULLA_KEY_LEN, bulla_key_id(keyring->detail_key)));
    }
  }
}

Test(handouts, without_the_vault_key_there_is_no_ring_key) {
  struct bulla_keyring keyring = {.generation = 1};
  struct bulla_secret *key = NULL;
  TEST_STATUS(bulla_ring_key(&key, &keyring, BULLA_ROLE_USE, 1), BULLA_DENIED);
  cr_expect_null(key);
}
