/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The audit log: what it records, and that no change to it escapes audit_verify. */

#include "tests/vault_support.h"

TestSuite(audit, .init = build_house, .fini = leave_house);

/* Fills the log up to |num| records, the first of which is there. */
static void fill_log(int num) {
  for (int i = 2; i <= num; i++) {
    TEST_OK(put("acme", i % 2 == 0 ? "db" : "mail", "password", "a value", true));
  }
}

static void assert_broken_at(int64_t bad_seq, const char *what) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(house.vault, &verdict);
  cr_assert_eq(status, BULLA_AUDIT_BROKEN, "%s: %s", what, bulla_status_text(status));
  cr_assert_eq(verdict.bad_seq, bad_seq, "%s: %ld", what, (long)verdict.bad_seq);
  cr_assert_eq(verdict.num_records, bad_seq - 1, "%s: %ld", what, (long)verdict.num_records);
}

/* Asserts that what |sql| does to the |file| is found, at the record |bad_seq|. */
static void assert_found(struct bulla_span file, const char *sql, int64_t bad_seq) {
  restore(file, sql);
  assert_broken_at(bad_seq, sql);
}

__attribute__((format(printf, 1, 2))) static const char *format(const char *text, ...) {
  char *out = (char *)test_alloc(2000);
  va_list arguments;
  va_start(arguments, text);
  cr_assert_lt(vsnprintf(out, 2000, text, arguments), 2000);
  va_end(arguments);
  return out;
}

Test(audit, begins_with_init) {
  cr_assert_eq(count_details("seq = 1 AND op = 'init' AND outcome = 'done' AND actor = 'bulla'"), 1);
  assert_unbroken(1);
}

static const char *const columns[] = {"time", "op", "outcome", "tenant", "detail", "mac"};

Test(audit, every_change_of_every_column_of_every_record_is_found) {
  enum { NUM = 8 };
  fill_log(NUM);
  struct bulla_span file = image();
  assert_unbroken(NUM);
  for (int seq = 1; seq <= NUM; seq++) {
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
      const char *name = columns[i];
      const char *change = strcmp(name, "mac") == 0    ? "zeroblob(32)"
                           : strcmp(name, "time") == 0 ? "time + 1"
                           : i < 3                     ? format("%s || 'x'", name)
                                                       : format("CAST(%s || x'00' AS BLOB)", name);
      const char *sql = format("UPDATE audit SET %s = %s WHERE seq = %d", name, change, seq);
      assert_found(file, sql, seq);
    }
  }
}

Test(audit, a_change_of_the_last_byte_of_the_longest_detail_is_found) {
  const struct bulla_who longest = {test_filled('a', BULLA_WHO_MAX), test_filled('o', BULLA_WHO_MAX),
                                    test_filled('r', BULLA_WHO_MAX)};
  const struct bulla_field field = {test_filled('f', BULLA_NAME_MAX), TEXT("a value"), true};
  TEST_OK(bulla_vault_put(house.vault, &longest, AT(test_filled('t', BULLA_NAME_MAX), test_filled('e', BULLA_NAME_MAX)),
                          &field, 1));
  struct bulla_span file = image();
  assert_unbroken(2);
  for (size_t i = 3; i < sizeof(columns) / sizeof(columns[0]); i++) {
    const char *name = columns[i];
    const char *sql = format(
        "UPDATE audit SET %s = CAST(substr(%s, 1, length(%s) - 1) || CASE substr(%s, length(%s)) WHEN x'00' "
        "THEN x'01' ELSE x'00' END AS BLOB) WHERE seq = 2",
        name, name, name, name, name);
    assert_found(file, sql, 2);
  }
}

Test(audit, moving_bytes_from_one_column_to_the_next_is_found) {
  fill_log(3);
  restore(image(), "UPDATE audit SET op = 'pu', outcome = 'tdone' WHERE seq = 2");
  assert_broken_at(2, "the columns are length-prefixed");
}

Test(audit, every_removed_record_is_found) {
  enum { NUM = 8 };
  fill_log(NUM);
  struct bulla_span file = image();
  for (int seq = 1; seq <= NUM; seq++) {
    const char *sql = format("DELETE FROM audit WHERE seq = %d", seq);
    assert_found(file, sql, seq);
    sql = format("DELETE FROM audit WHERE seq = %d; UPDATE audit SET seq = seq - 1 WHERE seq > %d", seq, seq);
    assert_found(file, sql, seq);
    sql = format("DELETE FROM audit WHERE seq >= %d; UPDATE audit_head SET seq = %d", seq, seq - 1);
    assert_found(file, sql, seq);
  }
}

Test(audit, every_swapped_pair_is_found) {
  enum { NUM = 6 };
  fill_log(NUM);
  struct bulla_span file = image();
  for (int a = 1; a < NUM; a++) {
    for (int b = a + 1; b <= NUM; b++) {
      const char *sql = format(
          "UPDATE audit SET seq = -1 WHERE seq = %d; UPDATE audit SET seq = %d WHERE seq = %d; "
          "UPDATE audit SET seq = %d WHERE seq = -1",
          a, a, b, b);
      assert_found(file, sql, a);
    }
  }
}

Test(audit, every_added_record_is_found) {
  enum { NUM = 4 };
  fill_log(NUM);
  struct bulla_span file = image();
  static const char copy[] =
      "INSERT INTO audit SELECT lane, %s, time, tenant, op, outcome, detail, mac FROM audit WHERE seq = %d";
  static const struct {
    const char *seq;
    int64_t bad;
  } places[] = {{"-5", 1}, {"0", 1}, {"5", 5}, {"6", 5}, {"9223372036854775807", 5}, {"-9223372036854775808", 1}};
  for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
    for (int from = 1; from <= NUM; from++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      const char *sql = format(copy, places[i].seq, from);
#pragma GCC diagnostic pop
      assert_found(file, sql, places[i].bad);
    }
  }
}

Test(audit, changes_are_found_across_the_ratchet) {
  enum { NUM = 200 };
  fill_log(NUM);
  assert_unbroken(NUM);
  struct bulla_span file = image();
  assert_unbroken(NUM);
  static const int seqs[] = {1, 63, 64, 65, 66, 127, 128, 129, 192, 193, 199, 200};
  for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
    const char *sql = format("UPDATE audit SET outcome = 'other' WHERE seq = %d", seqs[i]);
    assert_found(file, sql, seqs[i]);
    sql = format("DELETE FROM audit WHERE seq = %d", seqs[i]);
    assert_found(file, sql, seqs[i]);
    sql = format("DELETE FROM audit WHERE seq >= %d", seqs[i]);
    assert_found(file, sql, seqs[i]);
  }
}

Test(audit, the_key_of_a_past_epoch_is_not_kept) {
  fill_log(64);
  struct bulla_span before = image();
  fill_log(3);
  TEST_OK(put("acme", "db", "password", "a value", true));
  assert_unbroken(67);
  /* The sealed key of epoch 0, put back, is not the one that goes with record 65. */
  close_vault();
  lay_beside("before", before);
  cr_assert_eq(run_sql(beside("before", "SELECT a.key <> b.key FROM audit_head a, before.audit_head b")), 1);
  run_sql(beside("before", "UPDATE audit_head SET key = (SELECT key FROM before.audit_head)"));
  open_vault();
  assert_broken_at(68, "the old key");
}

Test(audit, a_changed_head_is_found) {
  enum { NUM = 70 };
  fill_log(NUM);
  struct bulla_span file = image();
  static const struct {
    const char *sql;
    int64_t bad;
  } changes[] = {
      {"UPDATE audit_head SET tag = zeroblob(32)", NUM + 1},
      {"UPDATE audit_head SET tag = x''", NUM + 1},
      {"UPDATE audit_head SET seq = seq - 1", NUM + 1},
      {"UPDATE audit_head SET seq = seq + 1", NUM + 1},
      {"UPDATE audit_head SET seq = 0", NUM + 1},
      {"UPDATE audit_head SET seq = -1", NUM + 1},
      {"UPDATE audit_head SET seq = 9223372036854775807", NUM + 1},
      {"UPDATE audit_head SET mac = zeroblob(32)", NUM + 1},
      {"UPDATE audit_head SET mac = tag, tag = mac", NUM + 1},
      {"UPDATE audit_head SET mac = x''", NUM + 1},
      {"UPDATE audit_head SET mac = (SELECT mac FROM audit WHERE seq = 69)", NUM + 1},
      {"UPDATE audit_head SET seq = 69, mac = (SELECT mac FROM audit WHERE seq = 69)", NUM + 1},
      {"UPDATE audit_head SET lane = 1", NUM + 1},
      {"UPDATE audit_head SET key = (SELECT wrapped FROM tenant_secret)", NUM + 1},
      {"UPDATE audit_head SET key = (SELECT detail_key FROM vault)", NUM + 1},
      {"UPDATE audit_head SET key = zeroblob(90)", NUM + 1},
      {"UPDATE audit_head SET key = zeroblob(100000)", NUM + 1},
      {"UPDATE audit_head SET key = x''", NUM + 1},
      {"DELETE FROM audit_head", NUM + 1},
      {"DELETE FROM audit", 1},
  };
  for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
    assert_found(file, changes[i].sql, changes[i].bad);
  }
}

Test(audit, a_log_cut_short_is_never_vouched_for_again) {
  fill_log(5);
  static const char *const cuts[] = {
      "DELETE FROM audit WHERE seq = 5",
      "DELETE FROM audit WHERE seq = 5; UPDATE audit_head SET seq = 4",
      "DELETE FROM audit WHERE seq > 1; UPDATE audit_head SET seq = 1",
      "DELETE FROM audit; UPDATE audit_head SET seq = 0",
      "DELETE FROM audit; DELETE FROM audit_head",
      "INSERT INTO audit SELECT lane, 6, time, tenant, op, outcome, detail, mac FROM audit WHERE seq = 5",
  };
  struct bulla_span file = image();
  for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
    restore(file, cuts[i]);
    TEST_STATUS(put("acme", "db", "password", "another", true), BULLA_AUDIT_BROKEN);
    TEST_STATUS(use("acme", "db", "password"), BULLA_AUDIT_BROKEN);
    TEST_STATUS(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))), BULLA_AUDIT_BROKEN);
    cr_assert_eq(used.calls, 0, "opened without a record: %s", cuts[i]);
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    TEST_STATUS(bulla_vault_audit_verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
  }
}

/* Rewrites the table |name| without the checks that STRICT makes, runs |sql|, and puts its text back. */
static void tamper_types(struct bulla_span file, const char *name, const char *sql) {
  close_vault();
  write_file(house.path, file);
  run_sql(format(
      "CREATE TABLE kept(sql TEXT); INSERT INTO kept SELECT sql FROM sqlite_schema WHERE name = '%s'; "
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET "
      "sql = replace(replace(replace(sql, ') STRICT, ', ') '), ') STRICT', ')'), ' NOT NULL', '') WHERE name = '%s'",
      name, name));
  run_sql(sql);
  run_sql(
      format("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) "
             "WHERE name = '%s'; PRAGMA writable_schema = OFF; DROP TABLE kept",
             name));
  open_vault();
}

Test(audit, columns_of_any_type_and_length_are_bad_and_no_crash) {
  SQLITE_ONLY(); /* a server gives no value of another type than the table has, which is compared */
  fill_log(3);
  struct bulla_span file = image();
  static const char *const values[] = {
      "NULL",
      "1.5",
      "x'00ff'",
      "'text'",
      "zeroblob(900000)",
      "9223372036854775807",
      "-9223372036854775808",
      "CAST(zeroblob(10) AS TEXT)",
      "CAST(x'fffefd' AS TEXT)",
      "CAST(zeroblob(300) AS TEXT)",
      "zeroblob(2000000)",
      "CAST(zeroblob(2000000) AS TEXT)",
      "x''",
  };
  for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
    for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
      bool fits = (i > 0 && i < 3 && strcmp(values[j], "'text'") == 0);
      const char *sql = format("UPDATE audit SET %s = %s WHERE seq = 2", columns[i], values[j]);
      tamper_types(file, "audit", sql);
      assert_broken_at(2, sql);
      int num = 0;
      enum bulla_status status = bulla_vault_audit_log(house.vault, 1, TEXT(""), count_record, &num);
      cr_assert(status == BULLA_AUDIT_BROKEN || status == BULLA_NOT_A_VAULT || status == BULLA_OK, "%s: %s", sql,
                bulla_status_text(status));
      /* What fits is not what the detail is bound to. */
      cr_assert(!fits || status == BULLA_AUDIT_BROKEN, "%s", sql);
    }
  }
  static const char *const head_columns[] = {"tag", "key", "mac", "seq"};
  for (size_t i = 0; i < sizeof(head_columns) / sizeof(head_columns[0]); i++) {
    for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
      if (i == 3 && j == 0) {
        continue; /* SQLite itself has no NULL in a primary key */
      }
      const char *sql = format("UPDATE audit_head SET %s = %s", head_columns[i], values[j]);
      tamper_types(file, "audit_head", sql);
      struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
      enum bulla_status status = bulla_vault_audit_verify(house.vault, &verdict);
      cr_assert(status == BULLA_AUDIT_BROKEN || status == BULLA_TOO_LARGE, "%s: %s", sql, bulla_status_text(status));
      cr_assert_neq(put("acme", "db", "password", "x", true), BULLA_OK, "%s", sql);
    }
  }
}

/* What the log says, in one line a record. */
static enum bulla_status note_record(void *arg, const struct bulla_audit_record *record) {
  note(arg, "%ld %.*s %.*s %.*s %.*s %.*s %.*s %.*s %.*s\n", (long)record->seq, S(record->tenant), S(record->actor),
       S(record->origin), S(record->reason), S(record->op), S(record->entry), S(record->field), S(record->outcome));
  cr_assert_gt(record->time, INT64_C(1500000000000000), "microseconds");
  return BULLA_OK;
}

Test(audit, log_gives_what_was_recorded_from_a_record_on_and_of_a_tenant) {
  TEST_OK(put("acme", "db", "password", "a value", true));
  TEST_OK(put("beta", "db", "password", "a value", true));
  TEST_OK(use("acme", "db", "password"));
  TEST_STATUS(use("acme", "db", "nothing"), BULLA_NOT_FOUND);
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "main", 1));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  struct bulla_buffer out = test_room(4000);
  out.len = 0;
  TEST_OK(bulla_vault_audit_log(house.vault, 3, TEXT(""), note_record, &out));
  TEST_SPAN(bulla_written(&out),
            TEXT("3 beta tester here to test put db password done\n"
                 "4 acme tester here to test use db password granted\n"
                 "5 acme tester here to test use db nothing not-found\n"
                 "6 acme tester here to test remove db  done\n"
                 "7 acme tester here to test apikey-create 0123456789abcdef  done\n"
                 "8 acme tester here to test apikey-revoke 0123456789abcdef  done\n"),
            "%.*s", S(bulla_written(&out)));
  out.len = 0;
  TEST_OK(bulla_vault_audit_log(house.vault, INT64_MIN, TEXT("beta"), note_record, &out));
  TEST_SPAN(bulla_written(&out), TEXT("3 beta tester here to test put db password done\n"), "of a tenant");
  out.len = 0;
  TEST_OK(bulla_vault_audit_log(house.vault, 9, TEXT(""), note_record, &out));
  cr_assert_eq(out.len, 0);
}

static enum bulla_status stop(void *arg, const struct bulla_audit_record *record) {
  (void)record;
  ++*(int *)arg;
  return BULLA_EXPIRED;
}

Test(audit, a_callback_can_end_the_walk) {
  fill_log(5);
  int num = 0;
  TEST_STATUS(bulla_vault_audit_log(house.vault, 1, TEXT(""), stop, &num), BULLA_EXPIRED);
  cr_assert_eq(num, 1);
  assert_unbroken(5);
}

/* Two vaults that were one: the same keys, the same first records, and then each its own. */
Test(audit, a_record_of_a_restored_copy_of_the_vault_does_not_fit) {
  fill_log(3);
  struct bulla_span common = image();
  TEST_OK(put("acme", "db", "other", "a value", true));
  TEST_OK(put("acme", "db", "other", "a value", true));
  lay_beside("copy", image());
  restore(common, "");
  fill_log(3);
  restore(image(), beside("copy",
                          "DELETE FROM audit WHERE seq = 5; "
                          "INSERT INTO audit SELECT * FROM copy.audit WHERE seq = 5"));
  assert_broken_at(5, "a record that follows another one");
}

Test(audit, a_log_under_another_root_or_of_another_vault_does_not_verify) {
  fill_log(5);
  lay_beside("ours", image());
  /* The rows of this vault in a vault of the same root. */
  close_vault();
  remove_vault();
  TEST_OK(bulla_vault_create(house.url, house.root));
  run_sql(beside("ours",
                 "DELETE FROM audit; DELETE FROM audit_head; INSERT INTO audit SELECT * FROM ours.audit; "
                 "INSERT INTO audit_head SELECT * FROM ours.audit_head"));
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  open_vault();
  TEST_STATUS(bulla_vault_audit_verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
  cr_assert_eq(verdict.bad_seq, 1);
}
