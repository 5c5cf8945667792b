/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/file.h. */

#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/hex.h"
#include "core/log.h"

enum bulla_status bulla_file_status(int error) {
  switch (error) {
    case EEXIST:
    case EISDIR:
      return BULLA_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return BULLA_DISK_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
      return BULLA_READ_ONLY;
    case ENOMEM:
      return BULLA_NO_MEMORY;
    default:
      return BULLA_IO;
  }
}

enum bulla_status bulla_file_create(int *descriptor, const char *path) {
  *descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (*descriptor >= 0) {
    return BULLA_OK;
  }
  char words[128];
  int error = errno;
  return bulla_explain(bulla_file_status(error), "%s", strerror_r(error, words, sizeof(words)));
}

enum bulla_status bulla_file_folder(int *descriptor, const char *path) {
  char folder[PATH_MAX] = ".";
  const char *slash = strrchr(path, '/');
  if (slash != NULL) {
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    if (len >= sizeof(folder)) {
      return BULLA_IO;
    }
    memcpy(folder, path, len);
    folder[len] = '\0';
  }
  *descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return *descriptor >= 0 ? BULLA_OK : bulla_file_status(errno);
}

enum bulla_status bulla_file_sync_folder(const char *path) {
  int folder BULLA_CLEANUP(bulla_file_close) = -1;
  BULLA_TRY(bulla_file_folder(&folder, path));
  /* Some file systems cannot sync a folder and need not. */
  return fsync(folder) == 0 || errno == EINVAL ? BULLA_OK : bulla_file_status(errno);
}

bool bulla_file_append(char name[PATH_MAX], const char *path, const char *ending) {
  struct bulla_buffer buffer = bulla_buffer(name, PATH_MAX);
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, bulla_span(path, strlen(path)));
  bulla_put(&writer, bulla_span(ending, strlen(ending) + 1));
  return bulla_writer_finish(&writer) == BULLA_OK;
}

enum bulla_status bulla_file_draft(char draft[PATH_MAX], const char *path) {
  uint8_t random[16];
  char ending[5 + 2 * sizeof(random) + 1] = ".new-";
  BULLA_TRY(bulla_random(random, sizeof(random)));
  bulla_hex_encode((uint8_t *)ending + 5, bulla_span(random, sizeof(random)));
  return bulla_file_append(draft, path, ending) ? BULLA_OK : BULLA_TOO_LARGE;
}

enum bulla_status bulla_file_publish(const char *path, const char *draft) {
  if (renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE) != 0) {
    /* Some file systems cannot rename in this way, but link. */
    if (errno != EINVAL || link(draft, path) != 0) {
      return bulla_file_status(errno);
    }
    unlink(draft);
  }
  enum bulla_status status = bulla_file_sync_folder(path);
  if (status != BULLA_OK) {
    /* Nobody is told that it is there, so it must not be. */
    unlink(path);
  }
  return status;
}

void bulla_file_close(int *descriptor) {
  if (*descriptor >= 0) {
    close(*descriptor);
    *descriptor = -1;
  }
}
