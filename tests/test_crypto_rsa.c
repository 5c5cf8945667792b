/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* RSA-OAEP: the vectors of RSA's own and of others for SHA-256, and that keys and ciphertexts that are not right are
 * refused. */

#include <ctype.h>

#include "core/crypto_keys.h"
#include "tests/support.h"

/* The numbers and texts of a file of vectors, by the headings that it has above them. */
enum { N, E, D, P, Q, DP, DQ, QI, MESSAGE, ENCRYPTION, NUM_FIELDS };
static const char *const headings[NUM_FIELDS] = {
    "# Modulus:",          "# Public exponent:",  "# Exponent:",    "# Prime 1:", "# Prime 2:",
    "# Prime exponent 1:", "# Prime exponent 2:", "# Coefficient:", "# Message:", "# Encryption:"};

struct fields {
  char hex[NUM_FIELDS][2 * BULLA_RSA_MAX_LEN + 8];
};

static struct bulla_span field(const struct fields *fields, int which) {
  return test_hex(fields->hex[which]);
}

static struct bulla_rsa_private key_of(const struct fields *fields) {
  return (struct bulla_rsa_private){
      .open = {field(fields, N), field(fields, E)},
      .d = field(fields, D),
      .p = field(fields, P),
      .q = field(fields, Q),
      .dp = field(fields, DP),
      .dq = field(fields, DQ),
      .qi = field(fields, QI),
  };
}

static struct bulla_span decrypted(const struct bulla_rsa_private *key, size_t len, enum bulla_oaep oaep,
                                   struct bulla_span encrypted) {
  uint8_t *out = test_alloc(len);
  TEST_OK(bulla_rsa_decrypt(key, out, len, oaep, encrypted));
  return bulla_span(out, len);
}

/* Asserts that |encrypted| does not open, and that nothing of it comes out. */
static void refused(const struct bulla_rsa_private *key, size_t len, enum bulla_oaep oaep, struct bulla_span encrypted,
                    const char *what) {
  uint8_t *out = test_alloc(len);
  enum bulla_status status = bulla_rsa_decrypt(key, out, len, oaep, encrypted);
  cr_assert_eq(status, BULLA_REFUSED, "%s: %s", what, bulla_status_text(status));
  cr_assert(test_zero(out, len), "%s: something comes out", what);
}

/* Adds the digits of |line| to |hex|. */
static void add_digits(char *hex, const char *line) {
  size_t len = strlen(hex);
  for (; *line != 0; line++) {
    if (isxdigit((unsigned char)*line)) {
      cr_assert_lt(len, 2 * (size_t)BULLA_RSA_MAX_LEN + 6);
      hex[len++] = *line;
    }
  }
  hex[len] = 0;
}

/* Some files have a number of an odd count of digits. */
static void even_out(char *hex) {
  size_t len = strlen(hex);
  if (len % 2 == 1) {
    memmove(hex + 1, hex, len + 1);
    hex[0] = '0';
  }
}

static bool try_vector(struct fields *fields, enum bulla_oaep oaep) {
  for (int i = 0; i < NUM_FIELDS; i++) {
    even_out(fields->hex[i]);
  }
  struct bulla_rsa_private key = key_of(fields);
  struct bulla_span message = field(fields, MESSAGE);
  struct bulla_span encrypted = field(fields, ENCRYPTION);
  if (key.open.n.len != 256 || (key.open.n.data[0] & 0x80) == 0) {
    cr_assert_eq(bulla_rsa_check(&key), BULLA_REFUSED, "a key of %zu bytes", key.open.n.len);
    return false;
  }
  TEST_OK(bulla_rsa_check(&key));
  TEST_SPAN(decrypted(&key, message.len, oaep, encrypted), message, "%s", fields->hex[MESSAGE]);
  refused(&key, message.len + 1, oaep, encrypted, "a longer plaintext");
  refused(&key, message.len - 1, oaep, encrypted, "a shorter plaintext");
  return true;
}

static void try_vectors(const char *name, enum bulla_oaep oaep, size_t wanted) {
  struct test_vectors *vectors = test_vectors_open(name);
  struct fields fields = {0};
  size_t num = 0;
  int at = -1;
  for (const char *line = test_vectors_line(vectors); line != NULL; line = test_vectors_line(vectors)) {
    if (*line == '#') {
      num += at == ENCRYPTION && try_vector(&fields, oaep);
      at = -1;
      for (int i = 0; i < NUM_FIELDS && at < 0; i++) {
        at = strncmp(line, headings[i], strlen(headings[i])) == 0 ? i : -1;
      }
      if (at >= 0) {
        fields.hex[at][0] = 0;
      }
    } else if (at >= 0) {
      add_digits(fields.hex[at], line);
    }
  }
  num += at == ENCRYPTION && try_vector(&fields, oaep);
  cr_assert_eq(num, wanted, "%s: %zu vectors", name, num);
}

Test(crypto_rsa, what_is_encrypted_with_sha1_opens_as_in_the_vectors, .timeout = 60) {
  try_vectors("asymmetric/RSA/pkcs-1v2-1d2-vec/oaep-vect.txt", BULLA_OAEP_SHA1, 6);
}

Test(crypto_rsa, what_is_encrypted_with_sha256_opens_as_in_the_vectors, .timeout = 60) {
  try_vectors("asymmetric/RSA/oaep-custom/oaep-sha256-sha256.txt", BULLA_OAEP_SHA256, 60);
}

static struct bulla_rsa_private generated(size_t bits) {
  struct bulla_secret *numbers = NULL;
  struct bulla_rsa_private key;
  TEST_OK(bulla_rsa_generate(&numbers, &key, bits));
  test_keep(numbers);
  return key;
}

static struct bulla_span encrypted(const struct bulla_rsa_public *key, enum bulla_oaep oaep,
                                   struct bulla_span plaintext) {
  struct bulla_rsa_encrypter *encrypter = NULL;
  uint8_t *out = test_alloc(key->n.len);
  TEST_OK(bulla_rsa_encrypter_new(&encrypter, key));
  TEST_OK(bulla_rsa_encrypt(encrypter, out, oaep, plaintext));
  bulla_rsa_encrypter_free(&encrypter);
  cr_assert_null(encrypter);
  return bulla_span(out, key->n.len);
}

Test(crypto_rsa, keys_that_are_generated_are_right_and_differ, .timeout = 60) {
  static const size_t lens[] = {2048, 2048, 2176, 3072};
  struct bulla_span last = {0};
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    struct bulla_rsa_private key = generated(lens[i]);
    cr_assert_eq(key.open.n.len, lens[i] / 8);
    cr_assert_eq(key.d.len, lens[i] / 8);
    const struct bulla_span halves[] = {key.p, key.q, key.dp, key.dq, key.qi};
    for (size_t n = 0; n < sizeof(halves) / sizeof(halves[0]); n++) {
      cr_assert_eq(halves[n].len, lens[i] / 16);
    }
    TEST_SPAN(key.open.e, test_hex("010001"), "%zu bits", lens[i]);
    TEST_OK(bulla_rsa_check(&key));
    cr_assert(!test_same(key.open.n, last), "a key comes twice");
    last = key.open.n;
    for (size_t len = 0; len <= 64; len += 16) {
      for (enum bulla_oaep oaep = BULLA_OAEP_SHA1; oaep <= BULLA_OAEP_SHA256; oaep++) {
        struct bulla_span plaintext = test_filled((uint8_t)len, len);
        TEST_SPAN(decrypted(&key, len, oaep, encrypted(&key.open, oaep, plaintext)), plaintext, "%zu bytes", len);
      }
    }
  }
}

Test(crypto_rsa, only_keys_of_2048_to_4096_bits_are_generated) {
  static const size_t lens[] = {0, 1, 1024, 2040, 2047, 2049, 2056, 4095, 4097, 4224, 8192};
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    struct bulla_secret *numbers = (void *)test_alloc(1);
    struct bulla_rsa_private key;
    TEST_STATUS(bulla_rsa_generate(&numbers, &key, lens[i]), BULLA_INVALID_ARGUMENT);
    cr_assert_null(numbers);
  }
}

/* |len| bytes, the first and the last given, of ones between. */
static struct bulla_span modulus(size_t len, uint8_t first, uint8_t last) {
  uint8_t *bytes = test_alloc(len);
  memset(bytes, 0xff, len);
  bytes[len - 1] = last;
  bytes[0] = first;
  return bulla_span(bytes, len);
}

Test(crypto_rsa, a_modulus_is_odd_and_has_2048_to_4096_bits) {
  const struct {
    struct bulla_span n;
    enum bulla_status wanted;
    const char *what;
  } rows[] = {
      {modulus(256, 0x80, 1), BULLA_OK, "2048 bits"},        {modulus(257, 0x01, 1), BULLA_OK, "2049 bits"},
      {modulus(512, 0xff, 1), BULLA_OK, "4096 bits"},        {modulus(256, 0x7f, 1), BULLA_REFUSED, "2047 bits"},
      {modulus(255, 0xff, 1), BULLA_REFUSED, "2040 bits"},   {modulus(128, 0xff, 1), BULLA_REFUSED, "1024 bits"},
      {modulus(513, 0x01, 1), BULLA_REFUSED, "4097 bits"},   {modulus(257, 0x00, 1), BULLA_REFUSED, "a zero before it"},
      {modulus(256, 0x80, 2), BULLA_REFUSED, "an even one"}, {bulla_span(NULL, 0), BULLA_REFUSED, "none"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const struct bulla_rsa_public key = {rows[i].n, test_hex("010001")};
    struct bulla_rsa_encrypter *encrypter = NULL;
    cr_assert_eq(bulla_rsa_check_public(&key), rows[i].wanted, "%s", rows[i].what);
    cr_assert_eq(bulla_rsa_encrypter_new(&encrypter, &key), rows[i].wanted, "%s", rows[i].what);
    bulla_rsa_encrypter_free(&encrypter);
  }
}

Test(crypto_rsa, a_public_exponent_is_odd_at_least_3_and_has_at_most_33_bits) {
  static const struct {
    const char *e;
    enum bulla_status wanted;
  } rows[] = {
      {"03", BULLA_OK},
      {"010001", BULLA_OK},
      {"01ffffffff", BULLA_OK},
      {"ffffffff", BULLA_OK},
      {"", BULLA_REFUSED},
      {"00", BULLA_REFUSED},
      {"01", BULLA_REFUSED},
      {"02", BULLA_REFUSED},
      {"04", BULLA_REFUSED},
      {"0003", BULLA_REFUSED},
      {"010000", BULLA_REFUSED},
      {"02ffffffff", BULLA_REFUSED},
      {"01fffffffe", BULLA_REFUSED},
      {"0100000001ff", BULLA_REFUSED},
      {"0001ffffffff", BULLA_REFUSED},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const struct bulla_rsa_public key = {modulus(256, 0xff, 0xff), test_hex(rows[i].e)};
    cr_assert_eq(bulla_rsa_check_public(&key), rows[i].wanted, "%s", rows[i].e);
  }
}

/* The numbers of a key in order, to exchange and to change them. */
enum { NUM_NUMBERS = 8 };
static void numbers_of(struct bulla_rsa_private *key, struct bulla_span *numbers[NUM_NUMBERS]) {
  struct bulla_span *const all[NUM_NUMBERS] = {&key->open.n, &key->open.e, &key->d,  &key->p,
                                               &key->q,      &key->dp,     &key->dq, &key->qi};
  memcpy(numbers, all, sizeof(all));
}

Test(crypto_rsa, numbers_that_are_exchanged_are_refused, .timeout = 60) {
  const struct bulla_rsa_private right = generated(2048);
  TEST_OK(bulla_rsa_check(&right));
  for (size_t i = 0; i < NUM_NUMBERS; i++) {
    for (size_t n = i + 1; n < NUM_NUMBERS; n++) {
      struct bulla_rsa_private key = right;
      struct bulla_span *numbers[NUM_NUMBERS];
      numbers_of(&key, numbers);
      struct bulla_span kept = *numbers[i];
      *numbers[i] = *numbers[n];
      *numbers[n] = kept;
      cr_assert_eq(bulla_rsa_check(&key), BULLA_REFUSED, "numbers %zu and %zu", i, n);
    }
  }
}

Test(crypto_rsa, numbers_that_are_changed_are_refused, .timeout = 120) {
  const struct bulla_rsa_private right = generated(2048);
  for (size_t i = 0; i < NUM_NUMBERS; i++) {
    struct bulla_rsa_private key = right;
    struct bulla_span *numbers[NUM_NUMBERS];
    numbers_of(&key, numbers);
    struct bulla_span number = *numbers[i];
    const struct bulla_span wrong[] = {
        bulla_span(NULL, 0),
        test_filled(0, 1),
        test_filled(1, 1),
        test_filled(0, number.len),
        test_filled(0xff, 256),
        test_filled(0xff, 513),
        bulla_span(number.data, number.len - 1),
        test_concat(number, test_filled(0, 1)),
    };
    for (size_t n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++) {
      *numbers[i] = wrong[n];
      cr_assert_eq(bulla_rsa_check(&key), BULLA_REFUSED, "number %zu, change %zu", i, n);
    }
    for (size_t bit = 0; bit < 8 * number.len; bit += 29) {
      *numbers[i] = test_flipped(number, bit);
      cr_assert_eq(bulla_rsa_check(&key), BULLA_REFUSED, "number %zu, bit %zu", i, bit);
    }
  }
}

Test(crypto_rsa, numbers_of_two_keys_are_refused) {
  const struct bulla_rsa_private right = generated(2048);
  const struct bulla_rsa_private other = generated(2048);
  for (size_t i = 0; i < NUM_NUMBERS; i++) {
    struct bulla_rsa_private key = right;
    struct bulla_rsa_private of_other = other;
    struct bulla_span *numbers[NUM_NUMBERS];
    struct bulla_span *others[NUM_NUMBERS];
    numbers_of(&key, numbers);
    numbers_of(&of_other, others);
    *numbers[i] = *others[i];
    cr_assert_eq(bulla_rsa_check(&key), i == 1 ? BULLA_OK : BULLA_REFUSED, "number %zu", i);
  }
}

Test(crypto_rsa, each_flipped_bit_of_a_ciphertext_is_refused_and_leaves_nothing, .timeout = 120) {
  const struct bulla_rsa_private key = generated(2048);
  for (enum bulla_oaep oaep = BULLA_OAEP_SHA1; oaep <= BULLA_OAEP_SHA256; oaep++) {
    struct bulla_span right = encrypted(&key.open, oaep, test_filled(5, 32));
    for (size_t bit = oaep - 1; bit < 8 * right.len; bit += 2) {
      refused(&key, 32, oaep, test_flipped(right, bit), "a flipped bit");
    }
  }
}

Test(crypto_rsa, a_ciphertext_of_another_length_another_hash_or_another_key_is_refused) {
  const struct bulla_rsa_private key = generated(2048);
  const struct bulla_rsa_private other = generated(2048);
  struct bulla_span right = encrypted(&key.open, BULLA_OAEP_SHA1, test_filled(5, 32));
  for (size_t len = 0; len <= 520; len++) {
    struct bulla_span cut = bulla_span(test_concat(right, test_filled(0, 264)).data, len);
    if (len != right.len) {
      refused(&key, 32, BULLA_OAEP_SHA1, cut, "another length");
    }
  }
  refused(&key, 32, BULLA_OAEP_SHA1, bulla_span(test_concat(test_filled(0, 1), right).data, 256), "shifted");
  refused(&key, 32, BULLA_OAEP_SHA1, test_concat(test_filled(0, 1), right), "a zero before it");
  refused(&key, 32, BULLA_OAEP_SHA256, right, "another hash");
  refused(&other, 32, BULLA_OAEP_SHA1, right, "another key");
  refused(&key, 32, BULLA_OAEP_SHA1, test_filled(0, 256), "0");
  refused(&key, 32, BULLA_OAEP_SHA1, bulla_span(test_concat(test_filled(0, 255), test_filled(1, 1)).data, 256), "1");
  refused(&key, 32, BULLA_OAEP_SHA1, key.open.n, "n");
  refused(&key, 32, BULLA_OAEP_SHA1, test_filled(0xff, 256), "more than n");
}

Test(crypto_rsa, the_same_plaintext_is_encrypted_otherwise_each_time_and_64_bytes_are_most) {
  const struct bulla_rsa_private key = generated(2048);
  cr_assert(!test_same(encrypted(&key.open, BULLA_OAEP_SHA256, test_filled(5, 32)),
                       encrypted(&key.open, BULLA_OAEP_SHA256, test_filled(5, 32))));
  struct bulla_rsa_encrypter *encrypter = NULL;
  TEST_OK(bulla_rsa_encrypter_new(&encrypter, &key.open));
  TEST_STATUS(bulla_rsa_encrypt(encrypter, test_alloc(256), BULLA_OAEP_SHA1, test_filled(5, 65)),
              BULLA_INVALID_ARGUMENT);
  bulla_rsa_encrypter_free(&encrypter);
}
