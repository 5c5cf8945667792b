/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_postgres_rights.h. Rights are looked at column by column: what an actor may read of a field is not its
 * value. */

#include "store/db_postgres_rights.h"

#include <string.h>

#include "core/cleanup.h"

enum { NUM_LISTS = 3 };

/* The first few of |rights|, and how many more there are: of some columns if not of all. */
#define SOME_RIGHTS(that)                                                                                          \
  "(SELECT array_to_string((array_agg(name ORDER BY relation, privilege))[1:6], ', ') || "                         \
  "CASE WHEN count(*) > 6 THEN ', and ' || count(*) - 6 || ' more' ELSE '' END FROM (SELECT relation, privilege, " \
  "privilege || CASE WHEN bool_and(" that                                                                          \
  ") THEN '' ELSE ' (' || string_agg(col, ', ' ORDER BY attnum) "                                                  \
  "FILTER (WHERE " that                                                                                            \
  ") || ')' END || ' on ' || relation AS name FROM rights GROUP BY relation, privilege "                           \
  "HAVING bool_or(" that ")) AS listed)"

/* All tables are looked at, also those in which nothing is wanted. */
#define LISTS(roles)                                                                                         \
  "rights AS (SELECT c.relname::text AS relation, privilege, a.attname::text AS col, a.attnum, "             \
  "EXISTS (SELECT FROM wanted w WHERE w.relation = c.relname "                                               \
  "AND privilege = ANY (string_to_array(w.privileges, ',')) "                                                \
  "AND (w.columns = '' OR a.attname = ANY (string_to_array(w.columns, ',')))) AS is_wanted, "                \
  "CASE WHEN privilege IN ('DELETE', 'TRUNCATE', 'TRIGGER') THEN has_table_privilege(c.oid, privilege) "     \
  "ELSE has_column_privilege(c.oid, a.attnum, privilege) END AS is_there FROM pg_class c "                   \
  "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped, "                      \
  "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege " \
  "WHERE c.relnamespace = 'bulla'::regnamespace AND c.relkind = 'r' UNION ALL "                              \
  "SELECT 'schema bulla', 'CREATE', '', 0, false, has_schema_privilege('bulla', 'CREATE')) "                 \
  "SELECT " SOME_RIGHTS("is_wanted AND NOT is_there") ", " SOME_RIGHTS("is_there AND NOT is_wanted") ", " roles

static const char of_service[] =
    "WITH wanted(relation, privileges, columns) AS (VALUES "
    "('turn', 'SELECT,UPDATE', ''), ('audit', 'SELECT,INSERT', ''), ('audit_head', 'SELECT,INSERT,UPDATE', ''), "
    "('vault', 'SELECT,UPDATE', ''), ('tenant', 'SELECT,INSERT,UPDATE,DELETE', ''), "
    "('tenant_secret', 'SELECT,INSERT,UPDATE,DELETE', ''), ('handout', 'SELECT,INSERT,UPDATE,DELETE', ''), "
    "('entry', 'SELECT,INSERT,UPDATE,DELETE', ''), ('field', 'SELECT,INSERT,UPDATE,DELETE', ''), "
    "('apikey', 'SELECT,INSERT,UPDATE,DELETE', ''), ('revoked_token', 'SELECT,INSERT,UPDATE,DELETE', ''), "
    "('revocation', 'SELECT,INSERT,UPDATE,DELETE', ''), ('actor', 'SELECT,INSERT,UPDATE', ''), "
    "('actor_grant', 'SELECT,INSERT,UPDATE', ''), ('limit_rule', 'SELECT', ''), "
    "('limit_bucket', 'SELECT,INSERT,UPDATE,DELETE', ''), ('directory', 'SELECT,INSERT,UPDATE', ''), "
    "('root', 'SELECT', ''), ('lane', 'SELECT,INSERT', ''), ('format', 'SELECT', ''), ('login', 'SELECT', '')), " LISTS(
        "NULL");

/* What every actor needs, and for each of its roles what that needs: on some columns alone, where these are named. */
static const char of_actor[] =
    "WITH roles(role) AS (VALUES ('') UNION SELECT g.role FROM bulla.login l "
    "JOIN bulla.actor a ON a.number = l.actor JOIN bulla.actor_grant g ON g.actor = a.id "
    "WHERE l.name = SESSION_USER AND g.ended = 0), wanted(relation, privileges, columns) AS (SELECT v.relation, "
    "v.privileges, v.columns FROM roles JOIN (VALUES "
    "('', 'format', 'SELECT', ''), ('', 'login', 'SELECT', ''), ('', 'turn', 'SELECT,UPDATE', ''), "
    "('', 'vault', 'SELECT', 'id,statement,signature'), ('', 'directory', 'SELECT', ''), "
    "('', 'actor', 'SELECT', ''), ('', 'actor_grant', 'SELECT', ''), ('', 'handout', 'SELECT', ''), "
    "('', 'tenant', 'SELECT', ''), ('', 'lane', 'SELECT', ''), ('', 'audit', 'SELECT', 'lane,seq,time,mac'), "
    "('', 'audit', 'INSERT', ''), ('', 'audit_head', 'SELECT', ''), "
    "('', 'audit_head', 'UPDATE', 'seq,mac,tag,key'), ('', 'limit_rule', 'SELECT', ''), "
    "('', 'limit_bucket', 'SELECT,INSERT,UPDATE,DELETE', ''), "
    "('put', 'entry', 'SELECT,INSERT', ''), ('put', 'field', 'SELECT', 'entry,name,revision,secret,updated'), "
    "('put', 'field', 'INSERT', 'entry,name,revision,secret,value,mask,secret_id,writer,signature,updated'), "
    "('show', 'entry', 'SELECT', ''), ('show', 'field', 'SELECT', ''), ('show', 'tenant_secret', 'SELECT', ''), "
    "('use', 'entry', 'SELECT', ''), ('use', 'field', 'SELECT', ''), ('use', 'tenant_secret', 'SELECT', ''), "
    "('use', 'lane', 'INSERT', ''), ('use', 'audit_head', 'INSERT', ''), "
    "('use', 'field', 'UPDATE', 'value,mask,secret_id,writer,signature'), "
    "('verify', 'apikey', 'SELECT', ''), ('verify', 'apikey', 'UPDATE', 'sealed,secret_id'), "
    "('verify', 'revoked_token', 'SELECT', ''), ('verify', 'revocation', 'SELECT', ''), "
    "('verify', 'tenant_secret', 'SELECT', ''), ('audit', 'audit', 'SELECT', '')"
    ") AS v(role, relation, privileges, columns) USING (role)), " LISTS(
        "(SELECT string_agg(role, ', ' ORDER BY role) FROM roles WHERE role <> '')");

/* Copies a text, cut off at what |list| holds. */
static void take(char list[BULLA_RIGHTS_SHOWN_MAX], const struct bulla_db_rows *rows, size_t column) {
  struct bulla_value value;
  bulla_postgres_column(rows, column, &value);
  size_t len = value.type == BULLA_VALUE_TEXT ? value.bytes.len : 0;
  len = len < BULLA_RIGHTS_SHOWN_MAX ? len : BULLA_RIGHTS_SHOWN_MAX - 1;
  if (len > 0) {
    memcpy(list, value.bytes.data, len);
  }
  list[len] = '\0';
}

enum bulla_status bulla_postgres_rights(struct bulla_postgres_rights *rights, struct bulla_postgres *postgres) {
  struct bulla_db_rows rows BULLA_CLEANUP(bulla_postgres_end) = {.handle = NULL};
  bool row;
  BULLA_TRY(bulla_postgres_ask(&rows, postgres, postgres->db.actor > 0 ? of_actor : of_service));
  BULLA_TRY(bulla_postgres_next(&rows, &row));
  if (!row || rows.num_columns != NUM_LISTS) {
    return BULLA_IO;
  }
  take(rights->lacks, &rows, 0);
  take(rights->too_many, &rows, 1);
  take(rights->roles, &rows, 2);
  return BULLA_OK;
}
