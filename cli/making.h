/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Making the vault, and its root key: what init does, and export and import where there is no vault yet. */

#ifndef BULLA_CLI_MAKING_H
#define BULLA_CLI_MAKING_H

#include <bulla/store.h>

#include "cli/cli.h"

/* A vault that was made. Begin with the provider of its root key. */
struct bulla_made {
  const char *provider;
  bool has_root; /* the root key was made, too */
  char id[2 * BULLA_VAULT_ID_LEN + 1];
};

/* bulla_make_may looks, before there is a root key, for what needs none to be wrong. Returns BULLA_EXISTS if there is a
 * vault. */
BULLA_NODISCARD enum bulla_status bulla_make_may(struct bulla_cli *cli);

/* bulla_make makes the vault and, with "file:PATH", the root key, and opens |*vault|. A key file that exists already is
 * used only with --reuse-root. */
BULLA_NODISCARD enum bulla_status bulla_make(struct bulla_cli *cli, struct bulla_vault **vault,
                                             struct bulla_made *made);

/* bulla_made_print prints what was made. */
BULLA_NODISCARD enum bulla_status bulla_made_print(struct bulla_cli *cli, const struct bulla_made *made);

#endif
