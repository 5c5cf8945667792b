/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/field.h: what is sealed of a field opens in its place alone. */

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/field.h"
#include "tests/keyring_support.h"

static struct bulla_key *tenant_key(uint8_t byte) {
  struct bulla_secret *material = test_secret(test_filled(byte, BULLA_KEY_LEN));
  struct bulla_key *key = NULL;
  TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  bulla_secret_free(&material);
  return key;
}

static struct bulla_binding binding(void) {
  return (struct bulla_binding){test_id(1), test_id(2), BULLA_LITERAL("password"), 3};
}

/* What is stored of |field|. */
static struct bulla_stored_field store(const struct bulla_keyring *keyring, struct bulla_key *key,
                                       const struct bulla_field *field) {
  struct bulla_stored_field stored = {.binding = binding(), .secret = field->secret, .key = key};
  struct bulla_buffer value BULLA_CLEANUP(bulla_field_free) = {0};
  struct bulla_buffer mask BULLA_CLEANUP(bulla_field_free) = {0};
  TEST_OK(bulla_field_seal(&value, &mask, keyring, key, &stored.binding, field));
  stored.value = test_copy(bulla_written(&value));
  stored.mask = test_copy(bulla_written(&mask));
  return stored;
}

Test(field, a_value_opens_in_its_place_under_its_key_as_what_it_was_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_key *key = tenant_key(4);
  struct bulla_key *other = tenant_key(5);
  for (int secret = 0; secret < 2; secret++) {
    const struct bulla_field field = {BULLA_LITERAL("password"), BULLA_LITERAL("hunter2"), secret == 1};
    const struct bulla_stored_field good = store(&keyring, key, &field);
    struct bulla_stored_field rows[] = {good, good, good, good, good, good, good, good};
    rows[1].binding.tenant_id = test_id(9);
    rows[2].binding.entry_id = test_id(9);
    rows[3].binding.field = BULLA_LITERAL("passwore");
    rows[4].binding.revision = 4;
    rows[5].key = other;
    rows[6].secret = !good.secret;
    rows[7].value = test_copy(good.value);
    ((uint8_t *)(uintptr_t)rows[7].value.data)[rows[7].value.len - 1] ^= 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
      struct bulla_secret *opened = NULL;
      enum bulla_status status = bulla_field_open(&opened, &keyring, &rows[i]);
      cr_expect_eq(status == BULLA_OK, i == 0, "secret %d, row %zu: %s", secret, i, bulla_status_text(status));
      cr_expect_eq(opened != NULL, i == 0);
      if (opened != NULL) {
        TEST_SPAN(bulla_secret_bytes(opened), field.value, "value");
      }
      bulla_secret_free(&opened);
    }
  }
  bulla_key_free(&other);
  bulla_key_free(&key);
  bulla_keyring_free(&keyring);
}

Test(field, a_mask_ends_with_the_last_of_a_long_printable_secret_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_key *key = tenant_key(4);
  const struct {
    struct bulla_span value;
    const char *mask;
  } rows[] = {
      {BULLA_LITERAL(""), "********"},
      {BULLA_LITERAL("123456789012345"), "********"},
      {BULLA_LITERAL("1234567890123456"), "********3456"},
      {BULLA_LITERAL("123456789012345\n"), "********"},
      {BULLA_LITERAL("1234567890\x80\x80\x80\x80\x80\x80"), "********"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const struct bulla_field field = {BULLA_LITERAL("password"), rows[i].value, true};
    const struct bulla_stored_field stored = store(&keyring, key, &field);
    struct bulla_buffer mask = test_room(BULLA_MASK_MAX);
    struct bulla_span text;
    TEST_OK(bulla_field_show(&text, &mask, &keyring, &stored));
    TEST_SPAN(text, test_text(rows[i].mask), "row %zu", i);
  }
  bulla_key_free(&key);
  bulla_keyring_free(&keyring);
}
