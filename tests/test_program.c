/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Secrets from providers, above all from programs: slow, failing, talkative and missing ones. */

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/slab.h"
#include "store/program.h"
#include "tests/support.h"

static const char *folder;

static void set_up(void) {
  folder = test_folder();
}

static void tear_down(void) {
  test_remove_folder(folder);
}

TestSuite(program, .init = set_up, .fini = tear_down);

/* A program of the shell's in the folder, as "cmd:PATH". */
static const char *program(const char *name, const char *text) {
  char *provider = (char *)test_alloc(600);
  snprintf(provider, 600, "cmd:%s", test_script(folder, name, text));
  return provider;
}

static void assert_gives(const char *provider, const char *text) {
  struct bulla_secret *secret = NULL;
  TEST_OK(bulla_secret_open(&secret, provider));
  TEST_SPAN(bulla_secret_bytes(secret), test_text(text), "%s", provider);
  bulla_secret_free(&secret);
}

static void assert_refuses(const char *provider, enum bulla_status wanted) {
  size_t used = bulla_slab_usage().used;
  struct bulla_secret *secret = (struct bulla_secret *)&used;
  enum bulla_status status = bulla_secret_open(&secret, provider);
  cr_assert_eq(status, wanted, "%s: %s", provider, bulla_status_text(status));
  cr_assert_null(secret, "%s", provider);
  cr_assert_eq(bulla_slab_usage().used, used, "%s left a secret behind", provider);
  cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "%s left a child behind", provider);
}

Test(program, what_it_writes_is_the_secret) {
  assert_gives(program("plain", "printf 'hunter2'"), "hunter2");
  assert_gives(program("line", "echo hunter2"), "hunter2");
  assert_gives(program("crlf", "printf 'hunter2\\r\\n'"), "hunter2");
  assert_gives(program("lines", "printf '\\nhunter2\\n\\n'"), "\nhunter2\n");
  assert_gives("cmd:echo -n  one two", "one two");
}

Test(program, it_has_no_input_and_no_descriptor_of_its_parent) {
  int other = dup(1);
  cr_assert_geq(other, 3);
  assert_gives(program("cat", "cat; echo empty; ls /proc/self/fd | wc -l"), "empty\n4"); /* 3 is ls's own */
  close(other);
}

Test(program, one_that_fails_gives_nothing) {
  assert_refuses(program("fails", "echo hunter2; exit 3"), BULLA_SECRET_UNAVAILABLE);
  assert_refuses(program("dies", "echo hunter2; kill -9 $$"), BULLA_SECRET_UNAVAILABLE);
  assert_refuses(program("mute", "true"), BULLA_SECRET_UNAVAILABLE);
  assert_refuses(program("newline", "echo"), BULLA_SECRET_UNAVAILABLE);
  assert_refuses("cmd:/nowhere/program", BULLA_SECRET_UNAVAILABLE);
  assert_refuses("cmd:", BULLA_INVALID_ARGUMENT);
  assert_refuses("cmd:   ", BULLA_INVALID_ARGUMENT);
}

Test(program, one_that_talks_too_much_is_ended) {
  assert_refuses("cmd:yes", BULLA_TOO_LARGE);
  assert_refuses("cmd:head -c 65537 /dev/zero", BULLA_TOO_LARGE);
  struct bulla_secret *secret = NULL;
  TEST_OK(bulla_secret_open(&secret, "cmd:head -c 65536 /dev/zero"));
  cr_expect_eq(bulla_secret_bytes(secret).len, BULLA_VALUE_MAX);
  bulla_secret_free(&secret);
}

Test(program, one_that_is_too_slow_is_ended) {
  static const char *const slow[] = {"sleep 60", "exec >&-; sleep 60", "printf hunter2; exec >&-; sleep 60"};
  for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
    struct bulla_secret *secret = NULL;
    char text[100];
    snprintf(text, sizeof(text), "trap '' TERM\n%s", slow[i]);
    TEST_STATUS(bulla_program_read(&secret, program("slow", text) + 4, 100, 300), BULLA_SECRET_UNAVAILABLE);
    cr_assert_null(secret);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "%s left a child behind", slow[i]);
  }
}

/* Bytes that come faster than they are looked for, and are not soon too many. */
Test(program, one_that_dribbles_is_ended_in_time) {
  struct bulla_secret *secret = NULL;
  TEST_STATUS(bulla_program_read(&secret, "dd if=/dev/zero bs=1 status=none", 8 * BULLA_VALUE_MAX, 100),
              BULLA_SECRET_UNAVAILABLE);
  cr_expect_null(secret);
}

Test(program, what_it_leaves_running_does_not_hold_it_up) {
  struct bulla_secret *secret = NULL;
  TEST_OK(bulla_program_read(&secret, program("agent", "sleep 6 &\necho hunter2") + 4, 100, 5000));
  TEST_SPAN(bulla_secret_bytes(secret), BULLA_LITERAL("hunter2\n"), "beside an agent");
  bulla_secret_free(&secret);
}

Test(program, what_it_started_ends_with_it_if_it_fails) {
  struct bulla_secret *secret = NULL;
  char text[300];
  snprintf(text, sizeof(text), "(sleep 1; touch %s/alive) &\nsleep 60", folder);
  TEST_STATUS(bulla_program_read(&secret, program("parent", text) + 4, 100, 200), BULLA_SECRET_UNAVAILABLE);
  snprintf(text, sizeof(text), "(sleep 1; touch %s/alive) &\nexit 3", folder);
  TEST_STATUS(bulla_program_read(&secret, program("fails", text) + 4, 100, 5000), BULLA_SECRET_UNAVAILABLE);
  sleep(2);
  snprintf(text, sizeof(text), "%s/alive", folder);
  cr_expect_neq(access(text, F_OK), 0);
}

Test(program, it_inherits_no_ignored_signal) {
  struct bulla_secret *secret = NULL;
  unsigned long long ignored = 0;
  signal(SIGPIPE, SIG_IGN);
  TEST_OK(bulla_secret_open(&secret, "cmd:grep SigIgn /proc/self/status"));
  struct bulla_span text = bulla_secret_bytes(secret);
  cr_assert_eq(text.len, 24);
  ignored = strtoull((const char *)text.data + 8, NULL, 16);
  cr_expect_eq(ignored & (1 << (SIGPIPE - 1)), 0, "%llx", ignored);
  bulla_secret_free(&secret);
}

Test(program, what_is_said_of_it_names_it_and_not_its_arguments) {
  static const struct {
    const char *command;
    const char *detail;
  } rows[] = {
      {"cmd:/nowhere/program hunter2",
       "the program /nowhere/program cannot be run: No such file or directory: "
       "give its whole path, or look at PATH and at its first line"},
      {"cmd:/etc/passwd hunter2",
       "the program /etc/passwd cannot be run: Permission denied: this user must be allowed to execute it"},
      {"cmd:  false hunter2", "the program false ended with status 1: see what it says on standard error"},
      {"cmd:yes hunter2", "the program yes wrote more than 65538 bytes"},
      {"cmd:000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f",
       "the program cannot be run: No such file or directory: give its whole path, or look at PATH and at its first "
       "line"},
  };
  test_listen();
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_secret *secret = NULL;
    cr_expect_neq(bulla_secret_open(&secret, rows[i].command), BULLA_OK);
    cr_expect_str_eq(test_told.text, rows[i].detail, "%s", test_told.text);
  }
}

Test(program, where_ends_of_children_are_not_told_nothing_is_taken) {
  signal(SIGCHLD, SIG_IGN);
  assert_refuses(program("fails", "echo hunter2; exit 3"), BULLA_SECRET_UNAVAILABLE);
  signal(SIGCHLD, SIG_DFL);
}

Test(program, other_providers_give_any_secret) {
  char provider[600];
  snprintf(provider, sizeof(provider), "file:%s/secret", folder);
  FILE *file = fopen(provider + 5, "we");
  fputs("correct horse\r\n", file);
  fclose(file);
  chmod(provider + 5, 0600);
  assert_gives(provider, "correct horse");
  chmod(provider + 5, 0640);
  assert_refuses(provider, BULLA_SECRET_EXPOSED);
  setenv("BULLA_TEST_SECRET", "battery staple\n", 1);
  assert_gives("env:BULLA_TEST_SECRET", "battery staple");
  setenv("BULLA_TEST_SECRET", "", 1);
  assert_refuses("env:BULLA_TEST_SECRET", BULLA_SECRET_UNAVAILABLE);
  int ends[2];
  cr_assert_eq(pipe(ends), 0);
  cr_assert_eq(write(ends[1], "by fd", 5), 5);
  close(ends[1]);
  snprintf(provider, sizeof(provider), "fd:%d", ends[0]);
  assert_gives(provider, "by fd");
  close(ends[0]);
  setenv("BULLA_A", "B=value", 1);
  assert_refuses("env:BULLA_A=B", BULLA_SECRET_UNAVAILABLE);
  assert_refuses("env:", BULLA_SECRET_UNAVAILABLE);
  assert_refuses("sha256-env:BULLA_TEST_SECRET", BULLA_UNSUPPORTED);
  assert_refuses("wrap:echo hunter2", BULLA_UNSUPPORTED);
  assert_refuses("hunter2", BULLA_UNSUPPORTED);
}
