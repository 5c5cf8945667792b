/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/program.h. Only the child's own pid is ever waited for, so that the children of whoever uses the library
 * stay theirs. It is looked at before it is reaped: until then its process group cannot be anybody else's. */

#include "store/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/lock.h"
#include "core/log.h"
#include "store/file.h"

extern char **environ;

enum { MAX_WORDS = 64, LOOK_MS = 2, SHOWN_MAX = 100, KEY_DIGITS_MIN = 32 };

/* A program that runs, or may: it is ended with its owner. */
struct child {
  const struct bulla_program *program;
  pid_t pid;                    /* 0: none, or not ours to wait for any more */
  int input;                    /* what it reads; negative: nothing */
  int output;                   /* what it writes; negative: closed */
  struct bulla_program_end end; /* once |ended| */
  bool ended;
  struct timespec last; /* by when it must have ended */
  char *text;           /* |words| cut out of the command */
  char *words[MAX_WORDS + 1];
};

const char *bulla_program_name(char name[BULLA_PROGRAM_NAME_MAX], const char *command) {
  const char *word = command + strspn(command, " ");
  size_t len = strcspn(word, " ");
  bool is_shown = len < KEY_DIGITS_MIN || memchr(word, '/', len) != NULL;
  (void)snprintf(name, BULLA_PROGRAM_NAME_MAX, "the program%s%.*s%s", is_shown ? " " : "",
                 is_shown ? (int)(len < SHOWN_MAX ? len : SHOWN_MAX) : 0, word,
                 is_shown && len > SHOWN_MAX ? "..." : "");
  return name;
}

static int left(const struct child *child) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t ms = (child->last.tv_sec - now.tv_sec) * INT64_C(1000) + (child->last.tv_nsec - now.tv_nsec) / 1000000;
  return ms > 0 ? (int)ms : 0;
}

static enum bulla_status too_slow(const struct child *child) {
  char name[BULLA_PROGRAM_NAME_MAX];
  return bulla_explain(BULLA_SECRET_UNAVAILABLE, "%s took longer than %.3g s and was ended: see what it waits for",
                       bulla_program_name(name, child->program->command), child->program->patience_ms / 1000.0);
}

enum bulla_status bulla_program_judge(const char *command, const struct bulla_program_end *end) {
  char name[BULLA_PROGRAM_NAME_MAX];
  if (end->by_signal != 0) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "%s was ended by signal %d", bulla_program_name(name, command),
                         end->by_signal);
  }
  if (end->exit_status != 0) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "%s ended with status %d: see what it says on standard error",
                         bulla_program_name(name, command), end->exit_status);
  }
  return BULLA_OK;
}

/* Looks whether it has ended, and how, and does not reap it. */
static enum bulla_status look(struct child *child) {
  siginfo_t info = {.si_pid = 0};
  int result = waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT);
  if (result != 0 && errno != EINTR) {
    char name[BULLA_PROGRAM_NAME_MAX];
    child->pid = 0;
    return bulla_explain(
        BULLA_SECRET_UNAVAILABLE,
        "the exit status of %s cannot be read: SIGCHLD is ignored, or this process waits for all its children",
        bulla_program_name(name, child->program->command));
  }
  child->ended = result == 0 && info.si_pid == child->pid;
  if (child->ended) {
    child->end.exit_status = info.si_code == CLD_EXITED ? info.si_status : 0;
    child->end.by_signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
  }
  return BULLA_OK;
}

static void end(struct child *child) {
  bulla_file_close(&child->input);
  bulla_file_close(&child->output);
  if (child->pid > 0) {
    if (!child->ended || child->end.exit_status != 0 || child->end.by_signal != 0) {
      (void)kill(-child->pid, SIGKILL); /* and what it has started */
    }
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  free(child->text);
}

static enum bulla_status cut(struct child *child) {
  child->text = strdup(child->program->command);
  if (child->text == NULL) {
    return BULLA_NO_MEMORY;
  }
  char *rest = NULL;
  size_t num = 0;
  for (char *word = strtok_r(child->text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    if (num == MAX_WORDS) {
      return bulla_explain(BULLA_INVALID_ARGUMENT, "a command has at most %d words", MAX_WORDS);
    }
    child->words[num++] = word;
  }
  return num > 0 ? BULLA_OK : bulla_explain(BULLA_INVALID_ARGUMENT, "no program is given after the colon");
}

/* Puts the input into the pipe before there is a program: whether it reads that or not, nobody waits for it, and nobody
 * gets SIGPIPE. */
static enum bulla_status give(struct child *child) {
  struct bulla_span input = child->program->input;
  if (input.len > BULLA_PROGRAM_INPUT_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (input.len == 0) {
    return BULLA_OK;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return bulla_file_status(errno);
  }
  child->input = ends[0];
  ssize_t put = write(ends[1], input.data, input.len);
  close(ends[1]);
  return put == (ssize_t)input.len ? BULLA_OK : BULLA_IO;
}

/* What the program begins with: nothing of this process but standard error, no blocked or ignored signal, and a process
 * group of its own. Returns an errno. */
static int spawn(struct child *child, int output, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
  /* What is closed on exec is no standard error: one of the pipes may have taken the place of one that was closed. */
  bool has_errors = fcntl(STDERR_FILENO, F_GETFD) == 0;
  int error = child->input < 0 ? posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
                               : posix_spawn_file_actions_adddup2(actions, child->input, STDIN_FILENO);
  error = error != 0 ? error : posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (error == 0 && !has_errors) {
    error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  error = error != 0 ? error : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
  error = error != 0 ? error : posix_spawnattr_setsigmask(attributes, &none);
  error = error != 0 ? error : posix_spawnattr_setsigdefault(attributes, &all);
  error = error != 0 ? error : posix_spawnattr_setpgroup(attributes, 0);
  error = error != 0 ? error : posix_spawnattr_setflags(attributes, flags);
  return error != 0 ? error : posix_spawnp(&child->pid, child->words[0], actions, attributes, child->words, environ);
}

/* Why it cannot be run, and what helps. */
static enum bulla_status explain_spawn(const struct child *child, int error) {
  char name[BULLA_PROGRAM_NAME_MAX];
  char words[128];
  const char *remedy = error == ENOENT    ? ": give its whole path, or look at PATH and at its first line"
                       : error == EACCES  ? ": this user must be allowed to execute it"
                       : error == ENOEXEC ? ": a script needs a first line such as #!/bin/sh"
                                          : "";
  return bulla_explain(error == ENOMEM ? BULLA_NO_MEMORY : BULLA_SECRET_UNAVAILABLE, "%s cannot be run: %s%s",
                       bulla_program_name(name, child->program->command), strerror_r(error, words, sizeof(words)),
                       remedy);
}

static enum bulla_status start(struct child *child) {
  int ends[2];
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  BULLA_TRY(give(child));
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return bulla_file_status(errno);
  }
  child->output = ends[0];
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  int error = spawn(child, ends[1], &actions, &attributes);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  bulla_file_close(&child->input);
  if (error != 0) {
    child->pid = 0;
    return explain_spawn(child, error);
  }
  return BULLA_OK;
}

/* Reads what there is to |text|, which has |size| bytes; |*closed| says that there will be no more. While the program
 * runs it reads once, so that one that dribbles is not listened to past its time. */
static enum bulla_status take(const struct child *child, struct bulla_secret *text, size_t size, size_t *len,
                              bool *closed) {
  struct pollfd ready = {.fd = child->output, .events = POLLIN};
  *closed = false;
  while (*len < size && poll(&ready, 1, child->ended ? 0 : LOOK_MS) > 0) {
    ssize_t got = read(child->output, bulla_secret_data(text) + *len, size - *len);
    if (got == 0) {
      *closed = true;
      return BULLA_OK;
    }
    if (got < 0 && errno != EINTR) {
      return bulla_file_status(errno);
    }
    *len += got > 0 ? (size_t)got : 0;
    if (!child->ended) {
      break;
    }
  }
  return *len < size ? BULLA_OK : BULLA_TOO_LARGE;
}

/* Takes what it writes until it has ended: something that it started, and left running, may hold the pipe longer. */
static enum bulla_status listen_to(struct child *child, struct bulla_secret *text, size_t size, size_t *len) {
  static const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
  bool closed = false;
  *len = 0;
  while (!child->ended) {
    BULLA_TRY(look(child));
    if (closed) {
      (void)(child->ended ? 0 : nanosleep(&pause, NULL));
    } else {
      BULLA_TRY(take(child, text, size, len, &closed));
    }
    if (!child->ended && left(child) == 0) {
      return too_slow(child);
    }
  }
  return BULLA_OK;
}

static enum bulla_status run(struct child *child, struct bulla_secret **output) {
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t size = child->program->max_len + 1;
  size_t len;
  BULLA_TRY(cut(child));
  BULLA_TRY(bulla_secret_new(&made, size));
  BULLA_TRY(start(child));
  BULLA_TRY(listen_to(child, made, size, &len));
  bulla_secret_truncate(made, len);
  *output = made;
  made = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_program_run(struct bulla_secret **output, struct bulla_program_end *how,
                                    const struct bulla_program *program) {
  /* A thread that is cancelled would leave a child behind. */
  int before = bulla_hold_cancel();
  struct child child = {.program = program, .input = -1, .output = -1};
  *output = NULL;
  (void)clock_gettime(CLOCK_MONOTONIC, &child.last);
  child.last.tv_sec += program->patience_ms / 1000;
  child.last.tv_nsec += program->patience_ms % 1000 * 1000000L; /* may pass a second: only differences are taken */
  enum bulla_status status = run(&child, output);
  end(&child);
  *how = child.end;
  bulla_allow_cancel(before);
  return status;
}

enum bulla_status bulla_program_read(struct bulla_secret **text, const char *command, size_t max_len, int patience_ms) {
  struct bulla_secret *output BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_program_end how;
  struct bulla_program program = {.command = command, .max_len = max_len, .patience_ms = patience_ms};
  char name[BULLA_PROGRAM_NAME_MAX];
  *text = NULL;
  enum bulla_status status = bulla_program_run(&output, &how, &program);
  if (status == BULLA_TOO_LARGE) {
    return bulla_explain(status, "%s wrote more than %zu bytes", bulla_program_name(name, command), max_len);
  }
  BULLA_TRY(status);
  BULLA_TRY(bulla_program_judge(command, &how));
  *text = output;
  output = NULL;
  return BULLA_OK;
}
