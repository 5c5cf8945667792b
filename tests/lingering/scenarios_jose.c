/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The calls of bulla/jose.h, with each kind of key, and the primitives below them. */

#include <string.h>

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/crypto_aes.h"
#include "core/crypto_keys.h"
#include "core/jwk.h"
#include "tests/lingering/child.h"

enum { PLAINTEXT_LEN = 300, TOKEN_MAX = 4096 };

static struct bulla_secret *new_room(size_t len) {
  struct bulla_secret *room = NULL;
  ASSERT(bulla_secret_new(&room, len) == BULLA_OK);
  return room;
}

/* Tells of what is private in |jwk|: of RSA number by number, of what is for CBC and HMAC both halves. */
static void tell_private(const struct bulla_jwk *jwk) {
  struct bulla_span secret = bulla_secret_bytes(jwk->secret);
  const struct bulla_rsa_private *rsa = &jwk->rsa;
  if (jwk->type == BULLA_KEY_RSA) {
    tell(SECRET_NUMBER, "d", rsa->d);
    tell(SECRET_NUMBER, "p", rsa->p);
    tell(SECRET_NUMBER, "q", rsa->q);
    tell(SECRET_NUMBER, "dp", rsa->dp);
    tell(SECRET_NUMBER, "dq", rsa->dq);
    tell(SECRET_NUMBER, "qi", rsa->qi);
  } else if (jwk->type != BULLA_KEY_OCT) {
    tell(SECRET_NUMBER, "private key", secret);
  } else if (secret.len > BULLA_KEY_LEN) {
    tell(SECRET_KEY, "key of the MAC", bulla_span(secret.data, secret.len / 2));
    tell(SECRET_KEY, "key of AES", bulla_span(secret.data + secret.len / 2, secret.len / 2));
  } else {
    tell(SECRET_KEY, "key", secret);
  }
}

/* Writes |jwk| and reads it again, as JSON and, if it is a pair, as PEM. */
static void write_and_read(const struct bulla_jwk *jwk) {
  uint8_t room[32];
  struct bulla_buffer thumbprint = bulla_buffer(room, sizeof(room));
  struct bulla_secret *text = NULL;
  struct bulla_jwk *again = NULL;
  CHECK_OK("bulla_jwk_write", bulla_jwk_write(&text, jwk));
  CHECK_OK("bulla_jwk_with", bulla_jwk_with(&again, jwk, bulla_text("kid"), bulla_span(NULL, 0)));
  bulla_jwk_free(&again);
  CHECK_OK("bulla_jwk_parse", bulla_jwk_parse(&again, bulla_secret_bytes(text)));
  /* A slip in a digit: the one behind the name of the private part. */
  bulla_secret_data(text)[bulla_secret_bytes(text).len - 5] = '*';
  bulla_jwk_free(&again);
  CHECK_STATUS("bulla_jwk_parse, a slip", bulla_jwk_parse(&again, bulla_secret_bytes(text)), BULLA_INVALID_TEXT);
  bulla_secret_free(&text);
  CHECK_OK("bulla_jwk_thumbprint", bulla_jwk_thumbprint(&thumbprint, jwk));
  if (jwk->type != BULLA_KEY_OCT) {
    CHECK_OK("bulla_jwk_to_pem", bulla_jwk_to_pem(&text, jwk, false));
    CHECK_OK("bulla_jwk_from_pem", bulla_jwk_from_pem(&again, bulla_secret_bytes(text)));
    bulla_jwk_free(&again);
    bulla_secret_free(&text);
  }
}

/* Tells of the key of the content of |token|, which was wrapped by |kek|. */
static void tell_content_key(const struct bulla_jwk *kek, struct bulla_span token) {
  const uint8_t *dot = memchr(token.data, '.', token.len);
  const uint8_t *end = memchr(dot + 1, '.', (size_t)(token.data + token.len - dot - 1));
  struct bulla_secret *pair = new_room(sizeof(struct bulla_aes_pair));
  struct bulla_secret *key = new_room(64);
  struct bulla_aes_pair *expanded = (struct bulla_aes_pair *)(void *)bulla_secret_data(pair);
  uint8_t wrapped[64 + BULLA_WRAP_OVERHEAD];
  struct bulla_span digits = bulla_span(dot + 1, (size_t)(end - dot - 1));
  size_t len = bulla_base64url_decoded_len(digits.len);
  ASSERT(len <= sizeof(wrapped) && bulla_base64url_decode(wrapped, digits));
  ASSERT(bulla_aes_pair_expand(expanded, bulla_secret_bytes(kek->secret)) == BULLA_OK);
  ASSERT(bulla_aes_unwrap(expanded, bulla_secret_data(key), bulla_span(wrapped, len)) == BULLA_OK);
  tell(SECRET_KEY, "key of the MAC", bulla_span(bulla_secret_data(key), (len - BULLA_WRAP_OVERHEAD) / 2));
  tell(SECRET_KEY, "key of the content",
       bulla_span(bulla_secret_data(key) + (len - BULLA_WRAP_OVERHEAD) / 2, (len - BULLA_WRAP_OVERHEAD) / 2));
  bulla_secret_free(&key);
  bulla_secret_free(&pair);
}

/* Changes the digit behind dot number |num| of |token|, or back. */
static void flip(uint8_t *token, size_t num) {
  for (; num > 0; token++) {
    num -= *token == '.' ? 1 : 0;
  }
  *token = *token == 'A' ? 'B' : *token == 'B' ? 'A' : *token ^ 1;
}

static void encrypt_and_decrypt(struct bulla_jwk *jwk, enum bulla_jwe_alg alg, enum bulla_jwe_enc enc) {
  static uint8_t room[TOKEN_MAX];
  struct bulla_buffer token = bulla_buffer(room, sizeof(room));
  struct bulla_secret *plaintext = new_text("plaintext", PLAINTEXT_LEN);
  struct bulla_secret *opened = new_room(PLAINTEXT_LEN + 32);
  struct bulla_buffer out = room_in(opened);
  struct bulla_jwe_key *key = NULL;
  CHECK_OK("bulla_jwe_key_from_jwk", bulla_jwe_key_from_jwk(&key, jwk, alg, enc));
  CHECK_OK("bulla_jwe_encrypt", bulla_jwe_encrypt(key, &token, bulla_secret_bytes(plaintext)));
  CHECK_OK("bulla_jwe_decrypt", bulla_jwe_decrypt(key, &out, bulla_written(&token)));
  ASSERT(bulla_secret_equal(bulla_written(&out), bulla_secret_bytes(plaintext)));
  if (alg == BULLA_JWE_A256KW) {
    tell_content_key(jwk, bulla_written(&token));
  }
  flip(room, 3);
  CHECK_STATUS("bulla_jwe_decrypt, forged", bulla_jwe_decrypt(key, &out, bulla_written(&token)), BULLA_REFUSED);
  flip(room, 3);
  flip(room, 1);
  CHECK_STATUS("bulla_jwe_decrypt, another key", bulla_jwe_decrypt(key, &out, bulla_written(&token)), BULLA_REFUSED);
  bulla_secret_free(&opened);
  bulla_secret_free(&plaintext);
  bulla_jwk_free(&jwk);
  CHECK(CHECK_FREED, "bulla_jwk_free, bulla_jwe_key_free", bulla_jwe_key_free(&key));
}

/* The life of a key that is made for |alg| and |enc|. */
static void live(enum bulla_jwe_alg alg, enum bulla_jwe_enc enc, const char *curve) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  struct bulla_jwk *jwk = NULL;
  options.alg = alg;
  options.enc = alg == BULLA_JWE_DIR ? enc : 0;
  options.curve = curve;
  options.bits = alg == BULLA_JWE_RSA_OAEP || alg == BULLA_JWE_RSA_OAEP_256 ? 2048 : 0;
  CHECK_OK("bulla_jwk_generate", bulla_jwk_generate(&jwk, &options));
  tell_private(jwk);
  write_and_read(jwk);
  encrypt_and_decrypt(jwk, alg, enc);
}

static void oct_dir(void) {
  live(BULLA_JWE_DIR, BULLA_JWE_A256CBC_HS512, NULL);
  live(BULLA_JWE_DIR, BULLA_JWE_A128CBC_HS256, NULL);
}

static void oct_key_wrap(void) {
  live(BULLA_JWE_A256KW, BULLA_JWE_A256CBC_HS512, NULL);
  live(BULLA_JWE_A128KW, BULLA_JWE_A128GCM, NULL);
}

static void oct_gcm_key_wrap(void) {
  live(BULLA_JWE_A256GCMKW, BULLA_JWE_A256GCM, NULL);
}

static void ec_p256(void) {
  live(BULLA_JWE_ECDH_ES, BULLA_JWE_A256GCM, "P-256");
}

static void ec_p384(void) {
  live(BULLA_JWE_ECDH_ES_A192KW, BULLA_JWE_A192CBC_HS384, "P-384");
}

static void ec_p521(void) {
  live(BULLA_JWE_ECDH_ES_A256KW, BULLA_JWE_A256CBC_HS512, "P-521");
}

static void okp_x25519(void) {
  live(BULLA_JWE_ECDH_ES, BULLA_JWE_A256GCM, "X25519");
}

static void draft_hpke(void) {
  live(BULLA_JWE_DRAFT_HPKE, 0, "X25519");
}

static void rsa(void) {
  live(BULLA_JWE_RSA_OAEP_256, BULLA_JWE_A256GCM, NULL);
}

/* What is agreed, and what RSA encrypts, is known here. */
static void agreements(void) {
  for (enum bulla_curve curve = BULLA_CURVE_P256; curve <= BULLA_CURVE_X25519; curve++) {
    size_t len = bulla_curve_len(curve);
    struct bulla_secret *ours = new_room(len);
    struct bulla_secret *theirs = new_room(len);
    struct bulla_secret *shared = new_room(len);
    uint8_t our_point[BULLA_POINT_MAX_LEN];
    uint8_t their_point[BULLA_POINT_MAX_LEN];
    CHECK_OK("bulla_curve_generate", bulla_curve_generate(curve, bulla_secret_data(ours), our_point));
    tell(SECRET_NUMBER, "private key", bulla_secret_bytes(ours));
    ASSERT(bulla_curve_generate(curve, bulla_secret_data(theirs), their_point) == BULLA_OK);
    tell(SECRET_NUMBER, "other private key", bulla_secret_bytes(theirs));
    CHECK_OK("bulla_curve_public", bulla_curve_public(curve, their_point, bulla_secret_data(theirs)));
    CHECK_OK("bulla_curve_agree",
             bulla_curve_agree(curve, bulla_secret_data(shared), bulla_secret_data(ours), their_point));
    tell(SECRET_NUMBER, "what is agreed", bulla_secret_bytes(shared));
    bulla_secret_free(&shared);
    bulla_secret_free(&theirs);
    CHECK(CHECK_FREED, "all is freed", bulla_secret_free(&ours));
  }
}

static void rsa_numbers(void) {
  struct bulla_secret *numbers = NULL;
  struct bulla_rsa_private key;
  struct bulla_rsa_encrypter *encrypter = NULL;
  struct bulla_secret *plaintext = new_secret(SECRET_KEY, "plaintext", BULLA_KEY_LEN);
  struct bulla_secret *opened = new_room(BULLA_KEY_LEN);
  static uint8_t encrypted[BULLA_RSA_MIN_LEN];
  struct bulla_span all = bulla_span(encrypted, sizeof(encrypted));
  CHECK_OK("bulla_rsa_generate", bulla_rsa_generate(&numbers, &key, 2048));
  tell(SECRET_NUMBER, "d", key.d);
  tell(SECRET_NUMBER, "p", key.p);
  tell(SECRET_NUMBER, "q", key.q);
  CHECK_OK("bulla_rsa_check", bulla_rsa_check(&key));
  CHECK_OK("bulla_rsa_encrypter_new", bulla_rsa_encrypter_new(&encrypter, &key.open));
  CHECK_OK("bulla_rsa_encrypt",
           bulla_rsa_encrypt(encrypter, encrypted, BULLA_OAEP_SHA256, bulla_secret_bytes(plaintext)));
  CHECK_OK("bulla_rsa_decrypt",
           bulla_rsa_decrypt(&key, bulla_secret_data(opened), BULLA_KEY_LEN, BULLA_OAEP_SHA256, all));
  CHECK_STATUS("bulla_rsa_decrypt, other padding",
               bulla_rsa_decrypt(&key, bulla_secret_data(opened), BULLA_KEY_LEN, BULLA_OAEP_SHA1, all), BULLA_REFUSED);
  bulla_rsa_encrypter_free(&encrypter);
  bulla_secret_free(&opened);
  bulla_secret_free(&plaintext);
  CHECK(CHECK_FREED, "all is freed", bulla_secret_free(&numbers));
}

const struct scenario jose_scenarios[] = {
    {"jose_oct_dir", oct_dir},
    {"jose_oct_key_wrap", oct_key_wrap},
    {"jose_oct_gcm_key_wrap", oct_gcm_key_wrap},
    {"jose_p256", ec_p256},
    {"jose_p384", ec_p384},
    {"jose_p521", ec_p521},
    {"jose_x25519", okp_x25519},
    {"jose_hpke", draft_hpke},
    {"jose_rsa", rsa},
    {"jose_agreements", agreements},
    {"jose_rsa_numbers", rsa_numbers},
    {0},
};
