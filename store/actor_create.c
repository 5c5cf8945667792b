/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Making an actor: its key, of which the vault keeps the public halves alone, its row, and the first lane of its log,
 * without which an actor cannot open the vault. */

#include "core/log.h"
#include "store/actor_box.h"
#include "store/actor_key.h"
#include "store/actors.h"
#include "store/advance.h"
#include "store/clock.h"
#include "store/lane_record.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/whole.h"

/* An actor that is being made. */
struct making {
  struct bulla_actor_key key;
  struct bulla_actor_keys keys;
  struct bulla_actor_statement said; /* with spans in here */
  uint8_t first_lane[BULLA_SHA256_LEN];
  uint8_t box[BULLA_ACTOR_BOX_LEN];
};

static void making_end(struct making *making) {
  bulla_actor_key_free(&making->key);
  bulla_actor_keys_free(&making->keys);
}

static enum bulla_status begin(struct making *making, const struct bulla_keyring *keyring, struct bulla_span name) {
  uint8_t fingerprint[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_fingerprint(fingerprint, keyring));
  BULLA_TRY(bulla_actor_key_new(&making->key, fingerprint));
  BULLA_TRY(bulla_actor_key_expand(&making->keys, &making->key));
  making->said = (struct bulla_actor_statement){
      .uuid = bulla_keyring_uuid(keyring),
      .id = bulla_span(making->key.id, sizeof(making->key.id)),
      .name = name,
      .created = bulla_clock_s(),
      .signing_public = bulla_span(making->keys.signing_public, sizeof(making->keys.signing_public)),
      .box_public = bulla_span(making->keys.box_public, sizeof(making->keys.box_public)),
      .first_lane = bulla_span(making->first_lane, sizeof(making->first_lane)),
  };
  struct bulla_buffer box = bulla_buffer(making->box, sizeof(making->box));
  BULLA_TRY(bulla_common_box_seal(&box, keyring, &making->said, keyring->limit_key));
  making->said.common_box = bulla_written(&box);
  return BULLA_OK;
}

/* Numbers and names are given out once: the rows stay for good. */
static enum bulla_status find_number(int64_t *number, struct bulla_vault *vault, struct bulla_span name) {
  struct bulla_actor_row there;
  BULLA_TRY(bulla_check_whole(vault)); /* a name that was given is in a row that may have been taken away */
  enum bulla_status status = bulla_actor_by_name(&there, &vault->keyring, vault->db, name);
  if (status == BULLA_OK) {
    return bulla_explain(BULLA_EXISTS, there.said.revoked
                                           ? "an actor had this name and was revoked: a name is given once"
                                           : "an actor has this name already");
  }
  BULLA_TRY(status == BULLA_NOT_FOUND ? BULLA_OK : status);
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LAST_ACTOR);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *number = !row || bulla_column_null(&statement) ? 1 : bulla_column_int(&statement) + 1;
  if (!bulla_columns_good(&statement) || *number < 1) {
    return BULLA_REFUSED;
  }
  return *number <= BULLA_ACTORS_MAX
             ? BULLA_OK
             : bulla_explain(BULLA_TOO_LARGE, "a vault has at most %d actors, with those that were revoked",
                             BULLA_ACTORS_MAX);
}

/* Makes the first lane, of which lane 0 tells. */
static enum bulla_status start_lane(struct making *making, struct bulla_change *change) {
  struct bulla_vault *vault = change->vault;
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  struct bulla_audit_log log = {
      .db = vault->db, .keyring = &vault->keyring, .lane.number = BULLA_ACTOR_LANES * making->said.number};
  BULLA_TRY(bulla_audit_start_for(&head, &log, making->said.id, making->keys.head_key));
  memcpy(making->first_lane, log.lane.start, sizeof(making->first_lane));
  return bulla_lane_record_open(change, &log.lane);
}

static enum bulla_status insert(struct bulla_db *db, const struct bulla_actor_statement *said,
                                const struct bulla_signed *made) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_INSERT_ACTOR);
  bulla_bind_blob(&statement, said->id);
  bulla_bind_int(&statement, said->number);
  bulla_bind_text(&statement, said->name);
  bulla_bind_blob(&statement, bulla_written(&made->statement));
  bulla_bind_blob(&statement, bulla_span(made->signature, sizeof(made->signature)));
  return bulla_finish(&statement);
}

static enum bulla_status enroll(struct making *making, struct bulla_change *change) {
  struct bulla_vault *vault = change->vault;
  struct bulla_advance advance;
  struct bulla_signed made;
  BULLA_TRY(bulla_change_read_head(change));
  BULLA_TRY(find_number(&making->said.number, vault, making->said.name));
  BULLA_TRY(start_lane(making, change));
  BULLA_TRY(bulla_advance_begin(&advance, change));
  making->said.generation = advance.generation;
  BULLA_TRY(bulla_sign_actor(&made, &vault->keyring, &making->said));
  BULLA_TRY(bulla_advance_put(&advance, change, making->said.id, &made));
  BULLA_TRY(bulla_advance_end(&advance, change));
  bulla_advance_tell(change, &made);
  return insert(vault->db, &making->said, &made);
}

enum bulla_status bulla_vault_actor_create(struct bulla_vault *vault, struct bulla_secret **key,
                                           const struct bulla_who *who, struct bulla_span name) {
  struct making making BULLA_CLEANUP(making_end) = {.key = {.seed = NULL}};
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  *key = NULL;
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("actor-create"), &(struct bulla_place){.entry = name}));
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(name));
  BULLA_TRY(begin(&making, &vault->keyring, name));
  BULLA_TRY(bulla_actor_key_write(&text, &making.key));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.entry = name};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("actor-create"), &place));
  BULLA_TRY(enroll(&making, &change));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("actor-create"), bulla_span(NULL, 0), name, bulla_span(NULL, 0)));
  BULLA_TRY(bulla_change_commit(&change));
  *key = text;
  text = NULL;
  return BULLA_OK;
}
