/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/status_survey.h. */

#include "cli/status_survey.h"

#include <time.h>

#include "core/cursor.h"

#define DAY ((int64_t)BULLA_SURVEY_DAY)

void bulla_survey_begin(struct bulla_survey *survey) {
  *survey = (struct bulla_survey){.now = (int64_t)time(NULL)};
  survey->due_before = survey->now - BULLA_SURVEY_DUE_DAYS * DAY;
}

bool bulla_survey_is_due(const struct bulla_survey *survey, const struct bulla_version_view *version) {
  return bulla_span_equal(version->state, BULLA_LITERAL("active")) &&
         (version->is_due || version->created <= survey->due_before);
}

bool bulla_survey_is_former(const struct bulla_version_view *version) {
  return bulla_span_equal(version->state, BULLA_LITERAL("decrypt-only"));
}

/* Nobody replaces a canary. */
bool bulla_survey_expires(const struct bulla_survey *survey, const struct bulla_secret_view *secret) {
  return secret->expires > 0 && !secret->is_canary && secret->expires <= survey->now + BULLA_SURVEY_SOON_DAYS * DAY;
}

int64_t bulla_survey_days(const struct bulla_survey *survey, int64_t then) {
  return then < survey->now ? (survey->now - then) / DAY : 0;
}

static enum bulla_status skip_head(void *arg, const struct bulla_audit_head_view *head) {
  (void)arg;
  (void)head;
  return BULLA_OK;
}

enum bulla_status bulla_survey_sees_all(bool *all, struct bulla_vault *vault) {
  enum bulla_status status = bulla_vault_audit_heads(vault, skip_head, NULL);
  *all = status == BULLA_OK;
  return status == BULLA_NOT_PERMITTED ? BULLA_OK : status;
}

static enum bulla_status count_version(void *arg, const struct bulla_version_view *version) {
  struct bulla_survey *survey = (struct bulla_survey *)arg;
  survey->num_due += bulla_survey_is_due(survey, version) ? 1 : 0;
  survey->num_known += version->is_due ? 1 : 0;
  survey->num_known_apikeys += version->is_due_apikeys ? version->num_apikeys : 0;
  if (bulla_survey_is_former(version)) {
    survey->num_former++;
    survey->num_left += bulla_survey_num_left(version);
  }
  return BULLA_OK;
}

static enum bulla_status count_secret(void *arg, const struct bulla_secret_view *secret) {
  struct bulla_survey *survey = (struct bulla_survey *)arg;
  bool is_told = bulla_survey_expires(survey, secret);
  survey->num_secrets++;
  survey->num_canaries += secret->is_canary ? 1 : 0;
  survey->num_expired += is_told && secret->expires <= survey->now ? 1 : 0;
  survey->num_expiring += is_told && secret->expires > survey->now ? 1 : 0;
  return BULLA_OK;
}

static enum bulla_status count_root(void *arg, const struct bulla_root_view *root) {
  struct bulla_survey *survey = (struct bulla_survey *)arg;
  survey->num_roots++;
  survey->has_recipient = survey->has_recipient || bulla_span_equal(root->kind, BULLA_LITERAL("recipient"));
  return BULLA_OK;
}

enum bulla_status bulla_survey_take(struct bulla_survey *survey, struct bulla_vault *vault, struct bulla_span tenant) {
  BULLA_TRY(bulla_vault_versions(vault, tenant, count_version, survey));
  BULLA_TRY(bulla_vault_secrets(vault, tenant, count_secret, survey));
  return bulla_vault_root_list(vault, count_root, survey);
}
