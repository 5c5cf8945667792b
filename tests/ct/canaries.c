/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What must be reported. If one of these is not, the check is blind, and its silence about the rest means nothing.
 */

#include <string.h>

#include "tests/ct/ct.h"

static volatile int sink;

/* libc's comparison ends at the first difference. By a pointer: compilers make something else of a call. */
static void compare_by_memcmp(void) {
  static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
  struct bulla_secret *a = ct_secret(32);
  struct bulla_secret *b = ct_secret(32);
  sink = compare(bulla_secret_data(a), bulla_secret_data(b), 32);
}

static void look_up_by_secret(void) {
  static volatile unsigned char table[256] = {1};
  struct bulla_secret *a = ct_secret(1);
  sink = table[*bulla_secret_data(a)];
}

static void branch_on_a_secret(void) {
  struct bulla_secret *a = ct_secret(1);
  if ((*bulla_secret_data(a) & 1) != 0) {
    sink = 1;
  }
}

static void loop_by_secret(void) {
  struct bulla_secret *a = ct_secret(1);
  for (unsigned i = 0; i < *bulla_secret_data(a); i++) {
    sink = (int)i;
  }
}

/* A plaintext is as secret as the key that gave it: the mark must go through AES and GHASH. */
static void branch_on_an_opened_plaintext(void) {
  struct bulla_secret *material = ct_secret(BULLA_KEY_LEN);
  struct bulla_key *key = NULL;
  uint8_t room[128];
  uint8_t opened[16];
  struct bulla_buffer blob = bulla_buffer(room, sizeof(room));
  struct bulla_buffer plaintext = bulla_buffer(opened, sizeof(opened));
  CT_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  CT_OK(bulla_seal(key, &blob, bulla_span("sixteen letters.", 16), bulla_span(NULL, 0)));
  CT_OK(bulla_open(key, &plaintext, bulla_written(&blob), bulla_span(NULL, 0)));
  if (opened[0] == 's') {
    sink = 1;
  }
}

/* Not planted here: BoringSSL's, see ct_engine_counts_openly. When this is not reported any more, that is better.
 */
static void count_in_the_open(void) {
  static const char text[] = "00112233445566778899aabbccddeeff:00112233445566778899aabbccddeeff:00";
  struct bulla_secret *key = ct_secret(BULLA_KEY_LEN);
  uint8_t room[300];
  uint8_t digits[700];
  struct bulla_buffer triple = bulla_buffer(digits, sizeof(digits));
  CT_OK(bulla_engine_choose(BULLA_ENGINE_BORINGSSL));
  memset(room, 0, sizeof(room));
  for (int i = 0; i < 8; i++) {
    CT_OK(bulla_triple_seal(key, &triple, bulla_span(room, sizeof(room))));
  }
  struct bulla_buffer out = bulla_buffer(room, sizeof(room));
  CT_ASSERT(bulla_triple_open(key, &out, BULLA_LITERAL(text), NULL) == BULLA_REFUSED);
}

const struct ct_call ct_canaries[] = {
    {"memcmp", "both sides", "nothing", compare_by_memcmp},
    {"table", "the index", "nothing", look_up_by_secret},
    {"branch", "the condition", "nothing", branch_on_a_secret},
    {"loop", "the number of rounds", "nothing", loop_by_secret},
    {"opened", "the key", "ciphertext", branch_on_an_opened_plaintext},
    {"boringssl-counter", "the key", "the triple", count_in_the_open},
    {0},
};
