/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla, by its public headers: a driver of tests/interop/line.h. */

#include <bulla/jose.h>
#include <stdlib.h>
#include <string.h>

#include "tests/interop/line.h"

enum { MOST_KEYS = 4 };

static struct bulla_span text_of(json_t *request, const char *name) {
  const char *text = line_text(request, name);
  return bulla_span(text, strlen(text));
}

static json_t *refused(enum bulla_status status) {
  return line_why(bulla_status_text(status));
}

/* A buffer of |size| bytes, which the caller frees. */
static struct bulla_buffer room(size_t size) {
  return bulla_buffer(malloc(size + 1), size);
}

static enum bulla_status import(struct bulla_jwe_key **key, json_t *jwk, const char *alg, json_t *request) {
  char *text = json_dumps(jwk, JSON_COMPACT);
  struct bulla_jwk *parsed = NULL;
  enum bulla_status status = bulla_jwk_parse(&parsed, bulla_span(text, strlen(text)));
  if (status == BULLA_OK) {
    status = bulla_jwe_key_from_jwk(key, parsed, bulla_jwe_alg_named(bulla_span(alg, strlen(alg))),
                                    bulla_jwe_enc_named(text_of(request, "enc")));
  }
  bulla_jwk_free(&parsed);
  free(text);
  return status;
}

static json_t *generate(json_t *request) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  options.alg = bulla_jwe_alg_named(text_of(request, "alg"));
  options.enc = options.alg == BULLA_JWE_DIR ? bulla_jwe_enc_named(text_of(request, "enc")) : 0;
  options.curve = *line_text(request, "crv") == 0 ? NULL : line_text(request, "crv");
  options.bits = strncmp(line_text(request, "alg"), "RSA", 3) == 0
                     ? (size_t)json_integer_value(json_object_get(request, "bits"))
                     : 0;
  options.kid = text_of(request, "kid");
  struct bulla_jwk *jwk = NULL;
  struct bulla_secret *json = NULL;
  enum bulla_status status = bulla_jwk_generate(&jwk, &options);
  if (status == BULLA_OK) {
    status = bulla_jwk_write(&json, jwk);
  }
  json_t *answer = refused(status);
  if (status == BULLA_OK) {
    struct bulla_span text = bulla_secret_bytes(json);
    json_decref(answer);
    answer = json_pack("{so}", "jwk", json_loadb((const char *)text.data, text.len, 0, NULL));
  }
  bulla_secret_free(&json);
  bulla_jwk_free(&jwk);
  return answer;
}

static enum bulla_jwe_form form_of(json_t *request) {
  if (line_is(request, "form", "compact")) {
    return BULLA_JWE_COMPACT;
  }
  return line_is(request, "form", "flattened") ? BULLA_JWE_FLATTENED : BULLA_JWE_GENERAL;
}

static json_t *sealed(struct bulla_jwe_key *const *keys, size_t num_keys, json_t *request) {
  size_t len = 0;
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = form_of(request);
  uint8_t *payload = line_bytes(&len, request, "payload");
  uint8_t *aad = line_bytes(&options.aad.len, request, "aad");
  uint8_t *apu = line_bytes(&options.apu.len, request, "apu");
  uint8_t *apv = line_bytes(&options.apv.len, request, "apv");
  options.aad.data = aad;
  options.apu.data = apu;
  options.apv.data = apv;
  const bool plain = options.form == BULLA_JWE_COMPACT && options.apu.len == 0 && options.apv.len == 0;
  struct bulla_buffer jwe =
      room(plain ? bulla_jwe_len(keys[0], len) : bulla_jwe_len_for(keys, num_keys, len, &options));
  enum bulla_status status = plain ? bulla_jwe_encrypt(keys[0], &jwe, bulla_span(payload, len))
                                   : bulla_jwe_encrypt_for(keys, num_keys, &jwe, bulla_span(payload, len), &options);
  json_t *answer = status == BULLA_OK ? json_pack("{ss%}", "jwe", (const char *)jwe.data, jwe.len) : refused(status);
  free(jwe.data);
  free(payload);
  free(aad);
  free(apu);
  free(apv);
  return answer;
}

static json_t *encrypt(json_t *request) {
  struct bulla_jwe_key *keys[MOST_KEYS] = {NULL};
  json_t *jwks = json_object_get(request, "keys");
  const size_t num_keys = json_array_size(jwks);
  enum bulla_status status = num_keys == 0 || num_keys > MOST_KEYS ? BULLA_INVALID_ARGUMENT : BULLA_OK;
  for (size_t i = 0; status == BULLA_OK && i < num_keys; i++) {
    const char *own = line_alg(request, i);
    status = import(&keys[i], json_array_get(jwks, i), own == NULL ? line_text(request, "alg") : own, request);
  }
  json_t *answer = status == BULLA_OK ? sealed(keys, num_keys, request) : refused(status);
  for (size_t i = 0; i < MOST_KEYS; i++) {
    bulla_jwe_key_free(&keys[i]);
  }
  return answer;
}

static json_t *opened(const struct bulla_jwe_key *key, struct bulla_span jwe) {
  struct bulla_buffer payload = room(jwe.len);
  struct bulla_jwe_opened beside = BULLA_JWE_OPENED_INIT;
  beside.aad = room(jwe.len);
  const bool compact = jwe.len == 0 || jwe.data[0] != '{';
  enum bulla_status status =
      compact ? bulla_jwe_decrypt(key, &payload, jwe) : bulla_jwe_decrypt_any(key, &payload, &beside, jwe);
  json_t *answer = status == BULLA_OK ? json_pack("{soso}", "payload", line_hex(payload.data, payload.len), "aad",
                                                  line_hex(beside.aad.data, beside.aad.len))
                                      : refused(status);
  free(payload.data);
  free(beside.aad.data);
  return answer;
}

static json_t *decrypt(json_t *request) {
  struct bulla_jwe_key *key = NULL;
  enum bulla_status status = import(&key, json_object_get(request, "key"), line_text(request, "alg"), request);
  json_t *answer = status == BULLA_OK ? opened(key, text_of(request, "jwe")) : refused(status);
  bulla_jwe_key_free(&key);
  return answer;
}

static json_t *thumbprint(json_t *request) {
  char *text = json_dumps(json_object_get(request, "key"), JSON_COMPACT);
  uint8_t digest[32];
  struct bulla_buffer out = bulla_buffer(digest, sizeof(digest));
  struct bulla_jwk *jwk = NULL;
  enum bulla_status status = bulla_jwk_parse(&jwk, bulla_span(text, strlen(text)));
  status = status == BULLA_OK ? bulla_jwk_thumbprint(&out, jwk) : status;
  bulla_jwk_free(&jwk);
  free(text);
  char *encoded = line_base64url(digest, out.len);
  json_t *answer = status == BULLA_OK ? json_pack("{ss}", "thumbprint", encoded) : refused(status);
  free(encoded);
  return answer;
}

int main(void) {
  const struct driver driver = {bulla_version(), generate, encrypt, decrypt, thumbprint};
  return line_serve(&driver);
}
