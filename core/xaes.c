/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* C2SP XAES-256-GCM, see core/xaes.h. Engines derive; what they derive is gone when the message is done. */

#include "core/xaes.h"

#include "core/cleanup.h"
#include "core/engine.h"
#include "core/scrub.h"
#include "core/slab.h"

_Static_assert((int)BULLA_ENGINE_CONTEXT_MAX <= (int)BULLA_SPARE_LEN, "a borrowed slot has room for a derived key");

struct bulla_xaes {
  const struct bulla_engine *engine;
  _Alignas(64) uint8_t key[];
};

static size_t slot_len(const struct bulla_engine *engine) {
  return sizeof(struct bulla_xaes) + engine->xaes_len;
}

enum bulla_status bulla_xaes_new(struct bulla_xaes **xaes, struct bulla_span key) {
  *xaes = NULL;
  if (key.len != BULLA_KEY_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  const struct bulla_engine *engine = NULL;
  BULLA_TRY(bulla_engine_for(&engine, BULLA_KEY_LEN));
  void *slot = NULL;
  BULLA_TRY(bulla_slab_new(&slot, slot_len(engine)));
  struct bulla_xaes *made = slot;
  made->engine = engine;
  enum bulla_status status = engine->expand_xaes(made->key, key.data);
  bulla_scrub(engine->scrub_depth);
  if (status != BULLA_OK) {
    bulla_xaes_free(&made);
  }
  *xaes = made;
  return status;
}

void bulla_xaes_free(struct bulla_xaes **xaes) {
  if (*xaes != NULL) {
    void *slot = *xaes;
    bulla_slab_free(&slot, slot_len((*xaes)->engine));
    *xaes = NULL;
  }
}

enum bulla_status bulla_xaes_seal(const struct bulla_xaes *xaes, uint8_t *ciphertext, uint8_t *tag,
                                  const uint8_t *nonce, struct bulla_span plaintext, const struct bulla_aad *aad) {
  const struct bulla_engine *engine = xaes->engine;
  struct bulla_borrowed borrowed;
  BULLA_TRY(bulla_slab_borrow(&borrowed));
  void *derived = borrowed.slot;
  size_t len = plaintext.len + aad->head_len + aad->tail_len;
  enum bulla_status status = engine->derive(derived, xaes->key, nonce, len);
  if (status == BULLA_OK) {
    status = engine->seal(derived, ciphertext, tag, nonce + BULLA_NONCE_LEN, BULLA_NONCE_LEN, plaintext.data,
                          plaintext.len, aad);
  }
  bulla_scrub(engine->scrub_depth);
  bulla_slab_give_back(&borrowed, engine->context_len);
  return status;
}

enum bulla_status bulla_xaes_open(const struct bulla_xaes *xaes, uint8_t *plaintext, const uint8_t *nonce,
                                  const uint8_t *tag, struct bulla_span ciphertext, const struct bulla_aad *aad) {
  const struct bulla_engine *engine = xaes->engine;
  struct bulla_borrowed borrowed;
  enum bulla_status status = bulla_slab_borrow(&borrowed);
  if (status == BULLA_OK) {
    void *derived = borrowed.slot;
    size_t len = ciphertext.len + aad->head_len + aad->tail_len;
    status = engine->derive(derived, xaes->key, nonce, len);
    if (status == BULLA_OK) {
      status = engine->open(derived, plaintext, tag, nonce + BULLA_NONCE_LEN, BULLA_NONCE_LEN, ciphertext.data,
                            ciphertext.len, aad);
    }
    bulla_scrub(engine->scrub_depth);
    bulla_slab_give_back(&borrowed, engine->context_len);
  }
  if (status != BULLA_OK) {
    bulla_wipe(plaintext, ciphertext.len);
  }
  return status;
}
