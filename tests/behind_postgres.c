/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/behind_postgres.h. */

#include "tests/behind_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support.h"

static char database[64];

bool postgres_is_tested(void) {
  return getenv("BULLA_TEST_POSTGRES") != NULL;
}

#ifdef BULLA_TEST_LIBPQ
#include <libpq-fe.h>

static int64_t run_in(const char *name, const char *text) {
  char where[400];
  int64_t number = 0;
  (void)snprintf(where, sizeof(where), "%s%s", getenv("BULLA_TEST_PSQL"), name);
  PGconn *connection = PQconnectdb(where);
  cr_assert_eq(PQstatus(connection), CONNECTION_OK, "%s", PQerrorMessage(connection));
  PQclear(PQexec(connection, "SET client_min_messages = warning; SET search_path = bulla, public"));
  PGresult *result = PQexec(connection, text);
  ExecStatusType status = PQresultStatus(result);
  cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", text, PQerrorMessage(connection));
  if (PQntuples(result) > 0 && PQnfields(result) > 0) {
    number = strtoll(PQgetvalue(result, PQntuples(result) - 1, 0), NULL, 10);
  }
  PQclear(result);
  PQfinish(connection);
  return number;
}
#else
static int64_t run_in(const char *name, const char *text) {
  cr_assert(false, "libpq is missing: %s, %s", name, text);
  return 0;
}
#endif

void postgres_make(char *url, unsigned long size) {
  char text[200];
  (void)snprintf(database, sizeof(database), "t%ld", (long)getpid());
  (void)snprintf(text, sizeof(text), "CREATE DATABASE %s TEMPLATE template0", database);
  (void)run_in("postgres", text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  (void)snprintf(url, size, getenv("BULLA_TEST_POSTGRES"), database);
#pragma GCC diagnostic pop
}

void postgres_drop(void) {
  char text[200];
  (void)snprintf(text, sizeof(text), "DROP DATABASE %s WITH (FORCE)", database);
  (void)run_in("postgres", text);
}

int64_t postgres_run(const char *text) {
  return run_in(database, text);
}
