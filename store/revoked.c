/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Revoking tokens one by one, and asking what is revoked. A token's id may be anything, and is nobody's business who
 * reads the file: it is kept by its digest. Revocations are kept for good: a clock that runs ahead once would otherwise
 * drop what is still needed, and the record of the revocation stays too. */

#include "store/revoked.h"

#include <stdatomic.h>

#include "core/crypto.h"
#include "core/hex.h"
#include "store/apikey.h"
#include "store/change.h"
#include "store/may.h"
#include "store/names.h"
#include "store/tenant.h"

static enum bulla_status digest_of(uint8_t *digest, struct bulla_span jti) {
  if (jti.len == 0 || jti.len > BULLA_JTI_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  return bulla_sha256(digest, jti);
}

enum bulla_status bulla_token_store(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                    struct bulla_span digest, int64_t expires) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_REVOKE_TOKEN);
  bulla_bind_blob(&statement, bulla_tenant_id(owner));
  bulla_bind_blob(&statement, digest);
  bulla_bind_int(&statement, expires);
  BULLA_TRY(bulla_finish(&statement));
  return bulla_watch_tell(vault->db, bulla_tenant_id(owner), bulla_span(NULL, 0), digest);
}

/* All of a revocation that needs the vault to itself. */
static enum bulla_status revoke_locked(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span tenant,
                                       const uint8_t *digest, int64_t expires) {
  const struct bulla_tenant *owner;
  uint8_t digits[2 * BULLA_SHA256_LEN];
  struct bulla_span bytes = bulla_span(digest, BULLA_SHA256_LEN);
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  bulla_hex_encode(digits, bytes);
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE_FIRST)); /* no limit keeps anybody from revoking */
  BULLA_TRY(bulla_tenant_find(&owner, vault, tenant));
  BULLA_TRY(bulla_token_store(vault, owner, bytes, expires));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("token-revoke"), tenant, bulla_span(digits, sizeof(digits)),
                              bulla_span(NULL, 0)));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_token_revoke(struct bulla_vault *vault, const struct bulla_who *who,
                                           struct bulla_span tenant, struct bulla_span jti, int64_t expires) {
  uint8_t digest[BULLA_SHA256_LEN];
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(digest_of(digest, jti));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("token-revoke"), &(struct bulla_place){.tenant = tenant}));
  enum bulla_status status = revoke_locked(vault, who, tenant, digest, expires);
  if (status == BULLA_DISK_FULL) {
    /* Undoing it has emptied the -wal, which may be room enough. */
    status = revoke_locked(vault, who, tenant, digest, expires);
  }
  BULLA_TRY(status);
  bulla_watch_wait(&vault->watch);
  return BULLA_OK;
}

uint64_t bulla_vault_generation(struct bulla_vault *vault) {
  static _Atomic uint64_t next_odd = 1;
  if (bulla_vault_here(vault) != BULLA_OK || bulla_watch_look(&vault->watch) != BULLA_OK) {
    return atomic_fetch_add(&next_odd, 2);
  }
  return atomic_load_explicit(&vault->watch.generation, memory_order_acquire);
}

enum bulla_status bulla_vault_apikey_live(struct bulla_vault *vault, struct bulla_span id) {
  BULLA_TRY(bulla_vault_here(vault));
  if (id.len != BULLA_RECORD_ID_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(bulla_watch_look(&vault->watch));
  BULLA_TRY(bulla_watch_find_key(&vault->watch, id));
  /* Nobody is told of it by a record: this is asked for each key whenever the directory changes. */
  return vault->keyring.self == NULL ? BULLA_OK : bulla_apikey_may_verify(vault, id);
}

enum bulla_status bulla_vault_token_revoked(struct bulla_vault *vault, bool *revoked, struct bulla_span tenant,
                                            struct bulla_span jti) {
  *revoked = false;
  BULLA_TRY(bulla_vault_here(vault));
  if (jti.len == 0 || jti.len > BULLA_JTI_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  /* Everybody may: who asks has the token, and learns only whether it counts. */
  BULLA_TRY(bulla_watch_look(&vault->watch));
  return bulla_watch_has_token(&vault->watch, revoked, tenant, jti);
}
