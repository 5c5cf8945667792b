/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/audit_last.h. */

#include "cli/audit_last.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"

enum { NUM_TEXTS = 11 };

/* The texts of |record|, all of which are copied into one piece of memory. */
static void list_texts(struct bulla_span *texts[NUM_TEXTS], struct bulla_audit_record *record) {
  struct bulla_span *const all[NUM_TEXTS] = {&record->tenant,    &record->actor,     &record->origin, &record->reason,
                                             &record->op,        &record->entry,     &record->field,  &record->outcome,
                                             &record->tenant_id, &record->statement, &record->proven};
  memcpy(texts, all, sizeof(all));
}

enum bulla_status bulla_audit_last_begin(struct bulla_audit_last *last, size_t max) {
  *last = (struct bulla_audit_last){.records = calloc(max, sizeof(last->records[0])), .max = max};
  return last->records != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

void bulla_audit_last_free(struct bulla_audit_last *last) {
  for (size_t i = 0; i < last->num; i++) {
    free(last->records[i].bytes);
  }
  free(last->records);
  *last = (struct bulla_audit_last){.records = NULL};
}

enum bulla_status bulla_audit_last_keep(struct bulla_audit_last *last, const struct bulla_audit_record *record) {
  struct bulla_audit_record copy = *record;
  struct bulla_span *texts[NUM_TEXTS];
  size_t len = 1;
  list_texts(texts, &copy);
  for (size_t i = 0; i < NUM_TEXTS; i++) {
    len += texts[i]->len;
  }
  uint8_t *piece = malloc(len);
  uint8_t *bytes = piece;
  if (piece == NULL) {
    return BULLA_NO_MEMORY;
  }
  for (size_t i = 0; i < NUM_TEXTS; i++) {
    if (texts[i]->len > 0) {
      memcpy(bytes, texts[i]->data, texts[i]->len);
    }
    texts[i]->data = bytes;
    bytes += texts[i]->len;
  }
  free(last->records[last->next].bytes);
  last->records[last->next].bytes = piece;
  last->records[last->next].record = copy;
  last->next = (last->next + 1) % last->max;
  last->num += last->num < last->max ? 1 : 0;
  return BULLA_OK;
}

enum bulla_status bulla_audit_last_each(const struct bulla_audit_last *last, bulla_audit_fn each, void *arg) {
  size_t first = last->num == last->max ? last->next : 0;
  for (size_t i = 0; i < last->num; i++) {
    BULLA_TRY(each(arg, &last->records[(first + i) % last->max].record));
  }
  return BULLA_OK;
}
