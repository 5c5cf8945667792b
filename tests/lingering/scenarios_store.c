/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The calls of bulla/store.h, and what is dumped and forked while all kinds of handles live. */

#include <fcntl.h>
#include <unistd.h>

#include <bulla/jose.h>
#include <bulla/store.h>
#include <bulla/token.h>

#include "store/actor_box.h"
#include "store/actor_key.h"
#include "store/padding.h"
#include "tests/lingering/child.h"
#include "tests/place.h"

static const char url[] = "sqlite:v.db";

static void leave(void) {
  static const char *const names[] = {"v.db",        "v.db-wal",    "v.db-shm", "v.db-generation", "copy.db",
                                      "copy.db-wal", "copy.db-shm", "root",     "backup",          "actor"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    unlink(names[i]);
  }
}

static enum bulla_status in_use(void *arg, struct bulla_span value) {
  ASSERT(value.len > 0);
  (void)arg;
  STOP();
  return BULLA_OK;
}

static enum bulla_status used(void *arg, struct bulla_span value) {
  (void)arg;
  return value.len > 0 ? BULLA_OK : BULLA_REFUSED;
}

static enum bulla_status many_used(void *arg, const struct bulla_span *values, size_t num_values) {
  return num_values == 2 ? used(arg, values[1]) : BULLA_REFUSED;
}

static enum bulla_status root_in_use(void *arg, struct bulla_span tenant, struct bulla_span root) {
  ASSERT(tenant.len > 0);
  return in_use(arg, root);
}

static enum bulla_status root_used(void *arg, struct bulla_span tenant, struct bulla_span root) {
  ASSERT(tenant.len > 0);
  return used(arg, root);
}

static enum bulla_status see_field(void *arg, const struct bulla_field_view *field) {
  *(bool *)arg = field->secret;
  return BULLA_OK;
}

static enum bulla_status see_revision(void *arg, const struct bulla_revision_view *revision) {
  *(int64_t *)arg += revision->revision;
  return BULLA_OK;
}

static void roots(void) {
  struct bulla_root *root = NULL;
  struct bulla_secret *passphrase = new_text("passphrase", 32);
  CHECK_OK("bulla_root_create", bulla_root_create(&root, "file:root"));
  bulla_root_free(&root);
  CHECK_OK("bulla_root_open", bulla_root_open(&root, "file:root"));
  bulla_root_free(&root);
  CHECK_OK("bulla_root_passphrase", bulla_root_passphrase(&root, bulla_secret_bytes(passphrase)));
  CHECK_OK("bulla_vault_create with a passphrase", bulla_vault_create(url, root));
  bulla_secret_free(&passphrase);
  CHECK(CHECK_FREED, "bulla_root_free", bulla_root_free(&root));
  leave();
}

static void vault(void) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  bool secret = false;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_secret *value = new_text("value", 48);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  ASSERT(bulla_root_create(&root, "file:root") == BULLA_OK);
  CHECK_OK("bulla_vault_create", bulla_vault_create(url, root));
  CHECK_OK("bulla_vault_open", bulla_vault_open(&vault, url, root, NULL));
  CHECK_OK("bulla_vault_put", bulla_vault_put(vault, &who, AT(ACME, ENTRY), &field, 1));
  tell(CHECK_LIVE, "within bulla_vault_use", bulla_span(NULL, 0));
  ASSERT(bulla_vault_use(vault, &who, AT(ACME, ENTRY, PASSWORD), in_use, NULL) == BULLA_OK);
  bulla_vault_close(&vault);
  ASSERT(bulla_vault_open(&vault, url, root, NULL) == BULLA_OK);
  tell(CHECK_LIVE, "within bulla_vault_use, the key unwrapped", bulla_span(NULL, 0));
  ASSERT(bulla_vault_use(vault, &who, AT(ACME, ENTRY, PASSWORD), in_use, NULL) == BULLA_OK);
  CHECK_OK("bulla_vault_use", bulla_vault_use(vault, &who, AT(ACME, ENTRY, PASSWORD), used, NULL));
  CHECK_OK("bulla_vault_show", bulla_vault_show(vault, AT(ACME, ENTRY), see_field, &secret));
  CHECK_OK("bulla_vault_audit_verify", bulla_vault_audit_verify(vault, &verdict));
  CHECK_OK("bulla_vault_rename_field",
           bulla_vault_rename_field(vault, &who, AT(ACME, ENTRY, PASSWORD), BULLA_LITERAL("other")));
  CHECK_OK("bulla_vault_remove", bulla_vault_remove(vault, &who, AT(ACME, ENTRY)));
  bulla_secret_free(&value);
  bulla_root_free(&root);
  CHECK(CHECK_FREED, "bulla_vault_close", bulla_vault_close(&vault));
  leave();
  ASSERT(secret);
}

/* What bulla_vault_put seals of a value, at the end of a bucket and without one. */
static void padding(void) {
  struct bulla_secret *value = new_text("value", 60);
  struct bulla_secret *padded = NULL;
  CHECK_OK("bulla_pad", bulla_pad(&padded, bulla_secret_bytes(value), BULLA_PADDING_BUCKETS));
  bulla_secret_free(&padded);
  CHECK_OK("bulla_pad to the length", bulla_pad(&padded, bulla_secret_bytes(value), BULLA_PADDING_NONE));
  bulla_secret_free(&value);
  CHECK(CHECK_FREED, "bulla_secret_free", bulla_secret_free(&padded));
}

/* Former revisions, and values that are sealed anew. */
static void revisions(void) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  int64_t sum = 0;
  int64_t version;
  size_t failed;
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  struct bulla_secret *values[] = {new_text("former value", 48), new_text("value", 300)};
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(values[0]), true};
  const struct bulla_place former = {ACME, ENTRY, PASSWORD, .revision = 1};
  const struct bulla_place places[] = {former, *AT(ACME, ENTRY, PASSWORD)};
  ASSERT(bulla_root_create(&root, "file:root") == BULLA_OK);
  ASSERT(bulla_vault_create(url, root) == BULLA_OK && bulla_vault_open(&vault, url, root, NULL) == BULLA_OK);
  CHECK_OK("bulla_vault_put_keep", bulla_vault_put_keep(vault, &who, AT(ACME, ENTRY), &field, 1, 2));
  field.value = bulla_secret_bytes(values[1]);
  CHECK_OK("bulla_vault_put again", bulla_vault_put(vault, &who, AT(ACME, ENTRY), &field, 1));
  CHECK_OK("bulla_vault_history", bulla_vault_history(vault, AT(ACME, ENTRY), see_revision, &sum));
  CHECK_OK("bulla_vault_use of a former revision", bulla_vault_use(vault, &who, &former, used, NULL));
  CHECK_OK("bulla_vault_use_many", bulla_vault_use_many(vault, &failed, &who, places, 2, many_used, NULL));
  CHECK_OK("bulla_vault_rename_field with a history",
           bulla_vault_rename_field(vault, &who, AT(ACME, ENTRY, PASSWORD), BULLA_LITERAL("other")));
  ASSERT(bulla_vault_rename_field(vault, &who, AT(ACME, ENTRY, BULLA_LITERAL("other")), PASSWORD) == BULLA_OK);
  CHECK_OK("bulla_vault_restore_field", bulla_vault_restore_field(vault, &who, &former));
  ASSERT(bulla_vault_rotate_tenant(vault, &version, &who, ACME) == BULLA_OK);
  CHECK_OK("bulla_vault_use, sealing anew", bulla_vault_use(vault, &who, AT(ACME, ENTRY, PASSWORD), used, NULL));
  CHECK_OK("bulla_vault_rewrap", bulla_vault_rewrap(vault, &report, &who, ACME, NULL, NULL));
  CHECK_OK("bulla_vault_keep", bulla_vault_keep(vault, &who, AT(ACME, ENTRY), 0));
  bulla_secret_free(&values[0]);
  bulla_secret_free(&values[1]);
  bulla_root_free(&root);
  CHECK(CHECK_FREED, "bulla_vault_close", bulla_vault_close(&vault));
  leave();
  ASSERT(sum == 3 && report.num_done == 2);
}

static void backups(void) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  struct bulla_backup_options options = BULLA_BACKUP_OPTIONS_INIT;
  struct bulla_backup_report report = BULLA_BACKUP_REPORT_INIT;
  struct bulla_secret *value = new_text("value", 48);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  ASSERT(bulla_root_create(&root, "file:root") == BULLA_OK);
  ASSERT(bulla_vault_create(url, root) == BULLA_OK && bulla_vault_open(&vault, url, root, NULL) == BULLA_OK);
  ASSERT(bulla_vault_put(vault, &who, AT(ACME, ENTRY), &field, 1) == BULLA_OK);
  options.root = root;
  options.who = &who;
  CHECK_OK("bulla_vault_backup", bulla_vault_backup(vault, &report, "backup", &options));
  bulla_vault_close(&vault);
  CHECK_OK("bulla_vault_restore", bulla_vault_restore("sqlite:copy.db", &report, "backup", &options));
  bulla_secret_free(&value);
  CHECK(CHECK_FREED, "bulla_root_free", bulla_root_free(&root));
  leave();
}

static void records(void) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  struct bulla_vault *copy = NULL;
  struct bulla_export_report report = BULLA_EXPORT_REPORT_INIT;
  size_t failed_row;
  uint8_t digits[512];
  uint8_t hash[32] = {1};
  struct bulla_buffer triple = bulla_buffer(digits, sizeof(digits));
  struct bulla_secret *value = new_text("value", 48);
  struct bulla_secret *key = new_secret(SECRET_KEY, "foreign key", BULLA_KEY_LEN);
  struct bulla_secret *token_root = new_secret(SECRET_ROOT, "token root", BULLA_KEY_LEN);
  ASSERT(bulla_triple_seal(key, &triple, bulla_secret_bytes(value)) == BULLA_OK);
  struct bulla_import row = {ENTRY, PASSWORD, bulla_written(&triple)};
  ASSERT(bulla_root_create(&root, "file:root") == BULLA_OK);
  ASSERT(bulla_vault_create(url, root) == BULLA_OK && bulla_vault_open(&vault, url, root, NULL) == BULLA_OK);
  CHECK_OK("bulla_vault_import", bulla_vault_import(vault, &failed_row, &who, ACME, key, NULL, &row, 1));
  CHECK_OK("bulla_vault_apikey_put",
           bulla_vault_apikey_put(vault, &who,
                                  &(const struct bulla_apikey_record){.tenant = ACME,
                                                                      .id = RECORD_ID,
                                                                      .name = BULLA_LITERAL("embed"),
                                                                      .hash = bulla_span(hash, sizeof(hash)),
                                                                      .root = token_root}));
  tell(CHECK_LIVE, "within bulla_vault_apikey_use", bulla_span(NULL, 0));
  ASSERT(bulla_vault_apikey_use(vault, &who, RECORD_ID, root_in_use, NULL) == BULLA_OK);
  CHECK_OK("bulla_vault_apikey_use", bulla_vault_apikey_use(vault, &who, RECORD_ID, root_used, NULL));
  CHECK_OK("bulla_vault_apikey_export", bulla_vault_apikey_export(vault, &who, RECORD_ID, DAY, root_used, NULL));
  ASSERT(bulla_vault_create("sqlite:copy.db", root) == BULLA_OK);
  ASSERT(bulla_vault_open(&copy, "sqlite:copy.db", root, NULL) == BULLA_OK);
  CHECK_OK("bulla_vault_export", bulla_vault_export(vault, &report, copy, &who, NULL, NULL));
  bulla_vault_close(&copy);
  CHECK_OK("bulla_vault_apikey_revoke", bulla_vault_apikey_revoke(vault, &who, RECORD_ID));
  bulla_secret_free(&value);
  bulla_secret_free(&key);
  bulla_secret_free(&token_root);
  bulla_root_free(&root);
  CHECK(CHECK_FREED, "bulla_vault_close", bulla_vault_close(&vault));
  leave();
}

/* What a seed expands to is known once it has: then it is expanded again. */
static void actors(void) {
  static const uint8_t fingerprint[BULLA_SHA256_LEN] = {1};
  uint8_t room[BULLA_ACTOR_BOX_LEN];
  struct bulla_buffer box = bulla_buffer(room, sizeof(room));
  struct bulla_keyring keyring = {.generation = 1};
  struct bulla_actor_key key;
  struct bulla_actor_key read;
  struct bulla_actor_keys keys;
  struct bulla_secret *text = NULL;
  struct bulla_secret *opened = NULL;
  CHECK_OK("bulla_actor_key_new", bulla_actor_key_new(&key, fingerprint));
  tell(SECRET_KEY, "seed", bulla_secret_bytes(key.seed));
  CHECK_OK("bulla_actor_key_write", bulla_actor_key_write(&text, &key));
  struct bulla_span bytes = bulla_secret_bytes(text);
  tell(SECRET_TEXT, "digits of the seed", bulla_span(bytes.data + 40, 64));
  CHECK_OK("bulla_actor_key_read", bulla_actor_key_read(&read, bytes));
  bulla_actor_key_free(&read);
  bulla_secret_data(text)[170] = bytes.data[170] == '0' ? '1' : '0';
  CHECK_STATUS("bulla_actor_key_read of a slip", bulla_actor_key_read(&read, bytes), BULLA_ROOT_WRONG);
  bulla_secret_data(text)[103] = 'A';
  CHECK_STATUS("bulla_actor_key_read of no key", bulla_actor_key_read(&read, bytes), BULLA_ROOT_MALFORMED);
  bulla_secret_free(&text);
  ASSERT(bulla_actor_key_expand(&keys, &key) == BULLA_OK);
  tell(SECRET_PRIVATE, "box private", bulla_secret_bytes(keys.box_private));
  tell(SECRET_SEED, "signing key", bulla_secret_bytes(keys.signing_seed));
  bulla_actor_keys_free(&keys);
  CHECK_OK("bulla_actor_key_expand", bulla_actor_key_expand(&keys, &key));
  struct bulla_actor_statement actor = {.box_public = bulla_span(keys.box_public, sizeof(keys.box_public))};
  struct bulla_grant_statement grant = {.role = BULLA_ROLE_USE};
  struct bulla_secret *sealed = new_secret(SECRET_KEY, "key of a role", BULLA_KEY_LEN);
  CHECK_OK("bulla_common_box_seal", bulla_common_box_seal(&box, &keyring, &actor, sealed));
  actor.common_box = bulla_written(&box);
  CHECK_OK("bulla_common_box_open", bulla_common_box_open(&opened, &keyring, keys.box_private, &actor));
  bulla_secret_free(&opened);
  CHECK_OK("bulla_grant_box_seal", bulla_grant_box_seal(&box, &keyring, &actor, &grant, sealed));
  grant.box = bulla_written(&box);
  CHECK_OK("bulla_grant_box_open", bulla_grant_box_open(&opened, &keyring, keys.box_private, &grant));
  bulla_secret_free(&opened);
  grant.epoch++;
  CHECK_STATUS("bulla_grant_box_open of another", bulla_grant_box_open(&opened, &keyring, keys.box_private, &grant),
               BULLA_REFUSED);
  bulla_secret_free(&sealed);
  bulla_actor_keys_free(&keys);
  CHECK(CHECK_FREED, "bulla_actor_key_free", bulla_actor_key_free(&key));
}

/* Writes the key of an actor to a file, straight from where it lies. */
static void write_key(struct bulla_span text) {
  int file = open("actor", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  ASSERT(file >= 0 && write(file, text.data, text.len) == (ssize_t)text.len && close(file) == 0);
}

/* What the key of an actor expands to is known once it is made. */
static void tell_actor(struct bulla_span text) {
  struct bulla_actor_key key;
  struct bulla_actor_keys keys;
  tell(SECRET_TEXT, "digits of the seed", bulla_span(text.data + 40, 64));
  ASSERT(bulla_actor_key_read(&key, text) == BULLA_OK && bulla_actor_key_expand(&keys, &key) == BULLA_OK);
  tell(SECRET_KEY, "seed", bulla_secret_bytes(key.seed));
  tell(SECRET_PRIVATE, "box private", bulla_secret_bytes(keys.box_private));
  tell(SECRET_SEED, "signing key", bulla_secret_bytes(keys.signing_seed));
  bulla_actor_keys_free(&keys);
  bulla_actor_key_free(&key);
}

static void grants(void) {
  static const struct bulla_span name = {(const uint8_t *)"worker", 6};
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  struct bulla_vault *own = NULL;
  struct bulla_secret *text = NULL;
  struct bulla_actor *actor = NULL;
  struct bulla_secret *value = new_text("value", 48);
  const struct bulla_field plain = {BULLA_LITERAL("host"), ACME, false};
  const struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  ASSERT(bulla_root_create(&root, "file:root") == BULLA_OK);
  ASSERT(bulla_vault_create(url, root) == BULLA_OK && bulla_vault_open(&vault, url, root, NULL) == BULLA_OK);
  ASSERT(bulla_vault_put(vault, &who, AT(ACME, ENTRY), &plain, 1) == BULLA_OK);
  ASSERT(bulla_vault_actor_create(vault, &text, &who, name) == BULLA_OK);
  tell_actor(bulla_secret_bytes(text));
  CHECK_OK("bulla_vault_actor_create", bulla_vault_grant(vault, &who, name, BULLA_ROLE_PUT, ACME));
  CHECK_OK("bulla_vault_grant", bulla_vault_grant(vault, &who, name, BULLA_ROLE_USE, ACME));
  CHECK_OK("bulla_vault_grant for all", bulla_vault_grant(vault, &who, name, BULLA_ROLE_SHOW, bulla_span(NULL, 0)));
  write_key(bulla_secret_bytes(text));
  bulla_secret_free(&text);
  CHECK_OK("bulla_actor_open", bulla_actor_open(&actor, "file:actor"));
  CHECK_OK("bulla_vault_open_as", bulla_vault_open_as(&own, url, actor, NULL));
  CHECK_OK("bulla_vault_put by an actor", bulla_vault_put(own, &who, AT(ACME, ENTRY), &field, 1));
  CHECK_OK("bulla_vault_use by an actor", bulla_vault_use(own, &who, AT(ACME, ENTRY, PASSWORD), used, NULL));
  ASSERT(bulla_vault_put(own, &who, AT(ACME, ENTRY), &field, 1) == BULLA_OK);
  bulla_vault_close(&own);
  CHECK_OK("bulla_vault_grant_end", bulla_vault_grant_end(vault, &who, name, BULLA_ROLE_USE, ACME));
  CHECK_OK("bulla_vault_actor_revoke", bulla_vault_actor_revoke(vault, NULL, &who, name, false, NULL, NULL));
  CHECK_OK("bulla_vault_use of what an actor has put",
           bulla_vault_use(vault, &who, AT(ACME, ENTRY, PASSWORD), used, NULL));
  bulla_actor_free(&actor);
  bulla_secret_free(&value);
  bulla_root_free(&root);
  CHECK(CHECK_FREED, "bulla_vault_close", bulla_vault_close(&vault));
  leave();
}

/* Every kind of handle, each of which has worked. */
static void live(void) {
  static uint8_t room[BULLA_TOKEN_MAX];
  struct bulla_buffer out = bulla_buffer(room, sizeof(room));
  struct bulla_secret *material = new_secret(SECRET_MATERIAL, "material", BULLA_KEY_LEN);
  struct bulla_secret *value = new_text("value", 48);
  struct bulla_field field = {PASSWORD, bulla_secret_bytes(value), true};
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  struct bulla_apikey *apikey = NULL;
  struct bulla_secret *string = NULL;
  struct bulla_minter *minter = NULL;
  struct bulla_jwe_key *jwe_key = NULL;
  const struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                      .org = BULLA_LITERAL("acme"),
                                      .sub = bulla_secret_bytes(value),
                                      .iat = DAY * INT64_C(86400)};
  for (enum bulla_suite suite = BULLA_AES_256_GCM; suite <= BULLA_XAES_256_GCM; suite++) {
    struct bulla_key *key = NULL;
    ASSERT(bulla_key_new(&key, suite, material) == BULLA_OK);
    ASSERT(bulla_seal(key, &out, bulla_secret_bytes(value), ACME) == BULLA_OK);
  }
  ASSERT(bulla_root_create(&root, "file:root") == BULLA_OK);
  ASSERT(bulla_vault_create(url, root) == BULLA_OK && bulla_vault_open(&vault, url, root, NULL) == BULLA_OK);
  ASSERT(bulla_vault_put(vault, &who, AT(ACME, ENTRY), &field, 1) == BULLA_OK);
  ASSERT(bulla_apikey_generate(&apikey, &string) == BULLA_OK);
  tell(SECRET_ROOT, "token root", bulla_secret_bytes(bulla_apikey_token_root(apikey)));
  ASSERT(bulla_minter_new(&minter, apikey) == BULLA_OK);
  ASSERT(bulla_token_mint(minter, &out, &claims) == BULLA_OK);
  ASSERT(bulla_jwe_key_new(&jwe_key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, material, ACME) == BULLA_OK);
  ASSERT(bulla_jwe_encrypt(jwe_key, &out, bulla_secret_bytes(value)) == BULLA_OK);
  leave();
}

static void fork_off(void) {
  live();
  check_fork();
}

static void dump(void) {
  live();
  check_cores();
}

const struct scenario store_scenarios[] = {
    {"roots", roots},
    {"vault", vault},
    {"padding", padding},
    {"revisions", revisions},
    {"backups", backups},
    {"records", records},
    {"actors", actors},
    {"grants", grants},
    {"forks", fork_off},
    {"core dumps", dump},
    {"core dumps of memfd_secret(2)", dump},
    {0},
};
