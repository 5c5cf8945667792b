/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* exec: gives values to a command. Without --mask the command replaces this process; with it this process stays, and
 * passes the output on. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/exec_env.h"
#include "cli/exec_mask.h"
#include "cli/exec_open.h"
#include "cli/options.h"
#include "cli/process.h"

enum {
  STATUS_CANNOT_RUN = 126,
  STATUS_NOT_FOUND = 127,
};

/* tell_failed notes why the command could not be run. */
static enum bulla_status tell_failed(struct bulla_cli *cli, int error) {
  const char *command = cli->operands[0];
  bulla_cli_at(cli, "%s", command);
  /* A program whose interpreter is missing has been found. */
  bool found = error != ENOENT || (strchr(command, '/') != NULL && access(command, F_OK) == 0);
  cli->exit_status = found ? STATUS_CANNOT_RUN : STATUS_NOT_FOUND;
  if (error == E2BIG) {
    return bulla_cli_error(cli, BULLA_TOO_LARGE, "its arguments and variables are too long for the system (ulimit -s)");
  }
  return found ? bulla_cli_errno(cli, error)
               : bulla_cli_error(cli, BULLA_IO, "no such program: check its name and PATH");
}

/* replace_process returns only if the command cannot be run. */
static enum bulla_status replace_process(const struct bulla_exec_job *job) {
  bulla_process_hand_on();
  (void)execvpe(job->cli->operands[0], job->cli->operands, job->env.lines);
  return tell_failed(job->cli, errno);
}

static size_t nothing_more(size_t value_len) {
  (void)value_len;
  return 0;
}

/* run opens the values and runs the command; |*ended| is how it ended, as of waitpid(2). */
static enum bulla_status run(struct bulla_cli *cli, int *ended) {
  struct bulla_exec_job job BULLA_CLEANUP(bulla_exec_job_free) = {.cli = cli};
  bool masks = bulla_option_count(cli, "mask") > 0;
  BULLA_TRY(bulla_exec_take_options(&job));
  BULLA_TRY(bulla_exec_open(&job, masks ? bulla_exec_mask_len : nothing_more));
  bulla_descriptors_hide(bulla_option_value(cli, "root"));
  bulla_descriptors_hide(getenv("BULLA_ROOT"));
  bulla_descriptors_hide(bulla_option_value(cli, "as"));
  bulla_descriptors_hide(getenv("BULLA_ACTOR"));
  if (!masks) {
    return replace_process(&job);
  }
  int error = 0;
  BULLA_TRY(bulla_exec_masked(&job, ended, &error));
  return error == 0 ? BULLA_OK : tell_failed(cli, error);
}

enum bulla_status bulla_run_exec(struct bulla_cli *cli) {
  int ended = 0;
  if (cli->num_operands == 0) {
    return bulla_cli_usage(cli, "the command to run goes after --, and there is none");
  }
  BULLA_TRY(run(cli, &ended));
  /* Here nothing secret is left in this process. */
  if (WIFSIGNALED(ended)) {
    bulla_process_end_by(WTERMSIG(ended));
  }
  cli->exit_status = WEXITSTATUS(ended);
  return BULLA_OK;
}
