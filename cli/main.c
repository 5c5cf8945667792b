/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The command: makes the process fit to hold secrets, and runs it. */

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/process.h"

int main(int argc, char **argv) {
  /* Why something could not be written is known at the end, of what is still held then: all of the help. */
  static char output[32768];
  bulla_process_take_memory();
  bulla_process_harden();
  if (isatty(STDOUT_FILENO) != 1) {
    (void)setvbuf(stdout, output, _IOFBF, sizeof(output));
  }
  bulla_process_hide_urls(argv);
  return bulla_cli_run(argc, argv);
}
