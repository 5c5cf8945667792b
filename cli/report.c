/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* audit report: over a span of the log, or with --breach of what somebody had. */

#include <stdio.h>

#include "cli/audit_filter.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/report_breach.h"
#include "cli/report_collect.h"
#include "cli/report_print.h"
#include "cli/session.h"
#include "cli/when.h"
#include "store/clock.h"

#define DEFAULT_SPAN (30 * 24 * BULLA_REPORT_HOUR)

/* The outputs: standard output unless only a page is asked for, and the page. */
struct outputs {
  struct bulla_report_out out;
  struct bulla_out_file file;
};

static void outputs_free(struct outputs *outputs) {
  for (size_t i = 0; i < outputs->out.num; i++) {
    bulla_report_sink_free(&outputs->out.sinks[i]);
  }
  bulla_out_file_drop(&outputs->file);
}

static enum bulla_status add_sink(struct outputs *outputs, struct bulla_report_sink *sink) {
  if (sink != NULL) {
    outputs->out.sinks[outputs->out.num++] = sink;
  }
  return sink != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

static enum bulla_status outputs_open(struct outputs *outputs, struct bulla_cli *cli) {
  BULLA_TRY(bulla_out_file_open(&outputs->file));
  if (outputs->file.path == NULL || cli->json) {
    BULLA_TRY(add_sink(outputs, bulla_report_sink_new(cli)));
  }
  return outputs->file.path != NULL ? add_sink(outputs, bulla_report_page_new(cli, &outputs->file)) : BULLA_OK;
}

/* What the span is, in words. */
static void describe(char *room, size_t size, const struct bulla_cli *cli, const struct bulla_audit_filter *filter,
                     const char *vault, const struct bulla_report *report) {
  char since[BULLA_WHEN_TEXT_MAX] = "the beginning";
  char until[BULLA_WHEN_TEXT_MAX] = "the end";
  (void)bulla_when_text(since, bulla_when_floor(filter->since, 1000000), -1);
  (void)bulla_when_text(until, bulla_when_floor(filter->until, 1000000), -1);
  struct bulla_span tenant = bulla_option_span(cli, "tenant");
  const char *new = report->num_before == 0 ? "; the log has nothing before, so all is new" : "";
  (void)snprintf(room, size, "%s%s%.*s, from %s to %s, UTC%s", vault, tenant.len > 0 ? ", tenant " : "",
                 (int)tenant.len, (const char *)tenant.data, since, until, new);
}

static enum bulla_status report_span(struct bulla_cli *cli, struct bulla_vault *vault, struct bulla_report_out *out,
                                     struct bulla_audit_filter *filter, const char *vault_name) {
  char subtitle[BULLA_SESSION_URL_MAX + BULLA_NAME_MAX + 2 * BULLA_WHEN_TEXT_MAX + 64];
  struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
  struct bulla_report report BULLA_CLEANUP(bulla_report_free);
  bulla_report_begin(&report, filter->since, filter->until, bulla_clock_us());
  bulla_audit_filter_ask(filter, &options);
  /* What was before is what the span is compared with. */
  options.since = INT64_MIN;
  BULLA_TRY(bulla_audit_filter_tenants(filter, cli, vault));
  bulla_cli_at(cli, "audit report");
  BULLA_TRY(bulla_vault_audit_log_with(vault, &options, bulla_report_take, &report));
  describe(subtitle, sizeof(subtitle), cli, filter, vault_name, &report);
  const struct bulla_report_head head = {.title = "Audit report", .subtitle = subtitle};
  return bulla_report_print(&report, out, &head);
}

static enum bulla_status read_span(struct bulla_audit_filter *filter, struct bulla_cli *cli) {
  BULLA_TRY(bulla_audit_filter_read(filter, cli));
  if (bulla_option_count(cli, "since") == 0) {
    /* Without --until also what a clock that was ahead wrote into the future. */
    int64_t end = bulla_option_count(cli, "until") > 0 ? filter->until : bulla_clock_us();
    filter->since = end > DEFAULT_SPAN ? end - DEFAULT_SPAN : 0;
  }
  return BULLA_OK;
}

enum bulla_status bulla_run_audit_report(struct bulla_cli *cli) {
  char room[BULLA_SESSION_URL_MAX];
  bool is_breach = bulla_option_count(cli, "breach") > 0;
  struct bulla_audit_filter filter;
  struct bulla_breach breach;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct outputs outputs BULLA_CLEANUP(outputs_free) = {.file = bulla_out_file(cli, "html")};
  BULLA_TRY(is_breach ? bulla_breach_read(&breach, cli) : read_span(&filter, cli));
  /* An actor is told of the entries and the API keys that its roles are for, and of no others: to it a breach would
   * look smaller than it is. */
  BULLA_TRY(is_breach ? bulla_session_root_vault(cli, &vault) : bulla_session_vault(cli, &vault));
  BULLA_TRY(outputs_open(&outputs, cli));
  struct bulla_report_head head = {.title = "Audit report", .subtitle = bulla_session_shown_url(cli, room)};
  BULLA_TRY(is_breach ? bulla_breach_print(&breach, cli, vault, &outputs.out, &head)
                      : report_span(cli, vault, &outputs.out, &filter, head.subtitle));
  return outputs.file.path != NULL ? bulla_out_file_publish(&outputs.file) : BULLA_OK;
}
