/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES-GCM from Intel's ipsec-mb, which has code for VAES and AVX2 that BoringSSL of 2022 has not.
 *
 * Its functions check their arguments and, if they do not like them, return without having done anything and
 * without saying so. What they check is therefore made sure of here: no pointer is NULL, and no length is past
 * the limits of GCM, which the callers keep. */

#include "core/engine.h"

#include <intel-ipsec-mb.h>
#include <pthread.h>

#include "core/cleanup.h"
#include "core/join.h"

enum {
  FAST_NONCE_LEN = 12,

  /* Of Debian's builds the code for AVX-512 goes deepest, 864 bytes, below frames of this file's, which
   * join the additional data. */
  SCRUB_DEPTH = 2048,

  /* Where the nonce has not 12 bytes the counter depends on the key, and the loops of ipsec-mb, over 8 or 16 blocks,
   * branch on whether its last byte runs over. In pieces of fewer blocks no loop begins. */
  PIECE_LEN = 7 * 16,
};

struct functions {
  aes_gcm_pre_t expand;
  aes_gcm_enc_dec_t seal;
  aes_gcm_enc_dec_t open;
  aes_gcm_init_var_iv_t begin;
  aes_gcm_enc_dec_update_t seal_part;
  aes_gcm_enc_dec_update_t open_part;
  aes_gcm_enc_dec_finalize_t finish;
};

/* By the length of the key. */
static struct functions functions_128;
static struct functions functions_192;
static struct functions functions_256;
static bool usable;

struct context {
  struct gcm_key_data key;
  const struct functions *functions;
  uint8_t derived[BULLA_KEY_LEN]; /* a key on its way */
};

_Static_assert(sizeof(struct context) <= BULLA_ENGINE_CONTEXT_MAX, "an expanded key has room");

/* The manager is only needed for the functions that it chose for this processor; they do not refer to it. */
static void choose_functions(void) {
  IMB_MGR *manager = alloc_mb_mgr(0);
  if (manager == NULL) {
    return;
  }
  init_mb_mgr_auto(manager, NULL);
  functions_128 = (struct functions){
      manager->gcm128_pre,        manager->gcm128_enc,        manager->gcm128_dec,         manager->gcm128_init_var_iv,
      manager->gcm128_enc_update, manager->gcm128_dec_update, manager->gcm128_enc_finalize};
  functions_192 = (struct functions){
      manager->gcm192_pre,        manager->gcm192_enc,        manager->gcm192_dec,         manager->gcm192_init_var_iv,
      manager->gcm192_enc_update, manager->gcm192_dec_update, manager->gcm192_enc_finalize};
  functions_256 = (struct functions){
      manager->gcm256_pre,        manager->gcm256_enc,        manager->gcm256_dec,         manager->gcm256_init_var_iv,
      manager->gcm256_enc_update, manager->gcm256_dec_update, manager->gcm256_enc_finalize};
  uint64_t wanted = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX2;
  usable = imb_get_errno(manager) == 0 && (manager->features & wanted) == wanted;
  free_mb_mgr(manager);
}

static bool is_usable(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, choose_functions);
  return usable;
}

static enum bulla_status expand(void *context, struct bulla_span key) {
  struct context *made = context;
  made->functions = key.len == 16 ? &functions_128 : key.len == 24 ? &functions_192 : &functions_256;
  made->functions->expand(key.data, &made->key);
  return BULLA_OK;
}

/* Something to point to where there is nothing. */
static const uint8_t *never_null(const uint8_t *bytes) {
  static const uint8_t nothing[1];
  return bytes != NULL ? bytes : nothing;
}

static void run_in_pieces(const struct context *context, aes_gcm_enc_dec_update_t update,
                          struct gcm_context_data *state, uint8_t *out, const uint8_t *in, size_t len) {
  for (size_t done = 0; done < len; done += PIECE_LEN) {
    update(&context->key, state, out + done, in + done, len - done < PIECE_LEN ? len - done : PIECE_LEN);
  }
}

/* Seals or opens |len| bytes, and gives the tag that belongs to them. */
static inline void run(const struct context *context, bool seal, uint8_t *out, uint8_t *tag, const uint8_t *nonce,
                       size_t nonce_len, const uint8_t *in, size_t len, const uint8_t *additional_data,
                       size_t additional_data_len) {
  const struct functions *functions = context->functions;
  const uint8_t *data = never_null(additional_data);
  const uint8_t *from = never_null(in);
  uint8_t nowhere[1];
  uint8_t *to = out != NULL ? out : nowhere;
  struct gcm_context_data state;
  if (nonce_len == FAST_NONCE_LEN) {
    /* cppcheck-suppress uninitvar; it is written before it is read. */
    (seal ? functions->seal : functions->open)(&context->key, &state, to, from, len, nonce, data, additional_data_len,
                                               tag, BULLA_TAG_LEN);
  } else {
    functions->begin(&context->key, &state, nonce, nonce_len, data, additional_data_len);
    run_in_pieces(context, seal ? functions->seal_part : functions->open_part, &state, to, from, len);
    functions->finish(&context->key, &state, tag, BULLA_TAG_LEN);
  }
}

static enum bulla_status seal(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce,
                              size_t nonce_len, const uint8_t *plaintext, size_t len, const struct bulla_aad *aad) {
  struct bulla_joined joined BULLA_CLEANUP(bulla_unjoin);
  BULLA_TRY(bulla_join(&joined, aad));
  run(context, true, ciphertext, tag, nonce, nonce_len, plaintext, len, joined.bytes.data, joined.bytes.len);
  return BULLA_OK;
}

static enum bulla_status open(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce,
                              size_t nonce_len, const uint8_t *ciphertext, size_t len, const struct bulla_aad *aad) {
  uint8_t expected[BULLA_TAG_LEN];
  struct bulla_joined joined BULLA_CLEANUP(bulla_unjoin);
  BULLA_TRY(bulla_join(&joined, aad));
  run(context, false, plaintext, expected, nonce, nonce_len, ciphertext, len, joined.bytes.data, joined.bytes.len);
  bool equal = bulla_secret_equal(bulla_span(expected, BULLA_TAG_LEN), bulla_span(tag, BULLA_TAG_LEN));
  return equal ? BULLA_OK : BULLA_REFUSED;
}

/* ipsec-mb has no bare blocks. */
static enum bulla_status expand_xaes(void *xaes_key, const uint8_t *key) {
  BULLA_TRY(bulla_engine_boringssl.is_usable() ? BULLA_OK : BULLA_NO_CRYPTO);
  return bulla_engine_boringssl.expand_xaes(xaes_key, key);
}

static enum bulla_status derive(void *context, const void *xaes_key, const uint8_t *nonce, size_t len) {
  struct context *made = context;
  (void)len;
  bulla_boringssl_derive(made->derived, xaes_key, nonce);
  return expand(made, bulla_span(made->derived, sizeof(made->derived)));
}

static const char *version(void) {
  return imb_get_version_str();
}

const struct bulla_engine bulla_engine_ipsec_mb = {
    .name = "ipsec-mb",
    .context_len = sizeof(struct context),
    .xaes_len = 1024, /* of BoringSSL's */
    .scrub_depth = SCRUB_DEPTH,
    .version = version,
    .is_usable = is_usable,
    .expand = expand,
    .expand_xaes = expand_xaes,
    .derive = derive,
    .seal = seal,
    .open = open,
};
