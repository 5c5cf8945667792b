/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing BENCH_BATCH messages by one call. */

#include <bulla/core.h>
#include <stdlib.h>

#include "bench/support.h"

enum { LONGEST = 256 };

struct batch {
  struct bulla_key *key;
  uint8_t *bytes; /* of all blobs, then of the message */
  struct bulla_buffer blobs[BENCH_BATCH];
  struct bulla_span messages[BENCH_BATCH];
  struct bulla_span contexts[BENCH_BATCH];
};

static const uint8_t context[BENCH_CONTEXT_LEN] = "vault, tenant, entry, field, revision: sixty-four bytes of it";

static void tear_down(void *state) {
  struct batch *batch = state;
  bulla_key_free(&batch->key);
  free(batch->bytes);
  free(batch);
}

static const char *run(void *state) {
  struct batch *batch = state;
  size_t failed;
  return bench_result(
      bulla_seal_many(batch->key, batch->blobs, &failed, batch->messages, batch->contexts, BENCH_BATCH));
}

static const char *make_key(struct batch *batch, enum bulla_suite suite) {
  struct bulla_secret *material = NULL;
  const char *error = bench_result(bulla_secret_random(&material, BULLA_KEY_LEN));
  if (error == NULL) {
    error = bench_result(bulla_key_new(&batch->key, suite, material));
  }
  bulla_secret_free(&material);
  return error;
}

/* try_once says whether the last of the blobs opens to its message. */
static const char *try_once(struct batch *batch, size_t size) {
  uint8_t opened[LONGEST];
  struct bulla_buffer plaintext = bulla_buffer(opened, sizeof(opened));
  const char *error = run(batch);
  if (error == NULL) {
    error = bench_result(bulla_open(batch->key, &plaintext, bulla_written(&batch->blobs[BENCH_BATCH - 1]),
                                    bulla_span(context, sizeof(context))));
  }
  if (error == NULL && (plaintext.len != size || memcmp(opened, batch->messages[0].data, size) != 0)) {
    error = "what was opened is not what was sealed";
  }
  return error;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  const enum bulla_suite suite = (enum bulla_suite)bench->variant;
  const size_t blob_len = bulla_sealed_len(suite, bench->size);
  struct batch *batch = calloc(1, sizeof(*batch));
  if (batch == NULL) {
    return "no memory";
  }
  const char *error = "no memory";
  batch->bytes = malloc(BENCH_BATCH * blob_len + bench->size);
  if (batch->bytes != NULL) {
    uint8_t *message = batch->bytes + BENCH_BATCH * blob_len;
    bench_touch(message, bench->size);
    for (size_t i = 0; i < BENCH_BATCH; i++) {
      batch->blobs[i] = bulla_buffer(batch->bytes + i * blob_len, blob_len);
      batch->messages[i] = bulla_span(message, bench->size);
      batch->contexts[i] = bulla_span(context, sizeof(context));
    }
    error = make_key(batch, suite);
  }
  if (error == NULL) {
    error = try_once(batch, bench->size);
  }
  if (error != NULL) {
    tear_down(batch);
    return error;
  }
  *state = batch;
  return NULL;
}

#define ROW(name, size, suite) \
  { name, size, suite, false, false, set_up, run, tear_down, NULL, BENCH_BATCH }

struct bench_table bench_seal_many(void) {
  static const struct bench benches[] = {
      ROW("seal_many/aes256gcm", 16, BULLA_AES_256_GCM),
      ROW("seal_many/aes256gcm", LONGEST, BULLA_AES_256_GCM),
      ROW("seal_many/xaes256gcm", 16, BULLA_XAES_256_GCM),
      ROW("seal_many/xaes256gcm", LONGEST, BULLA_XAES_256_GCM),
  };
  return BENCH_TABLE(benches);
}
