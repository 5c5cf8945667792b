/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/alloc_calls.h. */

#include "fuzz/alloc_calls.h"

#include <bulla/jose.h>
#include <bulla/token.h>

#include "core/box.h"
#include "core/cleanup.h"
#include "core/signature.h"
#include "fuzz/vault.h"
#include "tests/behind.h"

enum { ROOM = 1024 };

static const int64_t now = 1700000000;

/* What the calls need, made without faults. */
static struct {
  struct bulla_buffer image;
  struct bulla_vault *vault; /* opened when a call needs it */
  struct bulla_secret *material;
  struct bulla_secret *apikey_string;
  struct bulla_apikey *apikey;
  struct bulla_key *key;
  struct bulla_buffer blob;
  struct bulla_buffer triple;
  struct bulla_buffer jwe;
  struct bulla_buffer token;
  char long_context[200];
} kit;

static struct bulla_span long_context(void) {
  return bulla_span(kit.long_context, sizeof(kit.long_context));
}

static enum bulla_status find_key(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  (void)arg;
  (void)key_id;
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(kit.apikey)));
}

enum bulla_status fuzz_check_output(enum bulla_status status, struct bulla_buffer *buffer, struct bulla_span wanted) {
  if (status != BULLA_OK) {
    FUZZ_ASSERT(fuzz_failed(buffer));
  } else {
    FUZZ_ASSERT(wanted.len == 0 || bulla_span_equal(bulla_written(buffer), wanted));
  }
  return status;
}

struct bulla_buffer fuzz_room_in(uint8_t *bytes, size_t size) {
  memset(bytes, FUZZ_FILL, size);
  return bulla_buffer(bytes, size);
}

/* One call each. All they make they free. */
static enum bulla_status make_secrets(void) {
  struct bulla_secret *a BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *b BULLA_CLEANUP(bulla_secret_free) = NULL;
  TRY_MADE(bulla_secret_random(&a, 32), a);
  TRY_MADE(bulla_secret_expand(&b, a, BULLA_LITERAL("info")), b);
  return BULLA_OK;
}

static enum bulla_status make_key(void) {
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_ring *ring BULLA_CLEANUP(bulla_ring_free) = NULL;
  TRY_MADE(bulla_key_new(&key, BULLA_AES_256_GCM, kit.material), key);
  TRY_MADE(bulla_ring_new(&ring, 4), ring);
  return bulla_ring_add(ring, &key);
}

static enum bulla_status seal(void) {
  uint8_t room[ROOM];
  struct bulla_buffer blob = fuzz_room_in(room, ROOM);
  return fuzz_check_output(bulla_seal(kit.key, &blob, BULLA_LITERAL("secret"), long_context()), &blob,
                           bulla_span(NULL, 0));
}

static enum bulla_status open(void) {
  uint8_t room[ROOM];
  struct bulla_buffer plaintext = fuzz_room_in(room, ROOM);
  return fuzz_check_output(bulla_open(kit.key, &plaintext, bulla_written(&kit.blob), long_context()), &plaintext,
                           BULLA_LITERAL("secret"));
}

static enum bulla_status open_triple(void) {
  uint8_t room[ROOM];
  struct bulla_buffer plaintext = fuzz_room_in(room, ROOM);
  return fuzz_check_output(bulla_triple_open(kit.material, &plaintext, bulla_written(&kit.triple), NULL), &plaintext,
                           BULLA_LITERAL("secret"));
}

static enum bulla_status decrypt(void) {
  uint8_t room[ROOM];
  struct bulla_jwe_key *key BULLA_CLEANUP(bulla_jwe_key_free) = NULL;
  struct bulla_buffer plaintext = fuzz_room_in(room, ROOM);
  TRY_MADE(bulla_jwe_key_new(&key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, kit.material, BULLA_LITERAL("key")), key);
  return fuzz_check_output(bulla_jwe_decrypt(key, &plaintext, bulla_written(&kit.jwe)), &plaintext,
                           BULLA_LITERAL("secret"));
}

static enum bulla_status sign(void) {
  uint8_t public_key[BULLA_SIGNATURE_PUBLIC_LEN];
  uint8_t signature[BULLA_SIGNATURE_LEN];
  memset(signature, FUZZ_FILL, sizeof(signature));
  BULLA_TRY(bulla_signature_public(public_key, kit.material));
  enum bulla_status status = bulla_signature_sign(signature, kit.material, long_context());
  if (status != BULLA_OK) {
    static const uint8_t zero[BULLA_SIGNATURE_LEN];
    FUZZ_ASSERT(memcmp(signature, zero, sizeof(zero)) == 0);
    return status;
  }
  return bulla_signature_verify(public_key, signature, long_context());
}

static enum bulla_status box(void) {
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN];
  uint8_t room[ROOM];
  struct bulla_buffer sealed = fuzz_room_in(room, ROOM);
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_box_public(public_key, kit.material));
  BULLA_TRY(fuzz_check_output(bulla_box_seal(&sealed, public_key, BULLA_LITERAL("secret"), long_context()), &sealed,
                              bulla_span(NULL, 0)));
  TRY_MADE(bulla_box_open(&opened, kit.material, bulla_written(&sealed), long_context()), opened);
  FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(opened), BULLA_LITERAL("secret")));
  return BULLA_OK;
}

static enum bulla_status sign_with_a_key(void) {
  uint8_t room[ROOM];
  struct bulla_buffer signature = fuzz_room_in(room, ROOM);
  struct bulla_signing_key *key BULLA_CLEANUP(bulla_signing_key_free) = NULL;
  TRY_MADE(bulla_signing_key_new(&key, kit.material), key);
  BULLA_TRY(fuzz_check_output(bulla_sign(key, &signature, long_context()), &signature, bulla_span(NULL, 0)));
  return bulla_verify(bulla_signing_key_public(key), bulla_written(&signature), long_context());
}

/* With a context that is too long for the stack. */
static enum bulla_status boxed(void) {
  uint8_t room[ROOM];
  uint8_t opened_room[ROOM];
  uint8_t context[ROOM] = {0};
  struct bulla_buffer blob = fuzz_room_in(room, ROOM);
  struct bulla_buffer opened = fuzz_room_in(opened_room, ROOM);
  struct bulla_box_key *key BULLA_CLEANUP(bulla_box_key_free) = NULL;
  TRY_MADE(bulla_box_key_new(&key, kit.material), key);
  BULLA_TRY(fuzz_check_output(
      bulla_boxed_seal(&blob, bulla_box_key_public(key), BULLA_LITERAL("secret"), bulla_span(context, ROOM)), &blob,
      bulla_span(NULL, 0)));
  return fuzz_check_output(bulla_boxed_open(key, &opened, bulla_written(&blob), bulla_span(context, ROOM)), &opened,
                           BULLA_LITERAL("secret"));
}

static enum bulla_status make_apikey(void) {
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  enum bulla_status status = bulla_apikey_generate(&apikey, &string);
  FUZZ_ASSERT((status == BULLA_OK) == (apikey != NULL) && (status == BULLA_OK) == (string != NULL));
  return status;
}

static enum bulla_status make_jwk(void) {
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_secret *jwk BULLA_CLEANUP(bulla_secret_free) = NULL;
  TRY_MADE(bulla_apikey_parse(&apikey, bulla_secret_bytes(kit.apikey_string)), apikey);
  TRY_MADE(bulla_apikey_day_jwk(&jwk, bulla_apikey_token_root(apikey), bulla_apikey_id(apikey), 19675), jwk);
  return BULLA_OK;
}

static struct bulla_claims claims_of(int64_t iat) {
  struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                .org = BULLA_LITERAL("acme"),
                                .sub = BULLA_LITERAL("alice"),
                                .iat = iat,
                                .exp = iat + 60};
  return claims;
}

/* mint has two days, so that the keys of each are derived anew. */
static enum bulla_status mint(void) {
  static int day;
  uint8_t room[BULLA_TOKEN_MAX];
  struct bulla_minter *minter BULLA_CLEANUP(bulla_minter_free) = NULL;
  struct bulla_buffer token = fuzz_room_in(room, sizeof(room));
  struct bulla_claims claims = claims_of(now + 86400 * (int64_t)(day++ % 7));
  TRY_MADE(bulla_minter_new(&minter, kit.apikey), minter);
  return fuzz_check_output(bulla_token_mint(minter, &token, &claims), &token, bulla_span(NULL, 0));
}

/* verify verifies and refreshes, with a verifier that knows no key yet. */
static enum bulla_status verify(void) {
  uint8_t payload_room[BULLA_PAYLOAD_SIZE];
  uint8_t token_room[BULLA_TOKEN_MAX];
  const struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  struct bulla_verifier *verifier BULLA_CLEANUP(bulla_verifier_free) = NULL;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer payload = fuzz_room_in(payload_room, sizeof(payload_room));
  struct bulla_buffer token = fuzz_room_in(token_room, sizeof(token_room));
  TRY_MADE(bulla_verifier_new(&verifier, &options, find_key, NULL), verifier);
  enum bulla_status status = bulla_token_verify(verifier, &claims, &payload, bulla_written(&kit.token), now);
  FUZZ_ASSERT((status == BULLA_OK) == (claims.org.len > 0));
  BULLA_TRY(fuzz_check_output(status, &payload, bulla_span(NULL, 0)));
  return fuzz_check_output(bulla_token_refresh(verifier, &token, &payload, bulla_written(&kit.token), now), &token,
                           bulla_span(NULL, 0));
}

/* The vault, which the calls share. If it is not open, they open it. */
static enum bulla_status open_vault(void) {
  if (kit.vault == NULL) {
    TRY_MADE(bulla_vault_open(&kit.vault, fuzz_vault_url(), fuzz_vault_root(), NULL), kit.vault);
  }
  return BULLA_OK;
}

static enum bulla_status reopen(void) {
  bulla_vault_close(&kit.vault);
  return open_vault();
}

static enum bulla_status take_value(void *arg, struct bulla_span value) {
  (*(int *)arg)++;
  FUZZ_ASSERT(bulla_span_equal(value, BULLA_LITERAL("the value of a field")));
  return BULLA_OK;
}

static enum bulla_status take_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  (*(int *)arg)++;
  FUZZ_ASSERT(bulla_span_equal(tenant, BULLA_LITERAL("acme")));
  FUZZ_ASSERT(bulla_span_equal(root, bulla_secret_bytes(bulla_apikey_token_root(kit.apikey))));
  return BULLA_OK;
}

static enum bulla_status count_field(void *arg, const struct bulla_field_view *field) {
  (*(int *)arg)++;
  FUZZ_ASSERT(bulla_span_equal(field->text, field->secret ? BULLA_LITERAL("********ield") : BULLA_LITERAL("plain")));
  return BULLA_OK;
}

static enum bulla_status count_entry(void *arg, const struct bulla_entry_view *entry) {
  (*(int *)arg)++;
  FUZZ_ASSERT(entry->num_fields == 2);
  return BULLA_OK;
}

static enum bulla_status count_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  (*(int *)arg)++;
  FUZZ_ASSERT(bulla_span_equal(apikey->id, bulla_apikey_id(kit.apikey)));
  return BULLA_OK;
}

static enum bulla_status put_fields(const char *tenant) {
  const struct bulla_field fields[] = {{BULLA_LITERAL("host"), BULLA_LITERAL("plain"), false},
                                       {BULLA_LITERAL("password"), BULLA_LITERAL("the value of a field"), true}};
  return bulla_vault_put(kit.vault, &fuzz_who, AT(fuzz_text(tenant), BULLA_LITERAL("db")), fields, 2);
}

static enum bulla_status put(void) {
  BULLA_TRY(open_vault());
  return put_fields("acme");
}

/* put_new makes a tenant, and then has it no more than needed: it stays until the vault is loaded anew. */
static enum bulla_status put_new(void) {
  BULLA_TRY(open_vault());
  return put_fields("beta");
}

static enum bulla_status import_and_remove(void) {
  BULLA_TRY(open_vault());
  const struct bulla_import row = {BULLA_LITERAL("new"), BULLA_LITERAL("key"), bulla_written(&kit.triple)};
  size_t failed = 0;
  enum bulla_status status =
      bulla_vault_import(kit.vault, &failed, &fuzz_who, BULLA_LITERAL("acme"), kit.material, NULL, &row, 1);
  FUZZ_ASSERT(failed == (status == BULLA_EXISTS ? 0 : 1));
  /* It is there if the removal has failed before. */
  BULLA_TRY(status == BULLA_EXISTS ? BULLA_OK : status);
  return bulla_vault_remove(kit.vault, &fuzz_who, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("new")));
}

static enum bulla_status show(void) {
  BULLA_TRY(open_vault());
  int num = 0;
  enum bulla_status status =
      bulla_vault_show(kit.vault, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db")), count_field, &num);
  FUZZ_ASSERT(status != BULLA_OK || num == 2);
  return status;
}

static enum bulla_status list(void) {
  BULLA_TRY(open_vault());
  int num = 0;
  enum bulla_status status = bulla_vault_list(kit.vault, BULLA_LITERAL("acme"), count_entry, &num);
  FUZZ_ASSERT(status != BULLA_OK || num == 1);
  return status;
}

static enum bulla_status use(void) {
  BULLA_TRY(open_vault());
  int num = 0;
  enum bulla_status status =
      bulla_vault_use(kit.vault, &fuzz_who, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db"), BULLA_LITERAL("password")),
                      take_value, &num);
  FUZZ_ASSERT(num == (status == BULLA_OK ? 1 : 0));
  return status;
}

static enum bulla_status take_values(void *arg, const struct bulla_span *values, size_t num_values) {
  FUZZ_ASSERT(num_values == 2 && bulla_span_equal(values[1], BULLA_LITERAL("plain")));
  return take_value(arg, values[0]);
}

static enum bulla_status use_many(void) {
  BULLA_TRY(open_vault());
  const struct bulla_place places[] = {
      *AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db"), BULLA_LITERAL("password")),
      *AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db"), BULLA_LITERAL("host")),
  };
  int num = 0;
  size_t failed = 0;
  enum bulla_status status = bulla_vault_use_many(kit.vault, &failed, &fuzz_who, places, 2, take_values, &num);
  FUZZ_ASSERT(num == (status == BULLA_OK ? 1 : 0) && (status != BULLA_OK || failed == 2));
  return status;
}

static enum bulla_status use_apikey(void) {
  BULLA_TRY(open_vault());
  int num = 0;
  enum bulla_status status = bulla_vault_apikey_use(kit.vault, &fuzz_who, bulla_apikey_id(kit.apikey), take_root, &num);
  FUZZ_ASSERT(num == (status == BULLA_OK ? 1 : 0));
  return status;
}

static enum bulla_status list_apikeys(void) {
  BULLA_TRY(open_vault());
  int num = 0;
  enum bulla_status status = bulla_vault_apikey_list(kit.vault, BULLA_LITERAL("acme"), count_apikey, &num);
  FUZZ_ASSERT(status != BULLA_OK || num == 1);
  return status;
}

static enum bulla_status revoke_token(void) {
  BULLA_TRY(open_vault());
  bool revoked = false;
  BULLA_TRY(bulla_vault_token_revoke(kit.vault, &fuzz_who, BULLA_LITERAL("acme"), BULLA_LITERAL("session"),
                                     INT64_C(1) << 40));
  enum bulla_status status =
      bulla_vault_token_revoked(kit.vault, &revoked, BULLA_LITERAL("acme"), BULLA_LITERAL("session"));
  FUZZ_ASSERT(revoked == (status == BULLA_OK));
  return status;
}

static enum bulla_status verify_log(void) {
  BULLA_TRY(open_vault());
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(kit.vault, &verdict);
  FUZZ_ASSERT(verdict.bad_seq == 0 && (verdict.num_records > 0) == (status == BULLA_OK));
  return status;
}

static enum bulla_status ignore_record(void *arg, const struct bulla_audit_record *record) {
  (*(int *)arg)++;
  FUZZ_ASSERT(record->lane == 0 && record->op.len > 0);
  return BULLA_OK;
}

static enum bulla_status read_log(void) {
  BULLA_TRY(open_vault());
  int num = 0;
  enum bulla_status status = bulla_vault_audit_log(kit.vault, 1, bulla_span(NULL, 0), ignore_record, &num);
  FUZZ_ASSERT(status != BULLA_OK || num > 0);
  return status;
}

/* Each finds what a call before it left, if that failed. */
static enum bulla_status rename_there_and_back(void) {
  BULLA_TRY(open_vault());
  const struct bulla_span names[] = {BULLA_LITERAL("gamma"), BULLA_LITERAL("delta")};
  for (size_t i = 0; i < 2; i++) {
    enum bulla_status status = bulla_vault_rename_tenant(kit.vault, &fuzz_who, names[i], names[1 - i]);
    BULLA_TRY(status == BULLA_NOT_FOUND ? BULLA_OK : status);
  }
  return BULLA_OK;
}

static enum bulla_status remove_tenant(void) {
  BULLA_TRY(open_vault());
  const struct bulla_field field = {BULLA_LITERAL("host"), BULLA_LITERAL("plain"), false};
  const struct bulla_place place = {.tenant = BULLA_LITERAL("epsilon"), .entry = BULLA_LITERAL("db")};
  BULLA_TRY(bulla_vault_put(kit.vault, &fuzz_who, &place, &field, 1));
  BULLA_TRY(bulla_vault_remove(kit.vault, &fuzz_who, &place));
  return bulla_vault_remove_tenant(kit.vault, &fuzz_who, place.tenant);
}

enum bulla_status (*const fuzz_calls[])(void) = {
    make_secrets,
    make_key,
    seal,
    open,
    open_triple,
    decrypt,
    make_apikey,
    make_jwk,
    mint,
    verify,
    reopen,
    put,
    use,
    put_new,
    show,
    list,
    use_apikey,
    list_apikeys,
    revoke_token,
    verify_log,
    import_and_remove,
    read_log,
    rename_there_and_back,
    remove_tenant,
    box,
    sign,
    use_many,
    sign_with_a_key,
    boxed,
    fuzz_jwk_pairs,
    fuzz_jwk_set,
    fuzz_jwk_rsa,
    fuzz_jwe_keys,
    fuzz_jwe_encrypt,
    fuzz_jwe_decrypt,
    fuzz_seal_many,
    fuzz_mint_many,
};
const size_t fuzz_num_calls = sizeof(fuzz_calls) / sizeof(fuzz_calls[0]);

static struct bulla_buffer room(size_t len) {
  return bulla_buffer(fuzz_alloc(len), len);
}

static void make_sealed(void) {
  struct bulla_jwe_key *jwe_key = NULL;
  FUZZ_ASSERT(bulla_key_new(&kit.key, BULLA_XAES_256_GCM, kit.material) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_key_new(&jwe_key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, kit.material, BULLA_LITERAL("key")) ==
              BULLA_OK);
  kit.blob = room(ROOM);
  kit.triple = room(ROOM);
  kit.jwe = room(ROOM);
  FUZZ_ASSERT(bulla_seal(kit.key, &kit.blob, BULLA_LITERAL("secret"), long_context()) == BULLA_OK);
  FUZZ_ASSERT(bulla_triple_seal(kit.material, &kit.triple, BULLA_LITERAL("secret")) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_encrypt(jwe_key, &kit.jwe, BULLA_LITERAL("secret")) == BULLA_OK);
  bulla_jwe_key_free(&jwe_key);
}

static void make_token(void) {
  struct bulla_minter *minter = NULL;
  struct bulla_claims claims = claims_of(now);
  kit.token = room(BULLA_TOKEN_MAX);
  FUZZ_ASSERT(bulla_apikey_generate(&kit.apikey, &kit.apikey_string) == BULLA_OK);
  FUZZ_ASSERT(bulla_minter_new(&minter, kit.apikey) == BULLA_OK);
  FUZZ_ASSERT(bulla_token_mint(minter, &kit.token, &claims) == BULLA_OK);
  bulla_minter_free(&minter);
}

void fuzz_calls_set_up(void) {
  fuzz_vault_set_up();
  FUZZ_ASSERT(bulla_secret_random(&kit.material, BULLA_KEY_LEN) == BULLA_OK);
  make_sealed();
  make_token();
  fuzz_jwe_set_up();
  FUZZ_ASSERT(open_vault() == BULLA_OK && put() == BULLA_OK && put_fields("gamma") == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_apikey_put(
                  kit.vault, &fuzz_who,
                  &(const struct bulla_apikey_record){.tenant = BULLA_LITERAL("acme"),
                                                      .id = bulla_apikey_id(kit.apikey),
                                                      .name = bulla_span(NULL, 0),
                                                      .hash = bulla_apikey_hash(kit.apikey),
                                                      .root = bulla_apikey_token_root(kit.apikey)}) == BULLA_OK);
  bulla_vault_close(&kit.vault);
  kit.image = fuzz_vault_image();
}

void fuzz_calls_begin(void) {
  fuzz_vault_load(bulla_written(&kit.image));
}

void fuzz_calls_end(void) {
  bulla_vault_close(&kit.vault);
}

bool fuzz_calls_idle(void) {
  return kit.vault == NULL || behind_is_idle(kit.vault);
}
