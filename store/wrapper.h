/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A root that never gives its key away: a program that talks to an HSM, a TPM or a key service wraps a key, and unwraps
 * it again. docs/PROGRAMS.md is what it must speak. */

#ifndef BULLA_STORE_WRAPPER_H
#define BULLA_STORE_WRAPPER_H

#include <bulla/store.h>

#define BULLA_PROGRAM_WRAPPED_MAX 1024    /* bytes of a wrapped key */
#define BULLA_PROGRAM_WRAP_PATIENCE 10000 /* milliseconds, the default */

/* bulla_program_wrap has |command|, words separated by spaces, wrap |key| of BULLA_KEY_LEN bytes, and then unwrap it,
 * so that nothing is kept that does not come back. |wrapped| needs BULLA_PROGRAM_WRAPPED_MAX bytes of room; what it
 * gets is at least one byte and does not have the key in clear. |id|, BULLA_VAULT_ID_LEN bytes, is told to the program,
 * which may bind the key to it. Each of the two runs must end within |patience_ms|; 0 is the default. |wrapped| is
 * empty and zeroed on failure. Returns
 *   BULLA_SECRET_UNAVAILABLE   the program cannot be run, fails, refuses, is too slow, or does not speak the protocol
 *   BULLA_INVALID_ARGUMENT     another length of |key| or |id|, a negative patience, no program, more than 64 words
 *   BULLA_BUFFER_TOO_SMALL, BULLA_FORKED
 * The log function gets the reason, with the name of the program. */
BULLA_NODISCARD enum bulla_status bulla_program_wrap(struct bulla_buffer *wrapped, const char *command,
                                                     const struct bulla_secret *key, struct bulla_span id,
                                                     int patience_ms);

/* bulla_program_unwrap has |command| unwrap |wrapped|, of 1 to BULLA_PROGRAM_WRAPPED_MAX bytes, and creates |*key| of
 * BULLA_KEY_LEN bytes, which the caller frees; NULL on failure. Whether it is the right key is for the caller to tell:
 * a program may unwrap anything to 32 bytes. Statuses as for bulla_program_wrap. */
BULLA_NODISCARD enum bulla_status bulla_program_unwrap(struct bulla_secret **key, const char *command,
                                                       struct bulla_span wrapped, struct bulla_span id,
                                                       int patience_ms);

#endif
