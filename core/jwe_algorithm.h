/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The algorithms of RFC 7518, one row each: core/jwe_table.c. A new one is a row and, unless its family is there, a
 * file. A management is a family of "alg", a cipher one of "enc"; nothing else in bulla knows either by name. */

#ifndef BULLA_CORE_JWE_ALGORITHM_H
#define BULLA_CORE_JWE_ALGORITHM_H

#include "core/jwe_header.h"
#include "core/jwk.h"

#define BULLA_CEK_MAX_LEN 64    /* bytes of a content encryption key */
#define BULLA_JWE_GCM_IV_LEN 12 /* bytes: RFC 7518 §5.3 allows no other */
#define BULLA_JWE_IV_MAX_LEN 16
#define BULLA_JWE_TAG_MAX_LEN 32
#define BULLA_JWE_ENCRYPTED_KEY_MAX_LEN BULLA_RSA_MAX_LEN
#define BULLA_JWE_MAX_PARTY 256 /* bytes of "apu" or "apv" */

/* What a cipher keeps of a content encryption key, in the slab. */
struct bulla_jwe_content;

/* A family of content encryption. The IV and the tag have the lengths of the row. */
struct bulla_jwe_cipher {
  /* Returns the length of the ciphertext of |len| bytes, at most BULLA_JWE_MAX. */
  size_t (*sealed_len)(size_t len);

  /* Expands |cek|, of the row's length, into a slot that the caller frees with bulla_jwe_content_free. */
  enum bulla_status (*expand)(struct bulla_jwe_content **content, struct bulla_span cek);
  void (*free)(struct bulla_jwe_content **content);

  /* Encrypts |plaintext| to |ciphertext|, which may be the same bytes, and fills |tag|. */
  enum bulla_status (*seal)(const struct bulla_jwe_content *content, uint8_t *ciphertext, uint8_t *tag,
                            const uint8_t *iv, struct bulla_span plaintext, struct bulla_span additional_data);

  /* Decrypts |ciphertext| to |plaintext|, which may be the same bytes, or returns BULLA_REFUSED, with all of it wiped.
   * Nothing is unpadded before the tag has passed. */
  enum bulla_status (*open)(const struct bulla_jwe_content *content, uint8_t *plaintext, size_t *len, const uint8_t *iv,
                            struct bulla_span ciphertext, const uint8_t *tag, struct bulla_span additional_data);
};

struct bulla_jwe_encryption {
  struct bulla_span name;
  size_t cek_len; /* bytes, as the others */
  size_t iv_len;
  size_t tag_len;
  const struct bulla_jwe_cipher *cipher;
};

/* What a management keeps of a key, in the slab or, if it is public, on the heap. */
struct bulla_jwe_keep;
struct bulla_jwe_algorithm;

/* What the parties of a key agreement are called (RFC 7518 §4.6.1.2): bytes, not base64url. */
struct bulla_jwe_parties {
  struct bulla_span apu;
  struct bulla_span apv;
};

/* A family of key management. */
struct bulla_jwe_management {
  bool is_direct;   /* the key is shared or agreed, not sent: RFC 7516 §5.1 steps 3 and 7 */
  bool is_shared;   /* it is the content encryption key: none of the functions is there */
  bool adds_header; /* it writes into the header, another text for each message */
  bool has_parties; /* "apu" and "apv" are for it */

  /* Expands |jwk|, which is of the row's type and length, for one "enc". Without a private part it only ever wraps. */
  enum bulla_status (*expand)(struct bulla_jwe_keep **keep, const struct bulla_jwe_algorithm *alg,
                              const struct bulla_jwe_encryption *enc, const struct bulla_jwk *jwk);
  void (*free)(struct bulla_jwe_keep **keep);

  /* Returns the bytes of the encrypted key, 0 if it is direct, and of what is added to the header, commas included. */
  size_t (*encrypted_key_len)(const struct bulla_jwe_keep *keep, size_t cek_len);
  size_t (*added_len)(const struct bulla_jwe_keep *keep);

  /* Of integrated encryption neither of the following is there: see struct bulla_jwe_integrated. */

  /* Fills |encrypted_key| with |cek|, or if it is direct |cek| itself, in the slab, and adds to the header. */
  enum bulla_status (*wrap)(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len, uint8_t *encrypted_key,
                            struct bulla_json_writer *header, const struct bulla_jwe_parties *parties);

  /* Fills |cek|, in the slab, from |encrypted_key|, which has encrypted_key_len() bytes. Returns BULLA_REFUSED whatever
   * is wrong with it or |header|: the caller then goes on with a random one (RFC 7516 §11.5). */
  enum bulla_status (*unwrap)(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len,
                              struct bulla_span encrypted_key, const struct bulla_jose_header *header);
};

/* In place of what a cipher keeps of a content encryption key, where the management itself encrypts the content. */
struct bulla_jwe_integrated {
  const struct bulla_jwe_keep *keep;
  uint8_t *encrypted_key; /* what is found out by encrypting, or was sent, */
  size_t len;             /* of so many bytes */
};

struct bulla_jwe_algorithm {
  struct bulla_span name;
  enum bulla_key_type type; /* of its keys; BULLA_KEY_EC stands for EC and OKP */
  size_t key_len;           /* bytes of the symmetric key, or of the one that is agreed and wraps; 0: as "enc" says */
  const struct bulla_jwe_management *management;
  const struct bulla_jwe_encryption *integrated; /* in place of "enc", which there is none of; or NULL */
};

extern const struct bulla_jwe_cipher bulla_jwe_gcm;
extern const struct bulla_jwe_cipher bulla_jwe_cbc_hmac;
extern const struct bulla_jwe_management bulla_jwe_aes_kw;
extern const struct bulla_jwe_management bulla_jwe_gcm_kw;
extern const struct bulla_jwe_management bulla_jwe_ecdh_es;
extern const struct bulla_jwe_management bulla_jwe_ecdh_es_kw;
extern const struct bulla_jwe_management bulla_jwe_rsa_oaep;
extern const struct bulla_jwe_management bulla_jwe_rsa_oaep_256;
extern const struct bulla_jwe_management bulla_jwe_hpke;
extern const struct bulla_jwe_encryption bulla_jwe_hpke_content;

#endif
