/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Whatever docs/API-CONVENTIONS.md lets threads share, shared by threads that do everything with it at once. Most
 * is asserted by ThreadSanitizer, under which `./dev tsan` runs this. */

#include <pthread.h>

#include <bulla/jose.h>
#include <bulla/service.h>

#include "tests/vault_support.h"

enum { NUM_THREADS = 4, ROUNDS = 40, NOW = 1700000000 };

TestSuite(threads, .init = build_house, .fini = leave_house);

/* What the threads share. Each also has an API key of its own, which it makes, revokes and makes again. */
static struct {
  struct bulla_key *keys[2];
  struct bulla_ring *ring;
  struct bulla_box_key *box;
  struct bulla_signing_key *signing;
  struct bulla_jwe_key *jwe;
  struct bulla_secret *secret;
  struct bulla_apikey *apikey;
  struct bulla_minter *minter;
  struct bulla_verifier *verifier;
} shared;

static struct bulla_span id_of_shared(void) {
  return bulla_apikey_id(shared.apikey);
}

static void make_shared(void) {
  struct bulla_secret *string = NULL;
  uint8_t id[BULLA_APIKEY_ID_LEN];
  TEST_OK(bulla_secret_random(&shared.secret, BULLA_KEY_LEN));
  TEST_OK(bulla_jwe_key_new(&shared.jwe, BULLA_JWE_DIR, BULLA_JWE_A256GCM, shared.secret, TEXT("shared")));
  TEST_OK(bulla_box_key_new(&shared.box, test_secret(test_filled(7, BULLA_KEY_LEN))));
  TEST_OK(bulla_signing_key_new(&shared.signing, test_secret(test_filled(8, BULLA_KEY_LEN))));
  TEST_OK(bulla_ring_new(&shared.ring, 2));
  for (size_t i = 0; i < 2; i++) {
    shared.keys[i] = test_key(i == 0 ? BULLA_AES_256_GCM : BULLA_XAES_256_GCM, test_filled((uint8_t)i, 32));
    struct bulla_key *in_ring = shared.keys[i];
    TEST_OK(bulla_ring_add(shared.ring, &in_ring));
  }
  TEST_OK(bulla_vault_apikey_create(house.vault, &string, id, &who, TEXT("acme"), TEXT("key")));
  TEST_OK(bulla_apikey_parse(&shared.apikey, bulla_secret_bytes(string)));
  bulla_secret_free(&string);
  TEST_OK(bulla_minter_new(&shared.minter, shared.apikey));
  TEST_OK(bulla_vault_verifier_new(&shared.verifier, house.vault, &who, NULL));
}

/* Says whether what is sealed and encrypted with the shared keys opens again. */
static enum bulla_status seal_and_open(struct bulla_span text, size_t round) {
  uint8_t room[512];
  uint8_t opened_room[512];
  struct bulla_buffer sealed = bulla_buffer(room, sizeof(room));
  struct bulla_buffer opened = bulla_buffer(opened_room, sizeof(opened_room));
  BULLA_TRY(bulla_seal(shared.keys[round % 2], &sealed, text, TEXT("here")));
  BULLA_TRY(bulla_ring_open(shared.ring, &opened, bulla_written(&sealed), TEXT("here")));
  if (!bulla_span_equal(bulla_written(&opened), text)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_jwe_encrypt(shared.jwe, &sealed, text));
  BULLA_TRY(bulla_jwe_decrypt(shared.jwe, &opened, bulla_written(&sealed)));
  return bulla_span_equal(bulla_written(&opened), text) ? BULLA_OK : BULLA_REFUSED;
}

/* The same of key pairs; what was sealed is signed. */
static enum bulla_status box_and_sign(struct bulla_span text) {
  uint8_t room[512];
  uint8_t other_room[512];
  struct bulla_buffer sealed = bulla_buffer(room, sizeof(room));
  struct bulla_buffer other = bulla_buffer(other_room, sizeof(other_room));
  BULLA_TRY(bulla_boxed_seal(&sealed, bulla_box_key_public(shared.box), text, TEXT("here")));
  BULLA_TRY(bulla_sign(shared.signing, &other, bulla_written(&sealed)));
  BULLA_TRY(bulla_verify(bulla_signing_key_public(shared.signing), bulla_written(&other), bulla_written(&sealed)));
  BULLA_TRY(bulla_boxed_open(shared.box, &other, bulla_written(&sealed), TEXT("here")));
  return bulla_span_equal(bulla_written(&other), text) ? BULLA_OK : BULLA_REFUSED;
}

static enum bulla_status mint_and_verify(struct bulla_minter *minter, struct bulla_span sub, int64_t day) {
  static _Thread_local uint8_t room[BULLA_TOKEN_MAX];
  static _Thread_local uint8_t payload_room[BULLA_PAYLOAD_SIZE];
  struct bulla_buffer token = bulla_buffer(room, sizeof(room));
  struct bulla_buffer payload = bulla_buffer(payload_room, sizeof(payload_room));
  int64_t now = NOW + day * 86400;
  struct bulla_claims claims = {
      .size = sizeof(struct bulla_claims), .org = TEXT("acme"), .sub = sub, .jti = TEXT("one"), .iat = now};
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  BULLA_TRY(bulla_token_mint(minter, &token, &claims));
  BULLA_TRY(bulla_token_verify(shared.verifier, &read, &payload, bulla_written(&token), now));
  return bulla_span_equal(read.sub, sub) ? BULLA_OK : BULLA_REFUSED;
}

/* An API key that lives for this call: good while it is kept, refused as soon as it has been revoked. */
static enum bulla_status live_and_die(struct bulla_span sub) {
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_minter *minter BULLA_CLEANUP(bulla_minter_free) = NULL;
  uint8_t id[BULLA_APIKEY_ID_LEN];
  BULLA_TRY(bulla_vault_apikey_create(house.vault, &string, id, &who, TEXT("acme"), TEXT("key")));
  BULLA_TRY(bulla_apikey_parse(&apikey, bulla_secret_bytes(string)));
  BULLA_TRY(bulla_minter_new(&minter, apikey));
  BULLA_TRY(mint_and_verify(minter, sub, 0));
  BULLA_TRY(bulla_vault_apikey_revoke(house.vault, &who, bulla_apikey_id(apikey)));
  return mint_and_verify(minter, sub, 0) == BULLA_REFUSED ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static enum bulla_status same(void *arg, struct bulla_span value) {
  return bulla_span_equal(*(struct bulla_span *)arg, value) ? BULLA_OK : BULLA_REFUSED;
}

static enum bulla_status store_and_use(struct bulla_span entry, struct bulla_span text) {
  struct bulla_field field = {TEXT("password"), text, true};
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  int num_fields = 0;
  BULLA_TRY(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), entry), &field, 1));
  BULLA_TRY(bulla_vault_use(house.vault, &who, AT(TEXT("acme"), entry, field.name), same, &text));
  BULLA_TRY(bulla_vault_show(house.vault, AT(TEXT("acme"), entry), count_field, &num_fields));
  BULLA_TRY(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), text, NOW + 1));
  BULLA_TRY(bulla_vault_audit_verify(house.vault, &verdict));
  return num_fields == 1 ? BULLA_OK : BULLA_NOT_FOUND;
}

static enum bulla_status do_everything(int id) {
  char name[20];
  char text[40];
  struct bulla_span entry = bulla_span(name, (size_t)snprintf(name, sizeof(name), "worker%d", id));
  for (int round = 0; round < ROUNDS; round++) {
    struct bulla_span value = bulla_span(text, (size_t)snprintf(text, sizeof(text), "value %d of %d", round, id));
    BULLA_TRY(seal_and_open(value, (size_t)round));
    BULLA_TRY(box_and_sign(value));
    BULLA_TRY(mint_and_verify(shared.minter, value, round % 3));
    BULLA_TRY(live_and_die(value));
    if (round % 4 == 0) {
      BULLA_TRY(store_and_use(entry, value));
    }
  }
  return BULLA_OK;
}

static void *run_thread(void *arg) {
  return (void *)(uintptr_t)do_everything((int)(uintptr_t)arg);
}

Test(threads, do_everything_with_what_they_share, .timeout = 120) {
  struct test_threads threads;
  make_shared();
  test_start(&threads, NUM_THREADS, run_thread, NULL, 1);
  test_join(&threads);
  TEST_OK(mint_and_verify(shared.minter, TEXT("alice"), 0));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, id_of_shared()));
  TEST_STATUS(mint_and_verify(shared.minter, TEXT("alice"), 0), BULLA_REFUSED);
  cr_assert_eq(run_sql("SELECT max(revision) FROM field GROUP BY entry, name ORDER BY 1 LIMIT 1"), ROUNDS / 4);
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
}
