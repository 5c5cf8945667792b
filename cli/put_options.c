/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/put_options.h. What is not given stays 0: the store keeps what the field has. */

#include "cli/put_options.h"

#include <string.h>
#include <time.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/when.h"
#include "cli/word.h"

enum { DAYS_MAX = 36500 };

/* Reads "+90d", so many days from now, or YYYY-MM-DD, the beginning of that day, UTC. */
static bool read_day(int64_t *expires, const char *text) {
  bool from_now = text[0] == '+';
  const char *at = text + 1;
  int64_t days = 0;
  bool good = from_now ? bulla_word_digits(&days, &at) && strcmp(at, "d") == 0 && days <= DAYS_MAX
                       : bulla_when_date(&days, text);
  if (!good || days <= 0) {
    return false;
  }
  *expires = days * BULLA_SECONDS_PER_DAY + (from_now ? (int64_t)time(NULL) : 0);
  return true;
}

static enum bulla_status read_expires(struct bulla_cli *cli, int64_t *expires) {
  const char *text = bulla_option_value(cli, "expires");
  if (text == NULL) {
    return BULLA_OK;
  }
  if (strcmp(text, "never") == 0) {
    *expires = BULLA_EXPIRES_NEVER;
    return BULLA_OK;
  }
  return read_day(expires, text)
             ? BULLA_OK
             : bulla_cli_usage(cli, "--expires takes a day as 2030-01-31, days from now as +90d, or never");
}

/* Reads --mask, --padding, --expires and --canary. */
static enum bulla_status read_traits(struct bulla_cli *cli, struct bulla_field *given) {
  static const char *const masks[] = {"none", "last4", "fixed", NULL}; /* in the order of enum bulla_mask_policy */
  static const char *const paddings[] = {"buckets", "none", NULL};     /* and of enum bulla_padding */
  int mask = -1;
  int padding = -1;
  BULLA_TRY(bulla_option_choice(cli, "mask", masks, &mask));
  BULLA_TRY(bulla_option_choice(cli, "padding", paddings, &padding));
  BULLA_TRY(read_expires(cli, &given->expires));
  given->mask = (uint8_t)(mask + 1);
  given->padding = (uint8_t)(padding + 1);
  given->canary = bulla_option_count(cli, "canary") > 0 ? 1 : 0;
  return BULLA_OK;
}

static enum bulla_status read_revision(struct bulla_cli *cli, int64_t *revision) {
  bool is_new = bulla_option_count(cli, "new") > 0;
  if (bulla_option_count(cli, "if-revision") == 0) {
    *revision = is_new ? BULLA_REVISION_NONE : 0;
    return BULLA_OK;
  }
  if (is_new) {
    return bulla_cli_usage(cli, "--new and --if-revision exclude each other");
  }
  BULLA_TRY(bulla_option_number(cli, "if-revision", revision));
  *revision = *revision == 0 ? BULLA_REVISION_NONE : *revision;
  return BULLA_OK;
}

enum bulla_status bulla_put_options_apply(struct bulla_cli *cli, struct bulla_field *fields, size_t num_fields) {
  struct bulla_field given = {.secret = true};
  bool has_secret = false;
  BULLA_TRY(read_traits(cli, &given));
  BULLA_TRY(read_revision(cli, &given.if_revision));
  for (size_t i = 0; i < num_fields; i++) {
    fields[i].if_revision = given.if_revision;
    if (fields[i].secret) {
      has_secret = true;
      fields[i].mask = given.mask;
      fields[i].padding = given.padding;
      fields[i].canary = given.canary;
      fields[i].expires = given.expires;
    }
  }
  bool has_traits = given.mask != 0 || given.padding != 0 || given.canary != 0 || given.expires != 0;
  return has_secret || !has_traits
             ? BULLA_OK
             : bulla_cli_usage(cli, "--mask, --padding, --expires and --canary are for secrets: give one");
}
