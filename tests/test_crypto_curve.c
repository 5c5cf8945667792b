/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The curves: vectors of NIST and of RFC 7748, and that what is no key is refused. */

#include "core/crypto_keys.h"
#include "tests/support.h"

/* SP 800-186 §3.2.1, and points with small x. */
static const struct curve {
  enum bulla_curve curve;
  const char *name;
  size_t len;
  const char *order;
  const char *small_x;
  const char *small_x_plus_p;
  const char *y;
  const char *y_of_zero; /* of the point with x = 0 */
} curves[] = {
    {BULLA_CURVE_P256, "P-256", 32, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "05",
     "ffffffff00000001000000000000000000000001000000000000000000000004",
     "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
     "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"},
    {BULLA_CURVE_P384, "P-384", 48,
     "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", "02",
     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff000000000000000100000001",
     "8cdeadbbd04911a3c1931e26df3fa6439dca9c7eb286fbd46fc319f0e2bb780232baf57825fc0c1912ada2fefe84024c",
     "c306610fb0ae5a159cf45c06069f22a6c5eb3641c602d42dea2c4b4f75550793406d80d2b91ad54f9048bd487af1ade1"},
    {BULLA_CURVE_P521, "P-521", 66,
     "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
     "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
     "01",
     "02000000000000000000000000000000000000000000000000000000000000000000"
     "0000000000000000000000000000000000000000000000000000000000000000",
     "0010e59be93c4f269c0269c79e2afd65d6aeaa9b701eacc194fb3ee03df47849bf55"
     "0ec636ebee0ddd4a16f1cd9406605af38f584567770e3f272d688c832e843564",
     "012df13601594a883ef2d935e44bb90bf4d6619b74e52af7552f97769011c0719eb4"
     "39cfab2a88d40fe59a2bed1f43557169a2d0a2ccd280c607b92bbf51ffe0b078"},
};
enum { NUM_CURVES = sizeof(curves) / sizeof(curves[0]) };

/* The number |digits| in |len| bytes: zeroes before it come and go. */
static struct bulla_span number(const char *digits, size_t len) {
  while (*digits == '0') {
    digits++;
  }
  size_t num = strlen(digits);
  cr_assert_leq(num, 2 * len, "%s is too long", digits);
  char *padded = (char *)test_alloc(2 * len + 1);
  memset(padded, '0', 2 * len - num);
  memcpy(padded + 2 * len - num, digits, num + 1);
  return test_hex(padded);
}

static struct bulla_span field(const struct test_record *record, const char *name, size_t len) {
  const char *value = test_field(record, name);
  cr_assert_not_null(value, "no %s in a block of the file", name);
  return number(value, len);
}

static struct bulla_span point_of(const struct curve *curve, const char *x, const char *y) {
  return test_concat(number(x, curve->len), number(y, curve->len));
}

static struct bulla_span public_of(enum bulla_curve curve, struct bulla_span private_key) {
  uint8_t *point = test_alloc(bulla_point_len(curve));
  TEST_OK(bulla_curve_public(curve, point, private_key.data));
  return bulla_span(point, bulla_point_len(curve));
}

static struct bulla_span shared_of(enum bulla_curve curve, struct bulla_span private_key, struct bulla_span point) {
  uint8_t *shared = test_alloc(bulla_curve_len(curve));
  TEST_OK(bulla_curve_agree(curve, shared, private_key.data, point.data));
  return bulla_span(shared, bulla_curve_len(curve));
}

/* Asserts that |point| is no public key: neither by itself nor with a private key, of which nothing comes out. */
static void no_point(enum bulla_curve curve, struct bulla_span point, const char *what) {
  size_t len = bulla_curve_len(curve);
  struct bulla_span private_key = test_filled(1, len);
  uint8_t *shared = test_alloc(len);
  cr_assert_eq(bulla_curve_check(curve, point.data), BULLA_REFUSED, "%s is taken for a point", what);
  cr_assert_eq(bulla_curve_agree(curve, shared, private_key.data, point.data), BULLA_REFUSED, "%s is used", what);
  cr_assert(test_zero(shared, len), "%s: something comes out", what);
}

Test(crypto_curve, lengths_are_those_of_the_curves) {
  for (size_t i = 0; i < NUM_CURVES; i++) {
    cr_assert_eq(bulla_curve_len(curves[i].curve), curves[i].len);
    cr_assert_eq(bulla_point_len(curves[i].curve), 2 * curves[i].len);
  }
  cr_assert_eq(bulla_curve_len(BULLA_CURVE_X25519), 32);
  cr_assert_eq(bulla_point_len(BULLA_CURVE_X25519), 32);
}

static bool has_result(const struct test_record *record, const char *number_of_it) {
  return strstr(test_field(record, "Result"), number_of_it) != NULL;
}

/* What NIST says of a block: each of its failures is found where it lies. */
static void try_record(const struct curve *curve, const struct test_record *record) {
  struct bulla_span private_key = field(record, "dsIUT", curve->len);
  struct bulla_span own = test_concat(field(record, "QsIUTx", curve->len), field(record, "QsIUTy", curve->len));
  struct bulla_span other = test_concat(field(record, "QsCAVSx", curve->len), field(record, "QsCAVSy", curve->len));
  struct bulla_span wanted = field(record, "Z", curve->len);
  if (has_result(record, "(1 ") || has_result(record, "(2 ")) {
    no_point(curve->curve, other, "a point that NIST changed");
    return;
  }
  bool own_changed = has_result(record, "(5 ") || has_result(record, "(6 ");
  uint8_t *made = test_alloc(2 * curve->len);
  bool fits = bulla_curve_public(curve->curve, made, private_key.data) == BULLA_OK &&
              test_same(bulla_span(made, 2 * curve->len), own);
  cr_assert_eq(fits, !own_changed && !has_result(record, "(7 "), "%s", test_field(record, "Result"));
  cr_assert_eq(bulla_curve_check(curve->curve, own.data), own_changed ? BULLA_REFUSED : BULLA_OK);
  if (has_result(record, "(7 ")) {
    return; /* it may be no private key at all */
  }
  bool same = test_same(shared_of(curve->curve, private_key, other), wanted);
  cr_assert(same || has_result(record, "F ("), "%s, COUNT %s", curve->name, test_field(record, "COUNT"));
  cr_assert(!same || !has_result(record, "(8 "), "%s, COUNT %s", curve->name, test_field(record, "COUNT"));
}

static void agreement_vectors(const char *name) {
  static const char *const sections[] = {"EC - SHA256", "ED - SHA384", "EE - SHA512"};
  struct test_vectors *vectors = test_vectors_open(name);
  struct test_record record;
  const struct curve *curve = NULL;
  size_t num = 0;
  while (test_vectors_next(vectors, &record)) {
    for (size_t i = 0; i < NUM_CURVES; i++) {
      curve = strstr(record.fields[0].name, sections[i]) != NULL ? &curves[i] : curve;
    }
    if (curve != NULL && test_field(&record, "COUNT") != NULL) {
      try_record(curve, &record);
      num++;
    }
  }
  cr_assert_eq(num, 90, "%s: %zu vectors", name, num);
}

Test(crypto_curve, agreement_is_as_in_the_vectors_of_nist) {
  agreement_vectors("asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_init.fax");
  agreement_vectors("asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_resp.fax");
}

Test(crypto_curve, x25519_is_as_in_rfc_7748) {
  struct test_vectors *vectors = test_vectors_open("asymmetric/X25519/rfc7748.txt");
  struct test_record record;
  size_t num = 0;
  while (test_vectors_next(vectors, &record)) {
    const char *scalar = test_field(&record, "INPUT_SCALAR");
    if (scalar != NULL && test_field(&record, "OUTPUT_U") != NULL) {
      TEST_SPAN(shared_of(BULLA_CURVE_X25519, test_hex(scalar), test_hex(test_field(&record, "INPUT_U"))),
                test_hex(test_field(&record, "OUTPUT_U")), "vector %zu", num);
      num++;
    }
  }
  cr_assert_geq(num, 3, "%zu vectors", num);
}

/* §6.1. Beside it both sides of P-256 of RFC 5903 §8.1. */
static const struct {
  enum bulla_curve curve;
  const char *private_keys[2];
  const char *points[2];
  const char *shared;
} pairs[] = {
    {BULLA_CURVE_X25519,
     {"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"},
     {"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"},
     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
    {BULLA_CURVE_P256,
     {"c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
      "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"},
     {"dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
      "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
      "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
      "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"},
     "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
};

Test(crypto_curve, both_sides_agree_as_in_the_rfcs) {
  for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
    for (size_t side = 0; side < 2; side++) {
      struct bulla_span private_key = test_hex(pairs[i].private_keys[side]);
      TEST_SPAN(public_of(pairs[i].curve, private_key), test_hex(pairs[i].points[side]), "pair %zu, side %zu", i, side);
      TEST_SPAN(shared_of(pairs[i].curve, private_key, test_hex(pairs[i].points[1 - side])), test_hex(pairs[i].shared),
                "pair %zu, side %zu", i, side);
    }
  }
}

static const enum bulla_curve all[] = {BULLA_CURVE_P256, BULLA_CURVE_P384, BULLA_CURVE_P521, BULLA_CURVE_X25519};

Test(crypto_curve, keys_that_are_generated_differ_go_together_and_agree) {
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
    size_t len = bulla_curve_len(all[i]);
    struct bulla_span last = test_filled(0, len);
    struct bulla_span last_point = {0};
    for (size_t n = 0; n < 20; n++) {
      uint8_t *private_key = test_alloc(len);
      uint8_t *point = test_alloc(bulla_point_len(all[i]));
      TEST_OK(bulla_curve_generate(all[i], private_key, point));
      struct bulla_span made = bulla_span(private_key, len);
      struct bulla_span made_point = bulla_span(point, bulla_point_len(all[i]));
      TEST_OK(bulla_curve_check(all[i], point));
      TEST_SPAN(public_of(all[i], made), made_point, "curve %zu", i);
      cr_assert(!test_same(made, last), "a key comes twice");
      if (n > 0) {
        TEST_SPAN(shared_of(all[i], made, last_point), shared_of(all[i], last, made_point), "curve %zu", i);
      }
      last = made;
      last_point = made_point;
    }
  }
}

/* Each flipped bit of a point, but one of the sign of y, which only makes another point. */
Test(crypto_curve, points_off_the_curve_are_refused) {
  for (size_t i = 0; i < NUM_CURVES; i++) {
    const struct curve *curve = &curves[i];
    struct bulla_span right = public_of(curve->curve, test_filled(1, curve->len));
    TEST_OK(bulla_curve_check(curve->curve, right.data));
    for (size_t bit = 0; bit < 8 * right.len; bit++) {
      no_point(curve->curve, test_flipped(right, bit), "a flipped bit");
    }
    struct bulla_span swapped =
        test_concat(bulla_span(right.data + curve->len, curve->len), bulla_span(right.data, curve->len));
    no_point(curve->curve, swapped, "x and y swapped");
    for (size_t n = 0; n < NUM_CURVES; n++) {
      if (curves[n].len > curve->len) {
        no_point(curve->curve, public_of(curves[n].curve, test_filled(1, curves[n].len)), "a point of another curve");
      }
    }
  }
}

/* SEC 1 writes infinity as a single zero; as two coordinates people write zeroes. */
Test(crypto_curve, infinity_and_coordinates_not_less_than_p_are_refused) {
  for (size_t i = 0; i < NUM_CURVES; i++) {
    const struct curve *curve = &curves[i];
    TEST_OK(bulla_curve_check(curve->curve, point_of(curve, curve->small_x, curve->y).data));
    TEST_OK(bulla_curve_check(curve->curve, point_of(curve, "", curve->y_of_zero).data));
    no_point(curve->curve, point_of(curve, curve->small_x_plus_p, curve->y), "x + p");
    no_point(curve->curve, point_of(curve, "", ""), "infinity");
    no_point(curve->curve, test_filled(0xff, 2 * curve->len), "all ones");
  }
}

static void no_private_key(const struct curve *curve, struct bulla_span private_key, const char *what) {
  uint8_t *point = test_alloc(2 * curve->len);
  uint8_t *shared = test_alloc(curve->len);
  struct bulla_span other = public_of(curve->curve, test_filled(1, curve->len));
  cr_assert_eq(bulla_curve_public(curve->curve, point, private_key.data), BULLA_REFUSED, "%s: %s", curve->name, what);
  cr_assert_eq(bulla_curve_agree(curve->curve, shared, private_key.data, other.data), BULLA_REFUSED, "%s: %s",
               curve->name, what);
  cr_assert(test_zero(shared, curve->len), "%s: %s", curve->name, what);
}

/* |digits| with |difference| added to its last byte. */
static struct bulla_span next_to(const struct curve *curve, const char *digits, int difference) {
  struct bulla_span result = number(digits, curve->len);
  uint8_t *last = (uint8_t *)(uintptr_t)(result.data + result.len - 1);
  *last = (uint8_t)(*last + difference);
  return result;
}

Test(crypto_curve, private_keys_are_above_zero_and_below_the_order) {
  for (size_t i = 0; i < NUM_CURVES; i++) {
    const struct curve *curve = &curves[i];
    no_private_key(curve, test_filled(0, curve->len), "0");
    no_private_key(curve, next_to(curve, curve->order, 0), "the order");
    no_private_key(curve, next_to(curve, curve->order, 1), "the order + 1");
    no_private_key(curve, test_filled(0xff, curve->len), "all ones");
    /* Of the order - 1 it is the generator's point below the axis, with the x of that of 1. */
    struct bulla_span first = public_of(curve->curve, next_to(curve, "", 1));
    struct bulla_span last = public_of(curve->curve, next_to(curve, curve->order, -1));
    TEST_SPAN(bulla_span(first.data, curve->len), bulla_span(last.data, curve->len), "%s", curve->name);
    cr_assert(!test_same(first, last), "%s", curve->name);
  }
}

/* RFC 7748 §6.1; each also with the unused bit, which is to be ignored. */
Test(crypto_curve, points_of_small_order_are_refused) {
  static const char *const points[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
    no_point(BULLA_CURVE_X25519, test_hex(points[i]), points[i]);
    no_point(BULLA_CURVE_X25519, test_flipped(test_hex(points[i]), 255), points[i]);
  }
  TEST_OK(bulla_curve_check(BULLA_CURVE_X25519, test_filled(9, 32).data));
}
