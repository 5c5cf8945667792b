/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A secret from a program, for store/provider.c. */

#ifndef BULLA_STORE_PROGRAM_H
#define BULLA_STORE_PROGRAM_H

#include <bulla/store.h>

/* bulla_program_read runs |command|, words separated by spaces, and returns what it writes to standard output as
 * |*text|. It must end within |patience| milliseconds. Statuses as for bulla_secret_open. */
BULLA_NODISCARD enum bulla_status bulla_program_read(struct bulla_secret **text, const char *command, size_t max_len,
                                                     int patience);

#endif
