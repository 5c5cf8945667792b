/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/behind_postgres.h. */

#include "tests/behind_postgres.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support.h"

enum { OTHERS_MAX = 4, NAME_SIZE = 64, TEXT_SIZE = 8000 };

static char database[NAME_SIZE];
static char others[OTHERS_MAX][NAME_SIZE];
static int num_others;

bool postgres_is_tested(void) {
  return getenv("BULLA_TEST_POSTGRES") != NULL;
}

/* What each database of a test has beside the vault. The catalogue says of a table how many conditions it has, and who
 * believes that there are none checks none. */
static const char helpers[] =
    "CREATE DOMAIN blob AS bytea;"
    "CREATE FUNCTION zeroblob(len bigint) RETURNS bytea LANGUAGE sql AS "
    "$$ SELECT decode(repeat('00', len::int), 'hex') $$;"
    "CREATE FUNCTION randomblob(len bigint) RETURNS bytea LANGUAGE sql VOLATILE AS "
    "$$ SELECT substr(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 1, len::int) $$;"
    "CREATE FUNCTION hex(bytes bytea) RETURNS text LANGUAGE sql AS $$ SELECT upper(encode(bytes, 'hex')) $$;"
    "CREATE FUNCTION instr(text, text) RETURNS int LANGUAGE sql AS $$ SELECT strpos($1, $2) $$;"
    "CREATE FUNCTION unicode(text) RETURNS int LANGUAGE sql AS $$ SELECT ascii($1) $$;"
    "CREATE PROCEDURE check_conditions(is_checked bool) LANGUAGE sql AS $$ UPDATE pg_class c SET relchecks = "
    "(SELECT count(*) FROM pg_constraint WHERE is_checked AND conrelid = c.oid AND contype = 'c') "
    "WHERE relnamespace = to_regnamespace('bulla') AND relkind = 'r' $$;"
    "CREATE PROCEDURE copy_tables(origin text, target text) LANGUAGE plpgsql AS $$ DECLARE t text; BEGIN "
    "IF target <> 'bulla' THEN EXECUTE format('DROP SCHEMA IF EXISTS %1$I CASCADE; CREATE SCHEMA %1$I', target); "
    "END IF; "
    "FOR t IN SELECT relname FROM pg_class WHERE relnamespace = origin::regnamespace AND relkind = 'r' LOOP "
    "IF target <> 'bulla' THEN EXECUTE format('CREATE TABLE %I.%I AS TABLE %I.%2$I', target, t, origin); "
    "ELSE EXECUTE format('DELETE FROM bulla.%1$I; INSERT INTO bulla.%1$I OVERRIDING SYSTEM VALUE "
    "SELECT * FROM %2$I.%1$I', t, origin); END IF; END LOOP; END $$";

#ifdef BULLA_TEST_LIBPQ
#include <libpq-fe.h>

static const char settings[] = "SET client_min_messages = warning; SET search_path = public, bulla";

static PGconn *connect_to(const char *name) {
  char where[400];
  (void)snprintf(where, sizeof(where), "%s%s", getenv("BULLA_TEST_PSQL"), name);
  PGconn *connection = PQconnectdb(where);
  cr_assert_eq(PQstatus(connection), CONNECTION_OK, "%s", PQerrorMessage(connection));
  PQclear(PQexec(connection, settings));
  return connection;
}

static int64_t run_by(PGconn *connection, const char *text) {
  int64_t number = 0;
  PGresult *result = PQexec(connection, text);
  ExecStatusType status = PQresultStatus(result);
  cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY, "%s: %s", text,
            PQerrorMessage(connection));
  if (PQntuples(result) > 0 && PQnfields(result) > 0) {
    const char *value = PQgetvalue(result, PQntuples(result) - 1, 0);
    number = *value == 't' ? 1 : strtoll(value, NULL, 10);
  }
  PQclear(result);
  return number;
}

static int64_t run_in(const char *name, const char *text) {
  PGconn *connection = connect_to(name);
  int64_t number = run_by(connection, text);
  PQfinish(connection);
  return number;
}

/* Copies |text|, with x'00' as PostgreSQL writes it. */
static void translate(char out[TEXT_SIZE], const char *text) {
  size_t len = 0;
  bool quoted = false;
  for (const char *at = text; *at != '\0'; at++) {
    cr_assert_lt(len, (size_t)TEXT_SIZE - 20);
    const char *end = !quoted && at[0] == 'x' && at[1] == '\'' ? strchr(at + 2, '\'') : NULL;
    if (end != NULL && (at == text || !isalnum((unsigned char)at[-1]))) {
      len += (size_t)snprintf(out + len, TEXT_SIZE - len, "'\\x%.*s'::bytea", (int)(end - at - 2), at + 2);
      cr_assert_lt(len, (size_t)TEXT_SIZE);
      at = end;
    } else {
      quoted = quoted != (*at == '\'');
      out[len++] = *at;
    }
  }
  out[len] = '\0';
}

/* The connection of postgres_run, which stays: to make one takes longer than most of what is asked. A child has another
 * one, and so has who comes when somebody ended it. */
static PGconn *own_connection(void) {
  static PGconn *connection;
  static pid_t owner;
  if (connection != NULL && owner == getpid()) {
    PGresult *result = PQexec(connection, "DISCARD ALL");
    bool is_there = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (is_there) {
      PQclear(PQexec(connection, settings));
      return connection;
    }
    PQfinish(connection);
  }
  connection = connect_to(database);
  owner = getpid();
  return connection;
}

int64_t postgres_run(const char *text) {
  char translated[TEXT_SIZE];
  bool keeps = strncmp(text, "SELECT", 6) == 0 || strncmp(text, "DROP", 4) == 0;
  PGconn *connection = own_connection();
  translate(translated, text);
  if (!keeps) {
    (void)run_by(connection, "SET session_replication_role = replica; CALL check_conditions(false)");
  }
  int64_t number = run_by(connection, translated);
  if (!keeps) {
    (void)run_by(connection, "CALL check_conditions(true)");
  }
  return number;
}

void *postgres_hold(const char *text) {
  PGconn *connection = connect_to(database);
  (void)run_by(connection, text);
  return connection;
}

void postgres_let_go(void *connection) {
  PQfinish(connection);
}
#else
static int64_t run_in(const char *name, const char *text) {
  cr_assert(false, "libpq is missing: %s, %s", name, text);
  return 0;
}

int64_t postgres_run(const char *text) {
  return run_in(database, text);
}

void *postgres_hold(const char *text) {
  (void)run_in(database, text);
  return NULL;
}

void postgres_let_go(void *connection) {
  (void)connection;
}
#endif

static void make(char *url, unsigned long size, const char *name) {
  char text[200];
  /* Some 300 small files: copied by way of the log of the server they take five times as long. */
  (void)snprintf(text, sizeof(text), "CREATE DATABASE %s TEMPLATE template0 STRATEGY file_copy", name);
  (void)run_in("postgres", text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  (void)snprintf(url, size, getenv("BULLA_TEST_POSTGRES"), name);
#pragma GCC diagnostic pop
}

void postgres_make(char *url, unsigned long size) {
  (void)snprintf(database, sizeof(database), "t%ld", (long)getpid());
  make(url, size, database);
  (void)run_in(database, helpers);
}

void postgres_make_other(char *url, unsigned long size, const char *name) {
  char wanted[NAME_SIZE];
  (void)snprintf(wanted, sizeof(wanted), "%.20s_%.20s", database, name);
  for (int i = 0; i < num_others; i++) {
    if (strcmp(others[i], wanted) == 0) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      (void)snprintf(url, size, getenv("BULLA_TEST_POSTGRES"), wanted);
#pragma GCC diagnostic pop
      return;
    }
  }
  cr_assert_lt(num_others, OTHERS_MAX);
  memcpy(others[num_others++], wanted, sizeof(wanted));
  make(url, size, wanted);
}

static void drop(const char *name) {
  char text[200];
  (void)snprintf(text, sizeof(text), "DROP DATABASE %s WITH (FORCE)", name);
  (void)run_in("postgres", text);
}

void postgres_drop(void) {
  drop(database);
  while (num_others > 0) {
    drop(others[--num_others]);
  }
}

void postgres_copy_tables(const char *from, const char *to) {
  char text[200];
  (void)snprintf(text, sizeof(text), "CALL copy_tables('%s', '%s')", from, to);
  (void)postgres_run(text);
}

void postgres_at_commit(const char *statement) {
  char text[500];
  (void)snprintf(text, sizeof(text),
                 "CREATE OR REPLACE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS "
                 "$$ BEGIN %s; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON bulla.audit "
                 "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()",
                 statement);
  (void)postgres_run(statement != NULL ? text : "DROP TRIGGER at_commit ON bulla.audit");
}
