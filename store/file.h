/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the vault and the root key share about files. */

#ifndef BULLA_STORE_FILE_H
#define BULLA_STORE_FILE_H

#include <bulla/core.h>

/* bulla_file_status says what |error|, a value of errno, means. */
enum bulla_status bulla_file_status(int error);

/* bulla_file_create makes an empty file at |path| that was not there, mode 0600, and opens it for writing. A link
 * at |path| counts as being there. Returns BULLA_EXISTS and the statuses of bulla_file_status. */
BULLA_CHECKED enum bulla_status bulla_file_create(int *descriptor, const char *path);

/* bulla_file_folder opens the folder of |path|. */
BULLA_CHECKED enum bulla_status bulla_file_folder(int *descriptor, const char *path);

/* bulla_file_sync_folder makes durable that there is a file at |path|. */
BULLA_CHECKED enum bulla_status bulla_file_sync_folder(const char *path);

/* bulla_file_close closes |*descriptor| unless it is negative. For BULLA_CLEANUP. */
void bulla_file_close(int *descriptor);

#endif
