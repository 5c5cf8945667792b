/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The primitives of core/crypto.h, from BoringSSL.
 *
 * Debian's libcrypto.so.0 must not meet OpenSSL's in the same symbol scope: each would bind to the other's
 * functions. So it is loaded with RTLD_LOCAL (its symbols serve nobody else) and RTLD_DEEPBIND (its own calls
 * find its own symbols first), and reached through the table below. Where BULLA_BORINGSSL_PATH is not defined
 * it is linked, statically or for a sanitizer, and the table holds the linked functions. */

#include "core/crypto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include <openssl/aead.h>
#include <openssl/aes.h>
#include <openssl/digest.h>
#include <openssl/evp.h>
#include <openssl/hkdf.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "core/cleanup.h"
#include "core/engine.h"
#include "core/scrub.h"
#include "core/slab.h"

#define FUNCTIONS(EACH)           \
  EACH(AES_encrypt)               \
  EACH(AES_set_encrypt_key)       \
  EACH(EVP_AEAD_CTX_init)         \
  EACH(EVP_AEAD_CTX_open_gather)  \
  EACH(EVP_AEAD_CTX_seal_scatter) \
  EACH(EVP_PBE_scrypt)            \
  EACH(EVP_aead_aes_128_gcm)      \
  EACH(EVP_aead_aes_192_gcm)      \
  EACH(EVP_aead_aes_256_gcm)      \
  EACH(EVP_sha256)                \
  EACH(HKDF_expand)               \
  EACH(HKDF_extract)              \
  EACH(HMAC)                      \
  EACH(RAND_bytes)                \
  EACH(SHA256)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name in parentheses cannot be declared. */
#define DECLARE(function) __typeof__(function) *function;
static struct { FUNCTIONS(DECLARE) } boringssl;
static bool available;

#ifdef BULLA_BORINGSSL_PATH
static bool is_sanitized(void) {
  static const char *const runtimes[] = {"__asan_init", "__hwasan_init", "__tsan_init", "__msan_init"};
  for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
    if (dlsym(RTLD_DEFAULT, runtimes[i]) != NULL) {
      return true;
    }
  }
  return false;
}

/* A sanitizer, which the program may have where this library has none, puts a dlopen of its own before libc's and ends
 * the process at RTLD_DEEPBIND: what such a library allocates would go past it. BoringSSL hands nothing over that
 * others free, nor frees what others made, so libc's own dlopen may be asked. */
static void *open_library(void) {
  void *(*load_from)(const char *, int) = dlopen;
  if (is_sanitized()) {
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    void *symbol = libc != NULL ? dlsym(libc, "dlopen") : NULL;
    if (symbol == NULL) {
      return NULL;
    }
    memcpy(&load_from, &symbol, sizeof(symbol));
  }
  return load_from(BULLA_BORINGSSL_PATH, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}
#endif

static void load(void) {
#ifdef BULLA_BORINGSSL_PATH
  void *library = open_library();
  if (library == NULL) {
    return;
  }
#define FIND(function)                                    \
  {                                                       \
    void *symbol = dlsym(library, #function);             \
    if (symbol == NULL) {                                 \
      return;                                             \
    }                                                     \
    memcpy(&boringssl.function, &symbol, sizeof(symbol)); \
  }
#else
#define FIND(function) boringssl.function = function;
#endif
  FUNCTIONS(FIND)
  available = true;
}

static enum bulla_status need_boringssl(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return available ? BULLA_OK : BULLA_NO_CRYPTO;
}

static enum bulla_status status_of(bool success) {
  return success ? BULLA_OK : BULLA_NO_CRYPTO;
}

/* Ends every call that was handed a secret: BoringSSL leaves parts of them in registers and on the stack. */
static enum bulla_status succeeded(bool success) {
  bulla_scrub(BULLA_SCRUB_DEPTH);
  return status_of(success);
}

static bool is_usable(void) {
  return need_boringssl() == BULLA_OK;
}

/* For AES-GCM EVP_AEAD_CTX holds the round keys inline and its cleanup neither frees nor wipes anything: the
 * slab does. */
static enum bulla_status expand(void *context, struct bulla_span key) {
  const EVP_AEAD *algorithm = key.len == 16   ? boringssl.EVP_aead_aes_128_gcm()
                              : key.len == 24 ? boringssl.EVP_aead_aes_192_gcm()
                                              : boringssl.EVP_aead_aes_256_gcm();
  return status_of(boringssl.EVP_AEAD_CTX_init(context, algorithm, key.data, key.len, BULLA_TAG_LEN, NULL) == 1);
}

static enum bulla_status seal(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce,
                              size_t nonce_len, const uint8_t *plaintext, size_t len, const uint8_t *additional_data,
                              size_t additional_data_len) {
  size_t tag_len = 0;
  int sealed = boringssl.EVP_AEAD_CTX_seal_scatter(context, ciphertext, tag, &tag_len, BULLA_TAG_LEN, nonce, nonce_len,
                                                   plaintext, len, NULL, 0, additional_data, additional_data_len);
  return status_of(sealed == 1 && tag_len == BULLA_TAG_LEN);
}

static bool open(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce, size_t nonce_len,
                 const uint8_t *ciphertext, size_t len, const uint8_t *additional_data, size_t additional_data_len) {
  return boringssl.EVP_AEAD_CTX_open_gather(context, plaintext, nonce, nonce_len, ciphertext, len, tag, BULLA_TAG_LEN,
                                            additional_data, additional_data_len) == 1;
}

const struct bulla_engine bulla_engine_boringssl = {
    .name = "boringssl",
    .context_len = sizeof(EVP_AEAD_CTX),
    .scrub_depth = BULLA_SCRUB_DEPTH,
    .is_usable = is_usable,
    .expand = expand,
    .seal = seal,
    .open = open,
};

/* AES_encrypt is assembly that needs no stack, or C that does not go deep. */
enum { AES_SCRUB_DEPTH = 1024 };

/* C2SP XAES-256-GCM: a CMAC-based derivation whose subkey K1 depends on the key alone. */
struct bulla_xaes {
  AES_KEY schedule;
  uint8_t k1[AES_BLOCK_SIZE];
};

enum bulla_status bulla_xaes_new(struct bulla_xaes **xaes, struct bulla_span key) {
  *xaes = NULL;
  BULLA_TRY(need_boringssl());
  if (key.len != BULLA_KEY_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  void *slot = NULL;
  BULLA_TRY(bulla_slab_new(&slot, sizeof(struct bulla_xaes)));
  struct bulla_xaes *made = slot;
  if (boringssl.AES_set_encrypt_key(key.data, 256, &made->schedule) != 0) {
    bulla_xaes_free(&made);
    return BULLA_NO_CRYPTO;
  }
  /* L = AES(0); K1 = L doubled in GF(2^128), without a branch on its top bit. */
  uint8_t *k1 = made->k1;
  boringssl.AES_encrypt(k1, k1, &made->schedule);
  uint8_t top_bit = k1[0] >> 7;
  for (size_t i = 0; i + 1 < AES_BLOCK_SIZE; i++) {
    k1[i] = (uint8_t)(k1[i] << 1 | k1[i + 1] >> 7);
  }
  k1[AES_BLOCK_SIZE - 1] = (uint8_t)(k1[AES_BLOCK_SIZE - 1] << 1 ^ (0x87 & -top_bit));
  *xaes = made;
  return succeeded(true);
}

void bulla_xaes_free(struct bulla_xaes **xaes) {
  void *slot = *xaes;
  bulla_slab_free(&slot, sizeof(struct bulla_xaes));
  *xaes = NULL;
}

enum bulla_status bulla_xaes_derive(const struct bulla_xaes *xaes, struct bulla_aead **aead, struct bulla_span nonce) {
  *aead = NULL;
  if (nonce.len != 24) {
    return BULLA_INVALID_ARGUMENT;
  }
  void *derived = NULL;
  BULLA_TRY(bulla_slab_new(&derived, BULLA_KEY_LEN));
  uint8_t *half = derived;
  for (uint8_t counter = 1; counter <= 2; counter++, half += AES_BLOCK_SIZE) {
    const uint8_t prefix[4] = {0, counter, 'X', 0};
    memcpy(half, prefix, sizeof(prefix));
    memcpy(half + sizeof(prefix), nonce.data, 12);
    for (size_t i = 0; i < AES_BLOCK_SIZE; i++) {
      half[i] ^= xaes->k1[i];
    }
    boringssl.AES_encrypt(half, half, &xaes->schedule);
  }
  bulla_scrub(AES_SCRUB_DEPTH);
  enum bulla_status status = bulla_aead_new(aead, bulla_span(derived, BULLA_KEY_LEN));
  bulla_slab_free(&derived, BULLA_KEY_LEN);
  return status;
}

enum bulla_status bulla_hkdf_extract(uint8_t *prk, struct bulla_span salt, struct bulla_span secret) {
  BULLA_TRY(need_boringssl());
  size_t len = 0;
  return succeeded(
      boringssl.HKDF_extract(prk, &len, boringssl.EVP_sha256(), secret.data, secret.len, salt.data, salt.len) == 1);
}

enum bulla_status bulla_hkdf_expand(uint8_t *out, size_t out_len, struct bulla_span prk, struct bulla_span info) {
  BULLA_TRY(need_boringssl());
  return succeeded(
      boringssl.HKDF_expand(out, out_len, boringssl.EVP_sha256(), prk.data, prk.len, info.data, info.len) == 1);
}

enum bulla_status bulla_hmac(uint8_t *mac, struct bulla_span key, struct bulla_span message) {
  BULLA_TRY(need_boringssl());
  unsigned len = 0;
  return succeeded(boringssl.HMAC(boringssl.EVP_sha256(), key.data, key.len, message.data, message.len, mac, &len) !=
                   NULL);
}

enum bulla_status bulla_sha256(uint8_t *digest, struct bulla_span message) {
  BULLA_TRY(need_boringssl());
  return succeeded(boringssl.SHA256(message.data, message.len, digest) != NULL);
}

enum bulla_status bulla_scrypt(uint8_t *out, size_t out_len, struct bulla_span passphrase, struct bulla_span salt,
                               uint64_t n, uint64_t r, uint64_t p) {
  BULLA_TRY(need_boringssl());
  size_t max_memory = SIZE_MAX / 2;
  return succeeded(boringssl.EVP_PBE_scrypt((const char *)passphrase.data, passphrase.len, salt.data, salt.len, n, r, p,
                                            max_memory, out, out_len) == 1);
}

enum bulla_status bulla_random(uint8_t *out, size_t len) {
  BULLA_TRY(need_boringssl());
  return succeeded(boringssl.RAND_bytes(out, len) == 1);
}
