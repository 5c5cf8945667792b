/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/error.h. */

#include "cli/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/remedy.h"
#include "cli/text.h"

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

struct bulla_span bulla_cli_error_line(const struct bulla_cli *cli, enum bulla_status status,
                                       uint8_t room[BULLA_ERROR_LINE_MAX]) {
  struct bulla_buffer bytes = bulla_buffer(room, BULLA_ERROR_LINE_MAX);
  struct bulla_writer line = bulla_writer(&bytes);
  bool own = cli->text[0] != '\0';
  const char *why = own ? cli->text : bulla_status_text(status);
  const char *remedy = own ? NULL : bulla_remedy(status);
  put(&line, "bulla: ", cli->what, ": ");
  put(&line, "", why, "");
  /* A detail that the text has already is not said again. */
  if (cli->detail[0] != '\0' && cli->detailed == status && strstr(why, cli->detail) == NULL) {
    put(&line, " (", cli->detail, ")");
  }
  if (remedy != NULL) {
    put(&line, ": ", remedy, "");
  }
  if (cli->note != NULL) {
    put(&line, "; ", cli->note, "");
  }
  bulla_put_byte(&line, '\n');
  return bulla_written(&bytes);
}
