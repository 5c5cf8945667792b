/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Revocations in memory, for verifiers that ask at every token, without a lock and without SQL.
 *
 * A look reads what was revoked since the last look, over a connection of its own. It is valid for
 * BULLA_LOOK_MS; the first caller afterwards looks again, so nothing happens while nobody asks. A revoking call returns
 * only when every earlier look in any process has expired (bulla_watch_wait). If a look fails, for example because the
 * vault's files were moved, nothing is known, and callers get its status. A server has BULLA_LOOK_PATIENCE_MS to
 * answer, and all who wait for a look that fails get its status: no caller waits much longer than that. */

#ifndef BULLA_STORE_WATCH_H
#define BULLA_STORE_WATCH_H

#include <pthread.h>

#include "store/revocations.h"
#include "store/db.h"

#define BULLA_LOOK_MS 20            /* for which a look is valid */
#define BULLA_LOOK_SOON_MS 10       /* after which one thread looks again, while the others go on */
#define BULLA_LOOK_PATIENCE_MS 5000 /* for a server to answer */
#define BULLA_LOOK_PAUSE_MS 1000    /* after a look that took at least as long and failed nobody looks for as long */

struct bulla_watch {
  pthread_mutex_t mutex;       /* held during a look; the rest is read without it */
  struct bulla_db *main;       /* the vault's connection, to check whether its files were moved */
  struct bulla_db *db;         /* the watch's own, NULL before the first look and after a failed one */
  int64_t number;              /* of the last revocation that was read; -1 before the first look */
  _Atomic int64_t looked;      /* in milliseconds of a monotonic clock; 0 before the first good look */
  int64_t failed;              /* when those who have begun by then are told that it failed */
  enum bulla_status failure;   /* what they are told */
  _Atomic uint64_t generation; /* even; changes when an API key is revoked */
  uint8_t actor[16];           /* the actor as which the vault was opened, or zeros. The generation also changes with
                                * what that was granted */
  uint8_t directory[64];       /* the signature of the vault's statement, then, at the last look */
  struct bulla_watched_actor {
    uint8_t signature[64]; /* of its row */
    int64_t last_end;      /* when a grant of it ended last; each does so later than those before */
  } state;
  _Atomic uint64_t reloads;      /* times that the revocations were too far ahead to follow */
  uint64_t random;               /* for tags of tenants */
  _Atomic uint64_t tenants[16];  /* a bit for each tenant with a revoked token: others need no search */
  struct bulla_revocations keys; /* that were revoked */
  struct bulla_revocations live; /* found live since the last reload */
  struct bulla_revocations tokens;
};

/* bulla_watch_begin prepares a zeroed |watch| over the vault of the connection |main|, which outlives it;
 * bulla_watch_end frees it. */
void bulla_watch_begin(struct bulla_watch *watch, struct bulla_db *main);
void bulla_watch_end(struct bulla_watch *watch);

/* bulla_watch_look looks if the last look is no longer valid. Returns BULLA_VAULT_MOVED,
 * BULLA_AUDIT_BROKEN if there are fewer revocations than there were, and the statuses of the database. */
BULLA_NODISCARD enum bulla_status bulla_watch_look(struct bulla_watch *watch);

/* bulla_watch_tell has those who look learn, in the caller's transaction, that the API key |apikey| of a tenant was
 * revoked, or, if that is empty, the token of the digest |digest|. bulla_watch_tell_again does so for all of the
 * tenant's revoked tokens, and says whether there are any: a tenant that was renamed is known by another name. Return
 * BULLA_AUDIT_BROKEN if there is no room for more. */
BULLA_NODISCARD enum bulla_status bulla_watch_tell(struct bulla_db *db, struct bulla_span tenant_id,
                                                   struct bulla_span apikey, struct bulla_span digest);
BULLA_NODISCARD enum bulla_status bulla_watch_tell_again(bool *told, struct bulla_db *db, struct bulla_span tenant_id);

/* bulla_watch_tell_all does so for all API keys of a tenant that are not revoked. */
BULLA_NODISCARD enum bulla_status bulla_watch_tell_all(struct bulla_db *db, struct bulla_span tenant_id);

/* bulla_watch_wait returns when every look of any process from before the call has expired. */
void bulla_watch_wait(struct bulla_watch *watch);

/* bulla_watch_find_key returns BULLA_OK if the API key |id| is there and not revoked, by the last look,
 * BULLA_NOT_FOUND if not; it asks the database once for each key. */
BULLA_NODISCARD enum bulla_status bulla_watch_find_key(struct bulla_watch *watch, struct bulla_span id);

/* bulla_watch_has_token sets |*revoked| to whether the token |jti| of |tenant| is revoked, by the last look. Returns
 * BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_watch_has_token(const struct bulla_watch *watch, bool *revoked,
                                                        struct bulla_span tenant, struct bulla_span jti);

#endif
