/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/scrub.h. */

#include "core/scrub.h"

#ifdef __x86_64__

/* Assembly outside any function: in one, a compiler would be free to put its own frame where the first bytes to
 * clear are, and an instrumenting one to add calls. In are |depth| (rdi) and |vectors| (esi). The frames below go in
 * pieces of 256 bytes, aligned but for what is above the first; the stack pointer moves ahead of them, since what is
 * below it belongs to nobody. */
__asm__(
    ".text\n"
    ".globl bulla_scrub_below\n"
    ".hidden bulla_scrub_below\n"
    ".type bulla_scrub_below, @function\n"
    ".p2align 6\n"
    "bulla_scrub_below:\n"
    "  movq %rsp, %rdx\n"
    "  cmpl $1, %esi\n"
    "  jb 6f\n"
    "  je 4f\n"

    /* AVX-512. What it adds, vzeroall does not know of. */
    "  vpxord %zmm16, %zmm16, %zmm16\n  vpxord %zmm17, %zmm17, %zmm17\n"
    "  vpxord %zmm18, %zmm18, %zmm18\n  vpxord %zmm19, %zmm19, %zmm19\n"
    "  vpxord %zmm20, %zmm20, %zmm20\n  vpxord %zmm21, %zmm21, %zmm21\n"
    "  vpxord %zmm22, %zmm22, %zmm22\n  vpxord %zmm23, %zmm23, %zmm23\n"
    "  vpxord %zmm24, %zmm24, %zmm24\n  vpxord %zmm25, %zmm25, %zmm25\n"
    "  vpxord %zmm26, %zmm26, %zmm26\n  vpxord %zmm27, %zmm27, %zmm27\n"
    "  vpxord %zmm28, %zmm28, %zmm28\n  vpxord %zmm29, %zmm29, %zmm29\n"
    "  vpxord %zmm30, %zmm30, %zmm30\n  vpxord %zmm31, %zmm31, %zmm31\n"
    "  kxorw %k0, %k0, %k0\n  kxorw %k1, %k1, %k1\n  kxorw %k2, %k2, %k2\n  kxorw %k3, %k3, %k3\n"
    "  kxorw %k4, %k4, %k4\n  kxorw %k5, %k5, %k5\n  kxorw %k6, %k6, %k6\n  kxorw %k7, %k7, %k7\n"
    "  vzeroall\n"
    "  testq %rdi, %rdi\n"
    "  jz 9f\n"
    "  subq $64, %rsp\n"
    "  vmovdqu64 %zmm0, (%rsp)\n"
    "  movq %rdx, %rsp\n  andq $-64, %rsp\n"
    "1:\n"
    "  subq $256, %rsp\n"
    "  vmovdqa64 %zmm0, (%rsp)\n  vmovdqa64 %zmm0, 64(%rsp)\n"
    "  vmovdqa64 %zmm0, 128(%rsp)\n  vmovdqa64 %zmm0, 192(%rsp)\n"
    "  subq $256, %rdi\n"
    "  ja 1b\n"

    "9:\n"
    "  movq %rdx, %rsp\n"
    "  xorl %eax, %eax\n  xorl %ecx, %ecx\n  xorl %edx, %edx\n  xorl %esi, %esi\n  xorl %edi, %edi\n"
    "  xorl %r8d, %r8d\n  xorl %r9d, %r9d\n  xorl %r10d, %r10d\n  xorl %r11d, %r11d\n"
    "  ret\n"

    /* AVX */
    "4:\n"
    "  vzeroall\n"
    "  testq %rdi, %rdi\n"
    "  jz 9b\n"
    "  subq $64, %rsp\n"
    "  vmovdqu %ymm0, (%rsp)\n  vmovdqu %ymm0, 32(%rsp)\n"
    "  movq %rdx, %rsp\n  andq $-64, %rsp\n"
    "5:\n"
    "  subq $256, %rsp\n"
    "  vmovdqa %ymm0, (%rsp)\n  vmovdqa %ymm0, 32(%rsp)\n  vmovdqa %ymm0, 64(%rsp)\n  vmovdqa %ymm0, 96(%rsp)\n"
    "  vmovdqa %ymm0, 128(%rsp)\n  vmovdqa %ymm0, 160(%rsp)\n  vmovdqa %ymm0, 192(%rsp)\n  vmovdqa %ymm0, 224(%rsp)\n"
    "  subq $256, %rdi\n"
    "  ja 5b\n"
    "  jmp 9b\n"

    /* SSE */
    "6:\n"
    "  pxor %xmm0, %xmm0\n  pxor %xmm1, %xmm1\n  pxor %xmm2, %xmm2\n  pxor %xmm3, %xmm3\n"
    "  pxor %xmm4, %xmm4\n  pxor %xmm5, %xmm5\n  pxor %xmm6, %xmm6\n  pxor %xmm7, %xmm7\n"
    "  pxor %xmm8, %xmm8\n  pxor %xmm9, %xmm9\n  pxor %xmm10, %xmm10\n  pxor %xmm11, %xmm11\n"
    "  pxor %xmm12, %xmm12\n  pxor %xmm13, %xmm13\n  pxor %xmm14, %xmm14\n  pxor %xmm15, %xmm15\n"
    "  testq %rdi, %rdi\n"
    "  jz 9b\n"
    "7:\n"
    "  subq $256, %rsp\n"
    "  movups %xmm0, (%rsp)\n  movups %xmm0, 16(%rsp)\n  movups %xmm0, 32(%rsp)\n  movups %xmm0, 48(%rsp)\n"
    "  movups %xmm0, 64(%rsp)\n  movups %xmm0, 80(%rsp)\n  movups %xmm0, 96(%rsp)\n  movups %xmm0, 112(%rsp)\n"
    "  movups %xmm0, 128(%rsp)\n  movups %xmm0, 144(%rsp)\n  movups %xmm0, 160(%rsp)\n  movups %xmm0, 176(%rsp)\n"
    "  movups %xmm0, 192(%rsp)\n  movups %xmm0, 208(%rsp)\n  movups %xmm0, 224(%rsp)\n  movups %xmm0, 240(%rsp)\n"
    "  subq $256, %rdi\n"
    "  ja 7b\n"
    "  jmp 9b\n"
    ".size bulla_scrub_below, . - bulla_scrub_below\n");

#else

__attribute__((noinline)) void bulla_scrub(size_t depth) {
  uint8_t frames[BULLA_POINT_SCRUB_DEPTH];
  (void)depth; /* no more than there are */
  bulla_wipe(frames, sizeof(frames));
}

#endif
