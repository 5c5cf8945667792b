/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* cjose, with OpenSSL under it: a driver of tests/interop/line.h. */

#include <cjose/cjose.h>
#include <stdlib.h>
#include <string.h>

#include "tests/interop/line.h"

enum { MOST_KEYS = 4 };

static cjose_jwk_t *import(json_t *key, cjose_err *error) {
  char *text = json_dumps(key, JSON_COMPACT);
  cjose_jwk_t *jwk = cjose_jwk_import(text, strlen(text), error);
  free(text);
  return jwk;
}

static json_t *as_answer(cjose_jwk_t *jwk, json_t *request, const cjose_err *error) {
  if (jwk == NULL) {
    return line_why(error->message);
  }
  cjose_err unused;
  char *text = cjose_jwk_to_json(jwk, true, &unused);
  json_t *key = text == NULL ? NULL : json_loads(text, 0, NULL);
  json_object_set_new(key, "kid", json_string(line_text(request, "kid")));
  free(text);
  cjose_jwk_release(jwk);
  return json_pack("{so}", "jwk", key);
}

static json_t *generate(json_t *request) {
  static const uint8_t exponent[] = {1, 0, 1};
  static const struct {
    const char *name;
    cjose_jwk_ec_curve curve;
  } curves[] = {{"P-256", CJOSE_JWK_EC_P_256}, {"P-384", CJOSE_JWK_EC_P_384}, {"P-521", CJOSE_JWK_EC_P_521}};
  cjose_err error = {0};
  const size_t bits = (size_t)json_integer_value(json_object_get(request, "bits"));
  if (strncmp(line_text(request, "alg"), "RSA", 3) == 0) {
    return as_answer(cjose_jwk_create_RSA_random(bits, exponent, sizeof(exponent), &error), request, &error);
  }
  if (strncmp(line_text(request, "alg"), "ECDH", 4) != 0) {
    return as_answer(cjose_jwk_create_oct_random(bits, &error), request, &error);
  }
  for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
    if (line_is(request, "crv", curves[i].name)) {
      return as_answer(cjose_jwk_create_EC_random(curves[i].curve, &error), request, &error);
    }
  }
  return line_why("no such curve");
}

/* The header's names and values, as the caller of cjose writes them. */
static bool set_header(cjose_header_t *header, json_t *request, cjose_err *error) {
  const bool is_shared = json_object_get(request, "algs") == NULL;
  if ((is_shared && !cjose_header_set(header, CJOSE_HDR_ALG, line_text(request, "alg"), error)) ||
      !cjose_header_set(header, CJOSE_HDR_ENC, line_text(request, "enc"), error)) {
    return false;
  }
  const char *const names[] = {"kid", "apu", "apv"};
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
    char *encoded = line_base64url_of(request, i == 0 ? "" : names[i]);
    const char *value = i == 0 ? line_text(request, "kid") : encoded;
    const bool good = *value == 0 || cjose_header_set(header, names[i], value, error);
    free(encoded);
    if (!good) {
      return false;
    }
  }
  return true;
}

/* Several recipients are told apart by the "kid" in their own headers. |alg| may be NULL. */
static bool set_recipient(cjose_jwe_recipient_t *recipient, json_t *key, const char *alg, cjose_err *error) {
  recipient->jwk = import(key, error);
  recipient->unprotected_header = cjose_header_new(error);
  return recipient->jwk != NULL && recipient->unprotected_header != NULL &&
         cjose_header_set(recipient->unprotected_header, CJOSE_HDR_KID, line_text(key, "kid"), error) &&
         (alg == NULL || cjose_header_set(recipient->unprotected_header, CJOSE_HDR_ALG, alg, error));
}

static cjose_jwe_t *sealed(json_t *request, cjose_header_t *header, cjose_err *error) {
  cjose_jwe_recipient_t recipients[MOST_KEYS] = {0};
  json_t *keys = json_object_get(request, "keys");
  const size_t num_keys = json_array_size(keys);
  bool good = num_keys <= MOST_KEYS;
  for (size_t i = 0; good && i < num_keys; i++) {
    good = set_recipient(&recipients[i], json_array_get(keys, i), line_alg(request, i), error);
  }
  size_t len = 0;
  uint8_t *payload = line_bytes(&len, request, "payload");
  cjose_jwe_t *jwe = NULL;
  if (good && num_keys == 1) {
    jwe = cjose_jwe_encrypt(recipients[0].jwk, header, payload, len, error);
  } else if (good) {
    jwe = cjose_jwe_encrypt_multi(recipients, num_keys, header, NULL, payload, len, error);
  }
  free(payload);
  for (size_t i = 0; i < MOST_KEYS; i++) {
    cjose_jwk_release((cjose_jwk_t *)(uintptr_t)recipients[i].jwk);
    cjose_header_release(recipients[i].unprotected_header);
  }
  return jwe;
}

static json_t *encrypt(json_t *request) {
  if (*line_text(request, "aad") != 0) {
    return line_why("no aad in its interface");
  }
  if (line_is(request, "form", "general") && json_array_size(json_object_get(request, "keys")) == 1) {
    return line_why("it writes one recipient only in the flattened form");
  }
  cjose_err error = {0};
  cjose_header_t *header = cjose_header_new(&error);
  cjose_jwe_t *jwe = set_header(header, request, &error) ? sealed(request, header, &error) : NULL;
  char *text = NULL;
  if (jwe != NULL && line_is(request, "form", "compact")) {
    text = cjose_jwe_export(jwe, &error);
  } else if (jwe != NULL) {
    text = cjose_jwe_export_json(jwe, &error);
  }
  json_t *answer = text == NULL ? line_why(error.message) : json_pack("{ss}", "jwe", text);
  free(text);
  cjose_jwe_release(jwe);
  cjose_header_release(header);
  return answer;
}

static const cjose_jwk_t *the_key(cjose_jwe_t *jwe, cjose_header_t *header, void *key) {
  (void)jwe;
  json_t *kid = json_object_get((json_t *)header, "kid");
  cjose_err error;
  const char *own = cjose_jwk_get_kid(key, &error);
  return kid == NULL || own == NULL || strcmp(json_string_value(kid), own) == 0 ? key : NULL;
}

static json_t *opened(cjose_jwe_t *jwe, const cjose_jwk_t *jwk, bool several, cjose_err *error) {
  size_t len = 0;
  uint8_t *plaintext = several ? cjose_jwe_decrypt_multi(jwe, the_key, (void *)(uintptr_t)jwk, &len, error)
                               : cjose_jwe_decrypt(jwe, jwk, &len, error);
  json_t *answer =
      plaintext == NULL ? line_why(error->message) : json_pack("{so}", "payload", line_hex(plaintext, len));
  free(plaintext);
  return answer;
}

static json_t *decrypt(json_t *request) {
  cjose_err error = {0};
  const char *text = line_text(request, "jwe");
  const bool json = *text == '{';
  cjose_jwk_t *jwk = import(json_object_get(request, "key"), &error);
  cjose_jwe_t *jwe = NULL;
  if (jwk != NULL) {
    jwe = json ? cjose_jwe_import_json(text, strlen(text), &error) : cjose_jwe_import(text, strlen(text), &error);
  }
  json_t *answer =
      jwe == NULL ? line_why(error.message) : opened(jwe, jwk, strstr(text, "\"recipients\"") != NULL, &error);
  cjose_jwe_release(jwe);
  cjose_jwk_release(jwk);
  return answer;
}

int main(void) {
  const struct driver driver = {cjose_version(), generate, encrypt, decrypt, NULL};
  return line_serve(&driver);
}
