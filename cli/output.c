/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writes to standard output and notices when that fails: a full disk or a reader that went away must not look
 * like success. */

#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/text.h"
#include "cli/word.h"

static enum bulla_status failed(struct bulla_cli *cli, int error) {
  cli->reader_left = error == EPIPE;
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

enum bulla_status bulla_output_whole(struct bulla_cli *cli, struct bulla_span bytes) {
  return isatty(STDOUT_FILENO) == 1 ? bulla_output_line(cli, bytes) : bulla_output_bytes(cli, bytes);
}

/* stdio_error returns what made a call of stdio fail. stdio forgets it, but what was not written is tried again
 * here; a pipe knows whether anybody reads it; and where nothing is left to be written, since stdio has dropped it, the
 * end of another line fails likewise. */
static int stdio_error(void) {
  struct pollfd stream = {.fd = STDOUT_FILENO};
  if (fflush(stdout) != 0) {
    return errno;
  }
  if (poll(&stream, 1, 0) == 1 && (stream.revents & POLLERR) != 0) {
    return EPIPE;
  }
  return write(STDOUT_FILENO, "\n", 1) < 0 ? errno : EIO;
}

enum bulla_status bulla_output_check(struct bulla_cli *cli) {
  return ferror(stdout) == 0 ? BULLA_OK : failed(cli, stdio_error());
}

enum bulla_status bulla_output_left(struct bulla_cli *cli) {
  return failed(cli, EPIPE);
}

enum bulla_status bulla_output_text(struct bulla_cli *cli, const char *before, const char *text, const char *after) {
  struct bulla_span bytes = bulla_text(text);
  struct bulla_buffer plain = bulla_buffer(malloc(bytes.len + 1), bytes.len);
  if (plain.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_writer writer = bulla_writer(&plain);
  bulla_text_put_plain(&writer, bytes);
  (void)printf("%s%.*s%s", before, (int)plain.len, (const char *)plain.data, after);
  free(plain.data);
  return bulla_output_check(cli);
}

enum bulla_status bulla_output_finish(struct bulla_cli *cli) {
  int error = ferror(stdout) != 0 ? stdio_error() : 0;
  /* Some file systems tell only as the file is closed. */
  if (fflush(stdout) != 0 || (error == 0 && close(STDOUT_FILENO) != 0)) {
    error = errno;
  }
  return error == 0 ? BULLA_OK : failed(cli, error);
}
