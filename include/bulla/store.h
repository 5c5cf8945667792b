/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The store: a vault of entries whose secret fields are sealed, shown masked, and opened only after the audit
 * log says so. Knows nothing of tokens: of an API key it keeps a record with one sealed secret. */

#ifndef BULLA_STORE_H
#define BULLA_STORE_H

#include <bulla/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BULLA_NAME_MAX 128       /* bytes of the name of a tenant, entry or field */
#define BULLA_VALUE_MAX 65536    /* bytes of the value of a field */
#define BULLA_MASK_MAX 16        /* bytes of a mask */
#define BULLA_WHO_MAX 256        /* bytes of an actor, origin or reason */
#define BULLA_RECORD_HASH_LEN 32 /* bytes of the hash in the record of an API key */
#define BULLA_RECORD_ID_LEN 16   /* bytes of the id of an API key record */
#define BULLA_JTI_MAX 8192       /* bytes of the id of a token */
#define BULLA_VAULT_ID_LEN 16    /* bytes of the id of a vault */

/* Names are 1 to BULLA_NAME_MAX of A-Z a-z 0-9 . _ @ + and -, and do not begin with a dot or a hyphen. Other
 * names are BULLA_INVALID_NAME. Spans in a callback's arguments live until it returns. A callback may call the same
 * vault: none is called while anything is locked. */

/* bulla_secret_open makes |*secret| from |provider|, a NUL-terminated string:
 *   env:NAME       the value of the environment variable
 *   file:PATH      the content of a file that only its owner can read, which is this user or root
 *   fd:N           what the file descriptor gives until its end; it is not closed
 *   cred:NAME      the file NAME in $CREDENTIALS_DIRECTORY (systemd.exec, LoadCredential=)
 *   cmd:PROGRAM…   what the program writes to standard output. It is started without a shell, with the words behind it,
 *                  split at spaces, and must end with status 0 within 30 seconds
 * One newline at the end, LF or CRLF, is no part of it. It has 1 to BULLA_VALUE_MAX bytes. Returns
 * BULLA_SECRET_UNAVAILABLE if there is no such variable, file, descriptor or program, it is empty, or the program
 * failed, BULLA_SECRET_EXPOSED if others can read the file or own it, BULLA_TOO_LARGE, BULLA_UNSUPPORTED for another
 * provider, and the statuses of bulla_secret_new. The log is told why. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_open(struct bulla_secret **secret, const char *provider);

/* The root key: it comes from outside the vault and wraps the tenants' keys. */
struct bulla_root;

/* bulla_root_open makes |*root| from the 64 hexadecimal digits that |provider| gives, see bulla_secret_open, or for
 * sha256-env:NAME from SHA-256 of the value of the environment variable. Returns BULLA_ROOT_MALFORMED for what is no
 * key, and the statuses of bulla_secret_open. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_root_open(struct bulla_root **root, const char *provider);

/* bulla_root_create writes a new random key to the file of the provider "file:PATH", mode 0600, durably, and
 * makes |*root| from it. Returns BULLA_EXISTS if there is such a file, BULLA_UNSUPPORTED for another
 * provider, BULLA_DISK_FULL, BULLA_READ_ONLY, BULLA_IO, and the statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_root_create(struct bulla_root **root, const char *provider);

/* bulla_root_passphrase makes |*root| from a passphrase of 1 to 1024 bytes; the vault stretches it with
 * scrypt (RFC 7914), N = 2^17, r = 8, p = 1, and a salt of its own. Returns BULLA_ROOT_MALFORMED for another
 * length, and the statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_root_passphrase(struct bulla_root **root,
                                                                  struct bulla_span passphrase);

/* bulla_root_free wipes and frees |*root| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_root_free(struct bulla_root **root);

/* An open vault. May be shared by threads and by processes, each of which opens it; not carried over a fork.
 *
 * Every call returns BULLA_VAULT_MOVED if the files of the vault are not those, or not where, they were when it was
 * opened; nothing is opened then and nothing is said to be done that is not in the file that the path leads to.
 *
 * A call that goes by the name of a tenant or an entry, or hands one out, returns BULLA_REFUSED if somebody who
 * lacks the root key has given that name to another row. So does one that walks over names and finds them out of
 * order. */
struct bulla_vault;

/* bulla_vault_create makes an empty vault at |url|, "sqlite:PATH", NUL-terminated, with mode 0600, under
 * |root|. PATH is taken as it is written. Returns BULLA_EXISTS, BULLA_UNSUPPORTED for another kind of URL and for
 * what other programs would not take as a path (docs/API-CONVENTIONS.md), BULLA_READ_ONLY, BULLA_DISK_FULL,
 * BULLA_IO, and the statuses of bulla_secret_random. On failure nothing is left behind. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_create(const char *url, const struct bulla_root *root);

/* How a vault is opened. Begin with BULLA_VAULT_OPTIONS_INIT, which fills |size|: members may come with later versions,
 * and options without a size are BULLA_INVALID_ARGUMENT. */
struct bulla_vault_options {
  size_t size;          /* sizeof(struct bulla_vault_options) as the caller was compiled */
  struct bulla_span id; /* if not empty, BULLA_VAULT_ID_LEN bytes: the vault must be the one of this id */
  bool read_only;       /* write nothing, whatever the permissions allow: an auditor's copy stays as it is */
};

#define BULLA_VAULT_OPTIONS_INIT \
  { .size = sizeof(struct bulla_vault_options) }

/* bulla_vault_open makes |*vault|. |root| need not outlive the call; |options| may be NULL. Where the file system or
 * its permissions allow no writing the vault is open for reading, and what would write is BULLA_READ_ONLY. Returns
 * BULLA_NO_VAULT if there is no file, BULLA_NOT_A_VAULT if it is another, BULLA_NEWER_VAULT if a later bulla made it,
 * BULLA_ROOT_WRONG, BULLA_WRONG_VAULT if its id is another than that of |options|, BULLA_REFUSED if the vault's own
 * row has been tampered with, BULLA_VAULT_SHARED if the file has several names or is mounted without its folder,
 * BULLA_VAULT_MOVED if it was replaced meanwhile, BULLA_FORKED if the parent of this process had a vault open as it
 * forked, BULLA_INVALID_ARGUMENT for options of a later bulla, BULLA_READ_ONLY, BULLA_BUSY, BULLA_IO, and the
 * statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_open(struct bulla_vault **vault, const char *url,
                                                             const struct bulla_root *root,
                                                             const struct bulla_vault_options *options);

/* bulla_vault_id returns the BULLA_VAULT_ID_LEN random bytes that tell this vault from every other, also of the same
 * root key; they live as long as |vault|. */
BULLA_API struct bulla_span bulla_vault_id(const struct bulla_vault *vault);

/* bulla_vault_close wipes the keys and closes; NULL inside is fine. */
BULLA_API void bulla_vault_close(struct bulla_vault **vault);

/* Who asks, for the audit log: UTF-8 of at most BULLA_WHO_MAX bytes each. |actor| is mandatory, |reason| too
 * where something is opened. */
struct bulla_who {
  struct bulla_span actor;  /* user, service, job */
  struct bulla_span origin; /* address, host, terminal */
  struct bulla_span reason;
  uint64_t reserved[2]; /* 0 */
};

/* Where a value is. A call about an entry takes no field: its span is empty. */
struct bulla_place {
  struct bulla_span tenant;
  struct bulla_span entry;
  struct bulla_span field;
  uint64_t reserved[2]; /* 0 */
};

/* A field to be put. */
struct bulla_field {
  struct bulla_span name;
  struct bulla_span value; /* at most BULLA_VALUE_MAX bytes; a plain one is UTF-8 without NUL */
  bool secret;
  uint64_t reserved[4]; /* 0 */
};

/* bulla_vault_put writes |num_fields| fields of |entry| of |tenant|, all or none, and makes tenant and entry if
 * they are not there. Other fields of the entry stay. A field that is there gets the next revision; a secret one
 * does not become plain: BULLA_STAYS_SECRET. Returns BULLA_INVALID_NAME, BULLA_INVALID_TEXT, BULLA_TOO_LARGE,
 * BULLA_INVALID_ARGUMENT, and the environment's statuses, after which nothing has changed. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_put(struct bulla_vault *vault, const struct bulla_who *who,
                                                            const struct bulla_place *place,
                                                            const struct bulla_field *fields, size_t num_fields);

/* One imported value. */
struct bulla_import {
  struct bulla_span entry;
  struct bulla_span field;
  struct bulla_span triple; /* iv:authTag:ciphertext, see bulla_triple_open */
  uint64_t reserved[4];     /* 0 */
};

/* bulla_vault_import opens |num_rows| triples under |key|, in |format|, which may be NULL, and puts them as secret
 * fields of |tenant|, all or none. On failure |*failed_row| is the index of the row that was at fault, or
 * |num_rows| if none was. Returns BULLA_INVALID_TEXT if a triple has not the form of one, which is looked at in
 * all rows first, BULLA_REFUSED if one does not open, BULLA_EXISTS if a field is there already or twice among the
 * rows, BULLA_INVALID_ARGUMENT without a row, and the statuses of bulla_vault_put. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_import(struct bulla_vault *vault, size_t *failed_row,
                                                               const struct bulla_who *who, struct bulla_span tenant,
                                                               const struct bulla_secret *key,
                                                               const struct bulla_triple_format *format,
                                                               const struct bulla_import *rows, size_t num_rows);

/* A field as it may be shown. */
struct bulla_field_view {
  struct bulla_span name;
  struct bulla_span text; /* the value of a plain field, the mask of a secret one */
  bool secret;
  size_t value_len; /* bytes of the value as it is stored; of a secret one, nothing proves it before it is opened */
  int64_t revision; /* 1 for the first value */
  int64_t updated;  /* seconds since 1970-01-01 UTC */
};

typedef enum bulla_status (*bulla_field_fn)(void *arg, const struct bulla_field_view *field);

/* bulla_vault_show calls |each| for the fields of an entry in the order of their names. No secret is opened.
 * A status other than BULLA_OK from |each| ends the walk and is returned. Returns BULLA_NOT_FOUND,
 * BULLA_REFUSED if a mask or a plain value has been tampered with. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_show(struct bulla_vault *vault, const struct bulla_place *place,
                                                             bulla_field_fn each, void *arg);

/* An entry as it is listed. */
struct bulla_entry_view {
  struct bulla_span tenant;
  struct bulla_span entry;
  int64_t num_fields;
  int64_t updated; /* seconds since 1970-01-01 UTC: the newest of its fields */
};

typedef enum bulla_status (*bulla_entry_fn)(void *arg, const struct bulla_entry_view *entry);

/* bulla_vault_list calls |each| for the entries of |tenant|, or of every tenant if it is empty, in the order
 * of their names. An unknown tenant is BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_list(struct bulla_vault *vault, struct bulla_span tenant,
                                                             bulla_entry_fn each, void *arg);

/* bulla_vault_remove removes an entry and all its fields. Returns BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_remove(struct bulla_vault *vault, const struct bulla_who *who,
                                                               const struct bulla_place *place);

/* bulla_vault_remove_fields removes |num_fields| fields of an entry, all or none; the entry goes with its last
 * field. Returns BULLA_NOT_FOUND, also for a field that is named twice, BULLA_INVALID_ARGUMENT without a field. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_remove_fields(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      const struct bulla_place *place,
                                                                      const struct bulla_span *fields,
                                                                      size_t num_fields);

/* bulla_vault_remove_tenant removes a tenant that has no entry and no API key but revoked ones, which go with it,
 * as its keys and its revoked tokens do. Its records in the audit log stay. Returns BULLA_IN_USE, BULLA_NOT_FOUND.
 */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_remove_tenant(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span tenant);

/* bulla_vault_rename_tenant, _entry and _field give what is there the new |name|, under which values, revisions
 * and masks stay what they were. A secret field is opened for that and sealed again, without anybody's seeing it.
 * Two records tell of it, one with the old names and one with the new. Returns BULLA_NOT_FOUND, BULLA_EXISTS if
 * the name is taken, BULLA_REFUSED if the field does not open, BULLA_IN_USE for a tenant with API keys that are
 * not revoked: their tokens say the old name. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_rename_tenant(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span tenant, struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_rename_entry(struct bulla_vault *vault,
                                                                     const struct bulla_who *who,
                                                                     const struct bulla_place *place,
                                                                     struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_rename_field(struct bulla_vault *vault,
                                                                     const struct bulla_who *who,
                                                                     const struct bulla_place *place,
                                                                     struct bulla_span name);

/* A function that uses an opened value, which lies in locked memory and is wiped when it returns. */
typedef enum bulla_status (*bulla_use_fn)(void *arg, struct bulla_span value);

/* bulla_vault_use commits an audit record, and only then opens a field and hands it to |use|, whose status it
 * returns. If the record cannot be written, nothing is opened. Asking for what is not there is recorded too.
 * A plain field is handed over in the same way. Returns BULLA_NOT_FOUND, BULLA_REFUSED if the value has been
 * tampered with or moved (recorded), BULLA_INVALID_ARGUMENT without actor or reason. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_use(struct bulla_vault *vault, const struct bulla_who *who,
                                                            const struct bulla_place *place, bulla_use_fn use,
                                                            void *arg);

/* bulla_vault_read is bulla_vault_use that makes |*value| a copy of what it opens; the caller frees it. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_read(struct bulla_vault *vault, struct bulla_secret **value,
                                                             const struct bulla_who *who,
                                                             const struct bulla_place *place);

/* An API key's record. */
struct bulla_apikey_view {
  struct bulla_span id; /* BULLA_RECORD_ID_LEN bytes */
  struct bulla_span tenant;
  struct bulla_span name;
  int64_t created; /* seconds since 1970-01-01 UTC */
  int64_t revoked; /* likewise, or 0 */
};

typedef enum bulla_status (*bulla_apikey_fn)(void *arg, const struct bulla_apikey_view *apikey);

/* An API key's record, to be kept. */
struct bulla_apikey_record {
  struct bulla_span tenant;        /* is made if it is not there */
  struct bulla_span id;            /* BULLA_RECORD_ID_LEN bytes */
  struct bulla_span name;          /* may be empty */
  struct bulla_span hash;          /* of the key string, BULLA_RECORD_HASH_LEN bytes */
  const struct bulla_secret *root; /* is sealed */
  uint64_t reserved[2];            /* 0 */
};

/* bulla_vault_apikey_put keeps |record|. Returns BULLA_EXISTS if there is a record of that id. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_put(struct bulla_vault *vault,
                                                                   const struct bulla_who *who,
                                                                   const struct bulla_apikey_record *record);

/* bulla_vault_apikey_list calls |each| for the records of |tenant|, or of all if it is empty, by age. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_list(struct bulla_vault *vault, struct bulla_span tenant,
                                                                    bulla_apikey_fn each, void *arg);

/* bulla_vault_apikey_revoke erases the sealed root of |id| and marks it revoked, even if its tenant's name has been
 * tampered with: the audit record then names none. When it returns BULLA_OK, bulla_vault_generation says so
 * in every process of this machine. Returns BULLA_NOT_FOUND; a key that was revoked before stays so, with BULLA_OK. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_revoke(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span id);

/* A function that uses the opened root of an API key of |tenant|. */
typedef enum bulla_status (*bulla_apikey_use_fn)(void *arg, struct bulla_span tenant, struct bulla_span root);

/* bulla_vault_apikey_use is bulla_vault_use for the root of the API key |id|: audited before it is opened. A
 * revoked or unknown key is BULLA_NOT_FOUND and leaves no record, since whoever makes up tokens makes up ids. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_use(struct bulla_vault *vault,
                                                                   const struct bulla_who *who, struct bulla_span id,
                                                                   bulla_apikey_use_fn use, void *arg);

/* bulla_vault_apikey_export is bulla_vault_apikey_use for a root from which the key of |day|, in days since 1970-01-01
 * UTC, is handed to somebody else: its record says so, as "apikey-export", and has the day in its field, as
 * YYYY-MM-DD. Returns BULLA_INVALID_ARGUMENT for a day before 1970 or after 9999. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_export(struct bulla_vault *vault,
                                                                      const struct bulla_who *who, struct bulla_span id,
                                                                      int64_t day, bulla_apikey_use_fn use, void *arg);

/* bulla_vault_generation returns the generation of the API keys: another number as soon as one of them has been
 * revoked by any process of this machine, and another odd one each time it cannot tell. Whatever was fetched with
 * bulla_vault_apikey_use after one call is good as long as further calls return the same number, or
 * bulla_vault_apikey_live says so. It takes some nanoseconds, and now and then a look at the database;
 * docs/API-CONVENTIONS.md. |vault| is open and not closed meanwhile. */
BULLA_API uint64_t bulla_vault_generation(struct bulla_vault *vault);

/* bulla_vault_apikey_live returns BULLA_OK if the API key |id| is there and not revoked, BULLA_NOT_FOUND if not. It
 * writes no record, and asks the database once for each key as a rule. Returns BULLA_VAULT_MOVED, BULLA_IO and others
 * of the environment if that cannot be told: nothing that is remembered may be used then. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_live(struct bulla_vault *vault, struct bulla_span id);

/* bulla_vault_token_revoke marks the token, or session of tokens, |jti| of |tenant| as revoked, for good; |expires|,
 * in seconds since 1970-01-01 UTC, is noted as the time until which it matters. Revoking the same token again
 * succeeds. When it returns, every process of this machine that asks hears of it. Returns BULLA_NOT_FOUND for an
 * unknown tenant, BULLA_INVALID_ARGUMENT for a |jti| that is empty or longer than BULLA_JTI_MAX. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_token_revoke(struct bulla_vault *vault,
                                                                     const struct bulla_who *who,
                                                                     struct bulla_span tenant, struct bulla_span jti,
                                                                     int64_t expires);

/* bulla_vault_token_revoked sets |*revoked| if the token |jti| of |tenant| is revoked, in whatever process that was
 * done, without a lock or a query as a rule. What is no tenant has revoked nothing. Returns BULLA_INVALID_ARGUMENT as
 * of bulla_vault_token_revoke, and the environment's statuses if that cannot be told; |*revoked| says nothing unless
 * it is BULLA_OK. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_token_revoked(struct bulla_vault *vault, bool *revoked,
                                                                      struct bulla_span tenant, struct bulla_span jti);

/* One record of the audit log. Values are never in it. */
struct bulla_audit_record {
  int64_t seq;  /* 1 for the first, without gaps */
  int64_t time; /* microseconds since 1970-01-01 UTC */
  struct bulla_span tenant;
  struct bulla_span actor;
  struct bulla_span origin;
  struct bulla_span reason;
  struct bulla_span op;      /* init put import remove rename-from rename-to use apikey-create apikey-revoke apikey-use
                              * apikey-export token-revoke */
  struct bulla_span entry;   /* or the id of an API key, or the SHA-256 of a jti, 64 digits */
  struct bulla_span field;   /* or the day of which a key was exported */
  struct bulla_span outcome; /* done, granted (about to be opened), not-found, failed (did not open) */
};

typedef enum bulla_status (*bulla_audit_fn)(void *arg, const struct bulla_audit_record *record);

/* bulla_vault_audit_log calls |each| for the records from |first_seq| on, oldest first; of |tenant| alone if
 * it is not empty. It does not verify them. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_log(struct bulla_vault *vault, int64_t first_seq,
                                                                  struct bulla_span tenant, bulla_audit_fn each,
                                                                  void *arg);

/* What bulla_vault_audit_verify found. Begin with BULLA_AUDIT_VERDICT_INIT. */
struct bulla_audit_verdict {
  size_t size;         /* sizeof(struct bulla_audit_verdict) */
  int64_t num_records; /* that are good, from the first on */
  int64_t bad_seq;     /* the first record that is changed, missing or out of place; 0 if none is */
};

#define BULLA_AUDIT_VERDICT_INIT \
  { .size = sizeof(struct bulla_audit_verdict) }

/* bulla_vault_audit_verify recomputes the whole chain and its head. Returns BULLA_AUDIT_BROKEN, with |verdict|
 * filled, if a record was changed, removed, added or swapped. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_verify(struct bulla_vault *vault,
                                                                     struct bulla_audit_verdict *verdict);

#ifdef __cplusplus
}
#endif

#endif
