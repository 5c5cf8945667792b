/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/root_row.h. */

#include "store/root_row.h"

#include "core/log.h"

enum bulla_status bulla_root_row_insert(const struct bulla_root_row *row, struct bulla_db *db) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_INSERT_ROOT);
  bulla_bind_blob(&statement, bulla_span(row->id, sizeof(row->id)));
  bulla_bind_blob(&statement, bulla_written(&row->wrapped));
  if (row->log_n != 0) {
    bulla_bind_blob(&statement, bulla_span(row->salt, sizeof(row->salt)));
    bulla_bind_int(&statement, row->log_n);
  } else {
    bulla_bind_null(&statement);
    bulla_bind_null(&statement);
  }
  return bulla_finish(&statement);
}

enum bulla_status bulla_root_row_load(struct bulla_root_row *row, struct bulla_db *db, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_LOAD_ROOT);
  bulla_bind_blob(&statement, id);
  bool is_there;
  BULLA_TRY(bulla_step(&statement, &is_there));
  if (!is_there) {
    return bulla_explain(BULLA_REFUSED, "a root's row is missing");
  }
  row->wrapped = bulla_buffer(row->bytes, sizeof(row->bytes));
  row->log_n = 0;
  memcpy(row->id, id.data, sizeof(row->id));
  struct bulla_writer writer = bulla_writer(&row->wrapped);
  bulla_put(&writer, bulla_column_blob(&statement, sizeof(row->bytes)));
  if (!bulla_column_null(&statement)) {
    bulla_column_bytes(&statement, row->salt, sizeof(row->salt));
    row->log_n = bulla_column_int(&statement);
  }
  BULLA_TRY(bulla_writer_finish(&writer));
  return bulla_columns_good(&statement) ? BULLA_OK : bulla_explain(BULLA_REFUSED, "a root's row is malformed");
}

enum bulla_status bulla_root_row_delete(struct bulla_db *db, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_DELETE_ROOT);
  bulla_bind_blob(&statement, id);
  return bulla_finish(&statement);
}
