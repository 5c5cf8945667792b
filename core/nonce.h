/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The pool behind bulla_nonce (core/crypto.h), for core/nonce.c and its tests. */

#ifndef BULLA_CORE_NONCE_H
#define BULLA_CORE_NONCE_H

#include <bulla/core.h>

#define BULLA_NONCE_POOL_LEN 2048 /* bytes that a thread draws at a time */

/* bulla_nonce_mixed is bulla_nonce with |fresh| instead of the processor's random word. With 0 it returns |len|
 * bytes of this thread's pool unchanged. */
BULLA_NODISCARD enum bulla_status bulla_nonce_mixed(uint8_t *nonce, size_t len, uint64_t fresh);

#endif
