/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/exec_env.h. A variable that two sources set is an error: which of them was meant is not guessed. */

#include "cli/exec_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/exec_env_file.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/word.h"

enum { ENV_FILE_MAX = 1 << 20 };

/* An entry of --env-all, and the --prefix behind it. */
struct all {
  struct bulla_place entry;
  struct bulla_span prefix;
};

static enum bulla_status take_each(struct bulla_exec_job *job, const char *option, enum bulla_exec_kind kind) {
  const char *text = NULL;
  for (size_t at = 0; bulla_option_next(job->cli, option, &at, &text);) {
    struct bulla_exec_item item = {.kind = kind};
    struct bulla_span rest;
    if (!bulla_word_split(&item.name, &rest, text, '=') || !bulla_exec_is_variable(item.name) ||
        !bulla_exec_take_place(&item.place, rest, ':')) {
      return bulla_cli_usage(job->cli, "--%s takes NAME=TENANT/ENTRY:FIELD", option);
    }
    BULLA_TRY(bulla_exec_add(job, &item));
  }
  return BULLA_OK;
}

static enum bulla_status read_file(struct bulla_exec_job *job, struct bulla_span *text, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    return bulla_cli_errno(job->cli, errno);
  }
  struct bulla_buffer bytes = bulla_buffer(NULL, 0);
  enum bulla_status status = bulla_input_public(job->cli, &bytes, fd, ENV_FILE_MAX);
  (void)close(fd);
  if (bytes.data != NULL) {
    enum bulla_status kept = bulla_exec_keep(job, bytes.data);
    status = status == BULLA_OK ? kept : status;
  }
  *text = bulla_written(&bytes);
  return status;
}

static enum bulla_status take_files(struct bulla_exec_job *job) {
  const char *path = NULL;
  size_t number = 1;
  for (size_t at = 0; bulla_option_next(job->cli, "env-file", &at, &path); number++) {
    struct bulla_span text = bulla_span(NULL, 0);
    bulla_cli_at(job->cli, "--env-file %zu", number);
    BULLA_TRY(read_file(job, &text, path));
    BULLA_TRY(bulla_exec_take_file(job, text, number));
  }
  return BULLA_OK;
}

static bool is_option(const struct bulla_given *given, const char *name) {
  return strcmp(given->option->name, name) == 0;
}

/* next_all sets |all| to the next --env-all from |*at| on, as bulla_option_next does. */
static bool next_all(const struct bulla_cli *cli, size_t *at, struct all *all) {
  while (*at < cli->num_given && !is_option(&cli->given[*at], "env-all")) {
    *at += 1;
  }
  if (*at == cli->num_given) {
    return false;
  }
  struct bulla_span entry;
  struct bulla_span tenant;
  (void)bulla_word_split(&tenant, &entry, cli->given[*at].value, '/');
  *all = (struct all){.entry = {.tenant = tenant, .entry = entry}};
  for (*at += 1; *at < cli->num_given && !is_option(&cli->given[*at], "env-all"); *at += 1) {
    if (is_option(&cli->given[*at], "prefix")) {
      all->prefix = bulla_text(cli->given[*at].value);
    }
  }
  return true;
}

/* check_all looks at the words alone: the entries are looked at in the vault. */
static enum bulla_status check_all(struct bulla_exec_job *job) {
  struct bulla_cli *cli = job->cli;
  bool takes_prefix = false;
  for (size_t i = 0; i < cli->num_given; i++) {
    if (is_option(&cli->given[i], "env-all")) {
      takes_prefix = true;
    } else if (is_option(&cli->given[i], "prefix")) {
      if (!takes_prefix) {
        return bulla_cli_usage(cli, "a --prefix goes behind the --env-all that it is for");
      }
      takes_prefix = false;
    }
  }
  struct all all;
  for (size_t at = 0; next_all(cli, &at, &all);) {
    if (!bulla_word_is_name(all.entry.tenant) || !bulla_word_is_name(all.entry.entry)) {
      return bulla_cli_usage(cli, "--env-all takes TENANT/ENTRY");
    }
    if (all.prefix.len > 0 && !bulla_exec_is_variable(all.prefix)) {
      return bulla_cli_usage(cli, "--prefix takes letters, digits and _, the first no digit");
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_exec_take_options(struct bulla_exec_job *job) {
  static const char *const sources[] = {"env", "env-all", "file", "env-file"};
  size_t num = 0;
  for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
    num += bulla_option_count(job->cli, sources[i]);
  }
  if (num == 0) {
    return bulla_cli_usage(job->cli,
                           "nothing to give the command: one of --env, --env-all, --file, --env-file is missing");
  }
  BULLA_TRY(check_all(job));
  BULLA_TRY(take_each(job, "env", BULLA_EXEC_VALUE));
  BULLA_TRY(take_each(job, "file", BULLA_EXEC_FILE));
  return take_files(job);
}

/* One entry in the course of being taken. */
struct taking {
  struct bulla_exec_job *job;
  const struct all *all;
};

/* variable_of writes the variable of a field: |prefix|, and its name in upper case with _ for what no variable has. */
static void variable_of(uint8_t *variable, struct bulla_span prefix, struct bulla_span field) {
  if (prefix.len > 0) {
    memcpy(variable, prefix.data, prefix.len);
  }
  for (size_t i = 0; i < field.len; i++) {
    uint8_t byte = field.data[i];
    bool is_lower = byte >= 'a' && byte <= 'z';
    bool is_kept = (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
    variable[prefix.len + i] = is_lower ? (uint8_t)(byte - 'a' + 'A') : is_kept ? byte : '_';
  }
}

/* add_field is the callback of bulla_vault_show. */
static enum bulla_status add_field(void *arg, const struct bulla_field_view *field) {
  const struct taking *taking = (const struct taking *)arg;
  struct bulla_exec_job *job = taking->job;
  struct bulla_span prefix = taking->all->prefix;
  struct bulla_exec_item item = {.kind = BULLA_EXEC_VALUE, .place = taking->all->entry, .looked = true};
  uint8_t *names = (uint8_t *)malloc(prefix.len + 2 * field->name.len);
  BULLA_TRY(bulla_exec_keep(job, names));
  item.name = bulla_span(names, prefix.len + field->name.len);
  item.place.field = bulla_span(names + item.name.len, field->name.len);
  variable_of(names, prefix, field->name);
  memcpy(names + item.name.len, field->name.data, field->name.len);
  item.is_public = !field->secret;
  item.value_len = field->value_len;
  if (!bulla_exec_is_variable(item.name)) {
    return bulla_cli_error(job->cli, BULLA_INVALID_ARGUMENT,
                           "its field %.*s makes no variable, which begins with no digit: give --prefix behind "
                           "--env-all",
                           (int)field->name.len, (const char *)field->name.data);
  }
  return bulla_exec_add(job, &item);
}

enum bulla_status bulla_exec_take_entries(struct bulla_exec_job *job, struct bulla_vault *vault) {
  struct all all;
  for (size_t at = 0; next_all(job->cli, &at, &all);) {
    struct taking taking = {job, &all};
    bulla_cli_at(job->cli, "%.*s/%.*s", (int)all.entry.tenant.len, (const char *)all.entry.tenant.data,
                 (int)all.entry.entry.len, (const char *)all.entry.entry.data);
    BULLA_TRY(bulla_vault_show(vault, &all.entry, add_field, &taking));
  }
  return BULLA_OK;
}
