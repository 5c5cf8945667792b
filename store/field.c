/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/field.h. The mask is sealed apart from the value, so that to show an entry is never to open a secret.
 * A plain value is in the open, but a proof is kept of it: an empty text, sealed to its place and its digest, so
 * that nobody without the tenant's key can point a secret at another host. */

#include "store/field.h"

#include <stdlib.h>

#include "store/names.h"
#include "store/proof.h"
#include "store/tenant.h"

enum { STARS = 8 };
enum { TAIL = 4 };           /* bytes of the value that a mask ends with */
enum { TAIL_FROM_LEN = 16 }; /* if the value is as long as this */
#define SEALED_MAX (BULLA_VALUE_MAX + 128)

void bulla_field_free(struct bulla_buffer *buffer) {
  free(buffer->data);
  *buffer = bulla_buffer(NULL, 0);
}

/* Allocates and fills |blob|. */
static enum bulla_status seal(struct bulla_buffer *blob, struct bulla_key *key, struct bulla_span plaintext,
                              const struct bulla_context *context) {
  size_t len = bulla_sealed_len(bulla_key_suite(key), plaintext.len);
  *blob = bulla_buffer(malloc(len), len);
  if (blob->data == NULL) {
    return BULLA_NO_MEMORY;
  }
  return bulla_seal(key, blob, plaintext, bulla_context_span(context));
}

/* Whether the last bytes of |value| may be shown. Looks at all of them whatever they are. */
static bool has_tail(struct bulla_span value) {
  if (value.len < TAIL_FROM_LEN) {
    return false;
  }
  unsigned unprintable = 0;
  for (size_t i = value.len - TAIL; i < value.len; i++) {
    unsigned byte = value.data[i];
    unprintable |= (unsigned)(byte < 0x20) | (unsigned)(byte > 0x7e);
  }
  return unprintable == 0;
}

static enum bulla_status seal_mask(struct bulla_buffer *blob, const struct bulla_vault *vault, struct bulla_key *key,
                                   const struct bulla_binding *place, struct bulla_span value) {
  struct bulla_context context;
  struct bulla_secret *mask BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_context_mask(&context, vault, place));
  BULLA_TRY(bulla_secret_new(&mask, STARS + TAIL));
  memset(bulla_secret_data(mask), '*', STARS);
  if (has_tail(value)) {
    memcpy(bulla_secret_data(mask) + STARS, value.data + value.len - TAIL, TAIL);
  } else {
    bulla_secret_truncate(mask, STARS);
  }
  return seal(blob, key, bulla_secret_bytes(mask), &context);
}

static enum bulla_status prove_plain(struct bulla_buffer *value, struct bulla_buffer *proof,
                                     const struct bulla_vault *vault, struct bulla_key *key,
                                     const struct bulla_binding *place, struct bulla_span text) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_plain(&context, vault, place, text));
  *value = bulla_buffer(malloc(text.len + 1), text.len);
  if (value->data == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_writer writer = bulla_writer(value);
  bulla_put(&writer, text);
  BULLA_TRY(bulla_writer_finish(&writer));
  return seal(proof, key, bulla_span(NULL, 0), &context);
}

enum bulla_status bulla_field_seal(struct bulla_buffer *value, struct bulla_buffer *mask,
                                   const struct bulla_vault *vault, struct bulla_key *key,
                                   const struct bulla_binding *place, const struct bulla_field *field) {
  if (!field->secret) {
    return prove_plain(value, mask, vault, key, place, field->value);
  }
  struct bulla_context context;
  BULLA_TRY(bulla_context_field(&context, vault, place));
  BULLA_TRY(seal(value, key, field->value, &context));
  return seal_mask(mask, vault, key, place, field->value);
}

enum bulla_status bulla_field_columns(struct bulla_stored_field *field, struct bulla_vault *vault,
                                      struct bulla_statement *statement) {
  struct bulla_binding *place = &field->place;
  place->tenant_id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span tenant_proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  place->entry_id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span entry_proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  place->field = bulla_column_name(statement);
  place->revision = bulla_column_int(statement);
  field->secret = bulla_column_int(statement) != 0;
  field->value = bulla_column_blob(statement, SEALED_MAX);
  field->mask = bulla_column_blob(statement, SEALED_MAX);
  field->updated = bulla_column_int(statement);
  struct bulla_wrapped_key wrapped = bulla_columns_wrapped_key(statement, place->tenant_id);
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_name_check_proof(vault, place->tenant_id, bulla_span(NULL, 0), field->tenant, tenant_proof));
  BULLA_TRY(bulla_name_check_proof(vault, place->tenant_id, place->entry_id, field->entry, entry_proof));
  return bulla_tenant_key(&field->key, vault, &wrapped);
}

enum bulla_status bulla_secret_room(struct bulla_secret **secret, struct bulla_buffer *buffer, size_t len) {
  BULLA_TRY(bulla_secret_new(secret, len > 0 ? len : 1));
  *buffer = bulla_buffer(bulla_secret_data(*secret), len);
  return BULLA_OK;
}

enum bulla_status bulla_open_secret(struct bulla_secret **opened, const struct bulla_key *key, struct bulla_span blob,
                                    const struct bulla_context *context) {
  struct bulla_blob parts;
  BULLA_TRY(bulla_blob_parse(&parts, blob));
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer buffer;
  BULLA_TRY(bulla_secret_room(&secret, &buffer, parts.ciphertext.len));
  BULLA_TRY(bulla_open(key, &buffer, blob, bulla_context_span(context)));
  bulla_secret_truncate(secret, buffer.len);
  *opened = secret;
  secret = NULL;
  return BULLA_OK;
}

static enum bulla_status check_plain(const struct bulla_vault *vault, const struct bulla_stored_field *field) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_plain(&context, vault, &field->place, field->value));
  struct bulla_buffer nothing = bulla_buffer(NULL, 0);
  enum bulla_status status = bulla_open(field->key, &nothing, field->mask, bulla_context_span(&context));
  return status == BULLA_BUFFER_TOO_SMALL ? BULLA_REFUSED : status;
}

enum bulla_status bulla_field_open(struct bulla_secret **opened, const struct bulla_vault *vault,
                                   const struct bulla_stored_field *field) {
  if (field->secret) {
    struct bulla_context context;
    BULLA_TRY(bulla_context_field(&context, vault, &field->place));
    return bulla_open_secret(opened, field->key, field->value, &context);
  }
  BULLA_TRY(check_plain(vault, field));
  struct bulla_buffer buffer;
  BULLA_TRY(bulla_secret_room(opened, &buffer, field->value.len));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, field->value);
  bulla_secret_truncate(*opened, buffer.len);
  return bulla_writer_finish(&writer);
}

enum bulla_status bulla_field_show(struct bulla_span *text, struct bulla_buffer *mask, const struct bulla_vault *vault,
                                   const struct bulla_stored_field *field) {
  if (!field->secret) {
    *text = field->value;
    return check_plain(vault, field);
  }
  struct bulla_context context;
  BULLA_TRY(bulla_context_mask(&context, vault, &field->place));
  enum bulla_status status = bulla_open(field->key, mask, field->mask, bulla_context_span(&context));
  *text = bulla_written(mask);
  return status == BULLA_BUFFER_TOO_SMALL ? BULLA_REFUSED : status;
}
