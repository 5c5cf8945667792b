/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The upgrade from format 1. All of the old vault is read (store/format1.h), opened, and sealed again under the keys
 * of the new one; the records of its log are appended to lane 0 as they were, and one more says so. */

#include <stdlib.h>

#include "core/hex.h"
#include "core/log.h"
#include "store/apikey.h"
#include "store/create.h"
#include "store/entry.h"
#include "store/format1.h"
#include "store/names.h"
#include "store/put.h"
#include "store/revoked.h"

enum { ROWS_BETWEEN = 100 }; /* that are read before progress is told again */

/* An upgrade under way. */
struct upgrading {
  const struct bulla_root *root;
  struct bulla_span id; /* that the vault must have, or empty */
  const struct bulla_who *who;
  bulla_progress_fn progress;
  void *progress_arg;
  int64_t done;
  int64_t total;
  struct bulla_vault *vault;        /* the new one, being filled: not open for anybody */
  struct bulla_change change;       /* in the transaction of the driver */
  const struct bulla_tenant *owner; /* of the rows that come */
  const struct bulla_tenant_secret *keys;
  uint8_t entry_id[BULLA_ID_LEN];
};

static void count(struct upgrading *upgrading) {
  upgrading->done++;
  if (upgrading->progress != NULL && upgrading->done % ROWS_BETWEEN == 0) {
    upgrading->progress(upgrading->progress_arg, upgrading->done, upgrading->total);
  }
}

static enum bulla_status take_tenant(void *arg, const struct bulla_format1_tenant *tenant) {
  struct upgrading *upgrading = arg;
  BULLA_TRY(bulla_tenant_create(&upgrading->owner, &upgrading->change, tenant->name, tenant->created));
  return bulla_tenant_active_secret(&upgrading->keys, upgrading->vault, upgrading->owner);
}

static enum bulla_status take_entry(void *arg, const struct bulla_format1_entry *entry) {
  struct upgrading *upgrading = arg;
  count(upgrading);
  return bulla_entry_ensure(upgrading->entry_id, upgrading->vault, upgrading->owner, entry->name);
}

static enum bulla_status take_field(void *arg, const struct bulla_format1_field *field) {
  struct upgrading *upgrading = arg;
  const struct bulla_field sealed = {.name = field->name, .value = field->value, .secret = field->secret};
  const struct bulla_binding binding = {
      .tenant_id = bulla_tenant_id(upgrading->owner),
      .entry_id = bulla_span(upgrading->entry_id, sizeof(upgrading->entry_id)),
      .field = field->name,
      .revision = field->revision,
  };
  count(upgrading);
  return bulla_field_store(upgrading->vault, upgrading->owner, upgrading->keys, &binding, &sealed, field->updated);
}

/* API keys and tokens come with the name of their tenant, which is there by now. */
static enum bulla_status enter(struct upgrading *upgrading, struct bulla_span tenant) {
  return bulla_tenant_look(&upgrading->owner, upgrading->vault, tenant);
}

static enum bulla_status take_apikey(void *arg, const struct bulla_format1_apikey *apikey) {
  struct upgrading *upgrading = arg;
  const struct bulla_apikey_record record = {
      .id = apikey->id,
      .name = apikey->name,
      .hash = apikey->hash,
      .root = apikey->root,
  };
  count(upgrading);
  BULLA_TRY(enter(upgrading, apikey->tenant));
  BULLA_TRY(bulla_apikey_store(upgrading->vault, upgrading->owner, &record, apikey->created));
  return apikey->revoked == 0
             ? BULLA_OK
             : bulla_apikey_erase(upgrading->vault, bulla_tenant_id(upgrading->owner), apikey->id, apikey->revoked);
}

static enum bulla_status take_token(void *arg, const struct bulla_format1_token *token) {
  struct upgrading *upgrading = arg;
  count(upgrading);
  BULLA_TRY(enter(upgrading, token->tenant));
  return bulla_token_store(upgrading->vault, upgrading->owner, token->digest, token->expires);
}

/* What was recorded under a name that no tenant has any more is sealed for the vault. */
static enum bulla_status take_record(void *arg, const struct bulla_audit_record *record) {
  struct upgrading *upgrading = arg;
  struct bulla_audit_record again = *record;
  const struct bulla_tenant *owner;
  count(upgrading);
  BULLA_TRY(bulla_tenant_owner(&owner, upgrading->vault, again.tenant));
  return bulla_audit_append(&upgrading->change.head, &upgrading->vault->log, &again, owner);
}

static enum bulla_status tell(struct upgrading *upgrading, const struct bulla_making *making, const uint8_t *last) {
  uint8_t digits[2 * BULLA_MAC_LEN];
  bulla_hex_encode(digits, bulla_span(last, BULLA_MAC_LEN));
  struct bulla_audit_record record = bulla_audit_record(upgrading->who, BULLA_LITERAL("upgrade"), bulla_span(NULL, 0),
                                                        bulla_span(digits, sizeof(digits)));
  record.statement = bulla_span(making->digest, sizeof(making->digest));
  return bulla_audit_append(&upgrading->change.head, &upgrading->vault->log, &record, NULL);
}

/* Fills the new tables. The keys go over from |making|, which made them. */
static enum bulla_status move_over(struct upgrading *upgrading, struct bulla_making *making,
                                   struct bulla_format1 *old) {
  struct bulla_vault *vault = upgrading->vault;
  const struct bulla_format1_taker taker = {
      .arg = upgrading,
      .tenant = take_tenant,
      .entry = take_entry,
      .field = take_field,
      .apikey = take_apikey,
      .token = take_token,
      .record = take_record,
  };
  struct bulla_audit_head *head = &upgrading->change.head;
  uint8_t last[BULLA_MAC_LEN];
  vault->keyring = making->keyring;
  making->keyring = (struct bulla_keyring){.next_tenant = 0};
  vault->log = (struct bulla_audit_log){.db = vault->db, .keyring = &vault->keyring, .lane = making->log.lane};
  *head = making->head;
  making->head.key = NULL;
  const struct bulla_audit_end before = bulla_audit_end(head);
  BULLA_TRY(bulla_format1_read(last, old, &taker));
  BULLA_TRY(tell(upgrading, making, last));
  head->generation = upgrading->change.generation;
  return bulla_audit_store(head, &before, &vault->log);
}

static enum bulla_status refill(void *arg, struct bulla_db *db, struct bulla_db *old_db) {
  struct upgrading *upgrading = arg;
  struct bulla_format1 old BULLA_CLEANUP(bulla_format1_close) = {.db = NULL};
  struct bulla_making making BULLA_CLEANUP(bulla_making_free) = {.db = NULL};
  BULLA_TRY(bulla_format1_open(&old, old_db, upgrading->root));
  if (upgrading->id.len > 0 && !bulla_span_equal(upgrading->id, bulla_span(old.uuid, sizeof(old.uuid)))) {
    return BULLA_WRONG_VAULT;
  }
  BULLA_TRY(bulla_format1_count(&upgrading->total, old_db));
  BULLA_TRY(bulla_making_begin(&making, db, upgrading->root, old.uuid));
  upgrading->vault->db = db;
  return move_over(upgrading, &making, &old);
}

enum bulla_status bulla_vault_upgrade(const char *url, const char *backup, const struct bulla_root *root,
                                      struct bulla_span id, const struct bulla_who *who, bulla_progress_fn progress,
                                      void *arg) {
  BULLA_TRY(bulla_db_check_url(url));
  BULLA_TRY(bulla_who_check(who, false));
  if (root == NULL || backup == NULL || *backup == '\0' || (id.len != 0 && id.len != BULLA_VAULT_ID_LEN)) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct upgrading upgrading = {.root = root, .id = id, .who = who, .progress = progress, .progress_arg = arg};
  upgrading.vault = calloc(1, sizeof(*upgrading.vault));
  if (upgrading.vault == NULL) {
    return BULLA_NO_MEMORY;
  }
  upgrading.change.vault = upgrading.vault;
  upgrading.change.log = &upgrading.vault->log;
  upgrading.change.who = who;
  enum bulla_status status = bulla_db_upgrade(url, backup, refill, &upgrading);
  bulla_audit_head_free(&upgrading.change.head);
  bulla_keyring_free(&upgrading.vault->keyring);
  free(upgrading.vault);
  return status;
}
