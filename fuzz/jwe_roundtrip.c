/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_encrypt and bulla_jwe_decrypt.
 *
 * Input: which key, one byte; which byte to change, two; what to, one; then a plaintext.
 *
 * Oracle: the token has the length that was said, opens to the plaintext, has another IV than the one before, and
 * with the one byte changed is refused. */

#include <bulla/core.h>

#include "fuzz/fuzz.h"

enum { NUM_KEYS = 6, IV_DIGITS = 16 };

static struct bulla_jwe_key *keys[NUM_KEYS];

static void set_up(void) {
  for (size_t i = 0; i < NUM_KEYS; i++) {
    struct bulla_secret *material = NULL;
    struct bulla_span kid = bulla_span("\xc3\xa9\"\\\n", i < 3 ? 0 : 5);
    enum bulla_jwe_enc enc = (enum bulla_jwe_enc)(BULLA_JWE_A128GCM + i % 3);
    FUZZ_ASSERT(bulla_secret_copy(&material, bulla_span("fuzz targets share this open key", 16 + 8 * (i % 3))) ==
                BULLA_OK);
    FUZZ_ASSERT(bulla_jwe_key_new(&keys[i], BULLA_JWE_DIR, enc, material, kid) == BULLA_OK);
    bulla_secret_free(&material);
  }
}

static void check_iv(struct bulla_span token) {
  static uint8_t last[IV_DIGITS];
  const uint8_t *iv = (const uint8_t *)memchr(token.data, '.', token.len) + 2;
  FUZZ_ASSERT(memcmp(last, iv, IV_DIGITS) != 0);
  memcpy(last, iv, IV_DIGITS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (keys[0] == NULL) {
    set_up();
  }
  enum { NUM_CHOICES = 4 };
  uint8_t choices[NUM_CHOICES];
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  (void)fuzz_take(&in, choices, NUM_CHOICES);
  struct bulla_jwe_key *key = keys[choices[0] % NUM_KEYS];
  struct bulla_span wanted = bulla_span(in.at, in.left);
  size_t len = bulla_jwe_len(key, wanted.len);
  struct bulla_buffer token = bulla_buffer(fuzz_alloc(len), len);
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(wanted.len), wanted.len);
  FUZZ_ASSERT(bulla_jwe_encrypt(key, &token, wanted) == BULLA_OK && token.len == len);
  check_iv(bulla_written(&token));
  FUZZ_ASSERT(bulla_jwe_decrypt(key, &plaintext, bulla_written(&token)) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), wanted));

  token.data[((size_t)choices[1] << 8 | choices[2]) % len] ^= choices[3] == 0 ? 1 : choices[3];
  FUZZ_ASSERT(bulla_jwe_decrypt(key, &plaintext, bulla_written(&token)) == BULLA_REFUSED);
  FUZZ_ASSERT(fuzz_failed(&plaintext));
  free(plaintext.data);
  free(token.data);
  return 0;
}
