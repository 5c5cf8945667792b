/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What an actor could open with its key, by its grants: whoever has the key and a copy of the database needs no bulla,
 * and leaves no record. */

#ifndef BULLA_CLI_REPORT_REACH_H
#define BULLA_CLI_REPORT_REACH_H

#include "cli/report_replay.h"

/* What the roles are for: bits, of the roles by their numbers. */
struct bulla_reach_roles {
  unsigned given;
  unsigned ended;
};

struct bulla_reach_tenant {
  struct bulla_report_item item; /* the key is its name of now */
  struct bulla_reach_roles roles;
  bool is_due; /* what it seals now is known by an ended grant */
};

struct bulla_reach {
  struct bulla_span name; /* of the actor */
  bool has_key;           /* the name is that of an actor with a key of its own */
  struct bulla_reach_roles of_all;
  struct bulla_report_table tenants;
};

/* bulla_reach_take asks the vault, opened with a root, for the grants of |name|, also those that have ended.
 * bulla_reach_free frees |reach|, also after a failure. */
BULLA_NODISCARD enum bulla_status bulla_reach_take(struct bulla_reach *reach, struct bulla_vault *vault,
                                                   struct bulla_span name);

void bulla_reach_free(struct bulla_reach *reach);

/* bulla_reach_had returns whether the actor has or had |role| on |tenant|. */
bool bulla_reach_had(const struct bulla_reach *reach, struct bulla_span tenant, enum bulla_role role);

/* bulla_reach_has returns whether |role| gave the actor the keys of what |tenant| has sealed at |time|, in seconds. Of
 * a role that has ended these are all until the tenant has new keys. */
bool bulla_reach_has(const struct bulla_reach *reach, const struct bulla_replay *replay, struct bulla_span tenant,
                     enum bulla_role role, int64_t time);

#endif
