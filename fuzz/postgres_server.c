/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A hostile server. Entry points: bulla_vault_open on a URL of PostgreSQL, then what a service asks a vault for, by the
 * libpq that is installed.
 *
 * The server (fuzz/server.h) has a good vault and answers as one should. The input is how many calls to make, the
 * calls, and what is changed in what the server sends (fuzz/server_edits.h): lost connections, errors, warnings, other
 * lengths, other cells, rows of before, any bytes. Whatever it sends: nothing crashes, leaks, goes on for ever, or is
 * written to the standard error; a value comes out only under the names that it was once put under, and only if the
 * server was sent a record and a COMMIT in that call, and has told of as many commits as were acknowledged. Of a server
 * that does not lie, but whose connections end where the input says: what is acknowledged is in the database; nothing
 * is there of what is said not to have been done; and the next call goes well. On one that has lost what it
 * acknowledged the vault writes and opens nothing more. */

#include <unistd.h>

#include "fuzz/server.h"
#include "fuzz/sqlite_pool.h"
#include "fuzz/vault_known.h"
#include "store/vault.h"

enum { MAX_CALLS = 3, MAX_ROWS = 5000 };

static bool is_set_up;
static FILE *own_stderr;
static FILE *trap;
static size_t num_rows;
static size_t num_acknowledged;
static bool knew_any; /* of those before the server forgot */

/* Whether there is what was known. */
static enum { NO, PERHAPS, YES } is_there[FUZZ_NUM_KNOWN];

/* What a callback is told. */
struct expected {
  const struct fuzz_known *known;
  int num_calls;
};

/* Without libpq there is nothing to try, and who asks for it is told. */
static void need_libpq(void) {
  if (bulla_db_check_url("postgres:///vault") != BULLA_OK) {
    (void)printf("1..0 # SKIP libpq.so.5 of PostgreSQL cannot be loaded: install libpq5\n");
    exit(LLVMFuzzerRunDriver != NULL ? 1 : 0);
  }
}

int LLVMFuzzerInitialize(const int *argc, char ***argv);

/* With an engine, before it takes an exit for a finding. */
int LLVMFuzzerInitialize(const int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  need_libpq();
  return 0;
}

/* What libpq takes from the environment is not the input's. */
static void clear_environment(void) {
  static const char *const names[] = {
      "PGHOST", "PGHOSTADDR", "PGPORT",     "PGSERVICE",  "PGSERVICEFILE", "PGOPTIONS",        "PGSSLMODE",
      "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPASSFILE", "PGREQUIREPEER", "PGCHANNELBINDING", "PGTARGETSESSIONATTRS"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    FUZZ_ASSERT(unsetenv(names[i]) == 0);
  }
}

/* What is written to the standard error while bulla works, by libpq, or by an assertion that failed. */
static ssize_t refuse(void *cookie, const char *text, size_t len) {
  (void)cookie;
  (void)!write(STDERR_FILENO, text, len);
  abort();
}

static void set_up(void) {
  need_libpq();
  clear_environment();
  own_stderr = stderr;
  trap = fopencookie(NULL, "w", (cookie_io_functions_t){.write = refuse});
  FUZZ_ASSERT(trap != NULL && setvbuf(trap, NULL, _IONBF, 0) == 0);
  fuzz_sqlite_pool();
  fuzz_vault_set_up();
  fuzz_known_put_young();
  fuzz_known_put_good();
  fuzz_server_set_up();
  is_set_up = true;
}

static enum bulla_status count_row(void) {
  FUZZ_ASSERT(num_rows++ < MAX_ROWS);
  return BULLA_OK;
}

static enum bulla_status take_value(void *arg, struct bulla_span value) {
  struct expected *expected = arg;
  const struct fuzz_known *known = expected->known;
  expected->num_calls++;
  FUZZ_ASSERT(fuzz_known_has(known->tenant, known->entry, known->field, value, known->secret, false));
  return BULLA_OK;
}

static enum bulla_status take_field(void *arg, const struct bulla_field_view *field) {
  const struct expected *expected = arg;
  char name[BULLA_NAME_MAX + 1] = "";
  memcpy(name, field->name.data, field->name.len);
  FUZZ_ASSERT(
      fuzz_known_has(expected->known->tenant, expected->known->entry, name, field->text, field->secret, field->secret));
  return count_row();
}

static enum bulla_status take_entry(void *arg, const struct bulla_entry_view *entry) {
  (void)arg;
  for (size_t i = 0; i < FUZZ_NUM_KNOWN; i++) {
    if (bulla_span_equal(entry->tenant, fuzz_text(fuzz_known[i].tenant)) &&
        bulla_span_equal(entry->entry, fuzz_text(fuzz_known[i].entry))) {
      return count_row();
    }
  }
  FUZZ_ASSERT(false);
  return BULLA_OK;
}

static enum bulla_status take_record(void *arg, const struct bulla_audit_record *record) {
  (void)arg;
  FUZZ_ASSERT(record->seq >= 1);
  FUZZ_ASSERT(record->actor.len == 0 || bulla_span_equal(record->actor, fuzz_who.actor) ||
              bulla_span_equal(record->actor, BULLA_LITERAL("bulla")));
  return count_row();
}

/* Puts what was there before. */
static enum bulla_status put(struct bulla_vault *vault, const struct fuzz_known *known) {
  char room[FUZZ_KNOWN_MAX];
  const struct bulla_field field = {fuzz_text(known->field), fuzz_known_value(room, known, 1), known->secret};
  return bulla_vault_put(vault, &fuzz_who, AT(fuzz_text(known->tenant), fuzz_text(known->entry)), &field, 1);
}

static enum bulla_status verify(struct bulla_vault *vault) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  if (status == BULLA_OK) {
    /* No record is good but one that was made. */
    FUZZ_ASSERT(verdict.bad_seq == 0 && verdict.num_records >= 1 &&
                verdict.num_records <= FUZZ_MAX_RECORDS + (int64_t)fuzz_server_seen()->num_records);
  }
  return status;
}

/* What is called. */
enum call { USE, PUT, SHOW, LIST, REVOKED, VERIFY, LOG };

/* Those more often that say most or are fast. */
static const enum call drawn[] = {USE,     USE,    USE, PUT, PUT, SHOW, USE,  LIST,
                                  REVOKED, VERIFY, USE, LOG, PUT, USE,  SHOW, USE};
enum { NUM_DRAWN = sizeof(drawn) / sizeof(drawn[0]) };

static enum bulla_status perform(struct bulla_vault *vault, enum call call, struct expected *expected) {
  const struct fuzz_known *known = expected->known;
  struct bulla_span tenant = fuzz_text(known->tenant);
  struct bulla_span entry = fuzz_text(known->entry);
  bool revoked = true;
  enum bulla_status status;
  num_rows = 0;
  switch (call) {
    case PUT:
      return put(vault, known);
    case SHOW:
      return bulla_vault_show(vault, AT(tenant, entry), take_field, expected);
    case LIST:
      return bulla_vault_list(vault, tenant, take_entry, NULL);
    case LOG:
      return bulla_vault_audit_log(vault, 1, bulla_span(NULL, 0), take_record, NULL);
    case VERIFY:
      return verify(vault);
    case REVOKED:
      status = bulla_vault_token_revoked(vault, &revoked, tenant, BULLA_LITERAL(FUZZ_JTI));
      FUZZ_ASSERT(status == BULLA_OK || !revoked);
      return status;
    default:
      status = bulla_vault_use(vault, &fuzz_who, AT(tenant, entry, fuzz_text(known->field)), take_value, expected);
      FUZZ_ASSERT(expected->num_calls == (status == BULLA_OK ? 1 : 0));
      return status;
  }
}

/* Of a server that does not lie: what |status| says of the records that a call has left is true. */
static void check_records(enum bulla_status status, bool writes, int64_t num_new) {
  if (writes && status == BULLA_OK) {
    FUZZ_ASSERT(num_new > 0);
  } else if (bulla_status_class(status) == BULLA_CLASS_ENVIRONMENT && status != BULLA_UNCERTAIN) {
    FUZZ_ASSERT(num_new == 0);
  }
}

/* And where nothing was changed during a call it goes well, whatever was before. */
static void check_status(enum bulla_status status, enum call call, size_t which) {
  bool asks_for_it = call == USE || call == SHOW;
  if (call == LIST) {
    asks_for_it = strcmp(fuzz_known[which].tenant, "past") == 0;
  }
  bool may_go_well = !asks_for_it || is_there[which] != NO;
  bool may_find_nothing = asks_for_it && is_there[which] != YES;
  FUZZ_ASSERT((status == BULLA_OK && may_go_well) || (status == BULLA_NOT_FOUND && may_find_nothing));
}

/* check compares what a call has returned with what the server has seen |before| it and since. */
static void check(enum bulla_status status, enum call call, size_t which, const struct fuzz_server_seen *before,
                  int64_t num_before) {
  const struct fuzz_server_seen *seen = fuzz_server_seen();
  bool writes = call <= PUT;
  bool is_as_before = seen->num_struck == before->num_struck;
  if (writes && status == BULLA_OK) {
    FUZZ_ASSERT(seen->num_records > before->num_records && seen->num_asked > before->num_asked);
    FUZZ_ASSERT(num_acknowledged <= (seen->has_lied ? seen->num_told : seen->num_sure));
  }
  if (seen->has_lied) {
    return;
  }
  if (before->has_forgotten && knew_any) {
    /* A connection that went with what was forgotten is found to be lost by the next call on it. */
    bool may_be_other = status == BULLA_UNREACHABLE || (status != BULLA_OK && !is_as_before);
    FUZZ_ASSERT(!writes || status == BULLA_AUDIT_BROKEN || may_be_other);
  } else if (!seen->has_forgotten) {
    check_records(status, writes, fuzz_server_num_committed() - num_before);
    if (is_as_before) {
      check_status(status, call, which);
    }
  }
}

static void make_call(struct bulla_vault *vault, enum call call, size_t which) {
  struct expected expected = {.known = &fuzz_known[which]};
  const struct fuzz_server_seen before = *fuzz_server_seen();
  int64_t num_before = fuzz_server_num_committed();
  enum bulla_status status = perform(vault, call, &expected);
  if (call == PUT && is_there[which] != YES) {
    is_there[which] = status == BULLA_OK ? YES : PERHAPS;
  }
  num_acknowledged += call <= PUT && status == BULLA_OK ? 1 : 0;
  check(status, call, which, &before, num_before);
  knew_any = knew_any || (num_acknowledged > 0 && !fuzz_server_seen()->has_forgotten);
}

/* Opens the vault, and calls it. */
static void go_through(struct bulla_span input) {
  struct bulla_reader reader = bulla_reader(input);
  struct bulla_vault *vault = NULL;
  uint8_t calls[MAX_CALLS];
  uint8_t first = fuzz_next(&reader);
  size_t num_calls = 1 + first % MAX_CALLS;
  for (size_t i = 0; i < num_calls; i++) {
    calls[i] = fuzz_next(&reader);
  }
  fuzz_server_begin(bulla_span(reader.at, reader.left));
  num_acknowledged = 0;
  knew_any = false;
  for (size_t i = 0; i < FUZZ_NUM_KNOWN; i++) {
    is_there[i] = strcmp(fuzz_known[i].tenant, "past") == 0 || strcmp(fuzz_known[i].entry, "gone") == 0 ? NO : YES;
  }
  enum bulla_status status = bulla_vault_open(&vault, fuzz_server_url(), fuzz_vault_root(), NULL);
  FUZZ_ASSERT((status == BULLA_OK) == (vault != NULL));
  FUZZ_ASSERT(status == BULLA_OK || fuzz_server_seen()->num_struck > 0);
  if (vault != NULL && first / MAX_CALLS % 2 == 1) {
    vault->own.num_shared = INT16_MAX; /* it takes a lane of the log with its first use */
  }
  for (size_t i = 0; vault != NULL && i < num_calls; i++) {
    make_call(vault, drawn[calls[i] % NUM_DRAWN], calls[i] / NUM_DRAWN % FUZZ_NUM_KNOWN);
  }
  bulla_vault_close(&vault);
  fuzz_server_close();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!is_set_up) {
    set_up();
  }
  stderr = trap;
  go_through(bulla_span(data, size));
  stderr = own_stderr;
  return 0;
}
