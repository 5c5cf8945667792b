/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* export and import vault: all of a vault is copied into another one, which is made if there is none. */

#include <stdio.h>

#include "cli/error.h"
#include "cli/making.h"
#include "cli/move.h"
#include "cli/opener.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "core/hex.h"
#include "store/db.h"

#define VALUES_ROOM ((size_t)1 << 20) /* bytes of values that are held at once, and the keys of a second vault */

/* open_target opens the vault to copy to, or makes it. */
static enum bulla_status open_target(struct bulla_cli *cli, struct bulla_vault **target) {
  struct bulla_made made;
  bulla_session_at_vault(cli);
  enum bulla_status status = bulla_db_may_create(bulla_session_url(cli));
  if (status == BULLA_EXISTS) {
    return bulla_session_root_vault(cli, target);
  }
  BULLA_TRY(bulla_session_explain(cli, status));
  BULLA_TRY(bulla_opener_root(cli, &made.provider));
  BULLA_TRY(bulla_make_may(cli));
  BULLA_TRY(bulla_make(cli, target, &made));
  if (cli->json) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_made_print(cli, &made));
  /* Before the copy, which may take long. */
  return fflush(stdout) == 0 ? BULLA_OK : BULLA_IO;
}

static enum bulla_status count_active(void *arg, const struct bulla_actor_view *actor) {
  int64_t *num = (int64_t *)arg;
  *num += actor->is_revoked ? 0 : 1;
  return BULLA_OK;
}

/* Programs with keys of actors are not served by the target. */
static enum bulla_status tell_actors(struct bulla_vault *source) {
  int64_t num = 0;
  BULLA_TRY(bulla_vault_actor_list(source, count_active, &num));
  if (num > 0) {
    printf("%lld actor%s and what was granted stay%s behind: make new ones in the new vault, with bulla actor create\n",
           (long long)num, num == 1 ? "" : "s", num == 1 ? "s" : "");
  }
  return BULLA_OK;
}

static enum bulla_status report(struct bulla_cli *cli, struct bulla_vault *source, const struct bulla_vault *target,
                                const struct bulla_export_report *made) {
  static const char *const names[] = {"tenants",      "entries",         "fields",
                                      "live_apikeys", "revoked_apikeys", "revoked_tokens",
                                      "written",      "target_id",       NULL};
  const int64_t numbers[] = {made->num_tenants,      made->num_entries,         made->num_fields,
                             made->num_live_apikeys, made->num_revoked_apikeys, made->num_revoked_tokens,
                             made->num_written};
  enum { NUM = sizeof(numbers) / sizeof(numbers[0]) };
  struct bulla_cell cells[NUM + 1];
  char id[2 * BULLA_VAULT_ID_LEN];
  if (!cli->json) {
    printf(
        "both vaults have %lld tenants, %lld entries, %lld fields, %lld live and %lld revoked API keys, %lld revoked "
        "tokens; %lld rows were written now\n",
        (long long)numbers[0], (long long)numbers[1], (long long)numbers[2], (long long)numbers[3],
        (long long)numbers[4], (long long)numbers[5], (long long)numbers[6]);
    return tell_actors(source);
  }
  for (size_t i = 0; i < NUM; i++) {
    cells[i] = bulla_cell_number(numbers[i]);
  }
  bulla_hex_encode((uint8_t *)id, bulla_vault_id(target));
  cells[NUM] = bulla_cell_text(bulla_span(id, sizeof(id)));
  return bulla_rows_one(cli, names, cells);
}

static enum bulla_status explain(struct bulla_cli *cli, enum bulla_status status) {
  switch (status) {
    case BULLA_EXISTS:
      return bulla_cli_error(cli, status, "the target has something that is not in the vault: copy into a new vault");
    case BULLA_IN_USE:
      return bulla_cli_error(cli, status, "the vault was written to meanwhile: stop the writers, then run this again");
    case BULLA_INVALID_ARGUMENT:
      return bulla_cli_error(cli, status, "both URLs lead to the same vault, or to copies of it: name another");
    case BULLA_LIMITED:
      return bulla_cli_error(cli, status,
                             "a limit was reached: run this again when it lets more pass, and the copy goes on; bulla "
                             "limit list shows the limits");
    case BULLA_NOT_FOUND:
      return bulla_cli_error(cli, status, "the vault was written to meanwhile: run this again");
    default:
      return status;
  }
}

/* copy does what both commands are for. What fails then may be of either vault. */
static enum bulla_status copy(struct bulla_cli *cli, struct bulla_vault *source, struct bulla_vault *target) {
  struct bulla_export_report made = BULLA_EXPORT_REPORT_INIT;
  struct bulla_session_who me;
  struct bulla_progress progress = {.what = "copying", .units = "rows"};
  bulla_session_identify(&me, cli, cli->command->name);
  bulla_cli_at(cli, "%s", cli->command->name);
  enum bulla_status status = bulla_vault_export(source, &made, target, &me.who, bulla_progress_line, &progress);
  bulla_progress_end(&progress);
  BULLA_TRY(explain(cli, status));
  return report(cli, source, target, &made);
}

static enum bulla_status ignore(void *arg, const struct bulla_audit_head_view *head) {
  (void)arg;
  (void)head;
  return BULLA_OK;
}

/* open_source opens the vault to copy, which this login must see as a whole: else no target is to be made. */
static enum bulla_status open_source(struct bulla_cli *cli, struct bulla_vault **source) {
  BULLA_TRY(bulla_session_root_vault(cli, source));
  return bulla_vault_audit_heads(*source, ignore, NULL);
}

enum bulla_status bulla_move_to(struct bulla_cli *cli, const char *root_option) {
  struct bulla_vault *source BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_vault *target BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(bulla_session_memory(VALUES_ROOM));
  BULLA_TRY(open_source(cli, &source));
  bulla_session_other(cli, "TARGET_URL", root_option);
  BULLA_TRY(open_target(cli, &target));
  cli->url_name = "--vault or TARGET_URL";
  cli->root_name = "--root or that of the target";
  return copy(cli, source, target);
}

enum bulla_status bulla_run_export(struct bulla_cli *cli) {
  return bulla_move_to(cli, "--target-root");
}

enum bulla_status bulla_run_import_vault(struct bulla_cli *cli) {
  struct bulla_vault *source BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_vault *target BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(bulla_session_memory(VALUES_ROOM));
  bulla_session_other(cli, "SOURCE_URL", "--source-root");
  BULLA_TRY(open_source(cli, &source));
  bulla_session_first(cli);
  BULLA_TRY(open_target(cli, &target));
  cli->url_name = "--vault or SOURCE_URL";
  cli->root_name = "--root or --source-root";
  return copy(cli, source, target);
}
