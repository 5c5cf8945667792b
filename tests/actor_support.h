/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Actors of the house of tests/vault_support.h, made, granted to and opened as by what a program would call. */

#ifndef BULLA_TESTS_ACTOR_SUPPORT_H
#define BULLA_TESTS_ACTOR_SUPPORT_H

#include "tests/vault_support.h"

/* make_actor returns the text of the key of a new actor |name|. */
UNUSED static struct bulla_span make_actor(const char *name) {
  struct bulla_secret *key = NULL;
  TEST_OK(bulla_vault_actor_create(house.vault, &key, &who, test_text(name)));
  struct bulla_span text = test_copy(bulla_secret_bytes(key));
  bulla_secret_free(&key);
  return text;
}

/* grant grants |role| to the actor |name|; for all tenants if |tenant| is empty. end_grant ends that. */
UNUSED static void grant(const char *name, enum bulla_role role, const char *tenant) {
  TEST_OK(bulla_vault_grant(house.vault, &who, test_text(name), role, test_text(tenant)));
}

UNUSED static void end_grant(const char *name, enum bulla_role role, const char *tenant) {
  TEST_OK(bulla_vault_grant_end(house.vault, &who, test_text(name), role, test_text(tenant)));
}

/* read_actor reads the text of a key as a program does. */
UNUSED static enum bulla_status read_actor(struct bulla_actor **actor, struct bulla_span text) {
  char bytes[400];
  snprintf(bytes, sizeof(bytes), "%.*s", S(text));
  setenv("BULLA_TEST_ACTOR", bytes, 1);
  enum bulla_status status = bulla_actor_open(actor, "env:BULLA_TEST_ACTOR");
  unsetenv("BULLA_TEST_ACTOR");
  return status;
}

/* try_as opens the vault at |url| as the actor whose key is |text|; open_as that of the house. */
UNUSED static enum bulla_status try_as(struct bulla_vault **vault, const char *url, struct bulla_span text,
                                       const struct bulla_vault_options *options) {
  struct bulla_actor *actor = NULL;
  TEST_OK(read_actor(&actor, text));
  enum bulla_status status = bulla_vault_open_as(vault, url, actor, options);
  bulla_actor_free(&actor);
  return status;
}

UNUSED static struct bulla_vault *open_as(struct bulla_span text) {
  struct bulla_vault *vault = NULL;
  TEST_OK(try_as(&vault, house.url, text, NULL));
  return vault;
}

/* can_open says whether it opens, and closes it. */
UNUSED static enum bulla_status can_open(struct bulla_span text) {
  struct bulla_vault *vault = NULL;
  enum bulla_status status = try_as(&vault, house.url, text, NULL);
  bulla_vault_close(&vault);
  return status;
}

/* use_as uses a field of |vault| as |house| does. */
UNUSED static enum bulla_status use_as(struct bulla_vault *vault, const char *tenant, const char *entry,
                                       const char *field) {
  return bulla_vault_use(vault, &who, AT(test_text(tenant), test_text(entry), test_text(field)), remember, NULL);
}

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

/* open_by opens the vault as |actor|, for the whole test. */
UNUSED static struct bulla_vault *open_by(const struct bulla_actor *actor) {
  struct bulla_vault *vault = NULL;
  TEST_OK(bulla_vault_open_as(&vault, house.url, actor, NULL));
  test_keep(vault);
  return vault;
}

/* try_grant, try_end_grant and revoke_actor say what came of it. */
UNUSED static enum bulla_status try_grant(const char *name, enum bulla_role role, const char *tenant) {
  return bulla_vault_grant(house.vault, &who, test_text(name), role, test_text(tenant));
}

UNUSED static enum bulla_status try_end_grant(const char *name, enum bulla_role role, const char *tenant) {
  return bulla_vault_grant_end(house.vault, &who, test_text(name), role, test_text(tenant));
}

UNUSED static enum bulla_status revoke_actor(const char *name) {
  return bulla_vault_actor_revoke(house.vault, NULL, &who, test_text(name), false, NULL, NULL);
}

/* use_password uses the field password of the entry db in |vault|. */
UNUSED static enum bulla_status use_password(struct bulla_vault *vault, const char *tenant) {
  return bulla_vault_use(vault, &who, AT(test_text(tenant), TEXT("db"), TEXT("password")), remember, NULL);
}

/* list_of lists the entries of |tenant| in |vault|. */
UNUSED static enum bulla_status list_of(struct bulla_vault *vault, const char *tenant) {
  return bulla_vault_list(vault, test_text(tenant), count_entry, NULL);
}

#endif
