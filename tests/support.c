/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the unit tests share, see support.h. Little here calls what is under test, and nothing relies on it to be
 * right. */

#include "tests/support.h"

#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* BULLA_ENGINE=NAME runs a whole test program on that engine. The library knows of no variable. */
__attribute__((constructor)) static void choose_engine(void) {
  const char *name = getenv("BULLA_ENGINE");
  if (name != NULL) {
    unsigned choice = BULLA_ENGINE_BORINGSSL;
    while (choice <= BULLA_ENGINE_VAES_256 &&
           (bulla_engine_choose(choice) != BULLA_OK || strcmp(bulla_engine_name(), name) != 0)) {
      choice++;
    }
    if (choice > BULLA_ENGINE_VAES_256) {
      (void)fprintf(stderr, "SKIPPED: this processor or this build has no engine %s\n", name);
      (void)printf("1..1\nok 1 - engine %s # SKIP this processor or this build has it not\n", name);
      exit(0);
    }
  }
}

/* In a list, so that a leak checker finds them. Threads of a test add to it too. */
static struct kept {
  struct kept *next;
  const void *made;
} * _Atomic all_kept;

void test_keep(const void *made) {
  struct kept *kept = malloc(sizeof(*kept));
  cr_assert_not_null(kept, "no memory for the test");
  *kept = (struct kept){all_kept, made};
  while (!atomic_compare_exchange_weak(&all_kept, &kept->next, kept)) {
  }
}

uint8_t *test_alloc(size_t size) {
  uint8_t *bytes = malloc(size);
  cr_assert(bytes != NULL || size == 0, "no memory for the test");
  test_keep(bytes);
  if (size > 0) {
    memset(bytes, 0xa5, size);
  }
  return bytes;
}

struct bulla_buffer test_room(size_t size) {
  return bulla_buffer(test_alloc(size), size);
}

void test_use_room(struct bulla_buffer *room) {
  if (room->size > 0) {
    memset(room->data, 0xa5, room->size);
  }
  room->len = 1;
}

struct bulla_span test_concat(struct bulla_span a, struct bulla_span b) {
  uint8_t *bytes = test_alloc(a.len + b.len);
  if (a.len > 0) {
    memcpy(bytes, a.data, a.len);
  }
  if (b.len > 0) {
    memcpy(bytes + a.len, b.data, b.len);
  }
  return bulla_span(bytes, a.len + b.len);
}

struct bulla_span test_copy(struct bulla_span bytes) {
  return test_concat(bytes, bulla_span(NULL, 0));
}

struct bulla_span test_guarded(struct bulla_span bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t room = (bytes.len + page) / page * page;
  uint8_t *pages = mmap(NULL, room + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  cr_assert(pages != MAP_FAILED);
  cr_assert_eq(mprotect(pages, room, PROT_READ | PROT_WRITE), 0);
  if (bytes.len > 0) {
    memcpy(pages + room - bytes.len, bytes.data, bytes.len);
  }
  return bulla_span(pages + room - bytes.len, bytes.len);
}

struct bulla_span test_text(const char *text) {
  return test_copy(bulla_span(text, strlen(text)));
}

struct bulla_span test_hex(const char *digits) {
  size_t num_spaces = 0;
  for (const char *at = digits; *at != '\0'; at++) {
    num_spaces += *at == ' ';
  }
  size_t len = (strlen(digits) - num_spaces) / 2;
  uint8_t *bytes = test_alloc(len);
  const char *at = digits;
  for (size_t i = 0; i < len; i++) {
    at += strspn(at, " ");
    const char pair[3] = {at[0], at[1], '\0'};
    bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    cr_assert(isxdigit((unsigned char)at[0]) && isxdigit((unsigned char)at[1]), "no hexadecimal literal: %s", digits);
    at += 2;
  }
  cr_assert_eq(at[strspn(at, " ")], '\0', "no hexadecimal literal: %s", digits);
  return bulla_span(bytes, len);
}

struct bulla_span test_filled(uint8_t byte, size_t len) {
  uint8_t *bytes = test_alloc(len);
  if (len > 0) {
    memset(bytes, byte, len);
  }
  return bulla_span(bytes, len);
}

struct bulla_span test_flipped(struct bulla_span bytes, size_t bit) {
  cr_assert(bit / 8 < bytes.len);
  uint8_t *copy = test_alloc(bytes.len);
  memcpy(copy, bytes.data, bytes.len);
  copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
  return bulla_span(copy, bytes.len);
}

struct bulla_secret *test_secret(struct bulla_span bytes) {
  struct bulla_secret *secret = NULL;
  TEST_OK(bulla_secret_copy(&secret, bytes));
  test_keep(secret);
  return secret;
}

struct bulla_key *test_key(enum bulla_suite suite, struct bulla_span material) {
  struct bulla_secret *secret = test_secret(material);
  struct bulla_key *key = NULL;
  TEST_OK(bulla_key_new(&key, suite, secret));
  test_keep(key);
  bulla_secret_free(&secret);
  return key;
}

struct bulla_span test_sealed(struct bulla_key *key, struct bulla_span plaintext, struct bulla_span context) {
  struct bulla_buffer blob = test_room(bulla_sealed_len(bulla_key_suite(key), plaintext.len));
  TEST_OK(bulla_seal(key, &blob, plaintext, context));
  cr_assert_eq(blob.len, blob.size);
  return bulla_written(&blob);
}

struct bulla_span test_base64url(struct bulla_span bytes) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  size_t num_bits = 8 * bytes.len;
  struct bulla_buffer text = test_room((num_bits + 5) / 6);
  for (size_t bit = 0; bit < num_bits; bit += 6) {
    unsigned digit = 0;
    for (size_t i = bit; i < bit + 6; i++) {
      digit = digit * 2 + (i < num_bits ? (unsigned)bytes.data[i / 8] >> (7 - i % 8) & 1 : 0);
    }
    text.data[text.len++] = (uint8_t)alphabet[digit];
  }
  return bulla_written(&text);
}

bool test_same(struct bulla_span a, struct bulla_span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool test_zero(const void *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (((const uint8_t *)bytes)[i] != 0) {
      return false;
    }
  }
  return true;
}

bool test_failed(const struct bulla_buffer *buffer) {
  return buffer->len == 0 && test_zero(buffer->data, buffer->size);
}

/* Of gcov, where coverage is counted: the counts of a child would be lost. */
__attribute__((weak)) void __gcov_dump(void);

static void count_and_end(int number) {
  __gcov_dump();
  signal(number, SIG_DFL);
  raise(number);
}

int test_in_child(int (*body)(void *), void *argument) {
  fflush(NULL);
  pid_t child = fork();
  cr_assert(child >= 0, "fork: %s", strerror(errno));
  if (child == 0) {
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT};
    for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
      signal(fatal[i], __gcov_dump != NULL ? count_and_end : SIG_DFL);
    }
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    int result = body(argument);
    if (__gcov_dump != NULL) {
      __gcov_dump();
    }
    _exit(result);
  }
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  return status;
}

int test_in_child_or_skip(int (*body)(void *), void *argument, const char *why) {
  int status = test_in_child(body, argument);
  if (WIFEXITED(status) && WEXITSTATUS(status) == TEST_CANNOT) {
    TEST_SKIP("%s", why);
  }
  return status;
}

struct test_told test_told;

static void tell(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  (void)arg;
  if (level == BULLA_LOG_ERROR) {
    snprintf(test_told.text, sizeof(test_told.text), "%s", detail);
    test_told.status = status;
  }
}

void test_listen(void) {
  test_told.text[0] = '\0';
  bulla_log_set(tell, NULL);
}

void test_start(struct test_threads *threads, size_t num, void *(*body)(void *), void *argument, size_t stride) {
  cr_assert_leq(num, sizeof(threads->ids) / sizeof(*threads->ids));
  threads->num = num;
  for (size_t i = 0; i < num; i++) {
    void *own = (void *)((uintptr_t)argument + i * stride);
    cr_assert_eq(pthread_create(&threads->ids[i], NULL, body, own), 0);
  }
}

void test_join(struct test_threads *threads) {
  for (size_t i = 0; i < threads->num; i++) {
    void *result = NULL;
    pthread_join(threads->ids[i], &result);
    cr_expect_null(result, "thread %zu: %zu", i, (size_t)(uintptr_t)result);
  }
}

void test_for_a_second(size_t num, void *(*body)(void *), atomic_bool *stop) {
  static const struct timespec second = {.tv_sec = 1};
  struct test_threads threads;
  test_start(&threads, num, body, NULL, 1);
  nanosleep(&second, NULL);
  *stop = true;
  test_join(&threads);
}

bool test_find_mapping(struct test_mapping *mapping, const void *address) {
  FILE *file = fopen("/proc/self/smaps", "re");
  if (file == NULL) {
    return false;
  }
  char line[4096];
  bool found = false;
  bool flags_seen = false;
  while (!flags_seen && fgets(line, sizeof(line), file) != NULL) {
    uintptr_t start;
    uintptr_t end;
    if (!found && sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, mapping->permissions) == 3) {
      found = (uintptr_t)address >= start && (uintptr_t)address < end;
      mapping->start = (uint8_t *)start;
      mapping->end = (uint8_t *)end;
    } else if (found && strncmp(line, "VmFlags:", 8) == 0) {
      snprintf(mapping->flags, sizeof(mapping->flags), "%.200s", line + 8);
      flags_seen = true;
    }
  }
  fclose(file);
  return flags_seen;
}

void test_arena(size_t size) {
  struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .arena_size = size};
  TEST_OK(bulla_memory_init(&options));
}

size_t test_kib_with(const char *flag) {
  FILE *file = fopen("/proc/self/smaps", "re");
  char line[4096];
  size_t size = 0;
  size_t sum = 0;
  cr_assert_not_null(file);
  while (fgets(line, sizeof(line), file) != NULL) {
    sscanf(line, "Size: %zu", &size);
    sum += strncmp(line, "VmFlags:", 8) == 0 && strstr(line, flag) != NULL ? size : 0;
  }
  fclose(file);
  return sum;
}

const char *test_folder(void) {
  const char *parent = getenv("TMPDIR");
  if (parent == NULL || *parent == '\0') {
    parent = "/tmp";
  }
  size_t size = strlen(parent) + sizeof("/bulla-test-XXXXXX");
  char *folder = (char *)test_alloc(size);
  snprintf(folder, size, "%s/bulla-test-XXXXXX", parent);
  cr_assert_not_null(mkdtemp(folder), "mkdtemp %s: %s", folder, strerror(errno));
  return folder;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *position) {
  (void)status;
  (void)type;
  (void)position;
  return remove(path);
}

void test_remove_folder(const char *folder) {
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_script(const char *folder, const char *name, const char *text) {
  size_t size = strlen(folder) + strlen(name) + 2;
  char *path = (char *)test_alloc(size);
  snprintf(path, size, "%s/%s", folder, name);
  FILE *file = fopen(path, "we");
  cr_assert_not_null(file, "%s: %s", path, strerror(errno));
  fprintf(file, "#!/bin/sh\n%s\n", text);
  cr_assert_eq(fclose(file), 0);
  cr_assert_eq(chmod(path, 0700), 0);
  return path;
}

struct test_vectors {
  FILE *file;
};

struct test_vectors *test_vectors_at(const char *path) {
  struct test_vectors *vectors = (struct test_vectors *)test_alloc(sizeof(*vectors));
  vectors->file = fopen(path, "re");
  cr_assert_not_null(vectors->file, "%s cannot be opened", path);
  return vectors;
}

struct test_vectors *test_vectors_open(const char *name) {
  const char *tree = getenv("BULLA_TEST_VECTORS");
  if (tree == NULL) {
    tree = "/usr/lib/python3/dist-packages/cryptography_vectors";
  }
  char path[4096];
  cr_assert_lt(snprintf(path, sizeof(path), "%s/%s", tree, name), (int)sizeof(path));
  if (access(path, R_OK) != 0) {
    TEST_SKIP("no %s: install python3-cryptography-vectors, or set BULLA_TEST_VECTORS", path);
  }
  return test_vectors_at(path);
}

/* Splits |line| at its "=" and trims both halves, in place. */
static void add_field(struct test_record *record, char *line) {
  cr_assert_lt(record->num_fields, sizeof(record->fields) / sizeof(*record->fields));
  static const char spaces[] = " \t\r\n[]";
  char *name = line + strspn(line, spaces);
  char *equals = strchr(name, '=');
  char *value = equals == NULL ? name + strlen(name) : equals + 1 + strspn(equals + 1, spaces);
  char *halves[] = {value, name};
  if (equals != NULL) {
    *equals = '\0';
  }
  for (size_t i = 0; i < 2; i++) {
    size_t len = strlen(halves[i]);
    while (len > 0 && strchr(spaces, halves[i][len - 1]) != NULL) {
      halves[i][--len] = '\0';
    }
  }
  record->fields[record->num_fields].name = name;
  record->fields[record->num_fields++].value = value;
}

bool test_vectors_next(struct test_vectors *vectors, struct test_record *record) {
  record->num_fields = 0;
  char *line = NULL;
  size_t size = 0;
  bool done = false;
  while (!done && getline(&line, &size, vectors->file) > 0) {
    bool blank = strspn(line, " \t\r\n") == strlen(line);
    if (blank) {
      done = record->num_fields > 0;
    } else if (*line != '#') {
      struct bulla_span copy = test_copy(bulla_span(line, strlen(line) + 1));
      add_field(record, (char *)(uintptr_t)copy.data);
    }
  }
  free(line);
  return record->num_fields > 0;
}

const char *test_vectors_line(struct test_vectors *vectors) {
  char *line = NULL;
  size_t size = 0;
  if (getline(&line, &size, vectors->file) <= 0) {
    free(line);
    return NULL;
  }
  test_keep(line);
  return line;
}

const char *test_field(const struct test_record *record, const char *name) {
  for (size_t i = 0; i < record->num_fields; i++) {
    if (strcasecmp(record->fields[i].name, name) == 0) {
      return record->fields[i].value;
    }
  }
  return NULL;
}
