/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla against the vectors of docs/FORMAT.md §11 that tell of roles and actors. Those of the statements of actors and
 * grants, and of what is sealed to an actor, are for tests/test_signed_actor.c and tests/test_actor_box.c. */

#include <stdlib.h>

#include "core/key.h"
#include "store/audit_chain.h"
#include "store/context.h"
#include "store/directory.h"
#include "store/limit_subjects.h"
#include "store/roles.h"
#include "store/self.h"
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

/* Asserts that what the actor has put opens with the private half |private_name| in |context|. */
static void put_opens_to(const char *blob, const char *private_name, const struct bulla_context *context,
                         const char *plaintext) {
  struct bulla_secret *private_key = test_secret(vector_bytes(private_name));
  struct bulla_box_key *key = NULL;
  struct bulla_buffer room = test_room(200);
  TEST_OK(bulla_box_key_new(&key, private_key));
  TEST_OK(bulla_boxed_open(key, &room, vector_bytes(blob), bulla_context_span(context)));
  TEST_SPAN(bulla_written(&room), vector_bytes(plaintext), "%s", blob);
  bulla_box_key_free(&key);
  bulla_secret_free(&private_key);
}

Test(format_roles, what_an_actor_has_put_opens_and_is_signed) {
  struct bulla_keyring opened = keyring();
  struct bulla_span secret = vector_bytes("tenant-secret.id");
  struct bulla_span actor = vector_bytes("actor.id");
  const struct bulla_binding binding = {vector_bytes("tenant.id"), vector_bytes("entry.id"), vector_text("put.name"),
                                        vector_number("put.revision")};
  struct bulla_context context;
  TEST_OK(bulla_context_put_value(&context, &opened, &binding, secret, actor));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("put.context"), "value");
  put_opens_to("put.value", "tenant-secret.value-private", &context, "put.padded");
  TEST_OK(bulla_context_put_mask(&context, &opened, &binding, secret, actor));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("put.mask-context"), "mask");
  put_opens_to("put.mask", "tenant-secret.mask-private", &context, "put.traits");
  TEST_OK(bulla_context_put(&context, &opened, &binding, secret, actor, vector_bytes("put.value"),
                            vector_bytes("put.mask")));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("put.message"), "what is signed");
  TEST_OK(bulla_signature_verify(vector_bytes("actor.signing-public").data, vector_bytes("put.signature").data,
                                 bulla_context_span(&context)));
  bulla_keyring_free(&opened);
}

/* A keyring of the vault as the actor has it. */
static struct bulla_keyring actors_keyring(void) {
  struct bulla_keyring made = {.self = calloc(1, sizeof(struct bulla_self))};
  struct bulla_secret *head_key = test_secret(vector_bytes("actor.head-key"));
  memcpy(made.uuid, vector_bytes("vault.uuid").data, sizeof(made.uuid));
  memcpy(made.signing_public, vector_bytes("signing-key.public").data, sizeof(made.signing_public));
  memcpy(made.audit_public, vector_bytes("audit-key.public").data, sizeof(made.audit_public));
  memcpy(made.self->id, vector_bytes("actor.id").data, sizeof(made.self->id));
  made.self->number = vector_number("actor.number");
  made.self->signing_seed = test_secret(vector_bytes("actor.signing-key"));
  memcpy(made.self->signing_public, vector_bytes("actor.signing-public").data, sizeof(made.self->signing_public));
  TEST_OK(bulla_key_new(&made.self->head_key, BULLA_XAES_256_GCM, head_key));
  bulla_secret_free(&head_key);
  return made;
}

Test(format_roles, lanes_of_an_actor_are_signed_by_the_vault_and_by_the_actor) {
  const struct {
    const char *name;
    const char *signer;
    int64_t number;
  } rows[] = {
      {"actor-lane", "signing-key.public", BULLA_ACTOR_LANES * vector_number("actor.number")},
      {"further-lane", "actor.signing-public", BULLA_ACTOR_LANES * vector_number("actor.number") + 1},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_span statement = vector_bytes(vector_of(rows[i].name, "statement"));
    struct bulla_lane_statement said;
    TEST_OK(bulla_lane_statement_read(&said, statement));
    TEST_SPAN(said.owner, vector_bytes("actor.id"), "%s", rows[i].name);
    TEST_SPAN(said.id, vector_bytes(vector_of(rows[i].name, "id")), "%s", rows[i].name);
    cr_expect_eq(said.number, rows[i].number);
    TEST_OK(bulla_signature_verify(vector_bytes(rows[i].signer).data,
                                   vector_bytes(vector_of(rows[i].name, "signature")).data, statement));
  }
  struct bulla_keyring own = actors_keyring();
  struct bulla_lane_statement further;
  struct bulla_signed made;
  TEST_OK(bulla_lane_statement_read(&further, vector_bytes("further-lane.statement")));
  TEST_OK(bulla_sign_lane(&made, &own, &further));
  TEST_SPAN(bulla_span(made.signature, sizeof(made.signature)), vector_bytes("further-lane.signature"), "by the actor");
  bulla_keyring_free(&own);
}

/* The first lane of the actor. */
static struct bulla_audit_lane first_lane(void) {
  struct bulla_audit_lane lane = {.number = BULLA_ACTOR_LANES * vector_number("actor.number")};
  memcpy(lane.id, vector_bytes("actor-lane.id").data, sizeof(lane.id));
  memcpy(lane.start, vector_bytes("actor.first-lane").data, sizeof(lane.start));
  return lane;
}

Test(format_roles, a_record_of_what_was_denied_is_sealed_to_the_audit_key) {
  struct bulla_keyring opened = keyring();
  struct bulla_audit_lane lane = first_lane();
  struct bulla_secret *key = test_secret(vector_bytes("actor-lane.key-0"));
  struct bulla_buffer room = test_room(BULLA_DETAIL_MAX);
  struct bulla_context context;
  uint8_t mac[BULLA_MAC_LEN];
  struct bulla_audit_record record = {.seq = 1,
                                      .time = vector_number("denied.time"),
                                      .op = vector_text("denied.op"),
                                      .outcome = vector_text("denied.outcome")};
  const struct bulla_audit_row row = {.seq = record.seq,
                                      .time = record.time,
                                      .op = record.op,
                                      .outcome = record.outcome,
                                      .detail = vector_bytes("denied.sealed")};
  opened.audit_private = test_secret(vector_bytes("audit-key.private"));
  TEST_OK(bulla_context_detail(&context, &opened, vector_bytes("actor-lane.id"), &record));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("denied.context"), "context");
  TEST_OK(bulla_audit_detail_open(&record, &room, &opened, NULL, &lane, row.detail));
  TEST_SPAN(bulla_written(&room), vector_bytes("denied.detail"), "detail");
  TEST_SPAN(record.tenant, vector_text("denied.tenant"), "tenant");
  TEST_SPAN(record.actor, vector_text("denied.actor"), "on behalf of");
  TEST_OK(bulla_audit_mac(mac, &opened, key, &lane, &row, lane.start));
  TEST_SPAN(bulla_span(mac, sizeof(mac)), vector_bytes("denied.mac"), "mac");
  bulla_secret_free(&key);
  bulla_keyring_free(&opened);
}

Test(format_roles, the_head_of_an_actors_lane_opens_under_its_head_key) {
  struct bulla_keyring own = actors_keyring();
  struct bulla_keyring root = keyring();
  struct bulla_audit_head head = {.lane = first_lane(), .seq = 1};
  struct bulla_context context;
  memcpy(head.mac, vector_bytes("denied.mac").data, sizeof(head.mac));
  TEST_OK(bulla_context_wrapped(&context, &own, BULLA_WRAPPED_HEAD_KEY, vector_bytes("actor-lane.id"), 0));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("actor-head.key-context"), "context");
  TEST_OK(bulla_audit_head_open(&head, &own, vector_bytes("actor-head.tag").data, vector_bytes("actor-head.key")));
  TEST_SPAN(bulla_secret_bytes(head.key), vector_bytes("actor-lane.key-0"), "key");
  cr_expect_eq(head.generation, vector_number("actor-head.generation"));
  bulla_audit_head_free(&head);
  TEST_STATUS(bulla_audit_head_open(&head, &root, vector_bytes("actor-head.tag").data, vector_bytes("actor-head.key")),
              BULLA_AUDIT_BROKEN);
  bulla_audit_head_free(&head);
  bulla_keyring_free(&root);
  bulla_keyring_free(&own);
}
