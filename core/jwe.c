/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE keys: one key, one "alg", one "enc", all fixed before any input is read. */

#include <stdlib.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_key.h"
#include "core/jwe_table.h"
#include "core/log.h"
#include "core/slab.h"

bool bulla_jwe_key_is_here(const struct bulla_jwe_key *key) {
  return key->fork_epoch == bulla_fork_epoch();
}

/* Writes the protected header as far as it is the same in every message. */
static enum bulla_status write_header(struct bulla_jwe_key *key) {
  struct bulla_buffer json = bulla_buffer(key->json, sizeof(key->json));
  struct bulla_json_writer out = bulla_json_writer(&json);
  bulla_json_begin(&out, '{');
  bulla_json_name(&out, BULLA_LITERAL("alg"));
  bulla_json_string(&out, key->alg->name);
  if (key->enc->name.len > 0) {
    bulla_json_name(&out, BULLA_LITERAL("enc"));
    bulla_json_string(&out, key->enc->name);
  }
  if (key->key_id_len > 0) {
    bulla_json_name(&out, BULLA_LITERAL("kid"));
    bulla_json_string(&out, bulla_span(key->key_id, key->key_id_len));
  }
  bulla_json_end(&out, '}');
  if (bulla_json_finish(&out) != BULLA_OK) {
    return BULLA_INVALID_ARGUMENT;
  }
  bulla_base64url_encode(key->header, bulla_written(&json));
  key->header_len = bulla_base64url_encoded_len(json.len);
  key->json_len = json.len - 1;
  return BULLA_OK;
}

/* Says whether |jwk| is a key for |alg|: of its type, and if it is symmetric of its length. */
static bool goes_with(const struct bulla_jwk *jwk, const struct bulla_jwe_algorithm *alg,
                      const struct bulla_jwe_encryption *enc) {
  size_t len = alg->management->is_shared ? enc->cek_len : alg->key_len;
  switch (alg->type) {
    case BULLA_KEY_OCT:
      return jwk->type == BULLA_KEY_OCT && bulla_secret_bytes(jwk->secret).len == len;
    case BULLA_KEY_EC:
      return jwk->type == BULLA_KEY_EC || jwk->type == BULLA_KEY_OKP;
    default:
      return jwk->type == alg->type;
  }
}

static enum bulla_status fill(struct bulla_jwe_key *key, const struct bulla_jwk *jwk) {
  BULLA_TRY(write_header(key));
  if (key->alg->management->is_shared) {
    return key->enc->cipher->expand(&key->content, bulla_secret_bytes(jwk->secret));
  }
  if (key->can_decrypt && key->alg->integrated == NULL) {
    BULLA_TRY(bulla_secret_random(&key->substitute, key->enc->cek_len));
  }
  BULLA_TRY(key->alg->management->expand(&key->keep, key->alg, key->enc, jwk));
  if (key->alg->management->adds_header) {
    key->added_len = key->alg->management->added_len(key->keep);
  }
  return BULLA_OK;
}

static const struct bulla_jwe_encryption *encryption_for(const struct bulla_jwe_algorithm *alg,
                                                         enum bulla_jwe_enc enc) {
  if (alg != NULL && alg->integrated != NULL) {
    return enc == 0 ? alg->integrated : NULL;
  }
  return bulla_jwe_encryption(enc);
}

static enum bulla_status make(struct bulla_jwe_key **key, const struct bulla_jwk *jwk, enum bulla_jwe_alg alg,
                              enum bulla_jwe_enc enc) {
  const struct bulla_jwe_algorithm *algorithm = bulla_jwe_algorithm(alg);
  const struct bulla_jwe_encryption *encryption = encryption_for(algorithm, enc);
  if (!bulla_jwk_is_here(jwk)) {
    return BULLA_FORKED;
  }
  if (algorithm == NULL || encryption == NULL || !goes_with(jwk, algorithm, encryption) ||
      jwk->kid.len > BULLA_KEY_ID_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_jwe_key *made BULLA_CLEANUP(bulla_jwe_key_free) = aligned_alloc(BULLA_CACHE_LINE, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  memset(made, 0, sizeof(*made));
  made->alg = algorithm;
  made->enc = encryption;
  made->fork_epoch = bulla_fork_epoch();
  bulla_seal_count_start(&made->seals);
  made->can_encrypt = (jwk->purposes & BULLA_KEY_ENCRYPTS) != 0;
  made->can_decrypt = (jwk->purposes & BULLA_KEY_DECRYPTS) != 0 && jwk->secret != NULL;
  made->key_id_len = jwk->kid.len;
  if (jwk->kid.len > 0) {
    memcpy(made->key_id, jwk->kid.data, jwk->kid.len);
  }
  BULLA_TRY(fill(made, jwk));
  *key = made;
  made = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_jwe_key_new(struct bulla_jwe_key **key, enum bulla_jwe_alg alg, enum bulla_jwe_enc enc,
                                    const struct bulla_secret *material, struct bulla_span key_id) {
  *key = NULL;
  /* What takes a JWK only reads it. */
  struct bulla_secret *secret = NULL;
  memcpy(&secret, &material, sizeof(secret));
  const struct bulla_jwk jwk = {
      .type = BULLA_KEY_OCT, .secret = secret, .kid = key_id, .purposes = BULLA_KEY_ENCRYPTS | BULLA_KEY_DECRYPTS};
  return make(key, &jwk, alg, enc);
}

/* Says whether "use" and "key_ops" leave anything for the half that is there. */
static bool can_do_anything(const struct bulla_jwk *jwk) {
  unsigned possible = BULLA_KEY_ENCRYPTS | (jwk->secret != NULL ? BULLA_KEY_DECRYPTS : 0u);
  return (jwk->purposes & possible) != 0;
}

enum bulla_status bulla_jwe_key_from_jwk(struct bulla_jwe_key **key, const struct bulla_jwk *jwk,
                                         enum bulla_jwe_alg alg, enum bulla_jwe_enc enc) {
  *key = NULL;
  if (jwk->other_alg || bulla_span_equal(jwk->use, BULLA_LITERAL("sig")) || !can_do_anything(jwk) ||
      (jwk->alg != 0 && alg != 0 && jwk->alg != alg) || (jwk->enc != 0 && enc != 0 && jwk->enc != enc)) {
    return bulla_explain(BULLA_REFUSED, "JWK: its \"alg\", \"use\" or \"key_ops\" says another purpose");
  }
  return make(key, jwk, alg != 0 ? alg : jwk->alg, enc != 0 ? enc : jwk->enc);
}

void bulla_jwe_key_free(struct bulla_jwe_key **key) {
  struct bulla_jwe_key *handle = *key;
  if (handle == NULL) {
    return;
  }
  if (bulla_jwe_key_is_here(handle)) {
    if (handle->content != NULL) {
      handle->enc->cipher->free(&handle->content);
    }
    if (handle->keep != NULL) {
      handle->alg->management->free(&handle->keep);
    }
  }
  bulla_secret_free(&handle->substitute);
  free(handle);
  *key = NULL;
}
