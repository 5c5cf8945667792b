/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The chain of the audit log, without any database: records chained by HMAC under keys that are ratcheted forward.
 *
 *   mac[seq] = HMAC(K[epoch], label, vault uuid, seq, mac[seq - 1], the fields of the record)
 *   epoch = (seq - 1) / 64;  K[epoch + 1] = HKDF-Expand(K[epoch], "bulla/v1/audit-ratchet")
 *
 * docs/FORMAT.md §8 is normative. The vault stores only the current key, sealed under the root, and the first one for
 * the verifier. The head has a tag over the last record, so that removing records from the end is detected. */

#ifndef BULLA_STORE_AUDIT_CHAIN_H
#define BULLA_STORE_AUDIT_CHAIN_H

#include <bulla/store.h>

#include "core/crypto.h"
#include "store/keyring.h"

#define BULLA_MAC_LEN BULLA_SHA256_LEN

/* bulla_audit_epoch returns the epoch of the record |seq|. */
int64_t bulla_audit_epoch(int64_t seq);

/* bulla_audit_ratchet replaces |*key| with the key of the next epoch. */
BULLA_NODISCARD enum bulla_status bulla_audit_ratchet(struct bulla_secret **key);

/* bulla_audit_mac fills the BULLA_MAC_LEN bytes of |mac|; |previous| is that of the previous record. */
BULLA_NODISCARD enum bulla_status bulla_audit_mac(uint8_t *mac, const struct bulla_keyring *keyring,
                                                  const struct bulla_secret *key,
                                                  const struct bulla_audit_record *record, const uint8_t *previous);

/* bulla_audit_unseal opens the |sealed| key of |epoch| as |*key|, or returns BULLA_AUDIT_BROKEN. */
BULLA_NODISCARD enum bulla_status bulla_audit_unseal(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                                     struct bulla_span sealed, int64_t epoch);

/* The end of the log. */
struct bulla_audit_head {
  int64_t seq;                /* of the last record, 0 if there is none */
  uint8_t mac[BULLA_MAC_LEN]; /* its mac */
  struct bulla_secret *key;   /* of its epoch */
};

/* bulla_audit_head_free wipes the key. For BULLA_CLEANUP. */
void bulla_audit_head_free(struct bulla_audit_head *head);

/* bulla_audit_head_seal computes how |head| is stored: the BULLA_MAC_LEN bytes of |tag|, and the key in |sealed|, at
 * least BULLA_WRAPPED_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_audit_head_seal(uint8_t *tag, struct bulla_buffer *sealed,
                                                        const struct bulla_keyring *keyring,
                                                        const struct bulla_audit_head *head);

/* bulla_audit_head_open opens the stored key of |head|, whose seq and mac are set. Returns BULLA_AUDIT_BROKEN unless
 * |tag| authenticates them. */
BULLA_NODISCARD enum bulla_status bulla_audit_head_open(struct bulla_audit_head *head,
                                                        const struct bulla_keyring *keyring, const uint8_t *tag,
                                                        struct bulla_span sealed);

#endif
