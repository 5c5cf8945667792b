/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The root key: its source, and how a vault derives a key from it. */

#ifndef BULLA_STORE_ROOT_H
#define BULLA_STORE_ROOT_H

#include <bulla/store.h>

#define BULLA_PASSPHRASE_MAX 1024 /* bytes */

/* How a vault stretches a passphrase: scrypt (RFC 7914) with N = 2^log_n, r = 8, p = 1. */
#define BULLA_SALT_LEN 16
#define BULLA_SCRYPT_LOG_N 17
#define BULLA_SCRYPT_LOG_N_MAX 20 /* 1 GiB: more is refused */

struct bulla_stretch {
  uint8_t salt[BULLA_SALT_LEN];
  int64_t log_n; /* 0: not a passphrase */
};

/* bulla_root_is_passphrase returns whether |root| is a passphrase. */
bool bulla_root_is_passphrase(const struct bulla_root *root);

/* bulla_root_key creates |*key| from |root|. Returns BULLA_ROOT_WRONG if |stretch| does not fit its kind, BULLA_FORKED
 * in a child, and the statuses of bulla_key_new. */
BULLA_NODISCARD enum bulla_status bulla_root_key(struct bulla_key **key, const struct bulla_root *root,
                                                 const struct bulla_stretch *stretch);

#endif
