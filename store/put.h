/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writing fields, for put, import and restore. */

#ifndef BULLA_STORE_PUT_H
#define BULLA_STORE_PUT_H

#include "store/context.h"
#include "store/enroll.h"

/* The state of writing fields: for whom, with which keys, to which entry. */
struct bulla_putter {
  struct bulla_change *change;
  struct bulla_span op; /* put, import or restore */
  struct bulla_span tenant;
  struct bulla_span entry; /* empty before the first */
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *keys; /* NULL for an actor */
  uint8_t entry_id[BULLA_ID_LEN];
};

/* bulla_putter_begin finds the secret that |tenant| seals with, and creates the tenant if needed. An actor makes none,
 * and has no keys. The arguments must outlive |putter|. */
BULLA_NODISCARD enum bulla_status bulla_putter_begin(struct bulla_putter *putter, struct bulla_change *change,
                                                     struct bulla_span op, struct bulla_span tenant);

/* bulla_putter_enter makes |entry| the target of the next fields, and creates it if needed. */
BULLA_NODISCARD enum bulla_status bulla_putter_enter(struct bulla_putter *putter, struct bulla_span entry);

/* A field as it is before it is put. */
struct bulla_field_now {
  int64_t revision; /* 0 if there is none */
  bool secret;
  int64_t keep; /* how many former revisions are kept */
};

/* bulla_field_now finds it in an entry of |owner|. Returns BULLA_REFUSED for numbers that no field has, and for one
 * that says that it is plain without a proof of its value: somebody may have made a secret one say so. */
BULLA_NODISCARD enum bulla_status bulla_field_now(struct bulla_field_now *now, struct bulla_vault *vault,
                                                  const struct bulla_tenant *owner, struct bulla_span entry_id,
                                                  struct bulla_span name);

/* bulla_put_field writes |field| and its audit record. If |must_be_new|, an existing field is BULLA_EXISTS.
 * bulla_put_revision leaves the record to the caller. */
BULLA_NODISCARD enum bulla_status bulla_put_revision(const struct bulla_putter *putter, const struct bulla_field *field,
                                                     bool must_be_new);
BULLA_NODISCARD enum bulla_status bulla_put_field(const struct bulla_putter *putter, const struct bulla_field *field,
                                                  bool must_be_new);

/* bulla_field_store seals |field| at |binding| and adds its row, without a record. An actor needs no |keys|: what is
 * secret it puts as store/posting.h says. Returns BULLA_EXISTS if it has that revision. */
BULLA_NODISCARD enum bulla_status bulla_field_store(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                                    const struct bulla_tenant_secret *keys,
                                                    const struct bulla_binding *binding,
                                                    const struct bulla_field *field, int64_t updated);

/* bulla_field_erase deletes all revisions of a field, without a record; |*num| is how many there were. */
BULLA_NODISCARD enum bulla_status bulla_field_erase(int64_t *num, struct bulla_vault *vault, struct bulla_span entry_id,
                                                    struct bulla_span field);

/* bulla_value_check returns BULLA_TOO_LARGE for a value of more than BULLA_VALUE_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_value_check(size_t len);

#endif
