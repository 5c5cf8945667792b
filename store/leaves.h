/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The leaves of the directory: for each tenant the digest of the statement that is the newest, so that one that was
 * signed once cannot come back. The vault's statement has one digest over all of them (docs/FORMAT.md §8):
 *
 *   leaves   in 256 buckets, by the first byte of the id:  id 16 | digest of the statement 32, in the order of the ids
 *   bucket   SHA-256 over its leaves, or zeros if it has none
 *   digest   SHA-256 over the 256 buckets
 *
 * The database keeps leaves and buckets, in the table |directory|; nothing of it is believed that the digest does not
 * show. What there is to read and write for one tenant is its bucket and the 256 digests. */

#ifndef BULLA_STORE_LEAVES_H
#define BULLA_STORE_LEAVES_H

#include "store/db.h"
#include "store/directory.h"
#include "store/keyring.h"

#define BULLA_LEAF_LEN (BULLA_ID_LEN + BULLA_SHA256_LEN)

/* bulla_leaves_digest fills the BULLA_SHA256_LEN bytes of |digest| over the BULLA_BUCKETS_LEN bytes of |buckets|. */
BULLA_NODISCARD enum bulla_status bulla_leaves_digest(uint8_t *digest, const uint8_t *buckets);

/* bulla_leaves_begin stores that there are no leaves, and fills |digest|. */
BULLA_NODISCARD enum bulla_status bulla_leaves_begin(uint8_t *digest, struct bulla_db *db);

/* bulla_leaves_load fills the BULLA_BUCKETS_LEN bytes of |buckets|. Returns BULLA_REFUSED unless they have |digest|. */
BULLA_NODISCARD enum bulla_status bulla_leaves_load(uint8_t *buckets, struct bulla_db *db, struct bulla_span digest);

/* bulla_leaves_find copies the digest that stands beside |id| into |statement|, BULLA_SHA256_LEN bytes. Returns
 * BULLA_REFUSED if it has none, or the stored leaves are not those of |buckets|. */
BULLA_NODISCARD enum bulla_status bulla_leaves_find(uint8_t *statement, struct bulla_db *db, const uint8_t *buckets,
                                                    struct bulla_span id);

/* bulla_leaves_all creates |*leaves|, the |*num| leaves of |buckets| in the order of their ids, each BULLA_LEAF_LEN
 * bytes; the caller frees it. Returns BULLA_REFUSED if the stored ones are others, BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_leaves_all(uint8_t **leaves, size_t *num, struct bulla_db *db,
                                                   const uint8_t *buckets);

/* bulla_leaves_put sets the digest beside |id| to |statement|, BULLA_SHA256_LEN bytes, inside a transaction in which
 * nobody else writes, and moves |digest| from what it was before to what it is then. Returns BULLA_REFUSED if what is
 * stored does not have the digest, BULLA_TOO_LARGE if the bucket is full. */
BULLA_NODISCARD enum bulla_status bulla_leaves_put(uint8_t *digest, struct bulla_db *db, struct bulla_span id,
                                                   const uint8_t *statement);

#endif
