/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Creating and opening a vault. */

#include <stddef.h>
#include <stdlib.h>

#include "core/crypto.h"
#include "core/log.h"
#include "core/sized.h"
#include "core/slab.h"
#include "store/actor.h"
#include "store/create.h"
#include "store/root_row.h"
#include "store/self.h"
#include "store/vault.h"
#include "store/vault_row.h"

/* What a vault is opened from. */
struct source {
  const char *url;                      /* of a vault, or the place of a backup */
  const struct bulla_db_driver *backup; /* of a backup, or NULL */
};

static enum bulla_status open_source(struct bulla_db **db, const struct source *source, bool read_only) {
  return source->backup != NULL ? bulla_db_open_backup(db, source->backup, source->url, read_only)
                                : bulla_db_open(db, source->url, read_only);
}

/* Connects a new |*vault| to the database of |source|, whoever's it is. */
static enum bulla_status connect_to(struct bulla_vault **vault, const struct source *source, bool read_only) {
  struct bulla_vault *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = bulla_vault_count();
  if (status != BULLA_OK) {
    free(made);
    return status;
  }
  *vault = made;
  made->fork_epoch = bulla_fork_epoch();
  bulla_queue_begin(&made->queue);
  status = open_source(&made->db, source, read_only);
  bulla_watch_begin(&made->watch, made->db);
  made->log = (struct bulla_audit_log){.db = made->db, .keyring = &made->keyring};
  made->limits.db = made->db;
  made->limits.keyring = &made->keyring;
  return status;
}

/* What bulla_vault_create is given. */
struct order {
  const struct bulla_root *root;
};

static enum bulla_status fill(void *arg, struct bulla_db *db) {
  const struct order *order = arg;
  const struct bulla_who who = {.actor = BULLA_LITERAL("bulla")};
  struct bulla_making making BULLA_CLEANUP(bulla_making_free) = {.db = NULL};
  struct bulla_audit_record record =
      bulla_audit_record(&who, BULLA_LITERAL("init"), bulla_span(NULL, 0), bulla_span(NULL, 0));
  uint8_t uuid[BULLA_ID_LEN];
  BULLA_TRY(bulla_random(uuid, sizeof(uuid)));
  BULLA_TRY(bulla_making_begin(&making, db, order->root, uuid));
  const struct bulla_audit_end before = bulla_audit_end(&making.head);
  record.statement = bulla_span(making.digest, sizeof(making.digest));
  BULLA_TRY(bulla_audit_append(&making.head, &making.log, &record, NULL));
  return bulla_audit_store(&making.head, &before, &making.log);
}

enum bulla_status bulla_vault_create(const char *url, const struct bulla_root *root) {
  BULLA_TRY(bulla_db_check_url(url));
  if (root == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (!bulla_root_is_proof(root)) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "the first root of a vault is a key or a passphrase");
  }
  BULLA_TRY(bulla_db_may_create(url));
  BULLA_TRY(bulla_vault_count());
  struct order order = {.root = root};
  enum bulla_status status = bulla_db_create(url, fill, &order);
  bulla_vault_uncount();
  return status;
}

/* Finds lane 0, which the vault's statement names. */
static enum bulla_status load_lane(struct bulla_vault *vault, const struct bulla_vault_statement *said) {
  struct bulla_audit_lane *lane = &vault->log.lane;
  BULLA_TRY(bulla_audit_lane_load(lane, NULL, &vault->log));
  bool same = bulla_span_equal(said->first_lane, bulla_span(lane->start, sizeof(lane->start)));
  return same ? BULLA_OK : bulla_explain(BULLA_AUDIT_BROKEN, "the first lane of the log was replaced");
}

/* The log knows how old the directory is at least: whoever puts back an old one must put back the log with it. What is
 * wrong with the head itself is told to those who append to it or verify it. A login that sees one tenant alone does
 * not see it. */
static enum bulla_status ask_log_for_age(struct bulla_vault *vault) {
  struct bulla_keyring *keyring = &vault->keyring;
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.lane = vault->log.lane};
  enum bulla_status status = vault->db->is_partial ? BULLA_OK : bulla_audit_load(&head, &vault->log);
  if (status == BULLA_OK && head.generation > keyring->generation) {
    keyring->generation = head.generation;
  }
  bool is_theirs = status == BULLA_AUDIT_BROKEN || status == BULLA_NOT_A_VAULT || status == BULLA_NOT_PERMITTED;
  return is_theirs ? BULLA_OK : status;
}

/* Anybody can seal to a public key, and what a program unwraps may be bound to nothing: the caller must know the vault.
 * With its fingerprint all that |row| says is authentic, before a root is used on anything in it. */
static enum bulla_status check_pin(struct bulla_vault *vault, const struct bulla_vault_row *row,
                                   const struct bulla_root *root, struct bulla_span pin) {
  struct bulla_keyring *keyring = &vault->keyring;
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  if (pin.len == 0) {
    return bulla_root_is_proof(root)
               ? BULLA_OK
               : bulla_explain(BULLA_WRONG_VAULT,
                               "a recipient's key or a program opens the vault only with its fingerprint");
  }
  memcpy(keyring->signing_public, row->said.signing_public.data, sizeof(keyring->signing_public));
  BULLA_TRY(bulla_fingerprint(fingerprint, keyring));
  return bulla_span_equal(pin, bulla_span(fingerprint, sizeof(fingerprint)))
             ? bulla_check_signed(keyring, row->statement, bulla_span(row->signature, sizeof(row->signature)))
             : BULLA_WRONG_VAULT;
}

/* Opens the vault key with |root| by the row of |entry|, and with it the vault's row. What a program says is the vault
 * key may be anything. */
static enum bulla_status open_by(struct bulla_vault *vault, const struct bulla_vault_row *row,
                                 const struct bulla_root *root, const struct bulla_root_entry *entry) {
  struct bulla_root_row wrapped;
  struct bulla_keyring *keyring = &vault->keyring;
  BULLA_TRY(bulla_root_row_load(&wrapped, vault->db, entry->id));
  BULLA_TRY(bulla_root_unwrap(&keyring->vault_secret, keyring, root, entry, &wrapped));
  BULLA_TRY(bulla_keyring_expand(keyring));
  BULLA_TRY(bulla_vault_row_open(keyring, row));
  memcpy(vault->root_id, entry->id.data, sizeof(vault->root_id));
  return BULLA_OK;
}

/* Tries |root| on the rows of all roots: nothing says which one a program wrapped. What was done to the row of one root
 * does not keep the others out, and a program refuses, or takes for something else, what another one has wrapped. */
static enum bulla_status open_by_any(struct bulla_vault *vault, const struct bulla_vault_row *row,
                                     const struct bulla_root *root) {
  enum bulla_status last = BULLA_ROOT_WRONG;
  for (size_t i = 0; i < row->said.num_roots; i++) {
    enum bulla_status status = open_by(vault, row, root, &row->said.roots[i]);
    if (status != BULLA_ROOT_WRONG && status != BULLA_REFUSED && status != BULLA_SECRET_UNAVAILABLE) {
      return status;
    }
    bulla_keyring_free(&vault->keyring);
    last = status == BULLA_ROOT_WRONG ? last : status;
  }
  return last;
}

/* Somebody outside has seen the directory younger than this. */
static enum bulla_status check_age(const struct bulla_keyring *keyring, int64_t generation) {
  return keyring->generation >= generation
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the directory has generation %lld, and the options ask for %lld",
                             (long long)keyring->generation, (long long)generation);
}

/* Reads the vault's own row, has |root| open its key, and checks that all of it is this vault's. */
static enum bulla_status load(struct bulla_vault *vault, const struct bulla_root *root,
                              const struct bulla_vault_options *options) {
  struct bulla_vault_row row;
  BULLA_TRY(bulla_db_check_login(vault->db, 0));
  BULLA_TRY(bulla_vault_row_load_keys(&row, vault->db));
  memcpy(vault->keyring.uuid, row.said.uuid.data, sizeof(vault->keyring.uuid));
  BULLA_TRY(check_pin(vault, &row, root, options->fingerprint));
  BULLA_TRY(open_by_any(vault, &row, root));
  BULLA_TRY(check_age(&vault->keyring, options->generation));
  if (options->id.len > 0 && !bulla_span_equal(options->id, bulla_vault_id(vault))) {
    return BULLA_WRONG_VAULT;
  }
  BULLA_TRY(load_lane(vault, &row.said));
  return ask_log_for_age(vault);
}

/* The key of an actor names its vault: nothing is opened or sealed before that is seen to be the one. */
static enum bulla_status check_named(struct bulla_vault *vault, const struct bulla_vault_row *row,
                                     const struct bulla_actor_key *key, const struct bulla_vault_options *options) {
  struct bulla_keyring *keyring = &vault->keyring;
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  struct bulla_span found = bulla_span(fingerprint, sizeof(fingerprint));
  memcpy(keyring->uuid, row->said.uuid.data, sizeof(keyring->uuid));
  memcpy(keyring->signing_public, row->said.signing_public.data, sizeof(keyring->signing_public));
  BULLA_TRY(bulla_fingerprint(fingerprint, keyring));
  if (!bulla_span_equal(found, bulla_span(key->fingerprint, sizeof(key->fingerprint)))) {
    return bulla_explain(BULLA_WRONG_VAULT, "the key of the actor is for another vault");
  }
  if ((options->fingerprint.len > 0 && !bulla_span_equal(options->fingerprint, found)) ||
      (options->id.len > 0 && !bulla_span_equal(options->id, bulla_vault_id(vault)))) {
    return BULLA_WRONG_VAULT;
  }
  return bulla_vault_row_accept(keyring, row);
}

/* Takes up the log in the first lane of the actor, whose statement has |digest|. It must not have seen the directory
 * younger than it is. */
static enum bulla_status load_own_lane(struct bulla_vault *vault, const uint8_t *digest) {
  struct bulla_audit_lane *lane = &vault->log.lane;
  lane->number = vault->keyring.self->number * BULLA_ACTOR_LANES;
  BULLA_TRY(bulla_audit_lane_load(lane, NULL, &vault->log));
  if (memcmp(lane->start, digest, sizeof(lane->start)) != 0) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the first lane of the actor was replaced");
  }
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.lane = *lane};
  BULLA_TRY(bulla_audit_load(&head, &vault->log));
  return head.generation <= vault->keyring.generation
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the directory is older than the actor has seen it");
}

static enum bulla_status load_as(struct bulla_vault *vault, const struct bulla_actor_key *key,
                                 const struct bulla_vault_options *options) {
  struct bulla_vault_row row;
  uint8_t first_lane[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_vault_row_load(&row, vault->db));
  BULLA_TRY(check_named(vault, &row, key, options));
  BULLA_TRY(check_age(&vault->keyring, options->generation));
  BULLA_TRY(bulla_self_load(first_lane, &vault->keyring, vault->db, key));
  BULLA_TRY(bulla_db_check_login(vault->db, vault->keyring.self->number));
  return load_own_lane(vault, first_lane);
}

struct bulla_span bulla_vault_id(const struct bulla_vault *vault) {
  return bulla_keyring_uuid(&vault->keyring);
}

enum bulla_status bulla_vault_fingerprint(const struct bulla_vault *vault, uint8_t *fingerprint) {
  return vault == NULL ? BULLA_INVALID_ARGUMENT : bulla_fingerprint(fingerprint, &vault->keyring);
}

enum bulla_status bulla_vault_directory(struct bulla_vault *vault, int64_t *generation) {
  struct bulla_vault_row row;
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  *generation = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_self_look(&vault->keyring, vault->db, bulla_span(NULL, 0)));
  BULLA_TRY(bulla_vault_row_now(&row, &vault->keyring, vault->db));
  *generation = row.said.generation;
  return BULLA_OK;
}

/* Reads |options| of the size that the caller knew. */
static enum bulla_status take_options(struct bulla_vault_options *taken, const struct bulla_vault_options *options) {
  *taken = (struct bulla_vault_options)BULLA_VAULT_OPTIONS_INIT;
  if (options != NULL) {
    BULLA_TRY(bulla_sized_take(taken, sizeof(*taken), options, BULLA_SIZE_TO(struct bulla_vault_options, read_only)));
  }
  static const uint8_t none[sizeof(taken->reserved)];
  bool good = memcmp(taken->reserved, none, sizeof(none)) == 0 && taken->generation >= 0;
  return good && (taken->id.len == 0 || taken->id.len == BULLA_VAULT_ID_LEN) &&
                 (taken->fingerprint.len == 0 || taken->fingerprint.len == BULLA_VAULT_FINGERPRINT_LEN)
             ? BULLA_OK
             : BULLA_INVALID_ARGUMENT;
}

static enum bulla_status open_from(struct bulla_vault **vault, const struct source *source,
                                   const struct bulla_root *root, const struct bulla_vault_options *options) {
  struct bulla_vault_options taken;
  BULLA_TRY(take_options(&taken, options));
  if (root == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_vault *opening BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(connect_to(&opening, source, taken.read_only));
  BULLA_TRY(load(opening, root, &taken));
  *vault = opening;
  opening = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_vault_open(struct bulla_vault **vault, const char *url, const struct bulla_root *root,
                                   const struct bulla_vault_options *options) {
  *vault = NULL;
  BULLA_TRY(bulla_db_check_url(url));
  return open_from(vault, &(struct source){.url = url}, root, options);
}

enum bulla_status bulla_vault_open_as(struct bulla_vault **vault, const char *url, const struct bulla_actor *actor,
                                      const struct bulla_vault_options *options) {
  struct bulla_vault_options taken;
  *vault = NULL;
  BULLA_TRY(bulla_db_check_url(url));
  BULLA_TRY(take_options(&taken, options));
  if (actor == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_vault *opening BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(connect_to(&opening, &(struct source){.url = url}, taken.read_only));
  memcpy(opening->watch.actor, actor->key.id, sizeof(opening->watch.actor));
  BULLA_TRY(load_as(opening, &actor->key, &taken));
  *vault = opening;
  opening = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_vault_open_backup(struct bulla_vault **vault, const struct bulla_db_driver *driver,
                                          const char *place, const struct bulla_root *root,
                                          const struct bulla_vault_options *options) {
  *vault = NULL;
  return open_from(vault, &(struct source){.url = place, .backup = driver}, root, options);
}
