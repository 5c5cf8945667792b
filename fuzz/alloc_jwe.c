/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The calls of fuzz/alloc_calls.h that are of JWE: keys of four managements, and one of RSA. */

#include <bulla/jose.h>

#include "core/cleanup.h"
#include "fuzz/alloc_calls.h"

enum { ROOM = 4096, NUM_KEYS = 4 };

/* What the calls need, made without faults. */
static struct {
  struct bulla_jwk *jwk;
  struct bulla_jwe_key *keys[NUM_KEYS];
  struct bulla_buffer jwe;
} kit;

static const enum bulla_jwe_alg algs[NUM_KEYS] = {BULLA_JWE_ECDH_ES_A128KW, BULLA_JWE_A256GCMKW, BULLA_JWE_A128KW,
                                                  BULLA_JWE_RSA_OAEP_256};

static enum bulla_status generate(struct bulla_jwk **jwk, enum bulla_jwe_alg alg) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  options.alg = alg;
  options.bits = alg == BULLA_JWE_RSA_OAEP_256 ? 2048 : 0;
  options.curve = alg == BULLA_JWE_ECDH_ES_A128KW ? "P-256" : NULL;
  return bulla_jwk_generate(jwk, &options);
}

void fuzz_jwe_set_up(void) {
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  for (size_t i = 0; i < NUM_KEYS; i++) {
    bulla_jwk_free(&kit.jwk);
    FUZZ_ASSERT(generate(&kit.jwk, algs[i]) == BULLA_OK);
    FUZZ_ASSERT(bulla_jwe_key_from_jwk(&kit.keys[i], kit.jwk, 0, BULLA_JWE_A128CBC_HS256) == BULLA_OK);
  }
  options.form = BULLA_JWE_GENERAL;
  options.aad = BULLA_LITERAL("more");
  kit.jwe = bulla_buffer(fuzz_alloc(ROOM), ROOM);
  FUZZ_ASSERT(bulla_jwe_encrypt_for(kit.keys, NUM_KEYS, &kit.jwe, BULLA_LITERAL("secret"), &options) == BULLA_OK);
}

/* Through PEM and back. */
enum bulla_status fuzz_jwk_rsa(void) {
  struct bulla_jwk *again BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_secret *pem BULLA_CLEANUP(bulla_secret_free) = NULL;
  TRY_MADE(bulla_jwk_to_pem(&pem, kit.jwk, false), pem);
  TRY_MADE(bulla_jwk_from_pem(&again, bulla_secret_bytes(pem)), again);
  return BULLA_OK;
}

enum bulla_status fuzz_jwe_keys(void) {
  static const enum bulla_jwe_alg quick[] = {BULLA_JWE_A192KW, BULLA_JWE_ECDH_ES_A128KW, BULLA_JWE_ECDH_ES_A256KW};
  for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++) {
    struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
    struct bulla_jwe_key *key BULLA_CLEANUP(bulla_jwe_key_free) = NULL;
    TRY_MADE(generate(&jwk, quick[i]), jwk);
    TRY_MADE(bulla_jwe_key_from_jwk(&key, jwk, 0, BULLA_JWE_A256GCM), key);
  }
  return BULLA_OK;
}

enum bulla_status fuzz_jwe_encrypt(void) {
  uint8_t room[ROOM];
  struct bulla_buffer jwe = fuzz_room_in(room, sizeof(room));
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = BULLA_JWE_GENERAL;
  options.aad = BULLA_LITERAL("more");
  return fuzz_check_output(bulla_jwe_encrypt_for(kit.keys, NUM_KEYS, &jwe, BULLA_LITERAL("secret"), &options), &jwe,
                           bulla_span(NULL, 0));
}

/* Each recipient decrypts. */
enum bulla_status fuzz_jwe_decrypt(void) {
  for (size_t i = 0; i < NUM_KEYS; i++) {
    uint8_t room[ROOM];
    struct bulla_buffer plaintext = fuzz_room_in(room, sizeof(room));
    BULLA_TRY(fuzz_check_output(bulla_jwe_decrypt_any(kit.keys[i], &plaintext, NULL, bulla_written(&kit.jwe)),
                                &plaintext, BULLA_LITERAL("secret")));
  }
  return BULLA_OK;
}
