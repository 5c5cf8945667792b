/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Each key that an actor has is tried on all that is sealed in the database. */

#include "store/actor_box.h"
#include "store/actors.h"
#include "store/advance.h"
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
    let_in(make_thief(set), roles != 0);
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
  let_in(key, true);
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
    let_in(key, true);
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

/* Seals |given| as the handout |what| of "acme" and |role|, which whoever has the role can, and writes it. */
static void forge_handout(struct bulla_key *role_key, struct bulla_span tenant_id, enum bulla_role role,
                          struct bulla_span what, struct bulla_span given) {
  struct bulla_context context;
  struct bulla_buffer sealed = test_room(256);
  TEST_OK(bulla_context_handout(&context, thief.keyring, tenant_id, role, what));
  TEST_OK(bulla_seal(role_key, &sealed, given, bulla_context_span(&context)));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(thief.vault->db, BULLA_QUERY_PUT_HANDOUT);
  TEST_OK(bulla_db_begin(&transaction, thief.vault->db, BULLA_DB_WRITE));
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_text(&statement, bulla_role_name(role));
  bulla_bind_blob(&statement, what);
  bulla_bind_blob(&statement, bulla_written(&sealed));
  TEST_OK(bulla_finish(&statement));
  TEST_OK(bulla_db_commit(&transaction));
}

/* The handout as it is. */
static struct bulla_span given_by(enum bulla_role role, struct bulla_span what) {
  struct bulla_secret *given = NULL;
  TEST_OK(bulla_handout_open(&given, thief.keyring, thief.vault->db, thief.owner->role_keys[role],
                             bulla_tenant_id(thief.owner), role, what));
  struct bulla_span bytes = test_copy(bulla_secret_bytes(given));
  bulla_secret_free(&given);
  return bytes;
}

static enum bulla_status look_into_acme(struct bulla_span key) {
  struct bulla_vault *vault = open_as(key);
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *keys;
  enum bulla_status status = bulla_tenant_look(&owner, vault, TEXT("acme"));
  status = status == BULLA_OK ? bulla_tenant_active_secret(&keys, vault, owner) : status;
  bulla_vault_close(&vault);
  return status;
}

/* Who has a role can give others that have it other keys, but none that the tenant's statement commits to. */
Test(thief, handouts_that_one_of_a_role_forges_are_refused_by_the_others) {
  static const enum bulla_role roles[] = {BULLA_ROLE_PUT, BULLA_ROLE_SHOW, BULLA_ROLE_USE, BULLA_ROLE_VERIFY,
                                          BULLA_ROLE_AUDIT};
  furnish();
  for (size_t i = 0; i < N(roles); i++) {
    char names[2][20];
    snprintf(names[0], sizeof(names[0]), "thief%zu", i);
    snprintf(names[1], sizeof(names[1]), "victim%zu", i);
    struct bulla_span key = make_actor(names[0]);
    struct bulla_span victim = make_actor(names[1]);
    grant(names[0], roles[i], "acme");
    grant(names[1], roles[i], "acme");
    let_in(key, true);
    TEST_OK(look_into_acme(victim));
    const struct bulla_span whats[] = {NOTHING, test_copy(bulla_span(thief.keys->id, BULLA_ID_LEN))};
    bool has_secrets = roles[i] != BULLA_ROLE_PUT && roles[i] != BULLA_ROLE_AUDIT;
    for (size_t j = 0; j < (has_secrets ? 2 : 1); j++) {
      struct bulla_span given = given_by(roles[i], whats[j]);
      for (size_t at = 0; at < given.len; at += 16) {
        forge_handout(thief.owner->role_keys[roles[i]], bulla_tenant_id(thief.owner), roles[i], whats[j],
                      test_flipped(given, 8 * at));
        TEST_STATUS(look_into_acme(victim), BULLA_REFUSED);
      }
      const struct bulla_span lens[] = {bulla_span(given.data, given.len - 1), bulla_span(given.data, given.len / 2),
                                        test_concat(given, TEXT("x")), test_concat(given, given)};
      for (size_t k = 0; k < N(lens); k++) {
        forge_handout(thief.owner->role_keys[roles[i]], bulla_tenant_id(thief.owner), roles[i], whats[j], lens[k]);
        TEST_STATUS(look_into_acme(victim), BULLA_REFUSED);
      }
      forge_handout(thief.owner->role_keys[roles[i]], bulla_tenant_id(thief.owner), roles[i], whats[j], given);
      TEST_OK(look_into_acme(victim));
    }
    bulla_vault_close(&thief.vault);
  }
}

/* An auditor of all gives another one an audit key of his own, so that he can box to it what nobody recorded. */
Test(thief, an_audit_key_that_was_not_signed_is_refused) {
  furnish();
  struct bulla_span key = make_actor("thief");
  struct bulla_span victim = make_actor("victim");
  grant("thief", BULLA_ROLE_AUDIT, "");
  grant("victim", BULLA_ROLE_AUDIT, "");
  let_in(key, true);
  struct bulla_secret *secret = NULL;
  struct bulla_key *role_key = NULL;
  struct bulla_vault *vault = open_as(victim);
  TEST_OK(bulla_vault_audit_log(vault, 1, TEXT(""), count_record, NULL));
  bulla_vault_close(&vault);
  TEST_OK(bulla_role_key(&secret, thief.keyring, thief.keyring->self->ring_keys[BULLA_ROLE_AUDIT], NOTHING,
                         BULLA_ROLE_AUDIT, 1));
  TEST_OK(bulla_key_new(&role_key, BULLA_XAES_256_GCM, secret));
  forge_handout(role_key, NOTHING, BULLA_ROLE_AUDIT, NOTHING, test_filled(3, 2 * (size_t)BULLA_KEY_LEN));
  bulla_key_free(&role_key);
  bulla_secret_free(&secret);
  bulla_vault_close(&thief.vault);
  vault = open_as(victim);
  TEST_STATUS(bulla_vault_audit_log(vault, 1, TEXT(""), count_record, NULL), BULLA_REFUSED);
  bulla_vault_close(&vault);
}

/* A grant that is of another time than the tenant's statement, as none is that a root leaves behind. */
Test(thief, a_grant_of_another_epoch_is_refused) {
  furnish();
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  TEST_OK(look_into_acme(key));
  struct bulla_actor_row actor;
  struct bulla_grant_row row;
  const struct bulla_tenant *acme;
  struct bulla_vault *root = house.vault;
  struct bulla_secret *role_key = NULL;
  struct bulla_signed made;
  struct bulla_advance advance;
  struct bulla_change change = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, root, &who, BULLA_DB_WRITE));
  TEST_OK(bulla_tenant_look(&acme, root, TEXT("acme")));
  TEST_OK(bulla_actor_by_name(&actor, &root->keyring, root->db, TEXT("worker")));
  TEST_OK(bulla_grant_find(&row, &root->keyring, root->db, actor.said.id, bulla_tenant_id(acme), BULLA_ROLE_USE));
  TEST_OK(bulla_advance_begin(&advance, &change));
  struct bulla_grant_statement said = row.said;
  struct bulla_buffer box = test_room(BULLA_ACTOR_BOX_LEN);
  said.epoch++;
  said.generation = advance.generation;
  TEST_OK(bulla_role_key_of(&role_key, &root->keyring, &acme->said, BULLA_ROLE_USE));
  TEST_OK(bulla_grant_box_seal(&box, &root->keyring, &actor.said, &said, role_key));
  bulla_secret_free(&role_key);
  said.box = bulla_written(&box);
  TEST_OK(bulla_sign_grant(&made, &root->keyring, &said));
  {
    struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
        bulla_statement(root->db, BULLA_QUERY_UPDATE_GRANT);
    bulla_bind_int(&statement, 0);
    bulla_bind_blob(&statement, bulla_written(&made.statement));
    bulla_bind_blob(&statement, bulla_span(made.signature, sizeof(made.signature)));
    bulla_bind_blob(&statement, said.id);
    TEST_OK(bulla_finish(&statement));
  }
  TEST_OK(bulla_advance_put(&advance, &change, said.id, &made));
  TEST_OK(bulla_advance_end(&advance, &change));
  TEST_OK(bulla_change_tell(&change, TEXT("grant"), TEXT("acme"), TEXT("worker"), TEXT("use")));
  TEST_OK(bulla_change_commit(&change));
  bulla_change_end(&change);
  TEST_STATUS(look_into_acme(key), BULLA_REFUSED);
}
