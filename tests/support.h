/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the unit tests share. Everything handed out here stays until the test's process ends, and Criterion runs
 * each test in a process of its own: no test needs to free that. Every buffer is a heap block of its exact size, so
 * that AddressSanitizer sees one byte too many. */

#ifndef BULLA_TESTS_SUPPORT_H
#define BULLA_TESTS_SUPPORT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "core/cursor.h"

/* TEST_STATUS asserts that |call| returns |wanted|, and names both if not. */
#define TEST_STATUS(call, wanted)                                                                        \
  do {                                                                                                   \
    enum bulla_status test_status = (call);                                                              \
    cr_assert_eq(test_status, (wanted), "%s: \"%s\", not \"%s\"", #call, bulla_status_text(test_status), \
                 bulla_status_text(wanted));                                                             \
  } while (0)

#define TEST_OK(call) TEST_STATUS(call, BULLA_OK)

/* TEST_SPAN asserts that two spans hold the same bytes; what follows them says which row of a table it is. */
#define TEST_SPAN(actual, wanted, ...) cr_assert(test_same(actual, wanted), __VA_ARGS__)

/* TEST_FAILED asserts that |buffer| is as a failed call must leave it: empty, and zero all over. */
#define TEST_FAILED(buffer, ...) cr_assert(test_failed(&(buffer)), __VA_ARGS__)

/* TEST_SKIP ends the test as skipped, and says so on standard error too; cr_log_warn would fail the program. */
#define TEST_SKIP(...)            \
  do {                            \
    fputs("SKIPPED: ", stderr);   \
    fprintf(stderr, __VA_ARGS__); \
    fputc('\n', stderr);          \
    cr_skip_test(__VA_ARGS__);    \
  } while (0)

/* test_keep holds on to what a test made and does not free: whatever else is lost when it ends is a leak. */
void test_keep(const void *made);

/* test_alloc returns |size| bytes of 0xA5. */
uint8_t *test_alloc(size_t size);

/* test_room returns an empty buffer of |size| bytes of 0xA5. */
struct bulla_buffer test_room(size_t size);

/* test_use_room makes |room| what somebody else has left: bytes of 0xA5, and one of them said to be written. */
void test_use_room(struct bulla_buffer *room);

struct bulla_span test_copy(struct bulla_span bytes);

/* test_guarded returns a copy of |bytes| with a page behind it in which any access faults. */
struct bulla_span test_guarded(struct bulla_span bytes);

/* test_concat returns |a|, then |b|. */
struct bulla_span test_concat(struct bulla_span a, struct bulla_span b);

/* test_text returns the characters of |text| without the final NUL. */
struct bulla_span test_text(const char *text);

/* test_hex returns the bytes that |digits| stand for; spaces count for nothing. */
struct bulla_span test_hex(const char *digits);

/* test_filled returns |len| times |byte|. */
struct bulla_span test_filled(uint8_t byte, size_t len);

/* test_flipped returns |bytes| with one bit changed. */
struct bulla_span test_flipped(struct bulla_span bytes, size_t bit);

/* test_secret returns a secret of |bytes|. */
struct bulla_secret *test_secret(struct bulla_span bytes);

/* test_key returns a key of |material|. */
struct bulla_key *test_key(enum bulla_suite suite, struct bulla_span material);

/* test_sealed returns |plaintext| sealed under |key|. */
struct bulla_span test_sealed(struct bulla_key *key, struct bulla_span plaintext, struct bulla_span context);

/* test_base64url returns the base64url digits of |bytes|, by an encoder too simple to be wrong. */
struct bulla_span test_base64url(struct bulla_span bytes);

bool test_same(struct bulla_span a, struct bulla_span b);
bool test_zero(const void *bytes, size_t len);
bool test_failed(const struct bulla_buffer *buffer);

/* test_in_child runs |body| in a forked child, where the signals of a crash have their default effect, and
 * returns what waitpid(2) says of it. It exits with what |body| returns; |body| must not use cr_assert. */
int test_in_child(int (*body)(void *), void *argument);

/* test_in_child_or_skip is test_in_child, but skips the test if the child returns TEST_CANNOT, and says |why|. */
int test_in_child_or_skip(int (*body)(void *), void *argument, const char *why);
enum { TEST_CANNOT = 255 };

/* What waitpid(2) has of a child that exits with |status|: its low byte, another one for each status. */
#define TEST_EXIT(status) ((int)(status)&0xff)

/* test_listen has the last error that the log is told kept in test_told, which is empty until then. */
extern struct test_told {
  char text[600];
  enum bulla_status status;
} test_told;
void test_listen(void);

/* Threads that are at work: at most eight. */
struct test_threads {
  pthread_t ids[8];
  size_t num;
};

/* test_start starts |num| threads of |body|, the first with |argument|, each next one with what is |stride| bytes
 * further on. */
void test_start(struct test_threads *threads, size_t num, void *(*body)(void *), void *argument, size_t stride);

/* test_join waits for them, and asserts that each returned NULL. */
void test_join(struct test_threads *threads);

/* test_for_a_second has |num| threads of |body|, each with its number, run for a second until |stop| becomes true. */
void test_for_a_second(size_t num, void *(*body)(void *), atomic_bool *stop);

/* test_arena makes the arena, of |size| bytes. */
void test_arena(size_t size);

/* test_kib_with returns how many KiB of this process's memory have |flag|, as " lo", in /proc/self/smaps. */
size_t test_kib_with(const char *flag);

/* A mapping, as /proc/self/smaps says. */
struct test_mapping {
  uint8_t *start;
  uint8_t *end;
  char permissions[5];
  char flags[256];
};

/* test_find_mapping finds the mapping that |address| lies in, or returns false. */
bool test_find_mapping(struct test_mapping *mapping, const void *address);

/* test_folder makes an empty folder of the test's own under TMPDIR. */
const char *test_folder(void);

/* test_remove_folder removes it with all there is in it. */
void test_remove_folder(const char *folder);

/* test_script makes a program of the shell's of |text| and returns its path, |folder|/|name|. */
const char *test_script(const char *folder, const char *name, const char *text);

/* A file of test vectors in the form of NIST's CAVP: blocks of lines "NAME = VALUE". It comes from Debian's
 * python3-cryptography-vectors, or another copy of its tree that BULLA_TEST_VECTORS names. */
struct test_vectors;

struct test_record {
  size_t num_fields;
  struct {
    const char *name;
    const char *value;
  } fields[16];
};

/* test_vectors_open opens |name| of that tree, or skips the test and says so. */
struct test_vectors *test_vectors_open(const char *name);

/* test_vectors_at opens the file |path|, which must be there. */
struct test_vectors *test_vectors_at(const char *path);

/* test_vectors_next reads the next block, of which every line is a field, or returns false at the end. Lines in
 * brackets are blocks of their own, without the brackets. */
bool test_vectors_next(struct test_vectors *vectors, struct test_record *record);

/* test_vectors_line returns the next line of a file of another form, or NULL at the end. */
const char *test_vectors_line(struct test_vectors *vectors);

/* test_field returns the value of |name|, or NULL if the block has no such line. */
const char *test_field(const struct test_record *record, const char *name);

#endif
