/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/watch.h. */

#include "store/watch.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/lock.h"
#include "core/log.h"
#include "store/clock.h"
#include "store/tag.h"

enum { RELOAD_AFTER = 4096, JTI_KEPT = 64, NUM_DIGESTS_KEPT = 32, TEXT_MAX = 128, STATEMENT_MAX = 8192 };

void bulla_watch_begin(struct bulla_watch *watch, struct bulla_db *main) {
  static _Atomic uint64_t next_generation;
  pthread_mutex_init(&watch->mutex, NULL);
  watch->main = main;
  watch->failure = BULLA_IO;
  watch->number = -1;
  /* No two watches of a process ever have the same. */
  watch->generation = atomic_fetch_add(&next_generation, UINT64_C(1) << 40);
}

void bulla_watch_end(struct bulla_watch *watch) {
  bulla_db_close(&watch->db);
  bulla_revocations_free(&watch->keys);
  bulla_revocations_free(&watch->live);
  bulla_revocations_free(&watch->tokens);
  pthread_mutex_destroy(&watch->mutex);
}

/* A cheap clock: it moves every few milliseconds, and a look is made by the tick before it. */
static int64_t clock_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

static bool is_recent(const struct bulla_watch *watch, int64_t now, int64_t limit) {
  int64_t looked = atomic_load_explicit(&watch->looked, memory_order_acquire);
  return looked != 0 && now - looked < limit;
}

/* What the set of tokens holds for a digest of a tenant: the first half of it, and the tenant. */
static void member_of(uint8_t *member, const uint8_t *digest, uint64_t tenant_tag) {
  uint64_t second;
  memcpy(member, digest, BULLA_REVOCATION_LEN);
  memcpy(&second, member + sizeof(second), sizeof(second));
  second ^= tenant_tag;
  memcpy(member + sizeof(second), &second, sizeof(second));
}

static enum bulla_status add_token(struct bulla_watch *watch, struct bulla_span tenant, const uint8_t *digest) {
  uint8_t member[BULLA_REVOCATION_LEN];
  uint64_t tag = bulla_tag(watch->random, tenant);
  bool added;
  member_of(member, digest, tag);
  BULLA_TRY(bulla_revocations_add(&watch->tokens, &added, member));
  atomic_fetch_or_explicit(&watch->tenants[tag % 16], UINT64_C(1) << (tag >> 58), memory_order_release);
  return BULLA_OK;
}

static enum bulla_status add_key(struct bulla_watch *watch, struct bulla_span id) {
  bool added = false;
  if (id.len == BULLA_REVOCATION_LEN) {
    BULLA_TRY(bulla_revocations_add(&watch->keys, &added, id.data));
  }
  if (added) {
    atomic_fetch_add(&watch->generation, 2);
  }
  return BULLA_OK;
}

static enum bulla_status connect(struct bulla_watch *watch, int64_t until) {
  BULLA_TRY(bulla_db_check_site(watch->main));
  if (watch->main->read_only) {
    return bulla_explain(BULLA_READ_ONLY,
                         "revocations by others cannot be seen in a vault that is open for reading only");
  }
  /* Once: what the sets hold depends on it. */
  if (watch->random == 0) {
    BULLA_TRY(bulla_random((uint8_t *)&watch->random, sizeof(watch->random)));
  }
  if (watch->db == NULL) {
    BULLA_TRY(bulla_db_open_another(&watch->db, watch->main, until));
    BULLA_TRY(bulla_db_check_site(watch->main));
  }
  return BULLA_OK;
}

/* A number that nobody could have counted to leaves no room for the next ones. */
static enum bulla_status read_last(int64_t *number, struct bulla_db *db) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_LAST_REVOCATION);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *number = row && !bulla_column_null(&statement) ? bulla_column_int(&statement) : 0;
  (void)bulla_column_int(&statement); /* of the head, which is NULL for who is not shown the log any more */
  return bulla_columns_good(&statement) && *number < INT64_MAX / 2
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN,
                             "the list of revocations was tampered with, or is not shown to this login any more");
}

static void bind_or_null(struct bulla_statement *statement, struct bulla_span bytes,
                         void (*bind)(struct bulla_statement *, struct bulla_span)) {
  if (bytes.len > 0) {
    bind(statement, bytes);
  } else {
    bulla_bind_null(statement);
  }
}

enum bulla_status bulla_watch_tell(struct bulla_db *db, struct bulla_span tenant_id, struct bulla_span apikey,
                                   struct bulla_span digest) {
  int64_t last;
  BULLA_TRY(read_last(&last, db));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_TELL_REVOCATION);
  bulla_bind_blob(&statement, tenant_id);
  bind_or_null(&statement, apikey, bulla_bind_text);
  bind_or_null(&statement, digest, bulla_bind_blob);
  return bulla_finish(&statement);
}

static enum bulla_status tell_of_tenant(int64_t *num, struct bulla_db *db, enum bulla_query query,
                                        struct bulla_span tenant_id) {
  int64_t last;
  BULLA_TRY(read_last(&last, db));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, query);
  bulla_bind_blob(&statement, tenant_id);
  return bulla_finish_counted(&statement, num);
}

enum bulla_status bulla_watch_tell_again(bool *told, struct bulla_db *db, struct bulla_span tenant_id) {
  int64_t num;
  BULLA_TRY(tell_of_tenant(&num, db, BULLA_QUERY_TELL_REVOCATIONS, tenant_id));
  *told = num > 0;
  return BULLA_OK;
}

enum bulla_status bulla_watch_tell_all(struct bulla_db *db, struct bulla_span tenant_id) {
  int64_t num;
  return tell_of_tenant(&num, db, BULLA_QUERY_TELL_LIVE_APIKEYS, tenant_id);
}

/* Runs a query of what is revoked now, and takes each row by |take|. */
static enum bulla_status take_all(struct bulla_watch *watch, enum bulla_query query,
                                  enum bulla_status (*take)(struct bulla_watch *, struct bulla_statement *)) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(watch->db, query);
  for (;;) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    BULLA_TRY(take(watch, &statement));
  }
}

static enum bulla_status take_token(struct bulla_watch *watch, struct bulla_statement *statement) {
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_span tenant = bulla_column_text(statement, TEXT_MAX);
  bulla_column_bytes(statement, digest, sizeof(digest));
  return bulla_columns_good(statement) ? add_token(watch, tenant, digest) : BULLA_OK;
}

/* Where they are too far ahead to be followed. Which API keys were revoked meanwhile the tables do not say, since
 * those of a tenant that was removed are gone: nobody is known to be live any more. */
static enum bulla_status reload(struct bulla_watch *watch) {
  watch->reloads++;
  atomic_fetch_add(&watch->generation, 2);
  return take_all(watch, BULLA_QUERY_LIST_REVOKED_TOKENS, take_token);
}

static enum bulla_status take_revocation(struct bulla_watch *watch, struct bulla_statement *statement) {
  if (!bulla_column_null(statement)) {
    return add_key(watch, bulla_column_text(statement, TEXT_MAX));
  }
  /* The tokens of a tenant that was removed open no more. */
  return bulla_column_null(statement) ? BULLA_OK : take_token(watch, statement);
}

/* Whether the directory is another one than at the last look. */
static enum bulla_status is_changed(bool *changed, struct bulla_watch *watch) {
  uint8_t signature[sizeof(watch->directory)];
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(watch->db, BULLA_QUERY_LOAD_VAULT_STATEMENT);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return bulla_explain(BULLA_NOT_A_VAULT, "the vault's own row is missing");
  }
  (void)bulla_column_blob(&statement, STATEMENT_MAX);
  bulla_column_bytes(&statement, signature, sizeof(signature));
  if (!bulla_columns_good(&statement)) {
    return bulla_explain(BULLA_NOT_A_VAULT, "the vault's own row is malformed");
  }
  *changed = memcmp(signature, watch->directory, sizeof(signature)) != 0;
  memcpy(watch->directory, signature, sizeof(signature));
  return BULLA_OK;
}

static enum bulla_status read_state(struct bulla_watched_actor *state, struct bulla_watch *watch) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(watch->db, BULLA_QUERY_ACTOR_STATE);
  bulla_bind_blob(&statement, bulla_span(watch->actor, sizeof(watch->actor)));
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return bulla_explain(BULLA_REFUSED, "the row of the actor is missing");
  }
  bulla_column_bytes(&statement, state->signature, sizeof(state->signature));
  state->last_end = bulla_column_null(&statement) ? 0 : bulla_column_int(&statement);
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED;
}

/* Whether a role still is there the vault's connection finds out, for each API key that is known: only where something
 * was said of this actor, since others may come and go all the time. */
static enum bulla_status follow_actor(struct bulla_watch *watch) {
  struct bulla_watched_actor state = {.last_end = 0};
  bool changed = false;
  BULLA_TRY(is_changed(&changed, watch));
  if (!changed) {
    return BULLA_OK;
  }
  enum bulla_status status = read_state(&state, watch);
  if (status != BULLA_OK) {
    memset(watch->directory, 0, sizeof(watch->directory)); /* to be looked at again */
    return status;
  }
  if (memcmp(state.signature, watch->state.signature, sizeof(state.signature)) != 0 ||
      state.last_end != watch->state.last_end) {
    watch->state = state;
    atomic_fetch_add(&watch->generation, 2);
  }
  return BULLA_OK;
}

/* The revocations between the last look and |number|, none of which may be missing. */
static enum bulla_status follow(struct bulla_watch *watch, int64_t number) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(watch->db, BULLA_QUERY_LIST_REVOCATIONS);
  bulla_bind_int(&statement, watch->number);
  bulla_bind_int(&statement, number);
  for (int64_t next = watch->number + 1;; next++) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return next == number + 1 ? BULLA_OK : bulla_explain(BULLA_AUDIT_BROKEN, "a revocation is missing");
    }
    BULLA_TRY(take_revocation(watch, &statement));
  }
}

static enum bulla_status catch_up(struct bulla_watch *watch) {
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  int64_t number;
  BULLA_TRY(bulla_db_begin(&transaction, watch->db, BULLA_DB_READ));
  if (watch->db->read_only) {
    return bulla_explain(BULLA_READ_ONLY, "what a standby knows of revocations may be old");
  }
  BULLA_TRY(read_last(&number, watch->db));
  if (number < watch->number) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "fewer revocations are there than this process has seen");
  }
  bool far = watch->number < 0 || number - watch->number > RELOAD_AFTER;
  if (number != watch->number) {
    BULLA_TRY(far ? reload(watch) : follow(watch, number));
  }
  watch->number = number;
  static const uint8_t nobody[sizeof(watch->actor)];
  return memcmp(watch->actor, nobody, sizeof(nobody)) != 0 ? follow_actor(watch) : BULLA_OK;
}

/* Called with the mutex, when what began at |start| has failed: a server that is silent is not asked by each caller in
 * turn, for as long each time. A connection that failed is made anew the next time. */
static enum bulla_status fail(struct bulla_watch *watch, int64_t start, enum bulla_status status) {
  int64_t now = clock_ms();
  watch->failed = now + (now - start >= BULLA_LOOK_PAUSE_MS ? BULLA_LOOK_PAUSE_MS : 0);
  watch->failure = status;
  bulla_db_close(&watch->db);
  atomic_store_explicit(&watch->looked, 0, memory_order_release);
  return status;
}

/* Called with the mutex, for somebody who asked at |asked|. */
static enum bulla_status look(struct bulla_watch *watch, int64_t asked) {
  int64_t now = clock_ms();
  if (is_recent(watch, now, BULLA_LOOK_SOON_MS)) {
    return BULLA_OK;
  }
  if (asked < watch->failed) {
    return bulla_explain(watch->failure, "the last look for revocations has failed");
  }
  int64_t until = bulla_clock_monotonic_ms() + BULLA_LOOK_PATIENCE_MS;
  enum bulla_status status = connect(watch, until);
  if (status == BULLA_OK) {
    bulla_db_begin_call(watch->db, 0);
    bulla_db_set_until(watch->db, until);
    status = catch_up(watch);
  }
  if (status != BULLA_OK) {
    return fail(watch, now, status);
  }
  atomic_store_explicit(&watch->looked, now, memory_order_release);
  return BULLA_OK;
}

enum bulla_status bulla_watch_look(struct bulla_watch *watch) {
  int64_t now = clock_ms();
  if (is_recent(watch, now, BULLA_LOOK_SOON_MS)) {
    return BULLA_OK;
  }
  int before = bulla_hold_cancel();
  enum bulla_status status = BULLA_OK;
  bool taken = pthread_mutex_trylock(&watch->mutex) == 0;
  if (!taken && !is_recent(watch, now, BULLA_LOOK_MS)) {
    pthread_mutex_lock(&watch->mutex);
    taken = true;
  }
  if (taken) {
    status = look(watch, now);
    pthread_mutex_unlock(&watch->mutex);
  }
  bulla_allow_cancel(before);
  return status;
}

void bulla_watch_wait(struct bulla_watch *watch) {
  struct timespec tick;
  atomic_store_explicit(&watch->looked, 0, memory_order_release);
  if (watch->main->alone) {
    return;
  }
  (void)clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  /* Those who look read the clock by ticks, one at each end. */
  int64_t left_ms = BULLA_LOOK_MS + 2 * (tick.tv_nsec / 1000000 + 1);
  struct timespec left = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/* What the set of live keys holds for |id|: nothing from before the last reload is in it. */
static void live_member(uint8_t *member, const struct bulla_watch *watch, struct bulla_span id) {
  uint64_t second;
  memcpy(member, id.data, BULLA_REVOCATION_LEN);
  memcpy(&second, member + sizeof(second), sizeof(second));
  second ^= watch->reloads * UINT64_C(0x9e3779b97f4a7c15);
  memcpy(member + sizeof(second), &second, sizeof(second));
}

/* Called with the mutex: asks the database. */
static enum bulla_status find_live(struct bulla_watch *watch, struct bulla_span id) {
  uint8_t member[BULLA_REVOCATION_LEN];
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(watch->db, BULLA_QUERY_IS_LIVE_APIKEY);
  bool row;
  bool added;
  bulla_bind_text(&statement, id);
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  live_member(member, watch, id);
  return bulla_revocations_add(&watch->live, &added, member);
}

/* Called with the mutex. */
static enum bulla_status ask_for(struct bulla_watch *watch, struct bulla_span id) {
  int64_t start = clock_ms();
  bulla_db_begin_call(watch->db, 0);
  bulla_db_set_until(watch->db, bulla_clock_monotonic_ms() + BULLA_LOOK_PATIENCE_MS);
  enum bulla_status status = find_live(watch, id);
  return status == BULLA_OK || status == BULLA_NOT_FOUND ? status : fail(watch, start, status);
}

enum bulla_status bulla_watch_find_key(struct bulla_watch *watch, struct bulla_span id) {
  uint8_t member[BULLA_REVOCATION_LEN];
  if (id.len != BULLA_REVOCATION_LEN || bulla_revocations_has(&watch->keys, id.data)) {
    return BULLA_NOT_FOUND;
  }
  live_member(member, watch, id);
  if (bulla_revocations_has(&watch->live, member)) {
    return BULLA_OK;
  }
  int before = bulla_hold_cancel();
  pthread_mutex_lock(&watch->mutex);
  enum bulla_status status = watch->db != NULL ? ask_for(watch, id) : watch->failure;
  pthread_mutex_unlock(&watch->mutex);
  bulla_allow_cancel(before);
  return status;
}

/* Where the digest of |jti| is kept. Whoever picks ids that share a place gains that they are digested again. */
static size_t place_of(struct bulla_span jti) {
  size_t len = jti.len < sizeof(uint64_t) ? jti.len : sizeof(uint64_t);
  uint64_t first = bulla_word_of(jti.data, len);
  uint64_t last = bulla_word_of(jti.data + jti.len - len, len);
  return (size_t)(((first ^ last << 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % NUM_DIGESTS_KEPT;
}

/* SHA-256 of |jti|: a token is verified again and again, and a digest takes a quarter of the time of a verification. */
static enum bulla_status digest_of(uint8_t *digest, struct bulla_span jti) {
  static _Thread_local struct {
    size_t len; /* 0: nothing is kept here */
    uint8_t jti[JTI_KEPT];
    uint8_t digest[BULLA_SHA256_LEN];
  } kept[NUM_DIGESTS_KEPT];
  if (jti.len > JTI_KEPT) {
    return bulla_sha256(digest, jti);
  }
  size_t at = place_of(jti);
  if (!bulla_span_equal(jti, bulla_span(kept[at].jti, kept[at].len))) {
    kept[at].len = 0;
    BULLA_TRY(bulla_sha256(kept[at].digest, jti));
    memcpy(kept[at].jti, jti.data, jti.len);
    kept[at].len = jti.len;
  }
  memcpy(digest, kept[at].digest, BULLA_SHA256_LEN);
  return BULLA_OK;
}

enum bulla_status bulla_watch_has_token(const struct bulla_watch *watch, bool *revoked, struct bulla_span tenant,
                                        struct bulla_span jti) {
  uint8_t digest[BULLA_SHA256_LEN];
  uint8_t member[BULLA_REVOCATION_LEN];
  uint64_t tag = bulla_tag(watch->random, tenant);
  uint64_t bits = atomic_load_explicit(&watch->tenants[tag % 16], memory_order_acquire);
  *revoked = false;
  if ((bits >> (tag >> 58) & 1) != 0) {
    BULLA_TRY(digest_of(digest, jti));
    member_of(member, digest, tag);
    *revoked = bulla_revocations_has(&watch->tokens, member);
  }
  return BULLA_OK;
}
