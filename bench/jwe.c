/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE with a key that is there: each pair of "alg" and "enc", compact. And how the time goes with the length, of the
 * compact and of the JSON forms. */

#include <bulla/jose.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/jwe_case.h"

enum { COMPACT, FLATTENED, GENERAL, NUM_RECIPIENTS = BULLA_JWE_MAX_RECIPIENTS };

struct calls {
  enum bulla_jwe_form form;
  size_t num_keys;
  struct bulla_jwe_key *keys[NUM_RECIPIENTS]; /* the last one decrypts */
  char *text;
  struct bulla_span plaintext;
  struct bulla_buffer token;
  struct bulla_buffer decrypted;
};

static const char *run_encrypt(void *state) {
  struct calls *calls = state;
  return bench_result(bulla_jwe_encrypt(calls->keys[0], &calls->token, calls->plaintext));
}

static const char *run_decrypt(void *state) {
  struct calls *calls = state;
  return bench_result(bulla_jwe_decrypt(calls->keys[0], &calls->decrypted, bulla_written(&calls->token)));
}

static const char *run_encrypt_for(void *state) {
  struct calls *calls = state;
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = calls->form;
  return bench_result(bulla_jwe_encrypt_for(calls->keys, calls->num_keys, &calls->token, calls->plaintext, &options));
}

static const char *run_decrypt_any(void *state) {
  struct calls *calls = state;
  return bench_result(
      bulla_jwe_decrypt_any(calls->keys[calls->num_keys - 1], &calls->decrypted, NULL, bulla_written(&calls->token)));
}

static void tear_down(void *state) {
  struct calls *calls = state;
  for (size_t i = 0; i < NUM_RECIPIENTS; i++) {
    bulla_jwe_key_free(&calls->keys[i]);
  }
  free(calls->text);
  free(calls->token.data);
  free(calls->decrypted.data);
  free(calls);
}

/* make_plaintext has the claims that the peers have where the length is theirs. */
static bool make_plaintext(struct calls *calls, size_t len) {
  calls->text = malloc(len + 1);
  calls->token = bulla_buffer(malloc(BULLA_JWE_MAX), BULLA_JWE_MAX);
  calls->decrypted = bulla_buffer(malloc(BULLA_JWE_MAX), BULLA_JWE_MAX);
  calls->plaintext = bulla_span(calls->text, len);
  if (calls->text == NULL || calls->token.data == NULL || calls->decrypted.data == NULL) {
    return false;
  }
  memset(calls->text, 'x', len);
  return len != BENCH_CLAIMS_LEN || bench_claims_json(calls->text, time(NULL));
}

/* make_keys has the same key as often as there are recipients, each with another "kid" if they are several. */
static const char *make_keys(struct calls *calls, const struct bench *bench) {
  struct bench_jwe_case jwe;
  struct bulla_jwk *jwk = NULL;
  if (!bench_jwe_case(&jwe, bench)) {
    return "there is no such case";
  }
  calls->num_keys = bench->variant == GENERAL ? NUM_RECIPIENTS : 1;
  enum bulla_status status = BULLA_OK;
  for (size_t i = 0; status == BULLA_OK && i < calls->num_keys; i++) {
    char json[256];
    const char *text = jwe.key->json;
    if (calls->num_keys > 1) {
      (void)snprintf(json, sizeof(json), "{\"kid\":\"recipient %zu\",%s", i, text + 1);
      text = json;
    }
    status = bulla_jwk_parse(&jwk, bench_text(text));
    if (status == BULLA_OK) {
      status = bulla_jwe_key_from_jwk(&calls->keys[i], jwk, bulla_jwe_alg_named(bench_text(jwe.alg)),
                                      bulla_jwe_enc_named(bench_text(jwe.enc)));
    }
    bulla_jwk_free(&jwk);
  }
  return bench_result(status);
}

/* try_once leaves a token for the rows that decrypt. */
static const char *try_once(struct calls *calls, const struct bench *bench) {
  const char *error = bench->variant == COMPACT ? run_encrypt(calls) : run_encrypt_for(calls);
  if (error == NULL) {
    error = bench->variant == COMPACT ? run_decrypt(calls) : run_decrypt_any(calls);
  }
  if (error == NULL && (calls->decrypted.len != calls->plaintext.len ||
                        memcmp(calls->decrypted.data, calls->plaintext.data, calls->plaintext.len) != 0)) {
    error = "another plaintext";
  }
  return error;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct calls *calls = calloc(1, sizeof(*calls));
  if (calls == NULL) {
    return "no memory";
  }
  static const enum bulla_jwe_form forms[] = {
      [COMPACT] = BULLA_JWE_COMPACT, [FLATTENED] = BULLA_JWE_FLATTENED, [GENERAL] = BULLA_JWE_GENERAL};
  calls->form = forms[bench->variant];
  const char *error = make_plaintext(calls, bench->size) ? make_keys(calls, bench) : "no memory";
  if (error == NULL) {
    error = try_once(calls, bench);
  }
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

#define JWE_ROW(name, size, variant, run) \
  { name, size, variant, false, false, set_up, run, tear_down }
#define ROW(alg, enc)                                                             \
  JWE_ROW("jwe/" alg "/" enc "/encrypt", BENCH_CLAIMS_LEN, COMPACT, run_encrypt), \
      JWE_ROW("jwe/" alg "/" enc "/decrypt", BENCH_CLAIMS_LEN, COMPACT, run_decrypt)
#define LONGER(name, variant, run) \
  JWE_ROW(name, 2330, variant, run), JWE_ROW(name, 23300, variant, run), JWE_ROW(name, 233000, variant, run)
#define JSON_ROW(name, variant)                                                            \
  JWE_ROW("jwe/A256KW/A256GCM/encrypt_" name, BENCH_CLAIMS_LEN, variant, run_encrypt_for), \
      JWE_ROW("jwe/A256KW/A256GCM/decrypt_" name, BENCH_CLAIMS_LEN, variant, run_decrypt_any)

struct bench_table bench_jwe(void) {
  static const struct bench benches[] = {
      BENCH_JWE_DIR(ROW),
      BENCH_JWE_AES_KW(ROW),
      BENCH_JWE_GCM_KW(ROW),
      BENCH_JWE_ECDH_NIST(ROW),
      BENCH_JWE_ECDH_X25519(ROW),
      BENCH_JWE_ECDH_KW(ROW),
      BENCH_JWE_RSA_SHA1(ROW),
      BENCH_JWE_RSA_SHA256(ROW),
      ROW("draft-HPKE-X25519-HKDF-SHA256-A256GCM:X25519", "none"),
      LONGER("jwe/dir/A256GCM/decrypt", COMPACT, run_decrypt),
      LONGER("jwe/dir/A128CBC-HS256/decrypt", COMPACT, run_decrypt),
      JSON_ROW("flattened", FLATTENED),
      LONGER("jwe/A256KW/A256GCM/decrypt_flattened", FLATTENED, run_decrypt_any),
      JSON_ROW("general", GENERAL),
  };
  return BENCH_TABLE(benches);
}
