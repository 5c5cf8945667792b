/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* RSA of core/crypto_keys.h, from BoringSSL. Its private operations blind the input, take constant time, and are
 * checked with the public exponent before anything comes out. A private key becomes a fresh RSA object for each
 * operation, whose copies of the numbers BoringSSL clears when it frees them. */

#include <string.h>

#include "core/cleanup.h"
#include "core/crypto_boringssl.h"
#include "core/crypto_keys.h"
#include "core/slab.h"

enum { EXPONENT_MAX_LEN = 5, BITS_OF_A_BYTE = 8 };

enum bulla_status bulla_rsa_check_public(const struct bulla_rsa_public *key) {
  struct bulla_span n = key->n;
  struct bulla_span e = key->e;
  bool n_fits = n.len >= BULLA_RSA_MIN_LEN && n.len <= BULLA_RSA_MAX_LEN &&
                n.data[0] >= (n.len == BULLA_RSA_MIN_LEN ? 0x80 : 1) && (n.data[n.len - 1] & 1) == 1;
  bool e_fits = e.len >= 1 && e.len <= EXPONENT_MAX_LEN && e.data[0] != 0 &&
                (e.len < EXPONENT_MAX_LEN || e.data[0] == 1) && (e.data[e.len - 1] & 1) == 1 &&
                (e.len > 1 || e.data[0] >= 3);
  return n_fits && e_fits ? BULLA_OK : BULLA_REFUSED;
}

static void free_rsa(RSA **rsa) {
  if (*rsa != NULL) {
    bulla_boringssl.RSA_free(*rsa);
  }
}

static void free_number(BIGNUM **number) {
  if (*number != NULL) {
    bulla_boringssl.BN_clear_free(*number);
  }
}

static BIGNUM *number_of(struct bulla_span bytes) {
  return bulla_boringssl.BN_bin2bn(bytes.data, bytes.len, NULL);
}

static enum bulla_status new_rsa(RSA **rsa) {
  BULLA_TRY(bulla_boringssl_need());
  *rsa = bulla_boringssl.RSA_new();
  return *rsa != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

/* Gives |rsa| the numbers of |key|, with |d| or without. The object owns those that it took. */
static enum bulla_status set_key(RSA *rsa, const struct bulla_rsa_public *key, const struct bulla_span *d) {
  BIGNUM *numbers[] = {number_of(key->n), number_of(key->e), d != NULL ? number_of(*d) : NULL};
  bool made = numbers[0] != NULL && numbers[1] != NULL && (d == NULL || numbers[2] != NULL);
  if (made && bulla_boringssl.RSA_set0_key(rsa, numbers[0], numbers[1], numbers[2]) == 1) {
    return BULLA_OK;
  }
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    free_number(&numbers[i]);
  }
  return BULLA_NO_MEMORY;
}

static enum bulla_status set_factors(RSA *rsa, const struct bulla_rsa_private *key) {
  BIGNUM *numbers[] = {number_of(key->p), number_of(key->q)};
  if (numbers[0] != NULL && numbers[1] != NULL && bulla_boringssl.RSA_set0_factors(rsa, numbers[0], numbers[1]) == 1) {
    return BULLA_OK;
  }
  free_number(&numbers[0]);
  free_number(&numbers[1]);
  return BULLA_NO_MEMORY;
}

static enum bulla_status set_remainders(RSA *rsa, const struct bulla_rsa_private *key) {
  BIGNUM *numbers[] = {number_of(key->dp), number_of(key->dq), number_of(key->qi)};
  if (numbers[0] != NULL && numbers[1] != NULL && numbers[2] != NULL &&
      bulla_boringssl.RSA_set0_crt_params(rsa, numbers[0], numbers[1], numbers[2]) == 1) {
    return BULLA_OK;
  }
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    free_number(&numbers[i]);
  }
  return BULLA_NO_MEMORY;
}

static enum bulla_status new_private(RSA **rsa, const struct bulla_rsa_private *key) {
  BULLA_TRY(new_rsa(rsa));
  BULLA_TRY(set_key(*rsa, &key->open, &key->d));
  BULLA_TRY(set_factors(*rsa, key));
  return set_remainders(*rsa, key);
}

/* Why BoringSSL failed: for want of memory, or because it refused. */
static enum bulla_status why(void) {
  bool no_memory = ERR_GET_REASON(bulla_boringssl.ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
  return no_memory ? BULLA_NO_MEMORY : BULLA_REFUSED;
}

/* Ends an operation with a private key: nothing of it stays on the stack, nor in BoringSSL's list of errors. Always
 * inlined, as bulla_scrub. */
__attribute__((always_inline)) static inline enum bulla_status done(enum bulla_status status) {
  if (status != BULLA_OK && bulla_boringssl_need() == BULLA_OK) {
    bulla_boringssl.ERR_clear_error();
  }
  bulla_scrub(BULLA_POINT_SCRUB_DEPTH);
  return status;
}

static bool has_length(struct bulla_span number, size_t max_len) {
  return number.len >= 1 && number.len <= max_len;
}

/* Says whether both primes have half of the modulus's bits, as SP 800-56B §6.2.1 wants: a small one is soon found. */
static bool are_balanced(const RSA *rsa) {
  unsigned half = (bulla_boringssl.BN_num_bits(bulla_boringssl.RSA_get0_n(rsa)) + 1) / 2;
  return bulla_boringssl.BN_num_bits(bulla_boringssl.RSA_get0_p(rsa)) == half &&
         bulla_boringssl.BN_num_bits(bulla_boringssl.RSA_get0_q(rsa)) == half;
}

/* Each product and each remainder is computed again, in constant time. */
__attribute__((noinline)) static enum bulla_status check(const struct bulla_rsa_private *key) {
  RSA *rsa BULLA_CLEANUP(free_rsa) = NULL;
  BULLA_TRY(new_private(&rsa, key));
  if (bulla_boringssl.RSA_check_key(rsa) != 1) {
    return why();
  }
  return are_balanced(rsa) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_rsa_check(const struct bulla_rsa_private *key) {
  size_t len = key->open.n.len;
  BULLA_TRY(bulla_rsa_check_public(&key->open));
  if (!has_length(key->d, len) || !has_length(key->p, len) || !has_length(key->q, len) || !has_length(key->dp, len) ||
      !has_length(key->dq, len) || !has_length(key->qi, len)) {
    return BULLA_REFUSED;
  }
  return done(check(key));
}

/* A bulla_rsa_encrypter is an RSA object by another name. */
static RSA *rsa_of(const struct bulla_rsa_encrypter *encrypter) {
  RSA *rsa = NULL;
  memcpy(&rsa, &encrypter, sizeof(rsa));
  return rsa;
}

enum bulla_status bulla_rsa_encrypter_new(struct bulla_rsa_encrypter **encrypter, const struct bulla_rsa_public *key) {
  *encrypter = NULL;
  BULLA_TRY(bulla_rsa_check_public(key));
  RSA *rsa BULLA_CLEANUP(free_rsa) = NULL;
  BULLA_TRY(new_rsa(&rsa));
  BULLA_TRY(set_key(rsa, key, NULL));
  *encrypter = (struct bulla_rsa_encrypter *)(void *)rsa;
  rsa = NULL;
  return BULLA_OK;
}

void bulla_rsa_encrypter_free(struct bulla_rsa_encrypter **encrypter) {
  RSA *rsa = rsa_of(*encrypter);
  free_rsa(&rsa);
  *encrypter = NULL;
}

static const EVP_MD *hash_of(enum bulla_oaep oaep) {
  return oaep == BULLA_OAEP_SHA1 ? bulla_boringssl.EVP_sha1() : bulla_boringssl.EVP_sha256();
}

/* Several threads may do so with one object: what BoringSSL adds to it at its first use, it adds behind a lock. */
__attribute__((noinline)) static enum bulla_status encrypt(RSA *rsa, uint8_t *encrypted, enum bulla_oaep oaep,
                                                           struct bulla_span plaintext) {
  uint8_t padded[BULLA_RSA_MAX_LEN];
  size_t len = bulla_boringssl.RSA_size(rsa);
  size_t encrypted_len = 0;
  bool encrypted_all =
      bulla_boringssl.RSA_padding_add_PKCS1_OAEP_mgf1(padded, len, plaintext.data, plaintext.len, NULL, 0,
                                                      hash_of(oaep), hash_of(oaep)) == 1 &&
      bulla_boringssl.RSA_encrypt(rsa, &encrypted_len, encrypted, len, padded, len, RSA_NO_PADDING) == 1 &&
      encrypted_len == len;
  return encrypted_all ? BULLA_OK : why() == BULLA_NO_MEMORY ? BULLA_NO_MEMORY : BULLA_NO_CRYPTO;
}

enum { PLAINTEXT_MAX_LEN = 64 };

enum bulla_status bulla_rsa_encrypt(const struct bulla_rsa_encrypter *encrypter, uint8_t *encrypted,
                                    enum bulla_oaep oaep, struct bulla_span plaintext) {
  return plaintext.len > PLAINTEXT_MAX_LEN ? BULLA_INVALID_ARGUMENT
                                           : done(encrypt(rsa_of(encrypter), encrypted, oaep, plaintext));
}

static void free_pkey(EVP_PKEY **pkey) {
  if (*pkey != NULL) {
    bulla_boringssl.EVP_PKEY_free(*pkey);
  }
}

static void free_context(EVP_PKEY_CTX **context) {
  if (*context != NULL) {
    bulla_boringssl.EVP_PKEY_CTX_free(*context);
  }
}

/* Fills |opened|, as long as the modulus, and |opened_len|. BoringSSL looks at the padding in constant time, and only
 * whether all of it is right comes out. */
static enum bulla_status open_padded(RSA *rsa, uint8_t *opened, size_t *opened_len, enum bulla_oaep oaep,
                                     struct bulla_span encrypted) {
  EVP_PKEY *pkey BULLA_CLEANUP(free_pkey) = bulla_boringssl.EVP_PKEY_new();
  if (pkey == NULL || bulla_boringssl.EVP_PKEY_set1_RSA(pkey, rsa) != 1) {
    return BULLA_NO_MEMORY;
  }
  EVP_PKEY_CTX *context BULLA_CLEANUP(free_context) = bulla_boringssl.EVP_PKEY_CTX_new(pkey, NULL);
  if (context == NULL || bulla_boringssl.EVP_PKEY_decrypt_init(context) != 1 ||
      bulla_boringssl.EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
      bulla_boringssl.EVP_PKEY_CTX_set_rsa_oaep_md(context, hash_of(oaep)) != 1 ||
      bulla_boringssl.EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash_of(oaep)) != 1) {
    return BULLA_NO_MEMORY;
  }
  *opened_len = encrypted.len;
  return bulla_boringssl.EVP_PKEY_decrypt(context, opened, opened_len, encrypted.data, encrypted.len) == 1 ? BULLA_OK
                                                                                                           : why();
}

struct opened {
  uint8_t bytes[BULLA_RSA_MAX_LEN];
};

static void free_opened(struct opened **opened) {
  if (*opened != NULL) {
    void *slot = *opened;
    bulla_slab_free(&slot, sizeof(**opened));
  }
}

/* BoringSSL wants room for as many bytes as the modulus has. */
__attribute__((noinline)) static enum bulla_status decrypt(const struct bulla_rsa_private *key, uint8_t *plaintext,
                                                           size_t len, enum bulla_oaep oaep,
                                                           struct bulla_span encrypted) {
  RSA *rsa BULLA_CLEANUP(free_rsa) = NULL;
  struct opened *opened BULLA_CLEANUP(free_opened) = NULL;
  void *slot = NULL;
  size_t opened_len = 0;
  if (encrypted.len != key->open.n.len || encrypted.len > BULLA_RSA_MAX_LEN) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_slab_new(&slot, sizeof(*opened)));
  opened = slot;
  BULLA_TRY(new_private(&rsa, key));
  BULLA_TRY(open_padded(rsa, opened->bytes, &opened_len, oaep, encrypted));
  if (opened_len != len) {
    return BULLA_REFUSED;
  }
  memcpy(plaintext, opened->bytes, len);
  return BULLA_OK;
}

enum bulla_status bulla_rsa_decrypt(const struct bulla_rsa_private *key, uint8_t *plaintext, size_t len,
                                    enum bulla_oaep oaep, struct bulla_span encrypted) {
  enum bulla_status status = done(decrypt(key, plaintext, len, oaep, encrypted));
  if (status != BULLA_OK) {
    bulla_wipe(plaintext, len);
  }
  return status;
}

static const uint8_t usual_exponent[] = {1, 0, 1};

/* BoringSSL makes lengths of whole multiples of this. */
enum { BITS_STEP = 128 };

static enum bulla_status new_generated(RSA **rsa, size_t bits) {
  BULLA_TRY(new_rsa(rsa));
  BIGNUM *e BULLA_CLEANUP(free_number) = number_of(bulla_span(usual_exponent, sizeof(usual_exponent)));
  if (e == NULL) {
    return BULLA_NO_MEMORY;
  }
  if (bulla_boringssl.RSA_generate_key_ex(*rsa, (int)bits, e, NULL) != 1) {
    return why() == BULLA_NO_MEMORY ? BULLA_NO_MEMORY : BULLA_NO_CRYPTO;
  }
  return BULLA_OK;
}

/* Writes the numbers of a new key one after another to |bytes|, with zeroes before them as their lengths need. */
__attribute__((noinline)) static enum bulla_status generate(uint8_t *bytes, struct bulla_rsa_private *key,
                                                            size_t bits) {
  RSA *rsa BULLA_CLEANUP(free_rsa) = NULL;
  BULLA_TRY(new_generated(&rsa, bits));
  size_t len = bits / BITS_OF_A_BYTE;
  const struct {
    const BIGNUM *number;
    size_t len;
    struct bulla_span *span;
  } numbers[] = {
      {bulla_boringssl.RSA_get0_n(rsa), len, &key->open.n},    {bulla_boringssl.RSA_get0_d(rsa), len, &key->d},
      {bulla_boringssl.RSA_get0_p(rsa), len / 2, &key->p},     {bulla_boringssl.RSA_get0_q(rsa), len / 2, &key->q},
      {bulla_boringssl.RSA_get0_dmp1(rsa), len / 2, &key->dp}, {bulla_boringssl.RSA_get0_dmq1(rsa), len / 2, &key->dq},
      {bulla_boringssl.RSA_get0_iqmp(rsa), len / 2, &key->qi},
  };
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    if (bulla_boringssl.BN_bn2bin_padded(bytes, numbers[i].len, numbers[i].number) != 1) {
      return BULLA_NO_CRYPTO;
    }
    *numbers[i].span = bulla_span(bytes, numbers[i].len);
    bytes += numbers[i].len;
  }
  key->open.e = bulla_span(usual_exponent, sizeof(usual_exponent));
  return BULLA_OK;
}

enum bulla_status bulla_rsa_generate(struct bulla_secret **numbers, struct bulla_rsa_private *key, size_t bits) {
  struct bulla_secret *made = NULL;
  *numbers = NULL;
  memset(key, 0, sizeof(*key));
  if (bits < BULLA_RSA_MIN_LEN * BITS_OF_A_BYTE || bits > BULLA_RSA_MAX_LEN * BITS_OF_A_BYTE || bits % BITS_STEP != 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  /* n and d, and five numbers of half that */
  BULLA_TRY(bulla_secret_new(&made, bits / BITS_OF_A_BYTE / 2 * 9));
  enum bulla_status status = done(generate(bulla_secret_data(made), key, bits));
  if (status != BULLA_OK) {
    memset(key, 0, sizeof(*key));
    bulla_secret_free(&made);
  }
  *numbers = made;
  return status;
}
