/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/audit_filter.h. */

#include "cli/audit_filter.h"

#include <string.h>

#include "cli/audit_who.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/suggest.h"
#include "cli/when.h"
#include "cli/word.h"
#include "store/clock.h"

/* The options that name texts of a record. */
static const char *const text_options[] = {"tenant", "entry", "actor", "op", "outcome"};
#define NUM_TEXT_OPTIONS (sizeof(text_options) / sizeof(text_options[0]))

enum bulla_status bulla_audit_filter_time(struct bulla_cli *cli, const char *name, int64_t *micros) {
  const char *text = bulla_option_value(cli, name);
  if (text == NULL || bulla_when_read(micros, text, bulla_clock_us())) {
    return BULLA_OK;
  }
  return bulla_cli_usage(cli, "--%s takes a time in UTC: %s", name, BULLA_WHEN_FORMS);
}

/* All that bulla writes (docs/FORMAT.md §9): another one would find nothing, and not say why. */
static const char *const ops[] = {
    "actor-create",  "actor-list",      "actor-revoke", "apikey-create", "apikey-export", "apikey-list",
    "apikey-revoke", "apikey-use",      "audit-heads",  "audit-log",     "audit-verify",  "backup",
    "checkpoint",    "destroy-version", "examine",      "export-vault",  "grant",         "grant-end",
    "grant-list",    "history",         "import",       "import-vault",  "init",          "keep",
    "lane-at",       "lane-end",        "lane-open",    "lane-take",     "limit-list",    "limit-refused",
    "limit-remove",  "limit-set",       "list",         "put",           "remove",        "rename-from",
    "rename-to",     "report",          "restore",      "restore-vault", "rewrap",        "root-add",
    "root-list",     "root-remove",     "rotate-root",  "rotate-tenant", "scrub",         "show",
    "shred",         "status",          "token-revoke", "upgrade",       "use",           NULL};
static const char *const outcomes[] = {"done", "granted", "not-found", "canary", "failed", "limited", "denied", NULL};

static enum bulla_status check_words(struct bulla_cli *cli, const char *name, const char *const *words,
                                     const char *some) {
  char names[BULLA_SUGGEST_MAX];
  const char *value;
  size_t at = 0;
  while (bulla_option_next(cli, name, &at, &value)) {
    if (bulla_word_index(words, bulla_text(value)) < 0) {
      bulla_suggest(names, words, bulla_text(value));
      return names[0] != '\0' ? bulla_cli_usage(cli, "--%s has no such word: did you mean %s?", name, names)
                              : bulla_cli_usage(cli, "--%s takes a word of AUDIT RECORDS in bulla(1): %s", name, some);
    }
  }
  return BULLA_OK;
}

static enum bulla_status check_tenants(struct bulla_cli *cli) {
  const char *value;
  size_t at = 0;
  while (bulla_option_next(cli, "tenant", &at, &value)) {
    if (!bulla_word_is_name(bulla_text(value))) {
      bulla_cli_at(cli, "--tenant");
      return BULLA_INVALID_NAME;
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_audit_filter_read(struct bulla_audit_filter *filter, struct bulla_cli *cli) {
  *filter = (struct bulla_audit_filter){.cli = cli, .since = INT64_MIN, .until = INT64_MAX};
  BULLA_TRY(bulla_audit_filter_time(cli, "since", &filter->since));
  BULLA_TRY(bulla_audit_filter_time(cli, "until", &filter->until));
  if (filter->since >= filter->until) {
    return bulla_cli_usage(cli, "--until is not after --since");
  }
  BULLA_TRY(check_words(cli, "op", ops, "use, put, apikey-create, rotate-root, …"));
  BULLA_TRY(check_words(cli, "outcome", outcomes, "done, granted, not-found, canary, failed, limited, denied"));
  BULLA_TRY(check_tenants(cli));
  filter->is_timed = filter->since != INT64_MIN || filter->until != INT64_MAX;
  if (bulla_option_count(cli, "tenant") == 1) {
    filter->tenant = bulla_option_span(cli, "tenant");
  }
  return BULLA_OK;
}

void bulla_audit_filter_ask(const struct bulla_audit_filter *filter, struct bulla_audit_log_options *options) {
  options->tenant = filter->tenant;
  options->since = filter->since;
  options->until = filter->until;
}

/* Whether |value|, "E" or "T/E", is the entry of |record|. */
static bool is_entry(const struct bulla_audit_record *record, const char *value) {
  struct bulla_span tenant;
  struct bulla_span entry;
  if (bulla_span_equal(record->entry, bulla_text(value))) {
    return true;
  }
  return bulla_word_split(&tenant, &entry, value, '/') && bulla_span_equal(record->tenant, tenant) &&
         bulla_span_equal(record->entry, entry);
}

static struct bulla_span text_of(const struct bulla_audit_record *record, size_t option) {
  const struct bulla_span texts[NUM_TEXT_OPTIONS] = {record->tenant, record->entry, record->actor, record->op,
                                                     record->outcome};
  return texts[option];
}

/* Whether |value| of an option is what |record| has. */
static bool fits_value(const struct bulla_audit_record *record, size_t option, const char *value) {
  const char *name = text_options[option];
  if (strcmp(name, "entry") == 0) {
    return is_entry(record, value);
  }
  return strcmp(name, "actor") == 0 ? bulla_audit_is_by(record, bulla_text(value))
                                    : bulla_span_equal(text_of(record, option), bulla_text(value));
}

/* Whether one of the values of an option fits, or there is none. */
static bool fits(const struct bulla_audit_filter *filter, const struct bulla_audit_record *record, size_t option) {
  const char *name = text_options[option];
  const char *value;
  size_t at = 0;
  bool given = false;
  while (bulla_option_next(filter->cli, name, &at, &value)) {
    given = true;
    if (fits_value(record, option, value)) {
      return true;
    }
  }
  return !given;
}

bool bulla_audit_filter_fits(const struct bulla_audit_filter *filter, const struct bulla_audit_record *record) {
  for (size_t option = 0; option < NUM_TEXT_OPTIONS; option++) {
    if (!fits(filter, record, option)) {
      return false;
    }
  }
  return true;
}

bool bulla_audit_filter_is_empty(const struct bulla_audit_filter *filter) {
  size_t num = 0;
  for (size_t option = 0; option < NUM_TEXT_OPTIONS; option++) {
    num += bulla_option_count(filter->cli, text_options[option]);
  }
  return num == 0 && !filter->is_timed;
}

/* Ends a walk at the first record. */
static enum bulla_status found_one(void *arg, const struct bulla_audit_record *record) {
  (void)arg;
  (void)record;
  return BULLA_EXISTS;
}

enum bulla_status bulla_audit_filter_tenants(const struct bulla_audit_filter *filter, struct bulla_cli *cli,
                                             struct bulla_vault *vault) {
  const char *value;
  size_t at = 0;
  while (bulla_option_next(filter->cli, "tenant", &at, &value)) {
    struct bulla_span tenant = bulla_text(value);
    bulla_session_at_tenant(cli, tenant, "--tenant");
    enum bulla_status status = bulla_session_tenant(cli, vault, tenant);
    /* A tenant that was removed still has its records. */
    if (status == BULLA_NOT_FOUND && bulla_vault_audit_log(vault, INT64_MIN, tenant, found_one, NULL) == BULLA_EXISTS) {
      continue;
    }
    BULLA_TRY(status);
  }
  return BULLA_OK;
}
