/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a function that has worked with secrets leaves behind without knowing: words of them in registers, and on
 * the stack where its frames were. Whoever calls such a function of a library clears both afterwards, whatever the
 * library says that it clears by itself: one build of it does, another does not. */

#ifndef BULLA_CORE_SCRUB_H
#define BULLA_CORE_SCRUB_H

#include <bulla/core.h>

/* Bytes of the stack that are cleared after a call of BoringSSL: Debian's go 1128 deep, and leave something of a
 * secret 768 deep. tests/test_scrub.c fails where another build goes deeper. */
enum { BULLA_SCRUB_DEPTH = 2048 };

#ifdef __x86_64__

enum bulla_vectors { BULLA_VECTORS_SSE, BULLA_VECTORS_AVX, BULLA_VECTORS_AVX512 };

/* bulla_scrub_below is assembly: core/scrub.c. */
void bulla_scrub_below(size_t depth, enum bulla_vectors vectors);

/* bulla_scrub clears all registers that a call need not preserve, vectors and masks with them, and |depth| bytes of
 * the stack below the caller's frame, rounded up to 256. It is part of its caller even where nothing else is: a frame
 * of its own would lie over what is to be cleared. */
__attribute__((always_inline)) static inline void bulla_scrub(size_t depth) {
  bulla_scrub_below(depth, __builtin_cpu_supports("avx512f") ? BULLA_VECTORS_AVX512
                           : __builtin_cpu_supports("avx")   ? BULLA_VECTORS_AVX
                                                             : BULLA_VECTORS_SSE);
}

#else

/* Which registers there are to clear differs; the stack is cleared everywhere. |depth| is at most
 * BULLA_SCRUB_DEPTH. */
void bulla_scrub(size_t depth);

#endif

#endif
