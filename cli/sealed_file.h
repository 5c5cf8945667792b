/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Files without a name, memfd_create(2), that a command inherits with a secret in them. Nobody can change one once it
 * is filled, and it is gone with its last descriptor. */

#ifndef BULLA_CLI_SEALED_FILE_H
#define BULLA_CLI_SEALED_FILE_H

#include "cli/cli.h"

/* bulla_sealed_file_new sets |*fd| to the descriptor of an empty one. It is closed on exec until it is filled. */
BULLA_NODISCARD enum bulla_status bulla_sealed_file_new(struct bulla_cli *cli, int *fd);

/* bulla_sealed_file_fill writes |bytes| to it, seals it, and lets it be inherited. */
BULLA_NODISCARD enum bulla_status bulla_sealed_file_fill(struct bulla_cli *cli, int fd, struct bulla_span bytes);

#endif
