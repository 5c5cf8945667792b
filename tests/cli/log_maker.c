/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writes records into the log of a vault, as they are given: whoever made them, and whenever. The first argument is the
 * vault, the second its root; each line of standard input is a record, of nine parts with tabs between them: time in
 * seconds since 1970, actor, origin, op, tenant, entry, field, outcome, and how often. All are one transaction. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/change.h"

enum { NUM_PARTS = 9 };

static enum bulla_status append(struct bulla_change *change, char *const parts[NUM_PARTS]) {
  struct bulla_audit_record record = {
      .actor = bulla_text(parts[1]),
      .origin = bulla_text(parts[2]),
      .op = bulla_text(parts[3]),
      .tenant = bulla_text(parts[4]),
      .entry = bulla_text(parts[5]),
      .field = bulla_text(parts[6]),
      .outcome = bulla_text(parts[7]),
  };
  for (long left = strtol(parts[8], NULL, 10); left > 0; left--) {
    struct bulla_audit_record one = record;
    one.time = strtoll(parts[0], NULL, 10) * 1000000;
    BULLA_TRY(bulla_change_append(change, &one));
  }
  return BULLA_OK;
}

static enum bulla_status append_line(struct bulla_change *change, char *line) {
  char *parts[NUM_PARTS];
  line[strcspn(line, "\n")] = '\0';
  for (size_t i = 0; i < NUM_PARTS; i++) {
    parts[i] = strsep(&line, "\t");
    if (parts[i] == NULL) {
      return BULLA_INVALID_TEXT;
    }
  }
  return append(change, parts);
}

static enum bulla_status write_all(struct bulla_vault *vault) {
  const struct bulla_who who = {.actor = bulla_span("maker", 5), .reason = bulla_span("test", 4)};
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  char line[4096];
  BULLA_TRY(bulla_change_begin(&change, vault, &who, BULLA_DB_WRITE));
  while (fgets(line, sizeof(line), stdin) != NULL) {
    BULLA_TRY(append_line(&change, line));
  }
  return bulla_change_commit(&change);
}

int main(int argc, char **argv) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  if (argc != 3) {
    return 2;
  }
  enum bulla_status status = bulla_root_open(&root, argv[2]);
  status = status == BULLA_OK ? bulla_vault_open(&vault, argv[1], root, NULL) : status;
  status = status == BULLA_OK ? write_all(vault) : status;
  bulla_vault_close(&vault);
  bulla_root_free(&root);
  if (status != BULLA_OK) {
    (void)fprintf(stderr, "%s\n", bulla_status_text(status));
  }
  return status == BULLA_OK ? 0 : 1;
}
