/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/progress.h. */

#include "cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/clock.h"

enum { TERMINAL_MS = 100, LINE_MS = 10000, BAR_LEN = 24 };

static volatile sig_atomic_t is_stopped;

static void stop(int signal) {
  (void)signal;
  is_stopped = 1;
}

void bulla_progress_begin(struct bulla_progress *progress, const char *what, const char *units) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = stop;
  action.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  int64_t now = bulla_clock_monotonic_ms();
  *progress = (struct bulla_progress){
      .what = what, .units = units, .is_terminal = isatty(STDERR_FILENO) == 1, .started = now, .shown = now};
}

/* The seconds that are left, as hours, minutes and seconds. */
static void write_time(char text[32], int64_t seconds) {
  if (seconds >= 3600) {
    (void)snprintf(text, 32, "%lld:%02lld:%02lld", (long long)(seconds / 3600), (long long)(seconds / 60 % 60),
                   (long long)(seconds % 60));
  } else {
    (void)snprintf(text, 32, "%lld:%02lld", (long long)(seconds / 60), (long long)(seconds % 60));
  }
}

static void write_bar(char bar[BAR_LEN + 1], int64_t done, int64_t total) {
  int full = total > 0 && done < total ? (int)(done * BAR_LEN / total) : BAR_LEN;
  memset(bar, '.', BAR_LEN);
  memset(bar, '#', (size_t)full);
  bar[BAR_LEN] = '\0';
}

void bulla_progress_show(void *arg, int64_t done, int64_t total) {
  struct bulla_progress *progress = arg;
  int64_t now = bulla_clock_monotonic_ms();
  if (now - progress->shown < (progress->is_terminal ? TERMINAL_MS : LINE_MS)) {
    return;
  }
  char bar[BAR_LEN + 1];
  char left[32];
  int64_t elapsed = now > progress->started ? now - progress->started : 1;
  double rate = 1000.0 * (double)done / (double)elapsed;
  int64_t todo = total > done ? total - done : 0;
  write_bar(bar, done, total);
  write_time(left, rate > 0 ? (int64_t)((double)todo / rate) : 0);
  const char *before = progress->is_terminal ? "\r" : "";
  const char *after = progress->is_terminal ? "\033[K" : "\n";
  (void)fprintf(stderr, "%s%s [%s] %lld of %lld %s, %.0f/s, %s left%s", before, progress->what, bar, (long long)done,
                (long long)total, progress->units, rate, left, after);
  progress->shown = now;
  progress->is_shown = true;
}

bool bulla_progress_goes_on(void *arg, int64_t done, int64_t total) {
  bulla_progress_show(arg, done, total);
  return is_stopped == 0;
}

void bulla_progress_line(void *arg, int64_t done, int64_t total) {
  struct bulla_progress *progress = arg;
  progress->is_terminal = isatty(STDERR_FILENO) == 1;
  progress->is_shown = progress->is_terminal;
  if (progress->is_terminal) {
    (void)fprintf(stderr, "\r%s: %lld of %lld %s", progress->what, (long long)(done >> progress->shift),
                  (long long)(total >> progress->shift), progress->units);
  }
}

void bulla_progress_end(struct bulla_progress *progress) {
  if (progress->is_shown && progress->is_terminal) {
    (void)fputs("\r\033[K", stderr);
  }
}
