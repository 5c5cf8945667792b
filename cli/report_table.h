/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Items that are found by a key of bytes, and counted: what a report remembers of a log that is too long to be held. A
 * tree, not a hash table: names come from outside, and none of them makes it slow. */

#ifndef BULLA_CLI_REPORT_TABLE_H
#define BULLA_CLI_REPORT_TABLE_H

#include "core/cleanup.h"
#include "core/cursor.h"

/* The first member of an item. */
struct bulla_report_item {
  struct bulla_span key;
  uint8_t *bytes; /* of the key */
};

struct bulla_report_table {
  size_t item_size;
  size_t max;       /* items */
  int64_t num_full; /* how often an item was not added because there were |max| */
  void **items;     /* in the order in which they were added */
  size_t num;
  void *tree;
};

/* bulla_report_table returns an empty table of items of |item_size| bytes. */
static inline struct bulla_report_table bulla_report_table(size_t item_size, size_t max) {
  struct bulla_report_table table = {.item_size = item_size, .max = max};
  return table;
}

void bulla_report_table_free(struct bulla_report_table *table);

/* bulla_report_table_find returns the item of |key|, or NULL. */
void *bulla_report_table_find(const struct bulla_report_table *table, struct bulla_span key);

/* bulla_report_table_get sets |*item| to the item of |key|, a new one of zeros if there is none, or to NULL if the
 * table is full. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_report_table_get(void **item, struct bulla_report_table *table,
                                                         struct bulla_span key);

/* bulla_report_table_forget has |item| found no more; it stays in the list. */
void bulla_report_table_forget(struct bulla_report_table *table, void *item);

/* bulla_report_table_rename gives |item| another key, in place of the item that had it. */
BULLA_NODISCARD enum bulla_status bulla_report_table_rename(struct bulla_report_table *table, void *item,
                                                            struct bulla_span key);

/* bulla_report_table_sort orders the list. */
void bulla_report_table_sort(struct bulla_report_table *table, int (*compare)(const void *, const void *));

#endif
