/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/past.h. */

#include "store/past.h"

static enum bulla_status keep(struct bulla_vault *vault, const struct bulla_binding *binding) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_KEEP_PAST);
  bulla_bind_blob(&statement, binding->entry_id);
  bulla_bind_text(&statement, binding->field);
  return bulla_finish(&statement);
}

static enum bulla_status prune(struct bulla_vault *vault, const struct bulla_binding *binding, int64_t first) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_PRUNE_PAST);
  bulla_bind_blob(&statement, binding->entry_id);
  bulla_bind_text(&statement, binding->field);
  bulla_bind_int(&statement, first);
  return bulla_finish(&statement);
}

enum bulla_status bulla_past_move(struct bulla_vault *vault, const struct bulla_binding *binding, int64_t num) {
  BULLA_TRY(num > 0 ? keep(vault, binding) : BULLA_OK);
  return prune(vault, binding, binding->revision + 1 - num);
}

enum bulla_status bulla_past_forget(int64_t *num, struct bulla_vault *vault, struct bulla_span entry_id,
                                    struct bulla_span field) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_DELETE_PAST);
  bulla_bind_blob(&statement, entry_id);
  bulla_bind_text(&statement, field);
  return bulla_finish_counted(&statement, num);
}
