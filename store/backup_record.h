/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the log says of backups: a record "backup" with the id of each, which the backup itself ends with, or nearly.
 * One that was not made has a second record, "failed". docs/FORMAT.md §9 is normative. */

#ifndef BULLA_STORE_BACKUP_RECORD_H
#define BULLA_STORE_BACKUP_RECORD_H

#include "store/heads.h"

/* The last backup that the log of a database tells of. */
struct bulla_backup_record {
  bool found;
  uint8_t id[BULLA_BACKUP_ID_LEN];
  int64_t time; /* in microseconds since 1970-01-01 UTC */
};

/* bulla_backup_tell commits the record of the backup |id|, with the heads before it. */
BULLA_NODISCARD enum bulla_status bulla_backup_tell(struct bulla_vault *vault, const struct bulla_who *who,
                                                    struct bulla_span id);

/* bulla_backup_tell_failed commits that the backup |id|, which was told of, was not made. */
BULLA_NODISCARD enum bulla_status bulla_backup_tell_failed(struct bulla_vault *vault, const struct bulla_who *who,
                                                           struct bulla_span id);

/* bulla_backup_find finds the last record of a backup, and not that one failed, inside the caller's transaction of
 * |db|, as for bulla_heads_read. */
BULLA_NODISCARD enum bulla_status bulla_backup_find(struct bulla_backup_record *record, struct bulla_vault *vault,
                                                    struct bulla_db *db);

/* bulla_backup_check_tenants returns BULLA_REFUSED unless every tenant is one of the vault's. */
BULLA_NODISCARD enum bulla_status bulla_backup_check_tenants(struct bulla_vault *vault);

/* bulla_backup_take takes what bulla_vault_backup and bulla_vault_restore are given alike: fills |taken| from |options|
 * of the size that the caller knew, clears |report|, of which the caller knows |*size| bytes, and checks who asks and
 * |path|. */
BULLA_NODISCARD enum bulla_status bulla_backup_take(struct bulla_backup_options *taken, size_t *size,
                                                    struct bulla_backup_report *report,
                                                    const struct bulla_backup_options *options, const char *path);

#endif
