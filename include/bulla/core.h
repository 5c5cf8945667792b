/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The core: secrets in locked memory, keys, sealed blobs, signatures; jose.h has its JWE. No files, no SQL, no clock.
 *
 *   struct bulla_secret *material = NULL;
 *   struct bulla_key *key = NULL;
 *   uint8_t room[128];
 *   struct bulla_buffer blob = bulla_buffer(room, sizeof(room));
 *
 *   status = bulla_secret_random(&material, BULLA_KEY_LEN);
 *   status = bulla_key_new(&key, BULLA_XAES_256_GCM, material);
 *   status = bulla_seal(key, &blob, bulla_text("s3cret"), bulla_text("row 7"));
 *   ...
 *   status = bulla_open(key, &plaintext, bulla_written(&blob), bulla_text("row 7"));
 *   bulla_key_free(&key);
 *   bulla_secret_free(&material);
 *
 * (Some declarations are left out here, as in the other headers.) Every status must be checked: BULLA_OK is 0.
 * Parameters are the object, then outputs, then inputs. Lengths are bytes. Inputs are not kept, and must not overlap
 * outputs. On failure outputs are zeroed and their length is 0. docs/API-CONVENTIONS.md has the rules for ownership,
 * NULL, threads and fork, and the statuses that any function may return; a comment here names the others. */

#ifndef BULLA_CORE_H
#define BULLA_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BULLA_API __attribute__((visibility("default")))
#define BULLA_NODISCARD __attribute__((warn_unused_result))

#define BULLA_KEY_LEN 32    /* bytes of key material, always */
#define BULLA_KEY_ID_LEN 16 /* bytes of a key id */
#define BULLA_TAG_LEN 16    /* bytes of an authentication tag, always */

/* Days are counted since 1970-01-01 UTC. */
#define BULLA_SECONDS_PER_DAY 86400
#define BULLA_DAY_LAST 2932896 /* 9999-12-31: later ones are refused */

/* The version of these headers; bulla_version() is that of the library that runs. */
#define BULLA_VERSION_MAJOR 0
#define BULLA_VERSION_MINOR 4
#define BULLA_VERSION_PATCH 0

/* bulla_version returns "MAJOR.MINOR.PATCH" of the library, a constant. */
BULLA_API const char *bulla_version(void);

/* What happened. Zero is success. The hundreds are the class, also of statuses that a later version adds. */
enum bulla_status {
  BULLA_OK = 0,

  /* Refused. BULLA_REFUSED is the one status for every way in which opening fails: malformed, truncated, forged,
   * under another key, in another context. The other refusals are only ever reported after authentication. */
  BULLA_REFUSED = 100,
  BULLA_EXPIRED = 110,
  BULLA_NOT_YET_VALID = 111,
  BULLA_CLAIM_REFUSED = 112,
  BULLA_REVOKED = 113,
  BULLA_DENIED = 114, /* the actor has no role for it */
  BULLA_KEY_EXHAUSTED = 120,
  BULLA_ROOT_WRONG = 130,
  BULLA_WRONG_VAULT = 131,
  BULLA_AUDIT_BROKEN = 140,
  BULLA_LIMITED = 150,

  /* Usage: the call can never succeed as it stands. */
  BULLA_INVALID_ARGUMENT = 200,
  BULLA_INVALID_NAME = 201,
  BULLA_INVALID_TEXT = 202,
  BULLA_BUFFER_TOO_SMALL = 203,
  BULLA_TOO_LARGE = 204,
  BULLA_UNSUPPORTED = 205,
  BULLA_EXISTS = 210,
  BULLA_IN_USE = 211,
  BULLA_STAYS_SECRET = 212,
  BULLA_CONFLICT = 213,
  BULLA_ROOT_MALFORMED = 220,

  BULLA_NOT_FOUND = 300,

  /* Environment: memory, locking, files, the database. */
  BULLA_NO_MEMORY = 400,
  BULLA_LOCK_LIMIT = 401,
  BULLA_ARENA_FULL = 402,
  BULLA_FORKED = 403,
  BULLA_NO_CRYPTO = 404,
  BULLA_IO = 410,
  BULLA_DISK_FULL = 411,
  BULLA_READ_ONLY = 412,
  BULLA_NOT_PERMITTED = 413,
  BULLA_BUSY = 420,
  BULLA_UNREACHABLE = 421,
  BULLA_UNCERTAIN = 422,
  BULLA_NO_VAULT = 430,
  BULLA_NOT_A_VAULT = 431,
  BULLA_NEWER_VAULT = 432,
  BULLA_VAULT_MOVED = 433,
  BULLA_VAULT_SHARED = 434,
  BULLA_OLDER_VAULT = 435,
  BULLA_SECRET_UNAVAILABLE = 440,
  BULLA_SECRET_EXPOSED = 441,
};

enum bulla_status_class {
  BULLA_CLASS_OK = 0,
  BULLA_CLASS_REFUSED = 1,
  BULLA_CLASS_USAGE = 2,
  BULLA_CLASS_NOT_FOUND = 3,
  BULLA_CLASS_ENVIRONMENT = 4,
};

/* bulla_status_text returns one line of English, without a final period or newline, that says what happened. It is a
 * constant and never NULL. */
BULLA_API const char *bulla_status_text(enum bulla_status status);

/* bulla_status_name returns the name of |status| as it is written in C, "BULLA_REFUSED", or "BULLA_STATUS_UNKNOWN". */
BULLA_API const char *bulla_status_name(enum bulla_status status);

/* bulla_status_class returns the class of |status|, known or not; a number that is in no class is
 * BULLA_CLASS_ENVIRONMENT. The command exits with it. */
BULLA_API enum bulla_status_class bulla_status_class(enum bulla_status status);

/* Levels of the log. */
enum bulla_log_level {
  BULLA_LOG_ERROR = 1,   /* why a call is about to return a status */
  BULLA_LOG_WARNING = 2, /* the call succeeds, but something is wrong */
};

/* A log function gets what a status cannot say: what is wrong with the object or file, in the words of the system or
 * the database where they have some. |detail| is one line of English, NUL-terminated, without a final period. It
 * contains no secret and no input bytes, and is valid until the function returns. The function may be called by several
 * threads at once, with locks held, and must call nothing of bulla but bulla_status_name, bulla_status_text and
 * bulla_status_class. */
typedef void (*bulla_log_fn)(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail);

/* bulla_log_set sets the log function of the process; NULL, the default, logs nothing. Call it before other threads use
 * bulla. */
BULLA_API void bulla_log_set(bulla_log_fn log, void *arg);

/* A view of |len| bytes. |data| may be NULL if |len| is 0. */
struct bulla_span {
  const uint8_t *data;
  size_t len;
};

/* A buffer of the caller: |size| bytes at |data|, of which the callee fills the first |len|. */
struct bulla_buffer {
  uint8_t *data;
  size_t size;
  size_t len;
};

/* bulla_span makes a span. */
static inline struct bulla_span bulla_span(const void *data, size_t len) {
  struct bulla_span span = {(const uint8_t *)data, len};
  return span;
}

/* bulla_text makes a span of a NUL-terminated string, without the NUL; NULL gives an empty span. */
static inline struct bulla_span bulla_text(const char *text) {
  return bulla_span(text, text != NULL ? strlen(text) : 0);
}

/* bulla_buffer makes an empty buffer over |size| bytes at |data|. */
static inline struct bulla_buffer bulla_buffer(void *data, size_t size) {
  struct bulla_buffer buffer = {(uint8_t *)data, size, 0};
  return buffer;
}

/* bulla_written returns the filled part of |buffer|. */
static inline struct bulla_span bulla_written(const struct bulla_buffer *buffer) {
  struct bulla_span span = {buffer->data, buffer->len};
  return span;
}

/* Locked memory. Key material, expanded keys and opened plaintext are kept in one arena per process. It is locked
 * (mlock or memfd_secret), lies between guard pages, is excluded from core dumps and forked children, and is wiped when
 * freed. It is created on first use. Begin with BULLA_MEMORY_OPTIONS_INIT. */
struct bulla_memory_options {
  size_t size;         /* sizeof(struct bulla_memory_options) */
  size_t arena_size;   /* bytes, rounded up to whole pages; 0 means 1 MiB */
  bool allow_unlocked; /* continue if the memory cannot be locked: secrets may then be swapped out */
  uint8_t reserved[7]; /* 0 */
};

#define BULLA_MEMORY_OPTIONS_INIT \
  { .size = sizeof(struct bulla_memory_options) }

/* bulla_memory_init creates the arena with |options|, which may be NULL. Call it before anything else that needs the
 * arena. Returns BULLA_INVALID_ARGUMENT if the arena exists already, BULLA_TOO_LARGE past 1 GiB, BULLA_LOCK_LIMIT if
 * the memory cannot be locked, BULLA_NO_CRYPTO if the kernel gives no random bytes. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_memory_init(const struct bulla_memory_options *options);

/* Engines are implementations of AES-GCM. All produce the same bytes; they differ in speed. Those for VAES are bulla's
 * own, for keys of 32 bytes: shorter ones are BoringSSL's whatever is chosen. 2 was that of another library once. */
enum bulla_engine_choice {
  BULLA_ENGINE_AUTO = 0,      /* the fastest that the processor can run */
  BULLA_ENGINE_BORINGSSL = 1, /* everywhere */
  BULLA_ENGINE_VAES_512 = 3,  /* on x86-64 with VAES, VPCLMULQDQ and AVX-512 */
  BULLA_ENGINE_VAES_256 = 4,  /* on x86-64 with VAES, VPCLMULQDQ and AVX2 */
};

/* bulla_engine_choose selects the engine for keys created from now on; the default is BULLA_ENGINE_AUTO. Returns
 * BULLA_UNSUPPORTED if this build or processor does not have it, BULLA_NO_CRYPTO if there is none at all. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_engine_choose(enum bulla_engine_choice choice);

/* bulla_engine_name returns the name of the engine that new keys use: "boringssl", "vaes-512", "vaes-256" or "none". */
BULLA_API const char *bulla_engine_name(void);

/* bulla_engine_version returns the version of that engine's library, a constant: bulla's of its own engines; of
 * BoringSSL, which has none, "API " and a number of the headers that it was built with. Empty without an engine. */
BULLA_API const char *bulla_engine_version(void);

/* Secret bytes in locked memory. */
struct bulla_secret;

/* bulla_secret_new creates |*secret| with |len| zero bytes. The caller frees it. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_new(struct bulla_secret **secret, size_t len);

/* bulla_secret_copy creates |*secret| as a copy of |bytes|, which the caller wipes. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_copy(struct bulla_secret **secret, struct bulla_span bytes);

/* bulla_secret_random creates |*secret| with |len| random bytes. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_random(struct bulla_secret **secret, size_t len);

/* bulla_secret_expand derives |*secret|, BULLA_KEY_LEN bytes: HKDF-Expand with SHA-256 (RFC 5869 §2.3) of |from|, which
 * must be uniformly random and BULLA_KEY_LEN bytes long, and |info| of at most 256 bytes. Returns
 * BULLA_INVALID_ARGUMENT for other lengths. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_expand(struct bulla_secret **secret,
                                                                const struct bulla_secret *from,
                                                                struct bulla_span info);

/* bulla_secret_data returns the bytes, to be read or filled in place, or NULL in a child that was forked after the
 * secret was created. */
BULLA_API uint8_t *bulla_secret_data(struct bulla_secret *secret);

/* bulla_secret_bytes returns the bytes, or an empty span in a forked child. */
BULLA_API struct bulla_span bulla_secret_bytes(const struct bulla_secret *secret);

/* bulla_secret_truncate shortens |secret| to |len| bytes and wipes the rest. A longer |len| has no effect. */
BULLA_API void bulla_secret_truncate(struct bulla_secret *secret, size_t len);

/* bulla_secret_free wipes and frees |*secret| and sets it to NULL. */
BULLA_API void bulla_secret_free(struct bulla_secret **secret);

/* bulla_secret_equal compares in constant time: only the lengths affect it. */
BULLA_API bool bulla_secret_equal(struct bulla_span a, struct bulla_span b);

/* bulla_wipe overwrites |len| bytes; the compiler does not remove it. */
BULLA_API void bulla_wipe(void *data, size_t len);

/* Suites of sealed blobs, docs/FORMAT.md §2. A key is pinned to one. */
enum bulla_suite {
  BULLA_AES_256_GCM = 1,     /* 96-bit nonce: at most 2^32 seals a key (NIST SP 800-38D §8.3) */
  BULLA_XAES_256_GCM = 2,    /* C2SP XAES-256-GCM, 192-bit nonce: no such limit */
  BULLA_AES_256_GCM_SIV = 3, /* RFC 8452: named in the format, not yet built */
  BULLA_BOXED = 4,           /* sealed to a public key, see bulla_boxed_seal: no bulla_key is of this suite */
};

/* A key: 32 secret bytes, the suite it is for, and the key id, which names it and commits to it. Immutable except for
 * its count of seals; may be shared by threads. Unusable in a forked child: BULLA_FORKED. */
struct bulla_key;

/* bulla_key_new creates |*key| for |suite| from |material| of BULLA_KEY_LEN bytes, which it copies. Returns
 * BULLA_INVALID_ARGUMENT for another length, BULLA_UNSUPPORTED for another suite. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_key_new(struct bulla_key **key, enum bulla_suite suite,
                                                          const struct bulla_secret *material);

/* bulla_key_free wipes and frees |*key| and sets it to NULL. */
BULLA_API void bulla_key_free(struct bulla_key **key);

/* bulla_key_id returns the BULLA_KEY_ID_LEN bytes that name |key|; they live as long as |key|. */
BULLA_API struct bulla_span bulla_key_id(const struct bulla_key *key);

/* bulla_key_suite returns the suite that |key| is pinned to. */
BULLA_API enum bulla_suite bulla_key_suite(const struct bulla_key *key);

/* bulla_sealed_len returns the length of a blob of |suite| with |plaintext_len| bytes of plaintext, or 0 if there is no
 * such suite or it overflows. */
BULLA_API size_t bulla_sealed_len(enum bulla_suite suite, size_t plaintext_len);

/* bulla_seal seals |plaintext| under |key| into |blob|, with a fresh random nonce. |context| is authenticated but not
 * stored: opening needs the same (docs/FORMAT.md §2). |blob| needs bulla_sealed_len() bytes. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE past 2^36 - 32 bytes or if |context| overflows, BULLA_KEY_EXHAUSTED after
 * 2^32 seals with a BULLA_AES_256_GCM key. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_seal(struct bulla_key *key, struct bulla_buffer *blob,
                                                       struct bulla_span plaintext, struct bulla_span context);

/* bulla_seal_many is bulla_seal for |num_blobs| messages under one |key|: blobs[i] is plaintexts[i], bound to
 * contexts[i], or to the empty context if |contexts| is NULL. All of them are sealed, or all of |blobs| are zeroed and
 * empty. It takes less time than as many calls: what a call costs once, the processor's random word first of all, is
 * paid once (docs/FORMAT.md §2). |*failed| is |num_blobs|; on failure it is the index of the first message at fault, if
 * one is. Returns the statuses of bulla_seal; BULLA_KEY_EXHAUSTED if the key has not as many seals left, and then it
 * keeps those that it has. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_seal_many(struct bulla_key *key, struct bulla_buffer *blobs,
                                                            size_t *failed, const struct bulla_span *plaintexts,
                                                            const struct bulla_span *contexts, size_t num_blobs);

/* bulla_open opens |blob| into |plaintext|, if it was sealed under |key| with |context|. Nothing is released before the
 * tag has passed. The length of |blob| is always enough room. Returns BULLA_REFUSED whatever is wrong with |blob|, key
 * or context, BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE if |context| overflows. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_open(const struct bulla_key *key, struct bulla_buffer *plaintext,
                                                       struct bulla_span blob, struct bulla_span context);

/* A key ring: keys that may open, found by the id in the blob, never by trial. Threads may share it, but not while one
 * adds a key. */
struct bulla_ring;

/* bulla_ring_new creates an empty ring for up to |max_keys| keys. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_ring_new(struct bulla_ring **ring, size_t max_keys);

/* bulla_ring_free frees |*ring| and every key in it. */
BULLA_API void bulla_ring_free(struct bulla_ring **ring);

/* bulla_ring_add moves |*key| into |ring| and sets it to NULL. On failure the caller still owns it. Returns
 * BULLA_EXISTS if the ring has a key of that id, BULLA_TOO_LARGE if it is full. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_ring_add(struct bulla_ring *ring, struct bulla_key **key);

/* bulla_ring_find returns the key with |key_id|, owned by |ring|, or NULL. */
BULLA_API struct bulla_key *bulla_ring_find(const struct bulla_ring *ring, struct bulla_span key_id);

/* bulla_ring_open is bulla_open with the key that |blob| names; an unknown key is BULLA_REFUSED. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_ring_open(const struct bulla_ring *ring,
                                                            struct bulla_buffer *plaintext, struct bulla_span blob,
                                                            struct bulla_span context);

/* The parts of a sealed blob: views of the parsed bytes. Format version 1 has these and no others. */
struct bulla_blob {
  enum bulla_suite suite;
  struct bulla_span header; /* the 18 bytes that are additional data: version, suite, key id */
  struct bulla_span key_id;
  struct bulla_span nonce; /* of suite BULLA_BOXED the encapsulated key */
  struct bulla_span ciphertext;
  struct bulla_span tag;
};

/* bulla_blob_parse splits |bytes| as docs/FORMAT.md §2 says. It authenticates nothing. Returns BULLA_REFUSED unless it
 * is a blob of version 1. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_parse(struct bulla_blob *blob, struct bulla_span bytes);

/* bulla_blob_write writes the blob that |blob| describes; what was parsed is written as the same bytes. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_INVALID_ARGUMENT if the parts do not make a blob. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_write(struct bulla_buffer *bytes, const struct bulla_blob *blob);

/* bulla_blob_text_len returns the length of the text form of a blob of |blob_len| bytes, or 0 if it overflows. */
BULLA_API size_t bulla_blob_text_len(size_t blob_len);

/* bulla_blob_to_text writes the text form: "bulla1:" and the base64url of |blob|, without a final NUL. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_REFUSED if |blob| does not parse. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_to_text(struct bulla_buffer *text, struct bulla_span blob);

/* bulla_blob_from_text reads the text form. The length of |text| is always enough room. Returns BULLA_BUFFER_TOO_SMALL,
 * BULLA_REFUSED. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_from_text(struct bulla_buffer *blob, struct bulla_span text);

/* Blobs that are sealed to a public key, suite BULLA_BOXED (docs/FORMAT.md §2). Sealing needs no secret, and whoever
 * has sealed cannot open:
 *
 *   status = bulla_secret_random(&private_key, BULLA_KEY_LEN);
 *   status = bulla_box_key_new(&key, private_key);
 *   public_key = bulla_box_key_public(key);
 *   status = bulla_boxed_seal(&blob, public_key, bulla_text("s3cret"), bulla_text("row 7"));
 *   status = bulla_boxed_open(key, &plaintext, bulla_written(&blob), bulla_text("row 7"));
 *
 * They are made with HPKE (RFC 9180) in mode_base: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Nothing says
 * who has sealed a blob: anybody can who has the public key. Where that matters, sign a label, the context and the
 * blob, and have the signer's public key in the context; otherwise others can replace the signature by their own, or a
 * sealer can make one blob that opens in two contexts as two plaintexts. */

/* A key pair of X25519 (RFC 7748): the private half in locked memory, the public half, and the key id, which names it
 * and commits to it. Immutable; may be shared by threads. */
struct bulla_box_key;

/* bulla_box_key_new creates |*key| from |private_key|, any BULLA_KEY_LEN random bytes, which it copies. They must serve
 * nothing else; bulla_secret_expand makes several keys of one. Returns BULLA_INVALID_ARGUMENT for another length. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_box_key_new(struct bulla_box_key **key,
                                                              const struct bulla_secret *private_key);

/* bulla_box_key_free wipes and frees |*key| and sets it to NULL. */
BULLA_API void bulla_box_key_free(struct bulla_box_key **key);

/* bulla_box_key_public returns the BULLA_KEY_LEN bytes of the public half, to be given to those who seal; they live as
 * long as |key|. Whoever can put another key in its place reads what is sealed from then on. */
BULLA_API struct bulla_span bulla_box_key_public(const struct bulla_box_key *key);

/* bulla_box_key_id returns the BULLA_KEY_ID_LEN bytes that name |key| in blobs; they live as long as |key|. */
BULLA_API struct bulla_span bulla_box_key_id(const struct bulla_box_key *key);

/* bulla_boxed_seal seals |plaintext| to |public_key| into |blob|, with a fresh key. |context| is authenticated but not
 * stored: opening needs the same. |blob| needs bulla_sealed_len(BULLA_BOXED, …) bytes. Returns BULLA_INVALID_ARGUMENT
 * unless |public_key| has BULLA_KEY_LEN bytes, BULLA_REFUSED if it is a point of small order, with which everybody
 * could open the blob, BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE past 2^36 - 32 bytes or if |context| overflows. Nearly
 * any 32 bytes are taken for a public key: what is sealed to those of another kind nobody opens. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_boxed_seal(struct bulla_buffer *blob, struct bulla_span public_key,
                                                             struct bulla_span plaintext, struct bulla_span context);

/* bulla_boxed_open opens |blob| into |plaintext|, if it was sealed to the public half of |key| with |context|. Nothing
 * is released before the tag has passed. The length of |blob| is always enough room. Returns BULLA_REFUSED whatever is
 * wrong with |blob|, key or context, BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE if |context| overflows. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_boxed_open(const struct bulla_box_key *key,
                                                             struct bulla_buffer *plaintext, struct bulla_span blob,
                                                             struct bulla_span context);

/* Signatures: Ed25519 (RFC 8032 §5.1), the plain variant without prehash or context. Begin each kind of message with a
 * label of its own, which begins no other label, so that a signature of one is none of another. */

#define BULLA_SIGNATURE_LEN 64 /* bytes of a signature */

/* A key pair of Ed25519: the private half, expanded, in locked memory, and the public half. Immutable; may be shared by
 * threads. */
struct bulla_signing_key;

/* bulla_signing_key_new creates |*key| from |seed|, any BULLA_KEY_LEN random bytes, which it copies: RFC 8032 §5.1.5
 * calls them the private key. They must serve nothing else, as those of bulla_box_key_new. Returns
 * BULLA_INVALID_ARGUMENT for another length. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_signing_key_new(struct bulla_signing_key **key,
                                                                  const struct bulla_secret *seed);

/* bulla_signing_key_free wipes and frees |*key| and sets it to NULL. */
BULLA_API void bulla_signing_key_free(struct bulla_signing_key **key);

/* bulla_signing_key_public returns the BULLA_KEY_LEN bytes of the public half, for those who verify; they live as long
 * as |key|. */
BULLA_API struct bulla_span bulla_signing_key_public(const struct bulla_signing_key *key);

/* bulla_sign fills |signature|, which needs BULLA_SIGNATURE_LEN bytes, with a signature of |message|. Signing is
 * deterministic. Returns BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_sign(const struct bulla_signing_key *key,
                                                       struct bulla_buffer *signature, struct bulla_span message);

/* bulla_verify returns BULLA_REFUSED unless |signature| is one of |message| by |public_key|, also for another length;
 * BULLA_INVALID_ARGUMENT unless |public_key| has BULLA_KEY_LEN bytes. |public_key| must be one that the caller trusts:
 * whoever may choose it can choose one under which one signature is good for many messages. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_verify(struct bulla_span public_key, struct bulla_span signature,
                                                         struct bulla_span message);

/* The foreign form iv:authTag:ciphertext, AES-256-GCM (docs/FORMAT.md §4). It commits to no key and binds no context:
 * read it to import it, write it only for systems that cannot read sealed blobs. */

/* How the parts of a foreign triple are encoded. Base64 and base64url may be padded or not; the digits of one are
 * refused in the other. */
enum bulla_triple_encoding {
  BULLA_TRIPLE_HEX = 0,       /* digits of either case */
  BULLA_TRIPLE_BASE64 = 1,    /* RFC 4648 §4 */
  BULLA_TRIPLE_BASE64URL = 2, /* RFC 4648 §5 */
};

/* The order of the parts. */
enum bulla_triple_order {
  BULLA_TRIPLE_TAG_SECOND = 0, /* iv:authTag:ciphertext */
  BULLA_TRIPLE_TAG_LAST = 1,   /* iv:ciphertext:authTag */
};

/* The variant of a foreign system. All zero, or NULL in its place, is what bulla_triple_seal writes. */
struct bulla_triple_format {
  enum bulla_triple_encoding encoding;
  enum bulla_triple_order order;
  struct bulla_span additional_data; /* that the system authenticates with every value */
  uint64_t reserved[2];              /* 0 */
};

/* bulla_triple_len returns the length of a triple with a 16-byte IV and |plaintext_len| bytes of plaintext, or 0 if it
 * overflows. */
BULLA_API size_t bulla_triple_len(size_t plaintext_len);

/* bulla_triple_seal encrypts |plaintext| under the BULLA_KEY_LEN bytes of |key| with a random 16-byte IV, in lower-case
 * hexadecimal. Returns BULLA_INVALID_ARGUMENT for another length of key, BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_triple_seal(const struct bulla_secret *key, struct bulla_buffer *text,
                                                              struct bulla_span plaintext);

/* bulla_triple_open decrypts |text|, whose IV is 16 or 12 bytes and whose tag is 16. bulla_triple_check() says how much
 * room it needs; the length of |text| is always enough. |format| may be NULL. Returns BULLA_REFUSED whatever is wrong
 * with |text| or key, BULLA_INVALID_ARGUMENT for a bad key length or |format|, BULLA_BUFFER_TOO_SMALL. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_triple_open(const struct bulla_secret *key,
                                                              struct bulla_buffer *plaintext, struct bulla_span text,
                                                              const struct bulla_triple_format *format);

/* bulla_triple_check checks the form of |text| without a key and sets |*plaintext_len|. |format| may be NULL. Returns
 * BULLA_INVALID_TEXT for another form, and logs what is wrong; BULLA_INVALID_ARGUMENT for a bad |format|. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_triple_check(size_t *plaintext_len, struct bulla_span text,
                                                               const struct bulla_triple_format *format);

#ifdef __cplusplus
}
#endif

#endif
