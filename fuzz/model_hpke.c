/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_hpke.h. */

#include "fuzz/model_hpke.h"

#include <nettle/curve25519.h>
#include <nettle/hmac.h>

#include "fuzz/fuzz.h"

enum { KEY_LEN = 32 };

/* RFC 9180 §4, without and with a length in front. */
#define SUITE_KEM BULLA_LITERAL("KEM\0\x20")
#define SUITE_HPKE BULLA_LITERAL("HPKE\0\x20\0\x01\0\x02")

static void extract(uint8_t *prk, struct bulla_span salt, struct bulla_span suite, const char *label,
                    struct bulla_span material) {
  struct hmac_sha256_ctx hmac;
  hmac_sha256_set_key(&hmac, salt.len, salt.data);
  hmac_sha256_update(&hmac, 7, (const uint8_t *)"HPKE-v1");
  hmac_sha256_update(&hmac, suite.len, suite.data);
  hmac_sha256_update(&hmac, strlen(label), (const uint8_t *)label);
  hmac_sha256_update(&hmac, material.len, material.data);
  hmac_sha256_digest(&hmac, KEY_LEN, prk);
}

static void expand(uint8_t *out, size_t len, const uint8_t *prk, struct bulla_span suite, const char *label,
                   struct bulla_span info) {
  uint8_t room[128];
  struct bulla_buffer joined = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&joined);
  bulla_put_be(&writer, len, 2);
  bulla_put(&writer, BULLA_LITERAL("HPKE-v1"));
  bulla_put(&writer, suite);
  bulla_put(&writer, bulla_text(label));
  bulla_put(&writer, info);
  FUZZ_ASSERT(!writer.overflow);
  model_expand(out, len, bulla_span(prk, KEY_LEN), bulla_written(&joined));
}

bool model_hpke_schedule(struct model_gcm *gcm, uint8_t nonce[12], const uint8_t *private_key, const uint8_t *point,
                         const uint8_t *encapsulated, const uint8_t *public_key, struct bulla_span info) {
  static const uint8_t zero[KEY_LEN];
  const struct bulla_span nothing = bulla_span(zero, 0);
  uint8_t shared[KEY_LEN];
  uint8_t both[2 * KEY_LEN];
  uint8_t context[1 + 2 * KEY_LEN] = {0};
  uint8_t secret[KEY_LEN];
  uint8_t key[KEY_LEN];
  curve25519_mul(shared, private_key, point);
  if (memcmp(shared, zero, KEY_LEN) == 0) {
    return false;
  }
  memcpy(both, encapsulated, KEY_LEN);
  memcpy(both + KEY_LEN, public_key, KEY_LEN);
  extract(secret, nothing, SUITE_KEM, "eae_prk", bulla_span(shared, KEY_LEN));
  expand(shared, KEY_LEN, secret, SUITE_KEM, "shared_secret", bulla_span(both, sizeof(both)));
  extract(context + 1, nothing, SUITE_HPKE, "psk_id_hash", nothing);
  extract(context + 1 + KEY_LEN, nothing, SUITE_HPKE, "info_hash", info);
  extract(secret, bulla_span(shared, KEY_LEN), SUITE_HPKE, "secret", nothing);
  expand(key, KEY_LEN, secret, SUITE_HPKE, "key", bulla_span(context, sizeof(context)));
  expand(nonce, 12, secret, SUITE_HPKE, "base_nonce", bulla_span(context, sizeof(context)));
  model_gcm_set_key(gcm, bulla_span(key, KEY_LEN));
  return true;
}
