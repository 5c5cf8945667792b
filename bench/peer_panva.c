/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* panva's jose in Node, on the cases that it has. It runs in one process of its own, bench/peer_panva.js, which stays
 * until this one ends, so that what it has compiled stays; it is asked for many operations at once and measures them
 * itself. */

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/jwe_case.h"

enum { QUESTION_MAX = 8192, ANSWER_MAX = 256 };

/* The socket on whose other end the process reads and writes, or -1. It ends when the socket does. */
static int node = -1;
static pid_t process;

struct asking {
  struct bench_jwe_case jwe;
  const char *operation;
  char claims[BENCH_CLAIMS_LEN + 1];
};

/* Waited for, the process counts among what this one took, and not among what others on the machine did. */
static void stop(void) {
  close(node);
  (void)waitpid(process, NULL, 0);
}

static const char *start(void) {
  static char program[] = BENCH_NODE;
  static char script[] = BENCH_PANVA_SCRIPT;
  char *arguments[] = {program, script, NULL};
  int ends[2];
  posix_spawn_file_actions_t actions;
  if (setenv("NODE_PATH", BENCH_NODE_PATH, 0) != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return "no socket for Node";
  }
  bool started = posix_spawn_file_actions_init(&actions) == 0;
  if (started) {
    started = posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO) == 0 &&
              posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0 &&
              posix_spawn(&process, program, &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
  }
  close(ends[1]);
  if (!started) {
    close(ends[0]);
    return "Node did not start";
  }
  node = ends[0];
  return atexit(stop) == 0 ? NULL : "no memory";
}

/* ask sends |question| and fills |answer|, ANSWER_MAX bytes, with the line that comes back. */
static const char *ask(char *answer, const char *question, size_t len) {
  for (size_t sent = 0; sent < len;) {
    ssize_t num = send(node, question + sent, len - sent, MSG_NOSIGNAL);
    if (num <= 0) {
      return "Node does not listen";
    }
    sent += (size_t)num;
  }
  size_t got = 0;
  do {
    ssize_t num = recv(node, answer + got, ANSWER_MAX - 1 - got, 0);
    if (num <= 0) {
      return "Node does not answer";
    }
    got += (size_t)num;
  } while (answer[got - 1] != '\n' && got < ANSWER_MAX - 1);
  answer[got - 1] = '\0';
  return NULL;
}

static const char *run_elsewhere(void *state, double *seconds, size_t num) {
  const struct asking *asking = state;
  const struct bench_jwk *key = asking->jwe.key;
  char question[QUESTION_MAX];
  char answer[ANSWER_MAX];
  int len = snprintf(question, sizeof(question),
                     "{\"alg\":\"%s\",\"enc\":\"%s\",\"operation\":\"%s\",\"num\":%zu,\"jwk\":%s,\"publicJwk\":%s,"
                     "\"claims\":%s}\n",
                     asking->jwe.alg, asking->jwe.enc, asking->operation, num, key->json,
                     key->public_json != NULL ? key->public_json : key->json, asking->claims);
  if (len < 0 || (size_t)len >= sizeof(question)) {
    return "the question is too long";
  }
  const char *error = ask(answer, question, (size_t)len);
  if (error != NULL) {
    return error;
  }
  char *end;
  *seconds = strtod(answer, &end) / 1e9;
  if (end == answer || *end != '\0') {
    (void)fprintf(stderr, "bulla-bench: panva: %s\n", answer);
    return "panva's jose does not do it";
  }
  return NULL;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct asking *asking = calloc(1, sizeof(*asking));
  if (asking == NULL) {
    return "no memory";
  }
  double seconds;
  const char *error = node < 0 ? start() : NULL;
  asking->operation = strrchr(bench->name, '/') + 1;
  if (error == NULL && (!bench_jwe_case(&asking->jwe, bench) || !bench_claims_json(asking->claims, time(NULL)))) {
    error = "there is no such case";
  }
  if (error == NULL) {
    error = run_elsewhere(asking, &seconds, 1);
  }
  if (error != NULL) {
    free(asking);
    return error;
  }
  *state = asking;
  return NULL;
}

#define OPERATION(alg, enc, operation) \
  { "peer/panva/jwe/" alg "/" enc "/" operation, BENCH_CLAIMS_LEN, 0, false, true, set_up, NULL, free, run_elsewhere }
#define ROW(alg, enc) OPERATION(alg, enc, "encrypt"), OPERATION(alg, enc, "decrypt")

struct bench_table bench_peer_panva(void) {
  static const struct bench benches[] = {
      BENCH_JWE_DIR(ROW),         BENCH_JWE_AES_KW(ROW),  BENCH_JWE_GCM_KW(ROW),   BENCH_JWE_ECDH_NIST(ROW),
      BENCH_JWE_ECDH_X25519(ROW), BENCH_JWE_ECDH_KW(ROW), BENCH_JWE_RSA_SHA1(ROW), BENCH_JWE_RSA_SHA256(ROW),
  };
  return BENCH_TABLE(benches);
}
