/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Opening sealed values: only after an audit record of each is durable. */

#ifndef BULLA_STORE_USE_H
#define BULLA_STORE_USE_H

#include "store/field.h"
#include "store/vault.h"

struct bulla_use;

/* What is used. find binds what names the row to a statement of |query|. missing says, and explains, why there was
 * no row: BULLA_NOT_FOUND or BULLA_REFUSED; anything else is a failure to look. check takes the row use->found and
 * fills use->field. These have the vault. open opens the value of use->field, without the vault. role: what an
 * actor needs on the tenant. is_apikey: the entry of the record is the id of an API key. */
struct bulla_use_kind {
  enum bulla_query query;
  void (*find)(struct bulla_statement *found, const struct bulla_use *use);
  enum bulla_status (*missing)(struct bulla_vault *vault, const struct bulla_audit_record *record);
  enum bulla_status (*check)(struct bulla_use *use, struct bulla_vault *vault);
  enum bulla_status (*open)(struct bulla_use *use, const struct bulla_keyring *keyring);
  enum bulla_role role;
  bool is_apikey;
};

/* The use of a field, by the names of its place. A canary is recorded as one and said to be missing. */
extern const struct bulla_use_kind bulla_use_field;

/* The same to copy the field into another vault, where a canary stays one. */
extern const struct bulla_use_kind bulla_use_copied;

/* One use. Begin with kind and record. */
struct bulla_use {
  const struct bulla_use_kind *kind;
  struct bulla_audit_record record;
  struct bulla_limit_claim claim;
  const struct bulla_place *place;    /* of a revision that was asked for by its number */
  uint8_t told[BULLA_TOLD_FIELD_MAX]; /* the field and its revision, of that */
  enum bulla_status looked;           /* BULLA_OK if there is a row that may be opened, or what `missing` said;
                                       * BULLA_DENIED if an actor may not open it */
  bool is_canary;                     /* there is a row that nobody may open */
  struct bulla_statement found;
  enum bulla_status checked;       /* of the row */
  struct bulla_stored_field field; /* whose owner and keys are held */
  struct bulla_secret *opened;
};

/* bulla_use_all commits the records of |num| uses at once, at most BULLA_PLACES_MAX, each with whether a row was found.
 * Only then it opens them. Where a limit refuses one, none is looked for, and |*failed| is the index of that one. If
 * one was not found or does not open, none stays open, and |*failed| is the index of the first; it is |num| for other
 * failures. For one that does not open it writes a second record. */
BULLA_NODISCARD enum bulla_status bulla_use_all(size_t *failed, struct bulla_vault *vault, struct bulla_use *uses,
                                                size_t num);

/* bulla_use_end wipes what is open, and lets go of the row and its keys. For BULLA_CLEANUP. */
void bulla_use_end(struct bulla_use *use);

#endif
