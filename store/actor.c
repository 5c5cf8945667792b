/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading the key of an actor from where it is kept. */

#include "store/actor.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/log.h"

enum bulla_status bulla_actor_open(struct bulla_actor **actor, const char *provider) {
  *actor = NULL;
  if (provider == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_open(&text, provider));
  struct bulla_actor *made BULLA_CLEANUP(bulla_actor_free) = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_span bytes = bulla_secret_bytes(text);
  enum bulla_status status =
      bytes.len == BULLA_ACTOR_KEY_LEN ? bulla_actor_key_read(&made->key, bytes) : BULLA_ROOT_MALFORMED;
  if (bytes.len != BULLA_ACTOR_KEY_LEN) {
    return bulla_explain(status, "the key of an actor begins with bullaa_ and has %d characters: this has %zu",
                         BULLA_ACTOR_KEY_LEN, bytes.len);
  }
  BULLA_TRY(status);
  *actor = made;
  made = NULL;
  return BULLA_OK;
}

void bulla_actor_free(struct bulla_actor **actor) {
  if (*actor != NULL) {
    bulla_actor_key_free(&(*actor)->key);
    free(*actor);
    *actor = NULL;
  }
}
