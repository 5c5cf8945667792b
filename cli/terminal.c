/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/terminal.h. A process in the background leaves the modes alone: they are another's. */

#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/error.h"

static bool is_in_foreground(void) {
  pid_t foreground = tcgetpgrp(STDIN_FILENO);
  return foreground < 0 || foreground == getpgrp();
}

/* set_modes gives the command's end the modes of the outer terminal. What that turns LF into must not be done twice: if
 * it cannot be told to pass everything on, the inner one does. */
static bool set_modes(struct bulla_terminal *terminal) {
  struct termios modes;
  terminal->is_ours = is_in_foreground();
  terminal->has_input = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &terminal->modes) == 0;
  if (tcgetattr(terminal->has_input ? STDIN_FILENO : STDOUT_FILENO, &modes) != 0) {
    return false;
  }
  modes.c_oflag &= terminal->has_input ? ~(tcflag_t)0 : ~(tcflag_t)OPOST;
  return tcsetattr(terminal->master, TCSANOW, &modes) == 0;
}

static bool make(struct bulla_terminal *terminal) {
  terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  return terminal->master >= 0 && grantpt(terminal->master) == 0 && unlockpt(terminal->master) == 0 &&
         ptsname_r(terminal->master, terminal->slave, sizeof(terminal->slave)) == 0 &&
         fcntl(terminal->master, F_SETFL, O_RDWR | O_NONBLOCK) == 0 && set_modes(terminal);
}

enum bulla_status bulla_terminal_open(struct bulla_cli *cli, struct bulla_terminal *terminal) {
  *terminal = (struct bulla_terminal){.master = -1};
  if (!make(terminal)) {
    bulla_cli_at(cli, "pseudo-terminal for the command");
    return bulla_cli_errno(cli, errno);
  }
  bulla_terminal_resize(terminal);
  return BULLA_OK;
}

void bulla_terminal_close(struct bulla_terminal *terminal) {
  bulla_terminal_leave(terminal);
  if (terminal->master >= 0) {
    (void)close(terminal->master);
    terminal->master = -1;
  }
}

/* renew_modes gives the command's end the modes of the outer terminal once more, unless the command has set others:
 * those that were found in the background are of a shell that edits a line. */
static void renew_modes(struct bulla_terminal *terminal) {
  struct termios before = terminal->modes;
  struct termios inner;
  bool is_as_before =
      tcgetattr(terminal->master, &inner) == 0 && inner.c_lflag == before.c_lflag && inner.c_iflag == before.c_iflag;
  terminal->is_ours = tcgetattr(STDIN_FILENO, &terminal->modes) == 0;
  if (terminal->is_ours && is_as_before) {
    (void)tcsetattr(terminal->master, TCSANOW, &terminal->modes);
  }
}

void bulla_terminal_take(struct bulla_terminal *terminal) {
  if (terminal->has_input && !terminal->is_raw && is_in_foreground()) {
    if (!terminal->is_ours) {
      renew_modes(terminal);
    }
    struct termios raw = terminal->modes;
    cfmakeraw(&raw);
    terminal->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
  }
  bulla_terminal_resize(terminal);
}

void bulla_terminal_leave(struct bulla_terminal *terminal) {
  if (terminal->is_raw && is_in_foreground()) {
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->modes);
  }
  terminal->is_raw = false;
}

void bulla_terminal_resize(const struct bulla_terminal *terminal) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    /* The command is told of a change by SIGWINCH. */
    (void)ioctl(terminal->master, TIOCSWINSZ, &size);
  }
}
