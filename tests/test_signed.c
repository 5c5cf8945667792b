/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/signed.h: each statement has one form, and is read as what was written; anything else is refused.
 * tests/test_format.c has the bytes. */

#include <bulla/store.h>

#include "core/box.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/signature.h"
#include "store/signed.h"
#include "tests/keyring_support.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* A statement of any kind. */
struct statement {
  enum { OF_VAULT, OF_TENANT, OF_LANE, NUM_KINDS } kind;
  struct bulla_vault_statement vault;
  struct bulla_tenant_statement tenant;
  struct bulla_lane_statement lane;
};

static const char *const labels[NUM_KINDS] = {"bulla/v2/vault", "bulla/v2/tenant", "bulla/v2/lane"};

static enum bulla_status write_it(struct bulla_buffer *bytes, const struct statement *said) {
  return said->kind == OF_VAULT    ? bulla_vault_statement_write(bytes, &said->vault)
         : said->kind == OF_TENANT ? bulla_tenant_statement_write(bytes, &said->tenant)
                                   : bulla_lane_statement_write(bytes, &said->lane);
}

static enum bulla_status read_it(struct statement *said, struct bulla_span bytes) {
  return said->kind == OF_VAULT    ? bulla_vault_statement_read(&said->vault, bytes)
         : said->kind == OF_TENANT ? bulla_tenant_statement_read(&said->tenant, bytes)
                                   : bulla_lane_statement_read(&said->lane, bytes);
}

static struct bulla_span written(const struct statement *said) {
  struct bulla_buffer bytes = test_room(BULLA_STATEMENT_MAX);
  TEST_OK(write_it(&bytes, said));
  return bulla_written(&bytes);
}

/* Whether |said| is read as written; what is read must be written as it was. */
static bool is_read(const struct statement *said) {
  struct statement read = {.kind = said->kind};
  struct bulla_span bytes = written(said);
  enum bulla_status status = read_it(&read, bytes);
  cr_assert(status == BULLA_OK || status == BULLA_REFUSED, "%s", bulla_status_text(status));
  if (status == BULLA_OK) {
    TEST_SPAN(written(&read), bytes, "what was read is what was written");
  }
  return status == BULLA_OK;
}

/* A vault with |num_roots|, one kind after the other. */
static struct statement vault_of(size_t num_roots) {
  const struct bulla_span kinds[] = {BULLA_ROOT_IS_KEY, BULLA_ROOT_IS_PASSPHRASE, BULLA_ROOT_IS_RECIPIENT,
                                     BULLA_ROOT_IS_PROGRAM};
  struct statement said = {
      .kind = OF_VAULT,
      .vault = {.uuid = test_id(1),
                .created = 1700000000,
                .generation = 7,
                .signing_public = test_filled(2, BULLA_SIGNATURE_PUBLIC_LEN),
                .audit_public = test_filled(3, BULLA_BOX_PUBLIC_LEN),
                .first_lane = test_filled(4, BULLA_SHA256_LEN),
                .leaves = test_filled(5, BULLA_SHA256_LEN),
                .rings = {1, 2, 3, 4, 5},
                .num_roots = num_roots},
  };
  for (size_t i = 0; i < num_roots && i < BULLA_ROOTS_MAX; i++) {
    said.vault.roots[i] = (struct bulla_root_entry){
        .id = test_id((uint8_t)(5 + i)),
        .kind = kinds[i % 4],
        .name = i % 2 == 0 ? BULLA_LITERAL("") : BULLA_LITERAL("safe"),
        .public_key = test_filled((uint8_t)i, i % 4 == 2 ? BULLA_BOX_PUBLIC_LEN : 0),
        .created = (int64_t)i,
    };
  }
  return said;
}

/* A tenant with |num_secrets|, the last of which is active. */
static struct statement tenant_of(size_t num_secrets) {
  struct statement said = {
      .kind = OF_TENANT,
      .tenant = {.uuid = test_id(1),
                 .id = test_id(2),
                 .name = BULLA_LITERAL("acme"),
                 .removed = num_secrets == 0,
                 .created = 1700000000,
                 .generation = 7,
                 .last_version = 50,
                 .label_key_id = test_id(5),
                 .detail_key_id = test_id(6),
                 .roles = {{1, 6}, {2, 7}, {3, 8}, {4, 9}, {5, 10}},
                 .num_secrets = num_secrets},
  };
  for (size_t i = 0; i < num_secrets && i < BULLA_SECRETS_MAX; i++) {
    said.tenant.secrets[i] = (struct bulla_secret_entry){
        .version = 1 + (int64_t)i,
        .id = test_id((uint8_t)(3 + i)),
        .state = i + 1 == num_secrets ? BULLA_SECRET_ACTIVE
                 : i % 2 == 0         ? BULLA_SECRET_DECRYPT_ONLY
                                      : BULLA_SECRET_PENDING,
        .value_public = test_filled((uint8_t)i, BULLA_BOX_PUBLIC_LEN),
        .mask_public = test_filled((uint8_t)(i + 100), BULLA_BOX_PUBLIC_LEN),
        .apikey_id = test_id((uint8_t)(200 - i)),
        .generation = i < 7 ? (int64_t)i : 7,
    };
  }
  return said;
}

static struct statement lane_of(bool owned) {
  return (struct statement){
      .kind = OF_LANE,
      .lane = {.uuid = test_id(1),
               .number = owned ? 3 : 0,
               .id = test_id(2),
               .owner = owned ? test_id(4) : bulla_span(NULL, 0),
               .created = 1700000000,
               .first_key = test_filled(3, BULLA_KEY_LEN + BULLA_BOX_OVERHEAD)},
  };
}

/* Statements of every kind, from the shortest to the longest. */
static size_t make_good(struct statement *good) {
  size_t num = 0;
  good[num++] = vault_of(1);
  good[num++] = vault_of(3);
  good[num++] = vault_of(BULLA_ROOTS_MAX);
  good[num++] = tenant_of(0);
  good[num++] = tenant_of(1);
  good[num++] = tenant_of(3);
  good[num++] = tenant_of(BULLA_SECRETS_MAX);
  good[num++] = lane_of(false);
  good[num++] = lane_of(true);
  return num;
}

static struct statement good[16];

/* That their parts come back in their places, is_read cannot tell: it knows the bytes alone. */
Test(signed, what_was_written_is_read) {
  for (size_t i = 0, num = make_good(good); i < num; i++) {
    cr_expect(is_read(&good[i]), "row %zu", i);
  }
  const struct statement wanted = {
      .vault = vault_of(3).vault, .tenant = tenant_of(3).tenant, .lane = lane_of(true).lane};
  struct statement vault = {.kind = OF_VAULT};
  struct statement tenant = {.kind = OF_TENANT};
  struct statement lane = {.kind = OF_LANE};
  const struct statement sources[] = {vault_of(3), tenant_of(3), lane_of(true)};
  TEST_OK(read_it(&vault, written(&sources[0])));
  TEST_OK(read_it(&tenant, written(&sources[1])));
  TEST_OK(read_it(&lane, written(&sources[2])));
  const struct bulla_root_entry *root = &vault.vault.roots[2];
  const struct bulla_secret_entry *secret = &tenant.tenant.secrets[2];
  const struct {
    struct bulla_span read;
    struct bulla_span wanted;
  } spans[] = {
      {vault.vault.uuid, wanted.vault.uuid},
      {vault.vault.signing_public, wanted.vault.signing_public},
      {vault.vault.audit_public, wanted.vault.audit_public},
      {vault.vault.first_lane, wanted.vault.first_lane},
      {vault.vault.leaves, wanted.vault.leaves},
      {root->id, wanted.vault.roots[2].id},
      {root->kind, BULLA_ROOT_IS_RECIPIENT},
      {root->public_key, wanted.vault.roots[2].public_key},
      {vault.vault.roots[1].name, BULLA_LITERAL("safe")},
      {tenant.tenant.uuid, wanted.tenant.uuid},
      {tenant.tenant.id, wanted.tenant.id},
      {tenant.tenant.name, BULLA_LITERAL("acme")},
      {secret->id, wanted.tenant.secrets[2].id},
      {secret->value_public, wanted.tenant.secrets[2].value_public},
      {secret->mask_public, wanted.tenant.secrets[2].mask_public},
      {secret->apikey_id, wanted.tenant.secrets[2].apikey_id},
      {tenant.tenant.label_key_id, wanted.tenant.label_key_id},
      {tenant.tenant.detail_key_id, wanted.tenant.detail_key_id},
      {lane.lane.uuid, wanted.lane.uuid},
      {lane.lane.id, wanted.lane.id},
      {lane.lane.owner, wanted.lane.owner},
      {lane.lane.first_key, wanted.lane.first_key},
  };
  for (size_t i = 0; i < N(spans); i++) {
    TEST_SPAN(spans[i].read, spans[i].wanted, "span %zu", i);
  }
  const struct {
    int64_t read;
    int64_t wanted;
  } numbers[] = {
      {vault.vault.created, 1700000000},
      {vault.vault.generation, 7},
      {(int64_t)vault.vault.num_roots, 3},
      {vault.vault.rings[0], 1},
      {vault.vault.rings[4], 5},
      {root->created, 2},
      {tenant.tenant.removed, 0},
      {tenant.tenant.created, 1700000000},
      {tenant.tenant.generation, 7},
      {secret->version, 3},
      {secret->generation, 2},
      {(int64_t)tenant.tenant.num_secrets, 3},
      {tenant.tenant.last_version, 50},
      {tenant.tenant.roles[0].ring, 1},
      {tenant.tenant.roles[0].epoch, 6},
      {tenant.tenant.roles[4].ring, 5},
      {tenant.tenant.roles[4].epoch, 10},
      {lane.lane.number, 3},
      {secret->state, BULLA_SECRET_ACTIVE},
      {tenant.tenant.secrets[0].state, 2},
      {lane.lane.created, 1700000000},
      {tenant.tenant.secrets[1].state, 0},
  };
  for (size_t i = 0; i < N(numbers); i++) {
    cr_expect_eq(numbers[i].read, numbers[i].wanted, "number %zu: %ld", i, (long)numbers[i].read);
  }
}

Test(signed, what_is_cut_or_longer_is_refused) {
  for (size_t i = 0, num = make_good(good); i < num; i++) {
    struct bulla_span bytes = written(&good[i]);
    for (size_t len = 0; len < bytes.len; len++) {
      struct statement read = {.kind = good[i].kind};
      TEST_ROW(read_it(&read, bulla_span(bytes.data, len)), BULLA_REFUSED, i);
    }
    for (size_t more = 1; more < 14; more++) {
      struct statement read = {.kind = good[i].kind};
      TEST_ROW(read_it(&read, test_concat(bytes, test_filled(0, more))), BULLA_REFUSED, i);
    }
    struct statement read = {.kind = good[i].kind};
    TEST_ROW(read_it(&read, test_concat(bytes, bytes)), BULLA_REFUSED, i);
    TEST_ROW(read_it(&read, test_concat(bytes, test_filled(0, BULLA_STATEMENT_MAX))), BULLA_REFUSED, i);
  }
}

/* Every byte counts: another one makes another statement, in its one form, or none. */
Test(signed, a_changed_byte_is_refused_or_says_something_else) {
  for (size_t i = 0, num = make_good(good); i < num; i++) {
    static uint8_t again[BULLA_STATEMENT_MAX];
    struct bulla_span bytes = written(&good[i]);
    size_t num_refused = 0;
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
      struct statement read = {.kind = good[i].kind};
      uint8_t *byte = (uint8_t *)(uintptr_t)bytes.data + bit / 8;
      *byte ^= (uint8_t)(1u << bit % 8);
      enum bulla_status status = read_it(&read, bytes);
      cr_assert(status == BULLA_OK || status == BULLA_REFUSED, "row %zu", i);
      num_refused += status == BULLA_REFUSED;
      if (status == BULLA_OK) {
        struct bulla_buffer room = bulla_buffer(again, sizeof(again));
        TEST_OK(write_it(&room, &read));
        TEST_SPAN(bulla_written(&room), bytes, "row %zu, bit %zu: it has another form", i, bit);
      }
      *byte ^= (uint8_t)(1u << bit % 8);
    }
    cr_expect_gt(num_refused, 8 * strlen(labels[good[i].kind]), "row %zu", i);
  }
}

Test(signed, a_statement_is_of_one_kind) {
  for (size_t i = 0, num = make_good(good); i < num; i++) {
    for (unsigned kind = 0; kind < NUM_KINDS; kind++) {
      struct statement read = {.kind = kind};
      struct bulla_span bytes = written(&good[i]);
      TEST_ROW(read_it(&read, bytes), kind == (unsigned)good[i].kind ? BULLA_OK : BULLA_REFUSED, i);
      /* Nor does the label of another kind make it one. */
      struct bulla_buffer labelled = test_room(BULLA_STATEMENT_MAX);
      struct bulla_writer writer = bulla_writer(&labelled);
      size_t own = 4 + strlen(labels[good[i].kind]);
      bulla_put_prefixed(&writer, test_text(labels[kind]));
      bulla_put(&writer, bulla_span(bytes.data + own, bytes.len - own));
      TEST_OK(bulla_writer_finish(&writer));
      TEST_ROW(read_it(&read, bulla_written(&labelled)), kind == (unsigned)good[i].kind ? BULLA_OK : BULLA_REFUSED, i);
    }
  }
}

/* Rings and epochs of role keys are counted from 1. */
Test(signed, there_is_no_ring_and_no_epoch_0) {
  for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
    struct statement vault = vault_of(2);
    struct statement ring = tenant_of(2);
    struct statement epoch = tenant_of(2);
    vault.vault.rings[i] = 0;
    ring.tenant.roles[i].ring = 0;
    epoch.tenant.roles[i].epoch = 0;
    cr_expect_not(is_read(&vault), "role %zu", i);
    cr_expect_not(is_read(&ring), "role %zu", i);
    cr_expect_not(is_read(&epoch), "role %zu", i);
  }
}

static const int64_t bad_numbers[] = {-1, INT64_MIN, INT64_MAX};

Test(signed, numbers_are_not_negative_and_have_a_next_one) {
  for (size_t i = 0; i < N(bad_numbers); i++) {
    struct statement vault = vault_of(2);
    struct statement tenant = tenant_of(2);
    struct statement lane = lane_of(true);
    int64_t *const of_vault[] = {&vault.vault.created, &vault.vault.generation, &vault.vault.roots[1].created,
                                 &vault.vault.rings[0], &vault.vault.rings[4]};
    int64_t *const of_tenant[] = {&tenant.tenant.created,
                                  &tenant.tenant.generation,
                                  &tenant.tenant.last_version,
                                  &tenant.tenant.roles[0].ring,
                                  &tenant.tenant.roles[4].epoch,
                                  &tenant.tenant.secrets[0].version,
                                  &tenant.tenant.secrets[1].version,
                                  &tenant.tenant.secrets[0].generation};
    int64_t *const of_lane[] = {&lane.lane.created, &lane.lane.number};
    const struct {
      const struct statement *said;
      int64_t *const *numbers;
      size_t num;
    } kinds[] = {{&vault, of_vault, N(of_vault)}, {&tenant, of_tenant, N(of_tenant)}, {&lane, of_lane, N(of_lane)}};
    for (size_t kind = 0; kind < N(kinds); kind++) {
      for (size_t j = 0; j < kinds[kind].num; j++) {
        int64_t before = *kinds[kind].numbers[j];
        *kinds[kind].numbers[j] = bad_numbers[i];
        cr_expect_not(is_read(kinds[kind].said), "kind %zu, number %zu: %ld", kind, j, (long)bad_numbers[i]);
        *kinds[kind].numbers[j] = before;
      }
      cr_expect(is_read(kinds[kind].said));
    }
  }
}

/* Every part of a fixed length, a byte shorter and a byte longer. */
Test(signed, parts_have_their_lengths) {
  struct statement vault = vault_of(4);
  struct statement tenant = tenant_of(2);
  struct statement lane = lane_of(true);
  const struct {
    const struct statement *said;
    struct bulla_span *part;
  } rows[] = {
      {&vault, &vault.vault.uuid},
      {&vault, &vault.vault.signing_public},
      {&vault, &vault.vault.audit_public},
      {&vault, &vault.vault.first_lane},
      {&vault, &vault.vault.leaves},
      {&vault, &vault.vault.roots[0].id},
      {&vault, &vault.vault.roots[2].public_key},
      {&tenant, &tenant.tenant.uuid},
      {&tenant, &tenant.tenant.id},
      {&tenant, &tenant.tenant.secrets[1].id},
      {&tenant, &tenant.tenant.label_key_id},
      {&tenant, &tenant.tenant.detail_key_id},
      {&tenant, &tenant.tenant.secrets[1].value_public},
      {&tenant, &tenant.tenant.secrets[1].mask_public},
      {&tenant, &tenant.tenant.secrets[1].apikey_id},
      {&lane, &lane.lane.uuid},
      {&lane, &lane.lane.id},
      {&lane, &lane.lane.owner},
      {&lane, &lane.lane.first_key},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_span before = *rows[i].part;
    *rows[i].part = bulla_span(before.data, before.len - 1);
    cr_expect_not(is_read(rows[i].said), "row %zu: shorter", i);
    *rows[i].part = test_filled(9, before.len + 1);
    cr_expect_not(is_read(rows[i].said), "row %zu: longer", i);
    *rows[i].part = before;
    cr_expect(is_read(rows[i].said));
  }
}

Test(signed, a_root_is_of_a_kind_and_a_recipient_alone_has_a_public_key) {
  const struct {
    struct bulla_span kind;
    size_t public_len;
    bool good;
  } rows[] = {
      {BULLA_ROOT_IS_KEY, 0, true},          {BULLA_ROOT_IS_KEY, 32, false},      {BULLA_ROOT_IS_PASSPHRASE, 0, true},
      {BULLA_ROOT_IS_PASSPHRASE, 32, false}, {BULLA_ROOT_IS_PROGRAM, 0, true},    {BULLA_ROOT_IS_PROGRAM, 32, false},
      {BULLA_ROOT_IS_RECIPIENT, 32, true},   {BULLA_ROOT_IS_RECIPIENT, 0, false}, {BULLA_LITERAL(""), 0, false},
      {BULLA_LITERAL("keys"), 0, false},     {BULLA_LITERAL("KEY"), 0, false},    {BULLA_LITERAL("ke"), 0, false},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct statement said = vault_of(2);
    said.vault.roots[1].kind = rows[i].kind;
    said.vault.roots[1].public_key = test_filled(1, rows[i].public_len);
    cr_expect_eq(is_read(&said), rows[i].good, "row %zu", i);
  }
}

/* Nothing would open it. */
Test(signed, a_vault_without_a_root_is_none) {
  struct statement none = vault_of(0);
  struct statement one = vault_of(1);
  cr_expect_not(is_read(&none));
  cr_expect(is_read(&one));
}

Test(signed, names_are_names) {
  const struct {
    struct bulla_span name;
    bool of_tenant;
    bool of_root; /* which need not have one */
  } rows[] = {
      {BULLA_LITERAL("a"), true, true},
      {test_filled('n', BULLA_NAME_MAX), true, true},
      {test_filled('n', BULLA_NAME_MAX + 1), false, false},
      {BULLA_LITERAL(""), false, true},
      {BULLA_LITERAL(".a"), false, false},
      {BULLA_LITERAL("-a"), false, false},
      {BULLA_LITERAL("a b"), false, false},
      {BULLA_LITERAL("a\0b"), false, false},
      {BULLA_LITERAL("\xc3\xa4"), false, false},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct statement tenant = tenant_of(1);
    struct statement vault = vault_of(2);
    tenant.tenant.name = rows[i].name;
    vault.vault.roots[1].name = rows[i].name;
    cr_expect_eq(is_read(&tenant), rows[i].of_tenant, "row %zu", i);
    cr_expect_eq(is_read(&vault), rows[i].of_root, "row %zu", i);
    /* A removed tenant keeps its name in what is said of it. */
    tenant = tenant_of(0);
    tenant.tenant.name = rows[i].name;
    cr_expect_eq(is_read(&tenant), rows[i].of_tenant, "row %zu", i);
  }
}

Test(signed, versions_grow_up_to_the_last_and_one_secret_of_a_live_tenant_is_active) {
  enum { P = BULLA_SECRET_PENDING, A = BULLA_SECRET_ACTIVE, D = BULLA_SECRET_DECRYPT_ONLY };
  const struct {
    bool removed;
    int64_t last;
    size_t num;
    int64_t versions[3];
    int states[3];
    bool good;
  } rows[] = {
      {false, 1, 1, {1}, {A}, true},
      {false, 9, 1, {9}, {A}, true},
      {false, 9, 1, {1}, {A}, true},
      {false, 9, 3, {1, 2, 9}, {D, A, P}, true},
      {false, 9, 3, {1, 2, 9}, {A, D, P}, true},
      {false, 8, 3, {1, 2, 9}, {D, A, P}, false}, /* past the last */
      {false, 0, 1, {1}, {A}, false},
      {false, 1, 1, {0}, {A}, false}, /* the first is 1 */
      {false, 9, 2, {1, 1}, {D, A}, false},
      {false, 9, 2, {2, 1}, {D, A}, false},
      {false, 9, 3, {1, 3, 2}, {D, A, P}, false},
      {false, 9, 0, {0}, {0}, false}, /* none that is active */
      {false, 9, 1, {1}, {P}, false},
      {false, 9, 2, {1, 2}, {D, P}, false},
      {false, 9, 2, {1, 2}, {A, A}, false},
      {true, 9, 0, {0}, {0}, true},
      {true, 0, 0, {0}, {0}, true},
      {true, 9, 1, {1}, {A}, false}, /* a removed one has none */
      {true, 9, 1, {1}, {D}, false},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct statement said = tenant_of(3);
    said.tenant.removed = rows[i].removed;
    said.tenant.last_version = rows[i].last;
    said.tenant.num_secrets = rows[i].num;
    for (size_t j = 0; j < rows[i].num; j++) {
      said.tenant.secrets[j].version = rows[i].versions[j];
      said.tenant.secrets[j].state = (enum bulla_secret_state)rows[i].states[j];
    }
    cr_expect_eq(is_read(&said), rows[i].good, "row %zu", i);
  }
}

/* A secret that is to be replaced since somebody knew it is told by when it was made. */
Test(signed, no_secret_was_made_after_it_was_signed) {
  const struct {
    int64_t first;
    int64_t last;
    bool good;
  } rows[] = {{0, 0, true}, {7, 7, true}, {1, 7, true}, {7, 1, true}, {1, 8, false}, {8, 1, false}};
  for (size_t i = 0; i < N(rows); i++) {
    struct statement said = tenant_of(2);
    said.tenant.secrets[0].generation = rows[i].first;
    said.tenant.secrets[1].generation = rows[i].last;
    cr_expect_eq(is_read(&said), rows[i].good, "row %zu", i);
  }
}

Test(signed, a_shredded_tenant_has_no_keys_and_any_other_has_both) {
  const struct bulla_span none = bulla_span(NULL, 0);
  const struct {
    bool removed;
    bool shredded;
    struct bulla_span label_key_id;
    struct bulla_span detail_key_id;
    bool good;
  } rows[] = {
      {false, false, test_id(1), test_id(2), true},
      {false, false, none, none, false},
      {false, false, test_id(1), none, false},
      {false, false, none, test_id(2), false},
      {true, false, test_id(1), test_id(2), true},
      {true, false, none, none, false},
      {true, false, test_id(1), none, false},
      {true, false, none, test_id(2), false},
      {true, true, none, none, true},
      {true, true, test_id(1), none, false},
      {true, true, none, test_id(2), false},
      {true, true, test_id(1), test_id(2), false},
      {true, true, test_filled(0, 1), none, false},
      {true, true, none, test_filled(0, 1), false},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct statement said = tenant_of(rows[i].removed ? 0 : 2);
    said.tenant.name = rows[i].shredded ? none : said.tenant.name;
    said.tenant.shredded = rows[i].shredded;
    said.tenant.label_key_id = rows[i].label_key_id;
    said.tenant.detail_key_id = rows[i].detail_key_id;
    cr_expect_eq(is_read(&said), rows[i].good, "row %zu", i);
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

Test(signed, words_are_those_of_the_format) {
  const struct {
    struct statement said;
    struct bulla_span from;
    struct bulla_span to;
    bool good;
  } rows[] = {
      {tenant_of(1), BULLA_LITERAL("\4live"), BULLA_LITERAL("\4live"), true},
      {tenant_of(1), BULLA_LITERAL("\4live"), BULLA_LITERAL("\4Live"), false},
      {tenant_of(1), BULLA_LITERAL("\4live"), BULLA_LITERAL("\0"), false},
      {tenant_of(1), BULLA_LITERAL("\4live"), BULLA_LITERAL("\7removed"), false},      /* it has a secret */
      {tenant_of(0), BULLA_LITERAL("\7removed"), BULLA_LITERAL("\4live"), false},      /* it has none */
      {tenant_of(0), BULLA_LITERAL("\7removed"), BULLA_LITERAL("\10shredded"), false}, /* it has a name */
      {tenant_of(1), BULLA_LITERAL("\6active"), BULLA_LITERAL("\6activ "), false},
      {tenant_of(1), BULLA_LITERAL("\6active"), BULLA_LITERAL("\0"), false},
      {tenant_of(1), BULLA_LITERAL("\6active"), BULLA_LITERAL("\11destroyed"), false},
      {tenant_of(2), BULLA_LITERAL("\14decrypt-only"), BULLA_LITERAL("\7pending"), true},
      {tenant_of(2), BULLA_LITERAL("\14decrypt-only"), BULLA_LITERAL("\11destroyed"), false},
      {tenant_of(1), BULLA_LITERAL("bulla/v2/tenant"), BULLA_LITERAL("bulla/v1/tenant"), false},
      {vault_of(1), BULLA_LITERAL("bulla/v2/vault"), BULLA_LITERAL("bulla/v3/vault"), false},
      {lane_of(false), BULLA_LITERAL("bulla/v2/lane"), BULLA_LITERAL("Bulla/v2/lane"), false},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct statement read = {.kind = rows[i].said.kind};
    TEST_ROW(read_it(&read, with(written(&rows[i].said), rows[i].from, rows[i].to)),
             rows[i].good ? BULLA_OK : BULLA_REFUSED, i);
  }
}

/* |bytes| with the first number |from| replaced. */
static struct bulla_span with_count(struct bulla_span bytes, int64_t from, int64_t to) {
  struct bulla_buffer old_count = test_room(12);
  struct bulla_buffer new_count = test_room(12);
  struct bulla_writer writer = bulla_writer(&old_count);
  bulla_put_number(&writer, from);
  TEST_OK(bulla_writer_finish(&writer));
  writer = bulla_writer(&new_count);
  bulla_put_number(&writer, to);
  TEST_OK(bulla_writer_finish(&writer));
  return with(bytes, bulla_written(&old_count), bulla_written(&new_count));
}

Test(signed, there_are_as_many_as_are_counted_and_not_too_many) {
  /* No number before the count is the same. */
  const struct {
    struct statement said;
    int64_t num;
  } rows[] = {
      {vault_of(BULLA_ROOTS_MAX), BULLA_ROOTS_MAX},
      {tenant_of(BULLA_SECRETS_MAX), BULLA_SECRETS_MAX},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_span bytes = written(&rows[i].said);
    const int64_t counts[] = {0,  1,         rows[i].num - 1, rows[i].num + 1,  2 * rows[i].num,
                              -1, INT64_MAX, INT64_MIN,       INT64_C(1) << 32, (INT64_C(1) << 32) + rows[i].num};
    struct statement read = {.kind = rows[i].said.kind};
    TEST_ROW(read_it(&read, with_count(bytes, rows[i].num, rows[i].num)), BULLA_OK, i);
    for (size_t j = 0; j < N(counts); j++) {
      enum bulla_status status = read_it(&read, with_count(bytes, rows[i].num, counts[j]));
      cr_expect_eq(status, BULLA_REFUSED, "row %zu: %ld", i, (long)counts[j]);
    }
  }
  /* One more, counted and there, and in order. */
  struct statement tenant = tenant_of(BULLA_SECRETS_MAX);
  struct bulla_span bytes = written(&tenant);
  struct bulla_buffer more = test_room(200);
  struct bulla_writer writer = bulla_writer(&more);
  bulla_put_number(&writer, BULLA_SECRETS_MAX + 1);
  bulla_put_prefixed(&writer, test_id(99));
  bulla_put_prefixed(&writer, BULLA_LITERAL("pending"));
  bulla_put_prefixed(&writer, test_filled(1, BULLA_BOX_PUBLIC_LEN));
  bulla_put_prefixed(&writer, test_filled(2, BULLA_BOX_PUBLIC_LEN));
  bulla_put_prefixed(&writer, test_id(98));
  bulla_put_number(&writer, 7);
  TEST_OK(bulla_writer_finish(&writer));
  struct statement read = {.kind = OF_TENANT};
  bytes = test_concat(with_count(bytes, BULLA_SECRETS_MAX, BULLA_SECRETS_MAX + 1), bulla_written(&more));
  TEST_STATUS(read_it(&read, bytes), BULLA_REFUSED);
  struct statement vault = vault_of(BULLA_ROOTS_MAX);
  bytes = written(&vault);
  more = test_room(200);
  writer = bulla_writer(&more);
  bulla_put_prefixed(&writer, test_id(99));
  bulla_put_prefixed(&writer, BULLA_ROOT_IS_KEY);
  bulla_put_prefixed(&writer, BULLA_LITERAL(""));
  bulla_put_prefixed(&writer, BULLA_LITERAL(""));
  bulla_put_number(&writer, 5);
  TEST_OK(bulla_writer_finish(&writer));
  read.kind = OF_VAULT;
  bytes = test_concat(with_count(bytes, BULLA_ROOTS_MAX, BULLA_ROOTS_MAX + 1), bulla_written(&more));
  TEST_STATUS(read_it(&read, bytes), BULLA_REFUSED);
}

Test(signed, the_largest_fits_and_what_does_not_is_not_written) {
  struct statement vault = vault_of(BULLA_ROOTS_MAX);
  struct statement tenant = tenant_of(BULLA_SECRETS_MAX);
  struct statement lane = lane_of(true);
  for (size_t i = 0; i < BULLA_ROOTS_MAX; i++) {
    vault.vault.roots[i].name = test_filled('n', BULLA_NAME_MAX);
    vault.vault.roots[i].kind = BULLA_ROOT_IS_RECIPIENT;
    vault.vault.roots[i].public_key = test_filled(1, BULLA_BOX_PUBLIC_LEN);
  }
  tenant.tenant.name = test_filled('n', BULLA_NAME_MAX);
  for (size_t i = 0; i + 1 < BULLA_SECRETS_MAX; i++) {
    tenant.tenant.secrets[i].state = BULLA_SECRET_DECRYPT_ONLY; /* the longest word */
  }
  const struct statement *const all[] = {&vault, &tenant, &lane};
  for (size_t i = 0; i < N(all); i++) {
    cr_expect(is_read(all[i]), "row %zu", i);
    size_t len = written(all[i]).len;
    for (size_t less = 0; less < 2; less++) {
      struct bulla_buffer room = test_room(len - less);
      TEST_ROW(write_it(&room, all[i]), less == 0 ? BULLA_OK : BULLA_TOO_LARGE, i);
      cr_expect_eq(room.len, less == 0 ? len : 0);
    }
  }
}

Test(signed, the_states_have_the_names_of_the_format) {
  static const char *const names[BULLA_NUM_SECRET_STATES] = {"pending", "active", "decrypt-only"};
  for (int state = 0; state < BULLA_NUM_SECRET_STATES; state++) {
    TEST_SPAN(bulla_secret_state_name((enum bulla_secret_state)state), test_text(names[state]), "state %d", state);
  }
}
