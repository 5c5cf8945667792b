/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Importing the blobs of a system that wrote iv:authTag:ciphertext. The form of all rows is looked at before the
 * first is opened: a slip in the file is told as one, whatever the key. */

#include "core/log.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/opening.h"
#include "store/put.h"

/* Digits and colons of the longest triple: a 16-byte IV, a tag, a value. */
#define TRIPLE_MAX (2 * (16 + BULLA_TAG_LEN + (size_t)BULLA_VALUE_MAX) + 2)

/* What can be said of a row before anything is opened; |*len| becomes the length of its value. */
static enum bulla_status check_row(size_t *len, const struct bulla_import *row,
                                   const struct bulla_triple_format *format) {
  BULLA_TRY(bulla_name_check(row->entry));
  BULLA_TRY(bulla_name_check(row->field));
  if (row->triple.len > TRIPLE_MAX) {
    return bulla_value_check(row->triple.len);
  }
  BULLA_TRY(bulla_triple_check(len, row->triple, format));
  return bulla_value_check(*len);
}

static enum bulla_status import_row(struct bulla_putter *putter, const struct bulla_secret *key,
                                    const struct bulla_triple_format *format, const struct bulla_import *row) {
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer buffer;
  size_t len = 0;
  BULLA_TRY(check_row(&len, row, format));
  BULLA_TRY(bulla_secret_room(&value, &buffer, len));
  BULLA_TRY(bulla_triple_open(key, &buffer, row->triple, format));
  struct bulla_field field = {.name = row->field, .value = bulla_written(&buffer), .secret = true};
  BULLA_TRY(bulla_putter_enter(putter, row->entry));
  return bulla_put_field(putter, &field, true);
}

/* Whether a row can be at fault for |status|. */
static bool is_of_row(enum bulla_status status) {
  enum bulla_status_class status_class = bulla_status_class(status);
  return status != BULLA_AUDIT_BROKEN && (status_class == BULLA_CLASS_REFUSED || status_class == BULLA_CLASS_USAGE);
}

static enum bulla_status check_rows(size_t *failed_row, const struct bulla_triple_format *format,
                                    const struct bulla_import *rows, size_t num_rows) {
  for (size_t i = 0; i < num_rows; i++) {
    size_t len;
    BULLA_TRY(BULLA_CHECK_RESERVED(rows[i].reserved));
    enum bulla_status status = check_row(&len, &rows[i], format);
    if (status != BULLA_OK) {
      *failed_row = status == BULLA_INVALID_ARGUMENT ? num_rows : i; /* no row has chosen the format */
      return status;
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_vault_import(struct bulla_vault *vault, size_t *failed_row, const struct bulla_who *who,
                                     struct bulla_span tenant, const struct bulla_secret *key,
                                     const struct bulla_triple_format *format, const struct bulla_import *rows,
                                     size_t num_rows) {
  *failed_row = num_rows;
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  if (key == NULL || bulla_secret_bytes(key).len != BULLA_KEY_LEN) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "the key has %d bytes", BULLA_KEY_LEN);
  }
  if (num_rows == 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "there are no rows");
  }
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("import"), &(struct bulla_place){.tenant = tenant}));
  BULLA_TRY(check_rows(failed_row, format, rows, num_rows));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.tenant = tenant};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("import"), &place));
  struct bulla_putter putter;
  BULLA_TRY(bulla_putter_begin(&putter, &change, BULLA_LITERAL("import"), tenant));
  for (size_t i = 0; i < num_rows; i++) {
    enum bulla_status status = import_row(&putter, key, format, &rows[i]);
    if (status != BULLA_OK) {
      *failed_row = is_of_row(status) ? i : num_rows;
      return status;
    }
  }
  return bulla_change_commit(&change);
}
