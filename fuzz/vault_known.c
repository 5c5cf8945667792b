/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_known.h. */

#include "fuzz/vault_known.h"

const struct fuzz_known fuzz_known[FUZZ_NUM_KNOWN] = {
    {"acme", "db", "password", true, 2},   {"acme", "db", "host", false, 2},      {"acme", "db", "token", true, 1},
    {"acme", "mail", "password", true, 1}, {"acme", "gone", "password", true, 1}, {"beta", "db", "password", true, 1},
    {"beta", "db", "host", false, 1},      {"past", "db", "password", true, 1},
};

const struct fuzz_apikey fuzz_apikeys[FUZZ_NUM_APIKEYS] = {
    {"00112233445566aa", "acme", false, 0x11},
    {"00112233445566bb", "beta", false, 0x22},
    {"00112233445566cc", "acme", true, 0x33},
};

struct bulla_span fuzz_known_value(char *room, const struct fuzz_known *known, int revision) {
  int len = snprintf(room, FUZZ_KNOWN_MAX, "%s/%s:%s revision %d %c%c%c%d", known->tenant, known->entry, known->field,
                     revision, known->tenant[0], known->entry[0], known->field[0], revision);
  FUZZ_ASSERT(len > 0 && len < FUZZ_KNOWN_MAX);
  return bulla_span(room, (size_t)len);
}

bool fuzz_known_has(const char *tenant, const char *entry, const char *field, struct bulla_span value, bool secret,
                    bool mask) {
  for (size_t i = 0; i < FUZZ_NUM_KNOWN; i++) {
    const struct fuzz_known *known = &fuzz_known[i];
    bool here = strcmp(known->tenant, tenant) == 0 && strcmp(known->entry, entry) == 0 &&
                strcmp(known->field, field) == 0 && known->secret == secret;
    for (int revision = 1; here && revision <= known->revisions; revision++) {
      char room[FUZZ_KNOWN_MAX];
      struct bulla_span whole = fuzz_known_value(room, known, revision);
      struct bulla_span tail = bulla_span(whole.data + whole.len - 4, 4);
      bool masked = value.len == 12 && memcmp(value.data, "********", 8) == 0 &&
                    bulla_span_equal(bulla_span(value.data + 8, 4), tail);
      if (mask ? masked : bulla_span_equal(value, whole)) {
        return true;
      }
    }
  }
  return false;
}

static void put_revision(struct bulla_vault *vault, int revision) {
  for (size_t i = 0; i < FUZZ_NUM_KNOWN; i++) {
    const struct fuzz_known *known = &fuzz_known[i];
    char room[FUZZ_KNOWN_MAX];
    if (known->revisions >= revision) {
      fuzz_vault_put(vault, known->tenant, known->entry, known->field, fuzz_known_value(room, known, revision),
                     known->secret);
    }
  }
}

static void put_apikeys(struct bulla_vault *vault) {
  for (size_t i = 0; i < FUZZ_NUM_APIKEYS; i++) {
    const struct fuzz_apikey *apikey = &fuzz_apikeys[i];
    struct bulla_secret *root = NULL;
    uint8_t hash[32] = {0};
    FUZZ_ASSERT(bulla_secret_new(&root, BULLA_KEY_LEN) == BULLA_OK);
    memset(bulla_secret_data(root), apikey->root, BULLA_KEY_LEN);
    FUZZ_ASSERT(bulla_vault_apikey_put(vault, &fuzz_who,
                                       &(const struct bulla_apikey_record){.tenant = fuzz_text(apikey->tenant),
                                                                           .id = fuzz_text(apikey->id),
                                                                           .name = fuzz_text("embed"),
                                                                           .hash = bulla_span(hash, sizeof(hash)),
                                                                           .root = root}) == BULLA_OK);
    bulla_secret_free(&root);
  }
}

struct fuzz_known_record fuzz_known_records[FUZZ_MAX_RECORDS];
size_t fuzz_num_records;

static void note(char room[FUZZ_DETAIL_MAX], struct bulla_span text) {
  FUZZ_ASSERT(text.len < FUZZ_DETAIL_MAX);
  memcpy(room, text.data, text.len);
}

static enum bulla_status note_record(void *arg, const struct bulla_audit_record *record) {
  (void)arg;
  FUZZ_ASSERT(fuzz_num_records < FUZZ_MAX_RECORDS && record->seq == (int64_t)fuzz_num_records + 1);
  struct fuzz_known_record *known = &fuzz_known_records[fuzz_num_records++];
  note(known->tenant, record->tenant);
  note(known->actor, record->actor);
  note(known->entry, record->entry);
  note(known->field, record->field);
  return BULLA_OK;
}

void fuzz_known_put_young(void) {
  struct bulla_vault *vault = fuzz_vault_open();
  put_revision(vault, 1);
  put_apikeys(vault);
  bulla_vault_close(&vault);
}

/* So many that nothing here is too much. The first one makes a bucket. */
static void limit_changes(struct bulla_vault *vault) {
  const struct bulla_limit limit = {
      .kind = BULLA_LIMIT_CHANGE, .scope = BULLA_LIMIT_TENANT, .name = fuzz_text("acme"), .rate = 1000, .period = 1};
  FUZZ_ASSERT(bulla_vault_limit_set(vault, &fuzz_who, &limit) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_keep(vault, &fuzz_who, AT(fuzz_text("acme"), fuzz_text("mail")), 3) == BULLA_OK);
}

void fuzz_known_put_good(void) {
  const struct bulla_place past = {.tenant = fuzz_text("past"), .entry = fuzz_text("db")};
  struct bulla_vault *vault = fuzz_vault_open();
  put_revision(vault, 2);
  FUZZ_ASSERT(bulla_vault_remove(vault, &fuzz_who, AT(fuzz_text("acme"), fuzz_text("gone"))) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_remove(vault, &fuzz_who, &past) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_remove_tenant(vault, &fuzz_who, past.tenant) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_apikey_revoke(vault, &fuzz_who, fuzz_text(fuzz_apikeys[2].id)) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_token_revoke(vault, &fuzz_who, fuzz_text("acme"), fuzz_text(FUZZ_JTI), INT64_C(1) << 40) ==
              BULLA_OK);
  /* What comes new comes here: images that a fuzzer has found have the same records so far. */
  limit_changes(vault);
  FUZZ_ASSERT(bulla_vault_audit_log(vault, 1, bulla_span(NULL, 0), note_record, NULL) == BULLA_OK);
  FUZZ_ASSERT(fuzz_num_records == FUZZ_MAX_RECORDS);
  bulla_vault_close(&vault);
}
