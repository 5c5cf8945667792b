/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The key ring: keys found by the id that a blob names. Rings are small, ids are uniformly random, and looking
 * through 16 bytes a key is faster than a hash table up to some hundreds of keys. */

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/key.h"

struct bulla_ring {
  size_t num;
  size_t max;
  struct bulla_key *keys[];
};

enum bulla_status bulla_ring_new(struct bulla_ring **ring, size_t max_keys) {
  *ring = NULL;
  if (max_keys > (SIZE_MAX - sizeof(struct bulla_ring)) / sizeof(struct bulla_key *)) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_ring *made = calloc(1, sizeof(*made) + max_keys * sizeof(made->keys[0]));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->max = max_keys;
  *ring = made;
  return BULLA_OK;
}

void bulla_ring_free(struct bulla_ring **ring) {
  struct bulla_ring *handle = *ring;
  if (handle == NULL) {
    return;
  }
  for (size_t i = 0; i < handle->num; i++) {
    bulla_key_free(&handle->keys[i]);
  }
  free(handle);
  *ring = NULL;
}

struct bulla_key *bulla_ring_find(const struct bulla_ring *ring, struct bulla_span key_id) {
  for (size_t i = 0; i < ring->num; i++) {
    if (bulla_span_equal(bulla_key_id(ring->keys[i]), key_id)) {
      return ring->keys[i];
    }
  }
  return NULL;
}

enum bulla_status bulla_ring_add(struct bulla_ring *ring, struct bulla_key **key) {
  if (bulla_ring_find(ring, bulla_key_id(*key)) != NULL) {
    return BULLA_EXISTS;
  }
  if (ring->num == ring->max) {
    return BULLA_TOO_LARGE;
  }
  ring->keys[ring->num] = *key;
  ring->num++;
  *key = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_ring_open(const struct bulla_ring *ring, struct bulla_buffer *plaintext, struct bulla_span blob,
                                  struct bulla_span context) {
  struct bulla_blob parts;
  if (bulla_blob_parse(&parts, blob) == BULLA_OK) {
    const struct bulla_key *key = bulla_ring_find(ring, parts.key_id);
    if (key != NULL) {
      return bulla_open(key, plaintext, blob, context);
    }
  }
  return bulla_fail(plaintext, BULLA_REFUSED);
}
