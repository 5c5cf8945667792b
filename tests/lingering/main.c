/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The parent: runs each scenario in a child on each engine, looks at each stop, and prints the verdicts as TAP.
 * Usage: lingering [--command PATH] [SCENARIO]; the command is looked at too if it is named. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lingering/lingering.h"

enum { CHECKS_MAX = 64 };

struct check {
  enum kind kind;
  char name[NAME_LEN];
  struct snapshot *snapshot;
};

static struct {
  pid_t pid;
  int from_child;
  int to_child;
  struct needles *needles;
  struct message next; /* where it will stop */
  uint8_t next_bytes[BYTES_MAX];
  size_t num_checks;
  struct check checks[CHECKS_MAX];
} run;

static int num_printed;
static int num_failed;
static char folder[64] = "/tmp/bulla-lingering-XXXXXX";

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(2);
}

void verdict(bool good, const char *scenario, const char *where, const char *name) {
  num_failed += good ? 0 : 1;
  printf("%s %d - %s: %s (%s)\n", good ? "ok" : "not ok", ++num_printed, scenario, name, where);
  fflush(stdout);
}

void skip(const char *what, const char *why) {
  fprintf(stderr, "SKIPPED: %s: %s\n", what, why);
  printf("ok %d - %s # SKIP %s\n", ++num_printed, what, why);
}

static bool is_control(const char *scenario) {
  return strncmp(scenario, "control", 7) == 0;
}

/* Reads what the child has written so far. */
static void hear(void) {
  struct message message;
  uint8_t bytes[BYTES_MAX];
  while (read(run.from_child, &message, sizeof(message)) == (ssize_t)sizeof(message)) {
    if (message.len > sizeof(bytes) || (message.len > 0 && read(run.from_child, bytes, message.len) != message.len)) {
      die("a message was cut");
    }
    if (message.kind >= CHECK_LIVE) {
      run.next = message;
      memcpy(run.next_bytes, bytes, message.len);
    } else {
      needles_add(run.needles, message.kind, message.name, bulla_span(bytes, message.len));
    }
  }
}

static struct snapshot *take_child_of_child(void) {
  pid_t pid;
  memcpy(&pid, run.next_bytes, sizeof(pid));
  struct snapshot *snapshot = snapshot_take(pid, false);
  kill(pid, SIGKILL);
  return snapshot;
}

static void start(const char *scenario, const char *engine) {
  int to_parent[2];
  int to_child[2];
  if (pipe2(to_parent, O_CLOEXEC) != 0 || pipe2(to_child, O_CLOEXEC) != 0) {
    die("pipe");
  }
  fflush(stdout);
  run.pid = fork();
  if (run.pid == 0) {
    if (dup2(to_parent[1], 10) < 0 || dup2(to_child[0], 11) < 0 || dup2(10, TO_PARENT) < 0 || dup2(11, TO_CHILD) < 0 ||
        chdir(folder) != 0) {
      die("dup2");
    }
    execl("/proc/self/exe", "lingering", "--child", scenario, engine, (char *)NULL);
    die("execl");
  }
  close(to_parent[1]);
  close(to_child[0]);
  run.from_child = to_parent[0];
  run.to_child = to_child[1];
  fcntl(run.from_child, F_SETFL, O_NONBLOCK);
  run.needles = needles_new();
  run.num_checks = 0;
}

/* Searches the dump |name|, prints and counts what it finds, and removes it. */
static size_t search_dump(const char *name) {
  char what[128];
  size_t place;
  struct stat status;
  int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0 || status.st_size == 0) {
    die(name);
  }
  size_t len = (size_t)status.st_size;
  void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) {
    die(name);
  }
  size_t hits = needles_find(run.needles, bulla_span(bytes, len), what, &place);
  if (hits > 0) {
    printf("# %zu in %s, first at byte %zu: %s\n", hits, name, place, what);
  }
  munmap(bytes, len);
  close(file);
  unlink(name);
  return hits;
}

/* Judges the dump |name|, which |what| made. */
static void judge_dump(const char *scenario, const char *engine, const char *what, const char *name) {
  char told[96];
  snprintf(told, sizeof(told), "what %s dumps has %s", what, is_control(scenario) ? "the copy" : "nothing");
  verdict((search_dump(name) > 0) == is_control(scenario), scenario, engine, told);
}

/* By gcore(1), from outside. */
static void check_gcore(const char *scenario, const char *engine) {
  char command[256];
  char name[128];
  if (access("/usr/bin/gcore", X_OK) != 0) {
    skip("what gcore(1) dumps", "there is no gcore: install gdb");
    return;
  }
  snprintf(command, sizeof(command), "gcore -o %s/dump %d >%s/log 2>&1", folder, (int)run.pid, folder);
  snprintf(name, sizeof(name), "%s/dump.%d", folder, (int)run.pid);
  if (system(command) != 0) { /* NOLINT(cert-env33-c): a shell is what has the redirection */
    verdict(false, scenario, engine, "gcore(1) makes a dump");
    return;
  }
  judge_dump(scenario, engine, "gcore(1)", name);
}

/* By the kernel, as SIGABRT ends the process. */
static void check_abort(const char *scenario, const char *engine) {
  char pattern[128] = "";
  char name[160];
  FILE *file = fopen("/proc/sys/kernel/core_pattern", "re");
  if (file == NULL || fgets(pattern, sizeof(pattern), file) == NULL || strncmp(pattern, "core", 4) != 0) {
    skip("what SIGABRT dumps", "core_pattern hands cores to somebody else");
    kill(run.pid, SIGKILL);
    waitpid(run.pid, NULL, 0);
    return;
  }
  fclose(file);
  int status = 0;
  if (write(run.to_child, "x", 1) != 1 || waitpid(run.pid, &status, 0) != run.pid) {
    die("the end of the child");
  }
  snprintf(name, sizeof(name), "%s/core", folder);
  if (access(name, R_OK) != 0) {
    snprintf(name, sizeof(name), "%s/core.%d", folder, (int)run.pid);
  }
  if (!WIFSIGNALED(status) || !WCOREDUMP(status) || access(name, R_OK) != 0) {
    verdict(false, scenario, engine, "SIGABRT makes a dump");
    return;
  }
  judge_dump(scenario, engine, "SIGABRT", name);
}

/* Looks at what was taken, now that all secrets are known. */
static void judge(const char *scenario, const char *engine) {
  for (size_t i = 0; i < run.num_checks; i++) {
    const struct check *check = &run.checks[i];
    size_t hits = snapshot_search(check->snapshot, run.needles, check->kind == CHECK_LIVE);
    verdict((hits > 0) == is_control(scenario), scenario, engine, check->name);
    snapshot_free(check->snapshot);
  }
}

/* Follows the child from stop to stop. */
static void play(const char *scenario, const char *engine) {
  start(scenario, engine);
  for (;;) {
    int status;
    if (waitpid(run.pid, &status, 0) != run.pid) {
      die("waitpid");
    }
    hear();
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      judge(scenario, engine);
      verdict(WIFEXITED(status) && WEXITSTATUS(status) == 0 && run.num_checks > 0, scenario, engine, "ends well");
      break;
    }
    int signal = WSTOPSIG(status);
    if (signal != SIGTRAP) {
      ptrace(PTRACE_CONT, run.pid, NULL, signal);
      continue;
    }
    if (run.next.kind == CHECK_CORES) {
      ptrace(PTRACE_DETACH, run.pid, NULL, NULL);
      judge(scenario, engine);
      check_gcore(scenario, engine);
      check_abort(scenario, engine);
      break;
    }
    /* The first stop is that of execve(2). */
    if (run.next.kind != 0) {
      struct check *check = &run.checks[run.num_checks++];
      check->kind = run.next.kind;
      memcpy(check->name, run.next.name, NAME_LEN);
      check->snapshot = run.next.kind == CHECK_FORK ? take_child_of_child() : snapshot_take(run.pid, true);
    }
    run.next = (struct message){0};
    ptrace(PTRACE_CONT, run.pid, NULL, NULL);
  }
  close(run.from_child);
  close(run.to_child);
  needles_free(run.needles);
}

/* Whether this process may look into its children. */
static bool may_trace(void) {
  pid_t pid = fork();
  if (pid == 0) {
    _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
  }
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--child") == 0) {
    return run_child(argv[2], argv[3]);
  }
  const char *command_path = NULL;
  if (argc > 2 && strcmp(argv[1], "--command") == 0) {
    command_path = realpath(argv[2], NULL);
    argc -= 2;
    argv += 2;
  }
  if (!may_trace()) {
    skip("nothing lingers", "ptrace(2) is not permitted here");
    printf("1..1\n");
    return 0;
  }
  if (mkdtemp(folder) == NULL) {
    die(folder);
  }
  for (unsigned choice = BULLA_ENGINE_BORINGSSL; choice <= BULLA_ENGINE_VAES_256; choice++) {
    if (bulla_engine_choose(choice) != BULLA_OK) {
      continue;
    }
    for (size_t i = 0; scenario_name(i) != NULL; i++) {
      if (argc < 2 || strstr(scenario_name(i), argv[1]) != NULL) {
        play(scenario_name(i), bulla_engine_name());
      }
    }
  }
  if (command_path != NULL) {
    play_commands(command_path, folder);
  }
  char command[128];
  snprintf(command, sizeof(command), "rm -r %s", folder);
  if (system(command) != 0) { /* NOLINT(cert-env33-c): as above */
    die(folder);
  }
  printf("1..%d\n", num_printed);
  return num_failed == 0 ? 0 : 1;
}
