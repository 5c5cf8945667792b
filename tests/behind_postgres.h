/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* SQL behind a vault's back on the server that tests/postgres.py has started. */

#ifndef BULLA_TESTS_BEHIND_POSTGRES_H
#define BULLA_TESTS_BEHIND_POSTGRES_H

#include <stdbool.h>
#include <stdint.h>

/* postgres_is_tested returns whether there is such a server: then the vaults of the tests are there. */
bool postgres_is_tested(void);

/* postgres_make makes a database of this test's own, and writes the URL of a vault in it to |url|; postgres_make_other
 * makes another for the vault |name|, unless it is there. postgres_drop removes them. */
void postgres_make(char *url, unsigned long size);
void postgres_make_other(char *url, unsigned long size, const char *name);
void postgres_drop(void);

/* postgres_run runs |text| in that database as the server's owner, for whom no constraint holds but keys and NOT NULL,
 * and returns the first column of its last row as a number. Some words of SQLite are understood: x'00', BLOB, zeroblob,
 * randomblob, hex, instr, unicode. */
int64_t postgres_run(const char *text);

/* postgres_hold runs |text| by a connection that stays open until postgres_let_go. */
void *postgres_hold(const char *text);
void postgres_let_go(void *connection);

/* postgres_copy_tables copies the tables of the schema |from| to the schema |to|, which has them alone then. If |to| is
 * that of the vault, its tables stay, with other rows. */
void postgres_copy_tables(const char *from, const char *to);

/* postgres_at_commit has each commit to the log run |statement| of PL/pgSQL, or none if it is NULL. */
void postgres_at_commit(const char *statement);

#endif
