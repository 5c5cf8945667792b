/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/keep.h. The numbers are not authenticated: whoever can write them can delete the rows, or keep copies of
 * them, as well. */

#include "store/keep.h"

#include <stdio.h>

#include "core/log.h"
#include "store/entry.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"

enum bulla_status bulla_keep_check(int num, bool is_of_entry) {
  return num <= BULLA_KEEP_MAX && num >= (is_of_entry ? BULLA_KEEP_AS_VAULT : 0)
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_ARGUMENT, "0 to %d former revisions are kept", BULLA_KEEP_MAX);
}

static enum bulla_status tell(struct bulla_change *change, struct bulla_span tenant, struct bulla_span entry, int num) {
  char text[sizeof("vault")];
  (void)snprintf(text, sizeof(text), num == BULLA_KEEP_AS_VAULT ? "vault" : "%d", num);
  return bulla_change_tell(change, BULLA_LITERAL("keep"), tenant, entry, bulla_text(text));
}

static enum bulla_status set(struct bulla_vault *vault, struct bulla_span entry_id, int num) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_SET_ENTRY_KEEP);
  if (num == BULLA_KEEP_AS_VAULT) {
    bulla_bind_null(&statement);
  } else {
    bulla_bind_int(&statement, num);
  }
  bulla_bind_blob(&statement, entry_id);
  return bulla_finish(&statement);
}

enum bulla_status bulla_keep_in_entry(struct bulla_change *change, const struct bulla_place *place,
                                      struct bulla_span entry_id, int num) {
  BULLA_TRY(set(change->vault, entry_id, num));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(change->vault->db, BULLA_QUERY_PRUNE_ENTRY);
  bulla_bind_blob(&statement, entry_id);
  BULLA_TRY(bulla_finish(&statement));
  return tell(change, place->tenant, place->entry, num);
}

static enum bulla_status keep_in_vault(struct bulla_change *change, int num) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(change->vault->db, BULLA_QUERY_SET_KEEP);
  bulla_bind_int(&statement, num);
  BULLA_TRY(bulla_finish(&statement));
  return tell(change, bulla_span(NULL, 0), bulla_span(NULL, 0), num);
}

static enum bulla_status keep(struct bulla_change *change, const struct bulla_place *place, int num) {
  const struct bulla_tenant *owner;
  uint8_t id[BULLA_ID_LEN];
  if (place == NULL) {
    return keep_in_vault(change, num);
  }
  BULLA_TRY(bulla_entry_find(&owner, id, change->vault, place->tenant, place->entry));
  return bulla_keep_in_entry(change, place, bulla_span(id, sizeof(id)), num);
}

enum bulla_status bulla_vault_keep(struct bulla_vault *vault, const struct bulla_who *who,
                                   const struct bulla_place *place, int num) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_keep_check(num, place != NULL));
  BULLA_TRY(place != NULL ? bulla_place_check_entry(place) : BULLA_OK);
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  static const struct bulla_place all = {.entry = {NULL, 0}};
  const struct bulla_place *at = place != NULL ? place : &all;
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("keep"), at));
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("keep"), at));
  BULLA_TRY(keep(&change, place, num));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_kept(struct bulla_vault *vault, int *num, const struct bulla_place *place) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  const struct bulla_tenant *owner;
  uint8_t id[BULLA_ID_LEN];
  *num = 0;
  BULLA_TRY(place != NULL ? bulla_place_check_entry(place) : BULLA_OK);
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("keep"), place));
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, place == NULL ? BULLA_QUERY_KEPT : BULLA_QUERY_KEPT_OF_ENTRY);
  if (place != NULL) {
    BULLA_TRY(bulla_entry_find(&owner, id, vault, place->tenant, place->entry));
    bulla_bind_blob(&statement, bulla_span(id, sizeof(id)));
  }
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  bool is_as_vault = row && place != NULL && bulla_column_null(&statement);
  int64_t kept = is_as_vault ? BULLA_KEEP_AS_VAULT : row ? bulla_column_int(&statement) : 0;
  *num = (int)kept;
  return bulla_columns_good(&statement) && kept <= BULLA_KEEP_MAX ? BULLA_OK : BULLA_REFUSED;
}
