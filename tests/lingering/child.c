/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The child: see child.h. */

#include "tests/lingering/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto.h"

static const struct scenario *const tables[] = {control_scenarios, core_scenarios, jose_scenarios, token_scenarios,
                                                store_scenarios};
enum { NUM_TABLES = sizeof(tables) / sizeof(tables[0]) };

static const struct scenario *scenario_at(size_t i) {
  for (size_t n = 0; n < NUM_TABLES; n++) {
    for (const struct scenario *scenario = tables[n]; scenario->name != NULL; scenario++) {
      if (i-- == 0) {
        return scenario;
      }
    }
  }
  return NULL;
}

const char *scenario_name(size_t i) {
  const struct scenario *scenario = scenario_at(i);
  return scenario != NULL ? scenario->name : NULL;
}

void assert_holds(bool condition, const char *what, int line) {
  if (!condition) {
    fprintf(stderr, "the child, line %d: it does not hold that %s\n", line, what);
    _exit(2);
  }
}

void tell(enum kind kind, const char *name, struct bulla_span bytes) {
  struct message message = {.kind = kind, .len = (uint32_t)bytes.len};
  snprintf(message.name, sizeof(message.name), "%s", name);
  struct iovec parts[2] = {{&message, sizeof(message)}, {NULL, bytes.len}};
  memcpy(&parts[1].iov_base, &bytes.data, sizeof(bytes.data));
  ASSERT(bytes.len <= BYTES_MAX);
  ASSERT(writev(TO_PARENT, parts, 2) == (ssize_t)(sizeof(message) + bytes.len));
}

/* The linker puts it before bulla's own (--wrap): keys that bulla draws by itself become known too. */
enum bulla_status __real_bulla_secret_random(struct bulla_secret **secret, size_t len);
enum bulla_status __wrap_bulla_secret_random(struct bulla_secret **secret, size_t len);
enum bulla_status __wrap_bulla_secret_random(struct bulla_secret **secret, size_t len) {
  enum bulla_status status = __real_bulla_secret_random(secret, len);
  if (status == BULLA_OK) {
    /* Of an API key 40 bytes are drawn, of which the first 8 are its id, which is public. */
    size_t id_len = len == 8 + BULLA_KEY_LEN ? 8 : 0;
    tell(SECRET_MATERIAL, "drawn", bulla_span(bulla_secret_data(*secret) + id_len, len - id_len));
  }
  return status;
}

/* By getrandom(2), which leaves nothing of what it gives. */
struct bulla_secret *new_secret(enum kind kind, const char *name, size_t len) {
  struct bulla_secret *secret = NULL;
  ASSERT(bulla_secret_new(&secret, len) == BULLA_OK);
  ASSERT(getentropy(bulla_secret_data(secret), len) == 0);
  tell(kind, name, bulla_secret_bytes(secret));
  return secret;
}

struct bulla_secret *new_text(const char *name, size_t len) {
  struct bulla_secret *secret = NULL;
  ASSERT(bulla_secret_new(&secret, len) == BULLA_OK);
  uint8_t *text = bulla_secret_data(secret);
  for (size_t i = 0; i < len; i += 100) {
    ASSERT(getentropy(text + i, len - i < 100 ? len - i : 100) == 0);
  }
  for (size_t i = 0; i < len; i++) {
    *(volatile uint8_t *)(text + i) = (uint8_t)('a' + (text[i] & 15));
  }
  tell(SECRET_TEXT, name, bulla_secret_bytes(secret));
  return secret;
}

struct bulla_buffer room_in(struct bulla_secret *secret) {
  return bulla_buffer(bulla_secret_data(secret), bulla_secret_bytes(secret).len);
}

void tell_blob(struct bulla_span blob) {
  struct bulla_blob parts;
  ASSERT(bulla_blob_parse(&parts, blob) == BULLA_OK);
  uint8_t both[24 + BULLA_TAG_LEN];
  memcpy(both, parts.nonce.data, parts.nonce.len);
  memcpy(both + parts.nonce.len, parts.tag.data, parts.tag.len);
  tell(CIPHERTEXT, "", parts.ciphertext);
  tell(BLOB_NONCE, "", bulla_span(both, parts.nonce.len + parts.tag.len));
}

static void wait_for_parent(void) {
  char byte;
  while (read(TO_CHILD, &byte, 1) < 0) {
  }
}

void check_fork(void) {
  pid_t pid = fork();
  ASSERT(pid >= 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    wait_for_parent();
    _exit(0);
  }
  tell(CHECK_FORK, "a child of fork(2) has nothing", bulla_span(&pid, sizeof(pid)));
  STOP();
  ASSERT(waitpid(pid, NULL, 0) == pid);
}

void check_cores(void) {
  const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  ASSERT(setrlimit(RLIMIT_CORE, &unlimited) == 0);
  tell(CHECK_CORES, "a core dump has nothing", bulla_span(NULL, 0));
  STOP();
  wait_for_parent();
  abort();
}

/* A memory of memfd_secret(2) cannot be read from outside: not even whether it was wiped. So it is made as on a
 * kernel without, which bulla does if a file could not be so large. */
static void make_readable_arena(void) {
  const struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .arena_size = 1 << 20};
  struct rlimit before;
  ASSERT(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const struct rlimit small = {4096, before.rlim_max};
  ASSERT(setrlimit(RLIMIT_FSIZE, &small) == 0);
  ASSERT(bulla_memory_init(&options) == BULLA_OK);
  ASSERT(setrlimit(RLIMIT_FSIZE, &before) == 0);
}

int run_child(const char *name, const char *engine) {
  ASSERT(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
  if (strcmp(name, "core dumps of memfd_secret(2)") != 0) {
    make_readable_arena();
  }
  unsigned choice = BULLA_ENGINE_BORINGSSL;
  while (bulla_engine_choose(choice) != BULLA_OK || strcmp(bulla_engine_name(), engine) != 0) {
    ASSERT(++choice <= BULLA_ENGINE_VAES_256);
  }
  for (size_t i = 0; scenario_name(i) != NULL; i++) {
    if (strcmp(name, scenario_name(i)) == 0) {
      scenario_at(i)->run();
      return 0;
    }
  }
  return 2;
}
