/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The bare calls of the engine that bulla chose, on the bytes that the other libraries' bare calls have; and the same
 * with what bulla does after each: clearing what the call left in registers and on the stack. */

#include "bench/raw.h"
#include "core/crypto.h"
#include "core/engine.h"

enum { HEADER_LEN = BENCH_BLOB_DATA_LEN - BENCH_CONTEXT_LEN };

struct calls {
  _Alignas(64) uint8_t context[BULLA_ENGINE_CONTEXT_MAX]; /* the engine's expanded key, first, since it is aligned */
  const struct bulla_engine *engine;
  struct bulla_aead *aead;
  struct bulla_aad aad;
  struct bench_raw raw;
};

static const char *run_seal(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  return bench_result(calls->engine->seal(calls->context, raw->ciphertext, raw->tag, raw->nonce, sizeof(raw->nonce),
                                          raw->plaintext, raw->len, &calls->aad));
}

static const char *run_open(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  return bench_result(calls->engine->open(calls->context, raw->plaintext, raw->tag, raw->nonce, sizeof(raw->nonce),
                                          raw->ciphertext, raw->len, &calls->aad));
}

static const char *run_cleared_seal(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  return bench_result(bulla_aead_seal_bound(calls->aead, raw->ciphertext, raw->tag, raw->nonce,
                                            bulla_span(raw->plaintext, raw->len), &calls->aad));
}

static const char *run_cleared_open(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  return bench_result(bulla_aead_open_bound(calls->aead, raw->plaintext, raw->nonce, raw->tag,
                                            bulla_span(raw->ciphertext, raw->len), &calls->aad));
}

static void tear_down(void *state) {
  struct calls *calls = state;
  bulla_aead_free(&calls->aead);
  bench_raw_free(&calls->raw);
  free(calls);
}

/* expand has the key in both forms. */
static enum bulla_status expand(struct calls *calls) {
  const struct bulla_span key = bulla_span(calls->raw.key, sizeof(calls->raw.key));
  enum bulla_status status = bulla_engine_for(&calls->engine, key.len);
  if (status == BULLA_OK) {
    status = calls->engine->expand(calls->context, key);
  }
  return status == BULLA_OK ? bulla_aead_new(&calls->aead, key) : status;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct calls *calls = aligned_alloc(_Alignof(struct calls), sizeof(*calls));
  if (calls == NULL) {
    return "no memory";
  }
  memset(calls, 0, sizeof(*calls));
  if (!bench_raw_make(&calls->raw, bench)) {
    free(calls);
    return "no memory";
  }
  calls->aad =
      (struct bulla_aad){calls->raw.data, HEADER_LEN, calls->raw.data + HEADER_LEN, calls->raw.data_len - HEADER_LEN};
  const char *error = bench_result(expand(calls));
  if (error == NULL) {
    error = bench_raw_try(&calls->raw, run_seal, run_open, calls);
  }
  if (error == NULL) {
    error = bench_raw_try(&calls->raw, run_cleared_seal, run_cleared_open, calls);
  }
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table bench_raw_bulla(void) {
  static const struct bench benches[] = {
      BENCH_SIZES_IF(false, "raw/engine/seal", BENCH_RAW_BLOB, run_seal),
      BENCH_SIZES_IF(false, "raw/engine/open", BENCH_RAW_BLOB, run_open),
      BENCH_ROW_IF(false, "raw/engine/token", 0, BENCH_RAW_TOKEN, run_seal),
      BENCH_SIZES_IF(false, "raw/bulla/seal", BENCH_RAW_BLOB, run_cleared_seal),
      BENCH_SIZES_IF(false, "raw/bulla/open", BENCH_RAW_BLOB, run_cleared_open),
      BENCH_ROW_IF(false, "raw/bulla/token", 0, BENCH_RAW_TOKEN, run_cleared_seal),
  };
  return BENCH_TABLE(benches);
}
