/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Revoking tokens one by one. Their ids may be anything, and are nobody's business who reads the file: they are kept by
 * their digests. They are kept for good: a clock that runs ahead once would otherwise drop what is still needed, and the
 * record of the revocation stays too. Who asks whether a token is revoked: store/watch.h. */

#include "core/crypto.h"
#include "core/hex.h"
#include "store/audit.h"
#include "store/names.h"
#include "store/tenant.h"

#define DIGEST_LEN 32

static enum bulla_status digest_of(uint8_t *digest, struct bulla_span jti) {
  if (jti.len == 0 || jti.len > BULLA_JTI_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  return bulla_sha256(digest, jti);
}

static enum bulla_status insert(struct bulla_vault *vault, struct bulla_span tenant_id, struct bulla_span digest,
                                int64_t expires) {
  static const char text[] =
      "INSERT INTO revoked_token(tenant, jti, expires) VALUES ($1, $2, $3) "
      "ON CONFLICT(tenant, jti) DO UPDATE SET expires = max(expires, excluded.expires)";
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, &vault->sql, text));
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_blob(&statement, digest);
  bulla_bind_int(&statement, expires);
  return bulla_finish(&statement);
}

/* All of a revocation that needs the vault to itself. */
static enum bulla_status revoke_locked(struct bulla_vault *vault, struct bulla_span digest, int64_t expires,
                                       struct bulla_audit_record *record) {
  uint8_t tenant_id[BULLA_ID_LEN];
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_sql *transaction BULLA_CLEANUP(bulla_sql_rollback) = NULL;
  BULLA_TRY(bulla_sql_write_first(&transaction, &vault->sql));
  BULLA_TRY(bulla_tenant_find(tenant_id, vault, record->tenant));
  BULLA_TRY(insert(vault, bulla_span(tenant_id, sizeof tenant_id), digest, expires));
  BULLA_TRY(bulla_audit_append(vault, record));
  return bulla_audit_commit(vault, &transaction);
}

enum bulla_status bulla_vault_token_revoke(struct bulla_vault *vault, const struct bulla_who *who,
                                           struct bulla_span tenant, struct bulla_span jti, int64_t expires) {
  uint8_t digest[DIGEST_LEN];
  uint8_t digits[2 * DIGEST_LEN];
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(digest_of(digest, jti));
  bulla_hex_encode(digits, bulla_span(digest, sizeof digest));
  struct bulla_audit_record record =
      bulla_audit_record(who, BULLA_LITERAL("token-revoke"), tenant, bulla_span(digits, sizeof digits));
  BULLA_TRY(revoke_locked(vault, bulla_span(digest, sizeof digest), expires, &record));
  bulla_watch_wait(vault);
  return BULLA_OK;
}
