/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Statements of actors and of grants: who has a key of its own to the vault, and what it is for. They are signed and
 * read as those of store/signed.h are. docs/FORMAT.md §8 is normative. */

#ifndef BULLA_STORE_SIGNED_ACTOR_H
#define BULLA_STORE_SIGNED_ACTOR_H

#include "core/box.h"
#include "store/signed.h"

/* The actor n owns the lanes 64n to 64n + 63, the root those from 0 to 63. */
#define BULLA_ACTOR_LANES 64
#define BULLA_ACTOR_NUMBER_MAX (INT64_MAX / BULLA_ACTOR_LANES - 1) /* of the last actor whose lanes have numbers */

#define BULLA_ACTOR_BOX_LEN (BULLA_KEY_LEN + BULLA_BOX_OVERHEAD) /* bytes of a key that is sealed to an actor */

/* What an actor is. */
struct bulla_actor_statement {
  struct bulla_span uuid; /* of the vault */
  struct bulla_span id;
  int64_t number; /* 1 to BULLA_ACTOR_NUMBER_MAX, of no other actor */
  struct bulla_span name;
  bool revoked;
  int64_t created;                  /* seconds since 1970-01-01 UTC */
  int64_t generation;               /* of the directory, with which it was signed */
  struct bulla_span signing_public; /* of the pairs that its key expands to */
  struct bulla_span box_public;
  struct bulla_span first_lane; /* SHA-256 of the statement of the first of its lanes */
  struct bulla_span common_box; /* what every actor is given, store/actor_box.h; empty once it is revoked */
};

/* What an actor was granted. */
struct bulla_grant_statement {
  struct bulla_span uuid; /* of the vault */
  struct bulla_span id;
  struct bulla_span actor_id;
  struct bulla_span tenant_id; /* empty: of every tenant */
  enum bulla_role role;
  int64_t epoch;         /* of the key that is in the box */
  int64_t created;       /* seconds since 1970-01-01 UTC */
  int64_t generation;    /* of the directory, with which it was signed */
  int64_t ended;         /* the generation in which it ended, or 0 while it is in force */
  struct bulla_span box; /* the key of the role, store/actor_box.h; empty once it has ended */
};

/* Statuses and ownership as of the functions of store/signed.h: _write fills |bytes| or returns BULLA_TOO_LARGE, and
 * does not look at what is said; _read fills |said|, with spans in |bytes|, or returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_actor_statement_write(struct bulla_buffer *bytes,
                                                              const struct bulla_actor_statement *said);
BULLA_NODISCARD enum bulla_status bulla_actor_statement_read(struct bulla_actor_statement *said,
                                                             struct bulla_span bytes);
BULLA_NODISCARD enum bulla_status bulla_grant_statement_write(struct bulla_buffer *bytes,
                                                              const struct bulla_grant_statement *said);
BULLA_NODISCARD enum bulla_status bulla_grant_statement_read(struct bulla_grant_statement *said,
                                                             struct bulla_span bytes);

#endif
