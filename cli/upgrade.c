/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* upgrade: a vault of an older format becomes one of this format. */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/opener.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "store/db.h"
#include "store/file.h"

/* name_backup fills |path| with that of --backup, or one beside the database. */
static enum bulla_status name_backup(struct bulla_cli *cli, char path[PATH_MAX]) {
  const char *given = bulla_option_value(cli, "backup");
  const char *place = strchr(bulla_session_url(cli), ':');
  bool fits = given != NULL ? bulla_file_append(path, given, "")
                            : bulla_file_append(path, place == NULL ? "" : place + 1, "-format1");
  return fits ? BULLA_OK : bulla_cli_error(cli, BULLA_TOO_LARGE, "the path of the backup is too long");
}

enum bulla_status bulla_run_upgrade(struct bulla_cli *cli) {
  const char *provider = NULL;
  char backup[PATH_MAX];
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_session_who me;
  struct bulla_session_pins pins;
  struct bulla_progress progress = {.what = "upgrading", .units = "rows"};
  BULLA_TRY(bulla_session_pins(cli, &pins));
  if (pins.fingerprint.len > 0) {
    return bulla_cli_usage(cli, "a vault of an older format has no fingerprint: pin it with --vault-id");
  }
  BULLA_TRY(bulla_opener_root(cli, &provider));
  BULLA_TRY(bulla_session_root(cli, &root, provider, false));
  bulla_session_at_vault(cli);
  BULLA_TRY(name_backup(cli, backup));
  bulla_session_identify(&me, cli, "");
  enum bulla_status status =
      bulla_vault_upgrade(bulla_session_url(cli), backup, root, pins.id, &me.who, bulla_progress_line, &progress);
  bulla_progress_end(&progress);
  if (status == BULLA_EXISTS || status == BULLA_UNSUPPORTED) {
    return bulla_cli_error(
        cli, status, "nothing was changed%s",
        bulla_db_url_is_public(bulla_session_url(cli)) ? "" : ": on a server every vault has format 2");
  }
  BULLA_TRY(bulla_session_explain(cli, status));
  return bulla_output_text(cli, "upgraded; the vault as it was is in ", backup, "\n");
}
