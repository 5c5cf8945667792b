/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A bounded table of token roots by the ids of their API keys. It has no lock: who calls it holds the owner's.
 *
 * As long as there are no more keys than it may hold, it holds every one, wherever their ids hash to. Roots lie in
 * locked memory, BULLA_ROOTS_PER_CHUNK of them in one secret, which is made when the first of them is needed. When
 * the table is full the next key takes the place of one that has not been asked for since its turn came last. */

#ifndef BULLA_TOKEN_ROOT_TABLE_H
#define BULLA_TOKEN_ROOT_TABLE_H

#include <bulla/token.h>

#include "core/keyed_hash.h"

#define BULLA_ROOTS_PER_CHUNK 64

struct bulla_root_table;

/* bulla_root_table_new makes an empty |*table| for |max_keys|, 1 to BULLA_KEYS_MAX. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_root_table_new(struct bulla_root_table **table, size_t max_keys,
                                                       const struct bulla_hash_key *hash_key);

/* bulla_root_table_free wipes and frees |*table| and leaves NULL there; NULL inside is fine. In a forked child it
 * frees what exists there. */
void bulla_root_table_free(struct bulla_root_table **table);

/* bulla_root_table_get fills |key|, whose root is then the caller's, with what was put under |key_id|. Returns
 * BULLA_NOT_FOUND, and the statuses of bulla_secret_new. */
BULLA_NODISCARD enum bulla_status bulla_root_table_get(struct bulla_root_table *table, struct bulla_token_key *key,
                                                       const uint8_t *key_id);

/* bulla_root_table_make_room makes room for one more key, and fills the BULLA_APIKEY_ID_LEN bytes of |forgotten|
 * with the id of the one that had to go, if |*forgot|. Returns the statuses of bulla_secret_new. */
BULLA_NODISCARD enum bulla_status bulla_root_table_make_room(struct bulla_root_table *table, uint8_t *forgotten,
                                                             bool *forgot);

/* bulla_root_table_put copies |key| under |key_id|, in place of what was there. There must be room. */
void bulla_root_table_put(struct bulla_root_table *table, const uint8_t *key_id, const struct bulla_token_key *key);

/* What is to become of a key. One in doubt stays, for bulla_root_table_settle before it is used. */
enum bulla_root_verdict { BULLA_ROOT_STAYS, BULLA_ROOT_GOES, BULLA_ROOT_IN_DOUBT };

/* Judges the key |key_id|, which has been in doubt since it was judged last if |doubted|. */
typedef enum bulla_root_verdict (*bulla_root_judge_fn)(void *arg, const uint8_t *key_id, bool doubted);

/* bulla_root_table_sweep has |judge| judge each key, and wipes those that go. What a table that is empty then had
 * of locked memory it gives back. |judge| may be left by an exception. */
void bulla_root_table_sweep(struct bulla_root_table *table, bulla_root_judge_fn judge, void *arg);

/* bulla_root_table_settle does the same for |key_id| alone, if it is in doubt. */
void bulla_root_table_settle(struct bulla_root_table *table, const uint8_t *key_id, bulla_root_judge_fn judge,
                             void *arg);

#endif
