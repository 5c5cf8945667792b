/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla against the vectors of docs/FORMAT.md §9. That they follow from the document is for
 * tests/format_vectors.py, whose implementation is another. */

#include <stdio.h>
#include <stdlib.h>

#include <bulla/token.h>

#include "core/key.h"
#include "store/audit_chain.h"
#include "store/context.h"
#include "store/field.h"
#include "store/proof.h"
#include "store/root.h"
#include "tests/support.h"

static char *document;

static void read_document(void) {
  enum { MAX_DOCUMENT = 1 << 18 };
  FILE *file = fopen(BULLA_SOURCE_FOLDER "/docs/FORMAT.md", "re");
  cr_assert_not_null(file, "no docs/FORMAT.md");
  document = (char *)test_alloc(MAX_DOCUMENT);
  size_t len = fread(document, 1, MAX_DOCUMENT - 1, file);
  document[len] = '\0';
  fclose(file);
}

/* The line "NAME = " of the document, from behind the equals sign. */
static struct bulla_span line(const char *name) {
  char start[100];
  snprintf(start, sizeof(start), "\n%s = ", name);
  const char *found = strstr(document, start);
  cr_assert_not_null(found, "no vector %s", name);
  found += strlen(start);
  return bulla_span(found, strcspn(found, "\n"));
}

static struct bulla_span bytes(const char *name) {
  return test_hex((const char *)test_concat(line(name), bulla_span("", 1)).data);
}

static struct bulla_span text(const char *name) {
  struct bulla_span quoted = line(name);
  cr_assert(quoted.len >= 2 && quoted.data[0] == '"' && quoted.data[quoted.len - 1] == '"', "%s", name);
  return bulla_span(quoted.data + 1, quoted.len - 2);
}

static int64_t number(const char *name) {
  return strtoll((const char *)line(name).data, NULL, 10);
}

static struct bulla_key *key_of(const char *material, enum bulla_suite suite) {
  struct bulla_secret *secret = test_secret(bytes(material));
  struct bulla_key *key = NULL;
  TEST_OK(bulla_key_new(&key, suite, secret));
  bulla_secret_free(&secret);
  return key;
}

/* Asserts that |blob| opens under |key| to |plaintext|. */
static void opens_to(const struct bulla_key *key, const char *blob, struct bulla_span context,
                     struct bulla_span plaintext) {
  struct bulla_span sealed = bytes(blob);
  struct bulla_buffer opened = test_room(sealed.len);
  TEST_OK(bulla_open(key, &opened, sealed, context));
  TEST_SPAN(bulla_written(&opened), plaintext, "%s", blob);
}

TestSuite(format, .init = read_document);

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
    TEST_SPAN(bulla_key_id(key), bytes("key.id"), "suite %d", rows[i].suite);
    opens_to(key, rows[i].blob, text("blob.context"), text("blob.plaintext"));
    struct bulla_buffer room = test_room(500);
    TEST_OK(bulla_blob_to_text(&room, bytes(rows[i].blob)));
    TEST_SPAN(bulla_written(&room), text(rows[i].text), "suite %d", rows[i].suite);
    TEST_OK(bulla_blob_from_text(&room, text(rows[i].text)));
    TEST_SPAN(bulla_written(&room), bytes(rows[i].blob), "suite %d", rows[i].suite);
    bulla_key_free(&key);
  }
  struct bulla_key *key = key_of("key.material", BULLA_XAES_256_GCM);
  opens_to(key, "blob-empty.blob", bulla_span(NULL, 0), bulla_span(NULL, 0));
  bulla_key_free(&key);
}

Test(format, triples_open) {
  const char *const texts[] = {"triple-16.text", "triple-12.text"};
  struct bulla_secret *key = test_secret(bytes("triple.key"));
  for (size_t i = 0; i < 2; i++) {
    struct bulla_buffer opened = test_room(text(texts[i]).len / 2);
    TEST_OK(bulla_triple_open(key, &opened, text(texts[i]), NULL));
    TEST_SPAN(bulla_written(&opened), text("triple.plaintext"), "%s", texts[i]);
  }
  bulla_secret_free(&key);
}

static struct bulla_apikey *apikey(void) {
  struct bulla_apikey *parsed = NULL;
  TEST_OK(bulla_apikey_parse(&parsed, text("apikey.string")));
  return parsed;
}

Test(format, an_api_key_has_its_id_hash_and_token_root) {
  struct bulla_apikey *parsed = apikey();
  TEST_SPAN(bulla_apikey_hash(parsed), bytes("apikey.hash"), "hash");
  TEST_SPAN(bulla_secret_bytes(bulla_apikey_token_root(parsed)), bytes("apikey.token-root"), "token root");
  TEST_SPAN(bulla_apikey_id(parsed), line("apikey.id-bytes"), "id");
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
  TEST_OK(bulla_token_verify(verifier, &claims, &payload, token, number("token.iat")));
  TEST_SPAN(bulla_written(&payload), text("token.claims"), "claims");
  bulla_verifier_free(&verifier);
}

Test(format, the_token_verifies) {
  struct bulla_apikey *parsed = apikey();
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  TEST_OK(bulla_token_inspect(&outline, text("token.token")));
  cr_assert_eq(outline.day, number("token.day"));
  verifies(parsed, text("token.token"));
  bulla_apikey_free(&parsed);
}

Test(format, what_is_minted_has_the_header_and_the_claims_of_the_document) {
  struct bulla_apikey *parsed = apikey();
  struct bulla_minter *minter = NULL;
  TEST_OK(bulla_minter_new(&minter, parsed));
  int64_t now = number("token.iat");
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
  size_t header_len = strcspn((const char *)text("token.token").data, ".");
  TEST_SPAN(bulla_span(token.data, header_len), bulla_span(text("token.token").data, header_len), "header");
  verifies(parsed, bulla_written(&token));
  bulla_minter_free(&minter);
  bulla_apikey_free(&parsed);
}

/* A keyring of which only what contexts and keys are made of is there. */
static struct bulla_keyring keyring(void) {
  struct bulla_keyring made = {.root = key_of("root.material", BULLA_XAES_256_GCM)};
  memcpy(made.uuid, bytes("vault.uuid").data, sizeof(made.uuid));
  return made;
}

static struct bulla_binding place(const char *name, const char *revision) {
  return (struct bulla_binding){bytes("tenant.id"), bytes("entry.id"), text(name), number(revision)};
}

Test(format, the_root_opens_the_tenant_key_in_its_context) {
  struct bulla_keyring opened = keyring();
  struct bulla_context context;
  TEST_SPAN(bulla_key_id(opened.root), bytes("root.key-id"), "key id of the root");
  TEST_OK(bulla_context_tenant_key(&context, &opened, bytes("tenant.id"), number("tenant-key.version")));
  TEST_SPAN(bulla_context_span(&context), bytes("tenant-key.context"), "context");
  opens_to(opened.root, "tenant-key.wrapped", bulla_context_span(&context), bytes("tenant-key.material"));
  bulla_key_free(&opened.root);
}

Test(format, the_key_of_names_opens_in_its_context_and_proves_names) {
  struct bulla_keyring opened = keyring();
  struct bulla_context context;
  TEST_OK(bulla_context_name_key(&context, &opened));
  TEST_SPAN(bulla_context_span(&context), bytes("name-key.context"), "context of the key");
  TEST_OK(bulla_name_key_load(&opened, bytes("name-key.wrapped")));
  TEST_SPAN(bulla_secret_bytes(opened.name_key), bytes("name-key.material"), "key");
  const struct {
    struct bulla_span entry_id;
    const char *name;
    const char *context;
    const char *proof;
  } rows[] = {
      {bulla_span(NULL, 0), "tenant.name", "tenant.name-context", "tenant.name-proof"},
      {bytes("entry.id"), "entry.name", "entry.name-context", "entry.name-proof"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t proof[BULLA_PROOF_LEN];
    struct bulla_span name = text(rows[i].name);
    TEST_OK(bulla_context_name(&context, &opened, bytes("tenant.id"), rows[i].entry_id, name));
    TEST_SPAN(bulla_context_span(&context), bytes(rows[i].context), "%s", rows[i].context);
    TEST_OK(bulla_name_prove(proof, &opened, bytes("tenant.id"), rows[i].entry_id, name));
    TEST_SPAN(bulla_span(proof, sizeof(proof)), bytes(rows[i].proof), "%s", rows[i].proof);
  }
  bulla_secret_free(&opened.name_key);
  bulla_key_free(&opened.root);
}

Test(format, the_tenant_key_opens_what_it_sealed_each_in_its_context) {
  struct bulla_keyring opened = keyring();
  struct bulla_key *key = key_of("tenant-key.material", BULLA_XAES_256_GCM);
  struct bulla_binding secret = place("field.name", "field.revision");
  struct bulla_binding plain = place("plain.name", "plain.revision");
  struct bulla_context field;
  struct bulla_context mask;
  struct bulla_context proof;
  struct bulla_context root;
  TEST_OK(bulla_context_field(&field, &opened, &secret));
  TEST_OK(bulla_context_mask(&mask, &opened, &secret));
  TEST_OK(bulla_context_plain(&proof, &opened, &plain, text("plain.value")));
  TEST_OK(bulla_context_apikey(&root, &opened, bytes("tenant.id"), line("apikey.id-bytes")));
  const struct {
    const char *blob;
    const struct bulla_context *made;
    const char *context;
    struct bulla_span plaintext;
  } rows[] = {
      {"field.sealed", &field, "field.context", text("field.value")},
      {"mask.sealed", &mask, "mask.context", text("mask.text")},
      {"plain.proof", &proof, "plain.context", bulla_span(NULL, 0)},
      {"apikey-root.sealed", &root, "apikey-root.context", bytes("apikey.token-root")},
  };
  TEST_SPAN(bulla_key_id(key), bytes("tenant-key.key-id"), "key id");
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_SPAN(bulla_context_span(rows[i].made), bytes(rows[i].context), "%s", rows[i].context);
    opens_to(key, rows[i].blob, bulla_context_span(rows[i].made), rows[i].plaintext);
  }
  bulla_key_free(&key);
  bulla_key_free(&opened.root);
}

Test(format, a_value_gets_the_mask_of_the_document) {
  struct bulla_keyring opened = keyring();
  struct bulla_key *key = key_of("tenant-key.material", BULLA_XAES_256_GCM);
  struct bulla_binding secret = place("field.name", "field.revision");
  const struct bulla_field field = {.name = secret.field, .value = text("field.value"), .secret = true};
  struct bulla_buffer value = {0};
  struct bulla_buffer mask = {0};
  struct bulla_buffer shown = test_room(BULLA_MASK_MAX);
  TEST_OK(bulla_field_seal(&value, &mask, &opened, key, &secret, &field));
  TEST_OK(bulla_open(key, &shown, bulla_written(&mask), bytes("mask.context")));
  TEST_SPAN(bulla_written(&shown), text("mask.text"), "mask");
  bulla_field_free(&value);
  bulla_field_free(&mask);
  bulla_key_free(&key);
  bulla_key_free(&opened.root);
}

Test(format, a_passphrase_is_stretched_to_the_root_key, .timeout = 60) {
  struct bulla_stretch stretch = {.log_n = 17};
  memcpy(stretch.salt, bytes("scrypt.salt").data, sizeof(stretch.salt));
  struct bulla_root *root = NULL;
  struct bulla_key *stretched = NULL;
  TEST_OK(bulla_root_passphrase(&root, text("scrypt.passphrase")));
  TEST_OK(bulla_root_key(&stretched, root, &stretch));
  struct bulla_key *wanted = key_of("scrypt.material", BULLA_XAES_256_GCM);
  TEST_SPAN(bulla_key_id(stretched), bulla_key_id(wanted), "key id");
  bulla_key_free(&wanted);
  bulla_key_free(&stretched);
  bulla_root_free(&root);
}

/* The name of the member |field| of |record|. */
static const char *of(const char *record, const char *field) {
  return (const char *)test_concat(test_concat(test_text(record), test_text(".")), bulla_span(field, strlen(field) + 1))
      .data;
}

Test(format, audit_records_have_the_macs_of_the_document_across_an_epoch) {
  struct bulla_keyring opened = keyring();
  struct bulla_secret *key = test_secret(bytes("audit.key-0"));
  const char *const records[] = {"record-1", "record-64", "record-65"};
  for (size_t i = 0; i < 3; i++) {
    const struct bulla_audit_record record = {
        .seq = number(of(records[i], "seq")),
        .time = number(of(records[i], "time")),
        .tenant = text(of(records[i], "tenant")),
        .actor = text(of(records[i], "actor")),
        .origin = text(of(records[i], "origin")),
        .reason = text(of(records[i], "reason")),
        .op = text(of(records[i], "op")),
        .entry = text(of(records[i], "entry")),
        .field = text(of(records[i], "field")),
        .outcome = text(of(records[i], "outcome")),
    };
    uint8_t mac[BULLA_MAC_LEN];
    if (bulla_audit_epoch(record.seq) == 1) {
      TEST_OK(bulla_audit_ratchet(&key));
      TEST_SPAN(bulla_secret_bytes(key), bytes("audit.key-1"), "the second key");
    }
    TEST_OK(bulla_audit_mac(mac, &opened, key, &record, bytes(of(records[i], "previous")).data));
    TEST_SPAN(bulla_span(mac, sizeof(mac)), bytes(of(records[i], "mac")), "%s", records[i]);
  }
  bulla_secret_free(&key);
  bulla_key_free(&opened.root);
}

Test(format, the_root_opens_the_audit_key_in_its_context) {
  struct bulla_keyring opened = keyring();
  struct bulla_context context;
  struct bulla_secret *key = NULL;
  TEST_OK(bulla_context_audit_key(&context, &opened, 0));
  TEST_SPAN(bulla_context_span(&context), bytes("audit.key-context-0"), "epoch 0");
  TEST_OK(bulla_audit_unseal(&key, &opened, bytes("audit.key-1-sealed"), 1));
  TEST_SPAN(bulla_secret_bytes(key), bytes("audit.key-1"), "key");
  bulla_secret_free(&key);
  bulla_key_free(&opened.root);
}
