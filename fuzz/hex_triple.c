/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The foreign triple (docs/FORMAT.md §4) and the hexadecimal digits it is written with.
 *
 * Input: one byte, what to do, and in which foreign format; then a triple to open, or a plaintext to seal, or
 * digits.
 *
 * Oracle: a plain parser, and AES-GCM by nettle, under one key. A triple opens to what they say, or is refused;
 * and bulla_triple_check says of all whether they are well formed. What is sealed is, to them, the plaintext in
 * the one form that is written. Digits decode to what they stand for, and encode to themselves in lower case. */

#include <ctype.h>

#include "core/hex.h"
#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/mutate.h"

enum { OPEN = 0, SEAL = 1, DIGITS = 2, NUM_TASKS = 3, IV_LEN = 16, SHORT_IV_LEN = 12 };

static struct bulla_secret *secret;
static struct model_gcm model;

static void set_up(void) {
  if (secret == NULL) {
    FUZZ_ASSERT(bulla_secret_copy(&secret, MODEL_KEY) == BULLA_OK);
    model_gcm_set_key(&model, MODEL_KEY);
  }
}

/* model_decode writes the bytes of |digits|, or returns false. */
static bool model_decode(uint8_t *bytes, struct bulla_span digits) {
  for (size_t i = 0; i < digits.len; i++) {
    int c = digits.data[i];
    if (!isxdigit(c)) {
      return false;
    }
    int value = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
    if (i / 2 < digits.len / 2) {
      bytes[i / 2] = (uint8_t)((i % 2 == 0 ? 0 : bytes[i / 2] << 4) | value);
    }
  }
  return digits.len % 2 == 0;
}

/* The format that the byte |task| asks for: 0 is the usual one. */
static struct bulla_triple_format format_of(uint8_t task) {
  unsigned which = task / NUM_TASKS;
  struct bulla_triple_format format = {
      .encoding = (enum bulla_triple_encoding)(which % 3),
      .order = (enum bulla_triple_order)(which / 3 % 2),
      .additional_data = which / 6 % 2 == 0 ? bulla_span(NULL, 0) : BULLA_LITERAL("additional data"),
  };
  return format;
}

/* model_decode_base64 writes the bytes of |digits|, sets |*len|, and returns false for what is no base64. */
static bool model_decode_base64(uint8_t *bytes, size_t *len, struct bulla_span digits, const char *last) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (digits.len > 0 && digits.len % 4 == 0) {
    size_t num = digits.data[digits.len - 1] != '=' ? 0 : digits.data[digits.len - 2] != '=' ? 1 : 2;
    digits.len -= num;
  }
  unsigned bits = 0;
  unsigned num_bits = 0;
  *len = 0;
  for (size_t i = 0; i < digits.len; i++) {
    int c = digits.data[i];
    const char *found = c == 0 ? NULL : strchr(alphabet, c);
    if (found == NULL && c != last[0] && c != last[1]) {
      return false;
    }
    bits = bits << 6 | (found != NULL ? (unsigned)(found - alphabet) : c == last[0] ? 62U : 63U);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes[(*len)++] = (uint8_t)(bits >> num_bits);
      bits &= (1U << num_bits) - 1;
    }
  }
  return num_bits < 6 && bits == 0;
}

/* model_decode_part decodes to the |max_len| bytes of |bytes|, or returns false. */
static bool model_decode_part(uint8_t *bytes, size_t max_len, size_t *len, struct bulla_span part,
                              enum bulla_triple_encoding encoding) {
  uint8_t *room = fuzz_alloc(part.len);
  bool good = encoding == BULLA_TRIPLE_HEX
                  ? model_decode(room, part)
                  : model_decode_base64(room, len, part, encoding == BULLA_TRIPLE_BASE64 ? "+/" : "-_");
  *len = encoding == BULLA_TRIPLE_HEX ? part.len / 2 : *len;
  good = good && *len <= max_len;
  if (good && *len > 0) {
    memcpy(bytes, room, *len);
  }
  free(room);
  return good;
}

/* The parts of a triple. */
struct triple {
  uint8_t iv[IV_LEN];
  size_t iv_len;
  uint8_t tag[BULLA_TAG_LEN];
  uint8_t *ciphertext; /* freed by the caller */
  size_t len;
};

static bool model_parse(struct triple *triple, struct bulla_span text, const struct bulla_triple_format *format) {
  struct bulla_span parts[3] = {text, {NULL, 0}, {NULL, 0}};
  for (size_t i = 0; i < 2; i++) {
    const uint8_t *colon = parts[i].len > 0 ? memchr(parts[i].data, ':', parts[i].len) : NULL;
    if (colon == NULL) {
      return false;
    }
    size_t len = (size_t)(colon - parts[i].data);
    parts[i + 1] = bulla_span(colon + 1, parts[i].len - len - 1);
    parts[i].len = len;
  }
  size_t tag_len = 0;
  size_t of_tag = format->order == BULLA_TRIPLE_TAG_SECOND ? 1 : 2;
  triple->ciphertext = fuzz_alloc(text.len);
  return model_decode_part(triple->iv, IV_LEN, &triple->iv_len, parts[0], format->encoding) &&
         (triple->iv_len == IV_LEN || triple->iv_len == SHORT_IV_LEN) &&
         model_decode_part(triple->tag, BULLA_TAG_LEN, &tag_len, parts[of_tag], format->encoding) &&
         tag_len == BULLA_TAG_LEN &&
         model_decode_part(triple->ciphertext, text.len, &triple->len, parts[3 - of_tag], format->encoding);
}

/* model_open fills |plaintext|, which the caller frees, from |text|, or returns false; |*formed| says whether it
 * has the form of a triple. */
static bool model_open(struct triple *triple, bool *formed, struct bulla_buffer *plaintext, struct bulla_span text,
                       const struct bulla_triple_format *format) {
  triple->ciphertext = NULL;
  *formed = model_parse(triple, text, format);
  *plaintext = bulla_buffer(fuzz_alloc(text.len), text.len);
  bool good = *formed && model_gcm_open(&model, plaintext->data, bulla_span(triple->iv, triple->iv_len),
                                        bulla_span(triple->ciphertext, triple->len),
                                        bulla_span(triple->tag, BULLA_TAG_LEN), format->additional_data);
  plaintext->len = good ? triple->len : 0;
  free(triple->ciphertext);
  return good;
}

static void check_triple(struct bulla_span text, const struct bulla_triple_format *format) {
  struct triple triple;
  struct bulla_buffer wanted;
  bool formed;
  size_t len;
  bool good = model_open(&triple, &formed, &wanted, text, format);
  FUZZ_ASSERT(bulla_triple_check(&len, text, format) == (formed ? BULLA_OK : BULLA_INVALID_TEXT));
  FUZZ_ASSERT(len == (formed ? triple.len : 0));
  size_t room = formed ? len : text.len;
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(room), room);
  enum bulla_status status = bulla_triple_open(secret, &plaintext, text, format);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_REFUSED));
  if (good) {
    fuzz_num_passed++;
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), bulla_written(&wanted)));
  } else {
    FUZZ_ASSERT(fuzz_failed(&plaintext));
  }
  free(plaintext.data);
  free(wanted.data);
}

static void check_seal(struct bulla_span plaintext) {
  static uint8_t last_iv[IV_LEN];
  size_t len = bulla_triple_len(plaintext.len);
  struct bulla_buffer text = bulla_buffer(fuzz_alloc(len), len);
  struct triple triple;
  struct bulla_buffer opened;
  FUZZ_ASSERT(bulla_triple_seal(secret, &text, plaintext) == BULLA_OK && text.len == len);
  const struct bulla_triple_format usual = format_of(0);
  bool formed;
  FUZZ_ASSERT(model_open(&triple, &formed, &opened, bulla_written(&text), &usual));
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&opened), plaintext));
  for (size_t i = 0; i < len; i++) {
    FUZZ_ASSERT(!isupper(text.data[i]));
  }
  /* Each half by itself: fresh words from the processor go into the first alone. */
  FUZZ_ASSERT(triple.iv_len == IV_LEN && memcmp(triple.iv, last_iv, IV_LEN / 2) != 0 &&
              memcmp(triple.iv + IV_LEN / 2, last_iv + IV_LEN / 2, IV_LEN / 2) != 0);
  memcpy(last_iv, triple.iv, IV_LEN);
  free(opened.data);
  text.size = len - 1;
  FUZZ_ASSERT(bulla_triple_seal(secret, &text, plaintext) == BULLA_BUFFER_TOO_SMALL);
  free(text.data);
}

static void check_digits(struct bulla_span text) {
  uint8_t *bytes = fuzz_alloc(text.len / 2);
  uint8_t *wanted = fuzz_alloc(text.len / 2);
  bool good = bulla_hex_decode(bytes, text);
  FUZZ_ASSERT(good == model_decode(wanted, text));
  if (good) {
    uint8_t *digits = fuzz_alloc(text.len);
    FUZZ_ASSERT(bulla_span_equal(bulla_span(bytes, text.len / 2), bulla_span(wanted, text.len / 2)));
    bulla_hex_encode(digits, bulla_span(bytes, text.len / 2));
    for (size_t i = 0; i < text.len; i++) {
      FUZZ_ASSERT(digits[i] == tolower(text.data[i]));
    }
    free(digits);
  }
  free(wanted);
  free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  uint8_t task;
  set_up();
  (void)fuzz_take(&in, &task, 1);
  struct bulla_span rest = bulla_span(in.at, in.left);
  if (task % NUM_TASKS == OPEN) {
    const struct bulla_triple_format format = format_of(task);
    check_triple(rest, &format);
  } else if (task % NUM_TASKS == SEAL) {
    check_seal(rest);
  } else {
    check_digits(rest);
  }
  return 0;
}

static bool open_triple(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span text) {
  struct triple triple;
  struct bulla_buffer plaintext;
  set_up();
  if (choices[0] % NUM_TASKS != OPEN) {
    return fuzz_open_plain(parts, choices, text);
  }
  const struct bulla_triple_format format = format_of(choices[0]);
  bool formed;
  bool good = model_open(&triple, &formed, &plaintext, text, &format) &&
              fuzz_set_part(&parts[1], bulla_written(&plaintext)) &&
              fuzz_set_part(&parts[0], bulla_span(triple.iv, triple.iv_len));
  free(plaintext.data);
  return good;
}

static void put_base64(struct bulla_writer *out, struct bulla_span bytes, const char *last) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  size_t num_digits = 0;
  for (size_t i = 0; i < bytes.len * 8; i += 6) {
    unsigned next = i / 8 + 1 < bytes.len ? bytes.data[i / 8 + 1] : 0;
    unsigned value = ((unsigned)bytes.data[i / 8] << 8 | next) >> (10 - i % 8) & 63;
    bulla_put_byte(out, (uint8_t)(value < 62 ? alphabet[value] : last[value - 62]));
    num_digits++;
  }
  /* Padded or not, as the first byte has it. */
  while (bytes.len > 0 && bytes.data[0] % 2 == 0 && num_digits % 4 != 0) {
    bulla_put_byte(out, '=');
    num_digits++;
  }
}

static void put_digits(struct bulla_writer *out, struct bulla_span bytes, enum bulla_triple_encoding encoding,
                       const char *behind) {
  for (size_t i = 0; encoding == BULLA_TRIPLE_HEX && i < bytes.len; i++) {
    const char *all = i % 3 == 0 ? "0123456789ABCDEF" : "0123456789abcdef";
    bulla_put_byte(out, (uint8_t)all[bytes.data[i] >> 4]);
    bulla_put_byte(out, (uint8_t)all[bytes.data[i] & 15]);
  }
  if (encoding != BULLA_TRIPLE_HEX) {
    put_base64(out, bytes, encoding == BULLA_TRIPLE_BASE64 ? "+/" : "-_");
  }
  bulla_put(out, bulla_span(behind, strlen(behind)));
}

static size_t seal_triple(uint8_t *text, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  static uint8_t ciphertext[FUZZ_PART_MAX];
  uint8_t tag[BULLA_TAG_LEN];
  uint8_t iv[IV_LEN] = {0};
  set_up();
  if (choices[0] % NUM_TASKS != OPEN) {
    return fuzz_seal_plain(text, max_len, choices, parts);
  }
  memcpy(iv, parts[0].bytes, parts[0].len < IV_LEN ? parts[0].len : IV_LEN);
  const struct bulla_triple_format format = format_of(choices[0]);
  struct bulla_span nonce = bulla_span(iv, parts[0].len < IV_LEN ? SHORT_IV_LEN : IV_LEN);
  struct bulla_span sealed = bulla_span(ciphertext, parts[1].len);
  bool tag_last = format.order == BULLA_TRIPLE_TAG_LAST;
  model_gcm_seal(&model, ciphertext, tag, nonce, bulla_span(parts[1].bytes, parts[1].len), format.additional_data);
  struct bulla_buffer buffer = bulla_buffer(text, max_len);
  struct bulla_writer out = bulla_writer(&buffer);
  put_digits(&out, nonce, format.encoding, ":");
  put_digits(&out, tag_last ? sealed : bulla_span(tag, sizeof(tag)), format.encoding, ":");
  put_digits(&out, tag_last ? bulla_span(tag, sizeof(tag)) : sealed, format.encoding, "");
  return out.overflow ? 0 : buffer.len;
}

const struct fuzz_form fuzz_form = {
    1, open_triple, seal_triple, {false, false}, {(const uint8_t *)"sixteen bytes iv", IV_LEN}};
