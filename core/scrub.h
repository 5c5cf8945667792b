/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Clearing what code that handles secrets leaves behind: words of them in registers, and on the stack where its
 * frames were. Callers of such library functions clear both, whatever the library says it clears itself: some builds
 * do, others do not. */

#ifndef BULLA_CORE_SCRUB_H
#define BULLA_CORE_SCRUB_H

#include <bulla/core.h>

/* Bytes of the stack that are cleared after a call of BoringSSL: Debian's use 1128 bytes, and leave secret data
 * in 768. tests/test_scrub.c fails if another build uses more. */
enum { BULLA_SCRUB_DEPTH = 2048 };

/* The same for what works on Curve25519: Debian's leaves something in less than 4096 bytes. */
enum { BULLA_CURVE_SCRUB_DEPTH = 8192 };

/* The same for what works on the curves of NIST, and with RSA: Debian's leaves something in 9920 bytes. */
enum { BULLA_POINT_SCRUB_DEPTH = 16384 };

#ifdef __x86_64__

enum bulla_vectors { BULLA_VECTORS_SSE, BULLA_VECTORS_AVX, BULLA_VECTORS_AVX512 };

/* bulla_scrub_below is assembly: core/scrub.c. */
void bulla_scrub_below(size_t depth, enum bulla_vectors vectors);

/* bulla_scrub clears all registers that a call need not preserve, vectors and masks with them, and |depth| bytes of
 * the stack below the caller's frame, rounded up to 256. It is always inlined: a frame of its own would
 * cover what must be cleared. */
__attribute__((always_inline)) static inline void bulla_scrub(size_t depth) {
  bulla_scrub_below(depth, __builtin_cpu_supports("avx512f") ? BULLA_VECTORS_AVX512
                           : __builtin_cpu_supports("avx")   ? BULLA_VECTORS_AVX
                                                             : BULLA_VECTORS_SSE);
}

#else

/* Which registers are cleared depends on the processor; the stack is always cleared. |depth| is at most
 * BULLA_POINT_SCRUB_DEPTH. */
void bulla_scrub(size_t depth);

#endif

#endif
