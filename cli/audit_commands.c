/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* audit verify and audit anchor. */

#include <stdio.h>

#include "cli/anchor.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/out_file.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "core/hex.h"

static enum bulla_status print_head(void *arg, const struct bulla_audit_head_view *head) {
  char digits[2 * 32 + 1] = {0};
  (void)arg;
  bulla_hex_encode((uint8_t *)digits, head->mac);
  printf("lane %lld ends with record %lld, %s\n", (long long)head->lane, (long long)head->seq, digits);
  return BULLA_OK;
}

static enum bulla_status report_as_json(struct bulla_cli *cli, const struct bulla_audit_verdict *verdict) {
  static const char *const names[] = {"records", "lanes", "bad_lane", "bad_seq", NULL};
  enum bulla_cell_type type = verdict->bad_seq == 0 ? BULLA_CELL_NONE : BULLA_CELL_NUMBER;
  const struct bulla_cell cells[] = {bulla_cell_number(verdict->num_records), bulla_cell_number(verdict->num_lanes),
                                     bulla_cell(type, verdict->bad_lane), bulla_cell(type, verdict->bad_seq)};
  return bulla_rows_one(cli, names, cells);
}

static enum bulla_status report_verdict(struct bulla_cli *cli, struct bulla_vault *vault,
                                        const struct bulla_audit_verdict *verdict) {
  if (cli->json) {
    return report_as_json(cli, verdict);
  }
  if (verdict->bad_seq != 0) {
    return BULLA_OK;
  }
  printf("%lld record%s, unbroken%s\n", (long long)verdict->num_records, verdict->num_records == 1 ? "" : "s",
         bulla_option_count(cli, "anchor") > 0 ? ", with all that was anchored" : "");
  return bulla_vault_audit_heads(vault, print_head, NULL);
}

enum bulla_status bulla_run_audit_verify(struct bulla_cli *cli) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  enum bulla_status status = bulla_anchor_verify(cli, vault, &verdict, bulla_option_value(cli, "anchor"));
  if (status != BULLA_OK && status != BULLA_AUDIT_BROKEN) {
    return status;
  }
  if (status == BULLA_AUDIT_BROKEN) {
    if (bulla_option_count(cli, "anchor") > 0) {
      cli->note =
          "a vault restored from a backup older than the anchor lacks what came after the backup: see bulla "
          "audit log --op restore-vault";
    }
    bulla_cli_at(cli, verdict.bad_lane == 0 ? "audit record %lld" : "audit record %lld of lane %lld",
                 (long long)verdict.bad_seq, (long long)verdict.bad_lane);
  }
  BULLA_TRY(report_verdict(cli, vault, &verdict));
  return status;
}

enum bulla_status bulla_run_audit_anchor(struct bulla_cli *cli) {
  uint8_t bytes[BULLA_ANCHOR_MAX];
  struct bulla_buffer anchor = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_out_file out BULLA_CLEANUP(bulla_out_file_drop) = bulla_out_file(cli, "out");
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  BULLA_TRY(bulla_out_file_open(&out));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "audit log");
  BULLA_TRY(bulla_vault_audit_anchor(vault, &anchor, &me.who));
  if (out.path == NULL) {
    return bulla_output_bytes(cli, bulla_written(&anchor));
  }
  BULLA_TRY(bulla_out_file_write(&out, bulla_written(&anchor)));
  return bulla_out_file_publish(&out);
}
