/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Actors of the vault of a test. Include it in one file of a program, behind tests/vault_support.h. */

#ifndef BULLA_TESTS_ENROLL_SUPPORT_H
#define BULLA_TESTS_ENROLL_SUPPORT_H

#include "store/actors.h"
#include "tests/vault_support.h"

/* create_actor makes one and returns its key, opened. */
UNUSED static struct bulla_actor *create_actor(const char *name) {
  struct bulla_secret *key = NULL;
  struct bulla_actor *actor = NULL;
  char text[BULLA_ACTOR_KEY_LEN + 1] = {0};
  TEST_OK(bulla_vault_actor_create(house.vault, &key, &who, test_text(name)));
  cr_assert_eq(bulla_secret_bytes(key).len, BULLA_ACTOR_KEY_LEN);
  memcpy(text, bulla_secret_bytes(key).data, BULLA_ACTOR_KEY_LEN);
  bulla_secret_free(&key);
  setenv("BULLA_TEST_ACTOR", text, 1);
  TEST_OK(bulla_actor_open(&actor, "env:BULLA_TEST_ACTOR"));
  return actor;
}

/* enroll makes an actor that only its grants matter of. */
UNUSED static void enroll(const char *name) {
  struct bulla_actor *actor = create_actor(name);
  bulla_actor_free(&actor);
}

/* open_as opens the vault as |actor|. */
UNUSED static struct bulla_vault *open_as(const struct bulla_actor *actor) {
  struct bulla_vault *vault = NULL;
  TEST_OK(bulla_vault_open_as(&vault, house.url, actor, NULL));
  test_keep(vault);
  return vault;
}

UNUSED static enum bulla_status grant(const char *name, enum bulla_role role, const char *tenant) {
  return bulla_vault_grant(house.vault, &who, test_text(name), role, test_text(tenant));
}

UNUSED static enum bulla_status end_grant(const char *name, enum bulla_role role, const char *tenant) {
  return bulla_vault_grant_end(house.vault, &who, test_text(name), role, test_text(tenant));
}

UNUSED static enum bulla_status revoke_actor(const char *name) {
  return bulla_vault_actor_revoke(house.vault, NULL, &who, test_text(name), false, NULL, NULL);
}

/* use_by uses the field password of the entry db in |vault|. */
UNUSED static enum bulla_status use_by(struct bulla_vault *vault, const char *tenant) {
  return bulla_vault_use(vault, &who, AT(test_text(tenant), TEXT("db"), TEXT("password")), remember, NULL);
}

/* list_by lists the entries of |tenant| in |vault|. */
UNUSED static enum bulla_status list_by(struct bulla_vault *vault, const char *tenant) {
  return bulla_vault_list(vault, test_text(tenant), count_entry, NULL);
}

#endif
