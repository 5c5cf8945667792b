/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* rhonabwy, with GnuTLS and Nettle under it: a driver of tests/interop/line.h. What it cannot do it tells only in its
 * log. */

#include <rhonabwy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yder.h>

#include "tests/interop/line.h"

/* The first line that was logged since the last request: the innermost failure. */
static char logged[200];

static void take_log(void *unused, const char *app, const time_t date, const unsigned long level, const char *message) {
  (void)unused;
  (void)app;
  (void)date;
  (void)level;
  if (*logged == 0) {
    snprintf(logged, sizeof(logged), "%s", message);
  }
}

/* |alg| may be NULL: then it stays what |key| says. */
static jwk_t *import(json_t *key, const char *alg) {
  jwk_t *jwk = NULL;
  if (r_jwk_init(&jwk) == RHN_OK && r_jwk_import_from_json_t(jwk, key) == RHN_OK &&
      (alg == NULL || r_jwk_set_property_str(jwk, "alg", alg) == RHN_OK)) {
    return jwk;
  }
  r_jwk_free(jwk);
  return NULL;
}

static json_t *random_oct(json_t *request) {
  uint8_t bytes[64];
  const size_t len = (size_t)json_integer_value(json_object_get(request, "bits")) / 8;
  jwk_t *jwk = NULL;
  /* It has no random symmetric keys: a content encryption key it does. */
  jwe_t *jwe = NULL;
  size_t made = 0;
  r_jwe_init(&jwe);
  r_jwe_set_enc(jwe, len > 48 ? R_JWA_ENC_A256CBC : len > 32 ? R_JWA_ENC_A192CBC : R_JWA_ENC_A128CBC);
  r_jwe_generate_cypher_key(jwe);
  const uint8_t *key = r_jwe_get_cypher_key(jwe, &made);
  if (key != NULL && len <= made && len <= sizeof(bytes)) {
    memcpy(bytes, key, len);
    r_jwk_init(&jwk);
    r_jwk_import_from_symmetric_key(jwk, bytes, len);
  }
  r_jwe_free(jwe);
  json_t *answer = jwk == NULL ? line_why("no such length") : json_pack("{so}", "jwk", r_jwk_export_to_json_t(jwk));
  r_jwk_free(jwk);
  return answer;
}

static json_t *generate(json_t *request) {
  *logged = 0;
  const char *alg = line_text(request, "alg");
  json_t *answer = NULL;
  if (strncmp(alg, "RSA", 3) != 0 && strncmp(alg, "ECDH", 4) != 0) {
    answer = random_oct(request);
  } else {
    unsigned bits = (unsigned)json_integer_value(json_object_get(request, "bits"));
    int type = R_KEY_TYPE_RSA;
    if (*alg == 'E') {
      type = line_is(request, "crv", "X25519") ? R_KEY_TYPE_ECDH : R_KEY_TYPE_EC;
      bits = type == R_KEY_TYPE_ECDH ? 256 : (unsigned)atoi(line_text(request, "crv") + 2);
    }
    jwk_t *private = NULL;
    jwk_t *public = NULL;
    r_jwk_init(&private);
    r_jwk_init(&public);
    answer = r_jwk_generate_key_pair(private, public, type, bits, line_text(request, "kid")) == RHN_OK
                 ? json_pack("{so}", "jwk", r_jwk_export_to_json_t(private))
                 : line_why(logged);
    r_jwk_free(private);
    r_jwk_free(public);
  }
  json_t *jwk = json_object_get(answer, "jwk");
  if (jwk != NULL) {
    json_object_set_new(jwk, "kid", json_string(line_text(request, "kid")));
    /* Signing is what it makes keys for. */
    json_object_del(jwk, "alg");
    json_object_del(jwk, "use");
  }
  return answer;
}

static bool set_parties(jwe_t *jwe, json_t *request) {
  const char *const names[] = {"apu", "apv"};
  for (size_t i = 0; i < 2; i++) {
    char *encoded = line_base64url_of(request, names[i]);
    const bool good = *encoded == 0 || r_jwe_set_header_str_value(jwe, names[i], encoded) == RHN_OK;
    free(encoded);
    if (!good) {
      return false;
    }
  }
  return true;
}

static bool prepare(jwe_t *jwe, json_t *request) {
  size_t len = 0;
  size_t aad_len = 0;
  uint8_t *payload = line_bytes(&len, request, "payload");
  uint8_t *aad = line_bytes(&aad_len, request, "aad");
  bool good = r_jwe_set_payload(jwe, payload, len) == RHN_OK &&
              (aad_len == 0 || r_jwe_set_aad(jwe, aad, aad_len) == RHN_OK) &&
              (json_object_get(request, "algs") != NULL ||
               r_jwe_set_alg(jwe, r_str_to_jwa_alg(line_text(request, "alg"))) == RHN_OK) &&
              r_jwe_set_enc(jwe, r_str_to_jwa_enc(line_text(request, "enc"))) == RHN_OK && set_parties(jwe, request);
  free(payload);
  free(aad);
  return good;
}

static char *serialized(jwe_t *jwe, jwks_t *keys, json_t *request) {
  if (!line_is(request, "form", "compact")) {
    const bool flat = line_is(request, "form", "flattened");
    return r_jwe_serialize_json_str(jwe, keys, R_FLAG_IGNORE_REMOTE,
                                    flat ? R_JSON_MODE_FLATTENED : R_JSON_MODE_GENERAL);
  }
  jwk_t *jwk = r_jwks_get_at(keys, 0);
  const char *kid = line_text(request, "kid");
  if (*kid != 0) {
    r_jwe_set_header_str_value(jwe, "kid", kid);
  }
  char *text = r_jwe_serialize(jwe, jwk, R_FLAG_IGNORE_REMOTE);
  r_jwk_free(jwk);
  return text;
}

static json_t *encrypt(json_t *request) {
  *logged = 0;
  jwe_t *jwe = NULL;
  jwks_t *keys = NULL;
  bool good = r_jwe_init(&jwe) == RHN_OK && r_jwks_init(&keys) == RHN_OK && prepare(jwe, request);
  json_t *key = NULL;
  size_t i = 0;
  json_array_foreach(json_object_get(request, "keys"), i, key) {
    jwk_t *jwk = import(key, line_alg(request, i));
    good = good && jwk != NULL && r_jwks_append_jwk(keys, jwk) == RHN_OK;
    r_jwk_free(jwk);
  }
  char *text = good ? serialized(jwe, keys, request) : NULL;
  json_t *answer = text == NULL ? line_why(logged) : json_pack("{ss}", "jwe", text);
  r_free(text);
  r_jwks_free(keys);
  r_jwe_free(jwe);
  return answer;
}

/* It authenticates the aad, but does not give out what it read. */
static json_t *opened(jwe_t *jwe) {
  size_t len = 0;
  const uint8_t *payload = r_jwe_get_payload(jwe, &len);
  return json_pack("{so}", "payload", line_hex(payload, len));
}

static json_t *decrypt(json_t *request) {
  *logged = 0;
  jwe_t *jwe = NULL;
  jwk_t *jwk = import(json_object_get(request, "key"), NULL);
  const char *text = line_text(request, "jwe");
  const bool good = jwk != NULL && r_jwe_init(&jwe) == RHN_OK &&
                    r_jwe_advanced_parse(jwe, text, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) == RHN_OK &&
                    r_jwe_decrypt(jwe, jwk, R_FLAG_IGNORE_REMOTE) == RHN_OK;
  json_t *answer = good ? opened(jwe) : line_why(logged);
  r_jwk_free(jwk);
  r_jwe_free(jwe);
  return answer;
}

static json_t *thumbprint(json_t *request) {
  *logged = 0;
  jwk_t *jwk = import(json_object_get(request, "key"), NULL);
  char *text = jwk == NULL ? NULL : r_jwk_thumbprint(jwk, R_JWK_THUMB_SHA256, R_FLAG_IGNORE_REMOTE);
  json_t *answer = text == NULL ? line_why(logged) : json_pack("{ss}", "thumbprint", text);
  r_free(text);
  r_jwk_free(jwk);
  return answer;
}

int main(void) {
  const struct driver driver = {RHONABWY_VERSION_STR, generate, encrypt, decrypt, thumbprint};
  y_init_logs("interop", Y_LOG_MODE_CALLBACK, Y_LOG_LEVEL_DEBUG, NULL, "interop");
  y_set_logs_callback(take_log, NULL, "interop");
  if (r_global_init() != RHN_OK) {
    return 2;
  }
  const int status = line_serve(&driver);
  r_global_close();
  y_close_logs();
  return status;
}
