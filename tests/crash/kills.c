/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Processes are killed while others go on. Each has a life in shared memory, where it says which operation it begins,
 * what it has been given, and which one is done; each operation has its life and number as its reason, so that the log
 * must tell of all of them in order. */

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "tests/crash/crash.h"
#include "tests/crash/vault.h"

enum { WRITERS = 3, LIVES = 64, MAX_DELAY_US = 500, CYCLE = 6 };

/* Numbers of operations, which begin at 1; 0 stands for none. */
struct life {
  pid_t process;
  unsigned began;
  unsigned opened;
  unsigned done;
};

/* What the log says of it. */
struct told {
  unsigned last;
  bool in_order;
};

struct round {
  char *folder;
  struct life *lives;
  size_t num_lives;
  bool hasty;
  uint64_t seed;
};

static unsigned load(const unsigned *number) {
  return __atomic_load_n(number, __ATOMIC_SEQ_CST);
}

static void store(unsigned *number, unsigned value) {
  __atomic_store_n(number, value, __ATOMIC_SEQ_CST);
}

/* An operation of a life. */
struct task {
  struct life *life;
  unsigned number;
  char entry[8];
  char reason[24];
  char value[40];
  char id[24];
  struct bulla_who who;
  struct bulla_place place; /* of an entry */
};

static void prepare(struct task *task, struct life *life, size_t index, unsigned number) {
  memset(task, 0, sizeof(*task));
  task->life = life;
  task->number = number;
  (void)snprintf(task->entry, sizeof(task->entry), "w%zu", index);
  (void)snprintf(task->reason, sizeof(task->reason), "w%zu-%u", index, number);
  (void)snprintf(task->value, sizeof(task->value), "a value, number %u", number);
  (void)snprintf(task->id, sizeof(task->id), "%07zu-%08u", index, number / CYCLE);
  task->who.actor = BULLA_LITERAL("crash");
  task->who.reason = bulla_span(task->reason, strlen(task->reason));
  task->place.tenant = BULLA_LITERAL("acme");
  task->place.entry = bulla_span(task->entry, strlen(task->entry));
}

static enum bulla_status note_opened(void *arg, struct bulla_span value) {
  const struct task *task = arg;
  (void)value;
  store(&task->life->opened, task->number);
  return BULLA_OK;
}

static enum bulla_status note_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  (void)tenant;
  return note_opened(arg, root);
}

static enum bulla_status put_apikey(struct bulla_vault *vault, const struct task *task) {
  struct bulla_secret *root BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_random(&root, BULLA_KEY_LEN));
  const struct bulla_apikey_record record = {
      .tenant = task->place.tenant,
      .id = bulla_span(task->id, BULLA_RECORD_ID_LEN),
      .hash = bulla_span("a hash that nobody compares with", BULLA_RECORD_HASH_LEN),
      .root = root};
  return bulla_vault_apikey_put(vault, &task->who, &record);
}

/* Each leaves one record. */
static enum bulla_status perform(struct bulla_vault *vault, struct task *task) {
  const struct bulla_field field = {
      .name = BULLA_LITERAL("key"), .value = bulla_span(task->value, strlen(task->value)), .secret = true};
  struct bulla_span id = bulla_span(task->id, BULLA_RECORD_ID_LEN);
  struct bulla_place place = task->place;
  place.field = field.name;
  switch (task->number % CYCLE) {
    case 1:
      return bulla_vault_put(vault, &task->who, &task->place, &field, 1);
    case 2:
      return put_apikey(vault, task);
    case 3:
      return bulla_vault_apikey_use(vault, &task->who, id, note_root, task);
    case 4:
      return bulla_vault_apikey_revoke(vault, &task->who, id);
    default:
      return bulla_vault_use(vault, &task->who, &place, note_opened, task);
  }
}

static _Noreturn void live(const struct round *round, size_t index) {
  struct bulla_vault *vault = NULL;
  struct life *life = &round->lives[index];
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  crash_set_up();
  enum bulla_status status = crash_open(&vault, round->folder);
  for (unsigned number = 1; status == BULLA_OK; number++) {
    struct task task;
    prepare(&task, life, index, number);
    store(&life->began, number);
    if (round->hasty) {
      store(&life->done, number);
    }
    status = perform(vault, &task);
    if (status == BULLA_OK) {
      store(&life->done, number);
    }
  }
  (void)printf("# w%zu-%u: %s\n", index, life->began, bulla_status_text(status));
  (void)fflush(stdout);
  _exit(1);
}

static void give_life(struct round *round) {
  size_t index = round->num_lives++;
  CRASH_ASSERT(index < LIVES);
  (void)fflush(stdout);
  pid_t process = fork();
  if (process == 0) {
    live(round, index);
  }
  round->lives[index].process = process;
}

static void end_life(const struct round *round, struct life *life) {
  int status;
  (void)kill(life->process, SIGKILL);
  CRASH_ASSERT(waitpid(life->process, &status, 0) == life->process);
  crash_report(WIFSIGNALED(status) ? CRASH_GOOD : CRASH_LOST, "seed %llu: a process could not go on beside others",
               (unsigned long long)round->seed);
  life->process = 0;
}

static enum bulla_status read_record(void *arg, const struct bulla_audit_record *record) {
  struct told *told = arg;
  char reason[24];
  size_t index;
  unsigned number;
  (void)snprintf(reason, sizeof(reason), "%.*s", (int)record->reason.len, (const char *)record->reason.data);
  /* NOLINTNEXTLINE(cert-err34-c): the reasons are our own. */
  if (sscanf(reason, "w%zu-%u", &index, &number) == 2 && index < LIVES) {
    told[index].in_order = told[index].in_order && number == told[index].last + 1;
    told[index].last = number;
  }
  return BULLA_OK;
}

static void find(const struct round *round, size_t index, enum crash_verdict verdict, const char *why) {
  const struct life *life = &round->lives[index];
  crash_report(verdict, "seed %llu: w%zu, operations %u begun, %u opened, %u done: %s", (unsigned long long)round->seed,
               index, life->began, life->opened, life->done, why);
}

/* What was put last is there, and so are the API keys but those that were revoked. */
static void check_contents(const struct round *round, struct bulla_vault *vault, size_t index, unsigned last) {
  struct task task;
  struct bulla_secret *value BULLA_CLEANUP(bulla_secret_free) = NULL;
  if (last == 0) {
    return;
  }
  prepare(&task, NULL, index, (last - 1) / CYCLE * CYCLE + 1);
  task.place.field = BULLA_LITERAL("key");
  if (bulla_vault_read(vault, &value, &task.who, &task.place) != BULLA_OK ||
      !bulla_span_equal(bulla_secret_bytes(value), bulla_span(task.value, strlen(task.value)))) {
    find(round, index, CRASH_LOST, "a value is lost");
  }
  for (unsigned number = 2; number <= last; number += CYCLE) {
    prepare(&task, NULL, index, number);
    enum bulla_status status = bulla_vault_apikey_live(vault, bulla_span(task.id, BULLA_RECORD_ID_LEN));
    if (status != (number + 2 <= last ? BULLA_NOT_FOUND : BULLA_OK)) {
      find(round, index, CRASH_LOST, "an API key, or that it was revoked, is lost");
    }
  }
}

/* Compares the log with what was known before it was read, and with what is known after. */
static void check(const struct round *round, bool is_end) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct life before[LIVES];
  struct told told[LIVES];
  memcpy(before, round->lives, sizeof(before));
  for (size_t i = 0; i < LIVES; i++) {
    told[i] = (struct told){.in_order = true};
  }
  if (crash_open(&vault, round->folder) != BULLA_OK) {
    find(round, 0, CRASH_LOST, "the vault does not open");
    return;
  }
  if (bulla_vault_audit_verify(vault, &verdict) != BULLA_OK ||
      bulla_vault_audit_log(vault, 1, bulla_span(NULL, 0), read_record, told) != BULLA_OK) {
    find(round, 0, CRASH_FORKED, "the log does not verify");
  }
  for (size_t i = 0; i < round->num_lives; i++) {
    if (before[i].opened > told[i].last) {
      find(round, i, CRASH_UNRECORDED, "no record of it");
    }
    if (before[i].done > told[i].last || told[i].last > load(&round->lives[i].began) || !told[i].in_order) {
      find(round, i, CRASH_LOST, "the log tells otherwise");
    }
    if (is_end) {
      check_contents(round, vault, i, told[i].last);
    }
  }
}

/* Waits until |life| has begun as many as |num|, but not for one that has ended. */
static void wait_for(const struct life *life, unsigned num) {
  const struct timespec pause = {.tv_nsec = 50000};
  for (int tries = 0; tries < 100000 && load(&life->began) < num; tries++) {
    (void)nanosleep(&pause, NULL);
  }
}

/* Kills one, and has another take its place, until there are no more lives. */
static void kill_some(struct round *round, unsigned num, struct crash_random *random) {
  for (size_t i = 0; i < WRITERS; i++) {
    give_life(round);
  }
  for (unsigned i = 0; i < num; i++) {
    struct timespec delay = {.tv_nsec = (long)crash_below(random, (size_t)MAX_DELAY_US * 1000)};
    size_t victim = crash_below(random, round->num_lives);
    while (round->lives[victim].process == 0) {
      victim = (victim + 1) % round->num_lives;
    }
    wait_for(&round->lives[victim], (unsigned)crash_below(random, 2 * CYCLE));
    (void)nanosleep(&delay, NULL);
    end_life(round, &round->lives[victim]);
    crash_add(&crash_counts->kills);
    give_life(round);
    check(round, false);
  }
  for (size_t i = 0; i < round->num_lives; i++) {
    if (round->lives[i].process != 0) {
      end_life(round, &round->lives[i]);
      crash_add(&crash_counts->kills);
    }
  }
}

void crash_kill(uint64_t seed, unsigned num, bool hasty) {
  struct crash_random random = {seed};
  struct round round = {.folder = crash_folder(), .hasty = hasty, .seed = seed};
  size_t len = LIVES * sizeof(struct life);
  round.lives = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CRASH_ASSERT(round.lives != MAP_FAILED && num + WRITERS <= LIVES);
  CRASH_ASSERT(crash_create(round.folder) == BULLA_OK);
  kill_some(&round, num, &random);
  check(&round, true);
  if (!crash_has_integrity(round.folder)) {
    find(&round, 0, CRASH_LOST, "PRAGMA integrity_check");
  }
  (void)munmap(round.lives, len);
  crash_remove_folder(round.folder);
}
