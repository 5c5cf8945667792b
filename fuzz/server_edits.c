/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/server_edits.h. */

#include "fuzz/server_edits.h"

#include "fuzz/fuzz.h"
#include "fuzz/vault.h"

enum { BODY_MAX = 1 << 17, OLD_MAX = 8192, NUM_OLD = 16, CELLS_MAX = 64 };

enum what {
  CLOSE, /* without the message */
  FATAL, /* with an error in its place */
  WARNING,
  NOTICE,
  FORGET, /* as a standby does that was promoted too early */
  NUM_HONEST,
  ERROR = NUM_HONEST,
  DROP,
  TWICE,
  FLIP,
  LENGTH, /* another length in its header */
  CUT,
  RAW,    /* bytes of the input in its place */
  BEFORE, /* or before it */
  TYPE,
  TAG,
  CELL,
  OLD,    /* one of the same type that was sent before */
  COLUMN, /* another type or number of columns */
  LONG,   /* more and more of it */
  TELL,   /* a setting or a notification before it */
  NUM_WHATS,
};

struct edit {
  uint8_t kind; /* 0: any */
  uint8_t skip;
  enum what what;
  uint8_t number;
  uint8_t other;
};

static struct bulla_reader input;
static struct edit edit;
static bool has_edit;
static size_t num_struck;
static bool has_lied;

/* What was sent before. */
static struct {
  uint8_t type;
  size_t len;
  uint8_t body[OLD_MAX];
} old[NUM_OLD];
static size_t num_old;

static void next_edit(void) {
  static const uint8_t kinds[] = {
      0, 'R', 'S', 'K', 'Z', 'T', 'D', 'C', '1', '2', 'n', FUZZ_CATALOGUE_ROW, 'E', 'D', 'C', FUZZ_COMMIT_TAG};
  has_edit = input.left > 0;
  edit.kind = kinds[fuzz_next(&input) % sizeof(kinds)];
  edit.skip = fuzz_next(&input);
  edit.what = (enum what)(fuzz_next(&input) % NUM_WHATS);
  edit.number = fuzz_next(&input);
  edit.other = fuzz_next(&input);
}

void fuzz_edits_begin(struct bulla_span edits) {
  input = bulla_reader(edits);
  num_struck = 0;
  has_lied = false;
  num_old = 0;
  next_edit();
}

size_t fuzz_edits_struck(void) {
  return num_struck;
}

bool fuzz_edits_lied(void) {
  return has_lied;
}

static void send_as(struct bulla_writer *out, uint8_t type, uint32_t len, struct bulla_span body) {
  bulla_put_byte(out, type);
  bulla_put_be(out, len, 4);
  bulla_put(out, body);
}

static void send(struct bulla_writer *out, uint8_t type, struct bulla_span body) {
  send_as(out, type, (uint32_t)body.len + 4, body);
}

static void send_complaint(struct bulla_writer *out, uint8_t type, const char *severity, const char *state) {
  uint8_t room[64];
  struct bulla_buffer body = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&body);
  const struct {
    uint8_t field;
    const char *text;
  } fields[] = {{'S', severity}, {'V', severity}, {'C', state}, {'M', "so it goes"}};
  for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
    bulla_put_byte(&writer, fields[i].field);
    bulla_put(&writer, bulla_span((const uint8_t *)fields[i].text, strlen(fields[i].text) + 1));
  }
  bulla_put_byte(&writer, 0);
  FUZZ_ASSERT(!writer.overflow);
  send(out, type, bulla_written(&body));
}

static void send_error(struct bulla_writer *out, const char *severity) {
  static const char *const states[] = {"57P01", "40001", "40P01", "55P03", "25006", "25P02", "53100", "53300",
                                       "42501", "42P01", "23505", "XX001", "28P01", "3D000", "26000", "?"};
  send_complaint(out, 'E', severity, states[edit.number % (sizeof(states) / sizeof(states[0]))]);
}

static struct bulla_span take_raw(size_t len) {
  struct bulla_span raw = {NULL, 0};
  (void)bulla_take(&input, &raw, len < input.left ? len : input.left);
  return raw;
}

static void send_flipped(struct bulla_writer *out, uint8_t type, struct bulla_span body) {
  static uint8_t room[BODY_MAX];
  FUZZ_ASSERT(body.len <= sizeof(room));
  if (body.len > 0) {
    memcpy(room, body.data, body.len);
    room[edit.other % body.len] ^= edit.number;
  }
  send(out, type, bulla_span(room, body.len));
}

static void send_long(struct bulla_writer *out, uint8_t type, uint8_t byte, size_t len) {
  static uint8_t room[BODY_MAX];
  memset(room, byte, sizeof(room));
  send(out, type, bulla_span(room, len));
}

static void send_tag(struct bulla_writer *out) {
  static const char *const tags[] = {
      "COMMIT",   "ROLLBACK",    "INSERT 0 0", "INSERT 0 1", "INSERT 0 2", "UPDATE 0",    "UPDATE 1",
      "UPDATE 2", "SELECT 0",    "SELECT 1",   "",           "UPDATE",     "COMMIT WORK", "UPDATE 99999999999999999999",
      "BEGIN",    "INSERT 0 1 1"};
  const char *tag = tags[edit.number % (sizeof(tags) / sizeof(tags[0]))];
  send(out, 'C', bulla_span((const uint8_t *)tag, strlen(tag) + 1));
}

static void send_old(struct bulla_writer *out, uint8_t type, struct bulla_span body) {
  for (size_t i = 0; i < NUM_OLD; i++) {
    size_t at = (edit.number + i) % NUM_OLD;
    if (at < num_old && old[at].type == type) {
      send(out, type, bulla_span(old[at].body, old[at].len));
      return;
    }
  }
  send(out, type, body);
}

static void send_news(struct bulla_writer *out) {
  static const struct {
    char type;
    char len;
    const char *body;
  } news[] = {
      {'S', 26, "client_encoding\0SQL_ASCII"},
      {'S', 32, "standard_conforming_strings\0off"},
      {'S', 19, "server_version\0009.1"},
      {'A', 18, "\0\0\0\1bulla\0payload"},
      {'I', 0, ""},
      {'s', 0, ""},
      {'G', 5, "\0\0\1\0"},
      {'H', 5, "\0\0\1\0"},
  };
  size_t which = edit.number % (sizeof(news) / sizeof(news[0]));
  send(out, (uint8_t)news[which].type, bulla_span((const uint8_t *)news[which].body, (size_t)news[which].len));
}

/* The cells of a row; NULL is one without data. */
struct row {
  size_t num;
  struct bulla_span cells[CELLS_MAX];
};

static bool read_row(struct row *row, struct bulla_span body) {
  struct bulla_reader reader = bulla_reader(body);
  struct bulla_span num;
  memset(row, 0, sizeof(*row));
  if (!bulla_take(&reader, &num, 2)) {
    return false;
  }
  size_t wanted = (size_t)num.data[0] << 8 | num.data[1];
  for (; row->num < wanted && row->num < CELLS_MAX && reader.left >= 4; row->num++) {
    if (reader.at[0] == 0xff) {
      (void)bulla_take(&reader, &num, 4);
    } else if (!bulla_take_prefixed(&reader, &row->cells[row->num])) {
      return false;
    }
  }
  return row->num == wanted;
}

static void put_cell(struct bulla_writer *writer, struct bulla_span cell) {
  if (cell.data == NULL) {
    bulla_put_be(writer, UINT32_MAX, 4);
  } else {
    bulla_put_prefixed(writer, cell);
  }
}

/* The cell of an older row in the same column. */
static struct bulla_span old_cell(size_t column, size_t num) {
  static struct row row;
  for (size_t i = 0; i < num_old && i < NUM_OLD; i++) {
    size_t at = (edit.number / 8 + i) % NUM_OLD;
    if (at < num_old && old[at].type == 'D' && read_row(&row, bulla_span(old[at].body, old[at].len)) &&
        row.num == num) {
      return row.cells[column];
    }
  }
  return bulla_span(NULL, 0);
}

static void put_edited_cell(struct bulla_writer *writer, size_t column, const struct row *row) {
  struct bulla_span cell = row->cells[column];
  static const uint8_t zero;
  switch (edit.number % 8) {
    case 0:
      put_cell(writer, bulla_span(NULL, 0));
      return;
    case 1:
      put_cell(writer, bulla_span(&zero, 0));
      return;
    case 2:
      bulla_put_be(writer, 0xffffffe0 + edit.number / 8, 4);
      bulla_put(writer, cell);
      return;
    case 3:
      put_cell(writer, bulla_span(cell.data, cell.len > 0 ? cell.len - 1 : 0));
      return;
    case 4:
      bulla_put_be(writer, cell.len + 1, 4);
      bulla_put(writer, cell);
      bulla_put_byte(writer, edit.number);
      return;
    case 5:
      bulla_put_number(writer, edit.number / 8 % 2 == 0 ? INT64_MAX - edit.number / 16 : INT64_MIN + edit.number / 16);
      return;
    case 6:
      put_cell(writer, old_cell(column, row->num));
      return;
    default:
      bulla_put_number(writer, edit.number / 8);
      return;
  }
}

static void send_cell(struct bulla_writer *out, uint8_t type, struct bulla_span body) {
  static uint8_t room[BODY_MAX + 64];
  static struct row row;
  struct bulla_buffer made = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&made);
  if (type != 'D' || !read_row(&row, body) || row.num == 0) {
    send_flipped(out, type, body);
    return;
  }
  bulla_put_be(&writer, row.num, 2);
  for (size_t i = 0; i < row.num; i++) {
    if (i == edit.other % row.num) {
      put_edited_cell(&writer, i, &row);
    } else {
      put_cell(&writer, row.cells[i]);
    }
  }
  send(out, type, bulla_written(&made));
}

/* The description of rows has for each column a name, and then 18 bytes, with its type at the seventh. */
static void send_column(struct bulla_writer *out, uint8_t type, struct bulla_span body) {
  enum { DESCRIBED = 18, TYPE_AT = 6 };
  static const uint8_t types[] = {17, 20, 21, 23, 25, 19, 16, 0};
  static uint8_t room[OLD_MAX];
  struct bulla_reader reader = bulla_reader(body);
  struct bulla_span name;
  struct bulla_span described;
  if (type != 'T' || body.len > sizeof(room) || !bulla_take(&reader, &name, 2)) {
    send_flipped(out, type, body);
    return;
  }
  memcpy(room, body.data, body.len);
  room[1] = (uint8_t)(room[1] + (edit.number >= 192 ? edit.number - 224 : 0));
  for (size_t i = edit.other % 16; bulla_take_until(&reader, &name, 0) && bulla_take(&reader, &described, DESCRIBED);
       i--) {
    if (i == 0) {
      room[(size_t)(described.data - body.data) + TYPE_AT + 3] = types[edit.number % sizeof(types)];
    }
  }
  send(out, type, bulla_span(room, body.len));
}

static enum fuzz_fate carry_out(struct bulla_writer *out, uint8_t type, struct bulla_span body) {
  static const uint32_t lens[] = {0,          1,          3,          4,          5,          29999,
                                  30001,      0x10000,    0x100000,   0x3fffffff, 0x7ffffffe, 0x7fffffff,
                                  0x80000000, 0xfffffffb, 0xffffffff, 8};
  static const uint8_t types[] = "RSKZTDCE12nN3AsItHGWvVdc";
  switch (edit.what) {
    case CLOSE:
      return FUZZ_CLOSED;
    case FATAL:
      send_error(out, "FATAL");
      return FUZZ_CLOSED;
    case FORGET:
      return FUZZ_FORGOTTEN;
    case WARNING:
      send_complaint(out, 'N', "WARNING", "01000");
      send(out, type, body);
      return FUZZ_WARNED;
    case NOTICE:
      send_complaint(out, 'N', "NOTICE", "00000");
      send(out, type, body);
      return FUZZ_KEPT;
    case ERROR:
      send_error(out, "ERROR");
      break;
    case TWICE:
      send(out, type, body);
      send(out, type, body);
      break;
    case LENGTH:
      send_as(out, type, lens[edit.number % (sizeof(lens) / sizeof(lens[0]))] + edit.other / 16, body);
      break;
    case CUT:
      send(out, type, bulla_span(body.data, body.len > 0 ? edit.other % body.len : 0));
      break;
    case RAW:
      bulla_put(out, take_raw(edit.number));
      break;
    case BEFORE:
      bulla_put(out, take_raw(edit.number));
      send(out, type, body);
      break;
    case TYPE:
      send(out, types[edit.number % (sizeof(types) - 1)], body);
      break;
    case TAG:
      send_tag(out);
      break;
    case CELL:
      send_cell(out, type, body);
      break;
    case OLD:
      send_old(out, type, body);
      break;
    case COLUMN:
      send_column(out, type, body);
      break;
    case LONG:
      send_long(out, edit.number % 2 == 0 ? type : 'N', edit.number, (size_t)edit.other * 512);
      break;
    case TELL:
      send_news(out);
      send(out, type, body);
      break;
    case DROP:
      break;
    default:
      send_flipped(out, type, body);
      break;
  }
  return FUZZ_CHANGED;
}

static void keep_old(uint8_t type, struct bulla_span body) {
  if (type != FUZZ_CATALOGUE_ROW && body.len <= OLD_MAX && body.len > 0) {
    size_t at = num_old++ % NUM_OLD;
    old[at].type = type;
    old[at].len = body.len;
    memcpy(old[at].body, body.data, body.len);
  }
}

enum fuzz_fate fuzz_edits_pass(struct bulla_writer *out, uint8_t kind, uint8_t type, struct bulla_span body) {
  bool is_meant = has_edit && (edit.kind == 0 || edit.kind == kind);
  if (!is_meant || edit.skip > 0) {
    edit.skip = (uint8_t)(edit.skip - (is_meant ? 1 : 0));
    send(out, type, body);
    keep_old(type, body);
    return FUZZ_KEPT;
  }
  num_struck++;
  has_lied = has_lied || edit.what >= NUM_HONEST;
  enum fuzz_fate fate = carry_out(out, type, body);
  next_edit();
  return fate;
}
