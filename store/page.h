/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A page of a walk: some rows are read and copied, the vault and its database are released, and only then the caller
 * gets the rows. However long it takes, it blocks nobody, and it may call the vault. */

#ifndef BULLA_STORE_PAGE_H
#define BULLA_STORE_PAGE_H

#include "core/cursor.h"

#define BULLA_PAGE_ROWS 64             /* at most */
#define BULLA_PAGE_ROW_MAX (72 * 1024) /* bytes of one row: a plain value and its names */
#define BULLA_PAGE_BYTES (128 * 1024)

/* The bytes of the rows. Zeroed, it holds nothing. */
struct bulla_page {
  uint8_t *bytes;
  size_t len;
};

/* bulla_page_begin empties |page|. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_page_begin(struct bulla_page *page);

/* bulla_page_free frees the copies. */
void bulla_page_free(struct bulla_page *page);

/* bulla_page_has_room returns whether there is room for another row after |num_rows|. */
bool bulla_page_has_room(const struct bulla_page *page, size_t num_rows);

/* bulla_page_keep copies the bytes of |*span| into |page| and points it to the copy, which is valid until the next
 * bulla_page_begin. One row takes at most BULLA_PAGE_ROW_MAX bytes. */
void bulla_page_keep(struct bulla_page *page, struct bulla_span *span);

#endif
