/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The store: a vault of entries, tenant / entry / field. Secret fields are sealed, shown masked, and opened only after
 * an audit record has been committed.
 *
 *   struct bulla_root *root = NULL;
 *   struct bulla_vault *vault = NULL;
 *   struct bulla_who who = {.actor = bulla_text("reports"), .reason = bulla_text("nightly run")};
 *   struct bulla_place place = {.tenant = bulla_text("acme"), .entry = bulla_text("db")};
 *   struct bulla_field fields[] = {
 *       {.name = bulla_text("host"), .value = bulla_text("db.internal")},
 *       {.name = bulla_text("password"), .value = bulla_text("s3cret"), .secret = true}};
 *
 *   status = bulla_root_open(&root, "file:root.key");
 *   status = bulla_vault_open(&vault, "sqlite:vault.db", root, NULL);  // bulla_vault_create made it
 *   bulla_root_free(&root);
 *   status = bulla_vault_put(vault, &who, &place, fields, 2);
 *   ...
 *   place.field = bulla_text("password");
 *   status = bulla_vault_use(vault, &who, &place, connect, arg);  // or bulla_vault_read, for a copy
 *   bulla_vault_close(&vault);
 *
 * This layer knows nothing of tokens. It keeps API keys as records with one sealed secret each. Statuses that any
 * function or any call on a vault may return are in docs/API-CONVENTIONS.md and not repeated here. */

#ifndef BULLA_STORE_H
#define BULLA_STORE_H

#include <bulla/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BULLA_VAULT_FORMAT 2           /* of the vaults that this version makes and opens, docs/FORMAT.md */
#define BULLA_NAME_MAX 128             /* bytes of the name of a tenant, entry or field */
#define BULLA_VALUE_MAX 65536          /* bytes of the value of a field */
#define BULLA_MASK_MAX 16              /* bytes of a mask */
#define BULLA_WHO_MAX 256              /* bytes of an actor, origin or reason */
#define BULLA_RECORD_HASH_LEN 32       /* bytes of the hash in an API key's record */
#define BULLA_RECORD_ID_LEN 16         /* bytes of the id of an API key's record */
#define BULLA_RECIPIENT_TEXT_LEN 79    /* bytes of the text of a recipient, without a NUL */
#define BULLA_ROOTS_MAX 8              /* of a vault */
#define BULLA_JTI_MAX 8192             /* bytes of a token's id */
#define BULLA_VAULT_ID_LEN 16          /* bytes of a vault's id */
#define BULLA_VAULT_FINGERPRINT_LEN 32 /* bytes of a vault's fingerprint */
#define BULLA_PLACES_MAX 1024          /* fields that one call opens */
#define BULLA_KEEP_MAX 100             /* former revisions that are kept of a field */
#define BULLA_ACTOR_KEY_LEN 177        /* bytes of the text of an actor's key, without a NUL */
#define BULLA_ACTORS_MAX 1024          /* of a vault, with those that are revoked */

/* Names of tenants, entries and fields have 1 to BULLA_NAME_MAX characters of A-Z a-z 0-9 . _ @ + and -, and do not
 * start with a dot or a hyphen. A call that is given another name returns BULLA_INVALID_NAME.
 *
 * Spans passed to a callback are valid until it returns. A callback may call the same vault: no lock is held. */

/* bulla_secret_open creates |*secret| from |provider|, a NUL-terminated string:
 *   env:NAME       the value of the environment variable
 *   file:PATH      the content of a file that belongs to this user or root and that only its owner can read
 *   fd:N           all that can be read from the file descriptor, which stays open
 *   cred:NAME      the file NAME in $CREDENTIALS_DIRECTORY (systemd.exec, LoadCredential=)
 *   cmd:PROGRAM…   the standard output of a program, started without a shell. Words are separated by spaces. It must
 *                  exit with status 0 within 30 seconds
 * One newline at the end, LF or CRLF, is removed; 1 to BULLA_VALUE_MAX bytes must be left. Returns
 *   BULLA_SECRET_UNAVAILABLE   no such variable, file, descriptor or program, nothing in it, or the program failed
 *   BULLA_SECRET_EXPOSED       others can read the file, or it belongs to another user
 *   BULLA_UNSUPPORTED          another provider
 *   BULLA_TOO_LARGE, and BULLA_INVALID_ARGUMENT for cmd: without a program or with more than 64 words
 * The log function gets the reason. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_open(struct bulla_secret **secret, const char *provider);

/* A root: it is kept outside the vault and wraps the vault's key, which wraps all others. */
struct bulla_root;

/* bulla_root_open creates |*root| from the 64 hexadecimal digits that |provider| gives, as for bulla_secret_open, or,
 * for sha256-env:NAME, from the SHA-256 of the value of the environment variable. For wrap:PROGRAM… it is a program
 * that wraps and unwraps the vault's key by the protocol of docs/PROGRAMS.md: for bulla_vault_root_add, and to open the
 * vault with its fingerprint; it is run then, not here. Returns BULLA_ROOT_MALFORMED if that is not a key, and the
 * statuses of bulla_secret_open. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_root_open(struct bulla_root **root, const char *provider);

/* bulla_root_create writes a new random key to the file of the provider "file:PATH", durably and with mode 0600, and
 * creates |*root| from it. Returns BULLA_EXISTS if the file exists, BULLA_UNSUPPORTED for another provider,
 * BULLA_DISK_FULL, BULLA_READ_ONLY, BULLA_IO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_root_create(struct bulla_root **root, const char *provider);

/* bulla_root_passphrase creates |*root| from a passphrase of 1 to 1024 bytes. The vault stretches it with scrypt
 * (RFC 7914): N = 2^17, r = 8, p = 1, a random salt. Returns BULLA_ROOT_MALFORMED for another length. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_root_passphrase(struct bulla_root **root,
                                                                  struct bulla_span passphrase);

/* A recipient is a root whose public half is enough to seal to. Its private half opens the vault, and may never have
 * been on the machine: for recovery. bulla_recipient_create writes a new private key to the file of the provider
 * "file:PATH", as bulla_root_create does. bulla_root_open opens it from "recipient:PROVIDER".
 *
 * bulla_recipient_text fills |text| with the public half of |root|, one word and a NUL, or returns
 * BULLA_INVALID_ARGUMENT if it is another kind of root. bulla_root_recipient creates |*root| from it; what it makes can
 * only be given to bulla_vault_root_add. Returns BULLA_ROOT_MALFORMED. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_recipient_create(struct bulla_root **root, const char *provider);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_recipient_text(const struct bulla_root *root,
                                                                 char text[BULLA_RECIPIENT_TEXT_LEN + 1]);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_root_recipient(struct bulla_root **root, struct bulla_span text);

/* bulla_root_free wipes and frees |*root| and sets it to NULL. */
BULLA_API void bulla_root_free(struct bulla_root **root);

/* An open vault. Threads may share it. Each process opens it for itself; a child of a process with an open vault cannot
 * open one (BULLA_FORKED).
 *
 * Any call may return
 *   BULLA_VAULT_MOVED    the vault's files were moved, replaced or removed since it was opened. Nothing is opened, and
 *                        nothing is reported done that is not in the file the path leads to now
 *   BULLA_REFUSED        somebody without the root key gave the name of a tenant or an entry to another row, or a
 *                        listing is out of order
 *   BULLA_AUDIT_BROKEN   from calls that write a record: the end of the log was tampered with or cut off
 * and on a server
 *   BULLA_UNREACHABLE    the connection was lost, and nothing was done: the next call connects anew
 *   BULLA_UNCERTAIN      a commit was not answered, or a standby was not waited for: nothing was opened, but the change
 *                        or the record may be there */
struct bulla_vault;

/* bulla_vault_create creates an empty vault at |url|, "sqlite:PATH" or "postgres://...", under |root|. The file gets
 * mode 0600. PATH is taken literally. Returns BULLA_EXISTS, BULLA_UNSUPPORTED for another kind of URL or a path that
 * other programs would read differently (docs/API-CONVENTIONS.md). On failure nothing is left behind. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_create(const char *url, const struct bulla_root *root);

/* How to open a vault. Begin with BULLA_VAULT_OPTIONS_INIT. */
struct bulla_vault_options {
  size_t size;          /* sizeof(struct bulla_vault_options) */
  struct bulla_span id; /* BULLA_VAULT_ID_LEN bytes that the vault's id must equal, or empty */
  bool read_only;       /* write to neither database nor -wal, and make no file; a -shm that is there is kept up */
  uint8_t reserved[7];  /* 0 */
  struct bulla_span fingerprint; /* BULLA_VAULT_FINGERPRINT_LEN bytes that the vault's must equal, or empty */
  int64_t generation;            /* what bulla_vault_directory must give at least, or 0 */
};

#define BULLA_VAULT_OPTIONS_INIT \
  { .size = sizeof(struct bulla_vault_options) }

/* bulla_vault_open opens the vault at |url|. |root| need not outlive the call; |options| may be NULL. Where the file
 * system or its permissions forbid writing, the vault is opened for reading: calls that write return BULLA_READ_ONLY.
 * Returns
 *   BULLA_NO_VAULT        there is no file
 *   BULLA_NOT_A_VAULT     the file is something else, or damaged
 *   BULLA_NEWER_VAULT     a later version of bulla made it
 *   BULLA_OLDER_VAULT     it has an older format: bulla_vault_upgrade
 *   BULLA_ROOT_WRONG      |root| is not its root key
 *   BULLA_WRONG_VAULT     its id or fingerprint is not the one in |options|, or |root| is a recipient's key or a
 *                         program and |options| has no fingerprint
 *   BULLA_REFUSED         the vault's own row has been tampered with
 *   BULLA_VAULT_SHARED    the file has several names, or is mounted without its folder
 *   BULLA_UNREACHABLE     the server cannot be reached
 *   BULLA_NOT_PERMITTED   the login lacks a right there
 *   BULLA_UNSUPPORTED     as for bulla_vault_create; or the server loses what it acknowledged */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_open(struct bulla_vault **vault, const char *url,
                                                             const struct bulla_root *root,
                                                             const struct bulla_vault_options *options);

/* The key of an actor: a program, job or person that has not the root, and what it was granted.
 * bulla_vault_actor_create makes it. */
struct bulla_actor;

/* bulla_actor_open creates |*actor| from the text that |provider| gives, as for bulla_secret_open. Returns
 * BULLA_ROOT_MALFORMED if that is not an actor's key, BULLA_ROOT_WRONG if it was mistyped, and the statuses of
 * bulla_secret_open. bulla_actor_free wipes and frees |*actor| and sets it to NULL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_actor_open(struct bulla_actor **actor, const char *provider);
BULLA_API void bulla_actor_free(struct bulla_actor **actor);

/* bulla_vault_open_as opens the vault at |url| as |actor|, which need not outlive the call. What its roles do not give
 * it cannot compute: a call for which they do not suffice returns BULLA_DENIED, and is recorded. Its records are in
 * lanes of its own and say who it is. The key names its vault: no other is sealed to. Returns
 *   BULLA_WRONG_VAULT   the vault is not the one of the key, or not the one in |options|
 *   BULLA_ROOT_WRONG    the vault has no such actor
 *   BULLA_REVOKED       the actor was revoked. A process that has the vault open is told so by its next call; one that
 *                       asks the database nothing, a verifier, within a second
 *   BULLA_AUDIT_BROKEN  the directory is older than |options| or the actor's own lane says, or that was tampered with
 * and the statuses of bulla_vault_open. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_open_as(struct bulla_vault **vault, const char *url,
                                                                const struct bulla_actor *actor,
                                                                const struct bulla_vault_options *options);

/* bulla_vault_directory sets |*generation| to the generation of the vault's directory: one more with each change of
 * tenants' keys, roots, actors and grants. Kept elsewhere and given in the options when a vault is opened, it keeps out
 * a database that somebody put back. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_directory(struct bulla_vault *vault, int64_t *generation);

/* bulla_vault_id returns the vault's id: BULLA_VAULT_ID_LEN random bytes, valid as long as |vault|. Pin it in the
 * options of bulla_vault_open, so that another vault under the same root key cannot take the place of this one. */
BULLA_API struct bulla_span bulla_vault_id(const struct bulla_vault *vault);

/* bulla_vault_fingerprint fills the BULLA_VAULT_FINGERPRINT_LEN bytes of |fingerprint|, which names the vault's id and
 * the key that signs what it says of itself. Whoever opens the vault with a recipient's key or a program must give it,
 * and got it in another way than from the vault: anybody can seal to a public key, and a program may be bound to no
 * vault. Returns BULLA_INVALID_ARGUMENT without a vault, BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_fingerprint(const struct bulla_vault *vault,
                                                                    uint8_t *fingerprint);

/* bulla_vault_close wipes the keys, closes |*vault| and sets it to NULL. */
BULLA_API void bulla_vault_close(struct bulla_vault **vault);

/* Who is asking, for the audit log: UTF-8 of at most BULLA_WHO_MAX bytes each. Calls return BULLA_INVALID_ARGUMENT
 * without |actor|, and those that open something also without |reason|; BULLA_TOO_LARGE or BULLA_INVALID_TEXT for other
 * text. Where the vault was opened as an actor, the log proves who it was, and |actor| says on behalf of whom: it may
 * be empty. */
struct bulla_who {
  struct bulla_span actor;  /* user, service, job */
  struct bulla_span origin; /* address, host, terminal */
  struct bulla_span reason;
  uint64_t reserved[2]; /* 0 */
};

/* Is told how far a long call has come: |done| of |total| rows. */
typedef void (*bulla_progress_fn)(void *arg, int64_t done, int64_t total);

/* bulla_vault_upgrade turns a vault of an older format at |url| into one of this format: one transaction, so that on
 * failure it is as before. A copy of the old database is made first, at |backup|, a path as in |url| but for the
 * scheme; it is checked for damage and stays. Everything is authenticated as it is read. The vault's id, which must be
 * |id| unless that is empty, stays, and so does its root; the log is kept, with a record of the upgrade. |progress| may
 * be NULL. Returns
 *   BULLA_EXISTS          it has this format already, or there is something at |backup|
 *   BULLA_BUSY            another process has it open and writes
 *   BULLA_REFUSED, BULLA_AUDIT_BROKEN   something in it has been tampered with
 * and the statuses of bulla_vault_open. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_upgrade(const char *url, const char *backup,
                                                                const struct bulla_root *root, struct bulla_span id,
                                                                const struct bulla_who *who, bulla_progress_fn progress,
                                                                void *arg);

/* What bulla_vault_export has copied. Begin with BULLA_EXPORT_REPORT_INIT. */
struct bulla_export_report {
  size_t size;         /* sizeof(struct bulla_export_report) */
  int64_t num_tenants; /* that both vaults have at the end, and so on */
  int64_t num_entries;
  int64_t num_fields;
  int64_t num_live_apikeys;
  int64_t num_revoked_apikeys;
  int64_t num_revoked_tokens;
  int64_t num_written; /* rows that this call has written to the target: the others were there already */
};

#define BULLA_EXPORT_REPORT_INIT \
  { .size = sizeof(struct bulla_export_report) }

/* bulla_vault_export copies |vault| into |target|, another vault under keys of its own: tenants; fields with their
 * values, revisions and times; API keys, so that those that were given out stay valid; and revoked tokens. The log
 * stays with |vault|, the roots with each. Every value is opened, sealed anew and wiped in locked memory, after a
 * record of it is committed in |vault|: the operation is "export-vault", of API keys too. |target| gets a record
 * "import-vault" of all that is written to it.
 *
 * What was committed stays if the call fails or the process ends; the same call goes on from there. What |target| has
 * already is not opened again, unless it changed in |vault| meanwhile, by its revision or time. At the end the rows of
 * both are counted. |progress| may be NULL. Returns
 *   BULLA_EXISTS            something else was written to |target|, and nothing of |vault| was opened; or it has more
 *                           rows than |vault|
 *   BULLA_IN_USE            |target| has fewer rows, because |vault| is written to
 *   BULLA_INVALID_ARGUMENT  both are the same vault, or copies of the same
 *   BULLA_REFUSED           something in |vault| has been tampered with; it is named to the log function
 *   BULLA_NOT_FOUND         it was removed meanwhile
 * and the statuses of bulla_vault_use and bulla_vault_put. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_export(struct bulla_vault *vault,
                                                               struct bulla_export_report *report,
                                                               struct bulla_vault *target, const struct bulla_who *who,
                                                               bulla_progress_fn progress, void *arg);

#define BULLA_BACKUP_ID_LEN 16 /* bytes of the random id of a backup */

/* Where a lane of the log ends in a backup. */
struct bulla_backup_head {
  int64_t lane;
  int64_t seq;           /* of its last record, 0 without one */
  struct bulla_span mac; /* of that record: it stands for all before */
  int64_t num_missing;   /* records that the anchor in the options knows of behind it */
};

typedef void (*bulla_backup_head_fn)(void *arg, const struct bulla_backup_head *head);

/* Options of bulla_vault_backup and bulla_vault_restore. Begin with BULLA_BACKUP_OPTIONS_INIT. Only |root| and |who|
 * must be set. */
struct bulla_backup_options {
  size_t size;                   /* sizeof(struct bulla_backup_options) */
  const struct bulla_root *root; /* one that opens the vault: the backup is opened with it too */
  const struct bulla_who *who;
  bulla_progress_fn progress; /* told of bytes, or NULL */
  void *progress_arg;
  bulla_backup_head_fn each; /* called for each lane of the log of the backup once all is done, or NULL */
  void *each_arg;
  /* For bulla_vault_restore: what is known of the vault beforehand, as in struct bulla_vault_options; and an anchor of
   * bulla_vault_audit_anchor that may be newer than the backup. Each may be empty. */
  struct bulla_span id;
  struct bulla_span fingerprint;
  struct bulla_span anchor;
};

#define BULLA_BACKUP_OPTIONS_INIT \
  { .size = sizeof(struct bulla_backup_options) }

/* What was backed up or restored. Begin with BULLA_BACKUP_REPORT_INIT. */
struct bulla_backup_report {
  size_t size; /* sizeof(struct bulla_backup_report) */
  uint8_t id[BULLA_BACKUP_ID_LEN];
  int64_t time;        /* of the backup, in microseconds since 1970-01-01 UTC: what was done later is not in it */
  int64_t num_bytes;   /* of the file */
  int64_t num_records; /* of the log, as the backup has it */
  int64_t num_lanes;
};

#define BULLA_BACKUP_REPORT_INIT \
  { .size = sizeof(struct bulla_backup_report) }

/* bulla_vault_backup makes a backup of |vault| in the new file |path|, with mode 0600, while others use the vault. A
 * record "backup" is committed first, so that the backup has it too, and on failure a second one, "failed". The file
 * gets its name when it is whole, durable and verified: it was opened with the root, its database has no damage, its
 * log is good to its head, every tenant is one of the vault's. Of a vault on a server, of which pg_dump makes the
 * backup, the log of the vault is verified in the place of that of the file. No value is opened. Whoever has the file
 * and a root has all that the vault has. Returns
 *   BULLA_EXISTS     there is something at |path|, or beside it with -wal, -shm or -journal; it is left as it is
 *   BULLA_UNSUPPORTED  |path| ends with one of these: SQLite would take it for a part of another database
 *   BULLA_READ_ONLY  the folder of |path|, or the vault, cannot be written to
 *   BULLA_DISK_FULL
 *   BULLA_BUSY       other backups of the vault were begun again and again meanwhile
 *   BULLA_AUDIT_BROKEN, BULLA_NOT_A_VAULT, BULLA_REFUSED  the vault is damaged: there is no backup of it
 *   BULLA_SECRET_UNAVAILABLE  pg_dump or pg_restore cannot be run, or failed
 * and the statuses of bulla_vault_open. On failure there is no file. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_backup(struct bulla_vault *vault,
                                                               struct bulla_backup_report *report, const char *path,
                                                               const struct bulla_backup_options *options);

/* bulla_vault_restore makes a vault at |url|, where there is none yet, of the backup |path|, which must be one of the
 * same kind of database. All of the backup is verified first. Before the vault can be used, its log has a record
 * "restore-vault", which names the backup, and a new lane: from there on it is another log than that of the vault which
 * was lost, and a process that remembers that one refuses this one. Revocations since the backup are missing: revoke
 * again. Returns
 *   BULLA_EXISTS       there is something at |url|
 *   BULLA_NO_VAULT     there is no file |path|
 *   BULLA_NOT_A_VAULT  it is a vault in use, or no regular file
 *   BULLA_NEWER_VAULT  a later bulla made it
 *   BULLA_UNSUPPORTED  |url| is for another kind of database: restore to one of the same, then bulla_vault_export
 *   BULLA_WRONG_VAULT, BULLA_ROOT_WRONG  it is of another vault
 *   BULLA_REFUSED      it is no backup, was cut, or has another byte than it was written with; or the anchor is none of
 *                      this vault's
 *   BULLA_AUDIT_BROKEN its log is not good, or not the one that was anchored
 *   BULLA_SECRET_UNAVAILABLE  pg_restore cannot be run, or failed
 * and the statuses of bulla_vault_create. On failure there is no vault. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_restore(const char *url, struct bulla_backup_report *report,
                                                                const char *path,
                                                                const struct bulla_backup_options *options);

/* A root of the vault. */
struct bulla_root_view {
  struct bulla_span id;   /* 16 bytes */
  struct bulla_span kind; /* key, passphrase, recipient, program */
  struct bulla_span name; /* may be empty */
  int64_t created;        /* seconds since 1970-01-01 UTC */
};

typedef enum bulla_status (*bulla_root_fn)(void *arg, const struct bulla_root_view *root);

/* bulla_vault_root_list calls |each| for the roots of the vault: each of them opens it. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_root_list(struct bulla_vault *vault, bulla_root_fn each,
                                                                  void *arg);

/* bulla_vault_root_add makes |root| one more root of the vault. |name| may be empty, and must not look like an id. A
 * program is run twice: what it wrapped must unwrap to the same. Returns BULLA_EXISTS if a key or a recipient is a root
 * already, or another root has that name (a passphrase or a program can be added again: nothing tells that it is the
 * same), BULLA_INVALID_NAME, BULLA_TOO_LARGE if there are BULLA_ROOTS_MAX, BULLA_INVALID_ARGUMENT for the private half
 * of a recipient. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_root_add(struct bulla_vault *vault, const struct bulla_who *who,
                                                                 const struct bulla_root *root, struct bulla_span name);

/* bulla_vault_root_remove removes the root |which|, a name or the id as 32 hexadecimal digits. It opens this database
 * no more; it still opens copies that were made before. Returns BULLA_NOT_FOUND, BULLA_IN_USE for the root that |vault|
 * was opened with, so that one that is known to open it stays, and for the last one that is no recipient. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_root_remove(struct bulla_vault *vault,
                                                                    const struct bulla_who *who,
                                                                    struct bulla_span which);

/* bulla_vault_root_rotate makes |root| a root of the vault in the place of the one that |vault| was opened with, in one
 * transaction: whatever happens, exactly one of the two opens the vault. An empty |name| leaves the name as it was.
 * The vault key stays the same, so the former root still opens copies that were made before. Returns the statuses of
 * bulla_vault_root_add, and BULLA_INVALID_ARGUMENT for a recipient's public half, which opens nothing. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_root_rotate(struct bulla_vault *vault,
                                                                    const struct bulla_who *who,
                                                                    const struct bulla_root *root,
                                                                    struct bulla_span name);

/* What a grant is for. */
enum bulla_role {
  BULLA_ROLE_PUT,    /* bulla_vault_put in tenants that are there, and nothing that opens what was put */
  BULLA_ROLE_SHOW,   /* list, show masked */
  BULLA_ROLE_USE,    /* open values; and what BULLA_ROLE_SHOW may */
  BULLA_ROLE_VERIFY, /* verify and refresh tokens. Whoever can verify a token could mint it */
  BULLA_ROLE_AUDIT,  /* read the log of a tenant; for all tenants the whole log, and verify it */
  BULLA_NUM_ROLES
};

/* bulla_role_name returns "put", "show", "use", "verify" or "audit". */
BULLA_API struct bulla_span bulla_role_name(enum bulla_role role);

/* bulla_vault_actor_create makes an actor |name| without any grant, and creates |*key|, BULLA_ACTOR_KEY_LEN bytes of
 * text that nobody can make again; the caller frees it. Only a root can. Returns BULLA_EXISTS if an actor has or had
 * that name, BULLA_TOO_LARGE if there were BULLA_ACTORS_MAX. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_actor_create(struct bulla_vault *vault,
                                                                     struct bulla_secret **key,
                                                                     const struct bulla_who *who,
                                                                     struct bulla_span name);

/* An actor of the vault. */
struct bulla_actor_view {
  struct bulla_span id; /* 16 bytes */
  struct bulla_span name;
  int64_t number;  /* the log's lanes from 64 times this on are its own */
  int64_t created; /* seconds since 1970-01-01 UTC */
  bool is_revoked;
};

typedef enum bulla_status (*bulla_actor_fn)(void *arg, const struct bulla_actor_view *actor);

/* bulla_vault_actor_list calls |each| for the actors, also those that were revoked, in the order of their numbers. Only
 * a root can. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_actor_list(struct bulla_vault *vault, bulla_actor_fn each,
                                                                   void *arg);

/* bulla_vault_actor_revoke ends all grants of the actor |name|, and the actor, for good. What it has put and nobody has
 * used yet is sealed anew first, unless |distrust|: then it is refused from now on, until it is put again. What the
 * actor knew it still knows: the secrets of tenants that bulla_vault_versions calls due are to be rotated, and values
 * that it may have read replaced. When it returns BULLA_OK, |*num_adopted|, unless it is NULL, is how many were sealed
 * anew, no process of the actor opens anything any more, and the audit log says where each of the actor's lanes has
 * come to: bulla_vault_audit_verify misses what is taken away of that. A damaged lane keeps nobody from revoking: its
 * record `lane-end` is `failed`, and the caller's log is told. |progress| may be NULL. Only a root can. Returns
 * BULLA_NOT_FOUND, BULLA_REVOKED if it was revoked already, BULLA_BUSY if it goes on to put faster than its values are
 * sealed anew. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_actor_revoke(struct bulla_vault *vault, int64_t *num_adopted,
                                                                     const struct bulla_who *who,
                                                                     struct bulla_span name, bool distrust,
                                                                     bulla_progress_fn progress, void *arg);

/* bulla_vault_grant grants |role| to the actor |name|, for |tenant|, or for all there are and will be if that is empty.
 * bulla_vault_grant_end ends that grant; of values that were put under it the same holds as for
 * bulla_vault_actor_revoke, without |distrust|. A grant for a tenant that was removed ends by the name that it had
 * last; one for a tenant that was shredded, which gives nothing, with its actor. Only a root can. Return
 * BULLA_NOT_FOUND for an unknown actor or tenant and where there is no such grant, BULLA_EXISTS where there is,
 * BULLA_REVOKED for a revoked actor. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_grant(struct bulla_vault *vault, const struct bulla_who *who,
                                                              struct bulla_span name, enum bulla_role role,
                                                              struct bulla_span tenant);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_grant_end(struct bulla_vault *vault,
                                                                  const struct bulla_who *who, struct bulla_span name,
                                                                  enum bulla_role role, struct bulla_span tenant);

/* A grant. */
struct bulla_grant_view {
  struct bulla_span actor;
  enum bulla_role role;
  struct bulla_span tenant; /* its name as it is now; empty for all, and for one that was shredded */
  bool is_for_all;
  bool has_ended;
  bool is_removed; /* its tenant was removed or shredded: it gives nothing, whether it has ended or not */
  int64_t created; /* seconds since 1970-01-01 UTC */
};

typedef enum bulla_status (*bulla_grant_fn)(void *arg, const struct bulla_grant_view *grant);

/* bulla_vault_grant_list calls |each| for the grants of the actor |name|, or of all actors if it is empty, also those
 * that have ended. Only a root can. Returns BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_grant_list(struct bulla_vault *vault, struct bulla_span name,
                                                                   bulla_grant_fn each, void *arg);

/* Where a value is. For a call about a whole entry, |field| must be empty. */
struct bulla_place {
  struct bulla_span tenant;
  struct bulla_span entry;
  struct bulla_span field;
  int64_t revision;     /* 0: the field as it is. Calls that take no other say nothing of it */
  uint64_t reserved[1]; /* 0 */
};

/* What of a secret value is shown. */
enum bulla_mask_policy {
  BULLA_MASK_NONE = 1,  /* nothing */
  BULLA_MASK_LAST4 = 2, /* eight asterisks, and the last four bytes of a value of 16 bytes or more if they are printable
                         * ASCII */
  BULLA_MASK_FIXED = 3, /* eight asterisks */
};

/* What the length of a sealed value tells of that of the value. */
enum bulla_padding {
  BULLA_PADDING_BUCKETS = 1, /* up to 60, 124, 252, 508 or 1020 bytes, or 1024 more each */
  BULLA_PADDING_NONE = 2,    /* its length */
};

#define BULLA_EXPIRES_NEVER (-1)
#define BULLA_REVISION_NONE (-1)

/* A field to write. The traits of a secret one are 0 for those that the field has already; a new field then has
 * BULLA_MASK_LAST4 and BULLA_PADDING_BUCKETS, never expires and is no canary. A plain field has none. */
struct bulla_field {
  struct bulla_span name;
  struct bulla_span value; /* at most BULLA_VALUE_MAX bytes; of a plain field UTF-8 without NUL */
  bool secret;
  int64_t expires;       /* when it should be replaced, in seconds since 1970-01-01 UTC, or BULLA_EXPIRES_NEVER */
  uint8_t mask;          /* enum bulla_mask_policy */
  uint8_t padding;       /* enum bulla_padding */
  uint8_t canary;        /* 1: it is a lure, see bulla_vault_use */
  uint8_t reserved_8[5]; /* 0 */
  int64_t if_revision;   /* that the field must have, BULLA_REVISION_NONE if there must be none, 0 for whichever */
  uint64_t reserved[1];  /* 0 */
};

/* bulla_vault_put writes |num_fields| fields of an entry, all or none. It creates the tenant and the entry if needed,
 * and leaves other fields of the entry alone. A field that exists gets the next revision and keeps the traits that are
 * not given; a canary stays one; former revisions are kept as bulla_vault_keep has it. Returns BULLA_STAYS_SECRET for a
 * plain value of a field that is secret, BULLA_EXISTS or BULLA_CONFLICT if if_revision does not hold, BULLA_REFUSED if
 * the traits to keep, or the plain value that is there, have been tampered with (bulla_vault_remove removes it),
 * BULLA_INVALID_ARGUMENT without fields or for traits of a plain field, BULLA_INVALID_TEXT, BULLA_TOO_LARGE.
 *
 * An actor makes no tenant: BULLA_NOT_FOUND. It adds revisions and deletes none, which is left to the root's next put,
 * and makes no plain field secret: BULLA_DENIED. One that may not show the value cannot see its traits: those that are
 * not given are BULLA_MASK_FIXED, BULLA_PADDING_BUCKETS, no date, no canary. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_put(struct bulla_vault *vault, const struct bulla_who *who,
                                                            const struct bulla_place *place,
                                                            const struct bulla_field *fields, size_t num_fields);

/* A value to import. */
struct bulla_import {
  struct bulla_span entry;
  struct bulla_span field;
  struct bulla_span triple; /* iv:authTag:ciphertext, see bulla_triple_open */
  uint64_t reserved[4];     /* 0 */
};

/* bulla_vault_import decrypts |num_rows| triples under |key| and writes them as secret fields of |tenant|, all or none.
 * |format| may be NULL. On failure |*failed_row| is the index of the row at fault, or |num_rows| if none is. Returns
 * BULLA_INVALID_TEXT if a triple is malformed, which is checked for all rows first, BULLA_REFUSED if one does not
 * decrypt, BULLA_EXISTS if a field exists or is in two rows, BULLA_INVALID_ARGUMENT without rows or for a |key| of
 * another length, BULLA_TOO_LARGE. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_import(struct bulla_vault *vault, size_t *failed_row,
                                                               const struct bulla_who *who, struct bulla_span tenant,
                                                               const struct bulla_secret *key,
                                                               const struct bulla_triple_format *format,
                                                               const struct bulla_import *rows, size_t num_rows);

/* A field, masked if secret. */
struct bulla_field_view {
  struct bulla_span name;
  struct bulla_span text; /* the value of a plain field, the mask of a secret one */
  bool secret;
  size_t value_len; /* bytes of a plain value; of a secret one as many as it can have, as it is padded */
  int64_t revision; /* 1 for the first value */
  int64_t updated;  /* seconds since 1970-01-01 UTC */
  int64_t expires;  /* when a secret should be replaced, likewise, or 0. Nothing here tells a canary */
};

typedef enum bulla_status (*bulla_field_fn)(void *arg, const struct bulla_field_view *field);

/* bulla_vault_show calls |each| for the fields of an entry, in the order of their names. No secret is opened. If |each|
 * returns another status than BULLA_OK, the walk ends and returns it; this holds for all walks. Returns
 * BULLA_NOT_FOUND, BULLA_REFUSED if a mask or a plain value has been tampered with. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_show(struct bulla_vault *vault, const struct bulla_place *place,
                                                             bulla_field_fn each, void *arg);

/* A revision of a field, masked if secret. */
struct bulla_revision_view {
  struct bulla_span field;
  struct bulla_span text; /* as in struct bulla_field_view */
  bool secret;
  bool current; /* the field as it is: the greatest revision */
  int64_t revision;
  int64_t updated; /* when it was put, in seconds since 1970-01-01 UTC */
  int64_t expires; /* as in struct bulla_field_view */
};

typedef enum bulla_status (*bulla_revision_fn)(void *arg, const struct bulla_revision_view *revision);

/* bulla_vault_history calls |each| for the revisions that are kept of a field, the newest first, or of all fields of an
 * entry if |place| names none, in the order of their names. No secret is opened. Returns BULLA_NOT_FOUND, BULLA_REFUSED
 * as bulla_vault_show does. A former revision is opened by bulla_vault_use and the like: |revision| of their place. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_history(struct bulla_vault *vault,
                                                                const struct bulla_place *place, bulla_revision_fn each,
                                                                void *arg);

/* bulla_vault_restore_field puts the value of a former |revision| of a field again: the field gets it with its next
 * revision. It is opened and sealed inside the call, and nobody gets to see it; a field that is secret stays so. The
 * record has the operation "restore" and, as its field, FIELD#REVISION. Returns BULLA_NOT_FOUND for a revision that is
 * not kept, BULLA_EXISTS for the one that the field has, BULLA_INVALID_ARGUMENT without one, BULLA_REFUSED if it does
 * not open, or as for bulla_vault_put. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_restore_field(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      const struct bulla_place *place);

#define BULLA_KEEP_AS_VAULT (-1) /* as many as the vault keeps */

/* bulla_vault_keep sets how many former revisions of a field are kept, 0 to BULLA_KEEP_MAX: those that are at most that
 * far before the field's own. |place| names an entry, or is NULL for the vault: what holds for all entries that have no
 * number of their own, 3 at first. An entry goes back to that with BULLA_KEEP_AS_VAULT. What is too old then is deleted
 * in the entry at once; for the vault, of each field when it is put next. bulla_vault_kept sets |*num| to that number.
 * Returns BULLA_NOT_FOUND, BULLA_INVALID_ARGUMENT. bulla_vault_put_keep is bulla_vault_put that does so for the entry,
 * before it writes its fields. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_keep(struct bulla_vault *vault, const struct bulla_who *who,
                                                             const struct bulla_place *place, int num);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_put_keep(struct bulla_vault *vault, const struct bulla_who *who,
                                                                 const struct bulla_place *place,
                                                                 const struct bulla_field *fields, size_t num_fields,
                                                                 int num);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_kept(struct bulla_vault *vault, int *num,
                                                             const struct bulla_place *place);

/* An entry in a list. */
struct bulla_entry_view {
  struct bulla_span tenant;
  struct bulla_span entry;
  int64_t num_fields;
  int64_t updated; /* seconds since 1970-01-01 UTC, of its newest field */
};

typedef enum bulla_status (*bulla_entry_fn)(void *arg, const struct bulla_entry_view *entry);

/* bulla_vault_list calls |each| for the entries of |tenant|, or of all tenants if it is empty, in the order of their
 * names. Returns BULLA_NOT_FOUND for an unknown tenant, BULLA_REFUSED, after those before it were given out, at one
 * that is not proven to be called so (bulla_vault_remove removes it). */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_list(struct bulla_vault *vault, struct bulla_span tenant,
                                                             bulla_entry_fn each, void *arg);

/* bulla_vault_remove removes an entry and all its fields, with their former revisions; also one that is not proven to
 * be what is called so, which somebody has written into the database. Returns BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_remove(struct bulla_vault *vault, const struct bulla_who *who,
                                                               const struct bulla_place *place);

/* bulla_vault_remove_fields removes |num_fields| fields of an entry, all or none. Without fields left the entry is
 * removed too. Returns BULLA_NOT_FOUND, also for a field named twice, BULLA_INVALID_ARGUMENT without fields. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_remove_fields(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      const struct bulla_place *place,
                                                                      const struct bulla_span *fields,
                                                                      size_t num_fields);

/* bulla_vault_remove_tenant removes a tenant with its keys, revoked API keys and revoked tokens. Its audit records
 * stay. Returns BULLA_NOT_FOUND, BULLA_IN_USE if it has an entry or a live API key. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_remove_tenant(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span tenant);

/* bulla_vault_rename_tenant, _entry and _field change a name to |name|. Values, revisions and masks stay the same; a
 * secret field is opened and sealed again inside the call. Two records are written, with the old names and with the
 * new. Returns BULLA_NOT_FOUND, BULLA_EXISTS if the name is taken, BULLA_REFUSED if the field does not open,
 * BULLA_IN_USE for a tenant with live API keys, because their tokens contain the old name. */
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

/* A version of the secret of a tenant, of which the keys of its values, masks and API keys are derived. */
struct bulla_version_view {
  struct bulla_span tenant;
  int64_t version;         /* from 1 */
  struct bulla_span state; /* pending, active: seals new values, decrypt-only: opens those that it has sealed */
  int64_t created;         /* seconds since 1970-01-01 UTC; not authenticated */
  int64_t num_fields;      /* secret values that are sealed under it */
  int64_t num_past;        /* likewise, of former revisions */
  int64_t num_apikeys;     /* likewise, token roots of API keys */
  bool is_due;             /* an actor whose role has ended since knew it: rotate, and let go of it */
  bool is_due_apikeys;     /* likewise, of its API keys: revoke them, a new version does not help */
};

typedef enum bulla_status (*bulla_version_fn)(void *arg, const struct bulla_version_view *version);

/* bulla_vault_versions calls |each| for the versions of |tenant|, or of all tenants if it is empty, that are not
 * destroyed. Returns BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_versions(struct bulla_vault *vault, struct bulla_span tenant,
                                                                 bulla_version_fn each, void *arg);

/* A secret field, as whoever looks after the vault sees it. */
struct bulla_secret_view {
  struct bulla_span tenant;
  struct bulla_span entry;
  struct bulla_span field;
  int64_t revision;
  int64_t updated; /* seconds since 1970-01-01 UTC */
  int64_t expires; /* when it should be replaced, likewise; 0 if its owner set no date */
  bool is_canary;  /* see struct bulla_field: do not show it to those who are to be caught by it */
};

typedef enum bulla_status (*bulla_secret_fn)(void *arg, const struct bulla_secret_view *secret);

/* bulla_vault_secrets calls |each| for the secret fields of |tenant|, or of all tenants if it is empty, in the order in
 * which tenants are named, versions were made, and fields were put. One that is put or sealed anew meanwhile may be
 * given twice. Masks are opened, because only they tell when a secret expires and whether it is a canary; no value is,
 * and nothing is recorded. Returns BULLA_NOT_FOUND; BULLA_REFUSED, after the others were given out, if a mask or
 * what proves the entry's name has been tampered with. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_secrets(struct bulla_vault *vault, struct bulla_span tenant,
                                                                bulla_secret_fn each, void *arg);

/* bulla_vault_rotate_tenant gives |tenant| a new version of its secret, |*version|; the former one is decrypt-only.
 * What is sealed under that one is sealed anew when it is next used, or by bulla_vault_rewrap. Returns BULLA_NOT_FOUND,
 * BULLA_TOO_LARGE if 32 versions are not destroyed. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_rotate_tenant(struct bulla_vault *vault, int64_t *version,
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span tenant);

/* What bulla_vault_rewrap has done. Begin with BULLA_REWRAP_REPORT_INIT. */
struct bulla_rewrap_report {
  size_t size;         /* sizeof(struct bulla_rewrap_report) */
  int64_t num_total;   /* that were to be sealed anew, at the beginning */
  int64_t num_done;    /* by this call; others may have done the rest */
  int64_t num_refused; /* that did not open, and stay as they are */
  bool is_stopped;     /* because |go_on| said so */
};

#define BULLA_REWRAP_REPORT_INIT \
  { .size = sizeof(struct bulla_rewrap_report) }

/* Is told how far a long call has come: |done| of |total|. If it returns false, the call ends. */
typedef bool (*bulla_rewrap_fn)(void *arg, int64_t done, int64_t total);

/* bulla_vault_rewrap seals anew what is sealed under decrypt-only versions of |tenant|, or of all tenants if it is
 * empty, and what actors have put there and nobody has used. Others can read and write meanwhile; it may be
 * interrupted, even killed, and called again, and several may run at once. Nothing that it opens leaves locked memory;
 * it writes a record a batch, "rewrap", with the number of values as its field. |go_on| may be NULL. Returns
 * BULLA_REFUSED if something did not open, after all else is done, BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_rewrap(struct bulla_vault *vault,
                                                               struct bulla_rewrap_report *report,
                                                               const struct bulla_who *who, struct bulla_span tenant,
                                                               bulla_rewrap_fn go_on, void *arg);

/* bulla_vault_destroy_versions destroys the decrypt-only versions of |tenant|, or of all tenants if it is empty, under
 * which nothing is sealed any more. Then call bulla_vault_scrub. Returns BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_destroy_versions(struct bulla_vault *vault,
                                                                         int64_t *num_destroyed,
                                                                         const struct bulla_who *who,
                                                                         struct bulla_span tenant);

/* bulla_vault_shred destroys all keys of |tenant| and deletes what it has: entries and their history, API keys, which
 * are revoked at once, and revoked tokens. Its records stay in the log, where their details are noise. Copies that were
 * made before, such as backups, still open. Then call bulla_vault_scrub. Returns BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_shred(struct bulla_vault *vault, const struct bulla_who *who,
                                                              struct bulla_span tenant);

/* bulla_vault_scrub removes from the vault's files what was deleted before; it may be called at any time. Returns
 * BULLA_BUSY as long as somebody reads an older state of the vault, BULLA_UNSUPPORTED for a server, which keeps deleted
 * rows in files of its own (docs/POSTGRESQL.md). */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_scrub(struct bulla_vault *vault);

/* A use function gets an opened value in locked memory, which is wiped when the function returns. */
typedef enum bulla_status (*bulla_use_fn)(void *arg, struct bulla_span value);

/* bulla_vault_use commits an audit record, opens a field, plain or secret, or a |revision| of it, passes the value to
 * |use|, and returns its status. If the record cannot be committed, nothing is opened. Returns BULLA_NOT_FOUND,
 * BULLA_REFUSED if the value has been tampered with or moved; both are recorded. Of a canary nothing is opened: it is
 * BULLA_NOT_FOUND, as if it were not there, and recorded with the outcome "canary". */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_use(struct bulla_vault *vault, const struct bulla_who *who,
                                                            const struct bulla_place *place, bulla_use_fn use,
                                                            void *arg);

/* bulla_vault_read is bulla_vault_use that returns the value as |*value|, which the caller frees. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_read(struct bulla_vault *vault, struct bulla_secret **value,
                                                             const struct bulla_who *who,
                                                             const struct bulla_place *place);

/* A use function for several values: values[i] is that of the i-th place. All are in locked memory at once, and are
 * wiped when the function returns. */
typedef enum bulla_status (*bulla_use_many_fn)(void *arg, const struct bulla_span *values, size_t num_values);

/* bulla_vault_use_many is bulla_vault_use for |num_places| fields, of any tenants and entries, with one commit: it
 * takes hardly longer than one use. Every place gets a record of its own, as if it were used alone; all are committed,
 * or none is and nothing is opened. The values are passed to |use| all together, or not at all: if a place is not
 * found, or a value is refused or does not fit into locked memory beside the others (BULLA_ARENA_FULL), |use| is not
 * called. The records stay: "granted" or "not-found" of each place, and "failed" of the first value that did not open.
 * On failure |*failed_place| is the index of the first place at fault, or |num_places| if none is; it also is if |use|
 * fails. Returns the statuses of bulla_vault_use, BULLA_INVALID_ARGUMENT without places, BULLA_TOO_LARGE for more than
 * BULLA_PLACES_MAX. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_use_many(struct bulla_vault *vault, size_t *failed_place,
                                                                 const struct bulla_who *who,
                                                                 const struct bulla_place *places, size_t num_places,
                                                                 bulla_use_many_fn use, void *arg);

/* An API key in a list. */
struct bulla_apikey_view {
  struct bulla_span id; /* BULLA_RECORD_ID_LEN bytes */
  struct bulla_span tenant;
  struct bulla_span name;
  int64_t created; /* seconds since 1970-01-01 UTC */
  int64_t revoked; /* likewise; 0 if it is live */
};

typedef enum bulla_status (*bulla_apikey_fn)(void *arg, const struct bulla_apikey_view *apikey);

/* The record of an API key. */
struct bulla_apikey_record {
  struct bulla_span tenant;        /* is created if needed */
  struct bulla_span id;            /* BULLA_RECORD_ID_LEN bytes */
  struct bulla_span name;          /* may be empty */
  struct bulla_span hash;          /* of the API key string, BULLA_RECORD_HASH_LEN bytes */
  const struct bulla_secret *root; /* the token root, which is stored sealed */
  uint64_t reserved[2];            /* 0 */
};

/* bulla_vault_apikey_put stores |record|. Returns BULLA_EXISTS if there is a record with that id. bulla/service.h has
 * bulla_vault_apikey_create, which also makes the key. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_put(struct bulla_vault *vault,
                                                                   const struct bulla_who *who,
                                                                   const struct bulla_apikey_record *record);

/* bulla_vault_apikey_list calls |each| for the API keys of |tenant|, or of all tenants if it is empty, oldest first.
 * Returns BULLA_NOT_FOUND for an unknown tenant. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_list(struct bulla_vault *vault, struct bulla_span tenant,
                                                                    bulla_apikey_fn each, void *arg);

/* bulla_vault_apikey_revoke erases the sealed root of the API key |id| and marks it revoked. On BULLA_OK,
 * bulla_vault_generation has changed in every process of this machine that has the vault open. Revoking a revoked key
 * succeeds. It also works if the tenant's name has been tampered with; the record then names no tenant. Returns
 * BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_revoke(struct bulla_vault *vault,
                                                                      const struct bulla_who *who,
                                                                      struct bulla_span id);

/* An API key use function gets the opened token root of an API key of |tenant|. */
typedef enum bulla_status (*bulla_apikey_use_fn)(void *arg, struct bulla_span tenant, struct bulla_span root);

/* bulla_vault_apikey_use is bulla_vault_use for the token root of the API key |id|. Returns BULLA_NOT_FOUND for a
 * revoked or unknown key, and BULLA_DENIED for one of a tenant for which the actor has not the role to verify, both
 * without a record, so that forged tokens cannot flood the log. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_use(struct bulla_vault *vault,
                                                                   const struct bulla_who *who, struct bulla_span id,
                                                                   bulla_apikey_use_fn use, void *arg);

/* bulla_vault_apikey_export is bulla_vault_apikey_use for handing the token key of one |day| to somebody else. Its
 * record has the operation "apikey-export" and the day as its field, YYYY-MM-DD. |day| counts from 1970-01-01 UTC.
 * Returns BULLA_INVALID_ARGUMENT for a day before 1970 or after 9999. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_export(struct bulla_vault *vault,
                                                                      const struct bulla_who *who, struct bulla_span id,
                                                                      int64_t day, bulla_apikey_use_fn use, void *arg);

/* bulla_vault_generation returns a counter that changes whenever any process of this machine revokes an API key. Token
 * roots fetched after one call stay valid while later calls return the same value, or bulla_vault_apikey_live returns
 * BULLA_OK for them. If it cannot tell, for example after the files were moved, it returns a new odd number each time.
 * It takes nanoseconds, and at times a look at the database (docs/API-CONVENTIONS.md). */
BULLA_API uint64_t bulla_vault_generation(struct bulla_vault *vault);

/* bulla_vault_apikey_live returns BULLA_OK if the API key |id| exists and is not revoked, BULLA_NOT_FOUND if it is not.
 * It writes no record, and normally queries the database once per key. Any other status means that it cannot tell: do
 * not use remembered keys then. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_apikey_live(struct bulla_vault *vault, struct bulla_span id);

/* bulla_vault_token_revoke marks the token or session |jti| of |tenant| as revoked, for good. |expires|, in seconds
 * since 1970-01-01 UTC, is stored as the time until which it matters. When it returns BULLA_OK, every process of this
 * machine sees it. Revoking the same token again succeeds. Returns BULLA_NOT_FOUND for an unknown tenant,
 * BULLA_INVALID_ARGUMENT if |jti| is empty or longer than BULLA_JTI_MAX. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_token_revoke(struct bulla_vault *vault,
                                                                     const struct bulla_who *who,
                                                                     struct bulla_span tenant, struct bulla_span jti,
                                                                     int64_t expires);

/* bulla_vault_token_revoked sets |*revoked| if the token |jti| of |tenant| was revoked, by any process of this machine.
 * It normally takes no lock and no query. An unknown tenant has revoked nothing. |*revoked| is meaningful only on
 * BULLA_OK; any other status means that it cannot tell. Returns BULLA_INVALID_ARGUMENT as bulla_vault_token_revoke
 * does. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_token_revoked(struct bulla_vault *vault, bool *revoked,
                                                                      struct bulla_span tenant, struct bulla_span jti);

/* A record of the audit log. It never contains values. */
struct bulla_audit_record {
  int64_t seq;  /* from 1, without gaps in its lane */
  int64_t time; /* microseconds since 1970-01-01 UTC */
  struct bulla_span tenant;
  struct bulla_span actor;
  struct bulla_span origin;
  struct bulla_span reason;
  struct bulla_span op; /* init upgrade root-add root-remove rotate-root rotate-tenant rewrap destroy-version shred put
                         * import remove rename-from rename-to use restore keep apikey-create apikey-revoke apikey-use
                         * apikey-export token-revoke checkpoint lane-open lane-take lane-at export-vault import-vault
                         * backup restore-vault limit-set limit-remove limit-refused actor-create actor-revoke grant
                         * grant-end lane-end */
  struct bulla_span entry;     /* or the id of an API key, the SHA-256 of a jti in hexadecimal, a root's name, a lane, a
                                * vault's id, an actor's name */
  struct bulla_span field;     /* or FIELD#REVISION, a number that is kept, the day of an exported key, a seq in a lane,
                                * a MAC, a role */
  struct bulla_span outcome;   /* done, granted (about to be opened), not-found, canary, failed (did not open),
                                * limited, denied (the actor has no role for it) */
  int64_t lane;                /* 0, unless a process writes its uses to its own, or is an actor's */
  struct bulla_span proven;    /* the name of the actor whose lane it is; empty for a root */
  struct bulla_span tenant_id; /* 16 bytes, or empty if there was no such tenant */
  struct bulla_span statement; /* SHA-256 of what the change had signed (docs/FORMAT.md §8), a mac, or empty */
  bool is_erased;              /* the tenant was shredded: what is not in clear is empty */
};

typedef enum bulla_status (*bulla_audit_fn)(void *arg, const struct bulla_audit_record *record);

/* bulla_vault_audit_log calls |each| for the records from |first_seq| on in each lane, oldest first, or only for those
 * of |tenant| if it is not empty. It does not verify them. If a lane cannot be read to its end, the others are, and
 * then the reason is returned. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_log(struct bulla_vault *vault, int64_t first_seq,
                                                                  struct bulla_span tenant, bulla_audit_fn each,
                                                                  void *arg);

#define BULLA_AUDIT_LANES_MAX 2048 /* lanes of a log */

/* Up to which record a lane of the log was read. */
struct bulla_audit_mark {
  int64_t lane;
  int64_t seq;
};

/* Up to where a log was read. Zeroed, nothing of it was. */
struct bulla_audit_marks {
  size_t num_lanes;
  struct bulla_audit_mark lanes[BULLA_AUDIT_LANES_MAX];
};

/* Which records to read. Begin with BULLA_AUDIT_LOG_OPTIONS_INIT: all. */
struct bulla_audit_log_options {
  size_t size;                     /* sizeof(struct bulla_audit_log_options) */
  struct bulla_span tenant;        /* of this one only; empty for all */
  int64_t since;                   /* whose time is not before this, microseconds since 1970-01-01 UTC */
  int64_t until;                   /* and is before this */
  int64_t first_seq;               /* in lanes that |marks| does not have */
  struct bulla_audit_marks *marks; /* those behind them, or NULL */
};

#define BULLA_AUDIT_LOG_OPTIONS_INIT \
  { .size = sizeof(struct bulla_audit_log_options), .since = INT64_MIN, .until = INT64_MAX }

/* bulla_vault_audit_log_with is bulla_vault_audit_log for the records that |options| describe. Those of other times are
 * left out by the database, and not opened: a short time of a long log takes a fraction of reading it all. Clocks are
 * set back at times, so records of the time asked for are looked for everywhere.
 *
 * The marks are moved behind each record that |each| returned BULLA_OK for, and at the end of a lane behind those that
 * were left out: the next call with them goes on there, also in lanes that were made meanwhile. In a lane no record is
 * ever added before another, so none is missed. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_log_with(struct bulla_vault *vault,
                                                                       const struct bulla_audit_log_options *options,
                                                                       bulla_audit_fn each, void *arg);

/* The result of bulla_vault_audit_verify. Begin with BULLA_AUDIT_VERDICT_INIT. */
struct bulla_audit_verdict {
  size_t size;         /* sizeof(struct bulla_audit_verdict) */
  int64_t num_records; /* good ones, from the first on */
  int64_t bad_seq;     /* the first that is changed, missing or out of place, or 0 */
  int64_t bad_lane;    /* its lane */
  int64_t num_lanes;   /* good ones */
};

#define BULLA_AUDIT_VERDICT_INIT \
  { .size = sizeof(struct bulla_audit_verdict) }

/* The head of a lane of the log. */
struct bulla_audit_head_view {
  int64_t lane;
  int64_t seq;           /* of its last record */
  struct bulla_span mac; /* 32 bytes, which stand for all records up to it */
};

typedef enum bulla_status (*bulla_audit_head_fn)(void *arg, const struct bulla_audit_head_view *head);

/* bulla_vault_audit_heads calls |each| for the head of each lane, in the order of their numbers. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_heads(struct bulla_vault *vault, bulla_audit_head_fn each,
                                                                    void *arg);

#define BULLA_ANCHOR_MAX 262144 /* bytes of an anchor: some 90 for each lane */

/* bulla_vault_audit_anchor commits a record, "checkpoint", and fills |anchor|, at least BULLA_ANCHOR_MAX bytes, with
 * the heads of all lanes, signed: a note as in C2SP's signed-note, docs/FORMAT.md §9. Kept where nobody who can write
 * to the vault can, it shows later that the log has lost nothing since. Returns BULLA_BUFFER_TOO_SMALL, and then
 * commits nothing. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_anchor(struct bulla_vault *vault,
                                                                     struct bulla_buffer *anchor,
                                                                     const struct bulla_who *who);

/* How to verify. Begin with BULLA_AUDIT_VERIFY_OPTIONS_INIT. */
struct bulla_audit_verify_options {
  size_t size;              /* sizeof(struct bulla_audit_verify_options) */
  struct bulla_span anchor; /* that the log must contain; without one, data is NULL */
  size_t num_threads;       /* 1 to 64 that share the work, each with a connection of its own; 0 is 1 */
};

#define BULLA_AUDIT_VERIFY_OPTIONS_INIT \
  { .size = sizeof(struct bulla_audit_verify_options) }

/* bulla_vault_audit_verify recomputes the macs of all lanes, from their first record to their head, and compares the
 * lanes with those that were signed. Memory does not grow with the log, and others can write meanwhile. Returns
 * BULLA_AUDIT_BROKEN, with |verdict| filled, if a record was changed, removed, added or swapped.
 *
 * bulla_vault_audit_verify_with does so as |options| say. If the log does not contain what the anchor says, it returns
 * BULLA_AUDIT_BROKEN too; BULLA_REFUSED if the anchor is not one of this vault; BULLA_INVALID_ARGUMENT. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_verify(struct bulla_vault *vault,
                                                                     struct bulla_audit_verdict *verdict);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_audit_verify_with(
    struct bulla_vault *vault, struct bulla_audit_verdict *verdict, const struct bulla_audit_verify_options *options);

#define BULLA_LIMIT_MAX 100000000 /* of a rate or a burst */
#define BULLA_LIMITS_MAX 256      /* limits of a vault */

/* What is limited. */
enum bulla_limit_kind {
  BULLA_LIMIT_USE = 1,    /* opening: each field or API key that is opened is one */
  BULLA_LIMIT_CHANGE = 2, /* each change of tenants, entries, API keys, roots or actors, but for revocations */
  BULLA_LIMIT_MISS = 3,   /* uses of a field that is not there: once there were too many, no use passes */
};

/* Whose. */
enum bulla_limit_scope {
  BULLA_LIMIT_ACTOR = 1,  /* of who.actor */
  BULLA_LIMIT_TENANT = 2, /* for the fields and API keys of a tenant */
  BULLA_LIMIT_ORIGIN = 3, /* of who.origin; those without one are one */
};

/* A limit: a bucket of |burst| tokens that gets |rate| of them each |period|. What passes takes one. */
struct bulla_limit {
  enum bulla_limit_kind kind;
  enum bulla_limit_scope scope;
  struct bulla_span name; /* of an actor, a tenant or an origin, at most BULLA_NAME_MAX bytes; or empty for each that
                           * has no limit of its own, with a bucket for each */
  int64_t rate;           /* 0 to BULLA_LIMIT_MAX; with 0 nothing passes */
  int64_t period;         /* seconds, 1 to 86400 */
  int64_t burst;          /* 0 to BULLA_LIMIT_MAX; 0 is |rate| */
  uint64_t reserved[2];   /* 0 */
};

typedef enum bulla_status (*bulla_limit_fn)(void *arg, const struct bulla_limit *limit);

/* bulla_vault_limit_set sets |limit| in place of one of the same kind, scope and name, whose bucket keeps what is in
 * it. A call past a limit returns BULLA_LIMITED: nothing was opened or changed, and the log function gets how long to
 * wait. The record of it has the outcome "limited"; under a flood there is one a minute, with their number. All
 * processes together let pass what the limit says; each sees a new limit within a second, and docs/API-CONVENTIONS.md
 * has the bounds. Setting and removing limits is not limited. Returns BULLA_TOO_LARGE for larger numbers, and for more
 * than BULLA_LIMITS_MAX limits. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_limit_set(struct bulla_vault *vault,
                                                                  const struct bulla_who *who,
                                                                  const struct bulla_limit *limit);

/* bulla_vault_limit_remove removes the limit of that kind, scope and name; the rest of |limit| is not looked at.
 * Returns BULLA_NOT_FOUND. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_limit_remove(struct bulla_vault *vault,
                                                                     const struct bulla_who *who,
                                                                     const struct bulla_limit *limit);

/* bulla_vault_limit_list calls |each| for the limits, by kind, scope and name. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_limit_list(struct bulla_vault *vault, bulla_limit_fn each,
                                                                   void *arg);

/* bulla_vault_limit_wait sets |*microseconds| to how long |who| has to wait until a call of |kind| on |tenant|, which
 * may be empty, passes: 0 if it would pass now, INT64_MAX if it never will. For uses the misses count too. It takes
 * nothing. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_limit_wait(struct bulla_vault *vault, int64_t *microseconds,
                                                                   const struct bulla_who *who,
                                                                   enum bulla_limit_kind kind,
                                                                   struct bulla_span tenant);

/* What a finding means. Later versions may have more. */
enum bulla_verdict {
  BULLA_VERDICT_OK = 0,
  BULLA_VERDICT_WARNING = 1, /* it may be meant so */
  BULLA_VERDICT_PROBLEM = 2, /* what bulla promises may not hold */
};

/* Something that was looked at where a vault is. All texts are printable ASCII. */
struct bulla_finding {
  struct bulla_span name; /* as "fsync" */
  enum bulla_verdict verdict;
  struct bulla_span value;  /* what was found */
  struct bulla_span remedy; /* what to do; empty for BULLA_VERDICT_OK */
};

typedef enum bulla_status (*bulla_finding_fn)(void *arg, const struct bulla_finding *finding);

/* bulla_vault_examine calls |each| for what was found where the vault is: the permissions and the integrity of its
 * file; or the settings, standbys and clock of its server, and the rights of the login, held against what a service
 * needs or the roles of the actor whose login it is. It changes and records nothing, and whoever has opened the vault
 * may call it. For the log see bulla_vault_audit_verify. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_vault_examine(struct bulla_vault *vault, bulla_finding_fn each,
                                                                void *arg);

#ifdef __cplusplus
}
#endif

#endif
