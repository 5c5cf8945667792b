/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/sealed_file.h. memfd_secret(2) would keep the pages out of swap, but what it makes cannot be read(2). */

#include "cli/sealed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/error.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

/* Scripts use the numbers below 10 as they like. */
enum { FD_LOWEST = 10 };

static int make_file(void) {
  /* The name is for /proc alone, and tells nothing. */
  int fd = memfd_create("bulla", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  return fd < 0 && errno == EINVAL ? memfd_create("bulla", MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

enum bulla_status bulla_sealed_file_new(struct bulla_cli *cli, int *fd) {
  int made = make_file();
  *fd = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, FD_LOWEST);
  int error = errno;
  if (made >= 0) {
    (void)close(made);
  }
  return *fd >= 0 ? BULLA_OK : bulla_cli_errno(cli, error);
}

static bool write_all(int fd, struct bulla_span bytes) {
  while (bytes.len > 0) {
    ssize_t done = write(fd, bytes.data, bytes.len);
    if (done < 0 && errno != EINTR) {
      return false;
    }
    bytes.data += done > 0 ? done : 0;
    bytes.len -= done > 0 ? (size_t)done : 0;
  }
  return true;
}

enum bulla_status bulla_sealed_file_fill(struct bulla_cli *cli, int fd, struct bulla_span bytes) {
  const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  /* ssh(1) and others refuse a key that more than its owner can read, or that can be written. */
  bool done = write_all(fd, bytes) && fchmod(fd, S_IRUSR) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0 &&
              lseek(fd, 0, SEEK_SET) == 0 && fcntl(fd, F_SETFD, 0) == 0;
  return done ? BULLA_OK : bulla_cli_errno(cli, errno);
}
