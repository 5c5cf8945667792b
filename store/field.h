/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Fields: how a value and its mask are sealed, and how a stored one is opened. */

#ifndef BULLA_STORE_FIELD_H
#define BULLA_STORE_FIELD_H

#include "store/context.h"

/* bulla_field_seal allocates and fills what is stored of |field| at |place|: |value|, sealed if it is secret, and
 * |mask|, the sealed mask, or the proof of a plain value. The caller frees both with bulla_field_free. */
BULLA_NODISCARD enum bulla_status bulla_field_seal(struct bulla_buffer *value, struct bulla_buffer *mask,
                                                   const struct bulla_vault *vault, struct bulla_key *key,
                                                   const struct bulla_place *place, const struct bulla_field *field);

/* bulla_field_free frees what bulla_field_seal allocated. For BULLA_CLEANUP. */
void bulla_field_free(struct bulla_buffer *buffer);

/* A field as it is stored. */
struct bulla_stored_field {
  struct bulla_span tenant; /* its name and the entry's, as the caller asked for them */
  struct bulla_span entry;
  struct bulla_place place;
  bool secret;
  struct bulla_span value;
  struct bulla_span mask;
  int64_t updated;
  struct bulla_key *key;
};

/* bulla_field_columns fills |field| but for the names from the row of |statement|, until its next step. Returns
 * BULLA_REFUSED for a row that no bulla wrote, or of which the names are not proven. */
BULLA_NODISCARD enum bulla_status bulla_field_columns(struct bulla_stored_field *field, struct bulla_vault *vault,
                                                      struct bulla_statement *statement);

/* bulla_field_open makes |*opened| the value. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_field_open(struct bulla_secret **opened, const struct bulla_vault *vault,
                                                   const struct bulla_stored_field *field);

/* bulla_field_show fills |mask|, at least BULLA_MASK_MAX bytes, and sets |*text| to it, or to the value of a plain
 * field after checking its proof. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_field_show(struct bulla_span *text, struct bulla_buffer *mask,
                                                   const struct bulla_vault *vault,
                                                   const struct bulla_stored_field *field);

/* bulla_open_secret makes |*opened| of what |blob| holds under |key|. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_open_secret(struct bulla_secret **opened, const struct bulla_key *key,
                                                    struct bulla_span blob, const struct bulla_context *context);

/* bulla_secret_room is bulla_secret_new for a length that may be 0: |buffer| is the room in |*secret|. */
BULLA_NODISCARD enum bulla_status bulla_secret_room(struct bulla_secret **secret, struct bulla_buffer *buffer,
                                                    size_t len);

#endif
