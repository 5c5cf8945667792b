/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A service that verifies tokens, for tests/cli/service.py: it has the vault of its first argument open under the root
 * key of its second. As many threads as its third says verify each token on standard input at once. For each it prints
 * what they found, with commas between them, and how many keys the service has asked the vault for since it began. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bulla/store.h>
#include <bulla/token.h>

enum { THREADS_MAX = 64 };

struct service {
  struct bulla_vault *vault;
  _Atomic int num_asked;
};

static enum bulla_status take(void *arg, struct bulla_span tenant, struct bulla_span root) {
  struct bulla_token_key *key = arg;
  memcpy(key->org, tenant.data, tenant.len);
  key->org_len = tenant.len;
  return bulla_secret_copy(&key->root, root);
}

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  struct service *service = arg;
  const struct bulla_who who = {.actor = bulla_span("service", 7), .reason = bulla_span("verify", 6)};
  service->num_asked++;
  return bulla_vault_apikey_use(service->vault, &who, key_id, take, key);
}

static enum bulla_status is_revoked(void *arg, struct bulla_span org, struct bulla_span jti) {
  struct service *service = arg;
  bool revoked = false;
  enum bulla_status status = bulla_vault_token_revoked(service->vault, &revoked, org, jti);
  return status == BULLA_OK && revoked ? BULLA_REVOKED : status;
}

static uint64_t generation(void *arg) {
  struct service *service = arg;
  return bulla_vault_generation(service->vault);
}

static enum bulla_status is_live(void *arg, struct bulla_span key_id) {
  struct service *service = arg;
  return bulla_vault_apikey_live(service->vault, key_id);
}

static const char *verdict(enum bulla_status status) {
  if (status == BULLA_OK || status == BULLA_REVOKED) {
    return status == BULLA_OK ? "good" : "revoked";
  }
  return bulla_status_class(status) == BULLA_CLASS_REFUSED ? "refused" : "unable";
}

/* A thread, and what it finds. */
struct verification {
  struct bulla_verifier *verifier;
  struct bulla_span token;
  enum bulla_status status;
  pthread_t thread;
};

static void *verify(void *arg) {
  static _Thread_local uint8_t room[BULLA_PAYLOAD_SIZE];
  struct verification *verification = arg;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer payload = bulla_buffer(room, sizeof(room));
  verification->status =
      bulla_token_verify(verification->verifier, &claims, &payload, verification->token, (int64_t)time(NULL));
  return NULL;
}

static int verify_in_threads(struct bulla_verifier *verifier, struct bulla_span token, int num) {
  struct verification all[THREADS_MAX];
  for (int i = 0; i < num; i++) {
    all[i] = (struct verification){.verifier = verifier, .token = token};
    if (pthread_create(&all[i].thread, NULL, verify, &all[i]) != 0) {
      return 1;
    }
  }
  for (int i = 0; i < num; i++) {
    pthread_join(all[i].thread, NULL);
    (void)printf("%s%s", i > 0 ? "," : "", verdict(all[i].status));
  }
  return 0;
}

int main(int argc, char **argv) {
  struct service service = {.num_asked = 0};
  struct bulla_root *root = NULL;
  struct bulla_verifier *verifier = NULL;
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options),
                                           .is_revoked = is_revoked,
                                           .generation = generation,
                                           .is_live = is_live};
  int num_threads = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0;
  if (num_threads < 1 || num_threads > THREADS_MAX || bulla_root_open(&root, argv[2]) != BULLA_OK ||
      bulla_vault_open(&service.vault, argv[1], root, NULL) != BULLA_OK ||
      bulla_verifier_new(&verifier, &options, find, &service) != BULLA_OK) {
    return 1;
  }
  char line[BULLA_TOKEN_MAX + 2];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    if (verify_in_threads(verifier, bulla_span(line, strcspn(line, "\n")), num_threads) != 0) {
      return 1;
    }
    (void)printf(" %d\n", service.num_asked);
    (void)fflush(stdout);
  }
  bulla_verifier_free(&verifier);
  bulla_vault_close(&service.vault);
  bulla_root_free(&root);
  return 0;
}
