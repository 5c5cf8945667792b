/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/audit_chain.h: macs, keys and heads. tests/test_format.c has their bytes, tests/test_audit.c a whole log. */

#include "core/cursor.h"
#include "store/audit_chain.h"
#include "store/context.h"
#include "tests/keyring_support.h"

Test(audit_chain, an_epoch_has_64_records) {
  static const struct {
    int64_t seq;
    int64_t epoch;
  } rows[] = {{0, 0}, {1, 0}, {64, 0}, {65, 1}, {128, 1}, {129, 2}, {INT64_MAX, (INT64_MAX - 1) / 64}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    cr_expect_eq(bulla_audit_epoch(rows[i].seq), rows[i].epoch, "%ld", (long)rows[i].seq);
  }
}

static const struct bulla_audit_lane lane = {.number = 0, .id = {1}, .start = {2}};
static const struct bulla_audit_lane other_lane = {.number = 0, .id = {2}, .start = {2}};

/* The longest that every part may be. */
static struct bulla_audit_row row_of(char filling) {
  return (struct bulla_audit_row){
      .seq = 5,
      .time = 1700000000000000,
      .tenant_id = test_filled((uint8_t)filling, BULLA_ID_LEN),
      .op = test_filled((uint8_t)filling, BULLA_OP_MAX),
      .outcome = test_filled((uint8_t)filling, BULLA_OP_MAX),
      .detail = test_filled((uint8_t)filling, BULLA_DETAIL_MAX),
  };
}

static struct bulla_span with_another_end(struct bulla_span bytes) {
  struct bulla_span copy = test_copy(bytes);
  ((uint8_t *)(uintptr_t)copy.data)[copy.len - 1] ^= 1;
  return copy;
}

Test(audit_chain, a_mac_is_of_every_part_to_its_end_of_the_one_before_of_the_lane_and_of_the_vault) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_secret *key = test_secret(test_filled(7, BULLA_KEY_LEN));
  struct bulla_secret *other_key = test_secret(test_filled(8, BULLA_KEY_LEN));
  uint8_t previous[BULLA_MAC_LEN] = {0};
  uint8_t other_previous[BULLA_MAC_LEN] = {[BULLA_MAC_LEN - 1] = 1};
  struct bulla_audit_row good = row_of('a');
  uint8_t macs[16][BULLA_MAC_LEN];
  size_t num = 0;
  TEST_OK(bulla_audit_mac(macs[num++], &keyring, key, &lane, &good, previous));
  TEST_OK(bulla_audit_mac(macs[num++], &elsewhere, key, &lane, &good, previous));
  TEST_OK(bulla_audit_mac(macs[num++], &keyring, other_key, &lane, &good, previous));
  TEST_OK(bulla_audit_mac(macs[num++], &keyring, key, &other_lane, &good, previous));
  TEST_OK(bulla_audit_mac(macs[num++], &keyring, key, &lane, &good, other_previous));
  for (int part = 0; part < 8; part++) {
    struct bulla_audit_row row = good;
    struct bulla_span *const texts[] = {&row.tenant_id, &row.op, &row.outcome, &row.detail};
    if (part < 4) {
      *texts[part] = with_another_end(*texts[part]);
    } else if (part < 6) {
      row.seq += part == 4;
      row.time += part == 5;
    } else {
      /* The same bytes, cut elsewhere. */
      row.op.len -= part == 6;
      row.tenant_id.len = part == 7 ? 0 : row.tenant_id.len;
    }
    TEST_OK(bulla_audit_mac(macs[num++], &keyring, key, &lane, &row, previous));
  }
  for (size_t i = 0; i < num; i++) {
    for (size_t j = 0; j < i; j++) {
      cr_expect_neq(memcmp(macs[i], macs[j], BULLA_MAC_LEN), 0, "%zu and %zu", i, j);
    }
  }
  bulla_secret_free(&other_key);
  bulla_secret_free(&key);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

/* The longest that every part of a detail may be. */
static struct bulla_audit_record record_of(char filling) {
  return (struct bulla_audit_record){
      .seq = 5,
      .time = 6,
      .tenant_id = test_id(7),
      .op = test_filled('o', BULLA_OP_MAX),
      .outcome = test_filled('p', BULLA_OP_MAX),
      .tenant = test_filled((uint8_t)filling, BULLA_NAME_MAX),
      .actor = test_filled((uint8_t)filling, BULLA_WHO_MAX),
      .origin = test_filled((uint8_t)filling, BULLA_WHO_MAX),
      .reason = test_filled((uint8_t)filling, BULLA_WHO_MAX),
      .entry = test_filled((uint8_t)filling, BULLA_NAME_MAX),
      .field = test_filled((uint8_t)filling, BULLA_NAME_MAX),
      .statement = test_filled((uint8_t)filling, BULLA_SHA256_LEN),
  };
}

/* What |record| has in clear, with another |part|, or as it is if that is 0. */
static struct bulla_audit_record clear_of(const struct bulla_audit_record *record, int part) {
  return (struct bulla_audit_record){
      .seq = record->seq + (part == 1),
      .time = record->time + (part == 2),
      .tenant_id = part == 3 ? test_id(8) : record->tenant_id,
      .op = part == 4 ? BULLA_LITERAL("init") : record->op,
      .outcome = part == 5 ? BULLA_LITERAL("failed") : record->outcome,
  };
}

static void assert_same_detail(const struct bulla_audit_record *a, const struct bulla_audit_record *b) {
  const struct bulla_span pairs[][2] = {
      {a->tenant, b->tenant}, {a->actor, b->actor}, {a->origin, b->origin},       {a->reason, b->reason},
      {a->entry, b->entry},   {a->field, b->field}, {a->statement, b->statement},
  };
  for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
    TEST_SPAN(pairs[i][0], pairs[i][1], "part %zu", i);
  }
}

Test(audit_chain, a_detail_opens_under_its_key_for_its_record_of_its_lane_of_its_vault_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_key *key = test_key_of(7);
  struct bulla_key *other = test_key_of(8);
  const struct bulla_audit_record records[] = {record_of('a'), {.seq = 5}};
  for (size_t which = 0; which < 2; which++) {
    struct bulla_buffer sealed = test_room(BULLA_DETAIL_MAX);
    TEST_OK(bulla_audit_detail_seal(&sealed, &keyring, key, &lane, &records[which]));
    struct bulla_span whole = bulla_written(&sealed);
    const struct {
      const struct bulla_keyring *keyring;
      const struct bulla_key *key;
      const struct bulla_audit_lane *lane;
      struct bulla_audit_record clear;
      struct bulla_span sealed;
    } rows[] = {
        {&keyring, key, &lane, clear_of(&records[which], 0), whole},
        {&elsewhere, key, &lane, clear_of(&records[which], 0), whole},
        {&keyring, other, &lane, clear_of(&records[which], 0), whole},
        {&keyring, key, &other_lane, clear_of(&records[which], 0), whole},
        {&keyring, key, &lane, clear_of(&records[which], 1), whole},
        {&keyring, key, &lane, clear_of(&records[which], 2), whole},
        {&keyring, key, &lane, clear_of(&records[which], 3), whole},
        {&keyring, key, &lane, clear_of(&records[which], 4), whole},
        {&keyring, key, &lane, clear_of(&records[which], 5), whole},
        {&keyring, key, &lane, clear_of(&records[which], 0), with_another_end(whole)},
        {&keyring, key, &lane, clear_of(&records[which], 0), bulla_span(whole.data, whole.len - 1)},
        {&keyring, key, &lane, clear_of(&records[which], 0), bulla_span(whole.data, 0)},
        {&keyring, key, &lane, clear_of(&records[which], 0), test_filled(0, 4 * BULLA_DETAIL_MAX)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
      struct bulla_audit_record opened = rows[i].clear;
      struct bulla_buffer room = test_room(BULLA_DETAIL_MAX);
      enum bulla_status status =
          bulla_audit_detail_open(&opened, &room, rows[i].keyring, rows[i].key, rows[i].lane, rows[i].sealed);
      TEST_ROW(status, i == 0 ? BULLA_OK : BULLA_AUDIT_BROKEN, i);
      if (status == BULLA_OK) {
        assert_same_detail(&opened, &records[which]);
      }
    }
  }
  bulla_key_free(&other);
  bulla_key_free(&key);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

/* Whoever has the key of a tenant seals what he likes: it is read with the same care. */
Test(audit_chain, a_detail_of_another_form_is_broken) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_key *key = test_key_of(7);
  struct bulla_context context;
  const struct bulla_audit_record record = {.seq = 5};
  TEST_OK(bulla_context_detail(&context, &keyring, bulla_span(lane.id, sizeof(lane.id)), &record));
  const struct {
    size_t lens[7]; /* of the parts */
    uint8_t filling;
    size_t more; /* bytes behind them */
    bool good;
  } rows[] = {
      {{128, 256, 256, 256, 128, 148, 32}, 'a', 0, true},
      {{0, 0, 0, 0, 0, 0, 0}, 'a', 0, true},
      {{129, 0, 0, 0, 0, 0, 0}, 'a', 0, false},
      {{0, 257, 0, 0, 0, 0, 0}, 'a', 0, false},
      {{0, 0, 257, 0, 0, 0, 0}, 'a', 0, false},
      {{0, 0, 0, 257, 0, 0, 0}, 'a', 0, false},
      {{0, 0, 0, 0, 129, 0, 0}, 'a', 0, false},
      {{0, 0, 0, 0, 0, 149, 0}, 'a', 0, false},
      {{0, 0, 0, 0, 0, 0, 31}, 'a', 0, false},
      {{0, 0, 0, 0, 0, 0, 33}, 'a', 0, false},
      {{0, 0, 0, 0, 0, 0, 0}, 'a', 1, false},
      {{0, 1, 0, 0, 0, 0, 0}, 0xff, 0, false},
      {{0, 1, 0, 0, 0, 0, 0}, 0, 0, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_buffer plaintext = test_room(BULLA_DETAIL_MAX);
    struct bulla_buffer sealed = test_room(BULLA_DETAIL_MAX);
    struct bulla_writer writer = bulla_writer(&plaintext);
    for (size_t part = 0; part < 7; part++) {
      bulla_put_prefixed(&writer, test_filled(rows[i].filling, rows[i].lens[part]));
    }
    bulla_put(&writer, test_filled(0, rows[i].more));
    TEST_OK(bulla_writer_finish(&writer));
    TEST_OK(bulla_seal(key, &sealed, bulla_written(&plaintext), bulla_context_span(&context)));
    struct bulla_audit_record opened = {.seq = 5};
    struct bulla_buffer room = test_room(BULLA_DETAIL_MAX);
    TEST_ROW(bulla_audit_detail_open(&opened, &room, &keyring, key, &lane, bulla_written(&sealed)),
             rows[i].good ? BULLA_OK : BULLA_AUDIT_BROKEN, i);
  }
  bulla_key_free(&key);
  bulla_keyring_free(&keyring);
}

Test(audit_chain, a_first_key_opens_with_the_audit_key_of_its_vault_for_its_lane_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_keyring other = test_keyring(1, 3);
  struct bulla_secret *key = test_secret(test_filled(7, BULLA_KEY_LEN));
  struct bulla_buffer sealed = test_room(BULLA_KEY_LEN + BULLA_BOX_OVERHEAD);
  TEST_OK(bulla_audit_first_key_seal(&sealed, &keyring, key, test_id(1)));
  struct bulla_span whole = bulla_written(&sealed);
  const struct {
    const struct bulla_keyring *keyring;
    struct bulla_span sealed;
    struct bulla_span lane_id;
  } rows[] = {
      {&keyring, whole, test_id(1)},
      {&keyring, whole, test_id(2)},
      {&other, whole, test_id(1)},
      {&elsewhere, whole, test_id(1)},
      {&keyring, with_another_end(whole), test_id(1)},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_secret *opened = NULL;
    TEST_ROW(bulla_audit_first_key_open(&opened, rows[i].keyring, rows[i].sealed, rows[i].lane_id),
             i == 0 ? BULLA_OK : BULLA_AUDIT_BROKEN, i);
    cr_expect_eq(opened != NULL, i == 0, "row %zu", i);
    if (opened != NULL) {
      TEST_SPAN(bulla_secret_bytes(opened), bulla_secret_bytes(key), "key");
    }
    bulla_secret_free(&opened);
  }
  bulla_secret_free(&key);
  bulla_keyring_free(&other);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}

Test(audit_chain, a_ratcheted_key_is_another_and_the_same_each_time) {
  struct bulla_secret *keys[2];
  for (int i = 0; i < 2; i++) {
    keys[i] = test_secret(test_filled(7, BULLA_KEY_LEN));
    TEST_OK(bulla_audit_ratchet(&keys[i]));
    cr_expect_not(test_same(bulla_secret_bytes(keys[i]), test_filled(7, BULLA_KEY_LEN)));
  }
  TEST_SPAN(bulla_secret_bytes(keys[0]), bulla_secret_bytes(keys[1]), "key");
  bulla_secret_free(&keys[0]);
  bulla_secret_free(&keys[1]);
}

Test(audit_chain, a_head_opens_for_the_record_that_it_was_sealed_for_alone) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_audit_head head = {
      .lane = lane, .seq = 65, .mac = {3}, .key = test_secret(test_filled(7, BULLA_KEY_LEN))};
  uint8_t tag[BULLA_MAC_LEN];
  struct bulla_buffer sealed = test_room(BULLA_WRAPPED_MAX);
  TEST_OK(bulla_audit_head_seal(tag, &sealed, &keyring, &head));
  const struct {
    const struct bulla_keyring *keyring;
    int64_t seq;
    uint8_t mac;
    uint8_t flip; /* of the tag */
    size_t cut;   /* of the sealed key */
    uint8_t lane;
    bool good;
  } rows[] = {
      {&keyring, 65, 3, 0, 0, 1, true},  {&keyring, 66, 3, 0, 0, 1, false},   {&keyring, 64, 3, 0, 0, 1, false},
      {&keyring, 65, 4, 0, 0, 1, false}, {&keyring, 65, 3, 1, 0, 1, false},   {&keyring, 65, 3, 0, 1, 1, false},
      {&keyring, 65, 3, 0, 0, 2, false}, {&elsewhere, 65, 3, 0, 0, 1, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_audit_head opened = {.lane = {.id = {rows[i].lane}}, .seq = rows[i].seq, .mac = {rows[i].mac}};
    tag[31] ^= rows[i].flip;
    TEST_ROW(bulla_audit_head_open(&opened, rows[i].keyring, tag, bulla_span(sealed.data, sealed.len - rows[i].cut)),
             rows[i].good ? BULLA_OK : BULLA_AUDIT_BROKEN, i);
    tag[31] ^= rows[i].flip;
    bulla_audit_head_free(&opened);
  }
  bulla_audit_head_free(&head);
  bulla_keyring_free(&elsewhere);
  bulla_keyring_free(&keyring);
}
