/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Keys that programs wrap and unwrap: ones that speak the protocol of docs/PROGRAMS.md, and ones that get it wrong, are
 * slow, dead, talkative, or leave others behind. */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/slab.h"
#include "store/wrapper.h"
#include "tests/support.h"

enum { PATIENCE_MS = 20000, ROOM = BULLA_PROGRAM_WRAPPED_MAX };

static const char *folder;
static struct bulla_secret *key;
static struct bulla_span id;

/* What every script begins with. Letters in the other case, and one more, are what was wrapped. */
static const char reads[] = "read -r protocol operation; read -r vault; read -r data\n";
static const char good[] =
    "[ \"$protocol\" = bulla-wrap-1 ] || exit 7\n"
    "case $operation in\n"
    "  wrap) answer=$(printf %s \"$data\" | tr A-Za-z a-zA-Z)A ;;\n"
    "  unwrap) answer=$(printf %s \"${data%A}\" | tr A-Za-z a-zA-Z) ;;\n"
    "esac\n";
static const char says[] = "printf 'bulla-wrap-1 ok\\n%s\\nend\\n' \"$answer\"\n";

static void set_up(void) {
  folder = test_folder();
  key = test_secret(test_hex("00fbeffbe00102030405060708090a0b0c0d0e0f101112131415161718191a1b"));
  id = test_hex("0a4f1c9be27d46538f6b2d1e97c05a34");
  struct bulla_span digits = test_base64url(bulla_secret_bytes(key));
  char text[44] = "";
  memcpy(text, digits.data, digits.len);
  setenv("KEY", text, 1); /* of which the scripts know, and the log must not */
  setenv("FOLDER", folder, 1);
}

static void tear_down(void) {
  test_remove_folder(folder);
}

TestSuite(wrapper, .init = set_up, .fini = tear_down);

static const char *script(const char *a, const char *b, const char *c) {
  static int num;
  char name[20];
  char text[2000];
  snprintf(name, sizeof(name), "script-%d", num++);
  snprintf(text, sizeof(text), "%s%s%s", a, b, c);
  return test_script(folder, name, text);
}

/* What the good script makes of the key. */
static struct bulla_span wrapped_key(void) {
  struct bulla_buffer wrapped = test_room(ROOM);
  TEST_OK(bulla_program_wrap(&wrapped, script(reads, good, says), key, id, PATIENCE_MS));
  return bulla_written(&wrapped);
}

static int num_descriptors(void) {
  int num = 0;
  DIR *all = opendir("/proc/self/fd");
  while (readdir(all) != NULL) {
    num++;
  }
  closedir(all);
  return num;
}

static void assert_nothing_left(const char *command, size_t used, int descriptors) {
  cr_assert_eq(bulla_slab_usage().used, used, "%s left a secret behind", command);
  cr_assert_eq(num_descriptors(), descriptors, "%s left a descriptor behind", command);
  errno = 0;
  cr_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "%s left a child behind", command);
  cr_assert_null(strstr(test_told.text, getenv("KEY")), "the log has the key: %s", test_told.text);
}

/* |command| unwraps nothing, and the log says |detail|. */
static void assert_unwraps_nothing(const char *command, const char *detail, int patience_ms) {
  size_t used = bulla_slab_usage().used;
  int descriptors = num_descriptors();
  struct bulla_secret *got = key;
  test_listen();
  TEST_STATUS(bulla_program_unwrap(&got, command, test_filled('w', 100), id, patience_ms), BULLA_SECRET_UNAVAILABLE);
  cr_assert_null(got);
  cr_expect_not_null(strstr(test_told.text, detail), "not \"%s\" but \"%s\"", detail, test_told.text);
  cr_expect_not_null(strstr(test_told.text, command), "it does not name the program: %s", test_told.text);
  assert_nothing_left(command, used, descriptors);
}

static void assert_wraps_nothing(const char *command, const char *detail) {
  size_t used = bulla_slab_usage().used;
  int descriptors = num_descriptors();
  struct bulla_buffer wrapped = test_room(ROOM);
  test_listen();
  TEST_STATUS(bulla_program_wrap(&wrapped, command, key, id, PATIENCE_MS), BULLA_SECRET_UNAVAILABLE);
  TEST_FAILED(wrapped, "%s", detail);
  cr_expect_not_null(strstr(test_told.text, detail), "not \"%s\" but \"%s\"", detail, test_told.text);
  cr_expect_not_null(strstr(test_told.text, command), "it does not name the program: %s", test_told.text);
  assert_nothing_left(command, used, descriptors);
}

Test(wrapper, what_was_wrapped_is_unwrapped) {
  size_t used = bulla_slab_usage().used;
  int descriptors = num_descriptors();
  struct bulla_span wrapped = wrapped_key();
  cr_assert_eq(wrapped.len, 33);
  struct bulla_secret *again = NULL;
  TEST_OK(bulla_program_unwrap(&again, script(reads, good, says), wrapped, id, PATIENCE_MS));
  TEST_SPAN(bulla_secret_bytes(again), bulla_secret_bytes(key), "the key");
  bulla_secret_free(&again);
  assert_nothing_left("it", used, descriptors);
}

Test(wrapper, default_patience_is_enough) {
  struct bulla_secret *again = NULL;
  TEST_OK(bulla_program_unwrap(&again, script(reads, good, says), wrapped_key(), id, 0));
  bulla_secret_free(&again);
}

/* What the script kept of its standard input in the file |name|. */
static void assert_kept(const char *name, const char *wanted) {
  char path[600];
  char text[2000] = "";
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  FILE *file = fopen(path, "re");
  cr_assert_not_null(file, "%s", path);
  size_t len = fread(text, 1, sizeof(text) - 1, file);
  fclose(file);
  cr_expect_eq(len, strlen(wanted));
  cr_expect_str_eq(text, wanted);
}

Test(wrapper, a_request_has_three_lines_and_an_end) {
  const char *keeps = script("cat >$FOLDER/all\n", "cp $FOLDER/all $FOLDER/$(sed -n '1s/.* //p' $FOLDER/all)\n",
                             "exec <$FOLDER/all\nread -r protocol operation; read -r vault; read -r data\n"
                             "answer=$KEY; [ $operation = unwrap ] || answer=d3JhcHBlZA\n"
                             "printf 'bulla-wrap-1 ok\\n%s\\nend\\n' $answer");
  struct bulla_buffer wrapped = test_room(ROOM);
  TEST_OK(bulla_program_wrap(&wrapped, keeps, key, id, PATIENCE_MS));
  TEST_SPAN(bulla_written(&wrapped), BULLA_LITERAL("wrapped"), "what it answers");
  char wanted[200];
  snprintf(wanted, sizeof(wanted), "bulla-wrap-1 wrap\n0a4f1c9be27d46538f6b2d1e97c05a34\n%s\n", getenv("KEY"));
  assert_kept("wrap", wanted);
  assert_kept("unwrap", "bulla-wrap-1 unwrap\n0a4f1c9be27d46538f6b2d1e97c05a34\nd3JhcHBlZA\n");
}

Test(wrapper, one_that_gets_it_wrong_unwraps_nothing) {
  static const struct {
    const char *text;
    const char *detail;
  } rows[] = {
      {"", "it answers nothing"},
      {"echo $KEY", "line 1"},
      {"echo 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "one that prints the key itself"},
      {"printf 'bulla-wrap-2 ok\\n%s\\nend\\n' $KEY", "line 1"},
      {"printf 'bulla-wrap-1 OK\\n%s\\nend\\n' $KEY", "line 1"},
      {"printf 'bulla-wrap-1 ok \\n%s\\nend\\n' $KEY", "line 1"},
      {"printf 'bulla-wrap-1 ok\\r\\n%s\\r\\nend\\r\\n' $KEY", "line 1"},
      {"printf ' bulla-wrap-1 ok\\n%s\\nend\\n' $KEY", "line 1"},
      {"printf 'bulla-wrap-1 ok\\n%s\\nend' $KEY", "line 3"},
      {"printf 'bulla-wrap-1 ok\\n%s\\n' $KEY", "line 3"},
      {"printf 'bulla-wrap-1 ok\\n%s' $KEY", "line 3"},
      {"printf 'bulla-wrap-1 ok\\n%s\\nend\\n\\n' $KEY", "line 3"},
      {"printf 'bulla-wrap-1 ok\\n%s\\nend\\nmore\\n' $KEY", "line 3"},
      {"printf 'bulla-wrap-1 ok\\n%s\\nend\\n%s\\nend\\n' $KEY $KEY", "line 2"},
      {"printf 'bulla-wrap-1 ok\\n%s=\\nend\\n' $KEY", "line 2"},
      {"printf 'bulla-wrap-1 ok\\n%s\\nend\\n' ${KEY%b}+", "line 2"},
      {"printf 'bulla-wrap-1 ok\\n%sA\\nend\\n' $KEY", "line 2"},
      {"printf 'bulla-wrap-1 ok\\n%s\\nend\\n' ${KEY%??}", "line 2"},
      {"printf 'bulla-wrap-1 ok\\n\\nend\\n'", "line 2"},
      {"printf 'bulla-wrap-1 ok\\nend\\n'", "line 3"},
      {"printf 'bulla-wrap-1 refused\\n\\nend\\n'", "line 2"},
      {"printf 'bulla-wrap-1 refused\\nno\\nno\\nend\\n'", "line 2"},
      {"printf 'bulla-wrap-1 refused\\n%s\\nend\\n' \"$(head -c 201 /dev/zero | tr '\\0' x)\"", "line 2"},
      {"printf 'bulla-wrap-1 refused\\nn\\303\\266\\nend\\n'", "line 2"},
      {"head -c 1387 /dev/zero", "line 1"},
      {"head -c 1388 /dev/zero", "answers more than 1387 bytes"},
      {"exec yes $KEY", "answers more than 1387 bytes"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_unwraps_nothing(script(reads, rows[i].text, ""), rows[i].detail, PATIENCE_MS);
  }
}

Test(wrapper, one_that_refuses_says_why_whatever_its_exit_status) {
  assert_unwraps_nothing(script(reads, "printf 'bulla-wrap-1 refused\\nthe token is locked\\nend\\n'", ""),
                         " refuses: the token is locked", PATIENCE_MS);
  assert_unwraps_nothing(script(reads, "printf 'bulla-wrap-1 refused\\nno such key\\nend\\n'; exit 1", ""),
                         " refuses: no such key", PATIENCE_MS);
  assert_wraps_nothing(script(reads, "printf 'bulla-wrap-1 refused\\nread only\\nend\\n'", ""), " refuses: read only");
  char text[300];
  snprintf(text, sizeof(text),
           "printf 'bulla-wrap-1 refused\\n%%s\\nend\\n' \"$(head -c 200 /dev/zero | tr '\\0' ' ')\"");
  assert_unwraps_nothing(script(reads, text, ""), " refuses: ", PATIENCE_MS);
}

Test(wrapper, a_refusal_with_the_key_in_it_is_not_repeated) {
  assert_unwraps_nothing(script(reads, "printf 'bulla-wrap-1 refused\\nno use for %s here\\nend\\n' $KEY", ""),
                         " refuses: no use for ... here", PATIENCE_MS);
  assert_unwraps_nothing(script(reads, "printf 'bulla-wrap-1 refused\\n%s\\nend\\n' $KEY", ""), " refuses: ...",
                         PATIENCE_MS);
}

Test(wrapper, one_that_fails_unwraps_nothing_whatever_it_answered) {
  static const struct {
    const char *text;
    const char *detail;
  } rows[] = {
      {"exit 3", "ended with status 3"},
      {"kill -9 $$", "ended by signal 9"},
      {"kill -TERM $$", "ended by signal 15"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_unwraps_nothing(script(reads, rows[i].text, ""), rows[i].detail, PATIENCE_MS);
    assert_unwraps_nothing(script("answer=$KEY\n", says, rows[i].text), rows[i].detail, PATIENCE_MS);
  }
  assert_unwraps_nothing("/nowhere/program", "cannot be run", PATIENCE_MS);
  assert_unwraps_nothing(folder, "cannot be run", PATIENCE_MS);
}

Test(wrapper, one_that_is_slow_is_ended) {
  static const char *const slow[] = {
      "sleep 60",
      "exec >&-; sleep 60",
      "exec <&-; sleep 60",
      "printf 'bulla-wrap-1 ok\\n%s\\nend\\n' $KEY; sleep 60",
      "while :; do printf .; sleep 0.05; done",
  };
  for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
    struct timespec before;
    struct timespec after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_unwraps_nothing(script("trap '' TERM HUP\n", slow[i], ""), "took longer than 0.3 s", 300);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_expect_lt(after.tv_sec - before.tv_sec, 5, "%s", slow[i]);
  }
}

Test(wrapper, one_that_does_not_read_harms_nobody) {
  static const char *const deaf[] = {"", "exec <&-\n", "read -r line; exec <&-\n"};
  signal(SIGPIPE, SIG_DFL);
  for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++) {
    struct bulla_secret *got = NULL;
    const char *command = script(deaf[i], "answer=$KEY\n", says);
    TEST_OK(bulla_program_unwrap(&got, command, test_filled('w', ROOM), id, PATIENCE_MS));
    TEST_SPAN(bulla_secret_bytes(got), bulla_secret_bytes(key), "%s", deaf[i]);
    bulla_secret_free(&got);
    assert_unwraps_nothing(script(deaf[i], "true", ""), "it answers nothing", PATIENCE_MS);
  }
}

Test(wrapper, what_it_leaves_running_does_not_hold_it_up) {
  struct timespec before;
  struct timespec after;
  struct bulla_secret *got = NULL;
  const char *command = script("sleep 6 &\n(sleep 6; echo more) &\nanswer=$KEY\n", says, "");
  clock_gettime(CLOCK_MONOTONIC, &before);
  TEST_OK(bulla_program_unwrap(&got, command, test_filled('w', 100), id, PATIENCE_MS));
  clock_gettime(CLOCK_MONOTONIC, &after);
  cr_expect_lt(after.tv_sec - before.tv_sec, 5);
  bulla_secret_free(&got);
}

Test(wrapper, what_a_slow_or_failed_one_started_ends_with_it) {
  char path[600];
  snprintf(path, sizeof(path), "%s/alive", folder);
  assert_unwraps_nothing(script("(sleep 1; touch $FOLDER/alive) &\n", "sleep 60", ""), "took longer", 300);
  assert_unwraps_nothing(script("(sleep 1; touch $FOLDER/alive) &\n", "exit 4", ""), "status 4", PATIENCE_MS);
  sleep(2);
  cr_expect_neq(access(path, F_OK), 0);
}

Test(wrapper, it_has_no_descriptor_but_its_own_three) {
  int other = dup(1);
  cr_assert_geq(other, 3);
  struct bulla_secret *got = NULL;
  /* 3 is ls's own. */
  const char *command = script(reads, "[ $(ls /proc/self/fd | wc -l) = 4 ] || exit 5\nanswer=$KEY\n", says);
  TEST_OK(bulla_program_unwrap(&got, command, test_filled('w', 100), id, PATIENCE_MS));
  bulla_secret_free(&got);
  close(other);
}

static int unwrap_without_standard_descriptors(void *command) {
  struct bulla_secret *got = NULL;
  close(0);
  close(1);
  close(2);
  int status = (int)bulla_program_unwrap(&got, (const char *)command, bulla_span(folder, 20), id, PATIENCE_MS);
  bulla_secret_free(&got);
  return status == BULLA_OK ? 0 : 1;
}

Test(wrapper, standard_descriptors_may_be_closed) {
  static char command[600];
  snprintf(command, sizeof(command), "%s", script(reads, "[ -e /proc/$$/fd/2 ] || exit 6\nanswer=$KEY\n", says));
  cr_expect_eq(test_in_child(unwrap_without_standard_descriptors, command), 0);
}

Test(wrapper, other_children_stay_their_parents) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    _exit(7);
  }
  struct bulla_secret *got = NULL;
  TEST_OK(bulla_program_unwrap(&got, script(reads, "answer=$KEY\n", says), test_filled('w', 100), id, PATIENCE_MS));
  bulla_secret_free(&got);
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

Test(wrapper, where_ends_of_children_are_not_told_nothing_is_taken) {
  signal(SIGCHLD, SIG_IGN);
  assert_unwraps_nothing(script(reads, "answer=$KEY\n", says), "SIGCHLD is ignored", PATIENCE_MS);
  signal(SIGCHLD, SIG_DFL);
}

Test(wrapper, one_that_wraps_nothing_is_found_out) {
  assert_wraps_nothing(script(reads, "answer=$data\n", says), "hands back the key");
  assert_wraps_nothing(script(reads, "[ $operation = wrap ] && answer=AAAA$data || answer=${data#AAAA}\n", says),
                       "hands back the key");
  assert_wraps_nothing(script(reads, "answer=$(printf %s $data | base64 -w 0 | tr -d =)\n", says),
                       "hands back the key");
  assert_wraps_nothing(script(reads, "answer=\n", says), "line 2");
}

Test(wrapper, what_does_not_come_back_is_not_taken) {
  const char *other = "answer=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
  assert_wraps_nothing(script(reads, other, says), "unwraps another key");
  assert_wraps_nothing(script(reads, "[ $operation = wrap ] && answer=d3JhcHBlZA || exit 9\n", says), "status 9");
  assert_wraps_nothing(script(reads, "answer=d3JhcHBlZA\n", says), "line 2");
}

/* One that wraps to |len| zeros. */
static const char *wraps_to(int len) {
  char text[200];
  snprintf(text, sizeof(text), "[ $operation = unwrap ] || answer=$(head -c %d /dev/zero | base64 -w 0 | tr -d =)\n",
           len);
  return script(reads, text, "answer=${answer:-$KEY}\nprintf 'bulla-wrap-1 ok\n%s\nend\n' $answer");
}

Test(wrapper, a_wrapped_key_may_have_1024_bytes) {
  struct bulla_buffer wrapped = test_room(ROOM);
  TEST_OK(bulla_program_wrap(&wrapped, wraps_to(ROOM), key, id, PATIENCE_MS));
  TEST_SPAN(bulla_written(&wrapped), test_filled(0, ROOM), "what it answers");
  assert_wraps_nothing(wraps_to(ROOM + 1), "more than 1387 bytes");
}

Test(wrapper, arguments_are_looked_at_first) {
  const char *command = script(reads, "touch $FOLDER/ran\n", "");
  struct bulla_buffer wrapped = test_room(ROOM);
  struct bulla_buffer small = test_room(ROOM - 1);
  struct bulla_secret *got = NULL;
  struct bulla_secret *short_key = test_secret(test_filled(1, 31));
  TEST_STATUS(bulla_program_wrap(&wrapped, command, short_key, id, 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_wrap(&wrapped, command, key, bulla_span(id.data, 15), 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_wrap(&wrapped, command, key, id, -1), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_wrap(&wrapped, NULL, key, id, 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_wrap(&wrapped, "  ", key, id, 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_wrap(&small, command, key, id, 0), BULLA_BUFFER_TOO_SMALL);
  TEST_FAILED(wrapped, "nothing was wrapped");
  TEST_FAILED(small, "nothing was wrapped");
  TEST_STATUS(bulla_program_unwrap(&got, command, bulla_span(NULL, 0), id, 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_unwrap(&got, command, test_filled(1, ROOM + 1), id, 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_unwrap(&got, command, test_filled(1, 10), test_filled(1, 17), 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_program_unwrap(&got, NULL, test_filled(1, 10), id, 0), BULLA_INVALID_ARGUMENT);
  cr_expect_null(got);
  char path[600];
  snprintf(path, sizeof(path), "%s/ran", folder);
  cr_expect_neq(access(path, F_OK), 0, "the program was run");
}

static int wrap_in_child(void *command) {
  static uint8_t room[ROOM];
  struct bulla_buffer wrapped = bulla_buffer(room, sizeof(room));
  return bulla_program_wrap(&wrapped, (const char *)command, key, id, 0) == BULLA_FORKED ? 0 : 1;
}

Test(wrapper, a_forked_child_has_no_key_to_wrap) {
  static char command[600];
  snprintf(command, sizeof(command), "%s", script(reads, good, says));
  cr_expect_eq(test_in_child(wrap_in_child, command), 0);
}
