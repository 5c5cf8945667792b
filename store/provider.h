/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where secrets come from: environment, files, descriptors, credentials, programs. The bytes go from the kernel into
 * locked memory; no stdio buffer and no heap sees them. */

#ifndef BULLA_STORE_PROVIDER_H
#define BULLA_STORE_PROVIDER_H

#include <bulla/store.h>

/* bulla_provider_read makes |*text| of all bytes that |provider| gives, at most |max_len| and one more, by which the
 * caller sees that there are more. Statuses as of bulla_secret_open, but for BULLA_TOO_LARGE. */
BULLA_NODISCARD enum bulla_status bulla_provider_read(struct bulla_secret **text, const char *provider, size_t max_len);

/* bulla_provider_after returns what follows |prefix| in |provider|, or NULL. */
const char *bulla_provider_after(const char *provider, const char *prefix);

/* bulla_program_read makes |*text| of what the program |command|, words with spaces between them, writes to its
 * standard output until it ends, within |patience| milliseconds. Statuses as of bulla_secret_open. */
BULLA_NODISCARD enum bulla_status bulla_program_read(struct bulla_secret **text, const char *command, size_t max_len,
                                                     int patience);

#endif
