/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Root keys: 64 digits from a provider, decoded in locked memory and in constant time, or a passphrase. */

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
#include "store/provider.h"

#define DIGITS (2 * (size_t)BULLA_KEY_LEN)
#define TEXT_MAX (DIGITS + 2) /* with a newline */

struct bulla_root {
  struct bulla_secret *material; /* BULLA_KEY_LEN bytes, or the passphrase */
  bool passphrase;
};

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
      return bulla_explain(BULLA_ROOT_MALFORMED, "character %zu is not a hexadecimal digit", at);
    }
  }
  return BULLA_ROOT_MALFORMED;
}

/* The key that |text| spells: the digits, and a newline or nothing. */
static enum bulla_status decode(struct bulla_secret **material, struct bulla_span text) {
  bool cut = text.len > TEXT_MAX;
  text = bulla_without_newline(text, DIGITS);
  if (text.len != DIGITS) {
    text.len -= text.len > 0 && text.data[text.len - 1] == '\n' ? 1 : 0;
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

static enum bulla_status from_hashed_env(struct bulla_secret **material, const char *name) {
  const char *text = getenv(name);
  if (text == NULL) {
    return bulla_explain(BULLA_SECRET_UNAVAILABLE, "the variable is not set");
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

static enum bulla_status from_provider(struct bulla_secret **material, const char *provider) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  enum bulla_status status = bulla_provider_read(&text, provider, TEXT_MAX);
  BULLA_TRY(status == BULLA_TOO_LARGE ? BULLA_ROOT_MALFORMED : status);
  return decode(material, bulla_secret_bytes(text));
}

enum bulla_status bulla_root_open(struct bulla_root **root, const char *provider) {
  *root = NULL;
  if (provider == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  const char *rest;
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  bool is_hashed = bulla_provider_split(&rest, provider) == BULLA_PROVIDER_HASHED_ENV;
  BULLA_TRY(is_hashed ? from_hashed_env(&material, rest) : from_provider(&material, provider));
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
  const char *path;
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
