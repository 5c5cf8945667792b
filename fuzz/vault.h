/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the targets of the vault share: a vault whose database is in memory (fuzz/memory_vfs.h), under a root key
 * that is the same in every process, so that an input means the same everywhere. It is made and opened by
 * bulla_vault_create and bulla_vault_open, which find a file in place of the database in a folder of the process's
 * own, where the counter of generations lies too. Ids, keys and nonces are random as ever. */

#ifndef BULLA_FUZZ_VAULT_H
#define BULLA_FUZZ_VAULT_H

#include <bulla/store.h>

#include "fuzz/fuzz.h"

struct sqlite3;

/* AT(tenant, entry) and AT(tenant, entry, field) are places, for one call. */
#define AT(...) (&(const struct bulla_place){__VA_ARGS__})

/* Who does everything. */
extern const struct bulla_who fuzz_who;

/* fuzz_vault_set_up makes the folder, the root key and an empty vault. */
void fuzz_vault_set_up(void);

/* fuzz_vault_path returns where the database is, fuzz_vault_url what bulla calls it, fuzz_vault_folder the folder,
 * fuzz_vault_root the key. The provider of the root key is FUZZ_ROOT. */
const char *fuzz_vault_path(void);
const char *fuzz_vault_url(void);
const char *fuzz_vault_folder(void);
const struct bulla_root *fuzz_vault_root(void);
#define FUZZ_ROOT "env:BULLA_FUZZ_ROOT"
#define FUZZ_ROOT_DIGITS "b0a11ab0a11ab0a11ab0a11ab0a11ab0a11ab0a11ab0a11ab0a11ab0a11ab0a1"

/* fuzz_vault_image returns a copy of the database, which must be closed. The caller frees its bytes. */
struct bulla_buffer fuzz_vault_image(void);

/* fuzz_vault_load makes |image| the database, and the only file there is. A vault that is open, and idle, goes on
 * with it; it must be of the same root key and uuid. */
void fuzz_vault_load(struct bulla_span image);

/* fuzz_vault_open opens it, which must go well. */
struct bulla_vault *fuzz_vault_open(void);

/* fuzz_vault_forget makes |vault|, which is open and idle, one that has been opened just now, of whatever was loaded.
 */
void fuzz_vault_forget(struct bulla_vault *vault);

/* fuzz_vault_sql opens the file behind bulla's back, without any of its precautions. NULL if SQLite takes it for
 * none of its own. */
struct sqlite3 *fuzz_vault_sql(void);

/* fuzz_vault_edit runs SQL there, and says whether that went well. */
bool fuzz_vault_edit(struct sqlite3 *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* fuzz_vault_put puts one field, which must go well. */
void fuzz_vault_put(struct bulla_vault *vault, const char *tenant, const char *entry, const char *field,
                    struct bulla_span value, bool secret);

/* fuzz_vault_keep removes every file of the folder but for |num| of |names|. */
void fuzz_vault_keep(const char *const *names, size_t num);

/* fuzz_text returns the characters of |text| without the final NUL. */
static inline struct bulla_span fuzz_text(const char *text) {
  return bulla_span(text, strlen(text));
}

/* fuzz_next returns the next byte of the input, and 0 from its end on. */
static inline uint8_t fuzz_next(struct bulla_reader *input) {
  uint8_t byte = 0;
  (void)bulla_take_byte(input, &byte);
  return byte;
}

#endif
