/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Day keys: the key that encrypts the tokens of one API key on one day, and their common header (docs/FORMAT.md
 * §6). */

#ifndef BULLA_TOKEN_DAY_KEY_H
#define BULLA_TOKEN_DAY_KEY_H

#include <bulla/token.h>

#include "core/crypto.h"
#include "core/cursor.h"

#define BULLA_TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z: later times are refused */
#define BULLA_KID_MAX (BULLA_APIKEY_ID_LEN + 1 + 7)
#define BULLA_DAY_HEADER_MAX 112 /* base64url digits of a header */

struct bulla_day_key {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  int64_t day;
  struct bulla_aead *aead;
  size_t header_len;
  uint8_t header[BULLA_DAY_HEADER_MAX]; /* base64url of the protected header */
  size_t org_len;
  uint8_t org[BULLA_TOKEN_ORG_MAX]; /* the tenant that owns the API key, if known */
};

/* bulla_is_key_id returns whether |text| has the form of an API key's id: 16 lower-case hexadecimal digits. */
static inline bool bulla_is_key_id(struct bulla_span text) {
  for (size_t i = 0; i < text.len; i++) {
    uint8_t c = text.data[i];
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
      return false;
    }
  }
  return text.len == BULLA_APIKEY_ID_LEN;
}

/* bulla_day_kid fills |kid|, BULLA_KID_MAX bytes, with the key id, a dot, the day in decimal. */
void bulla_day_kid(struct bulla_buffer *kid, struct bulla_span key_id, int64_t day);

/* bulla_day_cek derives |*cek|, the key of |day|, from the token |root|. */
BULLA_NODISCARD enum bulla_status bulla_day_cek(struct bulla_secret **cek, const struct bulla_secret *root,
                                                int64_t day);

/* bulla_day_key_name sets |key|'s key id, day and header. |day| is 0 to BULLA_DAY_LAST. */
void bulla_day_key_name(struct bulla_day_key *key, struct bulla_span key_id, int64_t day);

/* bulla_day_key_derive derives the AEAD key of a named |key| from the token |root|. */
BULLA_NODISCARD enum bulla_status bulla_day_key_derive(struct bulla_day_key *key, const struct bulla_secret *root);

/* bulla_day_key_clear wipes and frees the AEAD key of |key|, if it has one. */
void bulla_day_key_clear(struct bulla_day_key *key);

#endif
