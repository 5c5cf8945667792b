/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Runs the command, all of it but main(), in this process, and keeps what it prints. The vault, its root key and
 * the folder are those of fuzz/vault.h; BULLA_VAULT and BULLA_ROOT name them. */

#ifndef BULLA_FUZZ_COMMAND_H
#define BULLA_FUZZ_COMMAND_H

#include "fuzz/vault.h"

/* What one run has left, until the next. */
struct fuzz_outcome {
  int exit_status;
  struct bulla_span out;
  struct bulla_span err;
};

/* fuzz_command_set_up comes after fuzz_vault_set_up. */
void fuzz_command_set_up(void);

/* fuzz_command_file makes a file in the folder, mode 0600. */
void fuzz_command_file(const char *name, struct bulla_span bytes);

/* fuzz_command runs |argc| arguments with |input| on standard input. It holds the command to what every run owes:
 * an exit status of 0 to 4; on failure one printable line on standard error, and nothing there otherwise. */
struct fuzz_outcome fuzz_command(int argc, char **argv, struct bulla_span input);

/* fuzz_shows says whether |bytes| hold |secret|, as it is or in hexadecimal digits of either case. */
bool fuzz_shows(struct bulla_span bytes, struct bulla_span secret);

#endif
