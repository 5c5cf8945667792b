/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_table.h. */

#include "cli/report_table.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_keys(const void *a, const void *b) {
  const struct bulla_span x = ((const struct bulla_report_item *)a)->key;
  const struct bulla_span y = ((const struct bulla_report_item *)b)->key;
  if (x.len != y.len) {
    return x.len < y.len ? -1 : 1;
  }
  return x.len == 0 ? 0 : memcmp(x.data, y.data, x.len);
}

static void keep_in_list(void *item) {
  (void)item;
}

static void free_item(struct bulla_report_item *item) {
  free(item->bytes);
  free(item);
}

void bulla_report_table_free(struct bulla_report_table *table) {
  tdestroy(table->tree, keep_in_list);
  for (size_t i = 0; i < table->num; i++) {
    free_item(table->items[i]);
  }
  free(table->items);
  *table = (struct bulla_report_table){.items = NULL};
}

void *bulla_report_table_find(const struct bulla_report_table *table, struct bulla_span key) {
  const struct bulla_report_item wanted = {.key = key};
  void *const *node = tfind(&wanted, &table->tree, compare_keys);
  return node != NULL ? *node : NULL;
}

static enum bulla_status set_key(struct bulla_report_item *item, struct bulla_span key) {
  uint8_t *copy = malloc(key.len + 1);
  if (copy == NULL) {
    return BULLA_NO_MEMORY;
  }
  if (key.len > 0) {
    memcpy(copy, key.data, key.len);
  }
  free(item->bytes);
  item->bytes = copy;
  item->key = bulla_span(copy, key.len);
  return BULLA_OK;
}

/* Has room in the list for one more. It grows by doubling. */
static enum bulla_status make_room(struct bulla_report_table *table) {
  bool is_full = table->num == 0 || (table->num >= 16 && (table->num & (table->num - 1)) == 0);
  if (!is_full) {
    return BULLA_OK;
  }
  void **items = realloc(table->items, (table->num == 0 ? 16 : 2 * table->num) * sizeof(*items));
  table->items = items != NULL ? items : table->items;
  return items != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

enum bulla_status bulla_report_table_get(void **item, struct bulla_report_table *table, struct bulla_span key) {
  *item = bulla_report_table_find(table, key);
  if (*item != NULL) {
    return BULLA_OK;
  }
  if (table->num == table->max) {
    table->num_full++;
    return BULLA_OK;
  }
  BULLA_TRY(make_room(table));
  struct bulla_report_item *made = calloc(1, table->item_size);
  if (made == NULL || set_key(made, key) != BULLA_OK) {
    free(made);
    return BULLA_NO_MEMORY;
  }
  if (tsearch(made, &table->tree, compare_keys) == NULL) {
    free_item(made);
    return BULLA_NO_MEMORY;
  }
  table->items[table->num++] = made;
  *item = made;
  return BULLA_OK;
}

void bulla_report_table_forget(struct bulla_report_table *table, void *item) {
  if (bulla_report_table_find(table, ((struct bulla_report_item *)item)->key) == item) {
    (void)tdelete(item, &table->tree, compare_keys);
  }
}

enum bulla_status bulla_report_table_rename(struct bulla_report_table *table, void *item, struct bulla_span key) {
  bulla_report_table_forget(table, item);
  void *other = bulla_report_table_find(table, key);
  if (other != NULL) {
    bulla_report_table_forget(table, other);
  }
  BULLA_TRY(set_key(item, key));
  return tsearch(item, &table->tree, compare_keys) != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

void bulla_report_table_sort(struct bulla_report_table *table, int (*compare)(const void *, const void *)) {
  if (table->num > 1) {
    qsort(table->items, table->num, sizeof(table->items[0]), compare);
  }
}
