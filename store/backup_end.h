/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The end of a backup's file: a statement, signed by the vault's signing key, of whose backup it is and what the bytes
 * before it are. So a file that was cut, or has another byte than it was written with, is told from a whole one,
 * whatever database made those bytes. docs/FORMAT.md §10 is normative. */

#ifndef BULLA_STORE_BACKUP_END_H
#define BULLA_STORE_BACKUP_END_H

#include "store/directory.h"

#define BULLA_BACKUP_STATEMENT_MAX 512
#define BULLA_BACKUP_END_MAX (BULLA_BACKUP_STATEMENT_MAX + BULLA_SIGNATURE_LEN + 16)

/* What the end says. */
struct bulla_backup_said {
  struct bulla_span uuid;   /* of the vault */
  struct bulla_span signer; /* its public key, which has signed this */
  struct bulla_span kind;   /* of database */
  struct bulla_span id;     /* of the backup */
  int64_t time;             /* of its record, in microseconds since 1970-01-01 UTC */
  int64_t len;              /* of the bytes before the end */
  struct bulla_span digest; /* of them */
};

/* The end of a file, as it was read. */
struct bulla_backup_end {
  uint8_t bytes[BULLA_BACKUP_END_MAX];
  struct bulla_span statement; /* in |bytes|, as are the spans in |said| */
  struct bulla_span signature;
  struct bulla_backup_said said;
};

/* bulla_backup_end_write appends the end to the bytes of the file at |path|, and makes it durable. |said| has all but
 * the signer, the length and the digest. |*len| is that of the file then. */
BULLA_NODISCARD enum bulla_status bulla_backup_end_write(int64_t *len, const char *path,
                                                         const struct bulla_keyring *keyring,
                                                         const struct bulla_backup_said *said);

/* bulla_backup_end_read reads the end of |file|, checks its signature, and compares the bytes before it, of which it
 * tells |progress|. Whether the signer is the vault's key is for the caller to find out. Returns BULLA_REFUSED,
 * BULLA_NEWER_VAULT, BULLA_NOT_A_VAULT for what is no regular file. */
BULLA_NODISCARD enum bulla_status bulla_backup_end_read(struct bulla_backup_end *end, int file,
                                                        bulla_progress_fn progress, void *arg);

/* bulla_backup_end_fingerprint fills the BULLA_SHA256_LEN bytes of |fingerprint|: of the vault that |end| says it is
 * of.
 */
BULLA_NODISCARD enum bulla_status bulla_backup_end_fingerprint(uint8_t *fingerprint,
                                                               const struct bulla_backup_end *end);

/* bulla_backup_end_len returns the bytes that |end| takes in the file. */
int64_t bulla_backup_end_len(const struct bulla_backup_end *end);

#endif
