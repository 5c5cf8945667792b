/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What comes back from BoringSSL, by the table through which bulla calls it: whether it worked is public, and so is
 * how long what it opened is. MemorySanitizer does not see what it writes: what comes out is marked here by what it
 * is. Where BoringSSL itself jumps by something secret, tests/ct/verdict.supp says why that is right, by the names of
 * these functions. */

#include "core/crypto_boringssl.h"
#include "tests/ct/ct.h"

static struct bulla_boringssl real;

/* The verdict of a call: the status tells it. */
static int told(int result) {
  ct_declassify(&result, sizeof(result));
  return result;
}

/* Marks |len| bytes that were made of a secret. */
static void wrote_secret(void *bytes, size_t len) {
  if (ct_sees_no_assembly()) {
    ct_poison(bytes, len);
  }
}

static void wrote_public(const void *bytes, size_t len) {
  if (ct_sees_no_assembly()) {
    ct_declassify(bytes, len);
  }
}

static void watched_block(const uint8_t *in, uint8_t *out, const AES_KEY *key) {
  real.AES_decrypt(in, out, key);
  wrote_secret(out, AES_BLOCK_SIZE);
}

static void watched_cbc_encrypt(const uint8_t *in, uint8_t *out, size_t len, const AES_KEY *key, uint8_t *iv,
                                const int enc) {
  real.AES_cbc_encrypt(in, out, len, key, iv, enc);
  wrote_secret(out, len);
}

static int watched_finish_sha256(uint8_t *out, SHA256_CTX *hash) {
  int result = real.SHA256_Final(out, hash);
  wrote_secret(out, SHA256_DIGEST_LENGTH);
  return told(result);
}

static int watched_finish_sha384(uint8_t *out, SHA512_CTX *hash) {
  int result = real.SHA384_Final(out, hash);
  wrote_secret(out, SHA384_DIGEST_LENGTH);
  return told(result);
}

static int watched_finish_sha512(uint8_t *out, SHA512_CTX *hash) {
  int result = real.SHA512_Final(out, hash);
  wrote_secret(out, SHA512_DIGEST_LENGTH);
  return told(result);
}

/* A point of small order gives zero, whatever the private key is (RFC 7748 §6.1). */
static int watched_agree_x25519(uint8_t *out, const uint8_t *private_key, const uint8_t *point) {
  int result = real.X25519(out, private_key, point);
  wrote_secret(out, X25519_SHARED_KEY_LEN);
  return told(result);
}

static int watched_agree(void *out, size_t len, const EC_POINT *point, const EC_KEY *key,
                         void *(*derive)(const void *, size_t, void *, size_t *)) {
  int result = real.ECDH_compute_key(out, len, point, key, derive);
  wrote_secret(out, len);
  return told(result);
}

/* Whether a private key is below the order. */
static int watched_set_private_key(EC_KEY *key, const BIGNUM *number) {
  return told(real.EC_KEY_set_private_key(key, number));
}

static int watched_multiply(const EC_GROUP *group, EC_POINT *out, const BIGNUM *n, const EC_POINT *point,
                            const BIGNUM *m, BN_CTX *context) {
  return told(real.EC_POINT_mul(group, out, n, point, m, context));
}

/* A public key. */
static size_t watched_write_point(const EC_GROUP *group, const EC_POINT *point, point_conversion_form_t form,
                                  uint8_t *out, size_t len, BN_CTX *context) {
  size_t written = real.EC_POINT_point2oct(group, point, form, out, len, context);
  ct_declassify(&written, sizeof(written));
  ct_declassify(out, written);
  return written;
}

static int watched_write_number(uint8_t *out, size_t len, const BIGNUM *number) {
  int result = real.BN_bn2bin_padded(out, len, number);
  wrote_public(out, len);
  return told(result);
}

static int watched_check_key(const RSA *rsa) {
  return told(real.RSA_check_key(rsa));
}

static int watched_pad(uint8_t *to, size_t to_len, const uint8_t *from, size_t from_len, const uint8_t *param,
                       size_t param_len, const EVP_MD *md, const EVP_MD *mgf1md) {
  return told(real.RSA_padding_add_PKCS1_OAEP_mgf1(to, to_len, from, from_len, param, param_len, md, mgf1md));
}

/* What is encrypted is made to be seen. */
static int watched_encrypt(RSA *rsa, size_t *out_len, uint8_t *out, size_t max_out, const uint8_t *in, size_t in_len,
                           int padding) {
  int result = real.RSA_encrypt(rsa, out_len, out, max_out, in, in_len, padding);
  ct_declassify(out_len, sizeof(*out_len));
  ct_declassify(out, max_out);
  return told(result);
}

/* Whether it opened, and if so how long it is: a sender who knows the public key has chosen both. */
static int watched_decrypt(EVP_PKEY_CTX *context, uint8_t *out, size_t *out_len, const uint8_t *in, size_t in_len) {
  int result = real.EVP_PKEY_decrypt(context, out, out_len, in, in_len);
  ct_declassify(out_len, sizeof(*out_len));
  wrote_secret(out, in_len);
  return told(result);
}

void ct_watch_boringssl(void) {
  CT_OK(bulla_boringssl_need());
  real = bulla_boringssl;
  bulla_boringssl.AES_cbc_encrypt = watched_cbc_encrypt;
  bulla_boringssl.AES_decrypt = watched_block;
  bulla_boringssl.BN_bn2bin_padded = watched_write_number;
  bulla_boringssl.ECDH_compute_key = watched_agree;
  bulla_boringssl.EC_KEY_set_private_key = watched_set_private_key;
  bulla_boringssl.EC_POINT_mul = watched_multiply;
  bulla_boringssl.EC_POINT_point2oct = watched_write_point;
  bulla_boringssl.EVP_PKEY_decrypt = watched_decrypt;
  bulla_boringssl.RSA_check_key = watched_check_key;
  bulla_boringssl.RSA_encrypt = watched_encrypt;
  bulla_boringssl.RSA_padding_add_PKCS1_OAEP_mgf1 = watched_pad;
  bulla_boringssl.SHA256_Final = watched_finish_sha256;
  bulla_boringssl.SHA384_Final = watched_finish_sha384;
  bulla_boringssl.SHA512_Final = watched_finish_sha512;
  bulla_boringssl.X25519 = watched_agree_x25519;
}
