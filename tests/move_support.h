/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the tests of copying a vault share: a second one. Beside a server the vault is there, and the other one a file.
 */

#ifndef BULLA_TESTS_MOVE_SUPPORT_H
#define BULLA_TESTS_MOVE_SUPPORT_H

#include "core/hex.h"
#include "tests/vault_support.h"

/* The target. */
static struct bulla_vault *other;

UNUSED static void open_other(const char *url) {
  TEST_OK(bulla_vault_open(&other, url, house.root, NULL));
  test_keep(other);
}

UNUSED static const char *url_of_file(const char *name) {
  return (const char *)test_concat(test_text("sqlite:"), bulla_span(in_house(name), strlen(in_house(name)) + 1)).data;
}

UNUSED static void build_houses(void) {
  build_house();
  TEST_OK(bulla_vault_create(url_of_file("other.db"), house.root));
  open_other(url_of_file("other.db"));
}

UNUSED static void leave_houses(void) {
  bulla_vault_close(&other);
  leave_house();
}

/* swap makes the target the vault that the helpers look at, and back. */
UNUSED static void swap(void) {
  struct bulla_vault *vault = house.vault;
  house.vault = other;
  other = vault;
}

UNUSED static int64_t recorded_in_other(const char *condition) {
  swap();
  int64_t num = count_details(condition);
  swap();
  return num;
}

static struct bulla_export_report report;

UNUSED static enum bulla_status copy(void) {
  report = (struct bulla_export_report)BULLA_EXPORT_REPORT_INIT;
  report.num_fields = 4711;
  test_listen();
  enum bulla_status status = bulla_vault_export(house.vault, &report, other, &who, NULL, NULL);
  cr_assert(status == BULLA_OK || (report.num_tenants == 0 && report.num_fields == 0 && report.num_written == 0));
  return status;
}

#define ASSERT_TOLD(part) cr_assert_not_null(strstr(test_told.text, part), "%s", test_told.text)

static const char *const jtis[] = {"J1", "J2", "J3"};

static enum bulla_status note_value(void *out, struct bulla_span value) {
  uint8_t *digits = test_alloc(2 * value.len + 1);
  bulla_hex_encode(digits, value);
  note(out, " %.*s\n", (int)(2 * value.len), (char *)digits);
  return BULLA_OK;
}

struct describing {
  struct bulla_vault *vault;
  struct bulla_buffer text;
  struct bulla_place place;
};

static enum bulla_status note_field(void *arg, const struct bulla_field_view *field) {
  struct describing *all = arg;
  struct bulla_place place = all->place;
  place.field = field->name;
  note(&all->text, "  %.*s %.*s %d %zu %lld %lld", S(field->name), S(field->text), field->secret, field->value_len,
       (long long)field->revision, (long long)field->updated);
  return bulla_vault_use(all->vault, &who, &place, note_value, &all->text);
}

static enum bulla_status note_entry(void *arg, const struct bulla_entry_view *entry) {
  struct describing *all = arg;
  all->place = (struct bulla_place){.tenant = entry->tenant, .entry = entry->entry};
  note(&all->text, "%.*s/%.*s %lld\n", S(entry->tenant), S(entry->entry), (long long)entry->num_fields);
  return bulla_vault_show(all->vault, &all->place, note_field, all);
}

static enum bulla_status note_root(void *out, struct bulla_span tenant, struct bulla_span root) {
  note(out, " of %.*s", S(tenant));
  return note_value(out, root);
}

static enum bulla_status note_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  struct describing *all = arg;
  note(&all->text, "API key %.*s %.*s %.*s %lld %lld\n", S(apikey->tenant), S(apikey->id), S(apikey->name),
       (long long)apikey->created, (long long)apikey->revoked);
  enum bulla_status status = bulla_vault_apikey_use(all->vault, &who, apikey->id, note_root, &all->text);
  return status == (apikey->revoked == 0 ? BULLA_OK : BULLA_NOT_FOUND) ? BULLA_OK : BULLA_IO;
}

/* describe returns all that can be known of |vault|, values too. */
UNUSED static struct bulla_span describe(struct bulla_vault *vault) {
  struct describing all = {.vault = vault, .text = test_room(1 << 20)};
  TEST_OK(bulla_vault_list(vault, TEXT(""), note_entry, &all));
  TEST_OK(bulla_vault_apikey_list(vault, TEXT(""), note_apikey, &all));
  static const char *const tenants[] = {"acme", "beta", "renamed"};
  for (size_t i = 0; i < 9; i++) {
    bool revoked;
    TEST_OK(bulla_vault_token_revoked(vault, &revoked, test_text(tenants[i / 3]), test_text(jtis[i % 3])));
    note(&all.text, "%s %s %d\n", tenants[i / 3], jtis[i % 3], revoked);
  }
  return bulla_written(&all.text);
}

UNUSED static enum bulla_status remove_field(const char *tenant, const char *entry, const char *field) {
  struct bulla_span name = test_text(field);
  return bulla_vault_remove_fields(house.vault, &who, AT(test_text(tenant), test_text(entry)), &name, 1);
}

#define LIVE TEXT("0123456789abcdef")
#define REVOKED TEXT("fedcba9876543210")
#define OF_KEYS_ALONE TEXT("00112233aabbccdd")

UNUSED static void furnish(void) {
  const struct bulla_field wide[] = {
      {TEXT("longest"), test_filled('l', BULLA_VALUE_MAX), true},
      {TEXT("longest-plain"), test_filled('p', BULLA_VALUE_MAX), false},
      {TEXT("bytes"), test_hex("00ff80c3280a"), true},
      {TEXT("empty"), TEXT(""), true},
      {TEXT("empty-plain"), TEXT(""), false},
  };
  TEST_OK(put("acme", "db", "password", "the first", true));
  TEST_OK(put("acme", "db", "password", "the second, of 26 bytes", true));
  TEST_OK(put("acme", "db", "host", "db.internal", false));
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("wide")), wide, 5));
  TEST_OK(put("beta", "db", "password", "beta's own password", true));
  TEST_OK(put("old", "e", "f", "under an old name", true));
  TEST_OK(bulla_vault_rename_tenant(house.vault, &who, TEXT("old"), TEXT("renamed")));
  TEST_OK(put("gone", "e", "f", "gone", true));
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("gone"), TEXT("e"))));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, TEXT("gone")));
  TEST_OK(put_apikey(TEXT("acme"), LIVE, "live", 0x11));
  TEST_OK(put_apikey(TEXT("acme"), REVOKED, "", 0x22));
  TEST_OK(put_apikey(TEXT("keys-alone"), OF_KEYS_ALONE, "k", 0x33));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, REVOKED));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), test_text(jtis[0]), 2000000000));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("beta"), test_text(jtis[1]), 0));
  /* Times of which no two are the same, nor that of now. */
  run_sql("UPDATE field SET updated = 1700000000 + length(value); UPDATE apikey SET created = 1600000000 + number");
}

enum { NUM_FIELDS = 9, NUM_LIVE = 2, NUM_ROWS = 4 + NUM_FIELDS + NUM_LIVE + 1 + 2 };

UNUSED static void assert_counts(void) {
  cr_expect_eq(report.num_tenants, 4);
  cr_expect_eq(report.num_entries, 4);
  cr_expect_eq(report.num_fields, NUM_FIELDS);
  cr_expect_eq(report.num_live_apikeys, NUM_LIVE);
  cr_expect_eq(report.num_revoked_apikeys, 1);
  cr_expect_eq(report.num_revoked_tokens, 2);
}

#endif
