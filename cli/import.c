/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* import hex: lines entry,field,iv:authTag:ciphertext, of which all are taken or none. An error names the line
 * by its number; what is on it is never repeated. In which form a value is the options say, and nothing is
 * guessed. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/key_file.h"
#include "cli/options.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/word.h"
#include "core/crypto.h"

enum { MAX_INPUT = 1 << 28 };

/* One row of an import, with the number of its line. All of it are views of the text that was read. */
struct rows {
  struct bulla_buffer text;
  struct bulla_import *rows;
  size_t *lines;
  size_t num_rows;
};

static void rows_free(struct rows *rows) {
  free(rows->text.data);
  free(rows->rows);
  free(rows->lines);
}

/* header_of returns the first line that a file in |format| may have, and what its rows look like. */
static const char *header_of(const struct bulla_triple_format *format) {
  return format->order == BULLA_TRIPLE_TAG_SECOND ? "entry,field,iv:authTag:ciphertext"
                                                  : "entry,field,iv:ciphertext:authTag";
}

/* take_line takes a line without its ending, which the last line need not have. */
static bool take_line(struct bulla_reader *reader, struct bulla_span *line) {
  if (reader->left == 0) {
    return false;
  }
  const uint8_t *start = reader->at;
  struct bulla_span unused;
  if (!bulla_take_until(reader, &unused, '\n')) {
    (void)bulla_take(reader, &unused, reader->left);
  }
  *line = bulla_without_newline(bulla_span(start, (size_t)(reader->at - start)), 0);
  return true;
}

static bool has(struct bulla_span text, char mark) {
  return text.len > 0 && memchr(text.data, mark, text.len) != NULL;
}

static enum bulla_status parse_row(struct bulla_cli *cli, struct bulla_import *row, struct bulla_span line,
                                   const struct bulla_triple_format *format) {
  struct bulla_reader reader = bulla_reader(line);
  size_t len;
  if (has(line, '"')) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "quotes are not allowed: write the three columns without them");
  }
  if (!bulla_take_until(&reader, &row->entry, ',') || !bulla_take_until(&reader, &row->field, ',')) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "not of the form %s: there are fewer than three columns",
                           header_of(format));
  }
  row->triple = bulla_span(reader.at, reader.left);
  if (has(row->triple, ',')) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "not of the form %s: there are more than three columns",
                           header_of(format));
  }
  enum bulla_status status = bulla_triple_check(&len, row->triple, format);
  return status == BULLA_INVALID_TEXT
             ? bulla_cli_error(cli, status, "not of the form %s, as --encoding and --order have it", header_of(format))
             : status;
}

static size_t count_lines(struct bulla_span text) {
  size_t num = 1;
  for (size_t i = 0; i < text.len; i++) {
    num += text.data[i] == '\n' ? 1 : 0;
  }
  return num;
}

/* looks_like_header says whether |line| has three columns or more and no parts in the third. */
static bool looks_like_header(struct bulla_span line) {
  struct bulla_reader reader = bulla_reader(line);
  struct bulla_span column;
  for (int i = 0; i < 2; i++) {
    if (!bulla_take_until(&reader, &column, ',')) {
      return false;
    }
  }
  return reader.left > 0 && !has(bulla_span(reader.at, reader.left), ':');
}

/* check_header passes over |line| if it is the header of |format|; that of the other order is a contradiction. */
static enum bulla_status check_header(struct bulla_cli *cli, bool *is_header, struct bulla_span line,
                                      const struct bulla_triple_format *format) {
  static const struct bulla_triple_format orders[] = {{.order = BULLA_TRIPLE_TAG_SECOND},
                                                      {.order = BULLA_TRIPLE_TAG_LAST}};
  const struct bulla_triple_format *other = &orders[format->order == BULLA_TRIPLE_TAG_SECOND ? 1 : 0];
  *is_header = bulla_span_equal(line, bulla_text(header_of(format)));
  if (bulla_span_equal(line, bulla_text(header_of(other)))) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "the header says %s, and --order %s %s",
                           header_of(other) + sizeof("entry,field,") - 1,
                           bulla_option_count(cli, "order") > 0 ? "says" : "is not given and stands for",
                           header_of(format) + sizeof("entry,field,") - 1);
  }
  if (!*is_header && looks_like_header(line)) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT,
                           "not of the form %s: it looks like a header, which is just that or left out",
                           header_of(format));
  }
  return BULLA_OK;
}

/* take_mark passes over the mark of UTF-8 that some programs put first. */
static enum bulla_status take_mark(struct bulla_cli *cli, struct bulla_reader *reader) {
  struct bulla_span mark;
  struct bulla_reader peek = *reader;
  if (bulla_take(&peek, &mark, 3) && bulla_span_equal(mark, BULLA_LITERAL("\xEF\xBB\xBF"))) {
    *reader = peek;
    return BULLA_OK;
  }
  peek = *reader;
  if (bulla_take(&peek, &mark, 2) &&
      (bulla_span_equal(mark, BULLA_LITERAL("\xFF\xFE")) || bulla_span_equal(mark, BULLA_LITERAL("\xFE\xFF")))) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT, "it is UTF-16: write it in UTF-8");
  }
  return BULLA_OK;
}

static enum bulla_status parse_rows(struct bulla_cli *cli, struct rows *rows,
                                    const struct bulla_triple_format *format) {
  struct bulla_reader reader = bulla_reader(bulla_written(&rows->text));
  struct bulla_span line;
  size_t max_rows = count_lines(bulla_written(&rows->text));
  rows->rows = (struct bulla_import *)calloc(max_rows, sizeof(*rows->rows));
  rows->lines = (size_t *)calloc(max_rows, sizeof(*rows->lines));
  if (rows->rows == NULL || rows->lines == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(take_mark(cli, &reader));
  bool first = true;
  for (size_t number = 1; take_line(&reader, &line); number++) {
    bool skip = line.len == 0;
    bulla_cli_at(cli, "line %zu", number);
    if (!skip && first) {
      BULLA_TRY(check_header(cli, &skip, line, format));
      first = false;
    }
    if (!skip) {
      BULLA_TRY(parse_row(cli, &rows->rows[rows->num_rows], line, format));
      rows->lines[rows->num_rows++] = number;
    }
  }
  bulla_cli_at(cli, "standard input");
  return rows->num_rows > 0 ? BULLA_OK : bulla_cli_error(cli, BULLA_INVALID_ARGUMENT, "there are no rows");
}

/* hash_variable fills |key| with SHA-256 of the environment variable --key-env. */
static enum bulla_status hash_variable(struct bulla_cli *cli, struct bulla_secret **key) {
  const char *variable = bulla_option_value(cli, "key-env");
  const char *value = getenv(variable);
  if (value == NULL || value[0] == '\0') {
    bulla_cli_at(cli, "--key-env");
    return bulla_cli_error(cli, BULLA_SECRET_UNAVAILABLE, "the environment variable is not set, or empty");
  }
  BULLA_TRY(bulla_secret_new(key, BULLA_KEY_LEN));
  return bulla_sha256(bulla_secret_data(*key), bulla_text(value));
}

static enum bulla_status make_key(struct bulla_cli *cli, struct bulla_secret **key) {
  bool hashed = bulla_option_count(cli, "key-env") > 0;
  bool raw = bulla_option_count(cli, "key") > 0;
  if (hashed == raw) {
    return bulla_cli_usage(cli, "give one of --key FILE, the key itself, and --key-env NAME, whose SHA-256 it is");
  }
  return raw ? bulla_key_file_read(cli, key) : hash_variable(cli, key);
}

static enum bulla_status read_format(struct bulla_cli *cli, struct bulla_triple_format *format) {
  static const char *const encodings[] = {"hex", "base64", "base64url", NULL};
  static const char *const orders[] = {"iv:authTag:ciphertext", "iv:ciphertext:authTag", NULL};
  int encoding = BULLA_TRIPLE_HEX;
  int order = BULLA_TRIPLE_TAG_SECOND;
  BULLA_TRY(bulla_option_choice(cli, "encoding", encodings, &encoding));
  BULLA_TRY(bulla_option_choice(cli, "order", orders, &order));
  *format = (struct bulla_triple_format){
      .encoding = (enum bulla_triple_encoding)encoding,
      .order = (enum bulla_triple_order)order,
      .additional_data = bulla_option_span(cli, "aad"),
  };
  return BULLA_OK;
}

static enum bulla_status report(struct bulla_cli *cli, size_t num_rows) {
  static const char *const names[] = {"imported", NULL};
  const struct bulla_cell cells[] = {bulla_cell_number((int64_t)num_rows)};
  if (!cli->json) {
    printf("imported %zu\n", num_rows);
    return BULLA_OK;
  }
  return bulla_rows_one(cli, names, cells);
}

enum bulla_status bulla_run_import_hex(struct bulla_cli *cli) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct rows rows BULLA_CLEANUP(rows_free) = {bulla_buffer(NULL, 0), NULL, NULL, 0};
  struct bulla_triple_format format;
  BULLA_TRY(read_format(cli, &format));
  BULLA_TRY(make_key(cli, &key));
  bulla_cli_at(cli, "standard input");
  BULLA_TRY(bulla_input_public(cli, &rows.text, STDIN_FILENO, MAX_INPUT));
  BULLA_TRY(parse_rows(cli, &rows, &format));

  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "import hex");
  size_t failed_row = rows.num_rows;
  enum bulla_status status = bulla_vault_import(vault, &failed_row, &me.who, bulla_option_span(cli, "tenant"), key,
                                                &format, rows.rows, rows.num_rows);
  if (failed_row < rows.num_rows) {
    bulla_cli_at(cli, "line %zu", rows.lines[failed_row]);
  }
  if (status == BULLA_REFUSED && failed_row < rows.num_rows) {
    return bulla_cli_error(cli, status, "refused: it is damaged, or of another key, encoding, order or --aad");
  }
  return status == BULLA_OK ? report(cli, rows.num_rows) : status;
}
