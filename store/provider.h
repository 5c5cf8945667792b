/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where secrets come from: environment, files, descriptors, credentials, programs. The bytes go from the kernel into
 * locked memory; no stdio buffer and no heap sees them. */

#ifndef BULLA_STORE_PROVIDER_H
#define BULLA_STORE_PROVIDER_H

#include <bulla/store.h>

/* bulla_provider_read reads all bytes that |provider| gives into |*text|, at most |max_len| + 1, so that the caller
 * sees if there are more. Statuses as for bulla_secret_open, without BULLA_TOO_LARGE except from a program. */
BULLA_NODISCARD enum bulla_status bulla_provider_read(struct bulla_secret **text, const char *provider, size_t max_len);

/* Kinds of providers. */
enum bulla_provider {
  BULLA_PROVIDER_NONE, /* not a provider: it may be the secret itself */
  BULLA_PROVIDER_ENV,
  BULLA_PROVIDER_HASHED_ENV, /* only for a root key */
  BULLA_PROVIDER_FILE,
  BULLA_PROVIDER_CRED,
  BULLA_PROVIDER_FD,
  BULLA_PROVIDER_CMD,
  BULLA_PROVIDER_WRAP, /* only for a root that keeps its key: store/wrapper.h */
};

/* bulla_provider_split returns the kind of |text|, and sets |*rest| to what follows the colon, or to NULL. */
enum bulla_provider bulla_provider_split(const char **rest, const char *text);

/* bulla_provider_of_recipient returns the provider in |text| that a recipient's private key is read from: what follows
 * "recipient:". Of all else it returns NULL. */
const char *bulla_provider_of_recipient(const char *text);

#endif
