/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/grants.h. */

#include "store/grants.h"

#include "store/actor_box.h"
#include "store/advance.h"
#include "store/clock.h"

/* Signs |said| with the generation of |advance|, and moves the directory there. */
static enum bulla_status sign(struct bulla_signed *made, struct bulla_advance *advance, struct bulla_change *change,
                              struct bulla_grant_statement *said) {
  said->generation = advance->generation;
  BULLA_TRY(bulla_sign_grant(made, &change->vault->keyring, said));
  BULLA_TRY(bulla_advance_put(advance, change, said->id, made));
  return bulla_advance_end(advance, change);
}

static enum bulla_status insert(struct bulla_db *db, const struct bulla_grant_statement *said,
                                const struct bulla_signed *made) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_INSERT_GRANT);
  bulla_bind_blob(&statement, said->id);
  bulla_bind_blob(&statement, said->actor_id);
  bulla_bind_blob(&statement, said->tenant_id);
  bulla_bind_text(&statement, bulla_role_name(said->role));
  bulla_bind_int(&statement, said->ended);
  bulla_bind_blob(&statement, bulla_written(&made->statement));
  bulla_bind_blob(&statement, bulla_span(made->signature, sizeof(made->signature)));
  return bulla_finish(&statement);
}

enum bulla_status bulla_grant_insert(struct bulla_change *change, const struct bulla_actor_statement *actor,
                                     struct bulla_span tenant_id, enum bulla_role role, const struct bulla_secret *key,
                                     int64_t epoch) {
  const struct bulla_keyring *keyring = &change->vault->keyring;
  uint8_t id[BULLA_ID_LEN];
  uint8_t bytes[BULLA_ACTOR_BOX_LEN];
  struct bulla_buffer box = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_advance advance;
  struct bulla_signed made;
  struct bulla_grant_statement said = {
      .uuid = bulla_keyring_uuid(keyring),
      .id = bulla_span(id, sizeof(id)),
      .actor_id = actor->id,
      .tenant_id = tenant_id,
      .role = role,
      .epoch = epoch,
      .created = bulla_clock_s(),
  };
  BULLA_TRY(bulla_random(id, sizeof(id)));
  BULLA_TRY(bulla_grant_box_seal(&box, keyring, actor, &said, key));
  said.box = bulla_written(&box);
  BULLA_TRY(bulla_advance_begin(&advance, change));
  BULLA_TRY(sign(&made, &advance, change, &said));
  bulla_advance_tell(change, &made);
  return insert(change->vault->db, &said, &made);
}

static enum bulla_status update(struct bulla_db *db, const struct bulla_grant_statement *said,
                                const struct bulla_signed *made) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_UPDATE_GRANT);
  bulla_bind_int(&statement, said->ended);
  bulla_bind_blob(&statement, bulla_written(&made->statement));
  bulla_bind_blob(&statement, bulla_span(made->signature, sizeof(made->signature)));
  bulla_bind_blob(&statement, said->id);
  return bulla_finish(&statement);
}

enum bulla_status bulla_grant_end(struct bulla_change *change, const struct bulla_grant_statement *grant) {
  struct bulla_advance advance;
  struct bulla_signed made;
  struct bulla_grant_statement said = *grant;
  said.box = bulla_span(NULL, 0);
  BULLA_TRY(bulla_advance_begin(&advance, change));
  said.ended = advance.generation;
  BULLA_TRY(sign(&made, &advance, change, &said));
  bulla_advance_tell(change, &made);
  return update(change->vault->db, &said, &made);
}

/* Has |grant| give |key| of |epoch|. */
static enum bulla_status reseal(struct bulla_change *change, const struct bulla_grant_statement *grant,
                                const struct bulla_secret *key, int64_t epoch) {
  struct bulla_vault *vault = change->vault;
  struct bulla_actor_row actor;
  struct bulla_advance advance;
  struct bulla_signed made;
  struct bulla_grant_statement said = *grant;
  uint8_t bytes[BULLA_ACTOR_BOX_LEN];
  struct bulla_buffer box = bulla_buffer(bytes, sizeof(bytes));
  enum bulla_status status = bulla_actor_by_id(&actor, &vault->keyring, vault->db, grant->actor_id);
  BULLA_TRY(status == BULLA_NOT_FOUND ? BULLA_REFUSED : status);
  said.epoch = epoch;
  BULLA_TRY(bulla_grant_box_seal(&box, &vault->keyring, &actor.said, &said, key));
  said.box = bulla_written(&box);
  BULLA_TRY(bulla_advance_begin(&advance, change));
  BULLA_TRY(sign(&made, &advance, change, &said));
  return update(vault->db, &said, &made);
}

enum bulla_status bulla_grants_reseal(struct bulla_change *change, struct bulla_span tenant_id, enum bulla_role role,
                                      const struct bulla_secret *key, int64_t epoch) {
  struct bulla_vault *vault = change->vault;
  struct bulla_grant_row rows[BULLA_ACTOR_ROWS];
  size_t num = 0;
  do {
    const struct bulla_grant_row *after = num > 0 ? &rows[num - 1] : NULL;
    BULLA_TRY(bulla_grants_of_role(rows, &num, &vault->keyring, vault->db, tenant_id, role, after));
    for (size_t i = 0; i < num; i++) {
      BULLA_TRY(rows[i].said.ended == 0 ? reseal(change, &rows[i].said, key, epoch) : BULLA_OK);
    }
  } while (num == BULLA_ACTOR_ROWS);
  return BULLA_OK;
}
