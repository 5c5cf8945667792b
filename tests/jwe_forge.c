/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The forger, see tests/jwe_forge.h. It does by itself what core/jwe_*.c do, with the same primitives. */

#include "tests/jwe_forge.h"

#include "core/base64url.h"
#include "core/crypto.h"
#include "core/crypto_aes.h"

enum { KEY_BYTE = 9, CEK_BYTE = 7, IV_BYTE = 3 };

const struct forge_kind forge_kinds[] = {
    {.alg = BULLA_JWE_DIR},
    {.alg = BULLA_JWE_A128KW},
    {.alg = BULLA_JWE_A192KW},
    {.alg = BULLA_JWE_A256KW},
    {.alg = BULLA_JWE_A128GCMKW},
    {.alg = BULLA_JWE_A192GCMKW},
    {.alg = BULLA_JWE_A256GCMKW},
    {BULLA_JWE_ECDH_ES, BULLA_CURVE_P256},
    {BULLA_JWE_ECDH_ES, BULLA_CURVE_P384},
    {BULLA_JWE_ECDH_ES, BULLA_CURVE_P521},
    {BULLA_JWE_ECDH_ES, BULLA_CURVE_X25519},
    {BULLA_JWE_ECDH_ES_A128KW, BULLA_CURVE_P256},
    {BULLA_JWE_ECDH_ES_A128KW, BULLA_CURVE_X25519},
    {BULLA_JWE_ECDH_ES_A192KW, BULLA_CURVE_P384},
    {BULLA_JWE_ECDH_ES_A192KW, BULLA_CURVE_X25519},
    {BULLA_JWE_ECDH_ES_A256KW, BULLA_CURVE_P521},
    {BULLA_JWE_ECDH_ES_A256KW, BULLA_CURVE_X25519},
    {.alg = BULLA_JWE_RSA_OAEP},
    {.alg = BULLA_JWE_RSA_OAEP_256},
};
const size_t forge_num_kinds = sizeof(forge_kinds) / sizeof(*forge_kinds);

/* Keys of RFC 7518 appendix C, RFC 7520 §3.2 and §5.4, RFC 8037 appendix A.6. */
static const struct {
  const char *name;
  const char *jwk; /* without its last brace */
} curves[] = {
    [BULLA_CURVE_P256] = {"P-256",
                          "{\"kty\":\"EC\",\"crv\":\"P-256\","
                          "\"x\":\"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ\","
                          "\"y\":\"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck\","
                          "\"d\":\"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw\""},
    [BULLA_CURVE_P384] = {"P-384",
                          "{\"kty\":\"EC\",\"crv\":\"P-384\","
                          "\"x\":\"YU4rRUzdmVqmRtWOs2OpDE_T5fsNIodcG8G5FWPrTPMyxpzsSOGaQLpe2FpxBmu2\","
                          "\"y\":\"A8-yxCHxkfBz3hKZfI1jUYMjUhsEveZ9THuwFjH2sCNdtksRJU7D5-SkgaFL1ETP\","
                          "\"d\":\"iTx2pk7wW-GqJkHcEkFQb2EFyYcO7RugmaW3mRrQVAOUiPommT0IdnYK2xDlZh-j\""},
    [BULLA_CURVE_P521] =
        {"P-521",
         "{\"kty\":\"EC\",\"crv\":\"P-521\","
         "\"x\":\"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0K"
         "t\","
         "\"y\":\"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR"
         "1\","
         "\"d\":\"AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZoC1XNM56KtscrX6zbKipQrCW9CGZH3T4ubpnoTKLDYJ_fF3_rJ"
         "t\""},
    [BULLA_CURVE_X25519] = {"X25519",
                            "{\"kty\":\"OKP\",\"crv\":\"X25519\","
                            "\"x\":\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\","
                            "\"d\":\"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os\""},
};

/* The key of RFC 7516 appendix A.1, without the last brace. */
static const char rsa_jwk[] =
    "{"
    "\"kty\":\"RSA\","
    "\"n\":\"oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtql"
    "lXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZe"
    "yaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDF"
    "GzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw\","
    "\"e\":\"AQAB\","
    "\"d\":\"kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvj"
    "YecPT9fpwR_M9gV8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3"
    "kbSCz1XyfCs6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr"
    "0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ\","
    "\"p\":\"1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3Mgf2EuFVbUoDBvaRQ-SWxkbkmoEzL7JXroSBjSrK3YIQgYd"
    "MgyAEPTPjXv_hI2_1eTSPVZfzL0lffNn03IXqWF5MDFuoUYE0hzb2vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0\","
    "\"q\":\"wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx_8Fyw1YYa9XGrGnDew"
    "00J28cRUoeBB_jKI1oma0Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnmDZJTIAfwTs0g68UZHvtc\","
    "\"dp\":\"ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KUJWDxS5pFQ_M0evdo1d"
    "KiRTjVw_x4NyqyXPM5nULPkcpU827rnpZzAJKpdhWAgqrXGKAECQH0Xt4taznjnd_zVpAmZZq60WPMBMfKcuE\","
    "\"dq\":\"Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4YZa9hNVcsjqA3Fei"
    "L19rk8g6Qn29Tt0cj8qqyFpz9vNDBUfCAiJVeESOjJDZPYHdHY8v1b-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis\","
    "\"qi\":\"VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6flUK"
    "4SlOydB61gwanOsXGOAOv82cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz9JF_XyaY14ardLSjf4L_FNY\"";

static const struct bulla_jwe_algorithm *row_of(struct forge_kind kind) {
  return bulla_jwe_algorithm(kind.alg);
}

static bool is_agreed(struct forge_kind kind) {
  return row_of(kind)->type == BULLA_KEY_EC;
}

static bool is_rsa(struct forge_kind kind) {
  return row_of(kind)->type == BULLA_KEY_RSA;
}

static size_t key_len(struct forge_kind kind, enum bulla_jwe_enc enc) {
  return kind.alg == BULLA_JWE_DIR ? bulla_jwe_encryption(enc)->cek_len : row_of(kind)->key_len;
}

static const char *text_of(struct bulla_span span) {
  return (const char *)test_concat(span, bulla_span("", 1)).data;
}

const char *forge_name(const struct forgery *forgery) {
  static char name[64];
  snprintf(name, sizeof(name), "%s %s %s", bulla_jwe_alg_name(forgery->kind.alg),
           forgery->kind.curve == 0 ? "-" : curves[forgery->kind.curve].name, bulla_jwe_enc_name(forgery->enc));
  return name;
}

const char *forge_jwk(struct forge_kind kind, enum bulla_jwe_enc enc, const char *members) {
  struct bulla_span jwk;
  if (is_agreed(kind)) {
    jwk = test_text(curves[kind.curve].jwk);
  } else if (is_rsa(kind)) {
    jwk = test_text(rsa_jwk);
  } else {
    jwk =
        test_concat(test_text("{\"kty\":\"oct\",\"k\":\""), test_base64url(test_filled(KEY_BYTE, key_len(kind, enc))));
    jwk = test_concat(jwk, test_text("\""));
  }
  return text_of(test_concat(test_concat(jwk, test_text(members)), test_text("}")));
}

struct bulla_jwe_key *forge_key(struct forge_kind kind, enum bulla_jwe_enc enc, const char *members) {
  struct bulla_jwk *jwk = NULL;
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwk_parse(&jwk, test_text(forge_jwk(kind, enc, members))));
  TEST_OK(bulla_jwe_key_from_jwk(&key, jwk, kind.alg, enc));
  bulla_jwk_free(&jwk);
  return key;
}

struct bulla_span forge_replaced(struct bulla_span text, const char *word, struct bulla_span by) {
  struct bulla_span done = {NULL, 0};
  size_t word_len = strlen(word);
  for (;;) {
    const uint8_t *at = text.len < word_len ? NULL : (const uint8_t *)memmem(text.data, text.len, word, word_len);
    if (at == NULL) {
      return test_concat(done, text);
    }
    size_t before = (size_t)(at - text.data);
    done = test_concat(done, test_concat(bulla_span(text.data, before), by));
    text = bulla_span(at + word_len, text.len - before - word_len);
  }
}

/* |cek|, or as much of |sent| as it is long, with zeros behind. */
static struct bulla_span key_of_content(struct bulla_span cek, struct bulla_span sent) {
  if (sent.data == NULL) {
    return cek;
  }
  struct bulla_span padded = test_concat(sent, test_filled(0, cek.len));
  return bulla_span(padded.data, cek.len);
}

static struct bulla_span wrapped(struct bulla_span kek, struct bulla_span key) {
  struct bulla_aes_pair pair;
  uint8_t *out = test_alloc(key.len + BULLA_WRAP_OVERHEAD);
  TEST_OK(bulla_aes_pair_expand(&pair, kek));
  TEST_OK(bulla_aes_wrap(&pair, out, key));
  return bulla_span(out, key.len + BULLA_WRAP_OVERHEAD);
}

static struct bulla_span sealed_key(struct bulla_span kek, struct bulla_span key, struct bulla_span *added) {
  struct bulla_aead *aead = NULL;
  struct bulla_span iv = test_filled(IV_BYTE, 12);
  uint8_t *out = test_alloc(key.len);
  uint8_t tag[16];
  TEST_OK(bulla_aead_new(&aead, kek));
  TEST_OK(bulla_aead_seal(aead, out, tag, iv, key, bulla_span(NULL, 0)));
  bulla_aead_free(&aead);
  struct bulla_span text = test_text(",\"iv\":\"$IV\",\"tag\":\"$TAG\"");
  text = forge_replaced(text, "$IV", test_base64url(iv));
  *added = forge_replaced(text, "$TAG", test_base64url(bulla_span(tag, sizeof(tag))));
  return bulla_span(out, key.len);
}

/* The key pair of |forgery|, read once: it takes a while for RSA. */
static const struct bulla_jwk *pair_of(const struct forgery *forgery) {
  static struct bulla_jwk *pairs[sizeof(curves) / sizeof(*curves)];
  struct bulla_jwk **pair = &pairs[forgery->kind.curve];
  if (*pair == NULL) {
    TEST_OK(bulla_jwk_parse(pair, test_text(forge_jwk(forgery->kind, forgery->enc, ""))));
  }
  return *pair;
}

static struct bulla_span encrypted_by_rsa(const struct forgery *forgery, struct bulla_span key) {
  const struct bulla_jwk *jwk = pair_of(forgery);
  struct bulla_rsa_encrypter *encrypter = NULL;
  enum bulla_oaep oaep = forgery->kind.alg == BULLA_JWE_RSA_OAEP ? BULLA_OAEP_SHA1 : BULLA_OAEP_SHA256;
  TEST_OK(bulla_rsa_encrypter_new(&encrypter, &jwk->rsa.open));
  uint8_t *out = test_alloc(jwk->rsa.open.n.len);
  TEST_OK(bulla_rsa_encrypt(encrypter, out, oaep, key));
  struct bulla_span encrypted = test_copy(bulla_span(out, jwk->rsa.open.n.len));
  bulla_rsa_encrypter_free(&encrypter);
  return encrypted;
}

static struct bulla_span be32(size_t number) {
  const uint8_t bytes[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
  return test_copy(bulla_span(bytes, sizeof(bytes)));
}

static struct bulla_span prefixed(struct bulla_span bytes) {
  return test_concat(be32(bytes.len), bytes);
}

/* RFC 7518 §4.6.2. */
static struct bulla_span derived(const struct forgery *forgery, struct bulla_span shared, struct bulla_span name,
                                 size_t len) {
  struct bulla_span info = test_concat(prefixed(name), prefixed(forgery->apu));
  info = test_concat(test_concat(info, prefixed(forgery->apv)), be32(8 * len));
  struct bulla_span key = {NULL, 0};
  for (size_t round = 1; key.len < len; round++) {
    uint8_t digest[BULLA_SHA256_LEN];
    TEST_OK(bulla_sha256(digest, test_concat(be32(round), test_concat(shared, info))));
    key = test_concat(key, bulla_span(digest, sizeof(digest)));
  }
  return bulla_span(key.data, len);
}

/* Agrees on a secret with a new ephemeral key, of which |parts| then have the member "epk". */
static struct bulla_span agreed(struct forged *parts, const struct forgery *forgery) {
  enum bulla_curve curve = forgery->kind.curve;
  const struct bulla_jwk *jwk = pair_of(forgery);
  uint8_t private_key[BULLA_CURVE_MAX_LEN];
  uint8_t point[BULLA_POINT_MAX_LEN];
  uint8_t shared[BULLA_CURVE_MAX_LEN];
  size_t half = bulla_curve_len(curve);
  TEST_OK(bulla_curve_generate(curve, private_key, point));
  TEST_OK(bulla_curve_agree(curve, shared, private_key, jwk->point.data));
  bool has_y = curve != BULLA_CURVE_X25519;
  struct bulla_span text = test_text(has_y ? ",\"epk\":{\"kty\":\"EC\",\"crv\":\"$CRV\",\"x\":\"$X\",\"y\":\"$Y\"}"
                                           : ",\"epk\":{\"kty\":\"OKP\",\"crv\":\"$CRV\",\"x\":\"$X\"}");
  parts->x = test_base64url(bulla_span(point, half));
  parts->y = has_y ? test_base64url(bulla_span(point + half, half)) : bulla_span(NULL, 0);
  parts->added = forge_replaced(text, "$CRV", test_text(curves[curve].name));
  return forgery->shared.data != NULL ? forgery->shared : test_copy(bulla_span(shared, half));
}

/* Fills |parts->encrypted_key| and |parts->added|; returns the content encryption key. */
static struct bulla_span manage(struct forged *parts, const struct forgery *forgery) {
  const struct bulla_jwe_algorithm *row = row_of(forgery->kind);
  size_t cek_len = bulla_jwe_encryption(forgery->enc)->cek_len;
  struct bulla_span cek = test_filled(CEK_BYTE, cek_len);
  struct bulla_span sent = forgery->sent.data != NULL ? forgery->sent : cek;
  struct bulla_span kek = test_filled(KEY_BYTE, row->key_len);
  switch (forgery->kind.alg) {
    case BULLA_JWE_DIR:
      return test_filled(KEY_BYTE, cek_len);
    case BULLA_JWE_A128KW:
    case BULLA_JWE_A192KW:
    case BULLA_JWE_A256KW:
      parts->encrypted_key = wrapped(kek, sent);
      break;
    case BULLA_JWE_A128GCMKW:
    case BULLA_JWE_A192GCMKW:
    case BULLA_JWE_A256GCMKW:
      parts->encrypted_key = sealed_key(kek, sent, &parts->added);
      break;
    case BULLA_JWE_ECDH_ES:
      return derived(forgery, agreed(parts, forgery), bulla_jwe_encryption(forgery->enc)->name, cek_len);
    case BULLA_JWE_ECDH_ES_A128KW:
    case BULLA_JWE_ECDH_ES_A192KW:
    case BULLA_JWE_ECDH_ES_A256KW:
      kek = derived(forgery, agreed(parts, forgery), row->name, row->key_len);
      parts->encrypted_key = wrapped(kek, sent);
      break;
    case BULLA_JWE_RSA_OAEP:
    case BULLA_JWE_RSA_OAEP_256:
      parts->encrypted_key = encrypted_by_rsa(forgery, sent);
      break;
    case BULLA_JWE_DRAFT_HPKE:
      cr_assert_fail("integrated encryption has no key to manage");
  }
  return key_of_content(cek, forgery->sent);
}

static struct bulla_span header_of(const struct forged *parts, const struct forgery *forgery) {
  struct bulla_span text = test_text(forgery->header != NULL ? forgery->header : "{$MEMBERS}");
  text = forge_replaced(text, "$MEMBERS", test_text("\"alg\":\"$ALG\",\"enc\":\"$ENC\"$ADDED"));
  text = forge_replaced(text, "$ALG", row_of(forgery->kind)->name);
  text = forge_replaced(text, "$ENC", bulla_jwe_encryption(forgery->enc)->name);
  text = forge_replaced(text, "$ADDED", parts->added);
  text = forge_replaced(text, "$X", parts->x);
  return test_base64url(forge_replaced(text, "$Y", parts->y));
}

/* What the tag authenticates beside the content: RFC 7516 §5.1 step 14. */
static struct bulla_span additional_data(const struct forged *parts) {
  return parts->aad.len == 0 ? parts->header
                             : test_concat(test_concat(parts->header, test_text(".")), test_base64url(parts->aad));
}

struct forged forge(const struct forgery *forgery) {
  const struct bulla_jwe_encryption *enc = bulla_jwe_encryption(forgery->enc);
  struct forged parts = {.aad = forgery->aad, .iv = test_filled(IV_BYTE, enc->iv_len)};
  struct bulla_span cek = manage(&parts, forgery);
  parts.header = header_of(&parts, forgery);
  struct bulla_jwe_content *content = NULL;
  TEST_OK(enc->cipher->expand(&content, cek));
  size_t len = enc->cipher->sealed_len(forgery->plaintext.len);
  uint8_t *ciphertext = test_alloc(len);
  uint8_t *tag = test_alloc(enc->tag_len);
  TEST_OK(enc->cipher->seal(content, ciphertext, tag, parts.iv.data, forgery->plaintext, additional_data(&parts)));
  enc->cipher->free(&content);
  parts.ciphertext = bulla_span(ciphertext, len);
  parts.tag = bulla_span(tag, enc->tag_len);
  return parts;
}

void forge_padded(struct forged *parts, const struct forgery *forgery, struct bulla_span blocks) {
  const struct bulla_jwe_encryption *enc = bulla_jwe_encryption(forgery->enc);
  size_t half = enc->cek_len / 2;
  struct bulla_span cek = test_filled(forgery->kind.alg == BULLA_JWE_DIR ? KEY_BYTE : CEK_BYTE, enc->cek_len);
  struct bulla_aes_pair key;
  struct bulla_hmac_key mac_key;
  TEST_OK(bulla_aes_pair_expand(&key, bulla_span(cek.data + half, half)));
  TEST_OK(bulla_hmac_expand(&mac_key, (enum bulla_sha)(forgery->enc - BULLA_JWE_A128CBC_HS256 + BULLA_SHA_256),
                            bulla_span(cek.data, half)));
  uint8_t *ciphertext = test_alloc(blocks.len);
  memcpy(ciphertext, blocks.data, blocks.len);
  bulla_aes_cbc_encrypt(&key, ciphertext, parts->iv.data, bulla_span(blocks.data, blocks.len / 16 * 16));
  parts->ciphertext = bulla_span(ciphertext, blocks.len);
  struct bulla_span data = additional_data(parts);
  struct bulla_span mac_parts[] = {data, parts->iv, parts->ciphertext, test_concat(be32(0), be32(8 * data.len))};
  uint8_t mac[64];
  bulla_hmac_parts(&mac_key, mac, mac_parts, sizeof(mac_parts) / sizeof(*mac_parts));
  parts->tag = test_copy(bulla_span(mac, enc->tag_len));
}

struct bulla_span forge_compact(const struct forged *parts) {
  struct bulla_span token = parts->header;
  const struct bulla_span others[] = {parts->encrypted_key, parts->iv, parts->ciphertext, parts->tag};
  for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
    token = test_concat(test_concat(token, test_text(".")), test_base64url(others[i]));
  }
  return token;
}

struct bulla_span forge_json(const struct forged *parts, const char *text) {
  const struct {
    const char *word;
    struct bulla_span by;
  } words[] = {
      {"$PROTECTED", parts->header},
      {"$KEY", test_base64url(parts->encrypted_key)},
      {"$IV", test_base64url(parts->iv)},
      {"$CIPHERTEXT", test_base64url(parts->ciphertext)},
      {"$TAG", test_base64url(parts->tag)},
      {"$AAD", test_base64url(parts->aad)},
      {"$ADDED", parts->added},
      {"$X", parts->x},
      {"$Y", parts->y},
  };
  struct bulla_span json = test_text(text);
  for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
    json = forge_replaced(json, words[i].word, words[i].by);
  }
  return json;
}

bool forge_opens(const struct bulla_jwe_key *key, struct bulla_span jwe, struct bulla_span plaintext) {
  struct bulla_buffer opened = test_room(jwe.len);
  enum bulla_status status = bulla_jwe_decrypt_any(key, &opened, NULL, jwe);
  if (status != BULLA_OK) {
    cr_assert_eq(status, BULLA_REFUSED, "%s: %.*s", bulla_status_text(status), (int)jwe.len, (const char *)jwe.data);
    TEST_FAILED(opened, "%.*s", (int)jwe.len, (const char *)jwe.data);
    return false;
  }
  TEST_SPAN(bulla_written(&opened), plaintext, "another plaintext: %.*s", (int)jwe.len, (const char *)jwe.data);
  return true;
}
