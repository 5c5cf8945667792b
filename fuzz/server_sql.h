/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the server of fuzz/server.h answers to a statement: most by SQLite, in a transaction that is undone with the
 * input. */

#ifndef BULLA_FUZZ_SERVER_SQL_H
#define BULLA_FUZZ_SERVER_SQL_H

#include "core/cursor.h"

enum { FUZZ_PARAMETERS = 12, FUZZ_COLUMNS = 24, FUZZ_SERVER_PID = 4711 };

/* A parameter: its type, as pg_type has it, and its bytes; without data it is NULL. */
struct fuzz_parameter {
  uint32_t type;
  struct bulla_span bytes;
};

struct fuzz_answer {
  const char *state; /* SQLSTATE of an error, or NULL */
  char tag[32];
  bool has_rows;
  bool is_catalogue;
  size_t num_columns;
  uint32_t types[FUZZ_COLUMNS];
  struct bulla_buffer rows; /* the body of each with its length */
};

/* Of one connection: which statements of its transaction there were. */
enum fuzz_transaction { FUZZ_IDLE, FUZZ_OPEN, FUZZ_FAILED };

/* fuzz_sql_set_up opens the database; fuzz_sql_begin undoes all that was done since. */
void fuzz_sql_set_up(void);
void fuzz_sql_begin(void);

/* fuzz_sql_run runs one statement. Its answer is written to |answer|, whose rows have room already: they are |binary|,
 * or texts. */
void fuzz_sql_run(struct fuzz_answer *answer, enum fuzz_transaction *transaction, struct bulla_span text,
                  const struct fuzz_parameter *parameters, size_t num, bool binary);

/* fuzz_sql_undo ends the transaction of a connection that is gone. */
void fuzz_sql_undo(enum fuzz_transaction *transaction);

/* fuzz_sql_num_records returns how many records are in the database. */
int64_t fuzz_sql_num_records(void);

/* fuzz_sql_begins says whether |text| begins with |word|. */
bool fuzz_sql_begins(struct bulla_span text, const char *word);

#endif
