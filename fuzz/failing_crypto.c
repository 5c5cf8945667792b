/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* BoringSSL's functions, each of which fails when fuzz_crypto_fails says so. Where BoringSSL is linked the
 * linker's --wrap leads here; where it is loaded, dlsym does. Its headers are for core/ alone: what is declared
 * here is as much as passes arguments on. */

#include <dlfcn.h>

#include "fuzz/alloc_calls.h"

/* NOLINTBEGIN(bugprone-reserved-identifier,bugprone-macro-parentheses,cert-*): what the linker calls them. */
#define FUNCTION(type, name, failure, parameters, arguments)                            \
  extern type __real_##name parameters __attribute__((weak));                           \
  type __wrap_##name parameters;                                                        \
  static type(*loaded_##name) parameters;                                               \
  type __wrap_##name parameters {                                                       \
    type(*function) parameters = loaded_##name != NULL ? loaded_##name : __real_##name; \
    return fuzz_crypto_fails() ? (failure) : function arguments;                        \
  }

FUNCTION(int, AES_set_decrypt_key, -1, (const uint8_t *key, unsigned bits, void *schedule), (key, bits, schedule))
FUNCTION(int, AES_set_encrypt_key, -1, (const uint8_t *key, unsigned bits, void *schedule), (key, bits, schedule))
FUNCTION(int, ECDH_compute_key, -1,
         (void *out, size_t out_len, const void *point, const void *key,
          void *(*hash)(const void *in, size_t len, void *out, size_t *out_len)),
         (out, out_len, point, key, hash))
FUNCTION(int, EC_KEY_generate_key, 0, (void *key), (key))
FUNCTION(int, EC_POINT_mul, 0,
         (const void *group, void *out, const void *number, const void *point, const void *factor, void *context),
         (group, out, number, point, factor, context))
FUNCTION(int, ED25519_sign, 0, (uint8_t * out, const uint8_t *message, size_t len, const uint8_t *key),
         (out, message, len, key))
FUNCTION(int, EVP_AEAD_CTX_init, 0,
         (void *context, const void *algorithm, const uint8_t *key, size_t len, size_t tag_len, void *engine),
         (context, algorithm, key, len, tag_len, engine))
FUNCTION(int, EVP_AEAD_CTX_seal_scatter, 0,
         (const void *context, uint8_t *out, uint8_t *tag, size_t *tag_len, size_t max_tag_len, const uint8_t *nonce,
          size_t nonce_len, const uint8_t *in, size_t len, const uint8_t *extra, size_t extra_len, const uint8_t *data,
          size_t data_len),
         (context, out, tag, tag_len, max_tag_len, nonce, nonce_len, in, len, extra, extra_len, data, data_len))
FUNCTION(int, EVP_HPKE_CTX_seal, 0,
         (void *context, uint8_t *out, size_t *out_len, size_t max_len, const uint8_t *in, size_t len,
          const uint8_t *data, size_t data_len),
         (context, out, out_len, max_len, in, len, data, data_len))
FUNCTION(int, EVP_HPKE_CTX_setup_recipient, 0,
         (void *context, const void *key, const void *kdf, const void *aead, const uint8_t *encapsulated, size_t len,
          const uint8_t *info, size_t info_len),
         (context, key, kdf, aead, encapsulated, len, info, info_len))
FUNCTION(int, EVP_HPKE_CTX_setup_sender, 0,
         (void *context, uint8_t *out, size_t *out_len, size_t max_len, const void *kem, const void *kdf,
          const void *aead, const uint8_t *key, size_t len, const uint8_t *info, size_t info_len),
         (context, out, out_len, max_len, kem, kdf, aead, key, len, info, info_len))
FUNCTION(int, EVP_HPKE_KEY_init, 0, (void *key, const void *kem, const uint8_t *bytes, size_t len),
         (key, kem, bytes, len))
FUNCTION(int, HKDF_expand, 0,
         (uint8_t * out, size_t out_len, const void *hash, const uint8_t *key, size_t len, const uint8_t *info,
          size_t info_len),
         (out, out_len, hash, key, len, info, info_len))
FUNCTION(int, HKDF_extract, 0,
         (uint8_t * out, size_t *out_len, const void *hash, const uint8_t *secret, size_t len, const uint8_t *salt,
          size_t salt_len),
         (out, out_len, hash, secret, len, salt, salt_len))
FUNCTION(uint8_t *, HMAC, NULL,
         (const void *hash, const void *key, size_t key_len, const uint8_t *message, size_t len, uint8_t *out,
          unsigned *out_len),
         (hash, key, key_len, message, len, out, out_len))
FUNCTION(int, RAND_bytes, 0, (uint8_t * out, size_t len), (out, len))
FUNCTION(uint8_t *, SHA256, NULL, (const uint8_t *message, size_t len, uint8_t *out), (message, len, out))

void *__real_dlsym(void *library, const char *name) __attribute__((weak));
void *__wrap_dlsym(void *library, const char *name);

void *__wrap_dlsym(void *library, const char *name) {
  void *symbol = __real_dlsym(library, name);
#define LEAD(function)                                         \
  if (strcmp(name, #function) == 0) {                          \
    __typeof__(loaded_##function) failing = __wrap_##function; \
    memcpy(&loaded_##function, &symbol, sizeof(symbol));       \
    memcpy(&symbol, &failing, sizeof(symbol));                 \
  }
  LEAD(AES_set_decrypt_key)
  LEAD(AES_set_encrypt_key)
  LEAD(ECDH_compute_key)
  LEAD(EC_KEY_generate_key)
  LEAD(EC_POINT_mul)
  LEAD(ED25519_sign)
  LEAD(EVP_AEAD_CTX_init)
  LEAD(EVP_AEAD_CTX_seal_scatter)
  LEAD(EVP_HPKE_CTX_seal)
  LEAD(EVP_HPKE_CTX_setup_recipient)
  LEAD(EVP_HPKE_CTX_setup_sender)
  LEAD(EVP_HPKE_KEY_init)
  LEAD(HKDF_expand)
  LEAD(HKDF_extract)
  LEAD(HMAC)
  LEAD(RAND_bytes)
  LEAD(SHA256)
  return symbol;
}
/* NOLINTEND(bugprone-reserved-identifier,bugprone-macro-parentheses,cert-*) */
