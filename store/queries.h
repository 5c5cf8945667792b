/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Every query that reads or writes rows. Together with the tables of each back end this is all the SQL.
 *
 * One text serves every back end, so it uses only what all understand in the same way: parameters are $1, $2, ... in
 * the order of their first appearance, because some back ends number them so; every column is named; names are compared
 * as bytes, which the tables of each back end ensure. */

#ifndef BULLA_STORE_QUERIES_H
#define BULLA_STORE_QUERIES_H

enum bulla_query {
  BULLA_QUERY_INSERT_VAULT, /* uuid, created, root key's id, name key, scrypt salt and log n or two NULLs */
  BULLA_QUERY_LOAD_VAULT,   /* gives uuid, root key's id, name key, scrypt salt, log n */

  BULLA_QUERY_FIND_TENANT,        /* name; gives id, proof of the name */
  BULLA_QUERY_INSERT_TENANT,      /* id, name, proof, created */
  BULLA_QUERY_RENAME_TENANT,      /* name, proof, id */
  BULLA_QUERY_LIST_TENANTS,       /* name; gives the columns of each tenant from that name on */
  BULLA_QUERY_COUNT_ENTRIES,      /* id of a tenant */
  BULLA_QUERY_COUNT_LIVE_APIKEYS, /* id of a tenant */
  BULLA_QUERY_DELETE_TENANT,      /* id, as for the three that follow */
  BULLA_QUERY_DELETE_TENANT_KEYS,
  BULLA_QUERY_DELETE_APIKEYS,
  BULLA_QUERY_DELETE_REVOKED_TOKENS,
  BULLA_QUERY_INSERT_TENANT_KEY, /* key id, tenant, version, wrapped, created */
  BULLA_QUERY_ACTIVE_TENANT_KEY, /* id of a tenant; gives the columns of a wrapped key */

  BULLA_QUERY_FIND_ENTRY,   /* tenant, name; gives id, proof of the name */
  BULLA_QUERY_INSERT_ENTRY, /* id, tenant, name, proof */
  BULLA_QUERY_RENAME_ENTRY, /* name, proof, id */
  BULLA_QUERY_LIST_ENTRIES, /* tenant, name; gives id, name, proof, fields, updated of each behind that name */
  BULLA_QUERY_DELETE_ENTRY, /* id, as for the two that follow */
  BULLA_QUERY_DELETE_FIELDS,
  BULLA_QUERY_COUNT_FIELDS,

  BULLA_QUERY_FIND_FIELD,     /* names of tenant, entry, field; gives the columns of a field */
  BULLA_QUERY_LIST_FIELDS,    /* the same; gives those behind that name */
  BULLA_QUERY_FIELD_REVISION, /* entry, name; gives revision, secret */
  BULLA_QUERY_PUT_FIELD,      /* entry, name, revision, secret, value, mask, key id, updated */
  BULLA_QUERY_RENAME_FIELD,   /* name, value, mask, key id, entry, old name */
  BULLA_QUERY_DELETE_FIELD,   /* entry, name; gives a row if it was there */

  BULLA_QUERY_INSERT_APIKEY,  /* id, tenant, name, created, hash, sealed root, key id */
  BULLA_QUERY_FIND_APIKEY,    /* id; gives revoked and the columns of its tenant */
  BULLA_QUERY_OPEN_APIKEY,    /* id; gives tenant, proof of its name, sealed root, the columns of a wrapped key */
  BULLA_QUERY_IS_LIVE_APIKEY, /* id; gives a row if it is there and not revoked */
  BULLA_QUERY_LIST_APIKEYS,   /* number, name of a tenant or ''; gives number, columns of the tenant, id, name, ... */
  BULLA_QUERY_IS_REVOCATION_RECORDED,
  BULLA_QUERY_ERASE_APIKEY, /* revoked, id */

  BULLA_QUERY_REVOKE_TOKEN,        /* tenant, digest, expires */
  BULLA_QUERY_LIST_REVOKED_TOKENS, /* gives the name of the tenant, digest */

  BULLA_QUERY_INSERT_HEAD,      /* seq, tag, sealed key, which is the first one too */
  BULLA_QUERY_LOAD_HEAD,        /* gives seq, tag, sealed key, mac of the record */
  BULLA_QUERY_MOVE_HEAD,        /* seq, tag, sealed key */
  BULLA_QUERY_HEAD_SEQ,         /* gives seq */
  BULLA_QUERY_FIRST_KEY,        /* gives the first sealed key */
  BULLA_QUERY_INSERT_RECORD,    /* the columns of a record */
  BULLA_QUERY_LAST_RECORD,      /* gives the greatest seq or NULL */
  BULLA_QUERY_LIST_RECORDS,     /* first seq, last, name of a tenant or ''; gives the columns of a record */
  BULLA_QUERY_CHAIN,            /* first seq; gives the columns of a record */
  BULLA_QUERY_LIST_REVOCATIONS, /* seq before the first, last; gives op, tenant, entry */

  BULLA_NUM_QUERIES
};

/* bulla_query_text returns the SQL of |query|. */
const char *bulla_query_text(enum bulla_query query);

#endif
