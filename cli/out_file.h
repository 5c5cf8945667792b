/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A new file that an option names: it is there whole or not at all. */

#ifndef BULLA_CLI_OUT_FILE_H
#define BULLA_CLI_OUT_FILE_H

#include <limits.h>

#include "cli/cli.h"

struct bulla_out_file {
  struct bulla_cli *cli;
  const char *option;
  const char *path; /* NULL if the option was not given */
  char draft[PATH_MAX];
  int file;
};

/* bulla_out_file returns the file of the option |name|, which bulla_out_file_open makes under another name, before
 * anything is recorded: if there is a file already, nothing is done. */
struct bulla_out_file bulla_out_file(struct bulla_cli *cli, const char *name);

BULLA_NODISCARD enum bulla_status bulla_out_file_open(struct bulla_out_file *out);

/* bulla_out_file_write writes on. */
BULLA_NODISCARD enum bulla_status bulla_out_file_write(struct bulla_out_file *out, struct bulla_span bytes);

/* bulla_out_file_publish gives the file its name, once it is durable. */
BULLA_NODISCARD enum bulla_status bulla_out_file_publish(struct bulla_out_file *out);

/* bulla_out_file_drop removes what was not published. For BULLA_CLEANUP. */
void bulla_out_file_drop(struct bulla_out_file *out);

#endif
