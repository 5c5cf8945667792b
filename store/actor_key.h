/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The key of an actor: one word that says who it is, opens what is sealed to it, and names the vault that it is for.
 * docs/FORMAT.md §8 is normative. Its seed, and what follows from that, is in locked memory at every moment. */

#ifndef BULLA_STORE_ACTOR_KEY_H
#define BULLA_STORE_ACTOR_KEY_H

#include "core/crypto.h"
#include "store/keyring.h"

struct bulla_actor_key {
  uint8_t id[BULLA_ID_LEN];              /* of the actor */
  uint8_t fingerprint[BULLA_SHA256_LEN]; /* of the vault: bulla_fingerprint */
  struct bulla_secret *seed;             /* BULLA_KEY_LEN bytes */
};

/* What the seed expands to. */
struct bulla_actor_keys {
  struct bulla_secret *box_private; /* opens what is sealed to the actor */
  uint8_t box_public[BULLA_BOX_PUBLIC_LEN];
  struct bulla_secret *signing_seed; /* signs what the actor says */
  uint8_t signing_public[BULLA_SIGNATURE_PUBLIC_LEN];
  struct bulla_key *head_key; /* seals the heads of the actor's lanes */
};

/* bulla_actor_key_new makes |key| of a new actor with a random id and seed, of the vault with the BULLA_SHA256_LEN
 * bytes of |fingerprint|. The caller frees what |key| has. Returns BULLA_NO_CRYPTO and the statuses of bulla_slab_new;
 * |key| is then zero. */
BULLA_NODISCARD enum bulla_status bulla_actor_key_new(struct bulla_actor_key *key, const uint8_t *fingerprint);

/* bulla_actor_key_read reads |text|, which has exactly BULLA_ACTOR_KEY_LEN bytes: every byte string is the one text of
 * a key, or is none. Its time depends on length and status alone. The caller frees what |key| has.
 * Returns BULLA_ROOT_MALFORMED for what has not the form, BULLA_ROOT_WRONG for what has it and was mistyped, as the
 * checksum shows, BULLA_NO_CRYPTO and the statuses of bulla_slab_new; |key| is then zero. */
BULLA_NODISCARD enum bulla_status bulla_actor_key_read(struct bulla_actor_key *key, struct bulla_span text);

/* bulla_actor_key_write creates |*text|, BULLA_ACTOR_KEY_LEN bytes that the caller frees; NULL on failure. Returns
 * BULLA_FORKED, BULLA_NO_CRYPTO and the statuses of bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_actor_key_write(struct bulla_secret **text, const struct bulla_actor_key *key);

/* bulla_actor_key_expand fills |keys|, which the caller frees; they are zero on failure. Returns BULLA_FORKED,
 * BULLA_NO_CRYPTO, BULLA_NO_MEMORY and the statuses of bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_actor_key_expand(struct bulla_actor_keys *keys,
                                                         const struct bulla_actor_key *key);

/* bulla_actor_key_free and bulla_actor_keys_free wipe and free what their argument has, and make it zero; it may be
 * zero. For BULLA_CLEANUP. */
void bulla_actor_key_free(struct bulla_actor_key *key);
void bulla_actor_keys_free(struct bulla_actor_keys *keys);

#endif
