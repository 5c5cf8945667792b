/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE compact serialization, see core/jwe_compact.h. */

#include "core/jwe_compact.h"

#include <string.h>

#include "core/base64url.h"
#include "core/cleanup.h"

enum { MAX_MEMBERS = 32, IV_DIGITS = 16, TAG_DIGITS = 22, CHUNK = 3072 };

enum bulla_status bulla_jwe_split(struct bulla_jwe_parts *parts, struct bulla_span token) {
  *parts = (struct bulla_jwe_parts){0};
  struct bulla_reader in = bulla_reader(token);
  struct bulla_jwe_parts split = {0};
  if (!bulla_take_until(&in, &split.header, '.') || !bulla_take_until(&in, &split.encrypted_key, '.') ||
      !bulla_take_until(&in, &split.iv, '.') || !bulla_take_until(&in, &split.ciphertext, '.') ||
      !bulla_take(&in, &split.tag, in.left) || memchr(split.tag.data, '.', split.tag.len) != NULL) {
    return BULLA_REFUSED;
  }
  *parts = split;
  return BULLA_OK;
}

/* The members that RFC 7516 §4.1 and RFC 7518 §4 register. */
static const struct bulla_span registered[] = {
#define NAME(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }
    NAME("alg"), NAME("enc"), NAME("zip"), NAME("jku"), NAME("jwk"),      NAME("kid"),  NAME("x5u"),
    NAME("x5c"), NAME("x5t"), NAME("typ"), NAME("cty"), NAME("x5t#S256"), NAME("crit"), NAME("epk"),
    NAME("apu"), NAME("apv"), NAME("iv"),  NAME("tag"), NAME("p2s"),      NAME("p2c"),
#undef NAME
};

static uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool equal_but_for_case(struct bulla_span a, struct bulla_span b) {
  if (a.len != b.len) {
    return false;
  }
  for (size_t i = 0; i < a.len; i++) {
    if (lower(a.data[i]) != lower(b.data[i])) {
      return false;
    }
  }
  return true;
}

/* Says whether |name| may stand in a header: spelled as registered or not at all like it, without escapes
 * (nobody needs them here), and not "crit" or "zip". */
static bool is_acceptable(const struct bulla_json_value *name) {
  for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]); i++) {
    if (equal_but_for_case(name->text, registered[i]) && !bulla_span_equal(name->text, registered[i])) {
      return false;
    }
  }
  return !name->escaped && !bulla_json_equal(name, BULLA_LITERAL("crit")) &&
         !bulla_json_equal(name, BULLA_LITERAL("zip"));
}

static struct bulla_json_value *slot_for(struct bulla_jwe_header *header, const struct bulla_json_value *name) {
  const struct {
    struct bulla_span name;
    struct bulla_json_value *slot;
  } slots[] = {
      {BULLA_LITERAL("alg"), &header->alg},
      {BULLA_LITERAL("enc"), &header->enc},
      {BULLA_LITERAL("kid"), &header->kid},
      {BULLA_LITERAL("typ"), &header->typ},
  };
  for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
    if (bulla_json_equal(name, slots[i].name)) {
      return slots[i].slot;
    }
  }
  return NULL;
}

enum bulla_status bulla_jwe_read_header(struct bulla_jwe_header *header, struct bulla_span digits) {
  struct bulla_json_value absent = {.type = BULLA_JSON_NULL};
  header->alg = header->enc = header->kid = header->typ = absent;
  size_t len = bulla_base64url_decoded_len(digits.len);
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num_members = 0;
  if (len > sizeof(header->json) || !bulla_base64url_decode(header->json, digits) ||
      bulla_json_read(members, &num_members, MAX_MEMBERS, bulla_span(header->json, len)) != BULLA_OK ||
      num_members > MAX_MEMBERS) {
    return BULLA_REFUSED;
  }
  for (size_t i = 0; i < num_members; i++) {
    if (!is_acceptable(&members[i].name)) {
      return BULLA_REFUSED;
    }
    struct bulla_json_value *slot = slot_for(header, &members[i].name);
    if (slot != NULL) {
      if (members[i].value.type != BULLA_JSON_STRING) {
        return BULLA_REFUSED;
      }
      *slot = members[i].value;
    }
  }
  return header->alg.text.len > 0 && header->enc.text.len > 0 ? BULLA_OK : BULLA_REFUSED;
}

size_t bulla_jwe_payload_offset(size_t header_len) {
  return header_len + 2 + IV_DIGITS + 1;
}

size_t bulla_jwe_compact_len(size_t header_len, size_t plaintext_len) {
  return bulla_jwe_payload_offset(header_len) + bulla_base64url_encoded_len(plaintext_len) + 1 + TAG_DIGITS;
}

/* Encodes |len| bytes that stand at the end of the room for their own digits. A chunk at a time is copied out of
 * the way; what is written never passes what is still to be read, since the digits of the bytes before it take
 * no more room than there is before it. */
static void encode_in_place(uint8_t *digits, size_t len) {
  uint8_t chunk[CHUNK];
  const uint8_t *in = digits + bulla_base64url_encoded_len(len) - len;
  while (len > 0) {
    size_t part = len < CHUNK ? len : CHUNK;
    memcpy(chunk, in, part);
    bulla_base64url_encode(digits, bulla_span(chunk, part));
    digits += bulla_base64url_encoded_len(part);
    in += part;
    len -= part;
  }
}

/* Seals the |len| bytes of plaintext at the beginning of |digits|, the room for their base64url. */
static enum bulla_status seal_in_place(const struct bulla_aead *aead, uint8_t *digits, size_t len, uint8_t *tag,
                                       struct bulla_span iv, struct bulla_span header) {
  uint8_t chunk[CHUNK];
  if (len <= CHUNK) {
    BULLA_TRY(bulla_aead_seal(aead, chunk, tag, iv, bulla_span(digits, len), header));
    bulla_base64url_encode(digits, bulla_span(chunk, len));
    return BULLA_OK;
  }
  uint8_t *bytes = digits + bulla_base64url_encoded_len(len) - len;
  memmove(bytes, digits, len);
  BULLA_TRY(bulla_aead_seal(aead, bytes, tag, iv, bulla_span(bytes, len), header));
  encode_in_place(digits, len);
  return BULLA_OK;
}

enum bulla_status bulla_jwe_seal_composed(const struct bulla_aead *aead, struct bulla_buffer *token,
                                          struct bulla_span header, size_t plaintext_len) {
  uint8_t iv[BULLA_JWE_IV_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  enum bulla_status status = bulla_nonce(iv, sizeof(iv));
  if (status != BULLA_OK) {
    return bulla_fail(token, status);
  }
  struct bulla_writer out = bulla_writer(token);
  bulla_put(&out, header);
  bulla_put(&out, BULLA_LITERAL(".."));
  uint8_t *iv_digits = bulla_give(&out, IV_DIGITS);
  bulla_put_byte(&out, '.');
  uint8_t *digits = bulla_give(&out, bulla_base64url_encoded_len(plaintext_len));
  uint8_t *dot = bulla_give(&out, 1);
  uint8_t *tag_digits = bulla_give(&out, TAG_DIGITS);
  BULLA_TRY(bulla_writer_finish(&out));

  bulla_base64url_encode(iv_digits, bulla_span(iv, sizeof(iv)));
  status = seal_in_place(aead, digits, plaintext_len, tag, bulla_span(iv, sizeof(iv)), header);
  if (status != BULLA_OK) {
    return bulla_fail(token, status);
  }
  *dot = '.';
  bulla_base64url_encode(tag_digits, bulla_span(tag, sizeof(tag)));
  return BULLA_OK;
}

enum bulla_status bulla_jwe_seal(const struct bulla_aead *aead, struct bulla_buffer *token, struct bulla_span header,
                                 struct bulla_span plaintext) {
  if (token->size < bulla_jwe_compact_len(header.len, plaintext.len)) {
    return bulla_fail(token, BULLA_BUFFER_TOO_SMALL);
  }
  if (plaintext.len > 0) {
    memcpy(token->data + bulla_jwe_payload_offset(header.len), plaintext.data, plaintext.len);
  }
  return bulla_jwe_seal_composed(aead, token, header, plaintext.len);
}

enum bulla_status bulla_jwe_open(const struct bulla_aead *aead, struct bulla_buffer *plaintext,
                                 const struct bulla_jwe_parts *parts) {
  uint8_t iv[BULLA_JWE_IV_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  if (parts->encrypted_key.len != 0 || parts->iv.len != IV_DIGITS || parts->tag.len != TAG_DIGITS ||
      !bulla_base64url_decode(iv, parts->iv) || !bulla_base64url_decode(tag, parts->tag)) {
    return bulla_fail(plaintext, BULLA_REFUSED);
  }
  size_t len = bulla_base64url_decoded_len(parts->ciphertext.len);
  if (plaintext->size < len) {
    return bulla_fail(plaintext, BULLA_BUFFER_TOO_SMALL);
  }
  /* The ciphertext is decoded into the buffer and opened where it stands. */
  if (!bulla_base64url_decode(plaintext->data, parts->ciphertext) ||
      bulla_aead_open(aead, plaintext->data, bulla_span(iv, sizeof(iv)), bulla_span(plaintext->data, len),
                      bulla_span(tag, sizeof(tag)), parts->header) != BULLA_OK) {
    return bulla_fail(plaintext, BULLA_REFUSED);
  }
  plaintext->len = len;
  return BULLA_OK;
}
