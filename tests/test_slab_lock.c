/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The three ways to hold the arena: memfd_secret(2), mlock(2), neither. */

#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/slab.h"
#include "tests/support.h"

enum { PAGE = 4096, MEMFD_SECRET = 447 };

/* Makes this process see an older kernel: without memfd_secret(2) and MADV_WIPEONFORK. */
static bool see_an_older_kernel(void) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MEMFD_SECRET, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MADV_WIPEONFORK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof(program) / sizeof(*program), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static bool give_up_locking(void) {
  struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_MEMLOCK, &none) == 0 &&
         (geteuid() != 0 || (setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0));
}

static int mlock_still_succeeds(void *page) {
  return give_up_locking() && mlock(page, PAGE) != 0 ? 0 : 1;
}

/* AddressSanitizer replaces mlock by one that does nothing and succeeds. */
static void skip_unless_mlock_can_fail(void) {
  void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (test_in_child(mlock_still_succeeds, page) != 0) {
    TEST_SKIP("mlock cannot be made to fail, as under AddressSanitizer");
  }
}

/* Returns 0 if the arena is in no core dump and no child, and locked. */
static int holds_the_arena(const char *permissions) {
  void *slot;
  struct test_mapping arena;
  if (bulla_slab_new(&slot, 32) != BULLA_OK || !test_find_mapping(&arena, slot)) {
    return 1;
  }
  if (!bulla_slab_usage().locked || strstr(arena.flags, " lo") == NULL) {
    return 2;
  }
  if (strstr(arena.flags, " dd") == NULL) {
    return 3;
  }
  if (strstr(arena.flags, " dc") == NULL) {
    return 4;
  }
  return strcmp(arena.permissions, permissions) == 0 ? 0 : 5;
}

static int holds_it_by_default(void *argument) {
  (void)argument;
  void *slot;
  if (bulla_slab_new(&slot, 32) != BULLA_OK) {
    return 6;
  }
  return holds_the_arena(bulla_slab_usage().secret_memfd ? "rw-s" : "rw-p");
}

Test(slab_lock, the_arena_is_locked_and_left_out_of_core_dumps_and_children) {
  skip_unless_mlock_can_fail();
  cr_expect_eq(test_in_child(holds_it_by_default, NULL), 0);
}

static int holds_it_on_an_older_kernel(void *argument) {
  (void)argument;
  if (!see_an_older_kernel()) {
    return 6;
  }
  int verdict = holds_the_arena("rw-p");
  return bulla_slab_usage().secret_memfd ? 7 : verdict;
}

Test(slab_lock, so_it_is_on_a_kernel_without_memfd_secret) {
  skip_unless_mlock_can_fail();
  cr_expect_eq(test_in_child(holds_it_on_an_older_kernel, NULL), 0);
}

static int is_another_epoch(void *parents) {
  uint64_t epoch = bulla_fork_epoch();
  return epoch == *(uint64_t *)parents || epoch == 0 ? 1 : 0;
}

static int child_differs_on_an_older_kernel(void *argument) {
  (void)argument;
  if (!see_an_older_kernel()) {
    return 6;
  }
  uint64_t epoch = bulla_fork_epoch();
  int status = test_in_child(is_another_epoch, &epoch);
  return status == 0 && bulla_fork_epoch() == epoch ? 0 : 7;
}

Test(slab_lock, a_forked_child_is_another_fork_epoch_on_a_kernel_without_wipe_on_fork) {
  cr_expect_eq(test_in_child(child_differs_on_an_older_kernel, NULL), 0);
}

static int says_whether_memfd_secret_holds_it(void *argument) {
  (void)argument;
  void *slot;
  int fd = (int)syscall(MEMFD_SECRET, 0);
  if (bulla_slab_new(&slot, 32) != BULLA_OK) {
    return 1;
  }
  return bulla_slab_usage().secret_memfd == (fd >= 0) ? 0 : 2;
}

Test(slab_lock, memfd_secret_is_used_where_the_kernel_has_it) {
  cr_expect_eq(test_in_child(says_whether_memfd_secret_holds_it, NULL), 0);
}

static int is_refused_without_the_right_to_lock(void *argument) {
  (void)argument;
  void *slot;
  return give_up_locking() && bulla_slab_new(&slot, 32) == BULLA_LOCK_LIMIT && slot == NULL &&
                 bulla_slab_usage().arena_size == 0 && bulla_slab_new(&slot, 32) == BULLA_LOCK_LIMIT
             ? 0
             : 1;
}

Test(slab_lock, memory_that_cannot_be_locked_is_an_error) {
  skip_unless_mlock_can_fail();
  cr_expect_eq(test_in_child(is_refused_without_the_right_to_lock, NULL), 0);
}

static int goes_on_unlocked_if_allowed(void *argument) {
  (void)argument;
  void *slot;
  struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .allow_unlocked = true};
  if (!give_up_locking() || bulla_slab_new(&slot, 32) != BULLA_LOCK_LIMIT) {
    return 1;
  }
  if (bulla_memory_init(&options) != BULLA_OK || bulla_slab_usage().locked || bulla_slab_new(&slot, 32) != BULLA_OK) {
    return 2;
  }
  memset(slot, 1, 32);
  bulla_slab_free(&slot, 32);
  return 0;
}

Test(slab_lock, memory_that_cannot_be_locked_is_used_if_the_caller_allows_it) {
  skip_unless_mlock_can_fail();
  cr_expect_eq(test_in_child(goes_on_unlocked_if_allowed, NULL), 0);
}

/* The kernel has no room for the arena, whatever the program allows. */
static int asks_in_vain_and_is_refused_afterwards(void *argument) {
  (void)argument;
  struct rlimit before;
  if (!give_up_locking() || getrlimit(RLIMIT_AS, &before) != 0) {
    return 1;
  }
  struct rlimit little = {.rlim_cur = 256 << 20, .rlim_max = before.rlim_max};
  struct bulla_memory_options options = {
      .size = sizeof(struct bulla_memory_options), .arena_size = 1 << 30, .allow_unlocked = true};
  if (setrlimit(RLIMIT_AS, &little) != 0 || bulla_memory_init(&options) != BULLA_NO_MEMORY ||
      setrlimit(RLIMIT_AS, &before) != 0) {
    return 2;
  }
  void *slot;
  return bulla_slab_new(&slot, 32) == BULLA_LOCK_LIMIT && bulla_slab_usage().arena_size == 0 ? 0 : 3;
}

Test(slab_lock, an_init_that_failed_allows_nothing_afterwards) {
  skip_unless_mlock_can_fail();
  cr_expect_eq(test_in_child(asks_in_vain_and_is_refused_afterwards, NULL), 0);
}

static int is_served_by_default_after_a_failure(void *argument) {
  (void)argument;
  struct rlimit before;
  if (getrlimit(RLIMIT_MEMLOCK, &before) != 0 || setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0) {
    return 77;
  }
  struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .arena_size = PAGE};
  if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || bulla_memory_init(&options) != BULLA_LOCK_LIMIT ||
      setrlimit(RLIMIT_MEMLOCK, &before) != 0) {
    return 1;
  }
  void *slot;
  return bulla_slab_new(&slot, 32) == BULLA_OK && bulla_slab_usage().arena_size == 1 << 20 ? 0 : 2;
}

Test(slab_lock, an_init_that_failed_leaves_the_size_as_it_was) {
  skip_unless_mlock_can_fail();
  int status = test_in_child(is_served_by_default_after_a_failure, NULL);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    TEST_SKIP("only root can become somebody else");
  }
  cr_expect_eq(status, 0);
}
