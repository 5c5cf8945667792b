/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_exposed.h. */

#include "cli/report_exposed.h"

#define SECOND INT64_C(1000000)

static struct bulla_span tenant_of(const struct bulla_exposed *exposed) {
  return exposed->breach->kind == BULLA_BREACH_TENANT ? exposed->breach->name : bulla_span(NULL, 0);
}

/* Whether a value of |updated|, in seconds, was there when it was exposed. In the second of a backup it may have been.
 */
static bool was_there(const struct bulla_breach *breach, int64_t updated) {
  return breach->kind != BULLA_BREACH_BACKUP || updated <= bulla_when_floor(breach->backup_last, SECOND);
}

/* Whether the value of |field| is a former one that was put again, and may have been there when it was exposed: when it
 * was put again does not tell. */
static bool was_there_before(const struct bulla_exposed *exposed, const struct bulla_field_view *field) {
  const struct bulla_place place = {
      .tenant = exposed->entry->tenant, .entry = exposed->entry->entry, .field = field->name};
  const struct bulla_replay_field *life = bulla_replay_find(exposed->replay, &place);
  if (life == NULL) {
    return bulla_replay_num_full(exposed->replay) > 0;
  }
  return life->is_restored && life->first_put <= exposed->breach->backup_last;
}

/* Whether the value that the actor had itself is that of now: it was not put since, or a former one was put again. */
static bool is_had_now(const struct bulla_replay_field *field, int64_t updated) {
  return field->num_opened + field->num_put > 0 &&
         (field->is_restored || updated <= bulla_when_floor(field->last_had, SECOND));
}

/* Whether the key of the actor opens the value of |field|. That it had it is told by bulla_exposed_to_actor. */
static bool was_in_reach(const struct bulla_exposed *exposed, const struct bulla_field_view *field) {
  const struct bulla_place place = {
      .tenant = exposed->entry->tenant, .entry = exposed->entry->entry, .field = field->name};
  const struct bulla_replay_field *life = bulla_replay_find(exposed->replay, &place);
  if (life != NULL && is_had_now(life, field->updated)) {
    return false;
  }
  /* When a former value was put again does not tell since when it is there. */
  bool is_older = life != NULL ? life->is_restored : bulla_replay_num_full(exposed->replay) > 0;
  return is_older || bulla_reach_has(exposed->reach, exposed->replay, place.tenant, BULLA_ROLE_USE, field->updated);
}

static bool was_exposed(const struct bulla_exposed *exposed, const struct bulla_field_view *field) {
  if (exposed->breach->kind == BULLA_BREACH_ACTOR) {
    return was_in_reach(exposed, field);
  }
  return was_there(exposed->breach, field->updated) || was_there_before(exposed, field);
}

static enum bulla_status print_field(void *arg, const struct bulla_field_view *field) {
  struct bulla_exposed *exposed = (struct bulla_exposed *)arg;
  if (!was_exposed(exposed, field)) {
    return BULLA_OK;
  }
  const struct bulla_cell cells[] = {bulla_cell_text(exposed->entry->tenant),
                                     bulla_cell_text(exposed->entry->entry),
                                     bulla_cell_text(field->name),
                                     bulla_cell_string(field->secret ? "secret" : "plain"),
                                     bulla_cell_number(field->revision),
                                     bulla_cell(BULLA_CELL_SECONDS, field->updated)};
  exposed->num_fields++;
  return bulla_report_out_row(exposed->out, cells);
}

/* An entry that cannot be shown is told of, and the others are: this is not the time to give up. */
static enum bulla_status print_entry(void *arg, const struct bulla_entry_view *entry) {
  struct bulla_exposed *exposed = (struct bulla_exposed *)arg;
  const struct bulla_place place = {.tenant = entry->tenant, .entry = entry->entry};
  exposed->entry = entry;
  if (exposed->reach != NULL && !bulla_reach_had(exposed->reach, entry->tenant, BULLA_ROLE_USE)) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_vault_show(exposed->vault, &place, print_field, exposed);
  if (status != BULLA_REFUSED && status != BULLA_AUDIT_BROKEN) {
    return status == BULLA_NOT_FOUND ? BULLA_OK : status; /* removed meanwhile */
  }
  const struct bulla_cell cells[] = {
      bulla_cell_text(entry->tenant), bulla_cell_text(entry->entry),
      bulla_cell(BULLA_CELL_NONE, 0), bulla_cell_string("cannot be shown: tampered with"),
      bulla_cell(BULLA_CELL_NONE, 0), bulla_cell(BULLA_CELL_SECONDS, entry->updated)};
  exposed->num_unreadable++;
  return bulla_report_out_row(exposed->out, cells);
}

static const char *const field_columns[] = {"tenant", "entry", "field", "kind", "revision", "updated", NULL};

enum bulla_status bulla_exposed_in_reach(struct bulla_exposed *exposed) {
  static const struct bulla_report_section section = {
      .name = "within_reach",
      .title = "Must be changed, too: values that the actor's key could open",
      .note = "whoever has the key and a copy of the database opens them without a record",
      .none = "No key and no role of the actor gave it more than that.",
      .columns = field_columns,
      .is_complete = true,
      .is_alarm = true,
  };
  BULLA_TRY(bulla_report_out_open(exposed->out, &section));
  if (exposed->reach->has_key) {
    BULLA_TRY(bulla_vault_list(exposed->vault, bulla_span(NULL, 0), print_entry, exposed));
  }
  return bulla_report_out_close(exposed->out);
}

enum bulla_status bulla_exposed_fields(struct bulla_exposed *exposed) {
  static const struct bulla_report_section section = {
      .name = "must_be_changed",
      .title = "Must be changed: values that were exposed and are in the vault now",
      .none = "No value that was exposed is in the vault now.",
      .columns = field_columns,
      .is_complete = true,
      .is_alarm = true,
  };
  BULLA_TRY(bulla_report_out_open(exposed->out, &section));
  BULLA_TRY(bulla_vault_list(exposed->vault, tenant_of(exposed), print_entry, exposed));
  return bulla_report_out_close(exposed->out);
}

/* Whether former values of |field| were exposed at all: they are those of the tenant, or within the actor's reach. */
static bool is_of_exposed(const struct bulla_exposed *exposed, const struct bulla_replay_field *field) {
  struct bulla_span tenant = bulla_replay_place(field).tenant;
  int64_t first_put = bulla_when_floor(field->first_put, SECOND);
  if (exposed->reach != NULL) {
    return bulla_reach_has(exposed->reach, exposed->replay, tenant, BULLA_ROLE_USE, first_put);
  }
  return tenant_of(exposed).len == 0 || bulla_span_equal(tenant_of(exposed), tenant);
}

/* Whether a former value of |field| was exposed: it was there at the time of the backup, or from |since| on. */
static bool had_other_value(const struct bulla_breach *breach, const struct bulla_replay_field *field) {
  int64_t removed = bulla_replay_removed(field);
  bool is_backup = breach->kind == BULLA_BREACH_BACKUP;
  int64_t from = is_backup ? breach->backup_first : breach->since;
  bool came_later = is_backup && field->first_put > breach->backup_last;
  if (field->first_put == 0 || (removed != 0 && removed <= from) || came_later) {
    return false;
  }
  bool replaced = field->last_put > from && field->last_put > field->first_put;
  return replaced || removed != 0;
}

enum bulla_status bulla_exposed_changed(const struct bulla_exposed *exposed) {
  static const char *const columns[] = {"tenant", "entry", "field", "first_put", "last_put", "removed", NULL};
  static const struct bulla_report_section section = {
      .name = "changed_since",
      .title = "Changed since: former values that were exposed",
      .note = "see to it that the former value is not accepted any more",
      .none = "No value that was exposed was changed since.",
      .columns = columns,
      .is_complete = true,
  };
  BULLA_TRY(bulla_report_out_open(exposed->out, &section));
  for (size_t i = 0; i < exposed->replay->fields.num; i++) {
    const struct bulla_replay_field *field = exposed->replay->fields.items[i];
    const struct bulla_place place = bulla_replay_place(field);
    const struct bulla_cell cells[] = {
        bulla_cell_text(place.tenant),      bulla_cell_text(place.entry),
        bulla_cell_text(place.field),       bulla_report_time(field->first_put),
        bulla_report_time(field->last_put), bulla_report_time(bulla_replay_removed(field))};
    if (is_of_exposed(exposed, field) && had_other_value(exposed->breach, field)) {
      BULLA_TRY(bulla_report_out_row(exposed->out, cells));
    }
  }
  return bulla_report_out_close(exposed->out);
}

/* What the vault has of a field. */
struct current {
  struct bulla_span name;
  bool found;
  bool secret;
  int64_t revision;
  int64_t updated;
};

static enum bulla_status take_current(void *arg, const struct bulla_field_view *field) {
  struct current *current = (struct current *)arg;
  if (bulla_span_equal(current->name, field->name)) {
    current->found = true;
    current->secret = field->secret;
    current->revision = field->revision;
    current->updated = field->updated;
  }
  return BULLA_OK;
}

static enum bulla_status find_current(struct current *current, struct bulla_vault *vault,
                                      const struct bulla_replay_field *field) {
  struct bulla_place place = bulla_replay_place(field);
  *current = (struct current){.name = place.field};
  if (bulla_replay_removed(field) != 0) {
    return BULLA_OK;
  }
  place.field = bulla_span(NULL, 0);
  enum bulla_status status = bulla_vault_show(vault, &place, take_current, current);
  return status == BULLA_NOT_FOUND || status == BULLA_REFUSED ? BULLA_OK : status;
}

/* What to do about a field that the actor had. One that cannot be found has perhaps another name. */
static const char *advice(const struct current *current, const struct bulla_replay_field *field) {
  if (bulla_replay_removed(field) != 0) {
    return "removed since";
  }
  if (!current->found) {
    return "must be changed (not found under this name)";
  }
  if (field->is_restored) {
    return "must be changed (a former value was restored)";
  }
  return current->updated > bulla_when_floor(field->last_had, SECOND) ? "changed since" : "must be changed";
}

static enum bulla_status print_had(struct bulla_exposed *exposed, const struct bulla_replay_field *field) {
  struct current current;
  BULLA_TRY(find_current(&current, exposed->vault, field));
  const char *what = advice(&current, field);
  const struct bulla_place place = bulla_replay_place(field);
  enum bulla_cell_type type = current.found ? BULLA_CELL_NUMBER : BULLA_CELL_NONE;
  const struct bulla_cell cells[] = {bulla_cell_text(place.tenant),
                                     bulla_cell_text(place.entry),
                                     bulla_cell_text(place.field),
                                     bulla_cell_string(what),
                                     bulla_cell_number(field->num_opened),
                                     bulla_cell_number(field->num_put),
                                     bulla_report_time(field->first_had),
                                     bulla_report_time(field->last_had),
                                     bulla_cell(type, current.revision),
                                     bulla_cell(current.found ? BULLA_CELL_SECONDS : BULLA_CELL_NONE, current.updated)};
  exposed->num_fields += what[0] == 'm' ? 1 : 0;
  return bulla_report_out_row(exposed->out, cells);
}

enum bulla_status bulla_exposed_to_actor(struct bulla_exposed *exposed) {
  static const char *const columns[] = {"tenant",       "entry",     "field", "what_to_do",
                                        "times_opened", "times_put", "first", "last",
                                        "revision",     "updated",   NULL};
  static const struct bulla_report_section section = {
      .name = "known_to_actor",
      .title = "Values that the actor opened or put",
      .note = "under the names of now. A value that was put after the actor had it last is another one",
      .none = "The actor opened nothing and put nothing.",
      .columns = columns,
      .is_complete = true,
      .is_alarm = true,
  };
  BULLA_TRY(bulla_report_out_open(exposed->out, &section));
  for (size_t i = 0; i < exposed->replay->fields.num; i++) {
    const struct bulla_replay_field *field = exposed->replay->fields.items[i];
    if (field->num_opened + field->num_put > 0) {
      BULLA_TRY(print_had(exposed, field));
    }
  }
  return bulla_report_out_close(exposed->out);
}

/* Whether the actor had to do with the API key, or its key opens what verifies its tokens, and mints them. */
static bool actor_had(const struct bulla_exposed *exposed, const struct bulla_apikey_view *apikey) {
  return bulla_report_table_find(&exposed->replay->apikeys, apikey->id) != NULL ||
         bulla_reach_has(exposed->reach, exposed->replay, apikey->tenant, BULLA_ROLE_VERIFY, apikey->created);
}

static enum bulla_status print_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  struct bulla_exposed *exposed = (struct bulla_exposed *)arg;
  bool had = exposed->reach != NULL ? actor_had(exposed, apikey) : was_there(exposed->breach, apikey->created);
  if (apikey->revoked != 0 || !had) {
    return BULLA_OK;
  }
  const struct bulla_cell cells[] = {bulla_cell_text(apikey->id), bulla_cell_text(apikey->tenant),
                                     bulla_cell_text(apikey->name), bulla_cell(BULLA_CELL_SECONDS, apikey->created)};
  exposed->num_apikeys++;
  return bulla_report_out_row(exposed->out, cells);
}

enum bulla_status bulla_exposed_apikeys(struct bulla_exposed *exposed) {
  static const char *const columns[] = {"id", "tenant", "name", "created", NULL};
  static const struct bulla_report_section section = {
      .name = "apikeys_to_revoke",
      .title = "Must be revoked: live API keys that were exposed",
      .note = "whoever has one can mint tokens of its tenant; revoking it ends all of its tokens",
      .none = "No live API key was exposed.",
      .columns = columns,
      .is_complete = true,
      .is_alarm = true,
  };
  BULLA_TRY(bulla_report_out_open(exposed->out, &section));
  BULLA_TRY(bulla_vault_apikey_list(exposed->vault, tenant_of(exposed), print_apikey, exposed));
  return bulla_report_out_close(exposed->out);
}
