/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Replays a corpus without a fuzzing engine. The arguments are files and folders; every file in them is one
 * test, handed to the target in a heap block of its exact size and reported as a line of TAP. A target that
 * finds something ends the program, which is then short of its plan. */

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

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

static void replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  size_t len = 0;
  uint8_t *bytes = file != NULL ? read_whole(file, &len) : NULL;
  const char *error = bytes == NULL ? strerror(errno) : NULL;
  if (file != NULL) {
    (void)fclose(file);
  }
  if (bytes != NULL) {
    LLVMFuzzerTestOneInput(bytes, len);
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
    report(path, "the folder is empty");
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
  for (int i = 1; i < argc; i++) {
    replay(argv[i]);
  }
  (void)printf("1..%d\n", num_files);
  return num_failed == 0 && num_files > 0 ? 0 : 1;
}
