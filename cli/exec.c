/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* exec: opens values into the environment of the command that replaces this process. Whether all of them fit, in
 * locked memory and in what the system hands to a command, is settled before the first of them is audited. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/environment.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/process.h"
#include "cli/session.h"
#include "cli/word.h"
#include "store/db.h"

enum {
  TOGETHER_LEN = 4 * BULLA_VALUE_MAX, /* of values that are opened at once, unless it is one */
  VALUE_WORKING_ROOM = 0x4000,        /* what opening them takes beside */
  PASSED_MAX = 6 << 20,               /* execve(2): all arguments and variables, */
  STRING_PAGES = 32,                  /* one of them, */
  PASSED_SPARE = 8192,                /* and what else it puts there */
  STATUS_CANNOT_RUN = 126,
  STATUS_NOT_FOUND = 127,
};

/* One --env, NAME=TENANT/ENTRY:FIELD, and its line NAME=VALUE in locked memory. */
struct wanted {
  struct bulla_span name;
  struct bulla_place place;
  size_t value_len; /* as it was when it was looked at */
  struct bulla_secret *line;
};

struct job {
  struct bulla_cli *cli;
  struct wanted *wanted;
  size_t num_wanted;
  struct bulla_environment env;
};

static void job_free(struct job *job) {
  for (size_t i = 0; i < job->num_wanted; i++) {
    bulla_secret_free(&job->wanted[i].line);
  }
  free(job->wanted);
  bulla_environment_free(&job->env);
}

static bool is_variable(struct bulla_span name) {
  const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  for (size_t i = 0; i < name.len; i++) {
    if (name.data[i] == 0 || strchr(allowed, name.data[i]) == NULL) {
      return false;
    }
  }
  return name.len > 0 && (name.data[0] < '0' || name.data[0] > '9');
}

static bool parse_wanted(struct wanted *wanted, const char *text) {
  struct bulla_span rest;
  if (!bulla_word_split(&wanted->name, &rest, text, '=')) {
    return false;
  }
  struct bulla_reader reader = bulla_reader(rest);
  if (!bulla_take_until(&reader, &wanted->place.tenant, '/') || !bulla_take_until(&reader, &wanted->place.entry, ':')) {
    return false;
  }
  wanted->place.field = bulla_span(reader.at, reader.left);
  return is_variable(wanted->name) && bulla_word_is_name(wanted->place.tenant) &&
         bulla_word_is_name(wanted->place.entry) && bulla_word_is_name(wanted->place.field);
}

/* take_wanted takes every --env apart before anything is opened. */
static enum bulla_status take_wanted(struct job *job) {
  const char *value = NULL;
  job->wanted = (struct wanted *)calloc(bulla_option_count(job->cli, "env"), sizeof(*job->wanted));
  if (job->wanted == NULL) {
    return BULLA_NO_MEMORY;
  }
  for (size_t at = 0; bulla_option_next(job->cli, "env", &at, &value); job->num_wanted++) {
    struct wanted *wanted = &job->wanted[job->num_wanted];
    if (!parse_wanted(wanted, value)) {
      return bulla_cli_usage(job->cli, "--env takes NAME=TENANT/ENTRY:FIELD");
    }
    for (size_t i = 0; i < job->num_wanted; i++) {
      if (bulla_span_equal(job->wanted[i].name, wanted->name)) {
        return bulla_cli_usage(job->cli, "a variable is given twice with --env");
      }
    }
  }
  return BULLA_OK;
}

/* How many bytes of arguments and variables the system hands to a command. */
static size_t passed_max(void) {
  long max = sysconf(_SC_ARG_MAX);
  return max > 0 && max < PASSED_MAX ? (size_t)max : PASSED_MAX;
}

/* make_arena makes the arena as large as the values can be that a command may be given, and those among them that are
 * opened at once. */
static enum bulla_status make_arena(const struct job *job) {
  size_t len = 0;
  for (size_t i = 0; i < job->num_wanted; i++) {
    len += job->wanted[i].name.len + BULLA_VALUE_MAX;
  }
  len = len < passed_max() ? len : passed_max();
  len += len < TOGETHER_LEN ? len : TOGETHER_LEN;
  return bulla_session_memory(len + 2 * job->num_wanted * BULLA_SLOT_ROOM);
}

/* Where the lengths of the fields of one entry go. */
struct measure {
  struct job *job;
  const struct wanted *of;
};

static bool of_same_entry(const struct wanted *a, const struct wanted *b) {
  return bulla_span_equal(a->place.tenant, b->place.tenant) && bulla_span_equal(a->place.entry, b->place.entry);
}

static enum bulla_status note_len(void *arg, const struct bulla_field_view *field) {
  const struct measure *measure = (const struct measure *)arg;
  for (size_t i = 0; i < measure->job->num_wanted; i++) {
    struct wanted *wanted = &measure->job->wanted[i];
    if (of_same_entry(wanted, measure->of) && bulla_span_equal(wanted->place.field, field->name)) {
      wanted->value_len = field->value_len;
    }
  }
  return BULLA_OK;
}

/* measure looks how long the values are. What cannot be looked at is told, and recorded, when it is opened. */
static void measure(struct job *job, struct bulla_vault *vault) {
  for (size_t i = 0; i < job->num_wanted; i++) {
    const struct wanted *wanted = &job->wanted[i];
    bool seen = false;
    for (size_t j = 0; j < i; j++) {
      seen = seen || of_same_entry(wanted, &job->wanted[j]);
    }
    if (!seen) {
      struct measure arg = {job, wanted};
      const struct bulla_place entry = {.tenant = wanted->place.tenant, .entry = wanted->place.entry};
      enum bulla_status ignored = bulla_vault_show(vault, &entry, note_len, &arg);
      (void)ignored;
    }
  }
}

static size_t line_len(const struct wanted *wanted) {
  return wanted->name.len + wanted->value_len + 2; /* the equals sign, and the NUL at the end */
}

static size_t passed_len(char *const *strings) {
  size_t len = 0;
  for (size_t i = 0; strings[i] != NULL; i++) {
    len += strlen(strings[i]) + 1 + sizeof(char *);
  }
  return len;
}

/* check_passed sees to it that the system will hand all of it to the command. */
static enum bulla_status check_passed(struct job *job) {
  size_t string_max = STRING_PAGES * (size_t)sysconf(_SC_PAGESIZE);
  size_t len = passed_len(job->env.lines) + passed_len(job->cli->operands) + PASSED_SPARE;
  for (size_t i = 0; i < job->num_wanted; i++) {
    if (line_len(&job->wanted[i]) > string_max) {
      return bulla_cli_error(job->cli, BULLA_TOO_LARGE,
                             "a variable and its value are too long: the system hands at most %zu KiB in one to a "
                             "command",
                             string_max / 1024);
    }
    len += line_len(&job->wanted[i]) + sizeof(char *);
  }
  return len <= passed_max()
             ? BULLA_OK
             : bulla_cli_error(job->cli, BULLA_TOO_LARGE,
                               "the values, the other variables and the arguments take %zu KiB, and the system hands "
                               "%zu KiB at most to a command: give fewer --env, or raise that (ulimit -s)",
                               len / 1024, passed_max() / 1024);
}

/* How many values are opened at once, from the |first| on. */
static size_t num_together(const struct job *job, size_t first, size_t *len) {
  size_t num = 0;
  for (*len = 0; first + num < job->num_wanted && num < BULLA_PLACES_MAX; num++) {
    size_t next = job->wanted[first + num].value_len + BULLA_SLOT_ROOM;
    if (num > 0 && *len + next > TOGETHER_LEN) {
      break;
    }
    *len += next;
  }
  return num;
}

/* reserve_lines takes the locked memory for all lines, and leaves enough to open the values. */
static enum bulla_status reserve_lines(struct job *job) {
  struct bulla_secret *working_room BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t most = 0;
  size_t together;
  size_t num;
  for (size_t i = 0; i < job->num_wanted; i += num) {
    num = num_together(job, i, &together);
    most = together > most ? together : most;
  }
  enum bulla_status status = bulla_secret_new(&working_room, most + VALUE_WORKING_ROOM);
  size_t len = 0;
  for (size_t i = 0; i < job->num_wanted; i++) {
    len += line_len(&job->wanted[i]) + BULLA_SLOT_ROOM;
    if (status == BULLA_OK) {
      status = bulla_secret_new(&job->wanted[i].line, line_len(&job->wanted[i]));
    }
  }
  return status == BULLA_ARENA_FULL ? bulla_session_arena_full(job->cli, len) : status;
}

static enum bulla_status make_line(struct bulla_cli *cli, struct wanted *wanted, struct bulla_span value) {
  unsigned has_nul = 0;
  for (size_t i = 0; i < value.len; i++) {
    has_nul |= (value.data[i] - 1U) >> 31; /* 1 for 0 alone, without a branch */
  }
  if (has_nul != 0) {
    return bulla_cli_error(cli, BULLA_INVALID_TEXT,
                           "the value has a NUL byte, which an environment variable cannot hold");
  }
  if (value.len > wanted->value_len) {
    /* It has changed since it was looked at. */
    bulla_secret_free(&wanted->line);
    wanted->value_len = value.len;
    BULLA_TRY(bulla_secret_new(&wanted->line, line_len(wanted)));
  }
  struct bulla_buffer bytes = bulla_buffer(bulla_secret_data(wanted->line), line_len(wanted));
  struct bulla_writer writer = bulla_writer(&bytes);
  bulla_put(&writer, wanted->name);
  bulla_put_byte(&writer, '=');
  bulla_put(&writer, value);
  bulla_put_byte(&writer, 0);
  return bulla_writer_finish(&writer);
}

/* Some of what is wanted, which is opened at once. */
struct together {
  struct job *job;
  struct wanted *first;
};

/* make_lines is the callback of bulla_vault_use_many. */
static enum bulla_status make_lines(void *arg, const struct bulla_span *values, size_t num_values) {
  const struct together *together = (const struct together *)arg;
  for (size_t i = 0; i < num_values; i++) {
    struct wanted *wanted = &together->first[i];
    bulla_session_at(together->job->cli, &wanted->place);
    BULLA_TRY(make_line(together->job->cli, wanted, values[i]));
    bulla_environment_set(&together->job->env, wanted->name, (char *)bulla_secret_data(wanted->line));
  }
  return BULLA_OK;
}

static enum bulla_status open_together(struct job *job, struct bulla_vault *vault, const struct bulla_who *who,
                                       struct wanted *first, size_t num) {
  struct bulla_place places[BULLA_PLACES_MAX];
  struct together together = {job, first};
  size_t failed;
  for (size_t i = 0; i < num; i++) {
    places[i] = first[i].place;
  }
  enum bulla_status status = bulla_vault_use_many(vault, &failed, who, places, num, make_lines, &together);
  if (failed < num) {
    bulla_session_at(job->cli, &first[failed].place);
  }
  return status;
}

static enum bulla_status open_values(struct job *job) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(job->cli, &vault));
  bulla_session_identify(&me, job->cli, "");
  measure(job, vault);
  bulla_cli_at(job->cli, "exec");
  BULLA_TRY(check_passed(job));
  BULLA_TRY(reserve_lines(job));
  size_t num;
  for (size_t i = 0; i < job->num_wanted; i += num) {
    size_t len;
    num = num_together(job, i, &len);
    BULLA_TRY(open_together(job, vault, &me.who, &job->wanted[i], num));
  }
  return BULLA_OK;
}

/* replace_process returns only if the command cannot be run. */
static enum bulla_status replace_process(struct job *job) {
  struct bulla_cli *cli = job->cli;
  const char *command = cli->operands[0];
  bulla_descriptors_hide(bulla_option_value(cli, "root"));
  bulla_descriptors_hide(getenv("BULLA_ROOT"));
  bulla_process_hand_on();
  (void)execvpe(command, cli->operands, job->env.lines);
  int error = errno;
  bulla_cli_at(cli, "%s", command);
  /* A program whose interpreter is missing has been found. */
  bool found = error != ENOENT || (strchr(command, '/') != NULL && access(command, F_OK) == 0);
  cli->exit_status = found ? STATUS_CANNOT_RUN : STATUS_NOT_FOUND;
  if (error == E2BIG) {
    return bulla_cli_error(cli, BULLA_TOO_LARGE, "its arguments and variables are too long for the system (ulimit -s)");
  }
  return found ? bulla_cli_errno(cli, error)
               : bulla_cli_error(cli, BULLA_IO, "no such program: check its name and PATH");
}

enum bulla_status bulla_run_exec(struct bulla_cli *cli) {
  if (cli->num_operands == 0) {
    return bulla_cli_usage(cli, "the command to run goes after --, and there is none");
  }
  struct job job BULLA_CLEANUP(job_free) = {.cli = cli};
  BULLA_TRY(take_wanted(&job));
  BULLA_TRY(make_arena(&job));
  BULLA_TRY(bulla_environment_new(&job.env, job.num_wanted));
  bulla_environment_hide(&job.env, bulla_option_value(cli, "root"));
  bulla_environment_hide(&job.env, getenv("BULLA_ROOT"));
  bulla_environment_drop(&job.env, BULLA_LITERAL("BULLA_ROOT"));
  if (!bulla_db_url_is_public(bulla_session_url(cli))) {
    /* A login to the server is not for the command. */
    bulla_environment_drop(&job.env, BULLA_LITERAL("BULLA_VAULT"));
    bulla_environment_drop(&job.env, BULLA_LITERAL("PGPASSWORD"));
  }
  BULLA_TRY(open_values(&job));
  return replace_process(&job);
}
