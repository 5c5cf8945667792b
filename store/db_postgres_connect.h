/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Connections to a PostgreSQL server: the URL, the hosts it names, and whether a server is fit for a vault. Only what
 * looking up a host's name takes has no deadline of ours: it is the system's. */

#ifndef BULLA_STORE_DB_POSTGRES_CONNECT_H
#define BULLA_STORE_DB_POSTGRES_CONNECT_H

#include "store/db_postgres.h"

/* bulla_postgres_check_place returns BULLA_UNSUPPORTED for a |place| that libpq does not take, or if there is no libpq.
 * It connects to nothing. */
BULLA_NODISCARD enum bulla_status bulla_postgres_check_place(const char *place);

/* bulla_postgres_libpq_version returns the version of the loaded libpq, as 150018 for 15.18. */
int bulla_postgres_libpq_version(void);

/* bulla_postgres_new allocates one for |place|. bulla_postgres_free closes it and wipes the URI. */
BULLA_NODISCARD enum bulla_status bulla_postgres_new(struct bulla_postgres **postgres, const char *place);
void bulla_postgres_free(struct bulla_postgres *postgres);

/* bulla_postgres_connect connects unless that is so, and checks that the server keeps what it acknowledges: returns
 * BULLA_UNSUPPORTED for one that does not. Sets db.read_only if nothing can be written there. */
BULLA_NODISCARD enum bulla_status bulla_postgres_connect(struct bulla_postgres *postgres);

/* bulla_postgres_connect_to_write connects where something can be written. From a standby it connects anew: that may be
 * the primary by now, or another server of the URL is. Returns BULLA_READ_ONLY if there is none. */
BULLA_NODISCARD enum bulla_status bulla_postgres_connect_to_write(struct bulla_postgres *postgres);

enum bulla_postgres_trust {
  BULLA_TRUST_NAME,      /* the server's certificate is checked, and the name in it */
  BULLA_TRUST_AUTHORITY, /* only who issued it */
  BULLA_TRUST_ANYBODY,   /* nothing, and there may be no TLS */
  BULLA_TRUST_CLEAR,     /* there is no TLS */
};

/* bulla_postgres_trust sets |*trust| to what is asked of the server over a network, by the sslmode of the URI. */
BULLA_NODISCARD enum bulla_status bulla_postgres_trust(enum bulla_postgres_trust *trust,
                                                       const struct bulla_postgres *postgres);

/* bulla_postgres_forsake closes the socket of a forked parent's connection, and nothing else. */
void bulla_postgres_forsake(struct bulla_postgres *postgres);

#endif
