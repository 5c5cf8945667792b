/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Boxes, and HPKE below them. */

#include "core/box.h"
#include "core/crypto.h"
#include "tests/support.h"

Test(box, what_was_sealed_opens) {
  static const size_t lens[] = {0, 1, 16, 100, 5000};
  struct bulla_secret *private_key = test_secret(test_filled(7, BULLA_BOX_PRIVATE_LEN));
  uint8_t *public_key = test_alloc(BULLA_BOX_PUBLIC_LEN);
  TEST_OK(bulla_box_public(public_key, private_key));
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    struct bulla_span plaintext = test_filled(0x42, lens[i]);
    struct bulla_buffer sealed = test_room(lens[i] + BULLA_BOX_OVERHEAD);
    struct bulla_secret *opened = NULL;
    TEST_OK(bulla_box_seal(&sealed, public_key, plaintext, test_text("info")));
    cr_assert_eq(sealed.len, lens[i] + BULLA_BOX_OVERHEAD);
    TEST_OK(bulla_box_open(&opened, private_key, bulla_written(&sealed), test_text("info")));
    TEST_SPAN(bulla_secret_bytes(opened), plaintext, "%zu bytes", lens[i]);
    bulla_secret_free(&opened);
  }
}
