/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Opening what is sealed: only after the audit log has it. */

#ifndef BULLA_STORE_USE_H
#define BULLA_STORE_USE_H

#include "store/vault.h"

/* Makes |*opened| from the row of |found|, for what |record| says was asked. */
typedef enum bulla_status (*bulla_opener)(struct bulla_secret **opened, struct bulla_vault *vault,
                                          const struct bulla_audit_record *record, struct bulla_statement *found);

/* bulla_open_audited runs the bound statement |found| and commits |record| of whether it gave a row; only then has
 * |open| make |*opened| from that row, and if it cannot, records that as well. Returns BULLA_NOT_FOUND without a
 * row. */
BULLA_NODISCARD enum bulla_status bulla_open_audited(struct bulla_secret **opened, struct bulla_vault *vault,
                                                     struct bulla_audit_record *record, struct bulla_statement *found,
                                                     bulla_opener open);

#endif
