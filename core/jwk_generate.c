/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* New JWKs, for what the table of algorithms says. */

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/jwe_table.h"
#include "core/jwk_parts.h"
#include "core/log.h"
#include "core/sized.h"

enum { DEFAULT_BITS = 3072, MIN_BITS = 2048, MAX_BITS = 4096, STEP_BITS = 256 };

/* What a key is made of while it is: what is hidden of it in the slab. */
struct made {
  struct bulla_secret *hidden;
  uint8_t point[BULLA_POINT_MAX_LEN];
  uint8_t kid[(BULLA_SHA256_LEN * 4 + 2) / 3];
};

static enum bulla_status refuse_options(const char *what) {
  return bulla_explain(BULLA_INVALID_ARGUMENT, "options of bulla_jwk_generate: %s", what);
}

static enum bulla_curve curve_of(const struct bulla_jwk_options *options) {
  const char *name = options->curve != NULL ? options->curve : "X25519";
  enum bulla_curve curve = BULLA_CURVE_P256;
  while (curve <= BULLA_CURVE_X25519 && !bulla_span_equal(bulla_curve_name(curve), bulla_text(name))) {
    curve++;
  }
  return curve <= BULLA_CURVE_X25519 ? curve : 0;
}

static enum bulla_status check_options(const struct bulla_jwk_options *options) {
  const struct bulla_jwe_algorithm *row = bulla_jwe_algorithm(options->alg);
  if (!bulla_sized_is_zero(options->reserved, sizeof(options->reserved))) {
    return refuse_options("what is reserved is not 0");
  }
  if (row == NULL) {
    return refuse_options("no \"alg\" of JWE");
  }
  if (options->alg == BULLA_JWE_DIR ? bulla_jwe_encryption(options->enc) == NULL : options->enc != 0) {
    return refuse_options("\"enc\" is for \"dir\", which needs it");
  }
  if (options->curve != NULL && (row->type != BULLA_KEY_EC || curve_of(options) == 0 ||
                                 (row->integrated != NULL && curve_of(options) != BULLA_CURVE_X25519))) {
    return refuse_options("no curve of this \"alg\"");
  }
  if (options->bits != 0 && (row->type != BULLA_KEY_RSA || options->bits < MIN_BITS || options->bits > MAX_BITS ||
                             options->bits % STEP_BITS != 0)) {
    return refuse_options("bits are for RSA: 2048 to 4096, a multiple of 256");
  }
  if (options->kid.len > BULLA_JWK_TEXT_MAX || !bulla_json_valid_string(options->kid) ||
      (options->kid.len > 0 && memchr(options->kid.data, 0, options->kid.len) != NULL)) {
    return refuse_options("\"kid\" is no text of at most 256 bytes");
  }
  return BULLA_OK;
}

static enum bulla_status make_symmetric(struct bulla_jwk_source *source, struct made *made,
                                        const struct bulla_jwk_options *options) {
  size_t len = options->alg == BULLA_JWE_DIR ? bulla_jwe_encryption(options->enc)->cek_len
                                             : bulla_jwe_algorithm(options->alg)->key_len;
  source->type = BULLA_KEY_OCT;
  BULLA_TRY(bulla_secret_random(&made->hidden, len));
  source->hidden[0] = bulla_secret_bytes(made->hidden);
  return BULLA_OK;
}

static enum bulla_status make_pair(struct bulla_jwk_source *source, struct made *made,
                                   const struct bulla_jwk_options *options) {
  source->curve = curve_of(options);
  source->type = bulla_curve_type(source->curve);
  size_t len = bulla_curve_len(source->curve);
  BULLA_TRY(bulla_secret_new(&made->hidden, len));
  BULLA_TRY(bulla_curve_generate(source->curve, bulla_secret_data(made->hidden), made->point));
  source->hidden[0] = bulla_secret_bytes(made->hidden);
  source->open[0] = bulla_span(made->point, len);
  source->open[1] = source->type == BULLA_KEY_EC ? bulla_span(made->point + len, len) : bulla_span(NULL, 0);
  return BULLA_OK;
}

static enum bulla_status make_rsa(struct bulla_jwk_source *source, struct made *made,
                                  const struct bulla_jwk_options *options) {
  struct bulla_rsa_private rsa;
  source->type = BULLA_KEY_RSA;
  BULLA_TRY(bulla_rsa_generate(&made->hidden, &rsa, options->bits != 0 ? options->bits : DEFAULT_BITS));
  bulla_jwk_source_rsa(source, &rsa);
  return BULLA_OK;
}

static enum bulla_status make_parts(struct bulla_jwk_source *source, struct made *made,
                                    const struct bulla_jwk_options *options) {
  switch (bulla_jwe_algorithm(options->alg)->type) {
    case BULLA_KEY_RSA:
      return make_rsa(source, made, options);
    case BULLA_KEY_EC:
    case BULLA_KEY_OKP:
      return make_pair(source, made, options);
    case BULLA_KEY_OCT:
      break;
  }
  return make_symmetric(source, made, options);
}

/* The thumbprint names a key pair, once it is there. */
static enum bulla_status name_key(struct bulla_jwk **jwk, struct bulla_jwk_source *source, struct made *made) {
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_buffer thumbprint = bulla_buffer(digest, sizeof(digest));
  BULLA_TRY(bulla_jwk_thumbprint(&thumbprint, *jwk));
  bulla_base64url_encode(made->kid, bulla_written(&thumbprint));
  source->kid = bulla_span(made->kid, sizeof(made->kid));
  bulla_jwk_free(jwk);
  return bulla_jwk_make(jwk, source);
}

static enum bulla_status generate(struct bulla_jwk **jwk, struct made *made, const struct bulla_jwk_options *options) {
  struct bulla_jwk_source source = {.has_private = true, .use = BULLA_LITERAL("enc"), .kid = options->kid};
  source.alg = options->alg == BULLA_JWE_DIR ? bulla_jwe_encryption(options->enc)->name
                                             : bulla_jwe_algorithm(options->alg)->name;
  BULLA_TRY(make_parts(&source, made, options));
  BULLA_TRY(bulla_jwk_make(jwk, &source));
  return source.type == BULLA_KEY_OCT || source.kid.len > 0 ? BULLA_OK : name_key(jwk, &source, made);
}

enum bulla_status bulla_jwk_generate(struct bulla_jwk **jwk, const struct bulla_jwk_options *options) {
  struct bulla_jwk_options ours;
  struct made made = {NULL, {0}, {0}};
  *jwk = NULL;
  BULLA_TRY(bulla_sized_take(&ours, sizeof(ours), options, BULLA_SIZE_TO(struct bulla_jwk_options, reserved)));
  BULLA_TRY(check_options(&ours));
  enum bulla_status status = generate(jwk, &made, &ours);
  bulla_secret_free(&made.hidden);
  if (status != BULLA_OK) {
    bulla_jwk_free(jwk);
  }
  return status;
}
