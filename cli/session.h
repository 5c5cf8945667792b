/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What most sub-commands begin with: the root key, the vault, and who is asking. */

#ifndef BULLA_CLI_SESSION_H
#define BULLA_CLI_SESSION_H

#include <bulla/store.h>

#include "cli/cli.h"

/* bulla_session_url returns the vault that --vault, BULLA_VAULT or the default names. */
const char *bulla_session_url(const struct bulla_cli *cli);

/* bulla_session_at_vault and bulla_session_at_root note that the run is busy with the vault or the root key,
 * naming it only where the name cannot be a secret. */
void bulla_session_at_vault(struct bulla_cli *cli);
void bulla_session_at_root(struct bulla_cli *cli, const char *provider);

/* bulla_session_provider finds the root key's provider, from --root or BULLA_ROOT. */
BULLA_CHECKED enum bulla_status bulla_session_provider(struct bulla_cli *cli, const char **provider);

/* bulla_session_root opens the root key of |provider|; a passphrase is asked for, twice if it is |fresh|. */
BULLA_CHECKED enum bulla_status bulla_session_root(struct bulla_cli *cli, struct bulla_root **root,
                                                   const char *provider, bool fresh);

/* bulla_session_explain passes on the status of opening or making a vault, with a text where the status says too
 * little. */
BULLA_CHECKED enum bulla_status bulla_session_explain(struct bulla_cli *cli, enum bulla_status status);

/* bulla_session_tenant returns BULLA_NOT_FOUND if there is no |tenant|; an empty one stands for all. */
BULLA_CHECKED enum bulla_status bulla_session_tenant(struct bulla_vault *vault, struct bulla_span tenant);

/* bulla_session_vault opens the vault, which must be the one of --vault-id or BULLA_VAULT_ID if that is given. The
 * caller closes it. */
BULLA_CHECKED enum bulla_status bulla_session_vault(struct bulla_cli *cli, struct bulla_vault **vault);

/* Who is asking, with the room for the names. */
struct bulla_session_who {
  char actor[BULLA_WHO_MAX];
  char origin[BULLA_WHO_MAX];
  struct bulla_who who;
};

/* bulla_session_identify fills |me|: the actor is --actor, or the user that the system knows for this process;
 * the origin is the terminal, or the process; the reason is --reason, or |reason| if that was not given. */
void bulla_session_identify(struct bulla_session_who *me, const struct bulla_cli *cli, const char *reason);

/* bulla_session_entry cuts the operand |index| into tenant and entry. */
BULLA_CHECKED enum bulla_status bulla_session_entry(struct bulla_cli *cli, struct bulla_span *tenant,
                                                    struct bulla_span *entry, size_t index);

#endif
