/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The memory and the registers of another process. */

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "tests/lingering/lingering.h"

enum { REGIONS_MAX = 512, REGISTERS_MAX = 16384, HITS_SHOWN = 8 };

struct region {
  unsigned long start;
  size_t len;
  bool locked; /* and kept out of core dumps: bulla's arena */
  char name[64];
  uint8_t *bytes;
};

struct snapshot {
  size_t num;
  struct region regions[REGIONS_MAX];
  unsigned long stack_pointer;
  size_t general_len;
  uint8_t general[sizeof(struct user_regs_struct)];
  size_t extended_len;
  uint8_t extended[REGISTERS_MAX]; /* x87, SSE, AVX, AVX-512 */
};

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(2);
}

/* Reads |region|, page by page where a part of it is not there. */
static void read_region(struct region *region, int pid) {
  region->bytes = calloc(1, region->len);
  if (region->bytes == NULL) {
    fail("no memory");
  }
  for (size_t done = 0; done < region->len;) {
    struct iovec local = {region->bytes + done, region->len - done};
    struct iovec remote = {(void *)(region->start + done), region->len - done};
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    if (got < 0 && errno != EFAULT) {
      fail("process_vm_readv");
    }
    if (got <= 0 && !region->locked) {
      fprintf(stderr, "%s cannot be read\n", region->name);
      exit(2);
    }
    if (got <= 0) {
      return;
    }
    done += (size_t)got;
  }
}

/* Notes the flags of the mapping that was read last: locked, and not to be dumped. */
static void note_flags(struct snapshot *snapshot, const char *flags, bool wanted) {
  if (wanted) {
    snapshot->regions[snapshot->num - 1].locked = strstr(flags, " lo") != NULL && strstr(flags, " dd") != NULL;
  }
}

static void read_mappings(struct snapshot *snapshot, int pid) {
  char path[64];
  char line[512];
  bool wanted = false;
  snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    fail(path);
  }
  while (fgets(line, sizeof(line), file) != NULL) {
    unsigned long start;
    unsigned long end;
    char permissions[8];
    char name[256] = "";
    if (strncmp(line, "VmFlags:", 8) == 0) {
      note_flags(snapshot, line + 8, wanted);
    } else if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255[^\n]", &start, &end, permissions, name) >= 3) {
      wanted = permissions[1] == 'w' && snapshot->num < REGIONS_MAX;
      if (wanted) {
        struct region *region = &snapshot->regions[snapshot->num++];
        *region = (struct region){.start = start, .len = end - start};
        const char *last = strrchr(name, '/');
        snprintf(region->name, sizeof(region->name), "%.63s", last != NULL ? last + 1 : name);
      }
    }
  }
  fclose(file);
}

static void read_registers(struct snapshot *snapshot, int pid) {
  struct user_regs_struct general;
  struct iovec room = {&general, sizeof(general)};
  if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &room) != 0) {
    fail("PTRACE_GETREGSET, NT_PRSTATUS");
  }
  snapshot->stack_pointer = general.rsp;
  snapshot->general_len = room.iov_len;
  memcpy(snapshot->general, &general, sizeof(general));
  room = (struct iovec){snapshot->extended, sizeof(snapshot->extended)};
  if (ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &room) != 0) {
    fail("PTRACE_GETREGSET, NT_X86_XSTATE");
  }
  snapshot->extended_len = room.iov_len;
}

struct snapshot *snapshot_take(int pid, bool with_registers) {
  struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
  if (snapshot == NULL) {
    fail("no memory");
  }
  read_mappings(snapshot, pid);
  for (size_t i = 0; i < snapshot->num; i++) {
    read_region(&snapshot->regions[i], pid);
  }
  if (with_registers) {
    read_registers(snapshot, pid);
  }
  return snapshot;
}

void snapshot_free(struct snapshot *snapshot) {
  for (size_t i = 0; i < snapshot->num; i++) {
    free(snapshot->regions[i].bytes);
  }
  free(snapshot);
}

static size_t search_registers(const struct needles *needles, const char *name, const uint8_t *bytes, size_t len) {
  char what[128];
  size_t place = 0;
  size_t hits = len > 0 ? needles_find(needles, bulla_span(bytes, len), what, &place) : 0;
  if (hits > 0) {
    printf("# %zu in the %s registers, first at byte %zu: %s\n", hits, name, place, what);
  }
  return hits;
}

static size_t search_region(const struct snapshot *snapshot, const struct needles *needles,
                            const struct region *region) {
  size_t num_hits = 0;
  for (size_t from = 0; num_hits < HITS_SHOWN;) {
    char what[128];
    size_t place = 0;
    size_t hits = needles_find(needles, bulla_span(region->bytes + from, region->len - from), what, &place);
    if (hits == 0) {
      break;
    }
    unsigned long address = region->start + from + place;
    long below = (long)(snapshot->stack_pointer - address);
    bool stack = strcmp(region->name, "[stack]") == 0;
    printf("# in %s at %#lx", region->name[0] != '\0' ? region->name : "a mapping without a name", address);
    printf(stack && below > 0 ? ", %ld bytes below the stack pointer: %s\n" : ", %ld: %s\n", stack ? below : 0L, what);
    num_hits++;
    from += place + WINDOW;
  }
  return num_hits;
}

size_t snapshot_search(const struct snapshot *snapshot, const struct needles *needles, bool live) {
  size_t num_hits = search_registers(needles, "general", snapshot->general, snapshot->general_len);
  num_hits += search_registers(needles, "vector", snapshot->extended, snapshot->extended_len);
  for (size_t i = 0; i < snapshot->num; i++) {
    if (!(live && snapshot->regions[i].locked)) {
      num_hits += search_region(snapshot, needles, &snapshot->regions[i]);
    }
  }
  return num_hits;
}
