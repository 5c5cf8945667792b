/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* An arena for which the kernel refuses something: it is not made, and nothing is left of it. */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/slab.h"
#include "tests/support.h"

enum { MEMFD_SECRET = 447, ANY = -1, NUM_ATTEMPTS = 8 };

/* A system call that is refused where its argument |at| has all the bits of |bits|, or whatever it has. */
struct refusal {
  unsigned call;
  int at;
  unsigned bits;
  int error;
};

static bool refuse(const struct refusal *refusal) {
  unsigned at = refusal->at == ANY ? 0 : (unsigned)refusal->at;
  unsigned bits = refusal->at == ANY ? 0 : refusal->bits;
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refusal->call, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offsetof(struct seccomp_data, args) + at * sizeof(uint64_t))),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)refusal->error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof(program) / sizeof(*program), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static size_t num_mappings(void) {
  char text[4096];
  size_t num = 0;
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  for (ssize_t len = read(file, text, sizeof(text)); len > 0; len = read(file, text, sizeof(text))) {
    for (ssize_t i = 0; i < len; i++) {
      num += text[i] == '\n';
    }
  }
  close(file);
  return num;
}

struct attempt {
  struct refusal refusals[2];
  enum bulla_status wanted;
};

/* Asks again and again: no attempt costs addresses, and none leaves word of an arena. */
static int is_refused_without_a_trace(void *argument) {
  const struct attempt *attempt = argument;
  (void)bulla_fork_epoch();
  for (size_t i = 0; i < 2; i++) {
    if (attempt->refusals[i].error != 0 && !refuse(&attempt->refusals[i])) {
      return 1;
    }
  }
  if (attempt->wanted == BULLA_LOCK_LIMIT && mlock(attempt, 1) == 0) {
    return 0; /* AddressSanitizer's does nothing, and cannot be refused */
  }
  size_t before = num_mappings();
  for (size_t i = 0; i < NUM_ATTEMPTS; i++) {
    void *slot = &before;
    if (bulla_slab_new(&slot, 32) != attempt->wanted || slot != NULL) {
      return 2;
    }
  }
  struct bulla_slab_usage usage = bulla_slab_usage();
  if (usage.arena_size != 0 || usage.used != 0 || usage.locked || usage.secret_memfd) {
    return 3;
  }
  return num_mappings() < before + NUM_ATTEMPTS ? 0 : 4;
}

Test(slab_refused, what_the_kernel_refuses_is_named_and_leaves_nothing) {
  static const struct refusal no_secret_memory = {MEMFD_SECRET, ANY, 0, ENOSYS};
  const struct attempt attempts[] = {
      {{{SYS_mmap, 3, MAP_ANONYMOUS, ENOMEM}}, BULLA_NO_MEMORY},
      {{no_secret_memory, {SYS_mmap, 3, MAP_FIXED, ENOMEM}}, BULLA_NO_MEMORY},
      {{no_secret_memory, {SYS_mlock, ANY, 0, ENOMEM}}, BULLA_LOCK_LIMIT},
      {{{SYS_madvise, 2, MADV_DONTDUMP, EINVAL}}, BULLA_NO_MEMORY},
      {{{SYS_mprotect, 2, PROT_READ | PROT_WRITE, ENOMEM}}, BULLA_NO_MEMORY},
      {{{SYS_madvise, 2, MADV_DONTFORK, EINVAL}}, BULLA_NO_MEMORY},
      {{{SYS_getrandom, ANY, 0, ENOSYS}}, BULLA_NO_CRYPTO},
  };
  for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
    struct attempt attempt = attempts[i];
    cr_expect_eq(test_in_child(is_refused_without_a_trace, &attempt), 0, "attempt %zu", i);
  }
}

static int is_made_without_memfd_secret(void *argument) {
  const struct refusal *refusal = argument;
  struct rlimit little = {.rlim_cur = 4096, .rlim_max = 4096};
  void *slot;
  if (refusal == NULL ? setrlimit(RLIMIT_FSIZE, &little) != 0 : !refuse(refusal)) {
    return 1;
  }
  return bulla_slab_new(&slot, 32) == BULLA_OK && !bulla_slab_usage().secret_memfd && bulla_slab_usage().locked ? 0 : 2;
}

/* Growing the file past the limit would end the process by SIGXFSZ. */
Test(slab_refused, without_secret_memory_the_arena_is_locked) {
  struct refusal refusals[] = {{MEMFD_SECRET, ANY, 0, ENOSYS},
                               {SYS_ftruncate, ANY, 0, EINVAL},
                               {SYS_mmap, 3, MAP_SHARED | MAP_FIXED, ENOMEM},
                               {SYS_prlimit64, ANY, 0, EPERM}};
  cr_expect_eq(test_in_child(is_made_without_memfd_secret, NULL), 0, "a small limit for files");
  for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
    cr_expect_eq(test_in_child(is_made_without_memfd_secret, &refusals[i]), 0, "refusal %zu", i);
  }
}

static void *new_slot(size_t len) {
  void *slot = NULL;
  TEST_OK(bulla_slab_new(&slot, len));
  return slot;
}

/* The search for room goes on behind the last slot given, and comes round again. */
Test(slab_refused, room_before_the_last_slot_is_found_again) {
  enum { GRANULE = 64, PAGE = 4096 };
  test_arena(PAGE);
  void *first = new_slot(0);
  new_slot(0);
  bulla_slab_free(&first, 0);
  new_slot(10 * GRANULE);
  new_slot(46 * GRANULE);
  new_slot(0);
  cr_expect_eq(bulla_slab_usage().used, PAGE);
}
