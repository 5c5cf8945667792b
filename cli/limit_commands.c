/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* limit set, limit list and limit rm. */

#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/when.h"
#include "cli/word.h"

enum { RATE_TEXT_MAX = 48 };

/* In the order of their numbers, from 1. */
static const char *const kinds[] = {"use", "change", "miss", NULL};
static const char *const scopes[] = {"actor", "tenant", "origin", NULL};

static const char units[] = "smhd"; /* of a rate */

/* take_key reads the first two operands, KIND and SCOPE[:NAME]. */
static enum bulla_status take_key(struct bulla_cli *cli, struct bulla_limit *limit) {
  struct bulla_span scope;
  bool named = bulla_word_split(&scope, &limit->name, cli->operands[1], ':');
  limit->kind = (enum bulla_limit_kind)(bulla_word_index(kinds, bulla_text(cli->operands[0])) + 1);
  limit->scope = (enum bulla_limit_scope)(bulla_word_index(scopes, scope) + 1);
  if (limit->kind == 0) {
    return bulla_cli_usage(cli, "the first operand is use, change or miss");
  }
  if (limit->scope == 0 || (named && limit->name.len == 0)) {
    return bulla_cli_usage(cli, "the second operand is actor, tenant or origin, and may have a :NAME");
  }
  return BULLA_OK;
}

/* take_rate reads RATE[/s|/m|/h|/d]. */
static bool take_rate(struct bulla_limit *limit, const char *text) {
  if (!bulla_word_digits(&limit->rate, &text)) {
    return false;
  }
  bool has_unit = text[0] == '/' && text[1] != '\0' && strchr(units, text[1]) != NULL;
  limit->period = has_unit ? bulla_when_unit(text[1]) : 1;
  return text[has_unit ? 2 : 0] == '\0';
}

static enum bulla_status take_burst(struct bulla_cli *cli, struct bulla_limit *limit) {
  const char *text = bulla_option_value(cli, "burst");
  if (text == NULL) {
    return BULLA_OK;
  }
  if (!bulla_word_digits(&limit->burst, &text) || *text != '\0' || limit->burst == 0) {
    return bulla_cli_usage(cli, "--burst takes a number from 1 on, in decimal digits");
  }
  return BULLA_OK;
}

/* say returns |status|, in words of its own where it is about numbers and what is limited. */
static enum bulla_status say(struct bulla_cli *cli, enum bulla_status status) {
  if (status == BULLA_TOO_LARGE) {
    return bulla_cli_error(cli, status,
                           "a rate and a burst are at most %d, a NAME has at most %d bytes, and a vault has "
                           "at most %d limits",
                           BULLA_LIMIT_MAX, BULLA_NAME_MAX, BULLA_LIMITS_MAX);
  }
  return status == BULLA_NOT_FOUND ? bulla_cli_error(cli, status, "there is no such limit: bulla limit list shows them")
                                   : status;
}

/* change opens the vault and sets |limit|, or removes it. */
static enum bulla_status change(struct bulla_cli *cli, const struct bulla_limit *limit, bool removes) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "limit");
  return say(cli,
             removes ? bulla_vault_limit_remove(vault, &me.who, limit) : bulla_vault_limit_set(vault, &me.who, limit));
}

enum bulla_status bulla_run_limit_set(struct bulla_cli *cli) {
  struct bulla_limit limit = {.rate = 0};
  BULLA_TRY(take_key(cli, &limit));
  bool removes = strcmp(cli->operands[2], "none") == 0;
  if (removes && bulla_option_count(cli, "burst") > 0) {
    return bulla_cli_usage(cli, "none has no --burst");
  }
  if (!removes && !take_rate(&limit, cli->operands[2])) {
    return bulla_cli_usage(cli, "the rate is a number, which may be followed by /s, /m, /h or /d, or none");
  }
  BULLA_TRY(take_burst(cli, &limit));
  if (!removes && limit.rate == 0 && limit.burst > 0) {
    return bulla_cli_usage(cli, "with a rate of 0 nothing passes, and there is no --burst");
  }
  return change(cli, &limit, removes);
}

enum bulla_status bulla_run_limit_rm(struct bulla_cli *cli) {
  struct bulla_limit limit = {.rate = 0};
  BULLA_TRY(take_key(cli, &limit));
  return change(cli, &limit, true);
}

/* write_rate writes the rate of |limit| as limit set takes it. A program may have set another period. */
static void write_rate(char text[RATE_TEXT_MAX], const struct bulla_limit *limit) {
  (void)snprintf(text, RATE_TEXT_MAX, "%lld/%llds", (long long)limit->rate, (long long)limit->period);
  for (const char *unit = units; *unit != '\0'; unit++) {
    if (bulla_when_unit(*unit) == limit->period) {
      (void)snprintf(text, RATE_TEXT_MAX, "%lld/%c", (long long)limit->rate, *unit);
    }
  }
}

static enum bulla_status print_limit(void *arg, const struct bulla_limit *limit) {
  struct bulla_rows *rows = (struct bulla_rows *)arg;
  char rate[RATE_TEXT_MAX];
  const struct bulla_cell kind = bulla_cell_string(kinds[limit->kind - 1]);
  const struct bulla_cell scope = bulla_cell_string(scopes[limit->scope - 1]);
  const struct bulla_cell name = bulla_cell_text(limit->name);
  const struct bulla_cell burst = bulla_cell_number(limit->burst);
  if (rows->cli->json) {
    const struct bulla_cell cells[] = {
        kind, scope, name, bulla_cell_number(limit->rate), bulla_cell_number(limit->period), burst};
    return bulla_rows_add(rows, cells);
  }
  write_rate(rate, limit);
  const struct bulla_cell cells[] = {kind, scope, name, bulla_cell_string(rate), burst};
  return bulla_rows_add(rows, cells);
}

enum bulla_status bulla_run_limit_list(struct bulla_cli *cli) {
  static const char *const names[] = {"kind", "scope", "name", "rate", "burst", NULL};
  static const char *const json_names[] = {"kind", "scope", "name", "rate", "period", "burst", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, cli->json ? json_names : names, true);
  BULLA_TRY(bulla_session_vault(cli, &vault));
  BULLA_TRY(bulla_vault_limit_list(vault, print_limit, &rows));
  return bulla_rows_end(&rows);
}
