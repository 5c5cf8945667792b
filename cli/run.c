/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* One run of the command: finds the sub-command, runs it, and says in one line on standard error what went
 * wrong. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/process.h"
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

static enum bulla_status run(struct bulla_cli *cli, int argc, char **argv) {
  BULLA_TRY(bulla_options_parse(cli, argc, argv));
  if (cli->help) {
    bulla_help_print(cli->command, cli->group);
    return BULLA_OK;
  }
  if (bulla_option_count(cli, "version") > 0) {
    printf("bulla %s\n", bulla_version());
    return BULLA_OK;
  }
  bulla_cli_at(cli, "%s", cli->command->name);
  return cli->command->run(cli);
}

/* What the library knows beyond the status is kept for the error line. */
static void keep_detail(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  struct bulla_cli *cli = (struct bulla_cli *)arg;
  if (level == BULLA_LOG_ERROR) {
    (void)snprintf(cli->detail, sizeof(cli->detail), "%s", detail);
    cli->detailed = status;
  }
}

/* report writes the error line in one piece. What came from outside cannot break it or drive the terminal. A
 * detail that the text has already is not said again. */
static void report(const struct bulla_cli *cli, enum bulla_status status) {
  char text[sizeof(cli->what) + sizeof(cli->text) + sizeof(cli->detail) + 128];
  uint8_t room[sizeof(text) + 1];
  struct bulla_buffer line = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&line);
  const char *why = cli->text[0] != '\0' ? cli->text : bulla_status_text(status);
  bool detailed = cli->detail[0] != '\0' && cli->detailed == status && strstr(why, cli->detail) == NULL;
  (void)snprintf(text, sizeof(text), "bulla: %s: %s%s%s%s", cli->what, why, detailed ? " (" : "",
                 detailed ? cli->detail : "", detailed ? ")" : "");
  bulla_text_put_plain(&writer, bulla_text_span(text));
  bulla_put_byte(&writer, '\n');
  ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
  (void)ignored;
}

static int exit_status(const struct bulla_cli *cli, enum bulla_status status) {
  if (status == BULLA_OK) {
    return 0;
  }
  if (cli->exit_status != 0) {
    return cli->exit_status;
  }
  bool own = cli->command != NULL && cli->command->failure != 0;
  return own ? cli->command->failure : (int)bulla_status_class(status);
}

int bulla_cli_run(int argc, char **argv) {
  struct bulla_cli cli = {.what = "command line"};
  bulla_log_set(keep_detail, &cli);
  enum bulla_status status = run(&cli, argc, argv);
  if (status == BULLA_OK) {
    status = bulla_output_finish(&cli);
  }
  if (cli.reader_left) {
    bulla_process_end_by_pipe();
  }
  if (status != BULLA_OK) {
    report(&cli, status);
  }
  bulla_log_set(NULL, NULL);
  bulla_options_free(&cli);
  return exit_status(&cli, status);
}
