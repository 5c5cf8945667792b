/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/anchor.h. */

#include "cli/anchor.h"

#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"

enum bulla_status bulla_anchor_verify(struct bulla_cli *cli, struct bulla_vault *vault,
                                      struct bulla_audit_verdict *verdict, const char *path) {
  struct bulla_audit_verify_options options = BULLA_AUDIT_VERIFY_OPTIONS_INIT;
  struct bulla_buffer anchor BULLA_CLEANUP(bulla_input_free) = bulla_buffer(NULL, 0);
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  BULLA_TRY(bulla_input_anchor(cli, &anchor, path));
  options.anchor = bulla_written(&anchor);
  options.num_threads = processors < 1 ? 1 : processors > 16 ? 16 : (size_t)processors;
  enum bulla_status status = bulla_vault_audit_verify_with(vault, verdict, &options);
  if (status == BULLA_REFUSED && options.anchor.len > 0) {
    return bulla_cli_error(cli, status, "it is not an anchor of this vault");
  }
  bulla_cli_at(cli, "audit log");
  return status;
}
