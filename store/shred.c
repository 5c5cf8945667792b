/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Shredding a tenant: its keys go, so that whatever is left of it anywhere but in older copies opens no more, the
 * details of its records among them. What it has in the database goes too. Its row stays, nameless, since records of
 * the log are its own: the chain is over their ciphertext, and holds. */

#include "core/hex.h"
#include "store/columns.h"
#include "store/enroll.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"

/* All of it that needs the vault to itself. The record is sealed for the vault: the tenant has no key any more. */
static enum bulla_status shred_locked(struct bulla_vault *vault, const struct bulla_who *who,
                                      struct bulla_span tenant) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.tenant = tenant};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE_FIRST, BULLA_LITERAL("shred"), &place));
  const struct bulla_tenant *owner;
  uint8_t id[2 * BULLA_ID_LEN];
  BULLA_TRY(bulla_tenant_find(&owner, vault, tenant));
  bulla_hex_encode(id, bulla_tenant_id(owner));
  BULLA_TRY(bulla_watch_tell_all(vault->db, bulla_tenant_id(owner)));
  BULLA_TRY(bulla_tenant_shred(&change, owner));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("shred"), bulla_span(NULL, 0), bulla_span(id, sizeof(id)),
                              bulla_span(NULL, 0)));
  BULLA_TRY(bulla_change_commit(&change));
  bulla_keyring_forget(&vault->keyring);
  return BULLA_OK;
}

enum bulla_status bulla_vault_scrub(struct bulla_vault *vault) {
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("scrub"), NULL));
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  return bulla_db_scrub(vault->db);
}

enum bulla_status bulla_vault_shred(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span tenant) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("shred"), &(struct bulla_place){.tenant = tenant}));
  BULLA_TRY(shred_locked(vault, who, tenant));
  bulla_watch_wait(&vault->watch);
  return BULLA_OK;
}
