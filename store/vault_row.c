/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/vault_row.h. */

#include "store/vault_row.h"

#include "core/log.h"
#include "store/leaves.h"
#include "store/wrap.h"

static struct bulla_span copy(uint8_t *to, struct bulla_span from) {
  if (from.len > 0) {
    memcpy(to, from.data, from.len);
  }
  return bulla_span(to, from.len);
}

/* Takes statement and signature of the row that |statement| looks for. */
static enum bulla_status take_said(struct bulla_vault_row *row, struct bulla_statement *statement) {
  bool is_there;
  row->said = (struct bulla_vault_statement){.generation = 0};
  row->statement = bulla_span(NULL, 0);
  BULLA_TRY(bulla_step(statement, &is_there));
  if (!is_there) {
    return bulla_explain(BULLA_NOT_A_VAULT, "the vault's own row is missing");
  }
  row->statement = copy(row->bytes, bulla_column_blob(statement, BULLA_STATEMENT_MAX));
  bulla_column_bytes(statement, row->signature, sizeof(row->signature));
  return BULLA_OK;
}

static enum bulla_status read_said(struct bulla_vault_row *row, const struct bulla_statement *statement) {
  bool good = bulla_columns_good(statement) && bulla_vault_statement_read(&row->said, row->statement) == BULLA_OK;
  return good ? BULLA_OK : bulla_explain(BULLA_NOT_A_VAULT, "the vault's own row is malformed");
}

enum bulla_status bulla_vault_row_load(struct bulla_vault_row *row, struct bulla_db *db) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_LOAD_VAULT_STATEMENT);
  BULLA_TRY(take_said(row, &statement));
  return read_said(row, &statement);
}

enum bulla_status bulla_vault_row_load_keys(struct bulla_vault_row *row, struct bulla_db *db) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_LOAD_VAULT);
  BULLA_TRY(take_said(row, &statement));
  row->signing_key = copy(row->wrapped[0], bulla_column_blob(&statement, BULLA_WRAPPED_MAX));
  row->audit_key = copy(row->wrapped[1], bulla_column_blob(&statement, BULLA_WRAPPED_MAX));
  row->detail_key = copy(row->wrapped[2], bulla_column_blob(&statement, BULLA_WRAPPED_MAX));
  return read_said(row, &statement);
}

static enum bulla_status unwrap(struct bulla_secret **key, const struct bulla_keyring *keyring, enum bulla_wrapped what,
                                struct bulla_span wrapped) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_wrapped(&context, keyring, what, bulla_span(NULL, 0), 0));
  return bulla_unwrap(key, keyring->vault_key, wrapped, &context);
}

static enum bulla_status open_keys(struct bulla_keyring *keyring, const struct bulla_vault_row *row) {
  struct bulla_secret *detail BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(unwrap(&keyring->signing_seed, keyring, BULLA_WRAPPED_SIGNING_KEY, row->signing_key));
  BULLA_TRY(unwrap(&keyring->audit_private, keyring, BULLA_WRAPPED_AUDIT_KEY, row->audit_key));
  BULLA_TRY(unwrap(&detail, keyring, BULLA_WRAPPED_DETAIL_KEY, row->detail_key));
  BULLA_TRY(bulla_key_new(&keyring->detail_key, BULLA_XAES_256_GCM, detail));
  BULLA_TRY(bulla_signature_public(keyring->signing_public, keyring->signing_seed));
  return bulla_box_public(keyring->audit_public, keyring->audit_private);
}

static struct bulla_span signature_of(const struct bulla_vault_row *row) {
  return bulla_span(row->signature, sizeof(row->signature));
}

enum bulla_status bulla_vault_row_open(struct bulla_keyring *keyring, const struct bulla_vault_row *row) {
  BULLA_TRY(open_keys(keyring, row));
  bool same = bulla_span_equal(row->said.uuid, bulla_keyring_uuid(keyring)) &&
              bulla_span_equal(row->said.signing_public, bulla_span(keyring->signing_public, BULLA_KEY_LEN)) &&
              bulla_span_equal(row->said.audit_public, bulla_span(keyring->audit_public, BULLA_KEY_LEN));
  BULLA_TRY(same ? bulla_check_signed(keyring, row->statement, signature_of(row)) : BULLA_REFUSED);
  keyring->generation = row->said.generation;
  return BULLA_OK;
}

enum bulla_status bulla_vault_row_accept(struct bulla_keyring *keyring, const struct bulla_vault_row *row) {
  bool same = bulla_span_equal(row->said.uuid, bulla_keyring_uuid(keyring)) &&
              bulla_span_equal(row->said.signing_public, bulla_span(keyring->signing_public, BULLA_KEY_LEN));
  BULLA_TRY(same ? bulla_check_signed(keyring, row->statement, signature_of(row)) : BULLA_REFUSED);
  memcpy(keyring->audit_public, row->said.audit_public.data, sizeof(keyring->audit_public));
  keyring->generation = row->said.generation;
  return BULLA_OK;
}

static enum bulla_status check_now(const struct bulla_vault_row *row, const struct bulla_keyring *keyring) {
  bool same = bulla_span_equal(row->said.uuid, bulla_keyring_uuid(keyring));
  BULLA_TRY(same ? bulla_check_signed(keyring, row->statement, signature_of(row)) : BULLA_REFUSED);
  return row->said.generation >= keyring->generation
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the directory is older than this process has seen it");
}

enum bulla_status bulla_vault_row_now(struct bulla_vault_row *row, const struct bulla_keyring *keyring,
                                      struct bulla_db *db) {
  BULLA_TRY(bulla_vault_row_load(row, db));
  return check_now(row, keyring);
}

enum bulla_status bulla_vault_row_store(uint8_t *digest, const struct bulla_keyring *keyring, struct bulla_db *db,
                                        struct bulla_vault_statement *said) {
  struct bulla_signed made;
  struct bulla_vault_statement again;
  said->generation++;
  BULLA_TRY(bulla_sign_vault(&made, keyring, said));
  /* What could not be read again would close the vault for good. */
  BULLA_TRY(bulla_vault_statement_read(&again, bulla_written(&made.statement)));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_UPDATE_VAULT);
  bulla_bind_blob(&statement, bulla_written(&made.statement));
  bulla_bind_blob(&statement, bulla_span(made.signature, sizeof(made.signature)));
  if (digest != NULL) {
    memcpy(digest, made.digest, sizeof(made.digest));
  }
  return bulla_finish(&statement);
}

enum bulla_status bulla_vault_row_catch_up(struct bulla_keyring *keyring, struct bulla_db *db, int64_t generation) {
  struct bulla_vault_row row;
  if (generation <= keyring->generation) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_vault_row_now(&row, keyring, db));
  if (row.said.generation < generation) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the directory is older than the log has seen it");
  }
  keyring->generation = generation; /* not that of the row: this transaction may have moved it */
  return BULLA_OK;
}

/* The digests of the buckets are read unless they are those in |keyring|. Of a row whose signature is known nothing
 * else is looked at: somebody may have put another statement beside it. */
enum bulla_status bulla_vault_row_learn(struct bulla_keyring *keyring, struct bulla_db *db) {
  struct bulla_vault_row row;
  uint8_t buckets[BULLA_BUCKETS_LEN];
  BULLA_TRY(bulla_vault_row_load(&row, db));
  if (bulla_keyring_knows(keyring, signature_of(&row))) {
    return BULLA_OK;
  }
  keyring->checked_generation = 0;
  BULLA_TRY(check_now(&row, keyring));
  BULLA_TRY(bulla_leaves_load(buckets, db, row.said.leaves));
  memcpy(keyring->buckets, buckets, sizeof(keyring->buckets));
  memcpy(keyring->checked, row.signature, sizeof(keyring->checked));
  keyring->checked_generation = row.said.generation;
  if (keyring->self != NULL) {
    keyring->generation = row.said.generation; /* an actor's own transaction never moves it */
  }
  return BULLA_OK;
}

/* On a server each of these statements may see what was committed since the one before. */
static enum bulla_status find_leaf(uint8_t *digest, struct bulla_keyring *keyring, struct bulla_db *db,
                                   struct bulla_span id) {
  enum { TRIES = 3 };
  uint8_t first[BULLA_SIGNATURE_LEN];
  enum bulla_status status = BULLA_REFUSED;
  for (int i = 0; i < TRIES && status == BULLA_REFUSED; i++) {
    status = bulla_vault_row_learn(keyring, db);
    status = status == BULLA_OK ? bulla_leaves_find(digest, db, keyring->buckets, id) : status;
    if (i == 0) {
      memcpy(first, keyring->checked, sizeof(first));
    }
  }
  bool moved = memcmp(first, keyring->checked, sizeof(first)) != 0;
  return status == BULLA_REFUSED && moved ? bulla_explain(BULLA_BUSY, "the directory was changed meanwhile: try again")
                                          : status;
}

/* Whether the row of |id| has the statement of |digest| now. */
static enum bulla_status has_row(bool *has, struct bulla_db *db, enum bulla_query query, struct bulla_span id,
                                 const uint8_t *digest) {
  uint8_t now[BULLA_SHA256_LEN];
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, query);
  bulla_bind_blob(&statement, id);
  bool row;
  *has = false;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_OK;
  }
  struct bulla_span said = bulla_column_blob(&statement, BULLA_STATEMENT_MAX);
  BULLA_TRY(bulla_columns_good(&statement) ? bulla_sha256(now, said) : BULLA_REFUSED);
  *has = memcmp(now, digest, sizeof(now)) == 0;
  return BULLA_OK;
}

enum bulla_status bulla_vault_row_check_newest(struct bulla_keyring *keyring, struct bulla_db *db,
                                               enum bulla_query query, struct bulla_span id,
                                               struct bulla_span statement) {
  uint8_t digest[BULLA_SHA256_LEN];
  uint8_t newest[BULLA_SHA256_LEN];
  bool has;
  BULLA_TRY(bulla_sha256(digest, statement));
  BULLA_TRY(find_leaf(newest, keyring, db, id));
  if (memcmp(digest, newest, sizeof(digest)) == 0) {
    return BULLA_OK;
  }
  BULLA_TRY(has_row(&has, db, query, id, newest));
  return has ? bulla_explain(BULLA_BUSY, "the directory was changed at this moment: try again")
             : bulla_explain(BULLA_REFUSED,
                             "what is said of a tenant, an actor or a grant was signed once, and is not "
                             "the newest");
}
