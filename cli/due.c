/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/due.h. */

#include "cli/due.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/error.h"
#include "cli/progress.h"
#include "cli/status_survey.h"

void bulla_due_free(struct bulla_due *due) {
  free(due->tenants);
  *due = (struct bulla_due){.tenants = NULL};
}

/* add keeps |name|, so that its tenant can be rotated when the walk is over. */
static enum bulla_status add(struct bulla_due *due, struct bulla_span name) {
  size_t num = (size_t)due->num_active;
  /* Room for twice as many, each time that they are a power of two. */
  if ((num & (num - 1)) == 0) {
    size_t room = num == 0 ? 1 : 2 * num;
    struct bulla_due_tenant *tenants =
        (struct bulla_due_tenant *)realloc(due->tenants, room * sizeof(struct bulla_due_tenant));
    if (tenants == NULL) {
      return BULLA_NO_MEMORY;
    }
    due->tenants = tenants;
  }
  (void)snprintf(due->tenants[num].name, sizeof(due->tenants[num].name), "%.*s", (int)name.len,
                 (const char *)name.data);
  due->num_active++;
  return BULLA_OK;
}

static enum bulla_status take(void *arg, const struct bulla_version_view *version) {
  struct bulla_due *due = (struct bulla_due *)arg;
  due->num_apikeys += version->is_due_apikeys ? version->num_apikeys : 0;
  if (!version->is_due) {
    return BULLA_OK;
  }
  if (bulla_span_equal(version->state, BULLA_LITERAL("active"))) {
    return add(due, version->tenant);
  }
  due->num_former++;
  return BULLA_OK;
}

enum bulla_status bulla_due_take(struct bulla_due *due, struct bulla_vault *vault) {
  BULLA_TRY(bulla_vault_directory(vault, &due->generation));
  return bulla_vault_versions(vault, bulla_span(NULL, 0), take, due);
}

/* rotate_one rotates a tenant. One that is gone meanwhile has no keys any more. */
static enum bulla_status rotate_one(struct bulla_cli *cli, struct bulla_due *due, struct bulla_vault *vault,
                                    const struct bulla_who *who, const char *tenant) {
  int64_t version = 0;
  enum bulla_status status = bulla_vault_rotate_tenant(vault, &version, who, bulla_text(tenant));
  due->num_rotated += status == BULLA_OK ? 1 : 0;
  if (status == BULLA_OK || status == BULLA_NOT_FOUND) {
    return BULLA_OK;
  }
  bulla_cli_at(cli, "tenant %s", tenant);
  return status == BULLA_TOO_LARGE
             ? bulla_cli_error(cli, status, "it has 32 versions: run bulla rewrap --destroy first, then bulla rotate")
             : status;
}

enum bulla_status bulla_due_rotate(struct bulla_cli *cli, struct bulla_due *due, struct bulla_vault *vault,
                                   const struct bulla_who *who) {
  struct bulla_due after = {.tenants = NULL};
  struct bulla_progress progress;
  enum bulla_status status = BULLA_OK;
  bool goes_on = true;
  bulla_progress_begin(&progress, "rotating", "tenants");
  for (int64_t i = 0; i < due->num_active && goes_on; i++) {
    enum bulla_status one = rotate_one(cli, due, vault, who, due->tenants[i].name);
    status = status == BULLA_OK ? one : status;
    goes_on = bulla_progress_goes_on(&progress, i + 1, due->num_active) || i + 1 == due->num_active;
  }
  bulla_progress_end(&progress);
  if (!goes_on) {
    cli->exit_status = 130;
    status = bulla_cli_error(cli, BULLA_BUSY, "ended by a signal: bulla status says which tenants are left");
  }
  after.num_rotated = due->num_rotated;
  enum bulla_status looked = bulla_due_take(&after, vault);
  bulla_due_free(due);
  *due = after;
  return status == BULLA_OK ? looked : status;
}

void bulla_due_print(const struct bulla_due *due) {
  if (due->num_rotated + due->num_active + due->num_former + due->num_apikeys > 0) {
    printf("of what grants that have ended, this and earlier ones, gave in all the vault:\n");
  }
  if (due->num_rotated > 0) {
    printf("%lld tenant%s new keys\n", (long long)due->num_rotated, due->num_rotated == 1 ? " has" : "s have");
  }
  if (due->num_active == 1) {
    printf("tenant %s has keys that are known: bulla rotate --tenant %s\n", due->tenants[0].name, due->tenants[0].name);
  } else if (due->num_active > 1) {
    printf("%lld tenants have keys that are known: bulla status names them, bulla actor revoke --now rotates them\n",
           (long long)due->num_active);
  }
  if (due->num_former + due->num_active > 0) {
    printf("what former keys have sealed is sealed anew by: bulla rewrap --destroy\n");
  }
  if (due->num_apikeys > 0) {
    printf("%lld API key%s known, which new keys of the vault do not help: bulla apikey revoke\n",
           (long long)due->num_apikeys, due->num_apikeys == 1 ? " is" : "s are");
  }
  printf("generation %lld: with BULLA_GENERATION=%lld an older copy of the vault is refused\n",
         (long long)due->generation, (long long)due->generation);
}
