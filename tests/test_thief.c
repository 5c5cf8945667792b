/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Each key that an actor has is tried on all that is sealed in the database. */

#include "store/context.h"
#include "store/roles.h"
#include "store/vault_row.h"
#include "tests/thief_support.h"

TestSuite(thief, .init = build_house, .fini = leave_house);

/* All keys that the thief has, as keys that could open something. */
struct bunch {
  const struct bulla_key *keys[64];
  struct bulla_key *made[64];
  size_t num;
  size_t num_made;
};

static void add(struct bunch *bunch, const struct bulla_key *key) {
  if (key != NULL) {
    bunch->keys[bunch->num++] = key;
  }
}

static void add_secret(struct bunch *bunch, const struct bulla_secret *secret) {
  if (secret != NULL) {
    struct bulla_key **key = &bunch->made[bunch->num_made++];
    TEST_OK(bulla_key_new(key, BULLA_XAES_256_GCM, secret));
    add(bunch, *key);
  }
}

static void collect(struct bunch *bunch) {
  const struct bulla_self *self = thief.keyring->self;
  add(bunch, thief.owner->detail_key);
  add_secret(bunch, thief.owner->label_key);
  add(bunch, thief.keys->field_key);
  add(bunch, thief.keys->mask_key);
  add(bunch, thief.keys->apikey_key);
  add(bunch, thief.keyring->detail_key);
  add_secret(bunch, thief.keyring->audit_private);
  add_secret(bunch, thief.keyring->limit_key);
  add(bunch, self->head_key);
  add_secret(bunch, self->box_private);
  add_secret(bunch, self->signing_seed);
  for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
    add(bunch, thief.owner->role_keys[i]);
    add_secret(bunch, self->ring_keys[i]);
  }
}

/* Counts the keys that open |blob| in |context|. */
static size_t count_openers(const struct bunch *bunch, struct bulla_span blob, const struct bulla_context *context) {
  size_t num = 0;
  for (size_t i = 0; i < bunch->num; i++) {
    struct bulla_buffer opened = test_room(blob.len);
    enum bulla_status status = bulla_open(bunch->keys[i], &opened, blob, bulla_context_span(context));
    cr_expect(status == BULLA_OK || status == BULLA_REFUSED, "%s", bulla_status_text(status));
    num += status == BULLA_OK ? 1 : 0;
  }
  return num;
}

static size_t count_of_field(const struct bunch *bunch, bool of_value) {
  struct bulla_context context;
  TEST_OK(of_value ? bulla_context_field(&context, thief.keyring, &thief.secret.binding)
                   : bulla_context_mask(&context, thief.keyring, &thief.secret.binding));
  return count_openers(bunch, of_value ? thief.secret.value : thief.secret.mask, &context);
}

static size_t count_of_apikey(const struct bunch *bunch) {
  struct bulla_context context;
  TEST_OK(bulla_context_apikey(&context, thief.keyring, bulla_tenant_id(thief.owner), RECORD_ID));
  return count_openers(bunch, thief.apikey.value, &context);
}

/* The keys of vault and tenant that are wrapped under the vault key. */
static size_t count_of_wrapped(const struct bunch *bunch) {
  static const enum bulla_wrapped whats[] = {BULLA_WRAPPED_SIGNING_KEY, BULLA_WRAPPED_AUDIT_KEY,
                                             BULLA_WRAPPED_DETAIL_KEY};
  struct bulla_vault_row row;
  struct bulla_context context;
  bool there;
  size_t num = 0;
  TEST_OK(bulla_vault_row_load_keys(&row, thief.vault->db));
  const struct bulla_span wrapped[] = {row.signing_key, row.audit_key, row.detail_key};
  for (size_t i = 0; i < N(whats); i++) {
    TEST_OK(bulla_context_wrapped(&context, thief.keyring, whats[i], NOTHING, 0));
    num += count_openers(bunch, wrapped[i], &context);
  }
  struct bulla_statement secret BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(thief.vault->db, BULLA_QUERY_TENANT_SECRET);
  bulla_bind_blob(&secret, bulla_span(thief.keys->id, BULLA_ID_LEN));
  bulla_bind_blob(&secret, bulla_tenant_id(thief.owner));
  TEST_OK(bulla_step(&secret, &there));
  cr_assert(there);
  (void)bulla_column_exact(&secret, BULLA_ID_LEN);
  int64_t version = bulla_column_int(&secret);
  TEST_OK(bulla_context_wrapped(&context, thief.keyring, BULLA_WRAPPED_TENANT_SECRET, bulla_tenant_id(thief.owner),
                                version));
  return num + count_openers(bunch, bulla_column_blob(&secret, BULLA_WRAPPED_MAX), &context);
}

/* The handouts of |role| on "acme": the tenant's own, or those of its secret. */
static size_t count_of_handouts(const struct bunch *bunch, enum bulla_role role, struct bulla_span what) {
  struct bulla_context context;
  bool there;
  struct bulla_statement found BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(thief.vault->db, BULLA_QUERY_GET_HANDOUT);
  bulla_bind_blob(&found, bulla_tenant_id(thief.owner));
  bulla_bind_text(&found, bulla_role_name(role));
  bulla_bind_blob(&found, what);
  TEST_OK(bulla_step(&found, &there));
  if (!there) {
    return 0;
  }
  TEST_OK(bulla_context_handout(&context, thief.keyring, bulla_tenant_id(thief.owner), role, what));
  return count_openers(bunch, bulla_column_blob(&found, 256), &context);
}

Test(thief, no_key_of_an_actor_opens_what_its_roles_do_not_give) {
  furnish();
  for (size_t set = 0; set < N(sets); set++) {
    unsigned roles = roles_on_acme(set);
    struct bunch bunch = {.num = 0};
    let_in(make_thief(set));
    collect(&bunch);
    cr_expect_geq(bunch.num, 4);
    cr_expect_eq(count_of_field(&bunch, true), (roles & USE) != 0 ? 1 : 0, "a value, set %zu", set);
    cr_expect_eq(count_of_field(&bunch, false), (roles & (SHOW | USE)) != 0 ? 1 : 0, "a mask, set %zu", set);
    cr_expect_eq(count_of_apikey(&bunch), (roles & VERIFY) != 0 ? 1 : 0, "a root, set %zu", set);
    cr_expect_eq(count_of_wrapped(&bunch), 0, "a wrapped key, set %zu", set);
    for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
      bool has = (roles >> role & 1) != 0;
      bool of_secret = has && (role == BULLA_ROLE_SHOW || role == BULLA_ROLE_USE || role == BULLA_ROLE_VERIFY);
      struct bulla_span secret_id = bulla_span(thief.keys->id, BULLA_ID_LEN);
      cr_expect_eq(count_of_handouts(&bunch, (enum bulla_role)role, NOTHING), has ? 1 : 0, "role %u, set %zu", role,
                   set);
      cr_expect_eq(count_of_handouts(&bunch, (enum bulla_role)role, secret_id), of_secret ? 1 : 0,
                   "a secret by role %u, set %zu", role, set);
    }
    for (size_t i = 0; i < bunch.num_made; i++) {
      bulla_key_free(&bunch.made[i]);
    }
    bulla_vault_close(&thief.vault);
  }
}

/* What an actor has put, nobody opens by what it knows. */
Test(thief, what_an_actor_has_put_it_cannot_open_itself) {
  furnish();
  struct bulla_span key = make_actor("feeder");
  grant("feeder", BULLA_ROLE_PUT, "acme");
  struct bulla_vault *vault = open_as(key);
  const struct bulla_field field = {.name = TEXT("password"), .value = TEXT("put by an actor"), .secret = true};
  TEST_OK(bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1));
  bulla_vault_close(&vault);
  let_in(key);
  cr_assert_gt(thief.secret.posting.writer.len, 0);
  struct bulla_secret *without = NULL;
  TEST_STATUS(bulla_field_open(&without, thief.keyring, &thief.secret), BULLA_DENIED);
  const struct bulla_secret *own[] = {thief.keyring->self->box_private, thief.keyring->self->signing_seed,
                                      thief.owner->label_key, thief.keyring->limit_key};
  for (size_t i = 0; i < N(own); i++) {
    struct bulla_box_key *box BULLA_CLEANUP(bulla_box_key_free) = NULL;
    struct bulla_secret *opened = NULL;
    TEST_OK(bulla_box_key_new(&box, own[i]));
    struct bulla_tenant_secret keys = *thief.keys;
    keys.value_box = box;
    keys.mask_box = box;
    struct bulla_stored_field tried = thief.secret;
    tried.keys = &keys;
    TEST_STATUS(bulla_field_open(&opened, thief.keyring, &tried), BULLA_REFUSED);
    cr_expect_null(opened);
  }
  bulla_vault_close(&thief.vault);
  assert_use("acme", "db", "password", "put by an actor");
}

/* Who had a role key or a ring key comes by nothing that is made after his grant has ended. */
Test(thief, keys_of_a_grant_that_has_ended_open_nothing_that_is_made_later) {
  static const char *const tenants[] = {"acme", ""};
  int64_t version;
  furnish();
  for (size_t i = 0; i < N(tenants); i++) {
    char name[20];
    snprintf(name, sizeof(name), "worker%zu", i);
    struct bunch bunch = {.num = 0};
    struct bulla_span key = make_actor(name);
    grant(name, BULLA_ROLE_USE, tenants[i]);
    let_in(key);
    collect(&bunch);
    cr_expect_eq(count_of_field(&bunch, true), 1);
    end_grant(name, BULLA_ROLE_USE, tenants[i]);
    TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
    TEST_OK(put("acme", "db", "password", "put after the end", true));
    read_field(&thief.secret, "password");
    cr_expect_eq(count_of_field(&bunch, true), 0, "%zu", i);
    cr_expect_eq(count_of_field(&bunch, false), 0, "%zu", i);
    for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
      const struct bulla_tenant *now;
      TEST_OK(bulla_tenant_look(&now, house.vault, TEXT("acme")));
      struct bulla_span secret_id = now->said.secrets[now->said.num_secrets - 1].id;
      cr_expect_eq(count_of_handouts(&bunch, (enum bulla_role)role, secret_id), 0, "%zu, role %u", i, role);
    }
    for (size_t j = 0; j < bunch.num_made; j++) {
      bulla_key_free(&bunch.made[j]);
    }
    bulla_vault_close(&thief.vault);
    TEST_OK(put("acme", "db", "password", "acme db password", true));
  }
}
