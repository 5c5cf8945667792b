/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Every query that reads or writes rows. Together with the tables of each back end this is all the SQL.
 *
 * One text serves every back end, so it uses only what all understand in the same way: parameters are $1, $2, ... in
 * the order of their first appearance, because some back ends number them so; every column is named; names are compared
 * as bytes, which the tables of each back end ensure. */

#ifndef BULLA_STORE_QUERIES_H
#define BULLA_STORE_QUERIES_H

#define BULLA_QUERY_ROWS 32                        /* that a query changes at once */
#define BULLA_BOUND_MAX (2 + 3 * BULLA_QUERY_ROWS) /* parameters of a query, at most */

enum bulla_query {
  BULLA_QUERY_INSERT_VAULT,         /* statement, signature, signing key, audit key, detail key */
  BULLA_QUERY_LOAD_VAULT,           /* gives those */
  BULLA_QUERY_UPDATE_VAULT,         /* statement, signature */
  BULLA_QUERY_GET_LEAVES,           /* number: bytes */
  BULLA_QUERY_PUT_LEAVES,           /* number, bytes */
  BULLA_QUERY_LOAD_VAULT_STATEMENT, /* gives statement, signature */
  BULLA_QUERY_INSERT_ROOT,          /* id, wrapped, scrypt salt and log n or two NULLs */
  BULLA_QUERY_LOAD_ROOT,            /* id; gives the others */
  BULLA_QUERY_DELETE_ROOT,          /* id */

  BULLA_QUERY_FIND_TENANT,      /* name; gives the columns of a tenant */
  BULLA_QUERY_TENANT_BY_ID,     /* id; likewise, also of one that was removed */
  BULLA_QUERY_TENANT_STATEMENT, /* id; gives the statement, as the next two do */
  BULLA_QUERY_ACTOR_STATEMENT,
  BULLA_QUERY_GRANT_STATEMENT,
  BULLA_QUERY_INSERT_TENANT, /* the columns of a tenant */
  BULLA_QUERY_UPDATE_TENANT, /* name or NULL, statement, signature, id */
  BULLA_QUERY_LIST_TENANTS,  /* name, how many at most; gives the columns of each tenant with entries from that name on
                              */
  BULLA_QUERY_COUNT_ENTRIES, /* id of a tenant */
  BULLA_QUERY_COUNT_LIVE_APIKEYS,    /* id of a tenant */
  BULLA_QUERY_DELETE_TENANT_SECRETS, /* id of a tenant, as for the two that follow */
  BULLA_QUERY_DELETE_APIKEYS,
  BULLA_QUERY_DELETE_REVOKED_TOKENS,
  BULLA_QUERY_DELETE_TENANT_FIELDS, /* id of a tenant, as for those that follow */
  BULLA_QUERY_DELETE_TENANT_ENTRIES,
  BULLA_QUERY_ERASE_TENANT_KEYS,
  BULLA_QUERY_INSERT_TENANT_SECRET, /* id, tenant, version, state, wrapped, created */
  BULLA_QUERY_RETIRE_TENANT_SECRET, /* id: it is decrypt-only */
  BULLA_QUERY_DELETE_TENANT_SECRET, /* id */
  BULLA_QUERY_TENANT_KEYS,          /* id; gives label key, detail key */
  BULLA_QUERY_TENANT_SECRET,        /* id, tenant; gives the columns of a secret */

  BULLA_QUERY_PUT_HANDOUT,            /* tenant or empty, role, what, sealed */
  BULLA_QUERY_GET_HANDOUT,            /* tenant or empty, role, what; gives sealed */
  BULLA_QUERY_DELETE_HANDOUTS,        /* tenant: all of it */
  BULLA_QUERY_DELETE_SECRET_HANDOUTS, /* tenant: those of its secrets */
  BULLA_QUERY_DELETE_HANDOUTS_OF,     /* tenant, what */

  BULLA_QUERY_INSERT_ACTOR,      /* id, number, name, statement, signature */
  BULLA_QUERY_UPDATE_ACTOR,      /* statement, signature, id */
  BULLA_QUERY_ACTOR_BY_ID,       /* id; gives id, number, name, statement, signature */
  BULLA_QUERY_ACTOR_BY_NAME,     /* name; gives the same */
  BULLA_QUERY_ACTOR_BY_NUMBER,   /* number; gives the same */
  BULLA_QUERY_LIST_ACTORS,       /* number, how many at most; gives the same of those behind it */
  BULLA_QUERY_LAST_ACTOR,        /* gives the greatest number, or NULL */
  BULLA_QUERY_INSERT_GRANT,      /* id, actor, tenant or empty, role, ended, statement, signature */
  BULLA_QUERY_UPDATE_GRANT,      /* ended, statement, signature, id */
  BULLA_QUERY_TENANT_STATEMENTS, /* id, how many at most; gives id, statement of those behind it */
  BULLA_QUERY_LIST_GRANTS,       /* id, how many at most; gives the columns of the grants behind it */
  BULLA_QUERY_FIND_GRANT,        /* actor, tenant or empty, role; gives the columns of the one in force */
  BULLA_QUERY_GRANTS_OF_ACTOR,  /* actor, tenant, role, ended, how many at most; gives the columns of those behind these
                                 */
  BULLA_QUERY_GRANTS_IN_FORCE,  /* actor, how many at most; gives the columns of some that are in force */
  BULLA_QUERY_COUNT_GRANTS,     /* actor; gives how many are in force */
  BULLA_QUERY_GRANTS_OF_TENANT, /* tenant or empty, role, id of a grant, how many at most; gives the columns of those
                                   behind these */
  BULLA_QUERY_GRANTS_OF_ROLE,   /* tenant or empty, role, id of a grant, how many at most; gives the columns of those
                                   behind that */
  BULLA_QUERY_ACTOR_STATE, /* id of an actor; gives the signature of its row, and when a grant ended last, or NULL */

  BULLA_QUERY_COUNT_SEALED,      /* id of a secret, tenant; gives created, and how many revisions of fields and API keys
                                    are sealed under it */
  BULLA_QUERY_COUNT_OLD_APIKEYS, /* id of a secret, a time; gives how many API keys under it were created by then */
  BULLA_QUERY_COUNT_SEALED_NOW,  /* id of a secret; gives how many of those are what their field is now */

  BULLA_QUERY_FIND_ENTRY,   /* tenant, name; gives id, proof of the name */
  BULLA_QUERY_INSERT_ENTRY, /* id, tenant, name, proof */
  BULLA_QUERY_ENTRY_NAME,   /* id; gives name */
  BULLA_QUERY_RENAME_ENTRY, /* name, proof, id */
  BULLA_QUERY_LIST_ENTRIES, /* tenant, name, how many at most; gives id, name, proof, fields, updated of each behind
                               that name */
  BULLA_QUERY_DELETE_ENTRY, /* id, as for the two that follow */
  BULLA_QUERY_DELETE_FIELDS,
  BULLA_QUERY_COUNT_FIELDS,

  /* The table has the revisions of each field that are kept: the greatest is what it is now. */
  BULLA_QUERY_FIND_FIELD,     /* names of tenant, entry, field; gives the columns of the field as it is now */
  BULLA_QUERY_LIST_FIELDS,    /* the same, how many at most; gives those behind that name */
  BULLA_QUERY_FIND_REVISION,  /* names of tenant, entry, field; revision; gives the columns of the field as it was */
  BULLA_QUERY_LIST_REVISIONS, /* the same, how many at most; gives those before that revision, the last first */
  BULLA_QUERY_FIELD_REVISION, /* entry, name; gives revision, secret, how many former revisions are kept, and value and
                                 proof of a plain one */
  BULLA_QUERY_FIELD_NUMBER,   /* entry, name; gives revision, secret: all that an actor needs that puts */
  BULLA_QUERY_PUT_FIELD,      /* entry, name, revision, secret, value, mask, secret id or NULL, updated; writer and
                                 signature, or two NULLs */
  BULLA_QUERY_RESEAL_FIELD,   /* value, mask, secret id, entry, name, revision, secret id before */
  BULLA_QUERY_ADOPT_FIELD,    /* the same, writer and signature before, of what an actor has put */
  BULLA_QUERY_POSTED_FIELDS,  /* secret id, number, how many at most; gives number, entry, name, revision, value, mask,
                                 writer, signature of each behind that number that an actor has put */
  BULLA_QUERY_WALK_POSTED,  /* writer, number, id of a tenant or empty, how many at most; gives number, names of tenant
                               and entry, the columns of a field of each behind that number */
  BULLA_QUERY_COUNT_POSTED, /* writer, id of a tenant or empty */
  BULLA_QUERY_COUNT_POSTED_UNDER, /* secret id */
  BULLA_QUERY_SEALED_FIELDS, /* secret id, number, how many at most; gives number, entry, name, revision, value, mask of
                                each behind that number that no actor has put so */
  BULLA_QUERY_REWRAP_FIELD,  /* value, mask, secret id, secret id before, number */
  BULLA_QUERY_REWRAP_POSTED, /* the same, writer and signature before */
  BULLA_QUERY_REWRAP_FIELDS, /* secret id, value, mask and number of BULLA_QUERY_ROWS rows, secret id before */
  BULLA_QUERY_RENAME_REVISION, /* name, value, mask, secret id or NULL, entry, old name, revision */
  BULLA_QUERY_DELETE_FIELD,    /* entry, name */
  BULLA_QUERY_PRUNE_FIELD,     /* entry, name, revision: deletes those before it */
  BULLA_QUERY_PRUNE_ENTRY,     /* entry: deletes of all its fields what is not kept */
  BULLA_QUERY_KEPT,            /* gives how many the vault keeps of a field */
  BULLA_QUERY_KEPT_OF_ENTRY,   /* entry; gives that of it, or NULL */
  BULLA_QUERY_SET_KEEP,        /* how many */
  BULLA_QUERY_SET_ENTRY_KEEP,  /* how many or NULL, entry */

  BULLA_QUERY_INSERT_APIKEY,  /* id, tenant, name, created, hash, sealed root, secret id */
  BULLA_QUERY_FIND_APIKEY,    /* id; gives revoked and the columns of its tenant */
  BULLA_QUERY_OPEN_APIKEY,    /* id; gives the columns of its tenant, sealed root, the columns of a secret */
  BULLA_QUERY_IS_LIVE_APIKEY, /* id; gives a row if it is there and not revoked */
  BULLA_QUERY_LIST_APIKEYS,   /* number, name of a tenant or '', how many at most; gives number, columns of the tenant,
                                 id, name, created, revoked, hash */
  BULLA_QUERY_ERASE_APIKEY,   /* revoked, id */
  BULLA_QUERY_SEALED_APIKEYS, /* secret id, number, how many at most; gives number, id, sealed of each behind it */
  BULLA_QUERY_REWRAP_APIKEY,  /* sealed, secret, secret before, number */
  BULLA_QUERY_RESEAL_APIKEY,  /* sealed, secret, id, secret before */

  BULLA_QUERY_REVOKE_TOKEN,        /* tenant, digest, expires */
  BULLA_QUERY_FIND_REVOKED_TOKEN,  /* name of a tenant, digest; gives expires */
  BULLA_QUERY_LIST_REVOKED_TOKENS, /* gives the name of the tenant, digest */
  BULLA_QUERY_TELL_REVOCATION,     /* tenant, id of an API key or NULL, digest or NULL */
  BULLA_QUERY_TELL_REVOCATIONS,    /* tenant: one for each of its revoked tokens, with the next numbers */
  BULLA_QUERY_TELL_LIVE_APIKEYS,   /* tenant: one for each of its API keys that are not revoked */
  BULLA_QUERY_IS_REVOCATION_TOLD,  /* id of an API key; gives a row if it is */
  BULLA_QUERY_LAST_REVOCATION,     /* gives its number or NULL, and 0 to whoever sees the whole vault */
  BULLA_QUERY_LIST_REVOCATIONS,    /* number before the first, last; gives id of an API key or NULL, tenant, digest */

  BULLA_QUERY_INSERT_LANE,   /* number, statement, signature */
  BULLA_QUERY_LOAD_LANE,     /* number; gives statement, signature */
  BULLA_QUERY_LAST_LANE,     /* number, number; gives the greatest from one to the other, or NULL, and how many
                                lanes there are in all */
  BULLA_QUERY_LIST_LANES,    /* number, number; gives the number of each behind the first up to the other, and the
                                time of its last record or NULL */
  BULLA_QUERY_NEXT_LANE,     /* number; gives the smallest from it on, or NULL */
  BULLA_QUERY_NEXT_HEAD,     /* the same of those that have a head */
  BULLA_QUERY_NEXT_RECORDED, /* the same of those that have a record */
  BULLA_QUERY_INSERT_HEAD,   /* seq, mac, tag, sealed key, lane */
  BULLA_QUERY_LOAD_HEAD,     /* seq, lane; gives seq, mac, tag, sealed key, mac of that record, mac of record |seq| */
  BULLA_QUERY_LAST_HEAD,     /* the same, of the last head where there are several */
  BULLA_QUERY_MOVE_HEAD, /* seq, lane, mac, seq before, tag, sealed key, mac before; changes a row if it was there */
  BULLA_QUERY_INSERT_RECORD,  /* lane and the columns of a record */
  BULLA_QUERY_INSERT_AT_HEAD, /* lane, seq and mac of its head, the columns of a record; fails for another head */
  BULLA_QUERY_LAST_RECORD,    /* lane; gives the greatest seq or NULL */
  BULLA_QUERY_LIST_RECORDS,   /* lane, first seq, last, how many at most; gives the columns of a record */
  BULLA_QUERY_LIST_TIMED,     /* lane, first seq, last, since, until, how many at most; gives the same */
  BULLA_QUERY_NEXT_RECORD,    /* lane, seq; gives the smallest from it on, or NULL */

  BULLA_QUERY_LIST_LIMITS,   /* gives kind, scope, name, rate, period, burst of each */
  BULLA_QUERY_PUT_LIMIT,     /* those */
  BULLA_QUERY_DELETE_LIMIT,  /* kind, scope, name; gives a row if it was there */
  BULLA_QUERY_FIND_BUCKET,   /* kind, scope, subject; gives level, time, refused, told */
  BULLA_QUERY_PUT_BUCKET,    /* kind, scope, subject, level, time, when it is full, refused, told */
  BULLA_QUERY_ADD_REFUSED,   /* number, kind, scope, subject */
  BULLA_QUERY_COUNT_BUCKETS, /* time, time, kind, scope; gives all, and those that a purge leaves */
  BULLA_QUERY_PURGE_BUCKETS, /* kind, scope, time, time: those full by the first, of which none is to be told, or was
                              * told last before the second */

  /* For copying all of a vault. Each gives what follows that place in its order, how many at most. */
  BULLA_QUERY_COUNT_ROWS,   /* gives the numbers of tenants, entries, fields, API keys live and revoked, tokens */
  BULLA_QUERY_WALK_TENANTS, /* name; gives the columns of each tenant */
  BULLA_QUERY_WALK_SECRETS, /* secret id, number, how many at most; gives number, entry and the columns of a field, with
                             * the mask in the place of the value */
  BULLA_QUERY_WALK_FIELDS,  /* id of a tenant, entry, field; gives entry, field, revision, updated, stored bytes */
  BULLA_QUERY_WALK_TOKENS,  /* id of a tenant, digest; gives digest, expires, the columns of the tenant */
  BULLA_QUERY_FIELD_VERSION, /* names of tenant, entry, field; gives revision, updated */

  /* Of the tables of format 1, for store/format1.c alone. */
  BULLA_QUERY_1_VAULT,   /* gives uuid, root key's id, name key, scrypt salt, log n */
  BULLA_QUERY_1_COUNT,   /* gives the numbers of entries, fields, API keys, revoked tokens, records */
  BULLA_QUERY_1_TENANTS, /* gives id, name, proof, created */
  BULLA_QUERY_1_ENTRIES, /* id of a tenant; gives id, name, proof */
  BULLA_QUERY_1_FIELDS,  /* id of an entry; gives name, revision, secret, value, mask, updated, a tenant's key */
  BULLA_QUERY_1_APIKEYS, /* gives id of the tenant, its name, id, name, created, revoked, hash, sealed, a tenant's key
                          */
  BULLA_QUERY_1_TOKENS,  /* gives name of the tenant, digest, expires */
  BULLA_QUERY_1_HEAD,    /* gives seq, tag, sealed key, the first sealed key */
  BULLA_QUERY_1_RECORDS, /* gives the columns of a record */

  BULLA_NUM_QUERIES
};

/* The first of those of format 1. */
#define BULLA_QUERY_1_FIRST BULLA_QUERY_1_VAULT

/* bulla_query_text returns the SQL of |query|. */
const char *bulla_query_text(enum bulla_query query);

#endif
