/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/command_start.h. posix_spawn(3) shares the memory with the new process until it is the command: a fork would
 * have no locked memory, where the variables are. */

#include "cli/command_start.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/process.h"

void bulla_command_ends_close(struct bulla_command_ends *ends) {
  int *const fds[] = {&ends->output, &ends->errors};
  for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
    if (*fds[i] >= 0) {
      (void)close(*fds[i]);
    }
    *fds[i] = -1;
  }
}

static enum bulla_status open_pipe(struct bulla_cli *cli, int *from, int *end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return bulla_cli_errno(cli, errno);
  }
  *from = ends[0];
  *end = ends[1];
  return fcntl(*from, F_SETFL, O_NONBLOCK) == 0 ? BULLA_OK : bulla_cli_errno(cli, errno);
}

/* is_one returns whether standard output and standard error are the same file: then so they are for the command, and
 * what it writes stays in order. */
static bool is_one(void) {
  struct stat output;
  struct stat errors;
  return fstat(STDOUT_FILENO, &output) == 0 && fstat(STDERR_FILENO, &errors) == 0 && output.st_dev == errors.st_dev &&
         output.st_ino == errors.st_ino;
}

enum bulla_status bulla_command_ends_open(struct bulla_cli *cli, struct bulla_command_ends *ends, int from[2]) {
  bool errors_go_along = ends->terminal != NULL ? isatty(STDERR_FILENO) == 1 : is_one();
  from[0] = -1;
  from[1] = -1;
  enum bulla_status status = ends->terminal == NULL ? open_pipe(cli, &from[0], &ends->output) : BULLA_OK;
  if (status == BULLA_OK && !errors_go_along) {
    status = open_pipe(cli, &from[1], &ends->errors);
  }
  for (size_t i = 0; status != BULLA_OK && i < 2; i++) {
    if (from[i] >= 0) {
      (void)close(from[i]);
    }
    from[i] = -1;
  }
  return status;
}

/* set_streams says what is done in the new process. The first terminal that the leader of a session opens controls it.
 */
static int set_streams(posix_spawn_file_actions_t *actions, const struct bulla_command_ends *ends) {
  int error = ends->terminal != NULL
                  ? posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, ends->terminal, O_RDWR, 0)
                  : posix_spawn_file_actions_adddup2(actions, ends->output, STDOUT_FILENO);
  if (error == 0 && ends->has_input) {
    error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDIN_FILENO);
  }
  return error != 0 ? error
                    : posix_spawn_file_actions_adddup2(actions, ends->errors >= 0 ? ends->errors : STDOUT_FILENO,
                                                       STDERR_FILENO);
}

static int start(pid_t *command, char **argv, char **env, const struct bulla_command_ends *ends,
                 const sigset_t *signals_held, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes) {
  short flags = (short)(POSIX_SPAWN_SETSIGMASK | (ends->terminal != NULL ? POSIX_SPAWN_SETSID : 0));
  int error = posix_spawnattr_setsigmask(attributes, signals_held);
  error = error != 0 ? error : posix_spawnattr_setflags(attributes, flags);
  error = error != 0 ? error : set_streams(actions, ends);
  if (error != 0) {
    return error;
  }
  bulla_process_hand_on();
  error = posix_spawnp(command, argv[0], actions, attributes, argv, env);
  bulla_process_take_back();
  return error;
}

int bulla_command_start(pid_t *command, char **argv, char **env, const struct bulla_command_ends *ends,
                        const sigset_t *signals_held) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) {
    return error;
  }
  error = posix_spawnattr_init(&attributes);
  if (error == 0) {
    error = start(command, argv, env, ends, signals_held, &actions, &attributes);
    (void)posix_spawnattr_destroy(&attributes);
  }
  (void)posix_spawn_file_actions_destroy(&actions);
  return error;
}
