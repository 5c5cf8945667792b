/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens as docs/FORMAT.md §6 has them: one API key, its day keys, and the rules of headers, claims and times, put
 * together a second time from nettle and jansson. */

#ifndef BULLA_FUZZ_MODEL_TOKEN_H
#define BULLA_FUZZ_MODEL_TOKEN_H

#include <bulla/token.h>

#include "fuzz/model_jwe.h"

#define MODEL_APIKEY_ID "0001020304050607"
#define MODEL_ORG BULLA_LITERAL("acme") /* that owns every key */

enum { MODEL_DAY_SECONDS = 86400, MODEL_HEADER_SIZE = 96 };
static const int64_t model_time_max = INT64_C(253402300799);

/* model_apikey_string writes the API key of all targets, of which MODEL_KEY is the secret. */
void model_apikey_string(char string[BULLA_APIKEY_LEN + 1]);

/* model_day_key returns the key of |day|; it is good until another day's is asked for. */
const struct model_gcm *model_day_key(int64_t day);

/* model_day_header writes the JSON of the header of |day|. */
struct bulla_span model_day_header(char json[MODEL_HEADER_SIZE], int64_t day);

/* model_kid_read says whether a header is one of a token, and sets what its "kid" says. */
bool model_kid_read(struct bulla_span *key_id, int64_t *day, struct bulla_span json);

/* model_is_known says whether the key of |key_id| is known: all are, and are the same, but for some. */
bool model_is_known(struct bulla_span key_id);

/* Claims of good form. Spans of "perms" and "attrs" are of the text, the others of |tree|, which lives in the
 * arena. */
struct model_claims {
  json_t *tree;
  struct bulla_span org, sub, iss, aud, jti, perms, attrs;
  int64_t iat, exp, nbf, orig_iat;
};

/* model_claims_read says whether |json| has the form of claims. */
bool model_claims_read(struct model_claims *claims, struct bulla_span json);

/* model_judge returns what a verifier says at |now| of authentic claims under the key of |day|. */
enum bulla_status model_judge(const struct model_claims *claims, const struct bulla_verifier_options *options,
                              int64_t day, int64_t now);

/* model_day_is_in_window says whether tokens of |day| may be good at |now|. */
bool model_day_is_in_window(const struct bulla_verifier_options *options, int64_t day, int64_t now);

#define MODEL_REVOKED BULLA_LITERAL("revoked") /* the "jti" that is, if the verifier asks */

#endif
