/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* RSAES-OAEP of fuzz/model_pairs.h. */

#include <gmp.h>
#include <nettle/memxor.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_pairs.h"

enum { HASH_MAX = 32 };

#define RSA_N                                                                                        \
  "y6H3-mdFHBAnvlwOdA1NNhKsPNqKfjuDr_NX_0rOxtfWw_zrEUeB6R6SCvpw54EIhMyPMupziLx6GLStpZxZ5nzKqxKQMFB4" \
  "HCtvTLr3_KMrCaAvRJ2X9UBTgI2rtQmo1CQpFZkTib-yRQnQoOJiRvE4eXoVO8B55NY6Go4Lmb0uqr59Wpr1BQGx6wm5-bWH" \
  "ukaE1OyGo4WHpJ1dOgEMYwesvx5XyhKD18fgn8ZYjljqrGLc2TtUGLgtfuVUxqkW1AEFkxzjap7GdM5JP9Ni8M3Gj77MT8dG" \
  "yuzicXT3000PlEbV2QtaSJ6UmecKr2lA0ZgdHH8y7XXxYNjkctwXTQ"
#define RSA_P                                                                                        \
  "5jY49yenZW6mXy65BQzjAgIzwVKts1WnCRU8PGmiA9m5gyaZwWDWaAuWiSVYBF_ObWFc1_ia6_xgGPFBRp9ruzQXRldGVH22" \
  "u5sJID1Mx1LwtrIRO529TGceZvx53KSsmAKcHvcfJJRDZ8fIUWzexYlTJO7ge8ZgLP2LiTBKYf8"
#define RSA_Q                                                                                        \
  "4nGJnfY7g-EYst66RLMafEOyp_ddWChyRzcXne4ABAV4VLd1sSkTE5zipL5IE8OjRMol0sdfVuPzzNGJXYgsEZg0TJ2VA_Cx" \
  "2u0z8RWTJCArI8KufkKQzyppNzWJ3ZjJNhGVCRnyYQPfIr7H4mDDQrAHnbEosFa_a3_3K4tCbrM"
#define RSA_DP                                                                                       \
  "Ex25iTxvuAqCIjE9B-BUEVyhc5Ir_lJEdoqe391dqLgxoWRZLCegZi9gJq9FKcfS2l5VWVG5e5MPX8LYysZ-KaNfs2WX33g4" \
  "7kcncNfmQj7u4hzTNYIZr_h4G9EnRV0fP9gnoqKeoWj2V-3NAoXp0blfgBed6GlGnzXGmnO6GX0"
#define RSA_DQ                                                                                       \
  "BbDSw4x_nGXYyA3-4mEZ5kuRPtVhnCiQDqgcyNRFXdSBXKerpoMgvppvu7Iof46oGL93yd9Gzxk1dE1DxXz5loubrN089Hdl" \
  "ENprNsDTDNJeIyzuU6_6kapAMKoAx_fh_qDcfPkQ9U0ym13uCgtifNeNqXHdUukrMFlr7cU3Ky8"
#define RSA_QI                                                                                       \
  "iR2rlYHgvr0dhT9-Yjbb_0EYUl0zQcmvGJ_2rifpHSc3UtSnryn7HraPnJZ-l6Xt7MmzDzsvGZqpxiFBOU6_okI5MVvd_9Bz" \
  "UCY7VxtAxQr7CC39T29IUbE70dFXeG8c1g-L8E_wQEXQIMMUV0ECSXmAcoi7z9qN3T2m9_p-ft0"
#define RSA_D                                                                                        \
  "MHSzWJ-4X0ws2Ox49_6uT96zo6txZ0ZsOLNUTkiT2ddEoNCPc0Yr0LhYkko0EbKvv0IaFUibA3-uIjDkXVNORT2O0JSTQRv0" \
  "6OchDgYzuqdtN1YpyU8i-NY8yIttv5-zz_9m01_guVenaSxDu_UC49TE1otJgDV2DBE6NFV2xzdDuBQPmFtHVfOrrQP-Yo27" \
  "mjjAdRTgw-_zX4vmnE11-pUomgF8Zf8dlnxIpeMIUygAVxKCeWX1XhDmzQkg3Ek1742q36PDGe8fClEoGLd6yKtM_sORtHsF" \
  "4RuK2PnuaLiXOo5uEvcNOI3bq-xvJ7zLZ9a5sII5btwNPNOmeR1hNQ"

const char model_rsa_jwk[] = "\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\",\"d\":\"" RSA_D "\",\"p\":\"" RSA_P
                             "\",\"q\":\"" RSA_Q "\",\"dp\":\"" RSA_DP "\",\"dq\":\"" RSA_DQ "\",\"qi\":\"" RSA_QI "\"";

static mpz_t n, p, q, dp, dq, qi;

static void set_number(mpz_t number, const char *digits) {
  uint8_t bytes[2 * MODEL_RSA_LEN];
  size_t len = 0;
  FUZZ_ASSERT(model_base64url_decode(bytes, &len, bulla_span(digits, strlen(digits))));
  mpz_init(number);
  mpz_import(number, len, 1, 1, 1, 0, bytes);
}

static void set_up(void) {
  static bool is_done;
  if (!is_done) {
    is_done = true;
    set_number(n, RSA_N);
    set_number(p, RSA_P);
    set_number(q, RSA_Q);
    set_number(dp, RSA_DP);
    set_number(dq, RSA_DQ);
    set_number(qi, RSA_QI);
  }
}

/* Writes a number to MODEL_RSA_LEN bytes. */
static void put_number(uint8_t *bytes, const mpz_t number) {
  size_t len = (mpz_sizeinbase(number, 2) + 7) / 8;
  memset(bytes, 0, MODEL_RSA_LEN);
  FUZZ_ASSERT(len <= MODEL_RSA_LEN);
  mpz_export(bytes + MODEL_RSA_LEN - len, NULL, 1, 1, 1, 0, number);
}

static size_t hash_len(bool is_sha256) {
  return is_sha256 ? SHA256_DIGEST_SIZE : SHA1_DIGEST_SIZE;
}

static void hash(bool is_sha256, uint8_t *digest, struct bulla_span first, struct bulla_span second) {
  union {
    struct sha1_ctx sha1;
    struct sha256_ctx sha256;
  } state;
  const struct nettle_hash *function = is_sha256 ? &nettle_sha256 : &nettle_sha1;
  function->init(&state);
  function->update(&state, first.len, first.data);
  function->update(&state, second.len, second.data);
  function->digest(&state, function->digest_size, digest);
}

/* Adds MGF1 of |seed|, RFC 8017 appendix B.2.1, to |bytes|. */
static void mask(bool is_sha256, uint8_t *bytes, size_t len, struct bulla_span seed) {
  size_t step = hash_len(is_sha256);
  uint8_t counter[4] = {0};
  uint8_t digest[HASH_MAX];
  for (size_t at = 0; at < len; at += step) {
    hash(is_sha256, digest, seed, bulla_span(counter, sizeof(counter)));
    memxor(bytes + at, digest, len - at < step ? len - at : step);
    counter[3]++;
  }
}

void model_oaep_encrypt(bool is_sha256, uint8_t *encrypted, struct bulla_span message) {
  static const uint8_t seed[] = "this is the seed of every OAEP.";
  uint8_t block[MODEL_RSA_LEN] = {0};
  size_t len = hash_len(is_sha256);
  uint8_t *data = block + 1 + len;
  size_t data_len = MODEL_RSA_LEN - 1 - len;
  mpz_t number;
  set_up();
  FUZZ_ASSERT(message.len + len + 1 <= data_len);
  hash(is_sha256, data, bulla_span(seed, 0), bulla_span(seed, 0));
  data[data_len - message.len - 1] = 1;
  memcpy(data + data_len - message.len, message.data, message.len);
  memcpy(block + 1, seed, len);
  mask(is_sha256, data, data_len, bulla_span(block + 1, len));
  mask(is_sha256, block + 1, len, bulla_span(data, data_len));
  mpz_init(number);
  mpz_import(number, sizeof(block), 1, 1, 1, 0, block);
  mpz_powm_ui(number, number, 65537, n);
  put_number(encrypted, number);
  mpz_clear(number);
}

/* Sets |number| to its power by d, RFC 8017 §5.1.2. */
static void decrypt(mpz_t number) {
  mpz_t m1;
  mpz_t m2;
  mpz_inits(m1, m2, NULL);
  mpz_powm(m1, number, dp, p);
  mpz_powm(m2, number, dq, q);
  mpz_sub(m1, m1, m2);
  mpz_mul(m1, m1, qi);
  mpz_mod(m1, m1, p);
  mpz_mul(m1, m1, q);
  mpz_add(number, m1, m2);
  mpz_clears(m1, m2, NULL);
}

/* Takes the message out of a decrypted block, §7.1.2 step 3. */
static bool take_message(bool is_sha256, uint8_t *message, size_t *message_len, uint8_t *block) {
  uint8_t label[HASH_MAX];
  size_t len = hash_len(is_sha256);
  uint8_t *data = block + 1 + len;
  size_t data_len = MODEL_RSA_LEN - 1 - len;
  mask(is_sha256, block + 1, len, bulla_span(data, data_len));
  mask(is_sha256, data, data_len, bulla_span(block + 1, len));
  hash(is_sha256, label, bulla_span(block, 0), bulla_span(block, 0));
  size_t at = len;
  while (at < data_len && data[at] == 0) {
    at++;
  }
  if (block[0] != 0 || memcmp(data, label, len) != 0 || at == data_len || data[at] != 1) {
    return false;
  }
  *message_len = data_len - at - 1;
  memcpy(message, data + at + 1, *message_len);
  return true;
}

bool model_oaep_decrypt(bool is_sha256, uint8_t *message, size_t *len, struct bulla_span encrypted) {
  static uint8_t last[MODEL_RSA_LEN];
  static uint8_t opened[MODEL_RSA_LEN];
  static bool has_last;
  uint8_t block[MODEL_RSA_LEN];
  mpz_t number;
  set_up();
  if (encrypted.len != MODEL_RSA_LEN) {
    return false;
  }
  mpz_init(number);
  mpz_import(number, encrypted.len, 1, 1, 1, 0, encrypted.data);
  bool good = mpz_cmp(number, n) < 0;
  if (good && (!has_last || memcmp(last, encrypted.data, sizeof(last)) != 0)) {
    has_last = true;
    memcpy(last, encrypted.data, sizeof(last));
    decrypt(number);
    put_number(opened, number);
  }
  mpz_clear(number);
  memcpy(block, opened, sizeof(block));
  return good && take_message(is_sha256, message, len, block);
}
