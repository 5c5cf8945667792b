/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing many messages under one key, all or none. The checks of the key, the count of its seals and the processor's
 * random word are there once a call (docs/FORMAT.md §2); what is done for each is in core/blob.c. */

#include "core/blob.h"
#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/key.h"
#include "core/nonce.h"
#include "core/slab.h"

/* A message of a call. */
struct message {
  struct bulla_span plaintext;
  struct bulla_span context;
};

static struct message take(const struct bulla_span *plaintexts, const struct bulla_span *contexts, size_t i) {
  return (struct message){plaintexts[i], contexts != NULL ? contexts[i] : bulla_span(NULL, 0)};
}

enum bulla_status bulla_seal_many(struct bulla_key *key, struct bulla_buffer *blobs, size_t *failed,
                                  const struct bulla_span *plaintexts, const struct bulla_span *contexts,
                                  size_t num_blobs) {
  enum bulla_status status = key->fork_epoch == bulla_fork_epoch() ? BULLA_OK : BULLA_FORKED;
  *failed = num_blobs;
  for (size_t i = 0; status == BULLA_OK && i < num_blobs; i++) {
    struct message message = take(plaintexts, contexts, i);
    status = bulla_blob_fits(&blobs[i], key->suite, message.plaintext, message.context);
    *failed = status == BULLA_OK ? num_blobs : i;
  }
  if (status == BULLA_OK && key->suite == BULLA_AES_256_GCM) {
    status = bulla_count_seals(&key->seals, num_blobs);
  }
  uint64_t fresh = bulla_fresh_word();
  for (size_t i = 0; status == BULLA_OK && i < num_blobs; i++) {
    struct message message = take(plaintexts, contexts, i);
    status = bulla_blob_seal(&blobs[i], key, fresh + i, message.plaintext, message.context);
  }
  for (size_t i = 0; status != BULLA_OK && i < num_blobs; i++) {
    (void)bulla_fail(&blobs[i], status);
  }
  return status;
}
