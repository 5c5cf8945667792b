/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a vault tells of its secrets without opening them: masks, lengths in its file, canaries. */

#include "tests/move_support.h"

TestSuite(vault_masks, .init = build_houses, .fini = leave_houses);

static enum bulla_status count_values(void *arg, UNUSED const struct bulla_span *values, UNUSED size_t num_values) {
  ++*(int *)arg;
  return BULLA_OK;
}

static enum bulla_status put_field(const char *entry, struct bulla_field field) {
  return bulla_vault_put(house.vault, &who, AT(TEXT("acme"), test_text(entry)), &field, 1);
}

Test(vault_masks, the_length_of_a_padded_value_is_in_no_row_and_that_of_another_is) {
  char name[16];
  for (size_t len = 1; len <= 60; len++) {
    snprintf(name, sizeof(name), "f%zu", len);
    TEST_OK(put_field("db", (struct bulla_field){test_text(name), test_filled('v', len), true}));
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE length(value) = 58 + 64 AND length(mask) = 58 + 32"), 60);
  for (size_t len = 1; len <= 60; len++) {
    snprintf(name, sizeof(name), "f%zu", len);
    struct bulla_field bare = {.name = test_text(name), .value = test_filled('v', len), .secret = true};
    bare.padding = BULLA_PADDING_NONE;
    TEST_OK(put_field("bare", bare));
  }
  cr_expect_eq(run_sql("SELECT count(DISTINCT length(value)) FROM field"), 60, "58 + 64 is that of 60 bytes too");
  cr_expect_eq(run_sql("SELECT count(DISTINCT length(mask)) FROM field"), 1);
}

static enum bulla_status note_shown(void *arg, const struct bulla_field_view *field) {
  note(arg, "%.*s=%.*s %lld %lld;", S(field->name), S(field->text), (long long)field->revision,
       (long long)field->expires);
  return BULLA_OK;
}

static void shows(struct bulla_vault *vault, const char *text) {
  struct bulla_buffer out = test_room(1000);
  TEST_OK(bulla_vault_show(vault, AT(TEXT("acme"), TEXT("db")), note_shown, &out));
  TEST_SPAN(bulla_written(&out), test_text(text), "%.*s", S(bulla_written(&out)));
}

static const struct bulla_field chosen = {.name = {(const uint8_t *)"f", 1},
                                          .value = {(const uint8_t *)"a value that is long", 20},
                                          .secret = true,
                                          .expires = 1893456000,
                                          .mask = BULLA_MASK_NONE,
                                          .padding = BULLA_PADDING_NONE};

Test(vault_masks, traits_are_kept_until_others_are_given_over_a_new_name_and_in_a_copy) {
  TEST_OK(put_field("db", chosen));
  TEST_OK(put("acme", "db", "f", "another of twenty-two.", true));
  shows(house.vault, "f= 2 1893456000;");
  cr_expect_eq(run_sql("SELECT length(value) FROM field ORDER BY revision DESC LIMIT 1"), 58 + 4 + 22);
  TEST_OK(bulla_vault_rename_field(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("f")), TEXT("g")));
  shows(house.vault, "g= 2 1893456000;");
  cr_expect_eq(run_sql("SELECT length(value) FROM field ORDER BY revision DESC LIMIT 1"), 58 + 4 + 22);
  TEST_OK(copy());
  shows(other, "g= 2 1893456000;");
  struct bulla_field again = chosen;
  again.name = TEXT("g");
  again.expires = BULLA_EXPIRES_NEVER;
  again.mask = BULLA_MASK_LAST4;
  again.padding = BULLA_PADDING_BUCKETS;
  TEST_OK(put_field("db", again));
  shows(house.vault, "g=********long 3 0;");
  cr_expect_eq(run_sql("SELECT length(value) FROM field ORDER BY revision DESC LIMIT 1"), 58 + 64);
}

/* To lose a canary's mark or a date because a mask was broken is what whoever broke it may want. */
Test(vault_masks, traits_that_do_not_open_are_not_replaced_by_defaults) {
  TEST_OK(put_field("db", chosen));
  run_sql("UPDATE field SET mask = zeroblob(length(mask))");
  TEST_STATUS(put("acme", "db", "f", "another", true), BULLA_REFUSED);
  TEST_STATUS(use("acme", "db", "f"), BULLA_REFUSED);
  TEST_OK(remove_field("acme", "db", "f"));
  TEST_OK(put("acme", "db", "f", "another", true));
}

static void keep_line(void *arg, UNUSED enum bulla_log_level level, UNUSED enum bulla_status status,
                      const char *detail) {
  snprintf(arg, 128, "%s", detail);
}

static void refuses_to_put_over(const char *sql) {
  char line[128] = "";
  run_sql(sql);
  bulla_log_set(keep_line, line);
  for (int secret = 0; secret < 2; secret++) {
    enum bulla_status status = put("acme", "db", "f", "plain text", secret == 1);
    cr_expect_eq(status, BULLA_REFUSED, "%s: %s", sql, bulla_status_text(status));
    cr_expect_not_null(strstr(line, "remove it, then put it again"), "%s: %s", sql, line);
  }
  bulla_log_set(NULL, NULL);
  TEST_STATUS(bulla_vault_restore_field(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("f"), 1)), BULLA_REFUSED);
  TEST_STATUS(bulla_vault_rename_field(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("f")), TEXT("g")),
              BULLA_REFUSED);
}

Test(vault_masks, a_secret_that_somebody_made_say_it_is_plain_is_not_put_over) {
  struct bulla_field lure = chosen;
  lure.canary = 1;
  TEST_OK(bulla_vault_keep(house.vault, &who, NULL, 1));
  TEST_OK(put("acme", "db", "host", "db.example", false));
  TEST_OK(put_field("db", lure));
  TEST_OK(put("acme", "db", "f", "another value", true));
  run_sql("CREATE TABLE stolen AS SELECT * FROM field");
  refuses_to_put_over("UPDATE field SET secret = 0 WHERE name = 'f' AND revision = 2");
  refuses_to_put_over("UPDATE field SET value = CAST('plain text' AS BLOB) WHERE name = 'f' AND revision = 2");
  refuses_to_put_over(
      "UPDATE field SET (value, mask) = (SELECT value, mask FROM stolen WHERE name = 'host') "
      "WHERE name = 'f' AND revision = 2");
  cr_expect_eq(run_sql("SELECT max(revision) FROM field WHERE name = 'f'"), 2);
  run_sql(
      "UPDATE field SET (secret, value, mask) = (SELECT secret, value, mask FROM stolen WHERE name = 'f' AND "
      "revision = 2) WHERE name = 'f' AND revision = 2");
  run_sql("DROP TABLE stolen");
  TEST_STATUS(put("acme", "db", "f", "plain text", false), BULLA_STAYS_SECRET);
  TEST_OK(put("acme", "db", "f", "yet another", true));
  TEST_STATUS(use("acme", "db", "f"), BULLA_NOT_FOUND);
  /* The remedy. */
  run_sql("UPDATE field SET secret = 0 WHERE name = 'f'");
  TEST_OK(remove_field("acme", "db", "f"));
  TEST_OK(put("acme", "db", "f", "a fourth value", true));
  assert_use("acme", "db", "f", "a fourth value");
  /* What is plain is put over as before. */
  TEST_OK(put("acme", "db", "host", "other.example", false));
  TEST_OK(put("acme", "db", "host", "a secret one", true));
  assert_use("acme", "db", "host", "a secret one");
}

Test(vault_masks, a_plain_field_has_no_traits_and_unknown_ones_are_refused) {
  for (int i = 0; i < 9; i++) {
    struct bulla_field field = {.name = TEXT("f"), .value = TEXT("v"), .secret = i >= 4};
    field.mask = i == 0 ? 1 : i == 4 ? BULLA_MASK_FIXED + 1 : 0;
    field.padding = i == 1 ? 1 : i == 5 ? BULLA_PADDING_NONE + 1 : 0;
    field.canary = i == 2 ? 1 : i == 6 ? 2 : 0;
    field.expires = i == 3 ? 1 : i == 7 ? BULLA_EXPIRES_NEVER - 1 : 0;
    field.if_revision = i == 8 ? BULLA_REVISION_NONE - 1 : 0;
    TEST_STATUS(put_field("db", field), BULLA_INVALID_ARGUMENT);
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM field"), 0);
}

static enum bulla_status put_if(int64_t revision, const char *value, bool secret) {
  return put_field("db", (struct bulla_field){
                             .name = TEXT("f"), .value = test_text(value), .secret = secret, .if_revision = revision});
}

Test(vault_masks, no_update_is_lost_to_whoever_says_what_was_seen) {
  for (int secret = 0; secret < 2; secret++) {
    TEST_STATUS(put_if(1, "v", secret == 1), BULLA_CONFLICT);
    TEST_OK(put_if(BULLA_REVISION_NONE, "first", secret == 1));
    TEST_STATUS(put_if(BULLA_REVISION_NONE, "v", secret == 1), BULLA_EXISTS);
    TEST_OK(put_if(1, "second", secret == 1));
    TEST_STATUS(put_if(1, "v", secret == 1), BULLA_CONFLICT);
    TEST_STATUS(put_if(3, "v", secret == 1), BULLA_CONFLICT);
    assert_use("acme", "db", "f", "second");
    cr_expect_eq(run_sql("SELECT max(revision) FROM field"), 2);
    TEST_OK(remove_field("acme", "db", "f"));
  }
  /* What is refused leaves nothing behind, not even the entry that it would have made. */
  cr_expect_eq(run_sql("SELECT count(*) FROM entry"), 0);
  cr_expect_eq(count_details("op = 'put'"), 4);
}

/* What whoever asks is told of a field. */
static struct bulla_span answer(const char *field) {
  struct bulla_secret *value = NULL;
  struct bulla_buffer text = test_room(600);
  test_listen();
  enum bulla_status status =
      bulla_vault_read(house.vault, &value, &who, AT(TEXT("acme"), TEXT("db"), test_text(field)));
  cr_assert_null(value);
  note(&text, "%s %d %s", bulla_status_name(status), test_told.status, test_told.text);
  return bulla_written(&text);
}

Test(vault_masks, a_canary_is_to_its_thief_as_if_it_were_not_there_and_is_recorded) {
  struct bulla_field lure = chosen;
  size_t failed;
  int calls = 0;
  lure.canary = 1;
  lure.mask = 0;
  TEST_OK(put_field("db", lure));
  TEST_OK(put("acme", "db", "real", "a value that is long", true));
  shows(house.vault, "f=********long 1 1893456000;real=********long 1 0;");
  const struct bulla_span of_canary = answer("f");
  const struct bulla_span of_nothing = answer("missing");
  TEST_SPAN(of_canary, of_nothing, "%.*s", S(of_canary));
  cr_expect_eq(count_records("op = 'use'"), 2, "one for each");
  cr_expect_eq(count_details("field = 'f' AND op = 'use' AND outcome = 'canary' AND actor <> '' AND reason <> ''"), 1);
  cr_expect_eq(count_details("field = 'missing' AND outcome = 'not-found'"), 1);
  /* Beside others, none is opened. */
  const struct bulla_place places[] = {*AT(TEXT("acme"), TEXT("db"), TEXT("real")),
                                       *AT(TEXT("acme"), TEXT("db"), TEXT("f"))};
  TEST_STATUS(bulla_vault_use_many(house.vault, &failed, &who, places, 2, count_values, &calls), BULLA_NOT_FOUND);
  cr_expect(failed == 1 && calls == 0);
  cr_expect_eq(count_details("field = 'f' AND outcome IN ('granted', 'failed')"), 0);
}

Test(vault_masks, a_canary_stays_one_with_another_value_under_another_name_and_in_a_copy) {
  struct bulla_field lure = chosen;
  lure.canary = 1;
  TEST_OK(put_field("db", lure));
  TEST_OK(put("acme", "db", "f", "another value", true));
  TEST_STATUS(use("acme", "db", "f"), BULLA_NOT_FOUND);
  TEST_OK(bulla_vault_rename_field(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("f")), TEXT("g")));
  TEST_STATUS(use("acme", "db", "g"), BULLA_NOT_FOUND);
  TEST_OK(copy());
  swap();
  TEST_STATUS(use("acme", "db", "g"), BULLA_NOT_FOUND);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'canary'"), 1);
  swap();
}
