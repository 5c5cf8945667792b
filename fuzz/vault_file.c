/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A hostile database. Entry points: bulla_vault_open on the file, then every other function of the vault.
 *
 * The input is a database, or a list of what an attacker without the root key does to a good one by SQL
 * (fuzz/vault_script.h). Whatever it is: nothing crashes; a vault with another schema, or with a row of its own or of
 * its first lane that was not signed, does not open; a value comes out only under the names that it was once put under,
 * and so do masks and token roots; whoever is refused gets nothing; a walk gives nothing twice; a log that is said to
 * be unbroken is a part of the true one; and in the end SQLite has all of its memory back. A file can be such that
 * SQLite itself walks without end before it gives a row, which docs/THREATS.md calls denial of service: there SQLite is
 * interrupted, and bulla has to cope.
 *
 * Of all that a vault can be asked for, an input draws a lot; where there is time, it is all of it. */

#include <sqlite3.h>

#include "fuzz/mutate_vault.h"
#include "fuzz/sqlite_pool.h"
#include "fuzz/vault_script.h"

enum { FIRST_NUM_RECORDS = FUZZ_MAX_RECORDS }; /* of the good vault */

enum {
  MAX_ROWS = 5000,  /* that a database of FUZZ_IMAGE_MAX bytes may hold */
  MAX_STEPS = 3000, /* of 100 instructions of SQLite's machine */
};

#define FRESH "a fresh value"

static bool is_set_up;
static int num_steps;
static size_t num_rows;
static int64_t num_own; /* records that the vault may have added since it was opened, at most */
static bool put_any;    /* FRESH was put since then */

/* What a walk gave last, which must grow. */
static char last_name[2 * BULLA_NAME_MAX + 2];

/* check_order sees to it that a walk gives nothing twice. */
static void check_order(struct bulla_span first, struct bulla_span second) {
  char name[sizeof(last_name)];
  int len = snprintf(name, sizeof(name), "%.*s/%.*s", (int)first.len, (const char *)first.data, (int)second.len,
                     (const char *)second.data);
  FUZZ_ASSERT(len > 0 && (size_t)len < sizeof(name) && strcmp(name, last_name) > 0);
  memcpy(last_name, name, (size_t)len + 1);
}

/* Where a callback is told what it may be given. */
struct expected {
  const char *tenant;
  const char *entry;
  const char *field;
  bool fresh; /* FRESH was put there */
  int calls;
};

static int tick(void *arg) {
  (void)arg;
  return num_steps++ >= MAX_STEPS ? 1 : 0;
}

static int watch(sqlite3 *db, char **error, const struct sqlite3_api_routines *routines) {
  (void)error;
  (void)routines;
  sqlite3_progress_handler(db, 100, tick, NULL);
  return SQLITE_OK;
}

static void set_up(void) {
  fuzz_sqlite_pool();
  fuzz_script_set_up(fuzz_known_put_young, fuzz_known_put_good);
  FUZZ_ASSERT(sqlite3_auto_extension((void (*)(void))watch) == SQLITE_OK);
  is_set_up = true;
}

/* begin comes before each call. */
static void begin(void) {
  num_steps = 0;
  num_rows = 0;
  last_name[0] = '\0';
}

static enum bulla_status count_row(void) {
  FUZZ_ASSERT(num_rows++ < MAX_ROWS);
  return BULLA_OK;
}

/* is_known says whether |value| was put there, as a secret or not, or if |mask|, is a mask of what was put. */
static bool is_known(const struct expected *expected, struct bulla_span value, bool secret, bool mask) {
  if (expected->fresh && secret && !mask && bulla_span_equal(value, BULLA_LITERAL(FRESH))) {
    return true;
  }
  if (expected->fresh && secret && mask && bulla_span_equal(value, BULLA_LITERAL("********"))) {
    return true;
  }
  return fuzz_known_has(expected->tenant, expected->entry, expected->field, value, secret, mask);
}

static enum bulla_status take_value(void *arg, struct bulla_span value) {
  struct expected *expected = (struct expected *)arg;
  expected->calls++;
  FUZZ_ASSERT(is_known(expected, value, true, false) || is_known(expected, value, false, false));
  return BULLA_OK;
}

static enum bulla_status take_field(void *arg, const struct bulla_field_view *field) {
  struct expected expected = *(const struct expected *)arg;
  char name[BULLA_NAME_MAX + 1] = "";
  memcpy(name, field->name.data, field->name.len);
  expected.field = name;
  check_order(field->name, bulla_span(NULL, 0));
  FUZZ_ASSERT(is_known(&expected, field->text, field->secret, field->secret));
  return count_row();
}

static enum bulla_status take_revision(void *arg, const struct bulla_revision_view *view) {
  struct expected expected = *(const struct expected *)arg;
  char name[BULLA_NAME_MAX + 1] = "";
  memcpy(name, view->field.data, view->field.len);
  expected.field = name;
  FUZZ_ASSERT(is_known(&expected, view->text, view->secret, view->secret));
  return count_row();
}

static enum bulla_status take_version(void *arg, const struct bulla_version_view *view) {
  (void)arg;
  FUZZ_ASSERT(view->version >= 1 && view->num_fields >= 0 && view->num_past >= 0 && view->num_apikeys >= 0);
  return count_row();
}

static enum bulla_status take_limit(void *arg, const struct bulla_limit *limit) {
  (void)arg;
  (void)limit;
  return count_row();
}

static enum bulla_status take_entry(void *arg, const struct bulla_entry_view *entry) {
  (void)arg;
  check_order(entry->tenant, entry->entry);
  for (size_t i = 0; i < FUZZ_NUM_KNOWN; i++) {
    if (bulla_span_equal(entry->tenant, fuzz_text(fuzz_known[i].tenant)) &&
        bulla_span_equal(entry->entry, fuzz_text(fuzz_known[i].entry))) {
      return count_row();
    }
  }
  FUZZ_ASSERT(false);
  return BULLA_OK;
}

static enum bulla_status take_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  (void)arg;
  FUZZ_ASSERT(bulla_span_equal(apikey->tenant, BULLA_LITERAL("acme")) ||
              bulla_span_equal(apikey->tenant, BULLA_LITERAL("beta")));
  FUZZ_ASSERT(apikey->id.len == BULLA_RECORD_ID_LEN);
  return count_row();
}

static enum bulla_status take_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  const struct fuzz_apikey *apikey = (const struct fuzz_apikey *)arg;
  FUZZ_ASSERT(bulla_span_equal(tenant, fuzz_text(apikey->tenant)) && root.len == BULLA_KEY_LEN);
  for (size_t i = 0; i < root.len; i++) {
    FUZZ_ASSERT(root.data[i] == apikey->root);
  }
  return BULLA_OK;
}

/* take_record sees that what is sealed in a record is read at its own place alone. */
static enum bulla_status take_record(void *arg, const struct bulla_audit_record *record) {
  int64_t *last = (int64_t *)arg;
  FUZZ_ASSERT(record->lane == 0 && record->seq > *last && record->seq >= 1 && record->seq <= FIRST_NUM_RECORDS);
  const struct fuzz_known_record *known = &fuzz_known_records[record->seq - 1];
  FUZZ_ASSERT(bulla_span_equal(record->tenant, fuzz_text(known->tenant)) &&
              bulla_span_equal(record->actor, fuzz_text(known->actor)) &&
              bulla_span_equal(record->entry, fuzz_text(known->entry)) &&
              bulla_span_equal(record->field, fuzz_text(known->field)));
  *last = record->seq;
  return count_row();
}

static enum bulla_status use(struct bulla_vault *vault, struct expected *expected) {
  begin();
  num_own += 2;
  expected->calls = 0;
  enum bulla_status status = bulla_vault_use(
      vault, &fuzz_who, AT(fuzz_text(expected->tenant), fuzz_text(expected->entry), fuzz_text(expected->field)),
      take_value, expected);
  FUZZ_ASSERT(expected->calls == (status == BULLA_OK ? 1 : 0));
  return status;
}

static enum bulla_status show(struct bulla_vault *vault, const char *tenant, const char *entry, bool fresh) {
  struct expected expected = {.tenant = tenant, .entry = entry, .fresh = fresh};
  begin();
  return bulla_vault_show(vault, AT(fuzz_text(tenant), fuzz_text(entry)), take_field, &expected);
}

/* verify checks the log. */
static void verify(struct bulla_vault *vault) {
  const int64_t max = FIRST_NUM_RECORDS + num_own;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  begin();
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  if (status == BULLA_OK) {
    FUZZ_ASSERT(verdict.bad_seq == 0 && verdict.num_records >= 1 && verdict.num_lanes == 1);
    FUZZ_ASSERT(verdict.num_records <= max);
  } else if (status == BULLA_AUDIT_BROKEN) {
    /* Lane 0 is the only one that can be good: another is bad from its first record on. */
    FUZZ_ASSERT(verdict.num_lanes <= 1 && verdict.num_records <= max);
    FUZZ_ASSERT(verdict.bad_seq == (verdict.num_lanes == 0 ? verdict.num_records : 0) + 1);
  } else {
    FUZZ_ASSERT(verdict.bad_seq == 0 && verdict.num_records == 0);
  }
}

/* ignore is for statuses that may be anything. */
static void ignore(enum bulla_status status) {
  (void)status;
}

/* What is asked for is one of NUM_KINDS, of which a lot is one of NUM_PARTS. */
enum { NUM_KINDS = 7, NUM_PARTS = FUZZ_NUM_KNOWN, NUM_LOTS = NUM_KINDS * NUM_PARTS };

/* look_at looks at what shows without being opened. */
static void look_at(struct bulla_vault *vault, unsigned part) {
  int64_t last = INT64_MIN;
  switch (part) {
    case 0:
      verify(vault);
      break;
    case 1:
      begin();
      ignore(bulla_vault_audit_log(vault, INT64_MIN, bulla_span(NULL, 0), take_record, &last));
      break;
    case 2:
      begin();
      ignore(bulla_vault_list(vault, bulla_span(NULL, 0), take_entry, NULL));
      begin();
      ignore(bulla_vault_list(vault, BULLA_LITERAL("acme"), take_entry, NULL));
      break;
    default:
      begin();
      ignore(bulla_vault_apikey_list(vault, bulla_span(NULL, 0), take_apikey, NULL));
      break;
  }
}

static void open_field(struct bulla_vault *vault, const struct fuzz_known *known) {
  struct expected expected = {.tenant = known->tenant, .entry = known->entry, .field = known->field};
  (void)use(vault, &expected);
}

static void open_apikey(struct bulla_vault *vault, unsigned part) {
  struct expected never = {.tenant = "beta", .entry = "mail", .field = "password"};
  if (part == FUZZ_NUM_APIKEYS) {
    FUZZ_ASSERT(use(vault, &never) != BULLA_OK);
    return;
  }
  begin();
  num_own += 2;
  struct fuzz_apikey apikey = fuzz_apikeys[part];
  ignore(bulla_vault_apikey_use(vault, &fuzz_who, fuzz_text(apikey.id), take_root, &apikey));
}

/* put_fresh writes, so that what is written meets what was there. */
static void put_fresh(struct bulla_vault *vault) {
  const struct bulla_field field = {BULLA_LITERAL("password"), BULLA_LITERAL(FRESH), true};
  begin();
  num_own += 2;
  enum bulla_status status =
      bulla_vault_put(vault, &fuzz_who, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db")), &field, 1);
  put_any = put_any || status == BULLA_OK;
}

static void change(struct bulla_vault *vault, unsigned part) {
  if (part < 3) {
    put_fresh(vault);
  }
  struct expected expected = {.tenant = "acme", .entry = "db", .field = "password", .fresh = put_any};
  switch (part) {
    case 0:
      (void)use(vault, &expected);
      break;
    case 1:
      (void)show(vault, "acme", "db", put_any);
      break;
    case 2:
      verify(vault);
      break;
    default:
      begin();
      num_own += 1;
      ignore(bulla_vault_remove(vault, &fuzz_who, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("mail"))));
      break;
  }
}

static void revoke(struct bulla_vault *vault, unsigned part) {
  bool revoked = true;
  enum bulla_status status;
  begin();
  switch (part) {
    case 0:
      num_own += 1;
      ignore(bulla_vault_apikey_revoke(vault, &fuzz_who, fuzz_text(fuzz_apikeys[0].id)));
      break;
    case 1:
      num_own += 1;
      ignore(bulla_vault_token_revoke(vault, &fuzz_who, BULLA_LITERAL("beta"), BULLA_LITERAL("session-2"), 1));
      break;
    case 2:
      status = bulla_vault_token_revoked(vault, &revoked, BULLA_LITERAL("acme"), BULLA_LITERAL(FUZZ_JTI));
      FUZZ_ASSERT(status == BULLA_OK || !revoked);
      break;
    default:
      verify(vault);
      break;
  }
}

/* renew has all of a tenant sealed anew under the next version of its secret. */
static void renew(struct bulla_vault *vault, const char *tenant) {
  enum { MAX_RECORDS = 3 * 32 };
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int64_t version;
  int64_t num;
  begin();
  num_own += 1;
  ignore(bulla_vault_rotate_tenant(vault, &version, &fuzz_who, fuzz_text(tenant)));
  begin();
  num_own += MAX_RECORDS;
  enum bulla_status status = bulla_vault_rewrap(vault, &report, &fuzz_who, fuzz_text(tenant), NULL, NULL);
  FUZZ_ASSERT(status != BULLA_OK || report.num_refused == 0);
  begin();
  num_own += MAX_RECORDS;
  ignore(bulla_vault_destroy_versions(vault, &num, &fuzz_who, fuzz_text(tenant)));
}

/* look_back asks for what was, or has it back. */
static void look_back(struct bulla_vault *vault, unsigned part) {
  struct expected expected = {.tenant = "acme", .entry = "db", .field = "password", .fresh = put_any};
  const struct bulla_place *former = AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db"), BULLA_LITERAL("password"), 1);
  begin();
  num_own += 2;
  switch (part) {
    case 0:
      ignore(bulla_vault_history(vault, AT(former->tenant, former->entry), take_revision, &expected));
      break;
    case 1:
      ignore(bulla_vault_use(vault, &fuzz_who, former, take_value, &expected));
      break;
    case 2:
      ignore(bulla_vault_restore_field(vault, &fuzz_who, former));
      (void)use(vault, &expected);
      break;
    case 3:
      renew(vault, "acme");
      (void)use(vault, &expected);
      break;
    case 4:
      renew(vault, "acme");
      open_apikey(vault, 0);
      break;
    case 5:
      ignore(bulla_vault_versions(vault, bulla_span(NULL, 0), take_version, NULL));
      break;
    case 6:
      ignore(bulla_vault_limit_list(vault, take_limit, NULL));
      break;
    default:
      ignore(bulla_vault_shred(vault, &fuzz_who, BULLA_LITERAL("acme")));
      (void)use(vault, &expected);
      begin();
      ignore(bulla_vault_scrub(vault));
      break;
  }
}

/* exercise asks for a part of what can be asked for: opening a vault anew and asking little is faster. */
static void exercise(struct bulla_vault *vault, unsigned lot) {
  unsigned part = lot / NUM_KINDS;
  switch (lot % NUM_KINDS) {
    case 0:
      look_at(vault, part % 4);
      break;
    case 1:
      open_field(vault, &fuzz_known[part]);
      break;
    case 2:
      (void)show(vault, fuzz_known[part].tenant, fuzz_known[part].entry, false);
      break;
    case 3:
      open_apikey(vault, part % 4);
      break;
    case 4:
      change(vault, part % 4);
      break;
    case 5:
      revoke(vault, part % 4);
      break;
    default:
      look_back(vault, part);
      break;
  }
}

/* exercise_all asks one vault for all of it, so that what it has read once meets what it reads later. */
static void exercise_all(struct bulla_vault *vault) {
  for (unsigned kind = 0; kind < NUM_KINDS; kind++) {
    unsigned num = kind == 1 || kind == 2 || kind == 6 ? NUM_PARTS : NUM_PARTS / 2;
    for (unsigned part = 0; part < num; part++) {
      exercise(vault, kind + NUM_KINDS * part);
    }
  }
}

/* draw_lot returns what the vault is asked for: NUM_LOTS stands for everything. An input cannot ask for it: soon most
 * of them would ask for what reaches the most, and takes the longest. */
static unsigned draw_lot(struct bulla_span input) {
  uint32_t sum = 0;
  for (size_t i = 0; i < input.len; i++) {
    sum = (sum ^ input.data[i]) * UINT32_C(0x9e3779b1);
    sum ^= sum >> 15;
  }
  return sum % 256 == 0 ? (unsigned)NUM_LOTS : (sum >> 8) % NUM_LOTS;
}

static void try(struct bulla_span input, unsigned lot) {
  struct bulla_vault *vault = NULL;
  num_own = 0;
  put_any = false;
  begin();
  bool same_schema = fuzz_script_load(input);
  int64_t memory_used = sqlite3_memory_used();
  begin();
  if (bulla_vault_open(&vault, fuzz_vault_url(), fuzz_vault_root(), NULL) == BULLA_OK) {
    FUZZ_ASSERT(same_schema && !fuzz_script_signed_changed());
    if (lot < NUM_LOTS) {
      exercise(vault, lot);
    } else {
      exercise_all(vault);
    }
    begin();
  } else {
    FUZZ_ASSERT(vault == NULL);
  }
  bulla_vault_close(&vault);
  FUZZ_ASSERT(sqlite3_memory_used() == memory_used);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  if (!is_set_up) {
    set_up();
  }
  begin();
  return fuzz_mutate_vault(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_span input = bulla_span(data, size);
  if (!is_set_up) {
    set_up();
  }
  if (size > FUZZ_IMAGE_MAX) {
    return -1;
  }
  if (fuzz_tries_all()) {
    for (unsigned lot = 0; lot <= NUM_LOTS; lot++) {
      try(input, lot);
    }
  } else {
    try(input, draw_lot(input));
  }
  return 0;
}
