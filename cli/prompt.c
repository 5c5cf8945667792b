/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Asks for a secret at the terminal. Echo is off while it is typed, and on again before anything else happens:
 * the signals that end or stop a process are held back but for the moment of waiting, and given to it again
 * once the terminal is as it was. A process in the background does not ask: the terminal's modes and what is typed
 * are another's. */

#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"

/* The kernel cuts longer lines off without a word (N_TTY_BUF_SIZE). */
enum { LINE_SIZE = 4096, NUM_TRIES = 3, PROMPT_MAX = 600 };

static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGTSTP,   SIGTTIN, SIGTTOU,
                              SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF};
#define NUM_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t caught;

static void catch_signal(int signal_number) {
  caught = signal_number;
}

/* What is to be set back. */
struct terminal {
  int fd;
  struct termios modes;
  struct sigaction actions[NUM_SIGNALS];
  sigset_t mask;
};

static void write_text(int fd, const char *text) {
  ssize_t ignored = write(fd, text, strlen(text));
  (void)ignored;
}

/* A terminal that does not control this process has no foreground. */
static bool is_in_foreground(int fd) {
  pid_t foreground = tcgetpgrp(fd);
  return foreground < 0 || foreground == getpgrp();
}

static void restore(const struct terminal *terminal) {
  /* What was typed behind the line was meant for the prompt, unless the terminal has been taken over meanwhile. */
  (void)tcsetattr(terminal->fd, is_in_foreground(terminal->fd) ? TCSAFLUSH : TCSANOW, &terminal->modes);
  for (size_t i = 0; i < NUM_SIGNALS; i++) {
    sigaction(signals[i], &terminal->actions[i], NULL);
  }
  if (caught != 0) {
    (void)raise(caught);
  }
  /* Here the signal arrives. If it stopped the process, it goes on from here. */
  sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
}

/* silence turns the echo off and returns 0, or an error, and then nothing is to be restored. */
static int silence(struct terminal *terminal) {
  if (tcgetattr(terminal->fd, &terminal->modes) != 0) {
    return errno;
  }
  struct sigaction action = {.sa_handler = catch_signal};
  sigset_t held;
  sigemptyset(&action.sa_mask);
  sigemptyset(&held);
  for (size_t i = 0; i < NUM_SIGNALS; i++) {
    sigaddset(&held, signals[i]);
  }
  sigprocmask(SIG_BLOCK, &held, &terminal->mask);
  caught = 0;
  for (size_t i = 0; i < NUM_SIGNALS; i++) {
    sigaction(signals[i], NULL, &terminal->actions[i]);
    if (terminal->actions[i].sa_handler != SIG_IGN) {
      sigaction(signals[i], &action, NULL);
    }
  }
  struct termios silent = terminal->modes;
  silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
  silent.c_lflag |= ICANON | ISIG;
  if (tcsetattr(terminal->fd, TCSAFLUSH, &silent) != 0) {
    int error = errno;
    restore(terminal);
    return error;
  }
  return 0;
}

/* read_line fills |line| with one line and |*len| with its length, or returns an error. */
static int read_line(const struct terminal *terminal, struct bulla_secret *line, size_t *len) {
  struct pollfd readable = {.fd = terminal->fd, .events = POLLIN};
  ssize_t got = ppoll(&readable, 1, NULL, &terminal->mask);
  if (got > 0) {
    got = read(terminal->fd, bulla_secret_data(line), LINE_SIZE);
  }
  *len = got > 0 ? (size_t)got : 0;
  return got < 0 ? errno : 0;
}

static enum bulla_status ask(struct bulla_cli *cli, struct bulla_secret *line, int fd, const char *prompt) {
  struct terminal terminal = {.fd = fd};
  size_t len = 0;
  int error = 0;
  do {
    if (!is_in_foreground(fd)) {
      return bulla_cli_error(cli, BULLA_IO,
                             "this process is in the background of its terminal: run it in the foreground to be asked");
    }
    error = silence(&terminal);
    if (error == 0) {
      write_text(fd, prompt);
      write_text(fd, ": ");
      error = read_line(&terminal, line, &len);
      write_text(fd, "\n");
      restore(&terminal);
    }
  } while (error == EINTR);
  bulla_secret_truncate(line, len);
  return error == 0 ? BULLA_OK : bulla_cli_errno(cli, error);
}

enum bulla_status bulla_prompt(struct bulla_cli *cli, struct bulla_secret **secret, const char *prompt,
                               size_t max_len) {
  struct bulla_secret *line BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&line, LINE_SIZE));

  int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && isatty(STDIN_FILENO) == 1) {
    fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  }
  if (fd < 0) {
    return bulla_cli_error(
        cli, BULLA_IO,
        "there is no terminal for the prompt: run this at a terminal, or give the key with another --root");
  }
  enum bulla_status status = ask(cli, line, fd, prompt);
  (void)close(fd);
  BULLA_TRY(status);

  if (bulla_secret_bytes(line).len >= LINE_SIZE - 1) {
    return BULLA_TOO_LARGE;
  }
  bulla_input_line(line);
  if (bulla_secret_bytes(line).len > max_len) {
    return BULLA_TOO_LARGE;
  }
  return bulla_secret_copy(secret, bulla_secret_bytes(line));
}

enum bulla_status bulla_prompt_twice(struct bulla_cli *cli, struct bulla_secret **secret, const char *prompt,
                                     size_t max_len) {
  char again[PROMPT_MAX];
  (void)snprintf(again, sizeof(again), "%s again", prompt);
  for (int i = 0; i < NUM_TRIES; i++) {
    struct bulla_secret *first BULLA_CLEANUP(bulla_secret_free) = NULL;
    struct bulla_secret *second BULLA_CLEANUP(bulla_secret_free) = NULL;
    BULLA_TRY(bulla_prompt(cli, &first, prompt, max_len));
    bool is_empty = bulla_secret_bytes(first).len == 0;
    if (!is_empty) {
      BULLA_TRY(bulla_prompt(cli, &second, again, max_len));
    }
    if (is_empty || bulla_secret_equal(bulla_secret_bytes(first), bulla_secret_bytes(second))) {
      *secret = first;
      first = NULL;
      return BULLA_OK;
    }
  }
  return bulla_cli_error(cli, BULLA_INVALID_ARGUMENT, "what was typed differs from what was typed again");
}
