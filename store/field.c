/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/field.h. The mask is sealed apart from the value and under another key, so that to show an entry is never
 * to open a secret. A plain value is in the open, but a proof is kept of it, so that nobody without the tenant's label
 * key can point a secret at another host. */

#include "store/field.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/scrub.h"
#include "store/opening.h"
#include "store/proof.h"

void bulla_field_free(struct bulla_buffer *buffer) {
  free(buffer->data);
  *buffer = bulla_buffer(NULL, 0);
}

/* Allocates and fills |blob|. */
static enum bulla_status seal(struct bulla_buffer *blob, struct bulla_key *key, struct bulla_span plaintext,
                              const struct bulla_context *context) {
  if (key == NULL) {
    return BULLA_DENIED;
  }
  size_t len = bulla_sealed_len(bulla_key_suite(key), plaintext.len);
  *blob = bulla_buffer(malloc(len), len);
  if (blob->data == NULL) {
    return BULLA_NO_MEMORY;
  }
  return bulla_seal(key, blob, plaintext, bulla_context_span(context));
}

static enum bulla_status seal_value(struct bulla_buffer *blob, const struct bulla_keyring *keyring,
                                    struct bulla_key *key, const struct bulla_binding *binding, struct bulla_span value,
                                    const struct bulla_traits *traits) {
  struct bulla_context context;
  struct bulla_secret *padded BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_context_field(&context, keyring, binding));
  BULLA_TRY(bulla_pad(&padded, value, traits->padding));
  return seal(blob, key, bulla_secret_bytes(padded), &context);
}

static enum bulla_status seal_mask(struct bulla_buffer *blob, const struct bulla_keyring *keyring,
                                   struct bulla_key *key, const struct bulla_binding *binding, struct bulla_span value,
                                   const struct bulla_traits *traits) {
  struct bulla_context context;
  struct bulla_secret *mask BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_context_mask(&context, keyring, binding));
  BULLA_TRY(bulla_secret_new(&mask, BULLA_TRAITS_LEN));
  bulla_traits_write(bulla_secret_data(mask), traits, value);
  return seal(blob, key, bulla_secret_bytes(mask), &context);
}

/* Allocates and fills |copy| with |bytes|. */
static enum bulla_status copy_to(struct bulla_buffer *copy, struct bulla_span bytes) {
  *copy = bulla_buffer(malloc(bytes.len + 1), bytes.len);
  if (copy->data == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_writer writer = bulla_writer(copy);
  bulla_put(&writer, bytes);
  return bulla_writer_finish(&writer);
}

static enum bulla_status prove_plain(struct bulla_buffer *value, struct bulla_buffer *proof,
                                     const struct bulla_keyring *keyring, const struct bulla_tenant *owner,
                                     const struct bulla_binding *binding, struct bulla_span text) {
  uint8_t bytes[BULLA_PROOF_LEN];
  struct bulla_context context;
  BULLA_TRY(bulla_context_plain(&context, keyring, binding, text));
  BULLA_TRY(bulla_prove(bytes, owner, &context));
  BULLA_TRY(copy_to(value, text));
  return copy_to(proof, bulla_span(bytes, sizeof(bytes)));
}

enum bulla_status bulla_field_seal(struct bulla_buffer *value, struct bulla_buffer *mask,
                                   const struct bulla_keyring *keyring, const struct bulla_tenant *owner,
                                   const struct bulla_tenant_secret *keys, const struct bulla_binding *binding,
                                   const struct bulla_field *field) {
  if (!field->secret) {
    return prove_plain(value, mask, keyring, owner, binding, field->value);
  }
  const struct bulla_traits traits = bulla_traits_of(field);
  BULLA_TRY(seal_value(value, keyring, keys->field_key, binding, field->value, &traits));
  return seal_mask(mask, keyring, keys->mask_key, binding, field->value, &traits);
}

enum bulla_status bulla_field_check_plain(const struct bulla_keyring *keyring, const struct bulla_stored_field *field) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_plain(&context, keyring, &field->binding, field->value));
  return bulla_check_proof(field->owner, &context, field->mask);
}

/* Turns what was sealed of a value into the value. Looking at it and moving it leave words of it in registers. */
static enum bulla_status unpad(struct bulla_secret *padded) {
  uint32_t len;
  struct bulla_span bytes = bulla_secret_bytes(padded);
  bool good = bulla_unpadded_len(&len, bytes);
  if (good) {
    uint8_t *data = bulla_secret_data(padded);
    memmove(data, data + BULLA_PADDED_PREFIX, bytes.len - BULLA_PADDED_PREFIX);
    bulla_secret_truncate(padded, len);
  }
  bulla_scrub(0);
  return good ? BULLA_OK : BULLA_REFUSED;
}

/* Opens what an actor has put, if it is still good. */
static enum bulla_status open_posted(struct bulla_secret **opened, const struct bulla_keyring *keyring,
                                     const struct bulla_stored_field *field) {
  const struct bulla_posted posted = bulla_field_posted(field);
  BULLA_TRY(bulla_posting_usable(&field->posting));
  return bulla_posting_open(opened, keyring, &field->posting, &posted);
}

enum bulla_status bulla_field_open_padded(struct bulla_secret **opened, const struct bulla_keyring *keyring,
                                          const struct bulla_stored_field *field) {
  struct bulla_context context;
  if (bulla_posting_is_one(&field->posting)) {
    return open_posted(opened, keyring, field);
  }
  BULLA_TRY(bulla_context_field(&context, keyring, &field->binding));
  return bulla_open_secret(opened, field->keys->field_key, field->value, bulla_context_span(&context));
}

static enum bulla_status open_value(struct bulla_secret **opened, const struct bulla_keyring *keyring,
                                    const struct bulla_stored_field *field) {
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_field_open_padded(&value, keyring, field));
  BULLA_TRY(unpad(value));
  *opened = value;
  value = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_field_open(struct bulla_secret **opened, const struct bulla_keyring *keyring,
                                   const struct bulla_stored_field *field) {
  if (field->secret) {
    return open_value(opened, keyring, field);
  }
  BULLA_TRY(bulla_field_check_plain(keyring, field));
  struct bulla_buffer buffer;
  BULLA_TRY(bulla_secret_room(opened, &buffer, field->value.len));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, field->value);
  bulla_secret_truncate(*opened, buffer.len);
  return bulla_writer_finish(&writer);
}

/* Opens the mask of a secret field into |buffer|. */
static enum bulla_status open_mask(struct bulla_buffer *buffer, const struct bulla_keyring *keyring,
                                   const struct bulla_stored_field *field) {
  struct bulla_context context;
  if (bulla_posting_is_one(&field->posting)) {
    const struct bulla_posted posted = bulla_field_posted(field);
    BULLA_TRY(bulla_posting_usable(&field->posting));
    return bulla_posting_open_mask(buffer, keyring, &field->posting, &posted);
  }
  BULLA_TRY(bulla_context_mask(&context, keyring, &field->binding));
  return bulla_open(field->keys->mask_key, buffer, field->mask, bulla_context_span(&context));
}

enum bulla_status bulla_field_show(struct bulla_shown *shown, uint8_t *room, const struct bulla_keyring *keyring,
                                   const struct bulla_stored_field *field) {
  *shown = (struct bulla_shown){.text = field->secret ? bulla_span(NULL, 0) : field->value};
  if (!field->secret) {
    return bulla_field_check_plain(keyring, field);
  }
  if (field->keys->mask_key == NULL) {
    return BULLA_DENIED;
  }
  struct bulla_buffer buffer = bulla_buffer(room, BULLA_TRAITS_LEN);
  enum bulla_status status = open_mask(&buffer, keyring, field);
  if (status != BULLA_OK) {
    return status == BULLA_BUFFER_TOO_SMALL ? BULLA_REFUSED : status;
  }
  return bulla_traits_read(&shown->traits, &shown->text, bulla_written(&buffer)) ? BULLA_OK : BULLA_REFUSED;
}

/* The traits of a secret |field|, without its mask. */
static enum bulla_status read_traits(struct bulla_traits *traits, const struct bulla_keyring *keyring,
                                     const struct bulla_stored_field *field) {
  struct bulla_shown shown;
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&room, BULLA_TRAITS_LEN));
  BULLA_TRY(bulla_field_show(&shown, bulla_secret_data(room), keyring, field));
  *traits = shown.traits;
  return BULLA_OK;
}

enum bulla_status bulla_field_is_canary(bool *is_canary, const struct bulla_keyring *keyring,
                                        const struct bulla_stored_field *field) {
  struct bulla_traits traits = {0};
  *is_canary = false;
  BULLA_TRY(field->secret ? read_traits(&traits, keyring, field) : BULLA_OK);
  *is_canary = traits.canary != 0;
  return BULLA_OK;
}

enum bulla_status bulla_field_keep_traits(struct bulla_field *again, const struct bulla_keyring *keyring,
                                          const struct bulla_stored_field *field) {
  if (!again->secret || !field->secret) {
    return BULLA_OK;
  }
  struct bulla_traits traits;
  BULLA_TRY(read_traits(&traits, keyring, field));
  bulla_traits_keep(again, &traits);
  return BULLA_OK;
}
