/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/last_backup.h. */

#include "cli/last_backup.h"

#include <string.h>

#include "core/cursor.h"

static struct bulla_last_backup backup_of(const struct bulla_audit_record *record) {
  struct bulla_last_backup backup = {.time = record->time};
  if (record->entry.len > 0) {
    memcpy(backup.id, record->entry.data,
           record->entry.len < sizeof(backup.id) ? record->entry.len : sizeof(backup.id));
  }
  return backup;
}

static void forget(struct bulla_last_backups *backups, const struct bulla_last_backup *backup) {
  struct bulla_last_backup *last = backups->last;
  if (memcmp(last[0].id, backup->id, sizeof(backup->id)) == 0) {
    last[0] = last[1];
    last[1] = (struct bulla_last_backup){.time = 0};
  } else if (memcmp(last[1].id, backup->id, sizeof(backup->id)) == 0) {
    last[1] = (struct bulla_last_backup){.time = 0};
  }
}

static void add(struct bulla_last_backups *backups, const struct bulla_last_backup *backup) {
  struct bulla_last_backup *last = backups->last;
  if (backup->time > last[0].time) {
    last[1] = last[0];
    last[0] = *backup;
  } else if (backup->time > last[1].time) {
    last[1] = *backup;
  }
}

void bulla_last_backups_take(struct bulla_last_backups *backups, const struct bulla_audit_record *record) {
  const struct bulla_last_backup backup = backup_of(record);
  if (!bulla_span_equal(record->op, BULLA_LITERAL("backup"))) {
    return;
  }
  forget(backups, &backup); /* one that had to be begun again has two records */
  if (bulla_span_equal(record->outcome, BULLA_LITERAL("done"))) {
    add(backups, &backup);
  }
}
