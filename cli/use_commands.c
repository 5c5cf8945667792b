/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* get and exec: the two that open secrets. Each value is audited first, stays in locked memory, and goes from
 * there to standard output or into the environment of the command that replaces this process. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/session.h"

static enum bulla_status print_value(void *arg, struct bulla_span value) {
  return bulla_output_bytes((struct bulla_cli *)arg, value);
}

enum bulla_status bulla_run_get(struct bulla_cli *cli) {
  struct bulla_span tenant;
  struct bulla_span entry;
  struct bulla_span field = bulla_text_span(cli->operands[1]);
  BULLA_TRY(bulla_session_entry(cli, &tenant, &entry, 0));
  if (!bulla_text_is_name(field)) {
    bulla_cli_at(cli, "argument 2");
    return BULLA_INVALID_NAME;
  }

  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "%s:%s", cli->operands[0], cli->operands[1]);
  return bulla_vault_use(vault, &me.who, tenant, entry, field, print_value, cli);
}

/* The environment of the command to be: our own without what leads to root keys, and the opened values, each
 * a line NAME=VALUE in locked memory. */
struct environment {
  char **lines;
  size_t num_lines;
  struct bulla_secret **secrets;
  size_t num_secrets;
};

static void environment_free(struct environment *env) {
  for (size_t i = 0; i < env->num_secrets; i++) {
    bulla_secret_free(&env->secrets[i]);
  }
  free(env->lines);
  free(env->secrets);
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

/* One --env, taken apart: NAME=TENANT/ENTRY:FIELD. */
struct wanted {
  struct bulla_span name;
  struct bulla_span tenant;
  struct bulla_span entry;
  struct bulla_span field;
};

static void free_wanted(struct wanted **wanted) {
  free(*wanted);
}

static bool parse_wanted(struct wanted *wanted, const char *text) {
  struct bulla_span rest;
  if (!bulla_text_split(&wanted->name, &rest, text, '=')) {
    return false;
  }
  struct bulla_reader reader = bulla_reader(rest);
  if (!bulla_take_until(&reader, &wanted->tenant, '/') || !bulla_take_until(&reader, &wanted->entry, ':')) {
    return false;
  }
  wanted->field = bulla_span(reader.at, reader.left);
  return is_variable(wanted->name) && bulla_text_is_name(wanted->tenant) && bulla_text_is_name(wanted->entry) &&
         bulla_text_is_name(wanted->field);
}

static bool sets(const char *line, struct bulla_span name) {
  return strncmp(line, (const char *)name.data, name.len) == 0 && line[name.len] == '=';
}

/* drop_variable removes what |lines| has under |name|. */
static void drop_variable(struct environment *env, struct bulla_span name) {
  size_t kept = 0;
  for (size_t i = 0; i < env->num_lines; i++) {
    if (!sets(env->lines[i], name)) {
      env->lines[kept++] = env->lines[i];
    }
  }
  env->num_lines = kept;
  env->lines[kept] = NULL;
}

/* hide_root takes from the command what |provider| reads the root key from. */
static void hide_root(struct environment *env, const char *provider) {
  if (provider == NULL) {
    return;
  }
  if (strncmp(provider, "env:", 4) == 0 || strncmp(provider, "sha256-env:", 11) == 0) {
    drop_variable(env, bulla_text_span(strchr(provider, ':') + 1));
  } else if (strncmp(provider, "fd:", 3) == 0) {
    (void)fcntl((int)strtol(provider + 3, NULL, 10), F_SETFD, FD_CLOEXEC);
  }
}

static enum bulla_status environment_begin(struct environment *env, const struct bulla_cli *cli,
                                           size_t num_wanted) {
  size_t num = 0;
  while (environ[num] != NULL) {
    num++;
  }
  env->lines = (char **)calloc(num + num_wanted + 1, sizeof(char *));
  env->secrets = (struct bulla_secret **)calloc(num_wanted + 1, sizeof(struct bulla_secret *));
  if (env->lines == NULL || env->secrets == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(env->lines, environ, num * sizeof(char *));
  env->num_lines = num;
  hide_root(env, bulla_option_value(cli, "root"));
  hide_root(env, getenv("BULLA_ROOT"));
  drop_variable(env, BULLA_LITERAL("BULLA_ROOT"));
  return BULLA_OK;
}

/* Where the callback of bulla_vault_use leaves the line. */
struct line {
  struct bulla_cli *cli;
  struct bulla_span name;
  struct bulla_secret *line;
};

static enum bulla_status make_line(void *arg, struct bulla_span value) {
  struct line *line = (struct line *)arg;
  unsigned has_nul = 0;
  for (size_t i = 0; i < value.len; i++) {
    has_nul |= (value.data[i] - 1U) >> 31; /* 1 for 0 alone, without a branch */
  }
  if (has_nul != 0) {
    return bulla_cli_error(line->cli, BULLA_INVALID_TEXT,
                           "the value has a NUL byte, which no environment can hold");
  }
  BULLA_TRY(bulla_secret_new(&line->line, line->name.len + value.len + 2));
  struct bulla_buffer bytes = bulla_buffer(bulla_secret_data(line->line), line->name.len + value.len + 2);
  struct bulla_writer writer = bulla_writer(&bytes);
  bulla_put(&writer, line->name);
  bulla_put_byte(&writer, '=');
  bulla_put(&writer, value);
  bulla_put_byte(&writer, 0);
  return bulla_writer_finish(&writer);
}

static enum bulla_status add_value(struct bulla_cli *cli, struct environment *env, struct bulla_vault *vault,
                                   const struct bulla_who *who, const struct wanted *wanted) {
  struct line line = {.cli = cli, .name = wanted->name};
  bulla_cli_at(cli, "%.*s/%.*s:%.*s", (int)wanted->tenant.len, (const char *)wanted->tenant.data,
               (int)wanted->entry.len, (const char *)wanted->entry.data, (int)wanted->field.len,
               (const char *)wanted->field.data);
  enum bulla_status status =
      bulla_vault_use(vault, who, wanted->tenant, wanted->entry, wanted->field, make_line, &line);
  env->secrets[env->num_secrets++] = line.line;
  BULLA_TRY(status);
  drop_variable(env, wanted->name);
  env->lines[env->num_lines++] = (char *)bulla_secret_data(line.line);
  env->lines[env->num_lines] = NULL;
  return BULLA_OK;
}

/* take_wanted takes every --env apart before anything is opened. */
static enum bulla_status take_wanted(struct bulla_cli *cli, struct wanted *wanted, size_t *num) {
  const char *value = NULL;
  for (size_t at = 0; bulla_option_next(cli, "env", &at, &value); *num += 1) {
    if (!parse_wanted(&wanted[*num], value)) {
      return bulla_cli_usage(cli, "--env takes NAME=TENANT/ENTRY:FIELD");
    }
    for (size_t i = 0; i < *num; i++) {
      if (bulla_span_equal(wanted[i].name, wanted[*num].name)) {
        return bulla_cli_usage(cli, "a variable is given twice with --env");
      }
    }
  }
  return BULLA_OK;
}

static enum bulla_status open_values(struct bulla_cli *cli, struct environment *env, const struct wanted *wanted,
                                     size_t num) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  for (size_t i = 0; i < num; i++) {
    BULLA_TRY(add_value(cli, env, vault, &me.who, &wanted[i]));
  }
  return BULLA_OK;
}

enum bulla_status bulla_run_exec(struct bulla_cli *cli) {
  if (cli->num_before_dashes > 0 || cli->num_operands == 0) {
    return bulla_cli_usage(cli, "the command to run stands after --");
  }
  size_t num = 0;
  struct wanted *wanted BULLA_CLEANUP(free_wanted) =
      (struct wanted *)calloc(bulla_option_count(cli, "env"), sizeof(*wanted));
  struct environment env BULLA_CLEANUP(environment_free) = {NULL, 0, NULL, 0};
  if (wanted == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(take_wanted(cli, wanted, &num));
  BULLA_TRY(environment_begin(&env, cli, num));
  BULLA_TRY(open_values(cli, &env, wanted, num));

  (void)signal(SIGPIPE, SIG_DFL);
  (void)signal(SIGXFSZ, SIG_DFL);
  (void)execvpe(cli->operands[0], cli->operands, env.lines);
  int error = errno;
  bulla_cli_at(cli, "the command after --");
  cli->exit_status = error == ENOENT ? 127 : 126;
  return bulla_cli_errno(cli, error);
}
