/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Whether a program of wrap: does with real parts what it must, for tests/hardware.sh: a line of TAP for each check.
 * Usage: hardware NAME COMMAND OTHER; OTHER is the same program on another token, or with another PIN, and must not
 * unwrap what COMMAND wrapped. */

#include <stdio.h>
#include <string.h>

#include "core/cursor.h"
#include "store/wrapper.h"

enum { PATIENCE_MS = 60000, NUM_ROUNDS = 3, NUM_FLIPS = 12 };

static const char *name;
static int num_checks;
static int num_failed;
static char detail[600];

static const uint8_t id[BULLA_VAULT_ID_LEN] = {1, 2, 3};
static const uint8_t other_id[BULLA_VAULT_ID_LEN] = {1, 2, 4};

static void keep(void *arg, enum bulla_log_level level, enum bulla_status status, const char *text) {
  (void)arg;
  (void)level;
  (void)status;
  (void)snprintf(detail, sizeof(detail), "%s", text);
}

static void check(bool good, const char *what) {
  num_checks++;
  num_failed += good ? 0 : 1;
  (void)printf("%s %d - %s: %s\n# %s\n", good ? "ok" : "not ok", num_checks, name, what, detail);
  (void)fflush(stdout);
  detail[0] = '\0';
}

static bool refuses(const char *command, struct bulla_span wrapped, struct bulla_span of) {
  struct bulla_secret *key = NULL;
  enum bulla_status status = bulla_program_unwrap(&key, command, wrapped, of, PATIENCE_MS);
  bulla_secret_free(&key);
  return status == BULLA_SECRET_UNAVAILABLE && strstr(detail, " refuses: ") != NULL;
}

static bool comes_back(const char *command, struct bulla_span wrapped, const struct bulla_secret *key) {
  struct bulla_secret *again = NULL;
  bool same = bulla_program_unwrap(&again, command, wrapped, bulla_span(id, sizeof(id)), PATIENCE_MS) == BULLA_OK &&
              bulla_secret_equal(bulla_secret_bytes(again), bulla_secret_bytes(key));
  bulla_secret_free(&again);
  return same;
}

/* Whether no copy of |wrapped| with one bit changed, here and there, gives a key. */
static bool is_whole(const char *command, const struct bulla_buffer *wrapped) {
  bool good = true;
  for (size_t i = 0; i < NUM_FLIPS; i++) {
    size_t at = i * (wrapped->len - 1) / (NUM_FLIPS - 1);
    wrapped->data[at] ^= 4;
    good = refuses(command, bulla_written(wrapped), bulla_span(id, sizeof(id))) && good;
    wrapped->data[at] ^= 4;
  }
  return good;
}

int main(int argc, char **argv) {
  static uint8_t room[BULLA_PROGRAM_WRAPPED_MAX];
  struct bulla_buffer wrapped = bulla_buffer(room, sizeof(room));
  struct bulla_secret *key = NULL;
  if (argc != 4) {
    return 2;
  }
  name = argv[1];
  const char *command = argv[2];
  bulla_log_set(keep, NULL);
  bool good = true;
  for (int i = 0; good && i < NUM_ROUNDS; i++) {
    bulla_secret_free(&key);
    good = bulla_secret_random(&key, BULLA_KEY_LEN) == BULLA_OK &&
           bulla_program_wrap(&wrapped, command, key, bulla_span(id, sizeof(id)), PATIENCE_MS) == BULLA_OK &&
           comes_back(command, bulla_written(&wrapped), key);
  }
  check(good, "what was wrapped is unwrapped");
  if (good) {
    check(refuses(command, bulla_written(&wrapped), bulla_span(other_id, sizeof(other_id))),
          "it is refused for another vault");
    check(refuses(argv[3], bulla_written(&wrapped), bulla_span(id, sizeof(id))),
          "another token, or another PIN, refuses it");
    check(is_whole(command, &wrapped), "changed bits are refused");
    check(comes_back(command, bulla_written(&wrapped), key), "it is still unwrapped after that");
  }
  bulla_secret_free(&key);
  (void)printf("1..%d\n", num_checks);
  return num_failed == 0 && good ? 0 : 1;
}
