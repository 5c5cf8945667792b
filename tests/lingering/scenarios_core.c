/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The calls of bulla/core.h. */

#include <bulla/jose.h>

#include "core/box.h"
#include "core/hex.h"
#include "core/signature.h"
#include "tests/lingering/child.h"

static const struct bulla_span context = {(const uint8_t *)"context", 7};

static void secrets(void) {
  struct bulla_secret *from = new_secret(SECRET_KEY, "secret", BULLA_KEY_LEN);
  struct bulla_secret *copy = NULL;
  struct bulla_secret *drawn = NULL;
  struct bulla_secret *expanded = NULL;
  bool equal;
  CHECK_OK("bulla_secret_copy", bulla_secret_copy(&copy, bulla_secret_bytes(from)));
  CHECK_OK("bulla_secret_random", bulla_secret_random(&drawn, BULLA_KEY_LEN));
  CHECK_OK("bulla_secret_expand", bulla_secret_expand(&expanded, from, context));
  tell(SECRET_KEY, "expanded", bulla_secret_bytes(expanded));
  CHECK(CHECK_LIVE, "bulla_secret_equal",
        equal = bulla_secret_equal(bulla_secret_bytes(from), bulla_secret_bytes(copy)));
  ASSERT(equal);
  CHECK(CHECK_LIVE, "bulla_secret_truncate", bulla_secret_truncate(copy, 8));
  bulla_secret_free(&copy);
  bulla_secret_free(&drawn);
  bulla_secret_free(&expanded);
  CHECK(CHECK_FREED, "bulla_secret_free", bulla_secret_free(&from));
}

static void seal_and_open(enum bulla_suite suite) {
  uint8_t room[512];
  struct bulla_buffer blob = bulla_buffer(room, sizeof(room));
  struct bulla_secret *material = new_secret(SECRET_MATERIAL, "material", BULLA_KEY_LEN);
  struct bulla_secret *plaintext = new_secret(SECRET_TEXT, "plaintext", 200);
  struct bulla_secret *opened = NULL;
  struct bulla_key *key = NULL;
  ASSERT(bulla_secret_new(&opened, 200) == BULLA_OK);
  struct bulla_buffer out = room_in(opened);
  CHECK_OK("bulla_key_new", bulla_key_new(&key, suite, material));
  CHECK_OK("bulla_seal", bulla_seal(key, &blob, bulla_secret_bytes(plaintext), context));
  tell_blob(bulla_written(&blob));
  CHECK_OK("bulla_open", bulla_open(key, &out, bulla_written(&blob), context));
  /* A forged one: what it would have been must not show. */
  room[60] ^= 1;
  CHECK_STATUS("bulla_open of a forged blob", bulla_open(key, &out, bulla_written(&blob), context), BULLA_REFUSED);
  room[60] ^= 1;
  struct bulla_ring *ring = NULL;
  ASSERT(bulla_ring_new(&ring, 1) == BULLA_OK && bulla_ring_add(ring, &key) == BULLA_OK);
  CHECK_OK("bulla_ring_open", bulla_ring_open(ring, &out, bulla_written(&blob), context));
  bulla_secret_free(&opened);
  bulla_secret_free(&plaintext);
  bulla_secret_free(&material);
  CHECK(CHECK_FREED, "bulla_ring_free, bulla_key_free", bulla_ring_free(&ring));
}

/* What is left of one message may be cleared with the next, but of the last one too. */
static void seal_many(enum bulla_suite suite) {
  enum { NUM = 2, LEN = 110 };
  static uint8_t rooms[NUM][LEN + 64];
  struct bulla_buffer blobs[NUM];
  struct bulla_span plaintexts[NUM];
  size_t failed;
  struct bulla_secret *material = new_secret(SECRET_MATERIAL, "material", BULLA_KEY_LEN);
  struct bulla_secret *plaintext = new_secret(SECRET_TEXT, "plaintexts", NUM * LEN);
  struct bulla_key *key = NULL;
  ASSERT(bulla_key_new(&key, suite, material) == BULLA_OK);
  for (size_t i = 0; i < NUM; i++) {
    blobs[i] = bulla_buffer(rooms[i], sizeof(rooms[i]));
    plaintexts[i] = bulla_span(bulla_secret_bytes(plaintext).data + i * LEN, LEN);
  }
  CHECK_OK("bulla_seal_many", bulla_seal_many(key, blobs, &failed, plaintexts, NULL, NUM));
  for (size_t i = 0; i < NUM; i++) {
    tell(SECRET_TEXT, "plaintext", plaintexts[i]);
    tell_blob(bulla_written(&blobs[i]));
  }
  bulla_secret_free(&plaintext);
  bulla_secret_free(&material);
  CHECK(CHECK_FREED, "bulla_key_free, after a batch", bulla_key_free(&key));
}

static void aes_gcm(void) {
  seal_and_open(BULLA_AES_256_GCM);
  seal_many(BULLA_AES_256_GCM);
}

static void xaes_gcm(void) {
  seal_and_open(BULLA_XAES_256_GCM);
  seal_many(BULLA_XAES_256_GCM);
}

/* The last block is not whole: engines keep its key stream for what may come. */
static void triples(void) {
  enum { LEN = 110 };
  uint8_t ciphertext[LEN];
  uint8_t iv[16];
  uint8_t room[512];
  struct bulla_buffer text = bulla_buffer(room, sizeof(room));
  struct bulla_secret *key = new_secret(SECRET_KEY, "key", BULLA_KEY_LEN);
  struct bulla_secret *plaintext = new_secret(SECRET_TEXT, "plaintext", LEN);
  struct bulla_secret *opened = NULL;
  ASSERT(bulla_secret_new(&opened, LEN) == BULLA_OK);
  struct bulla_buffer out = room_in(opened);
  CHECK_OK("bulla_triple_seal", bulla_triple_seal(key, &text, bulla_secret_bytes(plaintext)));
  ASSERT(bulla_hex_decode(ciphertext, bulla_span(text.data + text.len - 2 * LEN, 2 * LEN)));
  tell(CIPHERTEXT, "", bulla_span(ciphertext, LEN));
  ASSERT(bulla_hex_decode(iv, bulla_span(text.data, 2 * sizeof(iv))));
  tell(LONG_NONCE, "", bulla_span(iv, sizeof(iv)));
  CHECK_OK("bulla_triple_open", bulla_triple_open(key, &out, bulla_written(&text), NULL));
  room[90] = room[90] == '0' ? '1' : '0';
  CHECK_STATUS("bulla_triple_open, forged", bulla_triple_open(key, &out, bulla_written(&text), NULL), BULLA_REFUSED);
  bulla_secret_free(&opened);
  bulla_secret_free(&plaintext);
  CHECK(CHECK_FREED, "all is freed", bulla_secret_free(&key));
}

static void encrypt_with(enum bulla_jwe_enc enc, size_t key_len) {
  uint8_t room[1024];
  struct bulla_buffer token = bulla_buffer(room, sizeof(room));
  struct bulla_secret *material = new_secret(SECRET_KEY, "key", key_len);
  struct bulla_secret *plaintext = new_text("plaintext", 300);
  struct bulla_secret *opened = NULL;
  struct bulla_jwe_key *key = NULL;
  ASSERT(bulla_secret_new(&opened, 400) == BULLA_OK);
  struct bulla_buffer out = room_in(opened);
  CHECK_OK("bulla_jwe_key_new", bulla_jwe_key_new(&key, BULLA_JWE_DIR, enc, material, context));
  CHECK_OK("bulla_jwe_encrypt", bulla_jwe_encrypt(key, &token, bulla_secret_bytes(plaintext)));
  CHECK_OK("bulla_jwe_decrypt", bulla_jwe_decrypt(key, &out, bulla_written(&token)));
  room[token.len - 60] = room[token.len - 60] == 'A' ? 'B' : 'A';
  CHECK_STATUS("bulla_jwe_decrypt, forged", bulla_jwe_decrypt(key, &out, bulla_written(&token)), BULLA_REFUSED);
  bulla_secret_free(&opened);
  bulla_secret_free(&plaintext);
  bulla_secret_free(&material);
  CHECK(CHECK_FREED, "bulla_jwe_key_free", bulla_jwe_key_free(&key));
}

static void jwe(void) {
  encrypt_with(BULLA_JWE_A128GCM, 16);
  encrypt_with(BULLA_JWE_A192GCM, 24);
  encrypt_with(BULLA_JWE_A256GCM, 32);
}

/* The seed in the words of its hash, the scalar, the nonce: any of them is the private key. */
static void signatures(void) {
  uint8_t public_key[BULLA_SIGNATURE_PUBLIC_LEN];
  uint8_t signature[BULLA_SIGNATURE_LEN];
  struct bulla_secret *seed = new_secret(SECRET_SEED, "seed", BULLA_SIGNATURE_SEED_LEN);
  CHECK_OK("bulla_signature_public", bulla_signature_public(public_key, seed));
  tell(MESSAGE, "", context);
  CHECK_OK("bulla_signature_sign", bulla_signature_sign(signature, seed, context));
  CHECK_OK("bulla_signature_verify", bulla_signature_verify(public_key, signature, context));
  CHECK(CHECK_FREED, "all is freed", bulla_secret_free(&seed));
}

static void signing_keys(void) {
  uint8_t room[BULLA_SIGNATURE_LEN];
  struct bulla_buffer signature = bulla_buffer(room, sizeof(room));
  struct bulla_secret *seed = new_secret(SECRET_SEED, "seed", BULLA_KEY_LEN);
  struct bulla_signing_key *key = NULL;
  CHECK_OK("bulla_signing_key_new", bulla_signing_key_new(&key, seed));
  bulla_secret_free(&seed);
  tell(MESSAGE, "", context);
  CHECK_OK("bulla_sign", bulla_sign(key, &signature, context));
  CHECK_OK("bulla_verify", bulla_verify(bulla_signing_key_public(key), bulla_written(&signature), context));
  CHECK(CHECK_FREED, "bulla_signing_key_free", bulla_signing_key_free(&key));
}

/* What a box is sealed with is known once it is there: the stop after it looks for that. */
static void boxes(void) {
  enum { LEN = 110 };
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN];
  uint8_t room[LEN + BULLA_BOX_OVERHEAD];
  struct bulla_buffer sealed = bulla_buffer(room, sizeof(room));
  struct bulla_span info = BULLA_LITERAL(BOX_INFO);
  struct bulla_secret *plaintext = new_secret(SECRET_TEXT, "plaintext", LEN);
  struct bulla_secret *private_key = new_secret(SECRET_PRIVATE, "private key", BULLA_BOX_PRIVATE_LEN);
  struct bulla_secret *opened = NULL;
  CHECK_OK("bulla_box_public", bulla_box_public(public_key, private_key));
  CHECK_OK("bulla_box_seal", bulla_box_seal(&sealed, public_key, bulla_secret_bytes(plaintext), info));
  tell(BOX, "", bulla_written(&sealed));
  tell(CIPHERTEXT, "", bulla_span(room + BULLA_BOX_PUBLIC_LEN, LEN));
  CHECK(CHECK_LIVE, "bulla_box_seal, its keys", (void)0);
  CHECK_OK("bulla_box_open", bulla_box_open(&opened, private_key, bulla_written(&sealed), info));
  bulla_secret_free(&opened);
  room[60] ^= 1;
  CHECK_STATUS("bulla_box_open, forged", bulla_box_open(&opened, private_key, bulla_written(&sealed), info),
               BULLA_REFUSED);
  bulla_secret_free(&plaintext);
  CHECK(CHECK_FREED, "all is freed", bulla_secret_free(&private_key));
}

static void boxed_blobs(void) {
  enum { LEN = 110, HEADER = 2 + BULLA_KEY_ID_LEN };
  uint8_t room[HEADER + LEN + BULLA_BOX_OVERHEAD];
  struct bulla_buffer blob = bulla_buffer(room, sizeof(room));
  struct bulla_secret *plaintext = new_secret(SECRET_TEXT, "plaintext", LEN);
  struct bulla_secret *private_key = new_secret(SECRET_PRIVATE, "private key", BULLA_KEY_LEN);
  struct bulla_secret *opened = NULL;
  struct bulla_box_key *key = NULL;
  ASSERT(bulla_secret_new(&opened, LEN) == BULLA_OK);
  struct bulla_buffer out = room_in(opened);
  CHECK_OK("bulla_box_key_new", bulla_box_key_new(&key, private_key));
  bulla_secret_free(&private_key);
  CHECK_OK("bulla_boxed_seal",
           bulla_boxed_seal(&blob, bulla_box_key_public(key), bulla_secret_bytes(plaintext), context));
  tell(BOXED, "", bulla_written(&blob));
  tell(CIPHERTEXT, "", bulla_span(room + HEADER + BULLA_BOX_PUBLIC_LEN, LEN));
  CHECK(CHECK_LIVE, "bulla_boxed_seal, its keys", (void)0);
  CHECK_OK("bulla_boxed_open", bulla_boxed_open(key, &out, bulla_written(&blob), context));
  room[80] ^= 1;
  CHECK_STATUS("bulla_boxed_open, forged", bulla_boxed_open(key, &out, bulla_written(&blob), context), BULLA_REFUSED);
  bulla_secret_free(&opened);
  bulla_secret_free(&plaintext);
  CHECK(CHECK_FREED, "bulla_box_key_free", bulla_box_key_free(&key));
}

const struct scenario core_scenarios[] = {
    {"secrets", secrets},
    {"aes256gcm", aes_gcm},
    {"xaes256gcm", xaes_gcm},
    {"triples", triples},
    {"jwe", jwe},
    {"signatures", signatures},
    {"boxes", boxes},
    {"signing_keys", signing_keys},
    {"boxed_blobs", boxed_blobs},
    {0},
};
