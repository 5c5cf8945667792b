/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The last records of a log that is read from its beginning. */

#ifndef BULLA_CLI_AUDIT_LAST_H
#define BULLA_CLI_AUDIT_LAST_H

#include <bulla/store.h>

#define BULLA_AUDIT_LAST_MAX 100000

/* A ring of records with copies of their texts. Zeroed, it has no room. */
struct bulla_audit_last {
  struct {
    struct bulla_audit_record record;
    uint8_t *bytes; /* of its texts */
  } * records;
  size_t max;
  size_t num;  /* at most |max| */
  size_t next; /* where the next one is put */
};

/* bulla_audit_last_begin makes room for |max| records. Returns BULLA_NO_MEMORY. bulla_audit_last_free frees them. */
BULLA_NODISCARD enum bulla_status bulla_audit_last_begin(struct bulla_audit_last *last, size_t max);

void bulla_audit_last_free(struct bulla_audit_last *last);

/* bulla_audit_last_keep keeps a copy of |record|, in place of the oldest one if there is no room. */
BULLA_NODISCARD enum bulla_status bulla_audit_last_keep(struct bulla_audit_last *last,
                                                        const struct bulla_audit_record *record);

/* bulla_audit_last_each calls |each| for the records, in the order in which they came. */
BULLA_NODISCARD enum bulla_status bulla_audit_last_each(const struct bulla_audit_last *last, bulla_audit_fn each,
                                                        void *arg);

#endif
