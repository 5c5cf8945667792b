/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a process of an actor has of its roles is replaced while threads use it. */

#include "tests/actor_support.h"

TestSuite(role_threads, .init = build_house, .fini = leave_house);

/* Threads of an actor's process, while a root takes its roles away and gives them back. */
static struct crowd {
  struct bulla_vault *vault;
  atomic_bool stop;
  atomic_int granted;
  atomic_int denied;
} crowd;

static void *audit(void *arg) {
  const size_t number = (size_t)arg;
  while (!atomic_load(&crowd.stop)) {
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    enum bulla_status status = number < 2 ? bulla_vault_audit_verify(crowd.vault, &verdict)
                                          : bulla_vault_audit_log(crowd.vault, 1, TEXT(""), count_record, NULL);
    atomic_fetch_add(status == BULLA_OK ? &crowd.granted : &crowd.denied, 1);
    if (status != BULLA_OK && status != BULLA_DENIED && status != BULLA_BUSY) {
      return (void *)(uintptr_t)(status + 1);
    }
  }
  return NULL;
}

static void *work(void *arg) {
  const size_t number = (size_t)arg;
  while (!atomic_load(&crowd.stop)) {
    struct bulla_span tenant = number % 2 == 0 ? TEXT("acme") : TEXT("beta");
    struct bulla_secret *value = NULL;
    enum bulla_status status =
        number < 2 ? bulla_vault_read(crowd.vault, &value, &who, AT(tenant, TEXT("db"), TEXT("password")))
                   : bulla_vault_show(crowd.vault, AT(tenant, TEXT("db")), count_field, NULL);
    bool is_right = status != BULLA_OK || number >= 2 || bulla_secret_bytes(value).len == strlen("acme db password");
    bulla_secret_free(&value);
    atomic_fetch_add(status == BULLA_OK ? &crowd.granted : &crowd.denied, 1);
    if (!is_right || (status != BULLA_OK && status != BULLA_DENIED && status != BULLA_BUSY)) {
      return (void *)(uintptr_t)(status + 1);
    }
  }
  return NULL;
}

Test(role_threads, come_and_go_while_threads_use_them) {
  struct test_threads threads = {.num = 0};
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  crowd.vault = open_as(make_actor("worker"));
  for (size_t i = 0; i < 4; i++) {
    cr_assert_eq(pthread_create(&threads.ids[threads.num++], NULL, work, (void *)i), 0);
  }
  for (int i = 0; i < 12; i++) {
    const char *tenant = i % 3 == 0 ? "" : i % 3 == 1 ? "acme" : "beta";
    grant("worker", BULLA_ROLE_USE, tenant);
    usleep(10000);
    end_grant("worker", BULLA_ROLE_USE, tenant);
  }
  atomic_store(&crowd.stop, true);
  test_join(&threads);
  cr_expect_gt(crowd.granted, 0);
  cr_expect_gt(crowd.denied, 0);
  bulla_vault_close(&crowd.vault);
}

/* The keys of an auditor are wiped once its grant has ended, and not while they are used. */
Test(role_threads, of_an_auditor_come_and_go_while_threads_verify) {
  struct test_threads threads = {.num = 0};
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  crowd.vault = open_as(make_actor("auditor"));
  for (size_t i = 0; i < 4; i++) {
    cr_assert_eq(pthread_create(&threads.ids[threads.num++], NULL, audit, (void *)i), 0);
  }
  for (int i = 0; i < 12 || (i < 500 && (crowd.granted == 0 || crowd.denied == 0)); i++) {
    grant("auditor", BULLA_ROLE_AUDIT, "");
    usleep(10000);
    end_grant("auditor", BULLA_ROLE_AUDIT, "");
  }
  atomic_store(&crowd.stop, true);
  test_join(&threads);
  cr_expect_gt(crowd.granted, 0);
  cr_expect_gt(crowd.denied, 0);
  bulla_vault_close(&crowd.vault);
}
