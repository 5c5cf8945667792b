/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The constant-time check of JOSE. */

#include <string.h>

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/crypto_aes.h"
#include "core/crypto_keys.h"
#include "core/der.h"
#include "core/jwk.h"
#include "core/pem.h"
#include "core/pkcs7.h"
#include "tests/ct/ct.h"

static const size_t lens[] = {0, 1, 15, 16, 17, 100, 1100};
enum { NUM_LENS = sizeof(lens) / sizeof(lens[0]), MAX_LEN = 1100 };

#define SECRET(name, len) struct bulla_secret *name BULLA_CLEANUP(bulla_secret_free) = ct_secret(len)

static struct bulla_buffer room_in(struct bulla_secret *secret) {
  struct bulla_span bytes = bulla_secret_bytes(secret);
  return bulla_buffer(bulla_secret_data(secret), bytes.len);
}

/* Keys of all lengths under keys of all lengths, whole and with a flipped bit. */
static void wrap_keys(void) {
  for (size_t kek_len = 16; kek_len <= 32; kek_len += 8) {
    SECRET(kek, kek_len);
    SECRET(expanded, sizeof(struct bulla_aes_pair));
    SECRET(back, 64);
    struct bulla_aes_pair *pair = (struct bulla_aes_pair *)(void *)bulla_secret_data(expanded);
    CT_OK(bulla_aes_pair_expand(pair, bulla_secret_bytes(kek)));
    for (size_t len = 16; len <= 64; len += 8) {
      SECRET(key, len);
      uint8_t wrapped[64 + BULLA_WRAP_OVERHEAD];
      struct bulla_span all = bulla_span(wrapped, len + BULLA_WRAP_OVERHEAD);
      CT_OK(bulla_aes_wrap(pair, wrapped, bulla_secret_bytes(key)));
      CT_OK(bulla_aes_unwrap(pair, bulla_secret_data(back), all));
      CT_ARRIVED(bulla_secret_data(back), len);
      CT_ASSERT(bulla_secret_equal(bulla_span(bulla_secret_data(back), len), bulla_secret_bytes(key)));
      wrapped[len] ^= 1;
      CT_ASSERT(bulla_aes_unwrap(pair, bulla_secret_data(back), all) == BULLA_REFUSED);
    }
  }
}

static void chain_blocks(void) {
  static const uint8_t iv[16] = {1};
  for (size_t key_len = 16; key_len <= 32; key_len += 8) {
    SECRET(key, key_len);
    SECRET(expanded, sizeof(struct bulla_aes_pair));
    SECRET(text, 160);
    SECRET(back, 160);
    uint8_t encrypted[160];
    struct bulla_aes_pair *pair = (struct bulla_aes_pair *)(void *)bulla_secret_data(expanded);
    CT_OK(bulla_aes_pair_expand(pair, bulla_secret_bytes(key)));
    for (size_t len = 16; len <= sizeof(encrypted); len += 16) {
      bulla_aes_cbc_encrypt(pair, encrypted, iv, bulla_span(bulla_secret_data(text), len));
      bulla_aes_cbc_decrypt(pair, bulla_secret_data(back), iv, bulla_span(encrypted, len));
      CT_ARRIVED(bulla_secret_data(back), len);
      CT_ASSERT(bulla_secret_equal(bulla_span(bulla_secret_data(back), len), bulla_span(bulla_secret_data(text), len)));
    }
  }
}

static void hash_parts(void) {
  SECRET(key, 64);
  SECRET(text, MAX_LEN);
  SECRET(expanded, sizeof(struct bulla_hmac_key));
  struct bulla_hmac_key *hmac = (struct bulla_hmac_key *)(void *)bulla_secret_data(expanded);
  for (enum bulla_sha sha = BULLA_SHA_256; sha <= BULLA_SHA_512; sha++) {
    for (size_t i = 0; i < NUM_LENS; i++) {
      uint8_t mac[64];
      const struct bulla_span parts[] = {BULLA_LITERAL("open"), bulla_span(bulla_secret_data(text), lens[i])};
      CT_OK(bulla_hmac_expand(hmac, sha, bulla_span(bulla_secret_data(key), 16 + 8 * i)));
      bulla_hmac_parts(hmac, mac, parts, 2);
      CT_ARRIVED(mac, 32);
    }
  }
}

/* Every padding, each with every byte of the last block in turn changed. */
static void find_padding(void) {
  for (size_t num = 0; num <= 17; num++) {
    for (size_t wrong = 0; wrong <= 16; wrong++) {
      SECRET(padded, 32);
      uint8_t *last = bulla_secret_data(padded) + 16;
      size_t len;
      memset(bulla_secret_data(padded), 0xee, 32);
      memset(last + 16 - (num < 16 ? num : 16), (int)num, num < 16 ? num : 16);
      last[15] = (uint8_t)num;
      last[wrong % 16] ^= wrong == 16 ? 0 : 0x80;
      bool is_good = num >= 1 && num <= 16 && (wrong == 16 || wrong < 16 - num);
      ct_poison(bulla_secret_data(padded), 32);
      CT_ASSERT(bulla_pkcs7_len(&len, bulla_secret_bytes(padded)) == is_good);
      CT_ASSERT(!is_good || len == 32 - num);
    }
  }
}

static void agree(void) {
  static const uint8_t nowhere[BULLA_POINT_MAX_LEN];
  for (enum bulla_curve curve = BULLA_CURVE_P256; curve <= BULLA_CURVE_X25519; curve++) {
    size_t len = bulla_curve_len(curve);
    SECRET(ours, len);
    SECRET(theirs, len);
    SECRET(shared, len);
    SECRET(again, len);
    uint8_t our_point[BULLA_POINT_MAX_LEN];
    uint8_t their_point[BULLA_POINT_MAX_LEN];
    CT_OK(bulla_curve_generate(curve, bulla_secret_data(ours), our_point));
    CT_OK(bulla_curve_generate(curve, bulla_secret_data(theirs), their_point));
    CT_ASSERT(!ct_is_secret(our_point, bulla_point_len(curve)));
    CT_OK(bulla_curve_public(curve, their_point, bulla_secret_data(theirs)));
    CT_OK(bulla_curve_agree(curve, bulla_secret_data(shared), bulla_secret_data(ours), their_point));
    CT_OK(bulla_curve_agree(curve, bulla_secret_data(again), bulla_secret_data(theirs), our_point));
    CT_ARRIVED(bulla_secret_data(shared), len);
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(shared), bulla_secret_bytes(again)));
    CT_ASSERT(bulla_curve_agree(curve, bulla_secret_data(again), bulla_secret_data(ours), nowhere) == BULLA_REFUSED);
  }
}

/* A key of RSA, only for this: to make one takes valgrind seconds. */
static const char rsa_text[] =
    "{\"kty\":\"RSA\""
    ",\"n\":\""
    "qAu6tPnBwUsIHKyoqUJjfIYiQNOfMGjdbZqTW10MVnufj-IsVtv_zxr07HKMYAD_5AYK1KENDF1QcfG3959YPVmgkdCzCsqSQPGK"
    "c0ke4_SY7vMG_vauGzE6XvHJqL693f8kvRJWuffkI5Plh_63eVzZsAp01K-mVO3zY59L50ugagwyWp8_gavvlW2FaS_UyGzYcqgt"
    "qEhAnp_FbezqCFwPKmdvqU4ZfGhF8KITYHF5H01lSYbn8MYJGlg84aBJIa5IHD6o4ZWTZ-nEu6DZJkbdCajL6YxRwM0LVxWJUvqn"
    "bvTCD9wyYrD18fkzVhYIWJhB_iCWjTf6vHWjfhjqMQ"
    "\",\"e\":\""
    "AQAB"
    "\",\"d\":\""
    "EKiXAeVHapK2U2dfUeYhqCDA6QXBgGJI3xpldLdo53LaWsBcTmEBPyXoNT9WwJagx1k8_h6YBUuD08PXTZ4XeH93zjSu5wk1TehT"
    "5gFP5V-kQH3JigFouYvcAjj8WXTNLCJkoTSd8dIL5OX-qUhcJlUIxG2I7uOZvM4Y5F2Qf_VjY59T8YH1W7LhlblavVmRSKWoBBcT"
    "_lwik6ZOG1teeF4K3fIBWlXu5PU4E3DHz2l-HUTdlEVNYEP5wplanvkmLJqZf1TEpoRRYtytJ4w21-FDyfpwHH7N0Ah7ZXLqZ2Xd"
    "6sIkdMONS__7DKpgSAlKyOV6-7VdnXtiuJGqd1yutQ"
    "\",\"p\":\""
    "1wdzE2LrAMJgDEMxG1ur97H4M6HptYFEMMJ_ByJaKstfkP2X-8AOocOqQIF6Ve9oYHBT5XSVlnSo2Sex6ZrKZgB0HIoyWMAE0pSk"
    "EFIoerxDxxeJZ5BBc9662S4s-Yw2b_i3YbjJjwZxXFZBUq1VFsR6CuZfzkhKUrSlgXg45r0"
    "\",\"q\":\""
    "yBCPRG2JZfBBuGfhlrgpwCMEo_VgYN3s9rLn4fWnL1qZICqq-Oq0V3ayN-KYiOr4WTow28lInN9ZizmaP8I4L3IsMAGXXJnoUD10"
    "YOVDl0zl2dW0Av5DD_jvBUBfC94zjQ2PUapsJwmlY6hy5H6ls9-0a1rsdYa0N3G_AqVq0oU"
    "\",\"dp\":\""
    "VVEUXKXL3nJBD7x9OICn-9B2TW45v5V5i-sv4ZHEuuQUl_-2lOHALHjpDU0SUBR8kn8fGpSmYZsJ_5dbZPfQxKX7a_N9RG9zumXV"
    "rtAaVZBrSAxTrW60OZgvBMrod18lnknN4Q0jlAcXZW6n3nj9oNn2HmsHql5OdwBMBtG_qfU"
    "\",\"dq\":\""
    "tkIfwn7nhO5zcMNySBRONLOyLowD2TtT_QrPJJLeU819Ykh8qXdoA6YmhbLwswscZG0WxaOBeygeMy-uzhbpiI_CoZlRgxLTCQZz"
    "VzKFePidDO4ap_9qqMpnNamG7RDodb-8qPFQxd-LxFZZFMArxMovWv3iHM8yrq_5CzgXMOE"
    "\",\"qi\":\""
    "ovQJzx9R7wPw-5_n7UA6JtdJYWpE-foxvtGzGG7MkAyel-KqvShPP72bkoloY2R54MJolCaAqMu8TfTGqubW3BWSSRm5J0ATDlkH"
    "Cnsj8sXR2R1TLxHuG1Qucxr0VPxhuEdT0P0Yshrbtvj-zO9FqSI-_xcp-51LRlhtzw2x_xg"
    "\""
    "}";

/* Marks a number but for its first nine bytes, three groups of digits. From the first word BoringSSL takes its length,
 * which decides how long its loops are; with all of a number marked, all that comes of it would be. */
static void mark_number(struct bulla_span number) {
  enum { OPEN = 9 };
  ct_poison((uint8_t *)(uintptr_t)number.data + OPEN, number.len - OPEN);
}

/* It lives until the program ends. */
static const struct bulla_jwk *rsa_jwk(void) {
  static struct bulla_jwk *jwk;
  if (jwk == NULL) {
    CT_OK(bulla_jwk_parse(&jwk, bulla_text(rsa_text)));
    const struct bulla_span all[] = {jwk->rsa.d, jwk->rsa.p, jwk->rsa.q, jwk->rsa.dp, jwk->rsa.dq, jwk->rsa.qi};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
      mark_number(all[i]);
    }
  }
  return jwk;
}

static void use_rsa(void) {
  const struct bulla_rsa_private *key = &rsa_jwk()->rsa;
  struct bulla_rsa_encrypter *encrypter = NULL;
  SECRET(text, 32);
  SECRET(back, 32);
  uint8_t encrypted[256];
  CT_OK(bulla_rsa_check(key));
  CT_OK(bulla_rsa_encrypter_new(&encrypter, &key->open));
  for (enum bulla_oaep oaep = BULLA_OAEP_SHA1; oaep <= BULLA_OAEP_SHA256; oaep++) {
    CT_OK(bulla_rsa_encrypt(encrypter, encrypted, oaep, bulla_secret_bytes(text)));
    CT_OK(bulla_rsa_decrypt(key, bulla_secret_data(back), 32, oaep, bulla_span(encrypted, 256)));
    CT_ARRIVED(bulla_secret_data(back), 32);
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(text), bulla_secret_bytes(back)));
    encrypted[200] ^= 1;
    CT_ASSERT(bulla_rsa_decrypt(key, bulla_secret_data(back), 32, oaep, bulla_span(encrypted, 256)) == BULLA_REFUSED);
  }
  bulla_rsa_encrypter_free(&encrypter);
}

/* What bulla_jwk_generate is asked for: each kind of key, and "alg" and "enc" that go with it. */
static const struct kind {
  enum bulla_jwe_alg alg;
  enum bulla_jwe_enc enc;
  const char *curve;
} kinds[] = {
    {BULLA_JWE_DIR, BULLA_JWE_A128GCM, NULL},
    {BULLA_JWE_DIR, BULLA_JWE_A256CBC_HS512, NULL},
    {BULLA_JWE_A128KW, BULLA_JWE_A128CBC_HS256, NULL},
    {BULLA_JWE_A192KW, BULLA_JWE_A192CBC_HS384, NULL},
    {BULLA_JWE_A256KW, BULLA_JWE_A256GCM, NULL},
    {BULLA_JWE_A128GCMKW, BULLA_JWE_A256CBC_HS512, NULL},
    {BULLA_JWE_A192GCMKW, BULLA_JWE_A192GCM, NULL},
    {BULLA_JWE_A256GCMKW, BULLA_JWE_A256GCM, NULL},
    {BULLA_JWE_ECDH_ES, BULLA_JWE_A128CBC_HS256, "P-256"},
    {BULLA_JWE_ECDH_ES_A128KW, BULLA_JWE_A256CBC_HS512, "P-384"},
    {BULLA_JWE_ECDH_ES_A192KW, BULLA_JWE_A192CBC_HS384, "P-521"},
    {BULLA_JWE_ECDH_ES_A256KW, BULLA_JWE_A256GCM, "X25519"},
    {BULLA_JWE_DRAFT_HPKE, 0, "X25519"},
};
enum { NUM_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static struct bulla_jwk *generated(const struct kind *kind) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  struct bulla_jwk *jwk = NULL;
  options.alg = kind->alg;
  options.enc = kind->alg == BULLA_JWE_DIR ? kind->enc : 0;
  options.curve = kind->curve;
  CT_OK(bulla_jwk_generate(&jwk, &options));
  return jwk;
}

/* Writes |jwk| and reads it again, alone and in a set. */
static void write_and_read(const struct bulla_jwk *jwk) {
  struct bulla_secret *json BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_jwk *again BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_jwk_set *set BULLA_CLEANUP(bulla_jwk_set_free) = NULL;
  uint8_t room[2][32];
  struct bulla_buffer thumbprint = bulla_buffer(room[0], sizeof(room[0]));
  struct bulla_buffer same = bulla_buffer(room[1], sizeof(room[1]));
  CT_OK(bulla_jwk_write(&json, jwk));
  CT_ARRIVED(bulla_secret_bytes(json).data, bulla_secret_bytes(json).len);
  CT_OK(bulla_jwk_parse(&again, bulla_secret_bytes(json)));
  CT_ASSERT(bulla_jwk_has_private(again));
  bulla_jwk_free(&again);
  CT_OK(bulla_jwk_with(&again, jwk, bulla_text("kid"), bulla_span(NULL, 0)));
  CT_OK(bulla_jwk_thumbprint(&thumbprint, jwk));
  CT_OK(bulla_jwk_thumbprint(&same, again));
  CT_ASSERT(bulla_secret_equal(bulla_written(&thumbprint), bulla_written(&same)));
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t len = bulla_secret_bytes(json).len;
  CT_OK(bulla_secret_new(&text, len + 11));
  memcpy(bulla_secret_data(text), "{\"keys\":[", 9);
  memcpy(bulla_secret_data(text) + 9, bulla_secret_bytes(json).data, len);
  memcpy(bulla_secret_data(text) + 9 + len, "]}", 2);
  CT_OK(bulla_jwk_set_parse(&set, bulla_secret_bytes(text)));
  CT_ASSERT(bulla_jwk_set_at(set, 0) != NULL);
}

/* A key that is given by its text alone is no less secret: digits that are none, and one that is too many. */
static void read_no_digits(void) {
  struct bulla_secret *json BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_jwk *jwk = NULL;
  static const char before[] = "{\"kty\":\"oct\",\"k\":\"";
  CT_OK(bulla_secret_new(&json, sizeof(before) - 1 + 43 + 2));
  memcpy(bulla_secret_data(json), before, sizeof(before) - 1);
  memset(bulla_secret_data(json) + sizeof(before) - 1, '!', 43);
  ct_poison(bulla_secret_data(json) + sizeof(before) - 1, 43);
  memcpy(bulla_secret_data(json) + sizeof(before) - 1 + 43, "\"}", 2);
  CT_ASSERT(bulla_jwk_parse(&jwk, bulla_secret_bytes(json)) == BULLA_INVALID_TEXT);
}

static void keep_jwks(void) {
  ct_rules.random_is_secret = true;
  for (size_t i = 0; i < NUM_KINDS; i++) {
    struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = generated(&kinds[i]);
    write_and_read(jwk);
  }
  write_and_read(rsa_jwk());
  read_no_digits();
}

/* Marks the digits of the body of a PEM that stand for |part| of |der| alone: where three bytes have some of the frame,
 * which is public, their four digits do not count, nor do the last, which may be padding. */
static void mark_digits(uint8_t *body, struct bulla_span der, struct bulla_span part, size_t open) {
  size_t from = (size_t)(part.data - der.data) + open;
  size_t to = (size_t)(part.data - der.data) + part.len;
  to = to < der.len - 3 ? to : der.len - 3;
  for (size_t digit = (from + 2) / 3 * 4; digit < to / 3 * 4; digit++) {
    ct_poison(body + digit + digit / 64, 1);
  }
}

static void write_and_read_pem(const struct bulla_jwk *jwk) {
  struct bulla_secret *pem BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *der BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_jwk *again BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_der_key key;
  enum bulla_der form;
  CT_OK(bulla_jwk_to_pem(&pem, jwk, false));
  struct bulla_span text = bulla_secret_bytes(pem);
  CT_ARRIVED(text.data, text.len);
  ct_declassify(text.data, text.len);
  CT_OK(bulla_pem_read(&der, &form, text));
  CT_OK(bulla_der_read(&key, form, bulla_secret_bytes(der)));
  const struct bulla_span parts[] = {key.private_key, key.rsa.d,  key.rsa.p, key.rsa.q,
                                     key.rsa.dp,      key.rsa.dq, key.rsa.qi};
  uint8_t *body = bulla_secret_data(pem) + sizeof("-----BEGIN PRIVATE KEY-----\n") - 1;
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    if (parts[i].len > 0) {
      mark_digits(body, bulla_secret_bytes(der), parts[i], i == 0 ? 0 : 9);
    }
  }
  CT_OK(bulla_jwk_from_pem(&again, text));
  CT_ARRIVED(bulla_secret_bytes(again->secret).data, bulla_secret_bytes(again->secret).len);
}

static void keep_pems(void) {
  for (size_t i = 0; i < NUM_KINDS; i++) {
    if (kinds[i].curve != NULL) {
      struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = generated(&kinds[i]);
      write_and_read_pem(jwk);
    }
  }
  write_and_read_pem(rsa_jwk());
}

/* Decrypts |token| as it is and with each of its parts changed, and asserts that what comes out is secret. */
static void open_token(const struct bulla_jwe_key *key, struct bulla_buffer *token,
                       const struct bulla_secret *plaintext) {
  SECRET(opened, MAX_LEN + 64);
  struct bulla_buffer room = room_in(opened);
  CT_ASSERT(!ct_is_secret(token->data, token->len));
  CT_OK(bulla_jwe_decrypt(key, &room, bulla_written(token)));
  CT_ASSERT(room.len == 0 || ct_is_secret(room.data, room.len));
  CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_written(&room)));
  size_t num_dots = 0;
  for (size_t i = 0; i < token->len; i++) {
    bool begins = token->data[i] == '.' && ++num_dots > 0;
    if (begins && i + 1 < token->len && token->data[i + 1] != '.') {
      uint8_t was = token->data[i + 1];
      token->data[i + 1] = was == 'A' ? 'B' : 'A';
      CT_ASSERT(bulla_jwe_decrypt(key, &room, bulla_written(token)) == BULLA_REFUSED);
      token->data[i + 1] = was;
    }
  }
  CT_ASSERT(num_dots == 4);
}

static void encrypt_and_decrypt(const struct bulla_jwk *jwk, enum bulla_jwe_alg alg, enum bulla_jwe_enc enc,
                                size_t num_lens) {
  struct bulla_jwe_key *key BULLA_CLEANUP(bulla_jwe_key_free) = NULL;
  uint8_t room[2 * MAX_LEN];
  CT_OK(bulla_jwe_key_from_jwk(&key, jwk, alg, enc));
  for (size_t i = 0; i < num_lens; i++) {
    SECRET(plaintext, lens[NUM_LENS - 1 - i]);
    struct bulla_buffer token = bulla_buffer(room, sizeof(room));
    CT_OK(bulla_jwe_encrypt(key, &token, bulla_secret_bytes(plaintext)));
    open_token(key, &token, plaintext);
  }
}

/* With key pairs, which take long, the longest alone. */
static void encrypt_jwes(void) {
  ct_rules.random_is_secret = true;
  for (size_t i = 0; i < NUM_KINDS; i++) {
    struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = generated(&kinds[i]);
    encrypt_and_decrypt(jwk, kinds[i].alg, kinds[i].enc, kinds[i].curve == NULL ? NUM_LENS : 1);
  }
  encrypt_and_decrypt(rsa_jwk(), BULLA_JWE_RSA_OAEP_256, BULLA_JWE_A128GCM, 1);
  encrypt_and_decrypt(rsa_jwk(), BULLA_JWE_RSA_OAEP_256, BULLA_JWE_A256CBC_HS512, 1);
}

/* To several, in JSON, with "aad". */
static void encrypt_for_several(void) {
  enum { NUM = 3 };
  static const struct kind several[NUM] = {{BULLA_JWE_A128KW, BULLA_JWE_A128CBC_HS256, NULL},
                                           {BULLA_JWE_A256GCMKW, BULLA_JWE_A128CBC_HS256, NULL},
                                           {BULLA_JWE_ECDH_ES_A256KW, BULLA_JWE_A128CBC_HS256, "X25519"}};
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  struct bulla_jwe_key *keys[NUM] = {NULL};
  uint8_t room[4096];
  struct bulla_buffer jwe = bulla_buffer(room, sizeof(room));
  SECRET(plaintext, 100);
  SECRET(opened, 200);
  ct_rules.random_is_secret = true;
  options.form = BULLA_JWE_GENERAL;
  options.aad = BULLA_LITERAL("open");
  for (size_t i = 0; i < NUM; i++) {
    struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = generated(&several[i]);
    CT_OK(bulla_jwe_key_from_jwk(&keys[i], jwk, several[i].alg, several[i].enc));
  }
  CT_OK(bulla_jwe_encrypt_for(keys, NUM, &jwe, bulla_secret_bytes(plaintext), &options));
  CT_ASSERT(!ct_is_secret(jwe.data, jwe.len));
  for (size_t i = 0; i < NUM; i++) {
    struct bulla_buffer out = room_in(opened);
    CT_OK(bulla_jwe_decrypt_any(keys[i], &out, NULL, bulla_written(&jwe)));
    CT_ARRIVED(out.data, out.len);
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_written(&out)));
    bulla_jwe_key_free(&keys[i]);
  }
}

const struct ct_call ct_jose_calls[] = {
    {"bulla_aes_pair_expand bulla_aes_wrap bulla_aes_unwrap", "both keys",
     "the wrapped key: it is made to be seen; whether one unwraps: the status says so", wrap_keys},
    {"bulla_aes_cbc_encrypt bulla_aes_cbc_decrypt", "key and text", "the ciphertext: it is made to be seen",
     chain_blocks},
    {"bulla_hmac_expand bulla_hmac_parts", "key and text", "nothing", hash_parts},
    {"bulla_pkcs7_len", "what is padded, well or not", "whether it is, and the length: the result says so",
     find_padding},
    {"bulla_curve_generate bulla_curve_public bulla_curve_agree", "private keys and what is agreed",
     "the public key: it is made to be seen; whether a private key is below the order, and a point of small order: the "
     "status says so",
     agree},
    {"bulla_rsa_check bulla_rsa_encrypter_new bulla_rsa_encrypter_free bulla_rsa_encrypt "
     "bulla_rsa_decrypt",
     "the private numbers and the text",
     "what is encrypted: it is made to be seen; whether it opens, and to how many bytes: the status says so", use_rsa},
    {"bulla_jwk_generate bulla_jwk_parse bulla_jwk_free bulla_jwk_with bulla_jwk_write bulla_jwk_thumbprint "
     "bulla_jwk_set_parse "
     "bulla_jwk_set_free bulla_jwk_make bulla_jwk_hidden_part bulla_jwk_put_base64url bulla_jwk_source_rsa "
     "bulla_number_zeroes bulla_json_stops",
     "the private parts and their digits, and all that is given in place of digits",
     "whether all were digits and go with the public part; how long numbers of RSA are", keep_jwks},
    {"bulla_jwk_to_pem bulla_jwk_from_pem bulla_pem_read bulla_pem_write bulla_der_read bulla_der_write "
     "bulla_base64_encode_secret",
     "the private key and its digits", "the public key, and whether it goes with the private one", keep_pems},
    {"bulla_jwe_key_from_jwk bulla_jwe_seal_digits bulla_jwe_open_digits",
     "keys, what is unwrapped and agreed, plaintext",
     "the token: it is made to be seen; whether it was authentic: the status says so", encrypt_jwes},
    {"bulla_jwe_encrypt_for bulla_jwe_decrypt_any", "keys, what is unwrapped and agreed, plaintext",
     "the JWE: it is made to be seen; whether it was authentic: the status says so", encrypt_for_several},
    {0},
};
