/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens: API keys, and JWE compact tokens minted under them, verified, refreshed (docs/FORMAT.md §5 and §6).
 * Knows nothing of the vault: the verifier asks a callback for the key that a token names. Times are whole seconds
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

#define BULLA_TOKEN_MAX 8192           /* bytes of a token; a longer one is refused unread */
#define BULLA_PAYLOAD_SIZE 12288       /* bytes of buffer that suffice to verify any token */
#define BULLA_TOKEN_LIFETIME 3600      /* seconds a token lives if its claims do not say */
#define BULLA_TOKEN_LIFETIME_MAX 86400 /* seconds from "iat" to "exp" at most */
#define BULLA_TOKEN_LEEWAY_MAX 3600    /* seconds of leeway at most */
#define BULLA_TOKEN_ORG_MAX 128        /* bytes of "org" at most */
#define BULLA_SESSION_DEFAULT 43200    /* seconds for which tokens are refreshed if a verifier does not say */
#define BULLA_SESSION_MAX 2592000      /* seconds for which a token can be refreshed at most */
#define BULLA_KEYS_DEFAULT 1024        /* API keys that a verifier remembers if it does not say */
#define BULLA_KEYS_MAX 1048576         /* API keys that a verifier remembers at most */
#define BULLA_DAY_LAST 2932896         /* the last day of tokens, 9999-12-31, since 1970-01-01 */

/* An API key: its public id, its token root, its hash. Immutable; may be shared by threads. */
struct bulla_apikey;

/* bulla_apikey_generate makes |*apikey| at random, and |*string|, the only copy of what its owner is to
 * keep: BULLA_APIKEY_LEN bytes. Returns the statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_apikey_generate(struct bulla_apikey **apikey,
                                                                  struct bulla_secret **string);

/* bulla_apikey_parse makes |*apikey| from its string; one newline behind it, with or without a carriage return, is
 * not part of it. Returns BULLA_REFUSED if |string| is no API key or its checksum is wrong, and the statuses of
 * bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_apikey_parse(struct bulla_apikey **apikey, struct bulla_span string);

/* bulla_apikey_free wipes and frees |*apikey| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_apikey_free(struct bulla_apikey **apikey);

/* bulla_apikey_id returns the BULLA_APIKEY_ID_LEN digits that name it; they live as long as |apikey|. */
BULLA_API struct bulla_span bulla_apikey_id(const struct bulla_apikey *apikey);

/* bulla_apikey_hash returns the BULLA_APIKEY_HASH_LEN bytes by which a stored record recognises the string. */
BULLA_API struct bulla_span bulla_apikey_hash(const struct bulla_apikey *apikey);

/* bulla_apikey_token_root returns the BULLA_KEY_LEN bytes from which each day's token key is derived, still
 * owned by |apikey|. Whoever has them can mint and read this key's tokens. */
BULLA_API const struct bulla_secret *bulla_apikey_token_root(const struct bulla_apikey *apikey);

/* bulla_apikey_day_jwk makes |*jwk|, the JWK (RFC 7517) of the key that encrypts the tokens of one API key on one
 * day: |root| is its token root, |key_id| its id, |day| counts from 1970-01-01 UTC, 0 to BULLA_DAY_LAST. Any
 * library for JOSE reads that day's tokens with it, and can forge them. Returns BULLA_INVALID_ARGUMENT, and the
 * statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_apikey_day_jwk(struct bulla_secret **jwk,
                                                                 const struct bulla_secret *root,
                                                                 struct bulla_span key_id, int64_t day);

/* What a token says. Strings are UTF-8 without NUL; an empty span stands for a claim that is absent. Begin with
 * BULLA_CLAIMS_INIT, to mint and to verify. */
struct bulla_claims {
  size_t size;             /* sizeof(struct bulla_claims) */
  struct bulla_span org;   /* tenant that owns the API key: mandatory, at most BULLA_TOKEN_ORG_MAX bytes */
  struct bulla_span sub;   /* RFC 7519 §4.1.2: mandatory */
  struct bulla_span iss;   /* §4.1.1 */
  struct bulla_span aud;   /* §4.1.3, one string */
  struct bulla_span jti;   /* §4.1.7 */
  int64_t iat;             /* §4.1.6: mandatory, at least 0 */
  int64_t exp;             /* §4.1.4: mandatory, later than iat by at most BULLA_TOKEN_LIFETIME_MAX */
  int64_t nbf;             /* §4.1.5: earlier than exp; 0 stands for absent */
  int64_t orig_iat;        /* verified claims only: the "iat" of the first token of the session */
  struct bulla_span perms; /* a JSON array of strings */
  struct bulla_span attrs; /* a JSON object */
  struct bulla_span more;  /* mint only: a JSON object whose members, none of them named above, are added */
  struct bulla_span json;  /* verified claims only: all of them, a JSON object */
};

#define BULLA_CLAIMS_INIT \
  { .size = sizeof(struct bulla_claims) }

/* bulla_claims_permit says whether "perms" of verified |claims| holds |permission|. */
BULLA_API bool bulla_claims_permit(const struct bulla_claims *claims, struct bulla_span permission);

/* bulla_claims_next_perm fills |permission| with the next of "perms" of verified |claims|, unescaped. |*at| is 0 before
 * the first and is for this function alone. Returns BULLA_NOT_FOUND behind the last, BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_next_perm(const struct bulla_claims *claims, size_t *at,
                                                                   struct bulla_buffer *permission);

/* What "attrs" of verified |claims| says of |name|: a string, unescaped; an integer; a boolean; or any value as the
 * JSON that it is. Returns BULLA_NOT_FOUND if there is no such member, BULLA_CLAIM_REFUSED if it is of another type,
 * BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_text(const struct bulla_claims *claims,
                                                                   struct bulla_buffer *text, struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_int(const struct bulla_claims *claims, int64_t *number,
                                                                  struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_bool(const struct bulla_claims *claims, bool *value,
                                                                   struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_json(const struct bulla_claims *claims,
                                                                   struct bulla_span *json, struct bulla_span name);

/* The same for the issuer's own claims: members of the token that struct bulla_claims has no member for. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_text(const struct bulla_claims *claims,
                                                                  struct bulla_buffer *text, struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_int(const struct bulla_claims *claims, int64_t *number,
                                                                 struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_bool(const struct bulla_claims *claims, bool *value,
                                                                  struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_json(const struct bulla_claims *claims,
                                                                  struct bulla_span *json, struct bulla_span name);

/* Builds "perms", "attrs" or "more" for minting, in room of the caller's: nobody needs to quote JSON. A failure is
 * remembered, and bulla_built returns it. Members are for these functions alone. */
struct bulla_builder {
  struct bulla_buffer json;
  bool is_object;
  bool comma;
  bool overflow;
  bool invalid;   /* a text is no UTF-8 */
  bool misplaced; /* a member was added to an array, or an item to an object */
  uint64_t reserved[2];
};

/* bulla_build_object and bulla_build_array begin |builder| with the |size| bytes at |room|. */
BULLA_API void bulla_build_object(struct bulla_builder *builder, void *room, size_t size);
BULLA_API void bulla_build_array(struct bulla_builder *builder, void *room, size_t size);

/* bulla_build_text, _int, _bool and _texts add a member to an object; the last an array of |num_texts| strings. Texts
 * are UTF-8 without NUL. bulla_build_item adds a string to an array. Two members of one name make minting fail. */
BULLA_API void bulla_build_text(struct bulla_builder *builder, struct bulla_span name, struct bulla_span text);
BULLA_API void bulla_build_int(struct bulla_builder *builder, struct bulla_span name, int64_t number);
BULLA_API void bulla_build_bool(struct bulla_builder *builder, struct bulla_span name, bool value);
BULLA_API void bulla_build_texts(struct bulla_builder *builder, struct bulla_span name, const struct bulla_span *texts,
                                 size_t num_texts);
BULLA_API void bulla_build_item(struct bulla_builder *builder, struct bulla_span text);

/* bulla_built ends |builder| and sets |*json| to what was built, which stays in the room that was given. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_INVALID_TEXT if a text is not UTF-8, BULLA_INVALID_ARGUMENT if an item was added to an
 * object or a member to an array; then |*json| is empty and the room zeroed. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_built(struct bulla_builder *builder, struct bulla_span *json);

/* bulla_claims_session_end returns the second from which on no verifier accepts a token with verified |claims|,
 * nor one that it was or will be refreshed to: until then a revocation of its "jti" must be kept. */
BULLA_API int64_t bulla_claims_session_end(const struct bulla_claims *claims);

/* Mints tokens under one API key. May be shared by threads. */
struct bulla_minter;

/* bulla_minter_new makes |*minter| from |apikey|, which need not outlive the call. Returns the statuses of
 * bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_minter_new(struct bulla_minter **minter,
                                                             const struct bulla_apikey *apikey);

/* bulla_minter_free wipes and frees |*minter| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_minter_free(struct bulla_minter **minter);

/* bulla_token_mint fills |token| with |claims| encrypted under the key of the day of |claims->iat|; if
 * |claims->exp| is 0 the token lives BULLA_TOKEN_LIFETIME. BULLA_TOKEN_MAX bytes of buffer suffice. Returns
 * BULLA_INVALID_ARGUMENT if a mandatory claim is missing or a time is out of bounds, BULLA_INVALID_TEXT if
 * a string is not UTF-8 or "perms", "attrs", "more" is not the JSON it must be, BULLA_TOO_LARGE past
 * BULLA_TOKEN_MAX, 64 claims, or 256 names that stand open at once, BULLA_BUFFER_TOO_SMALL, BULLA_KEY_EXHAUSTED,
 * BULLA_FORKED, BULLA_ARENA_FULL, BULLA_NO_CRYPTO. Claims past the room are not read: BULLA_TOO_LARGE and
 * BULLA_BUFFER_TOO_SMALL do not say that they were well-formed. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_mint(struct bulla_minter *minter, struct bulla_buffer *token,
                                                             const struct bulla_claims *claims);

/* What the callback of a verifier finds out about a key id. */
struct bulla_token_key {
  struct bulla_secret *root; /* the token root; the verifier frees what is here, whatever the callback returned */
  uint8_t org[BULLA_TOKEN_ORG_MAX];
  size_t org_len; /* bytes of |org|, at least 1: the tenant that owns the key */
};

/* A function that fills |key|, which comes zeroed, for |key_id|, BULLA_APIKEY_ID_LEN bytes whose form alone has
 * been checked. It returns BULLA_NOT_FOUND for an unknown or revoked key, which makes the token BULLA_REFUSED; any
 * other status is handed on to the caller of bulla_token_verify. BULLA_OK without a root or a tenant becomes
 * BULLA_INVALID_ARGUMENT. It may be called by several threads at once. */
typedef enum bulla_status (*bulla_token_key_fn)(void *arg, struct bulla_span key_id, struct bulla_token_key *key);

/* A function that says whether the token |jti| of the tenant |org| has been revoked: it returns BULLA_REVOKED if
 * so, BULLA_OK if not, and any other status, which is handed on, if it cannot say. It is asked about every token
 * that has a "jti" and is good otherwise; one without can only be ended by revoking its API key. It may be called
 * by several threads at once. */
typedef enum bulla_status (*bulla_token_revoked_fn)(void *arg, struct bulla_span org, struct bulla_span jti);

/* A function that returns the generation of the keys, a number that is another one as soon as a key has been
 * revoked, such as bulla_vault_generation. It is called at the beginning of every verification, by several threads
 * at once. */
typedef uint64_t (*bulla_generation_fn)(void *arg);

/* A function that says, without a record, whether the key |key_id| that was found before is still good: BULLA_OK,
 * or BULLA_NOT_FOUND if it has been revoked, such as bulla_vault_apikey_live: the key is then forgotten, and
 * looked for again when a token names it. Any other status says that this cannot be told. The key is not used then
 * and not looked for either: the status is handed on to the caller of bulla_token_verify, and the next token that
 * names the key has this asked again. Other threads wait until it has been asked about all keys: it should be
 * quick, and must not use the verifier. It may be called by several threads at once, for several verifiers. */
typedef enum bulla_status (*bulla_key_live_fn)(void *arg, struct bulla_span key_id);

/* What a verifier insists on. Begin with BULLA_VERIFIER_OPTIONS_INIT. */
struct bulla_verifier_options {
  size_t size;                       /* sizeof(struct bulla_verifier_options) */
  struct bulla_span aud;             /* if not empty, "aud" must be there and equal */
  struct bulla_span iss;             /* if not empty, "iss" must be there and equal */
  int64_t leeway;                    /* seconds by which clocks may differ, 0 to BULLA_TOKEN_LEEWAY_MAX */
  int64_t session;                   /* seconds for which a token can be refreshed, to BULLA_SESSION_MAX; 0 stands for
                                      * BULLA_SESSION_DEFAULT */
  bulla_token_revoked_fn is_revoked; /* NULL if tokens cannot be revoked one by one */
  bulla_generation_fn generation;    /* NULL if keys stay good here until the verifier is replaced */
  bulla_key_live_fn is_live;         /* asked for each key that is remembered when |generation| gives another number;
                                      * NULL: all keys are forgotten then */
  size_t max_keys;                   /* API keys whose token roots are remembered; 0 stands for BULLA_KEYS_DEFAULT, and
                                      * BULLA_KEYS_MAX is the most */
  void (*release)(void *arg);        /* called with the callbacks' |arg| when the verifier is freed; may be NULL */
};

#define BULLA_VERIFIER_OPTIONS_INIT \
  { .size = sizeof(struct bulla_verifier_options) }

/* Verifies tokens. It remembers the keys it has asked for, |max_keys| of its options: one more takes the place of
 * one that was not used lately, which is asked for again when a token names it. A key that several threads need at
 * once is asked for once. When |generation| of its options gives another number, each key is kept or forgotten as
 * |is_live| says before another one is used; numbers that are never the same have each verification ask. A
 * callback may be left by a C++ exception or pthread_exit(3): the outputs then hold nothing, and the verifier
 * works on. May be shared by threads. */
struct bulla_verifier;

/* bulla_verifier_new makes |*verifier|, which asks |find| and the functions in |options| with |arg|, and copies
 * |options|, which may be NULL. Returns BULLA_INVALID_ARGUMENT for a leeway, session or number of keys out of bounds or
 * an "aud" or "iss" past 256 bytes, BULLA_NO_MEMORY, BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_verifier_new(struct bulla_verifier **verifier,
                                                               const struct bulla_verifier_options *options,
                                                               bulla_token_key_fn find, void *arg);

/* bulla_verifier_free wipes and frees |*verifier| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_verifier_free(struct bulla_verifier **verifier);

/* bulla_token_verify decrypts |token| into |payload|, which is then its claims as JSON, and fills |claims|
 * with views of the bytes behind |payload|. BULLA_PAYLOAD_SIZE bytes suffice for every token; one and a half
 * times the length of |token| suffice for it. Returns BULLA_REFUSED for every way in which |token| is not
 * an authentic token of a known key; once authentic, BULLA_EXPIRED from "exp" + leeway on,
 * BULLA_NOT_YET_VALID before "nbf" or "iat" - leeway, BULLA_CLAIM_REFUSED if "org", "aud" or "iss" is
 * another, BULLA_REVOKED if its "jti" is; BULLA_INVALID_ARGUMENT unless |now| is 0 to 253402300799, the end of the
 * year 9999; BULLA_BUFFER_TOO_SMALL, BULLA_FORKED, BULLA_ARENA_FULL, BULLA_NO_CRYPTO, and what the callbacks
 * returned. On failure |claims| and |payload| hold nothing. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_verify(struct bulla_verifier *verifier,
                                                               struct bulla_claims *claims,
                                                               struct bulla_buffer *payload, struct bulla_span token,
                                                               int64_t now);

/* bulla_token_authenticate decrypts |token| as bulla_token_verify does, and says whether it is authentic, not
 * whether it is good: it may have expired, not be valid yet, be for another audience or issuer, have been revoked.
 * For what must be done with such tokens too, above all to revoke them until bulla_claims_session_end. Sizes are
 * as of bulla_token_verify. Returns BULLA_REFUSED if |token| is not an authentic token of a known key,
 * BULLA_CLAIM_REFUSED if "org" is not the tenant that owns the key, BULLA_BUFFER_TOO_SMALL, BULLA_FORKED,
 * BULLA_ARENA_FULL, BULLA_NO_CRYPTO, and what the verifier's callback returned. On failure |claims| and |payload|
 * hold nothing. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_authenticate(struct bulla_verifier *verifier,
                                                                     struct bulla_claims *claims,
                                                                     struct bulla_buffer *payload,
                                                                     struct bulla_span token);

/* bulla_token_refresh verifies |old| as bulla_token_verify does and fills |token| with one of |now| under the same
 * API key, with the same claims but for the times: it lives as long as |old| did, "nbf" is gone, "orig_iat" is
 * when the session began, and "jti" names the session, so that revoking it ends all its tokens. No new token
 * lives beyond the session, and from its end on the status is BULLA_EXPIRED. |payload| is room to work in, which
 * afterwards holds the claims of |old|; sizes are as of bulla_token_mint and bulla_token_verify, whose statuses it
 * returns. On failure |token| and |payload| hold nothing. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_refresh(struct bulla_verifier *verifier,
                                                                struct bulla_buffer *token,
                                                                struct bulla_buffer *payload, struct bulla_span old,
                                                                int64_t now);

/* The part of a token that is neither encrypted nor authenticated. Begin with BULLA_TOKEN_OUTLINE_INIT. */
struct bulla_token_outline {
  size_t size; /* sizeof(struct bulla_token_outline) */
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  int64_t day;           /* whole days since 1970-01-01 UTC */
  size_t ciphertext_len; /* bytes of claims */
};

#define BULLA_TOKEN_OUTLINE_INIT \
  { .size = sizeof(struct bulla_token_outline) }

/* bulla_token_inspect fills |outline| from the header of |token|, without any key. Returns BULLA_REFUSED if
 * |token| does not have the form of a token. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_inspect(struct bulla_token_outline *outline,
                                                                struct bulla_span token);

#ifdef __cplusplus
}
#endif

#endif
