/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla against the vectors of docs/FORMAT.md §11. That they follow from the document is for
 * tests/format_vectors.py, whose implementation is another. */

#include <bulla/token.h>

#include "core/key.h"
#include "store/anchor.h"
#include "store/audit_chain.h"
#include "store/directory.h"
#include "store/field.h"
#include "store/limit_subjects.h"
#include "store/proof.h"
#include "store/root.h"
#include "store/tenant_secret.h"
#include "store/vault_row.h"
#include "store/wrap.h"
#include "tests/vectors.h"

/* Bytes, or text where they are none. */
static struct bulla_span bytes_or_text(const char *name) {
  return vector_line(name).data[0] == '"' ? vector_text(name) : vector_bytes(name);
}

static struct bulla_key *key_of(const char *material, enum bulla_suite suite) {
  struct bulla_secret *secret = test_secret(vector_bytes(material));
  struct bulla_key *key = NULL;
  TEST_OK(bulla_key_new(&key, suite, secret));
  bulla_secret_free(&secret);
  return key;
}

/* Asserts that |blob| opens under |key| to |plaintext|. */
static void opens_to(const struct bulla_key *key, const char *blob, struct bulla_span context,
                     struct bulla_span plaintext) {
  struct bulla_span sealed = vector_bytes(blob);
  struct bulla_buffer opened = test_room(sealed.len);
  TEST_OK(bulla_open(key, &opened, sealed, context));
  TEST_SPAN(bulla_written(&opened), plaintext, "%s", blob);
}

Test(format, blobs_open_and_carry_the_key_id) {
  const struct {
    enum bulla_suite suite;
    const char *blob;
    const char *text;
  } rows[] = {
      {BULLA_AES_256_GCM, "blob-1.blob", "text.of-blob-1"},
      {BULLA_XAES_256_GCM, "blob-2.blob", "text.of-blob-2"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_key *key = key_of("key.material", rows[i].suite);
    TEST_SPAN(bulla_key_id(key), vector_bytes("key.id"), "suite %d", rows[i].suite);
    opens_to(key, rows[i].blob, vector_text("blob.context"), vector_text("blob.plaintext"));
    struct bulla_buffer room = test_room(500);
    TEST_OK(bulla_blob_to_text(&room, vector_bytes(rows[i].blob)));
    TEST_SPAN(bulla_written(&room), vector_text(rows[i].text), "suite %d", rows[i].suite);
    TEST_OK(bulla_blob_from_text(&room, vector_text(rows[i].text)));
    TEST_SPAN(bulla_written(&room), vector_bytes(rows[i].blob), "suite %d", rows[i].suite);
    bulla_key_free(&key);
  }
  struct bulla_key *key = key_of("key.material", BULLA_XAES_256_GCM);
  opens_to(key, "blob-empty.blob", bulla_span(NULL, 0), bulla_span(NULL, 0));
  bulla_key_free(&key);
}

Test(format, boxed_blobs_open_and_carry_the_key_id) {
  const struct {
    const char *blob;
    struct bulla_span context;
    struct bulla_span plaintext;
  } rows[] = {{"boxed.blob", vector_text("blob.context"), vector_text("blob.plaintext")}, {.blob = "boxed-empty.blob"}};
  struct bulla_secret *private_key = test_secret(vector_bytes("boxed.private"));
  struct bulla_box_key *key = NULL;
  struct bulla_buffer room = test_room(500);
  TEST_OK(bulla_box_key_new(&key, private_key));
  TEST_SPAN(bulla_box_key_public(key), vector_bytes("boxed.public"), "public key");
  TEST_SPAN(bulla_box_key_id(key), vector_bytes("boxed.id"), "key id");
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_OK(bulla_boxed_open(key, &room, vector_bytes(rows[i].blob), rows[i].context));
    TEST_SPAN(bulla_written(&room), rows[i].plaintext, "%s", rows[i].blob);
  }
  TEST_OK(bulla_blob_to_text(&room, vector_bytes("boxed.blob")));
  TEST_SPAN(bulla_written(&room), vector_text("text.of-boxed"), "text");
  bulla_box_key_free(&key);
  bulla_secret_free(&private_key);
}

Test(format, triples_open) {
  const char *const texts[] = {"triple-16.text", "triple-12.text"};
  struct bulla_secret *key = test_secret(vector_bytes("triple.key"));
  for (size_t i = 0; i < 2; i++) {
    struct bulla_buffer opened = test_room(vector_text(texts[i]).len / 2);
    TEST_OK(bulla_triple_open(key, &opened, vector_text(texts[i]), NULL));
    TEST_SPAN(bulla_written(&opened), vector_text("triple.plaintext"), "%s", texts[i]);
  }
  bulla_secret_free(&key);
}

static struct bulla_apikey *apikey(void) {
  struct bulla_apikey *parsed = NULL;
  TEST_OK(bulla_apikey_parse(&parsed, vector_text("apikey.string")));
  return parsed;
}

Test(format, an_api_key_has_its_id_hash_and_token_root) {
  struct bulla_apikey *parsed = apikey();
  TEST_SPAN(bulla_apikey_hash(parsed), vector_bytes("apikey.hash"), "hash");
  TEST_SPAN(bulla_secret_bytes(bulla_apikey_token_root(parsed)), vector_bytes("apikey.token-root"), "token root");
  TEST_SPAN(bulla_apikey_id(parsed), vector_line("apikey.id-bytes"), "id");
  bulla_apikey_free(&parsed);
}

static enum bulla_status find_root(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct bulla_apikey *parsed = (const struct bulla_apikey *)arg;
  if (!test_same(key_id, bulla_apikey_id(parsed))) {
    return BULLA_NOT_FOUND;
  }
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(parsed)));
}

/* Asserts that |token| verifies to the claims of the document, byte for byte. */
static void verifies(struct bulla_apikey *parsed, struct bulla_span token) {
  const struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options),
                                                 .aud = BULLA_LITERAL("embed"),
                                                 .iss = BULLA_LITERAL("app.example")};
  struct bulla_verifier *verifier = NULL;
  TEST_OK(bulla_verifier_new(&verifier, &options, find_root, parsed));
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  TEST_OK(bulla_token_verify(verifier, &claims, &payload, token, vector_number("token.iat")));
  TEST_SPAN(bulla_written(&payload), vector_text("token.claims"), "claims");
  bulla_verifier_free(&verifier);
}

Test(format, the_token_verifies) {
  struct bulla_apikey *parsed = apikey();
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  TEST_OK(bulla_token_inspect(&outline, vector_text("token.token")));
  cr_assert_eq(outline.day, vector_number("token.day"));
  verifies(parsed, vector_text("token.token"));
  bulla_apikey_free(&parsed);
}

Test(format, what_is_minted_has_the_header_and_the_claims_of_the_document) {
  struct bulla_apikey *parsed = apikey();
  struct bulla_minter *minter = NULL;
  TEST_OK(bulla_minter_new(&minter, parsed));
  int64_t now = vector_number("token.iat");
  const struct bulla_claims claims = {
      .size = sizeof(struct bulla_claims),
      .org = BULLA_LITERAL("acme"),
      .sub = BULLA_LITERAL("alice"),
      .iss = BULLA_LITERAL("app.example"),
      .aud = BULLA_LITERAL("embed"),
      .jti = BULLA_LITERAL("t-1"),
      .iat = now,
      .nbf = now,
      .perms = BULLA_LITERAL("[\"read\",\"export\"]"),
      .attrs = BULLA_LITERAL("{\"region\":\"north\"}"),
  };
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  TEST_OK(bulla_token_mint(minter, &token, &claims));
  size_t header_len = strcspn((const char *)vector_text("token.token").data, ".");
  TEST_SPAN(bulla_span(token.data, header_len), bulla_span(vector_text("token.token").data, header_len), "header");
  verifies(parsed, bulla_written(&token));
  bulla_minter_free(&minter);
  bulla_apikey_free(&parsed);
}

/* The keys of the vault, as the vault's own row gives them. */
static struct bulla_keyring keyring(void) {
  struct bulla_keyring opened = {.vault_secret = test_secret(vector_bytes("vault-key.material"))};
  struct bulla_vault_row row = {
      .statement = vector_bytes("vault.statement"),
      .signing_key = vector_bytes("signing-key.wrapped"),
      .audit_key = vector_bytes("audit-key.wrapped"),
      .detail_key = vector_bytes("vault-detail-key.wrapped"),
  };
  memcpy(opened.uuid, vector_bytes("vault.uuid").data, sizeof(opened.uuid));
  memcpy(row.signature, vector_bytes("vault.signature").data, sizeof(row.signature));
  TEST_OK(bulla_keyring_expand(&opened));
  TEST_OK(bulla_vault_statement_read(&row.said, row.statement));
  TEST_OK(bulla_vault_row_open(&opened, &row));
  return opened;
}

/* The tenant, as its row gives it. */
static const struct bulla_tenant *tenant(struct bulla_keyring *opened) {
  const struct bulla_tenant_row row = {
      .id = vector_bytes("tenant.id"),
      .has_name = true,
      .name = vector_text("tenant.name"),
      .statement = vector_bytes("tenant.statement"),
      .signature = vector_bytes("tenant.signature"),
      .has_keys = true,
      .label_key = vector_bytes("label-key.wrapped"),
      .detail_key = vector_bytes("detail-key.wrapped"),
  };
  const struct bulla_tenant *made = NULL;
  TEST_OK(bulla_check_tenant(&made, opened, &row));
  return made;
}

/* The keys that its secret expands to, as the secret's row gives them. */
static const struct bulla_tenant_secret *secret(struct bulla_keyring *opened) {
  const struct bulla_secret_row row = {
      .id = vector_bytes("tenant-secret.id"),
      .version = vector_number("tenant-secret.version"),
      .wrapped = vector_bytes("tenant-secret.wrapped"),
  };
  const struct bulla_tenant_secret *made = NULL;
  TEST_OK(bulla_tenant_secret(&made, opened, tenant(opened), &row));
  return made;
}

/* The lane of the log. */
static struct bulla_audit_lane lane(void) {
  struct bulla_audit_lane made = {.number = 0};
  memcpy(made.id, vector_bytes("lane.id").data, sizeof(made.id));
  memcpy(made.start, vector_bytes("lane.digest").data, sizeof(made.start));
  return made;
}

/* Asserts that |root| opens the vault key as |name| says, and not as another kind of root. */
static void opens_the_vault(const char *name, const struct bulla_root *root, struct bulla_span kind, int64_t log_n) {
  struct bulla_keyring opened = keyring();
  struct bulla_root_row row = {.log_n = log_n};
  struct bulla_root_entry entry = {.id = vector_bytes(vector_of(name, "id")), .kind = kind};
  struct bulla_context context;
  struct bulla_secret *vault_key = NULL;
  memcpy(row.id, entry.id.data, sizeof(row.id));
  row.wrapped = bulla_buffer(row.bytes, sizeof(row.bytes));
  row.wrapped.len = vector_bytes(vector_of(name, "wrapped")).len;
  memcpy(row.bytes, vector_bytes(vector_of(name, "wrapped")).data, row.wrapped.len);
  if (log_n > 0) {
    memcpy(row.salt, vector_bytes(vector_of(name, "salt")).data, sizeof(row.salt));
  }
  TEST_OK(bulla_context_wrapped(&context, &opened, BULLA_WRAPPED_VAULT_KEY, entry.id, 0));
  TEST_SPAN(bulla_context_span(&context), vector_bytes(vector_of(name, "context")), "context for %s", name);
  TEST_OK(bulla_root_unwrap(&vault_key, &opened, root, &entry, &row));
  TEST_SPAN(bulla_secret_bytes(vault_key), vector_bytes("vault-key.material"), "vault key by %s", name);
  bulla_secret_free(&vault_key);
  entry.kind = BULLA_ROOT_IS_PROGRAM;
  TEST_STATUS(bulla_root_unwrap(&vault_key, &opened, root, &entry, &row), BULLA_ROOT_WRONG);
  bulla_keyring_free(&opened);
}

Test(format, each_kind_of_root_opens_the_vault_key, .timeout = 60) {
  struct bulla_root key = {.kind = BULLA_ROOT_KEY, .material = test_secret(vector_bytes("root-key.material"))};
  opens_the_vault("root-key", &key, BULLA_ROOT_IS_KEY, 0);
  bulla_secret_free(&key.material);
  struct bulla_root passphrase = {.kind = BULLA_ROOT_PASSPHRASE,
                                  .material = test_secret(vector_text("root-passphrase.text"))};
  opens_the_vault("root-passphrase", &passphrase, BULLA_ROOT_IS_PASSPHRASE, 17);
  struct bulla_key *stretched = key_of("root-passphrase.stretched", BULLA_XAES_256_GCM);
  TEST_SPAN(bulla_key_id(stretched), vector_bytes("root-passphrase.id"), "id of the stretched key");
  bulla_key_free(&stretched);
  bulla_secret_free(&passphrase.material);
  struct bulla_root recipient = {.kind = BULLA_ROOT_PRIVATE,
                                 .material = test_secret(vector_bytes("root-recipient.private"))};
  TEST_OK(bulla_box_public(recipient.public_key, recipient.material));
  TEST_SPAN(bulla_span(recipient.public_key, BULLA_BOX_PUBLIC_LEN), vector_bytes("root-recipient.public"),
            "public key");
  opens_the_vault("root-recipient", &recipient, BULLA_ROOT_IS_RECIPIENT, 0);
  bulla_secret_free(&recipient.material);
}

Test(format, a_root_that_wraps_has_the_id_of_the_document) {
  struct bulla_keyring opened = keyring();
  struct bulla_root key = {.kind = BULLA_ROOT_KEY, .material = test_secret(vector_bytes("root-key.material"))};
  struct bulla_root recipient = {.kind = BULLA_ROOT_RECIPIENT};
  memcpy(recipient.public_key, vector_bytes("root-recipient.public").data, sizeof(recipient.public_key));
  const struct {
    const struct bulla_root *root;
    const char *id;
  } rows[] = {{&key, "root-key.id"}, {&recipient, "root-recipient.id"}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_root_row row;
    struct bulla_root_entry entry;
    TEST_OK(bulla_root_wrap(&row, &entry, &opened, rows[i].root, opened.vault_secret));
    TEST_SPAN(entry.id, vector_bytes(rows[i].id), "%s", rows[i].id);
  }
  bulla_secret_free(&key.material);
  bulla_keyring_free(&opened);
}

Test(format, a_recipient_has_the_text_of_the_document) {
  struct bulla_root *recipient = NULL;
  char written[BULLA_RECIPIENT_TEXT_LEN + 1];
  TEST_OK(bulla_root_recipient(&recipient, vector_text("root-recipient.text")));
  TEST_SPAN(bulla_span(recipient->public_key, BULLA_BOX_PUBLIC_LEN), vector_bytes("root-recipient.public"),
            "public key");
  TEST_OK(bulla_recipient_text(recipient, written));
  TEST_SPAN(bulla_span(written, strlen(written)), vector_text("root-recipient.text"), "text");
  bulla_root_free(&recipient);
}

Test(format, the_vault_key_opens_the_keys_of_the_vault) {
  struct bulla_keyring opened = keyring();
  uint8_t fingerprint[BULLA_SHA256_LEN];
  TEST_SPAN(bulla_secret_bytes(opened.signing_seed), vector_bytes("signing-key.seed"), "signing key");
  TEST_SPAN(bulla_span(opened.signing_public, BULLA_SIGNATURE_PUBLIC_LEN), vector_bytes("signing-key.public"),
            "public");
  TEST_SPAN(bulla_secret_bytes(opened.audit_private), vector_bytes("audit-key.private"), "audit key");
  TEST_SPAN(bulla_span(opened.audit_public, BULLA_BOX_PUBLIC_LEN), vector_bytes("audit-key.public"), "public");
  cr_assert_eq(opened.generation, vector_number("vault.generation"));
  TEST_OK(bulla_fingerprint(fingerprint, &opened));
  TEST_SPAN(bulla_span(fingerprint, sizeof(fingerprint)), vector_bytes("vault.fingerprint"), "fingerprint");
  bulla_keyring_free(&opened);
}

Test(format, wrapped_keys_open_in_their_contexts) {
  struct bulla_keyring opened = keyring();
  struct bulla_span none = bulla_span(NULL, 0);
  const struct {
    enum bulla_wrapped what;
    struct bulla_span owner;
    int64_t num;
    const char *name;
    const char *material;
  } rows[] = {
      {BULLA_WRAPPED_SIGNING_KEY, none, 0, "signing-key", "seed"},
      {BULLA_WRAPPED_AUDIT_KEY, none, 0, "audit-key", "private"},
      {BULLA_WRAPPED_DETAIL_KEY, none, 0, "vault-detail-key", "material"},
      {BULLA_WRAPPED_LABEL_KEY, vector_bytes("tenant.id"), 0, "label-key", "material"},
      {BULLA_WRAPPED_DETAIL_KEY, vector_bytes("tenant.id"), 0, "detail-key", "material"},
      {BULLA_WRAPPED_TENANT_SECRET, vector_bytes("tenant.id"), vector_number("tenant-secret.version"), "tenant-secret",
       "material"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_context context;
    struct bulla_secret *key = NULL;
    TEST_OK(bulla_context_wrapped(&context, &opened, rows[i].what, rows[i].owner, rows[i].num));
    TEST_SPAN(bulla_context_span(&context), vector_bytes(vector_of(rows[i].name, "context")), "context of %s",
              rows[i].name);
    TEST_OK(bulla_unwrap(&key, opened.vault_key, vector_bytes(vector_of(rows[i].name, "wrapped")), &context));
    TEST_SPAN(bulla_secret_bytes(key), vector_bytes(vector_of(rows[i].name, rows[i].material)), "%s", rows[i].name);
    bulla_secret_free(&key);
  }
  bulla_keyring_free(&opened);
}

Test(format, a_secret_expands_to_the_keys_of_the_document) {
  struct bulla_keyring opened = keyring();
  const struct bulla_tenant_secret *keys = secret(&opened);
  const struct {
    const struct bulla_key *key;
    const char *name;
  } rows[] = {
      {keys->field_key, "tenant-secret.field-key"},
      {keys->mask_key, "tenant-secret.mask-key"},
      {keys->apikey_key, "tenant-secret.apikey-key"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_key *wanted = key_of(rows[i].name, BULLA_XAES_256_GCM);
    TEST_SPAN(bulla_key_id(rows[i].key), bulla_key_id(wanted), "%s", rows[i].name);
    bulla_key_free(&wanted);
  }
  const struct bulla_secret_entry *said = &tenant(&opened)->said.secrets[0];
  const struct {
    const char *name;
    const uint8_t *made;
    struct bulla_span said;
  } pairs[] = {
      {"tenant-secret.value-public", keys->value_public, said->value_public},
      {"tenant-secret.mask-public", keys->mask_public, said->mask_public},
  };
  for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
    struct bulla_span wanted = vector_bytes(pairs[i].name);
    TEST_SPAN(bulla_span(pairs[i].made, BULLA_BOX_PUBLIC_LEN), wanted, "%s", pairs[i].name);
    TEST_SPAN(pairs[i].said, wanted, "%s, in the statement", pairs[i].name);
  }
  TEST_SPAN(said->apikey_id, vector_bytes("tenant-secret.apikey-id"), "in the statement");
  cr_expect_eq(said->generation, vector_number("tenant.generation"));
  bulla_keyring_free(&opened);
}

/* What commits to a key is not of another form than the key that is committed to. */
Test(format, a_tenants_keys_have_the_ids_of_the_document) {
  struct bulla_keyring opened = keyring();
  const struct bulla_tenant *owner = tenant(&opened);
  uint8_t id[BULLA_KEY_ID_LEN];
  TEST_OK(bulla_key_id_of(id, bulla_secret_bytes(owner->label_key)));
  TEST_SPAN(bulla_span(id, sizeof(id)), vector_bytes("label-key.id"), "label key");
  TEST_SPAN(bulla_key_id(owner->detail_key), vector_bytes("detail-key.id"), "detail key");
  TEST_SPAN(owner->said.label_key_id, vector_bytes("label-key.id"), "label key, in the statement");
  TEST_SPAN(owner->said.detail_key_id, vector_bytes("detail-key.id"), "detail key, in the statement");
  bulla_keyring_free(&opened);
}

Test(format, the_bucket_of_a_limit_is_named_as_in_the_document) {
  struct bulla_keyring opened = keyring();
  uint8_t id[BULLA_ID_LEN];
  TEST_SPAN(bulla_secret_bytes(opened.limit_key), vector_bytes("limit.key"), "limit key");
  TEST_OK(bulla_limit_subject_id(id, &opened, (enum bulla_limit_kind)vector_number("limit.kind"),
                                 (enum bulla_limit_scope)vector_number("limit.scope"), vector_text("limit.name")));
  TEST_SPAN(bulla_span(id, sizeof(id)), vector_bytes("limit.subject"), "subject");
  bulla_keyring_free(&opened);
}

Test(format, a_new_secret_expands_as_it_is_opened) {
  struct bulla_keyring opened = keyring();
  struct bulla_made_secret made;
  struct bulla_context context;
  struct bulla_secret *material = NULL;
  TEST_OK(bulla_tenant_secret_new(&made, &opened, vector_bytes("tenant.id"), 1));
  TEST_OK(bulla_context_wrapped(&context, &opened, BULLA_WRAPPED_TENANT_SECRET, vector_bytes("tenant.id"), 1));
  TEST_OK(bulla_unwrap(&material, opened.vault_key, bulla_written(&made.wrapped), &context));
  const struct {
    const char *label;
    const char *private_label;
    const uint8_t *made;
  } rows[] = {
      {"bulla/v2/field-key", "bulla/v2/value-private", made.secret.value_public},
      {"bulla/v2/mask-key", "bulla/v2/mask-private", made.secret.mask_public},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_secret *key = NULL;
    struct bulla_secret *private_key = NULL;
    uint8_t public_key[BULLA_BOX_PUBLIC_LEN];
    TEST_OK(bulla_secret_expand(&key, material, test_text(rows[i].label)));
    TEST_OK(bulla_secret_expand(&private_key, key, test_text(rows[i].private_label)));
    TEST_OK(bulla_box_public(public_key, private_key));
    TEST_SPAN(bulla_span(rows[i].made, BULLA_BOX_PUBLIC_LEN), bulla_span(public_key, sizeof(public_key)), "%s",
              rows[i].label);
    bulla_secret_free(&private_key);
    bulla_secret_free(&key);
  }
  bulla_secret_free(&material);
  bulla_tenant_secret_free(&made.secret);
  bulla_keyring_free(&opened);
}

static struct bulla_binding place(const char *name) {
  return (struct bulla_binding){vector_bytes("tenant.id"), vector_bytes("entry.id"),
                                vector_text(vector_of(name, "name")), vector_number(vector_of(name, "revision"))};
}

Test(format, the_keys_of_a_tenant_open_what_they_sealed_each_in_its_context) {
  struct bulla_keyring opened = keyring();
  const struct bulla_tenant_secret *keys = secret(&opened);
  struct bulla_binding binding = place("field");
  struct bulla_context field;
  struct bulla_context mask;
  struct bulla_context root;
  TEST_OK(bulla_context_field(&field, &opened, &binding));
  TEST_OK(bulla_context_mask(&mask, &opened, &binding));
  TEST_OK(bulla_context_apikey(&root, &opened, vector_bytes("tenant.id"), vector_line("apikey.id-bytes")));
  const struct {
    const struct bulla_key *key;
    const char *blob;
    const struct bulla_context *made;
    const char *context;
    struct bulla_span plaintext;
  } rows[] = {
      {keys->field_key, "field.sealed", &field, "field.context", vector_bytes("field.padded")},
      {keys->mask_key, "mask.sealed", &mask, "mask.context", vector_bytes("mask.traits")},
      {keys->apikey_key, "apikey-root.sealed", &root, "apikey-root.context", vector_bytes("apikey.token-root")},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_SPAN(bulla_context_span(rows[i].made), vector_bytes(rows[i].context), "%s", rows[i].context);
    opens_to(rows[i].key, rows[i].blob, bulla_context_span(rows[i].made), rows[i].plaintext);
  }
  bulla_keyring_free(&opened);
}

Test(format, names_of_entries_and_plain_values_are_proven_as_in_the_document) {
  struct bulla_keyring opened = keyring();
  const struct bulla_tenant *owner = tenant(&opened);
  struct bulla_binding binding = place("plain");
  struct bulla_context name;
  struct bulla_context plain;
  TEST_OK(bulla_context_entry_name(&name, &opened, vector_bytes("tenant.id"), vector_bytes("entry.id"),
                                   vector_text("entry.name")));
  TEST_OK(bulla_context_plain(&plain, &opened, &binding, vector_text("plain.value")));
  TEST_SPAN(bulla_context_span(&name), vector_bytes("entry.name-context"), "name");
  TEST_SPAN(bulla_context_span(&plain), vector_bytes("plain.context"), "plain value");
  TEST_OK(bulla_check_proof(owner, &plain, vector_bytes("plain.proof")));
  TEST_OK(bulla_entry_name_check(&opened, owner, vector_bytes("entry.id"), vector_text("entry.name"),
                                 vector_bytes("entry.name-proof")));
  bulla_keyring_free(&opened);
}

Test(format, a_value_is_padded_and_masked_as_in_the_document) {
  struct bulla_keyring opened = keyring();
  const struct bulla_tenant_secret *keys = secret(&opened);
  struct bulla_stored_field stored = {.binding = place("field"), .secret = true, .keys = keys};
  const struct bulla_field field = {.name = stored.binding.field,
                                    .value = vector_text("field.value"),
                                    .secret = true,
                                    .expires = vector_number("field.expires")};
  struct bulla_buffer value = {0};
  struct bulla_buffer mask = {0};
  struct bulla_buffer room = test_room(256);
  struct bulla_secret *again = NULL;
  struct bulla_shown shown;
  TEST_OK(bulla_field_seal(&value, &mask, &opened, tenant(&opened), keys, &stored.binding, &field));
  TEST_OK(bulla_open(keys->field_key, &room, bulla_written(&value), vector_bytes("field.context")));
  TEST_SPAN(bulla_written(&room), vector_bytes("field.padded"), "padded");
  TEST_OK(bulla_open(keys->mask_key, &room, bulla_written(&mask), vector_bytes("mask.context")));
  TEST_SPAN(bulla_written(&room), vector_bytes("mask.traits"), "traits");
  stored.value = vector_bytes("field.sealed");
  stored.mask = vector_bytes("mask.sealed");
  TEST_OK(bulla_field_open(&again, &opened, &stored));
  TEST_SPAN(bulla_secret_bytes(again), field.value, "value");
  TEST_OK(bulla_field_show(&shown, room.data, &opened, &stored));
  TEST_SPAN(shown.text, vector_text("mask.text"), "mask");
  cr_expect(shown.traits.canary == 0 && shown.traits.expires == field.expires);
  bulla_secret_free(&again);
  bulla_field_free(&value);
  bulla_field_free(&mask);
  bulla_keyring_free(&opened);
}

/* Asserts that |made| has the bytes, the signature and the digest of the statement |name|. */
static void is_signed(const struct bulla_signed *made, const char *name) {
  TEST_SPAN(bulla_written(&made->statement), vector_bytes(vector_of(name, "statement")), "statement of %s", name);
  TEST_SPAN(bulla_span(made->signature, sizeof(made->signature)), vector_bytes(vector_of(name, "signature")), "%s",
            name);
}

Test(format, statements_are_read_written_and_signed_as_in_the_document) {
  struct bulla_keyring opened = keyring();
  struct bulla_signed made;
  struct bulla_vault_statement vault;
  TEST_OK(bulla_vault_statement_read(&vault, vector_bytes("vault.statement")));
  cr_assert_eq(vault.created, vector_number("vault.created"));
  cr_assert_eq(vault.num_roots, 3);
  TEST_SPAN(vault.roots[0].id, vector_bytes("root-key.id"), "key");
  TEST_SPAN(vault.roots[1].kind, test_text("passphrase"), "passphrase");
  TEST_SPAN(vault.roots[2].name, vector_text("root-recipient.name"), "recipient");
  TEST_SPAN(vault.roots[2].public_key, vector_bytes("root-recipient.public"), "recipient");
  TEST_SPAN(vault.first_lane, vector_bytes("lane.digest"), "lane");
  TEST_SPAN(vault.leaves, vector_bytes("leaves.digest"), "leaves");
  TEST_OK(bulla_sign_vault(&made, &opened, &vault));
  is_signed(&made, "vault");
  TEST_SPAN(bulla_span(made.digest, sizeof(made.digest)), vector_bytes("vault.digest"), "digest of the vault");
  struct bulla_lane_statement lane;
  TEST_OK(bulla_lane_statement_read(&lane, vector_bytes("lane.statement")));
  TEST_SPAN(lane.id, vector_bytes("lane.id"), "lane");
  TEST_SPAN(lane.first_key, vector_bytes("lane.first-key"), "first key");
  TEST_OK(bulla_sign_lane(&made, &opened, &lane));
  is_signed(&made, "lane");
  TEST_SPAN(bulla_span(made.digest, sizeof(made.digest)), vector_bytes("lane.digest"), "digest of the lane");
  struct bulla_tenant_statement first;
  TEST_OK(bulla_tenant_statement_read(&first, vector_bytes("tenant.statement")));
  TEST_OK(bulla_sign_tenant(&made, &opened, &first));
  TEST_SPAN(bulla_span(made.digest, sizeof(made.digest)), vector_bytes("tenant.digest"), "digest of the tenant");
  const struct {
    const char *name;
    size_t num_secrets;
    bool removed;
    bool shredded;
  } rows[] = {
      {"tenant", 1, false, false},
      {"rotated", 3, false, false},
      {"removed", 0, true, false},
      {"shredded", 0, true, true},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_tenant_statement said;
    TEST_OK(bulla_tenant_statement_read(&said, vector_bytes(vector_of(rows[i].name, "statement"))));
    TEST_SPAN(said.name, rows[i].shredded ? BULLA_LITERAL("") : vector_text("tenant.name"), "%s", rows[i].name);
    cr_assert_eq(said.generation, vector_number(vector_of(rows[i].name, "generation")));
    cr_assert_eq(said.last_version, vector_number(vector_of(rows[i].name, "last-version")));
    cr_assert_eq(said.num_secrets, rows[i].num_secrets);
    cr_assert_eq(said.removed, rows[i].removed);
    cr_assert_eq(said.shredded, rows[i].shredded);
    TEST_SPAN(said.label_key_id, rows[i].shredded ? BULLA_LITERAL("") : vector_bytes("label-key.id"), "%s",
              rows[i].name);
    cr_assert(said.num_secrets < 2 || said.secrets[1].generation == vector_number("rotated.generation-3"));
    TEST_OK(bulla_sign_tenant(&made, &opened, &said));
    is_signed(&made, rows[i].name);
    TEST_OK(bulla_check_signed(&opened, vector_bytes(vector_of(rows[i].name, "statement")),
                               vector_bytes(vector_of(rows[i].name, "signature"))));
  }
  bulla_keyring_free(&opened);
}

Test(format, a_tenant_does_not_go_back_to_what_it_was) {
  struct bulla_keyring opened = keyring();
  const struct bulla_tenant *found = NULL;
  struct bulla_tenant_row row = {
      .id = vector_bytes("tenant.id"),
      .has_keys = true,
      .label_key = vector_bytes("label-key.wrapped"),
      .detail_key = vector_bytes("detail-key.wrapped"),
  };
  const struct {
    const char *name;
    bool has_name;
    enum bulla_status wanted;
  } rows[] = {
      {"tenant", true, BULLA_OK},   {"rotated", true, BULLA_OK},      {"tenant", true, BULLA_REFUSED},
      {"removed", false, BULLA_OK}, {"rotated", true, BULLA_REFUSED}, {"removed", false, BULLA_OK},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    row.has_name = rows[i].has_name;
    row.name = vector_text("tenant.name");
    row.statement = vector_bytes(vector_of(rows[i].name, "statement"));
    row.signature = vector_bytes(vector_of(rows[i].name, "signature"));
    TEST_STATUS(bulla_check_tenant(&found, &opened, &row), rows[i].wanted);
  }
  bulla_keyring_forget(&opened);
  row.has_name = true;
  row.statement = vector_bytes("tenant.statement");
  row.signature = vector_bytes("tenant.signature");
  TEST_OK(bulla_check_tenant(&found, &opened, &row));
  bulla_keyring_free(&opened);
}

Test(format, the_audit_key_opens_the_first_key_of_the_lane) {
  struct bulla_keyring opened = keyring();
  struct bulla_context context;
  struct bulla_secret *key = NULL;
  TEST_OK(bulla_context_wrapped(&context, &opened, BULLA_WRAPPED_LANE_KEY, vector_bytes("lane.id"), 0));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("lane.key-context"), "context");
  TEST_OK(bulla_audit_first_key_open(&key, &opened, vector_bytes("lane.first-key"), vector_bytes("lane.id")));
  TEST_SPAN(bulla_secret_bytes(key), vector_bytes("audit.key-0"), "first key");
  bulla_secret_free(&key);
  bulla_keyring_free(&opened);
}

/* What a record has in clear. */
static struct bulla_audit_record record_of(const char *name) {
  return (struct bulla_audit_record){
      .seq = vector_number(vector_of(name, "seq")),
      .time = vector_number(vector_of(name, "time")),
      .tenant_id = bytes_or_text(vector_of(name, "tenant-id")),
      .op = vector_text(vector_of(name, "op")),
      .outcome = vector_text(vector_of(name, "outcome")),
  };
}

/* Asserts that the detail of |name| opens to what the document says. */
static void detail_opens(struct bulla_keyring *opened, const struct bulla_audit_lane *chain, const char *name) {
  struct bulla_audit_record record = record_of(name);
  const struct bulla_key *key = record.tenant_id.len > 0 ? tenant(opened)->detail_key : opened->detail_key;
  struct bulla_buffer plaintext = test_room(BULLA_DETAIL_MAX);
  struct bulla_context context;
  TEST_OK(bulla_context_detail(&context, opened, vector_bytes("lane.id"), &record));
  TEST_SPAN(bulla_context_span(&context), vector_bytes(vector_of(name, "context")), "context of %s", name);
  TEST_OK(bulla_audit_detail_open(&record, &plaintext, opened, key, chain, vector_bytes(vector_of(name, "sealed"))));
  TEST_SPAN(bulla_written(&plaintext), vector_bytes(vector_of(name, "detail")), "detail of %s", name);
  const struct {
    struct bulla_span part;
    const char *of_document;
  } rows[] = {
      {record.tenant, "tenant"}, {record.actor, "actor"}, {record.origin, "origin"},       {record.reason, "reason"},
      {record.entry, "entry"},   {record.field, "field"}, {record.statement, "statement"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_SPAN(rows[i].part, bytes_or_text(vector_of(name, rows[i].of_document)), "%s of %s", rows[i].of_document, name);
  }
}

Test(format, audit_records_have_the_details_and_macs_of_the_document_across_an_epoch) {
  struct bulla_keyring opened = keyring();
  struct bulla_secret *key = test_secret(vector_bytes("audit.key-0"));
  struct bulla_audit_lane chain = lane();
  const char *const names[] = {"record-1", "record-64", "record-65"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    struct bulla_audit_record record = record_of(names[i]);
    const struct bulla_audit_row row = {
        .seq = record.seq,
        .time = record.time,
        .tenant_id = record.tenant_id,
        .op = record.op,
        .outcome = record.outcome,
        .detail = vector_bytes(vector_of(names[i], "sealed")),
    };
    uint8_t mac[BULLA_MAC_LEN];
    if (bulla_audit_epoch(record.seq) == 1) {
      TEST_OK(bulla_audit_ratchet(&key));
      TEST_SPAN(bulla_secret_bytes(key), vector_bytes("audit.key-1"), "the second key");
    }
    TEST_OK(bulla_audit_mac(mac, &opened, key, &chain, &row, vector_bytes(vector_of(names[i], "previous")).data));
    TEST_SPAN(bulla_span(mac, sizeof(mac)), vector_bytes(vector_of(names[i], "mac")), "%s", names[i]);
    detail_opens(&opened, &chain, names[i]);
  }
  TEST_SPAN(bulla_span(chain.start, sizeof(chain.start)), vector_bytes("record-1.previous"), "mac[0]");
  bulla_secret_free(&key);
  bulla_keyring_free(&opened);
}

Test(format, the_head_has_the_tag_of_the_document_and_opens) {
  struct bulla_keyring opened = keyring();
  struct bulla_audit_head head = {.lane = lane(), .seq = vector_number("record-65.seq")};
  struct bulla_context context;
  memcpy(head.mac, vector_bytes("record-65.mac").data, sizeof(head.mac));
  TEST_OK(bulla_context_wrapped(&context, &opened, BULLA_WRAPPED_HEAD_KEY, vector_bytes("lane.id"), 1));
  TEST_SPAN(bulla_context_span(&context), vector_bytes("head.key-context"), "context");
  TEST_OK(bulla_audit_head_open(&head, &opened, vector_bytes("head.tag").data, vector_bytes("head.key")));
  TEST_SPAN(bulla_secret_bytes(head.key), vector_bytes("audit.key-1"), "key");
  cr_assert_eq(head.generation, vector_number("vault.generation"));
  bulla_audit_head_free(&head);
  struct bulla_audit_head begin = {.lane = lane(), .key = test_secret(vector_bytes("audit.key-0"))};
  uint8_t tag[BULLA_MAC_LEN];
  struct bulla_buffer sealed = test_room(BULLA_WRAPPED_MAX);
  memcpy(begin.mac, begin.lane.start, sizeof(begin.mac));
  TEST_OK(bulla_audit_head_seal(tag, &sealed, &opened, &begin));
  TEST_SPAN(bulla_span(tag, sizeof(tag)), vector_bytes("head-0.tag"), "head of the empty lane");
  bulla_audit_head_free(&begin);
  bulla_keyring_free(&opened);
}

Test(format, an_anchor_is_the_note_of_the_document) {
  struct bulla_keyring opened = keyring();
  struct bulla_anchor anchor = {.num = 0};
  struct bulla_buffer note = test_room(BULLA_ANCHOR_MAX);
  TEST_OK(bulla_anchor_read(&anchor, &opened, vector_bytes("anchor.note")));
  cr_assert_eq(anchor.num, 1);
  cr_assert_eq(anchor.lanes[0].lane, 0);
  cr_assert_eq(anchor.lanes[0].seq, vector_number("record-65.seq"));
  TEST_SPAN(bulla_span(anchor.lanes[0].mac, BULLA_MAC_LEN), vector_bytes("record-65.mac"), "mac");
  TEST_OK(bulla_anchor_write(&note, &opened, &anchor));
  TEST_SPAN(bulla_written(&note), vector_bytes("anchor.note"), "note");
  bulla_anchor_free(&anchor);
  bulla_keyring_free(&opened);
}
