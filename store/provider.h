/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where secrets come from: environment, files, descriptors, credentials, programs. The bytes go from the kernel into
 * locked memory; no stdio buffer and no heap sees them. */

#ifndef BULLA_STORE_PROVIDER_H
#define BULLA_STORE_PROVIDER_H

#include <bulla/store.h>

/* bulla_provider_read makes |*text| of all bytes that |provider| gives, at most |max_len| and one more, by which the
 * caller sees that there are more. Statuses as of bulla_secret_open, but for BULLA_TOO_LARGE. */
BULLA_NODISCARD enum bulla_status bulla_provider_read(struct bulla_secret **text, const char *provider, size_t max_len);

/* What kind of provider a text is. */
enum bulla_provider {
  BULLA_PROVIDER_NONE, /* none at all: it may be the secret itself */
  BULLA_PROVIDER_ENV,
  BULLA_PROVIDER_HASHED_ENV, /* of a root key alone */
  BULLA_PROVIDER_FILE,
  BULLA_PROVIDER_CRED,
  BULLA_PROVIDER_FD,
  BULLA_PROVIDER_CMD,
};

/* bulla_provider_split says which kind |text| is, and sets |*rest| to what follows the colon, or to NULL. */
enum bulla_provider bulla_provider_split(const char **rest, const char *text);

#endif
