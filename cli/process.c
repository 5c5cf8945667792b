/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/process.h. */

#include "cli/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const int ignored[] = {SIGPIPE, SIGXFSZ};
#define NUM_IGNORED (sizeof(ignored) / sizeof(ignored[0]))

/* What was found. Without bulla_process_harden nothing is to be set back. */
static struct sigaction found[NUM_IGNORED];
static bool hardened;

void bulla_process_harden(void) {
  struct rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    (void)setrlimit(RLIMIT_CORE, &core);
  }
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  (void)sigemptyset(&ignore.sa_mask);
  for (size_t i = 0; i < NUM_IGNORED; i++) {
    (void)sigaction(ignored[i], &ignore, &found[i]);
  }
  hardened = true;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) < 0) {
      /* The lowest free descriptor is this one. */
      (void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    }
  }
}

void bulla_process_hand_on(void) {
  for (size_t i = 0; hardened && i < NUM_IGNORED; i++) {
    (void)sigaction(ignored[i], &found[i], NULL);
  }
}

void bulla_process_end_by_pipe(void) {
  if (hardened && found[0].sa_handler == SIG_DFL) {
    (void)sigaction(SIGPIPE, &found[0], NULL);
    (void)raise(SIGPIPE);
  }
}
