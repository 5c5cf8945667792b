/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* How long a JWE may be. */

#include <bulla/jose.h>

#include "tests/support.h"

Test(jwe_longest, a_message_has_a_mebibyte_at_most) {
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_new(&key, BULLA_JWE_A128KW, BULLA_JWE_A128GCM, test_secret(test_text("sixteen bytes...")),
                            test_text("")));
  size_t len = BULLA_JWE_MAX;
  while (bulla_jwe_len(key, len) > BULLA_JWE_MAX) {
    len -= bulla_jwe_len(key, len) > BULLA_JWE_MAX + 8 ? 4 : 1;
  }
  struct bulla_buffer token = test_room(BULLA_JWE_MAX + 64);
  struct bulla_buffer plaintext = test_room(token.size);
  TEST_OK(bulla_jwe_encrypt(key, &token, test_copy(bulla_span(plaintext.data, len))));
  TEST_OK(bulla_jwe_decrypt(key, &plaintext, bulla_written(&token)));
  cr_assert_eq(plaintext.len, len);
  TEST_STATUS(bulla_jwe_encrypt(key, &token, test_copy(bulla_span(plaintext.data, len + 1))), BULLA_TOO_LARGE);

  /* What is longer is refused before anything of it is read: with space behind it, a JSON form of its own. */
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = BULLA_JWE_FLATTENED;
  TEST_OK(bulla_jwe_encrypt_for(&key, 1, &token, test_text("abc"), &options));
  memset(token.data + token.len, ' ', token.size - token.len);
  token.len = BULLA_JWE_MAX;
  TEST_OK(bulla_jwe_decrypt_any(key, &plaintext, NULL, bulla_written(&token)));
  token.len++;
  TEST_STATUS(bulla_jwe_decrypt_any(key, &plaintext, NULL, bulla_written(&token)), BULLA_REFUSED);
  bulla_jwe_key_free(&key);
}
