/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/program.h. A program is started without a shell, has nothing on its standard input and
 * no other descriptor of this process; what it says on standard error goes where this process's does. It must end well,
 * and soon: a secret of a program that failed is none. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/lock.h"
#include "core/log.h"
#include "store/file.h"
#include "store/program.h"

extern char **environ;

enum { MAX_WORDS = 64, LOOK_MS = 2 };

/* A program that runs, or may: it is ended with its owner. */
struct program {
  pid_t pid;            /* 0: none */
  int output;           /* what it writes; negative: closed */
  int patience;         /* milliseconds */
  struct timespec last; /* by when it must have ended */
  char *text;           /* |words| cut out of the command */
  char *words[MAX_WORDS + 1];
};

static int left(const struct program *program) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t ms = (program->last.tv_sec - now.tv_sec) * INT64_C(1000) + (program->last.tv_nsec - now.tv_nsec) / 1000000;
  return ms > 0 ? (int)ms : 0;
}

static enum bulla_status too_slow(const struct program *program) {
  return bulla_explain(BULLA_SECRET_UNAVAILABLE, "the program took longer than %.3g s", program->patience / 1000.0);
}

/* Whether it ended well. */
static enum bulla_status judge(int status) {
  if (WIFSIGNALED(status)) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "the program was ended by signal %d", WTERMSIG(status));
  }
  return status == 0 ? BULLA_OK
                     : bulla_explain(BULLA_SECRET_UNAVAILABLE, "the program ended with status %d", WEXITSTATUS(status));
}

/* Looks whether it has ended, and |*ended| well. */
static enum bulla_status look(struct program *program, bool *ended) {
  int status;
  pid_t pid = waitpid(program->pid, &status, WNOHANG);
  *ended = pid == program->pid;
  if (*ended) {
    program->pid = 0;
    return judge(status);
  }
  if (pid < 0 && errno != EINTR) {
    program->pid = 0;
    return bulla_explain(
        BULLA_SECRET_UNAVAILABLE,
        "its exit status cannot be read: SIGCHLD is ignored, or this process waits for all its children");
  }
  return BULLA_OK;
}

static void end(struct program *program) {
  bulla_file_close(&program->output);
  if (program->pid > 0) {
    (void)kill(-program->pid, SIGKILL); /* and what it has started */
    while (waitpid(program->pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  free(program->text);
}

static enum bulla_status cut(struct program *program, const char *command) {
  program->text = strdup(command);
  if (program->text == NULL) {
    return BULLA_NO_MEMORY;
  }
  char *rest = NULL;
  size_t num = 0;
  for (char *word = strtok_r(program->text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    if (num == MAX_WORDS) {
      return bulla_explain(BULLA_INVALID_ARGUMENT, "a command has at most %d words", MAX_WORDS);
    }
    program->words[num++] = word;
  }
  return num > 0 ? BULLA_OK : bulla_explain(BULLA_INVALID_ARGUMENT, "no program is given after cmd:");
}

/* What the program begins with: nothing of this process but standard error, no blocked or ignored signal, and a process
 * group of its own. Returns an errno. */
static int spawn(struct program *program, int output, posix_spawn_file_actions_t *actions,
                 posix_spawnattr_t *attributes) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
  bool has_errors = fcntl(STDERR_FILENO, F_GETFD) == 0;
  int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  error = error != 0 ? error : posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (error == 0 && !has_errors) {
    error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  error = error != 0 ? error : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
  error = error != 0 ? error : posix_spawnattr_setsigmask(attributes, &none);
  error = error != 0 ? error : posix_spawnattr_setsigdefault(attributes, &all);
  error = error != 0 ? error : posix_spawnattr_setpgroup(attributes, 0);
  error = error != 0 ? error : posix_spawnattr_setflags(attributes, flags);
  return error != 0 ? error
                    : posix_spawnp(&program->pid, program->words[0], actions, attributes, program->words, environ);
}

static enum bulla_status start(struct program *program) {
  int ends[2];
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return bulla_file_status(errno);
  }
  program->output = ends[0];
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  int error = spawn(program, ends[1], &actions, &attributes);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    char words[128];
    program->pid = 0;
    return bulla_explain(error == ENOMEM ? BULLA_NO_MEMORY : BULLA_SECRET_UNAVAILABLE, "the program cannot be run: %s",
                         strerror_r(error, words, sizeof(words)));
  }
  return BULLA_OK;
}

/* Reads what there is to |text|, which has |size| bytes; |*closed| says that there will be no more. */
static enum bulla_status take(const struct program *program, struct bulla_secret *text, size_t size, size_t *len,
                              bool *closed) {
  struct pollfd ready = {.fd = program->output, .events = POLLIN};
  *closed = false;
  while (*len < size && poll(&ready, 1, LOOK_MS) > 0) {
    ssize_t got = read(program->output, bulla_secret_data(text) + *len, size - *len);
    if (got == 0) {
      *closed = true;
      return BULLA_OK;
    }
    if (got < 0 && errno != EINTR) {
      return bulla_file_status(errno);
    }
    *len += got > 0 ? (size_t)got : 0;
  }
  return *len < size ? BULLA_OK : bulla_explain(BULLA_TOO_LARGE, "the program wrote more than a secret can hold");
}

/* Takes what it writes until it has ended: something that it started, and left running, may hold the pipe longer. */
static enum bulla_status listen_to(struct program *program, struct bulla_secret *text, size_t size, size_t *len) {
  static const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
  bool closed = false;
  *len = 0;
  for (bool ended = false; !ended;) {
    BULLA_TRY(look(program, &ended));
    if (closed) {
      (void)(ended ? 0 : nanosleep(&pause, NULL));
    } else {
      BULLA_TRY(take(program, text, size, len, &closed));
    }
    if (!ended && left(program) == 0) {
      return too_slow(program);
    }
  }
  return BULLA_OK;
}

static enum bulla_status run(struct program *program, struct bulla_secret **text, const char *command, size_t max_len) {
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t len;
  BULLA_TRY(cut(program, command));
  BULLA_TRY(bulla_secret_new(&made, max_len + 1));
  BULLA_TRY(start(program));
  BULLA_TRY(listen_to(program, made, max_len + 1, &len));
  bulla_secret_truncate(made, len);
  *text = made;
  made = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_program_read(struct bulla_secret **text, const char *command, size_t max_len, int patience) {
  /* A thread that is cancelled would leave a child behind. */
  int before = bulla_hold_cancel();
  struct program program = {.output = -1, .patience = patience};
  (void)clock_gettime(CLOCK_MONOTONIC, &program.last);
  program.last.tv_sec += patience / 1000;
  program.last.tv_nsec += patience % 1000 * 1000000L; /* may pass a second: only differences are taken */
  enum bulla_status status = run(&program, text, command, max_len);
  end(&program);
  bulla_allow_cancel(before);
  return status;
}
