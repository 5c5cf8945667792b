/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault and a plain model of it (fuzz/vault_model.h) are put through the same calls. Entry points: all of
 * bulla/store.h but for the making of root keys.
 *
 * The input is a byte that chooses the vault to begin with, then calls. A call may have a fault of the file system
 * (fuzz/memory_vfs.h), at the operation that the input says, up to a crash with or without loss of power; or one of a
 * server (fuzz/faulty_driver.h), at the answer or commit that the input says. Without a fault the call returns what the
 * model says, and vault and model agree afterwards, in every field, mask, API key, revoked token and audit record: each
 * use leaves exactly one. With a fault that shows, the vault is as before the call or as after it, in the same
 * connection, and at the end by what is in the files, as a new one reads them or one that has forgotten all; and the
 * same call then goes well. Nothing is handed out without its record. What was done before is never lost. That nobody
 * knows what became of a commit is said where it is so, and only there. At the end the log is unbroken. */

#include "fuzz/faulty_driver.h"
#include "fuzz/memory_vfs.h"
#include "fuzz/sqlite_pool.h"
#include "fuzz/vault_fields.h"

enum { MAX_CALLS = 6 };

/* The vaults to begin with, and their models: one that is new, one with an API key and a field, and that one when
 * its log is about to enter the next epoch. */
enum start { NEW, FILLED, LONG, NUM_STARTS };

static struct {
  struct bulla_buffer image;
  struct fuzz_model model;
} starts[NUM_STARTS];

static struct bulla_secret *import_key;
static struct bulla_secret *other_key;
static struct bulla_secret *roots[FUZZ_APIKEYS];

/* One run. */
struct run {
  struct bulla_vault *vault;
  struct fuzz_model model;
  size_t num_checked; /* records of the log that have been compared */
  bool had_fault;     /* since |vault| was opened */
  bool verifies;      /* at its end */
  bool reopens;       /* there, if it had a fault */
};

/* What a callback of a use expects. */
struct expected {
  const struct fuzz_model *model;
  const struct fuzz_call *call;
  int num_calls;
};

static enum bulla_status take_value(void *arg, struct bulla_span value) {
  struct expected *expected = (struct expected *)arg;
  const struct fuzz_call *call = expected->call;
  const struct fuzz_field *field = &expected->model->fields[call->tenant][call->entry][call->items[0].field];
  uint8_t *wanted = fuzz_model_value(field->now.len, field->now.fill);
  FUZZ_ASSERT(field->revision > 0 && bulla_span_equal(value, bulla_span(wanted, field->now.len)));
  free(wanted);
  expected->num_calls++;
  return BULLA_OK;
}

static enum bulla_status take_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  struct expected *expected = (struct expected *)arg;
  uint8_t apikey = expected->call->apikey;
  FUZZ_ASSERT(bulla_span_equal(tenant, fuzz_text(fuzz_tenants[expected->model->apikeys[apikey].tenant])));
  FUZZ_ASSERT(bulla_span_equal(root, bulla_secret_bytes(roots[apikey])));
  expected->num_calls++;
  return BULLA_OK;
}

static enum bulla_status ignore_field(void *arg, const struct bulla_field_view *field) {
  (void)arg;
  (void)field;
  return BULLA_OK;
}

static enum bulla_status ignore_entry(void *arg, const struct bulla_entry_view *entry) {
  (void)arg;
  (void)entry;
  return BULLA_OK;
}

static enum bulla_status put(struct bulla_vault *vault, const struct fuzz_call *call) {
  struct bulla_field fields[FUZZ_ITEMS];
  uint8_t *values[FUZZ_ITEMS];
  for (size_t i = 0; i < call->num_items; i++) {
    const struct fuzz_item *item = &call->items[i];
    values[i] = fuzz_model_value(item->len, item->fill);
    fields[i] = (struct bulla_field){
        .name = fuzz_text(fuzz_fields[item->field]), .value = bulla_span(values[i], item->len), .secret = item->secret};
  }
  enum bulla_status status =
      bulla_vault_put(vault, &fuzz_who, AT(fuzz_text(fuzz_tenants[call->tenant]), fuzz_text(fuzz_entries[call->entry])),
                      fields, call->num_items);
  for (size_t i = 0; i < call->num_items; i++) {
    free(values[i]);
  }
  return status;
}

/* seal_triple returns what a foreign system would have kept of the value of |item|. The caller frees its bytes. */
static struct bulla_buffer seal_triple(const struct fuzz_item *item) {
  size_t len = bulla_triple_len(item->len);
  struct bulla_buffer triple = bulla_buffer(fuzz_alloc(len), len);
  uint8_t *value = fuzz_model_value(item->len, item->fill);
  FUZZ_ASSERT(bulla_triple_seal(item->forged ? other_key : import_key, &triple, bulla_span(value, item->len)) ==
              BULLA_OK);
  free(value);
  return triple;
}

/* take_triple is seal_triple for a buffer that is kept, since what is too large takes long to seal. */
static struct bulla_span take_triple(struct bulla_buffer *room, const struct fuzz_item *item) {
  static struct bulla_buffer too_large;
  *room = bulla_buffer(NULL, 0);
  if (item->len <= BULLA_VALUE_MAX) {
    *room = seal_triple(item);
    return bulla_written(room);
  }
  if (too_large.data == NULL) {
    too_large = seal_triple(item);
  }
  return bulla_written(&too_large);
}

static enum bulla_status import(struct bulla_vault *vault, size_t *failed, const struct fuzz_call *call) {
  struct bulla_import rows[FUZZ_ITEMS];
  struct bulla_buffer triples[FUZZ_ITEMS];
  for (size_t i = 0; i < call->num_items; i++) {
    const struct fuzz_item *item = &call->items[i];
    rows[i] = (struct bulla_import){.entry = fuzz_text(fuzz_entries[item->entry]),
                                    .field = fuzz_text(fuzz_fields[item->field]),
                                    .triple = take_triple(&triples[i], item)};
  }
  enum bulla_status status = bulla_vault_import(vault, failed, &fuzz_who, fuzz_text(fuzz_tenants[call->tenant]),
                                                import_key, NULL, rows, call->num_items);
  for (size_t i = 0; i < call->num_items; i++) {
    free(triples[i].data);
  }
  return status;
}

static enum bulla_status verify(struct bulla_vault *vault, const struct fuzz_model *model) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  FUZZ_ASSERT(verdict.bad_seq == 0);
  FUZZ_ASSERT(verdict.num_records == (status == BULLA_OK ? (int64_t)model->num_records : 0));
  return status;
}

static enum bulla_status revoke_apikey(struct bulla_vault *vault, const struct fuzz_model *model,
                                       const struct fuzz_call *call) {
  uint64_t before = bulla_vault_generation(vault);
  bool live = model->apikeys[call->apikey].there && !model->apikeys[call->apikey].revoked;
  enum bulla_status status = bulla_vault_apikey_revoke(vault, &fuzz_who, fuzz_text(fuzz_apikey_ids[call->apikey]));
  uint64_t after = bulla_vault_generation(vault);
  /* An odd one says that a look failed, and that nothing is to be trusted. */
  if (status == BULLA_OK && before % 2 == 0 && after % 2 == 0 && !model->apikeys[call->apikey].again) {
    FUZZ_ASSERT((after != before) == live);
  }
  return status;
}

static enum bulla_status token_revoked(struct bulla_vault *vault, const struct fuzz_model *model,
                                       const struct fuzz_call *call) {
  bool revoked = true;
  enum bulla_status status = bulla_vault_token_revoked(vault, &revoked, fuzz_text(fuzz_tenants[call->tenant]),
                                                       fuzz_text(fuzz_jtis[call->jti]));
  FUZZ_ASSERT(revoked == (status == BULLA_OK && model->revoked[call->tenant][call->jti]) ||
              model->unsure[call->tenant][call->jti]);
  return status;
}

static enum bulla_status restore(struct bulla_vault *vault, const struct fuzz_model *model,
                                 const struct fuzz_call *call) {
  uint8_t index = call->items[0].field;
  int64_t revision = fuzz_field_former(&model->fields[call->tenant][call->entry][index], call);
  return bulla_vault_restore_field(vault, &fuzz_who,
                                   AT(fuzz_text(fuzz_tenants[call->tenant]), fuzz_text(fuzz_entries[call->entry]),
                                      fuzz_text(fuzz_fields[index]), revision));
}

static enum bulla_status reopen(struct run *run) {
  bulla_vault_close(&run->vault);
  enum bulla_status status = bulla_vault_open(&run->vault, fuzz_vault_url(), fuzz_vault_root(), NULL);
  FUZZ_ASSERT((status == BULLA_OK) == (run->vault != NULL));
  run->had_fault = false;
  return status;
}

/* perform makes the call. |model| is as before it. */
static enum bulla_status perform(struct run *run, const struct fuzz_model *model, size_t *failed,
                                 const struct fuzz_call *call) {
  struct bulla_vault *vault = run->vault;
  struct expected expected = {.model = model, .call = call};
  struct bulla_span tenant = fuzz_text(fuzz_tenants[call->tenant]);
  struct bulla_span entry = fuzz_text(fuzz_entries[call->entry]);
  struct bulla_span id = fuzz_text(fuzz_apikey_ids[call->apikey]);
  uint8_t hash[32] = {0};
  enum bulla_status status = BULLA_OK;
  *failed = call->num_items;
  switch (call->op) {
    case FUZZ_PUT:
      return put(vault, call);
    case FUZZ_IMPORT:
      return import(vault, failed, call);
    case FUZZ_REMOVE:
      return bulla_vault_remove(vault, &fuzz_who, AT(tenant, entry));
    case FUZZ_USE:
      status = bulla_vault_use(vault, &fuzz_who, AT(tenant, entry, fuzz_text(fuzz_fields[call->items[0].field])),
                               take_value, &expected);
      FUZZ_ASSERT(expected.num_calls == (status == BULLA_OK ? 1 : 0));
      return status;
    case FUZZ_SHOW:
      return bulla_vault_show(vault, AT(tenant, entry), ignore_field, NULL);
    case FUZZ_LIST:
      return bulla_vault_list(vault, tenant, ignore_entry, NULL);
    case FUZZ_APIKEY_PUT:
      return bulla_vault_apikey_put(vault, &fuzz_who,
                                    &(const struct bulla_apikey_record){.tenant = tenant,
                                                                        .id = id,
                                                                        .name = BULLA_LITERAL("embed"),
                                                                        .hash = bulla_span(hash, sizeof(hash)),
                                                                        .root = roots[call->apikey]});
    case FUZZ_APIKEY_REVOKE:
      return revoke_apikey(vault, model, call);
    case FUZZ_APIKEY_USE:
      status = bulla_vault_apikey_use(vault, &fuzz_who, id, take_root, &expected);
      FUZZ_ASSERT(expected.num_calls == (status == BULLA_OK ? 1 : 0));
      return status;
    case FUZZ_TOKEN_REVOKE:
      return bulla_vault_token_revoke(vault, &fuzz_who, tenant, fuzz_text(fuzz_jtis[call->jti]),
                                      call->past ? 1 : INT64_C(1) << 40);
    case FUZZ_TOKEN_REVOKED:
      return token_revoked(vault, model, call);
    case FUZZ_VERIFY:
      return verify(vault, model);
    case FUZZ_REMOVE_TENANT:
      return bulla_vault_remove_tenant(vault, &fuzz_who, tenant);
    case FUZZ_RENAME_TENANT:
      return bulla_vault_rename_tenant(vault, &fuzz_who, tenant, fuzz_text(fuzz_tenants[call->to]));
    case FUZZ_RENAME_ENTRY:
      return bulla_vault_rename_entry(vault, &fuzz_who, AT(tenant, entry), fuzz_text(fuzz_entries[call->to]));
    case FUZZ_RENAME_FIELD:
      return bulla_vault_rename_field(vault, &fuzz_who, AT(tenant, entry, fuzz_text(fuzz_fields[call->items[0].field])),
                                      fuzz_text(fuzz_fields[call->to]));
    case FUZZ_RESTORE:
      return restore(vault, model, call);
    case FUZZ_REOPEN:
    case FUZZ_NUM_OPS:
      break;
  }
  return reopen(run);
}

/* done makes |after| the run's model. What the |call| touched is compared at once, the rest at the end of the run.
 */
static void done(struct run *run, const struct fuzz_model *after, const struct fuzz_call *call) {
  run->model = *after;
  FUZZ_ASSERT(fuzz_model_matches_call(after, run->vault, run->num_checked, call));
  run->num_checked = after->num_records;
}

/* call_well makes a call without a fault. */
static void call_well(struct run *run, const struct fuzz_call *call) {
  struct fuzz_model after = run->model;
  size_t wanted_failed;
  size_t failed;
  enum bulla_status wanted = fuzz_model_call(&after, &wanted_failed, call);
  FUZZ_ASSERT(perform(run, &run->model, &failed, call) == wanted);
  FUZZ_ASSERT(failed == wanted_failed);
  done(run, &after, call);
}

/* settle finds out which of two models the vault is now, and makes it the run's. */
static void settle(struct run *run, const struct fuzz_model *before, const struct fuzz_model *after) {
  bool is_after = fuzz_model_matches(after, run->vault, run->num_checked);
  FUZZ_ASSERT(is_after || fuzz_model_matches(before, run->vault, run->num_checked));
  run->model = is_after ? *after : *before;
  run->num_checked = run->model.num_records;
}

/* A fault: of the file system, or else of the server. */
struct fault {
  enum fuzz_fault of_files;
  enum fuzz_server_fault of_server;
  unsigned countdown;
  bool lost_power; /* of a crash */
};

/* Whether that ends a commit, or may do so, in a way that nobody knows of. */
static bool may_be_uncertain(const struct fault *fault) {
  return fault->of_server == FUZZ_SERVER_LOST || fault->of_server == FUZZ_SERVER_DOWN ||
         fault->of_server == FUZZ_SERVER_UNHEARD || fault->of_server == FUZZ_SERVER_SILENT;
}

/* check_status checks what a call with a fault returned where it |struck|. */
static void check_status(enum bulla_status status, enum bulla_status wanted, const struct fault *fault, bool struck) {
  if (status != wanted) {
    FUZZ_ASSERT(struck && bulla_status_class(status) == BULLA_CLASS_ENVIRONMENT);
    FUZZ_ASSERT(status != BULLA_UNCERTAIN || may_be_uncertain(fault));
  }
  /* What a server has done without being heard is not said to be undone, nor to be done. */
  if (struck && (fault->of_server == FUZZ_SERVER_SILENT || fault->of_server == FUZZ_SERVER_UNHEARD)) {
    FUZZ_ASSERT(status == BULLA_UNCERTAIN);
  }
}

/* call_badly makes a call with a fault. */
static void call_badly(struct run *run, const struct fuzz_call *call, const struct fault *fault) {
  const struct fuzz_model before = run->model;
  struct fuzz_model after = before;
  size_t wanted_failed;
  size_t failed;
  enum bulla_status wanted = fuzz_model_call(&after, &wanted_failed, call);
  fuzz_vfs_arm(fault->of_files, fault->countdown);
  fuzz_driver_arm(fault->of_server, fault->countdown);
  enum bulla_status status = perform(run, &before, &failed, call);
  bool struck_server = fuzz_driver_disarm();
  bool struck = fuzz_vfs_disarm() || struck_server;
  check_status(status, wanted, fault, struck);
  FUZZ_ASSERT(failed == (status == wanted ? wanted_failed : call->num_items));
  if (!struck) {
    done(run, &after, call);
    return;
  }
  bool crashed = fuzz_vfs_dead();
  run->had_fault = true;
  if (crashed || run->vault == NULL) {
    bulla_vault_close(&run->vault);
    fuzz_vfs_revive(fault->lost_power);
    FUZZ_ASSERT(reopen(run) == BULLA_OK);
  }
  /* What was reported as done is done; and what a server is said not to have done is not. */
  bool is_done = status == wanted || fault->of_server == FUZZ_SERVER_SILENT;
  bool is_undone = struck_server && status != wanted && fault->of_server != FUZZ_SERVER_SILENT;
  settle(run, is_done ? &after : &before, is_undone ? &before : &after);
  if (status != wanted && run->model.num_records == before.num_records) {
    call_well(run, call);
  }
  if (crashed) {
    /* What was half-done, and is done now, becomes durable with the next record. */
    const struct fuzz_call any = {.op = FUZZ_USE};
    call_well(run, &any);
  }
}

static uint8_t below(struct bulla_reader *input, uint8_t num) {
  return (uint8_t)(fuzz_next(input) % num);
}

static struct fuzz_call decode_call(struct bulla_reader *input, uint8_t what) {
  struct fuzz_call call = {.op = (enum fuzz_op)(what % FUZZ_NUM_OPS)};
  call.tenant = below(input, FUZZ_TENANTS);
  uint8_t which = fuzz_next(input);
  call.entry = which % FUZZ_ENTRIES;
  call.apikey = which % FUZZ_APIKEYS;
  call.jti = which % FUZZ_JTIS;
  call.to = which / 16 % 3;
  call.past = which >= 128;
  bool writes = call.op == FUZZ_PUT || call.op == FUZZ_IMPORT;
  bool names_field = call.op == FUZZ_USE || call.op == FUZZ_RENAME_FIELD || call.op == FUZZ_RESTORE;
  call.num_items = (uint8_t)(writes ? 1 + which / 4 % FUZZ_ITEMS : names_field ? 1 : 0);
  for (uint8_t i = 0; i < call.num_items; i++) {
    struct fuzz_item *item = &call.items[i];
    uint8_t place = fuzz_next(input);
    item->field = place % FUZZ_FIELDS;
    item->entry = place / 4 % FUZZ_ENTRIES;
    item->secret = place < 128;
    if (writes) {
      item->len = fuzz_next(input);
      item->len = item->len == 255 ? BULLA_VALUE_MAX + 1 : item->len;
      item->forged = place / 16 % 8 == 7;
      item->fill = (uint8_t)('a' + item->len % 26);
    }
  }
  return call;
}

static void step(struct run *run, struct bulla_reader *input) {
  uint8_t what = fuzz_next(input);
  struct fuzz_call call = decode_call(input, what);
  if (what < 128) {
    call_well(run, &call);
    return;
  }
  uint8_t which = fuzz_next(input);
  uint8_t when = fuzz_next(input);
  struct fault fault = {.countdown = when % 64, .lost_power = when >= 128};
  if (which < 128) {
    fault.of_files = (enum fuzz_fault)(1 + which % (FUZZ_NUM_FAULTS - 1));
  } else {
    fault.of_server = (enum fuzz_server_fault)(1 + which % (FUZZ_NUM_SERVER_FAULTS - 1));
  }
  call_badly(run, &call, &fault);
}

/* The vault, which stays open from one run to the next, as one does in a service: opening one, and preparing each
 * statement anew, take half of the time otherwise. Of the runs before it knows statements, and nothing else. */
static struct bulla_vault *kept;

static struct run begin(enum start start) {
  struct run run = {.model = starts[start].model, .num_checked = starts[start].model.num_records, .verifies = true};
  fuzz_vault_load(bulla_written(&starts[start].image));
  if (kept == NULL) {
    kept = fuzz_vault_open();
  }
  run.vault = kept;
  kept = NULL;
  fuzz_vault_forget(run.vault);
  return run;
}

static void end(struct run *run) {
  if (run->had_fault && run->reopens) {
    FUZZ_ASSERT(reopen(run) == BULLA_OK);
  } else {
    fuzz_vfs_revive(false);
    fuzz_vault_forget(run->vault);
  }
  FUZZ_ASSERT(fuzz_model_matches(&run->model, run->vault, run->num_checked));
  if (run->verifies) {
    FUZZ_ASSERT(verify(run->vault, &run->model) == BULLA_OK);
  }
  kept = run->vault;
  run->vault = NULL;
}

static struct bulla_secret *filled(uint8_t byte) {
  struct bulla_secret *secret = NULL;
  FUZZ_ASSERT(bulla_secret_new(&secret, BULLA_KEY_LEN) == BULLA_OK);
  memset(bulla_secret_data(secret), byte, BULLA_KEY_LEN);
  return secret;
}

/* note_start makes what |run| has come to a vault to begin with. */
static void note_start(enum start start, struct run *run) {
  run->model.num_old = run->model.num_records;
  end(run);
  bulla_vault_close(&kept);
  starts[start].image = fuzz_vault_image();
  starts[start].model = run->model;
}

static void set_up(void) {
  import_key = filled(0x11);
  other_key = filled(0x22);
  for (size_t i = 0; i < FUZZ_APIKEYS; i++) {
    roots[i] = filled((uint8_t)i);
  }
  fuzz_sqlite_pool();
  fuzz_driver_set_up();
  fuzz_vault_set_up();
  starts[NEW].image = fuzz_vault_image();
  fuzz_model_empty(&starts[NEW].model);
  starts[NEW].model.num_old = 1;

  struct run run = begin(NEW);
  const struct fuzz_call call = {
      .op = FUZZ_PUT, .tenant = 1, .num_items = 1, .items = {{.field = 1, .fill = 's', .len = 20, .secret = true}}};
  const struct fuzz_call apikey = {.op = FUZZ_APIKEY_PUT, .tenant = 1};
  call_well(&run, &apikey);
  call_well(&run, &call);
  note_start(FILLED, &run);
  run = begin(FILLED);
  while (run.model.num_records < 62) {
    call_well(&run, &call);
    run.model.num_old = run.model.num_records;
  }
  note_start(LONG, &run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (import_key == NULL) {
    set_up();
  }
  struct bulla_reader input = bulla_reader(bulla_span(data, size));
  uint8_t choice = fuzz_next(&input);
  enum start start = choice % 8 == 7 ? LONG : choice % 2 == 1 ? FILLED : NEW;
  struct run run = begin(start);
  run.verifies = start != LONG || choice >= 128; /* it takes longer than all the rest */
  run.reopens = choice / 64 == 1;
  for (int i = 0; i < MAX_CALLS && input.left > 0; i++) {
    step(&run, &input);
  }
  end(&run);
  return 0;
}
