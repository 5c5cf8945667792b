/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/exec_mask.h. */

#include "cli/exec_mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/mask.h"
#include "cli/relay.h"

size_t bulla_exec_mask_len(size_t value_len) {
  return bulla_mask_len(value_len) + (value_len == 0 ? bulla_relay_len() : 0);
}

/* warn says that the value of |place| is too short to be hidden. */
static void warn(const struct bulla_place *place) {
  (void)dprintf(STDERR_FILENO,
                "bulla: %.*s/%.*s:%.*s: --mask may not hide it: it has less than %d bytes, not counting line breaks\n",
                (int)place->tenant.len, (const char *)place->tenant.data, (int)place->entry.len,
                (const char *)place->entry.data, (int)place->field.len, (const char *)place->field.data,
                BULLA_MASK_LEAST);
}

/* make_mask makes a mask of the secret values of |job|. |values| has room for all. */
static enum bulla_status make_mask(struct bulla_mask **mask, const struct bulla_exec_job *job,
                                   struct bulla_span *values) {
  size_t num = 0;
  for (size_t i = 0; i < job->num_items; i++) {
    const struct bulla_exec_item *item = &job->items[i];
    if (item->kind == BULLA_EXEC_PLAIN || item->is_public) {
      continue;
    }
    if (bulla_mask_text_len(item->value) < BULLA_MASK_LEAST) {
      warn(&item->place);
    }
    values[num++] = item->value;
  }
  return bulla_mask_new(mask, values, num);
}

static void free_values(struct bulla_span **values) {
  free(*values);
}

enum bulla_status bulla_exec_masked(const struct bulla_exec_job *job, int *ended, int *error) {
  struct bulla_span *values BULLA_CLEANUP(free_values) =
      (struct bulla_span *)calloc(job->num_items + 1, sizeof(*values));
  struct bulla_mask *mask BULLA_CLEANUP(bulla_mask_free) = NULL;
  if (values == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(make_mask(&mask, job, values));
  return bulla_relay_run(job->cli, mask, job->env.lines, ended, error);
}
