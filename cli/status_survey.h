/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is due in a vault, counted: for status and for doctor. Times are in seconds since 1970-01-01 UTC. */

#ifndef BULLA_CLI_STATUS_SURVEY_H
#define BULLA_CLI_STATUS_SURVEY_H

#include <bulla/store.h>

#include "core/cleanup.h"

enum {
  BULLA_SURVEY_DAY = 86400,
  BULLA_SURVEY_DUE_DAYS = 90, /* a version that is active for longer is due, unless --due says otherwise */
  BULLA_SURVEY_SOON_DAYS =
      30, /* how long before its date a secret is told, and how old an anchor and a backup may be */
};

struct bulla_survey {
  int64_t now;
  int64_t due_before; /* an active version that was made by then is due */
  int64_t num_due;    /* active versions that are, or that are known by an ended grant */
  int64_t num_known;  /* versions that are, active and decrypt-only */
  int64_t num_known_apikeys;
  int64_t num_former;   /* decrypt-only versions */
  int64_t num_left;     /* values and API keys under them */
  int64_t num_secrets;  /* fields */
  int64_t num_expired;  /* secrets past their date, canaries aside */
  int64_t num_expiring; /* within BULLA_SURVEY_SOON_DAYS */
  int64_t num_canaries;
  int64_t num_roots;
  bool has_recipient; /* among the roots */
};

/* bulla_survey_begin fills |survey| with the time and nothing counted. */
void bulla_survey_begin(struct bulla_survey *survey);

/* bulla_survey_take counts |tenant|, or all if it is empty. Returns the statuses of the walks. */
BULLA_NODISCARD enum bulla_status bulla_survey_take(struct bulla_survey *survey, struct bulla_vault *vault,
                                                    struct bulla_span tenant);

/* bulla_survey_sees_all sets |*all| to whether the login sees all of the log, and not the records of one tenant. */
BULLA_NODISCARD enum bulla_status bulla_survey_sees_all(bool *all, struct bulla_vault *vault);

/* bulla_survey_is_due returns whether the version is active and due, by its age or because it is known. */
bool bulla_survey_is_due(const struct bulla_survey *survey, const struct bulla_version_view *version);

/* bulla_survey_is_former returns whether the version is decrypt-only. */
bool bulla_survey_is_former(const struct bulla_version_view *version);

/* bulla_survey_num_left returns how much is sealed under the version. */
static inline int64_t bulla_survey_num_left(const struct bulla_version_view *version) {
  return version->num_fields + version->num_past + version->num_apikeys;
}

/* bulla_survey_expires returns whether the date of |secret| is over or near. */
bool bulla_survey_expires(const struct bulla_survey *survey, const struct bulla_secret_view *secret);

/* bulla_survey_days returns how many whole days lie between |then| and now, 0 if it is to come. */
int64_t bulla_survey_days(const struct bulla_survey *survey, int64_t then);

#endif
