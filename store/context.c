/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/context.h. The parts of each context are normative: docs/FORMAT.md §7. */

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

static void put_number(struct draft *draft, int64_t number) {
  bulla_put_be(&draft->writer, 8, 4);
  bulla_put_be(&draft->writer, (uint64_t)number, 8);
}

static void put_binding(struct draft *draft, const struct bulla_binding *binding) {
  bulla_put_prefixed(&draft->writer, binding->tenant_id);
  bulla_put_prefixed(&draft->writer, binding->entry_id);
  bulla_put_prefixed(&draft->writer, binding->field);
  put_number(draft, binding->revision);
}

static enum bulla_status finish(struct draft *draft, struct bulla_context *context) {
  enum bulla_status status = bulla_writer_finish(&draft->writer);
  context->len = draft->buffer.len;
  return status;
}

enum bulla_status bulla_context_field(struct bulla_context *context, const struct bulla_keyring *keyring,
                                      const struct bulla_binding *binding) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/field"));
  put_binding(&draft, binding);
  return finish(&draft, context);
}

enum bulla_status bulla_context_mask(struct bulla_context *context, const struct bulla_keyring *keyring,
                                     const struct bulla_binding *binding) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/mask"));
  put_binding(&draft, binding);
  return finish(&draft, context);
}

enum bulla_status bulla_context_plain(struct bulla_context *context, const struct bulla_keyring *keyring,
                                      const struct bulla_binding *binding, struct bulla_span value) {
  uint8_t digest[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_sha256(digest, value));
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/plain"));
  put_binding(&draft, binding);
  bulla_put_prefixed(&draft.writer, bulla_span(digest, sizeof(digest)));
  return finish(&draft, context);
}

enum bulla_status bulla_context_apikey(struct bulla_context *context, const struct bulla_keyring *keyring,
                                       struct bulla_span tenant_id, struct bulla_span id) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/apikey"));
  bulla_put_prefixed(&draft.writer, tenant_id);
  bulla_put_prefixed(&draft.writer, id);
  return finish(&draft, context);
}

enum bulla_status bulla_context_tenant_key(struct bulla_context *context, const struct bulla_keyring *keyring,
                                           struct bulla_span tenant_id, int64_t version) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/tenant-key"));
  bulla_put_prefixed(&draft.writer, tenant_id);
  put_number(&draft, version);
  return finish(&draft, context);
}

enum bulla_status bulla_context_name_key(struct bulla_context *context, const struct bulla_keyring *keyring) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/name-key"));
  return finish(&draft, context);
}

enum bulla_status bulla_context_name(struct bulla_context *context, const struct bulla_keyring *keyring,
                                     struct bulla_span tenant_id, struct bulla_span entry_id, struct bulla_span name) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/name"));
  bulla_put_prefixed(&draft.writer, tenant_id);
  bulla_put_prefixed(&draft.writer, entry_id);
  bulla_put_prefixed(&draft.writer, name);
  return finish(&draft, context);
}

enum bulla_status bulla_context_audit_key(struct bulla_context *context, const struct bulla_keyring *keyring,
                                          int64_t epoch) {
  struct draft draft;
  start(&draft, context, keyring, BULLA_LITERAL("bulla/v1/audit-key"));
  put_number(&draft, epoch);
  return finish(&draft, context);
}
