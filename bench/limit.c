/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What no AES-256-GCM can beat on this processor: bench/limit_gcm.c, with vectors as long as the processor has, or as
 * the engine uses. */

#include <stdlib.h>

#include "bench/limit.h"
#include "bench/support.h"

struct work {
  struct bench_limit limit; /* first, since it is aligned */
  void (*run)(struct bench_limit *limit);
  uint8_t *plaintext;
};

#ifdef BENCH_HAVE_LIMIT

#include <cpuid.h>

/* The builtin asks whether the system keeps the registers; it does not know VAES under every compiler. */
static bool have_vaes(void) {
  unsigned a;
  unsigned b;
  unsigned c = 0;
  unsigned d;
  return __builtin_cpu_supports("avx2") != 0 && __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 && (c & bit_VAES) != 0 &&
         (c & bit_VPCLMULQDQ) != 0;
}

/* choose returns the bits of a vector, or 0 if this processor has not what it takes. */
static int choose(void (**chosen)(struct bench_limit *limit)) {
  __builtin_cpu_init();
  const bool wide = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                    strcmp(bulla_engine_name(), "vaes-256") != 0;
  *chosen = wide ? bench_limit_gcm_512 : bench_limit_gcm_256;
  return have_vaes() ? wide ? 512 : 256 : 0;
}

#else

static int choose(void (**chosen)(struct bench_limit *limit)) {
  *chosen = NULL;
  return 0;
}

#endif

int bench_limit_bits(void) {
  void (*chosen)(struct bench_limit *);
  return choose(&chosen);
}

static const char *run(void *state) {
  struct work *work = state;
  work->run(&work->limit);
  return NULL;
}

static void tear_down(void *state) {
  struct work *work = state;
  free(work->plaintext);
  free(work->limit.ciphertext);
  free(work);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  void (*chosen)(struct bench_limit *);
  if (choose(&chosen) == 0) {
    return "this processor has no VAES";
  }
  const size_t alignment = BENCH_LIMIT_VECTOR_LEN;
  const size_t room = (bench->size + alignment - 1) / alignment * alignment;
  struct work *work = aligned_alloc(alignment, sizeof(*work));
  if (work == NULL) {
    return "no memory";
  }
  memset(work, 0x5a, sizeof(*work));
  work->run = chosen;
  work->plaintext = malloc(room);
  work->limit.plaintext = work->plaintext;
  work->limit.ciphertext = malloc(room);
  work->limit.len = bench->size;
  if (work->plaintext == NULL || work->limit.ciphertext == NULL) {
    tear_down(work);
    return "no memory";
  }
  bench_touch(work->plaintext, room);
  bench_touch(work->limit.ciphertext, room);
  *state = work;
  return NULL;
}

struct bench_table bench_limit(void) {
  static const struct bench benches[] = {BENCH_SIZES("limit/gcm", 0, run)};
  return BENCH_TABLE(benches);
}
