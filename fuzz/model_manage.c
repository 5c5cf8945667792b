/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The key management of fuzz/model_jose.h: RFC 7518 §4. */

#include <strings.h>

#include <nettle/nist-keywrap.h>
#include <nettle/sha2.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_jose.h"
#include "fuzz/scan.h"

enum { WRAP_MORE = 8, MAX_PARTY = 256, GCM_IV = 12, MAX_EPK_MEMBERS = 256, MAX_JWK_MEMBERS = 64 };

#define AGREED(name, number, kek_len)                                                                             \
  {name, number, MODEL_ECDH, kek_len, MODEL_P256, false}, {name, number, MODEL_ECDH, kek_len, MODEL_P384, false}, \
      {name, number, MODEL_ECDH, kek_len, MODEL_P521, false}, {                                                   \
    name, number, MODEL_ECDH, kek_len, MODEL_X25519, false                                                        \
  }

const struct model_alg model_algs[MODEL_NUM_ALGS] = {
    {"dir", BULLA_JWE_DIR, MODEL_DIR, 0, MODEL_NO_CURVE, false},
    {"A128KW", BULLA_JWE_A128KW, MODEL_KW, 16, MODEL_NO_CURVE, false},
    {"A192KW", BULLA_JWE_A192KW, MODEL_KW, 24, MODEL_NO_CURVE, false},
    {"A256KW", BULLA_JWE_A256KW, MODEL_KW, 32, MODEL_NO_CURVE, false},
    {"A128GCMKW", BULLA_JWE_A128GCMKW, MODEL_GCMKW, 16, MODEL_NO_CURVE, false},
    {"A192GCMKW", BULLA_JWE_A192GCMKW, MODEL_GCMKW, 24, MODEL_NO_CURVE, false},
    {"A256GCMKW", BULLA_JWE_A256GCMKW, MODEL_GCMKW, 32, MODEL_NO_CURVE, false},
    {"RSA-OAEP", BULLA_JWE_RSA_OAEP, MODEL_OAEP, 0, MODEL_NO_CURVE, false},
    {"RSA-OAEP-256", BULLA_JWE_RSA_OAEP_256, MODEL_OAEP, 0, MODEL_NO_CURVE, true},
    AGREED("ECDH-ES", BULLA_JWE_ECDH_ES, 0),
    AGREED("ECDH-ES+A128KW", BULLA_JWE_ECDH_ES_A128KW, 16),
    AGREED("ECDH-ES+A192KW", BULLA_JWE_ECDH_ES_A192KW, 24),
    AGREED("ECDH-ES+A256KW", BULLA_JWE_ECDH_ES_A256KW, 32),
    {"draft-HPKE-X25519-HKDF-SHA256-A256GCM", BULLA_JWE_DRAFT_HPKE, MODEL_HPKE, 0, MODEL_X25519, false},
};

const struct model_enc model_no_enc = {.name = ""};

struct bulla_span model_material(const struct model_key *key) {
  /* The first byte is for P-521 alone, whose keys have 521 bits. */
  static const char material[] = "\0fuzz targets share this open key, of 64 bytes, and hide nothing!!";
  const uint8_t *bytes = (const uint8_t *)material;
  size_t len = key->alg->curve != MODEL_NO_CURVE ? model_curve_len(key->alg->curve)
               : key->alg->kek_len > 0           ? key->alg->kek_len
                                                 : key->enc->cek_len;
  FUZZ_ASSERT(len < sizeof(material));
  return bulla_span(key->alg->curve == MODEL_P521 ? bytes : bytes + 1, len);
}

bool model_is_direct(const struct model_key *key) {
  return key->alg->kek_len == 0 && key->alg->kind != MODEL_OAEP;
}

static void put_number(struct sha256_ctx *hash, size_t number) {
  const uint8_t bytes[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
  sha256_update(hash, sizeof(bytes), bytes);
}

static void put_counted(struct sha256_ctx *hash, struct bulla_span bytes) {
  put_number(hash, bytes.len);
  sha256_update(hash, bytes.len, bytes.data);
}

bool model_agree(const struct model_key *key, uint8_t *derived, const uint8_t *private_key, const uint8_t *point,
                 struct bulla_span apu, struct bulla_span apv) {
  uint8_t shared[MODEL_CURVE_MAX];
  uint8_t digest[2 * SHA256_DIGEST_SIZE] = {0};
  size_t len = model_is_direct(key) ? key->enc->cek_len : key->alg->kek_len;
  const char *id = model_is_direct(key) ? key->enc->name : key->alg->name;
  if (!model_curve_agree(key->alg->curve, shared, private_key, point)) {
    return false;
  }
  for (size_t i = 0; i < 2; i++) {
    struct sha256_ctx hash;
    sha256_init(&hash);
    put_number(&hash, i + 1);
    sha256_update(&hash, model_curve_len(key->alg->curve), shared);
    put_counted(&hash, bulla_span(id, strlen(id)));
    put_counted(&hash, apu);
    put_counted(&hash, apv);
    put_number(&hash, 8 * len);
    sha256_digest(&hash, SHA256_DIGEST_SIZE, digest + i * SHA256_DIGEST_SIZE);
  }
  memcpy(derived, digest, len);
  return true;
}

void model_wrap(uint8_t *wrapped, struct bulla_span kek, struct bulla_span cek) {
  static const uint8_t iv[] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
  union {
    struct aes128_ctx aes128;
    struct aes192_ctx aes192;
    struct aes256_ctx aes256;
  } state;
  if (kek.len == AES128_KEY_SIZE) {
    aes128_set_encrypt_key(&state.aes128, kek.data);
    aes128_keywrap(&state.aes128, iv, cek.len + WRAP_MORE, wrapped, cek.data);
  } else if (kek.len == AES192_KEY_SIZE) {
    aes192_set_encrypt_key(&state.aes192, kek.data);
    aes192_keywrap(&state.aes192, iv, cek.len + WRAP_MORE, wrapped, cek.data);
  } else {
    aes256_set_encrypt_key(&state.aes256, kek.data);
    aes256_keywrap(&state.aes256, iv, cek.len + WRAP_MORE, wrapped, cek.data);
  }
}

static bool unwrap(uint8_t *cek, size_t cek_len, struct bulla_span kek, struct bulla_span wrapped) {
  static const uint8_t iv[] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
  union {
    struct aes128_ctx aes128;
    struct aes192_ctx aes192;
    struct aes256_ctx aes256;
  } state;
  if (wrapped.len != cek_len + WRAP_MORE) {
    return false;
  }
  if (kek.len == AES128_KEY_SIZE) {
    aes128_set_decrypt_key(&state.aes128, kek.data);
    return aes128_keyunwrap(&state.aes128, iv, cek_len, cek, wrapped.data) != 0;
  }
  if (kek.len == AES192_KEY_SIZE) {
    aes192_set_decrypt_key(&state.aes192, kek.data);
    return aes192_keyunwrap(&state.aes192, iv, cek_len, cek, wrapped.data) != 0;
  }
  aes256_set_decrypt_key(&state.aes256, kek.data);
  return aes256_keyunwrap(&state.aes256, iv, cek_len, cek, wrapped.data) != 0;
}

/* Decodes a string of base64url, as it stands in its quotes, to |room|, which holds |max_len| bytes. */
static bool take_digits(uint8_t *room, struct bulla_span *bytes, size_t max_len, struct bulla_span raw) {
  uint8_t decoded[MODEL_JWE_MAX];
  size_t len = 0;
  *bytes = bulla_span(room, 0);
  if (raw.len == 0) {
    return true;
  }
  if (raw.len > sizeof(decoded) || !model_base64url_decode(decoded, &len, bulla_span(raw.data + 1, raw.len - 2)) ||
      len > max_len) {
    return false;
  }
  memcpy(room, decoded, len);
  *bytes = bulla_span(room, len);
  return true;
}

static bool unwrap_gcm(const struct model_key *key, uint8_t *cek, struct bulla_span encrypted_key,
                       const struct model_jose *header) {
  uint8_t iv_room[GCM_IV];
  uint8_t tag_room[BULLA_TAG_LEN];
  struct bulla_span iv;
  struct bulla_span tag;
  struct model_gcm gcm;
  if (!take_digits(iv_room, &iv, GCM_IV, model_jose_raw(header, "iv")) || iv.len != GCM_IV ||
      !take_digits(tag_room, &tag, BULLA_TAG_LEN, model_jose_raw(header, "tag")) || tag.len != BULLA_TAG_LEN ||
      encrypted_key.len != key->enc->cek_len) {
    return false;
  }
  model_gcm_set_key(&gcm, model_material(key));
  return model_gcm_open(&gcm, cek, iv, encrypted_key, tag, bulla_span(iv_room, 0));
}

static bool take_coordinate(uint8_t *coordinate, size_t len, struct bulla_span epk, const char *name) {
  struct scan_member members[MAX_EPK_MEMBERS];
  struct bulla_span bytes;
  size_t num = scan_members(members, MAX_EPK_MEMBERS, epk);
  for (size_t i = 0; i < num; i++) {
    if (bulla_span_equal(members[i].name, bulla_span(name, strlen(name)))) {
      return take_digits(coordinate, &bytes, len, members[i].value) && bytes.len == len;
    }
  }
  return false;
}

/* Says whether no member of "epk" is called almost as one of a JWK: in another case, or with escapes. */
static bool has_good_names(json_t *epk, struct bulla_span raw) {
  static const char *const registered[] = {"kty", "crv", "kid", "use", "key_ops", "alg", "k",       "x",
                                           "y",   "d",   "n",   "e",   "p",       "q",   "dp",      "dq",
                                           "qi",  "oth", "x5u", "x5c", "x5t",     "ext", "x5t#S256"};
  struct scan_member members[MAX_EPK_MEMBERS];
  const char *name;
  json_t *value;
  size_t num = scan_members(members, MAX_EPK_MEMBERS, raw);
  size_t i = 0;
  bool good = num <= MAX_JWK_MEMBERS && num == json_object_size(epk);
  json_object_foreach(good ? epk : NULL, name, value) {
    /* jansson keeps their order. */
    struct bulla_span written = members[i++].name;
    for (size_t j = 0; j < sizeof(registered) / sizeof(registered[0]); j++) {
      good = good && (strcasecmp(name, registered[j]) != 0 ||
                      bulla_span_equal(written, bulla_span(registered[j], strlen(registered[j]))));
    }
  }
  return good;
}

/* Takes the ephemeral public key out of "epk", RFC 7518 §4.6.1.1 and RFC 8037 §2. */
bool model_take_point(uint8_t *point, enum model_curve curve, const struct model_jose *header) {
  struct bulla_span raw = model_jose_raw(header, "epk");
  json_t *epk = model_jose_get(header, "epk");
  const char *kty = json_string_value(json_object_get(epk, "kty"));
  const char *crv = json_string_value(json_object_get(epk, "crv"));
  size_t len = model_curve_len(curve);
  return has_good_names(epk, raw) && kty != NULL && strcmp(kty, curve == MODEL_X25519 ? "OKP" : "EC") == 0 &&
         crv != NULL && strcmp(crv, model_curve_name(curve)) == 0 && json_object_get(epk, "d") == NULL &&
         json_is_string(json_object_get(epk, "x")) && take_coordinate(point, len, raw, "x") &&
         (curve == MODEL_X25519 ||
          (json_is_string(json_object_get(epk, "y")) && take_coordinate(point + len, len, raw, "y")));
}

static bool unwrap_agreed(const struct model_key *key, uint8_t *cek, struct bulla_span encrypted_key,
                          const struct model_jose *header) {
  uint8_t rooms[2][MAX_PARTY];
  struct bulla_span apu;
  struct bulla_span apv;
  uint8_t point[MODEL_POINT_MAX];
  uint8_t derived[MODEL_CEK_MAX];
  if (!take_digits(rooms[0], &apu, MAX_PARTY, model_jose_raw(header, "apu")) ||
      !take_digits(rooms[1], &apv, MAX_PARTY, model_jose_raw(header, "apv")) ||
      !model_take_point(point, key->alg->curve, header) ||
      !model_agree(key, derived, model_material(key).data, point, apu, apv)) {
    return false;
  }
  if (model_is_direct(key)) {
    memcpy(cek, derived, key->enc->cek_len);
    return encrypted_key.len == 0;
  }
  return unwrap(cek, key->enc->cek_len, bulla_span(derived, key->alg->kek_len), encrypted_key);
}

bool model_unwrap(const struct model_key *key, uint8_t *cek, struct bulla_span encrypted_key,
                  const struct model_jose *header) {
  uint8_t message[MODEL_RSA_LEN];
  size_t len = 0;
  switch (key->alg->kind) {
    case MODEL_DIR:
      memcpy(cek, model_material(key).data, key->enc->cek_len);
      return encrypted_key.len == 0;
    case MODEL_KW:
      return unwrap(cek, key->enc->cek_len, model_material(key), encrypted_key);
    case MODEL_GCMKW:
      return unwrap_gcm(key, cek, encrypted_key, header);
    case MODEL_ECDH:
      return unwrap_agreed(key, cek, encrypted_key, header);
    default:
      if (!model_oaep_decrypt(key->alg->is_sha256, message, &len, encrypted_key) || len != key->enc->cek_len) {
        return false;
      }
      memcpy(cek, message, len);
      return true;
  }
}
