/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE made by somebody who has the key and writes what he likes: every tag passes and every key unwraps, so that only
 * the rule that a test names can refuse. It has one key for each "alg" and curve. */

#ifndef BULLA_TESTS_JWE_FORGE_H
#define BULLA_TESTS_JWE_FORGE_H

#include <bulla/jose.h>

#include "core/jwe_table.h"
#include "tests/support.h"

/* Each way to find the content encryption key. */
struct forge_kind {
  enum bulla_jwe_alg alg;
  enum bulla_curve curve; /* of ECDH-ES */
};
extern const struct forge_kind forge_kinds[];
extern const size_t forge_num_kinds;
enum { FORGE_NUM_ENCS = BULLA_JWE_A256CBC_HS512 };

/* What is forged. What is left out is what it should be. */
struct forgery {
  struct forge_kind kind;
  enum bulla_jwe_enc enc;

  /* The protected header. In it $MEMBERS stands for what should be there, $ADDED for what the kind adds to "alg" and
   * "enc", with its comma, $X and $Y for what "epk" says. */
  const char *header;
  struct bulla_span plaintext;
  struct bulla_span sent;   /* the key that is wrapped; content is encrypted under it, cut off or zeros added */
  struct bulla_span shared; /* what the key agreement is to yield */
  struct bulla_span apu;    /* that the key is derived for */
  struct bulla_span apv;
  struct bulla_span aad;
};

/* The parts of what was forged: digits of the header, bytes of the others. */
struct forged {
  struct bulla_span header;
  struct bulla_span encrypted_key;
  struct bulla_span iv;
  struct bulla_span ciphertext;
  struct bulla_span tag;
  struct bulla_span aad;
  struct bulla_span added; /* to the header */
  struct bulla_span x;     /* digits of "epk" */
  struct bulla_span y;
};

struct forged forge(const struct forgery *forgery);

/* forge_compact returns the compact form of |parts|. */
struct bulla_span forge_compact(const struct forged *parts);

/* forge_json returns |text|, in which $PROTECTED, $KEY, $IV, $CIPHERTEXT, $TAG and $AAD stand for base64url of |parts|,
 * and $ADDED for what was added to the header. */
struct bulla_span forge_json(const struct forged *parts, const char *text);

/* forge_replaced returns |text| with |by| wherever |word| stands. */
struct bulla_span forge_replaced(struct bulla_span text, const char *word, struct bulla_span by);

/* forge_padded replaces the ciphertext and the tag of |parts|, of an "enc" of AES-CBC, by those of |blocks|, which are
 * not padded any more. If their length is no multiple of 16 what is too much stays as it is. */
void forge_padded(struct forged *parts, const struct forgery *forgery, struct bulla_span blocks);

/* forge_jwk returns the JWK of |kind| for |enc|, with more |members| in it, as ",\"kid\":\"k\"". */
const char *forge_jwk(struct forge_kind kind, enum bulla_jwe_enc enc, const char *members);

/* forge_key returns the key, which the caller frees. */
struct bulla_jwe_key *forge_key(struct forge_kind kind, enum bulla_jwe_enc enc, const char *members);

/* forge_opens says whether |jwe|, in any form, opens with |key| to |plaintext|. If not it must be refused, and nothing
 * be left in the buffers. */
bool forge_opens(const struct bulla_jwe_key *key, struct bulla_span jwe, struct bulla_span plaintext);

/* forge_name returns "alg curve enc", for messages; it lasts until the next call. */
const char *forge_name(const struct forgery *forgery);

#endif
