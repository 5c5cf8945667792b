/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The mutator of hostile databases. */

#ifndef BULLA_FUZZ_MUTATE_VAULT_H
#define BULLA_FUZZ_MUTATE_VAULT_H

#include "fuzz/fuzz.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* fuzz_mutate_vault changes the |size| bytes of |data|, an input of vault_file, and returns the new size. Lists of
 * edits are changed as they are, as bytes; now and then one is carried out, and the input is then the database
 * that came of it. A database is changed where SQLite finds its way by it: file header, page headers, cell
 * pointers, cells. */
size_t fuzz_mutate_vault(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif
