/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/actor_box.h: what is sealed to an actor opens for it, in its own place, and nowhere else. */

#include "store/actor_box.h"

#include "store/context.h"
#include "tests/keyring_support.h"
#include "tests/vectors.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* An actor with a box key of 32 bytes |byte|. */
struct keyed {
  struct bulla_secret *private_key;
  struct bulla_actor_statement actor;
};

static struct keyed keyed_of(uint8_t byte) {
  struct keyed made = {.private_key = test_secret(test_filled(byte, BULLA_BOX_PRIVATE_LEN)),
                       .actor = {.uuid = test_id(1), .id = test_id(2), .number = 3, .created = 1700000000}};
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN];
  TEST_OK(bulla_box_public(public_key, made.private_key));
  made.actor.box_public = test_copy(bulla_span(public_key, sizeof(public_key)));
  return made;
}

/* A grant to it. */
static struct bulla_grant_statement grant_of(struct bulla_span tenant_id) {
  return (struct bulla_grant_statement){.uuid = test_id(1),
                                        .id = test_id(3),
                                        .actor_id = test_id(2),
                                        .tenant_id = tenant_id,
                                        .role = BULLA_ROLE_USE,
                                        .epoch = 5};
}

Test(actor_box, boxes_open_as_in_the_document) {
  struct bulla_keyring keyring = {0};
  struct bulla_secret *private_key = test_secret(vector_bytes("actor.box-private"));
  struct bulla_secret *opened = NULL;
  struct bulla_context context;
  struct bulla_actor_statement actor;
  memcpy(keyring.uuid, vector_bytes("vault.uuid").data, sizeof(keyring.uuid));
  TEST_OK(bulla_actor_statement_read(&actor, vector_bytes("actor.statement")));
  TEST_OK(bulla_context_actor_common(&context, &keyring, &actor));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("actor.common-info"), "info");
  TEST_OK(bulla_common_box_open(&opened, &keyring, private_key, &actor));
  TEST_SPAN(bulla_secret_bytes(opened), vector_bytes("limit.key"), "limit key");
  bulla_secret_free(&opened);
  static const char *const names[] = {"grant", "grant-all", "grant-put"};
  for (size_t i = 0; i < N(names); i++) {
    struct bulla_grant_statement grant;
    TEST_OK(bulla_grant_statement_read(&grant, vector_bytes(vector_of(names[i], "statement"))));
    TEST_OK(bulla_context_grant_key(&context, &keyring, &grant));
    TEST_SPAN(bulla_context_span(&context), vector_bytes(vector_of(names[i], "info")), "%s", names[i]);
    TEST_OK(bulla_grant_box_open(&opened, &keyring, private_key, &grant));
    TEST_SPAN(bulla_secret_bytes(opened), vector_bytes(vector_of(names[i], "key")), "%s", names[i]);
    bulla_secret_free(&opened);
  }
  bulla_secret_free(&private_key);
  bulla_keyring_free(&keyring);
}

Test(actor_box, a_common_box_opens_for_its_actor_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(8, 2);
  struct bulla_secret *key = test_secret(test_filled(42, BULLA_KEY_LEN));
  struct bulla_secret *opened = NULL;
  struct bulla_buffer box = test_room(BULLA_ACTOR_BOX_LEN);
  struct keyed own = keyed_of(11);
  struct keyed other = keyed_of(12);
  TEST_OK(bulla_common_box_seal(&box, &keyring, &own.actor, key));
  cr_assert_eq(box.len, 80);
  own.actor.common_box = bulla_written(&box);
  /* What the statement may say anew while the box stays. */
  own.actor.generation++;
  own.actor.name = BULLA_LITERAL("renamed");
  TEST_OK(bulla_common_box_open(&opened, &keyring, own.private_key, &own.actor));
  TEST_SPAN(bulla_secret_bytes(opened), test_filled(42, BULLA_KEY_LEN), "key");
  bulla_secret_free(&opened);
  TEST_STATUS(bulla_common_box_open(&opened, &keyring, other.private_key, &own.actor), BULLA_REFUSED);
  TEST_STATUS(bulla_common_box_open(&opened, &elsewhere, own.private_key, &own.actor), BULLA_REFUSED);
  struct bulla_actor_statement changed[] = {own.actor, own.actor, own.actor, own.actor, own.actor};
  changed[0].id = test_id(77);
  changed[1].created++;
  changed[2].common_box = test_flipped(own.actor.common_box, 8 * 79);
  changed[3].common_box.len--;
  changed[4].common_box.len = 0;
  for (size_t i = 0; i < N(changed); i++) {
    TEST_ROW(bulla_common_box_open(&opened, &keyring, own.private_key, &changed[i]), BULLA_REFUSED, i);
    cr_expect_null(opened);
  }
  bulla_secret_free(&key);
  bulla_secret_free(&own.private_key);
  bulla_secret_free(&other.private_key);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

Test(actor_box, the_box_of_a_grant_opens_in_it_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(8, 2);
  struct bulla_secret *key = test_secret(test_filled(42, BULLA_KEY_LEN));
  struct bulla_secret *opened = NULL;
  struct bulla_buffer box = test_room(BULLA_ACTOR_BOX_LEN);
  struct keyed own = keyed_of(11);
  struct keyed other = keyed_of(12);
  struct bulla_grant_statement grant = grant_of(test_id(4));
  TEST_OK(bulla_grant_box_seal(&box, &keyring, &own.actor, &grant, key));
  cr_assert_eq(box.len, 80);
  grant.box = bulla_written(&box);
  grant.generation++;
  TEST_OK(bulla_grant_box_open(&opened, &keyring, own.private_key, &grant));
  TEST_SPAN(bulla_secret_bytes(opened), test_filled(42, BULLA_KEY_LEN), "key");
  bulla_secret_free(&opened);
  TEST_STATUS(bulla_grant_box_open(&opened, &keyring, other.private_key, &grant), BULLA_REFUSED);
  TEST_STATUS(bulla_grant_box_open(&opened, &elsewhere, own.private_key, &grant), BULLA_REFUSED);
  struct bulla_grant_statement changed[] = {grant, grant, grant, grant, grant, grant, grant, grant, grant};
  changed[0].id = test_id(77);
  changed[1].actor_id = test_id(77);
  changed[2].tenant_id = test_id(77);
  changed[3].tenant_id = bulla_span(NULL, 0);
  changed[4].role = BULLA_ROLE_AUDIT;
  changed[5].epoch++;
  changed[6].box = test_flipped(grant.box, 3);
  changed[7].box.len--;
  changed[8].box.len = 0;
  for (size_t i = 0; i < N(changed); i++) {
    TEST_ROW(bulla_grant_box_open(&opened, &keyring, own.private_key, &changed[i]), BULLA_REFUSED, i);
    cr_expect_null(opened);
  }
  bulla_secret_free(&key);
  bulla_secret_free(&own.private_key);
  bulla_secret_free(&other.private_key);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

Test(actor_box, nothing_is_sealed_to_whom_it_is_not_for) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_secret *key = test_secret(test_filled(42, BULLA_KEY_LEN));
  struct bulla_secret *longer = test_secret(test_filled(42, BULLA_KEY_LEN + 1));
  struct keyed own = keyed_of(11);
  struct bulla_actor_statement revoked = own.actor;
  struct bulla_actor_statement other = own.actor;
  struct bulla_actor_statement weak = own.actor;
  const struct bulla_grant_statement grant = grant_of(test_id(4));
  const struct bulla_grant_statement all = grant_of(bulla_span(NULL, 0));
  struct bulla_grant_statement ended = grant;
  ended.ended = 1;
  revoked.revoked = true;
  other.id = test_id(77);
  weak.box_public = test_filled(0, BULLA_BOX_PUBLIC_LEN); /* of small order: everybody could open it */
  const struct {
    const struct bulla_actor_statement *actor;
    const struct bulla_grant_statement *grant;
    const struct bulla_secret *key;
    enum bulla_status common;
    enum bulla_status wanted;
  } rows[] = {
      {&own.actor, &grant, key, BULLA_OK, BULLA_OK},
      {&own.actor, &all, key, BULLA_OK, BULLA_OK},
      {&revoked, &grant, key, BULLA_INVALID_ARGUMENT, BULLA_INVALID_ARGUMENT},
      {&other, &grant, key, BULLA_OK, BULLA_INVALID_ARGUMENT},
      {&own.actor, &ended, key, BULLA_OK, BULLA_INVALID_ARGUMENT},
      {&own.actor, &grant, longer, BULLA_INVALID_ARGUMENT, BULLA_INVALID_ARGUMENT},
      {&weak, &grant, key, BULLA_REFUSED, BULLA_REFUSED},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_buffer box = test_room(BULLA_ACTOR_BOX_LEN);
    TEST_ROW(bulla_common_box_seal(&box, &keyring, rows[i].actor, rows[i].key), rows[i].common, i);
    cr_expect(rows[i].common == BULLA_OK || test_failed(&box), "row %zu", i);
    box = test_room(BULLA_ACTOR_BOX_LEN);
    TEST_ROW(bulla_grant_box_seal(&box, &keyring, rows[i].actor, rows[i].grant, rows[i].key), rows[i].wanted, i);
    cr_expect(rows[i].wanted == BULLA_OK || test_failed(&box), "row %zu", i);
  }
  struct bulla_buffer small = test_room(BULLA_ACTOR_BOX_LEN - 1);
  TEST_STATUS(bulla_common_box_seal(&small, &keyring, &own.actor, key), BULLA_BUFFER_TOO_SMALL);
  TEST_STATUS(bulla_grant_box_seal(&small, &keyring, &own.actor, &grant, key), BULLA_BUFFER_TOO_SMALL);
  bulla_secret_free(&key);
  bulla_secret_free(&longer);
  bulla_secret_free(&own.private_key);
  bulla_keyring_free(&keyring);
}
