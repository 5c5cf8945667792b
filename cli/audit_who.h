/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Who did what a record of the log tells. */

#ifndef BULLA_CLI_AUDIT_WHO_H
#define BULLA_CLI_AUDIT_WHO_H

#include <bulla/store.h>

/* bulla_audit_who returns the name that is proven, of an actor with a key of its own, or else the one that was given.
 */
struct bulla_span bulla_audit_who(const struct bulla_audit_record *record);

/* bulla_audit_is_by returns whether |name| did it: by what is proven, or by what was given, also of a record of an
 * actor with a key of its own, which may have been asked to. */
bool bulla_audit_is_by(const struct bulla_audit_record *record, struct bulla_span name);

#endif
