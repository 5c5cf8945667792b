/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The files of an SQLite vault and where they may be. Of SQLite it knows only their names. */

#ifndef BULLA_STORE_DB_SQLITE_FILES_H
#define BULLA_STORE_DB_SQLITE_FILES_H

#include <bulla/core.h>

/* bulla_sqlite_check_path returns BULLA_UNSUPPORTED for a path that other programs would read differently, because
 * bulla takes it literally: two slashes at its start, a question mark, "file:", ":memory:", nothing. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_check_path(const char *path);

/* bulla_sqlite_may_create returns BULLA_EXISTS if there is anything at |path|, or beside it, that would be taken for
 * part of a vault there, and BULLA_UNSUPPORTED for a |path| that itself would be taken for part of another. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_may_create(const char *path);

/* bulla_sqlite_has_sidecar returns whether anything lies beside the database at |path|. */
bool bulla_sqlite_has_sidecar(const char *path);

/* bulla_sqlite_remove removes the database at |path| and what lies beside it. */
void bulla_sqlite_remove(const char *path);

/* bulla_sqlite_check_file checks the file at |path| before SQLite opens it, and sets |*read_only| if it can only be
 * read. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_check_file(bool *read_only, const char *path);

#endif
