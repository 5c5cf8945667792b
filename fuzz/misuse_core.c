/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The part of fuzz/misuse.c that calls bulla/core.h with a key. */

#include "fuzz/fuzz.h"
#include "fuzz/misuse.h"

enum { ROOM = 512, MAX_JWE = 1 << 20, NUM_SUITES = 2 };

static const struct bulla_span value = {(const uint8_t *)"the value", 9};
static const struct bulla_span context = {(const uint8_t *)"its place", 9};

static struct {
  struct bulla_secret *material;
  struct bulla_key *keys[NUM_SUITES];
  struct bulla_jwe_key *jwe_key;
  struct bulla_ring *ring; /* holds a key like the second of them */
  struct bulla_buffer blobs[NUM_SUITES];
  struct bulla_buffer triple;
  struct bulla_buffer token;
} kit;

/* up_to returns |len|, or something that there are bytes for if |len| is not |refused| unread. */
static size_t up_to(size_t len, bool refused) {
  return refused ? len : len % (MISUSE_MAX_LEN + 1);
}

/* twice returns 2 * |len| + |more|, or 0 if that is no size_t; base64url is how many digits there are of |len|
 * bytes. */
static size_t twice(size_t len, size_t more) {
  size_t sum = 0;
  bool overflows = __builtin_mul_overflow(len, 2, &sum) || __builtin_add_overflow(sum, more, &sum);
  return overflows ? 0 : sum;
}

static size_t base64url(size_t len) {
  return len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

static void lengths(struct bulla_reader *in) {
  static const size_t overhead[] = {0, 18 + 12 + 16, 18 + 24 + 16, 18 + 12 + 16, 0, 0};
  size_t len = misuse_len(in);
  unsigned suite = misuse_byte(in) % 6;
  bool fits = overhead[suite] > 0 && len <= SIZE_MAX - overhead[suite];
  FUZZ_ASSERT(bulla_sealed_len((enum bulla_suite)suite, len) == (fits ? len + overhead[suite] : 0));
  FUZZ_ASSERT(bulla_triple_len(len) == twice(len, 2 * (16 + 16) + 2));
  FUZZ_ASSERT(len > SIZE_MAX / 2 || bulla_blob_text_len(len) == 7 + base64url(len));
  size_t fixed = kit.token.len - base64url(value.len);
  size_t jwe_len = bulla_jwe_len(kit.jwe_key, len);
  /* Where exactly it does not fit any more is a matter of some bits. */
  FUZZ_ASSERT(jwe_len == 0 ? len > SIZE_MAX / 8 : len <= SIZE_MAX / 2 && jwe_len == fixed + base64url(len));
}

static void make_key(struct bulla_reader *in) {
  unsigned suite = misuse_byte(in) % 6;
  size_t len = misuse_usual(in, BULLA_KEY_LEN);
  struct bulla_secret *material = misuse_secret(len);
  struct bulla_key *key = kit.keys[0];
  uint64_t wrongs = suite != BULLA_AES_256_GCM && suite != BULLA_XAES_256_GCM ? MISUSE(BULLA_UNSUPPORTED) : 0;
  wrongs |= len != BULLA_KEY_LEN ? MISUSE(BULLA_INVALID_ARGUMENT) : 0;
  if (misuse_check(bulla_key_new(&key, (enum bulla_suite)suite, material), wrongs)) {
    FUZZ_ASSERT(bulla_key_suite(key) == suite);
  } else {
    FUZZ_ASSERT(key == NULL);
  }
  bulla_key_free(&key);
  bulla_secret_free(&material);
  key = NULL;
  misuse_check(bulla_key_new(&key, BULLA_AES_256_GCM, kit.material), misuse_forked);
  bulla_key_free(&key);
}

static void seal(struct bulla_reader *in) {
  size_t i = misuse_byte(in) % NUM_SUITES;
  size_t len = misuse_len(in);
  size_t context_len = misuse_len(in);
  uint64_t wrongs = misuse_forked | (i == 0 ? misuse_exhausted : 0);
  len = up_to(len, len > (UINT64_C(1) << 36) - 32);
  context_len = up_to(context_len, context_len > SIZE_MAX - 18);
  if (len > MISUSE_MAX_LEN || context_len > MISUSE_MAX_LEN) {
    wrongs |= MISUSE(BULLA_TOO_LARGE);
  }
  size_t needed = len > MISUSE_MAX_LEN ? ROOM : bulla_sealed_len(bulla_key_suite(kit.keys[i]), len);
  struct bulla_buffer blob = misuse_room(in, needed, &wrongs);
  enum bulla_status status =
      bulla_seal(kit.keys[i], &blob, bulla_span(misuse_bytes, len), bulla_span(misuse_bytes, context_len));
  misuse_done(status, wrongs, &blob, needed);
}

static void open(struct bulla_reader *in) {
  size_t i = misuse_byte(in) % NUM_SUITES;
  size_t with = misuse_byte(in) % NUM_SUITES;
  size_t context_len = misuse_len(in);
  uint64_t wrongs = misuse_forked | (i != with ? MISUSE(BULLA_REFUSED) : 0);
  struct bulla_span where = context;
  if (context_len > SIZE_MAX - 18) {
    where.len = context_len;
    wrongs |= MISUSE(BULLA_TOO_LARGE);
  }
  struct bulla_buffer plaintext = misuse_room(in, value.len, &wrongs);
  enum bulla_status status = bulla_open(kit.keys[with], &plaintext, bulla_written(&kit.blobs[i]), where);
  misuse_done(status, wrongs, &plaintext, value.len);
}

/* rings makes one for |max| keys, and adds three, of which the last is the first again. */
static void rings(struct bulla_reader *in) {
  size_t max = misuse_len(in);
  bool fits = max <= 1 << 22;
  max = up_to(max, !fits);
  struct bulla_ring *ring = kit.ring;
  if (!misuse_check(bulla_ring_new(&ring, max), fits ? 0 : MISUSE(BULLA_NO_MEMORY))) {
    FUZZ_ASSERT(ring == NULL);
    return;
  }
  struct bulla_buffer out = bulla_buffer(fuzz_alloc(ROOM), ROOM);
  FUZZ_ASSERT(bulla_ring_find(ring, bulla_key_id(kit.keys[0])) == NULL);
  misuse_done(bulla_ring_open(ring, &out, bulla_written(&kit.blobs[0]), context), MISUSE(BULLA_REFUSED), &out, 0);
  for (size_t i = 0; i < 3; i++) {
    struct bulla_secret *material = misuse_secret(BULLA_KEY_LEN + i % 2);
    struct bulla_key *key = NULL;
    bulla_secret_data(material)[0] ^= (uint8_t)(i % 2);
    bulla_secret_truncate(material, BULLA_KEY_LEN);
    FUZZ_ASSERT(bulla_key_new(&key, BULLA_XAES_256_GCM, material) == BULLA_OK);
    const struct bulla_key *original = key;
    uint64_t wrongs = i >= max ? MISUSE(BULLA_TOO_LARGE) : 0;
    wrongs |= i == 2 && max > 0 ? MISUSE(BULLA_EXISTS) : 0;
    bool added = misuse_check(bulla_ring_add(ring, &key), wrongs);
    FUZZ_ASSERT(key == (added ? NULL : original));
    FUZZ_ASSERT(!added || bulla_ring_find(ring, bulla_key_id(original)) == original);
    bulla_key_free(&key);
    bulla_secret_free(&material);
  }
  bulla_ring_free(&ring);
}

static void ring_open(struct bulla_reader *in) {
  size_t i = misuse_byte(in) % NUM_SUITES;
  uint64_t wrongs = misuse_forked | (i == 1 ? 0 : MISUSE(BULLA_REFUSED));
  struct bulla_span blob = bulla_written(&kit.blobs[i]);
  if ((misuse_byte(in) & 1) != 0) {
    blob.len = misuse_byte(in) % blob.len;
    wrongs |= MISUSE(BULLA_REFUSED);
  }
  struct bulla_buffer plaintext = misuse_room(in, value.len, &wrongs);
  misuse_done(bulla_ring_open(kit.ring, &plaintext, blob, context), wrongs, &plaintext, value.len);
}

static void write_blob(struct bulla_reader *in) {
  unsigned suite = misuse_byte(in) % 6;
  size_t nonce_len = suite == BULLA_XAES_256_GCM ? 24 : 12;
  struct bulla_blob blob = {.suite = (enum bulla_suite)suite};
  blob.key_id = bulla_span(misuse_bytes, misuse_usual(in, BULLA_KEY_ID_LEN));
  blob.nonce = bulla_span(misuse_bytes, misuse_usual(in, nonce_len));
  blob.ciphertext = bulla_span(misuse_bytes, misuse_byte(in));
  blob.tag = bulla_span(misuse_bytes, misuse_usual(in, BULLA_TAG_LEN));
  bool good = bulla_sealed_len(blob.suite, 0) > 0 && blob.key_id.len == BULLA_KEY_ID_LEN &&
              blob.nonce.len == nonce_len && blob.tag.len == BULLA_TAG_LEN;
  uint64_t wrongs = good ? 0 : MISUSE(BULLA_INVALID_ARGUMENT);
  size_t needed = 18 + nonce_len + blob.ciphertext.len + BULLA_TAG_LEN;
  struct bulla_buffer out = misuse_room(in, needed, &wrongs);
  misuse_done(bulla_blob_write(&out, &blob), wrongs, &out, needed);
}

static void blob_text(struct bulla_reader *in) {
  uint64_t wrongs = 0;
  struct bulla_span blob = bulla_written(&kit.blobs[misuse_byte(in) % NUM_SUITES]);
  size_t text_len = bulla_blob_text_len(blob.len);
  struct bulla_buffer room = bulla_buffer(fuzz_alloc(text_len), text_len);
  FUZZ_ASSERT(bulla_blob_to_text(&room, blob) == BULLA_OK);
  struct bulla_buffer again = misuse_room(in, blob.len, &wrongs);
  misuse_done(bulla_blob_from_text(&again, bulla_written(&room)), wrongs, &again, blob.len);
  free(room.data);
  wrongs = 0;
  if ((misuse_byte(in) & 1) != 0) {
    blob.len = misuse_byte(in) % 40U;
    wrongs |= MISUSE(BULLA_REFUSED);
  }
  struct bulla_buffer text = misuse_room(in, text_len, &wrongs);
  misuse_done(bulla_blob_to_text(&text, blob), wrongs, &text, text_len);
}

static void triple(struct bulla_reader *in) {
  size_t key_len = misuse_usual(in, BULLA_KEY_LEN);
  size_t len = misuse_len(in);
  bool too_large = len > (SIZE_MAX - 66) / 2;
  len = up_to(len, too_large);
  struct bulla_secret *key = misuse_secret(key_len);
  uint64_t wrongs =
      (key_len != BULLA_KEY_LEN ? MISUSE(BULLA_INVALID_ARGUMENT) : 0) | (too_large ? MISUSE(BULLA_TOO_LARGE) : 0);
  size_t needed = too_large ? ROOM : bulla_triple_len(len);
  struct bulla_buffer text = misuse_room(in, needed, &wrongs);
  misuse_done(bulla_triple_seal(key, &text, bulla_span(misuse_bytes, len)), wrongs, &text, needed);
  bulla_secret_free(&key);

  wrongs = misuse_forked;
  struct bulla_buffer plaintext = misuse_room(in, value.len, &wrongs);
  misuse_done(bulla_triple_open(kit.material, &plaintext, bulla_written(&kit.triple), NULL), wrongs, &plaintext,
              value.len);
  wrongs = misuse_forked;
  struct bulla_buffer sealed = misuse_room(in, bulla_triple_len(value.len), &wrongs);
  misuse_done(bulla_triple_seal(kit.material, &sealed, value), wrongs, &sealed, bulla_triple_len(value.len));
}

/* fits_header says whether a header can name a key of |len| times |c|: NUL is not I-JSON, nor are bytes past ASCII
 * UTF-8 without others, and what is written as an escape is longer. */
static bool fits_header(uint8_t c, size_t len) {
  static const char around[] = "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"kid\":\"\"}";
  bool is_short = c == '\n' || c == '\r' || c == '\t' || c == '"' || c == '\\';
  size_t written = is_short ? 2 : c < ' ' ? 6 : 1;
  return c != 0 && c < 0x80 && sizeof(around) - 1 + written * len <= 1024;
}

static void make_jwe_key(struct bulla_reader *in) {
  unsigned alg = misuse_byte(in) % 4;
  unsigned enc = misuse_byte(in) % 5;
  size_t len = misuse_usual(in, 8 * (enc + 1));
  size_t key_id_len = misuse_len(in);
  uint8_t key_id[257];
  memset(key_id, misuse_byte(in), sizeof(key_id));
  struct bulla_secret *material = misuse_secret(len);
  struct bulla_jwe_key *key = kit.jwe_key;
  bool good = alg == BULLA_JWE_DIR && enc >= BULLA_JWE_A128GCM && enc <= BULLA_JWE_A256GCM && len == 8 * (enc + 1) &&
              key_id_len <= 256 && (key_id_len == 0 || fits_header(key_id[0], key_id_len));
  enum bulla_status status = bulla_jwe_key_new(&key, (enum bulla_jwe_alg)alg, (enum bulla_jwe_enc)enc, material,
                                               bulla_span(key_id, key_id_len));
  FUZZ_ASSERT((key != NULL) == misuse_check(status, good ? 0 : MISUSE(BULLA_INVALID_ARGUMENT)));
  bulla_jwe_key_free(&key);
  bulla_secret_free(&material);
  status = bulla_jwe_key_new(&key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, kit.material, bulla_span(NULL, 0));
  FUZZ_ASSERT((key != NULL) == misuse_check(status, misuse_forked));
  bulla_jwe_key_free(&key);
}

static void jwe(struct bulla_reader *in) {
  size_t len = misuse_len(in);
  size_t full_len = bulla_jwe_len(kit.jwe_key, len);
  len = up_to(len, full_len == 0 || full_len > MAX_JWE);
  full_len = bulla_jwe_len(kit.jwe_key, len);
  uint64_t wrongs = misuse_forked | misuse_exhausted | (len > MISUSE_MAX_LEN ? MISUSE(BULLA_TOO_LARGE) : 0);
  size_t needed = len > MISUSE_MAX_LEN ? ROOM : full_len;
  struct bulla_buffer token = misuse_room(in, needed, &wrongs);
  misuse_done(bulla_jwe_encrypt(kit.jwe_key, &token, bulla_span(misuse_bytes, len)), wrongs, &token, needed);

  wrongs = misuse_forked;
  struct bulla_span sealed = bulla_written(&kit.token);
  size_t token_len = misuse_len(in);
  if (token_len > MAX_JWE) {
    sealed.len = token_len;
    wrongs |= MISUSE(BULLA_REFUSED);
  }
  struct bulla_buffer plaintext = misuse_room(in, value.len, &wrongs);
  misuse_done(bulla_jwe_decrypt(kit.jwe_key, &plaintext, sealed), wrongs, &plaintext, value.len);
}

void misuse_core(struct bulla_reader *in, uint8_t kind) {
  static void (*const calls[])(struct bulla_reader * in) = {
      lengths, make_key, seal, open, rings, ring_open, write_blob, blob_text, triple, make_jwe_key, jwe,
  };
  calls[kind % (sizeof(calls) / sizeof(calls[0]))](in);
}

static struct bulla_buffer room(void) {
  return bulla_buffer(fuzz_alloc(ROOM), ROOM);
}

void misuse_core_make(void) {
  struct bulla_key *key = NULL;
  FUZZ_ASSERT(bulla_secret_random(&kit.material, BULLA_KEY_LEN) == BULLA_OK);
  for (size_t i = 0; i < NUM_SUITES; i++) {
    kit.blobs[i] = room();
    FUZZ_ASSERT(bulla_key_new(&kit.keys[i], (enum bulla_suite)(i + 1), kit.material) == BULLA_OK);
    FUZZ_ASSERT(bulla_seal(kit.keys[i], &kit.blobs[i], value, context) == BULLA_OK);
  }
  FUZZ_ASSERT(bulla_key_new(&key, BULLA_XAES_256_GCM, kit.material) == BULLA_OK);
  FUZZ_ASSERT(bulla_ring_new(&kit.ring, 1) == BULLA_OK && bulla_ring_add(kit.ring, &key) == BULLA_OK);
  kit.triple = room();
  kit.token = room();
  FUZZ_ASSERT(bulla_triple_seal(kit.material, &kit.triple, value) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_key_new(&kit.jwe_key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, kit.material, BULLA_LITERAL("key")) ==
              BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_encrypt(kit.jwe_key, &kit.token, value) == BULLA_OK);
}

void misuse_core_free(void) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    bulla_key_free(&kit.keys[i]);
    free(kit.blobs[i].data);
  }
  bulla_ring_free(&kit.ring);
  bulla_jwe_key_free(&kit.jwe_key);
  bulla_secret_free(&kit.material);
  free(kit.triple.data);
  free(kit.token.data);
}
