/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Rows as a table or as JSON. What is in the cells came from outside: cli/text.h escapes it. */

#include "cli/rows.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/text.h"
#include "cli/when.h"
#include "cli/word.h"
#include "core/json.h"

void bulla_rows_begin(struct bulla_rows *rows, struct bulla_cli *cli, const char *const *names, bool list) {
  *rows = (struct bulla_rows){.cli = cli, .names = names, .list = list, .max_width = SIZE_MAX};
}

void bulla_rows_free(struct bulla_rows *rows) {
  free(rows->held.data);
  rows->held = bulla_buffer(NULL, 0);
}

/* make_room sees to it that |rows->held| has room for |len| bytes more. */
static enum bulla_status make_room(struct bulla_rows *rows, size_t len) {
  if (rows->held.size - rows->held.len >= len) {
    return BULLA_OK;
  }
  size_t size = (rows->held.len + len) * 2;
  uint8_t *data = (uint8_t *)realloc(rows->held.data, size);
  if (data == NULL) {
    return BULLA_NO_MEMORY;
  }
  rows->held.data = data;
  rows->held.size = size;
  return BULLA_OK;
}

static bool cell_time_text(char room[64], const struct bulla_cell *cell) {
  if (cell->type == BULLA_CELL_SECONDS) {
    return bulla_when_text(room, cell->number, -1);
  }
  int64_t seconds = bulla_when_floor(cell->number, 1000000);
  int64_t micros = cell->number % 1000000;
  return bulla_when_text(room, seconds, micros < 0 ? micros + 1000000 : micros);
}

/* As it is printed in tables and, quoted or not, in JSON. A time that cannot be said in words is its number. */
struct bulla_span bulla_cell_text_of(char room[64], const struct bulla_cell *cell) {
  switch (cell->type) {
    case BULLA_CELL_BOOL:
      return bulla_text(cell->number != 0 ? "yes" : "no");
    case BULLA_CELL_SECONDS:
    case BULLA_CELL_MICROSECONDS:
      if (cell_time_text(room, cell)) {
        return bulla_text(room);
      }
      __attribute__((fallthrough));
    case BULLA_CELL_NUMBER:
      (void)snprintf(room, 64, "%lld", (long long)cell->number);
      return bulla_text(room);
    case BULLA_CELL_NONE:
    case BULLA_CELL_TEXT:
      break;
  }
  return bulla_span(NULL, 0);
}

/* hold_cell keeps a cell, escaped and ended by NUL, and widens its column. */
static enum bulla_status hold_cell(struct bulla_rows *rows, size_t column, struct bulla_span text) {
  BULLA_TRY(make_room(rows, BULLA_TEXT_GROWTH * text.len + 2));
  size_t before = rows->held.len;
  struct bulla_writer writer = {&rows->held, false};
  if (text.len == 0) {
    bulla_put_byte(&writer, '-');
  }
  bulla_text_put_cell(&writer, text);
  size_t width = bulla_text_width(bulla_span(rows->held.data + before, rows->held.len - before));
  bulla_put_byte(&writer, 0);
  width = width < rows->max_width ? width : rows->max_width;
  rows->widths[column] = width > rows->widths[column] ? width : rows->widths[column];
  return BULLA_OK;
}

static enum bulla_status hold_header(struct bulla_rows *rows) {
  for (size_t column = 0; rows->names[column] != NULL; column++) {
    char name[32];
    size_t len = 0;
    for (const char *c = rows->names[column]; *c != '\0' && len < sizeof(name); c++) {
      name[len++] = (char)(*c == '_' ? ' ' : toupper(*c));
    }
    BULLA_TRY(hold_cell(rows, column, bulla_span(name, len)));
  }
  return BULLA_OK;
}

static enum bulla_status hold_row(struct bulla_rows *rows, const struct bulla_cell *cells) {
  for (size_t column = 0; rows->names[column] != NULL; column++) {
    char room[64];
    const struct bulla_cell *cell = &cells[column];
    rows->has_optional = rows->has_optional || (column >= rows->optional && cell->type != BULLA_CELL_NONE);
    BULLA_TRY(hold_cell(rows, column, cell->type == BULLA_CELL_TEXT ? cell->text : bulla_cell_text_of(room, cell)));
  }
  return BULLA_OK;
}

/* num_shown returns how many columns a table has. */
static size_t num_shown(const struct bulla_rows *rows) {
  size_t num = 0;
  while (rows->names[num] != NULL) {
    num++;
  }
  return rows->optional > 0 && !rows->has_optional ? rows->optional : num;
}

/* print_held prints the cells that are held, with two spaces at least between columns. */
static void print_held(struct bulla_rows *rows) {
  size_t num = num_shown(rows);
  struct bulla_reader reader = bulla_reader(bulla_written(&rows->held));
  struct bulla_span cell;
  size_t column = 0;
  while (bulla_take_until(&reader, &cell, 0)) {
    size_t width = bulla_text_width(cell);
    if (column < num) {
      (void)fwrite(cell.data, 1, cell.len, stdout);
    }
    if (column + 1 < num) {
      printf("%*s", (int)(2 + (rows->widths[column] > width ? rows->widths[column] - width : 0)), "");
    }
    column++;
    if (rows->names[column] == NULL) {
      (void)putchar('\n');
      column = 0;
    }
  }
  rows->held.len = 0;
}

static void write_cell(struct bulla_json_writer *writer, const struct bulla_cell *cell) {
  char room[64];
  switch (cell->type) {
    case BULLA_CELL_NONE:
      bulla_json_text(writer, BULLA_LITERAL("null"));
      break;
    case BULLA_CELL_TEXT:
      bulla_json_string(writer, cell->text);
      break;
    case BULLA_CELL_NUMBER:
      bulla_json_int(writer, cell->number);
      break;
    case BULLA_CELL_BOOL:
      bulla_json_bool(writer, cell->number != 0);
      break;
    case BULLA_CELL_SECONDS:
    case BULLA_CELL_MICROSECONDS:
      bulla_json_string(writer, bulla_cell_text_of(room, cell));
      break;
  }
}

/* write_object fills |object| with a row, in which nothing is escaped yet but what JSON insists on. */
static enum bulla_status write_object(struct bulla_buffer *object, const struct bulla_rows *rows,
                                      const struct bulla_cell *cells) {
  struct bulla_json_writer writer = bulla_json_writer(object);
  bulla_json_begin(&writer, '{');
  for (size_t column = 0; rows->names[column] != NULL; column++) {
    bulla_json_name(&writer, bulla_text(rows->names[column]));
    write_cell(&writer, &cells[column]);
  }
  bulla_json_end(&writer, '}');
  return bulla_json_finish(&writer);
}

static enum bulla_status hold_json(struct bulla_rows *rows, const struct bulla_cell *cells) {
  size_t start = rows->held.len;
  size_t room = 2;
  for (size_t column = 0; rows->names[column] != NULL; column++) {
    room += 128 + 6 * cells[column].text.len; /* the name, and every byte as \u00XX */
  }
  BULLA_TRY(make_room(rows, room));
  struct bulla_buffer object = bulla_buffer(rows->held.data + start, room);
  BULLA_TRY(write_object(&object, rows, cells));
  /* What is printed is written behind it, and then takes its place. */
  rows->held.len += object.len;
  BULLA_TRY(make_room(rows, BULLA_TEXT_GROWTH * object.len + 4));
  struct bulla_writer line = {&rows->held, false};
  if (rows->list) {
    bulla_put(&line, rows->num_rows == 0 ? BULLA_LITERAL("[") : BULLA_LITERAL(",\n "));
  }
  bulla_text_put_json(&line, bulla_span(rows->held.data + start, object.len));
  bulla_put(&line, rows->list ? bulla_span(NULL, 0) : BULLA_LITERAL("\n"));
  rows->held.len -= object.len;
  memmove(rows->held.data + start, rows->held.data + start + object.len, rows->held.len - start);
  return BULLA_OK;
}

static void print_held_json(struct bulla_rows *rows) {
  if (rows->held.len > 0) {
    (void)fwrite(rows->held.data, 1, rows->held.len, stdout);
  }
  rows->held.len = 0;
}

enum bulla_status bulla_rows_measure(struct bulla_rows *rows, const struct bulla_cell *cells) {
  if (rows->cli->json) {
    return BULLA_OK;
  }
  enum bulla_status status = hold_row(rows, cells);
  rows->held.len = 0;
  return status;
}

/* is_due returns whether the row in hand is printed now. */
static bool is_due(const struct bulla_rows *rows) {
  return !rows->list || (rows->page > 0 && rows->num_rows % rows->page == rows->page - 1);
}

enum bulla_status bulla_rows_add(struct bulla_rows *rows, const struct bulla_cell *cells) {
  if (rows->cli->json) {
    BULLA_TRY(hold_json(rows, cells));
    if (is_due(rows)) {
      print_held_json(rows);
    }
  } else {
    if (rows->num_rows == 0) {
      BULLA_TRY(hold_header(rows));
    }
    BULLA_TRY(hold_row(rows, cells));
    if (is_due(rows)) {
      print_held(rows);
    }
  }
  rows->num_rows++;
  /* A reader that went away ends a long log early. */
  return bulla_output_check(rows->cli);
}

enum bulla_status bulla_rows_end(struct bulla_rows *rows) {
  if (!rows->cli->json) {
    print_held(rows);
  } else if (rows->list) {
    print_held_json(rows);
    (void)fputs(rows->num_rows == 0 ? "[]\n" : "]\n", stdout);
  }
  return BULLA_OK;
}

enum bulla_status bulla_rows_one(struct bulla_cli *cli, const char *const *names, const struct bulla_cell *cells) {
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, false);
  return bulla_rows_add(&rows, cells);
}
