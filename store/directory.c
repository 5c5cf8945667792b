/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/directory.h. A signature takes some 100 µs to check, so a row that was checked is kept with the bytes that
 * were: while the row has the same ones, the use of a field does not check them again. */

#include "store/directory.h"

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/key.h"
#include "core/log.h"
#include "store/wrap.h"

static enum bulla_status sign_with(struct bulla_signed *made, const struct bulla_secret *seed) {
  struct bulla_span statement = bulla_written(&made->statement);
  if (seed == NULL) {
    return BULLA_DENIED; /* nobody but the root says what the vault is */
  }
  BULLA_TRY(bulla_sha256(made->digest, statement));
  return bulla_signature_sign(made->signature, seed, statement);
}

static enum bulla_status sign(struct bulla_signed *made, const struct bulla_keyring *keyring) {
  return sign_with(made, keyring->signing_seed);
}

enum bulla_status bulla_sign_vault(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                   const struct bulla_vault_statement *said) {
  made->statement = bulla_buffer(made->bytes, sizeof(made->bytes));
  BULLA_TRY(bulla_vault_statement_write(&made->statement, said));
  return sign(made, keyring);
}

enum bulla_status bulla_sign_tenant(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                    const struct bulla_tenant_statement *said) {
  made->statement = bulla_buffer(made->bytes, sizeof(made->bytes));
  BULLA_TRY(bulla_tenant_statement_write(&made->statement, said));
  return sign(made, keyring);
}

enum bulla_status bulla_sign_lane(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                  const struct bulla_lane_statement *said) {
  made->statement = bulla_buffer(made->bytes, sizeof(made->bytes));
  BULLA_TRY(bulla_lane_statement_write(&made->statement, said));
  return sign_with(made, keyring->self != NULL ? keyring->self->signing_seed : keyring->signing_seed);
}

enum bulla_status bulla_sign_actor(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                   const struct bulla_actor_statement *said) {
  made->statement = bulla_buffer(made->bytes, sizeof(made->bytes));
  BULLA_TRY(bulla_actor_statement_write(&made->statement, said));
  return sign(made, keyring);
}

enum bulla_status bulla_sign_grant(struct bulla_signed *made, const struct bulla_keyring *keyring,
                                   const struct bulla_grant_statement *said) {
  made->statement = bulla_buffer(made->bytes, sizeof(made->bytes));
  BULLA_TRY(bulla_grant_statement_write(&made->statement, said));
  return sign(made, keyring);
}

enum bulla_status bulla_check_signed(const struct bulla_keyring *keyring, struct bulla_span statement,
                                     struct bulla_span signature) {
  return signature.len == BULLA_SIGNATURE_LEN
             ? bulla_signature_verify(keyring->signing_public, signature.data, statement)
             : BULLA_REFUSED;
}

enum bulla_status bulla_check_actor(struct bulla_actor_statement *said, const struct bulla_keyring *keyring,
                                    struct bulla_span statement, struct bulla_span signature) {
  BULLA_TRY(bulla_check_signed(keyring, statement, signature));
  BULLA_TRY(bulla_actor_statement_read(said, statement));
  return bulla_span_equal(said->uuid, bulla_keyring_uuid(keyring)) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_check_grant(struct bulla_grant_statement *said, const struct bulla_keyring *keyring,
                                    struct bulla_span statement, struct bulla_span signature) {
  BULLA_TRY(bulla_check_signed(keyring, statement, signature));
  BULLA_TRY(bulla_grant_statement_read(said, statement));
  return bulla_span_equal(said->uuid, bulla_keyring_uuid(keyring)) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_fingerprint(uint8_t *fingerprint, const struct bulla_keyring *keyring) {
  uint8_t bytes[128];
  struct bulla_buffer buffer = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/fingerprint"));
  bulla_put_prefixed(&writer, bulla_keyring_uuid(keyring));
  bulla_put_prefixed(&writer, bulla_span(keyring->signing_public, sizeof(keyring->signing_public)));
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_sha256(fingerprint, bulla_written(&buffer));
}

static bool says_row(const struct bulla_tenant_statement *said, const struct bulla_keyring *keyring,
                     const struct bulla_tenant_row *row) {
  return bulla_span_equal(said->uuid, bulla_keyring_uuid(keyring)) && bulla_span_equal(said->id, row->id) &&
         said->removed != row->has_name && (said->removed || bulla_span_equal(said->name, row->name)) &&
         said->shredded != row->has_keys;
}

/* Opens the two keys of the row, which must be those that were signed. */
static enum bulla_status open_keys(struct bulla_secret **label_key, struct bulla_key **detail_key,
                                   const struct bulla_keyring *keyring, const struct bulla_tenant_row *row,
                                   const struct bulla_tenant_statement *said) {
  struct bulla_context context;
  uint8_t label_key_id[BULLA_KEY_ID_LEN];
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_LABEL_KEY, row->id, 0));
  BULLA_TRY(bulla_unwrap(label_key, keyring->vault_key, row->label_key, &context));
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_DETAIL_KEY, row->id, 0));
  BULLA_TRY(bulla_unwrap_key(detail_key, keyring->vault_key, row->detail_key, &context));
  BULLA_TRY(bulla_key_id_of(label_key_id, bulla_secret_bytes(*label_key)));
  return bulla_span_equal(said->label_key_id, bulla_span(label_key_id, sizeof(label_key_id))) &&
                 bulla_span_equal(said->detail_key_id, bulla_key_id(*detail_key))
             ? BULLA_OK
             : BULLA_REFUSED;
}

enum bulla_status bulla_tenant_row_read(struct bulla_tenant_statement *said, const struct bulla_keyring *keyring,
                                        const struct bulla_tenant_row *row) {
  BULLA_TRY(bulla_check_signed(keyring, row->statement, row->signature));
  BULLA_TRY(bulla_tenant_statement_read(said, row->statement));
  if (!says_row(said, keyring, row)) {
    return BULLA_REFUSED;
  }
  return said->generation < bulla_keyring_tenant_generation(keyring, row->id)
             ? bulla_explain(BULLA_REFUSED, "what is said of a tenant is older than this process has seen it")
             : BULLA_OK;
}

/* Checks the row, and takes it into the cache. */
static enum bulla_status take_tenant(const struct bulla_tenant **tenant, struct bulla_keyring *keyring,
                                     const struct bulla_tenant_row *row) {
  struct bulla_tenant_statement said;
  struct bulla_secret *label_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_key *detail_key BULLA_CLEANUP(bulla_key_free) = NULL;
  BULLA_TRY(bulla_tenant_row_read(&said, keyring, row));
  BULLA_TRY(row->has_keys ? open_keys(&label_key, &detail_key, keyring, row, &said) : BULLA_OK);
  return bulla_keyring_keep_tenant(tenant, keyring, row->statement, row->signature, &label_key, &detail_key);
}

enum bulla_status bulla_check_tenant(const struct bulla_tenant **tenant, struct bulla_keyring *keyring,
                                     const struct bulla_tenant_row *row) {
  *tenant = bulla_keyring_find_tenant(keyring, row->id, row->statement, row->signature);
  if (*tenant == NULL) {
    return take_tenant(tenant, keyring, row);
  }
  return says_row(&(*tenant)->said, keyring, row) ? BULLA_OK : BULLA_REFUSED;
}
