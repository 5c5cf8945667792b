/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Which secrets were ever used, by the audit log: a record "use", granted, under the names that they have now. A
 * tenant, an entry or a field that was renamed keeps what was noted of it; one that was removed is forgotten. The log
 * is read forwards, once.
 *
 * Memory is bounded by the secrets that there were at a time: 32 bytes for each that was used, 16 of them a digest of
 * its names. The digest begins with random bytes, so that nobody can choose names that make this slow. */

#ifndef BULLA_CLI_STATUS_USED_H
#define BULLA_CLI_STATUS_USED_H

#include <bulla/store.h>

#include "cli/last_backup.h"

#define BULLA_USED_DIGEST_LEN 16

/* A tenant, an entry or a field that was used, or has something below it that was. */
struct bulla_used_node {
  uint8_t digest[BULLA_USED_DIGEST_LEN]; /* of what it is part of, and its name */
  uint64_t id;                           /* from 1; 0: there is none */
  uint64_t parent;                       /* what it is part of; 0 for a tenant */
};

struct bulla_used {
  uint8_t salt[BULLA_USED_DIGEST_LEN];
  struct bulla_used_node *slots; /* a hash table, not full */
  size_t num_slots;              /* a power of 2, or 0 */
  size_t num;                    /* of the slots that are taken */
  uint64_t last_id;
  struct bulla_used_node renamed; /* what waits for the second record of its renaming, if it has an id */
  int64_t renamed_lane;
  int64_t last_anchor; /* in microseconds since 1970-01-01 UTC; 0 if there is none */
  struct bulla_last_backups backups;
};

/* bulla_used_begin starts with nothing used. bulla_used_free frees what it grows to. */
BULLA_NODISCARD enum bulla_status bulla_used_begin(struct bulla_used *used);

void bulla_used_free(struct bulla_used *used);

/* bulla_used_take has |arg| take a record, in the order of the log. Of type bulla_audit_fn. */
enum bulla_status bulla_used_take(void *arg, const struct bulla_audit_record *record);

/* bulla_used_has sets |*has| to whether the field was used. */
BULLA_NODISCARD enum bulla_status bulla_used_has(bool *has, const struct bulla_used *used, struct bulla_span tenant,
                                                 struct bulla_span entry, struct bulla_span field);

#endif
