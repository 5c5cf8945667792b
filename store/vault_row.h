/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The vault's own row: its signed statement and its keys. */

#ifndef BULLA_STORE_VAULT_ROW_H
#define BULLA_STORE_VAULT_ROW_H

#include "store/directory.h"
#include "store/db.h"

/* The row, copied. */
struct bulla_vault_row {
  uint8_t bytes[BULLA_STATEMENT_MAX];
  struct bulla_span statement;
  uint8_t signature[BULLA_SIGNATURE_LEN];
  struct bulla_vault_statement said; /* with spans in |bytes| */
  uint8_t wrapped[3][BULLA_WRAPPED_MAX];
  struct bulla_span signing_key; /* wrapped under the vault key, as those that follow */
  struct bulla_span audit_key;
  struct bulla_span detail_key;
};

/* bulla_vault_row_load reads the row without its keys, bulla_vault_row_load_keys all of it. Nothing of it is checked
 * but its form: BULLA_NOT_A_VAULT. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_load(struct bulla_vault_row *row, struct bulla_db *db);
BULLA_NODISCARD enum bulla_status bulla_vault_row_load_keys(struct bulla_vault_row *row, struct bulla_db *db);

/* bulla_vault_row_accept has |keyring|, which has the vault's uuid and the public half of its signing key, believe what
 * the row says, without any private half. Returns BULLA_REFUSED unless that key signed it. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_accept(struct bulla_keyring *keyring,
                                                         const struct bulla_vault_row *row);

/* bulla_vault_row_open unwraps the keys of |row| into |keyring|, which has the vault key, and checks that they are
 * those of the statement and that it is signed. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_open(struct bulla_keyring *keyring,
                                                       const struct bulla_vault_row *row);

/* bulla_vault_row_now reads the row and checks it: BULLA_REFUSED if it was not signed so, BULLA_AUDIT_BROKEN if the
 * directory is older than |keyring| has seen it. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_now(struct bulla_vault_row *row, const struct bulla_keyring *keyring,
                                                      struct bulla_db *db);

/* bulla_vault_row_store signs |said| with the next generation, and stores it. |digest|, BULLA_SHA256_LEN bytes, may be
 * NULL. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_store(uint8_t *digest, const struct bulla_keyring *keyring,
                                                        struct bulla_db *db, struct bulla_vault_statement *said);

/* bulla_vault_row_learn has |keyring| learn of the directory as it is now: its generation, and keyring->checked and
 * keyring->buckets. Statuses as of bulla_vault_row_now. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_learn(struct bulla_keyring *keyring, struct bulla_db *db);

/* bulla_vault_row_catch_up has |keyring| learn of a directory of at least |generation|, which the log tells of. Returns
 * BULLA_AUDIT_BROKEN if the database has an older one. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_catch_up(struct bulla_keyring *keyring, struct bulla_db *db,
                                                           int64_t generation);

/* bulla_vault_row_check_newest returns BULLA_OK if the well-signed |statement| of |id|, which was read just now, is the
 * newest; BULLA_BUSY if it was a moment ago, BULLA_REFUSED if it is an older one. |query| gives the statement by the
 * id: BULLA_QUERY_TENANT_STATEMENT, _ACTOR_STATEMENT or _GRANT_STATEMENT. */
BULLA_NODISCARD enum bulla_status bulla_vault_row_check_newest(struct bulla_keyring *keyring, struct bulla_db *db,
                                                               enum bulla_query query, struct bulla_span id,
                                                               struct bulla_span statement);

#endif
