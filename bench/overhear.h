/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a client says to a PostgreSQL server on a Unix socket, overheard by somebody in between. */

#ifndef BULLA_BENCH_OVERHEAR_H
#define BULLA_BENCH_OVERHEAR_H

#include <stddef.h>
#include <stdint.h>

struct overheard;

/* overhear_begin listens at |path|, a Unix socket, and passes on each connection to |server|. */
const char *overhear_begin(struct overheard **overheard, const char *path, const char *server);

/* overhear_mark notes that what is wanted begins now. */
void overhear_mark(struct overheard *overheard);

/* overhear_take gives what was said on the connection on which most was said since the mark: |*bytes|, from its
 * beginning, with |*marked| of them before the mark. The caller frees them. */
const char *overhear_take(struct overheard *overheard, uint8_t **bytes, size_t *len, size_t *marked);

/* overhear_end ends it when all connections have ended, and frees it. Takes NULL inside, and leaves NULL. */
void overhear_end(struct overheard **overheard);

#endif
