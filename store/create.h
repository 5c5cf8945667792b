/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Filling the tables of a new vault with its own rows: for bulla_vault_create and the upgrade from an older format. */

#ifndef BULLA_STORE_CREATE_H
#define BULLA_STORE_CREATE_H

#include "store/audit_log.h"
#include "store/root.h"

/* A vault being made. */
struct bulla_making {
  struct bulla_db *db;
  struct bulla_keyring keyring;
  struct bulla_audit_log log;
  struct bulla_audit_head head;     /* of lane 0 */
  uint8_t digest[BULLA_SHA256_LEN]; /* of the vault's statement */
};

/* bulla_making_free wipes the keys. For BULLA_CLEANUP. */
void bulla_making_free(struct bulla_making *making);

/* bulla_making_begin makes all keys, with the id |uuid| of BULLA_ID_LEN bytes, and inserts the vault, its one |root|
 * and lane 0, without a record. */
BULLA_NODISCARD enum bulla_status bulla_making_begin(struct bulla_making *making, struct bulla_db *db,
                                                     const struct bulla_root *root, const uint8_t *uuid);

#endif
