/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Roots: what is kept outside the vault and opens it. A root wraps the vault key, each in its way (docs/FORMAT.md §7).
 */

#ifndef BULLA_STORE_ROOT_H
#define BULLA_STORE_ROOT_H

#include <bulla/store.h>

#include "store/keyring.h"

#define BULLA_PASSPHRASE_MAX 1024 /* bytes */

/* How a vault stretches a passphrase: scrypt (RFC 7914) with N = 2^log_n, r = 8, p = 1. */
#define BULLA_SALT_LEN 16
#define BULLA_SCRYPT_LOG_N 17
#define BULLA_SCRYPT_LOG_N_MAX 20 /* 1 GiB: more is refused */

#define BULLA_ROOT_WRAPPED_MAX 1024 /* bytes of the wrapped vault key: a program may need that many */

enum bulla_root_kind {
  BULLA_ROOT_KEY, /* 32 bytes */
  BULLA_ROOT_PASSPHRASE,
  BULLA_ROOT_PRIVATE,   /* the private key of a recipient */
  BULLA_ROOT_RECIPIENT, /* a public key: it wraps and does not open */
  BULLA_ROOT_PROGRAM,   /* a program that wraps and unwraps: store/wrapper.h */
};

struct bulla_root {
  enum bulla_root_kind kind;
  struct bulla_secret *material;            /* BULLA_KEY_LEN bytes, or the passphrase; NULL of those that have none */
  char *command;                            /* of a program */
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN]; /* of a recipient or a private key */
};

/* bulla_root_is_proof returns whether a vault key that |root| opens proves that the vault is the right one. What is
 * sealed to a public key anybody can make, and a program may do no more than that. */
bool bulla_root_is_proof(const struct bulla_root *root);

/* The row of a root: the wrapped vault key. */
struct bulla_root_row {
  uint8_t id[BULLA_ID_LEN];
  uint8_t bytes[BULLA_ROOT_WRAPPED_MAX];
  struct bulla_buffer wrapped;
  uint8_t salt[BULLA_SALT_LEN];
  int64_t log_n; /* 0: not a passphrase */
};

/* bulla_root_key makes |*key| of a root that is a key, or of a passphrase as |row| says it is stretched. Returns
 * BULLA_ROOT_WRONG if |row| is of another kind of root. */
BULLA_NODISCARD enum bulla_status bulla_root_key(struct bulla_key **key, const struct bulla_root *root,
                                                 const struct bulla_root_row *row);

/* bulla_root_wrap wraps the |vault_key| for |root|: fills |row| and, but for name and time, |entry|, whose spans are in
 * |root| and |row|. */
BULLA_NODISCARD enum bulla_status bulla_root_wrap(struct bulla_root_row *row, struct bulla_root_entry *entry,
                                                  const struct bulla_keyring *keyring, const struct bulla_root *root,
                                                  const struct bulla_secret *vault_key);

/* bulla_root_unwrap opens |row|, which the vault's statement lists as |entry|, as |*vault_key|. Returns
 * BULLA_ROOT_WRONG if |root| is another, BULLA_REFUSED if it is that one and the row does not open. */
BULLA_NODISCARD enum bulla_status bulla_root_unwrap(struct bulla_secret **vault_key,
                                                    const struct bulla_keyring *keyring, const struct bulla_root *root,
                                                    const struct bulla_root_entry *entry,
                                                    const struct bulla_root_row *row);

#endif
