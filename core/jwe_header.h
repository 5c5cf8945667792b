/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The JOSE header of one recipient, RFC 7516 §4: read from the protected header and, in the JSON forms, the shared
 * unprotected one and the recipient's own (§7.2.1). core/jwe_*.c use it; what of it may be believed is theirs to know.
 */

#ifndef BULLA_CORE_JWE_HEADER_H
#define BULLA_CORE_JWE_HEADER_H

#include "core/json.h"

#define BULLA_JOSE_MAX_MEMBERS 32 /* of one header object */

/* The names in the objects of one JOSE header, which are three at most, as they are written. */
struct bulla_jose_names {
  size_t num;
  struct bulla_span names[3 * BULLA_JOSE_MAX_MEMBERS];
};

/* The members that bulla knows. Absent ones are BULLA_JSON_NULL with an empty text. */
struct bulla_jose_header {
  struct bulla_json_value alg; /* strings, but for "epk" */
  struct bulla_json_value enc;
  struct bulla_json_value kid;
  struct bulla_json_value typ;
  struct bulla_json_value epk; /* an object */
  struct bulla_json_value apu;
  struct bulla_json_value apv;
  struct bulla_json_value iv;
  struct bulla_json_value tag;
  struct bulla_jose_names *names; /* the caller's: what was read so far, or NULL if there is one object only */
};

/* Where an object of members stands. */
enum bulla_jose_place {
  BULLA_JOSE_PROTECTED,   /* anything */
  BULLA_JOSE_RECIPIENT,   /* no "enc" */
  BULLA_JOSE_UNPROTECTED, /* neither "alg" nor "enc" */
};

/* bulla_jose_is_registered returns whether |name|, as it is written, is a member that RFC 7516 §4.1 or RFC 7518 §4
 * registers. */
bool bulla_jose_is_registered(struct bulla_span name);

/* bulla_jose_is_misspelled returns whether |name| has escapes, which nobody needs here, or differs from one of |names|
 * only in case. */
bool bulla_jose_is_misspelled(const struct bulla_json_value *name, const struct bulla_span *names, size_t num_names);

/* bulla_jose_read reads the object |json|, which stands at |place|, into |header|: strict JSON, at most
 * BULLA_JOSE_MAX_MEMBERS members, those of struct bulla_jose_header of their type, none of a name that is in |header|
 * or in its |names|; no "crit" (no extension is supported, RFC 7516 §4.1.13), "zip", "p2s" or "p2c"; no name with
 * escapes or that differs from a registered one only in case. Others are ignored, "jwk", "jku" and "x5*" among them.
 * |header| begins as all zero, and points into the texts that were read. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_jose_read(struct bulla_jose_header *header, enum bulla_jose_place place,
                                                  struct bulla_span json);

/* bulla_jose_put_digits writes the member |name|, the base64url of |bytes|, which are public. */
void bulla_jose_put_digits(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span bytes);

/* bulla_jose_take_digits decodes |text| to the |len| bytes of |bytes|, which are public, or returns false. */
BULLA_NODISCARD bool bulla_jose_take_digits(uint8_t *bytes, size_t len, struct bulla_span text);

#endif
