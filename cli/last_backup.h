/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* When the vault was backed up last, by the audit log: status and doctor tell. A backup that failed has a second
 * record, "failed" with its id, and counts no more: so the one before it is remembered, too. */

#ifndef BULLA_CLI_LAST_BACKUP_H
#define BULLA_CLI_LAST_BACKUP_H

#include <bulla/store.h>

#include "core/cleanup.h"

struct bulla_last_backup {
  int64_t time;                        /* in microseconds since 1970-01-01 UTC; 0 if there is none */
  uint8_t id[2 * BULLA_BACKUP_ID_LEN]; /* in digits */
};

/* The last two, the last one first. */
struct bulla_last_backups {
  struct bulla_last_backup last[2];
};

/* bulla_last_backups_take takes a record of the log, of whatever kind. Nothing went before |backups| of zeros. */
void bulla_last_backups_take(struct bulla_last_backups *backups, const struct bulla_audit_record *record);

#endif
