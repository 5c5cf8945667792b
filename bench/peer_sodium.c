/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* libsodium's AES-256-GCM, with the key expanded beforehand. */

#include <sodium.h>

#include "bench/raw.h"

struct calls {
  crypto_aead_aes256gcm_state context; /* first, since it is aligned */
  struct bench_raw raw;
};

static const char *run_seal(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  int failed = crypto_aead_aes256gcm_encrypt_detached_afternm(raw->ciphertext, raw->tag, NULL, raw->plaintext, raw->len,
                                                              raw->data, raw->data_len, NULL, raw->nonce,
                                                              (const void *)&calls->context);
  return failed == 0 ? NULL : "libsodium did not seal";
}

static const char *run_open(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  int failed = crypto_aead_aes256gcm_decrypt_detached_afternm(raw->plaintext, NULL, raw->ciphertext, raw->len, raw->tag,
                                                              raw->data, raw->data_len, raw->nonce,
                                                              (const void *)&calls->context);
  return failed == 0 ? NULL : "libsodium did not open";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  bench_raw_free(&calls->raw);
  free(calls);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  if (sodium_init() < 0 || crypto_aead_aes256gcm_is_available() == 0) {
    return "libsodium has no AES-256-GCM for this processor";
  }
  struct calls *calls = NULL;
  if (posix_memalign((void **)&calls, 64, sizeof(*calls)) != 0) {
    return "no memory";
  }
  if (!bench_raw_make(&calls->raw, bench)) {
    free(calls);
    return "no memory";
  }
  (void)crypto_aead_aes256gcm_beforenm(&calls->context, calls->raw.key);
  const char *error = bench_raw_try(&calls->raw, run_seal, run_open, calls);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table bench_peer_sodium(void) {
  static const struct bench benches[] = {
      BENCH_SIZES("peer/sodium/seal", BENCH_RAW_BLOB, run_seal),
      BENCH_SIZES("peer/sodium/open", BENCH_RAW_BLOB, run_open),
  };
  return BENCH_TABLE(benches);
}
