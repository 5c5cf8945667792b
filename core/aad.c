/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Joining two parts of additional data, see core/aad.h. */

#include "core/aad.h"

#include <stdlib.h>
#include <string.h>

void bulla_unjoin(struct bulla_joined *joined) {
  free(joined->on_heap);
}

enum bulla_status bulla_join(struct bulla_joined *joined, const struct bulla_aad *parts) {
  joined->on_heap = NULL;
  if (parts->tail_len == 0) {
    joined->bytes = bulla_span(parts->head, parts->head_len);
    return BULLA_OK;
  }
  if (parts->tail_len > SIZE_MAX - parts->head_len) {
    return BULLA_TOO_LARGE;
  }
  size_t len = parts->head_len + parts->tail_len;
  if (len > sizeof(joined->on_stack)) {
    joined->on_heap = malloc(len);
    if (joined->on_heap == NULL) {
      return BULLA_NO_MEMORY;
    }
  }
  uint8_t *room = joined->on_heap != NULL ? joined->on_heap : joined->on_stack;
  if (parts->head_len > 0) {
    memcpy(room, parts->head, parts->head_len);
  }
  memcpy(room + parts->head_len, parts->tail, parts->tail_len);
  joined->bytes = bulla_span(room, len);
  return BULLA_OK;
}
