/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/pinned_key.h. */

#include "store/pinned_key.h"

#include "core/cleanup.h"
#include "core/lock.h"

enum bulla_status bulla_pinned_key_take(struct bulla_pinned_key *pinned, struct bulla_keyring *keyring,
                                        const struct bulla_wrapped_key *wrapped) {
  pinned->keyring = keyring;
  pinned->wrapped = wrapped;
  pinned->cancel_state = bulla_hold_cancel();
  const struct bulla_cached_key *cached = bulla_keyring_pin(keyring, wrapped->key_id);
  if (cached == NULL) {
    BULLA_TRY(bulla_tenant_key_unwrap(&pinned->own, keyring, wrapped));
    pinned->key = pinned->own;
    return BULLA_OK;
  }
  pinned->is_cached = true;
  return bulla_tenant_key_cached(&pinned->key, cached, wrapped);
}

void bulla_pinned_key_release(struct bulla_pinned_key *pinned) {
  if (pinned->keyring == NULL) {
    return;
  }
  if (pinned->is_cached) {
    bulla_keyring_unpin(pinned->keyring);
  }
  if (pinned->own != NULL) {
    bulla_keyring_offer(pinned->keyring, &pinned->own, pinned->wrapped->tenant_id, pinned->wrapped->version,
                        pinned->num_forgotten);
    bulla_key_free(&pinned->own);
  }
  pinned->keyring = NULL;
  bulla_allow_cancel(pinned->cancel_state);
}
