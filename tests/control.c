/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What valgrind and ThreadSanitizer must report: a tool that finds nothing here is not at work. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulla/core.h>

static size_t num_counted;

static void *count(void *arg) {
  (void)arg;
  for (size_t i = 0; i < 1000; i++) {
    num_counted++;
  }
  return NULL;
}

static void race(void) {
  pthread_t other;
  if (pthread_create(&other, NULL, count, NULL) == 0) {
    count(NULL);
    pthread_join(other, NULL);
  }
}

/* A handle that nobody frees. */
static void leak(void) {
  struct bulla_secret *secret = NULL;
  if (bulla_secret_new(&secret, 1) == BULLA_OK) {
    secret = NULL;
  }
}

static void read_uninitialised(void) {
  uint8_t *bytes = malloc(16);
  if (bytes != NULL && bulla_secret_equal(bulla_span(bytes, 8), bulla_span(bytes + 8, 8))) {
    puts("the same");
  }
  free(bytes);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*plant)(void);
  } plants[] = {{"race", race}, {"leak", leak}, {"uninitialised", read_uninitialised}};
  for (size_t i = 0; i < sizeof(plants) / sizeof(*plants); i++) {
    if (argc == 2 && strcmp(argv[1], plants[i].name) == 0) {
      plants[i].plant();
      return 0;
    }
  }
  fputs("usage: control race|leak|uninitialised\n", stderr);
  return 2;
}
