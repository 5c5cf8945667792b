/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/reseal.h. */

#include "store/reseal.h"

#include <limits.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/scrub.h"
#include "store/columns.h"
#include "store/tenant.h"

static enum bulla_status reseal(struct bulla_buffer *sealed, struct bulla_secret *plain, const struct bulla_key *from,
                                struct bulla_key *to, struct bulla_span blob, const struct bulla_context *context) {
  if (from == NULL || to == NULL) {
    return BULLA_DENIED;
  }
  struct bulla_buffer opened = bulla_buffer(bulla_secret_data(plain), bulla_secret_bytes(plain).len);
  BULLA_TRY(bulla_open(from, &opened, blob, bulla_context_span(context)));
  enum bulla_status status = bulla_seal(to, sealed, bulla_written(&opened), bulla_context_span(context));
  bulla_wipe(opened.data, opened.len);
  return status;
}

/* Makes the mask of |value| anew, as the traits say that the actor gave it: what it shows is not the actor's word. */
static enum bulla_status adopt_mask(struct bulla_buffer *mask, const struct bulla_keyring *keyring,
                                    const struct bulla_stored_field *field, struct bulla_span value,
                                    const struct bulla_tenant_secret *to) {
  struct bulla_context context;
  struct bulla_shown shown;
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&room, BULLA_TRAITS_LEN));
  BULLA_TRY(bulla_field_show(&shown, bulla_secret_data(room), keyring, field));
  bulla_traits_write(bulla_secret_data(room), &shown.traits, value);
  BULLA_TRY(bulla_context_mask(&context, keyring, &field->binding));
  return bulla_seal(to->mask_key, mask, bulla_secret_bytes(room), bulla_context_span(&context));
}

/* Takes in what an actor has put. The value stays padded as it was. */
static enum bulla_status adopt(struct bulla_buffer *value, struct bulla_buffer *mask,
                               const struct bulla_keyring *keyring, const struct bulla_stored_field *field,
                               const struct bulla_tenant_secret *to) {
  struct bulla_context context;
  uint32_t len;
  struct bulla_secret *padded BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_field_open_padded(&padded, keyring, field));
  struct bulla_span bytes = bulla_secret_bytes(padded);
  BULLA_TRY(bulla_unpadded_len(&len, bytes) ? BULLA_OK : BULLA_REFUSED);
  BULLA_TRY(adopt_mask(mask, keyring, field, bulla_span(bytes.data + BULLA_PADDED_PREFIX, len), to));
  BULLA_TRY(bulla_context_field(&context, keyring, &field->binding));
  enum bulla_status status = bulla_seal(to->field_key, value, bytes, bulla_context_span(&context));
  bulla_scrub(0);
  return status;
}

enum bulla_status bulla_reseal_field(struct bulla_buffer *value, struct bulla_buffer *mask, struct bulla_secret *plain,
                                     const struct bulla_keyring *keyring, const struct bulla_stored_field *field,
                                     const struct bulla_tenant_secret *to) {
  struct bulla_context context;
  if (field->keys->field_key == NULL || field->keys->mask_key == NULL || to->field_key == NULL ||
      to->mask_key == NULL) {
    return BULLA_DENIED;
  }
  if (bulla_posting_is_one(&field->posting)) {
    return adopt(value, mask, keyring, field, to);
  }
  BULLA_TRY(bulla_context_field(&context, keyring, &field->binding));
  BULLA_TRY(reseal(value, plain, field->keys->field_key, to->field_key, field->value, &context));
  BULLA_TRY(bulla_context_mask(&context, keyring, &field->binding));
  return reseal(mask, plain, field->keys->mask_key, to->mask_key, field->mask, &context);
}

enum bulla_status bulla_reseal_apikey(struct bulla_buffer *sealed, struct bulla_secret *plain,
                                      const struct bulla_keyring *keyring, const struct bulla_stored_field *field,
                                      const struct bulla_tenant_secret *to, struct bulla_span id) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_apikey(&context, keyring, bulla_tenant_id(field->owner), id));
  return reseal(sealed, plain, field->keys->apikey_key, to->apikey_key, field->value, &context);
}

static bool is_active(const struct bulla_tenant *owner, const struct bulla_tenant_secret *keys) {
  bool active = false;
  for (size_t i = 0; i < owner->said.num_secrets; i++) {
    const struct bulla_secret_entry *entry = &owner->said.secrets[i];
    active = active || (entry->state == BULLA_SECRET_ACTIVE && entry->version == keys->version);
  }
  return active;
}

bool bulla_reseal_is_due(const struct bulla_stored_field *field) {
  return field->keys != NULL && (bulla_posting_is_one(&field->posting) || !is_active(field->owner, field->keys));
}

/* A sealed value or mask. */
static void free_buffer(struct bulla_buffer *buffer) {
  free(buffer->data);
}

static enum bulla_status room_for(struct bulla_buffer *buffer, struct bulla_span blob) {
  *buffer = bulla_buffer(malloc(blob.len + 1), blob.len);
  return buffer->data != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

enum bulla_status bulla_reseal_store(int64_t *num, struct bulla_vault *vault, const struct bulla_stored_field *field,
                                     const struct bulla_tenant_secret *to) {
  struct bulla_buffer value BULLA_CLEANUP(free_buffer) = {0};
  struct bulla_buffer mask BULLA_CLEANUP(free_buffer) = {0};
  struct bulla_secret *plain BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(room_for(&value, field->value));
  BULLA_TRY(room_for(&mask, field->mask));
  BULLA_TRY(bulla_secret_new(&plain, field->value.len + field->mask.len));
  BULLA_TRY(bulla_reseal_field(&value, &mask, plain, &vault->keyring, field, to));
  bool is_posted = bulla_posting_is_one(&field->posting);
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, is_posted ? BULLA_QUERY_ADOPT_FIELD : BULLA_QUERY_RESEAL_FIELD);
  bulla_bind_blob(&statement, bulla_written(&value));
  bulla_bind_blob(&statement, bulla_written(&mask));
  bulla_bind_secret(&statement, to);
  bulla_bind_blob(&statement, field->binding.entry_id);
  bulla_bind_text(&statement, field->binding.field);
  bulla_bind_int(&statement, field->binding.revision);
  bulla_bind_secret(&statement, field->keys);
  if (is_posted) {
    /* A field that was removed and put again begins with the same revisions. */
    bulla_bind_blob(&statement, field->posting.writer);
    bulla_bind_blob(&statement, field->posting.signature);
  }
  return bulla_finish_counted(&statement, num);
}

static enum bulla_status store_apikey(struct bulla_vault *vault, const struct bulla_stored_field *field,
                                      const struct bulla_tenant_secret *to, struct bulla_span id) {
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer sealed = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_secret *plain BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&plain, sizeof(bytes)));
  BULLA_TRY(bulla_reseal_apikey(&sealed, plain, &vault->keyring, field, to, id));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_RESEAL_APIKEY);
  bulla_bind_blob(&statement, bulla_written(&sealed));
  bulla_bind_secret(&statement, to);
  bulla_bind_text(&statement, id);
  bulla_bind_secret(&statement, field->keys);
  return bulla_finish(&statement);
}

/* Whether an actor may still put what it has put, now that its tenant was read again as |owner|. */
static enum bulla_status check_again(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                     const struct bulla_stored_field *field) {
  struct bulla_posting posting = field->posting;
  if (!bulla_posting_is_one(&posting)) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_posting_check_again(&posting, &vault->keyring, vault->db, owner));
  return bulla_posting_usable(&posting);
}

/* No record is written: the use has one, and nobody gets to see anything. */
static enum bulla_status reseal_used(struct bulla_vault *vault, const struct bulla_stored_field *field,
                                     struct bulla_span apikey_id) {
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *to;
  int64_t num;
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  bulla_db_begin_call(vault->db, INT_MAX);
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_WRITE));
  BULLA_TRY(bulla_tenant_by_id(&owner, vault, bulla_tenant_id(field->owner)));
  BULLA_TRY(bulla_tenant_active_secret(&to, vault, owner));
  BULLA_TRY(check_again(vault, owner, field));
  BULLA_TRY(apikey_id.len > 0 ? store_apikey(vault, field, to, apikey_id) : bulla_reseal_store(&num, vault, field, to));
  return bulla_db_commit(&transaction);
}

void bulla_reseal_used(struct bulla_vault *vault, const struct bulla_stored_field *field, struct bulla_span apikey_id) {
  enum bulla_status status = reseal_used(vault, field, apikey_id);
  if (status != BULLA_OK) {
    bulla_warn(status, bulla_posting_is_one(&field->posting)
                           ? "a value that was used stays sealed as an actor has put it"
                           : "a value that was used stays sealed under an older version");
  }
}
