/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The primitives of core/crypto.h from BoringSSL, and how it is found.
 *
 * Debian's libcrypto.so.0 must not meet OpenSSL's in the same symbol scope: each would bind to the other's
 * functions. So it is loaded with RTLD_LOCAL (its symbols serve nobody else) and RTLD_DEEPBIND (its own calls
 * find its own symbols first), and reached through the table below. Where BULLA_BORINGSSL_PATH is not defined
 * it is linked, statically or for a sanitizer, and the table holds the linked functions. */

#include "core/crypto_boringssl.h"

#include <dlfcn.h>
#include <pthread.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/slab.h"
#include "core/symbol.h"

struct bulla_boringssl bulla_boringssl;
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
    if (libc == NULL || !bulla_symbol(&load_from, libc, "dlopen")) {
      return NULL;
    }
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
#define FIND(function)                                                \
  if (!bulla_symbol(&bulla_boringssl.function, library, #function)) { \
    return;                                                           \
  }
#else
#define FIND(function) bulla_boringssl.function = function;
#endif
  BULLA_BORINGSSL_FUNCTIONS(FIND)
  available = true;
}

enum bulla_status bulla_boringssl_need(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return available ? BULLA_OK : BULLA_NO_CRYPTO;
}

static enum bulla_status status_of(bool success) {
  return success ? BULLA_OK : BULLA_NO_CRYPTO;
}

__attribute__((always_inline)) static inline enum bulla_status succeeded(bool success) {
  return bulla_boringssl_succeeded(success, BULLA_SCRUB_DEPTH);
}

/* The same for what works on Curve25519, whose frames are larger. */
__attribute__((always_inline)) static inline enum bulla_status succeeded_on_curve(bool success) {
  return bulla_boringssl_succeeded(success, BULLA_CURVE_SCRUB_DEPTH);
}

enum bulla_status bulla_hkdf_extract(uint8_t *prk, struct bulla_span salt, struct bulla_span secret) {
  BULLA_TRY(bulla_boringssl_need());
  size_t len = 0;
  return succeeded(bulla_boringssl.HKDF_extract(prk, &len, bulla_boringssl.EVP_sha256(), secret.data, secret.len,
                                                salt.data, salt.len) == 1);
}

enum bulla_status bulla_hkdf_expand(uint8_t *out, size_t out_len, struct bulla_span prk, struct bulla_span info) {
  BULLA_TRY(bulla_boringssl_need());
  return succeeded(bulla_boringssl.HKDF_expand(out, out_len, bulla_boringssl.EVP_sha256(), prk.data, prk.len, info.data,
                                               info.len) == 1);
}

enum bulla_status bulla_hmac(uint8_t *mac, struct bulla_span key, struct bulla_span message) {
  BULLA_TRY(bulla_boringssl_need());
  unsigned len = 0;
  return succeeded(bulla_boringssl.HMAC(bulla_boringssl.EVP_sha256(), key.data, key.len, message.data, message.len, mac,
                                        &len) != NULL);
}

enum bulla_status bulla_sha256(uint8_t *digest, struct bulla_span message) {
  BULLA_TRY(bulla_boringssl_need());
  return succeeded(bulla_boringssl.SHA256(message.data, message.len, digest) != NULL);
}

enum bulla_status bulla_scrypt(uint8_t *out, size_t out_len, struct bulla_span passphrase, struct bulla_span salt,
                               uint64_t n, uint64_t r, uint64_t p) {
  BULLA_TRY(bulla_boringssl_need());
  size_t max_memory = SIZE_MAX / 2;
  return succeeded(bulla_boringssl.EVP_PBE_scrypt((const char *)passphrase.data, passphrase.len, salt.data, salt.len, n,
                                                  r, p, max_memory, out, out_len) == 1);
}

enum bulla_status bulla_random(uint8_t *out, size_t len) {
  BULLA_TRY(bulla_boringssl_need());
  return succeeded(bulla_boringssl.RAND_bytes(out, len) == 1);
}

_Static_assert(ED25519_PRIVATE_KEY_LEN == BULLA_ED25519_KEY_LEN, "BoringSSL's form of a private key");

enum bulla_status bulla_ed25519_expand(uint8_t *key, uint8_t *public_key, const uint8_t *seed) {
  BULLA_TRY(bulla_boringssl_need());
  bulla_boringssl.ED25519_keypair_from_seed(public_key, key, seed);
  return succeeded_on_curve(true);
}

enum bulla_status bulla_ed25519_sign(uint8_t *signature, const uint8_t *key, struct bulla_span message) {
  BULLA_TRY(bulla_boringssl_need());
  return succeeded_on_curve(bulla_boringssl.ED25519_sign(signature, message.data, message.len, key) == 1);
}

enum bulla_status bulla_ed25519_verify(const uint8_t *public_key, const uint8_t *signature, struct bulla_span message) {
  BULLA_TRY(bulla_boringssl_need());
  int verified = bulla_boringssl.ED25519_verify(message.data, message.len, signature, public_key);
  return verified == 1 ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_x25519_public(uint8_t *public_key, const uint8_t *private_key) {
  BULLA_TRY(bulla_boringssl_need());
  bulla_boringssl.X25519_public_from_private(public_key, private_key);
  return succeeded_on_curve(true);
}

/* What BoringSSL keeps of one message. It owns no other memory: its cleanup leaves the secrets for the slab to wipe. */
struct hpke {
  EVP_HPKE_KEY key;
  EVP_HPKE_CTX context;
};

static void free_hpke(struct hpke **hpke) {
  if (*hpke != NULL) {
    bulla_boringssl.EVP_HPKE_CTX_cleanup(&(*hpke)->context);
    bulla_boringssl.EVP_HPKE_KEY_cleanup(&(*hpke)->key);
    void *slot = *hpke;
    bulla_slab_free(&slot, sizeof(**hpke));
  }
}

/* All zeroes is BoringSSL's zero state. */
static enum bulla_status new_hpke(struct hpke **hpke) {
  void *slot = NULL;
  BULLA_TRY(bulla_boringssl_need());
  BULLA_TRY(bulla_slab_new(&slot, sizeof(**hpke)));
  *hpke = slot;
  return BULLA_OK;
}

/* Why a context could not be set up with the public key of the other side: any private key is a multiple of the
 * cofactor, so that a point of small order gives zero with this one too (RFC 7748 §6.1). */
static enum bulla_status why_not_set_up(const uint8_t *public_key) {
  static const uint8_t private_key[X25519_PRIVATE_KEY_LEN];
  uint8_t shared[X25519_SHARED_KEY_LEN];
  return bulla_boringssl.X25519(shared, private_key, public_key) == 1 ? BULLA_NO_CRYPTO : BULLA_REFUSED;
}

static enum bulla_status hpke_seal(struct hpke *hpke, uint8_t *encapsulated, uint8_t *ciphertext,
                                   const uint8_t *public_key, struct bulla_span plaintext, struct bulla_span info,
                                   struct bulla_span additional_data) {
  size_t len = 0;
  if (bulla_boringssl.EVP_HPKE_CTX_setup_sender(
          &hpke->context, encapsulated, &len, BULLA_X25519_LEN, bulla_boringssl.EVP_hpke_x25519_hkdf_sha256(),
          bulla_boringssl.EVP_hpke_hkdf_sha256(), bulla_boringssl.EVP_hpke_aes_256_gcm(), public_key, BULLA_X25519_LEN,
          info.data, info.len) != 1) {
    return why_not_set_up(public_key);
  }
  int sealed =
      bulla_boringssl.EVP_HPKE_CTX_seal(&hpke->context, ciphertext, &len, plaintext.len + BULLA_TAG_LEN, plaintext.data,
                                        plaintext.len, additional_data.data, additional_data.len);
  return status_of(sealed == 1 && len == plaintext.len + BULLA_TAG_LEN);
}

enum bulla_status bulla_hpke_seal(uint8_t *encapsulated, uint8_t *ciphertext, const uint8_t *public_key,
                                  struct bulla_span plaintext, struct bulla_span info,
                                  struct bulla_span additional_data) {
  struct hpke *hpke BULLA_CLEANUP(free_hpke) = NULL;
  BULLA_TRY(new_hpke(&hpke));
  enum bulla_status status = hpke_seal(hpke, encapsulated, ciphertext, public_key, plaintext, info, additional_data);
  bulla_scrub(BULLA_CURVE_SCRUB_DEPTH);
  return status;
}

static bool init_key(EVP_HPKE_KEY *key, const uint8_t *private_key) {
  return bulla_boringssl.EVP_HPKE_KEY_init(key, bulla_boringssl.EVP_hpke_x25519_hkdf_sha256(), private_key,
                                           BULLA_X25519_LEN) == 1;
}

static enum bulla_status hpke_open(EVP_HPKE_CTX *context, uint8_t *plaintext, const EVP_HPKE_KEY *key,
                                   const uint8_t *encapsulated, struct bulla_span ciphertext, struct bulla_span info,
                                   struct bulla_span additional_data) {
  if (bulla_boringssl.EVP_HPKE_CTX_setup_recipient(context, key, bulla_boringssl.EVP_hpke_hkdf_sha256(),
                                                   bulla_boringssl.EVP_hpke_aes_256_gcm(), encapsulated,
                                                   BULLA_X25519_LEN, info.data, info.len) != 1) {
    return why_not_set_up(encapsulated);
  }
  size_t len = 0;
  int opened =
      bulla_boringssl.EVP_HPKE_CTX_open(context, plaintext, &len, ciphertext.len - BULLA_TAG_LEN, ciphertext.data,
                                        ciphertext.len, additional_data.data, additional_data.len);
  return opened == 1 && len == ciphertext.len - BULLA_TAG_LEN ? BULLA_OK : BULLA_REFUSED;
}

/* Opens with |expanded|, or |private_key| if that is NULL. Always inlined: its frame would be one more that is not
 * cleared. */
__attribute__((always_inline)) static inline enum bulla_status open_box(
    uint8_t *plaintext, const EVP_HPKE_KEY *expanded, const uint8_t *private_key, const uint8_t *encapsulated,
    struct bulla_span ciphertext, struct bulla_span info, struct bulla_span additional_data) {
  if (ciphertext.len < BULLA_TAG_LEN) {
    return BULLA_REFUSED;
  }
  struct hpke *hpke BULLA_CLEANUP(free_hpke) = NULL;
  enum bulla_status status = new_hpke(&hpke);
  if (status == BULLA_OK && expanded == NULL) {
    expanded = &hpke->key;
    status = status_of(init_key(&hpke->key, private_key));
  }
  if (status == BULLA_OK) {
    status = hpke_open(&hpke->context, plaintext, expanded, encapsulated, ciphertext, info, additional_data);
  }
  bulla_scrub(BULLA_CURVE_SCRUB_DEPTH);
  if (status != BULLA_OK) {
    bulla_wipe(plaintext, ciphertext.len - BULLA_TAG_LEN);
  }
  return status;
}

enum bulla_status bulla_hpke_open(uint8_t *plaintext, const uint8_t *private_key, const uint8_t *encapsulated,
                                  struct bulla_span ciphertext, struct bulla_span info,
                                  struct bulla_span additional_data) {
  return open_box(plaintext, NULL, private_key, encapsulated, ciphertext, info, additional_data);
}

struct bulla_hpke_key {
  EVP_HPKE_KEY key;
};

enum bulla_status bulla_hpke_key_new(struct bulla_hpke_key **key, const uint8_t *private_key) {
  void *slot = NULL;
  *key = NULL;
  BULLA_TRY(bulla_boringssl_need());
  BULLA_TRY(bulla_slab_new(&slot, sizeof(**key)));
  struct bulla_hpke_key *made = slot;
  enum bulla_status status = succeeded_on_curve(init_key(&made->key, private_key));
  if (status != BULLA_OK) {
    bulla_hpke_key_free(&made);
  }
  *key = made;
  return status;
}

void bulla_hpke_key_free(struct bulla_hpke_key **key) {
  if (*key != NULL) {
    bulla_boringssl.EVP_HPKE_KEY_cleanup(&(*key)->key);
    void *slot = *key;
    bulla_slab_free(&slot, sizeof(**key));
    *key = NULL;
  }
}

enum bulla_status bulla_hpke_open_with(uint8_t *plaintext, const struct bulla_hpke_key *key,
                                       const uint8_t *encapsulated, struct bulla_span ciphertext,
                                       struct bulla_span info, struct bulla_span additional_data) {
  return open_box(plaintext, &key->key, NULL, encapsulated, ciphertext, info, additional_data);
}
