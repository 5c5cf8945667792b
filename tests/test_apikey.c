/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include <bulla/token.h>

#include "core/crypto.h"
#include "core/hex.h"
#include "core/cleanup.h"
#include "core/slab.h"
#include "tests/support.h"

enum { ID = 6, SECRET = 23, CHECKSUM = 87 }; /* where they begin in the string */

static struct bulla_span generated(struct bulla_apikey **apikey) {
  struct bulla_secret *string = NULL;
  TEST_OK(bulla_apikey_generate(apikey, &string));
  test_keep(*apikey);
  struct bulla_span copy = test_copy(bulla_secret_bytes(string));
  bulla_secret_free(&string);
  return copy;
}

static void refuses(struct bulla_span string, const char *what, size_t which) {
  struct bulla_apikey *apikey = (struct bulla_apikey *)&which;
  size_t used = bulla_slab_usage().used;
  cr_assert_eq(bulla_apikey_parse(&apikey, string), BULLA_REFUSED, "%s %zu", what, which);
  cr_assert_null(apikey, "%s %zu", what, which);
  cr_assert_eq(bulla_slab_usage().used, used, "%s %zu left something in the slab", what, which);
}

/* |string| with |byte| at |at|. */
static struct bulla_span changed(struct bulla_span string, size_t at, uint8_t byte) {
  uint8_t *copy = test_alloc(string.len);
  memcpy(copy, string.data, string.len);
  copy[at] = byte;
  return bulla_span(copy, string.len);
}

/* |string| with the checksum that it should have. */
static struct bulla_span with_checksum(struct bulla_span string) {
  uint8_t digest[32];
  uint8_t *copy = test_alloc(BULLA_APIKEY_LEN);
  memcpy(copy, string.data, CHECKSUM);
  TEST_OK(bulla_sha256(digest, bulla_span(copy, CHECKSUM)));
  bulla_hex_encode(copy + CHECKSUM, bulla_span(digest, 4));
  return bulla_span(copy, BULLA_APIKEY_LEN);
}

Test(apikey, a_string_has_the_documented_form) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_span string = generated(&apikey);
  cr_assert_eq(string.len, 95);
  TEST_SPAN(bulla_span(string.data, ID), test_text("bulla_"), "prefix");
  cr_expect_eq(string.data[SECRET - 1], '_');
  for (size_t i = ID; i < string.len; i++) {
    cr_assert(i == SECRET - 1 || (string.data[i] != '\0' && strchr("0123456789abcdef", string.data[i]) != NULL),
              "character %zu", i);
  }
  TEST_SPAN(bulla_apikey_id(apikey), bulla_span(string.data + ID, BULLA_APIKEY_ID_LEN), "id");
  TEST_SPAN(string, with_checksum(string), "checksum");
}

Test(apikey, a_string_made_elsewhere_parses_to_known_values) {
  /* Made with Python's hashlib and hmac from the documented format. */
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  TEST_OK(bulla_apikey_parse(&apikey, test_text("bulla_0123456789abcdef_"
                                                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                                                "9f63d480")));
  TEST_SPAN(bulla_apikey_id(apikey), test_text("0123456789abcdef"), "id");
  TEST_SPAN(bulla_apikey_hash(apikey), test_hex("e1cf7f89cbc5018cde24b5d53e4f70638ebdfd1886f33cd4d31cb24029b6fa2e"),
            "hash");
  TEST_SPAN(bulla_secret_bytes(bulla_apikey_token_root(apikey)),
            test_hex("6380b168471344428086879a347bedd93c650aff7c228b1d345117a3a0a4365c"), "token root");
}

/* "bulla_", the id's 16 digits, "_", the secret's 64. */
Test(apikey, an_id_gives_no_part_of_its_secret_away) {
  struct bulla_apikey *made = NULL;
  struct bulla_span string = generated(&made);
  for (size_t at = 0; at + 8 <= 64; at++) {
    cr_expect(memmem(string.data + 6, 16, string.data + 23 + at, 8) == NULL, "digits from %zu on", at);
  }
}

Test(apikey, parsing_a_generated_string_gives_the_same_key) {
  for (size_t round = 0; round < 20; round++) {
    struct bulla_apikey *made = NULL;
    struct bulla_apikey *parsed = NULL;
    struct bulla_span string = generated(&made);
    TEST_OK(bulla_apikey_parse(&parsed, string));
    TEST_SPAN(bulla_apikey_id(parsed), bulla_apikey_id(made), "id");
    TEST_SPAN(bulla_apikey_hash(parsed), bulla_apikey_hash(made), "hash");
    TEST_SPAN(bulla_secret_bytes(bulla_apikey_token_root(parsed)), bulla_secret_bytes(bulla_apikey_token_root(made)),
              "token root");
    bulla_apikey_free(&made);
    bulla_apikey_free(&parsed);
    cr_expect(made == NULL && parsed == NULL);
  }
  cr_expect_eq(bulla_slab_usage().used, 0, "something stayed in the slab");
}

Test(apikey, its_root_and_hash_are_derived_as_documented) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_span string = generated(&apikey);
  uint8_t secret[32];
  uint8_t expected[32];
  cr_assert(bulla_hex_decode(secret, bulla_span(string.data + SECRET, 64)));
  TEST_OK(bulla_hkdf_expand(expected, 32, bulla_span(secret, 32), test_text("bulla/v1/token-root")));
  TEST_SPAN(bulla_secret_bytes(bulla_apikey_token_root(apikey)), bulla_span(expected, 32), "token root");
  TEST_OK(bulla_sha256(expected, string));
  TEST_SPAN(bulla_apikey_hash(apikey), bulla_span(expected, 32), "hash");
}

Test(apikey, two_keys_have_nothing_in_common) {
  struct bulla_apikey *a = NULL;
  struct bulla_apikey *b = NULL;
  struct bulla_span string_a = generated(&a);
  struct bulla_span string_b = generated(&b);
  cr_expect_not(test_same(bulla_apikey_id(a), bulla_apikey_id(b)));
  cr_expect_not(test_same(bulla_apikey_hash(a), bulla_apikey_hash(b)));
  cr_expect_not(
      test_same(bulla_secret_bytes(bulla_apikey_token_root(a)), bulla_secret_bytes(bulla_apikey_token_root(b))));
  cr_expect_not(test_same(bulla_span(string_a.data + SECRET, 64), bulla_span(string_b.data + SECRET, 64)));
}

Test(apikey, every_change_of_one_character_is_refused) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_span string = generated(&apikey);
  for (size_t at = 0; at < string.len; at++) {
    for (unsigned byte = 0; byte < 256; byte++) {
      if (byte != string.data[at]) {
        refuses(changed(string, at, (uint8_t)byte), "character", at);
      }
    }
  }
}

Test(apikey, every_other_length_is_refused) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_span string = generated(&apikey);
  for (size_t len = 0; len < string.len; len++) {
    refuses(test_copy(bulla_span(string.data, len)), "length", len);
    refuses(test_copy(bulla_span(string.data + string.len - len, len)), "tail", len);
  }
  refuses(bulla_span(NULL, 0), "no string", 0);
  static const char *const tails[] = {"\n\n", "\r\n\n", "\n\r\n", "\r", "\n\r", " ", " \n", "0", "0\n", "_"};
  for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
    refuses(test_concat(string, test_text(tails[i])), "tail", i);
    refuses(test_concat(test_text(tails[i]), string), "lead", i);
  }
  refuses(test_concat(string, bulla_span("", 1)), "final NUL", 0);
  refuses(test_concat(string, string), "twice", 0);
}

Test(apikey, one_newline_behind_the_string_is_not_part_of_it) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_span string = generated(&apikey);
  static const char *const ends[] = {"", "\n", "\r\n"};
  for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
    struct bulla_apikey *again BULLA_CLEANUP(bulla_apikey_free) = NULL;
    TEST_OK(bulla_apikey_parse(&again, test_concat(string, test_text(ends[i]))));
    TEST_SPAN(bulla_apikey_hash(again), bulla_apikey_hash(apikey), "hash, %zu", i);
    TEST_SPAN(bulla_apikey_id(again), bulla_apikey_id(apikey), "id, %zu", i);
    refuses(test_concat(test_text("\n"), string), "lead", i);
  }
}

Test(apikey, another_form_is_refused_even_with_a_checksum_to_match) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_span string = generated(&apikey);
  static const struct {
    size_t at;
    char byte;
  } changes[] = {
      {0, 'B'},          {5, '-'},          {ID, 'A'},         {ID, 'g'},          {ID + 15, '_'},
      {ID + 7, ' '},     {SECRET - 1, '-'}, {SECRET - 1, '0'}, {SECRET, 'A'},      {SECRET + 63, 'F'},
      {SECRET + 1, 'g'}, {SECRET, ' '},     {SECRET, '\0'},    {SECRET + 31, '_'},
  };
  struct bulla_apikey *unchanged BULLA_CLEANUP(bulla_apikey_free) = NULL;
  TEST_OK(bulla_apikey_parse(&unchanged, with_checksum(string)));
  for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
    refuses(with_checksum(changed(string, changes[i].at, (uint8_t)changes[i].byte)), "change", i);
  }
}

Test(apikey, upper_case_is_refused) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_span string = generated(&apikey);
  uint8_t *upper = test_alloc(string.len);
  for (size_t i = 0; i < string.len; i++) {
    upper[i] = (uint8_t)(string.data[i] >= 'a' && string.data[i] <= 'z' ? string.data[i] - 32 : string.data[i]);
  }
  refuses(bulla_span(upper, string.len), "all of it", 0);
  memcpy(upper, string.data, CHECKSUM);
  if (!test_same(bulla_span(upper, string.len), string)) {
    refuses(bulla_span(upper, string.len), "the checksum", 0);
  }
}

Test(apikey, the_jwk_of_a_day_holds_its_key) {
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  TEST_OK(bulla_apikey_parse(&apikey, test_text("bulla_0123456789abcdef_"
                                                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                                                "9f63d480")));
  const struct bulla_secret *root = bulla_apikey_token_root(apikey);
  size_t used = bulla_slab_usage().used;
  uint8_t cek[32];
  static const struct {
    int64_t day;
    const char *kid;
    const char *info; /* the day as four bytes */
  } rows[] = {
      {0, "0123456789abcdef.0", "00000000"},
      {20717, "0123456789abcdef.20717", "000050ed"},
      {BULLA_DAY_LAST, "0123456789abcdef.2932896", "002cc0a0"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_secret *jwk = NULL;
    TEST_OK(bulla_hkdf_expand(cek, 32, bulla_secret_bytes(root),
                              test_concat(test_text("bulla/v1/token"), test_hex(rows[i].info))));
    struct bulla_span wanted = test_concat(
        test_text("{\"kty\":\"oct\",\"alg\":\"A256GCM\",\"use\":\"enc\",\"kid\":\""),
        test_concat(
            test_text(rows[i].kid),
            test_concat(test_text("\",\"k\":\""), test_concat(test_base64url(bulla_span(cek, 32)), test_text("\"}")))));
    TEST_OK(bulla_apikey_day_jwk(&jwk, root, bulla_apikey_id(apikey), rows[i].day));
    TEST_SPAN(bulla_secret_bytes(jwk), wanted, "row %zu", i);
    bulla_secret_free(&jwk);
  }
  static const int64_t bad[] = {-1, BULLA_DAY_LAST + 1, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
    struct bulla_secret *jwk = (struct bulla_secret *)&used;
    TEST_STATUS(bulla_apikey_day_jwk(&jwk, root, bulla_apikey_id(apikey), bad[i]), BULLA_INVALID_ARGUMENT);
    cr_assert_null(jwk);
  }
  struct bulla_secret *jwk = (struct bulla_secret *)&used;
  TEST_STATUS(bulla_apikey_day_jwk(&jwk, root, test_text("0123456789abcde\""), 0), BULLA_INVALID_ARGUMENT);
  cr_expect_null(jwk);
  cr_expect_eq(bulla_slab_usage().used, used, "something stayed in the slab");
}

static struct bulla_apikey *parents_apikey;
static struct bulla_span parents_string;

static int lacks_what_the_parent_has(void *argument) {
  (void)argument;
  struct bulla_minter *minter = NULL;
  if (bulla_apikey_id(parents_apikey).len != BULLA_APIKEY_ID_LEN ||
      bulla_secret_bytes(bulla_apikey_token_root(parents_apikey)).len != 0) {
    return 1;
  }
  if (bulla_minter_new(&minter, parents_apikey) != BULLA_FORKED || minter != NULL) {
    return 2;
  }
  bulla_apikey_free(&parents_apikey);
  return parents_apikey == NULL ? 0 : 3;
}

static int parses_the_string_itself(void *argument) {
  (void)argument;
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_minter *minter BULLA_CLEANUP(bulla_minter_free) = NULL;
  if (bulla_apikey_parse(&apikey, parents_string) != BULLA_OK ||
      bulla_secret_bytes(bulla_apikey_token_root(apikey)).len != BULLA_KEY_LEN) {
    return 1;
  }
  return bulla_minter_new(&minter, apikey) == BULLA_OK ? 0 : 2;
}

Test(apikey, a_forked_child_has_no_root_and_can_parse_the_string_itself) {
  parents_string = generated(&parents_apikey);
  cr_expect_eq(test_in_child(lacks_what_the_parent_has, NULL), 0);
  cr_expect_eq(test_in_child(parses_the_string_itself, NULL), 0);
  cr_expect_eq(bulla_secret_bytes(bulla_apikey_token_root(parents_apikey)).len, BULLA_KEY_LEN);
}

Test(apikey, a_full_arena_is_reported_and_leaves_nothing) {
  struct bulla_memory_options options = {
      .size = sizeof(struct bulla_memory_options), .arena_size = 4096, .allow_unlocked = true};
  TEST_OK(bulla_memory_init(&options));
  struct bulla_secret *filling[64];
  size_t num = 0;
  while (bulla_secret_new(&filling[num], 1) == BULLA_OK) {
    num++;
  }
  struct bulla_apikey *apikey = NULL;
  struct bulla_secret *string = NULL;
  enum bulla_status status = BULLA_ARENA_FULL;
  while (num > 0) {
    status = bulla_apikey_generate(&apikey, &string);
    if (status == BULLA_OK) {
      break;
    }
    cr_assert_eq(status, BULLA_ARENA_FULL, "%zu slots left: %s", num, bulla_status_text(status));
    cr_assert(apikey == NULL && string == NULL, "%zu slots left", num);
    bulla_secret_free(&filling[--num]);
  }
  TEST_STATUS(status, BULLA_OK);
  bulla_apikey_free(&apikey);
  bulla_secret_free(&string);
  while (num > 0) {
    bulla_secret_free(&filling[--num]);
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
}
