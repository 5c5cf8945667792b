/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The command: each of its sub-commands that touches a secret is stopped as it exits, when whatever it has not
 * wiped is still there. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bulla/token.h>

#include "core/cursor.h"
#include "core/hex.h"
#include "tests/lingering/lingering.h"

enum { VALUE_LEN = 48, ARGUMENTS_MAX = 12 };

/* A secret that a file holds when the command is done. */
enum learn { NOTHING, KEY_DIGITS, APIKEY_STRING };

static const struct {
  const char *name;
  const char *arguments[ARGUMENTS_MAX];
  const char *input;
  const char *output;
  enum learn learn;
  const char *learn_from;
} commands[] = {
    {"init", {"init"}, "/dev/null", "/dev/null", KEY_DIGITS, "root"},
    {"put", {"put", "acme/db", "--secret", "password"}, "value", "/dev/null", NOTHING, NULL},
    {"get", {"get", "acme/db", "password", "--reason", "to test"}, "/dev/null", "got", NOTHING, NULL},
    {"put again", {"put", "acme/db", "--secret", "password"}, "value", "/dev/null", NOTHING, NULL},
    {"restore", {"restore", "acme/db", "password", "--revision", "1"}, "/dev/null", "/dev/null", NOTHING, NULL},
    {"exec --mask",
     {"exec", "--mask", "--env", "P=acme/db:password", "--reason", "to test", "--", "printenv", "P"},
     "/dev/null",
     "masked",
     NOTHING,
     NULL},
    {"show", {"show", "acme/db"}, "/dev/null", "shown", NOTHING, NULL},
    {"apikey create", {"apikey", "create", "--tenant", "acme"}, "/dev/null", "apikey", APIKEY_STRING, "apikey"},
    {"token mint",
     {"token", "mint", "--apikey-file", "apikey", "--org", "acme", "--sub", "alice"},
     "/dev/null",
     "token",
     NOTHING,
     NULL},
    {"token verify", {"token", "verify"}, "token", "claims", NOTHING, NULL},
    {"audit verify", {"audit", "verify"}, "/dev/null", "/dev/null", NOTHING, NULL},
    {"keygen", {"keygen"}, "/dev/null", "key", KEY_DIGITS, "key"},
    {"seal", {"seal", "--key", "key"}, "value", "sealed", NOTHING, NULL},
    {"open", {"open", "--key", "key"}, "sealed", "got", NOTHING, NULL},
};

static size_t read_file(const char *name, uint8_t *bytes, size_t size) {
  int file = open(name, O_RDONLY | O_CLOEXEC);
  ssize_t got = file >= 0 ? read(file, bytes, size) : -1;
  close(file);
  return got > 0 ? (size_t)got : 0;
}

static bool learn(struct needles *needles, enum learn what, const char *name) {
  uint8_t text[256];
  uint8_t key[BULLA_KEY_LEN];
  struct bulla_apikey *apikey = NULL;
  size_t len = what == NOTHING ? 0 : read_file(name, text, sizeof(text));
  switch (what) {
    case NOTHING:
      return true;
    case KEY_DIGITS:
      if (len < 2 * sizeof(key) || !bulla_hex_decode(key, bulla_span(text, 2 * sizeof(key)))) {
        return false;
      }
      needles_add(needles, SECRET_MATERIAL, name, bulla_span(key, sizeof(key)));
      return true;
    case APIKEY_STRING:
      if (len < BULLA_APIKEY_LEN || bulla_apikey_parse(&apikey, bulla_span(text, BULLA_APIKEY_LEN)) != BULLA_OK ||
          !bulla_hex_decode(key, bulla_span(text + 23 + 1, 2 * sizeof(key)))) {
        return false;
      }
      needles_add(needles, SECRET_KEY, "secret of the API key", bulla_span(key, sizeof(key)));
      needles_add(needles, SECRET_KEY, "token root", bulla_secret_bytes(bulla_apikey_token_root(apikey)));
      bulla_apikey_free(&apikey);
      return true;
  }
  return false;
}

static void start(const char *bulla, size_t i) {
  char *arguments[ARGUMENTS_MAX + 2] = {strdup("bulla")};
  for (size_t n = 0; n < ARGUMENTS_MAX && commands[i].arguments[n] != NULL; n++) {
    arguments[n + 1] = strdup(commands[i].arguments[n]);
  }
  int input = open(commands[i].input, O_RDONLY | O_CLOEXEC);
  int output = open(commands[i].output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  setenv("BULLA_VAULT", "sqlite:command.db", 1);
  setenv("BULLA_ROOT", "file:root", 1);
  if (dup2(input, 0) == 0 && dup2(output, 1) == 1 && ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
    execv(bulla, arguments);
  }
  _exit(126);
}

/* Runs one command, and returns what was there when it exited, or NULL if it did not end well. */
static struct snapshot *watch(const char *bulla, size_t i) {
  struct snapshot *snapshot = NULL;
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    start(bulla, i);
  }
  if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
      ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL) != 0) {
    return NULL;
  }
  ptrace(PTRACE_CONT, pid, NULL, 0);
  while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
    bool exits = status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8);
    if (exits) {
      snapshot = snapshot_take(pid, true);
    }
    ptrace(PTRACE_CONT, pid, NULL, exits ? 0 : WSTOPSIG(status));
  }
  if (snapshot != NULL && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
    snapshot_free(snapshot);
    snapshot = NULL;
  }
  return snapshot;
}

static void make_value(struct needles *needles) {
  uint8_t value[VALUE_LEN];
  if (getrandom(value, sizeof(value), 0) != (ssize_t)sizeof(value)) {
    exit(2);
  }
  for (size_t i = 0; i < sizeof(value); i++) {
    value[i] = (uint8_t)('a' + (value[i] & 15));
  }
  int file = open("value", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || write(file, value, sizeof(value)) != (ssize_t)sizeof(value)) {
    exit(2);
  }
  close(file);
  needles_add(needles, SECRET_TEXT, "value", bulla_span(value, sizeof(value)));
}

void play_commands(const char *bulla, const char *folder) {
  if (geteuid() != 0) {
    skip("the command leaves nothing", "only root may look into it, since it is not dumpable");
    return;
  }
  if (chdir(folder) != 0) {
    exit(2);
  }
  struct needles *needles = needles_new();
  make_value(needles);
  for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
    struct snapshot *snapshot = watch(bulla, i);
    bool good = snapshot != NULL && learn(needles, commands[i].learn, commands[i].learn_from);
    good = good && snapshot_search(snapshot, needles, true) == 0;
    verdict(good, "the command", "as it exits", commands[i].name);
    if (snapshot != NULL) {
      snapshot_free(snapshot);
    }
  }
  needles_free(needles);
}
