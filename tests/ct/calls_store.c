/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The constant-time check of store/: the life of a vault in a folder of its own. */

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "store/wrapper_text.h"
#include "tests/ct/ct.h"
#include "tests/place.h"

static struct {
  char folder[PATH_MAX];
  char url[PATH_MAX + 16];
  char provider[PATH_MAX + 16];
  struct bulla_root *root;
  struct bulla_vault *vault;
} house;

static void build_house(void) {
  const char *base = getenv("TMPDIR");
  snprintf(house.folder, sizeof(house.folder), "%.3000s/bulla-ct-XXXXXX", base != NULL ? base : "/tmp");
  CT_ASSERT(mkdtemp(house.folder) != NULL);
  snprintf(house.url, sizeof(house.url), "sqlite:%.3100s/v.db", house.folder);
  snprintf(house.provider, sizeof(house.provider), "file:%.3100s/root", house.folder);
  ct_rules.reads_are_secret = true;
  CT_OK(bulla_root_create(&house.root, house.provider));
  bulla_root_free(&house.root);
  CT_OK(bulla_root_open(&house.root, house.provider));
  CT_OK(bulla_vault_create(house.url, house.root));
  CT_OK(bulla_vault_open(&house.vault, house.url, house.root, NULL));
}

static void leave_house(void) {
  static const char *const names[] = {"v.db",        "v.db-wal",    "v.db-shm",      "root",      "copy.db",
                                      "copy.db-wal", "copy.db-shm", "root-recovery", "root-next", "backup"};
  bulla_vault_close(&house.vault);
  bulla_root_free(&house.root);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/%s", house.folder, names[i]);
    unlink(path);
  }
  CT_ASSERT(rmdir(house.folder) == 0);
}

static void enter_house(void) {
  build_house();
  leave_house();
}

/* A vault that is opened again has no key in its cache: it unwraps what it needs. */
static void open_again(void) {
  bulla_vault_close(&house.vault);
  CT_OK(bulla_vault_open(&house.vault, house.url, house.root, NULL));
}

/* The last four bytes of a value are in its mask, if they can be shown. */
static struct bulla_secret *secret_value(size_t len) {
  struct bulla_secret *value = ct_secret(len);
  memcpy(bulla_secret_data(value) + len - 4, "4711", 4);
  ct_declassify(bulla_secret_data(value) + len - 4, 4);
  return value;
}

static enum bulla_status expect_secret(void *arg, struct bulla_span value) {
  CT_ARRIVED(value.data, value.len);
  *(int *)arg += 1;
  return BULLA_OK;
}

static enum bulla_status expect_mask(void *arg, const struct bulla_field_view *field) {
  CT_ASSERT(field->secret && field->text.len == 12);
  CT_ARRIVED(field->text.data, field->text.len);
  *(int *)arg += 1;
  return BULLA_OK;
}

static enum bulla_status count_entry(void *arg, const struct bulla_entry_view *entry) {
  *(int64_t *)arg += entry->num_fields;
  return BULLA_OK;
}

static void put_and_use(void) {
  int num_seen = 0;
  int64_t num_fields = 0;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = secret_value(40);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  build_house();
  for (int round = 0; round < 2; round++) {
    CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), &field, 1));
    CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
    open_again();
    CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
    CT_OK(bulla_vault_show(house.vault, AT(ACME, ENTRY), expect_mask, &num_seen));
    CT_OK(bulla_vault_list(house.vault, ACME, count_entry, &num_fields));
  }
  CT_OK(bulla_vault_remove(house.vault, &who, AT(ACME, ENTRY)));
  leave_house();
  CT_ASSERT(num_seen == 6 && num_fields == 2);
}

static enum bulla_status expect_secrets(void *arg, const struct bulla_span *values, size_t num_values) {
  for (size_t i = 0; i < num_values; i++) {
    CT_OK(expect_secret(arg, values[i]));
  }
  return BULLA_OK;
}

static void use_many(void) {
  int num_seen = 0;
  size_t failed;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = secret_value(40);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  build_house();
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), &field, 1));
  const struct bulla_place places[] = {*AT(ACME, ENTRY, PASSWORD), *AT(ACME, ENTRY, PASSWORD)};
  CT_OK(bulla_vault_use_many(house.vault, &failed, &who, places, 2, expect_secrets, &num_seen));
  leave_house();
  CT_ASSERT(num_seen == 2);
}

static enum bulla_status expect_revision(void *arg, const struct bulla_revision_view *revision) {
  CT_ASSERT(revision->secret && revision->text.len == 8);
  CT_ARRIVED(revision->text.data, revision->text.len);
  *(int64_t *)arg += revision->revision;
  return BULLA_OK;
}

/* The last bytes of a value are not looked at for a mask of another policy, not even where the value comes out of the
 * vault again. The first value has no padding, the second one has. */
static void keep_revisions(void) {
  int num_seen = 0;
  int num_kept = 0;
  int64_t sum = 0;
  struct bulla_secret *former BULLA_CLEANUP(bulla_secret_free) = ct_secret(40);
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = ct_secret(200);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(former), true, .mask = BULLA_MASK_FIXED,
                              .padding = BULLA_PADDING_NONE};
  const struct bulla_place first = {ACME, ENTRY, PASSWORD, .revision = 1};
  build_house();
  CT_OK(bulla_vault_put_keep(house.vault, &who, AT(ACME, ENTRY), &field, 1, 2));
  field.value = bulla_secret_bytes(value);
  field.padding = BULLA_PADDING_BUCKETS;
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), &field, 1));
  open_again();
  CT_OK(bulla_vault_history(house.vault, AT(ACME, ENTRY), expect_revision, &sum));
  CT_OK(bulla_vault_use(house.vault, &who, &first, expect_secret, &num_seen));
  CT_OK(bulla_vault_restore_field(house.vault, &who, &first));
  CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
  CT_OK(bulla_vault_rename_field(house.vault, &who, AT(ACME, ENTRY, PASSWORD), BULLA_LITERAL("other")));
  CT_OK(bulla_vault_keep(house.vault, &who, AT(ACME, ENTRY), 0));
  CT_OK(bulla_vault_kept(house.vault, &num_kept, AT(ACME, ENTRY)));
  leave_house();
  CT_ASSERT(num_seen == 2 && sum == 3 && num_kept == 0);
}

static enum bulla_status see_lure(void *arg, const struct bulla_secret_view *secret) {
  CT_ASSERT(secret->is_canary);
  *(int *)arg += 1;
  return BULLA_OK;
}

/* Only the mask of a lure is opened, and it is known by that. */
static void set_lure(void) {
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = ct_secret(40);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true, .mask = BULLA_MASK_NONE, .canary = 1};
  int num_seen = 0;
  build_house();
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), &field, 1));
  CT_ASSERT(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen) == BULLA_NOT_FOUND);
  CT_ASSERT(num_seen == 0);
  CT_OK(bulla_vault_secrets(house.vault, ACME, see_lure, &num_seen));
  leave_house();
  CT_ASSERT(num_seen == 1);
}

static enum bulla_status count_limit(void *arg, const struct bulla_limit *limit) {
  *(int64_t *)arg += limit->rate;
  return BULLA_OK;
}

/* A use that passes a limit, and one that does not. */
static void limit_uses(void) {
  int num_seen = 0;
  int64_t rates = 0;
  int64_t wait = 0;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = secret_value(40);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  const struct bulla_limit limit = {
      .kind = BULLA_LIMIT_USE, .scope = BULLA_LIMIT_ACTOR, .rate = 1, .period = 86400, .burst = 1};
  build_house();
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), &field, 1));
  CT_OK(bulla_vault_limit_set(house.vault, &who, &limit));
  CT_OK(bulla_vault_limit_list(house.vault, count_limit, &rates));
  CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
  CT_ASSERT(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen) == BULLA_LIMITED);
  CT_OK(bulla_vault_limit_wait(house.vault, &wait, &who, BULLA_LIMIT_USE, ACME));
  CT_OK(bulla_vault_limit_remove(house.vault, &who, &limit));
  leave_house();
  CT_ASSERT(num_seen == 1 && rates == 1 && wait > 0);
}

/* The root is open; what is read from here on is the backup. */
static void back_up(void) {
  int num_seen = 0;
  char path[PATH_MAX + 16];
  char url[PATH_MAX + 16];
  struct bulla_backup_options options = BULLA_BACKUP_OPTIONS_INIT;
  struct bulla_backup_report report = BULLA_BACKUP_REPORT_INIT;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = secret_value(40);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  build_house();
  ct_rules.reads_are_secret = false;
  snprintf(path, sizeof(path), "%.3100s/backup", house.folder);
  snprintf(url, sizeof(url), "sqlite:%.3100s/copy.db", house.folder);
  options.root = house.root;
  options.who = &who;
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), &field, 1));
  CT_OK(bulla_vault_backup(house.vault, &report, path, &options));
  bulla_vault_close(&house.vault);
  CT_OK(bulla_vault_restore(url, &report, path, &options));
  CT_OK(bulla_vault_open(&house.vault, url, house.root, NULL));
  CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
  leave_house();
  CT_ASSERT(num_seen == 1);
}

/* What the mask shows of a longer value is looked at, and here it comes out of a vault, where all of it is secret. */
static void export_all(void) {
  char url[PATH_MAX + 16];
  uint8_t hash[32] = {1};
  struct bulla_vault *copy = NULL;
  struct bulla_export_report report = BULLA_EXPORT_REPORT_INIT;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = secret_value(12);
  struct bulla_secret *root BULLA_CLEANUP(bulla_secret_free) = ct_secret(BULLA_KEY_LEN);
  const struct bulla_field fields[] = {{PASSWORD, bulla_secret_bytes(value), true},
                                       {BULLA_LITERAL("host"), BULLA_LITERAL("db.internal"), false}};
  const struct bulla_apikey_record record = {
      .tenant = ACME, .id = RECORD_ID, .name = ENTRY, .hash = bulla_span(hash, sizeof(hash)), .root = root};
  build_house();
  snprintf(url, sizeof(url), "sqlite:%.3100s/copy.db", house.folder);
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), fields, 2));
  CT_OK(bulla_vault_apikey_put(house.vault, &who, &record));
  CT_OK(bulla_vault_create(url, house.root));
  CT_OK(bulla_vault_open(&copy, url, house.root, NULL));
  open_again();
  CT_OK(bulla_vault_export(house.vault, &report, copy, &who, NULL, NULL));
  bulla_vault_close(&copy);
  leave_house();
  CT_ASSERT(report.num_fields == 2 && report.num_live_apikeys == 1);
}

static enum bulla_status count_root(void *arg, const struct bulla_root_view *root) {
  CT_ASSERT(root->id.len == 16);
  *(int *)arg += 1;
  return BULLA_OK;
}

static enum bulla_status see_head(void *arg, const struct bulla_audit_head_view *head) {
  *(int64_t *)arg = head->seq;
  return BULLA_OK;
}

/* A recipient's private key is drawn here, and opens the vault later. */
static void keep_roots(void) {
  int num_seen = 0;
  int64_t last = 0;
  char text[BULLA_RECIPIENT_TEXT_LEN + 1];
  uint8_t note[BULLA_ANCHOR_MAX];
  struct bulla_buffer anchor = bulla_buffer(note, sizeof(note));
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_audit_verify_options options = BULLA_AUDIT_VERIFY_OPTIONS_INIT;
  struct bulla_root *private_half = NULL;
  struct bulla_root *public_half = NULL;
  char provider[sizeof(house.provider) + 16];
  build_house();
  (void)snprintf(provider, sizeof(provider), "%s-recovery", house.provider);
  CT_OK(bulla_recipient_create(&private_half, provider));
  CT_OK(bulla_recipient_text(private_half, text));
  CT_OK(bulla_root_recipient(&public_half, bulla_text(text)));
  CT_OK(bulla_vault_root_add(house.vault, &who, public_half, BULLA_LITERAL("recovery")));
  CT_OK(bulla_vault_root_list(house.vault, count_root, &num_seen));
  CT_OK(bulla_vault_root_remove(house.vault, &who, BULLA_LITERAL("recovery")));
  CT_OK(bulla_vault_audit_anchor(house.vault, &anchor, &who));
  CT_OK(bulla_vault_audit_heads(house.vault, see_head, &last));
  options.anchor = bulla_written(&anchor);
  CT_OK(bulla_vault_audit_verify_with(house.vault, &verdict, &options));
  bulla_root_free(&private_half);
  bulla_root_free(&public_half);
  leave_house();
  CT_ASSERT(num_seen == 2 && last == verdict.num_records);
}

static void rename_and_remove(void) {
  static const struct bulla_span other = {(const uint8_t *)"other", 5};
  int num_seen = 0;
  /* Shorter than 16 bytes: no mask shows anything of it. */
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = ct_secret(12);
  struct bulla_field field = {other, bulla_secret_bytes(value), true};
  build_house();
  CT_OK(bulla_vault_put(house.vault, &who, AT(other, other), &field, 1));
  CT_OK(bulla_vault_rename_tenant(house.vault, &who, other, ACME));
  CT_OK(bulla_vault_rename_entry(house.vault, &who, AT(ACME, other), ENTRY));
  CT_OK(bulla_vault_rename_field(house.vault, &who, AT(ACME, ENTRY, other), PASSWORD));
  CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
  CT_OK(bulla_vault_remove_fields(house.vault, &who, AT(ACME, ENTRY), (const struct bulla_span[]){PASSWORD}, 1));
  CT_OK(bulla_vault_remove_tenant(house.vault, &who, ACME));
  leave_house();
  CT_ASSERT(num_seen == 1);
}

static enum bulla_status count_version(void *arg, const struct bulla_version_view *version) {
  CT_ASSERT(bulla_span_equal(version->tenant, ACME));
  *(int *)arg += 1;
  return BULLA_OK;
}

/* The first use after a rotation seals the value anew, the rewrap the other one. */
static void rotate_and_shred(void) {
  static const struct bulla_span other = {(const uint8_t *)"other", 5};
  int num_seen = 0;
  int64_t number;
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = ct_secret(12);
  struct bulla_field fields[] = {{PASSWORD, bulla_secret_bytes(value), true}, {other, bulla_secret_bytes(value), true}};
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  char provider[sizeof(house.provider) + 16];
  build_house();
  (void)snprintf(provider, sizeof(provider), "%s-next", house.provider);
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), fields, 2));
  CT_OK(bulla_vault_rotate_tenant(house.vault, &number, &who, ACME));
  CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
  CT_OK(bulla_vault_rewrap(house.vault, &report, &who, ACME, NULL, NULL));
  CT_OK(bulla_vault_destroy_versions(house.vault, &number, &who, ACME));
  CT_OK(bulla_vault_versions(house.vault, ACME, count_version, &num_seen));
  CT_OK(bulla_vault_scrub(house.vault));
  CT_OK(bulla_root_create(&root, provider));
  CT_OK(bulla_vault_root_rotate(house.vault, &who, root, BULLA_LITERAL("next")));
  CT_OK(bulla_vault_shred(house.vault, &who, ACME));
  leave_house();
  CT_ASSERT(num_seen == 2 && report.num_done == 1 && number == 1);
}

static void import(void) {
  int num_seen = 0;
  size_t failed_row = 0;
  uint8_t digits[256];
  struct bulla_buffer triple = bulla_buffer(digits, sizeof(digits));
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = ct_secret(BULLA_KEY_LEN);
  /* Shorter than 16 bytes: no mask shows anything of it, and what is opened is secret to the last byte. */
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = ct_secret(12);
  CT_OK(bulla_triple_seal(key, &triple, bulla_secret_bytes(value)));
  struct bulla_import row = {ENTRY, PASSWORD, bulla_written(&triple)};
  build_house();
  CT_OK(bulla_vault_import(house.vault, &failed_row, &who, ACME, key, NULL, &row, 1));
  CT_OK(bulla_vault_use(house.vault, &who, AT(ACME, ENTRY, PASSWORD), expect_secret, &num_seen));
  leave_house();
  CT_ASSERT(num_seen == 1);
}

static enum bulla_status expect_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  CT_ASSERT(bulla_span_equal(tenant, ACME));
  return expect_secret(arg, root);
}

static enum bulla_status count_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  CT_ASSERT(bulla_span_equal(apikey->id, RECORD_ID));
  *(int *)arg += 1;
  return BULLA_OK;
}

static void keep_apikeys(void) {
  int num_seen = 0;
  uint8_t hash[32] = {1};
  struct bulla_secret *root BULLA_CLEANUP(bulla_secret_free) = ct_secret(BULLA_KEY_LEN);
  build_house();
  CT_OK(bulla_vault_apikey_put(house.vault, &who,
                               &(const struct bulla_apikey_record){.tenant = ACME,
                                                                   .id = RECORD_ID,
                                                                   .name = BULLA_LITERAL("embed"),
                                                                   .hash = bulla_span(hash, sizeof(hash)),
                                                                   .root = root}));
  CT_OK(bulla_vault_apikey_use(house.vault, &who, RECORD_ID, expect_root, &num_seen));
  open_again();
  CT_OK(bulla_vault_apikey_use(house.vault, &who, RECORD_ID, expect_root, &num_seen));
  CT_OK(bulla_vault_apikey_export(house.vault, &who, RECORD_ID, 20485, expect_root, &num_seen));
  CT_OK(bulla_vault_apikey_list(house.vault, ACME, count_apikey, &num_seen));
  CT_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  leave_house();
  CT_ASSERT(num_seen == 4);
}

static enum bulla_status count_record(void *arg, const struct bulla_audit_record *record) {
  *(int64_t *)arg = record->seq;
  return BULLA_OK;
}

/* As many records as make the key of the log go on to its next epoch. */
static void audit(void) {
  int64_t last = 0;
  bool revoked = false;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = secret_value(16);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  build_house();
  CT_OK(bulla_vault_put(house.vault, &who, AT(ACME, ENTRY), &field, 1));
  for (int i = 0; i < 66; i++) {
    CT_OK(bulla_vault_token_revoke(house.vault, &who, ACME, BULLA_LITERAL("session"), INT64_C(4000000000)));
  }
  CT_OK(bulla_vault_token_revoked(house.vault, &revoked, ACME, BULLA_LITERAL("session")));
  CT_OK(bulla_vault_audit_verify(house.vault, &verdict));
  CT_OK(bulla_vault_audit_log(house.vault, 1, ACME, count_record, &last));
  leave_house();
  CT_ASSERT(revoked && verdict.bad_seq == 0 && verdict.num_records == last && last > 64);
}

static void take_passphrase(void) {
  struct bulla_root *root = NULL;
  struct bulla_secret *passphrase BULLA_CLEANUP(bulla_secret_free) = ct_secret(20);
  CT_OK(bulla_root_passphrase(&root, bulla_secret_bytes(passphrase)));
  bulla_root_free(&root);
}

/* Reads |line| between the two others of an answer. */
static void read_answer(struct bulla_wrapper_answer *answer, struct bulla_span line, enum bulla_status wanted) {
  static const struct bulla_wrapper_limits limits = {BULLA_KEY_LEN, BULLA_KEY_LEN};
  static const char first[] = "bulla-wrap-1 ok\n";
  static const char last[] = "\nend\n";
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  CT_OK(bulla_secret_new(&text, sizeof(first) + line.len + sizeof(last) - 2));
  uint8_t *at = bulla_secret_data(text);
  memcpy(at, first, sizeof(first) - 1);
  memcpy(at + sizeof(first) - 1, line.data, line.len);
  memcpy(at + sizeof(first) - 1 + line.len, last, sizeof(last) - 1);
  CT_ASSERT(bulla_wrapper_read(answer, bulla_secret_bytes(text), &limits) == wanted);
}

/* A key on its way to a program and back; what is no key where one belongs; a key where the first line belongs. */
static void wrap_by_program(void) {
  static const uint8_t id[BULLA_WRAPPER_ID_LEN];
  static const struct bulla_wrapper_limits limits = {BULLA_KEY_LEN, BULLA_KEY_LEN};
  enum { DIGITS = 43 };
  struct bulla_wrapper_answer answer;
  struct bulla_secret *request BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = ct_secret(BULLA_KEY_LEN);
  struct bulla_secret *garbage BULLA_CLEANUP(bulla_secret_free) = ct_secret(DIGITS);
  CT_OK(bulla_wrapper_request(&request, BULLA_WRAPPER_WRAP, bulla_span(id, sizeof(id)), bulla_secret_bytes(key)));
  struct bulla_span text = bulla_secret_bytes(request);
  struct bulla_span digits = bulla_span(text.data + text.len - DIGITS - 1, DIGITS);
  CT_ARRIVED(digits.data, digits.len);
  read_answer(&answer, digits, BULLA_OK);
  CT_ARRIVED(bulla_secret_bytes(answer.data).data, BULLA_KEY_LEN);
  bulla_secret_free(&answer.data);
  read_answer(&answer, bulla_secret_bytes(garbage), BULLA_INVALID_TEXT);
  CT_ASSERT(bulla_wrapper_read(&answer, bulla_secret_bytes(garbage), &limits) == BULLA_INVALID_TEXT);
}

#define STORED "what is stored: blobs, MACs, key ids; whether what was stored is authentic"

const struct ct_call ct_store_calls[] = {
    {"bulla_root_open bulla_root_create bulla_root_free bulla_vault_create bulla_vault_open bulla_vault_close",
     "the root key and its digits, every key of the vault", STORED "; whether the digits are digits", enter_house},
    {"bulla_vault_put bulla_vault_use bulla_vault_read bulla_vault_show bulla_vault_list bulla_vault_remove",
     "values but for the last four bytes, which the mask shows; every key", STORED, put_and_use},
    {"bulla_vault_rename_tenant bulla_vault_rename_entry bulla_vault_rename_field bulla_vault_remove_fields "
     "bulla_vault_remove_tenant",
     "the value, every key", STORED, rename_and_remove},
    {"bulla_vault_use_many", "values but for the last four bytes, every key", STORED, use_many},
    {"bulla_vault_put_keep bulla_vault_keep bulla_vault_kept bulla_vault_history bulla_vault_restore_field",
     "two values, their masks, every key", STORED, keep_revisions},
    {"bulla_vault_use bulla_vault_secrets", "the value of a canary, every key", STORED "; whether it is one", set_lure},
    {"bulla_vault_limit_set bulla_vault_limit_list bulla_vault_limit_wait bulla_vault_limit_remove",
     "values but for the last four bytes, every key", STORED "; who has used something", limit_uses},
    {"bulla_vault_backup bulla_vault_restore", "values but for the last four bytes, every key", STORED, back_up},
    {"bulla_vault_export", "a value of which the mask shows nothing, the token root, every key of both vaults", STORED,
     export_all},
    {"bulla_recipient_create bulla_recipient_text bulla_root_recipient bulla_vault_root_add bulla_vault_root_list "
     "bulla_vault_root_remove bulla_vault_audit_anchor bulla_vault_audit_heads bulla_vault_audit_verify_with",
     "the recipient's private key, every key of the vault", STORED "; signatures", keep_roots},
    {"bulla_vault_rotate_tenant bulla_vault_rewrap bulla_vault_versions bulla_vault_destroy_versions bulla_vault_scrub "
     "bulla_vault_root_rotate bulla_vault_shred",
     "values, every key, both roots", STORED, rotate_and_shred},
    {"bulla_vault_import", "the foreign key, the value, every key", STORED, import},
    {"bulla_vault_apikey_put bulla_vault_apikey_use bulla_vault_apikey_export bulla_vault_apikey_list "
     "bulla_vault_apikey_revoke",
     "the token root, every key", STORED, keep_apikeys},
    {"bulla_vault_audit_verify bulla_vault_audit_log bulla_vault_audit_log_with bulla_vault_token_revoke "
     "bulla_vault_token_revoked",
     "the keys of the log, every other key", STORED, audit},
    {"bulla_root_passphrase", "the passphrase", "nothing", take_passphrase},
    {"bulla_wrapper_request bulla_wrapper_read", "the key, its digits, and all that is printed in their place",
     "whether they are digits, and the answer has its form", wrap_by_program},
    {0},
};
