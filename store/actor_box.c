/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/actor_box.h. */

#include "store/actor_box.h"

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/context.h"

static enum bulla_status seal_box(struct bulla_buffer *box, const struct bulla_actor_statement *actor,
                                  const struct bulla_secret *key, const struct bulla_context *context) {
  struct bulla_span bytes = bulla_secret_bytes(key);
  if (bytes.data == NULL) {
    return bulla_fail(box, BULLA_FORKED);
  }
  if (bytes.len != BULLA_KEY_LEN || actor->revoked || actor->box_public.len != BULLA_BOX_PUBLIC_LEN) {
    return bulla_fail(box, BULLA_INVALID_ARGUMENT);
  }
  return bulla_box_seal(box, actor->box_public.data, bytes, bulla_context_span(context));
}

static enum bulla_status open_box(struct bulla_secret **key, const struct bulla_secret *box_private,
                                  struct bulla_span box, const struct bulla_context *context) {
  if (box.len != BULLA_ACTOR_BOX_LEN) {
    return BULLA_REFUSED;
  }
  return bulla_box_open(key, box_private, box, bulla_context_span(context));
}

enum bulla_status bulla_common_box_seal(struct bulla_buffer *box, const struct bulla_keyring *keyring,
                                        const struct bulla_actor_statement *actor, const struct bulla_secret *common) {
  struct bulla_context context;
  enum bulla_status status = bulla_context_actor_common(&context, keyring, actor);
  return status == BULLA_OK ? seal_box(box, actor, common, &context) : bulla_fail(box, status);
}

enum bulla_status bulla_common_box_open(struct bulla_secret **common, const struct bulla_keyring *keyring,
                                        const struct bulla_secret *box_private,
                                        const struct bulla_actor_statement *actor) {
  struct bulla_context context;
  *common = NULL;
  if (actor->revoked) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_context_actor_common(&context, keyring, actor));
  return open_box(common, box_private, actor->common_box, &context);
}

enum bulla_status bulla_grant_box_seal(struct bulla_buffer *box, const struct bulla_keyring *keyring,
                                       const struct bulla_actor_statement *actor,
                                       const struct bulla_grant_statement *grant, const struct bulla_secret *key) {
  struct bulla_context context;
  if (grant->ended != 0 || !bulla_span_equal(grant->actor_id, actor->id)) {
    return bulla_fail(box, BULLA_INVALID_ARGUMENT);
  }
  enum bulla_status status = bulla_context_grant_key(&context, keyring, grant);
  return status == BULLA_OK ? seal_box(box, actor, key, &context) : bulla_fail(box, status);
}

enum bulla_status bulla_grant_box_open(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                       const struct bulla_secret *box_private,
                                       const struct bulla_grant_statement *grant) {
  struct bulla_context context;
  *key = NULL;
  if (grant->ended != 0) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_context_grant_key(&context, keyring, grant));
  return open_box(key, box_private, grant->box, &context);
}
