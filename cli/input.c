/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reads files and streams, each up to a bound, however short the single reads are. */

#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bulla/store.h>

#include "cli/error.h"
#include "store/file.h"

/* read_all fills |bytes| until the end of |fd| or of the room. */
static enum bulla_status read_all(struct bulla_cli *cli, struct bulla_buffer *bytes, int fd) {
  while (bytes->len < bytes->size) {
    ssize_t got = read(fd, bytes->data + bytes->len, bytes->size - bytes->len);
    if (got == 0) {
      return BULLA_OK;
    }
    if (got < 0 && errno != EINTR) {
      return bulla_cli_errno(cli, errno);
    }
    bytes->len += got > 0 ? (size_t)got : 0;
  }
  return BULLA_OK;
}

static enum bulla_status too_large(struct bulla_cli *cli, size_t max_len) {
  return bulla_cli_error(cli, BULLA_TOO_LARGE, "too large: at most %zu bytes", max_len);
}

/* Most of what is read is short, and a page of locked memory takes the system longer than any other. What is longer
 * gets all the room there may be at once: pieces of growing size would leave gaps. */
enum { FIRST_LEN = 1000 };

/* grow replaces |*room| by one of |size| bytes with what was read. */
static enum bulla_status grow(struct bulla_secret **room, struct bulla_buffer *bytes, size_t size) {
  struct bulla_secret *larger = NULL;
  BULLA_TRY(bulla_secret_new(&larger, size));
  struct bulla_buffer moved = {.data = bulla_secret_data(larger), .size = size, .len = bytes->len};
  if (bytes->len > 0) {
    memcpy(moved.data, bytes->data, bytes->len);
  }
  bulla_secret_free(room);
  *room = larger;
  *bytes = moved;
  return BULLA_OK;
}

enum bulla_status bulla_input_secret(struct bulla_cli *cli, struct bulla_secret **secret, int fd, size_t max_len) {
  /* One byte more than there may be, to see that there are too many. The room is given back at the end, and
   * as much as is needed is kept: locked memory is scarce. */
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer bytes = {.data = NULL};
  do {
    size_t size = bytes.size == 0 && max_len > FIRST_LEN ? FIRST_LEN : max_len + 1;
    BULLA_TRY(grow(&room, &bytes, size));
    BULLA_TRY(read_all(cli, &bytes, fd));
  } while (bytes.len == bytes.size && bytes.size <= max_len);
  if (bytes.len > max_len) {
    return too_large(cli, max_len);
  }
  return bulla_secret_copy(secret, bulla_written(&bytes));
}

static void close_file(const int *fd) {
  if (*fd >= 0) {
    (void)close(*fd);
  }
}

enum bulla_status bulla_input_secret_file(struct bulla_cli *cli, struct bulla_secret **secret, const char *path,
                                          size_t max_len) {
  int fd BULLA_CLEANUP(close_file) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  return fd < 0 ? bulla_cli_errno(cli, errno) : bulla_input_secret(cli, secret, fd, max_len);
}

/* others_may says which permissions of others the file of a key may not have. systemd lets a service read its
 * credentials through an access control list, which shows as a group's bit. */
static mode_t others_may(const char *path) {
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  size_t len = folder == NULL ? 0 : strlen(folder);
  bool is_credential = len > 0 && strncmp(path, folder, len) == 0 && path[len] == '/';
  return is_credential ? S_IRWXO : S_IRWXG | S_IRWXO;
}

enum bulla_status bulla_input_exposed(struct bulla_cli *cli, const char *remedy) {
  return bulla_cli_error(cli, BULLA_SECRET_EXPOSED,
                         "others can read this file: run chmod 600 on it, and %s if somebody may have read it", remedy);
}

/* open_key opens the file of a key, and says whether others can read it. */
static enum bulla_status open_key(struct bulla_cli *cli, int *fd, bool *is_exposed, const char *path) {
  struct stat status;
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (*fd < 0 || fstat(*fd, &status) != 0) {
    return bulla_cli_errno(cli, errno);
  }
  *is_exposed = S_ISREG(status.st_mode) && (status.st_mode & others_may(path)) != 0;
  return BULLA_OK;
}

enum bulla_status bulla_input_key_file(struct bulla_cli *cli, struct bulla_secret **secret, const char *path,
                                       size_t max_len, const char *remedy) {
  int fd BULLA_CLEANUP(close_file) = -1;
  bool is_exposed = false;
  BULLA_TRY(open_key(cli, &fd, &is_exposed, path));
  return is_exposed ? bulla_input_exposed(cli, remedy) : bulla_input_secret(cli, secret, fd, max_len);
}

enum bulla_status bulla_input_any_key_file(struct bulla_cli *cli, struct bulla_secret **secret, bool *is_exposed,
                                           const char *path, size_t max_len) {
  int fd BULLA_CLEANUP(close_file) = -1;
  BULLA_TRY(open_key(cli, &fd, is_exposed, path));
  return bulla_input_secret(cli, secret, fd, max_len);
}

void bulla_input_line(struct bulla_secret *secret) {
  bulla_secret_truncate(secret, bulla_without_newline(bulla_secret_bytes(secret), 0).len);
}

enum bulla_status bulla_input_public(struct bulla_cli *cli, struct bulla_buffer *text, int fd, size_t max_len) {
  *text = bulla_buffer(NULL, 0);
  for (;;) {
    size_t size = text->size == 0 ? 65536 : text->size * 2;
    size = size > max_len ? max_len + 1 : size;
    uint8_t *larger = (uint8_t *)realloc(text->data, size);
    if (larger == NULL) {
      return BULLA_NO_MEMORY;
    }
    text->data = larger;
    text->size = size;
    BULLA_TRY(read_all(cli, text, fd));
    if (text->len > max_len) {
      return too_large(cli, max_len);
    }
    if (text->len < text->size) {
      return BULLA_OK;
    }
  }
}

enum bulla_status bulla_input_anchor(struct bulla_cli *cli, struct bulla_buffer *anchor, const char *path) {
  if (path == NULL) {
    return BULLA_OK;
  }
  int file BULLA_CLEANUP(bulla_file_close) = open(path, O_RDONLY | O_CLOEXEC);
  bulla_cli_at(cli, "anchor %s", path);
  BULLA_TRY(file < 0 ? bulla_cli_errno(cli, errno) : bulla_input_public(cli, anchor, file, BULLA_ANCHOR_MAX));
  return anchor->len > 0 ? BULLA_OK : bulla_cli_error(cli, BULLA_REFUSED, "it is empty, and no anchor");
}

void bulla_input_free(struct bulla_buffer *text) {
  free(text->data);
}
