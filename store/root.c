/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Root keys and where they come from. The digits go from the kernel into locked memory and are decoded there in
 * constant time; no stdio buffer and no heap sees them.
 *
 * Links are followed: credentials and mounted secrets are links as a rule, and the checks are made on what was
 * opened, so a link gains nothing for someone who could not write the file it points to. */

#include "store/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/hex.h"
#include "core/log.h"
#include "store/file.h"

#define DIGITS (2 * (size_t)BULLA_KEY_LEN)
#define TEXT_MAX (DIGITS + 2) /* with a newline */

struct bulla_root {
  struct bulla_secret *material; /* BULLA_KEY_LEN bytes, or the passphrase */
  bool passphrase;
};

/* Says why a key cannot be had, in the system's words. */
static enum bulla_status unavailable(int error) {
  char words[128];
  return bulla_explain(BULLA_ROOT_UNAVAILABLE, "%s", strerror_r(error, words, sizeof(words)));
}

/* Hands |*material| over to a new |*root|. */
static enum bulla_status wrap(struct bulla_root **root, struct bulla_secret **material, bool passphrase) {
  struct bulla_root *made = malloc(sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->material = *material;
  made->passphrase = passphrase;
  *material = NULL;
  *root = made;
  return BULLA_OK;
}

/* Why |text| of the right length spells no key. Only what is no digit is told of, and only where it is. */
static enum bulla_status explain_digits(struct bulla_span text) {
  uint8_t byte;
  for (size_t i = 0; i + 1 < text.len; i += 2) {
    if (!bulla_hex_decode(&byte, bulla_span(text.data + i, 2))) {
      uint8_t pair[2] = {text.data[i], '0'};
      size_t at = bulla_hex_decode(&byte, bulla_span(pair, 2)) ? i + 2 : i + 1;
      bulla_wipe(pair, sizeof(pair));
      bulla_wipe(&byte, sizeof(byte));
      return bulla_explain(BULLA_ROOT_MALFORMED, "character %zu is no hexadecimal digit", at);
    }
  }
  return BULLA_ROOT_MALFORMED;
}

/* The key that |text| spells: the digits, and a newline or nothing. */
static enum bulla_status decode(struct bulla_secret **material, struct bulla_span text) {
  bool cut = text.len > TEXT_MAX;
  text = bulla_without_newline(text, DIGITS);
  if (text.len != DIGITS) {
    return cut ? bulla_explain(BULLA_ROOT_MALFORMED, "there are more than %zu characters", DIGITS)
               : bulla_explain(BULLA_ROOT_MALFORMED, "there are %zu characters, not %zu", text.len, DIGITS);
  }
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&key, BULLA_KEY_LEN));
  if (!bulla_hex_decode(bulla_secret_data(key), text)) {
    return explain_digits(text);
  }
  *material = key;
  key = NULL;
  return BULLA_OK;
}

/* Reads |descriptor| to its end, or one byte past what a key may have. */
static enum bulla_status read_key(struct bulla_secret **material, int descriptor) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&text, TEXT_MAX + 1));
  size_t len = 0;
  while (len < TEXT_MAX + 1) {
    ssize_t got = read(descriptor, bulla_secret_data(text) + len, TEXT_MAX + 1 - len);
    if (got == 0) {
      break;
    }
    if (got < 0 && errno != EINTR) {
      return unavailable(errno);
    }
    len += got > 0 ? (size_t)got : 0;
  }
  return decode(material, bulla_span(bulla_secret_data(text), len));
}

static enum bulla_status check_kind(mode_t mode) {
  if (S_ISREG(mode)) {
    return BULLA_OK;
  }
  const char *kind = S_ISDIR(mode)    ? "a folder"
                     : S_ISFIFO(mode) ? "a pipe: open it and say fd:N"
                     : S_ISSOCK(mode) ? "a socket"
                                      : "a device";
  return bulla_explain(BULLA_ROOT_UNAVAILABLE, "it is no file but %s", kind);
}

/* |others| are the permission bits that must not be set. Whoever owns the file can change it and its permissions.
 */
static enum bulla_status read_file(struct bulla_secret **material, const char *path, mode_t others) {
  /* O_NONBLOCK: a pipe must not hold us up before it is seen to be one. */
  int file BULLA_CLEANUP(bulla_file_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    return unavailable(errno);
  }
  BULLA_TRY(check_kind(status.st_mode));
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return bulla_explain(BULLA_ROOT_EXPOSED, "it belongs to user %lu, not to this one or root",
                         (unsigned long)status.st_uid);
  }
  if ((status.st_mode & others) != 0) {
    return bulla_explain(BULLA_ROOT_EXPOSED, "its mode is %04o", (unsigned)status.st_mode & 07777);
  }
  return read_key(material, file);
}

static enum bulla_status from_file(struct bulla_secret **material, const char *path) {
  return read_file(material, path, S_IRWXG | S_IRWXO);
}

/* systemd lets a service read its credentials through an access control list, which shows as a group's bit. */
static enum bulla_status from_credential(struct bulla_secret **material, const char *name) {
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  if (*name == '\0' || strchr(name, '/') != NULL) {
    return bulla_explain(BULLA_ROOT_UNAVAILABLE, "the name of a credential is not empty and has no slash");
  }
  if (folder == NULL) {
    return bulla_explain(BULLA_ROOT_UNAVAILABLE, "CREDENTIALS_DIRECTORY is not set");
  }
  uint8_t path[PATH_MAX];
  struct bulla_buffer buffer = bulla_buffer(path, sizeof(path));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, bulla_span(folder, strlen(folder)));
  bulla_put_byte(&writer, '/');
  bulla_put(&writer, bulla_span(name, strlen(name) + 1));
  if (bulla_writer_finish(&writer) != BULLA_OK) {
    return unavailable(ENAMETOOLONG);
  }
  return read_file(material, (const char *)path, S_IRWXO);
}

static const char not_set[] = "the variable is not set";

static enum bulla_status from_env(struct bulla_secret **material, const char *name) {
  const char *text = getenv(name);
  return text == NULL ? bulla_explain(BULLA_ROOT_UNAVAILABLE, not_set)
                      : decode(material, bulla_span(text, strlen(text)));
}

static enum bulla_status from_hashed_env(struct bulla_secret **material, const char *name) {
  const char *text = getenv(name);
  if (text == NULL) {
    return bulla_explain(BULLA_ROOT_UNAVAILABLE, not_set);
  }
  if (*text == '\0') {
    return bulla_explain(BULLA_ROOT_MALFORMED, "the variable is empty");
  }
  struct bulla_secret *digest BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&digest, BULLA_KEY_LEN));
  BULLA_TRY(bulla_sha256(bulla_secret_data(digest), bulla_span(text, strlen(text))));
  *material = digest;
  digest = NULL;
  return BULLA_OK;
}

static enum bulla_status from_descriptor(struct bulla_secret **material, const char *number) {
  char *end = NULL;
  errno = 0;
  long descriptor = strtol(number, &end, 10);
  if (*number < '0' || *number > '9' || *end != '\0' || errno != 0 || descriptor > INT_MAX) {
    return bulla_explain(BULLA_ROOT_UNAVAILABLE, "a descriptor is a number");
  }
  if (fcntl((int)descriptor, F_GETFD) < 0) {
    return bulla_explain(BULLA_ROOT_UNAVAILABLE, "the descriptor is not open");
  }
  return read_key(material, (int)descriptor);
}

static const struct {
  const char *prefix;
  enum bulla_status (*read)(struct bulla_secret **material, const char *rest);
} providers[] = {
    [BULLA_PROVIDER_ENV] = {"env:", from_env},      [BULLA_PROVIDER_HASHED_ENV] = {"sha256-env:", from_hashed_env},
    [BULLA_PROVIDER_FILE] = {"file:", from_file},   [BULLA_PROVIDER_CRED] = {"cred:", from_credential},
    [BULLA_PROVIDER_FD] = {"fd:", from_descriptor},
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

enum bulla_status bulla_root_open(struct bulla_root **root, const char *provider) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  const char *rest = NULL;
  *root = NULL;
  if (provider == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  enum bulla_provider kind = bulla_provider_split(&rest, provider);
  if (kind == BULLA_PROVIDER_NONE) {
    return BULLA_UNSUPPORTED;
  }
  BULLA_TRY(providers[kind].read(&material, rest));
  return wrap(root, &material, false);
}

static enum bulla_status write_key(int file, const struct bulla_secret *material) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&text, DIGITS + 1));
  uint8_t *digits = bulla_secret_data(text);
  bulla_hex_encode(digits, bulla_secret_bytes(material));
  digits[DIGITS] = '\n';
  size_t len = 0;
  while (len < DIGITS + 1) {
    ssize_t put = write(file, digits + len, DIGITS + 1 - len);
    if (put < 0 && errno != EINTR) {
      return bulla_file_status(errno);
    }
    len += put > 0 ? (size_t)put : 0;
  }
  return fsync(file) == 0 ? BULLA_OK : bulla_file_status(errno);
}

enum bulla_status bulla_root_create(struct bulla_root **root, const char *provider) {
  *root = NULL;
  if (provider == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  const char *path = NULL;
  if (bulla_provider_split(&path, provider) != BULLA_PROVIDER_FILE) {
    return BULLA_UNSUPPORTED;
  }
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_random(&material, BULLA_KEY_LEN));
  char draft[PATH_MAX];
  int file BULLA_CLEANUP(bulla_file_close) = -1;
  BULLA_TRY(bulla_file_draft(draft, path));
  BULLA_TRY(bulla_file_create(&file, draft));
  enum bulla_status status = write_key(file, material);
  if (status == BULLA_OK) {
    status = bulla_file_publish(path, draft);
  }
  if (status != BULLA_OK) {
    unlink(draft);
    return status;
  }
  return wrap(root, &material, false);
}

enum bulla_status bulla_root_passphrase(struct bulla_root **root, struct bulla_span passphrase) {
  *root = NULL;
  if (passphrase.len < 1 || passphrase.len > BULLA_PASSPHRASE_MAX) {
    return bulla_explain(BULLA_ROOT_MALFORMED, "a passphrase has 1 to %d bytes", BULLA_PASSPHRASE_MAX);
  }
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_copy(&material, passphrase));
  return wrap(root, &material, true);
}

void bulla_root_free(struct bulla_root **root) {
  if (*root != NULL) {
    bulla_secret_free(&(*root)->material);
    free(*root);
    *root = NULL;
  }
}

bool bulla_root_is_passphrase(const struct bulla_root *root) {
  return root->passphrase;
}

enum bulla_status bulla_root_key(struct bulla_key **key, const struct bulla_root *root,
                                 const struct bulla_stretch *stretch) {
  if (root->passphrase != (stretch->log_n != 0)) {
    return BULLA_ROOT_WRONG;
  }
  if (!root->passphrase) {
    return bulla_key_new(key, BULLA_XAES_256_GCM, root->material);
  }
  if (stretch->log_n < BULLA_SCRYPT_LOG_N || stretch->log_n > BULLA_SCRYPT_LOG_N_MAX) {
    return BULLA_ROOT_WRONG;
  }
  struct bulla_span passphrase = bulla_secret_bytes(root->material);
  if (passphrase.len == 0) {
    return BULLA_FORKED;
  }
  struct bulla_secret *stretched BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&stretched, BULLA_KEY_LEN));
  BULLA_TRY(bulla_scrypt(bulla_secret_data(stretched), BULLA_KEY_LEN, passphrase,
                         bulla_span(stretch->salt, sizeof(stretch->salt)), UINT64_C(1) << stretch->log_n, 8, 1));
  return bulla_key_new(key, BULLA_XAES_256_GCM, stretched);
}
