/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* As tests/ct/boundary.c, of JOSE. */

#include "core/base64url.h"
#include "core/crypto.h"
#include "core/crypto_aes.h"
#include "core/crypto_keys.h"
#include "core/json_string.h"
#include "core/jwe_content.h"
#include "core/nonce.h"
#include "core/number.h"
#include "core/pkcs7.h"
#include "tests/ct/ct.h"

/* What is encrypted is made to be seen: wrapped keys, and the tag of what was sealed. The MAC of what is opened is
 * not: it would be the tag of a forgery. */
WRAP(enum bulla_status, bulla_aes_wrap, const struct bulla_aes_pair *kek, uint8_t *wrapped, struct bulla_span key) {
  enum bulla_status status = __real_bulla_aes_wrap(kek, wrapped, key);
  if (status == BULLA_OK) {
    ct_declassify(wrapped, key.len + BULLA_WRAP_OVERHEAD);
  }
  return status;
}

WRAP(void, bulla_aes_cbc_encrypt, const struct bulla_aes_pair *key, uint8_t *out, const uint8_t *iv,
     struct bulla_span in) {
  __real_bulla_aes_cbc_encrypt(key, out, iv, in);
  ct_declassify(out, in.len);
}

static bool seals;

WRAP(enum bulla_status, bulla_jwe_seal_digits, const struct bulla_jwe_encryption *enc,
     const struct bulla_jwe_content *content, uint8_t *digits, size_t len, uint8_t *tag, const uint8_t *iv,
     struct bulla_span additional_data) {
  seals = true;
  enum bulla_status status = __real_bulla_jwe_seal_digits(enc, content, digits, len, tag, iv, additional_data);
  seals = false;
  return status;
}

WRAP(void, bulla_hmac_parts, const struct bulla_hmac_key *hmac, uint8_t *mac, const struct bulla_span *parts,
     size_t num_parts) {
  __real_bulla_hmac_parts(hmac, mac, parts, num_parts);
  if (seals) {
    ct_declassify(mac, 64);
  }
}

/* Content encryption keys and private keys come into being here. */
WRAP(enum bulla_status, bulla_random, uint8_t *out, size_t len) {
  enum bulla_status status = __real_bulla_random(out, len);
  if (ct_rules.random_is_secret) {
    ct_poison(out, len);
  }
  return status;
}

/* A nonce is made to be seen, whatever it is drawn from. */
WRAP(enum bulla_status, bulla_nonce, uint8_t *nonce, size_t len) {
  bool is_secret = ct_rules.random_is_secret;
  ct_rules.random_is_secret = false;
  enum bulla_status status = __real_bulla_nonce(nonce, len);
  ct_rules.random_is_secret = is_secret;
  return status;
}

WRAP(enum bulla_status, bulla_curve_generate, enum bulla_curve curve, uint8_t *private_key, uint8_t *point) {
  enum bulla_status status = __real_bulla_curve_generate(curve, private_key, point);
  ct_poison(private_key, bulla_curve_len(curve));
  ct_declassify(point, bulla_point_len(curve));
  return status;
}

WRAP(enum bulla_status, bulla_curve_public, enum bulla_curve curve, uint8_t *point, const uint8_t *private_key) {
  enum bulla_status status = __real_bulla_curve_public(curve, point, private_key);
  ct_declassify(point, bulla_point_len(curve));
  return status;
}

/* How long a private number is shows in what is written of it. */
WRAP(size_t, bulla_number_zeroes, struct bulla_span number) {
  size_t num = __real_bulla_number_zeroes(number);
  ct_declassify(&num, sizeof(num));
  return num;
}

/* Whether the padding is good, and how long the plaintext is, is told to the caller; where padding goes wrong is not.
 */
WRAP(bool, bulla_pkcs7_len, size_t *len, struct bulla_span padded) {
  bool verdict = __real_bulla_pkcs7_len(len, padded);
  ct_declassify(len, sizeof(*len));
  ct_declassify(&verdict, sizeof(verdict));
  return verdict;
}

/* Which bytes of a block of JSON end a string or are escaped: of the digits of a key none does, or it is no key. */
WRAP(uint64_t, bulla_json_stops, const uint8_t *start, const uint8_t *at, const uint8_t *end) {
  uint64_t stops = __real_bulla_json_stops(start, at, end);
  ct_declassify(&stops, sizeof(stops));
  return stops;
}

/* Digits of public bytes among secret ones, as of the frame of DER, are public: vectors carry marks farther. */
static void narrow(const uint8_t *digits, struct bulla_span bytes) {
  for (size_t i = 0; i < bytes.len; i += 3) {
    size_t num = bytes.len - i < 3 ? bytes.len - i : 3;
    if (!ct_is_secret(bytes.data + i, num)) {
      ct_declassify(digits + i / 3 * 4, num + 1);
    }
  }
}

WRAP(void, bulla_base64url_encode_secret, uint8_t *text, struct bulla_span bytes) {
  __real_bulla_base64url_encode_secret(text, bytes);
  narrow(text, bytes);
}

WRAP(void, bulla_base64_encode_secret, uint8_t *text, struct bulla_span bytes) {
  __real_bulla_base64_encode_secret(text, bytes);
  narrow(text, bytes);
}
