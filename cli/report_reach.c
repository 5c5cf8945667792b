/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_reach.h. */

#include "cli/report_reach.h"

#include "cli/when.h"

#define SECOND INT64_C(1000000)

static enum bulla_status take_actor(void *arg, const struct bulla_actor_view *actor) {
  struct bulla_reach *reach = (struct bulla_reach *)arg;
  reach->has_key = reach->has_key || bulla_span_equal(actor->name, reach->name);
  return BULLA_OK;
}

static enum bulla_status get_tenant(struct bulla_reach_tenant **tenant, struct bulla_reach *reach,
                                    struct bulla_span name) {
  void *item;
  BULLA_TRY(bulla_report_table_get(&item, &reach->tenants, name));
  *tenant = (struct bulla_reach_tenant *)item;
  return item != NULL ? BULLA_OK : BULLA_TOO_LARGE;
}

static enum bulla_status take_grant(void *arg, const struct bulla_grant_view *grant) {
  struct bulla_reach *reach = (struct bulla_reach *)arg;
  struct bulla_reach_tenant *tenant = NULL;
  if (!grant->is_for_all) {
    if (grant->tenant.len == 0) {
      return BULLA_OK; /* it was shredded: nothing opens what it had */
    }
    BULLA_TRY(get_tenant(&tenant, reach, grant->tenant));
  }
  struct bulla_reach_roles *roles = tenant != NULL ? &tenant->roles : &reach->of_all;
  *(grant->has_ended ? &roles->ended : &roles->given) |= 1U << grant->role;
  return BULLA_OK;
}

static enum bulla_status take_version(void *arg, const struct bulla_version_view *version) {
  struct bulla_reach *reach = (struct bulla_reach *)arg;
  struct bulla_reach_tenant *tenant;
  if (!version->is_due || !bulla_span_equal(version->state, BULLA_LITERAL("active"))) {
    return BULLA_OK;
  }
  BULLA_TRY(get_tenant(&tenant, reach, version->tenant));
  tenant->is_due = true;
  return BULLA_OK;
}

enum bulla_status bulla_reach_take(struct bulla_reach *reach, struct bulla_vault *vault, struct bulla_span name) {
  *reach = (struct bulla_reach){.name = name};
  reach->tenants = bulla_report_table(sizeof(struct bulla_reach_tenant), BULLA_REPLAY_MAX);
  BULLA_TRY(bulla_vault_actor_list(vault, take_actor, reach));
  if (!reach->has_key) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_vault_grant_list(vault, name, take_grant, reach));
  return bulla_vault_versions(vault, bulla_span(NULL, 0), take_version, reach);
}

void bulla_reach_free(struct bulla_reach *reach) {
  bulla_report_table_free(&reach->tenants);
}

static struct bulla_reach_roles roles_on(const struct bulla_reach *reach, const struct bulla_reach_tenant *tenant) {
  struct bulla_reach_roles roles = reach->of_all;
  roles.given |= tenant != NULL ? tenant->roles.given : 0;
  roles.ended |= tenant != NULL ? tenant->roles.ended : 0;
  return roles;
}

bool bulla_reach_had(const struct bulla_reach *reach, struct bulla_span tenant, enum bulla_role role) {
  const void *item = bulla_report_table_find(&reach->tenants, tenant);
  struct bulla_reach_roles roles = roles_on(reach, (const struct bulla_reach_tenant *)item);
  return ((roles.given | roles.ended) & (1U << role)) != 0;
}

bool bulla_reach_has(const struct bulla_reach *reach, const struct bulla_replay *replay, struct bulla_span tenant,
                     enum bulla_role role, int64_t time) {
  const void *item = bulla_report_table_find(&reach->tenants, tenant);
  const struct bulla_reach_tenant *on = (const struct bulla_reach_tenant *)item;
  unsigned bit = 1U << role;
  struct bulla_reach_roles roles = roles_on(reach, on);
  if ((roles.given & bit) != 0 || (roles.ended & bit) == 0) {
    return (roles.given & bit) != 0;
  }
  int64_t rotated = bulla_replay_rotated(replay, tenant);
  /* Where the log does not say when the role ended, it does not say that the keys are newer either. */
  rotated = replay->ended != 0 ? rotated : 0;
  return (on != NULL && on->is_due) || rotated == 0 || time <= bulla_when_floor(rotated, SECOND);
}
