/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/exec_job.h. */

#include "cli/exec_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/word.h"

enum {
  ORIGIN_MAX = 3 * BULLA_NAME_MAX + 64,
  ITEMS_MAX = 4096,
};

void bulla_exec_job_free(struct bulla_exec_job *job) {
  for (size_t i = 0; i < job->num_items; i++) {
    struct bulla_exec_item *item = &job->items[i];
    bulla_secret_free(&item->bytes);
    free(item->line);
    if (item->fd >= 0) {
      (void)close(item->fd);
    }
  }
  for (size_t i = 0; i < job->num_kept; i++) {
    free(job->kept[i]);
  }
  free(job->items);
  free((void *)job->kept);
  bulla_environment_free(&job->env);
}

/* grown returns |array| with room for one more of |size| bytes: it is made larger at powers of two. */
static void *grown(void *array, size_t num, size_t size) {
  bool full = (num & (num - 1)) == 0;
  return full ? reallocarray(array, num > 0 ? 2 * num : 1, size) : array;
}

enum bulla_status bulla_exec_keep(struct bulla_exec_job *job, void *memory) {
  void **kept = (void **)grown((void *)job->kept, job->num_kept, sizeof(void *));
  if (kept == NULL || memory == NULL) {
    free(memory);
    job->kept = kept != NULL ? kept : job->kept;
    return BULLA_NO_MEMORY;
  }
  job->kept = kept;
  job->kept[job->num_kept++] = memory;
  return BULLA_OK;
}

bool bulla_exec_is_variable(struct bulla_span name) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  for (size_t i = 0; i < name.len; i++) {
    if (memchr(allowed, name.data[i], sizeof(allowed) - 1) == NULL) {
      return false;
    }
  }
  return name.len > 0 && (name.data[0] < '0' || name.data[0] > '9');
}

bool bulla_exec_take_place(struct bulla_place *place, struct bulla_span text, uint8_t mark) {
  struct bulla_reader reader = bulla_reader(text);
  *place = (struct bulla_place){.field = bulla_span(NULL, 0)};
  if (!bulla_take_until(&reader, &place->tenant, '/') || !bulla_take_until(&reader, &place->entry, mark)) {
    return false;
  }
  place->field = bulla_span(reader.at, reader.left);
  return bulla_word_is_name(place->tenant) && bulla_word_is_name(place->entry) && bulla_word_is_name(place->field);
}

/* put_origin writes where |item| is from: what is named there has the form of a name. */
static const char *put_origin(char room[ORIGIN_MAX], const struct bulla_exec_item *item) {
  const struct bulla_place *place = &item->place;
  if (item->file_number > 0) {
    (void)snprintf(room, ORIGIN_MAX, "line %zu of --env-file %zu", item->line_number, item->file_number);
  } else {
    (void)snprintf(room, ORIGIN_MAX, "%.*s/%.*s:%.*s", (int)place->tenant.len, (const char *)place->tenant.data,
                   (int)place->entry.len, (const char *)place->entry.data, (int)place->field.len,
                   (const char *)place->field.data);
  }
  return room;
}

enum bulla_status bulla_exec_add(struct bulla_exec_job *job, const struct bulla_exec_item *item) {
  for (size_t i = 0; i < job->num_items; i++) {
    if (bulla_span_equal(job->items[i].name, item->name)) {
      char first[ORIGIN_MAX];
      char second[ORIGIN_MAX];
      bulla_cli_at(job->cli, "variable %.*s", (int)item->name.len, (const char *)item->name.data);
      return bulla_cli_error(job->cli, BULLA_INVALID_ARGUMENT, "it is set twice: from %s and from %s",
                             put_origin(first, &job->items[i]), put_origin(second, item));
    }
  }
  bool is_field = item->kind != BULLA_EXEC_PLAIN;
  if (is_field && job->num_fields == BULLA_PLACES_MAX) {
    return bulla_cli_usage(job->cli, "these are too many fields: at most %d are opened at once", BULLA_PLACES_MAX);
  }
  if (job->num_items == ITEMS_MAX) {
    return bulla_cli_usage(job->cli, "these are too many variables: at most %d are set", ITEMS_MAX);
  }
  struct bulla_exec_item *items = (struct bulla_exec_item *)grown(job->items, job->num_items, sizeof(*items));
  if (items == NULL) {
    return BULLA_NO_MEMORY;
  }
  job->items = items;
  job->items[job->num_items] = *item;
  job->items[job->num_items++].fd = -1;
  job->num_fields += is_field ? 1 : 0;
  return BULLA_OK;
}
