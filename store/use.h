/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Opening sealed values: only after an audit record. */

#ifndef BULLA_STORE_USE_H
#define BULLA_STORE_USE_H

#include "store/vault.h"

/* Opens the row of |found| as |*opened|, for the request in |record|. */
typedef enum bulla_status (*bulla_opener)(struct bulla_secret **opened, struct bulla_vault *vault,
                                          const struct bulla_audit_record *record, struct bulla_statement *found);

/* bulla_open_audited runs the bound statement |found| and commits |record|, with whether it returned a row. Only then
 * it calls |open| for that row; if that fails, it writes a second record. Returns BULLA_NOT_FOUND without a row. */
BULLA_NODISCARD enum bulla_status bulla_open_audited(struct bulla_secret **opened, struct bulla_vault *vault,
                                                     struct bulla_audit_record *record, struct bulla_statement *found,
                                                     bulla_opener open);

#endif
