/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A lane of the audit log, without any database: records chained by HMAC under keys that are ratcheted forward.
 *
 *   mac[0]   = SHA-256 of the lane's statement
 *   mac[seq] = HMAC(K[epoch], label, vault uuid, lane id, seq, mac[seq - 1], what the record has in clear, sealed
 * detail) epoch = (seq - 1) / 64;  K[epoch + 1] = HKDF-Expand(K[epoch], "bulla/v2/audit-ratchet")
 *
 * docs/FORMAT.md §9 is normative. The chain is over ciphertext, so the details of a tenant can be erased by its key and
 * the chain still holds. The vault stores only the current key, sealed under the vault key or the head key of the actor
 * whose lane it is, and the first one sealed to the audit key. The head has a tag over the last record, so that
 * removing records from the end is detected. */

#ifndef BULLA_STORE_AUDIT_CHAIN_H
#define BULLA_STORE_AUDIT_CHAIN_H

#include <bulla/store.h>

#include "core/crypto.h"
#include "store/keyring.h"

#define BULLA_MAC_LEN BULLA_SHA256_LEN
#define BULLA_DETAIL_MAX 1536 /* bytes of a sealed detail, at most */
#define BULLA_TOLD_FIELD_MAX \
  (BULLA_NAME_MAX + 20) /* bytes of the field that a record tells of: a name, # and a revision */
#define BULLA_OP_MAX 32 /* bytes of an operation or an outcome, at most */

/* A lane. */
struct bulla_audit_lane {
  int64_t number;
  uint8_t id[BULLA_ID_LEN];
  uint8_t start[BULLA_MAC_LEN]; /* mac[0] */
};

/* A record as it is stored, without its mac. */
struct bulla_audit_row {
  int64_t seq;
  int64_t time;
  struct bulla_span tenant_id; /* empty if no tenant owns it */
  struct bulla_span op;
  struct bulla_span outcome;
  struct bulla_span detail;
};

/* bulla_audit_epoch returns the epoch of the record |seq|. */
int64_t bulla_audit_epoch(int64_t seq);

/* bulla_audit_ratchet replaces |*key| with the key of the next epoch. */
BULLA_NODISCARD enum bulla_status bulla_audit_ratchet(struct bulla_secret **key);

/* bulla_audit_detail_seal seals what |record| has of detail under |key| into |sealed|, at least BULLA_DETAIL_MAX bytes;
 * or, if |key| is NULL, as a blob to the audit key, which needs no secret: for actors that lack the key, in a lane of
 * theirs and without a tenant in clear. bulla_audit_detail_open opens |sealed|, whichever it is, into |plaintext|, at
 * least BULLA_DETAIL_MAX bytes, and sets the spans of |record| to parts of it. Returns BULLA_AUDIT_BROKEN, or
 * BULLA_DENIED without the key that it takes: |key|, which may be NULL, or keyring->audit_private. What a record has in
 * clear is set in |record| for both. Who can write to the database can box too: a boxed detail is as good as the MAC of
 * its record. */
BULLA_NODISCARD enum bulla_status bulla_audit_detail_seal(struct bulla_buffer *sealed,
                                                          const struct bulla_keyring *keyring, struct bulla_key *key,
                                                          const struct bulla_audit_lane *lane,
                                                          const struct bulla_audit_record *record);
BULLA_NODISCARD enum bulla_status bulla_audit_detail_open(
    struct bulla_audit_record *record, struct bulla_buffer *plaintext, const struct bulla_keyring *keyring,
    const struct bulla_key *key, const struct bulla_audit_lane *lane, struct bulla_span sealed);

/* bulla_audit_mac fills the BULLA_MAC_LEN bytes of |mac|; |previous| is that of the previous record, or lane->start. */
BULLA_NODISCARD enum bulla_status bulla_audit_mac(uint8_t *mac, const struct bulla_keyring *keyring,
                                                  const struct bulla_secret *key, const struct bulla_audit_lane *lane,
                                                  const struct bulla_audit_row *row, const uint8_t *previous);

/* bulla_audit_first_key_seal fills |sealed| with the first |key| of a lane, sealed to the audit key.
 * bulla_audit_first_key_open opens it, or returns BULLA_AUDIT_BROKEN; BULLA_DENIED without the audit key. */
BULLA_NODISCARD enum bulla_status bulla_audit_first_key_seal(struct bulla_buffer *sealed,
                                                             const struct bulla_keyring *keyring,
                                                             const struct bulla_secret *key, struct bulla_span lane_id);
BULLA_NODISCARD enum bulla_status bulla_audit_first_key_open(struct bulla_secret **key,
                                                             const struct bulla_keyring *keyring,
                                                             struct bulla_span sealed, struct bulla_span lane_id);

/* The end of a lane. */
struct bulla_audit_head {
  struct bulla_audit_lane lane;
  int64_t seq;                /* of the last record, 0 if there is none */
  uint8_t mac[BULLA_MAC_LEN]; /* its mac */
  struct bulla_secret *key;   /* of its epoch */
  int64_t generation;         /* of the directory, the highest that was seen by those who appended */
  bool is_stored;             /* in the database, as it is here */
};

/* Where a lane ended before something was appended. */
struct bulla_audit_end {
  int64_t seq;
  uint8_t mac[BULLA_MAC_LEN];
};

/* bulla_audit_end returns where |head| is. */
struct bulla_audit_end bulla_audit_end(const struct bulla_audit_head *head);

/* bulla_audit_head_free wipes the key. For BULLA_CLEANUP. */
void bulla_audit_head_free(struct bulla_audit_head *head);

/* bulla_audit_head_seal computes how |head| is stored: the BULLA_MAC_LEN bytes of |tag|, and the key, sealed under
 * the head key of |keyring|, with the generation in |sealed|, at least BULLA_WRAPPED_MAX bytes.
 * bulla_audit_head_seal_for seals it under |head_key|, of whoever the lane is made for. */
BULLA_NODISCARD enum bulla_status bulla_audit_head_seal(uint8_t *tag, struct bulla_buffer *sealed,
                                                        const struct bulla_keyring *keyring,
                                                        const struct bulla_audit_head *head);
BULLA_NODISCARD enum bulla_status bulla_audit_head_seal_for(uint8_t *tag, struct bulla_buffer *sealed,
                                                            const struct bulla_keyring *keyring,
                                                            const struct bulla_audit_head *head,
                                                            struct bulla_key *head_key);

/* bulla_audit_head_open opens the stored key and generation of |head|, whose lane, seq and mac are set. Returns
 * BULLA_AUDIT_BROKEN unless the head key of |keyring| opens the key, and |tag| authenticates them.
 * bulla_audit_head_check is the same for whoever has the |key| of the epoch from the chain, and opens nothing: the
 * sealed key may be another. */
BULLA_NODISCARD enum bulla_status bulla_audit_head_open(struct bulla_audit_head *head,
                                                        const struct bulla_keyring *keyring, const uint8_t *tag,
                                                        struct bulla_span sealed);
BULLA_NODISCARD enum bulla_status bulla_audit_head_check(struct bulla_audit_head *head,
                                                         const struct bulla_keyring *keyring,
                                                         const struct bulla_secret *key, const uint8_t *tag,
                                                         struct bulla_span sealed);

#endif
