/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The foreign triple (docs/FORMAT.md §4) and the hexadecimal digits it is written with.
 *
 * Input: one byte, what to do; then a triple to open, or a plaintext to seal, or digits.
 *
 * Oracle: a plain parser, and AES-GCM by nettle, under one key. A triple opens to what they say, or is refused.
 * What is sealed is, to them, the plaintext in the one form that is written. Digits decode to what they stand for,
 * and encode to themselves in lower case. */

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

/* The parts of a triple. */
struct triple {
  uint8_t iv[IV_LEN];
  size_t iv_len;
  uint8_t tag[BULLA_TAG_LEN];
  uint8_t *ciphertext; /* freed by the caller */
  size_t len;
};

static bool model_parse(struct triple *triple, struct bulla_span text) {
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
  triple->iv_len = parts[0].len / 2;
  triple->len = parts[2].len / 2;
  triple->ciphertext = fuzz_alloc(triple->len);
  return (triple->iv_len == IV_LEN || triple->iv_len == SHORT_IV_LEN) && parts[1].len == 2 * BULLA_TAG_LEN &&
         model_decode(triple->iv, parts[0]) && model_decode(triple->tag, parts[1]) &&
         model_decode(triple->ciphertext, parts[2]);
}

/* model_open fills |plaintext|, which the caller frees, from |text|, or returns false. */
static bool model_open(struct triple *triple, struct bulla_buffer *plaintext, struct bulla_span text) {
  triple->ciphertext = NULL;
  bool good = model_parse(triple, text);
  *plaintext = bulla_buffer(fuzz_alloc(text.len / 2), text.len / 2);
  good = good && model_gcm_open(&model, plaintext->data, bulla_span(triple->iv, triple->iv_len),
                                bulla_span(triple->ciphertext, triple->len),
                                bulla_span(triple->tag, BULLA_TAG_LEN), bulla_span(NULL, 0));
  plaintext->len = good ? triple->len : 0;
  free(triple->ciphertext);
  return good;
}

static void check_triple(struct bulla_span text) {
  struct triple triple;
  struct bulla_buffer wanted;
  bool good = model_open(&triple, &wanted, text);
  size_t room = good ? wanted.len : text.len / 2;
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(room), room);
  enum bulla_status status = bulla_triple_open(secret, &plaintext, text);
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
  FUZZ_ASSERT(model_open(&triple, &opened, bulla_written(&text)));
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
    check_triple(rest);
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
  bool good = model_open(&triple, &plaintext, text) && fuzz_set_part(&parts[1], bulla_written(&plaintext)) &&
              fuzz_set_part(&parts[0], bulla_span(triple.iv, triple.iv_len));
  free(plaintext.data);
  return good;
}

static void put_digits(struct bulla_writer *out, struct bulla_span bytes, const char *behind) {
  for (size_t i = 0; i < bytes.len; i++) {
    const char *all = i % 3 == 0 ? "0123456789ABCDEF" : "0123456789abcdef";
    bulla_put_byte(out, (uint8_t)all[bytes.data[i] >> 4]);
    bulla_put_byte(out, (uint8_t)all[bytes.data[i] & 15]);
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
  struct bulla_span nonce = bulla_span(iv, parts[0].len < IV_LEN ? SHORT_IV_LEN : IV_LEN);
  model_gcm_seal(&model, ciphertext, tag, nonce, bulla_span(parts[1].bytes, parts[1].len), bulla_span(NULL, 0));
  struct bulla_buffer buffer = bulla_buffer(text, max_len);
  struct bulla_writer out = bulla_writer(&buffer);
  put_digits(&out, nonce, ":");
  put_digits(&out, bulla_span(tag, sizeof tag), ":");
  put_digits(&out, bulla_span(ciphertext, parts[1].len), "");
  return out.overflow ? 0 : buffer.len;
}

const struct fuzz_form fuzz_form = {
    1, open_triple, seal_triple, {false, false}, {(const uint8_t *)"sixteen bytes iv", IV_LEN}};
