/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens: API keys, and JWE compact tokens minted under them and verified (docs/FORMAT.md §5 and §6). Knows
 * nothing of the vault: the verifier asks a callback for the key that a token names. Times are whole seconds
 * since 1970-01-01 UTC, given by the caller. */

#ifndef BULLA_TOKEN_H
#define BULLA_TOKEN_H

#include <bulla/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BULLA_APIKEY_LEN 95      /* bytes of an API key string */
#define BULLA_APIKEY_ID_LEN 16   /* bytes of its id: lower-case hexadecimal digits */
#define BULLA_APIKEY_HASH_LEN 32 /* bytes of its hash: SHA-256 of the string */

#define BULLA_TOKEN_MAX 8192             /* bytes of a token; a longer one is refused unread */
#define BULLA_PAYLOAD_SIZE 12288         /* bytes of buffer that suffice to verify any token */
#define BULLA_TOKEN_LIFETIME 3600        /* seconds a token lives if its claims do not say */
#define BULLA_TOKEN_LIFETIME_MAX 86400   /* seconds from "iat" to "exp" at most */
#define BULLA_TOKEN_LEEWAY_MAX 3600      /* seconds of leeway at most */
#define BULLA_TOKEN_ORG_MAX 128          /* bytes of "org" at most */

/* An API key: its public id, its token root, its hash. Immutable; may be shared by threads. */
struct bulla_apikey;

/* bulla_apikey_generate makes |*apikey| at random, and |*string|, the only copy of what its owner is to
 * keep: BULLA_APIKEY_LEN bytes. Returns the statuses of bulla_secret_random. */
BULLA_API BULLA_CHECKED enum bulla_status bulla_apikey_generate(struct bulla_apikey **apikey,
                                                                struct bulla_secret **string);

/* bulla_apikey_parse makes |*apikey| from its string. Returns BULLA_REFUSED if |string| is no API key or its
 * checksum is wrong, and the statuses of bulla_secret_random. */
BULLA_API BULLA_CHECKED enum bulla_status bulla_apikey_parse(struct bulla_apikey **apikey, struct bulla_span string);

/* bulla_apikey_free wipes and frees |*apikey| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_apikey_free(struct bulla_apikey **apikey);

/* bulla_apikey_id returns the BULLA_APIKEY_ID_LEN digits that name it; they live as long as |apikey|. */
BULLA_API struct bulla_span bulla_apikey_id(const struct bulla_apikey *apikey);

/* bulla_apikey_hash returns the BULLA_APIKEY_HASH_LEN bytes by which a stored record recognises the string. */
BULLA_API struct bulla_span bulla_apikey_hash(const struct bulla_apikey *apikey);

/* bulla_apikey_token_root returns the BULLA_KEY_LEN bytes from which each day's token key is derived, still
 * owned by |apikey|. Whoever has them can mint and read this key's tokens. */
BULLA_API const struct bulla_secret *bulla_apikey_token_root(const struct bulla_apikey *apikey);

/* What a token says. Strings are UTF-8 without NUL; an empty span stands for a claim that is absent. */
struct bulla_claims {
  struct bulla_span org; /* tenant that owns the API key: mandatory, at most BULLA_TOKEN_ORG_MAX bytes */
  struct bulla_span sub; /* RFC 7519 §4.1.2: mandatory */
  struct bulla_span iss; /* §4.1.1 */
  struct bulla_span aud; /* §4.1.3, one string */
  struct bulla_span jti; /* §4.1.7 */
  int64_t iat;           /* §4.1.6: mandatory, at least 0 */
  int64_t exp;           /* §4.1.4: mandatory, later than iat by at most BULLA_TOKEN_LIFETIME_MAX */
  int64_t nbf;           /* §4.1.5; 0 stands for absent */
  struct bulla_span perms; /* a JSON array of strings */
  struct bulla_span attrs; /* a JSON object */
  struct bulla_span more;  /* mint only: a JSON object whose members, none of them named above, are added */
};

/* bulla_claims_permit says whether "perms" of verified |claims| holds |permission|. */
BULLA_API bool bulla_claims_permit(const struct bulla_claims *claims, struct bulla_span permission);

/* Mints tokens under one API key. May be shared by threads. */
struct bulla_minter;

/* bulla_minter_new makes |*minter| from |apikey|, which need not outlive the call. Returns the statuses of
 * bulla_secret_random. */
BULLA_API BULLA_CHECKED enum bulla_status bulla_minter_new(struct bulla_minter **minter,
                                                           const struct bulla_apikey *apikey);

/* bulla_minter_free wipes and frees |*minter| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_minter_free(struct bulla_minter **minter);

/* bulla_token_mint fills |token| with |claims| encrypted under the key of the day of |claims->iat|; if
 * |claims->exp| is 0 the token lives BULLA_TOKEN_LIFETIME. BULLA_TOKEN_MAX bytes of buffer suffice. Returns
 * BULLA_INVALID_ARGUMENT if a mandatory claim is missing or a time is out of bounds, BULLA_INVALID_TEXT if
 * a string is not UTF-8 or "perms", "attrs", "more" is not the JSON it must be, BULLA_TOO_LARGE past
 * BULLA_TOKEN_MAX, BULLA_BUFFER_TOO_SMALL, BULLA_KEY_EXHAUSTED, BULLA_FORKED, BULLA_ARENA_FULL,
 * BULLA_NO_CRYPTO. */
BULLA_API BULLA_CHECKED enum bulla_status bulla_token_mint(struct bulla_minter *minter, struct bulla_buffer *token,
                                                           const struct bulla_claims *claims);

/* What the callback of a verifier finds out about a key id. */
struct bulla_token_key {
  struct bulla_secret *root; /* the token root; the verifier takes it over and frees it */
  uint8_t org[BULLA_TOKEN_ORG_MAX];
  size_t org_len; /* bytes of |org|: the tenant that owns the key */
};

/* A function that fills |key| for |key_id|, BULLA_APIKEY_ID_LEN bytes whose form alone has been checked. It
 * returns BULLA_NOT_FOUND for an unknown or revoked key, which makes the token BULLA_REFUSED; any other
 * status is handed on to the caller of bulla_token_verify. It may be called by several threads at once. */
typedef enum bulla_status (*bulla_token_key_fn)(void *arg, struct bulla_span key_id, struct bulla_token_key *key);

/* What a verifier insists on. */
struct bulla_verifier_options {
  struct bulla_span aud; /* if not empty, "aud" must be there and equal */
  struct bulla_span iss; /* if not empty, "iss" must be there and equal */
  int64_t leeway;        /* seconds by which clocks may differ, 0 to BULLA_TOKEN_LEEWAY_MAX */
};

/* Verifies tokens. It remembers the keys it has asked for, a bounded number of them, so a key that is revoked
 * stays good here until the verifier is replaced. May be shared by threads. */
struct bulla_verifier;

/* bulla_verifier_new makes |*verifier|, which asks |find| with |arg| for keys and copies |options|. Returns
 * BULLA_INVALID_ARGUMENT for a leeway out of bounds or an "aud" or "iss" past 256 bytes, BULLA_NO_MEMORY. */
BULLA_API BULLA_CHECKED enum bulla_status bulla_verifier_new(struct bulla_verifier **verifier,
                                                             const struct bulla_verifier_options *options,
                                                             bulla_token_key_fn find, void *arg);

/* bulla_verifier_free wipes and frees |*verifier| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_verifier_free(struct bulla_verifier **verifier);

/* bulla_token_verify decrypts |token| into |payload|, which is then its claims as JSON, and fills |claims|
 * with views of the bytes behind |payload|. BULLA_PAYLOAD_SIZE bytes suffice for every token; one and a half
 * times the length of |token| suffice for it. Returns BULLA_REFUSED for every way in which |token| is not
 * an authentic token of a known key; once authentic, BULLA_EXPIRED from "exp" + leeway on,
 * BULLA_NOT_YET_VALID before "nbf" or "iat" - leeway, BULLA_CLAIM_REFUSED if "org", "aud" or "iss" is
 * another; BULLA_INVALID_ARGUMENT unless |now| is 0 to 253402300799, the end of the year 9999;
 * BULLA_BUFFER_TOO_SMALL, BULLA_FORKED, BULLA_ARENA_FULL, BULLA_NO_CRYPTO, and what the callback returned. On
 * failure |claims| and |payload| hold nothing. */
BULLA_API BULLA_CHECKED enum bulla_status bulla_token_verify(struct bulla_verifier *verifier,
                                                             struct bulla_claims *claims,
                                                             struct bulla_buffer *payload, struct bulla_span token,
                                                             int64_t now);

/* What the unprotected eye sees of a token: nothing here is authenticated. */
struct bulla_token_outline {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  int64_t day;            /* whole days since 1970-01-01 UTC */
  size_t ciphertext_len;  /* bytes of claims */
};

/* bulla_token_inspect fills |outline| from the header of |token|, without any key. Returns BULLA_REFUSED if
 * |token| does not have the form of a token. */
BULLA_API BULLA_CHECKED enum bulla_status bulla_token_inspect(struct bulla_token_outline *outline,
                                                              struct bulla_span token);

#ifdef __cplusplus
}
#endif

#endif
