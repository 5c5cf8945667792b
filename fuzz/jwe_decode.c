/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_split and bulla_jwe_decrypt of what an attacker sends.
 *
 * Input: a token, made without the key.
 *
 * Oracle: a count of the dots says whether it is split, and the parts and dots are the input again. It never
 * opens, and nothing is left in the output: the key is this target's alone, and no mutator has it. Room for as
 * many bytes as the ciphertext stands for is always enough. */

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/jwe_compact.h"
#include "fuzz/fuzz.h"

enum { NUM_KEYS = 4 };

static struct bulla_jwe_key *keys[NUM_KEYS];

static void set_up(void) {
  static const struct {
    enum bulla_jwe_enc enc;
    size_t len;
    const char *kid;
  } rows[NUM_KEYS] = {
      {BULLA_JWE_A128GCM, 16, ""},
      {BULLA_JWE_A192GCM, 24, ""},
      {BULLA_JWE_A256GCM, 32, ""},
      {BULLA_JWE_A256GCM, 32, "k1"},
  };
  for (size_t i = 0; i < NUM_KEYS; i++) {
    struct bulla_secret *material = NULL;
    FUZZ_ASSERT(bulla_secret_copy(&material, bulla_span("this one seals nothing, no token", rows[i].len)) == BULLA_OK);
    FUZZ_ASSERT(bulla_jwe_key_new(&keys[i], BULLA_JWE_DIR, rows[i].enc, material,
                                  bulla_span(rows[i].kid, strlen(rows[i].kid))) == BULLA_OK);
    bulla_secret_free(&material);
  }
}

/* check_split returns whether |token| has five parts. */
static bool check_split(struct bulla_jwe_parts *parts, struct bulla_span token) {
  size_t num_dots = 0;
  for (size_t i = 0; i < token.len; i++) {
    num_dots += token.data[i] == '.' ? 1 : 0;
  }
  bool good = bulla_jwe_split(parts, token) == BULLA_OK;
  FUZZ_ASSERT(good == (num_dots == 4));
  const struct bulla_span all[] = {parts->header, parts->encrypted_key, parts->iv, parts->ciphertext, parts->tag};
  const uint8_t *at = token.data;
  for (size_t i = 0; good && i < 5; i++) {
    FUZZ_ASSERT(all[i].data == at && (all[i].len == 0 || memchr(all[i].data, '.', all[i].len) == NULL));
    at += all[i].len;
    FUZZ_ASSERT(i == 4 || *at == '.');
    at += i == 4 ? 0 : 1;
  }
  FUZZ_ASSERT(good ? at == token.data + token.len : parts->header.len == 0 && parts->tag.len == 0);
  return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (keys[0] == NULL) {
    set_up();
  }
  struct bulla_span token = bulla_span(data, size);
  struct bulla_jwe_parts parts;
  size_t room = check_split(&parts, token) ? bulla_base64url_decoded_len(parts.ciphertext.len) : 0;
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(room), room);
  FUZZ_ASSERT(bulla_jwe_decrypt(keys[size % NUM_KEYS], &plaintext, token) == BULLA_REFUSED);
  FUZZ_ASSERT(fuzz_failed(&plaintext));
  free(plaintext.data);
  return 0;
}
