/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Whose key opens the vault: that of a root, from --root or BULLA_ROOT, or of an actor, from --as or BULLA_ACTOR. */

#ifndef BULLA_CLI_OPENER_H
#define BULLA_CLI_OPENER_H

#include "cli/cli.h"

/* The providers of root keys, and of keys of actors. */
#define BULLA_OPENER_ROOTS \
  "env:NAME file:PATH fd:N cred:NAME cmd:PROGRAM wrap:PROGRAM recipient:PROVIDER sha256-env:NAME passphrase"
#define BULLA_OPENER_ACTORS "env:NAME file:PATH fd:N cred:NAME cmd:PROGRAM"

struct bulla_opener {
  const char *provider;
  bool is_actor;
};

/* bulla_opener_find finds the opener: an option, or else a variable. Both options, or both variables without an option,
 * are refused: nobody is to open the vault as somebody else than they think. The vault that a command takes besides
 * that of --vault has a root. */
BULLA_NODISCARD enum bulla_status bulla_opener_find(struct bulla_cli *cli, struct bulla_opener *opener);

/* bulla_opener_root finds |*provider|, of a root, for what no actor can do: BULLA_ACTOR does not matter, --as is
 * refused. */
BULLA_NODISCARD enum bulla_status bulla_opener_root(struct bulla_cli *cli, const char **provider);

#endif
