/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/relay.h. One loop waits for all there is to wait for, signals too, and nothing in it blocks: a reader that is
 * slow holds up its stream alone. */

#include "cli/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command_start.h"
#include "cli/error.h"
#include "cli/mask_stream.h"
#include "cli/session.h"
#include "cli/terminal.h"

enum {
  IDLE_MS = 50,        /* then what is held is shown at a terminal, as far as it may be */
  BACKGROUND_MS = 500, /* how often to look whether this process is in the foreground by now */
  WRITE_LEN = 4096,    /* a pipe that is ready takes as much without blocking (PIPE_BUF) */
  TYPED_LEN = 4096,
  NUM_STREAMS = 2,
};

struct stream {
  int from; /* what the command writes to, or -1 at its end */
  int to;
  bool is_terminal; /* it goes to one */
  int error;        /* why it could not be written on, or 0 */
  struct bulla_mask_stream *masked;
};

struct relay {
  struct bulla_cli *cli;
  struct stream streams[NUM_STREAMS];
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

/* end_stream takes no more from |stream|. A terminal stays: closing it would end a command that has only left it. */
static void end_stream(const struct relay *relay, struct stream *stream) {
  if (stream->from >= 0 && stream->from != relay->terminal.master) {
    (void)close(stream->from);
  }
  stream->from = -1;
}

static void relay_free(struct relay *relay) {
  for (size_t i = 0; i < NUM_STREAMS; i++) {
    end_stream(relay, &relay->streams[i]);
    bulla_mask_stream_free(&relay->streams[i].masked);
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

/* suspend stops this process as the command was stopped, and goes on with it. */
static void suspend(struct relay *relay) {
  bulla_terminal_leave(&relay->terminal);
  (void)kill(getpid(), SIGSTOP);
  bulla_terminal_take(&relay->terminal);
  (void)kill(-relay->command, SIGCONT);
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
        (void)kill(-relay->command, SIGSTOP);
        break;
      case SIGCONT:
        bulla_terminal_take(&relay->terminal);
        (void)kill(-relay->command, SIGCONT);
        break;
      default:
        pass_signal(relay, &info);
        break;
    }
  }
}

static bool has_output(const struct stream *stream) {
  return bulla_mask_stream_output(stream->masked).len > 0;
}

/* read_stream takes what the command wrote. */
static void read_stream(struct relay *relay, struct stream *stream) {
  struct bulla_buffer room = bulla_mask_stream_room(stream->masked);
  ssize_t got = read(stream->from, room.data, room.size);
  bool nothing_yet = got < 0 && (errno == EINTR || errno == EAGAIN);
  if (got > 0) {
    bulla_mask_stream_add(stream->masked, (size_t)got, false);
  } else if (!nothing_yet || relay->is_leaving) {
    bulla_mask_stream_add(stream->masked, 0, true);
    end_stream(relay, stream);
  }
}

/* write_stream passes on a part of it. If nobody takes it, the command finds that nobody does. */
static void write_stream(struct relay *relay, struct stream *stream) {
  struct bulla_span output = bulla_mask_stream_output(stream->masked);
  ssize_t done = write(stream->to, output.data, output.len < WRITE_LEN ? output.len : WRITE_LEN);
  if (done < 0 && errno != EINTR && errno != EAGAIN) {
    stream->error = errno;
    if (stream->from == relay->terminal.master) {
      bulla_terminal_close(&relay->terminal);
    } else {
      end_stream(relay, stream);
    }
    stream->from = -1;
    bulla_mask_stream_taken(stream->masked, output.len);
  } else if (done > 0) {
    bulla_mask_stream_taken(stream->masked, (size_t)done);
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
  for (size_t i = 0; i < NUM_STREAMS; i++) {
    const struct stream *stream = &relay->streams[i];
    bool writes = i < relay->num_streams && has_output(stream);
    waited[WAIT_STREAMS + i] =
        (struct pollfd){.fd = writes ? stream->to : stream->from, .events = writes ? POLLOUT : POLLIN};
  }
}

/* How long to wait, or -1 without an end. */
static int choose_timeout(const struct relay *relay) {
  if (relay->is_leaving) {
    return 0;
  }
  for (size_t i = 0; i < relay->num_streams; i++) {
    if (relay->streams[i].is_terminal && bulla_mask_stream_holds(relay->streams[i].masked)) {
      return IDLE_MS;
    }
  }
  return relay->terminal.has_input && !relay->terminal.is_raw ? BACKGROUND_MS : -1;
}

static void idle(struct relay *relay) {
  for (size_t i = 0; i < relay->num_streams; i++) {
    if (relay->streams[i].is_terminal && !has_output(&relay->streams[i])) {
      bulla_mask_stream_show(relay->streams[i].masked);
    }
  }
  if (relay->terminal.has_input && !relay->terminal.is_raw) {
    bulla_terminal_take(&relay->terminal);
  }
}

static void move_streams(struct relay *relay, const struct pollfd waited[NUM_WAITED]) {
  for (size_t i = 0; i < relay->num_streams; i++) {
    struct stream *stream = &relay->streams[i];
    bool is_ready = waited[WAIT_STREAMS + i].revents != 0;
    if (has_output(stream)) {
      if (is_ready) {
        write_stream(relay, stream);
      }
    } else if (stream->from >= 0 && (is_ready || relay->is_leaving)) {
      read_stream(relay, stream);
    }
  }
}

static bool goes_on(const struct relay *relay) {
  bool any = !relay->has_ended;
  for (size_t i = 0; i < relay->num_streams; i++) {
    any = any || relay->streams[i].from >= 0 || has_output(&relay->streams[i]);
  }
  return any;
}

static void loop(struct relay *relay) {
  struct pollfd waited[NUM_WAITED];
  while (goes_on(relay)) {
    choose_waited(relay, waited);
    int ready = poll(waited, NUM_WAITED, choose_timeout(relay));
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
  from[0] = relay->has_terminal ? relay->terminal.master : from[0];
  relay->streams[0].from = from[0];
  relay->streams[1].from = from[1];
  relay->num_streams = from[1] >= 0 ? 2 : 1;
  for (size_t i = 0; i < relay->num_streams; i++) {
    relay->streams[i].to = i == 0 ? STDOUT_FILENO : STDERR_FILENO;
    relay->streams[i].is_terminal = isatty(relay->streams[i].to) == 1;
    BULLA_TRY(bulla_mask_stream_new(&relay->streams[i].masked, mask));
  }
  return bulla_secret_new(&relay->typed, TYPED_LEN);
}

/* output_status returns whether all that was to be passed on was, if somebody was there to take it. */
static enum bulla_status output_status(const struct relay *relay) {
  for (size_t i = 0; i < relay->num_streams; i++) {
    int error = relay->streams[i].error;
    if (error != 0 && error != EPIPE && error != EIO) {
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
