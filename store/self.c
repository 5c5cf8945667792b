/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/self.h. */

#include "store/self.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "store/actor_box.h"
#include "store/actors.h"
#include "store/vault_row.h"

/* What the grants for all tenants gave. */
static void forget_rings(struct bulla_self *self) {
  for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
    bulla_secret_free(&self->ring_keys[i]);
    self->rings[i] = 0;
  }
}

void bulla_self_free(struct bulla_self **self) {
  if (*self != NULL) {
    forget_rings(*self);
    bulla_key_free(&(*self)->head_key);
    bulla_signing_key_free(&(*self)->signing_key);
    bulla_secret_free(&(*self)->signing_seed);
    bulla_secret_free(&(*self)->box_private);
    free(*self);
    *self = NULL;
  }
}

/* Reads the row of the actor |self|, which must be active. */
static enum bulla_status load_row(struct bulla_actor_row *row, struct bulla_keyring *keyring, struct bulla_db *db,
                                  const struct bulla_self *self) {
  enum bulla_status status = bulla_actor_by_id(row, keyring, db, bulla_span(self->id, sizeof(self->id)));
  if (status == BULLA_NOT_FOUND) {
    return bulla_explain(BULLA_ROOT_WRONG, "the vault has no such actor: ask for a new key");
  }
  BULLA_TRY(status);
  return row->said.revoked ? bulla_explain(BULLA_REVOKED, "the actor was revoked") : BULLA_OK;
}

/* Takes the keys that the seed of |key| expands to. */
static enum bulla_status take_keys(struct bulla_self *self, const struct bulla_actor_key *key,
                                   const struct bulla_actor_statement *said) {
  struct bulla_actor_keys keys BULLA_CLEANUP(bulla_actor_keys_free) = {.head_key = NULL};
  BULLA_TRY(bulla_actor_key_expand(&keys, key));
  if (!bulla_span_equal(said->box_public, bulla_span(keys.box_public, sizeof(keys.box_public))) ||
      !bulla_span_equal(said->signing_public, bulla_span(keys.signing_public, sizeof(keys.signing_public)))) {
    return bulla_explain(BULLA_REFUSED, "what the vault says of the actor is not of this key");
  }
  BULLA_TRY(bulla_signing_key_new(&self->signing_key, keys.signing_seed));
  memcpy(self->signing_public, keys.signing_public, sizeof(self->signing_public));
  self->box_private = keys.box_private;
  self->signing_seed = keys.signing_seed;
  self->head_key = keys.head_key;
  keys = (struct bulla_actor_keys){.head_key = NULL};
  return BULLA_OK;
}

enum bulla_status bulla_self_load(uint8_t *first_lane, struct bulla_keyring *keyring, struct bulla_db *db,
                                  const struct bulla_actor_key *key) {
  struct bulla_actor_row row;
  struct bulla_self *self BULLA_CLEANUP(bulla_self_free) = calloc(1, sizeof(*self));
  if (self == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(self->id, key->id, sizeof(self->id));
  BULLA_TRY(load_row(&row, keyring, db, self));
  BULLA_TRY(take_keys(self, key, &row.said));
  BULLA_TRY(bulla_common_box_open(&keyring->limit_key, keyring, self->box_private, &row.said));
  self->number = row.said.number;
  memcpy(self->name, row.said.name.data, row.said.name.len);
  self->name_len = row.said.name.len;
  memcpy(self->checked, keyring->checked, sizeof(self->checked));
  memcpy(first_lane, row.said.first_lane.data, BULLA_SHA256_LEN);
  keyring->self = self;
  self = NULL;
  return BULLA_OK;
}

/* Whether the actor still is, in the directory that |keyring| knows by now. */
static enum bulla_status look_again(struct bulla_keyring *keyring, struct bulla_db *db) {
  struct bulla_actor_row row;
  BULLA_TRY(load_row(&row, keyring, db, keyring->self));
  bool same = row.said.number == keyring->self->number &&
              bulla_span_equal(row.said.signing_public,
                               bulla_span(keyring->self->signing_public, sizeof(keyring->self->signing_public)));
  return same ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_self_look(struct bulla_keyring *keyring, struct bulla_db *db, struct bulla_span signature) {
  struct bulla_self *self = keyring->self;
  if (self == NULL || (memcmp(self->checked, keyring->checked, sizeof(self->checked)) == 0 &&
                       bulla_keyring_knows(keyring, signature))) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_vault_row_learn(keyring, db));
  if (memcmp(self->checked, keyring->checked, sizeof(self->checked)) == 0) {
    return BULLA_OK; /* of a row that was read a while ago */
  }
  /* First: whatever comes of it, what grants gave before counts no more. */
  memset(self->checked, 0, sizeof(self->checked));
  forget_rings(self);
  keyring->audit_is_over = true; /* unless bulla_role_open_audit finds that it is not */
  bulla_keyring_retire(keyring);
  BULLA_TRY(look_again(keyring, db));
  memcpy(self->checked, keyring->checked, sizeof(self->checked));
  return BULLA_OK;
}
