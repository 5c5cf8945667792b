/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/provider.h. Links are followed: credentials and mounted secrets are links as a rule, and the checks are
 * made on what was opened, so a link gains nothing for someone who could not write the file it points to. */

#include "store/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/file.h"
#include "store/program.h"

enum { PROGRAM_PATIENCE_MS = 30000 };

/* Says why a secret cannot be had, in the system's words. */
static enum bulla_status unavailable(int error) {
  char words[128];
  return bulla_explain(BULLA_SECRET_UNAVAILABLE, "%s", strerror_r(error, words, sizeof(words)));
}

/* Reads |descriptor| to its end, or |max_len| bytes and one more. */
static enum bulla_status read_to_end(struct bulla_secret **text, int descriptor, size_t max_len) {
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&made, max_len + 1));
  size_t len = 0;
  while (len < max_len + 1) {
    ssize_t got = read(descriptor, bulla_secret_data(made) + len, max_len + 1 - len);
    if (got == 0) {
      break;
    }
    if (got < 0 && errno != EINTR) {
      return unavailable(errno);
    }
    len += got > 0 ? (size_t)got : 0;
  }
  bulla_secret_truncate(made, len);
  *text = made;
  made = NULL;
  return BULLA_OK;
}

static enum bulla_status check_kind(mode_t mode) {
  if (S_ISREG(mode)) {
    return BULLA_OK;
  }
  const char *kind = S_ISDIR(mode)    ? "a folder"
                     : S_ISFIFO(mode) ? "a pipe: open it and say fd:N"
                     : S_ISSOCK(mode) ? "a socket"
                                      : "a device";
  return bulla_explain(BULLA_SECRET_UNAVAILABLE, "it is not a file but %s", kind);
}

/* |others| are the permission bits that must not be set. Whoever owns the file can change it and its permissions. */
static enum bulla_status read_file(struct bulla_secret **text, const char *path, mode_t others, size_t max_len) {
  /* O_NONBLOCK: a pipe must not hold us up before it is seen to be one. */
  int file BULLA_CLEANUP(bulla_file_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    return unavailable(errno);
  }
  BULLA_TRY(check_kind(status.st_mode));
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return bulla_explain(BULLA_SECRET_EXPOSED, "it belongs to user %lu, not to this one or root",
                         (unsigned long)status.st_uid);
  }
  if ((status.st_mode & others) != 0) {
    return bulla_explain(BULLA_SECRET_EXPOSED, "its mode is %04o", (unsigned)status.st_mode & 07777);
  }
  return read_to_end(text, file, max_len);
}

static enum bulla_status from_file(struct bulla_secret **text, const char *path, size_t max_len) {
  return read_file(text, path, S_IRWXG | S_IRWXO, max_len);
}

/* systemd lets a service read its credentials through an access control list, which shows as a group's bit. */
static enum bulla_status from_credential(struct bulla_secret **text, const char *name, size_t max_len) {
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  if (*name == '\0' || strchr(name, '/') != NULL) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "the name of a credential must not be empty or have a slash");
  }
  if (folder == NULL) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "CREDENTIALS_DIRECTORY is not set");
  }
  uint8_t path[PATH_MAX];
  struct bulla_buffer buffer = bulla_buffer(path, sizeof(path));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, bulla_text(folder));
  bulla_put_byte(&writer, '/');
  bulla_put(&writer, bulla_span(name, strlen(name) + 1));
  if (bulla_writer_finish(&writer) != BULLA_OK) {
    return unavailable(ENAMETOOLONG);
  }
  return read_file(text, (const char *)path, S_IRWXO, max_len);
}

static enum bulla_status from_env(struct bulla_secret **text, const char *name, size_t max_len) {
  const char *value = *name == '\0' || strchr(name, '=') != NULL ? NULL : getenv(name);
  if (value == NULL) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "the variable is not set");
  }
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t len = strlen(value);
  len = len > max_len ? max_len + 1 : len;
  BULLA_TRY(bulla_secret_new(&made, len + 1));
  memcpy(bulla_secret_data(made), value, len);
  bulla_secret_truncate(made, len);
  *text = made;
  made = NULL;
  return BULLA_OK;
}

static enum bulla_status from_descriptor(struct bulla_secret **text, const char *number, size_t max_len) {
  char *end = NULL;
  errno = 0;
  long descriptor = strtol(number, &end, 10);
  if (*number < '0' || *number > '9' || *end != '\0' || errno != 0 || descriptor > INT_MAX) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "a descriptor must be a number");
  }
  if (fcntl((int)descriptor, F_GETFD) < 0) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "the descriptor is not open");
  }
  return read_to_end(text, (int)descriptor, max_len);
}

static enum bulla_status from_program(struct bulla_secret **text, const char *command, size_t max_len) {
  return bulla_program_read(text, command, max_len, PROGRAM_PATIENCE_MS);
}

static const struct {
  const char *prefix;
  enum bulla_status (*read)(struct bulla_secret **text, const char *rest, size_t max_len);
} providers[] = {
    [BULLA_PROVIDER_ENV] = {"env:", from_env},      [BULLA_PROVIDER_HASHED_ENV] = {"sha256-env:", NULL},
    [BULLA_PROVIDER_FILE] = {"file:", from_file},   [BULLA_PROVIDER_CRED] = {"cred:", from_credential},
    [BULLA_PROVIDER_FD] = {"fd:", from_descriptor}, [BULLA_PROVIDER_CMD] = {"cmd:", from_program},
    [BULLA_PROVIDER_WRAP] = {"wrap:", NULL},
};

enum bulla_provider bulla_provider_split(const char **rest, const char *text) {
  for (size_t i = BULLA_PROVIDER_NONE + 1; i < sizeof(providers) / sizeof(providers[0]); i++) {
    size_t len = strlen(providers[i].prefix);
    if (strncmp(text, providers[i].prefix, len) == 0) {
      *rest = text + len;
      return (enum bulla_provider)i;
    }
  }
  *rest = NULL;
  return BULLA_PROVIDER_NONE;
}

const char *bulla_provider_of_recipient(const char *text) {
  static const char prefix[] = "recipient:";
  size_t len = sizeof(prefix) - 1;
  return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

enum bulla_status bulla_provider_read(struct bulla_secret **text, const char *provider, size_t max_len) {
  const char *rest;
  *text = NULL;
  if (provider == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  enum bulla_provider kind = bulla_provider_split(&rest, provider);
  return providers[kind].read != NULL
             ? providers[kind].read(text, rest, max_len)
             : bulla_explain(BULLA_UNSUPPORTED, "no provider of secrets stands before the first colon");
}

enum bulla_status bulla_secret_open(struct bulla_secret **secret, const char *provider) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  *secret = NULL;
  BULLA_TRY(bulla_provider_read(&text, provider, BULLA_VALUE_MAX + 2));
  struct bulla_span bytes = bulla_secret_bytes(text);
  size_t cut = bytes.len > 0 && bytes.data[bytes.len - 1] == '\n' ? 1 : 0;
  cut += cut == 1 && bytes.len > 1 && bytes.data[bytes.len - 2] == '\r' ? 1 : 0;
  if (bytes.len - cut > BULLA_VALUE_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "a secret has at most %d bytes", BULLA_VALUE_MAX);
  }
  if (bytes.len == cut) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "it is empty");
  }
  /* A slot of the length that was read for: a truncated one would keep the greatest. */
  return bulla_secret_copy(secret, bulla_span(bytes.data, bytes.len - cut));
}
