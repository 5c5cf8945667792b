/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The versions of tenants' secrets in the model of a vault: which there are, and what is sealed under which. */

#ifndef BULLA_FUZZ_VAULT_VERSIONS_H
#define BULLA_FUZZ_VAULT_VERSIONS_H

#include "fuzz/vault_model.h"

/* What is sealed: fields as they are, former revisions, token roots. */
enum fuzz_sealed { FUZZ_SEALED_FIELDS, FUZZ_SEALED_PAST, FUZZ_SEALED_APIKEYS, FUZZ_NUM_SEALED };

/* fuzz_versions_is_old says whether |version| of |tenant| is decrypt-only. */
bool fuzz_versions_is_old(const struct fuzz_model *model, uint8_t tenant, uint8_t version);

/* fuzz_versions_count returns how much is sealed under |version| of |tenant|. If |renews|, it is sealed anew. */
int64_t fuzz_versions_count(struct fuzz_model *model, uint8_t tenant, uint8_t version, enum fuzz_sealed kind,
                            bool renews);

/* fuzz_versions_num returns how much that is in all. */
int64_t fuzz_versions_num(const struct fuzz_model *model, uint8_t tenant, uint8_t version);

/* fuzz_versions_rows returns how much is sealed under all that are decrypt-only, fuzz_versions_unused how many there
 * are under which nothing is. */
int64_t fuzz_versions_rows(const struct fuzz_model *model, uint8_t tenant);
int64_t fuzz_versions_unused(const struct fuzz_model *model, uint8_t tenant);

/* fuzz_versions_match says whether |vault| has the versions of |tenant| that |model| has. Nothing in it may fail. */
bool fuzz_versions_match(const struct fuzz_model *model, struct bulla_vault *vault, uint8_t tenant);

#endif
