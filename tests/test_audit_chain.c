/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/audit_chain.h: macs, keys and heads. tests/test_format.c has their bytes, tests/test_audit.c a whole log. */

#include "core/cursor.h"
#include "store/audit_chain.h"
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

/* The longest that every part may be. */
static struct bulla_audit_record record_of(char filling) {
  return (struct bulla_audit_record){
      .seq = 5,
      .time = 1700000000000000,
      .tenant = test_filled((uint8_t)filling, BULLA_NAME_MAX),
      .actor = test_filled((uint8_t)filling, BULLA_WHO_MAX),
      .origin = test_filled((uint8_t)filling, BULLA_WHO_MAX),
      .reason = test_filled((uint8_t)filling, BULLA_WHO_MAX),
      .op = BULLA_LITERAL("use"),
      .entry = test_filled((uint8_t)filling, BULLA_NAME_MAX),
      .field = test_filled((uint8_t)filling, BULLA_NAME_MAX),
      .outcome = BULLA_LITERAL("granted"),
  };
}

Test(audit_chain, a_mac_is_of_every_part_to_its_end_of_the_one_before_and_of_the_vault) {
  struct bulla_keyring keyring = test_keyring(1, 2);
  struct bulla_keyring elsewhere = test_keyring(9, 2);
  struct bulla_secret *key = test_secret(test_filled(7, BULLA_KEY_LEN));
  uint8_t previous[BULLA_MAC_LEN] = {0};
  uint8_t other_previous[BULLA_MAC_LEN] = {[BULLA_MAC_LEN - 1] = 1};
  struct bulla_audit_record good = record_of('a');
  uint8_t macs[16][BULLA_MAC_LEN];
  size_t num = 0;
  TEST_OK(bulla_audit_mac(macs[num++], &keyring, key, &good, previous));
  TEST_OK(bulla_audit_mac(macs[num++], &elsewhere, key, &good, previous));
  TEST_OK(bulla_audit_mac(macs[num++], &keyring, key, &good, other_previous));
  for (int part = 0; part < 10; part++) {
    struct bulla_audit_record record = good;
    struct bulla_span *const texts[] = {&record.tenant, &record.actor, &record.origin, &record.reason,
                                        &record.op,     &record.entry, &record.field,  &record.outcome};
    if (part < 8) {
      struct bulla_span cut = test_copy(*texts[part]);
      ((uint8_t *)(uintptr_t)cut.data)[cut.len - 1] ^= 1;
      *texts[part] = cut;
    } else {
      record.seq += part == 8;
      record.time += part == 9;
    }
    TEST_OK(bulla_audit_mac(macs[num++], &keyring, key, &record, previous));
  }
  for (size_t i = 0; i < num; i++) {
    for (size_t j = 0; j < i; j++) {
      cr_expect_neq(memcmp(macs[i], macs[j], BULLA_MAC_LEN), 0, "%zu and %zu", i, j);
    }
  }
  bulla_secret_free(&key);
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
  struct bulla_audit_head head = {.seq = 65, .mac = {3}, .key = test_secret(test_filled(7, BULLA_KEY_LEN))};
  uint8_t tag[BULLA_MAC_LEN];
  struct bulla_buffer sealed = test_room(BULLA_WRAPPED_MAX);
  TEST_OK(bulla_audit_head_seal(tag, &sealed, &keyring, &head));
  const struct {
    const struct bulla_keyring *keyring;
    int64_t seq;
    uint8_t mac;
    uint8_t flip; /* of the tag */
    size_t cut;   /* of the sealed key */
    bool good;
  } rows[] = {
      {&keyring, 65, 3, 0, 0, true},    {&keyring, 66, 3, 0, 0, false}, {&keyring, 64, 3, 0, 0, false},
      {&keyring, 65, 4, 0, 0, false},   {&keyring, 65, 3, 1, 0, false}, {&keyring, 65, 3, 0, 1, false},
      {&elsewhere, 65, 3, 0, 0, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_audit_head opened = {.seq = rows[i].seq, .mac = {rows[i].mac}};
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
