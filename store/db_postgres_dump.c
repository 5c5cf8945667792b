/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres_dump.h. pg_dump and pg_restore are looked for in PATH and connect to the server that this
 * process is connected to, with what that connection was made with: in their environment, which other users cannot see,
 * and not in their arguments. pg_dump sees the snapshot of the caller's transaction.
 *
 * The row of |format| is left out of the archive. So what pg_restore makes is no vault until bulla has added it, in the
 * transaction that has the record of the restore. */

#include "store/db_postgres_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/lock.h"
#include "core/log.h"
#include "store/db_postgres_connect.h"
#include "store/file.h"
#include "store/libpq.h"

extern char **environ;

enum { PATIENCE_MS = 5000, COUNT_MS = 3600000 /* for the rows of a large vault, on a connection of its own */ };
enum {
  COUNT_MAX = 4096 /* bytes of what counts the rows */,
  WORDS_MAX = 16,
  SNAPSHOT_MAX = 64,
  NAME_LEN_MAX = 64,
  OPTION_MAX = 2 * NAME_LEN_MAX + 32
};

/* The environment of a program: |num| variables of which the first |num_ours| were made here. */
struct environment {
  char **variables;
  size_t num;
  size_t num_ours;
};

static void environment_free(struct environment *environment) {
  for (size_t i = 0; i < environment->num_ours; i++) {
    bulla_wipe(environment->variables[i], strlen(environment->variables[i]));
    free(environment->variables[i]);
  }
  free(environment->variables);
}

static enum bulla_status add_variable(struct environment *environment, const char *name, const char *value) {
  size_t size = strlen(name) + strlen(value) + 2;
  char *variable = malloc(size);
  if (variable == NULL) {
    return BULLA_NO_MEMORY;
  }
  (void)snprintf(variable, size, "%s=%s", name, value);
  environment->variables[environment->num++] = variable;
  environment->num_ours = environment->num;
  return BULLA_OK;
}

/* is_handed_on says whether a variable, NAME=VALUE, is known to be meant for any program. All others may lead to the
 * root key, which can be read from a variable of any name. */
static bool is_handed_on(const char *variable) {
  static const char *const beginnings[] = {
      "PATH=", "HOME=",     "USER=",      "LOGNAME=", "TMPDIR=",   "TZ=",           "LANG=",           "LANGUAGE=",
      "LC_",   "PG_COLOR=", "PG_COLORS=", "KRB5",     "SSL_CERT_", "OPENSSL_CONF=", "LD_LIBRARY_PATH="};
  for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
    if (strncmp(variable, beginnings[i], strlen(beginnings[i])) == 0) {
      return true;
    }
  }
  return false;
}

/* What the connection was made with, and of this process's environment what is meant for any program. */
static enum bulla_status fill_environment(struct environment *environment, const PQconninfoOption *options) {
  size_t num = 1;
  for (char **variable = environ; *variable != NULL; variable++) {
    num++;
  }
  for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
    num++;
  }
  environment->variables = calloc(num, sizeof(*environment->variables));
  if (environment->variables == NULL) {
    return BULLA_NO_MEMORY;
  }
  for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
    bool is_given = option->envvar != NULL && option->val != NULL && strcmp(option->keyword, "service") != 0;
    BULLA_TRY(is_given ? add_variable(environment, option->envvar, option->val) : BULLA_OK);
  }
  for (char **variable = environ; *variable != NULL; variable++) {
    if (is_handed_on(*variable)) {
      environment->variables[environment->num++] = *variable;
    }
  }
  return BULLA_OK;
}

static void free_options(PQconninfoOption **options) {
  for (PQconninfoOption *option = *options; option != NULL && option->keyword != NULL; option++) {
    if (option->val != NULL) {
      bulla_wipe(option->val, strlen(option->val));
    }
  }
  bulla_pq.PQconninfoFree(*options);
}

/* Sets |environment|, and |option| to the argument that names the database. */
static enum bulla_status make_environment(struct environment *environment, char option[OPTION_MAX],
                                          const struct bulla_postgres *postgres) {
  PQconninfoOption *options BULLA_CLEANUP(free_options) = bulla_pq.PQconninfo(postgres->connection);
  if (options == NULL) {
    return BULLA_NO_MEMORY;
  }
  size_t len = (size_t)snprintf(option, OPTION_MAX, "--dbname=dbname='");
  for (const PQconninfoOption *each = options; each->keyword != NULL; each++) {
    const char *name = strcmp(each->keyword, "dbname") == 0 && each->val != NULL ? each->val : "";
    for (; *name != '\0' && len < OPTION_MAX - 4; name++) {
      len += *name == '\'' || *name == '\\' ? (size_t)snprintf(option + len, 2, "\\") : 0;
      option[len++] = *name;
    }
  }
  (void)snprintf(option + len, OPTION_MAX - len, "'");
  return fill_environment(environment, options);
}

/* A program, and what it reads and writes; negative descriptors are nothing. */
struct run {
  const char *const *words; /* ended by NULL */
  const struct environment *environment;
  int input;
  int output;
};

static int spawn(pid_t *pid, const struct run *run, posix_spawn_file_actions_t *actions,
                 posix_spawnattr_t *attributes) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  int error = run->input < 0 ? posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
                             : posix_spawn_file_actions_adddup2(actions, run->input, STDIN_FILENO);
  error = error != 0         ? error
          : run->output >= 0 ? posix_spawn_file_actions_adddup2(actions, run->output, STDOUT_FILENO)
                             : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  error = error != 0 ? error : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
  error = error != 0 ? error : posix_spawnattr_setsigmask(attributes, &none);
  error = error != 0 ? error : posix_spawnattr_setsigdefault(attributes, &all);
  error = error != 0 ? error : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  char *words[WORDS_MAX] = {NULL}; /* which posix_spawnp does not change, whatever its type says */
  for (size_t i = 0; i + 1 < WORDS_MAX && run->words[i] != NULL; i++) {
    memcpy(&words[i], &run->words[i], sizeof(words[i]));
  }
  return error != 0 ? error : posix_spawnp(pid, words[0], actions, attributes, words, run->environment->variables);
}

static enum bulla_status start(pid_t *pid, const struct run *run) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  char words[128];
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  int error = spawn(pid, run, &actions, &attributes);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0
             ? BULLA_OK
             : bulla_explain(BULLA_SECRET_UNAVAILABLE,
                             "%s cannot be run: %s: install postgresql-client of the server's release, or look at PATH",
                             run->words[0], strerror_r(error, words, sizeof(words)));
}

static enum bulla_status wait_for(pid_t pid, const struct run *run) {
  int how = 0;
  while (waitpid(pid, &how, 0) < 0) {
    if (errno != EINTR) {
      return bulla_explain(BULLA_SECRET_UNAVAILABLE, "the exit status of %s cannot be read", run->words[0]);
    }
  }
  return WIFEXITED(how) && WEXITSTATUS(how) == 0
             ? BULLA_OK
             : bulla_explain(BULLA_SECRET_UNAVAILABLE, "%s failed: see what it says on standard error", run->words[0]);
}

/* Counts the rows in what pg_restore writes: those between a line that begins with COPY and one of "\." */
struct counting {
  int64_t num_rows;
  bool in_rows;
  char line[8]; /* the beginning of the line */
  size_t len;
};

static void count_byte(struct counting *counting, char byte) {
  if (byte != '\n') {
    if (counting->len < sizeof(counting->line)) {
      counting->line[counting->len++] = byte;
    }
    return;
  }
  bool is_end = counting->len == 2 && memcmp(counting->line, "\\.", 2) == 0;
  if (counting->in_rows) {
    counting->num_rows += is_end ? 0 : 1;
    counting->in_rows = !is_end;
  } else {
    counting->in_rows = counting->len >= 5 && memcmp(counting->line, "COPY ", 5) == 0;
  }
  counting->len = 0;
}

static void count_all(struct counting *counting, int from) {
  char bytes[16384];
  for (;;) {
    ssize_t got = read(from, bytes, sizeof(bytes));
    if (got == 0 || (got < 0 && errno != EINTR)) {
      return;
    }
    for (ssize_t i = 0; i < got; i++) {
      count_byte(counting, bytes[i]);
    }
  }
}

/* Runs a program until it ends, and counts the rows in what it writes if |counting|. A thread that is cancelled would
 * leave a child behind. */
static enum bulla_status run_program(const struct run *run, struct counting *counting) {
  int ends[2] = {-1, -1};
  pid_t pid;
  int before = bulla_hold_cancel();
  struct run with = *run;
  enum bulla_status status = counting == NULL || pipe2(ends, O_CLOEXEC) == 0 ? BULLA_OK : bulla_file_status(errno);
  with.output = ends[1];
  status = status == BULLA_OK ? start(&pid, &with) : status;
  bulla_file_close(&ends[1]);
  if (status == BULLA_OK) {
    if (counting != NULL) {
      count_all(counting, ends[0]);
    }
    status = wait_for(pid, run);
  }
  bulla_file_close(&ends[0]);
  bulla_allow_cancel(before);
  return status;
}

/* Asks for one text, which is kept in |answer|. */
static enum bulla_status ask(char *answer, size_t size, struct bulla_postgres *postgres, const char *text) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  struct bulla_value value = {.type = BULLA_VALUE_NULL};
  bool row;
  BULLA_TRY(bulla_postgres_ask(&rows, postgres, text));
  BULLA_TRY(bulla_postgres_next(&rows, &row));
  if (row) {
    bulla_postgres_column(&rows, 0, &value);
  }
  if (value.type != BULLA_VALUE_TEXT || value.bytes.len >= size) {
    return BULLA_NOT_A_VAULT;
  }
  memcpy(answer, value.bytes.data, value.bytes.len);
  answer[value.bytes.len] = '\0';
  return BULLA_OK;
}

/* Counts the rows of all tables that are in an archive, whichever a format has. */
static enum bulla_status count_rows(char *num_rows, size_t size, struct bulla_postgres *postgres) {
  char text[COUNT_MAX];
  BULLA_TRY(ask(text, sizeof(text), postgres,
                "SELECT 'SELECT sum(n)::text FROM (' || string_agg('SELECT count(*) AS n FROM bulla.' || "
                "quote_ident(c.relname), ' UNION ALL ') || ') AS counts' FROM pg_catalog.pg_class c WHERE c.relkind = "
                "'r' AND c.relname <> 'format' AND c.relnamespace = 'bulla'::pg_catalog.regnamespace"));
  return ask(num_rows, size, postgres, text);
}

/* The table of logins shows all of its rows to its owner alone. */
static enum bulla_status check_owner(struct bulla_postgres *postgres) {
  char answer[SNAPSHOT_MAX];
  BULLA_TRY(ask(answer, sizeof(answer), postgres,
                "SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE')::text FROM pg_catalog.pg_class c "
                "WHERE c.oid = 'bulla.login'::pg_catalog.regclass"));
  return strcmp(answer, "true") == 0
             ? BULLA_OK
             : bulla_explain(BULLA_NOT_PERMITTED, "only the owner of the tables can back them up: use its login");
}

static enum bulla_status dump(const char *path, const char *snapshot, const struct environment *environment) {
  char file[PATH_MAX + sizeof("--file=")];
  char seen[SNAPSHOT_MAX + sizeof("--snapshot=")];
  (void)snprintf(file, sizeof(file), "--file=%s", path);
  (void)snprintf(seen, sizeof(seen), "--snapshot=%s", snapshot);
  const char *const words[] = {"pg_dump",
                               "--format=custom",
                               "--schema=bulla",
                               "--exclude-table-data=bulla.format",
                               "--enable-row-security", /* what it hides from this login was looked at */
                               "--no-password",
                               "--lock-wait-timeout=5000",
                               file,
                               seen,
                               NULL};
  return run_program(&(struct run){.words = words, .environment = environment, .input = -1, .output = -1}, NULL);
}

/* Has pg_restore read all of the archive, and counts its rows. */
static enum bulla_status check_archive(const char *path, const struct environment *environment, const char *num_rows) {
  static const char *const words[] = {"pg_restore", "--file=-", NULL};
  struct counting counting = {.num_rows = 0};
  int file BULLA_CLEANUP(bulla_file_close) = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return bulla_file_status(errno);
  }
  const struct run run = {.words = words, .environment = environment, .input = file, .output = -1};
  BULLA_TRY(run_program(&run, &counting));
  return counting.num_rows == strtoll(num_rows, NULL, 10)
             ? BULLA_OK
             : bulla_explain(BULLA_IO, "the archive has %lld rows, and the vault has %s", (long long)counting.num_rows,
                             num_rows);
}

static enum bulla_status sync_file(const char *path) {
  int file BULLA_CLEANUP(bulla_file_close) = open(path, O_RDONLY | O_CLOEXEC);
  return file >= 0 && fsync(file) == 0 ? BULLA_OK : bulla_file_status(errno);
}

enum bulla_status bulla_postgres_back_up(struct bulla_db *db, const char *path, bulla_progress_fn progress, void *arg) {
  struct bulla_postgres *postgres = (struct bulla_postgres *)db;
  struct environment environment BULLA_CLEANUP(environment_free) = {.num = 0};
  char option[OPTION_MAX];
  char snapshot[SNAPSHOT_MAX];
  char num_rows[SNAPSHOT_MAX];
  (void)progress; /* pg_dump tells of none */
  (void)arg;
  BULLA_TRY(check_owner(postgres));
  postgres->answer_ms = COUNT_MS;
  BULLA_TRY(count_rows(num_rows, sizeof(num_rows), postgres));
  BULLA_TRY(ask(snapshot, sizeof(snapshot), postgres, "SELECT pg_catalog.pg_export_snapshot()::text"));
  if (strspn(snapshot, "0123456789ABCDEFabcdef-") != strlen(snapshot)) {
    return BULLA_NOT_A_VAULT;
  }
  BULLA_TRY(make_environment(&environment, option, postgres));
  BULLA_TRY(dump(path, snapshot, &environment));
  BULLA_TRY(check_archive(path, &environment, num_rows));
  return sync_file(path);
}

static void free_postgres(struct bulla_postgres **postgres) {
  if (*postgres != NULL) {
    bulla_postgres_free(*postgres);
  }
}

static enum bulla_status connect_to(struct bulla_postgres **postgres, const char *place) {
  BULLA_TRY(bulla_postgres_new(postgres, place));
  (*postgres)->db = (struct bulla_db){.patience = PATIENCE_MS, .left = PATIENCE_MS};
  return bulla_postgres_connect_to_write(*postgres);
}

/* One transaction: there is a schema or there is none. What follows the archive in |file|, its end, is not read. */
enum bulla_status bulla_postgres_load(char draft[PATH_MAX], const char *place, int file, int64_t len) {
  struct bulla_postgres *postgres BULLA_CLEANUP(free_postgres) = NULL;
  struct environment environment BULLA_CLEANUP(environment_free) = {.num = 0};
  char option[OPTION_MAX];
  const char *const words[] = {"pg_restore",
                               "--single-transaction",
                               "--exit-on-error",
                               "--enable-row-security",
                               "--no-owner",
                               "--no-password",
                               option,
                               NULL};
  draft[0] = '\0';
  (void)len;
  BULLA_TRY(connect_to(&postgres, place));
  BULLA_TRY(make_environment(&environment, option, postgres));
  if (lseek(file, 0, SEEK_SET) != 0) {
    return bulla_file_status(errno);
  }
  const struct run run = {.words = words, .environment = &environment, .input = file, .output = -1};
  return run_program(&run, NULL);
}

enum bulla_status bulla_postgres_adopt(struct bulla_db *db) {
  return bulla_postgres_run((struct bulla_postgres *)db, "INSERT INTO bulla.format VALUES (2)");
}

enum bulla_status bulla_postgres_publish(const char *place, const char *draft) {
  (void)place;
  (void)draft;
  return BULLA_OK;
}

/* Only what is no vault: the answer to a commit may have been lost. */
void bulla_postgres_withdraw(const char *place, const char *draft) {
  struct bulla_postgres *postgres BULLA_CLEANUP(free_postgres) = NULL;
  (void)draft;
  enum bulla_status status = connect_to(&postgres, place);
  if (status == BULLA_OK) {
    status = bulla_postgres_run(postgres,
                                "DO $$BEGIN IF NOT EXISTS (SELECT FROM bulla.format) THEN DROP SCHEMA bulla CASCADE; "
                                "END IF; END$$");
  }
  if (status != BULLA_OK) {
    bulla_warn(status, "what was restored could not be removed: DROP SCHEMA bulla CASCADE");
  }
}
