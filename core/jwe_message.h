/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The serializations of RFC 7516 §7, parsed into one form. Nothing is decoded here, and nothing is authentic.
 * core/jwe_decrypt.c and core/jwe_inspect.c use it. */

#ifndef BULLA_CORE_JWE_MESSAGE_H
#define BULLA_CORE_JWE_MESSAGE_H

#include <bulla/jose.h>

#include "core/jwe_header.h"

/* Views of the text of a JWE: base64url but for the two of JSON. What is absent is empty. */
struct bulla_jwe_message {
  enum bulla_jwe_form form;
  struct bulla_span protected_header; /* BASE64URL(UTF8(JWE Protected Header)) */
  struct bulla_span unprotected;      /* JWE Shared Unprotected Header, a JSON object */
  struct bulla_span recipients;       /* of BULLA_JWE_GENERAL: a JSON array */
  struct bulla_span header;           /* else: JWE Per-Recipient Unprotected Header, a JSON object */
  struct bulla_span encrypted_key;
  struct bulla_span iv;
  struct bulla_span ciphertext;
  struct bulla_span tag;
  struct bulla_span aad;
};

/* bulla_jwe_parse parses |jwe|, at most BULLA_JWE_MAX bytes: a JSON form if it begins with {. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_jwe_parse(struct bulla_jwe_message *message, struct bulla_span jwe);

/* A recipient of a message. */
struct bulla_jwe_recipient {
  struct bulla_span header; /* its own, a JSON object, or empty */
  struct bulla_span encrypted_key;
};

/* Where a walk over the recipients of a message is. */
struct bulla_jwe_walk {
  const struct bulla_jwe_message *message;
  struct bulla_span rest;
  size_t num;               /* that were taken */
  enum bulla_status status; /* BULLA_REFUSED once one was malformed, or one too many */
};

/* bulla_jwe_walk begins a walk. */
struct bulla_jwe_walk bulla_jwe_walk(const struct bulla_jwe_message *message);

/* bulla_jwe_next takes the next recipient, at most BULLA_JWE_MAX_RECIPIENTS, or returns false. A message that is not
 * general has exactly one. */
bool bulla_jwe_next(struct bulla_jwe_walk *walk, struct bulla_jwe_recipient *recipient);

/* What the JOSE headers of all recipients of a message have in common. Not to be copied: |header| points into it. */
struct bulla_jwe_shared {
  struct bulla_span protected_json;
  struct bulla_jose_header header; /* of the protected and the shared unprotected one */
  struct bulla_jose_names names;
  size_t num_names; /* of those two */
};

/* bulla_jwe_read_shared decodes the protected header to the BULLA_JWE_HEADER_MAX bytes of |room|, and reads it and the
 * shared unprotected one. Each is read once, however many recipients there are. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_jwe_read_shared(struct bulla_jwe_shared *shared, uint8_t *room,
                                                        const struct bulla_jwe_message *message);

/* bulla_jwe_read_header_of reads the JOSE header of |recipient|: RFC 7516 §7.2.1. It has "alg" (§4.1.1).
 * Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_jwe_read_header_of(struct bulla_jose_header *header,
                                                           struct bulla_jwe_shared *shared,
                                                           const struct bulla_jwe_recipient *recipient);

#endif
