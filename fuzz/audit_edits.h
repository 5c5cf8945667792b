/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Edits of the tables of an audit log, by SQL: cells changed or copied, records dropped, cut off, swapped, renumbered,
 * inserted, moved to another lane, the head put back to what it was, a second one put beside it, lanes made up. */

#ifndef BULLA_FUZZ_AUDIT_EDITS_H
#define BULLA_FUZZ_AUDIT_EDITS_H

#include <sqlite3.h>
#include <stdint.h>

enum { FUZZ_ROW_MAX = 1024 };

/* A record as SQL writes it, and the head after it. */
struct fuzz_moment {
  char row[FUZZ_ROW_MAX];
  char mac[80];
  char tag[80];
  char key[300];
};

/* One edit, as the input says. */
struct fuzz_audit_edit {
  sqlite3 *db;
  const struct fuzz_moment *moment; /* that of |row| */
  uint8_t what;
  int row;
  int other;
  uint8_t number;
};

void fuzz_audit_edit(const struct fuzz_audit_edit *asked);

#endif
