/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where something secret becomes public, and where secrets come into being. The linker puts these functions
 * between bulla's own (--wrap), so that nothing of the check is in bulla itself. Every place where the marks are
 * taken off, but for those in the table's own calls and those in tests/ct/verdict.supp, is in this file. */

#include <string.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/jwe_compact.h"
#include "core/key.h"
#include "core/signature.h"
#include "core/xaes.h"
#include "store/audit_chain.h"
#include "store/db.h"
#include "store/padding.h"
#include "store/traits.h"
#include "tests/ct/ct.h"

struct ct_rules ct_rules;

/* What is sealed is made to be seen: ciphertext and tag. */
WRAP(enum bulla_status, bulla_aead_seal, const struct bulla_aead *aead, uint8_t *ciphertext, uint8_t *tag,
     struct bulla_span nonce, struct bulla_span plaintext, struct bulla_span additional_data) {
  enum bulla_status status = __real_bulla_aead_seal(aead, ciphertext, tag, nonce, plaintext, additional_data);
  ct_declassify(ciphertext, plaintext.len);
  ct_declassify(tag, BULLA_TAG_LEN);
  return status;
}

WRAP(enum bulla_status, bulla_aead_seal_bound, const struct bulla_aead *aead, uint8_t *ciphertext, uint8_t *tag,
     const uint8_t *nonce, struct bulla_span plaintext, const struct bulla_aad *aad) {
  enum bulla_status status = __real_bulla_aead_seal_bound(aead, ciphertext, tag, nonce, plaintext, aad);
  ct_declassify(ciphertext, plaintext.len);
  ct_declassify(tag, BULLA_TAG_LEN);
  return status;
}

/* bulla_aead_seal_on is inlined where it is called: here what it gave is marked when the batch is done. */
WRAP(enum bulla_status, bulla_seal_many, struct bulla_key *key, struct bulla_buffer *blobs, size_t *failed,
     const struct bulla_span *plaintexts, const struct bulla_span *contexts, size_t num_blobs) {
  enum bulla_status status = __real_bulla_seal_many(key, blobs, failed, plaintexts, contexts, num_blobs);
  for (size_t i = 0; status == BULLA_OK && i < num_blobs; i++) {
    size_t len = plaintexts[i].len + BULLA_TAG_LEN;
    ct_declassify(blobs[i].data + blobs[i].len - len, len);
  }
  return status;
}

WRAP(enum bulla_status, bulla_xaes_seal, const struct bulla_xaes *xaes, uint8_t *ciphertext, uint8_t *tag,
     const uint8_t *nonce, struct bulla_span plaintext, const struct bulla_aad *aad) {
  enum bulla_status status = __real_bulla_xaes_seal(xaes, ciphertext, tag, nonce, plaintext, aad);
  ct_declassify(ciphertext, plaintext.len);
  ct_declassify(tag, BULLA_TAG_LEN);
  return status;
}

WRAP(enum bulla_status, bulla_hpke_seal, uint8_t *encapsulated, uint8_t *ciphertext, const uint8_t *public_key,
     struct bulla_span plaintext, struct bulla_span info, struct bulla_span additional_data) {
  enum bulla_status status =
      __real_bulla_hpke_seal(encapsulated, ciphertext, public_key, plaintext, info, additional_data);
  ct_declassify(encapsulated, BULLA_X25519_LEN);
  ct_declassify(ciphertext, plaintext.len + BULLA_TAG_LEN);
  return status;
}

/* What is signed is, and so is whose signature it is: signatures and public keys. */
WRAP(enum bulla_status, bulla_ed25519_sign, uint8_t *signature, const uint8_t *key, struct bulla_span message) {
  enum bulla_status status = __real_bulla_ed25519_sign(signature, key, message);
  ct_declassify(signature, BULLA_SIGNATURE_LEN);
  return status;
}

WRAP(enum bulla_status, bulla_ed25519_expand, uint8_t *key, uint8_t *public_key, const uint8_t *seed) {
  enum bulla_status status = __real_bulla_ed25519_expand(key, public_key, seed);
  ct_declassify(public_key, BULLA_SIGNATURE_PUBLIC_LEN);
  return status;
}

WRAP(enum bulla_status, bulla_x25519_public, uint8_t *public_key, const uint8_t *private_key) {
  enum bulla_status status = __real_bulla_x25519_public(public_key, private_key);
  ct_declassify(public_key, BULLA_X25519_LEN);
  return status;
}

/* The id of a tenant's secret is derived from it, and stands in the tenant's statement (docs/FORMAT.md §8). */
WRAP(enum bulla_status, bulla_hkdf_expand, uint8_t *out, size_t len, struct bulla_span prk, struct bulla_span info) {
  enum bulla_status status = __real_bulla_hkdf_expand(out, len, prk, info);
  if (bulla_span_equal(info, BULLA_LITERAL("bulla/v2/secret-id"))) {
    ct_declassify(out, len);
  }
  return status;
}

/* The details of a record are names and reasons, which are read with branches. */
WRAP(enum bulla_status, bulla_audit_detail_open, struct bulla_audit_record *record, struct bulla_buffer *plaintext,
     const struct bulla_keyring *keyring, const struct bulla_key *key, const struct bulla_audit_lane *lane,
     struct bulla_span sealed) {
  ct_rules.details_are_public = true;
  enum bulla_status status = __real_bulla_audit_detail_open(record, plaintext, keyring, key, lane, sealed);
  ct_rules.details_are_public = false;
  return status;
}

WRAP(enum bulla_status, bulla_open, const struct bulla_key *key, struct bulla_buffer *plaintext, struct bulla_span blob,
     struct bulla_span context) {
  enum bulla_status status = __real_bulla_open(key, plaintext, blob, context);
  if (ct_rules.details_are_public) {
    ct_declassify(plaintext->data, plaintext->len);
  }
  return status;
}

/* Whether two secrets are equal is told to the caller; where they differ is not. */
WRAP(bool, bulla_secret_equal, struct bulla_span a, struct bulla_span b) {
  bool verdict = __real_bulla_secret_equal(a, b);
  ct_declassify(&verdict, sizeof(verdict));
  return verdict;
}

/* How long a value is, and whether its padding is good, is told to the caller. */
WRAP(bool, bulla_unpadded_len, uint32_t *len, struct bulla_span padded) {
  bool verdict = __real_bulla_unpadded_len(len, padded);
  ct_declassify(len, sizeof(*len));
  ct_declassify(&verdict, sizeof(verdict));
  return verdict;
}

/* The traits of a field are told to whoever may see its mask; the mask's text, the last 16 bytes, is secret. */
WRAP(bool, bulla_traits_read, struct bulla_traits *traits, struct bulla_span *text, struct bulla_span bytes) {
  ct_declassify(bytes.data, bytes.len < 16 ? bytes.len : 16);
  bool verdict = __real_bulla_traits_read(traits, text, bytes);
  ct_declassify(&verdict, sizeof(verdict));
  return verdict;
}

/* Whether all digits were digits is told to the caller; which one was not is not. */
WRAP(bool, bulla_hex_decode, uint8_t *bytes, struct bulla_span text) {
  bool verdict = __real_bulla_hex_decode(bytes, text);
  ct_declassify(&verdict, sizeof(verdict));
  return verdict;
}

/* Four digits are three bytes: those of public digits are public. Vectors carry marks farther. */
static void narrow(const uint8_t *bytes, struct bulla_span text) {
  for (size_t i = 0; i < text.len; i += 4) {
    size_t num = text.len - i < 4 ? text.len - i : 4;
    if (!ct_is_secret(text.data + i, num)) {
      ct_declassify(bytes + i / 4 * 3, num - 1);
    }
  }
}

WRAP(bool, bulla_base64url_decode_secret, uint8_t *bytes, struct bulla_span text) {
  bool verdict = __real_bulla_base64url_decode_secret(bytes, text);
  narrow(bytes, text);
  ct_declassify(&verdict, sizeof(verdict));
  return verdict;
}

WRAP(bool, bulla_base64_decode_secret, uint8_t *bytes, struct bulla_span text) {
  bool verdict = __real_bulla_base64_decode_secret(bytes, text);
  narrow(bytes, text);
  ct_declassify(&verdict, sizeof(verdict));
  return verdict;
}

/* A key's id is derived from it and stands in the header of every blob (docs/FORMAT.md §2). */
WRAP(enum bulla_status, bulla_key_new, struct bulla_key **key, enum bulla_suite suite,
     const struct bulla_secret *material) {
  enum bulla_status status = __real_bulla_key_new(key, suite, material);
  if (status == BULLA_OK) {
    ct_declassify((*key)->header, BULLA_BLOB_HEADER_LEN);
  }
  return status;
}

/* And one that is derived alone stands in the tenant's statement (docs/FORMAT.md §8). */
WRAP(enum bulla_status, bulla_key_id_of, uint8_t *id, struct bulla_span material) {
  enum bulla_status status = __real_bulla_key_id_of(id, material);
  ct_declassify(id, BULLA_KEY_ID_LEN);
  return status;
}

/* What goes into the database is in the open: sealed blobs, MACs, hashes, ids. */
WRAP(void, bulla_bind_blob, struct bulla_statement *statement, struct bulla_span bytes) {
  ct_declassify(bytes.data, bytes.len);
  __real_bulla_bind_blob(statement, bytes);
}

/* The claims of an authentic token are JSON that is read with branches: docs/THREATS.md, "Timing". */
WRAP(enum bulla_status, bulla_jwe_open, const struct bulla_aead *aead, struct bulla_buffer *plaintext,
     const struct bulla_jwe_parts *parts) {
  enum bulla_status status = __real_bulla_jwe_open(aead, plaintext, parts);
  if (ct_rules.claims_are_public) {
    ct_declassify(plaintext->data, plaintext->len);
  }
  return status;
}

/* Here secrets come into being, but for the id at the beginning of an API key. */
WRAP(enum bulla_status, bulla_secret_random, struct bulla_secret **secret, size_t len) {
  enum bulla_status status = __real_bulla_secret_random(secret, len);
  if (status == BULLA_OK) {
    ct_poison(bulla_secret_data(*secret) + ct_rules.public_prefix, len - ct_rules.public_prefix);
  }
  return status;
}

/* And here they come from a file: the digits, not the newline behind them. */
WRAP(ssize_t, read, int descriptor, void *bytes, size_t len) {
  ssize_t got = __real_read(descriptor, bytes, len);
  if (ct_rules.reads_are_secret && got >= 2 * BULLA_KEY_LEN) {
    ct_poison(bytes, 2 * (size_t)BULLA_KEY_LEN);
  }
  return got;
}

/* A new root key is written to its file. */
WRAP(ssize_t, write, int descriptor, const void *bytes, size_t len) {
  ct_declassify(bytes, len);
  return __real_write(descriptor, bytes, len);
}
