/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where root keys come from: every provider, with good and bad input. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/crypto.h"
#include "core/slab.h"
#include "store/root.h"
#include "tests/keyring_support.h"
#include "tests/vault_support.h"

#define DIGITS "00112233445566778899aabbccddeeff0123456789ABCDEF0123456789abcdef"

TestSuite(provider, .init = build_folder, .fini = leave_folder);

/* The id of the key that |root| is, as 32 bytes of a tenant's secret could not tell them apart. */
static struct bulla_span id_of(const struct bulla_root *root) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_root_row row;
  struct bulla_root_entry entry;
  TEST_OK(bulla_root_wrap(&row, &entry, &keyring, root, keyring.vault_secret));
  bulla_keyring_free(&keyring);
  return test_copy(bulla_span(row.id, sizeof(row.id)));
}

static struct bulla_span id_of_bytes(struct bulla_span bytes) {
  struct bulla_key *key = NULL;
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = test_secret(bytes);
  TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  struct bulla_span id = test_copy(bulla_key_id(key));
  bulla_key_free(&key);
  return id;
}

static void write_mode(const char *name, const char *text, mode_t mode) {
  write_file(in_house(name), test_text(text));
  cr_assert_eq(chmod(in_house(name), mode), 0);
}

static const char *join(const char *a, const char *b) {
  return (const char *)test_concat(test_text(a), bulla_span(b, strlen(b) + 1)).data;
}

static void assert_opens(const char *provider, struct bulla_span bytes) {
  struct bulla_root *root = NULL;
  TEST_OK(bulla_root_open(&root, provider));
  TEST_SPAN(id_of(root), id_of_bytes(bytes), "%s", provider);
  bulla_root_free(&root);
  cr_assert_null(root);
}

static void assert_refused(const char *provider, enum bulla_status status) {
  size_t before = bulla_slab_usage().used;
  struct bulla_root *root = (struct bulla_root *)&house;
  enum bulla_status got = bulla_root_open(&root, provider);
  cr_assert_eq(got, status, "%s: %s", provider, bulla_status_text(got));
  cr_assert_null(root, "%s", provider);
  cr_assert_eq(bulla_slab_usage().used, before, "%s left a secret behind", provider);
}

/* Texts, and what a provider that reads digits must make of them. */
static const struct {
  const char *text;
  enum bulla_status status;
} texts[] = {
    {DIGITS, BULLA_OK},
    {DIGITS "\n", BULLA_OK},
    {"", BULLA_ROOT_MALFORMED},
    {"\n", BULLA_ROOT_MALFORMED},
    {"00", BULLA_ROOT_MALFORMED},
    {"0112233445566778899aabbccddeeff0123456789ABCDEF0123456789abcdef", BULLA_ROOT_MALFORMED},
    {"0112233445566778899aabbccddeeff0123456789ABCDEF0123456789abcdef\n", BULLA_ROOT_MALFORMED},
    {DIGITS "0", BULLA_ROOT_MALFORMED},
    {DIGITS "00", BULLA_ROOT_MALFORMED},
    {DIGITS "\r", BULLA_ROOT_MALFORMED},
    {DIGITS "\n\n", BULLA_ROOT_MALFORMED},
    {DIGITS "\r\n", BULLA_OK},
    {DIGITS "\n\r", BULLA_ROOT_MALFORMED},
    {DIGITS "\r\n\n", BULLA_ROOT_MALFORMED},
    {DIGITS "\r\r\n", BULLA_ROOT_MALFORMED},
    {DIGITS "\r\n\r\n", BULLA_ROOT_MALFORMED},
    {"\n" DIGITS, BULLA_ROOT_MALFORMED},
    {"\xEF\xBB\xBF" DIGITS, BULLA_ROOT_MALFORMED},
    {" " DIGITS, BULLA_ROOT_MALFORMED},
    {DIGITS DIGITS, BULLA_ROOT_MALFORMED},
    {"0x112233445566778899aabbccddeeff0123456789ABCDEF0123456789abcdef", BULLA_ROOT_MALFORMED},
    {"g0112233445566778899aabbccddeeff0123456789ABCDEF0123456789abcdef", BULLA_ROOT_MALFORMED},
};

#define NUM_TEXTS (sizeof(texts) / sizeof(texts[0]))

static void assert_text(size_t i, const char *provider) {
  if (texts[i].status == BULLA_OK) {
    assert_opens(provider, test_hex(DIGITS));
  } else {
    assert_refused(provider, texts[i].status);
  }
}

Test(provider, env_takes_64_digits_and_one_newline_and_nothing_else) {
  for (size_t i = 0; i < NUM_TEXTS; i++) {
    setenv("BULLA_TEST_ROOT", texts[i].text, 1);
    assert_text(i, "env:BULLA_TEST_ROOT");
  }
  unsetenv("BULLA_TEST_ROOT");
  assert_refused("env:BULLA_TEST_ROOT", BULLA_SECRET_UNAVAILABLE);
  assert_refused("env:", BULLA_SECRET_UNAVAILABLE);
}

Test(provider, file_takes_64_digits_and_one_newline_and_nothing_else) {
  const char *provider = join("file:", in_house("key"));
  for (size_t i = 0; i < NUM_TEXTS; i++) {
    write_mode("key", texts[i].text, 0600);
    assert_text(i, provider);
  }
}

Test(provider, file_that_others_can_touch_is_exposed) {
  const char *provider = join("file:", in_house("key"));
  for (mode_t bit = 1; bit <= 0400; bit <<= 1) {
    write_mode("key", DIGITS, 0400 | bit);
    if ((bit & 077) != 0) {
      assert_refused(provider, BULLA_SECRET_EXPOSED);
    } else {
      assert_opens(provider, test_hex(DIGITS));
    }
  }
}

Test(provider, file_must_be_a_regular_file) {
  assert_refused(join("file:", in_house("absent")), BULLA_SECRET_UNAVAILABLE);
  assert_refused(join("file:", house.folder), BULLA_SECRET_UNAVAILABLE);
  assert_refused("file:", BULLA_SECRET_UNAVAILABLE);
  assert_refused("file:/dev/zero", BULLA_SECRET_UNAVAILABLE);
  cr_assert_eq(mkfifo(in_house("pipe"), 0600), 0);
  alarm(10);
  assert_refused(join("file:", in_house("pipe")), BULLA_SECRET_UNAVAILABLE);
}

/* Asserts that the log is told |words| when |provider| is opened, and nothing that |not_told| says. */
static void assert_told(const char *provider, const char *words, const char *not_told) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  test_listen();
  enum bulla_status status = bulla_root_open(&root, provider);
  bulla_log_set(NULL, NULL);
  cr_assert_neq(status, BULLA_OK, "%s", provider);
  cr_assert_eq(test_told.status, status, "%s: %s", provider, test_told.text);
  cr_assert_not_null(strstr(test_told.text, words), "%s: %s", provider, test_told.text);
  cr_assert(not_told == NULL || strstr(test_told.text, not_told) == NULL, "%s: %s", provider, test_told.text);
}

Test(provider, the_log_is_told_why_a_key_cannot_be_had_and_nothing_of_it) {
  const char *file = join("file:", in_house("key"));
  unsetenv("BULLA_TEST_ROOT");
  unsetenv("CREDENTIALS_DIRECTORY");
  assert_told("env:BULLA_TEST_ROOT", "variable is not set", NULL);
  assert_told("sha256-env:BULLA_TEST_ROOT", "variable is not set", NULL);
  assert_told("cred:key", "CREDENTIALS_DIRECTORY", NULL);
  assert_told("cred:a/b", "slash", "a/b");
  assert_told("fd:987", "not open", NULL);
  assert_told("fd:x", "number", NULL);
  assert_told(file, "No such file", NULL);
  assert_told(join("file:", house.folder), "a folder", NULL);
  assert_told("file:/dev/null", "a device", NULL);
  cr_assert_eq(mkfifo(in_house("pipe"), 0600), 0);
  assert_told(join("file:", in_house("pipe")), "fd:N", NULL);
  write_mode("key", DIGITS, 0640);
  assert_told(file, "0640", NULL);
  write_mode("key", "c0ffee", 0600);
  assert_told(file, "6 characters, not 64", "c0ffee");
  write_mode("key", DIGITS DIGITS, 0600);
  assert_told(file, "more than 64", "0011");
  for (size_t at = 0; at < 64; at++) {
    char text[65] = DIGITS;
    char place[32];
    text[at] = 'z';
    snprintf(place, sizeof(place), "character %zu is", at + 1);
    setenv("BULLA_TEST_ROOT", text, 1);
    assert_told("env:BULLA_TEST_ROOT", place, "z");
  }
}

Test(provider, file_of_another_user_is_exposed) {
  if (geteuid() != 0) {
    cr_skip_test("not root: cannot give a file away");
  }
  write_mode("key", DIGITS, 0600);
  assert_opens(join("file:", in_house("key")), test_hex(DIGITS));
  cr_assert_eq(chown(in_house("key"), 65534, 0), 0);
  assert_told(join("file:", in_house("key")), "belongs to user 65534", NULL);
  assert_refused(join("file:", in_house("key")), BULLA_SECRET_EXPOSED);
  setenv("CREDENTIALS_DIRECTORY", house.folder, 1);
  assert_refused("cred:key", BULLA_SECRET_EXPOSED);
}

static int open_as_nobody(void *arg) {
  if (setgid(65534) != 0 || setuid(65534) != 0) {
    return TEST_CANNOT;
  }
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  return (int)bulla_root_open(&root, (const char *)arg);
}

Test(provider, file_of_this_user_or_of_root_is_taken) {
  if (geteuid() != 0) {
    cr_skip_test("not root: cannot become another user");
  }
  /* As systemd gives a credential to a service: root's, readable through a list that shows as a group's bit. */
  setenv("CREDENTIALS_DIRECTORY", house.folder, 1);
  cr_assert_eq(chmod(house.folder, 0755), 0);
  write_mode("key", DIGITS, 0440);
  cr_assert_eq(chown(in_house("key"), 0, 65534), 0);
  cr_assert_eq(test_in_child(open_as_nobody, (void *)"cred:key"), 0);
  write_mode("key", DIGITS, 0400);
  cr_assert_eq(chown(in_house("key"), 65534, 65534), 0);
  cr_assert_eq(test_in_child(open_as_nobody, (void *)"cred:key"), 0);
  char provider[420];
  snprintf(provider, sizeof(provider), "%s", join("file:", in_house("key")));
  cr_assert_eq(test_in_child(open_as_nobody, provider), 0);
  cr_assert_eq(chown(in_house("key"), 65533, 65534), 0);
  cr_assert_eq(WEXITSTATUS(test_in_child(open_as_nobody, (void *)"cred:key")), TEST_EXIT(BULLA_SECRET_UNAVAILABLE));
}

Test(provider, file_may_be_a_link_whose_target_is_judged) {
  cr_assert_eq(symlink("key", in_house("link")), 0);
  write_mode("key", DIGITS, 0600);
  assert_opens(join("file:", in_house("link")), test_hex(DIGITS));
  write_mode("key", DIGITS, 0644);
  assert_refused(join("file:", in_house("link")), BULLA_SECRET_EXPOSED);
}

Test(provider, descriptor_is_read_to_its_end_and_left_open) {
  for (size_t i = 0; i < NUM_TEXTS; i++) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    size_t half = strlen(texts[i].text) / 2;
    size_t rest = strlen(texts[i].text) - half;
    cr_assert_eq(write(ends[1], texts[i].text, half), (ssize_t)half);
    pid_t child = fork();
    if (child == 0) {
      /* The second half comes late: a short read is not the end. */
      usleep(2000);
      _exit(write(ends[1], texts[i].text + half, rest) == (ssize_t)rest ? 0 : 1);
    }
    close(ends[1]);
    char provider[32];
    snprintf(provider, sizeof(provider), "fd:%d", ends[0]);
    assert_text(i, provider);
    waitpid(child, NULL, 0);
    cr_assert_eq(fcntl(ends[0], F_GETFD), 0);
    close(ends[0]);
  }
}

Test(provider, descriptor_must_be_an_open_number) {
  static const char *const providers[] = {
      "fd:987", "fd:", "fd:-1", "fd:x", "fd:3x", "fd: 3", "fd:+3", "fd:99999999999999999999", "fd:4294967296"};
  for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
    assert_refused(providers[i], BULLA_SECRET_UNAVAILABLE);
  }
}

Test(provider, credential_is_a_file_in_the_folder_of_credentials) {
  unsetenv("CREDENTIALS_DIRECTORY");
  write_mode("key", DIGITS "\n", 0400);
  assert_refused("cred:key", BULLA_SECRET_UNAVAILABLE);
  setenv("CREDENTIALS_DIRECTORY", house.folder, 1);
  assert_opens("cred:key", test_hex(DIGITS));
  assert_refused("cred:absent", BULLA_SECRET_UNAVAILABLE);
  assert_refused("cred:", BULLA_SECRET_UNAVAILABLE);
  assert_refused("cred:..", BULLA_SECRET_UNAVAILABLE);
  assert_refused(join("cred:../", join(strrchr(house.folder, '/') + 1, "/key")), BULLA_SECRET_UNAVAILABLE);
  write_mode("key", DIGITS, 0440);
  assert_opens("cred:key", test_hex(DIGITS));
  write_mode("key", DIGITS, 0404);
  assert_refused("cred:key", BULLA_SECRET_EXPOSED);
  setenv("CREDENTIALS_DIRECTORY", (const char *)test_concat(test_filled('/', 5000), bulla_span("", 1)).data, 1);
  assert_refused("cred:key", BULLA_SECRET_UNAVAILABLE);
}

Test(provider, hashed_env_is_sha256_of_the_value) {
  setenv("BULLA_TEST_ROOT", "abc", 1);
  /* FIPS 180-2, appendix B.1. */
  assert_opens("sha256-env:BULLA_TEST_ROOT",
               test_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  setenv("BULLA_TEST_ROOT", "", 1);
  assert_refused("sha256-env:BULLA_TEST_ROOT", BULLA_ROOT_MALFORMED);
  unsetenv("BULLA_TEST_ROOT");
  assert_refused("sha256-env:BULLA_TEST_ROOT", BULLA_SECRET_UNAVAILABLE);
}

Test(provider, other_providers_are_unsupported) {
  static const char *const providers[] = {"",      "env",      "file", "http://x", "passphrase", "passphrase:x",
                                          "ENV:X", "CMD:true", DIGITS};
  struct bulla_root *root = NULL;
  for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
    assert_refused(providers[i], BULLA_UNSUPPORTED);
    TEST_STATUS(bulla_root_create(&root, providers[i]), BULLA_UNSUPPORTED);
  }
  TEST_STATUS(bulla_root_create(&root, "env:X"), BULLA_UNSUPPORTED);
  assert_refused(NULL, BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_root_create(&root, NULL), BULLA_INVALID_ARGUMENT);
}

Test(provider, created_file_is_private_and_holds_the_key) {
  umask(0);
  const char *provider = join("file:", in_house("key"));
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  TEST_OK(bulla_root_create(&root, provider));
  struct stat status;
  cr_assert_eq(stat(in_house("key"), &status), 0);
  cr_assert_eq(status.st_mode & 0777, 0600);
  struct bulla_span text = read_file(in_house("key"));
  cr_assert_eq(text.len, 65);
  cr_assert_eq(text.data[64], '\n');
  struct bulla_root *again BULLA_CLEANUP(bulla_root_free) = NULL;
  TEST_OK(bulla_root_open(&again, provider));
  TEST_SPAN(id_of(again), id_of(root), "the same key");
  bulla_root_free(&again);
  TEST_STATUS(bulla_root_create(&again, provider), BULLA_EXISTS);
  cr_assert_null(again);
  TEST_SPAN(read_file(in_house("key")), text, "an existing key is left alone");
  TEST_OK(bulla_root_create(&again, join(provider, "2")));
  cr_assert_not(test_same(id_of(again), id_of(root)), "keys are random");
}

Test(provider, creation_does_not_follow_a_link) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  cr_assert_eq(symlink("target", in_house("link")), 0);
  TEST_STATUS(bulla_root_create(&root, join("file:", in_house("link"))), BULLA_EXISTS);
  cr_assert_neq(access(in_house("target"), F_OK), 0);
}

static int create_without_room(void *folder) {
  (void)folder;
  struct rlimit small = {10, 10};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  return (int)bulla_root_create(&root, join("file:", in_house("key")));
}

static int create_as_nobody(void *folder) {
  (void)folder;
  if (setgid(65534) != 0 || setuid(65534) != 0) {
    return TEST_CANNOT;
  }
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  return (int)bulla_root_create(&root, join("file:", in_house("key")));
}

Test(provider, failed_creation_leaves_nothing) {
  int status = test_in_child(create_without_room, NULL);
  cr_assert(WIFEXITED(status));
  cr_assert_eq(WEXITSTATUS(status), TEST_EXIT(BULLA_DISK_FULL), "%d", WEXITSTATUS(status));
  cr_assert_neq(access(in_house("key"), F_OK), 0, "a part of a key is left");
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  TEST_STATUS(bulla_root_create(&root, join("file:", in_house("absent/key"))), BULLA_IO);
  chmod(house.folder, 0755);
  status = test_in_child_or_skip(create_as_nobody, NULL, "not root: cannot become another user");
  cr_assert_eq(WEXITSTATUS(status), TEST_EXIT(BULLA_READ_ONLY), "%d", WEXITSTATUS(status));
}
