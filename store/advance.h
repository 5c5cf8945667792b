/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Moving the directory: what is said of tenants, actors and grants is signed with its next generation, gets its leaf,
 * and then the vault's statement is signed anew over all leaves. Only a root can, in a transaction for which writers
 * take turns:
 *
 *   bulla_advance_begin      the next generation, before anything is signed
 *   bulla_advance_put        for each statement
 *   bulla_advance_end        before anything of the directory is read again
 *
 * A change may do so several times. */

#ifndef BULLA_STORE_ADVANCE_H
#define BULLA_STORE_ADVANCE_H

#include "store/change.h"
#include "store/vault_row.h"

struct bulla_advance {
  struct bulla_vault_row row;       /* of the vault; who changes more of what it says does so in here */
  uint8_t leaves[BULLA_SHA256_LEN]; /* over the leaves */
  int64_t generation;               /* that of the statements */
};

/* bulla_advance_begin reads where the log ends and the vault's row. Returns BULLA_AUDIT_BROKEN if the directory is
 * older than the log or this process has seen it, BULLA_REFUSED if it was not signed so. */
BULLA_NODISCARD enum bulla_status bulla_advance_begin(struct bulla_advance *advance, struct bulla_change *change);

/* bulla_advance_put has the statement |made| be the newest of |id|, BULLA_ID_LEN bytes. Returns BULLA_TOO_LARGE if the
 * directory has no room for another. */
BULLA_NODISCARD enum bulla_status bulla_advance_put(struct bulla_advance *advance, struct bulla_change *change,
                                                    struct bulla_span id, const struct bulla_signed *made);

/* bulla_advance_end signs and stores what the vault says then. */
BULLA_NODISCARD enum bulla_status bulla_advance_end(struct bulla_advance *advance, struct bulla_change *change);

/* bulla_advance_tell has the next record of |change| tell of the statement |made|. */
void bulla_advance_tell(struct bulla_change *change, const struct bulla_signed *made);

#endif
