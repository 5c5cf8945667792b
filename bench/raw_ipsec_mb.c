/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The bare calls of Intel's ipsec-mb. Opening is without the comparison of tags, which it leaves to its caller. */

#include <intel-ipsec-mb.h>

#include "bench/raw.h"

struct calls {
  struct gcm_key_data schedule; /* first, since it is aligned */
  struct gcm_context_data context;
  aes_gcm_enc_dec_t seal;
  aes_gcm_enc_dec_t open;
  struct bench_raw raw;
};

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

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  const size_t alignment = 64;
  IMB_MGR *manager = alloc_mb_mgr(0);
  if (manager == NULL) {
    return "no memory";
  }
  init_mb_mgr_auto(manager, NULL);
  if (imb_get_errno(manager) != 0) {
    free_mb_mgr(manager);
    return "ipsec-mb has nothing for this processor";
  }
  struct calls *calls = aligned_alloc(alignment, (sizeof(*calls) + alignment - 1) / alignment * alignment);
  if (calls == NULL || !bench_raw_make(&calls->raw, bench)) {
    free(calls);
    free_mb_mgr(manager);
    return "no memory";
  }
  calls->seal = manager->gcm256_enc;
  calls->open = manager->gcm256_dec;
  manager->gcm256_pre(calls->raw.key, &calls->schedule);
  free_mb_mgr(manager);
  *state = calls;
  return NULL;
}

struct bench_table bench_raw_ipsec_mb(void) {
  static const struct bench benches[] = {
      BENCH_SIZES("raw/ipsec_mb/seal", BENCH_RAW_BLOB, run_seal),
      BENCH_SIZES("raw/ipsec_mb/open", BENCH_RAW_BLOB, run_open),
      BENCH_ROW("raw/ipsec_mb/token", 0, BENCH_RAW_TOKEN, run_seal),
  };
  return BENCH_TABLE(benches);
}
