/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing anew: what is sealed under an older secret of a tenant is sealed under the active one, and what an actor has
 * put (store/posting.h) under the tenant's own keys. Values, masks and revisions stay the same, so each row is replaced
 * only where it is still the row that was opened: of two who do it at once one comes too late, and changes nothing. */

#ifndef BULLA_STORE_RESEAL_H
#define BULLA_STORE_RESEAL_H

#include "store/field.h"
#include "store/vault.h"

/* bulla_reseal_field opens |field|, which is secret, and seals |value| and |mask| for |to|; bulla_reseal_apikey the
 * root of the API key |id|, which is the value of |field|. No result is longer than what it replaces; the buffers must
 * have room for that, and |plain|, locked memory, for what is opened. Of what an actor has put, which must have been
 * found good, the mask is made anew. Return BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_reseal_field(struct bulla_buffer *value, struct bulla_buffer *mask,
                                                     struct bulla_secret *plain, const struct bulla_keyring *keyring,
                                                     const struct bulla_stored_field *field,
                                                     const struct bulla_tenant_secret *to);
BULLA_NODISCARD enum bulla_status bulla_reseal_apikey(struct bulla_buffer *sealed, struct bulla_secret *plain,
                                                      const struct bulla_keyring *keyring,
                                                      const struct bulla_stored_field *field,
                                                      const struct bulla_tenant_secret *to, struct bulla_span id);

/* bulla_reseal_is_due returns whether |field| is sealed under a secret that is not the active one of its owner, or an
 * actor has put it. */
bool bulla_reseal_is_due(const struct bulla_stored_field *field);

/* bulla_reseal_store seals |field| for |to|, and stores that in the caller's transaction. |*num| is 1, or 0 if the row
 * is no more the one that |field| is. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_reseal_store(int64_t *num, struct bulla_vault *vault,
                                                     const struct bulla_stored_field *field,
                                                     const struct bulla_tenant_secret *to);

/* bulla_reseal_used seals a field that was used anew, or, if |apikey_id| is not empty, the root of that API key, in a
 * transaction of its own. It waits for no other process. A failure is logged, and left to the next use. */
void bulla_reseal_used(struct bulla_vault *vault, const struct bulla_stored_field *field, struct bulla_span apikey_id);

#endif
