/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Revoking an actor. What it has put is sealed anew first, a page at a time, while the actor may go on; the rest of
 * that, the end of all its grants and of itself are one transaction, after which it can neither open the vault nor have
 * anything taken that it signed. If it has very many grants, most of them end before that. */

#include <limits.h>

#include "core/log.h"
#include "store/advance.h"
#include "store/columns.h"
#include "store/grant.h"
#include "store/lane_record.h"
#include "store/may.h"
#include "store/names.h"
#include "store/posted.h"
#include "store/tenant.h"
#include "store/whole.h"

enum { GRANTS_AT_ONCE = 64 }; /* that end in one transaction */

/* What there is to do, and what was done. */
struct revoking {
  struct bulla_vault *vault;
  const struct bulla_who *who;
  struct bulla_span name;
  bool distrust;
  int64_t num_adopted;
};

/* Finds the actor, which must not be revoked, in the caller's transaction. */
static enum bulla_status find(struct bulla_actor_row *actor, const struct revoking *revoking) {
  struct bulla_vault *vault = revoking->vault;
  enum bulla_status status = bulla_actor_by_name(actor, &vault->keyring, vault->db, revoking->name);
  BULLA_TRY(status == BULLA_NOT_FOUND ? bulla_explain(status, "there is no such actor") : status);
  return actor->said.revoked ? bulla_explain(BULLA_REVOKED, "the actor was revoked already") : BULLA_OK;
}

static enum bulla_status adopt(struct revoking *revoking, bulla_progress_fn progress, void *arg) {
  struct bulla_actor_row actor;
  {
    struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
    struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
    BULLA_TRY(bulla_vault_lock(&locked, revoking->vault));
    BULLA_TRY(bulla_db_begin(&state, revoking->vault->db, BULLA_DB_READ));
    BULLA_TRY(find(&actor, revoking));
  }
  return bulla_posted_adopt_all(&revoking->num_adopted, revoking->vault, actor.said.id, bulla_span(NULL, 0), progress,
                                arg);
}

/* Ends up to |max| grants of the actor, and sets |*num| to how many. If |tells|, each has a record of its own. */
static enum bulla_status close_grants(int *num, struct bulla_change *change, const struct bulla_actor_statement *actor,
                                      int max, bool tells) {
  struct bulla_vault *vault = change->vault;
  struct bulla_grant_row rows[BULLA_ACTOR_ROWS];
  size_t num_rows;
  *num = 0;
  do {
    BULLA_TRY(bulla_grants_in_force(rows, &num_rows, &vault->keyring, vault->db, actor->id));
    for (size_t i = 0; i < num_rows && *num < max; i++, (*num)++) {
      BULLA_TRY(bulla_grant_close(change, &rows[i].said));
      BULLA_TRY(tells ? bulla_grant_tell_end(change, actor->name, &rows[i].said) : BULLA_OK);
    }
  } while (num_rows > 0 && *num < max);
  return BULLA_OK;
}

/* Begins a step, and finds the actor. No limit keeps anybody from revoking. */
static enum bulla_status begin_step(struct bulla_change *change, struct bulla_actor_row *actor,
                                    const struct revoking *revoking) {
  BULLA_TRY(bulla_change_begin(change, revoking->vault, revoking->who, BULLA_DB_WRITE_FIRST));
  BULLA_TRY(bulla_change_read_head(change));
  return find(actor, revoking);
}

/* Takes in what the actor has put since. */
static enum bulla_status adopt_rest(int64_t *num, const struct bulla_actor_row *actor,
                                    const struct revoking *revoking) {
  *num = 0;
  return revoking->distrust ? BULLA_OK
                            : bulla_posted_adopt_rest(num, revoking->vault, actor->said.id, bulla_span(NULL, 0));
}

/* Ends some of the grants of an actor that has many, as if each were taken back by itself: so nobody waits for long.
 * |*left| is how many there are then. */
static enum bulla_status close_some(int64_t *left, struct revoking *revoking) {
  struct bulla_vault *vault = revoking->vault;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  struct bulla_actor_row actor;
  int64_t rest;
  int num;
  BULLA_TRY(begin_step(&change, &actor, revoking));
  BULLA_TRY(bulla_count(left, vault->db, BULLA_QUERY_COUNT_GRANTS, actor.said.id));
  if (*left <= GRANTS_AT_ONCE) {
    return BULLA_OK;
  }
  BULLA_TRY(adopt_rest(&rest, &actor, revoking));
  BULLA_TRY(close_grants(&num, &change, &actor.said, GRANTS_AT_ONCE, true));
  if (num == 0) {
    return bulla_explain(BULLA_REFUSED, "the grants of the actor are counted, and are not there: restore a backup");
  }
  BULLA_TRY(bulla_change_commit(&change));
  revoking->num_adopted += rest;
  *left -= num;
  return BULLA_OK;
}

static enum bulla_status update(struct bulla_db *db, struct bulla_span id, const struct bulla_signed *made) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_UPDATE_ACTOR);
  bulla_bind_blob(&statement, bulla_written(&made->statement));
  bulla_bind_blob(&statement, bulla_span(made->signature, sizeof(made->signature)));
  bulla_bind_blob(&statement, id);
  return bulla_finish(&statement);
}

/* Signs that the actor is revoked. */
static enum bulla_status sign_off(struct bulla_change *change, const struct bulla_actor_statement *actor) {
  struct bulla_advance advance;
  struct bulla_signed made;
  struct bulla_actor_statement said = *actor;
  BULLA_TRY(bulla_advance_begin(&advance, change));
  said.revoked = true;
  said.common_box = bulla_span(NULL, 0);
  said.generation = advance.generation;
  BULLA_TRY(bulla_sign_actor(&made, &change->vault->keyring, &said));
  BULLA_TRY(bulla_advance_put(&advance, change, said.id, &made));
  BULLA_TRY(bulla_advance_end(&advance, change));
  bulla_advance_tell(change, &made);
  return update(change->vault->db, said.id, &made);
}

/* The record has as its field how many values were sealed anew, or that none was to be. */
static enum bulla_status tell(struct bulla_change *change, const struct revoking *revoking) {
  char text[BULLA_DIGITS_MAX];
  struct bulla_span field = revoking->distrust ? BULLA_LITERAL("distrust") : bulla_digits(text, revoking->num_adopted);
  return bulla_change_tell(change, BULLA_LITERAL("actor-revoke"), bulla_span(NULL, 0), revoking->name, field);
}

/* All of it that needs the vault to itself. */
static enum bulla_status revoke_locked(struct revoking *revoking) {
  struct bulla_vault *vault = revoking->vault;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  struct bulla_actor_row actor;
  int64_t rest;
  int num;
  BULLA_TRY(begin_step(&change, &actor, revoking));
  BULLA_TRY(adopt_rest(&rest, &actor, revoking));
  revoking->num_adopted += rest;
  BULLA_TRY(bulla_check_whole(vault)); /* a grant that is hidden now is not ended */
  BULLA_TRY(close_grants(&num, &change, &actor.said, INT_MAX, false));
  BULLA_TRY(sign_off(&change, &actor.said));
  BULLA_TRY(tell(&change, revoking));
  BULLA_TRY(bulla_lane_record_ends(&change, actor.said.number));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_actor_revoke(struct bulla_vault *vault, int64_t *num_adopted, const struct bulla_who *who,
                                           struct bulla_span name, bool distrust, bulla_progress_fn progress,
                                           void *arg) {
  int64_t left;
  struct revoking revoking = {.vault = vault, .who = who, .name = name, .distrust = distrust};
  if (num_adopted != NULL) {
    *num_adopted = 0;
  }
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("actor-revoke"), &(struct bulla_place){.entry = name}));
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(name));
  BULLA_TRY(distrust ? BULLA_OK : adopt(&revoking, progress, arg));
  do {
    BULLA_TRY(close_some(&left, &revoking));
  } while (left > GRANTS_AT_ONCE);
  BULLA_TRY(revoke_locked(&revoking));
  if (num_adopted != NULL) {
    *num_adopted = revoking.num_adopted;
  }
  bulla_watch_wait(&vault->watch); /* who verifies tokens looks that often */
  return BULLA_OK;
}
