/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/exec_open.h. Whether all of them fit, in locked memory and in what the system hands to a command, is settled
 * before the first of them is audited. */

#include "cli/exec_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/exec_env.h"
#include "cli/options.h"
#include "cli/sealed_file.h"
#include "cli/session.h"
#include "core/scrub.h"
#include "store/db.h"

enum {
  VALUE_WORKING_ROOM = 0x4000, /* what opening takes beside the values */
  PASSED_MAX = 6 << 20,        /* execve(2): all arguments and variables, */
  STRING_PAGES = 32,           /* one of them, */
  PASSED_SPARE = 8192,         /* and what else it puts there */
  LINE_MAX_LEN = 64,           /* of "=/proc/self/fd/N" */
};

static bool is_field(const struct bulla_exec_item *item) {
  return item->kind != BULLA_EXEC_PLAIN;
}

/* How many bytes of arguments and variables the system hands to a command. */
static size_t passed_max(void) {
  long max = sysconf(_SC_ARG_MAX);
  return max > 0 && max < PASSED_MAX ? (size_t)max : PASSED_MAX;
}

/* make_arena makes the arena as large as the values can be that a command may be given, twice: as they are opened, and
 * as they are kept. What the entries of --env-all hold is not known yet. */
static enum bulla_status make_arena(const struct bulla_exec_job *job, size_t (*more_len)(size_t value_len)) {
  bool is_open_ended = bulla_option_count(job->cli, "env-all") > 0;
  size_t passed = is_open_ended ? passed_max() : 0;
  size_t len = more_len(0);
  for (size_t i = 0; i < job->num_items; i++) {
    const struct bulla_exec_item *item = &job->items[i];
    passed += item->kind == BULLA_EXEC_VALUE ? item->name.len + BULLA_VALUE_MAX : 0;
    len += item->kind == BULLA_EXEC_FILE ? (size_t)2 * BULLA_VALUE_MAX : 0;
    len += is_field(item) ? 2 * BULLA_SLOT_ROOM + more_len(BULLA_VALUE_MAX) : 0;
  }
  passed = passed < passed_max() ? passed : passed_max();
  return bulla_session_memory(len + 2 * passed);
}

static bool of_same_entry(const struct bulla_place *a, const struct bulla_place *b) {
  return bulla_span_equal(a->tenant, b->tenant) && bulla_span_equal(a->entry, b->entry);
}

/* The fields of one entry, looked at. */
struct look {
  struct bulla_exec_job *job;
  struct bulla_place entry;
};

static enum bulla_status note_field(void *arg, const struct bulla_field_view *field) {
  const struct look *look = (const struct look *)arg;
  for (size_t i = 0; i < look->job->num_items; i++) {
    struct bulla_exec_item *item = &look->job->items[i];
    if (of_same_entry(&item->place, &look->entry) && bulla_span_equal(item->place.field, field->name)) {
      item->looked = true;
      item->is_public = !field->secret;
      item->value_len = field->value_len;
    }
  }
  return BULLA_OK;
}

/* look_at_fields looks how long the values are. What cannot be looked at is told, and recorded, when it is opened.
 * After what may not be, which is recorded now, it looks at no more: nothing will be opened. */
static void look_at_fields(struct bulla_exec_job *job, struct bulla_vault *vault) {
  for (size_t i = 0; i < job->num_items; i++) {
    const struct bulla_exec_item *item = &job->items[i];
    bool looked = !is_field(item) || item->looked;
    for (size_t j = 0; j < i && !looked; j++) {
      looked = is_field(&job->items[j]) && of_same_entry(&item->place, &job->items[j].place);
    }
    if (!looked) {
      struct look look = {job, {.tenant = item->place.tenant, .entry = item->place.entry}};
      if (bulla_vault_show(vault, &look.entry, note_field, &look) == BULLA_DENIED) {
        return;
      }
    }
  }
}

/* How many bytes |item| takes of what is handed to the command: with the equals sign, and the NUL at the end. */
static size_t line_len(const struct bulla_exec_item *item) {
  size_t len = item->kind == BULLA_EXEC_VALUE   ? item->value_len
               : item->kind == BULLA_EXEC_PLAIN ? item->plain.len
                                                : LINE_MAX_LEN;
  return item->name.len + len + 2;
}

/* How many bytes |item| keeps in locked memory. */
static size_t kept_len(const struct bulla_exec_item *item) {
  return item->kind == BULLA_EXEC_VALUE ? line_len(item) : item->value_len;
}

static size_t passed_len(char *const *strings) {
  size_t len = 0;
  for (size_t i = 0; strings[i] != NULL; i++) {
    len += strlen(strings[i]) + 1 + sizeof(char *);
  }
  return len;
}

/* check_passed sees to it that the system will hand all of it to the command. */
static enum bulla_status check_passed(const struct bulla_exec_job *job) {
  size_t string_max = STRING_PAGES * (size_t)sysconf(_SC_PAGESIZE);
  size_t len = passed_len(job->env.lines) + passed_len(job->cli->operands) + PASSED_SPARE;
  for (size_t i = 0; i < job->num_items; i++) {
    if (line_len(&job->items[i]) > string_max) {
      return bulla_cli_error(job->cli, BULLA_TOO_LARGE,
                             "a variable and its value are too long: the system hands at most %zu KiB in one to a "
                             "command",
                             string_max / 1024);
    }
    len += line_len(&job->items[i]) + sizeof(char *);
  }
  return len <= passed_max()
             ? BULLA_OK
             : bulla_cli_error(job->cli, BULLA_TOO_LARGE,
                               "the values, the other variables and the arguments take %zu KiB, and the system hands "
                               "%zu KiB at most to a command: give fewer, give --file, or raise that (ulimit -s)",
                               len / 1024, passed_max() / 1024);
}

/* reserve takes the files, and the locked memory for what is kept of all values, and leaves enough to open them. */
static enum bulla_status reserve(struct bulla_exec_job *job, size_t (*more_len)(size_t value_len)) {
  struct bulla_secret *working_room BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t room = VALUE_WORKING_ROOM + more_len(0);
  size_t len = room;
  for (size_t i = 0; i < job->num_items; i++) {
    const struct bulla_exec_item *item = &job->items[i];
    room += is_field(item) ? item->value_len + BULLA_SLOT_ROOM + more_len(item->value_len) : 0;
    len += is_field(item) ? kept_len(item) + BULLA_SLOT_ROOM : 0;
  }
  enum bulla_status status = bulla_secret_new(&working_room, room);
  for (size_t i = 0; status == BULLA_OK && i < job->num_items; i++) {
    struct bulla_exec_item *item = &job->items[i];
    status = is_field(item) ? bulla_secret_new(&item->bytes, kept_len(item)) : BULLA_OK;
    if (status == BULLA_OK && item->kind == BULLA_EXEC_FILE) {
      status = bulla_sealed_file_new(job->cli, &item->fd);
    }
  }
  return status == BULLA_ARENA_FULL ? bulla_session_arena_full(job->cli, len) : status;
}

static bool has_nul(struct bulla_span value) {
  unsigned found = 0;
  for (size_t i = 0; i < value.len; i++) {
    found |= (value.data[i] - 1U) >> 31; /* 1 for 0 alone, without a branch */
  }
  return found != 0;
}

/* keep_value copies |value| to where it is kept. */
static enum bulla_status keep_value(struct bulla_exec_item *item, struct bulla_span value) {
  if (value.len > item->value_len) {
    /* It has changed since it was looked at. */
    bulla_secret_free(&item->bytes);
    item->value_len = value.len;
    BULLA_TRY(bulla_secret_new(&item->bytes, kept_len(item)));
  }
  struct bulla_buffer bytes = bulla_buffer(bulla_secret_data(item->bytes), kept_len(item));
  struct bulla_writer writer = bulla_writer(&bytes);
  if (item->kind == BULLA_EXEC_VALUE) {
    bulla_put(&writer, item->name);
    bulla_put_byte(&writer, '=');
  }
  item->value = bulla_span(bytes.data + bytes.len, value.len);
  bulla_put(&writer, value);
  if (item->kind == BULLA_EXEC_VALUE) {
    bulla_put_byte(&writer, 0);
  }
  bulla_scrub(0);
  return bulla_writer_finish(&writer);
}

/* set_text sets the variable of |item| to |text|. */
static enum bulla_status set_text(struct bulla_exec_job *job, struct bulla_exec_item *item, struct bulla_span text) {
  if (asprintf(&item->line, "%.*s=%.*s", (int)item->name.len, (const char *)item->name.data, (int)text.len,
               (const char *)text.data) < 0) {
    item->line = NULL;
    return BULLA_NO_MEMORY;
  }
  bulla_environment_set(&job->env, item->name, item->line);
  return BULLA_OK;
}

static enum bulla_status take_value(struct bulla_exec_job *job, struct bulla_exec_item *item, struct bulla_span value) {
  if (item->kind == BULLA_EXEC_VALUE && has_nul(value)) {
    return bulla_cli_error(job->cli, BULLA_INVALID_TEXT,
                           "the value has a NUL byte, which an environment variable cannot hold: give it with --file");
  }
  BULLA_TRY(keep_value(item, value));
  if (item->kind == BULLA_EXEC_VALUE) {
    bulla_environment_set(&job->env, item->name, (char *)bulla_secret_data(item->bytes));
    return BULLA_OK;
  }
  char path[LINE_MAX_LEN];
  (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", item->fd);
  BULLA_TRY(bulla_sealed_file_fill(job->cli, item->fd, item->value));
  return set_text(job, item, bulla_text(path));
}

/* take_values is the callback of bulla_vault_use_many. */
static enum bulla_status take_values(void *arg, const struct bulla_span *values, size_t num_values) {
  struct bulla_exec_job *job = (struct bulla_exec_job *)arg;
  size_t taken = 0;
  for (size_t i = 0; i < job->num_items && taken < num_values; i++) {
    struct bulla_exec_item *item = &job->items[i];
    if (is_field(item)) {
      bulla_session_at(job->cli, &item->place);
      BULLA_TRY(take_value(job, item, values[taken++]));
    }
  }
  return BULLA_OK;
}

static enum bulla_status open_fields(struct bulla_exec_job *job, struct bulla_vault *vault,
                                     const struct bulla_who *who) {
  struct bulla_place places[BULLA_PLACES_MAX];
  size_t num = 0;
  size_t failed;
  for (size_t i = 0; i < job->num_items; i++) {
    if (is_field(&job->items[i])) {
      places[num++] = job->items[i].place;
    }
  }
  if (num == 0) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_vault_use_many(vault, &failed, who, places, num, take_values, job);
  if (failed < num) {
    bulla_session_at(job->cli, &places[failed]);
  }
  return status;
}

static enum bulla_status set_texts(struct bulla_exec_job *job) {
  for (size_t i = 0; i < job->num_items; i++) {
    if (job->items[i].kind == BULLA_EXEC_PLAIN) {
      BULLA_TRY(set_text(job, &job->items[i], job->items[i].plain));
    }
  }
  return BULLA_OK;
}

/* make_environment takes the variables of this process, but for those that lead to a key. */
static enum bulla_status make_environment(struct bulla_exec_job *job) {
  struct bulla_environment *env = &job->env;
  BULLA_TRY(bulla_environment_new(env, job->num_items));
  bulla_environment_hide(env, bulla_option_value(job->cli, "root"));
  bulla_environment_hide(env, getenv("BULLA_ROOT"));
  bulla_environment_hide(env, bulla_option_value(job->cli, "as"));
  bulla_environment_hide(env, getenv("BULLA_ACTOR"));
  bulla_environment_drop(env, BULLA_LITERAL("BULLA_ROOT"));
  bulla_environment_drop(env, BULLA_LITERAL("BULLA_ACTOR"));
  if (!bulla_db_url_is_public(bulla_session_url(job->cli))) {
    /* A login to the server is not for the command. */
    bulla_environment_drop(env, BULLA_LITERAL("BULLA_VAULT"));
    bulla_environment_drop(env, BULLA_LITERAL("PGPASSWORD"));
  }
  return BULLA_OK;
}

enum bulla_status bulla_exec_open(struct bulla_exec_job *job, size_t (*more_len)(size_t value_len)) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(make_arena(job, more_len));
  BULLA_TRY(bulla_session_vault(job->cli, &vault));
  bulla_session_identify(&me, job->cli, "");
  BULLA_TRY(bulla_exec_take_entries(job, vault));
  look_at_fields(job, vault);
  bulla_cli_at(job->cli, "exec");
  BULLA_TRY(make_environment(job));
  BULLA_TRY(check_passed(job));
  BULLA_TRY(reserve(job, more_len));
  BULLA_TRY(open_fields(job, vault, &me.who));
  return set_texts(job);
}
