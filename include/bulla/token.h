/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens: API keys, and JWE compact tokens minted under them, verified, refreshed (docs/FORMAT.md §5 and §6).
 *
 * A customer's server mints with its API key string alone:
 *
 *   struct bulla_claims claims = BULLA_CLAIMS_INIT;
 *   claims.org = bulla_text("acme");
 *   claims.sub = bulla_text("alice");
 *   claims.jti = bulla_text("0f4c…");  // random; names the session, for revoking it
 *   claims.iat = time(NULL);
 *   status = bulla_apikey_parse(&apikey, string);
 *   status = bulla_minter_new(&minter, apikey);  // once
 *   status = bulla_token_mint(minter, &token, &claims);  // any number of threads
 *
 * The issuer of the API keys verifies:
 *
 *   status = bulla_verifier_new(&verifier, NULL, find, arg);  // once; bulla/service.h has one over a vault
 *   status = bulla_token_verify(verifier, &claims, &payload, token, time(NULL));
 *
 * This layer knows nothing of the vault: a callback finds the key that a token names. Times are seconds since
 * 1970-01-01 UTC, passed in by the caller. */

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
#define BULLA_TOKEN_LIFETIME 3600      /* seconds a token lives by default */
#define BULLA_TOKEN_LIFETIME_MAX 86400 /* seconds from "iat" to "exp" at most */
#define BULLA_TOKEN_LEEWAY_MAX 3600    /* seconds of leeway at most */
#define BULLA_TOKEN_ORG_MAX 128        /* bytes of "org" at most */
#define BULLA_SESSION_DEFAULT 43200    /* seconds for which a token can be refreshed by default */
#define BULLA_SESSION_MAX 2592000      /* seconds for which a token can be refreshed at most */
#define BULLA_KEYS_DEFAULT 1024        /* API keys that a verifier remembers by default */
#define BULLA_KEYS_MAX 1048576         /* API keys that a verifier remembers at most */

/* An API key: its public id, its token root, its hash. Immutable; may be shared by threads. */
struct bulla_apikey;

/* bulla_apikey_generate creates a random |*apikey|, and |*string|, the only copy of what its owner keeps,
 * BULLA_APIKEY_LEN bytes. The caller frees both. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_apikey_generate(struct bulla_apikey **apikey,
                                                                  struct bulla_secret **string);

/* bulla_apikey_parse creates |*apikey| from its string; one newline at its end, LF or CRLF, is ignored. Returns
 * BULLA_REFUSED if |string| is not an API key or its checksum is wrong. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_apikey_parse(struct bulla_apikey **apikey, struct bulla_span string);

/* bulla_apikey_free wipes and frees |*apikey| and sets it to NULL. */
BULLA_API void bulla_apikey_free(struct bulla_apikey **apikey);

/* bulla_apikey_id returns its BULLA_APIKEY_ID_LEN digits, valid as long as |apikey|. */
BULLA_API struct bulla_span bulla_apikey_id(const struct bulla_apikey *apikey);

/* bulla_apikey_hash returns the BULLA_APIKEY_HASH_LEN bytes by which a stored record recognises the string. */
BULLA_API struct bulla_span bulla_apikey_hash(const struct bulla_apikey *apikey);

/* bulla_apikey_token_root returns the BULLA_KEY_LEN bytes that each day's token key is derived from, owned by |apikey|.
 * Anyone who has them can mint and read tokens of this key. */
BULLA_API const struct bulla_secret *bulla_apikey_token_root(const struct bulla_apikey *apikey);

/* bulla_apikey_day_jwk creates |*jwk|, the JWK (RFC 7517) that encrypts the tokens of one API key on one day: |root| is
 * its token root, |key_id| its id, |day| counts from 1970-01-01 UTC, 0 to BULLA_DAY_LAST. Any JOSE library reads that
 * day's tokens with it, and can forge them. Returns BULLA_INVALID_ARGUMENT for a bad |key_id| or |day|. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_apikey_day_jwk(struct bulla_secret **jwk,
                                                                 const struct bulla_secret *root,
                                                                 struct bulla_span key_id, int64_t day);

/* What a token says. Strings are UTF-8 without NUL; an empty span stands for a claim that is absent. Begin with
 * BULLA_CLAIMS_INIT, to mint and to verify. */
struct bulla_claims {
  size_t size;           /* sizeof(struct bulla_claims) */
  struct bulla_span org; /* tenant that owns the API key: mandatory, at most BULLA_TOKEN_ORG_MAX bytes */
  struct bulla_span sub; /* RFC 7519 §4.1.2: mandatory */
  struct bulla_span iss; /* §4.1.1 */
  struct bulla_span aud; /* §4.1.3, one string */
  struct bulla_span
      jti;     /* §4.1.7: names the session, random and new for each; without it only the API key can be revoked */
  int64_t iat; /* §4.1.6: mandatory, at least 0 */
  int64_t exp; /* §4.1.4: mandatory, later than iat by at most BULLA_TOKEN_LIFETIME_MAX */
  int64_t nbf; /* §4.1.5: earlier than exp; 0 stands for absent */
  int64_t orig_iat;        /* verified claims only: the "iat" of the first token of the session */
  struct bulla_span perms; /* a JSON array of strings */
  struct bulla_span attrs; /* a JSON object */
  struct bulla_span more;  /* mint only: own claims, a JSON object whose members are added; bulla_claims_own_text and
                              others read them */
  struct bulla_span json;  /* verified claims only: all of them, a JSON object */
};

#define BULLA_CLAIMS_INIT \
  { .size = sizeof(struct bulla_claims) }

/* bulla_claims_permit returns whether "perms" of verified |claims| contains |permission|. */
BULLA_API bool bulla_claims_permit(const struct bulla_claims *claims, struct bulla_span permission);

/* bulla_claims_next_perm fills |permission| with the next of "perms" of verified |claims|, unescaped. Set |*at| to 0
 * before the first call. Returns BULLA_NOT_FOUND after the last, BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_next_perm(const struct bulla_claims *claims, size_t *at,
                                                                   struct bulla_buffer *permission);

/* bulla_claims_attr_text, _int, _bool and _json read the member |name| of "attrs" of verified |claims|: a string,
 * unescaped; an integer; a boolean; any value as JSON. Return BULLA_NOT_FOUND if there is no such member,
 * BULLA_CLAIM_REFUSED if it has another type, BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_text(const struct bulla_claims *claims,
                                                                   struct bulla_buffer *text, struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_int(const struct bulla_claims *claims, int64_t *number,
                                                                  struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_bool(const struct bulla_claims *claims, bool *value,
                                                                   struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_attr_json(const struct bulla_claims *claims,
                                                                   struct bulla_span *json, struct bulla_span name);

/* The same for own claims: members of the token that struct bulla_claims has no member for, as |more| adds them. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_text(const struct bulla_claims *claims,
                                                                  struct bulla_buffer *text, struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_int(const struct bulla_claims *claims, int64_t *number,
                                                                 struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_bool(const struct bulla_claims *claims, bool *value,
                                                                  struct bulla_span name);
BULLA_API BULLA_NODISCARD enum bulla_status bulla_claims_own_json(const struct bulla_claims *claims,
                                                                  struct bulla_span *json, struct bulla_span name);

/* A builder of JSON for "perms", "attrs" and "more", in the caller's buffer; it quotes what needs quoting. The first
 * failure is remembered and returned by bulla_built. Members are private. */
struct bulla_builder {
  struct bulla_buffer json;
  bool is_object;
  bool comma;
  bool overflow;
  bool invalid;   /* a text is no UTF-8 */
  bool misplaced; /* a member was added to an array, or an item to an object */
  uint64_t reserved[2];
};

/* bulla_build_object and bulla_build_array start |builder| on the |size| bytes at |room|. */
BULLA_API void bulla_build_object(struct bulla_builder *builder, void *room, size_t size);
BULLA_API void bulla_build_array(struct bulla_builder *builder, void *room, size_t size);

/* bulla_build_text, _int, _bool and _texts add a member to an object, the last an array of |num_texts| strings.
 * bulla_build_item adds a string to an array. Texts are UTF-8 without NUL. Duplicate names make minting fail. */
BULLA_API void bulla_build_text(struct bulla_builder *builder, struct bulla_span name, struct bulla_span text);
BULLA_API void bulla_build_int(struct bulla_builder *builder, struct bulla_span name, int64_t number);
BULLA_API void bulla_build_bool(struct bulla_builder *builder, struct bulla_span name, bool value);
BULLA_API void bulla_build_texts(struct bulla_builder *builder, struct bulla_span name, const struct bulla_span *texts,
                                 size_t num_texts);
BULLA_API void bulla_build_item(struct bulla_builder *builder, struct bulla_span text);

/* bulla_built finishes |builder| and sets |*json|, a view of the buffer. Returns BULLA_BUFFER_TOO_SMALL,
 * BULLA_INVALID_TEXT if a text is not UTF-8, BULLA_INVALID_ARGUMENT if an item was added to an object or a member to an
 * array; then |*json| is empty and the buffer zeroed. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_built(struct bulla_builder *builder, struct bulla_span *json);

/* bulla_claims_session_end returns the end of the session of verified |claims|: from that second on, no verifier
 * accepts this token or any token refreshed from it. Keep a revocation of its "jti" until then. */
BULLA_API int64_t bulla_claims_session_end(const struct bulla_claims *claims);

/* Mints tokens under one API key. May be shared by threads. */
struct bulla_minter;

/* bulla_minter_new creates |*minter| from |apikey|, which need not outlive the call. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_minter_new(struct bulla_minter **minter,
                                                             const struct bulla_apikey *apikey);

/* bulla_minter_free wipes and frees |*minter| and sets it to NULL. */
BULLA_API void bulla_minter_free(struct bulla_minter **minter);

/* bulla_token_mint writes a token with |claims| to |token|, encrypted under the key of the day of |claims->iat|. If
 * |claims->exp| is 0 it lives BULLA_TOKEN_LIFETIME. BULLA_TOKEN_MAX bytes are always enough room. Returns
 *   BULLA_INVALID_ARGUMENT   a mandatory claim is missing, or a time is out of bounds
 *   BULLA_INVALID_TEXT       a string is not UTF-8, or "perms", "attrs" or "more" is not the JSON it must be
 *   BULLA_TOO_LARGE          past BULLA_TOKEN_MAX, 64 claims, or the nesting of docs/FORMAT.md §6
 *   BULLA_BUFFER_TOO_SMALL, BULLA_KEY_EXHAUSTED
 * Size is checked first: BULLA_TOO_LARGE and BULLA_BUFFER_TOO_SMALL do not imply valid claims. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_mint(struct bulla_minter *minter, struct bulla_buffer *token,
                                                             const struct bulla_claims *claims);

/* bulla_token_mint_many is bulla_token_mint for |num_tokens| tokens under one API key: tokens[i] says what *claims[i]
 * does. All of them are minted, or all of |tokens| are zeroed and empty. It takes less time than as many calls, most of
 * all where claims of one day stand together. |*failed| is |num_tokens|; on failure it is the index of the first token
 * at fault, if one is. Returns the statuses of bulla_token_mint; BULLA_KEY_EXHAUSTED if a day's key has not as
 * many seals left. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_mint_many(struct bulla_minter *minter,
                                                                  struct bulla_buffer *tokens, size_t *failed,
                                                                  const struct bulla_claims *const *claims,
                                                                  size_t num_tokens);

/* What a verifier's callback finds for a key id. */
struct bulla_token_key {
  struct bulla_secret *root; /* the token root; the verifier frees what is here, whatever the callback returned */
  uint8_t org[BULLA_TOKEN_ORG_MAX];
  size_t org_len; /* bytes of |org|, at least 1: the tenant that owns the key */
};

/* A key function fills |key|, which is zeroed before, for |key_id|, BULLA_APIKEY_ID_LEN bytes of which only the form
 * was checked. It returns BULLA_NOT_FOUND for an unknown or revoked key, which makes the token BULLA_REFUSED; any other
 * status is returned by bulla_token_verify. BULLA_OK without a root or a tenant becomes BULLA_INVALID_ARGUMENT. May be
 * called by several threads at once. */
typedef enum bulla_status (*bulla_token_key_fn)(void *arg, struct bulla_span key_id, struct bulla_token_key *key);

/* A revocation function returns BULLA_REVOKED if the token |jti| of the tenant |org| was revoked, BULLA_OK if not; any
 * other status means that it cannot tell, and is returned by bulla_token_verify. It is called for every token that has
 * a "jti" and is otherwise good; a token without one ends only with its API key. May be called by several threads at
 * once. */
typedef enum bulla_status (*bulla_token_revoked_fn)(void *arg, struct bulla_span org, struct bulla_span jti);

/* A generation function returns a counter that changes whenever an API key is revoked, such as bulla_vault_generation.
 * Called at the start of every verification, by several threads at once. */
typedef uint64_t (*bulla_generation_fn)(void *arg);

/* A liveness function returns whether the key |key_id|, found earlier, is still good: BULLA_OK, or BULLA_NOT_FOUND if
 * it was revoked, such as bulla_vault_apikey_live. A revoked key is forgotten, and looked up again if a token names it.
 * Any other status means that it cannot tell: the key is not used, the status is returned by bulla_token_verify, and
 * the next token that names the key asks again. Other threads wait until all remembered keys have been asked about: it
 * should be quick, and must not use the verifier. May be called by several threads at once, for several verifiers. */
typedef enum bulla_status (*bulla_key_live_fn)(void *arg, struct bulla_span key_id);

/* What a verifier requires. Begin with BULLA_VERIFIER_OPTIONS_INIT. */
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
  void (*release)(void *arg);        /* called with |arg| when the verifier is freed; may be NULL */
};

#define BULLA_VERIFIER_OPTIONS_INIT \
  { .size = sizeof(struct bulla_verifier_options) }

/* Verifies tokens; may be shared by threads. It remembers the keys that it looked up, up to |max_keys|; one more
 * replaces one that was not used lately. A key that several threads need at once is looked up once. When |generation|
 * returns another number, |is_live| decides for each key whether it is kept, before a key is used again; without
 * |is_live| all are forgotten. A callback may be left by a C++ exception or pthread_exit(3): the outputs are cleared
 * and the verifier stays usable. */
struct bulla_verifier;

/* bulla_verifier_new creates |*verifier|, which calls |find| and the callbacks in |options| with |arg|, and copies
 * |options|, which may be NULL. Returns BULLA_INVALID_ARGUMENT for a leeway, session or number of keys out of bounds,
 * or an "aud" or "iss" longer than 256 bytes. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_verifier_new(struct bulla_verifier **verifier,
                                                               const struct bulla_verifier_options *options,
                                                               bulla_token_key_fn find, void *arg);

/* bulla_verifier_free wipes and frees |*verifier| and sets it to NULL. */
BULLA_API void bulla_verifier_free(struct bulla_verifier **verifier);

/* bulla_token_verify decrypts |token| into |payload|, its claims as JSON, and fills |claims| with views into
 * |payload|'s buffer. BULLA_PAYLOAD_SIZE bytes are enough room for every token; one and a half times its length for
 * |token|. |now| is 0 to 253402300799, the end of the year 9999. Returns
 *   BULLA_REFUSED            not an authentic token of a known key
 * and, only for an authentic token,
 *   BULLA_EXPIRED            from "exp" + leeway on
 *   BULLA_NOT_YET_VALID      before "nbf" or "iat" - leeway
 *   BULLA_CLAIM_REFUSED      "org" is not the tenant that owns the key, or "aud" or "iss" is not the required one
 *   BULLA_REVOKED            its "jti" was revoked
 * BULLA_INVALID_ARGUMENT for another |now|, BULLA_BUFFER_TOO_SMALL, and what the callbacks return. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_verify(struct bulla_verifier *verifier,
                                                               struct bulla_claims *claims,
                                                               struct bulla_buffer *payload, struct bulla_span token,
                                                               int64_t now);

/* bulla_token_authenticate is bulla_token_verify without judging the claims: the token may be expired, not yet valid,
 * revoked, or for another audience or issuer. Use it to revoke such tokens, until bulla_claims_session_end. Returns
 * BULLA_REFUSED, BULLA_CLAIM_REFUSED if "org" is not the tenant that owns the key, BULLA_BUFFER_TOO_SMALL, and what the
 * key callback returns. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_authenticate(struct bulla_verifier *verifier,
                                                                     struct bulla_claims *claims,
                                                                     struct bulla_buffer *payload,
                                                                     struct bulla_span token);

/* bulla_token_refresh verifies |old| as bulla_token_verify does and writes a new token of |now| under the same API key.
 * The claims are the same except for times: it lives as long as |old| did, "nbf" is dropped, "orig_iat" is when the
 * session began. "jti" stays, so that revoking it ends all tokens of the session. No token outlives the session; from
 * its end on the status is BULLA_EXPIRED. |payload| is scratch space and holds the claims of |old| afterwards. Room and
 * statuses as for bulla_token_verify and bulla_token_mint. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_refresh(struct bulla_verifier *verifier,
                                                                struct bulla_buffer *token,
                                                                struct bulla_buffer *payload, struct bulla_span old,
                                                                int64_t now);

/* The unencrypted, unauthenticated part of a token. Begin with BULLA_TOKEN_OUTLINE_INIT. */
struct bulla_token_outline {
  size_t size; /* sizeof(struct bulla_token_outline) */
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  int64_t day;           /* whole days since 1970-01-01 UTC */
  size_t ciphertext_len; /* bytes of claims */
};

#define BULLA_TOKEN_OUTLINE_INIT \
  { .size = sizeof(struct bulla_token_outline) }

/* bulla_token_inspect reads the header of |token|, without any key. Returns BULLA_REFUSED unless it has the form of a
 * token. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_token_inspect(struct bulla_token_outline *outline,
                                                                struct bulla_span token);

#ifdef __cplusplus
}
#endif

#endif
