/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/jwe_input.h. */

#include "cli/jwe_input.h"

#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/session.h"

enum bulla_status bulla_jwe_memory(void) {
  return bulla_session_memory((size_t)BULLA_JWE_MAX / 2 * 3);
}

enum bulla_status bulla_jwe_input(struct bulla_cli *cli, struct bulla_buffer *text, struct bulla_span *jwe) {
  bulla_cli_at(cli, "standard input");
  enum bulla_status status = bulla_input_public(cli, text, STDIN_FILENO, BULLA_JWE_MAX + 2);
  *jwe = bulla_without_newline(bulla_written(text), 0);
  if (status == BULLA_TOO_LARGE || (status == BULLA_OK && jwe->len > BULLA_JWE_MAX)) {
    return bulla_cli_error(cli, BULLA_REFUSED, "refused: a JWE has at most %d bytes", BULLA_JWE_MAX);
  }
  BULLA_TRY(status);
  return jwe->len > 0 ? BULLA_OK : bulla_cli_error(cli, BULLA_REFUSED, "standard input is empty");
}
