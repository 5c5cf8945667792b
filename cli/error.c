/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/error.h. */

#include "cli/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/remedy.h"
#include "cli/text.h"
#include "core/json.h"

/* The text of a run, or a remedy, with nothing in it but names that grew. */
enum { NAMED_MAX = 4 * sizeof(((struct bulla_cli *)0)->text) };

void bulla_cli_at(struct bulla_cli *cli, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(cli->what, sizeof(cli->what), format, args);
  va_end(args);
}

enum bulla_status bulla_cli_error(struct bulla_cli *cli, enum bulla_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(cli->text, sizeof(cli->text), format, args);
  va_end(args);
  return status;
}

enum bulla_status bulla_cli_usage(struct bulla_cli *cli, const char *format, ...) {
  const char *name = cli->command != NULL ? cli->command->name : cli->group;
  va_list args;
  va_start(args, format);
  int len = vsnprintf(cli->text, sizeof(cli->text), format, args);
  va_end(args);
  bulla_cli_at(cli, "%s", name != NULL ? name : "command line");
  if (len >= 0 && (size_t)len < sizeof(cli->text)) {
    (void)snprintf(cli->text + len, sizeof(cli->text) - (size_t)len, "; see bulla %s%s--help", name != NULL ? name : "",
                   name != NULL ? " " : "");
  }
  return BULLA_INVALID_ARGUMENT;
}

enum bulla_status bulla_cli_errno(struct bulla_cli *cli, int code) {
  return bulla_cli_error(cli, code == ENOSPC || code == EDQUOT ? BULLA_DISK_FULL : BULLA_IO, "%s", strerror(code));
}

void bulla_cli_keep_detail(void *cli, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  struct bulla_cli *run = (struct bulla_cli *)cli;
  if (level == BULLA_LOG_ERROR) {
    (void)snprintf(run->detail, sizeof(run->detail), "%s", detail);
    run->detailed = status;
  }
}

static void put(struct bulla_writer *line, const char *before, const char *text, const char *after) {
  bulla_put(line, bulla_span(before, strlen(before)));
  bulla_text_put_plain(line, bulla_span(text, strlen(text)));
  bulla_put(line, bulla_span(after, strlen(after)));
}

/* Puts what names the vault in hand, or its root, where |text| begins with the option of another; returns the length of
 * that, or 0. */
static size_t put_name(struct bulla_writer *line, const struct bulla_cli *cli, const char *text) {
  const struct {
    const char *option;
    const char *variable;
    const char *name;
  } known[] = {{"--vault", " or in BULLA_VAULT", cli->url_name}, {"--root", " or BULLA_ROOT", cli->root_name}};
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    size_t len = strlen(known[i].option);
    size_t more = strlen(known[i].variable);
    if (known[i].name != NULL && strncmp(text, known[i].option, len) == 0 && text[len] != '-') {
      bulla_put(line, bulla_text(known[i].name));
      return len + (strncmp(text + len, known[i].variable, more) == 0 ? more : 0);
    }
  }
  return 0;
}

/* Has |text| name the vault in hand and its root as the command line does. */
static const char *named(char room[NAMED_MAX], const struct bulla_cli *cli, const char *text) {
  struct bulla_buffer bytes = bulla_buffer((uint8_t *)room, NAMED_MAX - 1);
  struct bulla_writer line = bulla_writer(&bytes);
  while (*text != '\0') {
    size_t len = put_name(&line, cli, text);
    if (len == 0) {
      bulla_put_byte(&line, (uint8_t)*text);
      len = 1;
    }
    text += len;
  }
  room[bulla_written(&bytes).len] = '\0';
  return room;
}

/* An actor that is revoked while the vault is open is told so by the detail: store/self.c. */
static const char *remedy_of(const struct bulla_cli *cli, enum bulla_status status) {
  bool is_actors = cli->is_actor && status == BULLA_REVOKED && strcmp(cli->detail, "the actor was revoked") == 0;
  return is_actors ? "have a new one made by whoever has the root, with bulla actor create" : bulla_remedy(status);
}

struct bulla_span bulla_cli_error_line(const struct bulla_cli *cli, enum bulla_status status,
                                       uint8_t room[BULLA_ERROR_LINE_MAX]) {
  struct bulla_buffer bytes = bulla_buffer(room, BULLA_ERROR_LINE_MAX);
  struct bulla_writer line = bulla_writer(&bytes);
  char room_of_names[NAMED_MAX];
  bool own = cli->text[0] != '\0';
  const char *why = own ? cli->text : bulla_status_text(status);
  const char *remedy = own ? NULL : remedy_of(cli, status);
  put(&line, "bulla: ", cli->what, ": ");
  put(&line, "", named(room_of_names, cli, why), "");
  /* A detail that the text has already is not said again. */
  if (cli->detail[0] != '\0' && cli->detailed == status && strstr(why, cli->detail) == NULL) {
    put(&line, " (", cli->detail, ")");
  }
  if (remedy != NULL) {
    put(&line, ": ", named(room_of_names, cli, remedy), "");
  }
  if (cli->note != NULL) {
    put(&line, "; ", cli->note, "");
  }
  bulla_put_byte(&line, '\n');
  return bulla_written(&bytes);
}

struct bulla_span bulla_cli_limited_line(const struct bulla_cli *cli, uint8_t room[BULLA_ERROR_LINE_MAX]) {
  uint8_t bytes[BULLA_ERROR_LINE_MAX];
  struct bulla_buffer buffer = bulla_buffer(room, BULLA_ERROR_LINE_MAX - 1);
  struct bulla_json_writer writer = bulla_json_writer(&buffer);
  struct bulla_span message = bulla_cli_error_line(cli, BULLA_LIMITED, bytes);
  message.len -= message.len > 0 ? 1 : 0; /* its newline */
  bulla_json_begin(&writer, '{');
  bulla_json_name(&writer, BULLA_LITERAL("error"));
  bulla_json_string(&writer, bulla_text(bulla_status_name(BULLA_LIMITED)));
  bulla_json_name(&writer, BULLA_LITERAL("message"));
  bulla_json_string(&writer, message);
  bulla_json_name(&writer, BULLA_LITERAL("retry_after"));
  /* The detail begins with the wait: store/limit.c. */
  static const char wait[] = "wait ";
  if (strncmp(cli->detail, wait, strlen(wait)) == 0) {
    bulla_json_int(&writer, strtoll(cli->detail + strlen(wait), NULL, 10));
  } else {
    bulla_json_text(&writer, BULLA_LITERAL("null"));
  }
  bulla_json_end(&writer, '}');
  if (bulla_json_finish(&writer) != BULLA_OK) {
    return bulla_cli_error_line(cli, BULLA_LIMITED, room);
  }
  room[buffer.len] = '\n';
  return bulla_span(room, buffer.len + 1);
}
