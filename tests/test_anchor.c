/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Anchors of the audit log, and logs that were verified against them. */

#include "core/crypto.h"
#include "core/signature.h"
#include "store/vault.h"
#include "tests/vault_support.h"

TestSuite(anchor, .init = build_house, .fini = leave_house, .timeout = 60);

static struct bulla_buffer take_anchor(void) {
  struct bulla_buffer anchor = test_room(BULLA_ANCHOR_MAX);
  TEST_OK(bulla_vault_audit_anchor(house.vault, &anchor, &who));
  return anchor;
}

static enum bulla_status verify(struct bulla_span anchor, struct bulla_audit_verdict *verdict, size_t threads) {
  struct bulla_audit_verify_options options = BULLA_AUDIT_VERIFY_OPTIONS_INIT;
  options.anchor = anchor;
  options.num_threads = threads;
  *verdict = (struct bulla_audit_verdict)BULLA_AUDIT_VERDICT_INIT;
  return bulla_vault_audit_verify_with(house.vault, verdict, &options);
}

static void use_often(int times) {
  for (int i = 0; i < times; i++) {
    TEST_OK(put("acme", "db", "host", "h", false));
  }
}

Test(anchor, a_log_that_went_on_contains_it) {
  struct bulla_audit_verdict verdict;
  use_often(3);
  struct bulla_buffer anchor = take_anchor();
  TEST_OK(verify(bulla_written(&anchor), &verdict, 1));
  use_often(100);
  TEST_OK(verify(bulla_written(&anchor), &verdict, 1));
  cr_expect_eq(verdict.num_records, 105);
  cr_expect_eq(verdict.num_lanes, 1);
  cr_expect_eq(count_records("op = 'checkpoint' AND seq = 5"), 1);
}

Test(anchor, a_log_that_was_cut_back_to_an_older_one_is_found) {
  struct bulla_audit_verdict verdict;
  use_often(3);
  struct bulla_span old = image();
  use_often(3);
  struct bulla_buffer anchor = take_anchor();
  restore(old, "");
  assert_unbroken(4);
  TEST_STATUS(verify(bulla_written(&anchor), &verdict, 1), BULLA_AUDIT_BROKEN);
  cr_expect_eq(verdict.bad_seq, 5);
}

Test(anchor, a_log_that_went_another_way_since_is_found) {
  struct bulla_audit_verdict verdict;
  use_often(3);
  struct bulla_span old = image();
  use_often(3);
  struct bulla_buffer anchor = take_anchor();
  restore(old, "");
  use_often(20);
  assert_unbroken(24);
  TEST_STATUS(verify(bulla_written(&anchor), &verdict, 1), BULLA_AUDIT_BROKEN);
  cr_expect_eq(verdict.bad_seq, 8, "the record that was anchored");
}

Test(anchor, what_is_not_an_anchor_of_this_vault_is_refused) {
  struct bulla_audit_verdict verdict;
  use_often(1);
  struct bulla_buffer anchor = take_anchor();
  struct bulla_span text = bulla_written(&anchor);
  for (size_t i = 0; i < text.len; i++) {
    for (size_t bit = 0; bit < 8; bit += 3) {
      TEST_STATUS(verify(test_flipped(text, 8 * i + bit), &verdict, 1), BULLA_REFUSED);
    }
  }
  for (size_t len = 1; len < text.len; len++) {
    TEST_STATUS(verify(bulla_span(text.data, len), &verdict, 1), BULLA_REFUSED);
  }
  TEST_STATUS(verify(test_concat(text, TEXT("\n")), &verdict, 1), BULLA_REFUSED);
  TEST_STATUS(verify(test_filled('\n', BULLA_ANCHOR_MAX + 1), &verdict, 1), BULLA_REFUSED);
  struct bulla_vault *other = NULL;
  struct bulla_buffer theirs = test_room(BULLA_ANCHOR_MAX);
  TEST_OK(bulla_vault_create(url_of("other"), house.root));
  TEST_OK(bulla_vault_open(&other, url_of("other"), house.root, NULL));
  TEST_OK(bulla_vault_audit_anchor(other, &theirs, &who));
  bulla_vault_close(&other);
  TEST_STATUS(verify(bulla_written(&theirs), &verdict, 1), BULLA_REFUSED);
}

/* As another program reads a signed note (c2sp.org/signed-note). */
Test(anchor, it_is_a_signed_note_of_the_signing_key) {
  use_often(1);
  struct bulla_buffer anchor = take_anchor();
  const char *text = (const char *)anchor.data;
  const uint8_t *blank = memmem(text, anchor.len, "\n\n", 2);
  cr_assert_not_null(blank);
  struct bulla_span body = bulla_span(anchor.data, (size_t)(blank - anchor.data) + 1);
  const char *line = (const char *)blank + 2;
  cr_assert_eq(memcmp(line, "\xe2\x80\x94 bulla/", 10), 0);
  const char *digits = strchr(line + 4, ' ') + 1;
  size_t name_len = (size_t)(digits - 1 - (line + 4));
  size_t len = anchor.len - (size_t)(digits - text) - 1;
  cr_assert_eq(len, 92);
  uint8_t bytes[69];
  struct bulla_span unpadded = bulla_span((const uint8_t *)digits, len - 1);
  cr_assert_eq(digits[len - 1], '=');
  char url[92];
  for (size_t i = 0; i < unpadded.len; i++) {
    url[i] = digits[i] == '+' ? '-' : digits[i] == '/' ? '_' : digits[i];
  }
  bool found = false;
  /* The encoder of the tests is too simple to decode: the one signature there can be is encoded instead. */
  uint8_t hashed[200];
  const struct bulla_keyring *keyring = &house.vault->keyring;
  memcpy(hashed, line + 4, name_len);
  hashed[name_len] = '\n';
  hashed[name_len + 1] = 1;
  memcpy(hashed + name_len + 2, keyring->signing_public, 32);
  uint8_t digest[BULLA_SHA256_LEN];
  TEST_OK(bulla_sha256(digest, bulla_span(hashed, name_len + 34)));
  memcpy(bytes, digest, 4);
  TEST_OK(bulla_signature_sign(bytes + 4, keyring->signing_seed, body));
  struct bulla_span encoded = test_base64url(bulla_span(bytes, 68));
  found = encoded.len == unpadded.len && memcmp(encoded.data, url, encoded.len) == 0;
  cr_expect(found);
}

static enum bulla_status keep_head(void *arg, const struct bulla_audit_head_view *head) {
  struct bulla_audit_head_view *kept = arg;
  *kept = *head;
  kept->mac = test_copy(head->mac);
  return BULLA_OK;
}

Test(anchor, heads_are_those_of_the_last_record) {
  struct bulla_audit_head_view before;
  struct bulla_audit_head_view after;
  TEST_OK(bulla_vault_audit_heads(house.vault, keep_head, &before));
  cr_expect_eq(before.lane, 0);
  cr_expect_eq(before.seq, 1);
  cr_expect_eq(before.mac.len, 32);
  use_often(1);
  TEST_OK(bulla_vault_audit_heads(house.vault, keep_head, &after));
  cr_expect_eq(after.seq, 2);
  cr_expect_neq(memcmp(before.mac.data, after.mac.data, 32), 0);
}

/* More records than one thread is worth, made by a single put of many fields. */
static void fill_log(int records) {
  enum { FIELDS = 500 };
  static struct bulla_field fields[FIELDS];
  static char names[FIELDS][10];
  for (int i = 0; i < FIELDS; i++) {
    snprintf(names[i], sizeof(names[i]), "f%d", i);
    fields[i] = (struct bulla_field){.name = test_text(names[i]), .value = TEXT("v")};
  }
  for (int i = 0; i < records / FIELDS; i++) {
    TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), fields, FIELDS));
  }
}

/* The file of an anchor that was cut to nothing must not pass for none. */
Test(anchor, an_empty_one_is_none) {
  struct bulla_audit_verdict verdict;
  TEST_STATUS(verify(TEXT(""), &verdict, 1), BULLA_REFUSED);
  TEST_OK(verify(bulla_span(NULL, 0), &verdict, 1));
}

Test(anchor, needs_its_room_before_anything_is_recorded) {
  uint8_t bytes[BULLA_ANCHOR_MAX - 1];
  struct bulla_buffer note = bulla_buffer(bytes, sizeof(bytes));
  TEST_STATUS(bulla_vault_audit_anchor(house.vault, &note, &who), BULLA_BUFFER_TOO_SMALL);
  assert_unbroken(1);
}

Test(anchor, records_beyond_all_counting_are_found_at_once, .timeout = 20) {
  static const char *const far[] = {
      "4611686018427387904), (9223372036854775807",
      "9223372036854775807), (9223372036854775806",
      "4611686018427387904), (4611686018427387968), (3074457345618258624), (6148914691236517248), (9223372036854775807",
  };
  struct bulla_audit_verdict verdict;
  fill_log(500);
  struct bulla_span whole = image();
  for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
    char sql[1000];
    snprintf(sql, sizeof(sql),
             "WITH far(n) AS (VALUES (%s)) INSERT INTO audit(lane, seq, time, tenant, op, outcome, detail, mac) SELECT "
             "lane, n, time, tenant, op, outcome, detail, mac FROM audit, far WHERE seq = 1",
             far[i]);
    for (size_t threads = 1; threads <= 4; threads++) {
      restore(whole, sql);
      TEST_STATUS(verify(bulla_span(NULL, 0), &verdict, threads), BULLA_AUDIT_BROKEN);
      cr_expect_gt(verdict.bad_seq, 0);
    }
  }
}

Test(anchor, threads_find_what_one_finds) {
  static const struct {
    const char *sql;
    int64_t bad_seq;
  } tries[] = {
      {"SELECT 1", 0},
      {"UPDATE audit SET outcome = 'failed' WHERE seq = 7", 7},
      {"UPDATE audit SET outcome = 'failed' WHERE seq = 6500", 6500},
      {"UPDATE audit SET outcome = 'failed' WHERE seq = 12900", 12900},
      {"DELETE FROM audit WHERE seq = 6464", 6464},
      {"DELETE FROM audit WHERE seq = 4288", 4288},
      {"UPDATE audit SET outcome = 'failed' WHERE seq IN (12000, 300)", 300},
      {"UPDATE audit SET mac = zeroblob(32) WHERE seq = 4352", 4352},
      {"DELETE FROM audit WHERE seq = 4352", 4352}, /* the last one of the first of three, or the first of two */
      {"DELETE FROM audit WHERE seq = 6528", 6528},
      {"UPDATE audit SET outcome = 'failed' WHERE seq = 4353", 4353}, /* and the next */
      {"UPDATE audit SET outcome = 'failed' WHERE seq = 6529", 6529},
      {"UPDATE audit SET seq = -1 WHERE seq = 13001", 1},
  };
  struct bulla_audit_verdict verdict;
  fill_log(13000);
  struct bulla_span whole = image();
  for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
    restore(whole, tries[i].sql);
    for (size_t threads = 1; threads <= 4; threads++) {
      enum bulla_status status = verify(bulla_span(NULL, 0), &verdict, threads);
      cr_expect_eq(status, tries[i].bad_seq == 0 ? BULLA_OK : BULLA_AUDIT_BROKEN, "%s", tries[i].sql);
      cr_expect_eq(verdict.bad_seq, tries[i].bad_seq, "%s with %zu threads: %ld", tries[i].sql, threads,
                   (long)verdict.bad_seq);
    }
  }
  TEST_STATUS(verify(bulla_span(NULL, 0), &verdict, 65), BULLA_INVALID_ARGUMENT);
}
