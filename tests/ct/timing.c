/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Constant time, by the clock: what valgrind does not show, since it hides AVX-512 and VAES from the program. Each
 * subject is called with secrets of two classes in random order, and Welch's t-test says whether the two take
 * different times (after "Dude, is my code constant time?" by Reparaz, Balasch and Verbauwhede). A test like this
 * can show that there is a difference, never that there is none. Two subjects are controls: one leaks and must be
 * found out, one does not.
 *
 * Usage: ct-timing [SECONDS [SUBJECT]], the latter a part of names */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <bulla/jose.h>
#include <bulla/token.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/hex.h"
#include "core/xaes.h"

enum {
  NUM_CALLS = 2000, /* of a round */
  RECORD_LEN = 1024,
  TEXT_LEN = 256,
  NUM_CROPS = 12, /* ways to leave out slow outliers, the first leaves out none */
};

/* Past this the difference is no chance: in a quiet run t stays below 5. */
static const double limit = 10;

struct record {
  int class;
  uint64_t cycles;
  _Alignas(64) uint8_t bytes[RECORD_LEN];
};

struct subject {
  const char *name;
  enum bulla_engine_choice engine; /* BULLA_ENGINE_AUTO if it does not matter */
  void (*prepare)(uint8_t *bytes, int class);
  void (*call)(uint8_t *bytes);
  bool leaks;
};

#define ASSERT(condition)                                     \
  do {                                                        \
    if (!(condition)) {                                       \
      fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      exit(2);                                                \
    }                                                         \
  } while (0)

static volatile int sink;

/* What the calls work with. */
static struct {
  struct bulla_secret *material;
  struct bulla_aead *aead;
  uint8_t nonce[12];
  uint8_t xaes_nonce[BULLA_XAES_NONCE_LEN];
  uint8_t sealed[TEXT_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  uint8_t out[2 * RECORD_LEN];
  struct bulla_apikey *apikey;
  struct bulla_verifier *verifier;
  struct bulla_claims claims;
  size_t token_len;
  uint8_t token[RECORD_LEN];
  struct jwe *jwe; /* of the subject that runs */
} house;

static void fill_random(uint8_t *bytes, size_t len) {
  ASSERT(bulla_random(bytes, len) == BULLA_OK);
}

/* Class 0 is one value, class 1 is another each time. */
static void fixed_or_random(uint8_t *bytes, int class) {
  fill_random(bytes, TEXT_LEN);
  if (class == 0) {
    memset(bytes, 0x5a, TEXT_LEN);
  }
}

/* Two halves of 32 bytes that differ in the first byte, or in the last. */
static void differ_first_or_last(uint8_t *bytes, int class) {
  fill_random(bytes, 32);
  memcpy(bytes + 32, bytes, 32);
  bytes[class == 0 ? 32 : 63] ^= 1;
}

static void compare_leaking(uint8_t *bytes) {
  int same = 1;
  for (size_t i = 0; i < 32 && same != 0; i++) {
    same = *(volatile uint8_t *)(bytes + i) == bytes[32 + i];
  }
  sink = same;
}

static void combine(uint8_t *bytes) {
  uint8_t all = 0;
  for (size_t i = 0; i < 64; i++) {
    all ^= *(volatile uint8_t *)(bytes + i);
  }
  sink = all;
}

static void compare(uint8_t *bytes) {
  sink = bulla_secret_equal(bulla_span(bytes, 32), bulla_span(bytes + 32, 32));
}

static void encode_hex(uint8_t *bytes) {
  bulla_hex_encode(house.out, bulla_span(bytes, BULLA_KEY_LEN));
}

static void encode_base64url(uint8_t *bytes) {
  bulla_base64url_encode_secret(house.out, bulla_span(bytes, BULLA_KEY_LEN));
}

static void prepare_hex(uint8_t *bytes, int class) {
  uint8_t key[BULLA_KEY_LEN];
  fill_random(key, sizeof(key));
  bulla_hex_encode(bytes, bulla_span(key, sizeof(key)));
  if (class == 0) {
    memset(bytes, '0', 2 * sizeof(key));
  }
}

static void decode_hex(uint8_t *bytes) {
  sink = bulla_hex_decode(house.out, bulla_span(bytes, 2 * BULLA_KEY_LEN));
}

static void prepare_base64url(uint8_t *bytes, int class) {
  uint8_t key[BULLA_KEY_LEN];
  fill_random(key, sizeof(key));
  bulla_base64url_encode_secret(bytes, bulla_span(key, sizeof(key)));
  if (class == 0) {
    memset(bytes, 'A', 43);
  }
}

static void decode_base64url(uint8_t *bytes) {
  sink = bulla_base64url_decode_secret(house.out, bulla_span(bytes, 43));
}

static void expand_key(uint8_t *bytes) {
  struct bulla_aead *aead = NULL;
  sink = (int)bulla_aead_new(&aead, bulla_span(bytes, BULLA_KEY_LEN));
  bulla_aead_free(&aead);
}

static void derive(uint8_t *bytes) {
  sink = (int)bulla_hkdf_expand(house.out, BULLA_KEY_LEN, bulla_span(bytes, BULLA_KEY_LEN), BULLA_LITERAL("label"));
}

static struct bulla_span nonce(void) {
  return bulla_span(house.nonce, sizeof(house.nonce));
}

static void seal(uint8_t *bytes) {
  sink = (int)bulla_aead_seal(house.aead, house.out, house.out + TEXT_LEN, nonce(), bulla_span(bytes, TEXT_LEN),
                              bulla_span(NULL, 0));
}

/* A key, and what is sealed with what it derives. */
static void seal_derived(uint8_t *bytes) {
  static const struct bulla_aad aad;
  struct bulla_xaes *xaes = NULL;
  ASSERT(bulla_xaes_new(&xaes, bulla_span(bytes, BULLA_KEY_LEN)) == BULLA_OK);
  sink = (int)bulla_xaes_seal(xaes, house.out, house.out + TEXT_LEN, house.xaes_nonce,
                              bulla_span(bytes + BULLA_KEY_LEN, TEXT_LEN - BULLA_KEY_LEN), &aad);
  bulla_xaes_free(&xaes);
}

/* A plaintext of its class, sealed. */
static void prepare_sealed(uint8_t *bytes, int class) {
  uint8_t text[TEXT_LEN];
  fixed_or_random(text, class);
  ASSERT(bulla_aead_seal(house.aead, bytes, bytes + TEXT_LEN, nonce(), bulla_span(text, TEXT_LEN),
                         bulla_span(NULL, 0)) == BULLA_OK);
}

static void open_sealed(uint8_t *bytes) {
  sink = (int)bulla_aead_open(house.aead, house.out, nonce(), bulla_span(bytes, TEXT_LEN),
                              bulla_span(bytes + TEXT_LEN, BULLA_TAG_LEN), bulla_span(NULL, 0));
}

/* A tag that is wrong in its first byte, or in its last. */
static void prepare_wrong_tag(uint8_t *bytes, int class) {
  prepare_sealed(bytes, 1);
  bytes[TEXT_LEN + (class == 0 ? 0 : BULLA_TAG_LEN - 1)] ^= 1;
}

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  (void)arg;
  (void)key_id;
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(house.apikey)));
}

/* The tag has 22 digits at the end. */
static void prepare_wrong_token(uint8_t *bytes, int class) {
  memcpy(bytes, house.token, house.token_len);
  uint8_t *digit = bytes + house.token_len - (class == 0 ? 22 : 2);
  *digit = *digit == 'A' ? 'B' : 'A';
}

static void verify(uint8_t *bytes) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer payload = bulla_buffer(house.out, sizeof(house.out));
  sink =
      (int)bulla_token_verify(house.verifier, &claims, &payload, bulla_span(bytes, house.token_len), house.claims.iat);
}

/* A JWE, and the key that decrypts it. */
struct jwe {
  enum bulla_jwe_alg alg;
  enum bulla_jwe_enc enc;
  const char *curve;
  struct bulla_jwe_key *key;
  size_t len;
  uint8_t text[RECORD_LEN];
};

static void make_jwe(struct jwe *jwe) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  struct bulla_jwk *jwk = NULL;
  struct bulla_buffer text = bulla_buffer(jwe->text, sizeof(jwe->text));
  options.alg = jwe->alg;
  options.curve = jwe->curve;
  options.bits = jwe->alg == BULLA_JWE_RSA_OAEP_256 ? 2048 : 0;
  ASSERT(bulla_jwk_generate(&jwk, &options) == BULLA_OK);
  ASSERT(bulla_jwe_key_from_jwk(&jwe->key, jwk, jwe->alg, jwe->enc) == BULLA_OK);
  ASSERT(bulla_jwe_encrypt(jwe->key, &text, BULLA_LITERAL("plaintext")) == BULLA_OK);
  jwe->len = text.len;
  bulla_jwk_free(&jwk);
}

/* An encrypted key that does not unwrap, or a tag that is wrong. Each call has its own, lest one of them is learnt. */
static void prepare_wrong_jwe(struct jwe *jwe, uint8_t *bytes, int class) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (jwe->key == NULL) {
    make_jwe(jwe);
  }
  house.jwe = jwe;
  memcpy(bytes, jwe->text, jwe->len);
  uint8_t *at = class == 0 ? memchr(bytes, '.', jwe->len) : memrchr(bytes, '.', jwe->len);
  uint8_t noise[16];
  fill_random(noise, sizeof(noise));
  for (size_t i = 0; i < sizeof(noise); i++) {
    at[3 + i] = (uint8_t)digits[noise[i] & 63];
  }
}

static void decrypt_jwe(uint8_t *bytes) {
  struct bulla_buffer plaintext = bulla_buffer(house.out, sizeof(house.out));
  sink = (int)bulla_jwe_decrypt(house.jwe->key, &plaintext, bulla_span(bytes, house.jwe->len));
}

#define JWE(name, alg, enc, curve)                        \
  static void prepare_##name(uint8_t *bytes, int class) { \
    static struct jwe jwe = {alg, enc, curve};            \
    prepare_wrong_jwe(&jwe, bytes, class);                \
  }
JWE(key_wrap, BULLA_JWE_A256KW, BULLA_JWE_A128CBC_HS256, NULL)
JWE(gcm_key_wrap, BULLA_JWE_A256GCMKW, BULLA_JWE_A256GCM, NULL)
JWE(short_gcm_key_wrap, BULLA_JWE_A128GCMKW, BULLA_JWE_A128GCM, NULL)
JWE(agreement, BULLA_JWE_ECDH_ES_A256KW, BULLA_JWE_A256GCM, "X25519")
JWE(rsa, BULLA_JWE_RSA_OAEP_256, BULLA_JWE_A256GCM, NULL)

#define EACH(name, prepare, call)                                          \
  {name " (boringssl)", BULLA_ENGINE_BORINGSSL, prepare, call, false},     \
      {name " (vaes-512)", BULLA_ENGINE_VAES_512, prepare, call, false}, { \
    name " (vaes-256)", BULLA_ENGINE_VAES_256, prepare, call, false        \
  }

static const struct subject subjects[] = {
    {"control: leaks", BULLA_ENGINE_AUTO, differ_first_or_last, compare_leaking, true},
    {"control: does not", BULLA_ENGINE_AUTO, fixed_or_random, combine, false},
    {"bulla_secret_equal", BULLA_ENGINE_AUTO, differ_first_or_last, compare, false},
    {"bulla_hex_encode", BULLA_ENGINE_AUTO, fixed_or_random, encode_hex, false},
    {"bulla_hex_decode", BULLA_ENGINE_AUTO, prepare_hex, decode_hex, false},
    {"bulla_base64url_encode_secret", BULLA_ENGINE_AUTO, fixed_or_random, encode_base64url, false},
    {"bulla_base64url_decode_secret", BULLA_ENGINE_AUTO, prepare_base64url, decode_base64url, false},
    {"bulla_hkdf_expand, key", BULLA_ENGINE_AUTO, fixed_or_random, derive, false},
    EACH("bulla_aead_new, key", fixed_or_random, expand_key),
    EACH("bulla_aead_seal, plaintext", fixed_or_random, seal),
    EACH("bulla_aead_open, plaintext", prepare_sealed, open_sealed),
    EACH("bulla_aead_open, wrong tag", prepare_wrong_tag, open_sealed),
    EACH("bulla_xaes_seal, key and plaintext", fixed_or_random, seal_derived),
    EACH("bulla_token_verify, wrong tag", prepare_wrong_token, verify),
    {"A256KW, wrong key or tag", BULLA_ENGINE_AUTO, prepare_key_wrap, decrypt_jwe, false},
    {"A256GCMKW, wrong key or tag", BULLA_ENGINE_AUTO, prepare_gcm_key_wrap, decrypt_jwe, false},
    {"A128GCMKW, wrong key or tag", BULLA_ENGINE_AUTO, prepare_short_gcm_key_wrap, decrypt_jwe, false},
    {"ECDH-ES+A256KW, wrong key or tag", BULLA_ENGINE_AUTO, prepare_agreement, decrypt_jwe, false},
    {"RSA-OAEP-256, wrong padding or tag", BULLA_ENGINE_AUTO, prepare_rsa, decrypt_jwe, false},
};

static void build_house(enum bulla_engine_choice engine) {
  const struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  struct bulla_secret *string = NULL;
  struct bulla_minter *minter = NULL;
  ASSERT(bulla_engine_choose(engine) == BULLA_OK);
  bulla_aead_free(&house.aead);
  bulla_verifier_free(&house.verifier);
  bulla_apikey_free(&house.apikey);
  bulla_secret_free(&house.material);
  ASSERT(bulla_secret_random(&house.material, BULLA_KEY_LEN) == BULLA_OK);
  ASSERT(bulla_aead_new(&house.aead, bulla_secret_bytes(house.material)) == BULLA_OK);
  ASSERT(bulla_apikey_generate(&house.apikey, &string) == BULLA_OK);
  ASSERT(bulla_minter_new(&minter, house.apikey) == BULLA_OK);
  ASSERT(bulla_verifier_new(&house.verifier, &options, find, NULL) == BULLA_OK);
  house.claims = (struct bulla_claims){.size = sizeof(struct bulla_claims),
                                       .org = BULLA_LITERAL("acme"),
                                       .sub = BULLA_LITERAL("alice"),
                                       .iat = INT64_C(1700000000)};
  struct bulla_buffer token = bulla_buffer(house.token, sizeof(house.token));
  ASSERT(bulla_token_mint(minter, &token, &house.claims) == BULLA_OK);
  house.token_len = token.len;
  bulla_minter_free(&minter);
  bulla_secret_free(&string);
}

/* The mean and the variance of the times of one class, as they come (Welford). */
struct moments {
  double num;
  double mean;
  double squares;
};

static void note(struct moments *moments, double value) {
  moments->num += 1;
  double delta = value - moments->mean;
  moments->mean += delta / moments->num;
  moments->squares += delta * (value - moments->mean);
}

static double welch(const struct moments classes[2]) {
  double spread = 0;
  for (int i = 0; i < 2; i++) {
    if (classes[i].num < 1000) {
      return 0;
    }
    spread += classes[i].squares / (classes[i].num - 1) / classes[i].num;
  }
  return spread > 0 ? (classes[0].mean - classes[1].mean) / sqrt(spread) : 0;
}

static uint64_t measure(const struct subject *subject, uint8_t *bytes) {
  unsigned core;
  _mm_lfence();
  uint64_t start = __rdtsc();
  _mm_lfence();
  subject->call(bytes);
  uint64_t end = __rdtscp(&core);
  _mm_lfence();
  return end - start;
}

static struct record records[NUM_CALLS];

static void run_round(const struct subject *subject) {
  uint8_t classes[NUM_CALLS];
  fill_random(classes, sizeof(classes));
  for (size_t i = 0; i < NUM_CALLS; i++) {
    records[i].class = classes[i] & 1;
    subject->prepare(records[i].bytes, records[i].class);
  }
  for (size_t i = 0; i < NUM_CALLS; i++) {
    records[i].cycles = measure(subject, records[i].bytes);
  }
}

static int by_size(const void *a, const void *b) {
  uint64_t first = *(const uint64_t *)a;
  uint64_t second = *(const uint64_t *)b;
  return first < second ? -1 : first > second;
}

/* Above what each way of cropping leaves out: from half of the calls on. */
static void choose_crops(uint64_t crops[NUM_CROPS]) {
  uint64_t sorted[NUM_CALLS];
  for (size_t i = 0; i < NUM_CALLS; i++) {
    sorted[i] = records[i].cycles;
  }
  qsort(sorted, NUM_CALLS, sizeof(sorted[0]), by_size);
  crops[0] = UINT64_MAX;
  for (size_t i = 1; i < NUM_CROPS; i++) {
    crops[i] = sorted[NUM_CALLS / 2 + (NUM_CALLS / 2 - 20) * (i - 1) / (NUM_CROPS - 1)];
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Returns whether the verdict is as it must be. */
static bool judge(const struct subject *subject, double seconds) {
  struct moments moments[NUM_CROPS][2] = {0};
  uint64_t crops[NUM_CROPS];
  build_house(subject->engine);
  run_round(subject);
  run_round(subject);
  choose_crops(crops);
  for (double end = now() + seconds; now() < end;) {
    run_round(subject);
    for (size_t i = 10; i < NUM_CALLS; i++) {
      for (size_t crop = 0; crop < NUM_CROPS; crop++) {
        if (records[i].cycles <= crops[crop]) {
          note(&moments[crop][records[i].class], (double)records[i].cycles);
        }
      }
    }
  }
  size_t worst = 0;
  for (size_t crop = 1; crop < NUM_CROPS; crop++) {
    worst = fabs(welch(moments[crop])) > fabs(welch(moments[worst])) ? crop : worst;
  }
  double t = fabs(welch(moments[worst]));
  const struct moments *classes = moments[worst];
  bool found = t > limit;
  printf("%-42s %9.0f calls, %7.1f and %7.1f cycles, t = %6.1f: %s%s\n", subject->name,
         moments[0][0].num + moments[0][1].num, classes[0].mean, classes[1].mean, t,
         found ? "a difference" : "no difference seen", found == subject->leaks ? "" : "  <-- WRONG");
  fflush(stdout);
  return found == subject->leaks;
}

int main(int argc, char **argv) {
  double seconds = argc > 1 ? strtod(argv[1], NULL) : 120;
  const char *part = argc > 2 ? argv[2] : "";
  const size_t num_all = sizeof(subjects) / sizeof(subjects[0]);
  size_t num = 0;
  for (size_t i = 0; i < num_all; i++) {
    num += strstr(subjects[i].name, part) != NULL ? 1 : 0;
  }
  if (!(seconds > 0) || num == 0) {
    fputs("usage: ct-timing [SECONDS [SUBJECT]]\n", stderr);
    return 2;
  }
  size_t num_failed = 0;
  size_t num_skipped = 0;
  for (size_t i = 0; i < num_all; i++) {
    if (strstr(subjects[i].name, part) == NULL) {
      continue;
    }
    if (bulla_engine_choose(subjects[i].engine) != BULLA_OK) {
      printf("%-42s SKIPPED: this processor or this build has no such engine\n", subjects[i].name);
      num_skipped++;
    } else {
      num_failed += judge(&subjects[i], seconds / (double)num) ? 0 : 1;
    }
  }
  printf("%zu passed, %zu failed, %zu skipped\n", num - num_failed - num_skipped, num_failed, num_skipped);
  return num_failed == 0 ? 0 : 1;
}
