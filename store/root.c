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

/* Hands |*material| over to a new |*root|. */
static enum bulla_status wrap(struct bulla_root **root, struct bulla_secret **material, enum bulla_root_kind kind) {
  struct bulla_root *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->material = *material;
  made->kind = kind;
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

/* What the key of an actor begins with, which is longer. */
static const char actors[] = "bullaa_";

/* The key that |text| spells: the digits, and a newline or nothing. */
static enum bulla_status decode(struct bulla_secret **material, struct bulla_span text) {
  bool cut = text.len > TEXT_MAX;
  text = bulla_without_newline(text, DIGITS);
  if (text.len != DIGITS) {
    if (cut && bulla_secret_equal(bulla_span(text.data, sizeof(actors) - 1), bulla_text(actors))) {
      return bulla_explain(BULLA_ROOT_MALFORMED,
                           "it is the key of an actor, not a root key: the command takes it by --as");
    }
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

/* The private key of a recipient. */
static enum bulla_status open_private(struct bulla_root **root, const char *provider) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN];
  BULLA_TRY(from_provider(&material, provider));
  BULLA_TRY(bulla_box_public(public_key, material));
  BULLA_TRY(wrap(root, &material, BULLA_ROOT_PRIVATE));
  memcpy((*root)->public_key, public_key, sizeof(public_key));
  return BULLA_OK;
}

/* A program is not run before there is a key to wrap or unwrap. */
static enum bulla_status name_program(struct bulla_root **root, const char *command) {
  if (command[strspn(command, " ")] == '\0') {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "no program is named after wrap:");
  }
  struct bulla_root *made = calloc(1, sizeof(*made));
  char *copy = strdup(command);
  if (made == NULL || copy == NULL) {
    free(made);
    free(copy);
    return BULLA_NO_MEMORY;
  }
  made->kind = BULLA_ROOT_PROGRAM;
  made->command = copy;
  *root = made;
  return BULLA_OK;
}

enum bulla_status bulla_root_open(struct bulla_root **root, const char *provider) {
  *root = NULL;
  if (provider == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  const char *of_recipient = bulla_provider_of_recipient(provider);
  if (of_recipient != NULL) {
    return open_private(root, of_recipient);
  }
  const char *rest;
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  enum bulla_provider kind = bulla_provider_split(&rest, provider);
  if (kind == BULLA_PROVIDER_WRAP) {
    return name_program(root, rest);
  }
  bool is_hashed = kind == BULLA_PROVIDER_HASHED_ENV;
  BULLA_TRY(is_hashed ? from_hashed_env(&material, rest) : from_provider(&material, provider));
  return wrap(root, &material, BULLA_ROOT_KEY);
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
  return wrap(root, &material, BULLA_ROOT_KEY);
}

enum bulla_status bulla_recipient_create(struct bulla_root **root, const char *provider) {
  BULLA_TRY(bulla_root_create(root, provider));
  (*root)->kind = BULLA_ROOT_PRIVATE;
  enum bulla_status status = bulla_box_public((*root)->public_key, (*root)->material);
  if (status != BULLA_OK) {
    bulla_root_free(root);
  }
  return status;
}

enum bulla_status bulla_root_passphrase(struct bulla_root **root, struct bulla_span passphrase) {
  *root = NULL;
  if (passphrase.len < 1 || passphrase.len > BULLA_PASSPHRASE_MAX) {
    return bulla_explain(BULLA_ROOT_MALFORMED, "a passphrase has 1 to %d bytes", BULLA_PASSPHRASE_MAX);
  }
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_copy(&material, passphrase));
  return wrap(root, &material, BULLA_ROOT_PASSPHRASE);
}

void bulla_root_free(struct bulla_root **root) {
  if (*root != NULL) {
    bulla_secret_free(&(*root)->material);
    free((*root)->command);
    free(*root);
    *root = NULL;
  }
}
