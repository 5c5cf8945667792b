/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/relay.h. One loop waits for all there is to wait for, signals too, and nothing in it blocks. */

#include "cli/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command_start.h"
#include "cli/error.h"
#include "cli/relay_stream.h"
#include "cli/session.h"
#include "cli/terminal.h"

enum {
  IDLE_MS = 50,        /* then what is held is shown at a terminal, as far as it may be */
  BACKGROUND_MS = 500, /* how often to look whether this process is in the foreground by now */
  TYPED_LEN = 4096,
  NUM_STREAMS = 2,
};

struct relay {
  struct bulla_cli *cli;
  struct bulla_relay_stream streams[NUM_STREAMS];
  size_t num_streams;
  bool has_terminal;
  struct bulla_terminal terminal;
  struct bulla_secret *typed; /* what was typed and is not passed on yet */
  size_t typed_at;
  size_t typed_len;
  bool typed_ended;
  sigset_t signals_before;
  bool signals_are_held;
  int signals; /* a descriptor of them */
  pid_t command;
  bool has_ended;
  bool is_leaving; /* what is there is passed on, and no more is waited for */
  int ended;
};

static void relay_free(struct relay *relay) {
  for (size_t i = 0; i < NUM_STREAMS; i++) {
    bulla_relay_stream_end(&relay->streams[i]);
  }
  bulla_secret_free(&relay->typed);
  bulla_terminal_close(&relay->terminal);
  if (relay->signals >= 0) {
    (void)close(relay->signals);
  }
  if (relay->signals_are_held) {
    (void)sigprocmask(SIG_SETMASK, &relay->signals_before, NULL);
  }
}

size_t bulla_relay_len(void) {
  return NUM_STREAMS * bulla_mask_stream_len() + TYPED_LEN + BULLA_SLOT_ROOM;
}

/* hold_signals has the signals that concern the command come to the loop. In a terminal that this process shares with
 * the command, those that stop both do so without it. */
static enum bulla_status hold_signals(struct relay *relay) {
  static const int always[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
  static const int at_terminal[] = {SIGWINCH, SIGTSTP, SIGCONT};
  struct sigaction usual = {.sa_handler = SIG_DFL};
  sigset_t signals;
  (void)sigemptyset(&signals);
  for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
    (void)sigaddset(&signals, always[i]);
  }
  for (size_t i = 0; relay->has_terminal && i < sizeof(at_terminal) / sizeof(at_terminal[0]); i++) {
    (void)sigaddset(&signals, at_terminal[i]);
  }
  /* Where it is ignored, nobody learns how the command ended. */
  (void)sigemptyset(&usual.sa_mask);
  (void)sigaction(SIGCHLD, &usual, NULL);
  (void)sigprocmask(SIG_BLOCK, &signals, &relay->signals_before);
  relay->signals_are_held = true;
  relay->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  return relay->signals >= 0 ? BULLA_OK : bulla_cli_errno(relay->cli, errno);
}

/* signal_group signals the command and what it has not put into groups of their own. */
static void signal_group(const struct relay *relay, int signal_number) {
  if (!relay->has_ended) {
    (void)kill(-relay->command, signal_number);
  }
}

/* suspend stops this process as the command was stopped, and goes on with it. */
static void suspend(struct relay *relay) {
  bulla_terminal_leave(&relay->terminal);
  (void)kill(getpid(), SIGSTOP);
  bulla_terminal_take(&relay->terminal);
  signal_group(relay, SIGCONT);
}

static void look_at_command(struct relay *relay) {
  int status;
  int options = WNOHANG | (relay->has_terminal ? WUNTRACED : 0);
  while (!relay->has_ended && waitpid(relay->command, &status, options) == relay->command) {
    if (WIFSTOPPED(status)) {
      suspend(relay);
    } else {
      relay->has_ended = true;
      relay->ended = status;
      /* As a window that closes: what still runs in the background is not waited for. A pipe is read to its end. */
      relay->is_leaving = relay->has_terminal;
    }
  }
}

/* pass_signal passes on a signal that was sent to this process alone. One of a terminal that both share has reached the
 * command too. */
static void pass_signal(struct relay *relay, const struct signalfd_siginfo *info) {
  if (relay->has_ended) {
    relay->is_leaving = true;
  } else if (relay->has_terminal || info->ssi_code != SI_KERNEL) {
    (void)kill(relay->command, (int)info->ssi_signo);
  }
}

static void take_signals(struct relay *relay) {
  struct signalfd_siginfo info;
  while (read(relay->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
    switch (info.ssi_signo) {
      case SIGCHLD:
        look_at_command(relay);
        break;
      case SIGWINCH:
        bulla_terminal_resize(&relay->terminal);
        break;
      case SIGTSTP:
        /* That it has stopped is told by SIGCHLD. */
        signal_group(relay, SIGSTOP);
        break;
      case SIGCONT:
        bulla_terminal_take(&relay->terminal);
        signal_group(relay, SIGCONT);
        break;
      default:
        pass_signal(relay, &info);
        break;
    }
  }
}

static void read_typed(struct relay *relay) {
  ssize_t got = read(STDIN_FILENO, bulla_secret_data(relay->typed), TYPED_LEN);
  relay->typed_at = 0;
  relay->typed_len = got > 0 ? (size_t)got : 0;
  relay->typed_ended = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

static void write_typed(struct relay *relay) {
  const uint8_t *typed = bulla_secret_data(relay->typed);
  ssize_t done = write(relay->terminal.master, typed + relay->typed_at, relay->typed_len - relay->typed_at);
  if (done > 0) {
    relay->typed_at += (size_t)done;
  } else if (done < 0 && errno != EINTR && errno != EAGAIN) {
    relay->typed_at = relay->typed_len;
  }
}

/* What is waited for, by its place among what poll(2) is given. */
enum { WAIT_SIGNALS, WAIT_TYPED, WAIT_MASTER, WAIT_STREAMS, NUM_WAITED = WAIT_STREAMS + NUM_STREAMS };

static void choose_waited(const struct relay *relay, struct pollfd waited[NUM_WAITED]) {
  bool is_typed = relay->typed_at < relay->typed_len;
  bool reads_typed = relay->terminal.is_raw && !is_typed && !relay->typed_ended;
  waited[WAIT_SIGNALS] = (struct pollfd){.fd = relay->signals, .events = POLLIN};
  waited[WAIT_TYPED] = (struct pollfd){.fd = reads_typed ? STDIN_FILENO : -1, .events = POLLIN};
  waited[WAIT_MASTER] = (struct pollfd){.fd = is_typed ? relay->terminal.master : -1, .events = POLLOUT};
  for (size_t i = 0; i < relay->num_streams; i++) {
    waited[WAIT_STREAMS + i] = bulla_relay_stream_wait(&relay->streams[i]);
  }
}

/* How long to wait, or -1 without an end. */
static int choose_timeout(const struct relay *relay) {
  int timeout = relay->terminal.has_input && !relay->terminal.is_raw && !relay->is_leaving ? BACKGROUND_MS : -1;
  for (size_t i = 0; i < relay->num_streams; i++) {
    const struct bulla_relay_stream *stream = &relay->streams[i];
    if (relay->is_leaving && bulla_relay_stream_reads(stream)) {
      return 0;
    }
    if (stream->is_terminal && bulla_mask_stream_holds(stream->masked)) {
      timeout = IDLE_MS;
    }
  }
  return timeout;
}

static void idle(struct relay *relay) {
  for (size_t i = 0; i < relay->num_streams; i++) {
    if (relay->streams[i].is_terminal && bulla_relay_stream_reads(&relay->streams[i])) {
      bulla_mask_stream_show(relay->streams[i].masked);
    }
  }
  if (relay->terminal.has_input && !relay->terminal.is_raw) {
    bulla_terminal_take(&relay->terminal);
  }
}

static void move_streams(struct relay *relay, const struct pollfd waited[NUM_WAITED]) {
  for (size_t i = 0; i < relay->num_streams; i++) {
    bulla_relay_stream_move(&relay->streams[i], waited[WAIT_STREAMS + i].revents != 0, relay->is_leaving);
  }
  if (relay->streams[0].error != 0) {
    /* The outer terminal is gone: so is the command's. */
    bulla_terminal_close(&relay->terminal);
  }
}

static bool goes_on(const struct relay *relay) {
  bool any = !relay->has_ended;
  for (size_t i = 0; i < relay->num_streams; i++) {
    any = any || bulla_relay_stream_goes_on(&relay->streams[i]);
  }
  return any;
}

static void loop(struct relay *relay) {
  struct pollfd waited[NUM_WAITED];
  while (goes_on(relay)) {
    choose_waited(relay, waited);
    int ready = poll(waited, WAIT_STREAMS + relay->num_streams, choose_timeout(relay));
    if (ready == 0 && !relay->is_leaving) {
      idle(relay);
    }
    move_streams(relay, waited);
    if (waited[WAIT_TYPED].revents != 0) {
      read_typed(relay);
    }
    if (waited[WAIT_MASTER].revents != 0) {
      write_typed(relay);
    }
    if (waited[WAIT_SIGNALS].revents != 0) {
      take_signals(relay);
    }
  }
}

/* open_streams makes the ends of the command, and the streams from them. */
static enum bulla_status open_streams(struct relay *relay, const struct bulla_mask *mask,
                                      struct bulla_command_ends *ends) {
  int from[NUM_STREAMS];
  relay->has_terminal = isatty(STDOUT_FILENO) == 1;
  if (relay->has_terminal) {
    BULLA_TRY(bulla_terminal_open(relay->cli, &relay->terminal));
    ends->terminal = relay->terminal.slave;
    ends->has_input = relay->terminal.has_input;
  }
  BULLA_TRY(bulla_command_ends_open(relay->cli, ends, from));
  relay->streams[0].from = relay->has_terminal ? relay->terminal.master : from[0];
  relay->streams[0].is_lent = relay->has_terminal;
  relay->streams[1].from = from[1];
  relay->num_streams = from[1] >= 0 ? 2 : 1;
  for (size_t i = 0; i < relay->num_streams; i++) {
    BULLA_TRY(bulla_relay_stream_begin(&relay->streams[i], mask, i == 0 ? STDOUT_FILENO : STDERR_FILENO));
  }
  return bulla_secret_new(&relay->typed, TYPED_LEN);
}

/* output_status returns whether all that was to be passed on was, if somebody was there to take it. */
static enum bulla_status output_status(const struct relay *relay) {
  for (size_t i = 0; i < relay->num_streams; i++) {
    int error = relay->streams[i].error;
    bool reader_left = error == EPIPE || (error == EIO && relay->streams[i].is_terminal);
    if (error != 0 && !reader_left) {
      bulla_cli_at(relay->cli, i == 0 ? "standard output" : "standard error");
      return bulla_cli_errno(relay->cli, error);
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_relay_run(struct bulla_cli *cli, const struct bulla_mask *mask, char **env, int *ended,
                                  int *error) {
  struct bulla_command_ends ends BULLA_CLEANUP(bulla_command_ends_close) = BULLA_COMMAND_ENDS_NONE;
  struct relay relay BULLA_CLEANUP(relay_free) = {
      .cli = cli, .streams = {{.from = -1}, {.from = -1}}, .terminal = {.master = -1}, .signals = -1};
  BULLA_TRY(open_streams(&relay, mask, &ends));
  BULLA_TRY(hold_signals(&relay));
  *error = bulla_command_start(&relay.command, cli->operands, env, &ends, &relay.signals_before);
  bulla_command_ends_close(&ends);
  if (*error != 0) {
    return BULLA_OK;
  }
  bulla_terminal_take(&relay.terminal);
  loop(&relay);
  *ended = relay.ended;
  return output_status(&relay);
}
