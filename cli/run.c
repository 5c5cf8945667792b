/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* One run of the command: finds the sub-command, runs it, and says in one line on standard error what went
 * wrong. */

#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/process.h"

static enum bulla_status run(struct bulla_cli *cli, int argc, char **argv) {
  BULLA_TRY(bulla_options_parse(cli, argc, argv));
  if (cli->help) {
    bulla_help_print(cli);
    return BULLA_OK;
  }
  if (bulla_option_count(cli, "version") > 0) {
    printf("bulla %s\n", bulla_version());
    return BULLA_OK;
  }
  bulla_cli_at(cli, "%s", cli->command->name);
  return cli->command->run(cli);
}

static void report(const struct bulla_cli *cli, enum bulla_status status) {
  uint8_t room[BULLA_ERROR_LINE_MAX];
  struct bulla_span line = cli->json && status == BULLA_LIMITED ? bulla_cli_limited_line(cli, room)
                                                                : bulla_cli_error_line(cli, status, room);
  /* In one piece, so that lines of others do not come in between. */
  ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
  (void)ignored;
}

static int exit_status(const struct bulla_cli *cli, enum bulla_status status) {
  if (status == BULLA_OK || cli->exit_status != 0) {
    return cli->exit_status;
  }
  bool own = cli->command != NULL && cli->command->failure != 0;
  return own ? cli->command->failure : (int)bulla_status_class(status);
}

int bulla_cli_run(int argc, char **argv) {
  struct bulla_cli cli = {.commands = bulla_commands, .global_options = bulla_global_options, .what = "command line"};
  bulla_log_set(bulla_cli_keep_detail, &cli);
  enum bulla_status status = run(&cli, argc, argv);
  if (status == BULLA_OK) {
    status = bulla_output_finish(&cli);
  }
  bulla_process_loaded();
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
