/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Files, for the vault and the root key. */

#ifndef BULLA_STORE_FILE_H
#define BULLA_STORE_FILE_H

#include <limits.h>

#include <bulla/core.h>

/* bulla_file_status returns the status for |error|, a value of errno. */
enum bulla_status bulla_file_status(int error);

/* bulla_file_create creates an empty file at |path| with mode 0600 and opens it for writing. A link at |path| counts as
 * existing. Returns BULLA_EXISTS and the statuses of bulla_file_status. */
BULLA_NODISCARD enum bulla_status bulla_file_create(int *descriptor, const char *path);

/* bulla_file_folder opens the folder of |path|. */
BULLA_NODISCARD enum bulla_status bulla_file_folder(int *descriptor, const char *path);

/* bulla_file_sync_folder makes the existence of the file at |path| durable. */
BULLA_NODISCARD enum bulla_status bulla_file_sync_folder(const char *path);

/* bulla_file_append joins |path| and |ending|, or returns false if the result is too long for a path. */
BULLA_NODISCARD bool bulla_file_append(char name[PATH_MAX], const char *path, const char *ending);

/* bulla_file_draft makes a unique name beside |path|. A file that must exist completely or not at all is written under
 * it, and bulla_file_publish gives it its own name. */
BULLA_NODISCARD enum bulla_status bulla_file_draft(char draft[PATH_MAX], const char *path);

/* bulla_file_publish renames the finished file at |draft| to |path|, durably. Returns BULLA_EXISTS if |path| exists. On
 * failure |path| is as before. */
BULLA_NODISCARD enum bulla_status bulla_file_publish(const char *path, const char *draft);

/* bulla_file_close closes |*descriptor| unless it is negative. For BULLA_CLEANUP. */
void bulla_file_close(int *descriptor);

#endif
