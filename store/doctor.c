/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where a vault is, as its driver sees it. */

#include "core/cleanup.h"
#include "store/db.h"
#include "store/examine.h"
#include "store/vault.h"

static enum bulla_status examine(struct bulla_examination *examination, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  return bulla_db_examine(vault->db, examination);
}

enum bulla_status bulla_vault_examine(struct bulla_vault *vault, bulla_finding_fn each, void *arg) {
  struct bulla_examination examination = {.num = 0};
  BULLA_TRY(examine(&examination, vault));
  for (size_t i = 0; i < examination.num; i++) {
    BULLA_TRY(each(arg, &examination.findings[i]));
  }
  return BULLA_OK;
}
