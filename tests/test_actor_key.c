/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/actor_key.h: a key has one text, what is no text of a key is told apart from what was mistyped, and a seed
 * expands as docs/FORMAT.md says. */

#include "store/actor_key.h"

#include "tests/keyring_support.h"
#include "tests/vectors.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

enum { SEPARATOR_AT = 39, SEED_AT = 40, SECOND_SEPARATOR_AT = 104, FINGERPRINT_AT = 105, CHECKSUM_AT = 169 };

/* Reads |text|, and asserts that nothing is left of what is none. */
static enum bulla_status read(struct bulla_span text) {
  struct bulla_actor_key key;
  memset(&key, 0xA5, sizeof(key));
  enum bulla_status status = bulla_actor_key_read(&key, test_guarded(text));
  cr_assert_eq(status == BULLA_OK, key.seed != NULL);
  if (status == BULLA_OK) {
    struct bulla_secret *again = NULL;
    TEST_OK(bulla_actor_key_write(&again, &key));
    TEST_SPAN(bulla_secret_bytes(again), text, "what is read is written as it was");
    bulla_secret_free(&again);
  } else {
    cr_assert(test_zero(&key, sizeof(key)));
  }
  bulla_actor_key_free(&key);
  return status;
}

/* The text of the document, with |bytes| put at |at|. */
static struct bulla_span with(size_t at, struct bulla_span bytes) {
  struct bulla_span text = test_copy(vector_text("actor.string"));
  memcpy((uint8_t *)(uintptr_t)text.data + at, bytes.data, bytes.len);
  return text;
}

/* |text| with the checksum that fits. */
static struct bulla_span summed(struct bulla_span text) {
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_buffer message = test_room(256);
  struct bulla_writer writer = bulla_writer(&message);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/actor-text"));
  bulla_put_prefixed(&writer, bulla_span(text.data, CHECKSUM_AT));
  TEST_OK(bulla_writer_finish(&writer));
  TEST_OK(bulla_sha256(digest, bulla_written(&message)));
  char digits[9];
  snprintf(digits, sizeof(digits), "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
  memcpy((uint8_t *)(uintptr_t)text.data + CHECKSUM_AT, digits, 8);
  return text;
}

Test(actor_key, the_key_of_the_document_is_read_and_written) {
  struct bulla_actor_key key;
  struct bulla_secret *text = NULL;
  TEST_OK(bulla_actor_key_read(&key, vector_text("actor.string")));
  TEST_SPAN(bulla_span(key.id, sizeof(key.id)), vector_bytes("actor.id"), "id");
  TEST_SPAN(bulla_span(key.fingerprint, sizeof(key.fingerprint)), vector_bytes("vault.fingerprint"), "fingerprint");
  TEST_SPAN(bulla_secret_bytes(key.seed), vector_bytes("actor.seed"), "seed");
  TEST_OK(bulla_actor_key_write(&text, &key));
  TEST_SPAN(bulla_secret_bytes(text), vector_text("actor.string"), "text");
  bulla_secret_free(&text);
  bulla_actor_key_free(&key);
  cr_expect(test_zero(&key, sizeof(key)));
}

Test(actor_key, a_seed_expands_as_in_the_document) {
  struct bulla_actor_key key = {.seed = test_secret(vector_bytes("actor.seed"))};
  struct bulla_actor_keys keys;
  TEST_OK(bulla_actor_key_expand(&keys, &key));
  TEST_SPAN(bulla_secret_bytes(keys.box_private), vector_bytes("actor.box-private"), "box private");
  TEST_SPAN(bulla_span(keys.box_public, sizeof(keys.box_public)), vector_bytes("actor.box-public"), "box public");
  TEST_SPAN(bulla_secret_bytes(keys.signing_seed), vector_bytes("actor.signing-key"), "signing key");
  TEST_SPAN(bulla_span(keys.signing_public, sizeof(keys.signing_public)), vector_bytes("actor.signing-public"),
            "signing public");
  struct bulla_key *head = test_key(BULLA_XAES_256_GCM, vector_bytes("actor.head-key"));
  TEST_SPAN(bulla_key_id(keys.head_key), bulla_key_id(head), "head key");
  cr_expect_eq(bulla_key_suite(keys.head_key), BULLA_XAES_256_GCM);
  bulla_key_free(&head);
  bulla_actor_keys_free(&keys);
  cr_expect(test_zero(&keys, sizeof(keys)));
  bulla_actor_keys_free(&keys);
  bulla_actor_key_free(&key);
}

Test(actor_key, a_new_key_is_of_the_vault_and_like_no_other) {
  struct bulla_actor_key keys[2];
  struct bulla_span fingerprint = test_filled(7, BULLA_SHA256_LEN);
  for (size_t i = 0; i < 2; i++) {
    struct bulla_secret *text = NULL;
    TEST_OK(bulla_actor_key_new(&keys[i], fingerprint.data));
    TEST_SPAN(bulla_span(keys[i].fingerprint, BULLA_SHA256_LEN), fingerprint, "fingerprint");
    cr_expect_eq(bulla_secret_bytes(keys[i].seed).len, BULLA_KEY_LEN);
    TEST_OK(bulla_actor_key_write(&text, &keys[i]));
    TEST_OK(read(bulla_secret_bytes(text)));
    bulla_secret_free(&text);
  }
  cr_expect_neq(memcmp(keys[0].id, keys[1].id, BULLA_ID_LEN), 0);
  cr_expect_not(bulla_secret_equal(bulla_secret_bytes(keys[0].seed), bulla_secret_bytes(keys[1].seed)));
  bulla_actor_key_free(&keys[0]);
  bulla_actor_key_free(&keys[1]);
}

Test(actor_key, a_key_has_177_characters) {
  struct bulla_span text = vector_text("actor.string");
  TEST_OK(read(text));
  for (size_t len = 0; len < text.len; len++) {
    TEST_STATUS(read(bulla_span(text.data, len)), BULLA_ROOT_MALFORMED);
  }
  static const struct bulla_span behind[] = {{(const uint8_t *)"\n", 1},   {(const uint8_t *)"0", 1},
                                             {(const uint8_t *)"\0", 1},   {(const uint8_t *)" ", 1},
                                             {(const uint8_t *)"\r\n", 2}, {(const uint8_t *)"00000000", 8}};
  for (size_t i = 0; i < N(behind); i++) {
    TEST_ROW(read(test_concat(text, behind[i])), BULLA_ROOT_MALFORMED, i);
  }
  TEST_STATUS(read(test_concat(BULLA_LITERAL(" "), text)), BULLA_ROOT_MALFORMED);
  TEST_STATUS(read(test_concat(BULLA_LITERAL("b"), bulla_span(text.data, text.len - 1))), BULLA_ROOT_MALFORMED);
  TEST_STATUS(read(test_concat(text, text)), BULLA_ROOT_MALFORMED);
}

/* Each has the checksum that fits, where its place is not the checksum. */
Test(actor_key, what_has_not_the_form_is_malformed) {
  const struct {
    size_t at;
    struct bulla_span bytes;
  } rows[] = {
      {0, BULLA_LITERAL("Bullaa_")},
      {0, BULLA_LITERAL("bullar_")},
      {0, BULLA_LITERAL("bulla__")},
      {6, BULLA_LITERAL("-")},
      {7, BULLA_LITERAL("E0")},
      {7, BULLA_LITERAL("g0")},
      {38, BULLA_LITERAL("F")},
      {38, BULLA_LITERAL(" ")},
      {SEPARATOR_AT, BULLA_LITERAL("-")},
      {SEPARATOR_AT, BULLA_LITERAL("0")},
      {SEED_AT, BULLA_LITERAL("G")},
      {SEED_AT + 19, BULLA_LITERAL("A")},
      {SECOND_SEPARATOR_AT - 1, BULLA_LITERAL("\0")},
      {SECOND_SEPARATOR_AT, BULLA_LITERAL("a")},
      {FINGERPRINT_AT, BULLA_LITERAL("_")},
      {CHECKSUM_AT - 1, BULLA_LITERAL("F")},
  };
  for (size_t i = 0; i < N(rows); i++) {
    TEST_ROW(read(summed(with(rows[i].at, rows[i].bytes))), BULLA_ROOT_MALFORMED, i);
  }
  struct bulla_span text = summed(with(SEED_AT, BULLA_LITERAL("ffff")));
  TEST_OK(read(text));
  static const char *const checksums[] = {"ABCDEF01", "abcdef0g", "abcdef0\n", "abcde 01"};
  for (size_t i = 0; i < N(checksums); i++) {
    TEST_ROW(read(with(CHECKSUM_AT, test_text(checksums[i]))), BULLA_ROOT_MALFORMED, i);
  }
}

/* One digit for another, anywhere: two that changed places are two. */
Test(actor_key, what_was_mistyped_is_told_apart) {
  struct bulla_span text = vector_text("actor.string");
  size_t num = 0;
  test_listen();
  for (size_t at = 7; at < text.len; at++) {
    if (text.data[at] == '_') {
      continue;
    }
    uint8_t other = text.data[at] == '0' ? '1' : '0';
    TEST_ROW(read(with(at, bulla_span(&other, 1))), BULLA_ROOT_WRONG, at);
    cr_assert_not_null(strstr(test_told.text, "mistyped"), "%s", test_told.text);
    num++;
  }
  cr_expect_eq(num, 168);
}

/* Somebody else's eyes may be on the log. */
Test(actor_key, nothing_of_a_key_is_told) {
  struct bulla_span wrong = with(SEED_AT, BULLA_LITERAL("00"));
  struct bulla_span malformed = with(SEED_AT, BULLA_LITERAL("QZ"));
  test_listen();
  TEST_STATUS(read(wrong), BULLA_ROOT_WRONG);
  cr_expect_null(strstr(test_told.text, "1415"), "%s", test_told.text);
  TEST_STATUS(read(malformed), BULLA_ROOT_MALFORMED);
  cr_expect_null(strstr(test_told.text, "Q"), "%s", test_told.text);
  cr_expect_null(strstr(test_told.text, "1415"), "%s", test_told.text);
}

static int use_of_a_parent(void *argument) {
  struct bulla_secret *text = NULL;
  struct bulla_actor_keys keys;
  struct bulla_actor_key *key = argument;
  bool good = bulla_actor_key_write(&text, key) == BULLA_FORKED && text == NULL &&
              bulla_actor_key_expand(&keys, key) == BULLA_FORKED && test_zero(&keys, sizeof(keys));
  return good ? 0 : 1;
}

Test(actor_key, a_child_has_no_key_of_its_parent) {
  struct bulla_actor_key key;
  TEST_OK(bulla_actor_key_read(&key, vector_text("actor.string")));
  cr_expect_eq(test_in_child(use_of_a_parent, &key), 0);
  bulla_actor_key_free(&key);
}
