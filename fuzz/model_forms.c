/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The forms of fuzz/model_jose.h: RFC 7516 §7. */

#include <strings.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_jose.h"
#include "fuzz/scan.h"

enum { MAX_HEADER = 4096, MAX_TOP_MEMBERS = 32, MAX_MEMBERS = 256 };

/* A JWE taken apart, as it stands. */
struct parts {
  json_t *tree; /* of the JSON forms */
  struct bulla_span protected_header;
  struct bulla_span unprotected; /* an object, or empty */
  struct bulla_span aad;
  struct bulla_span iv;
  struct bulla_span ciphertext;
  struct bulla_span tag;
  size_t num_recipients;
  struct recipient {
    struct bulla_span header; /* an object, or empty */
    struct bulla_span encrypted_key;
  } recipients[MODEL_MAX_RECIPIENTS];
  bool is_general;
};

bool model_split(struct bulla_span parts[5], struct bulla_span token) {
  size_t num = 0;
  size_t start = 0;
  for (size_t i = 0; i <= token.len; i++) {
    if (i == token.len || token.data[i] == '.') {
      if (num == 5) {
        return false;
      }
      parts[num++] = bulla_span(token.data + start, i - start);
      start = i + 1;
    }
  }
  return num == 5;
}

static bool take_compact(struct parts *parts, struct bulla_span jwe) {
  struct bulla_span split[5];
  if (!model_split(split, jwe)) {
    return false;
  }
  parts->protected_header = split[0];
  parts->recipients[0].encrypted_key = split[1];
  parts->iv = split[2];
  parts->ciphertext = split[3];
  parts->tag = split[4];
  parts->num_recipients = 1;
  return true;
}

/* A member that bulla knows: a string of digits, without its quotes, or an object. */
struct known {
  const char *name;
  json_type type;
  struct bulla_span *value;
};

/* Says whether |name| has an escape, or is one of |known| but for its case. */
static bool is_misspelled(struct bulla_span name, const struct known *known, size_t num_known) {
  bool good = memchr(name.data, '\\', name.len) == NULL;
  for (size_t i = 0; i < num_known; i++) {
    size_t len = strlen(known[i].name);
    good = good && (name.len != len || strncasecmp((const char *)name.data, known[i].name, len) != 0 ||
                    memcmp(name.data, known[i].name, len) == 0);
  }
  return !good;
}

/* Takes those that |json|, of which |tree| was loaded, has. */
static bool take_known(const struct known *known, size_t num_known, json_t *tree, struct bulla_span json) {
  static struct scan_member members[MAX_MEMBERS];
  size_t num = scan_members(members, MAX_MEMBERS, json);
  if (num > MAX_TOP_MEMBERS) {
    return false;
  }
  for (size_t i = 0; i < num; i++) {
    if (is_misspelled(members[i].name, known, num_known)) {
      return false;
    }
  }
  for (size_t i = 0; i < num_known; i++) {
    json_t *value = json_object_get(tree, known[i].name);
    if (value == NULL) {
      continue;
    }
    for (size_t j = 0; j < num; j++) {
      if (bulla_span_equal(members[j].name, bulla_span(known[i].name, strlen(known[i].name)))) {
        *known[i].value = members[j].value;
      }
    }
    bool is_string = known[i].type == JSON_STRING;
    if (json_typeof(value) != known[i].type || (is_string && known[i].value->data != NULL &&
                                                memchr(known[i].value->data, '\\', known[i].value->len) != NULL)) {
      return false;
    }
    if (is_string) {
      /* Without the quotes. */
      *known[i].value = bulla_span(known[i].value->data + 1, known[i].value->len - 2);
    }
  }
  return true;
}

static bool take_recipients(struct parts *parts, struct bulla_span raw) {
  static struct scan_member elements[MAX_MEMBERS];
  json_t *list = json_object_get(parts->tree, "recipients");
  size_t num = scan_members(elements, MAX_MEMBERS, raw);
  if (json_array_size(list) < 1 || json_array_size(list) > MODEL_MAX_RECIPIENTS ||
      json_object_get(parts->tree, "header") != NULL || json_object_get(parts->tree, "encrypted_key") != NULL) {
    return false;
  }
  FUZZ_ASSERT(num == json_array_size(list));
  for (size_t i = 0; i < num; i++) {
    struct recipient *recipient = &parts->recipients[i];
    const struct known known[] = {{"header", JSON_OBJECT, &recipient->header},
                                  {"encrypted_key", JSON_STRING, &recipient->encrypted_key}};
    if (!json_is_object(json_array_get(list, i)) || !take_known(known, 2, json_array_get(list, i), elements[i].whole)) {
      return false;
    }
  }
  parts->num_recipients = num;
  parts->is_general = true;
  return true;
}

static bool take_json(struct parts *parts, struct bulla_span jwe) {
  struct bulla_span recipients = {NULL, 0};
  const struct known known[] = {
      {"protected", JSON_STRING, &parts->protected_header},
      {"unprotected", JSON_OBJECT, &parts->unprotected},
      {"aad", JSON_STRING, &parts->aad},
      {"iv", JSON_STRING, &parts->iv},
      {"ciphertext", JSON_STRING, &parts->ciphertext},
      {"tag", JSON_STRING, &parts->tag},
      {"header", JSON_OBJECT, &parts->recipients[0].header},
      {"encrypted_key", JSON_STRING, &parts->recipients[0].encrypted_key},
      {"recipients", JSON_ARRAY, &recipients},
  };
  parts->tree = model_json_load(jwe);
  if (parts->tree == NULL || !model_json_is_strict(parts->tree, jwe, MODEL_JSON_TOP) ||
      !take_known(known, sizeof(known) / sizeof(known[0]), parts->tree, jwe) || parts->ciphertext.data == NULL ||
      (parts->aad.data != NULL && parts->aad.len == 0)) {
    return false;
  }
  parts->num_recipients = 1;
  return json_object_get(parts->tree, "recipients") == NULL ||
         (recipients.len > 0 && take_recipients(parts, recipients));
}

static bool take_apart(struct parts *parts, struct bulla_span jwe) {
  *parts = (struct parts){0};
  return jwe.len > 0 && jwe.data[0] == '{' ? take_json(parts, jwe) : take_compact(parts, jwe);
}

/* Decodes |digits| to |room|. */
static bool decode(uint8_t room[MODEL_JWE_MAX], struct bulla_span *bytes, struct bulla_span digits) {
  size_t len = 0;
  bool good = digits.len <= MODEL_JWE_MAX && model_base64url_decode(room, &len, digits);
  *bytes = bulla_span(room, good ? len : 0);
  return good;
}

/* Reads the headers of the recipient number |i|. */
static bool read_header(struct model_jose *header, const struct parts *parts, struct bulla_span protected_header,
                        size_t i) {
  struct bulla_span own = parts->recipients[i].header;
  *header = (struct model_jose){.num = 0};
  return protected_header.len <= MAX_HEADER && parts->unprotected.len <= MAX_HEADER && own.len <= MAX_HEADER &&
         model_jose_read(header, MODEL_PROTECTED, protected_header) &&
         (parts->unprotected.len == 0 || model_jose_read(header, MODEL_UNPROTECTED, parts->unprotected)) &&
         (own.len == 0 || model_jose_read(header, MODEL_RECIPIENT, own));
}

static bool says(const struct model_jose *header, const char *name, struct bulla_span wanted) {
  return bulla_span_equal(model_json_string(model_jose_get(header, name)), wanted);
}

bool model_is_for(const struct model_key *key, const struct model_jose *header) {
  bool enc_fits = key->alg->kind == MODEL_HPKE
                      ? model_jose_get(header, "enc") == NULL
                      : says(header, "enc", bulla_span(key->enc->name, strlen(key->enc->name)));
  return says(header, "alg", bulla_span(key->alg->name, strlen(key->alg->name))) && enc_fits &&
         (key->kid.len == 0 || says(header, "kid", key->kid));
}

/* Finds the one recipient that |key| is for; all of them must be good. */
static bool find_recipient(size_t *which, const struct model_key *key, const struct parts *parts,
                           struct bulla_span protected_header) {
  size_t num = 0;
  for (size_t i = 0; i < parts->num_recipients; i++) {
    struct model_jose header;
    bool good =
        read_header(&header, parts, protected_header, i) && json_string_length(model_jose_get(&header, "alg")) > 0;
    if (good && key != NULL && model_is_for(key, &header)) {
      *which = i;
      num++;
    }
    model_jose_free(&header);
    if (!good) {
      return false;
    }
  }
  return key == NULL || (num == 1 && (!model_is_direct(key) || parts->num_recipients == 1));
}

/* Finds the key of the content. */
static bool find_cek(uint8_t *cek, const struct model_key *key, const struct parts *parts,
                     struct bulla_span protected_header) {
  static uint8_t room[MODEL_JWE_MAX];
  struct bulla_span encrypted_key;
  struct model_jose header;
  size_t which = 0;
  if (!find_recipient(&which, key, parts, protected_header) ||
      !decode(room, &encrypted_key, parts->recipients[which].encrypted_key)) {
    return false;
  }
  bool good = read_header(&header, parts, protected_header, which) && model_unwrap(key, cek, encrypted_key, &header);
  model_jose_free(&header);
  return good;
}

/* What is authenticated with the ciphertext: RFC 7516 §5.1 step 14. */
static struct bulla_span authenticated(uint8_t room[2 * MODEL_JWE_MAX], const struct parts *parts) {
  struct bulla_buffer joined = bulla_buffer(room, 2 * (size_t)MODEL_JWE_MAX);
  struct bulla_writer out = bulla_writer(&joined);
  bulla_put(&out, parts->protected_header);
  if (parts->aad.len > 0) {
    bulla_put_byte(&out, '.');
    bulla_put(&out, parts->aad);
  }
  FUZZ_ASSERT(!out.overflow);
  return bulla_written(&joined);
}

/* Opens what has no key of the content: draft-ietf-jose-hpke-encrypt. */
static bool open_integrated(const struct model_key *key, struct bulla_buffer *plaintext, const struct parts *parts,
                            struct bulla_span protected_header, struct bulla_span sealed, struct bulla_span aad) {
  static uint8_t room[MODEL_JWE_MAX];
  uint8_t public_key[MODEL_POINT_MAX];
  uint8_t nonce[12];
  struct bulla_span encapsulated;
  struct model_gcm gcm;
  size_t which = 0;
  model_curve_public(MODEL_X25519, public_key, model_material(key).data);
  if (!find_recipient(&which, key, parts, protected_header) ||
      !decode(room, &encapsulated, parts->recipients[which].encrypted_key) ||
      encapsulated.len != model_point_len(MODEL_X25519) || sealed.len < BULLA_TAG_LEN ||
      !model_hpke_schedule(&gcm, nonce, model_material(key).data, room, room, public_key, bulla_span(room, 0))) {
    return false;
  }
  plaintext->len = sealed.len - BULLA_TAG_LEN;
  return model_gcm_open(&gcm, plaintext->data, bulla_span(nonce, sizeof(nonce)),
                        bulla_span(sealed.data, plaintext->len),
                        bulla_span(sealed.data + plaintext->len, BULLA_TAG_LEN), aad);
}

static bool open_parts(const struct model_key *key, struct model_opened *opened, const struct parts *parts) {
  static uint8_t rooms[3][MODEL_JWE_MAX];
  static uint8_t joined[2 * MODEL_JWE_MAX];
  uint8_t cek[MODEL_CEK_MAX];
  struct bulla_span iv;
  struct bulla_span ciphertext;
  struct bulla_span tag;
  if (!decode(opened->rooms[1], &opened->header, parts->protected_header) ||
      !decode(opened->rooms[2], &opened->aad, parts->aad) || !decode(rooms[0], &iv, parts->iv) ||
      !decode(rooms[1], &ciphertext, parts->ciphertext) || !decode(rooms[2], &tag, parts->tag)) {
    return false;
  }
  struct bulla_span aad = authenticated(joined, parts);
  if (key->alg->kind == MODEL_HPKE) {
    return iv.len == 0 && tag.len == 0 &&
           open_integrated(key, &opened->plaintext, parts, opened->header, ciphertext, aad);
  }
  return find_cek(cek, key, parts, opened->header) &&
         model_content_open(key->enc, cek, &opened->plaintext, iv, ciphertext, tag, aad);
}

bool model_jwe_is_readable(struct bulla_span jwe) {
  static struct parts parts;
  static uint8_t room[MODEL_JWE_MAX];
  struct bulla_span json;
  size_t which = 0;
  bool good = take_apart(&parts, jwe) && decode(room, &json, parts.protected_header) &&
              find_recipient(&which, NULL, &parts, json);
  json_decref(parts.tree);
  return good;
}

bool model_jwe_shared(const struct model_key *key, uint8_t *shared, struct bulla_span token) {
  static struct parts parts;
  static uint8_t room[MODEL_JWE_MAX];
  struct bulla_span json;
  uint8_t point[MODEL_POINT_MAX];
  struct model_jose header = {.num = 0};
  parts = (struct parts){0};
  bool good = take_compact(&parts, token) && decode(room, &json, parts.protected_header) &&
              read_header(&header, &parts, json, 0) && model_take_point(point, key->alg->curve, &header) &&
              model_curve_agree(key->alg->curve, shared, model_material(key).data, point);
  model_jose_free(&header);
  return good;
}

bool model_jwe_open(const struct model_key *key, struct model_opened *opened, struct bulla_span jwe) {
  static struct parts parts;
  FUZZ_ASSERT(jwe.len <= MODEL_JWE_MAX);
  opened->plaintext = bulla_buffer(opened->rooms[0], MODEL_JWE_MAX);
  bool good = take_apart(&parts, jwe) && open_parts(key, opened, &parts);
  json_decref(parts.tree);
  return good;
}
