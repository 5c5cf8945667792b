/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* import hex: lines entry,field,iv:authTag:ciphertext, of which all are taken or none. An error names the line
 * by its number; what is on it is never repeated. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/session.h"
#include "core/crypto.h"

enum {
  MAX_INPUT = 1 << 28,
  /* Two names, the longest IV and tag, a value of BULLA_VALUE_MAX, and what is between them. */
  MAX_LINE = 2 * (BULLA_NAME_MAX + 1) + 2 * (16 + BULLA_TAG_LEN) + 2 + 2 * BULLA_VALUE_MAX,
};

static const char header[] = "entry,field,iv:authTag:ciphertext";

/* The rows of an import, all of them views of |text|. */
struct rows {
  struct bulla_buffer text;
  struct bulla_import *rows;
  size_t num_rows;
  size_t first_line; /* the number of the line of the first row */
};

static void rows_free(struct rows *rows) {
  free(rows->text.data);
  free(rows->rows);
}

/* take_line takes a line without its ending, which the last line need not have. */
static bool take_line(struct bulla_reader *reader, struct bulla_span *line) {
  if (reader->left == 0) {
    return false;
  }
  if (!bulla_take_until(reader, line, '\n')) {
    (void)bulla_take(reader, line, reader->left);
  }
  if (line->len > 0 && line->data[line->len - 1] == '\r') {
    line->len--;
  }
  return true;
}

static enum bulla_status parse_row(struct bulla_cli *cli, struct bulla_import *row, struct bulla_span line) {
  struct bulla_reader reader = bulla_reader(line);
  if (line.len > MAX_LINE) {
    return BULLA_TOO_LARGE;
  }
  if (line.len > 0 && memchr(line.data, '"', line.len) != NULL) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "there are quotes: write the three columns without them");
  }
  if (!bulla_take_until(&reader, &row->entry, ',') || !bulla_take_until(&reader, &row->field, ',')) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "not of the form %s", header);
  }
  row->triple = bulla_span(reader.at, reader.left);
  return BULLA_OK;
}

static size_t count_lines(struct bulla_span text) {
  size_t num = 1;
  for (size_t i = 0; i < text.len; i++) {
    num += text.data[i] == '\n' ? 1 : 0;
  }
  return num;
}

static enum bulla_status parse_rows(struct bulla_cli *cli, struct rows *rows) {
  struct bulla_reader reader = bulla_reader(bulla_written(&rows->text));
  struct bulla_span line;
  rows->rows = (struct bulla_import *)calloc(count_lines(bulla_written(&rows->text)), sizeof(*rows->rows));
  if (rows->rows == NULL) {
    return BULLA_NO_MEMORY;
  }
  rows->first_line = 1;
  while (take_line(&reader, &line)) {
    if (rows->num_rows == 0 && rows->first_line == 1 && bulla_span_equal(line, bulla_text_span(header))) {
      rows->first_line = 2;
      continue;
    }
    bulla_cli_at(cli, "line %zu", rows->first_line + rows->num_rows);
    BULLA_TRY(parse_row(cli, &rows->rows[rows->num_rows], line));
    rows->num_rows++;
  }
  bulla_cli_at(cli, "standard input");
  return rows->num_rows > 0 ? BULLA_OK : bulla_cli_error(cli, BULLA_INVALID_ARGUMENT, "there are no rows");
}

/* make_key fills |key| with SHA-256 of the environment variable --key-env. */
static enum bulla_status make_key(struct bulla_cli *cli, struct bulla_secret **key) {
  const char *variable = bulla_option_value(cli, "key-env");
  const char *value = getenv(variable);
  if (value == NULL || value[0] == '\0') {
    bulla_cli_at(cli, "--key-env");
    return bulla_cli_error(cli, BULLA_ROOT_UNAVAILABLE, "the environment variable is not set, or empty");
  }
  BULLA_TRY(bulla_secret_new(key, BULLA_KEY_LEN));
  return bulla_sha256(bulla_secret_data(*key), bulla_text_span(value));
}

enum bulla_status bulla_run_import_hex(struct bulla_cli *cli) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct rows rows BULLA_CLEANUP(rows_free) = {bulla_buffer(NULL, 0), NULL, 0, 0};
  BULLA_TRY(make_key(cli, &key));
  bulla_cli_at(cli, "standard input");
  BULLA_TRY(bulla_input_public(cli, &rows.text, STDIN_FILENO, MAX_INPUT));
  BULLA_TRY(parse_rows(cli, &rows));

  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  size_t failed_row = rows.num_rows;
  enum bulla_status status = bulla_vault_import(vault, &failed_row, &me.who, bulla_option_span(cli, "tenant"), key,
                                                NULL, rows.rows, rows.num_rows);
  if (status != BULLA_OK) {
    if (failed_row < rows.num_rows) {
      bulla_cli_at(cli, "line %zu", rows.first_line + failed_row);
    }
    return status;
  }

  if (!cli->json) {
    printf("imported %zu\n", rows.num_rows);
    return BULLA_OK;
  }
  static const char *const names[] = {"imported", NULL};
  const struct bulla_cell cells[] = {bulla_cell(BULLA_CELL_NUMBER, (int64_t)rows.num_rows)};
  struct bulla_rows report BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&report, cli, names, false);
  return bulla_rows_add(&report, cells);
}
