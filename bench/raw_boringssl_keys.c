/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The bare calls of BoringSSL for key pairs. ECDH: agreeing with a key that stays, which is what decrypting needs, and
 * with a new one, which is what encrypting needs. RSA-OAEP of a key of 32 bytes, with an RSA object that stays, and
 * with one that is made of the numbers for each operation: the latter is what bulla does with a private key, so that no
 * copy of it lies in ordinary memory in between. It is loaded as bench/raw_boringssl.c loads it. */

#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdh.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "bench/jwe_case.h"
#include "core/base64url.h"

enum { RSA_BITS = 2048, RSA_LEN = RSA_BITS / 8, COORDINATE_MAX = 66, CEK_LEN = 32 };

#define FUNCTIONS(EACH)          \
  EACH(BN_bin2bn)                \
  EACH(BN_free)                  \
  EACH(ECDH_compute_key)         \
  EACH(EC_KEY_free)              \
  EACH(EC_KEY_generate_key)      \
  EACH(EC_KEY_get0_public_key)   \
  EACH(EC_KEY_new_by_curve_name) \
  EACH(RSA_decrypt)              \
  EACH(RSA_encrypt)              \
  EACH(RSA_free)                 \
  EACH(RSA_new)                  \
  EACH(RSA_set0_crt_params)      \
  EACH(RSA_set0_factors)         \
  EACH(RSA_set0_key)             \
  EACH(X25519)                   \
  EACH(X25519_keypair)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name in parentheses cannot be declared. */
#define DECLARE(function) __typeof__(function) *function;

static struct functions { FUNCTIONS(DECLARE) } ssl;

static bool load(void) {
#ifdef BULLA_BORINGSSL_PATH
  void *library = dlopen(BULLA_BORINGSSL_PATH, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  void *symbol = NULL;
#define FIND(function)                                                   \
  if (library == NULL || (symbol = dlsym(library, #function)) == NULL) { \
    return false;                                                        \
  }                                                                      \
  memcpy(&ssl.function, &symbol, sizeof(symbol));
#else
#define FIND(function) ssl.function = function;
#endif
  FUNCTIONS(FIND)
  return true;
}

/* Of ECDH: two key pairs on a curve of NIST. */
struct agreement {
  int nid;
  EC_KEY *ours;
  EC_KEY *theirs;
  uint8_t shared[COORDINATE_MAX];
};

static bool agree(struct agreement *agreement, const EC_KEY *with) {
  return ssl.ECDH_compute_key(agreement->shared, sizeof(agreement->shared),
                              ssl.EC_KEY_get0_public_key(agreement->theirs), with, NULL) > 0;
}

static EC_KEY *new_pair(int nid) {
  EC_KEY *pair = ssl.EC_KEY_new_by_curve_name(nid);
  if (pair != NULL && ssl.EC_KEY_generate_key(pair) != 1) {
    ssl.EC_KEY_free(pair);
    pair = NULL;
  }
  return pair;
}

static const char *run_agree(void *state) {
  struct agreement *agreement = state;
  return agree(agreement, agreement->ours) ? NULL : "BoringSSL did not agree";
}

static const char *run_generate_agree(void *state) {
  struct agreement *agreement = state;
  EC_KEY *pair = new_pair(agreement->nid);
  const bool agreed = pair != NULL && agree(agreement, pair);
  ssl.EC_KEY_free(pair);
  return agreed ? NULL : "BoringSSL did not agree";
}

static void tear_down(void *state) {
  struct agreement *agreement = state;
  ssl.EC_KEY_free(agreement->ours);
  ssl.EC_KEY_free(agreement->theirs);
  free(agreement);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct agreement *agreement = load() ? calloc(1, sizeof(*agreement)) : NULL;
  if (agreement == NULL) {
    return "BoringSSL is not there";
  }
  agreement->nid = bench->variant;
  agreement->ours = new_pair(bench->variant);
  agreement->theirs = new_pair(bench->variant);
  if (agreement->ours == NULL || agreement->theirs == NULL) {
    tear_down(agreement);
    return "BoringSSL did not make keys";
  }
  *state = agreement;
  return NULL;
}

struct x25519 {
  uint8_t ours[X25519_PRIVATE_KEY_LEN];
  uint8_t theirs[X25519_PUBLIC_VALUE_LEN];
  uint8_t shared[X25519_SHARED_KEY_LEN];
};

static const char *run_x25519(void *state) {
  struct x25519 *agreement = state;
  return ssl.X25519(agreement->shared, agreement->ours, agreement->theirs) == 1 ? NULL : "BoringSSL did not agree";
}

static const char *run_generate_x25519(void *state) {
  struct x25519 *agreement = state;
  uint8_t public_key[X25519_PUBLIC_VALUE_LEN];
  ssl.X25519_keypair(public_key, agreement->ours);
  return run_x25519(state);
}

static const char *set_up_x25519(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct x25519 *agreement = load() ? calloc(1, sizeof(*agreement)) : NULL;
  if (agreement == NULL) {
    return "BoringSSL is not there";
  }
  ssl.X25519_keypair(agreement->theirs, agreement->ours);
  *state = agreement;
  return NULL;
}

/* Of RSA: an object, and the bytes of its numbers. */
enum { N, E, D, P, Q, DP, DQ, QI, NUM_NUMBERS };

struct encryption {
  RSA *kept;
  size_t lens[NUM_NUMBERS];
  uint8_t numbers[NUM_NUMBERS][RSA_LEN];
  uint8_t cek[CEK_LEN];
  uint8_t encrypted[RSA_LEN];
  uint8_t decrypted[RSA_LEN];
};

static bool encrypt(struct encryption *encryption, RSA *rsa) {
  size_t len;
  return rsa != NULL && ssl.RSA_encrypt(rsa, &len, encryption->encrypted, RSA_LEN, encryption->cek, CEK_LEN,
                                        RSA_PKCS1_OAEP_PADDING) == 1;
}

static bool decrypt(struct encryption *encryption, RSA *rsa) {
  size_t len = 0;
  return rsa != NULL &&
         ssl.RSA_decrypt(rsa, &len, encryption->decrypted, RSA_LEN, encryption->encrypted, RSA_LEN,
                         RSA_PKCS1_OAEP_PADDING) == 1 &&
         len == CEK_LEN;
}

static BIGNUM *number(const struct encryption *encryption, int which) {
  return ssl.BN_bin2bn(encryption->numbers[which], encryption->lens[which], NULL);
}

/* Once set, the numbers belong to the object. There is memory for them all on a machine that is measured. */
static RSA *fresh(const struct encryption *encryption, bool with_private) {
  RSA *rsa = ssl.RSA_new();
  bool good = rsa != NULL && ssl.RSA_set0_key(rsa, number(encryption, N), number(encryption, E),
                                              with_private ? number(encryption, D) : NULL) == 1;
  if (good && with_private) {
    good = ssl.RSA_set0_factors(rsa, number(encryption, P), number(encryption, Q)) == 1 &&
           ssl.RSA_set0_crt_params(rsa, number(encryption, DP), number(encryption, DQ), number(encryption, QI)) == 1;
  }
  if (!good) {
    ssl.RSA_free(rsa);
    return NULL;
  }
  return rsa;
}

static const char *run_encrypt(void *state) {
  struct encryption *encryption = state;
  return encrypt(encryption, encryption->kept) ? NULL : "BoringSSL did not encrypt";
}

static const char *run_encrypt_fresh(void *state) {
  RSA *rsa = fresh(state, false);
  const bool encrypted = encrypt(state, rsa);
  ssl.RSA_free(rsa);
  return encrypted ? NULL : "BoringSSL did not encrypt";
}

static const char *run_decrypt(void *state) {
  struct encryption *encryption = state;
  return decrypt(encryption, encryption->kept) ? NULL : "BoringSSL did not decrypt";
}

static const char *run_decrypt_fresh(void *state) {
  RSA *rsa = fresh(state, true);
  const bool decrypted = decrypt(state, rsa);
  ssl.RSA_free(rsa);
  return decrypted ? NULL : "BoringSSL did not decrypt";
}

static void tear_down_rsa(void *state) {
  struct encryption *encryption = state;
  ssl.RSA_free(encryption->kept);
  free(encryption);
}

/* take_numbers reads the benchmarks' key: the digits between the quotes behind each name. */
static bool take_numbers(struct encryption *encryption) {
  static const char *const names[NUM_NUMBERS] = {"\"n\":\"", "\"e\":\"",  "\"d\":\"",  "\"p\":\"",
                                                 "\"q\":\"", "\"dp\":\"", "\"dq\":\"", "\"qi\":\""};
  const char *json = bench_jwk("RSA")->json;
  for (int i = 0; i < NUM_NUMBERS; i++) {
    const char *digits = strstr(json, names[i]) + strlen(names[i]);
    const struct bulla_span span = bulla_span(digits, strcspn(digits, "\""));
    encryption->lens[i] = bulla_base64url_decoded_len(span.len);
    if (encryption->lens[i] > RSA_LEN || !bulla_base64url_decode(encryption->numbers[i], span)) {
      return false;
    }
  }
  return true;
}

static const char *set_up_rsa(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct encryption *encryption = load() ? calloc(1, sizeof(*encryption)) : NULL;
  if (encryption == NULL) {
    return "BoringSSL is not there";
  }
  encryption->kept = take_numbers(encryption) ? fresh(encryption, true) : NULL;
  /* The object keeps what its first decryption finds out. */
  const char *error = run_encrypt(encryption);
  if (error == NULL) {
    error = run_decrypt(encryption);
  }
  if (error != NULL) {
    tear_down_rsa(encryption);
    return error;
  }
  *state = encryption;
  return NULL;
}

#define CURVE_ROWS(curve, nid)                                        \
  BENCH_ROW("raw/boringssl/ecdh/" curve "/agree", 0, nid, run_agree), \
      BENCH_ROW("raw/boringssl/ecdh/" curve "/generate_agree", 0, nid, run_generate_agree)
#define X25519_ROW(operation, run) \
  { "raw/boringssl/ecdh/X25519/" operation, 0, 0, false, true, set_up_x25519, run, free }
#define RSA_ROW(operation, run) \
  { "raw/boringssl/rsa/2048/" operation, 0, 0, false, true, set_up_rsa, run, tear_down_rsa }

struct bench_table bench_raw_boringssl_keys(void) {
  static const struct bench benches[] = {
      CURVE_ROWS("P-256", NID_X9_62_prime256v1),
      CURVE_ROWS("P-384", NID_secp384r1),
      CURVE_ROWS("P-521", NID_secp521r1),
      X25519_ROW("agree", run_x25519),
      X25519_ROW("generate_agree", run_generate_x25519),
      RSA_ROW("encrypt", run_encrypt),
      RSA_ROW("encrypt_fresh", run_encrypt_fresh),
      RSA_ROW("decrypt", run_decrypt),
      RSA_ROW("decrypt_fresh", run_decrypt_fresh),
  };
  return BENCH_TABLE(benches);
}
