/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* MemorySanitizer does not see what is done in libraries that were not built with it. These wrappers say it
 * instead, for BoringSSL and SQLite: what comes out of the first is secret or public by what it is; the second
 * only hands out what it was given. Nothing else is taken off its marks here. */

#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "core/crypto.h"
#include "core/engine.h"
#include "tests/ct/secret.h"

/* The parameters are BoringSSL's, as far as they matter. */

WRAP(void, AES_encrypt, const uint8_t *in, uint8_t *out, const void *key) {
  __real_AES_encrypt(in, out, key);
  ct_poison(out, 16);
}

WRAP(void, ED25519_keypair_from_seed, uint8_t *public_key, uint8_t *key, const uint8_t *seed) {
  __real_ED25519_keypair_from_seed(public_key, key, seed);
  ct_poison(public_key, 32);
  ct_poison(key, 64);
}

WRAP(int, ED25519_sign, uint8_t *signature, const uint8_t *message, size_t len, const uint8_t *key) {
  int done = __real_ED25519_sign(signature, message, len, key);
  ct_poison(signature, 64);
  return done;
}

WRAP(void, X25519_public_from_private, uint8_t *public_key, const uint8_t *private_key) {
  __real_X25519_public_from_private(public_key, private_key);
  ct_poison(public_key, 32);
}

WRAP(int, EVP_HPKE_CTX_setup_sender, void *context, uint8_t *encapsulated, size_t *len, size_t max_len, const void *kem,
     const void *kdf, const void *aead, const uint8_t *public_key, size_t public_key_len, const uint8_t *info,
     size_t info_len) {
  int done = __real_EVP_HPKE_CTX_setup_sender(context, encapsulated, len, max_len, kem, kdf, aead, public_key,
                                              public_key_len, info, info_len);
  ct_declassify(encapsulated, max_len);
  ct_declassify(len, sizeof(*len));
  return done;
}

WRAP(int, EVP_HPKE_CTX_seal, void *context, uint8_t *out, size_t *out_len, size_t max_out_len, const uint8_t *in,
     size_t in_len, const uint8_t *data, size_t data_len) {
  int sealed = __real_EVP_HPKE_CTX_seal(context, out, out_len, max_out_len, in, in_len, data, data_len);
  ct_declassify(out, max_out_len);
  ct_declassify(out_len, sizeof(*out_len));
  return sealed;
}

WRAP(int, EVP_HPKE_CTX_open, void *context, uint8_t *out, size_t *out_len, size_t max_out_len, const uint8_t *in,
     size_t in_len, const uint8_t *data, size_t data_len) {
  int opened = __real_EVP_HPKE_CTX_open(context, out, out_len, max_out_len, in, in_len, data, data_len);
  ct_poison(out, max_out_len);
  ct_declassify(out_len, sizeof(*out_len));
  return opened;
}

WRAP(int, EVP_AEAD_CTX_open_gather, const void *context, uint8_t *out, const uint8_t *nonce, size_t nonce_len,
     const uint8_t *in, size_t in_len, const uint8_t *tag, size_t tag_len, const uint8_t *data, size_t data_len) {
  int opened =
      __real_EVP_AEAD_CTX_open_gather(context, out, nonce, nonce_len, in, in_len, tag, tag_len, data, data_len);
  ct_poison(out, in_len);
  return opened;
}

WRAP(int, EVP_AEAD_CTX_seal_scatter, const void *context, uint8_t *out, uint8_t *tag, size_t *tag_len,
     size_t max_tag_len, const uint8_t *nonce, size_t nonce_len, const uint8_t *in, size_t in_len, const uint8_t *extra,
     size_t extra_len, const uint8_t *data, size_t data_len) {
  int sealed = __real_EVP_AEAD_CTX_seal_scatter(context, out, tag, tag_len, max_tag_len, nonce, nonce_len, in, in_len,
                                                extra, extra_len, data, data_len);
  ct_declassify(out, in_len);
  ct_declassify(tag, max_tag_len);
  return sealed;
}

WRAP(int, HKDF_expand, uint8_t *out, size_t out_len, const void *digest, const uint8_t *prk, size_t prk_len,
     const uint8_t *info, size_t info_len) {
  int done = __real_HKDF_expand(out, out_len, digest, prk, prk_len, info, info_len);
  ct_poison(out, out_len);
  return done;
}

WRAP(int, HKDF_extract, uint8_t *out, size_t *out_len, const void *digest, const uint8_t *secret, size_t secret_len,
     const uint8_t *salt, size_t salt_len) {
  int done = __real_HKDF_extract(out, out_len, digest, secret, secret_len, salt, salt_len);
  ct_poison(out, 32);
  return done;
}

WRAP(uint8_t *, HMAC, const void *digest, const void *key, size_t key_len, const uint8_t *data, size_t data_len,
     uint8_t *out, unsigned *out_len) {
  uint8_t *done = __real_HMAC(digest, key, key_len, data, data_len, out, out_len);
  ct_poison(out, 32);
  return done;
}

WRAP(int, RAND_bytes, uint8_t *out, size_t len) {
  int done = __real_RAND_bytes(out, len);
  ct_declassify(out, len);
  return done;
}

WRAP(uint8_t *, SHA256, const uint8_t *data, size_t len, uint8_t *out) {
  uint8_t *done = __real_SHA256(data, len, out);
  /* A digest of what is public is public: revoked tokens are looked up by theirs. */
  if (len > 0 && __msan_test_shadow(data, len) >= 0) {
    ct_poison(out, 32);
  } else {
    ct_declassify(out, 32);
  }
  return done;
}

/* Of libc's functions MemorySanitizer knows most, not these. */
#define WRAP_STAT(name, type)                        \
  WRAP(int, name, type whose, struct stat *status) { \
    int result = __real_##name(whose, status);       \
    ct_declassify(status, sizeof(*status));          \
    return result;                                   \
  }
WRAP_STAT(fstat64, int)
WRAP_STAT(stat64, const char *)
WRAP_STAT(lstat64, const char *)

WRAP(int, statx, int folder, const char *path, int flags, unsigned mask, struct statx *status) {
  int result = __real_statx(folder, path, flags, mask, status);
  ct_declassify(status, sizeof(*status));
  return result;
}

WRAP(void, explicit_bzero, void *bytes, size_t len) {
  __real_explicit_bzero(bytes, len);
  ct_declassify(bytes, len);
}

/* What SQLite hands to libc is not looked at: it does not keep the marks of its own memory. */
#define WRAP_SQLITE(name, parameters, arguments) \
  int __real_##name parameters;                  \
  int __wrap_##name parameters;                  \
  int __wrap_##name parameters {                 \
    __msan_scoped_disable_interceptor_checks();  \
    int result = __real_##name arguments;        \
    __msan_scoped_enable_interceptor_checks();   \
    return result;                               \
  }
WRAP_SQLITE(sqlite3_open_v2, (const char *path, sqlite3 **db, int flags, const char *module), (path, db, flags, module))
WRAP_SQLITE(sqlite3_close, (sqlite3 * db), (db))
WRAP_SQLITE(sqlite3_prepare_v3,
            (sqlite3 * db, const char *text, int len, unsigned flags, sqlite3_stmt **statement, const char **tail),
            (db, text, len, flags, statement, tail))
WRAP_SQLITE(sqlite3_step, (sqlite3_stmt * statement), (statement))
WRAP_SQLITE(sqlite3_reset, (sqlite3_stmt * statement), (statement))
WRAP_SQLITE(sqlite3_finalize, (sqlite3_stmt * statement), (statement))
WRAP_SQLITE(sqlite3_exec,
            (sqlite3 * db, const char *text, int (*each)(void *, int, char **, char **), void *arg, char **error),
            (db, text, each, arg, error))
WRAP_SQLITE(sqlite3_wal_checkpoint_v2, (sqlite3 * db, const char *name, int mode, int *pages, int *done),
            (db, name, mode, pages, done))
WRAP_SQLITE(sqlite3_backup_step, (sqlite3_backup * backup, int pages), (backup, pages))
WRAP_SQLITE(sqlite3_backup_finish, (sqlite3_backup * backup), (backup))

WRAP(const void *, sqlite3_column_blob, sqlite3_stmt *statement, int column) {
  const void *blob = __real_sqlite3_column_blob(statement, column);
  ct_declassify(blob, (size_t)sqlite3_column_bytes(statement, column));
  return blob;
}

WRAP(const unsigned char *, sqlite3_column_text, sqlite3_stmt *statement, int column) {
  const unsigned char *text = __real_sqlite3_column_text(statement, column);
  ct_declassify(text, (size_t)sqlite3_column_bytes(statement, column));
  return text;
}

/* bulla's own engine it sees. What that finds out of a tag is told to the caller. */
extern const struct bulla_engine __real_bulla_engine_vaes_256;
struct bulla_engine __wrap_bulla_engine_vaes_256;

static enum bulla_status watched_open(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce,
                                      size_t nonce_len, const uint8_t *ciphertext, size_t len,
                                      const struct bulla_aad *aad) {
  enum bulla_status status =
      __real_bulla_engine_vaes_256.open(context, plaintext, tag, nonce, nonce_len, ciphertext, len, aad);
  ct_declassify(&status, sizeof(status));
  return status;
}

__attribute__((constructor)) static void watch_engine(void) {
  __wrap_bulla_engine_vaes_256 = __real_bulla_engine_vaes_256;
  __wrap_bulla_engine_vaes_256.open = watched_open;
}
