/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/out_file.h. */

#include "cli/out_file.h"

#include <errno.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/options.h"
#include "store/file.h"

struct bulla_out_file bulla_out_file(struct bulla_cli *cli, const char *name) {
  struct bulla_out_file out = {.cli = cli, .option = name, .path = bulla_option_value(cli, name), .file = -1};
  return out;
}

void bulla_out_file_drop(struct bulla_out_file *out) {
  if (out->file >= 0) {
    bulla_file_close(&out->file);
    (void)unlink(out->draft);
  }
}

static void at(const struct bulla_out_file *out) {
  bulla_cli_at(out->cli, "--%s %s", out->option, out->path);
}

enum bulla_status bulla_out_file_open(struct bulla_out_file *out) {
  if (out->path == NULL) {
    return BULLA_OK;
  }
  at(out);
  if (access(out->path, F_OK) == 0) {
    return bulla_cli_error(out->cli, BULLA_EXISTS, "there is a file already: name another");
  }
  BULLA_TRY(bulla_file_draft(out->draft, out->path));
  return bulla_file_create(&out->file, out->draft);
}

enum bulla_status bulla_out_file_write(struct bulla_out_file *out, struct bulla_span bytes) {
  while (bytes.len > 0) {
    ssize_t done = write(out->file, bytes.data, bytes.len);
    if (done < 0 && errno != EINTR) {
      int error = errno;
      at(out);
      return bulla_cli_errno(out->cli, error);
    }
    if (done > 0) {
      bytes.data += done;
      bytes.len -= (size_t)done;
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_out_file_publish(struct bulla_out_file *out) {
  at(out);
  BULLA_TRY(fsync(out->file) == 0 ? bulla_file_publish(out->path, out->draft) : bulla_cli_errno(out->cli, errno));
  bulla_file_close(&out->file);
  return BULLA_OK;
}
