/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the vault and the root key share about files. */

#ifndef BULLA_STORE_FILE_H
#define BULLA_STORE_FILE_H

#include <limits.h>

#include <bulla/core.h>

/* bulla_file_status says what |error|, a value of errno, means. */
enum bulla_status bulla_file_status(int error);

/* bulla_file_create makes an empty file at |path| that was not there, mode 0600, and opens it for writing. A link
 * at |path| counts as being there. Returns BULLA_EXISTS and the statuses of bulla_file_status. */
BULLA_NODISCARD enum bulla_status bulla_file_create(int *descriptor, const char *path);

/* bulla_file_folder opens the folder of |path|. */
BULLA_NODISCARD enum bulla_status bulla_file_folder(int *descriptor, const char *path);

/* bulla_file_sync_folder makes durable that there is a file at |path|. */
BULLA_NODISCARD enum bulla_status bulla_file_sync_folder(const char *path);

/* bulla_file_append puts |path| and |ending| together, or returns false if that is too long for a path. */
BULLA_NODISCARD bool bulla_file_append(char name[PATH_MAX], const char *path, const char *ending);

/* bulla_file_draft makes a name beside |path| that nobody else uses: what must be there whole or not at all is made
 * under it, and gets its own by bulla_file_publish. */
BULLA_NODISCARD enum bulla_status bulla_file_draft(char draft[PATH_MAX], const char *path);

/* bulla_file_publish gives the finished file at |draft| the name |path|, durably, unless there is something of that
 * name: BULLA_EXISTS. On failure there is nothing at |path| that was not there before. */
BULLA_NODISCARD enum bulla_status bulla_file_publish(const char *path, const char *draft);

/* bulla_file_close closes |*descriptor| unless it is negative. For BULLA_CLEANUP. */
void bulla_file_close(int *descriptor);

#endif
