/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A plain model of a vault: what each call returns, what it changes, and what it leaves in the audit log. Names
 * come from short lists, of which a call has the indexes. */

#ifndef BULLA_FUZZ_VAULT_MODEL_H
#define BULLA_FUZZ_VAULT_MODEL_H

#include "fuzz/vault.h"

enum {
  FUZZ_TENANTS = 3,
  FUZZ_ENTRIES = 3,
  FUZZ_FIELDS = 3,
  FUZZ_APIKEYS = 3,
  FUZZ_JTIS = 2,
  FUZZ_ITEMS = 3,    /* fields of one put, rows of one import */
  FUZZ_RECORDS = 48, /* that a sequence of calls can leave */
  FUZZ_KEPT = 3,     /* former revisions of a field */
};

/* Names, each list in the order of its bytes. */
extern const char *const fuzz_tenants[FUZZ_TENANTS];
extern const char *const fuzz_entries[FUZZ_ENTRIES];
extern const char *const fuzz_fields[FUZZ_FIELDS];
extern const char *const fuzz_apikey_ids[FUZZ_APIKEYS];
extern const char *const fuzz_jtis[FUZZ_JTIS];

enum fuzz_op {
  FUZZ_PUT,
  FUZZ_IMPORT,
  FUZZ_REMOVE,
  FUZZ_USE,
  FUZZ_SHOW,
  FUZZ_LIST,
  FUZZ_APIKEY_PUT,
  FUZZ_APIKEY_REVOKE,
  FUZZ_APIKEY_USE,
  FUZZ_TOKEN_REVOKE,
  FUZZ_TOKEN_REVOKED,
  FUZZ_VERIFY,
  FUZZ_REOPEN,
  FUZZ_REMOVE_TENANT,
  FUZZ_RENAME_TENANT,
  FUZZ_RENAME_ENTRY,
  FUZZ_RENAME_FIELD,
  FUZZ_RESTORE,
  FUZZ_ROTATE,
  FUZZ_REWRAP,
  FUZZ_DESTROY,
  FUZZ_SHRED,
  FUZZ_SCRUB,
  FUZZ_NUM_OPS,
};

/* A value: |len| times the byte |fill|. */
struct fuzz_item {
  uint8_t entry; /* of a row of an import */
  uint8_t field;
  uint8_t fill;
  size_t len;
  bool secret;
  bool forged; /* a row that is sealed under another key */
};

struct fuzz_call {
  enum fuzz_op op;
  uint8_t tenant;
  uint8_t entry;
  uint8_t apikey;
  uint8_t jti;
  uint8_t to;   /* the index of the new name, or how far before the last */
  bool past;    /* of a revocation: it ended long ago */
  uint8_t most; /* how many transactions of it are done, of several; 0: all */
  uint8_t num_items;
  struct fuzz_item items[FUZZ_ITEMS];
};

struct fuzz_value {
  uint8_t fill;
  size_t len;
  bool secret;
  uint8_t version; /* that it is sealed under, 0 if it is plain */
};

struct fuzz_field {
  int64_t revision; /* 0 if there is no such field */
  struct fuzz_value now;
  uint8_t num_former;                  /* revisions before that are kept */
  struct fuzz_value former[FUZZ_KEPT]; /* they, the last first */
};

struct fuzz_apikey_state {
  bool there;
  bool revoked;
  bool again; /* there was one of this id before, whose tenant was removed */
  uint8_t tenant;
  uint8_t version; /* that its root is sealed under */
};

/* What a tenant is beside its name. */
struct fuzz_owner {
  int id;         /* 0 if there is none; no two have the same */
  uint8_t active; /* version of its secret */
  uint32_t old;   /* those that are decrypt-only, a bit each */
};

struct fuzz_record {
  const char *op;
  const char *tenant;
  const char *entry;
  const char *field;
  int64_t number; /* a revision of it, or what is there in place of a field; 0 if there is none */
  const char *outcome;
  int owner;      /* the tenant that it is of, or 0 */
  bool signs;     /* it has the digest of a statement */
  bool is_erased; /* its tenant was shredded */
};

struct fuzz_model {
  bool tenants[FUZZ_TENANTS];
  struct fuzz_owner owners[FUZZ_TENANTS];
  int num_owners; /* that there ever were */
  bool entries[FUZZ_TENANTS][FUZZ_ENTRIES];
  struct fuzz_field fields[FUZZ_TENANTS][FUZZ_ENTRIES][FUZZ_FIELDS];
  struct fuzz_apikey_state apikeys[FUZZ_APIKEYS];
  bool revoked[FUZZ_TENANTS][FUZZ_JTIS];
  bool unsure[FUZZ_TENANTS][FUZZ_JTIS]; /* one that had this name revoked it: a process that has seen it remembers */
  bool signs;                           /* a statement was signed since the last record */
  uint8_t num_done;                     /* transactions of the last call; 1 where nothing is done */
  size_t num_records;
  size_t num_old;                           /* of them are no longer kept */
  struct fuzz_record records[FUZZ_RECORDS]; /* the others */
};

/* fuzz_model_empty makes |model| that of a new vault. */
void fuzz_model_empty(struct fuzz_model *model);

/* fuzz_model_call changes |model| as |call| is to change the vault, and returns the status that it is to return.
 * Of an import, |*failed| becomes the row at fault. */
enum bulla_status fuzz_model_call(struct fuzz_model *model, size_t *failed, const struct fuzz_call *call);

/* fuzz_model_value writes the value of |field| to a new block, which the caller frees. */
uint8_t *fuzz_model_value(size_t len, uint8_t fill);

/* fuzz_model_matches says whether |vault| holds what |model| does: entries, fields, API keys, revoked tokens, and
 * the records of the log from number |first| on, counted from 0. Nothing in it may fail. */
bool fuzz_model_matches(const struct fuzz_model *model, struct bulla_vault *vault, size_t first);

/* fuzz_model_matches_call says so of the records and of what |call| has touched. */
bool fuzz_model_matches_call(const struct fuzz_model *model, struct bulla_vault *vault, size_t first,
                             const struct fuzz_call *call);

#endif
