/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Actors with lanes of the log in the house of tests/vault_support.h, and what verifying says of them. */

#ifndef BULLA_TESTS_CAST_SUPPORT_H
#define BULLA_TESTS_CAST_SUPPORT_H

#include "store/actor_key.h"
#include "store/audit_rows.h"
#include "store/lane_owner.h"
#include "store/lane_record.h"
#include "store/tenant.h"
#include "tests/actor_support.h"

static const struct bulla_who me = {.actor = {(const uint8_t *)"me", 2}, .reason = {(const uint8_t *)"why", 3}};

/* An actor, with what its key expands to, and its first lane. */
struct actor {
  struct bulla_span text; /* of its key */
  struct bulla_actor_key key;
  struct bulla_actor_keys keys;
  struct bulla_audit_lane lane;
};

UNUSED static struct bulla_span id_of(const struct actor *actor) {
  return bulla_span(actor->key.id, sizeof(actor->key.id));
}

UNUSED static void free_actor(struct actor *actor) {
  bulla_actor_keys_free(&actor->keys);
  bulla_actor_key_free(&actor->key);
}

/* Makes the actor that gets that |number|. */
UNUSED static void make(struct actor *actor, const char *name, int64_t number) {
  *actor = (struct actor){.text = make_actor(name), .lane = {.number = BULLA_ACTOR_LANES * number}};
  TEST_OK(bulla_actor_key_read(&actor->key, actor->text));
  TEST_OK(bulla_actor_key_expand(&actor->keys, &actor->key));
  TEST_OK(bulla_audit_lane_load(&actor->lane, NULL, &house.vault->log));
}

UNUSED static enum bulla_status use_by(struct bulla_vault *vault, const char *tenant) {
  return bulla_vault_use(vault, &me, AT(test_text(tenant), TEXT("db"), TEXT("password")), remember, NULL);
}

/* Gives the actor a lane beside its first one, with |num| records. */
UNUSED static void make_lane_by(struct bulla_vault *vault, int num) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  struct bulla_audit_log log = vault->log;
  struct bulla_audit_record record = bulla_audit_record(&me, TEXT("use"), TEXT(""), TEXT("there"));
  TEST_OK(bulla_change_begin(&change, vault, &me, BULLA_DB_WRITE));
  TEST_OK(bulla_lane_next_number(&log.lane.number, &vault->keyring, vault->db));
  TEST_OK(bulla_audit_start(&head, &log));
  struct bulla_audit_end before = bulla_audit_end(&head);
  for (int i = 0; i < num; i++) {
    TEST_OK(bulla_audit_append(&head, &log, &record, NULL));
  }
  if (num > 0) {
    TEST_OK(bulla_audit_store(&head, &before, &log));
  }
  const struct bulla_audit_end end = bulla_audit_end(&head);
  TEST_OK(bulla_lane_record_open(&change, &log.lane));
  TEST_OK(num > 0 ? bulla_lane_record_at(&change, &log.lane, &end) : BULLA_OK);
  TEST_OK(bulla_change_commit(&change));
}

/* Two actors with records, one of them with two lanes; an auditor; and one that has never come. */
static struct {
  struct actor worker;
  struct actor other;
  struct actor auditor;
  struct actor idle;
  struct bulla_vault *as_worker;
  struct bulla_vault *as_other;
  struct bulla_vault *as_auditor;
} cast;

UNUSED static void enter_cast(void) {
  cast.as_worker = open_as(cast.worker.text);
  cast.as_other = open_as(cast.other.text);
  cast.as_auditor = open_as(cast.auditor.text);
}

UNUSED static void leave_cast(void) {
  bulla_vault_close(&cast.as_worker);
  bulla_vault_close(&cast.as_other);
  bulla_vault_close(&cast.as_auditor);
}

UNUSED static void begin(void) {
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  TEST_OK(put("beta", "db", "password", "hunter3", true));
  make(&cast.worker, "worker", 1);
  make(&cast.other, "other", 2);
  make(&cast.auditor, "auditor", 3);
  make(&cast.idle, "idle", 4);
  grant("worker", BULLA_ROLE_USE, "acme");
  grant("other", BULLA_ROLE_USE, "");
  grant("auditor", BULLA_ROLE_AUDIT, "");
  enter_cast();
  for (int i = 0; i < 3; i++) {
    TEST_OK(use_by(cast.as_worker, "acme"));
    TEST_OK(use_by(cast.as_other, "acme"));
  }
  TEST_STATUS(use_by(cast.as_worker, "beta"), BULLA_DENIED);
  make_lane_by(cast.as_worker, 2);
}

UNUSED static void end(void) {
  leave_cast();
  free_actor(&cast.worker);
  free_actor(&cast.other);
  free_actor(&cast.auditor);
  free_actor(&cast.idle);
}

/* Where lane 0 has the record of |op| of the lane |entry|. */
struct told {
  const char *op;
  const char *entry;
  int64_t seq;
};

UNUSED static enum bulla_status look_for(void *arg, const struct bulla_audit_record *record) {
  struct told *told = arg;
  if (record->lane == 0 && bulla_span_equal(record->op, test_text(told->op)) &&
      bulla_span_equal(record->entry, test_text(told->entry))) {
    told->seq = record->seq;
  }
  return BULLA_OK;
}

UNUSED static int64_t told_at(const char *op, const char *entry) {
  struct told told = {.op = op, .entry = entry};
  TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT(""), look_for, &told));
  cr_assert_gt(told.seq, 0, "%s %s", op, entry);
  return told.seq;
}

/* Asserts what verifying finds: by a root, and by the audit key alone. */
UNUSED static void assert_verdict(enum bulla_status wanted, int64_t lane, int64_t seq, const char *what) {
  struct bulla_vault *const vaults[] = {house.vault, cast.as_auditor};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    enum bulla_status status = bulla_vault_audit_verify(vaults[i], &verdict);
    cr_expect_eq(status, wanted, "%s, %zu: %s", what, i, bulla_status_text(status));
    if (wanted != BULLA_OK) {
      cr_expect_eq(verdict.bad_lane, lane, "%s, %zu: lane %ld", what, i, (long)verdict.bad_lane);
      cr_expect_eq(verdict.bad_seq, seq, "%s, %zu: record %ld", what, i, (long)verdict.bad_seq);
    }
  }
}

/* Asserts that what |sql| does is found. */
UNUSED static void assert_found(struct bulla_span file, const char *sql, int64_t lane, int64_t seq) {
  leave_cast();
  restore(file, "");
  enter_cast();
  run_sql(sql);
  assert_verdict(BULLA_AUDIT_BROKEN, lane, seq, sql);
}

/* Writes the cast's log to an image, with which the house goes on. */
UNUSED static struct bulla_span cast_image(void) {
  leave_cast();
  struct bulla_span file = image();
  enter_cast();
  return file;
}

/* What takes a lane away. */
#define GONE(lane)                                                                     \
  "DELETE FROM audit WHERE lane = " lane "; DELETE FROM audit_head WHERE lane = " lane \
  "; DELETE "                                                                          \
  "FROM lane WHERE number = " lane

#endif
