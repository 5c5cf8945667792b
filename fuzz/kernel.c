/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/kernel.h. */

#include "fuzz/kernel.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

enum { MAX_WIPED = 8, MAX_HANDLERS = 4, MAX_BLOCK = 1 << 30 };

struct fuzz_kernel fuzz_kernel;

static struct {
  void *at;
  size_t len;
} wiped[MAX_WIPED];

static void (*handlers[MAX_HANDLERS])(void); /* of children */
static size_t num_handlers;

static struct {
  bool armed;
  jmp_buf back;
} end;

/* refuses says whether |what| is refused, and sets errno if so. */
static bool refuses(unsigned what, int error) {
  if ((fuzz_kernel.refused & what) != 0) {
    errno = error;
    return true;
  }
  return false;
}

static bool is_in_arena(const void *at) {
  const struct fuzz_arena *arena = &fuzz_kernel.arena;
  const uint8_t *byte = at;
  return arena->reserved != NULL && byte >= arena->reserved && byte < arena->reserved + arena->reserved_len;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-*): what the linker calls them. */
void *__real_mmap64(void *address, size_t len, int rights, int flags, int file, off_t offset);
void *__wrap_mmap64(void *address, size_t len, int rights, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t len);
int __wrap_munmap(void *address, size_t len);
int __real_madvise(void *address, size_t len, int advice);
int __wrap_madvise(void *address, size_t len, int advice);
int __wrap_mlock(const void *address, size_t len);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e);
int __real_ftruncate64(int file, off_t len);
int __wrap_ftruncate64(int file, off_t len);
int __real_getrlimit64(__rlimit_resource_t resource, struct rlimit *limit);
int __wrap_getrlimit64(__rlimit_resource_t resource, struct rlimit *limit);
ssize_t __real_getrandom(void *room, size_t len, unsigned flags);
ssize_t __wrap_getrandom(void *room, size_t len, unsigned flags);
void *__real_calloc(size_t num, size_t len);
void *__wrap_calloc(size_t num, size_t len);
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
_Noreturn void __real_abort(void);
_Noreturn void __wrap_abort(void);

void *__wrap_mmap64(void *address, size_t len, int rights, int flags, int file, off_t offset) {
  bool reserves = rights == PROT_NONE;
  unsigned what = reserves                    ? FUZZ_NO_RESERVATION
                  : !is_in_arena(address)     ? FUZZ_NO_PAGE
                  : (flags & MAP_SHARED) != 0 ? FUZZ_NO_SECRET_PAGES
                                              : FUZZ_NO_PAGES;
  void *mapped = refuses(what, ENOMEM) ? MAP_FAILED : __real_mmap64(address, len, rights, flags, file, offset);
  if (mapped != MAP_FAILED && reserves) {
    FUZZ_ASSERT(fuzz_kernel.arena.reserved == NULL);
    fuzz_kernel.arena = (struct fuzz_arena){.reserved = mapped, .reserved_len = len};
  }
  if (mapped != MAP_FAILED && what == FUZZ_NO_SECRET_PAGES) {
    fuzz_kernel.arena.secret = true;
  }
  return mapped;
}

int __wrap_munmap(void *address, size_t len) {
  for (size_t i = 0; i < MAX_WIPED; i++) {
    wiped[i].at = wiped[i].at == address ? NULL : wiped[i].at;
  }
  if (fuzz_kernel.arena.reserved == address) {
    FUZZ_ASSERT(len == fuzz_kernel.arena.reserved_len);
    fuzz_kernel.arena = (struct fuzz_arena){0};
  }
  return __real_munmap(address, len);
}

static void note_wiped(void *at, size_t len) {
  size_t i = 0;
  while (i < MAX_WIPED && wiped[i].at != NULL) {
    i++;
  }
  FUZZ_ASSERT(i < MAX_WIPED);
  wiped[i].at = at;
  wiped[i].len = len;
}

/* note_arena notes advice. That about children must be about all that is reserved, that about dumps about the arena,
 * which lies behind one guard and before another. */
static void note_arena(const uint8_t *at, size_t len, int advice) {
  struct fuzz_arena *arena = &fuzz_kernel.arena;
  size_t before = (size_t)(at - arena->reserved);
  FUZZ_ASSERT(advice == MADV_DONTFORK ? before == 0 && len == arena->reserved_len
                                      : before == 4096 && len + 2 * before <= arena->reserved_len);
  arena->dontdump = arena->dontdump || advice == MADV_DONTDUMP;
  arena->dontfork = arena->dontfork || advice == MADV_DONTFORK;
}

int __wrap_madvise(void *address, size_t len, int advice) {
  unsigned what = advice == MADV_WIPEONFORK ? FUZZ_NO_WIPEONFORK
                  : advice == MADV_DONTFORK ? FUZZ_NO_DONTFORK
                                            : FUZZ_NO_DONTDUMP;
  if (refuses(what, EINVAL) || __real_madvise(address, len, advice) != 0) {
    return -1;
  }
  if (advice == MADV_WIPEONFORK) {
    note_wiped(address, len);
  } else if (is_in_arena(address)) {
    note_arena(address, len, advice);
  }
  return 0;
}

/* What the limit of this process is does not matter. */
int __wrap_mlock(const void *address, size_t len) {
  FUZZ_ASSERT(is_in_arena(address) && len < fuzz_kernel.arena.reserved_len);
  return refuses(FUZZ_NO_LOCK, ENOMEM) ? -1 : 0;
}

/* Of five arguments at most, in the registers where a caller of a variadic function puts them, too. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e) {
  bool refused = number == SYS_memfd_secret && refuses(FUZZ_NO_SECRET_FILE, ENOSYS);
  return refused ? -1 : __real_syscall(number, a, b, c, d, e);
}

int __wrap_ftruncate64(int file, off_t len) {
  return refuses(FUZZ_NO_FILE_LEN, EINVAL) ? -1 : __real_ftruncate64(file, len);
}

int __wrap_getrlimit64(__rlimit_resource_t resource, struct rlimit *limit) {
  if (refuses(FUZZ_NO_FILE_LIMIT, EINVAL) || __real_getrlimit64(resource, limit) != 0) {
    return -1;
  }
  if (refuses(FUZZ_LOW_FILE_LIMIT, 0)) {
    limit->rlim_cur = 0;
  }
  return 0;
}

ssize_t __wrap_getrandom(void *room, size_t len, unsigned flags) {
  return refuses(FUZZ_NO_RANDOM, ENOSYS) ? -1 : __real_getrandom(room, len, flags);
}

/* More than MAX_BLOCK nobody has; AddressSanitizer would take the attempt for a mistake. */
void *__wrap_calloc(size_t num, size_t len) {
  return len > MAX_BLOCK || refuses(FUZZ_NO_HEAP, ENOMEM) ? NULL : __real_calloc(num, len);
}

int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
  FUZZ_ASSERT(prepare == NULL && parent == NULL && num_handlers < MAX_HANDLERS);
  handlers[num_handlers] = child;
  num_handlers++;
  return 0;
}

void __wrap_abort(void) {
  if (!end.armed) {
    __real_abort();
  }
  longjmp(end.back, 1);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */

/* It does what the kernel and the handlers do in a child. The guards of an arena that is not there go
 * too, which they would not: a process that forks from child to child for hours has more of them than fit. */
void fuzz_fork(void) {
  for (size_t i = 0; i < MAX_WIPED; i++) {
    if (wiped[i].at != NULL) {
      memset(wiped[i].at, 0, wiped[i].len);
    }
  }
  if (fuzz_kernel.arena.dontfork) {
    (void)__real_munmap(fuzz_kernel.arena.reserved, fuzz_kernel.arena.reserved_len);
  }
  fuzz_kernel.arena = (struct fuzz_arena){0};
  for (size_t i = 0; i < num_handlers; i++) {
    handlers[i]();
  }
}

bool fuzz_aborts(void (*function)(void *arg), void *arg) {
  bool aborted = false;
  if (setjmp(end.back) == 0) {
    end.armed = true;
    function(arg);
  } else {
    fuzz_fork();
    aborted = true;
  }
  end.armed = false;
  return aborted;
}
