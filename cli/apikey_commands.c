/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* apikey create, list, revoke, jwk. The vault's record is named by the 16 digits of the key's id. */

#include <bulla/service.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/when.h"
#include "cli/word.h"

enum bulla_status bulla_run_apikey_create(struct bulla_cli *cli) {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "apikey create");
  BULLA_TRY(bulla_vault_apikey_create(vault, &string, key_id, &me.who, bulla_option_span(cli, "tenant"),
                                      bulla_option_span(cli, "name")));
  struct bulla_span id = bulla_span(key_id, sizeof(key_id));
  enum bulla_status status = bulla_output_line(cli, bulla_secret_bytes(string));
  if (status != BULLA_OK) {
    /* Nobody has this key now, or only a part of it: it shall not stay good. If that fails too, the first
     * failure is still the one to tell. */
    enum bulla_status revoked = bulla_vault_apikey_revoke(vault, &me.who, id);
    (void)revoked;
    return status;
  }
  if (isatty(STDERR_FILENO) == 1) {
    (void)fprintf(stderr, "API key %.*s: keep it now, it is not shown again\n", (int)id.len, (const char *)id.data);
  }
  return BULLA_OK;
}

static enum bulla_status list_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  const struct bulla_cell cells[] = {
      bulla_cell_text(apikey->id), bulla_cell_text(apikey->tenant), bulla_cell_text(apikey->name),
      bulla_cell(BULLA_CELL_SECONDS, apikey->created),
      bulla_cell(apikey->revoked == 0 ? BULLA_CELL_NONE : BULLA_CELL_SECONDS, apikey->revoked)};
  return bulla_rows_add((struct bulla_rows *)arg, cells);
}

enum bulla_status bulla_run_apikey_list(struct bulla_cli *cli) {
  static const char *const names[] = {"id", "tenant", "name", "created", "revoked", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, true);
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_at_tenant(cli, bulla_option_span(cli, "tenant"), "--tenant");
  BULLA_TRY(bulla_vault_apikey_list(vault, bulla_option_span(cli, "tenant"), list_apikey, &rows));
  return bulla_rows_end(&rows);
}

/* Whoever gives the key itself for its id or name shall not find it in a log. */
static enum bulla_status check_name(struct bulla_cli *cli, struct bulla_span name) {
  return bulla_word_is_name(name) && name.len != BULLA_APIKEY_LEN
             ? BULLA_OK
             : bulla_cli_usage(cli, "argument 1 is neither the id nor the name of an API key");
}

static enum bulla_status check_id(struct bulla_cli *cli, struct bulla_span id) {
  return id.len == BULLA_RECORD_ID_LEN
             ? BULLA_OK
             : bulla_cli_usage(cli, "argument 1 is not the id of an API key, 16 hexadecimal digits");
}

/* What an operand names among the API keys: the one of that id, and those of that name. */
struct search {
  struct bulla_span wanted;
  size_t num_live; /* of that name and not revoked */
  bool by_id;
  bool revoked; /* the one of that id, or else all of that name */
  char id[BULLA_RECORD_ID_LEN + 1];
  char named[BULLA_RECORD_ID_LEN + 1]; /* the first of that name: one that is not revoked, if there is one */
};

static void note_id(char id[BULLA_RECORD_ID_LEN + 1], struct bulla_span found) {
  memcpy(id, found.data, BULLA_RECORD_ID_LEN);
  id[BULLA_RECORD_ID_LEN] = '\0';
}

static enum bulla_status look_at(void *arg, const struct bulla_apikey_view *apikey) {
  struct search *search = (struct search *)arg;
  if (bulla_span_equal(apikey->id, search->wanted)) {
    search->by_id = true;
    search->revoked = apikey->revoked != 0;
    note_id(search->id, apikey->id);
  } else if (bulla_span_equal(apikey->name, search->wanted)) {
    bool live = apikey->revoked == 0;
    if (search->named[0] == '\0' || (live && search->num_live == 0)) {
      note_id(search->named, apikey->id);
    }
    search->num_live += live ? 1 : 0;
  }
  return BULLA_OK;
}

/* find_apikey finds the one API key that the operand means. A name of several is refused, and so is one that is
 * another's id: whom to revoke is not to be guessed. */
static enum bulla_status find_apikey(struct bulla_cli *cli, struct search *search, struct bulla_vault *vault,
                                     struct bulla_span tenant) {
  *search = (struct search){.wanted = bulla_text(cli->operands[0])};
  bulla_session_at_tenant(cli, tenant, "--tenant");
  BULLA_TRY(bulla_session_tenant(cli, vault, tenant));
  bulla_cli_at(cli, "argument 1");
  enum bulla_status status = bulla_vault_apikey_list(vault, tenant, look_at, search);
  if (status == BULLA_REFUSED && search->wanted.len == BULLA_RECORD_ID_LEN) {
    /* Somebody has tampered with a name: a key must be revoked by its id all the same. */
    note_id(search->id, search->wanted);
    return BULLA_OK;
  }
  BULLA_TRY(status);
  if (search->by_id && search->num_live > 0) {
    return bulla_cli_error(cli, BULLA_INVALID_ARGUMENT, "it is the id of one API key and the name of another, %s",
                           search->named);
  }
  if (search->num_live > 1) {
    return bulla_cli_error(cli, BULLA_INVALID_ARGUMENT, "%zu API keys have this name: give --tenant or an id",
                           search->num_live);
  }
  if (!search->by_id && search->named[0] == '\0') {
    return bulla_cli_error(cli, BULLA_NOT_FOUND, "no API key has this id or name: see bulla apikey list");
  }
  if (!search->by_id) {
    search->revoked = search->num_live == 0;
    memcpy(search->id, search->named, sizeof(search->id));
  }
  bulla_cli_at(cli, "API key %s", search->id);
  return BULLA_OK;
}

enum bulla_status bulla_run_apikey_revoke(struct bulla_cli *cli) {
  struct search search;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(check_name(cli, bulla_text(cli->operands[0])));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  BULLA_TRY(find_apikey(cli, &search, vault, bulla_option_span(cli, "tenant")));
  return bulla_vault_apikey_revoke(vault, &me.who, bulla_text(search.id));
}

static enum bulla_status read_day(struct bulla_cli *cli, int64_t *day) {
  const char *text = bulla_option_value(cli, "day");
  static const char *const near[] = {"yesterday", "today", "tomorrow"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(text, near[i]) == 0) {
      *day = (int64_t)time(NULL) / BULLA_SECONDS_PER_DAY + i - 1;
      return BULLA_OK;
    }
  }
  bool is_number = strspn(text, "0123456789") == strlen(text);
  if (is_number) {
    BULLA_TRY(bulla_option_number(cli, "day", day));
  } else if (!bulla_when_date(day, text)) {
    return bulla_cli_usage(cli,
                           "--day takes YYYY-MM-DD, a number of days since 1970-01-01, yesterday, today or tomorrow");
  }
  return *day >= 0 && *day <= BULLA_DAY_LAST ? BULLA_OK : bulla_cli_usage(cli, "--day takes 1970-01-01 to 9999-12-31");
}

/* check_day: the key of a day that is far ahead forges tokens then, when nobody remembers that it was handed out.
 */
static enum bulla_status check_day(struct bulla_cli *cli, int64_t day) {
  int64_t ahead = day - (int64_t)time(NULL) / BULLA_SECONDS_PER_DAY;
  if ((ahead >= -1 && ahead <= 1) || bulla_option_count(cli, "any-day") > 0) {
    return BULLA_OK;
  }
  return bulla_cli_usage(
      cli, "--day is not yesterday, today or tomorrow, in UTC: add --any-day to print the key all the same");
}

enum bulla_status bulla_run_apikey_jwk(struct bulla_cli *cli) {
  struct bulla_span id = bulla_text(cli->operands[0]);
  int64_t day = 0;
  struct bulla_secret *jwk BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(check_id(cli, id));
  BULLA_TRY(read_day(cli, &day));
  BULLA_TRY(check_day(cli, day));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "apikey jwk");
  bulla_cli_at(cli, "API key %s", cli->operands[0]);
  enum bulla_status status = bulla_vault_apikey_jwk(vault, &jwk, &me.who, id, day);
  if (status == BULLA_NOT_FOUND) {
    struct search search;
    BULLA_TRY(find_apikey(cli, &search, vault, bulla_span(NULL, 0)));
    return search.revoked ? bulla_cli_error(cli, BULLA_REVOKED, "this API key was revoked: make another") : status;
  }
  BULLA_TRY(status);
  return bulla_output_line(cli, bulla_secret_bytes(jwk));
}
