/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/process.h. */

#include "cli/process.h"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/crypto.h"

static const int ignored[] = {SIGPIPE, SIGXFSZ};
#define NUM_IGNORED (sizeof(ignored) / sizeof(ignored[0]))

/* What was found. Without bulla_process_harden nothing is to be set back. */
static struct sigaction found[NUM_IGNORED];
static bool hardened;

void bulla_process_harden(void) {
  struct rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    (void)setrlimit(RLIMIT_CORE, &core);
  }
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  for (size_t i = 0; i < NUM_IGNORED; i++) {
    (void)sigaction(ignored[i], NULL, &found[i]);
  }
  hardened = true;
  bulla_process_take_back();
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) < 0) {
      /* The lowest free descriptor is this one. */
      (void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    }
  }
}

#ifndef MADV_POPULATE_WRITE /* Linux 5.14; older ones refuse both, and then it is page by page */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

enum { HEAP_LEN = 384 << 10, STACK_LEN = 64 << 10, LOADING_STACK_LEN = 256 << 10 };

static uintptr_t page_len(void) {
  return (uintptr_t)sysconf(_SC_PAGESIZE);
}

/* All pages of which a part is from |from| to |to|. */
static void populate(uintptr_t from, uintptr_t to, int advice) {
  from = from / page_len() * page_len();
  if (from < to) {
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): it is an address of this process. */
    (void)madvise((void *)from, to - from, advice);
  }
}

/* With another allocator than the C library's, as a sanitizer has, what is allocated is not at the end of the heap. */
static void take_heap(void) {
  if (mallopt(M_MMAP_THRESHOLD, 2 * HEAP_LEN) != 1 || mallopt(M_TRIM_THRESHOLD, 4 * HEAP_LEN) != 1) {
    return;
  }
  void *first = malloc(HEAP_LEN);
  uintptr_t end = (uintptr_t)sbrk(0);
  if (first != NULL && end - (uintptr_t)first <= 2 * (uintptr_t)HEAP_LEN) {
    populate((uintptr_t)first, end, MADV_POPULATE_WRITE);
  }
  free(first);
}

/* What is not written to, of what is one of the |names|, of which an empty one ends them and is the program's. */
static int take_code(struct dl_phdr_info *of, size_t size, void *arg) {
  const char *const *name = (const char *const *)arg;
  (void)size;
  while ((*name)[0] != '\0' && strstr(of->dlpi_name, *name) == NULL) {
    name++;
  }
  if ((*name)[0] == '\0' && of->dlpi_name[0] != '\0') {
    return 0;
  }
  for (size_t i = 0; i < of->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &of->dlpi_phdr[i];
    if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0) {
      uintptr_t from = of->dlpi_addr + part->p_vaddr;
      populate(from, from + part->p_memsz, MADV_POPULATE_READ);
    }
  }
  return 0;
}

void bulla_process_take_memory(void) {
  const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  populate(here - STACK_LEN, here, MADV_POPULATE_WRITE);
  take_heap();
  /* The libraries that do most. */
  const char *names[] = {"/libsqlite3.", "/libc.", ""};
  (void)dl_iterate_phdr(take_code, names);
}

static pthread_t loading;
static bool is_loading;

/* Whatever is asked for first has it loaded. */
static void *load(void *arg) {
  uint8_t digest[BULLA_SHA256_LEN];
  const char *names[] = {"/libcrypto.", ""};
  if (bulla_sha256(digest, bulla_span(NULL, 0)) == BULLA_OK) {
    (void)dl_iterate_phdr(take_code, names);
  }
  return arg;
}

void bulla_process_load_ahead(void) {
  cpu_set_t processors;
  pthread_attr_t small;
  if (is_loading || sched_getaffinity(0, sizeof(processors), &processors) != 0 || CPU_COUNT(&processors) < 2 ||
      pthread_attr_init(&small) != 0) {
    return;
  }
  /* A thread that allocates gets a heap of its own otherwise. */
  (void)mallopt(M_ARENA_MAX, 1);
  (void)pthread_attr_setstacksize(&small, LOADING_STACK_LEN);
  /* Signals are for the thread that waits for something. */
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  is_loading = pthread_create(&loading, &small, load, NULL) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  (void)pthread_attr_destroy(&small);
}

void bulla_process_loaded(void) {
  if (is_loading) {
    (void)pthread_join(loading, NULL);
    is_loading = false;
  }
}

void bulla_process_hand_on(void) {
  for (size_t i = 0; hardened && i < NUM_IGNORED; i++) {
    (void)sigaction(ignored[i], &found[i], NULL);
  }
}

void bulla_process_take_back(void) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  (void)sigemptyset(&ignore.sa_mask);
  for (size_t i = 0; hardened && i < NUM_IGNORED; i++) {
    (void)sigaction(ignored[i], &ignore, NULL);
  }
}

void bulla_process_end_by(int signal_number) {
  struct sigaction usual = {.sa_handler = SIG_DFL};
  sigset_t signals;
  (void)sigemptyset(&usual.sa_mask);
  (void)sigemptyset(&signals);
  (void)sigaddset(&signals, signal_number);
  (void)sigaction(signal_number, &usual, NULL);
  (void)raise(signal_number);
  (void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
  /* A signal that does not end this process is told as shells do. */
  _exit(128 + signal_number);
}

void bulla_process_end_by_pipe(void) {
  if (hardened && found[0].sa_handler == SIG_DFL) {
    (void)sigaction(SIGPIPE, &found[0], NULL);
    (void)raise(SIGPIPE);
  }
}

/* All that a signal may touch. */
static volatile sig_atomic_t to_end;

static void end_softly(int number) {
  (void)number;
  to_end = 1;
}

void bulla_process_end_softly(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  /* Without SA_RESTART; the second one ends the process. */
  struct sigaction note = {.sa_handler = end_softly, .sa_flags = (int)SA_RESETHAND};
  (void)sigemptyset(&note.sa_mask);
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    struct sigaction before;
    if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
      (void)sigaction(numbers[i], &note, NULL);
    }
  }
}

bool bulla_process_is_to_end(void) {
  return to_end != 0;
}

/* Where a URL of a server begins in an argument, or NULL: the argument itself, or what follows its first '='. */
static char *url_in(char *argument) {
  char *value = strchr(argument, '=');
  char *begins[] = {argument, value != NULL ? value + 1 : argument};
  for (size_t i = 0; i < 2; i++) {
    if (strncmp(begins[i], "postgres://", 11) == 0 || strncmp(begins[i], "postgresql://", 13) == 0) {
      return begins[i];
    }
  }
  return NULL;
}

void bulla_process_hide_urls(char **argv) {
  static char *copies[4]; /* for as long as the process lives; more than two URLs are a mistake */
  for (size_t num = 0; *argv != NULL && num < sizeof(copies) / sizeof(copies[0]); argv++) {
    char *url = url_in(*argv);
    copies[num] = url != NULL ? strdup(*argv) : NULL;
    if (copies[num] != NULL) {
      char *rest = strstr(url, "://") + 3;
      memset(rest, '*', strlen(rest));
      *argv = copies[num++];
    }
  }
}
