/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* An actor, as its own process has it: a key that was read. */

#ifndef BULLA_STORE_ACTOR_H
#define BULLA_STORE_ACTOR_H

#include "store/actor_key.h"

struct bulla_actor {
  struct bulla_actor_key key;
};

#endif
