/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The fields of an entry in the model of a vault, with their former revisions. */

#ifndef BULLA_FUZZ_VAULT_FIELDS_H
#define BULLA_FUZZ_VAULT_FIELDS_H

#include "fuzz/vault_model.h"

/* fuzz_field_put gives |field| its next revision. */
void fuzz_field_put(struct fuzz_field *field, struct fuzz_value value);

/* fuzz_field_seal has all of |field| that is secret sealed under |version|, also of its past. */
void fuzz_field_seal(struct fuzz_field *field, uint8_t version);

/* fuzz_field_former returns the revision of |field| that |call| restores: one of the last, or else the first. */
int64_t fuzz_field_former(const struct fuzz_field *field, const struct fuzz_call *call);

/* fuzz_fields_match says whether the entry shows what |model| has, also of the past. Nothing in it may fail. */
bool fuzz_fields_match(const struct fuzz_model *model, struct bulla_vault *vault, int tenant, int entry);

#endif
