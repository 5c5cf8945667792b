/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writes to standard output and notices when that fails: a full disk or a reader that went away must not look
 * like success. */

#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static enum bulla_status failed(struct bulla_cli *cli, int error) {
  bulla_cli_at(cli, "standard output");
  return bulla_cli_errno(cli, error);
}

enum bulla_status bulla_output_bytes(struct bulla_cli *cli, struct bulla_span bytes) {
  while (bytes.len > 0) {
    ssize_t done = write(STDOUT_FILENO, bytes.data, bytes.len);
    if (done < 0 && errno != EINTR) {
      return failed(cli, errno);
    }
    if (done > 0) {
      bytes.data += done;
      bytes.len -= (size_t)done;
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_output_line(struct bulla_cli *cli, struct bulla_span bytes) {
  BULLA_TRY(bulla_output_bytes(cli, bytes));
  return bulla_output_bytes(cli, BULLA_LITERAL("\n"));
}

enum bulla_status bulla_output_check(struct bulla_cli *cli) {
  return ferror(stdout) == 0 ? BULLA_OK : failed(cli, errno);
}

enum bulla_status bulla_output_finish(struct bulla_cli *cli) {
  /* After an error stdio forgets which it was, so an earlier one counts as EIO. Some file systems tell only as
   * the file is closed. */
  int error = ferror(stdout) != 0 ? EIO : 0;
  if (fflush(stdout) != 0 || (error == 0 && close(STDOUT_FILENO) != 0)) {
    error = errno;
  }
  return error == 0 ? BULLA_OK : failed(cli, error);
}
