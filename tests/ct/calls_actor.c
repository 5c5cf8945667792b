/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The constant-time check of the keys of actors, and of what is sealed to them. */

#include <string.h>

#include "store/actor_box.h"
#include "store/actor_key.h"
#include "tests/ct/ct.h"

/* Spells |key|, as a whole, by a seed that is one digit off, and by what is no digit. */
static void read_key(const struct bulla_actor_key *key) {
  struct bulla_actor_key read;
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *garbage BULLA_CLEANUP(bulla_secret_free) = ct_secret(BULLA_ACTOR_KEY_LEN);
  CT_OK(bulla_actor_key_write(&text, key));
  CT_ASSERT(bulla_secret_bytes(text).len == BULLA_ACTOR_KEY_LEN);
  uint8_t *digits = bulla_secret_data(text) + 40;
  CT_ARRIVED(digits, 64);
  CT_OK(bulla_actor_key_read(&read, bulla_secret_bytes(text)));
  CT_ARRIVED(bulla_secret_bytes(read.seed).data, BULLA_KEY_LEN);
  bulla_actor_key_free(&read);
  memset(digits, '0', 2);
  ct_poison(digits, 2);
  CT_ASSERT(bulla_actor_key_read(&read, bulla_secret_bytes(text)) == BULLA_ROOT_WRONG);
  CT_ASSERT(bulla_actor_key_read(&read, bulla_secret_bytes(garbage)) == BULLA_ROOT_MALFORMED);
}

static void keep_actor(void) {
  static const uint8_t fingerprint[BULLA_SHA256_LEN] = {1};
  uint8_t room[BULLA_ACTOR_BOX_LEN];
  struct bulla_buffer box = bulla_buffer(room, sizeof(room));
  struct bulla_keyring keyring = {.generation = 1};
  struct bulla_actor_keys keys BULLA_CLEANUP(bulla_actor_keys_free);
  struct bulla_actor_key key BULLA_CLEANUP(bulla_actor_key_free);
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  CT_OK(bulla_actor_key_new(&key, fingerprint));
  CT_ARRIVED(bulla_secret_bytes(key.seed).data, BULLA_KEY_LEN);
  read_key(&key);
  CT_OK(bulla_actor_key_expand(&keys, &key));
  CT_ARRIVED(bulla_secret_bytes(keys.box_private).data, BULLA_BOX_PRIVATE_LEN);
  CT_ARRIVED(bulla_secret_bytes(keys.signing_seed).data, BULLA_SIGNATURE_SEED_LEN);
  struct bulla_actor_statement actor = {.box_public = bulla_span(keys.box_public, sizeof(keys.box_public))};
  struct bulla_grant_statement grant = {.role = BULLA_ROLE_USE};
  CT_OK(bulla_common_box_seal(&box, &keyring, &actor, key.seed));
  actor.common_box = bulla_written(&box);
  CT_OK(bulla_common_box_open(&opened, &keyring, keys.box_private, &actor));
  bulla_secret_free(&opened);
  CT_OK(bulla_grant_box_seal(&box, &keyring, &actor, &grant, key.seed));
  grant.box = bulla_written(&box);
  CT_OK(bulla_grant_box_open(&opened, &keyring, keys.box_private, &grant));
  CT_ARRIVED(bulla_secret_bytes(opened).data, BULLA_KEY_LEN);
}

const struct ct_call ct_actor_calls[] = {
    {"bulla_actor_key_new bulla_actor_key_read bulla_actor_key_write bulla_actor_key_expand bulla_actor_key_free "
     "bulla_actor_keys_free bulla_common_box_seal bulla_common_box_open bulla_grant_box_seal bulla_grant_box_open",
     "the seed of an actor and its digits, all that it expands to, what is sealed to the actor, and all that is given "
     "in place of the text of a key",
     "whether the text has its form, and its checksum fits; public keys; boxes", keep_actor},
    {0},
};
