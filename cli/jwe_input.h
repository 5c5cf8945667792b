/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the sub-commands of jwe begin with. */

#ifndef BULLA_CLI_JWE_INPUT_H
#define BULLA_CLI_JWE_INPUT_H

#include <bulla/jose.h>

#include "cli/cli.h"

/* bulla_jwe_memory makes an arena with room for the largest plaintext twice, as it is read, and for the keys; with less
 * if so much cannot be locked: plaintexts may be shorter. Statuses of bulla_memory_init. */
BULLA_NODISCARD enum bulla_status bulla_jwe_memory(void);

/* bulla_jwe_input reads standard input to |text|, which bulla_input_free frees, and sets |*jwe| to it without a newline
 * at its end. Returns BULLA_REFUSED if it is empty or larger than any JWE. */
BULLA_NODISCARD enum bulla_status bulla_jwe_input(struct bulla_cli *cli, struct bulla_buffer *text,
                                                  struct bulla_span *jwe);

#endif
