/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Verifying the log, with an anchor or without. */

#ifndef BULLA_CLI_ANCHOR_H
#define BULLA_CLI_ANCHOR_H

#include <bulla/store.h>

#include "cli/cli.h"

/* bulla_anchor_verify verifies the log with as many threads as there are processors, and that it has what the anchor in
 * the file |path| says; NULL for none. Returns BULLA_AUDIT_BROKEN, with |verdict| filled; BULLA_REFUSED for what is no
 * anchor of this vault. */
BULLA_NODISCARD enum bulla_status bulla_anchor_verify(struct bulla_cli *cli, struct bulla_vault *vault,
                                                      struct bulla_audit_verdict *verdict, const char *path);

#endif
