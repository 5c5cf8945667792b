/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/crash/vault.h. */

#include "tests/crash/vault.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>

#include "core/cleanup.h"
#include "tests/crash/operations.h"

static struct bulla_root *root;

void crash_set_up(void) {
  (void)setenv("BULLA_CRASH_ROOT", "crash", 1);
  CRASH_ASSERT(bulla_root_open(&root, "sha256-env:BULLA_CRASH_ROOT") == BULLA_OK);
}

static const char *url_of(const char *folder) {
  static char url[CRASH_PATH_MAX];
  (void)snprintf(url, sizeof(url), "sqlite:%s/v.db", folder);
  return url;
}

enum bulla_status crash_create(const char *folder) {
  return bulla_vault_create(url_of(folder), root);
}

enum bulla_status crash_open(struct bulla_vault **vault, const char *folder) {
  return bulla_vault_open(vault, url_of(folder), root, NULL);
}

/* What a walk writes to, and for which vault. */
struct description {
  struct bulla_vault *vault;
  struct bulla_entry_view entry;
  char *text;
  size_t len;
};

#define S(span) (int)(span).len, (const char *)(span).data

static void note(struct description *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct description *to, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(to->text + to->len, CRASH_TEXT_MAX - to->len, format, arguments);
  va_end(arguments);
  CRASH_ASSERT(len >= 0 && (size_t)len < CRASH_TEXT_MAX - to->len);
  to->len += (size_t)len;
}

static enum bulla_status note_field(void *arg, const struct bulla_field_view *field) {
  note(arg, "  %.*s: %.*s, %d, %zu bytes, revision %lld\n", S(field->name), S(field->text), field->secret,
       field->value_len, (long long)field->revision);
  return BULLA_OK;
}

static enum bulla_status note_entry(void *arg, const struct bulla_entry_view *entry) {
  struct description *to = arg;
  const struct bulla_place place = {.tenant = entry->tenant, .entry = entry->entry};
  note(to, "%.*s/%.*s, %lld fields\n", S(entry->tenant), S(entry->entry), (long long)entry->num_fields);
  return bulla_vault_show(to->vault, &place, note_field, to);
}

static enum bulla_status note_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  note(arg, "%.*s of %.*s: %.*s, %d\n", S(apikey->id), S(apikey->tenant), S(apikey->name), apikey->revoked != 0);
  return BULLA_OK;
}

static enum bulla_status note_actor(void *arg, const struct bulla_actor_view *actor) {
  note(arg, "%lld %.*s, %d\n", (long long)actor->number, S(actor->name), actor->is_revoked);
  return BULLA_OK;
}

static enum bulla_status note_grant(void *arg, const struct bulla_grant_view *grant) {
  note(arg, "%.*s for %.*s: %.*s, %d\n", S(bulla_role_name(grant->role)), S(grant->tenant), S(grant->actor),
       grant->has_ended);
  return BULLA_OK;
}

static enum bulla_status note_record(void *arg, const struct bulla_audit_record *record) {
  note(arg, "%lld %.*s %.*s %.*s/%.*s:%.*s %.*s\n", (long long)record->seq, S(record->reason), S(record->op),
       S(record->tenant), S(record->entry), S(record->field), S(record->outcome));
  return BULLA_OK;
}

enum bulla_status crash_describe(struct bulla_vault *vault, char text[CRASH_TEXT_MAX]) {
  struct description to = {.vault = vault, .text = text};
  const struct bulla_span all = bulla_span(NULL, 0);
  BULLA_TRY(bulla_vault_list(vault, all, note_entry, &to));
  BULLA_TRY(bulla_vault_apikey_list(vault, all, note_apikey, &to));
  for (size_t i = 0; i < (size_t)CRASH_TENANTS * CRASH_TOKENS; i++) {
    char jti[16];
    bool revoked;
    const char *tenant = crash_tenants[i % CRASH_TENANTS];
    struct bulla_span token = crash_token(jti, i / CRASH_TENANTS);
    BULLA_TRY(bulla_vault_token_revoked(vault, &revoked, bulla_span(tenant, strlen(tenant)), token));
    note(&to, "%s %.*s: %d\n", tenant, S(token), revoked);
  }
  BULLA_TRY(bulla_vault_actor_list(vault, note_actor, &to));
  BULLA_TRY(bulla_vault_grant_list(vault, all, note_grant, &to));
  return bulla_vault_audit_log(vault, 1, all, note_record, &to);
}

/* The value of a secret is what its mask says. */
static enum bulla_status compare_value(void *arg, struct bulla_span value) {
  const struct bulla_span *mask = arg;
  bool good = value.len > mask->len && mask->len > 4 && memcmp(value.data, CRASH_VALUE, strlen(CRASH_VALUE)) == 0 &&
              memcmp(value.data + value.len - 4, mask->data + mask->len - 4, 4) == 0;
  return good ? BULLA_OK : BULLA_CLAIM_REFUSED;
}

static enum bulla_status open_field(void *arg, const struct bulla_field_view *field) {
  static const struct bulla_who who = {.actor = {(const uint8_t *)"judge", 5},
                                       .reason = {(const uint8_t *)"to see", 6}};
  const struct description *from = arg;
  const struct bulla_place place = {.tenant = from->entry.tenant, .entry = from->entry.entry, .field = field->name};
  struct bulla_span mask = field->text;
  return field->secret ? bulla_vault_use(from->vault, &who, &place, compare_value, &mask) : BULLA_OK;
}

static enum bulla_status open_entry(void *arg, const struct bulla_entry_view *entry) {
  struct description *from = arg;
  const struct bulla_place place = {.tenant = entry->tenant, .entry = entry->entry};
  from->entry = *entry;
  return bulla_vault_show(from->vault, &place, open_field, from);
}

static enum bulla_status verify(struct bulla_vault *vault) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  return bulla_vault_audit_verify(vault, &verdict);
}

bool crash_has_integrity(const char *folder) {
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  bool good = sqlite3_open_v2(strchr(url_of(folder), ':') + 1, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return good;
}

/* Whether |text| is |wanted|, or goes on with one record more, if it |may|. */
static bool is_or_goes_on(const char *text, const char *wanted, bool may) {
  size_t len = strlen(wanted);
  const char *rest = text + len;
  return strncmp(text, wanted, len) == 0 && (*rest == '\0' || (may && strchr(rest, '\n') == strrchr(rest, '\n')));
}

static enum crash_verdict compare(struct bulla_vault *vault, const struct crash_wanted *wanted, const char **why) {
  static char text[CRASH_TEXT_MAX];
  *why = "the log does not verify";
  if (verify(vault) != BULLA_OK) {
    return CRASH_FORKED;
  }
  *why = "a walk through it fails";
  if (crash_describe(vault, text) != BULLA_OK) {
    return CRASH_LOST;
  }
  bool is_before = wanted->before != NULL && strcmp(text, wanted->before) == 0;
  bool is_after = wanted->after != NULL && is_or_goes_on(text, wanted->after, wanted->may_fail);
  *why = "something was opened, and there is no record";
  if (wanted->recorded && !is_after) {
    return CRASH_UNRECORDED;
  }
  *why = "it holds other things than were acknowledged";
  if (!is_after && (wanted->done || !is_before)) {
    return CRASH_LOST;
  }
  struct description from = {.vault = vault};
  *why = "a value does not open, or is another";
  if (bulla_vault_list(vault, bulla_span(NULL, 0), open_entry, &from) != BULLA_OK) {
    return CRASH_LOST;
  }
  *why = "the log does not verify after uses";
  return verify(vault) == BULLA_OK ? CRASH_GOOD : CRASH_FORKED;
}

enum crash_verdict crash_judge(const char *folder, const struct crash_wanted *wanted, const char **why) {
  struct bulla_vault *vault = NULL;
  enum bulla_status status = crash_open(&vault, folder);
  if (status == BULLA_NO_VAULT && wanted->before == NULL && !wanted->done) {
    /* What is left of it must not stand in the way. */
    *why = "it cannot be made again";
    return crash_create(folder) == BULLA_OK ? CRASH_GOOD : CRASH_LOST;
  }
  *why = bulla_status_text(status);
  if (status != BULLA_OK) {
    return CRASH_LOST;
  }
  enum crash_verdict verdict = compare(vault, wanted, why);
  bulla_vault_close(&vault);
  if (verdict == CRASH_GOOD && !crash_has_integrity(folder)) {
    *why = "PRAGMA integrity_check";
    return CRASH_LOST;
  }
  return verdict;
}
