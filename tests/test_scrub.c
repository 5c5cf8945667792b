/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Clearing what functions of libraries leave on the stack, of any build of them: calls are made on a stack that was
 * painted, and whatever is neither paint nor zero afterwards was left there. */

#include <pthread.h>
#include <stdlib.h>

#include "core/crypto.h"
#include "core/crypto_aes.h"
#include "core/crypto_keys.h"
#include "core/scrub.h"
#include "core/xaes.h"
#include "tests/support.h"

enum {
  STACK_LEN = 1 << 18,
  PAINT = 0xa5,
  /* Above the calls, for what begins and ends a thread. */
  ROOM_ABOVE = 16384,
  /* The frames of bulla's own function that makes the call, which holds pointers and lengths. */
  OWN_FRAMES = 512,
};

static const size_t lens[] = {0, 1, 15, 16, 100, 128, 255, 256, 257, 512, 769, 1024, 4096, 20000};
static uint8_t noise[20000];
static uint8_t out[20000];
static uint8_t boxed[20000 + BULLA_TAG_LEN];
static uint8_t tag[BULLA_TAG_LEN];
static struct bulla_aead *aead;

static struct bulla_span some(size_t len) {
  return bulla_span(noise, len);
}

struct work {
  void (*call)(void);
  const uint8_t *frame;
};

/* Deep enough that the end of the thread does not write over what is looked at. */
__attribute__((noinline)) static void call_below(struct work *work) {
  work->frame = __builtin_frame_address(0);
  work->call();
  __asm__ volatile("" ::: "memory"); /* no tail call */
}

static void *run_work(void *argument) {
  volatile uint8_t room[ROOM_ABOVE];
  room[0] = 0;
  call_below(argument);
  room[1] = room[0];
  return NULL;
}

/* Makes |call| and returns how deep below it something is left, or 0. */
static size_t left_by(void (*call)(void)) {
  uint8_t *stack = aligned_alloc(4096, STACK_LEN);
  struct work work = {.call = call};
  pthread_attr_t attributes;
  pthread_t thread;
  cr_assert(stack != NULL);
  memset(stack, PAINT, STACK_LEN);
  cr_assert(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK_LEN) == 0);
  cr_assert(pthread_create(&thread, &attributes, run_work, &work) == 0);
  cr_assert(pthread_join(thread, NULL) == 0);
  pthread_attr_destroy(&attributes);
  size_t depth = 0;
  const uint8_t *end = work.frame - OWN_FRAMES;
  for (const uint8_t *at = stack; at < end && depth == 0; at++) {
    depth = *at == PAINT || *at == 0 ? 0 : (size_t)(work.frame - at);
  }
  free(stack);
  return depth;
}

/* Also loads the libraries and chooses an engine, which handles no secret, and goes deep. */
static void start(void) {
#ifndef __OPTIMIZE__
  cr_skip_test("without optimisation bulla's own frames alone are deeper than what is cleared");
#endif
  TEST_OK(bulla_random(noise, sizeof(noise)));
  TEST_OK(bulla_engine_choose(BULLA_ENGINE_AUTO));
}

static void nothing_left_by(void (*call)(void), const char *name) {
  size_t depth = left_by(call);
  cr_expect(depth == 0, "%s, %s leaves something %zu deep", bulla_engine_name(), name, depth);
}

#define NOTHING_LEFT_BY(call) nothing_left_by(call, #call)

/* Left alone, this is seen. */
static void leave_something(void) {
  uint8_t bytes[3000];
  memset(bytes, 1, sizeof(bytes));
  __asm__ volatile("" ::"r"(bytes) : "memory");
}

static void leave_and_clear(void) {
  leave_something();
  bulla_scrub(4096);
}

Test(scrub, what_is_left_is_seen_and_what_is_cleared_is_not) {
  cr_assert(left_by(leave_something) > 2900, "%zu", left_by(leave_something));
  cr_assert(left_by(leave_and_clear) == 0);
}

static void expand(void) {
  for (size_t len = 16; len <= 32; len += 8) {
    struct bulla_aead *made = NULL;
    TEST_OK(bulla_aead_new(&made, some(len)));
    bulla_aead_free(&made);
  }
}

static void seal(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_OK(bulla_aead_seal(aead, out, tag, some(12), some(lens[i]), some(99)));
  }
}

static void seal_with_a_long_nonce(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_OK(bulla_aead_seal(aead, out, tag, some(16 + i), some(lens[i]), some(99)));
  }
}

static void open(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_STATUS(bulla_aead_open(aead, out, some(12), some(lens[i]), bulla_span(tag, sizeof(tag)), some(99)),
                BULLA_REFUSED);
  }
}

static void open_with_a_long_nonce(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_STATUS(bulla_aead_open(aead, out, some(16 + i), some(lens[i]), bulla_span(tag, sizeof(tag)), some(99)),
                BULLA_REFUSED);
  }
}

static void use_xaes(void) {
  static const uint8_t nonce[24];
  struct bulla_xaes *xaes = NULL;
  const struct bulla_aad aad = {.head = noise, .head_len = 18, .tail = noise + 18, .tail_len = 99};
  TEST_OK(bulla_xaes_new(&xaes, some(32)));
  TEST_OK(bulla_xaes_seal(xaes, out, tag, nonce, some(99), &aad));
  TEST_STATUS(bulla_xaes_open(xaes, out, nonce, tag, some(99), &aad), BULLA_REFUSED);
  bulla_xaes_free(&xaes);
}

Test(scrub, no_engine_leaves_anything_on_the_stack, .init = start, .timeout = 60) {
  for (unsigned choice = BULLA_ENGINE_BORINGSSL; choice <= BULLA_ENGINE_VAES_256; choice++) {
    if (bulla_engine_choose(choice) == BULLA_UNSUPPORTED) {
      continue;
    }
    for (size_t len = 16; len <= 32; len += 8) {
      TEST_OK(bulla_aead_new(&aead, some(len)));
      NOTHING_LEFT_BY(seal);
      NOTHING_LEFT_BY(seal_with_a_long_nonce);
      NOTHING_LEFT_BY(open);
      NOTHING_LEFT_BY(open_with_a_long_nonce);
      bulla_aead_free(&aead);
    }
    NOTHING_LEFT_BY(expand);
    NOTHING_LEFT_BY(use_xaes);
  }
}

static void extract(void) {
  TEST_OK(bulla_hkdf_extract(out, some(10), some(32)));
}

static void derive(void) {
  TEST_OK(bulla_hkdf_expand(out, 32, some(32), some(100)));
}

static void hash_with_a_key(void) {
  TEST_OK(bulla_hmac(out, some(32), some(1000)));
}

static void hash(void) {
  TEST_OK(bulla_sha256(out, some(1000)));
}

static void stretch(void) {
  TEST_OK(bulla_scrypt(out, 32, some(20), some(16), 1024, 8, 1));
}

static void draw(void) {
  TEST_OK(bulla_random(out, 32));
}

static void expand_a_seed(void) {
  TEST_OK(bulla_ed25519_expand(out, out + BULLA_ED25519_KEY_LEN, noise));
}

static void sign(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_OK(bulla_ed25519_sign(out, noise, some(lens[i])));
  }
}

static void make_a_public_key(void) {
  TEST_OK(bulla_x25519_public(out, noise));
}

static void seal_to_a_public_key(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_OK(bulla_hpke_seal(out, boxed, noise, some(lens[i]), some(300), some(99)));
  }
}

static void open_with_a_private_key(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_STATUS(bulla_hpke_open(boxed, noise, noise, some(lens[i]), some(300), some(99)), BULLA_REFUSED);
  }
}

static void keep_a_private_key(void) {
  struct bulla_hpke_key *key = NULL;
  TEST_OK(bulla_hpke_key_new(&key, noise));
  bulla_hpke_key_free(&key);
}

static void open_with_a_kept_key(void) {
  struct bulla_hpke_key *key = NULL;
  TEST_OK(bulla_hpke_key_new(&key, noise));
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    TEST_STATUS(bulla_hpke_open_with(boxed, key, noise, some(lens[i]), some(300), some(99)), BULLA_REFUSED);
  }
  bulla_hpke_key_free(&key);
}

Test(scrub, nothing_that_hashes_derives_or_draws_leaves_anything_on_the_stack, .init = start) {
  NOTHING_LEFT_BY(extract);
  NOTHING_LEFT_BY(derive);
  NOTHING_LEFT_BY(hash_with_a_key);
  NOTHING_LEFT_BY(hash);
  NOTHING_LEFT_BY(stretch);
  NOTHING_LEFT_BY(draw);
  NOTHING_LEFT_BY(use_xaes);
}

Test(scrub, nothing_on_a_curve_leaves_anything_on_the_stack, .init = start) {
  NOTHING_LEFT_BY(expand_a_seed);
  NOTHING_LEFT_BY(sign);
  NOTHING_LEFT_BY(make_a_public_key);
  NOTHING_LEFT_BY(seal_to_a_public_key);
  NOTHING_LEFT_BY(open_with_a_private_key);
  NOTHING_LEFT_BY(keep_a_private_key);
  NOTHING_LEFT_BY(open_with_a_kept_key);
}

static struct bulla_aes_pair aes_pair;
static struct bulla_hmac_key hmac_key;

static void expand_a_pair(void) {
  for (size_t len = 16; len <= 32; len += 8) {
    TEST_OK(bulla_aes_pair_expand(&aes_pair, some(len)));
  }
}

static void wrap_a_key(void) {
  TEST_OK(bulla_aes_wrap(&aes_pair, out, some(64)));
}

static void unwrap_a_key(void) {
  TEST_STATUS(bulla_aes_unwrap(&aes_pair, out, some(72)), BULLA_REFUSED);
}

static void chain_blocks(void) {
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    bulla_aes_cbc_encrypt(&aes_pair, out, noise, some(lens[i] / 16 * 16));
    bulla_aes_cbc_decrypt(&aes_pair, out, noise, some(lens[i] / 16 * 16));
  }
}

static void hash_parts(void) {
  for (enum bulla_sha sha = BULLA_SHA_256; sha <= BULLA_SHA_512; sha++) {
    TEST_OK(bulla_hmac_expand(&hmac_key, sha, some(64)));
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
      const struct bulla_span parts[] = {some(7), some(lens[i])};
      bulla_hmac_parts(&hmac_key, out, parts, 2);
    }
  }
}

Test(scrub, nothing_of_a_wrapped_key_or_of_chained_blocks_stays_on_the_stack, .init = start) {
  NOTHING_LEFT_BY(expand_a_pair);
  NOTHING_LEFT_BY(wrap_a_key);
  NOTHING_LEFT_BY(unwrap_a_key);
  NOTHING_LEFT_BY(chain_blocks);
  NOTHING_LEFT_BY(hash_parts);
}

static enum bulla_curve curve;
static uint8_t a_point[BULLA_POINT_MAX_LEN];
static uint8_t a_private_key[BULLA_CURVE_MAX_LEN];

static void generate_on_a_curve(void) {
  TEST_OK(bulla_curve_generate(curve, a_private_key, a_point));
}

static void check_a_point(void) {
  TEST_OK(bulla_curve_check(curve, a_point));
}

static void make_a_point(void) {
  TEST_OK(bulla_curve_public(curve, out, a_private_key));
}

static void agree_on_a_curve(void) {
  TEST_OK(bulla_curve_agree(curve, out, a_private_key, a_point));
}

static void agree_with_no_point(void) {
  static const uint8_t no_point[BULLA_POINT_MAX_LEN];
  TEST_STATUS(bulla_curve_agree(curve, out, a_private_key, no_point), BULLA_REFUSED);
}

Test(scrub, nothing_of_an_agreement_stays_on_the_stack, .init = start) {
  for (curve = BULLA_CURVE_P256; curve <= BULLA_CURVE_X25519; curve++) {
    NOTHING_LEFT_BY(generate_on_a_curve);
    NOTHING_LEFT_BY(check_a_point);
    NOTHING_LEFT_BY(make_a_point);
    NOTHING_LEFT_BY(agree_on_a_curve);
    NOTHING_LEFT_BY(agree_with_no_point);
  }
}

static struct bulla_rsa_private rsa;
static struct bulla_secret *rsa_numbers;

static void generate_rsa(void) {
  bulla_secret_free(&rsa_numbers);
  TEST_OK(bulla_rsa_generate(&rsa_numbers, &rsa, 2048));
}

static void check_rsa(void) {
  TEST_OK(bulla_rsa_check(&rsa));
}

static void encrypt_with_rsa(void) {
  struct bulla_rsa_encrypter *encrypter = NULL;
  TEST_OK(bulla_rsa_encrypter_new(&encrypter, &rsa.open));
  TEST_OK(bulla_rsa_encrypt(encrypter, boxed, BULLA_OAEP_SHA256, some(32)));
  bulla_rsa_encrypter_free(&encrypter);
}

static void decrypt_with_rsa(void) {
  TEST_OK(bulla_rsa_decrypt(&rsa, out, 32, BULLA_OAEP_SHA256, bulla_span(boxed, rsa.open.n.len)));
}

static void decrypt_other_padding(void) {
  TEST_STATUS(bulla_rsa_decrypt(&rsa, out, 32, BULLA_OAEP_SHA1, bulla_span(boxed, rsa.open.n.len)), BULLA_REFUSED);
}

Test(scrub, nothing_of_rsa_stays_on_the_stack, .init = start, .timeout = 60) {
  NOTHING_LEFT_BY(generate_rsa);
  for (size_t bits = 2048; bits <= 4096; bits += 1024) {
    bulla_secret_free(&rsa_numbers);
    TEST_OK(bulla_rsa_generate(&rsa_numbers, &rsa, bits));
    NOTHING_LEFT_BY(check_rsa);
    NOTHING_LEFT_BY(encrypt_with_rsa);
    NOTHING_LEFT_BY(decrypt_with_rsa);
    NOTHING_LEFT_BY(decrypt_other_padding);
  }
}
