/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JOSE: JSON Web Keys (RFC 7517) and JSON Web Encryption (RFC 7516) with the algorithms of RFC 7518 and RFC 8037.
 *
 *   struct bulla_jwk *jwk = NULL;
 *   struct bulla_jwe_key *key = NULL;
 *
 *   status = bulla_jwk_parse(&jwk, json);
 *   status = bulla_jwe_key_from_jwk(&key, jwk, BULLA_JWE_RSA_OAEP_256, BULLA_JWE_A256GCM);
 *   status = bulla_jwe_encrypt(key, &token, bulla_text("s3cret"));
 *   status = bulla_jwe_decrypt(key, &plaintext, bulla_written(&token));
 *   bulla_jwe_key_free(&key);
 *   bulla_jwk_free(&jwk);
 *
 * A key is pinned to one "alg" and one "enc" before any input is read; the header never chooses. Private parts of keys
 * lie in locked memory. Conventions are those of core.h; docs/JOSE.md has what is read, written and refused. */

#ifndef BULLA_JOSE_H
#define BULLA_JOSE_H

#include <bulla/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "alg", how the content encryption key is found: RFC 7518 §4.1. */
enum bulla_jwe_alg {
  BULLA_JWE_DIR = 1,    /* §4.5: the shared key is the content encryption key */
  BULLA_JWE_A128KW = 2, /* §4.4: AES key wrap */
  BULLA_JWE_A192KW = 3,
  BULLA_JWE_A256KW = 4,
  BULLA_JWE_A128GCMKW = 5, /* §4.7: AES-GCM key wrap */
  BULLA_JWE_A192GCMKW = 6,
  BULLA_JWE_A256GCMKW = 7,
  BULLA_JWE_ECDH_ES = 8,        /* §4.6, RFC 8037 §3.2: agreement on P-256, P-384, P-521 or X25519, direct */
  BULLA_JWE_ECDH_ES_A128KW = 9, /* or of a key that wraps */
  BULLA_JWE_ECDH_ES_A192KW = 10,
  BULLA_JWE_ECDH_ES_A256KW = 11,
  BULLA_JWE_RSA_OAEP = 12,     /* §4.3, with SHA-1 */
  BULLA_JWE_RSA_OAEP_256 = 13, /* with SHA-256 */

  /* HPKE in integrated encryption on X25519, without any "enc", as draft-ietf-jose-hpke-encrypt has it. It may change
   * with the draft, in any version of bulla, and nothing else reads its name: for trying. */
  BULLA_JWE_DRAFT_HPKE = 14,
};

/* "enc", how the content is encrypted: RFC 7518 §5.1. */
enum bulla_jwe_enc {
  BULLA_JWE_A128GCM = 1, /* §5.3 */
  BULLA_JWE_A192GCM = 2,
  BULLA_JWE_A256GCM = 3,
  BULLA_JWE_A128CBC_HS256 = 4, /* §5.2 */
  BULLA_JWE_A192CBC_HS384 = 5,
  BULLA_JWE_A256CBC_HS512 = 6,
};

/* bulla_jwe_alg_name and bulla_jwe_enc_name return the name in RFC 7518, a constant, or "" if there is none. */
BULLA_API const char *bulla_jwe_alg_name(enum bulla_jwe_alg alg);
BULLA_API const char *bulla_jwe_enc_name(enum bulla_jwe_enc enc);

/* bulla_jwe_alg_named and bulla_jwe_enc_named return what |name| stands for, case-sensitive, or 0. */
BULLA_API enum bulla_jwe_alg bulla_jwe_alg_named(struct bulla_span name);
BULLA_API enum bulla_jwe_enc bulla_jwe_enc_named(struct bulla_span name);

/* A JSON Web Key: "kty" oct, EC (P-256, P-384, P-521), OKP (X25519) or RSA (2048 to 4096 bits). Immutable; may be
 * shared by threads. Its private part, if it has one, lies in locked memory, and not in a forked child. */
struct bulla_jwk;

#define BULLA_JWK_MAX 16384 /* bytes of a JWK */

/* bulla_jwk_parse creates |*jwk| from the JSON text |json|, of at most BULLA_JWK_MAX bytes; what it holds that is
 * private the caller keeps in locked memory. Unknown members are ignored. Returns BULLA_INVALID_TEXT for what is not
 * strict JSON or lacks a member, has one twice, misspelled only in case, or of another type or length than RFC 7518 §6
 * says; BULLA_REFUSED for a key that is unsafe or not consistent: a point off the curve or of small order, a private
 * part of another public one, an even exponent, a modulus of less than 2048 bits; BULLA_UNSUPPORTED for another "kty"
 * or "crv", a "use" or an operation that RFC 7517 does not list, a modulus of more than 4096 bits, more than two
 * primes, an RSA private key without primes; BULLA_TOO_LARGE also for more than 64 members, "kid" or "alg" of more than
 * 256 bytes, "k" of more than 1024. The log tells which. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_parse(struct bulla_jwk **jwk, struct bulla_span json);

/* bulla_jwk_free wipes and frees |*jwk| and sets it to NULL. */
BULLA_API void bulla_jwk_free(struct bulla_jwk **jwk);

/* What bulla_jwk_generate makes. Begin with BULLA_JWK_OPTIONS_INIT. */
struct bulla_jwk_options {
  size_t size;            /* sizeof(struct bulla_jwk_options) */
  enum bulla_jwe_alg alg; /* for BULLA_JWE_DIR the JWK's "alg" is the name of |enc| */
  enum bulla_jwe_enc enc; /* how long a key for BULLA_JWE_DIR is; otherwise 0 */
  const char *curve;      /* of ECDH-ES: "P-256", "P-384", "P-521", "X25519"; NULL means "X25519" */
  size_t bits;            /* of RSA: 2048 to 4096, a multiple of 256; 0 means 3072 */
  struct bulla_span kid;  /* empty: the thumbprint for a key pair, none for "oct" */
  uint64_t reserved[4];   /* 0 */
};

#define BULLA_JWK_OPTIONS_INIT \
  { .size = sizeof(struct bulla_jwk_options) }

/* bulla_jwk_generate creates |*jwk| with a new key, "use" enc. Returns BULLA_INVALID_ARGUMENT for options that do not
 * fit each other. An RSA key takes a second or so. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_generate(struct bulla_jwk **jwk,
                                                               const struct bulla_jwk_options *options);

/* bulla_jwk_has_private returns whether |jwk| has a private part; "oct" has nothing else. */
BULLA_API bool bulla_jwk_has_private(const struct bulla_jwk *jwk);

/* bulla_jwk_kid returns "kid", unescaped, or an empty span; it lives as long as |jwk|. */
BULLA_API struct bulla_span bulla_jwk_kid(const struct bulla_jwk *jwk);

/* bulla_jwk_with creates |*with|, a copy of |jwk| that has this "kid" and this "alg", if they are not empty: |alg| is
 * the name of a bulla_jwe_alg or bulla_jwe_enc. Returns BULLA_INVALID_ARGUMENT for an |alg| that does not go with the
 * key, and for a |kid| that is longer than 256 bytes, has a NUL or is no I-JSON text. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_with(struct bulla_jwk **with, const struct bulla_jwk *jwk,
                                                           struct bulla_span kid, struct bulla_span alg);

/* bulla_jwk_write creates |*json|, which the caller frees: |jwk| with its private part, in locked memory. Unknown
 * members of what was parsed are not in it. Returns BULLA_INVALID_ARGUMENT if it has no private part. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_write(struct bulla_secret **json, const struct bulla_jwk *jwk);

/* bulla_jwk_write_public writes |jwk| without its private part. BULLA_JWK_MAX bytes are always enough. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_INVALID_ARGUMENT for "oct", which has no public part. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_write_public(struct bulla_buffer *json,
                                                                   const struct bulla_jwk *jwk);

/* bulla_jwk_thumbprint writes the SHA-256 thumbprint of RFC 7638 §3, 32 bytes. That of an "oct" key is a hash of the
 * key: it lets others test guesses, so that a key that is not random must not be named by it. Returns
 * BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_thumbprint(struct bulla_buffer *thumbprint,
                                                                 const struct bulla_jwk *jwk);

/* bulla_jwk_from_pem creates |*jwk| from one PEM block (RFC 7468): PRIVATE KEY (PKCS #8), EC PRIVATE KEY (RFC 5915),
 * RSA PRIVATE KEY (PKCS #1), PUBLIC KEY (SubjectPublicKeyInfo) or RSA PUBLIC KEY, not encrypted, without other blocks
 * but EC PARAMETERS. |pem| has at most BULLA_JWK_MAX bytes. It has no "kid", "use" or "alg". Statuses as of
 * bulla_jwk_parse. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_from_pem(struct bulla_jwk **jwk, struct bulla_span pem);

/* bulla_jwk_to_pem creates |*pem|, in locked memory, which the caller frees: PRIVATE KEY if |jwk| has a private part
 * and |is_public| is not set, else PUBLIC KEY. Returns BULLA_INVALID_ARGUMENT for "oct". */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_to_pem(struct bulla_secret **pem, const struct bulla_jwk *jwk,
                                                             bool is_public);

/* A JWK Set, RFC 7517 §5. Immutable; may be shared by threads. */
struct bulla_jwk_set;

#define BULLA_JWK_SET_MAX 65536 /* bytes of a JWK Set */
#define BULLA_JWK_SET_MAX_KEYS 64

/* bulla_jwk_set_parse creates |*set| from the JSON text |json|. A key of an unknown "kty" or "crv", or with a member of
 * a value that is not known, is left out (§5); what is wrong with any other refuses the whole set. Returns
 * BULLA_REFUSED also if two keys have one "kid", or if some are symmetric and others are not, and else what
 * bulla_jwk_parse returns. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwk_set_parse(struct bulla_jwk_set **set, struct bulla_span json);

/* bulla_jwk_set_free wipes and frees |*set| and sets it to NULL. */
BULLA_API void bulla_jwk_set_free(struct bulla_jwk_set **set);

/* bulla_jwk_set_find returns the key of |kid|, owned by |set|, or NULL; also if |kid| is empty. */
BULLA_API const struct bulla_jwk *bulla_jwk_set_find(const struct bulla_jwk_set *set, struct bulla_span kid);

/* bulla_jwk_set_at returns the key number |i| from 0, owned by |set|, or NULL. */
BULLA_API const struct bulla_jwk *bulla_jwk_set_at(const struct bulla_jwk_set *set, size_t i);

/* A key for JWE, pinned to one "alg" and one "enc". Immutable except for its count of encryptions; may be shared by
 * threads. Unusable in a forked child: BULLA_FORKED. */
struct bulla_jwe_key;

/* bulla_jwe_key_new creates |*key| for |alg| and |enc| from |material|, which it copies: for BULLA_JWE_DIR of 16, 24 or
 * 32 bytes, of CBC-HS twice as many, as |enc| says, for key wrap as |alg| says. If |key_id| is not empty it is written
 * as "kid", and a token must carry it. Returns BULLA_INVALID_ARGUMENT for another length, an unknown |alg| or |enc|, an
 * |alg| of key pairs, a |key_id| that is not I-JSON text (RFC 7493 §2.1), has a NUL, is longer than 256 bytes, or makes
 * the header longer than 1024. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_key_new(struct bulla_jwe_key **key, enum bulla_jwe_alg alg,
                                                              enum bulla_jwe_enc enc,
                                                              const struct bulla_secret *material,
                                                              struct bulla_span key_id);

/* bulla_jwe_key_from_jwk creates |*key| from |jwk|, of which it copies what it needs, "kid" with it. |alg| and |enc|
 * may be 0 where the JWK's "alg" says them: it may be the name of an |enc|, and is then for BULLA_JWE_DIR. Returns
 * BULLA_INVALID_ARGUMENT if they are not said (BULLA_JWE_DRAFT_HPKE has no |enc|), or not a pair that goes with the
 * key; BULLA_REFUSED if the JWK's "alg", "use" or "key_ops" says another purpose. A key without a private part only
 * encrypts. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_key_from_jwk(struct bulla_jwe_key **key,
                                                                   const struct bulla_jwk *jwk, enum bulla_jwe_alg alg,
                                                                   enum bulla_jwe_enc enc);

/* bulla_jwe_key_free wipes and frees |*key| and sets it to NULL. */
BULLA_API void bulla_jwe_key_free(struct bulla_jwe_key **key);

#define BULLA_JWE_MAX 1048576     /* bytes of a JWE, in any form */
#define BULLA_JWE_HEADER_MAX 4096 /* bytes of a protected header, decoded */
#define BULLA_JWE_MAX_RECIPIENTS 64

/* bulla_jwe_len returns the length of the compact form of |plaintext_len| bytes under |key|, or 0 past SIZE_MAX / 8. */
BULLA_API size_t bulla_jwe_len(const struct bulla_jwe_key *key, size_t plaintext_len);

/* bulla_jwe_encrypt writes the compact form (RFC 7516 §7.1) of |plaintext| to |token|, without a final NUL. The
 * protected header has "alg", "enc", "kid" if the key has one, and what |alg| needs. Returns BULLA_BUFFER_TOO_SMALL,
 * BULLA_TOO_LARGE past BULLA_JWE_MAX, BULLA_KEY_EXHAUSTED after 2^32 calls. Nothing is allocated with a symmetric key.
 */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_encrypt(struct bulla_jwe_key *key, struct bulla_buffer *token,
                                                              struct bulla_span plaintext);

/* bulla_jwe_decrypt decrypts |token|, a compact form of at most BULLA_JWE_MAX bytes. Its length is always enough room.
 * Returns BULLA_REFUSED whatever is wrong with |token| or key (RFC 7516 §11.5), BULLA_BUFFER_TOO_SMALL,
 * BULLA_INVALID_ARGUMENT if |key| has no private part. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_decrypt(const struct bulla_jwe_key *key,
                                                              struct bulla_buffer *plaintext, struct bulla_span token);

/* The serializations of RFC 7516 §7. */
enum bulla_jwe_form {
  BULLA_JWE_COMPACT = 0,   /* §7.1 */
  BULLA_JWE_FLATTENED = 1, /* §7.2.2: JSON, one recipient */
  BULLA_JWE_GENERAL = 2,   /* §7.2.1: JSON, any number */
};

/* What goes into a JWE beside the plaintext. Begin with BULLA_JWE_OPTIONS_INIT. */
struct bulla_jwe_options {
  size_t size; /* sizeof(struct bulla_jwe_options) */
  enum bulla_jwe_form form;
  struct bulla_span header; /* at most 26 more members of the protected header: {"typ":"JWT"}; or empty */
  struct bulla_span aad;    /* §2 "JWE AAD": authenticated, sent in clear; JSON forms only; or empty */
  struct bulla_span apu;    /* RFC 7518 §4.6.1.2, of ECDH-ES: names the sender, at most 256 bytes; or empty */
  struct bulla_span apv;    /* §4.6.1.3: names the recipient */
  uint64_t reserved[4];     /* 0 */
};

#define BULLA_JWE_OPTIONS_INIT \
  { .size = sizeof(struct bulla_jwe_options) }

/* bulla_jwe_encrypt_for writes one JWE to |jwe| that each of the |num_keys| keys decrypts; with more than one the form
 * is BULLA_JWE_GENERAL, "enc" is the same, neither BULLA_JWE_DIR nor BULLA_JWE_ECDH_ES is among them (RFC 7516 §5.1),
 * and those of one "alg" have different "kid"s, by which bulla tells them apart. |options| may be NULL. Returns
 * BULLA_INVALID_ARGUMENT if they do not fit each other, if |options->header| is no JSON object or has a member that
 * bulla writes or refuses, if |apu| or |apv| is too long or not for the "alg"; BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE,
 * BULLA_KEY_EXHAUSTED. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_encrypt_for(struct bulla_jwe_key *const *keys, size_t num_keys,
                                                                  struct bulla_buffer *jwe, struct bulla_span plaintext,
                                                                  const struct bulla_jwe_options *options);

/* bulla_jwe_len_for returns a length that is enough for bulla_jwe_encrypt_for, or 0 if it overflows. */
BULLA_API size_t bulla_jwe_len_for(struct bulla_jwe_key *const *keys, size_t num_keys, size_t plaintext_len,
                                   const struct bulla_jwe_options *options);

/* What is authentic beside the plaintext. Begin with BULLA_JWE_OPENED_INIT, and buffers of the caller, which may be
 * empty: what is in none is not written. */
struct bulla_jwe_opened {
  size_t size;                /* sizeof(struct bulla_jwe_opened) */
  struct bulla_buffer header; /* the protected header, JSON as it came, at most BULLA_JWE_HEADER_MAX bytes */
  struct bulla_buffer aad;    /* less than the length of the JWE */
  uint64_t reserved[4];       /* 0 */
};

#define BULLA_JWE_OPENED_INIT \
  { .size = sizeof(struct bulla_jwe_opened) }

/* bulla_jwe_decrypt_any is bulla_jwe_decrypt for any form: a JWE that begins with { is one of the JSON forms. |opened|
 * may be NULL. Of several recipients exactly one must be for |key|: of its "alg", and of its "kid" if it has one; none
 * is tried. "enc" must be in the protected header, "alg" there or in the recipient's own (RFC 7516 §7.2.1), where it
 * only ever is compared. A buffer of |opened| that has a size and is too small is BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_decrypt_any(const struct bulla_jwe_key *key,
                                                                  struct bulla_buffer *plaintext,
                                                                  struct bulla_jwe_opened *opened,
                                                                  struct bulla_span jwe);

/* bulla_jwe_header_text writes the text of the member |name| of |header|, the JSON of a protected header, unescaped.
 * Returns BULLA_NOT_FOUND if there is none, BULLA_INVALID_TEXT if it is no string, BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_header_text(struct bulla_buffer *text, struct bulla_span header,
                                                                  struct bulla_span name);

/* What a JWE says before it is decrypted. Nothing of it is authentic. */
struct bulla_jwe_outline {
  enum bulla_jwe_form form;
  size_t num_recipients;
  size_t ciphertext_len; /* bytes */
  uint64_t reserved[4];
};

/* bulla_jwe_inspect reads the form and the headers of |jwe| without a key; what its other parts hold is not looked at.
 * Returns BULLA_REFUSED if the form is malformed, or bulla refuses the headers whatever the key: any "alg" and "enc" is
 * good here. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_inspect(struct bulla_jwe_outline *outline, struct bulla_span jwe);

/* bulla_jwe_inspect_header writes the JOSE header (RFC 7516 §4) of the recipient number |i| from 0 as one JSON object:
 * the members of all its headers. It proves nothing; "kid" may choose the key with which to decrypt. Returns
 * BULLA_REFUSED as bulla_jwe_inspect, BULLA_NOT_FOUND if there are not so many, BULLA_BUFFER_TOO_SMALL; the length of
 * |jwe| is always enough. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_inspect_header(struct bulla_buffer *header, struct bulla_span jwe,
                                                                     size_t i);

#ifdef __cplusplus
}
#endif

#endif
