/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The pool behind bulla_nonce (core/crypto.h), for core/nonce.c and its tests. */

#ifndef BULLA_CORE_NONCE_H
#define BULLA_CORE_NONCE_H

#include <bulla/core.h>

#define BULLA_NONCE_POOL_LEN 2048 /* bytes that a thread draws at once */

/* bulla_nonce_draw is bulla_nonce without the processor's fresh word: |len| bytes of this thread's pool. */
BULLA_CHECKED enum bulla_status bulla_nonce_draw(uint8_t *nonce, size_t len);

#endif
