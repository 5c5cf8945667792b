/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A128CBC-HS256, A192CBC-HS384, A256CBC-HS512: RFC 7518 §5.2. The MAC is over what is encrypted and is compared first;
 * what is not authentic is neither decrypted nor unpadded. */

#include <string.h>

#include "core/cleanup.h"
#include "core/crypto_aes.h"
#include "core/jwe_algorithm.h"
#include "core/pkcs7.h"
#include "core/scrub.h"
#include "core/slab.h"

enum { BLOCK = BULLA_AES_BLOCK_LEN, MAX_MAC = 64 };

/* In the slab. */
struct content {
  struct bulla_aes_pair aes;
  struct bulla_hmac_key hmac;
  size_t tag_len; /* bytes: half of the MAC */
};

/* PKCS #7 adds 1 to 16 bytes. */
static size_t sealed_len(size_t len) {
  return (len / BLOCK + 1) * BLOCK;
}

static void free_content(struct bulla_jwe_content **content) {
  if (*content != NULL) {
    void *slot = *content;
    bulla_slab_free(&slot, sizeof(struct content));
    *content = NULL;
  }
}

/* §5.2.2.1 step 1: the first half of the key is for the MAC, the second for AES. */
static enum bulla_status expand(struct bulla_jwe_content **content, struct bulla_span cek) {
  void *slot = NULL;
  size_t half = cek.len / 2;
  enum bulla_sha sha = half == 16 ? BULLA_SHA_256 : half == 24 ? BULLA_SHA_384 : BULLA_SHA_512;
  *content = NULL;
  BULLA_TRY(bulla_slab_new(&slot, sizeof(struct content)));
  struct bulla_jwe_content *made BULLA_CLEANUP(free_content) = slot;
  struct content *keys = slot;
  keys->tag_len = half;
  BULLA_TRY(bulla_hmac_expand(&keys->hmac, sha, bulla_span(cek.data, half)));
  BULLA_TRY(bulla_aes_pair_expand(&keys->aes, bulla_span(cek.data + half, half)));
  *content = made;
  made = NULL;
  return BULLA_OK;
}

/* §5.2.2.1 step 5: over the additional data, the IV, the ciphertext, and how many bits of additional data there are. */
static void compute_mac(const struct content *keys, uint8_t *mac, const uint8_t *iv, struct bulla_span ciphertext,
                        struct bulla_span additional_data) {
  uint8_t num_bits[8];
  for (size_t i = 0; i < sizeof(num_bits); i++) {
    num_bits[i] = (uint8_t)((uint64_t)additional_data.len * 8 >> (56 - 8 * i));
  }
  const struct bulla_span parts[] = {additional_data, bulla_span(iv, BLOCK), ciphertext,
                                     bulla_span(num_bits, sizeof(num_bits))};
  bulla_hmac_parts(&keys->hmac, mac, parts, sizeof(parts) / sizeof(parts[0]));
}

static enum bulla_status seal(const struct bulla_jwe_content *content, uint8_t *ciphertext, uint8_t *tag,
                              const uint8_t *iv, struct bulla_span plaintext, struct bulla_span additional_data) {
  const struct content *keys = (const struct content *)(const void *)content;
  size_t whole = plaintext.len / BLOCK * BLOCK;
  size_t rest = plaintext.len - whole;
  uint8_t last[BLOCK];
  uint8_t mac[MAX_MAC];
  /* The last block is copied first: the ciphertext may take the plaintext's place. */
  memset(last, (int)(BLOCK - rest), sizeof(last));
  if (rest > 0) {
    memcpy(last, plaintext.data + whole, rest);
  }
  if (whole > 0) {
    bulla_aes_cbc_encrypt(&keys->aes, ciphertext, iv, bulla_span(plaintext.data, whole));
  }
  bulla_aes_cbc_encrypt(&keys->aes, ciphertext + whole, whole > 0 ? ciphertext + whole - BLOCK : iv,
                        bulla_span(last, BLOCK));
  bulla_wipe(last, sizeof(last));
  compute_mac(keys, mac, iv, bulla_span(ciphertext, whole + BLOCK), additional_data);
  memcpy(tag, mac, keys->tag_len);
  return BULLA_OK;
}

static enum bulla_status open(const struct bulla_jwe_content *content, uint8_t *plaintext, size_t *len,
                              const uint8_t *iv, struct bulla_span ciphertext, const uint8_t *tag,
                              struct bulla_span additional_data) {
  const struct content *keys = (const struct content *)(const void *)content;
  uint8_t mac[MAX_MAC];
  *len = 0;
  bool is_authentic = ciphertext.len > 0 && ciphertext.len % BLOCK == 0;
  if (is_authentic) {
    compute_mac(keys, mac, iv, ciphertext, additional_data);
    is_authentic = bulla_secret_equal(bulla_span(mac, keys->tag_len), bulla_span(tag, keys->tag_len));
    bulla_wipe(mac, sizeof(mac));
  }
  if (is_authentic) {
    bulla_aes_cbc_decrypt(&keys->aes, plaintext, iv, ciphertext);
    is_authentic = bulla_pkcs7_len(len, bulla_span(plaintext, ciphertext.len));
  }
  if (!is_authentic) {
    *len = 0;
    bulla_wipe(plaintext, ciphertext.len);
    return BULLA_REFUSED;
  }
  bulla_wipe(plaintext + *len, ciphertext.len - *len);
  return BULLA_OK;
}

const struct bulla_jwe_cipher bulla_jwe_cbc_hmac = {
    .sealed_len = sealed_len,
    .expand = expand,
    .free = free_content,
    .seal = seal,
    .open = open,
};
