/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The constant-time check of core/. */

#include <string.h>

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/box.h"
#include "core/crypto.h"
#include "core/hex.h"
#include "core/jwe_compact.h"
#include "core/key.h"
#include "core/signature.h"
#include "core/slab.h"
#include "core/xaes.h"
#include "tests/ct/ct.h"

/* Lengths around the blocks of AES, of vectors, and of the loops of the engines. */
static const size_t lens[] = {0, 1, 15, 16, 17, 64, 100, 300, 1100};
enum { NUM_LENS = sizeof(lens) / sizeof(lens[0]), MAX_LEN = 1100 };

static const struct bulla_span context = {(const uint8_t *)"context", 7};
static const struct bulla_span nothing;

#define SECRET(name, len) struct bulla_secret *name BULLA_CLEANUP(bulla_secret_free) = ct_secret(len)

/* The rest of the time it is the secret itself that is the caller's buffer. */
static struct bulla_buffer room_in(struct bulla_secret *secret) {
  struct bulla_span bytes = bulla_secret_bytes(secret);
  return bulla_buffer(bulla_secret_data(secret), bytes.len);
}

static void handle_secrets(void) {
  SECRET(from, BULLA_KEY_LEN);
  struct bulla_secret *copy BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *expanded BULLA_CLEANUP(bulla_secret_free) = NULL;
  CT_OK(bulla_secret_copy(&copy, bulla_secret_bytes(from)));
  CT_ARRIVED(bulla_secret_data(copy), BULLA_KEY_LEN);
  CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(from), bulla_secret_bytes(copy)));
  CT_OK(bulla_secret_expand(&expanded, from, context));
  CT_ARRIVED(bulla_secret_data(expanded), BULLA_KEY_LEN);
  CT_ASSERT(!bulla_secret_equal(bulla_secret_bytes(from), bulla_secret_bytes(expanded)));
  bulla_secret_truncate(copy, 5);
  CT_ASSERT(bulla_secret_bytes(copy).len == 5);
  bulla_wipe(bulla_secret_data(expanded), BULLA_KEY_LEN);
  CT_ASSERT(*bulla_secret_data(expanded) == 0);
}

static void compare(void) {
  for (size_t i = 0; i < NUM_LENS; i++) {
    SECRET(a, lens[i]);
    SECRET(b, lens[i]);
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(a), bulla_secret_bytes(b)) == (lens[i] == 0));
  }
}

static void use_slots(void) {
  void *slot = NULL;
  CT_OK(bulla_slab_new(&slot, 100));
  ct_poison(slot, 100);
  bulla_slab_free(&slot, 100);
  struct bulla_borrowed borrowed;
  CT_OK(bulla_slab_borrow(&borrowed));
  ct_poison(borrowed.slot, 100);
  bulla_slab_give_back(&borrowed, 100);
}

static void draw(void) {
  struct bulla_secret *drawn BULLA_CLEANUP(bulla_secret_free) = NULL;
  uint8_t nonce[24];
  CT_OK(bulla_secret_random(&drawn, BULLA_KEY_LEN));
  CT_ARRIVED(bulla_secret_data(drawn), BULLA_KEY_LEN);
  CT_OK(bulla_random(bulla_secret_data(drawn), BULLA_KEY_LEN));
  CT_OK(bulla_nonce(nonce, sizeof(nonce)));
}

/* As written by hand into a caller's buffer, and wiped when it does not fit. */
static void write_with_a_cursor(void) {
  SECRET(from, 32);
  SECRET(to, 40);
  struct bulla_buffer out = room_in(to);
  struct bulla_writer writer = bulla_writer(&out);
  bulla_put_prefixed(&writer, bulla_secret_bytes(from));
  bulla_put_be(&writer, 7, 4);
  CT_OK(bulla_writer_finish(&writer));
  struct bulla_reader reader = bulla_reader(bulla_secret_bytes(to));
  struct bulla_span taken;
  uint8_t byte;
  CT_ASSERT(bulla_take(&reader, &taken, 4) && bulla_take_byte(&reader, &byte));
  CT_ARRIVED(&byte, 1);
  bulla_put_byte(&writer, 1);
  CT_ASSERT(bulla_writer_finish(&writer) == BULLA_BUFFER_TOO_SMALL && out.len == 0 && out.data[4] == 0);
}

static void hash(void) {
  SECRET(key, BULLA_KEY_LEN);
  SECRET(text, MAX_LEN);
  uint8_t out[3][32];
  CT_OK(bulla_hkdf_extract(out[0], context, bulla_secret_bytes(text)));
  CT_OK(bulla_hkdf_expand(out[1], 32, bulla_secret_bytes(key), context));
  CT_OK(bulla_hmac(out[2], bulla_secret_bytes(key), bulla_secret_bytes(text)));
  for (size_t i = 0; i < 3; i++) {
    CT_ARRIVED(out[i], 32);
  }
  CT_OK(bulla_sha256(out[0], bulla_secret_bytes(text)));
  CT_ARRIVED(out[0], 32);
}

static void write_digits(void) {
  for (size_t i = 0; i < NUM_LENS; i++) {
    size_t len = lens[i];
    SECRET(bytes, len);
    SECRET(back, len);
    uint8_t text[2 * MAX_LEN];
    bulla_hex_encode(text, bulla_secret_bytes(bytes));
    CT_ASSERT(len == 0 || ct_is_secret(text, 2 * len));
    CT_ASSERT(bulla_hex_decode(bulla_secret_data(back), bulla_span(text, 2 * len)));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(bytes), bulla_secret_bytes(back)));

    struct bulla_span digits = bulla_span(text, bulla_base64url_encoded_len(len));
    bulla_base64url_encode_secret(text, bulla_secret_bytes(bytes));
    CT_ASSERT(len == 0 || ct_is_secret(text, digits.len));
    CT_ASSERT(bulla_base64url_decode_secret(bulla_secret_data(back), digits));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(bytes), bulla_secret_bytes(back)));
  }
}

/* What is no digit takes the same path. */
static void read_what_is_no_digit(void) {
  SECRET(text, 40);
  uint8_t out[32];
  CT_ASSERT(!bulla_hex_decode(out, bulla_secret_bytes(text)));
  CT_ASSERT(!bulla_base64url_decode_secret(out, bulla_secret_bytes(text)));
  CT_ASSERT(!bulla_base64_decode_secret(out, bulla_secret_bytes(text)));
}

/* Every way through an engine: lengths of key, nonce, text; the right tag and a wrong one. */
static void run_engine(void) {
  static const uint8_t nonce[16] = {1};
  static const size_t key_lens[] = {16, 24, 32};
  for (size_t i = 0; i < 3 * NUM_LENS; i++) {
    size_t len = lens[i / 3];
    SECRET(key, key_lens[i % 3]);
    SECRET(plaintext, len);
    SECRET(opened, len);
    uint8_t sealed[MAX_LEN];
    uint8_t tag[BULLA_TAG_LEN];
    struct bulla_aead *aead BULLA_CLEANUP(bulla_aead_free) = NULL;
    CT_OK(bulla_aead_new(&aead, bulla_secret_bytes(key)));
    for (size_t nonce_len = 12; nonce_len <= (ct_engine_counts_openly() ? 12 : 16); nonce_len += 4) {
      struct bulla_span iv = bulla_span(nonce, nonce_len);
      struct bulla_span ciphertext = bulla_span(sealed, len);
      CT_OK(bulla_aead_seal(aead, sealed, tag, iv, bulla_secret_bytes(plaintext), context));
      CT_OK(bulla_aead_open(aead, bulla_secret_data(opened), iv, ciphertext, bulla_span(tag, 16), context));
      CT_ASSERT(len == 0 || ct_is_secret(bulla_secret_data(opened), len));
      CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
      tag[15] ^= 1;
      CT_ASSERT(bulla_aead_open(aead, bulla_secret_data(opened), iv, ciphertext, bulla_span(tag, 16), context) ==
                BULLA_REFUSED);
    }
    const struct bulla_aad aad = {context.data, context.len / 2, context.data + context.len / 2,
                                  context.len - context.len / 2};
    struct bulla_span ciphertext = bulla_span(sealed, len);
    CT_OK(bulla_aead_seal_bound(aead, sealed, tag, nonce, bulla_secret_bytes(plaintext), &aad));
    CT_OK(bulla_aead_open_bound(aead, bulla_secret_data(opened), nonce, tag, ciphertext, &aad));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
    if (len <= BULLA_WRAPPED_MAX_LEN) {
      const struct bulla_aad none = {0};
      CT_OK(bulla_aead_seal_bound(aead, sealed, tag, nonce, bulla_secret_bytes(plaintext), &none));
      CT_OK(bulla_aead_unwrap(aead, bulla_secret_data(opened), nonce, tag, ciphertext));
      CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
    }
  }
}

static void run_xaes(void) {
  static const uint8_t nonce[24] = {1};
  static const uint8_t bytes[40];
  const struct bulla_aad aad = {bytes, 18, bytes + 18, 22};
  SECRET(key, BULLA_KEY_LEN);
  SECRET(plaintext, 300);
  SECRET(opened, 300);
  uint8_t sealed[300];
  uint8_t tag[16];
  struct bulla_xaes *xaes BULLA_CLEANUP(bulla_xaes_free) = NULL;
  CT_OK(bulla_xaes_new(&xaes, bulla_secret_bytes(key)));
  CT_OK(bulla_xaes_seal(xaes, sealed, tag, nonce, bulla_secret_bytes(plaintext), &aad));
  struct bulla_span ciphertext = bulla_span(sealed, sizeof(sealed));
  CT_OK(bulla_xaes_open(xaes, bulla_secret_data(opened), nonce, tag, ciphertext, &aad));
}

static void seal_and_open(enum bulla_suite suite) {
  SECRET(material, BULLA_KEY_LEN);
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  uint8_t id[BULLA_KEY_ID_LEN];
  CT_OK(bulla_key_new(&key, suite, material));
  CT_OK(bulla_key_id_of(id, bulla_secret_bytes(material)));
  CT_ASSERT(bulla_span_equal(bulla_span(id, sizeof(id)), bulla_key_id(key)));
  for (size_t i = 0; i < NUM_LENS; i++) {
    SECRET(plaintext, lens[i]);
    SECRET(opened, lens[i]);
    uint8_t sealed[MAX_LEN + 64];
    struct bulla_buffer blob = bulla_buffer(sealed, sizeof(sealed));
    struct bulla_buffer room = room_in(opened);
    CT_OK(bulla_seal(key, &blob, bulla_secret_bytes(plaintext), context));
    CT_ASSERT(!ct_is_secret(blob.data, blob.len));
    CT_OK(bulla_open(key, &room, bulla_written(&blob), context));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
    CT_ASSERT(bulla_open(key, &room, bulla_written(&blob), nothing) == BULLA_REFUSED && room.len == 0);
  }
}

static void seal_many(enum bulla_suite suite) {
  enum { NUM = 3, LEN = 100 };
  SECRET(material, BULLA_KEY_LEN);
  SECRET(plaintext, NUM * LEN);
  SECRET(opened, LEN);
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  uint8_t sealed[NUM][LEN + 64];
  struct bulla_buffer blobs[NUM];
  struct bulla_span plaintexts[NUM];
  const struct bulla_span contexts[NUM] = {context, nothing, context};
  size_t failed;
  CT_OK(bulla_key_new(&key, suite, material));
  for (size_t i = 0; i < NUM; i++) {
    blobs[i] = bulla_buffer(sealed[i], sizeof(sealed[i]));
    plaintexts[i] = bulla_span(bulla_secret_bytes(plaintext).data + i * LEN, LEN);
  }
  CT_OK(bulla_seal_many(key, blobs, &failed, plaintexts, contexts, NUM));
  for (size_t i = 0; i < NUM; i++) {
    struct bulla_buffer room = room_in(opened);
    CT_ASSERT(!ct_is_secret(blobs[i].data, blobs[i].len));
    CT_OK(bulla_open(key, &room, bulla_written(&blobs[i]), contexts[i]));
    CT_ASSERT(bulla_secret_equal(plaintexts[i], bulla_secret_bytes(opened)));
  }
  blobs[1].size = LEN;
  CT_ASSERT(bulla_seal_many(key, blobs, &failed, plaintexts, contexts, NUM) == BULLA_BUFFER_TOO_SMALL && failed == 1);
}

static void seal_blobs(void) {
  seal_many(BULLA_AES_256_GCM);
  seal_many(BULLA_XAES_256_GCM);
  seal_and_open(BULLA_AES_256_GCM);
  seal_and_open(BULLA_XAES_256_GCM);
}

static void open_with_a_ring(void) {
  SECRET(material, BULLA_KEY_LEN);
  SECRET(plaintext, 32);
  struct bulla_key *key = NULL;
  struct bulla_ring *ring BULLA_CLEANUP(bulla_ring_free) = NULL;
  uint8_t sealed[128];
  struct bulla_buffer blob = bulla_buffer(sealed, sizeof(sealed));
  CT_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  CT_OK(bulla_seal(key, &blob, bulla_secret_bytes(plaintext), context));
  CT_OK(bulla_ring_new(&ring, 2));
  CT_OK(bulla_ring_add(ring, &key));
  struct bulla_buffer room = room_in(plaintext);
  CT_OK(bulla_ring_open(ring, &room, bulla_written(&blob), context));
  CT_ARRIVED(room.data, room.len);
}

static void seal_triples(void) {
  if (ct_engine_counts_openly()) {
    return;
  }
  SECRET(key, BULLA_KEY_LEN);
  for (size_t i = 0; i < NUM_LENS; i++) {
    SECRET(plaintext, lens[i]);
    SECRET(opened, lens[i]);
    uint8_t digits[2 * MAX_LEN + 80];
    struct bulla_buffer text = bulla_buffer(digits, sizeof(digits));
    struct bulla_buffer room = room_in(opened);
    CT_OK(bulla_triple_seal(key, &text, bulla_secret_bytes(plaintext)));
    CT_OK(bulla_triple_open(key, &room, bulla_written(&text), NULL));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
    digits[40] = digits[40] == '0' ? '1' : '0';
    CT_ASSERT(bulla_triple_open(key, &room, bulla_written(&text), NULL) == BULLA_REFUSED);
  }
}

static void encrypt_jwe(void) {
  static const struct {
    enum bulla_jwe_enc enc;
    size_t key_len;
  } encs[] = {{BULLA_JWE_A128GCM, 16}, {BULLA_JWE_A192GCM, 24}, {BULLA_JWE_A256GCM, 32}};
  for (size_t i = 0; i < 3 * NUM_LENS; i++) {
    size_t len = lens[i / 3];
    SECRET(material, encs[i % 3].key_len);
    SECRET(plaintext, len);
    SECRET(opened, len);
    struct bulla_jwe_key *key BULLA_CLEANUP(bulla_jwe_key_free) = NULL;
    uint8_t digits[2 * MAX_LEN];
    struct bulla_buffer token = bulla_buffer(digits, sizeof(digits));
    struct bulla_buffer room = room_in(opened);
    CT_OK(bulla_jwe_key_new(&key, BULLA_JWE_DIR, encs[i % 3].enc, material, context));
    CT_OK(bulla_jwe_encrypt(key, &token, bulla_secret_bytes(plaintext)));
    CT_OK(bulla_jwe_decrypt(key, &room, bulla_written(&token)));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
    digits[token.len - 1] = digits[token.len - 1] == 'A' ? 'Q' : 'A';
    CT_ASSERT(bulla_jwe_decrypt(key, &room, bulla_written(&token)) == BULLA_REFUSED);
  }
}

static void sign(void) {
  SECRET(seed, BULLA_SIGNATURE_SEED_LEN);
  uint8_t public_key[BULLA_SIGNATURE_PUBLIC_LEN];
  uint8_t signature[BULLA_SIGNATURE_LEN];
  CT_OK(bulla_signature_public(public_key, seed));
  for (size_t i = 0; i < NUM_LENS; i++) {
    SECRET(message, lens[i]);
    CT_OK(bulla_signature_sign(signature, seed, bulla_secret_bytes(message)));
    CT_ASSERT(!ct_is_secret(signature, sizeof(signature)));
  }
  CT_OK(bulla_signature_sign(signature, seed, context));
  CT_OK(bulla_signature_verify(public_key, signature, context));
}

/* Behind the seed is the public key, which the curve has made of it. */
static void expand_a_seed(void) {
  SECRET(seed, BULLA_SIGNATURE_SEED_LEN);
  SECRET(key, BULLA_ED25519_KEY_LEN);
  uint8_t public_key[BULLA_SIGNATURE_PUBLIC_LEN];
  ct_declassify(bulla_secret_data(key), BULLA_ED25519_KEY_LEN);
  CT_OK(bulla_ed25519_expand(bulla_secret_data(key), public_key, bulla_secret_data(seed)));
  CT_ARRIVED(bulla_secret_data(key), BULLA_SIGNATURE_SEED_LEN);
  CT_ARRIVED(bulla_secret_data(key) + BULLA_SIGNATURE_SEED_LEN, BULLA_SIGNATURE_PUBLIC_LEN);
}

static void seal_boxes(void) {
  SECRET(private_key, BULLA_BOX_PRIVATE_LEN);
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN];
  CT_OK(bulla_box_public(public_key, private_key));
  for (size_t i = 0; i < NUM_LENS; i++) {
    SECRET(plaintext, lens[i]);
    struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
    uint8_t room[MAX_LEN + BULLA_BOX_OVERHEAD];
    struct bulla_buffer sealed = bulla_buffer(room, sizeof(room));
    CT_OK(bulla_box_seal(&sealed, public_key, bulla_secret_bytes(plaintext), context));
    CT_ASSERT(!ct_is_secret(sealed.data, sealed.len));
    CT_OK(bulla_box_open(&opened, private_key, bulla_written(&sealed), context));
    CT_ASSERT(lens[i] == 0 || ct_is_secret(bulla_secret_data(opened), lens[i]));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
    bulla_secret_free(&opened);
    CT_ASSERT(bulla_box_open(&opened, private_key, bulla_written(&sealed), nothing) == BULLA_REFUSED);
  }
}

static void sign_with_a_key(void) {
  SECRET(seed, BULLA_KEY_LEN);
  struct bulla_signing_key *key BULLA_CLEANUP(bulla_signing_key_free) = NULL;
  uint8_t room[BULLA_SIGNATURE_LEN];
  CT_OK(bulla_signing_key_new(&key, seed));
  CT_ASSERT(!ct_is_secret(bulla_signing_key_public(key).data, BULLA_KEY_LEN));
  for (size_t i = 0; i < NUM_LENS; i++) {
    SECRET(message, lens[i]);
    struct bulla_buffer signature = bulla_buffer(room, sizeof(room));
    CT_OK(bulla_sign(key, &signature, bulla_secret_bytes(message)));
    CT_ASSERT(!ct_is_secret(room, sizeof(room)));
  }
}

static void seal_to_a_public_key(void) {
  SECRET(private_key, BULLA_KEY_LEN);
  struct bulla_box_key *key BULLA_CLEANUP(bulla_box_key_free) = NULL;
  CT_OK(bulla_box_key_new(&key, private_key));
  for (size_t i = 0; i < NUM_LENS; i++) {
    SECRET(plaintext, lens[i]);
    SECRET(opened, lens[i]);
    uint8_t room[18 + MAX_LEN + BULLA_BOX_OVERHEAD];
    struct bulla_buffer blob = bulla_buffer(room, sizeof(room));
    struct bulla_buffer out = room_in(opened);
    CT_OK(bulla_boxed_seal(&blob, bulla_box_key_public(key), bulla_secret_bytes(plaintext), context));
    CT_ASSERT(!ct_is_secret(blob.data, blob.len));
    CT_OK(bulla_boxed_open(key, &out, bulla_written(&blob), context));
    CT_ASSERT(lens[i] == 0 || ct_is_secret(out.data, out.len));
    CT_ASSERT(bulla_secret_equal(bulla_secret_bytes(plaintext), bulla_secret_bytes(opened)));
    CT_ASSERT(bulla_boxed_open(key, &out, bulla_written(&blob), nothing) == BULLA_REFUSED);
  }
}

#define VERDICT "whether it was authentic: the status says so"
#define EQUAL "whether they are equal: the result says so"

const struct ct_call ct_core_calls[] = {
    {"bulla_secret_new bulla_secret_copy bulla_secret_expand bulla_secret_data bulla_secret_bytes "
     "bulla_secret_truncate bulla_secret_free bulla_wipe",
     "the bytes", "nothing", handle_secrets},
    {"bulla_secret_equal", "both sides", EQUAL, compare},
    {"bulla_slab_new bulla_slab_free bulla_slab_borrow bulla_slab_give_back", "the slot", "nothing", use_slots},
    {"bulla_secret_random bulla_random bulla_nonce", "what was drawn", "nothing", draw},
    {"bulla_put bulla_put_byte bulla_put_prefixed bulla_take bulla_take_byte bulla_writer_finish bulla_fail",
     "the bytes", "nothing", write_with_a_cursor},
    {"bulla_hkdf_extract bulla_hkdf_expand bulla_hmac bulla_sha256", "key and message", "nothing", hash},
    {"bulla_hex_encode bulla_hex_decode bulla_base64url_encode_secret bulla_base64url_decode_secret",
     "bytes and digits", "whether all were digits: the result says so", write_digits},
    {"bulla_hex_decode bulla_base64url_decode_secret bulla_base64_decode_secret", "characters that are no digits",
     "whether all were digits: the result says so", read_what_is_no_digit},
    {"bulla_aead_new bulla_aead_free bulla_aead_seal bulla_aead_open bulla_aead_seal_bound bulla_aead_open_bound "
     "bulla_aead_unwrap",
     "key and plaintext", "ciphertext and tag: they are made to be seen; " VERDICT, run_engine},
    {"bulla_xaes_new bulla_xaes_free bulla_xaes_seal bulla_xaes_open", "key and plaintext",
     "ciphertext and tag: they are made to be seen; " VERDICT, run_xaes},
    {"bulla_key_new bulla_key_id_of bulla_key_free bulla_seal bulla_seal_many bulla_blob_seal bulla_aead_seal_on "
     "bulla_open",
     "key and plaintext", "the key's id, which stands in every blob; the blob; " VERDICT, seal_blobs},
    {"bulla_ring_add bulla_ring_open bulla_ring_free", "key and plaintext",
     "the key's id, which stands in every blob; the blob; " VERDICT, open_with_a_ring},
    {"bulla_triple_seal bulla_triple_open", "key and plaintext", "the triple; " VERDICT, seal_triples},
    {"bulla_jwe_key_new bulla_jwe_key_free bulla_jwe_encrypt bulla_jwe_decrypt", "key and plaintext",
     "the token; " VERDICT, encrypt_jwe},
    {"bulla_signature_public bulla_signature_sign bulla_ed25519_sign", "seed and message",
     "the public key and the signature: they are made to be seen", sign},
    {"bulla_signing_key_new bulla_signing_key_free bulla_sign", "seed and message",
     "the public key and the signature: they are made to be seen", sign_with_a_key},
    {"bulla_ed25519_expand", "the seed", "the public key: it is made to be seen", expand_a_seed},
    {"bulla_box_public bulla_box_seal bulla_box_open bulla_x25519_public bulla_hpke_seal bulla_hpke_open",
     "private key and plaintext",
     "the public key and the box: they are made to be seen; whether the encapsulated key is of small order, "
     "and " VERDICT,
     seal_boxes},
    {"bulla_box_key_new bulla_box_key_free bulla_boxed_seal bulla_boxed_open bulla_hpke_key_new bulla_hpke_key_free "
     "bulla_hpke_open_with",
     "private key and plaintext", "the public key, its id and the blob: they are made to be seen; " VERDICT,
     seal_to_a_public_key},
    {0},
};
