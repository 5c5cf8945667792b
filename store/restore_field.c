/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Putting the value of a former revision of a field again. It is opened and sealed anew, in this process and in locked
 * memory, and nobody gets to see it. The change and its audit record are one transaction. */

#include "core/log.h"
#include "store/columns.h"
#include "store/entry.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/put.h"

/* Opens the value that |place| had, and says whether it was secret. */
static enum bulla_status open_former(struct bulla_secret **value, bool *secret, struct bulla_vault *vault,
                                     const struct bulla_place *place) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_REVISION);
  struct bulla_stored_field field = {.tenant = place->tenant, .entry = place->entry};
  bulla_bind_text(&statement, place->tenant);
  bulla_bind_text(&statement, place->entry);
  bulla_bind_text(&statement, place->field);
  bulla_bind_int(&statement, place->revision);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return bulla_explain(BULLA_NOT_FOUND, "the field has no such revision, or keeps it no more");
  }
  BULLA_TRY(bulla_columns_field(&field, &vault->keyring, &statement));
  field.binding.field = place->field;
  field.binding.revision = place->revision;
  *secret = field.secret;
  return bulla_field_open(value, &vault->keyring, &field);
}

static enum bulla_status restore(struct bulla_change *change, const struct bulla_place *place) {
  const struct bulla_tenant *owner;
  uint8_t id[BULLA_ID_LEN];
  struct bulla_field_now now;
  bool was_secret = false;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_entry_find(&owner, id, change->vault, place->tenant, place->entry));
  BULLA_TRY(bulla_field_now(&now, change->vault, owner, bulla_span(id, sizeof(id)), place->field));
  if (now.revision == place->revision) {
    return bulla_explain(BULLA_EXISTS, "it is the revision that the field has");
  }
  BULLA_TRY(open_former(&value, &was_secret, change->vault, place));
  const struct bulla_field field = {
      .name = place->field, .value = bulla_secret_bytes(value), .secret = was_secret || now.secret};
  struct bulla_putter putter;
  BULLA_TRY(bulla_putter_begin(&putter, change, BULLA_LITERAL("restore"), place->tenant));
  BULLA_TRY(bulla_putter_enter(&putter, place->entry));
  return bulla_put_revision(&putter, &field, false);
}

enum bulla_status bulla_vault_restore_field(struct bulla_vault *vault, const struct bulla_who *who,
                                            const struct bulla_place *place) {
  uint8_t told[BULLA_TOLD_FIELD_MAX];
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_place_check_revision(place));
  if (place->revision == 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "there is no revision to restore");
  }
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("restore"), place));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("restore"), place));
  BULLA_TRY(restore(&change, place));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("restore"), place->tenant, place->entry,
                              bulla_told_revision(told, place)));
  return bulla_change_commit(&change);
}
