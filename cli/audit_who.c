/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/audit_who.h. */

#include "cli/audit_who.h"

#include "core/cursor.h"

struct bulla_span bulla_audit_who(const struct bulla_audit_record *record) {
  return record->proven.len > 0 ? record->proven : record->actor;
}

bool bulla_audit_is_by(const struct bulla_audit_record *record, struct bulla_span name) {
  return bulla_span_equal(record->proven, name) || bulla_span_equal(record->actor, name);
}
