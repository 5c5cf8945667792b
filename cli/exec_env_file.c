/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/exec_env_file.h. Other readers of such files differ in escapes, expansions and comments behind a value. None
 * of these is guessed: quotes hold the text between them as it is, and what could be a comment must be quoted. */

#include "cli/exec_env_file.h"

#include <string.h>

#include "cli/error.h"

static const char reference[] = "bulla://";
enum { REFERENCE_LEN = sizeof(reference) - 1 };

static bool is_blank(uint8_t byte) {
  return byte == ' ' || byte == '\t';
}

static struct bulla_span trimmed(struct bulla_span text) {
  while (text.len > 0 && is_blank(text.data[text.len - 1])) {
    text.len--;
  }
  while (text.len > 0 && is_blank(text.data[0])) {
    text = bulla_span(text.data + 1, text.len - 1);
  }
  return text;
}

static bool has_comment(struct bulla_span text) {
  for (size_t i = 1; i < text.len; i++) {
    if (text.data[i] == '#' && is_blank(text.data[i - 1])) {
      return true;
    }
  }
  return false;
}

static enum bulla_status refuse(struct bulla_exec_job *job, const char *why) {
  return bulla_cli_error(job->cli, BULLA_INVALID_TEXT, "%s", why);
}

/* unquote takes the quotes off |value|. */
static enum bulla_status unquote(struct bulla_exec_job *job, struct bulla_span *value) {
  uint8_t quote = value->len > 0 ? value->data[0] : 0;
  if (quote != '"' && quote != '\'') {
    return has_comment(*value)
               ? refuse(job, "is # the beginning of a comment? Give that a line of its own, or quote the value")
               : BULLA_OK;
  }
  struct bulla_reader reader = bulla_reader(bulla_span(value->data + 1, value->len - 1));
  if (!bulla_take_until(&reader, value, quote) || reader.left > 0) {
    return refuse(
        job, "a value that begins with a quote ends with the same one, and has none between: there are no escapes");
  }
  return BULLA_OK;
}

/* take_value has |item| stand for a field, if |value| refers to one, or for the text. */
static enum bulla_status take_value(struct bulla_exec_job *job, struct bulla_exec_item *item, struct bulla_span value) {
  const void *found = value.len > 0 ? memmem(value.data, value.len, reference, REFERENCE_LEN) : NULL;
  item->kind = BULLA_EXEC_PLAIN;
  item->plain = value;
  if (found == NULL) {
    return BULLA_OK;
  }
  item->kind = BULLA_EXEC_VALUE;
  bool is_whole =
      found == value.data &&
      bulla_exec_take_place(&item->place, bulla_span(value.data + REFERENCE_LEN, value.len - REFERENCE_LEN), '/');
  return is_whole ? BULLA_OK : refuse(job, "a reference is all of the value, bulla://TENANT/ENTRY/FIELD");
}

static enum bulla_status take_line(struct bulla_exec_job *job, struct bulla_exec_item *item, struct bulla_span line) {
  struct bulla_reader reader = bulla_reader(line);
  if (memchr(line.data, 0, line.len) != NULL) {
    return refuse(job, "it has a NUL byte");
  }
  if (!bulla_take_until(&reader, &item->name, '=') || !bulla_exec_is_variable(item->name)) {
    return refuse(job, "it is not NAME=VALUE, without blanks around the equals sign");
  }
  struct bulla_span value = trimmed(bulla_span(reader.at, reader.left));
  BULLA_TRY(unquote(job, &value));
  BULLA_TRY(take_value(job, item, value));
  return bulla_exec_add(job, item);
}

enum bulla_status bulla_exec_take_file(struct bulla_exec_job *job, struct bulla_span text, size_t number) {
  struct bulla_reader reader = bulla_reader(text);
  for (size_t line_number = 1; reader.left > 0; line_number++) {
    struct bulla_exec_item item = {.file_number = number, .line_number = line_number};
    struct bulla_span line;
    if (!bulla_take_until(&reader, &line, '\n')) {
      (void)bulla_take(&reader, &line, reader.left);
    }
    line.len -= line.len > 0 && line.data[line.len - 1] == '\r' ? 1 : 0;
    line = trimmed(line);
    bulla_cli_at(job->cli, "line %zu of --env-file %zu", line_number, number);
    if (line.len > 0 && line.data[0] != '#') {
      BULLA_TRY(take_line(job, &item, line));
    }
  }
  return BULLA_OK;
}
