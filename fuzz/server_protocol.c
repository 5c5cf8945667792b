/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/server_protocol.h. It knows what libpq sends for bulla: simple queries, and Parse, Bind, Describe, Execute,
 * Flush, Sync. A statement is run where it is bound, so that its rows can be described. */

#include "fuzz/server_protocol.h"

#include "fuzz/server_edits.h"
#include "fuzz/vault.h"

enum { PROTOCOL_3 = 196608, BODY_MAX = 4096 };

/* Counts what could be taken for the tag of a commit, from |from| on. */
static size_t count_tags(const struct bulla_buffer *out, size_t from) {
  static const char tag[] = "COMMIT";
  size_t num = 0;
  size_t begin = from < sizeof(tag) - 1 ? 0 : from - (sizeof(tag) - 1);
  while (begin < out->len) {
    const uint8_t *found = memmem(out->data + begin, out->len - begin, tag, sizeof(tag));
    if (found == NULL) {
      break;
    }
    begin = (size_t)(found - out->data) + sizeof(tag);
    num++;
  }
  return num;
}

/* Follows the byte of a type or a length. What is of the kind of a result amid the rows of another one libpq 15 puts in
 * its place, and forgets to free that; so it is a notice there. */
static void follow(struct fuzz_frame *frame, uint8_t *byte) {
  if (frame->head_len == 0) {
    bool replaces = *byte == 'G' || *byte == 'H' || *byte == 'W' || *byte == 't' || *byte == 'Z';
    *byte = frame->in_rows && replaces ? 'N' : *byte;
    frame->type = *byte;
  }
  frame->len = frame->head_len > 0 ? frame->len << 8 | *byte : 0;
  if (++frame->head_len < 5) {
    return;
  }
  frame->head_len = 0;
  frame->is_lost = frame->len < 4;
  frame->left = frame->is_lost ? 0 : frame->len - 4;
  frame->in_rows = frame->type == 'T' || (frame->in_rows && frame->type != 'C' && frame->type != 'E');
}

static void follow_all(struct fuzz_frame *frame, uint8_t *bytes, size_t len) {
  while (len > 0 && !frame->is_lost) {
    size_t skipped = frame->left < len ? frame->left : len;
    frame->left -= skipped;
    bytes += skipped;
    len -= skipped;
    if (len > 0) {
      follow(frame, bytes++);
      len--;
    }
  }
}

static void send_kind(struct fuzz_connection *connection, uint8_t kind, uint8_t type, struct bulla_span body) {
  struct bulla_writer writer = {&connection->out, false};
  size_t before = connection->out.len;
  if (connection->is_closing) {
    return;
  }
  enum fuzz_fate fate = fuzz_edits_pass(&writer, kind, type, body);
  follow_all(&connection->frame, connection->out.data + before, connection->out.len - before);
  connection->seen->num_told += count_tags(&connection->out, before);
  connection->seen->num_sure += kind == FUZZ_COMMIT_TAG && fate == FUZZ_KEPT ? 1 : 0;
  connection->forgets = fate == FUZZ_FORGOTTEN;
  connection->is_closing = fate == FUZZ_CLOSED || connection->forgets || writer.overflow;
}

static void send_message(struct fuzz_connection *connection, uint8_t type, struct bulla_span body) {
  send_kind(connection, type, type, body);
}

static void send_empty(struct fuzz_connection *connection, uint8_t type) {
  send_message(connection, type, bulla_span(NULL, 0));
}

static void put_text(struct bulla_writer *writer, const char *text) {
  bulla_put(writer, bulla_span((const uint8_t *)text, strlen(text) + 1));
}

static void send_ready(struct fuzz_connection *connection) {
  static const uint8_t states[] = {[FUZZ_IDLE] = 'I', [FUZZ_OPEN] = 'T', [FUZZ_FAILED] = 'E'};
  send_message(connection, 'Z', bulla_span(&states[connection->transaction], 1));
}

static void send_setting(struct fuzz_connection *connection, const char *name, const char *value) {
  uint8_t room[64];
  struct bulla_buffer body = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&body);
  put_text(&writer, name);
  put_text(&writer, value);
  send_message(connection, 'S', bulla_written(&body));
}

static void greet(struct fuzz_connection *connection) {
  static const uint8_t authenticated[4];
  static const uint8_t key[8] = {0, 0, FUZZ_SERVER_PID / 256, FUZZ_SERVER_PID % 256, 1, 2, 3, 4};
  send_message(connection, 'R', bulla_span(authenticated, sizeof(authenticated)));
  send_setting(connection, "server_version", "15.0");
  send_setting(connection, "client_encoding", "UTF8");
  send_setting(connection, "standard_conforming_strings", "on");
  send_message(connection, 'K', bulla_span(key, sizeof(key)));
  send_ready(connection);
}

static void send_error(struct fuzz_connection *connection, const char *state) {
  uint8_t room[64];
  struct bulla_buffer body = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&body);
  put_text(&writer, "SERROR");
  put_text(&writer, "VERROR");
  bulla_put_byte(&writer, 'C');
  put_text(&writer, state);
  put_text(&writer, "Mso it is");
  bulla_put_byte(&writer, 0);
  send_message(connection, 'E', bulla_written(&body));
}

static void describe(struct fuzz_connection *connection, bool binary) {
  uint8_t room[BODY_MAX];
  struct bulla_buffer body = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&body);
  const struct fuzz_answer *answer = &connection->answer;
  if (!answer->has_rows) {
    send_empty(connection, 'n');
    return;
  }
  bulla_put_be(&writer, answer->num_columns, 2);
  for (size_t i = 0; i < answer->num_columns; i++) {
    put_text(&writer, "column");
    bulla_put_be(&writer, 0, 6);
    bulla_put_be(&writer, answer->types[i], 4);
    bulla_put_be(&writer, 0xffff, 2);
    bulla_put_be(&writer, 0xffffffff, 4);
    bulla_put_be(&writer, binary ? 1 : 0, 2);
  }
  send_message(connection, 'T', bulla_written(&body));
}

static void send_rows(struct fuzz_connection *connection) {
  const struct fuzz_answer *answer = &connection->answer;
  struct bulla_reader rows = bulla_reader(bulla_written(&answer->rows));
  for (struct bulla_span row; bulla_take_prefixed(&rows, &row);) {
    send_kind(connection, answer->is_catalogue ? FUZZ_CATALOGUE_ROW : 'D', 'D', row);
  }
  bool is_commit = strcmp(answer->tag, "COMMIT") == 0;
  send_kind(connection, is_commit ? FUZZ_COMMIT_TAG : 'C', 'C',
            bulla_span((const uint8_t *)answer->tag, strlen(answer->tag) + 1));
}

static void run(struct fuzz_connection *connection, struct bulla_span text, const struct fuzz_parameter *parameters,
                size_t num, bool binary) {
  connection->seen->num_records += fuzz_sql_begins(text, "INSERT INTO audit(") ? 1 : 0;
  connection->seen->num_asked += fuzz_sql_begins(text, "COMMIT") ? 1 : 0;
  connection->answer.rows = bulla_buffer(connection->rows, sizeof(connection->rows));
  fuzz_sql_run(&connection->answer, &connection->transaction, text, parameters, num, binary);
}

/* The statements of a simple query end with semicolons, which no text of bulla's has elsewhere. */
static void take_query(struct fuzz_connection *connection, struct bulla_reader *body) {
  struct bulla_span all;
  FUZZ_ASSERT(bulla_take_until(body, &all, 0));
  struct bulla_reader texts = bulla_reader(all);
  while (texts.left > 0) {
    struct bulla_span text;
    if (!bulla_take_until(&texts, &text, ';')) {
      (void)bulla_take(&texts, &text, texts.left);
    }
    while (text.len > 0 && text.data[0] == ' ') {
      text = bulla_span(text.data + 1, text.len - 1);
    }
    if (text.len == 0) {
      continue;
    }
    run(connection, text, NULL, 0, false);
    if (connection->answer.state != NULL) {
      send_error(connection, connection->answer.state);
      break;
    }
    if (connection->answer.has_rows) {
      describe(connection, false);
    }
    send_rows(connection);
  }
  send_ready(connection);
}

static struct bulla_span take_text(struct bulla_reader *body) {
  struct bulla_span text;
  FUZZ_ASSERT(bulla_take_until(body, &text, 0));
  return text;
}

static size_t take_number(struct bulla_reader *body, size_t len) {
  struct bulla_span bytes;
  size_t number = 0;
  FUZZ_ASSERT(bulla_take(body, &bytes, len));
  for (size_t i = 0; i < len; i++) {
    number = number << 8 | bytes.data[i];
  }
  return number;
}

/* The statement of that name, or a new one. */
static struct fuzz_named *find_name(struct fuzz_connection *connection, struct bulla_span name, bool make) {
  for (size_t i = 0; i < connection->num_names; i++) {
    if (bulla_span_equal(fuzz_text(connection->names[i].name), name)) {
      return &connection->names[i];
    }
  }
  if (!make) {
    return NULL;
  }
  FUZZ_ASSERT(connection->num_names < FUZZ_NAMES && name.len < FUZZ_NAME_MAX);
  struct fuzz_named *named = &connection->names[connection->num_names++];
  memset(named->name, 0, sizeof(named->name));
  memcpy(named->name, name.data, name.len);
  return named;
}

static void fail(struct fuzz_connection *connection, const char *state) {
  send_error(connection, state);
  connection->skips = true;
}

static void take_parse(struct fuzz_connection *connection, struct bulla_reader *body) {
  struct bulla_span name = take_text(body);
  struct bulla_span text = take_text(body);
  struct fuzz_named *named = find_name(connection, name, true);
  FUZZ_ASSERT(text.len < FUZZ_TEXT_MAX);
  memcpy(named->text, text.data, text.len);
  named->text[text.len] = '\0';
  named->num = take_number(body, 2);
  FUZZ_ASSERT(named->num <= FUZZ_PARAMETERS);
  for (size_t i = 0; i < named->num; i++) {
    named->types[i] = (uint32_t)take_number(body, 4);
  }
  send_empty(connection, '1');
}

static void take_formats(struct bulla_reader *body) {
  struct bulla_span formats;
  FUZZ_ASSERT(bulla_take(body, &formats, 2 * take_number(body, 2)));
}

static void take_bind(struct fuzz_connection *connection, struct bulla_reader *body) {
  struct fuzz_parameter parameters[FUZZ_PARAMETERS];
  (void)take_text(body);
  const struct fuzz_named *named = find_name(connection, take_text(body), false);
  take_formats(body);
  size_t num = take_number(body, 2);
  FUZZ_ASSERT(num <= FUZZ_PARAMETERS);
  for (size_t i = 0; i < num; i++) {
    parameters[i] = (struct fuzz_parameter){.type = named != NULL ? named->types[i] : 0};
    if (body->left >= 4 && body->at[0] == 0xff) {
      (void)take_number(body, 4);
    } else {
      FUZZ_ASSERT(bulla_take_prefixed(body, &parameters[i].bytes));
    }
  }
  size_t num_formats = take_number(body, 2);
  bool binary = num_formats > 0 && take_number(body, 2) == 1;
  if (named == NULL) {
    fail(connection, "26000");
    return;
  }
  run(connection, fuzz_text(named->text), parameters, num, binary);
  if (connection->answer.state != NULL) {
    fail(connection, connection->answer.state);
    return;
  }
  send_empty(connection, '2');
}

/* What the server of an input that lies is sent may be out of all order, but it is what libpq sends. */
static void take_message(struct fuzz_connection *connection, uint8_t type, struct bulla_reader *body) {
  if (connection->skips && type != 'S' && type != 'X') {
    return;
  }
  switch (type) {
    case 'Q':
      take_query(connection, body);
      break;
    case 'P':
      take_parse(connection, body);
      break;
    case 'B':
      take_bind(connection, body);
      break;
    case 'D':
      describe(connection, true);
      break;
    case 'E':
      send_rows(connection);
      break;
    case 'S':
      connection->skips = false;
      send_ready(connection);
      break;
    case 'X':
      connection->is_closing = true;
      break;
    default:
      break;
  }
}

/* Takes one message from what has come, if it is whole. */
static bool take_next(struct fuzz_connection *connection, struct bulla_reader *in) {
  struct bulla_reader ahead = *in;
  struct bulla_span body;
  uint8_t type = 0;
  if (connection->is_closing || (connection->has_begun && !bulla_take_byte(&ahead, &type)) || ahead.left < 4) {
    return false;
  }
  size_t len = take_number(&ahead, 4);
  FUZZ_ASSERT(len >= 4 && len < FUZZ_IN_MAX - 8);
  if (!bulla_take(&ahead, &body, len - 4)) {
    return false;
  }
  *in = ahead;
  struct bulla_reader reader = bulla_reader(body);
  if (connection->has_begun) {
    take_message(connection, type, &reader);
  } else if (take_number(&reader, 4) == PROTOCOL_3) {
    connection->has_begun = true;
    greet(connection);
  } else {
    connection->is_closing = true;
  }
  return true;
}

void fuzz_protocol_take(struct fuzz_connection *connection) {
  struct bulla_reader in = bulla_reader(bulla_span(connection->in, connection->in_len));
  while (take_next(connection, &in)) {
  }
  memmove(connection->in, in.at, in.left);
  connection->in_len = in.left;
}
