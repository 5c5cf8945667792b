/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rules of the JSON forms, RFC 7516 §7.2, each by its name. What breaks one is authentic: see tests/jwe_forge.h. */

#include "tests/jwe_forge.h"

#define NUM(array) (sizeof(array) / sizeof(*(array)))
#define REST ",\"iv\":\"$IV\",\"ciphertext\":\"$CIPHERTEXT\",\"tag\":\"$TAG\"}"
#define FLAT "{\"protected\":\"$PROTECTED\",\"encrypted_key\":\"$KEY\""
#define LIST "{\"protected\":\"$PROTECTED\",\"recipients\":"
#define ENC "{\"enc\":\"$ENC\"}"
#define SENT "\"encrypted_key\":\"$KEY\""
#define OWN "{\"header\":{\"alg\":\"A256KW\"}," SENT "}"

static struct bulla_span plaintext(void) {
  return test_text("{\"sub\":\"me\"}");
}

/* A JWE for a key of A256KW and A256GCM. */
struct row {
  const char *header; /* the protected one */
  const char *json;
  bool good;
};

static const struct forgery forgery_of_rows = {.kind = {.alg = BULLA_JWE_A256KW}, .enc = BULLA_JWE_A256GCM};

/* Judges |row| by the key with |members| in its JWK, and says whether what can be inspected is what can be read. */
static void judge(const struct row *row, const char *members) {
  struct forgery forgery = forgery_of_rows;
  forgery.header = row->header;
  forgery.plaintext = plaintext();
  forgery.aad = strstr(row->json, "$AAD") != NULL ? test_text("additional") : bulla_span(NULL, 0);
  struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, members);
  struct forged parts = forge(&forgery);
  struct bulla_span jwe = forge_json(&parts, row->json);
  cr_expect_eq(forge_opens(key, jwe, forgery.plaintext), row->good, "%s, %s", row->header, row->json);
  struct bulla_jwe_outline outline;
  if (row->good) {
    TEST_OK(bulla_jwe_inspect(&outline, jwe));
  }
  struct bulla_buffer opened = test_room(jwe.len);
  TEST_STATUS(bulla_jwe_decrypt(key, &opened, jwe), BULLA_REFUSED);
  bulla_jwe_key_free(&key);
}

static void judge_all(const struct row *rows, size_t num_rows) {
  for (size_t i = 0; i < num_rows; i++) {
    judge(&rows[i], "");
  }
}

Test(jwe_json_rules, forms_that_rfc_7516_allows_are_decrypted) {
  static const struct row rows[] = {
      {"{$MEMBERS}", FLAT REST, true},
      {"{$MEMBERS}", LIST "[{" SENT "}]" REST, true},
      {ENC, LIST "[" OWN "]" REST, true},
      {ENC, FLAT ",\"header\":{\"alg\":\"A256KW\"}" REST, true},
      {"{$MEMBERS}", FLAT ",\"header\":{},\"unprotected\":{}" REST, true},
      {"{$MEMBERS}", FLAT ",\"header\":{\"kid\":\"k\"},\"unprotected\":{\"jku\":\"https:x\",\"typ\":\"JWT\"}" REST,
       true},
      {"{$MEMBERS}", FLAT ",\"aad\":\"$AAD\"" REST, true},
      {"{$MEMBERS}",
       "{\"tag\":\"$TAG\",\"ciphertext\":\"$CIPHERTEXT\",\"iv\":\"$IV\",\"protected\":\"$PROTECTED\"," SENT "}", true},
      {"{$MEMBERS}",
       "{ \"iv\" : \"$IV\" ,\t\"ciphertext\":\"$CIPHERTEXT\",\r\n\"tag\":\"$TAG\"," SENT
       " , \"protected\":\"$PROTECTED\" } \n",
       true},
      /* §7.2.1: members that are not understood are ignored. */
      {"{$MEMBERS}", FLAT ",\"payload\":1,\"signature\":[],\"x\":{\"enc\":\"none\"}" REST, true},
      {ENC, LIST "[{\"header\":{\"alg\":\"A256KW\"}," SENT ",\"x\":1}]" REST, true},
  };
  judge_all(rows, NUM(rows));
}

Test(jwe_json_rules, an_alg_or_enc_that_nothing_protects_and_is_not_the_recipients_is_refused) {
  static const struct row rows[] = {
      {ENC, FLAT ",\"unprotected\":{\"alg\":\"A256KW\"}" REST, false},
      {ENC, LIST "[{" SENT "}],\"unprotected\":{\"alg\":\"A256KW\"}" REST, false},
      {"{\"alg\":\"$ALG\"}", FLAT ",\"unprotected\":{\"enc\":\"A256GCM\"}" REST, false},
      {"{\"alg\":\"$ALG\"}", FLAT ",\"header\":{\"enc\":\"A256GCM\"}" REST, false},
      {"{\"alg\":\"$ALG\"}", LIST "[{\"header\":{\"enc\":\"A256GCM\"}," SENT "}]" REST, false},
      {"{}", FLAT ",\"header\":{\"alg\":\"A256KW\",\"enc\":\"A256GCM\"}" REST, false},
      {"{}", FLAT ",\"unprotected\":{\"alg\":\"A256KW\",\"enc\":\"A256GCM\"}" REST, false},
      {"{}", FLAT ",\"header\":{\"alg\":\"A256KW\"},\"unprotected\":{\"enc\":\"A256GCM\"}" REST, false},
      {ENC, FLAT REST, false},
      {"{}", FLAT REST, false},
      {"", "{\"unprotected\":{\"enc\":\"A256GCM\"},\"header\":{\"alg\":\"A256KW\"}," SENT REST, false},
      {"", FLAT ",\"unprotected\":{\"enc\":\"A256GCM\"},\"header\":{\"alg\":\"A256KW\"}" REST, false},
  };
  judge_all(rows, NUM(rows));
}

Test(jwe_json_rules, a_member_in_two_headers_at_once_is_refused) {
  static const char *const members[] = {"\"x\":1", "\"kid\":\"k\"", "\"typ\":\"a\"", "\"jwk\":{}", "\"\":null"};
  for (size_t i = 0; i < NUM(members); i++) {
    static const struct {
      const char *header;
      const char *json;
      bool good;
    } rows[] = {
        {"{$MEMBERS,@}", FLAT REST, true},
        {"{$MEMBERS}", FLAT ",\"header\":{@}" REST, true},
        {"{$MEMBERS}", FLAT ",\"unprotected\":{@}" REST, true},
        {"{$MEMBERS,@}", FLAT ",\"header\":{@}" REST, false},
        {"{$MEMBERS,@}", FLAT ",\"unprotected\":{@}" REST, false},
        {"{$MEMBERS}", FLAT ",\"header\":{@},\"unprotected\":{@}" REST, false},
        {"{$MEMBERS}", FLAT ",\"header\":{\"a\":1, @ ,\"b\":2},\"unprotected\":{\"c\":3,\"d\":[], @ }" REST, false},
        {"{$MEMBERS,@}", LIST "[{" SENT ",\"header\":{@}}]" REST, false},
        {"{$MEMBERS}", LIST "[{" SENT ",\"header\":{@}}],\"unprotected\":{@}" REST, false},
        {"{$MEMBERS}", FLAT ",\"header\":{@,@}" REST, false},
    };
    for (size_t j = 0; j < NUM(rows); j++) {
      struct bulla_span end = bulla_span("", 1);
      struct bulla_span header = forge_replaced(test_text(rows[j].header), "@", test_text(members[i]));
      struct bulla_span json = forge_replaced(test_text(rows[j].json), "@", test_text(members[i]));
      judge(&(struct row){(const char *)test_concat(header, end).data, (const char *)test_concat(json, end).data,
                          rows[j].good},
            "");
    }
  }
  static const struct row rows[] = {
      {"{$MEMBERS}", FLAT ",\"header\":{\"alg\":\"A256KW\"}" REST, false},
      {"{$MEMBERS}", FLAT ",\"header\":{\"alg\":\"none\"}" REST, false},
      {"{$MEMBERS}", FLAT ",\"header\":{\"enc\":\"A256GCM\"}" REST, false},
      {"{$MEMBERS}", FLAT ",\"unprotected\":{\"alg\":\"A256KW\"}" REST, false},
      {"{$MEMBERS}", FLAT ",\"unprotected\":{\"enc\":\"A256GCM\"}" REST, false},
  };
  judge_all(rows, NUM(rows));
}

Test(jwe_json_rules, crit_zip_p2s_p2c_and_names_in_another_case_are_refused_in_each_header) {
  static const char *const members[] = {"\"crit\":[\"exp\"]", "\"zip\":\"DEF\"",    "\"p2s\":\"AAAAAAAAAAA\"",
                                        "\"p2c\":1",          "\"Alg\":\"A256KW\"", "\"ENC\":\"none\"",
                                        "\"Crit\":[]",        "\"\\u0078\":1",      "\"kid\":7",
                                        "\"typ\":[]",         "\"epk\":\"x\""};
  static const struct {
    const char *header;
    const char *json;
  } rows[] = {
      {"{$MEMBERS,@}", FLAT REST},
      {"{$MEMBERS}", FLAT ",\"header\":{@}" REST},
      {"{$MEMBERS}", FLAT ",\"unprotected\":{@}" REST},
      {"{$MEMBERS}", LIST "[{" SENT ",\"header\":{@}}]" REST},
      {"{$MEMBERS}", LIST "[{" SENT "}],\"unprotected\":{@}" REST},
  };
  for (size_t i = 0; i < NUM(members) * NUM(rows); i++) {
    struct bulla_span end = bulla_span("", 1);
    struct bulla_span member = test_text(members[i / NUM(rows)]);
    struct bulla_span header = forge_replaced(test_text(rows[i % NUM(rows)].header), "@", member);
    struct bulla_span json = forge_replaced(test_text(rows[i % NUM(rows)].json), "@", member);
    judge(&(struct row){(const char *)test_concat(header, end).data, (const char *)test_concat(json, end).data, false},
          "");
  }
}

Test(jwe_json_rules, recipients_beside_a_header_or_an_encrypted_key_at_the_top_are_refused) {
  static const struct row rows[] = {
      {"{$MEMBERS}", LIST "[{" SENT "}]," SENT REST, false},
      {"{$MEMBERS}", LIST "[{" SENT "}],\"encrypted_key\":\"\"" REST, false},
      {"{$MEMBERS}", LIST "[{" SENT "}],\"header\":{\"x\":1}" REST, false},
      {"{$MEMBERS}", LIST "[{" SENT "}],\"header\":{}" REST, false},
      {ENC, LIST "[" OWN "],\"header\":{\"alg\":\"A256KW\"}" REST, false},
      {"{$MEMBERS}", LIST "[]," SENT REST, false},
  };
  judge_all(rows, NUM(rows));
}

Test(jwe_json_rules, members_at_the_top_have_their_type_one_spelling_and_stand_once) {
  static const struct row rows[] = {
      {"{$MEMBERS}", "{\"protected\":[\"$PROTECTED\"]," SENT REST, false},
      {"{$MEMBERS}", "{\"protected\":{\"alg\":\"A256KW\",\"enc\":\"A256GCM\"}," SENT REST, false},
      {"{$MEMBERS}", "{\"protected\":null," SENT REST, false},
      {"{$MEMBERS}", "{" SENT REST, false},
      {"{$MEMBERS}", FLAT ",\"unprotected\":\"\"" REST, false},
      {"{$MEMBERS}", FLAT ",\"unprotected\":null" REST, false},
      {"{$MEMBERS}", FLAT ",\"header\":[]" REST, false},
      {"{$MEMBERS}", FLAT ",\"header\":null" REST, false},
      {"{$MEMBERS}", FLAT ",\"aad\":7" REST, false},
      {"{$MEMBERS}", FLAT ",\"aad\":null" REST, false},
      {"{$MEMBERS}", FLAT ",\"aad\":\"\"" REST, false},
      {"{$MEMBERS}", LIST "{" SENT "}" REST, false},
      {"{$MEMBERS}", LIST "null," SENT REST, false},
      {"{$MEMBERS}", LIST "[]" REST, false},
      {"{$MEMBERS}", LIST "[[{" SENT "}]]" REST, false},
      {"{$MEMBERS}", LIST "[\"$KEY\"]" REST, false},
      {"{$MEMBERS}", LIST "[{" SENT "},null]" REST, false},
      {"{$MEMBERS}", LIST "[{\"encrypted_key\":[\"$KEY\"]}]" REST, false},
      {"{$MEMBERS}", LIST "[{" SENT ",\"header\":\"\"}]" REST, false},
      {"{$MEMBERS}", LIST "[{\"Encrypted_key\":\"$KEY\"}]" REST, false},
      {"{$MEMBERS}", LIST "[{" SENT ",\"Header\":{}}]" REST, false},
      {"{$MEMBERS}", LIST "[{" SENT "," SENT "}]" REST, false},
      /* Twice. */
      {"{$MEMBERS}", FLAT "," SENT REST, false},
      {"{$MEMBERS}", FLAT ",\"protected\":\"$PROTECTED\"" REST, false},
      {"{$MEMBERS}", FLAT ",\"tag\":\"$TAG\"" REST, false},
      {"{$MEMBERS}", FLAT ",\"x\":1,\"x\":1" REST, false},
      {"{$MEMBERS}", LIST "[{" SENT "}],\"recipients\":[{" SENT "}]" REST, false},
      {"{$MEMBERS}", FLAT ",\"t\\u0061g\":\"$TAG\"" REST, false},
      /* Spelled in another way. */
      {"{$MEMBERS}", "{\"Protected\":\"$PROTECTED\"," SENT REST, false},
      {"{$MEMBERS}", FLAT ",\"AAD\":\"$PROTECTED\"" REST, false},
      {"{$MEMBERS}", FLAT ",\"Unprotected\":{}" REST, false},
      {"{$MEMBERS}",
       "{\"protected\":\"$PROTECTED\"," SENT ",\"\\u0069v\":\"$IV\",\"ciphertext\":\"$CIPHERTEXT\",\"tag\":\"$TAG\"}",
       false},
      /* Missing or empty. */
      {"{$MEMBERS}", FLAT ",\"ciphertext\":\"$CIPHERTEXT\",\"tag\":\"$TAG\"}", false},
      {"{$MEMBERS}", FLAT ",\"iv\":\"$IV\",\"tag\":\"$TAG\"}", false},
      {"{$MEMBERS}", FLAT ",\"iv\":\"$IV\",\"ciphertext\":\"$CIPHERTEXT\"}", false},
      {"{$MEMBERS}", FLAT ",\"iv\":\"\",\"ciphertext\":\"$CIPHERTEXT\",\"tag\":\"$TAG\"}", false},
      {"{$MEMBERS}", FLAT ",\"iv\":\"$IV\",\"ciphertext\":\"\",\"tag\":\"$TAG\"}", false},
      {"{$MEMBERS}", FLAT ",\"iv\":\"$IV\",\"ciphertext\":\"$CIPHERTEXT\",\"tag\":\"\"}", false},
      {"{$MEMBERS}", "{\"protected\":\"\"," SENT REST, false},
      {"{$MEMBERS}", "{\"protected\":\"$PROTECTED\",\"encrypted_key\":\"\"" REST, false},
      {"{$MEMBERS}", "{\"protected\":\"$PROTECTED\"" REST, false},
      {"{$MEMBERS}", "{}", false},
  };
  judge_all(rows, NUM(rows));
}

Test(jwe_json_rules, strings_of_base64url_are_strict_and_have_no_escapes) {
  static const char *const words[] = {"$PROTECTED", "$KEY", "$IV", "$CIPHERTEXT", "$TAG", "$AAD"};
  static const char *const by[] = {"=", "==", " ", "\\n", "\\u0041", "+", "/", "\\/", "\xc3\xa9", "."};
  const char *json = FLAT ",\"aad\":\"$AAD\"" REST;
  judge(&(struct row){"{$MEMBERS}", json, true}, "");
  for (size_t i = 0; i < NUM(words) * NUM(by); i++) {
    const char *word = words[i / NUM(by)];
    struct bulla_span end = bulla_span("", 1);
    struct bulla_span lax = test_concat(test_text(word), test_text(by[i % NUM(by)]));
    struct bulla_span text = forge_replaced(test_text(json), word, lax);
    judge(&(struct row){"{$MEMBERS}", (const char *)test_concat(text, end).data, false}, "");
    lax = test_concat(test_text(by[i % NUM(by)]), test_text(word));
    text = forge_replaced(test_text(json), word, lax);
    judge(&(struct row){"{$MEMBERS}", (const char *)test_concat(text, end).data, false}, "");
  }
}

Test(jwe_json_rules, what_is_no_strict_json_is_refused) {
  static const struct row rows[] = {
      {"{$MEMBERS}", " " FLAT REST, false},
      {"{$MEMBERS}", "[" FLAT REST "]", false},
      {"{$MEMBERS}", FLAT REST "{}", false},
      {"{$MEMBERS}", FLAT REST "}", false},
      {"{$MEMBERS}", FLAT ",,\"x\":1" REST, false},
      {"{$MEMBERS}", FLAT ",\"x\":\"\\ud800\"" REST, false},
      {"{$MEMBERS}", FLAT ",\"x\":01" REST, false},
      {"{$MEMBERS}", FLAT ",\"x\":\"\xff\"" REST, false},
      {"{$MEMBERS}", FLAT ",\"x\":NaN" REST, false},
      {"{$MEMBERS}", "\xef\xbb\xbf" FLAT REST, false},
      {"{$MEMBERS}", FLAT ",\"iv\":\"$IV\",\"ciphertext\":\"$CIPHERTEXT\",\"tag\":\"$TAG\"", false},
  };
  judge_all(rows, NUM(rows));
}

/* A general JWE with |num| recipients, each |other|, but that number |own| is the key's; none if it is |num|. */
static bool opens_among(const char *other, size_t num, size_t own, const char *members) {
  struct forgery forgery = forgery_of_rows;
  forgery.header = ENC;
  forgery.plaintext = plaintext();
  struct forged parts = forge(&forgery);
  struct bulla_span list = test_text("");
  for (size_t i = 0; i < num; i++) {
    list = test_concat(test_concat(list, test_text(i == 0 ? "" : ",")), test_text(i == own ? OWN : other));
  }
  struct bulla_span json = forge_replaced(test_text(LIST "[@]" REST), "@", list);
  struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, members);
  bool opens =
      forge_opens(key, forge_json(&parts, (const char *)test_concat(json, bulla_span("", 1)).data), plaintext());
  bulla_jwe_key_free(&key);
  return opens;
}

Test(jwe_json_rules, exactly_one_recipient_is_for_the_key_and_there_are_at_most_64) {
  const char *other = "{\"header\":{\"alg\":\"A128KW\"},\"encrypted_key\":\"AAAA\"}";
  for (size_t num = 1; num <= 66; num++) {
    cr_expect_eq(opens_among(other, num, 0, ""), num <= BULLA_JWE_MAX_RECIPIENTS, "first of %zu", num);
    cr_expect_eq(opens_among(other, num, num - 1, ""), num <= BULLA_JWE_MAX_RECIPIENTS, "last of %zu", num);
    cr_expect_not(opens_among(other, num, num, ""), "none of %zu", num);
  }
  cr_expect_not(opens_among(OWN, 2, 2, ""), "two");
  cr_expect_not(opens_among("{\"header\":{\"alg\":\"A256KW\"},\"encrypted_key\":\"AAAA\"}", 2, 0, ""),
                "two of one alg");
  cr_expect_not(opens_among("{\"header\":{\"alg\":\"A256KW\",\"kid\":\"b\"},\"encrypted_key\":\"AAAA\"}", 2, 0, ""),
                "a key without kid is for both");
  cr_expect_not(opens_among("{\"header\":{\"crit\":[]}}", 2, 0, ""), "another recipient that breaks a rule");
  cr_expect_not(opens_among("{\"header\":{\"alg\":\"A128KW\",\"enc\":\"A256GCM\"}}", 2, 0, ""), "another's enc");
  cr_expect_not(opens_among("7", 2, 0, ""), "another that is none");
  cr_expect(opens_among("{\"header\":{\"alg\":\"RSA1_5\"},\"encrypted_key\":\"AA\"}", 3, 1, ""),
            "what is not for bulla");
}

Test(jwe_json_rules, a_key_that_is_not_sent_is_for_one_recipient_alone) {
  static const struct forgery forgeries[] = {
      {.kind = {.alg = BULLA_JWE_DIR}, .enc = BULLA_JWE_A256GCM},
      {.kind = {.alg = BULLA_JWE_ECDH_ES, .curve = BULLA_CURVE_X25519}, .enc = BULLA_JWE_A256GCM},
  };
  for (size_t i = 0; i < NUM(forgeries); i++) {
    struct forgery forgery = forgeries[i];
    forgery.plaintext = plaintext();
    struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
    forgery.header = "{\"enc\":\"$ENC\"$ADDED}";
    struct forged parts = forge(&forgery);
    struct bulla_span own = test_text(i == 0 ? "{\"header\":{\"alg\":\"dir\"}}" : "{\"header\":{\"alg\":\"ECDH-ES\"}}");
    for (size_t num = 1; num <= 3; num++) {
      struct bulla_span list = own;
      for (size_t j = 1; j < num; j++) {
        list = test_concat(test_concat(list, test_text(",")), test_text(OWN));
      }
      struct bulla_span json = forge_replaced(test_text(LIST "[@]" REST), "@", list);
      struct bulla_span jwe = forge_json(&parts, (const char *)test_concat(json, bulla_span("", 1)).data);
      cr_expect_eq(forge_opens(key, jwe, plaintext()), num == 1, "%zu, %zu recipients", i, num);
    }
    bulla_jwe_key_free(&key);
  }
}

Test(jwe_json_rules, a_recipient_is_found_by_alg_and_kid_and_none_is_tried) {
#define KW(kid) "{\"header\":{\"alg\":\"A256KW\",\"kid\":\"" kid "\"},\"encrypted_key\":\"$KEY\"}"
#define BAD(kid) "{\"header\":{\"alg\":\"A256KW\",\"kid\":\"" kid "\"},\"encrypted_key\":\"AAAA\"}"
  static const struct row rows[] = {
      {ENC, LIST "[" BAD("a") "," KW("k") "," BAD("b") "]" REST, true},
      {ENC, LIST "[" KW("a") "," BAD("k") "," KW("b") "]" REST, false},
      {ENC, LIST "[" KW("a") "," KW("b") "]" REST, false},
      {ENC, LIST "[" KW("k") "," KW("k") "]" REST, false},
      {ENC, LIST "[" KW("k") "," BAD("k") "]" REST, false},
      {ENC, LIST "[" BAD("k") "," KW("k") "]" REST, false},
      {ENC, LIST "[" KW("K") "]" REST, false},
      {ENC, LIST "[" OWN "]" REST, false},
      {"{\"enc\":\"$ENC\",\"kid\":\"k\"}", LIST "[" OWN "]" REST, true},
      {ENC, LIST "[" OWN "],\"unprotected\":{\"kid\":\"k\"}" REST, true},
      {ENC, LIST "[{\"header\":{\"alg\":\"A256GCMKW\",\"kid\":\"k\"}," SENT "}]" REST, false},
      {ENC, LIST "[{\"header\":{\"alg\":\"A256GCMKW\",\"kid\":\"k\"}," SENT "}," KW("k") "]" REST, true},
  };
  for (size_t i = 0; i < NUM(rows); i++) {
    judge(&rows[i], ",\"kid\":\"k\"");
  }
}

Test(jwe_json_rules, each_header_has_at_most_4096_bytes_and_32_members) {
  static const char *const places[] = {FLAT ",\"header\":{@}" REST, FLAT ",\"unprotected\":{@}" REST,
                                       LIST "[{" SENT ",\"header\":{@}}]" REST};
  for (size_t i = 0; i < NUM(places); i++) {
    struct bulla_span end = bulla_span("", 1);
    for (size_t len = 4094; len <= 4098; len++) {
      struct bulla_span member = test_concat(test_text("\"x\":\""), test_filled('a', len - strlen("{\"x\":\"\"}")));
      struct bulla_span json = forge_replaced(test_text(places[i]), "@", test_concat(member, test_text("\"")));
      judge(&(struct row){"{$MEMBERS}", (const char *)test_concat(json, end).data, len <= 4096}, "");
    }
    char members[500] = "\"0\":0";
    for (size_t num = 2; num <= 34; num++) {
      size_t len = strlen(members);
      snprintf(members + len, sizeof(members) - len, ",\"%zu\":0", num);
      struct bulla_span json = forge_replaced(test_text(places[i]), "@", test_text(members));
      judge(&(struct row){"{$MEMBERS}", (const char *)test_concat(json, end).data, num <= 32}, "");
    }
  }
}

Test(jwe_json_rules, aad_is_authenticated_and_so_is_that_there_is_none) {
  struct forgery forgery = forgery_of_rows;
  forgery.plaintext = plaintext();
  struct forged without = forge(&forgery);
  forgery.aad = test_text("additional");
  struct forged with = forge(&forgery);
  struct bulla_jwe_key *key = forge_key(forgery.kind, forgery.enc, "");
  const char *json = FLAT ",\"aad\":\"$AAD\"" REST;
  cr_expect(forge_opens(key, forge_json(&with, json), plaintext()));
  cr_expect(forge_opens(key, forge_json(&without, FLAT REST), plaintext()));
  cr_expect_not(forge_opens(key, forge_json(&with, FLAT REST), plaintext()), "taken away");
  without.aad = with.aad;
  cr_expect_not(forge_opens(key, forge_json(&without, json), plaintext()), "added");
  with.aad = test_text("Additional");
  cr_expect_not(forge_opens(key, forge_json(&with, json), plaintext()), "another");
  /* The compact form has none, whatever the header's digits end with: RFC 7516 §5.1 step 14. */
  with.aad = test_text("additional");
  with.header = test_concat(test_concat(with.header, test_text(".")), test_base64url(with.aad));
  cr_expect_not(forge_opens(key, forge_compact(&with), plaintext()), "as a part of a compact form");
  bulla_jwe_key_free(&key);
}

Test(jwe_json_rules, each_kind_is_decrypted_in_each_form_with_what_it_adds_in_either_header) {
  static const struct {
    const char *header;
    const char *json;
  } rows[] = {
      {"{$MEMBERS}", FLAT REST},
      {"{$MEMBERS}", LIST "[{" SENT "}]" REST},
      {ENC, FLAT ",\"header\":{\"alg\":\"@\"$ADDED}" REST},
      {ENC, LIST "[{\"header\":{\"alg\":\"@\"$ADDED}," SENT "}]" REST},
      {"{$MEMBERS}", FLAT ",\"aad\":\"$AAD\"" REST},
  };
  for (size_t i = 0; i < forge_num_kinds; i++) {
    for (enum bulla_jwe_enc enc = BULLA_JWE_A256GCM; enc <= BULLA_JWE_A128CBC_HS256; enc++) {
      struct forgery forgery = {.kind = forge_kinds[i], .enc = enc, .plaintext = plaintext()};
      struct bulla_jwe_key *key = forge_key(forgery.kind, enc, "");
      for (size_t j = 0; j < NUM(rows); j++) {
        forgery.header = rows[j].header;
        forgery.aad = strstr(rows[j].json, "$AAD") != NULL ? test_text("aad") : bulla_span(NULL, 0);
        struct forged parts = forge(&forgery);
        struct bulla_span alg = test_text(bulla_jwe_alg_name(forgery.kind.alg));
        struct bulla_span json = forge_replaced(test_text(rows[j].json), "@", alg);
        json = forge_json(&parts, (const char *)test_concat(json, bulla_span("", 1)).data);
        cr_assert(forge_opens(key, json, plaintext()), "%s, %s", forge_name(&forgery), rows[j].json);
      }
      bulla_jwe_key_free(&key);
    }
  }
}

/* Who cannot tell which recipient it is would not decrypt what was made for it. */
Test(jwe_json_rules, what_is_encrypted_for_several_is_decrypted_by_each_or_not_written) {
  static const struct {
    enum bulla_jwe_alg algs[2];
    const char *members[2];
    bool good;
  } rows[] = {
      {{BULLA_JWE_A128KW, BULLA_JWE_A256KW}, {"", ""}, true},
      {{BULLA_JWE_A256KW, BULLA_JWE_A256GCMKW}, {",\"kid\":\"k\"", ",\"kid\":\"k\""}, true},
      {{BULLA_JWE_A256KW, BULLA_JWE_A256KW}, {",\"kid\":\"k\"", ",\"kid\":\"l\""}, true},
      {{BULLA_JWE_A256KW, BULLA_JWE_A256KW}, {",\"kid\":\"k\"", ",\"kid\":\"k\""}, false},
      {{BULLA_JWE_A256KW, BULLA_JWE_A256KW}, {",\"kid\":\"k\"", ""}, false},
      {{BULLA_JWE_A256KW, BULLA_JWE_A256KW}, {"", ",\"kid\":\"k\""}, false},
      {{BULLA_JWE_A256KW, BULLA_JWE_A256KW}, {"", ""}, false},
      {{BULLA_JWE_RSA_OAEP, BULLA_JWE_RSA_OAEP}, {"", ""}, false},
  };
  for (size_t i = 0; i < NUM(rows); i++) {
    struct bulla_jwe_key *keys[2];
    for (size_t j = 0; j < 2; j++) {
      keys[j] = forge_key((struct forge_kind){.alg = rows[i].algs[j]}, BULLA_JWE_A256GCM, rows[i].members[j]);
    }
    struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
    options.form = BULLA_JWE_GENERAL;
    struct bulla_buffer jwe = test_room(bulla_jwe_len_for(keys, 2, plaintext().len, &options));
    enum bulla_status status = bulla_jwe_encrypt_for(keys, 2, &jwe, plaintext(), &options);
    cr_expect_eq(status, rows[i].good ? BULLA_OK : BULLA_INVALID_ARGUMENT, "row %zu: %s", i, bulla_status_text(status));
    for (size_t j = 0; j < 2; j++) {
      cr_expect(!rows[i].good || forge_opens(keys[j], bulla_written(&jwe), plaintext()), "row %zu, key %zu", i, j);
      bulla_jwe_key_free(&keys[j]);
    }
  }
}

Test(jwe_json_rules, a_header_that_would_have_more_than_32_members_is_not_written) {
  static const struct forge_kind kinds[] = {
      {.alg = BULLA_JWE_DIR}, {.alg = BULLA_JWE_A256GCMKW}, {BULLA_JWE_ECDH_ES, BULLA_CURVE_X25519}};
  for (size_t i = 0; i < NUM(kinds); i++) {
    struct bulla_jwe_key *key = forge_key(kinds[i], BULLA_JWE_A256GCM, ",\"kid\":\"k\"");
    char members[600] = "{\"0\":0";
    for (size_t num = 2; num <= 34; num++) {
      size_t len = strlen(members);
      snprintf(members + len, sizeof(members) - len, ",\"%zu\":0", num);
      struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
      options.header = test_concat(test_text(members), test_text("}"));
      struct bulla_buffer jwe = test_room(bulla_jwe_len_for(&key, 1, plaintext().len, &options));
      enum bulla_status status = bulla_jwe_encrypt_for(&key, 1, &jwe, plaintext(), &options);
      cr_assert(status == BULLA_OK || status == BULLA_INVALID_ARGUMENT, "%zu members", num);
      cr_assert(num > 20 || status == BULLA_OK, "%zu members", num);
      cr_assert(status != BULLA_OK || forge_opens(key, bulla_written(&jwe), plaintext()), "%zu members", num);
    }
    bulla_jwe_key_free(&key);
  }
}
