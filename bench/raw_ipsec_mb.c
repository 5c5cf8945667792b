/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The bare calls of Intel's ipsec-mb. Opening is without the comparison of tags, which it leaves to its caller. This
 * file is compiled for the library that is installed, and as a peer for another one, which is loaded. */

#include <intel-ipsec-mb.h>

#include "bench/raw.h"

#ifndef BENCH_ROWS
#define BENCH_ROWS "raw/ipsec_mb"
#define BENCH_SUBJECT bench_raw_ipsec_mb
#endif

struct functions {
  __typeof__(alloc_mb_mgr) *new_manager;
  __typeof__(init_mb_mgr_auto) *init;
  __typeof__(imb_get_errno) *error;
  __typeof__(free_mb_mgr) *free_manager;
};

struct calls {
  struct gcm_key_data schedule; /* first, since it is aligned */
  struct gcm_context_data context;
  aes_gcm_enc_dec_t seal;
  aes_gcm_enc_dec_t open;
  struct bench_raw raw;
};

#ifdef BENCH_LIBRARY
static const char *load(struct functions *functions) {
  void *library = bench_load(BENCH_LIBRARY);
  bool found = library != NULL && bench_find(library, &functions->new_manager, "alloc_mb_mgr") &&
               bench_find(library, &functions->init, "init_mb_mgr_auto") &&
               bench_find(library, &functions->error, "imb_get_errno") &&
               bench_find(library, &functions->free_manager, "free_mb_mgr");
  return found ? NULL : "ipsec-mb cannot be loaded";
}
#else
static const char *load(struct functions *functions) {
  *functions = (struct functions){alloc_mb_mgr, init_mb_mgr_auto, imb_get_errno, free_mb_mgr};
  return NULL;
}
#endif

static void tear_down(void *state) {
  struct calls *calls = state;
  bench_raw_free(&calls->raw);
  free(calls);
}

static const char *run_seal(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  calls->seal(&calls->schedule, &calls->context, raw->ciphertext, raw->plaintext, raw->len, raw->nonce, raw->data,
              raw->data_len, raw->tag, BULLA_TAG_LEN);
  return NULL;
}

static const char *run_open(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  calls->open(&calls->schedule, &calls->context, raw->plaintext, raw->ciphertext, raw->len, raw->nonce, raw->data,
              raw->data_len, raw->tag, BULLA_TAG_LEN);
  return NULL;
}

/* expand fills the functions and the expanded key. */
static const char *expand(struct calls *calls) {
  struct functions functions;
  const char *error = load(&functions);
  if (error != NULL) {
    return error;
  }
  IMB_MGR *manager = functions.new_manager(0);
  if (manager == NULL) {
    return "no memory";
  }
  functions.init(manager, NULL);
  if (functions.error(manager) != 0) {
    error = "ipsec-mb has nothing for this processor";
  } else {
    calls->seal = manager->gcm256_enc;
    calls->open = manager->gcm256_dec;
    manager->gcm256_pre(calls->raw.key, &calls->schedule);
  }
  functions.free_manager(manager);
  return error;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  const size_t alignment = 64;
  struct calls *calls = aligned_alloc(alignment, (sizeof(*calls) + alignment - 1) / alignment * alignment);
  if (calls == NULL || !bench_raw_make(&calls->raw, bench)) {
    free(calls);
    return "no memory";
  }
  const char *error = expand(calls);
  if (error == NULL) {
    error = bench_raw_try(&calls->raw, run_seal, run_open, calls);
  }
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table BENCH_SUBJECT(void) {
  static const struct bench benches[] = {
      BENCH_SIZES(BENCH_ROWS "/seal", BENCH_RAW_BLOB, run_seal),
      BENCH_SIZES(BENCH_ROWS "/open", BENCH_RAW_BLOB, run_open),
      BENCH_ROW(BENCH_ROWS "/token", 0, BENCH_RAW_TOKEN, run_seal),
  };
  return BENCH_TABLE(benches);
}
