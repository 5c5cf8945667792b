/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* ECDH-ES, alone and with AES key wrap: RFC 7518 §4.6, on X25519 RFC 8037 §3.2. The sender agrees with an ephemeral
 * key, whose public half is "epk". The key that both derive is the content encryption key, or wraps it. */

#include <string.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/crypto_aes.h"
#include "core/jwe_algorithm.h"
#include "core/scrub.h"
#include "core/slab.h"

enum {
  MAX_PARTY = BULLA_JWE_MAX_PARTY,
  MAX_NAME = 16,
  MAX_ROUND = 4 + BULLA_CURVE_MAX_LEN + 4 + MAX_NAME + 4 + MAX_PARTY + 4 + MAX_PARTY + 4,
};

/* In the slab. */
struct keep {
  const struct bulla_jwe_algorithm *alg;
  const struct bulla_jwe_encryption *enc;
  enum bulla_curve curve;
  uint8_t point[BULLA_POINT_MAX_LEN];
  uint8_t private_key[BULLA_CURVE_MAX_LEN];
};

/* What is secret of one agreement, in the slab. */
struct agreement {
  uint8_t private_key[BULLA_CURVE_MAX_LEN]; /* the ephemeral one */
  uint8_t shared[BULLA_CURVE_MAX_LEN];
  uint8_t round[MAX_ROUND]; /* what is hashed */
  uint8_t digest[BULLA_SHA256_LEN];
  uint8_t derived[BULLA_CEK_MAX_LEN];
  struct bulla_aes_pair kek;
};

static void free_agreement(struct agreement **agreement) {
  void *slot = *agreement;
  if (slot != NULL) {
    bulla_slab_free(&slot, sizeof(**agreement));
  }
}

static enum bulla_status new_agreement(struct agreement **agreement) {
  void *slot = NULL;
  BULLA_TRY(bulla_slab_new(&slot, sizeof(**agreement)));
  *agreement = slot;
  return slot != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

static void free_keep(struct bulla_jwe_keep **keep) {
  void *slot = *keep;
  if (slot != NULL) {
    bulla_slab_free(&slot, sizeof(struct keep));
    *keep = NULL;
  }
}

static const struct keep *keep_of(const struct bulla_jwe_keep *keep) {
  return (const struct keep *)(const void *)keep;
}

static enum bulla_status expand(struct bulla_jwe_keep **keep, const struct bulla_jwe_algorithm *alg,
                                const struct bulla_jwe_encryption *enc, const struct bulla_jwk *jwk) {
  void *slot = NULL;
  *keep = NULL;
  BULLA_TRY(bulla_slab_new(&slot, sizeof(struct keep)));
  struct keep *keys = slot;
  keys->alg = alg;
  keys->enc = enc;
  keys->curve = jwk->curve;
  memcpy(keys->point, jwk->point.data, jwk->point.len);
  if (jwk->secret != NULL) {
    memcpy(keys->private_key, bulla_secret_bytes(jwk->secret).data, bulla_curve_len(jwk->curve));
    bulla_scrub(0);
  }
  *keep = (struct bulla_jwe_keep *)slot;
  return BULLA_OK;
}

/* The Concat KDF of SP 800-56A §5.8.1 as RFC 7518 §4.6.2 has it, with SHA-256: fills |len| bytes of |derived|, which
 * |name| is a key of. */
static enum bulla_status derive(struct agreement *agreement, enum bulla_curve curve, size_t len, struct bulla_span name,
                                const struct bulla_jwe_parties *parties) {
  size_t done = 0;
  for (uint32_t counter = 1; done < len; counter++) {
    struct bulla_buffer round = bulla_buffer(agreement->round, sizeof(agreement->round));
    struct bulla_writer out = bulla_writer(&round);
    bulla_put_be(&out, counter, 4);
    bulla_put(&out, bulla_span(agreement->shared, bulla_curve_len(curve)));
    bulla_put_prefixed(&out, name);
    bulla_put_prefixed(&out, parties->apu);
    bulla_put_prefixed(&out, parties->apv);
    bulla_put_be(&out, len * 8, 4);
    BULLA_TRY(bulla_writer_finish(&out));
    BULLA_TRY(bulla_sha256(agreement->digest, bulla_written(&round)));
    size_t part = len - done < BULLA_SHA256_LEN ? len - done : BULLA_SHA256_LEN;
    memcpy(agreement->derived + done, agreement->digest, part);
    done += part;
  }
  return BULLA_OK;
}

/* Derives the content encryption key, which |enc| names, or the one that wraps it, which |alg| names. */
static enum bulla_status derive_for(const struct keep *keys, struct agreement *agreement, size_t cek_len,
                                    const struct bulla_jwe_parties *parties) {
  size_t kek_len = keys->alg->key_len;
  return kek_len == 0 ? derive(agreement, keys->curve, cek_len, keys->enc->name, parties)
                      : derive(agreement, keys->curve, kek_len, keys->alg->name, parties);
}

static size_t no_encrypted_key(const struct bulla_jwe_keep *keep, size_t cek_len) {
  (void)keep;
  (void)cek_len;
  return 0;
}

static size_t wrapped_len(const struct bulla_jwe_keep *keep, size_t cek_len) {
  (void)keep;
  return cek_len + BULLA_WRAP_OVERHEAD;
}

static void put_epk(struct bulla_json_writer *header, enum bulla_curve curve, const uint8_t *point) {
  bulla_json_name(header, BULLA_LITERAL("epk"));
  bulla_jwk_put_point(header, curve, point);
}

static size_t added_len(const struct bulla_jwe_keep *keep) {
  static const uint8_t point[BULLA_POINT_MAX_LEN];
  uint8_t room[BULLA_EPK_MAX];
  struct bulla_buffer json = bulla_buffer(room, sizeof(room));
  struct bulla_json_writer out = bulla_json_writer(&json);
  put_epk(&out, keep_of(keep)->curve, point);
  return json.len + 1; /* and the comma before it */
}

static enum bulla_status wrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len, uint8_t *encrypted_key,
                              struct bulla_json_writer *header, const struct bulla_jwe_parties *parties) {
  const struct keep *keys = keep_of(keep);
  uint8_t point[BULLA_POINT_MAX_LEN];
  struct agreement *agreement BULLA_CLEANUP(free_agreement) = NULL;
  BULLA_TRY(new_agreement(&agreement));
  BULLA_TRY(bulla_curve_generate(keys->curve, agreement->private_key, point));
  BULLA_TRY(bulla_curve_agree(keys->curve, agreement->shared, agreement->private_key, keys->point));
  BULLA_TRY(derive_for(keys, agreement, cek_len, parties));
  put_epk(header, keys->curve, point);
  if (keys->alg->key_len == 0) {
    memcpy(cek, agreement->derived, cek_len);
    return BULLA_OK;
  }
  BULLA_TRY(bulla_aes_pair_expand(&agreement->kek, bulla_span(agreement->derived, keys->alg->key_len)));
  return bulla_aes_wrap(&agreement->kek, encrypted_key, bulla_span(cek, cek_len));
}

/* Decodes "apu" or "apv" into |room|, of MAX_PARTY bytes. */
static bool take_party(struct bulla_span *party, uint8_t *room, const struct bulla_json_value *value) {
  size_t len = bulla_base64url_decoded_len(value->text.len);
  *party = bulla_span(room, len);
  return len <= MAX_PARTY && bulla_jose_take_digits(room, len, value->text);
}

static enum bulla_status unwrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len,
                                struct bulla_span encrypted_key, const struct bulla_jose_header *header) {
  const struct keep *keys = keep_of(keep);
  uint8_t point[BULLA_POINT_MAX_LEN];
  uint8_t apu[MAX_PARTY];
  uint8_t apv[MAX_PARTY];
  struct bulla_jwe_parties parties;
  struct agreement *agreement BULLA_CLEANUP(free_agreement) = NULL;
  if (header->epk.type != BULLA_JSON_OBJECT || !take_party(&parties.apu, apu, &header->apu) ||
      !take_party(&parties.apv, apv, &header->apv)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_jwk_public_point(point, keys->curve, header->epk.text));
  BULLA_TRY(new_agreement(&agreement));
  BULLA_TRY(bulla_curve_agree(keys->curve, agreement->shared, keys->private_key, point));
  BULLA_TRY(derive_for(keys, agreement, cek_len, &parties));
  if (keys->alg->key_len == 0) {
    memcpy(cek, agreement->derived, cek_len);
    return BULLA_OK;
  }
  BULLA_TRY(bulla_aes_pair_expand(&agreement->kek, bulla_span(agreement->derived, keys->alg->key_len)));
  return bulla_aes_unwrap(&agreement->kek, cek, encrypted_key);
}

const struct bulla_jwe_management bulla_jwe_ecdh_es = {
    .is_direct = true,
    .adds_header = true,
    .has_parties = true,
    .expand = expand,
    .free = free_keep,
    .encrypted_key_len = no_encrypted_key,
    .added_len = added_len,
    .wrap = wrap,
    .unwrap = unwrap,
};

const struct bulla_jwe_management bulla_jwe_ecdh_es_kw = {
    .adds_header = true,
    .has_parties = true,
    .expand = expand,
    .free = free_keep,
    .encrypted_key_len = wrapped_len,
    .added_len = added_len,
    .wrap = wrap,
    .unwrap = unwrap,
};
