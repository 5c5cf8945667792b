/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/audit_chain.h. The messages of the MACs are normative: docs/FORMAT.md §9. */

#include "store/audit_chain.h"

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "store/names.h"
#include "store/signed_actor.h"
#include "store/wrap.h"

enum { RECORDS_PER_EPOCH = 64 };
enum { GENERATION_LEN = 12 }; /* bytes of the part behind a wrapped head key */
enum { MESSAGE_MAX = 256 + BULLA_DETAIL_MAX + 2 * BULLA_OP_MAX };

int64_t bulla_audit_epoch(int64_t seq) {
  return seq > 0 ? (seq - 1) / RECORDS_PER_EPOCH : 0;
}

enum bulla_status bulla_audit_ratchet(struct bulla_secret **key) {
  struct bulla_secret *next = NULL;
  BULLA_TRY(bulla_secret_expand(&next, *key, BULLA_LITERAL("bulla/v2/audit-ratchet")));
  bulla_secret_free(key);
  *key = next;
  return BULLA_OK;
}

static struct bulla_span id_of(const struct bulla_audit_lane *lane) {
  return bulla_span(lane->id, sizeof(lane->id));
}

enum bulla_status bulla_audit_detail_seal(struct bulla_buffer *sealed, const struct bulla_keyring *keyring,
                                          struct bulla_key *key, const struct bulla_audit_lane *lane,
                                          const struct bulla_audit_record *record) {
  uint8_t bytes[BULLA_DETAIL_MAX];
  struct bulla_buffer detail = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&detail);
  bulla_put_prefixed(&writer, record->tenant);
  bulla_put_prefixed(&writer, record->actor);
  bulla_put_prefixed(&writer, record->origin);
  bulla_put_prefixed(&writer, record->reason);
  bulla_put_prefixed(&writer, record->entry);
  bulla_put_prefixed(&writer, record->field);
  bulla_put_prefixed(&writer, record->statement);
  BULLA_TRY(bulla_writer_finish(&writer));
  struct bulla_context context;
  BULLA_TRY(bulla_context_detail(&context, keyring, id_of(lane), record));
  if (key != NULL) {
    return bulla_seal(key, sealed, bulla_written(&detail), bulla_context_span(&context));
  }
  struct bulla_span audit_public = bulla_span(keyring->audit_public, sizeof(keyring->audit_public));
  return bulla_boxed_seal(sealed, audit_public, bulla_written(&detail), bulla_context_span(&context));
}

static bool is_boxed(struct bulla_span sealed) {
  struct bulla_blob parts;
  return bulla_blob_parse(&parts, sealed) == BULLA_OK && parts.suite == BULLA_BOXED;
}

static enum bulla_status open_boxed(struct bulla_buffer *plaintext, const struct bulla_keyring *keyring,
                                    struct bulla_span sealed, const struct bulla_context *context) {
  struct bulla_box_key *key BULLA_CLEANUP(bulla_box_key_free) = NULL;
  if (keyring->audit_private == NULL) {
    return BULLA_DENIED;
  }
  BULLA_TRY(bulla_box_key_new(&key, keyring->audit_private));
  return bulla_boxed_open(key, plaintext, sealed, bulla_context_span(context));
}

/* Anybody can box: so a box is taken only where those write who must, and never for one of a tenant's details. */
static bool may_be_boxed(const struct bulla_audit_lane *lane, const struct bulla_audit_record *record) {
  return lane->number >= BULLA_ACTOR_LANES && record->tenant_id.len == 0;
}

static enum bulla_status open_detail(struct bulla_buffer *plaintext, const struct bulla_keyring *keyring,
                                     const struct bulla_key *key, const struct bulla_audit_lane *lane,
                                     const struct bulla_audit_record *record, struct bulla_span sealed) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_detail(&context, keyring, id_of(lane), record));
  if (is_boxed(sealed) && may_be_boxed(lane, record)) {
    return open_boxed(plaintext, keyring, sealed, &context);
  }
  return key != NULL ? bulla_open(key, plaintext, sealed, bulla_context_span(&context)) : BULLA_DENIED;
}

/* Takes a text that may be empty. */
static bool take_text(struct bulla_reader *reader, struct bulla_span *text, size_t max_len) {
  return bulla_take_prefixed(reader, text) && bulla_text_check(*text, max_len) == BULLA_OK;
}

enum bulla_status bulla_audit_detail_open(struct bulla_audit_record *record, struct bulla_buffer *plaintext,
                                          const struct bulla_keyring *keyring, const struct bulla_key *key,
                                          const struct bulla_audit_lane *lane, struct bulla_span sealed) {
  enum bulla_status status = open_detail(plaintext, keyring, key, lane, record, sealed);
  if (status == BULLA_REFUSED || status == BULLA_BUFFER_TOO_SMALL) {
    return BULLA_AUDIT_BROKEN;
  }
  BULLA_TRY(status);
  struct bulla_reader reader = bulla_reader(bulla_written(plaintext));
  bool good =
      take_text(&reader, &record->tenant, BULLA_NAME_MAX) && take_text(&reader, &record->actor, BULLA_WHO_MAX) &&
      take_text(&reader, &record->origin, BULLA_WHO_MAX) && take_text(&reader, &record->reason, BULLA_WHO_MAX) &&
      take_text(&reader, &record->entry, BULLA_NAME_MAX) && take_text(&reader, &record->field, BULLA_TOLD_FIELD_MAX) &&
      bulla_take_prefixed(&reader, &record->statement) &&
      (record->statement.len == 0 || record->statement.len == BULLA_SHA256_LEN) && reader.left == 0;
  return good ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static void start_message(struct bulla_writer *writer, const struct bulla_keyring *keyring, struct bulla_span label,
                          const struct bulla_audit_lane *lane, int64_t seq, const uint8_t *mac) {
  bulla_put_prefixed(writer, label);
  bulla_put_prefixed(writer, bulla_keyring_uuid(keyring));
  bulla_put_prefixed(writer, id_of(lane));
  bulla_put_number(writer, seq);
  bulla_put_prefixed(writer, bulla_span(mac, BULLA_MAC_LEN));
}

enum bulla_status bulla_audit_mac(uint8_t *mac, const struct bulla_keyring *keyring, const struct bulla_secret *key,
                                  const struct bulla_audit_lane *lane, const struct bulla_audit_row *row,
                                  const uint8_t *previous) {
  uint8_t message[MESSAGE_MAX];
  struct bulla_buffer buffer = bulla_buffer(message, sizeof(message));
  struct bulla_writer writer = bulla_writer(&buffer);
  start_message(&writer, keyring, BULLA_LITERAL("bulla/v2/record"), lane, row->seq, previous);
  bulla_put_number(&writer, row->time);
  bulla_put_prefixed(&writer, row->tenant_id);
  bulla_put_prefixed(&writer, row->op);
  bulla_put_prefixed(&writer, row->outcome);
  bulla_put_prefixed(&writer, row->detail);
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_hmac(mac, bulla_secret_bytes(key), bulla_written(&buffer));
}

enum bulla_status bulla_audit_first_key_seal(struct bulla_buffer *sealed, const struct bulla_keyring *keyring,
                                             const struct bulla_secret *key, struct bulla_span lane_id) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_LANE_KEY, lane_id, 0));
  return bulla_box_seal(sealed, keyring->audit_public, bulla_secret_bytes(key), bulla_context_span(&context));
}

enum bulla_status bulla_audit_first_key_open(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                             struct bulla_span sealed, struct bulla_span lane_id) {
  struct bulla_context context;
  if (keyring->audit_private == NULL) {
    return BULLA_DENIED;
  }
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_LANE_KEY, lane_id, 0));
  enum bulla_status status = bulla_box_open(key, keyring->audit_private, sealed, bulla_context_span(&context));
  return status == BULLA_REFUSED ? BULLA_AUDIT_BROKEN : status;
}

static enum bulla_status head_tag(uint8_t *tag, const struct bulla_keyring *keyring,
                                  const struct bulla_audit_head *head, int64_t generation) {
  uint8_t message[MESSAGE_MAX];
  struct bulla_buffer buffer = bulla_buffer(message, sizeof(message));
  struct bulla_writer writer = bulla_writer(&buffer);
  start_message(&writer, keyring, BULLA_LITERAL("bulla/v2/head"), &head->lane, head->seq, head->mac);
  bulla_put_number(&writer, generation);
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_hmac(tag, bulla_secret_bytes(head->key), bulla_written(&buffer));
}

static enum bulla_status head_context(struct bulla_context *context, const struct bulla_keyring *keyring,
                                      const struct bulla_audit_head *head) {
  return bulla_context_wrapped(context, keyring, BULLA_WRAPPED_HEAD_KEY, id_of(&head->lane),
                               bulla_audit_epoch(head->seq));
}

struct bulla_audit_end bulla_audit_end(const struct bulla_audit_head *head) {
  struct bulla_audit_end end = {.seq = head->seq};
  memcpy(end.mac, head->mac, sizeof(end.mac));
  return end;
}

void bulla_audit_head_free(struct bulla_audit_head *head) {
  bulla_secret_free(&head->key);
}

enum bulla_status bulla_audit_head_seal_for(uint8_t *tag, struct bulla_buffer *sealed,
                                            const struct bulla_keyring *keyring, const struct bulla_audit_head *head,
                                            struct bulla_key *head_key) {
  struct bulla_context context;
  int64_t generation = head->generation > keyring->generation ? head->generation : keyring->generation;
  BULLA_TRY(head_tag(tag, keyring, head, generation));
  BULLA_TRY(head_context(&context, keyring, head));
  BULLA_TRY(bulla_wrap(sealed, head_key, head->key, &context));
  struct bulla_writer writer = {.out = sealed}; /* behind what is there */
  bulla_put_number(&writer, generation);
  return bulla_writer_finish(&writer);
}

enum bulla_status bulla_audit_head_seal(uint8_t *tag, struct bulla_buffer *sealed, const struct bulla_keyring *keyring,
                                        const struct bulla_audit_head *head) {
  return bulla_audit_head_seal_for(tag, sealed, keyring, head, bulla_keyring_head_key(keyring));
}

/* Takes the sealed key and, into |head|, the generation. */
static enum bulla_status take_sealed(struct bulla_span *wrapped, struct bulla_audit_head *head,
                                     struct bulla_span sealed) {
  struct bulla_reader reader = bulla_reader(sealed);
  size_t len = sealed.len > GENERATION_LEN ? sealed.len - GENERATION_LEN : 0;
  bool good = bulla_take(&reader, wrapped, len) && bulla_take_number(&reader, &head->generation);
  return good && head->generation >= 0 ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static enum bulla_status check_tag(const struct bulla_audit_head *head, const struct bulla_keyring *keyring,
                                   const uint8_t *tag) {
  uint8_t expected[BULLA_MAC_LEN];
  BULLA_TRY(head_tag(expected, keyring, head, head->generation));
  bool same = bulla_secret_equal(bulla_span(tag, BULLA_MAC_LEN), bulla_span(expected, sizeof(expected)));
  return same ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

enum bulla_status bulla_audit_head_open(struct bulla_audit_head *head, const struct bulla_keyring *keyring,
                                        const uint8_t *tag, struct bulla_span sealed) {
  struct bulla_context context;
  struct bulla_span wrapped;
  BULLA_TRY(take_sealed(&wrapped, head, sealed));
  BULLA_TRY(head_context(&context, keyring, head));
  enum bulla_status status = bulla_unwrap(&head->key, bulla_keyring_head_key(keyring), wrapped, &context);
  if (status != BULLA_OK) {
    return status == BULLA_REFUSED ? BULLA_AUDIT_BROKEN : status;
  }
  return check_tag(head, keyring, tag);
}

enum bulla_status bulla_audit_head_check(struct bulla_audit_head *head, const struct bulla_keyring *keyring,
                                         const struct bulla_secret *key, const uint8_t *tag, struct bulla_span sealed) {
  struct bulla_span wrapped;
  BULLA_TRY(take_sealed(&wrapped, head, sealed));
  BULLA_TRY(bulla_secret_copy(&head->key, bulla_secret_bytes(key)));
  return check_tag(head, keyring, tag);
}
