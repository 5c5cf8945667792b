/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Which records of the audit log are asked for, by the options of `audit log` and `audit report`. */

#ifndef BULLA_CLI_AUDIT_FILTER_H
#define BULLA_CLI_AUDIT_FILTER_H

#include <bulla/store.h>

#include "cli/cli.h"

struct bulla_audit_filter {
  const struct bulla_cli *cli;
  struct bulla_span tenant; /* if exactly one is asked for: the library leaves out others */
  int64_t since;            /* microseconds since 1970-01-01 UTC */
  int64_t until;
  bool is_timed; /* one of them is given */
};

/* bulla_audit_filter_time sets |micros| to the time that the option |name| gives, and leaves it unchanged if there is
 * none. Returns BULLA_INVALID_ARGUMENT for what is no time. */
BULLA_NODISCARD enum bulla_status bulla_audit_filter_time(struct bulla_cli *cli, const char *name, int64_t *micros);

/* bulla_audit_filter_read takes --since, --until, --tenant, --entry, --actor, --op and --outcome. Each of the last five
 * may be given several times, and one of its values must fit. */
BULLA_NODISCARD enum bulla_status bulla_audit_filter_read(struct bulla_audit_filter *filter, struct bulla_cli *cli);

/* bulla_audit_filter_ask fills what the library is to read. */
void bulla_audit_filter_ask(const struct bulla_audit_filter *filter, struct bulla_audit_log_options *options);

/* bulla_audit_filter_fits returns whether |record| is asked for. */
bool bulla_audit_filter_fits(const struct bulla_audit_filter *filter, const struct bulla_audit_record *record);

/* bulla_audit_filter_is_empty returns whether all records are asked for. */
bool bulla_audit_filter_is_empty(const struct bulla_audit_filter *filter);

/* bulla_audit_filter_tenants returns BULLA_NOT_FOUND if a tenant that is asked for neither exists nor has a record: a
 * mistyped name must not look like one that did nothing. */
BULLA_NODISCARD enum bulla_status bulla_audit_filter_tenants(const struct bulla_audit_filter *filter,
                                                             struct bulla_cli *cli, struct bulla_vault *vault);

#endif
