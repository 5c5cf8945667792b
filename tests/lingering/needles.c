/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The forms that a secret may have taken. AES is worked out here by the book (FIPS 197), so that what is looked
 * for does not come from the libraries that are looked at. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/hex.h"
#include "tests/curve.h"
#include "tests/lingering/lingering.h"

enum { BLOCK = 16, ROUND_KEYS_MAX = 240, NEEDLE_MAX = 2 * BYTES_MAX, FILTER_BITS = 1 << 20, MAX_NEEDLES = 2048 };

struct needle {
  char name[96];
  size_t len;
  uint8_t bytes[NEEDLE_MAX];
};

struct needles {
  size_t num;
  size_t num_materials;
  struct needle *materials[64];
  struct needle *last_key;
  struct needle *all[MAX_NEEDLES];
  uint8_t filter[FILTER_BITS / 8]; /* of each window */
};

struct needles *needles_new(void) {
  return calloc(1, sizeof(struct needles));
}

void needles_free(struct needles *needles) {
  for (size_t i = 0; i < needles->num; i++) {
    free(needles->all[i]);
  }
  free(needles);
}

static uint32_t filter_place(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  return (uint32_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 44);
}

static struct needle *add(struct needles *needles, const char *name, const char *form, struct bulla_span bytes) {
  struct needle *needle = calloc(1, sizeof(*needle));
  if (needle == NULL || needles->num == MAX_NEEDLES || bytes.len > NEEDLE_MAX) {
    fputs("too much to look for\n", stderr);
    exit(2);
  }
  snprintf(needle->name, sizeof(needle->name), "%s%s%s", name, form[0] == '\0' ? "" : ", ", form);
  needle->len = bytes.len;
  memcpy(needle->bytes, bytes.data, bytes.len);
  needles->all[needles->num++] = needle;
  for (size_t i = 0; i + WINDOW <= bytes.len; i++) {
    uint32_t place = filter_place(needle->bytes + i);
    needles->filter[place / 8] |= (uint8_t)(1 << place % 8);
  }
  return needle;
}

/* A block as it is, and turned round, as implementations keep it; |turned| gets the latter. */
static void add_both(struct needles *needles, const char *name, const char *form, const uint8_t *block,
                     uint8_t turned[BLOCK]) {
  char longer[64];
  for (size_t i = 0; i < BLOCK; i++) {
    turned[i] = block[BLOCK - 1 - i];
  }
  snprintf(longer, sizeof(longer), "%s, turned", form);
  add(needles, name, form, bulla_span(block, BLOCK));
  add(needles, name, longer, bulla_span(turned, BLOCK));
}

/* Multiplication by x in the field of AES. */
static uint8_t times_x(uint8_t a) {
  return (uint8_t)(a << 1 ^ (a >> 7) * 0x1b);
}

static uint8_t times(uint8_t a, uint8_t b) {
  uint8_t product = 0;
  for (; b != 0; b >>= 1, a = times_x(a)) {
    product ^= (b & 1) != 0 ? a : 0;
  }
  return product;
}

/* The inverse, a^254, and the affine map. */
static uint8_t substitute(uint8_t a) {
  static uint8_t table[256];
  if (table[0] == 0) {
    for (unsigned i = 0; i < 256; i++) {
      uint8_t inverse = 1;
      for (int n = 0; n < 254; n++) {
        inverse = times(inverse, (uint8_t)i);
      }
      uint8_t s = inverse;
      for (int n = 1; n <= 4; n++) {
        s ^= (uint8_t)(inverse << n | inverse >> (8 - n));
      }
      table[i] = s ^ 0x63;
    }
  }
  return table[a];
}

/* FIPS 197 §5.2; returns the bytes of the round keys. */
static size_t expand(uint8_t *round_keys, struct bulla_span key) {
  size_t len = (key.len / 4 + 7) * BLOCK;
  uint8_t constant = 1;
  memcpy(round_keys, key.data, key.len);
  for (size_t i = key.len; i < len; i += 4) {
    uint8_t word[4];
    memcpy(word, round_keys + i - 4, 4);
    if (i % key.len == 0) {
      const uint8_t first = word[0];
      word[0] = substitute(word[1]) ^ constant;
      word[1] = substitute(word[2]);
      word[2] = substitute(word[3]);
      word[3] = substitute(first);
      constant = times_x(constant);
    } else if (key.len == 32 && i % key.len == 16) {
      for (size_t n = 0; n < 4; n++) {
        word[n] = substitute(word[n]);
      }
    }
    for (size_t n = 0; n < 4; n++) {
      round_keys[i + n] = round_keys[i - key.len + n] ^ word[n];
    }
  }
  return len;
}

/* §5.1: |block| becomes its encryption. */
static void encrypt(uint8_t *block, struct bulla_span key) {
  uint8_t round_keys[ROUND_KEYS_MAX];
  size_t num_rounds = expand(round_keys, key) / BLOCK - 1;
  for (size_t round = 0;; round++) {
    for (size_t i = 0; i < BLOCK; i++) {
      block[i] ^= round_keys[BLOCK * round + i];
    }
    if (round == num_rounds) {
      return;
    }
    uint8_t shifted[BLOCK];
    for (size_t i = 0; i < BLOCK; i++) {
      shifted[i] = substitute(block[(5 * i) % BLOCK]);
    }
    for (size_t i = 0; i < BLOCK; i++) {
      const uint8_t *column = shifted + i / 4 * 4;
      block[i] = round + 1 == num_rounds ? shifted[i]
                                         : (uint8_t)(times_x(column[i % 4]) ^ times_x(column[(i + 1) % 4]) ^
                                                     column[(i + 1) % 4] ^ column[(i + 2) % 4] ^ column[(i + 3) % 4]);
    }
  }
}

/* The key of GHASH, also doubled. */
static void add_hash_key(struct needles *needles, const char *name, struct bulla_span key) {
  uint8_t hash_key[BLOCK] = {0};
  uint8_t turned[BLOCK];
  encrypt(hash_key, key);
  add_both(needles, name, "its hash key", hash_key, turned);
  uint8_t carry = turned[BLOCK - 1] >> 7;
  for (size_t i = BLOCK - 1; i > 0; i--) {
    turned[i] = (uint8_t)(turned[i] << 1 | turned[i - 1] >> 7);
  }
  turned[0] = (uint8_t)(turned[0] << 1 | carry);
  turned[BLOCK - 1] ^= carry != 0 ? 0xc2 : 0;
  add(needles, name, "its hash key doubled", bulla_span(turned, BLOCK));
}

/* |len| bytes make a word. */
static void add_turned(struct needles *needles, const char *name, const char *form, struct bulla_span bytes,
                       size_t len) {
  uint8_t turned[BYTES_MAX];
  for (size_t i = 0; i < bytes.len; i++) {
    turned[i] = bytes.data[i ^ (len - 1)];
  }
  add(needles, name, form, bulla_span(turned, bytes.len));
}

/* A key as AES and SHA-256 take it in: the latter in words turned round, with HMAC's pads over it. */
static void add_key_forms(struct needles *needles, const char *name, struct bulla_span key) {
  uint8_t room[ROUND_KEYS_MAX];
  if (key.len == 16 || key.len == 24 || key.len == 32) {
    size_t len = expand(room, key);
    /* The key itself is there already. */
    add(needles, name, "round keys", bulla_span(room + key.len, len - key.len));
    add_hash_key(needles, name, key);
  }
  if (key.len % 4 == 0 && key.len <= 64) {
    static const uint8_t pads[] = {0, 0x36, 0x5c};
    for (size_t n = 0; n < sizeof(pads); n++) {
      for (size_t i = 0; i < key.len; i++) {
        room[i] = key.data[i] ^ pads[n];
      }
      if (pads[n] != 0) {
        add(needles, name, "under HMAC's pad", bulla_span(room, key.len));
      }
      add_turned(needles, name, pads[n] != 0 ? "under HMAC's pad, words turned" : "words turned",
                 bulla_span(room, key.len), 4);
      if (key.len % 8 == 0) {
        add_turned(needles, name, "in words of SHA-512", bulla_span(room, key.len), 8);
      }
    }
  }
}

static void add_text_forms(struct needles *needles, const char *name, struct bulla_span secret) {
  uint8_t text[NEEDLE_MAX];
  bulla_hex_encode(text, secret);
  add(needles, name, "hexadecimal", bulla_span(text, 2 * secret.len));
  for (size_t i = 0; i < 2 * secret.len; i++) {
    text[i] = text[i] >= 'a' ? (uint8_t)(text[i] - 'a' + 'A') : text[i];
  }
  add(needles, name, "hexadecimal", bulla_span(text, 2 * secret.len));
  /* Where in a longer text it begins decides which digits it has. */
  for (size_t skip = 0; skip < 3; skip++) {
    struct bulla_span rest = bulla_span(secret.data + skip, (secret.len - skip) / 3 * 3);
    bulla_base64url_encode(text, rest);
    add(needles, name, "base64url", bulla_span(text, rest.len / 3 * 4));
  }
}

static void add_plain(struct needles *needles, const char *name, struct bulla_span secret) {
  add(needles, name, "", secret);
  add_text_forms(needles, name, secret);
}

/* A number as computers have it, the least significant word first. */
static void add_reversed(struct needles *needles, const char *name, struct bulla_span number) {
  uint8_t reversed[BYTES_MAX];
  for (size_t i = 0; i < number.len; i++) {
    reversed[i] = number.data[number.len - 1 - i];
  }
  add(needles, name, "least significant byte first", bulla_span(reversed, number.len));
}

static void add_key(struct needles *needles, const char *name, struct bulla_span key) {
  add_plain(needles, name, key);
  add_key_forms(needles, name, key);
}

static void derive(uint8_t derived[BULLA_KEY_LEN], struct bulla_span key, struct bulla_span info) {
  if (bulla_hkdf_expand(derived, BULLA_KEY_LEN, key, info) != BULLA_OK) {
    exit(2);
  }
}

static void add_derived(struct needles *needles, const char *name, struct bulla_span key, struct bulla_span info) {
  uint8_t derived[BULLA_KEY_LEN];
  char longer[NAME_LEN + 16];
  snprintf(longer, sizeof(longer), "derived of %s", name);
  derive(derived, key, info);
  add_key(needles, longer, bulla_span(derived, sizeof(derived)));
}

/* What the tag of a blob is made of: the block of key stream over it, and the hash, from which whoever knows what
 * was hashed gets the hash key. */
static void add_tag_parts(struct needles *needles, struct bulla_span key, const uint8_t *nonce, const uint8_t *tag) {
  uint8_t block[BLOCK] = {[BLOCK - 1] = 1};
  uint8_t turned[BLOCK];
  memcpy(block, nonce, 12);
  encrypt(block, key);
  add(needles, "key stream", "over the tag", bulla_span(block, BLOCK));
  for (size_t i = 0; i < BLOCK; i++) {
    block[i] ^= tag[i];
  }
  add_both(needles, "hash", "of what is authenticated", block, turned);
}

/* Multiplication in the field of GHASH (NIST SP 800-38D §6.3): |x| becomes |x| times |y|. */
static void multiply(uint8_t *x, const uint8_t *y) {
  uint8_t product[BLOCK] = {0};
  uint8_t shifted[BLOCK];
  memcpy(shifted, y, BLOCK);
  for (size_t i = 0; i < 8 * BLOCK; i++) {
    uint8_t bit = x[i / 8] >> (7 - i % 8) & 1;
    uint8_t carry = shifted[BLOCK - 1] & 1;
    for (size_t n = BLOCK; n-- > 0;) {
      product[n] ^= bit != 0 ? shifted[n] : 0;
      shifted[n] = (uint8_t)(shifted[n] >> 1 | (n > 0 ? shifted[n - 1] << 7 : 0));
    }
    shifted[0] ^= carry != 0 ? 0xe1 : 0;
  }
  memcpy(x, product, BLOCK);
}

/* The first counter of a nonce of 16 bytes, which is its hash (§7.1), and gives the hash key away. */
static void add_counter(struct needles *needles, struct bulla_span key, const uint8_t *nonce) {
  uint8_t hash_key[BLOCK] = {0};
  uint8_t counter[BLOCK];
  uint8_t turned[BLOCK];
  encrypt(hash_key, key);
  memcpy(counter, nonce, BLOCK);
  multiply(counter, hash_key);
  counter[BLOCK - 1] ^= 8 * BLOCK;
  multiply(counter, hash_key);
  add_both(needles, "counter", "of a long nonce", counter, turned);
}

/* C2SP XAES-256-GCM: the key of AES-256-GCM that a nonce makes of the key of a material's suite. */
static void add_xaes(struct needles *needles, struct bulla_span material, const uint8_t *nonce) {
  uint8_t key[BULLA_KEY_LEN];
  uint8_t k1[BLOCK] = {0};
  uint8_t derived[2 * BLOCK];
  derive(key, material, BULLA_LITERAL("bulla/v1/seal\x02"));
  encrypt(k1, bulla_span(key, sizeof(key)));
  uint8_t carry = k1[0] >> 7;
  for (size_t i = 0; i < BLOCK; i++) {
    k1[i] = (uint8_t)(k1[i] << 1 | (i + 1 < BLOCK ? k1[i + 1] >> 7 : 0));
  }
  k1[BLOCK - 1] ^= carry != 0 ? 0x87 : 0;
  for (uint8_t counter = 1; counter <= 2; counter++) {
    uint8_t *half = derived + BLOCK * (counter - 1);
    const uint8_t prefix[4] = {0, counter, 'X', 0};
    memcpy(half, prefix, sizeof(prefix));
    memcpy(half + 4, nonce, 12);
    for (size_t i = 0; i < BLOCK; i++) {
      half[i] ^= k1[i];
    }
    encrypt(half, bulla_span(key, sizeof(key)));
  }
  add(needles, "XAES", "K1", bulla_span(k1, BLOCK));
  add_key(needles, "key of one blob", bulla_span(derived, sizeof(derived)));
  add_tag_parts(needles, bulla_span(derived, sizeof(derived)), nonce + 12, nonce + 24);
}

/* Suite 1, likewise. */
static void add_gcm(struct needles *needles, struct bulla_span material, const uint8_t *nonce) {
  uint8_t key[BULLA_KEY_LEN];
  derive(key, material, BULLA_LITERAL("bulla/v1/seal\x01"));
  add_tag_parts(needles, bulla_span(key, sizeof(key)), nonce, nonce + 12);
}

/* What is hashed by SHA-512, or is its hash: in words of eight bytes. */
static void add_hashed(struct needles *needles, const char *name, struct bulla_span bytes) {
  add(needles, name, "", bytes);
  add_turned(needles, name, "long words turned", bytes, 8);
}

static void add_seed(struct needles *needles, const char *name, struct bulla_span seed) {
  uint8_t expanded[CURVE_HASH_LEN];
  add_key(needles, name, seed);
  add_turned(needles, name, "long words turned", seed, 8);
  curve_expand(expanded, seed.data);
  add_hashed(needles, "expanded seed", bulla_span(expanded, sizeof(expanded)));
}

static void add_nonce(struct needles *needles, const uint8_t *seed, struct bulla_span message) {
  uint8_t nonce[CURVE_HASH_LEN];
  uint8_t reduced[CURVE_LEN];
  curve_nonce(nonce, reduced, seed, message);
  add_hashed(needles, "nonce of a signature", bulla_span(nonce, sizeof(nonce)));
  add(needles, "nonce of a signature, reduced", "", bulla_span(reduced, sizeof(reduced)));
}

static void add_box(struct needles *needles, const uint8_t *private_key, struct bulla_span sealed,
                    struct bulla_span info) {
  struct curve_box box;
  uint8_t dh[CURVE_LEN];
  uint8_t public_key[CURVE_LEN];
  curve_multiply(dh, private_key, sealed.data);
  curve_multiply(public_key, private_key, NULL);
  curve_box_from(&box, dh, sealed.data, public_key, info);
  add_key(needles, "dh", bulla_span(box.dh, CURVE_LEN));
  add_key(needles, "eae_prk", bulla_span(box.eae_prk, CURVE_LEN));
  add_key(needles, "shared_secret", bulla_span(box.shared_secret, CURVE_LEN));
  add_key(needles, "secret", bulla_span(box.secret, CURVE_LEN));
  add_key(needles, "key of a box", bulla_span(box.key, CURVE_LEN));
  add(needles, "base_nonce", "", bulla_span(box.base_nonce, sizeof(box.base_nonce)));
  add_key(needles, "exporter_secret", bulla_span(box.exporter_secret, CURVE_LEN));
  add_tag_parts(needles, bulla_span(box.key, CURVE_LEN), box.base_nonce, sealed.data + sealed.len - BULLA_TAG_LEN);
}

/* The info is the header and the context (docs/FORMAT.md §2). */
static void add_boxed(struct needles *needles, const uint8_t *private_key, struct bulla_span blob) {
  enum { HEADER = 2 + BULLA_KEY_ID_LEN };
  uint8_t info[HEADER + sizeof(BOX_INFO) - 1];
  memcpy(info, blob.data, HEADER);
  memcpy(info + HEADER, BOX_INFO, sizeof(BOX_INFO) - 1);
  add_box(needles, private_key, bulla_span(blob.data + HEADER, blob.len - HEADER), bulla_span(info, sizeof(info)));
}

/* The key stream, which is as good as the plaintext to whoever has the ciphertext. */
static void add_key_stream(struct needles *needles, struct bulla_span ciphertext) {
  uint8_t stream[BYTES_MAX];
  for (size_t i = needles->num; i-- > 0;) {
    const struct needle *plaintext = needles->all[i];
    if (strcmp(plaintext->name, "plaintext") == 0 && plaintext->len == ciphertext.len) {
      for (size_t n = 0; n < ciphertext.len; n++) {
        stream[n] = plaintext->bytes[n] ^ ciphertext.data[n];
      }
      add(needles, "key stream", "", bulla_span(stream, ciphertext.len));
      return;
    }
  }
  fputs("a ciphertext of nothing\n", stderr);
  exit(2);
}

void needles_add(struct needles *needles, enum kind kind, const char *name, struct bulla_span secret) {
  static const uint8_t day[4] = {0, 0, DAY >> 8, DAY & 255};
  uint8_t info[18] = "bulla/v1/token";
  memcpy(info + 14, day, sizeof(day));
  if (kind == BLOB_NONCE) {
    for (size_t i = 0; i < needles->num_materials; i++) {
      struct bulla_span material = bulla_span(needles->materials[i]->bytes, BULLA_KEY_LEN);
      (secret.len > 24 + 12 ? add_xaes : add_gcm)(needles, material, secret.data);
    }
  } else if (kind == LONG_NONCE) {
    add_counter(needles, bulla_span(needles->last_key->bytes, needles->last_key->len), secret.data);
  } else if (kind == CIPHERTEXT) {
    add_key_stream(needles, secret);
  } else if (kind == MESSAGE) {
    add_nonce(needles, needles->last_key->bytes, secret);
  } else if (kind == BOX) {
    add_box(needles, needles->last_key->bytes, secret, BULLA_LITERAL(BOX_INFO));
  } else if (kind == BOXED) {
    add_boxed(needles, needles->last_key->bytes, secret);
  } else if (kind == SECRET_SEED) {
    size_t first = needles->num;
    add_seed(needles, name, secret);
    needles->last_key = needles->all[first];
  } else if (kind == SECRET_TEXT) {
    add_plain(needles, name, secret);
  } else if (kind == SECRET_NUMBER) {
    add_plain(needles, name, secret);
    add_reversed(needles, name, secret);
  } else {
    size_t first = needles->num;
    add_key(needles, name, secret);
    needles->last_key = needles->all[first];
    if (kind == SECRET_MATERIAL) {
      needles->materials[needles->num_materials++ % 64] = needles->all[first];
      add_derived(needles, name, secret, BULLA_LITERAL("bulla/v1/seal\x01"));
      add_derived(needles, name, secret, BULLA_LITERAL("bulla/v1/seal\x02"));
    } else if (kind == SECRET_ROOT) {
      add_derived(needles, name, secret, bulla_span(info, sizeof(info)));
    }
  }
}

/* The needle that has the WINDOW bytes |at|, or NULL. */
static const struct needle *match(const struct needles *needles, const uint8_t *at) {
  for (size_t i = 0; i < needles->num; i++) {
    if (memmem(needles->all[i]->bytes, needles->all[i]->len, at, WINDOW) != NULL) {
      return needles->all[i];
    }
  }
  return NULL;
}

size_t needles_find(const struct needles *needles, struct bulla_span haystack, char what[128], size_t *place) {
  size_t num_found = 0;
  /* What was last looked for in vain. Memory is full of one byte, and the filter may have a bit for that. */
  const uint8_t *missed = NULL;
  for (size_t i = 0; i + WINDOW <= haystack.len; i++) {
    const uint8_t *at = haystack.data + i;
    uint32_t bit = filter_place(at);
    if ((needles->filter[bit / 8] >> bit % 8 & 1) == 0 || (missed != NULL && memcmp(at, missed, WINDOW) == 0)) {
      continue;
    }
    const struct needle *needle = match(needles, at);
    missed = needle == NULL ? at : missed;
    if (needle != NULL) {
      if (num_found == 0) {
        snprintf(what, 128, "%s", needle->name);
        *place = i;
      }
      num_found++;
      i += WINDOW - 1;
    }
  }
  return num_found;
}
