/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/curve.h. */

#include "tests/curve.h"

#include <gcrypt.h>
#include <stdlib.h>

#include "core/crypto.h"
#include "core/cursor.h"

static void need(bool condition) {
  if (!condition) {
    fputs("libgcrypt or HKDF fails\n", stderr);
    exit(2);
  }
}

static void start(void) {
  need(gcry_check_version(NULL) != NULL);
}

static void hash(uint8_t digest[CURVE_HASH_LEN], struct bulla_span a, struct bulla_span b) {
  uint8_t room[1024];
  struct bulla_buffer joined = bulla_buffer(room, sizeof(room));
  struct bulla_writer out = bulla_writer(&joined);
  bulla_put(&out, a);
  bulla_put(&out, b);
  need(bulla_writer_finish(&out) == BULLA_OK);
  gcry_md_hash_buffer(GCRY_MD_SHA512, digest, joined.data, joined.len);
}

void curve_expand(uint8_t expanded[CURVE_HASH_LEN], const uint8_t *seed) {
  start();
  hash(expanded, bulla_span(seed, CURVE_LEN), bulla_span(NULL, 0));
  expanded[0] &= 248;
  expanded[31] &= 63;
  expanded[31] |= 64;
}

static void turn(uint8_t *to, const uint8_t *from, size_t len) {
  for (size_t i = 0; i < len; i++) {
    to[i] = from[len - 1 - i];
  }
}

void curve_nonce(uint8_t nonce[CURVE_HASH_LEN], uint8_t reduced[CURVE_LEN], const uint8_t *seed,
                 struct bulla_span message) {
  static const char order[] = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
  uint8_t expanded[CURVE_HASH_LEN];
  uint8_t turned[CURVE_HASH_LEN];
  gcry_mpi_t l = NULL;
  gcry_mpi_t r = NULL;
  curve_expand(expanded, seed);
  hash(nonce, bulla_span(expanded + CURVE_LEN, CURVE_LEN), message);
  turn(turned, nonce, CURVE_HASH_LEN);
  need(gcry_mpi_scan(&l, GCRYMPI_FMT_HEX, order, 0, NULL) == 0);
  need(gcry_mpi_scan(&r, GCRYMPI_FMT_USG, turned, CURVE_HASH_LEN, NULL) == 0);
  gcry_mpi_mod(r, r, l);
  size_t len = 0;
  need(gcry_mpi_print(GCRYMPI_FMT_USG, turned, CURVE_HASH_LEN, &len, r) == 0 && len <= CURVE_LEN);
  memset(reduced, 0, CURVE_LEN);
  turn(reduced, turned, len);
  gcry_mpi_release(l);
  gcry_mpi_release(r);
}

/* RFC 9180 §4: LabeledExtract and, with a length in front, LabeledExpand. */
static void labeled(uint8_t *out, size_t out_len, struct bulla_span key, struct bulla_span suite, const char *label,
                    struct bulla_span bytes, bool expand) {
  uint8_t room[1024];
  struct bulla_buffer joined = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&joined);
  if (expand) {
    bulla_put_be(&writer, out_len, 2);
  }
  bulla_put(&writer, BULLA_LITERAL("HPKE-v1"));
  bulla_put(&writer, suite);
  bulla_put(&writer, bulla_text(label));
  bulla_put(&writer, bytes);
  need(bulla_writer_finish(&writer) == BULLA_OK);
  need((expand ? bulla_hkdf_expand(out, out_len, key, bulla_written(&joined))
               : bulla_hkdf_extract(out, key, bulla_written(&joined))) == BULLA_OK);
}

#define EXTRACT(out, salt, suite, label, ikm) labeled(out, sizeof(out), salt, suite, label, ikm, false)
#define EXPAND(out, prk, suite, label, info) labeled(out, sizeof(out), prk, suite, label, info, true)

void curve_multiply(uint8_t *product, const uint8_t *private_key, const uint8_t *point) {
  start();
  need(gcry_ecc_mul_point(GCRY_ECC_CURVE25519, product, private_key, point) == 0);
}

void curve_box_from(struct curve_box *box, const uint8_t *dh, const uint8_t *encapsulated, const uint8_t *public_key,
                    struct bulla_span info) {
  /* "KEM" and the number of the KEM; "HPKE" and those of KEM, KDF and AEAD (§7). */
  static const struct bulla_span kem = {(const uint8_t *)"KEM\x00\x20", 5};
  static const struct bulla_span hpke = {(const uint8_t *)"HPKE\x00\x20\x00\x01\x00\x02", 10};
  static const struct bulla_span nothing;
  uint8_t kem_context[2 * CURVE_LEN];
  uint8_t key_schedule[1 + 2 * CURVE_LEN] = {0}; /* mode_base, psk_id_hash, info_hash */
  uint8_t hashed[CURVE_LEN];
  memcpy(box->dh, dh, CURVE_LEN);
  memcpy(kem_context, encapsulated, CURVE_LEN);
  memcpy(kem_context + CURVE_LEN, public_key, CURVE_LEN);
  EXTRACT(box->eae_prk, nothing, kem, "eae_prk", bulla_span(box->dh, CURVE_LEN));
  EXPAND(box->shared_secret, bulla_span(box->eae_prk, CURVE_LEN), kem, "shared_secret",
         bulla_span(kem_context, sizeof(kem_context)));
  EXTRACT(hashed, nothing, hpke, "psk_id_hash", nothing);
  memcpy(key_schedule + 1, hashed, CURVE_LEN);
  EXTRACT(hashed, nothing, hpke, "info_hash", info);
  memcpy(key_schedule + 1 + CURVE_LEN, hashed, CURVE_LEN);
  struct bulla_span context = bulla_span(key_schedule, sizeof(key_schedule));
  EXTRACT(box->secret, bulla_span(box->shared_secret, CURVE_LEN), hpke, "secret", nothing);
  struct bulla_span secret = bulla_span(box->secret, CURVE_LEN);
  EXPAND(box->key, secret, hpke, "key", context);
  EXPAND(box->base_nonce, secret, hpke, "base_nonce", context);
  EXPAND(box->exporter_secret, secret, hpke, "exp", context);
}
