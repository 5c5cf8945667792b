/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE that a fuzzer can write: an input is a text in which marks stand for what only the owner of a key can fill in. So
 * mutated inputs get past the tags, and the tags are checked as ever.
 *
 * An input is TEMPLATE_CHOICES bytes: which "alg" and curve; which "enc", and whether the key has a "kid"; the length
 * of the plaintext; flags. Then two, the length of the protected header, then that, then the text around it: a compact
 * form or JSON. In both these bytes, which neither can hold, are marks; a mark that is not known stays. */

#ifndef BULLA_FUZZ_JWE_TEMPLATE_H
#define BULLA_FUZZ_JWE_TEMPLATE_H

#include "fuzz/model_jose.h"
#include "fuzz/mutate.h"

enum { TEMPLATE_CHOICES = 4, TEMPLATE_PLAINTEXT_MAX = 272 };

enum template_mark {
  MARK_CUT = 0xf7,           /* and a byte, how many of the characters written so far are dropped */
  MARK_WRAP_IV = 0xf8,       /* "iv" and "tag" of GCM key wrap */
  MARK_WRAP_TAG = 0xf9,      /* .. */
  MARK_EPK = 0xfa,           /* the object "epk" */
  MARK_PROTECTED = 0xfb,     /* base64url of the protected header, and so on */
  MARK_ENCRYPTED_KEY = 0xfc, /* .. */
  MARK_IV = 0xfd,
  MARK_CIPHERTEXT = 0xfe,
  MARK_TAG = 0xff,
};

/* The bits of the second and the fourth byte. */
enum {
  TEMPLATE_HAS_KID = 0x80,
  TEMPLATE_IS_KNOWN = 0x40,
  TEMPLATE_SEALS = 1,
  TEMPLATE_RAW = 2,
  TEMPLATE_RAW_SHIFT = 2,
  TEMPLATE_CUT = 48
};

struct template {
  struct model_key key;
  bool seals;    /* bulla is to seal the rest, whatever that means to the target */
  bool is_known; /* the content is encrypted with zeroes, which a key that does not unwrap must not leave */
  size_t alg;    /* its number in model_algs */
  size_t enc;    /* its number in model_encs */
  struct bulla_span header;
  struct bulla_span text;
  struct bulla_buffer padded; /* the plaintext, or if TEMPLATE_RAW that with padding of its own, good or not */
  size_t cut;                 /* bytes that the ciphertext lacks then, though its tag is good */
  uint8_t room[TEMPLATE_PLAINTEXT_MAX];
};

/* template_read takes any input. */
void template_read(struct template *template, struct bulla_span input);

/* template_fill writes the JWE to |jwe|, or returns false if there is no room. */
bool template_fill(struct bulla_buffer *jwe, const struct template *template);

/* template_key returns bulla's key of |template|, which belongs to this module. */
struct bulla_jwe_key *template_key(const struct template *template);

/* template_jwk returns the JWK of |key|, with its private part, until the next call. */
struct bulla_span template_jwk(const struct model_key *key);

/* The form for the mutator: header and text are the parts. The target says which of the two the header is; the second
 * one is changed more often. */
extern const size_t template_header_part;
bool template_open(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span rest);
size_t template_seal(uint8_t *rest, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts);

#endif
