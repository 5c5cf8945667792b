/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/field.h: what is sealed of a field opens in its place alone. */

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/field.h"
#include "store/tenant_secret.h"
#include "tests/keyring_support.h"

/* A tenant, and the keys of a secret of it. */
struct owner {
  const struct bulla_tenant *tenant;
  struct bulla_made_secret made;
};

static struct owner make_owner(struct bulla_keyring *keyring, uint8_t id, uint8_t filling) {
  struct owner owner = {.tenant = test_tenant(keyring, id, filling)};
  TEST_OK(bulla_tenant_secret_new(&owner.made, keyring, test_id(id), 1));
  return owner;
}

static struct bulla_binding binding(void) {
  return (struct bulla_binding){test_id(1), test_id(2), BULLA_LITERAL("password"), 3};
}

/* What is stored of |field|. */
static struct bulla_stored_field store(const struct bulla_keyring *keyring, const struct owner *owner,
                                       const struct bulla_field *field) {
  struct bulla_stored_field stored = {
      .binding = binding(), .secret = field->secret, .owner = owner->tenant, .keys = &owner->made.secret};
  struct bulla_buffer value BULLA_CLEANUP(bulla_field_free) = {0};
  struct bulla_buffer mask BULLA_CLEANUP(bulla_field_free) = {0};
  TEST_OK(bulla_field_seal(&value, &mask, keyring, stored.owner, stored.keys, &stored.binding, field));
  stored.value = test_copy(bulla_written(&value));
  stored.mask = test_copy(bulla_written(&mask));
  return stored;
}

Test(field, a_value_opens_in_its_place_under_its_key_as_what_it_was_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring apart = test_keyring(1, 2);
  struct owner owner = make_owner(&keyring, 1, 4);
  struct owner other = make_owner(&apart, 1, 5); /* other keys for the same ids */
  for (int secret = 0; secret < 2; secret++) {
    const struct bulla_field field = {BULLA_LITERAL("password"), BULLA_LITERAL("hunter2"), secret == 1};
    const struct bulla_stored_field good = store(&keyring, &owner, &field);
    struct bulla_stored_field rows[] = {good, good, good, good, good, good, good, good};
    rows[1].binding.tenant_id = test_id(9);
    rows[2].binding.entry_id = test_id(9);
    rows[3].binding.field = BULLA_LITERAL("passwore");
    rows[4].binding.revision = 4;
    rows[5].owner = other.tenant;
    rows[5].keys = &other.made.secret;
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
  bulla_tenant_secret_free(&other.made.secret);
  bulla_keyring_free(&apart);
  bulla_tenant_secret_free(&owner.made.secret);
  bulla_keyring_free(&keyring);
}

/* Seals |plaintext| as it is. */
static struct bulla_span sealed(struct bulla_key *key, const struct bulla_context *context,
                                struct bulla_span plaintext) {
  struct bulla_buffer blob = test_room(256);
  TEST_OK(bulla_seal(key, &blob, plaintext, bulla_context_span(context)));
  return bulla_written(&blob);
}

Test(field, what_was_sealed_in_another_form_is_refused) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct owner owner = make_owner(&keyring, 1, 4);
  const struct bulla_field field = {BULLA_LITERAL("password"), BULLA_LITERAL("hunter2"), true};
  struct bulla_stored_field stored = store(&keyring, &owner, &field);
  struct bulla_buffer room = test_room(BULLA_TRAITS_LEN);
  struct bulla_secret *opened = NULL;
  struct bulla_shown shown;
  struct bulla_context context;
  TEST_OK(bulla_context_field(&context, &keyring, &stored.binding));
  stored.value = sealed(owner.made.secret.field_key, &context, field.value);
  TEST_STATUS(bulla_field_open(&opened, &keyring, &stored), BULLA_REFUSED);
  cr_expect_null(opened);
  TEST_OK(bulla_context_mask(&context, &keyring, &stored.binding));
  static const char *const masks[] = {"", "********", "a mask of more than thirty-two bytes"};
  for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
    stored.mask = sealed(owner.made.secret.mask_key, &context, test_text(masks[i]));
    TEST_STATUS(bulla_field_show(&shown, room.data, &keyring, &stored), BULLA_REFUSED);
  }
  bulla_tenant_secret_free(&owner.made.secret);
  bulla_keyring_free(&keyring);
}

/* A plain value needs no secret of the tenant, so whoever may not open secrets can check it. */
Test(field, a_plain_value_is_proven_by_the_label_key_alone_and_a_mask_opens_without_the_field_key) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct owner owner = make_owner(&keyring, 1, 4);
  for (int secret = 0; secret < 2; secret++) {
    const struct bulla_field field = {BULLA_LITERAL("password"), BULLA_LITERAL("hunter2"), secret == 1};
    struct bulla_stored_field stored = store(&keyring, &owner, &field);
    const struct bulla_tenant_secret mask_alone = {.mask_key = owner.made.secret.mask_key};
    struct bulla_buffer room = test_room(BULLA_TRAITS_LEN);
    struct bulla_shown shown;
    stored.keys = secret == 1 ? &mask_alone : NULL;
    TEST_OK(bulla_field_show(&shown, room.data, &keyring, &stored));
    TEST_SPAN(shown.text, test_text(secret == 1 ? "********" : "hunter2"), "secret %d", secret);
  }
  bulla_tenant_secret_free(&owner.made.secret);
  bulla_keyring_free(&keyring);
}
