/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Anchors: the heads of all lanes of the log, signed by the vault's signing key, in the form of C2SP's signed-note
 * (https://c2sp.org/signed-note). docs/FORMAT.md §9 is normative. */

#ifndef BULLA_STORE_ANCHOR_H
#define BULLA_STORE_ANCHOR_H

#include "store/audit_chain.h"

#define BULLA_LANES_MAX BULLA_AUDIT_LANES_MAX /* in an anchor */

/* A lane in an anchor. */
struct bulla_anchored {
  int64_t lane;
  int64_t seq;
  uint8_t mac[BULLA_MAC_LEN];
};

/* Begin zeroed, and end with bulla_anchor_free. There may be more lanes than a stack has room for. */
struct bulla_anchor {
  size_t num;
  size_t room;
  struct bulla_anchored *lanes; /* in the order of their numbers */
};

/* bulla_anchor_add adds |lane| behind the others. Returns BULLA_NO_MEMORY, BULLA_TOO_LARGE past BULLA_LANES_MAX. */
BULLA_NODISCARD enum bulla_status bulla_anchor_add(struct bulla_anchor *anchor, const struct bulla_anchored *lane);

/* bulla_anchor_free frees the lanes and makes |anchor| zero. For BULLA_CLEANUP. */
void bulla_anchor_free(struct bulla_anchor *anchor);

/* bulla_anchor_write fills |note|, at least BULLA_ANCHOR_MAX bytes. Returns BULLA_DENIED without the signing key. */
BULLA_NODISCARD enum bulla_status bulla_anchor_write(struct bulla_buffer *note, const struct bulla_keyring *keyring,
                                                     const struct bulla_anchor *anchor);

/* bulla_anchor_read fills |anchor|, which is zero, from |note|; that needs no secret. Returns BULLA_REFUSED for
 * anything that bulla_anchor_write has not written for this vault, BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_anchor_read(struct bulla_anchor *anchor, const struct bulla_keyring *keyring,
                                                    struct bulla_span note);

/* bulla_anchor_allows returns whether the record |seq| of |lane| may have |mac|: the anchored one must have the
 * anchored one. bulla_anchor_seq returns the seq that |lane| is anchored at, or 0. */
bool bulla_anchor_allows(const struct bulla_anchor *anchor, const struct bulla_audit_lane *lane, int64_t seq,
                         const uint8_t *mac);
int64_t bulla_anchor_seq(const struct bulla_anchor *anchor, int64_t lane);

/* bulla_anchor_has returns whether |lane| is in |anchor|. */
bool bulla_anchor_has(const struct bulla_anchor *anchor, int64_t lane);

#endif
