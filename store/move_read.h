/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading all of a vault that is copied into another, in pieces: tenants, each followed by its fields, then API keys,
 * then revoked tokens. No value is opened here. */

#ifndef BULLA_STORE_MOVE_READ_H
#define BULLA_STORE_MOVE_READ_H

#include "store/names.h"
#include "store/page.h"
#include "store/vault.h"

#define BULLA_MOVED_ROWS 64 /* of a piece, at most: its records are one commit */

enum bulla_moved_kind { BULLA_MOVED_TENANT, BULLA_MOVED_FIELD, BULLA_MOVED_APIKEY, BULLA_MOVED_TOKEN };

/* A row to copy. What the database says of a field is proven only as the field is opened. */
struct bulla_moved {
  enum bulla_moved_kind kind;
  struct bulla_span tenant;
  struct bulla_span entry; /* or the id of an API key, or the digest of a token */
  struct bulla_span field; /* or the name of an API key */
  struct bulla_span hash;  /* of an API key */
  int64_t time;            /* created, of a field updated, of a token expires */
  int64_t revision;        /* of a field */
  int64_t revoked;         /* of an API key, or 0 */
};

enum bulla_moving_phase { BULLA_MOVING_TENANTS, BULLA_MOVING_APIKEYS, BULLA_MOVING_TOKENS, BULLA_MOVING_DONE };

/* Where reading stands. Zeroed, it is at the beginning. */
struct bulla_moving {
  enum bulla_moving_phase phase;
  struct bulla_page page;
  struct bulla_moved rows[BULLA_MOVED_ROWS];
  size_t num;
  size_t values_len;          /* bytes of the values that |rows| lead to, sealed */
  struct bulla_walked tenant; /* the last one */
  uint8_t tenant_id[BULLA_ID_LEN];
  bool has_fields; /* it may have more */
  struct bulla_walked entry;
  struct bulla_walked field;
  int64_t apikey; /* the number of the last */
  uint8_t token_tenant[BULLA_ID_LEN];
  uint8_t token[BULLA_SHA256_LEN]; /* the digest of the last */
};

/* bulla_moving_read reads the next piece of |vault|; |num| is 0 after the last. Returns BULLA_REFUSED, and explains
 * what is refused. */
BULLA_NODISCARD enum bulla_status bulla_moving_read(struct bulla_moving *moving, struct bulla_vault *vault);

#endif
