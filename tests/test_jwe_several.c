/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Which keys and options go together in bulla_jwe_encrypt_for: RFC 7516 §5.1. */

#include <bulla/jose.h>

#include "tests/support.h"

static struct bulla_jwe_key *key_for(enum bulla_jwe_alg alg, enum bulla_jwe_enc enc) {
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_new(&key, alg, enc, test_secret(test_text("sixteen bytes...")), test_text("")));
  return key;
}

static enum bulla_status encrypt_for(struct bulla_jwe_key *first, struct bulla_jwe_key *second,
                                     const struct bulla_jwe_options *options) {
  struct bulla_jwe_key *const keys[] = {first, second};
  struct bulla_buffer jwe = test_room(4096);
  enum bulla_status status = bulla_jwe_encrypt_for(keys, second != NULL ? 2 : 1, &jwe, test_text("abc"), options);
  cr_assert_eq(jwe.len > 0, status == BULLA_OK);
  return status;
}

Test(jwe_several, keys_of_one_message_send_the_same_content_key) {
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  struct bulla_jwe_key *wraps = key_for(BULLA_JWE_A128KW, BULLA_JWE_A128GCM);
  struct bulla_jwe_key *seals = key_for(BULLA_JWE_A128GCMKW, BULLA_JWE_A128GCM);
  struct bulla_jwe_key *shared = key_for(BULLA_JWE_DIR, BULLA_JWE_A128GCM);
  struct bulla_jwe_key *other = key_for(BULLA_JWE_A128GCMKW, BULLA_JWE_A256GCM);
  options.form = BULLA_JWE_GENERAL;
  TEST_OK(encrypt_for(wraps, seals, &options));
  TEST_OK(encrypt_for(shared, NULL, &options));
  TEST_STATUS(encrypt_for(shared, wraps, &options), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(encrypt_for(wraps, shared, &options), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(encrypt_for(wraps, other, &options), BULLA_INVALID_ARGUMENT);
  options.form = BULLA_JWE_FLATTENED;
  TEST_OK(encrypt_for(wraps, NULL, &options));
  TEST_STATUS(encrypt_for(wraps, seals, &options), BULLA_INVALID_ARGUMENT);
  options.form = BULLA_JWE_COMPACT;
  TEST_STATUS(encrypt_for(wraps, seals, &options), BULLA_INVALID_ARGUMENT);
}

Test(jwe_several, options_go_with_the_form_and_the_key) {
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  struct bulla_jwe_key *wraps = key_for(BULLA_JWE_A128KW, BULLA_JWE_A128GCM);
  options.aad = test_text("more");
  TEST_STATUS(encrypt_for(wraps, NULL, &options), BULLA_INVALID_ARGUMENT);
  options.form = BULLA_JWE_FLATTENED;
  TEST_OK(encrypt_for(wraps, NULL, &options));
  options.apu = test_text("Alice");
  TEST_STATUS(encrypt_for(wraps, NULL, &options), BULLA_INVALID_ARGUMENT);
  options.apu = test_text("");
  options.apv = test_text("Bob");
  TEST_STATUS(encrypt_for(wraps, NULL, &options), BULLA_INVALID_ARGUMENT);
}
