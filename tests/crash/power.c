/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The power goes: see tests/crash/disk.h. */

#include <string.h>

#include "tests/crash/crash.h"
#include "tests/crash/disk.h"
#include "tests/crash/operations.h"
#include "tests/crash/vault.h"

enum { MAX_OPERATIONS = 200, NUM_SEEN = 1 << 14 };
enum { PUT_LONG = 1, USE = 3 }; /* of the operations */

/* What was done, and how the vault was after each. */
struct history {
  uint64_t seed;
  struct crash_random random;
  bool is_long; /* so much is written that the -wal begins anew */
  size_t num;
  char *after[MAX_OPERATIONS + 1];
  const char *names[MAX_OPERATIONS + 1];
  struct crash_trace trace;
};

static void describe(struct history *history, struct bulla_vault *vault) {
  static char text[CRASH_TEXT_MAX];
  CRASH_ASSERT(crash_describe(vault, text) == BULLA_OK);
  history->after[history->num] = crash_check_pointer(strdup(text));
}

static bool is_expected(enum bulla_status status) {
  return status == BULLA_OK || status == BULLA_NOT_FOUND || status == BULLA_EXISTS || status == BULLA_IN_USE ||
         status == BULLA_REVOKED;
}

/* Closing the vault and opening it again is one of the operations; half of the time there is a use between two of that,
 * which leaves a log beside the vault (store/db_sqlite_log.h). */
static void operate(struct history *history, struct bulla_vault **vault, const char *folder) {
  size_t which = crash_below(&history->random, crash_num_operations + 1);
  if (history->is_long && crash_below(&history->random, 4) != 0) {
    which = PUT_LONG;
  }
  size_t number = ++history->num;
  crash_mark(CRASH_BEGAN, number);
  if (which == crash_num_operations) {
    history->names[number] = "reopen";
    bulla_vault_close(vault);
    CRASH_ASSERT(crash_open(vault, folder) == BULLA_OK);
    if (crash_below(&history->random, 2) == 0) {
      CRASH_ASSERT(is_expected(crash_operations[USE].run(*vault, number)));
      bulla_vault_close(vault);
      CRASH_ASSERT(crash_open(vault, folder) == BULLA_OK);
    }
  } else {
    history->names[number] = crash_operations[which].name;
    CRASH_ASSERT(is_expected(crash_operations[which].run(*vault, number)));
  }
  crash_mark(CRASH_DONE, number);
  describe(history, *vault);
}

static void work(struct history *history, const char *folder) {
  struct bulla_vault *vault = NULL;
  size_t num = history->is_long ? MAX_OPERATIONS : 10 + crash_below(&history->random, 40);
  crash_trace_begin(folder);
  crash_mark(CRASH_BEGAN, 0);
  CRASH_ASSERT(crash_create(folder) == BULLA_OK);
  crash_mark(CRASH_DONE, 0);
  history->names[0] = "create";
  CRASH_ASSERT(crash_open(&vault, folder) == BULLA_OK);
  describe(history, vault);
  while (history->num < num) {
    operate(history, &vault, folder);
  }
  bulla_vault_close(&vault);
  history->trace = crash_trace_end();
}

/* Where the power goes, and what is known of it. */
struct cut {
  struct history *history;
  struct crash_disk *disk;
  size_t num_events;
  size_t began; /* one more than the last operation that did, and so on */
  size_t done;
  size_t opened;
  char *folder;
  char *second_folder;
  uint64_t seen[NUM_SEEN];
};

static struct crash_wanted wanted_at(const struct cut *cut) {
  char *const *after = cut->history->after;
  return (struct crash_wanted){.before = cut->done > 0 ? after[cut->done - 1] : NULL,
                               .after = cut->began > cut->done ? after[cut->began - 1] : NULL,
                               .recorded = cut->opened > cut->done};
}

/* Whether this image was looked at with the same known. */
static bool is_new(struct cut *cut, uint64_t sum) {
  uint64_t key = sum + cut->done * 3 + cut->opened * 5 + cut->began * 7;
  uint64_t *slot = &cut->seen[key % NUM_SEEN];
  bool is = *slot != key;
  *slot = key;
  return is;
}

static void judge(const struct cut *cut, const char *folder, const char *what) {
  const struct crash_wanted wanted = wanted_at(cut);
  const char *why = NULL;
  crash_add(&crash_counts->images);
  enum crash_verdict verdict = crash_judge(folder, &wanted, &why);
  crash_report(verdict, "seed %llu: %s after event %zu, %s of \"%s\": %s", (unsigned long long)cut->history->seed, what,
               cut->num_events, cut->began > cut->done ? "in the middle" : "after the end",
               cut->began > 0 ? cut->history->names[cut->began - 1] : "", why);
}

/* The power goes again while what it left is opened. */
static void cut_recovery(const struct cut *cut) {
  struct bulla_vault *vault = NULL;
  crash_trace_begin(cut->folder);
  if (crash_open(&vault, cut->folder) == BULLA_OK) {
    bulla_vault_close(&vault);
  }
  struct crash_trace trace = crash_trace_end();
  struct crash_disk *disk = crash_disk_new(&trace, false);
  for (size_t left = crash_below(&cut->history->random, trace.num - trace.num_found + 1); left > 0; left--) {
    crash_disk_step(disk);
  }
  crash_disk_write(disk, &cut->history->random, cut->second_folder);
  judge(cut, cut->second_folder, "power cut in the recovery from one");
  crash_disk_free(disk);
  crash_trace_free(&trace);
}

static void cut_here(struct cut *cut) {
  if (!is_new(cut, crash_disk_write(cut->disk, &cut->history->random, cut->folder))) {
    return;
  }
  if (crash_below(&cut->history->random, 8) == 0) {
    cut_recovery(cut);
  } else {
    judge(cut, cut->folder, "power cut");
  }
}

static void note(struct cut *cut, const struct crash_event *event) {
  cut->num_events++;
  if (event->kind == CRASH_BEGAN) {
    cut->began = event->number + 1;
  } else if (event->kind == CRASH_OPENED) {
    cut->opened = event->number + 1;
  } else if (event->kind == CRASH_DONE) {
    cut->done = event->number + 1;
  }
}

/* Just before a sync the most is at stake, and as something is opened its record must be there. */
static size_t cuts_before(const struct cut *cut, const struct crash_event *event) {
  const struct crash_event *next = event + 1;
  bool syncs =
      cut->num_events < cut->history->trace.num && (next->kind == CRASH_SYNCED || next->kind == CRASH_FOLDER_SYNCED);
  if (cut->history->is_long && crash_below(&cut->history->random, 8) != 0) {
    return 0;
  }
  if (syncs || event->kind == CRASH_OPENED) {
    return 6;
  }
  return event->kind >= CRASH_FOLDER_SYNCED || event->kind == CRASH_SYNCED ? 1
                                                                           : crash_below(&cut->history->random, 3) / 2;
}

void crash_power(uint64_t seed, bool lies) {
  struct history history = {.seed = seed, .random = {seed}};
  struct cut *cut = crash_check_pointer(calloc(1, sizeof(*cut)));
  char *folder = crash_folder();
  history.is_long = crash_below(&history.random, 32) == 0;
  work(&history, folder);
  cut->history = &history;
  cut->folder = crash_folder();
  cut->second_folder = crash_folder();
  cut->disk = crash_disk_new(&history.trace, lies);
  cut->num_events = history.trace.num_found;
  for (const struct crash_event *event = crash_disk_step(cut->disk); event != NULL && !crash_counts->over;
       event = crash_disk_step(cut->disk)) {
    note(cut, event);
    for (size_t left = cuts_before(cut, event); left > 0; left--) {
      cut_here(cut);
    }
  }
  crash_disk_free(cut->disk);
  crash_trace_free(&history.trace);
  for (size_t i = 0; i <= history.num; i++) {
    free(history.after[i]);
  }
  crash_remove_folder(folder);
  crash_remove_folder(cut->folder);
  crash_remove_folder(cut->second_folder);
  free(cut);
}
