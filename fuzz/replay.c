/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Replays a corpus without a fuzzing engine. The arguments are files and folders; every file in them is one
 * test, handed to the target in a heap block of its exact size and reported as a line of TAP. A target that
 * finds something ends the program, which is then short of its plan.
 *
 * After --mutate each file that gets past the target's tag or checksum, as the code under test says, is handed to
 * the target's mutator, and what comes out to the target, many times; the last test is that enough of that got
 * past, too. */

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

/* Of fuzz/mutate.c, where the target has it. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
__attribute__((weak)) extern size_t fuzz_num_passed;

enum { NUM_MUTATIONS = 400, MAX_MUTATED = 12288, MIN_PERCENT = 10 };

static bool is_mutating;
static size_t num_mutated;
static size_t num_passed; /* of those */
static int num_files;
static int num_failed;

static void report(const char *path, const char *error) {
  num_files++;
  if (error == NULL) {
    (void)printf("ok %d - %s\n", num_files, path);
  } else {
    num_failed++;
    (void)printf("not ok %d - %s\n# %s\n", num_files, path, error);
  }
  (void)fflush(stdout);
}

/* read_whole returns the bytes of |file| in a block of their exact size, or NULL with errno set. */
static uint8_t *read_whole(FILE *file, size_t *len) {
  struct stat about;
  if (fstat(fileno(file), &about) != 0) {
    return NULL;
  }
  if (!S_ISREG(about.st_mode)) {
    errno = EINVAL;
    return NULL;
  }
  *len = (size_t)about.st_size;
  uint8_t *bytes = fuzz_alloc(*len);
  errno = EIO; /* what a file that grew or shrank meanwhile counts as */
  if (fread(bytes, 1, *len, file) != *len || fgetc(file) != EOF || ferror(file)) {
    free(bytes);
    return NULL;
  }
  return bytes;
}

/* passes hands |bytes| to the target and says whether they got past. */
static bool passes(const uint8_t *bytes, size_t len) {
  size_t before = fuzz_num_passed;
  LLVMFuzzerTestOneInput(bytes, len);
  return fuzz_num_passed > before;
}

static void mutate(const uint8_t *bytes, size_t len) {
  static uint8_t room[MAX_MUTATED];
  FUZZ_ASSERT(len <= sizeof(room));
  for (unsigned seed = 0; seed < NUM_MUTATIONS && passes(bytes, len); seed++) {
    memcpy(room, bytes, len);
    size_t mutated_len = LLVMFuzzerCustomMutator(room, len, sizeof(room), seed);
    uint8_t *mutated = fuzz_alloc(mutated_len);
    memcpy(mutated, room, mutated_len);
    num_passed += passes(mutated, mutated_len) ? 1 : 0;
    num_mutated++;
    free(mutated);
  }
}

static void report_mutated(void) {
  bool enough = num_mutated > 0 && num_passed * 100 >= num_mutated * MIN_PERCENT;
  (void)printf("# %zu of %zu mutated inputs got past\n", num_passed, num_mutated);
  report("mutated inputs get past", enough ? NULL : "too few do");
}

static void replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  size_t len = 0;
  uint8_t *bytes = file != NULL ? read_whole(file, &len) : NULL;
  const char *error = bytes == NULL ? strerror(errno) : NULL;
  if (file != NULL) {
    (void)fclose(file);
  }
  if (bytes != NULL) {
    (void)fprintf(stderr, "%s\n", path); /* the last one is that which ended the program */
    if (is_mutating) {
      mutate(bytes, len);
    } else {
      LLVMFuzzerTestOneInput(bytes, len);
    }
    free(bytes);
  }
  report(path, error);
}

static int visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* replay takes a file, or a folder and the files in it. */
static void replay(const char *path) {
  struct dirent **entries = NULL;
  int num_entries = scandir(path, &entries, visible, alphasort);
  if (num_entries < 0) {
    replay_file(path);
    return;
  }
  if (num_entries == 0) {
    report(path, "the folder is empty: put one input there (docs/FUZZING.md, A new target)");
  }
  for (int i = 0; i < num_entries; i++) {
    char *inner = NULL;
    FUZZ_ASSERT(asprintf(&inner, "%s/%s", path, entries[i]->d_name) >= 0);
    replay_file(inner);
    free(inner);
    free(entries[i]);
  }
  free(entries);
}

int main(int argc, char **argv) {
  is_mutating = argc > 1 && strcmp(argv[1], "--mutate") == 0;
  FUZZ_ASSERT(!is_mutating || LLVMFuzzerCustomMutator != NULL);
  for (int i = is_mutating ? 2 : 1; i < argc; i++) {
    replay(argv[i]);
  }
  if (is_mutating) {
    report_mutated();
  }
  (void)printf("1..%d\n", num_files);
  return num_failed == 0 && num_files > 0 ? 0 : 1;
}
