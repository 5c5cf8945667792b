/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing and opening, by suite and size. Threads share the key, as a server's do. */

#include <bulla/core.h>
#include <stdlib.h>

#include "bench/support.h"

struct sealing {
  struct bulla_key *key;
  bool owns_key;
  struct bulla_buffer blob;
  struct bulla_buffer plaintext;
  struct bulla_buffer message;
};

static const uint8_t context[BENCH_CONTEXT_LEN] = "vault, tenant, entry, field, revision: sixty-four bytes of it";

static void tear_down(void *state) {
  struct sealing *sealing = state;
  if (sealing->owns_key) {
    bulla_key_free(&sealing->key);
  }
  free(sealing->blob.data);
  free(sealing->plaintext.data);
  free(sealing->message.data);
  free(sealing);
}

static const char *run_seal(void *state) {
  struct sealing *sealing = state;
  return bench_result(
      bulla_seal(sealing->key, &sealing->blob, bulla_written(&sealing->message), bulla_span(context, sizeof(context))));
}

static const char *run_open(void *state) {
  struct sealing *sealing = state;
  return bench_result(bulla_open(sealing->key, &sealing->plaintext, bulla_written(&sealing->blob),
                                 bulla_span(context, sizeof(context))));
}

/* try_once leaves a blob for run_open, and says whether it opens to the message. */
static const char *try_once(struct sealing *sealing) {
  const char *error = run_seal(sealing);
  if (error == NULL) {
    error = run_open(sealing);
  }
  if (error == NULL && !bulla_secret_equal(bulla_written(&sealing->plaintext), bulla_written(&sealing->message))) {
    error = "what was opened is not what was sealed";
  }
  return error;
}

static const char *make_key(struct sealing *sealing, enum bulla_suite suite) {
  struct bulla_secret *material = NULL;
  const char *error = bench_result(bulla_secret_random(&material, BULLA_KEY_LEN));
  if (error == NULL) {
    error = bench_result(bulla_key_new(&sealing->key, suite, material));
  }
  bulla_secret_free(&material);
  sealing->owns_key = true;
  return error;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  enum bulla_suite suite = (enum bulla_suite)bench->variant;
  size_t blob_len = bulla_sealed_len(suite, bench->size);
  struct sealing *sealing = calloc(1, sizeof(*sealing));
  if (sealing == NULL) {
    return "no memory";
  }
  sealing->blob = bulla_buffer(malloc(blob_len), blob_len);
  sealing->plaintext = bulla_buffer(malloc(bench->size), bench->size);
  sealing->message = bulla_buffer(malloc(bench->size), bench->size);
  sealing->message.len = bench->size;
  const char *error = NULL;
  if (sealing->blob.data == NULL || sealing->plaintext.data == NULL || sealing->message.data == NULL) {
    error = "no memory";
  } else {
    bench_touch(sealing->message.data, bench->size);
    if (first != NULL) {
      sealing->key = ((struct sealing *)first)->key;
    } else {
      error = make_key(sealing, suite);
    }
  }
  if (error == NULL) {
    error = try_once(sealing);
  }
  if (error != NULL) {
    tear_down(sealing);
    return error;
  }
  *state = sealing;
  return NULL;
}

struct bench_table bench_core(void) {
  static const struct bench benches[] = {
      BENCH_SIZES_IF(false, "seal/aes256gcm", BULLA_AES_256_GCM, run_seal),
      BENCH_SIZES_IF(false, "open/aes256gcm", BULLA_AES_256_GCM, run_open),
      BENCH_SIZES_IF(false, "seal/xaes256gcm", BULLA_XAES_256_GCM, run_seal),
      BENCH_SIZES_IF(false, "open/xaes256gcm", BULLA_XAES_256_GCM, run_open),
  };
  return BENCH_TABLE(benches);
}
