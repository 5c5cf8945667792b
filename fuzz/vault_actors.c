/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A hostile database and an actor. Entry points: bulla_vault_open_as, then what actors may call and what they may not.
 *
 * The input is what an attacker without any key does to a good vault by SQL (fuzz/vault_script.h): the vault has an
 * actor of each role, one whose grants were ended and one that was revoked, and values that an actor has put. The rows
 * of before all that are at hand too. Whatever the attacker did: nothing crashes; a value, a mask, a token root comes
 * out only under its own names, and only to an actor with the role for it on that tenant; what was put under a secret
 * that was made after an actor was revoked never comes out to it, nor to whom a grant was ended before; what an actor
 * puts is sealed to a public key that a root signed for that tenant; and what only a root may never succeeds. What
 * nobody has edited goes as the roles say. */

#include <sqlite3.h>

#include "core/blob.h"
#include "fuzz/sqlite_pool.h"
#include "fuzz/vault_script.h"
#include "store/signed.h"

enum { MAX_STEPS = 3000 }; /* of 100 instructions of SQLite's machine */

#define BIT(role) (1U << BULLA_ROLE_##role)
#define POSTED_FIELD "token" /* of acme/db: "front" puts it */

/* Who there is. Roles are on "acme", or on all tenants. */
static const struct who {
  const char *name;
  unsigned roles;
  bool of_all;
  bool ended; /* in the good vault, before the secret was made that is active there */
} all[] = {
    {"front", BIT(PUT) | BIT(SHOW), false, false},
    {"worker", BIT(USE), false, false},
    {"sync", BIT(USE), true, false},
    {"clerk", BIT(VERIFY), false, false},
    {"gate", BIT(VERIFY) | BIT(SHOW), true, false},
    {"auditor", BIT(AUDIT), true, false},
    {"former", BIT(USE) | BIT(PUT), false, true},
    {"gone", BIT(USE) | BIT(VERIFY), true, true},
    {"nobody", 0, false, false},
};
enum { NUM_ACTORS = sizeof(all) / sizeof(all[0]) };

static struct bulla_actor *actors[NUM_ACTORS];
static const struct who *now; /* as whom the vault was opened */
static bool is_good;          /* nobody has edited the vault */
static int num_steps;

/* The key ids of the public halves that a root has signed for each of the tenants, as one that actors put to. */
enum { MAX_PUBLICS = 16 };
static struct {
  uint8_t id[BULLA_KEY_ID_LEN];
  bool is_value; /* or of a mask */
} publics[MAX_PUBLICS];
static size_t num_publics;

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

static const char *provider_of(size_t i) {
  static char provider[64];
  (void)snprintf(provider, sizeof(provider), "env:BULLA_FUZZ_ACTOR_%zu", i);
  return provider;
}

static void make_actor(struct bulla_vault *vault, size_t i) {
  struct bulla_secret *key = NULL;
  struct bulla_span name = fuzz_text(all[i].name);
  char text[BULLA_ACTOR_KEY_LEN + 1] = "";
  FUZZ_ASSERT(bulla_vault_actor_create(vault, &key, &fuzz_who, name) == BULLA_OK);
  memcpy(text, bulla_secret_bytes(key).data, BULLA_ACTOR_KEY_LEN);
  bulla_secret_free(&key);
  FUZZ_ASSERT(setenv(provider_of(i) + strlen("env:"), text, 1) == 0);
  FUZZ_ASSERT(bulla_actor_open(&actors[i], provider_of(i)) == BULLA_OK);
  for (int role = 0; role < BULLA_NUM_ROLES; role++) {
    if ((all[i].roles & 1U << role) != 0) {
      FUZZ_ASSERT(bulla_vault_grant(vault, &fuzz_who, name, (enum bulla_role)role,
                                    fuzz_text(all[i].of_all ? "" : "acme")) == BULLA_OK);
    }
  }
}

static bool is_posted(const struct fuzz_known *known) {
  return strcmp(known->tenant, "acme") == 0 && strcmp(known->field, POSTED_FIELD) == 0;
}

static void put_revision(struct bulla_vault *vault, int revision, bool posted) {
  for (size_t i = 0; i < FUZZ_NUM_KNOWN; i++) {
    const struct fuzz_known *known = &fuzz_known[i];
    char room[FUZZ_KNOWN_MAX];
    if (known->revisions >= revision && is_posted(known) == posted) {
      fuzz_vault_put(vault, known->tenant, known->entry, known->field, fuzz_known_value(room, known, revision),
                     known->secret);
    }
  }
}

static void put_apikey(struct bulla_vault *vault, const struct fuzz_apikey *apikey) {
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

static void note_public(struct bulla_span public_key, bool is_value) {
  FUZZ_ASSERT(num_publics < MAX_PUBLICS);
  FUZZ_ASSERT(bulla_boxed_for(publics[num_publics].id, public_key.data) == BULLA_OK);
  publics[num_publics++].is_value = is_value;
}

/* Notes the public halves that are in the statement of "acme". */
static void note_publics(void) {
  struct sqlite3 *db = fuzz_vault_sql();
  sqlite3_stmt *row = NULL;
  struct bulla_tenant_statement said;
  FUZZ_ASSERT(db != NULL &&
              sqlite3_prepare_v2(db, "SELECT statement FROM tenant WHERE name = 'acme'", -1, &row, NULL) == SQLITE_OK);
  FUZZ_ASSERT(sqlite3_step(row) == SQLITE_ROW);
  struct bulla_span bytes = bulla_span(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
  FUZZ_ASSERT(bulla_tenant_statement_read(&said, bytes) == BULLA_OK);
  for (size_t i = 0; i < said.num_secrets; i++) {
    note_public(said.secrets[i].value_public, true);
    note_public(said.secrets[i].mask_public, false);
  }
  sqlite3_finalize(row);
  FUZZ_ASSERT(sqlite3_close(db) == SQLITE_OK);
}

static void put_young(void) {
  struct bulla_vault *vault = fuzz_vault_open();
  put_revision(vault, 1, false);
  for (size_t i = 0; i < FUZZ_NUM_APIKEYS; i++) {
    put_apikey(vault, &fuzz_apikeys[i]);
  }
  for (size_t i = 0; i < NUM_ACTORS; i++) {
    make_actor(vault, i);
  }
  bulla_vault_close(&vault);
  FUZZ_ASSERT(bulla_vault_open_as(&vault, fuzz_vault_url(), actors[0], NULL) == BULLA_OK);
  put_revision(vault, 1, true);
  bulla_vault_close(&vault);
  note_publics();
}

static void put_good(void) {
  int64_t version;
  struct bulla_vault *vault = fuzz_vault_open();
  FUZZ_ASSERT(bulla_vault_apikey_revoke(vault, &fuzz_who, fuzz_text(fuzz_apikeys[2].id)) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_grant_end(vault, &fuzz_who, fuzz_text("former"), BULLA_ROLE_USE, fuzz_text("acme")) ==
              BULLA_OK);
  FUZZ_ASSERT(bulla_vault_grant_end(vault, &fuzz_who, fuzz_text("former"), BULLA_ROLE_PUT, fuzz_text("acme")) ==
              BULLA_OK);
  FUZZ_ASSERT(bulla_vault_actor_revoke(vault, NULL, &fuzz_who, fuzz_text("gone"), false, NULL, NULL) == BULLA_OK);
  FUZZ_ASSERT(bulla_vault_rotate_tenant(vault, &version, &fuzz_who, fuzz_text("acme")) == BULLA_OK);
  put_revision(vault, 2, false);
  bulla_vault_close(&vault);
  note_publics();
}

static void set_up(void) {
  fuzz_sqlite_pool();
  fuzz_script_set_up(put_young, put_good);
  FUZZ_ASSERT(sqlite3_auto_extension((void (*)(void))watch) == SQLITE_OK);
}

static bool may(unsigned roles, const char *tenant) {
  return (now->roles & roles) != 0 && (now->of_all || strcmp(tenant, "acme") == 0);
}

/* must says whether the actor gets what it asks for as nobody has done anything. */
static bool must(unsigned roles, const char *tenant) {
  return is_good && may(roles, tenant) && !now->ended;
}

/* The last revision of |known| that the actor may come to see. */
static int last_for(const struct fuzz_known *known) {
  return now->ended && known->secret && known->revisions > 1 ? 1 : known->revisions;
}

static bool is_value(const struct fuzz_known *known, struct bulla_span value) {
  char room[FUZZ_KNOWN_MAX];
  bool good = false;
  for (int revision = 1; revision <= last_for(known); revision++) {
    good = good || bulla_span_equal(value, fuzz_known_value(room, known, revision));
  }
  return good;
}

static enum bulla_status take_value(void *arg, struct bulla_span value) {
  const struct fuzz_known *known = (const struct fuzz_known *)arg;
  FUZZ_ASSERT(may(BIT(USE), known->tenant) && (is_value(known, value) || bulla_span_equal(value, fuzz_text("fresh"))));
  return BULLA_OK;
}

static enum bulla_status take_field(void *arg, const struct bulla_field_view *field) {
  const struct fuzz_known *known = (const struct fuzz_known *)arg;
  char name[BULLA_NAME_MAX + 1] = "";
  bool hidden = field->secret && bulla_span_equal(field->text, BULLA_LITERAL("********"));
  memcpy(name, field->name.data, field->name.len);
  FUZZ_ASSERT(may(BIT(SHOW) | BIT(USE), known->tenant));
  FUZZ_ASSERT(hidden || fuzz_known_has(known->tenant, known->entry, name, field->text, field->secret, field->secret));
  return BULLA_OK;
}

static enum bulla_status take_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  const struct fuzz_apikey *apikey = (const struct fuzz_apikey *)arg;
  FUZZ_ASSERT(may(BIT(VERIFY), apikey->tenant) && bulla_span_equal(tenant, fuzz_text(apikey->tenant)));
  for (size_t i = 0; i < root.len; i++) {
    FUZZ_ASSERT(root.data[i] == apikey->root);
  }
  return BULLA_OK;
}

static enum bulla_status take_record(void *arg, const struct bulla_audit_record *record) {
  (void)arg;
  FUZZ_ASSERT(may(BIT(AUDIT), "acme") && record->lane >= 0);
  return BULLA_OK;
}

static enum bulla_status take_entry(void *arg, const struct bulla_entry_view *entry) {
  (void)arg;
  (void)entry;
  return BULLA_OK;
}

/* begin comes before each call. */
static void begin(void) {
  num_steps = 0;
}

static void ignore(enum bulla_status status) {
  (void)status;
}

/* never is for what only a root may. */
static void never(enum bulla_status status) {
  FUZZ_ASSERT(status != BULLA_OK);
}

static const struct bulla_place *place_of(struct bulla_place *room, const struct fuzz_known *known) {
  *room = (struct bulla_place){
      .tenant = fuzz_text(known->tenant), .entry = fuzz_text(known->entry), .field = fuzz_text(known->field)};
  return room;
}

static void use(struct bulla_vault *vault, size_t i) {
  struct fuzz_known known = fuzz_known[i % FUZZ_NUM_KNOWN];
  struct bulla_place room;
  begin();
  enum bulla_status status = bulla_vault_use(vault, &fuzz_who, place_of(&room, &known), take_value, &known);
  FUZZ_ASSERT(status == BULLA_OK ? may(BIT(USE), known.tenant) : !must(BIT(USE), known.tenant));
}

static void show(struct bulla_vault *vault, size_t i) {
  struct fuzz_known known = fuzz_known[i % FUZZ_NUM_KNOWN];
  begin();
  enum bulla_status status =
      bulla_vault_show(vault, AT(fuzz_text(known.tenant), fuzz_text(known.entry)), take_field, &known);
  FUZZ_ASSERT(status == BULLA_OK || !must(BIT(SHOW) | BIT(USE), known.tenant));
  begin();
  ignore(bulla_vault_list(vault, fuzz_text(known.tenant), take_entry, NULL));
}

static void verify(struct bulla_vault *vault, size_t i) {
  struct fuzz_apikey apikey = fuzz_apikeys[i % FUZZ_NUM_APIKEYS];
  begin();
  enum bulla_status status = bulla_vault_apikey_use(vault, &fuzz_who, fuzz_text(apikey.id), take_root, &apikey);
  FUZZ_ASSERT(status == BULLA_OK ? may(BIT(VERIFY), apikey.tenant)
                                 : apikey.revoked || !must(BIT(VERIFY), apikey.tenant));
}

static void audit(struct bulla_vault *vault) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  begin();
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  FUZZ_ASSERT(status == BULLA_OK ? may(BIT(AUDIT), "acme") : !must(BIT(AUDIT), "acme"));
  begin();
  ignore(bulla_vault_audit_log(vault, INT64_MIN, fuzz_text("acme"), take_record, NULL));
}

static bool is_to(const void *blob, int len, bool is_value) {
  struct bulla_blob parts;
  bool good = bulla_blob_parse(&parts, bulla_span(blob, (size_t)len)) == BULLA_OK && parts.suite == BULLA_BOXED;
  bool known = false;
  for (size_t i = 0; good && i < num_publics; i++) {
    known = known || (publics[i].is_value == is_value &&
                      bulla_span_equal(parts.key_id, bulla_span(publics[i].id, sizeof(publics[i].id))));
  }
  return known;
}

/* The value that was put just now is sealed to what a root has signed: the row with the greatest number. */
static void check_put(void) {
  struct sqlite3 *db = fuzz_vault_sql();
  sqlite3_stmt *row = NULL;
  if (db != NULL &&
      sqlite3_prepare_v2(db, "SELECT value, mask FROM field ORDER BY number DESC LIMIT 1", -1, &row, NULL) ==
          SQLITE_OK &&
      sqlite3_step(row) == SQLITE_ROW) {
    FUZZ_ASSERT(is_to(sqlite3_column_blob(row, 0), sqlite3_column_bytes(row, 0), true));
    FUZZ_ASSERT(is_to(sqlite3_column_blob(row, 1), sqlite3_column_bytes(row, 1), false));
  }
  sqlite3_finalize(row);
  sqlite3_close(db);
}

static void put(struct bulla_vault *vault, size_t i) {
  const struct fuzz_known *known = &fuzz_known[i % FUZZ_NUM_KNOWN];
  const struct bulla_field field = {fuzz_text(known->field), BULLA_LITERAL("fresh"), true};
  begin();
  enum bulla_status status =
      bulla_vault_put(vault, &fuzz_who, AT(fuzz_text(known->tenant), fuzz_text(known->entry)), &field, 1);
  FUZZ_ASSERT(status == BULLA_OK ? may(BIT(PUT), known->tenant) : !known->secret || !must(BIT(PUT), known->tenant));
  if (status == BULLA_OK) {
    check_put();
  }
}

static void forbidden(struct bulla_vault *vault, size_t i) {
  struct bulla_secret *key = NULL;
  int64_t version;
  begin();
  switch (i) {
    case 0:
      never(bulla_vault_grant(vault, &fuzz_who, fuzz_text("nobody"), BULLA_ROLE_USE, fuzz_text("")));
      break;
    case 1:
      never(bulla_vault_grant_end(vault, &fuzz_who, fuzz_text("worker"), BULLA_ROLE_USE, fuzz_text("acme")));
      break;
    case 2:
      never(bulla_vault_actor_create(vault, &key, &fuzz_who, fuzz_text("new")));
      break;
    case 3:
      never(bulla_vault_actor_revoke(vault, NULL, &fuzz_who, fuzz_text("worker"), true, NULL, NULL));
      break;
    case 4:
      never(bulla_vault_rotate_tenant(vault, &version, &fuzz_who, fuzz_text("acme")));
      break;
    case 5:
      never(bulla_vault_remove(vault, &fuzz_who, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db"))));
      break;
    case 6:
      never(bulla_vault_apikey_revoke(vault, &fuzz_who, fuzz_text(fuzz_apikeys[0].id)));
      break;
    default:
      never(bulla_vault_shred(vault, &fuzz_who, fuzz_text("acme")));
      break;
  }
  FUZZ_ASSERT(key == NULL);
}

/* What is asked for is one of NUM_KINDS, each of NUM_PARTS. */
enum { NUM_KINDS = 6, NUM_PARTS = 8, NUM_LOTS = NUM_KINDS * NUM_PARTS * NUM_ACTORS };

static void exercise(struct bulla_vault *vault, unsigned kind, size_t part) {
  switch (kind) {
    case 0:
      use(vault, part);
      break;
    case 1:
      show(vault, part);
      break;
    case 2:
      verify(vault, part);
      break;
    case 3:
      audit(vault);
      break;
    case 4:
      put(vault, part);
      use(vault, part);
      break;
    default:
      forbidden(vault, part);
      break;
  }
}

/* try has one actor ask for a part, or for all where |lot| says so. */
static void try(struct bulla_span input, size_t actor, unsigned kind, size_t part, bool everything) {
  struct bulla_vault *vault = NULL;
  now = &all[actor];
  begin();
  bool same_schema = fuzz_script_load(input);
  begin();
  is_good = input.len <= 1;
  enum bulla_status status = bulla_vault_open_as(&vault, fuzz_vault_url(), actors[actor], NULL);
  FUZZ_ASSERT(!is_good || status == (strcmp(now->name, "gone") == 0 ? BULLA_REVOKED : BULLA_OK));
  if (status == BULLA_OK) {
    FUZZ_ASSERT(same_schema);
    for (unsigned i = 0; i < NUM_KINDS; i++) {
      for (size_t j = 0; j < NUM_PARTS; j++) {
        if (everything || (i == kind && j == part)) {
          exercise(vault, i, j);
        }
      }
    }
  } else {
    FUZZ_ASSERT(vault == NULL);
  }
  begin();
  bulla_vault_close(&vault);
}

/* draw returns a number that an input cannot choose without being another one. */
static unsigned draw(struct bulla_span input) {
  uint32_t sum = 0;
  for (size_t i = 0; i < input.len; i++) {
    sum = (sum ^ input.data[i]) * UINT32_C(0x9e3779b1);
    sum ^= sum >> 15;
  }
  return sum >> 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_span input = bulla_span(data, size);
  if (actors[0] == NULL) {
    set_up();
  }
  if (fuzz_script_image(input)) {
    return -1;
  }
  if (fuzz_tries_all()) {
    for (size_t actor = 0; actor < NUM_ACTORS; actor++) {
      try(input, actor, 0, 0, true);
    }
  } else {
    unsigned lot = draw(input) % NUM_LOTS;
    try(input, lot % NUM_ACTORS, lot / NUM_ACTORS % NUM_KINDS, lot / NUM_ACTORS / NUM_KINDS, false);
  }
  return 0;
}
