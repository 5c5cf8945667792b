/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Store and token together: what a service gets by three calls. */

#include <bulla/service.h>
#include <time.h>

#include "core/slab.h"
#include "tests/actor_support.h"

TestSuite(service, .init = build_house, .fini = leave_house);

static struct bulla_minter *minter;
static uint8_t key_id[BULLA_APIKEY_ID_LEN];

/* Makes an API key of |tenant|, and what mints under it. */
static void make_key(const char *tenant) {
  struct bulla_secret *string = NULL;
  struct bulla_apikey *apikey = NULL;
  TEST_OK(bulla_vault_apikey_create(house.vault, &string, key_id, &who, test_text(tenant), TEXT("web")));
  cr_assert_eq(bulla_secret_bytes(string).len, BULLA_APIKEY_LEN);
  TEST_OK(bulla_apikey_parse(&apikey, bulla_secret_bytes(string)));
  TEST_SPAN(bulla_apikey_id(apikey), bulla_span(key_id, sizeof(key_id)), "the id of the string");
  TEST_OK(bulla_minter_new(&minter, apikey));
  bulla_apikey_free(&apikey);
  bulla_secret_free(&string);
}

static struct bulla_span minted(const char *org, const char *jti) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  claims.org = test_text(org);
  claims.sub = TEXT("alice");
  claims.jti = test_text(jti);
  claims.iat = (int64_t)time(NULL);
  TEST_OK(bulla_token_mint(minter, &token, &claims));
  return bulla_written(&token);
}

static enum bulla_status verify(struct bulla_verifier *verifier, struct bulla_span token) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  return bulla_token_verify(verifier, &claims, &payload, token, (int64_t)time(NULL));
}

Test(service, a_verifier_knows_keys_and_revocations_by_default) {
  struct bulla_verifier *verifier = NULL;
  char actor[] = "web";
  struct bulla_who asking = {.actor = bulla_text(actor), .reason = TEXT("verify")};
  make_key("acme");
  TEST_OK(bulla_vault_verifier_new(&verifier, house.vault, &asking, NULL));
  memset(actor, 'x', sizeof(actor) - 1); /* it has a copy */
  TEST_OK(verify(verifier, minted("acme", "one")));
  TEST_OK(verify(verifier, minted("acme", "two")));
  cr_expect_eq(count_details("op = 'apikey-use' AND actor = 'web' AND reason = 'verify'"), 1);
  TEST_STATUS(verify(verifier, minted("other", "three")), BULLA_CLAIM_REFUSED);

  struct bulla_span token = minted("acme", "one");
  TEST_OK(bulla_vault_session_revoke(house.vault, verifier, &who, token, (int64_t)time(NULL)));
  TEST_STATUS(verify(verifier, token), BULLA_REVOKED);
  TEST_OK(bulla_vault_session_revoke(house.vault, verifier, &who, token, (int64_t)time(NULL)));
  TEST_OK(verify(verifier, minted("acme", "two")));

  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, bulla_span(key_id, sizeof(key_id))));
  TEST_STATUS(verify(verifier, minted("acme", "two")), BULLA_REFUSED);
  bulla_verifier_free(&verifier);
  bulla_minter_free(&minter);
}

/* Two keys, of acme and of beta, and a verifier of the actor "web", which may verify tokens of |num| of them. */
struct beside {
  struct bulla_minter *minters[2];
  struct bulla_vault *vault;
  struct bulla_verifier *verifier;
};

static const char *const tenants[] = {"acme", "beta"};

static void begin_beside(struct beside *beside, size_t num) {
  struct bulla_span key = make_actor("web");
  for (size_t i = 0; i < 2; i++) {
    make_key(tenants[i]);
    beside->minters[i] = minter;
    if (i < num) {
      grant("web", BULLA_ROLE_VERIFY, tenants[i]);
    }
  }
  beside->vault = open_as(key);
  TEST_OK(bulla_vault_verifier_new(&beside->verifier, beside->vault, &who, NULL));
}

static enum bulla_status verify_beside(const struct beside *beside, size_t i) {
  minter = beside->minters[i];
  return verify(beside->verifier, minted(tenants[i], "one"));
}

static void end_beside(struct beside *beside) {
  bulla_verifier_free(&beside->verifier);
  bulla_vault_close(&beside->vault);
  bulla_minter_free(&beside->minters[0]);
  bulla_minter_free(&beside->minters[1]);
}

/* Anybody can forge a token that names a key: nothing of it is authentic yet. */
Test(service, a_key_that_a_verifier_may_not_open_is_as_unknown_and_leaves_no_record) {
  struct beside beside;
  begin_beside(&beside, 1);
  int64_t num = count_records("lane >= 0");
  for (int i = 0; i < 3; i++) {
    TEST_STATUS(verify_beside(&beside, 1), BULLA_REFUSED);
    TEST_STATUS(bulla_vault_apikey_use(beside.vault, &who, bulla_span(key_id, sizeof(key_id)), count_root, NULL),
                BULLA_DENIED);
  }
  cr_expect_eq(count_records("lane >= 0"), num);
  TEST_OK(verify_beside(&beside, 0));
  cr_expect_eq(count_details("op = 'apikey-use' AND outcome = 'granted'"), 1);
  end_beside(&beside);
}

/* BULLA_REVOKED is said of a token. */
Test(service, a_verifier_whose_actor_was_revoked_is_denied) {
  struct beside beside;
  begin_beside(&beside, 1);
  TEST_OK(verify_beside(&beside, 0));
  TEST_OK(bulla_vault_actor_revoke(house.vault, NULL, &who, TEXT("web"), false, NULL, NULL));
  usleep(50000);
  for (int i = 0; i < 3; i++) {
    TEST_STATUS(verify_beside(&beside, 0), BULLA_DENIED);
    TEST_STATUS(verify_beside(&beside, 1), BULLA_DENIED);
  }
  end_beside(&beside);
}

/* It is opened anew, and recorded, where it may be again. */
Test(service, a_key_that_a_verifier_may_open_no_more_is_forgotten) {
  struct beside beside;
  begin_beside(&beside, 2);
  TEST_OK(verify_beside(&beside, 0));
  TEST_OK(verify_beside(&beside, 1));
  cr_expect_eq(count_details("op = 'apikey-use' AND outcome = 'granted'"), 2);
  end_grant("web", BULLA_ROLE_VERIFY, "acme");
  usleep(50000);
  TEST_OK(verify_beside(&beside, 1));
  TEST_STATUS(verify_beside(&beside, 0), BULLA_REFUSED);
  cr_expect_eq(count_details("op = 'apikey-use' AND outcome = 'granted'"), 2);
  grant("web", BULLA_ROLE_VERIFY, "acme");
  usleep(50000);
  TEST_OK(verify_beside(&beside, 0));
  TEST_OK(verify_beside(&beside, 1));
  cr_expect_eq(count_details("op = 'apikey-use' AND outcome = 'granted' AND tenant = 'acme'"), 2);
  cr_expect_eq(count_details("op = 'apikey-use' AND outcome = 'granted' AND tenant = 'beta'"), 1);
  end_beside(&beside);
}

/* Whoever writes to the database marks a key, or moves it: nothing of that is proven, and revoking must work all the
 * same. */
Test(service, a_key_is_revoked_whatever_its_row_says) {
  static const char *const edits[] = {
      "UPDATE apikey SET revoked = 1",
      "UPDATE apikey SET revoked = 1, sealed = NULL, secret_id = NULL",
      "UPDATE apikey SET tenant = zeroblob(16)",
  };
  for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
    struct bulla_verifier *verifier = NULL;
    char text[200];
    make_key("acme");
    TEST_OK(bulla_vault_verifier_new(&verifier, house.vault, &who, NULL));
    struct bulla_span token = minted("acme", "one");
    TEST_OK(verify(verifier, token));
    snprintf(text, sizeof(text), "%s WHERE id = '%.*s'", edits[i], (int)sizeof(key_id), (const char *)key_id);
    run_sql(text);
    TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, bulla_span(key_id, sizeof(key_id))));
    TEST_STATUS(verify(verifier, token), BULLA_REFUSED);
    cr_expect_eq(count_records("op = 'apikey-revoke'"), (int64_t)i + 1);
    snprintf(text, sizeof(text), "SELECT count(*) FROM apikey WHERE id = '%.*s' AND sealed IS NOT NULL",
             (int)sizeof(key_id), (const char *)key_id);
    cr_expect_eq(run_sql(text), 0, "%s", edits[i]);
    bulla_verifier_free(&verifier);
    bulla_minter_free(&minter);
  }
}

Test(service, the_session_of_a_token_that_has_expired_is_ended) {
  struct bulla_verifier *verifier = NULL;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  int64_t now = (int64_t)time(NULL);
  make_key("acme");
  TEST_OK(bulla_vault_verifier_new(&verifier, house.vault, &who, NULL));
  struct bulla_span first = minted("acme", "one");
  TEST_OK(bulla_token_refresh(verifier, &fresh, &payload, first, now + 600));
  int64_t later = now + BULLA_TOKEN_LIFETIME + 60;
  TEST_STATUS(bulla_token_verify(verifier, &claims, &payload, first, later), BULLA_EXPIRED);
  TEST_OK(bulla_vault_session_revoke(house.vault, verifier, &who, first, later));
  TEST_STATUS(bulla_token_verify(verifier, &claims, &payload, bulla_written(&fresh), later), BULLA_REVOKED);
  bulla_verifier_free(&verifier);
  bulla_minter_free(&minter);
}

Test(service, what_cannot_be_revoked_is_told) {
  struct bulla_verifier *verifier = NULL;
  make_key("acme");
  TEST_OK(bulla_vault_verifier_new(&verifier, house.vault, &who, NULL));
  int64_t now = (int64_t)time(NULL);
  TEST_STATUS(bulla_vault_session_revoke(house.vault, verifier, &who, minted("acme", ""), now), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_session_revoke(house.vault, verifier, &who, TEXT("no token"), now), BULLA_REFUSED);
  int64_t late = now + BULLA_SESSION_MAX + BULLA_TOKEN_LIFETIME_MAX + BULLA_TOKEN_LEEWAY_MAX;
  TEST_STATUS(bulla_vault_session_revoke(house.vault, verifier, &who, minted("acme", "one"), late), BULLA_EXPIRED);
  cr_expect_eq(count_records("op = 'token-revoke'"), 0);
  bulla_verifier_free(&verifier);
  bulla_minter_free(&minter);
}

static enum bulla_status never(void *arg, struct bulla_span org, struct bulla_span jti) {
  (void)arg;
  (void)org;
  (void)jti;
  return BULLA_OK;
}

Test(service, callbacks_and_a_nameless_caller_are_refused) {
  struct bulla_verifier *verifier = NULL;
  struct bulla_verifier_options options = BULLA_VERIFIER_OPTIONS_INIT;
  const struct bulla_who nobody = {.reason = TEXT("verify")};
  const struct bulla_who aimless = {.actor = TEXT("web")};
  struct bulla_who wordy = who;
  size_t locked = bulla_slab_usage().used;
  options.is_revoked = never;
  TEST_STATUS(bulla_vault_verifier_new(&verifier, house.vault, &who, &options), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_verifier_new(&verifier, house.vault, &nobody, NULL), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_verifier_new(&verifier, house.vault, &aimless, NULL), BULLA_INVALID_ARGUMENT);
  wordy.reason = test_filled('a', BULLA_WHO_MAX + 1);
  TEST_STATUS(bulla_vault_verifier_new(&verifier, house.vault, &wordy, NULL), BULLA_TOO_LARGE);
  wordy.reason = TEXT("\xff");
  TEST_STATUS(bulla_vault_verifier_new(&verifier, house.vault, &wordy, NULL), BULLA_INVALID_TEXT);
  wordy = who;
  wordy.reserved[1] = 1;
  TEST_STATUS(bulla_vault_verifier_new(&verifier, house.vault, &wordy, NULL), BULLA_INVALID_ARGUMENT);
  options.is_revoked = NULL;
  options.leeway = -1;
  TEST_STATUS(bulla_vault_verifier_new(&verifier, house.vault, &who, &options), BULLA_INVALID_ARGUMENT);
  cr_expect_null(verifier);
  cr_expect_eq(bulla_slab_usage().used, locked);
}

Test(service, a_key_that_was_not_kept_is_not_handed_out) {
  struct bulla_secret *string = NULL;
  static const uint8_t zeros[BULLA_APIKEY_ID_LEN];
  memset(key_id, 1, sizeof(key_id));
  TEST_STATUS(bulla_vault_apikey_create(house.vault, &string, key_id, &who, TEXT("no name!"), TEXT("web")),
              BULLA_INVALID_NAME);
  cr_expect_null(string);
  cr_expect_eq(memcmp(key_id, zeros, sizeof(zeros)), 0);
}

static enum bulla_status count(void *arg, const struct bulla_apikey_view *apikey) {
  (void)apikey;
  (*(int *)arg)++;
  return BULLA_OK;
}

Test(service, an_unknown_tenant_has_no_list_of_keys) {
  int num_keys = 0;
  make_key("acme");
  TEST_OK(bulla_vault_apikey_list(house.vault, TEXT("acme"), count, &num_keys));
  TEST_OK(bulla_vault_apikey_list(house.vault, bulla_span(NULL, 0), count, &num_keys));
  cr_expect_eq(num_keys, 2);
  TEST_STATUS(bulla_vault_apikey_list(house.vault, TEXT("other"), count, &num_keys), BULLA_NOT_FOUND);
  TEST_OK(put("other", "db", "host", "x", false));
  TEST_OK(bulla_vault_apikey_list(house.vault, TEXT("other"), count, &num_keys));
  bulla_minter_free(&minter);
}

Test(service, the_key_of_a_day_is_exported_and_recorded) {
  struct bulla_secret *jwk = NULL;
  make_key("acme");
  struct bulla_span id = bulla_span(key_id, sizeof(key_id));
  TEST_OK(bulla_vault_apikey_jwk(house.vault, &jwk, &who, id, 20000));
  cr_expect_not_null(memmem(bulla_secret_bytes(jwk).data, bulla_secret_bytes(jwk).len, "\"kty\":\"oct\"", 11));
  bulla_secret_free(&jwk);
  cr_expect_eq(count_details("op = 'apikey-export' AND field = '2024-10-04'"), 1);
  TEST_STATUS(bulla_vault_apikey_jwk(house.vault, &jwk, &who, TEXT("0123456789abcdef"), 20000), BULLA_NOT_FOUND);
  cr_expect_null(jwk);
  bulla_minter_free(&minter);
}

Test(service, a_value_is_read_without_a_callback_and_recorded) {
  const struct bulla_place place = {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")};
  struct bulla_secret *value = NULL;
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  TEST_OK(bulla_vault_read(house.vault, &value, &who, &place));
  TEST_SPAN(bulla_secret_bytes(value), TEXT("hunter2"), "the value");
  bulla_secret_free(&value);
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), 1);
  const struct bulla_who aimless = {.actor = TEXT("web")};
  TEST_STATUS(bulla_vault_read(house.vault, &value, &aimless, &place), BULLA_INVALID_ARGUMENT);
  const struct bulla_place nowhere = {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("none")};
  TEST_STATUS(bulla_vault_read(house.vault, &value, &who, &nowhere), BULLA_NOT_FOUND);
  cr_expect_null(value);
}
