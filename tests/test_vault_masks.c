/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a vault tells of its secrets without opening them: masks, lengths in its file, canaries. */

#include "tests/vault_support.h"

TestSuite(vault_masks, .init = build_house, .fini = leave_house);

static enum bulla_status put_field(const char *entry, struct bulla_field field) {
  return bulla_vault_put(house.vault, &who, AT(TEXT("acme"), test_text(entry)), &field, 1);
}

Test(vault_masks, the_length_of_a_padded_value_is_in_no_row_and_that_of_another_is) {
  char name[16];
  for (size_t len = 1; len <= 60; len++) {
    snprintf(name, sizeof(name), "f%zu", len);
    TEST_OK(put_field("db", (struct bulla_field){test_text(name), test_filled('v', len), true}));
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE length(value) = 58 + 64 AND length(mask) = 58 + 32"), 60);
  for (size_t len = 1; len <= 60; len++) {
    snprintf(name, sizeof(name), "f%zu", len);
    struct bulla_field bare = {.name = test_text(name), .value = test_filled('v', len), .secret = true};
    bare.padding = BULLA_PADDING_NONE;
    TEST_OK(put_field("bare", bare));
  }
  cr_expect_eq(run_sql("SELECT count(DISTINCT length(value)) FROM field"), 60, "58 + 64 is that of 60 bytes too");
  cr_expect_eq(run_sql("SELECT count(DISTINCT length(mask)) FROM field"), 1);
}
