/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What goes out. Secrets go from locked memory straight to write(2); the rest goes through stdout, and whether
 * all of it arrived is asked at the end. */

#ifndef BULLA_CLI_OUTPUT_H
#define BULLA_CLI_OUTPUT_H

#include "cli/cli.h"

/* bulla_output_bytes writes all of |bytes| to standard output, unbuffered. Nothing else may have been printed
 * before. Returns BULLA_IO or BULLA_DISK_FULL. */
BULLA_NODISCARD enum bulla_status bulla_output_bytes(struct bulla_cli *cli, struct bulla_span bytes);

/* bulla_output_line is bulla_output_bytes and a newline. */
BULLA_NODISCARD enum bulla_status bulla_output_line(struct bulla_cli *cli, struct bulla_span bytes);

/* bulla_output_whole is bulla_output_bytes, and a newline only on a terminal: for what other programs take as it
 * stands, and refuse with white space behind it. */
BULLA_NODISCARD enum bulla_status bulla_output_whole(struct bulla_cli *cli, struct bulla_span bytes);

/* bulla_output_check returns the status of a failed stdio call, if one failed. */
BULLA_NODISCARD enum bulla_status bulla_output_check(struct bulla_cli *cli);

/* bulla_output_left notes that nobody reads standard output any more, and returns that status. */
enum bulla_status bulla_output_left(struct bulla_cli *cli);

/* bulla_output_text prints |text|, which came from outside, between two texts. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_output_text(struct bulla_cli *cli, const char *before, const char *text,
                                                    const char *after);

/* bulla_output_finish flushes and closes standard output. */
BULLA_NODISCARD enum bulla_status bulla_output_finish(struct bulla_cli *cli);

#endif
