/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* OpenSSL's AES-256-GCM through EVP, with contexts that keep cipher and key and take a nonce each time. */

#include <openssl/evp.h>

#include "bench/raw.h"

struct calls {
  EVP_CIPHER_CTX *sealing;
  EVP_CIPHER_CTX *opening;
  struct bench_raw raw;
};

static const char *run_seal(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  EVP_CIPHER_CTX *context = calls->sealing;
  int len;
  bool sealed = EVP_EncryptInit_ex(context, NULL, NULL, NULL, raw->nonce) == 1 &&
                EVP_EncryptUpdate(context, NULL, &len, raw->data, (int)raw->data_len) == 1 &&
                EVP_EncryptUpdate(context, raw->ciphertext, &len, raw->plaintext, (int)raw->len) == 1 &&
                EVP_EncryptFinal_ex(context, raw->ciphertext + len, &len) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, sizeof(raw->tag), raw->tag) == 1;
  return sealed ? NULL : "OpenSSL did not seal";
}

static const char *run_open(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  EVP_CIPHER_CTX *context = calls->opening;
  int len;
  bool opened = EVP_DecryptInit_ex(context, NULL, NULL, NULL, raw->nonce) == 1 &&
                EVP_DecryptUpdate(context, NULL, &len, raw->data, (int)raw->data_len) == 1 &&
                EVP_DecryptUpdate(context, raw->plaintext, &len, raw->ciphertext, (int)raw->len) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(raw->tag), raw->tag) == 1 &&
                EVP_DecryptFinal_ex(context, raw->plaintext + len, &len) == 1;
  return opened ? NULL : "OpenSSL did not open";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  EVP_CIPHER_CTX_free(calls->sealing);
  EVP_CIPHER_CTX_free(calls->opening);
  bench_raw_free(&calls->raw);
  free(calls);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct calls *calls = calloc(1, sizeof(*calls));
  if (calls == NULL || !bench_raw_make(&calls->raw, bench)) {
    free(calls);
    return "no memory";
  }
  calls->sealing = EVP_CIPHER_CTX_new();
  calls->opening = EVP_CIPHER_CTX_new();
  const char *error = "OpenSSL did not take the key";
  if (calls->sealing != NULL && calls->opening != NULL &&
      EVP_EncryptInit_ex(calls->sealing, EVP_aes_256_gcm(), NULL, calls->raw.key, NULL) == 1 &&
      EVP_DecryptInit_ex(calls->opening, EVP_aes_256_gcm(), NULL, calls->raw.key, NULL) == 1) {
    error = bench_raw_try(&calls->raw, run_seal, run_open, calls);
  }
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table bench_peer_openssl(void) {
  static const struct bench benches[] = {
      BENCH_SIZES("peer/openssl/seal", BENCH_RAW_BLOB, run_seal),
      BENCH_SIZES("peer/openssl/open", BENCH_RAW_BLOB, run_open),
  };
  return BENCH_TABLE(benches);
}
