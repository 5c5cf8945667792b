/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A column that is a name, apart from store/columns.h: that looks up actors, whose rows have one. */

#ifndef BULLA_STORE_COLUMN_NAME_H
#define BULLA_STORE_COLUMN_NAME_H

#include "store/db.h"
#include "store/names.h"

/* bulla_column_name is bulla_column_text for a name: anything but a name makes the row bad. */
static inline struct bulla_span bulla_column_name(struct bulla_statement *statement) {
  struct bulla_span name = bulla_column_text(statement, BULLA_NAME_MAX);
  if (bulla_name_check(name) != BULLA_OK) {
    statement->bad = true;
    return bulla_span(NULL, 0);
  }
  return name;
}

#endif
