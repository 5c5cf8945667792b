/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/making.h. */

#include "cli/making.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/session.h"
#include "core/hex.h"
#include "store/db.h"
#include "store/provider.h"

/* check_pins refuses what pins a vault that exists. The other vault has no pins. */
static enum bulla_status check_pins(struct bulla_cli *cli) {
  const char *command = cli->command->name;
  if (cli->other_url != NULL) {
    return BULLA_OK;
  }
  if (bulla_option_count(cli, "vault-id") > 0) {
    return bulla_cli_usage(cli, "a new vault gets a random id: %s takes no --vault-id", command);
  }
  if (getenv("BULLA_VAULT_ID") != NULL) {
    return bulla_cli_usage(cli, "BULLA_VAULT_ID pins an existing vault: unset it to make a new one");
  }
  if (bulla_option_count(cli, "fingerprint") > 0 || getenv("BULLA_FINGERPRINT") != NULL) {
    return bulla_cli_usage(cli,
                           "a new vault gets a random fingerprint: %s takes neither --fingerprint nor "
                           "BULLA_FINGERPRINT",
                           command);
  }
  return BULLA_OK;
}

/* make_root creates the key of "file:PATH", or opens the root key if that is no file. A key that is there already
 * is another vault's, as a rule: whoever could put one of the two vaults in the place of the other would be
 * believed. */
static enum bulla_status make_root(struct bulla_cli *cli, struct bulla_root **root, struct bulla_made *made) {
  const char *path = NULL;
  if (bulla_provider_split(&path, made->provider) == BULLA_PROVIDER_FILE) {
    bulla_session_at_root(cli, made->provider);
    enum bulla_status status = bulla_root_create(root, made->provider);
    made->has_root = status == BULLA_OK;
    if (status != BULLA_EXISTS) {
      return status;
    }
    if (bulla_option_count(cli, "reuse-root") == 0) {
      return bulla_cli_error(cli, status,
                             "a key file exists already: name another, or give --reuse-root to have this vault under "
                             "the same key");
    }
  }
  return bulla_session_root(cli, root, made->provider, true);
}

/* make_vault makes the vault and opens it. */
static enum bulla_status make_vault(struct bulla_cli *cli, struct bulla_vault **vault, const struct bulla_root *root,
                                    char id[2 * BULLA_VAULT_ID_LEN + 1]) {
  BULLA_TRY(bulla_session_explain(cli, bulla_vault_create(bulla_session_url(cli), root)));
  BULLA_TRY(bulla_session_explain(cli, bulla_vault_open(vault, bulla_session_url(cli), root, NULL)));
  bulla_hex_encode((uint8_t *)id, bulla_vault_id(*vault));
  id[2 * BULLA_VAULT_ID_LEN] = '\0';
  return BULLA_OK;
}

enum bulla_status bulla_make_may(struct bulla_cli *cli) {
  bulla_session_at_vault(cli);
  BULLA_TRY(check_pins(cli));
  return bulla_session_explain(cli, bulla_db_may_create(bulla_session_url(cli)));
}

enum bulla_status bulla_make(struct bulla_cli *cli, struct bulla_vault **vault, struct bulla_made *made) {
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  made->has_root = false;
  BULLA_TRY(make_root(cli, &root, made));
  bulla_session_at_vault(cli);
  enum bulla_status status = make_vault(cli, vault, root, made->id);
  if (status != BULLA_OK && made->has_root) {
    /* The key file stays: another init may have taken it for its vault already. */
    cli->note = "the new root key file stays: next time give --reuse-root";
  }
  return status;
}

enum bulla_status bulla_made_print(struct bulla_cli *cli, const struct bulla_made *made) {
  char room[BULLA_SESSION_URL_MAX];
  char after[sizeof(", id \n") + 2 * BULLA_VAULT_ID_LEN];
  (void)snprintf(after, sizeof(after), ", id %s\n", made->id);
  BULLA_TRY(bulla_output_text(cli, "made vault ", bulla_session_shown_url(cli, room), after));
  return !made->has_root ? BULLA_OK
                         : bulla_output_text(cli, "made root key ", made->provider,
                                             ": keep a copy elsewhere, nothing opens the vault without it\n");
}
