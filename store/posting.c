/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/posting.h. The actor stands in what both blobs are bound to as well as in what is signed: nobody can put a
 * signature of his own beside a blob that he cannot open. */

#include "store/posting.h"

#include <stdlib.h>

#include "core/blob.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "store/actors.h"
#include "store/opening.h"
#include "store/padding.h"
#include "store/traits.h"

static struct bulla_span self_id(const struct bulla_keyring *keyring) {
  return bulla_span(keyring->self->id, sizeof(keyring->self->id));
}

/* Allocates and fills |blob|. */
static enum bulla_status seal(struct bulla_buffer *blob, struct bulla_span public_key, struct bulla_span plaintext,
                              const struct bulla_context *context) {
  size_t len = bulla_sealed_len(BULLA_BOXED, plaintext.len);
  *blob = bulla_buffer(malloc(len), len);
  return blob->data != NULL ? bulla_boxed_seal(blob, public_key, plaintext, bulla_context_span(context))
                            : BULLA_NO_MEMORY;
}

static enum bulla_status seal_value(struct bulla_buffer *blob, const struct bulla_keyring *keyring,
                                    const struct bulla_secret_entry *to, const struct bulla_binding *binding,
                                    struct bulla_span value, const struct bulla_traits *traits) {
  struct bulla_context context;
  struct bulla_secret *padded BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_context_put_value(&context, keyring, binding, to->id, self_id(keyring)));
  BULLA_TRY(bulla_pad(&padded, value, traits->padding));
  return seal(blob, to->value_public, bulla_secret_bytes(padded), &context);
}

static enum bulla_status seal_mask(struct bulla_buffer *blob, const struct bulla_keyring *keyring,
                                   const struct bulla_secret_entry *to, const struct bulla_binding *binding,
                                   struct bulla_span value, const struct bulla_traits *traits) {
  struct bulla_context context;
  struct bulla_secret *mask BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_context_put_mask(&context, keyring, binding, to->id, self_id(keyring)));
  BULLA_TRY(bulla_secret_new(&mask, BULLA_TRAITS_LEN));
  bulla_traits_write(bulla_secret_data(mask), traits, value);
  return seal(blob, to->mask_public, bulla_secret_bytes(mask), &context);
}

enum bulla_status bulla_posting_seal(struct bulla_buffer *value, struct bulla_buffer *mask, uint8_t *signature,
                                     const struct bulla_keyring *keyring, const struct bulla_secret_entry *to,
                                     const struct bulla_binding *binding, const struct bulla_field *field) {
  const struct bulla_traits traits = bulla_traits_of(field);
  struct bulla_context message;
  if (keyring->self == NULL) {
    return BULLA_DENIED;
  }
  BULLA_TRY(seal_value(value, keyring, to, binding, field->value, &traits));
  BULLA_TRY(seal_mask(mask, keyring, to, binding, field->value, &traits));
  BULLA_TRY(bulla_context_put(&message, keyring, binding, to->id, self_id(keyring), bulla_written(value),
                              bulla_written(mask)));
  struct bulla_buffer room = bulla_buffer(signature, BULLA_SIGNATURE_LEN);
  return bulla_sign(keyring->self->signing_key, &room, bulla_context_span(&message));
}

/* Whether |blob| was sealed to |public_key|, as far as it says so. */
static enum bulla_status is_sealed_to(bool *is, struct bulla_span blob, struct bulla_span public_key) {
  uint8_t id[BULLA_KEY_ID_LEN];
  struct bulla_blob parts;
  *is = false;
  if (bulla_blob_parse(&parts, blob) != BULLA_OK || parts.suite != BULLA_BOXED) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_boxed_for(id, public_key.data));
  *is = bulla_span_equal(parts.key_id, bulla_span(id, sizeof(id)));
  return BULLA_OK;
}

/* Whether value and mask are blobs to the public keys that the tenant's statement has of the secret: what a signature
 * counts for. */
static enum bulla_status has_form(bool *has, const struct bulla_posted *posted) {
  const struct bulla_tenant_statement *said = &posted->owner->said;
  struct bulla_span id = bulla_span(posted->keys->id, sizeof(posted->keys->id));
  bool is_value = false;
  bool is_mask = false;
  for (size_t i = 0; i < said->num_secrets; i++) {
    const struct bulla_secret_entry *entry = &said->secrets[i];
    if (bulla_span_equal(entry->id, id)) {
      BULLA_TRY(is_sealed_to(&is_value, posted->value, entry->value_public));
      BULLA_TRY(is_sealed_to(&is_mask, posted->mask, entry->mask_public));
    }
  }
  *has = is_value && is_mask;
  return BULLA_OK;
}

/* What is known of the actor |id| in the state of the directory in which the tenant was read, or NULL. Of another state
 * than the newest that was checked nothing is known: whoever puts an old one back does not bring an actor back. */
static const struct bulla_known_writer *find_known(const struct bulla_keyring *keyring, struct bulla_span id,
                                                   struct bulla_span tenant_id) {
  if (!bulla_keyring_knows(keyring, bulla_span(keyring->beside, sizeof(keyring->beside)))) {
    return NULL;
  }
  for (size_t i = 0; i < BULLA_KNOWN_WRITERS; i++) {
    const struct bulla_known_writer *known = &keyring->writers[i];
    if (memcmp(known->checked, keyring->beside, sizeof(known->checked)) == 0 &&
        memcmp(known->id, id.data, sizeof(known->id)) == 0 &&
        memcmp(known->tenant_id, tenant_id.data, sizeof(known->tenant_id)) == 0) {
      return known;
    }
  }
  return NULL;
}

/* Reads the rows of actor and grant. BULLA_NOT_FOUND: there is no such actor. */
static enum bulla_status read_rows(struct bulla_known_writer *made, struct bulla_keyring *keyring, struct bulla_db *db,
                                   struct bulla_span id, struct bulla_span tenant_id) {
  struct bulla_actor_row actor;
  struct bulla_grant_row grant;
  BULLA_TRY(bulla_actor_by_id(&actor, keyring, db, id));
  memcpy(made->signing_public, actor.said.signing_public.data, sizeof(made->signing_public));
  made->may_put = false;
  if (actor.said.revoked) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_grant_in_force(&grant, keyring, db, id, tenant_id, BULLA_ROLE_PUT);
  made->may_put = status == BULLA_OK;
  return status == BULLA_NOT_FOUND ? BULLA_OK : status;
}

/* Looks the actor up, and keeps what is found, once both rows were found the newest in one state of the directory. */
static enum bulla_status learn(const struct bulla_known_writer **known, struct bulla_keyring *keyring,
                               struct bulla_db *db, struct bulla_span id, struct bulla_span tenant_id) {
  enum { TRIES = 3 };
  struct bulla_known_writer made;
  memcpy(made.id, id.data, sizeof(made.id));
  memcpy(made.tenant_id, tenant_id.data, sizeof(made.tenant_id));
  for (int i = 0; i < TRIES; i++) {
    memcpy(made.checked, keyring->checked, sizeof(made.checked));
    BULLA_TRY(read_rows(&made, keyring, db, id, tenant_id));
    if (memcmp(made.checked, keyring->checked, sizeof(made.checked)) == 0) {
      struct bulla_known_writer *place = &keyring->writers[keyring->next_writer];
      keyring->next_writer = (keyring->next_writer + 1) % BULLA_KNOWN_WRITERS;
      *place = made;
      *known = place;
      return BULLA_OK;
    }
  }
  return bulla_explain(BULLA_BUSY, "the directory was changed meanwhile: try again");
}

static enum bulla_status find_writer(const struct bulla_known_writer **known, struct bulla_keyring *keyring,
                                     struct bulla_db *db, struct bulla_span id, const struct bulla_tenant *owner) {
  *known = find_known(keyring, id, bulla_tenant_id(owner));
  return *known != NULL ? BULLA_OK : learn(known, keyring, db, id, bulla_tenant_id(owner));
}

static enum bulla_posting_state state_of(const struct bulla_known_writer *known) {
  return known->may_put ? BULLA_POSTING_GOOD : BULLA_POSTING_OVER;
}

static enum bulla_status check(enum bulla_posting_state *state, struct bulla_keyring *keyring, struct bulla_db *db,
                               const struct bulla_posting *posting, const struct bulla_posted *posted) {
  struct bulla_context message;
  const struct bulla_known_writer *known;
  BULLA_TRY(find_writer(&known, keyring, db, posting->writer, posted->owner));
  BULLA_TRY(bulla_context_put(&message, keyring, posted->binding,
                              bulla_span(posted->keys->id, sizeof(posted->keys->id)), posting->writer, posted->value,
                              posted->mask));
  BULLA_TRY(bulla_signature_verify(known->signing_public, posting->signature.data, bulla_context_span(&message)));
  *state = state_of(known);
  return BULLA_OK;
}

enum bulla_status bulla_posting_check(struct bulla_posting *posting, struct bulla_keyring *keyring, struct bulla_db *db,
                                      const struct bulla_posted *posted) {
  bool has;
  posting->state = BULLA_POSTING_BAD;
  BULLA_TRY(has_form(&has, posted));
  if (!has || posting->writer.len != BULLA_ID_LEN || posting->signature.len != BULLA_SIGNATURE_LEN) {
    return BULLA_OK;
  }
  enum bulla_status status = check(&posting->state, keyring, db, posting, posted);
  return status == BULLA_REFUSED || status == BULLA_NOT_FOUND ? BULLA_OK : status;
}

enum bulla_status bulla_posting_check_again(struct bulla_posting *posting, struct bulla_keyring *keyring,
                                            struct bulla_db *db, const struct bulla_tenant *owner) {
  const struct bulla_known_writer *known;
  if (posting->state == BULLA_POSTING_BAD) {
    return BULLA_OK;
  }
  posting->state = BULLA_POSTING_BAD;
  BULLA_TRY(find_writer(&known, keyring, db, posting->writer, owner));
  posting->state = state_of(known);
  return BULLA_OK;
}

enum bulla_status bulla_posting_usable(const struct bulla_posting *posting) {
  if (posting->state == BULLA_POSTING_OVER) {
    return bulla_explain(BULLA_REFUSED, "the actor that has put it may put no more: put it again");
  }
  return posting->state == BULLA_POSTING_GOOD ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_posting_open(struct bulla_secret **opened, const struct bulla_keyring *keyring,
                                     const struct bulla_posting *posting, const struct bulla_posted *posted) {
  struct bulla_context context;
  struct bulla_blob parts;
  struct bulla_buffer buffer;
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  *opened = NULL;
  if (posted->keys->value_box == NULL) {
    return BULLA_DENIED;
  }
  BULLA_TRY(bulla_context_put_value(&context, keyring, posted->binding,
                                    bulla_span(posted->keys->id, sizeof(posted->keys->id)), posting->writer));
  BULLA_TRY(bulla_blob_parse(&parts, posted->value));
  BULLA_TRY(bulla_secret_room(&secret, &buffer, parts.ciphertext.len));
  BULLA_TRY(bulla_boxed_open(posted->keys->value_box, &buffer, posted->value, bulla_context_span(&context)));
  bulla_secret_truncate(secret, buffer.len);
  *opened = secret;
  secret = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_posting_open_mask(struct bulla_buffer *traits, const struct bulla_keyring *keyring,
                                          const struct bulla_posting *posting, const struct bulla_posted *posted) {
  struct bulla_context context;
  if (posted->keys->mask_box == NULL) {
    return BULLA_DENIED;
  }
  BULLA_TRY(bulla_context_put_mask(&context, keyring, posted->binding,
                                   bulla_span(posted->keys->id, sizeof(posted->keys->id)), posting->writer));
  return bulla_boxed_open(posted->keys->mask_box, traits, posted->mask, bulla_context_span(&context));
}
