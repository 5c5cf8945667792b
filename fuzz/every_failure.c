/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* All that the target alloc_fail can do with one call, in the place of a fuzzing engine: in each call the n-th
 * allocation of each kind fails, and with another run all after it, for every n until none does. A test for each call;
 * what is found ends the program, which is then short of its plan. */

#include "fuzz/alloc_calls.h"

enum { HEAP = 1, CRYPTO = 4, NUM_KINDS = 5, REOPEN = 10, LASTING = 128, FAR = 2048, MAX_NTH = 2 * FAR - 1 };

/* The third byte of a call in the input of alloc_fail. */
static uint8_t more_of(unsigned kind, unsigned nth, unsigned lasting) {
  FUZZ_ASSERT(nth < FAR || kind < CRYPTO);
  unsigned code = nth < FAR ? kind : kind - HEAP + NUM_KINDS;
  return (uint8_t)(nth / 256 % 4 + code * 4 + nth / 1024 % 2 * 32 + lasting);
}

/* Has the allocation number |nth| of |kind| fail in |call|, with the vault open, and says whether there was one. */
static bool strikes(uint8_t call, unsigned kind, unsigned nth, unsigned lasting) {
  const uint8_t no_fault[] = {REOPEN, 255, more_of(HEAP, MAX_NTH, 0)};
  const uint8_t fault[] = {call, (uint8_t)(nth & 255), more_of(kind, nth, lasting)};
  uint8_t input[6];
  memcpy(input, no_fault, sizeof(no_fault));
  memcpy(input + 3, fault, sizeof(fault));
  LLVMFuzzerTestOneInput(input, sizeof(input));
  return fuzz_struck();
}

static unsigned fail_each(uint8_t call) {
  unsigned num = 0;
  for (unsigned kind = HEAP; kind < NUM_KINDS; kind++) {
    for (unsigned lasting = 0; lasting <= LASTING; lasting += LASTING) {
      unsigned nth = 0;
      while (strikes(call, kind, nth, lasting)) {
        nth++;
        FUZZ_ASSERT(nth < MAX_NTH);
      }
      num += nth;
    }
  }
  return num;
}

int main(void) {
  unsigned num = 0;
  (void)strikes(0, HEAP, MAX_NTH, 0); /* sets up */
  (void)printf("1..%zu\n", fuzz_num_calls);
  for (size_t call = 0; call < fuzz_num_calls; call++) {
    num += fail_each((uint8_t)call);
    (void)printf("ok %zu - call %zu, %u failures with those before it\n", call + 1, call, num);
    (void)fflush(stdout);
  }
  return num > 0 ? 0 : 1;
}
