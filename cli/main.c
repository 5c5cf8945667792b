/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The command: makes the process fit to hold secrets, and runs it. */

#include "cli/cli.h"
#include "cli/process.h"

int main(int argc, char **argv) {
  bulla_process_harden();
  bulla_process_hide_urls(argv);
  return bulla_cli_run(argc, argv);
}
