/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* How roots wrap the vault key: see store/root.h. */

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/root.h"
#include "store/wrap.h"
#include "store/wrapper.h"

bool bulla_root_is_proof(const struct bulla_root *root) {
  return root->kind == BULLA_ROOT_KEY || root->kind == BULLA_ROOT_PASSPHRASE;
}

static struct bulla_span id_of(const struct bulla_root_row *row) {
  return bulla_span(row->id, sizeof(row->id));
}

/* The context of the vault key under the root of |row|. */
static enum bulla_status context_of(struct bulla_context *context, const struct bulla_keyring *keyring,
                                    const struct bulla_root_row *row) {
  return bulla_context_wrapped(context, keyring, BULLA_WRAPPED_VAULT_KEY, id_of(row), 0);
}

static enum bulla_status stretch(struct bulla_key **key, const struct bulla_root *root,
                                 const struct bulla_root_row *row) {
  if (row->log_n < BULLA_SCRYPT_LOG_N || row->log_n > BULLA_SCRYPT_LOG_N_MAX) {
    return BULLA_ROOT_WRONG;
  }
  struct bulla_span passphrase = bulla_secret_bytes(root->material);
  if (passphrase.len == 0) {
    return BULLA_FORKED;
  }
  struct bulla_secret *stretched BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&stretched, BULLA_KEY_LEN));
  BULLA_TRY(bulla_scrypt(bulla_secret_data(stretched), BULLA_KEY_LEN, passphrase,
                         bulla_span(row->salt, sizeof(row->salt)), UINT64_C(1) << row->log_n, 8, 1));
  return bulla_key_new(key, BULLA_XAES_256_GCM, stretched);
}

enum bulla_status bulla_root_key(struct bulla_key **key, const struct bulla_root *root,
                                 const struct bulla_root_row *row) {
  if (!bulla_root_is_proof(root) || (root->kind == BULLA_ROOT_PASSPHRASE) != (row->log_n != 0)) {
    return BULLA_ROOT_WRONG;
  }
  return row->log_n != 0 ? stretch(key, root, row) : bulla_key_new(key, BULLA_XAES_256_GCM, root->material);
}

static enum bulla_status wrap_by_key(struct bulla_root_row *row, const struct bulla_keyring *keyring,
                                     const struct bulla_root *root, const struct bulla_secret *vault_key) {
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_context context;
  if (root->kind == BULLA_ROOT_PASSPHRASE) {
    row->log_n = BULLA_SCRYPT_LOG_N;
    BULLA_TRY(bulla_random(row->salt, sizeof(row->salt)));
  }
  BULLA_TRY(bulla_root_key(&key, root, row));
  memcpy(row->id, bulla_key_id(key).data, sizeof(row->id));
  BULLA_TRY(context_of(&context, keyring, row));
  return bulla_wrap(&row->wrapped, key, vault_key, &context);
}

/* The id of a recipient is derived from its public key. */
static enum bulla_status recipient_id(uint8_t *id, const struct bulla_root *root) {
  uint8_t bytes[64];
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_buffer buffer = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/recipient"));
  bulla_put_prefixed(&writer, bulla_span(root->public_key, sizeof(root->public_key)));
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(bulla_sha256(digest, bulla_written(&buffer)));
  memcpy(id, digest, BULLA_ID_LEN);
  return BULLA_OK;
}

static enum bulla_status wrap_by_box(struct bulla_root_row *row, const struct bulla_keyring *keyring,
                                     const struct bulla_root *root, const struct bulla_secret *vault_key) {
  struct bulla_context context;
  BULLA_TRY(recipient_id(row->id, root));
  BULLA_TRY(context_of(&context, keyring, row));
  return bulla_box_seal(&row->wrapped, root->public_key, bulla_secret_bytes(vault_key), bulla_context_span(&context));
}

static enum bulla_status unwrap_by_key(struct bulla_secret **vault_key, const struct bulla_keyring *keyring,
                                       const struct bulla_root *root, const struct bulla_root_row *row) {
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_context context;
  BULLA_TRY(bulla_root_key(&key, root, row));
  if (!bulla_span_equal(bulla_key_id(key), id_of(row))) {
    return BULLA_ROOT_WRONG;
  }
  BULLA_TRY(context_of(&context, keyring, row));
  return bulla_unwrap(vault_key, key, bulla_written(&row->wrapped), &context);
}

static enum bulla_status unwrap_by_box(struct bulla_secret **vault_key, const struct bulla_keyring *keyring,
                                       const struct bulla_root *root, const struct bulla_root_row *row) {
  uint8_t id[BULLA_ID_LEN];
  struct bulla_context context;
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(recipient_id(id, root));
  if (memcmp(id, row->id, sizeof(id)) != 0) {
    return BULLA_ROOT_WRONG;
  }
  BULLA_TRY(context_of(&context, keyring, row));
  BULLA_TRY(bulla_box_open(&opened, root->material, bulla_written(&row->wrapped), bulla_context_span(&context)));
  if (bulla_secret_bytes(opened).len != BULLA_KEY_LEN) {
    return BULLA_REFUSED;
  }
  *vault_key = opened;
  opened = NULL;
  return BULLA_OK;
}

/* Several programs may be roots, and nothing of a program says which it is: its id is random. */
static enum bulla_status wrap_by_program(struct bulla_root_row *row, const struct bulla_keyring *keyring,
                                         const struct bulla_root *root, const struct bulla_secret *vault_key) {
  BULLA_TRY(bulla_random(row->id, sizeof(row->id)));
  return bulla_program_wrap(&row->wrapped, root->command, vault_key, bulla_keyring_uuid(keyring), 0);
}

static enum bulla_status unwrap_by_program(struct bulla_secret **vault_key, const struct bulla_keyring *keyring,
                                           const struct bulla_root *root, const struct bulla_root_row *row) {
  return bulla_program_unwrap(vault_key, root->command, bulla_written(&row->wrapped), bulla_keyring_uuid(keyring), 0);
}

/* How a kind of root wraps and unwraps, and what it is called in the vault's statement. */
static const struct way {
  const char *name;
  enum bulla_status (*wrap)(struct bulla_root_row *row, const struct bulla_keyring *keyring,
                            const struct bulla_root *root, const struct bulla_secret *vault_key);
  enum bulla_status (*unwrap)(struct bulla_secret **vault_key, const struct bulla_keyring *keyring,
                              const struct bulla_root *root, const struct bulla_root_row *row);
} ways[] = {
    [BULLA_ROOT_KEY] = {"key", wrap_by_key, unwrap_by_key},
    [BULLA_ROOT_PASSPHRASE] = {"passphrase", wrap_by_key, unwrap_by_key},
    [BULLA_ROOT_PRIVATE] = {"recipient", NULL, unwrap_by_box},
    [BULLA_ROOT_RECIPIENT] = {"recipient", wrap_by_box, NULL},
    [BULLA_ROOT_PROGRAM] = {"program", wrap_by_program, unwrap_by_program},
};

enum bulla_status bulla_root_wrap(struct bulla_root_row *row, struct bulla_root_entry *entry,
                                  const struct bulla_keyring *keyring, const struct bulla_root *root,
                                  const struct bulla_secret *vault_key) {
  const struct way *way = &ways[root->kind];
  if (vault_key == NULL) {
    return BULLA_DENIED;
  }
  if (way->wrap == NULL) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "a recipient is added by its public half");
  }
  row->log_n = 0;
  row->wrapped = bulla_buffer(row->bytes, sizeof(row->bytes));
  BULLA_TRY(way->wrap(row, keyring, root, vault_key));
  *entry = (struct bulla_root_entry){.id = id_of(row), .kind = bulla_text(way->name)};
  if (root->kind == BULLA_ROOT_RECIPIENT) {
    entry->public_key = bulla_span(root->public_key, sizeof(root->public_key));
  }
  return BULLA_OK;
}

enum bulla_status bulla_root_unwrap(struct bulla_secret **vault_key, const struct bulla_keyring *keyring,
                                    const struct bulla_root *root, const struct bulla_root_entry *entry,
                                    const struct bulla_root_row *row) {
  const struct way *way = &ways[root->kind];
  if (way->unwrap == NULL || !bulla_span_equal(entry->kind, bulla_text(way->name))) {
    return BULLA_ROOT_WRONG;
  }
  return way->unwrap(vault_key, keyring, root, row);
}
