/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/create.h. */

#include "store/create.h"

#include "store/clock.h"
#include "store/leaves.h"
#include "store/roles.h"
#include "store/root_row.h"
#include "store/wrap.h"

void bulla_making_free(struct bulla_making *making) {
  bulla_audit_head_free(&making->head);
  bulla_keyring_free(&making->keyring);
}

/* The keys that a vault has for good. */
static enum bulla_status make_keys(struct bulla_keyring *keyring, struct bulla_secret **detail) {
  BULLA_TRY(bulla_secret_random(&keyring->vault_secret, BULLA_KEY_LEN));
  BULLA_TRY(bulla_keyring_expand(keyring));
  BULLA_TRY(bulla_secret_random(&keyring->signing_seed, BULLA_SIGNATURE_SEED_LEN));
  BULLA_TRY(bulla_signature_public(keyring->signing_public, keyring->signing_seed));
  BULLA_TRY(bulla_secret_random(&keyring->audit_private, BULLA_BOX_PRIVATE_LEN));
  BULLA_TRY(bulla_box_public(keyring->audit_public, keyring->audit_private));
  BULLA_TRY(bulla_secret_random(detail, BULLA_KEY_LEN));
  return bulla_key_new(&keyring->detail_key, BULLA_XAES_256_GCM, *detail);
}

/* Wraps |key| into |bytes|, of BULLA_WRAPPED_MAX bytes, and binds it. */
static enum bulla_status bind_wrapped(struct bulla_statement *statement, uint8_t *bytes,
                                      const struct bulla_keyring *keyring, enum bulla_wrapped what,
                                      const struct bulla_secret *key) {
  struct bulla_context context;
  struct bulla_buffer wrapped = bulla_buffer(bytes, BULLA_WRAPPED_MAX);
  BULLA_TRY(bulla_context_wrapped(&context, keyring, what, bulla_span(NULL, 0), 0));
  BULLA_TRY(bulla_wrap(&wrapped, keyring->vault_key, key, &context));
  bulla_bind_blob(statement, bulla_written(&wrapped));
  return BULLA_OK;
}

static enum bulla_status insert_vault(struct bulla_making *making, const struct bulla_secret *detail,
                                      const struct bulla_root_entry *root) {
  const struct bulla_keyring *keyring = &making->keyring;
  uint8_t bytes[3][BULLA_WRAPPED_MAX];
  struct bulla_signed made;
  uint8_t leaves[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_leaves_begin(leaves, making->db));
  const struct bulla_vault_statement said = {
      .uuid = bulla_keyring_uuid(keyring),
      .created = bulla_clock_s(),
      .generation = keyring->generation,
      .signing_public = bulla_span(keyring->signing_public, sizeof(keyring->signing_public)),
      .audit_public = bulla_span(keyring->audit_public, sizeof(keyring->audit_public)),
      .first_lane = bulla_span(making->head.lane.start, sizeof(making->head.lane.start)),
      .leaves = bulla_span(leaves, sizeof(leaves)),
      .rings = {1, 1, 1, 1, 1},
      .num_roots = 1,
      .roots = {*root},
  };
  BULLA_TRY(bulla_sign_vault(&made, keyring, &said));
  memcpy(making->digest, made.digest, sizeof(making->digest));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(making->db, BULLA_QUERY_INSERT_VAULT);
  bulla_bind_blob(&statement, bulla_written(&made.statement));
  bulla_bind_blob(&statement, bulla_span(made.signature, sizeof(made.signature)));
  BULLA_TRY(bind_wrapped(&statement, bytes[0], keyring, BULLA_WRAPPED_SIGNING_KEY, keyring->signing_seed));
  BULLA_TRY(bind_wrapped(&statement, bytes[1], keyring, BULLA_WRAPPED_AUDIT_KEY, keyring->audit_private));
  BULLA_TRY(bind_wrapped(&statement, bytes[2], keyring, BULLA_WRAPPED_DETAIL_KEY, detail));
  return bulla_finish(&statement);
}

enum bulla_status bulla_making_begin(struct bulla_making *making, struct bulla_db *db, const struct bulla_root *root,
                                     const uint8_t *uuid) {
  struct bulla_keyring *keyring = &making->keyring;
  struct bulla_secret *detail BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_root_entry entry;
  struct bulla_root_row row;
  making->db = db;
  making->log = (struct bulla_audit_log){.db = db, .keyring = keyring};
  memcpy(keyring->uuid, uuid, sizeof(keyring->uuid));
  keyring->generation = 1;
  BULLA_TRY(make_keys(keyring, &detail));
  BULLA_TRY(bulla_root_wrap(&row, &entry, keyring, root, keyring->vault_secret));
  entry.created = bulla_clock_s();
  BULLA_TRY(bulla_root_row_insert(&row, db));
  BULLA_TRY(bulla_audit_start(&making->head, &making->log));
  BULLA_TRY(bulla_roles_begin(keyring, db, detail));
  return insert_vault(making, detail, &entry);
}
