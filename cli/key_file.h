/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The raw key of --key. */

#ifndef BULLA_CLI_KEY_FILE_H
#define BULLA_CLI_KEY_FILE_H

#include "cli/cli.h"

/* bulla_key_file_read makes |*key|, BULLA_KEY_LEN bytes, of the file that --key names: 64 hexadecimal digits, or
 * base64 or base64url, padded or not. Which of them it is shows from the length alone. Returns BULLA_SECRET_EXPOSED
 * if others can read the file, BULLA_ROOT_MALFORMED for anything else and says why, without a byte of it. */
BULLA_NODISCARD enum bulla_status bulla_key_file_read(struct bulla_cli *cli, struct bulla_secret **key);

#endif
