/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Rows of grants, written to by somebody without keys: changed, taken away, and put back as they were. */

#include "store/actors.h"
#include "tests/actor_support.h"

static void furnish(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
}

TestSuite(grants_tampered, .init = furnish, .fini = leave_house, .timeout = 60);

#define N(array) (sizeof(array) / sizeof((array)[0]))

COUNTS(count_grant, const struct bulla_grant_view *)
COUNTS(count_version, const struct bulla_version_view *)

static enum bulla_status list_grants(void) {
  return bulla_vault_grant_list(house.vault, TEXT("worker"), count_grant, NULL);
}

/* What somebody with the database writes, and what the actor, ending the grant, listing and revoking make of it. */
static const struct {
  const char *sql;
  enum bulla_status use;
  enum bulla_status end;
  enum bulla_status list;
  enum bulla_status revoke;
} forgeries[] = {
    {"UPDATE actor_grant SET signature = (SELECT signature FROM vault)", BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED,
     BULLA_REFUSED},
    {"UPDATE actor_grant SET ended = 7", BULLA_DENIED, BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED},
    {"UPDATE actor_grant SET role = 'audit' WHERE role = 'use'", BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED,
     BULLA_REFUSED},
    {"UPDATE actor_grant SET actor = (SELECT id FROM actor WHERE name = 'second')", BULLA_DENIED, BULLA_NOT_FOUND,
     BULLA_REFUSED, BULLA_REFUSED},
    {"UPDATE actor_grant SET tenant = (SELECT id FROM tenant WHERE name = 'beta')", BULLA_DENIED, BULLA_REFUSED,
     BULLA_REFUSED, BULLA_REFUSED},
    {"DELETE FROM actor_grant", BULLA_DENIED, BULLA_NOT_FOUND, BULLA_REFUSED, BULLA_REFUSED},
    {"UPDATE actor_grant SET statement = (SELECT statement FROM actor WHERE name = 'worker'), signature = (SELECT "
     "signature FROM actor WHERE name = 'worker')",
     BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED},
};

Test(grants_tampered, a_row_that_was_changed_or_is_missing_is_noticed) {
  struct bulla_actor *worker = create_actor("worker");
  enroll("second");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  struct bulla_span whole = image();
  for (size_t i = 0; i < N(forgeries); i++) {
    restore(whole, forgeries[i].sql);
    struct bulla_vault *vault = open_by(worker);
    const struct {
      enum bulla_status status;
      enum bulla_status wanted;
    } tries[] = {
        {use_password(vault, "acme"), forgeries[i].use},
        {list_grants(), forgeries[i].list},
        {try_end_grant("worker", BULLA_ROLE_USE, "acme"), forgeries[i].end},
        {revoke_actor("worker"), forgeries[i].revoke},
    };
    for (size_t j = 0; j < N(tries); j++) {
      cr_expect_eq(tries[j].status, tries[j].wanted, "%s, %zu: %s", forgeries[i].sql, j,
                   bulla_status_name(tries[j].status));
    }
    bulla_vault_close(&vault);
  }
  bulla_actor_free(&worker);
}

#define OLD_GRANTS "DELETE FROM actor_grant; INSERT INTO actor_grant SELECT * FROM other.actor_grant;"
#define OLD_TENANTS                                                                                               \
  "UPDATE tenant SET (statement, signature) = (SELECT o.statement, o.signature FROM other.tenant o WHERE o.id = " \
  "tenant.id);"
#define OLD_HANDOUTS "DELETE FROM handout; INSERT INTO handout SELECT * FROM other.handout;"
#define OLD_LEAVES "DELETE FROM directory; INSERT INTO directory SELECT * FROM other.directory;"

/* A grant from before its end is signed well. */
Test(grants_tampered, one_that_has_ended_does_not_come_back) {
  static const char *const rows[] = {
      OLD_GRANTS,
      OLD_GRANTS OLD_LEAVES,
      OLD_GRANTS OLD_HANDOUTS,
      OLD_GRANTS OLD_TENANTS OLD_HANDOUTS,
      OLD_GRANTS OLD_TENANTS OLD_HANDOUTS OLD_LEAVES,
  };
  struct bulla_actor *worker = create_actor("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  struct bulla_span early = image();
  TEST_OK(try_end_grant("worker", BULLA_ROLE_USE, "acme"));
  struct bulla_span late = image();
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_vault *vault = NULL;
    restore(late, "");
    close_vault();
    lay_beside("other", early);
    run_sql(beside("other", rows[i]));
    open_vault();
    int calls = used.calls;
    enum bulla_status status = bulla_vault_open_as(&vault, house.url, worker, NULL);
    status = status == BULLA_OK ? use_password(vault, "acme") : status;
    cr_expect_eq(status, BULLA_REFUSED, "row %zu: %s", i, bulla_status_name(status));
    cr_expect_eq(used.calls, calls, "row %zu", i);
    TEST_STATUS(list_grants(), BULLA_REFUSED);
    bulla_vault_close(&vault);
  }
  bulla_actor_free(&worker);
}

#define OLD_FIELDS                                                                                                  \
  "UPDATE field SET (value, mask, secret_id, writer, signature) = (SELECT o.value, o.mask, o.secret_id, o.writer, " \
  "o.signature FROM other.field o WHERE o.number = field.number);"

/* A value that was put by such a grant needs no key of the role, but the grant. */
Test(grants_tampered, what_was_put_by_one_that_has_ended_is_not_good_by_its_old_row) {
  struct bulla_actor *front = create_actor("front-end");
  TEST_OK(try_grant("front-end", BULLA_ROLE_PUT, "acme"));
  struct bulla_vault *vault = open_by(front);
  const struct bulla_field field = {TEXT("password"), TEXT("put by the front end"), true};
  TEST_OK(bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1));
  bulla_vault_close(&vault);
  struct bulla_span early = image();
  TEST_OK(try_end_grant("front-end", BULLA_ROLE_PUT, "acme"));
  close_vault();
  lay_beside("other", early);
  run_sql(beside("other", OLD_FIELDS OLD_GRANTS));
  open_vault();
  TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
  bulla_actor_free(&front);
}

/* What is hidden while its actor is revoked must not be there afterwards, with the keys that it gives. */
Test(grants_tampered, one_that_is_hidden_while_the_actor_is_revoked_is_missed) {
  enroll("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "beta"));
  run_sql("DELETE FROM actor_grant WHERE tenant = (SELECT id FROM tenant WHERE name = 'acme')");
  TEST_STATUS(revoke_actor("worker"), BULLA_REFUSED);
  TEST_STATUS(bulla_vault_versions(house.vault, TEXT(""), count_version, NULL), BULLA_REFUSED);
  cr_expect_eq(run_sql("SELECT count(*) FROM actor_grant WHERE ended > 0"), 0, "nothing was changed");
}
