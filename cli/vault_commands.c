/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* init, put, show, list: the vault and its entries. None of them opens a secret. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/generate.h"
#include "cli/history.h"
#include "cli/input.h"
#include "cli/making.h"
#include "cli/opener.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/put_options.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/word.h"

static enum bulla_status report_init(struct bulla_cli *cli, const struct bulla_made *made) {
  char room[BULLA_SESSION_URL_MAX];
  if (!cli->json) {
    return bulla_made_print(cli, made);
  }
  static const char *const names[] = {"vault", "id", "root", "root_created", NULL};
  const struct bulla_cell cells[] = {bulla_cell_string(bulla_session_shown_url(cli, room)), bulla_cell_string(made->id),
                                     bulla_cell_string(made->provider), bulla_cell(BULLA_CELL_BOOL, made->has_root)};
  return bulla_rows_one(cli, names, cells);
}

enum bulla_status bulla_run_init(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_made made;
  if (bulla_option_count(cli, "actor") > 0) {
    return bulla_cli_usage(cli, "the first record is bulla's own: init takes no --actor");
  }
  BULLA_TRY(bulla_opener_root(cli, &made.provider));
  BULLA_TRY(bulla_make_may(cli));
  BULLA_TRY(bulla_make(cli, &vault, &made));
  return report_init(cli, &made);
}

enum { GENERATED_MAX = 1024 };

/* The fields of one put; the secrets among them own their values. */
struct put {
  struct bulla_field *fields;
  struct bulla_secret **secrets;
  size_t num_fields;
};

static void put_free(struct put *put) {
  for (size_t i = 0; i < put->num_fields; i++) {
    bulla_secret_free(&put->secrets[i]);
  }
  free(put->fields);
  free(put->secrets);
}

/* add_field appends a field without its value. */
static enum bulla_status add_field(struct bulla_cli *cli, struct put *put, struct bulla_field **field,
                                   struct bulla_span name) {
  for (size_t i = 0; i < put->num_fields; i++) {
    if (bulla_span_equal(put->fields[i].name, name)) {
      return bulla_cli_usage(cli, "a field is given twice");
    }
  }
  *field = &put->fields[put->num_fields++];
  (*field)->name = name;
  return BULLA_OK;
}

/* take_policy takes the FIELD or FIELD=POLICY of a --generate apart. */
static enum bulla_status take_policy(struct bulla_cli *cli, struct bulla_policy *policy, struct bulla_span *name,
                                     const char *value) {
  struct bulla_span text;
  bool has_policy = bulla_word_split(name, &text, value, '=');
  if (!bulla_word_is_name(*name)) {
    return bulla_cli_usage(cli, "--generate takes FIELD or FIELD=POLICY");
  }
  return bulla_policy_read(cli, policy, has_policy ? text : bulla_text("alnum"));
}

/* take_fields fills |put| with what the command line says, and leaves the secrets' values for later. */
static enum bulla_status take_fields(struct bulla_cli *cli, struct put *put) {
  struct bulla_field *field = NULL;
  struct bulla_span name;
  struct bulla_span rest;
  const char *value = NULL;
  for (size_t at = 0; bulla_option_next(cli, "secret", &at, &value);) {
    if (!bulla_word_is_name(bulla_text(value))) {
      return bulla_cli_usage(cli,
                             "--secret takes a field's name alone; its value comes from standard input or a prompt");
    }
    BULLA_TRY(add_field(cli, put, &field, bulla_text(value)));
    field->secret = true;
  }
  for (size_t at = 0; bulla_option_next(cli, "secret-file", &at, &value);) {
    if (!bulla_word_split(&name, &rest, value, '=') || !bulla_word_is_name(name) || rest.len == 0) {
      return bulla_cli_usage(cli, "--secret-file takes FIELD=PATH");
    }
    BULLA_TRY(add_field(cli, put, &field, name));
    field->secret = true;
  }
  for (size_t at = 0; bulla_option_next(cli, "generate", &at, &value);) {
    struct bulla_policy policy;
    BULLA_TRY(take_policy(cli, &policy, &name, value));
    BULLA_TRY(add_field(cli, put, &field, name));
    field->secret = true;
  }
  for (size_t i = 1; i < cli->num_operands; i++) {
    if (!bulla_word_split(&name, &rest, cli->operands[i], '=') || !bulla_word_is_name(name)) {
      return bulla_cli_usage(cli, "argument %zu is not FIELD=VALUE; a secret is given with --secret FIELD", i + 1);
    }
    BULLA_TRY(add_field(cli, put, &field, name));
    field->value = rest;
  }
  return put->num_fields > 0 ? BULLA_OK : bulla_cli_usage(cli, "no fields are given");
}

static enum bulla_status check_secret(struct bulla_cli *cli, struct bulla_field *field,
                                      const struct bulla_secret *secret) {
  field->value = bulla_secret_bytes(secret);
  return field->value.len > 0 ? BULLA_OK
                              : bulla_cli_error(cli, BULLA_INVALID_ARGUMENT,
                                                "the secret is empty: give its value, or remove the field with "
                                                "bulla rm");
}

/* generate_secrets makes up the values of --generate, which are the fields from |field| on. */
static enum bulla_status generate_secrets(struct bulla_cli *cli, struct put *put, size_t field) {
  const char *value = NULL;
  for (size_t at = 0; bulla_option_next(cli, "generate", &at, &value); field++) {
    struct bulla_span name;
    struct bulla_policy policy;
    BULLA_TRY(take_policy(cli, &policy, &name, value));
    BULLA_TRY(bulla_generate(&put->secrets[field], &policy));
    put->fields[field].value = bulla_secret_bytes(put->secrets[field]);
  }
  return BULLA_OK;
}

/* read_secrets gets the values of --secret, which are the first fields, of --secret-file, which are next, and of
 * --generate. */
static enum bulla_status read_secrets(struct bulla_cli *cli, struct put *put, const struct bulla_place *place) {
  bool terminal = isatty(STDIN_FILENO) == 1;
  size_t field = 0;
  const char *value = NULL;
  for (size_t at = 0; bulla_option_next(cli, "secret", &at, &value); field++) {
    bulla_cli_at(cli, "%.*s/%.*s:%s", (int)place->tenant.len, (const char *)place->tenant.data, (int)place->entry.len,
                 (const char *)place->entry.data, value);
    BULLA_TRY(terminal ? bulla_prompt_twice(cli, &put->secrets[field], cli->what, BULLA_VALUE_MAX)
                       : bulla_input_secret(cli, &put->secrets[field], STDIN_FILENO, BULLA_VALUE_MAX));
    BULLA_TRY(check_secret(cli, &put->fields[field], put->secrets[field]));
  }
  for (size_t at = 0; bulla_option_next(cli, "secret-file", &at, &value); field++) {
    const char *path = strchr(value, '=') + 1;
    bulla_cli_at(cli, "the file of --secret-file %.*s=", (int)(path - 1 - value), value);
    BULLA_TRY(bulla_input_secret_file(cli, &put->secrets[field], path, BULLA_VALUE_MAX));
    BULLA_TRY(check_secret(cli, &put->fields[field], put->secrets[field]));
  }
  return generate_secrets(cli, put, field);
}

/* file_room returns how much locked memory the secret in the file at |path| takes. */
static size_t file_room(const char *path) {
  struct stat info;
  bool known = stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < BULLA_VALUE_MAX;
  return BULLA_SLOT_ROOM + (known ? (size_t)info.st_size : BULLA_VALUE_MAX);
}

/* secrets_room returns how much all secrets take: they are held together until the entry is written. */
static size_t secrets_room(const struct bulla_cli *cli) {
  const char *value = NULL;
  size_t room = bulla_option_count(cli, "secret") * (BULLA_SLOT_ROOM + BULLA_VALUE_MAX);
  for (size_t at = 0; bulla_option_next(cli, "secret-file", &at, &value);) {
    room += file_room(strchr(value, '=') + 1);
  }
  room += bulla_option_count(cli, "generate") * (BULLA_SLOT_ROOM + GENERATED_MAX);
  return room;
}

/* Which of the plain fields of one put is a secret one already. */
struct look {
  struct bulla_cli *cli;
  const struct put *put;
};

static enum bulla_status name_secret(void *arg, const struct bulla_field_view *there) {
  const struct look *look = (const struct look *)arg;
  for (size_t i = 0; there->secret && i < look->put->num_fields; i++) {
    const struct bulla_field *field = &look->put->fields[i];
    if (!field->secret && bulla_span_equal(field->name, there->name)) {
      bulla_cli_at(look->cli, "%s:%.*s", look->cli->operands[0], (int)field->name.len, (const char *)field->name.data);
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_run_put(struct bulla_cli *cli) {
  struct bulla_place place;
  const char *keep = bulla_option_value(cli, "keep");
  int num_kept = 0;
  BULLA_TRY(bulla_session_entry(cli, &place, 0));
  BULLA_TRY(keep != NULL ? bulla_keep_number(cli, &num_kept, keep) : BULLA_OK);
  if (bulla_option_count(cli, "secret") > 1 && isatty(STDIN_FILENO) != 1) {
    return bulla_cli_usage(cli,
                           "standard input is not a terminal and holds only one secret: give one --secret, and the "
                           "others with --secret-file");
  }

  struct put put BULLA_CLEANUP(put_free) = {NULL, NULL, 0};
  size_t max_fields = cli->num_operands + cli->num_given;
  put.fields = (struct bulla_field *)calloc(max_fields, sizeof(*put.fields));
  put.secrets = (struct bulla_secret **)calloc(max_fields, sizeof(struct bulla_secret *));
  if (put.fields == NULL || put.secrets == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(take_fields(cli, &put));
  BULLA_TRY(bulla_put_options_apply(cli, put.fields, put.num_fields));
  size_t room = secrets_room(cli);
  BULLA_TRY(bulla_session_memory(room));

  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  enum bulla_status status = read_secrets(cli, &put, &place);
  if (status != BULLA_OK) {
    return status == BULLA_ARENA_FULL ? bulla_session_arena_full(cli, room) : status;
  }
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "%s", cli->operands[0]);
  status = keep == NULL ? bulla_vault_put(vault, &me.who, &place, put.fields, put.num_fields)
                        : bulla_vault_put_keep(vault, &me.who, &place, put.fields, put.num_fields, num_kept);
  if (status == BULLA_STAYS_SECRET) {
    struct look look = {cli, &put};
    enum bulla_status ignored = bulla_vault_show(vault, &place, name_secret, &look);
    (void)ignored;
  }
  return status;
}

static enum bulla_status show_field(void *arg, const struct bulla_field_view *field) {
  const struct bulla_cell cells[] = {
      bulla_cell_text(field->name),
      bulla_cell_text(field->text),
      bulla_cell(BULLA_CELL_BOOL, field->secret),
      bulla_cell_number(field->revision),
      bulla_cell(BULLA_CELL_SECONDS, field->updated),
      bulla_cell(field->expires > 0 ? BULLA_CELL_SECONDS : BULLA_CELL_NONE, field->expires)};
  return bulla_rows_add((struct bulla_rows *)arg, cells);
}

enum bulla_status bulla_run_show(struct bulla_cli *cli) {
  static const char *const names[] = {"field", "value", "secret", "revision", "updated", "expires", NULL};
  struct bulla_place place;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, true);
  rows.max_width = BULLA_SHOWN_WIDTH;
  rows.optional = sizeof(names) / sizeof(names[0]) - 2;
  BULLA_TRY(bulla_session_entry(cli, &place, 0));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_cli_at(cli, "%s", cli->operands[0]);
  BULLA_TRY(bulla_vault_show(vault, &place, show_field, &rows));
  return bulla_rows_end(&rows);
}

static enum bulla_status list_entry(void *arg, const struct bulla_entry_view *entry) {
  const struct bulla_cell cells[] = {bulla_cell_text(entry->tenant), bulla_cell_text(entry->entry),
                                     bulla_cell_number(entry->num_fields),
                                     bulla_cell(BULLA_CELL_SECONDS, entry->updated)};
  return bulla_rows_add((struct bulla_rows *)arg, cells);
}

enum bulla_status bulla_run_list(struct bulla_cli *cli) {
  static const char *const names[] = {"tenant", "entry", "fields", "updated", NULL};
  struct bulla_span tenant = cli->num_operands > 0 ? bulla_text(cli->operands[0]) : bulla_span(NULL, 0);
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, true);
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_at_tenant(cli, tenant, "argument 1");
  BULLA_TRY(bulla_vault_list(vault, tenant, list_entry, &rows));
  if (cli->is_actor && tenant.len == 0 && rows.num_rows == 0 && isatty(STDERR_FILENO) == 1) {
    (void)fprintf(stderr, "bulla: list: no entry of a tenant on which this actor has the role show or use\n");
  }
  return bulla_rows_end(&rows);
}
