/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The algorithms of RFC 7518, see core/jwe_table.h. What is not here is not read: RSA1_5 and PBES2 are left out on
 * purpose (docs/JOSE.md says why). */

#include "core/jwe_table.h"

#define NAME(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }

/* §4.5: the key is shared, and nothing is done with it. */
static const struct bulla_jwe_management shared_key = {.is_direct = true, .is_shared = true};

/* RFC 7518 §4.1. */
static const struct bulla_jwe_algorithm algorithms[] = {
    [BULLA_JWE_DIR] = {NAME("dir"), BULLA_KEY_OCT, 0, &shared_key, NULL},
    [BULLA_JWE_A128KW] = {NAME("A128KW"), BULLA_KEY_OCT, 16, &bulla_jwe_aes_kw, NULL},
    [BULLA_JWE_A192KW] = {NAME("A192KW"), BULLA_KEY_OCT, 24, &bulla_jwe_aes_kw, NULL},
    [BULLA_JWE_A256KW] = {NAME("A256KW"), BULLA_KEY_OCT, 32, &bulla_jwe_aes_kw, NULL},
    [BULLA_JWE_A128GCMKW] = {NAME("A128GCMKW"), BULLA_KEY_OCT, 16, &bulla_jwe_gcm_kw, NULL},
    [BULLA_JWE_A192GCMKW] = {NAME("A192GCMKW"), BULLA_KEY_OCT, 24, &bulla_jwe_gcm_kw, NULL},
    [BULLA_JWE_A256GCMKW] = {NAME("A256GCMKW"), BULLA_KEY_OCT, 32, &bulla_jwe_gcm_kw, NULL},
    [BULLA_JWE_ECDH_ES] = {NAME("ECDH-ES"), BULLA_KEY_EC, 0, &bulla_jwe_ecdh_es, NULL},
    [BULLA_JWE_ECDH_ES_A128KW] = {NAME("ECDH-ES+A128KW"), BULLA_KEY_EC, 16, &bulla_jwe_ecdh_es_kw, NULL},
    [BULLA_JWE_ECDH_ES_A192KW] = {NAME("ECDH-ES+A192KW"), BULLA_KEY_EC, 24, &bulla_jwe_ecdh_es_kw, NULL},
    [BULLA_JWE_ECDH_ES_A256KW] = {NAME("ECDH-ES+A256KW"), BULLA_KEY_EC, 32, &bulla_jwe_ecdh_es_kw, NULL},
    [BULLA_JWE_RSA_OAEP] = {NAME("RSA-OAEP"), BULLA_KEY_RSA, 0, &bulla_jwe_rsa_oaep, NULL},
    [BULLA_JWE_RSA_OAEP_256] = {NAME("RSA-OAEP-256"), BULLA_KEY_RSA, 0, &bulla_jwe_rsa_oaep_256, NULL},
    [BULLA_JWE_DRAFT_HPKE] = {NAME("draft-HPKE-X25519-HKDF-SHA256-A256GCM"), BULLA_KEY_EC, 0, &bulla_jwe_hpke,
                              &bulla_jwe_hpke_content},
};

/* RFC 7518 §5.1. */
static const struct bulla_jwe_encryption encryptions[] = {
    [BULLA_JWE_A128GCM] = {NAME("A128GCM"), 16, 12, 16, &bulla_jwe_gcm},
    [BULLA_JWE_A192GCM] = {NAME("A192GCM"), 24, 12, 16, &bulla_jwe_gcm},
    [BULLA_JWE_A256GCM] = {NAME("A256GCM"), 32, 12, 16, &bulla_jwe_gcm},
    [BULLA_JWE_A128CBC_HS256] = {NAME("A128CBC-HS256"), 32, 16, 16, &bulla_jwe_cbc_hmac},
    [BULLA_JWE_A192CBC_HS384] = {NAME("A192CBC-HS384"), 48, 16, 24, &bulla_jwe_cbc_hmac},
    [BULLA_JWE_A256CBC_HS512] = {NAME("A256CBC-HS512"), 64, 16, 32, &bulla_jwe_cbc_hmac},
};

enum {
  NUM_ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]),
  NUM_ENCRYPTIONS = sizeof(encryptions) / sizeof(encryptions[0]),
};

const struct bulla_jwe_algorithm *bulla_jwe_algorithm(enum bulla_jwe_alg alg) {
  return (size_t)alg > 0 && (size_t)alg < NUM_ALGORITHMS ? &algorithms[alg] : NULL;
}

const struct bulla_jwe_encryption *bulla_jwe_encryption(enum bulla_jwe_enc enc) {
  return (size_t)enc > 0 && (size_t)enc < NUM_ENCRYPTIONS ? &encryptions[enc] : NULL;
}

const char *bulla_jwe_alg_name(enum bulla_jwe_alg alg) {
  const struct bulla_jwe_algorithm *row = bulla_jwe_algorithm(alg);
  return row != NULL ? (const char *)row->name.data : "";
}

const char *bulla_jwe_enc_name(enum bulla_jwe_enc enc) {
  const struct bulla_jwe_encryption *row = bulla_jwe_encryption(enc);
  return row != NULL ? (const char *)row->name.data : "";
}

enum bulla_jwe_alg bulla_jwe_alg_named(struct bulla_span name) {
  for (size_t i = 1; i < NUM_ALGORITHMS; i++) {
    if (bulla_span_equal(name, algorithms[i].name)) {
      return (enum bulla_jwe_alg)i;
    }
  }
  return (enum bulla_jwe_alg)0;
}

enum bulla_jwe_enc bulla_jwe_enc_named(struct bulla_span name) {
  for (size_t i = 1; i < NUM_ENCRYPTIONS; i++) {
    if (bulla_span_equal(name, encryptions[i].name)) {
      return (enum bulla_jwe_enc)i;
    }
  }
  return (enum bulla_jwe_enc)0;
}
