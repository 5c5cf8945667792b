/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Engines: what does AES-GCM. Each is one constant table of functions; core/aead.c picks one at first use and
 * is the only caller. All give the same bytes. */

#ifndef BULLA_CORE_ENGINE_H
#define BULLA_CORE_ENGINE_H

#include <bulla/core.h>

struct bulla_engine {
  const char *name;
  size_t context_len; /* bytes of an expanded key */

  /* How deep below the caller's frame its calls may leave something of a secret, at most. It clears neither that
   * nor the registers: the caller does, by bulla_scrub. */
  size_t scrub_depth;

  /* Says whether the library is there and the processor has what it needs. */
  bool (*is_usable)(void);

  /* Expands |key| of 16, 24 or 32 bytes into |context|, which is in the slab, zeroed, aligned to 64. */
  enum bulla_status (*expand)(void *context, struct bulla_span key);

  /* As bulla_aead_seal; |nonce| is not empty. Here and below spans come taken apart: five of them would travel
   * over the stack, written by halves and read whole, for which processors wait. */
  enum bulla_status (*seal)(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce,
                            size_t nonce_len, const uint8_t *plaintext, size_t len, const uint8_t *additional_data,
                            size_t additional_data_len);

  /* As bulla_aead_open with a tag of BULLA_TAG_LEN, but false stands for any failure, and wiping |plaintext| is
   * for the caller. The tags are compared in constant time. */
  bool (*open)(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce, size_t nonce_len,
               const uint8_t *ciphertext, size_t len, const uint8_t *additional_data, size_t additional_data_len);
};

extern const struct bulla_engine bulla_engine_boringssl;
#ifdef BULLA_HAVE_IPSEC_MB
extern const struct bulla_engine bulla_engine_ipsec_mb;
#endif

#endif
