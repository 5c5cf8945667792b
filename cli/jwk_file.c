/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/jwk_file.h. What was read stays in locked memory, a public key too: whether it is one is known only then. */

#include "cli/jwk_file.h"

#include <stdio.h>

#include "cli/error.h"
#include "cli/input.h"
#include "core/jwk.h"

enum bulla_status bulla_jwk_file_explain(struct bulla_cli *cli, enum bulla_status status, const char *what) {
  switch (status) {
    case BULLA_INVALID_TEXT:
      return bulla_cli_error(cli, status, "it is not a well-formed %s", what);
    case BULLA_REFUSED:
      return bulla_cli_error(cli, status, "refused: this %s is not safe to use as it stands", what);
    case BULLA_UNSUPPORTED:
      return bulla_cli_error(cli, status,
                             "bulla uses other keys than this: \"oct\", \"EC\" on P-256, P-384 or P-521, \"OKP\" with "
                             "X25519, \"RSA\" with two primes");
    default:
      return status;
  }
}

static const char take_another[] = "take another key";

enum bulla_status bulla_jwk_file_read(struct bulla_cli *cli, struct bulla_jwk **jwk, const char *path) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  bool is_exposed = false;
  BULLA_TRY(bulla_input_any_key_file(cli, &text, &is_exposed, path, BULLA_JWK_MAX));
  BULLA_TRY(bulla_jwk_file_explain(cli, bulla_jwk_parse(jwk, bulla_secret_bytes(text)), "JWK"));
  if (is_exposed && bulla_jwk_has_private(*jwk)) {
    bulla_jwk_free(jwk);
    return bulla_input_exposed(cli, take_another);
  }
  return BULLA_OK;
}

static bool has_private(const struct bulla_jwk_set *set) {
  const struct bulla_jwk *jwk = NULL;
  for (size_t i = 0; (jwk = bulla_jwk_set_at(set, i)) != NULL; i++) {
    if (bulla_jwk_has_private(jwk)) {
      return true;
    }
  }
  return false;
}

enum bulla_status bulla_jwk_set_file_read(struct bulla_cli *cli, struct bulla_jwk_set **set, const char *path) {
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  bool is_exposed = false;
  BULLA_TRY(bulla_input_any_key_file(cli, &text, &is_exposed, path, BULLA_JWK_SET_MAX));
  BULLA_TRY(bulla_jwk_file_explain(cli, bulla_jwk_set_parse(set, bulla_secret_bytes(text)), "JWK Set"));
  if (is_exposed && has_private(*set)) {
    bulla_jwk_set_free(set);
    return bulla_input_exposed(cli, take_another);
  }
  return BULLA_OK;
}

/* The names of all algorithms, for an error. */
struct name_list {
  char text[192];
  size_t len;
};

static void add_name(struct name_list *list, const char *name) {
  if (list->len < sizeof(list->text)) {
    list->len += (size_t)snprintf(list->text + list->len, sizeof(list->text) - list->len, "%s%s",
                                  list->len > 0 ? ", " : "", name);
  }
}

enum bulla_status bulla_jwk_option_alg(struct bulla_cli *cli, enum bulla_jwe_alg *alg, const char *option,
                                       const char *name) {
  *alg = bulla_jwe_alg_named(bulla_text(name));
  if (*alg != 0 || name == NULL) {
    return BULLA_OK;
  }
  struct name_list list = {.len = 0};
  for (int i = BULLA_JWE_DIR; i <= BULLA_JWE_RSA_OAEP_256; i++) { /* without the draft */
    add_name(&list, bulla_jwe_alg_name((enum bulla_jwe_alg)i));
  }
  return bulla_cli_usage(cli, "--%s takes one of %s", option, list.text);
}

enum bulla_status bulla_jwk_option_enc(struct bulla_cli *cli, enum bulla_jwe_enc *enc, const char *option,
                                       const char *name) {
  *enc = bulla_jwe_enc_named(bulla_text(name));
  if (*enc != 0 || name == NULL) {
    return BULLA_OK;
  }
  struct name_list list = {.len = 0};
  for (int i = BULLA_JWE_A128GCM; i <= BULLA_JWE_A256CBC_HS512; i++) {
    add_name(&list, bulla_jwe_enc_name((enum bulla_jwe_enc)i));
  }
  return bulla_cli_usage(cli, "--%s takes one of %s", option, list.text);
}

enum bulla_status bulla_jwk_pin(struct bulla_cli *cli, struct bulla_jwe_key **key, const struct bulla_jwk *jwk,
                                enum bulla_jwe_alg *alg, enum bulla_jwe_enc *enc) {
  *alg = *alg != 0 ? *alg : jwk->alg;
  *enc = *enc != 0 ? *enc : jwk->enc;
  if (*alg == 0 && !jwk->other_alg) {
    return bulla_cli_usage(cli, "the JWK has no \"alg\": give --alg");
  }
  if (*enc == 0 && *alg != BULLA_JWE_DRAFT_HPKE && !jwk->other_alg) {
    return bulla_cli_usage(cli, "the JWK does not say how the content is encrypted: give --enc");
  }
  enum bulla_status status = bulla_jwe_key_from_jwk(key, jwk, *alg, *enc);
  if (status == BULLA_INVALID_ARGUMENT) {
    return bulla_cli_usage(cli, "a JWK of this kind or length is not for %s %s", bulla_jwe_alg_name(*alg),
                           bulla_jwe_enc_name(*enc));
  }
  return status != BULLA_REFUSED
             ? status
             : bulla_cli_error(cli, status,
                               "refused: its \"alg\", \"use\" or \"key_ops\" says that it is for something else");
}
