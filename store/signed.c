/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/signed.h. A statement is a list of parts with their lengths before them, the first of which is its label;
 * the number of parts follows from those before. */

#include "store/signed.h"

#include "core/box.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/signature.h"
#include "store/names.h"
#include "store/parts.h"

enum { ID_LEN = 16 };

static const char *const state_names[BULLA_NUM_SECRET_STATES] = {"pending", "active", "decrypt-only"};

struct bulla_span bulla_secret_state_name(enum bulla_secret_state state) {
  return bulla_span(state_names[state], strlen(state_names[state]));
}

static bool take_count(struct bulla_reader *reader, size_t *count, size_t max) {
  int64_t number;
  bool good = bulla_take_count(reader, &number) && (uint64_t)number <= max;
  *count = good ? (size_t)number : 0;
  return good;
}

enum bulla_status bulla_vault_statement_write(struct bulla_buffer *bytes, const struct bulla_vault_statement *said) {
  struct bulla_writer writer = bulla_writer(bytes);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/vault"));
  bulla_put_prefixed(&writer, said->uuid);
  bulla_put_number(&writer, said->created);
  bulla_put_number(&writer, said->generation);
  bulla_put_prefixed(&writer, said->signing_public);
  bulla_put_prefixed(&writer, said->audit_public);
  bulla_put_prefixed(&writer, said->first_lane);
  bulla_put_prefixed(&writer, said->leaves);
  for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
    bulla_put_number(&writer, said->rings[i]);
  }
  bulla_put_number(&writer, (int64_t)said->num_roots);
  for (size_t i = 0; i < said->num_roots; i++) {
    const struct bulla_root_entry *root = &said->roots[i];
    bulla_put_prefixed(&writer, root->id);
    bulla_put_prefixed(&writer, root->kind);
    bulla_put_prefixed(&writer, root->name);
    bulla_put_prefixed(&writer, root->public_key);
    bulla_put_number(&writer, root->created);
  }
  return bulla_parts_finish(&writer);
}

static bool is_kind(const struct bulla_root_entry *root) {
  if (bulla_span_equal(root->kind, BULLA_ROOT_IS_RECIPIENT)) {
    return root->public_key.len == BULLA_BOX_PUBLIC_LEN;
  }
  return root->public_key.len == 0 &&
         (bulla_span_equal(root->kind, BULLA_ROOT_IS_KEY) || bulla_span_equal(root->kind, BULLA_ROOT_IS_PASSPHRASE) ||
          bulla_span_equal(root->kind, BULLA_ROOT_IS_PROGRAM));
}

static bool take_root(struct bulla_reader *reader, struct bulla_root_entry *root) {
  return bulla_take_exact(reader, &root->id, ID_LEN) && bulla_take_prefixed(reader, &root->kind) &&
         bulla_take_prefixed(reader, &root->name) && bulla_take_prefixed(reader, &root->public_key) &&
         bulla_take_count(reader, &root->created) && is_kind(root) &&
         (root->name.len == 0 || bulla_name_check(root->name) == BULLA_OK);
}

/* A number of a ring key or of a role key. */
static bool take_epoch(struct bulla_reader *reader, int64_t *epoch) {
  return bulla_take_count(reader, epoch) && *epoch > 0;
}

static bool take_rings(struct bulla_reader *reader, struct bulla_vault_statement *said) {
  bool good = true;
  for (size_t i = 0; good && i < BULLA_NUM_ROLES; i++) {
    good = take_epoch(reader, &said->rings[i]);
  }
  return good;
}

enum bulla_status bulla_vault_statement_read(struct bulla_vault_statement *said, struct bulla_span bytes) {
  struct bulla_reader reader = bulla_reader(bytes);
  bool good = bytes.len <= BULLA_STATEMENT_MAX && bulla_take_word(&reader, BULLA_LITERAL("bulla/v2/vault")) &&
              bulla_take_exact(&reader, &said->uuid, ID_LEN) && bulla_take_count(&reader, &said->created) &&
              bulla_take_count(&reader, &said->generation) &&
              bulla_take_exact(&reader, &said->signing_public, BULLA_SIGNATURE_PUBLIC_LEN) &&
              bulla_take_exact(&reader, &said->audit_public, BULLA_BOX_PUBLIC_LEN) &&
              bulla_take_exact(&reader, &said->first_lane, BULLA_SHA256_LEN) &&
              bulla_take_exact(&reader, &said->leaves, BULLA_SHA256_LEN) && take_rings(&reader, said) &&
              take_count(&reader, &said->num_roots, BULLA_ROOTS_MAX) && said->num_roots > 0;
  for (size_t i = 0; good && i < said->num_roots; i++) {
    good = take_root(&reader, &said->roots[i]);
  }
  return good && reader.left == 0 ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_tenant_statement_write(struct bulla_buffer *bytes, const struct bulla_tenant_statement *said) {
  struct bulla_writer writer = bulla_writer(bytes);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/tenant"));
  bulla_put_prefixed(&writer, said->uuid);
  bulla_put_prefixed(&writer, said->id);
  bulla_put_prefixed(&writer, said->name);
  bulla_put_prefixed(&writer, said->shredded  ? BULLA_LITERAL("shredded")
                              : said->removed ? BULLA_LITERAL("removed")
                                              : BULLA_LITERAL("live"));
  bulla_put_number(&writer, said->created);
  bulla_put_number(&writer, said->generation);
  bulla_put_number(&writer, said->last_version);
  bulla_put_prefixed(&writer, said->label_key_id);
  bulla_put_prefixed(&writer, said->detail_key_id);
  for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
    bulla_put_number(&writer, said->roles[i].ring);
    bulla_put_number(&writer, said->roles[i].epoch);
  }
  bulla_put_number(&writer, (int64_t)said->num_secrets);
  for (size_t i = 0; i < said->num_secrets; i++) {
    const struct bulla_secret_entry *secret = &said->secrets[i];
    bulla_put_number(&writer, secret->version);
    bulla_put_prefixed(&writer, secret->id);
    bulla_put_prefixed(&writer, bulla_secret_state_name(secret->state));
    bulla_put_prefixed(&writer, secret->value_public);
    bulla_put_prefixed(&writer, secret->mask_public);
    bulla_put_prefixed(&writer, secret->apikey_id);
    bulla_put_number(&writer, secret->generation);
  }
  return bulla_parts_finish(&writer);
}

static bool take_life(struct bulla_reader *reader, struct bulla_tenant_statement *said) {
  struct bulla_span part;
  if (!bulla_take_prefixed(reader, &part)) {
    return false;
  }
  said->shredded = bulla_span_equal(part, BULLA_LITERAL("shredded"));
  said->removed = said->shredded || bulla_span_equal(part, BULLA_LITERAL("removed"));
  bool named = said->shredded ? said->name.len == 0 : bulla_name_check(said->name) == BULLA_OK;
  return named && (said->removed || bulla_span_equal(part, BULLA_LITERAL("live")));
}

static bool take_state(struct bulla_reader *reader, enum bulla_secret_state *state) {
  struct bulla_span part;
  if (!bulla_take_prefixed(reader, &part)) {
    return false;
  }
  unsigned number = 0;
  while (number < BULLA_NUM_SECRET_STATES &&
         !bulla_span_equal(part, bulla_secret_state_name((enum bulla_secret_state)number))) {
    number++;
  }
  *state = (enum bulla_secret_state)number;
  return number < BULLA_NUM_SECRET_STATES;
}

static bool take_secret(struct bulla_reader *reader, struct bulla_secret_entry *secret) {
  return bulla_take_count(reader, &secret->version) && bulla_take_exact(reader, &secret->id, ID_LEN) &&
         take_state(reader, &secret->state) && bulla_take_exact(reader, &secret->value_public, BULLA_BOX_PUBLIC_LEN) &&
         bulla_take_exact(reader, &secret->mask_public, BULLA_BOX_PUBLIC_LEN) &&
         bulla_take_exact(reader, &secret->apikey_id, BULLA_KEY_ID_LEN) &&
         bulla_take_count(reader, &secret->generation);
}

/* Versions grow from one secret to the next, none was made after this was signed, and one of a live tenant is active.
 */
static bool take_secrets(struct bulla_reader *reader, struct bulla_tenant_statement *said) {
  int64_t version = 0;
  size_t num_active = 0;
  for (size_t i = 0; i < said->num_secrets; i++) {
    struct bulla_secret_entry *secret = &said->secrets[i];
    if (!take_secret(reader, secret) || secret->version <= version || secret->generation > said->generation) {
      return false;
    }
    version = secret->version;
    num_active += secret->state == BULLA_SECRET_ACTIVE ? 1 : 0;
  }
  return version <= said->last_version && (said->removed ? said->num_secrets == 0 : num_active == 1);
}

/* One that was shredded has no key left to commit to. */
static bool take_key_ids(struct bulla_reader *reader, struct bulla_tenant_statement *said) {
  size_t len = said->shredded ? 0 : BULLA_KEY_ID_LEN;
  return bulla_take_exact(reader, &said->label_key_id, len) && bulla_take_exact(reader, &said->detail_key_id, len);
}

static bool take_roles(struct bulla_reader *reader, struct bulla_tenant_statement *said) {
  bool good = true;
  for (size_t i = 0; good && i < BULLA_NUM_ROLES; i++) {
    good = take_epoch(reader, &said->roles[i].ring) && take_epoch(reader, &said->roles[i].epoch);
  }
  return good;
}

enum bulla_status bulla_tenant_statement_read(struct bulla_tenant_statement *said, struct bulla_span bytes) {
  struct bulla_reader reader = bulla_reader(bytes);
  bool good = bytes.len <= BULLA_STATEMENT_MAX && bulla_take_word(&reader, BULLA_LITERAL("bulla/v2/tenant")) &&
              bulla_take_exact(&reader, &said->uuid, ID_LEN) && bulla_take_exact(&reader, &said->id, ID_LEN) &&
              bulla_take_prefixed(&reader, &said->name) && take_life(&reader, said) &&
              bulla_take_count(&reader, &said->created) && bulla_take_count(&reader, &said->generation) &&
              bulla_take_count(&reader, &said->last_version) && take_key_ids(&reader, said) &&
              take_roles(&reader, said) && take_count(&reader, &said->num_secrets, BULLA_SECRETS_MAX) &&
              take_secrets(&reader, said);
  return good && reader.left == 0 ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_lane_statement_write(struct bulla_buffer *bytes, const struct bulla_lane_statement *said) {
  struct bulla_writer writer = bulla_writer(bytes);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/lane"));
  bulla_put_prefixed(&writer, said->uuid);
  bulla_put_number(&writer, said->number);
  bulla_put_prefixed(&writer, said->id);
  bulla_put_prefixed(&writer, said->owner);
  bulla_put_number(&writer, said->created);
  bulla_put_prefixed(&writer, said->first_key);
  return bulla_parts_finish(&writer);
}

enum bulla_status bulla_lane_statement_read(struct bulla_lane_statement *said, struct bulla_span bytes) {
  struct bulla_reader reader = bulla_reader(bytes);
  bool good = bytes.len <= BULLA_STATEMENT_MAX && bulla_take_word(&reader, BULLA_LITERAL("bulla/v2/lane")) &&
              bulla_take_exact(&reader, &said->uuid, ID_LEN) && bulla_take_count(&reader, &said->number) &&
              bulla_take_exact(&reader, &said->id, ID_LEN) && bulla_take_prefixed(&reader, &said->owner) &&
              (said->owner.len == 0 || said->owner.len == ID_LEN) && bulla_take_count(&reader, &said->created) &&
              bulla_take_exact(&reader, &said->first_key, BULLA_KEY_LEN + BULLA_BOX_OVERHEAD);
  return good && reader.left == 0 ? BULLA_OK : BULLA_REFUSED;
}
