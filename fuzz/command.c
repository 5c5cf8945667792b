/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/command.h. */

#include "fuzz/command.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

enum { OUT_MAX = 1 << 20 };

/* A sanitizer's report must not go where the command's errors go. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak)); /* NOLINT(bugprone-reserved-identifier,cert-*) */

/* In place of the standard streams, and what they were. */
static int streams[3];
static int saved[3];
static uint8_t *outputs[2];

void fuzz_command_set_up(void) {
  /* Prompts must find no terminal. */
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal >= 0) {
    (void)ioctl(terminal, TIOCNOTTY);
    (void)close(terminal);
  }
  for (int fd = 0; fd < 3; fd++) {
    streams[fd] = memfd_create("stream", MFD_CLOEXEC);
    saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    FUZZ_ASSERT(streams[fd] >= 0);
  }
  outputs[0] = fuzz_alloc(OUT_MAX);
  outputs[1] = fuzz_alloc(OUT_MAX);
  if (__sanitizer_set_report_fd != NULL && saved[2] >= 0) {
    __sanitizer_set_report_fd((void *)(intptr_t)saved[2]); /* NOLINT(performance-no-int-to-ptr): so it is */
  }
  FUZZ_ASSERT(setenv("BULLA_VAULT", fuzz_vault_url(), 1) == 0);
  FUZZ_ASSERT(setenv("BULLA_ROOT", FUZZ_ROOT, 1) == 0);
}

void fuzz_command_file(const char *name, struct bulla_span bytes) {
  char path[160];
  (void)snprintf(path, sizeof(path), "%s/%s", fuzz_vault_folder(), name);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  FUZZ_ASSERT(file >= 0 && write(file, bytes.data, bytes.len) == (ssize_t)bytes.len);
  (void)close(file);
}

static void redirect(struct bulla_span input) {
  for (int fd = 0; fd < 3; fd++) {
    FUZZ_ASSERT(ftruncate(streams[fd], 0) == 0 && lseek(streams[fd], 0, SEEK_SET) == 0);
  }
  FUZZ_ASSERT(pwrite(streams[0], input.data, input.len, 0) == (ssize_t)input.len);
  for (int fd = 0; fd < 3; fd++) {
    FUZZ_ASSERT(dup2(streams[fd], fd) == fd);
  }
}

/* The process goes on where main() would have returned: the C library then flushes what is left. */
static void restore(void) {
  (void)fflush(stdout);
  clearerr(stdout);
  for (int fd = 0; fd < 3; fd++) {
    if (saved[fd] >= 0) {
      (void)dup2(saved[fd], fd);
    } else {
      (void)close(fd);
    }
  }
}

static struct bulla_span printed(int fd) {
  ssize_t len = pread(streams[fd], outputs[fd - 1], OUT_MAX, 0);
  FUZZ_ASSERT(len >= 0 && len < OUT_MAX);
  return bulla_span(outputs[fd - 1], (size_t)len);
}

static void check_error_line(struct bulla_span err) {
  struct bulla_span begin = BULLA_LITERAL("bulla: ");
  FUZZ_ASSERT(err.len > begin.len && memcmp(err.data, begin.data, begin.len) == 0);
  FUZZ_ASSERT(err.data[err.len - 1] == '\n');
  for (size_t i = 0; i + 1 < err.len; i++) {
    FUZZ_ASSERT(err.data[i] >= 0x20 && err.data[i] != 0x7f);
    FUZZ_ASSERT(err.data[i] != 0xc2 || err.data[i + 1] < 0x80 || err.data[i + 1] >= 0xa0);
  }
}

struct fuzz_outcome fuzz_command(int argc, char **argv, struct bulla_span input) {
  struct fuzz_outcome outcome;
  redirect(input);
  outcome.exit_status = bulla_cli_run(argc, argv);
  restore();
  outcome.out = printed(1);
  outcome.err = printed(2);
  if (outcome.exit_status == 0) {
    FUZZ_ASSERT(outcome.err.len == 0);
  } else {
    check_error_line(outcome.err);
  }
  return outcome;
}

bool fuzz_shows(struct bulla_span bytes, struct bulla_span secret) {
  static const char digits[2][17] = {"0123456789abcdef", "0123456789ABCDEF"};
  uint8_t hex[2 * 512];
  FUZZ_ASSERT(secret.len > 0 && 2 * secret.len <= sizeof(hex));
  bool shown = memmem(bytes.data, bytes.len, secret.data, secret.len) != NULL;
  for (int letter_case = 0; letter_case < 2; letter_case++) {
    for (size_t i = 0; i < secret.len; i++) {
      hex[2 * i] = (uint8_t)digits[letter_case][secret.data[i] >> 4];
      hex[2 * i + 1] = (uint8_t)digits[letter_case][secret.data[i] & 15];
    }
    shown = shown || memmem(bytes.data, bytes.len, hex, 2 * secret.len) != NULL;
  }
  return shown;
}
