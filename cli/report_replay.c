/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_replay.h. */

#include "cli/report_replay.h"

#include <string.h>

#include "cli/audit_who.h"

void bulla_replay_begin(struct bulla_replay *replay, struct bulla_span actor, int64_t since) {
  *replay = (struct bulla_replay){.actor = actor, .since = since};
  replay->tenants = bulla_report_table(sizeof(struct bulla_replay_tenant), BULLA_REPLAY_MAX);
  replay->entries = bulla_report_table(sizeof(struct bulla_replay_entry), BULLA_REPLAY_MAX);
  replay->fields = bulla_report_table(sizeof(struct bulla_replay_field), BULLA_REPLAY_MAX);
  replay->apikeys = bulla_report_table(sizeof(struct bulla_replay_apikey), BULLA_REPLAY_MAX);
}

void bulla_replay_free(struct bulla_replay *replay) {
  bulla_report_table_free(&replay->tenants);
  bulla_report_table_free(&replay->entries);
  bulla_report_table_free(&replay->fields);
  bulla_report_table_free(&replay->apikeys);
}

int64_t bulla_replay_num_full(const struct bulla_replay *replay) {
  return replay->tenants.num_full + replay->entries.num_full + replay->fields.num_full + replay->apikeys.num_full;
}

/* The key of something below |parent|: items do not move, so their address names them. */
struct key {
  uint8_t bytes[sizeof(void *) + BULLA_WHO_MAX];
  struct bulla_span span;
};

static void make_key(struct key *key, const void *parent, struct bulla_span name) {
  size_t len = name.len < BULLA_WHO_MAX ? name.len : BULLA_WHO_MAX;
  memcpy(key->bytes, &parent, sizeof(parent));
  if (len > 0) {
    memcpy(key->bytes + sizeof(parent), name.data, len);
  }
  key->span = bulla_span(key->bytes, sizeof(parent) + len);
}

static struct bulla_span name_below(const struct bulla_report_item *item) {
  return bulla_span(item->key.data + sizeof(void *), item->key.len - sizeof(void *));
}

struct bulla_place bulla_replay_place(const struct bulla_replay_field *field) {
  struct bulla_place place = {
      .tenant = field->entry->tenant->item.key,
      .entry = name_below(&field->entry->item),
      .field = name_below(&field->item),
  };
  return place;
}

const struct bulla_replay_field *bulla_replay_find(const struct bulla_replay *replay, const struct bulla_place *place) {
  struct key key;
  const void *tenant = bulla_report_table_find(&replay->tenants, place->tenant);
  if (tenant == NULL) {
    return NULL;
  }
  make_key(&key, tenant, place->entry);
  const void *entry = bulla_report_table_find(&replay->entries, key.span);
  if (entry == NULL) {
    return NULL;
  }
  make_key(&key, entry, place->field);
  return (const struct bulla_replay_field *)bulla_report_table_find(&replay->fields, key.span);
}

int64_t bulla_replay_removed(const struct bulla_replay_field *field) {
  return field->removed != 0 ? field->removed : field->entry->removed;
}

/* What a record is about, as far as it is known; with |make|, what was not known before is. */
struct found {
  struct bulla_replay_tenant *tenant;
  struct bulla_replay_entry *entry;
  struct bulla_replay_field *field;
};

/* The name of the field of |record|: what follows the mark is the number of a revision. */
static struct bulla_span field_name(const struct bulla_audit_record *record) {
  struct bulla_reader reader = bulla_reader(record->field);
  struct bulla_span name;
  return bulla_take_until(&reader, &name, '#') ? name : record->field;
}

static enum bulla_status look_up(void **item, struct bulla_report_table *table, struct bulla_span key, bool make) {
  if (make) {
    return bulla_report_table_get(item, table, key);
  }
  *item = bulla_report_table_find(table, key);
  return BULLA_OK;
}

static enum bulla_status find(struct found *found, struct bulla_replay *replay, const struct bulla_audit_record *record,
                              bool make) {
  struct key key;
  void *item = NULL;
  *found = (struct found){.tenant = NULL};
  if (record->tenant.len == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(look_up(&item, &replay->tenants, record->tenant, make));
  found->tenant = (struct bulla_replay_tenant *)item;
  if (found->tenant == NULL || record->entry.len == 0) {
    return BULLA_OK;
  }
  make_key(&key, found->tenant, record->entry);
  BULLA_TRY(look_up(&item, &replay->entries, key.span, make));
  found->entry = (struct bulla_replay_entry *)item;
  if (found->entry == NULL) {
    return BULLA_OK;
  }
  found->entry->tenant = found->tenant;
  if (record->field.len == 0) {
    return BULLA_OK;
  }
  make_key(&key, found->entry, field_name(record));
  BULLA_TRY(look_up(&item, &replay->fields, key.span, make));
  found->field = (struct bulla_replay_field *)item;
  if (found->field != NULL) {
    found->field->entry = found->entry;
  }
  return BULLA_OK;
}

static bool is(struct bulla_span text, const char *word) {
  return bulla_span_equal(text, bulla_text(word));
}

/* Whether |record| wrote a value. */
static bool is_put(const struct bulla_audit_record *record) {
  return record->field.len > 0 && is(record->outcome, "done") &&
         (is(record->op, "put") || is(record->op, "import") || is(record->op, "import-vault") ||
          is(record->op, "restore"));
}

bool bulla_replay_is_by(const struct bulla_replay *replay, const struct bulla_audit_record *record) {
  return replay->actor.len > 0 && (replay->is_proven ? bulla_span_equal(record->proven, replay->actor)
                                                     : bulla_audit_is_by(record, replay->actor));
}

int64_t bulla_replay_rotated(const struct bulla_replay *replay, struct bulla_span tenant) {
  const void *item = bulla_report_table_find(&replay->tenants, tenant);
  return item != NULL ? ((const struct bulla_replay_tenant *)item)->rotated : 0;
}

static bool is_of_actor(const struct bulla_replay *replay, const struct bulla_audit_record *record) {
  return record->time >= replay->since && bulla_replay_is_by(replay, record);
}

static void note_had(struct bulla_replay_field *field, int64_t time) {
  field->first_had = field->first_had == 0 || time < field->first_had ? time : field->first_had;
  field->last_had = time > field->last_had ? time : field->last_had;
}

static enum bulla_status take_put(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  struct found found;
  BULLA_TRY(find(&found, replay, record, true));
  if (found.field == NULL) {
    return BULLA_OK;
  }
  found.field->is_restored = is(record->op, "restore");
  bool is_first = found.field->first_put == 0 && !found.field->is_restored;
  found.field->first_put = is_first ? record->time : found.field->first_put;
  found.field->last_put = record->time;
  if (is_of_actor(replay, record)) {
    found.field->num_put++;
    note_had(found.field, record->time);
  }
  return BULLA_OK;
}

static enum bulla_status take_opening(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  struct found found;
  if (!is_of_actor(replay, record) || record->field.len == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(find(&found, replay, record, true));
  if (found.field != NULL) {
    found.field->num_opened++;
    note_had(found.field, record->time);
  }
  return BULLA_OK;
}

/* A copy of a vault has a record for each API key, where the record of a value has a field. */
static bool is_apikey(const struct bulla_audit_record *record) {
  bool is_copied = (is(record->op, "export-vault") || is(record->op, "import-vault")) && record->tenant.len > 0 &&
                   record->entry.len > 0 && record->field.len == 0;
  return is_copied || (record->op.len > 7 && memcmp(record->op.data, "apikey-", 7) == 0);
}

/* An actor that has made a key, has handed one out or copied one, or has fetched one to verify tokens, can mint with
 * it. */
static enum bulla_status take_apikey(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  void *item;
  bool had = is(record->outcome, "granted") || is(record->op, "apikey-create") || is(record->op, "import-vault");
  if (!had || !is_of_actor(replay, record)) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_report_table_get(&item, &replay->apikeys, record->entry));
  struct bulla_replay_apikey *apikey = (struct bulla_replay_apikey *)item;
  if (apikey != NULL) {
    *(is(record->op, "apikey-use") ? &apikey->num_used : &apikey->num_made) += 1;
    apikey->last_had = record->time;
  }
  return BULLA_OK;
}

static enum bulla_status take_removal(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  struct found found;
  BULLA_TRY(find(&found, replay, record, false));
  if (record->field.len > 0 && found.field != NULL) {
    found.field->removed = record->time;
    bulla_report_table_forget(&replay->fields, found.field);
  } else if (record->field.len == 0 && record->entry.len > 0 && found.entry != NULL) {
    found.entry->removed = record->time;
    bulla_report_table_forget(&replay->entries, found.entry);
  } else if (record->entry.len == 0 && found.tenant != NULL) {
    found.tenant->removed = record->time;
    bulla_report_table_forget(&replay->tenants, found.tenant);
  }
  return BULLA_OK;
}

static enum bulla_status take_old_name(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  struct found found;
  BULLA_TRY(find(&found, replay, record, false));
  replay->renaming = (struct bulla_replay_renaming){.lane = record->lane};
  if (record->field.len > 0) {
    replay->renaming.field = found.field;
  } else if (record->entry.len > 0) {
    replay->renaming.entry = found.entry;
  } else {
    replay->renaming.tenant = found.tenant;
  }
  return BULLA_OK;
}

static enum bulla_status take_new_name(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  struct bulla_replay_renaming renaming = replay->renaming;
  struct key key;
  if (renaming.lane != record->lane) {
    return BULLA_OK;
  }
  replay->renaming = (struct bulla_replay_renaming){.tenant = NULL};
  if (renaming.tenant != NULL) {
    return bulla_report_table_rename(&replay->tenants, renaming.tenant, record->tenant);
  }
  if (renaming.entry != NULL) {
    make_key(&key, renaming.entry->tenant, record->entry);
    return bulla_report_table_rename(&replay->entries, renaming.entry, key.span);
  }
  if (renaming.field != NULL) {
    make_key(&key, renaming.field->entry, record->field);
    return bulla_report_table_rename(&replay->fields, renaming.field, key.span);
  }
  return BULLA_OK;
}

/* Takes the end of a role of the actor. */
static void take_end(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  bool is_its = replay->actor.len > 0 && bulla_span_equal(record->entry, replay->actor);
  replay->ended = is_its && record->time > replay->ended ? record->time : replay->ended;
}

static enum bulla_status take_rotation(struct bulla_replay *replay, const struct bulla_audit_record *record) {
  struct found found;
  BULLA_TRY(find(&found, replay, record, true));
  if (found.tenant != NULL && found.tenant->rotated <= replay->ended) {
    found.tenant->rotated = record->time;
  }
  return BULLA_OK;
}

enum bulla_status bulla_replay_take(void *arg, const struct bulla_audit_record *record) {
  struct bulla_replay *replay = (struct bulla_replay *)arg;
  bool is_first = replay->first_record == 0 || record->time < replay->first_record;
  replay->first_record = is_first ? record->time : replay->first_record;
  replay->num_of_actor += is_of_actor(replay, record) ? 1 : 0;
  replay->num_shredded += is(record->op, "shred") && record->time >= replay->since ? 1 : 0;
  if (is_put(record)) {
    return take_put(replay, record);
  }
  if ((is(record->op, "grant-end") || is(record->op, "actor-revoke")) && is(record->outcome, "done")) {
    take_end(replay, record);
    return BULLA_OK;
  }
  if (is(record->op, "rotate-tenant") && is(record->outcome, "done")) {
    return take_rotation(replay, record);
  }
  if (is(record->op, "remove")) {
    return take_removal(replay, record);
  }
  if (is(record->op, "rename-from")) {
    return take_old_name(replay, record);
  }
  if (is(record->op, "rename-to")) {
    return take_new_name(replay, record);
  }
  if (is_apikey(record)) {
    return take_apikey(replay, record);
  }
  return is(record->outcome, "granted") ? take_opening(replay, record) : BULLA_OK;
}
