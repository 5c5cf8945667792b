/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A program with a copy of bulla in it, or of the few functions that it needs, that loads plugins with copies of their
 * own: each the consumer of main.c, whose main is there called consume. Arguments: plugin and folder for its vault, by
 * turns. */

#include <bulla/core.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static bool seals(void) {
  struct bulla_secret *material = NULL;
  struct bulla_key *key = NULL;
  uint8_t sealed[100];
  struct bulla_buffer blob = bulla_buffer(sealed, sizeof(sealed));
  bool good = bulla_secret_random(&material, BULLA_KEY_LEN) == BULLA_OK &&
              bulla_key_new(&key, BULLA_XAES_256_GCM, material) == BULLA_OK &&
              bulla_seal(key, &blob, bulla_span("a secret", 8), bulla_span(NULL, 0)) == BULLA_OK;
  bulla_key_free(&key);
  bulla_secret_free(&material);
  return good;
}

static bool consumes(char *path, char *folder) {
  int (*consume)(int, char **) = NULL;
  char *arguments[] = {path, folder, NULL};
  void *plugin = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  void *symbol = plugin != NULL ? dlsym(plugin, "consume") : NULL;
  if (symbol == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return false;
  }
  memcpy(&consume, &symbol, sizeof(symbol));
  return consume(2, arguments) == 0;
}

int main(int argc, char **argv) {
  if (!seals()) {
    return 1;
  }
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!consumes(argv[i], argv[i + 1]) || !seals()) {
      fprintf(stderr, "%s failed\n", argv[i]);
      return 1;
    }
  }
  return 0;
}
