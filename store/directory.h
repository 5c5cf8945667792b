/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The directory: rows that say what the vault, a tenant, a lane of the log, an actor and a grant are, each a statement
 * (store/signed.h, store/signed_actor.h) signed by the vault's signing key. Without any database: see store/tenant.h,
 * store/roots.h and store/audit_log.h for the rows. */

#ifndef BULLA_STORE_DIRECTORY_H
#define BULLA_STORE_DIRECTORY_H

#include "core/crypto.h"
#include "store/keyring.h"
#include "store/signed_actor.h"

/* A statement with its signature, being made. */
struct bulla_signed {
  uint8_t bytes[BULLA_STATEMENT_MAX];
  struct bulla_buffer statement;
  uint8_t signature[BULLA_SIGNATURE_LEN];
  uint8_t digest[BULLA_SHA256_LEN]; /* of the statement: the record of a change has it */
};

/* bulla_sign_vault, _tenant, _lane, _actor and _grant write and sign a statement: with the vault's signing key, or
 * BULLA_DENIED. An actor signs lanes with its own. */
BULLA_NODISCARD enum bulla_status bulla_sign_vault(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                                   const struct bulla_vault_statement *said);
BULLA_NODISCARD enum bulla_status bulla_sign_tenant(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                                    const struct bulla_tenant_statement *said);
BULLA_NODISCARD enum bulla_status bulla_sign_lane(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                                  const struct bulla_lane_statement *said);
BULLA_NODISCARD enum bulla_status bulla_sign_actor(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                                   const struct bulla_actor_statement *said);
BULLA_NODISCARD enum bulla_status bulla_sign_grant(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                                   const struct bulla_grant_statement *said);

/* bulla_check_signed returns BULLA_REFUSED unless |signature| is the vault's of |statement|. */
BULLA_NODISCARD enum bulla_status bulla_check_signed(const struct bulla_keyring *keyring, struct bulla_span statement,
                                                     struct bulla_span signature);

/* bulla_check_actor and bulla_check_grant fill |said|, with spans in |statement|. Return BULLA_REFUSED unless the vault
 * signed it, and it is such a statement of this vault. Whose row it is in, the caller compares. */
BULLA_NODISCARD enum bulla_status bulla_check_actor(struct bulla_actor_statement *said,
                                                    const struct bulla_keyring *keyring, struct bulla_span statement,
                                                    struct bulla_span signature);
BULLA_NODISCARD enum bulla_status bulla_check_grant(struct bulla_grant_statement *said,
                                                    const struct bulla_keyring *keyring, struct bulla_span statement,
                                                    struct bulla_span signature);

/* bulla_fingerprint fills the BULLA_SHA256_LEN bytes of |fingerprint|, which names the vault and its signing key. */
BULLA_NODISCARD enum bulla_status bulla_fingerprint(uint8_t *fingerprint, const struct bulla_keyring *keyring);

/* A tenant's row as it is stored. */
struct bulla_tenant_row {
  struct bulla_span id;
  bool has_name; /* a removed tenant has none */
  struct bulla_span name;
  struct bulla_span statement;
  struct bulla_span signature;
  bool has_keys;               /* one that was shredded has none */
  struct bulla_span label_key; /* wrapped, as |detail_key| */
  struct bulla_span detail_key;
};

/* bulla_tenant_row_read fills |said| with what |row| says, with spans in it. Returns BULLA_REFUSED if it is not signed,
 * says something else than the row, or is older than the one in the cache. */
BULLA_NODISCARD enum bulla_status bulla_tenant_row_read(struct bulla_tenant_statement *said,
                                                        const struct bulla_keyring *keyring,
                                                        const struct bulla_tenant_row *row);

/* bulla_check_tenant sets |*tenant| to what |row| is, unwrapped; |keyring| owns it. Returns BULLA_REFUSED if the
 * statement is not signed, says something else than the row, is older than the one in the cache, or a key does not
 * open or is not the one that the statement commits to. */
BULLA_NODISCARD enum bulla_status bulla_check_tenant(const struct bulla_tenant **tenant, struct bulla_keyring *keyring,
                                                     const struct bulla_tenant_row *row);

#endif
