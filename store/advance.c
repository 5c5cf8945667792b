/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/advance.h. */

#include "store/advance.h"

#include "store/leaves.h"

enum bulla_status bulla_advance_begin(struct bulla_advance *advance, struct bulla_change *change) {
  struct bulla_vault_row *row = &advance->row;
  BULLA_TRY(bulla_change_read_head(change));
  BULLA_TRY(bulla_vault_row_now(row, &change->vault->keyring, change->vault->db));
  memcpy(advance->leaves, row->said.leaves.data, sizeof(advance->leaves));
  row->said.leaves = bulla_span(advance->leaves, sizeof(advance->leaves));
  advance->generation = row->said.generation + 1;
  change->generation = advance->generation;
  return BULLA_OK;
}

enum bulla_status bulla_advance_put(struct bulla_advance *advance, struct bulla_change *change, struct bulla_span id,
                                    const struct bulla_signed *made) {
  return bulla_leaves_put(advance->leaves, change->vault->db, id, made->digest);
}

enum bulla_status bulla_advance_end(struct bulla_advance *advance, struct bulla_change *change) {
  return bulla_vault_row_store(NULL, &change->vault->keyring, change->vault->db, &advance->row.said);
}

void bulla_advance_tell(struct bulla_change *change, const struct bulla_signed *made) {
  memcpy(change->digest, made->digest, sizeof(change->digest));
  change->has_digest = true;
}
