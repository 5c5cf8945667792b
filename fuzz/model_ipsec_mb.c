/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_ipsec_mb.h. */

#include "fuzz/model_ipsec_mb.h"

#ifdef BULLA_MODEL_IPSEC_MB

#include <intel-ipsec-mb.h>

/* It takes no pointer that is NULL, even to nothing. */
static const uint8_t *never_null(const uint8_t *bytes) {
  return bytes != NULL ? bytes : (const uint8_t *)"";
}

bool model_ipsec_mb_seal(uint8_t *ciphertext, uint8_t *tag, struct bulla_span key, struct bulla_span nonce,
                         struct bulla_span plaintext, struct bulla_span aad) {
  static IMB_MGR *manager;
  static struct gcm_key_data expanded;
  struct gcm_context_data state;
  if (manager == NULL) {
    manager = alloc_mb_mgr(0);
    if (manager == NULL) {
      return false;
    }
    init_mb_mgr_auto(manager, NULL);
  }
  if (imb_get_errno(manager) != 0) {
    return false;
  }
  const uint8_t *from = never_null(plaintext.data);
  const uint8_t *data = never_null(aad.data);
#define SEAL(bits)                                                                                   \
  IMB_AES##bits##_GCM_PRE(manager, key.data, &expanded);                                             \
  IMB_AES##bits##_GCM_INIT_VAR_IV(manager, &expanded, &state, nonce.data, nonce.len, data, aad.len); \
  IMB_AES##bits##_GCM_ENC_UPDATE(manager, &expanded, &state, ciphertext, from, plaintext.len);       \
  IMB_AES##bits##_GCM_ENC_FINALIZE(manager, &expanded, &state, tag, BULLA_TAG_LEN)
  if (key.len == 16) {
    SEAL(128);
  } else if (key.len == 24) {
    SEAL(192);
  } else {
    SEAL(256);
  }
  return true;
}

#else

bool model_ipsec_mb_seal(uint8_t *ciphertext, uint8_t *tag, struct bulla_span key, struct bulla_span nonce,
                         struct bulla_span plaintext, struct bulla_span aad) {
  (void)ciphertext, (void)tag, (void)key, (void)nonce, (void)plaintext, (void)aad;
  return false;
}

#endif
