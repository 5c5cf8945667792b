/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/context.h. The parts of each context are normative: docs/FORMAT.md §7 to §9. */

#include "store/context.h"

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"

/* A context being written. */
struct draft {
  struct bulla_buffer buffer;
  struct bulla_writer writer;
};

static void start(struct draft *draft, struct bulla_context *context, const struct bulla_keyring *keyring,
                  struct bulla_span label) {
  draft->buffer = bulla_buffer(context->bytes, sizeof(context->bytes));
  draft->writer = bulla_writer(&draft->buffer);
  bulla_put_prefixed(&draft->writer, label);
  bulla_put_prefixed(&draft->writer, bulla_keyring_uuid(keyring));
}

static void put_binding(struct draft *draft, const struct bulla_binding *binding) {
  bulla_put_prefixed(&draft->writer, binding->tenant_id);
  bulla_put_prefixed(&draft->writer, binding->entry_id);
  bulla_put_prefixed(&draft->writer, binding->field);
  bulla_put_number(&draft->writer, binding->revision);
}

static enum bulla_status finish(struct draft *draft, struct bulla_context *context) {
  enum bulla_status status = bulla_writer_finish(&draft->writer);
  context->len = draft->buffer.len;
  return status;
}

enum bulla_status bulla_context_wrapped(struct bulla_context *context, const struct bulla_keyring *keyring,
                                        enum bulla_wrapped what, struct bulla_span owner, int64_t number) {
  static const char *const labels[] = {
      [BULLA_WRAPPED_VAULT_KEY] = "bulla/v2/vault-key", [BULLA_WRAPPED_SIGNING_KEY] = "bulla/v2/signing-key",
      [BULLA_WRAPPED_AUDIT_KEY] = "bulla/v2/audit-key", [BULLA_WRAPPED_DETAIL_KEY] = "bulla/v2/detail-key",
      [BULLA_WRAPPED_LABEL_KEY] = "bulla/v2/label-key", [BULLA_WRAPPED_TENANT_SECRET] = "bulla/v2/tenant-secret",
      [BULLA_WRAPPED_LANE_KEY] = "bulla/v2/lane-key",   [BULLA_WRAPPED_HEAD_KEY] = "bulla/v2/head-key",
  };
  struct draft draft;
  start(&draft, context, keyring, bulla_span(labels[what], strlen(labels[what])));
  bulla_put_prefixed(&draft.writer, owner);
  bulla_put_number(&draft.writer, number);
  return finish(&draft, context);
}

enum bulla_status bulla_context_field(struct bulla_context *context, const struct bulla_keyring *keyring,
                                      const struct bulla_binding *binding) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/field"));
  put_binding(&draft, binding);
  return finish(&draft, context);
}

enum bulla_status bulla_context_mask(struct bulla_context *context, const struct bulla_keyring *keyring,
                                     const struct bulla_binding *binding) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/mask"));
  put_binding(&draft, binding);
  return finish(&draft, context);
}

/* All that these three begin with. */
static void start_put(struct draft *draft, struct bulla_context *context, const struct bulla_keyring *keyring,
                      struct bulla_span label, const struct bulla_binding *binding, struct bulla_span secret_id,
                      struct bulla_span actor_id) {
  start(draft, context, keyring, label);
  put_binding(draft, binding);
  bulla_put_prefixed(&draft->writer, secret_id);
  bulla_put_prefixed(&draft->writer, actor_id);
}

enum bulla_status bulla_context_put_value(struct bulla_context *context, const struct bulla_keyring *keyring,
                                          const struct bulla_binding *binding, struct bulla_span secret_id,
                                          struct bulla_span actor_id) {
  struct draft draft;
  start_put(&draft, context, keyring, BULLA_LITERAL("bulla/v2/put-value"), binding, secret_id, actor_id);
  return finish(&draft, context);
}

enum bulla_status bulla_context_put_mask(struct bulla_context *context, const struct bulla_keyring *keyring,
                                         const struct bulla_binding *binding, struct bulla_span secret_id,
                                         struct bulla_span actor_id) {
  struct draft draft;
  start_put(&draft, context, keyring, BULLA_LITERAL("bulla/v2/put-mask"), binding, secret_id, actor_id);
  return finish(&draft, context);
}

enum bulla_status bulla_context_put(struct bulla_context *context, const struct bulla_keyring *keyring,
                                    const struct bulla_binding *binding, struct bulla_span secret_id,
                                    struct bulla_span actor_id, struct bulla_span value, struct bulla_span mask) {
  uint8_t value_digest[BULLA_SHA256_LEN];
  uint8_t mask_digest[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_sha256(value_digest, value));
  BULLA_TRY(bulla_sha256(mask_digest, mask));
  struct draft draft;
  start_put(&draft, context, keyring, BULLA_LITERAL("bulla/v2/put"), binding, secret_id, actor_id);
  bulla_put_prefixed(&draft.writer, bulla_span(value_digest, sizeof(value_digest)));
  bulla_put_prefixed(&draft.writer, bulla_span(mask_digest, sizeof(mask_digest)));
  return finish(&draft, context);
}

enum bulla_status bulla_context_plain(struct bulla_context *context, const struct bulla_keyring *keyring,
                                      const struct bulla_binding *binding, struct bulla_span value) {
  uint8_t digest[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_sha256(digest, value));
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/plain"));
  put_binding(&draft, binding);
  bulla_put_prefixed(&draft.writer, bulla_span(digest, sizeof(digest)));
  return finish(&draft, context);
}

enum bulla_status bulla_context_entry_name(struct bulla_context *context, const struct bulla_keyring *keyring,
                                           struct bulla_span tenant_id, struct bulla_span entry_id,
                                           struct bulla_span name) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/entry-name"));
  bulla_put_prefixed(&draft.writer, tenant_id);
  bulla_put_prefixed(&draft.writer, entry_id);
  bulla_put_prefixed(&draft.writer, name);
  return finish(&draft, context);
}

enum bulla_status bulla_context_apikey(struct bulla_context *context, const struct bulla_keyring *keyring,
                                       struct bulla_span tenant_id, struct bulla_span id) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/apikey"));
  bulla_put_prefixed(&draft.writer, tenant_id);
  bulla_put_prefixed(&draft.writer, id);
  return finish(&draft, context);
}

enum bulla_status bulla_context_actor_common(struct bulla_context *context, const struct bulla_keyring *keyring,
                                             const struct bulla_actor_statement *actor) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/actor-common"));
  bulla_put_prefixed(&draft.writer, actor->id);
  bulla_put_number(&draft.writer, actor->created);
  return finish(&draft, context);
}

enum bulla_status bulla_context_grant_key(struct bulla_context *context, const struct bulla_keyring *keyring,
                                          const struct bulla_grant_statement *grant) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/grant-key"));
  bulla_put_prefixed(&draft.writer, grant->id);
  bulla_put_prefixed(&draft.writer, grant->actor_id);
  bulla_put_prefixed(&draft.writer, grant->tenant_id);
  bulla_put_prefixed(&draft.writer, bulla_role_name(grant->role));
  bulla_put_number(&draft.writer, grant->epoch);
  return finish(&draft, context);
}

enum bulla_status bulla_context_handout(struct bulla_context *context, const struct bulla_keyring *keyring,
                                        struct bulla_span tenant_id, enum bulla_role role, struct bulla_span what) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/handout"));
  bulla_put_prefixed(&draft.writer, tenant_id);
  bulla_put_prefixed(&draft.writer, bulla_role_name(role));
  bulla_put_prefixed(&draft.writer, what);
  return finish(&draft, context);
}

enum bulla_status bulla_context_detail(struct bulla_context *context, const struct bulla_keyring *keyring,
                                       struct bulla_span lane_id, const struct bulla_audit_record *record) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v2/detail"));
  bulla_put_prefixed(&draft.writer, lane_id);
  bulla_put_number(&draft.writer, record->seq);
  bulla_put_number(&draft.writer, record->time);
  bulla_put_prefixed(&draft.writer, record->tenant_id);
  bulla_put_prefixed(&draft.writer, record->op);
  bulla_put_prefixed(&draft.writer, record->outcome);
  return finish(&draft, context);
}
