/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A tenant's key for those who do not have the vault: values are opened by many threads at once. */

#ifndef BULLA_STORE_PINNED_KEY_H
#define BULLA_STORE_PINNED_KEY_H

#include "store/wrapped_key.h"

/* Begin with num_forgotten alone. */
struct bulla_pinned_key {
  uint64_t num_forgotten; /* by the keyring as the row of the key was read, see bulla_keyring_offer */
  struct bulla_key *key;
  struct bulla_keyring *keyring; /* NULL if no key is taken */
  const struct bulla_wrapped_key *wrapped;
  bool is_cached;
  struct bulla_key *own; /* the key, if it is not in the cache */
  int cancel_state;
};

/* bulla_pinned_key_take opens or finds the key of |wrapped|, which must outlive |pinned|. The thread cannot be
 * cancelled until bulla_pinned_key_release, which must follow soon and whatever is returned. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_pinned_key_take(struct bulla_pinned_key *pinned, struct bulla_keyring *keyring,
                                                        const struct bulla_wrapped_key *wrapped);

/* bulla_pinned_key_release lets go of it, if there is one. For BULLA_CLEANUP. */
void bulla_pinned_key_release(struct bulla_pinned_key *pinned);

#endif
