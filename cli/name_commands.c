/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* rm, mv: what happens to the names of tenants, entries and fields. */

#include <stdlib.h>
#include <string.h>

#include <bulla/token.h>

#include "cli/error.h"
#include "cli/session.h"
#include "cli/word.h"

/* is_tenant says whether the first operand names a tenant and not an entry. */
static bool is_tenant(const struct bulla_cli *cli) {
  return strchr(cli->operands[0], '/') == NULL;
}

/* take_name takes the operand |index| as a name, of |what|. Operands that are none are not repeated. */
static enum bulla_status take_name(struct bulla_cli *cli, struct bulla_span *name, size_t index, const char *what) {
  *name = bulla_text(cli->operands[index]);
  /* Who puts an API key where a name belongs shall not find it in a log. */
  bool is_apikey = name->len == BULLA_APIKEY_LEN && memcmp(name->data, "bulla_", 6) == 0;
  if (bulla_word_is_name(*name) && !is_apikey) {
    return BULLA_OK;
  }
  bulla_cli_at(cli, "argument %zu", index + 1);
  if (is_apikey) {
    return bulla_cli_error(cli, BULLA_INVALID_NAME, "it must be %s, but is an API key, which is a secret", what);
  }
  return bulla_cli_error(cli, BULLA_INVALID_NAME, "it must be %s, but is %s", what,
                         bulla_status_text(BULLA_INVALID_NAME));
}

static void free_fields(struct bulla_span **fields) {
  free(*fields);
}

/* take_fields takes the operands from the second on as names of fields. */
static enum bulla_status take_fields(struct bulla_cli *cli, struct bulla_span **fields, size_t *num_fields) {
  *num_fields = cli->num_operands - 1;
  *fields = (struct bulla_span *)calloc(cli->num_operands, sizeof(**fields));
  if (*fields == NULL) {
    return BULLA_NO_MEMORY;
  }
  for (size_t i = 0; i < *num_fields; i++) {
    BULLA_TRY(take_name(cli, &(*fields)[i], i + 1, "a field"));
    for (size_t j = 0; j < i; j++) {
      if (bulla_span_equal((*fields)[i], (*fields)[j])) {
        return bulla_cli_usage(cli, "the field %s is named twice", cli->operands[i + 1]);
      }
    }
  }
  return BULLA_OK;
}

static enum bulla_status remove_tenant(struct bulla_cli *cli) {
  struct bulla_span tenant;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  if (cli->num_operands > 1) {
    return bulla_cli_usage(cli, "a tenant has no fields: write TENANT/ENTRY before them");
  }
  BULLA_TRY(take_name(cli, &tenant, 0, "TENANT or TENANT/ENTRY"));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "tenant %s", cli->operands[0]);
  return bulla_vault_remove_tenant(vault, &me.who, tenant);
}

/* at_field notes that the run is busy with |field| of the entry of the first operand. */
static void at_field(struct bulla_cli *cli, struct bulla_span field) {
  bulla_cli_at(cli, "%s:%.*s", cli->operands[0], (int)field.len, (const char *)field.data);
}

/* Which of some fields an entry has. */
struct found {
  const struct bulla_span *fields;
  size_t num_fields;
  bool *has;
};

static enum bulla_status look_at(void *arg, const struct bulla_field_view *field) {
  const struct found *found = (const struct found *)arg;
  for (size_t i = 0; i < found->num_fields; i++) {
    found->has[i] = found->has[i] || bulla_span_equal(found->fields[i], field->name);
  }
  return BULLA_OK;
}

static void free_flags(bool **flags) {
  free(*flags);
}

/* name_missing notes the first of |fields| that the entry has not, if it can be told. */
static void name_missing(struct bulla_cli *cli, struct bulla_vault *vault, const struct bulla_place *place,
                         const struct bulla_span *fields, size_t num_fields) {
  bool *has BULLA_CLEANUP(free_flags) = (bool *)calloc(num_fields, sizeof(*has));
  struct found found = {fields, num_fields, has};
  if (has == NULL || bulla_vault_show(vault, place, look_at, &found) != BULLA_OK) {
    return;
  }
  for (size_t i = 0; i < num_fields; i++) {
    if (!has[i]) {
      at_field(cli, fields[i]);
      return;
    }
  }
}

enum bulla_status bulla_run_rm(struct bulla_cli *cli) {
  struct bulla_place place;
  struct bulla_span *fields BULLA_CLEANUP(free_fields) = NULL;
  size_t num_fields;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  if (is_tenant(cli)) {
    return remove_tenant(cli);
  }
  BULLA_TRY(bulla_session_entry(cli, &place, 0));
  BULLA_TRY(take_fields(cli, &fields, &num_fields));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "%s", cli->operands[0]);
  if (num_fields == 0) {
    return bulla_vault_remove(vault, &me.who, &place);
  }
  enum bulla_status status = bulla_vault_remove_fields(vault, &me.who, &place, fields, num_fields);
  if (status == BULLA_NOT_FOUND) {
    name_missing(cli, vault, &place, fields, num_fields);
  }
  return status;
}

/* What mv is to do, taken from its operands. */
struct move {
  struct bulla_place place; /* without an entry it is a tenant, without a field an entry */
  struct bulla_span name;
};

static enum bulla_status take_move(struct bulla_cli *cli, struct move *move) {
  *move = (struct move){.name = bulla_span(NULL, 0)};
  if (is_tenant(cli)) {
    BULLA_TRY(take_name(cli, &move->place.tenant, 0, "TENANT or TENANT/ENTRY"));
    if (cli->num_operands > 2) {
      return bulla_cli_usage(cli, "a tenant has no fields: write TENANT/ENTRY before them");
    }
    if (strchr(cli->operands[1], '/') != NULL) {
      bulla_cli_at(cli, "argument 2");
      return bulla_cli_error(
          cli, BULLA_INVALID_NAME,
          "a tenant's new name has no slash: to rename an entry write bulla mv TENANT/ENTRY TENANT/NAME");
    }
    return take_name(cli, &move->name, 1, "the tenant's new name");
  }
  BULLA_TRY(bulla_session_entry(cli, &move->place, 0));
  if (cli->num_operands > 2) {
    BULLA_TRY(take_name(cli, &move->place.field, 1, "a field"));
    return take_name(cli, &move->name, 2, "the field's new name");
  }
  if (strchr(cli->operands[1], '/') == NULL) {
    return bulla_cli_usage(cli, "write the entry's new name as TENANT/ENTRY, or give a field and its new name");
  }
  struct bulla_place after;
  BULLA_TRY(bulla_session_entry(cli, &after, 1));
  move->name = after.entry;
  return bulla_span_equal(after.tenant, move->place.tenant)
             ? BULLA_OK
             : bulla_cli_usage(cli, "an entry stays with its tenant: put it in the other one, then remove this one");
}

static enum bulla_status run_move(struct bulla_vault *vault, const struct bulla_who *who, const struct move *move) {
  if (move->place.entry.len == 0) {
    return bulla_vault_rename_tenant(vault, who, move->place.tenant, move->name);
  }
  return move->place.field.len == 0 ? bulla_vault_rename_entry(vault, who, &move->place, move->name)
                                    : bulla_vault_rename_field(vault, who, &move->place, move->name);
}

enum bulla_status bulla_run_mv(struct bulla_cli *cli) {
  struct move move;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(take_move(cli, &move));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "%s%s", is_tenant(cli) ? "tenant " : "", cli->operands[0]);
  if (move.place.field.len > 0) {
    at_field(cli, move.place.field);
  }
  enum bulla_status status = run_move(vault, &me.who, &move);
  if (status != BULLA_EXISTS) {
    return status;
  }
  const struct bulla_span *old = move.place.field.len > 0   ? &move.place.field
                                 : move.place.entry.len > 0 ? &move.place.entry
                                                            : &move.place.tenant;
  return bulla_span_equal(*old, move.name)
             ? bulla_cli_error(cli, status, "the new name is the old one: nothing was changed")
             : bulla_cli_error(cli, status, "the new name is taken: choose another");
}
