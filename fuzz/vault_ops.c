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
#include "fuzz/vault_calls.h"

enum { MAX_CALLS = 6 };

/* The vaults to begin with, and their models: one that is new, one with an API key and a field, and that one when
 * its log is about to enter the next epoch. */
enum start { NEW, FILLED, LONG, NUM_STARTS };

static struct {
  struct bulla_buffer image;
  struct fuzz_model model;
} starts[NUM_STARTS];

/* One run. */
struct run {
  struct bulla_vault *vault;
  struct fuzz_model model;
  size_t num_checked; /* records of the log that have been compared */
  bool had_fault;     /* since |vault| was opened */
  bool verifies;      /* at its end */
  bool reopens;       /* there, if it had a fault */
};

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
  *failed = call->num_items;
  return call->op == FUZZ_REOPEN ? reopen(run) : fuzz_calls_make(run->vault, failed, model, call);
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

/* settle finds out how many transactions of |call| the vault has seen, from |least| to |most|, and makes the model that
 * of the run. */
static void settle(struct run *run, const struct fuzz_call *call, uint8_t least, uint8_t most) {
  struct fuzz_call partly = *call;
  for (partly.most = most;; partly.most--) {
    struct fuzz_model model = run->model;
    size_t failed;
    if (partly.most > 0) {
      (void)fuzz_model_call(&model, &failed, &partly);
    }
    if (fuzz_model_matches(&model, run->vault, run->num_checked)) {
      run->model = model;
      run->num_checked = model.num_records;
      return;
    }
    FUZZ_ASSERT(partly.most > least);
  }
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

/* Whether a call goes on behind what it is asked for, and is done whatever becomes of that: sealing anew. */
static bool renews(const struct fuzz_call *call, const struct fuzz_model *after) {
  return (call->op == FUZZ_USE || call->op == FUZZ_APIKEY_USE) && after->num_done > 1;
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

/* What was reported as done is done; and what a server is said not to have done is not. */
static void settle_by_status(struct run *run, const struct fuzz_call *call, const struct fuzz_model *after,
                             bool is_done, enum fuzz_server_fault struck) {
  uint8_t all = after->num_done;
  if (is_done) {
    settle(run, call, renews(call, after) ? 1 : all, all);
  } else if (struck == FUZZ_SERVER_SILENT) {
    settle(run, call, 1, all);
  } else if (struck != FUZZ_SERVER_GOOD) {
    settle(run, call, 0, renews(call, after) ? 0 : (uint8_t)(all - 1));
  } else {
    settle(run, call, 0, all);
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
  if (status != wanted || !renews(call, &after)) {
    check_status(status, wanted, fault, struck);
  }
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
  settle_by_status(run, call, &after, status == wanted, struck_server ? fault->of_server : FUZZ_SERVER_GOOD);
  if (status != wanted && (run->model.num_records == before.num_records || call->op == FUZZ_REWRAP)) {
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
  /* From 128 on a fault follows. */
  struct fuzz_call call = {.op = (enum fuzz_op)(what % 128 % FUZZ_NUM_OPS)};
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
    const struct fuzz_call verify = {.op = FUZZ_VERIFY};
    call_well(run, &verify);
  }
  kept = run->vault;
  run->vault = NULL;
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
  fuzz_calls_set_up();
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
  if (starts[NEW].image.data == NULL) {
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
