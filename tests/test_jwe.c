/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Keys, vectors, round trips, damage. Tokens that are authentic and must be refused nevertheless are in
 * test_jwe_forged.c. */

#include <sched.h>

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/crypto.h"
#include "core/slab.h"
#include "core/key.h"
#include "tests/support.h"

static const size_t key_lengths[] = {[BULLA_JWE_A128GCM] = 16, [BULLA_JWE_A192GCM] = 24, [BULLA_JWE_A256GCM] = 32};

static struct bulla_jwe_key *new_key(enum bulla_jwe_enc enc, struct bulla_span material, const char *key_id) {
  struct bulla_secret *secret = test_secret(material);
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_new(&key, BULLA_JWE_DIR, enc, secret, test_text(key_id)));
  test_keep(key);
  bulla_secret_free(&secret);
  return key;
}

static struct bulla_span encrypted(struct bulla_jwe_key *key, struct bulla_span plaintext) {
  struct bulla_buffer token = test_room(bulla_jwe_len(key, plaintext.len));
  TEST_OK(bulla_jwe_encrypt(key, &token, plaintext));
  cr_assert_eq(token.len, token.size);
  return bulla_written(&token);
}

static void refuses(const struct bulla_jwe_key *key, struct bulla_span token, const char *what, size_t which) {
  struct bulla_buffer plaintext = test_room(token.len);
  enum bulla_status status = bulla_jwe_decrypt(key, &plaintext, token);
  cr_assert_eq(status, BULLA_REFUSED, "%s %zu: %s", what, which, bulla_status_text(status));
  TEST_FAILED(plaintext, "%s %zu", what, which);
}

/* The part of |token| behind |num_dots| dots. */
static struct bulla_span part(struct bulla_span token, size_t num_dots) {
  struct bulla_reader in = bulla_reader(token);
  struct bulla_span span = {NULL, 0};
  for (size_t i = 0; i <= num_dots && i < 4; i++) {
    cr_assert(bulla_take_until(&in, &span, '.'));
  }
  return num_dots == 4 ? bulla_span(in.at, in.left) : span;
}

Test(jwe, the_primitives_make_rfc_7516_a_1) {
  /* Its content encryption; the key wrapping is RSA-OAEP. */
  struct bulla_aead *aead = NULL;
  TEST_OK(bulla_aead_new(&aead, test_hex("b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc")));
  struct bulla_span header = test_base64url(test_text("{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}"));
  TEST_SPAN(header, test_text("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ"), "protected header");
  struct bulla_span plaintext = test_text("The true sign of intelligence is not knowledge but imagination.");
  uint8_t *ciphertext = test_alloc(plaintext.len);
  uint8_t *tag = test_alloc(BULLA_TAG_LEN);
  TEST_OK(bulla_aead_seal(aead, ciphertext, tag, test_hex("e3c575fc02dbe944b4e14ddb"), plaintext, header));
  TEST_SPAN(test_base64url(bulla_span(ciphertext, plaintext.len)),
            test_text("5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"),
            "ciphertext");
  TEST_SPAN(test_base64url(bulla_span(tag, BULLA_TAG_LEN)), test_text("XFBoMYUZodetZdvTiFvSkQ"), "tag");
}

/* RFC 7520 §5.6. */
static const char cookbook_token[] =
    "eyJhbGciOiJkaXIiLCJraWQiOiI3N2M3ZTJiOC02ZTEzLTQ1Y2YtODY3Mi02MTdiNWI0NTI0M2EiLCJlbmMiOiJBMTI4R0NNIn0"
    "..refa467QzzKx6QAB."
    "JW_i_f52hww_ELQPGaYyeAB6HYGcR559l9TYnSovc23XJoBcW29rHP8yZOZG7YhLpT1bjFuvZPjQS-m0IFtVcXkZXdH_lr_FrdYt9HRUYksht"
    "rMmIUAyGmUnd9zMDB2n0cRDIHAzFVeJUDxkUwVAE7_YGRPdcqMyiBoCO-FBdE-Nceb4h3-FtBP-c_BIwCPTjb9o0SbdcdREEMJMyZBH8ySWMV"
    "i1gPD9yxi-aQpGbSv_F9N4IZAxscj5g-NJsUPbjk29-s7LJAGb15wEBtXphVCgyy53CoIKLHHeJHXex45Uz9aKZSRSInZI-wjsY0yu3cT4_aQ"
    "3i1o-tiE-F8Ios61EKgyIQ4CWao8PFMj8TTnp.vbb32Xvllea2OtmHAdccRQ";

static const char cookbook_plaintext[] =
    "You can trust us to stick with you through thick and thin\xe2\x80\x93to the bitter end. And you can trust us "
    "to "
    "keep any secret of yours\xe2\x80\x93"
    "closer than you keep it yourself. But you cannot trust us to let you face trouble alone, and go off without "
    "a "
    "word. We are your friends, Frodo.";

static struct bulla_jwe_key *cookbook_key(void) {
  return new_key(BULLA_JWE_A128GCM, test_hex("5dcb4e84902403ea43f4b87b6605bfd8"),
                 "77c7e2b8-6e13-45cf-8672-617b5b45243a");
}

Test(jwe, decrypts_rfc_7520_5_6) {
  struct bulla_span token = test_text(cookbook_token);
  struct bulla_buffer plaintext = test_room(token.len);
  TEST_OK(bulla_jwe_decrypt(cookbook_key(), &plaintext, token));
  TEST_SPAN(bulla_written(&plaintext), test_text(cookbook_plaintext), "cookbook");
}

Test(jwe, refuses_every_flipped_bit_of_rfc_7520_5_6) {
  struct bulla_jwe_key *key = cookbook_key();
  struct bulla_span token = test_text(cookbook_token);
  for (size_t bit = 0; bit < 8 * token.len; bit++) {
    refuses(key, test_flipped(token, bit), "bit", bit);
  }
}

Test(jwe, a_token_is_what_rfc_7516_says_byte_for_byte) {
  static const struct {
    enum bulla_jwe_enc enc;
    const char *key_id;
    const char *header;
  } rows[] = {
      {BULLA_JWE_A128GCM, "", "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}"},
      {BULLA_JWE_A192GCM, "", "{\"alg\":\"dir\",\"enc\":\"A192GCM\"}"},
      {BULLA_JWE_A256GCM, "", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}"},
      {BULLA_JWE_A256GCM, "one", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"one\"}"},
      {BULLA_JWE_A256GCM, "\"\\\n\x01\xc3\xa9",
       "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"\\\"\\\\\\n\\u0001\xc3\xa9\"}"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_span material = test_filled(9, key_lengths[rows[i].enc]);
    struct bulla_jwe_key *key = new_key(rows[i].enc, material, rows[i].key_id);
    struct bulla_aead *aead = NULL;
    TEST_OK(bulla_aead_new(&aead, material));
    for (size_t len = 0; len <= 10; len++) {
      struct bulla_span plaintext = test_filled('p', len);
      struct bulla_span token = encrypted(key, plaintext);
      struct bulla_span header = test_base64url(test_text(rows[i].header));
      TEST_SPAN(part(token, 0), header, "header of row %zu", i);
      cr_assert_eq(part(token, 1).len, 0, "the encrypted key must be empty");
      uint8_t *iv = test_alloc(12);
      cr_assert_eq(part(token, 2).len, 16);
      cr_assert(bulla_base64url_decode(iv, part(token, 2)));
      uint8_t *body = test_alloc(len + BULLA_TAG_LEN);
      TEST_OK(bulla_aead_seal(aead, body, body + len, bulla_span(iv, 12), plaintext, header));
      TEST_SPAN(part(token, 3), test_base64url(bulla_span(body, len)), "ciphertext of row %zu", i);
      TEST_SPAN(part(token, 4), test_base64url(bulla_span(body + len, BULLA_TAG_LEN)), "tag of row %zu", i);
    }
  }
}

Test(jwe, decrypt_undoes_encrypt_at_every_length) {
  /* The encoder works in chunks of some thousand bytes. */
  static const size_t long_lengths[] = {3071, 3072, 3073, 3074, 6143, 6144, 6145, 9216, 9217, 100000, 786000};
  for (enum bulla_jwe_enc enc = BULLA_JWE_A128GCM; enc <= BULLA_JWE_A256GCM; enc++) {
    struct bulla_jwe_key *key = new_key(enc, test_filled(9, key_lengths[enc]), "kid");
    for (size_t i = 0; i <= 300 + sizeof(long_lengths) / sizeof(*long_lengths); i++) {
      size_t len = i <= 300 ? i : long_lengths[i - 301];
      uint8_t *bytes = test_alloc(len);
      for (size_t at = 0; at < len; at++) {
        bytes[at] = (uint8_t)(at * 131 + len + (at >> 8));
      }
      struct bulla_span token = encrypted(key, bulla_span(bytes, len));
      struct bulla_buffer opened = test_room(len);
      TEST_OK(bulla_jwe_decrypt(key, &opened, token));
      TEST_SPAN(bulla_written(&opened), bulla_span(bytes, len), "%zu bytes", len);
    }
  }
}

Test(jwe, refuses_every_other_character_at_every_place) {
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "k");
  for (size_t len = 0; len <= 5; len++) {
    struct bulla_span token = encrypted(key, test_filled('p', len));
    for (size_t at = 0; at < token.len; at++) {
      for (unsigned character = 0; character < 256; character++) {
        if (character != token.data[at]) {
          uint8_t *changed = test_alloc(token.len);
          memcpy(changed, token.data, token.len);
          changed[at] = (uint8_t)character;
          refuses(key, bulla_span(changed, token.len), "place", at);
        }
      }
    }
  }
}

Test(jwe, refuses_every_truncation_and_every_character_inserted_or_left_out) {
  static const char *const inserted[] = {".", "=", "==", "A", "AA", "AAAA", "\n", " ", "-", "+"};
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "k");
  for (size_t len = 0; len <= 3; len++) {
    struct bulla_span token = encrypted(key, test_filled('p', len));
    for (size_t at = 0; at <= token.len; at++) {
      struct bulla_span before = bulla_span(token.data, at);
      struct bulla_span behind = bulla_span(token.data + at, token.len - at);
      for (size_t i = 0; i < sizeof(inserted) / sizeof(*inserted); i++) {
        refuses(key, test_concat(test_concat(before, test_text(inserted[i])), behind), inserted[i], at);
      }
      if (at < token.len) {
        refuses(key, test_copy(before), "truncation to", at);
        refuses(key, test_concat(before, bulla_span(behind.data + 1, behind.len - 1)), "without character", at);
      }
      if (at > 0) {
        refuses(key, test_copy(behind), "without what is before", at);
      }
    }
  }
}

Test(jwe, refuses_every_number_of_dots_but_four) {
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "");
  struct bulla_span token = encrypted(key, test_text("plaintext"));
  for (size_t num_dots = 0; num_dots <= 10; num_dots++) {
    refuses(key, test_filled('.', num_dots), "dots alone", num_dots);
    struct bulla_span first = bulla_span(token.data, part(token, 0).len);
    refuses(key, test_concat(first, test_filled('.', num_dots)), "the header and dots", num_dots);
    if (num_dots > 0) {
      refuses(key, test_concat(token, test_filled('.', num_dots)), "dots behind", num_dots);
      refuses(key, test_concat(test_filled('.', num_dots), token), "dots before", num_dots);
    }
  }
  refuses(key, test_filled('.', 1000000), "dots", 1000000);
  refuses(key, test_concat(token, test_filled('.', 1000000)), "dots behind a token", 1000000);
}

Test(jwe, refuses_every_other_key) {
  struct bulla_span material = test_filled(9, 32);
  struct bulla_span token = encrypted(new_key(BULLA_JWE_A256GCM, material, ""), test_text("p"));
  for (size_t bit = 0; bit < 256; bit++) {
    struct bulla_jwe_key *other = new_key(BULLA_JWE_A256GCM, test_flipped(material, bit), "");
    refuses(other, token, "key with flipped bit", bit);
    bulla_jwe_key_free(&other);
  }
}

Test(jwe, a_key_is_pinned_to_its_enc) {
  struct bulla_span token = encrypted(new_key(BULLA_JWE_A128GCM, test_filled(9, 16), ""), test_text("p"));
  refuses(new_key(BULLA_JWE_A256GCM, test_filled(9, 32), ""), token, "enc", 3);
  refuses(new_key(BULLA_JWE_A192GCM, test_filled(9, 24), ""), token, "enc", 2);
}

Test(jwe, a_key_with_a_kid_refuses_tokens_without_it) {
  struct bulla_span material = test_filled(9, 32);
  static const char *const others[] = {"", "two", "on", "one1", "One", "one ", "\xc3\xb6ne"};
  for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
    struct bulla_span token = encrypted(new_key(BULLA_JWE_A256GCM, material, others[i]), test_text("p"));
    refuses(new_key(BULLA_JWE_A256GCM, material, "one"), token, "kid", i);
    struct bulla_buffer plaintext = test_room(1);
    TEST_OK(bulla_jwe_decrypt(new_key(BULLA_JWE_A256GCM, material, ""), &plaintext, token));
  }
}

Test(jwe, key_new_refuses_other_lengths_algs_and_encs) {
  static const size_t lengths[] = {0, 16, 24, 32, 32, 48, 64};
  for (int enc = -1; enc <= 8; enc++) {
    for (size_t len = 0; len <= 70; len++) {
      struct bulla_secret *secret = test_secret(test_filled(1, len));
      struct bulla_jwe_key *key = (struct bulla_jwe_key *)secret;
      bool good = enc >= 1 && enc <= 6 && len == lengths[enc];
      enum bulla_status status =
          bulla_jwe_key_new(&key, BULLA_JWE_DIR, (enum bulla_jwe_enc)enc, secret, bulla_span(NULL, 0));
      cr_expect_eq(status, good ? BULLA_OK : BULLA_INVALID_ARGUMENT, "enc %d, %zu bytes", enc, len);
      cr_expect_eq(key != NULL, good);
      bulla_jwe_key_free(&key);
      bulla_secret_free(&secret);
    }
  }
  struct bulla_secret *secret = test_secret(test_filled(1, 32));
  static const int algs[] = {-1, 0, 2, 3, 8, 9, 12, 13, 14, 100};
  for (size_t i = 0; i < sizeof(algs) / sizeof(*algs); i++) {
    struct bulla_jwe_key *key = (struct bulla_jwe_key *)secret;
    TEST_STATUS(bulla_jwe_key_new(&key, (enum bulla_jwe_alg)algs[i], BULLA_JWE_A256GCM, secret, bulla_span(NULL, 0)),
                BULLA_INVALID_ARGUMENT);
    cr_expect_null(key);
  }
  bulla_secret_free(&secret);
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(jwe, key_new_takes_a_key_id_of_256_bytes_of_utf_8) {
  struct bulla_secret *secret = test_secret(test_filled(1, 32));
  const struct {
    struct bulla_span key_id;
    bool good;
  } rows[] = {
      {test_filled('k', 256), true},         {test_filled('k', 257), false}, {test_filled('"', 256), true},
      {test_text("\xf0\x9f\x94\x91"), true}, {test_text("\xff"), false},     {test_text("\xc3"), false},
      {test_text("\xed\xa0\x80"), false},    {test_filled(0, 1), false},     {bulla_span("k", SIZE_MAX), false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_jwe_key *key = NULL;
    enum bulla_status status = bulla_jwe_key_new(&key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, secret, rows[i].key_id);
    cr_assert_eq(status, rows[i].good ? BULLA_OK : BULLA_INVALID_ARGUMENT, "row %zu", i);
    cr_assert_eq(key != NULL, rows[i].good);
    if (key != NULL) {
      struct bulla_buffer plaintext = test_room(1);
      TEST_OK(bulla_jwe_decrypt(key, &plaintext, encrypted(key, test_text("p"))));
      bulla_jwe_key_free(&key);
    }
  }
}

Test(jwe, every_byte_of_a_long_key_id_counts) {
  struct bulla_span material = test_filled(9, 32);
  char key_id[257] = {0};
  memset(key_id, 'k', 256);
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, material, key_id);
  struct bulla_span token = encrypted(key, test_text("p"));
  for (size_t i = 0; i < 256; i++) {
    key_id[i] = 'x';
    struct bulla_jwe_key *other = new_key(BULLA_JWE_A256GCM, material, key_id);
    refuses(other, token, "byte", i);
    bulla_jwe_key_free(&other);
    key_id[i] = 'k';
  }
}

Test(jwe, ivs_differ) {
  enum { NUM = 1000 };
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "");
  struct bulla_span ivs[NUM];
  for (size_t i = 0; i < NUM; i++) {
    ivs[i] = part(encrypted(key, bulla_span(NULL, 0)), 2);
    for (size_t j = 0; j < i; j++) {
      cr_assert_not(test_same(ivs[i], ivs[j]));
    }
  }
}

Test(jwe, both_directions_need_their_room) {
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "kid");
  size_t needed = bulla_jwe_len(key, 20);
  for (size_t size = 0; size < needed; size++) {
    struct bulla_buffer token = test_room(size);
    TEST_STATUS(bulla_jwe_encrypt(key, &token, test_filled('p', 20)), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(token, "size %zu", size);
  }
  struct bulla_span token = encrypted(key, test_filled('p', 20));
  for (size_t size = 0; size < 20; size++) {
    struct bulla_buffer plaintext = test_room(size);
    TEST_STATUS(bulla_jwe_decrypt(key, &plaintext, token), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(plaintext, "size %zu", size);
  }
}

Test(jwe, a_token_has_at_most_a_mebibyte) {
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "");
  size_t len = 0;
  while (bulla_jwe_len(key, len + 1) <= 1 << 20) {
    len++;
  }
  struct bulla_span token = encrypted(key, test_filled('p', len));
  struct bulla_buffer plaintext = test_room(len);
  TEST_OK(bulla_jwe_decrypt(key, &plaintext, token));
  struct bulla_buffer larger = test_room(bulla_jwe_len(key, len + 1));
  TEST_STATUS(bulla_jwe_encrypt(key, &larger, test_filled('p', len + 1)), BULLA_TOO_LARGE);
  TEST_FAILED(larger, "%zu bytes", len + 1);
}

Test(jwe, len_does_not_overflow) {
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "");
  cr_expect_eq(bulla_jwe_len(key, SIZE_MAX), 0);
  cr_expect_eq(bulla_jwe_len(key, SIZE_MAX / 4 * 3), 0);
  struct bulla_buffer token = test_room(200);
  TEST_STATUS(bulla_jwe_encrypt(key, &token, bulla_span("x", SIZE_MAX)), BULLA_TOO_LARGE);
  TEST_FAILED(token, "SIZE_MAX");
}

/* A key counts by the processor: on one, the seals that it takes from its count are used up one by one. */
static void stay_on_this_processor(void) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET((size_t)sched_getcpu(), &here);
  cr_assert_eq(sched_setaffinity(0, sizeof(here), &here), 0);
}

/* The count is the key's own: this finds it as the word that counts along. */
static _Atomic uint64_t *find_count(struct bulla_jwe_key *key) {
  enum { NUM_WORDS = 16 };
  _Atomic uint64_t *words = (_Atomic uint64_t *)key;
  bool counts[NUM_WORDS];
  memset(counts, 1, sizeof(counts));
  for (uint64_t num = 1; num <= 4 * BULLA_SEAL_BATCH; num++) {
    encrypted(key, bulla_span(NULL, 0));
    uint64_t batches = (num + BULLA_SEAL_BATCH - 1) / BULLA_SEAL_BATCH;
    for (size_t i = 0; i < NUM_WORDS; i++) {
      counts[i] = counts[i] && words[i] == batches * BULLA_SEAL_BATCH;
    }
  }
  const bool *found = memchr(counts, 1, sizeof(counts));
  cr_assert_not_null(found, "nothing counts the tokens");
  return words + (found - counts);
}

Test(jwe, a_key_encrypts_2_to_the_32_times_and_still_decrypts) {
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "");
  stay_on_this_processor();
  _Atomic uint64_t *count = find_count(key);
  *count = (UINT64_C(1) << 32) - 1;
  struct bulla_span token = encrypted(key, test_text("last"));
  for (size_t round = 0; round < 3; round++) {
    struct bulla_buffer refused = test_room(200);
    TEST_STATUS(bulla_jwe_encrypt(key, &refused, test_text("one more")), BULLA_KEY_EXHAUSTED);
    TEST_FAILED(refused, "round %zu", round);
  }
  struct bulla_buffer plaintext = test_room(4);
  TEST_OK(bulla_jwe_decrypt(key, &plaintext, token));
}

static struct bulla_jwe_key *parents_key;
static struct bulla_secret *parents_secret;
static struct bulla_span parents_token;

static int finds_no_key(void *argument) {
  (void)argument;
  struct bulla_buffer out = test_room(200);
  struct bulla_jwe_key *key = NULL;
  if (bulla_jwe_encrypt(parents_key, &out, bulla_span("p", 1)) != BULLA_FORKED || !test_failed(&out)) {
    return 1;
  }
  if (bulla_jwe_decrypt(parents_key, &out, parents_token) != BULLA_FORKED || !test_failed(&out)) {
    return 2;
  }
  if (bulla_jwe_key_new(&key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, parents_secret, bulla_span(NULL, 0)) != BULLA_FORKED) {
    return 3;
  }
  bulla_jwe_key_free(&parents_key);
  return parents_key == NULL ? 0 : 4;
}

Test(jwe, a_key_is_refused_in_a_forked_child) {
  parents_secret = test_secret(test_filled(9, 32));
  parents_key = new_key(BULLA_JWE_A256GCM, test_filled(9, 32), "");
  parents_token = encrypted(parents_key, test_text("p"));
  cr_expect_eq(test_in_child(finds_no_key, NULL), 0);
}
