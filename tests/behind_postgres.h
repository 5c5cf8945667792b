/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* SQL behind a vault's back on the server that tests/postgres.py has started. */

#ifndef BULLA_TESTS_BEHIND_POSTGRES_H
#define BULLA_TESTS_BEHIND_POSTGRES_H

#include <stdbool.h>
#include <stdint.h>

/* postgres_is_tested returns whether there is such a server: then the vaults of the tests are there. */
bool postgres_is_tested(void);

/* postgres_make makes a database of this test's own, and writes the URL of a vault in it to |url|. postgres_drop
 * removes it. */
void postgres_make(char *url, unsigned long size);
void postgres_drop(void);

/* postgres_run runs |text| in that database as the server's owner, and returns the first column of its last row as a
 * number. */
int64_t postgres_run(const char *text);

#endif
