/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Makes a key pair, encrypts for its public part, and decrypts with the private one.
 *
 *   cc jose.c $(pkg-config --cflags --libs bulla) -o jose && ./jose
 *
 * A real program reads the private JWK into locked memory, by bulla_secret_open, and keeps the key it makes of it. */

#include <bulla/jose.h>
#include <stdio.h>

/* Returns from the function if |call| fails. */
#define TRY(call)                       \
  do {                                  \
    enum bulla_status status_ = (call); \
    if (status_ != BULLA_OK) {          \
      return status_;                   \
    }                                   \
  } while (0)

/* Makes a key pair, and the JSON of its public part, which is for everybody. */
static enum bulla_status make_pair(struct bulla_jwk **pair, struct bulla_buffer *public_json) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  options.alg = BULLA_JWE_ECDH_ES_A256KW;
  TRY(bulla_jwk_generate(pair, &options));
  return bulla_jwk_write_public(public_json, *pair);
}

/* Encrypts |text| for whoever has the private part of |jwk|. */
static enum bulla_status encrypt(struct bulla_buffer *token, const struct bulla_jwk *jwk, struct bulla_span text) {
  struct bulla_jwe_key *key = NULL;
  enum bulla_status status = bulla_jwe_key_from_jwk(&key, jwk, BULLA_JWE_ECDH_ES_A256KW, BULLA_JWE_A256GCM);
  if (status == BULLA_OK) {
    status = bulla_jwe_encrypt(key, token, text);
  }
  bulla_jwe_key_free(&key);
  return status;
}

/* Decrypts |token| to |plaintext|, which lies in locked memory. */
static enum bulla_status decrypt(struct bulla_secret **plaintext, const struct bulla_jwk *jwk,
                                 struct bulla_span token) {
  struct bulla_jwe_key *key = NULL;
  TRY(bulla_secret_new(plaintext, token.len));
  struct bulla_buffer room = bulla_buffer(bulla_secret_data(*plaintext), token.len);
  enum bulla_status status = bulla_jwe_key_from_jwk(&key, jwk, BULLA_JWE_ECDH_ES_A256KW, BULLA_JWE_A256GCM);
  if (status == BULLA_OK) {
    status = bulla_jwe_decrypt(key, &room, token);
  }
  bulla_jwe_key_free(&key);
  bulla_secret_truncate(*plaintext, room.len);
  return status;
}

static enum bulla_status run(struct bulla_jwk **pair, struct bulla_jwk **public_half, struct bulla_secret **plaintext) {
  static uint8_t json_room[BULLA_JWK_MAX];
  uint8_t token_room[1024];
  struct bulla_buffer json = bulla_buffer(json_room, sizeof(json_room));
  struct bulla_buffer token = bulla_buffer(token_room, sizeof(token_room));
  TRY(make_pair(pair, &json));
  TRY(bulla_jwk_parse(public_half, bulla_written(&json)));
  TRY(encrypt(&token, *public_half, bulla_text("see you at nine")));
  TRY(decrypt(plaintext, *pair, bulla_written(&token)));
  struct bulla_span text = bulla_secret_bytes(*plaintext);
  printf("%.*s\n", (int)text.len, (const char *)text.data);

  token_room[token.len - 1] ^= 1; /* another tag */
  bulla_secret_free(plaintext);
  printf("damaged: %s\n", bulla_status_name(decrypt(plaintext, *pair, bulla_written(&token))));
  return BULLA_OK;
}

int main(void) {
  struct bulla_jwk *pair = NULL;
  struct bulla_jwk *public_half = NULL;
  struct bulla_secret *plaintext = NULL;
  enum bulla_status status = run(&pair, &public_half, &plaintext);
  bulla_jwk_free(&pair);
  bulla_jwk_free(&public_half);
  bulla_secret_free(&plaintext);
  if (status != BULLA_OK) {
    fprintf(stderr, "jose: %s\n", bulla_status_text(status));
  }
  return (int)bulla_status_class(status);
}
