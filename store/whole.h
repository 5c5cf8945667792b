/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Whether the directory is whole. A row that is read is checked by its leaf, but one that somebody took away is never
 * read: a grant that was hidden before its actor is revoked would not end, and one that has ended would have nothing be
 * due. So before that matters all leaves are looked through for rows that are missing. */

#ifndef BULLA_STORE_WHOLE_H
#define BULLA_STORE_WHOLE_H

#include "store/vault.h"

/* bulla_check_whole returns BULLA_REFUSED unless each leaf of the directory is that of a row of a tenant, an actor or a
 * grant, and each of these has one. In a transaction of the caller that sees one state of the database, or in which
 * nobody else writes. It reads the statements of all of them. A login that the server shows one tenant alone, and that
 * changes nothing, is told BULLA_OK: it cannot know what it is not shown. */
BULLA_NODISCARD enum bulla_status bulla_check_whole(struct bulla_vault *vault);

#endif
