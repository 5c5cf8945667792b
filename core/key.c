/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Keys: from 32 bytes to an id that commits to them and an expanded key of one suite. */

#include "core/key.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/slab.h"
#include "core/xaes.h"

/* The id is derived, not drawn: whoever finds a second key that opens a blob, which AES-GCM allows, must also
 * find one with the same id, which HKDF does not allow. */
enum bulla_status bulla_key_id_of(uint8_t *id, struct bulla_span material) {
  return bulla_hkdf_expand(id, BULLA_KEY_ID_LEN, material, BULLA_LITERAL("bulla/v1/key-id"));
}

void bulla_blob_header(uint8_t *header, enum bulla_suite suite, const uint8_t *key_id) {
  header[0] = BULLA_BLOB_VERSION;
  header[1] = (uint8_t)suite;
  memcpy(header + BULLA_BLOB_ID_AT, key_id, BULLA_KEY_ID_LEN);
}

/* The suite is in the label, so that two suites never share a key of AES. */
static enum bulla_status expand_for_suite(struct bulla_key *key, const struct bulla_secret *material) {
  static const uint8_t label[] = "bulla/v1/seal";
  uint8_t info[sizeof(label)];
  memcpy(info, label, sizeof(label) - 1);
  info[sizeof(label) - 1] = (uint8_t)key->suite;

  struct bulla_secret *derived BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_expand(&derived, material, bulla_span(info, sizeof(info))));
  if (key->suite == BULLA_XAES_256_GCM) {
    return bulla_xaes_new(&key->xaes, bulla_secret_bytes(derived));
  }
  return bulla_aead_new(&key->aead, bulla_secret_bytes(derived));
}

enum bulla_status bulla_key_new(struct bulla_key **key, enum bulla_suite suite, const struct bulla_secret *material) {
  *key = NULL;
  if (suite != BULLA_AES_256_GCM && suite != BULLA_XAES_256_GCM) {
    return BULLA_UNSUPPORTED;
  }
  struct bulla_key *made = aligned_alloc(BULLA_CACHE_LINE, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  memset(made, 0, sizeof(*made));
  made->suite = suite;
  made->fork_epoch = bulla_fork_epoch();
  bulla_seal_count_start(&made->seals);
  enum bulla_status status = expand_for_suite(made, material);
  if (status == BULLA_OK) {
    uint8_t id[BULLA_KEY_ID_LEN];
    status = bulla_key_id_of(id, bulla_secret_bytes(material));
    bulla_blob_header(made->header, suite, id);
  }
  if (status != BULLA_OK) {
    bulla_key_free(&made);
  }
  *key = made;
  return status;
}

void bulla_key_free(struct bulla_key **key) {
  struct bulla_key *handle = *key;
  if (handle == NULL) {
    return;
  }
  if (handle->fork_epoch == bulla_fork_epoch()) {
    bulla_aead_free(&handle->aead);
    bulla_xaes_free(&handle->xaes);
  }
  free(handle);
  *key = NULL;
}

struct bulla_span bulla_key_id(const struct bulla_key *key) {
  return bulla_span(key->header + BULLA_BLOB_ID_AT, BULLA_KEY_ID_LEN);
}

enum bulla_suite bulla_key_suite(const struct bulla_key *key) {
  return key->suite;
}
