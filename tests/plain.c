/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A plain runner for the unit tests, in place of Criterion's. That one does not start under ThreadSanitizer, and
 * it loses what valgrind says with a child's exit status. Criterion's macros leave the tests in a section of the
 * program and call the few functions that are defined here: the tests are the same objects, but nothing of
 * Criterion runs. Each test runs in a forked child, whose exit status is the tool's verdict too. Prints TAP.
 *
 * usage: plain-MODULE [TEST]… */

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/options.h>

enum { EXIT_FAILED = 90, EXIT_SKIPPED = 91 };

/* The bounds of the sections, which the linker defines. There may be no suite. */
extern struct criterion_test *__start_cr_tst[];
extern struct criterion_test *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

struct criterion_options criterion_options;

static const struct criterion_test *running;
static volatile bool failed;

static void call(void (*hook)(void)) {
  if (hook != NULL) {
    hook();
  }
}

static const struct criterion_test_extra_data *suite_of_running(void) {
  static const struct criterion_test_extra_data none;
  for (struct criterion_suite **at = __start_cr_sts; at != __stop_cr_sts; at++) {
    if (*at != NULL && strcmp((*at)->name, running->category) == 0) {
      return (*at)->data;
    }
  }
  return &none;
}

void criterion_internal_test_setup(void) {
  call(suite_of_running()->init);
  call(running->data->init);
}

void criterion_internal_test_main(void (*body)(void)) {
  body();
}

void criterion_internal_test_teardown(void) {
  call(running->data->fini);
  call(suite_of_running()->fini);
}

/* The end of a test that cannot go on: its folder is removed all the same. */
static CR_NORETURN void leave(int status) {
  criterion_internal_test_teardown();
  exit(status);
}

void criterion_abort_test(void) {
  leave(EXIT_FAILED);
}

void criterion_continue_test(void) {
  failed = true;
}

void criterion_skip_test(const char *format, ...) {
  (void)format; /* TEST_SKIP has said it already */
  leave(EXIT_SKIPPED);
}

void criterion_send_assert(struct criterion_assert_stats *stats) {
  if (!stats->passed) {
    fprintf(stderr, "# %s:%u: %s\n", stats->file, stats->line, stats->message);
  }
}

void cri_asserts_passed_incr(void) {
}

void cr_log(enum criterion_severity severity, const char *format, ...) {
  (void)severity;
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
}

/* What is asserted, as text, is the first of the further arguments. */
char *cr_translate_assert_msg(int index, ...) {
  va_list arguments;
  va_start(arguments, index);
  char *text = strdup(va_arg(arguments, const char *));
  va_end(arguments);
  return text;
}

int cr_asprintf(char **text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int len = vasprintf(text, format, arguments);
  va_end(arguments);
  return len;
}

void cr_asprintf_free(char *text) {
  free(text);
}

static int run(const struct criterion_test *test) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    running = test;
    test->test();
    exit(failed ? EXIT_FAILED : 0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

/* Prints the line of |test|, which ended with |status|, and says whether it is good. */
static bool report(size_t number, const struct criterion_test *test, int status) {
  bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED;
  bool good = skipped || (test->data->signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == test->data->signal
                                                  : WIFEXITED(status) && WEXITSTATUS(status) == 0);
  printf("%sok %zu - %s::%s%s\n", good ? "" : "not ", number, test->category, test->name, skipped ? " # SKIP" : "");
  if (!good) {
    printf("# it ended with %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
  return good;
}

static bool is_wanted(const struct criterion_test *test, char *const *names) {
  for (char *const *name = names; *name != NULL; name++) {
    if (strcmp(*name, test->name) == 0) {
      return true;
    }
  }
  return *names == NULL;
}

int main(int argc, char **argv) {
  (void)argc;
  size_t num_run = 0;
  size_t num_bad = 0;
  for (struct criterion_test **at = __start_cr_tst; at != __stop_cr_tst; at++) {
    if (is_wanted(*at, argv + 1)) {
      num_run++;
      num_bad += !report(num_run, *at, run(*at));
    }
  }
  printf("1..%zu\n", num_run);
  return num_run == 0 || num_bad > 0;
}
