/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The raw key of --key. */

#ifndef BULLA_CLI_KEY_FILE_H
#define BULLA_CLI_KEY_FILE_H

#include "cli/cli.h"

/* bulla_key_file_read reads |*key|, BULLA_KEY_LEN bytes, from the file of --key: 64 hexadecimal digits, or base64 or
 * base64url, padded or not; the length decides which. Returns BULLA_SECRET_EXPOSED if others can read the file,
 * BULLA_ROOT_MALFORMED for other content, and notes why without any byte of it. */
BULLA_NODISCARD enum bulla_status bulla_key_file_read(struct bulla_cli *cli, struct bulla_secret **key);

#endif
