/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* System calls and allocations fail: see tests/crash/calls.h. */

#include "tests/crash/calls.h"
#include "tests/crash/crash.h"
#include "tests/crash/operations.h"
#include "tests/crash/vault.h"

#ifdef CRASH_ALLOCATIONS
const bool crash_fails_allocations = true;
#else
const bool crash_fails_allocations = false;
#endif

/* What is interrupted: an operation, or what every program does around it. */
enum step { CREATE, OPEN, OPEN_AFTER_CRASH, CLOSE, OPERATE };

struct scenario {
  const char *name;
  enum step step;
  const struct crash_operation *operation;
  enum bulla_status clean; /* what it returns without a fault */
  char after[CRASH_TEXT_MAX];
};

/* Vaults to begin with: none, one that was closed, and one whose process was killed. */
static char *templates[3];
static char before[CRASH_TEXT_MAX];
static char *folder;

static void make_templates(void) {
  struct bulla_vault *vault = NULL;
  for (size_t i = 0; i < 3; i++) {
    templates[i] = crash_folder();
  }
  folder = crash_folder();
  CRASH_ASSERT(crash_create(templates[1]) == BULLA_OK && crash_open(&vault, templates[1]) == BULLA_OK);
  CRASH_ASSERT(crash_furnish(vault) == BULLA_OK && crash_describe(vault, before) == BULLA_OK);
  crash_copy_folder(templates[2], templates[1]);
  bulla_vault_close(&vault);
}

static void remove_templates(void) {
  for (size_t i = 0; i < 3; i++) {
    crash_remove_folder(templates[i]);
  }
  crash_remove_folder(folder);
}

static enum bulla_status operate(const struct scenario *scenario, struct bulla_vault *vault) {
  return scenario->step == OPERATE ? scenario->operation->run(vault, scenario->operation->number) : BULLA_OK;
}

/* What failed leaves a vault that is open of use, or says that it is not. */
static void check_handle(const struct scenario *scenario, const struct crash_fault *fault, struct bulla_vault *vault) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  bool good = status == BULLA_OK || bulla_status_class(status) == BULLA_CLASS_ENVIRONMENT;
  crash_report(good ? CRASH_GOOD : CRASH_FORKED, "%s with %s: in the open vault %s", scenario->name,
               fault != NULL ? fault->name : "no fault", bulla_status_text(status));
}

/* Runs |scenario| with |fault|, or none. Returns whether it struck. */
static bool run(const struct scenario *scenario, const struct crash_fault *fault, unsigned nth, bool lasting,
                enum bulla_status *status) {
  struct bulla_vault *vault = NULL;
  bool opens = scenario->step == OPEN || scenario->step == OPEN_AFTER_CRASH;
  crash_copy_folder(folder, templates[scenario->step == CREATE ? 0 : scenario->step == OPEN_AFTER_CRASH ? 2 : 1]);
  if (scenario->step == OPERATE || scenario->step == CLOSE) {
    CRASH_ASSERT(crash_open(&vault, folder) == BULLA_OK);
  }
  crash_num_opened = 0;
  crash_arm(fault, nth, lasting);
  if (scenario->step == CREATE) {
    *status = crash_create(folder);
  } else if (opens) {
    *status = crash_open(&vault, folder);
  } else if (scenario->step == CLOSE) {
    bulla_vault_close(&vault);
    *status = BULLA_OK;
  } else {
    *status = operate(scenario, vault);
  }
  bool struck = crash_disarm();
  if (vault != NULL) {
    check_handle(scenario, fault, vault);
  }
  bulla_vault_close(&vault);
  return struck;
}

/* Whether a call may answer a fault with |status|: that the machine is at fault, not that the vault was tampered with
 * or damaged, nor that what is there is not. */
static bool is_honest(enum bulla_status status) {
  return bulla_status_class(status) == BULLA_CLASS_ENVIRONMENT && status != BULLA_NO_VAULT &&
         status != BULLA_NOT_A_VAULT && status != BULLA_FORKED;
}

static void judge(const struct scenario *scenario, const struct crash_fault *fault, unsigned nth, bool lasting,
                  enum bulla_status status) {
  const struct crash_wanted wanted = {.before = scenario->step == CREATE ? NULL : before,
                                      .after = scenario->after,
                                      .recorded = crash_num_opened > 0,
                                      .done = status == scenario->clean,
                                      .may_fail = status != scenario->clean};
  const char *why = "";
  size_t left = crash_count_files(folder);
  enum crash_verdict verdict = crash_judge(folder, &wanted, &why);
  if (verdict == CRASH_GOOD && status != scenario->clean && !is_honest(status)) {
    verdict = CRASH_LOST;
    why = "that is not what happened";
  }
  /* Who could not remove anything left something. */
  if (scenario->step == CREATE && fault->call != CRASH_REMOVE && left != (status == BULLA_OK ? 1 : 0)) {
    verdict = CRASH_LOST;
    why = "there are other files than there must be";
  }
  crash_report(verdict, "%s with %s number %u%s, which returned %s: %s", scenario->name, fault->name, nth,
               lasting ? " and all after it" : "", bulla_status_name(status), why);
}

static void fail_each(const struct scenario *scenario, const struct crash_fault *fault, bool lasting,
                      struct crash_random *random, size_t stride) {
  enum bulla_status status = scenario->clean;
  unsigned nth = 0;
  for (; !crash_counts->over && run(scenario, fault, nth, lasting, &status);
       nth += 1 + (unsigned)crash_below(random, 2 * stride - 1)) {
    crash_add(fault->call == CRASH_ALLOCATE ? &crash_counts->allocations : &crash_counts->faults);
    judge(scenario, fault, nth, lasting, status);
  }
  CRASH_ASSERT(crash_counts->over || status == scenario->clean);
}

/* How |scenario| goes without a fault. */
static void rehearse(struct scenario *scenario) {
  struct bulla_vault *vault = NULL;
  run(scenario, NULL, 0, false, &scenario->clean);
  CRASH_ASSERT(scenario->clean == BULLA_OK || scenario->clean == BULLA_NOT_FOUND);
  CRASH_ASSERT(crash_open(&vault, folder) == BULLA_OK && crash_describe(vault, scenario->after) == BULLA_OK);
  bulla_vault_close(&vault);
}

static void fail_in(const char *name, enum step step, const struct crash_operation *operation,
                    struct crash_random *random, size_t stride) {
  static struct scenario scenario;
  scenario = (struct scenario){.name = name, .step = step, .operation = operation};
  rehearse(&scenario);
  for (size_t i = 0; i < crash_num_faults; i++) {
    size_t thin = crash_faults[i].call == CRASH_ALLOCATE ? stride * 8 - 7 : stride;
    fail_each(&scenario, &crash_faults[i], false, random, thin);
    fail_each(&scenario, &crash_faults[i], true, random, thin);
  }
}

/* Each seed begins elsewhere: there may not be time for all. */
void crash_fail(uint64_t seed, size_t stride) {
  static const char *const steps[] = {"create", "open", "open after a crash", "close"};
  struct crash_random random = {seed};
  make_templates();
  for (size_t i = 0; i < OPERATE + crash_num_operations; i++) {
    size_t which = (i + seed) % (OPERATE + crash_num_operations);
    if (which < OPERATE) {
      fail_in(steps[which], (enum step)which, NULL, &random, stride);
    } else {
      const struct crash_operation *operation = &crash_operations[which - OPERATE];
      fail_in(operation->name, OPERATE, operation, &random, stride);
    }
  }
  remove_templates();
}
