/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/page.h. */

#include "store/page.h"

#include <stdlib.h>

enum bulla_status bulla_page_begin(struct bulla_page *page) {
  page->len = 0;
  if (page->bytes == NULL) {
    page->bytes = malloc(BULLA_PAGE_BYTES);
  }
  return page->bytes != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

void bulla_page_free(struct bulla_page *page) {
  free(page->bytes);
  *page = (struct bulla_page){.bytes = NULL};
}

bool bulla_page_has_room(const struct bulla_page *page, size_t num_rows) {
  return num_rows < BULLA_PAGE_ROWS && BULLA_PAGE_BYTES - page->len >= BULLA_PAGE_ROW_MAX;
}

void bulla_page_keep(struct bulla_page *page, struct bulla_span *span) {
  if (span->len > BULLA_PAGE_BYTES - page->len) {
    *span = bulla_span(NULL, 0);
    return;
  }
  if (span->len > 0) {
    memcpy(page->bytes + page->len, span->data, span->len);
    span->data = page->bytes + page->len;
    page->len += span->len;
  }
}
