/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The core: bytes in, sealed bytes out. No files, no SQL, no clock.
 *
 * Ownership, aliasing, NULL and threads follow docs/API-CONVENTIONS.md. In short: the object comes first,
 * then outputs, then inputs; nothing keeps a pointer to its inputs; outputs must not overlap inputs; on
 * failure every output is zeroed and its length is 0. Lengths count bytes. */

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

/* The version of these headers; bulla_version() is that of the library that runs. */
#define BULLA_VERSION_MAJOR 0
#define BULLA_VERSION_MINOR 3
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
  BULLA_KEY_EXHAUSTED = 120,
  BULLA_ROOT_WRONG = 130,
  BULLA_WRONG_VAULT = 131,
  BULLA_AUDIT_BROKEN = 140,

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
  BULLA_BUSY = 420,
  BULLA_NO_VAULT = 430,
  BULLA_NOT_A_VAULT = 431,
  BULLA_NEWER_VAULT = 432,
  BULLA_VAULT_MOVED = 433,
  BULLA_VAULT_SHARED = 434,
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

/* How much a line of the log matters. */
enum bulla_log_level {
  BULLA_LOG_ERROR = 1,   /* why a call is about to return a status */
  BULLA_LOG_WARNING = 2, /* something was done, but not as it should be */
};

/* A function that is told what a status leaves out: which object, which file, the system's or the database's own
 * words. |detail| is one line of English without a final period, NUL-terminated, and lives until the function
 * returns; it holds no secret and no bytes of an input. It may be called by several threads at once, with locks
 * held: it must call nothing of bulla. */
typedef void (*bulla_log_fn)(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail);

/* bulla_log_set has |log| told from now on; NULL ends that, which is the default. Call it before other threads call
 * bulla. */
BULLA_API void bulla_log_set(bulla_log_fn log, void *arg);

/* Bytes that somebody else owns. |data| may be NULL if |len| is 0. */
struct bulla_span {
  const uint8_t *data;
  size_t len;
};

/* Room for bytes that the caller owns: |size| bytes at |data|, of which the callee fills |len|. */
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

/* Locked memory. Key material, expanded keys and plaintext in flight live in one arena of the process:
 * locked (mlock or memfd_secret), between guard pages, left out of core dumps, absent from forked
 * children, wiped as it is freed. It is made at first use. */
struct bulla_memory_options {
  size_t size;         /* sizeof(struct bulla_memory_options) */
  size_t arena_size;   /* bytes, rounded up to whole pages; 0 stands for 1 MiB */
  bool allow_unlocked; /* go on when the memory cannot be locked: secrets may then reach the swap */
};

#define BULLA_MEMORY_OPTIONS_INIT \
  { .size = sizeof(struct bulla_memory_options) }

/* bulla_memory_init makes the arena with |options| instead of the defaults. It must come before any other
 * call that needs the arena. Returns BULLA_INVALID_ARGUMENT if the arena exists already, BULLA_TOO_LARGE past
 * 1 GiB, BULLA_LOCK_LIMIT if the memory cannot be locked, BULLA_NO_MEMORY, BULLA_NO_CRYPTO if the kernel gives no
 * random bytes. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_memory_init(const struct bulla_memory_options *options);

/* Engines: what does AES-GCM. All give the same bytes; they differ in speed. */
enum bulla_engine_choice {
  BULLA_ENGINE_AUTO = 0,      /* the fastest that the processor can run */
  BULLA_ENGINE_BORINGSSL = 1, /* everywhere */
  BULLA_ENGINE_IPSEC_MB = 2,  /* where it was built in, on processors with AVX2 or VAES */
};

/* bulla_engine_choose makes keys that are made from now on use |choice|; without it the first key chooses
 * BULLA_ENGINE_AUTO. Returns BULLA_UNSUPPORTED if this build or processor does not have it, BULLA_NO_CRYPTO if
 * there is none at all. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_engine_choose(enum bulla_engine_choice choice);

/* bulla_engine_name returns the name of the engine that new keys use: "boringssl", "ipsec-mb" or "none". */
BULLA_API const char *bulla_engine_name(void);

/* Secret bytes in locked memory. */
struct bulla_secret;

/* bulla_secret_new makes |*secret| of |len| zero bytes. Returns BULLA_ARENA_FULL, BULLA_LOCK_LIMIT,
 * BULLA_NO_MEMORY. The caller frees it. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_new(struct bulla_secret **secret, size_t len);

/* bulla_secret_copy makes |*secret| a copy of |bytes|; wiping |bytes| is for the caller. Statuses as above. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_copy(struct bulla_secret **secret, struct bulla_span bytes);

/* bulla_secret_random makes |*secret| of |len| bytes from the random generator. Statuses as above and
 * BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_random(struct bulla_secret **secret, size_t len);

/* bulla_secret_expand makes |*secret| of BULLA_KEY_LEN bytes: HKDF-Expand with SHA-256 (RFC 5869 §2.3) of
 * |from|, which must be uniformly random and BULLA_KEY_LEN bytes long, and |info| of at most 256 bytes.
 * Returns BULLA_INVALID_ARGUMENT for other lengths, and the statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_secret_expand(struct bulla_secret **secret,
                                                                const struct bulla_secret *from,
                                                                struct bulla_span info);

/* bulla_secret_data returns the bytes, to be read or filled in place; NULL in a child forked after they
 * were made, where they do not exist. */
BULLA_API uint8_t *bulla_secret_data(struct bulla_secret *secret);

/* bulla_secret_bytes returns the bytes to be read; an empty span in a forked child. */
BULLA_API struct bulla_span bulla_secret_bytes(const struct bulla_secret *secret);

/* bulla_secret_truncate shortens |secret| to |len| bytes and wipes the rest. A longer |len| changes nothing. */
BULLA_API void bulla_secret_truncate(struct bulla_secret *secret, size_t len);

/* bulla_secret_free wipes and frees |*secret| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_secret_free(struct bulla_secret **secret);

/* bulla_secret_equal compares in time that depends on the lengths alone. */
BULLA_API bool bulla_secret_equal(struct bulla_span a, struct bulla_span b);

/* bulla_wipe overwrites |len| bytes so that the compiler cannot leave it out. */
BULLA_API void bulla_wipe(void *data, size_t len);

/* The suites of sealed blobs, docs/FORMAT.md §2. A key is pinned to one. */
enum bulla_suite {
  BULLA_AES_256_GCM = 1,     /* 96-bit nonce: at most 2^32 seals a key (NIST SP 800-38D §8.3) */
  BULLA_XAES_256_GCM = 2,    /* C2SP XAES-256-GCM, 192-bit nonce: random nonces without that limit */
  BULLA_AES_256_GCM_SIV = 3, /* RFC 8452: named in the format, not yet built */
};

/* A key: 32 secret bytes, the suite that it is for, and the key id that names it and commits to it. It is
 * immutable but for its count of seals and may be shared by threads. In a forked child it is refused with
 * BULLA_FORKED. */
struct bulla_key;

/* bulla_key_new makes |*key| for |suite| from |material| of BULLA_KEY_LEN bytes, which it copies. Returns
 * BULLA_INVALID_ARGUMENT for another length, BULLA_UNSUPPORTED for another suite, BULLA_FORKED, and the
 * statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_key_new(struct bulla_key **key, enum bulla_suite suite,
                                                          const struct bulla_secret *material);

/* bulla_key_free wipes and frees |*key| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_key_free(struct bulla_key **key);

/* bulla_key_id returns the BULLA_KEY_ID_LEN bytes that name |key|; they live as long as |key|. */
BULLA_API struct bulla_span bulla_key_id(const struct bulla_key *key);

/* bulla_key_suite returns the suite that |key| is pinned to. */
BULLA_API enum bulla_suite bulla_key_suite(const struct bulla_key *key);

/* bulla_sealed_len returns the length of a blob of |suite| over |plaintext_len| bytes, or 0 if there is no
 * such suite or the sum does not fit a size_t. */
BULLA_API size_t bulla_sealed_len(enum bulla_suite suite, size_t plaintext_len);

/* bulla_seal fills |blob| with |plaintext| sealed under |key| with a fresh random nonce, bound to |context|,
 * which is authenticated and not stored (docs/FORMAT.md §2). |blob| needs bulla_sealed_len() bytes. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE past 2^36 - 32 bytes and for a |context| that leaves a size_t no room,
 * BULLA_KEY_EXHAUSTED when a BULLA_AES_256_GCM key has sealed 2^32 times, BULLA_FORKED, BULLA_NO_MEMORY,
 * BULLA_ARENA_FULL, BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_seal(struct bulla_key *key, struct bulla_buffer *blob,
                                                       struct bulla_span plaintext, struct bulla_span context);

/* bulla_open fills |plaintext| with what |blob| holds, if it was sealed under |key| with |context|. Nothing
 * is released before the tag has passed; on failure the whole buffer is zeroed. It needs as many bytes as the
 * ciphertext has: |blob|'s length suffices. Returns BULLA_REFUSED whatever is wrong with |blob|, key or context,
 * BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE for a |context| that leaves a size_t no room, BULLA_FORKED,
 * BULLA_NO_MEMORY, BULLA_ARENA_FULL, BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_open(const struct bulla_key *key, struct bulla_buffer *plaintext,
                                                       struct bulla_span blob, struct bulla_span context);

/* A key ring: the keys that may open, found by the id in the blob, never by trial. Not for several threads
 * at once while it is being changed. */
struct bulla_ring;

/* bulla_ring_new makes an empty ring that holds up to |max_keys|. Returns BULLA_NO_MEMORY. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_ring_new(struct bulla_ring **ring, size_t max_keys);

/* bulla_ring_free frees |*ring| and every key in it. */
BULLA_API void bulla_ring_free(struct bulla_ring **ring);

/* bulla_ring_add hands |*key| over to |ring| and leaves NULL there. On failure the caller still owns it.
 * Returns BULLA_EXISTS if a key of that id is there, BULLA_TOO_LARGE if the ring is full. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_ring_add(struct bulla_ring *ring, struct bulla_key **key);

/* bulla_ring_find returns the key of |key_id|, still owned by |ring|, or NULL. */
BULLA_API struct bulla_key *bulla_ring_find(const struct bulla_ring *ring, struct bulla_span key_id);

/* bulla_ring_open is bulla_open with the key that |blob| names; an unknown one is BULLA_REFUSED. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_ring_open(const struct bulla_ring *ring,
                                                            struct bulla_buffer *plaintext, struct bulla_span blob,
                                                            struct bulla_span context);

/* The parts of a sealed blob, all of them views of the parsed bytes. Format version 1 has these and no others. */
struct bulla_blob {
  enum bulla_suite suite;
  struct bulla_span header; /* the 18 bytes that are additional data: version, suite, key id */
  struct bulla_span key_id;
  struct bulla_span nonce;
  struct bulla_span ciphertext;
  struct bulla_span tag;
};

/* bulla_blob_parse splits |bytes| as docs/FORMAT.md §2 lays them out. It proves nothing of who made them.
 * Returns BULLA_REFUSED for what is no blob of version 1. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_parse(struct bulla_blob *blob, struct bulla_span bytes);

/* bulla_blob_write fills |bytes| with the blob that |blob| describes; writing what was parsed gives the same
 * bytes. Returns BULLA_BUFFER_TOO_SMALL, BULLA_INVALID_ARGUMENT if the parts cannot be a blob's. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_write(struct bulla_buffer *bytes, const struct bulla_blob *blob);

/* bulla_blob_text_len returns the length of the text form of a blob of |blob_len| bytes, or 0 if it does not fit a
 * size_t. */
BULLA_API size_t bulla_blob_text_len(size_t blob_len);

/* bulla_blob_to_text fills |text| with "bulla1:" and the base64url of |blob|, without a final NUL. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_REFUSED if |blob| does not parse. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_to_text(struct bulla_buffer *text, struct bulla_span blob);

/* bulla_blob_from_text fills |blob| from its text form; it needs no more than |text| has bytes. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_REFUSED. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_blob_from_text(struct bulla_buffer *blob, struct bulla_span text);

/* The foreign form iv:authTag:ciphertext, AES-256-GCM (docs/FORMAT.md §4). It commits to no key and binds no
 * context: read it to import it, write it only for a system that knows nothing better. */

/* How the parts of a foreign triple are spelled. Of base64 and base64url a part may be padded or not; of each the
 * digits of the other are refused. */
enum bulla_triple_encoding {
  BULLA_TRIPLE_HEX = 0,       /* digits of either case */
  BULLA_TRIPLE_BASE64 = 1,    /* RFC 4648 §4 */
  BULLA_TRIPLE_BASE64URL = 2, /* RFC 4648 §5 */
};

/* In which order they stand. */
enum bulla_triple_order {
  BULLA_TRIPLE_TAG_SECOND = 0, /* iv:authTag:ciphertext */
  BULLA_TRIPLE_TAG_LAST = 1,   /* iv:ciphertext:authTag */
};

/* What a foreign system does in its own way. All zero, as NULL for it, is what bulla_triple_seal writes. */
struct bulla_triple_format {
  enum bulla_triple_encoding encoding;
  enum bulla_triple_order order;
  struct bulla_span additional_data; /* that the system authenticates with every value */
  uint64_t reserved[2];              /* 0 */
};

/* bulla_triple_len returns the length of a triple with a 16-byte IV over |plaintext_len| bytes, or 0 if it
 * does not fit a size_t. */
BULLA_API size_t bulla_triple_len(size_t plaintext_len);

/* bulla_triple_seal fills |text| with |plaintext| under the BULLA_KEY_LEN bytes of |key| and a random
 * 16-byte IV, in lower-case digits. Returns BULLA_INVALID_ARGUMENT, BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE,
 * BULLA_ARENA_FULL, BULLA_FORKED, BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_triple_seal(const struct bulla_secret *key, struct bulla_buffer *text,
                                                              struct bulla_span plaintext);

/* bulla_triple_open fills |plaintext| from |text|, whose IV is 16 or 12 bytes and whose tag is 16. It needs
 * no more than bulla_triple_check() says, nor than |text| has bytes. |format| may be NULL. Returns BULLA_REFUSED
 * whatever is wrong with |text| or key, and BULLA_INVALID_ARGUMENT, BULLA_BUFFER_TOO_SMALL, BULLA_ARENA_FULL,
 * BULLA_FORKED, BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_triple_open(const struct bulla_secret *key,
                                                              struct bulla_buffer *plaintext, struct bulla_span text,
                                                              const struct bulla_triple_format *format);

/* bulla_triple_check looks whether |text| has the form of a triple in |format|, which may be NULL, and sets
 * |*plaintext_len| to the length of what it holds. It proves nothing. Returns BULLA_INVALID_TEXT for another form,
 * and tells the log what is amiss; BULLA_INVALID_ARGUMENT for a |format| that there is not. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_triple_check(size_t *plaintext_len, struct bulla_span text,
                                                               const struct bulla_triple_format *format);

/* JWE, RFC 7516, compact serialization. A key is pinned to one "alg" and one "enc" before any input is read;
 * the header never chooses. */
enum bulla_jwe_alg {
  BULLA_JWE_DIR = 1, /* RFC 7518 §4.5: the shared key is the content encryption key */
};

enum bulla_jwe_enc {
  BULLA_JWE_A128GCM = 1, /* RFC 7518 §5.3 */
  BULLA_JWE_A192GCM = 2,
  BULLA_JWE_A256GCM = 3,
};

struct bulla_jwe_key;

/* bulla_jwe_key_new makes |*key| for |alg| and |enc| from |material|, of 16, 24 or 32 bytes as |enc| says,
 * which it copies. If |key_id| is not empty it is written as "kid", and a token must then carry it. Returns
 * BULLA_INVALID_ARGUMENT for another length, for an unknown |alg| or |enc|, for a |key_id| that is no UTF-8 as in
 * I-JSON (RFC 7493 §2.1; nor a NUL), is past 256 bytes or, with what it needs of escapes, makes a header past 1024,
 * and the statuses of bulla_secret_random. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_key_new(struct bulla_jwe_key **key, enum bulla_jwe_alg alg,
                                                              enum bulla_jwe_enc enc,
                                                              const struct bulla_secret *material,
                                                              struct bulla_span key_id);

/* bulla_jwe_key_free wipes and frees |*key| and leaves NULL there; NULL inside is fine. */
BULLA_API void bulla_jwe_key_free(struct bulla_jwe_key **key);

/* bulla_jwe_len returns the length of the compact form of |plaintext_len| bytes under |key|, or 0 for more than
 * SIZE_MAX / 8 bytes: far more than bulla_jwe_encrypt takes. */
BULLA_API size_t bulla_jwe_len(const struct bulla_jwe_key *key, size_t plaintext_len);

/* bulla_jwe_encrypt fills |token| with the compact form of |plaintext|, without a final NUL. The protected
 * header has "alg", "enc", and "kid" if the key has one. Returns BULLA_BUFFER_TOO_SMALL,
 * BULLA_TOO_LARGE if it came to more than 1 MiB, BULLA_KEY_EXHAUSTED after 2^32 calls, BULLA_FORKED,
 * BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_encrypt(struct bulla_jwe_key *key, struct bulla_buffer *token,
                                                              struct bulla_span plaintext);

/* bulla_jwe_decrypt fills |plaintext| from |token|, of at most 1 MiB; it needs no more bytes than |token|
 * has. Returns BULLA_REFUSED whatever is wrong with |token| or key (RFC 7516 §11.5), and
 * BULLA_BUFFER_TOO_SMALL, BULLA_FORKED, BULLA_NO_CRYPTO. */
BULLA_API BULLA_NODISCARD enum bulla_status bulla_jwe_decrypt(const struct bulla_jwe_key *key,
                                                              struct bulla_buffer *plaintext, struct bulla_span token);

#ifdef __cplusplus
}
#endif

#endif
