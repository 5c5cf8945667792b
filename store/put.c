/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Putting entries. A change and its audit record are one transaction. */

#include "store/put.h"

#include "core/log.h"
#include "store/clock.h"
#include "store/columns.h"
#include "store/entry.h"
#include "store/field.h"
#include "store/keep.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/self.h"

/* A row that says that it is plain has |value| and |proof| at |binding|. If that does not hold it may have been secret,
 * and its traits would be lost with it. */
static enum bulla_status check_plain(const struct bulla_vault *vault, const struct bulla_tenant *owner,
                                     const struct bulla_binding *binding, struct bulla_span value,
                                     struct bulla_span proof) {
  const struct bulla_stored_field stored = {.owner = owner, .binding = *binding, .value = value, .mask = proof};
  enum bulla_status status = bulla_field_check_plain(&vault->keyring, &stored);
  return status == BULLA_REFUSED
             ? bulla_explain(status, "the field is said to be plain, but was not put so: remove it, then put it again")
             : status;
}

enum bulla_status bulla_field_now(struct bulla_field_now *now, struct bulla_vault *vault,
                                  const struct bulla_tenant *owner, struct bulla_span entry_id,
                                  struct bulla_span name) {
  *now = (struct bulla_field_now){.revision = 0};
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIELD_REVISION);
  bulla_bind_blob(&statement, entry_id);
  bulla_bind_text(&statement, name);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_OK;
  }
  now->revision = bulla_column_int(&statement);
  now->secret = bulla_column_int(&statement) != 0;
  now->keep = bulla_column_int(&statement);
  struct bulla_span value = now->secret ? bulla_span(NULL, 0) : bulla_column_blob(&statement, BULLA_STORED_MAX);
  struct bulla_span proof = now->secret ? bulla_span(NULL, 0) : bulla_column_blob(&statement, BULLA_STORED_MAX);
  bool good = bulla_columns_good(&statement) && now->revision > 0 && now->revision < INT64_MAX && now->keep >= 0 &&
              now->keep <= BULLA_KEEP_MAX;
  if (!good) {
    return BULLA_REFUSED;
  }
  const struct bulla_binding binding = {
      .tenant_id = bulla_tenant_id(owner), .entry_id = entry_id, .field = name, .revision = now->revision};
  return now->secret ? BULLA_OK : check_plain(vault, owner, &binding, value, proof);
}

/* Finds revision and secrecy alone. */
static enum bulla_status look_at_number(struct bulla_field_now *now, struct bulla_vault *vault,
                                        struct bulla_span entry_id, struct bulla_span name) {
  *now = (struct bulla_field_now){.revision = 0};
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIELD_NUMBER);
  bulla_bind_blob(&statement, entry_id);
  bulla_bind_text(&statement, name);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_OK;
  }
  now->revision = bulla_column_int(&statement);
  now->secret = bulla_column_int(&statement) != 0;
  bool good = bulla_columns_good(&statement) && now->revision > 0 && now->revision < INT64_MAX;
  return good ? BULLA_OK : BULLA_REFUSED;
}

/* Sets the traits of |field| that are not given to those of the stored one, which was read as a secret one. Those of
 * what a former actor has put, who may be distrusted, are not kept. */
static enum bulla_status keep_stored(struct bulla_field *field, const struct bulla_putter *putter) {
  struct bulla_vault *vault = putter->change->vault;
  struct bulla_stored_field stored = {.tenant = putter->tenant, .entry = putter->entry};
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_FIELD);
  bulla_bind_text(&statement, putter->tenant);
  bulla_bind_text(&statement, putter->entry);
  bulla_bind_text(&statement, field->name);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_REFUSED; /* its revision was read in this transaction */
  }
  BULLA_TRY(bulla_columns_field(&stored, &vault->keyring, &statement));
  stored.binding.field = field->name;
  if (stored.posting.state == BULLA_POSTING_OVER) {
    return BULLA_OK;
  }
  return stored.secret ? bulla_field_keep_traits(field, &vault->keyring, &stored) : BULLA_REFUSED;
}

/* An actor that can see the traits keeps them as a root does. One that cannot shows nothing of the value. */
static enum bulla_status keep_traits(struct bulla_field *field, const struct bulla_putter *putter, bool is_there) {
  unsigned sees = BULLA_MAY(BULLA_ROLE_SHOW) | BULLA_MAY(BULLA_ROLE_USE);
  if ((putter->owner->roles & sees) != 0) {
    return is_there ? keep_stored(field, putter) : BULLA_OK;
  }
  field->mask = field->mask != 0 ? field->mask : BULLA_MASK_FIXED;
  return BULLA_OK;
}

/* Whether the stored field has the revision, or 0 for none, that |field| must find. */
static enum bulla_status check_revision(const struct bulla_field *field, int64_t revision) {
  if (field->if_revision == BULLA_REVISION_NONE && revision > 0) {
    return bulla_explain(BULLA_EXISTS, "the entry has a field of this name");
  }
  if (field->if_revision <= 0 || field->if_revision == revision) {
    return BULLA_OK;
  }
  return revision > 0 ? bulla_explain(BULLA_CONFLICT, "it has revision %lld", (long long)revision)
                      : bulla_explain(BULLA_CONFLICT, "the entry has no such field");
}

/* What the tenant's new values are sealed with, as its statement has it: all that an actor needs that puts. */
static const struct bulla_secret_entry *active_entry(const struct bulla_tenant *owner) {
  const struct bulla_secret_entry *found = NULL;
  for (size_t i = 0; i < owner->said.num_secrets; i++) {
    found = owner->said.secrets[i].state == BULLA_SECRET_ACTIVE ? &owner->said.secrets[i] : found;
  }
  return found;
}

/* Writer and signature of a value that an actor puts. */
static void bind_posting(struct bulla_statement *statement, const struct bulla_self *self, const uint8_t *signature) {
  if (self == NULL) {
    bulla_bind_null(statement);
    bulla_bind_null(statement);
    return;
  }
  bulla_bind_blob(statement, bulla_span(self->id, sizeof(self->id)));
  bulla_bind_blob(statement, bulla_span(signature, BULLA_SIGNATURE_LEN));
}

enum bulla_status bulla_field_store(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                    const struct bulla_tenant_secret *keys, const struct bulla_binding *binding,
                                    const struct bulla_field *field, int64_t updated) {
  struct bulla_buffer value BULLA_CLEANUP(bulla_field_free) = {0};
  struct bulla_buffer mask BULLA_CLEANUP(bulla_field_free) = {0};
  uint8_t signature[BULLA_SIGNATURE_LEN];
  const struct bulla_self *poster = field->secret ? vault->keyring.self : NULL;
  const struct bulla_secret_entry *to = active_entry(owner);
  if (to == NULL) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(poster != NULL ? bulla_posting_seal(&value, &mask, signature, &vault->keyring, to, binding, field)
                           : bulla_field_seal(&value, &mask, &vault->keyring, owner, keys, binding, field));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_PUT_FIELD);
  bulla_bind_blob(&statement, binding->entry_id);
  bulla_bind_text(&statement, binding->field);
  bulla_bind_int(&statement, binding->revision);
  bulla_bind_int(&statement, field->secret ? 1 : 0);
  bulla_bind_blob(&statement, bulla_written(&value));
  bulla_bind_blob(&statement, bulla_written(&mask));
  if (field->secret) {
    bulla_bind_blob(&statement, to->id);
  } else {
    bulla_bind_null(&statement);
  }
  bulla_bind_int(&statement, updated);
  bind_posting(&statement, poster, signature);
  return bulla_finish(&statement);
}

enum bulla_status bulla_field_erase(int64_t *num, struct bulla_vault *vault, struct bulla_span entry_id,
                                    struct bulla_span field) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_DELETE_FIELD);
  bulla_bind_blob(&statement, entry_id);
  bulla_bind_text(&statement, field);
  return bulla_finish_counted(&statement, num);
}

/* Deletes the revisions of the field of |binding| that are more than |keep| before its own. */
static enum bulla_status prune(struct bulla_vault *vault, const struct bulla_binding *binding, int64_t keep) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_PRUNE_FIELD);
  bulla_bind_blob(&statement, binding->entry_id);
  bulla_bind_text(&statement, binding->field);
  bulla_bind_int(&statement, binding->revision - keep);
  return bulla_finish(&statement);
}

enum bulla_status bulla_putter_begin(struct bulla_putter *putter, struct bulla_change *change, struct bulla_span op,
                                     struct bulla_span tenant) {
  *putter = (struct bulla_putter){.change = change, .op = op, .tenant = tenant};
  BULLA_TRY(bulla_change_read_head(change));
  if (change->vault->keyring.self != NULL) {
    enum bulla_status status = bulla_tenant_look(&putter->owner, change->vault, tenant);
    if (status == BULLA_NOT_FOUND) {
      /* No row has told whether the actor still is. */
      BULLA_TRY(bulla_self_look(&change->vault->keyring, change->vault->db, bulla_span(NULL, 0)));
      return bulla_explain(status, "there is no such tenant: the root makes tenants");
    }
    BULLA_TRY(status);
    /* As it is in this transaction: whoever ends the grant takes in what was put before. */
    return bulla_may(change->vault, putter->owner, BULLA_MAY(BULLA_ROLE_PUT));
  }
  BULLA_TRY(bulla_tenant_ensure(&putter->owner, change, tenant));
  return bulla_tenant_active_secret(&putter->keys, change->vault, putter->owner);
}

enum bulla_status bulla_putter_enter(struct bulla_putter *putter, struct bulla_span entry) {
  if (bulla_span_equal(entry, putter->entry)) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_entry_ensure(putter->entry_id, putter->change->vault, putter->owner, entry));
  putter->entry = entry;
  return BULLA_OK;
}

/* Finds the field as it is before it is put. An actor that puts need not see any value, not even a plain one. */
static enum bulla_status look(struct bulla_field_now *now, const struct bulla_putter *putter, struct bulla_span name) {
  struct bulla_vault *vault = putter->change->vault;
  struct bulla_span entry_id = bulla_span(putter->entry_id, sizeof(putter->entry_id));
  return vault->keyring.self == NULL ? bulla_field_now(now, vault, putter->owner, entry_id, name)
                                     : look_at_number(now, vault, entry_id, name);
}

/* An actor that puts adds a row, and changes and deletes none. */
static enum bulla_status prune_before(const struct bulla_putter *putter, const struct bulla_binding *binding,
                                      const struct bulla_field_now *now, bool secret) {
  struct bulla_vault *vault = putter->change->vault;
  if (now->revision == 0 || vault->keyring.self != NULL) {
    return BULLA_OK;
  }
  /* What was plain is not to lie in the open once the field is secret. */
  return prune(vault, binding, secret && !now->secret ? 0 : now->keep);
}

/* Whether the field may become |secret|, or plain. */
static enum bulla_status check_secrecy(const struct bulla_putter *putter, const struct bulla_field_now *now,
                                       bool secret) {
  if (now->revision == 0 || now->secret == secret) {
    return BULLA_OK;
  }
  if (now->secret) {
    return bulla_explain(BULLA_STAYS_SECRET, "the field is secret");
  }
  return putter->change->vault->keyring.self == NULL
             ? BULLA_OK
             : bulla_explain(BULLA_DENIED, "the field is plain: only the root can make it secret, and delete what was");
}

enum bulla_status bulla_put_revision(const struct bulla_putter *putter, const struct bulla_field *field,
                                     bool must_be_new) {
  struct bulla_vault *vault = putter->change->vault;
  struct bulla_field_now now;
  struct bulla_binding binding = {
      .tenant_id = bulla_tenant_id(putter->owner),
      .entry_id = bulla_span(putter->entry_id, BULLA_ID_LEN),
      .field = field->name,
  };
  BULLA_TRY(look(&now, putter, field->name));
  BULLA_TRY(check_secrecy(putter, &now, field->secret));
  struct bulla_field again = *field;
  again.if_revision = must_be_new ? BULLA_REVISION_NONE : field->if_revision;
  BULLA_TRY(check_revision(&again, now.revision));
  if (field->secret) {
    BULLA_TRY(keep_traits(&again, putter, now.secret));
  }
  binding.revision = now.revision + 1;
  BULLA_TRY(bulla_field_store(vault, putter->owner, putter->keys, &binding, &again, bulla_clock_s()));
  return prune_before(putter, &binding, &now, field->secret);
}

enum bulla_status bulla_put_field(const struct bulla_putter *putter, const struct bulla_field *field,
                                  bool must_be_new) {
  BULLA_TRY(bulla_put_revision(putter, field, must_be_new));
  return bulla_change_tell(putter->change, putter->op, putter->tenant, putter->entry, field->name);
}

enum bulla_status bulla_value_check(size_t len) {
  return len <= BULLA_VALUE_MAX ? BULLA_OK
                                : bulla_explain(BULLA_TOO_LARGE, "a value has at most %d bytes", BULLA_VALUE_MAX);
}

/* A later version may give the reserved bytes a meaning. */
static enum bulla_status check_traits(const struct bulla_field *field) {
  static const uint8_t zeros[sizeof(field->reserved_8)] = {0};
  bool known = field->mask <= BULLA_MASK_FIXED && field->padding <= BULLA_PADDING_NONE && field->canary <= 1 &&
               field->expires >= BULLA_EXPIRES_NEVER && field->if_revision >= BULLA_REVISION_NONE &&
               memcmp(field->reserved_8, zeros, sizeof(zeros)) == 0;
  if (!known) {
    return BULLA_INVALID_ARGUMENT;
  }
  bool has_traits = field->mask != 0 || field->padding != 0 || field->canary != 0 || field->expires != 0;
  return field->secret || !has_traits
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_ARGUMENT, "a plain field has no mask, no padding, no date and is no canary");
}

static enum bulla_status check_field(const struct bulla_field *field) {
  BULLA_TRY(BULLA_CHECK_RESERVED(field->reserved));
  BULLA_TRY(check_traits(field));
  BULLA_TRY(bulla_name_check(field->name));
  if (field->secret) {
    return bulla_value_check(field->value.len);
  }
  return bulla_text_check(field->value, BULLA_VALUE_MAX);
}

static enum bulla_status check(const struct bulla_place *place, const struct bulla_field *fields, size_t num_fields) {
  BULLA_TRY(bulla_place_check_entry(place));
  if (num_fields == 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  for (size_t i = 0; i < num_fields; i++) {
    BULLA_TRY(check_field(&fields[i]));
  }
  return BULLA_OK;
}

/* |keep| is NULL if what is kept of the entry stays as it is. */
static enum bulla_status put_all(struct bulla_vault *vault, const struct bulla_who *who,
                                 const struct bulla_place *place, const struct bulla_field *fields, size_t num_fields,
                                 const int *keep) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("put"), place));
  struct bulla_putter putter;
  BULLA_TRY(bulla_putter_begin(&putter, &change, BULLA_LITERAL("put"), place->tenant));
  BULLA_TRY(bulla_putter_enter(&putter, place->entry));
  if (keep != NULL) {
    BULLA_TRY(bulla_keep_in_entry(&change, place, bulla_span(putter.entry_id, sizeof(putter.entry_id)), *keep));
  }
  for (size_t i = 0; i < num_fields; i++) {
    BULLA_TRY(bulla_put_field(&putter, &fields[i], false));
  }
  return bulla_change_commit(&change);
}

static enum bulla_status put(struct bulla_vault *vault, const struct bulla_who *who, const struct bulla_place *place,
                             const struct bulla_field *fields, size_t num_fields, const int *keep) {
  BULLA_TRY(bulla_may_who(vault, who, false));
  BULLA_TRY(check(place, fields, num_fields));
  /* Who may put is asked beside what is put: a grant may end until then. */
  BULLA_TRY(keep != NULL ? bulla_may_root(vault, who, BULLA_LITERAL("put"), place) : BULLA_OK);
  enum bulla_status status = put_all(vault, who, place, fields, num_fields, keep);
  return status == BULLA_DENIED ? bulla_may_tell(vault, who, BULLA_LITERAL("put"), place) : status;
}

enum bulla_status bulla_vault_put(struct bulla_vault *vault, const struct bulla_who *who,
                                  const struct bulla_place *place, const struct bulla_field *fields,
                                  size_t num_fields) {
  return put(vault, who, place, fields, num_fields, NULL);
}

enum bulla_status bulla_vault_put_keep(struct bulla_vault *vault, const struct bulla_who *who,
                                       const struct bulla_place *place, const struct bulla_field *fields,
                                       size_t num_fields, int num) {
  BULLA_TRY(bulla_keep_check(num, true));
  return put(vault, who, place, fields, num_fields, &num);
}
