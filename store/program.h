/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A secret from a program, for store/provider.c. */

#ifndef BULLA_STORE_PROGRAM_H
#define BULLA_STORE_PROGRAM_H

#include <bulla/store.h>

/* bulla_program_read makes |*text| of what the program |command|, words with spaces between them, writes to its
 * standard output until it ends, within |patience| milliseconds. Statuses as of bulla_secret_open. */
BULLA_NODISCARD enum bulla_status bulla_program_read(struct bulla_secret **text, const char *command, size_t max_len,
                                                     int patience);

#endif
