/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* An actor's process that goes past all that asks who it is, with the private functions and the database in hand. */

#ifndef BULLA_TESTS_THIEF_SUPPORT_H
#define BULLA_TESTS_THIEF_SUPPORT_H

#include "store/columns.h"
#include "store/tenant.h"
#include "tests/actor_support.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define NOTHING bulla_span(NULL, 0)

enum {
  PUT = 1 << BULLA_ROLE_PUT,
  SHOW = 1 << BULLA_ROLE_SHOW,
  USE = 1 << BULLA_ROLE_USE,
  VERIFY = 1 << BULLA_ROLE_VERIFY,
  AUDIT = 1 << BULLA_ROLE_AUDIT,
};

/* Who tries, what it has come by of the tenant "acme", and what it finds sealed there. */
static struct {
  struct bulla_vault *vault;
  struct bulla_keyring *keyring;
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *keys;
  struct bulla_stored_field secret;
  struct bulla_stored_field plain;
  struct bulla_stored_field apikey;
} thief;

UNUSED static void furnish(void) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("acme", "db", "host", "acme.example", false));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "x", 7));
}

UNUSED static void copy_spans(struct bulla_stored_field *field) {
  struct bulla_span *const spans[] = {
      &field->value,         &field->mask,           &field->binding.tenant_id, &field->binding.entry_id,
      &field->binding.field, &field->posting.writer, &field->posting.signature};
  for (size_t i = 0; i < N(spans); i++) {
    *spans[i] = spans[i]->len > 0 ? test_copy(*spans[i]) : NOTHING;
  }
}

/* Reads the row of a field as the root does, and leaves the thief what anybody sees of it. */
UNUSED static void read_field(struct bulla_stored_field *field, const char *name) {
  bool row;
  struct bulla_statement found BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(house.vault->db, BULLA_QUERY_FIND_FIELD);
  *field = (struct bulla_stored_field){.tenant = TEXT("acme"), .entry = TEXT("db")};
  bulla_bind_text(&found, field->tenant);
  bulla_bind_text(&found, field->entry);
  bulla_bind_text(&found, test_text(name));
  TEST_OK(bulla_step(&found, &row));
  cr_assert(row);
  TEST_OK(bulla_columns_field(field, &house.vault->keyring, &found));
  copy_spans(field);
  field->owner = thief.owner;
  field->keys = field->secret ? thief.keys : NULL;
}

UNUSED static void read_apikey(void) {
  bool row;
  struct bulla_statement found BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(house.vault->db, BULLA_QUERY_OPEN_APIKEY);
  const struct bulla_tenant *owner;
  bulla_bind_text(&found, RECORD_ID);
  TEST_OK(bulla_step(&found, &row));
  cr_assert(row);
  TEST_OK(bulla_columns_tenant(&owner, &house.vault->keyring, &found));
  thief.apikey = (struct bulla_stored_field){.secret = true, .owner = thief.owner, .keys = thief.keys};
  thief.apikey.value = test_copy(bulla_column_blob(&found, BULLA_WRAPPED_MAX));
}

/* Lets the actor of |key| in, past all that asks for roles. It has some on "acme", or none. */
UNUSED static void let_in(struct bulla_span key, bool has_roles) {
  thief.vault = open_as(key);
  thief.keyring = &thief.vault->keyring;
  TEST_STATUS(bulla_tenant_look(&thief.owner, thief.vault, TEXT("acme")), has_roles ? BULLA_OK : BULLA_DENIED);
  cr_assert_not_null(thief.owner);
  TEST_OK(bulla_tenant_active_secret(&thief.keys, thief.vault, thief.owner));
  read_field(&thief.secret, "password");
  read_field(&thief.plain, "host");
  read_apikey();
}

/* Sets of roles: on "acme", or on another tenant. */
static const struct {
  unsigned roles;
  const char *tenant;
} sets[] = {{0, "acme"},     {PUT, "acme"},          {SHOW, "acme"},         {USE, "acme"}, {VERIFY, "acme"},
            {AUDIT, "acme"}, {USE | VERIFY, "beta"}, {PUT | VERIFY, "acme"}, {USE, ""},     {VERIFY | AUDIT, ""}};

/* Makes an actor with a set of roles. */
UNUSED static struct bulla_span make_thief(size_t set) {
  char name[20];
  snprintf(name, sizeof(name), "thief%zu", set);
  struct bulla_span key = make_actor(name);
  for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
    if ((sets[set].roles >> role & 1) != 0) {
      grant(name, (enum bulla_role)role, sets[set].tenant);
    }
  }
  return key;
}

UNUSED static unsigned roles_on_acme(size_t set) {
  return strcmp(sets[set].tenant, "beta") != 0 ? sets[set].roles : 0;
}

#endif
