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
    (void)snprintf(cli->text + len, sizeof(cli->text) - (size_t)len, "; see bulla %s%s--help",
                   name != NULL ? name : "", name != NULL ? " " : "");
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
    printf("bulla %s\n", BULLA_VERSION);
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

/* report writes the error line in one piece. What came from outside cannot break it or drive the terminal. */
static void report(const struct bulla_cli *cli, enum bulla_status status) {
  char line[sizeof(cli->what) + sizeof(cli->text) + sizeof(cli->detail) + 128];
  bool detailed = cli->detail[0] != '\0' && cli->detailed == status;
  int len = snprintf(line, sizeof(line) - 1, "bulla: %s: %s%s%s%s", cli->what,
                     cli->text[0] != '\0' ? cli->text : bulla_status_text(status), detailed ? " (" : "",
                     detailed ? cli->detail : "", detailed ? ")" : "");
  size_t end = len < 0 ? 0 : (size_t)len < sizeof(line) - 1 ? (size_t)len : sizeof(line) - 2;
  for (size_t i = 0; i < end; i++) {
    /* In UTF-8, C2 and what follows it are the controls U+0080 to U+009F. */
    bool is_c1 = i > 0 && (unsigned char)line[i - 1] == 0xC2 && (unsigned char)line[i] < 0xA0;
    if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F || is_c1) {
      line[i] = '?';
    }
  }
  line[end] = '\n';
  ssize_t ignored = write(STDERR_FILENO, line, end + 1);
  (void)ignored;
}

int bulla_cli_run(int argc, char **argv) {
  struct bulla_cli cli = {.what = "command line"};
  bulla_log_set(keep_detail, &cli);
  enum bulla_status status = run(&cli, argc, argv);
  if (status == BULLA_OK) {
    status = bulla_output_finish(&cli);
  }
  if (status != BULLA_OK) {
    report(&cli, status);
  }
  bulla_log_set(NULL, NULL);
  bulla_options_free(&cli);
  return cli.exit_status != 0 ? cli.exit_status : (int)bulla_status_class(status);
}
