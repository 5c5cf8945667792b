/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/audit_chain.h. The messages of the MACs are normative: docs/FORMAT.md §8. */

#include "store/audit_chain.h"

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "store/wrap.h"

enum { RECORDS_PER_EPOCH = 64 };

/* Of the message of a mac: the fixed parts, and of each field its length and what it may be. */
#define MESSAGE_MAX (256 + 3 * (4 + BULLA_NAME_MAX) + 3 * (4 + BULLA_WHO_MAX) + 2 * (4 + 32))

int64_t bulla_audit_epoch(int64_t seq) {
  return seq > 0 ? (seq - 1) / RECORDS_PER_EPOCH : 0;
}

enum bulla_status bulla_audit_ratchet(struct bulla_secret **key) {
  struct bulla_secret *next = NULL;
  BULLA_TRY(bulla_secret_expand(&next, *key, BULLA_LITERAL("bulla/v1/audit-ratchet")));
  bulla_secret_free(key);
  *key = next;
  return BULLA_OK;
}

static void put_number(struct bulla_writer *writer, int64_t number) {
  bulla_put_be(writer, 8, 4);
  bulla_put_be(writer, (uint64_t)number, 8);
}

static void start_message(struct bulla_writer *writer, const struct bulla_keyring *keyring, struct bulla_span label,
                          int64_t seq, const uint8_t *mac) {
  bulla_put_prefixed(writer, label);
  bulla_put_prefixed(writer, bulla_keyring_uuid(keyring));
  put_number(writer, seq);
  bulla_put_prefixed(writer, bulla_span(mac, BULLA_MAC_LEN));
}

enum bulla_status bulla_audit_mac(uint8_t *mac, const struct bulla_keyring *keyring, const struct bulla_secret *key,
                                  const struct bulla_audit_record *record, const uint8_t *previous) {
  uint8_t message[MESSAGE_MAX];
  struct bulla_buffer buffer = bulla_buffer(message, sizeof(message));
  struct bulla_writer writer = bulla_writer(&buffer);
  start_message(&writer, keyring, BULLA_LITERAL("bulla/v1/audit"), record->seq, previous);
  put_number(&writer, record->time);
  bulla_put_prefixed(&writer, record->tenant);
  bulla_put_prefixed(&writer, record->actor);
  bulla_put_prefixed(&writer, record->origin);
  bulla_put_prefixed(&writer, record->reason);
  bulla_put_prefixed(&writer, record->op);
  bulla_put_prefixed(&writer, record->entry);
  bulla_put_prefixed(&writer, record->field);
  bulla_put_prefixed(&writer, record->outcome);
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_hmac(mac, bulla_secret_bytes(key), bulla_written(&buffer));
}

static enum bulla_status head_tag(uint8_t *tag, const struct bulla_keyring *keyring,
                                  const struct bulla_audit_head *head) {
  uint8_t message[MESSAGE_MAX];
  struct bulla_buffer buffer = bulla_buffer(message, sizeof(message));
  struct bulla_writer writer = bulla_writer(&buffer);
  start_message(&writer, keyring, BULLA_LITERAL("bulla/v1/audit-head"), head->seq, head->mac);
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_hmac(tag, bulla_secret_bytes(head->key), bulla_written(&buffer));
}

enum bulla_status bulla_audit_unseal(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                     struct bulla_span sealed, int64_t epoch) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_audit_key(&context, keyring, epoch));
  enum bulla_status status = bulla_unwrap(key, keyring, sealed, &context);
  return status == BULLA_REFUSED ? BULLA_AUDIT_BROKEN : status;
}

static enum bulla_status seal_key(struct bulla_buffer *sealed, const struct bulla_keyring *keyring,
                                  const struct bulla_secret *key, int64_t epoch) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_audit_key(&context, keyring, epoch));
  return bulla_wrap(sealed, keyring, key, &context);
}

void bulla_audit_head_free(struct bulla_audit_head *head) {
  bulla_secret_free(&head->key);
}

enum bulla_status bulla_audit_head_seal(uint8_t *tag, struct bulla_buffer *sealed, const struct bulla_keyring *keyring,
                                        const struct bulla_audit_head *head) {
  BULLA_TRY(head_tag(tag, keyring, head));
  return seal_key(sealed, keyring, head->key, bulla_audit_epoch(head->seq));
}

enum bulla_status bulla_audit_head_open(struct bulla_audit_head *head, const struct bulla_keyring *keyring,
                                        const uint8_t *tag, struct bulla_span sealed) {
  uint8_t expected[BULLA_MAC_LEN];
  BULLA_TRY(bulla_audit_unseal(&head->key, keyring, sealed, bulla_audit_epoch(head->seq)));
  BULLA_TRY(head_tag(expected, keyring, head));
  bool same = bulla_secret_equal(bulla_span(tag, BULLA_MAC_LEN), bulla_span(expected, sizeof(expected)));
  return same ? BULLA_OK : BULLA_AUDIT_BROKEN;
}
