/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What was said to a PostgreSQL server, said again by libpq: the same statements with the same parameters, and the
 * answers are waited for where they were. */

#ifndef BULLA_BENCH_SPOKEN_H
#define BULLA_BENCH_SPOKEN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOKEN_STEPS = 64, SPOKEN_PARAMETERS = 16 };

/* The types of the client's messages. SPOKEN_BIND stands for what runs a statement: Bind, Describe and Execute. */
enum spoken_kind { SPOKEN_QUERY = 'Q', SPOKEN_PARSE = 'P', SPOKEN_BIND = 'B', SPOKEN_FLUSH = 'H', SPOKEN_SYNC = 'S' };

/* Texts and values point into the bytes that were read. */
struct spoken_step {
  enum spoken_kind kind;
  const char *name; /* of the statement; "" has none */
  const char *text; /* of a query, or of the statement */
  int num_parameters;
  Oid types[SPOKEN_PARAMETERS];
  const char *values[SPOKEN_PARAMETERS];
  int lens[SPOKEN_PARAMETERS];
  int formats[SPOKEN_PARAMETERS];
  int result_format;
};

struct spoken {
  struct spoken_step steps[SPOKEN_STEPS];
  size_t num_steps;
  struct spoken_step prepared[SPOKEN_STEPS]; /* before the mark, and still there */
  size_t num_prepared;
};

/* spoken_read reads what was said on one connection, from its start; its steps are those behind the mark. Functions
 * here that can fail return NULL for success, or a text. */
const char *spoken_read(struct spoken *spoken, const uint8_t *bytes, size_t len, size_t marked);

/* spoken_equal returns whether the steps are the same but for the values of the parameters. */
bool spoken_equal(const struct spoken *one, const struct spoken *other);

/* spoken_prepare prepares on |connection| what the steps run by its name. */
const char *spoken_prepare(const struct spoken *spoken, PGconn *connection);

/* spoken_say says the steps. It fails if a change changed nothing. */
const char *spoken_say(const struct spoken *spoken, PGconn *connection);

#endif
