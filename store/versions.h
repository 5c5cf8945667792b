/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The versions of tenants' secrets, and how much is sealed under each. */

#ifndef BULLA_STORE_VERSIONS_H
#define BULLA_STORE_VERSIONS_H

#include "store/names.h"
#include "store/vault.h"

/* What is sealed under a secret. */
struct bulla_version_rows {
  int64_t created;    /* as the database says, seconds */
  int64_t num_values; /* revisions of fields */
  int64_t num_apikeys;
};

/* bulla_version_count counts the rows of the secret |id| of |tenant|. Returns BULLA_REFUSED if it has no row. */
BULLA_NODISCARD enum bulla_status bulla_version_count(struct bulla_version_rows *rows, struct bulla_vault *vault,
                                                      const struct bulla_tenant *tenant, struct bulla_span id);

/* bulla_version_num_rows returns all of them. */
int64_t bulla_version_num_rows(const struct bulla_version_rows *rows);

/* bulla_versions_next sets |*owner| to the tenant whose name comes after that of |walked|, or to NULL, and moves
 * |walked| there. If |only| is not empty, there is none but that tenant: BULLA_NOT_FOUND. The caller has the vault. */
BULLA_NODISCARD enum bulla_status bulla_versions_next(const struct bulla_tenant **owner, struct bulla_walked *walked,
                                                      struct bulla_vault *vault, struct bulla_span only);

/* The secrets of a tenant that are decrypt-only, by their versions. */
struct bulla_old_versions {
  char name[BULLA_NAME_MAX];
  struct bulla_span tenant; /* empty: there is none left */
  size_t num;
  int64_t versions[BULLA_SECRETS_MAX];
  int64_t num_posted; /* values under the active one that actors have put (store/posting.h) */
};

/* bulla_versions_next_old fills |old| for the next tenant, as bulla_versions_next finds it, and sets |*num_rows| to how
 * many are sealed under those versions. It locks the vault. */
BULLA_NODISCARD enum bulla_status bulla_versions_next_old(struct bulla_old_versions *old, int64_t *num_rows,
                                                          struct bulla_walked *walked, struct bulla_vault *vault,
                                                          struct bulla_span only);

/* bulla_version_find_old returns the index of |version| in the statement of |tenant|, if it is decrypt-only, or
 * num_secrets. */
size_t bulla_version_find_old(const struct bulla_tenant *tenant, int64_t version);

#endif
