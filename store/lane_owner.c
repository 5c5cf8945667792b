/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/lane_owner.h. */

#include "store/lane_owner.h"

#include "core/log.h"

int64_t bulla_lane_first(const struct bulla_keyring *keyring) {
  return keyring->self != NULL ? BULLA_ACTOR_LANES * keyring->self->number : 0;
}

bool bulla_lane_is_first(int64_t number) {
  return number >= 0 && number % BULLA_ACTOR_LANES == 0;
}

bool bulla_lane_are_of_one(int64_t one, int64_t other) {
  return one >= 0 && other >= 0 && one / BULLA_ACTOR_LANES == other / BULLA_ACTOR_LANES;
}

bool bulla_lane_is_own(const struct bulla_keyring *keyring, int64_t number) {
  return bulla_lane_are_of_one(bulla_lane_first(keyring), number);
}

/* Takes the row of the actor |number|. */
static enum bulla_status take_actor(struct bulla_lane_owner *owner, const struct bulla_keyring *keyring, int64_t number,
                                    struct bulla_statement *statement) {
  struct bulla_actor_statement said;
  (void)bulla_column_blob(statement, BULLA_ID_LEN);
  (void)bulla_column_int(statement);
  (void)bulla_column_text(statement, BULLA_NAME_MAX);
  struct bulla_span bytes = bulla_column_blob(statement, BULLA_STATEMENT_MAX);
  struct bulla_span signature = bulla_column_exact(statement, BULLA_SIGNATURE_LEN);
  BULLA_TRY(bulla_columns_good(statement) ? bulla_check_actor(&said, keyring, bytes, signature) : BULLA_REFUSED);
  if (said.number != number) {
    return BULLA_REFUSED;
  }
  owner->id_len = said.id.len;
  owner->name_len = said.name.len;
  memcpy(owner->id, said.id.data, said.id.len);
  memcpy(owner->name, said.name.data, said.name.len);
  memcpy(owner->signing_public, said.signing_public.data, sizeof(owner->signing_public));
  memcpy(owner->first_lane, said.first_lane.data, sizeof(owner->first_lane));
  return BULLA_OK;
}

enum bulla_status bulla_lane_owner_find(struct bulla_lane_owner *owner, const struct bulla_keyring *keyring,
                                        struct bulla_db *db, int64_t number) {
  int64_t actor = number / BULLA_ACTOR_LANES;
  *owner = (struct bulla_lane_owner){.id_len = 0};
  if (number < 0) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "a lane of the log has a number that bulla gives to none");
  }
  if (actor == 0) {
    return BULLA_OK;
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_ACTOR_BY_NUMBER);
  bool row;
  bulla_bind_int(&statement, actor);
  BULLA_TRY(bulla_step(&statement, &row));
  enum bulla_status status = row ? take_actor(owner, keyring, actor, &statement) : BULLA_REFUSED;
  return status == BULLA_REFUSED
             ? bulla_explain(BULLA_AUDIT_BROKEN, "a lane of the log is of an actor that the vault does not have")
             : status;
}

/* Whether who makes the lane has signed: the vault those that are the first of somebody's, and all of the root's. */
static enum bulla_status check_signature(const struct bulla_lane_owner *owner, const struct bulla_keyring *keyring,
                                         int64_t number, struct bulla_span statement, struct bulla_span signature) {
  bool is_by_vault = owner->id_len == 0 || bulla_lane_is_first(number);
  return is_by_vault ? bulla_check_signed(keyring, statement, signature)
                     : bulla_signature_verify(owner->signing_public, signature.data, statement);
}

/* The first lane of an actor is the one that its statement names. */
static enum bulla_status check_named(const struct bulla_lane_owner *owner, int64_t number,
                                     struct bulla_span statement) {
  uint8_t digest[BULLA_SHA256_LEN];
  if (owner->id_len == 0 || !bulla_lane_is_first(number)) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_sha256(digest, statement));
  return memcmp(digest, owner->first_lane, sizeof(digest)) == 0 ? BULLA_OK : BULLA_REFUSED;
}

/* Returns BULLA_REFUSED for what is not signed, or not of that lane. */
static enum bulla_status check(struct bulla_lane_statement *said, const struct bulla_lane_owner *owner,
                               const struct bulla_keyring *keyring, int64_t number, struct bulla_span statement,
                               struct bulla_span signature) {
  if (signature.len != BULLA_SIGNATURE_LEN) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(check_signature(owner, keyring, number, statement, signature));
  BULLA_TRY(bulla_lane_statement_read(said, statement));
  bool same = said->number == number && bulla_span_equal(said->uuid, bulla_keyring_uuid(keyring)) &&
              bulla_span_equal(said->owner, bulla_span(owner->id, owner->id_len));
  return same ? check_named(owner, number, statement) : BULLA_REFUSED;
}

enum bulla_status bulla_lane_check(struct bulla_lane_statement *said, const struct bulla_keyring *keyring,
                                   struct bulla_db *db, int64_t number, struct bulla_span statement,
                                   struct bulla_span signature) {
  struct bulla_lane_owner owner;
  BULLA_TRY(bulla_lane_owner_find(&owner, keyring, db, number));
  enum bulla_status status = check(said, &owner, keyring, number, statement, signature);
  return status == BULLA_REFUSED
             ? bulla_explain(BULLA_AUDIT_BROKEN, "a lane of the log was not signed by whoever has it")
             : status;
}
