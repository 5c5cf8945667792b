/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is due after a role has ended: secrets that are to be rotated, API keys that are to be revoked. */

#include "tests/actor_support.h"

static void furnish(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
}

TestSuite(due, .init = furnish, .fini = leave_house, .timeout = 60);

#define N(array) (sizeof(array) / sizeof((array)[0]))

static enum bulla_status note_due(void *arg, const struct bulla_version_view *version) {
  note(arg, "%.*s %lld%s%s;", S(version->tenant), (long long)version->version, version->is_due ? " due" : "",
       version->is_due_apikeys ? " keys" : "");
  return BULLA_OK;
}

static void assert_due(const char *tenant, const char *wanted) {
  struct bulla_buffer list = test_room(1000);
  TEST_OK(bulla_vault_versions(house.vault, test_text(tenant), note_due, &list));
  TEST_SPAN(bulla_written(&list), test_text(wanted), "%.*s", S(bulla_written(&list)));
}

Test(due, what_a_role_gave_that_has_ended_is_due) {
  static const struct {
    enum bulla_role role;
    bool is_due;
  } rows[] = {
      {BULLA_ROLE_PUT, false},   {BULLA_ROLE_SHOW, true},   {BULLA_ROLE_USE, true},
      {BULLA_ROLE_VERIFY, true}, {BULLA_ROLE_AUDIT, false},
  };
  enroll("worker");
  struct bulla_span file = image();
  for (size_t i = 0; i < N(rows); i++) {
    for (int for_all = 0; for_all < 2; for_all++) {
      int64_t version;
      restore(file, "");
      TEST_OK(try_grant("worker", rows[i].role, for_all != 0 ? "" : "acme"));
      assert_due("", "acme 1;beta 1;");
      TEST_OK(try_end_grant("worker", rows[i].role, for_all != 0 ? "" : "acme"));
      const char *due = rows[i].is_due ? " due" : "";
      char wanted[100];
      snprintf(wanted, sizeof(wanted), "acme 1%s;beta 1%s;", due, for_all != 0 ? due : "");
      assert_due("", wanted);
      TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
      snprintf(wanted, sizeof(wanted), "acme 1%s;acme 2;", due);
      assert_due("acme", wanted);
    }
  }
}

/* A token root is sealed anew by a rotation, but it is the same. */
Test(due, api_keys_that_a_verifier_knew_are_due_until_they_are_revoked) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int64_t version;
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "old", 7));
  enroll("verifier");
  TEST_OK(try_grant("verifier", BULLA_ROLE_VERIFY, "acme"));
  assert_due("acme", "acme 1;");
  TEST_OK(revoke_actor("verifier"));
  assert_due("acme", "acme 1 due keys;");
  sleep(2); /* times are in seconds */
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  TEST_OK(bulla_vault_rewrap(house.vault, &report, &who, TEXT("acme"), NULL, NULL));
  assert_due("acme", "acme 1 due;acme 2 keys;");
  sleep(2);
  TEST_OK(put_apikey(TEXT("acme"), TEXT("1123456789abcdef"), "new", 8));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  assert_due("acme", "acme 1 due;acme 2;");
}
