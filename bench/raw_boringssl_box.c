/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* BoringSSL's bare calls of HPKE on the bytes of bench/box.c: the key that opens is expanded, and as info there is as
 * much as a blob is bound to. It is loaded as bench/raw_boringssl.c loads it. */

#include <dlfcn.h>
#include <openssl/hpke.h>
#include <stdlib.h>

#include "bench/support.h"

enum { MESSAGE_LEN = 256 };

#define FUNCTIONS(EACH)              \
  EACH(EVP_HPKE_CTX_cleanup)         \
  EACH(EVP_HPKE_CTX_open)            \
  EACH(EVP_HPKE_CTX_seal)            \
  EACH(EVP_HPKE_CTX_setup_recipient) \
  EACH(EVP_HPKE_CTX_setup_sender)    \
  EACH(EVP_HPKE_CTX_zero)            \
  EACH(EVP_HPKE_KEY_cleanup)         \
  EACH(EVP_HPKE_KEY_generate)        \
  EACH(EVP_HPKE_KEY_public_key)      \
  EACH(EVP_hpke_aes_256_gcm)         \
  EACH(EVP_hpke_hkdf_sha256)         \
  EACH(EVP_hpke_x25519_hkdf_sha256)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name in parentheses cannot be declared. */
#define DECLARE(function) __typeof__(function) *function;

struct calls {
  struct functions {
    FUNCTIONS(DECLARE)
  } functions;
  EVP_HPKE_KEY key;
  uint8_t public_key[BULLA_KEY_LEN];
  uint8_t info[BENCH_BLOB_DATA_LEN];
  uint8_t message[MESSAGE_LEN];
  uint8_t encapsulated[BULLA_KEY_LEN];
  uint8_t ciphertext[MESSAGE_LEN + BULLA_TAG_LEN];
};

static bool load(struct functions *functions) {
#ifdef BULLA_BORINGSSL_PATH
  void *library = dlopen(BULLA_BORINGSSL_PATH, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  void *symbol = NULL;
#define FIND(function)                                                   \
  if (library == NULL || (symbol = dlsym(library, #function)) == NULL) { \
    return false;                                                        \
  }                                                                      \
  memcpy(&functions->function, &symbol, sizeof(symbol));
#else
#define FIND(function) functions->function = function;
#endif
  FUNCTIONS(FIND)
  return true;
}

static const char *run_seal(void *state) {
  struct calls *calls = state;
  const struct functions *functions = &calls->functions;
  EVP_HPKE_CTX context;
  size_t len;
  functions->EVP_HPKE_CTX_zero(&context);
  bool sealed =
      functions->EVP_HPKE_CTX_setup_sender(&context, calls->encapsulated, &len, sizeof(calls->encapsulated),
                                           functions->EVP_hpke_x25519_hkdf_sha256(), functions->EVP_hpke_hkdf_sha256(),
                                           functions->EVP_hpke_aes_256_gcm(), calls->public_key,
                                           sizeof(calls->public_key), calls->info, sizeof(calls->info)) == 1 &&
      functions->EVP_HPKE_CTX_seal(&context, calls->ciphertext, &len, sizeof(calls->ciphertext), calls->message,
                                   sizeof(calls->message), NULL, 0) == 1;
  functions->EVP_HPKE_CTX_cleanup(&context);
  return sealed ? NULL : "BoringSSL did not seal";
}

static const char *run_open(void *state) {
  struct calls *calls = state;
  const struct functions *functions = &calls->functions;
  EVP_HPKE_CTX context;
  size_t len;
  functions->EVP_HPKE_CTX_zero(&context);
  bool opened = functions->EVP_HPKE_CTX_setup_recipient(
                    &context, &calls->key, functions->EVP_hpke_hkdf_sha256(), functions->EVP_hpke_aes_256_gcm(),
                    calls->encapsulated, sizeof(calls->encapsulated), calls->info, sizeof(calls->info)) == 1 &&
                functions->EVP_HPKE_CTX_open(&context, calls->message, &len, sizeof(calls->message), calls->ciphertext,
                                             sizeof(calls->ciphertext), NULL, 0) == 1;
  functions->EVP_HPKE_CTX_cleanup(&context);
  return opened ? NULL : "BoringSSL did not open";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  calls->functions.EVP_HPKE_KEY_cleanup(&calls->key);
  free(calls);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct calls *calls = calloc(1, sizeof(*calls));
  size_t len;
  if (calls == NULL) {
    return "no memory";
  }
  if (!load(&calls->functions) ||
      calls->functions.EVP_HPKE_KEY_generate(&calls->key, calls->functions.EVP_hpke_x25519_hkdf_sha256()) != 1 ||
      calls->functions.EVP_HPKE_KEY_public_key(&calls->key, calls->public_key, &len, sizeof(calls->public_key)) != 1) {
    free(calls);
    return "BoringSSL did not make a key";
  }
  const char *error = run_seal(calls);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table bench_raw_boringssl_box(void) {
  static const struct bench benches[] = {
      BENCH_ROW("raw/boringssl/box_seal", MESSAGE_LEN, 0, run_seal),
      BENCH_ROW("raw/boringssl/box_open", MESSAGE_LEN, 0, run_open),
  };
  return BENCH_TABLE(benches);
}
