/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Engines: implementations of AES-GCM, each a constant table of functions. core/aead.c selects one at first use; it,
 * core/xaes.c and core/blob_many.c are the only callers. All give the same bytes. */

#ifndef BULLA_CORE_ENGINE_H
#define BULLA_CORE_ENGINE_H

#include "core/aad.h"

/* Bytes of an expanded key at most, of any engine. */
enum { BULLA_ENGINE_CONTEXT_MAX = 1536 };

struct bulla_engine {
  const char *name;
  bool only_256;      /* it has AES-256 alone: shorter keys go to BoringSSL */
  size_t context_len; /* bytes of an expanded key, at most BULLA_ENGINE_CONTEXT_MAX */
  size_t xaes_len;    /* bytes of an expanded key of XAES-256-GCM */

  /* How deep below the caller's frame its calls may leave secret data, at most. The caller clears that, and the
   * registers, with bulla_scrub. */
  size_t scrub_depth;

  /* Returns the version of the library, as far as it tells one. */
  const char *(*version)(void);

  /* Returns whether the library is present and the processor supports it. */
  bool (*is_usable)(void);

  /* Expands |key| of 16, 24 or 32 bytes, of 32 alone where |only_256|, into |context|, which is in the slab, zeroed,
   * aligned to 64. */
  enum bulla_status (*expand)(void *context, struct bulla_span key);

  /* Expands the 32 bytes of |key| into |xaes_key|, which is as |context| above. */
  enum bulla_status (*expand_xaes)(void *xaes_key, const uint8_t *key);

  /* As |expand|, of the key that |xaes_key| and the first 12 of the 24 bytes of |nonce| derive (core/xaes.h). It is for
   * one message, which has, with its additional data, |len| bytes. |context| has BULLA_ENGINE_CONTEXT_MAX bytes; those
   * after |context_len| are zero in the end. */
  enum bulla_status (*derive)(void *context, const void *xaes_key, const uint8_t *nonce, size_t len);

  /* As bulla_aead_seal_bound, with a |nonce| of any length but 0. Here and below spans are passed as two arguments:
   * past six of them they would go over the stack, written in halves and read whole, which stalls the processor. */
  enum bulla_status (*seal)(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce,
                            size_t nonce_len, const uint8_t *plaintext, size_t len, const struct bulla_aad *aad);

  /* As bulla_aead_open_bound, but for any status except BULLA_OK the caller wipes |plaintext|. BULLA_REFUSED is for the
   * wrong tag alone. The tags are compared in constant time. */
  enum bulla_status (*open)(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce,
                            size_t nonce_len, const uint8_t *ciphertext, size_t len, const struct bulla_aad *aad);
};

extern const struct bulla_engine bulla_engine_boringssl;
#ifdef __x86_64__
extern const struct bulla_engine bulla_engine_vaes_512; /* core/vaes.c */
extern const struct bulla_engine bulla_engine_vaes_256;
#endif

/* bulla_engine_for fills |*engine| with the engine for a new key of |key_len| bytes. Returns BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_engine_for(const struct bulla_engine **engine, size_t key_len);

#endif
