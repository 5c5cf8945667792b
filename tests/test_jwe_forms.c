/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Round trips of each alg with each enc in each serialization. What must be refused is in test_jwe_rules.c. */

#include <stdio.h>

#include <bulla/jose.h>

#include "core/jwe_algorithm.h"
#include "core/jwe_table.h"
#include "core/slab.h"
#include "tests/support.h"

enum { FIRST_ALG = BULLA_JWE_DIR, LAST_SYMMETRIC = BULLA_JWE_A256GCMKW };
enum { FIRST_ENC = BULLA_JWE_A128GCM, LAST_ENC = BULLA_JWE_A256CBC_HS512 };

static struct bulla_jwe_key *key_for(enum bulla_jwe_alg alg, enum bulla_jwe_enc enc, const char *kid) {
  size_t len = bulla_jwe_algorithm(alg)->key_len;
  struct bulla_secret *secret =
      test_secret(test_filled((uint8_t)(16 * alg + enc), len == 0 ? bulla_jwe_encryption(enc)->cek_len : len));
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_new(&key, alg, enc, secret, test_text(kid)));
  test_keep(key);
  bulla_secret_free(&secret);
  return key;
}

static struct bulla_span payload(size_t len) {
  uint8_t *bytes = test_alloc(len);
  for (size_t i = 0; i < len; i++) {
    bytes[i] = (uint8_t)(i * 31 + len);
  }
  return bulla_span(bytes, len);
}

static struct bulla_span encrypted(struct bulla_jwe_key *const *keys, size_t num_keys, struct bulla_span plaintext,
                                   const struct bulla_jwe_options *options) {
  struct bulla_buffer jwe = test_room(bulla_jwe_len_for(keys, num_keys, plaintext.len, options));
  TEST_OK(bulla_jwe_encrypt_for(keys, num_keys, &jwe, plaintext, options));
  return bulla_written(&jwe);
}

static void decrypts(const struct bulla_jwe_key *key, struct bulla_span jwe, struct bulla_span plaintext,
                     const char *what) {
  struct bulla_buffer opened = test_room(jwe.len);
  TEST_OK(bulla_jwe_decrypt_any(key, &opened, NULL, jwe));
  TEST_SPAN(bulla_written(&opened), plaintext, "%s", what);
}

Test(jwe_forms, each_alg_and_enc_round_trips_in_each_form_at_each_length) {
  for (int alg = FIRST_ALG; alg <= LAST_SYMMETRIC; alg++) {
    for (int enc = FIRST_ENC; enc <= LAST_ENC; enc++) {
      struct bulla_jwe_key *key = key_for((enum bulla_jwe_alg)alg, (enum bulla_jwe_enc)enc, "k");
      for (size_t len = 0; len <= 70; len++) {
        for (int form = BULLA_JWE_COMPACT; form <= BULLA_JWE_GENERAL; form++) {
          struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
          options.form = (enum bulla_jwe_form)form;
          decrypts(key, encrypted(&key, 1, payload(len), &options), payload(len),
                   bulla_jwe_alg_name((enum bulla_jwe_alg)alg));
        }
      }
      bulla_jwe_key_free(&key);
    }
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(jwe_forms, the_compact_length_is_exact_and_one_byte_less_is_too_small) {
  static const size_t lens[] = {0, 1, 15, 16, 17, 233, 3054, 3055, 3056, 3071, 3072, 3073, 10000};
  for (int alg = FIRST_ALG; alg <= LAST_SYMMETRIC; alg++) {
    for (int enc = FIRST_ENC; enc <= LAST_ENC; enc++) {
      struct bulla_jwe_key *key = key_for((enum bulla_jwe_alg)alg, (enum bulla_jwe_enc)enc, "\"k\n");
      for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
        size_t len = bulla_jwe_len(key, lens[i]);
        struct bulla_buffer token = test_room(len);
        struct bulla_buffer small = test_room(len - 1);
        TEST_OK(bulla_jwe_encrypt(key, &token, payload(lens[i])));
        cr_assert_eq(token.len, len, "%s %s %zu", bulla_jwe_alg_name((enum bulla_jwe_alg)alg),
                     bulla_jwe_enc_name((enum bulla_jwe_enc)enc), lens[i]);
        decrypts(key, bulla_written(&token), payload(lens[i]), "compact");
        TEST_STATUS(bulla_jwe_encrypt(key, &small, payload(lens[i])), BULLA_BUFFER_TOO_SMALL);
        TEST_FAILED(small, "%zu", lens[i]);
      }
      bulla_jwe_key_free(&key);
    }
  }
}

Test(jwe_forms, no_key_opens_what_is_for_another_alg_or_enc) {
  struct bulla_jwe_key *keys[LAST_SYMMETRIC + 1][LAST_ENC + 1];
  for (int alg = FIRST_ALG; alg <= LAST_SYMMETRIC; alg++) {
    for (int enc = FIRST_ENC; enc <= LAST_ENC; enc++) {
      keys[alg][enc] = key_for((enum bulla_jwe_alg)alg, (enum bulla_jwe_enc)enc, "");
    }
  }
  size_t num_opened = 0;
  for (int alg = FIRST_ALG; alg <= LAST_SYMMETRIC; alg++) {
    for (int enc = FIRST_ENC; enc <= LAST_ENC; enc++) {
      struct bulla_span jwe = encrypted(&keys[alg][enc], 1, payload(20), NULL);
      for (int i = FIRST_ALG; i <= LAST_SYMMETRIC; i++) {
        for (int j = FIRST_ENC; j <= LAST_ENC; j++) {
          struct bulla_buffer opened = test_room(jwe.len);
          enum bulla_status status = bulla_jwe_decrypt(keys[i][j], &opened, jwe);
          cr_assert_eq(status, i == alg && j == enc ? BULLA_OK : BULLA_REFUSED, "%d %d by %d %d", alg, enc, i, j);
          num_opened += status == BULLA_OK ? 1 : 0;
        }
      }
    }
  }
  cr_expect_eq(num_opened, 42);
}

Test(jwe_forms, several_recipients_open_with_their_keys_alone) {
  enum { NUM = 6 };
  struct bulla_jwe_key *keys[NUM];
  for (size_t i = 0; i < NUM; i++) {
    char kid[] = {(char)('a' + i), 0};
    keys[i] = key_for((enum bulla_jwe_alg)(BULLA_JWE_A128KW + i), BULLA_JWE_A192CBC_HS384, kid);
  }
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = BULLA_JWE_GENERAL;
  options.aad = test_text("additional");
  options.header = test_text(" {\"typ\":\"JOSE\",\"x\":[1,{}]} ");
  struct bulla_span jwe = encrypted(keys, NUM, payload(100), &options);
  for (size_t i = 0; i < NUM; i++) {
    struct bulla_jwe_opened out = BULLA_JWE_OPENED_INIT;
    struct bulla_buffer plaintext = test_room(jwe.len);
    struct bulla_buffer typ = test_room(10);
    out.header = test_room(100);
    out.aad = test_room(10);
    TEST_OK(bulla_jwe_decrypt_any(keys[i], &plaintext, &out, jwe));
    TEST_SPAN(bulla_written(&plaintext), payload(100), "recipient %zu", i);
    TEST_SPAN(bulla_written(&out.aad), test_text("additional"), "aad");
    TEST_SPAN(bulla_written(&out.header), test_text("{\"enc\":\"A192CBC-HS384\",\"typ\":\"JOSE\",\"x\":[1,{}]}"),
              "header");
    TEST_OK(bulla_jwe_header_text(&typ, bulla_written(&out.header), test_text("typ")));
    TEST_SPAN(bulla_written(&typ), test_text("JOSE"), "typ");
    TEST_STATUS(bulla_jwe_header_text(&typ, bulla_written(&out.header), test_text("x")), BULLA_INVALID_TEXT);
    TEST_STATUS(bulla_jwe_header_text(&typ, bulla_written(&out.header), test_text("kid")), BULLA_NOT_FOUND);
  }
  struct bulla_jwe_outline outline;
  TEST_OK(bulla_jwe_inspect(&outline, jwe));
  cr_expect(outline.form == BULLA_JWE_GENERAL && outline.num_recipients == NUM && outline.ciphertext_len == 112);
  struct bulla_buffer header = test_room(jwe.len);
  TEST_OK(bulla_jwe_inspect_header(&header, jwe, 1));
  TEST_SPAN(bulla_written(&header),
            test_text("{\"enc\":\"A192CBC-HS384\",\"typ\":\"JOSE\",\"x\":[1,{}],\"alg\":\"A192KW\",\"kid\":\"b\"}"),
            "header");
  TEST_STATUS(bulla_jwe_inspect_header(&header, jwe, NUM), BULLA_NOT_FOUND);
}

/* A key pair for |alg|, on |curve| if it is of one, in two halves: what encrypts has no private part. */
struct pair {
  struct bulla_jwe_key *encrypts;
  struct bulla_jwe_key *decrypts;
};

static struct pair pair_for(enum bulla_jwe_alg alg, enum bulla_jwe_enc enc, const char *curve) {
  struct pair pair;
  struct bulla_jwk *jwk = NULL;
  struct bulla_jwk *public_jwk = NULL;
  struct bulla_buffer json = test_room(BULLA_JWK_MAX);
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  options.alg = alg;
  options.curve = curve;
  options.bits = alg == BULLA_JWE_RSA_OAEP || alg == BULLA_JWE_RSA_OAEP_256 ? 2048 : 0;
  TEST_OK(bulla_jwk_generate(&jwk, &options));
  TEST_OK(bulla_jwk_write_public(&json, jwk));
  TEST_OK(bulla_jwk_parse(&public_jwk, bulla_written(&json)));
  TEST_OK(bulla_jwe_key_from_jwk(&pair.decrypts, jwk, (enum bulla_jwe_alg)0, enc));
  TEST_OK(bulla_jwe_key_from_jwk(&pair.encrypts, public_jwk, alg, enc));
  bulla_jwk_free(&jwk);
  bulla_jwk_free(&public_jwk);
  return pair;
}

static void check_pair(struct pair *pair, const char *what) {
  static const size_t lens[] = {0, 1, 16, 233, 4000};
  for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
    struct bulla_buffer token = test_room(bulla_jwe_len(pair->encrypts, lens[i]));
    TEST_OK(bulla_jwe_encrypt(pair->encrypts, &token, payload(lens[i])));
    cr_assert_eq(token.len, token.size, "%s", what);
    decrypts(pair->decrypts, bulla_written(&token), payload(lens[i]), what);
    struct bulla_buffer opened = test_room(token.len);
    TEST_STATUS(bulla_jwe_decrypt(pair->encrypts, &opened, bulla_written(&token)), BULLA_INVALID_ARGUMENT);
    for (int form = BULLA_JWE_FLATTENED; form <= BULLA_JWE_GENERAL; form++) {
      struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
      options.form = (enum bulla_jwe_form)form;
      options.aad = test_text("aad");
      decrypts(pair->decrypts, encrypted(&pair->encrypts, 1, payload(lens[i]), &options), payload(lens[i]), what);
    }
  }
  bulla_jwe_key_free(&pair->encrypts);
  bulla_jwe_key_free(&pair->decrypts);
}

Test(jwe_forms, ecdh_es_round_trips_on_each_curve) {
  static const char *const curves[] = {"P-256", "P-384", "P-521", "X25519"};
  for (int alg = BULLA_JWE_ECDH_ES; alg <= BULLA_JWE_ECDH_ES_A256KW; alg++) {
    for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
      /* The larger ones take a millisecond for each message. */
      for (int enc = FIRST_ENC; enc <= LAST_ENC; enc += i == 0 || i == 3 ? 1 : 5) {
        struct pair pair = pair_for((enum bulla_jwe_alg)alg, (enum bulla_jwe_enc)enc, curves[i]);
        check_pair(&pair, curves[i]);
      }
    }
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(jwe_forms, rsa_oaep_round_trips) {
  for (int alg = BULLA_JWE_RSA_OAEP; alg <= BULLA_JWE_RSA_OAEP_256; alg++) {
    for (int enc = FIRST_ENC; enc <= LAST_ENC; enc += 5) {
      struct pair pair = pair_for((enum bulla_jwe_alg)alg, (enum bulla_jwe_enc)enc, NULL);
      check_pair(&pair, bulla_jwe_alg_name((enum bulla_jwe_alg)alg));
    }
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(jwe_forms, what_is_reserved_is_zero) {
  struct bulla_jwe_key *key = key_for(BULLA_JWE_A128KW, BULLA_JWE_A128GCM, "");
  struct bulla_buffer room = test_room(1000);
  for (size_t i = 0; i < 4; i++) {
    struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
    options.reserved[i] = 1;
    TEST_STATUS(bulla_jwe_encrypt_for(&key, 1, &room, payload(9), &options), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(room, "%zu", i);
    cr_expect_eq(bulla_jwe_len_for(&key, 1, 9, &options), 0);
  }
  struct bulla_span jwe = encrypted(&key, 1, payload(9), NULL);
  for (size_t i = 0; i < 4; i++) {
    struct bulla_jwe_opened opened = BULLA_JWE_OPENED_INIT;
    opened.reserved[i] = 1;
    TEST_STATUS(bulla_jwe_decrypt_any(key, &room, &opened, jwe), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(room, "%zu", i);
    opened.reserved[i] = 0;
    TEST_OK(bulla_jwe_decrypt_any(key, &room, &opened, jwe));
  }
}

Test(jwe_forms, the_parties_of_an_agreement_are_bound_to_it) {
  struct pair pair = pair_for(BULLA_JWE_ECDH_ES_A128KW, BULLA_JWE_A128GCM, "X25519");
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.apu = test_text("Alice");
  options.apv = test_filled('B', 256);
  struct bulla_span jwe = encrypted(&pair.encrypts, 1, payload(9), &options);
  struct bulla_buffer header = test_room(jwe.len);
  struct bulla_buffer text = test_room(400);
  decrypts(pair.decrypts, jwe, payload(9), "parties");
  TEST_OK(bulla_jwe_inspect_header(&header, jwe, 0));
  TEST_OK(bulla_jwe_header_text(&text, bulla_written(&header), test_text("apu")));
  TEST_SPAN(bulla_written(&text), test_text("QWxpY2U"), "apu");
  options.apv = test_filled('B', 257);
  struct bulla_buffer room = test_room(2000);
  TEST_STATUS(bulla_jwe_encrypt_for(&pair.encrypts, 1, &room, payload(9), &options), BULLA_INVALID_ARGUMENT);
  TEST_FAILED(room, "parties");
}

Test(jwe_forms, the_draft_of_hpke_round_trips_and_has_neither_enc_nor_iv_nor_tag) {
  struct pair pair = pair_for(BULLA_JWE_DRAFT_HPKE, (enum bulla_jwe_enc)0, NULL);
  struct bulla_buffer token = test_room(bulla_jwe_len(pair.encrypts, 9));
  struct bulla_buffer header = test_room(1000);
  TEST_OK(bulla_jwe_encrypt(pair.encrypts, &token, payload(9)));
  TEST_OK(bulla_jwe_inspect_header(&header, bulla_written(&token), 0));
  cr_expect_null(memmem(header.data, header.len, "\"enc\"", 5));
  const uint8_t *dot = memrchr(token.data, '.', token.len);
  cr_expect_eq(dot + 1, token.data + token.len, "the tag must be empty");
  for (size_t bit = 0; bit < 8 * token.len; bit++) {
    struct bulla_buffer opened = test_room(token.len);
    TEST_STATUS(bulla_jwe_decrypt(pair.decrypts, &opened, test_flipped(bulla_written(&token), bit)), BULLA_REFUSED);
    TEST_FAILED(opened, "bit %zu", bit);
  }
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = BULLA_JWE_FLATTENED;
  struct bulla_span json = encrypted(&pair.encrypts, 1, payload(9), &options);
  cr_expect_null(memmem(json.data, json.len, "\"iv\"", 4));
  cr_expect_null(memmem(json.data, json.len, "\"tag\"", 5));
  check_pair(&pair, "HPKE");
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(jwe_forms, the_draft_of_hpke_is_on_x25519_alone_and_takes_no_enc) {
  struct bulla_jwk *jwk = NULL;
  struct bulla_jwe_key *key = NULL;
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  options.alg = BULLA_JWE_DRAFT_HPKE;
  options.curve = "P-256";
  TEST_STATUS(bulla_jwk_generate(&jwk, &options), BULLA_INVALID_ARGUMENT);
  options.curve = "X25519";
  TEST_OK(bulla_jwk_generate(&jwk, &options));
  TEST_STATUS(bulla_jwe_key_from_jwk(&key, jwk, BULLA_JWE_DRAFT_HPKE, BULLA_JWE_A256GCM), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_jwe_key_from_jwk(&key, jwk, BULLA_JWE_ECDH_ES, BULLA_JWE_A256GCM), BULLA_REFUSED);
  bulla_jwk_free(&jwk);
}

static struct pair parents_pair;

static int finds_no_pair(void *argument) {
  size_t len = *(const size_t *)argument;
  struct bulla_buffer out = test_room(2000);
  if (bulla_jwe_encrypt(parents_pair.encrypts, &out, test_text("p")) != BULLA_FORKED || !test_failed(&out)) {
    return 1;
  }
  if (bulla_jwe_encrypt_for(&parents_pair.encrypts, 1, &out, test_text("p"), NULL) != BULLA_FORKED) {
    return 2;
  }
  if (bulla_jwe_decrypt(parents_pair.decrypts, &out, test_text("e30....")) != BULLA_FORKED || !test_failed(&out)) {
    return 3;
  }
  if (bulla_jwe_len(parents_pair.encrypts, 1) != len) {
    return 4;
  }
  bulla_jwe_key_free(&parents_pair.encrypts);
  bulla_jwe_key_free(&parents_pair.decrypts);
  return parents_pair.encrypts == NULL && parents_pair.decrypts == NULL ? 0 : 5;
}

Test(jwe_forms, key_pairs_are_refused_in_a_forked_child) {
  static const enum bulla_jwe_alg algs[] = {BULLA_JWE_ECDH_ES, BULLA_JWE_ECDH_ES_A256KW, BULLA_JWE_RSA_OAEP,
                                            BULLA_JWE_DRAFT_HPKE};
  for (size_t i = 0; i < sizeof(algs) / sizeof(*algs); i++) {
    parents_pair = pair_for(algs[i], algs[i] == BULLA_JWE_DRAFT_HPKE ? (enum bulla_jwe_enc)0 : BULLA_JWE_A128GCM, NULL);
    size_t len = bulla_jwe_len(parents_pair.encrypts, 1);
    cr_expect_eq(test_in_child(finds_no_pair, &len), 0, "%s", bulla_jwe_alg_name(algs[i]));
    bulla_jwe_key_free(&parents_pair.encrypts);
    bulla_jwe_key_free(&parents_pair.decrypts);
  }
}

/* A JSON object of |num| members, the first of which is an object of |num_inside|. */
static struct bulla_span members(size_t num, size_t num_inside) {
  char *text = (char *)test_alloc(4096);
  size_t len = (size_t)sprintf(text, "{\"o\":{");
  for (size_t i = 0; i < num_inside; i++) {
    len += (size_t)sprintf(text + len, "%s\"%zx\":1", i > 0 ? "," : "", i);
  }
  len += (size_t)sprintf(text + len, "}");
  for (size_t i = 1; i < num; i++) {
    len += (size_t)sprintf(text + len, ",\"m%zu\":1", i);
  }
  return bulla_span(text, len + (size_t)sprintf(text + len, "}"));
}

Test(jwe_forms, what_the_caller_adds_to_the_header_leaves_room_for_what_the_reader_takes) {
  static const struct {
    size_t num;
    size_t num_inside;
    enum bulla_status wanted;
  } cases[] = {
      {26, 0, BULLA_OK}, {27, 0, BULLA_INVALID_ARGUMENT}, {1, 249, BULLA_OK}, {1, 250, BULLA_INVALID_ARGUMENT}};
  struct pair pair = pair_for(BULLA_JWE_ECDH_ES, BULLA_JWE_A128GCM, NULL);
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
    options.apu = options.apv = test_text("p");
    options.header = members(cases[i].num, cases[i].num_inside);
    struct bulla_buffer jwe = test_room(bulla_jwe_len_for(&pair.encrypts, 1, 9, &options));
    TEST_STATUS(bulla_jwe_encrypt_for(&pair.encrypts, 1, &jwe, payload(9), &options), cases[i].wanted);
    if (cases[i].wanted == BULLA_OK) {
      decrypts(pair.decrypts, bulla_written(&jwe), payload(9), "members");
    }
  }
  bulla_jwe_key_free(&pair.encrypts);
  bulla_jwe_key_free(&pair.decrypts);
}

Test(jwe_forms, recipients_that_no_decryption_could_tell_apart_are_refused) {
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.form = BULLA_JWE_GENERAL;
  struct bulla_jwe_key *none = key_for(BULLA_JWE_A128KW, BULLA_JWE_A128GCM, "");
  struct bulla_jwe_key *a = key_for(BULLA_JWE_A128KW, BULLA_JWE_A128GCM, "a");
  struct bulla_jwe_key *b = key_for(BULLA_JWE_A128KW, BULLA_JWE_A128GCM, "b");
  struct bulla_jwe_key *other = key_for(BULLA_JWE_A192KW, BULLA_JWE_A128GCM, "");
  const struct {
    struct bulla_jwe_key *keys[2];
    enum bulla_status wanted;
  } cases[] = {{{a, b}, BULLA_OK},
               {{none, other}, BULLA_OK},
               {{a, a}, BULLA_INVALID_ARGUMENT},
               {{none, none}, BULLA_INVALID_ARGUMENT},
               {{none, a}, BULLA_INVALID_ARGUMENT},
               {{b, none}, BULLA_INVALID_ARGUMENT}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    struct bulla_buffer jwe = test_room(bulla_jwe_len_for(cases[i].keys, 2, 9, &options));
    TEST_STATUS(bulla_jwe_encrypt_for(cases[i].keys, 2, &jwe, payload(9), &options), cases[i].wanted);
    for (size_t j = 0; j < 2 && cases[i].wanted == BULLA_OK; j++) {
      decrypts(cases[i].keys[j], bulla_written(&jwe), payload(9), "told apart");
    }
  }
}

Test(jwe_forms, the_length_for_options_that_encryption_refuses_is_0) {
  struct bulla_jwe_key *key = key_for(BULLA_JWE_A128KW, BULLA_JWE_A128GCM, "");
  static const size_t lens[] = {257, SIZE_MAX / 2 - 31, SIZE_MAX / 2 + 1, SIZE_MAX};
  for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
    struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
    options.apu = bulla_span("p", lens[i]); /* nobody reads it */
    cr_expect_eq(bulla_jwe_len_for(&key, 1, 1, &options), 0, "%zu", lens[i]);
  }
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.size = 8;
  cr_expect_eq(bulla_jwe_len_for(&key, 1, 1, &options), 0);
  cr_expect_gt(bulla_jwe_len_for(&key, 1, 1, NULL), 0);
}

enum { SLOT_LEN = 64, MAX_SLOTS = 1 << 17 };

Test(jwe_forms, a_key_pair_says_that_the_arena_is_full_and_not_that_the_token_is_forged) {
  static const enum bulla_jwe_alg algs[] = {BULLA_JWE_ECDH_ES, BULLA_JWE_RSA_OAEP, BULLA_JWE_DRAFT_HPKE};
  void **slots = (void **)(void *)test_alloc(MAX_SLOTS * sizeof(*slots));
  for (size_t i = 0; i < sizeof(algs) / sizeof(*algs); i++) {
    struct pair pair =
        pair_for(algs[i], algs[i] == BULLA_JWE_DRAFT_HPKE ? (enum bulla_jwe_enc)0 : BULLA_JWE_A128GCM, NULL);
    struct bulla_span token = encrypted(&pair.encrypts, 1, payload(9), NULL);
    struct bulla_buffer opened = test_room(token.len);
    size_t num = 0;
    while (num < MAX_SLOTS && bulla_slab_new(&slots[num], SLOT_LEN) == BULLA_OK) {
      num++;
    }
    enum bulla_status status = bulla_jwe_decrypt(pair.decrypts, &opened, token);
    while (num > 0) {
      bulla_slab_free(&slots[--num], SLOT_LEN);
    }
    cr_expect_eq(status, BULLA_ARENA_FULL, "%s: %s", bulla_jwe_alg_name(algs[i]), bulla_status_text(status));
    TEST_FAILED(opened, "%s", bulla_jwe_alg_name(algs[i]));
    decrypts(pair.decrypts, token, payload(9), bulla_jwe_alg_name(algs[i]));
    bulla_jwe_key_free(&pair.encrypts);
    bulla_jwe_key_free(&pair.decrypts);
  }
}
