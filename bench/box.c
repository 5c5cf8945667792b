/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing to a public key and opening with the private one. */

#include <stdlib.h>

#include "bench/support.h"

enum { MESSAGE_LEN = 256, BLOB_LEN = 2 + BULLA_KEY_ID_LEN + BULLA_KEY_LEN + MESSAGE_LEN + BULLA_TAG_LEN };

struct boxing {
  struct bulla_box_key *key;
  bool owns_key;
  uint8_t message[MESSAGE_LEN];
  uint8_t opened_room[MESSAGE_LEN];
  uint8_t blob_room[BLOB_LEN];
  struct bulla_buffer opened;
  struct bulla_buffer blob;
};

static const uint8_t context[BENCH_CONTEXT_LEN] = "vault, tenant, entry, field, revision: sixty-four bytes of it";

static void tear_down(void *state) {
  struct boxing *boxing = state;
  if (boxing->owns_key) {
    bulla_box_key_free(&boxing->key);
  }
  free(boxing);
}

static const char *run_seal(void *state) {
  struct boxing *boxing = state;
  return bench_result(bulla_boxed_seal(&boxing->blob, bulla_box_key_public(boxing->key),
                                       bulla_span(boxing->message, MESSAGE_LEN), bulla_span(context, sizeof(context))));
}

static const char *run_open(void *state) {
  struct boxing *boxing = state;
  return bench_result(bulla_boxed_open(boxing->key, &boxing->opened, bulla_written(&boxing->blob),
                                       bulla_span(context, sizeof(context))));
}

static const char *make_key(struct boxing *boxing) {
  struct bulla_secret *private_key = NULL;
  const char *error = bench_result(bulla_secret_random(&private_key, BULLA_KEY_LEN));
  if (error == NULL) {
    error = bench_result(bulla_box_key_new(&boxing->key, private_key));
  }
  bulla_secret_free(&private_key);
  boxing->owns_key = true;
  return error;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  struct boxing *boxing = calloc(1, sizeof(*boxing));
  (void)bench;
  if (boxing == NULL) {
    return "no memory";
  }
  const char *error = NULL;
  boxing->opened = bulla_buffer(boxing->opened_room, MESSAGE_LEN);
  boxing->blob = bulla_buffer(boxing->blob_room, BLOB_LEN);
  if (first != NULL) {
    boxing->key = ((struct boxing *)first)->key;
  } else {
    error = make_key(boxing);
  }
  if (error == NULL) {
    error = run_seal(boxing);
  }
  if (error == NULL) {
    error = run_open(boxing);
  }
  if (error != NULL) {
    tear_down(boxing);
    return error;
  }
  *state = boxing;
  return NULL;
}

struct bench_table bench_box(void) {
  static const struct bench benches[] = {
      {"box/seal", MESSAGE_LEN, 0, true, false, set_up, run_seal, tear_down},
      {"box/open", MESSAGE_LEN, 0, true, false, set_up, run_open, tear_down},
  };
  return BENCH_TABLE(benches);
}
