/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where a vault of SQLite may be, and the files that belong to it. Knows nothing of SQLite but their names. */

#ifndef BULLA_STORE_DB_SQLITE_FILES_H
#define BULLA_STORE_DB_SQLITE_FILES_H

#include <bulla/core.h>

/* bulla_sqlite_check_path returns BULLA_UNSUPPORTED for a path that would mean something else to other programs, since
 * it is taken as it is written: two slashes at its beginning, a question mark, "file:", ":memory:", nothing. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_check_path(const char *path);

/* bulla_sqlite_may_create returns BULLA_EXISTS if there is anything at |path| or beside it that would be taken for a
 * part of a vault there. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_may_create(const char *path);

/* bulla_sqlite_has_sidecar says whether anything lies beside the database at |path|. */
bool bulla_sqlite_has_sidecar(const char *path);

/* bulla_sqlite_remove removes the database at |path| and what lies beside it. */
void bulla_sqlite_remove(const char *path);

/* bulla_sqlite_check_file says what can be said of the file at |path| before SQLite sees it, and whether it can only be
 * read. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_check_file(bool *read_only, const char *path);

#endif
