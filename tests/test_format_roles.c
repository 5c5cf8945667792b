/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla against the vectors of docs/FORMAT.md §11 that tell of roles and actors. Those of the statements of actors and
 * grants, and of what is sealed to an actor, are for tests/test_signed_actor.c and tests/test_actor_box.c. */

#include "core/key.h"
#include "store/context.h"
#include "store/limit_subjects.h"
#include "store/roles.h"
#include "tests/vectors.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* The name of the vector of |role| that begins with |start|. */
static const char *of_role(const char *start, enum bulla_role role) {
  struct bulla_span name = test_concat(test_text(start), bulla_role_name(role));
  return (const char *)test_concat(name, bulla_span("", 1)).data;
}

/* A keyring of the vault that has the vault key. */
static struct bulla_keyring keyring(void) {
  struct bulla_keyring made = {.vault_secret = test_secret(vector_bytes("vault-key.material"))};
  memcpy(made.uuid, vector_bytes("vault.uuid").data, sizeof(made.uuid));
  TEST_OK(bulla_keyring_expand(&made));
  return made;
}

static void is(struct bulla_secret *key, const char *name) {
  TEST_SPAN(bulla_secret_bytes(key), vector_bytes(name), "%s", name);
  bulla_secret_free(&key);
}

Test(format_roles, statements_name_the_keys_of_roles) {
  const char *const tenants[] = {"tenant", "rotated"};
  struct bulla_vault_statement vault;
  struct bulla_tenant_statement said;
  TEST_OK(bulla_vault_statement_read(&vault, vector_bytes("vault.statement")));
  for (int role = 0; role < BULLA_NUM_ROLES; role++) {
    cr_expect_eq(vault.rings[role], vector_number(of_role("vault.ring-", (enum bulla_role)role)));
  }
  for (size_t i = 0; i < N(tenants); i++) {
    TEST_OK(bulla_tenant_statement_read(&said, vector_bytes(vector_of(tenants[i], "statement"))));
    for (int role = 0; role < BULLA_NUM_ROLES; role++) {
      const char *ring = vector_of(tenants[i], of_role("ring-", (enum bulla_role)role));
      const char *epoch = vector_of(tenants[i], of_role("epoch-", (enum bulla_role)role));
      cr_expect_eq(said.roles[role].ring, vector_number(ring), "%s", ring);
      cr_expect_eq(said.roles[role].epoch, vector_number(epoch), "%s", epoch);
    }
  }
}

Test(format_roles, the_vault_key_expands_to_the_keys_of_roles) {
  struct bulla_keyring opened = keyring();
  struct bulla_secret *key = NULL;
  struct bulla_secret *ring_key = NULL;
  struct bulla_tenant_statement said;
  TEST_OK(bulla_tenant_statement_read(&said, vector_bytes("tenant.statement")));
  for (int i = 0; i < BULLA_NUM_ROLES; i++) {
    enum bulla_role role = (enum bulla_role)i;
    TEST_OK(bulla_ring_key(&key, &opened, role, vector_number(of_role("vault.ring-", role))));
    is(key, of_role("ring-key.", role));
    TEST_OK(bulla_role_key_of(&key, &opened, &said, role));
    is(key, of_role("role-key.", role));
  }
  TEST_OK(bulla_ring_key(&ring_key, &opened, BULLA_ROLE_USE, vector_number("tenant.ring-use")));
  TEST_OK(bulla_role_key(&key, &opened, ring_key, vector_bytes("tenant.id"), BULLA_ROLE_USE,
                         vector_number("tenant.epoch-use")));
  is(key, "role-key.use");
  is(ring_key, "ring-key.use-before");
  ring_key = test_secret(vector_bytes("ring-key.audit"));
  TEST_OK(bulla_role_key(&key, &opened, ring_key, bulla_span(NULL, 0), BULLA_ROLE_AUDIT, 1));
  is(key, "role-key.audit-all");
  bulla_secret_free(&ring_key);
  bulla_keyring_free(&opened);
}

Test(format_roles, handouts_open_in_their_contexts) {
  struct bulla_keyring opened = keyring();
  struct bulla_span tenant = vector_bytes("tenant.id");
  struct bulla_span secret = vector_bytes("tenant-secret.id");
  struct bulla_span none = bulla_span(NULL, 0);
  const uint8_t ring[] = {0, 0, 0, 0, 0, 0, 0, (uint8_t)vector_number("handout-ring.ring")};
  const struct {
    const char *name;
    const char *key;
    struct bulla_span tenant_id;
    enum bulla_role role;
    struct bulla_span what;
  } rows[] = {
      {"handout-put", "role-key.put", tenant, BULLA_ROLE_PUT, none},
      {"handout-show", "role-key.show", tenant, BULLA_ROLE_SHOW, none},
      {"handout-use", "role-key.use", tenant, BULLA_ROLE_USE, none},
      {"handout-verify", "role-key.verify", tenant, BULLA_ROLE_VERIFY, none},
      {"handout-audit", "role-key.audit", tenant, BULLA_ROLE_AUDIT, none},
      {"handout-show-secret", "role-key.show", tenant, BULLA_ROLE_SHOW, secret},
      {"handout-use-secret", "role-key.use", tenant, BULLA_ROLE_USE, secret},
      {"handout-verify-secret", "role-key.verify", tenant, BULLA_ROLE_VERIFY, secret},
      {"handout-audit-all", "role-key.audit-all", none, BULLA_ROLE_AUDIT, none},
      {"handout-ring", "role-key.use-all", none, BULLA_ROLE_USE, bulla_span(ring, sizeof(ring))},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_context context;
    struct bulla_secret *material = test_secret(vector_bytes(rows[i].key));
    struct bulla_key *key = NULL;
    struct bulla_buffer room = test_room(200);
    TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
    TEST_OK(bulla_context_handout(&context, &opened, rows[i].tenant_id, rows[i].role, rows[i].what));
    TEST_SPAN(bulla_context_span(&context), vector_bytes(vector_of(rows[i].name, "context")), "%s", rows[i].name);
    TEST_OK(bulla_open(key, &room, vector_bytes(vector_of(rows[i].name, "sealed")), bulla_context_span(&context)));
    TEST_SPAN(bulla_written(&room), vector_bytes(vector_of(rows[i].name, "plaintext")), "%s", rows[i].name);
    bulla_key_free(&key);
    bulla_secret_free(&material);
  }
  bulla_keyring_free(&opened);
}

Test(format_roles, the_bucket_of_a_proven_name_is_another_than_that_of_a_claimed_one) {
  struct bulla_keyring opened = keyring();
  uint8_t id[BULLA_ID_LEN];
  TEST_OK(bulla_limit_subject_id(id, &opened, (enum bulla_limit_kind)vector_number("limit-proven.kind"),
                                 (enum bulla_limit_scope)vector_number("limit-proven.scope"),
                                 vector_text("limit-proven.name")));
  TEST_SPAN(bulla_span(id, sizeof(id)), vector_bytes("limit-proven.subject"), "subject");
  bulla_keyring_free(&opened);
}
