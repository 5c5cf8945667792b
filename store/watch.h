/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What has been revoked, as verifiers ask at every token: in memory, without a lock and without SQL.
 *
 * A look at the database, by a connection of its own, takes what was revoked since the last look, from the audit log.
 * It is good for BULLA_LOOK_MS, and the first who asks afterwards looks again; so nothing happens while nobody asks.
 * Whoever revokes returns only when every look that was made before has expired, in whatever process
 * (bulla_watch_wait). If a look fails, for one because the vault's files are not where they were, nothing is known:
 * callers get its status. */

#ifndef BULLA_STORE_WATCH_H
#define BULLA_STORE_WATCH_H

#include <pthread.h>

#include "store/revocations.h"
#include "store/db.h"

#define BULLA_LOOK_MS 20      /* that a look is good for */
#define BULLA_LOOK_SOON_MS 10 /* after which one thread looks again, while the others go on */

struct bulla_watch {
  pthread_mutex_t mutex;         /* over what a look does; the rest is read without it */
  struct bulla_db *main;         /* the vault's connection, to know whether it is still where it was */
  struct bulla_db *db;           /* the watch's own, NULL before the first look and after one that failed */
  int64_t seq;                   /* of the log, up to which all is known; -1 before the first look */
  _Atomic int64_t looked;        /* milliseconds of a clock that is never set, 0 before the first good look */
  _Atomic uint64_t generation;   /* even; another one when an API key was revoked */
  _Atomic uint64_t reloads;      /* times that the log was too far ahead to be followed */
  uint64_t random;               /* for tags of tenants */
  _Atomic uint64_t tenants[16];  /* a bit for each tenant of whom a token was revoked: others need not be looked for */
  struct bulla_revocations keys; /* that were revoked */
  struct bulla_revocations live; /* that were found live since the last reload */
  struct bulla_revocations tokens;
};

/* bulla_watch_begin readies a zeroed |watch| over the vault of the connection |main|, which outlives it;
 * bulla_watch_end frees what it holds. */
void bulla_watch_begin(struct bulla_watch *watch, struct bulla_db *main);
void bulla_watch_end(struct bulla_watch *watch);

/* bulla_watch_look makes sure that what the watch knows is not older than a look may be. Returns BULLA_VAULT_MOVED,
 * BULLA_AUDIT_BROKEN if the log is shorter than it was, and the statuses of the database. */
BULLA_NODISCARD enum bulla_status bulla_watch_look(struct bulla_watch *watch);

/* bulla_watch_wait returns when every look of any process that was made before the call has expired. */
void bulla_watch_wait(struct bulla_watch *watch);

/* bulla_watch_find_key returns BULLA_OK if the API key |id| is there and not revoked, by the last look,
 * BULLA_NOT_FOUND if not; it asks the database once for each key. */
BULLA_NODISCARD enum bulla_status bulla_watch_find_key(struct bulla_watch *watch, struct bulla_span id);

/* bulla_watch_has_token sets |*revoked| if the token |jti| of |tenant| is revoked, by the last look. Returns
 * BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_watch_has_token(const struct bulla_watch *watch, bool *revoked,
                                                        struct bulla_span tenant, struct bulla_span jti);

#endif
