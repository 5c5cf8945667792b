/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES-GCM through whichever engine is the fastest here. Each call of one ends with clearing what it leaves. */

#include "core/aead.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/mask.h"
#include "core/scrub.h"
#include "core/slab.h"

/* The fastest first. */
static const struct {
  enum bulla_engine_choice choice;
  const struct bulla_engine *engine;
} engines[] = {
#ifdef __x86_64__
    {BULLA_ENGINE_VAES_512, &bulla_engine_vaes_512},
    {BULLA_ENGINE_VAES_256, &bulla_engine_vaes_256},
#endif
    {BULLA_ENGINE_BORINGSSL, &bulla_engine_boringssl},
};

static const struct bulla_engine *_Atomic chosen;

enum bulla_status bulla_engine_choose(enum bulla_engine_choice choice) {
  for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
    if ((choice == BULLA_ENGINE_AUTO || choice == engines[i].choice) && engines[i].engine->is_usable()) {
      chosen = engines[i].engine;
      return BULLA_OK;
    }
  }
  return choice == BULLA_ENGINE_AUTO ? BULLA_NO_CRYPTO : BULLA_UNSUPPORTED;
}

static enum bulla_status need_engine(void) {
  return chosen != NULL ? BULLA_OK : bulla_engine_choose(BULLA_ENGINE_AUTO);
}

const char *bulla_engine_name(void) {
  return need_engine() == BULLA_OK ? chosen->name : "none";
}

const char *bulla_engine_version(void) {
  return need_engine() == BULLA_OK ? chosen->version() : "";
}

enum bulla_status bulla_engine_for(const struct bulla_engine **engine, size_t key_len) {
  BULLA_TRY(need_engine());
  /* Read once: another thread may choose meanwhile. */
  *engine = chosen;
  if ((*engine)->only_256 && key_len != BULLA_KEY_LEN) {
    *engine = &bulla_engine_boringssl;
    return bulla_engine_boringssl.is_usable() ? BULLA_OK : BULLA_NO_CRYPTO;
  }
  return BULLA_OK;
}

static size_t slot_len(const struct bulla_engine *engine) {
  return sizeof(struct bulla_aead) + engine->context_len;
}

enum bulla_status bulla_aead_new(struct bulla_aead **aead, struct bulla_span key) {
  *aead = NULL;
  if (key.len != 16 && key.len != 24 && key.len != 32) {
    return BULLA_INVALID_ARGUMENT;
  }
  const struct bulla_engine *engine = NULL;
  BULLA_TRY(bulla_engine_for(&engine, key.len));
  void *slot = NULL;
  BULLA_TRY(bulla_slab_new(&slot, slot_len(engine)));
  struct bulla_aead *made = slot;
  made->engine = engine;
  enum bulla_status status = engine->expand(made->context, key);
  bulla_scrub(engine->scrub_depth);
  if (status != BULLA_OK) {
    bulla_aead_free(&made);
  }
  *aead = made;
  return status;
}

void bulla_aead_free(struct bulla_aead **aead) {
  if (*aead != NULL) {
    void *slot = *aead;
    bulla_slab_free(&slot, slot_len((*aead)->engine));
    *aead = NULL;
  }
}

/* Always inlined, as is open_any: so the frame of the engine's call is right below that of the function that scrubs. */
__attribute__((always_inline)) static inline enum bulla_status seal_any(const struct bulla_aead *aead,
                                                                        uint8_t *ciphertext, uint8_t *tag,
                                                                        const uint8_t *nonce, size_t nonce_len,
                                                                        struct bulla_span plaintext,
                                                                        const struct bulla_aad *aad) {
  enum bulla_status status = bulla_aead_seal_on(aead, ciphertext, tag, nonce, nonce_len, plaintext, aad);
  bulla_scrub(aead->engine->scrub_depth);
  return status;
}

__attribute__((always_inline)) static inline enum bulla_status open_any(const struct bulla_aead *aead,
                                                                        uint8_t *plaintext, const uint8_t *nonce,
                                                                        size_t nonce_len, const uint8_t *tag,
                                                                        struct bulla_span ciphertext,
                                                                        const struct bulla_aad *aad) {
  const struct bulla_engine *engine = aead->engine;
  enum bulla_status status =
      engine->open(aead->context, plaintext, tag, nonce, nonce_len, ciphertext.data, ciphertext.len, aad);
  bulla_scrub(engine->scrub_depth);
  if (status != BULLA_OK) {
    bulla_wipe(plaintext, ciphertext.len);
  }
  return status;
}

enum bulla_status bulla_aead_seal(const struct bulla_aead *aead, uint8_t *ciphertext, uint8_t *tag,
                                  struct bulla_span nonce, struct bulla_span plaintext,
                                  struct bulla_span additional_data) {
  if (nonce.len == 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  /* Counters would come round: blocks would have the key stream of others, and one of them that of the tag. */
  if (plaintext.len > BULLA_AES_GCM_MAX) {
    return BULLA_TOO_LARGE;
  }
  const struct bulla_aad aad = {.head = additional_data.data, .head_len = additional_data.len};
  return seal_any(aead, ciphertext, tag, nonce.data, nonce.len, plaintext, &aad);
}

enum bulla_status bulla_aead_open(const struct bulla_aead *aead, uint8_t *plaintext, struct bulla_span nonce,
                                  struct bulla_span ciphertext, struct bulla_span tag,
                                  struct bulla_span additional_data) {
  if (tag.len != BULLA_TAG_LEN || nonce.len == 0) {
    bulla_wipe(plaintext, ciphertext.len);
    return BULLA_REFUSED;
  }
  if (ciphertext.len > BULLA_AES_GCM_MAX) {
    return BULLA_REFUSED;
  }
  const struct bulla_aad aad = {.head = additional_data.data, .head_len = additional_data.len};
  return open_any(aead, plaintext, nonce.data, nonce.len, tag.data, ciphertext, &aad);
}

enum bulla_status bulla_aead_unwrap(const struct bulla_aead *aead, uint8_t *key, const uint8_t *nonce,
                                    const uint8_t *tag, struct bulla_span wrapped) {
  static const struct bulla_aad none;
  uint8_t again[BULLA_WRAPPED_MAX_LEN];
  uint8_t expected[BULLA_TAG_LEN] = {0};
  if (wrapped.len > sizeof(again)) {
    bulla_wipe(key, wrapped.len);
    return BULLA_REFUSED;
  }
  /* Counter mode: to encrypt what is encrypted decrypts it. Neither tag leaves this function. */
  enum bulla_status status = bulla_aead_seal_on(aead, key, expected, nonce, BULLA_NONCE_LEN, wrapped, &none);
  if (status == BULLA_OK) {
    status = bulla_aead_seal_on(aead, again, expected, nonce, BULLA_NONCE_LEN, bulla_span(key, wrapped.len), &none);
  }
  bool is_equal = bulla_secret_equal(bulla_span(expected, sizeof(expected)), bulla_span(tag, sizeof(expected)));
  uint32_t mask = bulla_mask(0 - (uint32_t)is_equal);
  for (size_t i = 0; i < wrapped.len; i++) {
    key[i] &= (uint8_t)mask;
  }
  bulla_wipe(expected, sizeof(expected));
  bulla_scrub(aead->engine->scrub_depth);
  if (status != BULLA_OK) {
    bulla_wipe(key, wrapped.len);
    return status;
  }
  return (enum bulla_status)(BULLA_REFUSED & ~mask);
}

enum bulla_status bulla_aead_seal_bound(const struct bulla_aead *aead, uint8_t *ciphertext, uint8_t *tag,
                                        const uint8_t *nonce, struct bulla_span plaintext,
                                        const struct bulla_aad *aad) {
  return seal_any(aead, ciphertext, tag, nonce, BULLA_NONCE_LEN, plaintext, aad);
}

enum bulla_status bulla_aead_open_bound(const struct bulla_aead *aead, uint8_t *plaintext, const uint8_t *nonce,
                                        const uint8_t *tag, struct bulla_span ciphertext, const struct bulla_aad *aad) {
  return open_any(aead, plaintext, nonce, BULLA_NONCE_LEN, tag, ciphertext, aad);
}
