/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/signed_actor.h: the statements of actors and grants have one form each, and are signed by the vault. */

#include "store/signed_actor.h"

#include "tests/keyring_support.h"
#include "tests/vectors.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* A statement of either kind. */
struct statement {
  bool is_grant;
  struct bulla_actor_statement actor;
  struct bulla_grant_statement grant;
};

static enum bulla_status write_it(struct bulla_buffer *bytes, const struct statement *said) {
  return said->is_grant ? bulla_grant_statement_write(bytes, &said->grant)
                        : bulla_actor_statement_write(bytes, &said->actor);
}

static enum bulla_status read_it(struct statement *said, struct bulla_span bytes) {
  return said->is_grant ? bulla_grant_statement_read(&said->grant, bytes)
                        : bulla_actor_statement_read(&said->actor, bytes);
}

static struct bulla_span written(const struct statement *said) {
  struct bulla_buffer bytes = test_room(BULLA_STATEMENT_MAX);
  TEST_OK(write_it(&bytes, said));
  return bulla_written(&bytes);
}

/* Whether |said| is read as written; what is read must be written as it was. */
static bool is_read(const struct statement *said) {
  struct statement read = {.is_grant = said->is_grant};
  struct bulla_span bytes = written(said);
  enum bulla_status status = read_it(&read, test_guarded(bytes));
  cr_assert(status == BULLA_OK || status == BULLA_REFUSED, "%s", bulla_status_text(status));
  if (status == BULLA_OK) {
    TEST_SPAN(written(&read), bytes, "what was read is what was written");
  }
  return status == BULLA_OK;
}

static struct statement actor_of(bool revoked) {
  return (struct statement){
      .actor = {.uuid = test_id(1),
                .id = test_id(2),
                .number = 3,
                .name = BULLA_LITERAL("worker"),
                .revoked = revoked,
                .created = 1700000000,
                .generation = 9,
                .signing_public = test_filled(4, BULLA_SIGNATURE_PUBLIC_LEN),
                .box_public = test_filled(5, BULLA_BOX_PUBLIC_LEN),
                .first_lane = test_filled(6, BULLA_SHA256_LEN),
                .common_box = test_filled(7, revoked ? 0 : BULLA_ACTOR_BOX_LEN)},
  };
}

static struct statement grant_of(bool all, bool ended) {
  return (struct statement){
      .is_grant = true,
      .grant = {.uuid = test_id(1),
                .id = test_id(3),
                .actor_id = test_id(2),
                .tenant_id = all ? bulla_span(NULL, 0) : test_id(4),
                .role = BULLA_ROLE_USE,
                .epoch = 5,
                .created = 1700000001,
                .generation = 11,
                .ended = ended ? 10 : 0,
                .box = test_filled(8, ended ? 0 : BULLA_ACTOR_BOX_LEN)},
  };
}

static struct statement good[6];

static void make_good(void) {
  good[0] = actor_of(false);
  good[1] = actor_of(true);
  good[2] = grant_of(false, false);
  good[3] = grant_of(true, false);
  good[4] = grant_of(false, true);
  good[5] = grant_of(true, true);
}

TestSuite(signed_actor, .init = make_good);

Test(signed_actor, what_was_written_is_read) {
  for (size_t i = 0; i < N(good); i++) {
    cr_expect(is_read(&good[i]), "row %zu", i);
  }
}

Test(signed_actor, what_is_cut_or_longer_is_refused) {
  for (size_t i = 0; i < N(good); i++) {
    struct bulla_span bytes = written(&good[i]);
    struct statement read = {.is_grant = good[i].is_grant};
    for (size_t len = 0; len < bytes.len; len++) {
      TEST_ROW(read_it(&read, test_guarded(bulla_span(bytes.data, len))), BULLA_REFUSED, i);
    }
    for (size_t more = 1; more < 14; more++) {
      TEST_ROW(read_it(&read, test_concat(bytes, test_filled(0, more))), BULLA_REFUSED, i);
    }
    TEST_ROW(read_it(&read, test_concat(bytes, bytes)), BULLA_REFUSED, i);
    TEST_ROW(read_it(&read, test_concat(bytes, test_filled(0, BULLA_STATEMENT_MAX))), BULLA_REFUSED, i);
  }
}

/* Every byte counts: another one makes another statement, in its one form, or none. */
Test(signed_actor, a_changed_bit_is_refused_or_says_something_else) {
  for (size_t i = 0; i < N(good); i++) {
    static uint8_t again[BULLA_STATEMENT_MAX];
    struct bulla_span bytes = written(&good[i]);
    size_t num_refused = 0;
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
      struct statement read = {.is_grant = good[i].is_grant};
      uint8_t *byte = (uint8_t *)(uintptr_t)bytes.data + bit / 8;
      *byte ^= (uint8_t)(1U << bit % 8);
      enum bulla_status status = read_it(&read, bytes);
      cr_assert(status == BULLA_OK || status == BULLA_REFUSED, "row %zu", i);
      num_refused += status == BULLA_REFUSED;
      if (status == BULLA_OK) {
        struct bulla_buffer room = bulla_buffer(again, sizeof(again));
        TEST_OK(write_it(&room, &read));
        TEST_SPAN(bulla_written(&room), bytes, "row %zu, bit %zu: it has another form", i, bit);
      }
      *byte ^= (uint8_t)(1U << bit % 8);
    }
    cr_expect_gt(num_refused, 8 * strlen("bulla/v2/actor"), "row %zu", i);
  }
}

/* Replaces the one place where |bytes| have |from|. */
static struct bulla_span with(struct bulla_span bytes, struct bulla_span from, struct bulla_span to) {
  const uint8_t *at = memmem(bytes.data, bytes.len, from.data, from.len);
  cr_assert_not_null(at);
  size_t before = (size_t)(at - bytes.data);
  return test_concat(test_concat(bulla_span(bytes.data, before), to),
                     bulla_span(at + from.len, bytes.len - before - from.len));
}

Test(signed_actor, words_are_those_of_the_format) {
  struct statement *actor = &good[0];
  struct statement *revoked = &good[1];
  struct statement *grant = &good[2];
  const struct {
    const struct statement *said;
    struct bulla_span from;
    struct bulla_span to;
    bool good;
  } rows[] = {
      {actor, BULLA_LITERAL("\6active"), BULLA_LITERAL("\6active"), true},
      {actor, BULLA_LITERAL("\6active"), BULLA_LITERAL("\6Active"), false},
      {actor, BULLA_LITERAL("\6active"), BULLA_LITERAL("\6activ "), false},
      {actor, BULLA_LITERAL("\6active"), BULLA_LITERAL("\0"), false},
      {actor, BULLA_LITERAL("\6active"), BULLA_LITERAL("\4live"), false},
      {actor, BULLA_LITERAL("\6active"), BULLA_LITERAL("\7revoked"), false},   /* it has a box */
      {revoked, BULLA_LITERAL("\7revoked"), BULLA_LITERAL("\6active"), false}, /* it has none */
      {revoked, BULLA_LITERAL("\7revoked"), BULLA_LITERAL("\7REVOKED"), false},
      {actor, BULLA_LITERAL("bulla/v2/actor"), BULLA_LITERAL("bulla/v1/actor"), false},
      {actor, BULLA_LITERAL("bulla/v2/actor"), BULLA_LITERAL("Bulla/v2/actor"), false},
      {actor, BULLA_LITERAL("bulla/v2/actor"), BULLA_LITERAL("bulla/v2/grant"), false},
      {grant, BULLA_LITERAL("bulla/v2/grant"), BULLA_LITERAL("bulla/v2/actor"), false},
      {grant, BULLA_LITERAL("bulla/v2/grant"), BULLA_LITERAL("bulla/v2/Grant"), false},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\3use"), true},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\3put"), true},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\4show"), true},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\6verify"), true},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\5audit"), true},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\3Use"), false},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\4uses"), false},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\2us"), false},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\4root"), false},
      {grant, BULLA_LITERAL("\3use"), BULLA_LITERAL("\0"), false},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct statement read = {.is_grant = rows[i].said->is_grant};
    TEST_ROW(read_it(&read, with(written(rows[i].said), rows[i].from, rows[i].to)),
             rows[i].good ? BULLA_OK : BULLA_REFUSED, i);
  }
  static const char *const names[BULLA_NUM_ROLES] = {"put", "show", "use", "verify", "audit"};
  for (int role = 0; role < BULLA_NUM_ROLES; role++) {
    TEST_SPAN(bulla_role_name((enum bulla_role)role), test_text(names[role]), "role %d", role);
    good[2].grant.role = (enum bulla_role)role;
    cr_expect(is_read(&good[2]), "role %d", role);
  }
}

Test(signed_actor, numbers_are_in_their_range) {
  struct statement actor = actor_of(false);
  struct statement grant = grant_of(false, false);
  struct statement ended = grant_of(false, true);
  const int64_t largest = INT64_MAX - 1;
  const struct {
    const struct statement *said;
    int64_t *number;
    int64_t least;
    int64_t most;
  } rows[] = {
      {&actor, &actor.actor.number, 1, (INT64_C(1) << 57) - 2},
      {&actor, &actor.actor.created, 0, largest},
      {&actor, &actor.actor.generation, 0, largest},
      {&grant, &grant.grant.epoch, 0, largest},
      {&grant, &grant.grant.created, 0, largest},
      {&grant, &grant.grant.generation, 0, largest},
      {&ended, &ended.grant.generation, 10, largest}, /* not before it ended */
      {&ended, &ended.grant.ended, 1, 11},
  };
  for (size_t i = 0; i < N(rows); i++) {
    int64_t before = *rows[i].number;
    const struct {
      int64_t number;
      bool good;
    } tries[] = {
        {rows[i].least, true}, {rows[i].most, true}, {rows[i].least - 1, false}, {rows[i].most + 1, false},
        {-1, false},           {INT64_MAX, false},   {INT64_MIN, false},
    };
    for (size_t j = 0; j < N(tries); j++) {
      *rows[i].number = tries[j].number;
      cr_expect_eq(is_read(rows[i].said), tries[j].good, "row %zu: %ld", i, (long)tries[j].number);
    }
    *rows[i].number = before;
    cr_expect(is_read(rows[i].said), "row %zu", i);
  }
  /* All lanes of the last actor have numbers that a statement can have. */
  cr_expect_leq(BULLA_ACTOR_NUMBER_MAX, (largest - (BULLA_ACTOR_LANES - 1)) / BULLA_ACTOR_LANES);
}

/* A number that is not of 8 bytes is none, whatever it would be. */
Test(signed_actor, numbers_have_eight_bytes) {
  for (size_t i = 0; i < N(good); i++) {
    struct bulla_span bytes = written(&good[i]);
    struct bulla_span number =
        good[i].is_grant ? BULLA_LITERAL("\0\0\0\10\0\0\0\0\0\0\0\5") : BULLA_LITERAL("\0\0\0\10\0\0\0\0\0\0\0\3");
    struct statement read = {.is_grant = good[i].is_grant};
    TEST_ROW(read_it(&read, with(bytes, number, number)), BULLA_OK, i);
    TEST_ROW(read_it(&read, with(bytes, number, BULLA_LITERAL("\0\0\0\1\3"))), BULLA_REFUSED, i);
    TEST_ROW(read_it(&read, with(bytes, number, BULLA_LITERAL("\0\0\0\11\0\0\0\0\0\0\0\0\3"))), BULLA_REFUSED, i);
    TEST_ROW(read_it(&read, with(bytes, number, BULLA_LITERAL("\0\0\0\0"))), BULLA_REFUSED, i);
  }
}

/* Every part of a fixed length: empty, a byte shorter, a byte longer. */
Test(signed_actor, parts_have_their_lengths) {
  struct statement actor = actor_of(false);
  struct statement grant = grant_of(false, false);
  const struct {
    const struct statement *said;
    struct bulla_span *part;
  } rows[] = {
      {&actor, &actor.actor.uuid},       {&actor, &actor.actor.id},         {&actor, &actor.actor.signing_public},
      {&actor, &actor.actor.box_public}, {&actor, &actor.actor.first_lane}, {&actor, &actor.actor.common_box},
      {&grant, &grant.grant.uuid},       {&grant, &grant.grant.id},         {&grant, &grant.grant.actor_id},
      {&grant, &grant.grant.tenant_id},  {&grant, &grant.grant.box},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_span before = *rows[i].part;
    const size_t lens[] = {before.len - 1, before.len + 1, 0, 2 * before.len};
    for (size_t j = 0; j < N(lens); j++) {
      bool is_all = rows[i].part == &grant.grant.tenant_id && lens[j] == 0;
      *rows[i].part = test_filled(9, lens[j]);
      cr_expect_eq(is_read(rows[i].said), is_all, "row %zu: %zu bytes", i, lens[j]);
    }
    *rows[i].part = before;
    cr_expect(is_read(rows[i].said), "row %zu", i);
  }
}

Test(signed_actor, whoever_is_to_have_nothing_has_no_box) {
  const struct {
    bool is_over;
    size_t box_len;
    bool good;
  } rows[] = {{false, 80, true}, {true, 0, true},  {false, 0, false},
              {true, 80, false}, {true, 1, false}, {true, 79, false}};
  for (size_t i = 0; i < N(rows); i++) {
    struct statement actor = actor_of(rows[i].is_over);
    struct statement grant = grant_of(false, rows[i].is_over);
    actor.actor.common_box = test_filled(7, rows[i].box_len);
    grant.grant.box = test_filled(7, rows[i].box_len);
    cr_expect_eq(is_read(&actor), rows[i].good, "row %zu", i);
    cr_expect_eq(is_read(&grant), rows[i].good, "row %zu", i);
  }
}

Test(signed_actor, names_are_names) {
  const struct {
    struct bulla_span name;
    bool good;
  } rows[] = {
      {BULLA_LITERAL("a"), true},     {test_filled('n', BULLA_NAME_MAX), true},
      {BULLA_LITERAL(""), false},     {test_filled('n', BULLA_NAME_MAX + 1), false},
      {BULLA_LITERAL(".a"), false},   {BULLA_LITERAL("-a"), false},
      {BULLA_LITERAL("a b"), false},  {BULLA_LITERAL("a\0b"), false},
      {BULLA_LITERAL("a/b"), false},  {BULLA_LITERAL("\xc3\xa4"), false},
      {BULLA_LITERAL("A.b-c"), true},
  };
  for (size_t i = 0; i < N(rows); i++) {
    for (int revoked = 0; revoked < 2; revoked++) {
      struct statement said = actor_of(revoked == 1);
      said.actor.name = rows[i].name;
      cr_expect_eq(is_read(&said), rows[i].good, "row %zu", i);
    }
  }
}

Test(signed_actor, what_does_not_fit_is_not_written) {
  for (size_t i = 0; i < N(good); i++) {
    size_t len = written(&good[i]).len;
    for (size_t less = 0; less < 2; less++) {
      struct bulla_buffer room = test_room(len - less);
      TEST_ROW(write_it(&room, &good[i]), less == 0 ? BULLA_OK : BULLA_TOO_LARGE, i);
      cr_expect_eq(room.len, less == 0 ? len : 0);
    }
  }
}

static struct bulla_span signature_of(const struct bulla_signed *made) {
  return bulla_span(made->signature, sizeof(made->signature));
}

Test(signed_actor, a_statement_is_the_vaults_own_and_of_its_kind) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2); /* with the same signing key */
  struct bulla_keyring other = test_keyring(1, 3);
  struct bulla_signed actor;
  struct bulla_signed grant;
  struct bulla_actor_statement actor_said;
  struct bulla_grant_statement grant_said;
  TEST_OK(bulla_sign_actor(&actor, &keyring, &good[0].actor));
  TEST_OK(bulla_sign_grant(&grant, &keyring, &good[2].grant));
  struct bulla_span actor_bytes = bulla_written(&actor.statement);
  struct bulla_span grant_bytes = bulla_written(&grant.statement);
  uint8_t digest[BULLA_SHA256_LEN];
  TEST_OK(bulla_sha256(digest, grant_bytes));
  TEST_SPAN(bulla_span(grant.digest, sizeof(digest)), bulla_span(digest, sizeof(digest)), "digest");
  TEST_OK(bulla_check_actor(&actor_said, &keyring, actor_bytes, signature_of(&actor)));
  TEST_SPAN(actor_said.name, good[0].actor.name, "name");
  TEST_OK(bulla_check_grant(&grant_said, &keyring, grant_bytes, signature_of(&grant)));
  TEST_SPAN(grant_said.id, good[2].grant.id, "id");
  const struct {
    const struct bulla_keyring *keyring;
    struct bulla_span actor;
    struct bulla_span actor_signature;
    struct bulla_span grant;
    struct bulla_span grant_signature;
  } rows[] = {
      {&elsewhere, actor_bytes, signature_of(&actor), grant_bytes, signature_of(&grant)},
      {&other, actor_bytes, signature_of(&actor), grant_bytes, signature_of(&grant)},
      {&keyring, grant_bytes, signature_of(&grant), actor_bytes, signature_of(&actor)},
      {&keyring, actor_bytes, signature_of(&grant), grant_bytes, signature_of(&actor)},
      {&keyring, test_flipped(actor_bytes, 8 * actor_bytes.len - 1), signature_of(&actor),
       test_flipped(grant_bytes, 8 * grant_bytes.len - 1), signature_of(&grant)},
      {&keyring, actor_bytes, test_flipped(signature_of(&actor), 9), grant_bytes,
       test_flipped(signature_of(&grant), 9)},
      {&keyring, actor_bytes, bulla_span(actor.signature, 63), grant_bytes, bulla_span(grant.signature, 63)},
      {&keyring, actor_bytes, bulla_span(NULL, 0), grant_bytes, bulla_span(NULL, 0)},
  };
  for (size_t i = 0; i < N(rows); i++) {
    TEST_ROW(bulla_check_actor(&actor_said, rows[i].keyring, rows[i].actor, rows[i].actor_signature), BULLA_REFUSED, i);
    TEST_ROW(bulla_check_grant(&grant_said, rows[i].keyring, rows[i].grant, rows[i].grant_signature), BULLA_REFUSED, i);
  }
  bulla_keyring_free(&other);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

/* The keys of the vault of the document that are needed here. */
static struct bulla_keyring document_keyring(void) {
  struct bulla_keyring keyring = {.signing_seed = test_secret(vector_bytes("signing-key.seed"))};
  memcpy(keyring.uuid, vector_bytes("vault.uuid").data, sizeof(keyring.uuid));
  TEST_OK(bulla_signature_public(keyring.signing_public, keyring.signing_seed));
  return keyring;
}

static void is_signed(const struct bulla_signed *made, const char *name) {
  TEST_SPAN(bulla_written(&made->statement), vector_bytes(vector_of(name, "statement")), "statement of %s", name);
  TEST_SPAN(signature_of(made), vector_bytes(vector_of(name, "signature")), "signature of %s", name);
}

Test(signed_actor, actors_are_those_of_the_document) {
  struct bulla_keyring keyring = document_keyring();
  static const char *const names[] = {"actor", "actor-revoked"};
  for (size_t i = 0; i < N(names); i++) {
    struct bulla_signed made;
    struct bulla_actor_statement said;
    TEST_OK(bulla_check_actor(&said, &keyring, vector_bytes(vector_of(names[i], "statement")),
                              vector_bytes(vector_of(names[i], "signature"))));
    TEST_SPAN(said.uuid, vector_bytes("vault.uuid"), "uuid");
    TEST_SPAN(said.id, vector_bytes("actor.id"), "id");
    cr_expect_eq(said.number, vector_number("actor.number"));
    TEST_SPAN(said.name, vector_text("actor.name"), "name");
    cr_expect_eq(said.revoked, i == 1);
    cr_expect_eq(said.created, vector_number("actor.created"));
    cr_expect_eq(said.generation, vector_number(vector_of(names[i], "generation")));
    TEST_SPAN(said.signing_public, vector_bytes("actor.signing-public"), "signing public");
    TEST_SPAN(said.box_public, vector_bytes("actor.box-public"), "box public");
    TEST_SPAN(said.first_lane, vector_bytes("actor.first-lane"), "first lane");
    TEST_SPAN(said.common_box, i == 1 ? bulla_span(NULL, 0) : vector_bytes("actor.common-box"), "common box");
    TEST_OK(bulla_sign_actor(&made, &keyring, &said));
    is_signed(&made, names[i]);
  }
  bulla_keyring_free(&keyring);
}

Test(signed_actor, grants_are_those_of_the_document) {
  struct bulla_keyring keyring = document_keyring();
  const struct {
    const char *name;
    const char *begun;
    struct bulla_span tenant;
    enum bulla_role role;
    int64_t ended;
  } rows[] = {
      {"grant", "grant", vector_bytes("tenant.id"), BULLA_ROLE_USE, 0},
      {"grant-all", "grant-all", bulla_span(NULL, 0), BULLA_ROLE_AUDIT, 0},
      {"grant-put", "grant-put", vector_bytes("tenant.id"), BULLA_ROLE_PUT, 0},
      {"grant-ended", "grant", vector_bytes("tenant.id"), BULLA_ROLE_USE, vector_number("grant-ended.ended")},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_signed made;
    struct bulla_grant_statement said;
    TEST_OK(bulla_check_grant(&said, &keyring, vector_bytes(vector_of(rows[i].name, "statement")),
                              vector_bytes(vector_of(rows[i].name, "signature"))));
    TEST_SPAN(said.uuid, vector_bytes("vault.uuid"), "uuid");
    TEST_SPAN(said.id, vector_bytes(vector_of(rows[i].begun, "id")), "id");
    TEST_SPAN(said.actor_id, vector_bytes("actor.id"), "actor");
    TEST_SPAN(said.tenant_id, rows[i].tenant, "tenant");
    cr_expect_eq(said.role, rows[i].role);
    cr_expect_eq(said.epoch, vector_number(vector_of(rows[i].begun, "epoch")));
    cr_expect_eq(said.created, vector_number(vector_of(rows[i].begun, "created")));
    cr_expect_eq(said.generation, vector_number(vector_of(rows[i].name, "generation")));
    cr_expect_eq(said.ended, rows[i].ended);
    TEST_SPAN(said.box, rows[i].ended > 0 ? bulla_span(NULL, 0) : vector_bytes(vector_of(rows[i].name, "box")), "box");
    TEST_OK(bulla_sign_grant(&made, &keyring, &said));
    is_signed(&made, rows[i].name);
  }
  bulla_keyring_free(&keyring);
}
