/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Engines: implementations of AES-GCM, each a constant table of functions. core/aead.c selects one at first use and
 * is the only caller. All give the same bytes. */

#ifndef BULLA_CORE_ENGINE_H
#define BULLA_CORE_ENGINE_H

#include <bulla/core.h>

struct bulla_engine {
  const char *name;
  size_t context_len; /* bytes of an expanded key */

  /* How deep below the caller's frame its calls may leave secret data, at most. The caller clears that, and the
   * registers, with bulla_scrub. */
  size_t scrub_depth;

  /* Returns the version of the library, as far as it tells one. */
  const char *(*version)(void);

  /* Returns whether the library is present and the processor supports it. */
  bool (*is_usable)(void);

  /* Expands |key| of 16, 24 or 32 bytes into |context|, which is in the slab, zeroed, aligned to 64. */
  enum bulla_status (*expand)(void *context, struct bulla_span key);

  /* As bulla_aead_seal; |nonce| is not empty. Here and below spans are passed as two arguments: five of them would go
   * over the stack, written in halves and read whole, which stalls the processor. */
  enum bulla_status (*seal)(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce,
                            size_t nonce_len, const uint8_t *plaintext, size_t len, const uint8_t *additional_data,
                            size_t additional_data_len);

  /* As bulla_aead_open with a tag of BULLA_TAG_LEN, but returns false for any failure, and the caller wipes
   * |plaintext|. The tags are compared in constant time. */
  bool (*open)(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce, size_t nonce_len,
               const uint8_t *ciphertext, size_t len, const uint8_t *additional_data, size_t additional_data_len);
};

extern const struct bulla_engine bulla_engine_boringssl;
#ifdef BULLA_HAVE_IPSEC_MB
extern const struct bulla_engine bulla_engine_ipsec_mb;
#endif

#endif
