/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Signed statements: what the rows of the directory say, as bytes that the vault's signing key signs. The row holds the
 * bytes as they were signed, so that there is one reading of them. docs/FORMAT.md §8 is normative.
 *
 * Reading is total: every byte string is the one form of a statement, or is refused. */

#ifndef BULLA_STORE_SIGNED_H
#define BULLA_STORE_SIGNED_H

#include <bulla/store.h>

#define BULLA_STATEMENT_MAX 8192 /* bytes of a statement, at most */
#define BULLA_SECRETS_MAX 32     /* of a tenant, that are not destroyed */

/* Kinds of roots, as the statement has them. */
#define BULLA_ROOT_IS_KEY BULLA_LITERAL("key")
#define BULLA_ROOT_IS_PASSPHRASE BULLA_LITERAL("passphrase")
#define BULLA_ROOT_IS_RECIPIENT BULLA_LITERAL("recipient")
#define BULLA_ROOT_IS_PROGRAM BULLA_LITERAL("program")

/* A root of the vault. */
struct bulla_root_entry {
  struct bulla_span id; /* BULLA_ID_LEN bytes */
  struct bulla_span kind;
  struct bulla_span name;       /* may be empty */
  struct bulla_span public_key; /* of a recipient, BULLA_BOX_PUBLIC_LEN bytes; else empty */
  int64_t created;              /* seconds since 1970-01-01 UTC */
};

/* What the vault is. */
struct bulla_vault_statement {
  struct bulla_span uuid;
  int64_t created;
  int64_t generation;               /* of the directory: one more with each change of it */
  struct bulla_span signing_public; /* the key that signs this */
  struct bulla_span audit_public;
  struct bulla_span first_lane;   /* SHA-256 of the statement of lane 0 */
  struct bulla_span leaves;       /* SHA-256 over the newest statements: store/leaves.h */
  int64_t rings[BULLA_NUM_ROLES]; /* numbers of the ring keys of now, from 1: store/roles.h */
  size_t num_roots;
  struct bulla_root_entry roots[BULLA_ROOTS_MAX];
};

/* The states of a tenant's secret (NIST SP 800-57 Part 1 §7). Destroyed ones are not in a statement. */
enum bulla_secret_state {
  BULLA_SECRET_PENDING,
  BULLA_SECRET_ACTIVE,
  BULLA_SECRET_DECRYPT_ONLY,
  BULLA_NUM_SECRET_STATES
};

/* bulla_secret_state_name returns the text of |state| in the format. */
struct bulla_span bulla_secret_state_name(enum bulla_secret_state state);

/* A secret of a tenant. */
struct bulla_secret_entry {
  int64_t version; /* from 1 */
  struct bulla_span id;
  enum bulla_secret_state state;
  struct bulla_span value_public; /* commits to the field key: the public half of the pair that it expands to */
  struct bulla_span mask_public;  /* to the mask key likewise */
  struct bulla_span apikey_id;    /* to the API-key key: its key id */
  int64_t generation;             /* of the directory, with which it was made */
};

/* Which role key of a tenant its handouts are sealed under: store/roles.h. */
struct bulla_role_epoch {
  int64_t ring;  /* of the ring key that it follows from, from 1 */
  int64_t epoch; /* from 1 */
};

/* What a tenant is. A removed one has an empty list of secrets, and nothing is found by its name. One that was shredded
 * is removed, and has neither a name nor keys. */
struct bulla_tenant_statement {
  struct bulla_span uuid; /* of the vault */
  struct bulla_span id;
  struct bulla_span name;
  bool removed;
  bool shredded;
  int64_t created;
  int64_t generation;              /* of the directory, with which it was signed */
  int64_t last_version;            /* of a secret, also of one that is destroyed */
  struct bulla_span label_key_id;  /* commits to the label key; empty if it is shredded */
  struct bulla_span detail_key_id; /* to the detail key; likewise */
  struct bulla_role_epoch roles[BULLA_NUM_ROLES];
  size_t num_secrets;
  struct bulla_secret_entry secrets[BULLA_SECRETS_MAX];
};

/* What a lane of the log is, and whose. */
struct bulla_lane_statement {
  struct bulla_span uuid; /* of the vault */
  int64_t number;
  struct bulla_span id;
  struct bulla_span owner; /* the id of an actor, empty for the root */
  int64_t created;
  struct bulla_span first_key; /* sealed to the audit key */
};

/* The _write functions fill |bytes|, BULLA_STATEMENT_MAX at most, or return BULLA_TOO_LARGE. The _read functions fill
 * what |bytes| say, with spans in them, or return BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_vault_statement_write(struct bulla_buffer *bytes,
                                                              const struct bulla_vault_statement *said);
BULLA_NODISCARD enum bulla_status bulla_vault_statement_read(struct bulla_vault_statement *said,
                                                             struct bulla_span bytes);
BULLA_NODISCARD enum bulla_status bulla_tenant_statement_write(struct bulla_buffer *bytes,
                                                               const struct bulla_tenant_statement *said);
BULLA_NODISCARD enum bulla_status bulla_tenant_statement_read(struct bulla_tenant_statement *said,
                                                              struct bulla_span bytes);
BULLA_NODISCARD enum bulla_status bulla_lane_statement_write(struct bulla_buffer *bytes,
                                                             const struct bulla_lane_statement *said);
BULLA_NODISCARD enum bulla_status bulla_lane_statement_read(struct bulla_lane_statement *said, struct bulla_span bytes);

#endif
