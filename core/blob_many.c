/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing many messages under one key, all or none. The checks of the key, the count of its seals and the processor's
 * random word are there once a call (docs/FORMAT.md §2), and so is clearing what an engine leaves. */

#include "core/aead.h"
#include "core/blob.h"
#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/key.h"
#include "core/nonce.h"
#include "core/scrub.h"
#include "core/slab.h"

/* A message of a call. */
struct message {
  struct bulla_span plaintext;
  struct bulla_span context;
};

static struct message take(const struct bulla_span *plaintexts, const struct bulla_span *contexts, size_t i) {
  return (struct message){plaintexts[i], contexts != NULL ? contexts[i] : bulla_span(NULL, 0)};
}

/* Seals under AES-256-GCM; the caller clears what the engine leaves. */
__attribute__((always_inline)) static inline enum bulla_status seal_on(struct bulla_buffer *blob,
                                                                       const struct bulla_key *key, uint64_t fresh,
                                                                       struct message message) {
  struct bulla_blob_room room = bulla_blob_begin(blob, key, BULLA_NONCE_LEN, message.plaintext.len);
  struct bulla_aad aad = bulla_blob_bound_to(key, message.context);
  BULLA_TRY(bulla_nonce_mixed(room.nonce, BULLA_NONCE_LEN, fresh));
  return bulla_aead_seal_on(key->aead, room.ciphertext, room.tag, room.nonce, BULLA_NONCE_LEN, message.plaintext, &aad);
}

/* Seals all that fits and was counted. */
static enum bulla_status seal_all(const struct bulla_key *key, struct bulla_buffer *blobs,
                                  const struct bulla_span *plaintexts, const struct bulla_span *contexts, size_t num) {
  enum bulla_status status = BULLA_OK;
  uint64_t fresh = bulla_fresh_word();
  if (key->suite != BULLA_AES_256_GCM) {
    for (size_t i = 0; status == BULLA_OK && i < num; i++) {
      struct message message = take(plaintexts, contexts, i);
      status = bulla_blob_seal(&blobs[i], key, fresh + i, message.plaintext, message.context);
    }
    return status;
  }
  for (size_t i = 0; status == BULLA_OK && i < num; i++) {
    status = seal_on(&blobs[i], key, fresh + i, take(plaintexts, contexts, i));
  }
  /* What the last message left; what others did, it has overwritten or left too. */
  bulla_scrub(key->aead->engine->scrub_depth);
  return status;
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
  if (status == BULLA_OK) {
    status = seal_all(key, blobs, plaintexts, contexts, num_blobs);
  }
  for (size_t i = 0; status != BULLA_OK && i < num_blobs; i++) {
    (void)bulla_fail(&blobs[i], status);
  }
  return status;
}
