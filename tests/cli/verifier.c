/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A service that verifies tokens, for tests/cli/test_revocation.py: it has the vault of its first argument open
 * under the root key of its second, and for each token on standard input prints whether it is good and how many
 * keys it has asked the vault for since it began. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bulla/store.h>
#include <bulla/token.h>

struct service {
  struct bulla_vault *vault;
  int num_asked;
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

int main(int argc, char **argv) {
  struct service service = {.num_asked = 0};
  struct bulla_root *root = NULL;
  struct bulla_verifier *verifier = NULL;
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options),
                                           .is_revoked = is_revoked,
                                           .generation = generation,
                                           .is_live = is_live};
  if (argc != 3 || bulla_root_open(&root, argv[2]) != BULLA_OK ||
      bulla_vault_open(&service.vault, argv[1], root, NULL) != BULLA_OK ||
      bulla_verifier_new(&verifier, &options, find, &service) != BULLA_OK) {
    return 1;
  }
  char line[BULLA_TOKEN_MAX + 2];
  static uint8_t room[BULLA_PAYLOAD_SIZE];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    struct bulla_claims claims = BULLA_CLAIMS_INIT;
    struct bulla_buffer payload = bulla_buffer(room, sizeof(room));
    struct bulla_span token = bulla_span(line, strcspn(line, "\n"));
    enum bulla_status status = bulla_token_verify(verifier, &claims, &payload, token, (int64_t)time(NULL));
    (void)printf("%s %d\n", verdict(status), service.num_asked);
    (void)fflush(stdout);
  }
  bulla_verifier_free(&verifier);
  bulla_vault_close(&service.vault);
  bulla_root_free(&root);
  return 0;
}
