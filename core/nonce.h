/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The pool behind bulla_nonce (core/crypto.h), for core/nonce.c and its tests. */

#ifndef BULLA_CORE_NONCE_H
#define BULLA_CORE_NONCE_H

#include <bulla/core.h>

#define BULLA_NONCE_POOL_LEN 4096 /* bytes that a thread draws at a time */

/* bulla_fresh_word returns 64 random bits of the processor, or 0 where it has none to give. */
uint64_t bulla_fresh_word(void);

/* bulla_nonce_mixed is bulla_nonce with |fresh| for the processor's random word. With 0 it returns |len| bytes of this
 * thread's pool unchanged. The i-th nonce of a batch takes bulla_fresh_word() + i (docs/FORMAT.md §2). */
BULLA_NODISCARD enum bulla_status bulla_nonce_mixed(uint8_t *nonce, size_t len, uint64_t fresh);

#endif
