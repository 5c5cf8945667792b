/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/crash/operations.h. */

#include "tests/crash/operations.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "tests/crash/support.h"
#include "tests/crash/trace.h"
#include "tests/crash/vault.h"

#define WORKER BULLA_LITERAL("worker")

const char *const crash_tenants[CRASH_TENANTS] = {"acme", "globex"};
size_t crash_num_opened;

/* Who asks, and where, for one call. */
struct request {
  size_t number;
  char reason[24];
  char entry[8];
  char value[4000];
  struct bulla_who who;
  struct bulla_place place; /* of an entry */
};

static struct bulla_span text(const char *text) {
  return bulla_span(text, strlen(text));
}

static void begin(struct request *request, size_t number) {
  memset(request, 0, sizeof(*request));
  request->number = number;
  (void)snprintf(request->reason, sizeof(request->reason), "op-%zu", number);
  (void)snprintf(request->entry, sizeof(request->entry), "e%zu", number % 3);
  request->who.actor = BULLA_LITERAL("crash");
  request->who.reason = text(request->reason);
  request->place.tenant = text(crash_tenants[number / 3 % CRASH_TENANTS]);
  request->place.entry = text(request->entry);
}

/* A value of about |len| bytes. */
static struct bulla_span value_of(struct request *request, size_t len) {
  int end = snprintf(request->value, sizeof(request->value), "%-*s", (int)len, CRASH_VALUE);
  (void)snprintf(request->value + end, 8, "%04zu", request->number % 10000);
  return text(request->value);
}

struct bulla_span crash_token(char text[16], size_t number) {
  int len = snprintf(text, 16, "token-%zu", number % CRASH_TOKENS);
  return bulla_span(text, (size_t)len);
}

static struct bulla_span key_id(char id[20], size_t number) {
  (void)snprintf(id, 20, "key-id-000000-%02zu", number % CRASH_KEYS);
  return bulla_span(id, BULLA_RECORD_ID_LEN);
}

static enum bulla_status opened(void *arg, struct bulla_span value) {
  (void)value;
  crash_num_opened++;
  crash_mark(CRASH_OPENED, ((const struct request *)arg)->number);
  return BULLA_OK;
}

static enum bulla_status opened_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  (void)tenant;
  return opened(arg, root);
}

static enum bulla_status put_sized(struct bulla_vault *vault, size_t number, size_t len) {
  struct request request;
  begin(&request, number);
  struct bulla_span value = value_of(&request, len);
  const struct bulla_field fields[] = {{.name = BULLA_LITERAL("host"), .value = text(request.reason)},
                                       {.name = BULLA_LITERAL("password"), .value = value, .secret = true}};
  return bulla_vault_put(vault, &request.who, &request.place, fields, 2);
}

static enum bulla_status put(struct bulla_vault *vault, size_t number) {
  return put_sized(vault, number, 40);
}

/* On pages of its own. */
static enum bulla_status put_long(struct bulla_vault *vault, size_t number) {
  return put_sized(vault, number, 3900);
}

static enum bulla_status use(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  request.place.field = BULLA_LITERAL("password");
  return bulla_vault_use(vault, &request.who, &request.place, opened, &request);
}

static enum bulla_status read_value(struct bulla_vault *vault, size_t number) {
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct request request;
  begin(&request, number);
  request.place.field = BULLA_LITERAL("password");
  BULLA_TRY(bulla_vault_read(vault, &value, &request.who, &request.place));
  return opened(&request, bulla_secret_bytes(value));
}

static enum bulla_status remove_entry(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  return bulla_vault_remove(vault, &request.who, &request.place);
}

static enum bulla_status remove_field(struct bulla_vault *vault, size_t number) {
  struct request request;
  const struct bulla_span field = BULLA_LITERAL("host");
  begin(&request, number);
  return bulla_vault_remove_fields(vault, &request.who, &request.place, &field, 1);
}

static enum bulla_status remove_tenant(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  return bulla_vault_remove_tenant(vault, &request.who, BULLA_LITERAL("initech"));
}

static enum bulla_status rename_entry(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  const char *names[] = {"e3", request.entry};
  request.place.entry = text(names[number & 1]);
  return bulla_vault_rename_entry(vault, &request.who, &request.place, text(names[~number & 1]));
}

static enum bulla_status rename_field(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  const struct bulla_span names[] = {BULLA_LITERAL("secret"), BULLA_LITERAL("password")};
  request.place.field = names[number & 1];
  return bulla_vault_rename_field(vault, &request.who, &request.place, names[~number & 1]);
}

static enum bulla_status rename_tenant(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  return bulla_vault_rename_tenant(vault, &request.who, BULLA_LITERAL("initech"), BULLA_LITERAL("initrode"));
}

static enum bulla_status put_apikey(struct bulla_vault *vault, size_t number) {
  char id[20];
  struct request request;
  struct bulla_secret *root BULLA_CLEANUP(bulla_secret_free) = NULL;
  begin(&request, number);
  BULLA_TRY(bulla_secret_random(&root, BULLA_KEY_LEN));
  const struct bulla_apikey_record record = {
      .tenant = request.place.tenant,
      .id = key_id(id, number),
      .name = text(request.reason),
      .hash = bulla_span("a hash that nobody compares with", BULLA_RECORD_HASH_LEN),
      .root = root};
  return bulla_vault_apikey_put(vault, &request.who, &record);
}

static enum bulla_status use_apikey(struct bulla_vault *vault, size_t number) {
  char id[20];
  struct request request;
  begin(&request, number);
  return bulla_vault_apikey_use(vault, &request.who, key_id(id, number), opened_root, &request);
}

static enum bulla_status export_apikey(struct bulla_vault *vault, size_t number) {
  char id[20];
  struct request request;
  begin(&request, number);
  return bulla_vault_apikey_export(vault, &request.who, key_id(id, number), 20000, opened_root, &request);
}

static enum bulla_status revoke_apikey(struct bulla_vault *vault, size_t number) {
  char id[20];
  struct request request;
  begin(&request, number);
  return bulla_vault_apikey_revoke(vault, &request.who, key_id(id, number));
}

static enum bulla_status is_apikey_live(struct bulla_vault *vault, size_t number) {
  char id[20];
  return bulla_vault_apikey_live(vault, key_id(id, number));
}

static enum bulla_status revoke_token(struct bulla_vault *vault, size_t number) {
  char jti[16];
  struct request request;
  begin(&request, number);
  return bulla_vault_token_revoke(vault, &request.who, request.place.tenant, crash_token(jti, number), INT64_MAX);
}

static enum bulla_status import(struct bulla_vault *vault, size_t number) {
  uint8_t room[200];
  char entry[24];
  size_t failed;
  struct request request;
  struct bulla_buffer triple = bulla_buffer(room, sizeof(room));
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  begin(&request, number);
  (void)snprintf(entry, sizeof(entry), "imported-%zu", number % 7);
  BULLA_TRY(bulla_secret_random(&key, BULLA_KEY_LEN));
  BULLA_TRY(bulla_triple_seal(key, &triple, value_of(&request, 40)));
  const struct bulla_import rows[] = {
      {.entry = text(entry), .field = BULLA_LITERAL("a"), .triple = bulla_written(&triple)},
      {.entry = text(entry), .field = BULLA_LITERAL("b"), .triple = bulla_written(&triple)}};
  return bulla_vault_import(vault, &failed, &request.who, request.place.tenant, key, NULL, rows, 2);
}

static enum bulla_status rotate_tenant(struct bulla_vault *vault, size_t number) {
  int64_t version;
  struct request request;
  begin(&request, number);
  return bulla_vault_rotate_tenant(vault, &version, &request.who, request.place.tenant);
}

/* Of hooli, whose one value is under a former version: it is sealed anew, or stays as it is. */
static enum bulla_status use_older(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  request.place.tenant = BULLA_LITERAL("hooli");
  request.place.entry = BULLA_LITERAL("e2");
  request.place.field = BULLA_LITERAL("password");
  return bulla_vault_use(vault, &request.who, &request.place, opened, &request);
}

static enum bulla_status rewrap(struct bulla_vault *vault, size_t number) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  struct request request;
  begin(&request, number);
  return bulla_vault_rewrap(vault, &report, &request.who, BULLA_LITERAL("hooli"), NULL, NULL);
}

/* Of initech, which has nothing under its former version. */
static enum bulla_status destroy_version(struct bulla_vault *vault, size_t number) {
  int64_t num;
  struct request request;
  begin(&request, number);
  BULLA_TRY(bulla_vault_destroy_versions(vault, &num, &request.who, BULLA_LITERAL("initech")));
  enum bulla_status status = bulla_vault_scrub(vault);
  return status == BULLA_BUSY ? BULLA_OK : status;
}

static enum bulla_status shred(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  return bulla_vault_shred(vault, &request.who, BULLA_LITERAL("hooli"));
}

static enum bulla_status make_actor(struct bulla_vault *vault, size_t number) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct request request;
  char name[16];
  begin(&request, number);
  (void)snprintf(name, sizeof(name), "actor-%zu", number % 5);
  return bulla_vault_actor_create(vault, &key, &request.who, text(name));
}

static enum bulla_status grant(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  return bulla_vault_grant(vault, &request.who, WORKER, BULLA_ROLE_SHOW, request.place.tenant);
}

/* Of one for all tenants, which the worker is not alone to have. */
static enum bulla_status end_grant(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  return bulla_vault_grant_end(vault, &request.who, WORKER, BULLA_ROLE_USE, text(""));
}

static enum bulla_status revoke_actor(struct bulla_vault *vault, size_t number) {
  struct request request;
  begin(&request, number);
  return bulla_vault_actor_revoke(vault, NULL, &request.who, WORKER, false, NULL, NULL);
}

/* Shows and lists all there is. */
static enum bulla_status look_at_all(struct bulla_vault *vault, size_t number) {
  static char text[CRASH_TEXT_MAX];
  (void)number;
  return crash_describe(vault, text);
}

static enum bulla_status verify_log(struct bulla_vault *vault, size_t number) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  (void)number;
  return bulla_vault_audit_verify(vault, &verdict);
}

const struct crash_operation crash_operations[] = {
    {"put", put, 103},
    {"put long", put_long, 102},
    {"put new", put, 105}, /* of another tenant */
    {"use", use, 102},
    {"use missing", use, 105},
    {"read", read_value, 103},
    {"remove entry", remove_entry, 102},
    {"remove field", remove_field, 102},
    {"remove tenant", remove_tenant, 102},
    {"rename entry", rename_entry, 103},
    {"rename field", rename_field, 103},
    {"rename tenant", rename_tenant, 102},
    {"put apikey", put_apikey, 104},
    {"use apikey", use_apikey, 102},
    {"export apikey", export_apikey, 102},
    {"revoke apikey", revoke_apikey, 102},
    {"is apikey live", is_apikey_live, 103},
    {"revoke token", revoke_token, 102},
    {"import", import, 102},
    {"rotate tenant", rotate_tenant, 102},
    {"use older", use_older, 102},
    {"rewrap", rewrap, 102},
    {"destroy version", destroy_version, 102},
    {"shred", shred, 102},
    {"make actor", make_actor, 102},
    {"grant", grant, 102},
    {"end grant", end_grant, 102},
    {"revoke actor", revoke_actor, 102},
    {"look at all", look_at_all, 102},
    {"verify log", verify_log, 102},
};
const size_t crash_num_operations = sizeof(crash_operations) / sizeof(crash_operations[0]);

static enum bulla_status put_initech(struct bulla_vault *vault) {
  struct request request;
  begin(&request, 5);
  request.place.tenant = BULLA_LITERAL("initech");
  const struct bulla_field field = {.name = BULLA_LITERAL("host"), .value = text(request.reason)};
  BULLA_TRY(bulla_vault_put(vault, &request.who, &request.place, &field, 1));
  int64_t version;
  BULLA_TRY(bulla_vault_remove(vault, &request.who, &request.place));
  return bulla_vault_rotate_tenant(vault, &version, &request.who, request.place.tenant);
}

static enum bulla_status put_hooli(struct bulla_vault *vault) {
  int64_t version;
  struct request request;
  begin(&request, 2);
  request.place.tenant = BULLA_LITERAL("hooli");
  const struct bulla_field field = {.name = BULLA_LITERAL("password"), .value = value_of(&request, 40), .secret = true};
  BULLA_TRY(bulla_vault_put(vault, &request.who, &request.place, &field, 1));
  return bulla_vault_rotate_tenant(vault, &version, &request.who, request.place.tenant);
}

static enum bulla_status enroll(struct bulla_vault *vault, struct bulla_span name) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct request request;
  begin(&request, 0);
  BULLA_TRY(bulla_vault_actor_create(vault, &key, &request.who, name));
  BULLA_TRY(bulla_vault_grant(vault, &request.who, name, BULLA_ROLE_USE, text("")));
  return bulla_vault_grant(vault, &request.who, name, BULLA_ROLE_PUT, request.place.tenant);
}

enum bulla_status crash_furnish(struct bulla_vault *vault) {
  for (size_t number = 0; number < 3; number++) {
    BULLA_TRY(put(vault, number));
  }
  BULLA_TRY(put_apikey(vault, 0));
  BULLA_TRY(put_apikey(vault, 1));
  BULLA_TRY(revoke_token(vault, 1));
  BULLA_TRY(put_hooli(vault));
  BULLA_TRY(put_initech(vault));
  BULLA_TRY(enroll(vault, WORKER));
  return enroll(vault, BULLA_LITERAL("helper"));
}
