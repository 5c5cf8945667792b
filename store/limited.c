/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/limited.h. */

#include "store/limited.h"

#include <stdio.h>

#define OUTCOME_LIMITED BULLA_LITERAL("limited")

/* Appends a record of how many calls the bucket of |subject| has refused. */
static enum bulla_status tell_number(struct bulla_change *change, const struct bulla_limit_subject *subject) {
  static const char *const kinds[] = {"", "use", "change", "miss"};
  char number[sizeof("9223372036854775807")];
  struct bulla_span name = bulla_span(subject->name, subject->name_len);
  const struct bulla_who who = {.actor = subject->scope == BULLA_LIMIT_ACTOR ? name : BULLA_LITERAL("bulla"),
                                .origin = subject->scope == BULLA_LIMIT_ORIGIN ? name : bulla_span(NULL, 0)};
  int len = snprintf(number, sizeof(number), "%lld", (long long)subject->now.tell);
  struct bulla_audit_record record = bulla_audit_record(
      &who, BULLA_LITERAL("limit-refused"), subject->scope == BULLA_LIMIT_TENANT ? name : bulla_span(NULL, 0),
      bulla_span((const uint8_t *)kinds[subject->kind], strlen(kinds[subject->kind])));
  record.field = bulla_span((const uint8_t *)number, len > 0 ? (size_t)len : 0);
  record.outcome = OUTCOME_LIMITED;
  return bulla_change_append(change, &record);
}

enum bulla_status bulla_limited_tell(struct bulla_change *change, const struct bulla_limit_claim *claim,
                                     struct bulla_audit_record *record) {
  struct bulla_limits *limits = &change->vault->limits;
  if (!limits->has_to_tell) {
    return BULLA_OK;
  }
  limits->has_to_tell = false;
  for (struct bulla_limit_subject *subject = limits->subjects.touched; subject != NULL;
       subject = subject->next_touched) {
    if (subject->now.tell == 1 && claim != NULL && claim->by == subject) {
      record->outcome = OUTCOME_LIMITED;
      BULLA_TRY(bulla_change_append(change, record));
    } else if (subject->now.tell > 0) {
      BULLA_TRY(tell_number(change, subject));
    }
    subject->now.tell = 0;
  }
  return BULLA_OK;
}

static enum bulla_status read_rules(struct bulla_limits *limits) {
  struct bulla_statement rules BULLA_CLEANUP(bulla_statement_end) = {.db = NULL};
  bulla_limits_begin(limits, true);
  bulla_limits_ask(limits, &rules);
  return bulla_limits_read(limits, &rules);
}

enum bulla_status bulla_limited_begin(struct bulla_change *change, struct bulla_vault *vault,
                                      const struct bulla_who *who, enum bulla_db_intent intent, struct bulla_span op,
                                      const struct bulla_place *place) {
  struct bulla_audit_record record = bulla_audit_record(who, op, place->tenant, place->entry);
  struct bulla_limit_claim claim = {.record = &record};
  struct bulla_limit_claim *refused;
  BULLA_TRY(bulla_change_begin(change, vault, who, intent));
  BULLA_TRY(read_rules(&vault->limits));
  enum bulla_status status = bulla_limits_claim(&vault->limits, &refused, &claim, BULLA_LIMIT_CHANGE);
  if (status != BULLA_OK && status != BULLA_LIMITED) {
    return status;
  }
  BULLA_TRY(bulla_limited_tell(change, status == BULLA_OK ? NULL : &claim, &record));
  if (status == BULLA_OK) {
    return BULLA_OK;
  }
  if (!bulla_change_has_records(change)) {
    bulla_limits_settle(&vault->limits, BULLA_LIMIT_NOTHING);
    return BULLA_LIMITED;
  }
  BULLA_TRY(bulla_change_commit(change));
  return BULLA_LIMITED;
}
