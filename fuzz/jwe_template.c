/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/jwe_template.h. */

#include "fuzz/jwe_template.h"

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"

enum { HEADER_MAX = 8192, ENCRYPTED_KEY_MAX = MODEL_RSA_LEN, BLOCK = 16, GCM_IV = 12 };

/* What the marks stand for. */
struct filling {
  uint8_t cek[MODEL_CEK_MAX];
  struct bulla_buffer encrypted_key;
  struct bulla_buffer header; /* with its marks filled in */
  struct bulla_buffer ciphertext;
  struct bulla_buffer tag;
  struct bulla_buffer wrap_tag;
};

static const uint8_t iv[MODEL_IV_MAX] = {'a', 'l', 'w', 'a', 'y', 's', ' ', 'a',
                                         'l', 'i', 'k', 'e', '!', '!', '!', '!'};

void template_read(struct template *template, struct bulla_span input) {
  struct bulla_reader in = bulla_reader(input);
  uint8_t choices[TEMPLATE_CHOICES];
  uint8_t len[2];
  (void)fuzz_take(&in, choices, sizeof(choices));
  (void)fuzz_take(&in, len, sizeof(len));
  *template = (struct template){.alg = choices[0] % MODEL_NUM_ALGS,
                                .enc = (choices[1] & 0x3fU) % MODEL_NUM_ENCS,
                                .is_known = (choices[1] & TEMPLATE_IS_KNOWN) != 0,
                                .seals = (choices[3] & TEMPLATE_SEALS) != 0};
  template->key = (struct model_key){&model_algs[template->alg], &model_encs[template->enc],
                                     bulla_span("k1", (choices[1] & TEMPLATE_HAS_KID) != 0 ? 2 : 0)};
  if (template->key.alg->kind == MODEL_HPKE) {
    template->enc = 0;
    template->key.enc = &model_no_enc;
  }
  size_t header_len = (size_t)len[0] << 8 | len[1];
  (void)bulla_take(&in, &template->header, header_len < in.left ? header_len : in.left);
  (void)bulla_take(&in, &template->text, in.left);

  template->padded = bulla_buffer(template->room, sizeof(template->room));
  template->padded.len = choices[2];
  memset(template->room, 'p', choices[2]);
  if ((choices[3] & TEMPLATE_RAW) == 0) {
    model_content_pad(template->key.enc, &template->padded);
  } else if (template->key.enc->is_cbc) {
    /* A padding of any length, and one byte that may be in it is another; or one that would do, with less before it. */
    uint8_t value = choices[3] >> TEMPLATE_RAW_SHIFT;
    template->cut = value < TEMPLATE_CUT ? 0 : (size_t)value - TEMPLATE_CUT + 1;
    template->padded.len = ((size_t)choices[2] / BLOCK + 1) * BLOCK;
    memset(template->room, template->cut > 0 ? 1 : value, template->padded.len);
    template->room[template->padded.len - 1 - choices[2] % BLOCK] ^= template->cut > 0 ? 0 : choices[2] % 2;
  }
}

/* The ephemeral key of every message on |curve|. */
static const uint8_t *ephemeral(enum model_curve curve) {
  static const char private_key[] = "\0the same ephemeral key each time, on whatever curve it is to be, ok";
  return (const uint8_t *)private_key + (curve == MODEL_P521 ? 0 : 1);
}

/* The public key of that, or of the one that |key| has. */
static const uint8_t *public_key(const struct model_key *key, bool is_ephemeral) {
  static uint8_t points[MODEL_X25519 + 1][2][MODEL_POINT_MAX];
  static bool is_known[MODEL_X25519 + 1][2];
  enum model_curve curve = key->alg->curve;
  uint8_t *point = points[curve][is_ephemeral ? 1 : 0];
  if (!is_known[curve][is_ephemeral ? 1 : 0]) {
    model_curve_public(curve, point, is_ephemeral ? ephemeral(curve) : model_material(key).data);
    is_known[curve][is_ephemeral ? 1 : 0] = true;
  }
  return point;
}

static void put_digits(struct bulla_writer *out, struct bulla_span bytes) {
  static uint8_t digits[2 * MODEL_JWE_MAX];
  FUZZ_ASSERT(bytes.len <= MODEL_JWE_MAX);
  bulla_put(out, bulla_span(digits, model_base64url_encode(digits, bytes)));
}

/* Writes the public members of a key of |curve|. */
static void put_point(struct bulla_writer *out, enum model_curve curve, const uint8_t *point) {
  size_t len = model_curve_len(curve);
  bulla_put(out, bulla_text(curve == MODEL_X25519 ? "\"kty\":\"OKP\",\"crv\":\"" : "\"kty\":\"EC\",\"crv\":\""));
  bulla_put(out, bulla_text(model_curve_name(curve)));
  bulla_put(out, bulla_text("\",\"x\":\""));
  put_digits(out, bulla_span(point, len));
  if (curve != MODEL_X25519) {
    bulla_put(out, bulla_text("\",\"y\":\""));
    put_digits(out, bulla_span(point + len, len));
  }
  bulla_put_byte(out, '"');
}

static void put_epk(struct bulla_writer *out, const struct model_key *key) {
  if (key->alg->curve != MODEL_NO_CURVE) {
    bulla_put_byte(out, '{');
    put_point(out, key->alg->curve, public_key(key, true));
    bulla_put_byte(out, '}');
  }
}

/* Writes |text| with its marks filled in. */
static void fill(struct bulla_writer *out, struct bulla_buffer *written, const struct template *template,
                 const struct filling *filling, struct bulla_span text) {
  for (size_t i = 0; i < text.len; i++) {
    size_t cut = i + 1 < text.len ? text.data[i + 1] : 0;
    switch (text.data[i]) {
      case MARK_CUT:
        written->len -= cut < written->len ? cut : written->len;
        i++;
        break;
      case MARK_WRAP_IV:
        put_digits(out, bulla_span(iv, GCM_IV));
        break;
      case MARK_WRAP_TAG:
        put_digits(out, bulla_written(&filling->wrap_tag));
        break;
      case MARK_EPK:
        put_epk(out, &template->key);
        break;
      case MARK_PROTECTED:
        put_digits(out, bulla_written(&filling->header));
        break;
      case MARK_ENCRYPTED_KEY:
        put_digits(out, bulla_written(&filling->encrypted_key));
        break;
      case MARK_IV:
        put_digits(out, bulla_span(iv, template->key.enc->iv_len));
        break;
      case MARK_CIPHERTEXT:
        put_digits(out, bulla_written(&filling->ciphertext));
        break;
      case MARK_TAG:
        put_digits(out, bulla_written(&filling->tag));
        break;
      default:
        bulla_put_byte(out, text.data[i]);
    }
  }
}

/* Finds the string behind |name|, which is followed by a colon and a quote, in |text|, however deep it stands. */
static struct bulla_span find_string(struct bulla_span text, struct bulla_span name) {
  const uint8_t *found = text.len > 0 ? memmem(text.data, text.len, name.data, name.len) : NULL;
  if (found == NULL) {
    return bulla_span(text.data, 0);
  }
  const uint8_t *start = found + name.len;
  const uint8_t *end = memchr(start, '"', (size_t)(text.data + text.len - start));
  return bulla_span(start, end != NULL ? (size_t)(end - start) : 0);
}

/* Too long ones, too. */
static struct bulla_span find_party(uint8_t room[HEADER_MAX], const struct template *template, struct bulla_span name) {
  size_t len = 0;
  struct bulla_span digits = find_string(template->header, name);
  if (digits.len == 0) {
    digits = find_string(template->text, name);
  }
  if (digits.len > HEADER_MAX || !model_base64url_decode(room, &len, digits)) {
    len = 0;
  }
  return bulla_span(room, len);
}

/* Agrees on the key of the content, or on one that wraps it. */
static void agree(struct filling *filling, const struct template *template) {
  static uint8_t rooms[2][HEADER_MAX];
  uint8_t derived[MODEL_CEK_MAX];
  const struct model_key *key = &template->key;
  FUZZ_ASSERT(model_agree(key, derived, ephemeral(key->alg->curve), public_key(key, false),
                          find_party(rooms[0], template, BULLA_LITERAL("\"apu\":\"")),
                          find_party(rooms[1], template, BULLA_LITERAL("\"apv\":\""))));
  if (model_is_direct(key)) {
    memcpy(filling->cek, derived, key->enc->cek_len);
    return;
  }
  filling->encrypted_key.len = key->enc->cek_len + 8;
  model_wrap(filling->encrypted_key.data, bulla_span(derived, key->alg->kek_len),
             bulla_span(filling->cek, key->enc->cek_len));
}

/* Sets the key of the content, and what sends it. */
static void set_cek(struct filling *filling, const struct template *template) {
  static const uint8_t same[MODEL_CEK_MAX] = "the key of each content, for it need not be a secret, or random";
  const struct model_key *key = &template->key;
  struct bulla_span cek = bulla_span(filling->cek, key->enc->cek_len);
  struct model_gcm gcm;
  memcpy(filling->cek, same, sizeof(same));
  switch (key->alg->kind) {
    case MODEL_DIR:
      memcpy(filling->cek, model_material(key).data, key->enc->cek_len);
      break;
    case MODEL_KW:
      filling->encrypted_key.len = key->enc->cek_len + 8;
      model_wrap(filling->encrypted_key.data, model_material(key), cek);
      break;
    case MODEL_GCMKW:
      filling->encrypted_key.len = key->enc->cek_len;
      filling->wrap_tag.len = BULLA_TAG_LEN;
      model_gcm_set_key(&gcm, model_material(key));
      model_gcm_seal(&gcm, filling->encrypted_key.data, filling->wrap_tag.data, bulla_span(iv, GCM_IV), cek,
                     bulla_span(iv, 0));
      break;
    case MODEL_ECDH:
      agree(filling, template);
      break;
    case MODEL_HPKE:
      filling->encrypted_key.len = model_point_len(MODEL_X25519);
      memcpy(filling->encrypted_key.data, public_key(key, true), filling->encrypted_key.len);
      break;
    default:
      filling->encrypted_key.len = MODEL_RSA_LEN;
      model_oaep_encrypt(key->alg->is_sha256, filling->encrypted_key.data, cek);
  }
}

/* The ciphertext of HPKE ends with its tag. */
static void seal_integrated(struct filling *filling, const struct template *template, struct bulla_span aad) {
  const struct model_key *key = &template->key;
  uint8_t nonce[12];
  struct model_gcm gcm;
  FUZZ_ASSERT(model_hpke_schedule(&gcm, nonce, ephemeral(MODEL_X25519), public_key(key, false), public_key(key, true),
                                  public_key(key, false), bulla_span(nonce, 0)));
  filling->ciphertext.len = template->padded.len + BULLA_TAG_LEN;
  model_gcm_seal(&gcm, filling->ciphertext.data, filling->ciphertext.data + template->padded.len,
                 bulla_span(nonce, sizeof(nonce)), bulla_written(&template->padded), aad);
}

/* Seals the plaintext with what is in the text as "aad", if it is JSON. */
static void seal_content(struct filling *filling, const struct template *template) {
  static uint8_t room[4 * HEADER_MAX];
  struct bulla_buffer aad = bulla_buffer(room, sizeof(room));
  struct bulla_writer out = bulla_writer(&aad);
  struct bulla_span more = find_string(template->text, BULLA_LITERAL("\"aad\":\""));
  put_digits(&out, bulla_written(&filling->header));
  if (more.len > 0 && template->text.data[0] == '{') {
    bulla_put_byte(&out, '.');
    bulla_put(&out, more);
  }
  FUZZ_ASSERT(!out.overflow);
  if (template->key.alg->kind == MODEL_HPKE) {
    seal_integrated(filling, template, bulla_written(&aad));
    return;
  }
  if (template->is_known) {
    memset(filling->cek, 0, sizeof(filling->cek));
  }
  filling->ciphertext.len = template->padded.len;
  filling->tag.len = template->key.enc->tag_len;
  model_content_seal(template->key.enc, filling->cek, filling->ciphertext.data, filling->tag.data, iv,
                     bulla_written(&template->padded), bulla_written(&aad));
  if (template->cut > 0) {
    filling->ciphertext.len -= template->cut;
    model_content_authenticate(template->key.enc, filling->cek, filling->tag.data, bulla_span(iv, BLOCK),
                               bulla_written(&filling->ciphertext), bulla_written(&aad));
  }
}

bool template_fill(struct bulla_buffer *jwe, const struct template *template) {
  static uint8_t rooms[5][HEADER_MAX];
  struct filling filling = {
      .encrypted_key = bulla_buffer(rooms[0], HEADER_MAX),
      .header = bulla_buffer(rooms[1], HEADER_MAX),
      .ciphertext = bulla_buffer(rooms[2], HEADER_MAX),
      .tag = bulla_buffer(rooms[3], HEADER_MAX),
      .wrap_tag = bulla_buffer(rooms[4], HEADER_MAX),
  };
  set_cek(&filling, template);
  struct bulla_writer header = bulla_writer(&filling.header);
  fill(&header, &filling.header, template, &filling, template->header);
  if (header.overflow || template->text.len > HEADER_MAX) {
    return false;
  }
  seal_content(&filling, template);
  struct bulla_writer out = bulla_writer(jwe);
  fill(&out, jwe, template, &filling, template->text);
  return !out.overflow;
}

struct bulla_span template_jwk(const struct model_key *key) {
  static uint8_t room[4096];
  struct bulla_buffer json = bulla_buffer(room, sizeof(room));
  struct bulla_writer out = bulla_writer(&json);
  bulla_put_byte(&out, '{');
  if (key->alg->kind == MODEL_OAEP) {
    bulla_put(&out, bulla_text(model_rsa_jwk));
  } else if (key->alg->curve != MODEL_NO_CURVE) {
    put_point(&out, key->alg->curve, public_key(key, false));
    bulla_put(&out, bulla_text(",\"d\":\""));
    put_digits(&out, model_material(key));
    bulla_put_byte(&out, '"');
  } else {
    bulla_put(&out, bulla_text("\"kty\":\"oct\",\"k\":\""));
    put_digits(&out, model_material(key));
    bulla_put_byte(&out, '"');
  }
  if (key->kid.len > 0) {
    bulla_put(&out, bulla_text(",\"kid\":\""));
    bulla_put(&out, key->kid);
    bulla_put_byte(&out, '"');
  }
  bulla_put_byte(&out, '}');
  FUZZ_ASSERT(!out.overflow);
  return bulla_written(&json);
}

struct bulla_jwe_key *template_key(const struct template *template) {
  static struct bulla_jwe_key *keys[MODEL_NUM_ALGS][MODEL_NUM_ENCS][2];
  const struct model_key *key = &template->key;
  struct bulla_jwe_key **made = &keys[template->alg][template->enc][key->kid.len > 0 ? 1 : 0];
  struct bulla_secret *material = NULL;
  struct bulla_jwk *jwk = NULL;
  if (*made != NULL) {
    return *made;
  }
  if (key->alg->curve != MODEL_NO_CURVE || key->alg->kind == MODEL_OAEP) {
    FUZZ_ASSERT(bulla_jwk_parse(&jwk, template_jwk(key)) == BULLA_OK);
    FUZZ_ASSERT(bulla_jwe_key_from_jwk(made, jwk, key->alg->number, key->enc->number) == BULLA_OK);
    bulla_jwk_free(&jwk);
  } else {
    FUZZ_ASSERT(bulla_secret_copy(&material, model_material(key)) == BULLA_OK);
    FUZZ_ASSERT(bulla_jwe_key_new(made, key->alg->number, key->enc->number, material, key->kid) == BULLA_OK);
    bulla_secret_free(&material);
  }
  return *made;
}

bool template_open(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest) {
  (void)choices;
  if (rest.len < 2) {
    return false;
  }
  size_t len = (size_t)rest.data[0] << 8 | rest.data[1];
  len = len < rest.len - 2 ? len : rest.len - 2;
  return fuzz_set_part(&parts[template_header_part], bulla_span(rest.data + 2, len)) &&
         fuzz_set_part(&parts[1 - template_header_part], bulla_span(rest.data + 2 + len, rest.len - 2 - len));
}

size_t template_seal(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  (void)choices;
  const struct fuzz_part *header = &parts[template_header_part];
  const struct fuzz_part *text = &parts[1 - template_header_part];
  struct bulla_buffer buffer = bulla_buffer(rest, max_len);
  struct bulla_writer out = bulla_writer(&buffer);
  bulla_put_be(&out, header->len, 2);
  bulla_put(&out, bulla_span(header->bytes, header->len));
  bulla_put(&out, bulla_span(text->bytes, text->len));
  return out.overflow ? 0 : buffer.len;
}
