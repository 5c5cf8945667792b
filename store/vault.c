/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Creating, opening and closing a vault. */

#include "store/vault.h"

#include <stddef.h>
#include <stdlib.h>
#include <stdatomic.h>

#include "core/crypto.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/sized.h"
#include "core/slab.h"
#include "store/clock.h"
#include "store/proof.h"
#include "store/root.h"

enum bulla_status bulla_vault_here(const struct bulla_vault *vault) {
  if (vault == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  return vault->fork_epoch == bulla_fork_epoch() ? BULLA_OK : BULLA_FORKED;
}

enum bulla_status bulla_vault_join(struct bulla_vault **locked, struct bulla_vault *vault,
                                   struct bulla_waiter *waiter) {
  *locked = NULL;
  /* First: in a child another thread may have had the vault as the fork came, and nobody lets go of it. */
  BULLA_TRY(bulla_vault_here(vault));
  /* The database waits for disks and locks, where threads can be cancelled: nobody else would ever have the vault. */
  int before = bulla_hold_cancel();
  enum bulla_status status = bulla_queue_enter(&vault->queue, waiter, vault->db->patience);
  if (status != BULLA_OK || waiter->state == BULLA_SERVED) {
    bulla_allow_cancel(before);
    return status;
  }
  vault->cancel_state = before;
  bulla_db_begin_call(vault->db, waiter->waited);
  status = bulla_db_check(vault->db);
  if (status == BULLA_OK) {
    *locked = vault;
  } else {
    bulla_vault_unlock(&vault);
  }
  return status;
}

enum bulla_status bulla_vault_lock(struct bulla_vault **locked, struct bulla_vault *vault) {
  struct bulla_waiter waiter = {.num_records = 0};
  return bulla_vault_join(locked, vault, &waiter);
}

void bulla_vault_unlock(struct bulla_vault **locked) {
  if (*locked != NULL) {
    int before = (*locked)->cancel_state;
    bulla_queue_leave(&(*locked)->queue);
    *locked = NULL;
    bulla_allow_cancel(before);
  }
}

/* How many vaults are open, and in which process they were opened. What a connection knows of files and locks passes a
 * fork, where it is not true any more. */
static _Atomic size_t num_open;
static _Atomic uint64_t fork_epoch_of_open;

static enum bulla_status count_open(void) {
  uint64_t fork_epoch = bulla_fork_epoch();
  if (num_open > 0 && fork_epoch_of_open != fork_epoch) {
    return bulla_explain(BULLA_FORKED,
                         "a vault was open as this process was forked: open vaults after the fork, or only "
                         "in the parent");
  }
  fork_epoch_of_open = fork_epoch;
  num_open++;
  return BULLA_OK;
}

/* Connects a new |*vault| to the database at |url|, whoever's it is. */
static enum bulla_status connect_to(struct bulla_vault **vault, const char *url, bool read_only) {
  struct bulla_vault *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = count_open();
  if (status != BULLA_OK) {
    free(made);
    return status;
  }
  *vault = made;
  made->fork_epoch = bulla_fork_epoch();
  bulla_queue_begin(&made->queue);
  status = bulla_db_open(&made->db, url, read_only);
  bulla_watch_begin(&made->watch, made->db);
  made->log = (struct bulla_audit_log){.db = made->db, .keyring = &made->keyring};
  return status;
}

void bulla_vault_close(struct bulla_vault **vault) {
  struct bulla_vault *closing = *vault;
  *vault = NULL;
  if (closing == NULL) {
    return;
  }
  if (closing->fork_epoch != bulla_fork_epoch()) {
    /* A child has neither the keys nor a right to the connection. */
    bulla_db_abandon(&closing->db);
    return;
  }
  bulla_keyring_free(&closing->keyring);
  bulla_watch_end(&closing->watch);
  bulla_db_close(&closing->db);
  num_open--;
  bulla_queue_end(&closing->queue);
  free(closing);
}

static enum bulla_status insert_vault(struct bulla_keyring *keyring, struct bulla_db *db,
                                      const struct bulla_stretch *stretch) {
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer name_key = bulla_buffer(bytes, sizeof(bytes));
  BULLA_TRY(bulla_name_key_new(keyring, &name_key));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_INSERT_VAULT);
  bulla_bind_blob(&statement, bulla_keyring_uuid(keyring));
  bulla_bind_int(&statement, bulla_clock_s());
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): fill has made it, or said that it has not. */
  bulla_bind_blob(&statement, bulla_key_id(keyring->root));
  bulla_bind_blob(&statement, bulla_written(&name_key));
  if (stretch->log_n != 0) {
    bulla_bind_blob(&statement, bulla_span(stretch->salt, sizeof(stretch->salt)));
    bulla_bind_int(&statement, stretch->log_n);
  } else {
    bulla_bind_null(&statement);
    bulla_bind_null(&statement);
  }
  return bulla_finish(&statement);
}

/* What a vault is made from. */
struct making {
  const struct bulla_root *root;
  struct bulla_keyring keyring;
};

static void making_free(struct making *making) {
  bulla_keyring_free(&making->keyring);
}

/* Begins the log of a new vault. */
static enum bulla_status start_log(const struct bulla_keyring *keyring, struct bulla_db *db) {
  const struct bulla_audit_log log = {.db = db, .keyring = keyring};
  const struct bulla_who who = {.actor = BULLA_LITERAL("bulla")};
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.key = NULL};
  struct bulla_audit_record record =
      bulla_audit_record(&who, BULLA_LITERAL("init"), bulla_span(NULL, 0), bulla_span(NULL, 0));
  BULLA_TRY(bulla_audit_start(&head, &log));
  BULLA_TRY(bulla_audit_append(&head, &log, &record));
  return bulla_audit_store(&head, &log);
}

static enum bulla_status fill(void *arg, struct bulla_db *db) {
  struct making *making = arg;
  struct bulla_keyring *keyring = &making->keyring;
  struct bulla_stretch stretch = {0};
  if (bulla_root_is_passphrase(making->root)) {
    stretch.log_n = BULLA_SCRYPT_LOG_N;
    BULLA_TRY(bulla_random(stretch.salt, sizeof(stretch.salt)));
  }
  BULLA_TRY(bulla_random(keyring->uuid, sizeof(keyring->uuid)));
  BULLA_TRY(bulla_root_key(&keyring->root, making->root, &stretch));
  BULLA_TRY(insert_vault(keyring, db, &stretch));
  return start_log(keyring, db);
}

enum bulla_status bulla_vault_create(const char *url, const struct bulla_root *root) {
  BULLA_TRY(bulla_db_check_url(url));
  if (root == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(bulla_db_may_create(url));
  BULLA_TRY(count_open());
  struct making making BULLA_CLEANUP(making_free) = {.root = root};
  enum bulla_status status = bulla_db_create(url, fill, &making);
  num_open--;
  return status;
}

/* Reads the vault's own row, makes the root key, checks that it is the vault's, and unwraps the key of names. */
static enum bulla_status load(struct bulla_vault *vault, const struct bulla_root *root) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LOAD_VAULT);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_A_VAULT;
  }
  uint8_t key_id[BULLA_KEY_ID_LEN];
  struct bulla_stretch stretch = {0};
  bulla_column_bytes(&statement, vault->keyring.uuid, sizeof(vault->keyring.uuid));
  bulla_column_bytes(&statement, key_id, sizeof(key_id));
  struct bulla_span name_key = bulla_column_blob(&statement, BULLA_WRAPPED_MAX);
  if (!bulla_column_null(&statement)) {
    bulla_column_bytes(&statement, stretch.salt, sizeof(stretch.salt));
    stretch.log_n = bulla_column_int(&statement);
  }
  if (!bulla_columns_good(&statement)) {
    return BULLA_NOT_A_VAULT;
  }
  BULLA_TRY(bulla_root_key(&vault->keyring.root, root, &stretch));
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): connect_to has made it, or said that it has not. */
  if (!bulla_span_equal(bulla_key_id(vault->keyring.root), bulla_span(key_id, sizeof(key_id)))) {
    return BULLA_ROOT_WRONG;
  }
  return bulla_name_key_load(&vault->keyring, name_key);
}

struct bulla_span bulla_vault_id(const struct bulla_vault *vault) {
  return bulla_keyring_uuid(&vault->keyring);
}

/* Reads |options| of the size that the caller knew. */
static enum bulla_status take_options(struct bulla_vault_options *taken, const struct bulla_vault_options *options) {
  *taken = (struct bulla_vault_options)BULLA_VAULT_OPTIONS_INIT;
  if (options != NULL) {
    BULLA_TRY(bulla_sized_take(taken, sizeof(*taken), options, BULLA_SIZE_TO(struct bulla_vault_options, read_only)));
  }
  static const uint8_t none[sizeof(taken->reserved)];
  bool good = memcmp(taken->reserved, none, sizeof(none)) == 0;
  return good && (taken->id.len == 0 || taken->id.len == BULLA_VAULT_ID_LEN) ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

enum bulla_status bulla_vault_open(struct bulla_vault **vault, const char *url, const struct bulla_root *root,
                                   const struct bulla_vault_options *options) {
  *vault = NULL;
  struct bulla_vault_options taken;
  BULLA_TRY(bulla_db_check_url(url));
  BULLA_TRY(take_options(&taken, options));
  if (root == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_vault *opening BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(connect_to(&opening, url, taken.read_only));
  BULLA_TRY(load(opening, root));
  if (taken.id.len > 0 && !bulla_span_equal(taken.id, bulla_vault_id(opening))) {
    return BULLA_WRONG_VAULT;
  }
  *vault = opening;
  opening = NULL;
  return BULLA_OK;
}
