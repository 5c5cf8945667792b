/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* keygen, jwk public, thumbprint, from-pem, to-pem: keys from standard input to standard output, by way of locked
 * memory alone. */

#include <stdlib.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/input.h"
#include "cli/jwk_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "core/base64url.h"
#include "core/hex.h"
#include "core/json.h"

enum { THUMBPRINT_LEN = 32, THUMBPRINT_DIGITS = 43 };

/* print_public prints |jwk| without its private part. */
static enum bulla_status print_public(struct bulla_cli *cli, const struct bulla_jwk *jwk) {
  struct bulla_buffer json BULLA_CLEANUP(bulla_input_free) = bulla_buffer(malloc(BULLA_JWK_MAX), BULLA_JWK_MAX);
  if (json.data == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = bulla_jwk_write_public(&json, jwk);
  if (status == BULLA_INVALID_ARGUMENT) {
    return bulla_cli_error(cli, status, "a symmetric key has no public part: whoever has it reads and writes");
  }
  BULLA_TRY(status);
  return bulla_output_line(cli, bulla_written(&json));
}

static enum bulla_status print_private(struct bulla_cli *cli, const struct bulla_jwk *jwk) {
  struct bulla_secret *json BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_jwk_write(&json, jwk));
  return bulla_output_line(cli, bulla_secret_bytes(json));
}

/* read_text reads standard input, of a key in whatever form. */
static enum bulla_status read_text(struct bulla_cli *cli, struct bulla_secret **text) {
  bulla_cli_at(cli, "standard input");
  BULLA_TRY(bulla_input_secret(cli, text, STDIN_FILENO, BULLA_JWK_MAX));
  return bulla_secret_bytes(*text).len > 0 ? BULLA_OK
                                           : bulla_cli_error(cli, BULLA_INVALID_TEXT, "standard input is empty");
}

static enum bulla_status read_jwk(struct bulla_cli *cli, struct bulla_jwk **jwk) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(read_text(cli, &text));
  struct bulla_span bytes = bulla_secret_bytes(text);
  return bulla_jwk_file_explain(cli, bulla_jwk_parse(jwk, bytes), "JWK", bytes);
}

enum bulla_status bulla_run_jwk_public(struct bulla_cli *cli) {
  struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
  BULLA_TRY(read_jwk(cli, &jwk));
  return print_public(cli, jwk);
}

enum bulla_status bulla_run_jwk_thumbprint(struct bulla_cli *cli) {
  struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
  uint8_t room[THUMBPRINT_LEN];
  uint8_t digits[THUMBPRINT_DIGITS];
  struct bulla_buffer thumbprint = bulla_buffer(room, sizeof(room));
  BULLA_TRY(read_jwk(cli, &jwk));
  BULLA_TRY(bulla_jwk_thumbprint(&thumbprint, jwk));
  bulla_base64url_encode_secret(digits, bulla_written(&thumbprint));
  return bulla_output_line(cli, bulla_span(digits, sizeof(digits)));
}

/* read_pem reads standard input, which PEM says neither "kid" nor "alg" of. */
static enum bulla_status read_pem(struct bulla_cli *cli, struct bulla_jwk **jwk) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(read_text(cli, &text));
  struct bulla_span bytes = bulla_secret_bytes(text);
  return bulla_jwk_pem_explain(cli, bulla_jwk_from_pem(jwk, bytes), bytes);
}

enum bulla_status bulla_run_jwk_from_pem(struct bulla_cli *cli) {
  struct bulla_jwk *bare BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
  enum bulla_jwe_alg alg = 0;
  BULLA_TRY(bulla_jwk_option_alg(cli, &alg, "alg", bulla_option_value(cli, "alg")));
  BULLA_TRY(read_pem(cli, &bare));
  enum bulla_status status = bulla_jwk_with(&jwk, bare, bulla_option_span(cli, "kid"), bulla_option_span(cli, "alg"));
  if (status == BULLA_INVALID_ARGUMENT) {
    return bulla_cli_usage(cli, "--kid or --alg does not fit the key");
  }
  BULLA_TRY(status);
  return bulla_jwk_has_private(jwk) ? print_private(cli, jwk) : print_public(cli, jwk);
}

enum bulla_status bulla_run_jwk_to_pem(struct bulla_cli *cli) {
  struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_secret *pem BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(read_jwk(cli, &jwk));
  enum bulla_status status = bulla_jwk_to_pem(&pem, jwk, bulla_option_count(cli, "public") > 0);
  if (status == BULLA_INVALID_ARGUMENT) {
    return bulla_cli_error(cli, status, "PEM has no form for a symmetric key");
  }
  BULLA_TRY(status);
  return bulla_output_bytes(cli, bulla_secret_bytes(pem));
}

static bool is_agreed(enum bulla_jwe_alg alg) {
  return alg >= BULLA_JWE_ECDH_ES && alg <= BULLA_JWE_ECDH_ES_A256KW;
}

static bool is_rsa(enum bulla_jwe_alg alg) {
  return alg == BULLA_JWE_RSA_OAEP || alg == BULLA_JWE_RSA_OAEP_256;
}

/* take_alg takes the name of an "alg", or that of an "enc" in the place of dir. */
static enum bulla_status take_alg(struct bulla_cli *cli, struct bulla_jwk_options *options) {
  const char *name = bulla_option_value(cli, "jwk");
  BULLA_TRY(bulla_jwk_option_enc(cli, &options->enc, "enc", bulla_option_value(cli, "enc")));
  enum bulla_jwe_enc named = bulla_jwe_enc_named(bulla_text(name));
  if (named != 0 && options->enc != 0) {
    return bulla_cli_usage(cli, "--jwk names an \"enc\" already: give it once");
  }
  if (named != 0) {
    options->alg = BULLA_JWE_DIR;
    options->enc = named;
    return BULLA_OK;
  }
  BULLA_TRY(bulla_jwk_option_alg(cli, &options->alg, "jwk", name));
  if ((options->alg == BULLA_JWE_DIR) != (options->enc != 0)) {
    return options->enc != 0
               ? bulla_cli_usage(cli, "--enc is for --jwk dir: other keys are for every \"enc\"")
               : bulla_cli_usage(cli, "--enc says how long a key for dir is: give it, or its name as --jwk");
  }
  return BULLA_OK;
}

static enum bulla_status take_options(struct bulla_cli *cli, struct bulla_jwk_options *options) {
  static const char *const curves[] = {"P-256", "P-384", "P-521", "X25519", NULL};
  int curve = -1;
  int64_t bits = 0;
  BULLA_TRY(take_alg(cli, options));
  BULLA_TRY(bulla_option_choice(cli, "curve", curves, &curve));
  BULLA_TRY(bulla_option_number(cli, "bits", &bits));
  if (curve >= 0 && !is_agreed(options->alg)) {
    return bulla_cli_usage(cli, "--curve is for ECDH-ES");
  }
  if (bulla_option_count(cli, "bits") > 0 && (!is_rsa(options->alg) || bits < 2048 || bits > 4096 || bits % 256 != 0)) {
    return bulla_cli_usage(cli, "--bits is for RSA-OAEP, and takes 2048 to 4096, a multiple of 256");
  }
  options->curve = curve >= 0 ? curves[curve] : NULL;
  options->bits = (size_t)bits;
  options->kid = bulla_option_span(cli, "kid");
  return BULLA_OK;
}

static enum bulla_status keygen_jwk(struct bulla_cli *cli) {
  struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  BULLA_TRY(take_options(cli, &options));
  BULLA_TRY(bulla_jwk_generate(&jwk, &options));
  return print_private(cli, jwk);
}

enum bulla_status bulla_run_keygen(struct bulla_cli *cli) {
  static const char *const others[] = {"enc", "curve", "bits", "kid"};
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  if (bulla_option_count(cli, "jwk") > 0) {
    return keygen_jwk(cli);
  }
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    if (bulla_option_count(cli, others[i]) > 0) {
      return bulla_cli_usage(cli, "--%s is for a JWK: give --jwk too", others[i]);
    }
  }
  BULLA_TRY(bulla_secret_random(&key, BULLA_KEY_LEN));
  BULLA_TRY(bulla_secret_new(&text, 2 * (size_t)BULLA_KEY_LEN));
  bulla_hex_encode(bulla_secret_data(text), bulla_secret_bytes(key));
  return bulla_output_line(cli, bulla_secret_bytes(text));
}
