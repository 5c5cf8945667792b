/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A consumer of all three layers: seals and opens by way of a key ring, keeps a password in a vault, mints a
 * token and verifies it. Its one argument is a folder for the vault. Exit status 0 if all of it went well. */

#include <bulla/core.h>
#include <bulla/store.h>
#include <bulla/token.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum bulla_status status, const char *what) {
  if (status != BULLA_OK) {
    fprintf(stderr, "%s: %s\n", what, bulla_status_text(status));
    exit(1);
  }
}

static void must_hold(bool condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "%s does not hold\n", what);
    exit(1);
  }
}

static bool same(struct bulla_span a, struct bulla_span b) {
  return bulla_secret_equal(a, b);
}

static void seal_and_open(void) {
  struct bulla_secret *material = NULL;
  must(bulla_secret_random(&material, BULLA_KEY_LEN), "bulla_secret_random");
  struct bulla_key *key = NULL;
  must(bulla_key_new(&key, BULLA_XAES_256_GCM, material), "bulla_key_new");
  bulla_secret_free(&material);

  uint8_t sealed[128];
  struct bulla_buffer blob = bulla_buffer(sealed, sizeof(sealed));
  must(bulla_seal(key, &blob, bulla_text("a secret"), bulla_text("row 7")), "bulla_seal");

  struct bulla_ring *ring = NULL;
  must(bulla_ring_new(&ring, 4), "bulla_ring_new");
  must(bulla_ring_add(ring, &key), "bulla_ring_add");
  uint8_t opened[128];
  struct bulla_buffer plaintext = bulla_buffer(opened, sizeof(opened));
  must(bulla_ring_open(ring, &plaintext, bulla_written(&blob), bulla_text("row 7")), "bulla_ring_open");
  must_hold(same(bulla_written(&plaintext), bulla_text("a secret")), "open after seal");
  must_hold(bulla_ring_open(ring, &plaintext, bulla_written(&blob), bulla_text("row 8")) == BULLA_REFUSED,
            "refusal in another context");
  bulla_ring_free(&ring);
}

static enum bulla_status compare(void *wanted, struct bulla_span value) {
  return same(value, bulla_text(wanted)) ? BULLA_OK : BULLA_REFUSED;
}

static void keep_and_use(const char *folder) {
  char url[4096];
  char provider[4096];
  snprintf(url, sizeof(url), "sqlite:%s/consumer.db", folder);
  snprintf(provider, sizeof(provider), "file:%s/root.key", folder);
  struct bulla_root *root = NULL;
  must(bulla_root_create(&root, provider), "bulla_root_create");
  must(bulla_vault_create(url, root), "bulla_vault_create");
  struct bulla_vault *vault = NULL;
  must(bulla_vault_open(&vault, url, root, NULL), "bulla_vault_open");
  bulla_root_free(&root);

  const struct bulla_who who = {
      .actor = bulla_text("consumer"), .origin = bulla_text("localhost"), .reason = bulla_text("to see that it works")};
  struct bulla_place place = {.tenant = bulla_text("acme"), .entry = bulla_text("db")};
  char password[] = "correct horse";
  struct bulla_field fields[] = {
      {.name = bulla_text("host"), .value = bulla_text("db.internal")},
      {.name = bulla_text("password"), .value = bulla_text(password), .secret = true},
  };
  must(bulla_vault_put(vault, &who, &place, fields, 2), "bulla_vault_put");
  place.field = bulla_text("password");
  must(bulla_vault_use(vault, &who, &place, compare, password), "bulla_vault_use");
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  must(bulla_vault_audit_verify(vault, &verdict), "bulla_vault_audit_verify");
  bulla_vault_close(&vault);
}

/* The only key there is; a server would look |key_id| up. */
static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct bulla_apikey *apikey = arg;
  if (!same(key_id, bulla_apikey_id(apikey))) {
    return BULLA_NOT_FOUND;
  }
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(apikey)));
}

static void mint_and_verify(void) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_secret *string = NULL;
  must(bulla_apikey_generate(&apikey, &string), "bulla_apikey_generate");
  bulla_secret_free(&string);
  struct bulla_minter *minter = NULL;
  must(bulla_minter_new(&minter, apikey), "bulla_minter_new");

  const int64_t now = 1700000000;
  uint8_t token_bytes[BULLA_TOKEN_MAX];
  struct bulla_buffer token = bulla_buffer(token_bytes, sizeof(token_bytes));
  struct bulla_claims minted = {.size = sizeof(struct bulla_claims),
                                .org = bulla_text("acme"),
                                .sub = bulla_text("alice"),
                                .perms = bulla_text("[\"read\"]"),
                                .iat = now};
  must(bulla_token_mint(minter, &token, &minted), "bulla_token_mint");
  bulla_minter_free(&minter);

  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  struct bulla_verifier *verifier = NULL;
  must(bulla_verifier_new(&verifier, &options, find, apikey), "bulla_verifier_new");
  uint8_t payload_bytes[BULLA_PAYLOAD_SIZE];
  struct bulla_buffer payload = bulla_buffer(payload_bytes, sizeof(payload_bytes));
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  must(bulla_token_verify(verifier, &claims, &payload, bulla_written(&token), now + 1), "bulla_token_verify");
  must_hold(same(claims.sub, bulla_text("alice")) && bulla_claims_permit(&claims, bulla_text("read")), "the claims");
  must_hold(bulla_token_verify(verifier, &claims, &payload, bulla_written(&token), now + BULLA_TOKEN_LIFETIME) ==
                BULLA_EXPIRED,
            "expiry");
  bulla_verifier_free(&verifier);
  bulla_apikey_free(&apikey);
}

int main(int argc, char **argv) {
  must_hold(argc == 2, "one argument, a folder,");
  seal_and_open();
  keep_and_use(argv[1]);
  mint_and_verify();
  return 0;
}
