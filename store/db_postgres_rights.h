/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a login may and may not do on the server, held against what docs/POSTGRESQL.md has an operator grant. */

#ifndef BULLA_STORE_DB_POSTGRES_RIGHTS_H
#define BULLA_STORE_DB_POSTGRES_RIGHTS_H

#include "store/db_postgres.h"

#define BULLA_RIGHTS_SHOWN_MAX 240 /* bytes of a list of rights, with its NUL */

/* Lists as a person reads them, cut off if they are longer; empty where there is nothing. */
struct bulla_postgres_rights {
  char lacks[BULLA_RIGHTS_SHOWN_MAX];    /* what it needs and may not */
  char too_many[BULLA_RIGHTS_SHOWN_MAX]; /* what it may and does not need */
  char roles[BULLA_RIGHTS_SHOWN_MAX];    /* what the actor was granted whose login it is */
};

/* bulla_postgres_rights asks for the rights of the login of |postgres|, in a transaction. They are those of a service,
 * or those of an actor with the grants it has: nobody has checked their signatures, as this is advice. Returns
 * BULLA_OK, BULLA_IO, or why it cannot be asked. */
BULLA_NODISCARD enum bulla_status bulla_postgres_rights(struct bulla_postgres_rights *rights,
                                                        struct bulla_postgres *postgres);

#endif
