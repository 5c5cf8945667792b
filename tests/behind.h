/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is behind an open vault: for tests and fuzzers, the one place that knows which back end it is. */

#ifndef BULLA_TESTS_BEHIND_H
#define BULLA_TESTS_BEHIND_H

#include <sqlite3.h>

#include "store/db_sqlite.h"
#include "store/vault.h"

/* behind_handle returns the connection of |vault|; whoever writes by it writes as the vault does. */
static inline struct sqlite3 *behind_handle(const struct bulla_vault *vault) {
  return ((const struct bulla_sqlite *)vault->db)->handle;
}

/* behind_turn returns its turn. */
static inline const struct bulla_turn *behind_turn(const struct bulla_vault *vault) {
  return &((const struct bulla_sqlite *)vault->db)->turn;
}

/* behind_run runs |text| on |handle|, and says whether that went well. */
static inline bool behind_run(struct sqlite3 *handle, const char *text) {
  return sqlite3_exec(handle, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* behind_is_idle says whether |vault| has no transaction open. */
static inline bool behind_is_idle(const struct bulla_vault *vault) {
  return sqlite3_get_autocommit(behind_handle(vault)) != 0;
}

#endif
