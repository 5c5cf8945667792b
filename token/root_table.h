/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A bounded table of token roots by API key id. It has no lock: the caller holds the owner's.
 *
 * It holds every key up to its limit, whatever their ids hash to. Roots are in locked memory, BULLA_ROOTS_PER_CHUNK in
 * one secret, which is created when first needed. When the table is full, the next key replaces one that was not used
 * since the clock hand last passed it. */

#ifndef BULLA_TOKEN_ROOT_TABLE_H
#define BULLA_TOKEN_ROOT_TABLE_H

#include <bulla/token.h>

#include "core/keyed_hash.h"

#define BULLA_ROOTS_PER_CHUNK 64

struct bulla_root_table;

/* bulla_root_table_new creates an empty |*table| for |max_keys|, 1 to BULLA_KEYS_MAX. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_root_table_new(struct bulla_root_table **table, size_t max_keys,
                                                       const struct bulla_hash_key *hash_key);

/* bulla_root_table_free wipes and frees |*table| and sets it to NULL. In a forked child it frees what exists there. */
void bulla_root_table_free(struct bulla_root_table **table);

/* bulla_root_table_get fills |key| with a copy of what was put under |key_id|; the caller frees its root. Returns
 * BULLA_NOT_FOUND, and the statuses of bulla_secret_new. */
BULLA_NODISCARD enum bulla_status bulla_root_table_get(struct bulla_root_table *table, struct bulla_token_key *key,
                                                       const uint8_t *key_id);

/* bulla_root_table_make_room makes room for one more key. If it had to remove one, it sets |*forgot| and fills the
 * BULLA_APIKEY_ID_LEN bytes of |forgotten| with its id. Returns the statuses of bulla_secret_new. */
BULLA_NODISCARD enum bulla_status bulla_root_table_make_room(struct bulla_root_table *table, uint8_t *forgotten,
                                                             bool *forgot);

/* bulla_root_table_put stores a copy of |key| under |key_id|, replacing an older one. There must be room. */
void bulla_root_table_put(struct bulla_root_table *table, const uint8_t *key_id, const struct bulla_token_key *key);

/* The verdict on a key. One in doubt stays, but needs bulla_root_table_settle before it is used. */
enum bulla_root_verdict { BULLA_ROOT_STAYS, BULLA_ROOT_GOES, BULLA_ROOT_IN_DOUBT };

/* Judges the key |key_id|; |doubted| if the last verdict left it in doubt. */
typedef enum bulla_root_verdict (*bulla_root_judge_fn)(void *arg, const uint8_t *key_id, bool doubted);

/* bulla_root_table_sweep calls |judge| for each key and wipes those that go. An empty table then frees its locked
 * memory. |judge| may be left by an exception. */
void bulla_root_table_sweep(struct bulla_root_table *table, bulla_root_judge_fn judge, void *arg);

/* bulla_root_table_settle does the same for |key_id| alone, if it is in doubt. */
void bulla_root_table_settle(struct bulla_root_table *table, const uint8_t *key_id, bulla_root_judge_fn judge,
                             void *arg);

#endif
