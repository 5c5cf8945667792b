/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The functions of BoringSSL that core/crypto_boringssl*.c call, which alone include this. core/crypto_boringssl.c says
 * how they are found. */

#ifndef BULLA_CORE_CRYPTO_BORINGSSL_H
#define BULLA_CORE_CRYPTO_BORINGSSL_H

#include <openssl/aead.h>
#include <openssl/aes.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/digest.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdh.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hkdf.h>
#include <openssl/hmac.h>
#include <openssl/hpke.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "core/scrub.h"

#define BULLA_BORINGSSL_FUNCTIONS(EACH) \
  EACH(AES_cbc_encrypt)                 \
  EACH(AES_decrypt)                     \
  EACH(AES_encrypt)                     \
  EACH(AES_set_decrypt_key)             \
  EACH(AES_set_encrypt_key)             \
  EACH(BN_bin2bn)                       \
  EACH(BN_bn2bin_padded)                \
  EACH(BN_clear_free)                   \
  EACH(BN_num_bits)                     \
  EACH(ECDH_compute_key)                \
  EACH(EC_KEY_free)                     \
  EACH(EC_KEY_generate_key)             \
  EACH(EC_KEY_get0_group)               \
  EACH(EC_KEY_get0_private_key)         \
  EACH(EC_KEY_get0_public_key)          \
  EACH(EC_KEY_new_by_curve_name)        \
  EACH(EC_KEY_set_private_key)          \
  EACH(EC_POINT_free)                   \
  EACH(EC_POINT_mul)                    \
  EACH(EC_POINT_new)                    \
  EACH(EC_POINT_oct2point)              \
  EACH(EC_POINT_point2oct)              \
  EACH(ED25519_keypair_from_seed)       \
  EACH(ED25519_sign)                    \
  EACH(ED25519_verify)                  \
  EACH(ERR_clear_error)                 \
  EACH(ERR_peek_last_error)             \
  EACH(EVP_AEAD_CTX_init)               \
  EACH(EVP_AEAD_CTX_open_gather)        \
  EACH(EVP_AEAD_CTX_seal_scatter)       \
  EACH(EVP_HPKE_CTX_cleanup)            \
  EACH(EVP_HPKE_CTX_open)               \
  EACH(EVP_HPKE_CTX_seal)               \
  EACH(EVP_HPKE_CTX_setup_recipient)    \
  EACH(EVP_HPKE_CTX_setup_sender)       \
  EACH(EVP_HPKE_KEY_cleanup)            \
  EACH(EVP_HPKE_KEY_init)               \
  EACH(EVP_PBE_scrypt)                  \
  EACH(EVP_PKEY_CTX_free)               \
  EACH(EVP_PKEY_CTX_new)                \
  EACH(EVP_PKEY_CTX_set_rsa_mgf1_md)    \
  EACH(EVP_PKEY_CTX_set_rsa_oaep_md)    \
  EACH(EVP_PKEY_CTX_set_rsa_padding)    \
  EACH(EVP_PKEY_decrypt)                \
  EACH(EVP_PKEY_decrypt_init)           \
  EACH(EVP_PKEY_free)                   \
  EACH(EVP_PKEY_new)                    \
  EACH(EVP_PKEY_set1_RSA)               \
  EACH(EVP_aead_aes_128_gcm)            \
  EACH(EVP_aead_aes_192_gcm)            \
  EACH(EVP_aead_aes_256_gcm)            \
  EACH(EVP_hpke_aes_256_gcm)            \
  EACH(EVP_hpke_hkdf_sha256)            \
  EACH(EVP_hpke_x25519_hkdf_sha256)     \
  EACH(EVP_sha1)                        \
  EACH(EVP_sha256)                      \
  EACH(HKDF_expand)                     \
  EACH(HKDF_extract)                    \
  EACH(HMAC)                            \
  EACH(RAND_bytes)                      \
  EACH(RSA_check_key)                   \
  EACH(RSA_encrypt)                     \
  EACH(RSA_free)                        \
  EACH(RSA_generate_key_ex)             \
  EACH(RSA_get0_d)                      \
  EACH(RSA_get0_dmp1)                   \
  EACH(RSA_get0_dmq1)                   \
  EACH(RSA_get0_iqmp)                   \
  EACH(RSA_get0_n)                      \
  EACH(RSA_get0_p)                      \
  EACH(RSA_get0_q)                      \
  EACH(RSA_new)                         \
  EACH(RSA_padding_add_PKCS1_OAEP_mgf1) \
  EACH(RSA_set0_crt_params)             \
  EACH(RSA_set0_factors)                \
  EACH(RSA_set0_key)                    \
  EACH(RSA_size)                        \
  EACH(SHA256)                          \
  EACH(SHA256_Final)                    \
  EACH(SHA256_Init)                     \
  EACH(SHA256_Update)                   \
  EACH(SHA384_Final)                    \
  EACH(SHA384_Init)                     \
  EACH(SHA384_Update)                   \
  EACH(SHA512_Final)                    \
  EACH(SHA512_Init)                     \
  EACH(SHA512_Update)                   \
  EACH(X25519)                          \
  EACH(X25519_public_from_private)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name in parentheses cannot be declared. */
#define BULLA_BORINGSSL_DECLARE(function) __typeof__(function) *function;
extern struct bulla_boringssl { BULLA_BORINGSSL_FUNCTIONS(BULLA_BORINGSSL_DECLARE) } bulla_boringssl;

/* bulla_boringssl_need finds the functions. Returns BULLA_NO_CRYPTO if the library is not there, or lacks one. */
BULLA_NODISCARD enum bulla_status bulla_boringssl_need(void);

/* bulla_boringssl_succeeded ends a call that was handed a secret: BoringSSL leaves parts of them in registers and on
 * the stack, |depth| bytes below. Always inlined, as bulla_scrub. */
__attribute__((always_inline)) static inline enum bulla_status bulla_boringssl_succeeded(bool success, size_t depth) {
  bulla_scrub(depth);
  return success ? BULLA_OK : BULLA_NO_CRYPTO;
}

#endif
