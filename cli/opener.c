/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/opener.h. A variable that is set but empty is none. */

#include "cli/opener.h"

#include <stdlib.h>

#include "cli/error.h"
#include "cli/options.h"

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

static enum bulla_status check_options(struct bulla_cli *cli) {
  bool both = bulla_option_count(cli, "root") > 0 && bulla_option_count(cli, "as") > 0;
  return both ? bulla_cli_usage(cli, "--root and --as each name who opens the vault: give one of them") : BULLA_OK;
}

static bool is_of_other(const struct bulla_cli *cli) {
  return cli->other_url != NULL || cli->other_provider != NULL;
}

/* The root's provider, or NULL. */
static const char *root_of(const struct bulla_cli *cli) {
  const char *given = bulla_option_value(cli, "root");
  return is_of_other(cli) ? cli->other_provider : given != NULL ? given : variable("BULLA_ROOT");
}

enum bulla_status bulla_opener_find(struct bulla_cli *cli, struct bulla_opener *opener) {
  const char *root = root_of(cli);
  const char *as = bulla_option_value(cli, "as");
  BULLA_TRY(check_options(cli));
  bool is_given = is_of_other(cli) || bulla_option_count(cli, "root") > 0;
  if (as == NULL && !is_given) {
    as = variable("BULLA_ACTOR");
    if (as != NULL && root != NULL) {
      return bulla_cli_usage(cli, "both BULLA_ROOT and BULLA_ACTOR are set: unset one, or give --root or --as");
    }
  }
  opener->is_actor = as != NULL && !is_of_other(cli);
  opener->provider = opener->is_actor ? as : root;
  return opener->provider != NULL
             ? BULLA_OK
             : bulla_cli_usage(cli,
                               "no key is given: use --root PROVIDER or set BULLA_ROOT, or for the key of an actor use "
                               "--as PROVIDER or set BULLA_ACTOR");
}

enum bulla_status bulla_opener_root(struct bulla_cli *cli, const char **provider) {
  BULLA_TRY(check_options(cli));
  if (bulla_option_count(cli, "as") > 0) {
    return bulla_cli_usage(cli, "no actor can do this: give --root PROVIDER or set BULLA_ROOT, without --as");
  }
  *provider = root_of(cli);
  return *provider != NULL ? BULLA_OK
                           : bulla_cli_usage(cli, "no root key is given: use --root PROVIDER or set BULLA_ROOT%s",
                                             variable("BULLA_ACTOR") != NULL ? "; no actor can do this" : "");
}
