/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rows of roots. Which of them count is in the vault's statement. */

#ifndef BULLA_STORE_ROOT_ROW_H
#define BULLA_STORE_ROOT_ROW_H

#include "store/db.h"
#include "store/root.h"

/* bulla_root_row_insert inserts |row|. Returns BULLA_EXISTS. */
BULLA_NODISCARD enum bulla_status bulla_root_row_insert(const struct bulla_root_row *row, struct bulla_db *db);

/* bulla_root_row_load reads the row of the root |id|. Returns BULLA_REFUSED if it is missing or malformed. */
BULLA_NODISCARD enum bulla_status bulla_root_row_load(struct bulla_root_row *row, struct bulla_db *db,
                                                      struct bulla_span id);

/* bulla_root_row_delete deletes it. */
BULLA_NODISCARD enum bulla_status bulla_root_row_delete(struct bulla_db *db, struct bulla_span id);

#endif
